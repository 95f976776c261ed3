"""Faults at every call of a run that has edits of both sides to carry over: a conflict, labels by a rule, deletions, new people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.contact_tries import EVERY, SYSTEMS, Moment, moment, try_all, try_it
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


@pytest.mark.parametrize("begin", [True], ids=["in full"], indirect=True)
def test_a_sync_token_that_expired_loses_nothing(floor: Floor, begin: Moment) -> None:
    """Google's list from the beginning does not say who was deleted; the next full read finds that."""
    floor.back_to(begin.kept)
    floor.later(8 * 24 * 3600.0)
    done = floor.run()
    assert done.code == 0, done.out
    lists = [one for one in done.calls if one.path.endswith("/connections")]
    assert [one.status for one in lists] == [400, 200]
    floor.never_twice()
    floor.settles(full=True)
    assert not floor.picture().unlike(begin.end)


@pytest.mark.parametrize("begin", [False], ids=["what changed"], indirect=True)
def test_somebody_saves_a_contact_while_the_lists_are_read(
    floor: Floor, begin: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its etag is another one then, and its place in the list of what changed."""
    lists = [("zoho", r"/contacts$"), ("people", "/connections$")]
    saves = [{"system": system, "path": path, "kind": "move_row"} for system, path in lists]
    try_it(floor, begin, monkeypatch, saves)
