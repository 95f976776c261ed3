"""The rows of one Optiply resource in memory, with look-ups by any attribute and cheap pages of large tables."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]

_REMEMBERED_RESULTS = 8


class Table:
    """Live and removed rows by id. A stored row is never changed in place: `change` puts a new dict in its stead, so that
    a snapshot may hold on to the rows it saw.

    `live` is in the order of the last write, which is what an unsorted list shows: unstable, as offsets without a sort are.
    """

    def __init__(self, first_id: int) -> None:
        self.next_id = first_id
        self.live: dict[int, Row] = {}
        self.removed: dict[int, Row] = {}
        self.ids: list[int] = []
        self._indexes: dict[str, dict[Any, set[int]]] = {}
        self._results: dict[Any, list[int]] = {}

    def add(self, row: Row) -> None:
        """Store a new row under `row["id"]`, which must be `next_id` or lie after every id there is."""
        key = row["id"]
        self.live[key] = row
        self.ids.append(key)
        self.next_id = max(self.next_id, key + 1)
        self._results.clear()
        for name, index in self._indexes.items():
            for value in _index_keys(row, name):
                index.setdefault(value, set()).add(key)

    def change(self, key: int, changes: Row) -> Row:
        """Put a changed copy in the place of a live row, last in the order of writing; gives the copy."""
        old = self.live.pop(key)
        new = old | changes
        self.live[key] = new
        self._results.clear()
        for name, index in self._indexes.items():
            before, after = _index_keys(old, name), _index_keys(new, name)
            if before != after:
                for value in before:
                    index[value].discard(key)
                for value in after:
                    index.setdefault(value, set()).add(key)
        return new

    def remove(self, key: int, changes: Row) -> None:
        """Take a live row out of sight (it stays in `removed`)."""
        old = self.live.pop(key)
        self.removed[key] = old | changes
        del self.ids[bisect_left(self.ids, key)]
        self._results.clear()
        for name, index in self._indexes.items():
            for value in _index_keys(old, name):
                index[value].discard(key)

    def lookup(self, name: str, value: Any) -> set[int]:
        """Ids of the live rows whose attribute equals `value`, texts without regard to case. The index of an attribute is
        made at its first use and kept from then on. The set is the table's own: copy it before writing."""
        index = self._indexes.get(name)
        if index is None:
            index = {}
            for key, row in self.live.items():
                for each in _index_keys(row, name):
                    index.setdefault(each, set()).add(key)
            self._indexes[name] = index
        return index.get(folded(value), set())

    def remembered(self, query: Any, find: Callable[[], list[int]]) -> list[int]:
        """The ids a query found, from memory while nothing was written since: the pages of one scan share one search."""
        found = self._results.get(query)
        if found is None:
            if len(self._results) >= _REMEMBERED_RESULTS:
                self._results.clear()
            found = self._results[query] = find()
        return found

    def dump(self) -> dict[str, Any]:
        """Everything, as JSON-able data."""
        return {
            "next_id": self.next_id,
            "live": list(self.live.values()),
            "removed": list(self.removed.values()),
        }

    def load(self, data: dict[str, Any]) -> None:
        """Take the place of what `dump` gave."""
        self.next_id = data["next_id"]
        self.live = {row["id"]: row for row in data["live"]}
        self.removed = {row["id"]: row for row in data["removed"]}
        self.ids = sorted(self.live)
        self._indexes.clear()
        self._results.clear()


def folded(value: Any) -> Any:
    """The form in which values are compared: texts without regard to case (facts: Optiply 8.2 (29))."""
    return value.casefold() if isinstance(value, str) else value


def _index_keys(row: Row, name: str) -> Iterable[Any]:
    if name == "remoteId":
        return [folded(remote) for remote in row["remoteIdMap"].values()]
    value = row.get(name)
    if isinstance(value, list):
        return [folded(each) for each in value]
    return [folded(value)]
