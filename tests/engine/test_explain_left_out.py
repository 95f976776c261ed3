"""`explain` of what has no partner to look for, and of what was deleted at one side and stays at the other."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy.engine import Engine

from engine.two_sides import TWO_WAY, world
from stockbridge.core.flow import GonePolicy
from stockbridge.engine.explain import explain

STAYS = GonePolicy(do="nothing", stays=True)
PEOPLE = replace(TWO_WAY, keyed="no code", gone_a=STAYS, gone_b=STAYS)


def test_without_a_key_it_is_told_which_one_and_no_rule_is_blamed(store: Engine) -> None:
    of = world(store, PEOPLE)
    id = of.a.put("items", {"name": "Anna", "sku": None})
    of.run()
    (told,) = explain(of.open(), "people", id)
    assert (told.verdict, told.reason) == ("left out", "It has no code to find its partner by.")
    assert told.remedy.startswith("Give it one, or change the setting")


def test_what_was_deleted_at_one_side_is_told_from_where_it_was_and_from_where_it_stays(
    store: Engine,
) -> None:
    of = world(store, PEOPLE)
    gone, stays = (of.a.put("items", {"name": name, "sku": name}) for name in ("anna", "bram"))
    of.run()
    of.a.drop("items", gone)
    of.b.drop("products", next(id for id, row in of.b.rows("products").items() if row["code"] == "bram"))
    of.run(full=True)
    (left,) = explain(of.open(), "people", gone)
    assert (left.verdict, left.reason) == ("gone", "It was deleted at Left and stays at Right.")
    assert left.remedy == "Delete it at Right too, or restore it or make it anew at Left."
    (right,) = explain(of.open(), "people", stays)
    assert (right.verdict, right.reason) == ("left out", "It was deleted at the other side.")
    assert right.remedy == "Delete it here too, or restore it or make it anew there."
