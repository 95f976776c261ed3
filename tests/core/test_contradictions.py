"""Rules that contradict each other or a mapping; and `disjoint`, which never claims what does not hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockbridge.core.contradictions import contradictions, disjoint, mapped_targets, never_holds
from stockbridge.core.flow import Action, Condition, Owner, Pair, Rule, Then
from stockbridge.core.record import Field, Kind, Stream
from stockbridge.core.rules import compile_gone, compile_rules, holds


def c(field: str, test: Any, value: Any = None, *either: Condition) -> Condition:
    return Condition(field=field, test=test, value=value, either=either)


GONE, THERE = c("", "gets deleted"), c("", "is already there")


def rule(*when: Condition, name: str = "", actions: tuple[Action, ...] = ()) -> Rule:
    return Rule(when=when, then=Then.SYNC, name=name, actions=actions)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (c("f", "is", "a"), c("f", "is", "b")),
        (c("f", "is", "a"), c("f", "is not", "a")),
        (c("f", "is", "active"), c("f", "is", "inactive")),
        (c("f", "is", "a"), c("f", "is one of", ("b", "c"))),
        (c("f", "is one of", ("a", "b")), c("f", "is one of", ("c", "d"))),
        (c("f", "is one of", ("a", "b")), c("f", "is none of", ("a", "b", "c"))),
        (c("f", "is", "a"), c("f", "is none of", ("a",))),
        (c("f", "is", "a"), c("f", "is empty")),
        (c("f", "is filled"), c("f", "is empty")),
        (c("f", "is", True), c("f", "is", False)),
        (c("f", "is", True), c("f", "is not", True)),
        (c("f", "is above", Decimal(5)), c("f", "is below", Decimal(5))),
        (c("f", "is above", Decimal(7)), c("f", "is below", Decimal(5))),
        (c("f", "is above", Decimal(5)), c("f", "is", Decimal(5))),
        (c("f", "is below", Decimal(5)), c("f", "is one of", (Decimal(5), Decimal(6)))),
        (c("f", "is above", Decimal(0)), c("f", "is empty")),
        (c("f", "is on or after", date(2026, 1, 1)), c("f", "is before", date(2026, 1, 1))),
        (c("f", "is before", date(2026, 1, 1)), c("f", "is", date(2026, 1, 1))),
        (c("f", "has", "x"), c("f", "has not", "x")),
        (c("f", "has", "x"), c("f", "is empty")),
        (c("f", "contains", "Gent"), c("f", "does not contain", "gen")),
        (c("f", "contains", "gent"), c("f", "is", "Lier")),
        (c("f", "is", "a", c("f", "is", "b")), c("f", "is", "c", c("f", "is empty"))),
        (c("f", "is one of", ()), c("g", "is", "x")),
    ],
)
def test_rules_that_no_record_can_meet_both(one: Condition, other: Condition) -> None:
    assert disjoint(rule(one), rule(other))
    assert disjoint(rule(other), rule(one))
    assert disjoint(rule(c("g", "is filled"), one), rule(other, THERE))
    assert never_holds(rule(one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (c("f", "is", "a"), c("g", "is", "b")),
        (c("f", "is", "a"), c("f", "is", "a")),
        (c("f", "is not", "a"), c("f", "is not", "b")),
        (c("f", "is not", "a"), c("f", "is empty")),  # nothing is not a
        (c("f", "has not", "a"), c("f", "is empty")),
        (c("f", "is one of", ("a", "b")), c("f", "is one of", ("b", "c"))),
        (c("f", "is above", Decimal(5)), c("f", "is below", Decimal("5.01"))),
        (c("f", "is on or after", date(2026, 1, 1)), c("f", "is before", date(2026, 1, 2))),
        (c("f", "has", "x"), c("f", "has not", "X")),
        (c("f", "has", "x"), c("f", "has", "y")),
        (c("f", "contains", "gen"), c("f", "does not contain", "Gent")),
        (c("f", "is", "a", c("g", "is", "x")), c("f", "is", "b")),
        (THERE, c("f", "is", "a")),
    ],
)
def test_rules_that_one_record_may_meet_both(one: Condition, other: Condition) -> None:
    assert not disjoint(rule(one), rule(other))
    assert not never_holds(rule(one, other))


def test_what_gets_deleted_meets_no_other_rule_at_that_time() -> None:
    assert disjoint(rule(GONE, c("f", "is", "a")), rule(c("f", "is", "a")))
    assert not disjoint(rule(GONE, c("f", "is", "a")), rule(GONE, c("g", "is", "a")))
    assert disjoint(rule(GONE, c("f", "is", "a")), rule(GONE, c("f", "is", "b")))
    assert not disjoint(rule(c("", "gets deleted", None, c("f", "is", "a"))), rule(c("g", "is", "a")))
    assert not never_holds(rule(GONE))


def test_a_proof_is_given_up_where_there_are_too_many_cases() -> None:
    groups = tuple(c(f"f{n}", "is", "a", c(f"f{n}", "is", "b"), c(f"f{n}", "is", "d")) for n in range(9))
    assert not disjoint(rule(*groups, c("g", "is", "a")), rule(c("g", "is", "b")))


VALUES: dict[str, list[Any]] = {
    "text": [None, "", "a", "A", "b", "ab", "ba"],
    "number": [None, 0, 1, Decimal(1), Decimal("1.5"), Decimal(2), True],
    "flag": [None, True, False],
    "day": [None, date(2026, 1, 1), date(2026, 1, 2), datetime(2026, 1, 1, 12, tzinfo=UTC)],
    "list": [None, [], ["a"], ["a", "b"], ["A", "ab"]],
}
TESTS = [
    "is",
    "is not",
    "is one of",
    "is none of",
    "is filled",
    "is empty",
    "is on or after",
    "is before",
    "is above",
    "is below",
    "contains",
    "does not contain",
    "has",
    "has not",
]
OTHERS: list[Any] = [1.0, "1", "a", "b", datetime(2026, 1, 1, 18, tzinfo=UTC)]
ATOMS = {
    field: [
        c(field, test, value)
        for test in TESTS
        for value in (
            [None]
            if test in ("is filled", "is empty")
            else [(), *((one,) for one in values), *combinations(values, 2)]
            if test in ("is one of", "is none of")
            else [*(one for one in values if one is not None), *OTHERS]
        )
    ]
    for field, values in VALUES.items()
}
"""Every test of every field with every value that means something to it, and some that do not."""


def atoms() -> st.SearchStrategy[Condition]:
    def of(field: str) -> st.SearchStrategy[Condition]:
        return st.sampled_from(ATOMS[field])

    return st.one_of(st.sampled_from(list(VALUES)).flatmap(of), st.sampled_from([GONE, THERE]))


def conditions() -> st.SearchStrategy[Condition]:
    return st.builds(
        lambda one, either: Condition(field=one.field, test=one.test, value=one.value, either=tuple(either)),
        atoms(),
        st.one_of(st.just([]), st.lists(atoms(), max_size=2)),
    )


def acting(number: int) -> st.SearchStrategy[Rule]:
    action = Action(field="f", value=str(number))
    return st.builds(
        lambda when: Rule(when=tuple(when), then=Then.ACT, actions=(action,)),
        st.lists(conditions(), max_size=3),
    )


RECORDS = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})


@settings(max_examples=150, deadline=None)
@given(one=acting(1), other=acting(2), records=st.lists(RECORDS, min_size=1, max_size=6), there=st.booleans())
def test_what_is_called_disjoint_is_met_by_no_record(
    one: Rule, other: Rule, records: list[dict[str, Any]], there: bool
) -> None:
    if not disjoint(one, other):
        return
    for values in records:
        assert len(compile_rules((one, other))(values, there=there).actions) < 2
        assert len(compile_gone((one, other))(values)) < 2


@pytest.mark.parametrize("field", list(VALUES))
def test_two_tests_that_one_value_passes_are_never_called_disjoint(field: str) -> None:
    values = [*VALUES[field], *OTHERS, 1, "bab", Decimal("1.2"), datetime(2026, 1, 1, 15, tzinfo=UTC)]
    passed = [{n for n, value in enumerate(values) if holds(one, {field: value})} for one in ATOMS[field]]
    rules = [rule(one) for one in ATOMS[field]]
    for (one, by_one), (other, by_other) in product(zip(rules, passed, strict=True), repeat=2):
        if by_one & by_other:
            assert not disjoint(one, other), (one, other)


# --- contradictions -------------------------------------------------------------------------------------------------

BUSINESS, PRIVATE = c("kind", "is", "business"), c("kind", "is", "individual")


def sets(value: Any, field: str = "job_title") -> Action:
    return Action(field=field, value=value)


def label(do: Any, value: str = "Customers") -> Action:
    return Action(field="labels", do=do, value=value)


def test_two_rules_that_set_a_field_to_two_values() -> None:
    one = rule(BUSINESS, name="One", actions=(sets("Buyer"),))
    (told,) = contradictions([one, rule(name="Two", actions=(sets("Boss"),))], ())
    assert told == (
        'Rule "One" sets job_title to “Buyer”, Rule "Two" sets job_title to “Boss”, and a contact can meet both: give one '
        "of them a condition that keeps the contacts of the other out, or leave one of the two actions out."
    )
    assert contradictions([one, rule(PRIVATE, name="Two", actions=(sets("Boss"),))], ()) == []
    assert contradictions([one, rule(name="Two", actions=(sets("Buyer"), sets("Boss", "notes")))], ()) == []


def test_two_rules_that_add_and_take_off_one_label() -> None:
    one = rule(BUSINESS, name="One", actions=(label("add"),))
    (told,) = contradictions([one, rule(name="Two", actions=(label("remove"),))], ())
    assert 'Rule "One" adds “Customers” to labels, Rule "Two" takes “Customers” out of labels' in told
    assert contradictions([one, rule(PRIVATE, name="Two", actions=(label("remove"),))], ()) == []
    assert (
        contradictions([one, rule(name="Two", actions=(label("remove", "Others"), label("add")))], ()) == []
    )


def test_what_is_done_to_the_partner_of_what_gets_deleted_contradicts_nothing() -> None:
    kept = rule(name="One", actions=(label("add"),))
    assert contradictions([kept, rule(GONE, name="Two", actions=(label("remove"),))], ()) == []


def test_one_rule_that_contradicts_itself() -> None:
    (told,) = contradictions([rule(name="One", actions=(sets("a"), sets("b")))], ())
    assert told == 'Rule "One" sets job_title to “a” and sets job_title to “b”: leave one of the two out.'
    (told,) = contradictions([rule(name="One", actions=(label("add"), label("remove")))], ())
    assert "leave one of the two out" in told


TARGET = Stream(
    name="contacts",
    noun="contact",
    fields=(
        Field(name="job_title", kind=Kind.TEXT),
        Field(name="phones", kind=Kind.PHONE, many=True),
        Field(name="phone_work", kind=Kind.PHONE, within="phones"),
        Field(name="phone_home", kind=Kind.PHONE, within="phones"),
        Field(name="labels", kind=Kind.LABELS, role="labels"),
    ),
)


@pytest.mark.parametrize(
    ("action", "mapped", "words"),
    [
        (sets("x"), "job_title", "a mapping writes job_title already: switch the mapping off"),
        (label("add"), "labels", "a mapping writes labels already"),
        (sets("1", "phone_work"), "phones", "writes phones already, of which phone_work is an entry"),
        (sets("1", "phones"), "phone_work", "writes phone_work already, which is an entry of phones"),
    ],
)
def test_an_action_on_what_a_mapping_writes(action: Action, mapped: str, words: str) -> None:
    (told,) = contradictions([rule(name="One", actions=(action,))], {mapped}, TARGET)
    assert told.startswith('Rule "One" ')
    assert words in told


def test_two_entries_of_one_list_do_not_meet() -> None:
    assert (
        contradictions([rule(name="One", actions=(sets("1", "phone_work"),))], {"phone_home"}, TARGET) == []
    )


def test_the_fields_that_pairs_write() -> None:
    pairs = (
        Pair(a="a1", b="b1"),
        Pair(a="a2", b="b2", owner=Owner.BOTH),
        Pair(a="a3", b="b3", owner=Owner.BOTH, way="to a"),
        Pair(a="a4", b="b4", owner=Owner.BOTH, way="to b"),
        Pair(a="a5", constant="x", owner=Owner.B, once=True),
    )
    assert mapped_targets(pairs, "a") == {"a2", "a3", "a5"}
    assert mapped_targets(pairs, "b") == {"b1", "b2", "b4"}
