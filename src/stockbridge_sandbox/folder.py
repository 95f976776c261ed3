"""A company from a folder of CSV files, and back (docs/reference/company-folder.md)."""

import csv
import difflib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stockbridge_sandbox import shop
from stockbridge_sandbox.company import Company
from stockbridge_sandbox.folder_columns import (
    SHEETS,
    Column,
    Sheet,
    parse_cell,
)
from stockbridge_sandbox.folder_records import Line, Sheets, build_company

_MOST_PROBLEMS = 20


class FolderError(Exception):
    """A company folder that cannot be loaded. The text has a line per problem: file, line, column, what to do."""

    def __init__(self, folder: Path, problems: Sequence[str]) -> None:
        shown = [f"  {problem}" for problem in problems[:_MOST_PROBLEMS]]
        if len(problems) > _MOST_PROBLEMS:
            shown.append(f"  and {len(problems) - _MOST_PROBLEMS} more")
        super().__init__("\n".join((f"The company folder {folder} cannot be loaded:", *shown)))
        self.problems = tuple(problems)


def load_folder(folder: Path, *, now: datetime | None = None) -> Company:
    """Read the company of a folder. `now` stands for moments that the files leave out (default: the real now).

    Raises FolderError, which names every problem with its file, line, column and remedy.
    """
    problems: list[str] = []
    if not folder.is_dir():
        raise FolderError(folder, ["it is not a folder. Name a folder that holds items.csv"])
    _check_files(folder, problems)
    sheets: Sheets = {}
    for file, sheet in SHEETS.items():
        sheets[file] = _read_sheet(folder / file, sheet, problems) if (folder / file).is_file() else []
    if problems:
        raise FolderError(folder, problems)
    base = _fill_in(sheets, folder, problems)
    _check_lines(sheets, problems)
    if problems:
        raise FolderError(folder, problems)
    return build_company(sheets, base, (now or datetime.now(UTC)).replace(microsecond=0))


