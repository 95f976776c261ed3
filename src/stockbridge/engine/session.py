"""One sync opened for work: its two connectors, its compiled flows, its store, its lease."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Engine

from stockbridge.connectors.base import Connector
from stockbridge.core.compiled import Compiled, compile_flow
from stockbridge.core.flow import Flow, Side
from stockbridge.core.record import Stream
from stockbridge.store import links
from stockbridge.store.rows import check_epoch, moment_text
from stockbridge.store.shelf import Shelf, shelf


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What every part of the engine works with. Made by `open_session`; the lease is held by whoever opened it."""

    engine: Engine
    sync_id: int
    name: str
    epoch: int
    a: Connector
    b: Connector
    flows: tuple[Compiled, ...]
    shelves: Mapping[tuple[str, str], Shelf]
    bonds: Mapping[str, links.Bonds]
    fingerprints: Mapping[str, str]
    now: Callable[[], datetime] = utc_now
    full_read_hours: float = 24
    recipe_reads: int = 1  # every how many full reads what hides behind stock movements is read as well
    fetch_threads: int = 8
    write_threads: int = 10
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction; refused when another process took the sync over."""
        with self.engine.begin() as connection:
            check_epoch(connection, self.sync_id, self.epoch)
            yield connection

    def at(self, side: Side, stream: str) -> Shelf:
        return self.shelves[(side, stream)]

    def connector(self, side: Side) -> Connector:
        return self.a if side == "a" else self.b

    def clock(self) -> str:
        """The present moment as the store keeps it."""
        return moment_text(self.now())

    @property
    def fingerprint(self) -> str:
        """Changes whenever a mapping or rule of any flow does."""
        return _digest(sorted(self.fingerprints.items()))


def _digest(data: object) -> str:
    return sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()[:16]


def open_session(
    engine: Engine,
    *,
    sync_id: int,
    name: str,
    epoch: int,
    a: Connector,
    b: Connector,
    flows: Sequence[Flow],
    now: Callable[[], datetime] = utc_now,
    full_read_hours: float = 24,
    recipe_reads: int = 1,
) -> Session:
    """Bind flows to connectors. Raises ValueError where a flow names a stream or field that is not there."""
    by_streams = {(flow.a, flow.b): flow.name for flow in flows if flow.along is None}
    a_streams, b_streams = a.streams(), b.streams()
    compiled = tuple(
        compile_flow(flow, a_streams[flow.a], b_streams[flow.b], by_streams)
        for flow in in_order(flows, a_streams, b_streams)
    )
    shelves: dict[tuple[str, str], Shelf] = {}
    for one in compiled:
        for side, stream, streams in (("a", one.a.stream, a_streams), ("b", one.b.stream, b_streams)):
            names = one.flow.likely.names if one.flow.likely is not None else ()
            shelves[(side, stream.name)] = shelf(sync_id, side, stream, one.flow.region, names)
            if stream.derived_from:
                parent = streams[stream.derived_from]
                shelves[(side, parent.name)] = shelf(sync_id, side, parent)
    return Session(
        engine=engine,
        sync_id=sync_id,
        name=name,
        epoch=epoch,
        a=a,
        b=b,
        flows=compiled,
        shelves=shelves,
        bonds={
            one.flow.name: links.bonds(sync_id, one.flow.name, one.a.stream.fields, one.b.stream.fields)
            for one in compiled
        },
        fingerprints={flow.name: _digest(flow) for flow in flows},
        now=now,
        full_read_hours=full_read_hours,
        recipe_reads=recipe_reads,
    )


def in_order(
    flows: Sequence[Flow], a_streams: Mapping[str, Stream], b_streams: Mapping[str, Stream]
) -> list[Flow]:
    """Flows so that what a record refers to comes before it; derived from the reference fields, else as given."""
    out: list[Flow] = []

    def add(flow: Flow, path: tuple[str, ...]) -> None:
        if flow in out:
            return
        if flow.name in path:
            raise ValueError(f"These flows refer to each other in a circle: {', '.join((*path, flow.name))}")
        stream = b_streams[flow.b]
        fields = [*stream.fields, *(child for one in stream.fields for child in one.children)]
        at_b = {one.refers_to for one in fields if one.refers_to and one.writable}
        at_a = {a_streams[flow.a].field(pair.needs) for pair in flow.pairs if pair.needs}
        for other in flows:
            named = {flow.along, *(pair.through for pair in flow.pairs)}
            before = other.along is None and other.b in at_b and other.b != flow.b
            before = before or other.name in named or any(one and one.refers_to == other.a for one in at_a)
            if before and other is not flow:
                add(other, (*path, flow.name))
        out.append(flow)

    for flow in flows:
        add(flow, ())
    return out
