"""Rules: is a record in scope, is it to be treated as deleted, which values and actions do rules add?

A test never raises: where the value or what it is compared with is of another type, it does not hold. Texts are compared
exactly by "is" (e-mail addresses too) and by "has"; "contains" takes capitals and small letters for the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

import msgspec

from stockbridge.core.flow import Action, Condition, Rule, Then
from stockbridge.core.record import Value, Values, value_of

THERE = "is already there"
GONE = "gets deleted"
FIELDLESS = (THERE, GONE)
"""The tests that look at no field."""

_EMPTY: tuple[Value, ...] = (None, "", [])
_Meets: TypeAlias = Callable[[Values, bool, bool], bool]  # (values, there, gone) -> whether it holds


class Verdict(msgspec.Struct, frozen=True):
    """What the rules say of one record. `left_out` is the reason in words where it is not in scope, or gone.

    `actions` are those of all rules it meets, in their order, each key once. `may_create` is false where the record is in
    scope only by rules for what is already at the other side: it may be matched and kept in sync, and never made there;
    `left_out` then says why.
    """

    in_scope: bool
    gone: bool
    sets: dict[str, Value]
    left_out: str = ""
    actions: tuple[Action, ...] = ()
    may_create: bool = True


class Admit(Protocol):
    """The rules of a side as one function. `there` tells that the record has a partner at the other side."""

    def __call__(self, values: Values, *, there: bool = False) -> Verdict: ...


def holds(condition: Condition, values: Values, *, there: bool = False, gone: bool = False) -> bool:
    """Whether one condition holds, by itself or by one of its `either`.

    An empty or unknown value meets only "is not", "is none of", "does not contain", "has not" and "is empty".
    """
    return _group(condition)(values, there, gone)


def mentions(rule: Rule, test: str) -> bool:
    """Whether a condition of the rule makes this test."""
    return any(one.test == test for one in _atoms(rule.when))


def fields_of(rules: tuple[Rule, ...]) -> set[str]:
    """The fields that any of the rules looks at."""
    return {one.field for rule in rules for one in _atoms(rule.when) if one.test not in FIELDLESS}


def _atoms(conditions: Iterable[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        yield condition
        yield from _atoms(condition.either)


def never(_: Value) -> bool:
    """The test that no value meets."""
    return False


def value_test(condition: Condition) -> Callable[[Value], bool]:
    """A condition without its `either` as one function of the field's value."""
    wanted = condition.value
    match condition.test:
        case "is":
            return _is(wanted)
        case "is not":
            if isinstance(wanted, str):
                return lambda value: bool(value != wanted)
            same = _is(wanted)
            return lambda value: not same(value)
        case "is one of" | "is none of":
            if not isinstance(wanted, (tuple, list)):
                return never
            within = _one_of(tuple(wanted))
            return within if condition.test == "is one of" else lambda value: not within(value)
        case "is filled":
            return lambda value: value not in _EMPTY
        case "is empty":
            return lambda value: value in _EMPTY
        case "is on or after" | "is before":
            return _by_day(wanted, after=condition.test == "is on or after")
        case "is above" | "is below":
            return _by_amount(wanted, above=condition.test == "is above")
        case "contains" | "does not contain":
            return _by_part(wanted, inside=condition.test == "contains")
        case "has" | "has not":
            return _by_label(wanted, there=condition.test == "has")
        case _:
            return never


def _is(wanted: Any) -> Callable[[Value], bool]:
    if isinstance(wanted, bool):  # Python takes 1 for True
        return lambda value: value is wanted
    if isinstance(wanted, (int, float, Decimal)):
        return lambda value: not isinstance(value, bool) and bool(value == wanted)
    return lambda value: bool(value == wanted)


def _one_of(wanted: tuple[Any, ...]) -> Callable[[Value], bool]:
    if all(isinstance(one, str) for one in wanted):
        return lambda value: value in wanted
    tests = [_is(one) for one in wanted]
    return lambda value: any(test(value) for test in tests)


