"""`stockbridge accounts add zoho`: sign in by the browser or with a self-client's code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated

import typer

from stockbridge.cli.add_account import (
    Name,
    NoBrowser,
    Reauthorise,
    client_secret_of,
    done,
    existing,
    refuse_double,
    show_page,
    store_login,
)
from stockbridge.cli.options import Debug, Json, opened
from stockbridge.cli.output import note
from stockbridge.cli.prompt import ask, ask_secret, choose
from stockbridge.cli.usage import Usage
from stockbridge.connectors.zoho.account import Organisation, ZohoAccount
from stockbridge.connectors.zoho.regions import REGIONS, check_server, region
from stockbridge.core.errors import Unauthorized
from stockbridge.http.transport import Transport
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import Sealer, load_sealer
from stockbridge.wiring.accounts import (
    clock_for,
    seal_login,
    zoho_secrets,
    zoho_settings,
)
from stockbridge.wiring.checks import zoho_organisations
from stockbridge.wiring.oauth_callback import DEFAULT_PORT
from stockbridge.wiring.sign_in import SignedIn, ZohoClient, sign_in_with_browser, sign_in_with_code


def add_zoho(
    name: Name = None,
    region_name: Annotated[
        str | None,
        typer.Option("--region", help=f"The data centre: {', '.join(one.location for one in REGIONS)}."),
    ] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", help="From Zoho's API console.")] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(
            "--client-secret",
            help="Asked for unseen when left out, or taken from STOCKBRIDGE_ZOHO_CLIENT_SECRET.",
        ),
    ] = None,
    self_client: Annotated[
        str | None,
        typer.Option("--self-client", metavar="CODE", help="A code of a self-client instead of the browser."),
    ] = None,
    accounts_server: Annotated[
        str | None,
        typer.Option("--accounts-server", metavar="URL", help="In place of --region, for the sandbox."),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ID", help="Which organisation, when there are several."),
    ] = None,
    reauthorise: Reauthorise = None,
    no_browser: NoBrowser = False,
    port: Annotated[
        int, typer.Option("--port", help="Port on this machine to which the browser comes back.")
    ] = DEFAULT_PORT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Sign in to Zoho Inventory. It is only ever read.

    Make a client at https://api-console.zoho.com first: "Server-based", with the redirect address
    http://127.0.0.1:8765/callback; or "Self client", then give its code with --self-client.

    \b
    Examples:
      stockbridge accounts add zoho
      stockbridge accounts add zoho --region eu --client-id 1000.ABC --self-client 1000.CODE
      stockbridge accounts add zoho --reauthorise fietsenrek
    """
    with opened() as store, Transport() as transport:
        sealer = load_sealer()
        old = existing(store, reauthorise, "zoho", name)
        client = _zoho_client(old, sealer, region_name, accounts_server, client_id, client_secret)
        clock = clock_for(client.accounts_server)
        if self_client is not None:
            signed_in = sign_in_with_code(client, self_client, transport, clock)
        else:
            signed_in = sign_in_with_browser(
                client,
                transport,
                clock,
                port=port,
                show=lambda page, back: _show_page(page, back, no_browser),
            )
        found = zoho_organisations(signed_in.login.token, signed_in.accounts_server, transport, clock)
        organisation = _pick_organisation(
            found, organization or (old.settings["organization_id"] if old else None)
        )
        if old is None:
            refuse_double(store, "zoho", "organization_id", organisation.id)
        chosen = (
            old.name
            if old
            else ask("Name for this account", name, option="--name", default=_slug(organisation.name))
        )
        account = _zoho_account(chosen, client, signed_in, organisation)
        settings = zoho_settings(
            account,
            organization_name=organisation.name,
            time_zone=organisation.time_zone,
            currency_code=organisation.currency_code,
        )
        store_login(store, old, chosen, "zoho", settings, seal_login(sealer, chosen, zoho_secrets(account)))
    done(as_json, chosen, "Zoho", f"{organisation.name} ({organisation.id})", settings)


def _zoho_client(
    old: AccountRow | None,
    sealer: Sealer,
    region_name: str | None,
    server: str | None,
    client_id: str | None,
    client_secret: str | None,
) -> ZohoClient:
    if region_name is not None and server is not None:
        raise Usage(
            "--region and --accounts-server say the same thing twice.", remedy="Leave one of them out."
        )
    kept = old.settings if old else {}
    if region_name is not None:
        server = _understood(lambda: region(region_name).accounts_server)
    server = server or kept.get("accounts_server")
    if server is None:
        location = choose(
            "In which data centre does the organisation live? (the end of the address when you are signed in to Zoho)",
            [
                (one.location, f"{one.location}  {one.accounts_server.removeprefix('https://')}")
                for one in REGIONS
            ],
            option="--region",
        )
        server = region(location).accounts_server
    given = server
    server = _understood(lambda: check_server(given))
    id = ask("Client id", client_id or kept.get("client_id"), option="--client-id")
    secret = client_secret_of(old, sealer, id) if client_secret is None else None
    return ZohoClient(
        accounts_server=server,
        client_id=id,
        client_secret=secret
        or ask_secret(
            "Client secret",
            client_secret,
            option="--client-secret",
            variable="STOCKBRIDGE_ZOHO_CLIENT_SECRET",
        ),
    )


def _understood(read: Callable[[], str]) -> str:
    """A region or server as typed: one that is not known is a slip of the keyboard, not of the account."""
    try:
        return read()
    except Unauthorized as trouble:
        raise Usage(trouble.what, remedy=trouble.remedy) from None


def _show_page(page: str, back: str, no_browser: bool) -> None:
    note(f"The client must have this redirect address in Zoho's API console: {back}")
    show_page(page, no_browser)


def _pick_organisation(found: list[Organisation], wanted: str | None) -> Organisation:
    by_id = {one.id: one for one in found}
    if not by_id:
        raise Unauthorized(
            "This login belongs to no organisation in Zoho Inventory.",
            remedy="Sign in as a user of the organisation, in the data centre in which it lives.",
        )
    if wanted is not None:
        if wanted in by_id:
            return by_id[wanted]
        listed = "; ".join(f"{one.id} ({one.name})" for one in found)
        raise Unauthorized(
            f"This login does not belong to organisation {wanted}.", remedy=f"It belongs to: {listed}"
        )
    choices = [(one.id, f"{one.name} ({one.id})") for one in found]
    return by_id[choose("Which organisation?", choices, option="--organization")]


def _zoho_account(
    name: str, client: ZohoClient, signed_in: SignedIn, organisation: Organisation
) -> ZohoAccount:
    return ZohoAccount(
        name=name,
        accounts_server=signed_in.accounts_server,
        organization_id=organisation.id,
        client_id=client.client_id,
        client_secret=client.client_secret,
        refresh_token=signed_in.login.refresh_token,
        api_domain=signed_in.login.token.api_domain,
    )


def _slug(text: str) -> str:
    """ "fietsenrek-bv" for "Fietsenrek B.V."."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace(".", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "zoho"
