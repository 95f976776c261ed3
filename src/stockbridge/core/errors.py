"""Every trouble that talking to a system can bring, typed by what to do next.

Each one says what happened (`what`), what would mend it (`remedy`) and, where the system gave one, its own `code`.
Anything that is not one of these is a bug and propagates.
"""

from __future__ import annotations

from datetime import datetime

from stockbridge.core.record import Record


class Trouble(Exception):
    """Something went wrong between Stockbridge and a system."""

    def __init__(self, what: str, *, remedy: str = "", code: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".strip()


class Retry(Trouble):
    """Nothing can have been written: the same call may go again after `after` seconds."""

    def __init__(
        self, what: str, *, after: float | None = None, remedy: str = "", code: str | None = None
    ) -> None:
        super().__init__(what, remedy=remedy, code=code)
        self.after = after


class Uncertain(Trouble):
    """A write was sent and its answer is unknown: resolve by reading, never by repeating."""


class Rejected(Trouble):
    """The system refuses this record: park it until it or the mapping changes."""

    def __init__(
        self, what: str, *, field: str | None = None, remedy: str = "", code: str | None = None
    ) -> None:
        super().__init__(what, remedy=remedy, code=code)
        self.field = field


class Gone(Trouble):
    """The record is not there any more."""


class Exists(Trouble):
    """A create found the record already there: adopt it instead."""

    def __init__(self, what: str, *, record: Record, remedy: str = "", code: str | None = None) -> None:
        super().__init__(what, remedy=remedy, code=code)
        self.record = record


class Stale(Trouble):
    """The record moved on since it was read: read it again and decide anew."""


class Unauthorized(Trouble):
    """The account needs its owner: a login, a scope or an organisation is wrong."""


class OverBudget(Trouble):
    """No call may go before `until` (None: not known)."""

    def __init__(
        self, what: str, *, until: datetime | None = None, remedy: str = "", code: str | None = None
    ) -> None:
        super().__init__(what, remedy=remedy, code=code)
        self.until = until


class Halt(Trouble):
    """Going on could do harm: a person decides."""
