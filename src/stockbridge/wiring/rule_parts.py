"""The conditions and actions of a rule of a contact sync, each checked against the fields of the two systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec

from stockbridge.core.flow import Action, Condition, Test
from stockbridge.core.record import Ability, Field, Kind, Stream
from stockbridge.core.rules import FIELDLESS, GONE, THERE
from stockbridge.core.sentences import kept_out
from stockbridge.wiring.rule_values import KIND_WORDS, compared, instead, put, spelled, tests_of
from stockbridge.wiring.spelling import nearest

SYSTEMS = {"zoho": "Zoho", "google": "Google"}
FULL = {"zoho": "Zoho Inventory", "google": "Google Contacts"}
_ACTIONS = ("set", "add_label", "remove_label")
_ACTION = (*_ACTIONS, "to", "field", "undo")
_TESTS: dict[str, Test] = {spelled(test): test for test in get_args(Test)}
_MEANT = {
    "equals": "is",
    "equal": "is",
    "not": "is_not",
    "in": "is_one_of",
    "not_in": "is_none_of",
    "greater_than": "is_above",
    "more_than": "is_above",
    "less_than": "is_below",
    "after": "is_on_or_after",
    "exists": "is_filled",
    "blank": "is_empty",
    "includes": "contains",
    "has_label": "has",
    "lacks": "has_not",
    "lacks_label": "has_not",
    "already_exists": "already_there",
    "deleted": "gets_deleted",
}
"""What people call a test in other programs -> what it is called here."""


class Side(msgspec.Struct, frozen=True):
    """Where a rule looks, and where it acts."""

    key: str
    here: Stream
    there: Stream
    other: str  # the key of the other system


class Place(msgspec.Struct, frozen=True):
    """Where in the file something stands, and the list that takes what is wrong with it."""

    where: str
    problems: list[str]

    def wrong(self, words: str) -> None:
        self.problems.append(f"{self.where}: {words}")


def unknown(raw: Mapping[str, Any], known: Sequence[str], what: str, place: Place) -> None:
    for key in raw:
        if key not in known:
            place.wrong(
                f'"{key}" is not {what}{nearest(str(key), known) or "; known are " + listed(known) + "."}'
            )


def conditions(raw: Mapping[str, Any], side: Side, place: Place) -> tuple[Condition, ...]:
    if "if" not in raw:
        return ()
    given = raw["if"]
    if not isinstance(given, list):
        place.wrong("if is no list; write if = [{ field = …, is = … }].")
        return ()
    if not given:
        place.wrong("if is empty; leave it out where the rule is to take every contact.")
    found = [_condition(one, side, place) for one in given]
    return tuple(one for one in found if one is not None)


def _condition(raw: Any, side: Side, place: Place) -> Condition | None:
    if isinstance(raw, Mapping) and "any" in raw:
        return _any(raw, side, place)
    return _atom(raw, side, place)


def _any(raw: Mapping[str, Any], side: Side, place: Place) -> Condition | None:
    unknown({key: 0 for key in raw if key != "any"}, ("any",), "known beside any", place)
    given = raw["any"]
    if not isinstance(given, list) or not given:
        place.wrong("any is not a list of conditions, one of which must hold.")
        return None
    found = []
    for one in given:
        if isinstance(one, Mapping) and "any" in one:
            place.wrong("any stands inside any; put all its conditions into one list.")
            continue
        atom = _atom(one, side, place)
        if atom is not None and atom.test == GONE:
            place.wrong("gets_deleted cannot be one of any; make a rule of its own for it.")
        elif atom is not None:
            found.append(atom)
    return msgspec.structs.replace(found[0], either=tuple(found[1:])) if found else None


def _atom(raw: Any, side: Side, place: Place) -> Condition | None:
    if not isinstance(raw, Mapping):
        place.wrong(f"{shown(raw)} is not a condition; write {{ field = …, is = … }}.")
        return None
    if {"test", "value"} & set(raw):
        place.wrong('a condition names its test itself: { field = "city", is = "Gent" }, not test and value.')
        return None
    tests = {_key(key): raw[key] for key in raw if key != "field"}
    known = []
    for key in tests:
        test = _TESTS.get(key)
        if test is None:
            meant = _MEANT.get(key.removeprefix("is_"))
            near = f'; did you mean "{meant}"?' if meant else nearest(key, _TESTS)
            place.wrong(f'"{key}" is not a test{near or "; known are " + listed(_TESTS) + "."}')
        else:
            known.append((test, tests[key]))
    if len(known) < len(tests):
        return None
    if not known:
        place.wrong(f"{shown(raw)} makes no test; add one, such as is = … or is_filled = true.")
        return None
    if len(known) > 1:
        place.wrong(f"{shown(raw)} makes {len(known)} tests; write a condition of its own for each.")
        return None
    ((test, value),) = known
    if test in FIELDLESS:
        return _fieldless(raw, test, value, side, place)
    field = _field(raw.get("field"), side.here, side.key, place)
    return _tested(field, test, value, place) if field is not None else None


def _key(key: Any) -> str:
    """A test as it is spelled here: quoted with blanks it is the same."""
    return str(key).strip().lower().replace(" ", "_").replace("-", "_").replace("is_already", "already")


def _fieldless(raw: Mapping[str, Any], test: Test, value: Any, side: Side, place: Place) -> Condition | None:
    if "field" in raw:
        place.wrong(f"{spelled(test)} looks at no field; leave field = {shown(raw['field'])} out.")
        return None
    if value is not True:
        place.wrong(f"{spelled(test)} is {shown(value)}, but must be true; leave it out otherwise.")
        return None
    condition = Condition(field="", test=test)
    if test == THERE:
        return msgspec.structs.replace(
            condition, otherwise=kept_out(condition, side.here, SYSTEMS[side.other])
        )
    return condition


def _tested(field: Field, test: Test, raw: Any, place: Place) -> Condition | None:
    known = tests_of(field)
    if not known:
        place.wrong(f"{field.name} is of a kind that no rule can look at.")
        return None
    if test not in known:
        what = "a list of several" if field.many else KIND_WORDS[field.kind]
        place.wrong(
            f"{field.name} is {what}, which {spelled(test)} does not go with"
            + (
                instead(test, field) + "."
                if instead(test, field)
                else f"; known are {listed(spelled(one) for one in known)}."
            )
        )
        return None
    try:
        value = compared(field, test, raw)
    except ValueError as trouble:
        place.wrong(f"{field.name} {spelled(test)} {shown(raw)}, but that must be {trouble}.")
        return None
    return Condition(field=field.name, test=test, value=value)


def _field(name: Any, stream: Stream, key: str, place: Place, *, writable: bool = False) -> Field | None:
    if name is None:
        place.wrong(f"a condition names no field; add field = … (a field of {SYSTEMS[key]}).")
        return None
    found = stream.field(name) if isinstance(name, str) else None
    if found is not None:
        return found
    fields = [one for one in stream.fields if one.writable or not writable]
    by_label = {one.words.casefold(): one.name for one in fields}
    text = str(name)
    near = f'; did you mean "{by_label[text.casefold()]}"?' if text.casefold() in by_label else None
    near = near or nearest(text, [one.name for one in fields])
    near = near or f"; see: stockbridge fields --{key}"
    place.wrong(
        f"{shown(name)} is not a field of {SYSTEMS[key]}'s contacts{near if near.endswith('?') else near + '.'}"
    )
    return None


def actions(raw: Mapping[str, Any], side: Side, gone: bool, place: Place) -> tuple[Action, ...]:
    if "then" not in raw:
        return ()
    given = raw["then"]
    if not isinstance(given, list):
        place.wrong("then is no list; write then = [{ add_label = … }].")
        return ()
    if not given:
        place.wrong("then is empty; leave it out where the rule is only to keep contacts in sync.")
    if given and Ability.UPDATE not in side.there.abilities:
        place.wrong(f"contacts of {FULL[side.other]} cannot be changed, so that it can do nothing there.")
        return ()
    found = [_action(one, side, gone, place) for one in given]
    return tuple(one for one in found if one is not None)


def _action(raw: Any, side: Side, gone: bool, place: Place) -> Action | None:
    if not isinstance(raw, Mapping):
        place.wrong(f"{shown(raw)} is not an action; write {{ add_label = … }} or {{ set = …, to = … }}.")
        return None
    before = len(place.problems)
    unknown(raw, _ACTION, "a part of an action", place)
    named = [key for key in _ACTIONS if key in raw]
    if len(named) != 1:
        what = f"does {len(named)} things; write an action of its own for each" if named else "does nothing"
        if len(place.problems) == before or named:
            place.wrong(f"{shown(raw)} {what}: {listed(_ACTIONS)}.")
        return None
    undo = raw.get("undo", False)
    if not isinstance(undo, bool):
        place.wrong(f"undo is {shown(undo)}, but must be true or false.")
        undo = False
    if undo and gone:
        place.wrong("undo is of no use where a contact gets deleted: that is for good; leave undo out.")
    action = _set(raw, side, undo, place) if "set" in raw else _label(raw, named[0], side, undo, place)
    return action if len(place.problems) == before else None


def _set(raw: Mapping[str, Any], side: Side, undo: bool, place: Place) -> Action | None:
    if "field" in raw:
        place.wrong('the field of set stands behind it: { set = "job_title", to = … }; leave field out.')
    field = _field(raw["set"], side.there, side.other, place, writable=True)
    if field is None:
        return None
    if not _writable(field, side, place):
        return None
    if field.many or field.kind in (Kind.LABELS, Kind.TEXTS):
        entries = [one.name for one in side.there.fields if one.within == field.name and one.writable]
        hint = f"set one of its entries ({listed(entries[:4])})" if entries else "write add_label instead"
        if entries or field.kind in (Kind.LABELS, Kind.TEXTS):
            place.wrong(f"{field.name} is a list of several, which set would replace as a whole; {hint}.")
        else:
            place.wrong(f"{field.name} is a list of several, which a rule cannot set.")
        return None
    if field.kind not in KIND_WORDS:
        place.wrong(f"{field.name} is of a kind that no rule can set.")
        return None
    if side.there.unique == field.name:
        place.wrong(f"no two contacts can have the same {field.name}, so that a rule cannot set it.")
        return None
    if "to" not in raw:
        place.wrong(f"set {field.name} does not say to what; add to = ….")
        return None
    try:
        value = put(field, raw["to"])
    except ValueError as trouble:
        place.wrong(f"set {field.name} to {shown(raw['to'])}, but that must be {trouble}.")
        return None
    return Action(field=field.name, value=value, undo=undo)


def _label(raw: Mapping[str, Any], key: str, side: Side, undo: bool, place: Place) -> Action | None:
    if "to" in raw:
        place.wrong(f"{key} takes no to; to name a field of labels write field = ….")
    field = _labels(raw, key, side, place)
    if field is None or not _writable(field, side, place):
        return None
    try:
        label = put(field, raw[key])
    except ValueError as trouble:
        place.wrong(f"{key} is {shown(raw[key])}, but must be {trouble}.")
        return None
    return Action(
        field=field.name, do="add" if key == "add_label" else "remove", value=label.strip(), undo=undo
    )


def _labels(raw: Mapping[str, Any], key: str, side: Side, place: Place) -> Field | None:
    """The field of labels that an action means: the one it names, or the one that is for labels."""
    lists = [one for one in side.there.fields if one.kind is Kind.LABELS]
    if "field" not in raw:
        found = next((one for one in lists if one.role == "labels"), None)
        if found is None:
            more = f", or name a list of it (field = {shown(lists[0].name)})" if lists else ""
            place.wrong(f"{key}: {FULL[side.other]} has no labels: set a field instead{more}.")
        return found
    field = _field(raw["field"], side.there, side.other, place)
    if field is not None and field.kind is not Kind.LABELS:
        names = listed([one.name for one in lists])
        place.wrong(
            f"{field.name} is {KIND_WORDS.get(field.kind, 'no list')} and takes no labels; "
            + (f"those that do: {names}." if names else f'write {{ set = "{field.name}", to = … }}.')
        )
        return None
    return field


def _writable(field: Field, side: Side, place: Place) -> bool:
    if field.writable:
        return True
    near = nearest(field.name, [one.name for one in side.there.fields if one.writable]) or "."
    place.wrong(f"{field.name} cannot be written at {FULL[side.other]}{near}")
    return False


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {shown(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(shown(one) for one in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
