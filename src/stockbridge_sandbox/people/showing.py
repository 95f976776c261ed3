"""A contact as the API shows it: every entry with its metadata, and what Google adds by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from stockbridge_sandbox.people.book import (
    Book,
    Contact,
    Version,
    person_etag,
    source_etag,
    source_id,
)
from stockbridge_sandbox.people.fields import WRITABLE, Mask
from stockbridge_sandbox.people.reading import PRIMARY, Entry, Fields
from stockbridge_sandbox.people.refusal import invalid

Json = dict[str, Any]
CONTACT, PROFILE = "READ_SOURCE_TYPE_CONTACT", "READ_SOURCE_TYPE_PROFILE"
BOTH = frozenset({CONTACT, PROFILE})
_LISTED_ENTRIES = 100  # e-mails and phones of a person in a list
_PHOTO = "https://lh3.googleusercontent.com/cm/sandbox-default=s100"
_TITLES = {"miscKeywords": lambda word: str(word).replace("_", " ").capitalize()}


def read_sources(given: Iterable[str], allowed: frozenset[str] = BOTH) -> frozenset[str]:
    """The sources that were asked for; both when none is. Raises Refusal for a word that is no such source."""
    wanted = frozenset(part for text in given for part in text.split(",") if part)
    for word in wanted - allowed:
        raise invalid(
            f"Invalid value at 'sources' (type.googleapis.com/google.people.v1.ReadSourceType), \"{word}\""
        )
    if wanted and CONTACT not in wanted and len(allowed) > 1 and PROFILE not in wanted:
        raise invalid("Sources must contain a contact or a profile.")
    return wanted or allowed


def show(
    book: Book,
    contact: Contact,
    version: Version,
    mask: Mask,
    sources: frozenset[str] = BOTH,
    *,
    listed: bool = False,
    synced: bool = False,
) -> Json:
    """One version of a contact as a Person with the masked fields; a deleted one as its tombstone.

    `listed` keeps to what a list shows of many entries, `synced` adds former resource names.
    """
    person: Json = {"resourceName": contact.id, "etag": person_etag(contact, version)}
    if "metadata" in mask:
        person["metadata"] = _metadata(contact, version, sources, synced=synced)
    if version.fields is None:
        return person
    other = contact.id.startswith("otherContacts/")
    source = {"type": "OTHER_CONTACT" if other else "CONTACT", "id": source_id(contact)}
    profile: Fields = {}
    if contact.profile is not None and PROFILE in sources:
        profile = contact.profile.fields
    for name in sorted(mask & WRITABLE.keys()):
        own = version.fields.get(name, ()) if CONTACT in sources else ()
        entries = _entries(book, name, own, source, profile.get(name, ()), contact)
        if listed and name in ("emailAddresses", "phoneNumbers"):
            entries = entries[:_LISTED_ENTRIES]
        if entries:
            person[name] = entries
    if "memberships" in mask and not other:
        person["memberships"] = [_membership(group, source) for group in version.groups]
    if "photos" in mask:
        person["photos"] = [{"metadata": {"primary": True, "source": source}, "url": _PHOTO, "default": True}]
    return person


def stamp(moment: datetime) -> str:
    """A moment as Google writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _metadata(contact: Contact, version: Version, sources: frozenset[str], *, synced: bool) -> Json:
    other = contact.id.startswith("otherContacts/")
    rows: list[Json] = [
        {
            "type": "OTHER_CONTACT" if other else "CONTACT",
            "id": source_id(contact),
            "etag": source_etag(contact, version),
            "updateTime": stamp(version.at),
        }
    ]
    if contact.profile is not None and PROFILE in sources and version.fields is not None:
        rows.append(
            {
                "type": "PROFILE",
                "id": contact.profile.id,
                "etag": f"#{contact.profile.id[-8:]}",
                "profileMetadata": {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]},
            }
        )
    metadata: Json = {"sources": rows, "objectType": "PERSON"}
    if synced and contact.aliases:
        metadata["previousResourceNames"] = list(contact.aliases)
    if version.fields is None:
        metadata["deleted"] = True
    return metadata


