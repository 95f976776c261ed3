"""The text of a file that a command is given."""

from __future__ import annotations

import sys
from pathlib import Path

from stockbridge.cli.usage import Usage


def text_of(file: Path) -> str:
    """The text of this file; "-" is standard input. Raises `Usage` where it cannot be read."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as trouble:
        raise Usage(f"{file} cannot be read: {trouble.strerror}.") from None
    except UnicodeDecodeError:
        raise Usage(f"{file} is not a text file in UTF-8.") from None
