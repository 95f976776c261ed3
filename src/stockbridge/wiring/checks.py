"""Looks whether an account still works: its login, its organisation, the calls it has left today."""

from __future__ import annotations

from shlex import quote

import msgspec
from sqlalchemy.engine import Engine

from stockbridge.connectors.optiply import account as optiply
from stockbridge.connectors.people import account as google
from stockbridge.connectors.zoho import account as zoho
from stockbridge.connectors.zoho.account import Organisation
from stockbridge.core.errors import Trouble, Unauthorized
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Token, drive
from stockbridge.http.retry import with_retries
from stockbridge.http.transport import Transport
from stockbridge.store.accounts import AccountRow
from stockbridge.store.sealing import Sealer
from stockbridge.wiring.accounts import (
    clock_for,
    google_account,
    open_connector,
    optiply_account,
    zoho_account,
)
from stockbridge.wiring.google_sign_in import count_contacts

# A stream for each scope, so that a login that was given before a scope was needed is noticed here.
_READ = {
    "zoho": ("vendors", "items", "salesorders", "purchaseorders", "composites"),
    "optiply": ("suppliers",),
    "google": (),  # counting the contacts proves its one scope; a full read has a small quota of its own
}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How an account is: `ok`, in words, and what would mend it."""

    account: str
    system: str
    ok: bool
    said: str
    remedy: str = ""
    code: str | None = None
    limit: int | None = None
    remaining: int | None = None
    resets_at: str | None = None


def check(engine: Engine, row: AccountRow, sealer: Sealer) -> Check:
    """Sign in and read a page of each kind of record; never raises a `Trouble`, but tells it. Costs a call of the quota
    for each of `_READ`."""
    try:
        with Transport() as transport:
            if row.connector == "zoho":
                said = _check_zoho(row, sealer, transport)
            elif row.connector == "google":
                said = _check_google(row, sealer, transport)
            else:
                said = _check_optiply(row, sealer, transport)
        # Reading through the connector proves the scopes and the organisation, and brings the quota's headers.
        with open_connector(engine, row, sealer) as (connector, _):
            for stream in _READ[row.connector]:
                next(iter(connector.read(stream, None)), None)
            meter = connector.meter
            return Check(
                account=row.name,
                system=row.connector,
                ok=True,
                said=said,
                limit=meter.limit,
                remaining=meter.remaining,
                resets_at=meter.resets_at.isoformat() if meter.resets_at else None,
            )
    except Trouble as trouble:
        return Check(
            account=row.name,
            system=row.connector,
            ok=False,
            said=trouble.what,
            remedy=trouble.remedy,
            code=trouble.code,
        )


def _check_zoho(row: AccountRow, sealer: Sealer, transport: Transport) -> str:
    account = zoho_account(row, sealer)
    clock = clock_for(account.accounts_server)
    token = with_retries(lambda: drive(zoho.refresh(account, clock), transport.send), clock=clock)
    found = zoho_organisations(token, account.accounts_server, transport, clock)
    for organisation in found:
        if organisation.id == account.organization_id:
            return f"signed in to {organisation.name} ({organisation.id})"
    raise Unauthorized(
        f"The login of {account.who} works, but does not belong to that organisation any more.",
        remedy=f"Sign in as one of its users: stockbridge accounts add zoho --reauthorise {quote(row.name)}",
    )


def _check_optiply(row: AccountRow, sealer: Sealer, transport: Transport) -> str:
    account = optiply_account(row, sealer)
    clock = clock_for(account.api_base)
    token = with_retries(lambda: drive(optiply.grant_of(account, clock), transport.send), clock=clock)
    if account.account_id not in optiply_accounts(token, account.api_base, transport, clock):
        raise Unauthorized(
            f"The login of {account.who} works, but may not use that account.",
            remedy="Give its number with --account-id: stockbridge accounts add optiply --reauthorise "
            + row.name,
        )
    return f"signed in to account {account.account_id}"


def _check_google(row: AccountRow, sealer: Sealer, transport: Transport) -> str:
    account = google_account(row, sealer)
    clock = clock_for(account.api_base)
    token = with_retries(lambda: drive(google.grant_of(account, clock), transport.send), clock=clock)
    return f"signed in to an address book of {count_contacts(account, token, transport, clock):,} contacts"


def zoho_organisations(
    token: Token, accounts_server: str, transport: Transport, clock: Clock
) -> list[Organisation]:
    """The organisations that a Zoho login may use; costs nothing of the quota."""
    return with_retries(
        lambda: drive(zoho.organisations(token, accounts_server), transport.send), clock=clock
    )


def optiply_accounts(token: Token, api_base: str, transport: Transport, clock: Clock) -> list[str]:
    """The accounts that an Optiply login may use."""
    return with_retries(lambda: drive(optiply.account_ids(token, api_base), transport.send), clock=clock)
