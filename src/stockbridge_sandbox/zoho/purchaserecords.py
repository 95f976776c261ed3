"""What the organisation buys: purchase orders, what arrived on them, and what its vendors billed (facts: Zoho 10.8-10.10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Day: TypeAlias = date
ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class PurchaseLine:
    """`item_id` is "" for a line of free text. `received` and `billed` follow from the receives and bills."""

    id: str
    item_id: str
    name: str
    quantity: Decimal
    rate: Decimal
    description: str = ""
    unit: str = ""
    sku: str = ""
    account_id: str = ""
    discount_percent: Decimal = ZERO
    tax_id: str = ""
    location_id: str = ""
    receivable: bool = True
    received: Decimal = ZERO
    billed: Decimal = ZERO
    marked_received: Decimal = ZERO
    cancelled: Decimal = ZERO

    @property
    def outstanding(self) -> Decimal:
        """What may still arrive."""
        left = self.quantity - self.received - self.marked_received - self.cancelled
        return max(ZERO, left) if self.receivable else ZERO


@dataclass(slots=True, kw_only=True)
class PurchaseOrder:
    """`cut_short`: closed because its quantities were lowered to what had arrived (facts: Zoho 10.8). `was_closed` and
    `was_received`: it has been at some time, even where it is open again; the API shows neither."""

    id: str
    created: datetime
    modified: datetime
    number: str
    date: Day
    vendor_id: str
    order_status: str = "draft"
    reference_number: str = ""
    currency_id: str = ""
    exchange_rate: Decimal = Decimal(1)
    location_id: str = ""
    delivery_date: Day | None = None
    expected_delivery_date: Day | None = None
    attention: str = ""
    ship_via: str = ""
    notes: str = ""
    terms: str = ""
    is_drop_shipment: bool = False
    is_backorder: bool = False
    is_po_marked_as_received: bool = False
    cut_short: bool = False
    was_closed: bool = False
    was_received: bool = False
    lines: list[PurchaseLine] = field(default_factory=list)
    receive_ids: list[str] = field(default_factory=list)
    bill_ids: list[str] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ReceiveLine:
    """`order_line_id` is the line of the purchase order that arrived."""

    id: str
    order_line_id: str
    item_id: str
    name: str
    quantity: Decimal
    description: str = ""
    unit: str = ""
    location_id: str = ""


@dataclass(slots=True, kw_only=True)
class PurchaseReceive:
    id: str
    created: datetime
    modified: datetime
    number: str
    date: Day
    purchaseorder_id: str
    vendor_id: str
    notes: str = ""
    lines: list[ReceiveLine] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class BillLine:
    """`order_line_id` is the billed line of a purchase order, "" for none."""

    id: str
    item_id: str
    name: str
    quantity: Decimal
    rate: Decimal
    order_line_id: str = ""
    receive_line_id: str = ""
    description: str = ""
    unit: str = ""
    account_id: str = ""
    discount_percent: Decimal = ZERO
    tax_id: str = ""
    location_id: str = ""


@dataclass(slots=True, kw_only=True)
class Bill:
    """Only a bill that is `open` or `paid` counts; a draft or void one moves nothing."""

    id: str
    created: datetime
    modified: datetime
    number: str
    date: Day
    due_date: Day
    vendor_id: str
    status: str = "open"
    purchaseorder_id: str = ""
    reference_number: str = ""
    currency_id: str = ""
    exchange_rate: Decimal = Decimal(1)
    location_id: str = ""
    notes: str = ""
    terms: str = ""
    lines: list[BillLine] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether the order lines are billed by it and the accounting ledger is moved."""
        return self.status in ("open", "paid")
