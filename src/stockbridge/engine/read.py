"""Reading: pages into the mirror, each with its checkpoint in one transaction; and what a finished full read proves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Halt, Retry
from stockbridge.core.flow import Op, Side
from stockbridge.core.record import Page, Record, Refusal, Stream
from stockbridge.core.report import OnProgress, Progress
from stockbridge.engine.guard import approved
from stockbridge.engine.session import Session
from stockbridge.store import checkpoints, journal, links, mirror, waiting
from stockbridge.store.checkpoints import Checkpoint
from stockbridge.store.rows import chunks, moment_text, next_seq


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
    session: Session, side: Side, name: str, *, sweep: bool, progress: Callable[[int], None] = lambda _: None
) -> ReadResult:
    """Read one stream, from its checkpoint or (with `sweep`) from the beginning.

    A full read that was cut short goes on where it stopped. One that finishes turns every record it did not see into a
    tombstone. Raises Halt where a side reads empty that was not.
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
    if sweep and state.sweep_cursor is None:
        state = msgspec.structs.replace(state, sweep=state.sweep + 1, sweep_cursor="")
        with session.begin() as connection:
            for flow in _flows_on(session, side, name):
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
    at: mirror.Shelf,
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
        connection, session.sync_id, side, _flows_on(session, side, stream.name), ids, since
    )
    return [id for id in ids if id not in new]


def _may_create(session: Session, side: Side, stream: str) -> bool:
    """Whether a flow makes records in this stream, so that a record it cannot recognise could be made twice."""
    sides = ((one.flow.a, one.a) if side == "a" else (one.flow.b, one.b) for one in session.flows)
    made = {name for name, compiled in sides if Op.CREATE in compiled.writes}
    streams = session.connector(side).streams()
    return any(stream in (name, streams[name].derived_from) for name in made)


def store_page(
    session: Session, connection: Connection, side: Side, stream: Stream, page: Page, sweep: int | None
) -> int:
    """Put a page into the mirror; returns how many records are new or changed. With `sweep`, the rows count as seen."""
    at = session.at(side, stream.name)
    refuse(session, connection, side, stream.name, page.refused)
    ids = [record.id for record in page.records]
    known = mirror.known(connection, at, ids)
    fresh = [record for record in page.records if _is_news(known.get(record.id), record)]
    fresh = _without_old_pictures(session, connection, side, at, fresh, known)
    if stream.moving and (sweep is None or sweep % session.recipe_reads):
        fresh = _without_movements(session, connection, at, fresh, known)
    if sweep is not None:
        changed_ids = {record.id for record in fresh}
        touched = [id for id in ids if id not in changed_ids] + [one.id for one in page.refused]
        mirror.touch(connection, at, touched, sweep)
    store_records(session, connection, side, stream, fresh, known, sweep)
    return len(fresh)


def _without_old_pictures(
    session: Session,
    connection: Connection,
    side: Side,
    at: mirror.Shelf,
    records: list[Record],
    known: dict[str, mirror.Known],
) -> list[Record]:
    """The records without those that a list shows as they were before we last saw them, or before we removed them.

    A system that shows only some time later what was written (`settles_after`) would have our own write undone at the
    other side: what its list shows would pass for a person's edit.
    """
    if not at.stream.settles_after or not records:
        return records
    there = [one for one in records if not one.deleted and one.id in known]
    buried = [one.id for one in there if known[one.id].gone]
    old: set[str] = set()
    if buried:
        since = moment_text(session.now() - timedelta(seconds=at.stream.settles_after))
        flows = _flows_on(session, side, at.stream.name)
        old |= journal.made_since(connection, session.sync_id, side, flows, buried, since, op="remove")
    dated = {one.id: one.modified for one in there if one.modified is not None and not known[one.id].gone}
    for id, seen in mirror.get(connection, at, list(dated)).items():
        if seen.modified is not None and dated[id] < seen.modified:
            old.add(id)
    return [one for one in records if one.id not in old] if old else records


_MOVED = "~"  # after a version: its row was seen to move, and its details were not read since


