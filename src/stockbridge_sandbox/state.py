"""The whole state of the sandbox in one JSON file, replaced as a whole so that a crash leaves the old one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a state file holds: the sandbox clock at the moment of saving, and a snapshot of each system.

    `people` is None in files of before Google was simulated.
    """

    now: datetime
    zoho: Any
    optiply: Any
    people: Any = None
    version: int = VERSION


class StateError(Exception):
    """A state file that cannot be used. The text names the file, the reason and the remedy."""


def save(path: Path, saved: Saved) -> None:
    """Write the file beside its place and move it there. Raises OSError when the folder cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(saved))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path) -> Saved | None:
    """Read the file, None when there is none. Raises StateError when it is damaged or of another version."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        saved = msgspec.json.decode(raw, type=Saved)
    except msgspec.DecodeError as error:
        raise StateError(
            f"{path} is not a state file of the sandbox ({error}). Delete it or name another."
        ) from error
    if saved.version != VERSION:
        raise StateError(
            f"{path} is of version {saved.version}, this sandbox reads version {VERSION}. Delete it or name another."
        )
    return saved
