"""Where notices arrive in tests: a webhook and a mail server on this machine, as small as they can be."""

from __future__ import annotations

import base64
import queue
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

SECONDS = 30  # longer than anything here takes


@dataclass(slots=True, kw_only=True)
class Webhook:
    """`answer` is the status of what comes next; while `held` is set, nothing is answered at all."""

    url: str = ""
    answer: int = 200
    answering: threading.Event = field(default_factory=threading.Event)
    coming: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def next(self) -> dict[str, Any]:
        """The next document that comes, whatever it is answered."""
        return self.coming.get(timeout=SECONDS)

    def nothing_more(self) -> bool:
        return self.coming.empty()


@contextmanager
def webhook() -> Iterator[Webhook]:
    box = Webhook()
    box.answering.set()

    class Door(BaseHTTPRequestHandler):
        timeout = SECONDS

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.coming.put({"path": self.path, **msgspec.json.decode(body)})
            box.answering.wait(SECONDS)
            self.send_response(box.answer)
            if 300 <= box.answer < 400:
                self.send_header("Location", f"{box.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever asked was killed meanwhile."""

    with Server(("127.0.0.1", 0), Door) as server:
        box.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/T0geheim"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            box.answering.set()
            server.shutdown()
            thread.join(SECONDS)


@dataclass(slots=True, kw_only=True)
class MailServer:
    """`user` and `password` must be given where they are set; `refused` is the answer to a recipient, if any."""

    port: int = 0
    user: str = ""
    password: str = ""
    refused: str = ""
    tls: ssl.SSLContext | None = None
    letters: queue.Queue[EmailMessage] = field(default_factory=queue.Queue)
    said: list[str] = field(default_factory=list)  # every line of a client


@contextmanager
def mail_server(**settings: Any) -> Iterator[MailServer]:
    """Enough of RFC 5321 for one letter, with STARTTLS (RFC 3207) where it has a certificate and AUTH PLAIN and LOGIN."""
    box = MailServer(**settings)

    class Desk(socketserver.StreamRequestHandler):
        timeout = SECONDS

        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def hear(self) -> str:
            line = self.rfile.readline(2000).decode().rstrip("\r\n")
            box.said.append(line)
            return line

        def handle(self) -> None:
            self.say("220 mail.example.com ready")
            signed_in, encrypted = not box.user, False
            while line := self.hear():
                verb, _, rest = line.partition(" ")
                match verb.upper():
                    case "EHLO":
                        self.say("250-mail.example.com")
                        if box.tls is not None and not encrypted:
                            self.say("250-STARTTLS")
                        self.say("250 AUTH PLAIN LOGIN" if box.user else "250 OK")
                    case "STARTTLS" if box.tls is not None:
                        self.say("220 go on")
                        self.request = box.tls.wrap_socket(self.request, server_side=True)
                        self.rfile = self.request.makefile("rb")
                        self.wfile = socketserver._SocketWriter(self.request)  # type: ignore[attr-defined]
                        encrypted = True
                    case "AUTH":
                        given = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
                        signed_in = given == [box.user, box.password]
                        self.say("235 welcome" if signed_in else f"535 no such password: {given[-1]}")
                    case "MAIL":
                        self.say("250 OK" if signed_in else "530 sign in first")
                    case "RCPT":
                        self.say(box.refused or "250 OK")
                    case "DATA":
                        self.say("354 go on")
                        text = b""
                        while (part := self.rfile.readline(2000)) != b".\r\n":
                            text += part.removeprefix(b".") if part.startswith(b"..") else part
                        letter = BytesParser(policy=default).parsebytes(text)
                        assert isinstance(letter, EmailMessage)
                        box.letters.put(letter)
                        self.say("250 taken")
                    case "QUIT":
                        self.say("221 goodbye")
                        return
                    case "RSET" | "NOOP":
                        self.say("250 OK")
                    case _:
                        self.say("502 what?")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever asked went away, or trusts no such certificate."""

    with Server(("127.0.0.1", 0), Desk) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(SECONDS)
