"""Faults at every call of a run that has edits of both sides to carry over: a conflict, labels by a rule, deletions, new people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.contact_tries import EVERY, SYSTEMS, Moment, moment, try_all
from faults.contacts_cast import a_deletion, edits
from faults.contacts_floor import Floor, Kept, opened


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory, ready_store: Path) -> Iterator[Floor]:
    with opened(tmp_path_factory.mktemp("two ways") / "home", ready_store) as one:
        with pytest.MonkeyPatch.context() as patch:
            one.at_home(patch)
            assert one.run().code == 0
            one.settles()
        yield one


@pytest.fixture(scope="module")
def edited(floor: Floor) -> Kept:
    edits(floor.sandbox, floor.in_zoho, floor.at_google)
    return floor.keep()


@pytest.fixture(scope="module", params=[False, True], ids=["what changed", "in full"])
def begin(floor: Floor, edited: Kept, request: pytest.FixtureRequest) -> Moment:
    with pytest.MonkeyPatch.context() as patch:
        floor.at_home(patch)
        floor.back_to(edited)
        if request.param:
            a_deletion(floor.in_zoho)
        return moment(floor, full=request.param)


@pytest.fixture(autouse=True)
def at_home(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.at_home(monkeypatch)


@pytest.mark.parametrize("system", SYSTEMS if EVERY else SYSTEMS[:2])
def test_a_fault_at_every_call(
    system: str, floor: Floor, begin: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    try_all(floor, begin, monkeypatch, system, shift=7 if begin.full else 0)
