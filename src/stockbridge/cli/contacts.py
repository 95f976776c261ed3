"""The commands that show a contact sync: its fields, its mapping, its rules. They are changed in its file."""

from __future__ import annotations

from shlex import quote
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, Sync, names, opened, unknown
from stockbridge.cli.output import bold, document, number, say, table
from stockbridge.cli.sync_contacts import plain_row, rules_in_words, show_mapping
from stockbridge.cli.usage import Usage
from stockbridge.core.flow import Side
from stockbridge.core.record import Field
from stockbridge.engine.rule_counts import in_all, rule_counts
from stockbridge.store import accounts, syncs
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.contact_checks import zoho_fields
from stockbridge.wiring.contact_mapping import MappedRow
from stockbridge.wiring.contact_settings import decode_contact_settings
from stockbridge.wiring.contacts import Built, build, streams_of
from stockbridge.wiring.session import open_sync
from stockbridge.wiring.sync_kinds import CONTACTS

_KEY: dict[Side, str] = {"a": "zoho", "b": "google"}
_CHANGE = "Change it in the file of the sync: stockbridge sync export, edit, stockbridge sync import"


def fields(
    sync: Sync = None,
    zoho: Annotated[bool, typer.Option("--zoho", help="Only those of Zoho.")] = False,
    google: Annotated[bool, typer.Option("--google", help="Only those of Google.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the fields of contacts at both sides: kind, whether they can be written, what they are mapped to.

    Zoho is asked for its custom fields, which costs a call. At Google a field of your own is named user_defined.KEY, whatever
    the key.

    \b
    Examples:
      stockbridge fields
      stockbridge fields --zoho
    """
    with opened() as store:
        row = contact_sync(store, sync, option=False)
        built = _built(row)
        with store.connect() as connection:
            account = accounts.get(connection, row.account_a)
        known = {field.name for field in built.a.fields}
        custom = [] if google and not zoho else zoho_fields(store, account)
    at_zoho = [*built.a.fields, *(field for field in custom if field.name not in known)]
    sides: list[tuple[str, list[Field], dict[str, str]]] = [
        ("zoho", at_zoho, {line.zoho: f"{line.arrow} {line.google}" for line in _written(built)}),
        (
            "google",
            list(built.b.fields),
            {line.google: f"{line.zoho} {line.arrow}" for line in _written(built)},
        ),
    ]
    if zoho != google:
        sides = [one for one in sides if one[0] == ("zoho" if zoho else "google")]
    if as_json:
        document({name: [_plain_field(field, mapped) for field in listed] for name, listed, mapped in sides})
        return
    for index, (name, listed, mapped) in enumerate(sides):
        if index:
            say()
        noun = built.a.noun if name == "zoho" else built.b.noun
        say(bold(f"{noun.capitalize()}s in {name.capitalize()}"))
        table(
            ("field", "what it is", "holds", "", "mapped"),
            [
                (
                    field.name,
                    field.words,
                    _holds(field),
                    "" if field.writable else "read only",
                    mapped.get(field.name, ""),
                )
                for field in listed
            ],
        )


def mappings(
    sync: Sync = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show which field goes where, with an arrow, and why not both ways.

    \b
    Example:
      stockbridge mappings
    """
    with opened() as store:
        row = contact_sync(store, sync, option=False)
        built = _built(row)
    if as_json:
        document([plain_row(line) for line in built.rows])
        return
    show_mapping(built.rows)
    say()
    say(_CHANGE)


def rules(sync: Sync = None, as_json: Json = False, debug: Debug = False) -> None:
    """Tell each rule in a sentence, and how many contacts meet it now. Costs no call.

    \b
    Example:
      stockbridge rules
    """
    with opened() as store:
        row = contact_sync(store, sync, option=False)
        built = _built(row)
        with open_sync(store, row, lock=False) as session:
            (compiled,) = session.flows
            counted = rule_counts(session, compiled)
            read = in_all(session, compiled)
    met = iter(counted)
    lines = [
        (told, next(met).met if told.rule is not None else read[told.side]) for told in rules_in_words(built)
    ]
    if as_json:
        document(
            [
                {
                    "in": _KEY[told.side],
                    "name": told.rule.name if told.rule is not None else None,
                    "words": told.words,
                    "met": many,
                    "read": read[told.side],
                }
                for told, many in lines
            ]
        )
        return
    for told, many in lines:
        system = _KEY[told.side].capitalize()
        say(bold(told.rule.name if told.rule is not None and told.rule.name else system))
        say(f"  {told.words}")
        if many is None:
            say("  It acts when that happens.")
        elif not read[told.side]:
            say(f"  No contact of {system} was read yet: stockbridge preview")
        else:
            say(f"  {number(many)} of the {number(read[told.side])} contacts read from {system} meet it.")
    say()
    say(_CHANGE)


def contact_sync(store: Engine, name: str | None, *, option: bool = True) -> SyncRow:
    """The contact sync of that name, or the only one. `option` says that it is named with --sync. Raises `Usage`."""
    with store.connect() as connection:
        rows = [row for row in syncs.all_syncs(connection) if row.kind == CONTACTS]
        others = {row.name for row in syncs.all_syncs(connection)} - {row.name for row in rows}
    if not rows:
        raise Usage("There is no contact sync yet.", remedy="Make one: stockbridge sync create contacts")
    if name is None:
        if len(rows) == 1:
            return rows[0]
        raise Usage(
            "There are several contact syncs.",
            remedy=f"Say which one{' with --sync' if option else ''}: {names(quote(row.name) for row in rows)}",
        )
    for row in rows:
        if row.name == name:
            return row
    if name in others:
        raise Usage(
            f'The sync "{name}" is not one of contacts.',
            remedy=f"Those are: {', '.join(row.name for row in rows)}",
        )
    raise unknown("sync", name, [row.name for row in rows])


def _built(row: SyncRow) -> Built:
    settings = decode_contact_settings(row.config)
    return build(settings, *streams_of(settings), [])


def _written(built: Built) -> list[MappedRow]:
    return [line for line in built.rows if line.pair is not None]


def _plain_field(field: Field, mapped: dict[str, str]) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.words,
        "kind": field.kind,
        "many": field.many,
        "writable": field.writable,
        "choices": list(field.choices),
        "mapped": mapped.get(field.name),
    }


def _holds(field: Field) -> str:
    kind = f"several of: {field.kind}" if field.many else str(field.kind)
    return f"{kind} ({', '.join(field.choices)})" if field.choices else kind
