"""A shop and an address book that a contact sync keeps in step, set back to the same moment before every try: what it is
tried on, under faults."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Engine, event

from faults.contacts_cast import Picture, everybody_is_there, picture
from scenarios.board import Done, exchanged
from scenarios.contacts_people import GooglePeople, ZohoPeople
from scenarios.sandbox_accounts import google_account, zoho_account
from stockbridge.cli import work
from stockbridge.core.record import Field, Kind
from stockbridge.http.clock import Clock, scaled
from stockbridge.http.transport import Transport
from stockbridge.store import accounts, syncs, waiting
from stockbridge.store.database import open_store
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring import accounts as sealed
from stockbridge.wiring.contact_settings import encode_contact_settings, parse_contact_settings
from stockbridge.wiring.contacts import checked
from stockbridge_sandbox.company import Company, Currency, Location
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start
from stockbridge_sandbox.server import Seen

SPEED = 240.0
"""A run of a quarter of a second takes a minute then: less than it takes until Google shows for certain what it made."""
LATER = 600.0  # seconds from one run to the next
RUNS = 4  # within which everything is in step again, the last of them idle

COMPANY = Company(
    name="Twee Wielen",
    time_zone="Europe/Amsterdam",
    base_currency="EUR",
    currencies=(Currency(code="EUR", name="Euro", symbol="€"),),
    locations=(Location(key="store", name="store", primary=True),),
)
CUSTOM = {"Sync trash": "check_box", "Card": "string", "Remark": "string"}
_FIELDS = [
    Field(name="cf_sync_trash", kind=Kind.FLAG, label="Sync trash", detail=True),
    Field(name="cf_card", kind=Kind.TEXT, label="Card", detail=True),
    Field(name="cf_remark", kind=Kind.TEXT, label="Remark", detail=True),
]
SETTINGS: dict[str, Any] = {
    "region": "NL",
    "match": ["email", "phone"],
    "full_read_hours": 744,
    "deletions": {"in_zoho": "mark", "in_google": "mark", "field": "cf_sync_trash"},
    "mappings": [{"zoho": "cf_card", "google": "user_defined.Card"}],
    "rules": [
        {"name": "All of Zoho", "in": "zoho"},
        {"name": "All of Google", "in": "google"},
        {
            "name": "Companies",
            "in": "zoho",
            "if": [{"field": "customer_sub_type", "is": "business"}],
            "then": [{"add_label": "Customers", "undo": True}],
        },
    ],
}


@dataclass(slots=True, kw_only=True)
class Kept:
    """A moment to go back to: both systems and the store."""

    zoho: Any
    google: Any
    store: bytes


@dataclass(slots=True, kw_only=True)
class Floor:
    """Both sandboxes and a sync named "people" in the store of the environment."""

    sandbox: Sandbox
    home: Path
    store: Engine
    in_zoho: ZohoPeople = field(init=False)
    at_google: GooglePeople = field(init=False)

    def __post_init__(self) -> None:
        self.in_zoho, self.at_google = ZohoPeople(self.sandbox), GooglePeople(self.sandbox)

    def at_home(self, patch: pytest.MonkeyPatch) -> None:
        """Let the programs use this store, and a clock that shows what the sandbox's shows."""

        def same_time(speed: float, _start: datetime) -> Clock:
            return scaled(speed, start=self.sandbox.clock.now())

        patch.setenv("STOCKBRIDGE_HOME", str(self.home))
        patch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(SPEED))
        patch.setattr("stockbridge.wiring.accounts.scaled", same_time)
        # One engine for all runs, which are closed each: what it compiled of SQL is half the work of a small run.
        patch.setattr("stockbridge.cli.options.open_store", lambda: self.store)

    # Moments.

    def keep(self) -> Kept:
        return Kept(
            zoho=self.sandbox.zoho.snapshot(),
            google=self.sandbox.people.snapshot(),
            store=(self.home / "stockbridge.db").read_bytes(),
        )

    def back_to(self, kept: Kept) -> None:
        self.sandbox.faults.clear()
        self.sandbox.zoho.restore(kept.zoho)
        self.sandbox.people.restore_state(kept.google)
        assert not (self.home / "stockbridge.db-wal").exists()
        (self.home / "stockbridge.db").write_bytes(kept.store)
        self.later()

    def later(self, seconds: float = LATER) -> None:
        self.sandbox.clock.advance(seconds)

    def lag(self, seconds: float) -> None:
        """Let both systems show what was written only so much later."""
        self.sandbox.zoho.change_switches({"stale_reads_seconds": seconds})
        self.sandbox.people.configure({"stale_reads_seconds": seconds})

    # What stockbridge does.

    def run(self, *, full: bool = False) -> Done:
        """`stockbridge run`, with the requests it made."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        before = self.sandbox.log.rows(None, 0)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                work.run(full=full, as_json=True)
            except typer.Exit as end:
                code = end.exit_code
        calls = self.sandbox.log.rows(None, before[-1].n if before else 0)
        return Done(code=code, out=out.getvalue(), err=err.getvalue(), calls=calls)

    def unsettled(self) -> list[waiting.Unsettled]:
        """What waits or was refused; who is left out, and who is deleted at the other side, does not."""
        with self.store.connect() as connection:
            rows = waiting.rows(connection, 1)
        self.store.dispose()
        return [row for row in rows if row.state != "left out"]

    # What must be true.

    def picture(self) -> Picture:
        return picture(self.sandbox, self.in_zoho)

    def never_twice(self) -> None:
        """At no moment is a contact there twice, at either side, nor a label."""
        assert self.picture().twice() == []

    def fault(self, **what: Any) -> None:
        self.sandbox.faults.add(Fault(**what))

    def fired(self) -> list[Any]:
        return [one["fired"] for one in self.sandbox.faults.report()]

    def settles(self, *, full: bool = False) -> int:
        """No more faults: within a few runs there is nothing left to write or to tell. Returns how many it took."""
        self.sandbox.faults.clear()
        went = []
        for number in range(1, RUNS + 1):
            self.later()
            done = self.run(full=full)
            self.never_twice()
            went.append((done.code, written(done.calls)))
            if went[-1] == (0, []):
                return number
        raise AssertionError((went, self.unsettled()))


def written(calls: Iterable[Seen]) -> list[str]:
    """Every write to either system among these calls."""
    return [
        f"{one.method} {one.path}"
        for one in calls
        if one.system in ("zoho", "people") and one.method != "GET"
    ]


def _sign_in(sandbox: Sandbox, store: Engine) -> None:
    """Put both accounts and the sync into the store of the environment."""
    sealer = load_sealer()
    zoho = zoho_account(sandbox, "winkel", exchanged(sandbox))
    google = google_account(sandbox, "adressen")
    problems: list[str] = []
    settings, _ = checked(parse_contact_settings(SETTINGS, problems), _FIELDS, problems)
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
            name="adressen",
            connector="google",
            settings=sealed.google_settings(google),
            sealed=sealed.seal_login(sealer, "adressen", sealed.google_secrets(google)),
        )
        config = encode_contact_settings(settings)
        syncs.add(connection, name="people", kind="contacts", account_a=a, account_b=b, config=config)
    store.dispose()


@contextmanager
def opened(home: Path, ready: Path, *, database: str | None = None) -> Iterator[Floor]:
    """A floor before its first run. With `database` its store is there, and it cannot go back to a moment."""
    home.mkdir(mode=0o700)
    shutil.copy(ready, home / "stockbridge.db")
    store = open_store(database or f"sqlite:///{home / 'stockbridge.db'}")
    if database is None:
        event.listen(store, "connect", _without_waiting_for_the_disk)
    with pytest.MonkeyPatch.context() as patch, start(COMPANY, contacts=0) as sandbox:
        floor = Floor(sandbox=sandbox, home=home, store=store)
        floor.at_home(patch)
        for label, kind in CUSTOM.items():
            sandbox.control.define_field("contact", label, kind, ())
        everybody_is_there(sandbox, floor.in_zoho, floor.at_google)
        _sign_in(sandbox, store)
        sandbox.clock.set_speed(SPEED)  # only now: codes live for minutes
        yield floor


def _without_waiting_for_the_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def in_a_hurry(patch: pytest.MonkeyPatch) -> None:
    """Let the client wait for an answer only a little while."""
    patch.setattr("stockbridge.wiring.accounts.Transport", partial(Transport, read_seconds=0.3))
