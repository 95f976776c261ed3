"""Where the records of one stream stand in the store."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam

from stockbridge.core.flow import Match
from stockbridge.core.record import Field, Kind, Record, Stream, values_type
from stockbridge.store.rows import packed
from stockbridge.store.schema import mirror

_KEYED = (Kind.EMAIL, Kind.PHONE, Kind.URL)


class Shelf(msgspec.Struct, frozen=True):
    """Where the records of one stream stand: sync, side, stream; and how their values are read back with types.

    `at_hand` are the records stored last, as (change number, record) by id: what was just read is mostly decided next,
    and reading it back costs more than storing it. One counts only while the store has the same number for it.
    """

    sync: int
    side: str
    stream: Stream
    decoder: Any
    at_hand: dict[str, tuple[int, Record]] = {}
    region: str | None = None  # the country of phone numbers that name none
    typed: dict[str, Field] = {}  # fields whose keys have a form of their own
    names: tuple[Match, ...] = ()  # what records are called, where who is called alike is asked about

    def here(self) -> ColumnElement[bool]:
        return and_(
            mirror.c.sync == self.sync, mirror.c.side == self.side, mirror.c.stream == self.stream.name
        )

    @property
    def place(self) -> dict[str, Any]:
        """The parameters of a statement that is `placed`."""
        return {"at_sync": self.sync, "at_side": self.side, "at_stream": self.stream.name}


def shelf(
    sync_id: int, side: str, stream: Stream, region: str | None = None, names: tuple[Match, ...] = ()
) -> Shelf:
    """The place of a stream's records."""
    decoder = msgspec.json.Decoder(values_type(stream.fields))
    typed = {field.name: field for field in stream.fields if field.many or field.kind in _KEYED}
    return Shelf(sync_id, side, stream, decoder, region=region, typed=typed, names=names)


def placed(table: Any) -> ColumnElement[bool]:
    """The rows of this table that belong to one shelf, which is given with the parameters `Shelf.place`."""
    return and_(
        table.c.sync == bindparam("at_sync"),
        table.c.side == bindparam("at_side"),
        table.c.stream == bindparam("at_stream"),
    )


def run_at(connection: Connection, statement: Any, at: Shelf, ids: Collection[str], **more: Any) -> Any:
    """Run a statement that is `placed`, made for a dialect, for these ids (or keys)."""
    return connection.execute(
        statement(connection.dialect.name), {**at.place, "ids": packed(connection, ids), **more}
    )
