"""Accounts between the store and the connectors: secrets are opened here, and a connector is bound to its row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy.engine import Engine

from stockbridge.connectors.base import Connector
from stockbridge.connectors.optiply.account import OptiplyAccount
from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.connectors.zoho.account import ZohoAccount
from stockbridge.core.errors import Halt
from stockbridge.core.record import Field
from stockbridge.core.secret import Secret
from stockbridge.http.budget import Day
from stockbridge.http.clock import REAL, Clock, scaled
from stockbridge.http.oauth import Token
from stockbridge.http.transport import Transport
from stockbridge.store import accounts
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import Sealer

_LOGIN, _TOKEN = "login", "token"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Whether this address is on this machine, which is where the sandbox is."""
    return urlsplit(url).hostname in _LOOPBACK


def clock_for(url: str) -> Clock:
    """The real clock; for a server on this machine one that runs $STOCKBRIDGE_CLOCK_SPEED times as fast.

    It was the real time at $STOCKBRIDGE_CLOCK_START (RFC 3339; default: now), so that one command begins where the one
    before it ended. Raises `Halt` where one of them is none.
    """
    speed = os.environ.get("STOCKBRIDGE_CLOCK_SPEED")
    if not speed or not is_loopback(url):
        return REAL
    try:
        return REAL if float(speed) == 1 else scaled(float(speed), _fast_now(float(speed)))
    except ValueError:
        raise Halt(
            f'STOCKBRIDGE_CLOCK_SPEED is "{speed}", but must be a number above 0.',
            remedy="Unset it, or set it to the --speed of the sandbox.",
        ) from None


def _fast_now(speed: float) -> datetime:
    now = REAL.now()
    text = os.environ.get("STOCKBRIDGE_CLOCK_START")
    try:
        start = datetime.fromisoformat(text) if text else now
        return start + (now - start) * speed
    except (ValueError, TypeError, OverflowError):
        raise Halt(
            f'STOCKBRIDGE_CLOCK_START is "{text}", but must be a moment of the recent past with its zone, such as '
            "2026-03-01T08:00:00+00:00.",
            remedy="Unset it, or set it to the moment at which the sandbox was started.",
        ) from None


def seal_login(sealer: Sealer, name: str, secrets: dict[str, Secret]) -> bytes:
    """The secrets of an account, sealed for it."""
    plain = msgspec.json.encode({key: secret.reveal() for key, secret in secrets.items()})
    return sealer.seal(plain, account=name, purpose=_LOGIN)


def open_login(sealer: Sealer, row: AccountRow) -> dict[str, Secret]:
    """The secrets of an account. Raises `Halt` where the key is another one."""
    plain: dict[str, str] = msgspec.json.decode(sealer.open(row.sealed, account=row.name, purpose=_LOGIN))
    return {key: Secret(text) for key, text in plain.items()}


def zoho_settings(account: ZohoAccount, **described: str | None) -> dict[str, Any]:
    """What is stored of a Zoho account in the open; `described` may say the organisation's name and time zone."""
    return {
        "accounts_server": account.accounts_server,
        "api_domain": account.api_domain,
        "organization_id": account.organization_id,
        "client_id": account.client_id,
        **described,
    }


def zoho_secrets(account: ZohoAccount) -> dict[str, Secret]:
    """What is stored of a Zoho account sealed."""
    return {"client_secret": account.client_secret, "refresh_token": account.refresh_token}


def zoho_account(row: AccountRow, sealer: Sealer) -> ZohoAccount:
    """The account of this row, its secrets open. Raises `Halt` where the key is another one."""
    secrets = open_login(sealer, row)
    return ZohoAccount(
        name=row.name,
        accounts_server=row.settings["accounts_server"],
        organization_id=row.settings["organization_id"],
        client_id=row.settings["client_id"],
        client_secret=secrets["client_secret"],
        refresh_token=secrets["refresh_token"],
        api_domain=row.settings.get("api_domain"),
    )


def optiply_settings(account: OptiplyAccount) -> dict[str, Any]:
    """What is stored of an Optiply account in the open."""
    return {
        "api_base": account.api_base,
        "token_base": account.token_base,
        "username": account.username,
        "client_id": account.client_id,
        "account_id": account.account_id,
        "coupling_id": account.coupling_id,
    }


def optiply_secrets(account: OptiplyAccount) -> dict[str, Secret]:
    """What is stored of an Optiply account sealed."""
    return {"password": account.password, "client_secret": account.client_secret}


