"""Rules that act, where it is our own write that brings a record into the rule or out of it."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Action, Condition, Rule, Then
from stockbridge.engine.health import health

VIP = Rule(
    when=(Condition(field="name", test="is", value="Gold"),),
    then=Then.ACT,
    actions=(Action(field="status", value="vip", undo=True),),
)


@pytest.fixture
def people(store: Engine) -> World:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    return World(store, a, b, (msgspec.structs.replace(TWO_WAY, rules_a=(VIP,)),))


def test_a_value_that_came_from_the_other_side_meets_the_rule(people: World) -> None:
    people.a.put("items", {"name": "Silver", "sku": "anna"})
    people.run()
    [b_id] = people.b.rows("products")
    people.b.put("products", {"title": "Gold"}, b_id)
    people.run()
    assert people.b.rows("products")[b_id]["status"] == "vip"
    assert health(people.open()).flows[0].counts["due"] == 0
    people.b.put("products", {"title": "Silver"}, b_id)
    people.run()
    assert people.b.rows("products")[b_id]["status"] is None, "it left the rule, and ours stayed"


def test_a_record_that_was_made_meets_the_rule(people: World) -> None:
    b_id = people.b.put("products", {"title": "Gold", "code": "bram"})
    people.run()
    assert people.b.rows("products")[b_id]["status"] == "vip"
    assert health(people.open()).flows[0].counts["due"] == 0
