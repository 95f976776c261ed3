"""A lost store and a second installation: what is there is recognised, nothing is made twice, and few calls are spent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.board import LISTS, SPEED, board, sign_in
from stockbridge.store.database import open_store

pytestmark = pytest.mark.usefixtures("fresh_store")

HELD = (
    "products",
    "suppliers",
    "supplierProducts",
    "sellOrders",
    "buyOrders",
    "buyOrderLines",
    "receiptLines",
)


def test_a_lost_store_makes_no_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=44, orders=40) as shop:
        assert shop.run().code == 0
        there = {name: shop.optiply(name) for name in HELD}
        assert all(there.values())
        shop.forget()
        done = shop.run()
        assert (done.code, done.news) == (0, [])
        # The lines of sales orders that are there already are not asked for: such an order is never written a second
        # time. A purchase order that is changed in Zoho is changed in Optiply.
        bought = [
            f"/purchaseorders/{row['id']}"
            for row in shop.sandbox.zoho.rows("purchaseorders")
            if row["order_status"] != "cancelled"
        ]
        assert sorted(done.zoho_paths) == sorted((*LISTS, "/itemdetails", *bought))
        one_by_one = ("products", "suppliers", "supplier_products", "sell_orders", "buy_orders")
        orders = [row for row in there["buyOrders"].values() if not row["assembly"]]
        assert sum(done.flow(name).adopted for name in one_by_one) == len(orders) + sum(
            len(there[name]) for name in ("products", "suppliers", "supplierProducts", "sellOrders")
        )
        assert done.flow("assembly_orders").adopted == len(there["buyOrders"]) - len(orders) > 0
        for name in HELD:
            assert _owned(shop.optiply(name)) == _owned(there[name])
        assert shop.differences() == []
        assert shop.run().writes == []


def _owned(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {mark: {**row, "updatedAt": None} for mark, row in rows.items()}


def test_a_lost_store_and_changes_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        item = next(row for row in shop.items() if row["item_type"] == "inventory")
        shop.zoho("PUT", f"/items/{item['id']}", {"name": "Anders", "rate": 9})
        vendor = shop.sandbox.zoho.rows("vendors")[0]["id"]
        shop.zoho("POST", "/items", {"name": "Nieuw", "rate": 1, "sku": "N-1", "vendor_id": vendor})
        shop.forget()
        done = shop.run()
        assert done.code == 0
        assert sorted(method for method, _ in done.news) == ["PATCH", "PATCH", "POST", "POST"]
        assert shop.differences() == []


def test_a_lost_store_in_the_middle_of_the_first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        shop.fault(system="zoho", path=r"/salesorders/\d+$", nth=4, kind="status", status=429, code=45)
        assert shop.run().code == 4
        shop.forget()
        assert shop.run().code == 0
        assert shop.differences() == []


def test_a_second_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ready_store: Path) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        other = tmp_path / "other"
        other.mkdir(mode=0o700)
        monkeypatch.setenv("STOCKBRIDGE_HOME", str(other))
        (other / "stockbridge.db").write_bytes(ready_store.read_bytes())
        shop.sandbox.clock.set_speed(1)
        sign_in(shop.sandbox)
        shop.sandbox.clock.set_speed(SPEED)
        assert open_store().url.database == str(other / "stockbridge.db")
        done = shop.run()
        assert (done.code, done.news) == (0, [])
        assert shop.differences() == []


def test_only_one_of_a_pair_knows_its_zoho_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supplier product that people made by hand holds the pair: Optiply refuses a second one, and it is taken over."""
    with board(monkeypatch, items=6, orders=0) as shop:
        shop.run("--only", "products", "--only", "suppliers")
        item = next(row for row in shop.items() if row["vendor_id"])
        product = shop.optiply("products")[item["id"]]
        supplier = shop.optiply("suppliers")[item["vendor_id"]]
        mine = shop.sandbox.optiply.add(
            "supplierProducts",
            {
                "name": "Met de hand",
                "productId": int(product["id"]),
                "supplierId": int(supplier["id"]),
                "lotSize": 6,
            },
        )
        done = shop.run()
        assert done.code == 0, done.out
        row = shop.optiply("supplierProducts")[f"{item['id']}_{item['vendor_id']}"]
        assert (row["id"], row["lotSize"], row["name"]) == (mine["id"], 6, item["name"])
        assert shop.differences() == []