def optiply_account(row: AccountRow, sealer: Sealer) -> OptiplyAccount:
    """The account of this row, its secrets open. Raises `Halt` where the key is another one."""
    secrets = open_login(sealer, row)
    return OptiplyAccount(
        name=row.name,
        api_base=row.settings["api_base"],
        token_base=row.settings["token_base"],
        username=row.settings["username"],
        password=secrets["password"],
        client_id=row.settings["client_id"],
        client_secret=secrets["client_secret"],
        account_id=row.settings["account_id"],
        coupling_id=row.settings["coupling_id"],
    )


def google_settings(account: GoogleAccount) -> dict[str, Any]:
    """What is stored of a Google account in the open."""
    return {
        "api_base": account.api_base,
        "token_base": account.token_base,
        "consent_base": account.consent_base,
        "client_id": account.client_id,
    }


def google_secrets(account: GoogleAccount) -> dict[str, Secret]:
    """What is stored of a Google account sealed."""
    return {"client_secret": account.client_secret, "refresh_token": account.refresh_token}


def google_account(row: AccountRow, sealer: Sealer) -> GoogleAccount:
    """The account of this row, its secrets open. Raises `Halt` where the key is another one."""
    secrets = open_login(sealer, row)
    return GoogleAccount(
        name=row.name,
        client_id=row.settings["client_id"],
        client_secret=secrets["client_secret"],
        refresh_token=secrets["refresh_token"],
        api_base=row.settings["api_base"],
        token_base=row.settings["token_base"],
        consent_base=row.settings["consent_base"],
    )


@contextmanager
def open_connector(
    engine: Engine,
    row: AccountRow,
    sealer: Sealer,
    *,
    contact_fields: Sequence[Field] | None = None,
    people: bool = False,
    keys: Sequence[str] = (),
) -> Iterator[tuple[Connector, Clock]]:
    """A connector bound to this account, and the clock it goes by.

    `contact_fields` are the custom fields of contacts at Zoho, `keys` those of the user-defined fields at Google. With `people`
    each contact person of Zoho is a record of its own.

    It starts with the access token and the day's quota of an earlier start and hands both back, so that many short
    starts do not use up the tokens (ten in ten minutes, facts: Zoho 2). On a fast clock nothing is kept: its hours
    mean nothing to the next start.
    """
    if row.connector == "zoho":
        server = row.settings["accounts_server"]
    else:
        server = row.settings["api_base"]
    clock = clock_for(server)
    lasting = clock is REAL

    def remember(access: Secret, expires_at: datetime, api_domain: str | None) -> None:
        if not lasting:
            return
        plain = msgspec.json.encode(
            {"access": access.reveal(), "expires_at": expires_at, "api_domain": api_domain}
        )
        with engine.begin() as connection:
            sealed = sealer.seal(plain, account=row.name, purpose=_TOKEN)
            accounts.remember_token(connection, row.id, sealed)

    token = _kept_token(row, sealer) if lasting else None
    day = _kept_day(row) if lasting else None
    with Transport() as transport:
        bound: Connector  # each is loaded where an account of its system is opened: no sync needs all of them
        if row.connector == "zoho":
            from stockbridge.connectors.zoho.connector import connect as connect_zoho

            bound = connect_zoho(
                zoho_account(row, sealer),
                clock=clock,
                transport=transport,
                day=day,
                token=token,
                remember=remember,
                custom_contacts=contact_fields or (),
                people=people,
            )
        elif row.connector == "google":
            from stockbridge.connectors.people.connector import connect as connect_google

            bound = connect_google(
                google_account(row, sealer),
                clock=clock,
                transport=transport,
                token=token,
                remember=remember,
                keys=keys,
            )
        else:
            from stockbridge.connectors.optiply.connector import connect as connect_optiply

            bound = connect_optiply(
                optiply_account(row, sealer), clock=clock, transport=transport, token=token, remember=remember
            )
        try:
            yield bound, clock
        finally:
            meter = bound.meter
            if lasting and meter.limit is not None:
                quota = {"limit": meter.limit, "remaining": meter.remaining, "resets_at": meter.resets_at}
                with engine.begin() as connection:
                    accounts.remember_quota(connection, row.id, quota)


class _KeptToken(msgspec.Struct, frozen=True):
    access: str
    expires_at: datetime
    api_domain: str | None = None


def _kept_token(row: AccountRow, sealer: Sealer) -> Token | None:
    if row.token is None:
        return None
    try:
        plain = sealer.open(row.token, account=row.name, purpose=_TOKEN)
    except Halt:
        return None  # it can be fetched anew; a wrong key is told by the login itself
    kept = msgspec.json.decode(plain, type=_KeptToken)
    return Token(access=Secret(kept.access), expires_at=kept.expires_at, api_domain=kept.api_domain)


def _kept_day(row: AccountRow) -> Day | None:
    if row.quota is None or row.quota.get("remaining") is None or row.quota.get("resets_at") is None:
        return None
    return msgspec.convert(row.quota, Day)
