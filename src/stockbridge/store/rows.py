"""What every part of the store shares: the clock text, "one of these ids", the upsert, the change number.

Statements are built and compiled once per dialect: building one costs more than running it for a few rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, Text, any_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from stockbridge.core.errors import Halt
from stockbridge.store.schema import sync

T = TypeVar("T")


def moment_text(at: datetime) -> str:
    """A moment as the store keeps it: ISO 8601 in UTC, microseconds, sortable as text."""
    # Five times as fast as strftime.
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def chunks(many: Iterable[T], size: int) -> Iterator[list[T]]:
    """The same things in lists of at most `size`."""
    iterator = iter(many)
    while chunk := list(islice(iterator, size)):
        yield chunk


def among(dialect: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """`column` is one of the bound `ids`, which `packed` makes. The statement is the same for any number of them."""
    if dialect == "postgresql":
        return column == any_(bindparam("ids", type_=postgresql.ARRAY(Text)))
    return column.in_(select(func.json_each(bindparam("ids")).table_valued("value").c.value))


def packed(connection: Connection, ids: Collection[str]) -> list[str] | str:
    """Many ids as the one parameter `ids`."""
    some = list(ids)
    return some if connection.dialect.name == "postgresql" else msgspec.json.encode(some).decode()


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, keep: Sequence[str] = ()
) -> None:
    """Insert the rows, or overwrite those with the same primary key (except the columns in `keep`)."""
    if rows:
        columns = tuple(column.name for column in table.columns if column.name in rows[0])
        upsert_rows(connection, table, columns, list(map(itemgetter(*columns), rows)), keep)


def upsert_rows(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    keep: Sequence[str] = (),
) -> None:
    """The same with the values of these columns, which are in the order of the table."""
    if rows:
        # Straight to the driver: SQLAlchemy's own work per row costs as much as the database's.
        statement = _upsert(connection.dialect.name, table, columns, tuple(keep))
        connection.exec_driver_sql(statement, list(rows))


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: Table, columns: tuple[str, ...], keep: tuple[str, ...]) -> str:
    """The statement as text, its parameters in the order of the columns."""
    server = dialect == "postgresql"
    insert = (postgresql if server else sqlite).insert(table)
    key = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in columns if name not in key and name not in keep}
    statement = (
        insert.on_conflict_do_update(index_elements=key, set_=changed)
        if changed
        else insert.on_conflict_do_nothing(index_elements=key)
    )
    written: Any = postgresql.psycopg if server else sqlite
    positional = written.dialect(paramstyle="format" if server else "qmark")
    compiled: Any = statement.compile(dialect=positional, column_keys=list(columns))
    if tuple(compiled.positiontup) != columns:
        raise AssertionError(f"the columns of {table.name} are in another order: {compiled.positiontup}")
    return str(compiled)


_NEXT = (
    update(sync)
    .where(sync.c.id == bindparam("number"), sync.c.epoch == bindparam("held"))
    .values(seq=sync.c.seq + 1)
    .returning(sync.c.seq)
)
_MINE = (
    update(sync)
    .where(sync.c.id == bindparam("number"), sync.c.epoch == bindparam("held"))
    .values(epoch=sync.c.epoch)
)


def next_seq(connection: Connection, sync_id: int, epoch: int) -> int:
    """The next change number of a sync; refuses a holder whose lease was taken over by another process."""
    found = connection.execute(_NEXT, {"number": sync_id, "held": epoch}).scalar_one_or_none()
    if found is None:
        raise _taken_over()
    return int(found)


def check_epoch(connection: Connection, sync_id: int, epoch: int) -> None:
    """Refuse to go on where another process holds the lease by now. Being a write, it also keeps others from taking the
    lease until this transaction ends."""
    if connection.execute(_MINE, {"number": sync_id, "held": epoch}).rowcount != 1:
        raise _taken_over()


def _taken_over() -> Halt:
    return Halt(
        "Another process took this sync over; nothing more was written from here.",
        remedy="Look at it with: stockbridge status",
        code="lease",
    )
