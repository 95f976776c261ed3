"""Reading: pages with their checkpoint, full reads that are cut short, and what may be concluded from them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, PRODUCTS, TWO_WAY, World, world
from stockbridge.connectors.memory import Memory
from stockbridge.core.errors import Retry
from stockbridge.core.flow import Op
from stockbridge.core.record import Page, Record


class Breaking(Memory):
    """A list that breaks after some pages, once."""

    pages_left: int | None = None

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        for page in super().read(stream, since):
            if self.pages_left == 0:
                self.pages_left = None
                raise Retry("The connection broke.")
            if self.pages_left is not None:
                self.pages_left -= 1
            yield page


def breaking(store: Engine, *, tombstones: bool = True) -> tuple[World, Breaking]:
    of = world(store, PRODUCTS)
    left = Breaking("Left", A_STREAMS, prefix="a", tombstones=tombstones, page_size=3)
    of.a = left
    return of, left


def test_a_first_read_that_breaks_makes_nothing_and_goes_on_where_it_stopped(store: Engine) -> None:
    of, left = breaking(store)
    for number in range(10):
        left.put("items", {"name": f"Item {number}"})
    left.pages_left = 2
    report = of.run()
    assert (report.outcome, report.stopped_by) == ("stopped", "connection")
    assert not of.b.rows("products")
    spent = left.meter.spent
    assert of.run().flows[0].created == 10
    assert left.meter.spent - spent == 2  # the four records that were missing, in pages of three


def test_a_full_read_that_breaks_proves_nothing(store: Engine) -> None:
    of, left = breaking(store, tombstones=False)
    for number in range(30):
        left.put("items", {"name": f"Item {number}"}, f"x{number}")
    of.run()
    left.drop("items", "x20")
    left.pages_left = 2
    assert of.run(full=True).outcome == "stopped"
    assert not [row for row in of.b.rows("products").values() if row.get("status") == "off"]
    assert of.run(full=True).outcome == "in step"  # goes on and finishes
    off = [row["mark"] for row in of.b.rows("products").values() if row.get("status") == "off"]
    assert off == ["x20"]


def test_a_record_deleted_while_it_is_being_listed_is_found_by_the_next_read(store: Engine) -> None:
    of, left = breaking(store)
    for number in range(30):
        left.put("items", {"name": f"Item {number}"}, f"x{number}")
    of.run()
    left.pages_left = 3
    of.run(full=True)
    left.drop("items", "x1")  # it was seen by the first half
    of.run(full=True)
    of.run()
    off = [row["mark"] for row in of.b.rows("products").values() if row.get("status") == "off"]
    assert off == ["x1"]


def test_a_full_read_that_is_asked_for_begins_anew_and_finds_what_the_one_before_had_seen(
    store: Engine,
) -> None:
    of, left = breaking(store, tombstones=False)
    for number in range(30):
        left.put("items", {"name": f"Item {number}"}, f"x{number}")
    of.run()
    left.pages_left = 3
    assert of.run(full=True).outcome == "stopped"
    left.drop("items", "x1")  # it was seen by the first half
    assert of.run(full=True).outcome == "in step"
    off = [row["mark"] for row in of.b.rows("products").values() if row.get("status") == "off"]
    assert off == ["x1"]


def test_made_and_deleted_between_two_runs_leaves_no_trace(store: Engine) -> None:
    of = world(store, TWO_WAY)
    for side, stream in ((of.a, "items"), (of.b, "products")):
        id = side.put(
            stream, {"name": "Bell", "sku": "B"} if stream == "items" else {"title": "Bell", "code": "B"}
        )
        side.drop(stream, id)
    report = of.run()
    assert report.outcome == "in step"
    assert (report.flows[0].created, report.flows[0].removed) == (0, 0)
    assert not of.a.rows("items")
    assert not of.b.rows("products")


def test_what_comes_twice_is_kept_once(store: Engine) -> None:
    class Twice(Memory):
        def read(self, stream: str, since: str | None) -> Iterator[Page]:
            for page in super().read(stream, since):
                yield Page(records=[*page.records, *page.records], refused=[], checkpoint=page.checkpoint)
                yield page

    of = world(store, PRODUCTS)
    of.a = Twice("Left", A_STREAMS, prefix="a")
    for number in range(5):
        of.a.put("items", {"name": f"Item {number}"})
    assert of.run().flows[0].created == 5
    assert len(of.b.rows("products")) == 5


@pytest.mark.parametrize("known", [True, False])
def test_a_tombstone_of_something_unknown_says_nothing(store: Engine, known: bool) -> None:
    class Telling(Memory):
        def read(self, stream: str, since: str | None) -> Iterator[Page]:
            yield from super().read(stream, since)
            gone = Record(id="x0" if known else "never seen", values={}, version="99", deleted=True)
            if since is not None:
                yield Page(records=[gone], refused=[], checkpoint=since)

    of = world(store, PRODUCTS)
    of.a = Telling("Left", A_STREAMS)
    of.a.put("items", {"name": "Bell"}, "x0")
    of.run()
    of.run()
    (row,) = of.b.rows("products").values()
    assert (row.get("status") == "off") is known


def test_what_was_adopted_by_its_list_row_is_read_whole_before_it_is_made_again(store: Engine) -> None:
    """Edits are not sent, so an adopted record is never fetched; made anew without its details it would lose them."""
    items = A_STREAMS["items"]
    fields = tuple(msgspec.structs.replace(one, detail=one.name == "price") for one in items.fields)
    streams = {**A_STREAMS, "items": msgspec.structs.replace(items, fields=fields, detail_size=1)}
    flow = msgspec.structs.replace(PRODUCTS, writes_b=frozenset({Op.CREATE, Op.REMOVE}))
    of = world(store, flow)
    of.a = Memory("Left", streams, prefix="a", tombstones=True)
    id = of.a.put("items", {"name": "Bell", "price": Decimal(5)})
    there = of.b.put("products", {"title": "Bell", "price": Decimal(5), "mark": id})
    assert of.run().flows[0].adopted == 1
    of.b.drop("products", there)
    report = of.run(full=True)
    assert (report.outcome, report.flows[0].created) == ("in step", 1)
    assert [row["price"] for row in of.b.rows("products").values()] == [Decimal(5)]
    assert of.run().flows[0].created == 0
