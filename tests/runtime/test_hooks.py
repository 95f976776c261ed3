"""Zoho's webhooks over real HTTP: whom they are believed, what is made of them, and what is never said back or logged."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import pytest
from sqlalchemy.engine import Engine
from structlog.testing import capture_logs

from stockbridge.cli.main import main
from stockbridge.core.errors import Halt
from stockbridge.runtime.hooks import receiving
from stockbridge.store import hints, syncs
from stockbridge.store.database import open_store
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.hook_secret import hook_path, make_secret, open_secret

NAME = "Mijn winkel"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
ITEM = {"item": {"item_id": "4600000000017088", "name": "Ketting geheim", "rate": 12.5}}


@dataclass(slots=True, kw_only=True)
class Door:
    """The open door, the secret of the sync behind it, and whether a hint woke the worker."""

    store: Engine
    address: str
    secret: str
    sync: int
    woken: threading.Event

    def send(
        self,
        body: bytes,
        *,
        path: str = f"/hooks/{quote(NAME)}",
        signature: str | None = None,
        content_type: str = JSON,
        method: str = "POST",
    ) -> int:
        place = urlsplit(self.address)
        assert place.hostname is not None
        connection = http.client.HTTPConnection(place.hostname, place.port or 80, timeout=10)
        try:
            given = {"Content-Type": content_type}
            if signature is not None:
                given["X-Zoho-Webhook-Signature"] = signature
            connection.request(method, path, body=body, headers=given)
            answer = connection.getresponse()
            assert answer.read() == b""
            return answer.status
        finally:
            connection.close()

    def sign(self, signed: bytes) -> str:
        return hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()

    def say(self, payload: object) -> int:
        body = msgspec.json.encode(payload)
        return self.send(body, signature=self.sign(body))

    def told(self) -> list[tuple[str, str]]:
        with self.store.connect() as connection:
            return sorted((stream, id) for stream, id, _ in hints.waiting(connection, self.sync, "a"))


@pytest.fixture
def door(sqlite_url: str, capfd: pytest.CaptureFixture[str]) -> Iterator[Door]:
    store = open_store(sqlite_url)
    with store.begin() as connection:
        number = syncs.add(
            connection, name=NAME, kind="optiply-board", account_a=1, account_b=2, config=b"{}"
        )
        syncs.add(connection, name="without", kind="optiply-board", account_a=1, account_b=2, config=b"{}")
        row = syncs.find(connection, NAME)
    assert row is not None
    secret = make_secret(store, row, load_sealer()).reveal()
    woken = threading.Event()
    with receiving(
        store,
        load_sealer(),
        bind="127.0.0.1",
        port=0,
        now=lambda: datetime(2026, 7, 1, tzinfo=UTC),
        wake=woken.set,
    ) as address:
        yield Door(store=store, address=address, secret=secret, sync=number, woken=woken)
    store.dispose()
    assert "Traceback" not in capfd.readouterr().err


def test_what_zoho_signed_becomes_a_hint(door: Door) -> None:
    assert door.say(ITEM) == 200
    assert door.told() == [("items", "4600000000017088")]
    assert door.woken.is_set()
    assert door.say(ITEM) == 200  # it comes at least once
    assert len(door.told()) == 1


def test_what_nobody_signed_is_refused_and_leaves_nothing(door: Door) -> None:
    body = msgspec.json.encode(ITEM)
    good = door.sign(body)
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    other = hmac.new(b"another secret", body, hashlib.sha256).hexdigest()
    for signature in (None, "", bad, other, "é", good[:32]):
        assert door.send(body, signature=signature) == 401
    assert door.send(body + b" ", signature=good) == 401
    assert door.told() == []
    assert not door.woken.is_set()


def test_parameters_are_signed_in_the_order_of_their_names(door: Door) -> None:
    path = f"/hooks/{quote(NAME)}?zone=eu&event=edited%20now&empty="
    body = msgspec.json.encode(ITEM)
    # empty + (nothing), event + its value, zone + its value, then the body
    assert door.send(body, path=path, signature=door.sign(b"emptyeventedited nowzoneeu" + body)) == 200
    assert door.send(body, path=path, signature=door.sign(b"zoneeueventedited nowempty" + body)) == 401
    # One client of Zoho's signs the raw body alone.
    assert door.send(body, path=path, signature=door.sign(body)) == 200


def test_the_default_payload_comes_as_a_form(door: Door) -> None:
    text = msgspec.json.encode(ITEM).decode()
    body = urlencode({"JSONString": text, "event": "edited"}).encode()
    parameters = f"JSONString{text}eventedited".encode()
    for signed in (parameters, parameters + body, body):
        assert door.send(body, signature=door.sign(signed), content_type=f"{FORM}; charset=UTF-8") == 200
    assert door.told() == [("items", "4600000000017088")]
    assert door.send(body, signature=door.sign(text.encode()), content_type=FORM) == 401
    flood = b"a&" * 400_000
    assert door.send(flood, signature=door.sign(flood), content_type=FORM) == 401
    # What is no form is no parameter either.
    assert door.send(body, signature=door.sign(parameters), content_type=JSON) == 401


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"composite_item": {"composite_item_id": "7"}}, [("composites", "7"), ("items", "7")]),
        ({"contact": {"contact_id": "7", "contact_type": "vendor"}}, [("vendors", "7")]),
        ({"contact": {"contact_id": "7", "contact_type": "customer"}}, []),
        ({"salesorder": {"salesorder_id": "7"}}, [("salesorders", "7")]),
        ({"purchaseorder": {"purchaseorder_id": 7}}, [("purchaseorders", "7")]),
        ({"purchasereceive": {"receive_id": "8", "purchaseorder_id": "7"}}, [("purchaseorders", "7")]),
        ({"purchase_receive": {"receive_id": "8", "purchaseorder_id": "7"}}, [("purchaseorders", "7")]),
        ({"bill": {"purchaseorder_ids": ["7", "8"]}}, [("purchaseorders", "7"), ("purchaseorders", "8")]),
        ({"bundle": {"bundle_id": "7"}}, [("bundles", "7")]),
        ({"invoice": {"invoice_id": "7"}}, []),
        ({"item": {"item_id": "7/../8"}}, []),
        ({"item": {"item_id": True}}, []),
        ({"item": {"item_id": "9" * 41}}, []),
        ({"item": ["7"]}, []),
        ({}, []),
    ],
)
def test_only_which_record_it_is_about_is_taken(
    door: Door, payload: object, told: list[tuple[str, str]]
) -> None:
    assert door.say(payload) == 200
    assert door.told() == told
    assert door.woken.is_set() == bool(told)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"item"', b"\xff\xfe", b"[" * 5000])
def test_what_is_signed_and_still_no_record_is_said_to_be_wrong(door: Door, body: bytes) -> None:
    assert door.send(body, signature=door.sign(body)) == 400
    assert door.told() == []


@pytest.mark.parametrize(
    "path", ["/hooks/nobody", "/hooks/without", "/hooks/", "/hooks", "/", "/elsewhere/hooks/Mijn%20winkel"]
)
def test_an_address_without_a_sync_is_not_found(door: Door, path: str) -> None:
    body = msgspec.json.encode(ITEM)
    assert door.send(body, path=path, signature=door.sign(body)) == 404


def test_only_a_post_of_a_fair_size_is_read(door: Door) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD", "PATCH"):
        assert door.send(b"", method=method) == 405
    assert b" 413 " in raw(door, b"POST /hooks/x HTTP/1.1\r\nContent-Length: 1000001\r\n\r\n")
    assert b" 413 " in raw(door, b"POST /hooks/x HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n")
    assert b" 411 " in raw(door, b"POST /hooks/x HTTP/1.1\r\n\r\n")
    assert b" 411 " in raw(door, b"POST /hooks/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
    assert b" 411 " in raw(door, b"POST /hooks/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


def test_nonsense_and_callers_that_go_away_do_no_harm(door: Door) -> None:
    raw(door, b"\x16\x03\x01 this is no HTTP <script>\r\n\r\n")
    place = urlsplit(door.address)
    with socket.create_connection((place.hostname, place.port), timeout=10) as one:
        one.sendall(b"POST /hooks/x HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        assert door.say(ITEM) == 200  # while another caller says nothing more
    assert door.say(ITEM) == 200


def test_nothing_of_a_payload_is_logged(door: Door) -> None:
    body = msgspec.json.encode(ITEM)
    with capture_logs() as logs:
        door.say(ITEM)
        door.send(body, signature="wrong")
        door.send(b"geheim", signature=door.sign(b"geheim"))
    assert [entry["log_level"] for entry in logs] == ["warning"]  # the one that was refused
    assert not any(secret in str(logs) for secret in ("geheim", "4600000000017088", door.secret, "wrong"))


def test_a_port_that_is_taken_is_said_in_words(door: Door) -> None:
    port = urlsplit(door.address).port or 0
    again = receiving(
        door.store,
        load_sealer(),
        bind="127.0.0.1",
        port=port,
        now=lambda: datetime.now(UTC),
        wake=lambda: None,
    )
    with pytest.raises(Halt, match=f"127.0.0.1:{port}"), again:
        pass


def test_the_secret_is_shown_once_and_sealed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store()
    with store.begin() as connection:
        syncs.add(connection, name=NAME, kind="optiply-board", account_a=1, account_b=2, config=b"{}")

    def asked(*options: str) -> dict[str, object]:
        capsys.readouterr()
        assert main(["sync", "hooks", "--json", *options]) == 0
        found: dict[str, object] = msgspec.json.decode(capsys.readouterr().out)
        return found

    first, again, anew = asked(), asked(), asked("--new")
    secret = str(anew["secret"])
    assert (first["path"], again["secret"]) == ("/hooks/Mijn%20winkel", None)
    assert 12 <= len(secret) <= 50
    assert secret.isalnum()
    assert secret.isascii()
    assert secret != first["secret"]
    with store.connect() as connection:
        row = syncs.find(connection, NAME)
    assert row is not None
    assert row.hook_secret is not None
    assert secret.encode() not in row.hook_secret
    kept = open_secret(row, load_sealer())
    assert kept is not None
    assert kept.reveal() == secret
    assert hook_path(row.name) == first["path"]
    assert main(["sync", "hooks"]) == 0
    assert secret not in capsys.readouterr().out
    store.dispose()


def raw(door: Door, request: bytes) -> bytes:
    place = urlsplit(door.address)
    with socket.create_connection((place.hostname, place.port), timeout=10) as one:
        one.sendall(request)
        one.shutdown(socket.SHUT_WR)
        answer = b""
        while part := one.recv(4096):
            answer += part
        return answer
