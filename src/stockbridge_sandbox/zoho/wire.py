"""How values look on the wire: moments, numbers, empties; and how bodies and parameters are read."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import msgspec

from stockbridge_sandbox.http import Request
from stockbridge_sandbox.zoho.errors import invalid_body, invalid_value

Json = dict[str, Any]

LARGEST_NUMBER = Decimal(10) ** 12

_encoder = msgspec.json.Encoder(decimal_format="number")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)")


def encode(value: object) -> bytes:
    """JSON with Decimals as numbers."""
    return _encoder.encode(value)


@functools.cache
def templates() -> Mapping[str, Json]:
    """For each kind of record every key a live answer carries, with its empty value (contract: live shapes)."""
    raw = files("stockbridge_sandbox.zoho").joinpath("templates.json").read_bytes()
    parsed: Mapping[str, Json] = msgspec.json.decode(raw)
    return parsed


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """In the organisation's time zone, no colon in the offset (facts: Zoho 1)."""
    text = moment.astimezone(zone).isoformat(timespec="seconds")
    return text[:-3] + text[-2:]


def day_text(day: date | None) -> str:
    """yyyy-mm-dd, or "" for none."""
    return day.isoformat() if day else ""


def day_formatted(day: date | None) -> str:
    """In the organisation's date format dd MMM yyyy."""
    return day.strftime("%d %b %Y") if day else ""


@functools.lru_cache(maxsize=65_536)
def number(value: Decimal) -> Decimal | int:
    """Without needless zeros: 5, 12.5. Cached, because a page of details asks it some ten thousand times."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def number_or_empty(value: Decimal | None) -> Decimal | int | str:
    """A missing number is "" (facts: Zoho 1)."""
    return "" if value is None else number(value)


def read_body(request: Request) -> Json:
    """The body of a write: raw JSON, or the form field JSONString. Raises ApiError 400/4 when it is neither."""
    if not request.body:
        return {}
    raw: bytes | str = request.body
    content_type = request.headers.get("content-type", "")
    if "form-urlencoded" in content_type:
        raw = parse_qs(request.body.decode("utf-8", "replace")).get("JSONString", [""])[0]
        if not raw:
            return {}
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise invalid_body() from error
    if not isinstance(body, dict):
        raise invalid_body()
    return body


def read_number(name: str, value: object) -> Decimal | None:
    """A number of a body or parameter; "" and null are none. Raises ApiError 400/2."""
    if value in ("", None):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise invalid_value(name)
    try:
        parsed = Decimal(str(value))
    except InvalidOperation as error:
        raise invalid_value(name) from error
    if not parsed.is_finite() or abs(parsed) >= LARGEST_NUMBER:
        raise invalid_value(name)
    return parsed


def read_whole(name: str, value: object) -> int:
    """A whole number. Raises ApiError 400/2."""
    parsed = read_number(name, value)
    if parsed is None or parsed != parsed.to_integral_value():
        raise invalid_value(name)
    return int(parsed)


def read_text(name: str, value: object, longest: int = 2000) -> str:
    """A text of a body, at most so long. Raises ApiError 400/2."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise invalid_value(name)
    text = str(value)
    if len(text) > longest:
        raise invalid_value(name)
    return text


def read_flag(name: str, value: object) -> bool:
    """true or false, also as text. Raises ApiError 400/2."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise invalid_value(name)


def read_day(name: str, value: object) -> date | None:
    """A day yyyy-mm-dd; "" is none. Raises ApiError 400/2."""
    if value in ("", None):
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise invalid_value(name) from error


def read_stamp(name: str, value: str) -> datetime:
    """A moment yyyy-MM-ddTHH:mm:ss+hhmm (facts: Zoho 5). Raises ApiError 400/2, also for a `+` that was not encoded."""
    if not _STAMP.fullmatch(value):
        raise invalid_value(name)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid_value(name) from error
