"""Filters, sorts and pages of Optiply lists (facts: Optiply 1.4)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from stockbridge_sandbox.optiply.refusal import Refusal, bad_page, malformed
from stockbridge_sandbox.optiply.resources import ACCOUNT_ID, GENERAL, ID, REMOTE_ID, RESOURCES, Attribute
from stockbridge_sandbox.optiply.table import Row, Table, folded
from stockbridge_sandbox.optiply.values import moment_text, parse_moment

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 100
_OPERATORS = ("EQ", "NEQ", "LIKE", "LT", "LE", "GT", "GE")
_FILTER = re.compile(r"filter\[([^\[\]]+)\](?:\[([^\[\]]+)\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One filter. `equals` true: the rows can be looked up by `value`; otherwise each row is put to `test`."""

    name: str
    equals: bool
    value: Any
    test: Callable[[Row], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A list request, understood. `sort` is (attribute, descending) pairs; `asked` identifies filters and sort."""

    conditions: tuple[Condition, ...]
    sort: tuple[tuple[str, bool], ...]
    kinds: dict[str, str]
    offset: int
    limit: int
    asked: tuple[tuple[str, str], ...]


def parse_query(resource: str, pairs: tuple[tuple[str, str], ...]) -> Query:
    """Understand the query of a list. Parameters that are neither filter, sort nor page are left alone.

    Raises `Refusal` (400) for an unknown attribute or operator, a value of the wrong kind, and a page out of bounds.
    """
    conditions: list[Condition] = []
    sort: list[tuple[str, bool]] = []
    offset, limit = 0, DEFAULT_LIMIT
    asked: list[tuple[str, str]] = []
    names = attributes_of(resource)
    for name, value in pairs:
        if name == "page[limit]":
            limit = _page_number(name, value)
        elif name == "page[offset]":
            offset = _page_number(name, value)
        elif name == "sort":
            asked.append((name, value))
            sort.extend(_sort_key(resource, names, part) for part in value.split(",") if part)
        elif name.startswith("filter"):
            asked.append((name, value))
            conditions.append(_condition(resource, names, name, value))
    if not 1 <= limit <= LARGEST_LIMIT:
        raise bad_page(f"page[limit] must be between 1 and {LARGEST_LIMIT}, not {limit}")
    if offset % limit:
        raise bad_page(f"page[offset] {offset} is not a multiple of page[limit] {limit}")
    return Query(
        conditions=tuple(conditions),
        sort=tuple(sort),
        kinds={name: str(attribute.kind) for name, attribute in names.items()} if sort else {},
        offset=offset,
        limit=limit,
        asked=tuple(asked),
    )


def find(table: Table, query: Query) -> list[int]:
    """Ids of all rows that match, in order. The list belongs to the table: do not change it."""
    if not query.conditions and query.sort == (("id", False),):
        return table.ids
    return table.remembered(query.asked, lambda: _search(table, query))


def _search(table: Table, query: Query) -> list[int]:
    looked_up = [
        table.lookup(condition.name, condition.value) for condition in query.conditions if condition.equals
    ]
    tests = [condition.test for condition in query.conditions if not condition.equals]
    live = table.live
    if looked_up:
        smallest = min(looked_up, key=len)
        keys = sorted(key for key in smallest if all(key in each for each in looked_up))
    elif query.sort == (("id", False),):
        keys = table.ids
    else:
        keys = list(live)
    found = [key for key in keys if all(test(live[key]) for test in tests)] if tests else list(keys)
    for name, descending in reversed(query.sort):
        if name == "id":
            found.sort(reverse=descending)
        else:
            _sort_by(found, live, name, _SORT_FORMS.get(query.kinds[name], _sortable), descending=descending)
    return found


def _sortable(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else str(value).casefold()


# Money is kept as text; plain values may be of several types.
_SORT_FORMS: dict[str, Callable[[Any], Any]] = {
    "money": Decimal,
    "scalar": lambda value: str(value).casefold(),
}


def _sort_by(
    found: list[int], live: dict[int, Row], name: str, form: Callable[[Any], Any], *, descending: bool
) -> None:
    """Sort ids by an attribute; rows without a value come last in either direction."""

    def key(row_id: int) -> tuple[bool, Any]:
        value = live[row_id].get(name)
        # A None and a value never meet in the second place, since the first differs.
        return (value is None) != descending, 0 if value is None else form(value)

    found.sort(key=key, reverse=descending)


@cache
def attributes_of(resource: str) -> dict[str, Attribute]:
    """Every name that can be filtered and sorted by: the resource's own, the general ones, `id`, `remoteId`, `accountId`."""
    attributes = (ID, ACCOUNT_ID, REMOTE_ID, *RESOURCES[resource].attributes, *GENERAL)
    return {attribute.name: attribute for attribute in attributes}


def _page_number(name: str, value: str) -> int:
    if not value.isdecimal() or len(value) > 12:
        raise bad_page(f"{name} must be a whole number, not '{value}'")
    return int(value)


def _sort_key(resource: str, names: dict[str, Attribute], part: str) -> tuple[str, bool]:
    name = part.strip().removeprefix("-")
    if name not in names or name == "remoteId":
        raise malformed(f"cannot sort {resource} by unknown attribute '{name}'")
    return name, part.strip().startswith("-")


def _condition(resource: str, names: dict[str, Attribute], parameter: str, text: str) -> Condition:
    match = _FILTER.fullmatch(parameter)
    if match is None:
        raise malformed(f"cannot understand the parameter '{parameter}'")
    name, operator = match[1], (match[2] or "EQ").upper()
    if name not in names:
        raise malformed(f"cannot filter {resource} by unknown attribute '{name}'")
    if operator not in _OPERATORS:
        raise malformed(f"unknown filter operator '{match[2]}'; there are {', '.join(_OPERATORS)}")
    attribute = names[name]
    if text.lower() == "null":
        return _null_condition(name, operator)
    if operator == "LIKE":
        pattern = _like(text)
        return Condition(
            name=name,
            equals=False,
            value=text,
            test=lambda row: any(map(pattern.fullmatch, _texts(row, name))),
        )
    if attribute.kind == "moment":
        return _moment_condition(name, operator, text)
    value = _operand(attribute, text)
    if operator in ("EQ", "NEQ") and attribute.kind not in ("money", "number", "scalar"):
        return _equality(name, value, wanted=operator == "EQ")
    return Condition(name=name, equals=False, value=value, test=_comparison(name, operator, value))


def _null_condition(name: str, operator: str) -> Condition:
    match operator:
        case "EQ":
            return _equality(name, None, wanted=True)
        case "NEQ":
            return Condition(name=name, equals=False, value=None, test=lambda row: row.get(name) is not None)
        case _:
            raise malformed(f"filter[{name}][{operator}] cannot be compared with null")


def _equality(name: str, value: Any, *, wanted: bool) -> Condition:
    # Unlike in SQL, "not equal" holds for rows without a value: assumed, see FIDELITY.md.
    known = folded(value)
    return Condition(
        name=name,
        equals=wanted,
        value=value,
        test=lambda row: (known in [folded(each) for each in _values(row, name)]) == wanted,
    )


def _moment_condition(name: str, operator: str, text: str) -> Condition:
    try:
        moment = parse_moment(text)
    except (ValueError, OverflowError):
        raise malformed(f"filter[{name}]: '{text}' is not a date and time") from None
    second = moment_text(moment)
    if moment.microsecond:
        # Rows hold whole seconds, so a fraction lies strictly between two of them.
        operator = {"GE": "GT", "LT": "LE", "EQ": "NONE", "NEQ": "ALL"}.get(operator, operator)
    match operator:
        case "EQ" | "NEQ":
            return _equality(name, second, wanted=operator == "EQ")
        case "NONE" | "ALL":
            return Condition(name=name, equals=False, value=text, test=lambda _: operator == "ALL")
        case _:
            return Condition(
                name=name, equals=False, value=second, test=_text_comparison(name, operator, second)
            )


def _text_comparison(name: str, operator: str, wanted: str) -> Callable[[Row], bool]:
    match operator:
        case "LT":
            return lambda row: row.get(name) is not None and row[name] < wanted
        case "LE":
            return lambda row: row.get(name) is not None and row[name] <= wanted
        case "GT":
            return lambda row: row.get(name) is not None and row[name] > wanted
        case _:
            return lambda row: row.get(name) is not None and row[name] >= wanted


def _comparison(name: str, operator: str, wanted: Any) -> Callable[[Row], bool]:
    def test(row: Row) -> bool:
        value = row.get(name)
        if value is None:
            return operator == "NEQ"
        if isinstance(wanted, Decimal):
            value = Decimal(str(value))
        elif isinstance(wanted, str):
            value = str(value).casefold()
        match operator:
            case "EQ":
                return bool(value == wanted)
            case "NEQ":
                return bool(value != wanted)
            case "LT":
                return bool(value < wanted)
            case "LE":
                return bool(value <= wanted)
            case "GT":
                return bool(value > wanted)
            case _:
                return bool(value >= wanted)

    return test


def _operand(attribute: Attribute, text: str) -> Any:
    match attribute.kind:
        case "whole" | "reference":
            if re.fullmatch(r"-?\d{1,19}", text):
                return int(text)
        case "money" | "number":
            try:
                number = Decimal(text)
            except InvalidOperation:
                number = Decimal("NaN")
            if number.is_finite():
                return number
        case "flag":
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
        case _:
            return text.casefold()
    raise _wrong_kind(attribute, text)


def _wrong_kind(attribute: Attribute, text: str) -> Refusal:
    return malformed(f"filter[{attribute.name}]: '{text}' does not fit an attribute of kind {attribute.kind}")


def _values(row: Row, name: str) -> list[Any]:
    if name == "remoteId":
        return list(row["remoteIdMap"].values())
    value = row.get(name)
    return value if isinstance(value, list) else [value]


def _texts(row: Row, name: str) -> list[str]:
    return [str(value) for value in _values(row, name) if value is not None]


def _like(text: str) -> re.Pattern[str]:
    """`%` stands for any text, `_` for one sign, as in SQL; case does not matter."""
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(sign) or re.escape(sign) for sign in text), re.IGNORECASE | re.DOTALL)
