"""The language of the scenario files in `board_scenarios/`: what their tables mean, and how names in them become ids and back.

A file names records ("bell", "po"); a world gives them ids. Fields that refer to other records hold names in the file and
ids in the world; `Names` translates both ways by what the streams declare.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from stockbridge.connectors.base import Connector
from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.record import Field, Kind, Stream

Fields: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, dict[str, Fields]]  # stream -> name of the record -> its fields
System: TypeAlias = Literal["zoho", "optiply"]

FOLDER = Path(__file__).parent / "board_scenarios"
STREAMS: dict[System, Mapping[str, Stream]] = {"zoho": ZOHO, "optiply": OPTIPLY}
# Streams that show the same thing under the same id, or part of it.
_GROUPS = {"composites": "items", "assemblyOrders": "buyOrderLines", "bundle_receipts": "bundles"}


class Planned(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A write that the run makes. Of an update `sets` holds every field that is written, of a create those worth a look."""

    flow: str
    op: Literal["create", "update", "remove"]
    record: str
    at: System = "optiply"
    sets: Fields = {}


class Left(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A record that the run leaves over, with a piece of what it says about it."""

    flow: str
    record: str
    state: Literal["waiting", "refused", "again", "uncertain"]
    says: str


class Step(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Edits at both sides, a run, and what is expected of it.

    `plan` lists all writes (None: not looked at), `leaves` all that is left over, `left_out` a piece of the reason for
    which a rule keeps something out, by flow. `stands` are all records of a stream afterwards, by system and stream; of
    each only the fields that are named. `stops` is the code of what stops the run. `flags` replace those from before.
    """

    about: str = ""
    run: Literal["run", "full", "exports", "hints"] = "run"
    hints: dict[str, list[str]] = {}
    flags: Fields | None = None
    zoho: Tables = {}
    optiply: Tables = {}
    gone: list[str] = []  # "zoho.purchaseorders.po"
    plan: list[Planned] | None = None
    leaves: list[Left] = []
    left_out: dict[str, str] = {}
    stands: dict[System, dict[str, list[Fields]]] = {}
    stops: str = ""
    foreseen: bool = True  # False where only the writing shows what there is to do

    @property
    def edits(self) -> bool:
        return bool(self.zoho or self.optiply or self.gone)


class Scenario(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One file. `start` is synced before the first step, unless that has no edits: then it tells of this first run."""

    title: str
    source: str
    board: Literal["whole", "goods", "recipes", "sales", "purchases", "assemblies"] = "whole"
    worlds: tuple[str, ...] = ("memory", "sandboxes")
    flags: Fields = {}
    settings: Fields = {}
    connected: date | None = None
    shop: bool = True
    start: dict[System, Tables] = {}
    step: list[Step]


def load(path: Path) -> Scenario:
    """A scenario file. Raises msgspec.ValidationError where it says something that has no meaning."""
    data = tomllib.loads(path.read_text(), parse_float=Decimal)
    return msgspec.convert(data, Scenario)


def the_shop() -> Tables:
    """What stands in Zoho before each scenario that does not do without: `board_shop.toml`."""
    tables: Tables = tomllib.loads((FOLDER.parent / "board_shop.toml").read_text(), parse_float=Decimal)
    return tables


def flag_values(flags: Fields, names: Names) -> Fields:
    """The flags with "@zoho.locations.depot" turned into an id. Receipts move stock, so stock is left out by default."""
    found = {"sync_stock": False, **flags}
    spelled = {"Sync_Stock", "syncStock"} & found.keys()
    if spelled:
        del found["sync_stock"]
    return {name: names.written(value) for name, value in found.items()}


@dataclass(slots=True, kw_only=True)
class Names:
    """The ids of named records and the names of ids, by system and kind."""

    ids: dict[tuple[str, str, str], str] = field(default_factory=dict)
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add(self, system: System, stream: str, name: str, id: str) -> None:
        group = _GROUPS.get(stream, stream)
        self.ids[system, group, name] = id
        self.names[system, group, id] = name

    def id(self, system: System, stream: str, name: str) -> str:
        return self.ids[system, _GROUPS.get(stream, stream), name]

    def find(self, system: System, stream: str, name: str) -> str | None:
        return self.ids.get((system, _GROUPS.get(stream, stream), name))

    def name(self, system: System, stream: str, id: str) -> str | None:
        return self.names.get((system, _GROUPS.get(stream, stream), id))

    def written(self, value: Any) -> Any:
        """A flag's value, where "@system.stream.name" stands for an id."""
        if isinstance(value, list):
            return [self.written(one) for one in value]
        if isinstance(value, str) and value.startswith("@"):
            system, stream, name = value[1:].split(".")
            return self.ids[system, _GROUPS.get(stream, stream), name]
        return value

    def of_zoho(self, id: str) -> str:
        """The name of an id of Zoho, whatever it is of; of ids joined by an underscore the names joined."""
        found = {key: name for (system, _, key), name in self.names.items() if system == "zoho"}
        return "_".join(found.get(part, part) for part in id.split("_"))

    def said(self, words: str) -> str:
        """A sentence with names in place of ids."""
        found = {key: name for (_, _, key), name in self.names.items()}
        return re.sub(r"\d{2,}", lambda match: found.get(match[0], match[0]), words)

    def resolve(self, system: System, stream: str, fields: Fields) -> Fields:
        """The fields of a record with ids where the file has names."""
        declared = declared_fields(system, stream)
        return {
            name: self._resolve(system, stream, _field(declared, name), value)
            for name, value in fields.items()
        }

    def _resolve(self, system: System, stream: str, declared: Field | None, value: Any) -> Any:
        if declared is None or value is None:
            return value
        if declared.kind is Kind.CHILDREN:
            return [
                {
                    name: self._resolve(system, stream, _field(declared.children, name), one)
                    for name, one in line.items()
                }
                for line in value
            ]
        if declared.name == "locations":
            return {self.id("zoho", "locations", place): amounts for place, amounts in value.items()}
        if declared.name == "location_id":
            return self.id("zoho", "locations", value)
        if declared.name == "reference_number":
            kept = "buyOrders" if stream == "purchaseorders" else "buyOrderLines"
            return self.find("optiply", kept, value) or value
        if declared.name == "line_id":
            return self.find("zoho", "purchaseorder_lines", value) or value
        if declared.refers_to and isinstance(value, str):
            return self.find(system, declared.refers_to, value) or value
        return value

    def show(self, system: System, stream: str, values: Mapping[str, Any]) -> Fields:
        """The values of a record with names where they hold ids."""
        return {
            name: self._show(system, stream, _field(STREAMS[system][stream].fields, name), value)
            for name, value in values.items()
        }

    def _show(self, system: System, stream: str, declared: Field | None, value: Any) -> Any:
        if declared is None or value is None:
            return value
        if declared.kind is Kind.CHILDREN:
            return [
                {
                    name: self._show(system, stream, _field(declared.children, name), one)
                    for name, one in line.items()
                }
                for line in value
            ]
        if declared.name == "remoteId":
            return self.of_zoho(value)
        if declared.name == "reference_number":
            kept = "buyOrders" if stream == "purchaseorders" else "buyOrderLines"
            return self.name("optiply", kept, value) or value
        if declared.name == "location_id":
            return self.name("zoho", "locations", value) or value
        if declared.refers_to and isinstance(value, str):
            return self.name(system, declared.refers_to, value) or value
        return value


class World(Protocol):
    """Both systems, and the people who work in them."""

    names: Names

    @property
    def zoho(self) -> Connector: ...
    @property
    def optiply(self) -> Connector: ...
    def now(self) -> datetime: ...
    def later(self, seconds: int) -> None:
        """Let time pass at both sides: what was just made settles."""
        ...

    def put(self, system: System, stream: str, name: str, fields: Fields) -> None:
        """Make a record, or change these fields of it; the fields hold names."""
        ...

    def drop(self, system: System, stream: str, name: str) -> None: ...
    def rows(self, system: System, stream: str) -> dict[str, Fields]:
        """What stands there by id, in the fields of the stream, as far as people see them."""
        ...


def learn(world: World) -> None:
    """Name what the sync made after what it was made of."""
    names = world.names
    for stream in OPTIPLY:
        for id, row in world.rows("optiply", stream).items():
            mark = row.get("remoteId")
            if mark and names.name("optiply", stream, id) is None:
                names.add("optiply", stream, names.of_zoho(mark), id)
    for stream, kept in (("purchaseorders", "buyOrders"), ("bundles", "buyOrderLines")):
        for id, row in world.rows("zoho", stream).items():
            name = names.name("optiply", kept, row.get("reference_number") or "")
            if name and names.name("zoho", stream, id) is None:
                names.add("zoho", stream, name, id)
                for number, line in enumerate(row.get("lines") or (), 1):
                    names.add("zoho", "purchaseorder_lines", f"{name}-{number}", line["line_item_id"])


def same(wanted: Any, found: Any) -> bool:
    """Whether a value is the one that the file wants: numbers by their value, days without their midnight, lists of lines
    by the fields that are named. An empty text stands for nothing as well, which a file cannot say otherwise, and
    "*" for anything."""
    if wanted == "":
        return found in ("", None, [])
    if wanted == "*":
        return True
    if isinstance(wanted, bool) or wanted is None or isinstance(found, bool):
        return bool(wanted is found)
    if isinstance(wanted, (int, Decimal)):
        try:
            return Decimal(str(found)) == wanted
        except InvalidOperation:
            return False
    if isinstance(wanted, datetime):
        moment = found if isinstance(found, datetime) else datetime.fromisoformat(str(found))
        return moment == wanted
    if isinstance(wanted, date):
        text = found.isoformat() if isinstance(found, date) else str(found)
        return text[:10] == wanted.isoformat() and text[10:] in ("", "T00:00:00Z", "T00:00:00+00:00")
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(same(one, found.get(name)) for name, one in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(same(one, other) for one, other in zip(wanted, found, strict=True))
        )
    return bool(wanted == found)


def declared_fields(system: System, stream: str) -> tuple[Field, ...]:
    """The fields that a file may set; a composite item is an item as well."""
    own = STREAMS[system][stream].fields
    return (*own, *ZOHO["items"].fields) if stream == "composites" else own


def _field(fields: Iterable[Field], name: str) -> Field | None:
    return next((one for one in fields if one.name == name), None)
