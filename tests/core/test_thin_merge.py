"""A list row that lacks a field which either side may write: nothing is decided before its details are read."""

from __future__ import annotations

import msgspec
import pytest

from core.two_streams import LINK, A, B, a_record, b_record, flow, linked, nobody
from stockbridge.core.compiled import Compiled, compile_flow
from stockbridge.core.decide import decide
from stockbridge.core.flow import LinkView, Owner, Pair


def sized(owner: Owner = Owner.BOTH) -> Compiled:
    pairs = (Pair(a="name", b="title", owner=owner), Pair(a="size", b="size", owner=owner))
    return compile_flow(flow(two_ways=owner is Owner.BOTH, pairs=pairs), A, B, {})


THIN = msgspec.structs.replace(a_record(), full=False)


@pytest.mark.parametrize("link", [None, LinkView(a_id="a1", b_id="b1"), linked({"size": 1}, {"size": 1})])
def test_what_the_row_does_not_show_is_read_before_it_is_written_over(link: LinkView | None) -> None:
    assert decide(sized(), link, THIN, b_record(size=7), nobody).kind == "unread"


def test_a_full_record_is_decided() -> None:
    assert decide(sized(), None, a_record(size=5), b_record(size=7), nobody).kind == "write"


def test_a_field_that_side_a_owns_is_left_until_it_is_shown() -> None:
    assert decide(sized(Owner.A), LINK, THIN, b_record(size=7), nobody).kind != "unread"
