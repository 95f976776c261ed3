"""Purchase orders: list, detail, create, update, delete and their transitions (facts: Zoho 9 and 10.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from stockbridge_sandbox.zoho.customfields import read_custom_fields
from stockbridge_sandbox.zoho.errors import (
    ApiError,
    already_exists,
    in_use,
    invalid_value,
    no_such,
    number_not_automatic,
)
from stockbridge_sandbox.zoho.listing import Listing, Test, list_page, one_of
from stockbridge_sandbox.zoho.purchaselines import place_given, read_lines
from stockbridge_sandbox.zoho.purchaserecords import PurchaseOrder
from stockbridge_sandbox.zoho.purchaserows import purchase_detail, purchase_row, purchase_totals
from stockbridge_sandbox.zoho.purchasestatus import (
    ORDER_STATUSES,
    ROLLUPS,
    everything_received,
    order_statuses,
    settle,
)
from stockbridge_sandbox.zoho.wire import Json, read_day, read_flag, read_number, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_purchase

_TEXTS = {"reference_number": 100, "notes": 5000, "terms": 10000, "attention": 100, "ship_via": 100}
_LARGEST_RATE = Decimal(10) ** 6
_LARGEST_TOTAL = Decimal(10) ** 15
# What each transition may start from; anything else is refused (codes and wording are a guess).
_STARTS = {
    "issued": ("draft", "approved", "issued", "cancelled"),
    "cancelled": ("draft", "pending_approval", "approved", "issued", "cancelled"),
    "pending_approval": ("draft", "rejected"),
    "approved": ("pending_approval",),
    "rejected": ("pending_approval",),
}


def _status_is(*statuses: str) -> Test[PurchaseOrder]:
    return lambda order: order_statuses(order, in_list=True)["status"] in statuses


def _days(name: str, holds: Callable[[date, date], bool]) -> Callable[[str], Test[PurchaseOrder]]:
    def test_for(text: str) -> Test[PurchaseOrder]:
        wanted = read_day(name, text) or date.min
        return lambda order: holds(order.date, wanted)

    return test_for


_ALL_STATUSES = (*ORDER_STATUSES, *ROLLUPS)
_TESTS: dict[str, Test[PurchaseOrder]] = {
    **{status: _status_is(status) for status in _ALL_STATUSES},
    "open": _status_is("issued", "partially_received", "received"),
}

LISTING: Listing[PurchaseOrder] = Listing(
    key="purchaseorders",
    report_name="Purchase Orders",
    rows=lambda call: call.world.purchaseorders,
    render=purchase_row,
    sorts={
        "date": lambda order: order.date,
        "delivery_date": lambda order: order.delivery_date or date.min,
        "created_time": lambda order: order.created,
        "purchaseorder_number": lambda order: order.number,
        "reference_number": lambda order: order.reference_number,
        "vendor_name": lambda order: order.vendor_id,
        "total": lambda order: sum((line.quantity * line.rate for line in order.lines), Decimal(0)),
    },
    sort_column="created_time",
    sort_order="D",
    filter_by={
        "Status.All": lambda _: True,
        **{
            f"Status.{''.join(word.capitalize() for word in status.split('_'))}": test
            for status, test in _TESTS.items()
        },
    },
    filters={
        "status": one_of("status", _TESTS),
        "vendor_id": lambda wanted: lambda order: order.vendor_id == wanted,
        "reference_number": lambda wanted: lambda order: order.reference_number == wanted,
        "purchaseorder_number": lambda wanted: lambda order: order.number == wanted,
        "date": _days("date", lambda day, wanted: day == wanted),
        "date_start": _days("date_start", lambda day, wanted: day >= wanted),
        "date_end": _days("date_end", lambda day, wanted: day <= wanted),
        "date_after": _days("date_after", lambda day, wanted: day > wanted),
    },
    search=lambda order: (order.number, order.reference_number),
)


def list_purchases(call: Call) -> Reply:
    """GET /purchaseorders."""
    return list_page(call, LISTING)


def get_purchase(call: Call) -> Reply:
    """GET /purchaseorders/{id}."""
    order = one_purchase(call.world, call.ids[0])
    return Reply(content={"purchaseorder": purchase_detail(call.world, order)})


def create_purchase(call: Call) -> Reply:
    """POST /purchaseorders: always a draft, never issued by itself. Without a number the next one is given."""
    world, body = call.world, call.body()
    now = world.now()
    order = PurchaseOrder(
        id="",
        created=now,
        modified=now,
        number="",
        date=now.astimezone(world.zone).date(),
        vendor_id="",
        location_id=world.primary_location.id,
    )
    order = _read(world, order, body)
    if not order.vendor_id:
        raise invalid_value("vendor_id")
    if not order.lines:
        raise invalid_value("line_items")
    order.number = _number(call, body, order)
    order.id = world.new_id()
    world.purchaseorders.add(order)
    world.note_use(order, 1)
    return Reply(
        status=201,
        message="Purchase Order has been added.",
        content={"purchaseorder": purchase_detail(world, order)},
        location=f"/api/v1/purchaseorders/{order.id}",
    )


def update_purchase(call: Call) -> Reply:
    """PUT /purchaseorders/{id}: `line_items` replaces the array. Quantities lowered to what has arrived close it."""
    world, body = call.world, call.body()
    order = one_purchase(world, call.ids[0])
    if order.order_status == "cancelled":
        raise ApiError(400, 36014, "Cancelled purchase orders cannot be edited.")
    edited = _read(world, order, body)
    if not edited.lines:
        raise invalid_value("line_items")
    if edited.vendor_id != order.vendor_id and (order.receive_ids or order.bill_ids):
        raise ApiError(400, 36014, "The vendor cannot be changed once something was received or billed.")
    edited.number = _number(call, body, edited)
    if not everything_received(order) and any(line.received for line in order.lines):
        edited.cut_short = everything_received(edited)
    world.note_use(order, -1)
    world.note_use(edited, 1)
    world.purchaseorders.add(edited)
    settle(world, edited)
    message = "Purchase Order has been updated."
    return Reply(message=message, content={"purchaseorder": purchase_detail(world, edited)})


def delete_purchase(call: Call) -> Reply:
    """DELETE /purchaseorders/{id}: for good; refused while receives or bills are there."""
    world = call.world
    order = one_purchase(world, call.ids[0])
    _untouched(order, "deleted")
    world.note_use(order, -1)
    world.purchaseorders.remove(order)
    return Reply(message="The Purchase Order has been deleted.")


def mark_purchase(status: str, message: str) -> Callable[[Call], Reply]:
    """POST /purchaseorders/{id}/status/issued, /status/cancelled, /submit, /approve, /approve/final, /reject."""

    def mark(call: Call) -> Reply:
        set_purchase_status(call.world, one_purchase(call.world, call.ids[0]), status)
        return Reply(message=message)

    return mark


def mark_purchases(status: str) -> Callable[[Call], Reply]:
    """POST /purchaseorders/submit and /approve with purchaseorder_ids: all or none."""

    def mark(call: Call) -> Reply:
        wanted = call.get("purchaseorder_ids")
        if wanted is None:
            raise invalid_value("purchaseorder_ids")
        orders = [one_purchase(call.world, id_) for id_ in dict.fromkeys(wanted.split(","))]
        for order in orders:
            _check_start(order, status)
        for order in orders:
            set_purchase_status(call.world, order, status)
        return Reply()

    return mark


def set_purchase_status(world: World, order: PurchaseOrder, status: str) -> None:
    """A transition. Raises ApiError 400 where it may not start, and for cancelling what has receives or bills."""
    _check_start(order, status)
    if status == "cancelled":
        _untouched(order, "cancelled")
    order.order_status = status
    settle(world, order)


def _check_start(order: PurchaseOrder, status: str) -> None:
    if order.order_status not in _STARTS[status]:
        text = f"The purchase order is {order.order_status} and cannot be marked as {status}."
        raise ApiError(400, 36015, text)


def _untouched(order: PurchaseOrder, done: str) -> None:
    if order.receive_ids:
        raise in_use(f"Purchase orders that have receives cannot be {done}.")
    if order.bill_ids:
        raise in_use(f"Purchase orders that have bills cannot be {done}.")
    if order.is_po_marked_as_received:
        raise in_use(f"Purchase orders that were marked as received cannot be {done}.")


def _number(call: Call, body: Json, order: PurchaseOrder) -> str:
    """The number of the order. One's own needs ignore_auto_number_generation=true in the query (4097)."""
    world, organization = call.world, call.world.organization
    wanted = read_text("purchaseorder_number", body.get("purchaseorder_number"), 100)
    if order.number and wanted in ("", order.number):
        return order.number
    own = call.get("ignore_auto_number_generation") == "true" or not world.switches.auto_number
    if wanted and not own:
        raise number_not_automatic()
    taken = {other.number for other in world.purchaseorders}
    if wanted:
        if wanted in taken:
            raise already_exists(f"A purchase order with the number {wanted}")
        return wanted
    while True:
        number = f"{organization.purchaseorder_prefix}{organization.next_purchaseorder:05d}"
        organization.next_purchaseorder += 1
        if number not in taken:
            return number


