"""Contacts, customers and vendors alike, as data: the stream, and how its rows are read. Source: facts, Zoho 10.6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from stockbridge.connectors.zoho.contact_fields import custom_values
from stockbridge.connectors.zoho.fields import read_only
from stockbridge.connectors.zoho.rows import BadValue, Shape
from stockbridge.core.record import ADDRESS, Ability, Field, Kind, Stream, Values
from stockbridge.http.values import text

GROUPS = {"billing_address": "billing", "shipping_address": "shipping"}
ADDRESS_KEYS = {
    "attention": "attention",
    "street": "address",
    "street2": "street2",
    "city": "city",
    "region": "state",
    "postal_code": "zip",
    "country": "country",
}
"""Zoho's key of each part of an address."""
_LONGEST = {"street": 500, "street2": 255}

# Those of a list row; the others only a detail shows. Lengths: contract, contact-persons.
_OF_PERSON = (
    Field(name="first_name", kind=Kind.TEXT, max_length=100),
    Field(name="last_name", kind=Kind.TEXT, max_length=100),
    Field(name="email", kind=Kind.EMAIL, max_length=100, label="e-mail"),
    Field(name="phone", kind=Kind.PHONE, max_length=50),
    Field(name="mobile", kind=Kind.PHONE, max_length=50),
)
_OF_PERSON_DETAIL = (
    Field(name="salutation", kind=Kind.TEXT, max_length=25, detail=True),
    Field(name="designation", kind=Kind.TEXT, max_length=50, detail=True),
    Field(name="department", kind=Kind.TEXT, max_length=50, detail=True),
    Field(name="skype", kind=Kind.TEXT, max_length=50, detail=True),
)
OF_PERSON = frozenset(field.name for field in (*_OF_PERSON, *_OF_PERSON_DETAIL))
"""The fields that are those of the primary contact person."""

PERSONS = "persons"
_OF_EACH = (
    *read_only(Kind.TEXT, "contact_person_id"),
    *read_only(Kind.FLAG, "is_primary"),
    *_OF_PERSON,
    *_OF_PERSON_DETAIL,
)

AMOUNTS = (
    "outstanding_receivable_amount",
    "unused_credits_receivable_amount",
    "outstanding_payable_amount",
    "unused_credits_payable_amount",
)


def contacts_stream(custom: Sequence[Field] = (), *, persons: bool = False) -> Stream:
    """The contacts of an organisation that has these custom fields; with `persons` also all contact persons of each.

    Zoho keeps no mark of the other side: a contact is found again by its name, which no two contacts can share.
    """
    return Stream(
        name="contacts",
        noun="contact",
        page_size=200,
        detail_size=1,
        names=("contact_name", "email"),
        abilities=frozenset(Ability),
        mark_shown=False,
        unique="contact_name",
        settles_after=300,
        update_calls=2,  # it is read first, so that no person and no part of an address is dropped
        fields=(
            Field(name="contact_type", kind=Kind.SELECT, choices=("customer", "vendor"), label="type"),
            Field(
                name="customer_sub_type",
                kind=Kind.SELECT,
                choices=("business", "individual"),
                label="customer type",
            ),
            Field(name="status", kind=Kind.SELECT, choices=("active", "inactive"), role="active", step=True),
            Field(name="contact_name", kind=Kind.TEXT, max_length=200, required=True, label="display name"),
            Field(name="company_name", kind=Kind.TEXT, max_length=200),
            *_OF_PERSON,
            Field(name="website", kind=Kind.URL),
            Field(name="facebook", kind=Kind.TEXT, max_length=100),
            Field(name="twitter", kind=Kind.TEXT, max_length=100),
            *read_only(Kind.TEXT, "currency_code payment_terms_label"),
            *read_only(Kind.NUMBER, " ".join(AMOUNTS)),
            *_OF_PERSON_DETAIL,
            Field(name="notes", kind=Kind.LONG_TEXT, detail=True),
            Field(name="fax", kind=Kind.PHONE, detail=True),
            *(_part(group, part) for group in GROUPS for part in ADDRESS),
            *read_only(Kind.FLAG, "has_transaction", detail=True),
            *((_EVERY_PERSON,) if persons else ()),
            *custom,
        ),
    )


