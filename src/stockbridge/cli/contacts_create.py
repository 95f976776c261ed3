"""`stockbridge sync create contacts`: Zoho's contacts and Google's kept in step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stockbridge.cli.file_text import text_of
from stockbridge.cli.options import Debug, Json, opened
from stockbridge.cli.output import document, good, note, say
from stockbridge.cli.sync_contacts import plain_row, rules_in_words, taken, tell
from stockbridge.cli.sync_create import pick_account
from stockbridge.cli.usage import Usage
from stockbridge.store import syncs
from stockbridge.wiring.contact_checks import checked_with
from stockbridge.wiring.contact_file import KIND, ContactFile, read_contact_file
from stockbridge.wiring.contact_settings import HELP, parse_contact_settings, plain_contact_settings


def create_contacts(
    name: Annotated[str | None, typer.Option("--name", help="What to call the sync.")] = None,
    zoho: Annotated[
        str | None, typer.Option("--zoho", metavar="ACCOUNT", help="Not needed when there is only one.")
    ] = None,
    google: Annotated[
        str | None, typer.Option("--google", metavar="ACCOUNT", help="Not needed when there is only one.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", metavar="FILE", help="Settings out of a sync file; - reads standard input."
        ),
    ] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="WAY", help=HELP["direction"])
    ] = None,
    winner: Annotated[str | None, typer.Option("--winner", metavar="SYSTEM", help=HELP["winner"])] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", metavar="WHICH", help="customers or vendors; may be given twice."),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match",
            metavar="KEY",
            help="email, phone or name+company; may be given several times, in their order.",
        ),
    ] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="COUNTRY", help=HELP["region"])] = None,
    people: Annotated[str | None, typer.Option("--people", metavar="WHO", help=HELP["people"])] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make the sync that keeps the contacts of Zoho Inventory and Google Contacts in step.

    No contact is read or written yet. Without options it goes both ways, Zoho wins, and contacts are matched by e-mail.
    Rules, mappings, deletions: in a file (--file), or afterwards with sync export and sync import.

    \b
    Examples:
      stockbridge sync create contacts
      stockbridge sync create contacts --direction "to google" --region NL
      stockbridge sync create contacts --file contacts.toml
    """
    given: dict[str, Any] = {
        "direction": direction,
        "winner": winner,
        "include": include,
        "match": match,
        "region": region,
        "people": people,
    }
    given = {key: value for key, value in given.items() if value}
    problems: list[str] = []
    if file is None:
        described = ContactFile(settings=parse_contact_settings(given, problems))
    else:
        described = read_contact_file(text_of(file), problems, whole=False, over=given)
    chosen = name or described.name or KIND
    with opened() as store:
        side_a = pick_account(store, "zoho", zoho or described.zoho)
        side_b = pick_account(store, "google", google or described.google)
        with store.connect() as connection:
            if syncs.find(connection, chosen) is not None:
                raise Usage(
                    f'There is already a sync "{chosen}".',
                    remedy="Choose another --name, or change that one: stockbridge sync export, edit, "
                    "stockbridge sync import",
                )
        settings, built = checked_with(store, side_a, described.settings, problems)
        found = taken(chosen, side_a, side_b, settings, built)
        with store.begin() as connection:
            syncs.add(
                connection,
                name=chosen,
                kind=KIND,
                account_a=side_a.id,
                account_b=side_b.id,
                config=found.config,
            )
    if as_json:
        document(
            {
                "name": chosen,
                "kind": KIND,
                "zoho": side_a.name,
                "google": side_b.name,
                "warnings": list(found.warnings),
                "rules_in_words": [told.words for told in rules_in_words(built)],
                "mapping": [plain_row(row) for row in built.rows],
                **plain_contact_settings(settings),
            }
        )
        return
    for warning in found.warnings:
        note(warning)
    say(good(f'The sync "{chosen}" keeps {side_a.name} (Zoho) and {side_b.name} (Google) in step.'))
    say()
    tell(settings, built)
    say()
    say("See what it would do, and what that costs: stockbridge preview")
