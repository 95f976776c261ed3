"""What the simulated organisation holds: typed records that the API reads and writes, all of it savable as JSON.

Ids are 18-digit strings, moments are aware (UTC), money and quantities Decimal. `stock` is the two ledgers of
facts: Zoho 7, per location.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from stockbridge_sandbox.zoho.hookrecords import Webhook, Workflow
from stockbridge_sandbox.zoho.purchaserecords import Bill, PurchaseOrder, PurchaseReceive

Day: TypeAlias = date
ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The stock of one item at one location: `physical` moves with receives and shipments, `accounting` with bills
    and invoices; `opening` is what it began with."""

    physical: Decimal = ZERO
    accounting: Decimal = ZERO
    opening: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class Part:
    """One line of a composite's recipe; `quantity` is for one piece of the composite."""

    id: str
    item_id: str
    quantity: Decimal


@dataclass(slots=True, kw_only=True)
class Item:
    """A product or service; a composite is an item with `is_combo_product` and a recipe in `parts` (facts: Zoho 10.4)."""

    id: str
    created: datetime
    modified: datetime
    name: str
    sku: str = ""
    group_id: str = ""
    unit: str = ""
    unit_id: str = ""
    product_type: str = "goods"
    item_type: str = "sales"
    status: str = "active"
    source: str = "user"
    rate: Decimal = ZERO
    purchase_rate: Decimal = ZERO
    description: str = ""
    purchase_description: str = ""
    ean: str = ""
    upc: str = ""
    isbn: str = ""
    part_number: str = ""
    brand: str = ""
    manufacturer: str = ""
    category_id: str = ""
    category_name: str = ""
    vendor_id: str = ""
    further_vendor_ids: list[str] = field(default_factory=list)
    tax_id: str = ""
    account_id: str = ""
    purchase_account_id: str = ""
    inventory_account_id: str = ""
    reorder_level: Decimal | None = None
    minimum_order_quantity: Decimal | None = None
    maximum_order_quantity: Decimal | None = None
    initial_stock_rate: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    dimension_unit: str = "cm"
    weight: Decimal | None = None
    weight_unit: str = "kg"
    is_returnable: bool = True
    is_combo_product: bool = False
    combo_type: str = ""
    parts: list[Part] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)
    stock: dict[str, Ledger] = field(default_factory=dict)

    @property
    def tracked(self) -> bool:
        """Only inventory items have stock, and stock keys (facts: Zoho 7)."""
        return self.item_type == "inventory"


@dataclass(slots=True, kw_only=True)
class Address:
    id: str = ""
    attention: str = ""
    address: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    zip: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""
    fax: str = ""


@dataclass(slots=True, kw_only=True)
class Person:
    id: str
    salutation: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    designation: str = ""
    department: str = ""
    skype: str = ""
    is_primary_contact: bool = False


@dataclass(slots=True, kw_only=True)
class Contact:
    id: str
    created: datetime
    modified: datetime
    contact_name: str
    contact_type: str = "customer"
    company_name: str = ""
    customer_sub_type: str = "business"
    status: str = "active"
    source: str = "user"
    currency_id: str = ""
    language_code: str = ""
    payment_terms: int = 0
    payment_terms_id: str = ""
    payment_terms_label: str = ""
    website: str = ""
    notes: str = ""
    facebook: str = ""
    twitter: str = ""
    receivable: Decimal = ZERO
    payable: Decimal = ZERO
    receivable_credits: Decimal = ZERO
    payable_credits: Decimal = ZERO
    persons: list[Person] = field(default_factory=list)
    billing_address: Address = field(default_factory=Address)
    shipping_address: Address = field(default_factory=Address)
    custom_fields: dict[str, str] = field(default_factory=dict)

    @property
    def name_key(self) -> str:
        """What no two contacts may share."""
        return self.contact_name.strip().casefold()

    @property
    def primary(self) -> Person | None:
        """The person whose e-mail and phone the list row shows (facts: Zoho 10.6)."""
        marked = next((person for person in self.persons if person.is_primary_contact), None)
        return marked or (self.persons[0] if self.persons else None)


@dataclass(slots=True, kw_only=True)
class Line:
    id: str
    item_id: str
    name: str
    quantity: Decimal
    rate: Decimal
    description: str = ""
    unit: str = ""
    sku: str = ""
    discount_percent: Decimal = ZERO
    tax_id: str = ""
    location_id: str = ""
    invoiced: Decimal = ZERO
    shipped: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class SalesOrder:
    id: str
    created: datetime
    modified: datetime
    number: str
    date: Day
    customer_id: str
    order_status: str = "draft"
    reference_number: str = ""
    currency_id: str = ""
    exchange_rate: Decimal = Decimal(1)
    location_id: str = ""
    shipment_date: Day | None = None
    shipping_charge: Decimal = ZERO
    adjustment: Decimal = ZERO
    salesperson_name: str = ""
    delivery_method: str = ""
    notes: str = ""
    terms: str = ""
    source: str = "User"
    lines: list[Line] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class BundleLine:
    """A component; `quantity` is what one piece of the composite takes (quantity_consumed)."""

    id: str
    item_id: str
    name: str
    quantity: Decimal
    rate: Decimal
    description: str = ""
    unit: str = ""
    account_id: str = ""


