"""What several threads write at the same moment goes to Google together, and each gets an answer of its own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from test_people_connector import add, book, calls, fetched, raw, read

from stockbridge.connectors.people.batches import Gathered
from stockbridge.connectors.people.connector import GoogleConnector
from stockbridge.core.errors import Gone, Rejected, Retry, Trouble, Uncertain
from stockbridge.core.record import Record, Values
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may wake a thread late: a batch waits longer for it here."""
    monkeypatch.setattr("stockbridge.connectors.people.batches._QUIET_SECONDS", 0.3)


def at_once(act: Callable[[int], Any], count: int) -> list[Any]:
    """What `act` returned, or its trouble, for each number, all of them called at the same moment."""
    ready = threading.Barrier(count)

    def one(number: int) -> Any:
        ready.wait(20)
        try:
            return act(number)
        except Trouble as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def someone(number: int) -> Values:
    return {"given_name": f"N{number}", "email": f"n{number}@x.example"}


def create(connector: GoogleConnector, number: int) -> Record:
    return connector.create("contacts", someone(number), f"m{number}")


def writes(sandbox: Sandbox) -> Counter[str]:
    """How often each kind of write was sent; those of one contact by the name of the call."""
    paths = [one.path for one in sandbox.log.rows("people") if one.method != "GET"]
    return Counter(path.removeprefix("/v1/").split("/")[-1].partition(":")[2] for path in paths)


def names(sandbox: Sandbox) -> list[str]:
    return sorted(row["names"][0]["givenName"] for row in sandbox.people.rows("contacts"))


def made(sandbox: Sandbox, count: int) -> list[str]:
    return [add(sandbox, {"names": [{"givenName": f"N{n}"}]}) for n in range(count)]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, {"createContact": 1}),
        (2, {"batchCreateContacts": 1}),
        (200, {"batchCreateContacts": 1}),
        (201, {"batchCreateContacts": 1, "createContact": 1}),
    ],
)
def test_what_is_made_at_the_same_moment_is_made_with_one_call(count: int, expected: dict[str, int]) -> None:
    with book() as (sandbox, connector):
        records = at_once(lambda n: create(connector, n), count)
        assert [one.values["given_name"] for one in records] == [f"N{n}" for n in range(count)]
        assert [one.values["stockbridge"] for one in records] == [f"m{n}" for n in range(count)]
        assert names(sandbox) == sorted(f"N{n}" for n in range(count))
        assert {one.id: one.values for one in records} == {
            id: record.values for id, record in read(connector)[0].items()
        }
        assert _few(writes(sandbox), expected)


def _few(found: Counter[str], expected: dict[str, int]) -> bool:
    """The calls that were expected; a thread that came late on a busy machine makes one more."""
    return found.keys() == expected.keys() and found.total() - sum(expected.values()) in (0, 1, 2)


def test_two_kinds_of_writes_do_not_wait_for_each_other_to_fill() -> None:
    with book() as (sandbox, connector):
        (id,) = made(sandbox, 1)
        _, changed = at_once(
            lambda n: (
                create(connector, 7) if n == 0 else connector.update("contacts", id, {"nickname": "San"})
            ),
            2,
        )
        assert changed.values["nickname"] == "San"
        assert writes(sandbox) == {"createContact": 1, "updateContact": 1}


def test_labels_are_made_once_for_all_of_a_batch_and_again_where_they_were_deleted() -> None:
    with book() as (sandbox, connector):

        def labelled(n: int) -> Record:
            return connector.create("contacts", {**someone(n), "labels": [f"L{n % 2}", "All"]}, f"m{n}")

        for _ in range(2):
            records = at_once(labelled, 6)
            assert [one.values["labels"] for one in records] == [["All", f"L{n % 2}"] for n in range(6)]
            sandbox.people.remove_label("All")
        posts = [one for one in sandbox.log.rows("people") if one.method == "POST"]
        assert [one.path for one in posts].count("/v1/contactGroups") == 3 + 1  # one of them anew
        assert len(names(sandbox)) == 12


