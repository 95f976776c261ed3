"""The language of the scenario files in `contact_scenarios/`: what their tables mean, and how names in them become ids."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from stockbridge.connectors.base import Connector
from stockbridge.core.flow import Side
from stockbridge.core.record import Field, Kind, Stream

Fields: TypeAlias = dict[str, Any]
System: TypeAlias = Literal["zoho", "google"]
Edits: TypeAlias = dict[
    str, Fields
]  # name of a contact -> its fields; parts of an address as tables or GROUP.PART

FOLDER = Path(__file__).parent / "contact_scenarios"
SYSTEMS: tuple[System, System] = ("zoho", "google")
SYSTEM_OF: dict[Side, System] = {"a": "zoho", "b": "google"}

_KINDS: dict[str, Kind] = {
    "string": Kind.TEXT,
    "multiline": Kind.LONG_TEXT,
    "decimal": Kind.NUMBER,
    "date": Kind.DAY,
    "check_box": Kind.FLAG,
    "dropdown": Kind.SELECT,
    "multiselect": Kind.LABELS,
    "email": Kind.EMAIL,
    "phone": Kind.PHONE,
}


class Custom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custom field of Zoho's contacts, with Zoho's word for its type."""

    label: str
    type: str = "string"
    options: tuple[str, ...] = ()

    @property
    def field(self) -> Field:
        """As the connector declares it: "Card number" is cf_card_number."""
        name = "cf_" + self.label.lower().replace(" ", "_")
        kind = _KINDS[self.type]
        return Field(name=name, kind=kind, label=self.label, detail=True, choices=self.options)


