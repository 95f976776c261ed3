"""`stockbridge accounts`: add, list, check, remove."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from stockbridge.cli.add_google import add_google
from stockbridge.cli.add_optiply import add_optiply
from stockbridge.cli.add_zoho import add_zoho
from stockbridge.cli.options import Debug, Json, Yes, names, opened, unknown
from stockbridge.cli.output import bad, document, good, moment, number, say, table
from stockbridge.cli.prompt import agreed
from stockbridge.cli.usage import Usage
from stockbridge.store import accounts, schedule, syncs
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.checks import Check, check

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The logins that syncs use.")
add = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Sign in to a system.")
app.add_typer(add, name="add")
add.command("zoho")(add_zoho)
add.command("optiply")(add_optiply)
add.command("google")(add_google)


@app.command("list")
def list_accounts(as_json: Json = False, debug: Debug = False) -> None:
    """List the accounts, what they belong to and which syncs use them.

    \b
    Example:
      stockbridge accounts list
    """
    with opened() as store, store.connect() as connection:
        rows = accounts.all_accounts(connection)
        used = {row.id: [sync.name for sync in syncs.of_account(connection, row.id)] for row in rows}
    if as_json:
        document(
            [
                {
                    "name": row.name,
                    "system": row.connector,
                    "settings": row.settings,
                    "quota": row.quota,
                    "added_at": row.added_at,
                    "used_by": used[row.id],
                }
                for row in rows
            ]
        )
        return
    if not rows:
        say("There is no account yet. Add one: stockbridge accounts add zoho (or google, or optiply)")
        return
    table(
        ("account", "system", "belongs to", "used by"),
        [(row.name, _SYSTEMS[row.connector], _belongs_to(row), names(used[row.id]) or "–") for row in rows],
    )


@app.command("check")
def check_accounts(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which account; all of them when left out.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """See whether each account works.

    Signs in and reads one page; nothing is written.

    \b
    Examples:
      stockbridge accounts check
      stockbridge accounts check fietsenrek
    """
    with opened() as store:
        with store.connect() as connection:
            rows = accounts.all_accounts(connection)
        if name is not None:
            known = [row.name for row in rows]
            rows = [row for row in rows if row.name == name]
            if not rows:
                raise unknown("account", name, known)
        if not rows:
            raise Usage(
                "There is no account yet.",
                remedy="Add one: stockbridge accounts add zoho (or google, or optiply)",
            )
        sealer = load_sealer()
        checks = []
        for row in rows:
            checks.append(check(store, row, sealer))
            if checks[-1].ok:
                with store.begin() as connection:
                    schedule.resume(connection, row.id)
            if not as_json:
                _show(checks[-1], row.settings.get("time_zone"))
    if as_json:
        document(checks)
    if not all(one.ok for one in checks):
        raise typer.Exit(4)


@app.command("remove")
def remove_account(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which account.")],
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Forget an account and its secrets. Nothing changes at the system itself.

    \b
    Example:
      stockbridge accounts remove fietsenrek
    """
    with opened() as store:
        with store.connect() as connection:
            row = accounts.find(connection, name)
            if row is None:
                raise unknown("account", name, [one.name for one in accounts.all_accounts(connection)])
            users = [sync.name for sync in syncs.of_account(connection, row.id)]
        if users:
            raise Usage(
                f'The account "{name}" is used by the sync {names(users)}, so it stays.',
                remedy=f"Remove that first: stockbridge sync remove {quote(users[0])}",
            )
        agreed(f'Forget the account "{name}"?', yes)
        with store.begin() as connection:
            accounts.remove(connection, row.id)
    if as_json:
        document({"removed": name})
    else:
        say(good(f'The account "{name}" is forgotten.'))


_SYSTEMS = {"zoho": "Zoho", "optiply": "Optiply", "google": "Google"}


def _belongs_to(row: AccountRow) -> str:
    if row.connector == "zoho":
        return (
            f"{row.settings.get('organization_name') or 'organisation'} ({row.settings['organization_id']})"
        )
    if row.connector == "google":
        return f"contacts (client {row.settings['client_id'].partition('-')[0]})"
    return f"account {row.settings['account_id']}, coupling {row.settings['coupling_id']}"


def _show(one: Check, zone: str | None) -> None:
    if not one.ok:
        say(bad(f"{one.account}: {one.said}"))
        say(f"  {one.remedy}" if one.remedy else "")
        return
    say(good(f"{one.account}: {one.said}"))
    if one.limit is not None:
        until = f", anew at {moment(one.resets_at, zone)}" if one.resets_at else ""
        say(f"  {number(one.remaining)} of {number(one.limit)} calls left today{until}")
