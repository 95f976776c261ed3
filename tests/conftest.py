"""A store of each dialect, and properties that no slow machine fails.

PostgreSQL runs for the test session on a socket of its own, where a server is installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import Engine

from stockbridge.store.database import open_store

# How long an example takes says something of the machine, nothing of the property.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def _server_programs() -> Path | None:
    """The directory of `initdb` and `postgres`, the newest version first."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(versions, key=lambda path: float(path.parts[-3]), reverse=True)
    return found[0].parent if found else None


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: the user to become, or None where we are none already."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A temporary cluster that holds one database, `template`, with the tables made; gives the address of the socket."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine (neither on PATH nor in /usr/lib/postgresql)")
    user = _unprivileged_user()
    # A short path: the name of a Unix socket holds about 100 characters.
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if user:
            shutil.chown(directory, user)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(directory)}

        def program(name: str, *arguments: str) -> None:
            subprocess.run(
                [programs / name, *arguments],
                user=user,
                cwd=directory,
                env=environment,
                check=True,
                timeout=120,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )

        data = str(directory / "data")
        program(
            "initdb",
            "-D",
            data,
            "-U",
            "tester",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-instructions",
        )
        options = f"-k {directory} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60"
        program("pg_ctl", "-D", data, "-w", "-t", "60", "-l", str(directory / "log"), "-o", options, "start")
        try:
            address = f"postgresql+psycopg://tester@/{{}}?host={directory}"
            _execute(directory, "CREATE DATABASE template")
            open_store(address.format("template")).dispose()
            yield address
        finally:
            program("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _execute(directory: Path, statement: str) -> None:
    with psycopg.connect(
        host=str(directory), user="tester", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a store that is not there yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The address of a fresh database with the tables made."""
    name = f"t{uuid4().hex[:12]}"
    directory = Path(postgresql_server.partition("host=")[2])
    _execute(directory, f"CREATE DATABASE {name} TEMPLATE template")
    yield postgresql_server.format(name)
    _execute(directory, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of a store, once per dialect."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """An open store, once per dialect."""
    engine = open_store(store_url)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test ever touches the store, the key or the environment of whoever runs it."""
    directory = tmp_path / "home"
    monkeypatch.setenv("STOCKBRIDGE_HOME", str(directory))
    for name in (
        "STOCKBRIDGE_DATABASE_URL",
        "STOCKBRIDGE_KEY",
        "STOCKBRIDGE_CLOCK_SPEED",
        "STOCKBRIDGE_CLOCK_START",
    ):
        monkeypatch.delenv(name, raising=False)
    return directory


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """A command that a test runs in this process sets up the logs; the next test finds them untouched."""
    yield
    structlog.reset_defaults()
