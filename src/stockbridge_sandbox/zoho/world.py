"""The organisation while it runs: its collections, its clock, and what the handlers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.http import Request
from stockbridge_sandbox.zoho.collection import Collection
from stockbridge_sandbox.zoho.errors import no_such
from stockbridge_sandbox.zoho.hookrecords import Webhook, Workflow
from stockbridge_sandbox.zoho.purchaserecords import Bill, PurchaseOrder, PurchaseReceive
from stockbridge_sandbox.zoho.records import (
    Adjustment,
    Books,
    Bundle,
    Contact,
    Currency,
    CustomField,
    Item,
    Location,
    Organization,
    SalesOrder,
    Switches,
    Tax,
)
from stockbridge_sandbox.zoho.wire import Json, read_body

ID_BASE = 260815000000000000


class World:
    """All state of the simulated organisation, built from `books`."""

    def __init__(self, books: Books, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.switches = switches
        self.organization: Organization = books.organization
        self.zone = ZoneInfo(books.organization.time_zone)
        self.items: Collection[Item] = Collection(books.items)
        self.contacts: Collection[Contact] = Collection(books.contacts)
        self.salesorders: Collection[SalesOrder] = Collection(books.salesorders)
        self.bundles: Collection[Bundle] = Collection(books.bundles)
        self.adjustments: Collection[Adjustment] = Collection(books.inventoryadjustments)
        self.purchaseorders: Collection[PurchaseOrder] = Collection(books.purchaseorders)
        self.purchasereceives: Collection[PurchaseReceive] = Collection(books.purchasereceives)
        self.bills: Collection[Bill] = Collection(books.bills)
        self.webhooks: Collection[Webhook] = Collection(books.webhooks)
        self.workflows: Collection[Workflow] = Collection(books.workflows)
        self.locations: Collection[Location] = Collection(books.locations)
        self.currencies: Collection[Currency] = Collection(books.currencies)
        self.taxes: Collection[Tax] = Collection(books.taxes)
        self.custom_fields: list[CustomField] = list(books.custom_fields)
        self.committed: dict[tuple[str, str], Committed] = {}
        self.orders_of_item: Counter[str] = Counter()
        self.orders_of_customer: Counter[str] = Counter()
        self.contact_names: Counter[str] = Counter(contact.name_key for contact in self.contacts)
        self._last_id = books.last_id
        for order in self.salesorders:
            self.commit(order, 1)
        for document in (*self.bundles, *self.adjustments):
            self.mention(document.item_ids, 1)
        for document in (*self.purchaseorders, *self.bills):
            self.note_use(document, 1)

    def books(self) -> Books:
        """The state as it is saved."""
        return Books(
            organization=self.organization,
            last_id=self._last_id,
            items=list(self.items),
            contacts=list(self.contacts),
            salesorders=list(self.salesorders),
            purchaseorders=list(self.purchaseorders),
            purchasereceives=list(self.purchasereceives),
            bills=list(self.bills),
            bundles=list(self.bundles),
            inventoryadjustments=list(self.adjustments),
            webhooks=list(self.webhooks),
            workflows=list(self.workflows),
            locations=list(self.locations),
            currencies=list(self.currencies),
            taxes=list(self.taxes),
            custom_fields=list(self.custom_fields),
        )

    def new_id(self) -> str:
        """The next 18-digit id."""
        self._last_id += 1
        return str(ID_BASE + self._last_id)

    def now(self) -> datetime:
        """The sandbox clock."""
        return self.clock.now()

    @property
    def base_currency(self) -> Currency:
        """The organisation's own currency."""
        return next(currency for currency in self.currencies if currency.is_base)

    @property
    def primary_location(self) -> Location:
        """Where stock goes when nothing else is said."""
        return next(location for location in self.locations if location.is_primary)

    def fields_of(self, entity: str) -> list[CustomField]:
        """The custom fields defined for "item", "contact" or "salesorder"."""
        return [field_ for field_ in self.custom_fields if field_.entity == entity]

    def commit(self, order: SalesOrder, sign: int) -> None:
        """Add (+1) or take back (-1) what an order reserves: before and after every change of an order.

        Confirmed orders and orders on hold reserve what is not invoiced and not shipped yet; drafts, void and closed
        orders nothing (facts: Zoho 7, a guess there).
        """
        self.orders_of_customer[order.customer_id] += sign
        reserves = order.order_status in ("confirmed", "onhold")
        for line in order.lines:
            self.orders_of_item[line.item_id] += sign
            if not reserves:
                continue
            location = line.location_id or order.location_id or self.primary_location.id
            entry = self.committed.setdefault((line.item_id, location), Committed())
            entry.accounting += sign * (line.quantity - line.invoiced)
            entry.physical += sign * (line.quantity - line.shipped)

    def note_use(self, document: PurchaseOrder | Bill, sign: int) -> None:
        """Count (+1, -1) that a document holds its vendor and items, which then cannot be deleted."""
        self.orders_of_customer[document.vendor_id] += sign
        for line in document.lines:
            self.orders_of_item[line.item_id] += sign

    def mention(self, item_ids: Iterable[str], sign: int) -> None:
        """Add (+1) or take back (-1) a document that keeps these items from being deleted."""
        for item_id in item_ids:
            self.orders_of_item[item_id] += sign

    def stock_moved(self, item_ids: set[str]) -> None:
        """Stock movements move the item's last_modified_time (facts: Zoho 5)."""
        now = self.now()
        for item_id in item_ids:
            item = self.items.get(item_id)
            if item is not None and item.tracked:
                item.modified = now
                self.items.changed(item, quietly=True)


