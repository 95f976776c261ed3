"""A collection of records with a sorted index by the time of the last change, so that a page costs no full sort."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar


class Stamped(Protocol):
    """A record with an id and the moments of its creation and last change."""

    id: str
    created: datetime
    modified: datetime


R = TypeVar("R", bound=Stamped)
Key = Callable[[R], Any]


class Collection(Generic[R]):
    """Records by id, in the order of their last change (whole seconds, then id), with cached renderings of rows."""

    def __init__(self, records: Iterable[R] = ()) -> None:
        self._records: dict[str, R] = {record.id: record for record in records}
        self._keys: dict[str, tuple[int, str]] = {id_: _key(r) for id_, r in self._records.items()}
        self._index: list[tuple[int, str]] = sorted(self._keys.values())
        self._rows: dict[str, bytes] = {}
        self._sorted: dict[str, list[R]] = {}
        self.observer: Callable[[str, R], None] | None = None

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(self._records.values())

    def get(self, id_: str) -> R | None:
        """The record of that id, or None."""
        return self._records.get(id_)

    def add(self, record: R) -> None:
        """Take in a new record."""
        event = "edited" if record.id in self._records else "created"
        self._records[record.id] = record
        self.changed(record, quietly=True)
        if self.observer is not None:
            self.observer(event, record)

    def changed(self, record: R, *, quietly: bool = False) -> None:
        """Note that a record (or what its row shows) has changed; call after every edit.

        `quietly` is for what nobody edited, such as stock that moved: the observer, who hears "created", "edited" and
        "deleted", is not told.
        """
        if self.observer is not None and not quietly:
            self.observer("edited", record)
        old = self._keys.get(record.id)
        new = _key(record)
        if old != new:
            if old is not None:
                del self._index[bisect_left(self._index, old)]
            insort(self._index, new)
            self._keys[record.id] = new
        self._rows.pop(record.id, None)
        self._sorted.clear()

    def remove(self, record: R) -> None:
        """Forget a record for good."""
        if self.observer is not None:
            self.observer("deleted", record)
        del self._records[record.id]
        del self._index[bisect_left(self._index, self._keys.pop(record.id))]
        self._rows.pop(record.id, None)
        self._sorted.clear()

    def redraw(self) -> None:
        """Forget all cached rows, because something they show from another collection has changed."""
        self._rows.clear()
        self._sorted.clear()

    def since(self, moment: datetime | None, *, newest_first: bool = False) -> Iterator[R]:
        """The records changed at or after `moment` (to the second, inclusive), in the order of the change."""
        start = 0 if moment is None else bisect_left(self._index, (int(moment.timestamp()), ""))
        keys: Iterable[int] = range(start, len(self._index))
        if newest_first:
            keys = range(len(self._index) - 1, start - 1, -1)
        for position in keys:
            yield self._records[self._index[position][1]]

    def window(
        self, moment: datetime | None, newest_first: bool, start: int, stop: int
    ) -> tuple[list[R], int]:
        """Rows `start` to `stop` of `since`, and how many there are in all, without walking over the others."""
        first = 0 if moment is None else bisect_left(self._index, (int(moment.timestamp()), ""))
        total = len(self._index) - first
        if newest_first:
            picked = [self._index[-1 - n] for n in range(start, min(stop, total))]
        else:
            picked = self._index[first + start : min(first + stop, len(self._index))]
        return [self._records[key[1]] for key in picked], total

    def ordered(self, name: str, key: Key[R], *, reverse: bool) -> Sequence[R]:
        """All records sorted by a key; kept until the next change."""
        label = f"{name} {reverse}"
        if label not in self._sorted:
            self._sorted[label] = sorted(
                self._records.values(), key=lambda record: (key(record), record.id), reverse=reverse
            )
        return self._sorted[label]

    def row(self, record: R, render: Callable[[R], bytes]) -> bytes:
        """The rendered list row of a record, from the cache when nothing has changed."""
        cached = self._rows.get(record.id)
        if cached is None:
            cached = self._rows[record.id] = render(record)
        return cached


def _key(record: Stamped) -> tuple[int, str]:
    return int(record.modified.timestamp()), record.id
