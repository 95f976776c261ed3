"""What a rule may ask of a field of each kind, and the values it may compare with it or put into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from stockbridge.core.flow import Test
from stockbridge.core.normal import as_email, as_phone, as_url
from stockbridge.core.record import Field, Kind
from stockbridge.wiring.spelling import nearest

_ANY: tuple[Test, ...] = ("is filled", "is empty")
_SAME: tuple[Test, ...] = ("is", "is not", "is one of", "is none of")
_TEXT: tuple[Test, ...] = (*_SAME, "contains", "does not contain", *_ANY)
_DAYS: tuple[Test, ...] = ("is before", "is on or after")
_AMOUNTS: tuple[Test, ...] = (*_SAME, "is above", "is below", *_ANY)
_LIST: tuple[Test, ...] = ("has", "has not", *_ANY)

TESTS_OF: dict[Kind, tuple[Test, ...]] = {
    Kind.TEXT: _TEXT,
    Kind.LONG_TEXT: _TEXT,
    Kind.EMAIL: _TEXT,
    Kind.PHONE: _TEXT,
    Kind.URL: _TEXT,
    Kind.SELECT: (*_SAME, *_ANY),
    Kind.NUMBER: _AMOUNTS,
    Kind.INTEGER: _AMOUNTS,
    Kind.FLAG: ("is", "is not", *_ANY),
    Kind.DAY: ("is", "is not", *_DAYS, *_ANY),
    Kind.MOMENT: (*_DAYS, *_ANY),  # nobody means one microsecond
    Kind.LABELS: _LIST,
    Kind.TEXTS: _LIST,
}
"""The tests of each kind of field; a kind that is missing cannot be looked at."""

KIND_WORDS = {
    Kind.TEXT: "a text",
    Kind.LONG_TEXT: "a text",
    Kind.EMAIL: "an e-mail address",
    Kind.PHONE: "a phone number",
    Kind.URL: "a web address",
    Kind.SELECT: "one of a list",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.FLAG: "a yes or no",
    Kind.DAY: "a date",
    Kind.MOMENT: "a time",
    Kind.LABELS: "a list of labels",
    Kind.TEXTS: "a list of texts",
}

_DIGITS = 28  # what numbers are compared with at most, without being rounded
WITHOUT_VALUE = frozenset(_ANY)
WITH_SEVERAL = frozenset({"is one of", "is none of"})
_INSTEAD: dict[str, tuple[Test, ...]] = {
    "contains": ("has",),
    "does not contain": ("has not",),
    "has": ("is", "contains"),
    "has not": ("is not", "does not contain"),
    "is": ("has", "contains", "is on or after"),
    "is not": ("has not", "does not contain", "is before"),
    "is one of": ("is", "has"),
    "is none of": ("is not", "has not"),
    "is above": ("is on or after",),
    "is below": ("is before",),
    "is on or after": ("is above",),
    "is before": ("is below",),
}


def tests_of(field: Field) -> tuple[Test, ...]:
    """The tests that a field takes; none where no rule can look at it."""
    if field.many:
        return ("has", "has not", "contains", "does not contain", *_ANY)
    return TESTS_OF.get(field.kind, ())


def spelled(test: str) -> str:
    """A test as the sync file writes it."""
    return (
        test.removeprefix("is ").replace(" ", "_") if test == "is already there" else test.replace(" ", "_")
    )


def instead(test: str, field: Field) -> str:
    """`; write "…"` with the test of the field's kind that comes nearest to one that it does not have."""
    known = tests_of(field)
    near = next((one for one in _INSTEAD.get(test, ()) if one in known), None)
    return f'; write "{spelled(near)}"' if near else ""


def compared(field: Field, test: str, raw: Any) -> Any:
    """What a condition compares the field with, by its type. Raises ValueError saying what it must be."""
    if test in WITHOUT_VALUE:
        if raw is not True:
            other = "is_empty" if test == "is filled" else "is_filled"
            raise ValueError(f"true (for the opposite write {other} = true)")
        return None
    if test in WITH_SEVERAL:
        if not isinstance(raw, (list, tuple)) or not raw:
            raise ValueError('a list of values, such as ["a", "b"]')
        return tuple(_of_kind(field, one) for one in raw)
    if isinstance(raw, (list, tuple)):
        raise ValueError(f"one value and no list{'; for several write is_one_of' if test == 'is' else ''}")
    if test in ("contains", "does not contain"):
        return _text(raw)
    return _of_kind(field, raw)


