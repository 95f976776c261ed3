"""The programs as they are really run: the sandbox in one process, `stockbridge` in another, HTTP between them."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec

from stockbridge_sandbox.compare import compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, ZOHO_COLLECTIONS

STOCKBRIDGE, SANDBOX = (
    str(Path(sys.executable).with_name(name)) for name in ("stockbridge", "stockbridge-sandbox")
)
SPEED = "1200"
SECONDS = 180  # longer than any program here takes, on a busy machine too


@dataclass(slots=True, kw_only=True)
class Floor:
    """Both simulated systems behind their addresses, and the environment of a person's shell."""

    addresses: Mapping[str, str]
    environment: dict[str, str] = field(repr=False)

    def control(self, path: str, body: object = None, method: str | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.addresses['control']}/{path}",
            data=None if body is None else msgspec.json.encode(body),
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return msgspec.json.decode(answer.read())

    def begin_quickly(self, *arguments: str) -> BaseProcess:
        """The command in a real process that is forked from one which has read the program already."""
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(["stockbridge.cli.main"])
        process = forks.Process(target=_program, args=(self.environment, arguments))
        process.start()
        return process

    def do_quickly(self, *arguments: str) -> int:
        """Such a process to its end: its exit code."""
        process = self.begin_quickly(*arguments)
        process.join(SECONDS)
        assert process.exitcode is not None
        return process.exitcode

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [STOCKBRIDGE, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end: exit code, output, errors."""
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=SECONDS)
        return process.returncode, out, err

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control(f"requests?since={since}")["requests"]
        return found

    def last(self) -> int:
        found = self.requests()
        return found[-1]["n"] if found else 0

    def wait_for(self, count: int, since: int, alive: Callable[[], bool]) -> bool:
        """Until so many requests have come since then; False where the program ended before."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if len(self.requests(since)) >= count:
                return True
            if not alive():
                return False
            time.sleep(0.005)
        raise TimeoutError("the program neither went on nor ended")

    def rows(self, system: str, collection: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control(f"state/{system}/{collection}")["rows"]
        return found

    def differences(self) -> tuple[str, ...]:
        """In sentences, by the sandbox's own comparison; records that are there twice are among them."""
        zoho = {name: self.rows("zoho", name) for name in ZOHO_COLLECTIONS}
        optiply = {name: self.rows("optiply", name) for name in OPTIPLY_COLLECTIONS}
        coupling = self.control("accounts")["optiply"]["coupling_id"]
        return compare(zoho, optiply, coupling_id=coupling).differences

    def writes(self, since: int) -> list[str]:
        return [
            f"{seen['method']} {seen['path']}"
            for seen in self.requests(since)
            if seen["system"] == "optiply" and seen["method"] != "GET" and "/oauth/" not in seen["path"]
        ]


def _program(environment: dict[str, str], arguments: Sequence[str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    from stockbridge.cli.main import main

    # What it says is no matter here; a test that reads it takes the program itself.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    sys.exit(main(arguments))


@contextmanager
def floor(home: Path, *, database: str | None = None, items: int = 40, orders: int = 30) -> Iterator[Floor]:
    """A sandbox of its own process, with both accounts and a sync signed in by the command line."""
    company = ["--items", str(items), "--vendors", "4", "--orders", str(orders), "--seed", "5", "--json"]
    program = [SANDBOX, "serve", *company]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            addresses = msgspec.json.decode(sandbox.stdout.readline(), type=dict[str, str])
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("STOCKBRIDGE_")},
                "STOCKBRIDGE_HOME": str(home),
                "STOCKBRIDGE_CLOCK_SPEED": SPEED,
                **({"STOCKBRIDGE_DATABASE_URL": database} if database else {}),
            }
            one = Floor(addresses=addresses, environment=environment)
            _sign_in(one)
            clock = one.control("clock", {"speed": float(SPEED)})  # only now: codes live for minutes
            one.environment["STOCKBRIDGE_CLOCK_START"] = clock["start"]
            yield one
        finally:
            sandbox.terminate()
            sandbox.wait(timeout=SECONDS)


def _sign_in(one: Floor) -> None:
    logins = one.control("accounts")
    zoho, optiply = logins["zoho"], logins["optiply"]
    one.environment |= {
        "STOCKBRIDGE_ZOHO_CLIENT_SECRET": zoho["client_secret"],
        "STOCKBRIDGE_OPTIPLY_PASSWORD": optiply["password"],
        "STOCKBRIDGE_OPTIPLY_CLIENT_SECRET": optiply["client_secret"],
    }
    at_zoho = ["--accounts-server", f"{one.addresses['zoho']}/dc/eu", "--client-id", zoho["client_id"]]
    at_optiply = [
        *("--api-base", f"{one.addresses['optiply']}/v1", "--token-base", f"{one.addresses['optiply']}/api"),
        *("--username", optiply["username"], "--client-id", optiply["client_id"]),
        *("--coupling-id", optiply["coupling_id"]),
    ]
    code = zoho["self_client_code"]
    for arguments in (
        ["accounts", "add", "zoho", *at_zoho, "--self-client", code, "--name", "winkel"],
        ["accounts", "add", "optiply", *at_optiply, "--name", "planning"],
        ["sync", "create", "optiply-board", "--name", "board"],
    ):
        assert one.do_quickly(*arguments) == 0
