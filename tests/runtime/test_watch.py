"""From runs in the store to notices at a webhook over real HTTP: decided once, kept until they arrive."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from runtime.letterbox import Webhook, webhook
from stockbridge.core.report import FlowReport, RunReport
from stockbridge.core.secret import Secret
from stockbridge.runtime.watch import look_over, send, watching
from stockbridge.runtime.work import Noted, Told
from stockbridge.store import accounts, alarms, recipients, runs, schema, syncs
from stockbridge.store.database import open_store
from stockbridge.store.rows import moment_text
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.recipients import seal_for
from stockbridge.wiring.settings import Settings, encode_settings

START = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Office:
    """Two syncs, and time that goes on as it is told."""

    store: Engine
    numbers: dict[str, int]
    now: datetime = START
    notes: list[Told] = field(default_factory=list)

    def run(self, sync: str = "board", outcome: str = "in step", **report: Any) -> int:
        """A run that just ended; `outcome` "" leaves it under way."""
        self.now += timedelta(hours=1)
        mode = report.pop("mode", "run")
        flows = [FlowReport(flow="products", refused=report.pop("refused", 0))]
        with self.store.begin() as connection:
            number = runs.begin(connection, self.numbers[sync], mode, moment_text(self.now))
            if outcome:
                done = RunReport(
                    run=number,
                    sync=sync,
                    mode=mode,
                    outcome=outcome,
                    started_at=self.now.isoformat(),
                    ended_at=self.now.isoformat(),
                    seconds=0,
                    flows=flows,
                    calls={},
                    least_calls=0,
                    **report,
                )
                runs.end(connection, done)
        return number

    def refuse(self, sync: str = "board") -> int:
        return self.run(
            sync,
            "stopped",
            stopped_by="account",
            message="Optiply refused the login of 'joost@example.com'.",
            remedy="Sign in again: stockbridge accounts add optiply --reauthorise planning",
        )

    def look(self, **options: Any) -> None:
        look_over(self.store, self.now, **options)

    def post(self, seconds: float = 10) -> list[Noted]:
        return send(self.store, lambda: self.now, seconds=seconds)

    def unsent(self) -> int:
        with self.store.connect() as connection:
            return sum(alarms.count_unsent(connection).values())

    def tell(self, name: str, url: str) -> None:
        with self.store.begin() as connection:
            sealed = seal_for(load_sealer(), name, Secret(url))
            recipients.add(connection, name=name, way="webhook", settings={}, sealed=sealed)


@pytest.fixture
def box() -> Iterator[Webhook]:
    with webhook() as one:
        yield one


@pytest.fixture
def office(request: pytest.FixtureRequest, box: Webhook, sqlite_url: str) -> Iterator[Office]:
    """In SQLite; a test that asks for `store` as well is made on both dialects."""
    both = "store" in request.fixturenames
    store: Engine = request.getfixturevalue("store") if both else open_store(sqlite_url)
    with store.begin() as connection:
        ids = [
            accounts.add(connection, name=name, connector=name, settings={}, sealed=b"")
            for name in ("zoho", "optiply")
        ]
        config = encode_settings(Settings())
        numbers = {
            name: syncs.add(
                connection,
                name=name,
                kind="optiply-board",
                account_a=ids[0],
                account_b=ids[1],
                config=config,
            )
            for name in ("board", "other")
        }
    found = Office(store=store, numbers=numbers)
    found.tell("chat", box.url)
    yield found
    if not both:
        store.dispose()


def test_a_trouble_is_sent_once_and_its_end_once(office: Office, box: Webhook, store: Engine) -> None:
    office.run()
    number = office.refuse()
    for _ in range(3):  # whoever looks again decides nothing anew
        office.look()
        assert office.post() == []
    told = box.next()
    assert (told["sync"], told["reason"], told["state"], told["run"]) == ("board", "account", "began", number)
    assert told["path"] == "/hooks/T0geheim"
    assert told["text"] == (
        'The sync "board" stands still: a login was refused, or may not do what it has to. '
        "Sign in again: stockbridge accounts add optiply --reauthorise planning"
    )
    assert "joost" not in str(told)
    office.refuse()
    office.look()
    office.run()
    office.look()
    assert office.post() == []
    told = box.next()
    assert (told["reason"], told["state"]) == ("account", "over")
    assert told["text"].startswith('The sync "board" works again.')
    assert box.nothing_more()
    assert office.unsent() == 0


def test_what_could_not_be_sent_is_kept_and_comes_in_its_order(
    office: Office, box: Webhook, store: Engine
) -> None:
    box.answer = 503
    office.refuse()
    office.look()
    (note,) = office.post()
    assert note.what == 'A notice for "chat" could not be sent: The webhook did not take it: it answered 503.'
    assert "stockbridge notify test chat" in note.remedy
    assert box.next()["state"] == "began"
    office.run()
    office.look()
    office.refuse("other")
    office.look()
    assert office.unsent() == 3
    assert len(office.post()) == 1  # one try each time, not one for each notice
    assert box.next()["state"] == "began"
    assert box.nothing_more()
    box.answer = 204
    assert office.post() == []
    told = [box.next() for _ in range(3)]
    assert [(one["sync"], one["state"]) for one in told] == [
        ("board", "began"),
        ("board", "over"),
        ("other", "began"),
    ]
    assert office.unsent() == 0


@pytest.mark.parametrize("status", [301, 302, 307, 404, 410, 500])
def test_only_what_was_taken_counts_as_sent_and_nothing_is_sent_elsewhere(
    office: Office, box: Webhook, status: int
) -> None:
    box.answer = status
    office.refuse()
    office.look()
    (note,) = office.post()
    assert f"it answered {status}" in note.what
    assert box.next()["path"] == "/hooks/T0geheim"
    assert box.nothing_more()
    assert office.unsent() == 1


def test_one_that_is_silent_costs_one_time_out_and_the_others_are_told(office: Office, box: Webhook) -> None:
    box.answering.clear()
    with webhook() as other:
        office.tell("other", other.url)
        office.refuse()
        office.look()
        office.refuse("other")
        office.look()
        (note,) = office.post(seconds=0.2)
        assert "no answer within" in note.what
        assert [other.next()["sync"], other.next()["sync"]] == ["board", "other"]
    assert office.unsent() == 2


def test_nobody_there_is_told_in_words_without_the_address(office: Office) -> None:
    with webhook() as gone:
        pass
    office.tell("gone", gone.url)
    office.refuse()
    office.look()
    notes = {note.code: f"{note.what} {note.remedy}" for note in office.post()}
    assert "nobody listens there" in notes["notify gone"]
    assert "geheim" not in str(notes)


def test_what_cannot_be_sent_is_told_once_and_tried_at_each_look(office: Office, box: Webhook) -> None:
    box.answer = 503
    office.refuse()
    with watching(office.store, lambda: office.now, office.notes.append, names=None, look=0.01):
        for _ in range(3):
            assert box.next()["state"] == "began"
    assert len(office.notes) == 1


def test_a_run_that_ends_is_looked_at_soon(office: Office, box: Webhook) -> None:
    with watching(office.store, lambda: office.now, office.notes.append, names=None, look=3600) as watcher:
        office.refuse()
        watcher.look_soon()
        assert box.next()["reason"] == "account"
        watcher.note_closed(frozenset(["other"]))
        assert box.next()["reason"] == "closed"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_ends_serving_and_not_just_the_watch(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*_: object, **__: object) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr("stockbridge.runtime.watch.look_over", mistake)
    with watching(office.store, lambda: office.now, office.notes.append, names=None) as watcher:
        assert watcher.thread is not None
        watcher.thread.join(30)
        with pytest.raises(RuntimeError, match="nobody watches"):
            watcher.look_soon()


def test_two_processes_decide_once_and_send_once(office: Office, box: Webhook, store: Engine) -> None:
    office.run()
    office.look()
    office.refuse()
    together = threading.Barrier(4)

    def work() -> None:
        together.wait(30)
        office.look()
        office.post()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    office.post()
    assert box.next()["state"] == "began"
    assert box.nothing_more()
    assert office.unsent() == 0


@pytest.mark.parametrize("later", [True, False])
def test_who_died_while_sending_leaves_it_to_the_next_after_a_while(
    office: Office, box: Webhook, store: Engine, later: bool
) -> None:
    office.refuse()
    office.look()
    until = office.now + timedelta(minutes=2)
    times = moment_text(office.now), moment_text(until)
    with office.store.begin() as connection:
        (one,) = alarms.unsent(connection, *times)
        assert alarms.take(connection, one.id, *times)
        assert not alarms.take(connection, one.id, *times)
    assert office.post() == []
    assert (box.nothing_more(), office.unsent()) == (True, 1)
    office.now = until if later else office.now - timedelta(days=400)  # a clock that was set back
    assert office.post() == []
    assert box.next()["state"] == "began"


def test_a_run_under_way_is_waited_for_and_one_that_was_cut_short_counts(
    office: Office, box: Webhook
) -> None:
    for _ in range(3):
        office.run(outcome="")
        office.look()
    assert office.unsent() == 0  # the third may still be under way
    office.run(outcome="")
    office.look()
    office.post()
    told = box.next()
    assert (told["reason"], told["state"]) == ("stuck", "began")
    assert "the program ended before the run did" in told["text"]


def test_what_a_person_took_back_says_nothing(office: Office) -> None:
    office.refuse()
    office.look()
    office.run(mode="undo")
    office.look()
    office.run(mode="undo", outcome="stopped", stopped_by="safety", stop_code="deletions")
    office.look()
    assert office.unsent() == 1


def test_a_burst_is_measured_against_the_linked_records(office: Office, box: Webhook) -> None:
    with office.store.begin() as connection:
        rows = [
            {
                "sync": office.numbers["board"],
                "flow": "products",
                "a_id": str(n),
                "b_id": str(n),
                "marked": False,
            }
            for n in range(100)
        ]
        connection.execute(sa.insert(schema.link), rows)
    office.run(refused=4, outcome="left over")
    office.look()
    assert office.unsent() == 0
    number = office.run(refused=9, outcome="left over")  # five more of a hundred
    office.look()
    office.post()
    told = box.next()
    assert (told["reason"], told["flow"], told["records"], told["run"]) == ("failures", "products", 5, number)
    assert told["remedy"] == "See why: stockbridge status board --waiting"


def test_of_a_long_history_only_the_end_is_looked_at(office: Office, box: Webhook, store: Engine) -> None:
    for _ in range(6):
        office.refuse()
    for _ in range(4):
        office.run(refused=40, outcome="left over")
    office.look()
    assert office.unsent() == 0  # they stood refused before anybody looked
    office.run(refused=60, outcome="left over")
    office.look()
    office.post()
    assert box.next()["records"] == 20


def test_new_runs_are_looked_up_however_many_there_were(office: Office) -> None:
    text = str(alarms._NEW_RUNS.compile(office.store))
    with office.store.connect() as connection:
        # The 0 that is added is a parameter.
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (0,))]
    assert plan[0].startswith("SCAN alarm")
    assert "SEARCH run USING INDEX ix_run_sync (sync=? AND id>?)" in plan[1].replace("rowid>", "id>")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("everything", "Look: stockbridge preview board; if that is right: stockbridge approve 1"),
        ("1234", "See why: stockbridge runs show 1"),
    ],
)
def test_what_a_person_can_approve_is_said_to_be_so(
    office: Office, box: Webhook, code: str, told: str
) -> None:
    what = "Every one of 40 products would be changed (for example name of 4600000012345)."
    office.run(outcome="stopped", stopped_by="safety", stop_code=code, message=what)
    office.look()
    office.post()
    found = box.next()
    assert (found["reason"], found["remedy"]) == ("approval", told)
    assert "4600000012345" not in str(found)


def test_how_many_would_go_is_told(office: Office, box: Webhook) -> None:
    what = "212 of 412 products are gone from Zoho (the limit is 10). Nothing was written."
    office.run(outcome="stopped", stopped_by="safety", stop_code="deletions", message=what)
    office.look()
    office.post()
    look = "Look: stockbridge preview board; if that is right: stockbridge approve 1"
    assert box.next()["text"] == f'The sync "board" stands still for a person to look. {what} {look}'


def test_a_sync_that_does_not_open_is_told(office: Office, box: Webhook) -> None:
    office.run()
    office.look(closed=["board"])
    office.look(closed=["board"])
    office.post()
    assert box.next()["reason"] == "closed"
    office.look()
    office.run(outcome="")  # it began, so it opened
    office.look()
    office.post()
    assert box.next()["state"] == "over"
    assert box.nothing_more()


def test_only_the_syncs_that_are_served_are_looked_at(office: Office, box: Webhook) -> None:
    office.refuse("board")
    office.refuse("other")
    office.look(names=["other"])
    office.post()
    assert box.next()["sync"] == "other"
    assert box.nothing_more()


def test_a_sync_or_a_recipient_that_is_removed_takes_its_notices_along(
    office: Office, box: Webhook, store: Engine
) -> None:
    office.tell("more", box.url)
    office.refuse("board")
    office.refuse("other")
    office.look()
    assert office.unsent() == 4
    with office.store.begin() as connection:
        syncs.remove(connection, office.numbers["board"])
        recipients.remove(connection, recipients.all_recipients(connection)[0].id)
        assert not connection.execute(
            sa.select(schema.alarm.c.sync).where(schema.alarm.c.sync == office.numbers["board"])
        ).all()
    assert office.unsent() == 1
    assert office.post() == []


def test_a_watch_in_the_store_is_small_and_holds_no_names(office: Office) -> None:
    for _ in range(30):
        office.refuse()
        office.look()
    with office.store.connect() as connection:
        here = schema.alarm.c.sync == office.numbers["board"]
        state: bytes = connection.execute(sa.select(schema.alarm.c.state).where(here)).scalar_one()
    assert len(state) < 1000
    assert b"joost" not in state
    assert msgspec.json.decode(state)["alarms"][0]["reason"] == "account"
