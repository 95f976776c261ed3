"""Waits on this machine for the browser to come back from a system's consent page."""

from __future__ import annotations

import html
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from stockbridge.core.errors import Halt, Unauthorized

PATH = "/callback"
DEFAULT_PORT = 8765  # fixed, because Zoho wants the address registered beforehand


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What the page hands over: a code that lives a minute or so, and where it must be exchanged (facts: Zoho 2)."""

    code: str
    location: str | None
    accounts_server: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An open door at `redirect_uri`."""

    redirect_uri: str
    arrived: queue.Queue[Callback | Unauthorized]
    system: str
    instead: str

    def wait(self, seconds: float) -> Callback:
        """The answer of the person in front of the browser. Raises `Unauthorized` where they declined or never came."""
        try:
            found = self.arrived.get(timeout=seconds)
        except queue.Empty:
            raise Unauthorized(
                f"Nobody came back from {self.system}'s consent page within {seconds / 60:.0f} minutes. "
                "Nothing was changed.",
                remedy=f"Run the command again. On a machine without a browser use {self.instead}.",
            ) from None
        if isinstance(found, Unauthorized):
            raise found
        return found


@contextmanager
def listening(
    state: str, port: int = DEFAULT_PORT, *, system: str = "Zoho", instead: str = "--self-client CODE"
) -> Iterator[Listener]:
    """Opens the door for one answer that carries `state`; others are turned away. Port 0 takes any free one.

    Messages name the `system` whose page it is, and the option that does without a browser (`instead`).
    Raises `Halt` where the port is taken.
    """
    arrived: queue.Queue[Callback | Unauthorized] = queue.Queue()

    class Door(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(address.query).items()}
            if address.path != PATH:
                self._say(404, "There is nothing here", "Stockbridge waits at /callback.")
            elif given.get("state") != state:
                # Some other page tried, or an older attempt: go on waiting for the right one.
                self._say(400, "This answer is not for this sign-in", "Start again from the terminal.")
            elif given.get("code"):
                self._say(200, "Signed in", "Go back to the terminal; you can close this window.")
                arrived.put(
                    Callback(
                        code=given["code"],
                        location=given.get("location"),
                        accounts_server=given.get("accounts-server"),
                    )
                )
            else:
                error = given.get("error", "no code came with the answer")
                self._say(200, "Not signed in", "Nothing was changed. Go back to the terminal.")
                arrived.put(
                    Unauthorized(
                        f"The sign-in was not agreed to: {error}. Nothing was changed.",
                        remedy=f"Run the command again and accept on {system}'s page.",
                        code=error,
                    )
                )

        def _say(self, status: int, title: str, text: str) -> None:
            page = (
                f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
                f"<body><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></body></html>"
            ).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the line would hold the code."""

    try:
        server = HTTPServer(("127.0.0.1", port), Door)
    except OSError as trouble:
        raise Halt(
            f"Port {port} of this machine is taken: {trouble.strerror}.",
            remedy=f"Choose another with --port, and see that the client at {system} takes its address.",
        ) from trouble
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Listener(
            redirect_uri=f"http://127.0.0.1:{server.server_port}{PATH}",
            arrived=arrived,
            system=system,
            instead=instead,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
