"""Receives Zoho's webhooks. Each is taken for a hint that a record changed; polling stays the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from stockbridge.core.errors import Halt, Trouble
from stockbridge.runtime.payload import SIGNATURE, is_signed, records_of
from stockbridge.store import hints, syncs
from stockbridge.store.rows import moment_text
from stockbridge.store.sealing import Sealer
from stockbridge.wiring.hook_secret import open_secret
from stockbridge.wiring.sync_kinds import CONTACTS

_SECONDS = 10  # for a whole request, so that nobody holds a thread
_MOST_BYTES = 1_000_000
_AT_ONCE = 16

_log = structlog.get_logger()


def _cut_off(request: socket) -> None:
    with suppress(OSError):
        request.shutdown(SHUT_RDWR)


@contextmanager
def receiving(
    store: Engine,
    sealer: Sealer,
    *,
    bind: str,
    port: int,
    now: Callable[[], datetime],
    wake: Callable[[], None],
) -> Iterator[str]:
    """Receives at POST /hooks/SYNC until the end of the block; gives the address. Port 0 takes any free one.

    `wake` is called when a hint was stored. Raises `Halt` where the port is taken or the address is none of this machine.
    """
    places = threading.BoundedSemaphore(_AT_ONCE)

    class Door(BaseHTTPRequestHandler):
        timeout = _SECONDS  # for each read of the socket
        server_version = "Stockbridge"
        sys_version = ""

        def do_POST(self) -> None:
            self._answer(self._receive())

        def _receive(self) -> int:
            address = urlsplit(self.path)
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                return 411
            if len(length) > 7 or int(length) > _MOST_BYTES:
                return 413
            body = self.rfile.read(int(length))
            content_type = self.headers.get("Content-Type", "")
            prefix, _, name = address.path.partition("/hooks/")
            try:
                with store.connect() as connection:
                    row = None if prefix or "/" in name else syncs.find(connection, unquote(name))
                secret = None if row is None else open_secret(row, sealer)
                if row is None or secret is None:
                    return 404
                given = self.headers.get(SIGNATURE)
                if not is_signed(
                    secret.reveal(), given, query=address.query, content_type=content_type, body=body
                ):
                    _log.warning("a webhook without a good signature was refused", sync=row.name)
                    return 401
                records = records_of(content_type, body, contacts=row.kind == CONTACTS)
                if records is None:
                    return 400
                if records:
                    with store.begin() as connection:
                        hints.note(connection, row.id, "a", records, moment_text(now()))
                    wake()
            except (SQLAlchemyError, Trouble) as trouble:
                _log.error("a webhook could not be taken", why=type(trouble).__name__)
                return 503  # Zoho may send it again
            return 200

        def _answer(self, status: int) -> None:
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """What is no POST, or no HTTP; nothing of it is said back."""
            self._answer(405 if code == 501 else code)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing of a request is logged."""

    class Doorkeeper(ThreadingHTTPServer):
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
            _log.debug("a caller of the webhooks went away")

    try:
        server = Doorkeeper((bind, port), Door)
    except OSError as trouble:
        raise Halt(
            f"Webhooks cannot be received at {bind}:{port}: {trouble.strerror or trouble}.",
            remedy="Choose another --hooks-port or --hooks-bind.",
        ) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        host = f"[{bind}]" if ":" in bind else bind
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_SECONDS)
