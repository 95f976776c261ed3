"""Values into a Person: only the entry that a value stands in is touched, every other entry, type and label stays.

Pure. An update replaces the masked lists as a whole (people.updateContact), so each is written out as it was read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from stockbridge.connectors.people.labels import MY_CONTACTS
from stockbridge.connectors.people.rows import groups_of, main_first, source_of
from stockbridge.connectors.people.slots import (
    LABELS,
    MAIN,
    MARK_KEY,
    SHOWN,
    Slot,
    is_main,
    own_entries,
    place_of,
    street_of,
)
from stockbridge.core.record import Value, Values

Json: TypeAlias = dict[str, Any]
Change: TypeAlias = tuple[Json, tuple[str, ...]]
"""The fields of a person to send, and their names for `updatePersonFields` (none: nothing changes)."""


def changed(
    person: Mapping[str, Any],
    values: Values,
    slots: Sequence[Slot],
    shown: Mapping[str, str | None],
    groups: Mapping[str, str],
    mark: str | None = None,
) -> Change:
    """What makes this person hold these values. `shown` are the names of the groups it is in, `groups` the resource
    names of the labels in `values`, `mark` is what it is to be found by. Raises ValueError where the person's lists are none.
    """
    by_name = {slot.name: slot for slot in slots}
    wanted = {name: value for name, value in values.items() if name in by_name}
    if mark is not None:
        wanted[MARK_KEY] = mark
    touched: dict[str, list[Json]] = {}
    before: dict[str, list[Json]] = {}
    # Whole lists first: the entry of a single value is looked for in what stands then.
    for name in sorted(wanted, key=lambda name: not by_name[name].many):
        slot = by_name[name]
        if slot.of not in touched:
            touched[slot.of] = [_kept(one) for one in own_entries(person, slot.of)]
            before[slot.of] = [dict(one) for one in touched[slot.of]]
        put = _put_many if slot.many else _put
        touched[slot.of] = put(touched[slot.of], slot, wanted[name])
    out: Json = {of: _written(entries) for of, entries in touched.items() if entries != before[of]}
    if LABELS in values:
        now = list(groups_of(person))
        after = _groups(now, values[LABELS] or [], shown, groups)
        if set(after) != set(now):
            out["memberships"] = _memberships(after)
    return out, tuple(sorted(out))


def untouched(person: Mapping[str, Any], lists: Collection[str]) -> Json:
    """These lists of a person as they stand, to be sent with a mask that names them. Raises ValueError as `changed`."""
    out: Json = {of: _written([_kept(one) for one in own_entries(person, of)]) for of in lists}
    if "memberships" in out:
        out["memberships"] = _memberships(groups_of(person))
        if not out["memberships"]:
            raise ValueError("a contact that is in a group")  # Google takes none that is in no group
    return out


def etags(person: Mapping[str, Any]) -> Json:
    """What an update must carry, so that it is refused where the contact was changed in the meantime."""
    source = {name: value for name, value in source_of(person).items() if name in ("type", "id", "etag")}
    return {"etag": person.get("etag"), "metadata": {"sources": [source]}}


def _memberships(groups: Iterable[str]) -> list[Json]:
    return [{"contactGroupMembership": {"contactGroupResourceName": one}} for one in groups]


def _groups(
    now: Sequence[str], labels: Sequence[str], shown: Mapping[str, str | None], groups: Mapping[str, str]
) -> list[str]:
    """The groups of a contact with exactly these labels. Those that are not shown stay, and it is in one at least."""
    hidden = [one for one in now if shown.get(one) is None]
    if not now:
        hidden = [MY_CONTACTS]  # where a person who makes a contact puts it
    return list(dict.fromkeys([*hidden, *(groups[label] for label in labels)])) or [MY_CONTACTS]


def _kept(entry: Mapping[str, Any]) -> Json:
    """An entry as it may be sent back."""
    out = {name: value for name, value in entry.items() if name not in SHOWN}
    if is_main(entry):
        out["metadata"] = {"sourcePrimary": True}
    return out


def _put(entries: list[Json], slot: Slot, value: Value) -> list[Json]:
    """The entries with this value in its slot."""
    value = value or None
    place = place_of(entries, slot)
    if slot.name == "email" and value is not None:
        alike = [
            n for n, one in enumerate(entries) if _key(slot.of, one.get("value")) == _key(slot.of, value)
        ]
        if (
            alike and place not in alike
        ):  # it stands there already: it becomes the main one, and nothing is lost
            return _first_of([{**one} for one in entries], alike[0], value)
    if place is None:
        if value is None:
            return entries
        return [*entries, {slot.attribute: value, **({slot.by: slot.word} if slot.by else {})}]
    entry = dict(entries[place])
    if slot.of == "addresses" and (whole := street_of(entry)):
        entry["streetAddress"] = whole
    if (entry.get(slot.attribute) or None) == value:
        return entries
    entry[slot.attribute] = value
    _drop_derived(entry, slot)
    left = {name: one for name, one in entry.items() if one is not None}
    keep = any(left.get(name) for name in MAIN.get(slot.of, ("value",)))
    return [*entries[:place], *([left] if keep else []), *entries[place + 1 :]]


def _drop_derived(entry: Json, slot: Slot) -> None:
    """Take out what was made of the old value, or would contradict the new one."""
    match slot.of:
        case "names":
            entry.pop("unstructuredName", None)
        case "addresses":
            entry.pop("formattedValue", None)
            if slot.attribute == "country":
                entry.pop("countryCode", None)
        case "biographies":
            entry["contentType"] = "TEXT_PLAIN"


def _put_many(entries: list[Json], slot: Slot, value: Value) -> list[Json]:
    """The entries with exactly these values, the first as the main one. An entry whose value stays keeps its type."""
    left = list(entries)
    out: list[Json] = []
    for one in dict.fromkeys(value or []):
        alike = [each for each in left if each.get("value") == one] or [
            each for each in left if _key(slot.of, each.get("value")) == _key(slot.of, one)
        ]
        if alike:
            left.remove(alike[0])
        out.append({**(alike[0] if alike else {}), "value": one})
    if [one["value"] for one in main_first(entries)] == [one["value"] for one in out]:
        return entries
    return _first_of(out, 0, out[0]["value"]) if len(out) > 1 else out


def _first_of(entries: list[Json], place: int, value: str) -> list[Json]:
    """The entries, of which this one is the main one now."""
    for n, entry in enumerate(entries):
        entry.pop("metadata", None)
        if n == place:
            entry.update(value=value, metadata={"sourcePrimary": True})
    return entries


def _written(entries: list[Json]) -> list[Json]:
    return [{name: value for name, value in one.items() if value is not None} for one in entries]


def _key(of: str, value: object) -> str:
    """What two entries have in common that mean the same."""
    text = str(value or "").strip().casefold()
    return re.sub(r"[^\d+]", "", text) or text if of == "phoneNumbers" else text.rstrip("/")
