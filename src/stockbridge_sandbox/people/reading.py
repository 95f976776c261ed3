"""Reading the JSON of a person: what a client sends becomes clean entries, or is refused as the front end does it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from stockbridge_sandbox.people.fields import READ_OVER, WRITABLE, Mask, PersonField
from stockbridge_sandbox.people.refusal import Refusal, bad_field, invalid

Entry = Mapping[str, Any]
Fields = Mapping[str, tuple[Entry, ...]]
# Beside its attributes an entry carries this when it was marked as the first among the entries of its source.
PRIMARY = "sourcePrimary"
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_METADATA = {"primary", "verified", "source", "sourcePrimary"}
_SINGLE_LIMIT = 500  # entries of all fields together (Google's help: 500 fields a contact)
_SIZE_LIMIT = 128 * 1024


def read_fields(person: Any, mask: Mask, *, at: str = "person") -> Fields:
    """The entries of the masked fields but memberships. Raises Refusal; what is not masked is checked as well.

    Entries of another source than the contact are left out, as "any non-contact data in the person to update will be
    ignored" says; texts are stripped, entries without a value dropped.
    """
    if not isinstance(person, dict):
        raise _mismatch(at, person)
    found: dict[str, tuple[Entry, ...]] = {}
    for name, value in person.items():
        if name in READ_OVER or name == "memberships":
            continue
        if name not in WRITABLE:
            raise _unknown(name, at)
        entries = _entries(name, WRITABLE[name], value, f"{at}.{_snake(name)}")
        if name in mask:
            found[name] = entries
    for name in mask - {"memberships"}:
        found.setdefault(name, ())
    if sum(map(len, found.values())) > _SINGLE_LIMIT or len(repr(found)) > _SIZE_LIMIT:
        raise invalid("The contact is too large.")
    return found


def read_groups(person: Any, *, at: str = "person") -> tuple[str, ...] | None:
    """The resource names of the groups in `memberships`, None when the key is not there. Raises Refusal."""
    if not isinstance(person, dict) or "memberships" not in person:
        return None
    groups: list[str] = []
    for n, each in enumerate(_list(person["memberships"], f"{at}.memberships")):
        here = f"{at}.memberships[{n}]"
        if not isinstance(each, dict):
            raise _mismatch(here, each)
        for key in each.keys() - {"contactGroupMembership", "domainMembership", "metadata"}:
            raise _unknown(key, here)
        group = each.get("contactGroupMembership")
        if group is None:
            continue
        if not isinstance(group, dict):
            raise _mismatch(f"{here}.contact_group_membership", group)
        for key in group.keys() - {"contactGroupId", "contactGroupResourceName"}:
            raise _unknown(key, f"{here}.contact_group_membership")
        name = group.get("contactGroupResourceName", "")
        if not isinstance(name, str):
            raise _mismatch(f"{here}.contact_group_membership.contact_group_resource_name", name)
        if name and name not in groups:
            groups.append(name)
    return tuple(groups)


def read_etags(person: Any) -> tuple[str, str]:
    """The etag of the person and that of its contact source, "" for one that is not given."""
    if not isinstance(person, dict):
        return "", ""
    metadata = person.get("metadata")
    sources = metadata.get("sources") if isinstance(metadata, dict) else None
    contact = next(
        (
            source
            for source in sources or ()
            if isinstance(source, dict) and source.get("type") == "CONTACT" and source.get("etag")
        ),
        {},
    )
    return str(person.get("etag") or ""), str(contact.get("etag") or "")


def read_body(body: object, known: frozenset[str]) -> dict[str, Any]:
    """A request body with no other keys than the known ones. Raises Refusal."""
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received. Root element must be a message.")
    for key in body.keys() - known:
        raise _unknown(key, "")
    return body


def texts(value: Any, at: str) -> list[str]:
    """A list of texts; none for null. Raises Refusal."""
    items = _list(value, at)
    for n, item in enumerate(items):
        if not isinstance(item, str):
            raise _mismatch(f"{at}[{n}]", item)
    return items


def _entries(name: str, field: PersonField, value: Any, at: str) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for n, raw in enumerate(_list(value, at)):
        here = f"{at}[{n}]"
        if not isinstance(raw, dict):
            raise _mismatch(here, raw)
        entry = _entry(name, field, raw, here)
        if _of_contact(raw.get("metadata")) and any(entry.get(key) for key in field.main):
            entries.append(entry)
    if field.single and len(entries) > 1:
        raise invalid(f"Cannot have more than one person.{name} per source.")
    if sum(PRIMARY in entry for entry in entries) > 1:
        raise invalid(f"Cannot have more than one primary person.{name} per source.")
    return tuple(entries)


def _entry(name: str, field: PersonField, raw: Mapping[str, Any], at: str) -> Entry:
    entry: dict[str, Any] = {}
    for key, value in raw.items():
        if key == "metadata":
            _check_metadata(value, f"{at}.metadata")
            if isinstance(value, dict) and value.get("sourcePrimary") is True:
                entry[PRIMARY] = True
            continue
        if key in field.shown:
            continue
        if key not in field.attributes:
            raise _unknown(key, at)
        clean = _attribute(field, key, value, f"{at}.{_snake(key)}")
        if clean not in ("", None):
            entry[key] = clean
    if name == "emailAddresses" and entry.get("value") and not _EMAIL.fullmatch(entry["value"]):
        raise invalid(f"Invalid email address: {entry['value']}")
    return entry


def _attribute(field: PersonField, key: str, value: Any, at: str) -> Any:
    if value is None:
        return None
    match field.attributes[key]:
        case "text" if isinstance(value, str):
            return value.strip()
        case "flag" if isinstance(value, bool):
            return value
        case "number" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "choice" if value in field.choices[key]:
            return value
        case "date" if isinstance(value, dict):
            return _date(value, at)
    raise _mismatch(at, value)


def _date(value: Mapping[str, Any], at: str) -> dict[str, int] | None:
    for key in value.keys() - {"year", "month", "day"}:
        raise _unknown(key, at)
    for key, number in value.items():
        if not isinstance(number, int) or isinstance(number, bool):
            raise _mismatch(f"{at}.{key}", number)
    year, month, day = (value.get(key, 0) for key in ("year", "month", "day"))
    good_month = 1 <= month <= 12 or (month == 0 and day == 0)
    # A day of a month without a year may be the 29th of February.
    last = monthrange(year or 2000, month)[1] if good_month and month and 0 <= year <= 9999 else 0
    if not (good_month and 0 <= year <= 9999 and 0 <= day <= last):
        raise invalid("Invalid date.")
    return {key: value[key] for key in ("year", "month", "day") if value.get(key)} or None


def _check_metadata(value: Any, at: str) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise _mismatch(at, value)
    for key in value.keys() - _METADATA:
        raise _unknown(key, at)


def _of_contact(metadata: Any) -> bool:
    source = metadata.get("source") if isinstance(metadata, dict) else None
    return not isinstance(source, dict) or source.get("type", "CONTACT") == "CONTACT"


def _list(value: Any, at: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _mismatch(at, value)
    return value


def _unknown(name: str, at: str) -> Refusal:
    where = f" at '{at}'" if at else ""
    return bad_field(at, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')


def _mismatch(at: str, value: Any) -> Refusal:
    return bad_field(at, f"Invalid value at '{at}', {value!r}")


@lru_cache(maxsize=256)
def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)
