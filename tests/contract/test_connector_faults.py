"""The connectors against the sandbox's faults and limits: healed where that is safe, typed where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from contract_optiply import OPTIPLY_SHOPS, what_to_make
from contract_shops import zoho_login
from contract_zoho import PATHS, to_make

from scenarios.sandbox_accounts import optiply_account
from stockbridge.connectors.optiply import connector as optiply
from stockbridge.connectors.optiply.connector import OptiplyConnector
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.core.errors import OverBudget, Unauthorized, Uncertain
from stockbridge.core.record import Record
from stockbridge.http.clock import scaled
from stockbridge.http.transport import Transport
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
PRODUCT = {"name": "Bel", "stockLevel": 3, "unlimitedStock": False}


@contextmanager
def shop(**options: Any) -> Iterator[tuple[Sandbox, ZohoConnector, OptiplyConnector]]:
    """A sandbox on a fast clock with both connectors on a clock of the same speed."""
    with start(**{"items": 230, "vendors": 6, "orders": 20, "seed": 3, "speed": SPEED, **options}) as sandbox:
        clock = scaled(sandbox.clock.speed, start=sandbox.clock.now())
        with Transport() as transport:
            account, token = zoho_login(sandbox, transport, clock)
            yield (
                sandbox,
                zoho.connect(account, clock=clock, transport=transport, token=token),
                optiply.connect(optiply_account(sandbox, "Sandbox"), clock=clock, transport=transport),
            )


def items(connector: ZohoConnector) -> set[str]:
    return {record.id for page in connector.read("items", None) for record in page.records}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", system="zoho", status=429, code=44),
        Fault(kind="status", system="zoho", status=429, code=1070, count=2),
        Fault(kind="status", system="zoho", status=500, code=1000, count=2),
        Fault(kind="status", system="zoho", status=502, nth=2),
        Fault(kind="drop_before", system="zoho"),
        Fault(kind="drop_after", system="zoho", nth=2),
        Fault(kind="truncate_page", system="zoho"),
        Fault(kind="not_json", system="zoho"),
        Fault(kind="revoke_token", system="zoho"),
        Fault(kind="move_row", system="zoho"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.code or fault.status}",
)
def test_a_full_read_is_complete_in_spite_of_a_fault(fault: Fault) -> None:
    with shop() as (sandbox, connector, _):
        sandbox.faults.add(fault)
        assert items(connector) == {row["id"] for row in sandbox.zoho.rows("items")}
        assert [one["fired"] for one in sandbox.faults.report()] == [fault.count]


def test_a_row_without_id_is_refused_and_the_rest_is_read() -> None:
    with shop() as (sandbox, connector, _):
        sandbox.faults.add(Fault(kind="row_without_id", system="zoho"))
        pages = list(connector.read("items", None))
        assert [one.id for page in pages for one in page.refused] == ["items:page 1 row 1"]
        assert len({record.id for page in pages for record in page.records}) == 229


def test_a_revoked_login_is_told_once_with_its_remedy() -> None:
    with shop() as (sandbox, connector, _):
        sandbox.faults.add(Fault(kind="revoke_token", system="zoho"))
        sandbox.faults.add(Fault(kind="revoke_token", system="accounts"))
        with pytest.raises(Unauthorized, match="stockbridge accounts add zoho") as raised:
            items(connector)
        assert "revoked" in str(raised.value)


def test_the_end_of_the_day_stops_the_reading_until_midnight() -> None:
    with shop() as (sandbox, connector, _):
        sandbox.faults.add(Fault(kind="status", system="zoho", status=429, code=45))
        for _ in range(2):
            with pytest.raises(OverBudget) as raised:
                items(connector)
        assert raised.value.until is not None
        assert len(sandbox.log.rows("zoho")) == 1


def test_calls_at_eight_at_a_time_fill_the_minute_and_never_pass_it() -> None:
    # Slow enough that, without the limit, far more than 100 calls would fit into a minute of this clock.
    with shop(speed=60.0) as (sandbox, connector, _):
        some = sorted(items(connector))[:30]
        with ThreadPoolExecutor(8) as pool:
            found = list(
                pool.map(lambda number: connector.fetch("items", [some[number % 30]])[0], range(148))
            )
        assert all(isinstance(one, Record) for one in found)
        seen = sandbox.log.rows("zoho")
        assert [one.status for one in seen] == [200] * 150
        arrivals = sorted(one.at for one in seen)
        minute = timedelta(seconds=60)
        fullest = max(sum(first <= at < first + minute for at in arrivals) for first in arrivals)
        assert fullest == 100
        assert connector.meter.spent == 150
        assert connector.meter.remaining == 7500 - 150


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("stream", ["products", *OPTIPLY_SHOPS])
def test_a_lost_answer_is_settled_by_looking(kind: Any, stream: str) -> None:
    with shop(items=1) as (sandbox, _, connector):
        resource, values = (stream, PRODUCT) if stream == "products" else what_to_make(sandbox, stream)
        before = len(sandbox.optiply.rows(resource))
        sandbox.faults.add(Fault(kind=kind, system="optiply", method="POST", path=f"/v1/{resource}"))
        with pytest.raises(Uncertain):
            connector.create(stream, values, "r1")
        found = connector.find(stream, ["r1"], None)
        made = 1 if kind == "drop_after" else 0
        assert len(found.get("r1", [])) == (made if connector.streams()[stream].mark_shown else 0)
        assert len(sandbox.optiply.rows(resource)) == before + made


def test_an_assembly_order_whose_line_cannot_be_read_is_settled_by_looking() -> None:
    with shop(items=1) as (sandbox, _, connector):
        resource, values = what_to_make(sandbox, "assemblyOrders")
        before = len(sandbox.optiply.rows(resource))
        sandbox.faults.add(
            Fault(kind="drop_before", system="optiply", method="GET", path="/v1/buyOrderLines", count=5)
        )
        with pytest.raises(Uncertain):
            connector.create("assemblyOrders", values, "r1")
        (found,) = connector.find("assemblyOrders", ["r1"], None)["r1"]
        assert found.values["quantity"] == values["quantity"]
        assert len(sandbox.optiply.rows(resource)) == before + 1


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        (Fault(kind="status", system="optiply", method="POST", path="/v1/", status=429), True),
        (Fault(kind="status", system="optiply", method="POST", path="/v1/", status=401), True),
        (Fault(kind="revoke_token", system="optiply", method="POST", path="/v1/"), True),
        (Fault(kind="status", system="optiply", method="POST", path="/v1/", status=504), False),
        (Fault(kind="not_json", system="optiply", method="POST", path="/v1/"), False),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
def test_a_write_goes_again_only_where_it_was_certainly_not_taken(fault: Fault, done: bool) -> None:
    with shop(items=1) as (sandbox, _, connector):
        sandbox.faults.add(fault)
        if done:
            assert connector.create("products", PRODUCT, "r1").values["remoteId"] == "r1"
            assert len(sandbox.optiply.rows("products")) == 1
        else:
            with pytest.raises(Uncertain):
                connector.create("products", PRODUCT, "r1")
            posts = [seen for seen in sandbox.log.rows("optiply") if seen.path == "/v1/products"]
            assert len(posts) == 1


@pytest.mark.parametrize("stream", ["purchaseorders", "bundles"])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate_page", "not_json"])
def test_a_lost_answer_of_an_export_is_settled_by_its_reference(kind: Any, stream: str) -> None:
    with shop(items=1, vendors=1) as (sandbox, connector, _):
        values = to_make(sandbox, stream)
        before = len(sandbox.zoho.rows(stream))
        sandbox.faults.add(
            Fault(kind=kind, system="zoho", method="POST", path=f"/inventory/v1{PATHS[stream]}$")
        )
        with pytest.raises(Uncertain):
            connector.create(stream, values, "1275993")
        found = connector.find(stream, ["1275993", "1275994"], sandbox.clock.now())
        assert {mark: len(some) for mark, some in found.items()} == (
            {} if kind == "drop_before" else {"1275993": 1}
        )
        assert len(sandbox.zoho.rows(stream)) == before + len(found)
        assert [seen.method for seen in sandbox.log.rows("zoho")].count("POST") == 1


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        (Fault(kind="status", system="zoho", method="POST", status=429, code=44), True),
        (Fault(kind="status", system="zoho", method="POST", status=429, code=1070), True),
        (Fault(kind="status", system="zoho", method="POST", status=400, code=900001), True),
        (Fault(kind="revoke_token", system="zoho", method="POST"), True),
        (Fault(kind="status", system="zoho", method="POST", status=500, code=1000), False),
        (Fault(kind="status", system="zoho", method="POST", status=502), False),
    ],
    ids=lambda value: f"{value.kind}-{value.code or value.status}" if isinstance(value, Fault) else "",
)
def test_an_export_goes_again_only_where_it_was_certainly_not_taken(fault: Fault, done: bool) -> None:
    with shop(items=1, vendors=1) as (sandbox, connector, _):
        values = to_make(sandbox, "purchaseorders")
        sandbox.faults.add(fault)
        if done:
            made = connector.create("purchaseorders", values, "1275993")
            assert [row["id"] for row in sandbox.zoho.rows("purchaseorders")][-1:] == [made.id]
        else:
            with pytest.raises(Uncertain):
                connector.create("purchaseorders", values, "1275993")
            assert [seen.method for seen in sandbox.log.rows("zoho")].count("POST") == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_whether_an_order_was_issued_is_settled_by_reading_it(kind: Any) -> None:
    with shop(items=1, vendors=1) as (sandbox, connector, _):
        made = connector.create("purchaseorders", to_make(sandbox, "purchaseorders"), "1275993")
        sandbox.faults.add(Fault(kind=kind, system="zoho", method="POST", path="/status/issued$"))
        with pytest.raises(Uncertain):
            connector.update("purchaseorders", made.id, {"issued": True})
        (now,) = connector.fetch("purchaseorders", [made.id])
        assert isinstance(now, Record)
        assert now.values["issued"] is (kind == "drop_after")


def test_eight_parallel_writers_share_one_login() -> None:
    with shop(items=1) as (sandbox, _, connector):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n: connector.create("products", PRODUCT, f"r{n}"), range(40)))
        assert len({record.id for record in made}) == 40
        assert sum(seen.path.endswith("/token") for seen in sandbox.log.rows("optiply")) == 1
