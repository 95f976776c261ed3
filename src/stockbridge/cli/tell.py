"""Tells whoever is to be told after a run that nobody watches: `stockbridge run --notify`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.engine import Engine

from stockbridge.cli.output import bad, note
from stockbridge.core.errors import Halt
from stockbridge.runtime import watch
from stockbridge.store.database import TAKEN
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.common_clock import clock_of
from stockbridge.wiring.settings import SettingsError


@contextmanager
def told_afterwards(store: Engine, row: SyncRow) -> Iterator[None]:
    """Looks how the sync stands after the block, and sends; what cannot be sent is kept for the next time."""
    try:
        yield
    except (Halt, SettingsError) as trouble:
        if not (isinstance(trouble, Halt) and trouble.code in (TAKEN, "lease")):
            _tell(store, row, [row.name])
        raise
    _tell(store, row, [])


def _tell(store: Engine, row: SyncRow, closed: Sequence[str]) -> None:
    clock = clock_of(store, [row])
    watch.look_over(store, clock.now(), names=[row.name], closed=closed)
    for one in watch.send(store, clock.now):
        note(bad(one.what, sys.stderr))
        note(f"  {one.remedy}")
