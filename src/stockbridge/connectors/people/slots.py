"""Where each field of a contact stands in Google's Person: one list of entries, and one entry of it.

Source: the schemas of the discovery document of People API v1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARK_KEY = "stockbridge"  # the key in clientData under which a contact carries the id of the other side
LABELS = "labels"
USER_DEFINED = "user_defined."

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Field `name` is `attribute` of an entry in `person[of]`: the entry whose attribute `by` is `word` (any case), or
    the main entry where `by` is "". Of a field with `many` it is that attribute of every entry."""

    name: str
    of: str
    attribute: str = "value"
    by: str = ""
    word: str = ""
    many: bool = False


_ADDRESS_PARTS = {
    "street": "streetAddress",
    "street2": "extendedAddress",
    "city": "city",
    "region": "region",
    "postal_code": "postalCode",
    "country": "country",
}
ADDRESSES = {"address_work": "work", "address_home": "home", "address_shipping": "Shipping"}
_PHONES = {"phone_work": "work", "phone_mobile": "mobile", "phone_home": "home", "fax_work": "workFax"}
_NAMES = {
    "given_name": "givenName",
    "family_name": "familyName",
    "middle_name": "middleName",
    "honorific_prefix": "honorificPrefix",
    "honorific_suffix": "honorificSuffix",
}
# What makes an entry worth keeping: without any of it, it says nothing and goes.
MAIN: Mapping[str, tuple[str, ...]] = {
    "names": (
        *_NAMES.values(),
        "phoneticFullName",
        "phoneticGivenName",
        "phoneticFamilyName",
        "phoneticMiddleName",
    ),
    "organizations": (
        *("name", "title", "department", "jobDescription", "symbol", "domain", "location", "costCenter"),
        "phoneticName",
    ),
    "addresses": (*_ADDRESS_PARTS.values(), "poBox"),
    "imClients": ("username",),
}
# What the API adds to an entry by itself and does not take.
SHOWN = frozenset(
    {
        *("metadata", "formattedType", "formattedProtocol", "canonicalForm"),
        *("displayName", "displayNameLastFirst"),
    }
)
# The fields of a person that are read; "metadata" brings the etag, the time and the tombstones.
READ_MASK = (
    "addresses,biographies,birthdays,clientData,emailAddresses,imClients,memberships,metadata,names,nicknames,"
    "organizations,phoneNumbers,urls,userDefined"
)

SLOTS: tuple[Slot, ...] = (
    *(Slot(name=name, of="names", attribute=attribute) for name, attribute in _NAMES.items()),
    Slot(name="nickname", of="nicknames"),
    Slot(name="emails", of="emailAddresses", many=True),
    Slot(name="email", of="emailAddresses"),
    Slot(name="phones", of="phoneNumbers", many=True),
    *(Slot(name=name, of="phoneNumbers", by="type", word=word) for name, word in _PHONES.items()),
    Slot(name="organization", of="organizations", attribute="name"),
    Slot(name="job_title", of="organizations", attribute="title"),
    Slot(name="department", of="organizations", attribute="department"),
    *(
        Slot(name=f"{group}.{part}", of="addresses", attribute=attribute, by="type", word=word)
        for group, word in ADDRESSES.items()
        for part, attribute in _ADDRESS_PARTS.items()
    ),
    Slot(name="urls", of="urls", many=True),
    Slot(name="url_work", of="urls", by="type", word="work"),
    Slot(name="notes", of="biographies"),
    Slot(name="im_skype", of="imClients", attribute="username", by="protocol", word="skype"),
    Slot(name=MARK_KEY, of="clientData", by="key", word=MARK_KEY),
)
LISTS = frozenset({*(slot.of for slot in SLOTS), "userDefined", "memberships"})
"""The fields of a person that are ever written."""


def slots_of(keys: Sequence[str]) -> tuple[Slot, ...]:
    """All slots, with one for each of these keys of user-defined fields."""
    return (
        *SLOTS,
        *(Slot(name=f"{USER_DEFINED}{key}", of="userDefined", by="key", word=key) for key in keys),
    )


def own_entries(person: Mapping[str, Any], of: str) -> Iterator[Entry]:
    """The entries of the contact itself: those of a linked Google profile are nobody's to change.

    Raises ValueError where the list is none.
    """
    found = person.get(of)
    if found is None:
        return
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("a list of entries")
    for entry in found:
        metadata = entry.get("metadata")
        source = metadata.get("source") if isinstance(metadata, dict) else None
        if not isinstance(source, dict) or source.get("type", "CONTACT") == "CONTACT":
            yield entry


def is_main(entry: Entry) -> bool:
    """Whether the contact's owner (or Google, where nobody did) made this the first of its list."""
    metadata = entry.get("metadata")
    return isinstance(metadata, dict) and metadata.get("sourcePrimary") is True


def place_of(entries: Sequence[Entry], slot: Slot) -> int | None:
    """Which entry a slot means; None where there is none. The order of entries means nothing, so the main one counts."""
    if slot.by:
        word = slot.word.casefold()
        fits = [n for n, one in enumerate(entries) if str(one.get(slot.by, "")).casefold() == word]
    else:
        fits = list(range(len(entries)))
    if len(fits) < 2:
        return fits[0] if fits else None
    if slot.by == "key":  # keys are told apart by case, where both are there
        fits = [n for n in fits if entries[n].get("key") == slot.word] or fits
    return next((n for n in fits if is_main(entries[n])), fits[0])


def street_of(entry: Entry) -> str | None:
    """The whole text of an address that was never taken apart; None for any other."""
    if any(entry.get(part) for part in MAIN["addresses"]):
        return None
    found = entry.get("formattedValue")
    return found if isinstance(found, str) and found else None
