"""What was deleted stays deleted, and a partner that somebody edited meanwhile is not deleted after it, one way or two."""

from __future__ import annotations

import msgspec
import pytest

from stockbridge.core.compiled import compile_flow
from stockbridge.core.decide import Decision, decide
from stockbridge.core.flow import Flow, GonePolicy, LinkView, Op, Owner, Pair, Way
from stockbridge.core.record import Field, Kind, Record, Stream

A = Stream(name="left", noun="contact", fields=(Field(name="first", kind=Kind.TEXT),))
B = Stream(name="right", noun="contact", fields=(Field(name="given", kind=Kind.TEXT),))


def deleted_at_a(way: Way, given: str) -> Decision:
    """Anna was deleted at side a; `given` is what side b calls her by now."""
    flow = Flow(
        name="contacts",
        a="left",
        b="right",
        pairs=(Pair(a="first", b="given", owner=Owner.BOTH, way=way),),
        writes_a=frozenset(Op) if way == "both" else frozenset(),
        writes_b=frozenset(Op),
        gone_a=GonePolicy(do="remove", stays=True),
    )
    link = LinkView(a_id="1", b_id="2", a_snapshot={"first": "Anna"}, b_snapshot={"given": "Anna"})
    a = Record(id="1", values={"first": "Anna"}, version="1")
    b = Record(id="2", values={"given": given}, version="1")
    gone = msgspec.structs.replace(a, deleted=True)
    return decide(compile_flow(flow, A, B, {}), link, gone, b, lambda flow, id: None)


@pytest.mark.parametrize("way", ["both", "to b"])
def test_the_partner_goes_too(way: Way) -> None:
    decision = deleted_at_a(way, "Anna")
    assert [write.op for write in decision.writes] == [Op.REMOVE]


@pytest.mark.parametrize("way", ["both", "to b"])
def test_one_that_was_edited_stays_and_is_listed(way: Way) -> None:
    decision = deleted_at_a(way, "Anne")
    assert not decision.writes
    assert decision.kind == "left out"
    assert "edited here since then" in decision.reason
