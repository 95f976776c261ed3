"""How a sync of the kind "contacts" is shown, written as a file, and taken back from one."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy.engine import Engine

from stockbridge.cli.output import pairs, say, table
from stockbridge.cli.sync_create import pick_account
from stockbridge.cli.sync_face import Taken
from stockbridge.cli.usage import Usage
from stockbridge.core.flow import Rule, Side, Then
from stockbridge.core.record import Stream
from stockbridge.core.sentences import sentence, takes_none
from stockbridge.store import syncs
from stockbridge.store.accounts import AccountRow
from stockbridge.wiring.contact_checks import checked_with
from stockbridge.wiring.contact_file import ContactFile, read_contact_file, write_contact_file
from stockbridge.wiring.contact_mapping import DEFAULTS, MappedRow, is_on
from stockbridge.wiring.contact_settings import (
    HELP,
    ContactSettings,
    decode_contact_settings,
    encode_contact_settings,
    plain_contact_settings,
)
from stockbridge.wiring.contacts import Built, build, streams_of
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.sync_kinds import CONTACTS

_DIRECTION = {
    "both": "both ways: an edit in Zoho goes to Google, one in Google goes to Zoho",
    "to google": "to Google only: nothing is ever written to Zoho",
    "to zoho": "to Zoho only: nothing is ever written to Google",
}
_SYSTEM = {"zoho": "Zoho", "google": "Google"}
_GONE = {
    "none": "nothing happens at the other side",
    "delete": "the contact at the other side is deleted",
    "deactivate": "the contact in Zoho becomes inactive",
}


def take(store: Engine, text: str) -> Taken:
    """The contact sync that this file describes, checked against both systems. Raises `SettingsError`, `Usage`."""
    problems: list[str] = []
    described = read_contact_file(text, problems)
    if described.name is None or described.zoho is None or described.google is None:
        raise SettingsError(problems)
    side_a = pick_account(store, "zoho", described.zoho)
    side_b = pick_account(store, "google", described.google)
    settings, built = checked_with(store, side_a, described.settings, problems)
    _keeps_its_people(store, described.name, settings)
    return taken(described.name, side_a, side_b, settings, built)


def _keeps_its_people(store: Engine, name: str, settings: ContactSettings) -> None:
    """Raises `Usage` where the sync stands and goes by other records of Zoho: its links name those."""
    with store.connect() as connection:
        old = syncs.find(connection, name)
    if old is None or old.kind != CONTACTS:
        return
    before = decode_contact_settings(old.config).people
    if before != settings.people:
        raise Usage(
            f'The sync "{name}" was made with people = "{before}", and what it has linked goes by that.',
            remedy=f'Put people = "{before}" back, or remove the sync and make it anew: contacts find each other again by '
            "what they are matched by.",
        )


def taken(name: str, a: AccountRow, b: AccountRow, settings: ContactSettings, built: Built) -> Taken:
    """What is stored of it."""
    config = encode_contact_settings(settings)
    return Taken(name=name, a=a, b=b, config=config, warnings=tuple(built.warnings))


def write(name: str, accounts: tuple[str, str], config: bytes) -> str:
    """The file of this contact sync."""
    zoho, google = accounts
    return write_contact_file(
        ContactFile(name=name, zoho=zoho, google=google, settings=decode_contact_settings(config))
    )


def plain(config: bytes) -> dict[str, Any]:
    """Its settings as plain JSON values."""
    return plain_contact_settings(decode_contact_settings(config))


def show(config: bytes) -> None:
    """What it does, in words: direction, winner, rules, deletions; then the mapping."""
    settings = decode_contact_settings(config)
    problems: list[str] = []
    built = build(settings, *streams_of(settings), problems)
    tell(settings, built)
    for problem in problems:
        say(problem)


def tell(settings: ContactSettings, built: Built) -> None:
    """The sync in words, and its mapping as a table."""
    deletions = settings.deletions
    pairs(
        [
            ("direction", _DIRECTION[settings.direction]),
            ("winner", f"{_SYSTEM[settings.winner]}, where both changed; a blank never wins"),
            ("contacts", _which(settings)),
            ("matched by", ", then ".join(settings.match)),
            ("without that", "left out" if settings.avoid_duplicates else "taken all the same"),
            (
                "called alike",
                "asked" if settings.avoid_duplicates and settings.ask_alike else "not looked at",
            ),
            ("deleted in Zoho", _gone(deletions.in_zoho, f"the label “{deletions.label}” at Google")),
            ("deleted in Google", _gone(deletions.in_google, f"a mark in Zoho's {deletions.field}")),
            ("runs", f"{settings.every}, while `stockbridge serve` runs"),
        ]
    )
    say()
    for told in rules_in_words(built):
        say(told.words)
    say()
    show_mapping([row for row in built.rows if row.pair is not None])


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a side as a sentence; `rule` is None for what holds where no rule brings contacts in."""

    side: Side
    rule: Rule | None
    words: str


