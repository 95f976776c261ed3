"""The commands for single contacts, from the first health to taking a run back, against both sandboxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Command
from stockbridge_sandbox.company import Company, Currency, Location
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1000
SHOP = Company(
    name="Twee Wielen",
    time_zone="Europe/Amsterdam",
    base_currency="EUR",
    currencies=(Currency(code="EUR", name="Euro", symbol="€"),),
    locations=(Location(key="store", name="store", primary=True),),
)
SYNC = """
name = "people"
kind = "contacts"
zoho = "winkel"
google = "adressen"

[fields]
designation = false

[[mappings]]
zoho = "designation"
google = "job_title"
policy = "ask"
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A shop and an address book without any contact."""
    with start(SHOP, contacts=0) as running:
        yield running


@pytest.fixture
def people(
    stockbridge: Command,
    sandbox: Sandbox,
    people_accounts: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Sandbox:
    """Both accounts signed in, and a contact sync between them."""
    file = tmp_path / "people.toml"
    file.write_text(SYNC)
    done = stockbridge("sync", "import", str(file))
    assert done.code == 0, done.err
    monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(SPEED))  # a code lives for minutes, so not before
    sandbox.clock.set_speed(SPEED)
    return sandbox


def in_zoho(sandbox: Sandbox, first: str, last: str, email: str) -> str:
    person = {"first_name": first, "last_name": last, "email": email, "is_primary_contact": True}
    body = {"contact_name": f"{first} {last}", "contact_type": "customer", "contact_persons": [person]}
    return str(sandbox.zoho.direct("POST", "/contacts", body=body)["contact"]["contact_id"])


def edit_in_zoho(sandbox: Sandbox, id: str, **fields: str) -> None:
    [person] = sandbox.zoho.direct("GET", f"/contacts/{id}")["contact"]["contact_persons"]
    kept = {
        name: value
        for name, value in person.items()
        if name in ("contact_person_id", "first_name", "last_name", "email", "designation")
    }
    body = {"contact_persons": [{**kept, **fields}]}
    sandbox.zoho.direct("PUT", f"/contacts/{id}", body=body)


def in_google(sandbox: Sandbox, first: str, last: str, email: str) -> str:
    person = {"names": [{"givenName": first, "familyName": last}], "emailAddresses": [{"value": email}]}
    return str(sandbox.people.add(person)["resourceName"])


def google_rows(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return {row["resourceName"]: row for row in sandbox.people.rows("contacts")}


def counts(stockbridge: Command) -> dict[str, int]:
    found = stockbridge("health", "--json").json["flows"][0]["counts"]
    return {state: many for state, many in found.items() if many}


def test_from_the_first_look_to_taking_a_run_back(stockbridge: Command, people: Sandbox) -> None:
    anna = in_zoho(people, "Anna", "Bakker", "anna@velo.example")
    bram = in_zoho(people, "Bram", "Visser", "bram@velo.example")
    for _ in range(2):
        in_google(people, "Eef", "Smit", "eef@velo.example")
    assert stockbridge("run").code == 3
    assert counts(stockbridge) == {"in step": 2, "duplicates": 2}
    told = stockbridge("health")
    assert "duplicates: 2" in told.out
    assert "both sides agree" in told.out
    doubles = stockbridge("duplicates")
    assert "“eef@velo.example”" in doubles.out
    assert doubles.out.count("Eef Smit · eef@velo.example (Google people/") == 2
    assert len(stockbridge("duplicates", "--json").json) == 2

    pair = next(
        one
        for one in stockbridge("health", "--list", "in-step", "--json").json["flows"][0]["entries"]
        if one["a_id"] == anna
    )
    assert (pair["a_name"], pair["b_name"]) == ("Anna Bakker · anna@velo.example",) * 2
    out = stockbridge("exclude", "bram@velo.example", "--why", "private")
    assert out.out.startswith(f"✓ Bram Visser · bram@velo.example ({bram}) is left alone from now on")
    assert "left out by hand: private" in stockbridge("health", "--list", "excluded").out
    assert stockbridge("include", bram).code == 0
    again = stockbridge("include", bram)
    assert (again.code, again.err.splitlines()[0]) == (
        2,
        f"✗ Bram Visser · bram@velo.example ({bram}) was not left out by hand.",
    )

    planned = stockbridge("undo", "run", "1")
    assert planned.code == 0
    assert "delete Anna Bakker · anna@velo.example" in planned.out
    assert planned.out.rstrip().endswith("stockbridge undo run 1 --yes")
    assert len(google_rows(people)) == 4
    done = stockbridge("undo", "run", "1", "--yes")
    assert (done.code, "✓ 2 records put back, as run 2." in done.out) == (0, True)
    assert len(google_rows(people)) == 2
    assert stockbridge("run", "--json").json["flows"][0]["created"] == 0
    assert counts(stockbridge) == {"excluded": 2, "duplicates": 2}
    assert (
        stockbridge("undo", "run", "1").out.strip()
        == "There is nothing to take back. It stands as it was already."
    )


def test_who_may_be_the_same_is_asked_and_answered(stockbridge: Command, people: Sandbox) -> None:
    anna = in_zoho(people, "Anna", "Bakker", "anna@velo.example")
    bram = in_zoho(people, "Bram", "Visser", "bram@velo.example")
    others = [
        str(people.people.add({"names": [{"givenName": given, "familyName": family}]})["resourceName"])
        for given, family in (("Ana", "Bakker"), ("Bram", "Vissers"))
    ]
    shown = stockbridge("preview")
    assert f"to be asked: is Anna Bakker ({anna}) also Ana Bakker ({others[0]})" in shown.out
    assert stockbridge("inbox").out == "✓ Nothing is asked.\n"
    assert stockbridge("run").code == 3
    assert len(google_rows(people)) == 2
    assert counts(stockbridge) == {"waiting for an answer": 4}
    assert f"It may be the same as “Ana Bakker” ({others[0]}) at Google." in stockbridge("health").out
    told = stockbridge("explain", "contacts", others[1])
    assert f"It may be the same as “Bram Visser” ({bram}) at Zoho." in told.out
    lines = [line.split() for line in stockbridge("inbox").out.splitlines()]
    assert ["Zoho", anna, "Google", others[0]] in lines
    assert ["name", "Anna", "Bakker", "Ana", "Bakker"] in lines
    assert ["e-mail", "anna@velo.example", "–"] in lines
    first, second = (
        [one["id"], one["a_value"], one["b_value"]] for one in stockbridge("inbox", "--json").json
    )
    assert first[1] == {"name": "Anna Bakker", "e-mail": "anna@velo.example", "phone": None, "company": None}
    assert second[2]["name"] == "Bram Vissers"

    wrong = stockbridge("inbox", str(first[0]), "zoho")
    assert (wrong.code, wrong.err.splitlines()[0]) == (
        2,
        f'✗ Question {first[0]} asks whether two contacts are the same, and "zoho" is neither yes nor no.',
    )
    assert stockbridge("inbox", str(first[0]), "--value", "Anna").code == 2
    yes = stockbridge("inbox", str(first[0]), "yes")
    assert yes.out.startswith(
        f"✓ Anna Bakker · anna@velo.example ({anna}) at Zoho is Ana Bakker ({others[0]}) at Google."
    )
    assert stockbridge("inbox", str(second[0]), "no").code == 0
    again = stockbridge("inbox", str(second[0]), "yes")
    assert again.err.splitlines()[0].startswith(f"✗ Question {second[0]} is settled")
    assert stockbridge("run").code == 0
    assert stockbridge("inbox").out == "✓ Nothing is asked.\n"
    rows = google_rows(people)
    assert len(rows) == 3
    assert rows[others[0]]["emailAddresses"][0]["value"] == "anna@velo.example"
    assert counts(stockbridge) == {"in step": 2, "excluded": 1}


def test_two_with_different_addresses_are_linked_and_parted(stockbridge: Command, people: Sandbox) -> None:
    anna = in_zoho(people, "Anna", "Bakker", "anna@velo.example")
    other = in_google(people, "Anna", "Bakker", "a.bakker@home.example")
    assert stockbridge("preview").code == 0
    done = stockbridge("link", anna, "a.bakker@home.example", "--json")
    assert done.code == 0, done.err
    assert (done.json["pair"]["a"]["id"], done.json["pair"]["b"]["id"]) == (anna, other)
    assert stockbridge("run").code == 0
    assert list(google_rows(people)) == [other]
    refused = stockbridge("link", anna, "people/c1")
    assert refused.code == 2
    assert "Google has not shown any record called “people/c1”." in refused.err
    parted = stockbridge("unlink", "Anna Bakker")
    assert "are no pair any more; both stay as they are" in parted.out
    assert stockbridge("run").code == 0
    assert list(google_rows(people)) == [other]
    assert counts(stockbridge) == {"excluded": 2}


def test_a_question_waits_for_its_answer(stockbridge: Command, people: Sandbox) -> None:
    anna = in_zoho(people, "Anna", "Bakker", "anna@velo.example")
    assert stockbridge("run").code == 0
    [row] = google_rows(people)
    edit_in_zoho(people, anna, designation="Buyer")
    people.people.edit(row, {"organizations": [{"title": "Owner"}]})
    assert "1 question only you can answer: stockbridge inbox" in stockbridge("run").out
    asked = stockbridge("inbox")
    assert "Anna Bakker · anna@velo.example" in asked.out
    assert ("Zoho: Buyer" in asked.out, "Google: Owner" in asked.out) == (True, True)
    [one] = stockbridge("inbox", "--json").json
    assert counts(stockbridge) == {"waiting for an answer": 1}
    number = str(one["id"])
    assert (
        stockbridge("inbox", number, "outlook").err.splitlines()[0]
        == '✗ "outlook" is neither of the two systems.'
    )
    assert stockbridge("inbox", "99", "zoho").err.splitlines()[0] == "✗ There is no question 99."
    told = stockbridge("inbox", number, "--value", "Head of buying")
    assert told.out.splitlines()[0] == f"✓ Question {number} is answered: “Head of buying”."
    assert "the next run carries it out" in stockbridge("inbox").out
    assert stockbridge("run").code == 0
    assert google_rows(people)[row]["organizations"][0]["title"] == "Head of buying"
    [person] = people.zoho.direct("GET", f"/contacts/{anna}")["contact"]["contact_persons"]
    assert person["designation"] == "Head of buying"
    assert stockbridge("inbox").out == "✓ Nothing is asked.\n"
    assert counts(stockbridge) == {"in step": 1}

    [change] = [
        one["change"]
        for one in stockbridge("runs", "show", "3", "--changes", "--json").json["changes"]
        if one["system"] == "Google"
    ]
    back = stockbridge("undo", "change", str(change), "--yes", "--json")
    assert back.code == 0, back.err
    assert back.json["steps"][0]["changes"] == [["job_title", "Head of buying", "Owner"]]
    assert google_rows(people)[row]["organizations"][0]["title"] == "Owner"
    assert stockbridge("run").code == 0
    assert google_rows(people)[row]["organizations"][0]["title"] == "Owner"
    assert counts(stockbridge) == {"in step": 1}


NOT_UNDERSTOOD = [
    (("undo", "week", "1"), '"week" is nothing that can be taken back.'),
    (("undo", "run", "last"), '"last" is not the number of a run.'),
    (("undo", "change", "7"), "There is no change 7."),
    (("undo", "record", "nobody"), "Neither Zoho nor Google has shown any record called “nobody”."),
    (("health", "--list", "happy"), 'There is no state "happy".'),
    (("inbox", "--value", "x"), "It is not said which question that answers."),
    (("inbox", "7", "zoho", "--value", "x"), "A question takes one answer."),
    (("inbox", "7"), "There is no open question 7."),
    (("unlink", "anna", "--at", "outlook"), '"outlook" is neither of the two systems.'),
]


def test_what_is_not_understood_is_told_in_two_lines(stockbridge: Command, people: Sandbox) -> None:
    for arguments, words in NOT_UNDERSTOOD:
        done = stockbridge(*arguments)
        assert (done.code, done.err.splitlines()[0]) == (2, f"✗ {words}")
        assert len(done.err.splitlines()) == 2


@pytest.mark.parametrize(
    "command",
    [
        ("health",),
        ("duplicates",),
        ("inbox",),
        ("link", "a", "b"),
        ("unlink", "a"),
        ("exclude", "a"),
        ("undo", "run", "1"),
    ],
)
def test_without_a_contact_sync_it_says_how_to_make_one(
    stockbridge: Command, command: tuple[str, ...]
) -> None:
    done = stockbridge(*command)
    assert (done.code, done.err.splitlines()[0]) == (2, "✗ There is no contact sync yet.")
