"""The steps of signing in to Google, apart from any terminal: consent in a browser, or a refresh token from elsewhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from stockbridge.connectors.people import account as google
from stockbridge.connectors.people.account import GoogleAccount, GoogleLogin
from stockbridge.connectors.people.book import contacts_in_book
from stockbridge.core.errors import Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Token, drive
from stockbridge.http.retry import with_retries
from stockbridge.http.transport import Transport
from stockbridge.wiring.oauth_callback import listening

_CONSENT_SECONDS = 600.0
_SAFE = re.compile(r"https://[^/\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleClient:
    """The application registered in the Google Cloud console, and the servers it signs in at and reads from."""

    client_id: str
    client_secret: Secret
    api_base: str
    token_base: str
    consent_base: str


def check_server(address: str) -> str:
    """The address of a server in place of Google's. Raises Unauthorized where a login must not be sent there."""
    if not _SAFE.match(address):
        raise Unauthorized(
            f"{address!r} is no address for a login: one is only sent over https (or to this machine).",
            remedy="Write the whole address, with https:// in front.",
        )
    return address.rstrip("/")


def sign_in_with_google(
    client: GoogleClient, transport: Transport, clock: Clock, *, port: int, show: Callable[[str, str], None]
) -> GoogleLogin:
    """By consent in a browser. `show` is given the consent page's address and the address it comes back to.

    Raises `Unauthorized` where the person declines, does not tick the contacts, or Google refuses.
    """
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    with listening(state, port, system="Google", instead="--refresh-token") as door:
        page = google.authorize_url(
            client.consent_base,
            client_id=client.client_id,
            redirect_uri=door.redirect_uri,
            state=state,
            verifier=verifier,
        )
        show(page, door.redirect_uri)
        callback = door.wait(_CONSENT_SECONDS)
        return drive(
            google.exchange(
                token_base=client.token_base,
                code=callback.code,
                verifier=verifier,
                client_id=client.client_id,
                client_secret=client.client_secret,
                redirect_uri=door.redirect_uri,
                clock=clock,
            ),
            transport.send,
        )


def sign_in_with_refresh_token(
    client: GoogleClient, refresh_token: Secret, transport: Transport, clock: Clock
) -> GoogleLogin:
    """With a refresh token that was given elsewhere. Raises `Unauthorized` where Google refuses it."""

    def ask() -> Token:
        grant = google.refresh(
            token_base=client.token_base,
            client_id=client.client_id,
            client_secret=client.client_secret,
            refresh_token=refresh_token,
            clock=clock,
        )
        return drive(grant, transport.send)

    return GoogleLogin(refresh_token=refresh_token, token=with_retries(ask, clock=clock))


def count_contacts(account: GoogleAccount, token: Token, transport: Transport, clock: Clock) -> int:
    """How many contacts the address book holds; the login is tried by it."""
    return with_retries(lambda: drive(contacts_in_book(account, token, clock), transport.send), clock=clock)
