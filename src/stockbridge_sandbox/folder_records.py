"""From the checked lines of a company folder to the records of a company."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from stockbridge_sandbox.company import (
    Address,
    Assembly,
    Bill,
    BillLine,
    Company,
    Component,
    Contact,
    ContactPerson,
    ContactType,
    Currency,
    CustomField,
    Item,
    Location,
    Order,
    OrderLine,
    PurchaseLine,
    PurchaseOrder,
    Receipt,
    ReceiptLine,
    Recipe,
    Stock,
    Tax,
)
from stockbridge_sandbox.folder_columns import ADDRESS_PARTS, SHEETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a file: where it stands, its values by column, and its cf_ columns."""

    file: str
    number: int
    values: Mapping[str, Any]
    custom_fields: tuple[tuple[str, str], ...] = ()


Sheets = dict[str, list[Line]]
_RECEIPT_HEAD: tuple[str, ...] = ("number", "date", "vendor", "purchase_order")
_BILL_HEAD: tuple[str, ...] = (*_RECEIPT_HEAD, "due_date", "status")


def build_company(sheets: Sheets, company: Line, now: datetime) -> Company:
    """The company of lines that were checked; what the files leave out gets the default the reference page names."""
    given = {"time_zone": "UTC", "base_currency": "EUR", **company.values}
    rates = {line.values["code"]: line.values["rate"] for line in sheets["currencies.csv"]}
    stock: dict[str, list[Stock]] = {}
    for line in sheets["stock.csv"]:
        values = {"accounting": line.values["physical"], **line.values}
        stock.setdefault(values.pop("item"), []).append(Stock(**values))
    persons: dict[str, list[ContactPerson]] = {}
    for line in sheets["contact_persons.csv"]:
        values = dict(line.values)
        persons.setdefault(values.pop("contact"), []).append(ContactPerson(**values))
    customers = _contacts(sheets["customers.csv"], "customer", persons, given["base_currency"], now)
    vendors = _contacts(sheets["vendors.csv"], "vendor", persons, given["base_currency"], now)
    items = tuple(_item(line, stock, now) for line in sheets["items.csv"])
    return Company(
        **given,
        currencies=tuple(
            Currency(**{"name": line.values["code"], "symbol": line.values["code"], **line.values})
            for line in sheets["currencies.csv"]
        ),
        locations=tuple(_location(line) for line in sheets["locations.csv"]),
        taxes=tuple(Tax(**line.values) for line in sheets["taxes.csv"]),
        custom_fields=_custom_fields(sheets),
        items=items,
        vendors=vendors,
        customers=customers,
        orders=_orders(sheets, items, customers, rates),
        purchase_orders=_purchases(sheets, items, vendors, rates),
        receipts=tuple(
            Receipt(lines=tuple(ReceiptLine(**values) for values in parts), **head)
            for head, parts in _grouped(sheets["receipts.csv"], _RECEIPT_HEAD)
        ),
        bills=tuple(
            Bill(lines=tuple(BillLine(**values) for values in parts), **{"due_date": head["date"], **head})
            for head, parts in _grouped(sheets["bills.csv"], _BILL_HEAD)
        ),
        recipes=_recipes(sheets["recipes.csv"]),
        assemblies=tuple(
            Assembly(**{**line.values, **_written(line, _noon(line))}) for line in sheets["assemblies.csv"]
        ),
    )


def _written(line: Line, otherwise: datetime) -> dict[str, datetime]:
    created = line.values.get("created", line.values.get("modified", otherwise))
    return {"created": created, "modified": line.values.get("modified", created)}


def _noon(line: Line) -> datetime:
    return datetime.combine(line.values["date"], time(12), tzinfo=UTC)


def _address(values: dict[str, Any], prefix: str) -> Address:
    parts = {part: values.pop(f"{prefix}_{part}", "") for part in ADDRESS_PARTS}
    return Address(**parts)


def _location(line: Line) -> Location:
    values = dict(line.values)
    return Location(address=_address(values, "address"), **values)


def _custom_fields(sheets: Sheets) -> tuple[CustomField, ...]:
    if sheets["custom_fields.csv"]:
        return tuple(CustomField(**line.values) for line in sheets["custom_fields.csv"])
    # Without definitions every cf_ column is a text whose label is its name.
    used: dict[tuple[Any, str], None] = {}
    for file, sheet in SHEETS.items():
        used.update(
            dict.fromkeys(
                (sheet.custom_fields, name) for line in sheets[file] for name, _ in line.custom_fields
            )
        )
    return tuple(
        CustomField(
            entity=entity, api_name=name, label=name.removeprefix("cf_").replace("_", " ").capitalize()
        )
        for entity, name in used
    )


