"""What each kind of sync has of its own in the commands that are the same for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Engine

from stockbridge.store.accounts import AccountRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A sync as a file describes it: its accounts, its settings as the store keeps them, and what is allowed but may be
    meant otherwise."""

    name: str
    a: AccountRow
    b: AccountRow
    config: bytes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """`take` reads a file, `write` makes one of (name, the two accounts, stored settings); `plain` is for --json, `show`
    for people; `changes` gives (setting, before, after) for everything that differs."""

    take: Callable[[Engine, str], Taken]
    write: Callable[[str, tuple[str, str], bytes], str]
    plain: Callable[[bytes], dict[str, Any]]
    show: Callable[[bytes], None]
    changes: Callable[[bytes, bytes], list[tuple[str, str, str]]]
