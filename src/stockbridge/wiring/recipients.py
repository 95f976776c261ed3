"""The secrets of those who are notified: the address of a webhook, the password of a mail server. Opened here, and what
may be an address of either is decided here."""

from __future__ import annotations

from shlex import quote
from urllib.parse import urlsplit

from stockbridge.core.errors import Halt
from stockbridge.core.secret import Secret
from stockbridge.store.recipients import RecipientRow
from stockbridge.store.sealing import Sealer
from stockbridge.wiring.accounts import is_loopback

_PURPOSE = "notices"


def seal_for(sealer: Sealer, name: str, secret: Secret) -> bytes:
    """The secret of a recipient, sealed for it."""
    return sealer.seal(secret.reveal().encode(), account=_owner(name), purpose=_PURPOSE)


def open_for(sealer: Sealer, row: RecipientRow) -> Secret:
    """The secret of this recipient. Raises `Halt` where it was sealed with another key."""
    try:
        return Secret(sealer.open(row.sealed, account=_owner(row.name), purpose=_PURPOSE).decode())
    except Halt:
        raise Halt(
            f'The secret of "{row.name}" was sealed with another key, or changed since, so it cannot be used.',
            remedy=f"Add it again: stockbridge notify remove {quote(row.name)}, then stockbridge notify add",
        ) from None


def webhook_fault(url: str) -> str | None:
    """Why this is no address that a notice may be sent to; None where it is one. Says nothing of the address itself."""
    if any(one.isspace() or not one.isascii() or not one.isprintable() for one in url):
        return "it holds blanks or letters that belong into no address"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is no address"
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        return "it is no whole address, with https:// in front"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or a password before its @"
    if parts.scheme == "http" and not is_loopback(url):
        return "it is not https, so anybody on the way could read it"
    return None


def _owner(name: str) -> str:
    return f"recipient {name}"
