"""The simulated Google against the discovery document of People API v1: paths, parameters, fields, limits, answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from people_caller import START, Caller, person

from discovery.people_document import DOCUMENT, methods, schema
from stockbridge_sandbox.people import contacts, fields
from stockbridge_sandbox.people.made_up import make_up
from stockbridge_sandbox.people.operations import LEFT_OUT, OPERATIONS, STANDARD

pytestmark = pytest.mark.skipif(
    DOCUMENT is None,
    reason="the package google-api-python-client with the discovery document is not installed",
)
_KINDS = {"text": "string", "flag": "boolean", "number": "integer", "choice": "string"}


def _words(text: str) -> set[str]:
    """The values that a description lists as `* word`."""
    return set(re.findall(r"\* `?(\w+)`?", text))


def _parameter(method: str, name: str) -> str:
    return str(dict(methods())[method]["parameters"][name]["description"])


def _schema_of(field: str) -> dict[str, Any]:
    return schema(schema("Person")["properties"][field]["items"]["$ref"])


def test_every_operation_of_the_document_is_simulated_or_said_to_be_left_out() -> None:
    ours = {(each.name, each.method, each.path) for each in OPERATIONS} | set(LEFT_OUT)
    assert ours == {(name, each["httpMethod"], each["flatPath"]) for name, each in methods()}


def test_what_is_left_out_answers_501_with_its_name() -> None:
    caller = Caller()
    for name, method, path in LEFT_OUT:
        answer = caller.send(method, "/" + path.replace("{peopleId}", "c1"))
        assert answer.status == 501
        assert name in answer.message


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_parameters_and_scopes(operation: Any) -> None:
    method = dict(methods())[operation.name]
    query = {name for name, each in method["parameters"].items() if each["location"] == "query"}
    assert set(operation.query) == query
    assert {f"https://www.googleapis.com/auth/{scope}" for scope in operation.scopes} <= set(method["scopes"])
    # None but these can be used for it; those to the owner's own profile fields are of no use for contacts.
    left = {scope.rpartition("/")[2] for scope in method["scopes"]} - operation.scopes
    assert all(scope.startswith("user.") for scope in left)


def test_the_parameters_of_every_google_api() -> None:
    assert DOCUMENT is not None
    assert set(DOCUMENT["parameters"]) == STANDARD


@pytest.mark.parametrize("name", sorted(fields.WRITABLE))
def test_the_attributes_of_a_field(name: str) -> None:
    field = fields.WRITABLE[name]
    properties = {key: each for key, each in _schema_of(name)["properties"].items() if key != "metadata"}
    assert set(field.attributes) | set(field.shown) == set(properties)
    assert set(field.shown) == {key for key, each in properties.items() if each.get("readOnly")}
    for key, kind in field.attributes.items():
        if kind == "date":
            assert properties[key]["$ref"] == "Date"
            continue
        assert properties[key]["type"] == _KINDS[kind]
        assert ("enum" in properties[key]) == (kind == "choice")
        if kind == "choice":
            assert set(field.choices[key]) == set(properties[key]["enum"])


@pytest.mark.parametrize("name", sorted(name for name, each in fields.WRITABLE.items() if each.types))
def test_the_types_that_have_a_name(name: str) -> None:
    properties = _schema_of(name)["properties"]
    described = properties["value" if name == "genders" else "type"]["description"]
    assert set(fields.WRITABLE[name].types) == _words(described)


def test_masks_and_single_fields() -> None:
    update = "people.people.updateContact"
    assert _words(_parameter(update, "updatePersonFields")) == fields.UPDATE_MASK
    assert _words(_parameter(update, "personFields")) == fields.READ_MASK
    assert _words(_parameter("people.people.connections.list", "personFields")) == fields.READ_MASK
    assert _words(_parameter("people.otherContacts.search", "readMask")) == fields.SEARCH_OTHER_MASK
    assert _words(_parameter("people.contactGroups.list", "groupFields")) == fields.GROUP_MASK
    others = _parameter("people.otherContacts.list", "readMask").partition("PROFILE is used")[0]
    assert _words(others) - {"READ_SOURCE_TYPE_CONTACT"} == fields.OTHER_MASK
    copied = schema("CopyOtherContactToMyContactsGroupRequest")["properties"]["copyMask"]["description"]
    assert _words(copied) == fields.COPY_MASK
    singles = {name for name, each in fields.WRITABLE.items() if each.single}
    assert _words(dict(methods())[update]["description"]) == singles
    body = set(schema("Person")["properties"])
    assert body == set(fields.WRITABLE) | fields.READ_OVER | {"memberships"}


def test_limits() -> None:
    def most(text: str) -> list[int]:
        return [int(word) for word in re.findall(r"up to (\d+)|maximum of (\d+)", text)[0] if word]

    assert most(schema("BatchCreateContactsRequest")["properties"]["contacts"]["description"]) == [
        contacts.MOST_WRITTEN
    ]
    assert most(schema("BatchUpdateContactsRequest")["properties"]["contacts"]["description"]) == [
        contacts.MOST_WRITTEN
    ]
    assert most(schema("BatchDeleteContactsRequest")["properties"]["resourceNames"]["description"]) == [
        contacts.MOST_DELETED
    ]
    assert most(_parameter("people.people.getBatchGet", "resourceNames")) == [contacts.MOST_READ]
    caller = Caller(make_up(0))
    for description, path, mask in (
        (
            _parameter("people.people.connections.list", "pageSize"),
            "/v1/people/me/connections",
            "personFields",
        ),
        (_parameter("people.contactGroups.list", "pageSize"), "/v1/contactGroups", "groupFields"),
    ):
        low, high = (int(word) for word in re.findall(r"between (\d+) and (\d+)", description)[0])
        for size, status in ((low, 200), (high, 200), (high + 1, 400), (low - 2, 400)):
            query: dict[str, Any] = {mask: "metadata", "pageSize": size}
            assert caller.send("GET", path, **query).status == status


def test_every_operation_answers_what_the_document_says() -> None:
    """The caller holds each answer and body to the schemas; here every operation is called once with all it shows."""
    caller = Caller(make_up(60), scopes="contacts contacts.other.readonly userinfo.email userinfo.profile")
    called: set[str] = set()

    def call(name: str, body: object = None, *, path: str = "", **query: Any) -> Any:
        operation = next(each for each in OPERATIONS if each.name == f"people.{name}")
        called.add(operation.name)
        return caller.ok(operation.method, f"/{path or operation.path}", body, **query)

    everything = ",".join(sorted(fields.READ_MASK))
    full = {
        "names": [{"givenName": "Zoé", "familyName": "Lefèvre", "honorificPrefix": "Mme"}],
        "addresses": [{"streetAddress": "rue Longue 3", "city": "Lyon", "type": "work"}],
        "biographies": [{"value": "Préfère le courriel", "contentType": "TEXT_PLAIN"}],
        "birthdays": [{"date": {"month": 2, "day": 29}}],
        "calendarUrls": [{"url": "https://post1.example/cal", "type": "work"}],
        "clientData": [{"key": "k", "value": "v"}],
        "emailAddresses": [{"value": "zoe@post1.example", "type": "work"}, {"value": "z@velo2.example"}],
        "events": [{"date": {"year": 2020, "month": 5, "day": 1}, "type": "anniversary"}],
        "externalIds": [{"value": "K1", "type": "customer"}],
        "genders": [{"value": "female"}],
        "imClients": [{"username": "zoe", "protocol": "skype", "type": "home"}],
        "interests": [{"value": "vélo"}],
        "locales": [{"value": "fr-FR"}],
        "locations": [{"value": "Bureau", "type": "desk", "floor": "2", "current": True}],
        "miscKeywords": [{"value": "x", "type": "OUTLOOK_KEYWORD"}],
        "nicknames": [{"value": "Zo", "type": "SHORT_NAME"}],
        "occupations": [{"value": "mécanicienne"}],
        "organizations": [{"name": "Velo 4", "current": True, "startDate": {"year": 2019}}],
        "phoneNumbers": [{"value": "+33 1 99 00 55 00", "type": "mobile"}],
        "relations": [{"person": "Luc", "type": "spouse"}],
        "sipAddresses": [{"value": "sip:zoe@post1.example", "type": "work"}],
        "urls": [{"value": "https://post1.example", "type": "homePage"}],
        "userDefined": [{"key": "Klantnummer", "value": "K1001"}],
    }
    assert set(full) == set(fields.WRITABLE)
    made = call("people.createContact", full, personFields=everything)
    assert set(full) <= set(made)
    key = made["resourceName"]
    caller.people.link_profile(key, person("ZOÉ", "LEFÈVRE", "zoe@post1.example"))
    one = call("people.get", path=f"v1/{key}", personFields=everything)
    call("people.get", path="v1/people/me", personFields=everything)
    answers = call(
        "people.getBatchGet", personFields=everything, resourceNames=[key, "people/c404", "people/me"]
    )
    assert [each["httpStatusCode"] for each in answers["responses"]] == [200, 404, 200]
    changed = call(
        "people.updateContact", one, path=f"v1/{key}:updateContact", updatePersonFields=",".join(full)
    )
    batch = {
        "contacts": [{"contactPerson": person("Daan")}, {"contactPerson": person("Fleur")}],
        "readMask": "names",
    }
    new = [
        each["person"]["resourceName"] for each in call("people.batchCreateContacts", batch)["createdPeople"]
    ]
    update = {
        "contacts": {key: changed | {"nicknames": []}},
        "updateMask": "nicknames",
        "readMask": everything,
    }
    assert "nicknames" not in call("people.batchUpdateContacts", update)["updateResult"][key]["person"]
    assert call("people.searchContacts", query="zo", readMask=everything)["results"]
    call("people.connections.list", path="v1/people/me/connections", personFields=everything, pageSize=7)
    _, token = caller.sync(mask=everything)
    group = call("contactGroups.create", {"contactGroup": {"name": "Proef"}}, path="v1/contactGroups")
    label = group["resourceName"]
    groups = call("contactGroups.list", pageSize=4)
    call("contactGroups.list", pageSize=4, pageToken=groups["nextPageToken"])
    call(
        "contactGroups.members.modify",
        {"resourceNamesToAdd": [key, "people/c5"]},
        path=f"v1/{label}/members:modify",
    )
    renamed = {"contactGroup": {"name": "Proef 2", "clientData": [{"key": "a", "value": "b"}]}}
    call(
        "contactGroups.update",
        renamed | {"updateGroupFields": "name,clientData", "readGroupFields": "name,clientData,memberCount"},
        path=f"v1/{label}",
    )
    shown = call(
        "contactGroups.get", path=f"v1/{label}", maxMembers=5, groupFields="clientData,metadata,memberCount"
    )
    assert shown["memberResourceNames"] == [key]
    call("contactGroups.batchGet", resourceNames=[label, "contactGroups/none"], maxMembers=2)
    call("people.deleteContact", path=f"v1/{new[0]}:deleteContact")
    call("people.batchDeleteContacts", {"resourceNames": new[1:]})
    caller.people.link_profile(key, person("Z"), rename=True)
    rows, _ = caller.sync(token, everything)
    assert {row["resourceName"] for row in rows if row["metadata"].get("deleted")} == set(new)
    call("contactGroups.delete", path=f"v1/{label}", deleteContacts=True)
    others = call("otherContacts.list", readMask="names,emailAddresses,metadata", requestSyncToken=True)
    name = others["otherContacts"][0]["resourceName"]
    call("otherContacts.search", query="no-reply", readMask="emailAddresses")
    copy = {"copyMask": "emailAddresses,names", "readMask": "metadata,emailAddresses,memberships"}
    call(
        "otherContacts.copyOtherContactToMyContactsGroup",
        copy,
        path=f"v1/{name}:copyOtherContactToMyContactsGroup",
    )
    assert called == {each.name for each in OPERATIONS}
    assert caller.clock.now() == START
