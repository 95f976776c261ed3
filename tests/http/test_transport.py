"""What an error of the network leaves open, on real sockets; and what is logged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from http_time import START, FakeTime
from structlog.testing import capture_logs

from stockbridge.core.errors import Retry, Uncertain
from stockbridge.core.secret import Secret
from stockbridge.http.retry import http_date, retry_after, with_retries
from stockbridge.http.transport import NOT_SENT, Call, Transport


@contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """Takes one call, answers with these bytes, closes. None: never answers until the end of the test."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            if answer is None:
                done.wait(10)
            else:
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/items?secret=hush"
    finally:
        done.set()
        thread.join(10)
        listener.close()


BROKEN = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"nonsense\r\n\r\n"]


@pytest.mark.parametrize("answer", BROKEN)
def test_a_broken_answer_to_a_read_may_be_asked_again(answer: bytes) -> None:
    with server(answer) as url, Transport() as transport, pytest.raises(Retry) as raised:
        transport.send(Call(method="GET", url=url))
    assert raised.value.code != NOT_SENT
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("answer", BROKEN)
def test_a_broken_answer_to_a_write_leaves_its_effect_open(method: str, answer: bytes) -> None:
    with server(answer) as url, Transport() as transport, pytest.raises(Uncertain) as raised:
        transport.send(Call(method=method, url=url, body=b"{}"))
    assert "hush" not in str(raised.value)


def test_a_repeatable_post_may_be_asked_again() -> None:
    with server(b"") as url, Transport() as transport, pytest.raises(Retry):
        transport.send(Call(method="POST", url=url, body=b"", repeatable=True))


@pytest.mark.parametrize(("method", "error"), [("GET", Retry), ("POST", Uncertain)])
def test_silence_ends_in_a_time_out(method: str, error: type[Exception]) -> None:
    with (
        server(None) as url,
        Transport(read_seconds=0.05) as transport,
        pytest.raises(error, match="took too long"),
    ):
        transport.send(Call(method=method, url=url))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_sent_nothing(method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/items"
    with Transport() as transport, pytest.raises(Retry, match="could not be reached") as raised:
        transport.send(Call(method=method, url=url))
    assert raised.value.code == NOT_SENT


@pytest.mark.parametrize(
    "error", [httpx2.ConnectTimeout("x"), httpx2.PoolTimeout("x"), httpx2.ConnectError("x")]
)
def test_time_outs_before_sending_are_not_sent(error: Exception) -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(Retry) as raised:
        Transport(inner=httpx2.MockTransport(fail)).send(Call(method="POST", url="http://x/", body=b"1"))
    assert raised.value.code == NOT_SENT


def test_redirects_are_not_followed_and_answers_come_as_they_are() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nhi"
    with server(redirect) as url, Transport() as transport:
        answer = transport.send(Call(method="GET", url=url))
    assert (answer.status, answer.headers["LOCATION"], answer.body) == (302, "http://127.0.0.1:1/", b"hi")


def test_neither_log_nor_repr_shows_a_query_a_header_or_a_body() -> None:
    call = Call(
        method="POST",
        url="https://accounts.zoho.eu/oauth/v2/token?code=hush1",
        headers={"Authorization": "hush2"},
        body=b"hush3",
    )
    inner = httpx2.MockTransport(
        lambda request: httpx2.Response(200, content=b"hush4", headers={"x": "hush5"})
    )
    with capture_logs() as logs:
        answer = Transport(inner=inner).send(call)
    assert [(entry["method"], entry["path"], entry["status"]) for entry in logs] == [
        ("POST", "/oauth/v2/token", 200)
    ]
    assert "hush" not in f"{logs}{answer!r}{Secret('hush6')!r}"
    assert not any(f"hush{n}" in repr(call) for n in (2, 3))


def test_retries_grow_with_jitter_and_end_after_five_tries() -> None:
    time = FakeTime()

    def fail() -> None:
        raise Retry("x")

    with pytest.raises(Retry):
        with_retries(fail, clock=time.clock, jitter=lambda: 1.0)
    assert time.slept == [1.0, 2.0, 4.0, 8.0]


def test_retries_end_early_rather_than_waiting_too_long() -> None:
    time = FakeTime()

    def fail() -> None:
        raise Retry("x", after=400.0)

    with pytest.raises(Retry):
        with_retries(fail, clock=time.clock, seconds=900)
    assert time.slept == [400.0, 400.0]


def test_nothing_but_retry_is_tried_again() -> None:
    time, tries = FakeTime(), 0

    def fail() -> None:
        nonlocal tries
        tries += 1
        raise Uncertain("x")

    with pytest.raises(Uncertain):
        with_retries(fail, clock=time.clock)
    assert tries == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("12", 12.0),
        ("Mon, 02 Mar 2026 09:01:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text} if text else {}, START) == seconds


def test_a_date_without_a_zone_is_utc() -> None:
    assert http_date("Mon, 02 Mar 2026 09:00:00 -0000") == START
    assert http_date("nonsense") is None
