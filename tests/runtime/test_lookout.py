"""The slots in the store, on both dialects: kept in line with the settings, begun once, paused and resumed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from stockbridge.runtime.lookout import Lookout
from stockbridge.runtime.queue import Queue, Work
from stockbridge.store import accounts, hints, schedule, syncs
from stockbridge.store.rows import moment_text
from stockbridge.store.schedule import SlotRow
from stockbridge.store.schema import schedule as table
from stockbridge.wiring.settings import encode_settings, parse_settings

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
IMPORTS, SELL_ORDERS = ("import", ""), ("import", "sell_orders")


@pytest.fixture
def number(store: Engine) -> int:
    """A sync of an organisation in Amsterdam."""
    return a_sync(store, "board")


def a_sync(store: Engine, name: str) -> int:
    with store.begin() as connection:
        zoho, optiply = (
            accounts.add(
                connection,
                name=f"{name} at {connector}",
                connector=connector,
                settings={"time_zone": "Europe/Amsterdam"},
                sealed=b"",
            )
            for connector in ("zoho", "optiply")
        )
        return syncs.add(
            connection,
            name=name,
            kind="optiply-board",
            account_a=zoho,
            account_b=optiply,
            config=config({"exports": "never"}),
        )


def config(times: dict[str, Any]) -> bytes:
    return encode_settings(parse_settings({"schedule": times}, {}, {}))


def look(lookout: Lookout, now: datetime, busy: tuple[int, ...] = ()) -> list[Work]:
    queue = Queue()
    lookout.look(now, queue.submit, busy)
    return queue.pending


def slots_of(store: Engine, number: int) -> dict[tuple[str, str], SlotRow]:
    with store.connect() as connection:
        return schedule.slots(connection, number)


def finish(store: Engine, number: int, key: tuple[str, str], next_due: datetime) -> None:
    with store.begin() as connection:
        schedule.end(
            connection,
            number,
            key,
            outcome="in step",
            next_due=moment_text(next_due),
            success=moment_text(NOW),
        )


def begun(store: Engine, number: int, key: tuple[str, str], now: datetime) -> bool:
    with store.begin() as connection:
        return schedule.begin(connection, number, key, moment_text(now))


def test_what_is_due_is_submitted_until_it_has_begun_and_ended(store: Engine, number: int) -> None:
    lookout = Lookout(store=store)
    assert look(lookout, NOW) == [Work(sync=number, kind="import")]
    assert look(lookout, NOW, busy=(number,)) == []
    assert begun(store, number, IMPORTS, NOW)
    assert slots_of(store, number)[IMPORTS].last_outcome == "under way"
    # A process that dies here leaves it due.
    assert look(lookout, NOW) == [Work(sync=number, kind="import")]
    finish(store, number, IMPORTS, NOW + timedelta(hours=1))
    assert look(lookout, NOW + timedelta(minutes=59)) == []
    assert look(lookout, NOW + timedelta(minutes=60)) == [Work(sync=number, kind="import")]


def test_of_two_that_come_for_a_slot_one_gets_it(store: Engine, number: int) -> None:
    assert look(Lookout(store=store), NOW) == look(Lookout(store=store), NOW) != []
    assert begun(store, number, IMPORTS, NOW)
    finish(store, number, IMPORTS, NOW + timedelta(hours=1))
    assert not begun(store, number, IMPORTS, NOW)


def test_the_longest_overdue_comes_first(store: Engine, number: int) -> None:
    other = a_sync(store, "another board")
    lookout = Lookout(store=store)
    look(lookout, NOW)
    finish(store, number, IMPORTS, NOW + timedelta(minutes=10))
    finish(store, other, IMPORTS, NOW + timedelta(minutes=5))
    assert [work.sync for work in look(lookout, NOW + timedelta(minutes=20))] == [other, number]
    assert [work.sync for work in look(Lookout(store=store, names=["board"]), NOW + timedelta(hours=1))] == [
        number
    ]


def test_a_changed_setting_is_noticed_at_the_next_look(store: Engine, number: int) -> None:
    lookout = Lookout(store=store)
    look(lookout, NOW)
    begun(store, number, IMPORTS, NOW)
    finish(store, number, IMPORTS, NOW + timedelta(hours=1))
    times = {"imports": "every 2 hours", "exports": "never", "flows": {"sell_orders": "0 */4 * * *"}}
    with store.begin() as connection:
        syncs.configure(connection, number, config(times))
    assert look(lookout, NOW + timedelta(minutes=90)) == []
    rows = slots_of(store, number)
    assert (rows[IMPORTS].every, rows[IMPORTS].next_due) == (
        "every 2 hours",
        moment_text(NOW + timedelta(hours=2)),
    )
    # 12:00 in Amsterdam was at 10:00 UTC; the next is 16:00.
    assert rows[SELL_ORDERS].next_due == moment_text(NOW + timedelta(hours=4))
    with store.begin() as connection:
        syncs.configure(connection, number, config({"imports": "never", "exports": "never"}))
    assert look(lookout, NOW + timedelta(days=1)) == []
    assert slots_of(store, number) == {}


def test_a_clock_that_was_set_back_is_caught_at_the_next_look(store: Engine, number: int) -> None:
    lookout = Lookout(store=store)
    look(lookout, NOW)
    finish(store, number, IMPORTS, NOW + timedelta(days=3))
    look(lookout, NOW)
    assert slots_of(store, number)[IMPORTS].next_due == moment_text(NOW + timedelta(hours=1))


def test_a_pause_holds_until_its_end_or_until_the_account_works_again(store: Engine, number: int) -> None:
    lookout = Lookout(store=store)
    look(lookout, NOW)
    with store.begin() as connection:
        account = syncs.all_syncs(connection)[0].account_b
        schedule.pause(connection, number, "account", moment_text(NOW + timedelta(hours=24)), ["import"])
        hints.note(connection, number, "a", [("items", "7")], moment_text(NOW))
    assert look(lookout, NOW + timedelta(hours=23)) == []
    assert look(lookout, NOW + timedelta(hours=24)) == [
        Work(sync=number, kind="hints"),
        Work(sync=number, kind="import"),
    ]
    with store.begin() as connection:
        assert schedule.resume(connection, account + 100) == 0
        assert schedule.resume(connection, account) == 1
        due = connection.execute(sa.select(table.c.next_due, table.c.paused_by)).one()
    assert due.paused_by is None
    assert abs(datetime.fromisoformat(due.next_due) - datetime.now(UTC)) < timedelta(minutes=1)


def test_hints_are_gathered_and_those_told_again_meanwhile_stay(store: Engine, number: int) -> None:
    lookout = Lookout(store=store, gather=timedelta(seconds=5))
    look(lookout, NOW)
    finish(store, number, IMPORTS, NOW + timedelta(hours=1))
    with store.begin() as connection:
        hints.note(connection, number, "a", [("items", "7"), ("vendors", "8")], moment_text(NOW))
    assert look(lookout, NOW + timedelta(seconds=4)) == []
    assert look(lookout, NOW + timedelta(seconds=5)) == [Work(sync=number, kind="hints")]
    with store.begin() as connection:
        taken = hints.waiting(connection, number, "a")
        hints.note(connection, number, "a", [("items", "7")], moment_text(NOW + timedelta(seconds=6)))
        hints.settle(connection, number, "a", taken)
        left = hints.waiting(connection, number, "a")
    assert [(stream, id) for stream, id, _ in taken] == [("items", "7"), ("vendors", "8")]
    assert left == [("items", "7", moment_text(NOW + timedelta(seconds=6)))]


def test_a_sync_that_is_not_understood_leaves_the_others_alone(store: Engine, number: int) -> None:
    other = a_sync(store, "another board")
    with store.begin() as connection:
        syncs.configure(connection, number, b'{"flags": {"no_such_flag": 1}, "mappings": {}, "exclude": {}}')
    lookout = Lookout(store=store)
    assert look(lookout, NOW) == [Work(sync=other, kind="import")]
    assert "no_such_flag" in lookout.broken["board"]


def test_a_sync_that_is_removed_takes_its_slots_and_hints_along(store: Engine, number: int) -> None:
    look(Lookout(store=store), NOW)
    with store.begin() as connection:
        hints.note(connection, number, "a", [("items", "7")], moment_text(NOW))
        syncs.remove(connection, number)
        assert schedule.slots(connection, number) == {}
        assert hints.oldest(connection) == {}


def test_a_pause_brings_nothing_forward(store: Engine, number: int) -> None:
    look(Lookout(store=store), NOW)
    finish(store, number, IMPORTS, NOW + timedelta(days=7))
    with store.begin() as connection:
        schedule.pause(connection, number, "quota", moment_text(NOW + timedelta(hours=9)), ["import"])
    assert slots_of(store, number)[IMPORTS].next_due == moment_text(NOW + timedelta(days=7))
