"""Records that are not settled: they wait for another record, were refused, or their last write is uncertain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from stockbridge.store.rows import among, packed, upsert
from stockbridge.store.schema import waiting

State: TypeAlias = Literal["waiting", "refused", "uncertain", "again", "woken", "left out"]

EACH_RUN = ("again", "duplicate", "likely")
"""Codes of what was refused for what others are: each run looks at it anew."""


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """One record that is not settled.

    waiting: for the link named in `needs` ("flow:id"; or "side@flow:id": for a change of that record) · refused: until it or the mapping changes · uncertain: a write's
    answer was lost · again: the next run tries again · woken: to be decided anew now · left out: like waiting, but it waits for a
    record that a rule keeps out, so nobody expects it. `code` "unreadable" marks a record
    that could not be read, "again" and "duplicate" one that was refused for what others are, and that each run looks at
    anew.
    """

    flow: str
    side: str
    id: str
    state: State
    reason: str
    remedy: str = ""
    needs: str | None = None
    field: str | None = None
    code: str | None = None
    version: str | None = None
    since: str


def kept_out_by(flow: str, side: str, id: str) -> str:
    """What a record needs that is left out because its partner, this one, is kept out: that this one changes."""
    return f"{side}@{flow}:{id}"


def put(connection: Connection, sync_id: int, rows: Sequence[Unsettled]) -> None:
    """Store or overwrite; a record keeps the moment since when it is not settled."""
    upsert(
        connection,
        waiting,
        [{"sync": sync_id, **msgspec.structs.asdict(row)} for row in rows],
        keep=("since",),
    )


@lru_cache
def _clear(dialect: str) -> Delete:
    return delete(waiting).where(
        waiting.c.sync == bindparam("at_sync"),
        waiting.c.flow == bindparam("at_flow"),
        waiting.c.side == bindparam("at_side"),
        among(dialect, waiting.c.id),
    )


def clear(connection: Connection, sync_id: int, flow: str, side: str, ids: Collection[str]) -> None:
    """These records are settled."""
    if ids:
        connection.execute(
            _clear(connection.dialect.name),
            {"at_sync": sync_id, "at_flow": flow, "at_side": side, "ids": packed(connection, ids)},
        )


def clear_unreadable(connection: Connection, sync_id: int, flow: str, side: str) -> None:
    """A full read begins: what is still unreadable will be told again."""
    connection.execute(
        delete(waiting).where(
            waiting.c.sync == sync_id,
            waiting.c.flow == flow,
            waiting.c.side == side,
            waiting.c.code == "unreadable",
        )
    )


@lru_cache
def _wake(dialect: str) -> Update:
    return (
        update(waiting)
        .where(
            waiting.c.sync == bindparam("at_sync"),
            among(dialect, waiting.c.needs),
            waiting.c.state.in_(("waiting", "left out")),
        )
        .values(state="woken")
    )


def wake(connection: Connection, sync_id: int, needs: Collection[str]) -> None:
    """The links these records waited for have appeared."""
    if needs:
        connection.execute(
            _wake(connection.dialect.name), {"at_sync": sync_id, "ids": packed(connection, needs)}
        )


def wake_states(
    connection: Connection,
    sync_id: int,
    states: Collection[str],
    *,
    flow: str | None = None,
    id: str | None = None,
) -> int:
    """Have all records in these states decided anew; returns how many."""
    chosen: ColumnElement[bool] = waiting.c.state.in_(states)
    if "again" in states:
        chosen = or_(chosen, waiting.c.code.in_(EACH_RUN))
    query = update(waiting).where(waiting.c.sync == sync_id, chosen)
    if flow is not None:
        query = query.where(waiting.c.flow == flow)
    if id is not None:
        query = query.where(waiting.c.id == id)
    query = query.where(or_(waiting.c.code.is_(None), waiting.c.code != "unreadable"))
    return int(connection.execute(query.values(state="woken")).rowcount)


_WOKEN = (
    select(waiting.c.side, waiting.c.id)
    .where(
        waiting.c.sync == bindparam("at_sync"),
        waiting.c.flow == bindparam("at_flow"),
        waiting.c.state == "woken",
    )
    .order_by(waiting.c.side, waiting.c.id)
    .limit(bindparam("most"))
)


def woken(connection: Connection, sync_id: int, flow: str, limit: int) -> list[tuple[str, str]]:
    """(side, id) of records to be decided anew."""
    here = {"at_sync": sync_id, "at_flow": flow, "most": limit}
    return [(side, id) for side, id in connection.execute(_WOKEN, here)]


def rows(
    connection: Connection,
    sync_id: int,
    flow: str | None = None,
    ids: Collection[str] | None = None,
    limit: int = 1000,
) -> list[Unsettled]:
    """Unsettled records, in a stable order."""
    query = select(waiting).where(waiting.c.sync == sync_id)
    if flow is not None:
        query = query.where(waiting.c.flow == flow)
    if ids is not None:
        query = query.where(waiting.c.id.in_(list(ids)))
    query = query.order_by(waiting.c.flow, waiting.c.state, waiting.c.id).limit(limit)
    return [
        # Names of columns may be a class of text of their own, which msgspec does not take for one.
        msgspec.convert({str(key): value for key, value in row._mapping.items() if key != "sync"}, Unsettled)
        for row in connection.execute(query)
    ]


@lru_cache
def _left_out(dialect: str) -> Select[Any]:
    return select(waiting.c.id).where(
        waiting.c.sync == bindparam("at_sync"),
        waiting.c.flow == bindparam("at_flow"),
        waiting.c.side == bindparam("at_side"),
        waiting.c.state == "left out",
        among(dialect, waiting.c.id),
    )


def left_out(connection: Connection, sync_id: int, flow: str, side: str, ids: Collection[str]) -> set[str]:
    """Those of these records that are left out because of a record they refer to."""
    if not ids:
        return set()
    here = {"at_sync": sync_id, "at_flow": flow, "at_side": side, "ids": packed(connection, ids)}
    return set(connection.execute(_left_out(connection.dialect.name), here).scalars())


def waited_for(connection: Connection, sync_id: int, needs: str) -> bool:
    """Whether any record waits for the link of that name ("flow:id")."""
    query = select(waiting.c.id).where(waiting.c.sync == sync_id, waiting.c.needs == needs).limit(1)
    return connection.execute(query).first() is not None


_COUNTS = (
    select(waiting.c.state, func.count())
    .where(and_(waiting.c.sync == bindparam("at_sync"), waiting.c.flow == bindparam("at_flow")))
    .group_by(waiting.c.state)
)


def counts(connection: Connection, sync_id: int, flow: str) -> tuple[int, int]:
    """(waiting, refused) records of a flow; uncertain, woken and postponed ones count as waiting."""
    rows = connection.execute(_COUNTS, {"at_sync": sync_id, "at_flow": flow})
    found = {state: int(n) for state, n in rows}
    refused = found.pop("refused", 0)
    found.pop("left out", None)
    return sum(found.values()), refused
