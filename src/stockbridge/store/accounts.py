"""Accounts as rows. Secrets come and go sealed; this module never sees them open."""

from __future__ import annotations

from datetime import UTC, datetime
from shlex import quote
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from stockbridge.core.errors import Halt
from stockbridge.store.rows import moment_text
from stockbridge.store.schema import account


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account. `settings` holds nothing secret; `sealed` the secrets; `token` a sealed access token or None;
    `quota` the day's quota as last told: limit, remaining, resets_at."""

    id: int
    name: str
    connector: str
    settings: dict[str, Any]
    sealed: bytes
    token: bytes | None
    quota: dict[str, Any] | None
    added_at: str


def add(connection: Connection, *, name: str, connector: str, settings: dict[str, Any], sealed: bytes) -> int:
    """Store a new account; returns its number. Raises `Halt` where the name is taken."""
    try:
        return int(
            connection.execute(
                sa.insert(account)
                .values(
                    name=name,
                    connector=connector,
                    settings=msgspec.json.encode(settings),
                    sealed=sealed,
                    added_at=moment_text(datetime.now(UTC)),
                )
                .returning(account.c.id)
            ).scalar_one()
        )
    except sa.exc.IntegrityError:
        raise Halt(
            f'There is already an account "{name}".',
            remedy=f"Choose another --name, or sign in to it again with --reauthorise {quote(name)}.",
        ) from None


def replace_login(connection: Connection, number: int, *, settings: dict[str, Any], sealed: bytes) -> None:
    """A new login for the same account; the old access token goes with the old login."""
    connection.execute(
        sa.update(account)
        .where(account.c.id == number)
        .values(settings=msgspec.json.encode(settings), sealed=sealed, token=None)
    )


def find(connection: Connection, name: str) -> AccountRow | None:
    """The account of that name."""
    row = connection.execute(sa.select(account).where(account.c.name == name)).one_or_none()
    return None if row is None else _row(row)


def get(connection: Connection, number: int) -> AccountRow:
    """The account of that number. Raises `Halt` where it is gone."""
    row = connection.execute(sa.select(account).where(account.c.id == number)).one_or_none()
    if row is None:
        raise Halt(
            "The account of this sync is not there any more.",
            remedy="See what there is: stockbridge accounts list",
        )
    return _row(row)


def all_accounts(connection: Connection, connector: str | None = None) -> list[AccountRow]:
    """Every account, by name; of one connector where that is given."""
    query = sa.select(account).order_by(account.c.name)
    if connector is not None:
        query = query.where(account.c.connector == connector)
    return [_row(row) for row in connection.execute(query)]


def remove(connection: Connection, number: int) -> None:
    """Forget the account and its secrets."""
    connection.execute(sa.delete(account).where(account.c.id == number))


def remember_token(connection: Connection, number: int, sealed: bytes | None) -> None:
    """Keep the newest access token, sealed."""
    connection.execute(sa.update(account).where(account.c.id == number).values(token=sealed))


def remember_quota(connection: Connection, number: int, quota: dict[str, Any]) -> None:
    """Keep what the system last said of the day's quota."""
    connection.execute(
        sa.update(account).where(account.c.id == number).values(quota=msgspec.json.encode(quota))
    )


def _row(row: sa.Row[Any]) -> AccountRow:
    values = dict(row._mapping)
    values["settings"] = msgspec.json.decode(values["settings"])
    values["quota"] = msgspec.json.decode(values["quota"]) if values["quota"] else None
    return AccountRow(**values)
