"""The loop of `stockbridge serve`: look what is due, do it, wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import OperationalError

from stockbridge.core.errors import Halt, Trouble
from stockbridge.http.clock import Clock
from stockbridge.runtime.lookout import Lookout, Watched
from stockbridge.runtime.queue import Queue, Work
from stockbridge.runtime.work import Noted, Tell, carry_out, failed
from stockbridge.store.database import TAKEN

_LOOK = 1.0  # seconds between two looks; what other processes changed is noticed then
_ELSEWHERE = 2.0  # seconds before a sync that another process holds is tried again
_CANNOT_OPEN = 60.0  # seconds before a sync whose accounts cannot be opened is tried again
_STORE_DOWN = 5.0


def serve(
    lookout: Lookout,
    clock: Clock,
    tell: Tell,
    wake: threading.Event,
    stopped: Callable[[], bool],
    tell_closed: Callable[[frozenset[str]], None] = lambda _: None,
) -> None:
    """Run everything at its time, one run after the other, until it is `stopped`. Setting `wake` makes it look at once.
    `tell_closed` is given the names of the syncs that do not open now, before each run.

    It runs in the main thread, for that is where signals come: whoever stops it raises KeyboardInterrupt there, too,
    which ends the waiting and which a run under way takes as Ctrl-C: it ends in order and returns.
    """
    queue = Queue()
    not_before: dict[int, float] = {}  # sync -> when to try it again
    told: dict[str, str] = {}  # what was said last of a sync that cannot be worked on
    cannot_open: set[str] = set()

    def say_once(note: Noted) -> None:
        if told.get(note.sync) != note.what:
            told[note.sync] = note.what
            tell(note)

    while not stopped():
        wake.clear()
        try:
            left_alone = [number for number, until in not_before.items() if time.monotonic() < until]
            upcoming = lookout.look(clock.now(), queue.submit, left_alone)
            for name, what in lookout.broken.items():
                say_once(Noted(sync=name, what=what, remedy=f"Mend it: stockbridge sync export {name}"))
            tell_closed(frozenset(cannot_open | lookout.broken.keys()))
            work = queue.take()
            if work is None:
                wake.wait(_seconds_until(upcoming, clock.now()))
                continue
            watched = lookout.known[work.sync]
            trouble = _trouble_with(lookout, watched, work, clock, tell)
            if trouble is None:
                told.pop(watched.row.name, None)
                cannot_open.discard(watched.row.name)
                continue
            say_once(
                Noted(sync=watched.row.name, what=trouble.what, remedy=trouble.remedy, code=trouble.code)
            )
            if isinstance(trouble, Halt) and trouble.code not in (TAKEN, "lease"):
                cannot_open.add(watched.row.name)
            pause = _ELSEWHERE if trouble.code == TAKEN else _CANNOT_OPEN
            not_before[work.sync] = time.monotonic() + pause
            queue.drop(work.sync)
        except OperationalError:
            what = "The store cannot be reached; nothing is lost, and it is tried again."
            say_once(Noted(sync="", what=what, remedy="Look whether the database runs.", code="store"))
            wake.wait(_STORE_DOWN)


def _trouble_with(lookout: Lookout, watched: Watched, work: Work, clock: Clock, tell: Tell) -> Trouble | None:
    """Carry it out; what kept the sync from being opened."""
    try:
        carry_out(lookout.store, watched, work, clock.now, tell)
    except Trouble as trouble:
        if trouble.code != TAKEN:
            failed(lookout.store, watched, work, clock.now())
        return trouble
    return None


def _seconds_until(upcoming: datetime | None, now: datetime) -> float:
    return _LOOK if upcoming is None else min(_LOOK, max(0.0, (upcoming - now).total_seconds()))
