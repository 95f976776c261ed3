"""The operations on people: get, create, update, delete, each alone or in a batch, and search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from stockbridge_sandbox.people.book import Book, Contact, Version, person_etag, source_etag
from stockbridge_sandbox.people.call import Call
from stockbridge_sandbox.people.fields import (
    READ_MASK,
    UPDATE_MASK,
    Mask,
    mask_missing,
    needed_mask,
    read_mask,
)
from stockbridge_sandbox.people.lists import person_fields
from stockbridge_sandbox.people.reading import Fields, read_body, read_etags, read_fields, read_groups, texts
from stockbridge_sandbox.people.refusal import Refusal, exhausted, invalid, not_found, precondition
from stockbridge_sandbox.people.showing import CONTACT, read_sources, show

Json = dict[str, Any]
R = TypeVar("R")
C = TypeVar("C")
MOST_READ = MOST_WRITTEN = 200
MOST_DELETED = 500


def get_person(book: Book, call: Call) -> Json:
    """people.get. Raises Refusal."""
    mask = person_fields(call, "people/get")
    sources = read_sources(call.texts("sources"))
    name = f"people/{call.path['peopleId']}"
    return (
        _me(book, call, mask)
        if name == "people/me"
        else _shown(book, book.one(name, stale=True), mask, sources)
    )


def get_people(book: Book, call: Call) -> Json:
    """people.getBatchGet: an answer for each name; one that is not there has a status instead. Raises Refusal."""
    mask = person_fields(call, "people/getBatchGet")
    sources = read_sources(call.texts("sources"))
    names = call.texts("resourceNames")
    if not names:
        raise invalid("resourceNames is required.")
    _check_size(names, MOST_READ, "resource names")
    answers: list[Json] = []
    for name in names:
        try:
            person = (
                _me(book, call, mask)
                if name == "people/me"
                else _shown(book, book.one(name, stale=True), mask, sources)
            )
        except Refusal as refusal:
            answers.append(_failed(name, refusal))
        else:
            answers.append({"httpStatusCode": 200, "person": person, "requestedResourceName": name})
    return {"responses": answers}


def create_contact(book: Book, call: Call) -> Json:
    """people.createContact. Raises Refusal."""
    mask = read_mask(call.text("personFields"), READ_MASK, name="personFields", method="people/createContact")
    sources = read_sources(call.texts("sources"))
    body = call.json()
    made = book.add(_new_fields(body), read_groups(body))
    return show(book, made, made.now, mask or READ_MASK, sources)


def update_contact(book: Book, call: Call) -> Json:
    """people.updateContact. Raises Refusal: 404, 400 for a stale etag (FAILED_PRECONDITION) or a bad body."""
    name = "updatePersonFields"
    updated = needed_mask(call.text(name), UPDATE_MASK, name=name, method="people/updateContact")
    mask = read_mask(call.text("personFields"), READ_MASK, name="personFields", method="people/updateContact")
    sources = read_sources(call.texts("sources"))
    contact, fields, groups = _checked(book, f"people/{call.path['peopleId']}", call.json(), updated)
    book.change(contact, fields, groups)
    return show(book, contact, contact.now, mask or READ_MASK, sources)


def delete_contact(book: Book, call: Call) -> Json:
    """people.deleteContact. Raises Refusal (404)."""
    book.remove(book.one(f"people/{call.path['peopleId']}"))
    return {}


def create_contacts(book: Book, call: Call) -> Json:
    """people.batchCreateContacts: all or none, unless the switch `batch_partial` is on. Raises Refusal."""
    body = call.body("contacts", "readMask", "sources")
    mask = _batch_mask(body, "readMask", READ_MASK, "batchCreateContacts")
    sources = read_sources(texts(body.get("sources"), "sources"))
    rows = body.get("contacts")
    if not isinstance(rows, list) or not rows:
        raise invalid("contacts is required.")
    _check_size(rows, MOST_WRITTEN, "contacts")

    def check(row: tuple[int, Any]) -> tuple[Fields, tuple[str, ...] | None]:
        number, wrapper = row
        person = read_body(wrapper, frozenset({"contactPerson"})).get("contactPerson")
        at = f"contacts[{number}].contact_person"
        if not isinstance(person, dict):
            raise invalid(f"{at} is required.")
        groups = read_groups(person, at=at)
        book.check_groups(groups or (), ())
        return _new_fields(person, at=at), groups

    checked = _check_all(
        book, list(enumerate(rows)), check, lambda row: str(row[0]), "BatchCreateContactsErrorDetails"
    )
    room = book.switches.most_contacts
    if room and book.alive + len(rows) > room:
        raise exhausted("MY_CONTACTS_OVERFLOW_COUNT")
    answers: list[Json] = []
    for found in checked:
        if isinstance(found, Refusal):
            answers.append(_failed("", found))
            continue
        made = book.add(*found)
        answers.append(_done(book, made.id, made, mask, sources))
    return {"createdPeople": answers} if mask else {}


def update_contacts(book: Book, call: Call) -> Json:
    """people.batchUpdateContacts: all or none, unless the switch `batch_partial` is on. Raises Refusal."""
    body = call.body("contacts", "readMask", "sources", "updateMask")
    mask = _batch_mask(body, "readMask", READ_MASK, "batchUpdateContacts")
    updated = _batch_mask(body, "updateMask", UPDATE_MASK, "batchUpdateContacts")
    sources = read_sources(texts(body.get("sources"), "sources"))
    if not updated:
        raise mask_missing("updateMask", "people/batchUpdateContacts")
    people = body.get("contacts")
    if not isinstance(people, dict) or not people:
        raise invalid("contacts is required.")
    _check_size(people, MOST_WRITTEN, "contacts")

    def check(row: tuple[str, Any]) -> tuple[Contact, Fields, tuple[str, ...] | None]:
        return _checked(book, row[0], row[1], updated)

    details = "BatchUpdateContactsErrorDetails"
    checked = _check_all(book, list(people.items()), check, lambda row: row[0], details)
    answers: Json = {}
    for name, found in zip(people, checked, strict=True):
        if isinstance(found, Refusal):
            answers[name] = _failed(name, found)
            continue
        contact = book.change(*found)
        answers[name] = _done(book, name, contact, mask, sources)
    return {"updateResult": answers} if mask else {}


def delete_contacts(book: Book, call: Call) -> Json:
    """people.batchDeleteContacts: all or none. Raises Refusal (404 when one of them is not there)."""
    names = texts(call.body("resourceNames").get("resourceNames"), "resource_names")
    if not names:
        raise invalid("resourceNames is required.")
    _check_size(names, MOST_DELETED, "resource names")
    found: dict[str, Contact] = {}
    for name in names:
        try:
            contact = book.one(name)
        except Refusal:
            if not book.switches.batch_delete_ignores_missing:
                raise
        else:
            found[contact.id] = contact
    for contact in found.values():
        book.remove(contact)
    return {}


def search_contacts(book: Book, call: Call) -> Json:
    """people.searchContacts: by the beginning of words. Raises Refusal."""
    mask = needed_mask(call.text("readMask"), READ_MASK, name="readMask", method="people/searchContacts")
    sources = read_sources(call.texts("sources")) if call.texts("sources") else frozenset({CONTACT})
    return search(book, book.living(), call, mask, sources)


def search(book: Book, people: Iterable[Contact], call: Call, mask: Mask, sources: frozenset[str]) -> Json:
    """The people with the words of `query` in a name, an e-mail, a phone or an organisation; none for no words.

    The index of a search lags as the lists that sync do.
    """
    size = call.number("pageSize", 10, 30, capped=True)
    query = " ".join(call.text("query").casefold().split())
    results: list[Json] = []
    for contact in people:
        version = book.seen(contact)
        if query and version is not None and version.fields is not None and _matches(version, query):
            results.append({"person": show(book, contact, version, mask, sources)})
        if len(results) == size:
            break
    return {"results": results} if results else {}


def _matches(version: Version, query: str) -> bool:
    fields = version.fields or {}
    for entry in fields.get("names", ()):
        parts = ("givenName", "middleName", "familyName", "unstructuredName")
        words = " ".join(str(entry[key]) for key in parts if entry.get(key))
        if f" {query}" in f" {words}".casefold():
            return True
    found = (
        str(entry.get(key, "")).casefold()
        for name, key in (
            *(("emailAddresses", "value"), ("phoneNumbers", "value"), ("nicknames", "value")),
            ("organizations", "name"),
        )
        for entry in fields.get(name, ())
    )
    return any(f" {query}" in f" {value}" for value in found)


def _new_fields(person: object, *, at: str = "person") -> Fields:
    return read_fields(person, UPDATE_MASK, at=at)


def _checked(
    book: Book, name: str, person: object, mask: Mask
) -> tuple[Contact, Fields, tuple[str, ...] | None]:
    """What an update would write. Raises Refusal and changes nothing."""
    fields = read_fields(person, mask)
    groups = (read_groups(person) or ()) if "memberships" in mask else None
    if not name.startswith("people/c"):
        raise invalid(f"Resource name is not that of a contact: {name}")
    contact = book.one(name)
    _check_etag(contact, *read_etags(person))
    if groups is not None:
        if not groups:
            raise invalid("The person must have at least one contact group membership.")
        book.check_groups(groups, contact.now.groups)
    return contact, fields, groups


def _check_etag(contact: Contact, person: str, source: str) -> None:
    if source:
        good, where = source == source_etag(contact, contact.now), "person.metadata.sources.etag"
    elif person:
        good, where = person == person_etag(contact, contact.now), "person.etag"
    else:
        raise invalid(
            "Request must set person.etag or person.metadata.sources.etag for the source that is being updated."
        )
    if not good:
        raise precondition(
            f"Request {where} is different than the current {where}. "
            "Clear local cache and get the latest person."
        )


def _check_all(
    book: Book, rows: Sequence[R], check: Callable[[R], C], key: Callable[[R], str], details: str
) -> list[C | Refusal]:
    """Every row checked; a batch that is refused as a whole names each bad row in its details. Raises Refusal."""
    checked: list[C | Refusal] = []
    errors: Json = {}
    for row in rows:
        try:
            checked.append(check(row))
        except Refusal as refusal:
            checked.append(refusal)
            errors[key(row)] = refusal.status
            first = refusal
    if errors and not book.switches.batch_partial:
        detail = {"@type": f"type.googleapis.com/google.people.v1.{details}", "contactErrors": errors}
        raise Refusal(first.http, first.state, first.message, *first.details, detail)
    return checked


def _batch_mask(body: Json, name: str, allowed: Mask, method: str) -> Mask:
    given = body.get(name)
    if given is not None and not isinstance(given, str):
        raise invalid(f"Invalid value at '{name}', {given!r}")
    return read_mask(given, allowed, name=name, method=f"people/{method}")


def _check_size(rows: Sequence[object] | Json, most: int, what: str) -> None:
    if len(rows) > most:
        raise invalid(f"The number of {what} must not exceed {most}.")


def _shown(book: Book, contact: Contact, mask: Mask, sources: frozenset[str]) -> Json:
    version = book.seen(contact)
    if version is None or version.fields is None:
        raise not_found()
    return show(book, contact, version, mask, sources)


def _done(book: Book, name: str, contact: Contact, mask: Mask, sources: frozenset[str]) -> Json:
    person = show(book, contact, contact.now, mask, sources)
    return {"httpStatusCode": 200, "person": person, "requestedResourceName": name, "status": {}}


def _failed(name: str, refusal: Refusal) -> Json:
    failed: Json = {"httpStatusCode": refusal.http, "status": refusal.status}
    return {**failed, "requestedResourceName": name} if name else failed


def _me(book: Book, call: Call, mask: Mask) -> Json:
    """The owner of the account: name and e-mail only where the token was given for them."""
    number = "109876543210987654321"
    me: Json = {"resourceName": f"people/{number}", "etag": f"%EgU{number[:8]}"}
    source = {"type": "PROFILE", "id": number}
    metadata = {"primary": True, "source": source, "sourcePrimary": True}
    if "metadata" in mask:
        me["metadata"] = {"sources": [{**source, "etag": "#me"}], "objectType": "PERSON"}
    if "names" in mask and "userinfo.profile" in call.scopes:
        me["names"] = [{"metadata": metadata, "displayName": book.name, "unstructuredName": book.name}]
    if "emailAddresses" in mask and "userinfo.email" in call.scopes:
        me["emailAddresses"] = [{"metadata": {**metadata, "verified": True}, "value": book.email}]
    return me
