"""Hours of business in the simulated Zoho organisation: what its people do while nobody looks at the API.

Every event goes through the operations that the API itself takes, so timestamps, ledgers, numbers and refusals are the
same; no request is logged and no call is counted.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from stockbridge_sandbox import trade_words as words
from stockbridge_sandbox.company import check_digit
from stockbridge_sandbox.http import Request
from stockbridge_sandbox.zoho import movements
from stockbridge_sandbox.zoho.contacts import create_contact, update_contact
from stockbridge_sandbox.zoho.items import create_item, mark_item, update_item
from stockbridge_sandbox.zoho.records import Contact, Item, SalesOrder
from stockbridge_sandbox.zoho.salesorders import (
    confirm_order,
    create_order,
    delete_order,
    update_order,
    void_order,
)
from stockbridge_sandbox.zoho.world import Call, Reply, World

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `id` is the record's id, `number` what people call it (SKU, order number, name)."""

    what: str
    id: str
    number: str
    at: datetime
    detail: str = ""

    def row(self) -> dict[str, str]:
        """As the control endpoint shows it."""
        return {
            "what": self.what,
            "id": self.id,
            "number": self.number,
            "at": self.at.isoformat(),
            "detail": self.detail,
        }


# Each kind happens this often in an hour, at least once in any business at all.
PACE: dict[str, int] = {
    "order_created": 4,
    "stock_moved": 4,
    "item_edited": 3,
    "price_changed": 2,
    "order_confirmed": 2,
    "order_fulfilled": 2,
    "item_created": 1,
    "item_renamed": 1,
    "item_deactivated": 1,
    "order_edited": 1,
    "order_voided": 1,
    "order_deleted": 1,
    "vendor_created": 1,
    "vendor_edited": 1,
    "item_vendor_changed": 1,
}


def business(world: World, *, hours: float = 1, seed: int = 1, advance: bool = True) -> list[Event]:
    """Let `hours` of business happen; gives the events in their order.

    The sandbox clock moves on by that time, event by event, unless `advance` is false (then everything happens now). The
    caller holds the lock of the Zoho side. Raises ValueError for hours that are not positive, or an organisation without
    items.
    """
    if hours <= 0:
        raise ValueError("hours of business must be more than 0")
    if not len(world.items):
        raise ValueError("an organisation without items does no business: add an item first")
    # The state has a say, so that a second hour with the same seed is another hour.
    dice = random.Random(f"{seed}:{len(world.items)}:{len(world.contacts)}:{len(world.salesorders)}")
    day = _Day(world=world, dice=dice)
    kinds = [kind for kind, pace in PACE.items() for _ in range(max(1, round(pace * hours)))]
    dice.shuffle(kinds)
    pause = hours * 3600 / len(kinds)
    events: list[Event] = []
    for kind in kinds:
        if advance:
            world.clock.advance(pause)
        events.append(_HAPPENINGS[kind](day))
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    world: World
    dice: random.Random

    def call(self, handler: Callable[[Call], Reply], body: object = None, *ids: str) -> dict[str, Any]:
        """Call an operation of the API from inside; gives the record it answers with."""
        request = Request(
            method="POST",
            path="/",
            query=(),
            headers={"content-type": "application/json"},
            body=b"" if body is None else msgspec.json.encode(body),
            at=self.world.now(),
            base="",
        )
        content = handler(Call(world=self.world, request=request, ids=ids)).content
        return next((value for value in content.values() if isinstance(value, dict)), {})

    def event(self, what: str, record: Item | Contact | SalesOrder, detail: str = "") -> Event:
        match record:
            case Item():
                number = record.sku or record.name
            case Contact():
                number = record.contact_name
            case SalesOrder():
                number = record.number
        return Event(what=what, id=record.id, number=number, at=self.world.now(), detail=detail)

    def item(self, *, tracked: bool = False) -> Item:
        """An active item, one with stock when asked for; whichever there is when none is like that."""
        items = [
            item for item in self.world.items if item.status == "active" and (item.tracked or not tracked)
        ]
        return self.dice.choice(items or list(self.world.items))

    def contact(self, contact_type: str) -> Contact:
        """A contact of that type; the first of its kind is made here."""
        contacts = [contact for contact in self.world.contacts if contact.contact_type == contact_type]
        return self.dice.choice(contacts) if contacts else self.new_contact(contact_type)

    def new_contact(self, contact_type: str) -> Contact:
        opening = "Nieuwe leverancier" if contact_type == "vendor" else "Nieuwe klant"
        number = self.dice.randrange(10**6)
        person = {
            "first_name": self.dice.choice(words.FIRST_NAMES),
            "last_name": self.dice.choice(words.LAST_NAMES),
            "email": f"verkoop@nieuw-{number}.example",
        }
        body = {"contact_name": f"{opening} Ångström {number}", "contact_persons": [person]}
        answer = self.call(create_contact(contact_type), body)
        return _there(self.world.contacts.get(answer["contact_id"]))

    def new_order(self, *, confirmed: bool = False) -> SalesOrder:
        lines = [
            {"item_id": self.item().id, "quantity": self.dice.choice((1, 2, 3, 5, 10))}
            for _ in range(self.dice.randrange(1, 4))
        ]
        answer = self.call(create_order, {"customer_id": self.contact("customer").id, "line_items": lines})
        if confirmed:
            self.call(confirm_order, None, answer["salesorder_id"])
        return _there(self.world.salesorders.get(answer["salesorder_id"]))

    def order(self, *statuses: str) -> SalesOrder:
        """An order in one of the statuses of which nothing has left; a new one when there is none."""
        fitting = [
            order
            for order in self.world.salesorders
            if order.order_status in statuses
            and not any(line.shipped or line.invoiced for line in order.lines)
        ]
        return self.dice.choice(fitting) if fitting else self.new_order(confirmed="draft" not in statuses)

    def order_now(self, order: SalesOrder) -> SalesOrder:
        return _there(self.world.salesorders.get(order.id))


