"""An Optiply login: the password grant, and the account behind it. Source: facts, Optiply 1.1 and 1.2."""

from __future__ import annotations

import base64
from collections.abc import Generator
from dataclasses import dataclass
from shlex import quote

from stockbridge.core.errors import Retry, Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Grant, Token, ends_at, object_in, token_call
from stockbridge.http.retry import retry_after
from stockbridge.http.transport import Answer, Call

API_BASE = "https://api.optiply.com/v1"
TOKEN_BASE = "https://dashboard.optiply.nl/api"  # noqa: S105 (an address)
MEDIA_TYPE = "application/vnd.api+json"

_WRONG_CLIENT = "UserDetailsService returned null"
_ADD = "stockbridge accounts add optiply"
_AGAIN = f"Enter the login again: {_ADD}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptiplyAccount:
    """One webshop and the coupling under which it keeps our ids. `name` is what its owner calls it."""

    name: str
    username: str
    password: Secret
    client_id: str
    client_secret: Secret
    account_id: str
    coupling_id: str
    api_base: str = API_BASE
    token_base: str = TOKEN_BASE

    @property
    def who(self) -> str:
        """How messages name it."""
        return f'Optiply account {self.account_id} ("{self.name}")'


def password_grant(
    *, token_base: str, username: str, password: Secret, client_id: str, client_secret: Secret, clock: Clock
) -> Grant:
    """A fresh token. Raises Unauthorized where the login is refused, Retry where Optiply does not answer properly.

    The form of the OAuth standard first; where that is refused as a malformed request, `grant_type` in the query, as
    Optiply's own clients send it (facts: Optiply 1.2).
    """
    basic = base64.b64encode(f"{client_id}:{client_secret.reveal()}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    url = f"{token_base.rstrip('/')}/auth/oauth/token"
    login = {"username": username, "password": password.reveal()}
    styles = (
        (url, {"grant_type": "password", **login}),
        (f"{url}?grant_type=password", login),
    )
    for address, form in styles:
        answer = yield token_call(address, form, headers, repeatable=True)
        body = object_in(answer)
        access = body.get("access_token")
        if answer.status in (200, 201) and isinstance(access, str) and access:
            return Token(access=Secret(access), expires_at=ends_at(body, clock.now()))
        if answer.status != 400 or body.get("error") == "invalid_grant":
            break
    said = str(body.get("error_description") or body.get("error") or "")
    if answer.status == 429 or "rate limit" in said.casefold():
        raise Retry(
            "Optiply gives no more tokens for the moment.",
            after=retry_after(answer.headers, clock.now()) or 60.0,
        )
    if answer.status >= 500 or answer.status in (200, 201, 408):
        raise Retry(f"Optiply's token server answered {answer.status} without a token.")
    if _WRONG_CLIENT in answer.body.decode("utf-8", "replace"):
        why = "it does not know this client id, or the client secret is wrong"
    else:
        why = "the user name or the password is wrong, or the user was disabled"
    raise Unauthorized(
        f"Optiply refused the login of {username!r} at {token_base}: {why}. Nothing was changed.",
        remedy=_AGAIN,
        code=str(answer.status),
    )


def grant_of(account: OptiplyAccount, clock: Clock) -> Grant:
    """The password grant of an account."""
    try:
        return (
            yield from password_grant(
                token_base=account.token_base,
                username=account.username,
                password=account.password,
                client_id=account.client_id,
                client_secret=account.client_secret,
                clock=clock,
            )
        )
    except Unauthorized as error:
        raise Unauthorized(error.what, remedy=naming(error.remedy, account.name), code=error.code) from None


def naming(remedy: str, name: str) -> str:
    """The same advice for an account that is stored already, which is signed in to again instead of added."""
    return remedy.replace(_ADD, f"{_ADD} --reauthorise {quote(name)}")


def account_ids(token: Token, api_base: str) -> Generator[Call, Answer, list[str]]:
    """The accounts this login may use: usually one. Raises Unauthorized or Retry."""
    answer = yield Call(
        method="GET",
        url=f"{api_base.rstrip('/')}/accounts",
        headers={"Authorization": f"Bearer {token.access.reveal()}", "Content-Type": MEDIA_TYPE},
    )
    rows = object_in(answer).get("data")
    if answer.status in (401, 403):
        raise Unauthorized("Optiply does not let this login see its account.", remedy=_AGAIN)
    if answer.status != 200 or not isinstance(rows, list):
        raise Retry(f"Optiply answered {answer.status} without a list of accounts.")
    return [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")]
