"""Progress by stream: bars on a terminal, a plain line every few seconds elsewhere, nothing with --json."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stockbridge.cli.output import flow_name, note
from stockbridge.core.report import OnProgress, Progress

_SECONDS = 5.0


@contextmanager
def shown(*, quiet: bool) -> Iterator[OnProgress]:
    """What to hand to the engine as `on_progress`. Progress goes to standard error, safe from any thread."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        # Rich takes a tenth of a second to load, and only here anybody sees it.
        from stockbridge.cli.bars import bars

        with bars() as on_progress:
            yield on_progress
    else:
        yield _lines()


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
