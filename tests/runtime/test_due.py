"""When a slot is due: never two runs at once, a missed time made up for once, the clock put forward and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from stockbridge.core.flow import Flow, Op
from stockbridge.runtime.due import due_at, first_due, next_after
from stockbridge.runtime.queue import Queue, Work
from stockbridge.wiring.flags import default_flags
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.schedule import Timing, parse_schedule, parse_timing, slots
from stockbridge.wiring.settings import Settings, SettingsError, parse_settings
from stockbridge.wiring.settings_file import SyncFile, read_sync_file, write_sync_file

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the clock of Amsterdam is put forward that night

INTERVALS = ("every 15 minutes", "every 60 minutes", "every 7 hours", "every day")
CRONS = ("0 */4 * * *", "30 2 * * *", "*/20 * * * *", "15 3 * * 1", "0 0 1 * *")
TIMINGS = st.sampled_from([parse_timing(text) for text in (*INTERVALS, *CRONS)])
MINUTES = st.integers(0, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
MOMENTS = st.datetimes(
    datetime(2026, 1, 1),
    datetime(2027, 12, 31),
    timezones=st.just(UTC),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """How long a run takes, and how long nobody serves after it."""

    run: timedelta
    away: timedelta


STAYS = st.lists(st.builds(Stay, run=MINUTES, away=MINUTES), min_size=1, max_size=12)


@given(timing=TIMINGS, after=MOMENTS)
def test_the_next_time_is_later_and_the_one_after_it_later_still(timing: Timing, after: datetime) -> None:
    first = next_after(timing, after, AMSTERDAM)
    assert after < first <= after + timedelta(days=32)
    assert next_after(timing, first, AMSTERDAM) > first
    # There is nothing in between that was passed over.
    if timing.cron is not None:
        assert next_after(timing, first - timedelta(seconds=1), AMSTERDAM) == first


@given(timing=TIMINGS, stays=STAYS)
def test_a_missed_time_is_made_up_for_once(timing: Timing, stays: list[Stay]) -> None:
    """Each run answers every time that had passed when it began: the next one begins at the first time after that, or as
    soon as somebody serves again, however many times were missed by then."""
    served = START
    due = first_due(timing, served, AMSTERDAM)
    began: list[datetime] = []
    for stay in stays:
        begin = max(served, due_at(timing, due, served, AMSTERDAM))
        if began:
            missed = _between(timing, began[-1], begin)
            assert missed, "a run without a time of the schedule"
            assert begin == max(served, missed[0])
        began.append(begin)
        due = next_after(timing, begin, AMSTERDAM)
        served = begin + stay.run + stay.away


@given(timing=TIMINGS, stored=MOMENTS, now=MOMENTS)
def test_a_clock_that_was_set_back_keeps_nothing_waiting(
    timing: Timing, stored: datetime, now: datetime
) -> None:
    due = due_at(timing, stored, now, AMSTERDAM)
    assert due <= stored
    assert due <= next_after(timing, now, AMSTERDAM)
    if stored <= now:
        assert due == stored
    assert due_at(timing, stored, now, AMSTERDAM, paused=True) == stored


def test_an_hour_that_is_left_out_is_made_up_for_right_after_it() -> None:
    # 2026-03-29, 02:00 becomes 03:00 in Amsterdam: there is no 02:30.
    half_past_two = parse_timing("30 2 * * *")
    days = _next(half_past_two, datetime(2026, 3, 28, 12, tzinfo=UTC), 3)
    assert [one.astimezone(AMSTERDAM).isoformat() for one in days] == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
        "2026-03-31T02:30:00+02:00",
    ]


def test_an_hour_that_comes_twice_counts_once() -> None:
    # 2026-10-25, 03:00 becomes 02:00 in Amsterdam: 02:30 comes twice.
    days = _next(parse_timing("30 2 * * *"), datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert days == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_an_interval_knows_no_clock_on_the_wall() -> None:
    hourly = parse_timing("every 60 minutes")
    for night in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        times = _next(hourly, night, 6)
        assert [later - earlier for earlier, later in zip([night, *times], times, strict=False)] == [
            timedelta(hours=1)
        ] * 6


def test_the_answer_is_in_utc_wherever_it_is_asked() -> None:
    after = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-7)))
    assert next_after(parse_timing("0 6 * * *"), after, AMSTERDAM) == datetime(2026, 7, 2, 4, tzinfo=UTC)
    assert next_after(parse_timing("every hour"), after).tzinfo is UTC


def test_what_never_ran_begins_at_once_but_cron_at_its_time() -> None:
    assert first_due(parse_timing("every day"), START) == START
    assert first_due(parse_timing("0 13 * * *"), START) == START + timedelta(hours=1)


def test_work_that_waits_already_does_not_wait_twice() -> None:
    queue = Queue()
    for _ in range(3):
        queue.submit(1, "import")
        queue.submit(2, "export")
    assert [queue.take() for _ in range(3)] == [
        Work(sync=1, kind="import"),
        Work(sync=2, kind="export"),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("every 60 minutes", "every 60 minutes"),
        ("60m", "every 60 minutes"),
        ("every  hour", "every hour"),
        ("Every 2 Hours", "every 2 hours"),
        ("1 day", "every day"),
        ("0 */4 * * *", "0 */4 * * *"),
        ("0  6 * * MON", "0 6 * * MON"),
        ("off", "never"),
    ],
)
def test_a_timing_is_written_in_many_ways(text: str, plain: str) -> None:
    assert parse_timing(text).text == plain
    assert parse_timing(plain) == parse_timing(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "often",
        "hour",
        "every 0 minutes",
        "every 30 seconds",
        "every 400 days",
        "* * * *",
        "0 0 30 2 *",
        "0 0 0 * * *",
        "61 * * * *",
    ],
)
def test_what_is_no_timing_is_said(text: str) -> None:
    problems: list[str] = []
    parse_schedule({"imports": text}, problems)
    assert len(problems) == 1
    assert problems[0].startswith(f"schedule.imports is {text!r}, but must be ")


def test_every_mistake_in_a_schedule_is_told_at_once() -> None:
    mistakes = {"import": "1h", "exports": 15, "flows": {"sell_order": "1h", "products": "now"}}
    with pytest.raises(SettingsError) as caught:
        parse_settings({"schedule": mistakes}, {}, {})
    assert len(caught.value.problems) == 4
    assert any("imports" in one for one in caught.value.problems)


def test_a_flow_with_a_time_of_its_own_leaves_the_others() -> None:
    flows = optiply_board(Settings())
    names = tuple(flow.name for flow in flows)
    (all_of_them,) = (slot for slot in slots({}, flows) if slot.kind == "import")
    assert (all_of_them.only, all_of_them.timing) == (None, parse_timing("every 60 minutes"))
    own = slots({"flows": {"sell_orders": "0 */4 * * *"}}, flows)
    assert {slot.flow: slot.only for slot in own if slot.kind == "import"} == {
        "": tuple(name for name in names if name != "sell_orders"),
        "sell_orders": ("sell_orders",),
    }
    assert slots({"imports": "never", "exports": "never"}, flows) == ()


def test_only_what_makes_records_in_zoho_is_exported() -> None:
    one_way = Flow(name="products", a="items", b="products", pairs=())
    assert [slot.kind for slot in slots({}, (one_way,))] == ["import"]
    both_ways = Flow(
        name="buy_orders", a="purchaseorders", b="buyOrders", pairs=(), writes_a=frozenset({Op.CREATE})
    )
    exports = [slot for slot in slots({}, (one_way, both_ways)) if slot.kind == "export"]
    assert [slot.timing for slot in exports] == [parse_timing("every 15 minutes")]


def test_a_schedule_outlives_its_file() -> None:
    settings = Settings(
        flags=default_flags(),
        schedule={"imports": "every 2 hours", "flows": {"sell_orders": "0 */4 * * *"}},
    )
    text = write_sync_file(SyncFile(name="board", zoho="winkel", optiply="planning", settings=settings))
    assert read_sync_file(text, {}, {}).settings == settings


def _next(timing: Timing, after: datetime, many: int) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(many):
        after = next_after(timing, after, AMSTERDAM)
        found.append(after)
    return found


def _between(timing: Timing, after: datetime, until: datetime) -> list[datetime]:
    """The times of a schedule in that stretch, found by the library alone."""
    found = []
    if timing.every is not None:
        while (after := after + timing.every) <= until:
            found.append(after)
        return found
    assert timing.cron is not None
    cron = CronSim(timing.cron, after.astimezone(AMSTERDAM))
    while (one := next(cron).astimezone(UTC)) <= until:
        found.append(one)
    return found
