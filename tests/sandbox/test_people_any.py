"""Whatever people do and however reads lag: who follows the sync tokens ends with what there is."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people_caller import Caller, person

MASK = "names,emailAddresses,memberships,metadata"
_WORDS = st.sampled_from(["A", "B", "C", "Dé"])
_PLACE = st.integers(0, 6)
_STEPS = st.one_of(
    st.tuples(st.just("add"), _WORDS),
    st.tuples(st.just("edit"), _PLACE, _WORDS),
    st.tuples(st.just("remove"), _PLACE),
    st.tuples(st.just("restore"), _PLACE),
    st.tuples(st.just("merge"), _PLACE, _PLACE),
    st.tuples(st.just("label"), _PLACE, st.booleans()),
    st.tuples(st.just("rename"), _PLACE),
    st.tuples(st.just("wait"), st.sampled_from([1, 50, 130, 86_400, 8 * 86_400])),
    st.tuples(st.just("page")),
    st.tuples(st.just("sync")),
)


class Follower:
    """A program that keeps a copy by reading page after page, and from the beginning when its token has ended."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.copy: dict[str, Any] = {}
        self.token = self.page = ""
        self.seen: set[str] = set()

    def read_page(self) -> bool:
        """One page; True when it was the last."""
        query: dict[str, Any] = {"requestSyncToken": True, "pageSize": 2}
        query |= {"syncToken": self.token} if self.token else {}
        query |= {"pageToken": self.page} if self.page else {}
        answer = self.caller.connections(MASK, **query)
        if answer.reasons_or_none == ["EXPIRED_SYNC_TOKEN"]:
            self.token = self.page = ""
            self.seen = set()
            return False
        assert answer.status == 200, answer.body
        for row in answer.body.get("connections", []):
            self.seen.add(row["resourceName"])
            for name in (row["resourceName"], *row["metadata"].get("previousResourceNames", ())):
                self.copy.pop(name, None)
            if not row["metadata"].get("deleted"):
                self.copy[row["resourceName"]] = _plain(row)
        self.page = answer.body.get("nextPageToken", "")
        if self.page:
            return False
        if not self.token:
            self.copy = {name: row for name, row in self.copy.items() if name in self.seen}
        self.token = answer.body["nextSyncToken"]
        return True

    def read_all(self) -> None:
        while not self.read_page():
            pass


def _plain(row: Any) -> Any:
    groups = [each["contactGroupMembership"]["contactGroupId"] for each in row["memberships"]]
    return (
        [each.get("displayName") for each in row.get("names", ())],
        [each["value"] for each in row.get("emailAddresses", ())],
        groups,
        row["etag"],
    )


def _play(caller: Caller, step: tuple[Any, ...]) -> None:
    people = caller.people
    alive = [row["resourceName"] for row in people.rows("contacts")]

    def one(n: int) -> str:
        return str(alive[n % len(alive)])

    match step:
        case ("add", word):
            people.add(person(word, "", f"{len(alive)}@post1.example"))
        case ("wait", seconds):
            caller.later(seconds)
        case ("restore", n):
            gone = [row["resourceName"] for row in people.rows("removed")]
            if gone:
                people.restore(gone[n % len(gone)])
        case ("edit", n, word) if alive:
            people.edit(one(n), person(word))
        case ("remove", n) if alive:
            people.remove(one(n))
        case ("merge", n, m) if alive and one(n) != one(m):
            people.merge(one(n), [one(m)])
        case ("label", n, on) if alive:
            people.label(one(n), "VIP", on=on)
        case ("rename", n) if alive:
            people.link_profile(one(n), {}, rename=True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_STEPS, min_size=4, max_size=25), st.sampled_from([0, 120]), st.booleans())
def test_who_follows_the_tokens_ends_with_what_there_is(
    steps: list[tuple[Any, ...]], lag: int, renews: bool
) -> None:
    caller = Caller()
    caller.people.configure(
        {
            "propagation_seconds": lag,
            "sync_token_renews": renews,
            "full_reads_per_hour": 0,
            "reads_per_minute": 0,
        }
    )
    for word in "XYZ":
        caller.people.add(person(word))
    caller.later(lag)
    follower = Follower(caller)
    follower.read_all()
    for step in steps:
        match step:
            case ("page",):
                follower.read_page()
            case ("sync",):
                follower.read_all()
            case _:
                _play(caller, step)
    caller.later(lag)
    follower.read_all()
    follower.read_all()
    assert follower.copy == {row["resourceName"]: _plain(row) for row in caller.people.rows("contacts")}