def put(field: Field, raw: Any) -> Any:
    """What an action puts into the field, by its type and within what the system takes. Raises ValueError saying what it
    must be."""
    if isinstance(raw, (list, tuple)):
        raise ValueError("one value and no list")
    value = _of_kind(field, raw)
    check = _CHECKS.get(field.kind)
    if check is not None:
        try:
            value = check(value)
        except ValueError as trouble:
            raise ValueError(f"{KIND_WORDS[field.kind]} ({str(trouble).rstrip('.')})") from None
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a moment with its time zone, such as 2026-01-31T12:00:00Z")
    if field.kind is Kind.MOMENT and not isinstance(value, datetime):
        raise ValueError("a moment with its time zone, such as 2026-01-31T12:00:00Z")
    if isinstance(value, str):
        _check_text(field, value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        _check_number(field, value)
    return value


_CHECKS: dict[Kind, Callable[[str], str]] = {Kind.EMAIL: as_email, Kind.PHONE: as_phone, Kind.URL: as_url}


def _check_text(field: Field, value: str) -> None:
    if field.max_length is not None and len(value) > field.max_length:
        raise ValueError(
            f"no longer than the {field.max_length} characters that it takes (it has {len(value)})"
        )
    if field.kind is Kind.TEXT and ("\n" in value or "\r" in value):
        raise ValueError("a text of one line")


def _check_number(field: Field, value: Decimal | int) -> None:
    if field.at_least is not None and value < field.at_least:
        raise ValueError(f"{field.at_least:,} or more")
    if field.at_most is not None and value > field.at_most:
        raise ValueError(f"{field.at_most:,} or less")
    if field.places is not None and Decimal(value) != round(Decimal(value), field.places):
        raise ValueError(f"a number with no more than {field.places} decimals")


def _of_kind(field: Field, raw: Any) -> Any:
    match field.kind:
        case Kind.FLAG:
            if isinstance(raw, bool):
                return raw
            raise ValueError("true or false, without quotes")
        case Kind.NUMBER:
            return _number(raw)
        case Kind.INTEGER:
            found = _number(raw)
            if found != found.to_integral_value():
                raise ValueError("a whole number")
            return int(found)
        case Kind.DAY:
            return _day(raw)
        case Kind.MOMENT:
            return _moment(raw)
        case _:
            return _option(field, _text(raw))


def _text(raw: Any) -> str:
    if isinstance(raw, str) and raw.strip():
        return raw
    raise ValueError("a text, and not an empty one" if isinstance(raw, str) else "a text in quotes")


def _option(field: Field, text: str) -> str:
    if not field.choices or text in field.choices:
        return text
    shown = ", ".join(field.choices[:12]) + (" …" if len(field.choices) > 12 else "")
    raise ValueError(f"one of {shown}{nearest(text, field.choices).rstrip('?')}")


def _number(raw: Any) -> Decimal:
    """Also out of quotes: JSON keeps "0.10" exactly only there."""
    if isinstance(raw, (int, float, Decimal, str)) and not isinstance(raw, bool):
        try:
            found = Decimal(str(raw).strip())
        except InvalidOperation:
            raise ValueError("a number") from None
        if found.is_finite() and len(found.as_tuple().digits) < _DIGITS and abs(found.adjusted()) < _DIGITS:
            return Decimal(f"{found.normalize():f}")  # 0.10 and 0.1 are one number, and shown as one
        if found.is_finite():
            raise ValueError("a number of fewer digits")
    raise ValueError("a number")


def _day(raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str):
        try:
            return date.fromisoformat(raw.strip())
        except ValueError:
            pass
    raise ValueError("a day such as 2026-01-31")


def _moment(raw: Any) -> date | datetime:
    """A day, or a moment with its time zone, in UTC."""
    if isinstance(raw, str):
        try:
            raw = date.fromisoformat(raw.strip()) if len(raw.strip()) == 10 else datetime.fromisoformat(raw)
        except ValueError:
            raise ValueError("a day such as 2026-01-31") from None
    if isinstance(raw, datetime):
        if raw.tzinfo is None:
            raise ValueError("a day such as 2026-01-31, or a moment with its time zone")
        return raw.astimezone(UTC)
    if isinstance(raw, date):
        return raw
    raise ValueError("a day such as 2026-01-31")