def is_number(value: Any) -> bool:
    """Whether it can be above or below something."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, Decimal) and value.is_finite()
    )


def _by_amount(wanted: Any, *, above: bool) -> Callable[[Value], bool]:
    if not is_number(wanted):
        return never
    if above:
        return lambda value: is_number(value) and bool(value > wanted)
    return lambda value: is_number(value) and bool(value < wanted)


def _by_day(wanted: Any, *, after: bool) -> Callable[[Value], bool]:
    """A moment is compared with a day by its day in UTC; with a moment, to the second."""
    if isinstance(wanted, datetime):
        aware = wanted.tzinfo is not None

        def by_moment(value: Value) -> bool:
            if not isinstance(value, datetime) or (value.tzinfo is not None) is not aware:
                return False
            return (value >= wanted) is after

        return by_moment
    if not isinstance(wanted, date):
        return never

    def by_day(value: Value) -> bool:
        day = value.date() if isinstance(value, datetime) else value
        return isinstance(day, date) and (day >= wanted) is after

    return by_day


def _by_part(wanted: Any, *, inside: bool) -> Callable[[Value], bool]:
    """Of a list of texts: whether any of them contains it."""
    if not isinstance(wanted, str) or not wanted:
        return never
    part = wanted.casefold()

    def test(value: Value) -> bool:
        if isinstance(value, str):
            return (part in value.casefold()) is inside
        if isinstance(value, (list, tuple)):
            return any(isinstance(one, str) and part in one.casefold() for one in value) is inside
        return value is None and not inside

    return test


def _by_label(wanted: Any, *, there: bool) -> Callable[[Value], bool]:
    if not isinstance(wanted, str):
        return never

    def test(value: Value) -> bool:
        if isinstance(value, (list, tuple)):
            return (wanted in value) is there
        return value is None and not there

    return test


def _group(condition: Condition) -> _Meets:
    """A condition with its `either` as one function of a record."""
    own: _Meets
    if condition.test == THERE:
        own = lambda values, there, gone: there  # noqa: E731 one line each, side by side
    elif condition.test == GONE:
        own = lambda values, there, gone: gone  # noqa: E731
    else:
        field, test = condition.field, value_test(condition)
        own = lambda values, there, gone: test(value_of(values, field))  # noqa: E731
    if not condition.either:
        return own
    groups = (own, *(_group(one) for one in condition.either))
    return lambda values, there, gone: any(group(values, there, gone) for group in groups)


def _meets(rule: Rule) -> _Meets:
    """A rule as one function of a record, its tests made once: rules meet every record."""
    plain = [
        (one.field, value_test(one)) for one in rule.when if not one.either and one.test not in FIELDLESS
    ]
    groups = [_group(one) for one in rule.when if one.either or one.test in FIELDLESS]

    def meets(values: Values, there: bool, gone: bool) -> bool:
        for field, test in plain:
            if not test(value_of(values, field)):
                return False
        for group in groups:  # noqa: SIM110 a generator costs more than the tests
            if not group(values, there, gone):
                return False
        return True

    return meets


def _actions(
    acting: list[tuple[Rule, _Meets]], values: Values, there: bool, gone: bool
) -> tuple[Action, ...]:
    found: dict[str, Action] = {}
    for rule, meets in acting:
        if meets(values, there, gone):
            for action in rule.actions:
                # Of two rules that say the same the one that does not take it back decides: it is to stay.
                if action.key not in found or not action.undo:
                    found[action.key] = action
    return tuple(found.values())


def compile_gone(rules: tuple[Rule, ...]) -> Callable[[Values], tuple[Action, ...]]:
    """`gone_actions(values)`: what rules do to the partner of a record that was deleted, by the values it had last.

    Only rules with the test "gets deleted" say anything about it.
    """
    acting = [(rule, _meets(rule)) for rule in rules if rule.actions and mentions(rule, GONE)]
    if not acting:
        return lambda values: ()
    return lambda values: _actions(acting, values, True, True)


def compile_rules(rules: tuple[Rule, ...]) -> Admit:
    """One function for all rules of a side. Rules with the test "gets deleted" and ACT rules admit nothing."""
    if not rules:
        everything = Verdict(True, False, {})
        return lambda values, *, there=False: everything

    ready = [(rule, _meets(rule)) for rule in rules]
    admitting = [
        (rule, meets) for rule, meets in ready if rule.then is Then.SYNC and not mentions(rule, GONE)
    ]
    removing = [(rule, meets) for rule, meets in ready if rule.then is Then.REMOVE]
    setting = [(rule, meets) for rule, meets in ready if rule.then is Then.SET]
    acting = [(rule, meets) for rule, meets in ready if rule.actions and rule.then in (Then.SYNC, Then.ACT)]
    by_there = any(mentions(rule, THERE) for rule, _ in admitting)
    first = [(one, _group(one)) for one in admitting[0][0].when] if admitting else []

    def admit(values: Values, *, there: bool = False) -> Verdict:
        taken = next((rule for rule, meets in removing if meets(values, there, False)), None)
        # Whether it is there decides later, about making it: to be matched it must be in scope before.
        in_scope = not admitting
        for _, meets in admitting:
            if meets(values, True, False):
                in_scope = True
                break
        sets: dict[str, Value] = {}
        for rule, meets in setting:
            if meets(values, there, False):
                sets.update(rule.values)
        left_out = taken.otherwise if taken is not None else ""
        if not in_scope:
            failing = next(one for one, group in first if not group(values, True, False))
            rule = admitting[0][0]
            left_out = failing.otherwise or rule.otherwise or f"not: {rule.words()}"
        may_create = True
        if by_there and in_scope and not any(meets(values, False, False) for _, meets in admitting):
            may_create = False
            left_out = left_out or _not_there(rule for rule, meets in admitting if meets(values, True, False))
        actions = _actions(acting, values, there, False) if acting else ()
        return Verdict(in_scope, taken is not None, sets, left_out, actions, may_create)

    return admit


def _not_there(rules: Iterator[Rule]) -> str:
    atoms = (one for rule in rules for one in _atoms(rule.when) if one.test == THERE)
    return next((one.otherwise for one in atoms if one.otherwise), "what is not at the other side yet")
