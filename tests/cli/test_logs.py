"""Whatever ends up in a log line, no secret does."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from stockbridge.cli.logs import redact, set_up_logs
from stockbridge.core.secret import Secret

TOKEN = "1000.0123456789abcdef0123456789abcdef.fedcba9876543210fedcba9876543210"


@pytest.mark.parametrize(
    "event",
    [
        {"refresh_token": TOKEN},
        {"event": f"got {TOKEN} back"},
        {"headers": {"Authorization": f"Zoho-oauthtoken {TOKEN}", "Accept": "json"}},
        {"event": "sent Authorization: Bearer geheim-geheim"},
        {"form": "grant_type=password&password=geheim-geheim"},
        {"event": "https://x.example/token?code=geheim-geheim&state=1"},
        {"event": '{"client_secret": "geheim-geheim"}'},
        {"rows": [{"password": "geheim-geheim"}]},
        {"body": b"geheim-geheim"},
        {"answer": b"geheim-geheim"},
        {"secret": Secret("geheim-geheim")},
        {"error": ValueError("password=geheim-geheim")},
    ],
)
def test_secrets_are_starred_out(event: dict[str, Any]) -> None:
    shown = str(redact(None, "debug", dict(event)))
    assert "geheim" not in shown
    assert "0123456789abcdef" not in shown


def test_what_is_not_secret_stays() -> None:
    event = {"event": "call", "path": "/inventory/v1/items", "status": 200, "tokens": 3, "code": 1002}
    assert redact(None, "debug", dict(event)) == event


def test_debug_is_off_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    for debug in (False, True):
        set_up_logs(debug=debug)
        structlog.get_logger("stockbridge.http").debug("call", path="/items")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("path=/items") == 1
