"""What must be true of two linked contacts once all is calm, worked out from what people did and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from machine.contacts_flow import FIELDS, GRADES, Setting
from stockbridge.core import normal
from stockbridge.core.flow import Side
from stockbridge.core.merge import Typed
from stockbridge.core.record import Kind, Values

BACK = {theirs: ours for ours, theirs in GRADES.items()}
KINDS = {"email": Kind.EMAIL, "phone": Kind.PHONE}
ASKED = "asked"  # both keep their own, and a person is asked


@dataclass
class Card:
    """One record as people left it: its values, and the fields they typed into since those were last settled."""

    values: Values
    typed: set[str] = field(default_factory=set)  # by a field
    modified: Any = None


def canon(side: Side, name: str, values: Mapping[str, Any]) -> Any:
    """The value of a pair in the words of side a; None where there is none."""
    value = values.get(name if side == "a" else FIELDS[name])
    if name in KINDS:
        if isinstance(value, list):
            value = value[0] if value else None
        return normal.match_keys(KINDS[name], value, region="NL")[0] if value else None
    if name == "tags":
        return frozenset(value or ())
    if name == "tier" and side == "b" and value is not None:
        return BACK.get(value, f"?{value}")
    return value or None


def left_over(name: str, people: Values, now: tuple[Any, Any]) -> bool:
    """Side a has none any more, and what is first in the list of side b now stood further behind there before."""
    further = (people.get(FIELDS[name]) or [])[1:]
    return now[0] is None and any(canon("b", name, {FIELDS[name]: [one]}) == now[1] for one in further)


def blank(value: Any) -> bool:
    return value is None or value == frozenset()


def expected(
    setting: Setting, name: str, a: Card, b: Card, base: tuple[Any, Any] | None, answer: Any
) -> tuple[Any, Any]:
    """What the two sides are to hold of a field, or (ASKED, ASKED). `base` is what they held when they last agreed."""
    at_a, at_b = canon("a", name, a.values), canon("b", name, b.values)
    changed_a = base is None or at_a != base[0]
    changed_b = base is None or at_b != base[1]
    way = "to b" if name == "nick" else setting.direction
    if name == "nick" and not setting.to_b:
        return at_a, at_b
    if way == "to b":
        keeps = not changed_a or (base is None and blank(at_a))
        return (at_a, at_b) if keeps else (at_a, at_a)
    if way == "to a":
        keeps = not changed_b or (base is None and blank(at_b))
        return (at_a, at_b) if keeps else (at_b, at_b)
    if not changed_a and not changed_b:
        return at_a, at_b
    if at_a == at_b:
        return at_a, at_b
    if not changed_b:
        return at_a, at_a
    if not changed_a:
        return at_b, at_b
    return _both_changed(setting, name, a, b, base, answer)


def _both_changed(
    setting: Setting, name: str, a: Card, b: Card, base: tuple[Any, Any] | None, answer: Any
) -> tuple[Any, Any]:
    at_a, at_b = canon("a", name, a.values), canon("b", name, b.values)
    if blank(at_a):
        return at_b, at_b
    if blank(at_b):
        return at_a, at_a
    if name == "tags":
        old = base[0] if base is not None else frozenset()
        both = (at_a & at_b) | (at_a - old) | (at_b - old)
        return both, both
    winner = setting.winner
    if name == "last" and setting.family:
        winner = setting.family
    if name == "company":
        winner = "a" if a.modified > b.modified else "b"
    if name == "notes":
        if answer is None:
            return ASKED, ASKED
        if isinstance(answer, Typed):
            return answer.value, answer.value
        winner = answer
    if name == "remark":
        first, second = (at_a, at_b) if setting.winner == "a" else (at_b, at_a)
        whole = first if second in first else second if first in second else f"{first}\n{second}"
        return whole, whole
    value = at_a if winner == "a" else at_b
    return value, value


def possible(
    setting: Setting,
    name: str,
    a: Card,
    b: Card,
    base: tuple[Any, Any] | None,
    now: tuple[Any, Any],
    answer: Any,
) -> bool:
    """Whether the two values may be what came of it where runs were cut short meanwhile, or people typed during one."""
    at_a, at_b = canon("a", name, a.values), canon("b", name, b.values)
    way = "to b" if name == "nick" else setting.direction
    typed_a, typed_b = name in a.typed or base is None, name in b.typed or base is None
    if way != "both":
        source, mine = (at_a, typed_a) if way == "to b" else (at_b, typed_b)
        kept, shown = (now[0], now[1]) if way == "to b" else (now[1], now[0])
        theirs = at_b if way == "to b" else at_a
        if kept != source:
            return False
        return shown in (source, theirs) if mine else shown == theirs
    if not typed_a and not typed_b:
        return now == (at_a, at_b)  # which may differ, where a list went on with its next entry
    if now[0] != now[1]:
        return False  # what is asked is looked at before
    if typed_a and typed_b:
        if name == "remark":
            return any(word in (now[0] or "") for word in (at_a, at_b) if word) or (
                blank(now[0]) and (blank(at_a) or blank(at_b))
            )
        if name == "tags":
            return True
        if name == "notes" and isinstance(answer, Typed) and now[0] == answer.value:
            return True
        return now[0] in (at_a, at_b)
    if typed_a:
        return bool(now[0] == at_a)
    return bool(now[0] == at_b)


def in_scope(setting: Setting, a: Values, b: Values) -> str:
    """ "" where the pair is kept in step; else why not, in a word."""
    if setting.scope == "customers" and a.get("kind") != "customer":
        return "outside"
    by_a = setting.to_b and (setting.scope != "rules" or met(a))
    by_b = setting.to_a and setting.scope != "rules"
    if setting.direction == "to a" and setting.scope == "rules":
        by_b = "Friends" in (b.get("labels") or ())
    if not by_a and not by_b:
        return "no rule"
    keyed_a = a.get("email") or a.get("phone")
    keyed_b = b.get("emails") or b.get("phones")
    if setting.keyed and not (keyed_a and keyed_b):
        return "no key"
    return ""


def met(a: Values) -> bool:
    """Whether a record of side a meets a rule that acts and brings it in."""
    return a.get("city") == "north" or a.get("tier") == "Gold"


def met_actions(setting: Setting, a: Values, b: Values) -> set[str]:
    """The keys of the actions whose rules the two records meet."""
    out = set()
    if setting.to_b:
        if met(a):
            out.add("b add labels VIP")
        if a.get("city") == "north":
            out.add("b set segment northern")
        if a.get("city") == "south":
            out.add("b add labels Seen")
    if setting.to_a and "Friends" in (b.get("labels") or ()):
        out.add("a set flag friend")
    return out
