"""The comparison of contacts knows a difference of every kind when it sees one, and nothing else for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from stockbridge_sandbox.compare_contacts import (
    DOUBLE,
    NO_EMAIL,
    OUTSIDE,
    SHARED,
    Book,
    Comparison,
    Scope,
    compare_contacts,
    pairs_of,
)

SCOPE = Scope(wanted=frozenset({"Fair"}), label="Customers")
Row = dict[str, Any]
OWN = {"source": {"type": "CONTACT", "id": "1"}}
GROUPS: list[Row] = [
    {"resourceName": f"contactGroups/{name}", "name": name, "system": name == "myContacts"}
    for name in ("Fair", "Customers", "Friends", "myContacts")
]


def _zoho(id: str, email: str, **more: Any) -> Row:
    address = dict.fromkeys(
        ("attention", "address", "street2", "city", "state", "zip", "country", "phone", "fax"), ""
    )
    person = {
        **dict.fromkeys(("salutation", "phone", "mobile", "designation", "department", "skype"), ""),
        **{"id": f"p{id}", "first_name": "Anna", "last_name": "Bakker", "email": email},
        "is_primary_contact": True,
    }
    row = {
        **{"id": id, "contact_name": "Anna Bakker", "contact_type": "customer", "company_name": ""},
        **{"customer_sub_type": "individual", "status": "active", "currency_id": "1", "website": ""},
        **{"language_code": "nl", "payment_terms": 0, "notes": "", "persons": [person], "custom_fields": {}},
        **{"billing_address": dict(address), "shipping_address": dict(address)},
    }
    for key, value in more.items():
        where = person if key in person else row
        where[key] = value
    return row


def _google(id: str, *emails: str, labels: Sequence[str] = (), **more: Any) -> Row:
    held = [f"contactGroups/{each}" for each in ("myContacts", *labels)]
    row: Row = {
        "resourceName": f"people/{id}",
        "names": [{"givenName": "Anna", "familyName": "Bakker", "displayName": "Anna Bakker"}],
        "emailAddresses": [{"value": each, "type": "work"} for each in emails],
        "memberships": [{"contactGroupMembership": {"contactGroupResourceName": each}} for each in held],
        **more,
    }
    for entries in (each for each in row.values() if isinstance(each, list)):
        for entry in entries:
            entry.setdefault("metadata", dict(OWN))
    return row


def _compare(
    zoho: Sequence[Row], google: Sequence[Row], before: Book | None = None, **more: Any
) -> Comparison:
    now = Book(zoho=zoho, google=google, groups=GROUPS)
    return compare_contacts(before or now, now, SCOPE, **more)


def test_a_pair_that_says_the_same_in_other_words_is_in_step() -> None:
    work, mobile = (
        {"value": "+31 6 1234", "type": "work"},
        {"value": "0031 (0)6 99", "type": "mobile"},
    )
    home = {"value": "5", "type": "home"}
    found = _compare(
        [_zoho("1", "anna@x.example", phone="+3161234", mobile="+31 6 99", website="https://x.example/")],
        [
            _google(
                *("c1", "ANNA@x.example", "second@x.example"),
                phoneNumbers=[home, work, mobile],
                urls=[{"value": "x.example", "type": "work"}],
            )
        ],
    )
    assert found.differences == ()
    assert found.in_step
    assert (found.pairs, found.values) == (1, 25)


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ({"notes": "Call first"}, 'notes is "Call first" in Zoho, but empty at Google.'),
        ({"designation": "Buyer"}, 'job title is "Buyer" in Zoho'),
        ({"phone": "+31 1"}, 'phone is "+31 1" in Zoho'),
        ({"last_name": "de Wit"}, 'last name is "de Wit" in Zoho, but "Bakker" at Google.'),
        ({"customer_sub_type": "business"}, "the contact at Google has no label Customers."),
    ],
)
def test_a_value_of_zoho_that_google_has_not_is_told(there: Row, told: str) -> None:
    (difference,) = _compare([_zoho("1", "a@x.example", **there)], [_google("c1", "a@x.example")]).differences
    assert difference.startswith("Anna Bakker (1): ")
    assert told in difference


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ({"biographies": [{"value": "A friend"}]}, 'notes is empty in Zoho, but "A friend" at Google.'),
        ({"organizations": [{"name": "Rad", "type": "work"}]}, 'company is empty in Zoho, but "Rad"'),
        ({"addresses": [{"city": "Gent", "type": "shipping"}]}, 'shipping city is empty in Zoho, but "Gent"'),
        ({"labels": ["Customers"]}, "the contact at Google still has the label Customers."),
    ],
)
def test_a_value_of_google_that_zoho_has_not_is_told(there: Row, told: str) -> None:
    found = _compare([_zoho("1", "a@x.example")], [_google("c1", "a@x.example", **there)])
    (difference,) = found.differences
    assert told in difference


def test_what_a_profile_shows_is_not_the_contacts() -> None:
    profile = {"value": "From the profile", "metadata": {"source": {"type": "PROFILE", "id": "2"}}}
    found = _compare([_zoho("1", "a@x.example")], [_google("c1", "a@x.example", biographies=[profile])])
    assert found.in_step


def test_who_has_no_partner_is_missing_or_told_with_the_reason() -> None:
    found = _compare(
        [_zoho("1", "only@zoho.example"), _zoho("2", ""), _zoho("3", "gone@x.example")],
        [_google("c1", "fair@x.example", labels=["Fair"]), _google("c2", "friend@x.example"), _google("c3")],
        alone={"3": "deleted at Google"},
    )
    assert found.differences == (
        "Anna Bakker (1) of Zoho is missing at Google.",
        "Anna Bakker (people/c1) of Google is missing in Zoho.",
    )
    assert found.apart == {NO_EMAIL: 2, OUTSIDE: 1, "deleted at Google": 1}
    assert found.pairs == 0


def test_of_an_address_that_is_not_clear_nothing_is_made() -> None:
    zoho = [_zoho("1", "a@x.example"), _zoho("2", "info@y.example", first_name="Bo", last_name="Kok")]
    google = [
        _google("c1", "a@x.example"),
        _google("c2", "b@x.example", "a@x.example"),
        _google("c3", "info@y.example"),
    ]
    found = _compare(zoho, google)
    assert found.in_step
    assert found.apart == {DOUBLE: 3, SHARED: 2}
    before = Book(zoho=zoho, google=google, groups=GROUPS)
    assert pairs_of(before) == []
    (difference,) = _compare([*zoho, _zoho("9", "b@x.example")], google, before).differences
    assert difference.startswith("Anna Bakker (9) was made, though ")


def test_a_shared_mailbox_of_the_same_name_is_a_pair() -> None:
    assert _compare([_zoho("1", "info@y.example")], [_google("c3", "info@y.example")]).pairs == 1


def test_a_double_that_was_not_there_before_is_told() -> None:
    zoho, google = [_zoho("1", "a@x.example")], [_google("c1", "a@x.example")]
    before = Book(zoho=zoho, google=google, groups=GROUPS)
    (difference,) = _compare(zoho, [*google, _google("c2", "A@x.example")], before).differences
    assert difference == "a@x.example stands there more than once by now (1, people/c1, people/c2)."


LOSSES: list[tuple[Callable[[], Row], Callable[[], Row]]] = [
    (lambda: _google("c1", "a@x.example", "more@x.example"), lambda: _google("c1", "a@x.example")),
    (
        lambda: _google("c1", "a@x.example", phoneNumbers=[{"value": "5", "type": "home"}]),
        lambda: _google("c1", "a@x.example", phoneNumbers=[{"value": "5", "type": "main"}]),
    ),
    (lambda: _google("c1", "a@x.example", labels=["Friends"]), lambda: _google("c1", "a@x.example")),
    (
        lambda: _google("c1", "a@x.example", birthdays=[{"date": {"month": 2, "day": 29}}]),
        lambda: _google("c1", "a@x.example"),
    ),
]


@pytest.mark.parametrize(("was", "is_now"), LOSSES)
def test_what_nothing_maps_must_stand_as_it_stood(was: Callable[[], Row], is_now: Callable[[], Row]) -> None:
    zoho = [_zoho("1", "a@x.example")]
    before = Book(zoho=zoho, google=[was()], groups=GROUPS)
    assert _compare(zoho, [was()], before).in_step
    (difference,) = _compare(zoho, [is_now()], before).differences
    assert difference.startswith("Anna Bakker (people/c1): not as before any more: ")
    assert _compare(zoho, [is_now()], before, alone={"people/c1": "told"}).in_step


def test_a_second_person_and_a_custom_field_of_zoho_must_stand_too() -> None:
    second = {"id": "p2", "first_name": "Bo", "is_primary_contact": False}
    was = _zoho("1", "a@x.example", custom_fields={"cf_gln": "871"})
    was["persons"].append(second)
    google = [_google("c1", "a@x.example")]
    before = Book(zoho=[was], google=google, groups=GROUPS)
    assert _compare([was], google, before).in_step
    (difference,) = _compare([_zoho("1", "a@x.example")], google, before).differences
    assert "871" in difference
    assert "Bo" in difference
    (difference,) = _compare([], google, before, alone={"people/c1": "told"}).differences
    assert difference == "Anna Bakker (1) is gone."


def test_a_value_that_was_taken_back_may_differ() -> None:
    zoho = [_zoho("1", "a@x.example", notes="Mine")]
    google = [_google("c1", "a@x.example")]
    assert _compare(zoho, google, apart=[("1", "notes")]).in_step
    assert not _compare(zoho, google, apart=[("1", "phone")]).in_step
