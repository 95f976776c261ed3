"""Progress by stream: bars on a terminal, a plain line every few seconds elsewhere, nothing with --json."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
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
    tasks: dict[tuple[bool, str], TaskID] = {}

    def on_progress(now: Progress) -> None:
        # A flow fetches and writes at the same time, which is one bar; reading a list is one of its own.
        key = (now.phase == "reading", now.flow)
        words = f"{now.phase:<8} {flow_name(now.flow):<18}"
        with guard:
            if key not in tasks:
                for earlier in tasks.values():  # the engine goes on only when the one before is done
                    _fill(bars, earlier)
                tasks[key] = bars.add_task(words, total=now.total)
            # A bar cannot know that its total will still grow, so done never passes it.
            total = None if now.total is None else max(now.total, now.done)
            bars.update(tasks[key], description=words, completed=now.done, total=total)

    with bars:
        yield on_progress


def _fill(bars: Bars, task: TaskID) -> None:
    done = next(one for one in bars.tasks if one.id == task)
    total = done.completed if done.total is None else done.total
    bars.update(task, completed=total, total=total)


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
