"""Optiply's JSON:API into Records or Refusals, and values into request bodies. Source: facts, Optiply 1.3, 1.5, 1.8."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from stockbridge.core.errors import Rejected
from stockbridge.core.record import Field, Kind, Record, Refusal, Stream, Value, Values
from stockbridge.http.values import READERS, moment, text

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Resource(msgspec.Struct, frozen=True):
    """One JSON:API resource."""

    id: Any = None
    attributes: dict[str, Any] = msgspec.field(default_factory=dict)


class _Many(msgspec.Struct, frozen=True):
    data: list[Resource]
    links: Any = None
    meta: Any = None


class _One(msgspec.Struct, frozen=True):
    data: Resource


_many = msgspec.json.Decoder(_Many, float_hook=Decimal)
_one = msgspec.json.Decoder(_One, float_hook=Decimal)
_loose = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """A page of a list: its rows (something else than a Resource where a row is malformed), and what follows.

    `total` counts all rows of the list; None where Optiply does not say.
    """

    rows: list[Any]
    more: bool
    total: int | None


def decode_list(body: bytes) -> ListPage:
    """A page of a list. Raises msgspec.DecodeError where the body is not one."""
    try:
        found: Any = _many.decode(body)
        rows: list[Any] = found.data
        links, meta = found.links, found.meta
    except msgspec.ValidationError:
        loose = _loose.decode(body)
        if not isinstance(loose.get("data"), list):
            raise
        rows = [_convert(row) for row in loose["data"]]
        links, meta = loose.get("links"), loose.get("meta")
    total = meta.get("totalResourceCount") if isinstance(meta, dict) else None
    return ListPage(
        rows=rows,
        more=bool(links.get("next")) if isinstance(links, dict) else False,
        total=total if type(total) is int else None,
    )


def decode_one(body: bytes) -> Resource:
    """A single answer. Raises msgspec.DecodeError where the body is not one."""
    return _one.decode(body).data


def _convert(row: Any) -> Any:
    try:
        return msgspec.convert(row, Resource)
    except msgspec.ValidationError:
        return row


class Rows:
    """Parses and renders the records of one stream for one coupling. Pure and safe to use from several threads."""

    def __init__(self, stream: Stream, coupling_id: str) -> None:
        self.stream = stream
        self._coupling = coupling_id
        self._full = stream.detail_size == 0
        self._plan = tuple(
            (field.name, READERS[field.kind])
            for field in stream.fields
            if field.kind in READERS and field.name != stream.mark
        )

    def parse(self, row: Any, place: str) -> Record | Refusal:
        """The Record of a resource, or why there is none. `place` says where a row without an id stood."""
        stream = self.stream
        if not isinstance(row, Resource) or type(row.id) not in (str, int) or row.id == "":
            return Refusal(
                id=f"{stream.name}:{place}",
                reason=f"This row of Optiply's {stream.name} has no id or is no resource.",
                remedy="Report it to Optiply's support.",
            )
        id, given = str(row.id), row.attributes
        values: Values = {}
        name, value = "remoteIdMap", given.get("remoteIdMap", UNSET)
        try:
            if value is not UNSET and stream.mark is not None:
                if value is not None and not isinstance(value, Mapping):
                    raise ValueError("an object of ids by coupling")
                # The map has a key per coupling: ours counts, never the first one (facts: Optiply 1.8).
                values[stream.mark] = text((value or {}).get(self._coupling))
            for name, read in self._plan:
                value = given.get(name, UNSET)
                if value is not UNSET:
                    values[name] = read(value)
        except ValueError as error:
            return Refusal(
                id=id,
                reason=f'"{name}" of {stream.noun} {id} in Optiply is "{str(value)[:80]}", which is not {error}.',
                remedy=f'Correct "{name}" of this {stream.noun} in Optiply.',
            )
        updated = given.get("updatedAt")
        modified = values.get("updatedAt")
        # Optiply's times may be whole seconds, in which two edits fit, so the content is part of the version.
        version = f"{updated or ''}#{zlib.crc32(_encode(values)):08x}"
        return Record(id=id, values=values, version=version, modified=modified, full=self._full)

    def render(self, values: Mapping[str, Value], *, mark: str | None = None, id: str | None = None) -> bytes:
        """The body of a POST (with the mark) or PATCH (with the id). Raises Rejected for a value Optiply cannot take."""
        attributes = {}
        for name, value in values.items():
            attributes[name] = _written(self._field(name), value, name)
        if mark is not None and self.stream.mark is not None:
            attributes[self.stream.mark] = mark
        data: dict[str, Any] = {"type": self.stream.name, "attributes": attributes}
        if id is not None:
            data["id"] = id
        return _encode({"data": data})

    def _field(self, name: str) -> Field:
        field = self.stream.field(name)
        if field is None or not field.writable:
            raise Rejected(
                f"Optiply's {self.stream.name} have no {name} that can be written.",
                field=name,
                remedy="Take it out of the mapping.",
            )
        return field


def _written(field: Field, value: Value, path: str) -> Any:
    """A value as Optiply takes it: real integers, numbers with their places, times in UTC with a Z."""
    if value is None:
        return None
    try:
        if field.refers_to is not None:
            return int(value)
        match field.kind:
            case Kind.NUMBER:
                return _rounded(value, field.places)
            case Kind.INTEGER:
                whole = int(value)
                if whole != value:
                    raise ValueError(value)
                return whole
            case Kind.MOMENT:
                return f"{_utc(value):%Y-%m-%dT%H:%M:%SZ}"
            case Kind.CHILDREN:
                children = {child.name: child for child in field.children}
                return [
                    {
                        key: _written(children[key], part, f"{path}[{place}].{key}")
                        for key, part in line.items()
                    }
                    for place, line in enumerate(value, start=1)
                ]
            case _:
                return value
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        wanted = f"the id of one of Optiply's {field.refers_to}" if field.refers_to else f"a {field.kind}"
        raise Rejected(
            f"{path} is {str(value)[:80]!r}, which is not {wanted}.",
            field=path,
            remedy="Correct the value in Zoho or in the mapping.",
        ) from error


def _rounded(value: Value, places: int | None) -> Decimal:
    number = value if isinstance(value, Decimal) else Decimal(value)
    if not number.is_finite():
        raise ValueError(value)
    return number if places is None else number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _utc(value: Value) -> datetime:
    found = value if isinstance(value, datetime) else moment(value)
    if found is None or found.tzinfo is None:
        raise ValueError(value)
    return found.astimezone(UTC)
