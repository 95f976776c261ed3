"""What a monitor is told: read over HTTP with the parser of its makers, and compared with what the store was given."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from runtime.served import samples
from stockbridge.core.alarms import Alarm, Reason, Watch
from stockbridge.core.errors import Halt
from stockbridge.core.report import FlowReport, RunReport
from stockbridge.runtime.metrics import Meters, count, meters, telling
from stockbridge.runtime.work import Ended
from stockbridge.store import accounts, alarms, checkpoints, inbox, schedule, schema, syncs, waiting
from stockbridge.store.alarms import Kept
from stockbridge.store.rows import moment_text
from stockbridge.wiring.settings import encode_settings, parse_settings

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
HOUR_AGO = NOW - timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Monitor:
    """Scrapes as a monitor does."""

    store: Engine
    meters: Meters
    address: str

    def scrape(self, accept: str = "") -> dict[tuple[Any, ...], float]:
        return samples(self.address, accept)


def add_sync(store: Engine, name: str, **quota: Any) -> int:
    with store.begin() as connection:
        zoho, optiply = (
            accounts.add(connection, name=f"{name}-{system}", connector=system, settings={}, sealed=b"")
            for system in ("zoho", "optiply")
        )
        if quota:
            accounts.remember_quota(connection, zoho, quota)
        config = encode_settings(parse_settings({"flags": {"sync_assembly_orders": False}}, {}, {}))
        return syncs.add(
            connection, name=name, kind="optiply-board", account_a=zoho, account_b=optiply, config=config
        )


@pytest.fixture
def monitor(store: Engine) -> Iterator[Monitor]:
    """Two syncs: "board" ran and left records over, "other" never ran and is paused."""
    tomorrow = NOW + timedelta(hours=14)
    board = add_sync(store, "board", limit=7500, remaining=120, resets_at=tomorrow)
    other = add_sync(store, "other", limit=2000, remaining=3, resets_at=HOUR_AGO)
    with store.begin() as connection:
        for flow, moment in (("products", moment_text(HOUR_AGO)), ("suppliers", None), ("long_gone", None)):
            checkpoints.save_flow(connection, board, flow, checkpoints.FlowState(in_step_at=moment))
        states: tuple[tuple[str, waiting.State], ...] = (
            ("products", "refused"),
            ("products", "refused"),
            ("products", "waiting"),
            ("products", "uncertain"),
            ("products", "left out"),
            ("long_gone", "refused"),
        )
        left_over = [
            waiting.Unsettled(
                flow=flow, side="a", id=str(number), state=state, reason="", since=moment_text(NOW)
            )
            for number, (flow, state) in enumerate(states)
        ]
        waiting.put(connection, board, left_over)
        questions = [inbox.Question(a_id=str(n), b_id="1", field="phone") for n in range(3)]
        inbox.ask(connection, board, "products", questions, moment_text(NOW))
        (first, *_) = inbox.open_questions(connection, board)
        inbox.answer(connection, first.id, "a", moment_text(NOW))
        for flow, at in (("", HOUR_AGO), ("sell_orders", NOW)):
            schedule.add(
                connection,
                board,
                schedule.SlotRow(
                    kind="import", flow=flow, every="", next_due="", last_success=moment_text(at)
                ),
            )
        syncs.pause(connection, other, moment_text(NOW))
    found = meters(store, lambda: NOW, "1.2.3")
    with telling(found, bind="127.0.0.1", port=0) as address:
        yield Monitor(store=store, meters=found, address=address)


def ended(outcome: str = "in step", kind: Any = "import", **flow: Any) -> Ended:
    report = RunReport(
        run=1,
        sync="board",
        mode="run",
        outcome=outcome,
        started_at="",
        ended_at="",
        seconds=2.5,
        flows=[FlowReport(flow="products", **flow)],
        calls={"Zoho": 7, "Optiply": 2},
        least_calls=0,
    )
    return Ended(sync="board", kind=kind, flow="", report=report)


def test_what_the_store_knows_is_told_at_each_scrape(monitor: Monitor) -> None:
    found = monitor.scrape()
    assert found["stockbridge_build_info", "1.2.3"] == 1
    assert found["stockbridge_store_reachable",] == 1
    # Labels in the order of their names: flow, (state,) sync.
    assert found["stockbridge_left_over_records", "products", "waiting", "board"] == 2
    assert found["stockbridge_left_over_records", "products", "refused", "board"] == 2
    assert found["stockbridge_left_over_records", "suppliers", "refused", "board"] == 0
    assert (
        found["stockbridge_in_step_timestamp_seconds", "products", "board"]
        == datetime(2026, 7, 1, 9, tzinfo=UTC).timestamp()
    )
    assert ("stockbridge_in_step_timestamp_seconds", "suppliers", "board") not in found  # never yet
    assert found["stockbridge_last_success_timestamp_seconds", "import", "board"] == NOW.timestamp()
    assert [found["stockbridge_open_questions", sync] for sync in ("board", "other")] == [2, 0]
    assert [found["stockbridge_sync_paused", sync] for sync in ("board", "other")] == [0, 1]
    assert found["stockbridge_api_calls_left", "board-zoho", "zoho"] == 120
    assert found["stockbridge_api_calls_limit", "board-zoho", "zoho"] == 7500
    # Its day is over: all calls are there again.
    assert found["stockbridge_api_calls_left", "other-zoho", "zoho"] == 2000
    assert not any("long_gone" in key for key in found)  # its settings have no such flow any more
    assert not any("board-optiply" in key for key in found)  # Optiply told of no quota

    reasons = {key[1] for key in found if key[0] == "stockbridge_sync_needs_someone"}
    assert reasons == {"account", "approval", "preview", "closed", "failures", "stuck"}
    assert not any(value for key, value in found.items() if key[0] == "stockbridge_sync_needs_someone")

    with monitor.store.begin() as connection:
        (row,) = [row for row in syncs.all_syncs(connection) if row.name == "board"]
        waiting.clear(connection, row.id, "products", "a", ["0", "1"])
        alarm = Alarm(reason=Reason.ACCOUNT, since=NOW, told_at=NOW)
        alarms.keep(connection, row.id, Kept(), Watch(alarms=(alarm,)), [], moment_text(NOW))
    needed = {key for key, value in monitor.scrape().items() if "needs" in key[0] and value}
    assert needed == {("stockbridge_sync_needs_someone", "account", "board")}
    assert monitor.scrape()["stockbridge_left_over_records", "products", "refused", "board"] == 0


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
def test_runs_writes_and_calls_are_counted(monitor: Monitor, accept: str) -> None:
    assert not any(name.endswith("_total") for name, *_ in monitor.scrape(accept))
    count(monitor.meters, ended(created=3, updated=1, same=40))
    count(monitor.meters, ended("left over", updated=2, waiting=1))
    count(monitor.meters, ended("stopped", kind="export"))
    found = monitor.scrape(accept)
    runs = {key[1:]: value for key, value in found.items() if key[0] == "stockbridge_runs_total"}
    assert runs == {
        ("import", "in step", "board"): 1,
        ("import", "left over", "board"): 1,
        ("export", "stopped", "board"): 1,
    }
    writes = {key[1:]: value for key, value in found.items() if key[0] == "stockbridge_writes_total"}
    assert writes == {("products", "create", "board"): 3, ("products", "update", "board"): 3}
    assert found["stockbridge_api_calls_total", "board", "zoho"] == 21
    assert found["stockbridge_api_calls_total", "board", "optiply"] == 6
    assert found["stockbridge_run_seconds_sum", "import", "board"] == 5
    assert not any(name.endswith("_created") for name, *_ in found)  # a second series for each
    assert found["stockbridge_run_seconds_count", "export", "board"] == 1


def test_each_process_counts_for_itself(store: Engine) -> None:
    one, other = (meters(store, lambda: NOW, "1") for _ in range(2))
    count(one, ended())
    assert one.registry.get_sample_value(
        "stockbridge_runs_total", {"sync": "board", "kind": "import", "outcome": "in step"}
    )
    label = {"sync": "board", "kind": "import", "outcome": "in step"}
    assert other.registry.get_sample_value("stockbridge_runs_total", label) is None


def test_only_the_syncs_that_are_served_are_told_of(monitor: Monitor) -> None:
    chosen = meters(monitor.store, lambda: NOW, "1", names=["other"])
    with telling(chosen, bind="127.0.0.1", port=0) as address:
        found = Monitor(store=monitor.store, meters=chosen, address=address).scrape()
    assert {key[-1] for key in found if key[0] == "stockbridge_sync_paused"} == {"other"}
    assert not any("board" in part or "board-zoho" in part for key in found for part in key)


def test_a_store_that_cannot_be_read_is_told_as_such(monitor: Monitor) -> None:
    count(monitor.meters, ended())
    with monitor.store.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE {schema.waiting.name}"))
    found = monitor.scrape()
    assert found["stockbridge_store_reachable",] == 0
    assert found["stockbridge_runs_total", "import", "in step", "board"] == 1
    assert not any(name == "stockbridge_left_over_records" for name, *_ in found)


def test_nothing_else_is_answered(monitor: Monitor) -> None:
    base = monitor.address.removesuffix("/metrics")
    for path, method, status in (
        ("/", "GET", 404),
        ("/metrics/x", "GET", 404),
        ("/metrics", "POST", 405),
        ("/metrics", "DELETE", 405),
    ):
        request = urllib.request.Request(base + path, method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        refused.value.close()
        assert refused.value.code == status
    place = urlsplit(base)
    with socket.create_connection((place.hostname, place.port), timeout=10) as silent:
        silent.sendall(b"GET /metr")  # and says nothing more
        assert monitor.scrape()["stockbridge_store_reachable",] == 1


def test_a_port_that_is_taken_is_told_in_words(monitor: Monitor) -> None:
    port = urlsplit(monitor.address).port or 0
    again = telling(monitor.meters, bind="127.0.0.1", port=port)
    with pytest.raises(Halt, match=f"127.0.0.1:{port}") as caught, again:
        pass
    assert "--metrics-port" in caught.value.remedy
