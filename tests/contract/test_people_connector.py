"""Google's contacts beyond the common contract: sync tokens, profiles, labels, and writes that touch only what is theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from scenarios.sandbox_accounts import google_account
from stockbridge.connectors.people import connector as people
from stockbridge.connectors.people.connector import GoogleConnector
from stockbridge.core.errors import Gone, OverBudget, Rejected, Stale
from stockbridge.core.record import Record, Values
from stockbridge.http.clock import scaled
from stockbridge.http.transport import Transport
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
SANNE: Mapping[str, Any] = {
    "names": [{"givenName": "Sanne", "familyName": "de Vries", "honorificPrefix": "dr."}],
    "emailAddresses": [
        {"value": "sanne@home.example", "type": "home"},
        {"value": "sanne@werk.example", "type": "work", "metadata": {"sourcePrimary": True}},
        {"value": "facturen@werk.example", "type": "Facturen"},
    ],
    "phoneNumbers": [
        {"value": "+31 97014 0001", "type": "mobile"},
        {"value": "+31 97014 0002", "type": "work"},
        {"value": "+31 97014 0003", "type": "Magazijn"},
        {"value": "+31 97014 0004", "type": "work"},
    ],
    "organizations": [
        {"name": "Fietsen BV", "title": "Inkoper", "domain": "fietsen.example", "type": "work"},
        {"name": "Vroeger NV", "current": False},
    ],
    "addresses": [
        {"type": "home", "streetAddress": "Thuis 1", "city": "Kiel", "poBox": "7"},
        {"type": "shipping", "streetAddress": "Haven 2", "country": "Nederland", "countryCode": "NL"},
    ],
    "urls": [{"value": "https://blog.example", "type": "blog"}],
    "userDefined": [{"key": "Klantnummer", "value": "K1"}, {"key": "Maat", "value": "XL"}],
    "imClients": [{"username": "sannetje", "protocol": "jabber"}],
    "birthdays": [{"date": {"month": 5, "day": 17}}],
    "biographies": [{"value": "Belt liever.\n\nTweede regel.", "contentType": "TEXT_PLAIN"}],
    "relations": [{"person": "Daan", "type": "spouse"}],
}


@contextmanager
def book(
    contacts: int = 0, speed: float = SPEED, **switches: Any
) -> Iterator[tuple[Sandbox, GoogleConnector]]:
    """An address book on a fast clock, with a connector on a clock of the same speed."""
    with start(items=1, vendors=1, orders=0, contacts=contacts, seed=5, speed=speed) as sandbox:
        sandbox.people.configure(switches)
        clock = scaled(sandbox.clock.speed, start=sandbox.clock.now())
        with Transport() as transport:
            account = google_account(sandbox, "Sandbox")
            yield (
                sandbox,
                people.connect(account, clock=clock, transport=transport, keys=("Klantnummer", "Maat")),
            )


def read(connector: GoogleConnector, since: str | None = None) -> tuple[dict[str, Record], str]:
    pages = list(connector.read("contacts", since))
    assert [one for page in pages for one in page.refused] == []
    checkpoint = pages[-1].checkpoint
    assert checkpoint is not None
    return {record.id: record for page in pages for record in page.records}, checkpoint


def add(sandbox: Sandbox, person: Mapping[str, Any] = SANNE) -> str:
    return str(sandbox.people.add(person)["resourceName"])


def raw(sandbox: Sandbox, id: str) -> dict[str, Any]:
    """What stands at Google, each entry without what the API adds by itself."""
    person = next(one for one in sandbox.people.rows("contacts") if one["resourceName"] == id)
    shown = {"formattedType", "formattedValue", "formattedProtocol", "canonicalForm", "contentType"}
    out: dict[str, Any] = {}
    for name, entries in person.items():
        if isinstance(entries, list):
            out[name] = [
                {key: value for key, value in one.items() if key not in shown | {"metadata"}}
                for one in entries
            ]
    return out


def calls(sandbox: Sandbox) -> list[str]:
    return [seen.path for seen in sandbox.log.rows("people")]


def fetched(connector: GoogleConnector, id: str) -> Values:
    (found,) = connector.fetch("contacts", [id])
    assert isinstance(found, Record)
    return found.values


def test_every_field_is_read_where_it_stands() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        sandbox.people.label(id, "Klanten")
        sandbox.people.label(id, "Amis")
        values = read(connector)[0][id].values
        known = {name: value for name, value in values.items() if value not in (None, [])}
        assert known == {
            "display_name": "dr. Sanne de Vries",
            "given_name": "Sanne",
            "family_name": "de Vries",
            "honorific_prefix": "dr.",
            "email": "sanne@werk.example",
            "emails": ["sanne@werk.example", "sanne@home.example", "facturen@werk.example"],
            "phone_mobile": "+31 97014 0001",
            "phone_work": "+31 97014 0002",
            "phones": [f"+31 97014 000{n}" for n in (1, 2, 3, 4)],
            "organization": "Fietsen BV",
            "job_title": "Inkoper",
            "address_home.street": "Thuis 1",
            "address_home.city": "Kiel",
            "address_shipping.street": "Haven 2",
            "address_shipping.country": "Nederland",
            "urls": ["https://blog.example"],
            "notes": "Belt liever.\n\nTweede regel.",
            "birthday": "--05-17",
            "labels": ["Amis", "Klanten"],
            "user_defined.Klantnummer": "K1",
            "user_defined.Maat": "XL",
        }


@pytest.mark.parametrize("any_order", [False, True])
def test_a_change_touches_only_the_entry_it_is_for(any_order: bool) -> None:
    with book(values_in_any_order=any_order) as (sandbox, connector):
        id = add(sandbox)
        before = raw(sandbox, id)
        work = (
            "+31 97014 0004" if any_order else "+31 97014 0002"
        )  # of several work phones, the first that is shown
        changes: Values = {
            "email": "sanne@nieuw.example",
            "phone_work": "+31 97014 0009",
            "job_title": None,
            "department": "Inkoop",
            "address_home.city": "Köln",
            "address_shipping.country": "België",
            "address_work.city": "Utrecht",
            "user_defined.Maat": None,
            "im_skype": "sanne.skype",
            "notes": "Kort.",
            "family_name": "Jansen",
        }
        answer = connector.update("contacts", id, changes)
        shown = {name: answer.values[name] for name in changes}
        if any_order:  # which of two work phones comes first changes with each write
            assert shown.pop("phone_work") == "+31 97014 0002"
            changes.pop("phone_work")
        assert shown == changes
        assert fetched(connector, id) == answer.values
        after = raw(sandbox, id)

        def same(entries: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> bool:
            """The same entries, in whatever order."""
            return len(entries) == len(others) and all(one in others for one in entries)

        def with_value(of: str, old: str, new: str) -> list[Any]:
            return [{**one, "value": new} if one["value"] == old else one for one in before[of]]

        emails = with_value("emailAddresses", "sanne@werk.example", "sanne@nieuw.example")
        assert same(after["emailAddresses"], emails)
        assert same(after["phoneNumbers"], with_value("phoneNumbers", work, "+31 97014 0009"))
        main, former = SANNE["organizations"]
        main = {name: value for name, value in main.items() if name != "title"}
        assert same(after["organizations"], [{**main, "department": "Inkoop"}, former])
        towns = {one["type"]: one for one in after["addresses"]}
        assert towns == {
            "home": {"type": "home", "streetAddress": "Thuis 1", "city": "Köln", "poBox": "7"},
            "shipping": {"type": "shipping", "streetAddress": "Haven 2", "country": "België"},
            "work": {"type": "work", "city": "Utrecht"},
        }
        assert after["userDefined"] == [{"key": "Klantnummer", "value": "K1"}]
        assert {"username": "sannetje", "protocol": "jabber"} in after["imClients"]
        for untouched in ("urls", "birthdays", "relations", "memberships"):
            assert after[untouched] == before[untouched]
        assert answer.values["display_name"] == "dr. Sanne Jansen"
        written = [seen for seen in sandbox.log.rows("people") if seen.method == "PATCH"]
        assert len(written) == 1


def test_a_contact_that_was_read_is_changed_with_one_call_and_read_anew_only_where_it_moved_on() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        read(connector)
        spent = connector.meter.spent
        connector.update("contacts", id, {"nickname": "San"})
        connector.update("contacts", id, {"nickname": "Sanne"})
        assert connector.meter.spent == spent + 2
        sandbox.people.edit(id, {"nicknames": [{"value": "Door een mens"}], "locales": [{"value": "nl"}]})
        connector.update("contacts", id, {"job_title": "Chef"})
        assert connector.meter.spent == spent + 2 + 3  # refused, read, written
        assert raw(sandbox, id)["nicknames"] == [{"value": "Door een mens"}]
        assert fetched(connector, id)["job_title"] == "Chef"


def test_what_is_held_already_is_not_written() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        same: Values = {
            "email": "sanne@werk.example",
            "job_title": "Inkoper",
            "labels": [],
            "department": None,
        }
        record = connector.update("contacts", id, same)
        assert record.values["email"] == "sanne@werk.example"
        assert [path for path in calls(sandbox) if "update" in path] == []


def test_an_address_that_stands_in_the_list_becomes_the_main_one_and_nothing_is_lost() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        record = connector.update("contacts", id, {"email": "Facturen@Werk.example"})
        assert record.values["emails"] == [
            "Facturen@Werk.example",
            "sanne@home.example",
            "sanne@werk.example",
        ]
        types = {one["value"]: one["type"] for one in raw(sandbox, id)["emailAddresses"]}
        assert types["Facturen@Werk.example"] == "Facturen"


def test_a_whole_list_keeps_the_types_of_what_stays() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        wanted = ["new@x.example", "sanne@home.example", "FACTUREN@werk.example"]
        numbers = ["+31970140003", "+31 97014 0001"]
        record = connector.update("contacts", id, {"emails": wanted, "phones": numbers, "urls": []})
        assert (record.values["emails"], record.values["phones"]) == (wanted, numbers)
        after = raw(sandbox, id)
        assert {one["value"]: one.get("type") for one in after["emailAddresses"]} == {
            "new@x.example": None,
            "sanne@home.example": "home",
            "FACTUREN@werk.example": "Facturen",
        }
        assert [one["type"] for one in after["phoneNumbers"]] == ["Magazijn", "mobile"]
        assert "urls" not in after


def test_nothing_of_a_made_up_address_book_is_lost_by_writing_to_all_of_it() -> None:
    with book(contacts=60, reads_per_minute=0, writes_per_minute=0) as (sandbox, connector):
        before = {
            row["resourceName"]: raw(sandbox, row["resourceName"]) for row in sandbox.people.rows("contacts")
        }
        for id in before:
            connector.update("contacts", id, {"fax_work": "+31 97014 7777", "user_defined.Maat": "M"})
        for id, old in before.items():
            after = raw(sandbox, id)
            others = {name for name in old if name not in ("phoneNumbers", "userDefined", "photos")}
            assert {name: after[name] for name in others} == {name: old[name] for name in others}
            faxes = [one for one in old.get("phoneNumbers", []) if one["type"] == "workFax"]
            kept = [one for one in old.get("phoneNumbers", []) if one not in faxes[:1]]
            assert all(one in after["phoneNumbers"] for one in kept)
            assert {"value": "+31 97014 7777", "type": "workFax"} in after["phoneNumbers"]
            assert len(after["phoneNumbers"]) == len(kept) + 1
            fields = [one for one in old.get("userDefined", []) if one["key"] != "Maat"]
            assert after["userDefined"] == [*fields, {"key": "Maat", "value": "M"}]


def test_a_linked_profile_is_neither_read_nor_written() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox, {"names": [{"givenName": "Bram"}]})
        profile = {
            "names": [{"givenName": "BRAM", "familyName": "X"}],
            "urls": [{"value": "https://p.example"}],
        }
        sandbox.people.link_profile(id, profile)
        values = read(connector)[0][id].values
        assert (values["given_name"], values["family_name"], values["urls"]) == ("Bram", None, [])
        assert connector.update("contacts", id, {"given_name": "Abraham"}).values["given_name"] == "Abraham"
        assert fetched(connector, id)["family_name"] is None


def test_a_contact_that_gets_another_resource_name_is_still_the_same_record() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        _, token = read(connector)
        sandbox.people.link_profile(id, {"names": [{"givenName": "S."}]}, rename=True)
        (name,) = [row["resourceName"] for row in sandbox.people.rows("contacts")]
        assert name != id
        assert set(read(connector, token)[0]) == set(read(connector)[0]) == {id}
        assert not connector.fetch("contacts", [id])[0].deleted  # type: ignore[union-attr]
        connector.update("contacts", id, {"nickname": "San"})
        connector.remove("contacts", id)
        assert sandbox.people.rows("contacts") == []


def test_deletions_and_merges_come_as_tombstones_and_an_idle_read_costs_one_call() -> None:
    with book(contacts=5) as (sandbox, connector):
        known, token = read(connector)
        a, b, c, *_ = sorted(known)
        sandbox.people.remove(a)
        sandbox.people.merge(b, [c])
        changed, token = read(connector, token)
        assert {id: record.deleted for id, record in changed.items()} == {a: True, b: False, c: True}
        spent = connector.meter.spent
        assert read(connector, token)[0] == {}
        assert connector.meter.spent == spent + 1
        sandbox.people.restore(a)
        assert read(connector, token)[0][a].deleted is False


def test_a_token_that_has_expired_leads_to_a_full_read_by_itself() -> None:
    with book(contacts=5) as (sandbox, connector):
        known, token = read(connector)
        sandbox.clock.advance(8 * 24 * 3600)
        again, fresh = read(connector, token)
        assert set(again) == set(known)
        assert fresh != token
        assert read(connector, fresh)[0] == {}
        assert set(read(connector, "made by another program")[0]) == set(known)


def test_full_reads_have_a_quota_of_their_own_that_is_waited_out() -> None:
    with book(contacts=5, full_reads_per_hour=1) as (_, connector):
        _, token = read(connector)
        with pytest.raises(OverBudget, match="only so often") as raised:
            read(connector)
        assert raised.value.until is not None
        assert read(connector, token)[0] == {}  # what changed is read all the same


def test_a_label_with_another_name_changes_its_contacts() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        sandbox.people.label(id, "Klanten")
        before = read(connector)[0][id]
        group = next(one for one in sandbox.people.book.groups.values() if one.name == "Klanten")
        group.name = "Relaties"
        after = read(connector)[0][id]
        assert after.values["labels"] == ["Relaties"]
        assert after.version != before.version


def test_a_label_that_is_not_known_yet_is_asked_about() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        read(connector)
        sandbox.people.label(id, "Later gemaakt")
        assert fetched(connector, id)["labels"] == ["Later gemaakt"]
        assert calls(sandbox)[-1] == "/v1/contactGroups:batchGet"


def test_labels_are_made_found_and_taken_off_and_no_other_group_is_touched() -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        sandbox.people.label(id, "Klanten")
        contact = sandbox.people.book.one(
            id
        )  # in a group of the system to which nobody can be added any more
        old = replace(contact.now, groups=(*contact.now.groups, "contactGroups/friends"))
        contact.versions[-1] = old
        assert connector.update("contacts", id, {"labels": ["klanten", "Nieuw", "starred"]}).values[
            "labels"
        ] == [
            "Klanten",
            "Nieuw",
            "starred",
        ]
        groups = [row["name"] for row in sandbox.people.rows("groups") if not row["system"]]
        assert groups == ["Klanten", "Nieuw"]
        assert connector.update("contacts", id, {"labels": []}).values["labels"] == []
        held = [one["contactGroupMembership"]["contactGroupId"] for one in raw(sandbox, id)["memberships"]]
        assert held == ["myContacts", "friends"]


def test_a_contact_in_no_other_group_stays_in_my_contacts() -> None:
    with book() as (sandbox, connector):
        made = connector.create("contacts", {"given_name": "Noor", "labels": ["Klanten"]}, "m1")
        group = next(row["resourceName"] for row in sandbox.people.rows("groups") if row["name"] == "Klanten")
        sandbox.people.book.change(sandbox.people.book.one(made.id), {}, (group,))
        assert connector.update("contacts", made.id, {"labels": []}).values["labels"] == []


def test_a_label_that_was_deleted_meanwhile_is_made_again() -> None:
    with book() as (sandbox, connector):
        one, two = add(sandbox), add(sandbox)
        connector.update("contacts", one, {"labels": ["Klanten"]})
        sandbox.people.remove_label("Klanten")
        assert connector.update("contacts", two, {"labels": ["Klanten"]}).values["labels"] == ["Klanten"]
        made = connector.create("contacts", {"given_name": "Noor", "labels": ["Klanten"]}, "m1")
        assert made.values["labels"] == ["Klanten"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_person_who_was_faster_is_read_again_and_nothing_of_theirs_is_lost(times: int) -> None:
    with book() as (sandbox, connector):
        id = add(sandbox)
        sandbox.faults.add(
            Fault(kind="move_row", system="people", method="GET", path="/v1/people/c", count=times)
        )
        if times == 1:
            assert connector.update("contacts", id, {"nickname": "San"}).values["nickname"] == "San"
        else:
            with pytest.raises(Stale):
                connector.update("contacts", id, {"nickname": "San"})
            assert "nicknames" not in raw(sandbox, id)
        assert [path.rpartition(":")[2] for path in calls(sandbox)].count("updateContact") == 2


def test_what_google_refuses_is_told_with_the_field() -> None:
    with book(most_contacts=1) as (sandbox, connector):
        id = add(sandbox)
        with pytest.raises(Rejected, match="Invalid email address") as refused:
            connector.update("contacts", id, {"email": "no address"})
        assert refused.value.field == "email"
        with pytest.raises(Rejected, match=r"address book .* is full"):
            connector.create("contacts", {"given_name": "Noor"}, "m1")
        for name in ("display_name", "shoe_size"):
            with pytest.raises(Rejected, match=name):
                connector.update("contacts", id, {name: "x"})
        with pytest.raises(Gone):
            connector.update("contacts", "people/c12", {"nickname": "x"})
        connector.remove("contacts", "people/c12")
        connector.remove("contacts", id)
        assert connector.fetch("contacts", [id])[0].deleted  # type: ignore[union-attr]


def test_marks_are_found_over_several_pages_and_since_a_moment() -> None:
    with book(contacts=1010) as (sandbox, connector):
        began = sandbox.clock.now()
        first = connector.create("contacts", {"given_name": "Noor"}, "m1")
        connector.create("contacts", {"given_name": "Bram"}, "m2")
        assert {
            mark: [one.id for one in found]
            for mark, found in connector.find("contacts", ["m1"], began).items()
        } == {"m1": [first.id]}
        lists = len([path for path in calls(sandbox) if path.endswith("/connections")])
        assert lists == 1
        assert set(connector.find("contacts", ["m1", "m2", "m3"], None)) == {"m1", "m2"}