def _contacts(
    lines: Sequence[Line],
    contact_type: ContactType,
    persons: Mapping[str, Sequence[ContactPerson]],
    base_currency: str,
    now: datetime,
) -> tuple[Contact, ...]:
    contacts: list[Contact] = []
    for line in lines:
        values = {"currency": base_currency, **line.values, **_written(line, now)}
        billing, shipping = _address(values, "billing"), _address(values, "shipping")
        contacts.append(
            Contact(
                contact_type=contact_type,
                persons=tuple(persons.get(values["key"], ())),
                billing_address=billing,
                shipping_address=shipping,
                custom_fields=line.custom_fields,
                **values,
            )
        )
    return tuple(contacts)


def _item(line: Line, stock: Mapping[str, Sequence[Stock]], now: datetime) -> Item:
    values = {**line.values, **_written(line, now)}
    return Item(stock=tuple(stock.get(values["key"], ())), custom_fields=line.custom_fields, **values)


def _orders(
    sheets: Sheets, items: Sequence[Item], customers: Sequence[Contact], rates: Mapping[str, Decimal]
) -> tuple[Order, ...]:
    price = {item.key: item.rate for item in items}
    currency = {customer.key: customer.currency for customer in customers}
    lines: dict[str, list[OrderLine]] = {}
    for line in sheets["order_lines.csv"]:
        values = {"rate": price[line.values["item"]], **line.values}
        lines.setdefault(values.pop("order"), []).append(OrderLine(**values))
    orders: list[Order] = []
    for line in sheets["orders.csv"]:
        values = {"currency": currency[line.values["customer"]], **line.values, **_written(line, _noon(line))}
        values.setdefault("exchange_rate", rates[values["currency"]])
        orders.append(
            Order(lines=tuple(lines.get(values["number"], ())), custom_fields=line.custom_fields, **values)
        )
    return tuple(orders)


def _purchases(
    sheets: Sheets, items: Sequence[Item], vendors: Sequence[Contact], rates: Mapping[str, Decimal]
) -> tuple[PurchaseOrder, ...]:
    bought = {item.key: item for item in items}
    currency = {vendor.key: vendor.currency for vendor in vendors}
    lines: dict[str, list[PurchaseLine]] = {}
    for line in sheets["purchase_order_lines.csv"]:
        values = dict(line.values)
        item = bought.get(values.get("item", ""))
        values.setdefault("rate", item.purchase_rate if item else Decimal(0))
        values.setdefault("name", item.name if item else "")
        lines.setdefault(values.pop("order"), []).append(PurchaseLine(**values))
    orders: list[PurchaseOrder] = []
    for line in sheets["purchase_orders.csv"]:
        values = {"currency": currency[line.values["vendor"]], **line.values, **_written(line, _noon(line))}
        values.setdefault("exchange_rate", rates[values["currency"]])
        orders.append(
            PurchaseOrder(
                lines=tuple(lines.get(values["number"], ())), custom_fields=line.custom_fields, **values
            )
        )
    return tuple(orders)


def _grouped(
    lines: Sequence[Line], names: Sequence[str]
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Lines of one document stand under its vendor and number: its head from the first of them, and its parts."""
    documents: dict[tuple[str, str], tuple[dict[str, Any], list[dict[str, Any]]]] = {}
    for line in lines:
        values = dict(line.values)
        head = {name: values.pop(name) for name in names if name in values}
        documents.setdefault((head["vendor"], head["number"]), (head, []))[1].append(values)
    return list(documents.values())


def _recipes(lines: Sequence[Line]) -> tuple[Recipe, ...]:
    kinds: dict[str, dict[str, Any]] = {}
    parts: dict[str, list[Component]] = {}
    for line in lines:
        item = line.values["item"]
        kinds.setdefault(item, {name: line.values[name] for name in ("combo_type",) if name in line.values})
        parts.setdefault(item, []).append(
            Component(item=line.values["component"], quantity=line.values["quantity"])
        )
    return tuple(Recipe(item=item, components=tuple(parts[item]), **kind) for item, kind in kinds.items())
