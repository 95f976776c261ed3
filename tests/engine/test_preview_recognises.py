"""A second installation previews what it will find: records that are there already, with their parts, and no change."""

from __future__ import annotations

from sqlalchemy import Engine

from engine.two_sides import PRODUCTS, SUPPLIES, World, world
from stockbridge.engine.preview import preview


def test_parts_of_what_is_recognised_are_not_shown_as_changes(store: Engine) -> None:
    of = world(store, PRODUCTS, SUPPLIES)
    item = of.a.put("items", {"name": "Bell"})
    of.a.put("vendor_items", {"name": "Bell by Mara", "item": item})
    of.run()
    again = World(store, of.a, of.b, of.flows, sync_id=2)
    shown = [(flow.adopt, flow.create, flow.update) for flow in preview(again.open()).flows]
    assert shown == [(1, 0, 0), (1, 0, 0)]
    report = again.run()
    assert [(flow.adopted, flow.created, flow.updated) for flow in report.flows] == shown
