"""Sales orders: list, detail, create, update, delete and their transitions (facts: Zoho 9 and 10.7)."""

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
from stockbridge_sandbox.zoho.listing import Listing, Test, list_page, one_of, text_filters
from stockbridge_sandbox.zoho.orderrows import order_detail, order_row, totals
from stockbridge_sandbox.zoho.records import Line, SalesOrder
from stockbridge_sandbox.zoho.wire import Json, read_day, read_number, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_order

_TEXTS = {
    "reference_number": 100,
    "notes": 5000,
    "terms": 10000,
    "salesperson_name": 200,
    "delivery_method": 100,
}
_LARGEST_RATE = Decimal(10) ** 6
_LARGEST_TOTAL = Decimal(10) ** 15
_STATUSES = ("draft", "confirmed", "onhold", "closed", "void")


def _status_is(status: str) -> Test[SalesOrder]:
    return lambda order: order.order_status == status


def _day_filter(name: str, attribute: Callable[[SalesOrder], date], *, start: bool) -> Any:
    def test_for(text: str) -> Test[SalesOrder]:
        wanted = read_day(name, text) or date.min
        if start:
            return lambda order: attribute(order) >= wanted
        return lambda order: attribute(order) <= wanted

    return test_for


LISTING: Listing[SalesOrder] = Listing(
    key="salesorders",
    report_name="Sales Orders",
    rows=lambda call: call.world.salesorders,
    render=order_row,
    sorts={
        "date": lambda order: order.date,
        "created_time": lambda order: order.created,
        "salesorder_number": lambda order: order.number,
        "reference_number": lambda order: order.reference_number,
        "customer_name": lambda order: order.customer_id,
        "shipment_date": lambda order: order.shipment_date or date.min,
        "total": lambda order: sum((line.quantity * line.rate for line in order.lines), Decimal(0)),
    },
    sort_column="created_time",
    sort_order="D",
    filter_by={
        "Status.All": lambda _: True,
        **{f"Status.{status.capitalize()}": _status_is(status) for status in _STATUSES},
        "Status.OnHold": _status_is("onhold"),
    },
    filters={
        **text_filters("salesorder_number", lambda order: order.number),
        **text_filters("reference_number", lambda order: order.reference_number),
        "status": one_of("status", {status: _status_is(status) for status in _STATUSES}),
        "customer_id": lambda wanted: lambda order: order.customer_id == wanted,
        "date": lambda text: lambda order: order.date == read_day("date", text),
        "date_start": _day_filter("date_start", lambda order: order.date, start=True),
        "date_end": _day_filter("date_end", lambda order: order.date, start=False),
        "created_date_start": _day_filter(
            "created_date_start", lambda order: order.created.date(), start=True
        ),
        "created_date_end": _day_filter("created_date_end", lambda order: order.created.date(), start=False),
    },
    search=lambda order: (order.number, order.reference_number),
)


def list_orders(call: Call) -> Reply:
    """GET /salesorders."""
    return list_page(call, LISTING)


def get_order(call: Call) -> Reply:
    """GET /salesorders/{id}."""
    return Reply(content={"salesorder": order_detail(call.world, one_order(call.world, call.ids[0]))})


def create_order(call: Call) -> Reply:
    """POST /salesorders: a draft. Without a number the next one is given; with one see `_number`."""
    world, body = call.world, call.body()
    now = world.now()
    order = SalesOrder(
        id="",
        created=now,
        modified=now,
        number="",
        date=now.astimezone(world.zone).date(),
        customer_id="",
        source="Api",
        location_id=world.primary_location.id,
    )
    order = _read(world, order, body)
    if not order.customer_id:
        raise invalid_value("customer_id")
    if not order.lines:
        raise invalid_value("line_items")
    order.number = _number(call, body, order)
    order.id = world.new_id()
    world.salesorders.add(order)
    world.commit(order, 1)
    return Reply(
        status=201,
        message="Sales Order has been created.",
        content={"salesorder": order_detail(world, order)},
        location=f"/api/v1/salesorders/{order.id}",
    )


