"""What happens in Google Contacts without the API: people who add, edit, label and merge, and Google itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from stockbridge_sandbox.people import groups
from stockbridge_sandbox.people.book import MY_CONTACTS, Book, Contact, Group, Profile
from stockbridge_sandbox.people.fields import UPDATE_MASK, WRITABLE
from stockbridge_sandbox.people.made_up import MadeUp
from stockbridge_sandbox.people.reading import PRIMARY, Entry, Fields, read_fields, read_groups
from stockbridge_sandbox.people.refusal import invalid, not_found


def fill(book: Book, made_up: MadeUp) -> None:
    """Put a made-up address book into an empty one."""
    for label in made_up.labels:
        book.add_group(label)
    names = {group.name: group.id for group in book.groups.values() if not group.system}
    for person in made_up.people:
        labels = tuple(names[label] for label in person.labels)
        contact = book.add(_fields(person.fields), (MY_CONTACTS, *labels))
        if person.profile:
            contact.profile = _profile(contact, _fields(person.profile))
    for fields in made_up.others:
        book.add(_fields(fields), None, "others")


def add(book: Book, person: dict[str, Any], *, other: bool = False) -> Contact:
    """A contact added by hand. Raises Refusal."""
    return book.add(_fields(person), read_groups(person), "others" if other else "contacts")


def edit(book: Book, name: str, person: dict[str, Any]) -> Contact:
    """The fields that are given, changed as a whole. Raises Refusal."""
    return book.change(book.one(name), _fields(person), read_groups(person))


def restore(book: Book, name: str) -> Contact:
    """Back out of the bin as it was. Raises Refusal when it lives, or when what it was is not known any more."""
    contact = book.contacts.get(book.aliases.get(name, name))
    if contact is None or contact.now.fields is not None or contact.binned is None:
        raise not_found()
    fields, held = contact.binned
    book.restore(
        contact, fields, tuple(group for group in held if not book.groups[group].deleted) or (MY_CONTACTS,)
    )
    return contact


def merge(book: Book, name: str, others: Sequence[str]) -> Contact:
    """The first contact takes what it does not have yet: further entries, and single fields where it has none."""
    kept = book.one(name)
    lost = [book.one(other) for other in others]
    if kept in lost or not lost:
        raise invalid("Two different contacts at least are merged.")
    fields: dict[str, tuple[Entry, ...]] = dict(kept.now.fields or {})
    held = list(kept.now.groups)
    for contact in lost:
        for field, entries in (contact.now.fields or {}).items():
            have = fields.get(field, ())
            if WRITABLE[field].single and have:
                continue
            seen = {_key(entry) for entry in have}
            fields[field] = (*have, *(_plain(entry) for entry in entries if _key(entry) not in seen))
        held += [group for group in contact.now.groups if group not in held]
    book.change(kept, fields, tuple(held))
    for contact in lost:
        book.remove(contact)
    return kept


def link_profile(book: Book, name: str, person: dict[str, Any], *, rename: bool = False) -> Contact:
    """A profile whose entries stand beside the contact's; with `rename` the resource name becomes another."""
    contact = book.one(name)
    contact.profile = _profile(contact, _fields(person))
    if rename:
        book.rename(contact)
    else:
        book.change(contact, {})
    return contact


def label(book: Book, name: str, title: str, *, on: bool = True) -> Contact:
    """Put a label on a contact, or take it off. Raises Refusal."""
    contact = book.one(name)
    group = next((each for each in book.groups.values() if each.name == title and not each.deleted), None)
    if group is None:
        group = book.add_group(title)
    held = tuple(each for each in contact.now.groups if each != group.id)
    return book.change(contact, {}, (*held, group.id) if on else held)


def remove_label(book: Book, title: str, *, contacts: bool = False) -> None:
    """Delete a label. Raises Refusal when there is none of that name."""
    for group in tuple(book.groups.values()):
        if group.name == title and not group.deleted and not group.system:
            groups.remove_group(book, group, contacts=contacts)
            return
    raise not_found()


def group_row(book: Book, group: Group) -> dict[str, Any]:
    """A group as the control endpoint shows it."""
    return {
        "resourceName": group.id,
        "name": group.name,
        "system": group.system,
        "deleted": group.deleted,
        "members": [contact.id for contact in book.members(group.id)],
    }


def _fields(person: dict[str, Any]) -> Fields:
    given = frozenset(person) & UPDATE_MASK
    return read_fields(person, given)


def _profile(contact: Contact, fields: Fields) -> Profile:
    number = int.from_bytes(hashlib.sha256(f"profile:{contact.id}".encode()).digest()[:8])
    return Profile(id=f"1{number:020d}"[:21], fields=fields)


def _plain(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != PRIMARY}


def _key(entry: Entry) -> str:
    return "|".join(
        str(entry.get(key, ""))
        for key in ("value", "username", "url", "key", "person", "name", "date", "streetAddress")
    ).casefold()
