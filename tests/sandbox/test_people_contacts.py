"""Contacts at the simulated Google: what is written, what is refused and how, alone and in batches."""

from __future__ import annotations

from typing import Any

import pytest
from people_caller import Caller, person

MY = "contactGroups/myContacts"


@pytest.fixture
def caller() -> Caller:
    return Caller()


def _groups(shown: Any) -> list[str]:
    return [each["contactGroupMembership"]["contactGroupResourceName"] for each in shown["memberships"]]


def test_a_new_contact_is_in_my_contacts_and_can_be_read(caller: Caller) -> None:
    made = caller.create(
        person("Sanne", "de Vries", "sanne@post1.example"), "names,emailAddresses,memberships"
    )
    assert _groups(made) == [MY]
    assert made["names"][0]["displayName"] == "Sanne de Vries"
    assert made["names"][0]["displayNameLastFirst"] == "de Vries, Sanne"
    assert made["names"][0]["metadata"]["primary"] is True
    assert caller.get(made["resourceName"], "names")["names"] == made["names"]
    assert "emailAddresses" not in caller.get(made["resourceName"], "names")


def test_texts_are_stripped_and_entries_without_a_value_dropped(caller: Caller) -> None:
    body = {
        "names": [{"givenName": " Zoé "}],
        "emailAddresses": [{"value": ""}, {"value": " z@velo1.example "}],
    }
    made = caller.create(body, "names,emailAddresses")
    assert made["names"][0]["givenName"] == "Zoé"
    assert [each["value"] for each in made["emailAddresses"]] == ["z@velo1.example"]


def test_a_whole_name_is_taken_apart(caller: Caller) -> None:
    name = caller.create({"names": [{"unstructuredName": "Jean-Luc van den Berg"}]}, "names")["names"][0]
    assert (name["givenName"], name["familyName"]) == ("Jean-Luc van den", "Berg")


def test_an_update_replaces_the_masked_fields_and_no_other(caller: Caller) -> None:
    made = caller.create(
        person("Sanne", "de Vries", "s@post1.example", phoneNumbers=[{"value": "1"}, {"value": "2"}]),
        "metadata",
    )
    body = {**made, "names": [{"givenName": "Sanna"}], "phoneNumbers": [{"value": "3"}]}
    assert caller.update(body, "phoneNumbers").status == 200
    now = caller.get(made["resourceName"], "names,phoneNumbers,emailAddresses,metadata")
    assert now["names"][0]["givenName"] == "Sanne"
    assert [each["value"] for each in now["phoneNumbers"]] == ["3"]
    assert caller.update(now, "emailAddresses,names").status == 200
    now = caller.get(made["resourceName"], "names,emailAddresses,metadata")
    bare = {key: value for key, value in now.items() if key != "emailAddresses"}
    assert caller.update(bare, "emailAddresses").status == 200  # a masked field that is not sent is emptied
    assert "emailAddresses" not in caller.get(made["resourceName"], "emailAddresses")


def test_a_stale_etag_is_refused_in_either_place(caller: Caller) -> None:
    old = caller.create()
    assert caller.update({**old, "names": [{"givenName": "A"}]}, "names").status == 200
    by_source = caller.update({**old, "names": [{"givenName": "B"}]}, "names")
    by_person = caller.update({key: value for key, value in old.items() if key != "metadata"}, "names")
    for answer, where in ((by_source, "person.metadata.sources.etag"), (by_person, "person.etag")):
        assert (answer.status, answer.state) == (400, "FAILED_PRECONDITION")
        assert answer.body["error"]["errors"][0]["reason"] == "failedPrecondition"
        assert answer.message.startswith(f"Request {where} is different than the current {where}.")
    assert caller.get(old["resourceName"])["names"][0]["givenName"] == "A"


def test_an_update_without_any_etag_is_refused(caller: Caller) -> None:
    made = caller.create()
    answer = caller.update({"resourceName": made["resourceName"], "names": [{"givenName": "A"}]}, "names")
    assert (answer.status, answer.state) == (400, "INVALID_ARGUMENT")


def test_the_etag_of_an_answer_serves_the_next_update(caller: Caller) -> None:
    now = caller.create()
    for word in ("A", "B", "C"):
        answer = caller.update({**now, "names": [{"givenName": word}]}, "names")
        assert answer.status == 200
        now = answer.body
    assert caller.get(now["resourceName"])["names"][0]["givenName"] == "C"


