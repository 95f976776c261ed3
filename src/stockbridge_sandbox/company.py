"""A made-up company, free of any system's shapes: what the generator and the CSV folder give and the simulators load.

Records name each other by `key`, a text that is unique within its kind. No system's id is assigned here; a simulator
gives ids while it loads. Money and quantities are Decimal, times are aware (UTC), days are plain dates. Empty text is
`""`, as Zoho writes it (facts: Zoho 8), never None.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

Day: TypeAlias = date
ProductType = Literal["goods", "service"]
ItemType = Literal["inventory", "sales", "purchases", "sales_and_purchases"]
Status = Literal["active", "inactive"]
OrderStatus = Literal["draft", "confirmed", "closed", "void", "onhold"]
PurchaseStatus = Literal["draft", "issued", "closed", "cancelled"]
BillStatus = Literal["draft", "open", "paid", "void"]
ContactType = Literal["vendor", "customer"]
ComboType = Literal["assembly", "kit"]
AssemblyStatus = Literal["draft", "confirmed", "bundled"]
CustomFieldEntity = Literal["item", "contact", "salesorder", "purchaseorder"]
DataType = Literal[
    "string",
    "multiline",
    "number",
    "decimal",
    "amount",
    "percent",
    "date",
    "date_time",
    "check_box",
    "dropdown",
    "multiselect",
    "url",
    "email",
    "phone",
    "lookup",
    "auto_number",
    "formula",
    "attachment",
]

PRODUCT_TYPES: tuple[ProductType, ...] = ("goods", "service")
ITEM_TYPES: tuple[ItemType, ...] = ("inventory", "sales", "purchases", "sales_and_purchases")
STATUSES: tuple[Status, ...] = ("active", "inactive")
ORDER_STATUSES: tuple[OrderStatus, ...] = ("draft", "confirmed", "closed", "void", "onhold")
PURCHASE_STATUSES: tuple[PurchaseStatus, ...] = ("draft", "issued", "closed", "cancelled")
BILL_STATUSES: tuple[BillStatus, ...] = ("draft", "open", "paid", "void")
ASSEMBLY_STATUSES: tuple[AssemblyStatus, ...] = ("draft", "confirmed", "bundled")
COMBO_TYPES: tuple[ComboType, ...] = ("assembly", "kit")
CUSTOM_FIELD_ENTITIES: tuple[CustomFieldEntity, ...] = ("item", "contact", "salesorder", "purchaseorder")
DATA_TYPES: tuple[DataType, ...] = (  # those that a company folder may name
    "string",
    "multiline",
    "number",
    "decimal",
    "date",
    "check_box",
    "dropdown",
    "url",
)

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """`rate` is units of the base currency for one unit of this one (facts: Zoho 10.13); 1 for the base currency."""

    code: str
    name: str
    symbol: str
    rate: Decimal = Decimal(1)
    decimals: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    attention: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that holds stock. `general` has books of its own; `line_item_only` is a warehouse under a parent."""

    key: str
    name: str
    type: Literal["general", "line_item_only"] = "general"
    parent: str = ""
    primary: bool = False
    active: bool = True
    email: str = ""
    phone: str = ""
    address: Address = field(default_factory=Address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    key: str
    name: str
    percentage: Decimal
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """The definition of one custom field. `api_name` starts with `cf_`; `options` only for a dropdown."""

    entity: CustomFieldEntity
    api_name: str
    label: str
    data_type: DataType = "string"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Opening stock of one item in one location, in the two ledgers of facts: Zoho 7. Both may be negative.

    `physical` moves with receipts and shipments, `accounting` with bills and invoices. What confirmed orders commit is
    not part of either: the simulator derives it from the orders.
    """

    location: str
    physical: Decimal
    accounting: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A product or service. Only `item_type` `inventory` has stock. `custom_fields` is (api_name, value) pairs, value as
    text: `true`/`false` for a check box, `YYYY-MM-DD` for a date, plain digits for numbers."""

    key: str
    name: str
    created: datetime
    modified: datetime
    sku: str = ""
    unit: str = ""
    product_type: ProductType = "goods"
    item_type: ItemType = "inventory"
    status: Status = "active"
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
    category: str = ""
    vendor: str = ""
    further_vendors: tuple[str, ...] = ()
    tax: str = ""
    reorder_level: Decimal | None = None
    stock: tuple[Stock, ...] = ()
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    dimension_unit: str = "cm"
    weight: Decimal | None = None
    weight_unit: str = "kg"
    returnable: bool = True
    custom_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPerson:
    first_name: str
    last_name: str = ""
    salutation: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    designation: str = ""
    department: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A vendor or a customer. The primary person's e-mail and phone are what a list shows (facts: Zoho 10.6)."""

    key: str
    contact_type: ContactType
    name: str
    created: datetime
    modified: datetime
    company_name: str = ""
    sub_type: Literal["business", "individual"] = "business"
    status: Status = "active"
    currency: str = ""
    language: str = ""
    payment_terms: int = 30
    website: str = ""
    notes: str = ""
    persons: tuple[ContactPerson, ...] = ()
    billing_address: Address = field(default_factory=Address)
    shipping_address: Address = field(default_factory=Address)
    custom_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line; always of an item. `rate` is in the order's currency, before `discount_percent`. `location` may be ""."""

    item: str
    quantity: Decimal
    rate: Decimal
    discount_percent: Decimal = ZERO
    tax: str = ""
    description: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A sales order. `date` is the organisation's day. A closed order is shipped and invoiced in full; its goods have
    already left the opening stock. `exchange_rate` is base units for one unit of `currency`."""

    number: str
    date: Day
    customer: str
    created: datetime
    modified: datetime
    status: OrderStatus = "confirmed"
    reference: str = ""
    currency: str = ""
    exchange_rate: Decimal = Decimal(1)
    location: str = ""
    shipment_date: Day | None = None
    shipping_charge: Decimal = ZERO
    salesperson: str = ""
    delivery_method: str = ""
    notes: str = ""
    lines: tuple[OrderLine, ...] = ()
    custom_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """One line; `item` is "" for free text, which has a `name`. `rate` is in the order's currency."""

    quantity: Decimal
    rate: Decimal
    item: str = ""
    name: str = ""
    discount_percent: Decimal = ZERO
    tax: str = ""
    description: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrder:
    """An order to a vendor. What arrived and was billed stands in receipts and bills; an issued order of which all of
    it did is closed, and what did not arrive of a closed one was cancelled."""

    number: str
    date: Day
    vendor: str
    created: datetime
    modified: datetime
    status: PurchaseStatus = "issued"
    reference: str = ""
    currency: str = ""
    exchange_rate: Decimal = Decimal(1)
    location: str = ""
    delivery_date: Day | None = None
    notes: str = ""
    terms: str = ""
    lines: tuple[PurchaseLine, ...] = ()
    custom_fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """`line` is the position in the order, from 1; 0 means the first line of that item with room left."""

    item: str
    quantity: Decimal
    rate: Decimal = ZERO
    location: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Goods received from a vendor, already part of the opening stock. `purchase_order` is the order's number or ""."""

    number: str
    date: Day
    vendor: str
    purchase_order: str = ""
    lines: tuple[ReceiptLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """`line` is the position in the order, from 1; 0 means the first line of that item with room left."""

    quantity: Decimal
    rate: Decimal = ZERO
    item: str = ""
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a vendor billed, already part of the opening stock. `purchase_order` is the order's number or ""."""

    number: str
    date: Day
    due_date: Day
    vendor: str
    purchase_order: str = ""
    status: BillStatus = "open"
    lines: tuple[BillLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """`quantity` is for one piece of the composite."""

    item: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the composite `item` is made of. `assembly` has stock of its own, `kit` is put together on sale."""

    item: str
    components: tuple[Component, ...]
    combo_type: ComboType = "assembly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A composite put together after its recipe, `quantity` pieces of it; a bundled one is part of the opening stock."""

    number: str
    date: Day
    item: str
    quantity: Decimal
    created: datetime
    modified: datetime
    status: AssemblyStatus = "bundled"
    location: str = ""
    expected: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    name: str
    time_zone: str
    base_currency: str
    currencies: tuple[Currency, ...]
    locations: tuple[Location, ...]
    country: str = ""
    country_code: str = ""
    language: str = "en"
    taxes: tuple[Tax, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()
    items: tuple[Item, ...] = ()
    vendors: tuple[Contact, ...] = ()
    customers: tuple[Contact, ...] = ()
    orders: tuple[Order, ...] = ()
    purchase_orders: tuple[PurchaseOrder, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    bills: tuple[Bill, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    assemblies: tuple[Assembly, ...] = ()


def check_digit(digits: str) -> str:
    """The last digit of a GTIN (EAN-13 from 12 digits, UPC-A from 11): weights 3, 1, 3 … from the right, modulo 10."""
    total = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return str(-total % 10)


def composite_keys(company: Company) -> frozenset[str]:
    """Keys of the items that have a recipe, so that a loader can set `is_combo_product`."""
    return frozenset(recipe.item for recipe in company.recipes)


def names_used_twice(names: Iterable[str]) -> list[str]:
    """Names that occur more than once, each named once, in the order of their second occurrence."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in names:
        if name in seen:
            twice[name] = None
        seen.add(name)
    return list(twice)
