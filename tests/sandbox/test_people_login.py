"""Google's login: consent, code with PKCE, refresh, revoke, scopes, and how tokens end."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from people_caller import Answer, Caller

DAY = 86_400
CALLBACK = "http://127.0.0.1:8765/callback"
CONTACTS = "https://www.googleapis.com/auth/contacts"
OTHERS = f"{CONTACTS}.other.readonly"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def caller() -> Caller:
    return Caller()


def _authorize(caller: Caller, method: str = "GET", **changes: Any) -> Answer:
    given = {
        "client_id": caller.people.grants.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"{CONTACTS} {OTHERS}",
        "access_type": "offline",
        "state": "xyz",
        **changes,
    }
    return caller.send(method, "/o/oauth2/v2/auth", **given)


def _returned(answer: Answer) -> dict[str, str]:
    assert answer.status == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def _exchange(caller: Caller, code: str, **changes: str) -> Answer:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": caller.people.grants.client_id,
        "client_secret": caller.people.grants.client_secret,
        **changes,
    }
    return caller.form("/token", **fields)


def _refresh(caller: Caller, token: str, **changes: str) -> Answer:
    return _exchange(caller, "", grant_type="refresh_token", refresh_token=token, **changes)


def test_the_way_through_the_page_of_consent(caller: Caller) -> None:
    page = _authorize(caller)
    assert page.status == 200
    assert "contacts.other.readonly" in page.body
    back = _returned(_authorize(caller, "POST", decision="accept"))
    assert back["state"] == "xyz"
    assert back["scope"].split() == [CONTACTS, OTHERS]
    token = _exchange(caller, back["code"])
    assert set(token.body) == {"access_token", "expires_in", "refresh_token", "scope", "token_type"}
    assert (token.body["token_type"], token.body["expires_in"]) == ("Bearer", 3599)
    caller.token = token.body["access_token"]
    assert caller.connections().status == 200
    again = _exchange(caller, back["code"])
    assert (again.status, again.body["error"]) == (400, "invalid_grant")


def test_a_person_may_grant_less_than_was_asked(caller: Caller) -> None:
    boxes = {"granted.contacts.other.readonly": "on", "decision": "accept"}
    back = _returned(_authorize(caller, "POST", **boxes))
    assert back["scope"] == OTHERS
    caller.token = _exchange(caller, back["code"]).body["access_token"]
    answer = caller.connections()
    assert (answer.status, answer.state) == (403, "PERMISSION_DENIED")
    assert answer.reasons == ["ACCESS_TOKEN_SCOPE_INSUFFICIENT"]
    assert _returned(_authorize(caller, "POST", decision="reject")) == {
        "error": "access_denied",
        "state": "xyz",
    }


def test_a_refresh_token_comes_with_the_first_consent_or_when_asked_again(caller: Caller) -> None:
    def given(**changes: str) -> bool:
        code = _returned(_authorize(caller, auto_approve="1", **changes))["code"]
        return "refresh_token" in _exchange(caller, code).body

    assert given(access_type="online") is False
    caller.people.grants.consented = []
    assert given() is True
    assert given() is False
    assert given(prompt="consent") is True
    assert given(access_type="online", prompt="consent") is False


def test_pkce(caller: Caller) -> None:
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "auto_approve": "1"}
    code = _returned(_authorize(caller, **challenge))["code"]
    assert _exchange(caller, code).body["error_description"] == "Missing code verifier."
    assert (
        _exchange(caller, code, code_verifier="wrong").body["error_description"] == "Invalid code verifier."
    )
    assert _exchange(caller, code, code_verifier=VERIFIER).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"redirect_uri": "https://post1.example/cb"}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"scope": "https://www.googleapis.com/auth/everything"}, 400, "invalid_scope"),
        ({"scope": ""}, 400, "invalid_request"),
    ],
)
def test_a_bad_request_stops_on_a_page(
    caller: Caller, changes: dict[str, str], status: int, word: str
) -> None:
    answer = _authorize(caller, **changes)
    assert answer.status == status
    assert word in answer.body


def test_errors_of_the_token_endpoint(caller: Caller) -> None:
    code = _returned(_authorize(caller, auto_approve="1"))["code"]
    for answer, status, word in (
        (_exchange(caller, code, client_id="x"), 401, "invalid_client"),
        (_exchange(caller, code, client_secret="x"), 401, "invalid_client"),
        (_exchange(caller, code, redirect_uri="http://127.0.0.1/other"), 400, "redirect_uri_mismatch"),
        (_exchange(caller, "4/nonsense"), 400, "invalid_grant"),
        (_exchange(caller, code, grant_type="password"), 400, "unsupported_grant_type"),
        (_refresh(caller, "1//nonsense"), 400, "invalid_grant"),
    ):
        assert (answer.status, answer.body["error"]) == (status, word)
    caller.clock.advance(601)
    assert _exchange(caller, code).body["error"] == "invalid_grant"


def test_an_access_token_ends_after_an_hour_and_is_refreshed(caller: Caller) -> None:
    refresh = caller.people.refresh_token(CONTACTS)
    caller.token = _refresh(caller, refresh).body["access_token"]
    assert caller.connections().status == 200
    caller.clock.advance(3599)
    answer = caller.connections()
    assert (answer.status, answer.state) == (401, "UNAUTHENTICATED")
    body = _refresh(caller, refresh).body
    assert "refresh_token" not in body
    caller.token = body["access_token"]
    assert caller.connections().status == 200
    assert caller.send("GET", "/v1/people/me/connections", headers={}, personFields="names").reasons == [
        "CREDENTIALS_MISSING"
    ]


def test_revoking_ends_the_grant_by_either_token(caller: Caller) -> None:
    refresh = caller.people.refresh_token()
    access = _refresh(caller, refresh).body["access_token"]
    assert caller.form("/revoke", token=access).status == 200
    answer = _refresh(caller, refresh)
    assert answer.body == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert caller.form("/revoke", token=refresh).body["error"] == "invalid_token"
    other = caller.people.refresh_token()
    caller.token = _refresh(caller, other).body["access_token"]
    assert caller.form("/revoke", token=other).status == 200
    assert caller.connections().status == 401


def test_how_refresh_tokens_end(caller: Caller) -> None:
    used, idle = caller.people.refresh_token(), caller.people.refresh_token()
    caller.clock.advance(100 * DAY)
    assert _refresh(caller, used).status == 200
    caller.clock.advance(100 * DAY)
    assert [_refresh(caller, token).status for token in (used, idle)] == [200, 400]
    for _ in range(100):
        newest = caller.people.refresh_token()
    assert [_refresh(caller, token).status for token in (used, newest)] == [400, 200]  # a hundred live
    caller.people.configure({"testing_app": True})
    caller.clock.advance(7 * DAY)
    assert _refresh(caller, newest).status == 400


def test_the_owner_is_told_only_with_the_scopes_for_it(caller: Caller) -> None:
    me = "/v1/people/me"
    bare = caller.ok("GET", me, personFields="names,emailAddresses")
    assert set(bare) == {"resourceName", "etag"}
    known = Caller(scopes="contacts userinfo.email")
    shown = known.ok("GET", me, personFields="names,emailAddresses")
    assert shown["emailAddresses"][0]["value"] == known.people.accounts()["email"]
    assert "names" not in shown


def test_a_reader_may_not_write() -> None:
    reader = Caller(scopes="contacts.readonly")
    assert reader.connections().status == 200
    assert reader.send("POST", "/v1/people:createContact", {}).reasons == ["ACCESS_TOKEN_SCOPE_INSUFFICIENT"]
    assert reader.send("GET", "/v1/otherContacts", readMask="names").status == 403
    assert reader.send("GET", "/v1/nothing").status == 404