_EVERY_PERSON = Field(name=PERSONS, kind=Kind.CHILDREN, detail=True, writable=False, children=_OF_EACH)


def _part(group: str, part: str) -> Field:
    words = part.replace("_", " ").replace("street2", "street, second line")
    return Field(
        name=f"{group}.{part}",
        kind=Kind.TEXT,
        detail=True,
        max_length=_LONGEST.get(part),
        group=group,
        label=f"{GROUPS[group]} {words}",
    )


def contacts_shape(stream: Stream) -> Shape:
    """How the rows of that stream look on the wire; its custom fields are those whose names begin with "cf_"."""
    custom = tuple(field for field in stream.fields if field.name.startswith("cf_"))
    every = stream.field(PERSONS) is not None

    def detail(row: Any, values: Values) -> None:
        _person(row, values)
        if every:
            primary = primary_person(row)
            values[PERSONS] = [person_values(one, primary=one is primary) for one in persons(row)]
        for group in GROUPS:
            address = _address(row, group)
            for part in ADDRESS:
                values[f"{group}.{part}"] = _text(f"{group}.{part}", address.get(ADDRESS_KEYS[part]))
        values["fax"] = _text("fax", _address(row, "billing_address").get("fax"))
        values.update(custom_values(row, custom))

    return Shape(
        stream=stream,
        path="/contacts",
        id_key="contact_id",
        list_key="contacts",
        detail_keys=("contact",),
        extra=(
            "contact_persons",
            "primary_contact_id",
            "contact_salutation",
            *("designation", "department"),
            *GROUPS,
            "custom_fields",
            "custom_field_hash",
        ),
        derive=detail,
        computed=frozenset(
            {
                "fax",
                *(field.name for field in _OF_PERSON_DETAIL),
                *(field.name for field in stream.fields if field.group is not None),
                *(field.name for field in custom),
            }
        ),
        stamp=_stamp,
    )


def primary_person(row: Any) -> dict[str, Any] | None:
    """The contact person whose name and e-mail stand for the contact; None where it has no persons. Raises BadValue."""
    found = persons(row)
    marked = next((one for one in found if one.get("is_primary_contact") is True), None)
    named = next((one for one in found if one.get("contact_person_id") == row.primary_contact_id), None)
    return marked or named or (found[0] if found else None)


def persons(row: Any) -> list[dict[str, Any]]:
    """The contact persons of a full row. Raises BadValue."""
    listed = row.contact_persons
    if listed in (UNSET, "", None):
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadValue("contact_persons", listed, "a list of contact persons")
    return listed


def person_values(person: Mapping[str, Any], *, primary: bool) -> Values:
    """A contact person as Zoho shows it, in the fields of the stream; `is_primary` as it was found. Raises BadValue."""
    id = _text("contact_person_id", person.get("contact_person_id"))
    if id is None:
        raise BadValue("contact_person_id", id, "the id of a contact person")
    own = {name: _text(name, person.get(name)) for name in OF_PERSON}
    return {"contact_person_id": id, "is_primary": primary, **own}


def _person(row: Any, values: Values) -> None:
    person = primary_person(row)
    if person is None:
        # Without persons the contact's own keys are all there is.
        person = {name: values.get(name) for name in OF_PERSON}
        person["salutation"] = None if row.contact_salutation is UNSET else row.contact_salutation
        for name in ("designation", "department"):
            person[name] = None if getattr(row, name) is UNSET else getattr(row, name)
    for name in OF_PERSON:
        values[name] = _text(name, person.get(name))


def _address(row: Any, group: str) -> dict[str, Any]:
    found = getattr(row, group)
    if found in (UNSET, "", None):
        return {}
    if not isinstance(found, dict):
        raise BadValue(group, found, "an address")
    return found


def _text(name: str, value: Any) -> str | None:
    try:
        return text(value)
    except ValueError as error:
        raise BadValue(name, value, str(error)) from error


def _stamp(row: Any, values: Values) -> str:
    """The amounts: documents of the contact move them, and may leave its time of change alone."""
    amounts = [values.get(name) for name in AMOUNTS]
    return "/" + "/".join("" if one is None else f"{Decimal(one).normalize():f}" for one in amounts)
