"""Thirty days of business with random faults: every evening both sides agree, by a comparison that asks neither of us."""

from __future__ import annotations

import os

import pytest

from scenarios.days import FAULTS, Company, Profile, company, live

pytestmark = pytest.mark.usefixtures("fresh_store")

LONG = Profile(days=30, pace=1, parts=(24, 24), items=120, vendors=12, orders=80, faults=6, meanwhile=2)
"""Hourly runs in a larger company: STOCKBRIDGE_TEST_DAYS=long, with the seeds in STOCKBRIDGE_TEST_SEEDS ("1,2,3")."""

PROFILE = LONG if os.environ.get("STOCKBRIDGE_TEST_DAYS") == "long" else Profile()
SEEDS = [int(seed) for seed in os.environ.get("STOCKBRIDGE_TEST_SEEDS", "3").split(",")]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_agree_every_evening(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with company(monkeypatch, PROFILE, seed) as one:
        for day in range(1, PROFILE.days + 1):
            last = live(one, day)
            evening = f"evening {day}, seed {seed}"
            seen = one.compared()
            assert not seen.differences, "\n".join((evening, *seen.differences))
            assert not seen.kept, evening
            assert seen.exports.duplicates == 0, evening
            unsettled = one.unsettled()
            for row in unsettled:  # nothing waits but what the comparison lists apart
                names = one.names(row)
                told = any(name in sentence for name in names for sentence in seen.apart)
                assert told, f"{evening}: {row}\n{seen.apart}"
            assert (last.outcome == "in step") == (not unsettled), evening
        _something_happened(one)


def _something_happened(one: Company) -> None:
    """The days were worth it: both sides lived, orders went out, and a good part of the faults hit something."""
    days = one.profile.days
    seen = one.compared()
    assert seen.exports.buy_orders > days / 4
    assert seen.exports.assembly_orders > days / 6
    assert sum(one.fired.values()) > days / 2
    assert len(one.fired) > len(FAULTS) / 3
    assert len(one.happened) > 40
    assert one.approvals < days / 3
