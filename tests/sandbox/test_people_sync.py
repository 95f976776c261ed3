"""Lists at the simulated Google: pages, sync tokens and their end, tombstones, reads that lag, quotas."""

from __future__ import annotations

from typing import Any

import pytest
from people_caller import NAMES, Caller, given_names, person

DAY = 86_400


@pytest.fixture
def caller() -> Caller:
    caller = Caller()
    for word in "ABCDE":
        caller.people.add(person(word))
    return caller


def _names(caller: Caller) -> dict[str, str]:
    return {row["names"][0]["givenName"]: row["resourceName"] for row in caller.people.rows("contacts")}


def test_pages_hold_everything_once_and_count_it(caller: Caller) -> None:
    seen: list[str] = []
    more: dict[str, Any] = {}
    while True:
        body = caller.connections(pageSize=2, **more).body
        assert (body["totalItems"], body["totalPeople"]) == (5, 5)
        seen += given_names(body["connections"])
        if "nextPageToken" not in body:
            break
        more = {"pageToken": body["nextPageToken"]}
    assert seen == list("ABCDE")
    assert "nextSyncToken" not in body  # nobody asked for one


def test_the_order_asked_for(caller: Caller) -> None:
    caller.people.edit(_names(caller)["B"], person("Zz", "Aa"))
    assert given_names(caller.connections().body["connections"]) == ["A", "C", "D", "E", "Zz"]
    newest = caller.connections(sortOrder="LAST_MODIFIED_DESCENDING").body["connections"]
    assert given_names(newest) == ["Zz", "E", "D", "C", "A"]
    by_family = caller.connections(sortOrder="LAST_NAME_ASCENDING").body["connections"]
    assert given_names(by_family)[-1] == "Zz"  # the others have no family name
    assert caller.connections(sortOrder="NAME").status == 400


def test_a_change_between_two_pages_leaves_nobody_out(caller: Caller) -> None:
    first = caller.connections(pageSize=2, requestSyncToken=True).body
    caller.people.edit(_names(caller)["A"], person("Aa"))
    second = caller.connections(pageSize=2, requestSyncToken=True, pageToken=first["nextPageToken"]).body
    third = caller.connections(pageSize=2, requestSyncToken=True, pageToken=second["nextPageToken"]).body
    read = [*first["connections"], *second["connections"], *third["connections"]]
    assert given_names(read) == ["A", "B", "C", "D", "E", "Aa"]
    later = caller.connections(pageSize=2, requestSyncToken=True, syncToken=third["nextSyncToken"]).body
    assert given_names(later["connections"]) == ["Aa"]  # it changed after the first page was given


def test_what_changed_comes_with_the_sync_token_and_deletions_as_tombstones(caller: Caller) -> None:
    names = _names(caller)
    _, token = caller.sync()
    caller.people.edit(names["B"], person("Bb"))
    caller.people.remove(names["C"])
    caller.people.add(person("F"))
    rows, after = caller.sync(token)
    assert given_names(rows) == ["Bb", "F"]
    gone = [row for row in rows if row["metadata"].get("deleted")]
    assert [(row["resourceName"], "names" in row) for row in gone] == [(names["C"], False)]
    assert caller.sync(after)[0] == []
    assert len(caller.sync(token)[0]) == 3  # an old token still tells the same
    assert len(caller.sync()[0]) == 5  # and a full reading has no tombstones


def test_a_tombstone_without_metadata_in_the_mask_says_nothing(caller: Caller) -> None:
    name = _names(caller)["C"]
    _, token = caller.sync(mask="names")
    caller.people.remove(name)
    rows, _ = caller.sync(token, "names")
    assert [set(row) for row in rows] == [{"resourceName", "etag"}]


def test_a_sync_token_ends_seven_days_after_the_full_reading(caller: Caller) -> None:
    _, token = caller.sync()
    caller.later(6 * DAY)
    _, token = caller.sync(token)
    caller.later(1 * DAY)
    answer = caller.connections(syncToken=token, requestSyncToken=True)
    assert (answer.status, answer.state, answer.reasons) == (
        400,
        "FAILED_PRECONDITION",
        ["EXPIRED_SYNC_TOKEN"],
    )
    assert answer.message == "Sync token is expired. Clear local cache and retry call without the sync token."
    assert len(caller.sync()[0]) == 5


def test_by_a_switch_a_reading_starts_the_seven_days_anew(caller: Caller) -> None:
    caller.people.configure({"sync_token_renews": True, "sync_token_days": 2})
    _, token = caller.sync()
    for _ in range(4):
        caller.later(1.9 * DAY)
        _, token = caller.sync(token)
    caller.later(2 * DAY)
    assert caller.connections(syncToken=token, requestSyncToken=True).reasons == ["EXPIRED_SYNC_TOKEN"]


