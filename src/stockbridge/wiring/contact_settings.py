"""What a person may set of a contact sync, as one plain struct. Its shape is checked here, all mistakes at once; whether
the fields exist and go together is for those that know the two systems (contacts.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import msgspec

from stockbridge.core.normal import as_region
from stockbridge.core.record import Field
from stockbridge.wiring.schedule import parse_timing
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.spelling import nearest

DIRECTIONS = ("both", "to google", "to zoho")
SYSTEMS = ("zoho", "google")
INCLUDE = ("customers", "vendors")
PEOPLE = ("primary", "each")
POLICIES = ("zoho", "google", "newest", "fill", "append", "ask")
EMPTY = ("clear", "leave")
IN_ZOHO = ("none", "mark", "delete")
IN_GOOGLE = ("none", "mark", "deactivate", "delete")
UNSUBSCRIBES = ("none", "mark")
MATCH = ("email", "phone", "name+company")
EVERY = "every 5 minutes"
_RULE_KEYS = ("name", "in", "if", "then")


class Deletions(msgspec.Struct, frozen=True, kw_only=True):
    """What a deletion at one side does at the other; `label` and `field` are what a mark is put into."""

    in_zoho: str = "none"
    in_google: str = "none"
    label: str = "Sync Trash"
    field: str | None = None


class Unsubscribes(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is marked that a person wants no mail any more."""

    to_zoho: str = "none"
    to_google: str = "none"
    label: str = "Unsubscribed"
    field: str | None = None


class OwnMapping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field of Zoho and a field of Google that a person put together."""

    zoho: str
    google: str
    way: str = "both"
    policy: str | None = None
    empty: str | None = None
    values: dict[str, str] = {}
    to_google: list[str] = []
    to_zoho: list[str] = []


class ContactSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a contact sync. `fields` switches rows of the default mapping; `rules` are as they were written.
    `custom` is what Zoho said of the custom fields that the settings name, when they were saved."""

    direction: str = "both"
    winner: str = "zoho"
    include: list[str] = msgspec.field(default_factory=lambda: ["customers"])
    inactive: bool = True
    people: str = "primary"
    avoid_duplicates: bool = True
    ask_alike: bool = True
    match: list[str] = msgspec.field(default_factory=lambda: ["email"])
    region: str | None = None
    empty: str = "clear"
    full_read_hours: int = 24
    every: str = EVERY
    deletions: Deletions = Deletions()
    unsubscribes: Unsubscribes = Unsubscribes()
    fields: dict[str, bool] = {}
    mappings: list[OwnMapping] = []
    rules: list[dict[str, Any]] = []
    custom: list[Field] = []


HELP = {
    "direction": 'Which system may be written: "both", "to google" or "to zoho".',
    "winner": 'Whose value counts where both changed, and at the first match: "zoho" or "google". A blank never wins.',
    "include": 'Whose contacts of Zoho: ["customers"], ["vendors"], or both.',
    "inactive": "Also the inactive contacts of Zoho.",
    "people": 'Who of a contact of Zoho is a contact at Google: its "primary" contact person, or "each" of them.',
    "avoid_duplicates": "Leave out a contact that has nothing to match it by.",
    "ask_alike": "Ask before a contact is made that is called nearly as one that stands there alone (inbox).",
    "match": 'What makes two contacts one, in this order: "email", "phone", "name+company", "cf_x = user_defined.X".',
    "region": 'The country of phone numbers that name none, as two letters ("NL").',
    "empty": 'A value that is emptied on one side: "clear" it on the other, or "leave" it.',
    "full_read_hours": "How often everything is read in full, which is how deletions in Zoho are noticed.",
    "every": "When `stockbridge serve` runs it: an interval, cron, or never.",
}
"""What a person sets at the top of the file, and what it means."""

_TABLES = ("deletions", "unsubscribes", "fields", "mappings", "rules")


