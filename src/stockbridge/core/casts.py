"""A value fitted to the field that takes it, by type; with the reason in words when it does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from stockbridge.core import normal
from stockbridge.core.flow import Pair
from stockbridge.core.normal import written
from stockbridge.core.record import Field, Kind, Value

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\"]+")


class Unfit(Exception):
    """A value that the other side cannot take."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.remedy = field, reason, remedy


def cast(field: Field, pair: Pair, region: str | None = None) -> Callable[[Value], Value]:
    """A function from a source value (never None) to what `field` takes; raises Unfit. `region` is the country of phone
    numbers that name none."""
    name = field.name

    def number(value: Value) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            try:
                parsed = Decimal(str(value).strip())
                if parsed.is_finite():
                    return parsed
            except InvalidOperation:
                pass
        raise Unfit(
            name, f"“{value}” is not a number.", f"Put a number there, or map {name} to another field."
        )

    def within(value: Any) -> Any:
        if field.at_least is not None and value < field.at_least:
            raise Unfit(
                name, f"{value} is below {field.at_least}, the least that {name} takes.", "Correct the value."
            )
        if field.at_most is not None and value > field.at_most:
            raise Unfit(
                name,
                f"{value:,} is above {field.at_most:,}, the most that {name} takes.",
                "Correct the value.",
            )
        return value

    def text(value: Value) -> Value:
        if not isinstance(value, str):
            value = written(value)
        if "\n" in value or "\r" in value:
            value = " ".join(value.split())
        return fitting(value.strip())

    def long_text(value: Value) -> Value:
        if not isinstance(value, str):
            value = written(value)
        return fitting(value.replace("\r\n", "\n").replace("\r", "\n").strip())

    def fitting(value: str) -> str | None:
        limit = field.max_length
        if limit is not None and len(value) > limit:
            if pair.cut:
                return value[:limit].rstrip()
            raise Unfit(
                name,
                f"The text has {len(value)} characters; {name} takes {limit}: “{value[:40]}…”.",
                "Shorten it at its source.",
            )
        if field.choices and value not in field.choices:
            raise Unfit(name, f"“{value}” is none of {', '.join(field.choices)}.", "Correct the value.")
        return value or None

    def integer(value: Value) -> Value:
        found = number(value)
        if pair.rounding == "down":
            found = found.to_integral_value(ROUND_FLOOR)
        elif pair.rounding == "half":
            found = found.to_integral_value(ROUND_HALF_UP)
        elif found != found.to_integral_value():
            raise Unfit(
                name,
                f"{written(found)} is not a whole number, and {name} takes only whole numbers.",
                pair.words or "Correct the value, or switch round_quantities on.",
            )
        return within(int(found))

    step = None if field.places is None else Decimal(1).scaleb(-field.places)

    def decimal(value: Value) -> Value:
        found = within(number(value))
        return found if step is None else found.quantize(step, ROUND_HALF_UP)

    def flag(value: Value) -> Value:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        raise Unfit(name, f"“{value}” is neither yes nor no.", f"Map {name} to a yes/no field.")

    def moment(value: Value) -> Value:
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time(), UTC)
        if isinstance(value, str):
            try:
                found = datetime.fromisoformat(value)
                return found if found.tzinfo else found.replace(tzinfo=UTC)
            except ValueError:
                pass
        raise Unfit(name, f"“{value}” is not a date.", f"Map {name} to a date field.")

    def day(value: Value) -> Value:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        return moment(value).date()

    def texts(value: Value) -> Value:
        found = [
            one.strip() for one in (value if isinstance(value, list) else [value]) if one and one.strip()
        ]
        if pair.only == "email":
            found = [one for one in found if _EMAIL.fullmatch(one)]
        return found

    def labels(value: Value) -> Value:
        found = {text(one) for one in (value if isinstance(value, list) else [value])}
        return sorted(one for one in found if one)

    def checked(check: Callable[[str], str]) -> Callable[[Value], Value]:
        def one(value: Value) -> Value:
            value = text(value)
            if value is None:
                return None
            try:
                return check(value)
            except ValueError as trouble:
                raise Unfit(name, str(trouble), "Correct it at its source.") from None

        return one

    casts: Mapping[Kind, Callable[[Value], Value]] = {
        Kind.TEXT: text,
        Kind.INTEGER: integer,
        Kind.NUMBER: decimal,
        Kind.FLAG: flag,
        Kind.MOMENT: moment,
        Kind.DAY: day,
        Kind.TEXTS: texts,
        Kind.LONG_TEXT: long_text,
        Kind.SELECT: text,
        Kind.LABELS: labels,
        Kind.EMAIL: checked(normal.as_email),
        Kind.PHONE: checked(lambda value: normal.as_phone(value, region)),
        Kind.URL: checked(normal.as_url),
    }
    one = casts[field.kind]
    if not field.many:
        return one

    def all_of(value: Value) -> Value:
        found = (one(some) for some in (value if isinstance(value, list) else [value]))
        return [some for some in found if some is not None]

    return all_of


def kept(sent: Value, found: Value) -> bool:
    """Whether `found` is what a system shows that was sent `sent`: the same, or a text cut short, or a number rounded."""
    if sent == found:
        return True
    if isinstance(sent, str) and isinstance(found, str):
        return bool(found) and sent.startswith(found)
    if isinstance(sent, Decimal) and isinstance(found, Decimal):
        step = Decimal(1).scaleb(int(found.as_tuple().exponent))
        return found in (sent.quantize(step, ROUND_HALF_UP), sent.quantize(step, ROUND_FLOOR))
    return False
