"""A record that somebody makes at side b with parts of its own: it is made at side a, and its parts are recognised."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from engine.two_sides import World
from stockbridge.connectors.memory import Memory
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
