"""Processor time per item from the bytes of a page to the plan: decode, mirror, detect, plan apart. No network."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from bench.prepared import BEGIN, PAGE, Agreeable, Item, Prepared, templates, zoho_of
from bench.result import Line, Measured
from bench.shop import board, empty_store
from stockbridge.core.record import Record
from stockbridge.engine.collector import seldom_collected
from stockbridge.engine.fetch import Fetcher, Source
from stockbridge.engine.intake import store_page, store_records
from stockbridge.engine.session import Session, open_session
from stockbridge.engine.settle import CHUNK, plan_fetches
from stockbridge.engine.work import decide_chunk, lacking_detail
from stockbridge.store import checkpoints, mirror
from stockbridge.store.checkpoints import Checkpoint
from stockbridge.store.database import sync_lock

_TARGET = 60.0


@dataclass(slots=True)
class _Stopwatch:
    """Processor seconds by part, less what `prepared` spent on making the bytes."""

    prepared: Prepared
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        own, began = self.prepared.own, time.process_time()
        yield
        seconds = time.process_time() - began - (self.prepared.own - own)
        self.spent[part] = self.spent.get(part, 0.0) + seconds


def measure(quick: bool) -> Measured:
    """A first import of items, each with its list row and its full record, by the functions that a run uses."""
    count = 2_000 if quick else 100_000
    prepared = Prepared(templates())
    prepared.show(
        [
            Item(number=n, id=f"{260815000000000000 + n}", changed=BEGIN + timedelta(seconds=n))
            for n in range(count)
        ]
    )
    watch = _Stopwatch(prepared)
    with seldom_collected(), empty_store() as engine, sync_lock(engine, 1) as epoch:
        session = open_session(
            engine,
            sync_id=1,
            name="bench",
            epoch=epoch,
            a=zoho_of(prepared),
            b=Agreeable(),
            flows=[flow for flow in board() if flow.name == "products"],
        )
        planned = _import(session, watch)
    assert planned == count
    parts = {part: watch.spent[part] / count * 1e6 for part in ("decode", "mirror", "detect", "plan")}
    total = sum(parts.values())
    record = total / 2
    return Measured(
        name="cpu",
        sizes=f"{count:,} items, each as a list row and a full record",
        lines=[
            *(Line(what=part, value=value, unit="µs/item") for part, value in parts.items()),
            Line(what="page bytes to plan", value=total, unit="µs/item"),
            Line(
                what="for each of the two records",
                value=record,
                unit="µs/record",
                target=f"<= {_TARGET:.0f}",
                met=record <= _TARGET,
            ),
        ],
    )


@dataclass(slots=True)
class _Wanted:
    """Stands where the fetcher stands: just notes what is asked for."""

    open: dict[Source, dict[str, int]] = field(default_factory=dict)

    def want(self, source: Source, ids: Mapping[str, int]) -> None:
        """Note it."""
        self.open.setdefault(source, {}).update(ids)


def _import(session: Session, watch: _Stopwatch) -> int:
    """Read the list, fetch the details, decide, in the order of a run; returns how many writes were planned."""
    compiled = session.flows[0]
    stream = compiled.a.stream
    pages = session.a.read(stream.name, None)
    while True:
        with watch.of("decode"):
            page = next(pages, None)
        if page is None:
            break
        with watch.of("mirror"), session.begin() as connection:
            store_page(session, connection, "a", stream, page, 1)
            checkpoints.save(connection, 1, "a", stream.name, Checkpoint(cursor=page.checkpoint, sweep=1))
    fetcher = _Wanted()
    with watch.of("detect"):
        plan_fetches(session, session.flows, cast(Fetcher, fetcher))
    wanted = fetcher.open["a", stream.name]
    place, planned = _decide(session, watch, wanted, (1, ""))  # a run comes by the list rows once more
    ids = list(wanted)
    for start in range(0, len(ids), PAGE):
        with watch.of("decode"):
            found = session.a.fetch(stream.name, ids[start : start + PAGE])
        records = [one for one in found if isinstance(one, Record)]
        with watch.of("mirror"), session.begin() as connection:
            store_records(session, connection, "a", stream, records)
        for one in found:
            wanted.pop(one.id)
        place, more = _decide(session, watch, wanted, place)
        planned += more
    return planned


def _decide(
    session: Session, watch: _Stopwatch, wanted: Mapping[str, int], place: tuple[int, str]
) -> tuple[tuple[int, str], int]:
    """Decide what is new beyond `place`, as run_flow does; returns the place reached, and the number of writes."""
    compiled = session.flows[0]
    at = session.at("a", compiled.a.stream.name)
    planned = 0
    while True:
        with watch.of("detect"), session.engine.connect() as connection:
            found = mirror.places(connection, at, place, CHUNK)
            records = mirror.at_places(connection, at, [one for one in found if one[1] not in wanted])
            lacking_detail(session, connection, compiled, records)
        if not found:
            return place, planned
        place = found[-1]
        if records:
            with watch.of("plan"), session.engine.connect() as connection:
                ids = [one.id for one in records]
                items = decide_chunk(session, connection, compiled, ids, [], read_a=records)
            planned += sum(len(item.decision.writes) for item in items)
