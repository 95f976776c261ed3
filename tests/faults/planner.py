"""A board in step, and a planner who places orders in Optiply: what the exports are tried on, under faults."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from scenarios.board import Done, sign_in
from stockbridge.cli import work
from stockbridge.http.clock import Clock, scaled
from stockbridge.store import waiting
from stockbridge.store.database import open_store
from stockbridge_sandbox.compare import Comparison, compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, ZOHO_COLLECTIONS, Board
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 60.0
"""A run of half a second takes half a minute then: far less than the five minutes after which Zoho shows what it made."""
SETTLED = 360.0  # seconds after which a record that Zoho made is shown for certain
_COMPANY: dict[str, Any] = {"items": 22, "vendors": 3, "orders": 3, "purchase_orders": 3, "seed": 1}
_HEALING_RUNS = 4


@dataclass(slots=True, kw_only=True)
class Shop:
    """The sandbox with a sync that is in step. `orders` and `assemblies` are the ids that the planner's orders and lines
    of assembly orders have in Optiply."""

    sandbox: Sandbox
    home: Path
    orders: list[str] = field(default_factory=list)
    assemblies: list[str] = field(default_factory=list)
    spoilt: bool = False

    # What the planner does.

    def place(self, *, orders: int = 2, assemblies: int = 2) -> None:
        """Buy orders of two lines each, and assembly orders of one line, two lines, one line …"""
        bought = self._offers(assembled=False)
        built = self._offers(assembled=True)
        for number in range(orders):
            supplier = sorted(bought)[number % len(bought)]
            products = [*bought[supplier], *bought[supplier]][:2]
            self.orders.append(self._place(supplier, products, 5 + number)["id"])
        for number in range(assemblies):
            supplier = min(built)
            lines = self._place(supplier, built[supplier][:1] * (1 + number % 2), 2 + number, assembly=True)
            self.assemblies += [
                row["id"]
                for row in self.sandbox.optiply.rows("buyOrderLines")
                if str(row["buyOrderId"]) == lines["id"]
            ]

    def _place(self, supplier: int, products: list[int], quantity: int, **more: Any) -> dict[str, Any]:
        lines = [{"productId": product, "quantity": quantity + n} for n, product in enumerate(products)]
        return self.sandbox.optiply.place_order({"supplierId": supplier, "lines": lines, **more})

    def _offers(self, *, assembled: bool) -> dict[int, list[int]]:
        """Products that can be ordered, by supplier."""
        coupling = str(self.sandbox.optiply.login.coupling_id)
        items = {row["id"]: row for row in self.sandbox.zoho.rows("items")}
        products = {
            int(row["id"])
            for row in self.sandbox.optiply.rows("products")
            if (item := items.get(row["remoteIdMap"].get(coupling)))
            and item["is_combo_product"] == assembled
            and item["status"] == "active"
            and item["item_type"] == "inventory"
        }
        out: dict[int, list[int]] = {}
        for row in self.sandbox.optiply.rows("supplierProducts"):
            if row["productId"] in products:
                out.setdefault(row["supplierId"], []).append(row["productId"])
        return out

    # What stockbridge does.

    def export(self) -> Done:
        """`stockbridge run --exports`."""
        return self._run(exports=True)

    def run(self, *, full: bool = False) -> Done:
        """`stockbridge run`."""
        return self._run(full=full)

    def _run(self, *, full: bool = False, exports: bool = False) -> Done:
        out, err, code = io.StringIO(), io.StringIO(), 0
        before = self.sandbox.log.rows(None, 0)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                work.run(full=full, exports=exports, as_json=True)
            except typer.Exit as end:
                code = end.exit_code
        calls = self.sandbox.log.rows(None, before[-1].n if before else 0)
        return Done(code=code, out=out.getvalue(), err=err.getvalue(), calls=calls)

    def unsettled(self) -> list[waiting.Unsettled]:
        """What is not settled, as `stockbridge status --waiting` lists it."""
        store = open_store()
        with store.connect() as connection:
            rows = waiting.rows(connection, 1)
        store.dispose()
        return [row for row in rows if row.state != "left out"]

    def honest(self, done: Done) -> None:
        """A run may end with an order that is not at both sides, each with the other's id, but then it says so."""
        told = {row.id for row in self.unsettled()}
        for stream, collection, ids in (
            ("buyOrders", "purchaseorders", self.orders),
            ("buyOrderLines", "bundles", self.assemblies),
        ):
            held = self._held(stream)
            there = {str(row["reference_number"]): row["id"] for row in self.sandbox.zoho.rows(collection)}
            for id in ids:
                if id not in there or held.get(id) != there[id]:
                    assert done.code in (3, 4), f"{id} of {stream} is not settled, and nobody was told"
                    assert done.code == 4 or told & {id, there.get(id)}, (id, there.get(id), told)

    def _held(self, collection: str) -> dict[str, str | None]:
        """What Optiply holds as our id of each of its rows; the order's counts for a line that is alone."""
        coupling = str(self.sandbox.optiply.login.coupling_id)
        rows = self.sandbox.optiply.rows(collection)
        return {row["id"]: row["remoteIdMap"].get(coupling) for row in rows}

    def heal(self) -> None:
        """No more faults: within a few runs, each some minutes later, everything is in step, and then it is quiet."""
        self.sandbox.faults.clear()
        codes = []
        for _ in range(_HEALING_RUNS):
            self.sandbox.clock.advance(SETTLED)
            done = self.export()
            self.never_twice()
            self.honest(done)
            codes.append(done.code)
            if codes[-1] == 0:
                break
        assert codes[-1] == 0, (codes, self.unsettled())

    # What must be true.

    def fault(self, **what: Any) -> None:
        self.sandbox.faults.add(Fault(**what))

    def fired(self) -> list[Any]:
        return [one["fired"] for one in self.sandbox.faults.report()]

    def made(self) -> tuple[dict[str, int], dict[str, int]]:
        """How many purchase orders and assemblies of Zoho carry the id of each of the planner's orders."""
        zoho = self.sandbox.zoho
        orders = Counter(str(row["reference_number"]) for row in zoho.rows("purchaseorders"))
        bundles = Counter(str(row["reference_number"]) for row in zoho.rows("bundles"))
        return {id: orders[id] for id in self.orders}, {id: bundles[id] for id in self.assemblies}

    def never_twice(self) -> None:
        """At no moment has an order been made twice."""
        orders, bundles = self.made()
        assert max([0, *orders.values(), *bundles.values()]) <= 1, (orders, bundles)

    def compared(self, board: Board | None = None) -> Comparison:
        zoho = {name: self.sandbox.zoho.rows(name) for name in ZOHO_COLLECTIONS}
        optiply = {name: self.sandbox.optiply.rows(name) for name in OPTIPLY_COLLECTIONS}
        coupling = str(self.sandbox.optiply.login.coupling_id)
        return compare(zoho, optiply, coupling_id=coupling, board=board or Board())

    def all_is_well(self) -> None:
        """Every order of the planner stands in Zoho once and holds Zoho's id. After an import, which brings Zoho's lines,
        both systems agree in everything."""
        done = self.run()
        assert done.code == 0, self.unsettled()
        orders, bundles = self.made()
        assert set(orders.values()) <= {1}, orders
        assert set(bundles.values()) <= {1}, bundles
        found = self.compared()
        assert found.differences[:5] == ()
        assert found.exports.duplicates == 0
        assert found.exports.buy_orders == len(self.orders)
        assert found.exports.assembly_orders == len(self.assemblies)
        self.spoilt = False

    def is_quiet(self) -> None:
        """Nothing happened, and nothing is written."""
        for done in (self.export(), self.run()):
            assert (done.code, done.writes) == (0, [])
            assert [one.path for one in done.calls if one.system == "zoho" and one.method != "GET"] == []


