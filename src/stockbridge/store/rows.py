"""The few statements that every part of the store shares: the clock text, the upsert, the change number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Table, update
from sqlalchemy.dialects import postgresql, sqlite

from stockbridge.core.errors import Halt
from stockbridge.store.schema import sync

T = TypeVar("T")
MANY = 500  # ids in one IN (…)


def moment_text(at: datetime) -> str:
    """A moment as the store keeps it: ISO 8601 in UTC, microseconds, sortable as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def chunks(many: Iterable[T], size: int = MANY) -> Iterator[list[T]]:
    """The same things in lists of at most `size`."""
    iterator = iter(many)
    while chunk := list(islice(iterator, size)):
        yield chunk


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, keep: Sequence[str] = ()
) -> None:
    """Insert the rows, or overwrite those with the same primary key (except the columns in `keep`)."""
    if rows:
        statement = _upsert(connection.dialect.name, table, tuple(rows[0]), tuple(keep))
        connection.execute(statement, list(rows))


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: Table, columns: tuple[str, ...], keep: tuple[str, ...]) -> Executable:
    # Building the statement costs as much as running it for ten rows.
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    key = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in columns if name not in key and name not in keep}
    statement: Executable = insert.on_conflict_do_update(index_elements=key, set_=changed)
    return statement


def next_seq(connection: Connection, sync_id: int, epoch: int) -> int:
    """The next change number of a sync; refuses a holder whose lease was taken over by another process."""
    found = connection.execute(
        update(sync)
        .where(sync.c.id == sync_id, sync.c.epoch == epoch)
        .values(seq=sync.c.seq + 1)
        .returning(sync.c.seq)
    ).scalar_one_or_none()
    if found is None:
        raise Halt(
            "Another process took this sync over; nothing more was written from here.",
            remedy="Look at it with: stockbridge status",
            code="lease",
        )
    return int(found)


def check_epoch(connection: Connection, sync_id: int, epoch: int) -> None:
    """Refuse to go on where another process holds the lease by now. Being a write, it also keeps others from taking the
    lease until this transaction ends."""
    mine = update(sync).where(sync.c.id == sync_id, sync.c.epoch == epoch).values(epoch=sync.c.epoch)
    if connection.execute(mine).rowcount != 1:
        raise Halt(
            "Another process took this sync over; nothing more was written from here.",
            remedy="Look at it with: stockbridge status",
            code="lease",
        )
