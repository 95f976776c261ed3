"""How results are written: one JSON document, or plain text that lines up. Colour only repeats what the words say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from rich.cells import cell_len

_BOLD, _DIM, _RED, _GREEN, _END = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def say(text: str = "") -> None:
    """A line of the result."""
    print(text, flush=True)


def note(text: str = "") -> None:
    """A line for the person at the terminal that is no part of the result (so that --json stays one document)."""
    print(text, file=sys.stderr, flush=True)


def document(data: Any) -> None:
    """One JSON document, indented, keys in a stable order."""
    say(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())


def is_colourful(stream: TextIO) -> bool:
    """Whether colour may be used there (https://no-color.org, and never outside a terminal)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bold(text: str) -> str:
    return f"{_BOLD}{text}{_END}" if is_colourful(sys.stdout) else text


def dim(text: str) -> str:
    return f"{_DIM}{text}{_END}" if is_colourful(sys.stdout) else text


def good(text: str, stream: TextIO | None = None) -> str:
    mark = f"{_GREEN}✓{_END}" if is_colourful(stream or sys.stdout) else "✓"
    return f"{mark} {text}"


def bad(text: str, stream: TextIO | None = None) -> str:
    mark = f"{_RED}✗{_END}" if is_colourful(stream or sys.stdout) else "✗"
    return f"{mark} {text}"


def number(value: int | float | None) -> str:
    """With thousands separators; a dash where it is not known."""
    return "–" if value is None else f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """ "1 record", "1,204 records"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def flow_name(name: str) -> str:
    """ "sell orders" for sell_orders."""
    return name.replace("_", " ")


def duration(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min 5 s", "2 h 4 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def moment(text: str | None, zone: str | None = None) -> str:
    """A stored moment in that zone (else the zone of this machine), with the zone named; a dash where there is none."""
    if not text:
        return "–"
    place = None
    if zone:
        # A machine without a table of zones still tells the time, in its own zone.
        with suppress(ZoneInfoNotFoundError, ValueError):
            place = ZoneInfo(zone)
    return datetime.fromisoformat(text).astimezone(place).strftime("%Y-%m-%d %H:%M:%S %Z")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Columns that line up, by the width that a terminal gives each letter. `right` are the columns of numbers."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(header))]
    for index, line in enumerate(lines):
        cells = [
            " " * (width - cell_len(text)) + text
            if column in right
            else text + " " * (width - cell_len(text))
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        text = "  ".join(cells).rstrip()
        say(bold(text) if index == 0 else text)


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Names and values that line up."""
    listed = list(rows)
    width = max((cell_len(name) for name, _ in listed), default=0)
    for name, value in listed:
        say(f"{name}{' ' * (width - cell_len(name))}  {value}".rstrip())