def test_other_parameters_must_be_those_of_the_first_call(caller: Caller) -> None:
    page = caller.connections(pageSize=2, requestSyncToken=True).body["nextPageToken"]
    _, token = caller.sync()
    for answer in (
        caller.connections("names", pageSize=2, requestSyncToken=True, pageToken=page),
        caller.connections(pageSize=3, requestSyncToken=True, pageToken=page),
        caller.connections(pageSize=2, pageToken=page),
        caller.connections("names", syncToken=token),
        caller.connections(pageSize=7, syncToken=token),
        caller.connections(syncToken=token, sources="READ_SOURCE_TYPE_CONTACT"),
        caller.connections(syncToken=page),
        caller.connections(pageToken=token),
        caller.connections(syncToken="nonsense"),
        caller.connections(pageToken=page[:-2] + "AA"),
    ):
        assert (answer.status, answer.state) == (400, "INVALID_ARGUMENT")
    assert (
        caller.connections("metadata,names", syncToken=token).status == 200
    )  # the order in a mask is no difference


def test_a_label_put_on_moves_the_contact(caller: Caller) -> None:
    _, token = caller.sync(mask="memberships,metadata")
    caller.people.label(_names(caller)["D"], "VIP")
    rows, token = caller.sync(token, "memberships,metadata")
    assert len(rows) == 1
    caller.people.remove_label("VIP")
    rows, _ = caller.sync(token, "memberships,metadata")
    held = [each["contactGroupMembership"]["contactGroupId"] for each in rows[0]["memberships"]]
    assert held == ["myContacts"]


def test_merged_duplicates_leave_one_and_a_tombstone(caller: Caller) -> None:
    a = caller.people.add(person("Sanne", "", "a@post1.example", biographies=[{"value": "one"}]))[
        "resourceName"
    ]
    b = caller.people.add(person("S.", "", "B@post1.example", biographies=[{"value": "two"}]))["resourceName"]
    caller.people.label(b, "VIP")
    _, token = caller.sync()
    caller.people.merge(a, [b])
    rows, _ = caller.sync(token)
    assert [(row["resourceName"], row["metadata"].get("deleted")) for row in rows] == [(a, None), (b, True)]
    kept = caller.get(a, "names,emailAddresses,biographies,memberships")
    assert [each["value"] for each in kept["emailAddresses"]] == ["a@post1.example", "B@post1.example"]
    assert (kept["names"][0]["givenName"], kept["biographies"][0]["value"]) == ("Sanne", "one")
    assert len(kept["memberships"]) == 2
    assert caller.send("GET", f"/v1/{b}", personFields="names").status == 404


def test_a_contact_out_of_the_bin_is_the_same_again(caller: Caller) -> None:
    name = _names(caller)["A"]
    _, token = caller.sync()
    caller.people.remove(name)
    _, token = caller.sync(token)
    caller.people.restore(name)
    rows, _ = caller.sync(token)
    assert [(row["resourceName"], row["names"][0]["givenName"]) for row in rows] == [(name, "A")]
    assert caller.connections().body["totalItems"] == 5


def test_a_new_resource_name_names_the_old_one_and_both_can_be_read(caller: Caller) -> None:
    old = _names(caller)["A"]
    _, token = caller.sync()
    new = caller.people.link_profile(old, person("AA"), rename=True)["resourceName"]
    rows, _ = caller.sync(token)
    assert [(row["resourceName"], row["metadata"]["previousResourceNames"]) for row in rows] == [(new, [old])]
    answers = caller.ok("GET", "/v1/people:batchGet", resourceNames=[old], personFields="names")["responses"]
    assert (answers[0]["requestedResourceName"], answers[0]["person"]["resourceName"]) == (old, new)
    assert "previousResourceNames" not in caller.get(old)["metadata"]


def test_writes_are_missing_from_reads_that_sync_for_a_while(caller: Caller) -> None:
    names = _names(caller)
    _, token = caller.sync()
    caller.people.configure({"propagation_seconds": 120})
    caller.later(600)
    caller.people.edit(names["A"], person("Aa"))
    caller.people.remove(names["B"])
    caller.people.add(person("F"))
    rows, same = caller.sync(token)
    assert rows == []
    assert sorted(given_names(caller.sync()[0])) == list("ABCDE")  # a full reading sees what was
    assert len(given_names(caller.connections().body["connections"])) == 5  # one that does not sync is ahead
    assert caller.get(names["A"])["names"][0]["givenName"] == "Aa"
    caller.later(120)
    rows, _ = caller.sync(same)
    assert given_names(rows) == ["Aa", "F"]
    assert [row["resourceName"] for row in rows if row["metadata"].get("deleted")] == [names["B"]]


