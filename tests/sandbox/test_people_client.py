"""Google's own client against the simulated Google: what it sends is understood, and it understands the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from zoho_caller import post_form

from discovery.people_document import DOCUMENT
from stockbridge_sandbox.run import Sandbox, start

discovery = pytest.importorskip(
    "googleapiclient.discovery", reason="google-api-python-client is not installed"
)
errors = pytest.importorskip("googleapiclient.errors")
credentials = pytest.importorskip("google.oauth2.credentials")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start(items=1, vendors=1, orders=0, contacts=25, speed=0) as sandbox:
        yield sandbox


@pytest.fixture
def service(sandbox: Sandbox) -> Iterator[Any]:
    """Google's client with credentials that have to be refreshed at first."""
    login = sandbox.people.accounts()
    owner = credentials.Credentials(
        None,
        refresh_token=sandbox.people.refresh_token("contacts contacts.other.readonly"),
        token_uri=f"{sandbox.people_url}/token",
        client_id=login["client_id"],
        client_secret=login["client_secret"],
    )
    options = {"api_endpoint": sandbox.people_url}
    with discovery.build_from_document(
        json.dumps(DOCUMENT), credentials=owner, client_options=options
    ) as service:
        yield service


def test_it_reads_page_after_page_and_syncs(service: Any, sandbox: Sandbox) -> None:
    connections = service.people().connections()
    given = {
        "resourceName": "people/me",
        "personFields": "names,metadata",
        "requestSyncToken": True,
        "pageSize": 10,
    }
    request = connections.list(**given)
    read: list[str] = []
    while request is not None:
        answer = request.execute()
        read += [row["resourceName"] for row in answer["connections"]]
        request = connections.list_next(request, answer)
    assert sorted(read) == sorted(row["resourceName"] for row in sandbox.people.rows("contacts"))
    gone = read[0]
    sandbox.people.remove(gone)
    rows = connections.list(**given, syncToken=answer["nextSyncToken"]).execute()["connections"]
    assert [(row["resourceName"], row["metadata"]["deleted"]) for row in rows] == [(gone, True)]


def test_it_writes_labels_and_deletes(service: Any) -> None:
    people = service.people()
    made = people.createContact(
        body={"names": [{"givenName": "Ægir"}]}, personFields="names,metadata"
    ).execute()
    name = made["resourceName"]
    changed = {**made, "emailAddresses": [{"value": "aegir@post1.example"}]}
    people.updateContact(resourceName=name, updatePersonFields="emailAddresses", body=changed).execute()
    with pytest.raises(errors.HttpError) as stale:
        people.updateContact(resourceName=name, updatePersonFields="emailAddresses", body=changed).execute()
    assert (stale.value.status_code, "etag is different" in stale.value.reason) == (400, True)
    group = service.contactGroups().create(body={"contactGroup": {"name": "Proef"}}).execute()
    members = {"resourceNamesToAdd": [name]}
    service.contactGroups().members().modify(resourceName=group["resourceName"], body=members).execute()
    shown = service.contactGroups().get(resourceName=group["resourceName"], maxMembers=3).execute()
    assert shown["memberResourceNames"] == [name]
    found = people.getBatchGet(resourceNames=[name], personFields="names").execute()["responses"]
    assert found[0]["person"]["names"][0]["displayName"] == "Ægir"
    people.deleteContact(resourceName=name).execute()
    with pytest.raises(errors.HttpError) as missing:
        people.get(resourceName=name, personFields="names").execute()
    assert (missing.value.status_code, missing.value.reason) == (404, "Requested entity was not found.")


def test_it_tells_that_a_grant_was_revoked(service: Any, sandbox: Sandbox) -> None:
    refused = pytest.importorskip("google.auth.exceptions").RefreshError
    for token in list(sandbox.people.grants.refreshes):
        post_form(f"{sandbox.people_url}/revoke", token=token)
    with pytest.raises(refused, match=r"invalid_grant: Token has been expired or revoked\."):
        service.people().get(resourceName="people/me", personFields="names").execute()
