"""When may a call go: minute window, quota of the day, calls at once. One Budget per organisation.

Facts: Zoho 4 (100 a minute, codes 44, 45 and 1070, `x-rate-limit-*` describe the day); Optiply documents no limit.
"""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from stockbridge.core.errors import OverBudget
from stockbridge.http.clock import Clock

Purpose = Literal["import", "export"]

_WINDOW = 60.05  # the minute of the limit, and a little for the rounding of clocks
_NARROW_SECONDS = 60.0  # how long fewer calls go at once after a complaint
_BLIND_SECONDS = 3600.0  # how long to stay quiet when the day is used up and its end is not known
_SAME_DAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a system allows: calls a minute (None: no limit), calls at once, calls a second (None: no limit).

    The last `reserve` calls of a day are kept for the purpose "export".
    """

    per_minute: int | None = None
    concurrency: int = 8
    per_second: float | None = None
    reserve: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The quota of a day as last heard: calls in all, calls left, and when it starts anew."""

    limit: int
    remaining: int
    resets_at: datetime


class Budget:
    """Decides when a call may go. Safe to use from several threads; also the `Meter` of its connector.

    Every `acquire` that returns is followed by one `release`. `who` names the owner in messages
    ("Zoho organisation 123"). `day` is the quota as last known, for example from an earlier run.
    """

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        *,
        who: str,
        day: Day | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._who = who
        self._jitter = jitter
        self._guard = threading.Condition()
        self._answered: deque[float] = deque()
        self._in_flight = 0
        self._spent = 0
        self._limit = day.limit if day else None
        self._remaining = day.remaining if day else None
        self._resets_at = day.resets_at if day else None
        self._used_up = False
        self._quiet_until = -math.inf
        self._blind_until: float | None = None
        self._next_at = -math.inf
        self._width = limits.concurrency
        self._narrow_until = -math.inf

    @property
    def spent(self) -> int:
        """Calls that cost something since this budget was made."""
        return self._spent

    @property
    def limit(self) -> int | None:
        """Calls a day in all, None where not known."""
        return self._limit

    @property
    def remaining(self) -> int | None:
        """Calls left today, None where not known."""
        return self._remaining

    @property
    def resets_at(self) -> datetime | None:
        """When the quota of the day starts anew, None where not known."""
        return self._resets_at

    @property
    def day(self) -> Day | None:
        """The quota as last heard, for keeping; None where not known."""
        with self._guard:
            if self._limit is None or self._remaining is None or self._resets_at is None:
                return None
            return Day(limit=self._limit, remaining=self._remaining, resets_at=self._resets_at)

    def acquire(self, purpose: Purpose = "import") -> None:
        """Wait until a call may go and take its place. Raises OverBudget where none may go today."""
        while True:
            with self._guard:
                wait = self._take(purpose)
                if wait == 0:
                    return
                if wait == math.inf:
                    # Another call has to come back first, and its release wakes us.
                    self._guard.wait()
                    continue
            self._clock.sleep(wait)

    def try_acquire(self, purpose: Purpose = "import") -> float:
        """Take a place without waiting: 0 when taken, else the seconds to wait (infinite: until a release)."""
        with self._guard:
            return self._take(purpose)

    def release(
        self, *, sent: bool = True, counted: bool = True, headers: Mapping[str, str] | None = None
    ) -> None:
        """Give the place back when the answer is there. A call that never left (`sent` false) costs nothing.

        `counted` is false for a call that the quota of the day does not count. `headers` are those of the answer.
        """
        with self._guard:
            self._in_flight -= 1
            if sent:
                # The slot of the minute is free again 60 s after the answer: the server saw the call before that, so
                # whatever way it counts its minute, it never sees one call too many.
                self._answered.append(self._clock.monotonic())
                if counted:
                    self._spent += 1
                    if not self._hear(headers or {}) and self._remaining is not None:
                        self._remaining = max(0, self._remaining - 1)
            self._guard.notify_all()

    def be_quiet(self, seconds: float) -> None:
        """No call at all for so long: the minute is over its limit (44), or the system asks for patience (429)."""
        with self._guard:
            self._quiet_until = max(self._quiet_until, self._clock.monotonic() + seconds)

    def narrow(self) -> float:
        """Fewer calls at once for a minute, because there were too many (1070). Returns the seconds to wait."""
        with self._guard:
            self._width = max(1, min(self._width, self._in_flight + 1) // 2)
            self._narrow_until = self._clock.monotonic() + _NARROW_SECONDS
            return 0.5 + self._jitter()

    def day_used_up(self) -> OverBudget:
        """No call before the day starts anew (45). Returns the error to raise."""
        with self._guard:
            self._used_up = True
            if self._limit is not None:
                self._remaining = 0
            if self._resets_at is None or self._resets_at <= self._clock.now():
                self._resets_at = None
                self._blind_until = self._clock.monotonic() + _BLIND_SECONDS
            return self._over()

    def _take(self, purpose: Purpose) -> float:
        now = self._clock.monotonic()
        self._begin_day(now)
        if self._used_up:
            raise self._over()
        if self._remaining is not None:
            left = self._remaining - self._in_flight
            if left <= 0:
                raise self._over()
            if purpose == "import" and left <= self._limits.reserve:
                raise self._over(kept=left)
        if now < self._quiet_until:
            return self._quiet_until - now
        if now >= self._narrow_until:
            self._width = self._limits.concurrency
        if self._in_flight >= self._width:
            return math.inf
        if self._limits.per_minute is not None:
            while self._answered and self._answered[0] <= now - _WINDOW:
                self._answered.popleft()
            if self._in_flight + len(self._answered) >= self._limits.per_minute:
                # Never 0, which would say that the place was taken.
                return max(1e-6, self._answered[0] + _WINDOW - now) if self._answered else math.inf
        else:
            self._answered.clear()
        if self._limits.per_second is not None:
            if now < self._next_at:
                return self._next_at - now
            self._next_at = now + 1.0 / self._limits.per_second
        self._in_flight += 1
        return 0

    def _begin_day(self, now: float) -> None:
        """Forget yesterday's quota once its end has passed."""
        if self._resets_at is not None and self._clock.now() >= self._resets_at:
            self._resets_at = None
            self._remaining = self._limit
            self._used_up = False
        if self._blind_until is not None and now >= self._blind_until:
            # The end of the day is not known: let one call ask whether it has come.
            self._blind_until = None
            self._remaining = self._limit
            self._used_up = False

    def _hear(self, headers: Mapping[str, str]) -> bool:
        """Take the quota of the day from an answer; False where it says nothing."""
        limit = _whole(headers.get("x-rate-limit-limit"))
        remaining = _whole(headers.get("x-rate-limit-remaining"))
        reset = _whole(headers.get("x-rate-limit-reset"))
        if limit is None or remaining is None or reset is None:
            return False
        resets_at = self._clock.now() + timedelta(seconds=reset)
        same_day = self._resets_at is not None and abs(resets_at - self._resets_at) < _SAME_DAY
        if same_day and limit == self._limit and self._remaining is not None:
            # Answers overtake each other; within a day the lowest number is the newest.
            remaining = min(remaining, self._remaining)
        self._limit, self._remaining, self._resets_at = limit, remaining, resets_at
        return True

    def _over(self, *, kept: int | None = None) -> OverBudget:
        many = f"{self._limit:,} " if self._limit is not None else ""
        if kept is None:
            what = f"Today's {many}calls of {self._who} are used up."
        else:
            what = f"The last {kept:,} of today's {many}calls of {self._who} are kept for exports."
        if self._resets_at is None:
            remedy = "When the day starts anew is not known; it is asked again in an hour. Nothing is lost."
        else:
            remedy = f"Nothing is lost; it goes on at {self._resets_at:%Y-%m-%d %H:%M} UTC."
        return OverBudget(what, until=self._resets_at, remedy=remedy, code="45" if self._used_up else None)


def _whole(text: str | None) -> int | None:
    """A whole number of 0 or more, None for anything else."""
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
