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
from io import BufferedIOBase
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

        def handle(self) -> None:
            self.wfile.write(b"220 mail.example.com ready\r\n")
            self.serve(self.rfile, self.wfile, encrypted=False)

        def serve(self, ear: BufferedIOBase, mouth: Any, *, encrypted: bool) -> None:
            def say(line: str) -> None:
                mouth.write(line.encode() + b"\r\n")

            signed_in = not box.user
            while line := ear.readline(2000).decode().rstrip("\r\n"):
                verb, _, rest = line.partition(" ")
                box.said.append(line)
                match verb.upper():
                    case "EHLO":
                        say("250-mail.example.com")
                        if box.tls is not None and not encrypted:
                            say("250-STARTTLS")
                        say("250 AUTH PLAIN LOGIN" if box.user else "250 OK")
                    case "STARTTLS" if box.tls is not None:
                        say("220 go on")
                        with box.tls.wrap_socket(self.request, server_side=True) as inside:
                            self.serve(inside.makefile("rb"), inside.makefile("wb", 0), encrypted=True)
                        return
                    case "AUTH":
                        given = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
                        signed_in = given == [box.user, box.password]
                        say("235 welcome" if signed_in else f"535 no such password: {given[-1:]}")
                    case "MAIL":
                        say("250 OK" if signed_in else "530 sign in first")
                    case "RCPT":
                        say(box.refused or "250 OK")
                    case "DATA":
                        say("354 go on")
                        text = b""
                        while (part := ear.readline(2000)) != b".\r\n":
                            text += part.removeprefix(b".") if part.startswith(b"..") else part
                        letter = BytesParser(policy=default).parsebytes(text)
                        assert isinstance(letter, EmailMessage)
                        box.letters.put(letter)
                        say("250 taken")
                    case "QUIT":
                        say("221 goodbye")
                        return
                    case "RSET" | "NOOP":
                        say("250 OK")
                    case _:
                        say("502 what?")

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
