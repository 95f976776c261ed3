"""Every fault on demand, seen from the other end of the connection."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator

import pytest
from zoho_caller import Caller, calling, post_form, send, token_of

from stockbridge_sandbox.faults import Fault


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(items=12, vendors=2, orders=4) as caller:
        yield caller


def _set(caller: Caller, **fault: object) -> int:
    """Set a fault over HTTP and give its id."""
    answer = send(f"{caller.sandbox.zoho_url}/_sandbox/faults", "POST", body=json.dumps(fault).encode())
    assert answer.status == 200, answer.body
    return int(answer.json()["ids"][0])


def test_only_the_nth_matching_request_is_hit_and_the_report_counts(caller: Caller) -> None:
    _set(caller, system="zoho", method="GET", path="/items$", nth=2, count=2, kind="status", status=500)
    statuses = [caller.call("GET", "/items").status for _ in range(4)]
    assert statuses == [200, 500, 500, 200]
    assert caller.call("GET", "/contacts").status == 200
    report = send(f"{caller.sandbox.zoho_url}/_sandbox/faults").json()["faults"]
    assert [(row["matched"], row["fired"]) for row in report] == [(4, 2)]
    send(f"{caller.sandbox.zoho_url}/_sandbox/faults", "DELETE")
    assert caller.sandbox.control.faults() == []


@pytest.mark.parametrize(
    ("status", "code", "expected"), [(429, 44, 44), (429, 45, 45), (429, 1070, 1070), (500, None, 1000)]
)
def test_a_status_fault_has_the_body_of_the_real_one(
    caller: Caller, status: int, code: int | None, expected: int
) -> None:
    _set(caller, system="zoho", kind="status", status=status, code=code)
    answer = caller.call("GET", "/items")
    assert (answer.status, answer.code) == (status, expected)
    assert answer.json()["message"]
    assert caller.sandbox.control.requests("zoho")[-1].counted is False


def test_dropped_before_the_write_took_no_effect_and_after_it_did(caller: Caller) -> None:
    _set(caller, system="zoho", method="POST", kind="drop_before")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        caller.post("/items", {"name": "Never made"})
    _set(caller, system="zoho", method="POST", kind="drop_after")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        caller.post("/items", {"name": "Made all the same"})
    names = {row["name"] for row in caller.get("/items")["items"]}
    assert "Never made" not in names
    assert "Made all the same" in names
    posts = [seen for seen in caller.sandbox.control.requests("zoho") if seen.method == "POST"]
    assert [seen.status for seen in posts] == [None, None]


def test_an_error_is_answered_although_the_write_took_effect(caller: Caller) -> None:
    _set(caller, system="zoho", method="POST", kind="status_after", status=502)
    assert caller.post("/items", {"name": "Made all the same"}).status == 502
    assert "Made all the same" in {row["name"] for row in caller.get("/items")["items"]}


def test_latency_waits_and_a_hang_ends_without_an_answer(caller: Caller) -> None:
    _set(caller, system="zoho", kind="latency", seconds=0.2)
    begun = time.monotonic()
    caller.get("/items")
    assert time.monotonic() - begun >= 0.2
    _set(caller, system="zoho", kind="hang", seconds=0.1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        caller.get("/items")


def test_a_truncated_page_ends_in_the_middle(caller: Caller) -> None:
    _set(caller, system="zoho", kind="truncate_page")
    with pytest.raises(http.client.IncompleteRead):
        caller.get("/items")


def test_a_page_that_is_no_json_and_a_row_without_id(caller: Caller) -> None:
    _set(caller, system="zoho", kind="not_json")
    answer = caller.call("GET", "/items")
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    _set(caller, system="zoho", kind="row_without_id")
    rows = caller.get("/items")["items"]
    assert "item_id" not in rows[0]
    assert "name" in rows[0]
    assert all("item_id" in row for row in rows[1:])


def test_a_revoked_token_is_refused_from_that_request_on(caller: Caller) -> None:
    _set(caller, system="zoho", kind="revoke_token", nth=2)
    answers = [caller.call("GET", "/items") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 401, 401]
    assert answers[1].code == 57
    caller.token = token_of(caller.sandbox)["access_token"]
    assert caller.call("GET", "/items").status == 200


def test_a_refresh_token_is_revoked_by_a_fault_of_the_accounts_server(caller: Caller) -> None:
    login = caller.sandbox.control.accounts()["zoho"]
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": token_of(caller.sandbox)["refresh_token"],
        "client_id": login["client_id"],
        "client_secret": login["client_secret"],
    }
    url = f"{caller.sandbox.zoho_url}/dc/eu/oauth/v2/token"
    assert "access_token" in post_form(url, **fields).json()
    _set(caller, system="accounts", path="/token$", kind="revoke_token")
    assert post_form(url, **fields).json() == {"error": "invalid_code"}
    _set(caller, system="accounts", kind="status", status=400)
    assert post_form(url, **fields).json()["error"] == "Access Denied"


def test_a_row_moves_between_two_pages_of_a_scan(caller: Caller) -> None:
    query: dict[str, str | int] = {"sort_column": "last_modified_time", "sort_order": "A", "per_page": 4}
    before = [row["item_id"] for row in caller.get("/items", **query, page=1)["items"]]
    caller.sandbox.clock.advance(60)
    _set(caller, system="zoho", path="/items$", kind="move_row")
    assert [row["item_id"] for row in caller.get("/items", **query, page=1)["items"]] == before
    second = [row["item_id"] for row in caller.get("/items", **query, page=2)["items"]]
    third = [row["item_id"] for row in caller.get("/items", **query, page=3)["items"]]
    # The first row went to the end, so by page numbers one row between the pages is never seen.
    assert third[-1] == before[0]
    assert len({*before, *second, *third}) == 11


def test_faults_of_the_accounts_server_and_of_optiply_are_told_apart(caller: Caller) -> None:
    _set(caller, system="accounts", kind="status", status=502)
    assert caller.call("GET", "/items").status == 200
    assert send(f"{caller.sandbox.optiply_url}/v1/products").status == 401
    assert send(f"{caller.sandbox.zoho_url}/dc/eu/oauth/serverinfo").status == 502
    _set(caller, system="optiply", kind="status", status=503)
    assert send(f"{caller.sandbox.optiply_url}/v1/products").status == 503


def test_a_bad_fault_is_refused_with_the_reason(caller: Caller) -> None:
    url = f"{caller.sandbox.zoho_url}/_sandbox/faults"
    assert send(url, "POST", body=b'{"kind": "earthquake"}').status == 400
    answer = send(url, "POST", body=b'{"kind": "latency", "path": "("}')
    assert answer.status == 400
    assert "regular expression" in answer.json()["error"]
    with pytest.raises(ValueError, match="regular"):
        caller.sandbox.control.add_fault(Fault(kind="hang", path="["))
