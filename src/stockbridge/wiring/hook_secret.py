"""The secret with which Zoho signs the webhooks of a sync: made here, sealed in the store."""

from __future__ import annotations

import secrets
import string
from urllib.parse import quote

from sqlalchemy.engine import Engine

from stockbridge.core.secret import Secret
from stockbridge.store import syncs
from stockbridge.store.sealing import Sealer
from stockbridge.store.syncs import SyncRow

_PURPOSE = "hooks"
_LENGTH = 40  # Zoho takes 12 to 50 letters and digits (facts: Zoho 12)


def hook_path(name: str) -> str:
    """Where the webhooks of this sync arrive."""
    return f"/hooks/{quote(name, safe='')}"


def make_secret(store: Engine, row: SyncRow, sealer: Sealer) -> Secret:
    """A new secret for this sync; the one before does not count any more."""
    text = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_LENGTH))
    sealed = sealer.seal(text.encode(), account=_owner(row), purpose=_PURPOSE)
    with store.begin() as connection:
        syncs.keep_hook_secret(connection, row.id, sealed)
    return Secret(text)


def open_secret(row: SyncRow, sealer: Sealer) -> Secret | None:
    """The secret of this sync; None where none was made. Raises `Halt` where it was sealed with another key."""
    if row.hook_secret is None:
        return None
    return Secret(sealer.open(row.hook_secret, account=_owner(row), purpose=_PURPOSE).decode())


def _owner(row: SyncRow) -> str:
    return f"sync {row.name}"
