"""The inbox and what links and the journal keep of rules: asked once, answered once, closed for good."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.engine import Engine

from stockbridge.core.flow import Action, Applied, LinkView
from stockbridge.core.merge import Answer, Typed
from stockbridge.core.record import Field, Kind
from stockbridge.store import inbox, journal, links
from stockbridge.store.inbox import Question
from stockbridge.store.journal import Intent

NOON, ONE, TWO = (f"2026-11-22T{hour}:00:00.000000Z" for hour in (12, 13, 14))
PHONE = Question(a_id="a1", b_id="b1", field="phone", a_value="+31 20 1", b_value="+31 20 2")
NAME = Question(a_id="a1", b_id="b1", field="name", a_value="Dave", b_value="David")
OTHER = Question(a_id="a2", b_id="b2", field="name", a_value="Eef", b_value=None)


def asked(store: Engine, *questions: Question, at: str = NOON) -> list[inbox.Asked]:
    with store.begin() as connection:
        inbox.ask(connection, 1, "contacts", questions, at)
        return inbox.open_questions(connection, 1, "contacts")


def test_a_question_is_asked_once_and_follows_the_values(store: Engine) -> None:
    first = asked(store, PHONE, NAME)
    assert [(one.field, one.a_value, one.b_value) for one in first] == [
        ("phone", "+31 20 1", "+31 20 2"),
        ("name", "Dave", "David"),
    ]
    moved = Question(a_id="a1", b_id="b1", field="name", a_value="Dave", b_value="Davy")
    again = asked(store, moved, OTHER, at=ONE)
    assert [one.id for one in again][:2] == [one.id for one in first]
    assert (again[1].b_value, again[1].asked_at) == ("Davy", NOON)
    assert again[2].key == OTHER.key
    with store.connect() as connection:
        assert inbox.count_open(connection, 1, "contacts") == 3
        assert inbox.count_open(connection, 2, "contacts") == 0


def test_values_are_plain_json(store: Engine) -> None:
    [one] = asked(
        store, Question(a_id="a1", b_id="b1", field="x", a_value=Decimal("1.50"), b_value=["p", "q"])
    )
    assert (one.a_value, one.b_value) == ("1.50", ["p", "q"])


@pytest.mark.parametrize("said", ["a", "b", Typed("a"), Typed(None), Typed(["x", "y"]), Typed({"value": 1})])
def test_an_answer_comes_back_as_it_was_given(store: Engine, said: Answer) -> None:
    number = asked(store, PHONE)[0].id
    with store.begin() as connection:
        assert inbox.answer(connection, number, said, ONE)
        assert inbox.answers(connection, 1, "contacts", ["a1"], []) == {PHONE.key: said}
        assert inbox.answers(connection, 1, "contacts", [], ["b1"]) == {PHONE.key: said}
        assert inbox.answers(connection, 1, "contacts", ["a2"], ["b2"]) == {}
        assert inbox.open_questions(connection, 1) == []
        [waits] = inbox.open_questions(connection, 1, answered=True)
        assert (waits.answer, waits.answered_at) == (said, ONE)


def test_asking_again_keeps_the_answer(store: Engine) -> None:
    number = asked(store, PHONE)[0].id
    with store.begin() as connection:
        inbox.answer(connection, number, "b", ONE)
    assert asked(store, PHONE, at=TWO) == []
    with store.connect() as connection:
        assert inbox.answers(connection, 1, "contacts", ["a1"], []) == {PHONE.key: "b"}


def test_what_is_closed_is_closed_and_its_number_is_not_given_again(store: Engine) -> None:
    numbers = {one.field: one.id for one in asked(store, PHONE, NAME, OTHER)}
    with store.begin() as connection:
        inbox.close(connection, 1, "contacts", [("a1", "b1"), ("a2", "b9")], ONE, keep=[NAME.key])
        assert [one.key for one in inbox.open_questions(connection, 1)] == [NAME.key, OTHER.key]
        assert not inbox.answer(connection, numbers["phone"], "a", ONE)
        assert not inbox.answer(connection, 999, "a", ONE)
        closed = inbox.one(connection, 1, numbers["phone"])
        assert closed is not None
        assert closed.closed_at == ONE
        inbox.close_of(connection, 1, "contacts", [], ["b2"], ONE)
        inbox.close(connection, 1, "contacts", [("a1", "b1")], ONE)
    anew = asked(store, PHONE, at=TWO)
    assert anew[0].id not in numbers.values()
    assert [one.asked_at for one in anew] == [TWO]


LABEL = Applied(action=Action(field="labels", do="add", value="Customers", undo=True), side="b")
TITLE = Applied(
    action=Action(field="job_title", value="Buyer", undo=True), side="b", before='{"job_title":"Owner"}'
)
IN_FORCE = {"b add labels Customers": LABEL, "b set job_title Buyer": TITLE}


def test_links_keep_the_actions_that_are_in_force(store: Engine) -> None:
    at = links.bonds(1, "contacts", [Field(name="name", kind=Kind.TEXT)], [Field(name="t", kind=Kind.TEXT)])
    view = LinkView(a_id="a1", b_id="b1", a_snapshot={"name": "x"}, b_snapshot={"t": "x"}, applied=IN_FORCE)
    with store.begin() as connection:
        links.put(connection, at, [view, LinkView(a_id="a2", b_id="b2")])
        assert links.by_a(connection, at, ["a1", "a2"]) == {"a1": view, "a2": LinkView(a_id="a2", b_id="b2")}
        released = LinkView(a_id="a1", b_id="b1")
        links.put(connection, at, [released])
        assert links.by_b(connection, at, ["b1"]) == {"b1": released}


def test_an_intent_keeps_the_actions_that_are_in_force_after_it(store: Engine) -> None:
    def intent(applied: dict[str, Applied] | None) -> Intent:
        return Intent(
            run=1,
            flow="contacts",
            side="b",
            op="update",
            a_id="a1",
            b_id="b1",
            mark=None,
            written={"job_title": "Buyer"},
            before={},
            saw=None,
            applied=applied,
            intended_at=NOON,
        )

    with store.begin() as connection:
        journal.intend(connection, 1, [intent(IN_FORCE), intent({}), intent(None)])
        assert [one.applied for one in journal.still_open(connection, 1)] == [IN_FORCE, {}, None]
