"""Where each record stands and why; and what a person decides by hand: linked, parted, left out, answered."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory, refuse
from stockbridge.core.flow import Condition, GonePolicy, Rule, Then
from stockbridge.core.merge import Typed
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import NotPossible, the_one
from stockbridge.engine.explain import explain
from stockbridge.engine.health import (
    ALONE,
    ASKED,
    DUE,
    DUPLICATE,
    EXCLUDED,
    FAILED,
    IN_STEP,
    Entry,
    health,
)
from stockbridge.engine.preview import preview
from stockbridge.store import inbox, links, waiting
from stockbridge.store.inbox import Question

NAMED = {**B_STREAMS, "products": msgspec.structs.replace(B_STREAMS["products"], names=("title", "code"))}
KEPT = msgspec.structs.replace(TWO_WAY, gone_a=GonePolicy(), gone_b=GonePolicy())
IN_USE = Rule(
    when=(Condition(field="status", test="is", value="on", otherwise="what is not in use"),), then=Then.SYNC
)


@pytest.fixture
def people(store: Engine) -> World:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    return World(store, a, Memory("Right", NAMED, prefix="b", tombstones=True), (KEPT,))


def entries(of: World, state: str) -> list[Entry]:
    return health(of.open(), states=[state]).flows[0].entries


def counts(of: World) -> dict[str, int]:
    return {state: many for state, many in health(of.open()).flows[0].counts.items() if many}


def links_of(of: World) -> set[tuple[str, str]]:
    session = of.open()
    with of.engine.connect() as connection:
        found = links.by_a(connection, session.bonds["people"], [f"a{n}" for n in range(20)])
    return {(one.a_id, one.b_id) for one in found.values()}


def one_pair(of: World) -> tuple[str, str]:
    of.a.put("items", {"name": "Anna", "sku": "anna"})
    of.run()
    [pair] = links_of(of)
    return pair


def unlink(of: World, name: str) -> by_hand.Settled:
    session = of.open()
    return by_hand.unlink(session, "people", the_one(session, "people", name))


def exclude(of: World, name: str, why: str) -> by_hand.Settled:
    session = of.open()
    return by_hand.exclude(session, "people", the_one(session, "people", name), why)


def include(of: World, name: str) -> by_hand.Settled:
    session = of.open()
    return by_hand.include(session, "people", the_one(session, "people", name))


def test_due_before_a_run_and_in_step_after_it(people: World) -> None:
    people.a.put("items", {"name": "Anna", "sku": "anna"})
    people.b.put("products", {"title": "Bram", "code": "bram"})
    people.a.put("items", {"name": "Eef", "sku": "eef"})
    people.b.put("products", {"title": "Eef", "code": "eef"})
    assert counts(people) == {}  # nothing was read yet
    preview(people.open())
    assert {(one.a_name or one.b_name, one.reason) for one in entries(people, DUE)} == {
        ("anna · Anna", "to be made at Right"),
        ("Bram · bram", "to be made at Left"),
        ("eef · Eef", "recognised as the same at both sides"),
    }
    people.run()
    assert counts(people) == {IN_STEP: 3}
    assert health(people.open()).flows[0].entries == []
    assert {(one.a_name, one.b_name) for one in entries(people, IN_STEP)} == {
        ("anna · Anna", "Anna · anna"),
        ("bram · Bram", "Bram · bram"),
        ("eef · Eef", "Eef · eef"),
    }


def test_what_a_rule_keeps_out_is_counted_by_reason_and_listed_up_to_a_limit(people: World) -> None:
    people.flows = (msgspec.structs.replace(KEPT, rules_a=(IN_USE,)),)
    for number in range(5):
        people.a.put(
            "items", {"name": f"N{number}", "sku": f"s{number}", "status": "off" if number else "on"}
        )
    people.run()
    found = health(people.open(), limit=2).flows[0]
    assert (found.counts[IN_STEP], found.counts[EXCLUDED]) == (1, 4)
    assert found.reasons == {EXCLUDED: {"what is not in use": 4}}
    assert [one.a_name for one in found.entries] == ["s1 · N1", "s2 · N2"]


def test_doubles_are_told_from_what_fails(people: World) -> None:
    for name in ("Anna", "Anne"):
        people.a.put("items", {"name": name, "sku": "anna"})
    people.b.put("products", {"title": "Ann", "code": "anna"})
    people.run()
    assert counts(people) == {DUPLICATE: 3}
    assert all("“anna”" in one.reason for one in entries(people, DUPLICATE))


def test_what_was_deleted_at_one_side_and_is_kept_at_the_other(people: World) -> None:
    a_id, b_id = one_pair(people)
    people.a.drop("items", a_id)
    people.run()
    [one] = entries(people, ALONE)
    assert (one.a_id, one.b_id, one.b_name) == (a_id, b_id, "Anna · anna")
    assert one.reason == "It was deleted at Left and stays at Right."
    people.b.drop("products", b_id)
    people.run()
    assert counts(people) == {}


def test_what_was_refused_and_what_could_not_be_read(people: World) -> None:
    people.b.on_write = refuse
    people.a.put("items", {"name": "Anna", "sku": "anna"})
    people.run()
    unreadable = waiting.Unsettled(
        flow="people", side="b", id="b77", state="refused", reason="No name.", code="unreadable", since="x"
    )
    with people.engine.begin() as connection:
        waiting.put(connection, 1, [unreadable])
    found = {one.a_id or one.b_id: (one.reason, one.remedy) for one in entries(people, FAILED)}
    assert found == {"a1": ("The system refuses it.", "Correct the record."), "b77": ("No name.", "")}
    assert counts(people) == {FAILED: 2}


def test_a_question_is_shown_answered_and_decided_anew(people: World) -> None:
    a_id, b_id = one_pair(people)
    with people.engine.begin() as connection:
        question = Question(a_id=a_id, b_id=b_id, field="name", a_value="Anna", b_value="Ann")
        inbox.ask(connection, 1, "people", [question], "2026-11-22T12:00:00.000000Z")
        [asked] = inbox.open_questions(connection, 1)
    [one] = entries(people, ASKED)
    assert (one.questions, one.reason) == ([asked.id], "Both sides changed it: name.")
    [told] = explain(people.open(), "people", b_id)
    assert (told.verdict, told.reason) == ("waiting", "Both sides changed it: name.")
    said = by_hand.answer(people.open(), asked.id, "b")
    assert said.answer == "b"
    with people.engine.connect() as connection:
        assert inbox.answers(connection, 1, "people", [a_id], []) == {(a_id, b_id, "name"): "b"}
        assert waiting.woken(connection, 1, "people", 10) == [("a", a_id)]
    assert counts(people) == {IN_STEP: 1}


def test_a_question_that_is_settled_or_unknown_takes_no_answer(people: World) -> None:
    pair = one_pair(people)
    with people.engine.begin() as connection:
        question = Question(a_id=pair[0], b_id=pair[1], field="name")
        inbox.ask(connection, 1, "people", [question], "2026-11-22T12:00:00.000000Z")
        [asked] = inbox.open_questions(connection, 1)
    with people.engine.begin() as connection:
        inbox.close(connection, 1, "people", [pair], "2026-11-22T13:00:00.000000Z")
    with pytest.raises(NotPossible, match="is settled"):
        by_hand.answer(people.open(), asked.id, "a")
    with pytest.raises(NotPossible, match="no question 99"):
        by_hand.answer(people.open(), 99, "a")


def test_two_that_would_never_meet_are_linked_by_hand(people: World) -> None:
    people.flows = (msgspec.structs.replace(KEPT, match=()),)
    people.a.put("items", {"name": "Anna Bakker", "sku": None})
    people.b.put("products", {"title": "A. Bakker", "code": "anna"})
    preview(people.open())
    done = by_hand.link(people.open(), "people", "a1", "b1")
    assert done.words == "Anna Bakker (a1) at Left is A. Bakker · anna (b1) at Right."
    assert people.run().outcome == "in step"
    assert links_of(people) == {("a1", "b1")}
    assert people.a.rows("items") == {"a1": {"name": "Anna Bakker", "sku": "anna"}}  # a blank never wins
    assert people.b.rows("products")["b1"]["title"] == "Anna Bakker"
    assert "already" in by_hand.link(people.open(), "people", "a1", "b1").words


def test_what_is_linked_is_not_linked_again_and_its_partner_is_named(people: World) -> None:
    a_id, b_id = one_pair(people)
    people.a.put("items", {"name": "Bram", "sku": "bram"})
    people.run()
    with pytest.raises(
        NotPossible, match=rf"anna · Anna \({a_id}\) at Left is linked with Anna · anna \({b_id}\)"
    ):
        by_hand.link(people.open(), "people", a_id, "b2")
    people.b.put("products", {"title": "New", "code": "new"}, "b9")
    with pytest.raises(NotPossible, match="Right has no product b9: it was not shown"):
        by_hand.link(people.open(), "people", a_id, "b9")
    people.a.drop("items", "a2")
    people.run()
    with pytest.raises(NotPossible, match="Left has no item a2: it was deleted there"):
        by_hand.link(people.open(), "people", "a2", "b2")


def test_nothing_is_linked_while_the_answer_of_a_write_is_not_known(people: World) -> None:
    a_id, _ = one_pair(people)
    with people.engine.begin() as connection:  # as if the process had died before the answer came
        connection.exec_driver_sql("UPDATE journal SET outcome = NULL")
    with pytest.raises(NotPossible, match="answer of the last write"):
        unlink(people, a_id)


def test_parted_by_hand_they_stay_apart_until_they_are_let_in(people: World) -> None:
    a_id, b_id = one_pair(people)
    done = unlink(people, "anna")
    assert "no pair any more" in done.words
    people.a.put("items", {"name": "Anna B"}, a_id)
    people.b.put("products", {"title": "Anna C"}, b_id)
    assert people.run().outcome == "in step"
    assert links_of(people) == set()
    assert (len(people.a.rows("items")), len(people.b.rows("products"))) == (1, 1)
    assert entries(people, EXCLUDED)[0].reason == f"unlinked by hand from Anna · anna ({b_id})"
    for id in (a_id, b_id):
        include(people, id)
    people.run()
    assert links_of(people) == {(a_id, b_id)}
    with pytest.raises(NotPossible, match="not left out by hand"):
        include(people, a_id)


def test_what_is_left_out_by_hand_is_not_written_until_it_is_let_in(people: World) -> None:
    a_id, b_id = one_pair(people)
    exclude(people, "Anna", "private")
    people.a.put("items", {"name": "Anna Bakker"}, a_id)
    assert people.run().outcome == "in step"
    assert people.b.rows("products")[b_id]["title"] == "Anna"
    [one] = entries(people, EXCLUDED)
    assert (one.reason, one.remedy) == (
        "left out by hand: private",
        f"Let it in again: stockbridge include {a_id}",
    )
    [told] = explain(people.open(), "people", b_id)
    assert (told.verdict, told.reason) == ("left out", "It is left out by hand: private.")
    include(people, a_id)
    people.run()
    assert people.b.rows("products")[b_id]["title"] == "Anna Bakker"
    assert counts(people) == {IN_STEP: 1}


def test_a_name_that_means_nothing_or_several_is_not_guessed(people: World) -> None:
    people.flows = (msgspec.structs.replace(KEPT, match=()),)
    people.a.put("items", {"name": "Anna", "sku": "one"})
    people.b.put("products", {"title": "Anna", "code": "two"})
    preview(people.open())
    with pytest.raises(NotPossible, match="Neither Left nor Right has shown any record called “Annie”"):
        the_one(people.open(), "people", "Annie")
    with pytest.raises(NotPossible, match="Left has not shown any record called “two”"):
        the_one(people.open(), "people", "two", "a")
    with pytest.raises(
        NotPossible, match=r"2 records: one · Anna \(a1\) at Left, Anna · two \(b1\) at Right"
    ):
        the_one(people.open(), "people", "anna")
    assert the_one(people.open(), "people", "anna", "b").ids() == [("b", "b1")]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["Ann"], Typed("Ann")),
        (["Ann", "Anna"], "one of the two sides holds a single value"),
        (["A" * 41], "it takes 40 characters"),
    ],
)
def test_a_typed_answer_must_fit_both_sides(people: World, texts: list[str], said: Typed | str) -> None:
    a_id, b_id = one_pair(people)
    with people.engine.begin() as connection:
        question = Question(a_id=a_id, b_id=b_id, field="name", a_value="Anna", b_value="Ann")
        inbox.ask(connection, 1, "people", [question], "2026-11-22T12:00:00.000000Z")
        [asked] = inbox.open_questions(connection, 1)
    if isinstance(said, Typed):
        assert by_hand.typed(people.open(), asked.id, texts) == said
    else:
        with pytest.raises(NotPossible, match=said):
            by_hand.typed(people.open(), asked.id, texts)
