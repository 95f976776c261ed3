"""The faults that a contact sync is tried under, and one try: back to the moment, a fault at one call, and all is well again."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from faults.contacts_cast import Picture
from faults.contacts_floor import Floor, Kept, in_a_hurry

EVERY = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
"""Every fault at every call, which takes minutes; else each call has some of the faults."""

ANY: dict[str, dict[str, Any]] = {
    "drop_after": {"kind": "drop_after"},
    "500": {"kind": "status", "status": 500},
    "hang": {"kind": "hang", "seconds": 0.4},
    "502_after": {"kind": "status_after", "status": 502},
    "revoke_token": {"kind": "revoke_token"},
    "truncate_page": {"kind": "truncate_page"},
    "429": {"kind": "status", "status": 429},
    "drop_before": {"kind": "drop_before"},
    "not_json": {"kind": "not_json"},
    "502": {"kind": "status", "status": 502},
    "latency": {"kind": "latency", "seconds": 0.02},
    "slow": {"kind": "slow", "seconds": 60.0},
    "row_without_id": {"kind": "row_without_id"},
    "move_row": {"kind": "move_row"},
    "401": {"kind": "status", "status": 401},
}
ONLY: dict[str, dict[str, dict[str, Any]]] = {
    "zoho": {
        "quota of the day": {"kind": "status", "status": 429, "code": 45},
        "too many at once": {"kind": "status", "status": 429, "code": 1070},
    },
    "people": {"503": {"kind": "status", "status": 503}},
}
LOST = ("drop_after", "502_after", "truncate_page", "drop_before", "hang")
"""Faults after which nobody knows whether a write took effect."""
SYSTEMS = ("zoho", "people", "accounts", "people_login")
LOGIN = ("drop_after", "500", "truncate_page", "429", "drop_before", "not_json", "hang")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """From where a run starts, what calls it makes where nothing goes wrong, and how it all looks then."""

    kept: Kept
    end: Picture
    calls: Counter[str]
    full: bool


def moment(floor: Floor, *, full: bool = False) -> Moment:
    """The present one. The run is tried once without any fault; it must need no second."""
    kept = floor.keep()
    floor.back_to(kept)
    done = floor.run(full=full)
    assert done.code == 0, done.out + done.err
    end = floor.picture()
    assert end.twice() == []
    assert floor.settles(full=full) == 1
    assert floor.picture() == end
    calls = Counter(one.system for one in done.calls)
    return Moment(kept=kept, end=end, calls=calls, full=full)


def faults_of(system: str) -> dict[str, dict[str, Any]]:
    """By their names, those that there are at this system."""
    if system in ("accounts", "people_login"):
        return {name: ANY[name] for name in LOGIN}
    return {**ANY, **ONLY[system]}


def tries(system: str, calls: int, shift: int | None) -> Iterator[tuple[int, str]]:
    """Which fault is tried at which call: each call has one at least. Without `shift` also each fault at least one call;
    with it the faults are others at the same calls. Where nothing but a token is fetched, every second fault will do."""
    names = list(faults_of(system))
    if EVERY:
        yield from ((nth, name) for nth in range(1, calls + 1) for name in names)
        return
    if system in ("accounts", "people_login"):
        names = names[system == "accounts" :: 2]
    for number in range(calls if shift is not None else max(calls, len(names))):
        yield number % calls + 1, names[(number + (shift or 0)) % len(names)]


class NoCall(AssertionError):
    """There was no call at which the fault could strike: the run made only so many, by system."""

    def __init__(self, made: Counter[str]) -> None:
        super().__init__(f"the fault found no call, of {dict(made)}")
        self.made = made


def try_it(floor: Floor, start: Moment, patch: pytest.MonkeyPatch, faults: Sequence[dict[str, Any]]) -> None:
    """One run with these faults from this moment on; then everything ends as it would have without."""
    floor.back_to(start.kept)
    for what in faults:
        floor.fault(**what)
    with patch.context() as here:
        if any(what["kind"] == "hang" for what in faults):
            in_a_hurry(here)
        done = floor.run(full=start.full)
    if 0 in floor.fired():
        raise NoCall(Counter(one.system for one in done.calls))
    assert done.code in (0, 3, 4), done.out + done.err
    floor.never_twice()
    if done.code == 0:
        assert not (left := floor.picture().unlike(start.end)), (
            f"the run did not say what it left over: {left}"
        )
    floor.settles(full=start.full)
    assert not (left := floor.picture().unlike(start.end)), left


def strike(floor: Floor, start: Moment, patch: pytest.MonkeyPatch, fault: dict[str, Any], nth: int) -> None:
    """One run with this fault at that call, or at its last one. How many calls Google gets hangs on which writes wait
    together, so a run may make fewer than the one that was counted; a fault at a call that it did make must strike."""
    while True:
        try:
            return try_it(floor, start, patch, [{**fault, "nth": nth}])
        except NoCall as missed:
            made = missed.made[fault["system"]]
            if fault["system"] != "people" or not 0 < made < nth:
                raise
            nth = made


def try_all(
    floor: Floor, start: Moment, patch: pytest.MonkeyPatch, system: str, *, shift: int | None = None
) -> None:
    """Every try of this system, each from the moment again."""
    found: list[tuple[str, AssertionError]] = []
    for nth, name in tries(system, start.calls[system], shift):
        try:
            strike(floor, start, patch, {"system": system, **faults_of(system)[name]}, nth)
        except AssertionError as error:
            found.append((f"{name} at call {nth}", error))
    if found:
        said = "\n\n".join(f"{where}: {error}" for where, error in found)
        raise AssertionError(said)


def storm(floor: Floor, start: Moment, patch: pytest.MonkeyPatch, seed: int) -> None:
    """A few runs, each with several faults, some of which stay, on systems that show late what was written; then quiet."""
    chance = random.Random(seed)
    floor.back_to(start.kept)
    floor.lag(chance.choice([60.0, 120.0]))
    for _ in range(3):
        hurry = False
        for system in chance.choices(SYSTEMS[:2], k=3):
            name = chance.choice([*LOST, "not_json", "502", "429"])
            method = chance.choice([None, "POST", "PATCH" if system == "people" else "PUT"])
            where = {"system": system, "method": method, "nth": chance.randint(1, 3 if method else 10)}
            floor.fault(**where, count=chance.choice([1, 1, 2, None]), **faults_of(system)[name])
            hurry = hurry or name == "hang"
        with patch.context() as here:
            if hurry:
                in_a_hurry(here)
            done = floor.run(full=chance.random() < 0.4)
        assert done.code in (0, 3, 4), done.out + done.err
        floor.never_twice()
        floor.sandbox.faults.clear()
        floor.later(chance.choice([1, 30, 130, 600]))
    floor.settles(full=start.full)
    assert not (left := floor.picture().unlike(start.end)), left
