"""A preview halts where a run would, and nowhere else."""

from __future__ import annotations

import msgspec
from sqlalchemy import Engine

from engine.two_sides import PRODUCTS, World, world
from stockbridge.core.flow import Pair
from stockbridge.core.limits import MOST_DELETIONS
from stockbridge.engine.preview import preview
from stockbridge.wiring.approval import approve

MANY = 40


def halts(of: World) -> list[str]:
    return [halt for flow in preview(of.open()).flows for halt in flow.halts]


def with_gone(store: Engine, gone: int) -> World:
    of = world(store)
    for number in range(MANY):
        of.a.put("items", {"name": f"Item {number}"}, f"x{number}")
    of.run()
    for number in range(gone):
        of.a.drop("items", f"x{number}")
    return of


def test_it_counts_the_share_of_all_links_as_the_run_does(store: Engine) -> None:
    of = with_gone(store, 2)  # 5 % of all that is linked, although all of what changed
    assert halts(of) == []
    assert of.run().outcome == "in step"


def test_it_shows_the_halt_and_what_was_approved_goes_through(store: Engine) -> None:
    gone = MOST_DELETIONS + 1
    of = with_gone(store, gone)
    assert len(halts(of)) == 1
    assert of.run().stopped_by == "safety"
    assert approve(of.open(), "deletions") == {"products": gone}
    assert of.run().outcome == "in step"


def test_deletions_that_were_carried_on_do_not_halt_after_a_change_of_the_mapping(store: Engine) -> None:
    of = with_gone(store, MOST_DELETIONS + 1)
    of.run()
    approve(of.open(), "deletions")
    of.run()
    of.flows = (msgspec.structs.replace(PRODUCTS, pairs=(*PRODUCTS.pairs, Pair(a="status", b="status"))),)
    assert halts(of) == []
    assert of.run().outcome == "in step"
