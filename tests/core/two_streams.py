"""Two small streams and flows between them, for deciding without a store."""

from __future__ import annotations

from typing import Any

from stockbridge.core.compiled import Compiled, compile_flow
from stockbridge.core.flow import Condition, Flow, GonePolicy, LinkView, Match, Op, Owner, Pair, Rule, Then
from stockbridge.core.record import Field, Kind, Record, Stream, Values

A = Stream(
    name="left",
    noun="left one",
    fields=(
        Field(name="name", kind=Kind.TEXT),
        Field(name="note", kind=Kind.TEXT),
        Field(name="status", kind=Kind.TEXT),
        Field(name="custom", kind=Kind.CUSTOM),
        Field(name="size", kind=Kind.NUMBER, detail=True),
    ),
)
B = Stream(
    name="right",
    noun="right one",
    fields=(
        Field(name="title", kind=Kind.TEXT),
        Field(name="memo", kind=Kind.TEXT),
        Field(name="status", kind=Kind.TEXT),
        Field(name="kept", kind=Kind.TEXT),
        Field(name="size", kind=Kind.NUMBER),
    ),
)
ADMIT = Rule(
    when=(Condition(field="status", test="is", value="on"),), then=Then.SYNC, otherwise="those that are off"
)
VOID = Rule(when=(Condition(field="status", test="is", value="void"),), then=Then.REMOVE)
MARK = GonePolicy(do="mark", values={"status": "off"}, undo={"status": "on"})


def flow(*, two_ways: bool, **changes: Any) -> Flow:
    owner = Owner.BOTH if two_ways else Owner.A
    given: dict[str, Any] = {
        "name": "things",
        "a": "left",
        "b": "right",
        "pairs": (Pair(a="name", b="title", owner=owner), Pair(a="note", b="memo", owner=owner)),
        "writes_a": frozenset(Op) if two_ways else frozenset(),
        "writes_b": frozenset(Op),
        "match": (Match(a="name", b="title"),),
        "gone_a": GonePolicy(do="remove"),
        "gone_b": GonePolicy(do="remove"),
    }
    return Flow(**{**given, **changes})


def compiled(*, two_ways: bool = False, **changes: Any) -> Compiled:
    return compile_flow(flow(two_ways=two_ways, **changes), A, B, {})


def a_record(**values: Any) -> Record:
    return Record(id="a1", values={"name": "Bell", "note": "old", "status": "on", **values}, version="1")


def b_record(**values: Any) -> Record:
    return Record(id="b1", values={"title": "Bell", "memo": "old", "status": "on", **values}, version="1")


def gone(record: Record) -> Record:
    return Record(id=record.id, values=record.values, version="2", deleted=True)


LINK = LinkView(
    a_id="a1",
    b_id="b1",
    a_snapshot={"name": "Bell", "note": "old"},
    b_snapshot={"title": "Bell", "memo": "old"},
)


def linked(a: Values | None = None, b: Values | None = None, *, marked: bool = False) -> LinkView:
    """The link of the two, its snapshots changed by these values."""
    return LinkView(
        a_id="a1",
        b_id="b1",
        a_snapshot={**(LINK.a_snapshot or {}), **(a or {})},
        b_snapshot={**(LINK.b_snapshot or {}), **(b or {})},
        marked=marked,
    )


def nobody(_flow: str, _id: str) -> str | None:
    """Resolves nothing."""
    return None
