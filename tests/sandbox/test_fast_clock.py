"""Where a fast clock began, so that another program's clock can tell the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stockbridge_sandbox.clock import Clock


@pytest.mark.parametrize("ahead", [0, 3_600, 90_000])
@pytest.mark.parametrize("speed", [0.5, 20, 1_200])
def test_another_clock_from_there_tells_the_same_time(speed: float, ahead: float) -> None:
    clock = Clock(60)
    clock.advance(ahead)
    clock.set_speed(speed)
    start = clock.start()
    real = datetime.now(UTC)
    told = start + (real - start) * speed
    assert abs(told - clock.now()) < timedelta(seconds=0.2 * speed + 1)


def test_the_real_clock_begins_now() -> None:
    assert abs(Clock(1).start() - datetime.now(UTC)) < timedelta(seconds=5)
