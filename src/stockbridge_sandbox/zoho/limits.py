"""The limits of one organisation: calls per minute, per day and at once (facts: Zoho 4), on the sandbox clock."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stockbridge_sandbox.zoho.errors import ApiError, known_error
from stockbridge_sandbox.zoho.records import Switches


class Limits:
    """Counts the calls of an organisation. A refused call is not counted (a guess)."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._minute: deque[float] = deque()
        self._day = ""
        self._midnight = 0.0  # POSIX; the end of the day that is being counted, 0 for none yet
        self._used = 0

    def admit(self, at: datetime, in_flight: int, switches: Switches) -> None:
        """Count a call. Raises ApiError 429 with code 1070, 45 or 44 when it may not go."""
        moment = at.timestamp()
        self._turn(at)
        while self._minute and self._minute[0] <= moment - 60:
            self._minute.popleft()
        if in_flight > switches.concurrency:
            raise known_error(429, 1070, switches.daily)
        if self._used >= switches.daily:
            raise known_error(429, 45, switches.daily)
        if len(self._minute) >= switches.per_minute:
            raise known_error(429, 44, switches.daily)
        self._minute.append(moment)
        self._used += 1

    def headers(self, at: datetime, switches: Switches) -> dict[str, str]:
        """The x-rate-limit headers: they speak of the day; the reset is in seconds to the organisation's midnight."""
        self._turn(at)
        return {
            "x-rate-limit-limit": str(switches.daily),
            "x-rate-limit-remaining": str(max(0, switches.daily - self._used)),
            "x-rate-limit-reset": str(int(self._midnight - at.timestamp())),
        }

    def retry_after(self, at: datetime, error: ApiError) -> str:
        """Seconds until a refused call may go again."""
        if error.code == 45:
            return str(self.seconds_to_midnight(at))
        if error.code == 44 and self._minute:
            return str(max(1, int(self._minute[0] + 60 - at.timestamp()) + 1))
        return "1"

    def seconds_to_midnight(self, at: datetime) -> int:
        """Seconds from `at` to the organisation's next midnight, right on days of 23 or 25 hours too."""
        return int(self._end_of_day(at) - at.timestamp())

    @property
    def used(self) -> int:
        """Calls counted today."""
        return self._used

    def restore(self, day: str, used: int) -> None:
        """Go on from a saved count."""
        self._day, self._used = day, used

    @property
    def day(self) -> str:
        """The organisation's day that `used` speaks of, as ISO text."""
        return self._day

    def _turn(self, at: datetime) -> None:
        if at.timestamp() < self._midnight:
            return
        day = at.astimezone(self._zone).date().isoformat()
        self._midnight = self._end_of_day(at)
        if day != self._day:
            self._day, self._used = day, 0

    def _end_of_day(self, at: datetime) -> float:
        tomorrow = at.astimezone(self._zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, datetime.min.time(), tzinfo=self._zone).timestamp()
