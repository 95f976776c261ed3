"""What was read goes into the mirror: what is news of a page, what was derived from it, what is gone with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from stockbridge.core.flow import Side
from stockbridge.core.record import Page, Record, Refusal, Stream
from stockbridge.engine.session import Session
from stockbridge.store import checkpoints, journal, links, match_keys, mirror, waiting
from stockbridge.store.rows import moment_text, next_seq
from stockbridge.store.shelf import Shelf


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
    at: Shelf,
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
        flows = flows_on(session, side, at.stream.name)
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
    at: Shelf,
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


def _side(at: Shelf) -> Side:
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
    match_keys.put_keys(connection, at, key_fields(session, side, stream.name), records)
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
        match_keys.put_keys(connection, at, key_fields(session, side, stream.name), news)
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
                found = match_keys.by_keys(connection, session.at(side, other.name), field.name, keys)
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
            out.update((match_keys.key_name(match.b), None) for match in compiled.flow.match)
        if side == "a" and compiled.flow.a == stream:
            names = (
                match_keys.key_name(match.a) for match in compiled.flow.match if compiled.has_own_key(match)
            )
            out.update((name, None) for name in names if name != "id")
        if compiled.flow.likely is not None and stream == (
            compiled.flow.a if side == "a" else compiled.flow.b
        ):
            out[match_keys.CALLED] = None
    fields = session.connector(side).streams()[stream].fields
    if unique := session.connector(side).streams()[stream].unique:
        out[unique] = None
    out.update((field.name, None) for field in fields if field.part_of)
    return list(out)


def flows_on(session: Session, side: Side, stream: str) -> list[str]:
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
    flow = flows_on(session, side, stream)[0]
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
