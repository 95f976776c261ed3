"""The time that budgets, token lives and back-off go by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`now()` is aware and in UTC; `monotonic()` counts seconds and never goes back; `sleep(seconds)` waits."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


def _utc_now() -> datetime:
    return datetime.now(UTC)


REAL = Clock(now=_utc_now, monotonic=time.monotonic, sleep=time.sleep)


def scaled(speed: float, start: datetime | None = None) -> Clock:
    """A clock that runs `speed` times as fast as the real one, from `start` (default: the real now).

    Raises ValueError where the speed is not above 0.
    """
    if speed <= 0:
        raise ValueError("the speed of a clock must be above 0")
    begin = (start or datetime.now(UTC)).astimezone(UTC)
    origin = time.monotonic()
    return Clock(
        now=lambda: begin + timedelta(seconds=(time.monotonic() - origin) * speed),
        monotonic=lambda: time.monotonic() * speed,
        sleep=lambda seconds: time.sleep(max(0.0, seconds) / speed),
    )
