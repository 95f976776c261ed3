"""The budget: never one call too many, and never one too few."""

from __future__ import annotations

import heapq
import math
import threading
from bisect import bisect_right
from datetime import timedelta

import pytest
from http_time import START, FakeTime
from hypothesis import given, settings
from hypothesis import strategies as st

from stockbridge.core.errors import OverBudget
from stockbridge.http.budget import Budget, Day, Limits

ZOHO = Limits(per_minute=100, concurrency=8, reserve=200)


def budget(time: FakeTime, limits: Limits = ZOHO, day: Day | None = None) -> Budget:
    return Budget(limits, time.clock, who="Zoho organisation 7", day=day, jitter=lambda: 0.5)


def quota(remaining: int, *, limit: int = 7500, reset: int = 3600) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(reset),
    }


def simulate(calls: int, trips: list[tuple[float, float]], workers: int) -> list[float]:
    """Arrivals at the server of so many calls; each trip is (seconds out, seconds back)."""
    time = FakeTime()
    bucket = budget(time)
    arrivals: list[float] = []
    waiting = workers
    events: list[tuple[float, int, str]] = []
    sent = 0
    while sent < calls or events:
        again = math.inf
        while waiting and sent < calls:
            wait = bucket.try_acquire()
            if wait:
                again = time.seconds + wait
                break
            out, back = trips[sent % len(trips)]
            arrivals.append(time.seconds + out)
            heapq.heappush(events, (time.seconds + out + back, sent, "answer"))
            sent += 1
            waiting -= 1
        if events and events[0][0] <= again:
            time.seconds = heapq.heappop(events)[0]
            bucket.release()
            waiting += 1
        elif again < math.inf:
            time.seconds = again
    return sorted(arrivals)


SECONDS = st.floats(min_value=0.0, max_value=5.0, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(trips=st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=40), workers=st.integers(1, 20))
def test_no_minute_at_the_server_holds_more_than_100(trips: list[tuple[float, float]], workers: int) -> None:
    arrivals = simulate(350, trips, workers)
    assert len(arrivals) == 350
    for number, arrival in enumerate(arrivals):
        within = bisect_right(arrivals, arrival + 60.0) - number
        assert within <= 100, f"{within} calls arrived within 60 s of {arrival}"


def test_a_thousand_calls_take_at_most_two_percent_more_than_the_limit_asks() -> None:
    arrivals = simulate(1000, [(0.05, 0.25), (0.02, 0.1), (0.1, 0.6)], workers=8)
    floor = (1000 / 100 - 1) * 60.0
    assert floor <= arrivals[-1] - arrivals[0] <= floor * 1.02


def test_not_more_calls_at_once_than_allowed_and_a_release_lets_the_next_one_go() -> None:
    bucket = budget(FakeTime(), Limits(concurrency=3))
    assert [bucket.try_acquire() for _ in range(4)] == [0, 0, 0, math.inf]
    bucket.release()
    assert bucket.try_acquire() == 0


def test_a_thread_that_waits_for_a_place_is_woken_by_a_release() -> None:
    bucket = budget(FakeTime(), Limits(concurrency=1))
    bucket.acquire()
    went = threading.Event()

    def second() -> None:
        bucket.acquire()
        went.set()

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    assert not went.is_set()
    bucket.release()
    assert went.wait(5)
    thread.join(5)


def test_a_call_that_never_left_costs_nothing() -> None:
    time = FakeTime()
    bucket = budget(time, Limits(per_minute=1, concurrency=1))
    bucket.acquire()
    bucket.release(sent=False)
    assert (bucket.spent, bucket.try_acquire()) == (0, 0)
    bucket.release()
    assert bucket.spent == 1
    assert bucket.try_acquire() == pytest.approx(60.05)


def test_calls_a_second_are_spread_out() -> None:
    time = FakeTime()
    bucket = budget(time, Limits(concurrency=9, per_second=5))
    for _ in range(6):
        bucket.acquire()
    assert time.seconds == pytest.approx(1.0)


def test_44_stops_every_call_until_the_minute_has_passed() -> None:
    time = FakeTime()
    bucket = budget(time)
    bucket.be_quiet(60)
    assert bucket.try_acquire() == 60
    bucket.acquire()
    assert time.seconds == 60


