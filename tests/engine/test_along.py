"""A flow that goes along with another one: its values follow a record that was deleted and made anew."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import PRODUCTS, world
from stockbridge.core.errors import Rejected
from stockbridge.core.flow import Condition, Flow, Op, Pair, Rule, Then

PRICED = Flow(
    name="prices",
    a="items",
    b="products",
    pairs=(Pair(a="price", b="price", empty="leave"),),
    rules_a=(Rule(when=(Condition(field="price", test="is filled"),), then=Then.SYNC),),
    writes_b=frozenset({Op.UPDATE}),
    along="products",
)
NAMED = msgspec.structs.replace(PRODUCTS, pairs=tuple(pair for pair in PRODUCTS.pairs if pair.a != "price"))


@pytest.mark.parametrize("priced_before", [True, False])
@pytest.mark.parametrize("made_anew", ["at once", "later"])
def test_what_goes_along_is_written_again_where_its_record_was_made_anew(
    store: Engine, priced_before: bool, made_anew: str
) -> None:
    refusing = False

    def on_write(when: str, op: str, *_: str) -> None:
        if refusing and op == "create" and when == "before":
            raise Rejected("not now")

    here = world(store, NAMED, PRICED, on_write=on_write)
    item = here.a.put("items", {"name": "Bell", "price": Decimal(3) if priced_before else None})
    here.run()
    (product,) = here.b.rows("products")
    here.b.drop("products", product)
    here.a.put("items", {"price": Decimal(4)}, item)
    if made_anew == "later":
        refusing = True
        here.run(full=True)
        here.run()
        refusing = False
        here.a.put("items", {"name": "Brass bell"}, item)
    for _ in range(3):
        report = here.run()
    assert report.outcome == "in step"
    assert [row.get("price") for row in here.b.rows("products").values()] == [Decimal(4)]
