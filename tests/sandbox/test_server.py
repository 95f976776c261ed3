"""The HTTP server itself, the control application, and the state file."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from zoho_caller import Caller, caller_of, calling, send

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.run import start
from stockbridge_sandbox.state import StateError


def _conversation(url: str, *messages: bytes) -> list[bytes]:
    """Send raw requests on one connection and give the answers, each read to its end."""
    host, port = url.removeprefix("http://").split(":")
    answers = []
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        stream = connection.makefile("rb")
        for message in messages:
            connection.sendall(message)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                assert line, "the connection was closed"
                head += line
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            answers.append(head + (stream.read(length) if not message.startswith(b"HEAD") else b""))
    return answers


def test_one_connection_carries_many_requests_with_plain_and_chunked_bodies() -> None:
    with start(items=2, vendors=1, orders=0, speed=0) as sandbox:
        plain = b'POST /_sandbox/clock HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{"advance": 60}'
        chunked = (
            b"POST /_sandbox/clock HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'8\r\n{"advanc\r\n7\r\ne": 60}\r\n0\r\n\r\n'
        )
        before = sandbox.clock.now()
        answers = _conversation(sandbox.zoho_url, plain, chunked)
        assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"200"]
        assert (sandbox.clock.now() - before).total_seconds() == 120


def test_head_has_no_body_and_an_unknown_control_path_is_named() -> None:
    with start(items=2, vendors=1, orders=0) as sandbox:
        head = _conversation(sandbox.zoho_url, b"HEAD /_sandbox/clock HTTP/1.1\r\nHost: x\r\n\r\n")[0]
        assert head.endswith(b"\r\n\r\n")
        answer = send(f"{sandbox.zoho_url}/_sandbox/nothing")
        assert answer.status == 404
        assert "/_sandbox/nothing" in answer.json()["error"]


def test_the_date_header_follows_the_sandbox_clock() -> None:
    at = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
    with start(items=2, vendors=1, orders=0, speed=0, at=at) as sandbox:
        assert send(f"{sandbox.zoho_url}/_sandbox/clock").headers["date"] == "Mon, 01 Mar 2027 12:00:00 GMT"


def test_a_clock_runs_at_its_speed_and_only_forward() -> None:
    still = Clock(0, datetime(2027, 1, 1, tzinfo=UTC))
    still.sleep(10**9)
    assert still.now() == datetime(2027, 1, 1, tzinfo=UTC)
    still.advance(90)
    assert still.now() == datetime(2027, 1, 1, 0, 1, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="forward"):
        still.advance(-1)
    fast = Clock(100_000)
    before = fast.now()
    fast.sleep(1_000)
    assert (fast.now() - before).total_seconds() >= 1_000


def test_the_control_application_on_both_ports() -> None:
    with calling(items=5, vendors=2, orders=3) as caller:
        sandbox = caller.sandbox
        for url in (sandbox.zoho_url, sandbox.optiply_url):
            accounts = send(f"{url}/_sandbox/accounts").json()
            assert accounts["zoho"]["organization_id"] == caller.organization_id
            assert {"username", "password", "client_id", "client_secret", "account_id", "coupling_id"} == set(
                accounts["optiply"]
            )
        rows = send(f"{sandbox.optiply_url}/_sandbox/state/zoho/items").json()["rows"]
        assert len(rows) == 5
        assert send(f"{sandbox.zoho_url}/_sandbox/state/zoho/nothing").status == 404
        assert send(f"{sandbox.zoho_url}/_sandbox/state/optiply/products").json() == {"rows": []}
        code = send(
            f"{sandbox.zoho_url}/_sandbox/self-client",
            "POST",
            body=b'{"self_client": {"scope": "ZohoInventory.items.READ"}}',
        ).json()["code"]
        assert code.startswith("1000.")


def test_the_request_log_tells_what_was_asked_and_what_was_counted() -> None:
    with calling(items=5, vendors=2, orders=3) as caller:
        caller.sandbox.control.clear_requests()
        caller.get("/organizations")
        caller.get("/items", per_page=3)
        caller.post("/items", {"name": "Bel"})
        url = f"{caller.sandbox.zoho_url}/_sandbox/requests"
        seen = send(f"{url}?system=zoho").json()["requests"]
        assert [(row["method"], row["status"], row["counted"]) for row in seen] == [
            ("GET", 200, False),
            ("GET", 200, True),
            ("POST", 201, True),
        ]
        assert seen[1]["query"]["per_page"] == "3"
        assert seen[2]["body"] == {"name": "Bel"}
        assert seen[2]["path"] == "/dc/eu/inventory/v1/items"
        assert len(send(f"{url}?since={seen[1]['n']}").json()["requests"]) == 1
        assert send(url, "DELETE").status == 200
        assert send(url).json() == {"requests": []}


def test_an_unknown_switch_is_refused_by_name() -> None:
    with start(items=2, vendors=1, orders=0) as sandbox:
        url = f"{sandbox.zoho_url}/_sandbox/zoho/settings"
        answer = send(url, "POST", body=b'{"per_minut": 5}')
        assert answer.status == 400
        assert "per_minut" in answer.json()["error"]
        assert send(url, "POST", body=b'{"per_minute": "many"}').status == 400
        assert send(url, "POST", body=b'{"per_minute": 5}').json()["per_minute"] == 5


def test_business_by_control_is_seen_in_the_api_and_not_in_the_log() -> None:
    with calling(items=20, vendors=3, orders=10) as caller:
        control = caller.sandbox.control
        control.clear_requests()
        events = send(
            f"{caller.sandbox.zoho_url}/_sandbox/business", "POST", body=b'{"hours": 1, "seed": 3}'
        ).json()["events"]
        assert control.requests() == []
        renamed = next(event for event in events if event["what"] == "item_renamed")
        fresh = caller_of(caller.sandbox)
        name = fresh.get(f"/items/{renamed['id']}")["item"]["name"]
        assert renamed["detail"].endswith(name)


def _everything(caller: Caller) -> list[object]:
    return [caller.get(path) for path in ("/items", "/contacts", "/salesorders", "/locations")]


def test_the_state_file_keeps_everything_even_tokens(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    with calling(items=8, vendors=2, orders=5, state=file) as caller:
        caller.post("/items", {"name": "Fietsbel néo", "item_type": "inventory", "initial_stock": 4})
        before, item = _everything(caller), caller.get("/items")["items"][0]["item_id"]
        detail = caller.get(f"/items/{item}")
        used = caller.call("GET", "/items").headers["x-rate-limit-remaining"]
    with start(state=file, speed=0) as again:
        same = Caller(sandbox=again, token=caller.token, organization_id=caller.organization_id)
        assert _everything(same) == before
        assert same.get(f"/items/{item}") == detail
        left = int(same.call("GET", "/items").headers["x-rate-limit-remaining"])
        assert left == int(used) - 6


def test_a_damaged_state_file_is_named_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("{]")
    with pytest.raises(StateError, match=r"state\.json .*Delete it"):
        start(state=file)
    file.write_text(json.dumps({"now": "2026-01-01T00:00:00Z", "zoho": {}, "optiply": {}, "version": 99}))
    with pytest.raises(StateError, match="version 99"):
        start(state=file)


def test_a_port_that_is_taken_leaves_nothing_open() -> None:
    with start(items=2, vendors=1, orders=0) as first:
        taken = int(first.optiply_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            start(items=2, vendors=1, orders=0, optiply_port=taken)
