"""`stockbridge run --exports` killed at any point and started again: one order in Zoho, and none lost."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from process.shop_floor import SECONDS, Floor, floor
from stockbridge_sandbox.compare import Comparison, compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, ZOHO_COLLECTIONS, Board

pytestmark = pytest.mark.usefixtures("fresh_store")

_RUNS = 8  # within which everything is in step again; on the fast clock of a process minutes pass in each

EXPORTS = re.compile(r"POST .*/(purchaseorders|bundles|issued)|GET .*/compositeitems/|PATCH /v1/buyOrder")


@contextmanager
def planned(home: Path, *, orders: int, assemblies: int, database: str | None = None) -> Iterator[Floor]:
    """Both systems in step, and what a planner ordered since; every answer of either takes a moment."""
    with floor(home, database=database, items=22, orders=2) as one:
        assert one.do_quickly("run") == 0
        place(one, orders, assemblies)
        slow = {"kind": "latency", "seconds": 0.01, "count": None}
        one.control("faults", [{**slow, "path": "/v1/"}, {**slow, "path": "/inventory/"}])
        yield one


def place(one: Floor, orders: int, assemblies: int) -> None:
    coupling = one.control("accounts")["optiply"]["coupling_id"]
    items = {row["id"]: row for row in one.rows("zoho", "items")}
    offers: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    products = {int(row["id"]): row["remoteIdMap"].get(coupling) for row in one.rows("optiply", "products")}
    for row in one.rows("optiply", "supplierProducts"):
        item = items.get(products.get(row["productId"]))
        if item and item["status"] == "active" and item["item_type"] == "inventory":
            offers[item["is_combo_product"]].append((row["supplierId"], row["productId"]))
    for number in range(orders + assemblies):
        assembly = number >= orders
        supplier, product = offers[assembly][number % len(offers[assembly])]
        lines = [{"productId": product, "quantity": 3 + number}] * (1 + number % 2)
        one.control("optiply/orders", {"supplierId": supplier, "assembly": assembly, "lines": lines})


def made(one: Floor) -> tuple[dict[str, int], dict[str, int]]:
    """How many purchase orders and assemblies carry the id of each order (line) of the planner."""
    theirs = {row["id"]: row for row in one.rows("optiply", "buyOrders") if not row["createdFromPublicApi"]}
    orders = Counter(str(row["reference_number"]) for row in one.rows("zoho", "purchaseorders"))
    bundles = Counter(str(row["reference_number"]) for row in one.rows("zoho", "bundles"))
    lines = [row for row in one.rows("optiply", "buyOrderLines") if str(row["buyOrderId"]) in theirs]
    return (
        {id: orders[id] for id, row in theirs.items() if not row["assembly"]},
        {row["id"]: bundles[row["id"]] for row in lines if theirs[str(row["buyOrderId"])]["assembly"]},
    )


def never_twice(one: Floor) -> None:
    for found in made(one):
        assert max(found.values()) <= 1, found


def compared(one: Floor) -> Comparison:
    zoho = {name: one.rows("zoho", name) for name in ZOHO_COLLECTIONS}
    optiply = {name: one.rows("optiply", name) for name in OPTIPLY_COLLECTIONS}
    coupling = one.control("accounts")["optiply"]["coupling_id"]
    return compare(zoho, optiply, coupling_id=coupling, board=Board())


def kill_and_begin_again(one: Floor, commands: Sequence[tuple[str, ...]], seed: int) -> int:
    """Kill each of these commands after a few calls to Zoho or writes to Optiply; returns how many kills struck."""
    chance = random.Random(seed)
    struck = 0
    for command in commands:
        since = one.last()
        process = one.begin_quickly(*command)
        if begun(one, chance.randint(1, 8), since, process.is_alive):
            process.kill()
            struck += 1
        process.join(SECONDS)
        never_twice(one)
    return struck


def begun(one: Floor, count: int, since: int, alive: Callable[[], bool]) -> bool:
    """Until so many calls of an export have been answered since then; False where the program ended before."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        calls = [seen for seen in one.requests(since) if EXPORTS.search(f"{seen['method']} {seen['path']}")]
        if len(calls) >= count:
            return True
        if not alive():
            return False
        time.sleep(0.005)
    raise TimeoutError("the program neither went on nor ended")


def ends_well(one: Floor) -> None:
    one.control("faults", method="DELETE")
    codes: list[Any] = []
    while not codes or (codes[-1] != 0 and len(codes) < _RUNS):
        codes.append(one.do_quickly("run", "--exports"))
        never_twice(one)
    assert codes[-1] == 0, codes
    assert set(codes) <= {0, 3}
    assert one.do_quickly("run") == 0
    orders, bundles = made(one)
    assert set(orders.values()) | set(bundles.values()) == {1}
    found = compared(one)
    assert found.differences[:5] == ()
    assert (found.exports.buy_orders, found.exports.assembly_orders) == (len(orders), len(bundles))
    since = one.last()
    assert one.do_quickly("run") == 0
    assert one.writes(since) == []


EXPORT, RUN = ("run", "--exports"), ("run",)


def test_exports_killed_again_and_again(home: Path) -> None:
    with planned(home, orders=4, assemblies=4) as one:
        assert kill_and_begin_again(one, [EXPORT, RUN, EXPORT, RUN, EXPORT], seed=3) >= 3
        ends_well(one)


def test_exports_killed_over_postgresql(home: Path, postgresql_url: str) -> None:
    with planned(home, orders=2, assemblies=2, database=postgresql_url) as one:
        assert kill_and_begin_again(one, [EXPORT, EXPORT], seed=11) >= 1
        ends_well(one)