@dataclass(slots=True)
class Committed:
    """What confirmed orders still reserve of one item at one location."""

    accounting: Decimal = Decimal(0)
    physical: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API: the ids in its path in their order, and the request."""

    world: World
    request: Request
    ids: tuple[str, ...]

    def get(self, name: str) -> str | None:
        """A query parameter; an empty one counts as absent."""
        return self.request.get(name) or None

    def body(self) -> Json:
        """The body of the request. Raises ApiError 400/4."""
        return read_body(self.request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful answer: its message and what stands beside code and message.

    `flat_in_spec`: the documents have the fields of the record beside code and message, without an envelope.
    """

    message: str = "success"
    status: int = 200
    content: Mapping[str, object] = field(default_factory=dict)
    location: str = ""
    flat_in_spec: bool = False


def one_item(world: World, id_: str) -> Item:
    """The item of that id. Raises ApiError 404/1002."""
    record = world.items.get(id_)
    if record is None:
        raise no_such("Item")
    return record


def one_contact(world: World, id_: str) -> Contact:
    """The contact of that id. Raises ApiError 404/1002."""
    record = world.contacts.get(id_)
    if record is None:
        raise no_such("Contact")
    return record


def one_order(world: World, id_: str) -> SalesOrder:
    """The sales order of that id. Raises ApiError 404/1002."""
    record = world.salesorders.get(id_)
    if record is None:
        raise no_such("Sales Order")
    return record


def one_purchase(world: World, id_: str) -> PurchaseOrder:
    """The purchase order of that id. Raises ApiError 404/1002."""
    record = world.purchaseorders.get(id_)
    if record is None:
        raise no_such("Purchase Order")
    return record


def one_receive(world: World, id_: str) -> PurchaseReceive:
    """The purchase receive of that id. Raises ApiError 404/1002."""
    record = world.purchasereceives.get(id_)
    if record is None:
        raise no_such("Purchase Receive")
    return record


def one_bill(world: World, id_: str) -> Bill:
    """The bill of that id. Raises ApiError 404/1002."""
    record = world.bills.get(id_)
    if record is None:
        raise no_such("Bill")
    return record


def one_composite(world: World, id_: str) -> Item:
    """The composite item of that id. Raises ApiError 404/1002, also for an item without a recipe."""
    record = world.items.get(id_)
    if record is None or not record.is_combo_product:
        raise no_such("Composite Item")
    return record


def one_bundle(world: World, id_: str) -> Bundle:
    """The assembly of that id. Raises ApiError 404/1002."""
    record = world.bundles.get(id_)
    if record is None:
        raise no_such("Assembly")
    return record
