"""The logins of a sandbox as accounts of ours."""

from __future__ import annotations

from stockbridge.connectors.optiply.account import OptiplyAccount
from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.connectors.zoho.account import ZohoAccount
from stockbridge.core.secret import Secret
from stockbridge_sandbox.run import Sandbox


def zoho_account(sandbox: Sandbox, name: str, refresh_token: Secret) -> ZohoAccount:
    """The organisation of the sandbox, in the data centre "eu"."""
    login = sandbox.zoho.accounts()
    return ZohoAccount(
        name=name,
        accounts_server=f"{sandbox.zoho_url}/dc/eu",
        organization_id=login["organization_id"],
        client_id=login["client_id"],
        client_secret=Secret(login["client_secret"]),
        refresh_token=refresh_token,
    )


def optiply_account(sandbox: Sandbox, name: str) -> OptiplyAccount:
    """The webshop of the sandbox, with its coupling."""
    login = sandbox.optiply.login
    return OptiplyAccount(
        name=name,
        username=login.username,
        password=Secret(login.password),
        client_id=login.client_id,
        client_secret=Secret(login.client_secret),
        account_id=str(login.account_id),
        coupling_id=str(login.coupling_id),
        api_base=f"{sandbox.optiply_url}/v1",
        token_base=f"{sandbox.optiply_url}/api",
    )


def google_account(sandbox: Sandbox, name: str) -> GoogleAccount:
    """The address book of the sandbox, with a refresh token of its own."""
    login = sandbox.people.accounts()
    return GoogleAccount(
        name=name,
        client_id=login["client_id"],
        client_secret=Secret(login["client_secret"]),
        refresh_token=Secret(sandbox.people.refresh_token()),
        api_base=sandbox.people_url,
        token_base=sandbox.people_url,
        consent_base=sandbox.people_url,
    )
