"""What happens to purchase orders: placed, issued, received in parts, billed, changed, cancelled, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from stockbridge_sandbox.business_day import Day, Event, Happening, there
from stockbridge_sandbox.zoho.purchaserecords import PurchaseLine, PurchaseOrder
from stockbridge_sandbox.zoho.records import Contact, Item

_BEFORE_RECEIPT = ("draft", "pending_approval", "approved", "issued")


def _placed(day: Day) -> Event | None:
    vendor = day.some(each for each in _active_vendors(day) if _offered(day, each))
    if vendor is None:
        return None
    items = _offered(day, vendor)
    chosen = [day.dice.choice(items) for _ in range(day.dice.choice((1, 2, 2, 3, 4)))]
    lines: list[dict[str, Any]] = [
        {"item_id": item.id, "quantity": day.dice.choice((5, 10, 12, 25, 50))} for item in chosen
    ]
    if day.dice.random() < 0.2:
        lines.append({"name": "Vrachtkosten", "quantity": 1, "rate": 12.5})
    body: dict[str, Any] = {"vendor_id": vendor.id, "line_items": lines}
    if day.dice.random() < 0.7:
        body["delivery_date"] = _in_days(day, 3, 30)
    order = _order(day, day.do("POST", "/purchaseorders", body)["purchaseorder_id"])
    if day.dice.random() < 0.6:
        order = _issue(day, order)
    return day.event("purchase_placed", order, order.order_status)


def _issued(day: Day) -> Event | None:
    order = day.some(_orders(day, "draft", "approved"))
    return day.event("purchase_issued", _issue(day, order)) if order else None


def _received(day: Day) -> Event | None:
    """A part or all of what is still to come."""
    order = day.some(_outstanding(day))
    if order is None:
        return None
    coming = [line for line in order.lines if line.outstanding]
    arrived = day.dice.sample(coming, day.dice.randrange(1, len(coming) + 1))
    lines = [{"line_item_id": line.id, "quantity": int(_part_of(day, line.outstanding))} for line in arrived]
    receive = _receive(day, order, lines)
    return day.event("purchase_received", order, receive["receive_number"])


def _billed(day: Day) -> Event | None:
    order = day.some(each for each in _orders(day, "issued") if any(map(_unbilled, each.lines)))
    if order is None:
        return None
    bill = _bill(day, order)
    return day.event("purchase_billed", order, bill["bill_number"])


def _finished(day: Day) -> Event | None:
    """The rest arrives and is billed: the order closes by itself."""
    order = day.some(_outstanding(day))
    if order is None:
        return None
    lines = [
        {"line_item_id": line.id, "quantity": float(line.outstanding)}
        for line in order.lines
        if line.outstanding
    ]
    _receive(day, order, lines)
    if any(map(_unbilled, order.lines)):
        _bill(day, order)
    return day.event("purchase_finished", _order(day, order.id), order.order_status)


def _cut_short(day: Day) -> Event | None:
    """The rest will not come: the quantities are lowered to what has arrived."""
    order = day.some(
        order
        for order in _outstanding(day)
        if any(line.received for line in order.lines)
        and not any(line.billed > line.received for line in order.lines)
    )
    if order is None:
        return None
    kept = [
        {"line_item_id": line.id, "quantity": float(line.received)} if line.outstanding else _same(line)
        for line in order.lines
        if line.received or not line.outstanding
    ]
    _put(day, order, {"line_items": kept})
    return day.event("purchase_cut_short", order)


def _edited(day: Day) -> Event | None:
    order = day.some(_orders(day, *_BEFORE_RECEIPT))
    if order is None:
        return None
    first, *others = order.lines
    more = first.quantity + day.dice.choice((1, 5, 10))
    lines = [{"line_item_id": first.id, "quantity": float(more)}, *map(_same, others)]
    _put(day, order, {"line_items": lines})
    return day.event("purchase_edited", order, f"first line {first.quantity:f} -> {more:f}")


def _delayed(day: Day) -> Event | None:
    order = day.some(_orders(day, *_BEFORE_RECEIPT))
    if order is None:
        return None
    later = _in_days(day, 5, 60)
    _put(day, order, {"delivery_date": later})
    return day.event("purchase_delayed", order, later)


def _line_added(day: Day) -> Event | None:
    order = day.some(_orders(day, *_BEFORE_RECEIPT))
    item = day.some(_bought(day))
    if order is None or item is None:
        return None
    added = {"item_id": item.id, "quantity": day.dice.choice((1, 5, 10))}
    _put(day, order, {"line_items": [*map(_same, order.lines), added]})
    return day.event("purchase_line_added", order, item.sku or item.name)


def _line_removed(day: Day) -> Event | None:
    order, line = _spare_line(day)
    if order is None or line is None:
        return None
    _put(day, order, {"line_items": [_same(each) for each in order.lines if each.id != line.id]})
    return day.event("purchase_line_removed", order, line.sku or line.name)


def _line_moved(day: Day) -> Event | None:
    """A line leaves one order and stands in another one of the same vendor, under another id."""
    order, line = _spare_line(day)
    if order is None or line is None or not line.item_id:
        return None
    other = day.some(
        each
        for each in _orders(day, *_BEFORE_RECEIPT)
        if each.id != order.id and each.vendor_id == order.vendor_id
    )
    if other is None:
        return None
    _put(day, order, {"line_items": [_same(each) for each in order.lines if each.id != line.id]})
    moved = {"item_id": line.item_id, "quantity": float(line.quantity), "rate": float(line.rate)}
    _put(day, other, {"line_items": [*map(_same, other.lines), moved]})
    return day.event("purchase_line_moved", order, f"{line.sku or line.name} to {other.number}")


def _vendor_changed(day: Day) -> Event | None:
    order = day.some(_orders(day, "draft"))
    if order is None:
        return None
    vendor = day.some(each for each in _active_vendors(day) if each.id != order.vendor_id)
    if vendor is None:
        return None
    _put(day, order, {"vendor_id": vendor.id})
    return day.event("purchase_vendor_changed", order, vendor.contact_name)


def _approved(day: Day) -> Event | None:
    order = day.some(_orders(day, "draft"))
    if order is None:
        return None
    day.do("POST", f"/purchaseorders/{order.id}/submit")
    verdict = day.dice.choice(("approve", "approve", "reject"))
    day.do("POST", f"/purchaseorders/{order.id}/{verdict}")
    now = _order(day, order.id)
    return day.event("purchase_judged", now, now.order_status)


def _cancelled(day: Day) -> Event | None:
    order = day.some(_untouched(day, "draft", "approved", "issued"))
    if order is None:
        return None
    day.do("POST", f"/purchaseorders/{order.id}/status/cancelled")
    return day.event("purchase_cancelled", order)


def _deleted(day: Day) -> Event | None:
    order = day.some(_untouched(day, "draft", "issued", "cancelled"))
    if order is None:
        return None
    event = day.event("purchase_deleted", order, order.order_status)
    day.do("DELETE", f"/purchaseorders/{order.id}")
    return event


def _receive_deleted(day: Day) -> Event | None:
    """A receive was a mistake: the stock goes back, and the order is open again."""
    receive = day.some(day.world.purchasereceives)
    if receive is None:
        return None
    order = _order(day, receive.purchaseorder_id)
    day.do("DELETE", f"/purchasereceives/{receive.id}")
    return day.event("receive_deleted", order, receive.number)


def _receive_corrected(day: Day) -> Event | None:
    """One piece less arrived than was counted at first."""
    receive = day.some(each for each in day.world.purchasereceives if each.lines[0].quantity > 1)
    if receive is None:
        return None
    lines = [
        {"line_item_id": line.order_line_id, "quantity": float(line.quantity - (n == 0))}
        for n, line in enumerate(receive.lines)
    ]
    day.do("PUT", f"/purchasereceives/{receive.id}", {"line_items": lines})
    return day.event("receive_corrected", _order(day, receive.purchaseorder_id), receive.number)


PURCHASES: dict[str, Happening] = {
    "purchase_placed": _placed,
    "purchase_issued": _issued,
    "purchase_received": _received,
    "purchase_billed": _billed,
    "purchase_finished": _finished,
    "purchase_cut_short": _cut_short,
    "purchase_edited": _edited,
    "purchase_delayed": _delayed,
    "purchase_line_added": _line_added,
    "purchase_line_removed": _line_removed,
    "purchase_line_moved": _line_moved,
    "purchase_vendor_changed": _vendor_changed,
    "purchase_judged": _approved,
    "purchase_cancelled": _cancelled,
    "purchase_deleted": _deleted,
    "receive_deleted": _receive_deleted,
    "receive_corrected": _receive_corrected,
}


def _order(day: Day, order_id: str) -> PurchaseOrder:
    return there(day.world.purchaseorders.get(order_id))


def _orders(day: Day, *statuses: str) -> Iterator[PurchaseOrder]:
    return (order for order in day.world.purchaseorders if order.order_status in statuses)


def _untouched(day: Day, *statuses: str) -> Iterator[PurchaseOrder]:
    """Orders of which nothing was received, billed or marked."""
    return (
        order
        for order in _orders(day, *statuses)
        if not (order.receive_ids or order.bill_ids or order.is_po_marked_as_received)
    )


def _outstanding(day: Day) -> Iterator[PurchaseOrder]:
    return (order for order in _orders(day, "issued") if any(line.outstanding for line in order.lines))


def _spare_line(day: Day) -> tuple[PurchaseOrder | None, PurchaseLine | None]:
    """An order of several lines and one of them that nothing has come of."""
    order = day.some(
        order
        for order in _orders(day, *_BEFORE_RECEIPT)
        if len(order.lines) > 1 and any(map(_fresh, order.lines))
    )
    return order, day.some(filter(_fresh, order.lines)) if order else None


def _fresh(line: PurchaseLine) -> bool:
    return not (line.received or line.billed or line.marked_received)


def _same(line: PurchaseLine) -> dict[str, Any]:
    return {"line_item_id": line.id}


def _put(day: Day, order: PurchaseOrder, body: dict[str, Any]) -> None:
    day.do("PUT", f"/purchaseorders/{order.id}", body)


def _issue(day: Day, order: PurchaseOrder) -> PurchaseOrder:
    day.do("POST", f"/purchaseorders/{order.id}/status/issued")
    return _order(day, order.id)


def _receive(day: Day, order: PurchaseOrder, lines: list[dict[str, Any]]) -> dict[str, Any]:
    body = {"date": day.today, "line_items": lines, "notes": "Bij de achterdeur"}
    return day.do("POST", "/purchasereceives", body, {"purchaseorder_id": order.id})


def _unbilled(line: PurchaseLine) -> bool:
    return line.billed < line.quantity - line.cancelled


def _bill(day: Day, order: PurchaseOrder) -> dict[str, Any]:
    """A bill of all that is not billed yet."""
    lines = [
        {
            "purchaseorder_item_id": line.id,
            "quantity": float(line.quantity - line.cancelled - line.billed),
            **({"item_id": line.item_id} if line.item_id else {"name": line.name}),
        }
        for line in order.lines
        if _unbilled(line)
    ]
    body = {
        "vendor_id": order.vendor_id,
        "purchaseorder_id": order.id,
        "bill_number": f"F-{order.number}-{len(day.world.bills) + 1}-{day.dice.randrange(10**4)}",
        "date": day.today,
        "due_date": _in_days(day, 14, 31),
        "line_items": lines,
    }
    return day.do("POST", "/bills", body)


def _part_of(day: Day, outstanding: Decimal) -> Decimal:
    """All of it, or some whole pieces; never nothing."""
    if day.dice.random() < 0.4 or outstanding <= 1:
        return outstanding
    return Decimal(day.dice.randrange(1, int(outstanding) + 1))


def _in_days(day: Day, least: int, most: int) -> str:
    then = date.fromisoformat(day.today) + timedelta(days=day.dice.randrange(least, most))
    return then.isoformat()


def _active_vendors(day: Day) -> Iterator[Contact]:
    return (each for each in day.world.contacts if each.contact_type == "vendor" and each.status == "active")


def _bought(day: Day) -> Iterator[Item]:
    """Active goods that can be bought and are not put together here."""
    return (
        item
        for item in day.world.items
        if item.status == "active" and item.tracked and not item.is_combo_product
    )


def _offered(day: Day, vendor: Contact) -> list[Item]:
    return [item for item in _bought(day) if vendor.id in (item.vendor_id, *item.further_vendor_ids)]
