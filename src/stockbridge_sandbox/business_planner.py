"""What Optiply's user does: orders what the shop needs, lets sets be put together, changes and drops orders, keeps fields."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from stockbridge_sandbox.business_day import Day, Event, Happening
from stockbridge_sandbox.optiply.app import Optiply
from stockbridge_sandbox.optiply.table import Row
from stockbridge_sandbox.optiply.values import moment_text

_QUANTITIES = (5, 10, 20, 40)


def _order_placed(day: Day) -> Event | None:
    return _place(day, assembly=False)


def _assembly_placed(day: Day) -> Event | None:
    return _place(day, assembly=True)


def _order_edited(day: Day) -> Event | None:
    """Another quantity in one of the lines. The order may stand in Zoho already."""
    if day.optiply is None:
        return None
    order = day.some(_open_orders(day.optiply))
    line = day.some(_lines_of(day.optiply, order)) if order else None
    if order is None or line is None:
        return None
    quantity = int(line["quantity"]) + day.dice.choice((1, 5))
    day.optiply.edit_order_line(order["id"], line["id"], {"quantity": quantity})
    return _event(day, "buy_order_edited", order, f"{line['quantity']} -> {quantity}")


def _order_delayed(day: Day) -> Event | None:
    if day.optiply is None:
        return None
    order = day.some(_open_orders(day.optiply))
    if order is None:
        return None
    later = moment_text(day.world.now() + timedelta(days=day.dice.randrange(5, 40)))
    day.optiply.edit("buyOrders", order["id"], {"expectedDeliveryDate": later})
    return _event(day, "buy_order_delayed", order, later)


def _line_removed(day: Day) -> Event | None:
    if day.optiply is None:
        return None
    order = day.some(each for each in _open_orders(day.optiply) if len(_lines_of(day.optiply, each)) > 1)
    line = day.some(_lines_of(day.optiply, order)) if order else None
    if order is None or line is None:
        return None
    day.optiply.remove_order_line(order["id"], line["id"])
    return _event(day, "buy_order_line_removed", order, line["id"])


def _order_deleted(day: Day) -> Event | None:
    if day.optiply is None:
        return None
    order = day.some(_open_orders(day.optiply))
    if order is None:
        return None
    day.optiply.remove("buyOrders", order["id"])
    return _event(day, "buy_order_deleted", order)


def _field_kept(day: Day) -> Event | None:
    """A field that people keep by hand and no sync may touch."""
    if day.optiply is None:
        return None
    offer = day.some(day.optiply.rows("supplierProducts"))
    if offer is None:
        return None
    name = day.dice.choice(("minimumPurchaseQuantity", "lotSize", "deliveryTime"))
    value = day.dice.randrange(1, 30)
    day.optiply.edit("supplierProducts", offer["id"], {name: value})
    return _event(day, "field_kept", offer, f"{name} {value}")


PLANNER: dict[str, Happening] = {
    "buy_order_placed": _order_placed,
    "assembly_order_placed": _assembly_placed,
    "buy_order_edited": _order_edited,
    "buy_order_delayed": _order_delayed,
    "buy_order_line_removed": _line_removed,
    "buy_order_deleted": _order_deleted,
    "field_kept": _field_kept,
}


def _place(day: Day, *, assembly: bool) -> Event | None:
    """An order of one to four products of a supplier; an assembly order mostly of one."""
    if day.optiply is None:
        return None
    offers = _offers(day, day.optiply, assembly=assembly)
    supplier = day.some(sorted(offers))
    if supplier is None:
        return None
    products = offers[supplier]
    many = 2 if assembly and day.dice.random() < 0.25 else 1 if assembly else day.dice.randrange(1, 5)
    lines = [
        {"productId": product, "quantity": day.dice.choice(_QUANTITIES)}
        for product in day.dice.sample(products, min(many, len(products)))
    ]
    order: dict[str, Any] = {"supplierId": supplier, "assembly": assembly, "lines": lines}
    if day.dice.random() < 0.5:
        later = day.world.now() + timedelta(days=day.dice.randrange(3, 30))
        order["expectedDeliveryDate"] = moment_text(later)
    what = "assembly_order_placed" if assembly else "buy_order_placed"
    return _event(day, what, day.optiply.place_order(order), f"{len(lines)} lines")


def _offers(day: Day, optiply: Optiply, *, assembly: bool) -> dict[int, list[int]]:
    """Products by supplier: those that are put together, or those that are bought, and only what is in use."""
    coupling = str(optiply.login.coupling_id)
    wanted: set[int] = set()
    for product in optiply.rows("products"):
        item = day.world.items.get(product["remoteIdMap"].get(coupling, ""))
        if item is None or item.status != "active" or product["status"] == "disabled":
            continue
        built = item.is_combo_product and item.combo_type == "assembly" and bool(item.parts)
        if built if assembly else not item.is_combo_product and item.tracked:
            wanted.add(int(product["id"]))
    ignored = {int(row["id"]) for row in optiply.rows("suppliers") if row["ignored"]}
    offers: dict[int, list[int]] = defaultdict(list)
    for offer in optiply.rows("supplierProducts"):
        if (
            offer["productId"] in wanted
            and offer["supplierId"] not in ignored
            and offer["status"] != "disabled"
        ):
            offers[offer["supplierId"]].append(offer["productId"])
    return offers


def _open_orders(optiply: Optiply) -> list[Row]:
    """The user's own orders that are not completed."""
    return [
        row
        for row in optiply.rows("buyOrders")
        if not row["createdFromPublicApi"] and row["completed"] is None
    ]


def _lines_of(optiply: Optiply, order: Row) -> list[Row]:
    return [row for row in optiply.rows("buyOrderLines") if str(row["buyOrderId"]) == order["id"]]


def _event(day: Day, what: str, row: Row, detail: str = "") -> Event:
    return Event(what=what, id=row["id"], number=row["id"], at=day.world.now(), detail=detail)
