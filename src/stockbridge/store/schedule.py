"""When each slot of a sync is due, and how its last run ended."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from stockbridge.store.rows import upsert
from stockbridge.store.schema import schedule, sync


class SlotRow(msgspec.Struct, frozen=True, kw_only=True):
    """One slot: `kind` is import, export or hints; `flow` the one flow whose time it is, else "". `every` is the timing
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


_COLUMNS = [schedule.c[name] for name in SlotRow.__struct_fields__]


def slots(connection: Connection, sync_id: int) -> dict[tuple[str, str], SlotRow]:
    """The slots of a sync by kind and flow."""
    query = sa.select(*_COLUMNS).where(schedule.c.sync == sync_id).order_by(schedule.c.kind, schedule.c.flow)
    rows = [SlotRow(**row._mapping) for row in connection.execute(query)]
    return {row.key: row for row in rows}


def put(connection: Connection, sync_id: int, row: SlotRow) -> None:
    """Store a slot, or overwrite it."""
    upsert(connection, schedule, [{"sync": sync_id, **msgspec.structs.asdict(row)}])


def forget(connection: Connection, sync_id: int, keys: Collection[tuple[str, str]]) -> None:
    """These slots are not in the settings any more."""
    for kind, flow in keys:
        connection.execute(
            sa.delete(schedule).where(
                schedule.c.sync == sync_id, schedule.c.kind == kind, schedule.c.flow == flow
            )
        )


def resume(connection: Connection, account: int, now: str) -> int:
    """The account works again: what waited for its owner is due now. Returns how many slots waited."""
    users = sa.select(sync.c.id).where((sync.c.account_a == account) | (sync.c.account_b == account))
    statement = (
        sa.update(schedule)
        .where(schedule.c.sync.in_(users), schedule.c.paused_by == "account")
        .values(paused_by=None, next_due=now)
    )
    return int(connection.execute(statement).rowcount)
