"""`stockbridge accounts add optiply`: sign in with a password."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from stockbridge.cli.add_account import Name, Reauthorise, done, existing, refuse_double, store_login
from stockbridge.cli.options import Debug, Json, opened
from stockbridge.cli.prompt import agreed, ask, ask_secret, choose
from stockbridge.cli.usage import Usage
from stockbridge.connectors.optiply import account as optiply
from stockbridge.core.errors import Unauthorized
from stockbridge.http.oauth import drive
from stockbridge.http.retry import with_retries
from stockbridge.http.transport import Transport
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.accounts import (
    clock_for,
    optiply_secrets,
    optiply_settings,
    seal_login,
)
from stockbridge.wiring.checks import optiply_accounts


def add_optiply(
    name: Name = None,
    username: Annotated[str | None, typer.Option("--username", help="The user of the API.")] = None,
    password: Annotated[
        str | None,
        typer.Option(
            "--password", help="Asked for unseen when left out, or taken from STOCKBRIDGE_OPTIPLY_PASSWORD."
        ),
    ] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="The handle of the webshop.")] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            "--client-secret",
            help="Asked for unseen when left out, or taken from STOCKBRIDGE_OPTIPLY_CLIENT_SECRET.",
        ),
    ] = None,
    account_id: Annotated[
        str | None, typer.Option("--account-id", help="Found out when the login has only one.")
    ] = None,
    coupling_id: Annotated[
        str | None, typer.Option("--coupling-id", help="Under which Optiply keeps Zoho's ids.")
    ] = None,
    api_base: Annotated[
        str | None,
        typer.Option("--api-base", metavar="URL", help="Another API than production, ending in /v1."),
    ] = None,
    token_base: Annotated[
        str | None,
        typer.Option("--token-base", metavar="URL", help="Where its tokens come from, ending in /api."),
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="Yes, write to Optiply's production.")
    ] = False,
    reauthorise: Reauthorise = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Sign in to Optiply. Ask integrations@optiply.nl for the login of an API user.

    \b
    Examples:
      stockbridge accounts add optiply --production
      stockbridge accounts add optiply --api-base http://127.0.0.1:8412/v1 \\
          --token-base http://127.0.0.1:8412/api
    """
    with opened() as store, Transport() as transport:
        sealer = load_sealer()
        old = existing(store, reauthorise, "optiply", name)
        kept = old.settings if old else {}
        api, tokens = _optiply_hosts(api_base or kept.get("api_base"), token_base or kept.get("token_base"))
        if api == optiply.API_BASE:
            agreed(
                "This is Optiply's production: syncs will write there. Go on?",
                production or bool(old),
                option="--production",
            )
        user = ask("User name", username or kept.get("username"), option="--username")
        secret = ask_secret(
            "Password", password, option="--password", variable="STOCKBRIDGE_OPTIPLY_PASSWORD"
        )
        client = ask("Client id", client_id or kept.get("client_id"), option="--client-id")
        client_key = ask_secret(
            "Client secret",
            client_secret,
            option="--client-secret",
            variable="STOCKBRIDGE_OPTIPLY_CLIENT_SECRET",
        )
        clock = clock_for(api)
        token = with_retries(
            lambda: drive(
                optiply.password_grant(
                    token_base=tokens,
                    username=user,
                    password=secret,
                    client_id=client,
                    client_secret=client_key,
                    clock=clock,
                ),
                transport.send,
            ),
            clock=clock,
        )
        ids = optiply_accounts(token, api, transport, clock)
        number = _pick_account(ids, account_id or kept.get("account_id"))
        coupling = ask("Coupling id", coupling_id or kept.get("coupling_id"), option="--coupling-id")
        if old is None:
            refuse_double(store, "optiply", "coupling_id", coupling)
        chosen = old.name if old else ask("Name for this account", name, option="--name", default="optiply")
        account = optiply.OptiplyAccount(
            name=chosen,
            username=user,
            password=secret,
            client_id=client,
            client_secret=client_key,
            account_id=number,
            coupling_id=coupling,
            api_base=api,
            token_base=tokens,
        )
        settings = optiply_settings(account)
        store_login(
            store, old, chosen, "optiply", settings, seal_login(sealer, chosen, optiply_secrets(account))
        )
    done(as_json, chosen, "Optiply", f"account {number}", settings)


def _pick_account(ids: list[str], wanted: str | None) -> str:
    if wanted is not None and ids and wanted not in ids:
        raise Unauthorized(
            f"This login may not use Optiply account {wanted}.", remedy=f"It may use: {', '.join(ids)}"
        )
    if wanted is not None:
        return wanted
    if not ids:
        raise Usage("The account id is missing, and this login cannot tell it.", remedy="Give --account-id.")
    return choose("Which account?", [(id, id) for id in ids], option="--account-id")


def _optiply_hosts(api: str | None, tokens: str | None) -> tuple[str, str]:
    if (api is None) != (tokens is None):
        raise Usage(
            "--api-base and --token-base belong together.",
            remedy="Give both (…/v1 and …/api), or neither for production.",
        )
    api, tokens = (api or optiply.API_BASE).rstrip("/"), (tokens or optiply.TOKEN_BASE).rstrip("/")
    for option, address in (("--api-base", api), ("--token-base", tokens)):
        if not re.match(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:|/|$)", address):
            raise Usage(
                f"{option} is {address!r}, but a login is only sent over https (or to this machine).",
                remedy="Write the whole address, with https:// in front.",
            )
    return api, tokens
