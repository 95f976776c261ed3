"""Tokens: one request for all threads, renewed in time, refused logins said once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from http_time import START, FakeTime

from stockbridge.connectors.optiply.account import password_grant
from stockbridge.connectors.zoho.account import ZohoAccount, exchange, refresh
from stockbridge.core.errors import Retry, Trouble, Unauthorized
from stockbridge.core.secret import Secret
from stockbridge.http.oauth import Token, Tokens, drive
from stockbridge.http.transport import Answer, Call

ACCOUNT = ZohoAccount(
    name="Fietsenrek",
    accounts_server="https://accounts.zoho.eu",
    organization_id="20081",
    client_id="1000.CLIENT",
    client_secret=Secret("hush-client"),
    refresh_token=Secret("hush-refresh"),
)


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body=msgspec.json.encode(body))


def given(**extra: Any) -> dict[str, Any]:
    return {
        "access_token": "hush-access",
        "expires_in": 3600,
        "api_domain": "https://www.zohoapis.eu",
        **extra,
    }


def tokens(time: FakeTime, send: Any, token: Token | None = None, remember: Any = None) -> Tokens:
    return Tokens(
        grant=lambda: refresh(ACCOUNT, time.clock),
        send=send,
        clock=time.clock,
        token=token,
        remember=remember,
    )


def test_a_refresh_asks_the_accounts_server_with_a_form_and_may_be_repeated() -> None:
    grant = refresh(ACCOUNT, FakeTime().clock)
    call = next(grant)
    assert (call.method, call.url, call.safe) == ("POST", "https://accounts.zoho.eu/oauth/v2/token", True)
    assert b"grant_type=refresh_token" in (call.body or b"")
    assert "hush" not in repr(call)
    with pytest.raises(StopIteration) as done:
        grant.send(answer(given()))
    assert done.value.value == Token(
        access=Secret("hush-access"),
        expires_at=START + timedelta(hours=1),
        api_domain="https://www.zohoapis.eu",
    )


def test_sixteen_threads_cause_one_refresh() -> None:
    asked: list[Call] = []
    everyone = threading.Barrier(16)

    def send(call: Call) -> Answer:
        asked.append(call)
        return answer(given(access_token=f"hush-{len(asked)}"))

    shared = tokens(FakeTime(), send)

    def get(_: int) -> Token:
        everyone.wait(10)
        return shared.get()

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(get, range(16)))
        assert len(asked) == 1
        assert {token.access.reveal() for token in found} == {"hush-1"}
        # All sixteen meet a 401 with that token: again one refresh.
        renewed = list(pool.map(lambda token: shared.renew(token), found))
    assert len(asked) == 2
    assert {token.access.reveal() for token in renewed} == {"hush-2"}


def test_threads_that_wait_for_a_refused_refresh_share_its_error() -> None:
    asked = 0
    under_way, go_on = threading.Event(), threading.Event()

    def send(call: Call) -> Answer:
        nonlocal asked
        asked += 1
        under_way.set()
        assert go_on.wait(10)
        return answer({"error": "invalid_code"})

    shared = tokens(FakeTime(), send)
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(shared.get)]
        assert under_way.wait(10)
        waiting += [pool.submit(shared.get) for _ in range(15)]
        go_on.set()
        errors = [future.exception(10) for future in waiting]
    assert asked == 1
    assert {type(error) for error in errors} == {Unauthorized}


def doorkeeper(shared: Tokens, lets_in: set[str]) -> tuple[list[str], Callable[[], int]]:
    """What tokens come by, and a call that is let in with those of `lets_in` alone."""
    sent: list[str] = []

    def ask(token: Token) -> Answer:
        sent.append(token.access.reveal())
        return answer({}, status=200 if token.access.reveal() in lets_in else 401)

    return sent, lambda: shared.authorised(ask).status


def numbered(time: FakeTime) -> Tokens:
    """Tokens that are called hush-1, hush-2, … as they are given out."""
    given_out = itertools.count(1)
    return tokens(time, lambda call: answer(given(access_token=f"hush-{next(given_out)}")))


def test_a_call_outlives_tokens_that_other_calls_lose_meanwhile() -> None:
    """Between our renewal and our call another call may have lost the new token, and it may happen again."""
    lets_in = {"hush-1"}
    sent, call = doorkeeper(numbered(FakeTime()), lets_in)
    assert call() == 200
    lets_in.symmetric_difference_update({"hush-1", "hush-4"})
    assert call() == 200
    assert sent == ["hush-1", "hush-1", "hush-2", "hush-3", "hush-4"]


def test_a_login_that_worked_and_is_refused_ever_since_is_given_up() -> None:
    lets_in = {"hush-1"}
    sent, call = doorkeeper(numbered(FakeTime()), lets_in)
    assert call() == 200
    lets_in.clear()
    assert call() == 401
    assert sent == ["hush-1", "hush-1", "hush-2", "hush-3", "hush-4"]


def test_a_login_that_never_worked_is_tried_with_one_new_token() -> None:
    sent, call = doorkeeper(numbered(FakeTime()), set())
    assert call() == 401
    assert sent == ["hush-1", "hush-2"]


def test_what_counts_as_a_refused_token_can_be_told() -> None:
    shared = tokens(FakeTime(), lambda call: answer(given()))
    sent: list[Token] = []

    def ask(token: Token) -> Answer:
        sent.append(token)
        return answer({"code": 57}, status=401)

    assert shared.authorised(ask, refused=lambda found: b"57" not in found.body).status == 401
    assert len(sent) == 1


def test_a_token_is_fetched_anew_five_minutes_before_its_end() -> None:
    time = FakeTime()
    asked = 0

    def send(call: Call) -> Answer:
        nonlocal asked
        asked += 1
        return answer(given())

    shared = tokens(time, send)
    shared.get()
    time.seconds = 3299
    shared.get()
    assert asked == 1
    time.seconds = 3300
    shared.get()
    assert asked == 2


def test_a_token_of_an_earlier_start_is_used_and_a_new_one_is_told() -> None:
    time = FakeTime()
    told: list[tuple[Secret, Any, str | None]] = []
    earlier = Token(access=Secret("kept"), expires_at=START + timedelta(hours=1))
    shared = tokens(time, lambda call: answer(given()), token=earlier, remember=lambda *new: told.append(new))
    assert shared.get() is earlier
    assert told == []
    shared.renew(earlier)
    assert told == [(Secret("hush-access"), START + timedelta(hours=1), "https://www.zohoapis.eu")]


@pytest.mark.parametrize(
    "error",
    [
        "invalid_code",
        "invalid_client",
        "invalid_client_secret",
        "invalid_redirect_uri",
        "Platform not allowed",
        "strange",
    ],
)
def test_a_refused_login_says_whose_it_is_and_how_to_mend_it_and_shows_no_secret(error: str) -> None:
    with pytest.raises(Unauthorized) as raised:
        drive(refresh(ACCOUNT, FakeTime().clock), lambda call: answer({"error": error}))
    text = str(raised.value)
    assert "Fietsenrek" in text
    assert "ign in again" in raised.value.remedy
    assert raised.value.code == error
    assert "hush" not in text + repr(raised.value)


def test_a_refused_login_is_not_tried_again_at_once() -> None:
    time = FakeTime()
    asked = 0

    def send(call: Call) -> Answer:
        nonlocal asked
        asked += 1
        return answer({"error": "invalid_code"})

    shared = tokens(time, send)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            shared.get()
    assert asked == 1
    time.seconds = 61
    with pytest.raises(Unauthorized):
        shared.get()
    assert asked == 2


@pytest.mark.parametrize("status", [200, 400])
def test_the_throttle_of_the_token_server_is_waited_out(status: int) -> None:
    time = FakeTime()
    body = {
        "error": "Access Denied",
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "status": "failure",
    }
    replies = [answer(body, status), answer(given())]
    shared = tokens(time, lambda call: replies.pop(0))
    with pytest.raises(Retry) as raised:
        shared.get()
    assert raised.value.after == 120
    time.seconds = 30
    with pytest.raises(Retry) as again:
        shared.get()
    assert again.value.after == 90
    assert len(replies) == 1
    time.seconds = 121
    assert shared.get().access == Secret("hush-access")


@pytest.mark.parametrize(
    "reply", [answer({}, 502), Answer(status=200, headers={}, body=b"<html>"), answer([], 200)]
)
def test_a_token_server_that_is_down_is_not_a_refused_login(reply: Answer) -> None:
    with pytest.raises(Retry):
        drive(refresh(ACCOUNT, FakeTime().clock), lambda call: reply)


def test_the_exchange_of_a_code_is_never_sent_twice_and_needs_a_refresh_token() -> None:
    def code(reply: Answer) -> Any:
        return drive(
            exchange(
                accounts_server="https://accounts.zoho.com.au",
                code="hush-code",
                client_id="1000.C",
                client_secret=Secret("hush-secret"),
                clock=FakeTime().clock,
            ),
            lambda call: reply if not call.safe else answer({"error": "would be repeated"}),
        )

    login = code(answer(given(refresh_token="hush-new", scope="a,b")))
    assert (login.refresh_token, login.scope) == (Secret("hush-new"), "a,b")
    assert "hush" not in repr(login)
    with pytest.raises(Unauthorized, match="no refresh token"):
        code(answer(given()))


def optiply(*replies: Answer) -> tuple[Token | Trouble, list[Call]]:
    calls: list[Call] = []
    left = list(replies)

    def send(call: Call) -> Answer:
        calls.append(call)
        return left.pop(0)

    grant = password_grant(
        token_base="https://dashboard.optiply.nl/api",
        username="api_imports_x",
        password=Secret("hush-password"),
        client_id="shop",
        client_secret=Secret("hush-secret"),
        clock=FakeTime().clock,
    )
    try:
        return drive(grant, send), calls
    except Trouble as trouble:
        return trouble, calls


def test_optiply_is_asked_with_a_form_and_basic_authentication() -> None:
    token, (call,) = optiply(answer({"access_token": "hush", "expires_in": 86399}))
    assert isinstance(token, Token)
    assert token.expires_at == START + timedelta(seconds=86399)
    assert call.url == "https://dashboard.optiply.nl/api/auth/oauth/token"
    assert call.headers["Authorization"].startswith("Basic ")
    assert b"grant_type=password" in (call.body or b"")


def test_optiply_that_wants_the_grant_in_the_query_gets_it_there() -> None:
    token, calls = optiply(answer({"error": "invalid_request"}, 400), answer({"access_token": "hush"}))
    assert isinstance(token, Token)
    assert calls[1].url.endswith("?grant_type=password")


def test_optiply_tells_a_wrong_client_from_a_wrong_password() -> None:
    text = "UserDetailsService returned null, which is an interface contract violation"
    client, calls = optiply(answer({"error": "unauthorized", "error_description": text}, 401))
    user, _ = optiply(answer({"error": "invalid_grant", "error_description": "Bad credentials"}, 400))
    assert isinstance(client, Unauthorized)
    assert isinstance(user, Unauthorized)
    assert len(calls) == 1
    assert "client" in client.what
    assert "password" in user.what
    assert "stockbridge accounts add optiply" in client.remedy
    assert "hush" not in f"{client}{user}{client!r}{user!r}"
