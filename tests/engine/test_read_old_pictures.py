"""A system that shows some time later what was written: a list may show a record as it was before our own write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import B_STREAMS, TWO_WAY, World, world
from stockbridge.connectors.memory import Memory
from stockbridge.core.record import Page, Record, Refusal, Values

_BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
_SLOW = {name: msgspec.structs.replace(stream, settles_after=300) for name, stream in B_STREAMS.items()}


def dated(record: Record) -> Record:
    """The record with the moment of its last change."""
    return msgspec.structs.replace(record, modified=_BEGAN + timedelta(minutes=int(record.version)))


class Lagging(Memory):
    """Its list shows the records in `old` as they were when they were put there."""

    def __init__(self) -> None:
        super().__init__("Right", _SLOW, prefix="b", tombstones=True)
        self.old: dict[str, Record] = {}

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        for page in super().read(stream, since):
            now = [dated(one) for one in page.records if one.id not in self.old]
            yield Page(records=[*self.old.values(), *now], refused=[], checkpoint=page.checkpoint)

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        return [dated(one) if isinstance(one, Record) else one for one in super().fetch(stream, ids)]

    def create(self, stream: str, values: Values, mark: str) -> Record:
        return dated(super().create(stream, values, mark))

    def update(self, stream: str, id: str, values: Values) -> Record:
        return dated(super().update(stream, id, values))


def lagging(store: Engine) -> tuple[World, Lagging, str, str]:
    """A pair in step, and its two ids."""
    of = world(store, TWO_WAY)
    right = Lagging()
    of.b = right
    a = of.a.put("items", {"name": "Bell", "sku": "B"})
    of.run()
    (b,) = right.rows("products")
    return of, right, a, b


def test_a_list_that_does_not_show_our_write_yet_undoes_nothing(store: Engine) -> None:
    of, right, a, b = lagging(store)
    (before,) = right.fetch("products", [b])
    assert isinstance(before, Record)
    of.a.put("items", {"name": "Loud bell"}, a)
    of.run()
    right.old = {b: before}
    report = of.run(full=True)
    assert (report.outcome, report.flows[0].updated) == ("in step", 0)
    right.old = {}
    of.run(full=True)
    assert of.a.rows("items")[a]["name"] == right.rows("products")[b]["title"] == "Loud bell"


def test_an_edit_after_our_write_is_taken_as_ever(store: Engine) -> None:
    of, right, a, b = lagging(store)
    of.a.put("items", {"name": "Loud bell"}, a)
    of.run()
    right.put("products", {"title": "By hand"}, b)
    of.run(full=True)
    assert of.a.rows("items")[a]["name"] == "By hand"


def test_a_list_that_still_shows_what_we_deleted_brings_nothing_back(store: Engine) -> None:
    of, right, a, b = lagging(store)
    (before,) = right.fetch("products", [b])
    assert isinstance(before, Record)
    of.a.drop("items", a)
    of.run(full=True)
    assert right.rows("products") == {}
    right.old = {b: before}
    of.run(full=True)
    assert of.a.rows("items") == {}
    right.old = {}
    assert of.run(full=True).outcome == "in step"
    assert (of.a.rows("items"), right.rows("products")) == ({}, {})


def test_what_a_person_took_back_out_of_the_bin_is_there_again(store: Engine) -> None:
    of, right, a, b = lagging(store)
    of.a.drop("items", a)
    of.run(full=True)
    of.options["now"] = lambda: datetime.now(UTC) + timedelta(seconds=301)
    right.put("products", {"title": "Bell", "code": "B"}, b)
    of.run(full=True)
    assert [row["name"] for row in of.a.rows("items").values()] == ["Bell"]
