"""A record that somebody makes at side b with parts of its own: it is made at side a, and its parts are recognised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import World
from machine import test_order_exports as orders
from stockbridge.connectors.memory import Memory
from stockbridge.core.errors import Uncertain
from stockbridge.core.flow import Flow, GonePolicy, Match, Op, Owner, Pair
from stockbridge.core.record import Ability, Field, Kind, Stream

TEXT = Kind.TEXT
A_STREAMS = {
    "orders": Stream(
        name="orders",
        noun="order",
        fields=(Field(name="day", kind=TEXT), Field(name="reference", kind=TEXT)),
        abilities=frozenset({Ability.CREATE}),
        mark="reference",
        settles_after=300,
    ),
    "order_lines": Stream(
        name="order_lines",
        noun="line",
        fields=(
            Field(name="order", kind=TEXT, refers_to="orders"),
            Field(name="thing", kind=TEXT),
            Field(name="quantity", kind=TEXT),
        ),
    ),
}
B_STREAMS = {
    "buys": Stream(
        name="buys",
        noun="buy",
        fields=(Field(name="placed", kind=TEXT), Field(name="mark", kind=TEXT)),
        abilities=frozenset(Ability),
        mark="mark",
    ),
    "buy_lines": Stream(
        name="buy_lines",
        noun="line of a buy",
        fields=(
            Field(name="buy", kind=TEXT, refers_to="buys", part_of=True),
            Field(name="what", kind=TEXT),
            Field(name="many", kind=TEXT),
            Field(name="mark", kind=TEXT),
        ),
        abilities=frozenset(Ability),
        mark="mark",
    ),
}
ORDERS = Flow(
    name="orders",
    a="orders",
    b="buys",
    pairs=(
        Pair(a="id", b="mark"),
        Pair(a="day", b="placed"),
        Pair(a="day", b="placed", owner=Owner.B, once=True),
    ),
    writes_a=frozenset({Op.CREATE}),
    writes_b=frozenset(Op),
    match=(Match(a="id", b="mark"), Match(a="reference", b="id")),
    gone_a=GonePolicy(do="remove"),
)
LINES = Flow(
    name="lines",
    a="order_lines",
    b="buy_lines",
    pairs=(
        Pair(a="id", b="mark"),
        Pair(a="order", b="buy", remake=True),
        Pair(a="thing", b="what", remake=True),
        Pair(a="quantity", b="many"),
    ),
    writes_b=frozenset(Op),
    match=(Match(a="id", b="mark"), Match(a=("order", "thing"), b=("buy", "what"), alike=True)),
    gone_a=GonePolicy(do="remove"),
)


def a_world(store: Engine) -> World:
    a, b = Memory("Left", A_STREAMS, prefix="a"), Memory("Right", B_STREAMS, prefix="b")
    return World(store, a, b, (ORDERS, LINES))


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, *, minutes: float) -> None:
        self.moment += timedelta(minutes=minutes)


def a_slow_world(store: Engine) -> tuple[World, Time]:
    """Side a shows a new order only five minutes after it was made."""
    time = Time()
    a, b = Memory("Left", A_STREAMS, prefix="a", now=time.now), Memory("Right", B_STREAMS, prefix="b")
    return World(store, a, b, (ORDERS, LINES), {"now": time.now}), time


def test_the_parts_of_an_exported_record_are_recognised_and_not_made_again(store: Engine) -> None:
    of = a_world(store)
    of.a.put("orders", {"day": "monday"})
    assert of.run().outcome == "in step"  # the last time that everything is read in full
    buy = of.b.put("buys", {"placed": "friday"})
    line = of.b.put("buy_lines", {"buy": buy, "what": "bell", "many": "3"})
    assert of.run(exports=True).flows[0].created == 1
    order = next(id for id, row in of.a.rows("orders").items() if row.get("reference") == buy)
    twin = of.a.put("order_lines", {"order": order, "thing": "bell", "quantity": "3"})
    assert of.run().outcome == "in step"
    assert of.b.rows("buy_lines") == {line: {"buy": buy, "what": "bell", "many": "3", "mark": twin}}


def test_a_part_that_is_taken_out_soon_after_the_export_goes_at_the_side_that_ordered_it(
    store: Engine,
) -> None:
    """The export itself says which part is which. Else a part that is gone by the next import would look like one that
    the planner added later, and would stay."""
    a, b = Memory("Left", orders.A, prefix="a"), Memory("Right", orders.B, prefix="b")
    of = World(store, a, b, orders.flows(issue=False))
    a.put("orders", {"day": "monday", "issued": False, "lines": [{"thing": "bell", "many": "1"}]})
    assert of.run().outcome == "in step"
    lines = [{"thing": "bell", "many": "3"}, {"thing": "pump", "many": "4"}]
    buy = b.put("buys", {"placed": "friday", "lines": lines})
    for line in lines:
        b.put("buy_lines", {"buy": buy, **line})
    assert of.run(exports=True).outcome == "in step"
    (order,) = [id for id, row in a.rows("orders").items() if row.get("reference") == buy]
    marks = {row["thing"]: row.get("mark") for row in b.rows("buy_lines").values() if row["buy"] == buy}
    assert marks == {"bell": f"{order}-bell", "pump": f"{order}-pump"}
    a.put("orders", {"lines": lines[:1]}, order)
    b.put("buy_lines", {"buy": buy, "thing": "seat", "many": "5"})  # the planner thinks of one more
    of.run()
    left = [row["thing"] for row in b.rows("buy_lines").values() if row["buy"] == buy]
    assert sorted(left) == ["bell", "seat"]


def test_an_export_that_makes_nothing_reads_no_parts(store: Engine) -> None:
    a, b = Memory("Left", orders.A, prefix="a"), Memory("Right", orders.B, prefix="b")
    of = World(store, a, b, orders.flows(issue=False))
    a.put("orders", {"day": "monday", "issued": False, "lines": [{"thing": "bell", "many": "1"}]})
    of.run()
    report = of.run(exports=True)
    assert ([one.flow for one in report.flows], report.calls["Right"]) == (["orders"], 1)


def test_a_full_read_before_the_other_side_shows_what_was_made_does_not_take_it_for_deleted(
    store: Engine,
) -> None:
    of, time = a_slow_world(store)
    of.a.put("orders", {"day": "monday"})
    time.pass_by(minutes=6)
    assert of.run().outcome == "in step"
    buy = of.b.put("buys", {"placed": "friday"})
    assert of.run(exports=True).flows[0].created == 1
    time.pass_by(minutes=1)
    assert of.run(full=True).outcome == "in step"
    assert buy in of.b.rows("buys"), "it was taken for deleted"
    order = next(id for id, row in of.a.rows("orders").items() if row.get("reference") == buy)
    of.a.drop("orders", order)
    time.pass_by(minutes=6)
    assert of.run(full=True).flows[0].removed == 1  # now its absence tells
    assert buy not in of.b.rows("buys")


class Death(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("end", ["death", "lost answer"])
def test_a_call_that_went_out_long_after_its_intent_is_not_made_twice(store: Engine, end: str) -> None:
    of, time = a_slow_world(store)
    of.a.put("orders", {"day": "monday"})
    time.pass_by(minutes=6)
    of.run()
    buy = of.b.put("buys", {"placed": "friday"})

    def slow(when: str, op: str, *_: str) -> None:
        if op == "create" and when == "before":
            time.pass_by(minutes=7)  # it waited for the limit of a minute
        elif op == "create":
            raise Death if end == "death" else Uncertain("The connection broke.")

    of.a.on_write = slow
    if end == "death":
        with pytest.raises(Death):
            of.run(exports=True)
    else:
        assert of.run(exports=True).outcome == "left over"
    of.a.on_write = lambda *_: None
    for minutes, outcome in ((0, "left over"), (6, "in step")):
        time.pass_by(minutes=minutes)
        report = of.run(exports=True)
        assert report.outcome == outcome
        assert [row.get("reference") for row in of.a.rows("orders").values()].count(buy) == 1
