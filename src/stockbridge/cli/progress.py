"""Progress by stream: bars on a terminal, a plain line every few seconds elsewhere, nothing with --json."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from stockbridge.cli.output import flow_name, is_colourful, note
from stockbridge.core.report import OnProgress, Progress

_SECONDS = 5.0


@contextmanager
def shown(*, quiet: bool) -> Iterator[OnProgress]:
    """What to hand to the engine as `on_progress`. Progress goes to standard error, safe from any thread."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bars() as on_progress:
            yield on_progress
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[OnProgress]:
    console = Console(stderr=True, no_color=not is_colourful(sys.stderr), highlight=False)
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        refresh_per_second=8,
    )
    guard = threading.Lock()
    tasks: dict[tuple[str, str], int] = {}

    def on_progress(now: Progress) -> None:
        key = (now.phase, now.flow)
        with guard:
            if key not in tasks:
                words = f"{now.phase:<8} {flow_name(now.flow):<18}"
                tasks[key] = bars.add_task(words, total=now.total)
            # Columns of a bar cannot know that a total will still grow, so done never passes it.
            total = None if now.total is None else max(now.total, now.done)
            bars.update(bars.task_ids[tasks[key]], completed=now.done, total=total)

    with bars:
        yield on_progress


def _lines() -> OnProgress:
    guard = threading.Lock()
    told = time.monotonic() - _SECONDS + 1  # the first line within a second of work

    def on_progress(now: Progress) -> None:
        nonlocal told
        with guard:
            if time.monotonic() - told < _SECONDS:
                return
            told = time.monotonic()
        of = "" if now.total is None else f" of {now.total:,}"
        note(f"{now.phase} {flow_name(now.flow)}: {now.done:,}{of}")

    return on_progress
