"""An Optiply board between the two simulated systems, worked as its user does: by the command line, over real HTTP."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from scenarios.sandbox_accounts import optiply_account, zoho_account
from scenarios.truth import differences
from stockbridge.cli import work
from stockbridge.cli.logs import set_up_logs
from stockbridge.cli.main import main
from stockbridge.core.report import FlowReport, RunReport
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock, scaled
from stockbridge.store import accounts, syncs
from stockbridge.store.database import open_store
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring import accounts as sealed
from stockbridge.wiring.settings import encode_settings, parse_settings
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
"""How fast both clocks run; back-off and the minute's limit cost no time then."""

LISTS = ("/items", "/contacts", "/salesorders", "/purchaseorders", "/bundles")
"""The lists of Zoho that a board reads, unless its flags say otherwise."""

_SHOWN_NOWHERE = ("buyOrderLines/", "receiptLines/")


@dataclass(slots=True, kw_only=True)
class Done:
    """What one command did; `report` is that of a run."""

    code: int
    out: str
    err: str
    calls: list[Any] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.out)

    @property
    def report(self) -> RunReport:
        return msgspec.json.decode(self.out, type=RunReport)

    def flow(self, name: str) -> FlowReport:
        return next(one for one in self.report.flows if one.flow == name)

    @property
    def written(self) -> int:
        return sum(one.created + one.updated + one.removed for one in self.report.flows)

    @property
    def zoho_paths(self) -> list[str]:
        """The paths asked of Zoho, below the version, in their order."""
        return [one.path.partition("/inventory/v1")[2] for one in self.calls if one.system == "zoho"]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """(method, path) of every write at Optiply."""
        return [
            (one.method, one.path.removeprefix("/v1/"))
            for one in self.calls
            if one.system == "optiply" and one.method != "GET" and not one.path.endswith("/token")
        ]

    @property
    def news(self) -> list[tuple[str, str]]:
        """The writes that say more than which record of Zoho a line or receipt is. Optiply takes that and does not show
        it (facts: Optiply 1.5), so that a store which is new to them can only say it once more."""
        marks = [
            ("PATCH", one.path.removeprefix("/v1/"))
            for one in self.calls
            if one.system == "optiply" and one.method == "PATCH"
            if one.path.removeprefix("/v1/").startswith(_SHOWN_NOWHERE)
            if set(msgspec.json.decode(one.body)["data"]["attributes"]) == {"remoteId"}
        ]
        return [one for one in self.writes if one not in marks]


