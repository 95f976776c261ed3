"""Plain values out of JSON: typed, or a ValueError that says what it should have been. Empty texts are None."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from stockbridge.core.record import Kind, Value

Reader: TypeAlias = Callable[[Any], Value]


def text(value: Any) -> str | None:
    """A text; a number is written out. Raises ValueError for anything else."""
    if type(value) is str:
        return value or None
    if value is None:
        return None
    if type(value) is int or type(value) is Decimal:
        return str(value)
    raise ValueError("a text")


def number(value: Any) -> Decimal | None:
    """A number, also where it comes as a text ("12.50"). Raises ValueError for anything else."""
    if type(value) is Decimal:
        return value
    if type(value) is int:
        return Decimal(value)
    if value == "" or value is None:
        return None
    if type(value) is str:
        try:
            found = Decimal(value)
        except InvalidOperation:
            raise ValueError("a number") from None
        if found.is_finite():
            return found
    raise ValueError("a number")


def integer(value: Any) -> int | None:
    """A whole number. Raises ValueError for anything else."""
    if type(value) is int:
        return value
    found = number(value)
    if found is None:
        return None
    if found != found.to_integral_value():
        raise ValueError("a whole number")
    return int(found)


def flag(value: Any) -> bool | None:
    """Yes or no. Raises ValueError for anything else."""
    if type(value) is bool:
        return value
    if value == "" or value is None:
        return None
    if value in ("true", "false"):
        return bool(value == "true")
    raise ValueError("yes or no (true or false)")


def day(value: Any) -> date | None:
    """A day, written 2026-03-02. Raises ValueError for anything else."""
    if value == "" or value is None:
        return None
    if type(value) is str and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("a day written as 2026-03-02")


def moment(value: Any) -> datetime | None:
    """A moment with its offset (with or without a colon), in UTC. Raises ValueError for anything else."""
    if value == "" or value is None:
        return None
    if type(value) is str:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    raise ValueError("a time with its offset, written as 2026-03-02T09:00:00+0100")


def texts(value: Any) -> list[str] | None:
    """A list of texts. Raises ValueError for anything else."""
    if value == "" or value is None:
        return None
    if isinstance(value, list) and all(type(part) is str for part in value):
        return list(value)
    raise ValueError("a list of texts")


READERS: dict[Kind, Reader] = {
    Kind.TEXT: text,
    Kind.INTEGER: integer,
    Kind.NUMBER: number,
    Kind.FLAG: flag,
    Kind.DAY: day,
    Kind.MOMENT: moment,
    Kind.TEXTS: texts,
    Kind.LONG_TEXT: text,
    Kind.SELECT: text,
    Kind.EMAIL: text,
    Kind.PHONE: text,
    Kind.URL: text,
}
