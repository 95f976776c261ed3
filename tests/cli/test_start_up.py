"""A command loads what it needs, and no more: what all of them need together takes most of a second."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from stockbridge.cli.commands import LISTED, loaded


def imported(*lines: str) -> set[str]:
    """Every module that a new process has loaded after these lines."""
    program = "\n".join([*lines, "import sys", "print(*sys.modules, file=sys.stderr)"])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("name", LISTED)
def test_the_list_of_commands_says_of_each_what_it_says_of_itself(name: str) -> None:
    assert inspect.cleandoc(loaded(name).help).split("\n", 1)[0] == LISTED[name].help


def test_to_list_the_commands_loads_none_of_them() -> None:
    found = imported("from stockbridge.cli.main import main", "main(['--help'])")
    assert "typer" in found
    heavy = {"sqlalchemy", "alembic", "httpx2", "structlog", "rich.console", "cryptography", "tomlkit"}
    heavy |= {"phonenumbers", "email_validator", "nameparser", "importlib.metadata"}
    assert not found & heavy
    assert not {name for name in found if name.startswith("stockbridge.store")}


def test_to_look_into_the_store_loads_nothing_that_sends_or_draws() -> None:
    found = imported("from stockbridge.cli import contacts_work, work")
    assert "sqlalchemy" in found
    heavy = {"alembic", "httpx2", "urllib.request", "rich.progress"}
    heavy |= {"phonenumbers", "email_validator", "nameparser"}
    assert not found & heavy
