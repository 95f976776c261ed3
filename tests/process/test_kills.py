"""`stockbridge run` killed at any point and started again: nothing twice, nothing lost. Two at once; and Ctrl-C."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from process.shop_floor import SECONDS, Floor, floor

pytestmark = pytest.mark.usefixtures("fresh_store")


def run_to_the_end(one: Floor, kills: int, seed: int) -> int:
    """Kill the run after a few more requests each time, then let it end; returns how many kills struck."""
    chance = random.Random(seed)
    struck = 0
    for _ in range(kills):
        since = one.last()
        process = one.begin_quickly("run")
        if one.wait_for(chance.randint(1, 28), since, process.is_alive):
            process.kill()
            struck += 1
        process.join(SECONDS)
        if process.exitcode == 0:
            break
    assert one.do_quickly("run") == 0
    return struck


def slow_down(one: Floor) -> None:
    """Make every answer of Optiply take a moment, so that writes are under way when the end comes."""
    one.control(
        "faults", {"system": "optiply", "path": "/v1/", "kind": "latency", "seconds": 0.01, "count": None}
    )


def test_killed_twelve_times(home: Path) -> None:
    with floor(home) as one:
        slow_down(one)
        assert run_to_the_end(one, kills=12, seed=2026) >= 8
        assert one.differences() == ()
        since = one.last()
        assert one.do_quickly("run") == 0
        assert one.writes(since) == []


def test_killed_over_postgresql(home: Path, postgresql_url: str) -> None:
    with floor(home, database=postgresql_url, items=15, orders=12) as one:
        slow_down(one)
        assert run_to_the_end(one, kills=4, seed=7) >= 3
        assert one.differences() == ()
        since = one.last()
        assert one.do_quickly("run") == 0
        assert one.writes(since) == []


def test_killed_while_changes_are_carried_over(home: Path) -> None:
    with floor(home, items=25, orders=15) as one:
        assert one.do_quickly("run") == 0
        orders = [row for row in one.rows("zoho", "salesorders") if row["order_status"] == "confirmed"]
        for row in one.rows("zoho", "items")[:20]:  # all of them would rightly be asked about
            change = {
                "method": "PUT",
                "path": f"/items/{row['id']}",
                "body": {"rate": 12.5, "purchase_rate": 6},
            }
            one.control("zoho/call", change)
        for row in orders[:2]:
            one.control("zoho/call", {"method": "POST", "path": f"/salesorders/{row['id']}/status/void"})
        one.control("clock", {"advance": 60})
        slow_down(one)
        assert run_to_the_end(one, kills=3, seed=3) >= 2
        assert one.differences() == ()


def test_two_runs_at_once_and_ctrl_c(home: Path) -> None:
    with floor(home) as one:
        since = one.last()
        one.control(
            "faults", {"system": "optiply", "path": "/v1/", "kind": "latency", "seconds": 0.4, "count": None}
        )
        first = one.begin("run")
        assert one.wait_for(12, since, lambda: first.poll() is None)
        code, _, err = one.do("run")
        assert code == 4
        assert f'The sync "board" is already running, by process {first.pid}' in err
        assert "Wait until it ends, or stop it there; nothing was changed." in err

        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=SECONDS)
        assert first.returncode == 130, out + err
        assert "the next run goes on from here" in out + err
        assert "Traceback" not in err
        one.control("faults", method="DELETE")
        code, out, err = one.do("run")
        assert code == 0, out + err
        assert one.differences() == ()
