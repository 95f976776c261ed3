"""The accounts server: consent, exchange, refresh, revoke, throttles and data centres (facts: Zoho 2 and 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from zoho_caller import Answer, Caller, Json, caller_of, calling, post_form, send, token_of

from stockbridge_sandbox.run import Sandbox, start
from stockbridge_sandbox.zoho.grants import LOCATIONS

CALLBACK = "http://127.0.0.1:9/callback"
SCOPE = "ZohoInventory.FullAccess.all"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start(items=3, vendors=1, orders=1, speed=0) as sandbox:
        yield sandbox


def _login(sandbox: Sandbox) -> dict[str, str]:
    login = sandbox.control.accounts()["zoho"]
    return {"client_id": login["client_id"], "client_secret": login["client_secret"]}


def _token_url(sandbox: Sandbox, location: str = "eu") -> str:
    return f"{sandbox.zoho_url}/dc/{location}/oauth/v2/token"


def _authorize(sandbox: Sandbox, location: str = "us", **changes: str) -> str:
    query = {
        "response_type": "code",
        "client_id": _login(sandbox)["client_id"],
        "scope": SCOPE,
        "redirect_uri": CALLBACK,
        "access_type": "offline",
        "prompt": "consent",
        "state": "s1",
        **changes,
    }
    return f"{sandbox.zoho_url}/dc/{location}/oauth/v2/auth?{urlencode(query)}"


def _callback(answer: Answer) -> dict[str, str]:
    assert answer.status == 302, answer.body
    assert answer.headers["location"].startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def _code(sandbox: Sandbox, **changes: str) -> str:
    return _callback(send(_authorize(sandbox, auto_approve="1", **changes)))["code"]


def _exchange(sandbox: Sandbox, code: str, location: str = "eu", **changes: str) -> Answer:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        **_login(sandbox),
        **changes,
    }
    return post_form(_token_url(sandbox, location), **fields)


def _refresh(sandbox: Sandbox, token: str, location: str = "eu", **changes: str) -> Answer:
    fields = {"grant_type": "refresh_token", "refresh_token": token, **_login(sandbox), **changes}
    return post_form(_token_url(sandbox, location), **fields)


def _press(sandbox: Sandbox, button: str) -> Answer:
    """Open the consent page and press a button of its form, as a browser does."""
    page = send(_authorize(sandbox)).body.decode()
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    assert action is not None
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    assert f'<button name="decision" value="{button}">' in page
    return post_form(
        unescape(action[1]), **{name: unescape(value) for name, value in hidden}, decision=button
    )


def test_consent_leads_back_with_code_state_location_and_accounts_server(sandbox: Sandbox) -> None:
    back = _callback(_press(sandbox, "accept"))
    assert back["state"] == "s1"
    assert back["location"] == "eu"
    assert back["accounts-server"] == f"{sandbox.zoho_url}/dc/eu"
    answer = post_form(
        f"{back['accounts-server']}/oauth/v2/token",
        grant_type="authorization_code",
        code=back["code"],
        redirect_uri=CALLBACK,
        **_login(sandbox),
    ).json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["api_domain"] == f"{sandbox.zoho_url}/dc/eu"
    assert answer["refresh_token"]
    headers = {"Authorization": f"Zoho-oauthtoken {answer['access_token']}"}
    organizations = send(f"{answer['api_domain']}/inventory/v1/organizations", headers=headers)
    assert organizations.status == 200


def test_a_person_may_say_no(sandbox: Sandbox) -> None:
    assert _callback(_press(sandbox, "reject")) == {"error": "access_denied", "state": "s1"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"redirect_uri": "https://elsewhere.example/cb"}, "invalid_redirect_uri"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_a_wrong_authorize_request_stops_on_the_page(
    sandbox: Sandbox, changes: dict[str, str], word: str
) -> None:
    answer = send(_authorize(sandbox, auto_approve="1", **changes))
    assert answer.status == 400
    assert word in answer.body.decode()


def test_a_code_works_once_and_not_for_long(sandbox: Sandbox) -> None:
    code = _code(sandbox)
    assert "access_token" in _exchange(sandbox, code).json()
    assert _exchange(sandbox, code).json() == {"error": "invalid_code"}
    late = _code(sandbox)
    sandbox.clock.advance(3 * 60 + 1)
    answer = _exchange(sandbox, late)
    assert (answer.status, answer.json()) == (200, {"error": "invalid_code"})
    own = sandbox.control.self_client()
    sandbox.clock.advance(9 * 60)
    assert "refresh_token" in _exchange(sandbox, own).json()


def test_errors_are_bodies_with_status_200(sandbox: Sandbox) -> None:
    wrong: list[tuple[Json, str]] = [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "invalid_redirect_uri"),
        ({"code": "1000.x.y"}, "invalid_code"),
    ]
    for changes, error in wrong:
        answer = (
            _exchange(sandbox, _code(sandbox), **changes)
            if "code" not in changes
            else _exchange(sandbox, "no")
        )
        assert (answer.status, answer.json()) == (200, {"error": error})


def test_a_refresh_token_comes_only_when_asked_for_and_again_only_with_consent(sandbox: Sandbox) -> None:
    assert "refresh_token" not in _exchange(sandbox, _code(sandbox, access_type="online")).json()
    assert "refresh_token" in _exchange(sandbox, _code(sandbox)).json()
    assert "refresh_token" not in _exchange(sandbox, _code(sandbox, prompt="")).json()
    assert "refresh_token" in _exchange(sandbox, _code(sandbox, prompt="consent")).json()


def test_refresh_gives_a_new_access_token_and_the_old_one_dies_after_an_hour(sandbox: Sandbox) -> None:
    first = token_of(sandbox)
    second = _refresh(sandbox, first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert "refresh_token" not in second
    caller = caller_of(sandbox)
    caller.token = first["access_token"]
    sandbox.clock.advance(3599)
    assert caller.call("GET", "/items").status == 200
    sandbox.clock.advance(1)
    answer = caller.call("GET", "/items")
    assert (answer.status, answer.code) == (401, 57)


@pytest.mark.parametrize("status", [400, 200])
def test_the_eleventh_token_in_ten_minutes_is_throttled(sandbox: Sandbox, status: int) -> None:
    sandbox.control.zoho_settings({"throttle_status": status})
    refresh = token_of(sandbox)["refresh_token"]  # the first of ten
    for _ in range(9):
        assert "access_token" in _refresh(sandbox, refresh).json()
    answer = _refresh(sandbox, refresh)
    assert answer.status == status
    assert answer.json()["error"] == "Access Denied"
    assert answer.json()["status"] == "failure"
    sandbox.clock.advance(601)
    assert "access_token" in _refresh(sandbox, refresh).json()


def test_the_21st_refresh_token_kills_the_oldest(sandbox: Sandbox) -> None:
    tokens = [token_of(sandbox) for _ in range(21)]
    assert _refresh(sandbox, tokens[0]["refresh_token"]).json() == {"error": "invalid_code"}
    assert "access_token" in _refresh(sandbox, tokens[1]["refresh_token"]).json()


def test_beyond_fifteen_living_tokens_the_oldest_dies(sandbox: Sandbox) -> None:
    first = token_of(sandbox)
    caller = caller_of(sandbox)
    caller.token = first["access_token"]
    for n in range(15):
        if n == 9:
            sandbox.clock.advance(601)
        assert caller.call("GET", "/organizations").status == 200
        _refresh(sandbox, first["refresh_token"])
    assert caller.call("GET", "/organizations").code == 57


def test_revoking_a_refresh_token_kills_its_access_tokens(sandbox: Sandbox) -> None:
    token = token_of(sandbox)
    caller = caller_of(sandbox)
    caller.token = token["access_token"]
    url = f"{_token_url(sandbox)}/revoke"
    assert post_form(url, token=token["refresh_token"]).json() == {"status": "success"}
    assert caller.call("GET", "/items").code == 57
    assert _refresh(sandbox, token["refresh_token"]).json() == {"error": "invalid_code"}
    assert post_form(url, token="nothing").json()["status"] == "failure"


def test_every_data_centre_is_there_and_only_one_is_home(sandbox: Sandbox) -> None:
    servers = send(f"{sandbox.zoho_url}/dc/eu/oauth/serverinfo").json()["locations"]
    assert set(servers) == set(LOCATIONS) == {"us", "eu", "in", "au", "jp", "ca", "sa", "uk", "cn"}
    refresh = token_of(sandbox)["refresh_token"]
    for location in LOCATIONS:
        answer = _refresh(sandbox, refresh, location).json()
        assert ("access_token" in answer) == (location == "eu")
    assert _exchange(sandbox, _code(sandbox), "us").json() == {"error": "invalid_code"}
    assert _exchange(sandbox, sandbox.control.self_client(), "us").json() == {"error": "Platform not allowed"}


def test_an_organisation_may_live_elsewhere() -> None:
    with start(items=1, vendors=1, orders=0, data_centre="au") as sandbox:
        assert _callback(send(_authorize(sandbox, auto_approve="1")))["location"] == "au"
        assert token_of(sandbox)["api_domain"] == f"{sandbox.zoho_url}/dc/au"


def test_a_token_of_one_data_centre_is_dead_in_another() -> None:
    with calling(items=1, vendors=1, orders=0) as caller:
        caller.data_centre = "us"
        answer = caller.call("GET", "/items")
        assert (answer.status, answer.code) == (401, 57)


def test_client_credentials_name_the_organisation(sandbox: Sandbox) -> None:
    organization = sandbox.control.accounts()["zoho"]["organization_id"]
    fields = {"grant_type": "client_credentials", "scope": SCOPE, **_login(sandbox)}
    good = post_form(_token_url(sandbox), soid=f"ZohoInventory.{organization}", **fields).json()
    caller = Caller(sandbox=sandbox, token=good["access_token"], organization_id=organization)
    assert caller.call("GET", "/items").status == 200
    assert "error" in post_form(_token_url(sandbox), soid="ZohoInventory.1", **fields).json()
