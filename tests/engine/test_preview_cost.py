"""What a preview says a run will cost: a record that several flows look at is fetched once."""

from __future__ import annotations

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, PRODUCTS, TWO_WAY, world
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Flow, Op, Pair
from stockbridge.engine.preview import preview

ITEMS = A_STREAMS["items"]
THIN = msgspec.structs.replace(
    ITEMS,
    detail_size=1,
    fields=tuple(
        msgspec.structs.replace(field, detail=True) if field.name == "price" else field
        for field in ITEMS.fields
    ),
)
STATUSES = Flow(
    name="statuses",
    a="items",
    b="products",
    pairs=(Pair(a="price", b="status", empty="leave"),),
    writes_b=frozenset({Op.UPDATE}),
    along="products",
)


def test_a_record_of_two_flows_is_counted_once(store: Engine) -> None:
    of = world(store, PRODUCTS, STATUSES)
    of.a = Memory("Left", {**A_STREAMS, "items": THIN}, prefix="a", tombstones=True)
    for name in ("Bell", "Horn", "Light"):
        of.a.put("items", {"name": name})
    look_again = 1  # a run looks at the list once more
    assert preview(of.open()).calls_to_come == look_again + 3


def test_what_is_made_at_side_a_costs_as_well(store: Engine) -> None:
    of = world(store, TWO_WAY)
    twice = msgspec.structs.replace(ITEMS, create_calls=2)
    of.a = Memory("Left", {**A_STREAMS, "items": twice}, prefix="a", tombstones=True)
    of.b.put("products", {"title": "Bell", "code": "b"})
    look_again, two_calls = 1, 2
    shown = preview(of.open())
    assert (shown.calls_to_come, shown.flows[0].export) == (look_again + two_calls, 1)
