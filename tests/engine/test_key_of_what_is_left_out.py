"""What a setting or a person keeps out still stands there: its key is not made a second time from the other side."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import TWO_WAY, World, world
from stockbridge.core.flow import Condition, GonePolicy
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import the_one
from stockbridge.engine.preview import preview

SHOPS = msgspec.structs.replace(
    TWO_WAY,
    gone_a=GonePolicy(stays=True),
    gone_b=GonePolicy(stays=True),
    keyed="no code",
    only_a=(Condition(field="status", test="is", value="shop", otherwise="not a shop"),),
)


@pytest.fixture
def shops(store: Engine) -> World:
    return world(store, SHOPS)


def names(of: World) -> list[str]:
    return sorted(one["name"] for one in of.a.rows("items").values())


def test_the_partner_of_what_is_not_looked_at_is_left_out_too(shops: World) -> None:
    shops.a.put("items", {"name": "Anna's factory", "sku": "anna", "status": "factory"})
    shops.b.put("products", {"title": "Anna", "code": "anna"})
    report = shops.run()
    (flow,) = report.flows
    assert (flow.created, flow.refused) == (0, 0)
    assert sum(flow.left_out.values()) == 2
    assert any(words.startswith("its partner at Left is left out") for words in flow.left_out)
    assert names(shops) == ["Anna's factory"]
    assert shops.run().outcome == "in step"


def test_once_it_is_looked_at_the_two_find_each_other(shops: World) -> None:
    id = shops.a.put("items", {"name": "Anna", "sku": "anna", "status": "factory"})
    shops.b.put("products", {"title": "Anna", "code": "anna"})
    shops.run()
    shops.a.put("items", {"name": "Anna", "sku": "anna", "status": "shop"}, id=id)
    (flow,) = shops.run().flows
    assert (flow.adopted, flow.created) == (1, 0)


def test_beside_one_that_is_looked_at_it_does_not_count(shops: World) -> None:
    shops.a.put("items", {"name": "Anna's factory", "sku": "anna", "status": "factory"})
    shops.a.put("items", {"name": "Anna", "sku": "anna", "status": "shop"})
    shops.b.put("products", {"title": "Anna", "code": "anna"})
    (flow,) = shops.run().flows
    assert (flow.adopted, flow.created, flow.refused) == (1, 0, 0)
    (flow,) = shops.run(full=True).flows
    assert (flow.created, flow.refused) == (0, 0)


def test_what_a_person_took_out_is_not_made_again_from_the_other_side(shops: World) -> None:
    shops.a.put("items", {"name": "Anna", "sku": "anna", "status": "shop"})
    session = shops.open()
    preview(session)
    by_hand.exclude(session, "people", the_one(session, "people", "Anna"), "a test")
    shops.b.put("products", {"title": "Anna", "code": "anna"})
    (flow,) = shops.run().flows
    assert (flow.created, flow.adopted, flow.refused) == (0, 0, 0)
    assert names(shops) == ["Anna"]
    session = shops.open()
    by_hand.include(session, "people", the_one(session, "people", "Anna"))
    (flow,) = shops.run().flows
    assert (flow.created, flow.adopted) == (0, 1)


@pytest.mark.parametrize("kept_out", ["by a setting", "by hand"])
@pytest.mark.parametrize("what", ["another key", "deleted"])
def test_the_partner_is_made_once_what_is_kept_out_gives_its_key_up(
    shops: World, kept_out: str, what: str
) -> None:
    status = "factory" if kept_out == "by a setting" else "shop"
    id = shops.a.put("items", {"name": "Anna", "sku": "anna", "status": status})
    shops.a.put("items", {"name": "Somebody", "sku": "somebody", "status": "shop"})
    if kept_out == "by hand":
        session = shops.open()
        preview(session)
        by_hand.exclude(session, "people", the_one(session, "people", "Anna"), "a test")
    shops.b.put("products", {"title": "Anna", "code": "anna"})
    shops.run()
    assert shops.run().outcome == "in step"
    if what == "deleted":
        shops.a.drop("items", id)
    else:
        shops.a.put("items", {"sku": "bert"}, id=id)
    (flow,) = shops.run(full=True).flows
    assert flow.exported == 1


def test_several_that_are_kept_out_keep_their_partner_out_until_the_last_one(shops: World) -> None:
    ids = [shops.a.put("items", {"name": "Anna", "sku": "anna", "status": "factory"}) for _ in range(2)]
    shops.b.put("products", {"title": "Anna", "code": "anna"})
    shops.run()
    made = []
    for id in ids:
        shops.a.put("items", {"sku": f"bert {id}"}, id=id)
        made.append(shops.run().flows[0].exported)
    assert made == [0, 1]
