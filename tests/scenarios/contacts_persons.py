"""The people of the contact scenarios in which each contact person counts: they work with single persons of a contact in Zoho."""

from __future__ import annotations

from typing import Any

from scenarios.contacts_language import Fields
from scenarios.contacts_people import PERSON_FIELDS, ZohoPeople
from stockbridge_sandbox.run import Sandbox


class ZohoPersons:
    """Contact persons of Zoho, each by CONTACT_PERSON, in the fields of their stream."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._contacts = ZohoPeople(sandbox)

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return self._sandbox.zoho.direct(method, path, body=body)

    def make(self, fields: Fields) -> str:
        """A further person of the contact of that company; else a contact with that person."""
        company = fields.get("company_name")
        for row in self._sandbox.zoho.rows("contacts"):
            if company and row["company_name"] == company:
                own = {name: value for name, value in fields.items() if name in PERSON_FIELDS}
                made = self._call("POST", "/contacts/contactpersons", {"contact_id": row["id"], **own})
                return f"{row['id']}_{made['contact_person']['contact_person_id']}"
        contact = self._contacts.make(fields)
        persons = self._detail(contact)["contact_persons"]
        return f"{contact}_{persons[0]['contact_person_id']}" if persons else contact

    def edit(self, id: str, fields: Fields) -> None:
        contact, _, person = id.partition("_")
        own = {name: value for name, value in fields.items() if name in PERSON_FIELDS}
        if own and person:
            self._call("PUT", f"/contacts/contactpersons/{person}", own)
        shared = fields if not person else {name: v for name, v in fields.items() if name not in own}
        if shared:
            self._contacts.edit(contact, shared)

    def remove(self, id: str) -> None:
        contact, _, person = id.partition("_")
        self._call("DELETE", f"/contacts/contactpersons/{person}" if person else f"/contacts/{contact}")

    def rows(self) -> dict[str, Fields]:
        found: dict[str, Fields] = {}
        for contact, fields in self._contacts.rows().items():
            persons = fields["contact_persons"]
            for person in persons:
                own = {name: person[name] for name in PERSON_FIELDS}
                found[f"{contact}_{person['contact_person_id']}"] = {**fields, **own}
            if not persons:
                found[contact] = fields
        return found

    def _detail(self, contact: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call("GET", f"/contacts/{contact}")["contact"]
        return found
