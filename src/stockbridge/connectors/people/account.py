"""A Google login: consent with PKCE, exchange of a code, refresh. Source: Google's OAuth 2.0 for installed applications."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from stockbridge.core.errors import Retry, Trouble, Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Grant, Token, ends_at, object_in, token_call
from stockbridge.http.retry import retry_after
from stockbridge.http.transport import Answer, Call

API_BASE = "https://people.googleapis.com"
TOKEN_BASE = "https://oauth2.googleapis.com"  # noqa: S105 (an address)
CONSENT_BASE = "https://accounts.google.com"
SCOPE = "https://www.googleapis.com/auth/contacts"

_THROTTLED_SECONDS = 60.0
_ADD = "stockbridge accounts add google"
_AGAIN = f"Sign in again: {_ADD}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleAccount:
    """One address book at Google. `name` is what its owner calls it."""

    name: str
    client_id: str
    client_secret: Secret
    refresh_token: Secret
    api_base: str = API_BASE
    token_base: str = TOKEN_BASE
    consent_base: str = CONSENT_BASE

    @property
    def who(self) -> str:
        """How messages name it."""
        return f'the Google account "{self.name}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleLogin:
    """What the exchange of a code gives."""

    refresh_token: Secret
    token: Token


def authorize_url(consent_base: str, *, client_id: str, redirect_uri: str, state: str, verifier: str) -> str:
    """The address of the consent page.

    Without `access_type=offline` and `prompt=consent` a repeated consent brings no refresh token. `verifier` is the
    secret of PKCE: only its hash stands in the address.
    """
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{consent_base.rstrip('/')}/o/oauth2/v2/auth?{urlencode(query)}"


def exchange(
    *,
    token_base: str,
    code: str,
    verifier: str,
    client_id: str,
    client_secret: Secret,
    redirect_uri: str,
    clock: Clock,
) -> Generator[Call, Answer, GoogleLogin]:
    """Turn the code of the callback into a login.

    Raises Unauthorized where Google refuses or the box of the contacts was not ticked, Retry where it asks for patience.
    """
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "client_secret": client_secret.reveal(),
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
    }
    body = yield from _ask(token_base, form, "this login", clock, repeatable=False)
    refresh_token = body.get("refresh_token")
    if not isinstance(refresh_token, str) or not refresh_token:
        raise Unauthorized(
            "Google gave no refresh token for this login.",
            remedy="Open the consent page again and agree anew; a code works once and only for a few minutes.",
        )
    return GoogleLogin(refresh_token=Secret(refresh_token), token=_token(body, clock))


def refresh(
    *, token_base: str, client_id: str, client_secret: Secret, refresh_token: Secret, clock: Clock
) -> Grant:
    """A fresh access token. Raises Unauthorized where the login is refused, Retry where Google asks for patience."""
    form = {
        "grant_type": "refresh_token",
        "client_id": client_id,
        "client_secret": client_secret.reveal(),
        "refresh_token": refresh_token.reveal(),
    }
    body = yield from _ask(token_base, form, "this login", clock, repeatable=True)
    return _token(body, clock)


def grant_of(account: GoogleAccount, clock: Clock) -> Grant:
    """The refresh of an account."""
    try:
        return (
            yield from refresh(
                token_base=account.token_base,
                client_id=account.client_id,
                client_secret=account.client_secret,
                refresh_token=account.refresh_token,
                clock=clock,
            )
        )
    except Unauthorized as error:
        what = error.what.replace("this login", f"the login of {account.who}")
        raise Unauthorized(what, remedy=naming(error.remedy, account.name), code=error.code) from None


def naming(remedy: str, name: str) -> str:
    """The same advice for an account that is stored already, which is signed in to again instead of added."""
    return remedy.replace(_ADD, f"{_ADD} --reauthorise {quote(name)}")


def _ask(
    token_base: str, form: dict[str, str], whose: str, clock: Clock, *, repeatable: bool
) -> Generator[Call, Answer, dict[str, Any]]:
    """Ask the token endpoint; what it answered where that holds a token for the contacts."""
    answer = yield token_call(f"{token_base.rstrip('/')}/token", form, repeatable=repeatable)
    body = object_in(answer)
    if answer.status == 200 and isinstance(body.get("access_token"), str) and body["access_token"]:
        granted = body.get("scope")
        if isinstance(granted, str) and SCOPE not in granted.split():
            raise Unauthorized(
                f"Google did not give {whose} the right to see and change the contacts. Nothing was changed.",
                remedy=f"Sign in again and tick the box of the contacts on Google's page: {_ADD}",
                code="scope",
            )
        return body
    raise _refused(answer, body, whose, clock)


def _refused(answer: Answer, body: dict[str, Any], whose: str, clock: Clock) -> Trouble:
    error = str(body.get("error") or "")
    if answer.status == 429 or error == "rate_limit_exceeded":
        return Retry(
            "Google gives no more access tokens for the moment.",
            after=retry_after(answer.headers, clock.now()) or _THROTTLED_SECONDS,
            code=error or None,
        )
    if answer.status >= 500 or not error or answer.status in (200, 408):
        return Retry(f"Google's token server answered {answer.status} without a token.", code=error or None)
    why, remedy = _REFUSALS.get(error, (f"it answered {error!r}", _AGAIN))
    return Unauthorized(f"Google refused {whose}: {why}. Nothing was changed.", remedy=remedy, code=error)


_REFUSALS = {
    "invalid_grant": (
        "the sign-in was taken back, has ended or was not used for six months (seven days while the app is only "
        "in testing at Google)",
        _AGAIN,
    ),
    "invalid_client": (
        "it does not know this client id, or the client secret is wrong",
        "Compare both with the page Credentials of the Google Cloud console, then sign in again: "
        "stockbridge accounts add google",
    ),
    "redirect_uri_mismatch": (
        "the redirect address does not belong to this client",
        'Make a client of the type "Desktop app" in the Google Cloud console, then sign in again: '
        "stockbridge accounts add google",
    ),
}


def _token(body: dict[str, Any], clock: Clock) -> Token:
    return Token(access=Secret(body["access_token"]), expires_at=ends_at(body, clock.now()))
