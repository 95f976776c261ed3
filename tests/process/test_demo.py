"""The demo, small: its report, its exit code, and that it leaves no process behind."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stockbridge_sandbox.demo import judge, play
from stockbridge_sandbox.demo_figures import business_lines, least_calls, least_export_calls
from stockbridge_sandbox.demo_programs import environment, sandbox

STREAMS = {
    "products",
    "product_compositions",
    "suppliers",
    "supplier_products",
    "sell_orders",
    "buy_orders",
    "buy_order_lines",
    "receipt_lines",
    "assembly_orders",
}
SIZE = {"items": 25, "vendors": 4, "orders": 25, "seed": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    code: int
    report: dict[str, Any]
    planted_code: int
    planted_report: dict[str, Any]
    told: str
    first_told: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """One small demo, judged as it is and once more after a product was edited in Optiply behind the engine's back."""
    directory = tmp_path_factory.mktemp("demo")
    written = directory / "report.json"
    with pytest.MonkeyPatch.context() as patch, sandbox(**SIZE, log=directory / "log") as box:
        told: list[str] = []
        for teller in ("demo", "demo_stage"):
            patch.setattr(f"stockbridge_sandbox.{teller}.say", lambda text="": told.append(text))
        demo = play(box, directory / "home", 7)
        code = judge(demo, written)
        report, first_told = json.loads(written.read_text()), "\n".join(told)
        product = box.state("optiply", ["products"])["products"][3]
        box.patch(f"/optiply/products/{product['id']}", {"name": "Written by hand"})
        told.clear()
        planted_code = judge(demo, written)
        yield Played(
            code=code,
            report=report,
            planted_code=planted_code,
            planted_report=json.loads(written.read_text()),
            told="\n".join(told),
            first_told=first_told,
        )


def test_the_report_has_its_shape_and_both_sides_agree(played: Played) -> None:
    report = played.report
    assert played.code == 0
    assert set(report) == {"runs", "counts", "exports", "in_step"}
    assert report["in_step"] is True
    assert [run["name"] for run in report["runs"]] == ["first", "changes", "idle"]
    for run in report["runs"]:
        assert set(run) == {
            *(
                "name",
                "calls",
                "least_calls",
                "seconds",
                "created",
                "updated",
                "removed",
                "waiting",
                "refused",
            )
        }
        assert set(run["created"]) == set(run["updated"]) == set(run["removed"]) == STREAMS
        assert run["waiting"] == run["refused"] == 0
        assert run["seconds"] > 0
    assert set(report["counts"]) == STREAMS
    for count in report["counts"].values():
        assert count["zoho"] == count["optiply"] > 0


def test_the_first_run_brings_everything_the_second_the_changes_the_third_nothing(played: Played) -> None:
    first, changes, idle = played.report["runs"]
    assert first["created"]["products"] == SIZE["items"]
    assert first["created"]["suppliers"] == SIZE["vendors"]
    assert changes["created"]["products"] == 1
    assert changes["updated"]["products"] >= 1
    assert changes["removed"]["sell_orders"] >= 1  # the order that was deleted
    for stream, count in played.report["counts"].items():
        assert first["created"][stream] + changes["created"][stream] > 0, stream
        assert count["optiply"] >= first["created"][stream] - changes["removed"][stream]
    for what in ("created", "updated", "removed"):
        assert set(idle[what].values()) == {0}


def test_what_the_planner_orders_stands_in_zoho_once_even_when_an_answer_is_lost(played: Played) -> None:
    assert played.report["exports"] == {"buy_orders": 3, "assembly_orders": 1, "duplicates": 0}
    first, after = played.first_told.split("An answer that never comes")
    assert first.count(" in Zoho, under the reference ") == 3
    assert len(re.findall(r"buy order \d+ → PO-\d+ \(draft\) in Zoho", after)) == 1
    lost, found = (line.split() for line in after.splitlines() if line.startswith(("exports,", "the run")))
    assert lost[4:9] == ["0", "0", "0", "1", "0"]  # made there, not known here: it waits
    assert found[4] == "1"
    assert found[7:9] == ["0", "0"]


def test_the_runs_spend_no_call_too_many(played: Played) -> None:
    for run in played.report["runs"]:
        assert run["least_calls"] <= run["calls"] <= run["least_calls"] + 1


