"""The mapping of contacts: the table of the facts row by row, and a person's own pairs held against both systems."""

from __future__ import annotations

from typing import Any

import pytest

from stockbridge.connectors.people.streams import contacts_stream as google_contacts
from stockbridge.connectors.zoho.contacts import contacts_stream as zoho_contacts
from stockbridge.core.compiled import compile_flow
from stockbridge.core.flow import Transform
from stockbridge.core.record import Field, Kind, Record
from stockbridge.wiring.contact_mapping import MappedRow, mapped, plain_transform, transform
from stockbridge.wiring.contact_settings import parse_contact_settings
from stockbridge.wiring.contacts import build, keys_of

CUSTOM = (
    Field(name="cf_birthday", kind=Kind.DAY, detail=True),
    Field(name="cf_rank", kind=Kind.SELECT, detail=True, choices=("Gold", "Silver")),
    Field(name="cf_size", kind=Kind.NUMBER, detail=True),
    Field(name="cf_code", kind=Kind.TEXT, detail=True),
    Field(name="cf_private", kind=Kind.EMAIL, detail=True),
)

# Facts, contact sync 3.4, typed in by hand: Zoho's field, the arrow, Google's.
TABLE = """
first_name                     <->  given_name
last_name                      <->  family_name
salutation                     <->  honorific_prefix
contact_name                   <-   display_name
company_name                   <->  organization
designation                    <->  job_title
department                     <->  department
email                          <->  email
phone                          <->  phone_work
mobile                         <->  phone_mobile
billing_address.street         <->  address_work.street
billing_address.street2        <->  address_work.street2
billing_address.city           <->  address_work.city
billing_address.region         <->  address_work.region
billing_address.postal_code    <->  address_work.postal_code
billing_address.country        <->  address_work.country
shipping_address.street        <->  address_shipping.street
shipping_address.street2       <->  address_shipping.street2
shipping_address.city          <->  address_shipping.city
shipping_address.region        <->  address_shipping.region
shipping_address.postal_code   <->  address_shipping.postal_code
shipping_address.country       <->  address_shipping.country
fax                            <->  fax_work
website                        <->  url_work
notes                          <->  notes
"""


def rows(**data: Any) -> tuple[list[MappedRow], list[str]]:
    problems: list[str] = []
    settings = parse_contact_settings(data, problems)
    return mapped(settings, zoho_contacts(CUSTOM), google_contacts(keys_of(settings)), problems), problems


def own(zoho: str, google: str, /, *, also: dict[str, Any] | None = None, **rest: Any) -> MappedRow:
    found, problems = rows(mappings=[{"zoho": zoho, "google": google, **rest}], **(also or {}))
    assert problems == []
    return found[-1]


def refused(zoho: str, google: str, /, *, also: dict[str, Any] | None = None, **rest: Any) -> str:
    _, problems = rows(mappings=[{"zoho": zoho, "google": google, **rest}], **(also or {}))
    assert problems, "it was taken"
    return " ".join(problems)


def test_the_default_mapping_is_the_table_of_the_facts() -> None:
    found, problems = rows()
    assert problems == []
    assert [(row.zoho, row.arrow, row.google) for row in found if row.pair is not None] == [
        tuple(line.split()) for line in TABLE.strip().splitlines()
    ]
    off = {row.zoho: row.reasons for row in found if row.pair is None}
    assert list(off) == ["facebook", "twitter", "skype"]
    assert off["skype"] == ("off unless it is switched on ([fields] skype)",)


def test_rows_are_switched_one_by_one_and_addresses_as_a_whole() -> None:
    found, problems = rows(fields={"phone": False, "billing_address": False, "facebook": True})
    assert problems == []
    written = {row.zoho for row in found if row.pair is not None}
    assert "phone" not in written
    assert "mobile" in written
    assert "facebook" in written
    assert not any(name.startswith("billing_address") for name in written)
    assert any(name.startswith("shipping_address") for name in written)