@dataclass(slots=True, kw_only=True)
class Bundle:
    """An assembly. Stock has moved when `status` is "bundled", all of it at `location_id` (facts: Zoho 10.5)."""

    id: str
    created: datetime
    modified: datetime
    reference_number: str
    transaction_number: str
    date: Day
    composite_item_id: str
    quantity: Decimal
    location_id: str
    status: str = "draft"
    description: str = ""
    expected_date: Day | None = None
    lines: list[BundleLine] = field(default_factory=list)
    custom_fields: dict[str, str] = field(default_factory=dict)

    @property
    def item_ids(self) -> list[str]:
        """The product and its components."""
        return [self.composite_item_id, *(line.item_id for line in self.lines)]


@dataclass(slots=True, kw_only=True)
class AdjustmentLine:
    id: str
    item_id: str
    name: str
    quantity: Decimal
    description: str = ""
    unit: str = ""
    location_id: str = ""


@dataclass(slots=True, kw_only=True)
class Adjustment:
    id: str
    created: datetime
    modified: datetime
    date: Day
    reason: str
    reason_id: str
    location_id: str
    reference_number: str = ""
    description: str = ""
    lines: list[AdjustmentLine] = field(default_factory=list)

    @property
    def item_ids(self) -> list[str]:
        """The adjusted items."""
        return [line.item_id for line in self.lines]


@dataclass(slots=True, kw_only=True)
class Location:
    id: str
    name: str
    created: datetime
    modified: datetime
    type: str = "general"
    parent_id: str = ""
    is_primary: bool = False
    status: str = "active"
    email: str = ""
    phone: str = ""
    tax_settings_id: str = ""
    address: Address = field(default_factory=Address)


@dataclass(slots=True, kw_only=True)
class Currency:
    id: str
    created: datetime
    modified: datetime
    code: str
    name: str
    symbol: str
    exchange_rate: Decimal = Decimal(1)
    price_precision: int = 2
    currency_format: str = "###,##0.00"
    is_base: bool = False


@dataclass(slots=True, kw_only=True)
class Tax:
    id: str
    created: datetime
    modified: datetime
    name: str
    percentage: Decimal = ZERO
    tax_type: str = "tax"
    is_default: bool = False


@dataclass(slots=True, kw_only=True)
class CustomField:
    id: str
    entity: str
    api_name: str
    label: str
    data_type: str = "string"
    index: int = 1
    options: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Organization:
    id: str
    name: str
    time_zone: str
    created: datetime
    country: str = ""
    country_code: str = ""
    language_code: str = "en"
    contact_name: str = "Sam Keeper"
    email: str = "sam@example.com"
    number_prefix: str = "SO-"
    next_number: int = 1
    purchaseorder_prefix: str = "PO-"
    next_purchaseorder: int = 1
    receive_prefix: str = "PR-"
    next_receive: int = 1
    next_numbers: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Switches:
    """What differs from one real organisation or moment to another; set by the control endpoint.

    `localized_report_name`: page_context carries the name in another language (facts: Zoho 5).
    `retry_after`: 429 answers carry Retry-After, which was never seen live (facts: Zoho 4).
    `stock_layout`: "locations" after the migration, "warehouses" before it (facts: Zoho 10.11).
    `spec_envelopes`: answers use the names of the OpenAPI documents, for example sales_order (facts: Zoho 14.11).
    `throttle_status`: HTTP status of the token throttle, seen as 400 and as 200 (facts: Zoho 2).
    `user_disabled`: the user behind the token was deactivated, code 6018 (facts: Zoho 6).
    `mandatory_sku`: items need a SKU, else 2112 (facts: Zoho 6).
    `auto_number`: order numbers are given automatically, own ones need a flag, else 4097 (facts: Zoho 9).
    `receive_moves_order_time`: a purchase receive moves its order's last_modified_time (facts: Zoho 17, open).
    `receive_lines_own_ids`: lines of a receive have ids of their own and name the order's in purchaseorder_item_id.
    `webhooks_disordered`: every webhook is sent twice, and those of one moment in any order (facts: Zoho 12).
    `webhooks_deleted_ids_only`: of what was deleted a webhook tells the id alone, as one live client says.
    `bundles_need_composite`: the list of bundles wants composite_item_id, as documented (facts: Zoho 10.5).
    `bundle_completed_only`: a bundle with is_completed false is refused, as the document says (facts: Zoho 10.5).
    `stale_reads_seconds`: records made less long ago are missing from every list (facts: Zoho 1).
    """

    per_minute: int = 100
    daily: int = 7500
    concurrency: int = 10
    retry_after: bool = False
    localized_report_name: bool = False
    stock_layout: str = "locations"
    spec_envelopes: bool = False
    throttle_status: int = 400
    user_disabled: bool = False
    mandatory_sku: bool = False
    auto_number: bool = True
    receive_moves_order_time: bool = True
    receive_lines_own_ids: bool = False
    webhooks_disordered: bool = False
    webhooks_deleted_ids_only: bool = False
    bundles_need_composite: bool = False
    bundle_completed_only: bool = False
    stale_reads_seconds: float = 0


@dataclass(slots=True, kw_only=True)
class Books:
    """Everything the organisation holds, as it is saved and loaded."""

    organization: Organization
    last_id: int = 0
    items: list[Item] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    salesorders: list[SalesOrder] = field(default_factory=list)
    purchaseorders: list[PurchaseOrder] = field(default_factory=list)
    purchasereceives: list[PurchaseReceive] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    inventoryadjustments: list[Adjustment] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)
    currencies: list[Currency] = field(default_factory=list)
    taxes: list[Tax] = field(default_factory=list)
    custom_fields: list[CustomField] = field(default_factory=list)
