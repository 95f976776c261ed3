"""The rules of a contact sync, as its file writes them:

[[rules]]
name = "Business customers"
in = "zoho"                # whose contacts it looks at
if = [{ field = "customer_sub_type", is = "business" }, { any = [{ field = "phone", is_filled = true }, …] }]
then = [{ add_label = "Customers", undo = true }, { set = "job_title", to = "Buyer" }]

All conditions must hold, of those in `any` one. Without `if` it takes every contact; without `then` it only keeps them in
sync. What it does, it does to the partner at the other system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from stockbridge.core.contradictions import never_holds
from stockbridge.core.flow import Action, Condition, Rule, Then, Way
from stockbridge.core.record import Stream
from stockbridge.core.rules import FIELDLESS, GONE
from stockbridge.core.sentences import kept_out
from stockbridge.wiring.rule_parts import FULL, SYSTEMS, Place, Side, actions, conditions, shown, unknown
from stockbridge.wiring.rule_values import WITHOUT_VALUE, spelled

SIDES = ("zoho", "google")
"""What a rule calls the systems of side a and side b."""

_RULE = ("name", "in", "if", "then")


def parse_contact_rules(
    data: Sequence[Any],
    a: Stream,
    b: Stream,
    problems: list[str],
    warnings: list[str] | None = None,
    *,
    way: Way = "both",
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules of side a and of side b, in their order. Every mistake is added to `problems` as a sentence, and what is
    allowed but of no use to `warnings`. `way` is the direction of the sync.

    A rule for what gets deleted only acts; any other one brings its contacts into scope (`Then.SYNC`).
    """
    parsed: list[tuple[str, Rule]] = []
    sides = (Side("zoho", a, b, "google"), Side("google", b, a, "zoho"))
    taken: set[str] = set()
    for number, raw in enumerate(data, 1):
        place = Place(_called(raw, number), problems)
        if not isinstance(raw, Mapping):
            place.wrong("it is no table; write [[rules]] with name, in, if and then.")
            continue
        name = _name(raw, number, taken, place)
        unknown(raw, _RULE, "a part of a rule", place)
        side = _side(raw, sides, place)
        if side is None:
            continue
        rule = _rule(name, raw, side, place)
        if rule is not None:
            parsed.append((side.key, rule))
    told_a, told_b = (_told([rule for key, rule in parsed if key == side.key], side) for side in sides)
    told = (told_a, told_b)
    if warnings is not None:
        warnings.extend([*_idle(told, way), *_idle_undo(told)])
    if len(parsed) == len(data):  # what is wrong with a rule is told first
        problems.extend(_nothing_left(told, way))
    return told


def plain_rules(rules_a: Iterable[Rule], rules_b: Iterable[Rule]) -> list[dict[str, Any]]:
    """The rules as the file writes them, from what `parse_contact_rules` made of it."""
    out: list[dict[str, Any]] = []
    for key, rules in zip(SIDES, (rules_a, rules_b), strict=True):
        for rule in rules:
            plain: dict[str, Any] = {"name": rule.name, "in": key}
            if rule.when:
                plain["if"] = [_plain_condition(one) for one in rule.when]
            if rule.actions:
                plain["then"] = [_plain_action(one) for one in rule.actions]
            out.append(plain)
    return out


def _called(raw: Any, number: int) -> str:
    name = raw.get("name") if isinstance(raw, Mapping) else None
    return f'Rule "{name.strip()}"' if isinstance(name, str) and name.strip() else f"Rule {number}"


def _name(raw: Mapping[str, Any], number: int, taken: set[str], place: Place) -> str:
    name = raw.get("name")
    if not isinstance(name, str) or not name.strip():
        place.wrong('it has no name; give it one, such as name = "Business customers".')
        return f"Rule {number}"
    if name.strip().casefold() in taken:
        place.wrong("another rule has that name already; each needs a name of its own.")
    taken.add(name.strip().casefold())
    return name.strip()


def _side(raw: Mapping[str, Any], sides: tuple[Side, Side], place: Place) -> Side | None:
    wanted = raw.get("in")
    text = wanted.strip().casefold() if isinstance(wanted, str) else ""
    for side in sides:
        if text == side.key:
            return side
    if wanted is None:
        place.wrong('it does not say whose contacts it looks at; add in = "zoho" or in = "google".')
    else:
        place.wrong(f'in is {shown(wanted)}, but must be "zoho" or "google".')
    return None


