"""Links: which record at side a is which record at side b, and what both held when they last agreed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Delete, Select, and_, bindparam, delete, exists, func, select

from stockbridge.core.flow import Applied, LinkView
from stockbridge.core.record import values_type
from stockbridge.store.rows import among, packed, upsert
from stockbridge.store.schema import link, mirror
from stockbridge.store.shelf import Shelf


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


_APPLIED = msgspec.json.Decoder(dict[str, Applied])
_HERE = and_(link.c.sync == bindparam("at_sync"), link.c.flow == bindparam("at_flow"))
_Ids = Callable[[str], Any]


@lru_cache
def _select_by_a(dialect: str) -> Select[Any]:
    return select(link).where(_HERE, among(dialect, link.c.a_id))


@lru_cache
def _select_by_b(dialect: str) -> Select[Any]:
    return select(link).where(_HERE, among(dialect, link.c.b_id))


@lru_cache
def _select_other(dialect: str) -> Select[Any]:
    return select(link.c.a_id, link.c.b_id).where(_HERE, among(dialect, link.c.a_id))


@lru_cache
def _select_other_back(dialect: str) -> Select[Any]:
    return select(link.c.b_id, link.c.a_id).where(_HERE, among(dialect, link.c.b_id))


@lru_cache
def _drop(dialect: str) -> Delete:
    return delete(link).where(_HERE, among(dialect, link.c.a_id))


def _rows(connection: Connection, statement: _Ids, sync_id: int, flow: str, ids: Collection[str]) -> Any:
    """Run one of the statements above for these ids."""
    return connection.execute(
        statement(connection.dialect.name),
        {"at_sync": sync_id, "at_flow": flow, "ids": packed(connection, ids)},
    )


def _view(at: Bonds, row: Any) -> LinkView:
    return LinkView(
        a_id=row.a_id,
        b_id=row.b_id,
        a_snapshot=None if row.a_snapshot is None else at.a_decoder.decode(row.a_snapshot),
        b_snapshot=None if row.b_snapshot is None else at.b_decoder.decode(row.b_snapshot),
        marked=row.marked,
        applied={} if row.applied is None else _APPLIED.decode(row.applied),
    )


def by_a(connection: Connection, at: Bonds, ids: Collection[str]) -> dict[str, LinkView]:
    """Links by a id."""
    if not ids:
        return {}
    return {row.a_id: _view(at, row) for row in _rows(connection, _select_by_a, at.sync, at.flow, ids).all()}


def by_b(connection: Connection, at: Bonds, ids: Collection[str]) -> dict[str, LinkView]:
    """Links by b id."""
    if not ids:
        return {}
    return {row.b_id: _view(at, row) for row in _rows(connection, _select_by_b, at.sync, at.flow, ids).all()}


def other_ids(
    connection: Connection, sync_id: int, flow: str, ids: Collection[str], *, back: bool
) -> dict[str, str]:
    """a id -> b id for these a ids; with `back`, b id -> a id for these b ids."""
    if not ids:
        return {}
    rows = _rows(connection, _select_other_back if back else _select_other, sync_id, flow, ids)
    return dict(rows.all())


def put(connection: Connection, at: Bonds, views: Sequence[LinkView]) -> None:
    """Store links with their snapshots and the actions of rules that are in force on them."""
    if not views:
        return
    encode = msgspec.json.encode
    # A link that stands keeps its place in the index of b ids: written anew, it would touch a page of its own there.
    standing = other_ids(connection, at.sync, at.flow, [view.a_id for view in views], back=False)
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for view in views:
        row = {
            "sync": at.sync,
            "flow": at.flow,
            "a_id": view.a_id,
            "b_id": view.b_id,
            "a_snapshot": None if view.a_snapshot is None else encode(view.a_snapshot),
            "b_snapshot": None if view.b_snapshot is None else encode(view.b_snapshot),
            "marked": view.marked,
            "applied": encode(view.applied) if view.applied else None,
        }
        (old if standing.get(view.a_id) == view.b_id else new).append(row)
    upsert(connection, link, old, keep=("b_id",))
    upsert(connection, link, new)


def rename(connection: Connection, at: Bonds, side: str, ids: Mapping[str, str]) -> None:
    """Records of a side have other ids since (old -> new): their links stand. One whose new id is linked keeps that link."""
    of = by_a if side == "a" else by_b
    taken = of(connection, at, list(ids.values()))
    old = {id: view for id, view in of(connection, at, list(ids)).items() if ids[id] not in taken}
    drop(connection, at, [view.a_id for view in old.values()])
    key = "a_id" if side == "a" else "b_id"
    put(connection, at, [msgspec.structs.replace(view, **{key: ids[id]}) for id, view in old.items()])


def drop(connection: Connection, at: Bonds, a_ids: Collection[str]) -> None:
    """Forget these links."""
    if a_ids:
        _rows(connection, _drop, at.sync, at.flow, a_ids)


def count(connection: Connection, sync_id: int, flow: str) -> int:
    """How many records of the flow are linked and not marked as deleted."""
    query = select(func.count()).select_from(link)
    query = query.where(link.c.sync == sync_id, link.c.flow == flow, link.c.marked.is_(False))
    return int(connection.execute(query).scalar_one())


def _newly_gone(query: Select[Any], at: Shelf, flow: str, after: int) -> Select[Any]:
    column = link.c.a_id if at.side == "a" else link.c.b_id
    linked = exists().where(
        link.c.sync == at.sync, link.c.flow == flow, column == mirror.c.id, link.c.marked.is_(False)
    )
    query = query.select_from(mirror)
    return query.where(at.here(), mirror.c.seq > after, mirror.c.gone.is_(True), linked)


def newly_gone(connection: Connection, at: Shelf, flow: str, after: int) -> int:
    """How many linked, unmarked records of that shelf have become tombstones beyond that change number."""
    query = _newly_gone(select(func.count()), at, flow, after)
    return int(connection.execute(query).scalar_one())


def parents_of_newly_gone(connection: Connection, at: Shelf, flow: str, after: int) -> list[str]:
    """The records from which those were derived."""
    query = _newly_gone(select(mirror.c.parent).distinct(), at, flow, after)
    return [id for id in connection.execute(query).scalars() if id is not None]
