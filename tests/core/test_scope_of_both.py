"""A pair is in scope by the rules of either side, also when one of the two is gone."""

from __future__ import annotations

from core.two_streams import LINK, a_record, b_record, compiled, gone, nobody
from stockbridge.core.decide import decide
from stockbridge.core.flow import Condition, GonePolicy, Rule, Then

ON = Rule(when=(Condition(field="status", test="is", value="on"),), then=Then.SYNC, otherwise="others")
TRASH = GonePolicy(do="mark", values={"status": "trash"}, stays=True)


def test_what_its_own_side_brought_in_marks_its_partner() -> None:
    both = compiled(two_ways=True, rules_a=(ON,), rules_b=(ON,), gone_a=TRASH)
    decision = decide(both, LINK, gone(a_record()), b_record(status="off"), nobody)
    assert [(write.side, write.values) for write in decision.writes] == [("b", {"status": "trash"})]


def test_what_neither_side_brings_in_is_left_alone() -> None:
    both = compiled(two_ways=True, rules_a=(ON,), rules_b=(ON,), gone_a=TRASH)
    decision = decide(both, LINK, gone(a_record(status="off")), b_record(status="off"), nobody)
    assert (decision.kind, decision.writes) == ("left out", ())
