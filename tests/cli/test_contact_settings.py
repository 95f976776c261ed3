"""The settings of a contact sync: every mistake at once, in words; what both systems cannot do is refused with the reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stockbridge.connectors.people.streams import contacts_stream as google_contacts
from stockbridge.connectors.zoho.contacts import contacts_stream as zoho_contacts
from stockbridge.core.compiled import compile_flow
from stockbridge.core.decide import wants_detail
from stockbridge.core.flow import Flow, GonePolicy, Op, Then
from stockbridge.core.record import Ability, Field, Kind, Record, Stream
from stockbridge.core.rules import compile_rules
from stockbridge.wiring.contact_file import ContactFile, read_contact_file, write_contact_file
from stockbridge.wiring.contact_settings import (
    ContactSettings,
    decode_contact_settings,
    encode_contact_settings,
    parse_contact_settings,
)
from stockbridge.wiring.contacts import Built, build, checked, keys_of
from stockbridge.wiring.settings import SettingsError

CUSTOM = (
    Field(name="cf_birthday", kind=Kind.DAY, detail=True),
    Field(name="cf_gone", kind=Kind.FLAG, detail=True),
    Field(name="cf_note", kind=Kind.TEXT, detail=True, max_length=6),
    Field(name="cf_rank", kind=Kind.SELECT, detail=True, choices=("Gold", "Silver")),
    Field(name="cf_groups", kind=Kind.LABELS, detail=True),
    Field(name="cf_formula", kind=Kind.TEXT, detail=True, writable=False),
)
BUSINESS = {"name": "Business", "in": "zoho", "if": [{"field": "customer_sub_type", "is": "business"}]}


def parsed(**data: Any) -> tuple[ContactSettings, list[str]]:
    problems: list[str] = []
    return parse_contact_settings(data, problems), problems


def made(a: Stream | None = None, b: Stream | None = None, /, **data: Any) -> Built:
    settings, problems = parsed(**data)
    built = build(settings, a or zoho_contacts(CUSTOM), b or google_contacts(keys_of(settings)), problems)
    assert problems == []
    return built


def flow(a: Stream | None = None, b: Stream | None = None, /, **data: Any) -> Flow:
    return made(a, b, **data).flow


def refused(a: Stream | None = None, b: Stream | None = None, /, **data: Any) -> list[str]:
    settings, problems = parsed(**data)
    build(settings, a or zoho_contacts(CUSTOM), b or google_contacts(keys_of(settings)), problems)
    assert problems, "it was taken"
    assert all(problem.endswith((".", "?", "fields")) for problem in problems)
    return problems


def test_nothing_given_means_the_documented_defaults() -> None:
    found = flow()
    assert found.conflict == "a"
    assert found.writes_a == found.writes_b == {Op.CREATE, Op.UPDATE}
    assert found.gone_a == found.gone_b == GonePolicy(stays=True)
    assert [(one.a, one.b) for one in found.match] == [("email", "emails")]
    assert found.keyed == "no e-mail address"
    assert [(one.field, one.value) for one in found.only_a] == [("contact_type", "customer")]
    assert found.rules_a == found.rules_b == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"direction": "left"}, 'direction is "left", but must be both, to google or to zoho.'),
        ({"direction": "to gogle"}, 'did you mean "to google"?'),
        ({"winner": 3}, "winner is 3, but must be zoho or google."),
        ({"include": ["suppliers"]}, "must be a list of customers and vendors"),
        ({"include": []}, "must be a list of customers and vendors"),
        ({"inactive": "yes"}, 'inactive is "yes", but must be true or false.'),
        ({"avoid_duplicates": 1}, "avoid_duplicates is 1, but must be true or false."),
        ({"ask_alike": "yes"}, 'ask_alike is "yes", but must be true or false.'),
        ({"ask_alikes": True}, '"ask_alikes" is not a setting; did you mean "ask_alike"?'),
        ({"match": []}, "match is [], but must be a list of email, phone"),
        ({"match": ["emial"]}, 'did you mean "email"?'),
        ({"match": ["email", "email"]}, "stands there twice"),
        ({"match": ["cf_nr = user_defined.Nr"]}, 'match: Zoho\'s contacts have no field "cf_nr"'),
        ({"region": "Holland"}, 'region is "Holland", but must be a country as two letters'),
        ({"match": ["cf_x"]}, 'match is ["cf_x"], but must be a list of email, phone'),
        ({"region": "UK"}, 'region is "UK", but must be a country as two letters, such as "NL" or "GB"'),
        ({"empty": "keep"}, 'empty is "keep", but must be clear or leave.'),
        ({"full_read_hours": 0}, "full_read_hours is 0, but must be a whole number of hours, 1 to 744."),
        ({"every": "often"}, 'every is "often", but must be "every 60 minutes"'),
        ({"directon": "both"}, '"directon" is not a setting; did you mean "direction"?'),
        ({"deletions": "mark"}, "deletions is not a table"),
        (
            {"deletions": {"in_zoho": "trash"}},
            'deletions.in_zoho is "trash", but must be none, mark or delete.',
        ),
        ({"deletions": {"in_zoho": "deactivate"}}, 'deletions.in_zoho is "deactivate", but must be none'),
        ({"deletions": {"lable": "x"}}, '"lable" in deletions is not a setting; did you mean "label"?'),
        ({"fields": ["phone"]}, "fields is not a table"),
        ({"fields": {"phone": "off"}}, 'fields.phone is "off", but must be true or false.'),
        (
            {"fields": {"fone": False}},
            '"fone" in fields is not a row of the default mapping; did you mean "phone"?',
        ),
        ({"mappings": {"zoho": "phone"}}, "mappings is not a list: write [[mappings]]"),
        ({"mappings": ["phone"]}, 'Mapping 1 is "phone", but must be a table'),
        ({"mappings": [{"zoho": "phone"}]}, 'Mapping 1 needs "zoho" and "google"'),
        ({"rules": {"name": "x"}}, "rules is not a list: write [[rules]]"),
        (
            {"unsubscribes": {"to_google": "tell"}},
            'unsubscribes.to_google is "tell", but must be none or mark.',
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(data: dict[str, Any], words: str) -> None:
    (problem,) = refused(**data)
    assert words in problem


def test_all_mistakes_are_told_at_once() -> None:
    found = refused(
        direction="up",
        region="Netherlands",
        mappings=[{"zoho": "cf_birthdya", "google": "birthday"}],
        rules=[{**BUSINESS, "in": "zoo"}],
        deletions={"in_google": "mark"},
    )
    assert len(found) == 5
    assert (
        'Mapping 1 (cf_birthdya and birthday): Zoho\'s contacts have no field "cf_birthdya"; '
        "do you mean “cf_birthday”?"
    ) in found


# --- direction and scope --------------------------------------------------------------------------------------------------


def test_a_one_way_sync_writes_one_side_and_takes_in_that_way_only() -> None:
    to_google = flow(direction="to google")
    assert to_google.writes_a == frozenset()
    assert to_google.writes_b == {Op.CREATE, Op.UPDATE}
    assert all(pair.way == "to b" and pair.a != "contact_name" for pair in to_google.pairs)
    assert not compile_rules(to_google.rules_b)({"display_name": "Anna"}).in_scope
    to_zoho = flow(direction="to zoho")
    assert to_zoho.writes_b == frozenset()
    assert not compile_rules(to_zoho.rules_a)({"contact_name": "Anna"}).in_scope
    assert any(pair.a == "contact_name" and pair.once for pair in to_zoho.pairs)


def test_with_a_rule_for_zoho_alone_google_brings_nothing_in() -> None:  # scenario 6
    found = flow(rules=[BUSINESS])
    assert compile_rules(found.rules_a)({"customer_sub_type": "business"}).in_scope
    assert not compile_rules(found.rules_a)({"customer_sub_type": "individual"}).in_scope
    assert not compile_rules(found.rules_b)({"display_name": "Anna"}).in_scope


def test_a_rule_for_what_gets_deleted_narrows_nothing() -> None:
    rule = {
        "name": "Gone",
        "in": "google",
        "if": [{"gets_deleted": True}],
        "then": [{"set": "cf_gone", "to": True}],
    }
    found = flow(rules=[rule])
    assert found.rules_a == ()
    assert [one.then for one in found.rules_b] == [Then.ACT]


@pytest.mark.parametrize(
    ("data", "looked_at"),
    [
        ({"include": ["customers", "vendors"]}, []),
        ({"include": "vendors"}, [("contact_type", "vendor")]),
        ({"include": ["vendors", "customers"], "inactive": False}, [("status", "active")]),
        ({"inactive": False}, [("contact_type", "customer"), ("status", "active")]),
    ],
)
def test_which_contacts_of_zoho_are_looked_at(data: dict[str, Any], looked_at: list[tuple[str, str]]) -> None:
    assert [(one.field, one.value) for one in flow(**data).only_a] == looked_at


def test_the_details_of_what_is_not_looked_at_are_not_read() -> None:
    built = made(include=["vendors"])
    compiled = compile_flow(built.flow, built.a, built.b, {("contacts", "contacts"): "contacts"})

    def listed(kind: str) -> Record:
        return Record(id="1", values={"contact_type": kind, "email": "a@b.example"}, version="1", full=False)

    assert wants_detail(compiled, None, listed("vendor"))
    assert not wants_detail(compiled, None, listed("customer"))


def test_a_contact_made_in_zoho_is_of_a_type_that_is_looked_at() -> None:
    def type_made(**data: Any) -> list[Any]:
        return [pair.constant for pair in flow(**data).pairs if pair.a == "contact_type"]

    assert type_made() == ["customer"]
    assert type_made(include=["vendors"]) == ["vendor"]
    assert type_made(direction="to google") == []
    rule = {"name": "All", "in": "google", "then": [{"set": "contact_type", "to": "vendor"}]}
    assert type_made(include=["customers", "vendors"], rules=[rule]) == []


def test_what_matches_contacts_and_what_is_left_out_without_it() -> None:
    found = flow(match=["phone", "name + company", "cf_note=user_defined.Note"], region="nl")
    assert [(one.a, one.b) for one in found.match] == [
        ("phone", "phones"),
        ("mobile", "phones"),
        (("first_name", "last_name", "company_name"), ("given_name", "family_name", "organization")),
        ("cf_note", "user_defined.Note"),
    ]
    assert found.keyed == "no phone number, name with a company or cf_note"
    assert found.region == "NL"
    assert flow(avoid_duplicates=False).keyed == ""
    assert flow(avoid_duplicates=False).likely is None
    assert flow(ask_alike=False).likely is None
    assert flow().likely is not None


# --- deletions ------------------------------------------------------------------------------------------------------------


def test_what_a_deletion_does_where_both_systems_can() -> None:
    found = flow(deletions={"in_zoho": "mark", "in_google": "deactivate", "label": "Weg"})
    assert found.gone_a == GonePolicy(do="mark", adds={"labels": "Weg"}, stays=True)
    assert found.gone_b == GonePolicy(
        do="mark", values={"status": "inactive"}, undo={"status": "active"}, stays=True
    )
    assert Op.REMOVE not in found.writes_a | found.writes_b
    found = flow(deletions={"in_zoho": "delete", "in_google": "delete"})
    assert Op.REMOVE in found.writes_a
    assert Op.REMOVE in found.writes_b
    assert Op.REMOVE not in flow(deletions={"in_zoho": "delete"}).writes_a


@pytest.mark.parametrize(
    ("field", "policy"),
    [
        ("cf_gone", GonePolicy(do="mark", values={"cf_gone": True}, undo={"cf_gone": False}, stays=True)),
        ("cf_note", GonePolicy(do="mark", values={"cf_note": "Sync T"}, undo={"cf_note": None}, stays=True)),
        ("cf_groups", GonePolicy(do="mark", adds={"cf_groups": "Sync Trash"}, stays=True)),
    ],
)
def test_a_mark_in_zoho_goes_into_a_field(field: str, policy: GonePolicy) -> None:
    assert flow(deletions={"in_google": "mark", "field": field}).gone_b == policy


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"deletions": {"in_google": "mark"}}, "Zoho Inventory has no labels"),
        (
            {"deletions": {"in_google": "mark", "field": "cf_birthday"}},
            "cf_birthday is a date, which cannot hold",
        ),
        ({"deletions": {"in_google": "mark", "field": "cf_formula"}}, "cf_formula cannot be written."),
        (
            {"deletions": {"in_google": "mark", "field": "cf_rank"}},
            '"Sync Trash" is not an option of cf_rank',
        ),
        ({"deletions": {"in_google": "mark", "field": "nots"}}, 'no field "nots"; did you mean "notes"?'),
        ({"deletions": {"in_google": "mark", "field": "notes"}}, "notes is mapped already"),
        (
            {"deletions": {"in_zoho": "mark"}, "direction": "to zoho"},
            "would write to Google Contacts, but the sync goes to Zoho Inventory only",
        ),
        (
            {"deletions": {"in_google": "delete"}, "direction": "to google"},
            "would write to Zoho Inventory, but the sync goes to Google Contacts only",
        ),
    ],
)
def test_a_deletion_that_cannot_be_carried_over_says_why(data: dict[str, Any], words: str) -> None:
    (problem,) = refused(**data)
    assert words in problem


def test_deletions_are_offered_only_where_the_two_systems_are_able() -> None:
    blind = msgspec.structs.replace(zoho_contacts(CUSTOM), detects_deletions=False)
    (problem,) = refused(blind, deletions={"in_zoho": "mark"})
    assert problem == (
        'deletions.in_zoho = "mark" is not possible: nothing tells that a contact of Zoho Inventory is gone.'
    )
    kept = msgspec.structs.replace(google_contacts(), abilities=frozenset({Ability.CREATE, Ability.UPDATE}))
    (problem,) = refused(None, kept, deletions={"in_zoho": "delete"})
    assert "contacts of Google Contacts cannot be deleted from outside" in problem


# --- unsubscribes ---------------------------------------------------------------------------------------------------------


def test_neither_system_tells_who_unsubscribed() -> None:
    assert refused(unsubscribes={"to_google": "mark", "to_zoho": "mark"}) == [
        'unsubscribes.to_google = "mark" is not possible: Zoho Inventory does not tell who unsubscribed.',
        'unsubscribes.to_zoho = "mark" is not possible: Google Contacts does not tell who unsubscribed.',
    ]


def with_unsubscribed(stream: Stream) -> Stream:
    told = Field(name="no_mail", kind=Kind.FLAG, role="unsubscribed", writable=False)
    return msgspec.structs.replace(stream, fields=(*stream.fields, told))


def test_a_system_that_tells_it_only_has_to_declare_the_field() -> None:
    told = with_unsubscribed(zoho_contacts(CUSTOM))
    found = flow(told, unsubscribes={"to_google": "mark", "label": "No mail"})
    (rule,) = found.rules_a
    verdict = compile_rules(found.rules_a)({"no_mail": True})
    assert rule.then is Then.ACT
    assert [(one.do, one.field, one.value, one.undo) for one in verdict.actions] == [
        ("add", "labels", "No mail", True)
    ]
    assert compile_rules(found.rules_a)({"no_mail": False}).actions == ()
    assert verdict.in_scope  # it narrows nothing


def test_without_labels_the_unsubscribed_are_marked_in_a_field() -> None:
    told = with_unsubscribed(google_contacts())
    (problem,) = refused(None, told, unsubscribes={"to_zoho": "mark"})
    assert "Zoho Inventory has no labels: choose a field that takes the mark" in problem
    found = flow(None, told, unsubscribes={"to_zoho": "mark", "field": "cf_gone"})
    (action,) = compile_rules(found.rules_b)({"no_mail": True}).actions
    assert (action.do, action.field, action.value) == ("set", "cf_gone", True)
    (problem,) = refused(
        None, told, direction="to google", unsubscribes={"to_zoho": "mark", "field": "cf_gone"}
    )
    assert "the sync goes to Google Contacts only" in problem


# --- stored and written ---------------------------------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {
    "direction": "both",
    "winner": "google",
    "include": ["vendors"],
    "inactive": False,
    "match": ["phone", "cf_note = user_defined.Note"],
    "region": "BE",
    "empty": "leave",
    "every": "0 7 * * *",
    "deletions": {"in_zoho": "mark", "in_google": "mark", "label": "Weg", "field": "cf_gone"},
    "fields": {"phone": False, "twitter": True},
    "mappings": [
        {
            "zoho": "cf_rank",
            "google": "user_defined.Rank",
            "way": "to google",
            "policy": "ask",
            "values": {"Gold": "goud", "Silver": "zilver"},
        },
        {"zoho": "cf_birthday", "google": "user_defined.Born", "to_google": ["date: %d-%m-%Y"]},
    ],
    "rules": [
        {
            "name": "Ours",
            "in": "zoho",
            "if": [
                {"field": "outstanding_receivable_amount", "is_above": 12.5},
                {"any": [{"field": "cf_birthday", "is_before": "1990-01-31"}, {"already_there": True}]},
            ],
            "then": [{"add_label": "Ours", "undo": True}],
        }
    ],
}


def test_settings_come_back_from_the_store_and_from_the_file_as_they_went() -> None:
    written, problems = parsed(**EVERYTHING)
    settings, _ = checked(written, CUSTOM, problems)
    assert decode_contact_settings(encode_contact_settings(settings)) == settings
    assert [field.name for field in settings.custom] == ["cf_birthday", "cf_gone", "cf_note", "cf_rank"]
    text = write_contact_file(ContactFile(name="people", zoho="shop", google="book", settings=settings))
    again = read_contact_file(text, problems)
    assert problems == []
    assert (again.name, again.zoho, again.google) == ("people", "shop", "book")
    streams = zoho_contacts(CUSTOM), google_contacts(keys_of(settings))
    first, second = (build(one, *streams, problems).flow for one in (settings, again.settings))
    assert first == second
    assert problems == []


def test_a_file_lists_every_row_of_the_mapping_and_what_its_head_lacks() -> None:
    text = write_contact_file(ContactFile(name="people", zoho="shop", google="book"))
    assert "phone = true # phone_work" in text
    assert "skype = false" in text
    problems: list[str] = []
    read_contact_file('kind = "contacts"\nzoho = ""', problems)
    assert [problem.split(" ")[0] for problem in problems] == ["name", "zoho", "google"]
    with pytest.raises(SettingsError, match="not a file of a sync"):
        read_contact_file("name = = 5", problems)


def test_settings_of_a_later_version_are_refused_in_words() -> None:
    with pytest.raises(SettingsError, match="stored settings"):
        decode_contact_settings(b'{"include": "customers"}')
