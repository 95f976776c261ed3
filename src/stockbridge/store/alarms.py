"""What is known of each sync's troubles, and the notices that are still to be sent. Both change in one transaction, so that
what was decided is sent even when the process dies between the two."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from stockbridge.core.alarms import Watch
from stockbridge.core.notice_words import Message
from stockbridge.store.schema import alarm, notice, recipient, run


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A watch and the bytes that it was read from; None where there is none yet."""

    watch: Watch = Watch()
    state: bytes | None = None


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """One notice for one recipient."""

    id: int
    recipient: int
    message: Message


class PastRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands; without a report it is under way, or was cut short."""

    id: int
    mode: str
    started_at: str
    report: bytes | None


def watches(connection: Connection) -> dict[int, Kept]:
    """What is known of each sync, by its number; a sync that was never looked at is missing."""
    query = select(alarm.c.sync, alarm.c.state)
    return {
        row.sync: Kept(watch=msgspec.json.decode(row.state, type=Watch), state=row.state)
        for row in connection.execute(query)
    }


_NEW_RUNS = (
    select(run.c.sync, run.c.id, run.c.mode, run.c.started_at, run.c.report)
    # With the 0, SQLite has to begin with the syncs and look up their runs; else it goes through every run there ever was.
    .join_from(alarm, run, run.c.sync == alarm.c.sync + 0)
    .where(run.c.id > alarm.c.newest)
)


def new_runs(connection: Connection) -> dict[int, list[PastRow]]:
    """The runs after those that are known, oldest first, of each sync that has any. Of a sync that was never looked at see
    `last_runs`."""
    out: dict[int, list[PastRow]] = {}
    for row in sorted(connection.execute(_NEW_RUNS), key=lambda one: one.id):
        out.setdefault(row.sync, []).append(
            PastRow(id=row.id, mode=row.mode, started_at=row.started_at, report=row.report)
        )
    return out


def last_runs(connection: Connection, sync_id: int, limit: int) -> list[PastRow]:
    """The newest runs of a sync, oldest first."""
    query = select(run.c.id, run.c.mode, run.c.started_at, run.c.report).where(run.c.sync == sync_id)
    found = connection.execute(query.order_by(run.c.id.desc()).limit(limit))
    return [PastRow(**row._mapping) for row in found][::-1]


def keep(
    connection: Connection,
    sync_id: int,
    before: Kept,
    after: Watch,
    messages: Sequence[Message],
    at: str,
) -> bool:
    """Store what is known now, and a notice for every recipient; False where another process was there first, which then
    did the same."""
    state = msgspec.json.encode(after)
    if before.state is None:
        table = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(alarm)
        first = table.values(sync=sync_id, state=state, newest=after.newest).on_conflict_do_nothing()
        taken = connection.execute(first.returning(alarm.c.sync)).first() is not None
    else:
        statement = update(alarm).where(alarm.c.sync == sync_id, alarm.c.state == before.state)
        taken = connection.execute(statement.values(state=state, newest=after.newest)).rowcount == 1
    if taken and messages:
        numbers = connection.execute(select(recipient.c.id)).scalars().all()
        rows = [
            {"sync": sync_id, "recipient": number, "message": msgspec.json.encode(message), "made_at": at}
            for message in messages
            for number in numbers
        ]
        if rows:
            connection.execute(insert(notice), rows)
    return taken


def unsent(connection: Connection, now: str, until: str) -> list[Unsent]:
    """What is to be sent and that no other process is sending, oldest first; moments as for `take`."""
    query = select(notice.c.id, notice.c.recipient, notice.c.message).where(_free(now, until))
    query = query.order_by(notice.c.id)
    return [
        Unsent(id=row.id, recipient=row.recipient, message=msgspec.json.decode(row.message, type=Message))
        for row in connection.execute(query)
    ]


def count_unsent(connection: Connection) -> dict[int, int]:
    """How many notices wait to be sent, by recipient; who has none is missing."""
    query = select(notice.c.recipient, func.count().label("many")).group_by(notice.c.recipient)
    return {row.recipient: row.many for row in connection.execute(query)}


def take(connection: Connection, number: int, now: str, until: str) -> bool:
    """Send this one from here: no other process sends it before `until`. False where one does already, or did."""
    statement = update(notice).where(notice.c.id == number, _free(now, until)).values(taken_until=until)
    return connection.execute(statement).rowcount == 1


def give_back(connection: Connection, number: int) -> None:
    """It could not be sent: whoever looks next tries again."""
    connection.execute(update(notice).where(notice.c.id == number).values(taken_until=None))


def sent(connection: Connection, number: int) -> None:
    """It arrived."""
    connection.execute(delete(notice).where(notice.c.id == number))


def _free(now: str, until: str) -> ColumnElement[bool]:
    """Nobody took it, or who did has died: its time is over, or lies further ahead than anybody's can by this clock."""
    taken = notice.c.taken_until
    return or_(taken.is_(None), taken <= now, taken > until)