def _without_movements(
    session: Session,
    connection: Connection,
    at: mirror.Shelf,
    records: list[Record],
    known: dict[str, mirror.Known],
) -> list[Record]:
    """The records without those whose row just moved (its stock): they are stored here, and their details stand.

    A change that hides behind a movement is found by the next full read, which reads the details of what moved.
    """
    rows = {one.id: one for one in records if not one.full and not one.deleted}
    rows = {id: one for id, one in rows.items() if id in known and known[id].full and not known[id].gone}
    passed = {id for id, one in rows.items() if known[id].version == one.version + _MOVED}
    moved = []
    for id, old in mirror.get(connection, at, [id for id in rows if id not in passed]).items():
        changed = {name for name, value in rows[id].values.items() if old.values.get(name) != value}
        if changed and changed <= set(at.stream.moving):
            values = {**old.values, **rows[id].values}
            version = rows[id].version + _MOVED
            moved.append(msgspec.structs.replace(rows[id], values=values, version=version, full=True))
    if moved:
        seq = next_seq(connection, session.sync_id, session.epoch)
        sweep = checkpoints.load(connection, session.sync_id, _side(at), at.stream.name).sweep
        mirror.put(connection, at, moved, seq=seq, sweep=sweep)
    passed.update(one.id for one in moved)
    return [one for one in records if one.id not in passed]


def _side(at: mirror.Shelf) -> Side:
    return "a" if at.side == "a" else "b"


def _is_news(known: mirror.Known | None, record: Record) -> bool:
    if known is None:
        return not record.deleted
    return known.version != record.version or known.gone != record.deleted or (record.full and not known.full)


def store_records(
    session: Session,
    connection: Connection,
    side: Side,
    stream: Stream,
    records: Iterable[Record],
    known: dict[str, mirror.Known] | None = None,
    sweep: int | None = None,
) -> None:
    """Store records as new or changed, with their match keys and the records derived from them."""
    records = list({record.id: record for record in records}.values())
    if not records:
        return
    at = session.at(side, stream.name)
    if known is None:  # of full records that stand, nothing that is known counts any more
        asked = [record.id for record in records if record.deleted or not record.full]
        known = mirror.known(connection, at, asked)
    gone = [record.id for record in records if record.deleted]
    if gone:
        bury_with_children(session, connection, side, stream, [id for id in gone if id in known])
        records = [record for record in records if not record.deleted]
    merge = [record.id for record in records if not record.full and record.id in known]
    if merge:  # a list row changes what it shows; the details stand until they are fetched
        old = mirror.get(connection, at, merge)
        records = [
            msgspec.structs.replace(record, values={**old[record.id].values, **record.values})
            if record.id in old and not record.full
            else record
            for record in records
        ]
    if not records:
        return
    seq = next_seq(connection, session.sync_id, session.epoch)
    if sweep is None:
        sweep = checkpoints.load(connection, session.sync_id, side, stream.name).sweep
    mirror.put(connection, at, records, seq=seq, sweep=sweep)
    mirror.put_keys(connection, at, key_fields(session, side, stream.name), records)
    _wake_partners(session, connection, side, stream, [record.id for record in records])
    derive(session, connection, side, stream, [record for record in records if record.full], seq)


def derive(
    session: Session, connection: Connection, side: Side, parent: Stream, records: Sequence[Record], seq: int
) -> None:
    """Bring the streams that are derived from this one in line with these full records."""
    if not records:
        return
    for stream in session.connector(side).streams().values():
        if (
            stream.derived_from != parent.name
            or stream.derive is None
            or (side, stream.name) not in session.shelves
        ):
            continue
        at = session.at(side, stream.name)
        made = {child.id: child for record in records for child in stream.derive(record)}
        standing = mirror.children(connection, at, [record.id for record in records])
        news = [child for child in made.values() if _is_news(standing.get(child.id), child)]
        if renamed := {child.was: child.id for child in made.values() if child.was in standing}:
            for one in session.flows:
                if (one.flow.a if side == "a" else one.flow.b) == stream.name:
                    links.rename(connection, session.bonds[one.flow.name], side, renamed)
        mirror.put(connection, at, news, seq=seq, sweep=0)
        mirror.put_keys(connection, at, key_fields(session, side, stream.name), news)
        gone = [id for id in standing if id not in made]
        mirror.bury(connection, at, gone, seq)
        _wake_partners(session, connection, side, stream, [*(child.id for child in news), *gone])


