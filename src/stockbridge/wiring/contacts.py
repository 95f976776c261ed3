"""The contact sync: one flow between the contacts of Zoho Inventory and those of Google, made of a person's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stockbridge.connectors.people.streams import contacts_stream as google_contacts
from stockbridge.connectors.zoho.contacts import contacts_stream
from stockbridge.connectors.zoho.persons import people_stream
from stockbridge.core.contradictions import contradictions, mapped_targets
from stockbridge.core.flow import Condition, Flow, Likely, Match, Op, Owner, Pair, Rule, Then
from stockbridge.core.record import Ability, Field, Stream
from stockbridge.wiring.contact_mapping import COMPOSED, DEFAULTS, WAYS, MappedRow, is_on, mapped, pairs_of
from stockbridge.wiring.contact_policies import gone_policies, unsubscribe_rules
from stockbridge.wiring.contact_rules import parse_contact_rules
from stockbridge.wiring.contact_settings import ContactSettings, named_fields
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.spelling import nearest

FLOW = "contacts"
KEY = "user_defined."
_WRITES = {
    Ability.CREATE: Op.CREATE,
    Ability.UPDATE: Op.UPDATE,
    Ability.REMOVE: Op.REMOVE,
}
_NAME = Match(a=("first_name", "last_name"), b=("given_name", "family_name"))
_MATCH: dict[str, tuple[Match, ...]] = {
    # Every address of a contact of Google is a key, the main one first (C2); one such as info@… may belong to several
    # people, so that their names must agree too (C5).
    "email": (Match(a="email", b="emails", shared=_NAME),),
    "phone": (Match(a="phone", b="phones"), Match(a="mobile", b="phones")),
    "name+company": (
        Match(a=("first_name", "last_name", "company_name"), b=("given_name", "family_name", "organization")),
    ),
}
_KEY_WORDS = {"email": "e-mail address", "phone": "phone number", "name+company": "name with a company"}
_TYPES = {"customers": "customer", "vendors": "vendor"}


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings make: the flow, every row of its mapping, and what a person should know though it is allowed."""

    flow: Flow
    rows: list[MappedRow]
    warnings: list[str]
    a: Stream
    b: Stream


def build(settings: ContactSettings, a: Stream, b: Stream, problems: list[str]) -> Built:
    """The flow between these two streams; every reason why it cannot be is added to `problems`."""
    warnings: list[str] = []
    rows = mapped(settings, a, b, problems)
    own_a, own_b = parse_contact_rules(settings.rules, a, b, problems, warnings, way=WAYS[settings.direction])
    more_a, more_b = unsubscribe_rules(settings, a, b, problems)
    gone_a, gone_b = gone_policies(settings, a, b, rows, problems)
    rules_a, rules_b = _scope(settings, (*own_a, *more_a), (*own_b, *more_b))
    pairs = (*pairs_of(rows), *_made_as(settings, rules_b))
    problems.extend(contradictions(rules_a, mapped_targets(pairs, "b"), b))
    problems.extend(contradictions(rules_b, mapped_targets(pairs, "a"), a))
    writes_a = _writes(a) if settings.direction != "to google" else frozenset()
    writes_b = _writes(b) if settings.direction != "to zoho" else frozenset()
    _check_made(settings, rows, writes_a, problems)
    flow = Flow(
        name=FLOW,
        a=a.name,
        b=b.name,
        pairs=pairs,
        rules_a=rules_a,
        rules_b=rules_b,
        writes_a=writes_a - ({Op.REMOVE} if gone_b.do != "remove" else set()),
        writes_b=writes_b - ({Op.REMOVE} if gone_a.do != "remove" else set()),
        match=_match(settings, a, b, problems),
        conflict="a" if settings.winner == "zoho" else "b",
        gone_a=gone_a,
        gone_b=gone_b,
        only_a=_only(settings),
        keyed=_keyed(settings),
        region=settings.region,
        likely=_likely(settings, a),
    )
    return Built(flow=flow, rows=rows, warnings=warnings, a=a, b=b)


def streams_of(settings: ContactSettings) -> tuple[Stream, Stream]:
    """The two streams with the custom fields that the settings name."""
    return zoho_contacts(settings, settings.custom), google_contacts(keys_of(settings))


def zoho_contacts(settings: ContactSettings, custom: Sequence[Field]) -> Stream:
    """Zoho's contacts, or the contact persons of them all, with these custom fields."""
    return people_stream(custom) if settings.people == "each" else contacts_stream(custom)


def contacts(settings: ContactSettings) -> Flow:
    """The flow of stored settings. Raises `SettingsError` where they do not fit this version any more."""
    problems: list[str] = []
    built = build(settings, *streams_of(settings), problems)
    if problems:
        raise SettingsError(problems)
    return built.flow


def checked(
    settings: ContactSettings, there: Sequence[Field], problems: list[str]
) -> tuple[ContactSettings, Built]:
    """Settings that a person just wrote, as they are to be stored (with what Zoho says of the custom fields that they
    name), and what they make. `there` are all custom fields that Zoho has for contacts.

    Raises `SettingsError` with these problems and all further ones.
    """
    built = build(settings, zoho_contacts(settings, there), google_contacts(keys_of(settings)), problems)
    if problems:
        raise SettingsError(problems)
    named = set(custom_of(settings))
    kept = [field for field in there if field.name in named]
    return msgspec.structs.replace(settings, custom=kept), built


