"""Signing in to Google by browser and with a refresh token, checking, signing in again."""

from __future__ import annotations

import re
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox

Command: TypeAlias = Callable[..., Any]


@pytest.fixture
def google_arguments(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What signs in to the sandbox's Google, but for the browser or a refresh token."""
    login = sandbox.people.accounts()
    monkeypatch.setenv("STOCKBRIDGE_GOOGLE_CLIENT_SECRET", login["client_secret"])
    monkeypatch.delenv("STOCKBRIDGE_GOOGLE_REFRESH_TOKEN", raising=False)
    return ["accounts", "add", "google", "--server", sandbox.people_url, "--client-id", login["client_id"]]


def a_person(monkeypatch: pytest.MonkeyPatch, form: str) -> tuple[list[str], list[threading.Thread]]:
    """Reads the consent page in the browser and answers it with this form; gives what the browser shows at the end."""
    answered: list[str] = []
    threads: list[threading.Thread] = []

    def opened(page: str) -> bool:
        def decide() -> None:
            server, _, query = page.partition("?")
            with urllib.request.urlopen(page, timeout=10) as consent:
                assert "wants access to the Google Account" in consent.read().decode()
            with urllib.request.urlopen(server, data=f"{query}&{form}".encode(), timeout=10) as back:
                answered.append(back.read().decode())

        threads.append(threading.Thread(target=decide))
        threads[0].start()
        return True

    monkeypatch.setattr("webbrowser.open", opened)
    return answered, threads


def test_the_browser_signs_in_for_the_contacts_alone(
    stockbridge: Command, google_arguments: list[str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, threads = a_person(monkeypatch, "decision=accept")
    done = stockbridge(*google_arguments, "--port", "0", "--name", "adresboek")
    threads[0].join(timeout=10)
    assert done.code == 0, done.err
    assert "Signed in" in answered[0]
    assert re.search(r"Signed in to Google: an address book of \d+ contacts", done.out)
    (page,) = re.findall(r"http\S+/o/oauth2/v2/auth\S+", done.err)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query))
    assert asked["scope"] == "https://www.googleapis.com/auth/contacts"
    assert asked["code_challenge_method"] == "S256"
    assert sandbox.people.accounts()["client_secret"] not in done.err + done.out


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("decision=reject", "not agreed to"),
        ("decision=accept&granted.nothing=on", "tick the box of the contacts"),
    ],
)
def test_who_declines_is_not_signed_in(
    stockbridge: Command,
    google_arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    told: str,
) -> None:
    _, threads = a_person(monkeypatch, form)
    done = stockbridge(*google_arguments, "--port", "0")
    threads[0].join(timeout=10)
    assert done.code == 4
    assert told in done.err
    assert stockbridge("accounts", "list", "--json").json == []


def test_a_refresh_token_of_the_environment_signs_in_and_is_kept_sealed(
    stockbridge: Command,
    google_arguments: list[str],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = sandbox.people.refresh_token()
    monkeypatch.setenv("STOCKBRIDGE_GOOGLE_REFRESH_TOKEN", token)
    done = stockbridge(*google_arguments, "--name", "adresboek", "--json")
    assert done.code == 0, done.err
    assert done.json["system"] == "google"
    assert token not in done.out
    (row,) = stockbridge("accounts", "list", "--json").json
    assert (row["name"], row["system"]) == ("adresboek", "google")
    assert "contacts (client 210987654321)" in stockbridge("accounts", "list").out
    checked = stockbridge("accounts", "check", "adresboek", "--json")
    assert checked.code == 0, checked.out
    living = len(sandbox.people.rows("contacts"))
    assert checked.json[0]["said"] == f"signed in to an address book of {living} contacts"


def test_nothing_secret_stands_in_the_store(
    home: Path,
    stockbridge: Command,
    google_arguments: list[str],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = sandbox.people.refresh_token()
    monkeypatch.setenv("STOCKBRIDGE_GOOGLE_REFRESH_TOKEN", token)
    assert stockbridge(*google_arguments).code == 0
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert b"210987654321-sandbox.apps.googleusercontent.com" in kept
    for secret in (token, sandbox.people.accounts()["client_secret"]):
        assert secret.encode() not in kept


def test_a_login_that_was_taken_back_is_told_and_given_anew(
    stockbridge: Command, google_arguments: list[str], sandbox: Sandbox
) -> None:
    given = sandbox.people.refresh_token()
    assert stockbridge(*google_arguments, "--refresh-token", given, "--name", "adresboek").code == 0
    sandbox.people.grants.revoke(given)
    checked = stockbridge("accounts", "check", "adresboek")
    assert checked.code == 4
    assert 'Google refused the login of the Google account "adresboek"' in checked.out
    assert "stockbridge accounts add google --reauthorise adresboek" in checked.out
    again = stockbridge(
        *("accounts", "add", "google", "--reauthorise", "adresboek"),
        *("--refresh-token", sandbox.people.refresh_token()),
    )
    assert again.code == 0, again.err
    assert stockbridge("accounts", "check", "adresboek").code == 0


def test_what_is_missing_or_unsafe_is_named(
    stockbridge: Command, google_arguments: list[str], sandbox: Sandbox
) -> None:
    assert "Give it with --client-id" in stockbridge("accounts", "add", "google").err
    unsafe = stockbridge("accounts", "add", "google", "--server", "http://people.example", "--client-id", "1")
    assert (unsafe.code, "only sent over https" in unsafe.err) == (2, True)
    wrong = stockbridge(*google_arguments, "--client-secret", "wrong", "--refresh-token", "1//0nothing")
    assert wrong.code == 4
    assert "client secret is wrong" in wrong.err
    sandbox.faults.add(Fault(kind="status", system="people", status=403))
    refused = stockbridge(*google_arguments, "--refresh-token", sandbox.people.refresh_token())
    assert refused.code == 4
    assert "Google does not allow" in refused.err
    assert "--reauthorise" not in refused.err
    assert stockbridge("accounts", "list", "--json").json == []
