"""Where Stockbridge keeps its own files: a directory that only its user can look into."""

from __future__ import annotations

import os
from pathlib import Path

from stockbridge.core.errors import Halt


def home() -> Path:
    """The directory of the embedded store and its key: $STOCKBRIDGE_HOME, else ~/.stockbridge. Touches nothing."""
    given = os.environ.get("STOCKBRIDGE_HOME")
    return Path(given).expanduser() if given else Path.home() / ".stockbridge"


def make_private_directory(path: Path) -> None:
    """Make the directory, readable by its owner alone, unless it is there. Raises `Halt` where that cannot be done."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as trouble:
        raise Halt(
            f"The directory {path} cannot be made: {trouble.strerror}.",
            remedy="Set STOCKBRIDGE_HOME to a directory that you can write to.",
        ) from trouble


def make_private_file(path: Path) -> None:
    """Make an empty file, readable by its owner alone, unless it is there. Raises `Halt` where that cannot be done."""
    try:
        # A file that is there is not opened: closing it again would let go of every lock that SQLite holds on it for
        # this process (sqlite.org/howtocorrupt.html, 2.2), the lock of a sync among them.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if not os.access(path, os.W_OK):
            raise Halt(
                f"The file {path} cannot be written.",
                remedy="Mend its owner and mode, or set STOCKBRIDGE_HOME to a directory that you can write to.",
            ) from None
    except OSError as trouble:
        raise Halt(
            f"The file {path} cannot be written: {trouble.strerror}.",
            remedy="Mend its owner and mode, or set STOCKBRIDGE_HOME to a directory that you can write to.",
        ) from trouble
