"""Contact persons of a contact (facts: Zoho 10.6; contract: contact-persons.yml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stockbridge_sandbox.zoho.contactrows import shown_person
from stockbridge_sandbox.zoho.errors import invalid_value, no_such
from stockbridge_sandbox.zoho.records import Contact, Person
from stockbridge_sandbox.zoho.wire import Json, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_contact

_TEXTS = {
    "salutation": 25,
    "first_name": 100,
    "last_name": 100,
    "email": 100,
    "phone": 50,
    "mobile": 50,
    "designation": 50,
    "department": 50,
    "skype": 50,
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def list_persons(call: Call) -> Reply:
    """GET /contacts/{id}/contactpersons."""
    contact = one_contact(call.world, call.ids[0])
    return Reply(content={"contact_persons": [_full(contact, person) for person in contact.persons]})


def get_person(call: Call) -> Reply:
    """GET /contacts/{id}/contactpersons/{id}."""
    contact = one_contact(call.world, call.ids[0])
    person = next((person for person in contact.persons if person.id == call.ids[1]), None)
    if person is None:
        raise no_such("Contact Person")
    return Reply(content={"contact_person": _full(contact, person)})


def create_person(call: Call) -> Reply:
    """POST /contacts/contactpersons: contact_id and first_name are required."""
    body = call.body()
    contact = one_contact(call.world, str(body.get("contact_id", "")))
    person = read_person(Person(id=call.world.new_id()), body)
    if not person.first_name:
        raise invalid_value("first_name")
    person.is_primary_contact = not contact.persons
    contact.persons.append(person)
    _touch(call.world, contact)
    return Reply(
        status=201,
        message="The contact person has been Created",
        content={"contact_person": _full(contact, person)},
    )


def update_person(call: Call) -> Reply:
    """PUT /contacts/contactpersons/{id}."""
    contact, position = _find(call.world, call.ids[0])
    person = read_person(contact.persons[position], call.body())
    contact.persons[position] = person
    _touch(call.world, contact)
    return Reply(
        message="The contactperson details has been updated.",
        content={"contact_person": _full(contact, person)},
    )


def delete_person(call: Call) -> Reply:
    """DELETE /contacts/contactpersons/{id}."""
    contact, position = _find(call.world, call.ids[0])
    del contact.persons[position]
    if contact.persons and not any(person.is_primary_contact for person in contact.persons):
        contact.persons[0].is_primary_contact = True
    _touch(call.world, contact)
    return Reply(message="The contact person has been deleted.")


def mark_primary(call: Call) -> Reply:
    """POST /contacts/contactpersons/{id}/primary: its e-mail and phone are shown in the contact's row from now on."""
    contact, position = _find(call.world, call.ids[0])
    for n, person in enumerate(contact.persons):
        person.is_primary_contact = n == position
    _touch(call.world, contact)
    return Reply(message="This contact person has been marked as your primary contact person.")


def read_persons(world: World, value: object, old: Sequence[Person]) -> list[Person]:
    """The persons after a write of `contact_persons`: the array replaces the old one, ids sent keep their person."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise invalid_value("contact_persons")
    known = {person.id: person for person in old}
    persons = []
    for entry in value:
        start = known.get(str(entry.get("contact_person_id", ""))) or Person(id=world.new_id())
        persons.append(read_person(start, entry))
    named = [n for n, entry in enumerate(value) if entry.get("is_primary_contact") is True]
    stays = [n for n, person in enumerate(persons) if person.is_primary_contact]
    primary = next(iter(named or stays), 0)
    for n, person in enumerate(persons):
        person.is_primary_contact = n == primary
    return persons


def read_person(person: Person, body: Json) -> Person:
    """The person after a write of these keys. Raises ApiError 400/2, also for an e-mail that is none."""
    result = replace(person)
    for name, longest in _TEXTS.items():
        if name in body:
            setattr(result, name, read_text(name, body[name], longest))
    if result.email and result.email != person.email and not _EMAIL.fullmatch(result.email):
        raise invalid_value("email")
    return result


def _find(world: World, id_: str) -> tuple[Contact, int]:
    for contact in world.contacts:
        for position, person in enumerate(contact.persons):
            if person.id == id_:
                return contact, position
    raise no_such("Contact Person")


def _full(contact: Contact, person: Person) -> Json:
    currency: Json = {"contact_id": contact.id, "contact_name": contact.contact_name}
    return shown_person(person) | currency


def _touch(world: World, contact: Contact) -> None:
    contact.modified = world.now()
    world.contacts.changed(contact)
