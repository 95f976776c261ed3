"""A clock that moves only when something sleeps on it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stockbridge.http.clock import Clock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class FakeTime:
    """`clock` goes by `seconds`, which `sleep` moves on; `slept` keeps each wait."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, monotonic=lambda: self.seconds, sleep=self.sleep)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        with self.guard:
            self.slept.append(seconds)
            self.seconds += seconds
