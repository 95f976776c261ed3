"""Reading one attribute value: what is taken, how it is stored, what is refused (facts: Optiply 1.5, 8.2 (6, 7))."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from stockbridge_sandbox.optiply.refusal import Refusal, invalid, server_text
from stockbridge_sandbox.optiply.resources import Attribute

# One `@`, no blanks, a dot in the domain with something on both sides: enough to refuse what the facts show refused.
_EMAIL = re.compile(r"[^@\s,;<>\"]+@(?:[^@\s.,;<>\"]+\.)+[^@\s.,;<>\"]{2,}")
_WHOLE_TEXT = re.compile(r"[+-]?\d{1,19}")
_LONG = 2**63


def read_value(attribute: Attribute, given: Any, *, strict_integers: bool) -> Any:
    """The stored form of a JSON value: text, int, bool, list of texts, money as text with two decimals, moments as
    `YYYY-MM-DDTHH:MM:SSZ`. `strict_integers`: `12.0` for a whole number gives 500 as the real server does, else 400.

    Raises `Refusal`.
    """
    if given is None:
        if attribute.required:
            raise invalid(f"{attribute.name} may not be null", attribute.name)
        return None
    match attribute.kind:
        case "text":
            return _text(attribute, given)
        case "whole" | "reference":
            return _whole(attribute, given, strict=strict_integers)
        case "number":
            return _number(attribute, given)
        case "money":
            return _money(attribute, given)
        case "flag":
            return _flag(attribute, given)
        case "moment":
            return _moment_text(attribute, given)
        case "choice":
            return _choice(attribute, given)
        case "emails":
            return _emails(attribute, given)
        case "scalar":
            if isinstance(given, (dict, list)):
                raise invalid(f"{attribute.name} must be a plain value", attribute.name)
            return given


def _text(attribute: Attribute, given: Any) -> str:
    if isinstance(given, (dict, list)):
        raise invalid(f"{attribute.name} must be a text", attribute.name)
    text = given if isinstance(given, str) else str(given)
    if attribute.required and not text.strip():
        raise invalid(f"{attribute.name} may not be empty", attribute.name)
    if attribute.exact and len(text) != attribute.length:
        raise invalid(f"{attribute.name} size must be exactly {attribute.length}", attribute.name)
    if len(text) > attribute.length:
        raise invalid(f"{attribute.name} size must be between 0 and {attribute.length}", attribute.name)
    return text


def _whole(attribute: Attribute, given: Any, *, strict: bool) -> int:
    number: int | None = None
    if isinstance(given, int) and not isinstance(given, bool):
        number = given
    elif isinstance(given, str) and _WHOLE_TEXT.fullmatch(given):
        number = int(given)
    if number is None or not -_LONG <= number < _LONG:
        raise _not_whole(attribute, given, strict=strict)
    if attribute.kind == "whole":
        _in_bounds(attribute, number)
    return number


def _not_whole(attribute: Attribute, given: Any, *, strict: bool) -> Refusal:
    message = f'Cannot deserialize value of type `java.lang.Long` from "{given}" for {attribute.name}'
    return server_text(500, "Internal Server Error", message) if strict else invalid(message, attribute.name)


def _decimal(attribute: Attribute, given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise invalid(f"{attribute.name} must be a number", attribute.name)
    try:
        # str() of a float is its shortest text, so 1.25 stays 1.25.
        number = Decimal(str(given).strip())
    except InvalidOperation:
        raise invalid(f"{attribute.name} must be a number, not '{given}'", attribute.name) from None
    if not number.is_finite():
        raise invalid(f"{attribute.name} must be a number, not '{given}'", attribute.name)
    return number


def _number(attribute: Attribute, given: Any) -> int | float:
    number = _decimal(attribute, given)
    _in_bounds(attribute, number)
    return int(number) if number == number.to_integral_value() else float(number)


def _money(attribute: Attribute, given: Any) -> str:
    number = _decimal(attribute, given)
    _in_bounds(attribute, number)
    if number and number.adjusted() >= attribute.digits:
        raise _too_precise(attribute)
    cents = number.quantize(Decimal("0.01"))
    if cents != number:
        raise _too_precise(attribute)
    return str(abs(cents) if cents == 0 else cents)


def _too_precise(attribute: Attribute) -> Refusal:
    text = f"numeric value out of bounds (<{attribute.digits} digits>.<2 digits> expected)"
    return invalid(f"{attribute.name} {text}", attribute.name)


def _in_bounds(attribute: Attribute, number: int | Decimal) -> None:
    if attribute.least is not None and number < attribute.least:
        raise invalid(
            f"{attribute.name} must be greater than or equal to {attribute.least:g}", attribute.name
        )
    if attribute.most is not None and number > attribute.most:
        raise invalid(f"{attribute.name} must be less than or equal to {int(attribute.most)}", attribute.name)


def _flag(attribute: Attribute, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return given.lower() == "true"
    raise invalid(f"{attribute.name} must be true or false", attribute.name)


def _choice(attribute: Attribute, given: Any) -> str:
    for choice in attribute.choices:
        if isinstance(given, str) and given.lower() == choice:
            return choice
    raise invalid(f"{attribute.name} must be one of {', '.join(attribute.choices)}", attribute.name)


def _emails(attribute: Attribute, given: Any) -> list[str]:
    if not isinstance(given, list):
        raise invalid(f"{attribute.name} must be a list of addresses", attribute.name)
    for address in given:
        if not isinstance(address, str) or not _EMAIL.fullmatch(address):
            raise invalid(f"'{address}' is not a valid address", attribute.name)
    return list(given)


def moment_text(moment: datetime) -> str:
    """A moment as Optiply writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str) -> datetime:
    """An ISO moment; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _moment_text(attribute: Attribute, given: Any) -> str:
    if isinstance(given, str):
        try:
            return moment_text(parse_moment(given))
        except (ValueError, OverflowError):
            pass
    raise invalid(f"{attribute.name} must be a date and time such as 2026-03-09T08:00:00Z", attribute.name)
