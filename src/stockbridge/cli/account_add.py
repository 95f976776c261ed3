"""`stockbridge accounts add`: sign in to Zoho (browser or self-client) and to Optiply (password)."""

from __future__ import annotations

import re
import unicodedata
import webbrowser
from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, Usage, opened, unknown
from stockbridge.cli.output import document, good, note, say
from stockbridge.cli.prompt import agreed, ask, ask_secret, choose
from stockbridge.connectors.optiply import account as optiply
from stockbridge.connectors.zoho.account import Organisation, ZohoAccount
from stockbridge.connectors.zoho.regions import REGIONS, check_server, region
from stockbridge.core.errors import Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.oauth import drive
from stockbridge.http.retry import with_retries
from stockbridge.http.transport import Transport
from stockbridge.store import accounts
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import Sealer, load_sealer
from stockbridge.wiring.accounts import (
    clock_for,
    open_login,
    optiply_secrets,
    optiply_settings,
    seal_login,
    zoho_secrets,
    zoho_settings,
)
from stockbridge.wiring.checks import optiply_accounts, zoho_organisations
from stockbridge.wiring.oauth_callback import DEFAULT_PORT
from stockbridge.wiring.sign_in import SignedIn, ZohoClient, sign_in_with_browser, sign_in_with_code

Name = Annotated[str | None, typer.Option("--name", help="What to call the account here.")]
Reauthorise = Annotated[
    str | None,
    typer.Option("--reauthorise", metavar="NAME", help="Sign in again to this account; its syncs stay."),
]


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
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address of the consent page.")
    ] = False,
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
        old = _existing(store, reauthorise, "zoho")
        if old is not None and name not in (None, old.name):
            raise Usage("--name and --reauthorise name different accounts.", remedy="Leave --name out.")
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
            _refuse_double(store, "zoho", "organization_id", organisation.id)
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
        _store(store, old, chosen, "zoho", settings, seal_login(sealer, chosen, zoho_secrets(account)))
    _done(as_json, chosen, "Zoho", f"{organisation.name} ({organisation.id})", settings)


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
        old = _existing(store, reauthorise, "optiply")
        if old is not None and name not in (None, old.name):
            raise Usage("--name and --reauthorise name different accounts.", remedy="Leave --name out.")
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
            _refuse_double(store, "optiply", "coupling_id", coupling)
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
        _store(store, old, chosen, "optiply", settings, seal_login(sealer, chosen, optiply_secrets(account)))
    _done(as_json, chosen, "Optiply", f"account {number}", settings)


def _existing(store: Engine, name: str | None, connector: str) -> AccountRow | None:
    if name is None:
        return None
    with store.connect() as connection:
        rows = accounts.all_accounts(connection, connector)
    for row in rows:
        if row.name == name:
            return row
    raise unknown("account", name, [row.name for row in rows])


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
    secret = _kept_secret(old, sealer, id) if client_secret is None else None
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


def _kept_secret(old: AccountRow | None, sealer: Sealer, client_id: str) -> Secret | None:
    """The stored secret, where it belongs to this very client and can still be opened."""
    if old is None or old.settings["client_id"] != client_id:
        return None
    return open_login(sealer, old)["client_secret"]


def _show_page(page: str, back: str, no_browser: bool) -> None:
    note(f"The client must have this redirect address in Zoho's API console: {back}")
    note("Agree on this page, and you come back here by itself:")
    note(f"  {page}")
    if not no_browser:
        webbrowser.open(page)
    note("Waiting for the browser …")


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


def _refuse_double(store: Engine, connector: str, key: str, value: str) -> None:
    # Two accounts of one organisation would each think that the whole quota is theirs.
    with store.connect() as connection:
        for row in accounts.all_accounts(connection, connector):
            if row.settings[key] == value:
                raise Usage(
                    f'That one is already here as "{row.name}", and can be used by several syncs.',
                    remedy=f"To sign in again: stockbridge accounts add {connector} --reauthorise {row.name}",
                )


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


def _store(
    store: Engine, old: AccountRow | None, name: str, connector: str, settings: dict[str, Any], sealed: bytes
) -> None:
    with store.begin() as connection:
        if old is None:
            if accounts.find(connection, name) is not None:
                raise Usage(
                    f'There is already an account "{name}".',
                    remedy=f"Choose another --name, or sign in to it again with --reauthorise {name}.",
                )
            accounts.add(connection, name=name, connector=connector, settings=settings, sealed=sealed)
        else:
            accounts.replace_login(connection, old.id, settings=settings, sealed=sealed)


def _done(as_json: bool, name: str, system: str, whose: str, settings: dict[str, Any]) -> None:
    if as_json:
        document({"name": name, "system": system.lower(), "settings": settings})
        return
    say(good(f'Signed in to {system}: {whose}. The account is called "{name}".'))


def _slug(text: str) -> str:
    """ "fietsenrek-bv" for "Fietsenrek B.V."."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace(".", "")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "zoho"
