"""Links: which record at side a is which record at side b, and what both held when they last agreed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, exists, func, select

from stockbridge.core.flow import LinkView
from stockbridge.core.record import values_type
from stockbridge.store.mirror import Shelf
from stockbridge.store.rows import chunks, upsert
from stockbridge.store.schema import link, mirror


class Bonds(msgspec.Struct, frozen=True):
    """The links of one flow, and how their snapshots are read back with types."""

    sync: int
    flow: str
    a_decoder: Any
    b_decoder: Any


def bonds(sync_id: int, flow: str, a_fields: Any, b_fields: Any) -> Bonds:
    """The links of a flow between two streams with these fields."""
    return Bonds(
        sync_id,
        flow,
        msgspec.json.Decoder(values_type(a_fields)),
        msgspec.json.Decoder(values_type(b_fields)),
    )


def _here(at: Bonds) -> Any:
    return and_(link.c.sync == at.sync, link.c.flow == at.flow)


def _view(at: Bonds, row: Any) -> LinkView:
    return LinkView(
        a_id=row.a_id,
        b_id=row.b_id,
        a_snapshot=None if row.a_snapshot is None else at.a_decoder.decode(row.a_snapshot),
        b_snapshot=None if row.b_snapshot is None else at.b_decoder.decode(row.b_snapshot),
        marked=row.marked,
    )


def by_a(connection: Connection, at: Bonds, ids: Collection[str]) -> dict[str, LinkView]:
    """Links by a id."""
    out: dict[str, LinkView] = {}
    for some in chunks(ids):
        for row in connection.execute(select(link).where(_here(at), link.c.a_id.in_(some))):
            out[row.a_id] = _view(at, row)
    return out


def by_b(connection: Connection, at: Bonds, ids: Collection[str]) -> dict[str, LinkView]:
    """Links by b id."""
    out: dict[str, LinkView] = {}
    for some in chunks(ids):
        for row in connection.execute(select(link).where(_here(at), link.c.b_id.in_(some))):
            out[row.b_id] = _view(at, row)
    return out


def other_ids(
    connection: Connection, sync_id: int, flow: str, ids: Collection[str], *, back: bool
) -> dict[str, str]:
    """a id -> b id for these a ids; with `back`, b id -> a id for these b ids."""
    this, other = (link.c.b_id, link.c.a_id) if back else (link.c.a_id, link.c.b_id)
    out: dict[str, str] = {}
    for some in chunks(ids):
        query = select(this, other).where(link.c.sync == sync_id, link.c.flow == flow, this.in_(some))
        out.update((this_id, other_id) for this_id, other_id in connection.execute(query))
    return out


def put(connection: Connection, at: Bonds, views: Sequence[LinkView]) -> None:
    """Store links with their snapshots."""
    encode = msgspec.json.encode
    rows = [
        {
            "sync": at.sync,
            "flow": at.flow,
            "a_id": view.a_id,
            "b_id": view.b_id,
            "a_snapshot": None if view.a_snapshot is None else encode(view.a_snapshot),
            "b_snapshot": None if view.b_snapshot is None else encode(view.b_snapshot),
            "marked": view.marked,
        }
        for view in views
    ]
    upsert(connection, link, rows)


def drop(connection: Connection, at: Bonds, a_ids: Collection[str]) -> None:
    """Forget these links."""
    for some in chunks(a_ids):
        connection.execute(delete(link).where(_here(at), link.c.a_id.in_(some)))


def count(connection: Connection, sync_id: int, flow: str) -> int:
    """How many records of the flow are linked and not marked as deleted."""
    query = select(func.count()).select_from(link)
    query = query.where(link.c.sync == sync_id, link.c.flow == flow, link.c.marked.is_(False))
    return int(connection.execute(query).scalar_one())


def newly_gone(connection: Connection, at: Shelf, flow: str, after: int, *, side: str) -> int:
    """How many linked, unmarked records of that side have become tombstones beyond that change number."""
    column = link.c.a_id if side == "a" else link.c.b_id
    linked = exists().where(
        link.c.sync == at.sync, link.c.flow == flow, column == mirror.c.id, link.c.marked.is_(False)
    )
    query = select(func.count()).select_from(mirror)
    query = query.where(at.here(), mirror.c.seq > after, mirror.c.gone.is_(True), linked)
    return int(connection.execute(query).scalar_one())
