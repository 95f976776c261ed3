"""The sandbox clock: every timestamp, limit and expiry follows it, and it may run faster than the wall clock."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that runs `speed` times as fast as the real one, from `start` (default: the real now).

    A speed of 0 is a clock that stands still until it is advanced.
    """

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        if speed < 0:
            raise ValueError("the speed of the clock cannot be negative")
        self._speed = speed
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._origin = time.monotonic()
        self._lock = threading.Lock()

    @property
    def speed(self) -> float:
        """How many sandbox seconds pass in one real second."""
        return self._speed

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        with self._lock:
            return self._now()

    def start(self) -> datetime:
        """The real moment at which this clock, had it always run as it does, stood at the real time. Another clock of the
        same speed that begins there tells the same time."""
        with self._lock:
            real, now, speed = datetime.now(UTC), self._now(), self._speed
        return real if speed == 1 else real - (now - real) / (speed - 1)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by so many sandbox seconds."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        with self._lock:
            self._start += timedelta(seconds=seconds)

    def set_speed(self, speed: float) -> None:
        """Let the clock run at another speed from this moment on."""
        if speed < 0:
            raise ValueError("the speed of the clock cannot be negative")
        with self._lock:
            self._start, self._origin = self._now(), time.monotonic()
            self._speed = speed

    def sleep(self, sandbox_seconds: float) -> None:
        """Wait until so many sandbox seconds have passed; a clock that stands still does not wait."""
        if self._speed > 0 and sandbox_seconds > 0:
            time.sleep(sandbox_seconds / self._speed)

    def _now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self._speed)
