"""Exclusions: the records that a person took out of a sync, one by one, and why."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Delete, Select, bindparam, delete, func, select

from stockbridge.core.flow import Side
from stockbridge.store.rows import among, packed, upsert
from stockbridge.store.schema import exclusion


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """One record that a person took out; `reason` in words."""

    flow: str
    side: Side
    id: str
    reason: str
    since: str


@lru_cache
def _select(dialect: str) -> Select[Any]:
    return select(exclusion.c.id, exclusion.c.reason).where(
        exclusion.c.sync == bindparam("at_sync"),
        exclusion.c.flow == bindparam("at_flow"),
        exclusion.c.side == bindparam("at_side"),
        among(dialect, exclusion.c.id),
    )


@lru_cache
def _delete(dialect: str) -> Delete:
    return delete(exclusion).where(
        exclusion.c.sync == bindparam("at_sync"),
        exclusion.c.flow == bindparam("at_flow"),
        exclusion.c.side == bindparam("at_side"),
        among(dialect, exclusion.c.id),
    )


def put(
    connection: Connection,
    sync_id: int,
    flow: str,
    side: Side,
    ids: Collection[str],
    reason: str,
    at: str,
) -> None:
    """Take these records out; one that is out already keeps the moment since when, and gets the new reason."""
    place = {"sync": sync_id, "flow": flow, "side": side, "reason": reason, "since": at}
    rows = [{**place, "id": id} for id in dict.fromkeys(ids)]
    upsert(
        connection,
        exclusion,
        rows,
        keep=("since",),
    )


def drop(connection: Connection, sync_id: int, flow: str, side: Side, ids: Collection[str]) -> int:
    """Let these records in again; returns how many were out."""
    if not ids:
        return 0
    here = {"at_sync": sync_id, "at_flow": flow, "at_side": side, "ids": packed(connection, ids)}
    return int(connection.execute(_delete(connection.dialect.name), here).rowcount)


def of(connection: Connection, sync_id: int, flow: str, side: Side, ids: Collection[str]) -> dict[str, str]:
    """Of these records those that are out, with the reason."""
    if not ids:
        return {}
    here = {"at_sync": sync_id, "at_flow": flow, "at_side": side, "ids": packed(connection, ids)}
    found: Any = connection.execute(_select(connection.dialect.name), here)
    return dict(found.all())


def all_of(
    connection: Connection, sync_id: int, flow: str | None = None, limit: int | None = None
) -> list[Excluded]:
    """Every record that is out, in a stable order."""
    columns = [exclusion.c[name] for name in Excluded.__struct_fields__]
    query = select(*columns).where(exclusion.c.sync == sync_id)
    if flow is not None:
        query = query.where(exclusion.c.flow == flow)
    query = query.order_by(exclusion.c.flow, exclusion.c.side, exclusion.c.id).limit(limit)
    return [Excluded(**row._mapping) for row in connection.execute(query)]


def count(connection: Connection, sync_id: int, flow: str) -> int:
    """How many records of the flow are out; nobody need ask for each of them where there are none."""
    query = select(func.count()).select_from(exclusion)
    return int(
        connection.execute(query.where(exclusion.c.sync == sync_id, exclusion.c.flow == flow)).scalar_one()
    )
