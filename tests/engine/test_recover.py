"""A write that was cut short: by the death of the process, a lost answer, or a second write that failed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import ALL, B_STREAMS, PRODUCTS, TWO_WAY, World, world
from stockbridge.connectors.memory import lose_answer, refuse
from stockbridge.core.errors import Exists, Gone
from stockbridge.core.flow import Flow, GonePolicy, Match, Owner, Pair
from stockbridge.core.record import Record


class Death(BaseException):
    """The process ended here."""


TWO_FIELDS = msgspec.structs.replace(
    TWO_WAY,
    match=(),
    conflict="b",
    pairs=(Pair(a="name", b="title", owner=Owner.BOTH), Pair(a="status", b="status", owner=Owner.BOTH)),
)


class Hook:
    """What happens at a write: `at[(when, operation)]` is called once."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, str], Callable[[], object]] = {}

    def __call__(self, when: str, op: str, stream: str, id: str) -> None:
        if action := self.at.pop((when, op), None):
            action()


def die() -> None:
    raise Death


def a_world(store: Engine, *flows: Flow, limit: int | None = None) -> tuple[World, Hook, Hook]:
    """A world with a hook at either side; side b cuts texts to `limit`."""
    of = world(store, *flows)
    hook_a, hook_b = Hook(), Hook()
    of.a.on_write, of.b.on_write = hook_a, hook_b
    of.b._limit = limit
    return of, hook_a, hook_b


