"""Google's quotas: calls per user in a sliding minute, and full reads with their own, which cannot be raised."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stockbridge_sandbox.people.book import Switches
from stockbridge_sandbox.people.refusal import exhausted, over_quota

_NAMES = {
    "read": ("critical_read_requests", "Critical read requests (Contact and Profile Reads)"),
    "write": ("critical_write_requests", "Critical write requests (Contact and Profile Writes)"),
}


@dataclass(slots=True, kw_only=True)
class Limits:
    """The calls of the last minute, and the full reads of the last hour."""

    calls: dict[str, deque[datetime]] = field(default_factory=lambda: {"read": deque(), "write": deque()})
    full_reads: deque[datetime] = field(default_factory=deque)

    def take(self, kinds: Collection[str], now: datetime, switches: Switches) -> None:
        """Count a call in each of these quotas, "read" or "write". Raises Refusal (429), then it counts in none."""
        allowed = {"read": switches.reads_per_minute, "write": switches.writes_per_minute}
        for kind in kinds:
            if _full(self.calls[kind], now - timedelta(minutes=1), allowed[kind]):
                metric, name = _NAMES[kind]
                raise over_quota(metric, name, allowed[kind])
        for kind in kinds:
            self.calls[kind].append(now)

    def take_full_read(self, now: datetime, switches: Switches) -> None:
        """Count the first page of a full read. Raises Refusal (429)."""
        if _full(self.full_reads, now - timedelta(hours=1), switches.full_reads_per_hour):
            raise exhausted("FBS quota limit exceeded")
        self.full_reads.append(now)


def _full(moments: deque[datetime], since: datetime, allowed: int) -> bool:
    while moments and moments[0] <= since:
        moments.popleft()
    return 0 < allowed <= len(moments)
