"""Who is told what, and when: by table, and over any history of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockbridge.core.alarms import (
    REMIND_AFTER,
    Facts,
    Kind,
    Notice,
    Past,
    Reason,
    Watch,
    is_burst,
    notices,
)
from stockbridge.core.notice_words import message, subject

START = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
ALL = {"products": 0, "buy_orders": 0}


class History:
    """One sync, as it goes on."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.now = START
        self.number = 0
        self.told: list[Notice] = []

    def run(
        self,
        outcome: str = "in step",
        by: str | None = None,
        code: str | None = None,
        *,
        kind: Kind = "import",
        flows: dict[str, int] | None = None,
        after: timedelta = timedelta(hours=1),
        **facts: Any,
    ) -> list[tuple[str, str]]:
        """The next run; what is told of it, as (reason, state)."""
        self.now += after
        self.number += 1
        past = Past(
            number=self.number,
            kind=kind,
            outcome=outcome,
            ended_at=self.now,
            stopped_by=by,
            stop_code=code,
            flows=ALL if flows is None else flows,
        )
        return self.look(runs=[past], **facts)

    def stop(self, by: str, code: str | None = None, **more: Any) -> list[tuple[str, str]]:
        return self.run("stopped", by, code, **more)

    def look(self, after: timedelta = timedelta(), **facts: Any) -> list[tuple[str, str]]:
        self.now += after
        given: dict[str, Any] = {"flows": tuple(ALL), "linked": {"products": 1000}, "begun": self.number}
        given |= facts
        after_it, told = notices(self.watch, Facts(**given), self.now)
        # Between two looks it is in the store.
        self.watch = msgspec.json.decode(msgspec.json.encode(after_it), type=Watch)
        assert self.watch == after_it
        self.told += told
        return [(one.reason.value, one.state) for one in told]


@pytest.fixture
def sync() -> History:
    return History()


@pytest.mark.parametrize(
    ("refused", "linked", "burst"),
    [
        (10, 100_000, True),
        (9, 100_000, False),
        (9, 180, True),
        (9, 181, False),
        (3, 60, True),
        (3, 61, False),
        (3, 0, True),
        (2, 0, False),
        (2, 2, False),
        (0, 0, False),
        (-5, 10, False),
    ],
)
def test_ten_or_a_twentieth_are_a_burst_but_never_one_or_two(refused: int, linked: int, burst: bool) -> None:
    assert is_burst(refused, linked) is burst


@pytest.mark.parametrize(
    ("by", "code", "reason"),
    [
        ("account", "14", "account"),
        ("safety", "deletions", "approval"),
        ("safety", "read-empty", "approval"),
        ("safety", "everything", "approval"),
        ("safety", "preview", "preview"),
    ],
)
def test_what_needs_someone_is_told_at_once_and_when_it_works_again(
    sync: History, by: str, code: str, reason: str
) -> None:
    assert sync.run() == []
    assert sync.stop(by, code) == [(reason, "began")]
    for _ in range(22):
        assert sync.stop(by, code) == []
    assert sync.stop(by, code) == []  # 23 hours
    assert sync.stop(by, code) == [(reason, "lasts")]
    assert sync.look(timedelta(hours=23)) == []
    assert sync.look(timedelta(hours=1)) == [(reason, "lasts")]
    assert sync.run("left over") == [(reason, "over")]
    assert sync.run() == []
    assert sync.stop(by, code) == [(reason, "began")]  # another time it is another trouble


@pytest.mark.parametrize("by", ["person", "quota", "connection", "trouble"])
def test_what_goes_by_itself_is_not_told_at_once(sync: History, by: str) -> None:
    assert sync.stop(by) == []
    assert sync.run() == []


def test_a_run_that_another_process_took_over_means_nothing(sync: History) -> None:
    for _ in range(40):
        assert sync.stop("safety", "lease") == []


def test_three_runs_in_a_row_that_do_not_come_to_their_end_are_told(sync: History) -> None:
    assert sync.stop("connection") == []
    assert sync.stop("quota") == []
    assert sync.stop("person") == []  # says nothing either way
    assert sync.run("cut short") == [("stuck", "began")]
    assert sync.told[-1].since == START + timedelta(hours=1)
    assert (sync.told[-1].many, sync.told[-1].what) == (3, "cut short")
    assert sync.stop("connection") == []
    assert sync.run() == [("stuck", "over")]
    assert sync.stop("connection") == sync.stop("connection") == []


def test_a_day_without_a_run_that_came_to_its_end_is_told(sync: History) -> None:
    assert sync.stop("quota") == []
    assert sync.look(timedelta(hours=23, minutes=59)) == []
    assert sync.look(timedelta(minutes=1)) == [("stuck", "began")]