def keys_of(settings: ContactSettings) -> list[str]:
    """The keys of Google's user-defined fields that the settings name."""
    named = [row.google for row in DEFAULTS if is_on(row, settings)] + named_fields(settings)
    return list(
        dict.fromkeys(name.removeprefix(KEY) for name in named if name.startswith(KEY) and name != KEY)
    )


def custom_of(settings: ContactSettings) -> list[str]:
    """The custom fields of Zoho that the settings name."""
    return [name for name in named_fields(settings) if name.startswith("cf_")]


def opened_with(settings: ContactSettings) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the two connectors must be told when they are opened."""
    at_zoho = {"contact_fields": tuple(settings.custom), "people": settings.people == "each"}
    return at_zoho, {"keys": tuple(keys_of(settings))}


def _writes(stream: Stream) -> frozenset[Op]:
    return frozenset(_WRITES[ability] for ability in stream.abilities)


def _scope(
    settings: ContactSettings, own_a: Sequence[Rule], own_b: Sequence[Rule]
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules of both sides. Without any that brings contacts in, all contacts of both systems are; with some, a side
    that has none brings in nothing (scenario 6), and the wrong side of a one-way sync neither."""
    sync_a = [rule for rule in own_a if rule.then is Then.SYNC]
    sync_b = [rule for rule in own_b if rule.then is Then.SYNC]
    others_a = [rule for rule in own_a if rule.then is not Then.SYNC and settings.direction != "to zoho"]
    others_b = [rule for rule in own_b if rule.then is not Then.SYNC and settings.direction != "to google"]
    everything = not sync_a and not sync_b
    if settings.direction == "to zoho":
        sync_a = [_nothing("contact_name", "contacts of Zoho: the sync goes to Zoho only")]
    elif not everything and not sync_a:
        sync_a = [_nothing("contact_name", "contacts of Zoho that no rule brings in")]
    if settings.direction == "to google":
        sync_b = [_nothing("display_name", "contacts of Google: the sync goes to Google only")]
    elif not everything and not sync_b:
        sync_b = [_nothing("display_name", "contacts of Google that no rule brings in")]
    return (*others_a, *sync_a), (*others_b, *sync_b)


def _only(settings: ContactSettings) -> tuple[Condition, ...]:
    """What the settings ask of every contact of Zoho."""
    out = []
    if len(settings.include) == 1:
        (only,) = settings.include
        out.append(
            Condition(field="contact_type", test="is", value=_TYPES[only], otherwise=f"not among the {only}")
        )
    if not settings.inactive:
        out.append(Condition(field="status", test="is", value="active", otherwise="inactive contacts"))
    return tuple(out)


def _nothing(field: str, otherwise: str) -> Rule:
    """A rule that no contact meets."""
    never = Condition(field=field, test="is one of", value=(), otherwise=otherwise)
    return Rule(when=(never,), then=Then.SYNC, otherwise=otherwise)


def _made_as(settings: ContactSettings, rules_b: Sequence[Rule]) -> tuple[Pair, ...]:
    """A contact made in Zoho is one of those that are synced."""
    if settings.direction == "to google" or any(
        action.field == "contact_type" for rule in rules_b for action in rule.actions
    ):
        return ()
    return (Pair(a="contact_type", constant=_TYPES[settings.include[0]], owner=Owner.B, once=True),)


def _check_made(
    settings: ContactSettings, rows: Sequence[MappedRow], writes_a: frozenset[Op], problems: list[str]
) -> None:
    """Zoho takes no contact without a name."""
    named = any(row.zoho == COMPOSED and row.arrow in ("<-", "<->") for row in rows)
    if Op.CREATE in writes_a and not named:
        problems.append(
            "Zoho takes no contact without a contact_name, and nothing is mapped to it: switch it on again "
            f'([fields] {COMPOSED} = true), map a field to it, or let the sync go "to google" only.'
        )


def _match(settings: ContactSettings, a: Stream, b: Stream, problems: list[str]) -> tuple[Match, ...]:
    out: list[Match] = []
    for words in settings.match:
        if words in _MATCH:
            out.extend(_MATCH[words])
            continue
        at_a, _, at_b = words.partition(" = ")
        for system, name, stream in (("Zoho", at_a, a), ("Google", at_b, b)):
            if stream.field(name) is None:
                problems.append(
                    f'match: {system}\'s contacts have no field "{name}"'
                    + (nearest(name, [field.name for field in stream.fields]) or ".")
                )
        out.append(Match(a=at_a, b=at_b))
    return tuple(out)


def _likely(settings: ContactSettings, a: Stream) -> Likely | None:
    """A person is compared with a person; else by what Zoho calls the contact, which at Google may be the company. Who has the
    same number and nearly the same name may be one person with two addresses."""
    if not settings.avoid_duplicates or not settings.ask_alike:
        return None
    person = ("given_name", "family_name")
    return Likely(
        names=(
            Match(a=("first_name", "last_name"), b=person),
            Match(a=a.names[0], b=person),
            Match(a=a.names[0], b="organization"),
        ),
        though=_MATCH["phone"],
        shows={
            "e-mail": Match(a="email", b="emails"),
            "phone": Match(a=("phone", "mobile"), b="phones"),
            "company": Match(a="company_name", b="organization"),
        },
    )


def _keyed(settings: ContactSettings) -> str:
    if not settings.avoid_duplicates:
        return ""
    names = [_KEY_WORDS.get(words, words.partition(" = ")[0]) for words in settings.match]
    if len(names) == 1:
        return f"no {names[0]}"
    return f"no {', '.join(names[:-1])} or {names[-1]}"
