"""Progress on a terminal: a bar for each flow."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from stockbridge.cli.output import flow_name, is_colourful
from stockbridge.core.report import OnProgress, Progress


@contextmanager
def bars() -> Iterator[OnProgress]:
    """What to hand to the engine as `on_progress`: a bar for each flow, gone when all are done."""
    console = Console(stderr=True, no_color=not is_colourful(sys.stderr), highlight=False)
    shown = Bars(
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
                    _fill(shown, earlier)
                tasks[key] = shown.add_task(words, total=now.total)
            # A bar cannot know that its total will still grow, so done never passes it.
            total = None if now.total is None else max(now.total, now.done)
            shown.update(tasks[key], description=words, completed=now.done, total=total)

    with shown:
        yield on_progress


def _fill(shown: Bars, task: TaskID) -> None:
    done = next(one for one in shown.tasks if one.id == task)
    total = done.completed if done.total is None else done.total
    shown.update(task, completed=total, total=total)
