"""A threaded HTTP/1.1 server on the bare socket, so that faults can drop, hang and truncate.

It reads requests with a small reader of its own (keep-alive, Content-Length and chunked bodies) and sends each
answer, headers and body, in one write.
"""

from __future__ import annotations

import contextlib
import http
import itertools
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, unquote

import msgspec

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.faults import Fault, Faults, without_first_id
from stockbridge_sandbox.http import Application, Request, Response, text_response

_LARGEST_HEAD = 64 * 1024
_LARGEST_BODY = 64 * 1024 * 1024
_IDLE_SECONDS = 120.0
_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}


def plain_error(_request: Request, status: int, code: int | None) -> Response:
    """The answer of a gateway that knows nothing of the application behind it."""
    detail = "" if code is None else f" ({code})"
    return text_response(f"<html><body>{status} {_PHRASES.get(status, '')}{detail}</body></html>", status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """An application under a path prefix, and what the faults need to know of it.

    `system` names the system of a path for the request log and the faults ("zoho", "accounts", "optiply"),
    None for paths that are neither logged nor disturbed. `error` builds the answer of a "status" fault,
    `move_row` edits a row of the collection just read, `revoke_token` kills the access token of the request.
    """

    prefix: str
    application: Application
    system: Callable[[str], str | None]
    error: Callable[[Request, int, int | None], Response] = plain_error
    move_row: Callable[[Request], None] | None = None
    revoke_token: Callable[[Request], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One line of the request log; `status` is None when the connection was closed without an answer."""

    n: int
    system: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int | None
    at: datetime
    counted: bool
    body: bytes

    def row(self) -> dict[str, object]:
        """As the control endpoint shows it."""
        try:
            body = msgspec.json.decode(self.body) if self.body else None
        except msgspec.DecodeError:
            body = None
        return {
            "n": self.n,
            "system": self.system,
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "status": self.status,
            "at": self.at.isoformat(),
            "counted": self.counted,
            "body": body,
        }


class RequestLog:
    """The last requests (100,000 at most), in the order in which they were answered."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._seen: deque[Seen] = deque(maxlen=100_000)

    def add(self, system: str, request: Request, response: Response | None, *, counted: bool = False) -> None:
        """Note a request and the answer it got, None for none; `counted` where it cost a call all the same."""
        self._seen.append(
            Seen(
                n=next(self._numbers),
                system=system,
                method=request.method,
                path=request.path,
                query=request.query,
                status=response.status if response else None,
                at=request.at,
                counted=response.counted if response else counted,
                body=request.body,
            )
        )

    def rows(self, system: str | None = None, since: int = 0) -> list[Seen]:
        """The requests after number `since`, of one system or of all."""
        return [seen for seen in tuple(self._seen) if seen.n > since and system in (None, seen.system)]

    def clear(self) -> None:
        """Forget all requests; numbers go on."""
        self._seen.clear()


class Server:
    """Serves mounted applications on one port of the loopback interface. `port` 0 takes a free one."""

    def __init__(
        self, mounts: tuple[Mount, ...], *, clock: Clock, log: RequestLog, faults: Faults, port: int = 0
    ) -> None:
        self._mounts = sorted(mounts, key=lambda mount: -len(mount.prefix))
        self._clock = clock
        self._log = log
        self._faults = faults
        self._wanted_port = port
        self._listener: socket.socket | None = None
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._in_flight: dict[str, int] = {}
        self._date = (0, "")

    @property
    def port(self) -> int:
        """The port in use. Raises RuntimeError before `start`."""
        if self._listener is None:
            raise RuntimeError("the server has not been started")
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """The address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Take the port and begin to serve. Raises OSError when the port is taken."""
        listener = socket.create_server(("127.0.0.1", self._wanted_port), backlog=128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="sandbox-accept", daemon=True).start()

    def stop(self) -> None:
        """Close the port and every open connection, and wait shortly for the threads."""
        if self._listener is None or self._stopping.is_set():
            return
        self._stopping.set()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass  # wakes the accept loop, on every platform
        self._listener.close()
        with self._guard:
            connections = dict(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join(timeout=1)

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if self._stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="sandbox", daemon=True)
            with self._guard:
                self._open[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_IDLE_SECONDS)
        reader = _Reader(connection)
        try:
            while not self._stopping.is_set():
                raw = reader.request()
                if raw is None or not self._answer(connection, raw):
                    return
        except (OSError, _BadRequest):
            return
        finally:
            with self._guard:
                self._open.pop(connection, None)
            connection.close()

    def _answer(self, connection: socket.socket, raw: _Raw) -> bool:
        """Serve one request; True when the connection stays open."""
        path, _, query = raw.target.partition("?")
        path = unquote(path)
        mount = next((m for m in self._mounts if path.startswith(m.prefix)), None)
        keep = raw.headers.get("connection", "").lower() != "close"
        if mount is None:
            self._send(connection, raw.method, _nothing_here(), keep)
            return keep
        system = mount.system(path)
        with self._guard:
            in_flight = self._in_flight[system or ""] = self._in_flight.get(system or "", 0) + 1
        try:
            request = Request(
                method=raw.method,
                path=path[len(mount.prefix) :] or "/",
                query=tuple(parse_qsl(query, keep_blank_values=True)),
                headers=raw.headers,
                body=raw.body,
                at=self._clock.now(),
                base=f"http://{raw.headers.get('host') or self.url[7:]}{mount.prefix}",
                in_flight=in_flight,
            )
            if system is None:
                self._send(connection, raw.method, mount.application(request), keep)
                return keep
            fired = self._faults.hit(system, request.method, request.path)
            return self._answer_logged(connection, mount, system, request, fired, keep)
        finally:
            with self._guard:
                self._in_flight[system or ""] -= 1

    def _answer_logged(
        self,
        connection: socket.socket,
        mount: Mount,
        system: str,
        request: Request,
        fired: tuple[Fault, ...],
        keep: bool,
    ) -> bool:
        kinds = {fault.kind: fault for fault in fired}
        for fault in fired:
            match fault.kind:
                case "latency":
                    self._stopping.wait(fault.seconds)
                case "slow":
                    self._clock.sleep(fault.seconds)
                case "hang":
                    self._log.add(system, request, None)  # when it came, not when it is let go
                    self._stopping.wait(fault.seconds)
                case "revoke_token" if mount.revoke_token is not None:
                    mount.revoke_token(request)
        if "hang" in kinds:
            return False
        if "drop_before" in kinds:
            self._log.add(system, request, None)
            return False
        if "status" in kinds:
            response = mount.error(request, kinds["status"].status, kinds["status"].code)
        else:
            response = mount.application(request)
        if "status_after" in kinds:
            response = mount.error(request, kinds["status_after"].status, kinds["status_after"].code)
        if "drop_after" in kinds:
            self._log.add(system, request, None, counted=response.counted)
            return False
        if "not_json" in kinds:
            response = text_response("<html><body>We will be right back.</body></html>", response.status)
        if "row_without_id" in kinds:
            response.body = without_first_id(response.body)
        if "move_row" in kinds and mount.move_row is not None:
            mount.move_row(request)
        self._log.add(system, request, response)
        if "truncate_page" in kinds:
            connection.sendall(
                self._bytes(request.method, response, keep)[: -max(1, len(response.body) // 2)]
            )
            return False
        self._send(connection, request.method, response, keep)
        return keep

    def _send(self, connection: socket.socket, method: str, response: Response, keep: bool) -> None:
        connection.sendall(self._bytes(method, response, keep))

    def _bytes(self, method: str, response: Response, keep: bool) -> bytes:
        now = self._clock.now()
        second = int(now.timestamp())
        if self._date[0] != second:
            self._date = (second, format_datetime(now, usegmt=True))
        lines = [
            f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, 'Unknown')}",
            f"Date: {self._date[1]}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
        ]
        if response.status != 204:
            lines.append(f"Content-Length: {len(response.body)}")
        if not keep:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        return head if method == "HEAD" or response.status == 204 else head + response.body


def _nothing_here() -> Response:
    """The answer for a path that no application serves."""
    return text_response("<html><body>404 Not Found</body></html>", 404)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class _BadRequest(Exception):
    """The bytes on the connection are not an HTTP/1.1 request."""


class _Reader:
    """Reads one request after another from a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def request(self) -> _Raw | None:
        """The next request, or None when the caller closed the connection."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _LARGEST_HEAD:
                raise _BadRequest
            if not self._more():
                return None
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        first, *lines = head.split("\r\n")
        try:
            method, target, _ = first.split(" ")
        except ValueError as error:
            raise _BadRequest from error
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return _Raw(method=method, target=target, headers=headers, body=self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts: list[bytes] = []
            while size := int(self._line().partition(b";")[0], 16):
                parts.append(self._exactly(size + 2)[:-2])
            while self._line():
                pass
            return b"".join(parts)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            raise _BadRequest
        return self._exactly(int(length)) if length != "0" else b""

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if not self._more():
                raise _BadRequest
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not self._more():
                raise _BadRequest
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _more(self) -> bool:
        data = self._connection.recv(65536)
        self._buffer += data
        return bool(data)
