"""A sandbox in its own process, and a sync over real HTTP against it: what the measurements of whole runs stand on."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from sqlalchemy import Engine

from bench.hour import mixed_hour
from stockbridge.connectors.base import Connector
from stockbridge.connectors.optiply import connector as optiply
from stockbridge.connectors.optiply.account import OptiplyAccount
from stockbridge.connectors.zoho import account as zoho_account
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.core.flow import Flow
from stockbridge.core.secret import Secret
from stockbridge.engine.session import Session, open_session
from stockbridge.http.clock import Clock, scaled
from stockbridge.http.oauth import Token, drive
from stockbridge.http.transport import Transport
from stockbridge.store.database import open_store, sync_lock
from stockbridge.store.schema import sync
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import Settings

_SECONDS = 600  # the longest wait for the sandbox to start or to answer a control call


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A running sandbox: its addresses, and both connectors on a clock of the same speed."""

    control: str
    zoho: Connector
    optiply: Connector
    clock: Clock

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Call the control application; gives its JSON."""
        return ask(self.control, method, path, body)

    def rows(self, system: str, collection: str) -> list[dict[str, Any]]:
        """The raw rows of a collection."""
        return list(self.ask("GET", f"/state/{system}/{collection}")["rows"])

    def by_hand(self, method: str, path: str, body: object) -> dict[str, Any]:
        """What a person does in Zoho, as an API call that costs nothing; gives its answer."""
        return dict(self.ask("POST", "/zoho/call", {"method": method, "path": path, "body": body}))

    def mixed_hour(self) -> None:
        """Let the hour of the facts' worked example happen."""
        mixed_hour(self.by_hand, lambda collection: self.rows("zoho", collection))

    def requests(self, system: str) -> list[dict[str, Any]]:
        """The request log of a system since it was last cleared; empties the log of all systems."""
        rows = list(self.ask("GET", f"/requests?system={system}")["requests"])
        self.ask("DELETE", "/requests")
        return rows


def ask(control: str, method: str, path: str, body: object = None) -> Any:
    """Call the sandbox's control application; gives its JSON."""
    data = None if body is None else msgspec.json.encode(body)
    request = urllib.request.Request(f"{control}{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return msgspec.json.decode(answer.read())


@contextmanager
def shop(*, items: int, vendors: int, orders: int, speed: float) -> Iterator[Shop]:
    """A sandbox with a made-up company, in a process of its own, and both connectors signed in."""
    with serving(items=items, vendors=vendors, orders=orders, speed=speed) as urls, Transport() as transport:
        yield _signed_in(urls, speed, transport)


@contextmanager
def serving(**options: float) -> Iterator[dict[str, str]]:
    """A sandbox with these options in a process of its own: the addresses of its systems."""
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    serve = "from stockbridge_sandbox.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", serve, "serve", "--json", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield msgspec.json.decode(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def clock_of(urls: dict[str, str], speed: float) -> Clock:
    """A clock that shows what the sandbox's shows."""
    return scaled(speed, start=datetime.fromisoformat(ask(urls["control"], "GET", "/clock")["now"]))


def zoho_login(
    urls: dict[str, str], clock: Clock, transport: Transport
) -> tuple[zoho_account.ZohoAccount, Token]:
    """The account at the sandbox's Zoho, with its first token."""
    login = ask(urls["control"], "GET", "/accounts")["zoho"]
    server = f"{urls['zoho']}/dc/{login['data_centre']}"
    secret = Secret(login["client_secret"])
    given = drive(
        zoho_account.exchange(
            accounts_server=server,
            code=login["self_client_code"],
            client_id=login["client_id"],
            client_secret=secret,
            clock=clock,
        ),
        transport.send,
    )
    account = zoho_account.ZohoAccount(
        name="Sandbox",
        accounts_server=server,
        organization_id=login["organization_id"],
        client_id=login["client_id"],
        client_secret=secret,
        refresh_token=given.refresh_token,
    )
    return account, given.token


def _signed_in(urls: dict[str, str], speed: float, transport: Transport) -> Shop:
    control = urls["control"]
    clock = clock_of(urls, speed)
    account, token = zoho_login(urls, clock, transport)
    other = ask(control, "GET", "/accounts")["optiply"]
    optiply_login = OptiplyAccount(
        name="Sandbox",
        username=other["username"],
        password=Secret(other["password"]),
        client_id=other["client_id"],
        client_secret=Secret(other["client_secret"]),
        account_id=other["account_id"],
        coupling_id=other["coupling_id"],
        api_base=f"{urls['optiply']}/v1",
        token_base=f"{urls['optiply']}/api",
    )
    return Shop(
        control=control,
        zoho=zoho.connect(account, clock=clock, transport=transport, token=token),
        optiply=optiply.connect(optiply_login, clock=clock, transport=transport),
        clock=clock,
    )


def board(**flags: Any) -> tuple[Flow, ...]:
    """The flows of the Optiply board with these flags."""
    settings = Settings()
    return optiply_board(msgspec.structs.replace(settings, flags={**settings.flags, **flags}))


@contextmanager
def empty_store() -> Iterator[Engine]:
    """A new store on disk with one sync in it, gone afterwards."""
    with TemporaryDirectory(prefix="stockbridge-bench-") as directory:
        engine = open_store(f"sqlite:///{Path(directory) / 'store.db'}")
        add_sync(engine)
        try:
            yield engine
        finally:
            engine.dispose()


def add_sync(engine: Engine) -> None:
    """The one sync of a benchmark, with number 1."""
    with engine.begin() as connection:
        connection.execute(
            sync.insert().values(
                id=1,
                name="bench",
                kind="optiply-board",
                account_a=1,
                account_b=2,
                config=b"{}",
                epoch=0,
                seq=0,
                created_at="2026-01-01T00:00:00.000000Z",
            )
        )


@contextmanager
def session(engine: Engine, shop: Shop, *flows: str, **flags: Any) -> Iterator[Session]:
    """The sync opened as the command line opens it, its lock held; with `flows` just those."""
    with sync_lock(engine, 1) as epoch:
        yield open_session(
            engine,
            sync_id=1,
            name="bench",
            epoch=epoch,
            a=shop.zoho,
            b=shop.optiply,
            flows=[flow for flow in board(**flags) if not flows or flow.name in flows],
            now=shop.clock.now,
        )
