"""The programs that the demo drives: the sandbox as a process of its own, and the command `stockbridge` as a person runs
it. Each is ended by its own id, also on Ctrl-C."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SECONDS_TO_START = 60
_SECONDS_TO_END = 15
_SECONDS_OF_A_COMMAND = 900
_SECONDS_OF_AN_ANSWER = 60


class DemoError(Exception):
    """The demo cannot go on. The text says why in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running sandbox: the addresses of its systems, and its control endpoint."""

    zoho: str
    optiply: str
    people: str
    control: str

    def get(self, path: str) -> Any:
        """GET a path of the control endpoint, such as "/accounts". Raises DemoError."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """POST to a path of the control endpoint. Raises DemoError."""
        return self._ask("POST", path, json.dumps(body))

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """PATCH a path of the control endpoint. Raises DemoError."""
        return self._ask("PATCH", path, json.dumps(body))

    def delete(self, path: str) -> Any:
        """DELETE a path of the control endpoint. Raises DemoError."""
        return self._ask("DELETE", path, None)

    def state(self, system: str, collections: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The raw rows of a system, by collection."""
        return {name: self.get(f"/state/{system}/{name}")["rows"] for name in collections}

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        place = urlsplit(self.control)
        connection = http.client.HTTPConnection(
            place.hostname or "", place.port, timeout=_SECONDS_OF_AN_ANSWER
        )
        try:
            connection.request(
                method, f"{place.path}{path}", body=body, headers={"content-type": "application/json"}
            )
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"The sandbox does not answer any more ({error}).") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise DemoError(f"The sandbox refused {method} {path}: {text.decode(errors='replace')}")
        return json.loads(text)


@contextmanager
def sandbox(*, log: Path, **sizes: float) -> Iterator[Sandbox]:
    """A sandbox with a made-up company on free ports, ended when the block is left. What it complains of is in `log`.
    `sizes` are the options of `stockbridge-sandbox serve`: items, vendors, orders, private_customers, seed and so on.

    Raises DemoError when it does not start.
    """
    options = [text for name, value in sizes.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    with (
        log.open("wb") as complaints,
        subprocess.Popen(  # noqa: S603 our own command, with numbers for options
            [program("stockbridge-sandbox"), "serve", "--json", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment(),
            # Ctrl-C is for the command in front: the sandbox stays until that has stopped, and is then ended here.
            start_new_session=True,
        ) as process,
    ):
        try:
            yield _addresses(process, log)
        finally:
            end(process)


def _addresses(process: subprocess.Popen[bytes], log: Path) -> Sandbox:
    if process.stdout is None:
        raise DemoError("The sandbox has no output to read its addresses from.")
    ready, _, _ = select.select([process.stdout], [], [], _SECONDS_TO_START)
    line = process.stdout.readline() if ready else b""
    if not line:
        why = log.read_text(errors="replace").strip() or f"no word of it in {_SECONDS_TO_START} seconds"
        raise DemoError(f"The sandbox did not start: {why}")
    found = json.loads(line)
    return Sandbox(**{name: found[name] for name in ("zoho", "optiply", "people", "control")})


def run(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run `stockbridge` in this terminal, so that its progress shows; gives its exit code.

    Ctrl-C reaches the command too: it gets the time to stop by itself, then the interrupt goes on. Raises DemoError when
    it does not end.
    """
    sys.stdout.flush()
    process = subprocess.Popen(  # noqa: S603 our own command
        [program("stockbridge"), *arguments],
        # Nobody should be asked anything: what a command wants to know, it is given.
        stdin=subprocess.DEVNULL,
        env=environment(variables),
    )
    try:
        return process.wait(_SECONDS_OF_A_COMMAND)
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_END)
        raise
    except subprocess.TimeoutExpired:
        minutes = _SECONDS_OF_A_COMMAND // 60
        raise DemoError(f"stockbridge {arguments[0]} did not end in {minutes} minutes.") from None
    finally:
        end(process)


def told(arguments: Sequence[str], variables: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run `stockbridge` unseen; gives its exit code and the lines that it told. Raises DemoError when it does not end."""
    try:
        done = subprocess.run(  # noqa: S603 our own command
            [program("stockbridge"), *arguments],
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS_OF_A_COMMAND,
            check=False,
        )
    except subprocess.TimeoutExpired:
        minutes = _SECONDS_OF_A_COMMAND // 60
        raise DemoError(f"stockbridge {arguments[0]} did not end in {minutes} minutes.") from None
    return done.returncode, done.stdout.splitlines()


def ask(arguments: Sequence[str], variables: Mapping[str, str]) -> Any:
    """Run `stockbridge … --json` unseen; gives its document. Raises DemoError when there is none."""
    try:
        done = subprocess.run(  # noqa: S603 our own command
            [program("stockbridge"), *arguments, "--json"],
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS_OF_A_COMMAND,
            check=False,
        )
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise DemoError(f"stockbridge {' '.join(arguments)} --json gave no document.") from None


def end(process: subprocess.Popen[bytes]) -> None:
    """End one process that was started here: kindly, then surely."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_SECONDS_TO_END)


def program(name: str) -> str:
    """A command of the environment that this Python belongs to. Raises DemoError when it is not installed there."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise DemoError(f"The command {name} is not installed beside {sys.executable}. Run: make demo")
    return str(path)


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for a program: none of a real installation of Stockbridge, no proxy in front of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STOCKBRIDGE_")}
    # Without its compiled modules every command takes two seconds longer to start.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | dict(variables or {})
