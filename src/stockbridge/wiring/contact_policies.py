"""What a deletion or an unsubscription at one side does at the other: only what both systems can, else why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stockbridge.core.flow import Action, Condition, GonePolicy, Rule, Then
from stockbridge.core.record import Ability, Field, Kind, Role, Stream
from stockbridge.wiring.contact_mapping import MappedRow
from stockbridge.wiring.contact_settings import ContactSettings
from stockbridge.wiring.spelling import nearest

ZOHO, GOOGLE = "Zoho Inventory", "Google Contacts"


def gone_policies(
    settings: ContactSettings, a: Stream, b: Stream, rows: Sequence[MappedRow], problems: list[str]
) -> tuple[GonePolicy, GonePolicy]:
    """(what a deletion in Zoho does at Google, what one in Google does at Zoho). Nothing that was deleted comes back."""
    asked = settings.deletions
    gone_a = _gone(settings, "in_zoho", asked.in_zoho, a, b, rows, problems)
    gone_b = _gone(settings, "in_google", asked.in_google, b, a, rows, problems)
    return gone_a, gone_b


def _gone(
    settings: ContactSettings,
    where: str,
    do: str,
    source: Stream,
    target: Stream,
    rows: Sequence[MappedRow],
    problems: list[str],
) -> GonePolicy:
    nothing = GonePolicy(stays=True)
    if do == "none":
        return nothing
    here, there = (ZOHO, GOOGLE) if where == "in_zoho" else (GOOGLE, ZOHO)
    at_google = there == GOOGLE
    setting = f'deletions.{where} = "{do}"'
    if settings.direction == ("to zoho" if at_google else "to google"):
        problems.append(f"{setting} would write to {there}, but the sync goes to {here} only.")
        return nothing
    if not source.detects_deletions:
        problems.append(f"{setting} is not possible: nothing tells that a contact of {here} is gone.")
        return nothing
    if do == "delete":
        if Ability.REMOVE not in target.abilities:
            problems.append(f"{setting} is not possible: contacts of {there} cannot be deleted from outside.")
            return nothing
        return GonePolicy(do="remove", stays=True)
    if do == "deactivate":
        active = _with_role(target, "active")
        if active is None or not active.writable:
            problems.append(f"{setting} is not possible: a {target.noun} of {there} cannot be made inactive.")
            return nothing
        return GonePolicy(
            do="mark", values={active.name: "inactive"}, undo={active.name: "active"}, stays=True
        )
    labels = _with_role(target, "labels")
    if labels is not None and (at_google or settings.deletions.field is None):
        return GonePolicy(do="mark", adds={labels.name: settings.deletions.label}, stays=True)
    return _marked_by_field(
        setting, there, target, settings.deletions.field, settings.deletions.label, rows, problems
    )


def _marked_by_field(
    setting: str,
    there: str,
    target: Stream,
    name: str | None,
    label: str,
    rows: Sequence[MappedRow],
    problems: list[str],
) -> GonePolicy:
    nothing = GonePolicy(stays=True)
    if name is None:
        problems.append(
            f"{setting} needs a field to put the mark into: {there} has no labels. Choose one "
            '(deletions.field = "cf_sync_trash"), or use "deactivate".'
        )
        return nothing
    field = target.field(name)
    if field is None:
        problems.append(
            f'{setting}: {there} has no field "{name}"'
            + (nearest(name, [one.name for one in target.fields]) or ".")
        )
        return nothing
    if any(row.zoho == name and row.pair is not None for row in rows):
        problems.append(
            f"{setting}: {name} is mapped already, and the mark would be written over; choose another field."
        )
        return nothing
    found = mark_in(field, label)
    if isinstance(found, str):
        problems.append(f"{setting}: {found}")
        return nothing
    return found


def mark_in(field: Field, label: str) -> GonePolicy | str:
    """How this field of a contact carries the mark; else the reason why it cannot, as a sentence."""
    if not field.writable:
        return f"{field.name} cannot be written."
    value: Any
    match field.kind:
        case Kind.FLAG:
            return GonePolicy(do="mark", values={field.name: True}, undo={field.name: False}, stays=True)
        case Kind.LABELS:
            if field.choices and label not in field.choices:
                return f'"{label}" is not an option of {field.name}; there are: {", ".join(field.choices)}.'
            return GonePolicy(do="mark", adds={field.name: label}, stays=True)
        case Kind.SELECT if label not in field.choices:
            return f'"{label}" is not an option of {field.name}; there are: {", ".join(field.choices)}.'
        case Kind.TEXT | Kind.LONG_TEXT | Kind.SELECT:
            value = label if field.max_length is None else label[: field.max_length]
            return GonePolicy(do="mark", values={field.name: value}, undo={field.name: None}, stays=True)
        case _:
            return (
                f"{field.name} is a {field.kind}, which cannot hold a mark; choose a yes/no field or a text."
            )


def unsubscribe_rules(
    settings: ContactSettings, a: Stream, b: Stream, problems: list[str]
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Rules of both sides that mark at the other who wants no mail any more."""
    asked = settings.unsubscribes
    rules_a = _unsubscribed(settings, "to_google", asked.to_google, a, b, problems)
    rules_b = _unsubscribed(settings, "to_zoho", asked.to_zoho, b, a, problems)
    return rules_a, rules_b


def _unsubscribed(
    settings: ContactSettings, where: str, do: str, source: Stream, target: Stream, problems: list[str]
) -> tuple[Rule, ...]:
    if do == "none":
        return ()
    here, there = (ZOHO, GOOGLE) if where == "to_google" else (GOOGLE, ZOHO)
    setting = f'unsubscribes.{where} = "{do}"'
    told = _with_role(source, "unsubscribed")
    if told is None:
        problems.append(f"{setting} is not possible: {here} does not tell who unsubscribed.")
        return ()
    if settings.direction == ("to zoho" if there == GOOGLE else "to google"):
        problems.append(f"{setting} would write to {there}, but the sync goes to {here} only.")
        return ()
    labels = _with_role(target, "labels")
    name, label = settings.unsubscribes.field, settings.unsubscribes.label
    if labels is not None and name is None:
        action = Action(field=labels.name, do="add", value=label, undo=True)
    else:
        field = target.field(name) if name else None
        mark = mark_in(field, label) if field is not None else None
        if field is None or not isinstance(mark, GonePolicy):
            why = mark or f"{there} has no labels: choose a field that takes the mark (unsubscribes.field)."
            problems.append(f"{setting}: {why}")
            return ()
        if mark.adds:
            action = Action(field=field.name, do="add", value=label, undo=True)
        else:
            action = Action(field=field.name, value=mark.values[field.name], undo=True)
    condition = Condition(field=told.name, test="is", value=True)
    return (Rule(name="Unsubscribed", when=(condition,), then=Then.ACT, actions=(action,)),)


def _with_role(stream: Stream, role: Role) -> Field | None:
    return next((field for field in stream.fields if field.role == role), None)