def parse_contact_settings(
    data: Mapping[str, Any], problems: list[str], *, also_known: Sequence[str] = ()
) -> ContactSettings:
    """Settings out of a parsed file; what is wrong is added to `problems`, and the default stands in for it."""
    known = (*HELP, *_TABLES)
    for name in data:
        if name not in known:
            problems.append(f'"{name}" is not a setting{nearest(name, (*known, *also_known)) or "."}')
    take = partial(_take, data, "", problems)
    return ContactSettings(
        direction=take("direction", "both", _one_of(DIRECTIONS)),
        winner=take("winner", "zoho", _one_of(SYSTEMS)),
        include=take("include", ["customers"], _some_of(INCLUDE)),
        inactive=take("inactive", True, _yes_no),
        people=take("people", "primary", _one_of(PEOPLE)),
        avoid_duplicates=take("avoid_duplicates", True, _yes_no),
        ask_alike=take("ask_alike", True, _yes_no),
        match=take("match", ["email"], _match),
        region=take("region", None, _region),
        empty=take("empty", "clear", _one_of(EMPTY)),
        full_read_hours=take("full_read_hours", 24, _hours),
        every=take("every", EVERY, _timing),
        deletions=_deletions(data.get("deletions"), problems),
        unsubscribes=_unsubscribes(data.get("unsubscribes"), problems),
        fields=_switches(data.get("fields"), problems),
        mappings=_mappings(data.get("mappings"), problems),
        rules=_rules(data.get("rules"), problems),
    )


def encode_contact_settings(settings: ContactSettings) -> bytes:
    """As the store keeps them."""
    return msgspec.json.encode(settings)


def decode_contact_settings(data: bytes) -> ContactSettings:
    """Back from the store; what came with a later version gets its default. Raises `SettingsError`."""
    try:
        return msgspec.json.decode(data, type=ContactSettings)
    except msgspec.ValidationError as trouble:
        raise SettingsError([f"The stored settings of this sync are not understood: {trouble}."]) from None


def plain_contact_settings(settings: ContactSettings) -> dict[str, Any]:
    """Settings as plain JSON values, as a file has them."""
    plain: dict[str, Any] = msgspec.to_builtins(settings)
    plain.pop("custom")
    return plain


def named_fields(settings: ContactSettings) -> list[str]:
    """Every field that the settings name, at either side, in their order."""
    names = [name for one in settings.mappings for name in (one.zoho, one.google)]
    names += [part.strip() for words in settings.match if "=" in words for part in words.split("=", 1)]
    names += [one for one in (settings.deletions.field, settings.unsubscribes.field) if one]
    names += list(_named_in(settings.rules))
    return list(dict.fromkeys(names))


