"""The two systems as the machine watches them: every write of ours is held against what no write may ever do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from machine.contacts_flow import FIELDS, OURS, Setting
from machine.fate import Watched
from stockbridge.core.flow import Side
from stockbridge.core.record import Kind, Record, Values

START = datetime(2026, 1, 1, tzinfo=UTC)
AT_B = set(FIELDS.values()) | {"labels", "segment"}
AT_A = set(FIELDS) | {"name", "kind", "flag", "trash", "status"}


class Clock:
    """The time of both systems and of ours; it moves on with every change."""

    def __init__(self) -> None:
        self.now = START

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Ledger:
    """What was ever made for which record, who is gone, who is left alone: what the writes are held against."""

    setting: Setting
    made: dict[tuple[Side, str], list[str]] = field(default_factory=dict)  # (side made at, source id) -> ids
    buried: set[tuple[Side, str]] = field(default_factory=set)  # whose partner a person deleted
    alone: set[tuple[Side, str]] = field(default_factory=set)  # taken out by hand
    freed: set[tuple[Side, str]] = field(default_factory=set)  # unlinked once: all bets are off
    added: set[tuple[str, str]] = field(default_factory=set)  # (id at b, label) that we put there
    writes: list[tuple[str, Side, str, Values]] = field(default_factory=list)
    doubt_about: Callable[[Side, str], str] = lambda side, id: ""  # why a record may not be made over there

    def check(self, op: str, side: Side, id: str, before: Values, values: Values) -> None:
        self.writes.append((op, side, id, values))
        about = f"{op} at {side} {id}: {before} {values}"
        assert self.setting.to_a if side == "a" else self.setting.to_b, f"a write the wrong way: {about}"
        unknown = values.keys() - (AT_A if side == "a" else AT_B)
        assert not unknown, f"fields that nothing maps: {about}"
        if not self.setting.company:
            assert not values.keys() & {"company", "org"}, f"a pair that is switched off: {about}"
        if op == "create":
            source: tuple[Side, str] = ("b" if side == "a" else "a", id)
            assert source not in self.buried, f"what was deleted comes back: {about}"
            assert source not in self.alone, f"it was taken out: {about}"
            doubt = self.doubt_about(*source)
            assert not doubt, f"{doubt}: {about}"
            return
        assert (side, id) not in self.alone, f"it was taken out: {about}"
        if "labels" in values:
            had, has = set(before.get("labels") or ()), set(values["labels"] or ())
            assert has - had <= OURS, f"a label from nowhere: {about}"
            assert all((id, one) in self.added for one in had - has), f"a label of a person is taken: {about}"
            self.added |= {(id, one) for one in has - had}
        for name in ("emails", "phones"):
            if name in values:
                lost = set(before.get(name) or ()) - set(values[name])
                assert len(lost) < 2, f"an entry that nothing maps is lost: {about}"


class Book(Watched):
    """A memory whose records know when they were changed, and which remembers what was made for whom."""

    side: Side
    clock: Clock
    ledger: Ledger
    stream_name: str

    def put(self, stream: str, values: Values, id: str | None = None) -> str:
        if id is None or id not in self.rows(stream):  # every record shows every field
            fields = self._streams[stream].fields
            values = {
                **{one.name: [] if one.many or one.kind is Kind.LABELS else None for one in fields},
                **values,
            }
        id = super().put(stream, values, id)
        row = self._rows[stream][id]
        self._rows[stream][id] = msgspec.structs.replace(row, modified=self.clock.tick())
        return id

    def create(self, stream: str, values: Values, mark: str) -> Record:
        known = set(self._rows[stream])
        self._watch("create", mark, {}, values)
        try:
            return super().create(stream, values, mark)
        finally:
            new = [id for id in self._rows[stream] if id not in known]
            self.ledger.made.setdefault((self.side, mark), []).extend(new)
            self.ledger.added |= {(id, one) for id in new for one in values.get("labels") or ()}

    def update(self, stream: str, id: str, values: Values) -> Record:
        row = self._rows[stream].get(id)
        if row is not None and not row.deleted:
            self._watch("update", id, row.values, values)
        return super().update(stream, id, values)

    def remove(self, stream: str, id: str) -> None:
        self._watch("remove", id, {}, {})
        super().remove(stream, id)

    def _watch(self, op: str, id: str, before: Values, values: Values) -> None:
        if not self.fate.dead:
            self.ledger.check(op, self.side, id, before, values)

    def modified(self, id: str) -> Any:
        return self._rows[self.stream_name][id].modified


def book(side: Side, streams: Any, clock: Clock, ledger: Ledger, *, tell: bool) -> Book:
    """One of the two systems. `tell`: it tells of deletions in between."""
    name = "Left" if side == "a" else "Right"
    made = Book(name, streams, prefix=side, tombstones=tell, page_size=3)
    made.side, made.clock, made.ledger = side, clock, ledger
    (made.stream_name,) = streams
    return made
