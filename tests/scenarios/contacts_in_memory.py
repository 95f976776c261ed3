"""The world of the contact scenarios on two memory connectors, which declare the streams of Zoho and Google.

The real systems work some fields out by themselves: which entry of a list is the work phone, what a contact is called, that
a name is there once. `_Zoho` and `_Google` do that, as simply as the scenarios allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from scenarios.contacts_language import Fields, Names, Scenario, System, typed
from stockbridge.connectors.memory import Memory
from stockbridge.connectors.people.slots import LABELS
from stockbridge.connectors.people.streams import contacts_stream as google_contacts
from stockbridge.connectors.zoho.contact_writes import other_name
from stockbridge.connectors.zoho.contacts import AMOUNTS
from stockbridge.connectors.zoho.contacts import contacts_stream as zoho_contacts
from stockbridge.core.errors import Rejected, Unauthorized
from stockbridge.core.record import Field, Kind, Page, Record, Refusal, Stream, Values

CONTACTS = "contacts"
_LISTS = {
    "emails": ("email",),
    "phones": ("phone_work", "phone_mobile", "phone_home", "fax_work"),
    "urls": ("url_work",),
}
_NAMES = ("honorific_prefix", "given_name", "middle_name", "family_name", "honorific_suffix")


def _empty(stream: Stream) -> Values:
    listed = {one.name for one in stream.fields if one.many or one.kind is Kind.LABELS}
    flags = {one.name for one in stream.fields if one.kind is Kind.FLAG}
    return {
        one.name: [] if one.name in listed else False if one.name in flags else None for one in stream.fields
    }


class _Dated(Memory):
    """Every record tells when it was changed, and is shown at once to whoever made it."""

    clock: Callable[[], datetime]

    def put(self, stream: str, values: Values, id: str | None = None) -> str:
        known = self._rows[stream].get(id or "")
        fresh = known is None or known.deleted
        held = self._first_values(stream) if fresh or known is None else known.values
        labels = {one.name for one in self.streams()[stream].fields if one.kind is Kind.LABELS}
        values = {name: sorted(value) if name in labels else value for name, value in values.items()}
        id = super().put(stream, self._worked_out({**held}, values), id)
        self._rows[stream][id] = msgspec.structs.replace(self._rows[stream][id], modified=self.clock())
        return id

    def _first_values(self, stream: str) -> Values:
        return _empty(self.streams()[stream])

    def _worked_out(self, held: Values, new: Values) -> Values:
        return {**held, **new}


class _Zoho(_Dated):
    def _first_values(self, stream: str) -> Values:
        first = {"contact_type": "customer", "customer_sub_type": "business", "status": "active"}
        amounts: Values = dict.fromkeys(AMOUNTS, Decimal(0))
        return {**super()._first_values(stream), **first, **amounts, "currency_code": "EUR"}

    def create(self, stream: str, values: Values, mark: str) -> Record:
        name = values["contact_name"].casefold()
        if any(name == row["contact_name"].casefold() for row in self.rows(stream).values()):
            values = {**values, "contact_name": other_name(values, mark)}
        made = super().create(stream, values, mark)
        self._rows[stream][made.id] = msgspec.structs.replace(
            made, values={**made.values, "status": "active"}
        )
        return self._rows[stream][made.id]

    def remove(self, stream: str, id: str) -> None:
        if self.rows(stream).get(id, {}).get("has_transaction"):
            raise Rejected("The contact has transactions.", remedy="Mark it as inactive instead.")
        super().remove(stream, id)


class _Google(_Dated):
    """A list and its typed entries are the same entries; the login may be taken back."""

    signed_in = True

    def _worked_out(self, held: Values, new: Values) -> Values:
        out = {**held, **new}
        for name, parts in _LISTS.items():
            if name in new:  # the list as a whole: typed entries that are not in it any more are gone
                for part in parts:
                    if name == "emails":
                        out[part] = new[name][0] if new[name] else None
                    elif part not in new and held[part] not in new[name]:
                        out[part] = None
                continue
            entries = list(held[name])
            for part in (part for part in parts if part in new):
                old, value = held[part], new[part]
                if part == "email" and value in entries:  # another one becomes the main one
                    entries.insert(0, entries.pop(entries.index(value)))
                elif old in entries and value:
                    entries[entries.index(old)] = value
                elif old in entries:
                    entries.remove(old)
                elif value:
                    entries.append(value)
            out[name] = entries
        if "email" in new and "emails" not in new:
            out["email"] = out["emails"][0] if out["emails"] else None
        out["display_name"] = " ".join(part for one in _NAMES if (part := out[one])) or None
        return out

    def _check(self) -> None:
        if not self.signed_in:
            raise Unauthorized("Google refused the login.", remedy="Sign in again.", code="invalid_grant")

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        self._check()
        return super().read(stream, since)

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        self._check()
        return super().fetch(stream, ids)

    def create(self, stream: str, values: Values, mark: str) -> Record:
        self._check()
        return super().create(stream, values, mark)

    def update(self, stream: str, id: str, values: Values) -> Record:
        self._check()
        return super().update(stream, id, values)


@dataclass(slots=True, kw_only=True)
class MemoryWorld:
    """Zoho without tombstones, Google with them and with its delay."""

    zoho: _Zoho
    google: _Google
    fields: list[Field]
    names: Names = field(default_factory=Names)
    passed: timedelta = timedelta()
    bin: dict[str, Fields] = field(default_factory=dict)

    def custom(self) -> list[Field]:
        return self.fields

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def later(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)

    def _memory(self, system: System) -> _Dated:
        return self.zoho if system == "zoho" else self.google

    def put(self, system: System, name: str, fields: Fields) -> None:
        memory = self._memory(system)
        known = self.names.find(system, name)
        if known not in memory.rows(CONTACTS):
            known = None
            if system == "zoho":
                fields = {"contact_name": name.capitalize(), **fields}
        values = typed(memory.streams()[CONTACTS], fields)
        self.names.add(system, name, memory.put(CONTACTS, values, known))

    def drop(self, system: System, name: str) -> None:
        memory, id = self._memory(system), self.names.id(system, name)
        self.bin[id] = memory.rows(CONTACTS)[id]
        memory.drop(CONTACTS, id)

    def merge(self, kept: str, others: list[str]) -> None:
        id = self.names.id("google", kept)
        for other in others:
            now, lost = (self.google.rows(CONTACTS)[self.names.id("google", one)] for one in (kept, other))
            lists: Values = {
                name: [*now[name], *(one for one in lost[name] if one not in now[name])] for name in _LISTS
            }
            lists[LABELS] = sorted({*now[LABELS], *lost[LABELS]})
            filled = {name: value for name, value in lost.items() if now[name] is None and value is not None}
            self.google.put(CONTACTS, {**filled, **lists}, id)
            self.drop("google", other)

    def restore(self, name: str) -> None:
        id = self.names.id("google", name)
        self.google.put(CONTACTS, self.bin.pop(id), id)

    def sign_in(self, *, valid: bool) -> None:
        self.google.signed_in = valid

    def rows(self, system: System) -> dict[str, Fields]:
        return self._memory(system).rows(CONTACTS)


def memory_world(scenario: Scenario) -> MemoryWorld:
    """Both memories, empty, with the custom fields of the scenario."""
    fields = [one.field for one in scenario.custom]
    at_google = google_contacts(scenario.keys)
    more = tuple(Field(name=one.name, kind=Kind.FLAG, role=one.role) for one in scenario.extra)
    at_google = msgspec.structs.replace(at_google, fields=(*at_google.fields, *more))

    def now() -> datetime:
        return world.now()

    options: dict[str, Any] = {"now": now}
    zoho = _Zoho("Zoho", {CONTACTS: zoho_contacts(fields)}, prefix="46000", **options)
    google = _Google("Google", {CONTACTS: at_google}, prefix="people/c", tombstones=True, **options)
    zoho.clock = google.clock = now
    world = MemoryWorld(zoho=zoho, google=google, fields=fields)
    return world