def _named_in(node: Any) -> Iterator[str]:
    """What the conditions and actions of rules name ("field", "set")."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("field", "set") and isinstance(value, str):
                yield value
            else:
                yield from _named_in(value)
    elif isinstance(node, list):
        for one in node:
            yield from _named_in(one)


def _take(
    table: Mapping[str, Any],
    where: str,
    problems: list[str],
    name: str,
    default: Any,
    parse: Callable[[Any], Any],
) -> Any:
    """One value out of a table; what is wrong with it is noted, and the default stands in for it."""
    value = table.get(name)
    if value is None:
        return default
    try:
        return parse(value)
    except ValueError as trouble:
        problems.append(f"{where}{name} is {_shown(value)}, but must be {trouble}.")
        return default


def _one_of(choices: Sequence[str]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        text = value.strip().lower() if isinstance(value, str) else value
        if text not in choices:
            raise ValueError(f"{', '.join(choices[:-1])} or {choices[-1]}{_near(value, choices)}")
        return str(text)

    return parse


def _near(value: object, choices: Sequence[str]) -> str:
    near = nearest(value, choices) if isinstance(value, str) else ""
    return f" ({near.removeprefix('; ')})" if near else ""


def _some_of(choices: Sequence[str]) -> Callable[[Any], list[str]]:
    def parse(value: Any) -> list[str]:
        given = [value] if isinstance(value, str) else value
        words = f"a list of {' and '.join(choices)}"
        if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
            raise ValueError(words)
        for one in given:
            if one.strip().lower() not in choices:
                raise ValueError(words + _near(one, choices))
        return [one for one in choices if one in {each.strip().lower() for each in given}]

    return parse


def _yes_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _match(value: Any) -> list[str]:
    given = [value] if isinstance(value, str) else value
    words = f'a list of {", ".join(MATCH)}, or two fields such as "cf_number = user_defined.Number"'
    if not isinstance(given, list) or not given:
        raise ValueError(words)
    out: list[str] = []
    for one in given:
        text = " ".join(one.split()) if isinstance(one, str) else ""
        plain = text.lower().replace(" ", "")
        sides = [part.strip() for part in text.split("=")]
        if plain in MATCH:
            text = plain
        elif len(sides) == 2 and all(sides):
            text = " = ".join(sides)
        else:
            raise ValueError(words + _near(one, MATCH))
        if text in out:
            raise ValueError(f'a list that names each of them once ("{text}" stands there twice)')
        out.append(text)
    return out


def _region(value: Any) -> str:
    try:
        return as_region(value if isinstance(value, str) else "")
    except (
        ValueError
    ):  # one that libphonenumber does not know would leave every short number as it is, unsaid
        raise ValueError('a country as two letters, such as "NL" or "GB"') from None


def _hours(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 744:
        return value
    raise ValueError("a whole number of hours, 1 to 744")


def _timing(value: Any) -> str:
    return parse_timing(value if isinstance(value, str) else "").text


def _text(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise ValueError("a text")


def _table(name: str, data: Any, known: Sequence[str], problems: list[str]) -> Mapping[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        problems.append(f"{name} is not a table ({', '.join(known)}).")
        return {}
    for key in data:
        if key not in known:
            problems.append(f'"{key}" in {name} is not a setting{nearest(str(key), known) or "."}')
    return data


def _deletions(data: Any, problems: list[str]) -> Deletions:
    table = _table("deletions", data, ("in_zoho", "in_google", "label", "field"), problems)
    take = partial(_take, table, "deletions.", problems)
    return Deletions(
        in_zoho=take("in_zoho", "none", _one_of(IN_ZOHO)),
        in_google=take("in_google", "none", _one_of(IN_GOOGLE)),
        label=take("label", "Sync Trash", _text),
        field=take("field", None, _text),
    )


def _unsubscribes(data: Any, problems: list[str]) -> Unsubscribes:
    table = _table("unsubscribes", data, ("to_zoho", "to_google", "label", "field"), problems)
    take = partial(_take, table, "unsubscribes.", problems)
    return Unsubscribes(
        to_zoho=take("to_zoho", "none", _one_of(UNSUBSCRIBES)),
        to_google=take("to_google", "none", _one_of(UNSUBSCRIBES)),
        label=take("label", "Unsubscribed", _text),
        field=take("field", None, _text),
    )


def _switches(data: Any, problems: list[str]) -> dict[str, bool]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        problems.append("fields is not a table of fields that are switched on or off.")
        return {}
    out: dict[str, bool] = {}
    for name, value in data.items():
        if isinstance(value, bool):
            out[str(name)] = value
        else:
            problems.append(f"fields.{name} is {_shown(value)}, but must be true or false.")
    return out


def _mappings(data: Any, problems: list[str]) -> list[OwnMapping]:
    if data is None:
        return []
    if not isinstance(data, list):
        problems.append("mappings is not a list: write [[mappings]] for each of them.")
        return []
    out: list[OwnMapping] = []
    known = ("zoho", "google", "way", "policy", "empty", "values", "to_google", "to_zoho")
    for number, one in enumerate(data, 1):
        where = f"Mapping {number}"
        if not isinstance(one, Mapping):
            problems.append(f"{where} is {_shown(one)}, but must be a table (zoho, google).")
            continue
        _table(where, one, known, problems)
        take = partial(_take, one, f"{where}: ", problems)
        zoho, google = (str(one.get(side) or "").strip() for side in SYSTEMS)
        if not zoho or not google:
            problems.append(f'{where} needs "zoho" and "google", each the name of a field.')
            continue
        out.append(
            OwnMapping(
                zoho=zoho,
                google=google,
                way=take("way", "both", _one_of(DIRECTIONS)),
                policy=take("policy", None, _one_of(POLICIES)),
                empty=take("empty", None, _one_of(EMPTY)),
                values=take("values", {}, _value_map),
                to_google=take("to_google", [], _texts),
                to_zoho=take("to_zoho", [], _texts),
            )
        )
    return out


def _value_map(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("a table of Zoho's options and Google's, such as { Gold = \"gold\" }")
    for other in value.values():
        if not isinstance(other, str) or not other:
            raise ValueError("a table in which every option has a text beside it")
    return {str(key): other for key, other in value.items()}


def _texts(value: Any) -> list[str]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(one, str) and one.strip() for one in given):
        raise ValueError('a list of changes, such as ["trim", "upper case"]')
    return [one.strip() for one in given]


def _rules(data: Any, problems: list[str]) -> list[dict[str, Any]]:
    """The rules as they are written; what they say is looked at by those that know the fields."""
    if data is None:
        return []
    if not isinstance(data, list) or not all(isinstance(one, Mapping) for one in data):
        problems.append(f"rules is not a list: write [[rules]] for each ({', '.join(_RULE_KEYS)}).")
        return []
    return [_plain(one) for one in data]


def _plain(value: Any) -> Any:
    """As JSON has it: a day is a text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)