def test_a_difference_behind_the_engines_back_is_told(played: Played) -> None:
    assert played.planted_code == 1
    assert played.planted_report["in_step"] is False
    assert 'as in Zoho, but is "Written by hand" in Optiply.' in played.told


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the children of a process from /proc")
def test_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    sizes = [text for name, value in SIZE.items() for text in (f"--{name}", str(value))]
    with subprocess.Popen(
        [sys.executable, "-m", "stockbridge_sandbox.demo", *sizes, "--directory", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    ) as demo:
        assert demo.stdout is not None
        for text in demo.stdout:
            if text.startswith("$ stockbridge"):
                break
        (sandbox_id,) = (pid for pid in _children(demo.pid) if "stockbridge-sandbox" in _words(pid))
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=40)
    assert demo.returncode == 130
    assert "Stopped, and the sandbox is closed." in rest
    assert "Traceback" not in rest
    assert not _lives(sandbox_id)
    assert not (tmp_path / "report.json").exists()


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _words(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _lives(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return False
        time.sleep(0.05)
    return True


def _rows(many: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": str(n), "modified": "then", **more} for n in range(many)]


def test_the_least_calls_are_those_of_the_facts() -> None:
    vendors = _rows(201, contact_type="vendor")
    recipe = {
        "is_combo_product": True,
        "name": "Set",
        "sku": "S",
        "status": "active",
        "unit": "",
        "parts": [],
    }
    items = [
        *_rows(401, is_combo_product=False),
        *(row | {"id": f"c{row['id']}"} for row in _rows(2, **recipe)),
    ]
    zoho = {
        "items": items,
        "contacts": [*vendors, *(row | {"contact_type": "customer"} for row in _rows(500))],
        "salesorders": [
            *_rows(400, order_status="closed"),
            {"id": "d", "modified": "", "order_status": "draft"},
        ],
        "purchaseorders": [*_rows(200, order_status="issued"), *_rows(1, order_status="cancelled")],
        "bundles": _rows(3),
    }
    # 403 items: 3 pages and 5 hundreds; 2 recipes: a page and 2 of their own; 201 vendors: 2 pages; 401 orders: 3 pages
    # and 400 with lines; 201 purchase orders: 2 pages and 200 with lines; 3 assemblies: a page.
    zoho["purchaseorders"][200]["id"] = "x"
    assert least_calls(None, zoho, full=True) == 3 + 5 + 1 + 2 + 2 + 3 + 400 + 2 + 200 + 1
    assert least_calls(zoho, zoho, full=False) == 6
    assert least_calls(zoho, zoho, full=True) == 3 + 1 + 2 + 3 + 2 + 1

    now = (
        zoho
        | {
            "items": [row | {"modified": "now"} for row in items[:150]]
            # The one set's recipe changed; the stock of the other moved, which is no news of its recipe.
            + [
                *items[150:401],
                items[401] | {"modified": "now", "parts": ["p"]},
                items[402] | {"modified": "now"},
            ],
            "salesorders": [
                {"id": "d", "modified": "now", "order_status": "confirmed"},
                zoho["salesorders"][0]
                | {"modified": "now"},  # edited after it was imported: nothing to fetch
                *zoho["salesorders"][1:400],
            ],
            # Something arrived on the one, the other one is not wanted any more.
            "purchaseorders": [
                zoho["purchaseorders"][0] | {"receive_ids": ["r"]},
                zoho["purchaseorders"][1] | {"modified": "now", "order_status": "cancelled"},
                *zoho["purchaseorders"][2:],
            ],
        }
    )
    assert least_calls(zoho, now, full=False) == 6 + 2 + 1 + 1 + 1
    # A full read looks behind the movement as well.
    assert least_calls(zoho, now, full=True) == least_calls(zoho, zoho, full=True) + 2 + 2 + 1 + 1
    assert least_export_calls(buy_orders=2, assemblies=1) == 4


def test_business_is_told_a_line_a_kind() -> None:
    events = [
        {"what": "order_created", "number": "SO-8", "detail": "draft"},
        {"what": "item_renamed", "number": "KET-1", "detail": "A -> B"},
        {"what": "order_created", "number": "SO-9", "detail": ""},
        {"what": "something_new", "number": "X" * 200, "detail": ""},
    ]
    lines = business_lines(events)
    assert [text.split()[0] for text in lines] == ["2", "1", "1"]
    assert lines[0].endswith("new orders                  SO-8 (draft); SO-9")
    assert "KET-1 (A → B)" in lines[1]
    assert "something new" in lines[2]
    assert all(len(text) <= 100 for text in lines)
