"""A pair is frozen where one of the two lost the key that it had, not where it never had one."""

from __future__ import annotations

import pytest

from stockbridge.core.compiled import CompiledSide, compile_flow, lost_key
from stockbridge.core.flow import Flow, Match, Op, Owner, Pair
from stockbridge.core.record import Field, Kind, Record, Stream, Values

TEXTS = tuple(Field(name=name, kind=Kind.TEXT) for name in ("first", "company"))
STREAM = Stream(
    name="people",
    noun="person",
    fields=(
        *TEXTS,
        Field(name="email", kind=Kind.EMAIL, within="emails"),
        Field(name="emails", kind=Kind.EMAIL, many=True),
        Field(name="phone", kind=Kind.PHONE),
    ),
)


def side_of(*keys: str | tuple[str, ...]) -> CompiledSide:
    flow = Flow(
        name="people",
        a="people",
        b="people",
        pairs=(Pair(a="email", b="email", owner=Owner.BOTH),),
        writes_b=frozenset(Op),
        match=tuple(Match(a=key, b=key) for key in keys),
    )
    return compile_flow(flow, STREAM, STREAM, {}).b


def record(**values: object) -> Record:
    empty: Values = {"first": None, "company": None, "email": None, "emails": [], "phone": None}
    return Record(id="1", values={**empty, **values}, version="1")


@pytest.mark.parametrize(
    ("base", "lost"),
    [
        (None, False),  # linked by hand, and not brought in step yet
        ({"email": "a@x.example"}, True),
        ({"emails": ["a@x.example"]}, True),
        ({"email": None}, False),
        ({"emails": []}, False),
        ({"first": "Anna"}, False),  # linked by hand, and cut short before they agreed on it
    ],
)
def test_the_snapshot_tells_whether_there_was_one(base: Values | None, lost: bool) -> None:
    assert lost_key(side_of("emails"), record(), base) is lost
    assert not lost_key(side_of("emails"), record(emails=["b@x.example"]), base)


def test_a_key_that_nothing_maps_stands_in_no_snapshot_and_is_taken_to_have_been_there() -> None:
    assert lost_key(side_of("phone"), record(), {"email": None})
    assert not lost_key(side_of("phone"), record(phone="+31201234567"), {"email": None})


def test_a_key_of_several_fields_was_there_only_with_all_of_them() -> None:
    side = side_of(("first", "company"))
    assert lost_key(side, record(first="Anna"), {"first": "Anna", "company": "Velo"})
    assert not lost_key(side, record(first="Anna"), {"first": "Anna", "company": None})


def test_one_key_of_several_is_enough() -> None:
    side = side_of("emails", "phone")
    assert lost_key(side, record(), {"email": None, "phone": "+31201234567"})
    assert not lost_key(side, record(phone="+31201234567"), {"email": "a@x.example", "phone": None})
