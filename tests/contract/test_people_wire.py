"""Every call that is sent to Google is one of the discovery document: its path, its query, its body, its words."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from test_people_batches import at_once
from test_people_connector import SANNE

from discovery.people_document import DOCUMENT, check_body, method_of
from scenarios.sandbox_accounts import google_account
from stockbridge.connectors.people import connector as people
from stockbridge.connectors.people.account import grant_of
from stockbridge.connectors.people.book import contacts_in_book
from stockbridge.connectors.people.slots import MAIN, READ_MASK, SHOWN, slots_of
from stockbridge.connectors.people.streams import contacts_stream
from stockbridge.core.record import Field, Kind
from stockbridge.http.clock import REAL
from stockbridge.http.oauth import drive
from stockbridge.http.transport import Answer, Call, Transport
from stockbridge_sandbox.run import start

pytestmark = pytest.mark.skipif(DOCUMENT is None, reason="google-api-python-client is not installed")


class Noting(Transport):
    """Sends as ever and notes what it sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Call] = []

    def send(self, call: Call) -> Answer:
        self.sent.append(call)
        return super().send(call)


def test_every_call_is_one_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockbridge.connectors.people.batches._QUIET_SECONDS", 0.15)
    transport = Noting()
    with start(items=1, vendors=1, orders=0, contacts=3, seed=3) as sandbox, transport:
        account = google_account(sandbox, "Sandbox")
        connector = people.connect(account, clock=REAL, transport=transport, keys=("Maat",))
        id = str(sandbox.people.add(dict(SANNE))["resourceName"])
        token = list(connector.read("contacts", None))[-1].checkpoint
        list(connector.read("contacts", token))
        sandbox.people.label(id, "Nieuw")
        connector.fetch("contacts", [id, "people/c12"])
        everything = {
            field.name: _some(field) for field in contacts_stream(("Maat",)).fields if field.writable
        }
        connector.update("contacts", id, everything)
        made = connector.create("contacts", everything, "m1")
        connector.update("contacts", made.id, dict.fromkeys(everything))
        connector.find("contacts", ["m1"], REAL.now())
        connector.remove("contacts", made.id)
        several = at_once(lambda n: connector.create("contacts", everything, f"m{n}"), 3)
        at_once(lambda n: connector.update("contacts", several[n].id, dict.fromkeys(everything)), 3)
        at_once(lambda n: connector.remove("contacts", several[n].id), 3)
        drive(contacts_in_book(account, drive(grant_of(account, REAL), transport.send), REAL), transport.send)
        seen = set()
        for call in transport.sent:
            url = urlsplit(call.url)
            if url.path == "/token":
                continue
            method = method_of(call.method, url.path)
            seen.add(method["id"])
            for name, value in parse_qsl(url.query):
                declared = method["parameters"][name]
                assert "enum" not in declared or value in declared["enum"]
                assert declared["type"] != "integer" or value.isdecimal()
                assert declared["type"] != "boolean" or value in ("true", "false")
                if declared.get("format") == "google-fieldmask":
                    listed = declared["description"].split("Valid values are:")[-1]
                    assert all(f"* {one}" in listed for one in value.split(","))
            if call.body is not None:
                check_body(call.method, url.path, json.loads(call.body))
        assert len(seen) == 13
        assert {"people.people.connections.list", "people.contactGroups.create"} <= seen


def test_every_field_stands_where_the_document_has_it() -> None:
    assert DOCUMENT is not None
    schemas = DOCUMENT["schemas"]
    for slot in slots_of(("Maat",)):
        entry = schemas[schemas["Person"]["properties"][slot.of]["items"]["$ref"]]["properties"]
        assert slot.attribute in entry
        assert not slot.by or slot.by in entry
        assert slot.of in READ_MASK.split(",")
        assert all(name in entry for name in MAIN.get(slot.of, ()))
        for name in SHOWN - {"metadata"}:
            assert entry.get(name, {}).get("readOnly", True)
    predefined = schemas["PhoneNumber"]["properties"]["type"]["description"]
    assert all(
        f"`{slot.word}`" in predefined for slot in slots_of(()) if slot.of == "phoneNumbers" and slot.word
    )


def _some(field: Field) -> object:
    value = {
        Kind.EMAIL: "noor@x.example",
        Kind.PHONE: f"+31 97014 {len(field.name):04}",
        Kind.URL: f"https://{field.name.replace('_', '-')}.example",
        Kind.LABELS: ["Nieuw", "Nog een"],
    }.get(field.kind, f"{field.name} é\n2" if field.kind is Kind.LONG_TEXT else f"{field.name} é")
    return [value] if field.many else value
