"""Processor time per item from the bytes of a page to the plan: decode, mirror, detect, plan apart. No network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from bench.prepared import BEGIN, PAGE, Agreeable, Item, Prepared, templates, zoho_of
from bench.result import Line, Measured
from bench.shop import board, empty_store
from stockbridge.core.record import Record
from stockbridge.engine.read import store_page, store_records
from stockbridge.engine.session import Session, open_session
from stockbridge.engine.settle import CHUNK
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
    with empty_store() as engine, sync_lock(engine, 1) as epoch:
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
    return Measured(
        name="cpu",
        sizes=f"{count:,} items, each as a list row and a full record",
        lines=[
            *(Line(what=part, value=value, unit="µs/item") for part, value in parts.items()),
            Line(
                what="page bytes to plan",
                value=total,
                unit="µs/item",
                target=f"<= {_TARGET:.0f}",
                met=total <= _TARGET,
            ),
        ],
    )


def _import(session: Session, watch: _Stopwatch) -> int:
    """Read the list, fetch the details, decide; returns how many writes were planned."""
    compiled = session.flows[0]
    stream, at = compiled.a.stream, session.at("a", compiled.a.stream.name)
    pages = session.a.read(stream.name, None)
    while True:
        with watch.of("decode"):
            page = next(pages, None)
        if page is None:
            break
        with watch.of("mirror"), session.begin() as connection:
            store_page(session, connection, "a", stream, page, 1)
            checkpoints.save(connection, 1, "a", stream.name, Checkpoint(cursor=page.checkpoint, sweep=1))
    place = (1, "")
    while True:
        with watch.of("detect"), session.engine.connect() as connection:
            rows = mirror.changed(connection, at, place, 2000, thin=True)
            thin = lacking_detail(session, connection, compiled, [record for _, record in rows])
        if not rows:
            break
        place = (rows[-1][0], rows[-1][1].id)
        for start in range(0, len(thin), PAGE):
            with watch.of("decode"):
                found = session.a.fetch(stream.name, [one.id for one in thin[start : start + PAGE]])
            records = [one for one in found if isinstance(one, Record)]
            with watch.of("mirror"), session.begin() as connection:
                store_records(session, connection, "a", stream, records)
    place, planned = (1, ""), 0
    while True:
        with watch.of("detect"), session.engine.connect() as connection:
            rows = mirror.changed(connection, at, place, CHUNK)
            lacking_detail(session, connection, compiled, [record for _, record in rows])
        if not rows:
            return planned
        place = (rows[-1][0], rows[-1][1].id)
        with watch.of("plan"), session.engine.connect() as connection:
            records = [record for _, record in rows]
            items = decide_chunk(
                session, connection, compiled, [one.id for one in records], [], read_a=records
            )
        planned += sum(len(item.decision.writes) for item in items)