def only(rows: dict[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    ((id, row),) = rows.items()
    return id, row


def crash(of: World) -> None:
    with pytest.raises(Death):
        of.run()


@pytest.mark.parametrize("op", ["create", "update"])
def test_what_a_lossy_side_cut_does_not_come_back(store: Engine, op: str) -> None:
    of, _, at_b = a_world(store, TWO_FIELDS, limit=4)
    id = of.a.put("items", {"name": "Bell"})
    if op == "update":
        of.run()
    of.a.put("items", {"name": "Brass bell"}, id)
    at_b.at["after", op] = die
    crash(of)
    assert of.run().outcome == "in step"
    assert of.a.rows("items")[id]["name"] == "Brass bell"
    assert only(of.b.rows("products"))[1]["title"] == "Bras"


def test_an_edit_taken_back_after_a_crash_stays_taken_back(store: Engine) -> None:
    of, _, at_b = a_world(store, TWO_FIELDS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.put("items", {"name": "Pump"}, id)
    at_b.at["after", "update"] = die
    crash(of)
    of.a.put("items", {"name": "Bell"}, id)
    of.run()
    assert of.a.rows("items")[id]["name"] == "Bell"
    assert only(of.b.rows("products"))[1]["title"] == "Bell"


def test_one_way_an_edit_taken_back_after_a_crash_is_sent(store: Engine) -> None:
    of, _, at_b = a_world(store, PRODUCTS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.put("items", {"name": "Pump"}, id)
    at_b.at["after", "update"] = die
    crash(of)
    of.a.put("items", {"name": "Bell"}, id)
    of.run()
    assert only(of.b.rows("products"))[1]["title"] == "Bell"


def test_our_own_deletion_never_passes_for_a_persons(store: Engine) -> None:
    of, _, at_b = a_world(store, TWO_FIELDS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.drop("items", id)
    at_b.at["after", "remove"] = die
    crash(of)
    of.a.put("items", {"name": "Bell"}, id)  # somebody takes it out of the bin again
    of.run()
    assert only(of.a.rows("items"))[1]["name"] == "Bell"
    assert only(of.b.rows("products"))[1]["title"] == "Bell"


@pytest.mark.parametrize("trouble", [refuse, lose_answer])
def test_the_second_of_two_writes_fails(store: Engine, trouble: Callable[[], None]) -> None:
    of, at_a, _ = a_world(store, TWO_FIELDS, limit=4)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    partner, _ = only(of.b.rows("products"))
    of.a.put("items", {"name": "Brass bell"}, id)
    of.b.put("products", {"status": "new"}, partner)
    at_a.at["before", "update"] = trouble
    of.run()
    of.b.put("products", {"code": "a change that has it decided again"}, partner)
    of.b.put("products", {"status": "last"}, partner)
    assert of.run().outcome == "in step"
    row = of.a.rows("items")[id]
    assert (row["name"], row["status"]) == ("Brass bell", "last")
    assert of.b.rows("products")[partner]["title"] == "Bras"


def test_the_second_of_two_writes_finds_nobody(store: Engine) -> None:
    of, at_a, _ = a_world(store, TWO_FIELDS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    partner, _ = only(of.b.rows("products"))
    of.a.put("items", {"name": "Brass bell"}, id)
    of.b.put("products", {"status": "new"}, partner)
    at_a.at["before", "update"] = lambda: of.a.drop("items", id)
    of.run()
    of.run()
    assert of.b.rows("products").get(partner) is not None, "b was taken for the one that is gone"
    assert only(of.a.rows("items"))[1]["status"] == "new"  # edited at b, so it is made again


def test_made_again_at_a_and_cut_there(store: Engine) -> None:
    of, at_a, _ = a_world(store, TWO_FIELDS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    partner, _ = only(of.b.rows("products"))
    of.a.drop("items", id)
    of.b.put("products", {"title": "Brass bell"}, partner)
    at_a.at["after", "create"] = die
    crash(of)
    assert of.run().outcome == "in step"
    assert only(of.a.rows("items"))[1]["name"] == "Brass bell"
    assert len(of.b.rows("products")) == 1


def test_a_create_at_a_that_finds_it_there(store: Engine) -> None:
    of, at_a, _ = a_world(store, TWO_FIELDS)
    of.b.put("products", {"title": "Bell", "status": "new"})

    def exists() -> None:
        there = of.a.put("items", {"name": "Bell", "status": "new"})
        raise Exists("It is there.", record=Record(id=there, values=of.a.rows("items")[there], version="9"))

    at_a.at["before", "create"] = exists
    of.run()
    assert of.run().outcome == "in step"
    assert (len(of.a.rows("items")), len(of.b.rows("products"))) == (1, 1)


def test_a_create_that_finds_what_is_linked_to_another(store: Engine) -> None:
    of, _, at_b = a_world(store, PRODUCTS)
    of.a.put("items", {"name": "Bell"})
    of.run()
    partner, row = only(of.b.rows("products"))
    double = of.a.put("items", {"name": "Bell"})

    def exists() -> None:
        raise Exists("It is there.", record=Record(id=partner, values=row, version="9"))

    at_b.at["before", "create"] = exists
    report = of.run()
    assert (report.outcome, report.flows[0].refused) == ("left over", 1)
    of.a.drop("items", double)
    assert of.run().outcome == "in step"
    assert len(of.b.rows("products")) == 1


REPLACED = msgspec.structs.replace(
    PRODUCTS, replace=True, writes_b=ALL, gone_a=GonePolicy(do="remove"), name="orders"
)


@pytest.mark.parametrize(
    "moment", [("before", "remove"), ("after", "remove"), ("before", "create"), ("after", "create")]
)
@pytest.mark.parametrize("what", [die, lose_answer, refuse])
def test_a_replacement_cut_anywhere(store: Engine, moment: tuple[str, str], what: Callable[[], None]) -> None:
    if what is refuse and moment[0] == "after":
        pytest.skip("a system that refuses has done nothing")
    of, _, at_b = a_world(store, REPLACED)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.put("items", {"name": "Brass bell"}, id)
    at_b.at[moment] = what
    if what is die:
        crash(of)
    else:
        of.run()
    of.a.put("items", {"name": "Silver bell"}, id)
    assert of.run().outcome == "in step"
    assert only(of.b.rows("products"))[1]["title"] == "Silver bell"
    assert of.run(full=True).flows[0].updated == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("back", [True, False])
def test_a_mark_cut_short(store: Engine, when: str, back: bool) -> None:
    of, _, at_b = a_world(store, PRODUCTS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.drop("items", id)
    at_b.at[when, "update"] = die
    crash(of)
    if back:
        of.a.put("items", {"name": "Bell"}, id)
    assert of.run().outcome == "in step"
    assert (only(of.b.rows("products"))[1].get("status") == "off") is not back


def test_a_mark_taken_off_and_cut_short_can_be_set_again(store: Engine) -> None:
    of, _, at_b = a_world(store, PRODUCTS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.drop("items", id)
    of.run()
    of.a.put("items", {"name": "Bell"}, id)
    at_b.at["after", "update"] = die
    crash(of)
    of.a.drop("items", id)
    of.run()
    assert only(of.b.rows("products"))[1]["status"] == "off"


def test_a_mark_is_not_taken_off_where_a_person_changed_it(store: Engine) -> None:
    of, _, _ = a_world(store, PRODUCTS)
    id = of.a.put("items", {"name": "Bell"})
    of.run()
    of.a.drop("items", id)
    of.run()
    partner, _ = only(of.b.rows("products"))
    of.b.put("products", {"status": "archived"}, partner)
    of.run(full=True)
    of.a.put("items", {"name": "Bell"}, id)
    of.run()
    assert of.b.rows("products")[partner]["status"] == "archived"
    of.a.drop("items", id)
    of.run()
    assert of.b.rows("products")[partner]["status"] == "off"


def test_a_mark_at_a_is_taken_off_at_a(store: Engine) -> None:
    both = msgspec.structs.replace(
        TWO_WAY, gone_b=GonePolicy(do="mark", values={"status": "off"}, undo={"status": "on"})
    )
    of, _, _ = a_world(store, both)
    id = of.a.put("items", {"name": "Bell", "sku": "B-1"})
    of.run()
    partner, row = only(of.b.rows("products"))
    of.b.drop("products", partner)
    of.run()
    assert of.a.rows("items")[id]["status"] == "off"
    of.b.put("products", row, partner)
    of.run()
    assert of.a.rows("items")[id]["status"] == "on"


def test_a_system_that_says_gone_to_a_create_is_tried_again(store: Engine) -> None:
    of, _, at_b = a_world(store, PRODUCTS)
    of.a.put("items", {"name": "Bell"})

    def parent_gone() -> None:
        raise Gone("Its parent is not there.")

    at_b.at["before", "create"] = parent_gone
    assert of.run().outcome == "left over"
    assert of.run().flows[0].created == 1


def test_a_changed_mapping_meets_also_what_both_sides_were_written(store: Engine) -> None:
    of, _, _ = a_world(store, TWO_FIELDS)
    id = of.a.put("items", {"name": "Bell", "sku": "B-1"})
    of.run()
    partner, _ = only(of.b.rows("products"))
    of.a.put("items", {"name": "Pump"}, id)
    of.b.put("products", {"status": "new"}, partner)
    of.run()  # writes at both sides, so that both rows are our own
    wider = msgspec.structs.replace(
        TWO_FIELDS, pairs=(*TWO_FIELDS.pairs, Pair(a="sku", b="code", owner=Owner.BOTH))
    )
    of.flows = (wider,)
    assert of.run().stopped_by == "safety"
    allow_preview(of)
    of.run()
    assert of.b.rows("products")[partner].get("code") == "B-1"


def allow_preview(of: World) -> None:
    """As if a person had looked at what the changed mapping would do."""
    from sqlalchemy import update

    from stockbridge.store.schema import sync

    fingerprint = of.open().fingerprint
    with of.engine.begin() as connection:
        connection.execute(update(sync).where(sync.c.id == of.sync_id).values(previewed=fingerprint))


def test_a_create_is_found_again_whatever_the_two_clocks_say(store: Engine) -> None:
    """Our clock is years ahead, so a search among what was made since then finds nothing at first."""
    of, _, hook_b = a_world(store, PRODUCTS)
    of.options["now"] = lambda: datetime(2031, 1, 1, tzinfo=UTC)
    asked: list[datetime | None] = []
    find = of.b.find

    def only_recent(stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        asked.append(since)
        made = datetime(2026, 1, 1, tzinfo=UTC)
        return {} if since is not None and made < since else find(stream, marks, since)

    of.b.find = only_recent  # type: ignore[method-assign]
    of.a.put("items", {"name": "Bell"})
    hook_b.at[("after", "create")] = lose_answer
    of.run()
    assert of.run().outcome == "in step"
    assert len(of.b.rows("products")) == 1
    assert len(asked) == 2
    assert asked[1] is None


def test_a_create_whose_answer_was_lost_is_counted_as_made(store: Engine) -> None:
    of, _, hook_b = a_world(store, PRODUCTS)
    of.a.put("items", {"name": "Bell"})
    hook_b.at[("after", "create")] = lose_answer
    report = of.run()
    assert (report.outcome, report.flows[0].created) == ("in step", 1)


def test_a_record_made_again_is_recognised_where_its_mark_is_not_shown(store: Engine) -> None:
    flow = msgspec.structs.replace(PRODUCTS, match=(Match(a="sku", b="code", alike=True),))
    here, _, hook = a_world(store, flow)
    shown = {**here.b.streams(), "products": msgspec.structs.replace(B_STREAMS["products"], mark_shown=False)}
    here.b._streams = shown
    here.a.put("items", {"name": "Bell", "sku": "B-1"})
    here.run()
    old, _ = only(here.b.rows("products"))
    here.b.drop("products", old)
    hook.at[("after", "create")] = lose_answer
    here.run(full=True)
    assert here.run().outcome == "in step"
    _, row = only(here.b.rows("products"))  # neither lost nor doubled
    assert row["title"] == "Bell"
