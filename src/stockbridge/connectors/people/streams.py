"""The stream of Google's contacts, as data. Source: the discovery document of People API v1."""

from __future__ import annotations

from collections.abc import Sequence

from stockbridge.connectors.people.batches import MOST_WRITTEN
from stockbridge.connectors.people.slots import ADDRESSES, LABELS, MARK_KEY, USER_DEFINED
from stockbridge.core.record import ADDRESS, Ability, Field, Kind, Stream

_SETTLES = 300
"""Seconds: "Writes may have a propagation delay of several minutes for sync requests" (people.connections.list)."""

_NAMES = {
    "given_name": "first name",
    "family_name": "last name",
    "middle_name": "middle name",
    "honorific_prefix": "name prefix",
    "honorific_suffix": "name suffix",
    "nickname": "nickname",
}
_PHONES = {
    "phone_work": "work phone",
    "phone_mobile": "mobile phone",
    "phone_home": "home phone",
    "fax_work": "work fax",
}
_COMPANY = {"organization": "company", "job_title": "job title", "department": "department"}
_ADDRESSES = {
    "address_work": "work address",
    "address_home": "home address",
    "address_shipping": "shipping address",
}
_PARTS = tuple(part for part in ADDRESS if part != "attention")  # which has no place in an address at Google


def contacts_stream(keys: Sequence[str] = ()) -> Stream:
    """The stream, with a field "user_defined.KEY" for each of these keys of user-defined fields."""
    return Stream(
        name="contacts",
        noun="contact",
        fields=(
            Field(name="display_name", kind=Kind.TEXT, writable=False, label="name"),
            *(Field(name=name, kind=Kind.TEXT, label=label) for name, label in _NAMES.items()),
            Field(name="email", kind=Kind.EMAIL, within="emails", label="e-mail"),
            Field(name="emails", kind=Kind.EMAIL, many=True, label="e-mail addresses"),
            *(
                Field(name=name, kind=Kind.PHONE, within="phones", label=label)
                for name, label in _PHONES.items()
            ),
            Field(name="phones", kind=Kind.PHONE, many=True, label="phone numbers"),
            *(Field(name=name, kind=Kind.TEXT, label=label) for name, label in _COMPANY.items()),
            *(
                Field(
                    name=f"{group}.{part}",
                    kind=Kind.TEXT,
                    group=group,
                    label=f"{_ADDRESSES[group]}, {part.replace('_', ' ')}",
                )
                for group in ADDRESSES
                for part in _PARTS
            ),
            Field(name="url_work", kind=Kind.URL, within="urls", label="work website"),
            Field(name="urls", kind=Kind.URL, many=True, label="websites"),
            Field(name="notes", kind=Kind.LONG_TEXT, label="notes"),
            Field(name="im_skype", kind=Kind.TEXT, label="Skype name"),
            Field(name="birthday", kind=Kind.TEXT, writable=False, label="birthday"),
            Field(name=LABELS, kind=Kind.LABELS, role="labels", label="labels"),
            Field(name=MARK_KEY, kind=Kind.TEXT, writable=False, label="mark of Stockbridge"),
            *(
                Field(name=f"{USER_DEFINED}{key}", kind=Kind.TEXT, label=f'custom field "{key}"')
                for key in dict.fromkeys(keys)
            ),
        ),
        page_size=1000,
        detail_size=200,
        names=("display_name", "email"),
        abilities=frozenset(Ability),
        mark=MARK_KEY,
        settles_after=_SETTLES,
        batch_writes=MOST_WRITTEN,
    )