@pytest.mark.parametrize("partial", [False, True])
def test_one_bad_contact_among_many_is_refused_alone(partial: bool) -> None:
    with book(batch_partial=partial) as (sandbox, connector):

        def one(n: int) -> Record:
            values = {**someone(n), "email": "no address"} if n == 11 else someone(n)
            return connector.create("contacts", values, f"m{n}")

        answers = at_once(one, 40)
        bad = answers.pop(11)
        assert isinstance(bad, Rejected)
        assert "Invalid email address" in bad.what
        assert bad.field == "email"
        assert [one.values["stockbridge"] for one in answers] == [f"m{n}" for n in range(40) if n != 11]
        assert names(sandbox) == sorted(f"N{n}" for n in range(40) if n != 11)
        assert writes(sandbox).total() <= 16  # of 40


def test_a_full_address_book_takes_as_many_as_it_has_room_for_and_is_not_asked_for_each_other() -> None:
    with book(most_contacts=25) as (sandbox, connector):
        answers = at_once(lambda n: create(connector, n), 60)
        full = [one for one in answers if isinstance(one, Rejected)]
        assert len(full) == 35
        assert all("is full" in one.what for one in full)
        assert len(names(sandbox)) == 25
        assert writes(sandbox).total() <= 14


def test_changes_of_whatever_lists_go_together_and_nothing_else_is_touched() -> None:
    with book() as (sandbox, connector):
        ids = [add(sandbox) for _ in range(9)]
        sandbox.people.label(ids[7], "Ski")
        before = [raw(sandbox, id) for id in ids]

        def one(n: int) -> Record:
            if n == 8:
                return connector.update("contacts", ids[n], {"job_title": "Inkoper"})  # as it is
            if n == 0:
                return connector.update("contacts", ids[n], {"nickname": "San0", "labels": ["Ski"]})
            return connector.update(
                "contacts", ids[n], {"nickname": f"San{n}"} if n < 5 else {"family_name": f"F{n}"}
            )

        records = at_once(one, 9)
        assert [one.values["nickname"] for one in records[:5]] == [f"San{n}" for n in range(5)]
        assert [one.values["family_name"] for one in records[5:8]] == ["F5", "F6", "F7"]
        assert records[8].values["job_title"] == "Inkoper"
        assert records[0].values["labels"] == ["Ski"]
        assert writes(sandbox) == {"batchUpdateContacts": 1}
        assert [path for path in calls(sandbox) if path.endswith("batchGet")] == ["/v1/people:batchGet"]
        for n, id in enumerate(ids):
            after = raw(sandbox, id)
            assert after.pop("nicknames", None) == ([{"value": f"San{n}"}] if n < 5 else None)
            untouched = before[n].keys() - {"names", "resourceName", "etag", "metadata"}
            untouched -= {"memberships"} if n == 0 else set()
            assert {name: after[name] for name in untouched} == {name: before[n][name] for name in untouched}
            assert fetched(connector, id)["family_name"] == (f"F{n}" if 5 <= n < 8 else "de Vries")


def test_of_several_changes_to_one_contact_all_are_made() -> None:
    with book() as (sandbox, connector):
        id, other = made(sandbox, 2)
        fields = ["nickname", "job_title", "notes", "family_name"]
        at_once(lambda n: connector.update("contacts", id if n < 4 else other, {fields[n % 4]: f"v{n}"}), 5)
        values = fetched(connector, id)
        assert [values[name] for name in fields] == ["v0", "v1", "v2", "v3"]
        assert fetched(connector, other)["nickname"] == "v4"


@pytest.mark.parametrize("partial", [False, True])
def test_a_contact_that_a_person_changed_meanwhile_is_read_anew_and_one_that_is_gone_is_told(
    partial: bool,
) -> None:
    with book(batch_partial=partial) as (sandbox, connector):
        ids = made(sandbox, 12)
        read(connector)
        sandbox.people.edit(ids[3], {"nicknames": [{"value": "By a person"}], "locales": [{"value": "nl"}]})
        sandbox.people.remove(ids[5])
        answers = at_once(lambda n: connector.update("contacts", ids[n], {"job_title": f"T{n}"}), 12)
        assert isinstance(answers.pop(5), Gone)
        assert [one.values["job_title"] for one in answers] == [f"T{n}" for n in range(12) if n != 5]
        assert raw(sandbox, ids[3])["nicknames"] == [{"value": "By a person"}]


def test_many_are_deleted_with_one_call_and_one_that_is_gone_already_counts_as_deleted() -> None:
    with book() as (sandbox, connector):
        ids = made(sandbox, 30)
        assert at_once(lambda n: connector.remove("contacts", ids[n]), 20) == [None] * 20
        assert writes(sandbox) == {"batchDeleteContacts": 1}
        sandbox.people.remove(ids[25])
        assert at_once(lambda n: connector.remove("contacts", ids[20 + n]), 10) == [None] * 10
        assert sandbox.people.rows("contacts") == []


