"""One piece of work, with a run made up for it: what its end means for the slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from stockbridge.connectors.memory import Memory
from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.errors import Halt
from stockbridge.core.report import RunReport
from stockbridge.engine.session import open_session
from stockbridge.runtime import work as working
from stockbridge.runtime.lookout import Lookout
from stockbridge.runtime.queue import Work
from stockbridge.runtime.work import Ended, Told, carry_out, failed
from stockbridge.store import accounts, hints, schedule, syncs
from stockbridge.store.database import TAKEN, open_store, sync_lock
from stockbridge.store.rows import moment_text
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import Settings, encode_settings

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
IMPORT, EXPORT = ("import", ""), ("export", "")


@dataclass(slots=True, kw_only=True)
class Bench:
    """A sync whose runs end as they are told to."""

    store: Engine
    lookout: Lookout
    number: int
    ends: dict[str, Any] = field(default_factory=lambda: {"outcome": "in step"})
    asked: list[dict[str, Any]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    resets_in: timedelta | None = None

    def do(self, kind: Any = "import", now: datetime = NOW) -> None:
        self.lookout.look(now, lambda *_: None)
        work = Work(sync=self.number, kind=kind)
        carry_out(self.store, self.lookout.known[self.number], work, lambda: now, self.told.append)

    def slot(self, key: tuple[str, str]) -> schedule.SlotRow:
        with self.store.connect() as connection:
            return schedule.slots(connection, self.number)[key]

    def next_due(self, key: tuple[str, str]) -> datetime:
        return datetime.fromisoformat(self.slot(key).next_due)


@pytest.fixture
def bench(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    store = open_store(sqlite_url)
    with store.begin() as connection:
        ids = [
            accounts.add(connection, name=name, connector=name, settings={}, sealed=b"")
            for name in ("zoho", "optiply")
        ]
        number = syncs.add(
            connection,
            name="board",
            kind="optiply-board",
            account_a=ids[0],
            account_b=ids[1],
            config=encode_settings(Settings()),
        )
    one = Bench(store=store, lookout=Lookout(store=store), number=number)

    @contextmanager
    def opened(engine: Engine, row: syncs.SyncRow) -> Iterator[Any]:
        a, b = Memory("Zoho", ZOHO), Memory("Optiply", OPTIPLY)
        a.meter.resets_at = None if one.resets_in is None else NOW + one.resets_in
        with sync_lock(engine, row.id) as epoch:
            session = open_session(
                engine,
                sync_id=row.id,
                name=row.name,
                epoch=epoch,
                a=a,
                b=b,
                flows=optiply_board(Settings()),
                now=lambda: NOW,
            )
            yield session

    def run(session: Any, **options: Any) -> RunReport:
        one.asked.append(options)
        if "raises" in one.ends:
            raise one.ends["raises"]
        return RunReport(
            run=1,
            sync="board",
            mode="run",
            started_at="",
            ended_at="",
            seconds=0,
            flows=[],
            calls={},
            least_calls=0,
            **one.ends,
        )

    monkeypatch.setattr(working, "open_sync", opened)
    monkeypatch.setattr(working, "run", run)
    yield one
    store.dispose()


def test_imports_and_exports_are_different_runs(bench: Bench) -> None:
    bench.do("import")
    bench.do("export")
    assert bench.asked == [{"only": None}, {"exports": True}]
    assert bench.next_due(IMPORT) == NOW + timedelta(minutes=60)
    assert bench.next_due(EXPORT) == NOW + timedelta(minutes=15)
    assert bench.slot(IMPORT).last_success == moment_text(NOW)
    bench.do("import")  # not due any more
    assert len(bench.asked) == 2


def test_a_connection_that_failed_is_tried_at_the_next_time(bench: Bench) -> None:
    bench.ends = {"outcome": "stopped", "stopped_by": "connection"}
    bench.do("export")
    assert bench.next_due(EXPORT) == NOW + timedelta(minutes=15)
    assert bench.slot(EXPORT).paused_by is None
    assert bench.slot(EXPORT).last_success is None


def test_imports_that_used_up_their_calls_leave_the_exports_going(bench: Bench) -> None:
    bench.ends, bench.resets_in = {"outcome": "stopped", "stopped_by": "quota"}, timedelta(hours=9)
    bench.do("import")
    assert (bench.slot(IMPORT).paused_by, bench.next_due(IMPORT)) == ("quota", NOW + timedelta(hours=9))
    assert (bench.slot(EXPORT).paused_by, bench.next_due(EXPORT)) == (None, NOW)
    bench.do("export")  # now the reserve is used up, too
    assert (bench.slot(EXPORT).paused_by, bench.next_due(EXPORT)) == ("quota", NOW + timedelta(hours=9))
    bench.ends = {"outcome": "in step"}
    bench.do("import", NOW + timedelta(hours=8))
    assert len(bench.asked) == 2
    bench.do("import", NOW + timedelta(hours=9))
    assert bench.slot(IMPORT).paused_by is None
    assert bench.slot(IMPORT).last_outcome == "in step"


def test_a_quota_without_an_end_is_asked_again_in_an_hour(bench: Bench) -> None:
    bench.ends = {"outcome": "stopped", "stopped_by": "quota"}
    bench.do("export")
    assert bench.next_due(IMPORT) == bench.next_due(EXPORT) == NOW + timedelta(hours=1)


def test_an_account_that_refuses_pauses_everything_for_a_day(bench: Bench) -> None:
    bench.ends = {"outcome": "stopped", "stopped_by": "account"}
    bench.do("export")
    assert bench.next_due(IMPORT) == bench.next_due(EXPORT) == NOW + timedelta(hours=24)
    (ended,) = [told for told in bench.told if isinstance(told, Ended)]
    assert (ended.paused_by, ended.next_due) == ("account", moment_text(NOW + timedelta(hours=24)))


def test_a_run_that_a_person_stopped_is_still_due(bench: Bench) -> None:
    bench.ends = {"outcome": "stopped", "stopped_by": "person"}
    bench.do("import")
    assert bench.next_due(IMPORT) == NOW
    bench.do("import", NOW + timedelta(minutes=1))
    assert len(bench.asked) == 2


def test_a_mistake_of_ours_is_not_run_into_again_at_once(bench: Bench) -> None:
    bench.ends = {"raises": ZeroDivisionError()}
    with pytest.raises(ZeroDivisionError):
        bench.do("import")
    assert bench.slot(IMPORT).last_outcome == "failed"
    assert bench.next_due(IMPORT) == NOW + timedelta(minutes=60)


def test_a_sync_that_cannot_be_opened_comes_again_at_its_next_time(bench: Bench) -> None:
    bench.lookout.look(NOW, lambda *_: None)
    failed(bench.store, bench.lookout.known[bench.number], Work(sync=bench.number, kind="export"), NOW)
    assert bench.next_due(EXPORT) == NOW + timedelta(minutes=15)


def test_another_process_that_holds_the_sync_is_told_by_its_code(bench: Bench) -> None:
    with sync_lock(bench.store, bench.number), pytest.raises(Halt) as caught:
        bench.do("import")
    assert caught.value.code == TAKEN
    assert bench.next_due(IMPORT) == NOW


def test_hints_are_read_once_and_only_where_the_board_has_such_records(bench: Bench) -> None:
    def note(*records: tuple[str, str]) -> None:
        with bench.store.begin() as connection:
            hints.note(connection, bench.number, "a", records, moment_text(NOW))

    def left() -> list[tuple[str, str, str]]:
        with bench.store.connect() as connection:
            return hints.waiting(connection, bench.number, "a")

    note(("items", "7"), ("items", "8"), ("vendors", "9"), ("no_such_stream", "1"))
    bench.do("hints")
    assert bench.asked == [{"hints": {"items": ["7", "8"], "vendors": ["9"]}}]
    assert left() == []
    note(("no_such_stream", "1"))
    bench.do("hints")
    assert len(bench.asked) == 1
    assert left() == []
    # What stops it is not tried again and again: the next import reads the record anyway.
    bench.ends = {"outcome": "stopped", "stopped_by": "connection"}
    note(("items", "7"))
    bench.do("hints")
    assert left() == []
    bench.ends = {"outcome": "stopped", "stopped_by": "person"}
    note(("items", "7"))
    bench.do("hints")
    assert len(left()) == 1


def test_hints_do_not_hammer_an_account_that_refuses(bench: Bench) -> None:
    bench.do("import")
    with bench.store.begin() as connection:
        hints.note(connection, bench.number, "a", [("items", "7")], moment_text(NOW))
    bench.ends = {"outcome": "stopped", "stopped_by": "account"}
    bench.do("hints")
    assert bench.slot(IMPORT).paused_by == bench.slot(EXPORT).paused_by == "account"
    assert bench.next_due(IMPORT) == NOW + timedelta(hours=24)
