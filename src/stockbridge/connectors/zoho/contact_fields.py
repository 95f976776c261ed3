"""The custom fields of contacts: their definitions as Fields, and their values as Zoho writes them, both ways.

Source: facts, Zoho 8. The calls that tell the definitions stand in no document of Zoho's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from stockbridge.connectors.zoho.client import Envelope, ZohoClient
from stockbridge.connectors.zoho.rows import BadValue
from stockbridge.core.errors import Gone, Rejected, Unauthorized
from stockbridge.core.record import Field, Kind, Value, Values
from stockbridge.http.values import day, flag, moment, number, text

_KINDS = {
    "string": Kind.TEXT,
    "text": Kind.TEXT,
    "multiline": Kind.LONG_TEXT,
    "number": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "amount": Kind.NUMBER,
    "percent": Kind.NUMBER,
    "date": Kind.DAY,
    "date_time": Kind.MOMENT,
    "datetime": Kind.MOMENT,
    "check_box": Kind.FLAG,
    "dropdown": Kind.SELECT,
    "multiselect": Kind.LABELS,
    "email": Kind.EMAIL,
    "url": Kind.URL,
    "phone": Kind.PHONE,
}
"""By Zoho's data type. Every other one (lookup, formula, auto_number, attachment) is a text that is only read."""


class _Definition(msgspec.Struct, frozen=True):
    api_name: Any = None
    label: Any = None
    data_type: Any = None
    is_active: Any = True
    values: Any = None


class _Definitions(msgspec.Struct, frozen=True):
    code: Any = None
    message: Any = ""
    customfields: list[_Definition] = []


class _Preferences(msgspec.Struct, frozen=True):
    code: Any = None
    message: Any = ""
    customfields: dict[str, Any] = {}


def contact_fields(client: ZohoClient) -> list[Field]:
    """The custom fields that the organisation has defined for contacts and uses; none where Zoho does not tell.

    Raises Retry and OverBudget.
    """
    found = _asked(client)
    fields = {}
    for one in found:
        name = one.api_name
        if isinstance(name, str) and name.startswith("cf_") and one.is_active is not False:
            fields[name] = _field(name, one)
    return list(fields.values())


def _asked(client: ZohoClient) -> list[_Definition]:
    definitions: Callable[[bytes], Envelope] = msgspec.json.Decoder(_Definitions).decode
    preferences: Callable[[bytes], Envelope] = msgspec.json.Decoder(_Preferences).decode
    about = "the custom fields of contacts"
    try:
        told: Any
        told, _ = client.call(
            "GET", "/settings/customfields", params=(("entity", "contact"),), decode=definitions, about=about
        )
        return list(told.customfields)
    except (Gone, Rejected):
        pass
    except Unauthorized:
        return []
    try:
        told, _ = client.call("GET", "/settings/preferences", decode=preferences, about=about)
    except (Gone, Rejected, Unauthorized):
        return []
    listed = told.customfields.get("contact")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [msgspec.convert(one, _Definition) for one in entries]


def _field(name: str, one: _Definition) -> Field:
    kind = _KINDS.get(str(one.data_type))
    return Field(
        name=name,
        kind=kind or Kind.TEXT,
        label=one.label if isinstance(one.label, str) else "",
        detail=True,
        writable=kind is not None,
        choices=_options(one.values) if kind in (Kind.SELECT, Kind.LABELS) else (),
    )


def _options(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else []
    names = [one.get("name", one.get("value")) if isinstance(one, dict) else one for one in listed]
    return tuple(name for name in names if isinstance(name, str) and name)


def custom_values(row: Any, fields: Iterable[Field]) -> Values:
    """The values of these custom fields in a full row: `custom_fields` first, `custom_field_hash` for what it lacks.

    A field that the row does not show is empty; a check box without a value is not ticked. Raises BadValue.
    """
    listed = row.custom_fields if isinstance(row.custom_fields, list) else []
    entries = {one.get("api_name"): one for one in listed if isinstance(one, dict)}
    hashed = row.custom_field_hash if isinstance(row.custom_field_hash, dict) else {}
    values: Values = {}
    for field in fields:
        name = field.name
        entry = entries.get(name)
        if entry is not None:
            raw, shown = entry.get("value"), entry.get("value_formatted")
        else:
            shown = hashed.get(name)
            raw = hashed.get(f"{name}_unformatted", shown)
        try:
            values[name] = _read(field, raw) if field.writable else _plain(shown if shown else raw)
        except ValueError as error:
            raise BadValue(name, raw, str(error)) from error
    return values


def _read(field: Field, raw: Any) -> Value:
    match field.kind:
        case Kind.NUMBER:
            return number(raw)
        case Kind.DAY:
            return day(raw)
        case Kind.MOMENT:
            return moment(raw)
        case Kind.FLAG:
            return flag(raw) or False
        case Kind.LABELS:
            return _chosen(raw, field.choices)
        case _:
            return text(raw)


def _chosen(raw: Any, choices: tuple[str, ...]) -> list[str]:
    """What is chosen of several, sorted; a text holds the choices one after the other, with commas."""
    if isinstance(raw, str):
        raw = [raw] if raw in choices else [part.strip() for part in raw.split(",")]
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise ValueError("a list of choices")
    return sorted({one for one in raw if one})


def _plain(raw: Any) -> str | None:
    if isinstance(raw, list):
        return ", ".join(str(one) for one in raw) or None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return text(raw)


def written_value(field: Field, value: Value) -> Any:
    """A value as Zoho takes it: empty is "", days 2026-03-02, times with their offset, several choices a list.

    Raises Rejected for a value that is not of the field's kind.
    """
    if value is None or value == []:
        return {Kind.FLAG: False, Kind.LABELS: []}.get(field.kind, "")
    match field.kind:
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.NUMBER if isinstance(value, Decimal | int) and not isinstance(value, bool):
            if Decimal(value).is_finite():
                return value
        case Kind.DAY if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        case Kind.MOMENT if isinstance(value, datetime) and value.tzinfo is not None:
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"
        case Kind.LABELS if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return sorted(value)
        case _ if isinstance(value, str) and field.kind in _TEXTS:
            return value
        case _:
            pass
    raise Rejected(
        f"{field.words} is {str(value)[:80]!r}, which is not a {field.kind}.",
        field=field.name,
        remedy="Correct the value or the mapping.",
    )


_TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.SELECT, Kind.EMAIL, Kind.PHONE, Kind.URL})


def written_fields(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `custom_fields` of a body: each is named by its api name, which works, whatever the documents say (Zoho 8)."""
    return [{"api_name": name, "value": value} for name, value in values.items()]
