"""One day in the simulated company: who acts, on what, and how an event is told.

Every event goes through the operations that the APIs themselves take, so timestamps, ledgers, numbers and refusals are the
same; no request is logged and no call is counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import msgspec

from stockbridge_sandbox import trade_words as words
from stockbridge_sandbox.http import Request
from stockbridge_sandbox.optiply.app import Optiply
from stockbridge_sandbox.zoho.contacts import create_contact
from stockbridge_sandbox.zoho.purchaserecords import PurchaseOrder
from stockbridge_sandbox.zoho.records import Bundle, Contact, Item, SalesOrder
from stockbridge_sandbox.zoho.routes import route
from stockbridge_sandbox.zoho.salesorders import confirm_order, create_order
from stockbridge_sandbox.zoho.world import Call, Reply, World

Record: TypeAlias = Item | Contact | SalesOrder | PurchaseOrder | Bundle
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Who acts: the people in Zoho (`world`), and Optiply's user where there is an `optiply`. `dice` decides."""

    world: World
    dice: random.Random
    optiply: Optiply | None = None

    def do(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What a person does in Zoho, as an API call without quota and log; gives the record it answers with.

        Raises ApiError where Zoho refuses, LookupError for a path that is not there.
        """
        found, ids = route(method, path)
        return self.call(there(found).handler, body, *ids, query=query)

    def call(
        self,
        handler: Callable[[Call], Reply],
        body: object = None,
        *ids: str,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Call an operation of the API from inside; gives the record it answers with."""
        request = Request(
            method="POST",
            path="/",
            query=tuple((query or {}).items()),
            headers={"content-type": "application/json"},
            body=b"" if body is None else msgspec.json.encode(body),
            at=self.world.now(),
            base="",
        )
        content = handler(Call(world=self.world, request=request, ids=ids)).content
        return next((value for value in content.values() if isinstance(value, dict)), {})

    def event(self, what: str, record: Record, detail: str = "") -> Event:
        """The event, told of that record."""
        match record:
            case Item():
                number = record.sku or record.name
            case Contact():
                number = record.contact_name
            case SalesOrder() | PurchaseOrder():
                number = record.number
            case Bundle():
                number = record.reference_number
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

    def some(self, records: Iterable[_T]) -> _T | None:
        """Any one of them, None when there is none."""
        every = list(records)
        return self.dice.choice(every) if every else None

    @property
    def today(self) -> str:
        """The organisation's day, as the API takes it."""
        return self.world.now().astimezone(self.world.zone).date().isoformat()

    def new_contact(self, contact_type: str) -> Contact:
        """A new contact with a person."""
        opening = "Nieuwe leverancier" if contact_type == "vendor" else "Nieuwe klant"
        number = self.dice.randrange(10**6)
        person = {
            "first_name": self.dice.choice(words.FIRST_NAMES),
            "last_name": self.dice.choice(words.LAST_NAMES),
            "email": f"verkoop@nieuw-{number}.example",
        }
        body = {"contact_name": f"{opening} Ångström {number}", "contact_persons": [person]}
        answer = self.call(create_contact(contact_type), body)
        return there(self.world.contacts.get(answer["contact_id"]))

    def new_order(self, *, confirmed: bool = False) -> SalesOrder:
        """A new sales order of one to three lines."""
        lines = [
            {"item_id": self.item().id, "quantity": self.dice.choice((1, 2, 3, 5, 10))}
            for _ in range(self.dice.randrange(1, 4))
        ]
        answer = self.call(create_order, {"customer_id": self.contact("customer").id, "line_items": lines})
        if confirmed:
            self.call(confirm_order, None, answer["salesorder_id"])
        return there(self.world.salesorders.get(answer["salesorder_id"]))

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
        """The order as it is after a write, which puts another in its place."""
        return there(self.world.salesorders.get(order.id))


def there(record: _T | None) -> _T:
    """The record, which must be there. Raises LookupError."""
    if record is None:
        raise LookupError("a record that was just written is not there")
    return record


# One kind of event: it happens and is told, or there is nothing it could happen to (None).
Happening: TypeAlias = Callable[[Day], Event | None]
