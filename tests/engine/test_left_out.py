"""What belongs to a record that is left out is left out with it, through as many records as there are; nobody waits."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from sqlalchemy.engine import Engine

from engine import two_sides
from engine.two_sides import PRODUCTS, SUPPLIES, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Condition, Flow, GonePolicy, Match, Op, Pair, Rule, Then
from stockbridge.core.record import Ability, Field, Kind, Stream

NOTES_A = Stream(
    name="notes",
    noun="note",
    fields=(
        Field(name="name", kind=Kind.TEXT),
        Field(name="about", kind=Kind.TEXT, refers_to="vendor_items"),
    ),
)
NOTES_B = Stream(
    name="remarks",
    noun="remark",
    fields=(
        Field(name="title", kind=Kind.TEXT),
        Field(name="about", kind=Kind.TEXT, refers_to="supplies", required=True),
        Field(name="mark", kind=Kind.TEXT),
    ),
    abilities=frozenset(Ability),
    mark="mark",
)
NOTES = Flow(
    name="notes",
    a="notes",
    b="remarks",
    pairs=(Pair(a="id", b="mark"), Pair(a="name", b="title"), Pair(a="about", b="about")),
    writes_b=frozenset(Op),
    match=(Match(a="id", b="mark"),),
    gone_a=GonePolicy(do="remove"),
)
SOLD = Rule(
    when=(Condition(field="status", test="is", value="on"),), then=Then.SYNC, otherwise="unsold items"
)


def shop(engine: Engine) -> World:
    a = Memory("Left", {**two_sides.A_STREAMS, "notes": NOTES_A}, prefix="a", tombstones=True)
    b = Memory("Right", {**two_sides.B_STREAMS, "remarks": NOTES_B}, prefix="b", tombstones=True)
    return World(engine, a, b, (replace(PRODUCTS, rules_a=(SOLD,)), SUPPLIES, NOTES))


def figures(report: Any) -> dict[str, tuple[int, int, dict[str, int]]]:
    return {one.flow: (one.created, one.waiting, one.left_out) for one in report.flows}


def test_what_belongs_to_something_that_is_left_out_is_left_out_too(store: Engine) -> None:
    of = shop(store)
    item = of.a.put("items", {"name": "Bell", "status": "off"})
    supply = of.a.put("vendor_items", {"name": "Bell by Mara", "item": item})
    of.a.put("notes", {"name": "Rings well", "about": supply})
    report = of.run()
    assert report.outcome == "in step"
    assert figures(report) == {
        "products": (0, 0, {"unsold items": 1}),
        "supplies": (0, 0, {"the products it belongs to are left out": 1}),
        "notes": (0, 0, {"the supplies it belongs to are left out": 1}),
    }


def test_they_all_come_once_the_first_of_them_does(store: Engine) -> None:
    of = shop(store)
    item = of.a.put("items", {"name": "Bell", "status": "off"})
    supply = of.a.put("vendor_items", {"name": "Bell by Mara", "item": item})
    of.a.put("notes", {"name": "Rings well", "about": supply})
    of.run()
    of.a.put("items", {"name": "Bell", "status": "on"}, item)
    report = of.run()
    assert report.outcome == "in step"
    assert [one[0] for one in figures(report).values()] == [1, 1, 1]
