"""Page tokens and sync tokens: opaque to a client, checked against the request that brings them back."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal

import msgspec

from stockbridge_sandbox.people.refusal import invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """`request` is a fingerprint of the other parameters; the rest says how far the reading has come.

    `since` is the change up to which an earlier reading knew everything (-1: a full reading), `upto` that of this
    one, `after` the place behind the last row given, and `full` the moment of the full reading (POSIX seconds).
    """

    kind: Literal["page", "sync"]
    collection: str
    request: str
    since: int
    upto: int
    after: tuple[str | int, ...] = ()
    full: float


def fingerprint(*parts: object) -> str:
    """A short word for the parameters of a request."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def write_token(token: Token) -> str:
    """The token as text."""
    raw = msgspec.json.encode(token)
    return base64.urlsafe_b64encode(hashlib.sha256(raw).digest()[:6] + raw).decode().rstrip("=")


def read_token(text: str, kind: Literal["page", "sync"], collection: str, request: str) -> Token:
    """Raises Refusal (400) for a text that is no such token, or that came with other parameters."""
    name = "page" if kind == "page" else "sync"
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        token = msgspec.json.decode(raw[6:], type=Token)
    except (ValueError, msgspec.DecodeError) as error:
        raise invalid(f"Invalid {name} token.") from error
    if hashlib.sha256(raw[6:]).digest()[:6] != raw[:6] or (token.kind, token.collection) != (
        kind,
        collection,
    ):
        raise invalid(f"Invalid {name} token.")
    if token.request != request:
        raise invalid(f"Request parameters must match the first call that provided the {name} token.")
    return token
