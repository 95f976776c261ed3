"""The steps of signing in, apart from any terminal: consent or self-client code, then the organisations."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from stockbridge.connectors.zoho import account as zoho
from stockbridge.connectors.zoho.account import Login
from stockbridge.connectors.zoho.regions import check_server
from stockbridge.core.errors import Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import drive
from stockbridge.http.transport import Transport
from stockbridge.wiring.accounts import is_loopback
from stockbridge.wiring.oauth_callback import listening

SCOPES = (*zoho.SCOPES, zoho.SETTINGS_SCOPE)
_CONSENT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZohoClient:
    """The application registered in Zoho's API console, and the accounts server it signs in at."""

    accounts_server: str
    client_id: str
    client_secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A login and the accounts server that gave it (the one the callback named, which may be another)."""

    accounts_server: str
    login: Login


def sign_in_with_code(client: ZohoClient, code: str, transport: Transport, clock: Clock) -> SignedIn:
    """With the code of a self-client. Raises `Unauthorized` where Zoho refuses it."""
    login = drive(
        zoho.exchange(
            accounts_server=client.accounts_server,
            code=code.strip(),
            client_id=client.client_id,
            client_secret=client.client_secret,
            clock=clock,
        ),
        transport.send,
    )
    return SignedIn(accounts_server=check_server(client.accounts_server), login=login)


def sign_in_with_browser(
    client: ZohoClient,
    transport: Transport,
    clock: Clock,
    *,
    port: int,
    show: Callable[[str, str], None],
) -> SignedIn:
    """By consent in a browser. `show` is given the consent page's address and the address it comes back to.

    Raises `Unauthorized` where the person declines, Zoho refuses, or another server than Zoho's is named.
    """
    state = secrets.token_urlsafe(24)
    with listening(state, port) as door:
        page = zoho.authorize_url(
            client.accounts_server,
            client_id=client.client_id,
            redirect_uri=door.redirect_uri,
            state=state,
            scopes=SCOPES,
        )
        show(page, door.redirect_uri)
        callback = door.wait(_CONSENT_SECONDS)
        server = server_of_callback(client.accounts_server, callback.accounts_server)
        login = drive(
            zoho.exchange(
                accounts_server=server,
                code=callback.code,
                client_id=client.client_id,
                client_secret=client.client_secret,
                clock=clock,
                redirect_uri=door.redirect_uri,
            ),
            transport.send,
        )
    return SignedIn(accounts_server=server, login=login)


def server_of_callback(configured: str, told: str | None) -> str:
    """Where the code must be exchanged: the server that the callback names, when it may be trusted with the secret.

    A known server of Zoho's may; one on this machine only when it is the very one that was asked. Raises `Unauthorized`.
    """
    if told is None:
        return check_server(configured)
    server = check_server(told)
    if is_loopback(server) and urlsplit(server).netloc != urlsplit(configured).netloc:
        raise Unauthorized(
            f"The browser came back with the accounts server {told!r}, but {configured!r} was asked. "
            "Nothing was sent there.",
            remedy="Run the command again; if it happens twice, something on this machine meddles with the sign-in.",
        )
    return server
