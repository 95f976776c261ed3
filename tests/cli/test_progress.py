"""Progress: bars that fill up on a terminal, a line now and then elsewhere, nothing beside a JSON document."""

from __future__ import annotations

import io

import pytest

from stockbridge.cli import progress
from stockbridge.core.report import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


STEPS = (
    Progress(flow="items", phase="reading", done=43),
    Progress(flow="products", phase="writing", done=27, total=43),
    Progress(flow="sell_orders", phase="writing", done=1, total=2),
    Progress(flow="sell_orders", phase="fetching", done=3, total=2),
)


def test_bars_fill_up_when_the_next_one_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    with progress.shown(quiet=False) as on_progress:
        for step in STEPS:
            on_progress(step)
    last = terminal.getvalue().rsplit("reading  items", 1)[1]
    assert "43/43" in last
    assert last.count("43/43") == 2
    assert "fetching sell orders" in last
    assert "writing  sell orders" not in last
    assert "3/3" in last


def test_plain_lines_elsewhere(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with progress.shown(quiet=False) as on_progress:
        for seconds, step in zip((2, 1, 6, 1), STEPS, strict=True):
            now[0] += seconds
            on_progress(step)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "reading items: 43\nwriting sell orders: 1 of 2\n"


def test_nothing_beside_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(quiet=True) as on_progress:
        for step in STEPS:
            on_progress(step)
    assert capsys.readouterr() == ("", "")
