"""A contact that was deleted and made anew: nobody is asked any more about the one that is gone."""

from __future__ import annotations

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import TWO_WAY, world
from stockbridge.core.flow import GonePolicy
from stockbridge.store import inbox

ASKING = msgspec.structs.replace(
    TWO_WAY,
    pairs=tuple(
        msgspec.structs.replace(pair, policy="ask") if pair.a == "name" else pair for pair in TWO_WAY.pairs
    ),
    gone_a=GonePolicy(stays=True),
    gone_b=GonePolicy(stays=True),
)


def test_what_was_asked_about_the_one_that_is_gone_is_closed(store: Engine) -> None:
    of = world(store, ASKING)
    of.a.put("items", {"name": "Bert", "sku": "bert"})
    id = of.a.put("items", {"name": "Anna", "sku": "anna"})
    of.run()
    (other,) = (key for key, row in of.b.rows("products").items() if row["code"] == "anna")
    of.a.put("items", {"name": "Anna Bakker"}, id)
    of.b.put("products", {"title": "Anna Smit"}, other)
    of.run()
    with store.connect() as connection:
        assert len(inbox.open_questions(connection, 1)) == 1
    of.a.drop("items", id)
    of.a.put("items", {"name": "Anna Smit", "sku": "anna"})
    (flow,) = of.run(full=True).flows
    assert flow.created == 0
    with store.connect() as connection:
        assert inbox.open_questions(connection, 1) == []