def _read(world: World, order: PurchaseOrder, body: Json) -> PurchaseOrder:
    """A copy of the order with the fields of the body, or an ApiError and nothing has changed."""
    new = replace(order)
    for name, longest in _TEXTS.items():
        if name in body:
            setattr(new, name, read_text(name, body[name], longest))
    if "vendor_id" in body:
        new.vendor_id = str(body["vendor_id"] or "")
        vendor = world.contacts.get(new.vendor_id)
        if vendor is None or vendor.contact_type != "vendor":
            raise ApiError(404, 1002, "The Vendor is not accessible.")
        if not order.id or order.vendor_id != new.vendor_id:
            _set_currency(world, new, vendor.currency_id)
    if body.get("currency_id"):
        _set_currency(world, new, str(body["currency_id"]))
    rate = read_number("exchange_rate", body.get("exchange_rate"))
    if rate is not None:
        if not 0 < rate < _LARGEST_RATE:
            raise invalid_value("exchange_rate")
        new.exchange_rate = rate
    _read_days(new, order, body)
    for name in ("is_drop_shipment", "is_backorder"):
        if name in body:
            setattr(new, name, read_flag(name, body[name]))
    new.location_id = place_given(world, body) or order.location_id
    if "line_items" in body:
        new.lines = read_lines(world, body["line_items"], order.lines)
    if "custom_fields" in body:
        old: Any = order.custom_fields
        new.custom_fields = read_custom_fields(world, "purchaseorder", body["custom_fields"], old)
    if sum(purchase_totals(world, new)) >= _LARGEST_TOTAL:
        raise invalid_value("total")
    return new


def _read_days(new: PurchaseOrder, order: PurchaseOrder, body: Json) -> None:
    for name in ("date", "delivery_date", "expected_delivery_date"):
        if name in body:
            setattr(new, name, read_day(name, body[name]) or (order.date if name == "date" else None))


def _set_currency(world: World, order: PurchaseOrder, currency_id: str) -> None:
    currency = world.currencies.get(currency_id)
    if currency is None:
        raise no_such("Currency")
    order.currency_id, order.exchange_rate = currency.id, currency.exchange_rate