def test_a_token_of_a_lagging_reading_loses_nothing(caller: Caller) -> None:
    caller.people.configure({"propagation_seconds": 120})
    caller.later(600)
    caller.people.add(person("F"))
    caller.later(60)
    rows, token = caller.sync()
    assert "F" not in given_names(rows)
    caller.people.add(person("G"))
    caller.later(60)
    rows, token = caller.sync(token)
    assert given_names(rows) == ["F"]
    caller.later(60)
    assert given_names(caller.sync(token)[0]) == ["G"]


def test_other_reads_may_be_stale_too_and_their_etag_with_them(caller: Caller) -> None:
    name = _names(caller)["A"]
    caller.people.configure({"stale_reads_seconds": 5})
    caller.later(60)
    caller.people.edit(name, person("Aa"))
    seen = caller.get(name)
    assert seen["names"][0]["givenName"] == "A"
    assert caller.update({**seen, "names": [{"givenName": "X"}]}, "names").state == "FAILED_PRECONDITION"
    made = caller.create(person("F"))
    assert caller.send("GET", f"/v1/{made['resourceName']}", personFields="names").status == 404
    caller.people.remove(_names(caller)["B"])
    assert "B" in given_names(caller.connections().body["connections"])
    caller.later(5)
    assert given_names(caller.connections().body["connections"]) == ["C", "D", "E", "Aa", "F"]


@pytest.mark.parametrize(("kind", "method"), [("reads", "GET"), ("writes", "POST")])
def test_the_quota_of_a_minute(caller: Caller, kind: str, method: str) -> None:
    caller.people.configure({f"{kind}_per_minute": 3})

    def call() -> Any:
        if method == "GET":
            return caller.connections()
        return caller.send("POST", "/v1/people:createContact", person("F"))

    assert [call().status for _ in range(4)] == [200, 200, 200, 429]
    answer = call()
    assert (answer.state, answer.reasons) == ("RESOURCE_EXHAUSTED", ["RATE_LIMIT_EXCEEDED"])
    assert "per minute per user' of service 'people.googleapis.com'" in answer.message
    assert "retry-after" not in {name.lower() for name in answer.headers}
    caller.later(60)
    assert call().status == 200


def test_an_update_counts_as_a_read_as_well(caller: Caller) -> None:
    made = caller.create()
    caller.people.configure({"reads_per_minute": 1})
    assert caller.update(made, "names").status == 200
    assert caller.connections().status == 429


def test_full_readings_have_a_quota_of_their_own(caller: Caller) -> None:
    caller.people.configure({"full_reads_per_hour": 2})
    _, token = caller.sync()
    caller.sync()
    answer = caller.connections(requestSyncToken=True)
    assert (answer.status, answer.message) == (429, "Resource has been exhausted (e.g. check quota).")
    assert caller.connections().status == 200  # a reading that does not sync
    assert caller.sync(token)[0] == []
    caller.later(3600)
    caller.sync()


def test_the_list_is_that_of_the_owner_alone(caller: Caller) -> None:
    assert caller.send("GET", "/v1/people/c5/connections", personFields=NAMES).status == 400
    empty = Caller()
    assert empty.connections().body == {}
    assert set(empty.connections(requestSyncToken=True).body) == {"nextSyncToken"}


def test_other_contacts_sync_with_their_own_tokens() -> None:
    caller = Caller(scopes="contacts contacts.other.readonly")
    for n in range(3):
        caller.people.add({"emailAddresses": [{"value": f"no-reply-{n}@post1.example"}]}, other=True)
    query: dict[str, Any] = {"readMask": "emailAddresses,metadata", "requestSyncToken": True}
    first = caller.ok("GET", "/v1/otherContacts", **query)
    assert (first["totalSize"], len(first["otherContacts"])) == (3, 3)
    name = first["otherContacts"][0]["resourceName"]
    caller.people.remove(name)
    rows = caller.ok("GET", "/v1/otherContacts", syncToken=first["nextSyncToken"], **query)["otherContacts"]
    assert [(row["resourceName"], row["metadata"]["deleted"]) for row in rows] == [(name, True)]
    assert caller.connections(syncToken=first["nextSyncToken"]).status == 400
    assert caller.send("GET", "/v1/otherContacts", readMask="organizations").status == 400
    source = first["otherContacts"][1]["resourceName"]
    path = f"/v1/{source}:copyOtherContactToMyContactsGroup"
    made = caller.ok("POST", path, {"copyMask": "emailAddresses"})
    assert made["resourceName"].startswith("people/c")
    assert made["emailAddresses"][0]["value"] == "no-reply-1@post1.example"
    assert caller.send("POST", path, {}).status == 400
