"""Google's contacts under every fault of the sandbox: healed where that is safe, typed where it is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from test_people_connector import add, book, fetched, read

from stockbridge.core.errors import Halt, Retry, Unauthorized, Uncertain
from stockbridge.core.record import Record, Values
from stockbridge_sandbox.faults import Fault

NOOR: Values = {"given_name": "Noor", "email": "noor@x.example"}
CREATE = "/v1/people:createContact"
HEALED = [
    Fault(kind="latency", system="people", seconds=0.01),
    Fault(kind="slow", system="people", seconds=30.0),
    Fault(kind="status", system="people", status=429),
    Fault(kind="status", system="people", status=500, count=2),
    Fault(kind="status", system="people", status=503, nth=2),
    Fault(kind="status", system="people", status=401),
    Fault(kind="drop_before", system="people"),
    Fault(kind="drop_after", system="people", nth=2),
    Fault(kind="hang", system="people", seconds=0.05),
    Fault(kind="truncate_page", system="people"),
    Fault(kind="not_json", system="people", nth=2),
    Fault(kind="revoke_token", system="people"),
    Fault(kind="move_row", system="people", path="/connections"),
    Fault(kind="row_without_id", system="people", path="/connections"),
    Fault(kind="row_without_id", system="people", path="/contactGroups"),
    Fault(kind="status", system="people_login", status=500),
    Fault(kind="status", system="people_login", status=429),
    Fault(kind="drop_before", system="people_login"),
    Fault(kind="truncate_page", system="people_login"),
    Fault(kind="not_json", system="people_login"),
]


@pytest.mark.parametrize("fault", HEALED, ids=lambda fault: f"{fault.system}-{fault.kind}-{fault.status}")
def test_a_full_read_is_complete_in_spite_of_a_fault(fault: Fault) -> None:
    with book(contacts=1020 if fault.kind == "move_row" else 40) as (sandbox, connector):
        sandbox.faults.add(fault)
        try:
            found, token = read(connector)
        except Retry:  # the token server is asked again by the next run, not by this one
            assert fault.system == "people_login"
            found, token = read(connector)
        assert set(found) == {row["resourceName"] for row in sandbox.people.rows("contacts")}
        assert [one["fired"] for one in sandbox.faults.report()] == [fault.count]
        sandbox.faults.clear()
        changed = set(read(connector, token)[0])
        assert len(changed) == (1 if fault.kind == "move_row" else 0)


def test_the_sync_goes_on_from_its_token_after_a_read_that_was_cut_short() -> None:
    with book(contacts=5) as (sandbox, connector):
        _, token = read(connector)
        id = add(sandbox)
        sandbox.faults.add(Fault(kind="status", system="people", status=500, count=5))
        with pytest.raises(Retry):
            read(connector, token)
        assert set(read(connector, token)[0]) == {id}


def test_a_list_that_is_refused_stops_with_the_reason() -> None:
    with book(contacts=5) as (sandbox, connector):
        sandbox.faults.add(Fault(kind="status", system="people", status=400, path="/connections"))
        with pytest.raises(Halt, match="invalid argument"):
            read(connector)


@pytest.mark.parametrize("system", ["people", "people_login"])
def test_a_login_that_was_taken_back_is_told_with_its_remedy(system: Any) -> None:
    with book(contacts=5) as (sandbox, connector):
        status = 401 if system == "people" else 400
        sandbox.faults.add(Fault(kind="status", system=system, status=status, count=None))
        with pytest.raises(Unauthorized, match="accounts add google --reauthorise Sandbox"):
            read(connector)
        assert len(sandbox.log.rows("people")) == (2 if system == "people" else 0)


def test_a_login_without_the_right_to_the_contacts_says_which_box_to_tick() -> None:
    with book(contacts=5) as (sandbox, connector):
        for refresh in sandbox.people.grants.refreshes.values():
            refresh.scopes[:] = ["userinfo.email"]
        with pytest.raises(Unauthorized, match="tick the box of the contacts"):
            read(connector)


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (Fault(kind="drop_before", system="people", path=CREATE), False),
        (Fault(kind="drop_after", system="people", path=CREATE), True),
        (Fault(kind="hang", system="people", path=CREATE, seconds=0.05), False),
        (Fault(kind="truncate_page", system="people", path=CREATE), True),
        (Fault(kind="not_json", system="people", path=CREATE), True),
        (Fault(kind="status_after", system="people", path=CREATE, status=500), True),
        (Fault(kind="status", system="people", path=CREATE, status=503), False),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_a_lost_answer_of_a_create_is_settled_by_its_mark(fault: Fault, made: bool) -> None:
    with book() as (sandbox, connector):
        sandbox.faults.add(fault)
        began = sandbox.clock.now()
        with pytest.raises(Uncertain):
            connector.create("contacts", NOOR, "m1")
        assert len(connector.find("contacts", ["m1"], began).get("m1", [])) == made
        assert len(sandbox.people.rows("contacts")) == made
        assert [seen.path for seen in sandbox.log.rows("people")].count(CREATE) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate_page", "not_json", "status_after"])
@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_a_lost_answer_of_a_change_is_settled_by_reading_it(kind: Any, verb: str) -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        sandbox.faults.add(Fault(kind=kind, system="people", method=verb))
        with pytest.raises(Uncertain):
            if verb == "PATCH":
                connector.update("contacts", id, {"nickname": "San"})
            else:
                connector.remove("contacts", id)
        (now,) = connector.fetch("contacts", [id])
        assert isinstance(now, Record)
        done = kind != "drop_before"
        assert (now.deleted if verb == "DELETE" else now.values["nickname"] == "San") is done
        assert [seen.method for seen in sandbox.log.rows("people")].count(verb) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", system="people", method="POST", status=429),
        Fault(kind="status", system="people", method="POST", status=401),
        Fault(kind="revoke_token", system="people", method="POST"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_write_goes_again_where_it_was_certainly_not_taken(fault: Fault) -> None:
    with book() as (sandbox, connector):
        sandbox.faults.add(fault)
        made = connector.create("contacts", NOOR, "m1")
        assert [row["resourceName"] for row in sandbox.people.rows("contacts")] == [made.id]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate_page", "not_json"])
def test_a_label_whose_answer_is_lost_is_looked_up_and_made_once(kind: Any) -> None:
    with book() as (sandbox, connector):
        sandbox.faults.add(Fault(kind=kind, system="people", method="POST", path="/v1/contactGroups$"))
        values: Values = {**NOOR, "labels": ["Klanten"]}
        try:
            made = connector.create("contacts", values, "m1")
        except Retry:
            assert kind == "drop_before"
            made = connector.create("contacts", values, "m1")
        assert made.values["labels"] == ["Klanten"]
        assert [row["name"] for row in sandbox.people.rows("groups") if not row["system"]] == ["Klanten"]


def test_ten_threads_write_one_after_the_other_and_never_too_many_a_minute() -> None:
    # Slow enough that, without the limits, more than 90 calls would fit into a minute of this clock.
    with book(contacts=3, speed=40.0) as (sandbox, connector):
        ids = sorted(read(connector)[0])

        def work(number: int) -> None:
            if number % 10 == 1:
                connector.create(
                    "contacts", {"given_name": f"N{number}", "labels": [f"L{number % 4}"]}, f"m{number}"
                )
            else:  # of one contact, so that each needs a call of its own
                connector.update("contacts", ids[0], {"nickname": f"N{number}"})

        with ThreadPoolExecutor(10) as pool:
            list(pool.map(work, range(130)))
        seen = sandbox.log.rows("people")
        assert {one.status for one in seen} == {200}
        minute = timedelta(seconds=60)
        for reads in (True, False):
            moments = [
                one.at for one in seen if (one.method in ("GET", "PATCH") if reads else one.method != "GET")
            ]
            fullest = max(sum(first <= at < first + minute for at in moments) for first in moments)
            assert fullest <= 90  # how near it comes to that, the speed of the machine decides
        assert connector.meter.spent == len(seen)
        assert len([row for row in sandbox.people.rows("groups") if not row["system"]]) == 2 + 7
        assert fetched(connector, ids[0])["nickname"]


def test_reads_that_lag_behind_a_write_hold_a_create_back_rather_than_doubling_it() -> None:
    with book(stale_reads_seconds=120.0) as (sandbox, connector):
        connector.create("contacts", NOOR, "m1")
        assert connector.find("contacts", ["m1"], None) == {}
        settles = connector.streams()["contacts"].settles_after
        assert settles >= 120
        sandbox.clock.advance(settles)
        assert set(connector.find("contacts", ["m1"], None)) == {"m1"}
