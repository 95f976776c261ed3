"""A single value at one side, a list at the other: only the entry that the two share is written, all others stay."""

from __future__ import annotations

from typing import Literal

import pytest

from stockbridge.core.compiled import compile_flow
from stockbridge.core.decide import decide
from stockbridge.core.flow import Flow, LinkView, Op, Owner, Pair
from stockbridge.core.record import Field, Kind, Record, Stream, Values

A = Stream(name="left", noun="contact", fields=(Field(name="email", kind=Kind.EMAIL),))
B = Stream(name="right", noun="contact", fields=(Field(name="emails", kind=Kind.EMAIL, many=True),))
X, Y, Z = "x@y.example", "y@y.example", "z@y.example"


def written(
    base: tuple[str | None, list[str]] | None,
    now: tuple[str | None, list[str]],
    conflict: Literal["a", "b"] = "a",
) -> dict[str, Values]:
    """What is written at which side, from what the two last agreed on (None: they never did) and hold now."""
    flow = Flow(
        name="contacts",
        a="left",
        b="right",
        pairs=(Pair(a="email", b="emails", owner=Owner.BOTH),),
        writes_a=frozenset({Op.UPDATE}),
        writes_b=frozenset({Op.UPDATE}),
        conflict=conflict,
    )
    link = None
    if base is not None:
        link = LinkView(a_id="1", b_id="2", a_snapshot={"email": base[0]}, b_snapshot={"emails": base[1]})
    a = Record(id="1", values={"email": now[0]}, version="1")
    b = Record(id="2", values={"emails": now[1]}, version="1")
    decision = decide(compile_flow(flow, A, B, {}), link, a, b, lambda flow, id: None)
    return {write.side: write.values for write in decision.writes}


@pytest.mark.parametrize(
    ("base", "now", "emails"),
    [
        ((X, [X, Y]), (Z, [X, Y]), [Z, Y]),  # the one they share is edited
        ((X, [X, Y]), (None, [X, Y]), [Y]),  # it is cleared
        ((None, [Y]), (Z, [Y]), [Z, Y]),  # side a had none: nothing there is its own
        ((X, [X, Y]), (Y, [X, Y]), [Y, X]),  # it stands there already: it becomes the main one
        (None, (X, [Y, X]), [X, Y]),  # so does what two are recognised by
        ((X, [X, Y]), (Z, [Y, X]), [Z, Y]),  # another one was made the main one meanwhile
        ((X, [X, Y]), (Z, [Y]), [Z]),  # both changed the one they share, and side a wins
        (None, (Z, [Y]), [Z]),  # they never agreed, and side a wins
    ],
)
def test_entries_that_only_the_list_has_stay(
    base: tuple[str | None, list[str]] | None, now: tuple[str | None, list[str]], emails: list[str]
) -> None:
    assert written(base, now) == {"b": {"emails": emails}}


def test_what_side_a_cleared_is_not_filled_again_by_what_is_left() -> None:
    assert written((None, [Y]), (None, [Y])) == {}


def test_the_first_of_a_list_goes_to_the_single_value() -> None:
    assert written((X, [X, Y]), (X, [Y, X])) == {"a": {"email": Y}}
    assert written(None, (X, [Y, X]), conflict="b") == {"a": {"email": Y}}
