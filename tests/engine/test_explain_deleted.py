"""`explain` of a pair of which one was deleted: which side is written, and why."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy.engine import Engine

from engine.two_sides import TWO_WAY, world
from stockbridge.core.flow import GonePolicy
from stockbridge.engine.explain import explain
from stockbridge.engine.read import read_stream

MARKED = replace(
    TWO_WAY,
    gone_a=GonePolicy(do="mark", values={"status": "off"}, stays=True),
    gone_b=GonePolicy(do="mark", values={"status": "off"}, stays=True),
)


def test_it_names_the_side_that_is_written_and_the_deletion(store: Engine) -> None:
    of = world(store, MARKED)
    for name in ("x1", "x2"):
        of.a.put("items", {"name": f"Item {name}", "sku": name}, name)
    of.run()
    twins = {values["code"]: id for id, values in of.b.rows("products").items()}
    of.b.drop("products", twins["x1"])
    of.a.drop("items", "x2")
    session = of.open()
    read_stream(session, "a", "items", sweep=True)
    read_stream(session, "b", "products", sweep=True)
    told = {name: explain(session, "people", name)[0].reason for name in ("x1", "x2")}
    assert told == {
        "x1": "It was deleted at Right. The next run will update it at Left.",
        "x2": "It was deleted at Left. The next run will update it at Right.",
    }