def test_1070_lets_fewer_go_at_once_for_a_minute() -> None:
    time = FakeTime()
    bucket = budget(time)
    for _ in range(8):
        bucket.acquire()
    assert bucket.narrow() == 1.0
    for _ in range(8):
        bucket.release()
    assert [bucket.try_acquire() for _ in range(5)] == [0, 0, 0, 0, math.inf]
    time.seconds += 60
    assert [bucket.try_acquire() for _ in range(5)] == [0, 0, 0, 0, math.inf]


def test_the_quota_of_the_day_is_what_the_headers_say() -> None:
    time = FakeTime()
    bucket = budget(time)
    assert (bucket.limit, bucket.remaining, bucket.resets_at, bucket.day) == (None, None, None, None)
    bucket.acquire()
    bucket.release(headers=quota(6195, reset=18560))
    assert bucket.day == Day(limit=7500, remaining=6195, resets_at=START + timedelta(seconds=18560))


def test_answers_that_overtake_each_other_do_not_raise_the_quota() -> None:
    bucket = budget(FakeTime())
    for remaining in (6195, 6197, 6196):
        bucket.acquire()
        bucket.release(headers=quota(remaining))
    assert bucket.remaining == 6195


def test_a_bigger_plan_counts_at_once() -> None:
    bucket = budget(FakeTime(), day=Day(limit=1000, remaining=5, resets_at=START + timedelta(hours=1)))
    bucket.acquire("export")
    bucket.release(headers=quota(56_505, limit=57_500))
    assert (bucket.limit, bucket.remaining) == (57_500, 56_505)


@pytest.mark.parametrize(
    "broken", [{}, {"x-rate-limit-limit": "7500"}, quota(5) | {"x-rate-limit-reset": "soon"}]
)
def test_an_answer_without_the_headers_costs_one_of_what_was_known(broken: dict[str, str]) -> None:
    bucket = budget(FakeTime(), day=Day(limit=7500, remaining=1000, resets_at=START + timedelta(hours=1)))
    bucket.acquire()
    bucket.release(headers=broken)
    bucket.acquire()
    bucket.release(counted=False)
    assert (bucket.remaining, bucket.spent) == (999, 1)


def test_the_last_calls_of_a_day_are_kept_for_exports() -> None:
    bucket = budget(FakeTime(), day=Day(limit=7500, remaining=201, resets_at=START + timedelta(hours=5)))
    bucket.acquire("import")
    bucket.release(headers=quota(200, reset=5 * 3600))
    with pytest.raises(
        OverBudget, match=r"last 200 of today's 7,500 calls of Zoho organisation 7 .* kept for exports"
    ):
        bucket.acquire("import")
    bucket.acquire("export")


def test_calls_under_way_are_counted_as_gone() -> None:
    bucket = budget(
        FakeTime(), Limits(concurrency=8), Day(limit=10, remaining=2, resets_at=START + timedelta(hours=1))
    )
    bucket.acquire()
    bucket.acquire()
    with pytest.raises(OverBudget):
        bucket.acquire()


def test_45_stops_until_the_reset_and_says_when_that_is() -> None:
    time = FakeTime()
    bucket = budget(time)
    bucket.acquire()
    bucket.release(headers=quota(0, limit=1000, reset=7200))
    error = bucket.day_used_up()
    assert error.until == START + timedelta(hours=2)
    assert "2026-03-02 11:00 UTC" in str(error)
    time.seconds = 7199
    with pytest.raises(OverBudget):
        bucket.acquire("export")
    time.seconds = 7200
    bucket.acquire()
    assert bucket.remaining == 1000


def test_45_without_a_known_reset_is_asked_again_after_an_hour() -> None:
    time = FakeTime()
    bucket = budget(time)
    assert bucket.day_used_up().until is None
    time.seconds = 3599
    with pytest.raises(OverBudget):
        bucket.acquire()
    time.seconds = 3600
    bucket.acquire()


def test_a_quota_of_yesterday_is_forgotten() -> None:
    bucket = budget(FakeTime(), day=Day(limit=1000, remaining=0, resets_at=START - timedelta(seconds=1)))
    bucket.acquire()
    assert bucket.remaining == 1000
