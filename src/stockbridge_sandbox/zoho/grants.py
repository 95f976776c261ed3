"""What the accounts server knows: clients, codes, refresh tokens and access tokens, with their caps (facts: Zoho 2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LOCATIONS = ("us", "eu", "in", "au", "jp", "ca", "sa", "uk", "cn")
TOKEN_LIFE = timedelta(hours=1)
CODE_LIFE = timedelta(minutes=2)
SELF_CLIENT_CODE_LIFE = timedelta(minutes=10)
TOKENS_PER_TEN_MINUTES = 10
LIVE_TOKENS = 15
REFRESH_TOKENS = 20


@dataclass(slots=True, kw_only=True)
class Code:
    """A grant code; it can be exchanged once."""

    scope: str
    redirect_uri: str
    expires: datetime
    offline: bool
    self_client: bool


@dataclass(slots=True, kw_only=True)
class Refresh:
    """A refresh token; it lives until it is revoked or pushed out by the 21st."""

    scope: str
    issued: list[datetime] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Access:
    """An access token. `refresh` is the refresh token it came from, or ""."""

    scope: str
    expires: datetime
    refresh: str


@dataclass(slots=True, kw_only=True)
class Grants:
    """Everything the accounts server remembers, as it is saved and loaded."""

    client_id: str = "1000.SANDBOXCLIENT0000000000000000"
    client_secret: str = "made-up-secret-of-the-sandbox"  # noqa: S105 - invented, for the sandbox alone
    data_centre: str = "eu"
    consented: bool = False
    codes: dict[str, Code] = field(default_factory=dict)
    refreshes: dict[str, Refresh] = field(default_factory=dict)
    accesses: dict[str, Access] = field(default_factory=dict)

    def new_code(
        self,
        scope: str,
        now: datetime,
        *,
        redirect_uri: str = "",
        offline: bool = True,
        self_client: bool = False,
    ) -> str:
        """A fresh grant code."""
        code = _secret()
        life = SELF_CLIENT_CODE_LIFE if self_client else CODE_LIFE
        self.codes[code] = Code(
            scope=scope,
            redirect_uri=redirect_uri,
            expires=now + life,
            offline=offline,
            self_client=self_client,
        )
        return code

    def new_refresh(self, scope: str) -> str:
        """A fresh refresh token; the 21st kills the oldest and its access tokens."""
        token = _secret()
        self.refreshes[token] = Refresh(scope=scope)
        while len(self.refreshes) > REFRESH_TOKENS:
            self.revoke(next(iter(self.refreshes)))
        return token

    def new_access(self, scope: str, refresh: str, now: datetime) -> str:
        """A fresh access token; beyond 15 live ones of a refresh token the oldest dies."""
        self._forget_expired(now)
        token = _secret()
        self.accesses[token] = Access(scope=scope, expires=now + TOKEN_LIFE, refresh=refresh)
        if refresh:
            self.refreshes[refresh].issued.append(now)
            live = [name for name, access in self.accesses.items() if access.refresh == refresh]
            for name in live[:-LIVE_TOKENS]:
                del self.accesses[name]
        return token

    def throttled(self, refresh: str, now: datetime) -> bool:
        """Whether this refresh token has had its ten access tokens of the last ten minutes."""
        record = self.refreshes[refresh]
        record.issued = [moment for moment in record.issued if moment > now - timedelta(minutes=10)]
        return len(record.issued) >= TOKENS_PER_TEN_MINUTES

    def scope_of(self, token: str, now: datetime) -> str | None:
        """The scope of a living access token, or None."""
        access = self.accesses.get(token)
        return access.scope if access is not None and access.expires > now else None

    def revoke(self, token: str) -> bool:
        """Kill a refresh token with all its access tokens, or one access token; False when it is unknown."""
        if self.refreshes.pop(token, None) is not None:
            self.accesses = {name: a for name, a in self.accesses.items() if a.refresh != token}
            return True
        return self.accesses.pop(token, None) is not None

    def _forget_expired(self, now: datetime) -> None:
        self.accesses = {name: access for name, access in self.accesses.items() if access.expires > now}
        self.codes = {name: code for name, code in self.codes.items() if code.expires > now}


def _secret() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
