"""What people do at both sides in the demo of contacts, and what must stand there afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stockbridge_sandbox.compare_contacts import Book, pairs_of
from stockbridge_sandbox.compare_contacts_parts import Person, person_at_google, person_at_zoho
from stockbridge_sandbox.demo_programs import DemoError, Sandbox

LABEL, FAIR, KNOWN, TRASH = "Customers", "Beurs 2026", "Klanten", "Sync Trash"

_NOTE_ZOHO = "Pays on account since May."
_NOTE_GOOGLE = "Prefers to be called in the morning."
_TITLE = "Head of purchasing"
_PHONE, _MOBILE_ZOHO, _MOBILE_GOOGLE, _PRIVATE = (
    "+31 97014 200100",
    "+31 97014 300300",
    "+31 97014 400400",
    "+31 97014 500500",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must stand at a side in the end: the `value` of a field of `FIELDS`, or whether a `label` is there."""

    id: str
    field: str = ""
    value: str = ""
    label: str = ""
    there: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A contact at both sides."""

    zoho: Person
    google: Person

    @property
    def name(self) -> str:
        return self.zoho.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays which part."""

    merged: Pair
    conflict: Pair
    asked: Pair
    business: Pair
    gone_at_google: Pair
    gone_in_zoho: Pair
    private: Pair
    no_email: Person


@dataclass(slots=True, kw_only=True)
class Story:
    """What happened, as lines to tell, and what follows from it; `example` is whom to look at."""

    example: str = ""
    zoho: list[str] = field(default_factory=list)
    google: list[str] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    alone: dict[str, str] = field(default_factory=dict)
    apart: list[tuple[str, str]] = field(default_factory=list)

    def leave(self, pair: Pair, why: str) -> None:
        """The contacts of this pair do not go together any more."""
        self.alone |= dict.fromkeys((pair.zoho.id, pair.google.id), why)


def book_of(box: Sandbox) -> Book:
    """Both sides as they stand now."""
    google = box.state("people", ("contacts", "groups"))
    return Book(
        zoho=box.state("zoho", ("contacts",))["contacts"],
        google=google["contacts"],
        groups=google["groups"],
    )


def cast(book: Book) -> Cast:
    """Find somebody for each part. Raises DemoError where the address book is too small for that."""
    pairs = [Pair(zoho=one, google=other) for one, other in pairs_of(book)]
    sub_type = {
        row["id"]: (row["contact_type"], row["customer_sub_type"], row["status"]) for row in book.zoho
    }
    taken: set[str] = set()

    def one(wanted: Callable[[Pair], bool] = lambda _: True) -> Pair:
        for pair in pairs:
            if pair.zoho.id not in taken and wanted(pair):
                taken.add(pair.zoho.id)
                return pair
        raise DemoError("There are too few contacts on both sides for this demo; ask for more of them.")

    def person(pair: Pair) -> bool:
        return sub_type[pair.zoho.id] == ("customer", "individual", "active")

    business = one(lambda pair: sub_type[pair.zoho.id] == ("customer", "business", "active"))
    nobody = next(
        (each for each in map(person_at_zoho, book.zoho) if not each.emails and each.name not in taken), None
    )
    if nobody is None:
        raise DemoError("Everybody in Zoho has an e-mail address; ask for more contacts.")
    return Cast(
        business=business,
        merged=one(lambda pair: person(pair) and bool(pair.zoho.values["phone"])),
        conflict=one(lambda pair: person(pair) and not pair.google.values["notes"]),
        asked=one(lambda pair: person(pair) and not pair.zoho.values["mobile"]),
        gone_at_google=one(person),
        gone_in_zoho=one(person),
        private=one(lambda pair: person(pair) and bool(pair.zoho.values["phone"])),
        no_email=nobody,
    )


def morning(box: Sandbox, who: Cast) -> Story:
    """Edits at both sides, among them two conflicts; two deletions; somebody new."""
    story = Story(example=who.conflict.zoho.values["email"])
    zoho, google = _Zoho(box), _Google(box)

    zoho.person(who.merged, phone=_PHONE)
    google.edit(who.merged, organizations=[{"name": "", "title": _TITLE, "type": "work"}])
    story.zoho.append(f"{who.merged.name} has another phone number, {_PHONE}")
    story.google.append(f"{who.merged.name} is {_TITLE} now")
    story.expected += _both(who.merged, {"phone": _PHONE, "job title": _TITLE})

    zoho.contact(who.conflict, notes=_NOTE_ZOHO)
    google.edit(who.conflict, biographies=[{"value": _NOTE_GOOGLE, "contentType": "TEXT_PLAIN"}])
    story.zoho.append(f"a note on {who.conflict.name}: “{_NOTE_ZOHO}”")
    story.google.append(f"another note on {who.conflict.name}: “{_NOTE_GOOGLE}”")

    zoho.person(who.asked, mobile=_MOBILE_ZOHO)
    google.add_phone(who.asked, _MOBILE_GOOGLE, "mobile")
    story.zoho.append(f"{who.asked.name} has a mobile phone, {_MOBILE_ZOHO}")
    story.google.append(f"{who.asked.name} has a mobile phone, {_MOBILE_GOOGLE}")
    story.expected += _both(who.asked, {"mobile": _MOBILE_GOOGLE})

    zoho.contact(who.business, customer_sub_type="individual")
    story.zoho.append(f"{who.business.name} is an individual from now on, no business")
    story.expected.append(Expected(id=who.business.google.id, label=LABEL, there=False))

    google.delete(who.gone_at_google)
    story.google.append(f"{who.gone_at_google.name} is deleted")
    story.leave(who.gone_at_google, "deleted at Google, kept in Zoho")

    zoho.delete(who.gone_in_zoho)
    story.zoho.append(f"{who.gone_in_zoho.name} is deleted")
    story.leave(who.gone_in_zoho, f"deleted in Zoho, labelled {TRASH} at Google")
    story.expected.append(Expected(id=who.gone_in_zoho.google.id, label=TRASH))

    zoho.person(who.private, phone=_PRIVATE)
    story.zoho.append(f"{who.private.name}, who is left alone, has another phone number, {_PRIVATE}")
    story.leave(who.private, "left alone by hand")
    story.expected += [
        Expected(id=who.private.zoho.id, field="phone", value=_PRIVATE),
        Expected(id=who.private.google.id, field="phone", value=who.private.google.values["phone"]),
    ]

    google.add("Noor", "Nieuwland", "noor@nieuwland-cargo.example", "Nieuwland Cargo", FAIR)
    story.google.append(f"Noor Nieuwland is new, with the label {FAIR}")
    return story