@pytest.mark.parametrize("name", ["names", "biographies", "birthdays", "genders"])
def test_two_entries_of_a_single_field_are_refused(caller: Caller, name: str) -> None:
    entry = {"date": {"year": 2000}} if name == "birthdays" else {"value": "x"}
    entry = {"givenName": "x"} if name == "names" else entry
    answer = caller.send("POST", "/v1/people:createContact", {name: [entry, entry]})
    assert answer.status == 400
    assert answer.message == f"Cannot have more than one person.{name} per source."


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Sanne"},
        {"names": [{"firstName": "Sanne"}]},
        {"names": {"givenName": "Sanne"}},
        {"names": [{"givenName": 5}]},
        {"birthdays": [{"date": {"year": 2025, "month": 2, "day": 29}}]},
        {"birthdays": [{"date": "2025-02-28"}]},
        {"nicknames": [{"value": "x", "type": "nick"}]},
        {"emailAddresses": [{"value": "no address"}]},
        {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/none"}}]},
        {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/friends"}}]},
        {"memberships": [{"group": MY}]},
        [],
    ],
)
def test_a_bad_body_is_refused_and_nothing_is_made(caller: Caller, body: object) -> None:
    answer = caller.send("POST", "/v1/people:createContact", body)
    assert (answer.status, answer.state) == (400, "INVALID_ARGUMENT")
    assert caller.people.rows("contacts") == []


def test_a_leap_day_without_a_year_is_a_birthday(caller: Caller) -> None:
    made = caller.create({"birthdays": [{"date": {"month": 2, "day": 29}}]}, "birthdays")
    assert made["birthdays"][0]["date"] == {"month": 2, "day": 29}


def test_masks_are_required_and_known(caller: Caller) -> None:
    made = caller.create()
    path = f"/v1/{made['resourceName']}"
    assert "personFields mask is required" in caller.send("GET", path).message
    assert (
        "updatePersonFields mask is required" in caller.send("PATCH", f"{path}:updateContact", made).message
    )
    for mask in ("names,email", "names.givenName"):
        answer = caller.send("GET", path, personFields=mask)
        assert (answer.status, answer.state) == (400, "INVALID_ARGUMENT")
    assert caller.send("PATCH", f"{path}:updateContact", made, updatePersonFields="photos").status == 400
    older: dict[str, Any] = {"requestMask.includeField": "person.names"}
    assert "names" in caller.ok("GET", path, **older)
    unknown = caller.send("GET", path, personFields="names", readMask="names")
    assert 'Unknown name "readMask"' in unknown.message


def test_a_deleted_contact_is_gone_for_every_operation(caller: Caller) -> None:
    made = caller.create()
    path = f"/v1/{made['resourceName']}"
    assert caller.ok("DELETE", f"{path}:deleteContact") == {}
    for answer in (
        caller.send("GET", path, personFields="names"),
        caller.send("DELETE", f"{path}:deleteContact"),
        caller.update(made, "names"),
    ):
        assert (answer.status, answer.state) == (404, "NOT_FOUND")
        assert answer.message == "Requested entity was not found."


def test_memberships_cannot_be_emptied_and_any_can_be_taken_away(caller: Caller) -> None:
    made = caller.create(mask="metadata,memberships")
    assert caller.update({**made, "memberships": []}, "memberships").status == 400
    label = caller.people.book.add_group("VIP").id
    wanted = [{"contactGroupMembership": {"contactGroupResourceName": label}}]
    answer = caller.update({**made, "memberships": wanted}, "memberships", "memberships")
    assert _groups(answer.body) == [label]


def test_entries_of_a_linked_profile_are_shown_and_never_written(caller: Caller) -> None:
    made = caller.create(person("Zoé", "Lefèvre"), "names,metadata")
    caller.people.link_profile(made["resourceName"], person("ZOÉ", "L."))
    now = caller.get(made["resourceName"])
    types = {each["metadata"]["source"]["type"]: each for each in now["names"]}
    assert types["PROFILE"]["metadata"]["primary"] is True
    assert "primary" not in types["CONTACT"]["metadata"]
    assert {source["type"] for source in now["metadata"]["sources"]} == {"CONTACT", "PROFILE"}
    assert caller.update(now, "names").status == 200  # two names, but one of the contact
    only = caller.get(made["resourceName"], "names", sources="READ_SOURCE_TYPE_CONTACT")
    assert [each["givenName"] for each in only["names"]] == ["Zoé"]


def test_the_first_in_rank_need_not_be_the_first_in_the_list(caller: Caller) -> None:
    emails = [{"value": "a@post1.example"}, {"value": "b@post1.example", "metadata": {"sourcePrimary": True}}]
    made = caller.create({"emailAddresses": emails}, "emailAddresses,metadata")
    assert [each["metadata"].get("primary") for each in made["emailAddresses"]] == [None, True]
    caller.people.configure({"values_in_any_order": True})
    again = caller.get(made["resourceName"], "emailAddresses")["emailAddresses"]
    assert [(each["value"], each["metadata"].get("primary")) for each in again] == [
        ("b@post1.example", True),
        ("a@post1.example", None),
    ]


def test_the_canonical_form_of_a_phone_is_added(caller: Caller) -> None:
    phones = [{"value": "+31 (0)97014-1234", "type": "workFax"}, {"value": "097014", "type": "Magazijn"}]
    shown = caller.create({"phoneNumbers": [{"value": "+31 97 014 1234"}, *phones]}, "phoneNumbers")[
        "phoneNumbers"
    ]
    assert shown[0]["canonicalForm"] == "+31970141234"
    assert "canonicalForm" not in shown[2]
    assert [each.get("formattedType") for each in shown] == [None, "Work Fax", "Magazijn"]


# Batches


