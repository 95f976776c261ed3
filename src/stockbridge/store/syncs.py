"""Syncs as rows: which two accounts, which settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from stockbridge.core.errors import Halt
from stockbridge.store.rows import moment_text
from stockbridge.store.schema import checkpoint, metadata, sync


class SyncRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sync; `config` is what `wiring.settings` encodes, `approved` what a person allowed the next run to do,
    `hook_secret` what its webhooks are signed with, sealed; `paused_at` since when nothing runs."""

    id: int
    name: str
    kind: str
    account_a: int
    account_b: int
    config: bytes
    epoch: int
    holder: str | None
    seq: int
    previewed: str | None
    approved: bytes | None
    hook_secret: bytes | None
    paused_at: str | None
    created_at: str


def add(
    connection: Connection, *, name: str, kind: str, account_a: int, account_b: int, config: bytes
) -> int:
    """Store a new sync; returns its number. Raises `Halt` where the name is taken."""
    try:
        return int(
            connection.execute(
                sa.insert(sync)
                .values(
                    name=name,
                    kind=kind,
                    account_a=account_a,
                    account_b=account_b,
                    config=config,
                    epoch=0,
                    seq=0,
                    created_at=moment_text(datetime.now(UTC)),
                )
                .returning(sync.c.id)
            ).scalar_one()
        )
    except sa.exc.IntegrityError:
        raise Halt(
            f'There is already a sync "{name}".',
            remedy="Choose another --name, or change that one: stockbridge sync export, edit, stockbridge sync import",
        ) from None


def all_syncs(connection: Connection) -> list[SyncRow]:
    """Every sync, by name."""
    return [_row(row) for row in connection.execute(sa.select(sync).order_by(sync.c.name))]


def find(connection: Connection, name: str) -> SyncRow | None:
    """The sync of that name."""
    row = connection.execute(sa.select(sync).where(sync.c.name == name)).one_or_none()
    return None if row is None else _row(row)


def of_account(connection: Connection, account: int) -> list[SyncRow]:
    """The syncs that use this account."""
    query = sa.select(sync).where((sync.c.account_a == account) | (sync.c.account_b == account))
    return [_row(row) for row in connection.execute(query.order_by(sync.c.name))]


def configure(connection: Connection, number: int, config: bytes) -> None:
    """Store other settings; the next run compares them with what was previewed."""
    connection.execute(sa.update(sync).where(sync.c.id == number).values(config=config))


def keep_hook_secret(connection: Connection, number: int, sealed: bytes) -> None:
    """Store the secret that the sync's webhooks are signed with, sealed."""
    connection.execute(sa.update(sync).where(sync.c.id == number).values(hook_secret=sealed))


def pause(connection: Connection, number: int, at: str) -> None:
    """Let nothing run until it is resumed."""
    connection.execute(
        sa.update(sync).where(sync.c.id == number, sync.c.paused_at.is_(None)).values(paused_at=at)
    )


def resume(connection: Connection, number: int) -> None:
    """Let it run again; the next run reads every list from the beginning."""
    connection.execute(sa.update(sync).where(sync.c.id == number).values(paused_at=None))
    connection.execute(sa.update(checkpoint).where(checkpoint.c.sync == number).values(swept_at=None))


def remove(connection: Connection, number: int) -> None:
    """Forget the sync and everything read, linked and journalled for it. Nothing is written to either system."""
    for table in metadata.sorted_tables:
        if table is not sync and "sync" in table.c:
            connection.execute(sa.delete(table).where(table.c.sync == number))
    connection.execute(sa.delete(sync).where(sync.c.id == number))


def _row(row: sa.Row[Any]) -> SyncRow:
    return SyncRow(**row._mapping)
