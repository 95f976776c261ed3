"""Every measurement runs in its quick mode and tells what it promises; the targets themselves are no matter of tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]


def test_the_quick_mode_measures_everything_and_keeps_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(report.read_bytes())
    lines = {one["name"]: {line["what"]: line for line in one["lines"]} for one in found["measured"]}
    assert list(lines) == ["calls", "wall", "board", "cpu", "cycle", "writes", "people", "contacts"]
    for what in ("first run", "five changes", "no change", "mixed hour"):
        # The number of calls does not depend on how busy the machine is.
        assert lines["calls"][f"{what}: made"]["met"], lines["calls"]
        assert lines["calls"][f"{what}: made"]["value"] >= lines["calls"][f"{what}: least possible"]["value"]
    for what in ("first import", "mixed hour"):
        assert lines["board"][f"{what}: made"]["met"], lines["board"]
    # 60 items, 3 composites, 40 sales and 6 purchase orders by their lines, 4 assemblies, 2 vendors (facts, Zoho 13).
    assert lines["calls"]["mixed hour: made"]["value"] == 2 + 4 + 41 + 7 + 1 + 1
    assert (
        lines["board"]["first import: time"]["value"] >= lines["board"]["first import: floor"]["value"] == 60
    )
    runs = ("first run", "the run after it", "five changes each", "the run after that", "no change")
    for what in runs:
        assert lines["contacts"][f"{what}, Zoho: made"]["met"], lines["contacts"]
        made, least = (lines["contacts"][f"{what}, Google: {which}"] for which in ("made", "least possible"))
        assert made["value"] >= least["value"]
    # The list, everybody's details, those only Google knows, and one in four of those whom both know read and changed.
    assert lines["contacts"]["first run, Zoho: least possible"]["value"] == 1 + 60 + 39 + 9 * 2
    assert lines["contacts"]["no change, Google: made"]["value"] == 1
    assert lines["wall"]["calls at Zoho"]["value"] > 100
    assert lines["wall"]["first run"]["value"] >= lines["wall"]["floor"]["value"] == 60
    parts = sum(lines["cpu"][part]["value"] for part in ("decode", "mirror", "detect", "plan"))
    assert abs(parts - lines["cpu"]["page bytes to plan"]["value"]) < 0.01
    assert lines["cycle"]["peak memory: most above least"]["value"] < 50
    assert 0 < lines["writes"]["writes"]["value"] <= 200  # ten at once, 50 ms each
    for name in lines:
        assert f"\n{name} (" in done.stdout


def test_an_unknown_measurement_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "speeed", "--report", str(tmp_path / "report.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "there is no speeed; there are calls, wall, board, cpu, cycle, writes" in done.stderr
