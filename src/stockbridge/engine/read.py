"""Reading: pages into the mirror, each with its checkpoint in one transaction; and what a finished full read proves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Halt, Retry
from stockbridge.core.flow import Op, Side
from stockbridge.core.record import Record, Refusal, Stream
from stockbridge.core.report import OnProgress, Progress
from stockbridge.engine.guard import approved
from stockbridge.engine.intake import bury_with_children, flows_on, refuse, store_page, store_records
from stockbridge.engine.session import Session
from stockbridge.store import checkpoints, journal, mirror, waiting
from stockbridge.store.checkpoints import Checkpoint
from stockbridge.store.rows import chunks, moment_text
from stockbridge.store.shelf import Shelf


class ReadResult(msgspec.Struct, kw_only=True):
    """What one read of a stream brought: rows listed, records that are new or changed, records certainly gone."""

    side: Side
    stream: str
    full: bool
    hinted: bool = False  # read by id, not from the list
    listed: int = 0
    changed: int = 0
    gone: int = 0


def read_stream(
    session: Session,
    side: Side,
    name: str,
    *,
    sweep: bool,
    anew: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> ReadResult:
    """Read one stream, from its checkpoint or (with `sweep`) from the beginning.

    A full read that was cut short goes on where it stopped, or begins `anew`: what it saw before may have been deleted
    since. One that finishes turns every record it did not see into a tombstone. Raises Halt where a side reads empty
    that was not.
    """
    connector = session.connector(side)
    stream = connector.streams()[name]
    at = session.at(side, name)
    with session.engine.connect() as connection:
        state = checkpoints.load(connection, session.sync_id, side, name)
    if state.cursor is None and state.swept_at is None:
        sweep = True
    sweep = sweep or state.sweep_cursor is not None
    began = session.now()
    result = ReadResult(side=side, stream=name, full=sweep)
    if sweep and (anew or state.sweep_cursor is None):
        state = msgspec.structs.replace(state, sweep=state.sweep + 1, sweep_cursor="")
        with session.begin() as connection:
            for flow in flows_on(session, side, name):
                waiting.clear_unreadable(connection, session.sync_id, flow, side)
            checkpoints.save(connection, session.sync_id, side, name, state)
    since = (state.sweep_cursor or None) if sweep else state.cursor
    newest = state.cursor
    nameless = False
    for page in connector.read(name, since):
        newest = page.checkpoint or newest
        if page.checkpoint is not None:
            state = (
                msgspec.structs.replace(state, sweep_cursor=page.checkpoint)
                if sweep
                else msgspec.structs.replace(state, cursor=page.checkpoint)
            )
        with session.begin() as connection:
            result.changed += store_page(
                session, connection, side, stream, page, state.sweep if sweep else None
            )
            checkpoints.save(connection, session.sync_id, side, name, state)
        nameless = nameless or any(refusal.id.startswith(f"{name}:") for refusal in page.refused)
        result.listed += len(page.records) + len(page.refused)
        progress(result.listed)
    _finish(session, side, at, state, result, newest, sweep, nameless, began)
    return result


def _finish(
    session: Session,
    side: Side,
    at: Shelf,
    state: Checkpoint,
    result: ReadResult,
    newest: str | None,
    sweep: bool,
    nameless: bool,
    began: datetime,
) -> None:
    now = session.clock()
    state = msgspec.structs.replace(state, cursor=newest, read_at=now)
    with session.begin() as connection:
        if sweep:
            # A row without an id may be any of the records that seem to be missing, so nothing is proved then.
            vanished = [] if nameless else mirror.unseen(connection, at, state.sweep)
            vanished = _long_there(session, connection, side, at.stream, vanished, began)
            standing = mirror.count(connection, at)
            emptied = vanished and len(vanished) == standing and standing > 1
            if emptied and "read-empty" not in approved(session, connection):
                raise Halt(
                    f"{session.connector(side).name} shows no {at.stream.noun} at all, where {standing:,} were known.",
                    remedy="Nothing was changed. See whether the right organisation is connected: "
                    "stockbridge accounts check. If it is truly empty: stockbridge approve",
                    code="read-empty",
                )
            if vanished:
                bury_with_children(session, connection, side, at.stream, vanished)
                result.gone = len(vanished)
            state = msgspec.structs.replace(state, sweep_cursor=None, swept_at=now)
        if nameless:  # whichever record that row was, only another full read brings it
            state = msgspec.structs.replace(state, swept_at=None)
        checkpoints.save(connection, session.sync_id, side, at.stream.name, state)
    if nameless and _may_create(session, side, at.stream.name):
        raise Retry(
            f"{session.connector(side).name}'s list of {at.stream.name} has a row without an id, which may be any record.",
            remedy="Nothing was written, or it could be made a second time; the next run reads the list again.",
            code="nameless",
        )


def _long_there(
    session: Session, connection: Connection, side: Side, stream: Stream, ids: list[str], began: datetime
) -> list[str]:
    """These ids without those that we made so shortly before a read began that its list need not have shown them."""
    if not stream.settles_after or not ids:
        return ids
    since = moment_text(began - timedelta(seconds=stream.settles_after))
    new = journal.made_since(
        connection, session.sync_id, side, flows_on(session, side, stream.name), ids, since
    )
    return [id for id in ids if id not in new]


def _may_create(session: Session, side: Side, stream: str) -> bool:
    """Whether a flow makes records in this stream, so that a record it cannot recognise could be made twice."""
    sides = ((one.flow.a, one.a) if side == "a" else (one.flow.b, one.b) for one in session.flows)
    made = {name for name, compiled in sides if Op.CREATE in compiled.writes}
    streams = session.connector(side).streams()
    return any(stream in (name, streams[name].derived_from) for name in made)


def read_hints(session: Session, hints: Mapping[str, Collection[str]]) -> list[ReadResult]:
    """Read these records of side a anew, each by its id: stream -> ids. What is gone becomes a tombstone."""
    out = []
    streams = session.a.streams()
    for name, ids in hints.items():
        stream = streams[name]
        if ("a", name) not in session.shelves:
            continue  # no flow takes anything from it
        result = ReadResult(side="a", stream=name, full=False, hinted=True)
        for some in chunks(dict.fromkeys(ids), max(1, stream.detail_size)):
            found = session.a.fetch(name, some)
            records = [one for one in found if isinstance(one, Record)]
            refusals = [one for one in found if isinstance(one, Refusal)]
            with session.begin() as connection:
                store_records(session, connection, "a", stream, records)
                refuse(session, connection, "a", name, refusals)
            result.listed += len(found)
            result.changed += len(records)
        out.append(result)
    return out


def read_all(
    session: Session,
    flows: Sequence[Compiled],
    *,
    full: bool,
    only_b: bool = False,
    on_progress: OnProgress,
) -> list[ReadResult]:
    """Read every stream that these flows need, each once; with `only_b` just those of side b, and only what changed."""
    out = []
    for side, stream, takes in _streams_to_read(session, flows):
        if only_b and side == "a":
            continue
        with session.engine.connect() as connection:
            state = checkpoints.load(connection, session.sync_id, side, stream.name)
        due = not only_b and _sweep_is_due(session, state)
        if not takes and not full and not due:
            continue  # nothing is taken from this side: it is read to adopt, and once a day

        def tell(done: int, name: str = _flow_on(session, side, stream)) -> None:
            on_progress(Progress(flow=name, phase="reading", done=done))

        out.append(read_stream(session, side, stream.name, sweep=full or due, anew=full, progress=tell))
    return out


def _streams_to_read(session: Session, flows: Sequence[Compiled]) -> list[tuple[Side, Stream, bool]]:
    """(side, stream, whether anything is taken from it), each stream once; derived streams stand for their source.

    A record that begins at side b brings its parts with it, so what is part of such a one is read like it: a part that
    is not known would be made a second time.
    """
    out: dict[tuple[Side, str], tuple[Side, Stream, bool]] = {}
    sides: tuple[Side, ...] = ("a", "b")
    begun_at_b = {one.flow.b for one in session.flows if Op.CREATE in one.a.writes}
    for side in sides:
        streams = session.connector(side).streams()
        for compiled in flows:
            stream = streams[compiled.flow.a if side == "a" else compiled.flow.b]
            stream = streams[stream.derived_from or stream.name]
            takes = side == "a" or compiled.flow.takes_from_b
            takes = takes or any(one.part_of and one.refers_to in begun_at_b for one in stream.fields)
            known = out.get((side, stream.name))
            out[(side, stream.name)] = (side, stream, takes or (known is not None and known[2]))
    return list(out.values())


def _flow_on(session: Session, side: Side, stream: Stream) -> str:
    """The first flow that a stream is read for."""
    of = [one.a.stream if side == "a" else one.b.stream for one in session.flows]
    place = next(n for n, one in enumerate(of) if stream.name in (one.name, one.derived_from))
    return session.flows[place].flow.name


def _sweep_is_due(session: Session, state: checkpoints.Checkpoint) -> bool:
    if state.swept_at is None or state.sweep_cursor is not None:
        return True
    return session.now() - datetime.fromisoformat(state.swept_at) >= timedelta(hours=session.full_read_hours)
