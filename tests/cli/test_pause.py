"""A sync that a person pauses: nothing runs, by hand or by itself, until it is resumed; then everything is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, insert, select

from stockbridge.cli.main import main
from stockbridge.runtime.lookout import Lookout
from stockbridge.store import accounts, syncs
from stockbridge.store.database import open_store
from stockbridge.store.schema import checkpoint
from stockbridge.wiring.settings import Settings, encode_settings


@pytest.fixture
def store(home: Path) -> Iterator[Engine]:
    engine = open_store()
    with engine.begin() as connection:
        for name in ("zoho", "optiply"):
            accounts.add(connection, name=name, connector=name, settings={}, sealed=b"")
        number = syncs.add(
            connection,
            name="winkel",
            kind="optiply-board",
            account_a=1,
            account_b=2,
            config=encode_settings(Settings()),
        )
        connection.execute(
            insert(checkpoint).values(
                sync=number, side="a", stream="items", sweep=1, swept_at="2026-01-01T00:00:00Z"
            )
        )
    yield engine
    engine.dispose()


def test_nothing_runs_until_it_is_resumed(store: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    submitted: list[int] = []

    def submit(sync: int, kind: str, flow: str = "") -> None:
        submitted.append(sync)

    assert main(["sync", "pause", "winkel"]) == 0
    assert "stockbridge sync resume winkel" in capsys.readouterr().out
    assert main(["run"]) == 4
    assert "is paused" in capsys.readouterr().err
    look = Lookout(store=store)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    look.look(tomorrow, submit)
    assert submitted == []
    assert main(["sync", "resume", "winkel", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == {"resumed": "winkel"}
    with store.connect() as connection:
        assert connection.execute(select(checkpoint.c.swept_at)).scalar_one() is None
    look.look(tomorrow, submit)
    assert submitted != []
