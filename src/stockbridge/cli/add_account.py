"""What signing in to either system has in common: the account it may already be, and keeping the login."""

from __future__ import annotations

from shlex import quote
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import unknown
from stockbridge.cli.output import document, good, say
from stockbridge.cli.usage import Usage
from stockbridge.store import accounts, schedule
from stockbridge.store.accounts import AccountRow

Name = Annotated[str | None, typer.Option("--name", help="What to call the account here.")]
Reauthorise = Annotated[
    str | None,
    typer.Option("--reauthorise", metavar="NAME", help="Sign in again to this account; its syncs stay."),
]


def existing(store: Engine, name: str | None, connector: str) -> AccountRow | None:
    if name is None:
        return None
    with store.connect() as connection:
        rows = accounts.all_accounts(connection, connector)
    for row in rows:
        if row.name == name:
            return row
    raise unknown("account", name, [row.name for row in rows])


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
