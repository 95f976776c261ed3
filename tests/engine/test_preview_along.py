"""A preview of a flow that goes along with another one: what the run writes to records that it makes before."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import PRODUCTS, world
from stockbridge.core.flow import Condition, Flow, Op, Pair, Rule, Then
from stockbridge.engine.preview import preview

NAMED = msgspec.structs.replace(PRODUCTS, pairs=tuple(pair for pair in PRODUCTS.pairs if pair.a != "price"))
PRICED = Flow(
    name="prices",
    a="items",
    b="products",
    pairs=(Pair(a="price", b="price", empty="leave"),),
    rules_a=(Rule(when=(Condition(field="price", test="is filled"),), then=Then.SYNC, otherwise="no price"),),
    writes_b=frozenset({Op.UPDATE}),
    along="products",
)


def test_what_goes_along_with_a_record_yet_to_be_made_is_an_update_and_does_not_wait(store: Engine) -> None:
    of = world(store, NAMED, PRICED)
    of.a.put("items", {"name": "Bell", "price": Decimal(3)})
    of.a.put("items", {"name": "Horn", "price": Decimal(4)})
    of.a.put("items", {"name": "Light"})
    shown = {flow.flow: flow for flow in preview(of.open()).flows}
    assert shown["products"].create == 3
    assert (shown["prices"].create, shown["prices"].update, shown["prices"].waiting) == (0, 2, {})
    assert shown["prices"].left_out == {"no price": 1}
    done = {flow.flow: flow for flow in of.run().flows}
    assert (done["prices"].created, done["prices"].updated) == (0, 2)


def test_what_goes_along_with_a_record_that_is_refused_waits(store: Engine) -> None:
    of = world(store, NAMED, PRICED)
    of.a.put("items", {"name": "x" * 41, "price": Decimal(3)})
    shown = {flow.flow: flow for flow in preview(of.open()).flows}
    assert sum(shown["products"].refused.values()) == 1
    assert (shown["prices"].update, sum(shown["prices"].waiting.values())) == (0, 1)
