"""One contact in one form, read from the raw row of either side: its mapped values, its addresses, its labels, and what
nothing maps."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stockbridge_sandbox.compare_parts import Row

_SHARED = ("verkoop", "administratie", "info", "sales", "contact", "inkoop", "office", "kontakt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact. `values` are by the names of `FIELDS`, "" where there is none; `emails` are folded, the main one first;
    `unmapped` are the values that no mapping touches, as texts."""

    id: str
    name: str
    values: Mapping[str, str]
    emails: tuple[str, ...]
    labels: frozenset[str]
    unmapped: tuple[str, ...]
    is_business: bool = False

    @property
    def words(self) -> str:
        """ "Anna Bakker (people/c77)"."""
        return f"{self.name or '–'} ({self.id})"


def folded_email(text: str) -> str:
    """An address without case and blanks (C1)."""
    return unicodedata.normalize("NFC", "".join(text.split()).casefold())


def is_shared(email: str) -> bool:
    """Whether an address may be of several people (C5), as far as made-up companies go."""
    return email.partition("@")[0] in _SHARED


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())


def _digits(text: str) -> str:
    """A number as it is dialled: "00 31 (0)6…" and "+31 6…" are the same."""
    whole = text.strip().replace("(0)", "")
    digits = "".join(one for one in whole if one.isdecimal())
    return digits[2:] if whole.startswith("00") else digits


def _site(text: str) -> str:
    return text.strip().removeprefix("https://").removeprefix("http://").rstrip("/").casefold()


_ADDRESS = {
    "street": ("address", "streetAddress"),
    "second line": ("street2", "extendedAddress"),
    "city": ("city", "city"),
    "region": ("state", "region"),
    "postal code": ("zip", "postalCode"),
    "country": ("country", "country"),
}
_ADDRESSES = {"billing": ("billing_address", "work"), "shipping": ("shipping_address", "Shipping")}
_PHONES = {"phone": "work", "mobile": "mobile", "fax": "workFax"}

FIELDS: Mapping[str, Callable[[str], str]] = {
    "first name": _plain,
    "last name": _plain,
    "salutation": _plain,
    "company": _plain,
    "job title": _plain,
    "department": _plain,
    "email": folded_email,
    "phone": _digits,
    "mobile": _digits,
    "fax": _digits,
    **{f"{kind} {part}": _plain for kind in _ADDRESSES for part in _ADDRESS},
    "website": _site,
    "notes": _plain,
}
"""The default mapping (facts: contact sync 3.4), each field with the form in which its values are compared."""


def person_at_zoho(row: Row) -> Person:
    """A row of Zoho's contacts. The values of a person are those of the primary one."""
    persons = row["persons"]
    primary = next((each for each in persons if each["is_primary_contact"]), persons[0] if persons else {})
    values = {
        "first name": primary.get("first_name", ""),
        "last name": primary.get("last_name", ""),
        "salutation": primary.get("salutation", ""),
        "company": row["company_name"],
        "job title": primary.get("designation", ""),
        "department": primary.get("department", ""),
        "email": primary.get("email", ""),
        "phone": primary.get("phone", ""),
        "mobile": primary.get("mobile", ""),
        "fax": row["billing_address"]["fax"],
        "website": row["website"],
        "notes": row["notes"],
    }
    for kind, (address, _) in _ADDRESSES.items():
        values |= {f"{kind} {part}": row[address][name] for part, (name, _) in _ADDRESS.items()}
    others = [each for each in persons if each is not primary]
    alone = ("contact_name", "contact_type", "status", "currency_id", "language_code", "payment_terms")
    more = [row[address][name] for address, _ in _ADDRESSES.values() for name in ("attention", "phone")]
    return Person(
        id=row["id"],
        name=row["contact_name"],
        values=values,
        emails=_emails([values["email"]]),
        labels=frozenset(),
        unmapped=_texts(
            [
                *({name: row[name]} for name in alone),
                *more,
                *({key: value} for key, value in row["custom_fields"].items()),
                *others,
            ]
        ),
        is_business=row["contact_type"] == "customer" and row["customer_sub_type"] == "business",
    )


def person_at_google(row: Row, groups: Mapping[str, str]) -> Person:
    """A person of Google's; `groups` are the names of labels by their resource names."""
    used: list[Mapping[str, Any]] = []

    def main(of: str, word: str = "") -> Mapping[str, Any]:
        """The first entry of the contact itself, or the first of a type; the one marked as the first before others."""
        fits = [
            each for each in _own(row, of) if not word or each.get("type", "").casefold() == word.casefold()
        ]
        found = next(
            (each for each in fits if each["metadata"].get("sourcePrimary")), fits[0] if fits else {}
        )
        used.append(found)
        return found

    name, company, email = main("names"), main("organizations"), main("emailAddresses")
    values = {
        "first name": name.get("givenName", ""),
        "last name": name.get("familyName", ""),
        "salutation": name.get("honorificPrefix", ""),
        "company": company.get("name", ""),
        "job title": company.get("title", ""),
        "department": company.get("department", ""),
        "email": email.get("value", ""),
        **{field: main("phoneNumbers", word).get("value", "") for field, word in _PHONES.items()},
        "website": main("urls", "work").get("value", ""),
        "notes": main("biographies").get("value", ""),
    }
    for kind, (_, word) in _ADDRESSES.items():
        address = main("addresses", word)
        values |= {f"{kind} {part}": address.get(attribute, "") for part, (_, attribute) in _ADDRESS.items()}
    mapped_lists = (
        "names",
        "organizations",
        "emailAddresses",
        "phoneNumbers",
        "urls",
        "biographies",
        "addresses",
    )
    others = [
        {of: _told(each)}
        for of in mapped_lists
        for each in _own(row, of)
        if not any(each is one for one in used)
    ]
    alone = ("birthdays", "events", "relations", "userDefined", "nicknames", "imClients")
    others += [{of: _told(each)} for of in alone for each in _own(row, of)]
    others += [{"middleName": name["middleName"]}] if name.get("middleName") else []
    held = [each["contactGroupMembership"]["contactGroupResourceName"] for each in _own(row, "memberships")]
    labels = [groups[each] for each in held if each in groups]
    return Person(
        id=row["resourceName"],
        name=name.get("displayName", "") or values["company"] or values["email"],
        values=values,
        emails=_emails([values["email"], *(each.get("value", "") for each in _own(row, "emailAddresses"))]),
        labels=frozenset(labels),
        unmapped=_texts([*others, *({"label": each} for each in labels)]),
    )


def _own(row: Row, of: str) -> Iterator[Mapping[str, Any]]:
    """The entries of the contact itself, not those of a Google profile beside it."""
    for entry in row.get(of, ()):
        if entry["metadata"]["source"]["type"] == "CONTACT":
            yield entry


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in entry.items() if key != "metadata" and not key.startswith("formatted")
    }


def _emails(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded for one in texts if (folded := folded_email(one))))


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Each value as a text; empty ones say nothing."""
    return tuple(
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, sort_keys=True)
        for one in values
        if one and any(one.values() if isinstance(one, dict) else (one,))
    )