def rules_in_words(built: Built) -> list[Told]:
    """Each rule of both sides as a sentence, in their order; what holds without any is said as well."""
    out: list[Told] = []
    sides: tuple[tuple[Side, tuple[Rule, ...], Stream, Stream, str, str], ...] = (
        ("a", built.flow.rules_a, built.a, built.b, "Zoho", "Google"),
        ("b", built.flow.rules_b, built.b, built.a, "Google", "Zoho"),
    )
    for side, rules, here, there, system, other in sides:
        only = built.flow.only_a if side == "a" else ()
        if all(rule.then is not Then.SYNC for rule in rules):
            everything = sentence(Rule(when=only, then=Then.SYNC), here, there, system, other)
            out.append(Told(side=side, rule=None, words=everything))
        for rule in rules:
            whole = rule if takes_none(rule) else msgspec.structs.replace(rule, when=(*only, *rule.when))
            out.append(Told(side=side, rule=rule, words=sentence(whole, here, there, system, other)))
    return out


def show_mapping(rows: list[MappedRow]) -> None:
    """The mapping, one line a pair of fields."""
    table(
        ("Zoho", "", "Google", "", ""),
        [
            (
                row.zoho,
                row.arrow,
                row.google,
                "your own" if row.origin == "own" else "",
                "; ".join(row.reasons),
            )
            for row in rows
        ],
    )


def plain_row(row: MappedRow) -> dict[str, Any]:
    """One line of the mapping as a document has it."""
    return {
        "zoho": row.zoho,
        "google": row.google,
        "arrow": row.arrow,
        "origin": row.origin,
        "reasons": list(row.reasons),
        "switch": row.switch,
    }


def changes(before: bytes, after: bytes) -> list[tuple[str, str, str]]:
    """(setting, before, after) in words, for everything that differs."""
    old, new = _flat(decode_contact_settings(before)), _flat(decode_contact_settings(after))
    return [
        (name, old.get(name, "–"), new.get(name, "–"))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def _flat(settings: ContactSettings) -> dict[str, str]:
    flat = {name: _shown(getattr(settings, name)) for name in HELP}
    for name in ("deletions", "unsubscribes"):
        inner = msgspec.to_builtins(getattr(settings, name))
        flat |= {f"{name}: {key}": _shown(value) for key, value in inner.items()}
    flat |= {f"fields: {row.switch}": "on" if is_on(row, settings) else "off" for row in DEFAULTS}
    for one in settings.mappings:
        more = {k: v for k, v in msgspec.to_builtins(one).items() if k not in ("zoho", "google")}
        flat[f"mapping: {one.zoho} and {one.google}"] = _shown(more) if more else "both ways"
    for number, rule in enumerate(settings.rules, 1):
        called = rule.get("name") or number
        flat[f"rule: {called}"] = _shown({key: value for key, value in rule.items() if key != "name"})
    for field in settings.custom:
        flat[f"{field.name} in Zoho"] = str(field.kind) + (
            f": {', '.join(field.choices)}" if field.choices else ""
        )
    return flat


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _which(settings: ContactSettings) -> str:
    which = " and ".join(settings.include) + ("" if settings.inactive else ", only active ones")
    return f"{which}, each contact person by itself" if settings.people == "each" else which


def _gone(do: str, mark: str) -> str:
    return f"{mark}, nothing is deleted" if do == "mark" else _GONE[do]
