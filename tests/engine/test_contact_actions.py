"""Rules that act, where it is our own write that brings a record into the rule or out of it."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Action, Condition, Owner, Pair, Rule, Then
from stockbridge.core.record import Record, Values
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


def test_what_goes_one_way_follows_what_was_made(store: Engine) -> None:
    """The price goes to the right only: what was made at the left gets its price, and so does its partner."""
    pairs = (*TWO_WAY.pairs, Pair(a="status", b="status", owner=Owner.BOTH, way="to b"))
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    world = World(store, a, b, (msgspec.structs.replace(TWO_WAY, pairs=pairs),))
    b_id = b.put("products", {"title": "Gold", "code": "bram", "status": "by hand"})
    world.run()
    [a_id] = a.rows("items")
    assert a.rows("items")[a_id].get("status") is None
    a.put("items", {"status": "new"}, a_id)
    world.run()
    assert b.rows("products")[b_id]["status"] == "new"


def test_what_goes_one_way_and_is_there_from_the_start_arrives(store: Engine) -> None:
    pairs = (*TWO_WAY.pairs, Pair(a="status", b="status", owner=Owner.BOTH, way="to b"))
    made_with = {"status": "fresh"}  # what the system itself gives to a new record

    class Giving(Memory):
        def create(self, stream: str, values: Values, mark: str) -> Record:
            return super().create(stream, {**values, **made_with}, mark)

    a = Giving("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    world = World(store, a, b, (msgspec.structs.replace(TWO_WAY, pairs=pairs),))
    b_id = b.put("products", {"title": "Gold", "code": "bram"})
    world.run()
    assert b.rows("products")[b_id]["status"] == "fresh"
    assert health(world.open()).flows[0].counts["due"] == 0
