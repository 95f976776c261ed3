"""How all syncs stand, in a handful of questions however many there are."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from stockbridge.store.schema import flow_state, inbox, schedule, waiting

_NOT_LEFT_OVER = ("left out",)  # it waits for what a rule keeps out, so nobody expects it


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """How many records of a flow are left over."""

    waiting: int = 0
    refused: int = 0


def unsettled(connection: Connection) -> dict[tuple[int, str], Unsettled]:
    """Records left over by (sync, flow), as `waiting.counts` counts them; flows without any are missing."""
    query = select(waiting.c.sync, waiting.c.flow, waiting.c.state, func.count())
    query = query.where(waiting.c.state.not_in(_NOT_LEFT_OVER))
    out: dict[tuple[int, str], Unsettled] = {}
    for sync, flow, state, many in connection.execute(
        query.group_by(waiting.c.sync, waiting.c.flow, waiting.c.state)
    ):
        known = out.get((sync, flow), Unsettled())
        out[sync, flow] = (
            Unsettled(waiting=known.waiting, refused=known.refused + many)
            if state == "refused"
            else Unsettled(waiting=known.waiting + many, refused=known.refused)
        )
    return out


def in_step_at(connection: Connection) -> dict[tuple[int, str], datetime | None]:
    """When each flow that ever ran was last in step, by (sync, flow); None: never yet."""
    query = select(flow_state.c.sync, flow_state.c.flow, flow_state.c.in_step_at)
    return {
        (sync, flow): datetime.fromisoformat(at) if at else None
        for sync, flow, at in connection.execute(query)
    }


def last_success(connection: Connection) -> dict[tuple[int, str], datetime]:
    """When a run at its time last came to its end, by (sync, kind of slot)."""
    query = select(schedule.c.sync, schedule.c.kind, func.max(schedule.c.last_success))
    return {
        (sync, kind): datetime.fromisoformat(at)
        for sync, kind, at in connection.execute(query.group_by(schedule.c.sync, schedule.c.kind))
        if at
    }


def open_questions(connection: Connection) -> dict[int, int]:
    """How many questions wait for an answer, by sync; syncs without any are missing."""
    query = select(inbox.c.sync, func.count().label("many")).where(
        inbox.c.closed_at.is_(None), inbox.c.answer.is_(None)
    )
    return {row.sync: row.many for row in connection.execute(query.group_by(inbox.c.sync))}
