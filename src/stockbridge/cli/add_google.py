"""`stockbridge accounts add google`: sign in by the browser or with a refresh token."""

from __future__ import annotations

import os
from shlex import quote
from typing import Annotated

import typer

from stockbridge.cli.add_account import (
    Name,
    NoBrowser,
    Reauthorise,
    client_secret_of,
    done,
    existing,
    show_page,
    store_login,
)
from stockbridge.cli.options import Debug, Json, opened
from stockbridge.cli.prompt import ask, ask_secret
from stockbridge.cli.usage import Usage
from stockbridge.connectors.people import account as google
from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.core.errors import Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.transport import Transport
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import Sealer, load_sealer
from stockbridge.wiring.accounts import (
    clock_for,
    google_secrets,
    google_settings,
    seal_login,
)
from stockbridge.wiring.google_sign_in import (
    GoogleClient,
    check_server,
    count_contacts,
    sign_in_with_google,
    sign_in_with_refresh_token,
)
from stockbridge.wiring.oauth_callback import DEFAULT_PORT

_SECRET = "STOCKBRIDGE_GOOGLE_CLIENT_SECRET"  # noqa: S105 (the name of a variable)
_REFRESH = "STOCKBRIDGE_GOOGLE_REFRESH_TOKEN"


def add_google(
    name: Name = None,
    client_id: Annotated[
        str | None, typer.Option("--client-id", help="From the Google Cloud console.")
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option("--client-secret", help=f"Asked for unseen when left out, or taken from {_SECRET}."),
    ] = None,
    refresh_token: Annotated[
        str | None,
        typer.Option(
            "--refresh-token",
            metavar="TOKEN",
            help=f"One given elsewhere, instead of the browser; or taken from {_REFRESH}.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help="In place of Google, for the sandbox."),
    ] = None,
    reauthorise: Reauthorise = None,
    no_browser: NoBrowser = False,
    port: Annotated[
        int, typer.Option("--port", help="Port on this machine to which the browser comes back; 0 is any.")
    ] = DEFAULT_PORT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Sign in to Google Contacts. It asks for the contacts alone.

    Make a client of the type "Desktop app" at https://console.cloud.google.com first, in a project in which the
    Google People API is switched on.

    \b
    Examples:
      stockbridge accounts add google
      stockbridge accounts add google --name adresboek --client-id 123-abc.apps.googleusercontent.com
      stockbridge accounts add google --reauthorise adresboek
    """
    with opened() as store, Transport() as transport:
        sealer = load_sealer()
        old = existing(store, reauthorise, "google", name)
        client = _client(old, sealer, server, client_id, client_secret)
        clock = clock_for(client.api_base)
        given = refresh_token or os.environ.get(_REFRESH)
        if given:
            login = sign_in_with_refresh_token(client, Secret(given.strip()), transport, clock)
        else:
            login = sign_in_with_google(
                client, transport, clock, port=port, show=lambda page, _: show_page(page, no_browser)
            )
        chosen = old.name if old else ask("Name for this account", name, option="--name", default="google")
        account = GoogleAccount(
            name=chosen,
            client_id=client.client_id,
            client_secret=client.client_secret,
            refresh_token=login.refresh_token,
            api_base=client.api_base,
            token_base=client.token_base,
            consent_base=client.consent_base,
        )
        try:
            contacts = count_contacts(account, login.token, transport, clock)
        except Unauthorized as error:
            if old is not None:
                raise
            # It is not stored yet, so there is nothing to sign in to again.
            remedy = error.remedy.replace(f" --reauthorise {quote(chosen)}", "")
            raise Unauthorized(error.what, remedy=remedy, code=error.code) from None
        settings = google_settings(account)
        store_login(
            store, old, chosen, "google", settings, seal_login(sealer, chosen, google_secrets(account))
        )
    done(as_json, chosen, "Google", f"an address book of {contacts:,} contacts", settings)


def _client(
    old: AccountRow | None, sealer: Sealer, server: str | None, client_id: str | None, secret: str | None
) -> GoogleClient:
    kept = old.settings if old else {}
    if server is not None:
        try:
            server = check_server(server)
        except Unauthorized as trouble:
            raise Usage(trouble.what, remedy=trouble.remedy) from None
    id = ask("Client id", client_id or kept.get("client_id"), option="--client-id")
    kept_secret = client_secret_of(old, sealer, id) if secret is None else None
    return GoogleClient(
        client_id=id,
        client_secret=kept_secret
        or ask_secret("Client secret", secret, option="--client-secret", variable=_SECRET),
        api_base=server or kept.get("api_base") or google.API_BASE,
        token_base=server or kept.get("token_base") or google.TOKEN_BASE,
        consent_base=server or kept.get("consent_base") or google.CONSENT_BASE,
    )
