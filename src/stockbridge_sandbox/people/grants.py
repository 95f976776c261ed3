"""What Google's login server knows: the client, codes, refresh tokens and access tokens, and how long each lives."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TOKEN_LIFE = timedelta(seconds=3599)
CODE_LIFE = timedelta(minutes=10)
REFRESH_TOKENS = 100  # living ones per account and client; the oldest ends without a word
IDLE_LIFE = timedelta(days=182)  # "not used for six months"
TESTING_LIFE = timedelta(days=7)
PREFIX = "https://www.googleapis.com/auth/"
SHORT = {"email": "userinfo.email", "profile": "userinfo.profile"}
SCOPES = frozenset(
    {
        *("contacts", "contacts.readonly", "contacts.other.readonly", "directory.readonly"),
        *("userinfo.email", "userinfo.profile", "openid"),
    }
)


@dataclass(slots=True, kw_only=True)
class Code:
    """A grant code; it can be exchanged once. `challenge` is the S256 or plain one of PKCE, or ""."""

    scopes: list[str]
    redirect_uri: str
    expires: datetime
    offline: bool
    challenge: str = ""
    hashed: bool = True


@dataclass(slots=True, kw_only=True)
class Refresh:
    """A refresh token, with the moment of its last use."""

    scopes: list[str]
    made: datetime
    used: datetime


@dataclass(slots=True, kw_only=True)
class Access:
    """An access token. `refresh` is the refresh token it came from, or ""."""

    scopes: list[str]
    expires: datetime
    refresh: str


@dataclass(slots=True, kw_only=True)
class Grants:
    """Everything the login server remembers, as it is saved and loaded."""

    client_id: str = "210987654321-sandbox.apps.googleusercontent.com"
    client_secret: str = "made-up-secret-of-the-sandbox"  # noqa: S105 - invented, for the sandbox alone
    consented: list[str] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    refreshes: dict[str, Refresh] = field(default_factory=dict)
    accesses: dict[str, Access] = field(default_factory=dict)

    def new_refresh(self, scopes: list[str], now: datetime) -> str:
        """A fresh refresh token; beyond a hundred the oldest ends."""
        token = f"1//0{secrets.token_urlsafe(40)}"
        self.refreshes[token] = Refresh(scopes=scopes, made=now, used=now)
        while len(self.refreshes) > REFRESH_TOKENS:
            self.revoke(next(iter(self.refreshes)))
        return token

    def use_refresh(self, token: str, now: datetime, *, testing: bool) -> Refresh | None:
        """The record of a refresh token that still lives, or None."""
        found = self.refreshes.get(token)
        if found is None:
            return None
        if now >= found.used + IDLE_LIFE or (testing and now >= found.made + TESTING_LIFE):
            self.revoke(token)
            return None
        found.used = now
        return found

    def new_access(self, scopes: list[str], refresh: str, now: datetime) -> str:
        """A fresh access token."""
        self.accesses = {name: access for name, access in self.accesses.items() if access.expires > now}
        self.codes = {name: code for name, code in self.codes.items() if code.expires > now}
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self.accesses[token] = Access(scopes=scopes, expires=now + TOKEN_LIFE, refresh=refresh)
        return token

    def scopes_of(self, token: str, now: datetime) -> frozenset[str] | None:
        """The scopes of a living access token, or None."""
        access = self.accesses.get(token)
        return frozenset(access.scopes) if access is not None and access.expires > now else None

    def revoke(self, token: str) -> bool:
        """End a token with all that came from the same grant; False when it is unknown."""
        if token in self.accesses:
            token = self.accesses.pop(token).refresh
            found = True
        else:
            found = token in self.refreshes
        self.refreshes.pop(token, None)
        self.accesses = {name: a for name, a in self.accesses.items() if not token or a.refresh != token}
        return found
