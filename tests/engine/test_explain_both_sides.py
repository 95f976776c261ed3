"""`explain` where records begin at either side: what stands at side b alone is told from there."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, ALL, B_STREAMS, PRODUCTS, SUPPLIES, World, world
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Condition, Op, Owner, Pair, Rule, Then
from stockbridge.core.record import Ability
from stockbridge.core.report import Explanation
from stockbridge.engine.explain import explain

ON = Rule(
    when=(Condition(field="status", test="is", value="on", otherwise="products that are off"),),
    then=Then.SYNC,
)
BOTH_WAYS = replace(
    PRODUCTS,
    pairs=(
        *PRODUCTS.pairs,
        Pair(a="name", b="title", owner=Owner.B, once=True),
        Pair(a="sku", b="code", owner=Owner.B, once=True),
    ),
    writes_a=frozenset({Op.CREATE}),
    rules_b=(ON,),
)
OUTGOING = replace(
    SUPPLIES,
    pairs=(
        *SUPPLIES.pairs,
        Pair(a="name", b="title", owner=Owner.B, once=True),
        Pair(a="item", b="product", owner=Owner.B, once=True),
    ),
    writes_a=frozenset({Op.CREATE}),
)


def one(of: World, flow: str, name: str) -> Explanation:
    (found,) = explain(of.open(), flow, name)
    return found


def test_a_record_that_is_to_be_made_at_side_a(store: Engine) -> None:
    of = world(store, BOTH_WAYS)
    of.run()
    id = of.b.put("products", {"title": "Bell", "code": "B-1", "status": "off", "mark": None})
    of.run(full=True)
    told = one(of, "products", id)
    assert (told.verdict, told.side, told.other_id) == ("left out", "b", None)
    assert "products that are off" in told.reason
    assert [(rule.met, rule.conditions[0][1]) for rule in told.rules] == [(False, "off")]

    of.b.put("products", {"title": "Bell", "code": "B-1", "status": "on", "mark": None}, id)
    fields = {row.field: (row.source, row.value, row.sent) for row in one(of, "products", id).fields}
    assert fields["name"] == ("title", "Bell", "Bell")
    assert fields["sku"] == ("code", "B-1", "B-1")
    of.run(full=True)
    told = one(of, "products", id)  # it stands at both sides by now, and is told from side a
    assert (told.verdict, told.side, told.other_id) == ("in step", "a", id)
    assert told.history[-1][1] == "created in Left"


def with_vendor_items_made_at_a(engine: Engine) -> World:
    streams: dict[str, Any] = {
        **A_STREAMS,
        "vendor_items": replace(A_STREAMS["vendor_items"], abilities=frozenset(Ability)),
    }
    a = Memory("Left", streams, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    return World(engine, a, b, (replace(PRODUCTS, writes_b=ALL), OUTGOING))


def test_a_record_that_waits_says_for_whom_and_what_stands_in_the_way(store: Engine) -> None:
    of = with_vendor_items_made_at_a(store)
    product = of.b.put("products", {"title": "Only here", "mark": None})
    id = of.b.put("supplies", {"title": "Bell by Mara", "product": product, "mark": None})
    report = of.run()
    assert report.flows[1].waiting == 1
    told = one(of, "supplies", id)
    assert (told.verdict, told.side) == ("waiting", "b")
    assert product in told.reason
    assert told.remedy == f"See: stockbridge explain products {product}"
    assert next(row.note for row in told.fields if row.field == "item").startswith("waits for")
    why = one(of, "products", product)
    assert (why.verdict, why.side) == ("left out", "b")
    assert "It is in Right alone: no item of Left goes with it" in why.reason


def test_an_id_that_nobody_has_shown_names_both_sides(store: Engine) -> None:
    of = world(store, BOTH_WAYS)
    of.run()
    told = one(of, "products", "zzz")
    assert told.verdict == "not found"
    assert told.reason == "Left has not shown any item by that id, number or name, nor Right any product."


def test_what_is_only_at_side_b_is_no_matter_of_a_name_that_side_a_has_too(store: Engine) -> None:
    of = world(store, PRODUCTS)
    mine = of.a.put("items", {"name": "Bell", "sku": "B-1"})
    of.run()
    of.b.put("products", {"title": "Bell", "code": "B-1", "mark": None}, "b77")
    of.run(full=True)
    assert [told.id for told in explain(of.open(), "products", "B-1")] == [mine]
    (alone,) = explain(of.open(), "products", "b77")
    assert (alone.verdict, alone.side) == ("left out", "b")
