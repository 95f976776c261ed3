"""Which flows the settings of a sync make, by name."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from stockbridge.core.errors import Trouble
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.sync_kinds import KINDS


def live_flows(row: SyncRow) -> tuple[str, ...]:
    """The names of the flows of this sync; none where its settings are not understood. A flow that the settings made
    once, and of which the store still knows, is not among them."""
    try:
        return _names(row.kind, row.config, row.created_at[:10])
    except (SettingsError, Trouble):
        return ()


@lru_cache(maxsize=1024)
def _names(kind: str, config: bytes, created: str) -> tuple[str, ...]:
    known = KINDS.get(kind)
    if known is None:
        return ()
    return tuple(flow.name for flow in known.opening(config, date.fromisoformat(created)).flows)
