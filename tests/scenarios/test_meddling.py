"""People work in Optiply at the same time: what they delete there comes back when Zoho still has it."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.board import Board, board, command

pytestmark = pytest.mark.usefixtures("fresh_store")


def pair_of(shop: Board) -> tuple[dict[str, Any], dict[str, Any]]:
    """An item with a vendor, and its product."""
    item = next(row for row in shop.items() if row["vendor_id"] and row["item_type"] == "inventory")
    return item, shop.optiply("products")[item["id"]]


def test_a_product_that_was_deleted_there_is_made_again_when_it_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with board(monkeypatch, items=5, orders=0) as shop:
        assert shop.run().code == 0
        item, product = pair_of(shop)
        shop.sandbox.optiply.remove("products", product["id"])
        shop.zoho("PUT", f"/items/{item['id']}", {"name": "Weer nieuw", "purchase_rate": 4})
        shop.later(0.1)
        done = shop.run()
        assert done.code == 0, done.out
        assert shop.optiply("products")[item["id"]]["id"] != product["id"]
        assert shop.differences() == []


def test_a_supplier_that_was_deleted_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=5, orders=0) as shop:
        assert shop.run().code == 0
        item, _ = pair_of(shop)
        shop.sandbox.optiply.remove("suppliers", shop.optiply("suppliers")[item["vendor_id"]]["id"])
        assert shop.full().code == 0
        assert shop.differences() == []


def test_an_order_of_a_product_that_was_deleted_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=5, orders=0) as shop:
        assert shop.run().code == 0
        item, product = pair_of(shop)
        shop.sandbox.optiply.remove("products", product["id"])
        customer = shop.sandbox.zoho.rows("customers")[0]["id"]
        lines = [{"item_id": item["id"], "quantity": 2, "rate": 5}]
        made = shop.zoho("POST", "/salesorders", {"customer_id": customer, "line_items": lines})["salesorder"]
        shop.sandbox.zoho.direct("POST", f"/salesorders/{made['salesorder_id']}/status/confirmed")
        # The item itself changed, too: its stock is committed now. So only the order is brought over here.
        shop.later(0.1)
        first = shop.run("--only", "sell_orders")
        assert first.code == 3
        told = command("explain", "sell_orders", made["salesorder_number"]).out
        assert f"Optiply does not know product {product['id']}" in told
        assert "stockbridge run --full" in told
        second = shop.full()
        assert second.code == 0, second.out
        assert shop.differences() == []


def test_an_order_that_was_deleted_there_and_is_void_now(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        order = next(
            row for row in shop.sandbox.zoho.rows("salesorders") if row["order_status"] == "confirmed"
        )
        shop.sandbox.optiply.remove("sellOrders", shop.optiply("sellOrders")[order["id"]]["id"])
        shop.zoho("POST", f"/salesorders/{order['id']}/status/void")
        shop.later(0.1)
        assert shop.run().code == 0
        assert shop.full().code == 0
        assert shop.differences() == []