def _check_files(folder: Path, problems: list[str]) -> None:
    for path in sorted(folder.glob("*.csv")):
        if path.name not in SHEETS:
            problems.append(f"{path.name}: this file is not known. {_nearest(path.name, SHEETS)}")
    problems.extend(
        f"{file}: this file is missing. Add it, with the columns {_required(sheet)}"
        for file, sheet in SHEETS.items()
        if sheet.needed and not (folder / file).is_file()
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known are {', '.join(names)}"


def _required(sheet: Sheet) -> str:
    return ", ".join(column.name for column in sheet.columns if column.required)


def _read_sheet(path: Path, sheet: Sheet, problems: list[str]) -> list[Line]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()  # line breaks inside cells stay as they are
    except UnicodeDecodeError as error:
        problems.append(f"{sheet.file}: byte {error.start + 1} is not UTF-8. Save the file as UTF-8")
        return []
    head = text.partition("\n")[0]
    delimiter = ";" if ";" in head and "," not in head else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = {column.name: column for column in sheet.columns}
    lines: list[Line] = []
    header: list[str] = []
    started = 1
    try:
        for cells in reader:
            if not header:
                header = [cell.strip() for cell in cells]
                if not _check_header(sheet, header, columns, problems):
                    return []
            elif any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    problems.append(
                        f"{sheet.file} line {started}: {len(cells)} cells under {len(header)} columns. "
                        "Put a cell that holds a comma, a quote or a line break in double quotes"
                    )
                else:
                    lines.append(_read_line(sheet, started, columns, header, cells, problems))
            started = reader.line_num + 1
    except csv.Error as error:
        problems.append(
            f"{sheet.file} line {started}: {error}. Close every double quote; double those inside a cell"
        )
    if not header:
        problems.append(
            f"{sheet.file}: the file is empty. Its first line names the columns: {_required(sheet)}"
        )
    return lines


def _check_header(
    sheet: Sheet, header: list[str], columns: Mapping[str, Column], problems: list[str]
) -> bool:
    before = len(problems)
    for name in dict.fromkeys(header):
        if name not in columns and not (sheet.custom_fields and name.startswith("cf_")):
            problems.append(f"{sheet.file} line 1 column '{name}': not known. {_nearest(name, columns)}")
        elif header.count(name) > 1:
            problems.append(f"{sheet.file} line 1 column '{name}': stands twice. Leave one of them out")
    problems.extend(
        f"{sheet.file} line 1 column '{column.name}': missing. Add the column"
        for column in sheet.columns
        if column.required and column.name not in header
    )
    return len(problems) == before


def _read_line(
    sheet: Sheet,
    number: int,
    columns: Mapping[str, Column],
    header: Sequence[str],
    cells: Sequence[str],
    problems: list[str],
) -> Line:
    values: dict[str, Any] = {}
    custom: list[tuple[str, str]] = []
    for name, cell in zip(header, cells, strict=True):
        column = columns.get(name)
        if column is None:
            if cell:
                custom.append((name, cell))
        elif cell.strip():
            try:
                values[name] = parse_cell(column, cell if column.kind == "text" else cell.strip())
            except ValueError as error:
                problems.append(f"{sheet.file} line {number} column '{name}': '{cell}' does not fit: {error}")
        elif column.required:
            problems.append(f"{sheet.file} line {number} column '{name}': empty. Fill it in")
    return Line(file=sheet.file, number=number, values=values, custom_fields=tuple(custom))


def _fill_in(sheets: Sheets, folder: Path, problems: list[str]) -> Line:
    """Add what may be left out: the company's line, the locations that stock names, the currencies that contacts name."""
    if not sheets["company.csv"]:
        sheets["company.csv"] = [Line(file="company.csv", number=1, values={"name": folder.resolve().name})]
    company = sheets["company.csv"][0]
    zone = company.values.get("time_zone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(
            f"company.csv line {company.number} column 'time_zone': '{zone}' is not known. Write one such as Europe/Amsterdam"
        )
    if not sheets["locations.csv"]:
        # Every order needs a place even when no stock names one.
        named = dict.fromkeys(line.values["location"] for line in sheets["stock.csv"]) or {"main": None}
        sheets["locations.csv"] = [
            Line(file="locations.csv", number=n, values={"key": key, "name": key, "primary": n == 2})
            for n, key in enumerate(named, start=2)
        ]
    if not sheets["currencies.csv"]:
        base = company.values.get("base_currency", "EUR")
        sheets["currencies.csv"] = [
            Line(file="currencies.csv", number=2, values={"code": base, "rate": Decimal(1)})
        ]
        if base == "EUR":
            sheets["currencies.csv"] = [
                Line(
                    file="currencies.csv",
                    number=n,
                    values={each.name: getattr(known, each.name) for each in fields(known)},
                )
                for n, known in enumerate(shop.CURRENCIES, start=2)
            ]
    return company


def _check_lines(sheets: Sheets, problems: list[str]) -> None:
    known = {
        file: {line.values[sheet.columns[0].name] for line in sheets[file]} for file, sheet in SHEETS.items()
    }
    known["contacts"] = known["vendors.csv"] | known["customers.csv"]
    for file, sheet in SHEETS.items():
        referring = [column for column in sheet.columns if column.refers]
        seen: dict[tuple[str, str], int] = {}
        for line in sheets[file]:
            for column in referring:
                value = line.values.get(column.name, ())
                for key in value if isinstance(value, tuple) else (value,):
                    if key not in known[column.refers]:
                        problems.append(
                            f"{file} line {line.number} column '{column.name}': '{key}' is not in {column.refers}. "
                            f"Add it there or correct it here. {_nearest_key(key, known[column.refers])}".rstrip()
                        )
            for name in sheet.unique:
                value = line.values.get(name)
                if (
                    value is not None
                    and (first := seen.setdefault((name, value), line.number)) != line.number
                ):
                    problems.append(
                        f"{file} line {line.number} column '{name}': '{value}' stands in line {first} already. Give each its own"
                    )
    for line in sheets["contact_persons.csv"]:
        if line.values["contact"] not in known["contacts"]:
            problems.append(
                f"contact_persons.csv line {line.number} column 'contact': '{line.values['contact']}' is neither in vendors.csv "
                "nor in customers.csv. Add it there or correct it here"
            )
    for key in sorted(known["vendors.csv"] & known["customers.csv"]):
        problems.append(
            f"customers.csv column 'key': '{key}' stands in vendors.csv as well. Give each its own key"
        )
    for line in sheets["recipes.csv"]:
        if line.values["item"] == line.values["component"]:
            problems.append(
                f"recipes.csv line {line.number} column 'component': '{line.values['component']}' is a part of itself. Name another item"
            )
    _check_purchases(sheets, problems)
    for file in ("purchase_order_lines.csv", "bills.csv"):
        problems.extend(
            f"{file} line {line.number} column 'name': empty, and so is 'item'. Fill one of them in"
            for line in sheets[file]
            if not line.values.get("item") and not line.values.get("name")
        )
    _check_custom_fields(sheets, problems)
    _check_base(sheets, problems)


def _check_purchases(sheets: Sheets, problems: list[str]) -> None:
    """What arrived or was billed must stand on the order it names."""
    ordered: dict[str, list[tuple[str, str]]] = {}
    for line in sheets["purchase_order_lines.csv"]:
        what = (line.values.get("item", ""), line.values.get("name", ""))
        ordered.setdefault(line.values["order"], []).append(what)
    for file in ("receipts.csv", "bills.csv"):
        for line in sheets[file]:
            number, position = line.values.get("purchase_order"), line.values.get("line", 0)
            if not number:
                continue
            there = ordered.get(number, [])
            item, name = line.values.get("item", ""), line.values.get("name", "")
            if position > len(there):
                problems.append(
                    f"{file} line {line.number} column 'line': order {number} has {len(there)} lines. Count them from 1"
                )
            elif not position and not any(item == key and (item or name == text) for key, text in there):
                problems.append(
                    f"{file} line {line.number} column 'item': '{item or name}' is not on order {number}. "
                    "Add it to purchase_order_lines.csv or correct it here"
                )


def _nearest_key(key: str, known: set[str]) -> str:
    near = difflib.get_close_matches(key, sorted(known)[:5000], n=1, cutoff=0.75)
    return f"Did you mean '{near[0]}'?" if near else ""


def _check_custom_fields(sheets: Sheets, problems: list[str]) -> None:
    if not sheets["custom_fields.csv"]:
        return
    defined = {(line.values["entity"], line.values["api_name"]) for line in sheets["custom_fields.csv"]}
    for file, sheet in SHEETS.items():
        used = dict.fromkeys(name for line in sheets[file] for name, _ in line.custom_fields)
        problems.extend(
            f"{file} line 1 column '{name}': not in custom_fields.csv for {sheet.custom_fields}. Add it there"
            for name in used
            if (sheet.custom_fields, name) not in defined
        )


def _check_base(sheets: Sheets, problems: list[str]) -> None:
    base = sheets["company.csv"][0].values.get("base_currency", "EUR")
    rates = {line.values["code"]: line.values["rate"] for line in sheets["currencies.csv"]}
    if rates.get(base) != 1:
        problems.append(
            f"currencies.csv column 'rate': the base currency {base} must be there with rate 1. Add its line"
        )
    primaries = [line for line in sheets["locations.csv"] if line.values.get("primary")]
    if len(primaries) != 1:
        problems.append(
            f"locations.csv column 'primary': {len(primaries)} locations are primary. Write true in exactly one line"
        )
