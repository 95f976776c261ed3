"""Records that were read under other settings are found by the keys of the new ones."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.test_likely_matches import PEOPLE, People, linked, open_pairs, stream
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Match, Op
from stockbridge.engine.preview import preview


@pytest.fixture
def people(store: Engine) -> People:
    a = Memory("Left", stream("ours"), prefix="a", tombstones=True)
    b = Memory("Right", stream("theirs"), prefix="b", tombstones=True)
    before = msgspec.structs.replace(
        PEOPLE, likely=None, writes_a=frozenset(), writes_b=frozenset({Op.UPDATE}), match=PEOPLE.match[:1]
    )
    return People(store, a, b, (before,))


def test_who_is_called_alike_is_asked_about_once_that_is_asked_for(people: People) -> None:
    a = people.add("a", "Anna Bakker", email="anna@x.example")
    b = people.add("b", "Anna Bakker")
    people.run()
    assert not open_pairs(people)
    people.flows = (PEOPLE,)
    [shown] = preview(people.open()).flows
    assert [(one.a_id, one.b_id) for one in shown.questions] == [(a, b)]
    people.run()
    assert open_pairs(people).keys() == {(a, b)}


def test_a_key_that_is_new_in_the_settings_finds_who_stood_before(people: People) -> None:
    a = people.add("a", "Anna Bakker", email="anna@x.example", phone="+31201234567")
    b = people.add("b", "A. B.", phone="+31201234567")
    people.run()
    people.flows = (msgspec.structs.replace(PEOPLE, match=(Match(a="phone", b="phone"),)),)
    preview(people.open())
    people.run()
    assert linked(people) == {(a, b)}
