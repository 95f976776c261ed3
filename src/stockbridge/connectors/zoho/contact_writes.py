"""The bodies of the writes of contacts. Pure. Source: facts, Zoho 8 and 10.6; contract, contacts.

A contact is changed by reading it and sending back what belongs together: all of its contact persons, because Zoho
deletes those that are missing, and all parts of an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stockbridge.connectors.zoho.contact_fields import written_fields, written_value
from stockbridge.connectors.zoho.contacts import ADDRESS_KEYS, OF_PERSON, persons, primary_person
from stockbridge.core.errors import Rejected
from stockbridge.core.record import Stream, Value

_encode = msgspec.json.Encoder(decimal_format="number").encode

_KEPT_OF_PERSON = ("contact_person_id", *sorted(OF_PERSON), "communication_preference")
_KEPT_OF_ADDRESS = (*ADDRESS_KEYS.values(), "state_code", "country_code", "county", "phone", "fax")
_CODE_OF = {"state": "state_code", "country": "country_code"}
_LONGEST_NAME = 200


@dataclass(slots=True, kw_only=True)
class _Parts:
    """Values in Zoho's words, by where they stand in the body."""

    plain: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    addresses: dict[str, dict[str, Any]] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)


def new_contact(stream: Stream, values: Mapping[str, Value]) -> bytes:
    """The body of POST /contacts.

    Raises Rejected for a value that Zoho cannot take, and where there is no name.
    """
    parts = _parts(stream, {key: value for key, value in values.items() if value not in (None, [])})
    if not parts.plain.get("contact_name"):
        raise Rejected(
            "The display name is empty, and Zoho takes no contact without one.",
            field="contact_name",
            remedy="Give it a name or a company, or map another field to the display name.",
        )
    body: dict[str, Any] = dict(parts.plain)
    if parts.person:
        body["contact_persons"] = [{**parts.person, "is_primary_contact": True}]
    body |= parts.addresses
    if parts.custom:
        body["custom_fields"] = written_fields(parts.custom)
    return _encode(body)


def changed_contact(stream: Stream, row: Any, values: Mapping[str, Value]) -> bytes:
    """The body of PUT /contacts/{id} for these new values of the contact in `row`, which is its detail.

    Raises Rejected for a value that Zoho cannot take, BadValue for a row that cannot be read.
    """
    parts = _parts(stream, values)
    body: dict[str, Any] = {"contact_name": row.contact_name, **parts.plain}  # it is required (contract)
    if not body["contact_name"]:
        raise Rejected(
            "The display name of a contact cannot be emptied in Zoho.",
            field="contact_name",
            remedy="Give it another name, or take the field out of the mapping.",
        )
    if parts.person:
        body["contact_persons"] = _persons(row, parts.person)
    for group, new in parts.addresses.items():
        body[group] = _address(getattr(row, group), new)
    if parts.custom:
        body["custom_fields"] = written_fields(parts.custom)
    return _encode(body)


def changed_persons(row: Any, id: str | None, new: Mapping[str, Any]) -> bytes:
    """The body of PUT /contacts/{id} that changes the contact person of this id, or adds one (None), and keeps all others.
    `new` are values in Zoho's words. Raises BadValue for a row that cannot be read."""
    primary = primary_person(row)
    out: list[dict[str, Any]] = []
    for one in persons(row):
        kept = {key: one[key] for key in _KEPT_OF_PERSON if one.get(key) not in (None, "")}
        if str(one.get("contact_person_id")) == id:
            kept |= new
        out.append(kept | ({"is_primary_contact": True} if one is primary else {}))
    if id is None:
        out.append({**new, **({} if out else {"is_primary_contact": True})})
    return _encode({"contact_name": row.contact_name, "contact_persons": out})


def other_name(values: Mapping[str, Value], mark: str) -> str:
    """The name of a new contact whose own name is taken: with its e-mail, its company, or the end of `mark`."""
    name = str(values["contact_name"])
    company = str(values.get("company_name") or "")
    other = "" if company.casefold() == name.casefold() else company
    more = str(values.get("email") or other or mark[-6:])[: _LONGEST_NAME // 2]
    return f"{name[: _LONGEST_NAME - len(more) - 3]} ({more})"


def _parts(stream: Stream, values: Mapping[str, Value]) -> _Parts:
    parts = _Parts()
    for name, value in values.items():
        declared = stream.field(name)
        if declared is None or not declared.writable or declared.step:
            raise Rejected(
                f"Zoho's contacts have no {name} that can be written.",
                field=name,
                remedy="Take it out of the mapping.",
            )
        written = written_value(declared, value)
        if name in OF_PERSON:
            parts.person[name] = written
        elif declared.group is not None:
            key = ADDRESS_KEYS[name.partition(".")[2]]
            parts.addresses.setdefault(declared.group, {})[key] = written
        elif name == "fax":
            parts.addresses.setdefault("billing_address", {})["fax"] = written
        elif name.startswith("cf_"):
            parts.custom[name] = written
        else:
            parts.plain[name] = written
    return parts


def _persons(row: Any, new: dict[str, Any]) -> list[dict[str, Any]]:
    """Every contact person as it stands, the primary one with its new values."""
    primary = primary_person(row)
    if primary is None:
        return [{**new, "is_primary_contact": True}]
    out: list[dict[str, Any]] = []
    for one in persons(row):
        kept = {key: one[key] for key in _KEPT_OF_PERSON if one.get(key) not in (None, "")}
        if one is primary:
            kept = {**kept, **new, "is_primary_contact": True}  # Zoho takes no other value than true
        out.append(kept)
    return out


def _address(old: Any, new: dict[str, Any]) -> dict[str, Any]:
    """The whole address with its new parts; the code of a state or country that changed goes."""
    known = old if isinstance(old, dict) else {}
    kept = {key: known[key] for key in _KEPT_OF_ADDRESS if known.get(key) not in (None, "")}
    for key, code in _CODE_OF.items():
        if key in new and new[key] != known.get(key):
            kept.pop(code, None)
    return {**kept, **new}


def sent_as(stream: Stream, values: Mapping[str, Value], said: str) -> str | None:
    """The field of these values that a refusal names, by Zoho's key for it or by its label; None where none is clear."""
    words = said.rpartition("Invalid value passed for ")[2].strip(" .").casefold()
    found: list[str] = []
    for name in values:
        declared = stream.field(name)
        key = ADDRESS_KEYS.get(name.partition(".")[2], name)
        if words in (key, name, declared.label.casefold() if declared is not None else key):
            found.append(name)
    return found[0] if found else None
