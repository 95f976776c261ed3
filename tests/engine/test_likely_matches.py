"""Who may be the same: looked for among few, asked once, answered in one transaction."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from engine.two_sides import World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Flow, Likely, Match, Op, Owner, Pair
from stockbridge.core.record import Ability, Field, Kind, Stream
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import NotPossible
from stockbridge.engine.health import ASKED, EXCLUDED, health
from stockbridge.engine.preview import preview
from stockbridge.store import inbox, links
from stockbridge.store.schema import inbox as asked_table
from stockbridge.store.schema import link

FIELDS = (
    Field(name="name", kind=Kind.TEXT),
    Field(name="email", kind=Kind.EMAIL),
    Field(name="phone", kind=Kind.PHONE),
)


def stream(name: str) -> dict[str, Stream]:
    return {
        name: Stream(name=name, noun="person", fields=FIELDS, names=("name",), abilities=frozenset(Ability))
    }


PEOPLE = Flow(
    name="people",
    a="ours",
    b="theirs",
    pairs=tuple(Pair(a=field.name, b=field.name, owner=Owner.BOTH) for field in FIELDS),
    writes_a=frozenset(Op),
    writes_b=frozenset(Op),
    match=(Match(a="email", b="email"), Match(a="phone", b="phone")),
    keyed="no e-mail address or phone number",
    likely=Likely(names=(Match(a="name", b="name"),), shows={"e-mail": Match(a="email", b="email")}),
)


class People(World):
    """Two address books."""

    def add(self, side: str, name: str, email: str | None = None, phone: str | None = None) -> str:
        memory, where = (self.a, "ours") if side == "a" else (self.b, "theirs")
        return memory.put(where, {"name": name, "email": email, "phone": phone})


@pytest.fixture
def people(store: Engine) -> People:
    a = Memory("Left", stream("ours"), prefix="a", tombstones=True)
    b = Memory("Right", stream("theirs"), prefix="b", tombstones=True)
    return People(store, a, b, (PEOPLE,))


def open_pairs(people: People) -> dict[tuple[str, str], int]:
    with people.engine.connect() as connection:
        return {(one.a_id, one.b_id): one.id for one in inbox.open_matches(connection, 1, "people")}


def linked(people: People) -> set[tuple[str, str]]:
    with people.engine.connect() as connection:
        return {(row.a_id, row.b_id) for row in connection.execute(select(link.c.a_id, link.c.b_id))}


def test_both_wait_and_the_question_keeps_its_number(people: People) -> None:
    a = people.add("a", "Anna Bakker", email="anna@x.example")
    b = people.add("b", "Bakker, Ana", phone="+31201234567")
    people.run()
    first = open_pairs(people)
    assert first.keys() == {(a, b)}
    for _ in range(2):
        people.run()
    assert open_pairs(people) == first
    assert not linked(people)
    found = health(people.open()).flows[0]
    assert (found.counts[ASKED], found.counts[EXCLUDED]) == (2, 0)
    assert {tuple(one.questions) for one in found.entries} == {(first[(a, b)],)}


def test_a_preview_lists_what_would_be_asked_and_asks_nothing(people: People) -> None:
    a = people.add("a", "Anna Bakker", email="anna@x.example")
    b = people.add("b", "Anna Bakker")
    [flow] = preview(people.open()).flows
    assert [(one.a_id, one.b_id) for one in flow.questions] == [(a, b)]
    assert flow.questions[0].a == {"name": "Anna Bakker", "e-mail": "anna@x.example"}
    assert (flow.create, sum(flow.waiting.values())) == (0, 1)
    with people.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(asked_table)).scalar_one() == 0


def test_a_yes_that_dies_half_way_was_never_said(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    a = people.add("a", "Anna Bakker", email="anna@x.example")
    b = people.add("b", "Anna Bakker")
    people.run()
    number = open_pairs(people)[(a, b)]

    class Death(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Death

    with monkeypatch.context() as patch:
        patch.setattr(links, "put", dies)
        with pytest.raises(Death):
            by_hand.answer(people.open(), number, inbox.YES)
    assert open_pairs(people) == {(a, b): number}
    by_hand.answer(people.open(), number, inbox.YES)
    assert linked(people) == {(a, b)}  # before any run
    assert not open_pairs(people)
    people.run()
    assert people.b.rows("theirs")[b]["email"] == "anna@x.example"
    with pytest.raises(NotPossible, match="is settled"):
        by_hand.answer(people.open(), number, inbox.NO)


def test_yes_about_somebody_who_was_just_linked_is_refused_and_the_question_stays(people: People) -> None:
    a = people.add("a", "Anna Bakker", email="anna@x.example")
    b, other = people.add("b", "Anna Bakker"), people.add("b", "Anna Baker")
    people.run()
    asked = open_pairs(people)
    by_hand.link(people.open(), "people", a, other)
    assert not open_pairs(people)  # both were about her
    with pytest.raises(NotPossible, match="is settled"):
        by_hand.answer(people.open(), asked[(a, b)], inbox.YES)
    assert linked(people) == {(a, other)}


def test_a_name_that_many_share_asks_nothing(people: People) -> None:
    for number in range(51):
        people.add("b", "Info", phone=f"+3120123{4000 + number}")
    people.add("a", "Info", email="info@x.example")
    people.run()
    assert not open_pairs(people)
    assert len(linked(people)) == 52


def test_who_has_a_partner_by_key_is_not_asked_about(people: People) -> None:
    people.add("a", "Anna Bakker", email="anna@x.example")
    b = people.add("b", "Anna Bakker", phone="+31201234567")
    a = people.add("a", "A. Somebody", phone="+31201234567")
    people.run()
    assert not open_pairs(people)
    assert (a, b) in linked(people)
    assert len(linked(people)) == 2


def test_where_nothing_changed_nobody_looks(people: People) -> None:
    people.add("a", "Anna Bakker", email="anna@x.example")
    people.run()
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    event.listen(people.engine, "before_cursor_execute", note)
    try:
        people.run()
    finally:
        event.remove(people.engine, "before_cursor_execute", note)
    assert seen
    assert not [one for one in seen if "inbox" in one or "match_key" in one]
