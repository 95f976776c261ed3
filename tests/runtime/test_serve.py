"""`stockbridge serve` as a real process beside the sandbox, on a fast clock: an hour takes three seconds."""

from __future__ import annotations

import signal
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from process.shop_floor import SECONDS, Floor, floor
from runtime.served import Server, samples, serving
from stockbridge.cli.main import main
from stockbridge.core.flow import Op
from stockbridge.store import schedule, syncs
from stockbridge.store.database import open_store
from stockbridge.store.schedule import SlotRow
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.hook_secret import hook_path, make_secret
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import Settings, encode_settings, parse_settings

pytestmark = pytest.mark.usefixtures("fresh_store")

EXPORTS = any(Op.CREATE in flow.writes_a for flow in optiply_board(Settings()))


def configure(home: Path, **times: Any) -> None:
    store = open_store(f"sqlite:///{home / 'stockbridge.db'}")
    with store.begin() as connection:
        (row,) = syncs.all_syncs(connection)
        settings = parse_settings({"schedule": times}, {}, {})
        syncs.configure(connection, row.id, encode_settings(settings))
    store.dispose()


def set_up_webhooks(home: Path) -> tuple[str, str]:
    """(path, secret) of the only sync."""
    store = open_store(f"sqlite:///{home / 'stockbridge.db'}")
    with store.connect() as connection:
        (row,) = syncs.all_syncs(connection)
    secret = make_secret(store, row, load_sealer()).reveal()
    store.dispose()
    return hook_path(row.name), secret


def slots(home: Path) -> dict[tuple[str, str], SlotRow]:
    store = open_store(f"sqlite:///{home / 'stockbridge.db'}")
    with store.connect() as connection:
        (row,) = syncs.all_syncs(connection)
        found = schedule.slots(connection, row.id)
    store.dispose()
    return found


def change_an_item(one: Floor, rate: float, which: int = 0) -> None:
    row = one.rows("zoho", "items")[which]
    change = {"method": "PUT", "path": f"/items/{row['id']}", "body": {"rate": rate}}
    one.control("zoho/call", change)
    one.control("clock", {"advance": 60})


def slow_down(one: Floor, seconds: float = 0.02) -> None:
    one.control(
        "faults", {"system": "optiply", "path": "/v1/", "kind": "latency", "seconds": seconds, "count": None}
    )


