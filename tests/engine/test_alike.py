"""Records with the same key may stand for each other; those that hold the same do so first, then the older for the older."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy.engine import Engine

from engine.two_sides import PRODUCTS, SUPPLIES, World, world
from stockbridge.core.flow import Match

ALIKE = replace(SUPPLIES, match=(Match(a=("item",), b=("product",), alike=True),))


def stand(store: Engine, here: list[str], there: list[str]) -> World:
    """An item with supplies of these names at one side, and of those at the other, in the order of their ids."""
    of = world(store, PRODUCTS, ALIKE)
    item = of.a.put("items", {"name": "Bell"})
    product = of.b.put("products", {"title": "Bell", "mark": item})
    for name in here:
        of.a.put("vendor_items", {"name": name, "item": item}, f"v{here.index(name)}")
    for at, name in enumerate(there):
        of.b.put("supplies", {"title": name, "product": product, "mark": None}, f"s{at}")
    return of


def marks(of: World) -> dict[str, tuple[str, str]]:
    return {id: (row["title"], row["mark"]) for id, row in of.b.rows("supplies").items()}


def test_those_that_hold_the_same_belong_together_whatever_their_order(store: Engine) -> None:
    of = stand(store, ["Mara", "Joost", "Anna"], ["Anna", "Mara", "Joost"])
    assert of.run().outcome == "in step"
    assert marks(of) == {"s0": ("Anna", "v2"), "s1": ("Mara", "v0"), "s2": ("Joost", "v1")}


def test_what_holds_something_else_goes_by_age(store: Engine) -> None:
    of = stand(store, ["Mara", "Joost", "Anna"], ["Piet", "Mara", "Klaas"])
    assert of.run().outcome == "in step"
    assert marks(of) == {"s0": ("Joost", "v1"), "s1": ("Mara", "v0"), "s2": ("Anna", "v2")}
