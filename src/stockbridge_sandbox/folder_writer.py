"""Writing a company as a folder of CSV files, which `folder.load_folder` reads back unchanged."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from stockbridge_sandbox.company import Company, Contact
from stockbridge_sandbox.folder_columns import SHEETS, Sheet, format_cell

_Row = tuple[dict[str, Any], tuple[tuple[str, str], ...]]


def write_folder(company: Company, folder: Path) -> None:
    """Write every file of the format; the folder is made when it is not there. Times lose fractions of a second."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, sheet in SHEETS.items():
        _write_sheet(folder / file, sheet, list(_rows(company, file)), company)


def _write_sheet(path: Path, sheet: Sheet, rows: list[_Row], company: Company) -> None:
    # In the order of their definitions, so that reading gives a record's values in that order again.
    defined = [each.api_name for each in company.custom_fields if each.entity == sheet.custom_fields]
    used = dict.fromkeys(name for _, fields in rows for name, _ in fields)
    custom = [name for name in dict.fromkeys((*defined, *used)) if name in used]
    names = [column.name for column in sheet.columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, *custom])
        for values, fields in rows:
            given = dict(fields)
            writer.writerow(
                [
                    *(format_cell(values.get(name)) for name in names),
                    *(given.get(name, "") for name in custom),
                ]
            )


def _rows(company: Company, file: str) -> Iterator[_Row]:
    match file:
        case "company.csv":
            yield _plain(company)
        case "currencies.csv":
            yield from map(_plain, company.currencies)
        case "locations.csv":
            for location in company.locations:
                yield {**_fields(location), **_address("address", location.address)}, ()
        case "taxes.csv":
            yield from map(_plain, company.taxes)
        case "custom_fields.csv":
            yield from map(_plain, company.custom_fields)
        case "vendors.csv":
            yield from _contacts(company.vendors)
        case "customers.csv":
            yield from _contacts(company.customers)
        case "contact_persons.csv":
            for contact in (*company.vendors, *company.customers):
                for person in contact.persons:
                    yield {"contact": contact.key, **_fields(person)}, ()
        case "items.csv":
            for item in company.items:
                yield _fields(item), item.custom_fields
        case "stock.csv":
            for item in company.items:
                for stock in item.stock:
                    yield {"item": item.key, **_fields(stock)}, ()
        case "orders.csv":
            for order in company.orders:
                yield _fields(order), order.custom_fields
        case "order_lines.csv":
            for order in company.orders:
                for line in order.lines:
                    yield {"order": order.number, **_fields(line)}, ()
        case "purchase_orders.csv":
            for bought in company.purchase_orders:
                yield _fields(bought), bought.custom_fields
        case "purchase_order_lines.csv":
            for bought in company.purchase_orders:
                for ordered in bought.lines:
                    yield {"order": bought.number, **_fields(ordered)}, ()
        case "bills.csv":
            for bill in company.bills:
                for billed in bill.lines:
                    yield {**_fields(bill), **_fields(billed)}, ()
        case "receipts.csv":
            for receipt in company.receipts:
                for part in receipt.lines:
                    yield {**_fields(receipt), **_fields(part)}, ()
        case "recipes.csv":
            for recipe in company.recipes:
                for component in recipe.components:
                    yield (
                        {
                            "item": recipe.item,
                            "component": component.item,
                            "quantity": component.quantity,
                            "combo_type": recipe.combo_type,
                        },
                        (),
                    )
        case "assemblies.csv":
            yield from map(_plain, company.assemblies)
        case _:
            raise ValueError(f"no rows are known for {file}")


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _plain(record: Any) -> _Row:
    return _fields(record), ()


def _address(prefix: str, address: Any) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in _fields(address).items()}


def _contacts(contacts: Iterable[Contact]) -> Iterator[_Row]:
    for contact in contacts:
        yield (
            {
                **_fields(contact),
                **_address("billing", contact.billing_address),
                **_address("shipping", contact.shipping_address),
            },
            contact.custom_fields,
        )
