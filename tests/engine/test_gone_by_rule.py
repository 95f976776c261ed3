"""A record that a rule treats as deleted takes along what was made out of it, though its details are not read again."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Engine

from engine.two_sides import World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Condition, Flow, GonePolicy, Op, Pair, Rule, Then
from stockbridge.core.record import Ability, Field, Kind, Record, Stream

TEXT = Kind.TEXT


def _lines(order: Record) -> Iterator[Record]:
    for line in order.values.get("lines") or ():
        values = {"order": order.id, "what": line["what"]}
        yield Record(id=line["id"], values=values, version=order.version, parent=order.id)


def _receipts(order: Record) -> Iterator[Record]:
    for line in order.values.get("lines") or ():
        values = {"line": line["id"], "what": line["what"]}
        yield Record(id=f"r{line['id']}", values=values, version=order.version, parent=order.id)


A_STREAMS = {
    "orders": Stream(
        name="orders",
        noun="order",
        fields=(
            Field(name="status", kind=TEXT),
            Field(
                name="lines",
                kind=Kind.CHILDREN,
                detail=True,
                children=(Field(name="id", kind=TEXT), Field(name="what", kind=TEXT)),
            ),
        ),
        detail_size=1,
    ),
    "lines": Stream(
        name="lines",
        noun="line",
        fields=(Field(name="order", kind=TEXT, refers_to="orders"), Field(name="what", kind=TEXT)),
        derived_from="orders",
        derive=_lines,
    ),
    "receipts": Stream(
        name="receipts",
        noun="receipt",
        fields=(Field(name="line", kind=TEXT, refers_to="lines"), Field(name="what", kind=TEXT)),
        derived_from="orders",
        derive=_receipts,
    ),
}


def _at_b(name: str, *fields: Field) -> Stream:
    mark = Field(name="mark", kind=TEXT)
    return Stream(name=name, noun=name, fields=(*fields, mark), abilities=frozenset(Ability), mark="mark")


B_STREAMS = {
    "orders": _at_b("orders", Field(name="state", kind=TEXT)),
    "lines": _at_b(
        "lines",
        Field(name="order", kind=TEXT, refers_to="orders", part_of=True),
        Field(name="what", kind=TEXT),
    ),
    "receipts": _at_b(
        "receipts",
        Field(name="line", kind=TEXT, refers_to="lines", part_of=True),
        Field(name="what", kind=TEXT),
    ),
}


def _flow(name: str, *pairs: Pair, rules: tuple[Rule, ...] = ()) -> Flow:
    return Flow(
        name=name,
        a=name,
        b=name,
        pairs=pairs,
        rules_a=rules,
        writes_b=frozenset(Op),
        gone_a=GonePolicy(do="remove"),
    )


FLOWS = (
    _flow(
        "orders",
        Pair(a="status", b="state"),
        rules=(Rule(when=(Condition(field="status", test="is", value="cancelled"),), then=Then.REMOVE),),
    ),
    _flow("lines", Pair(a="order", b="order"), Pair(a="what", b="what")),
    _flow("receipts", Pair(a="line", b="line"), Pair(a="what", b="what")),
)


def test_a_cancelled_order_leaves_nothing_that_is_tried_again_and_again(store: Engine) -> None:
    here = World(store, Memory("Left", A_STREAMS, prefix="a"), Memory("Right", B_STREAMS, prefix="b"), FLOWS)
    lines = [{"id": "l1", "what": "Bell"}, {"id": "l2", "what": "Pump"}]
    order = here.a.put("orders", {"status": "open", "lines": lines})
    other = here.a.put("orders", {"status": "open", "lines": [{"id": "l3", "what": "Lamp"}]})
    assert [flow.created for flow in here.run().flows] == [2, 3, 3]
    here.a.put("orders", {"status": "cancelled"}, order)
    for _ in range(2):
        assert here.run().outcome == "in step"
        assert [row["what"] for row in here.b.rows("receipts").values()] == ["Lamp"]
    here.a.put("orders", {"status": "open again"}, order)
    assert here.run().outcome == "in step"
    assert sorted(row["what"] for row in here.b.rows("receipts").values()) == ["Bell", "Lamp", "Pump"]
    assert sorted(here.a.rows("orders")) == sorted((order, other))
