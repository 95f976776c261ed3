"""Single contact persons of Zoho's contacts read and written over real HTTP: where they go, and that nobody else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from contract_shops import zoho_login

from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.core.errors import Exists, Gone, Rejected, Uncertain
from stockbridge.core.record import Record, Values
from stockbridge.http.clock import scaled
from stockbridge.http.transport import Transport
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
JAN = {"first_name": "Jan", "last_name": "Smit", "email": "jan@smit.example", "department": "Inkoop"}
EVA = {"first_name": "Eva", "email": "eva@smit.example", "is_primary_contact": True, "skype": "eva.s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    sandbox: Sandbox
    connector: ZohoConnector

    def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return self.sandbox.zoho.direct(method, path, body=body)

    def contact(self, name: str, *persons: dict[str, Any], **more: Any) -> str:
        body = {"contact_name": name, "contact_persons": list(persons), **more}
        return str(self.call("POST", "/contacts", body)["contact"]["contact_id"])

    def detail(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/contacts/{id}")["contact"]
        return found

    def persons(self, contact: str) -> dict[str, dict[str, Any]]:
        """By first name."""
        return {one["first_name"]: one for one in self.detail(contact)["contact_persons"]}

    def id(self, contact: str, first_name: str) -> str:
        return f"{contact}_{self.persons(contact)[first_name]['contact_person_id']}"

    def fetched(self, id: str) -> Record:
        (found,) = self.connector.fetch("people", [id])
        assert isinstance(found, Record)
        return found

    def create(self, **values: Any) -> Record:
        return self.connector.create("people", values, "people/c1")

    def update(self, id: str, values: Values) -> Record:
        return self.connector.update("people", id, values)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Shop]:
    with start(items=0, contacts=0, vendors=0, orders=0, purchase_orders=0) as sandbox, Transport() as wire:
        clock = scaled(SPEED, start=sandbox.clock.now())
        sandbox.clock.set_speed(SPEED)
        account, token = zoho_login(sandbox, wire, clock)
        connector = zoho.connect(account, clock=clock, transport=wire, token=token, people=True)
        yield Shop(sandbox=sandbox, connector=connector)


@pytest.fixture
def shop(sandbox: Shop) -> Iterator[Shop]:
    yield sandbox
    for row in sandbox.sandbox.zoho.rows("contacts"):
        sandbox.call("DELETE", f"/contacts/{row['id']}")


def test_each_person_is_a_record_with_what_is_its_own_and_what_all_share(shop: Shop) -> None:
    contact = shop.contact("Smit", JAN, EVA, company_name="Smit BV", notes="Belt eerst.")
    jan, eva = shop.fetched(shop.id(contact, "Jan")), shop.fetched(shop.id(contact, "Eva"))
    assert (jan.parent, jan.values["name"], jan.values["is_primary"]) == (contact, "Jan Smit", False)
    assert (jan.values["department"], jan.values["skype"], eva.values["skype"]) == ("Inkoop", None, "eva.s")
    assert eva.values["is_primary"] is True
    for one in (jan, eva):
        assert (one.values["company_name"], one.values["notes"]) == ("Smit BV", "Belt eerst.")


def test_a_new_person_goes_to_the_one_contact_of_its_company(shop: Shop) -> None:
    contact = shop.contact("Smit", EVA, company_name="Smit BV", notes="Belt eerst.")
    other = shop.contact("Smit en Zoon", company_name="Smit BV en Zoon")
    made = shop.create(
        first_name="Noor", mobile="06 1", company_name="smit bv", contact_name="x", notes="Nee"
    )
    assert made.id == shop.id(contact, "Noor")
    assert made.parent == contact
    assert (made.values["company_name"], made.values["notes"]) == ("Smit BV", "Belt eerst.")
    assert shop.persons(contact)["Noor"]["mobile"] == "06 1"
    assert shop.detail(contact)["notes"] == "Belt eerst."
    assert shop.persons(other) == {}


@pytest.mark.parametrize("there", [0, 2])
def test_a_person_whose_company_is_not_there_just_once_gets_a_contact(shop: Shop, there: int) -> None:
    old = [shop.contact(f"Smit {number}", JAN, company_name="Smit BV") for number in range(there)]
    made = shop.create(first_name="Noor", company_name="Smit BV", contact_name="Smit BV", notes="Ja")
    assert made.parent not in old
    assert made.id == shop.id(str(made.parent), "Noor")
    assert made.values["is_primary"] is True
    assert (made.values["contact_name"], made.values["notes"]) == ("Smit BV", "Ja")
    assert [list(shop.persons(id)) for id in old] == [["Jan"]] * there


def test_a_person_without_a_company_gets_a_contact(shop: Shop) -> None:
    made = shop.create(first_name="Noor", contact_name="Noor")
    assert made.id == shop.id(str(made.parent), "Noor")
    assert made.values["company_name"] is None


def test_people_of_one_new_company_who_come_at_once_get_one_contact(shop: Shop) -> None:
    names = ["Ann", "Bob", "Cas", "Dee"]

    def make(name: str) -> Record:
        return shop.create(first_name=name, company_name="Nieuw BV", contact_name="Nieuw BV")

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, names))
    (contact,) = {one.parent for one in made}
    assert sorted(shop.persons(str(contact))) == names


def test_a_company_that_was_made_and_deleted_is_made_anew(shop: Shop) -> None:
    first = shop.create(first_name="Ann", company_name="Weg BV", contact_name="Weg BV")
    shop.call("DELETE", f"/contacts/{first.parent}")
    second = shop.create(first_name="Bob", company_name="Weg BV", contact_name="Weg BV")
    assert second.parent != first.parent
    assert list(shop.persons(str(second.parent))) == ["Bob"]


def test_a_person_without_a_first_name_is_added_with_all_the_others_kept(shop: Shop) -> None:
    contact = shop.contact("Smit", JAN, EVA, company_name="Smit BV")
    before = shop.persons(contact)
    made = shop.create(last_name="Kok", email="kok@smit.example", company_name="Smit BV")
    after = shop.persons(contact)
    assert after.pop("")["last_name"] == "Kok"
    assert after == before
    assert (made.parent, made.values["name"], made.values["is_primary"]) == (contact, "Kok", False)

    changed = shop.update(made.id, {"phone": "020 1"})
    assert (changed.id, changed.values["phone"]) == (made.id, "020 1")
    after = shop.persons(contact)
    assert (after.pop("")["phone"], after) == ("020 1", before)


def test_a_change_touches_that_person_alone_and_no_other_field(shop: Shop) -> None:
    contact = shop.contact("Smit", JAN, EVA, company_name="Smit BV")
    before = shop.persons(contact)
    changed = shop.update(shop.id(contact, "Jan"), {"email": "jan@nieuw.example", "last_name": None})
    assert (changed.values["email"], changed.values["name"]) == ("jan@nieuw.example", "Jan")
    after = shop.persons(contact)
    assert after["Eva"] == before["Eva"]
    assert after["Jan"] == {**before["Jan"], "email": "jan@nieuw.example", "last_name": ""}


def test_a_change_that_is_there_already_is_not_sent(shop: Shop) -> None:
    contact = shop.contact("Smit", JAN, EVA)
    before, spent = shop.detail(contact)["last_modified_time"], shop.connector.meter.spent
    shop.sandbox.clock.advance(60)
    shop.update(shop.id(contact, "Jan"), {"email": "jan@smit.example"})
    assert shop.connector.meter.spent == spent + 1
    assert shop.detail(contact)["last_modified_time"] == before


def test_what_all_persons_share_is_not_written_by_one(shop: Shop) -> None:
    contact = shop.contact("Smit", EVA, company_name="Smit BV")
    with pytest.raises(Rejected, match="company_name is no field of a contact person"):
        shop.update(shop.id(contact, "Eva"), {"company_name": "Smit NV"})
    assert shop.detail(contact)["company_name"] == "Smit BV"


def test_the_primary_person_is_not_deleted_and_the_others_are(shop: Shop) -> None:
    contact = shop.contact("Smit", JAN, EVA)
    jan, eva = shop.id(contact, "Jan"), shop.id(contact, "Eva")
    with pytest.raises(Rejected, match="Eva is the primary contact person of Smit") as refused:
        shop.connector.remove("people", eva)
    assert "Make another person the primary one" in refused.value.remedy
    shop.connector.remove("people", jan)
    shop.connector.remove("people", jan)
    assert list(shop.persons(contact)) == ["Eva"]
    with pytest.raises(Gone):
        shop.update(jan, {"phone": "1"})
    assert shop.fetched(jan).deleted


def test_a_contact_without_persons_stands_for_one_which_is_its_first_person_later(shop: Shop) -> None:
    contact = shop.contact("Smit", company_name="Smit BV")
    assert shop.fetched(contact).values["name"] == "Smit"
    changed = shop.update(contact, {"first_name": "Eva"})
    assert (changed.id, changed.values["first_name"]) == (contact, "Eva")
    now = shop.fetched(shop.id(contact, "Eva"))
    assert (now.was, now.values["is_primary"]) == (contact, True)
    assert shop.fetched(contact).deleted


def test_the_very_same_person_is_not_added_twice(shop: Shop) -> None:
    contact = shop.contact("Smit", JAN, EVA, company_name="Smit BV")
    with pytest.raises(Exists) as found:
        shop.create(**JAN, company_name="Smit BV")
    assert found.value.record.id == shop.id(contact, "Jan")
    assert len(shop.persons(contact)) == 2


def test_a_lost_answer_is_uncertain_and_the_person_is_there(shop: Shop) -> None:
    contact = shop.contact("Smit", EVA, company_name="Smit BV")
    shop.sandbox.faults.add(Fault(kind="drop_after", system="zoho", method="POST"))
    with pytest.raises(Uncertain):
        shop.create(first_name="Noor", company_name="Smit BV")
    assert sorted(shop.persons(contact)) == ["Eva", "Noor"]


def test_a_refusal_names_the_field(shop: Shop) -> None:
    contact = shop.contact("Smit", EVA)
    with pytest.raises(Rejected) as refused:
        shop.update(shop.id(contact, "Eva"), {"email": "nobody"})
    assert refused.value.field == "email"
