"""Zoho's data centres: one table, no host built from another one's ending."""

from __future__ import annotations

import pytest

from stockbridge.connectors.zoho.regions import REGIONS, api_domain, check_server, region
from stockbridge.core.errors import Unauthorized


@pytest.mark.parametrize(
    ("location", "accounts", "api"),
    [
        ("us", "https://accounts.zoho.com", "https://www.zohoapis.com"),
        ("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
        ("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
        ("cn", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
        ("eu", "https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    ],
)
def test_the_odd_ones_are_right(location: str, accounts: str, api: str) -> None:
    found = region(location)
    assert (found.accounts_server, found.api_domain) == (accounts, api)
    assert api_domain(accounts, None) == api


def test_every_data_centre_of_the_facts_is_there() -> None:
    assert {region.location for region in REGIONS} == {"us", "eu", "in", "au", "jp", "ca", "sa", "uk", "cn"}


@pytest.mark.parametrize(
    "url", ["https://accounts.zoho.com.au/", " https://ACCOUNTS.zoho.eu", "http://127.0.0.1:8411/dc/eu"]
)
def test_known_servers_and_this_machine_are_accepted(url: str) -> None:
    assert check_server(url) == url.strip().rstrip("/").replace("ACCOUNTS", "accounts")


@pytest.mark.parametrize(
    "url",
    [
        "https://accounts.zoho.au",
        "http://accounts.zoho.eu",
        "https://accounts.zoho.eu.example.org",
        "https://accounts.zoho.eu@example.org",
        "https://example.org/accounts.zoho.eu",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1@example.org",
        "http://[::1",
        "",
    ],
)
def test_nothing_else_gets_a_login(url: str) -> None:
    with pytest.raises(Unauthorized, match="not an accounts server") as raised:
        check_server(url)
    assert "https://accounts.zoho" in raised.value.remedy


def test_the_nearest_server_is_named() -> None:
    with pytest.raises(Unauthorized) as raised:
        check_server("https://accounts.zoho.au")
    assert "nearest one is https://accounts.zoho" in raised.value.remedy


def test_an_unknown_data_centre_names_the_known_ones() -> None:
    with pytest.raises(Unauthorized) as raised:
        region("nl")
    assert "eu" in raised.value.remedy


def test_the_told_domain_counts_but_a_token_never_goes_to_a_stranger() -> None:
    assert api_domain("https://accounts.zoho.eu", "https://www.zohoapis.com") == "https://www.zohoapis.com"
    assert (
        api_domain("https://accounts.zoho.eu", "https://www.zohoapis.evil.example")
        == "https://www.zohoapis.eu"
    )
    assert api_domain("https://accounts.zoho.eu", "http://127.0.0.1:1") == "https://www.zohoapis.eu"
    assert api_domain("http://127.0.0.1:9/dc/au", None) == "http://127.0.0.1:9/dc/au"
    assert api_domain("http://127.0.0.1:9/dc/au", "https://example.org") == "http://127.0.0.1:9/dc/au"
