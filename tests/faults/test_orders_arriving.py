"""Faults at every write of purchases, receipts, assemblies and recipes to Optiply: nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from faults.planner import SETTLED, Shop, Shops
from stockbridge_sandbox.compare_parts import Board

FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "502_after": {"kind": "status_after", "status": 502},
}
STREAMS = ("buyOrders", "buyOrderLines", "receiptLines", "productCompositions")
CHANGES = [(method, stream) for method in ("PATCH", "DELETE", "POST") for stream in STREAMS]
BOARD = Board(sync_assembled=True, exports=False)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    kept = Shops(tmp_path_factory.mktemp("arriving"), sync_assembled=True)
    yield kept
    kept.close()


@pytest.fixture
def buyer(shops: Shops, monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    with shops.one(monkeypatch) as shop:
        yield Buyer(shop)


class Buyer:
    """Somebody who buys and builds in Zoho."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        rows = shop.sandbox.zoho.rows("items")
        self.goods = [
            row["id"]
            for row in rows
            if row["item_type"] == "inventory" and row["status"] == "active" and not row["is_combo_product"]
        ]
        built = next(row["id"] for row in rows if row["is_combo_product"] and row["status"] == "active")
        self.built = self.zoho("GET", f"/compositeitems/{built}")["composite_item"]

    def zoho(self, method: str, path: str, body: object = None, **query: str) -> Any:
        self.shop.sandbox.clock.advance(5)
        return self.shop.sandbox.zoho.direct(method, path, query=query, body=body)

    def order(self, *quantities: int) -> Any:
        """An issued order of so many pieces of the first items."""
        vendor = next(
            row["id"]
            for row in self.shop.sandbox.zoho.rows("contacts")
            if row["contact_type"] == "vendor" and row["status"] == "active"
        )
        lines = [
            {"item_id": item, "quantity": quantity, "rate": 7}
            for item, quantity in zip(self.goods, quantities, strict=False)
        ]
        made = self.zoho("POST", "/purchaseorders", {"vendor_id": vendor, "line_items": lines})
        self.zoho("POST", f"/purchaseorders/{made['purchaseorder']['purchaseorder_id']}/status/issued")
        return made["purchaseorder"]

    def receive(self, order: Any, *quantities: int) -> Any:
        lines = [
            {"line_item_id": line["line_item_id"], "quantity": quantity}
            for line, quantity in zip(order["line_items"], quantities, strict=False)
            if quantity
        ]
        id = order["purchaseorder_id"]
        return self.zoho("POST", "/purchasereceives", {"line_items": lines}, purchaseorder_id=id)[
            "purchasereceive"
        ]

    def plan(self, many: int) -> Any:
        body = {
            "date": self.shop.sandbox.clock.now().date().isoformat(),
            "composite_item_id": self.built["composite_item_id"],
            "composite_item_name": self.built["name"],
            "quantity_to_bundle": many,
            "line_items": [
                {"item_id": part["item_id"], "name": part["name"], "quantity_consumed": part["quantity"]}
                for part in self.built["mapped_items"]
            ],
            "is_completed": False,
        }
        return self.zoho("POST", "/bundles", body)["bundle"]

    def complete(self, bundle: Any) -> None:
        for part in self.built["mapped_items"]:
            self.shop.sandbox.control.move_stock(part["item_id"], physical=99, accounting=99)
        self.zoho("POST", f"/bundles/{bundle['bundle_id']}/bundled")

    def recipe(self, number: int) -> Any:
        """A composite of two items."""
        parts = [{"item_id": item, "quantity": 2} for item in self.goods[:2]]
        names = {"name": f"Set {number}", "sku": f"SET-{number}", "rate": 50}
        kind = {"item_type": "inventory", "product_type": "goods", "vendor_id": self.built["vendor_id"]}
        body = {**names, **kind, "mapped_items": parts}
        return self.zoho("POST", "/compositeitems", body)["composite_item"]

    def runs_until_in_step(self, *, full: bool) -> None:
        """The run with the faults, then runs without; both sides agree, or the first one said that they do not yet."""
        done = self.shop.run(full=full)
        assert done.code in (0, 3, 4)
        if self.shop.compared(BOARD).differences:
            assert done.code != 0, "the run did not say what it left over"
        fired = self.shop.fired()
        assert fired
        assert 0 not in fired, fired
        self.shop.sandbox.faults.clear()
        for _ in range(3):
            self.shop.sandbox.clock.advance(SETTLED)
            done = self.shop.run()
            if done.code == 0:
                break
        assert done.code == 0, self.shop.unsettled()
        assert self.shop.compared(BOARD).differences[:5] == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_once_and_twice_at_every_write(fault: str, buyer: Buyer) -> None:
    shop = buyer.shop
    whole, cancelled = buyer.order(5, 8, 6), buyer.order(3, 4)
    taken_back, counted_anew = buyer.receive(whole, 2, 1), buyer.receive(whole, 1)
    planned, dropped = buyer.plan(2), buyer.plan(3)
    made = buyer.recipe(list(FAULTS).index(fault))
    shop.sandbox.clock.advance(60)
    for stream in STREAMS:
        for nth in (1, 2):
            what = {"system": "optiply", "method": "POST", "path": rf"/v1/{stream}$", "nth": nth}
            shop.fault(**what, **FAULTS[fault])
    buyer.runs_until_in_step(full=False)

    lines = [
        {"line_item_id": line["line_item_id"], "quantity": line["quantity"] + 2}
        for line in whole["line_items"][:2]
    ]
    buyer.zoho("PUT", f"/purchaseorders/{whole['purchaseorder_id']}", {"line_items": lines})
    buyer.zoho("DELETE", f"/purchasereceives/{taken_back['receive_id']}")
    again = {"line_items": [{"line_item_id": lines[0]["line_item_id"], "quantity": 2}]}
    buyer.zoho("PUT", f"/purchasereceives/{counted_anew['receive_id']}", again)
    buyer.receive(buyer.order(4, 4), 1)
    buyer.zoho("POST", f"/purchaseorders/{cancelled['purchaseorder_id']}/status/cancelled")
    buyer.complete(planned)
    buyer.zoho("DELETE", f"/bundles/{dropped['bundle_id']}")
    parts = [{"item_id": item, "quantity": 3} for item in buyer.goods[1:3]]
    buyer.zoho("PUT", f"/compositeitems/{made['composite_item_id']}", {"mapped_items": parts})
    shop.sandbox.clock.advance(60)
    for method, stream in CHANGES:
        shop.fault(system="optiply", method=method, path=rf"/v1/{stream}(/\d+)?$", **FAULTS[fault])
    buyer.runs_until_in_step(full=True)
    shop.is_quiet()
    shop.spoilt = False
