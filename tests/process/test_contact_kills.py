"""`stockbridge run` of a contact sync killed at any point and started again: nobody twice, nobody lost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from faults.contact_tries import moment
from faults.contacts_cast import Picture, a_deletion, edits
from faults.contacts_floor import SPEED, Floor, opened, written
from process.shop_floor import SECONDS
from process.shop_floor import Floor as Programs

_RUNS = 6  # within which everything is in step again
_AGAIN = 1.5  # seconds from one of them to the next: six minutes of the sandbox


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory, ready_store: Path) -> tuple[Picture, Picture]:
    """How it looks after a first run that nobody kills, and after one that has edits to carry over."""
    home = tmp_path_factory.mktemp("alive") / "home"
    with opened(home, ready_store) as floor, pytest.MonkeyPatch.context() as patch:
        floor.at_home(patch)
        first = moment(floor).end
        edits(floor.sandbox, floor.in_zoho, floor.at_google)
        a_deletion(floor.in_zoho)
        return first, moment(floor, full=True).end


def programs(floor: Floor, database: str | None) -> Programs:
    """Processes that use the store of this floor and whose clock shows what the sandbox's shows."""
    now, real = floor.sandbox.clock.now(), datetime.now(UTC)
    environment = {
        "STOCKBRIDGE_HOME": str(floor.home),
        "STOCKBRIDGE_CLOCK_SPEED": str(SPEED),
        "STOCKBRIDGE_CLOCK_START": (real - (now - real) / (SPEED - 1)).isoformat(),
        **({"STOCKBRIDGE_DATABASE_URL": database} if database else {}),
    }
    return Programs(addresses={}, environment=environment)


def calls_made(floor: Floor, since: int) -> int:
    return len(floor.sandbox.log.rows(None, since))


def last_call(floor: Floor) -> int:
    before = floor.sandbox.log.rows(None, 0)
    return before[-1].n if before else 0


def wait_for(floor: Floor, count: int, since: int, alive: Callable[[], bool]) -> bool:
    """Until so many calls have been answered since then; False where the program ended before."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if calls_made(floor, since) >= count:
            return True
        if not alive():
            return False
        time.sleep(0.003)
    raise TimeoutError("the program neither went on nor ended")


def kill_some(floor: Floor, shell: Programs, after: list[int], *arguments: str) -> int:
    """Kill runs after so many calls each; returns how many kills struck."""
    struck = 0
    for count in after:
        since = last_call(floor)
        process = shell.begin_quickly("run", *arguments)
        if wait_for(floor, count, since, process.is_alive):
            process.kill()
            struck += 1
        process.join(SECONDS)
        floor.never_twice()
    return struck


def ends_well(floor: Floor, shell: Programs, end: Picture, *arguments: str) -> None:
    """Within a few runs nothing is left to write, and all is as if nobody had been killed."""
    codes = []
    for _ in range(_RUNS):
        since = last_call(floor)
        codes.append(shell.do_quickly("run", *arguments))
        floor.never_twice()
        if codes[-1] == 0 and not written(floor.sandbox.log.rows(None, since)):
            break
        time.sleep(_AGAIN)
    else:
        raise AssertionError((codes, floor.unsettled()))
    assert floor.picture() == end


def slow_down(floor: Floor) -> None:
    """Every answer takes a moment, so that writes are under way when the end comes."""
    for system in ("zoho", "people"):
        floor.fault(system=system, kind="latency", seconds=0.01, count=None)


def some_calls(seed: int, kills: int) -> list[int]:
    """After how many calls, late in a run and early: the writes come after a dozen reads."""
    chance = random.Random(seed)
    return [chance.randint(*((13, 24) if number % 2 == 0 else (3, 18))) for number in range(kills)]


def test_contacts_killed_again_and_again(
    tmp_path: Path, ready_store: Path, ends: tuple[Picture, Picture]
) -> None:
    with opened(tmp_path / "floor", ready_store) as floor:
        shell = programs(floor, None)
        slow_down(floor)
        assert kill_some(floor, shell, some_calls(1, 2)) >= 1
        ends_well(floor, shell, ends[0])
        edits(floor.sandbox, floor.in_zoho, floor.at_google)
        a_deletion(floor.in_zoho)
        assert kill_some(floor, shell, some_calls(2, 2), "--full") >= 1
        ends_well(floor, shell, ends[1], "--full")


def test_contacts_killed_over_postgresql(
    tmp_path: Path, ready_store: Path, ends: tuple[Picture, Picture], postgresql_url: str
) -> None:
    with opened(tmp_path / "floor", ready_store, database=postgresql_url) as floor:
        shell = programs(floor, postgresql_url)
        slow_down(floor)
        assert kill_some(floor, shell, some_calls(3, 2)) >= 1
        ends_well(floor, shell, ends[0])