def _batch(*people: object, mask: str = "names") -> dict[str, object]:
    return {"contacts": [{"contactPerson": each} for each in people], "readMask": mask}


def test_a_batch_creates_in_the_order_given(caller: Caller) -> None:
    body = _batch(*(person(word) for word in ("A", "B", "C")))
    made = caller.ok("POST", "/v1/people:batchCreateContacts", body)["createdPeople"]
    assert [each["person"]["names"][0]["givenName"] for each in made] == ["A", "B", "C"]
    assert caller.ok("POST", "/v1/people:batchCreateContacts", _batch(person("D"), mask="")) == {}
    assert len(caller.people.rows("contacts")) == 4


@pytest.mark.parametrize("partial", [False, True])
def test_a_bad_contact_of_a_batch(caller: Caller, partial: bool) -> None:
    caller.people.configure({"batch_partial": partial})
    body = _batch(person("A"), {"emailAddresses": [{"value": "no"}]}, person("C"))
    answer = caller.send("POST", "/v1/people:batchCreateContacts", body)
    if partial:
        assert [each["httpStatusCode"] for each in answer.body["createdPeople"]] == [200, 400, 200]
        assert answer.body["createdPeople"][1]["status"]["code"] == 3
    else:
        assert answer.status == 400
        assert set(answer.body["error"]["details"][-1]["contactErrors"]) == {"1"}
    assert len(caller.people.rows("contacts")) == (2 if partial else 0)


@pytest.mark.parametrize("partial", [False, True])
def test_a_stale_contact_of_a_batch_update(caller: Caller, partial: bool) -> None:
    caller.people.configure({"batch_partial": partial})
    good, stale = caller.create(person("A")), caller.create(person("B"))
    caller.people.edit(stale["resourceName"], person("Bb"))
    people = {each["resourceName"]: {**each, "names": [{"givenName": "X"}]} for each in (good, stale)}
    body = {"contacts": people, "updateMask": "names", "readMask": "names"}
    answer = caller.send("POST", "/v1/people:batchUpdateContacts", body)
    names = [each["names"][0]["givenName"] for each in caller.people.rows("contacts")]
    if partial:
        assert answer.body["updateResult"][stale["resourceName"]]["status"]["code"] == 9
        assert sorted(names) == ["Bb", "X"]
    else:
        assert (answer.status, answer.state) == (400, "FAILED_PRECONDITION")
        assert set(answer.body["error"]["details"][-1]["contactErrors"]) == {stale["resourceName"]}
        assert sorted(names) == ["A", "Bb"]


def test_a_batch_beyond_its_limit_is_refused(caller: Caller) -> None:
    people = [person(str(n)) for n in range(201)]
    assert caller.send("POST", "/v1/people:batchCreateContacts", _batch(*people)).status == 400
    caller.ok("POST", "/v1/people:batchCreateContacts", _batch(*people[:200]))
    names = [each["resourceName"] for each in caller.people.rows("contacts")]
    assert (
        caller.send("GET", "/v1/people:batchGet", resourceNames=[*names, "x"], personFields="names").status
        == 400
    )
    assert (
        len(caller.ok("GET", "/v1/people:batchGet", resourceNames=names, personFields="names")["responses"])
        == 200
    )
    many = {"resourceNames": names + ["people/c1"] * 301}
    assert caller.send("POST", "/v1/people:batchDeleteContacts", many).status == 400


def test_a_batch_deletes_all_or_none(caller: Caller) -> None:
    names = [caller.create(person(word))["resourceName"] for word in "AB"]
    body = {"resourceNames": [*names, "people/c404"]}
    assert caller.send("POST", "/v1/people:batchDeleteContacts", body).state == "NOT_FOUND"
    assert len(caller.people.rows("contacts")) == 2
    caller.people.configure({"batch_delete_ignores_missing": True})
    assert caller.ok("POST", "/v1/people:batchDeleteContacts", body) == {}
    assert caller.people.rows("contacts") == []


def test_an_account_holds_so_many_contacts(caller: Caller) -> None:
    caller.people.configure({"most_contacts": 3})
    caller.create()
    assert caller.send("POST", "/v1/people:batchCreateContacts", _batch(*[person("A")] * 3)).status == 429
    caller.ok("POST", "/v1/people:batchCreateContacts", _batch(person("A"), person("B")))
    answer = caller.send("POST", "/v1/people:createContact", person("C"))
    assert (answer.status, answer.state) == (429, "RESOURCE_EXHAUSTED")
    caller.people.remove(caller.people.rows("contacts")[0]["resourceName"])
    caller.create(person("C"))


def test_a_search_finds_the_beginnings_of_words(caller: Caller) -> None:
    caller.create(person("foo", "name", "who@post1.example", organizations=[{"name": "Velo Utrecht"}]))

    def found(query: str) -> int:
        return len(
            caller.ok("GET", "/v1/people:searchContacts", query=query, readMask="names").get("results", [])
        )

    assert [found(word) for word in ("f", "fo", "foo", "foo n", "nam", "WHO@", "velo", "oo n", "")] == [
        1
    ] * 7 + [0, 0]