def taken_back(story: Story, who: Cast) -> None:
    """The note that won is taken back at Google: from here each side keeps its own."""
    story.apart.append((who.conflict.zoho.id, "notes"))
    story.expected += [
        Expected(id=who.conflict.zoho.id, field="notes", value=_NOTE_ZOHO),
        Expected(id=who.conflict.google.id, field="notes", value=_NOTE_GOOGLE),
    ]


def unmet(book: Book, expected: Iterable[Expected]) -> Iterator[str]:
    """A sentence for everything of the story that does not stand as it must."""
    names = {row["resourceName"]: row["name"] for row in book.groups}
    people = [person_at_zoho(row) for row in book.zoho]
    people += [person_at_google(row, names) for row in book.google]
    known = {person.id: person for person in people}
    for one in expected:
        person = known.get(one.id)
        if person is None:
            yield f"{one.id} is gone."
        elif one.label and (one.label in person.labels) != one.there:
            yield f"{person.words} should {'have' if one.there else 'not have'} the label {one.label}."
        elif one.field and person.values[one.field] != one.value:
            is_now = person.values[one.field]
            yield f'{person.words}: {one.field} should be "{one.value}", but is "{is_now}".'


def _both(pair: Pair, values: Mapping[str, str]) -> Iterator[Expected]:
    for name, value in values.items():
        for person in (pair.zoho, pair.google):
            yield Expected(id=person.id, field=name, value=value)


@dataclass(frozen=True, slots=True)
class _Zoho:
    """A person at the pages of Zoho."""

    box: Sandbox

    def contact(self, who: Pair, **values: str) -> None:
        self._call("PUT", f"/contacts/{who.zoho.id}", values)

    def person(self, who: Pair, **values: str) -> None:
        """The primary person of a contact."""
        rows = self.box.state("zoho", ("contacts",))["contacts"]
        (row,) = (each for each in rows if each["id"] == who.zoho.id)
        primary = next(each for each in row["persons"] if each["is_primary_contact"])
        self._call("PUT", f"/contacts/contactpersons/{primary['id']}", values)

    def delete(self, who: Pair) -> None:
        self._call("DELETE", f"/contacts/{who.zoho.id}", {})

    def _call(self, method: str, path: str, body: Mapping[str, str]) -> None:
        self.box.post("/zoho/call", {"method": method, "path": path, "body": dict(body)})


@dataclass(frozen=True, slots=True)
class _Google:
    """A person in Google Contacts."""

    box: Sandbox

    def edit(self, who: Pair, **fields: Sequence[Mapping[str, Any]]) -> None:
        self.box.patch(f"/people/contacts/{_key(who)}", fields)

    def add_phone(self, who: Pair, number: str, kind: str) -> None:
        """One more number, beside those that are there."""
        rows = self.box.state("people", ("contacts",))["contacts"]
        (row,) = (each for each in rows if each["resourceName"] == who.google.id)
        there = [
            {key: one[key] for key in ("value", "type") if key in one} for one in row.get("phoneNumbers", ())
        ]
        others = [one for one in there if one.get("type") != kind]
        self.edit(who, phoneNumbers=[*others, {"value": number, "type": kind}])

    def delete(self, who: Pair) -> None:
        self.box.delete(f"/people/contacts/{_key(who)}")

    def add(self, first: str, last: str, email: str, company: str, label: str) -> None:
        made = self.box.post(
            "/people/contacts",
            {
                "names": [{"givenName": first, "familyName": last}],
                "emailAddresses": [{"value": email, "type": "work"}],
                "organizations": [{"name": company, "type": "work"}],
            },
        )
        key = made["resourceName"].removeprefix("people/")
        self.box.post(f"/people/contacts/{key}/label", {"label": label})


def _key(who: Pair) -> str:
    return who.google.id.removeprefix("people/")