def test_a_field_that_was_switched_off_can_be_mapped_to_another() -> None:
    line = own("phone", "phone_home", also={"fields": {"phone": False}})
    assert (line.arrow, line.origin) == ("<->", "own")
    assert (
        "phone is mapped already (phone and phone_work); switch that off first: [fields] phone = false."
        in (refused("phone", "phone_home"))
    )


@pytest.mark.parametrize(
    ("zoho", "google", "arrow", "why"),
    [
        ("cf_code", "user_defined.Code", "<->", ""),
        ("cf_size", "user_defined.Size", "->", "not every text is a number"),  # scenario 18
        ("outstanding_receivable_amount", "user_defined.Owes", "->", "not every text is a number"),
        ("status", "user_defined.Status", "->", ""),
        ("payment_terms_label", "user_defined.Terms", "->", ""),
        ("cf_code", "birthday", "<-", ""),
    ],
)
def test_the_direction_of_an_own_mapping_comes_with_its_reason(
    zoho: str, google: str, arrow: str, why: str
) -> None:
    line = own(zoho, google)
    assert line.arrow == arrow
    assert bool(line.reasons) == (arrow != "<->")
    assert why in " ".join(line.reasons)
    assert line.pair is not None
    assert line.pair.way == {"<->": "both", "->": "to b", "<-": "to a"}[arrow]


def test_values_may_be_few_where_the_way_that_needs_them_all_is_shut_in_so_many_words() -> None:
    few = {"values": {"Gold": "1"}}
    assert own("cf_rank", "user_defined.X", **few, way="to zoho").arrow == "<-"
    assert own("cf_rank", "user_defined.X", **few, also={"direction": "to zoho"}).arrow == "<-"


@pytest.mark.parametrize(
    ("zoho", "google", "rest", "words"),
    [
        ("cf_colour", "user_defined.X", {}, 'no field "cf_colour"'),
        ("fone", "user_defined.X", {}, 'Zoho\'s contacts have no field "fone"'),
        ("cf_code", "nicknam", {}, "“nickname”"),
        ("cf_size", "nickname", {"way": "to zoho"}, "nothing can be written."),
        ("cf_birthday", "birthday", {}, "nothing can be written."),
        ("cf_private", "emails", {}, "Google's emails and email overlap, and email is mapped already"),
        ("cf_code", "display_name", {}, "display_name is mapped already"),
        (
            "cf_code",
            "user_defined.X",
            {"to_google": ["shout"]},
            '"shout" is not a change; there are: trim, upper case',
        ),
        ("cf_code", "user_defined.X", {"to_google": ["uper case"]}, 'did you mean "upper case"?'),
        ("cf_code", "user_defined.X", {"to_google": ["date: %d"]}, "“date” works on dates"),
        (
            "cf_code",
            "user_defined.X",
            {"to_google": ["template: {cf_cod} / {email}"]},
            "do you mean “cf_code”?",
        ),
        (
            "cf_rank",
            "user_defined.X",
            {"values": {"Golden": "x"}},
            '"Golden" is not an option of Zoho\'s cf_rank',
        ),
        (
            "cf_rank",
            "user_defined.X",
            {"values": {"Gold": "1"}},
            "“Silver” of cf rank has no partner in its values, so nothing could go to Google. Give it one, or set "
            'way = "to zoho".',
        ),
        ("cf_rank", "user_defined.X", {"values": "Gold"}, "must be a table of Zoho's options and Google's"),
        ("cf_code", "user_defined.X", {"policy": "hubspot"}, 'policy is "hubspot", but must be zoho, google'),
        ("cf_code", "user_defined.X", {"way": "up"}, 'way is "up", but must be both, to google or to zoho'),
        ("cf_code", "user_defined.X", {"direction": "both"}, '"direction" in Mapping 1 is not a setting'),
        ("cf_size", "user_defined.X", {"policy": "append"}, "only texts can be put together"),
    ],
)
def test_a_bad_mapping_is_refused_with_the_reason(
    zoho: str, google: str, rest: dict[str, Any], words: str
) -> None:
    assert words in refused(zoho, google, **rest)