LOST = [
    Fault(kind="drop_before", system="people", path="batch"),
    Fault(kind="drop_after", system="people", path="batch"),
    Fault(kind="truncate_page", system="people", path="batch"),
    Fault(kind="status_after", system="people", path="batch", status=500),
]


@pytest.mark.parametrize("fault", LOST, ids=lambda one: one.kind)
def test_where_the_answer_is_lost_nobody_of_the_batch_is_told_anything_else(fault: Fault) -> None:
    with book() as (sandbox, connector):
        there = made(sandbox, 8)
        read(connector)
        verbs: Sequence[tuple[str, Callable[[int], Any]]] = [
            ("batchCreateContacts", lambda n: create(connector, n)),
            ("batchUpdateContacts", lambda n: connector.update("contacts", there[n], {"nickname": "San"})),
            ("batchDeleteContacts", lambda n: connector.remove("contacts", there[n])),
        ]
        for _, act in verbs:
            sandbox.faults.clear()
            sandbox.faults.add(fault)
            answers = at_once(act, 8)
            assert {type(one) for one in answers} == {Uncertain}
        assert writes(sandbox) == {verb: 1 for verb, _ in verbs}
        done = fault.kind != "drop_before"
        found = connector.find("contacts", [f"m{n}" for n in range(8)], None)
        assert len(found) == (8 if done else 0)
        assert len(sandbox.people.rows("contacts")) == 8


@pytest.mark.parametrize("status", [429, 401])
def test_a_batch_goes_again_where_it_was_certainly_not_taken(status: int) -> None:
    with book() as (sandbox, connector):
        sandbox.faults.add(Fault(kind="status", system="people", status=status, path="batch"))
        at_once(lambda n: create(connector, n), 8)
        assert names(sandbox) == [f"N{n}" for n in range(8)]
        assert writes(sandbox) == {"batchCreateContacts": 2}


def test_while_google_is_not_there_each_is_told_so() -> None:
    with book() as (sandbox, connector):
        sandbox.faults.add(Fault(kind="status", system="people", status=429, count=None))
        answers = at_once(lambda n: create(connector, n), 3)
        assert {type(one) for one in answers} == {Retry}
        assert len({id(one) for one in answers}) == 3  # each has a traceback of its own
        sandbox.faults.clear()
        assert create(connector, 5).values["given_name"] == "N5"


def test_a_batch_counts_as_one_call_and_an_update_as_a_read_too() -> None:
    with book() as (sandbox, connector):
        ids = made(sandbox, 4)
        read(connector)
        spent = connector.meter.spent
        at_once(lambda n: create(connector, n), 4)
        at_once(lambda n: connector.update("contacts", ids[n], {"nickname": "San"}), 4)
        assert connector.meter.spent == spent + 2
        assert connector.meter.spent == len(sandbox.log.rows("people"))


def test_a_bug_is_everybodys_and_the_next_call_goes_as_ever() -> None:
    def many(numbers: Sequence[int]) -> list[int | Trouble]:
        if 1 in numbers:
            raise KeyError(1)
        return list(numbers)

    gathered = Gathered(lambda n: n, many, writing=threading.Lock(), most=5)

    def one(n: int) -> int:
        with pytest.raises(KeyError):
            gathered.send(n)
        return n

    assert at_once(one, 4) == [0, 1, 2, 3]
    assert at_once(lambda n: gathered.send(n + 2), 7) == [n + 2 for n in range(7)]


def test_whoever_is_interrupted_leaves_the_lead_to_the_next() -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Writing:
        """Interrupts the first who wants it, once another waits in line."""

        def __enter__(self) -> None:
            if not inside.is_set():
                inside.set()
                go_on.wait(20)
                raise KeyboardInterrupt

        def __exit__(self, *_: object) -> None:
            pass

    writing: Any = Writing()
    gathered: Gathered[int, int] = Gathered(lambda n: n, list, writing=writing, most=5)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(gathered.send, 1)
        assert inside.wait(20)
        second = pool.submit(gathered.send, 2)
        while not gathered._line[1:]:
            time.sleep(0.001)
        go_on.set()
        assert isinstance(first.exception(20), KeyboardInterrupt)
        assert second.result(20) == 2
