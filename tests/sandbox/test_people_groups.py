"""Labels at the simulated Google."""

from __future__ import annotations

from typing import Any

import pytest
from people_caller import Caller, person

MY = "contactGroups/myContacts"


@pytest.fixture
def caller() -> Caller:
    return Caller()


def _make(caller: Caller, name: str) -> Any:
    return caller.ok("POST", "/v1/contactGroups", {"contactGroup": {"name": name}})


def _members(caller: Caller, group: str) -> list[str]:
    found: list[str] = caller.ok("GET", f"/v1/{group}", maxMembers=10).get("memberResourceNames", [])
    return found


def _modify(caller: Caller, group: str, **names: list[str]) -> Any:
    return caller.ok("POST", f"/v1/{group}/members:modify", names)


def test_system_groups_are_there_and_stay_as_they_are(caller: Caller) -> None:
    rows = {row["resourceName"]: row for row in caller.ok("GET", "/v1/contactGroups")["contactGroups"]}
    assert rows[MY]["groupType"] == "SYSTEM_CONTACT_GROUP"
    assert (rows[MY]["name"], rows[MY]["formattedName"]) == ("myContacts", "My Contacts")
    assert {"contactGroups/starred", "contactGroups/friends", "contactGroups/all"} <= set(rows)
    assert caller.send("DELETE", f"/v1/{MY}").status == 400
    assert caller.send("PUT", f"/v1/{MY}", {"contactGroup": {"name": "Ours"}}).status == 400


def test_a_name_is_taken_once(caller: Caller) -> None:
    _make(caller, "VIP")
    answer = caller.send("POST", "/v1/contactGroups", {"contactGroup": {"name": " VIP "}})
    assert (answer.status, answer.state) == (409, "ALREADY_EXISTS")
    other = _make(caller, "vip")  # case is a difference
    renamed = caller.send("PUT", f"/v1/{other['resourceName']}", {"contactGroup": {"name": "VIP"}})
    assert renamed.status == 409
    assert caller.send("POST", "/v1/contactGroups", {"contactGroup": {"name": " "}}).status == 400
    caller.people.remove_label("VIP")
    _make(caller, "VIP")


def test_members_come_and_go(caller: Caller) -> None:
    group = _make(caller, "VIP")["resourceName"]
    names = [caller.create(person(word))["resourceName"] for word in "AB"]
    answer = _modify(caller, group, resourceNamesToAdd=[*names, "people/c404"])
    assert answer == {"notFoundResourceNames": ["people/c404"]}
    assert _members(caller, group) == names
    assert caller.ok("GET", f"/v1/{group}")["memberCount"] == 2
    assert _modify(caller, group, resourceNamesToRemove=[names[0]]) == {}
    assert _members(caller, group) == [names[1]]


def test_the_last_group_of_a_contact_cannot_be_taken_away(caller: Caller) -> None:
    name = caller.create()["resourceName"]
    answer = _modify(caller, MY, resourceNamesToRemove=[name])
    assert answer == {"canNotRemoveLastContactGroupResourceNames": [name]}
    assert _members(caller, MY) == [name]


def test_nobody_can_be_added_to_an_old_system_group(caller: Caller) -> None:
    name = caller.create()["resourceName"]
    path = "/v1/contactGroups/friends/members:modify"
    assert caller.send("POST", path, {"resourceNamesToAdd": [name]}).status == 400
    assert _modify(caller, "contactGroups/starred", resourceNamesToAdd=[name]) == {}
    too_many = {"resourceNamesToAdd": ["people/c1"] * 600, "resourceNamesToRemove": ["people/c1"] * 401}
    assert caller.send("POST", f"/v1/{MY}/members:modify", too_many).status == 400


@pytest.mark.parametrize("contacts", [False, True])
def test_a_deleted_label_leaves_its_contacts_or_takes_them(caller: Caller, contacts: bool) -> None:
    group = _make(caller, "VIP")["resourceName"]
    only = [{"contactGroupMembership": {"contactGroupResourceName": group}}]
    name = caller.create({**person("A"), "memberships": only})["resourceName"]
    caller.create(person("B"))
    caller.ok("DELETE", f"/v1/{group}", deleteContacts=contacts)
    assert len(caller.people.rows("contacts")) == (1 if contacts else 2)
    if not contacts:
        assert name in _members(caller, MY)  # a contact is always in some group
    assert caller.send("GET", f"/v1/{group}").status == 404
    assert caller.send("DELETE", f"/v1/{group}").status == 404


def test_groups_sync_too(caller: Caller) -> None:
    kept, gone = _make(caller, "VIP"), _make(caller, "Old")
    token = caller.ok("GET", "/v1/contactGroups")["nextSyncToken"]
    assert "contactGroups" not in caller.ok("GET", "/v1/contactGroups", syncToken=token)
    caller.ok("PUT", f"/v1/{kept['resourceName']}", {"contactGroup": {"name": "Vips", "etag": kept["etag"]}})
    caller.ok("DELETE", f"/v1/{gone['resourceName']}")
    rows = caller.ok("GET", "/v1/contactGroups", syncToken=token)["contactGroups"]
    assert [(row.get("name"), row["metadata"].get("deleted")) for row in rows] == [
        ("Vips", None),
        (None, True),
    ]
    stale = {"contactGroup": {"name": "V", "etag": kept["etag"]}}
    assert caller.send("PUT", f"/v1/{kept['resourceName']}", stale).state == "FAILED_PRECONDITION"
    caller.later(7 * 86_400)
    assert caller.send("GET", "/v1/contactGroups", syncToken=token).reasons == ["EXPIRED_SYNC_TOKEN"]
