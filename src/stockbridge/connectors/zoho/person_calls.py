"""Adding, changing and deleting single contact persons: which calls, in which order. Source: facts, Zoho 10.6."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from stockbridge.connectors.zoho.client import ZohoClient, decode_plain
from stockbridge.connectors.zoho.contact_calls import ContactCalls
from stockbridge.connectors.zoho.contact_fields import written_value
from stockbridge.connectors.zoho.contact_writes import changed_persons, sent_as
from stockbridge.connectors.zoho.contacts import OF_PERSON, PERSONS, person_values
from stockbridge.connectors.zoho.details import Details
from stockbridge.connectors.zoho.persons import derive_people, id_of, parts_of
from stockbridge.connectors.zoho.refusals import explained
from stockbridge.connectors.zoho.rows import BadValue, Rows
from stockbridge.core.errors import Exists, Gone, Rejected, Retry, Uncertain
from stockbridge.core.record import Record, Refusal, Stream, Value, Values

Companies = Callable[[str], list[str]]
"""The ids of the contacts of exactly that company."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


class _One(msgspec.Struct, frozen=True):
    code: Any = None
    message: Any = ""
    contact_person: dict[str, Any] = {}


_decode_one = msgspec.json.Decoder(_One).decode


class PersonCalls:
    """The contact persons of one organisation's contacts. Safe to use from several threads."""

    def __init__(
        self,
        client: ZohoClient,
        stream: Stream,
        rows: Rows,
        details: Details,
        contacts: ContactCalls,
        companies: Companies,
    ) -> None:
        self._client = client
        self._stream = stream
        self._rows = rows
        self._details = details
        self._contacts = contacts
        self._companies = companies
        self._made: dict[
            str, str
        ] = {}  # the contact that was made for a company, which lists may not show yet
        self._one_at_a_time = threading.Lock()  # or two people of a new company would make it twice

    def of(self, ids: Sequence[str]) -> list[Record | Refusal]:
        """The persons of these ids, in their order; one call for each contact. Raises as the details do."""
        contacts = {contact: None for contact, _ in map(parts_of, ids)}
        found = {contact: self._details.one("contacts", contact) for contact in contacts}
        out: list[Record | Refusal] = []
        for id in ids:
            one = found[parts_of(id)[0]]
            out.append(_pick(one, id) if isinstance(one, Record) else msgspec.structs.replace(one, id=id))
        return out

    def create(self, values: Values, mark: str) -> Record:
        """Add a person to the one contact of exactly its company; where there is none, or there are several, make a contact
        with that person as its primary one. Returns the person.

        Raises Exists where the company has just this person, because the answer to an earlier call may have been lost; and
        otherwise as contacts do.
        """
        with self._one_at_a_time:
            company = str(values.get("company_name") or "").strip()
            found = self._companies(company) if company else []
            if not found and company.casefold() in self._made:
                found = [self._made[company.casefold()]]
            if len(found) == 1:
                own = {name: value for name, value in values.items() if name in OF_PERSON and value}
                try:
                    return self._add(found[0], own)
                except Gone:
                    self._made.pop(company.casefold(), None)  # it was deleted meanwhile
            try:
                made = self._contacts.create(values, mark)
            except Exists as error:
                raise Exists(error.what, record=_primary(error.record), code=error.code) from error
            if company:
                self._made[company.casefold()] = made.id
            return _primary(made)

    def update(self, id: str, values: Values) -> Record:
        """Change just these fields of a person. Returns the person as it is now.

        Raises Gone where it is not there, Rejected for what all persons of a contact share, and otherwise as contacts do.
        """
        contact, person = parts_of(id)
        row, stands = self._read(contact)
        there = _pick(stands, id)
        if there.deleted:
            raise Gone(f"Zoho has no contact person {id}.")
        new = {name: value for name, value in values.items() if there.values.get(name) != value}
        if not new:
            return there
        sent = self._written(new)
        about = f"to change contact person {id}"
        first = sent.get("first_name", there.values["first_name"])
        try:
            if (
                person is None or not first
            ):  # by itself, Zoho takes a person only with a first name (contract)
                return self._whole(row, contact, person, sent, about, id)
            body = _encode({"contact_id": contact, "first_name": first, **sent})
            answer, _ = self._client.write(
                "PUT", f"/contacts/contactpersons/{person}", body=body, decode=_decode_one, about=about
            )
        except Rejected as error:
            raise self._explained(error, values) from error
        return _pick(_with(stands, self._answered(answer, about, person)), id)

    def remove(self, id: str) -> None:
        """Delete a person; one that is already gone is a success.

        Raises Rejected for the primary person, whose contact would lose its name and address, and otherwise as contacts do.
        """
        _, person = parts_of(id)
        (there,) = self.of([id])
        if isinstance(there, Record) and there.deleted:
            return
        if isinstance(there, Refusal):
            raise Rejected(there.reason, remedy=there.remedy)
        if person is None or there.values["is_primary"]:
            raise Rejected(
                f"{there.values['name']} is the primary contact person of {there.values['contact_name']} in Zoho, and a "
                "contact keeps that one.",
                field="is_primary",
                remedy="Make another person the primary one in Zoho, or delete the contact there.",
            )
        about = f"to delete contact person {id}"
        try:
            self._client.write(
                "DELETE", f"/contacts/contactpersons/{person}", decode=decode_plain, about=about
            )
        except Gone:
            return
        except Rejected as error:
            raise explained(error, self._stream) from error

    def _add(self, contact: str, own: Values) -> Record:
        row, stands = self._read(contact)
        for one in derive_people(stands):
            if {name: value for name in OF_PERSON if (value := one.values.get(name))} == own:
                raise Exists(f"Zoho has {one.values['name']} as a contact person there already.", record=one)
        sent = self._written(own)
        about = f"to add a contact person to contact {contact}"
        try:
            if not sent.get("first_name"):
                return self._whole(row, contact, None, sent, about, None)
            body = _encode({"contact_id": contact, **sent})
            answer, _ = self._client.write(
                "POST", "/contacts/contactpersons", body=body, decode=_decode_one, about=about
            )
        except Rejected as error:
            raise self._explained(error, own) from error
        person = self._answered(answer, about, None)
        return _pick(_with(stands, person), id_of(contact, person["contact_person_id"]))

    def _read(self, contact: str) -> tuple[Any, Record]:
        row, moment = self._details.row("contacts", contact, "export")
        stands = self._rows.parse(row, full=True, seen=moment, place=f"detail of {contact}")
        if isinstance(stands, Refusal):
            raise Rejected(stands.reason, remedy=stands.remedy)
        return row, stands

    def _whole(
        self, row: Any, contact: str, person: str | None, sent: dict[str, Any], about: str, id: str | None
    ) -> Record:
        """Write all persons of a contact, one of them changed or added. Returns that one; under `id`, where it has one."""
        answer, moment = self._client.write(
            "PUT",
            f"/contacts/{contact}",
            body=changed_persons(row, person, sent),
            decode=self._rows.decode_one,
            about=about,
        )
        now = self._rows.parse(answer.rows[0], full=True, seen=moment, place="answer")
        if isinstance(now, Refusal):
            raise Uncertain(f"Zoho took the call {about}, but its answer cannot be read: {now.reason}")
        before = {one.get("contact_person_id") for one in row.contact_persons or ()}
        for one in derive_people(now):
            if one.id == id or parts_of(one.id)[1] not in before:
                return msgspec.structs.replace(one, id=id or one.id)
        raise Uncertain(f"Zoho took the call {about}, and does not show the contact person in its answer.")

    def _written(self, values: Values) -> dict[str, Any]:
        """Values in Zoho's words. Raises Rejected for what cannot be written to a person."""
        sent: dict[str, Any] = {}
        for name, value in values.items():
            field = self._stream.field(name)
            if field is None or not field.writable:
                raise Rejected(
                    f"{name} is no field of a contact person of Zoho's that can be written.",
                    field=name,
                    remedy="Take it out of the mapping.",
                )
            sent[name] = written_value(field, value)
        return sent

    def _answered(self, answer: _One, about: str, person: str | None) -> Values:
        found = answer.contact_person
        try:
            values = person_values(found, primary=found.get("is_primary_contact") is True)
        except BadValue as error:
            raise Uncertain(
                f"Zoho took the call {about}, but its answer cannot be read: “{error.field}” is not {error.wanted}.",
                remedy="The next run looks what is there.",
            ) from error
        if person is not None and values["contact_person_id"] != person:
            raise Retry(f"Zoho answered with contact person {values['contact_person_id']} {about}.")
        return values

    def _explained(self, error: Rejected, values: Values) -> Rejected:
        better = explained(error, self._stream)
        named = better.field or sent_as(self._stream, values, better.what)
        return Rejected(better.what, field=named, remedy=better.remedy, code=better.code)


def _pick(contact: Record, id: str) -> Record:
    """The person of that id, or a tombstone where the contact has it no more."""
    for one in derive_people(contact):
        if one.id == id:
            return one
    return Record(id=id, values={}, version="deleted", deleted=True)


def _primary(contact: Record) -> Record:
    """The primary person of a contact; where the contact is only known in part, what that part says."""
    found: list[Record] = list(derive_people(contact))
    return next((one for one in found if one.values["is_primary"]), None) or msgspec.structs.replace(
        contact, parent=contact.id
    )


def _with(contact: Record, person: Values) -> Record:
    """The contact with this person as it is now; its version is not known."""
    persons: list[dict[str, Value]] = []
    for one in contact.values[PERSONS]:
        if one["contact_person_id"] != person["contact_person_id"]:
            persons.append(one)
        else:
            person = {**person, "is_primary": one["is_primary"]}
            persons.append(person)
    if person not in persons:
        persons.append({**person, "is_primary": not persons})
    return msgspec.structs.replace(
        contact, values={**contact.values, PERSONS: persons}, version=f"{contact.version}+"
    )
