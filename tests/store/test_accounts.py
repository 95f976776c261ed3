"""Accounts and syncs as rows, and a connector that starts with what an earlier start learned."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from stockbridge.core.errors import Halt
from stockbridge.core.secret import Secret
from stockbridge.http.clock import REAL
from stockbridge.store import accounts, schema, syncs
from stockbridge.store.sealing import Sealer
from stockbridge.wiring.accounts import clock_for, open_connector, open_login, seal_login
from stockbridge_sandbox.run import start


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(key=secrets.token_bytes(32), source="the test")


def add(store: Engine, sealer: Sealer, name: str, connector: str = "zoho") -> int:
    sealed = seal_login(sealer, name, {"client_secret": Secret("s"), "refresh_token": Secret("r")})
    with store.begin() as connection:
        return accounts.add(
            connection, name=name, connector=connector, settings={"organization_id": "1"}, sealed=sealed
        )


def test_accounts_are_kept_by_name(store: Engine, sealer: Sealer) -> None:
    second = add(store, sealer, "winkel")
    first = add(store, sealer, "bakker")
    add(store, sealer, "planning", "optiply")
    with pytest.raises(Halt, match='already an account "winkel"'):
        add(store, sealer, "winkel")
    with store.connect() as connection:
        assert [row.name for row in accounts.all_accounts(connection, "zoho")] == ["bakker", "winkel"]
        row = accounts.get(connection, second)
        assert (row.name, row.settings, row.token, row.quota) == (
            "winkel",
            {"organization_id": "1"},
            None,
            None,
        )
        assert open_login(sealer, row) == {"client_secret": Secret("s"), "refresh_token": Secret("r")}
        assert accounts.find(connection, "nobody") is None
    with store.begin() as connection:
        accounts.remember_quota(connection, first, {"limit": 7500, "remaining": 12, "resets_at": None})
        accounts.remember_token(connection, first, b"sealed")
        accounts.replace_login(connection, first, settings={"organization_id": "2"}, sealed=b"new")
        accounts.remove(connection, second)
    with store.connect() as connection:
        row = accounts.get(connection, first)
        assert row.quota == {"limit": 7500, "remaining": 12, "resets_at": None}
        assert (row.token, row.sealed, row.settings) == (None, b"new", {"organization_id": "2"})
        with pytest.raises(Halt, match="not there any more"):
            accounts.get(connection, second)


def test_a_swapped_row_does_not_open(store: Engine, sealer: Sealer) -> None:
    add(store, sealer, "winkel")
    add(store, sealer, "bakker")
    with store.begin() as connection:
        theirs = sa.select(schema.account.c.sealed).where(schema.account.c.name == "bakker").scalar_subquery()
        connection.execute(
            sa.update(schema.account).where(schema.account.c.name == "winkel").values(sealed=theirs)
        )
    with store.connect() as connection:
        row = accounts.find(connection, "winkel")
    assert row is not None
    with pytest.raises(Halt, match="belongs to another account"):
        open_login(sealer, row)


def test_removing_a_sync_takes_all_it_knows_and_nothing_of_others(store: Engine) -> None:
    with store.begin() as connection:
        numbers = [
            syncs.add(connection, name=name, kind="optiply-board", account_a=1, account_b=2, config=b"{}")
            for name in ("b", "a")
        ]
        for number in numbers:
            connection.execute(
                sa.insert(schema.link).values(sync=number, flow="products", a_id="1", b_id="2", marked=False)
            )
            connection.execute(
                sa.insert(schema.run).values(sync=number, mode="run", started_at="2026-01-01T00:00:00Z")
            )
    with store.begin() as connection, pytest.raises(Halt, match='already a sync "a"'):
        syncs.add(connection, name="a", kind="optiply-board", account_a=1, account_b=2, config=b"{}")
    with store.begin() as connection:
        assert [row.name for row in syncs.of_account(connection, 2)] == ["a", "b"]
        syncs.configure(connection, numbers[1], b'{"x":1}')
        syncs.remove(connection, numbers[0])
    with store.connect() as connection:
        assert [(row.name, row.config) for row in syncs.all_syncs(connection)] == [("a", b'{"x":1}')]
        for table in (schema.link, schema.run):
            assert connection.execute(sa.select(table.c.sync)).scalars().all() == [numbers[1]]


def test_a_fast_clock_is_only_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock_for("http://127.0.0.1:8411/dc/eu") is REAL
    monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", "60")
    assert clock_for("https://accounts.zoho.eu") is REAL
    fast = clock_for("http://localhost:8411/dc/eu")
    began = fast.monotonic()
    fast.sleep(1.2)
    assert 1.2 <= fast.monotonic() - began < 60
    hour_ago = REAL.now() - timedelta(hours=1)
    monkeypatch.setenv("STOCKBRIDGE_CLOCK_START", hour_ago.isoformat())
    ahead = clock_for("http://localhost:8411").now() - hour_ago
    assert timedelta(hours=60) <= ahead < timedelta(hours=61)
    for nonsense in ("yesterday", "2026-03-01T08:00:00"):
        monkeypatch.setenv("STOCKBRIDGE_CLOCK_START", nonsense)
        with pytest.raises(Halt, match="must be a moment of the recent past"):
            clock_for("http://127.0.0.1:8411")
    monkeypatch.delenv("STOCKBRIDGE_CLOCK_START")
    for nonsense in ("0", "-1", "fast"):
        monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", nonsense)
        with pytest.raises(Halt, match="must be a number above 0"):
            clock_for("http://127.0.0.1:8411")


def test_the_second_start_spends_no_token_and_knows_the_quota(store: Engine, sealer: Sealer) -> None:
    with start(items=3, vendors=2, orders=1) as sandbox:
        grants = sandbox.zoho.grants
        refresh = grants.new_refresh("ZohoInventory.fullaccess.all")
        settings = {
            "accounts_server": f"{sandbox.zoho_url}/dc/eu",
            "api_domain": None,
            "organization_id": sandbox.control.accounts()["zoho"]["organization_id"],
            "client_id": grants.client_id,
        }
        login = {"client_secret": Secret(grants.client_secret), "refresh_token": Secret(refresh)}
        with store.begin() as connection:
            number = accounts.add(
                connection,
                name="winkel",
                connector="zoho",
                settings=settings,
                sealed=seal_login(sealer, "winkel", login),
            )
        asked = []
        for _ in (1, 2):
            with store.connect() as connection:
                row = accounts.get(connection, number)
            with open_connector(store, row, sealer) as (connector, clock):
                assert clock is REAL
                before = connector.meter.remaining
                assert [len(page.records) for page in connector.read("vendors", None)] == [2]
            asked.append((before, len(grants.accesses)))
        assert asked == [(None, 1), (7499, 1)]
    with store.connect() as connection:
        row = accounts.get(connection, number)
    assert row.token is not None
    for access in grants.accesses:
        assert access.encode() not in row.token
    assert row.quota is not None
    assert row.quota["remaining"] == 7498
    resets = msgspec.convert(row.quota["resets_at"], datetime)
    assert timedelta() < resets - datetime.now(UTC) < timedelta(hours=25)