def _there(record: _T | None) -> _T:
    if record is None:
        raise LookupError("a record that was just written is not there")
    return record


def _item_edited(day: _Day) -> Event:
    item = day.item()
    text = f"Gewijzigd: {day.dice.choice(words.BRANDS)} {day.dice.randrange(10**4)}"
    day.call(update_item, {"purchase_description": text}, item.id)
    return day.event("item_edited", item, text)


def _price_changed(day: _Day) -> Event:
    item = day.item()
    old = item.rate
    rate = max(
        Decimal("0.05"), (old * Decimal(day.dice.choice(("0.9", "1.05", "1.1")))).quantize(Decimal("0.01"))
    )
    rate = rate if rate != old else old + Decimal("0.01")
    purchase = (rate / 2).quantize(Decimal("0.01"))
    day.call(update_item, {"rate": float(rate), "purchase_rate": float(purchase)}, item.id)
    return day.event("price_changed", item, f"{old} -> {rate}")


def _item_renamed(day: _Day) -> Event:
    item = day.item()
    old = item.name
    day.call(update_item, {"name": f"{old[:80].rstrip()} néo {day.dice.randrange(10**5):05d}"}, item.id)
    return day.event("item_renamed", item, f"{old} -> {item.name}")


def _item_created(day: _Day) -> Event:
    number = day.dice.randrange(10**8)
    ean = f"8719{number:08d}"
    code, _, nouns, variants, unit, low, high = day.dice.choice(words.PRODUCT_GROUPS)
    rate = day.dice.randrange(low, high)
    body = {
        "name": f"{day.dice.choice(words.BRANDS)} {day.dice.choice(nouns)} {day.dice.choice(variants)} N{number}",
        "sku": f"{code}-N{number}",
        "ean": ean + check_digit(ean),
        "unit": unit,
        "product_type": "goods",
        "item_type": "inventory",
        "rate": rate / 100,
        "purchase_rate": rate // 2 / 100,
        "vendor_id": day.contact("vendor").id,
        "initial_stock": day.dice.randrange(5, 60),
    }
    answer = day.call(create_item, body)
    return day.event("item_created", _there(day.world.items.get(answer["item_id"])))


