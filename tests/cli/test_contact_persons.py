"""A contact sync that brings each contact person to Google, from its file to the explanation of one person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Command
from stockbridge_sandbox.company import Company, Currency, Location
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1000
SHOP = Company(
    name="Twee Wielen",
    time_zone="Europe/Amsterdam",
    base_currency="EUR",
    currencies=(Currency(code="EUR", name="Euro", symbol="€"),),
    locations=(Location(key="store", name="store", primary=True),),
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A shop and an address book without any contact."""
    with start(SHOP, contacts=0) as running:
        yield running


@pytest.fixture
def shop(
    stockbridge: Command,
    sandbox: Sandbox,
    people_accounts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Sandbox:
    """Both accounts signed in; a company with two contact persons."""
    persons = [
        {"first_name": "Eva", "last_name": "Smit", "email": "eva@smit.example"},
        {"first_name": "Jan", "email": "jan@smit.example"},
    ]
    body = {"contact_name": "Smit", "company_name": "Smit BV", "contact_persons": persons}
    sandbox.zoho.direct("POST", "/contacts", body=body)
    monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(SPEED))  # a code lives for minutes, so not before
    sandbox.clock.set_speed(SPEED)
    return sandbox


def in_google(sandbox: Sandbox, name: str, company: str = "") -> str:
    person = {
        "names": [{"givenName": name}],
        "emailAddresses": [{"value": f"{name.lower()}@smit.example"}],
        "organizations": [{"name": company}] if company else [],
    }
    return str(sandbox.people.add(person)["resourceName"])


def test_each_person_from_the_first_look_to_its_explanation(stockbridge: Command, shop: Sandbox) -> None:
    made = stockbridge("sync", "create", "contacts", "--people", "each")
    assert made.code == 0, made.err
    assert "customers, each contact person by itself" in made.out
    in_google(shop, "Eva")
    in_google(shop, "Noor", "Smit BV")

    rows = {row["zoho"]: row for row in stockbridge("mappings", "--json").json}
    assert (rows["first_name"]["arrow"], rows["first_name"]["reasons"]) == ("<->", [])
    shared = "all contact persons of a contact in Zoho share it, so it goes to Google only"
    assert (rows["notes"]["arrow"], rows["notes"]["reasons"]) == ("->", [shared])
    assert rows["company_name"]["arrow"] == "->"
    assert "Contact persons in Zoho" in stockbridge("fields", "--zoho").out
    assert "Zoho contact persons whose type is customer: keep in sync" in stockbridge("rules").out

    (planned,) = stockbridge("preview", "--json").json["flows"]
    assert (planned["create"], planned["export"], planned["update"]) == (2, 1, 1)
    assert stockbridge("run").code == 0
    (contact,) = shop.zoho.rows("contacts")
    detail = shop.zoho.direct("GET", f"/contacts/{contact['id']}")["contact"]
    assert [one["first_name"] for one in detail["contact_persons"]] == ["Eva", "Jan", "Noor"]
    told = stockbridge("explain", "contacts", "Eva Smit")
    assert "in step: Google holds what Zoho holds" in told.out
    again = stockbridge("run", "--json").json["flows"][0]
    assert (again["created"], again["updated"]) == (0, 0)


@pytest.mark.parametrize("lost", ["/contacts/contactpersons$", "/contacts$"])
def test_a_lost_answer_adds_nobody_twice(
    stockbridge: Command, shop: Sandbox, tmp_path: Path, lost: str
) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text('people = "each"\navoid_duplicates = false\n')
    assert stockbridge("sync", "create", "contacts", "--file", str(file)).code == 0
    company = "Smit BV" if "persons" in lost else "Nieuw BV"
    person = {
        "names": [{"givenName": "Noor"}],
        "organizations": [{"name": company}],
        "addresses": [{"type": "work", "city": "Gent"}],
        "biographies": [{"value": "Belt eerst."}],
    }
    shop.people.add(person)
    shop.faults.add(Fault(kind="drop_after", system="zoho", method="POST", path=lost))
    stockbridge("run")
    shop.clock.advance(600)
    stockbridge("run")
    found = [
        (detail["company_name"], one["first_name"])
        for row in shop.zoho.rows("contacts")
        for detail in [shop.zoho.direct("GET", f"/contacts/{row['id']}")["contact"]]
        for one in detail["contact_persons"]
    ]
    assert sorted(found) == sorted([("Smit BV", "Eva"), ("Smit BV", "Jan"), (company, "Noor")])
    assert stockbridge("health", "--json").json["flows"][0]["counts"]["in step"] == 3
    assert len(shop.people.rows("contacts")) == 3


def test_a_run_that_adds_and_deletes_persons_is_taken_back(
    stockbridge: Command, shop: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text('people = "each"\n[deletions]\nin_google = "delete"\n')
    assert stockbridge("sync", "create", "contacts", "--file", str(file)).code == 0
    assert stockbridge("run").code == 0
    (jan,) = (
        row["resourceName"] for row in shop.people.rows("contacts") if row["names"][0]["displayName"] == "Jan"
    )
    shop.people.remove(jan)
    in_google(shop, "Noor", "Smit BV")
    assert stockbridge("run").code == 0
    (contact,) = shop.zoho.rows("contacts")

    def persons() -> list[str]:
        detail = shop.zoho.direct("GET", f"/contacts/{contact['id']}")["contact"]
        return sorted(one["first_name"] for one in detail["contact_persons"])

    assert persons() == ["Eva", "Noor"]
    done = stockbridge("undo", "run", "2", "--yes")
    assert done.code == 0, done.out + done.err
    assert persons() == ["Eva", "Jan"]
    assert len(shop.zoho.rows("contacts")) == 1


def test_who_counts_is_chosen_once(stockbridge: Command, shop: Sandbox, tmp_path: Path) -> None:
    assert stockbridge("sync", "create", "contacts", "--people", "each").code == 0
    text = stockbridge("sync", "export").out
    assert 'people = "each"' in text
    file = tmp_path / "contacts.toml"
    file.write_text(text)
    assert stockbridge("sync", "import", str(file)).code == 0
    file.write_text(text.replace('people = "each"', 'people = "primary"'))
    refused = stockbridge("sync", "import", str(file))
    assert refused.code == 2
    assert 'was made with people = "each"' in refused.err
    file.write_text(text.replace('people = "each"', 'people = "every"'))
    assert 'people is "every", but must be primary or each' in stockbridge("sync", "import", str(file)).err


def test_what_one_person_cannot_do_to_its_company_is_refused(
    stockbridge: Command, shop: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text(
        'people = "each"\n[deletions]\nin_google = "deactivate"\n'
        '[[rules]]\nname = "Notes"\nin = "google"\nthen = [{ set = "notes", to = "x" }]\n'
    )
    refused = stockbridge("sync", "create", "contacts", "--file", str(file))
    assert refused.code == 2
    assert "a contact person of Zoho Inventory cannot be made inactive" in refused.err
    assert "notes" in refused.err
