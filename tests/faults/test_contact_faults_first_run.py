"""Faults at every call of the first run of a contact sync, which matches what is there and makes what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.contact_tries import EVERY, SYSTEMS, Moment, moment, storm, try_all
from faults.contacts_floor import Floor, opened, written


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory, ready_store: Path) -> Iterator[Floor]:
    with opened(tmp_path_factory.mktemp("first") / "home", ready_store) as one:
        yield one


@pytest.fixture(scope="module")
def begin(floor: Floor) -> Moment:
    with pytest.MonkeyPatch.context() as patch:
        floor.at_home(patch)
        return moment(floor)


@pytest.fixture(autouse=True)
def at_home(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.at_home(monkeypatch)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_fault_at_every_call(
    system: str, floor: Floor, begin: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_all(floor, begin, monkeypatch, system)


def test_a_full_read_right_after_the_first_run_takes_nothing_for_deleted(floor: Floor, begin: Moment) -> None:
    """Neither system shows yet what was made a moment ago."""
    floor.back_to(begin.kept)
    floor.lag(120)
    assert floor.run().code == 0
    floor.later(1)
    done = floor.run(full=True)
    assert (done.code, written(done.calls)) == (0, []), done.out
    floor.settles(full=True)
    assert floor.picture() == begin.end


@pytest.mark.parametrize("seed", range(100 if EVERY else 3))
def test_several_faults_at_systems_that_show_late(
    seed: int, floor: Floor, begin: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm(floor, begin, monkeypatch, seed)