def _item_deactivated(day: _Day) -> Event:
    item = day.item()
    day.call(mark_item("inactive"), None, item.id)
    return day.event("item_deactivated", item)


def _item_vendor_changed(day: _Day) -> Event:
    item = day.item()
    others = [
        each for each in day.world.contacts if each.contact_type == "vendor" and each.id != item.vendor_id
    ]
    vendor = day.dice.choice(others) if others else day.new_contact("vendor")
    day.call(update_item, {"vendor_id": vendor.id}, item.id)
    return day.event("item_vendor_changed", item, vendor.contact_name)


def _vendor_created(day: _Day) -> Event:
    return day.event("vendor_created", day.new_contact("vendor"))


def _vendor_edited(day: _Day) -> Event:
    vendor = day.contact("vendor")
    name = f"{vendor.contact_name[:150]} ({day.dice.choice(words.VENDOR_SUFFIXES)})"
    day.call(update_contact, {"contact_name": name}, vendor.id)
    return day.event("vendor_edited", vendor, name)


def _stock_moved(day: _Day) -> Event:
    item = day.item(tracked=True)
    if not item.tracked:
        return _item_edited(day)
    quantity = Decimal(day.dice.choice((-3, -1, 5, 10, 24)))
    place = day.dice.choice([each for each in day.world.locations if each.status == "active"])
    # A receipt moves the physical ledger alone until its bill comes; an adjustment moves both.
    billed = day.dice.random() < 0.5
    movements.move_stock(
        day.world, item, place.id, physical=quantity, accounting=quantity if billed else Decimal(0)
    )
    return day.event("stock_moved", item, f"{quantity:+} at {place.name}")


def _order_created(day: _Day) -> Event:
    order = day.new_order(confirmed=day.dice.random() < 0.6)
    return day.event("order_created", order, order.order_status)


def _order_confirmed(day: _Day) -> Event:
    order = day.order("draft")
    day.call(confirm_order, None, order.id)
    return day.event("order_confirmed", day.order_now(order))


def _order_edited(day: _Day) -> Event:
    order = day.order("confirmed", "draft")
    first, *others = order.lines
    kept = [{"line_item_id": line.id} for line in others]
    changed = {"line_item_id": first.id, "quantity": int(first.quantity) + 1}
    day.call(update_order, {"line_items": [changed, *kept]}, order.id)
    return day.event(
        "order_edited", day.order_now(order), f"first line {first.quantity} -> {first.quantity + 1}"
    )


def _order_fulfilled(day: _Day) -> Event:
    order = day.order("confirmed")
    movements.ship(day.world, order)
    movements.invoice(day.world, order)
    return day.event("order_fulfilled", order)


def _order_voided(day: _Day) -> Event:
    order = day.order("confirmed")
    day.call(void_order, None, order.id)
    return day.event("order_voided", day.order_now(order))


def _order_deleted(day: _Day) -> Event:
    order = day.order("confirmed", "draft")
    event = day.event("order_deleted", order, order.order_status)
    day.call(delete_order, None, order.id)
    return event


_HAPPENINGS: dict[str, Callable[[_Day], Event]] = {
    "order_created": _order_created,
    "stock_moved": _stock_moved,
    "item_edited": _item_edited,
    "price_changed": _price_changed,
    "order_confirmed": _order_confirmed,
    "order_fulfilled": _order_fulfilled,
    "item_created": _item_created,
    "item_renamed": _item_renamed,
    "item_deactivated": _item_deactivated,
    "order_edited": _order_edited,
    "order_voided": _order_voided,
    "order_deleted": _order_deleted,
    "vendor_created": _vendor_created,
    "vendor_edited": _vendor_edited,
    "item_vendor_changed": _item_vendor_changed,
}