def bury_with_children(
    session: Session, connection: Connection, side: Side, stream: Stream, ids: Sequence[str]
) -> None:
    """These records are certainly gone, and with them what was derived from them or is a part of them."""
    if not ids:
        return
    seq = next_seq(connection, session.sync_id, session.epoch)
    mirror.bury(connection, session.at(side, stream.name), ids, seq)
    _wake_partners(session, connection, side, stream, ids)
    bury_derived(session, connection, side, stream, ids)
    for other in session.connector(side).streams().values():
        for field in other.fields if (side, other.name) in session.shelves else ():
            if field.part_of and field.refers_to == stream.name:
                keys = {id.casefold() for id in ids}
                found = mirror.by_keys(connection, session.at(side, other.name), field.name, keys)
                parts = [id for some in found.values() for id in some]
                bury_with_children(session, connection, side, other, parts)


def bury_derived(
    session: Session, connection: Connection, side: Side, stream: Stream, ids: Sequence[str]
) -> None:
    """What was derived from these records is gone, though they stand."""
    for other in session.connector(side).streams().values():
        if other.derived_from == stream.name and (side, other.name) in session.shelves:
            below = mirror.children(connection, session.at(side, other.name), ids)
            bury_with_children(session, connection, side, other, list(below))


def _wake_partners(
    session: Session, connection: Connection, side: Side, stream: Stream, ids: Sequence[str]
) -> None:
    """Who is left out because one of these is kept out is looked at anew: it may have given up the key that they share."""
    names = [
        one.flow.name
        for one in session.flows
        if one.shared and (one.flow.a if side == "a" else one.flow.b) == stream.name
    ]
    needs = [waiting.kept_out_by(name, side, id) for name in names for id in ids]
    waiting.wake(connection, session.sync_id, needs)


def key_fields(session: Session, side: Side, stream: str) -> list[str]:
    """The fields by which records of this stream are looked up when they are matched."""
    out: dict[str, None] = {}
    for compiled in session.flows:
        if side == "b" and compiled.flow.b == stream:
            out.update((mirror.key_name(match.b), None) for match in compiled.flow.match)
        if side == "a" and compiled.flow.a == stream:
            names = (mirror.key_name(match.a) for match in compiled.flow.match if compiled.has_own_key(match))
            out.update((name, None) for name in names if name != "id")
        if compiled.flow.likely is not None and stream == (
            compiled.flow.a if side == "a" else compiled.flow.b
        ):
            out[mirror.CALLED] = None
    fields = session.connector(side).streams()[stream].fields
    if unique := session.connector(side).streams()[stream].unique:
        out[unique] = None
    out.update((field.name, None) for field in fields if field.part_of)
    return list(out)


def _flows_on(session: Session, side: Side, stream: str) -> list[str]:
    """The flows that take records from this stream or from one that is derived from it."""
    derived = {one.name for one in session.connector(side).streams().values() if one.derived_from == stream}
    streams = {stream, *derived}
    return [one.flow.name for one in session.flows if (one.flow.a if side == "a" else one.flow.b) in streams]


def refuse(
    session: Session, connection: Connection, side: Side, stream: str, refusals: Sequence[Refusal]
) -> None:
    """Park records that could not be read, with the reason."""
    if not refusals:
        return
    now = session.clock()
    flow = _flows_on(session, side, stream)[0]
    waiting.put(
        connection,
        session.sync_id,
        [
            waiting.Unsettled(
                flow=flow,
                side=side,
                id=refusal.id,
                state="refused",
                reason=refusal.reason,
                remedy=refusal.remedy,
                code="unreadable",
                since=now,
            )
            for refusal in {one.id: one for one in refusals}.values()
        ],
    )


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

        out.append(read_stream(session, side, stream.name, sweep=full or due, progress=tell))
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