def command(*arguments: str) -> Done:
    """Run one command of the command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Done(code=code, out=out.getvalue(), err=err.getvalue())


def _run(*, full: bool) -> Done:
    """The command `run --json` without the reading of its arguments, which takes longer than a small run."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        set_up_logs(debug=False)
        try:
            work.run(full=full, as_json=True)
        except typer.Exit as end:
            code = end.exit_code
    return Done(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(slots=True, kw_only=True)
class Board:
    """The sandbox, and a sync named "board" in the store of the environment."""

    sandbox: Sandbox

    def run(self, *options: str) -> Done:
        """`stockbridge run`, with the requests it made."""
        before = self.sandbox.log.rows(None, 0)
        since = before[-1].n if before else 0
        done = (
            _run(full="--full" in options)
            if set(options) <= {"--full"}
            else command("run", "--json", *options)
        )
        done.calls = self.sandbox.log.rows(None, since)
        return done

    def full(self) -> Done:
        return self.run("--full")

    def fault(self, **what: Any) -> None:
        self.sandbox.faults.add(Fault(**what))

    def fired(self) -> list[Any]:
        return [one["fired"] for one in self.sandbox.faults.report()]

    def zoho(self, method: str, path: str, body: object = None) -> Any:
        """What a person does in Zoho by hand; a little later than anything before."""
        self.sandbox.clock.advance(5)
        made = self.sandbox.zoho.direct(method, path, body=body)
        self.sandbox.clock.advance(5)
        return made

    def later(self, hours: float) -> None:
        self.sandbox.clock.advance(hours * 3600)

    def optiply(self, collection: str) -> dict[str, dict[str, Any]]:
        """The rows of Optiply by the Zoho id they carry. Fails where one id is carried twice."""
        coupling = str(self.sandbox.optiply.login.coupling_id)
        out: dict[str, dict[str, Any]] = {}
        for row in self.sandbox.optiply.rows(collection):
            mark = row["remoteIdMap"].get(coupling)
            if mark is not None:
                assert mark not in out, f"{collection} {mark} is there twice"
                out[mark] = row
        return out

    def lines(self, order: str) -> list[tuple[int, int]]:
        """(productId, quantity) of the lines of a sell order, by its id in Optiply."""
        rows = self.sandbox.optiply.rows("sellOrderLines")
        return sorted((row["productId"], row["quantity"]) for row in rows if str(row["sellOrderId"]) == order)

    def items(self) -> list[dict[str, Any]]:
        return list(self.sandbox.zoho.rows("items"))

    def differences(self, **options: Any) -> list[str]:
        return differences(self.sandbox, **options)

    def forget(self) -> None:
        """Lose the store: only the accounts and the sync are entered again, as on a new machine."""
        store = open_store()
        with store.begin() as connection:
            row = syncs.find(connection, "board")
            assert row is not None
            syncs.remove(connection, row.id)
            syncs.add(
                connection,
                name=row.name,
                kind=row.kind,
                account_a=row.account_a,
                account_b=row.account_b,
                config=row.config,
            )
        store.dispose()

    def settings(self, name: str = "board", **tables: Any) -> None:
        """Change the settings of the sync, as `sync import` would store them."""
        store = open_store()
        with store.begin() as connection:
            row = syncs.find(connection, name)
            assert row is not None
            syncs.configure(connection, row.id, _settings(tables))
        store.dispose()


def _settings(tables: dict[str, Any]) -> bytes:
    from stockbridge.wiring.fields import sources, targets

    return encode_settings(parse_settings(tables, targets(), sources()))


def sign_in(sandbox: Sandbox, **tables: Any) -> None:
    """Put both accounts and the sync "board" into the store of the environment, made when it is not there."""
    sealer = load_sealer()
    zoho = zoho_account(sandbox, "winkel", exchanged(sandbox))
    optiply = optiply_account(sandbox, "planning")
    store = open_store()
    with store.begin() as connection:
        a = accounts.add(
            connection,
            name="winkel",
            connector="zoho",
            settings=sealed.zoho_settings(zoho, organization_name="Winkel", time_zone="Europe/Amsterdam"),
            sealed=sealed.seal_login(sealer, "winkel", sealed.zoho_secrets(zoho)),
        )
        b = accounts.add(
            connection,
            name="planning",
            connector="optiply",
            settings=sealed.optiply_settings(optiply),
            sealed=sealed.seal_login(sealer, "planning", sealed.optiply_secrets(optiply)),
        )
        config = _settings(tables)
        syncs.add(connection, name="board", kind="optiply-board", account_a=a, account_b=b, config=config)
    store.dispose()


def exchanged(sandbox: Sandbox) -> Secret:
    """The refresh token that a fresh self-client code is worth."""
    from stockbridge.connectors.zoho.account import exchange
    from stockbridge.http.clock import REAL
    from stockbridge.http.oauth import drive
    from stockbridge.http.transport import Transport

    login = sandbox.zoho.accounts()
    with Transport() as transport:
        given = drive(
            exchange(
                accounts_server=f"{sandbox.zoho_url}/dc/eu",
                code=login["self_client_code"],
                client_id=login["client_id"],
                client_secret=Secret(login["client_secret"]),
                clock=REAL,
            ),
            transport.send,
        )
    return given.refresh_token


@contextmanager
def board(
    monkeypatch: pytest.MonkeyPatch,
    *,
    items: int = 12,
    vendors: int = 3,
    orders: int = 8,
    purchase_orders: int | None = None,
    seed: int = 11,
    speed: float = SPEED,
    skew: timedelta = timedelta(),
    **tables: Any,
) -> Iterator[Board]:
    """A fresh sandbox and a board on it; nothing has been synced yet. `skew` is how far our clock is ahead of theirs."""
    with start(
        items=items, vendors=vendors, orders=orders, purchase_orders=purchase_orders, seed=seed
    ) as sandbox:
        monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(speed))

        def same_time(speed: float, _start: datetime) -> Clock:
            return scaled(speed, start=sandbox.clock.now() + skew)

        monkeypatch.setattr("stockbridge.wiring.accounts.scaled", same_time)
        sign_in(sandbox, **tables)
        sandbox.clock.set_speed(speed)  # only now: codes live for minutes
        sandbox.log.clear()
        yield Board(sandbox=sandbox)


@pytest.fixture(scope="session")
def ready_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables made, to be copied: making them takes longer than most of these tests."""
    file = tmp_path_factory.mktemp("ready") / "stockbridge.db"
    open_store(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture
def fresh_store(ready_store: Path, home: Path) -> Path:
    """The store of this test, empty."""
    home.mkdir(mode=0o700)
    target = home / "stockbridge.db"
    shutil.copy(ready_store, target)
    return target