def test_exports_that_work_do_not_hide_imports_that_do_not(sync: History) -> None:
    soon = timedelta(minutes=15)
    assert sync.stop("account") == [("account", "began")]
    assert sync.run(kind="exports", flows={"buy_orders": 0}, after=soon) == []
    assert sync.run(kind="hints", after=soon) == []
    assert sync.run() == [("account", "over")]
    for _ in range(2):
        assert sync.stop("connection") == []
        assert sync.run(kind="exports", flows={"buy_orders": 0}, after=soon) == []
    assert sync.stop("connection") == [("stuck", "began")]
    assert sync.run(kind="exports", flows={"buy_orders": 0}, after=soon) == []
    assert sync.run() == [("stuck", "over")]


def test_an_import_that_works_says_that_exports_do(sync: History) -> None:
    assert sync.stop("account", kind="exports", flows={"buy_orders": 0}) == [("account", "began")]
    assert sync.run() == [("account", "over")]


def test_a_flow_with_a_time_of_its_own_speaks_for_itself(sync: History) -> None:
    assert sync.stop("safety", "deletions") == [("approval", "began")]
    assert sync.run(flows={"buy_orders": 0}) == []
    assert sync.run(flows={"products": 0}) == [("approval", "over")]  # now all of them came through


def test_a_flow_that_works_does_not_hide_that_the_others_do_not(sync: History) -> None:
    for _ in range(2):
        assert sync.stop("connection") == []
        assert sync.run(flows={"buy_orders": 0}) == []
    assert sync.stop("connection") == [("stuck", "began")]


def test_a_trouble_that_ended_and_came_again_between_two_looks_is_another_one(sync: History) -> None:
    assert sync.stop("account") == [("account", "began")]
    later = [
        Past(number=2, kind="import", outcome="in step", ended_at=sync.now, flows=ALL),
        Past(
            number=3,
            kind="import",
            outcome="stopped",
            ended_at=sync.now + timedelta(hours=1),
            stopped_by="account",
            flows=ALL,
        ),
    ]
    assert sync.look(timedelta(hours=1), runs=later) == [("account", "over"), ("account", "began")]


def test_a_burst_in_a_flow_that_is_left_out_now_is_over(sync: History) -> None:
    known = {**ALL, "compositions": 40}
    assert sync.run("left over", flows=known) == [("failures", "began")]
    assert sync.run() == [("failures", "over")]


def test_a_flow_that_the_settings_do_not_make_any_more_is_not_waited_for(sync: History) -> None:
    assert sync.stop("account", flows={**ALL, "compositions": 0}) == [("account", "began")]
    assert sync.run() == [("account", "over")]


def test_hints_that_fail_are_left_to_the_next_import(sync: History) -> None:
    for _ in range(10):
        assert sync.stop("connection", kind="hints", after=timedelta(seconds=9)) == []


def test_a_sync_that_does_not_open_is_told_until_a_run_begins(sync: History) -> None:
    sync.run()
    assert sync.look(closed=True) == [("closed", "began")]
    assert sync.look(timedelta(hours=1), closed=True) == []
    assert sync.look(timedelta(hours=1)) == []  # whoever looks now did not try to open it
    assert sync.look(timedelta(hours=22), closed=True) == [("closed", "lasts")]
    assert sync.look(begun=sync.number + 1) == [("closed", "over")]


def test_a_burst_is_told_by_flow_and_is_over_when_all_but_a_few_are_mended(sync: History) -> None:
    assert sync.run(flows={"products": 7, "buy_orders": 0}) == []
    assert sync.run("left over", flows={"products": 16, "buy_orders": 0}) == []  # 9 more of 1000
    assert sync.run("left over", flows={"products": 56, "buy_orders": 0}) == [("failures", "began")]
    assert (sync.told[-1].flow, sync.told[-1].many) == ("products", 40)
    assert sync.run("left over", flows={"products": 60, "buy_orders": 3}) == [("failures", "began")]
    assert sync.told[-1].flow == "buy_orders"
    assert sync.stop("connection", flows={"products": 0, "buy_orders": 3}) == []  # not certain yet
    assert sync.run("left over", flows={"products": 26, "buy_orders": 3}) == []
    assert sync.run("left over", flows={"products": 25, "buy_orders": 3}) == [("failures", "over")]
    assert sync.told[-1].flow == "products"
    assert sync.look(timedelta(days=1)) == [("failures", "lasts")]
    assert sync.run(flows=ALL) == [("failures", "over")]


def test_a_paused_sync_is_left_in_peace(sync: History) -> None:
    assert sync.stop("connection") == []
    assert sync.look(timedelta(days=3), paused=True) == []
    assert sync.look() == []  # what was before the pause does not count
    assert sync.stop("account") == [("account", "began")]
    assert sync.look(timedelta(days=3), paused=True) == []
    assert sync.look() == [("account", "lasts")]


