"""The operations on "Other contacts", which Google makes by itself from mail and which cannot be written."""

from __future__ import annotations

from typing import Any

from stockbridge_sandbox.people.book import MY_CONTACTS, Book
from stockbridge_sandbox.people.call import Call
from stockbridge_sandbox.people.contacts import search
from stockbridge_sandbox.people.fields import COPY_MASK, READ_MASK, SEARCH_OTHER_MASK, needed_mask, read_mask
from stockbridge_sandbox.people.reading import texts
from stockbridge_sandbox.people.refusal import invalid
from stockbridge_sandbox.people.showing import CONTACT, read_sources, show


def copy_other(book: Book, call: Call) -> dict[str, Any]:
    """otherContacts.copyOtherContactToMyContactsGroup: a new contact; the other one stays. Raises Refusal."""
    method = "otherContacts/copyOtherContactToMyContactsGroup"
    body = call.body("copyMask", "readMask", "sources")
    for name in ("copyMask", "readMask"):
        if not isinstance(body.get(name) or "", str):
            raise invalid(f"Invalid value at '{name}', {body[name]!r}")
    copied = needed_mask(body.get("copyMask"), COPY_MASK, name="copyMask", method=method)
    mask = read_mask(body.get("readMask"), READ_MASK, name="readMask", method=method)
    sources = read_sources(texts(body.get("sources"), "sources"))
    other = book.one(f"otherContacts/{call.path['otherContactsId']}", "others")
    fields = {name: entries for name, entries in (other.now.fields or {}).items() if name in copied}
    made = book.add(fields, (MY_CONTACTS,))
    return show(book, made, made.now, mask or copied | {"memberships", "metadata"}, sources)


def search_others(book: Book, call: Call) -> dict[str, Any]:
    """otherContacts.search. Raises Refusal."""
    mask = needed_mask(
        call.text("readMask"), SEARCH_OTHER_MASK, name="readMask", method="otherContacts/search"
    )
    return search(book, book.living("others"), call, mask, frozenset({CONTACT}))
