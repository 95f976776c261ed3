"""`stockbridge notify` and `run --notify`, as their user meets them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Command
from runtime.letterbox import Webhook, mail_server, webhook
from stockbridge_sandbox.run import Sandbox

SECRET = "T0geheim"


@pytest.fixture
def box() -> Iterator[Webhook]:
    with webhook() as one:
        yield one


def test_somebody_is_added_tried_listed_and_removed(stockbridge: Command, box: Webhook, home: Path) -> None:
    assert "Nobody is told yet" in stockbridge("notify", "list").out
    assert stockbridge("notify", "test").code == 2
    assert stockbridge("notify", "remove", "chat", "--yes").code == 2
    added = stockbridge("notify", "add", "my chat", "--webhook", box.url)
    assert added.code == 0
    assert "stockbridge notify test 'my chat'" in added.out
    again = stockbridge("notify", "add", "my chat", "--webhook", box.url)
    assert (again.code, "notified already" in again.err) == (4, True)
    tried = stockbridge("notify", "test")
    assert (tried.code, tried.out) == (0, "✓ my chat: sent\n")
    told = box.next()
    assert (told["reason"], told["sync"], told["path"]) == ("test", "", f"/hooks/{SECRET}")
    assert told["text"] == 'This is a test: notices of Stockbridge for "my chat" arrive here.'
    listed = stockbridge("notify", "list")
    assert "webhook ***" in listed.out
    as_json = stockbridge("notify", "list", "--json")
    assert [(one["name"], one["way"], one["unsent"]) for one in as_json.json] == [("my chat", "webhook", 0)]
    box.answer = 404
    tried = stockbridge("notify", "test", "my chat", "--json", "--debug")
    assert (tried.code, tried.json[0]["sent"]) == (4, False)
    assert "it answered 404" in tried.json[0]["what"]
    said = [added, again, listed, as_json, tried]
    assert not any(SECRET in one.out + one.err for one in said)
    assert all(SECRET.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())
    near = stockbridge("notify", "remove", "my chatt", "--yes")
    assert 'did you mean "my chat"' in near.err
    assert stockbridge("notify", "remove", "my chat").code == 2  # nobody is here to agree
    assert stockbridge("notify", "remove", "my chat", "--yes").code == 0
    assert stockbridge("notify", "list", "--json").json == []


@pytest.mark.parametrize(
    "url",
    [
        "http://chat.example.com/hooks/T0geheim",
        "chat.example.com/hooks/T0geheim",
        "ftp://chat.example.com/T0geheim",
        "https:///T0geheim",
        "https://me:T0geheim@chat.example.com/",
        "https://chat.example.com/T0 geheim",
        "https://chat.example.com/T0geheim\n",
        "https://chat.example.com/T0géheim",
        "https://chat.example.com:99999/T0geheim",
        "file:///T0geheim",
        "",
    ],
)
def test_an_address_that_anybody_could_read_or_nobody_reach_is_refused(
    stockbridge: Command, url: str
) -> None:
    refused = stockbridge("notify", "add", "chat", "--webhook", url)
    assert refused.code == 2
    assert "That is no address for a webhook" in refused.err
    assert "geheim" not in refused.err
    assert stockbridge("notify", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "It is not said how"),
        (["--mail", "me@example.com"], "--smtp is missing"),
        (["--mail", "me@example.com", "--smtp", "mail.example.com"], "--from is missing"),
        (["--mail", "me", "--smtp", "mail.example.com", "--from", "me@example.com"], "--mail"),
        (
            ["--mail", "me@example.com\nBcc: x@example.com", "--smtp", "m", "--from", "a@example.com"],
            "--mail",
        ),
        (["--mail", "me@example.com", "--smtp", "mail.example.com:x", "--from", "me@example.com"], "--smtp"),
        (["--mail", "me@example.com", "--smtp", "smtp://m", "--from", "me@example.com"], "--smtp"),
        (["--webhook", "https://chat.example.com/x", "--from", "me@example.com"], "does not go with"),
        (
            [
                "--mail",
                "me@example.com",
                "--smtp",
                "mail.example.com",
                "--from",
                "a@example.com",
                "--user",
                "a",
            ],
            "Password of a at mail.example.com is missing",
        ),
    ],
)
def test_what_is_missing_or_does_not_fit_is_said(
    stockbridge: Command, arguments: list[str], said: str
) -> None:
    refused = stockbridge("notify", "add", "me", *arguments)
    assert (refused.code, said in refused.err) == (2, True), refused.err
    assert stockbridge("notify", "list", "--json").json == []


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [
        ("mail.example.com", "mail.example.com", "587"),
        ("mail.example.com:465", "mail.example.com", "465"),
        ("localhost", "localhost", "25"),
        ("[2001:db8::1]:465", "2001:db8::1", "465"),
        ("[::1]", "::1", "25"),
    ],
)
def test_a_mail_server_has_the_usual_port(
    stockbridge: Command, monkeypatch: pytest.MonkeyPatch, server: str, host: str, port: str
) -> None:
    monkeypatch.setenv("STOCKBRIDGE_NOTIFY_PASSWORD", "hunter2geheim")
    sender = ["--mail", "me@example.com", "--from", "bridge@example.com", "--user", "bridge"]
    added = stockbridge("notify", "add", "me", *sender, "--smtp", server, "--json")
    assert (added.json["settings"]["host"], added.json["settings"]["port"]) == (host, port)
    listed = stockbridge("notify", "list")
    assert f"mail to me@example.com by {host}:{port} as bridge" in listed.out
    assert "hunter2geheim" not in added.out + added.err + listed.out


def test_the_address_of_a_webhook_need_not_stand_in_the_command(
    stockbridge: Command, box: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = stockbridge("notify", "add", "chat", "--webhook", "-")
    assert (missing.code, "STOCKBRIDGE_NOTIFY_WEBHOOK" in missing.err) == (2, True)
    monkeypatch.setenv("STOCKBRIDGE_NOTIFY_WEBHOOK", box.url)
    assert stockbridge("notify", "add", "chat", "--webhook", "-").code == 0
    assert stockbridge("notify", "test").code == 0
    assert box.next()["reason"] == "test"


def test_a_mail_goes_by_the_server_that_was_named(
    stockbridge: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKBRIDGE_NOTIFY_PASSWORD", "hunter2geheim")
    with mail_server(user="bridge", password="hunter2geheim") as server:
        by = ["--smtp", f"localhost:{server.port}", "--user", "bridge", "--from", "bridge@example.com"]
        assert stockbridge("notify", "add", "me", "--mail", "me@example.com", *by).code == 0
        assert stockbridge("notify", "test", "me").code == 0
        letter = server.letters.get(timeout=10)
        assert (letter["To"], letter["Subject"]) == ("me@example.com", "Stockbridge: a test")


def test_a_secret_of_another_key_is_said_to_be_one(
    stockbridge: Command, box: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    stockbridge("notify", "add", "chat", "--webhook", box.url)
    monkeypatch.setenv("STOCKBRIDGE_KEY", base64.b64encode(bytes(32)).decode())
    tried = stockbridge("notify", "test")
    assert tried.code == 4
    assert "stockbridge notify remove chat, then stockbridge notify add" in tried.out
    assert "reauthorise" not in tried.out
    assert box.nothing_more()


def test_a_run_that_nobody_watches_tells_and_one_by_hand_does_not(
    stockbridge: Command,
    accounts: None,
    sandbox: Sandbox,
    box: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", "1000")
    assert stockbridge("sync", "create", "optiply-board", "--name", "board").code == 0
    assert stockbridge("notify", "add", "chat", "--webhook", box.url).code == 0
    sandbox.control.zoho_settings({"user_disabled": True})
    assert stockbridge("run").code == 4
    assert box.nothing_more()
    assert stockbridge("run", "--notify").code == 4
    assert box.next()["state"] == "began"
    assert stockbridge("run", "--notify").code == 4
    assert box.nothing_more()

    sandbox.control.zoho_settings({"user_disabled": False})
    box.answer = 500
    done = stockbridge("run", "--notify", "--debug")
    assert done.code == 0
    assert 'A notice for "chat" could not be sent' in done.err
    assert SECRET not in done.out + done.err
    assert box.next()["state"] == "over"
    box.answer = 200

    with monkeypatch.context() as other_key:
        other_key.setenv("STOCKBRIDGE_KEY", base64.b64encode(bytes(32)).decode())
        refused = stockbridge("run", "--notify")
        assert refused.code == 4  # neither the accounts nor the webhook open with this key
        assert refused.err.count("another key") == 2
    assert box.nothing_more()
    assert stockbridge("run", "--notify").code == 0
    told = [box.next() for _ in range(3)]
    assert [(note["reason"], note["state"]) for note in told] == [
        ("account", "over"),
        ("closed", "began"),
        ("closed", "over"),
    ]
    assert box.nothing_more()
