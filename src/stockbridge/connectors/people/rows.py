"""A Person of the People API into a Record or a Refusal. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from stockbridge.connectors.people.slots import (
    LABELS,
    Entry,
    Slot,
    is_main,
    own_entries,
    place_of,
    slots_of,
    street_of,
)
from stockbridge.core.record import Record, Refusal, Value, Values
from stockbridge.http.values import moment, text

_encode = msgspec.json.Encoder().encode


class Rows:
    """Parses contacts, with these keys of user-defined fields. Safe to use from several threads."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.slots = slots_of(keys)
        lists = dict.fromkeys(slot.of for slot in self.slots)
        self._lists = {name: tuple(slot for slot in self.slots if slot.of == name) for name in lists}
        self._empty: Values = {slot.name: [] if slot.many else None for slot in self.slots}

    def parse(self, person: Any, labels: Mapping[str, str | None], place: str) -> Record | Refusal:
        """The Record of a person. `labels` are the names of the groups by their resource names (None: not shown);
        `place` says where a person without an id stood."""
        id = id_of(person)
        if id is None:
            return Refusal(
                id=f"contacts:{place}",
                reason="This row of Google's contacts has no resource name and no source.",
                remedy="The next run reads it again.",
            )
        if is_gone(person):
            return Record(id=id, values={}, version="deleted", deleted=True)
        values: Values = {}
        name = "metadata"
        try:
            changed = source_of(person).get("updateTime") or ""
            modified = moment(changed)
            values.update(self._empty)
            for of, slots in self._lists.items():
                name = of
                entries = list(own_entries(person, of))
                for slot in slots if entries else ():
                    name = slot.name
                    values[name] = _many(entries) if slot.many else _single(entries, slot)
            name = "display_name"
            values[name] = _first(person, "names", "displayName")
            name = "birthday"
            values[name] = _birthday(person)
            name = LABELS
            values[name] = sorted({label for one in groups_of(person) if (label := labels.get(one))})
        except ValueError as error:
            return Refusal(
                id=id,
                reason=f'"{name}" of this contact at Google is not {error}.',
                remedy="Look at it in Google Contacts; the next run reads it again.",
            )
        # A label that gets another name changes the contact here, though not its time at Google.
        version = f"{changed}#{zlib.crc32(_encode(values)):08x}"
        return Record(id=id, values=values, version=version, modified=modified)


def id_of(person: Any) -> str | None:
    """The id by which we know a contact: the resource name that it had first, which every call takes.

    The resource name "may change when adding or removing fields that link a contact and profile"
    (PersonMetadata.previousResourceNames); the number of its contact source stays. None where neither is there.
    """
    if not isinstance(person, dict):
        return None
    number = source_of(person).get("id")
    if isinstance(number, str):
        try:
            return f"people/c{int(number, 16)}"
        except ValueError:
            pass
    name = person.get("resourceName")
    return name if isinstance(name, str) and name else None


def source_of(person: Mapping[str, Any]) -> Mapping[str, Any]:
    """The source "CONTACT" of a person with its id, etag and time; empty where it has none."""
    metadata = person.get("metadata")
    sources = metadata.get("sources") if isinstance(metadata, dict) else None
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and source.get("type") == "CONTACT":
            return source
    return {}


def is_gone(person: Mapping[str, Any]) -> bool:
    """Whether this is the tombstone of a contact."""
    metadata = person.get("metadata")
    return isinstance(metadata, dict) and metadata.get("deleted") is True


def groups_of(person: Mapping[str, Any]) -> Iterator[str]:
    """The resource names of the groups that a contact is in. Raises ValueError where its memberships are no list."""
    for membership in own_entries(person, "memberships"):
        group = membership.get("contactGroupMembership")
        name = group.get("contactGroupResourceName") if isinstance(group, dict) else None
        if isinstance(name, str) and name:
            yield name


def main_first(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with the main one in front, the others in the order in which they came."""
    return sorted(entries, key=lambda one: not is_main(one))


def _many(entries: Sequence[Entry]) -> list[str]:
    found = (text(one.get("value")) for one in main_first(entries))
    return [one for one in found if one]


def _single(entries: Sequence[Entry], slot: Slot) -> Value:
    place = place_of(entries, slot)
    if place is None:
        return None
    entry = entries[place]
    if slot.attribute == "streetAddress" and (whole := street_of(entry)):
        return whole
    return text(entry.get(slot.attribute))


def _first(person: Mapping[str, Any], of: str, attribute: str) -> str | None:
    for entry in main_first(list(own_entries(person, of))):
        return text(entry.get(attribute))
    return None


def _birthday(person: Mapping[str, Any]) -> str | None:
    """As in "1990-05-17", or "--05-17" where the year is not known; else the text that stands there."""
    for entry in main_first(list(own_entries(person, "birthdays"))):
        date = entry.get("date")
        if not isinstance(date, dict) or not date.get("month"):
            return text(entry.get("text"))
        year = f"{date['year']:04d}" if date.get("year") else "-"
        day = f"-{date['day']:02d}" if date.get("day") else ""
        return f"{year}-{date['month']:02d}{day}"
    return None
