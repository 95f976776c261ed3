"""Fetching full records ahead of the decisions, so that the minute limit of one side and the writes at the other overlap.

Workers only talk to the connector; everything is stored by the thread that runs the sync.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Queue
from typing import TypeAlias

from stockbridge.connectors.base import Connector
from stockbridge.core.errors import Trouble
from stockbridge.core.flow import Side
from stockbridge.core.record import Record, Refusal
from stockbridge.store.rows import chunks

_AHEAD = 2000  # records that may lie fetched and not yet stored


Source: TypeAlias = tuple[Side, str]
"""A stream of a side."""


class Fetcher:
    """Full records on their way. `open` tells which ids, by side and stream, are still wanted, with their change number."""

    def __init__(self, a: Connector, b: Connector, threads: int) -> None:
        self._connectors: dict[Side, Connector] = {"a": a, "b": b}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fetch")
        self._results: Queue[tuple[Source, list[Record | Refusal] | Trouble]] = Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._under_way: dict[Source, int] = {}
        self._stop = threading.Event()
        self.open: dict[Source, dict[str, int]] = {}
        self.fetched: dict[Source, int] = {}
        self.trouble: Trouble | None = None

    def want(self, source: Source, ids: Mapping[str, int]) -> None:
        """Have these records fetched, in this order: id -> change number."""
        side, stream = source
        opened = self.open.setdefault(source, {})
        fresh = {id: seq for id, seq in ids.items() if id not in opened}
        opened.update(fresh)
        for batch in chunks(fresh, max(1, self._connectors[side].streams()[stream].detail_size)):
            self._under_way[source] = self._under_way.get(source, 0) + 1
            self._pool.submit(self._fetch, source, batch)

    def _fetch(self, source: Source, batch: list[str]) -> None:
        side, stream = source
        while not self._stop.is_set() and not self._room.acquire(timeout=0.5):
            pass
        try:
            if self._stop.is_set():
                self._results.put((source, []))
                return
            self._results.put((source, self._connectors[side].fetch(stream, batch)))
        except Trouble as trouble:
            self._stop.set()
            self._results.put((source, trouble))
        except BaseException as bug:  # handed to the thread that waits for the answer, never lost
            self._stop.set()
            self._results.put((source, Trouble(f"{type(bug).__name__}: {bug}", code="bug")))
            raise

    def take(self, timeout: float | None) -> list[tuple[Source, list[Record | Refusal]]]:
        """What has arrived; gathers for up to `timeout` seconds while more is under way (None: does not wait), so that
        storing and deciding are worth their queries."""
        out: list[tuple[Source, list[Record | Refusal]]] = []
        until = None if timeout is None else time.monotonic() + timeout
        while len(out) < 100:
            left = 0.0 if until is None or not any(self._under_way.values()) else until - time.monotonic()
            try:
                source, result = self._results.get(block=left > 0, timeout=max(left, 0.0))
            except Empty:
                break
            self._room.release()
            self._under_way[source] -= 1
            if isinstance(result, Trouble):
                self.trouble = self.trouble or result
                continue
            self.fetched[source] = self.fetched.get(source, 0) + len(result)
            out.append((source, result))
        return out

    def stored(self, source: Source, ids: list[str]) -> None:
        """These ids are settled: stored in full, gone, or parked as unreadable."""
        opened = self.open.get(source, {})
        for id in ids:
            opened.pop(id, None)

    def busy(self, source: Source) -> bool:
        """Whether answers for this stream are still to come."""
        return self._under_way.get(source, 0) > 0

    def lowest_open(self, source: Source) -> int | None:
        """The lowest change number among the records of this stream that were not fetched."""
        return min(self.open.get(source, {}).values(), default=None)

    def close(self) -> None:
        """Stop asking for more; answers under way are waited for and dropped."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
