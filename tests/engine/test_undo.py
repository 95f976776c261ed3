"""Taking back what was written: a change, a record, a run; only what still stands as it was written, and for good."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory, lose_answer, refuse
from stockbridge.core.errors import Unauthorized
from stockbridge.core.flow import Action, Condition, GonePolicy, Op, Owner, Pair, Rule, Then
from stockbridge.core.record import Field, Kind
from stockbridge.engine.by_hand import NotPossible, the_one, unlink
from stockbridge.engine.carry_back import Undone, carry_out
from stockbridge.engine.health import EXCLUDED, IN_STEP, health
from stockbridge.engine.undo import UndoPlan, What, plan_undo
from stockbridge.store import journal, runs
from stockbridge.store.database import open_store
from stockbridge.store.schema import journal as changes_table
from stockbridge.store.schema import link

PERSON = msgspec.structs.replace(
    B_STREAMS["products"],
    names=("title", "code"),
    fields=(*B_STREAMS["products"].fields, Field(name="labels", kind=Kind.LABELS, role="labels")),
)
FLOW = msgspec.structs.replace(
    TWO_WAY,
    pairs=(*TWO_WAY.pairs, Pair(a="status", b="status", owner=Owner.BOTH)),
    gone_a=GonePolicy(do="remove", stays=True),
    gone_b=GonePolicy(),
)


def world(store: Engine) -> World:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", {**B_STREAMS, "products": PERSON}, prefix="b", tombstones=True)
    return World(store, a, b, (FLOW,))


@pytest.fixture
def people(sqlite_url: str) -> Iterator[World]:
    """On one kind of store: what it does is said in terms that both know. One test below tries both."""
    store = open_store(sqlite_url)
    yield world(store)
    store.dispose()


def pair(of: World) -> tuple[str, str]:
    """Anna at both sides, made at Right by run 1."""
    a_id = of.a.put("items", {"name": "Anna", "sku": "anna", "status": None})
    of.run()
    [b_id] = of.b.rows("products")
    return a_id, b_id


def right(of: World, id: str) -> dict[str, object]:
    return {name: value for name, value in of.b.rows("products")[id].items() if name != "mark" and value}


def last_change(of: World) -> int:
    with of.engine.connect() as connection:
        return int(
            connection.execute(select(changes_table.c.id).order_by(changes_table.c.id.desc()))
            .scalars()
            .first()
            or 0
        )


def plan(of: World, kind: str, number: int = 0, name: str = "") -> UndoPlan:
    session = of.open()
    if name:
        return plan_undo(session, What(kind="record", pair=the_one(session, "people", name, gone=True)))
    return plan_undo(session, msgspec.convert({"kind": kind, "number": number}, What))


def undo(of: World, kind: str, number: int = 0, name: str = "") -> Undone:
    found = plan(of, kind, number, name)
    return carry_out(of.open(), found)


def still(of: World) -> None:
    """A run writes nothing."""
    before = (of.a.rows("items"), of.b.rows("products"), last_change(of))
    report = of.run()
    assert report.outcome == "in step"
    assert (of.a.rows("items"), of.b.rows("products"), last_change(of)) == before


def test_a_change_is_taken_back_and_stands_until_its_source_changes(people: World) -> None:
    a_id, b_id = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    change = last_change(people)
    [step] = plan(people, "change", change).steps
    assert (step.op, step.changes, step.undoes) == (Op.UPDATE, [("title", "Anna Bakker", "Anna")], [change])
    assert right(people, b_id)["title"] == "Anna Bakker"  # a plan writes nothing
    done = undo(people, "change", change)
    assert (done.done, done.failed) == (1, [])
    assert right(people, b_id)["title"] == "Anna"
    still(people)
    people.run(full=True)
    assert people.a.rows("items")[a_id]["name"] == "Anna Bakker"
    assert right(people, b_id)["title"] == "Anna"
    people.a.put("items", {"name": "Anna B."}, a_id)
    people.run()
    assert right(people, b_id)["title"] == "Anna B."


def test_it_is_journalled_as_a_run_and_can_be_taken_back_itself(people: World) -> None:
    a_id, b_id = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    done = undo(people, "change", last_change(people))
    with people.engine.connect() as connection:
        report = runs.one(connection, 1, done.run)
        [entry] = journal.history(connection, 1, run=done.run)
    assert report is not None
    assert (report.mode, report.outcome, report.flows[0].updated) == ("undo", "in step", 1)
    assert (entry.op, entry.side, entry.b_id, entry.outcome) == ("update", "b", b_id, "done")
    undo(people, "run", done.run)
    assert right(people, b_id)["title"] == "Anna Bakker"
    still(people)


def test_what_was_edited_since_is_left_and_named(people: World) -> None:
    a_id, b_id = pair(people)
    people.a.put("items", {"name": "Anna Bakker", "sku": "ab"}, a_id)
    people.run()
    people.b.put("products", {"title": "Mrs Bakker"}, b_id)
    found = plan(people, "change", last_change(people))
    assert [step.changes for step in found.steps] == [[("code", "ab", "anna")]]
    assert [(one.field, one.now, one.reason) for one in found.left] == [
        ("title", "Mrs Bakker", "it was changed since")
    ]
    carry_out(people.open(), found)
    people.run()
    assert right(people, b_id) == {"title": "Mrs Bakker", "code": "anna"}
    assert people.a.rows("items")[a_id]["name"] == "Mrs Bakker"  # the edit is carried on as ever
    assert people.a.rows("items")[a_id]["sku"] == "ab"


def test_what_is_back_already_needs_nothing(people: World) -> None:
    a_id, _ = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    change = last_change(people)
    undo(people, "change", change)
    again = plan(people, "change", change)
    assert (again.steps, again.left, again.already) == ([], [], 1)


def test_a_record_goes_back_through_all_its_changes_at_both_sides(people: World) -> None:
    a_id = people.a.put("items", {"name": "Anna", "sku": "anna", "status": None})
    b_id = people.b.put("products", {"title": "Anna", "code": "anna", "status": None})
    people.run()
    for name in ("Anna B", "Anna Ba", "Anna Bak"):
        people.a.put("items", {"name": name}, a_id)
        people.run()
    people.b.put("products", {"status": "vip"}, b_id)
    people.run()
    assert people.a.rows("items")[a_id]["status"] == "vip"
    found = plan(people, "record", name="anna")
    assert {(step.side, *step.changes) for step in found.steps} == {
        ("b", ("title", "Anna Bak", "Anna")),
        ("a", ("status", "vip", None)),
    }
    carry_out(people.open(), found)
    assert (right(people, b_id)["title"], people.a.rows("items")[a_id]["status"]) == ("Anna", None)
    still(people)


def test_an_edit_in_the_middle_stops_the_way_back_there(people: World) -> None:
    a_id = people.a.put("items", {"name": "One", "sku": "anna"})
    b_id = people.b.put("products", {"title": "One", "code": "anna"})
    people.run()
    people.a.put("items", {"name": "Two"}, a_id)
    people.run()
    people.b.put("products", {"title": "By hand"}, b_id)
    people.run()
    people.a.put("items", {"name": "Three"}, a_id)
    people.run()
    found = plan(people, "record", name="anna")
    steps = {step.side: step.changes for step in found.steps}
    assert steps["b"] == [("title", "Three", "By hand")]
    assert [(one.side, one.field, one.reason) for one in found.left if one.side == "b"] == [
        ("b", "title", "it was changed since")
    ]


def test_a_run_that_made_records_takes_them_away_and_does_not_make_them_again(store: Engine) -> None:
    people = world(store)
    for name in ("anna", "bram", "eef"):
        people.a.put("items", {"name": name, "sku": name})
    first = people.run().run
    found = plan(people, "run", first)
    assert [step.op for step in found.steps] == [Op.REMOVE] * 3
    assert all("left out from then on" in step.note for step in found.steps)
    done = carry_out(people.open(), found)
    assert (done.done, people.b.rows("products")) == (3, {})
    people.a.put("items", {"name": "Anna"}, "a1")
    still(people)
    assert len(people.a.rows("items")) == 3
    assert health(people.open()).flows[0].counts[EXCLUDED] == 3
    assert plan(people, "run", first).steps == []


@pytest.mark.parametrize(
    ("edit", "field"), [({"title": "Anna Smit"}, "title"), ({"labels": ["Family"]}, "labels")]
)
def test_what_was_made_and_edited_since_is_not_deleted(
    people: World, edit: dict[str, object], field: str
) -> None:
    _, b_id = pair(people)
    people.b.put("products", edit, b_id)
    found = plan(people, "change", last_change(people))
    assert found.steps == []
    assert [(one.field, one.reason) for one in found.left] == [
        (field, "it was made by a run, and edited since: it is not deleted")
    ]
    people.run()  # the edit goes to the other side, and does not pass for ours there
    assert plan(people, "run", 1).steps == []


def test_what_a_run_made_and_later_runs_changed_is_still_ours(people: World) -> None:
    a_id, _ = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    [step] = plan(people, "run", 1).steps
    assert step.op is Op.REMOVE


def test_what_was_removed_is_made_again_and_left_alone(people: World) -> None:
    a_id, b_id = pair(people)
    people.b.put("products", {"labels": ["Family"]}, b_id)
    people.run()
    people.a.drop("items", a_id)
    people.run()
    assert people.b.rows("products") == {}
    [step] = plan(people, "change", last_change(people)).steps
    assert (step.op, step.name) == (Op.CREATE, "Anna · anna")
    assert "another id" in step.note
    undo(people, "change", last_change(people))
    [row] = people.b.rows("products").values()
    assert (row["title"], row["code"], row["labels"]) == ("Anna", "anna", ["Family"])
    still(people)
    assert people.a.rows("items") == {}
    assert [one.reason for one in health(people.open()).flows[0].entries] == [
        "left out by hand: made again by undo"
    ]


def test_a_record_that_was_deleted_since_is_named(people: World) -> None:
    a_id, b_id = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    people.b.drop("products", b_id)
    found = plan(people, "change", last_change(people))
    assert (found.steps, [(one.reason, one.name) for one in found.left]) == (
        [],
        [("it was deleted since", "Anna Bakker · anna")],
    )


LABEL = Rule(
    when=(Condition(field="status", test="is", value="vip"),),
    then=Then.ACT,
    actions=(Action(field="labels", do="add", value="Customers", undo=True),),
)


def test_of_labels_only_our_own_are_taken_back(people: World) -> None:
    people.flows = (msgspec.structs.replace(FLOW, rules_a=(LABEL,)),)
    a_id, b_id = pair(people)
    people.b.put("products", {"labels": ["Family"]}, b_id)
    people.a.put("items", {"status": "vip"}, a_id)
    people.run()
    assert set(people.b.rows("products")[b_id]["labels"]) == {"Family", "Customers"}
    people.b.put("products", {"labels": ["Family", "Customers", "Chess"]}, b_id)
    undo(people, "change", last_change(people))
    assert set(people.b.rows("products")[b_id]["labels"]) == {"Family", "Chess"}
    still(people)


def test_a_refusal_and_a_lost_answer_stand_in_nobody_elses_way(people: World) -> None:
    for name in ("anna", "bram", "eef"):
        people.a.put("items", {"name": name, "sku": name})
        people.b.put("products", {"title": name, "code": name})
    people.run()
    for number, name in ((1, "anna"), (3, "bram"), (5, "eef")):
        ids = [id for id, row in people.a.rows("items").items() if row["sku"] == name]
        people.a.put("items", {"name": f"{name} {number}"}, ids[0])
    second = people.run().run
    found = plan(people, "run", second)
    troubles = {found.steps[0].id: refuse, found.steps[1].id: lose_answer}

    def trouble(moment: str, op: str, stream: str, id: str) -> None:
        if (moment, id) == ("before", found.steps[0].id) or (moment, id) == ("after", found.steps[1].id):
            troubles[id]()

    people.b.on_write = trouble
    done = carry_out(people.open(), found)
    assert (done.done, [one.step.id for one in done.failed]) == (1, [found.steps[0].id, found.steps[1].id])
    people.b.on_write = lambda *_: None
    people.run()
    assert len([row for row in people.b.rows("products").values() if row["title"][-1] not in "135"]) == 2
    still(people)
    assert undo(people, "run", second).done == 1
    assert {str(row["title"]) for row in people.b.rows("products").values()} == {"anna", "bram", "eef"}
    still(people)


def test_a_login_that_ends_stops_it_and_the_rest_is_done_by_asking_again(people: World) -> None:
    for name in ("anna", "bram", "eef"):
        people.a.put("items", {"name": name, "sku": name})
    first = people.run().run
    calls: list[str] = []

    def ends(moment: str, op: str, stream: str, id: str) -> None:
        calls.append(moment)
        if len(calls) > 2:
            raise Unauthorized("The login was taken back.")

    people.b.on_write = ends
    done = undo(people, "run", first)
    assert (done.done, done.stopped) == (1, "The login was taken back.")
    people.b.on_write = lambda *_: None
    assert undo(people, "run", first).done == 2
    assert people.b.rows("products") == {}
    still(people)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_in_the_middle_of_a_removal_makes_nothing_twice(people: World, moment: str) -> None:
    pair(people)

    class Killed(BaseException):
        pass

    def dies(when: str, *_: object) -> None:
        if when == moment:
            raise Killed

    people.b.on_write = dies
    with pytest.raises(Killed):
        undo(people, "run", 1)
    people.b.on_write = lambda *_: None
    people.run()
    assert undo(people, "run", 1).done == (1 if moment == "before" else 0)
    assert people.b.rows("products") == {}
    still(people)


def test_a_crash_in_the_middle_of_a_change_is_no_edit_of_a_person(people: World) -> None:
    a_id, b_id = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()

    class Killed(BaseException):
        pass

    def dies(when: str, *_: object) -> None:
        if when == "after":
            raise Killed

    people.b.on_write = dies
    with pytest.raises(Killed):
        undo(people, "change", last_change(people))
    people.b.on_write = lambda *_: None
    people.run()
    assert right(people, b_id)["title"] == "Anna"
    assert people.a.rows("items")[a_id]["name"] == "Anna Bakker"
    assert health(people.open()).flows[0].counts[IN_STEP] == 1


def test_a_crash_does_not_bring_two_together_that_were_parted(people: World) -> None:
    a_id, b_id = pair(people)
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    session = people.open()
    unlink(session, "people", the_one(session, "people", a_id))

    class Killed(BaseException):
        pass

    def dies(when: str, *_: object) -> None:
        if when == "after":
            raise Killed

    people.b.on_write = dies
    with pytest.raises(Killed):
        undo(people, "change", last_change(people))
    people.b.on_write = lambda *_: None
    people.run()
    assert right(people, b_id)["title"] == "Anna"
    with people.engine.connect() as connection:
        assert connection.execute(select(link.c.a_id)).all() == []
    still(people)


def test_what_cannot_be_meant_is_said(people: World) -> None:
    pair(people)
    with pytest.raises(NotPossible, match="no change 99"):
        plan(people, "change", 99)
    with pytest.raises(NotPossible, match="no run 99"):
        plan(people, "run", 99)
    with people.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET outcome = NULL")
    [left] = plan(people, "run", 1).left
    assert "let a run look first" in left.reason


def test_a_removal_that_is_refused_leaves_nothing_out(people: World) -> None:
    a_id, b_id = pair(people)
    people.b.on_write = refuse
    done = undo(people, "run", 1)
    assert [(one.step.id, one.reason) for one in done.failed] == [(b_id, "The system refuses it.")]
    people.b.on_write = lambda *_: None
    assert health(people.open()).flows[0].counts[IN_STEP] == 1
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    people.run()
    assert right(people, b_id)["title"] == "Anna Bakker"
