"""What the engine knows of a connector: seven methods and a meter of calls."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from stockbridge.core.record import Page, Record, Refusal, Stream, Values


class Meter(Protocol):
    """Calls spent through this account since it was opened, and what the day's quota says (None: not known yet)."""

    @property
    def spent(self) -> int: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def remaining(self) -> int | None: ...
    @property
    def resets_at(self) -> datetime | None: ...


class Connector(Protocol):
    """Code for one kind of system, bound to one account. Safe to call from several threads.

    Every method may raise `Retry`, `Unauthorized` or `OverBudget`; the writes also `Uncertain`, `Rejected`, `Gone`.
    """

    @property
    def name(self) -> str:
        """The system's name as people write it: "Zoho", "Optiply"."""
        ...

    @property
    def meter(self) -> Meter: ...

    def streams(self) -> Mapping[str, Stream]:
        """The streams this connector declares, by name. Pure."""
        ...

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        """Pages of records changed since that checkpoint (minus an overlap), or of all records; oldest change first.

        A read that ends without an error was complete. Rows may come twice, never not at all.
        """
        ...

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The full records of these ids (at most the stream's `detail_size`), with one call where the system allows.

        A record that is certainly not there comes back with `deleted=True`.
        """
        ...

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        """Records that carry one of these marks and were made since then, by mark. Settles open intents."""
        ...

    def create(self, stream: str, values: Values, mark: str) -> Record:
        """Make a record that carries `mark`; returns what the system answered. Raises `Exists` where it is there, `Gone`
        where a record that it refers to is not."""
        ...

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Change just these fields; returns what the system answered. Raises `Gone` where the record is not there."""
        ...

    def remove(self, stream: str, id: str) -> None:
        """Delete the record; one that is already gone is a success."""
        ...
