"""Google's quotas per user: reads and writes each have a minute of their own, and some calls count in both."""

from __future__ import annotations

from datetime import datetime

from stockbridge.http.budget import Budget, Limits
from stockbridge.http.clock import Clock

PER_MINUTE = 90
"""Critical reads, and critical writes, a minute and user, as Google's console shows them for a new project."""

READS = Limits(per_minute=PER_MINUTE, concurrency=6)
WRITES = Limits(per_minute=PER_MINUTE, concurrency=1)
"""One write at a time: "Mutate requests for the same user should be sent sequentially" (people.updateContact)."""


class Quota:
    """Decides when a call may go; also the `Meter` of its connector. Safe to use from several threads."""

    def __init__(self, clock: Clock, *, who: str, reads: Limits = READS, writes: Limits = WRITES) -> None:
        self._reads = Budget(reads, clock, who=who)
        self._writes = Budget(writes, clock, who=who)

    @property
    def spent(self) -> int:
        """Calls since this quota was made."""
        return self._reads.spent + self._writes.spent

    @property
    def limit(self) -> int | None:
        """None: Google counts minutes, not days."""
        return None

    @property
    def remaining(self) -> int | None:
        """None: Google counts minutes, not days."""
        return None

    @property
    def resets_at(self) -> datetime | None:
        """None: Google counts minutes, not days."""
        return None

    def acquire(self, *, reads: bool, writes: bool) -> None:
        """Wait until a call that counts so may go."""
        if writes:
            self._writes.acquire("export")
        if reads:
            self._reads.acquire("export" if writes else "import")

    def release(self, *, reads: bool, writes: bool, sent: bool) -> None:
        """Give the place back when the answer is there. A call that never left costs nothing."""
        if reads:
            self._reads.release(sent=sent, counted=not writes)
        if writes:
            self._writes.release(sent=sent)

    def be_quiet(self, seconds: float) -> None:
        """No call at all for so long: Google asks for patience."""
        self._reads.be_quiet(seconds)
        self._writes.be_quiet(seconds)
