"""Ctrl-C in the middle of the first run, in a real process: words, exit code 130, and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

from stockbridge_sandbox.run import Sandbox

Command: TypeAlias = Callable[..., Any]


@pytest.mark.usefixtures("accounts")
def test_ctrl_c_stops_without_harm(stockbridge: Command, sandbox: Sandbox, home: Path) -> None:
    assert stockbridge("sync", "create", "optiply-board").code == 0
    _post(
        sandbox,
        "faults",
        {"system": "optiply", "method": "POST", "kind": "latency", "seconds": 0.3, "count": None},
    )
    with subprocess.Popen(
        [sys.executable, "-m", "stockbridge.cli", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "STOCKBRIDGE_HOME": str(home)},
    ) as process:
        _until(lambda: _rows(sandbox, "products"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert "topped; the next run goes on from here." in out + err
    assert "Traceback" not in out + err
    _delete(sandbox, "faults")
    assert stockbridge("run").code == 0
    for collection in ("products", "suppliers", "supplierProducts", "sellOrders"):
        marks = Counter(
            row.get("remoteId") or str(row.get("remoteIdMap")) for row in _rows(sandbox, collection)
        )
        assert marks, collection
        assert max(marks.values()) == 1, collection
    assert len(_rows(sandbox, "products")) == 12


def _rows(sandbox: Sandbox, collection: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{sandbox.control_url}/state/optiply/{collection}", timeout=10) as answer:
        rows: list[dict[str, Any]] = msgspec.json.decode(answer.read())["rows"]
    return rows


def _post(sandbox: Sandbox, path: str, data: dict[str, Any]) -> None:
    request = urllib.request.Request(f"{sandbox.control_url}/{path}", data=msgspec.json.encode(data))
    urllib.request.urlopen(request, timeout=10).close()


def _delete(sandbox: Sandbox, path: str) -> None:
    request = urllib.request.Request(f"{sandbox.control_url}/{path}", method="DELETE")
    urllib.request.urlopen(request, timeout=10).close()


def _until(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not found():
        assert time.monotonic() < deadline, "the run never wrote anything"
        time.sleep(0.02)
