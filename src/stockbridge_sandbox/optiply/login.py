"""Optiply's login server: passwords and refresh tokens against access tokens (facts: Optiply 1.2)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stockbridge_sandbox.http import Request, Response, json_response
from stockbridge_sandbox.optiply.refusal import Refusal, unauthorized
from stockbridge_sandbox.optiply.rules import Settings

_SCOPE = "read write delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A made-up webshop's credentials (facts: Optiply 1.2); `client_id` is the webshop's handle."""

    username: str = "api_imports_fietsenrek"
    password: str = "sandbox-password"  # noqa: S105 - made up
    client_id: str = "fietsenrek"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - made up
    account_id: int = 1380
    coupling_id: int = 77


@dataclass(slots=True, kw_only=True)
class Tokens:
    """Access tokens with the moment they end (POSIX seconds), refresh tokens, and how many were ever given."""

    access: dict[str, float] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    given: int = 0

    def dump(self) -> dict[str, Any]:
        return {"access": dict(self.access), "refresh": sorted(self.refresh), "given": self.given}

    def load(self, data: dict[str, Any]) -> None:
        self.access, self.refresh, self.given = dict(data["access"]), set(data["refresh"]), data["given"]


def answer_token(request: Request, login: Login, tokens: Tokens, settings: Settings) -> Response:
    """Answer `POST /api/auth/oauth/token`: client by Basic, grant in the query or in the form, as clients do both.

    Raises `Refusal` with the login server's own bodies.
    """
    fields = {**dict(request.query), **request.form()}
    if _client(request) != (login.client_id, login.client_secret):
        # The real text for a wrong client, by which clients tell it from an outdated token (facts: Optiply 1.2).
        raise Refusal(
            401,
            {
                "error": "unauthorized",
                "error_description": "UserDetailsService returned null, which is an interface contract violation",
            },
        )
    match fields.get("grant_type"):
        case "password":
            if (fields.get("username"), fields.get("password")) != (login.username, login.password):
                raise _grant("invalid_grant", "Bad credentials")
        case "refresh_token":
            if fields.get("refresh_token") not in tokens.refresh:
                raise _grant("invalid_grant", f"Invalid refresh token: {fields.get('refresh_token')}")
        case None:
            raise _grant("invalid_request", "Missing grant type")
        case other:
            raise _grant("unsupported_grant_type", f"Unsupported grant type: {other}")
    return json_response(_issue(request.at, login, tokens, settings), headers={"Cache-Control": "no-store"})


def check_token(request: Request, tokens: Tokens) -> None:
    """Raises `Refusal` (401) when the request has no access token that is still good."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise unauthorized("Full authentication is required to access this resource")
    until = tokens.access.get(token.strip())
    if until is None:
        raise unauthorized(f"Invalid access token: {token}")
    if request.at.timestamp() >= until:
        raise unauthorized(f"Access token expired: {token}")


def _issue(at: datetime, login: Login, tokens: Tokens, settings: Settings) -> dict[str, Any]:
    tokens.given += 1
    now = at.timestamp()
    tokens.access = {token: until for token, until in tokens.access.items() if until > now}
    access, refresh = (_opaque(login, tokens.given, kind) for kind in ("access", "refresh"))
    tokens.access[access] = (at + timedelta(seconds=settings.token_seconds)).timestamp()
    tokens.refresh.add(refresh)
    return {
        "access_token": access,
        "token_type": "bearer",
        "refresh_token": refresh,
        "expires_in": settings.token_seconds,
        "scope": _SCOPE,
    }


def _opaque(login: Login, number: int, kind: str) -> str:
    # Tokens that follow from the login and their number make a run of the sandbox repeatable.
    return hashlib.sha256(f"{login.client_secret}:{login.username}:{kind}:{number}".encode()).hexdigest()[:40]


def _client(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, secret) if colon else None


def _grant(error: str, description: str) -> Refusal:
    return Refusal(400, {"error": error, "error_description": description})