def update_order(call: Call) -> Reply:
    """PUT /salesorders/{id}: `line_items` replaces the whole array (facts: Zoho 1)."""
    world, body = call.world, call.body()
    order = one_order(world, call.ids[0])
    if order.order_status == "void":
        raise ApiError(400, 36014, "Void sales orders cannot be edited.")
    edited = _read(world, order, body)
    edited.number = _number(call, body, edited)
    _swap(world, order, edited)
    return Reply(message="Sales Order has been updated.", content={"salesorder": order_detail(world, edited)})


def delete_order(call: Call) -> Reply:
    """DELETE /salesorders/{id}: for good; refused when something was shipped or invoiced."""
    _delete(call.world, [one_order(call.world, call.ids[0])])
    return Reply(message="The Sales Order has been deleted.")


def delete_orders(call: Call) -> Reply:
    """DELETE /salesorders?salesorder_ids=…"""
    _delete(call.world, _many(call))
    return Reply(message="The selected sales orders have been deleted")


def confirm_order(call: Call) -> Reply:
    """POST /salesorders/{id}/status/confirmed: commits stock."""
    set_status(call.world, one_order(call.world, call.ids[0]), "confirmed")
    return Reply(message="Sales order status has been changed to Confirmed.", content={"data": {}})


def void_order(call: Call) -> Reply:
    """POST /salesorders/{id}/status/void: releases stock."""
    set_status(call.world, one_order(call.world, call.ids[0]), "void")
    return Reply(message="The status of the Sales Order has been changed to void.", content={"data": {}})


def confirm_orders(call: Call) -> Reply:
    """POST /salesorders/status/confirmed?salesorder_ids=…: one entry per order in `data` (facts: Zoho 10.7)."""
    data: list[Json] = []
    for order in _many(call):
        try:
            set_status(call.world, order, "confirmed")
        except ApiError as error:
            data.append({"code": error.code, "message": error.message, "ids": [order.id]})
        else:
            data.append({"code": 0, "message": "Sales order confirmed.", "ids": [order.id]})
    return Reply(message="Sales order status has been changed to Confirmed.", content={"data": data})


def set_status(world: World, order: SalesOrder, status: str) -> None:
    """A transition: draft, void or held orders can be confirmed, anything unshipped can be voided.

    Raises ApiError 400 for any other (code and wording are a guess).
    """
    begun = any(line.shipped or line.invoiced for line in order.lines)
    if order.order_status == "closed" or (status == "void" and begun):
        raise ApiError(400, 36015, f"The sales order cannot be changed to {status}.")
    _swap(world, order, replace(order, order_status=status))


def _swap(world: World, old: SalesOrder, new: SalesOrder) -> None:
    """Put the edited order in the place of the old one, with what that means for the stock."""
    world.commit(old, -1)
    before = _reserved(old)
    new.modified = world.now()
    world.salesorders.add(new)
    world.commit(new, 1)
    world.stock_moved({item_id for item_id, _ in before.symmetric_difference(_reserved(new))})


def _reserved(order: SalesOrder) -> set[tuple[str, tuple[Decimal, Decimal, str]]]:
    if order.order_status not in ("confirmed", "onhold"):
        return set()
    return {
        (line.item_id, (line.quantity - line.shipped, line.quantity - line.invoiced, line.location_id))
        for line in order.lines
    }


def _delete(world: World, orders: list[SalesOrder]) -> None:
    if any(line.shipped or line.invoiced for order in orders for line in order.lines):
        raise in_use("Sales orders that have been invoiced or shipped cannot be deleted.")
    for order in orders:
        world.commit(order, -1)
        world.salesorders.remove(order)
        world.stock_moved({item_id for item_id, _ in _reserved(order)})


def _many(call: Call) -> list[SalesOrder]:
    wanted = call.get("salesorder_ids")
    if wanted is None:
        raise invalid_value("salesorder_ids")
    return [one_order(call.world, id_) for id_ in dict.fromkeys(wanted.split(","))]


def _number(call: Call, body: Json, order: SalesOrder) -> str:
    """The number of the order. One's own number needs ignore_auto_number_generation=true in the query (4097)."""
    world, organization = call.world, call.world.organization
    wanted = read_text("salesorder_number", body.get("salesorder_number"), 100)
    if order.number and wanted in ("", order.number):
        return order.number
    own = call.get("ignore_auto_number_generation") == "true" or not world.switches.auto_number
    if wanted and not own:
        raise number_not_automatic()
    taken = {other.number for other in world.salesorders}
    if wanted:
        if wanted in taken:
            raise already_exists(f"A sales order with the number {wanted}")
        return wanted
    while True:
        number = f"{organization.number_prefix}{organization.next_number:05d}"
        organization.next_number += 1
        if number not in taken:
            return number


