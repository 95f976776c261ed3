"""Hints: records that a system said have changed. They say what to read anew, never what it holds."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection

from stockbridge.store.rows import upsert
from stockbridge.store.schema import hint

MOST = 500  # hints that one run takes


def note(
    connection: Connection, sync_id: int, side: str, records: Collection[tuple[str, str]], at: str
) -> None:
    """Keep these (stream, id) until a run has read them. Told twice, they are read once."""
    upsert(
        connection,
        hint,
        [{"sync": sync_id, "side": side, "stream": stream, "id": id, "at": at} for stream, id in records],
    )


def oldest(connection: Connection) -> dict[int, str]:
    """Since when hints wait, by sync."""
    query = sa.select(hint.c.sync, sa.func.min(hint.c.at)).group_by(hint.c.sync)
    return {int(number): str(at) for number, at in connection.execute(query)}


def waiting(connection: Connection, sync_id: int, side: str) -> list[tuple[str, str, str]]:
    """(stream, id, at) of the hints that wait, the oldest first, at most `MOST`."""
    query = (
        sa.select(hint.c.stream, hint.c.id, hint.c.at)
        .where(hint.c.sync == sync_id, hint.c.side == side)
        .order_by(hint.c.at, hint.c.stream, hint.c.id)
        .limit(MOST)
    )
    return [(stream, id, at) for stream, id, at in connection.execute(query)]


def settle(connection: Connection, sync_id: int, side: str, taken: Collection[tuple[str, str, str]]) -> None:
    """These (stream, id, at) were read. One that was told again meanwhile stays."""
    rows = [{"of": stream, "its": id, "then": at} for stream, id, at in taken]
    if rows:
        connection.execute(
            sa.delete(hint).where(
                hint.c.sync == sync_id,
                hint.c.side == side,
                hint.c.stream == sa.bindparam("of"),
                hint.c.id == sa.bindparam("its"),
                hint.c.at == sa.bindparam("then"),
            ),
            rows,
        )
