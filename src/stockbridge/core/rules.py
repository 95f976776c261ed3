"""Rules: is a record in scope, is it to be treated as deleted, and which values do rules add?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from stockbridge.core.flow import Condition, Rule, Then
from stockbridge.core.record import Value, Values, value_of


class Verdict(msgspec.Struct, frozen=True):
    """What the rules say of one record. `left_out` is the reason in words where it is not in scope, or gone."""

    in_scope: bool
    gone: bool
    sets: dict[str, Value]
    left_out: str = ""


def holds(condition: Condition, values: Values) -> bool:
    """Whether one condition holds. An empty or unknown value meets only "is not" and "is none of"."""
    return _test(condition)(value_of(values, condition.field))


def _test(condition: Condition) -> Callable[[Value], bool]:
    """A condition as one function of the field's value."""
    wanted = condition.value
    match condition.test:
        case "is":
            return lambda value: bool(value == wanted)
        case "is not":
            return lambda value: bool(value != wanted)
        case "is one of":
            return lambda value: value in wanted
        case "is none of":
            return lambda value: value not in wanted
        case "is filled":
            return lambda value: value not in (None, "", [])
        case "is empty":
            return lambda value: value in (None, "", [])
        case "is on or after":

            def on_or_after(value: Value) -> bool:
                day = value.date() if isinstance(value, datetime) else value
                return value is not None and bool(day >= wanted)

            return on_or_after
        case _:
            raise NotImplementedError(condition.test)


def fields_of(rules: tuple[Rule, ...]) -> set[str]:
    """The fields that any of the rules looks at."""
    return {condition.field for rule in rules for condition in rule.when}


def compile_rules(rules: tuple[Rule, ...]) -> Callable[[Values], Verdict]:
    """One function for all rules of a side."""
    admitting = [rule for rule in rules if rule.then is Then.SYNC]
    removing = [rule for rule in rules if rule.then is Then.REMOVE]
    setting = [rule for rule in rules if rule.then is Then.SET]
    if not rules:
        everything = Verdict(True, False, {})
        return lambda values: everything

    # Each rule as (field, test of its value), made once: rules meet every record.
    tests = {id(rule): [(one.field, _test(one)) for one in rule.when] for rule in rules}

    def meets(rule: Rule, values: Values) -> bool:
        for field, test in tests[id(rule)]:  # noqa: SIM110 a generator costs more than the tests
            if not test(value_of(values, field)):
                return False
        return True

    def admit(values: Values) -> Verdict:
        taken = next((rule for rule in removing if meets(rule, values)), None)
        in_scope = not admitting or any(meets(rule, values) for rule in admitting)
        sets: dict[str, Value] = {}
        for rule in setting:
            if meets(rule, values):
                sets.update(rule.values)
        left_out = taken.otherwise if taken is not None else ""
        if not in_scope:
            first = admitting[0]
            failing = next(one for one in first.when if not holds(one, values))
            left_out = failing.otherwise or first.otherwise or f"not: {first.words()}"
        return Verdict(in_scope, taken is not None, sets, left_out)

    return admit