def _read(world: World, order: SalesOrder, body: Json) -> SalesOrder:
    """A copy of the order with the fields of the body, or an ApiError and nothing has changed."""
    new = replace(order)
    for name, longest in _TEXTS.items():
        if name in body:
            setattr(new, name, read_text(name, body[name], longest))
    if "customer_id" in body:
        new.customer_id = str(body["customer_id"] or "")
        customer = world.contacts.get(new.customer_id)
        if customer is None:
            raise ApiError(404, 1002, "The Customer is not accessible.")
        if not order.id or order.customer_id != new.customer_id:
            _set_currency(world, new, customer.currency_id)
    if body.get("currency_id"):
        _set_currency(world, new, str(body["currency_id"]))
    for name in ("exchange_rate", "shipping_charge", "adjustment"):
        amount = read_number(name, body.get(name))
        if amount is not None:
            setattr(new, name, amount)
    for name in ("date", "shipment_date"):
        if name in body:
            setattr(new, name, read_day(name, body[name]) or (order.date if name == "date" else None))
    place = body.get("location_id") or body.get("warehouse_id")
    if place:
        new.location_id = _place(world, place)
    if "line_items" in body:
        new.lines = _read_lines(world, body["line_items"], order.lines)
    if "custom_fields" in body:
        new.custom_fields = read_custom_fields(
            world, "salesorder", body["custom_fields"], order.custom_fields
        )
    if abs(new.exchange_rate) >= _LARGEST_RATE:
        raise invalid_value("exchange_rate")
    if abs(totals(world, new)[2]) >= _LARGEST_TOTAL:
        raise invalid_value("total")
    return new


def _set_currency(world: World, order: SalesOrder, currency_id: str) -> None:
    currency = world.currencies.get(currency_id)
    if currency is None:
        raise no_such("Currency")
    order.currency_id, order.exchange_rate = currency.id, currency.exchange_rate


def _place(world: World, value: object) -> str:
    if world.locations.get(str(value)) is None:
        raise no_such("Location")
    return str(value)


def _read_lines(world: World, value: object, old: list[Line]) -> list[Line]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise invalid_value("line_items")
    known = {line.id: line for line in old}
    return [_read_line(world, entry, known.get(str(entry.get("line_item_id", "")))) for entry in value]


def _read_line(world: World, entry: Json, old: Line | None) -> Line:
    item_id = str(entry.get("item_id") or (old.item_id if old else ""))
    item = world.items.get(item_id)
    if item is None:
        raise ApiError(400, 2006, "Item does not exist.")
    quantity = read_number("quantity", entry.get("quantity"))
    if quantity is None:
        quantity = old.quantity if old else Decimal(1)
    rate = read_number("rate", entry.get("rate"))
    if rate is None:
        rate = old.rate if old else item.rate
    if quantity <= 0:
        raise invalid_value("quantity")
    tax_id = str(entry.get("tax_id") or (old.tax_id if old else item.tax_id))
    if tax_id and world.taxes.get(tax_id) is None:
        raise no_such("Tax")
    discount = read_number("discount", str(entry.get("discount", "")).rstrip("%"))
    place = entry.get("location_id") or entry.get("warehouse_id")
    line = Line(
        id=old.id if old else world.new_id(),
        item_id=item.id,
        name=read_text("name", entry.get("name"), 255) or item.name,
        sku=item.sku,
        unit=item.unit,
        description=read_text("description", entry.get("description"), 2000)
        or (old.description if old else ""),
        quantity=quantity,
        rate=rate,
        tax_id=tax_id,
        discount_percent=discount if discount is not None else (old.discount_percent if old else Decimal(0)),
        location_id=_place(world, place) if place else (old.location_id if old else ""),
        invoiced=old.invoiced if old else Decimal(0),
        shipped=old.shipped if old else Decimal(0),
    )
    return line
