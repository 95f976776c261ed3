"""A small HTTP server for this machine and what stands before it: few callers at once, each for a short time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, SHUT_RDWR, socket
from typing import Any, Literal, TypeAlias

import structlog

_SECONDS = 10  # for a whole request, so that nobody holds a thread
_MOST_BYTES = 1_000_000
_AT_ONCE = 16

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: the address as it came, with its query; `headers` are blind to case."""

    address: str
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str | None = None


Answer: TypeAlias = Callable[[Asked], Said]


@contextmanager
def door(bind: str, port: int, method: Literal["GET", "POST"], answer: Answer) -> Iterator[str]:
    """Answers requests of that one method until the end of the block; gives the address. Port 0 takes any free one.

    `answer` is called in threads. Nothing of a request is logged, and what is no such request is told nothing but a status.
    Raises OSError where the port is taken or the address is none of this machine.
    """
    places = threading.BoundedSemaphore(_AT_ONCE)

    class Door(BaseHTTPRequestHandler):
        timeout = _SECONDS  # for each read of the socket
        server_version = "Stockbridge"
        sys_version = ""

        def do_GET(self) -> None:
            self._say(self._answered() if method == "GET" else Said(status=405))

        def do_POST(self) -> None:
            self._say(self._answered() if method == "POST" else Said(status=405))

        def _answered(self) -> Said:
            body = b""
            if method == "POST":
                length = self.headers.get("Content-Length", "")
                if not (length.isascii() and length.isdigit()):
                    return Said(status=411)
                if len(length) > 7 or int(length) > _MOST_BYTES:
                    return Said(status=413)
                body = self.rfile.read(int(length))
            return answer(Asked(address=self.path, headers=self.headers, body=body))

        def _say(self, said: Said) -> None:
            self.close_connection = True
            self.send_response(said.status)
            if said.content_type is not None:
                self.send_header("Content-Type", said.content_type)
            self.send_header("Content-Length", str(len(said.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(said.body)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """Another method, or no HTTP; nothing of it is said back."""
            self._say(Said(status=405 if code == 501 else code))

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of a request is logged."""

    class Doorkeeper(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in bind else AF_INET
        daemon_threads = True
        block_on_close = False

        def process_request(self, request: Any, client_address: Any) -> None:
            if places.acquire(blocking=False):
                super().process_request(request, client_address)
            else:
                self.shutdown_request(request)

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            end = threading.Timer(_SECONDS, _cut_off, (request,))
            end.daemon = True
            end.start()
            try:
                super().process_request_thread(request, client_address)
            finally:
                end.cancel()
                places.release()

        def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
            _log.debug("a caller went away")

    server = Doorkeeper((bind, port), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        host = f"[{bind}]" if ":" in bind else bind
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_SECONDS)


def _cut_off(request: socket) -> None:
    with suppress(OSError):
        request.shutdown(SHUT_RDWR)