def test_everything_comes_at_its_time_and_webhooks_at_once(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with floor(home, items=12, orders=4) as one:
        configure(home, imports="every 20 minutes", exports="every 15 minutes")
        with serving(one) as server:
            assert server.until("ended", kind="import")["report"]["outcome"] == "in step"
            change_an_item(one, 17.5)
            while not _sum(server.until("ended", kind="import"), "updated"):
                pass
            assert one.differences() == ()
            if EXPORTS:
                _export_an_order(one, server)
            _refuse_the_login(one, server, home, capsys)
            assert server.stop() == 0
            assert server.said[-1]["code"] == "stopped"
        slot = slots(home)["import", ""]
        assert (slot.every, slot.last_outcome) == ("every 20 minutes", "in step")
        assert slot.last_started is not None
        assert slot.last_success is not None
        assert slot.last_started < slot.last_success
        # From start to start: on a slow machine a run outlasts its 20 minutes of this clock.
        begun, due = (datetime.fromisoformat(at) for at in (slot.last_started, slot.next_due))
        assert due - begun == timedelta(minutes=20)

        # Polling is far away now, so what comes comes by the webhook.
        configure(home, imports="every 300 days", exports="never")
        path, secret = set_up_webhooks(home)
        options = ["--hooks", "--hooks-port", "0", "--hooks-gather", "0", "--metrics", "--metrics-port", "0"]
        with serving(one, *options) as server:
            url = server.until("hooks")["address"] + path
            monitor = server.until("metrics")["address"]
            one.control(
                "zoho/webhooks", {"url": url, "secret": secret, "entities": ["item", "composite_item"]}
            )
            before = one.last()
            change_an_item(one, 18.5, which=1)
            ended = server.until("ended", kind="hints")
            assert (ended["report"]["mode"], _sum(ended, "updated")) == ("hints", 1)
            assert one.differences() == ()
            asked = [seen["path"] for seen in one.requests(before) if seen["system"] == "zoho"]
            assert not any(path.endswith(("/items", "/contacts", "/salesorders")) for path in asked)
            assert server.began("import") == 0
            scraped = samples(monitor)
            assert scraped["stockbridge_runs_total", "hints", "in step", "board"] == 1
            assert scraped["stockbridge_writes_total", "products", "update", "board"] == 1
            assert scraped["stockbridge_api_calls_total", "board", "zoho"] == ended["report"]["calls"]["Zoho"]
            assert scraped["stockbridge_in_step_timestamp_seconds", "suppliers", "board"] > 0
            assert server.stop(signal.SIGINT) == 130


def _export_an_order(one: Floor, server: Server) -> None:
    """What a person orders in Optiply stands in Zoho, once, after a quarter of an hour."""
    product = one.rows("optiply", "supplierProducts")[0]["productId"]
    order = one.control("optiply/orders", {"lines": [{"productId": product, "quantity": 3}]})
    made: list[Any] = []
    while str(order["id"]) not in made:
        ended = server.until("ended", kind="export")
        assert ended["report"]["mode"] == "exports"
        made = [row["reference_number"] for row in one.rows("zoho", "purchaseorders")]
    server.until("ended", kind="import")
    server.until("ended", kind="export")
    made = [row["reference_number"] for row in one.rows("zoho", "purchaseorders")]
    assert made.count(str(order["id"])) == 1


def test_a_stop_is_in_order_a_kill_heals_and_two_do_not_meet(home: Path) -> None:
    with floor(home, items=20, orders=8) as one:
        configure(home, imports="every 300 days", exports="never")
        slow_down(one)
        with serving(one) as server:
            server.until("began")
            assert one.wait_for(20, 0, lambda: server.process.poll() is None)
            assert server.stop() == 0
            (ended,) = [said for said in server.said if said["event"] == "ended"]
            assert (ended["report"]["stopped_by"], ended["report"]["outcome"]) == ("person", "stopped")
        assert one.differences() != ()  # it was in the middle

        with serving(one) as server:  # goes on at once, though the slot comes once in 300 days
            server.until("began")
            since = one.last()
            assert one.wait_for(15, since, lambda: server.process.poll() is None)
            server.process.kill()
            server.process.wait(SECONDS)
        assert slots(home)["import", ""].last_outcome == "under way"
        assert one.differences() != ()

        with serving(one) as first, serving(one) as second:  # both come for the run that was cut short
            while not (done := [said for said in (*first.said, *second.said) if said["event"] == "ended"]):
                assert first.process.poll() is second.process.poll() is None
                time.sleep(0.02)
            assert done[0]["report"]["outcome"] == "in step"
            assert one.differences() == ()
            since = one.last()
            time.sleep(2.5)  # the other one comes again after two seconds
            assert one.requests(since) == []
            (began,) = [said for said in (*first.said, *second.said) if said["event"] == "began"]
            assert began["after_a_cut"]
            assert sum(said.get("code") == "taken" for said in (*first.said, *second.said)) == 1
            assert first.stop() == second.stop() == 0


def _refuse_the_login(one: Floor, server: Server, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An account that refuses is left alone until it works again."""
    one.control("zoho/settings", {"user_disabled": True})
    while (ended := server.until("ended"))["report"]["stopped_by"] != "account":
        pass
    assert ended["paused_by"] == "account"
    since = one.last()
    time.sleep(1.2)  # more than any interval
    assert one.requests(since) == []
    assert main(["status"]) == 0
    assert "paused: the account refused the login" in capsys.readouterr().out
    one.control("zoho/settings", {"user_disabled": False})
    assert one.do_quickly("accounts", "check", "winkel") == 0
    assert server.until("ended", kind="import")["report"]["outcome"] == "in step"
    assert slots(home)["import", ""].paused_by is None


def _sum(ended: dict[str, Any], what: str) -> int:
    return sum(flow[what] for flow in ended["report"]["flows"])
