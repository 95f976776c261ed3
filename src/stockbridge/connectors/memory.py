"""A connector that keeps its records in memory: for trying things out, and the simplest model of what the others do.

It can trim texts (a lossy side), lose the answer of a write, be edited by a "person" behind the engine's back, and show
what was made only some time later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from stockbridge.core.errors import Gone, Rejected, Uncertain
from stockbridge.core.record import Kind, Page, Record, Refusal, Stream, Values


class Ledger(msgspec.Struct, kw_only=True):
    """Calls spent; memory has no quota."""

    spent: int = 0
    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None


class Memory:
    """Records by stream and id. A stream with a `detail_size` lists its rows without their detail fields. `limit` cuts
    texts on writing; `tombstones` tells of deletions in incremental reads. What is `part_of` a record goes with it, and
    is not made without it. A `step` is not taken with a new record, only by an update.

    With a clock `now`, a record is in no list and not found until `settles_after` seconds of its stream have passed since
    it was made; `fetch` shows it at once.

    `on_write` is called before a write takes effect and after it ("before"/"after", operation, stream, id): it may
    raise, as a connection that breaks would.
    """

    def __init__(
        self,
        name: str,
        streams: Mapping[str, Stream],
        *,
        prefix: str = "",
        limit: int | None = None,
        tombstones: bool = False,
        page_size: int = 100,
        on_write: Callable[[str, str, str, str], None] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.name = name
        self.meter = Ledger()
        self.on_write = on_write or (lambda *_: None)
        self._streams = dict(streams)
        self._prefix, self._limit, self._tombstones, self._page_size = prefix, limit, tombstones, page_size
        self._rows: dict[str, dict[str, Record]] = {name: {} for name in streams}
        self._now = now
        self._made: dict[tuple[str, str], datetime] = {}
        self._counter = 0
        self._lock = threading.RLock()

    # What a person does at the system itself.

    def put(self, stream: str, values: Values, id: str | None = None) -> str:
        """Make or edit a record by hand; returns its id."""
        with self._lock:
            self._counter += 1
            id = id or f"{self._prefix}{self._counter}"
            known = self._rows[stream].get(id)
            if self._now is not None and (known is None or known.deleted):
                self._made[stream, id] = self._now()
            merged = {**(known.values if known and not known.deleted else {}), **self._trim(values)}
            self._rows[stream][id] = Record(id=id, values=merged, version=str(self._counter))
            return id

    def drop(self, stream: str, id: str) -> None:
        """Delete a record by hand, and with it what is a part of it."""
        with self._lock:
            self._counter += 1
            self._rows[stream][id] = Record(id=id, values={}, version=str(self._counter), deleted=True)
            for name, other in self._streams.items():
                for field in other.fields:
                    if not field.part_of or field.refers_to != stream:
                        continue
                    parts = [row for row in self._rows[name].values() if not row.deleted]
                    for part in [row.id for row in parts if row.values.get(field.name) == id]:
                        self.drop(name, part)

    def rows(self, stream: str) -> dict[str, Values]:
        """What stands there now, by id."""
        with self._lock:
            return {id: dict(row.values) for id, row in self._rows[stream].items() if not row.deleted}

    # The seven methods.

    def streams(self) -> Mapping[str, Stream]:
        return self._streams

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        with self._lock:
            after = int(since or 0)
            rows = sorted(self._rows[stream].values(), key=lambda row: int(row.version))
            rows = [row for row in rows if int(row.version) > after]
            hidden = [int(row.version) for row in rows if self._unsettled(stream, row)]
            rows = [row for row in rows if not self._unsettled(stream, row)]
            if since is None or not self._tombstones:
                rows = [row for row in rows if not row.deleted]
            end = max([after, *(int(row.version) for row in rows)])
            shown_up_to = (
                min(hidden, default=end + 1) - 1
            )  # a later read must still come upon what is hidden now
        for start in range(0, max(1, len(rows)), self._page_size):
            self.meter.spent += 1
            some = [self._listed(stream, row) for row in rows[start : start + self._page_size]]
            reached = int(some[-1].version) if some else end
            yield Page(records=some, refused=[], checkpoint=str(min(reached, shown_up_to)))

    def _unsettled(self, stream: str, row: Record) -> bool:
        made = self._made.get((stream, row.id))
        if self._now is None or made is None or row.deleted:
            return False
        return (self._now() - made).total_seconds() < self._streams[stream].settles_after

    def _listed(self, stream: str, row: Record) -> Record:
        """As a list shows it: without the detail fields, where the stream has such."""
        declared = self._streams[stream]
        hidden = {field.name for field in declared.fields if field.detail} if declared.detail_size else set()
        if not hidden or row.deleted:
            return row
        shown = {name: value for name, value in row.values.items() if name not in hidden}
        return msgspec.structs.replace(row, values=shown, full=False)

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        with self._lock:
            self.meter.spent += 1
            nothing = {id: Record(id=id, values={}, version="0", deleted=True) for id in ids}
            return [self._rows[stream].get(id, nothing[id]) for id in ids]

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        mark = self._streams[stream].mark
        out: dict[str, list[Record]] = {}
        with self._lock:
            self.meter.spent += 1
            for row in self._rows[stream].values():
                if mark is None or row.deleted or self._unsettled(stream, row):
                    continue
                if row.values.get(mark) in marks:
                    out.setdefault(row.values[mark], []).append(row)
        return out

    def create(self, stream: str, values: Values, mark: str) -> Record:
        with self._lock:
            self.meter.spent += 1
            self.on_write("before", "create", stream, mark)
            field = self._streams[stream].mark
            first = self._first(self._streams[stream], values)
            id = self.put(stream, {**first, **({field: mark} if field else {})})
            answer = self._rows[stream][id]
            self.on_write("after", "create", stream, mark)
            return answer

    def update(self, stream: str, id: str, values: Values) -> Record:
        with self._lock:
            self.meter.spent += 1
            self.on_write("before", "update", stream, id)
            known = self._rows[stream].get(id)
            if known is None or known.deleted:
                raise Gone(f"{self._streams[stream].noun} {id} is not there.")
            self.put(stream, values, id)
            answer = self._rows[stream][id]
            self.on_write("after", "update", stream, id)
            return answer

    def remove(self, stream: str, id: str) -> None:
        with self._lock:
            self.meter.spent += 1
            self.on_write("before", "remove", stream, id)
            known = self._rows[stream].get(id)
            if known is not None and not known.deleted:
                self.drop(stream, id)
            self.on_write("after", "remove", stream, id)

    def _first(self, stream: Stream, values: Values) -> Values:
        """The values of a new record, with every step still to be taken. Raises Gone without what it is a part of, and
        Rejected where a step is already taken."""
        out = dict(values)
        for field in stream.fields:
            value = values.get(field.name)
            if field.part_of and field.refers_to is not None:
                whole = self._rows[field.refers_to].get(str(value))
                if whole is None or whole.deleted:
                    raise Gone(f"{self._streams[field.refers_to].noun} {value} is not there.")
            if field.step:
                if value:
                    raise Rejected(f"{field.name} takes a change of its own.", field=field.name)
                out[field.name] = False if field.kind is Kind.FLAG else None
        return out

    def _trim(self, values: Values) -> Values:
        if self._limit is None:
            return dict(values)
        return {
            name: value[: self._limit] if isinstance(value, str) and name != "mark" else value
            for name, value in values.items()
        }


def lose_answer(*_: object) -> None:
    """For `on_write`: the connection broke, and nobody knows whether the write took effect."""
    raise Uncertain("The connection broke before the answer came.")


def refuse(*_: object) -> None:
    """For `on_write`: the system refuses the record."""
    raise Rejected("The system refuses it.", remedy="Correct the record.")
