"""Custom fields: how their values are read from a body and shown in rows and details (facts: Zoho 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from stockbridge_sandbox.zoho.errors import invalid_value
from stockbridge_sandbox.zoho.records import CustomField
from stockbridge_sandbox.zoho.wire import (
    Json,
    day_formatted,
    number,
    read_day,
    read_number,
    read_stamp,
    stamp,
)
from stockbridge_sandbox.zoho.world import World

READ_ONLY = frozenset({"lookup", "auto_number", "formula", "attachment"})
"""Data types whose values no body of this sandbox sets."""


def flat(world: World, entity: str, values: Mapping[str, str]) -> Json:
    """`cf_x` and `cf_x_unformatted`, as item and order rows carry them at the top level, and the hash of details.

    Only fields that hold a value; multiselect fields are missing, as live.
    """
    shown: Json = {}
    for field in world.fields_of(entity):
        text = values.get(field.api_name, "")
        if text and field.data_type != "multiselect":
            shown[field.api_name] = _formatted(field, text, world.zone)
            shown[f"{field.api_name}_unformatted"] = _value(field, text, world.zone)
    return shown


def detailed(world: World, entity: str, values: Mapping[str, str]) -> list[Json]:
    """The `custom_fields` array of a detail: the fields that hold a value."""
    return [
        {
            "field_id": field.id,
            "customfield_id": field.id,
            "show_in_store": False,
            "show_in_portal": False,
            "is_active": True,
            "index": field.index,
            "label": field.label,
            "show_on_pdf": False,
            "show_in_all_pdf": False,
            "edit_on_portal": False,
            "edit_on_store": False,
            "api_name": field.api_name,
            "placeholder": field.api_name,
            "search_entity": entity,
            "data_type": field.data_type,
            "value": _value(field, values[field.api_name], world.zone),
            "value_formatted": _formatted(field, values[field.api_name], world.zone),
            "is_dependent_field": False,
        }
        for field in world.fields_of(entity)
        if values.get(field.api_name)
    ]


def definition(field: CustomField) -> Json:
    """One definition, as /settings/customfields and /settings/preferences show it."""
    return {
        "customfield_id": field.id,
        "field_id": field.id,
        "index": field.index,
        "label": field.label,
        "api_name": field.api_name,
        "data_type": field.data_type,
        "is_active": True,
        "is_mandatory": False,
        "module": field.entity,
        "values": [{"name": option, "order": n} for n, option in enumerate(field.options, 1)],
    }


def read_custom_fields(world: World, entity: str, value: object, old: Mapping[str, str]) -> dict[str, str]:
    """The values after a write of `custom_fields`: fields not named keep what they hold, "" empties a field.

    A field is named by customfield_id, api_name, label or index. Raises ApiError 400/2 for a field that is not
    defined or a value that its type cannot hold.
    """
    if not isinstance(value, list):
        raise invalid_value("custom_fields")
    result = dict(old)
    for entry in value:
        if not isinstance(entry, dict):
            raise invalid_value("custom_fields")
        field = _named(world, entity, entry)
        text = _text(field, entry.get("value"))
        if text:
            result[field.api_name] = text
        else:
            result.pop(field.api_name, None)
    return result


def _named(world: World, entity: str, entry: Mapping[str, object]) -> CustomField:
    for field in world.fields_of(entity):
        if (
            str(entry.get("customfield_id", "")) == field.id
            or entry.get("api_name") == field.api_name
            or entry.get("label") == field.label
            or str(entry.get("index", "")) == str(field.index)
        ):
            return field
    raise invalid_value("customfield_id")


def _text(field: CustomField, value: object) -> str:
    if value in (None, ""):
        return ""
    match field.data_type:
        case "number" | "decimal" | "amount" | "percent":
            read_number(field.label, value)
        case "date":
            read_day(field.label, value)
        case "check_box":
            if str(value).lower() not in ("true", "false"):
                raise invalid_value(field.label)
            return str(value).lower()
        case "date_time":
            return read_stamp(field.label, str(value)).astimezone(UTC).isoformat()
        case "dropdown":
            if field.options and value not in field.options:
                raise invalid_value(field.label)
        case "multiselect":
            return _choices_text(field, value)
        case "email":
            if "@" not in str(value).strip("@"):
                raise invalid_value(field.label)
        case _ if field.data_type in READ_ONLY:
            raise invalid_value(field.label)
    if isinstance(value, (list, dict)):
        raise invalid_value(field.label)
    return str(value)


def _choices_text(field: CustomField, value: object) -> str:
    """Several choices as they are kept: separated by commas. They are sent as a list, or as such a text."""
    chosen = value if isinstance(value, list) else str(value).split(",")
    if not all(isinstance(one, str) for one in chosen):
        raise invalid_value(field.label)
    names = [one.strip() for one in chosen]
    if field.options and not set(names) <= set(field.options):
        raise invalid_value(field.label)
    return ",".join(dict.fromkeys(names))


def _value(field: CustomField, text: str, zone: ZoneInfo) -> object:
    match field.data_type:
        case "number" | "decimal" | "amount" | "percent":
            return number(Decimal(text))
        case "check_box":
            return text == "true"
        case "multiselect":
            return text.split(",")
        case "date_time":
            return stamp(datetime.fromisoformat(text), zone)
    return text


def _formatted(field: CustomField, text: str, zone: ZoneInfo) -> str:
    match field.data_type:
        case "date":
            return day_formatted(date.fromisoformat(text))
        case "date_time":
            moment = datetime.fromisoformat(text).astimezone(zone)
            return f"{day_formatted(moment.date())} {moment:%H:%M}"
        case "multiselect":
            return text.replace(",", ", ")
    return text
