"""Google beside Zoho and Optiply: its port, faults, control endpoints, state, and the made-up address book."""

from __future__ import annotations

import http.client
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from people_caller import Caller
from zoho_caller import post_form, send

from stockbridge_sandbox.people.made_up import Known, make_up
from stockbridge_sandbox.run import Sandbox, start


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start(items=2, vendors=1, orders=1, contacts=12, speed=0) as sandbox:
        yield sandbox


def _control(sandbox: Sandbox, method: str, path: str, body: object = None) -> Any:
    raw = None if body is None else json.dumps(body).encode()
    answer = send(f"{sandbox.control_url}/{path}", method, body=raw)
    assert answer.status == 200, answer.body
    return answer.json()


def _token(sandbox: Sandbox) -> dict[str, str]:
    login = sandbox.control.accounts()["people"]
    refresh = _control(sandbox, "POST", "people/refresh-token", {"scope": "contacts"})["refresh_token"]
    fields = {"grant_type": "refresh_token", "refresh_token": refresh}
    client = {"client_id": login["client_id"], "client_secret": login["client_secret"]}
    answer = post_form(f"{sandbox.people_url}/token", **fields, **client)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _list(sandbox: Sandbox, headers: dict[str, str], query: str = "") -> Any:
    url = f"{sandbox.people_url}/v1/people/me/connections?personFields=names,metadata{query}"
    return send(url, headers=headers)


def test_it_is_served_on_a_port_of_its_own(sandbox: Sandbox) -> None:
    assert len({sandbox.zoho_url, sandbox.optiply_url, sandbox.people_url}) == 3
    headers = _token(sandbox)
    sandbox.control.clear_requests()
    assert len(_list(sandbox, headers, "&pageSize=1000").json()["connections"]) == 12
    seen = sandbox.control.requests("people")
    assert [(row.path, row.status, row.counted) for row in seen] == [("/v1/people/me/connections", 200, True)]
    assert send(f"{sandbox.people_url}/_sandbox/clock").status == 200


def test_faults_have_google_s_bodies(sandbox: Sandbox) -> None:
    headers = _token(sandbox)
    for status, state in (
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
    ):
        _control(sandbox, "POST", "faults", {"kind": "status", "system": "people", "status": status})
        answer = _list(sandbox, headers)
        assert (answer.status, answer.json()["error"]["status"]) == (status, state)
        _control(sandbox, "DELETE", "faults")
    _control(sandbox, "POST", "faults", {"kind": "status", "system": "people_login", "status": 500})
    assert "error" in post_form(f"{sandbox.people_url}/token", grant_type="refresh_token").json()
    assert _list(sandbox, headers).status == 200


def test_a_write_whose_answer_is_lost_took_effect(sandbox: Sandbox) -> None:
    headers = _token(sandbox)
    url = f"{sandbox.people_url}/v1/people:createContact"
    for kind, made in (("drop_before", 0), ("drop_after", 1)):
        _control(sandbox, "POST", "faults", {"kind": kind, "system": "people", "method": "POST"})
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            send(url, "POST", headers=headers, body=b'{"names": [{"givenName": "Nieuw"}]}')
        assert len(sandbox.people.rows("contacts")) == 12 + made
        _control(sandbox, "DELETE", "faults")


def test_a_moved_row_a_lost_name_and_a_revoked_token(sandbox: Sandbox) -> None:
    headers = _token(sandbox)
    first = sandbox.people.rows("contacts")[0]["resourceName"]
    _control(sandbox, "POST", "faults", {"kind": "move_row", "system": "people"})
    assert _list(sandbox, headers).json()["connections"][0]["resourceName"] == first
    assert _list(sandbox, headers).json()["connections"][-1]["resourceName"] == first
    _control(sandbox, "POST", "faults", {"kind": "row_without_id", "system": "people"})
    assert "resourceName" not in _list(sandbox, headers).json()["connections"][0]
    _control(sandbox, "POST", "faults", {"kind": "revoke_token", "system": "people"})
    assert _list(sandbox, headers).status == 401


