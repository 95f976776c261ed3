"""A run from end to end on two memories: create, update, adopt, wait, refuse, remove, and heal."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import PRODUCTS, SUPPLIES, TWO_WAY, World, world
from stockbridge.connectors.memory import lose_answer, refuse
from stockbridge.core.flow import Condition, Rule, Then
from stockbridge.engine.run import retry
from stockbridge.wiring.approval import approve


@pytest.fixture
def one_way(store: Engine) -> World:
    return world(store, PRODUCTS, SUPPLIES)


def titles(of: World) -> list[str]:
    return sorted(row["title"] for row in of.b.rows("products").values())


def test_creates_then_does_nothing(one_way: World) -> None:
    one_way.a.put("items", {"name": "Bell", "sku": "B-1", "price": Decimal("12.345")})
    one_way.a.put("items", {"name": "Pump", "sku": "P-1", "price": None})
    report = one_way.run()
    assert report.outcome == "in step"
    assert report.flows[0].created == 2
    assert {(row["title"], row["mark"], row.get("price")) for row in one_way.b.rows("products").values()} == {
        ("Bell", "a1", Decimal("12.35")),
        ("Pump", "a2", None),
    }
    before = one_way.b.meter.spent
    again = one_way.run()
    assert again.outcome == "in step"
    assert (again.flows[0].created, again.flows[0].updated) == (0, 0)
    assert one_way.b.meter.spent == before


def test_updates_only_what_changed(one_way: World) -> None:
    id = one_way.a.put("items", {"name": "Bell", "sku": "B-1", "price": Decimal(3)})
    one_way.run()
    made = next(iter(one_way.b.rows("products")))
    one_way.b.put("products", {"status": "kept by hand"}, made)
    one_way.a.put("items", {"name": "Brass bell"}, id)
    report = one_way.run()
    assert report.flows[0].updated == 1
    assert one_way.b.rows("products")[made] == {
        "title": "Brass bell",
        "code": "B-1",
        "price": Decimal("3.00"),
        "mark": id,
        "status": "kept by hand",
    }


def test_a_lost_store_adopts_what_is_there(one_way: World, store: Engine) -> None:
    for number in range(250):
        one_way.a.put("items", {"name": f"Item {number}", "sku": f"S{number}"})
    one_way.run()
    one_way.sync_id = 2
    report = one_way.run()
    assert report.flows[0].adopted == 250
    assert report.flows[0].created == 0
    assert len(one_way.b.rows("products")) == 250


def test_waits_for_its_parent_and_is_woken(one_way: World) -> None:
    one_way.a.put("vendor_items", {"name": "Bell by Mara", "item": "a9"})
    report = one_way.run()
    assert report.outcome == "left over"
    assert report.flows[1].waiting == 1
    one_way.a.put("items", {"name": "Bell"}, "a9")
    report = one_way.run()
    assert report.outcome == "in step"
    assert report.flows[1].created == 1
    product = next(iter(one_way.b.rows("products")))
    assert next(iter(one_way.b.rows("supplies").values()))["product"] == product


def test_a_parent_made_in_the_same_run_is_enough(one_way: World) -> None:
    one_way.a.put("vendor_items", {"name": "Bell by Mara", "item": "a9"})
    one_way.a.put("items", {"name": "Bell"}, "a9")
    assert one_way.run().outcome == "in step"


def test_one_bad_record_is_parked_and_never_stops_the_others(one_way: World) -> None:
    bad = one_way.a.put("items", {"name": "Dear bell", "price": Decimal(5000)})
    one_way.a.put("items", {"name": "x" * 41})
    one_way.a.put("items", {"name": "Good bell"})
    report = one_way.run()
    assert report.outcome == "left over"
    assert (report.flows[0].created, report.flows[0].refused) == (1, 2)
    assert one_way.run().flows[0].refused == 2
    one_way.a.put("items", {"price": Decimal(50)}, bad)
    report = one_way.run()
    assert (report.flows[0].created, report.flows[0].refused) == (1, 1)


def test_what_the_system_refuses_is_parked_and_retried_on_demand(store: Engine) -> None:
    refusing = True

    def on_write(when: str, *_: str) -> None:
        if refusing and when == "before":
            refuse()

    of = world(store, PRODUCTS, on_write=on_write)
    of.a.put("items", {"name": "Bell"})
    assert of.run().flows[0].refused == 1
    refusing = False
    assert of.run().flows[0].refused == 1  # not tried again by itself
    assert retry(of.open()) == 1
    assert of.run().flows[0].created == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_never_doubles_and_never_loses(store: Engine, when: str) -> None:
    left = 3

    def on_write(now: str, *_: str) -> None:
        nonlocal left
        if now == when and left:
            left -= 1
            lose_answer()

    of = world(store, PRODUCTS, on_write=on_write)
    for number in range(20):
        of.a.put("items", {"name": f"Item {number}"})
    of.run()
    report = of.run()
    assert report.outcome == "in step"
    assert titles(of) == sorted(f"Item {number}" for number in range(20))


def test_a_deletion_marks_and_a_return_takes_the_mark_off(one_way: World) -> None:
    for number in range(30):
        one_way.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    one_way.run()
    one_way.a.drop("items", "x7")
    one_way.run()
    off = [row["title"] for row in one_way.b.rows("products").values() if row.get("status") == "off"]
    assert off == ["Item 7"]
    one_way.a.put("items", {"name": "Item 7"}, "x7")
    one_way.run()
    assert not [row for row in one_way.b.rows("products").values() if row.get("status") == "off"]
    assert len(one_way.b.rows("products")) == 30


def test_too_many_deletions_ask_first(one_way: World) -> None:
    for number in range(30):
        one_way.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    one_way.run()
    for number in range(12):
        one_way.a.drop("items", f"x{number}")
    report = one_way.run()
    assert (report.outcome, report.stopped_by) == ("stopped", "safety")
    assert "12 of 30" in report.message
    assert not [row for row in one_way.b.rows("products").values() if row.get("status") == "off"]


def test_a_full_read_finds_deletions_that_no_list_tells(store: Engine) -> None:
    of = world(store, PRODUCTS, SUPPLIES)
    for number in range(30):
        of.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    of.a.put("vendor_items", {"name": "v", "item": "x3"}, "v3")
    of.a.put("vendor_items", {"name": "v", "item": "x4"}, "v4")
    of.run()
    of.a._tombstones = False
    of.a.drop("vendor_items", "v3")
    assert of.run().flows[1].removed == 0
    report = of.run(full=True)
    assert report.flows[1].removed == 1
    assert [row["mark"] for row in of.b.rows("supplies").values()] == ["v4"]


def test_a_side_that_reads_empty_halts(one_way: World) -> None:
    for number in range(5):
        one_way.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    one_way.run()
    for number in range(5):
        one_way.a.drop("items", f"x{number}")
    report = one_way.run(full=True)
    assert (report.outcome, report.stopped_by) == ("stopped", "safety")


def test_two_ways_merges_by_field(store: Engine) -> None:
    of = world(store, TWO_WAY)
    left = of.a.put("items", {"name": "Bell", "sku": "B-1"})
    right = of.b.put("products", {"title": "Pump", "code": "P-1"})
    report = of.run()
    assert report.flows[0].created == 2
    assert len(of.a.rows("items")) == len(of.b.rows("products")) == 2
    partner = next(id for id, row in of.b.rows("products").items() if row["code"] == "B-1")
    of.a.put("items", {"name": "Brass bell"}, left)
    of.b.put("products", {"code": "B-2"}, partner)
    of.run()
    assert of.a.rows("items")[left] == {"name": "Brass bell", "sku": "B-2"}
    assert of.b.rows("products")[partner]["title"] == "Brass bell"
    of.b.drop("products", right)
    of.run()
    assert list(of.a.rows("items")) == [left]


def test_what_belongs_to_a_record_that_is_left_out_is_left_out_too_until_that_changes(store: Engine) -> None:
    wanted = Rule(
        when=(Condition(field="status", test="is", value="wanted"),),
        then=Then.SYNC,
        otherwise="unwanted items",
    )
    of = world(store, msgspec.structs.replace(PRODUCTS, rules_a=(wanted,)), SUPPLIES)
    id = of.a.put("items", {"name": "Bell", "status": "unwanted"})
    of.a.put("vendor_items", {"name": "Bell by Mara", "item": id})
    report = of.run()
    assert report.outcome == "in step"
    assert report.flows[0].left_out == {"unwanted items": 1}
    assert report.flows[1].left_out == {"the products it belongs to are left out": 1}
    of.a.put("items", {"status": "wanted"}, id)
    report = of.run()
    assert (report.flows[0].created, report.flows[1].created) == (1, 1)
    assert report.outcome == "in step"


def test_a_retry_of_thousands_is_settled_in_one_run(store: Engine) -> None:
    refusing = True

    def on_write(when: str, *_: str) -> None:
        if refusing and when == "before":
            refuse()

    of = world(store, PRODUCTS, on_write=on_write)
    for number in range(1700):
        of.a.put("items", {"name": f"Item {number}"})
    assert of.run().flows[0].refused == 1700
    refusing = False
    assert retry(of.open()) == 1700
    report = of.run()
    assert (report.outcome, report.flows[0].created) == ("in step", 1700)


def test_a_change_of_every_single_record_asks_first(one_way: World) -> None:
    for number in range(25):
        one_way.a.put("items", {"name": f"Item {number}", "price": Decimal(3)}, f"x{number}")
    one_way.run()
    for number in range(25):
        one_way.a.put("items", {"price": Decimal(0)}, f"x{number}")
    report = one_way.run()
    assert (report.outcome, report.stopped_by, report.stop_code) == ("stopped", "safety", "everything")
    assert "25 products" in report.message
    assert {row["price"] for row in one_way.b.rows("products").values()} == {Decimal(3)}
    approve(one_way.open(), report.stop_code)
    assert one_way.run().flows[0].updated == 25
    assert {row["price"] for row in one_way.b.rows("products").values()} == {Decimal(0)}


def test_a_touch_of_every_record_that_changes_nothing_there_asks_nobody(one_way: World) -> None:
    for number in range(25):
        one_way.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    one_way.run()
    for number in range(25):
        one_way.a.put("items", {"status": "touched"}, f"x{number}")
    assert one_way.run().outcome == "in step"


def test_a_side_that_is_truly_empty_can_be_approved(one_way: World) -> None:
    for number in range(5):
        one_way.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    one_way.run()
    one_way.a._tombstones = False
    for number in range(5):
        one_way.a.drop("items", f"x{number}")
    report = one_way.run(full=True)
    assert report.stop_code == "read-empty"
    approve(one_way.open(), report.stop_code)
    report = one_way.run()
    assert report.stop_code == "deletions"
    approve(one_way.open(), report.stop_code)
    assert one_way.run().outcome == "in step"
    assert {row.get("status") for row in one_way.b.rows("products").values()} == {"off"}


def test_a_flow_that_only_recognises_serves_those_that_refer_to_it(store: Engine) -> None:
    recognised = msgspec.structs.replace(PRODUCTS, pairs=PRODUCTS.pairs[:1], writes_b=frozenset())
    of = world(store, recognised, SUPPLIES)
    for number in (1, 2):
        of.a.put("items", {"name": f"Item {number}"}, f"x{number}")
        of.a.put("vendor_items", {"name": f"Item {number} by Mara", "item": f"x{number}"}, f"v{number}")
    there = of.b.put("products", {"title": "Kept as it is", "mark": "x1"})
    report = of.run()
    assert report.outcome == "in step"
    assert [row["product"] for row in of.b.rows("supplies").values()] == [there]
    assert report.flows[1].left_out == {"the products it belongs to are left out": 1}
    assert of.b.rows("products") == {there: {"title": "Kept as it is", "mark": "x1"}}
