"""When each slot of a sync is due, and how its last run ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from stockbridge.store.rows import moment_text, upsert
from stockbridge.store.schema import schedule, sync


class SlotRow(msgspec.Struct, frozen=True, kw_only=True):
    """One slot: `kind` is import or export; `flow` the one flow whose time it is, else "". `every` is the timing
    as written; moments are texts in UTC. `last_outcome` is "under way" from the start of a run to its end, so that one
    that was cut short shows. While `paused_by` is set ("account", "quota") nothing is tried before `next_due`."""

    kind: str
    flow: str
    every: str
    next_due: str
    last_started: str | None = None
    last_outcome: str | None = None
    last_success: str | None = None
    paused_by: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.flow


def slots(connection: Connection, sync_id: int) -> dict[tuple[str, str], SlotRow]:
    """The slots of a sync by kind and flow."""
    return all_slots(connection, sync_id).get(sync_id, {})


def all_slots(
    connection: Connection, sync_id: int | None = None
) -> dict[int, dict[tuple[str, str], SlotRow]]:
    """The slots of every sync (or of one), by kind and flow."""
    query = sa.select(schedule).order_by(schedule.c.sync, schedule.c.kind, schedule.c.flow)
    if sync_id is not None:
        query = query.where(schedule.c.sync == sync_id)
    out: dict[int, dict[tuple[str, str], SlotRow]] = {}
    for found in connection.execute(query):
        values = {str(name): value for name, value in found._mapping.items()}
        number = values.pop("sync")
        row = SlotRow(**values)
        out.setdefault(number, {})[row.key] = row
    return out


def add(connection: Connection, sync_id: int, row: SlotRow) -> None:
    """Store a new slot; one that is there stays as it is."""
    upsert(
        connection,
        schedule,
        [{"sync": sync_id, **msgspec.structs.asdict(row)}],
        keep=SlotRow.__struct_fields__,
    )


def move(connection: Connection, sync_id: int, row: SlotRow, *, every: str, next_due: str) -> None:
    """Another timing, or another moment, unless someone else changed the slot since `row` was read."""
    connection.execute(
        sa.update(schedule)
        .where(*_at(sync_id, row.key), schedule.c.next_due == row.next_due, schedule.c.every == row.every)
        .values(every=every, next_due=next_due)
    )


def begin(connection: Connection, sync_id: int, key: tuple[str, str], now: str) -> bool:
    """A run of the slot starts; False where it is not due, because another process was there first."""
    statement = (
        sa.update(schedule)
        .where(*_at(sync_id, key), schedule.c.next_due <= now)
        .values(last_started=now, last_outcome="under way", paused_by=None)
    )
    return bool(connection.execute(statement).rowcount)


def end(
    connection: Connection,
    sync_id: int,
    key: tuple[str, str],
    *,
    outcome: str,
    next_due: str,
    success: str | None,
) -> None:
    """The run of the slot is over; `success` is the moment, where it was one."""
    values = {"last_outcome": outcome, "next_due": next_due} | ({"last_success": success} if success else {})
    connection.execute(sa.update(schedule).where(*_at(sync_id, key)).values(**values))


def pause(connection: Connection, sync_id: int, by: str, until: str, kinds: Collection[str]) -> None:
    """Try nothing of these kinds before that moment. What comes later anyway stays where it is."""
    connection.execute(
        sa.update(schedule)
        .where(schedule.c.sync == sync_id, schedule.c.kind.in_(kinds), schedule.c.next_due < until)
        .values(paused_by=by, next_due=until)
    )


def _at(sync_id: int, key: tuple[str, str]) -> tuple[sa.ColumnElement[bool], ...]:
    kind, flow = key
    return schedule.c.sync == sync_id, schedule.c.kind == kind, schedule.c.flow == flow


def forget(connection: Connection, sync_id: int, keys: Collection[tuple[str, str]]) -> None:
    """These slots are not in the settings any more."""
    for kind, flow in keys:
        connection.execute(sa.delete(schedule).where(*_at(sync_id, (kind, flow))))


def resume(connection: Connection, account: int) -> int:
    """The account works again: what waited for its owner is due now. Returns how many slots waited."""
    users = sa.select(sync.c.id).where((sync.c.account_a == account) | (sync.c.account_b == account))
    statement = (
        sa.update(schedule)
        .where(schedule.c.sync.in_(users), schedule.c.paused_by == "account")
        .values(paused_by=None, next_due=moment_text(datetime.now(UTC)))
    )
    return int(connection.execute(statement).rowcount)
