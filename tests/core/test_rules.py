"""IF/THEN, and the safety limits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from stockbridge.core.flow import Condition, Rule, Then
from stockbridge.core.limits import too_many_deletions
from stockbridge.core.rules import compile_rules, fields_of, holds


@pytest.mark.parametrize(
    ("test", "wanted", "value", "expected"),
    [
        ("is", "on", "on", True),
        ("is", "on", "off", False),
        ("is", "on", None, False),
        ("is not", "on", "off", True),
        ("is not", "on", "on", False),
        ("is not", "on", None, True),
        ("is one of", ("a", "b"), "b", True),
        ("is one of", ("a", "b"), "c", False),
        ("is one of", ("a", "b"), None, False),
        ("is none of", ("a", "b"), "c", True),
        ("is none of", ("a", "b"), "a", False),
        ("is none of", ("a", "b"), None, True),
        ("is filled", None, "x", True),
        ("is filled", None, False, True),
        ("is filled", None, 0, True),
        ("is filled", None, "", False),
        ("is filled", None, [], False),
        ("is filled", None, None, False),
        ("is on or after", date(2026, 3, 1), date(2026, 3, 1), True),
        ("is on or after", date(2026, 3, 1), date(2026, 2, 28), False),
        ("is on or after", date(2026, 3, 1), datetime(2026, 3, 1, 0, 0, tzinfo=UTC), True),
        ("is on or after", date(2026, 3, 1), None, False),
    ],
)
def test_conditions(test: Any, wanted: Any, value: Any, expected: bool) -> None:
    condition = Condition(field="f", test=test, value=wanted)
    assert holds(condition, {"f": value}) is expected
    if value is None:
        assert holds(condition, {}) is expected  # not known counts as empty


def test_a_condition_on_a_custom_field() -> None:
    condition = Condition(field="cf_sync", test="is", value=True)
    assert holds(condition, {"custom": {"cf_sync": True}})
    assert not holds(condition, {"custom": {}})


def when(**fields: str) -> tuple[Condition, ...]:
    return tuple(Condition(field=name, test="is", value=value) for name, value in fields.items())


def test_without_rules_everything_is_in_scope() -> None:
    verdict = compile_rules(())({})
    assert (verdict.in_scope, verdict.gone, verdict.sets) == (True, False, {})


def test_conditions_are_anded_and_rules_ored() -> None:
    admit = compile_rules(
        (
            Rule(when=when(kind="goods", status="on"), then=Then.SYNC, otherwise="services and what is off"),
            Rule(when=when(keep="yes"), then=Then.SYNC),
        )
    )
    assert admit({"kind": "goods", "status": "on"}).in_scope
    assert admit({"keep": "yes"}).in_scope
    verdict = admit({"kind": "goods", "status": "off"})
    assert not verdict.in_scope
    assert verdict.left_out == "services and what is off"


def test_a_reason_is_made_up_where_a_rule_tells_none() -> None:
    verdict = compile_rules((Rule(when=when(status="on"), then=Then.SYNC),))({})
    assert verdict.left_out == "not: if status is on, sync it"


def test_a_removing_rule_does_not_bring_into_scope_nor_keep_out() -> None:
    admit = compile_rules((Rule(when=when(status="void"), then=Then.REMOVE),))
    assert admit({"status": "void"}).gone
    assert admit({"status": "on"}).in_scope
    assert not admit({"status": "on"}).gone


def test_what_a_removing_rule_takes_is_left_out_in_its_words() -> None:
    void = Rule(when=when(status="void"), then=Then.REMOVE, otherwise="void orders")
    assert compile_rules((void,))({"status": "void"}).left_out == "void orders"
    assert compile_rules((void,))({"status": "on"}).left_out == ""
    wanted = Rule(when=when(status="on"), then=Then.SYNC, otherwise="drafts and void orders")
    assert compile_rules((void, wanted))({"status": "void"}).left_out == "drafts and void orders"


def test_setting_rules_add_values_and_later_ones_win() -> None:
    admit = compile_rules(
        (
            Rule(when=when(kind="a"), then=Then.SET, values={"x": 1, "y": 1}),
            Rule(when=when(status="on"), then=Then.SET, values={"x": 2}),
        )
    )
    assert admit({"kind": "a", "status": "on"}).sets == {"x": 2, "y": 1}
    assert admit({"kind": "b"}).sets == {}


def test_the_fields_that_rules_look_at() -> None:
    rules = (Rule(when=when(a="1", b="2"), then=Then.SYNC), Rule(when=when(c="3"), then=Then.REMOVE))
    assert fields_of(rules) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("gone", "linked", "limit"),
    [
        (0, 0, ""),
        (1, 1, ""),  # a single one always may
        (2, 40, ""),  # 5 %
        (2, 39, "the limit is 5%"),
        (10, 200, ""),
        (10, 199, "the limit is 5%"),
        (11, 100_000, "the limit is 10"),
    ],
)
def test_limits(gone: int, linked: int, limit: str) -> None:
    assert too_many_deletions(gone, linked) == limit
