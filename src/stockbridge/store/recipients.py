"""Who is told when a sync needs someone: addresses as rows. Secrets come and go sealed; this module never sees them open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from stockbridge.core.errors import Halt
from stockbridge.store.rows import moment_text
from stockbridge.store.schema import notice, recipient

Way: TypeAlias = Literal["webhook", "mail"]


class RecipientRow(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient. `settings` holds nothing secret; `sealed` the address of a webhook, or the password of a mail server
    ("" where it asks for none)."""

    id: int
    name: str
    way: Way
    settings: dict[str, str]
    sealed: bytes
    added_at: str


def add(connection: Connection, *, name: str, way: Way, settings: dict[str, str], sealed: bytes) -> int:
    """Store a new recipient; returns its number. Raises `Halt` where the name is taken."""
    try:
        statement = (
            sa.insert(recipient)
            .values(
                name=name,
                way=way,
                settings=msgspec.json.encode(settings),
                sealed=sealed,
                added_at=moment_text(datetime.now(UTC)),
            )
            .returning(recipient.c.id)
        )
        return int(connection.execute(statement).scalar_one())
    except sa.exc.IntegrityError:
        raise Halt(
            f'Somebody by the name "{name}" is notified already.',
            remedy="Choose another name, or remove that one first: stockbridge notify remove",
        ) from None


def all_recipients(connection: Connection) -> list[RecipientRow]:
    """Everybody, by name."""
    return [_row(row) for row in connection.execute(sa.select(recipient).order_by(recipient.c.name))]


def remove(connection: Connection, number: int) -> None:
    """Forget a recipient, its secrets and what it was not sent yet."""
    connection.execute(sa.delete(notice).where(notice.c.recipient == number))
    connection.execute(sa.delete(recipient).where(recipient.c.id == number))


def _row(row: sa.Row[Any]) -> RecipientRow:
    values = dict(row._mapping)
    values["settings"] = msgspec.json.decode(values["settings"])
    return RecipientRow(**values)