def test_each_field_stands_in_one_mapping() -> None:
    pair = {"zoho": "cf_code", "google": "user_defined.Code"}
    _, problems = rows(mappings=[pair, {**pair, "google": "nickname"}])
    assert problems == [
        "Mapping 2 (cf_code and nickname): Zoho's cf_code is mapped already (cf_code and user_defined.Code); "
        "keep one of the two."
    ]


def test_a_mapping_against_the_direction_of_the_sync_says_so() -> None:
    assert "nothing can be written" in refused("cf_code", "birthday", also={"direction": "to google"})
    line = own("cf_code", "nickname", also={"direction": "to google"})
    assert line.arrow == "->"
    assert "the sync" in " ".join(line.reasons)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("zoho", "a"),
        ("google", "b"),
        ("newest", "newest"),
        ("append", "append"),
        ("ask", "ask"),
        ("fill", None),
    ],
)
def test_a_policy_of_its_own(policy: str, expected: str | None) -> None:
    pair = own("cf_code", "nickname", policy=policy).pair
    assert pair is not None
    assert pair.policy == expected
    assert pair.fill == (policy == "fill")


def test_what_an_emptied_value_does_by_mapping_and_for_all() -> None:
    everywhere, _ = rows(
        empty="leave", mappings=[{"zoho": "cf_code", "google": "nickname", "empty": "clear"}]
    )
    by_name = {row.zoho: row.pair for row in everywhere if row.pair is not None}
    assert by_name["phone"].empty == "leave"
    assert by_name["cf_code"].empty == "clear"


def test_changes_are_written_as_they_are_read() -> None:
    for words in (
        "trim",
        "upper case",
        "date: %d-%m-%Y",
        "template: {first_name} | {company_name}",
        "cut: 10",
    ):
        found = transform(words)
        assert found is not None
        assert plain_transform(found) == words
    assert transform("Upper  Case") == Transform(do="upper case")


def test_without_a_name_zoho_takes_no_contact() -> None:
    problems: list[str] = []
    settings = parse_contact_settings({"fields": {"contact_name": False}}, problems)
    build(settings, zoho_contacts(), google_contacts(), problems)
    assert len(problems) == 1
    assert "Zoho takes no contact without a contact_name" in problems[0]
    for data in (
        {"fields": {"contact_name": False}, "direction": "to google"},
        {
            "fields": {"contact_name": False, "company_name": False},
            "mappings": [{"zoho": "contact_name", "google": "organization"}],
        },
    ):
        problems = []
        build(parse_contact_settings(data, problems), zoho_contacts(), google_contacts(), problems)
        assert problems == []


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ({"organization": "Zwaluw BV", "given_name": "An", "family_name": "Mus"}, "Zwaluw BV"),
        ({"given_name": "An", "family_name": "Mus", "email": "an@mus.example"}, "An Mus"),
        ({"family_name": "Mus"}, "Mus"),
        ({"email": "an@mus.example", "phone_work": "020 555"}, "an@mus.example"),
        ({"phone_mobile": "06 555"}, "06 555"),
    ],
)
def test_what_a_contact_made_in_zoho_is_called(person: dict[str, str], name: str) -> None:
    problems: list[str] = []
    a, b = zoho_contacts(), google_contacts()
    flow = build(parse_contact_settings({}, problems), a, b, problems).flow
    compiled = compile_flow(flow, a, b, {("contacts", "contacts"): "contacts"})
    (move,) = (one for one in compiled.b.moves if one.target == "contact_name")
    values = {field.name: None for field in b.fields} | person
    assert move.to(Record(id="people/c1", values=values, version="1"), lambda flow, id: None) == name
