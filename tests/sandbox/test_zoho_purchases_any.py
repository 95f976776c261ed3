"""Purchases under anything that may come: nonsense, and any order of receives, bills and changes."""

from __future__ import annotations

import random
from decimal import Decimal

from zoho_shop import shop

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.zoho.api import Zoho
from stockbridge_sandbox.zoho.errors import ApiError

# Values that fit nowhere, some of them in lists and lines.
_NONSENSE: tuple[object, ...] = (
    *(None, True, -1, 0, 1e300, "", "x" * 11_000, "NaN", "2026-13-01"),
    *([], [None], [[]], {}, {"a": None}, [{"quantity": []}]),
)
_FIELDS = [
    "vendor_id",
    "line_items",
    "date",
    "delivery_date",
    "due_date",
    "exchange_rate",
    "currency_id",
    "location_id",
    "custom_fields",
    "notes",
    "purchaseorder_number",
    "receive_number",
    "bill_number",
    "purchaseorder_id",
    "reference_number",
    "is_drop_shipment",
    "terms",
]
_LINE_FIELDS = [
    "line_item_id",
    "purchaseorder_item_id",
    "receive_item_id",
    "item_id",
    "quantity",
    "rate",
    "purchase_rate",
    "discount",
    "tax_id",
    "name",
    "description",
    "location_id",
    "account_id",
]


def test_nonsense_in_any_field_is_refused_or_ignored() -> None:
    zoho = Zoho.load(generate(items=20, vendors=2, orders=0, purchase_orders=9), clock=Clock(0))
    order = next(order for order in zoho.world.purchaseorders if order.order_status == "issued")
    kept = {"line_item_id": order.lines[0].id}
    receive, bill = next(iter(zoho.world.purchasereceives)), next(iter(zoho.world.bills))
    query = {"purchaseorder_id": order.id}
    taken = refused = 0
    for path, method in (
        ("/purchaseorders", "POST"),
        (f"/purchaseorders/{order.id}", "PUT"),
        ("/purchasereceives", "POST"),
        (f"/purchasereceives/{receive.id}", "PUT"),
        ("/bills", "POST"),
        (f"/bills/{bill.id}", "PUT"),
    ):
        good = {
            "vendor_id": order.vendor_id,
            "bill_number": "F",
            "date": "2026-02-01",
            "due_date": "2026-02-01",
        }
        line = {"item_id": order.lines[0].item_id} if path == "/purchaseorders" else kept
        for value in _NONSENSE:
            bodies = [{**good, "line_items": [line], name: value} for name in _FIELDS]
            bodies += [{**good, "line_items": [{**line, name: value}]} for name in _LINE_FIELDS]
            for body in bodies:
                try:
                    zoho.direct(method, path, query=query, body=body)
                    taken += 1
                except ApiError as error:
                    assert error.status in (400, 404)
                    refused += 1
    assert taken > 100
    assert refused > 100
    for row in zoho.direct("GET", "/purchaseorders")["purchaseorders"]:
        zoho.direct("GET", f"/purchaseorders/{row['purchaseorder_id']}")


def test_lines_and_ledgers_agree_with_receives_and_bills_after_anything() -> None:
    """Whatever was received, billed, changed and taken back, in whatever order."""
    dice = random.Random(11)
    zoho = Zoho.load(shop(), clock=Clock(0))
    vendor = next(contact.id for contact in zoho.world.contacts if contact.contact_type == "vendor")
    bell = next(item for item in zoho.world.items if item.sku == "BEL-1")
    begun = {place: (ledger.physical, ledger.accounting) for place, ledger in bell.stock.items()}
    done = 0

    def attempt(method: str, path: str, body: object = None, **query: str) -> None:
        nonlocal done
        try:
            zoho.direct(method, path, query=query, body=body)
            done += 1
        except ApiError as error:
            assert error.status in (400, 404)

    for turn in range(600):
        orders = list(zoho.world.purchaseorders)
        order = dice.choice(orders) if orders else None
        if order is None or len(orders) < 4:
            lines = [
                {"item_id": bell.id, "quantity": dice.randrange(1, 9)} for _ in range(dice.randrange(1, 4))
            ]
            attempt("POST", "/purchaseorders", {"vendor_id": vendor, "line_items": lines})
            continue
        some = [line for line in order.lines if dice.random() < 0.7] or order.lines[:1]
        parts = [{"line_item_id": line.id, "quantity": dice.randrange(1, 6)} for line in some]
        billed = [{"purchaseorder_item_id": line.id, "quantity": dice.randrange(1, 6)} for line in some]
        path = f"/purchaseorders/{order.id}"
        days = {"date": "2026-02-01", "due_date": "2026-02-01"}
        match dice.randrange(10):
            case 0 | 1:
                attempt("POST", f"{path}/status/issued")
            case 2 | 3:
                attempt("POST", "/purchasereceives", {"line_items": parts}, purchaseorder_id=order.id)
            case 4 | 5:
                body = {"vendor_id": vendor, "bill_number": f"F{turn}", "line_items": billed, **days}
                attempt("POST", "/bills", body)
            case 6:
                attempt("PUT", path, {"line_items": parts})
            case 7:
                attempt(dice.choice(("POST", "DELETE")), dice.choice((path, f"{path}/status/cancelled")))
            case 8 if zoho.world.purchasereceives:
                receive = dice.choice(list(zoho.world.purchasereceives))
                method = dice.choice(("PUT", "DELETE"))
                attempt(method, f"/purchasereceives/{receive.id}", {"line_items": parts})
            case 9 if zoho.world.bills:
                bill = dice.choice(list(zoho.world.bills))
                step = dice.choice(("/status/void", "/status/open", ""))
                attempt("POST" if step else "DELETE", f"/bills/{bill.id}{step}")
    assert done > 200
    world = zoho.world
    received: dict[str, Decimal] = {}
    on_bills: dict[str, Decimal] = {}
    for receive in world.purchasereceives:
        for part in receive.lines:
            received[part.order_line_id] = received.get(part.order_line_id, Decimal(0)) + part.quantity
    for bill in world.bills:
        for entry in bill.lines if bill.counts else ():
            on_bills[entry.order_line_id] = on_bills.get(entry.order_line_id, Decimal(0)) + entry.quantity
    assert received
    assert on_bills
    for order in world.purchaseorders:
        for line in order.lines:
            assert line.received == received.get(line.id, 0) <= line.quantity
            assert line.billed == on_bills.get(line.id, 0) <= line.quantity
        whole = all(line.received == line.quantity for line in order.lines)
        if order.order_status == "closed":
            assert whole
        elif order.order_status == "issued":
            assert not (whole and all(line.billed == line.quantity for line in order.lines))
        assert {
            receive.id for receive in world.purchasereceives if receive.purchaseorder_id == order.id
        } == set(order.receive_ids)
    physical = sum(ledger.physical for ledger in bell.stock.values())
    accounting = sum(ledger.accounting for ledger in bell.stock.values())
    assert physical == sum(each for each, _ in begun.values()) + sum(received.values())
    assert accounting == sum(each for _, each in begun.values()) + sum(on_bills.values())
