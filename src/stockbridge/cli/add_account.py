"""What signing in to either system has in common: the account it may already be, and keeping the login."""

from __future__ import annotations

import webbrowser
from shlex import quote
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import unknown
from stockbridge.cli.output import document, good, note, say
from stockbridge.cli.usage import Usage
from stockbridge.core.secret import Secret
from stockbridge.store import accounts, schedule
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import Sealer
from stockbridge.wiring.accounts import open_login

Name = Annotated[str | None, typer.Option("--name", help="What to call the account here.")]
Reauthorise = Annotated[
    str | None,
    typer.Option("--reauthorise", metavar="NAME", help="Sign in again to this account; its syncs stay."),
]


NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only print the address of the consent page.")]


def existing(store: Engine, again: str | None, connector: str, name: str | None) -> AccountRow | None:
    """The account that is signed in to again; None for a new one. Raises `Usage`, also where `name` is another name."""
    if again is None:
        return None
    with store.connect() as connection:
        rows = accounts.all_accounts(connection, connector)
    for row in rows:
        if row.name == again:
            if name not in (None, row.name):
                raise Usage("--name and --reauthorise name different accounts.", remedy="Leave --name out.")
            return row
    raise unknown("account", again, [row.name for row in rows])


def client_secret_of(old: AccountRow | None, sealer: Sealer, client_id: str) -> Secret | None:
    """The stored secret, where it belongs to this very client and can still be opened."""
    if old is None or old.settings["client_id"] != client_id:
        return None
    return open_login(sealer, old)["client_secret"]


def show_page(page: str, no_browser: bool) -> None:
    """Send the person to the consent page."""
    note("Agree on this page, and you come back here by itself:")
    note(f"  {page}")
    if not no_browser:
        webbrowser.open(page)
    note("Waiting for the browser …")


def refuse_double(store: Engine, connector: str, key: str, value: str) -> None:
    # Two accounts of one organisation would each think that the whole quota is theirs.
    with store.connect() as connection:
        for row in accounts.all_accounts(connection, connector):
            if row.settings[key] == value:
                raise Usage(
                    f'That one is already here as "{row.name}", and can be used by several syncs.',
                    remedy=f"To sign in again: stockbridge accounts add {connector} --reauthorise {quote(row.name)}",
                )


def store_login(
    store: Engine, old: AccountRow | None, name: str, connector: str, settings: dict[str, Any], sealed: bytes
) -> None:
    with store.begin() as connection:
        if old is None:
            if accounts.find(connection, name) is not None:
                raise Usage(
                    f'There is already an account "{name}".',
                    remedy=f"Choose another --name, or sign in to it again with --reauthorise {quote(name)}.",
                )
            accounts.add(connection, name=name, connector=connector, settings=settings, sealed=sealed)
        else:
            accounts.replace_login(connection, old.id, settings=settings, sealed=sealed)
            schedule.resume(connection, old.id)


def done(as_json: bool, name: str, system: str, whose: str, settings: dict[str, Any]) -> None:
    if as_json:
        document({"name": name, "system": system.lower(), "settings": settings})
        return
    say(good(f'Signed in to {system}: {whose}. The account is called "{name}".'))
