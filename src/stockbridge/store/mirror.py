"""The mirror: the newest knowledge of every record that was read or written, with the number of its newest change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    update,
)

from stockbridge.core.record import Field, Record, values_type
from stockbridge.store.match_keys import drop_keys
from stockbridge.store.rows import among, moment_text, upsert_rows
from stockbridge.store.schema import mirror
from stockbridge.store.shelf import Shelf, placed, run_at

_AT_HAND = 1000  # a few megabytes a stream


class Known(NamedTuple):
    """What a page is compared with."""

    version: str
    full: bool
    gone: bool


_NONE = (0, None)
_HERE = placed(mirror)
_COLUMNS = (
    mirror.c.id,
    mirror.c.parent,
    mirror.c.version,
    mirror.c["values"],
    mirror.c.full,
    mirror.c.gone,
    mirror.c.modified,
)
_STORED = tuple(column.name for column in mirror.columns)
_ID = _STORED.index("id")
_KNOWN = (mirror.c.id, mirror.c.version, mirror.c.full, mirror.c.gone)


def _record(at: Shelf, row: Any) -> Record:
    return Record(
        id=row[0],
        parent=row[1],
        version=row[2],
        values=at.decoder.decode(row[3]),
        full=row[4],
        deleted=row[5],
        modified=None if row[6] is None else datetime.fromisoformat(row[6]),
    )


@lru_cache
def _select_known(dialect: str) -> Select[Any]:
    return select(*_KNOWN).where(_HERE, among(dialect, mirror.c.id))


@lru_cache
def _select_records(dialect: str) -> Select[Any]:
    return select(*_COLUMNS).where(_HERE, among(dialect, mirror.c.id))


@lru_cache
def _select_children(dialect: str) -> Select[Any]:
    return select(*_KNOWN).where(_HERE, among(dialect, mirror.c.parent), mirror.c.gone.is_(False))


@lru_cache
def _touch(dialect: str) -> Update:
    return update(mirror).where(_HERE, among(dialect, mirror.c.id)).values(sweep=bindparam("seen_by"))


@lru_cache
def _bury(dialect: str) -> Update:
    standing = and_(_HERE, among(dialect, mirror.c.id), mirror.c.gone.is_(False))
    return update(mirror).where(standing).values(gone=True, seq=bindparam("number"))


@lru_cache
def _select_numbers(dialect: str) -> Select[Any]:
    return select(mirror.c.id, mirror.c.seq).where(_HERE, among(dialect, mirror.c.id))


def known(connection: Connection, at: Shelf, ids: Collection[str]) -> dict[str, Known]:
    """Version, fullness and tombstone of those ids that are known."""
    if not ids:
        return {}
    found = run_at(connection, _select_known, at, ids).all()
    return {id: Known(version, full, gone) for id, version, full, gone in found}


def get(connection: Connection, at: Shelf, ids: Collection[str]) -> dict[str, Record]:
    """The records of these ids, as far as they are known."""
    if not ids:
        return {}
    return {row[0]: _record(at, row) for row in run_at(connection, _select_records, at, ids).all()}


def put(connection: Connection, at: Shelf, records: Collection[Record], *, seq: int, sweep: int) -> None:
    """Store records as they are; `seq` is the number of this change, `sweep` the full read that saw them."""
    encode = msgspec.json.encode
    sync, side, stream = at.sync, at.side, at.stream.name
    rows = [
        (
            sync,
            side,
            stream,
            one.id,
            one.parent,
            one.version,
            None if one.modified is None else moment_text(one.modified),
            encode(one.values),
            one.full,
            one.deleted,
            seq,
            sweep,
        )
        for one in records
    ]
    if seq == 0:
        # What has number 0 already keeps its place in that index, which for old records is a page for each of them.
        numbers = run_at(connection, _select_numbers, at, [one.id for one in records]).all()
        same = {id for id, number in numbers if number == 0}
        upsert_rows(connection, mirror, _STORED, [row for row in rows if row[_ID] in same], keep=("seq",))
        rows = [row for row in rows if row[_ID] not in same]
    upsert_rows(connection, mirror, _STORED, rows)
    _keep_at_hand(at, records, seq)


def _keep_at_hand(at: Shelf, records: Iterable[Record], seq: int) -> None:
    """Number 0 is given out again and again, so it tells nothing."""
    kept = at.at_hand
    for record in records:
        kept.pop(record.id, None)
        if seq:
            kept[record.id] = (seq, record)
    while len(kept) > _AT_HAND:
        del kept[next(iter(kept))]


def touch(connection: Connection, at: Shelf, ids: Collection[str], sweep: int) -> None:
    """A full read saw these ids again."""
    if ids:
        run_at(connection, _touch, at, ids, seen_by=sweep)


def bury(connection: Connection, at: Shelf, ids: Collection[str], seq: int) -> None:
    """These records are certainly gone."""
    if ids:
        run_at(connection, _bury, at, ids, number=seq)
        drop_keys(connection, at, ids)
        for id in ids:
            at.at_hand.pop(id, None)


def unseen(connection: Connection, at: Shelf, sweep: int) -> list[str]:
    """Ids that stand in the mirror and that a finished full read did not see."""
    query = (
        select(mirror.c.id)
        .where(at.here(), mirror.c.gone.is_(False), mirror.c.sweep < sweep)
        .order_by(mirror.c.id)
    )
    return list(connection.execute(query).scalars())


def children(connection: Connection, at: Shelf, parents: Collection[str]) -> dict[str, Known]:
    """The standing records that were derived from these parents."""
    if not parents:
        return {}
    found = run_at(connection, _select_children, at, parents).all()
    return {id: Known(version, full, gone) for id, version, full, gone in found}


@lru_cache
def _select_places(dialect: str, thin: bool) -> Select[Any]:
    after: ColumnElement[Any] = bindparam("after")
    last: ColumnElement[Any] = bindparam("last")
    beyond: ColumnElement[bool]
    if dialect == "postgresql":
        beyond = tuple_(mirror.c.seq, mirror.c.id) > tuple_(after, last)
    else:
        beyond = or_(mirror.c.seq > after, and_(mirror.c.seq == after, mirror.c.id > last))
    query = select(mirror.c.seq, mirror.c.id).where(_HERE, mirror.c.seq >= after, beyond)
    if thin:
        query = query.where(mirror.c.full.is_(False), mirror.c.gone.is_(False))
    return query.order_by(mirror.c.seq, mirror.c.id).limit(bindparam("most"))


def places(
    connection: Connection, at: Shelf, after: tuple[int, str], limit: int, *, thin: bool = False
) -> list[tuple[int, str]]:
    """(change number, id) in order, beyond that place; `thin` gives only rows that lack their details."""
    here = {**at.place, "after": after[0], "last": after[1], "most": limit}
    found = connection.execute(_select_places(connection.dialect.name, thin), here)
    return [(seq, id) for seq, id in found.all()]


def at_places(connection: Connection, at: Shelf, places: Sequence[tuple[int, str]]) -> list[Record]:
    """The records at these places."""
    found: dict[str, Record] = {}
    for seq, id in places:
        stored, record = at.at_hand.get(id, _NONE)
        if record is not None and stored == seq:
            found[id] = record
    found.update(get(connection, at, [id for _, id in places if id not in found]))
    return [found[id] for _, id in places]


def changed(
    connection: Connection, at: Shelf, after: tuple[int, str], limit: int, *, thin: bool = False
) -> list[tuple[int, Record]]:
    """(change number, record) in order, beyond that place; `thin` gives only rows that lack their details."""
    found = places(connection, at, after, limit, thin=thin)
    records = at_places(connection, at, found)
    return [(seq, record) for (seq, _), record in zip(found, records, strict=True)]


@lru_cache
def _select_listed(dialect: str) -> Select[Any]:
    return select(mirror.c.id, mirror.c["values"]).where(_HERE, among(dialect, mirror.c.id))


def listed(connection: Connection, at: Shelf, ids: Sequence[str], names: Collection[str]) -> list[Record]:
    """List rows with just the values of these fields, in the order of the ids; without any field, nothing is read."""
    decode = _some_values(at.stream.fields, frozenset(names)).decode
    found = (
        dict(run_at(connection, _select_listed, at, ids).all())
        if names and ids
        else dict.fromkeys(ids, b"{}")
    )
    return [Record(id=id, values=decode(found[id]), version="", full=False) for id in ids]


@lru_cache(maxsize=64)
def _some_values(fields: tuple[Field, ...], names: frozenset[str]) -> Any:
    return msgspec.json.Decoder(values_type(field for field in fields if field.name in names))


def standing(connection: Connection, at: Shelf) -> list[Record]:
    """Every record that is not gone: for small streams only."""
    query = select(*_COLUMNS).where(at.here(), mirror.c.gone.is_(False)).order_by(mirror.c.id)
    return [_record(at, row) for row in connection.execute(query).all()]


def modified_since(connection: Connection, at: Shelf, since: datetime) -> list[Record]:
    """Every record that is not gone and that its system changed at that moment or later."""
    query = select(*_COLUMNS).where(
        at.here(), mirror.c.gone.is_(False), mirror.c.modified >= moment_text(since)
    )
    return [_record(at, row) for row in connection.execute(query.order_by(mirror.c.id)).all()]


def count(connection: Connection, at: Shelf, *, after: int | None = None) -> int:
    """How many records stand here, or how many changed beyond that number (tombstones included)."""
    query = select(func.count()).select_from(mirror).where(at.here())
    query = query.where(mirror.c.gone.is_(False)) if after is None else query.where(mirror.c.seq > after)
    return int(connection.execute(query).scalar_one())


def stands_unchanged(connection: Connection, at: Shelf, upto: int) -> bool:
    """Whether any standing record has its newest change at or below that number."""
    query = (
        select(mirror.c.id).where(at.here(), mirror.c.seq.between(1, upto), mirror.c.gone.is_(False)).limit(1)
    )
    return connection.execute(query).first() is not None


def by_name(connection: Connection, at: Shelf, name: str) -> list[Record]:
    """Records whose id is `name`, or one of whose name fields (SKU, number, …) is; case is ignored."""
    found = list(get(connection, at, [name]).values())
    if found:
        return found
    wanted = name.casefold()
    place = (0, "")
    out: list[Record] = []
    while rows := changed(connection, at, place, 2000):
        for _, record in rows:
            if any(str(record.values.get(field) or "").casefold() == wanted for field in at.stream.names):
                out.append(record)
        place = (rows[-1][0], rows[-1][1].id)
    return out
