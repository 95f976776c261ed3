"""The tutorial does what it says: its commands, one after the other, against the sandbox, show what it prints."""

from __future__ import annotations

import re
import shlex
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from stockbridge.cli.main import main
from stockbridge_sandbox.run import Sandbox, start

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-sync.md"
# What differs from time to time and from place to place.
_VARIES = re.compile(r"…|\d{4}-\d\d-\d\d|^calls:|^A run costs|^This look|127\.0\.0\.1|Ctrl-C")


def blocks() -> list[list[str]]:
    """The lines of each code block, continued lines joined."""
    found = re.findall(r"^```\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"(\\|\|)\n", " ", block).splitlines() for block in found]


def is_command(line: str) -> bool:
    return re.match(r"stockbridge|export |curl |CODE=", line) is not None


def printed(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line.strip() and not _VARIES.search(line):
            yield " ".join(line.split())


def post(address: str, body: str) -> bytes:
    request = urllib.request.Request(address, data=body.encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        read: bytes = answer.read()
        return read


def carry_out(line: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    """One line as a shell would: exports, calls of the control endpoint, and our own command."""
    line = line.replace("http://127.0.0.1:8411", sandbox.zoho_url)
    line = line.replace("http://127.0.0.1:8412", sandbox.optiply_url).replace("$CODE", values.get("CODE", ""))
    words = shlex.split(line)
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        if "$" not in value:  # the home of the tests stays where it is
            monkeypatch.setenv(name, value)
    elif line.startswith(("CODE=", "curl")):
        address = re.search(r"http\S+", line)
        assert address is not None
        body = re.search(r"-d '(.*?)'", line)
        answer = post(address[0], body[1] if body else "")
        if line.startswith("CODE="):
            values["CODE"] = msgspec.json.decode(answer)["code"]
    elif words[0] == "stockbridge":
        assert main(words[1:]) == 0, line


def test_the_tutorial_does_what_it_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values: dict[str, str] = {}
    shown, compared, carried_out = "", 0, 0
    # Not earlier than the sync is made: what a planner placed before that day is not exported.
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    with start(items=40, vendors=5, orders=60, at=noon) as sandbox:
        for lines in blocks():
            if is_command(lines[0]):
                capsys.readouterr()
                for line in filter(is_command, lines):
                    carry_out(line, sandbox, monkeypatch, values)
                    carried_out += 1
                shown = "\n".join(printed(capsys.readouterr().out.splitlines()))
            else:
                for line in printed(lines):
                    assert line in shown
                    compared += 1
    assert carried_out >= 15
    assert compared >= 20
