"""Rules that contradict each other, or a mapping: found before they are saved, never settled by their order.

Two rules contradict each other where one record can meet both and they set a field to two values, or add and take off
one label. `disjoint` proves that no record can: it may miss a proof, and never claims one that does not hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import combinations, product
from math import prod
from typing import Any, TypeAlias

from stockbridge.core.flow import Action, Condition, Owner, Pair, Rule, Side
from stockbridge.core.record import Stream
from stockbridge.core.rules import FIELDLESS, GONE, is_number, mentions, never, value_test

_Case: TypeAlias = tuple[Condition, ...]  # tests that all hold together, none with an `either`
_MOST = 256  # cases that are looked at before a proof is given up
_EMPTY: tuple[Any, ...] = (None, "", [])


def contradictions(
    rules: Sequence[Rule], mapped_targets: Collection[str], target: Stream | None = None
) -> list[str]:
    """What is wrong with the actions of the rules of one side, one sentence each.

    `mapped_targets` are the fields that the mapping writes at the other side, whose stream is `target`: with it, the
    entries of a list field count as that field too.
    """
    found = [*_own(rules), *_crossed(rules)]
    for rule in rules:
        for action in rule.actions:
            for name in _same_place(action.field, target):
                if name in mapped_targets:
                    found.append(_mapped(rule, action, name, target))
    return list(dict.fromkeys(found))


def mapped_targets(pairs: Iterable[Pair], side: Side) -> set[str]:
    """The fields of a side that these pairs write, also those that they write only once."""
    names = set()
    for pair in pairs:
        here = pair.a if side == "a" else pair.b
        wanted = pair.way in ("both", f"to {side}")
        if pair.owner is not Owner.BOTH:
            wanted = wanted and (pair.owner is Owner.B) == (side == "a")
        if here is not None and wanted:
            names.add(here)
    return names


def never_holds(rule: Rule) -> bool:
    """Whether the conditions of a rule provably contradict each other."""
    return disjoint(rule, rule)


def disjoint(one: Rule, other: Rule) -> bool:
    """Whether provably no record meets both rules at the same time.

    A record that gets deleted is looked at by the rules with that test alone, and by the others before.
    """
    first, second = mentions(one, GONE), mentions(other, GONE)
    if not _apart(_cases(one, gone=False), _cases(other, gone=False)):
        return False
    return not (first and second) or _apart(_cases(one, gone=True), _cases(other, gone=True))


def _apart(ones: list[_Case] | None, others: list[_Case] | None) -> bool:
    if ones is None or others is None:
        return ones == [] or others == []
    if len(ones) * len(others) > _MOST:
        return False
    return all(_impossible((*one, *other)) for one, other in product(ones, others))


def _cases(rule: Rule, *, gone: bool) -> list[_Case] | None:
    """The ways to meet a rule, of which one must hold; None where there are too many."""
    groups = [list(_options(condition)) for condition in rule.when]
    if prod(len(group) for group in groups) > _MOST:
        return None
    return [case for case in product(*groups) if gone or all(test.test != GONE for test in case)]


def _options(condition: Condition) -> Iterator[Condition]:
    yield condition
    for one in condition.either:
        yield from _options(one)


def _impossible(case: _Case) -> bool:
    """Whether no value of some field passes all its tests."""
    fields: dict[str, list[Condition]] = {}
    for condition in case:
        if condition.test not in FIELDLESS:
            fields.setdefault(condition.field, []).append(condition)
    return any(_no_value(conditions) for conditions in fields.values())


def _no_value(conditions: list[Condition]) -> bool:
    tests = [value_test(one) for one in conditions]
    if never in tests:
        return True
    for one in conditions:
        possible = _possible(one)
        if possible is not None and not any(all(test(value) for test in tests) for value in possible):
            return True
    return any(_clash(one, other) or _clash(other, one) for one, other in combinations(conditions, 2))


def _possible(condition: Condition) -> Sequence[Any] | None:
    """All values that meet a condition, where it names them one by one.

    Of values that are equal without being of one type (5.0 and 5, two moments of different zones) others could pass the
    tests that these fail.
    """
    match condition.test:
        case "is":
            named: tuple[Any, ...] = (condition.value,)
        case "is one of":
            named = tuple(condition.value)
        case "is empty":
            return _EMPTY
        case _:
            return None
    exact = all(isinstance(one, (str, int, Decimal, date, type(None))) for one in named)
    return named if exact and not any(isinstance(one, datetime) for one in named) else None


def _clash(one: Condition, other: Condition) -> bool:
    """Whether no value meets two tests that leave endlessly many values, `one` the first of them by its name."""
    x, y = one.value, other.value
    match one.test, other.test:
        case "is above", "is below":
            return is_number(x) and is_number(y) and bool(y <= x)
        case "is on or after", "is before":
            return _same_days(x, y) and bool(y <= x)
        case "contains", "does not contain":
            return isinstance(x, str) and isinstance(y, str) and y != "" and y.casefold() in x.casefold()
        case "has", "has not":
            return isinstance(x, str) and bool(x == y)
        case _:
            return False


def _same_days(x: Any, y: Any) -> bool:
    """A moment is compared with a day by its day alone: only two of a kind can be put in an order."""
    if isinstance(x, datetime) and isinstance(y, datetime):
        return (x.tzinfo is None) == (y.tzinfo is None)
    return (
        not isinstance(x, datetime)
        and not isinstance(y, datetime)
        and isinstance(x, date)
        and isinstance(y, date)
    )


def _own(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        for one, other in combinations(rule.actions, 2):
            if _differ(one, other):
                yield f"{_called(rule)} {_does(one)} and {_does(other)}: leave one of the two out."


def _crossed(rules: Sequence[Rule]) -> Iterator[str]:
    for one, other in combinations(rules, 2):
        pairs = [(x, y) for x in one.actions for y in other.actions if _differ(x, y)]
        if pairs and not disjoint(one, other):
            for x, y in pairs:
                yield (
                    f"{_called(one)} {_does(x)}, {_called(other)} {_does(y)}, and a contact can meet both: give one of them "
                    "a condition that keeps the contacts of the other out, or leave one of the two actions out."
                )


def _differ(one: Action, other: Action) -> bool:
    if one.field != other.field:
        return False
    if "set" in (one.do, other.do):
        return one.do != other.do or one.value != other.value
    return one.do != other.do and one.value == other.value


def _same_place(field: str, target: Stream | None) -> Iterator[str]:
    """The fields that a write to `field` changes: itself, the list it is an entry of, the entries of that list."""
    yield field
    if target is None:
        return
    found = target.field(field)
    if found is not None and found.within is not None:
        yield found.within
    yield from (one.name for one in target.fields if one.within == field)


def _mapped(rule: Rule, action: Action, name: str, target: Stream | None) -> str:
    found = target.field(action.field) if target is not None else None
    if name == action.field:
        which = f"a mapping writes {name} already"
    elif found is not None and found.within == name:
        which = f"a mapping writes {name} already, of which {action.field} is an entry"
    else:
        which = f"a mapping writes {name} already, which is an entry of {action.field}"
    return f"{_called(rule)} {_does(action)}, but {which}: switch the mapping off, or let the rule act on another field."


def _called(rule: Rule) -> str:
    return f'Rule "{rule.name}"' if rule.name else f"The rule “{rule.words()}”"


def _does(action: Action) -> str:
    match action.do:
        case "add":
            return f"adds “{action.value}” to {action.field}"
        case "remove":
            return f"takes “{action.value}” out of {action.field}"
        case _:
            return f"sets {action.field} to “{action.value}”"
