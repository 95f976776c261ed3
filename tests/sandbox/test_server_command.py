"""The command stockbridge-sandbox, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from zoho_caller import send

_COMMAND = [sys.executable, "-c", "from stockbridge_sandbox.cli import main; main()"]
_SMALL = ["--items", "3", "--vendors", "1", "--orders", "2"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_one_json_line_and_ends_cleanly(how: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    options = ["serve", "--port", "0", "--json", "--speed", "60", "--state", str(file), *_SMALL]
    with subprocess.Popen([*_COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        assert set(urls) == {"zoho", "optiply", "people", "control"}
        assert send(f"{urls['control']}/clock").json()["speed"] == 60
        assert send(f"{urls['optiply']}/_sandbox/state/zoho/items").json()["rows"]
        process.send_signal(how)
        assert process.wait(timeout=10) == 0
    assert file.is_file()


def test_serve_loads_a_folder_and_names_what_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    written = subprocess.run([*_COMMAND, "company", str(folder), *_SMALL], timeout=30, check=True)
    assert written.returncode == 0
    with subprocess.Popen(
        [*_COMMAND, "serve", "--company", str(folder), "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        assert len(send(f"{urls['control']}/state/zoho/salesorders").json()["rows"]) == 2
        process.terminate()
    wrong = subprocess.run(
        [*_COMMAND, "serve", "--data-centre", "mars"], timeout=30, capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "mars" in wrong.stderr
    assert "Traceback" not in wrong.stderr