def _entries(
    book: Book,
    name: str,
    own: tuple[Entry, ...],
    source: Json,
    profile: tuple[Entry, ...],
    contact: Contact,
) -> list[Json]:
    marked = next((n for n, entry in enumerate(own) if PRIMARY in entry), 0)
    shown = [
        _entry(name, entry, {"source": source, **({"sourcePrimary": True} if n == marked else {})})
        for n, entry in enumerate(own)
    ]
    if profile:
        outside = {"type": "PROFILE", "id": contact.profile.id if contact.profile else ""}
        shown += [
            _entry(
                name,
                entry,
                {"source": outside, "verified": True, **({"sourcePrimary": True} if not n else {})},
            )
            for n, entry in enumerate(profile)
        ]
    if not shown:
        return shown
    first = len(own) if profile and (not own or (name == "names" and book.switches.profile_wins)) else marked
    shown[first]["metadata"] = {"primary": True, **shown[first]["metadata"]}
    return shown[::-1] if book.switches.values_in_any_order else shown


def _entry(name: str, entry: Entry, metadata: Json) -> Json:
    shown: Json = {"metadata": metadata, **{key: value for key, value in entry.items() if key != PRIMARY}}
    kind = shown.get("type")
    field = WRITABLE[name]
    if "formattedType" in field.shown and kind:
        shown["formattedType"] = field.types.get(kind) or _TITLES.get(name, str)(kind)
    match name:
        case "names":
            _complete_name(shown)
        case "phoneNumbers":
            digits = re.sub(r"[\s().\-/]", "", shown["value"])
            if re.fullmatch(r"\+[1-9]\d{6,14}", digits):
                shown["canonicalForm"] = digits
        case "addresses":
            shown.setdefault("formattedValue", "\n".join(_address_lines(shown)))
        case "biographies":
            shown.setdefault("contentType", "TEXT_PLAIN")
        case "genders" if "value" in shown:
            shown["formattedValue"] = field.types.get(shown["value"], shown["value"])
        case "imClients" if "protocol" in shown:
            shown["formattedProtocol"] = shown["protocol"][:1].upper() + shown["protocol"][1:]
        case "birthdays" if "date" in shown:
            shown.setdefault(
                "text",
                "/".join(f"{shown['date'][k]}" for k in ("month", "day", "year") if k in shown["date"]),
            )
    return shown


def _complete_name(shown: Json) -> None:
    """Fill in the whole name, or take it apart where nothing but the whole was given."""
    parts = ("honorificPrefix", "givenName", "middleName", "familyName")
    if not any(shown.get(key) for key in parts) and shown.get("unstructuredName"):
        given, _, family = shown["unstructuredName"].rpartition(" ")
        shown |= {"givenName": given, "familyName": family} if given else {"givenName": family}
    words = [shown[key] for key in parts if shown.get(key)]
    suffix = f", {shown['honorificSuffix']}" if shown.get("honorificSuffix") else ""
    whole = " ".join(words) + suffix
    if not whole:
        return
    rest = " ".join(shown[key] for key in ("honorificPrefix", "givenName", "middleName") if shown.get(key))
    family = shown.get("familyName", "")
    shown["displayName"] = whole
    shown["displayNameLastFirst"] = (f"{family}, {rest}" if family and rest else family or rest) + suffix
    shown["unstructuredName"] = whole


def _address_lines(address: Mapping[str, Any]) -> list[str]:
    town = " ".join(str(address[key]) for key in ("postalCode", "city") if address.get(key))
    lines = [address.get("streetAddress"), address.get("extendedAddress"), address.get("poBox"), town]
    return [str(line) for line in (*lines, address.get("region"), address.get("country")) if line]


def _membership(group: str, source: Json) -> Json:
    return {
        "metadata": {"source": source},
        "contactGroupMembership": {
            "contactGroupId": group.partition("/")[2],
            "contactGroupResourceName": group,
        },
    }
