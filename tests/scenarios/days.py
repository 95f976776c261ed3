"""Days of business between the two simulated systems, with runs in between as `serve` makes them, and faults from a dice."""

from __future__ import annotations

import random
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

import pytest
from sqlalchemy.engine import Engine

from scenarios.board import Board, board
from stockbridge.cli.logs import set_up_logs
from stockbridge.core.report import RunReport
from stockbridge.engine.run import run
from stockbridge.store import syncs, waiting
from stockbridge.store.database import open_store
from stockbridge.wiring.approval import approve
from stockbridge.wiring.session import open_sync
from stockbridge_sandbox.business import a_day
from stockbridge_sandbox.business_day import Event
from stockbridge_sandbox.compare import Comparison, compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, ZOHO_COLLECTIONS, item_label
from stockbridge_sandbox.compare_parts import Board as Kept

Kind: TypeAlias = Literal["import", "export", "full"]

QUIET_RUNS = 8
"""Runs without faults after which an evening must be quiet: a lost answer takes two, an approval one more."""

_EVENTS = 90  # more than happen in a day
_SILENCE = (
    0.05  # seconds of real time until a silent connection breaks; how patient the client is, other tests tell
)
_LISTS = r"/(items|contacts|compositeitems|purchaseorders|salesorders|bundles)$"

FAULTS: tuple[dict[str, Any], ...] = (
    {"system": "zoho", "kind": "status", "status": 429, "code": 44},
    {"system": "zoho", "kind": "status", "status": 429, "code": 1070},
    {"system": "zoho", "kind": "status", "status": 429, "code": 45},
    {"system": "zoho", "kind": "status", "status": 500},
    {"system": "zoho", "kind": "status", "status": 400, "code": 900001},
    {"system": "zoho", "kind": "drop_before"},
    {"system": "zoho", "kind": "hang", "seconds": _SILENCE},
    {"system": "zoho", "kind": "truncate_page"},
    {"system": "zoho", "kind": "not_json"},
    {"system": "zoho", "kind": "revoke_token"},
    {"system": "zoho", "kind": "move_row", "method": "GET", "path": _LISTS},
    {"system": "zoho", "kind": "row_without_id", "method": "GET", "path": _LISTS},
    {"system": "zoho", "kind": "status", "status": 502, "method": "POST"},
    {"system": "zoho", "kind": "drop_before", "method": "POST"},
    {"system": "zoho", "kind": "drop_after", "method": "POST"},
    {"system": "zoho", "kind": "not_json", "method": "POST"},
    {"system": "optiply", "kind": "status", "status": 429},
    {"system": "optiply", "kind": "status", "status": 502},
    {"system": "optiply", "kind": "drop_before"},
    {"system": "optiply", "kind": "hang", "seconds": _SILENCE},
    {"system": "optiply", "kind": "truncate_page"},
    {"system": "optiply", "kind": "revoke_token"},
    {"system": "optiply", "kind": "drop_after", "method": "POST"},
    {"system": "optiply", "kind": "not_json", "method": "POST"},
    {"system": "optiply", "kind": "drop_after", "method": "PATCH"},
    {"system": "optiply", "kind": "not_json", "method": "PATCH"},
    {"system": "optiply", "kind": "drop_after", "method": "DELETE"},
    {"system": "optiply", "kind": "status", "status": 500, "method": "POST"},
)
"""What may go wrong with one request. "not_json" and "drop_after" leave a write done and its answer unreadable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How long and how large. `pace`: how much of the business of a day happens. `parts`: into how many stretches a day
    falls (least and most), each with an export run and another run after it. `faults`: at most so many in a stretch.
    `meanwhile`: one run in so many goes while business goes on. `lag`: for how many seconds Zoho's lists do not show what
    was made, in one stretch of three. At this `speed` of both clocks a lag lasts longer than a run."""

    days: int = 30
    pace: float = 0.5
    parts: tuple[int, int] = (1, 2)
    items: int = 24
    vendors: int = 5
    orders: int = 8
    faults: int = 4
    meanwhile: int = 3
    lag: int = 280
    speed: float = 300.0
    flags: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Company:
    """The board at work, and what was seen so far."""

    shop: Board
    store: Engine
    dice: random.Random
    profile: Profile
    seed: int
    happened: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    approvals: int = 0

    def go(self, kind: Kind) -> RunReport:
        """One run, opened anew as `serve` opens it."""
        with self.store.connect() as connection:
            row = syncs.find(connection, "board")
        assert row is not None
        with open_sync(self.store, row) as session:
            report = run(session, full=kind == "full", exports=kind == "export")
        self.outcomes[f"{kind} {report.outcome}"] += 1
        return report

    def a_stretch(self, events: Iterator[Event], many: int, kind: Kind) -> RunReport:
        """Some business, then an export run and a run of that kind amid faults; now and then business goes on meanwhile.
        The report of the second one."""
        self._faults()
        happen = partial(self._happen, events, many)
        if self.dice.randrange(self.profile.meanwhile):
            happen()
            self.go("export")
        else:
            aside = threading.Thread(target=happen)
            aside.start()
            self.go("export")
            aside.join(60)
        self.shop.later(self.dice.choice((0.0, 0.02, 0.25)))
        report = self._carry_on(kind)
        self._calm()
        return report

    def quiet(self, *, full: bool) -> RunReport:
        """Run without faults until a run writes nothing; the first reads in full, where the night's could not. The
        report of the last one."""
        last: RunReport | None = None
        for turn in range(QUIET_RUNS):
            self.shop.later(0.4)
            last = self._carry_on("full" if full and turn == 0 else "import")
            if last.outcome != "stopped" and not _written(last):
                return last
        raise AssertionError(f"still not quiet after {QUIET_RUNS} runs: {_told(last)}")

    def compared(self) -> Comparison:
        """By the raw rows of both systems."""
        sandbox = self.shop.sandbox
        return compare(
            {name: list(sandbox.zoho.rows(name)) for name in ZOHO_COLLECTIONS},
            {name: list(sandbox.optiply.rows(name)) for name in OPTIPLY_COLLECTIONS},
            coupling_id=str(sandbox.optiply.login.coupling_id),
            board=Kept(sync_assembled=True),
        )

    def unsettled(self) -> Sequence[waiting.Unsettled]:
        """What waits, was refused, or is not known."""
        with self.store.connect() as connection:
            rows = waiting.rows(connection, 1)
        return [one for one in rows if one.state != "left out"]

    def names(self, row: waiting.Unsettled) -> set[str]:
        """What a person may call that record: the numbers in its id, and the items that they are of."""
        ids = set(row.id.split("_"))
        items = (item for item in self.shop.items() if item["id"] in ids)
        return ids | {item_label(item) for item in items}

    def _carry_on(self, kind: Kind) -> RunReport:
        """A run; where a safety limit stops it, a person looks and allows it."""
        report = self.go(kind)
        if report.stopped_by == "safety":
            with self.store.connect() as connection:
                row = syncs.find(connection, "board")
            assert row is not None
            with open_sync(self.store, row, lock=False) as session:
                approve(session, report.stop_code)
            self.approvals += 1
            report = self.go(kind)
        return report

    def _happen(self, events: Iterator[Event], many: int) -> None:
        sandbox = self.shop.sandbox
        for _ in range(many):
            with sandbox.zoho.lock:
                event = next(events, None)
            if event is None:
                return
            self.happened[event.what] += 1

    def _faults(self) -> None:
        lag = self.profile.lag if self.dice.random() < 0.3 else 0
        self.shop.sandbox.zoho.change_switches({"stale_reads_seconds": lag})
        for what in self.dice.sample(FAULTS, self.dice.randrange(self.profile.faults + 1)):
            self.shop.fault(nth=int(self.dice.expovariate(1 / 8)) + 1, **what)

    def _calm(self) -> None:
        for one in self.shop.sandbox.faults.report():
            if one["fired"]:
                words = (one["system"], one["kind"], one["method"] or "", one["code"] or "")
                self.fired[" ".join(map(str, words)).strip()] += 1
        self.shop.sandbox.faults.clear()
        self.shop.sandbox.zoho.change_switches({"stale_reads_seconds": 0})


