"""The command line as its user meets it: arguments in, text and an exit code out, against the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
import pytest

from stockbridge.cli.main import main
from stockbridge_sandbox.run import Sandbox, start


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return msgspec.json.decode(self.out)


Command: TypeAlias = Callable[..., Result]


@pytest.fixture
def stockbridge(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command in this process."""

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Result(code=code, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small company, new for each test."""
    with start(items=12, vendors=3, orders=8, seed=11) as running:
        yield running


@pytest.fixture
def logins(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The made-up logins, their secrets in the environment as an operator would put them there."""
    import urllib.request

    with urllib.request.urlopen(f"{sandbox.control_url}/accounts", timeout=10) as answer:
        found: dict[str, dict[str, str]] = msgspec.json.decode(answer.read())
    monkeypatch.setenv("STOCKBRIDGE_ZOHO_CLIENT_SECRET", found["zoho"]["client_secret"])
    monkeypatch.setenv("STOCKBRIDGE_OPTIPLY_PASSWORD", found["optiply"]["password"])
    monkeypatch.setenv("STOCKBRIDGE_OPTIPLY_CLIENT_SECRET", found["optiply"]["client_secret"])
    return found


@pytest.fixture
def zoho_arguments(sandbox: Sandbox, logins: dict[str, dict[str, str]]) -> list[str]:
    """What signs in to the sandbox's Zoho, but for the code or the browser."""
    server = f"{sandbox.zoho_url}/dc/eu"
    return [
        "accounts",
        "add",
        "zoho",
        "--accounts-server",
        server,
        "--client-id",
        logins["zoho"]["client_id"],
    ]


@pytest.fixture
def optiply_arguments(sandbox: Sandbox, logins: dict[str, dict[str, str]]) -> list[str]:
    """What signs in to the sandbox's Optiply."""
    login = logins["optiply"]
    return [
        *("accounts", "add", "optiply"),
        *("--api-base", f"{sandbox.optiply_url}/v1", "--token-base", f"{sandbox.optiply_url}/api"),
        *("--username", login["username"], "--client-id", login["client_id"]),
        *("--coupling-id", login["coupling_id"]),
    ]


@pytest.fixture
def google_arguments(
    sandbox: Sandbox, logins: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """What signs in to the sandbox's address book; its secrets are in the environment."""
    monkeypatch.setenv("STOCKBRIDGE_GOOGLE_CLIENT_SECRET", logins["people"]["client_secret"])
    monkeypatch.setenv("STOCKBRIDGE_GOOGLE_REFRESH_TOKEN", sandbox.people.refresh_token())
    return [
        *("accounts", "add", "google", "--server", sandbox.people_url),
        *("--client-id", logins["people"]["client_id"]),
    ]


@pytest.fixture
def people_accounts(
    stockbridge: Command,
    zoho_arguments: list[str],
    google_arguments: list[str],
    logins: dict[str, dict[str, str]],
) -> None:
    """Both accounts of a contact sync, signed in: "winkel" and "adressen"."""
    code = logins["zoho"]["self_client_code"]
    assert stockbridge(*zoho_arguments, "--self-client", code, "--name", "winkel").code == 0
    assert stockbridge(*google_arguments, "--name", "adressen").code == 0


@pytest.fixture
def accounts(
    stockbridge: Command,
    zoho_arguments: list[str],
    optiply_arguments: list[str],
    logins: dict[str, dict[str, str]],
) -> None:
    """Both accounts, signed in: "winkel" and "planning"."""
    code = logins["zoho"]["self_client_code"]
    assert stockbridge(*zoho_arguments, "--self-client", code, "--name", "winkel").code == 0
    assert stockbridge(*optiply_arguments, "--name", "planning").code == 0
