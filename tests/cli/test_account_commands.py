"""Signing in by code and by browser, checking, signing in again, and removing."""

from __future__ import annotations

import re
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from stockbridge.core.errors import Halt, Unauthorized
from stockbridge.wiring.oauth_callback import listening
from stockbridge.wiring.sign_in import server_of_callback
from stockbridge_sandbox.run import Sandbox

Command: TypeAlias = Callable[..., Any]


def test_a_self_client_code_signs_in(
    stockbridge: Command, zoho_arguments: list[str], logins: dict[str, dict[str, str]]
) -> None:
    done = stockbridge(*zoho_arguments, "--self-client", logins["zoho"]["self_client_code"], "--json")
    assert done.code == 0
    assert done.json["system"] == "zoho"
    assert done.json["settings"]["organization_id"] == logins["zoho"]["organization_id"]
    listed = stockbridge("accounts", "list", "--json").json
    assert [row["name"] for row in listed] == [done.json["name"]]


@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_the_browser_signs_in(
    stockbridge: Command, zoho_arguments: list[str], monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    answered: list[str] = []
    threads: list[threading.Thread] = []

    def person(page: str) -> bool:
        """Reads the consent page and decides."""

        def decide() -> None:
            server, _, query = page.partition("?")
            with urllib.request.urlopen(page, timeout=10) as consent:
                assert "ZohoInventory.items.READ" in consent.read().decode()
            form = f"{query}&decision={decision}".encode()
            with urllib.request.urlopen(server, data=form, timeout=10) as back:
                answered.append(back.read().decode())

        threads.append(threading.Thread(target=decide))
        threads[0].start()
        return True

    monkeypatch.setattr("webbrowser.open", person)
    done = stockbridge(*zoho_arguments, "--port", "0")
    threads[0].join(timeout=10)
    if decision == "accept":
        assert done.code == 0, done.err
        assert "Signed in" in answered[0]
        assert re.search(r"redirect address .* http://127\.0\.0\.1:\d+/callback", done.err)
    else:
        assert done.code == 4
        assert "not agreed to" in done.err
        assert "Not signed in" in answered[0]
        assert stockbridge("accounts", "list", "--json").json == []


def test_an_answer_with_another_state_is_turned_away() -> None:
    with listening("right", port=0) as door:
        wrong = f"{door.redirect_uri}?state=wrong&code=stolen"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(wrong, timeout=10)
        refused.value.close()
        assert refused.value.code == 400
        with pytest.raises(urllib.error.HTTPError) as elsewhere:
            urllib.request.urlopen(door.redirect_uri.replace("callback", "favicon.ico"), timeout=10)
        elsewhere.value.close()
        query = urllib.parse.urlencode(
            {"state": "right", "code": "c", "location": "eu", "accounts-server": "https://accounts.zoho.eu"}
        )
        urllib.request.urlopen(f"{door.redirect_uri}?{query}", timeout=10).close()
        found = door.wait(5)
    assert (found.code, found.location, found.accounts_server) == ("c", "eu", "https://accounts.zoho.eu")


def test_nobody_comes_back() -> None:
    with listening("right", port=0) as door, pytest.raises(Unauthorized, match="Nobody came back"):
        door.wait(0.01)


def test_the_port_is_taken() -> None:
    with listening("first", port=0) as door:
        port = int(door.redirect_uri.split(":")[2].split("/")[0])
        with pytest.raises(Halt, match=f"Port {port} of this machine is taken"):
            listening("second", port=port).__enter__()


def test_the_secret_only_goes_to_a_server_that_may_have_it() -> None:
    us = "https://accounts.zoho.com"
    assert server_of_callback(us, None) == us
    assert server_of_callback(us, "https://accounts.zoho.eu") == "https://accounts.zoho.eu"
    sandbox = "http://127.0.0.1:8411/dc/us"
    assert server_of_callback(sandbox, "http://127.0.0.1:8411/dc/eu") == "http://127.0.0.1:8411/dc/eu"
    for configured, told in (
        (us, "https://accounts.zoho.eu.evil.example"),
        (us, "http://127.0.0.1:9999"),
        (sandbox, "http://127.0.0.1:9999/dc/eu"),
    ):
        with pytest.raises(Unauthorized):
            server_of_callback(configured, told)


def test_what_is_missing_is_named_and_nothing_hangs(stockbridge: Command, zoho_arguments: list[str]) -> None:
    done = stockbridge("accounts", "add", "zoho")
    assert done.code == 2
    assert "Give --region with one of: us" in done.err
    assert "Give it with --client-id" in stockbridge("accounts", "add", "zoho", "--region", "eu").err
    unknown = stockbridge("accounts", "add", "zoho", "--region", "de")
    assert (unknown.code, "Choose one of us, eu" in unknown.err) == (2, True)
    refused = stockbridge(*zoho_arguments, "--self-client", "1000.wrong")
    assert refused.code == 4
    assert refused.err.startswith("✗ Zoho refused this login")
    assert "Traceback" not in refused.err


def test_production_of_optiply_needs_a_yes(stockbridge: Command) -> None:
    done = stockbridge("accounts", "add", "optiply")
    assert done.code == 2
    assert "Give --production to go on." in done.err
    half = stockbridge("accounts", "add", "optiply", "--api-base", "https://api.example/v1")
    assert "belong together" in half.err
    plain = stockbridge(
        "accounts",
        "add",
        "optiply",
        "--api-base",
        "http://api.example/v1",
        "--token-base",
        "http://x.example/api",
    )
    assert "only sent over https" in plain.err


def test_a_wrong_password_of_optiply(
    stockbridge: Command, optiply_arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBRIDGE_OPTIPLY_PASSWORD", "verkeerd-wachtwoord")
    done = stockbridge(*optiply_arguments)
    assert done.code == 4
    assert "password is wrong" in done.err
    assert "verkeerd-wachtwoord" not in done.err


@pytest.mark.usefixtures("accounts")
def test_check_signs_in_and_tells_what_is_left(stockbridge: Command) -> None:
    done = stockbridge("accounts", "check", "--json")
    assert done.code == 0
    by_name = {one["account"]: one for one in done.json}
    assert by_name["winkel"]["ok"]
    assert by_name["planning"]["ok"]
    assert by_name["winkel"]["limit"] == 7500
    assert "calls left today" in stockbridge("accounts", "check", "winkel").out


@pytest.mark.usefixtures("accounts")
def test_check_tells_a_revoked_login_and_signing_in_again_mends_it(
    stockbridge: Command, sandbox: Sandbox, zoho_arguments: list[str]
) -> None:
    for token in list(sandbox.zoho.grants.refreshes):
        sandbox.zoho.grants.revoke(token)
    done = stockbridge("accounts", "check", "winkel")
    assert done.code == 4, done.out
    assert done.out.startswith("✗ winkel: Zoho refused the login")
    request = urllib.request.Request(
        f"{sandbox.control_url}/self-client",
        data=b'{"self_client": {"scope": "ZohoInventory.fullaccess.all"}}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        code = re.findall(r'"code":\s*"([^"]+)"', answer.read().decode())[0]
    again = stockbridge("accounts", "add", "zoho", "--reauthorise", "winkel", "--self-client", code)
    assert again.code == 0, again.err
    assert stockbridge("accounts", "check", "winkel").code == 0


@pytest.mark.usefixtures("accounts")
def test_one_organisation_is_one_account(
    stockbridge: Command, optiply_arguments: list[str], logins: dict[str, dict[str, str]]
) -> None:
    double = stockbridge(*optiply_arguments, "--name", "second")
    assert double.code == 2
    assert "--reauthorise planning" in double.err
    assert 'did you mean "winkel"?' in stockbridge("accounts", "check", "winkle").err


@pytest.mark.usefixtures("accounts")
def test_an_account_in_use_stays(stockbridge: Command) -> None:
    assert stockbridge("sync", "create", "optiply-board", "--name", "bord").code == 0
    kept = stockbridge("accounts", "remove", "winkel", "--yes")
    assert kept.code == 2
    assert "used by the sync bord" in kept.err
    assert stockbridge("sync", "remove", "bord", "--yes").code == 0
    assert stockbridge("accounts", "remove", "winkel").code == 2  # nobody to ask
    assert stockbridge("accounts", "remove", "winkel", "--yes").code == 0
    assert [row["name"] for row in stockbridge("accounts", "list", "--json").json] == ["planning"]


@pytest.mark.usefixtures("accounts")
def test_another_key_is_told_before_anything_is_sent(
    stockbridge: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBRIDGE_KEY", "A" * 43 + "=")
    done = stockbridge("accounts", "check", "winkel")
    assert done.code == 4
    assert "sealed with another key" in done.out


@pytest.mark.usefixtures("accounts")
def test_no_secret_is_shown_or_stored_in_the_open(
    stockbridge: Command, logins: dict[str, dict[str, str]], home: Path
) -> None:
    secrets = [
        logins["zoho"]["client_secret"],
        logins["optiply"]["password"],
        logins["optiply"]["client_secret"],
    ]
    said = ""
    for arguments in (
        ("accounts", "list", "--json"),
        ("accounts", "check", "--debug"),
        ("sync", "create", "optiply-board", "--debug"),
        ("preview", "--debug"),
        ("run", "--debug"),
        ("status", "--debug", "--json"),
        ("runs", "--debug", "--json"),
        ("sync", "export"),
    ):
        done = stockbridge(*arguments)
        assert done.code == 0, done.err
        said += done.out + done.err
    assert "call" in said
    stored = b"".join(file.read_bytes() for file in home.iterdir() if file.name != "key")
    for secret in secrets:
        assert secret not in said
        assert secret.encode() not in stored
    assert not re.search(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}", said)
    assert not re.search(rb"1000\.[0-9a-f]{32}\.[0-9a-f]{32}", stored)
