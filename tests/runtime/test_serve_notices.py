"""Somebody is told by a real `stockbridge serve`: over HTTP, once, also when it is killed in the middle of telling."""

from __future__ import annotations

from pathlib import Path

import pytest

from process.shop_floor import SECONDS, floor
from runtime.letterbox import webhook
from runtime.served import samples, serving
from stockbridge.cli.main import main

pytestmark = pytest.mark.usefixtures("fresh_store")


def test_a_login_that_is_refused_is_told_and_that_it_works_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with floor(home, items=4, orders=1) as one, webhook() as box:
        for name, value in one.environment.items():
            monkeypatch.setenv(name, value)
        assert main(["notify", "add", "chat", "--webhook", box.url]) == 0
        one.control("zoho/settings", {"user_disabled": True})
        box.answering.clear()
        with serving(one) as server:
            told = box.next()
            assert (told["sync"], told["reason"], told["state"]) == ("board", "account", "began")
            server.process.kill()  # it has decided, and sends: nobody answered yet
            server.process.wait(SECONDS)
        box.answering.set()

        with serving(one, "--metrics", "--metrics-port", "0") as server:
            monitor = server.until("metrics")["address"]
            again = box.next()
            assert (again["reason"], again["state"], again["since"]) == ("account", "began", told["since"])
            assert samples(monitor)["stockbridge_sync_needs_someone", "account", "board"] == 1
            one.control("zoho/settings", {"user_disabled": False})
            assert main(["accounts", "check", "winkel"]) == 0
            assert server.until("ended", kind="import")["report"]["outcome"] == "in step"
            over = box.next()
            while over["state"] == "lasts":  # on this clock a day takes little more than a minute
                over = box.next()
            assert (over["sync"], over["reason"], over["state"]) == ("board", "account", "over")
            assert samples(monitor)["stockbridge_sync_needs_someone", "account", "board"] == 0
            assert server.stop() == 0
        assert "geheim" not in str(server.said)
