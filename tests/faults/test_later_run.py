"""Faults in a run that has changes of every kind to carry over: creates, updates and deletions."""

from __future__ import annotations

from typing import Any

import pytest

from faults.matrix import (
    COMPANY,
    HEALED_AT_OPTIPLY,
    HEALED_AT_ZOHO,
    ZOHO_LISTS,
    ZOHO_PATHS,
    impatient,
    paths_for,
)
from scenarios.board import Board, board

pytestmark = pytest.mark.usefixtures("fresh_store")

WRITES = {
    "POST products": 1,
    "POST suppliers": 1,
    "POST supplierProducts": 1,
    "POST sellOrders": 1,
    "PATCH products": 1,
    "PATCH suppliers": 1,
    "PATCH supplierProducts": 1,
    "DELETE sellOrders": 1,
    "POST buyOrders": 1,
    "POST buyOrderLines": 1,
    "PATCH buyOrders": 1,
    "PATCH buyOrderLines": 1,
    "DELETE buyOrders": 1,
}


def changes(shop: Board) -> None:
    """A new vendor, item, sale and purchase; an edited item, vendor and purchase; a sale that becomes void, a purchase that
    is cancelled."""
    sandbox = shop.sandbox
    vendor = shop.zoho("POST", "/vendors", {"contact_name": "Nieuwe Leverancier", "contact_type": "vendor"})
    vendor_id = vendor["contact"]["contact_id"]
    items = [row for row in shop.items() if row["item_type"] == "inventory" and row["vendor_id"]]
    made = shop.zoho(
        "POST",
        "/items",
        {"name": "Nieuwe Bel", "rate": 4, "purchase_rate": 2, "sku": "NB-1", "vendor_id": vendor_id},
    )
    customer = sandbox.zoho.rows("customers")[0]["id"]
    order = shop.zoho(
        "POST",
        "/salesorders",
        {
            "customer_id": customer,
            "line_items": [{"item_id": made["item"]["item_id"], "quantity": 2, "rate": 4}],
        },
    )
    shop.zoho("POST", f"/salesorders/{order['salesorder']['salesorder_id']}/status/confirmed")
    shop.zoho("PUT", f"/items/{items[0]['id']}", {"name": "Andere naam", "purchase_rate": 7})
    old = sandbox.zoho.rows("vendors")[0]["id"]
    shop.zoho("PUT", f"/contacts/{old}", {"contact_name": "Anders Geheten B.V."})
    open_orders = [row for row in sandbox.zoho.rows("salesorders") if row["order_status"] == "confirmed"]
    shop.zoho("POST", f"/salesorders/{open_orders[0]['id']}/status/void")
    bought = {
        row["order_status"]: row["id"]
        for row in sandbox.zoho.rows("purchaseorders")
        if not row["receive_ids"]
    }
    line = {"item_id": made["item"]["item_id"], "quantity": 12, "rate": 2}
    shop.zoho("POST", "/purchaseorders", {"vendor_id": vendor_id, "line_items": [line]})
    shop.zoho("PUT", f"/purchaseorders/{bought['draft']}", {"delivery_date": "2027-02-01"})
    shop.zoho("POST", f"/purchaseorders/{bought['issued']}/status/cancelled")
    shop.later(0.2)


@pytest.mark.parametrize("what", HEALED_AT_ZOHO.values(), ids=HEALED_AT_ZOHO)
def test_once_at_every_path_of_zoho(what: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, what)
    paths = paths_for(what)
    with board(monkeypatch, **COMPANY) as shop:
        assert shop.run().code == 0
        changes(shop)
        for path in paths.values():
            shop.fault(system="zoho", path=path, **what)
        done = shop.run()
        assert shop.fired() == [1] * len(paths)
        assert done.code == 0, done.out
        assert shop.differences() == []


@pytest.mark.parametrize("what", HEALED_AT_OPTIPLY.values(), ids=HEALED_AT_OPTIPLY)
def test_once_at_every_write(what: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, what)
    with board(monkeypatch, **COMPANY) as shop:
        assert shop.run().code == 0
        changes(shop)
        for write in WRITES:
            method, stream = write.split()
            shop.fault(system="optiply", method=method, path=rf"/v1/{stream}(/\d+)?$", **what)
        done = shop.run()
        assert dict(zip(WRITES, shop.fired(), strict=True)) == WRITES
        # Lost answers are settled by looking, then what refers to those records goes: all in the same run.
        assert done.code == 0, done.out
        assert shop.differences() == []
        idle = shop.run()
        assert (idle.code, idle.writes) == (0, [])


@pytest.mark.parametrize("name", ZOHO_LISTS)
def test_a_row_without_id_in_a_later_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        assert shop.run().code == 0
        shop.later(1)
        changes(shop)
        shop.fault(system="zoho", path=ZOHO_LISTS[name], kind="row_without_id")
        done = shop.run()
        if name == "purchaseorders":  # it may be an order that was made out of one of Optiply's
            assert (done.code, done.report.stop_code, done.writes) == (4, "nameless", [])
        else:
            assert done.code == 3
        # What was cancelled or became void goes; nothing goes for not being seen.
        removed = {flow.flow: flow.removed for flow in done.report.flows if flow.removed}
        assert removed in ({}, {"sell_orders": 1, "buy_orders": 1})
        assert shop.run().code == 0
        assert shop.differences() == []


@pytest.mark.parametrize("name", ["items", "salesorder"])
def test_the_quota_ends_in_a_later_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        assert shop.run().code == 0
        changes(shop)
        shop.fault(system="zoho", path=ZOHO_PATHS[name], kind="status", status=429, code=45)
        done = shop.run()
        assert (done.code, done.report.stopped_by) == (4, "quota")
        shop.later(24)
        assert shop.run().code == 0
        assert shop.differences() == []


def test_a_full_read_that_breaks_off_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, **COMPANY) as shop:
        assert shop.run().code == 0
        for path in ZOHO_LISTS.values():
            shop.sandbox.faults.clear()
            shop.fault(system="zoho", path=path, count=None, kind="truncate_page")
            done = shop.full()
            assert (done.code, done.report.stopped_by, done.writes) == (4, "connection", [])
        shop.sandbox.faults.clear()
        assert shop.full().code == 0
        assert shop.differences() == []
