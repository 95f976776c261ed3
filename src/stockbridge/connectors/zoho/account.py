"""A Zoho login: consent, exchange of a code, refresh, and the organisations it may use. Source: facts, Zoho 2 and 10.1."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from stockbridge.connectors.zoho.regions import api_domain, check_server
from stockbridge.core.errors import Retry, Trouble, Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Grant, Token, ends_at, object_in, token_call
from stockbridge.http.retry import retry_after
from stockbridge.http.transport import Answer, Call

SCOPES = (
    "ZohoInventory.items.READ",
    "ZohoInventory.contacts.READ",  # the other three of contacts are for the contact sync
    "ZohoInventory.contacts.CREATE",  # making them active or inactive asks for this one too
    "ZohoInventory.contacts.UPDATE",
    "ZohoInventory.contacts.DELETE",
    "ZohoInventory.salesorders.READ",
    "ZohoInventory.compositeitems.READ",  # these two are for assemblies as well (facts, Zoho 2)
    "ZohoInventory.compositeitems.CREATE",
    "ZohoInventory.purchaseorders.READ",
    "ZohoInventory.purchaseorders.CREATE",  # issuing an order asks for this one too
)
SETTINGS_SCOPE = "ZohoInventory.settings.READ"

_THROTTLED_SECONDS = 120.0  # ten tokens in ten minutes: one comes free every minute at the latest pace


@dataclass(frozen=True, slots=True, kw_only=True)
class ZohoAccount:
    """One authorised login and organisation. `name` is what its owner calls it; `api_domain` is as last told."""

    name: str
    accounts_server: str
    organization_id: str
    client_id: str
    client_secret: Secret
    refresh_token: Secret
    api_domain: str | None = None

    @property
    def who(self) -> str:
        """How messages name it."""
        return f'Zoho organisation {self.organization_id} ("{self.name}")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What the exchange of a code gives."""

    refresh_token: Secret
    token: Token
    scope: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation that a login may use. `time_zone` as in "Europe/Amsterdam"."""

    id: str
    name: str
    time_zone: str | None
    currency_code: str | None
    is_default: bool


def authorize_url(
    accounts_server: str, *, client_id: str, redirect_uri: str, state: str, scopes: tuple[str, ...]
) -> str:
    """The address of the consent page. Raises Unauthorized for an unknown accounts server.

    `prompt=consent` and `access_type=offline`: without both, a repeated consent brings no refresh token.
    """
    query = {
        "scope": ",".join(scopes),
        "client_id": client_id,
        "response_type": "code",
        "access_type": "offline",
        "prompt": "consent",
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{check_server(accounts_server)}/oauth/v2/auth?{urlencode(query)}"


def exchange(
    *,
    accounts_server: str,
    code: str,
    client_id: str,
    client_secret: Secret,
    clock: Clock,
    redirect_uri: str | None = None,
) -> Generator[Call, Answer, Login]:
    """Turn the code of the callback (or of a self-client: no `redirect_uri`) into a login.

    Raises Unauthorized where Zoho refuses, Retry where it asks for patience.
    """
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "client_secret": client_secret.reveal(),
        "code": code,
    }
    if redirect_uri is not None:
        form["redirect_uri"] = redirect_uri
    body = yield from _ask(accounts_server, form, "this login", clock, repeatable=False)
    refresh_token = body.get("refresh_token")
    if not isinstance(refresh_token, str) or not refresh_token:
        raise Unauthorized(
            "Zoho gave no refresh token for this login.",
            remedy="Open the consent page again and agree anew; a code works once and only for a few minutes.",
        )
    scope = body.get("scope")
    return Login(
        refresh_token=Secret(refresh_token),
        token=_token(body, accounts_server, clock),
        scope=scope if isinstance(scope, str) else None,
    )


def refresh(account: ZohoAccount, clock: Clock) -> Grant:
    """A fresh access token. Raises Unauthorized where the login is refused, Retry where Zoho asks for patience."""
    form = {
        "grant_type": "refresh_token",
        "client_id": account.client_id,
        "client_secret": account.client_secret.reveal(),
        "refresh_token": account.refresh_token.reveal(),
    }
    whose = f"the login of {account.who}"
    try:
        body = yield from _ask(account.accounts_server, form, whose, clock, repeatable=True)
    except Unauthorized as error:
        raise Unauthorized(error.what, remedy=naming(error.remedy, account.name), code=error.code) from None
    return _token(body, account.accounts_server, clock)


def naming(remedy: str, name: str) -> str:
    """The same advice for an account that is stored already, which is signed in to again instead of added."""
    return remedy.replace(_ADD, f"{_ADD} --reauthorise {quote(name)}")


def organisations(token: Token, accounts_server: str) -> Generator[Call, Answer, list[Organisation]]:
    """The organisations this login may use, in Zoho's order. Costs no call of the day's quota (facts: Zoho 10.1).

    Raises Unauthorized where the login may not see them, Retry where Zoho does not answer properly.
    """
    answer = yield Call(
        method="GET",
        url=f"{api_domain(accounts_server, token.api_domain)}/inventory/v1/organizations",
        headers={"Authorization": f"Zoho-oauthtoken {token.access.reveal()}"},
    )
    body = object_in(answer)
    rows = body.get("organizations")
    if answer.status in (401, 403):
        raise Unauthorized(
            f"Zoho does not let this login see its organisations: {body.get('message', '')}",
            remedy=f"Sign in again and agree to the scope {SETTINGS_SCOPE}.",
            code=str(body.get("code", "")) or None,
        )
    if answer.status != 200 or not isinstance(rows, list):
        raise Retry(f"Zoho answered {answer.status} without a list of organisations.")
    return [
        Organisation(
            id=str(row["organization_id"]),
            name=str(row.get("name") or row["organization_id"]),
            time_zone=row.get("time_zone") or None,
            currency_code=row.get("currency_code") or None,
            is_default=row.get("is_default_org") is True,
        )
        for row in rows
        if isinstance(row, dict) and row.get("organization_id")
    ]


def _ask(
    accounts_server: str, form: dict[str, str], whose: str, clock: Clock, *, repeatable: bool
) -> Generator[Call, Answer, dict[str, Any]]:
    """Ask the token endpoint; what it answered where that holds a token."""
    answer = yield token_call(f"{check_server(accounts_server)}/oauth/v2/token", form, repeatable=repeatable)
    body = object_in(answer)
    # Errors come with HTTP 200 too, so only a token in the body is a token.
    if isinstance(body.get("access_token"), str) and body["access_token"]:
        return body
    raise _refused(answer, body, whose, accounts_server, clock)


def _refused(answer: Answer, body: dict[str, Any], whose: str, accounts_server: str, clock: Clock) -> Trouble:
    error = str(body.get("error") or "")
    if error.casefold() == "access denied" or answer.status == 429:
        return Retry(
            "Zoho gives no more access tokens for the moment (ten in ten minutes is the limit).",
            after=retry_after(answer.headers, clock.now()) or _THROTTLED_SECONDS,
            remedy="It is tried again by itself; other programs that use the same login count too.",
            code=error or None,
        )
    if answer.status >= 500 or not error:
        return Retry(f"Zoho's accounts server answered {answer.status} without a token.", code=error or None)
    why, remedy = _REFUSALS.get(error.casefold(), (f"it answered {error!r}", _AGAIN))
    return Unauthorized(
        f"Zoho refused {whose} at {accounts_server}: {why}. Nothing was changed.", remedy=remedy, code=error
    )


_ADD = "stockbridge accounts add zoho"
_AGAIN = f"Sign in again: {_ADD}"
_REFUSALS = {
    "invalid_code": (
        "the refresh token (or the code) was revoked, is used up or belongs to another data centre",
        _AGAIN,
    ),
    "invalid_client": (
        "it does not know this client id in this data centre",
        "Compare the client id with api-console of that data centre, then sign in again: stockbridge accounts add zoho",
    ),
    "invalid_client_secret": (
        "the client secret does not fit the client id in this data centre",
        "Copy the secret of that data centre (the console can share one between all), then sign in again: "
        "stockbridge accounts add zoho",
    ),
    "invalid_redirect_uri": (
        "the redirect address is not registered for this client",
        "Register exactly the address that was shown in Zoho's API console, then sign in again.",
    ),
    "platform not allowed": (
        "this client is not allowed there, which means another data centre or another kind of client",
        "Use the data centre in which the organisation lives and a server-based client, then sign in again: "
        "stockbridge accounts add zoho",
    ),
}


def _token(body: dict[str, Any], accounts_server: str, clock: Clock) -> Token:
    told = body.get("api_domain")
    return Token(
        access=Secret(body["access_token"]),
        expires_at=ends_at(body, clock.now()),
        api_domain=api_domain(accounts_server, told if isinstance(told, str) else None),
    )
