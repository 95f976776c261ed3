"""Deciding, field by field: what is written where, with which values, and what the snapshots may hold afterwards."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.two_streams import ADMIT, LINK, MARK, VOID, A, B, a_record, b_record, compiled, gone, linked, nobody
from stockbridge.core.compiled import compile_flow, seen
from stockbridge.core.decide import Decision, decide, wants_detail
from stockbridge.core.flow import Condition, GonePolicy, LinkView, Op, Owner, Pair, Rule, Then
from stockbridge.core.merge import partly_agreed
from stockbridge.core.record import Record

NO_BASE = LinkView(a_id="a1", b_id="b1")


def writes(decision: Decision) -> list[tuple[str, str, dict[str, Any]]]:
    return [(write.side, str(write.op), write.values) for write in decision.writes]


# Field by field.


def test_each_side_keeps_its_own_edit() -> None:
    found = decide(compiled(two_ways=True), LINK, a_record(name="Pump"), b_record(memo="new"), nobody)
    assert writes(found) == [("b", "update", {"title": "Pump"}), ("a", "update", {"note": "new"})]
    assert found.a_seen == {"name": "Pump", "note": "old"}
    assert found.b_seen == {"title": "Bell", "memo": "new"}
    assert found.writes[0].before == {"title": "Bell"}
    assert found.writes[1].before == {"note": "old"}


@pytest.mark.parametrize(
    ("winner", "expected"), [("a", ("b", {"title": "Left"})), ("b", ("a", {"name": "Right"}))]
)
def test_the_winner_of_a_conflict(winner: str, expected: tuple[str, dict[str, str]]) -> None:
    flow = compiled(two_ways=True, conflict=winner)
    found = decide(flow, LINK, a_record(name="Left"), b_record(title="Right"), nobody)
    assert [(write.side, write.values) for write in found.writes] == [expected]


def test_the_same_edit_at_both_sides_is_agreed() -> None:
    found = decide(compiled(two_ways=True), LINK, a_record(name="Pump"), b_record(title="Pump"), nobody)
    assert (found.kind, found.a_seen) == ("agree", {"name": "Pump", "note": "old"})


def test_a_lossy_side_is_compared_with_what_it_stores() -> None:
    link = linked({"name": "Brass bell"}, {"title": "Brass"})
    a, b = a_record(name="Brass bell"), b_record(title="Brass")
    assert decide(compiled(two_ways=True, conflict="b"), link, a, b, nobody).kind == "same"
    edited = decide(
        compiled(two_ways=True, conflict="b"), link, a, b_record(title="Brass", memo="new"), nobody
    )
    assert writes(edited) == [("a", "update", {"note": "new"})]


def test_the_owner_of_a_field_counts_one_way() -> None:
    found = decide(compiled(), LINK, a_record(), b_record(title="Mine", kept="b's own"), nobody)
    assert writes(found) == [("b", "update", {"title": "Bell"})]


def test_a_field_that_b_owns_flows_back_and_never_over() -> None:
    flow = compiled(
        two_ways=True,
        pairs=(Pair(a="name", b="title"), Pair(a="note", b="memo", owner=Owner.B)),
    )
    found = decide(flow, LINK, a_record(note="typed at a"), b_record(title="typed at b"), nobody)
    assert writes(found) == [("b", "update", {"title": "Bell"}), ("a", "update", {"note": "old"})]


def test_once_is_sent_only_when_a_record_is_made() -> None:
    pairs = (Pair(a="name", b="title"), Pair(b="kept", constant="first", once=True))
    made = decide(compiled(pairs=pairs), None, a_record(), None, nobody)
    assert writes(made) == [("b", "create", {"title": "Bell", "kept": "first"})]
    found = decide(compiled(pairs=pairs), LINK, a_record(name="Pump"), b_record(kept="by hand"), nobody)
    assert writes(found) == [("b", "update", {"title": "Pump"})]


def test_a_cleared_field_clears_or_is_left() -> None:
    cleared = decide(compiled(), LINK, a_record(note=None), b_record(), nobody)
    assert writes(cleared) == [("b", "update", {"memo": None})]
    pairs = (Pair(a="name", b="title"), Pair(a="note", b="memo", empty="leave"))
    assert decide(compiled(pairs=pairs), LINK, a_record(note=None), b_record(), nobody).kind == "agree"


def test_what_a_list_row_does_not_show_is_not_compared() -> None:
    thin = Record(id="a1", values={"name": "Pump", "status": "on"}, version="2", full=False)
    shown = decide(compiled(two_ways=True), LINK, thin, b_record(), nobody)
    assert writes(shown) == [("b", "update", {"title": "Pump"})]
    flow = compiled(pairs=(Pair(a="name", b="title"), Pair(a="cf_colour", b="memo")))
    link = linked({"cf_colour": "red"}, {"memo": "red"})
    assert writes(decide(flow, link, thin, b_record(memo="red"), nobody)) == [
        ("b", "update", {"title": "Pump"})
    ]


# First matches.


def test_a_blank_never_wins_a_first_match() -> None:
    flow = compiled(two_ways=True)
    found = decide(flow, None, a_record(note=None), b_record(memo="theirs"), nobody)
    assert writes(found) == [("a", "update", {"note": "theirs"})]
    found = decide(
        compiled(two_ways=True, conflict="b"), None, a_record(note="ours"), b_record(memo=None), nobody
    )
    assert writes(found) == [("b", "update", {"memo": "ours"})]


def test_a_link_without_a_base_is_a_first_match() -> None:
    found = decide(compiled(two_ways=True), NO_BASE, a_record(), b_record(), nobody)
    assert found.kind == "agree"
    assert (found.a_seen, found.b_seen) == ({"name": "Bell", "note": "old"}, {"title": "Bell", "memo": "old"})


def test_a_first_match_where_edits_are_not_allowed_is_taken_as_it_stands() -> None:
    flow = compiled(writes_b=frozenset({Op.CREATE}))
    assert decide(flow, None, a_record(), b_record(title="Other"), nobody).kind == "agree"


def test_a_field_without_a_base_is_a_first_match_of_its_own() -> None:
    link = LinkView(a_id="a1", b_id="b1", a_snapshot={"name": "Bell"}, b_snapshot={"title": "Bell"})
    flow = compiled(two_ways=True)
    found = decide(flow, link, a_record(note=None), b_record(memo="theirs"), nobody)
    assert writes(found) == [("a", "update", {"note": "theirs"})]


def test_a_base_moves_on_for_the_written_fields_only() -> None:
    flow = compiled(two_ways=True, conflict="b")
    link = partly_agreed(flow, LINK, "b", {"title": "Bras"}, {"name": "Brass", "note": "unsent"})
    assert link.a_snapshot == {"name": "Brass", "note": "old"}
    assert link.b_snapshot == {"title": "Bras", "memo": "old"}
    found = decide(flow, link, a_record(name="Brass", note="unsent"), b_record(title="Bras"), nobody)
    assert writes(found) == [("b", "update", {"memo": "unsent"})]


# Gone.


@pytest.mark.parametrize("which", ["a", "b"])
def test_made_again_with_what_stands(which: str) -> None:
    a, b = a_record(note="edited"), b_record(memo="edited")
    if which == "a":
        found = decide(compiled(two_ways=True), LINK, gone(a), b, nobody)
        assert writes(found) == [("a", "create", {"name": "Bell", "note": "edited"})]
        assert found.b_seen == {"title": "Bell", "memo": "edited"}
    else:
        found = decide(compiled(two_ways=True), LINK, a, gone(b), nobody)
        assert writes(found) == [("b", "create", {"title": "Bell", "memo": "edited"})]
        assert found.a_seen == {"name": "Bell", "note": "edited"}


def test_a_field_filled_since_counts_as_an_edit_that_beats_the_deletion() -> None:
    link = LinkView(a_id="a1", b_id="b1", a_snapshot={"name": "Bell"}, b_snapshot={"title": "Bell"})
    found = decide(compiled(two_ways=True), link, gone(a_record()), b_record(memo="filled"), nobody)
    assert [write.op for write in found.writes] == [Op.CREATE]


def test_an_unchanged_custom_field_is_no_edit() -> None:
    flow = compiled(
        two_ways=True, pairs=(Pair(a="name", b="title"), Pair(a="cf_colour", b="memo", owner=Owner.A))
    )
    a = a_record(custom={"cf_colour": "red"})
    link = linked({"cf_colour": "red"})
    link = msgspec.structs.replace(link, a_snapshot=seen(flow.a, a))
    found = decide(flow, link, a, gone(b_record()), nobody)
    assert writes(found) == [("a", "remove", {})]


def test_a_rule_that_treats_as_deleted() -> None:
    found = decide(compiled(rules_a=(VOID,)), LINK, a_record(status="void"), b_record(), nobody)
    assert writes(found) == [("b", "remove", {})]
    assert found.writes[0].before == b_record().values
    assert decide(compiled(rules_a=(VOID,)), None, a_record(status="void"), None, nobody).kind == "left out"


def test_a_mark_is_set_once_and_taken_off_on_return() -> None:
    flow = compiled(gone_a=MARK)
    set_ = decide(flow, LINK, gone(a_record()), b_record(), nobody)
    assert writes(set_) == [("b", "update", {"status": "off"})]
    assert (set_.writes[0].marked, set_.writes[0].before) == (True, {"status": "on"})
    marked = linked(marked=True)
    assert decide(flow, marked, gone(a_record()), b_record(status="off"), nobody).kind == "same"
    back = decide(flow, marked, a_record(name="Pump"), b_record(status="off"), nobody)
    assert writes(back) == [("b", "update", {"status": "on", "title": "Pump"})]
    assert back.writes[0].marked is False


@pytest.mark.parametrize("status", ["on", "archived"])
def test_a_mark_that_a_person_changed_is_left(status: str) -> None:
    found = decide(compiled(gone_a=MARK), linked(marked=True), a_record(), b_record(status=status), nobody)
    assert found.kind == "agree"  # which also forgets the mark


def test_a_mark_at_a_is_taken_off_at_a() -> None:
    flow = compiled(two_ways=True, gone_b=MARK)
    set_ = decide(flow, LINK, a_record(), gone(b_record()), nobody)
    assert writes(set_) == [("a", "update", {"status": "off"})]
    back = decide(flow, linked(marked=True), a_record(status="off"), b_record(), nobody)
    assert writes(back) == [("a", "update", {"status": "on"})]


def test_a_mark_needs_updates_and_a_removal_needs_removes() -> None:
    for policy, op in ((MARK, Op.UPDATE), (GonePolicy(do="remove"), Op.REMOVE)):
        flow = compiled(gone_a=policy, writes_b=frozenset(Op) - {op})
        found = decide(flow, LINK, gone(a_record()), b_record(), nobody)
        assert (found.kind, bool(found.reason)) == ("masked", True)


# Scope.


@pytest.mark.parametrize(("at_a", "at_b", "kind"), [
    ("on", "on", "write"), ("on", "off", "write"), ("off", "on", "write"), ("off", "off", "left out"),
])  # fmt: skip
def test_either_side_keeps_a_pair_in_scope(at_a: str, at_b: str, kind: str) -> None:
    flow = compiled(two_ways=True, rules_a=(ADMIT,), rules_b=(ADMIT,))
    assert decide(flow, LINK, a_record(name="Pump", status=at_a), b_record(status=at_b), nobody).kind == kind


def test_one_way_only_side_a_admits() -> None:
    flow = compiled(rules_a=(ADMIT,), rules_b=(ADMIT,))
    found = decide(flow, LINK, a_record(name="Pump", status="off"), b_record(status="on"), nobody)
    assert (found.kind, found.reason) == ("left out", "those that are off")


def test_a_create_needs_the_rule_of_its_own_side() -> None:
    flow = compiled(two_ways=True, rules_a=(ADMIT,), rules_b=(ADMIT,))
    assert decide(flow, None, a_record(status="off"), None, nobody).kind == "left out"
    assert decide(flow, None, None, b_record(status="off"), nobody).kind == "left out"
    assert decide(flow, None, None, b_record(), nobody).kind == "write"


def test_what_is_out_of_scope_does_not_come_back() -> None:
    flow = compiled(rules_a=(ADMIT,))
    assert decide(flow, LINK, a_record(status="off"), gone(b_record()), nobody).kind == "left out"


def test_rules_set_values() -> None:
    big = Rule(when=(Condition(field="note", test="is", value="big"),), then=Then.SET, values={"memo": "BIG"})
    flow = compiled(rules_a=(big,))
    found = decide(flow, LINK, a_record(note="big"), b_record(), nobody)
    assert writes(found) == [("b", "update", {"memo": "BIG"})]
    made = decide(flow, None, a_record(note="big"), None, nobody)
    assert writes(made) == [("b", "create", {"title": "Bell", "memo": "BIG"})]


# Replacing, rechecking, refusing, waiting.


def test_replacing_sends_everything() -> None:
    found = decide(compiled(replace=True), LINK, a_record(name="Pump"), b_record(), nobody)
    assert writes(found) == [("b", "remove", {}), ("b", "create", {"title": "Pump", "memo": "old"})]


def test_a_changed_mapping_compares_everything_again() -> None:
    link = linked(b={"memo": "other"})
    b = b_record(memo="other")
    assert decide(compiled(), link, a_record(), b, nobody).kind == "same"
    found = decide(compiled(), link, a_record(), b, nobody, recheck=True)
    assert writes(found) == [("b", "update", {"memo": "old"})]


REFERRING = msgspec.structs.replace(
    B,
    fields=(*B.fields, msgspec.structs.replace(B.fields[0], name="parent", refers_to="right", required=True)),
)


def test_a_missing_reference_waits_and_a_misfit_is_refused() -> None:
    flow = compile_flow(
        msgspec.structs.replace(
            compiled().flow, pairs=(Pair(a="name", b="title"), Pair(a="note", b="parent"))
        ),
        msgspec.structs.replace(
            A,
            fields=tuple(
                msgspec.structs.replace(f, refers_to="left") if f.name == "note" else f for f in A.fields
            ),
        ),
        REFERRING,
        {("left", "right"): "things"},
    )
    waits = decide(flow, None, a_record(note="a9"), None, nobody)
    assert (waits.kind, waits.needs) == ("wait", "things:a9")
    refused = decide(flow, None, a_record(note=None), None, nobody)
    assert (refused.kind, refused.field, bool(refused.remedy)) == ("refuse", "parent", True)
    made = decide(flow, None, a_record(note="a9"), None, lambda name, id: f"{name}/{id}")
    assert writes(made) == [("b", "create", {"title": "Bell", "parent": "things/a9"})]


# Details.

DETAILED = (Pair(a="name", b="title"), Pair(a="size", b="size"))
THIN = Record(id="a1", values={"name": "Bell", "status": "on"}, version="1", full=False)


@pytest.mark.parametrize(("link", "changes", "record", "wanted"), [
    (None, {}, THIN, True),
    (LINK, {}, THIN, True),
    (None, {}, msgspec.structs.replace(THIN, full=True), False),
    (None, {}, msgspec.structs.replace(THIN, deleted=True), False),
    (None, {"pairs": (Pair(a="name", b="title"),)}, THIN, False),
    (None, {"rules_a": (ADMIT,)}, msgspec.structs.replace(THIN, values={"status": "off"}), False),
    (LINK, {"rules_a": (ADMIT,)}, msgspec.structs.replace(THIN, values={"status": "off"}), False),
    (LINK, {"rules_a": (VOID,)}, msgspec.structs.replace(THIN, values={"status": "void"}), False),
    (LINK, {"writes_b": frozenset({Op.CREATE})}, THIN, False),
    (NO_BASE, {"writes_b": frozenset({Op.CREATE})}, THIN, True),
])  # fmt: skip
def test_details_are_fetched_only_where_they_decide(
    link: LinkView | None, changes: dict[str, Any], record: Record, wanted: bool
) -> None:
    flow = compiled(**{"pairs": DETAILED, **changes})
    assert wants_detail(flow, link, record) is wanted


def test_a_mapping_with_an_unknown_field_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="colour"):
        compiled(pairs=(Pair(a="colour", b="title"),))
