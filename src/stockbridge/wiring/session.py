"""Opens a sync for work: its lock, its two accounts, its flows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date

from sqlalchemy.engine import Engine

from stockbridge.engine.session import Session, open_session
from stockbridge.store import accounts
from stockbridge.store.database import sync_lock
from stockbridge.store.sealing import load_sealer
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.accounts import open_connector
from stockbridge.wiring.sync_kinds import kind_of


@contextmanager
def open_sync(engine: Engine, row: SyncRow, *, lock: bool = True) -> Iterator[Session]:
    """The sync, ready for the engine. With `lock` no other process may work on it meanwhile; without, only look.

    Raises `Halt` where another process holds it or the secrets cannot be opened, `SettingsError` for its settings.
    """
    opening = kind_of(row).opening(row.config, date.fromisoformat(row.created_at[:10]))
    sealer = load_sealer()
    with engine.connect() as connection:
        row_a, row_b = (accounts.get(connection, number) for number in (row.account_a, row.account_b))
    with ExitStack() as stack:
        epoch = stack.enter_context(sync_lock(engine, row.id)) if lock else row.epoch
        a, clock = stack.enter_context(open_connector(engine, row_a, sealer, **opening.a))
        b, _ = stack.enter_context(open_connector(engine, row_b, sealer, **opening.b))
        yield open_session(
            engine,
            sync_id=row.id,
            name=row.name,
            epoch=epoch,
            a=a,
            b=b,
            flows=opening.flows,
            now=clock.now,
            full_read_hours=opening.full_read_hours,
            recipe_reads=opening.recipe_reads,
        )
