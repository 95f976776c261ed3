"""Zoho's data centres in one table. Source: facts, Zoho 3."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from urllib.parse import urlsplit

from stockbridge.core.errors import Unauthorized


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One data centre: its name on the callback (`location`), where logins live, where the API answers."""

    location: str
    accounts_server: str
    api_domain: str


REGIONS = tuple(
    Region(location=location, accounts_server=f"https://{accounts}", api_domain=f"https://{api}")
    for location, accounts, api in (
        ("us", "accounts.zoho.com", "www.zohoapis.com"),
        ("eu", "accounts.zoho.eu", "www.zohoapis.eu"),
        ("in", "accounts.zoho.in", "www.zohoapis.in"),
        ("au", "accounts.zoho.com.au", "www.zohoapis.com.au"),
        ("jp", "accounts.zoho.jp", "www.zohoapis.jp"),
        ("ca", "accounts.zohocloud.ca", "www.zohoapis.ca"),
        ("sa", "accounts.zoho.sa", "www.zohoapis.sa"),
        ("uk", "accounts.zoho.uk", "www.zohoapis.uk"),
        ("cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    )
)

_BY_LOCATION = {region.location: region for region in REGIONS}
_BY_SERVER = {region.accounts_server: region for region in REGIONS}
_API_DOMAINS = frozenset(region.api_domain for region in REGIONS)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def region(location: str) -> Region:
    """The data centre of that name. Raises Unauthorized for a name that is not in the table."""
    found = _BY_LOCATION.get(location.strip().lower())
    if found is None:
        raise Unauthorized(
            f"Zoho has no data centre {location!r}.", remedy=f"Choose one of {', '.join(_BY_LOCATION)}."
        )
    return found


def check_server(url: str) -> str:
    """The accounts server without a slash at the end, after making sure that it is one of Zoho's (or this machine).

    A login is sent there, so nothing else will do. Raises Unauthorized.
    """
    server = url.strip().rstrip("/")
    if _is_loopback(server):
        return server
    server = server.lower()
    if server in _BY_SERVER:
        return server
    nearest = difflib.get_close_matches(server, _BY_SERVER, n=1, cutoff=0.0)[0]
    raise Unauthorized(
        f"{url!r} is not an accounts server of Zoho, so no login is sent there.",
        remedy=f"The nearest one is {nearest}. Known are: {', '.join(_BY_SERVER)}.",
    )


def api_domain(accounts_server: str, told: str | None) -> str:
    """Where the API of this login answers: what the token answer told, where that is an API host of Zoho's.

    Otherwise the table decides (a token is never sent to a host that is not in it). A server on this machine may tell
    any address of this machine; the default is its own. Raises Unauthorized for an unknown accounts server.
    """
    server = check_server(accounts_server)
    told = (told or "").strip().rstrip("/")
    if _is_loopback(server):
        return told if _is_loopback(told) else server
    return told if told in _API_DOMAINS else _BY_SERVER[server].api_domain


def _is_loopback(url: str) -> bool:
    """True for http(s) on this machine, with any port and path (the sandbox)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and host in _LOOPBACK and not parts.query