def test_people_work_by_hand_over_the_control_endpoints(sandbox: Sandbox) -> None:
    made = _control(sandbox, "POST", "people/contacts", {"names": [{"givenName": "Noor"}]})
    key = made["resourceName"].partition("/")[2]
    edited = _control(sandbox, "PATCH", f"people/contacts/{key}", {"names": [{"givenName": "Noortje"}]})
    assert edited["names"][0]["givenName"] == "Noortje"
    _control(sandbox, "POST", f"people/contacts/{key}/label", {"label": "VIP"})
    groups = {row["name"]: row for row in _control(sandbox, "GET", "state/people/groups")["rows"]}
    assert f"people/{key}" in groups["VIP"]["members"]
    _control(sandbox, "POST", f"people/contacts/{key}/label", {"label": "VIP", "on": False})
    other = sandbox.people.rows("contacts")[0]["resourceName"].partition("/")[2]
    _control(sandbox, "POST", f"people/contacts/{key}/merge", {"others": [other]})
    assert _control(sandbox, "GET", "state/people/removed")["rows"][0]["resourceName"] == f"people/{other}"
    _control(sandbox, "POST", f"people/contacts/{other}/restore", {})
    _control(sandbox, "DELETE", f"people/contacts/{key}")
    renamed = _control(
        sandbox,
        "POST",
        f"people/contacts/{other}/profile",
        {"person": {"names": [{"givenName": "P"}]}, "rename": True},
    )
    assert renamed["resourceName"] != f"people/{other}"
    _control(sandbox, "POST", "people/others", {"emailAddresses": [{"value": "no-reply@post1.example"}]})
    assert len(_control(sandbox, "GET", "state/people/others")["rows"]) == 1
    _control(sandbox, "DELETE", "people/labels/VIP?contacts=true")
    assert _control(sandbox, "POST", "people/settings", {"reads_per_minute": 5})["reads_per_minute"] == 5
    wrong = send(f"{sandbox.control_url}/people/settings", "POST", body=b'{"reads_per_minut": 5}')
    assert (wrong.status, "reads_per_minut" in wrong.json()["error"]) == (400, True)
    assert send(f"{sandbox.control_url}/people/contacts/c1", "DELETE").status == 404
    assert sandbox.control.requests() == []


def test_the_state_is_kept_with_tokens_etags_and_tombstones(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with start(items=1, vendors=1, orders=0, contacts=8, speed=0, state=file) as first:
        headers = _token(first)
        token = _list(first, headers, "&requestSyncToken=true").json()["nextSyncToken"]
        first.people.remove(first.people.rows("contacts")[0]["resourceName"])
        old = first.people.rows("contacts")[0]["resourceName"]
        first.people.link_profile(old, {"names": [{"givenName": "P"}]}, rename=True)
        before = _list(first, headers).json()
    with start(state=file, speed=0) as again:
        assert _list(again, headers).json() == before
        rows = _list(again, headers, f"&requestSyncToken=true&syncToken={token}").json()["connections"]
        assert [row["metadata"].get("deleted", False) for row in rows] == [True, False]
        assert send(f"{again.people_url}/v1/{old}?personFields=names", headers=headers).status == 200


def test_an_address_book_is_the_same_for_a_seed_and_hard_enough() -> None:
    known = tuple(
        Known(
            first_name="Piet",
            last_name="Bos",
            email=f"p{n}@rad1.example",
            phone="+31 97014 1234",
            company="Rad",
        )
        for n in range(100)
    )
    book = make_up(300, seed=7, known=known)
    assert book == make_up(300, seed=7, known=known)
    assert book != make_up(300, seed=8, known=known)
    people = [each.fields for each in book.people]
    assert len(people) == 300
    emails = [each.get("emailAddresses", []) for each in people]
    assert sum(len(each) > 1 for each in emails) > 30
    assert sum(not each for each in emails) > 5
    assert sum(len(each.get("phoneNumbers", [])) > 1 for each in people) > 30
    for field in ("organizations", "birthdays", "biographies", "addresses", "userDefined", "urls"):
        assert sum(field in each for each in people) > 10
    values = [value["value"].casefold() for each in emails for value in each]
    assert len(values) - len(set(values)) > 3  # duplicates
    assert sum(value.startswith("p") and value.endswith("@rad1.example") for value in values) > 20
    names = "".join(str(each.get("names", "")) for each in people)
    assert {unicodedata.name(letter).split()[0] for letter in names if ord(letter) > 0x250} >= {
        "GREEK",
        "CJK",
    }
    assert sum(len(each.labels) > 0 for each in book.people) > 100
    assert any(each.profile for each in book.people)
    assert all(value.endswith(".example") for value in values)


def test_the_api_takes_everything_that_is_made_up() -> None:
    caller = Caller(make_up(300))
    rows = caller.people.rows("contacts")
    assert len(rows) == 300
    for row in rows[:60]:
        caller.people.configure({"writes_per_minute": 0, "reads_per_minute": 0})
        assert (
            caller.update(
                row, ",".join(sorted(row.keys() - {"resourceName", "etag", "metadata", "photos"}))
            ).status
            == 200
        )