@contextmanager
def _kept_time(sandbox: Sandbox, patch: pytest.MonkeyPatch) -> Iterator[None]:
    def same_time(speed: float, _start: datetime) -> Clock:
        return scaled(speed, start=sandbox.clock.now())

    patch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(SPEED))
    patch.setattr("stockbridge.wiring.accounts.scaled", same_time)
    yield


class Shops:
    """One shop serves many tests, since the first import takes longer than most of them; a test that fails spoils it."""

    def __init__(self, directory: Path, **flags: Any) -> None:
        self._directory, self._flags = directory, flags
        self._shop: Shop | None = None
        self._number = 0

    @contextmanager
    def one(self, patch: pytest.MonkeyPatch) -> Iterator[Shop]:
        if self._shop is None or self._shop.spoilt:
            self.close()
            self._shop = self._open(patch)
        shop = self._shop
        patch.setenv("STOCKBRIDGE_HOME", str(shop.home))
        with _kept_time(shop.sandbox, patch):
            shop.spoilt = True  # until all is well again
            yield shop

    def _open(self, patch: pytest.MonkeyPatch) -> Shop:
        self._number += 1
        home = self._directory / str(self._number)
        home.mkdir(mode=0o700)
        patch.setenv("STOCKBRIDGE_HOME", str(home))
        shop = Shop(sandbox=start(**_COMPANY), home=home)
        with _kept_time(shop.sandbox, patch):
            sign_in(shop.sandbox, flags=self._flags)
            shop.sandbox.clock.set_speed(SPEED)
            assert shop.run().code == 0
        return shop

    def close(self) -> None:
        if self._shop is not None:
            self._shop.sandbox.close()