class Extra(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A yes/no field that Google does not have, as another system would declare it (memory only)."""

    name: str
    role: Literal["unsubscribed"]


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A write of the run, with every field that it sets; of a create those that are filled."""

    at: System
    op: Literal["create", "update", "remove"]
    record: str
    sets: Fields = {}


class ByHand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decides about single records; of "link" both are named, of the others one."""

    do: Literal["link", "unlink", "exclude", "include"]
    zoho: str = ""
    google: str = ""
    why: str = ""


class Step(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Edits at both sides, a run, and what is expected of it.

    `zoho` and `google` are made or changed, `gone` is deleted ("google.dave"), `merged` at Google ("kept" takes the others),
    `restored` are taken out of Google's bin as they were. `sync` replaces settings from before, by table. `signed_in` takes the login of
    Google back, or gives a new one. `later` are hours that pass before, `order` who edits first.

    `writes` lists all writes of the run (None: not looked at). `links` are all links, Zoho's name to Google's (None: as
    before). `health` tells of every record that is not in step: "state: a piece of its reason". `asks` are the open
    questions, "name of the contact: field" or "name in Zoho is name at Google". `stands` names every contact of a side afterwards; of each only the fields that
    are named. `calls` are those of the whole run by system. `stops` is what stops the run.
    """

    about: str = ""
    run: Literal["run", "full"] = "run"
    sync: Fields = {}
    zoho: Edits = {}
    google: Edits = {}
    gone: list[str] = []
    merged: dict[str, list[str]] = {}
    restored: list[str] = []
    by_hand: list[ByHand] = []
    answers: dict[str, Any] = {}
    signed_in: bool | None = None
    later: float = 0
    order: tuple[System, ...] = SYSTEMS

    writes: list[Written] | None = None
    links: dict[str, str] | None = None
    health: dict[str, str] = {}
    asks: list[str] = []
    stands: dict[System, Edits] = {}
    calls: dict[System, int] = {}
    stops: str = ""
    foreseen: bool = True

    def edits(self, system: System) -> Edits:
        return self.zoho if system == "zoho" else self.google


class Scenario(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One file. `start` is what stands before the first step; nothing of it is synced then."""

    title: str
    source: str
    worlds: tuple[str, ...] = ("memory", "sandboxes")
    sync: Fields = {}
    custom: tuple[Custom, ...] = ()
    extra: tuple[Extra, ...] = ()
    start: dict[System, Edits] = {}
    step: list[Step]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of Google's user-defined fields that are mentioned anywhere."""
        found: dict[str, None] = {}
        _keys_in(msgspec.to_builtins(self), found)
        return tuple(found)


_KEY = "user_defined."


def _keys_in(node: Any, found: dict[str, None]) -> None:
    if isinstance(node, Mapping):
        for name, value in node.items():
            _keys_in(name, found)
            _keys_in(value, found)
    elif isinstance(node, (list, tuple)):
        for one in node:
            _keys_in(one, found)
    elif isinstance(node, str) and _KEY in node and " = " not in node:
        found[node.partition(_KEY)[2].rstrip("}")] = None


def load(path: Path) -> Scenario:
    """A scenario file. Raises msgspec.ValidationError where it says something that has no meaning."""
    data = tomllib.loads(path.read_text(), parse_float=Decimal)
    scenario = msgspec.convert(data, Scenario)
    for edits in scenario.start.values():
        _flatten(edits)
    for step in scenario.step:
        for system in SYSTEMS:
            _flatten(step.edits(system))
            _flatten(step.stands.get(system, {}))
        for one in step.writes or ():
            _flatten({"": one.sets})
    return scenario


def _flatten(edits: Edits) -> None:
    """Tables within a contact are addresses, or user-defined fields: their entries become fields GROUP.PART."""
    for fields in edits.values():
        for name in [name for name, value in fields.items() if isinstance(value, dict)]:
            fields.update({f"{name}.{part}": value for part, value in fields.pop(name).items()})


@dataclass(slots=True, kw_only=True)
class Names:
    """The ids of named contacts and the names of ids, by system."""

    ids: dict[tuple[System, str], str] = field(default_factory=dict)
    names: dict[tuple[System, str], str] = field(default_factory=dict)

    def add(self, system: System, name: str, id: str) -> None:
        self.ids[system, name] = id
        self.names[system, id] = name

    def id(self, system: System, name: str) -> str:
        return self.ids[system, name]

    def find(self, system: System, name: str) -> str | None:
        return self.ids.get((system, name))

    def name(self, system: System, id: str | None) -> str:
        return self.names.get((system, id or ""), id or "")

    def learn(self, links: Mapping[str, str]) -> None:
        """Name what the sync made after what it was made of; `links` are ids of Zoho and of Google."""
        for zoho, google in links.items():
            if ("google", google) not in self.names and ("zoho", zoho) in self.names:
                self._add_new("google", self.names["zoho", zoho], google)
            if ("zoho", zoho) not in self.names and ("google", google) in self.names:
                self._add_new("zoho", self.names["google", google], zoho)

    def _add_new(self, system: System, name: str, id: str) -> None:
        """A second one of that name is "dave 2"."""
        self.add(system, f"{name} 2" if (system, name) in self.ids else name, id)


class World(Protocol):
    """Both systems, and the people who work in them."""

    names: Names

    @property
    def zoho(self) -> Connector: ...
    @property
    def google(self) -> Connector: ...
    def custom(self) -> list[Field]:
        """The custom fields of Zoho's contacts, as they can be asked for."""
        ...

    def now(self) -> datetime: ...
    def later(self, seconds: float) -> None: ...
    def put(self, system: System, name: str, fields: Fields) -> None:
        """Make a contact, or change these fields of it. A contact that was deleted is made anew."""
        ...

    def drop(self, system: System, name: str) -> None: ...
    def merge(self, kept: str, others: list[str]) -> None:
        """Merge contacts in Google: the first one takes what it does not have yet, the others are gone."""
        ...

    def restore(self, name: str) -> None:
        """Take a contact out of Google's bin."""
        ...

    def sign_in(self, *, valid: bool) -> None:
        """Take the login of Google back, or sign in again."""
        ...

    def rows(self, system: System) -> dict[str, Fields]:
        """What stands there by id, in the fields of the stream, as people see it."""
        ...


def typed(stream: Stream, fields: Fields) -> Fields:
    """The values of a file as a connector reads them: an empty text is None, numbers are decimal, labels are sorted."""
    out: Fields = {}
    for name, value in fields.items():
        declared = stream.field(name)
        assert declared is not None, f"{stream.name} has no field {name}"
        if value == "":
            value = None
        elif declared.kind is Kind.NUMBER and not isinstance(value, bool):
            value = Decimal(str(value))
        elif declared.kind is Kind.LABELS:
            value = sorted(value)
        out[name] = value
    return out


def same(wanted: Any, found: Any) -> bool:
    """Whether a value is the one that the file wants: numbers by their value, days as days. "" stands for nothing, which a
    file cannot say otherwise, and "*" for anything."""
    if wanted == "*":
        return True
    if wanted in ("", [], None):
        return found in ("", [], None)
    if isinstance(wanted, bool) or isinstance(found, bool):
        return bool(wanted is found)
    if isinstance(wanted, (int, Decimal)) and isinstance(found, (int, Decimal, str)):
        return str(found).replace(".", "", 1).lstrip("-").isdigit() and Decimal(str(found)) == wanted
    if isinstance(wanted, date):
        return (found.isoformat() if isinstance(found, date) else str(found)) == wanted.isoformat()
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(same, wanted, found))
    return bool(wanted == found)