def test_a_clock_that_is_set_back_does_not_silence_it(sync: History) -> None:
    assert sync.stop("account") == [("account", "began")]
    assert sync.look(timedelta(days=-400)) == [("account", "lasts")]
    assert sync.look(timedelta(days=1)) == [("account", "lasts")]


def test_what_came_and_went_while_nobody_looked_is_not_told() -> None:
    runs = [
        Past(number=1, kind="import", outcome="stopped", ended_at=START, stopped_by="account", flows=ALL),
        Past(number=2, kind="import", outcome="in step", ended_at=START, flows=ALL),
    ]
    after, told = notices(Watch(), Facts(runs=runs), START)
    assert (told, after.alarms, after.newest) == ((), (), 2)


RUNS = st.tuples(
    st.sampled_from(
        [
            ("in step", None, None),
            ("left over", None, None),
            ("stopped", "account", None),
            ("stopped", "safety", "deletions"),
            ("stopped", "safety", "preview"),
            ("stopped", "connection", None),
            ("stopped", "quota", None),
            ("stopped", "person", None),
            ("cut short", None, None),
        ]
    ),
    st.sampled_from(["import", "exports", "hints"]),
    st.dictionaries(st.sampled_from(["products", "buy_orders"]), st.integers(0, 30)),
    st.sampled_from([timedelta(minutes=15), timedelta(hours=5), timedelta(hours=30)]),
    st.booleans(),  # whether it could not be opened at that time
)


@settings(max_examples=150, deadline=None)
@given(st.lists(RUNS, max_size=30), st.integers(1, 3))
def test_each_trouble_is_told_once_a_day_and_its_end_once(history: list[Any], at_once: int) -> None:
    """Whatever comes: a beginning, then at most one reminder a day, then one end; and nothing of a trouble that is over."""
    sync = History()
    standing: dict[tuple[Reason, str], datetime] = {}  # trouble -> when it was told last
    batch: list[Past] = []
    for number, ((outcome, by, code), kind, flows, after, closed) in enumerate(history, 1):
        sync.now += after
        batch.append(
            Past(
                number=number,
                kind=kind,
                outcome=outcome,
                ended_at=sync.now,
                stopped_by=by,
                stop_code=code,
                flows=flows,
            )
        )
        if number % at_once and number != len(history):
            continue
        before = len(sync.told)
        sync.look(runs=batch, begun=number, closed=closed)
        batch = []
        for one in sync.told[before:]:
            key = (one.reason, one.flow)
            match one.state:
                case "began":
                    assert key not in standing
                    standing[key] = sync.now
                case "lasts":
                    assert sync.now - standing[key] >= REMIND_AFTER
                    standing[key] = sync.now
                case "over":
                    del standing[key]
        assert set(standing) == {alarm.key for alarm in sync.watch.alarms}
        # Nothing is told twice of the same moment, and a reminder that is due was told.
        assert all(sync.now - at < REMIND_AFTER for at in standing.values())
        assert sync.look(runs=[], begun=number, closed=closed) == []
    sync.number = len(history)
    sync.run(flows=dict.fromkeys(ALL, 0))
    assert sync.watch.alarms == ()  # one import in step ends everything


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), RUNS), max_size=30))
def test_syncs_mean_nothing_to_each_other(history: list[tuple[int, Any]]) -> None:
    together = [History() for _ in range(3)]
    for which, ((outcome, by, code), kind, flows, _, _) in history:
        together[which].run(outcome, by, code, kind=kind, flows=flows)
    for which, expected in enumerate(together):
        alone = History()
        for other, ((outcome, by, code), kind, flows, _, _) in history:
            if other == which:
                alone.run(outcome, by, code, kind=kind, flows=flows)
        assert alone.told == expected.told


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("state", ["began", "lasts", "over"])
def test_a_notice_says_what_happened_to_which_sync_and_what_mends_it(reason: Reason, state: Any) -> None:
    notice = Notice(
        reason=reason,
        state=state,
        flow="sell_orders" if reason is Reason.FAILURES else "",
        since=START,
        at=START,
        run=88,
        what="connection" if reason is Reason.STUCK else "",
        remedy="",
        many=1204,
    )
    told = message(notice, "Mijn winkel")
    assert '"Mijn winkel"' in told.text
    assert ("works again" in told.text) == (state == "over")
    assert ("stockbridge " in told.text) == (state != "over")
    assert told.text.endswith(told.remedy)
    assert "  " not in told.text
    if state != "over" and reason not in (Reason.ACCOUNT, Reason.APPROVAL):
        assert "'Mijn winkel'" in told.remedy  # as a shell takes it
    if reason is Reason.FAILURES and state != "over":
        assert "1,204 sell orders" in told.text
    assert (
        subject(told) == f"Stockbridge: Mijn winkel {'works again' if state == 'over' else 'needs someone'}"
    )
