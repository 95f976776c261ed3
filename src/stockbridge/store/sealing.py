"""Secrets at rest: sealed with AES-GCM under one key, each bound to the account and the purpose it was sealed for."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stockbridge.core.errors import Halt
from stockbridge.store.home import home, make_private_directory

# What stands before every sealed text: the format, then which key it was, so that a wrong key is named as such.
_FORMAT = b"sb1"
_KEY_BYTES = 32
_ID_BYTES = 6
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealer:
    """Seals and opens with one key. `source` says in words where the key came from."""

    key: bytes = field(repr=False)
    source: str

    def __post_init__(self) -> None:
        if len(self.key) != _KEY_BYTES:
            raise ValueError("a key is 32 bytes")

    @property
    def key_id(self) -> str:
        """A short name of the key that does not give it away."""
        return self._id().hex()

    def seal(self, text: bytes, *, account: str, purpose: str) -> bytes:
        """The sealed text. It opens only for the same account and purpose, so rows cannot be swapped."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (
            _FORMAT + self._id() + nonce + AESGCM(self.key).encrypt(nonce, text, _bound_to(account, purpose))
        )

    def open(self, sealed: bytes, *, account: str, purpose: str) -> bytes:
        """The text. Raises `Halt` saying whether the key is another one or the row was changed."""
        start = len(_FORMAT) + _ID_BYTES
        if sealed[: len(_FORMAT)] != _FORMAT or len(sealed) < start + _NONCE_BYTES:
            raise Halt(f'The stored login of "{account}" is damaged.', remedy=_sign_in(account))
        if sealed[len(_FORMAT) : start] != self._id():
            theirs = sealed[len(_FORMAT) : start].hex()
            raise Halt(
                f'The stored login of "{account}" was sealed with another key ({theirs}) than the one in '
                f"{self.source} ({self.key_id}).",
                remedy=f"Set STOCKBRIDGE_KEY to that other key. If it is lost: {_sign_in(account)}",
            )
        nonce, rest = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return AESGCM(self.key).decrypt(nonce, rest, _bound_to(account, purpose))
        except InvalidTag:
            raise Halt(
                f'The stored login of "{account}" was changed after it was sealed, or belongs to another account.',
                remedy=_sign_in(account),
            ) from None

    def _id(self) -> bytes:
        return hashlib.sha256(b"stockbridge key id\0" + self.key).digest()[:_ID_BYTES]


def load_sealer() -> Sealer:
    """The sealer with the key of $STOCKBRIDGE_KEY, else of the file `key` in the home directory, made on first use.

    Raises `Halt` where the key is malformed, or where others than its owner may read the file.
    """
    given = os.environ.get("STOCKBRIDGE_KEY")
    if given:
        key = _decoded(given)
        if key is None:
            raise Halt(
                "STOCKBRIDGE_KEY is not a key: it must be 32 bytes in base64.",
                remedy="Make one with: openssl rand -base64 32",
            )
        return Sealer(key=key, source="STOCKBRIDGE_KEY")
    file = home() / "key"
    if not file.exists():
        make_private_directory(file.parent)
        _make_key_file(file)
    return Sealer(key=_read_key_file(file), source=str(file))


def _make_key_file(file: Path) -> None:
    # Written aside and put in place in one step, so that nobody ever reads half a key and the first of two wins.
    aside = file.with_name(f"key.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, file)
    except OSError as trouble:
        raise Halt(
            f"The key file {file} cannot be written: {trouble.strerror}.",
            remedy="Set STOCKBRIDGE_HOME to a directory that you can write to, or give the key in STOCKBRIDGE_KEY.",
        ) from trouble
    finally:
        aside.unlink(missing_ok=True)


def _read_key_file(file: Path) -> bytes:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        text = file.read_text(encoding="ascii", errors="replace")
    except OSError as trouble:
        raise Halt(
            f"The key file {file} cannot be read: {trouble.strerror}.",
            remedy="Mend its owner, or give the key in STOCKBRIDGE_KEY.",
        ) from trouble
    if mode & 0o077:
        raise Halt(
            f"The key file {file} can be read by others (mode {mode:04o}), so it is not used.",
            remedy=f"Close it: chmod 600 {file}",
        )
    key = _decoded(text)
    if key is None:
        raise Halt(
            f"The key file {file} holds no key (32 bytes in base64).",
            remedy="Put it back from your backup. If there is none, remove it and sign in to every account again.",
        )
    return key


def _decoded(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == _KEY_BYTES else None


def _bound_to(account: str, purpose: str) -> bytes:
    return f"{account}\0{purpose}".encode()


def _sign_in(account: str) -> str:
    return f"Sign in again: stockbridge accounts add SYSTEM --reauthorise {quote(account)}"
