"""The CSV files of a company folder: every file, every column, its kind. docs/reference/company-folder.md says it in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from stockbridge_sandbox.company import (
    ASSEMBLY_STATUSES,
    BILL_STATUSES,
    COMBO_TYPES,
    CUSTOM_FIELD_ENTITIES,
    DATA_TYPES,
    ITEM_TYPES,
    ORDER_STATUSES,
    PRODUCT_TYPES,
    PURCHASE_STATUSES,
    STATUSES,
)

Kind = Literal["text", "number", "whole", "day", "moment", "flag", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. `refers`: the file in whose first column the value must stand (empty values refer to nothing)."""

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    refers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A CSV file. `unique`: columns in which no value may stand twice. `custom_fields`: takes columns named cf_…"""

    file: str
    columns: tuple[Column, ...]
    needed: bool = False
    unique: tuple[str, ...] = ()
    custom_fields: str = ""


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name) for name in names)


def _numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, kind="number") for name in names)


_WRITTEN = (Column(name="created", kind="moment"), Column(name="modified", kind="moment"))
ADDRESS_PARTS = ("attention", "street", "street2", "city", "state", "zip", "country", "country_code", "phone")
_LOCATION = Column(name="location", refers="locations.csv")
_TAX = Column(name="tax", refers="taxes.csv")


def _address(prefix: str) -> tuple[Column, ...]:
    return _texts(*(f"{prefix}_{part}" for part in ADDRESS_PARTS))


def _contacts(file: str) -> Sheet:
    return Sheet(
        file=file,
        unique=("key",),
        custom_fields="contact",
        columns=(
            Column(name="key", required=True),
            Column(name="name", required=True),
            Column(name="company_name"),
            Column(name="sub_type", choices=("business", "individual")),
            Column(name="status", choices=STATUSES),
            Column(name="currency", refers="currencies.csv"),
            Column(name="language"),
            Column(name="payment_terms", kind="whole"),
            *_texts("website", "notes"),
            *_WRITTEN,
            *_address("billing"),
            *_address("shipping"),
        ),
    )


SHEETS: dict[str, Sheet] = {
    sheet.file: sheet
    for sheet in (
        Sheet(
            file="company.csv",
            columns=(
                Column(name="name", required=True),
                *_texts("time_zone", "base_currency", "country", "country_code", "language"),
            ),
        ),
        Sheet(
            file="currencies.csv",
            unique=("code",),
            columns=(
                Column(name="code", required=True),
                *_texts("name", "symbol"),
                Column(name="rate", kind="number", required=True),
                Column(name="decimals", kind="whole"),
            ),
        ),
        Sheet(
            file="locations.csv",
            unique=("key",),
            columns=(
                Column(name="key", required=True),
                Column(name="name", required=True),
                Column(name="type", choices=("general", "line_item_only")),
                Column(name="parent", refers="locations.csv"),
                Column(name="primary", kind="flag"),
                Column(name="active", kind="flag"),
                *_texts("email", "phone"),
                *_address("address"),
            ),
        ),
        Sheet(
            file="taxes.csv",
            unique=("key",),
            columns=(
                Column(name="key", required=True),
                Column(name="name", required=True),
                Column(name="percentage", kind="number", required=True),
                Column(name="default", kind="flag"),
            ),
        ),
        Sheet(
            file="custom_fields.csv",
            columns=(
                Column(name="entity", required=True, choices=CUSTOM_FIELD_ENTITIES),
                Column(name="api_name", required=True),
                Column(name="label", required=True),
                Column(name="data_type", choices=DATA_TYPES),
                Column(name="options", kind="list"),
            ),
        ),
        _contacts("vendors.csv"),
        _contacts("customers.csv"),
        Sheet(
            file="contact_persons.csv",
            columns=(
                Column(name="contact", required=True),
                Column(name="first_name", required=True),
                *_texts("last_name", "salutation", "email", "phone", "mobile", "designation", "department"),
                Column(name="primary", kind="flag"),
            ),
        ),
        Sheet(
            file="items.csv",
            needed=True,
            unique=("key", "sku"),
            custom_fields="item",
            columns=(
                Column(name="key", required=True),
                Column(name="name", required=True),
                *_texts("sku", "unit"),
                Column(name="product_type", choices=PRODUCT_TYPES),
                Column(name="item_type", choices=ITEM_TYPES),
                Column(name="status", choices=STATUSES),
                *_numbers("rate", "purchase_rate"),
                *_texts("description", "purchase_description", "ean", "upc", "isbn", "part_number"),
                *_texts("brand", "manufacturer", "category"),
                Column(name="vendor", refers="vendors.csv"),
                Column(name="further_vendors", kind="list", refers="vendors.csv"),
                _TAX,
                *_numbers("reorder_level", "length", "width", "height"),
                Column(name="dimension_unit"),
                *_numbers("weight"),
                Column(name="weight_unit"),
                Column(name="returnable", kind="flag"),
                *_WRITTEN,
            ),
        ),
        Sheet(
            file="stock.csv",
            columns=(
                Column(name="item", required=True, refers="items.csv"),
                Column(name="location", required=True, refers="locations.csv"),
                Column(name="physical", kind="number", required=True),
                Column(name="accounting", kind="number"),
            ),
        ),
        Sheet(
            file="orders.csv",
            unique=("number",),
            custom_fields="salesorder",
            columns=(
                Column(name="number", required=True),
                Column(name="date", kind="day", required=True),
                Column(name="customer", required=True, refers="customers.csv"),
                Column(name="status", choices=ORDER_STATUSES),
                Column(name="reference"),
                Column(name="currency", refers="currencies.csv"),
                *_numbers("exchange_rate"),
                _LOCATION,
                Column(name="shipment_date", kind="day"),
                *_numbers("shipping_charge"),
                *_texts("salesperson", "delivery_method", "notes"),
                *_WRITTEN,
            ),
        ),
        Sheet(
            file="order_lines.csv",
            columns=(
                Column(name="order", required=True, refers="orders.csv"),
                Column(name="item", required=True, refers="items.csv"),
                Column(name="quantity", kind="number", required=True),
                Column(name="rate", kind="number"),
                Column(name="discount_percent", kind="number"),
                _TAX,
                Column(name="description"),
                _LOCATION,
            ),
        ),
        Sheet(
            file="purchase_orders.csv",
            unique=("number",),
            custom_fields="purchaseorder",
            columns=(
                Column(name="number", required=True),
                Column(name="date", kind="day", required=True),
                Column(name="vendor", required=True, refers="vendors.csv"),
                Column(name="status", choices=PURCHASE_STATUSES),
                Column(name="reference"),
                Column(name="currency", refers="currencies.csv"),
                *_numbers("exchange_rate"),
                _LOCATION,
                Column(name="delivery_date", kind="day"),
                *_texts("notes", "terms"),
                *_WRITTEN,
            ),
        ),
        Sheet(
            file="purchase_order_lines.csv",
            columns=(
                Column(name="order", required=True, refers="purchase_orders.csv"),
                Column(name="item", refers="items.csv"),
                Column(name="name"),
                Column(name="quantity", kind="number", required=True),
                *_numbers("rate", "discount_percent"),
                _TAX,
                Column(name="description"),
                _LOCATION,
            ),
        ),
        Sheet(
            file="receipts.csv",
            columns=(
                Column(name="number", required=True),
                Column(name="date", kind="day", required=True),
                Column(name="vendor", required=True, refers="vendors.csv"),
                Column(name="purchase_order", refers="purchase_orders.csv"),
                Column(name="item", required=True, refers="items.csv"),
                Column(name="quantity", kind="number", required=True),
                Column(name="rate", kind="number"),
                _LOCATION,
                Column(name="line", kind="whole"),
            ),
        ),
        Sheet(
            file="bills.csv",
            columns=(
                Column(name="number", required=True),
                Column(name="date", kind="day", required=True),
                Column(name="due_date", kind="day"),
                Column(name="vendor", required=True, refers="vendors.csv"),
                Column(name="purchase_order", refers="purchase_orders.csv"),
                Column(name="status", choices=BILL_STATUSES),
                Column(name="item", refers="items.csv"),
                Column(name="name"),
                Column(name="quantity", kind="number", required=True),
                Column(name="rate", kind="number"),
                Column(name="line", kind="whole"),
            ),
        ),
        Sheet(
            file="recipes.csv",
            columns=(
                Column(name="item", required=True, refers="items.csv"),
                Column(name="component", required=True, refers="items.csv"),
                Column(name="quantity", kind="number", required=True),
                Column(name="combo_type", choices=COMBO_TYPES),
            ),
        ),
        Sheet(
            file="assemblies.csv",
            unique=("number",),
            columns=(
                Column(name="number", required=True),
                Column(name="date", kind="day", required=True),
                Column(name="item", required=True, refers="recipes.csv"),
                Column(name="quantity", kind="number", required=True),
                Column(name="status", choices=ASSEMBLY_STATUSES),
                _LOCATION,
                Column(name="expected", kind="day"),
                *_WRITTEN,
            ),
        ),
    )
}


def parse_cell(column: Column, text: str) -> Any:
    """The value of a cell that is not empty. Raises ValueError whose text is the remedy."""
    if column.choices and text not in column.choices:
        raise ValueError(f"write one of {', '.join(column.choices)}")
    return _PARSERS[column.kind](text)


def _parse_number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(
            "write a number such as 1234.56, with a point and without thousands separators"
        ) from None
    if not number.is_finite():
        raise ValueError("write a finite number such as 1234.56")
    return number


def _parse_whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("write a whole number such as 30")
    return int(text)


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("write a day as YYYY-MM-DD, such as 2026-03-09") from None


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("write a moment as YYYY-MM-DDTHH:MM:SSZ, such as 2026-03-09T08:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parse_flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("write true or false")
    return text.lower() == "true"


_PARSERS: dict[str, Callable[[str], Any]] = {
    "text": str,
    "number": _parse_number,
    "whole": _parse_whole,
    "day": _parse_day,
    "moment": _parse_moment,
    "flag": _parse_flag,
    "list": lambda text: tuple(part.strip() for part in text.split("|") if part.strip()),
}


def format_cell(value: object) -> str:
    """A value as the folder writes it; the reverse of `parse_cell`."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case tuple():
            return "|".join(str(each) for each in value)
        case _:
            return str(value)
