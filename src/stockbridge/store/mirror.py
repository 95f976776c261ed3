"""The mirror: the newest knowledge of every record that was read or written, with the number of its newest change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, tuple_, update

from stockbridge.core.record import Record, Stream, Values, values_type
from stockbridge.store.rows import chunks, moment_text, upsert
from stockbridge.store.schema import match_key, mirror


class Shelf(msgspec.Struct, frozen=True):
    """Where the records of one stream stand: sync, side, stream; and how their values are read back with types."""

    sync: int
    side: str
    stream: Stream
    decoder: Any

    def here(self) -> ColumnElement[bool]:
        return and_(
            mirror.c.sync == self.sync, mirror.c.side == self.side, mirror.c.stream == self.stream.name
        )


class Known(NamedTuple):
    """What a page is compared with."""

    version: str
    full: bool
    gone: bool


def shelf(sync_id: int, side: str, stream: Stream) -> Shelf:
    """The place of a stream's records."""
    return Shelf(sync_id, side, stream, msgspec.json.Decoder(values_type(stream.fields)))


_COLUMNS = (mirror.c.id, mirror.c.parent, mirror.c.version, mirror.c["values"], mirror.c.full, mirror.c.gone)


def _record(at: Shelf, row: Any) -> Record:
    return Record(
        id=row[0],
        parent=row[1],
        version=row[2],
        values=at.decoder.decode(row[3]),
        full=row[4],
        deleted=row[5],
    )


def known(connection: Connection, at: Shelf, ids: Collection[str]) -> dict[str, Known]:
    """Version, fullness and tombstone of those ids that are known."""
    out: dict[str, Known] = {}
    for some in chunks(ids):
        query = select(mirror.c.id, mirror.c.version, mirror.c.full, mirror.c.gone).where(
            at.here(), mirror.c.id.in_(some)
        )
        for id, version, full, gone in connection.execute(query):
            out[id] = Known(version, full, gone)
    return out


def get(connection: Connection, at: Shelf, ids: Collection[str]) -> dict[str, Record]:
    """The records of these ids, as far as they are known."""
    out: dict[str, Record] = {}
    for some in chunks(ids):
        for row in connection.execute(select(*_COLUMNS).where(at.here(), mirror.c.id.in_(some))):
            out[row[0]] = _record(at, row)
    return out


def put(connection: Connection, at: Shelf, records: Iterable[Record], *, seq: int, sweep: int) -> None:
    """Store records as they are; `seq` is the number of this change, `sweep` the full read that saw them."""
    encode = msgspec.json.encode
    rows = [
        {
            "sync": at.sync,
            "side": at.side,
            "stream": at.stream.name,
            "id": record.id,
            "parent": record.parent,
            "version": record.version,
            "modified": None if record.modified is None else moment_text(record.modified),
            "values": encode(record.values),
            "full": record.full,
            "gone": record.deleted,
            "seq": seq,
            "sweep": sweep,
        }
        for record in records
    ]
    upsert(connection, mirror, rows)


def touch(connection: Connection, at: Shelf, ids: Collection[str], sweep: int) -> None:
    """A full read saw these ids again."""
    for some in chunks(ids):
        connection.execute(update(mirror).where(at.here(), mirror.c.id.in_(some)).values(sweep=sweep))


def bury(connection: Connection, at: Shelf, ids: Collection[str], seq: int) -> None:
    """These records are certainly gone."""
    for some in chunks(ids):
        connection.execute(
            update(mirror)
            .where(at.here(), mirror.c.id.in_(some), mirror.c.gone.is_(False))
            .values(gone=True, seq=seq)
        )
        drop_keys(connection, at, some)


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
    out: dict[str, Known] = {}
    for some in chunks(parents):
        query = select(mirror.c.id, mirror.c.version, mirror.c.full, mirror.c.gone).where(
            at.here(), mirror.c.parent.in_(some), mirror.c.gone.is_(False)
        )
        for id, version, full, gone in connection.execute(query):
            out[id] = Known(version, full, gone)
    return out


_BEYOND = or_(
    mirror.c.seq > bindparam("seq"), and_(mirror.c.seq == bindparam("seq"), mirror.c.id > bindparam("last"))
)


def changed(
    connection: Connection, at: Shelf, after: tuple[int, str], limit: int, *, thin: bool = False
) -> list[tuple[int, Record]]:
    """(change number, record) in order, beyond that place; `thin` gives only rows that lack their details."""
    beyond = (
        _BEYOND
        if connection.dialect.name != "postgresql"
        else tuple_(mirror.c.seq, mirror.c.id) > tuple_(bindparam("seq"), bindparam("last"))
    )
    query = select(*_COLUMNS, mirror.c.seq).where(at.here(), mirror.c.seq >= bindparam("seq"), beyond)
    if thin:
        query = query.where(mirror.c.full.is_(False), mirror.c.gone.is_(False))
    query = query.order_by(mirror.c.seq, mirror.c.id).limit(limit)
    rows = connection.execute(query, {"seq": after[0], "last": after[1]})
    return [(row[6], _record(at, row)) for row in rows]


def count(connection: Connection, at: Shelf, *, after: int | None = None) -> int:
    """How many records stand here, or how many changed beyond that number (tombstones included)."""
    query = select(func.count()).select_from(mirror).where(at.here())
    query = query.where(mirror.c.gone.is_(False)) if after is None else query.where(mirror.c.seq > after)
    return int(connection.execute(query).scalar_one())


def newest(connection: Connection, at: Shelf) -> int:
    """The number of the newest change of this stream; 0 when there is none."""
    return int(
        connection.execute(select(func.coalesce(func.max(mirror.c.seq), 0)).where(at.here())).scalar_one()
    )


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


def put_keys(connection: Connection, at: Shelf, fields: Sequence[str], records: Sequence[Record]) -> None:
    """Remember by which key values these records can be matched."""
    if not fields or not records:
        return
    drop_keys(connection, at, [record.id for record in records])
    rows = [
        {
            "sync": at.sync,
            "side": at.side,
            "stream": at.stream.name,
            "field": field,
            "value": key,
            "id": record.id,
        }
        for record in records
        if not record.deleted
        for field in fields
        if (key := key_of(record.values, field)) is not None
    ]
    if rows:
        connection.execute(match_key.insert(), rows)


def drop_keys(connection: Connection, at: Shelf, ids: Collection[str]) -> None:
    for some in chunks(ids):
        connection.execute(
            delete(match_key).where(
                match_key.c.sync == at.sync,
                match_key.c.side == at.side,
                match_key.c.stream == at.stream.name,
                match_key.c.id.in_(some),
            )
        )


def key_of(values: Values, field: str) -> str | None:
    """A value as a match key: text, trimmed, case folded; None where there is nothing to match by."""
    value = values.get(field)
    text = "" if value is None else str(value).strip().casefold()
    return text or None


def by_keys(connection: Connection, at: Shelf, field: str, keys: Collection[str]) -> dict[str, list[str]]:
    """The ids that carry each of these key values."""
    out: dict[str, list[str]] = {}
    for some in chunks(keys):
        query = (
            select(match_key.c.value, match_key.c.id)
            .where(
                match_key.c.sync == at.sync,
                match_key.c.side == at.side,
                match_key.c.stream == at.stream.name,
                match_key.c.field == field,
                match_key.c.value.in_(some),
            )
            .order_by(match_key.c.id)
        )
        for value, id in connection.execute(query):
            out.setdefault(value, []).append(id)
    return out