@contextmanager
def company(monkeypatch: pytest.MonkeyPatch, profile: Profile, seed: int) -> Iterator[Company]:
    """A company whose first import is done and quiet."""
    set_up_logs(debug=False)
    flags = {"sync_assembled": True, "sell_order_edits": "recreate", **profile.flags}
    sizes: dict[str, Any] = {"items": profile.items, "vendors": profile.vendors, "orders": profile.orders}
    with board(monkeypatch, **sizes, seed=seed, speed=profile.speed, flags=flags) as shop:
        store = open_store()
        try:
            one = Company(shop=shop, store=store, dice=random.Random(seed), profile=profile, seed=seed)
            one.quiet(full=False)
            yield one
        finally:
            store.dispose()


def live(one: Company, day: int) -> RunReport:
    """One day: stretches of business with runs in between, the last of them a full read; then runs without faults until
    nothing is left to do. The report of the last one."""
    sandbox = one.shop.sandbox
    seed = zlib.crc32(f"{one.seed}:{day}".encode())
    events = a_day(
        sandbox.zoho.world, seed=seed, pace=one.profile.pace, advance=False, optiply=sandbox.optiply
    )
    parts = one.dice.randint(*one.profile.parts)
    for _ in range(parts - 1):
        one.a_stretch(events, round(_EVENTS * one.profile.pace / parts), "import")
        one.shop.later(23 / parts)
    night = one.a_stretch(events, _EVENTS, "full")
    one.shop.later(23 / parts)
    return one.quiet(full=night.outcome == "stopped")


def _written(report: RunReport) -> int:
    return sum(flow.created + flow.updated + flow.removed for flow in report.flows)


def _told(report: RunReport | None) -> str:
    if report is None:
        return "no run"
    flows = [
        f"{flow.flow} +{flow.created} ~{flow.updated} -{flow.removed} waiting {flow.waiting} refused {flow.refused}"
        for flow in report.flows
        if flow.created or flow.updated or flow.removed or flow.waiting or flow.refused
    ]
    return f"{report.outcome} {report.message} {'; '.join(flows)}"