def _rule(name: str, raw: Mapping[str, Any], side: Side, place: Place) -> Rule | None:
    before = len(place.problems)
    when = conditions(raw, side, place)
    gone = any(one.test == GONE for one in when)
    doing = actions(raw, side, gone, place)
    if gone and not raw.get("then"):
        place.wrong('it looks at what gets deleted and does nothing; add a "then".')
    if gone and not side.here.detects_deletions:
        place.wrong(f"nothing tells that a contact of {FULL[side.key]} is deleted; leave gets_deleted out.")
    if len(place.problems) > before:
        return None
    rule = Rule(when=when, then=Then.ACT if gone else Then.SYNC, actions=doing, name=name)
    if never_holds(rule):
        place.wrong("no contact can meet all its conditions at once.")
        return None
    return rule


def _told(rules: Sequence[Rule], side: Side) -> tuple[Rule, ...]:
    """The rules with what each keeps out, in words: of several that bring contacts in, none by itself keeps them out."""
    syncing = sum(rule.then is Then.SYNC for rule in rules)
    words = f"contacts of {SYSTEMS[side.key]} that meet none of the {syncing} rules for them"
    return tuple(
        rule
        if rule.then is not Then.SYNC
        else msgspec.structs.replace(rule, otherwise=words)
        if syncing > 1
        else msgspec.structs.replace(rule, when=tuple(_with_words(one, side) for one in rule.when))
        for rule in rules
    )


def _with_words(condition: Condition, side: Side) -> Condition:
    words = kept_out(condition, side.here, SYSTEMS[side.other])
    return msgspec.structs.replace(condition, otherwise=words)


def _idle(told: tuple[tuple[Rule, ...], tuple[Rule, ...]], way: Way) -> list[str]:
    """The rules on the side that a one-way sync only writes to."""
    if way == "both":
        return []
    there = SYSTEMS[SIDES[way == "to b"]]
    return [
        f'Rule "{rule.name}" has no effect: it looks at contacts of {there}, and the sync goes to {there} only.'
        for rule in told[way == "to b"]
    ]


def _nothing_left(told: tuple[tuple[Rule, ...], tuple[Rule, ...]], way: Way) -> list[str]:
    wrong, right = told[way == "to b"], told[way != "to b"]
    if way == "both" or not any(one.then is Then.SYNC for one in wrong):
        return []
    if any(one.then is Then.SYNC for one in right):
        return []
    there, here = SIDES[way == "to b"], SIDES[way != "to b"]
    return [
        f"All rules look at contacts of {SYSTEMS[there]}, and the sync goes to {SYSTEMS[there]} only, so that nothing would "
        f'be synced; write a rule with in = "{here}", or let the sync go both ways.'
    ]


def _idle_undo(told: tuple[tuple[Rule, ...], tuple[Rule, ...]]) -> list[str]:
    return [
        f'Rule "{rule.name}" takes every contact, so that its undo never comes about.'
        for rules in told
        for rule in rules
        if not rule.when and any(action.undo for action in rule.actions)
    ]


def _plain_condition(condition: Condition) -> dict[str, Any]:
    if condition.either:
        own = msgspec.structs.replace(condition, either=())
        return {"any": [_plain_condition(one) for one in (own, *condition.either)]}
    key = spelled(condition.test)
    if condition.test in FIELDLESS:
        return {key: True}
    value = True if condition.test in WITHOUT_VALUE else _plain(condition.value)
    return {"field": condition.field, key: value}


def _plain_action(action: Action) -> dict[str, Any]:
    if action.do == "set":
        plain: dict[str, Any] = {"set": action.field, "to": _plain(action.value)}
    else:
        plain = {f"{action.do}_label": action.value, "field": action.field}
    return {**plain, "undo": True} if action.undo else plain


def _plain(value: Any) -> Any:
    """As the file holds it: an amount as a number where that is exact, a day as a text."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(str(float(value))) == value else str(value)
    return value.isoformat() if isinstance(value, date) else value
