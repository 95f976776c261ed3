"""A rule as one plain English sentence that its owner can read aloud, and what it keeps out in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from stockbridge.core.flow import Action, Condition, Rule, Then
from stockbridge.core.record import Field, Kind, Stream
from stockbridge.core.rules import GONE, THERE, mentions

_NEGATED = {
    "is": "is not",
    "is not": "is",
    "is one of": "is none of",
    "is none of": "is one of",
    "is filled": "is empty",
    "is empty": "is filled",
    "contains": "does not contain",
    "does not contain": "contains",
    "has": "has not",
    "has not": "has",
    "is above": "is not above",
    "is below": "is not below",
    "is before": "is not before",
    "is on or after": "is not on or after",
}
_UNDONE = {
    "add": "taken off again when they no longer match",
    "remove": "put back when they no longer match",
    "set": "put back to what it was when they no longer match",
}


def sentence(rule: Rule, here: Stream, there: Stream, system: str, other: str) -> str:
    """What a rule of the side with the stream `here` at `system` does, such as "Zoho contacts that are active: keep in
    sync with Google, and add the label “Customers” (taken off again when they no longer match)."."""
    noun = f"{system} {here.noun}s"
    if takes_none(rule):
        return f"{noun}: kept in sync only where a rule for {other} takes them in."
    parts = [_conditions(condition, here, other, alone=len(rule.when) == 1) for condition in rule.when]
    subject = f"{noun} {listed(parts, 'and')}" if parts else f"All {noun}"
    actions = [action_words(action, there) for action in rule.actions]
    if rule.then is Then.SYNC and not mentions(rule, GONE):
        doing = [f"keep in sync with {other}", *actions]
    elif rule.then is Then.REMOVE:
        doing = ["treat as deleted"]
    elif rule.then is Then.SET:
        doing = [f"set {_name(there, name)} to {value}" for name, value in rule.values.items()]
    else:
        doing = [f"at {other}, {actions[0]}", *actions[1:]] if actions else ["do nothing"]
    return f"{subject}: {doing[0] if len(doing) == 1 else ', '.join(doing[:-1]) + ', and ' + doing[-1]}."


def takes_none(rule: Rule) -> bool:
    """Whether a condition of the rule can never hold: nothing is one of no values."""
    return any(one.test == "is one of" and not one.value and not one.either for one in rule.when)


def kept_out(condition: Condition, here: Stream, other: str) -> str:
    """What a condition keeps out, such as "contacts whose city is not “Gent”"."""
    atoms = (condition, *condition.either)
    return f"{here.noun}s {listed([_negated(one, here, other) for one in atoms], 'and')}"


def action_words(action: Action, there: Stream) -> str:
    """An action as an order, such as "add the label “Customers”"."""
    field = there.field(action.field)
    labels = field is not None and field.role == "labels"
    name = _name(there, action.field)
    value = shown(action.value, field)
    match action.do:
        case "add":
            words = f"add the label {value}" if labels else f"add {value} to {name}"
        case "remove":
            words = f"take off the label {value}" if labels else f"take {value} out of {name}"
        case _:
            words = f"set {name} to {value}"
    return f"{words} ({_UNDONE[action.do]})" if action.undo else words


def _conditions(condition: Condition, here: Stream, other: str, *, alone: bool) -> str:
    own = _clause(condition, here, other)
    if not condition.either:
        return own
    either = [own, *(_conditions(one, here, other, alone=False) for one in condition.either)]
    words = listed(either, "or")
    return words if alone else f"({words})"


def _negated(condition: Condition, here: Stream, other: str) -> str:
    if condition.test == THERE:
        return f"that are not at {other} yet"
    turned = Condition(
        field=condition.field,
        test=_NEGATED[condition.test],  # type: ignore[arg-type]
        value=condition.value,
    )
    return _clause(turned, here, other)


def _clause(condition: Condition, here: Stream, other: str) -> str:
    """One test as a clause behind "contacts": "whose …" or "that …"."""
    test, value = condition.test, condition.value
    if test == THERE:
        return f"that are already at {other}"
    if test == GONE:
        return "that get deleted"
    field = here.field(condition.field)
    name = _name(here, condition.field)
    many = field is not None and _plural(field)
    if field is not None and field.role == "active" and test in ("is", "is not"):
        return f"that are {'not ' if test == 'is not' else ''}{value}"
    match test:
        case "is filled" | "is empty":
            article = "no" if test == "is empty" else "" if many else _article(name)
            return f"that have {article} {name}".replace("  ", " ")
        case "has" | "has not":
            have = "have" if test == "has" else "do not have"
            if field is not None and field.role == "labels":
                return f"that {have} the label {shown(value, field)}"
            return f"that {have} {shown(value, field)} among their {name}"
        case "contains" | "does not contain":
            verbs = ("contain", "do not contain") if many else ("contains", "does not contain")
            return f"whose {name} {verbs[test != 'contains']} {shown(value, None)}"
        case "is one of" | "is none of":
            several = [shown(one, field) for one in value]
            tied = "or" if test == "is one of" else "nor"
            words = listed(several, tied)
            if test == "is none of":
                words = f"neither {words}" if len(several) > 1 else f"not {words}"
            return f"whose {name} {'are' if many else 'is'} {words}"
        case _:
            words = test.replace("is", "are", 1) if many else test
            return f"whose {name} {words} {shown(value, field)}"


def _name(stream: Stream, name: str) -> str:
    """A field as a sentence calls it; the fields that people made themselves by the name they gave."""
    field = stream.field(name)
    words = field.words if field is not None else name
    if name.startswith("user_defined."):
        return f"“{name.removeprefix('user_defined.')}”"
    if name.startswith("cf_"):
        return f"“{words}”"
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]  # VIP stays VIP


def _plural(field: Field) -> bool:
    if field.name.startswith(("cf_", "user_defined.")):
        return False
    last = field.words.lower()
    return field.many or (last.endswith("s") and not last.endswith(("ss", "us", "is")))


def _article(name: str) -> str:
    return "an" if name.lstrip("“")[:1].lower() in "aeio" else "a"


def shown(value: Any, field: Field | None) -> str:
    """A value as a sentence shows it: texts in quotes, options as they are, days and amounts written out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.day} {value:%B %Y %H:%M}"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, (int, Decimal)):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    if isinstance(value, (list, tuple)):
        return listed([shown(one, field) for one in value], "and")
    if field is not None and field.kind is Kind.SELECT:
        return str(value)
    return f"“{value}”"


def listed(parts: Sequence[str], tied: str) -> str:
    """ "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {tied} {parts[-1]}"
