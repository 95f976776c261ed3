"""A preview decides anew what waits: it shows what a run would do, not what the last run left."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from engine.two_sides import PRODUCTS, SUPPLIES, world
from stockbridge.connectors.memory import lose_answer
from stockbridge.engine.preview import preview


def test_a_record_whose_parent_has_come_counts_as_one_to_make(store: Engine) -> None:
    of = world(store, PRODUCTS, SUPPLIES)
    of.a.put("vendor_items", {"name": "Bell by Mara", "item": "a9"})
    of.run()
    before = preview(of.open()).flows[1]
    assert (before.create, sum(before.waiting.values())) == (0, 1)
    of.a.put("items", {"name": "Bell"}, "a9")
    after = preview(of.open()).flows[1]
    assert (after.create, after.waiting) == (1, {})
    assert of.run().outcome == "in step"


def test_a_refused_record_stays_refused_until_it_changes(store: Engine) -> None:
    of = world(store, PRODUCTS)
    id = of.a.put("items", {"name": "x" * 41})
    of.run()
    assert sum(preview(of.open()).flows[0].refused.values()) == 1
    of.a.put("items", {"name": "short"}, id)
    flow = preview(of.open()).flows[0]
    assert (flow.create, flow.refused) == (1, {})


def test_a_parent_and_its_child_whose_answers_are_both_lost_heal_in_the_same_run(store: Engine) -> None:
    lost: set[str] = set()

    def on_write(when: str, op: str, stream: str, _: str) -> None:
        if when == "after" and stream not in lost:
            lost.add(stream)
            lose_answer()

    of = world(store, PRODUCTS, SUPPLIES, on_write=on_write)
    of.a.put("items", {"name": "Bell"}, "a9")
    of.a.put("vendor_items", {"name": "Bell by Mara", "item": "a9"})
    assert of.run().outcome == "in step"
    assert lost == {"products", "supplies"}
    assert (len(of.b.rows("products")), len(of.b.rows("supplies"))) == (1, 1)
