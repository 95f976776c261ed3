"""Contact persons as records of their own: the stream, and how it is derived from full contacts. Source: facts, Zoho 10.6.

The id of a person is CONTACT_PERSON, because Zoho finds a person only within its contact. A contact without any person
stands for one by itself, under the contact's own id; the first person that it gets was that one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from stockbridge.connectors.zoho.contacts import OF_PERSON, PERSONS, contacts_stream
from stockbridge.connectors.zoho.fields import read_only
from stockbridge.core.record import Ability, Field, Kind, Record, Stream, Values

PEOPLE = "people"


def people_stream(custom: Sequence[Field] = ()) -> Stream:
    """The contact persons of an organisation whose contacts have these custom fields.

    What a person has for itself is written; what all persons of a contact share is only read, and given once where a
    contact is made for a person. Nothing marks a person: it is recognised by what it shows.
    """
    contact = contacts_stream(custom)
    return Stream(
        name=PEOPLE,
        noun="contact person",
        names=("name", "email"),
        derived_from=contact.name,
        derive=derive_people,
        abilities=frozenset(Ability),
        mark_shown=False,
        settles_after=contact.settles_after,
        create_calls=3,  # its company is looked for and read first
        update_calls=2,
        fields=(
            *read_only(Kind.TEXT, "name"),
            *read_only(Kind.FLAG, "is_primary"),
            *(_of_person(field) for field in contact.fields),
        ),
    )


def _of_person(field: Field) -> Field:
    if field.name in OF_PERSON:
        return msgspec.structs.replace(field, detail=False)
    given = field.writable and not field.step
    return msgspec.structs.replace(
        field, detail=False, writable=False, given=given, step=False, required=False, role=None
    )


def derive_people(contact: Record) -> Iterable[Record]:
    """One record for each contact person of a full contact, in its order; the contact itself where it has none."""
    if contact.deleted or not contact.full:
        return
    shared = {name: value for name, value in contact.values.items() if name not in (*OF_PERSON, PERSONS)}
    persons = contact.values.get(PERSONS) or ()
    for person in persons:
        own = {name: person.get(name) for name in OF_PERSON}
        primary = bool(person.get("is_primary"))
        yield _record(contact, id_of(contact.id, person["contact_person_id"]), own, shared, primary=primary)
    if not persons:
        own = {name: contact.values.get(name) for name in OF_PERSON}
        yield _record(contact, contact.id, own, shared, primary=True)


def _record(contact: Record, id: str, own: Values, shared: Values, *, primary: bool) -> Record:
    name = " ".join(part for part in (own["first_name"], own["last_name"]) if part)
    return Record(
        id=id,
        version=contact.version,
        modified=contact.modified,
        parent=contact.id,
        values={**shared, **own, "name": name or shared.get("contact_name"), "is_primary": primary},
        was=contact.id if primary and id != contact.id else None,
    )


def id_of(contact: str, person: str) -> str:
    """The id of this person of that contact."""
    return f"{contact}_{person}"


def parts_of(id: str) -> tuple[str, str | None]:
    """The contact and the person of such an id; None for a contact that stands for itself."""
    contact, _, person = id.partition("_")
    return contact, person or None
