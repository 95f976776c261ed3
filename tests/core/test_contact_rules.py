"""The tests and actions that contacts need, and rules as a sync file writes them: each mistake is told in a sentence."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockbridge.core.flow import Action, Condition, Rule, Then
from stockbridge.core.record import Ability, Field, Kind, Stream
from stockbridge.core.rules import compile_gone, compile_rules, fields_of, holds
from stockbridge.wiring.contact_rules import parse_contact_rules, plain_rules

WRITES = frozenset({Ability.CREATE, Ability.UPDATE, Ability.REMOVE})
ZOHO = Stream(
    name="contacts",
    noun="contact",
    abilities=WRITES,
    unique="contact_name",
    fields=(
        Field(name="contact_name", kind=Kind.TEXT, max_length=200, required=True),
        Field(name="contact_type", kind=Kind.SELECT, choices=("customer", "vendor"), label="type"),
        Field(name="customer_sub_type", kind=Kind.SELECT, choices=("business", "individual")),
        Field(name="status", kind=Kind.SELECT, choices=("active", "inactive"), role="active", step=True),
        Field(name="email", kind=Kind.EMAIL),
        Field(name="phone", kind=Kind.PHONE),
        Field(name="website", kind=Kind.URL),
        Field(name="outstanding_receivable_amount", kind=Kind.NUMBER, writable=False),
        Field(name="notes", kind=Kind.LONG_TEXT, detail=True),
        Field(name="twitter", kind=Kind.TEXT, max_length=10),
        Field(name="billing_address.city", kind=Kind.TEXT, group="billing_address", detail=True),
        Field(name="cf_vip", kind=Kind.FLAG, label="VIP", detail=True),
        Field(name="cf_born", kind=Kind.DAY, label="Born", detail=True),
        Field(name="cf_seen", kind=Kind.MOMENT, detail=True),
        Field(name="cf_stars", kind=Kind.INTEGER, at_least=1, at_most=5, detail=True),
        Field(name="cf_discount", kind=Kind.NUMBER, places=2, detail=True),
        Field(name="cf_class", kind=Kind.SELECT, choices=("Gold", "Silver"), label="Class", detail=True),
        Field(name="cf_tags", kind=Kind.LABELS, choices=("shop", "fair"), detail=True),
        Field(name="custom", kind=Kind.CUSTOM, detail=True),
    ),
)
GOOGLE = Stream(
    name="contacts",
    noun="contact",
    abilities=WRITES,
    fields=(
        Field(name="display_name", kind=Kind.TEXT, writable=False),
        Field(name="email", kind=Kind.EMAIL, within="emails"),
        Field(name="emails", kind=Kind.EMAIL, many=True),
        Field(name="phone_work", kind=Kind.PHONE, within="phones"),
        Field(name="phones", kind=Kind.PHONE, many=True),
        Field(name="job_title", kind=Kind.TEXT),
        Field(name="notes", kind=Kind.LONG_TEXT),
        Field(name="url_work", kind=Kind.URL),
        Field(name="labels", kind=Kind.LABELS, role="labels"),
    ),
)


# --- the tests, running ---------------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("test", "wanted", "value", "expected"),
    [
        ("is above", Decimal(100), Decimal("100.01"), True),
        ("is above", Decimal(100), Decimal(100), False),
        ("is above", Decimal(100), 101, True),
        ("is above", Decimal(-1), 0, True),
        ("is above", Decimal(0), True, False),
        ("is above", Decimal(0), "1", False),
        ("is above", Decimal(0), None, False),
        ("is above", Decimal(0), Decimal("NaN"), False),
        ("is above", "0", Decimal(1), False),
        ("is below", Decimal(100), Decimal("99.99"), True),
        ("is below", Decimal(100), Decimal(100), False),
        ("is below", Decimal(100), None, False),  # nothing is not little
        ("is before", date(2026, 3, 1), date(2026, 2, 28), True),
        ("is before", date(2026, 3, 1), date(2026, 3, 1), False),
        ("is before", date(2026, 3, 1), datetime(2026, 2, 28, 23, 59, tzinfo=UTC), True),
        ("is before", date(2026, 3, 1), None, False),
        ("is before", date(2026, 3, 1), "2026-01-01", False),
        ("is before", NOON, datetime(2026, 3, 1, 11, 59, tzinfo=UTC), True),
        ("is before", NOON, NOON, False),
        ("is before", NOON, datetime(2026, 3, 1, 11), False),  # whose noon nobody knows
        ("is before", NOON, date(2026, 2, 1), False),
        ("is on or after", NOON, NOON, True),
        ("is on or after", date(2026, 3, 1), 20260301, False),
        ("contains", "gmbh", "Muster GmbH", True),
        ("contains", "STRASSE", "Hauptstraße 1", True),
        ("contains", "gmbh", "Muster AG", False),
        ("contains", "gmbh", None, False),
        ("contains", "1", 1, False),
        ("contains", "", "x", False),
        ("contains", "@shop", ["a@home.example", "b@SHOP.example"], True),
        ("contains", "@shop", ["a@home.example", None], False),
        ("does not contain", "gmbh", "Muster GmbH", False),
        ("does not contain", "gmbh", "Muster AG", True),
        ("does not contain", "gmbh", None, True),
        ("does not contain", "@shop", [], True),
        ("does not contain", "@shop", ["x@shop.example"], False),
        ("does not contain", "1", 1, False),
        ("has", "Friends", ["Family", "Friends"], True),
        ("has", "friends", ["Family", "Friends"], False),
        ("has", "Friends", None, False),
        ("has", "Friends", "Friends", False),
        ("has not", "Friends", ["Family"], True),
        ("has not", "Friends", [], True),
        ("has not", "Friends", None, True),
        ("has not", "Friends", ["Friends"], False),
        ("has not", "Friends", "Family", False),
        ("is", "A@b.example", "a@b.example", False),  # exactly, an address too
        ("is", True, 1, False),
        ("is", Decimal(1), True, False),
        ("is", Decimal("1.0"), Decimal(1), True),
        ("is not", True, 1, True),
        ("is one of", (Decimal(1), Decimal(2)), Decimal("2.0"), True),
        ("is one of", (Decimal(1), Decimal(2)), True, False),
        ("is one of", "abc", "a", False),
        ("is one of", ("a",), ["a"], False),
        ("is none of", ("a",), ["a"], True),
    ],
)
def test_what_a_condition_takes(test: Any, wanted: Any, value: Any, expected: bool) -> None:
    condition = Condition(field="f", test=test, value=wanted)
    assert holds(condition, {"f": value}) is expected
    if value is None:
        assert holds(condition, {}) is expected


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=True, allow_infinity=True).filter(lambda one: not one.is_snan()),
    st.floats(),
    st.text(max_size=3),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.one_of(st.text(max_size=2), st.none(), st.integers()), max_size=2),
    st.dictionaries(st.text(max_size=1), st.text(max_size=1), max_size=1),
)
TESTS = st.sampled_from(
    [
        "is",
        "is not",
        "is one of",
        "is none of",
        "is filled",
        "is empty",
        "is on or after",
        "is before",
        "is above",
        "is below",
        "contains",
        "does not contain",
        "has",
        "has not",
        "is already there",
        "gets deleted",
    ]
)


@given(test=TESTS, wanted=st.one_of(ANYTHING, st.tuples(ANYTHING, ANYTHING)), value=ANYTHING)
def test_no_condition_ever_raises(test: Any, wanted: Any, value: Any) -> None:
    assert holds(Condition(field="f", test=test, value=wanted), {"f": value}) in (True, False)


def is_(field: str, value: Any, *either: Condition) -> Condition:
    return Condition(field=field, test="is", value=value, either=either)


THERE = Condition(field="", test="is already there", otherwise="contacts that are not at Google yet")
GONE = Condition(field="", test="gets deleted")


def test_one_of_several_conditions_is_enough_where_they_stand_together() -> None:
    rule = Rule(
        when=(is_("city", "Gent", is_("city", "Lier"), is_("vip", True)), is_("on", "yes")), then=Then.SYNC
    )
    admit = compile_rules((rule,))
    assert admit({"city": "Lier", "on": "yes"}).in_scope
    assert admit({"vip": True, "on": "yes"}).in_scope
    assert not admit({"city": "Brugge", "on": "yes"}).in_scope
    assert not admit({"city": "Gent"}).in_scope
    assert fields_of((rule,)) == {"city", "vip", "on"}


def test_what_must_be_there_already_is_in_scope_but_never_made() -> None:
    admit = compile_rules((Rule(when=(THERE, is_("on", "yes")), then=Then.SYNC),))
    assert admit({"on": "yes"}) == admit({"on": "yes"}, there=True)
    verdict = admit({"on": "yes"})
    assert (verdict.in_scope, verdict.may_create) == (True, False)
    assert verdict.left_out == "contacts that are not at Google yet"
    assert not admit({}).in_scope
    assert fields_of((Rule(when=(THERE, GONE), then=Then.SYNC),)) == set()


def test_another_rule_that_admits_it_lets_it_be_made() -> None:
    admit = compile_rules(
        (Rule(when=(THERE,), then=Then.SYNC), Rule(when=(is_("on", "yes"),), then=Then.SYNC))
    )
    assert (admit({"on": "yes"}).may_create, admit({"on": "yes"}).left_out) == (True, "")
    assert not admit({}).may_create
    either = msgspec.structs.replace(THERE, either=(is_("on", "yes"),))
    admit = compile_rules((Rule(when=(either,), then=Then.SYNC),))
    assert admit({"on": "yes"}).may_create
    assert not admit({}).may_create


def test_a_rule_without_conditions_takes_everything() -> None:
    verdict = compile_rules((Rule(when=(), then=Then.SYNC, actions=(CUSTOMERS,)),))({})
    assert (verdict.in_scope, verdict.may_create, verdict.actions) == (True, True, (CUSTOMERS,))


CUSTOMERS = Action(field="labels", do="add", value="Customers", undo=True)
BUYER = Action(field="job_title", value="Buyer")


def test_the_actions_of_all_rules_that_it_meets_in_their_order_each_once() -> None:
    admit = compile_rules(
        (
            Rule(when=(is_("x", "1"),), then=Then.SYNC, actions=(BUYER, CUSTOMERS)),
            Rule(when=(is_("y", "1"),), then=Then.ACT, actions=(CUSTOMERS,)),
            Rule(when=(THERE,), then=Then.ACT, actions=(Action(field="notes", value="seen"),)),
        )
    )
    assert admit({"x": "1", "y": "1"}).actions == (BUYER, CUSTOMERS)
    assert [one.field for one in admit({"x": "1"}, there=True).actions] == ["job_title", "labels", "notes"]
    only_acts = admit({"y": "1"})
    assert (only_acts.in_scope, only_acts.actions) == (False, (CUSTOMERS,))


def test_what_one_of_two_rules_does_for_good_is_not_taken_back() -> None:
    for_good = msgspec.structs.replace(CUSTOMERS, undo=False)
    rules = tuple(Rule(when=(), then=Then.ACT, actions=(one,)) for one in (CUSTOMERS, for_good))
    assert compile_rules(rules)({}).actions == (for_good,)
    assert compile_rules(rules[::-1])({}).actions == (for_good,)


def test_rules_that_only_act_leave_the_scope_as_it_is() -> None:
    verdict = compile_rules((Rule(when=(is_("x", "1"),), then=Then.ACT, actions=(BUYER,)),))({})
    assert (verdict.in_scope, verdict.actions) == (True, ())


def test_what_gets_deleted_is_for_the_rules_about_it_alone() -> None:
    rules = (
        Rule(when=(GONE, is_("x", "1")), then=Then.SYNC, actions=(BUYER,)),
        Rule(when=(is_("x", "1"),), then=Then.ACT, actions=(CUSTOMERS,)),
    )
    assert compile_gone(rules)({"x": "1"}) == (BUYER,)
    assert compile_gone(rules)({"x": "2"}) == ()
    assert compile_gone(rules[1:])({"x": "1"}) == ()
    admit = compile_rules((*rules, Rule(when=(is_("y", "1"),), then=Then.SYNC)))
    assert admit({"x": "1"}).actions == (CUSTOMERS,)
    assert not admit({"x": "1"}).in_scope  # brought in by neither


# --- the sync file --------------------------------------------------------------------------------------------------


def read(text: str, **options: Any) -> tuple[tuple[Rule, ...], tuple[Rule, ...], list[str], list[str]]:
    problems: list[str] = []
    warnings: list[str] = []
    a, b = parse_contact_rules(
        tomllib.loads(text)["rules"],
        options.pop("a", ZOHO),
        options.pop("b", GOOGLE),
        problems,
        warnings,
        **options,
    )
    return a, b, problems, warnings


EXAMPLE = """
[[rules]]
name = "Business customers"
in = "zoho"
if = [
  { field = "customer_sub_type", is = "business" },
  { any = [{ field = "billing_address.city", contains = "gent" }, { field = "outstanding_receivable_amount", is_above = 12.5 }] },
]
then = [{ add_label = "Customers", undo = true }, { set = "job_title", to = "Buyer" }]

[[rules]]
name = "Gone"
in = "google"
if = [{ gets_deleted = true }, { field = "labels", has = "Friends" }]
then = [{ set = "cf_class", to = "Silver" }, { set = "cf_born", to = 2000-02-29 }, { add_label = "fair", field = "cf_tags" }]

[[rules]]
name = "Everybody"
in = "google"
"""


def test_a_file_becomes_rules() -> None:
    a, b, problems, warnings = read(EXAMPLE)
    assert (problems, warnings) == ([], [])
    (business,) = a
    assert (business.name, business.then, business.actions) == (
        "Business customers",
        Then.SYNC,
        (CUSTOMERS, BUYER),
    )
    first, second = business.when
    assert (first.field, first.test, first.value) == ("customer_sub_type", "is", "business")
    assert first.otherwise == "contacts whose customer sub type is not business"
    (above,) = second.either
    assert (second.test, second.value, above.test, above.value) == (
        "contains",
        "gent",
        "is above",
        Decimal("12.5"),
    )
    gone, everybody = b
    assert (gone.then, everybody.then, everybody.when) == (Then.ACT, Then.SYNC, ())
    assert gone.actions == (
        Action(field="cf_class", value="Silver"),
        Action(field="cf_born", value=date(2000, 2, 29)),
        Action(field="cf_tags", do="add", value="fair"),
    )


def test_rules_come_back_as_they_went() -> None:
    a, b, _, _ = read(EXAMPLE)
    plain = plain_rules(a, b)
    assert plain[0]["if"][1] == {
        "any": [
            {"field": "billing_address.city", "contains": "gent"},
            {"field": "outstanding_receivable_amount", "is_above": 12.5},
        ]
    }
    problems: list[str] = []
    assert parse_contact_rules(msgspec.json.decode(msgspec.json.encode(plain)), ZOHO, GOOGLE, problems) == (
        a,
        b,
    )
    assert problems == []


@pytest.mark.parametrize(
    ("condition", "test", "value"),
    [
        ('field = "email", is_not = "a@b.example"', "is not", "a@b.example"),
        ('field = "email", "is not" = "a@b.example"', "is not", "a@b.example"),
        ('field = "cf_class", is_one_of = ["Gold", "Silver"]', "is one of", ("Gold", "Silver")),
        ('field = "cf_class", is_none_of = ["Gold"]', "is none of", ("Gold",)),
        ('field = "phone", is_filled = true', "is filled", None),
        ('field = "phone", is_empty = true', "is empty", None),
        ('field = "notes", does_not_contain = "closed"', "does not contain", "closed"),
        ('field = "cf_vip", is = false', "is", False),
        ('field = "cf_stars", is = 3', "is", 3),
        ('field = "cf_discount", is_below = "0.10"', "is below", Decimal("0.10")),
        ('field = "cf_born", is_before = 2000-01-01', "is before", date(2000, 1, 1)),
        ('field = "cf_born", is_on_or_after = "2000-01-01"', "is on or after", date(2000, 1, 1)),
        ('field = "cf_seen", is_before = 2026-03-01', "is before", date(2026, 3, 1)),
        ('field = "cf_seen", is_before = 2026-03-01T13:00:00+01:00', "is before", NOON),
        ('field = "cf_tags", has_not = "shop"', "has not", "shop"),
        ("already_there = true", "is already there", None),
        ("is_already_there = true", "is already there", None),
    ],
)
def test_every_test_has_a_spelling_that_comes_back(condition: str, test: str, value: Any) -> None:
    text = f'[[rules]]\nname = "R"\nin = "zoho"\nif = [{{ {condition} }}]\n'
    a, b, problems, _ = read(text)
    assert problems == []
    (found,) = a[0].when
    assert (found.test, found.value) == (test, value)
    assert type(found.value) is type(value)
    assert parse_contact_rules(plain_rules(a, b), ZOHO, GOOGLE, []) == (a, b)


BAD_CONDITIONS = [
    ('{ field = "emial", is = "x" }', '"emial" is not a field of Zoho\'s contacts; did you mean "email"?'),
    ('{ field = "Born", is_empty = true }', 'did you mean "cf_born"?'),
    ('{ field = "job_title", is = "x" }', '"job_title" is not a field of Zoho'),
    ('{ field = "qqqqq", is = "x" }', "see: stockbridge fields"),
    ("{ field = 3, is = 3 }", "3 is not a field of Zoho"),
    ('{ is = "x" }', "a condition names no field"),
    ('{ field = "email" }', "makes no test; add one, such as is"),
    ("{ }", "makes no test"),
    ('"active"', '"active" is not a condition'),
    ('{ field = "email", iss = "x" }', '"iss" is not a test; did you mean "is"?'),
    ('{ field = "cf_stars", greater_than = 3 }', '"greater_than" is not a test; did you mean "is_above"?'),
    ('{ field = "email", xyzzy = "x" }', "known are is, is_not, is_one_of"),
    ('{ field = "email", test = "is", value = "x" }', "a condition names its test itself"),
    (
        '{ field = "cf_stars", is_above = 1, is_below = 3 }',
        "makes 2 tests; write a condition of its own for each",
    ),
    (
        '{ field = "email", is_above = 3 }',
        "email is an e-mail address, which is_above does not go with; known are is,",
    ),
    (
        '{ field = "cf_tags", contains = "shop" }',
        'cf_tags is a list of labels, which contains does not go with; write "has"',
    ),
    ('{ field = "notes", has = "x" }', 'notes is a text, which has does not go with; write "is"'),
    (
        '{ field = "cf_born", is_above = 2000 }',
        'cf_born is a date, which is_above does not go with; write "is_on_or_after"',
    ),
    (
        '{ field = "cf_stars", is_before = 2000-01-01 }',
        'cf_stars is a whole number, which is_before does not go with; write "is_below"',
    ),
    (
        '{ field = "cf_seen", is = 2026-01-01 }',
        'cf_seen is a time, which is does not go with; write "is_on_or_after"',
    ),
    ('{ field = "cf_vip", contains = "y" }', "cf_vip is a yes or no, which contains does not go with"),
    ('{ field = "custom", is_filled = true }', "custom is of a kind that no rule can look at"),
    ('{ field = "email", is = 3 }', "email is 3, but that must be a text in quotes"),
    ('{ field = "email", is = " " }', "must be a text, and not an empty one"),
    ('{ field = "email", is = ["a", "b"] }', "must be one value and no list; for several write is_one_of"),
    ('{ field = "email", is_one_of = "a" }', "must be a list of values"),
    ('{ field = "email", is_one_of = [] }', "must be a list of values"),
    ('{ field = "email", is_one_of = ["a", 3] }', "must be a text in quotes"),
    ('{ field = "email", is_filled = false }', "must be true (for the opposite write is_empty = true)"),
    ('{ field = "email", is_empty = "yes" }', "must be true (for the opposite write is_filled = true)"),
    ('{ field = "cf_class", is = "gold" }', 'must be one of Gold, Silver; did you mean "Gold"'),
    ('{ field = "customer_sub_type", is_one_of = ["busness"] }', 'did you mean "business"'),
    ('{ field = "cf_tags", has = "Shop" }', 'must be one of shop, fair; did you mean "shop"'),
    ('{ field = "cf_vip", is = "yes" }', "must be true or false, without quotes"),
    ('{ field = "cf_stars", is_above = "many" }', "must be a number"),
    ('{ field = "cf_stars", is = 2.5 }', "must be a whole number"),
    ('{ field = "cf_stars", is_above = true }', "must be a number"),
    ('{ field = "cf_discount", is_above = nan }', "must be a number"),
    ('{ field = "cf_discount", is_above = 1e300 }', "must be a number of fewer digits"),
    ('{ field = "cf_born", is_before = "soon" }', "must be a day such as 2026-01-31"),
    ('{ field = "cf_born", is_before = 2000-01-01T10:00:00Z }', "must be a day such as 2026-01-31"),
    ('{ field = "cf_seen", is_before = 2026-01-01T10:00:00 }', "or a moment with its time zone"),
    (
        '{ field = "email", already_there = true }',
        'already_there looks at no field; leave field = "email" out',
    ),
    ("{ already_there = false }", "already_there is false, but must be true; leave it out otherwise"),
    ("{ any = [] }", "any is not a list of conditions"),
    ('{ any = [{ field = "email", is_empty = true }], field = "email" }', '"field" is not known beside any'),
    ("{ any = [{ any = [] }] }", "any stands inside any; put all its conditions into one list"),
    ("{ any = [{ gets_deleted = true }] }", "gets_deleted cannot be one of any"),
    ('{ any = [{ field = "emial", is = "x" }] }', 'did you mean "email"?'),
    ("{ gets_deleted = true }", 'does nothing; add a "then"'),
    (
        '{ field = "cf_stars", is_above = 3 }, { field = "cf_stars", is_below = 3 }',
        "no contact can meet all its conditions at once",
    ),
]


@pytest.mark.parametrize(("condition", "words"), BAD_CONDITIONS)
def test_a_condition_that_cannot_be_is_told(condition: str, words: str) -> None:
    a, _, problems, _ = read(f'[[rules]]\nname = "Bad one"\nin = "zoho"\nif = [{condition}]\n')
    (told,) = problems
    assert told.startswith('Rule "Bad one": ')
    assert words in told
    assert told.endswith((".", "?"))
    assert a == ()


BAD_ACTIONS = [
    (
        '{ set = "job_titel", to = "x" }',
        '"job_titel" is not a field of Google\'s contacts; did you mean "job_title"?',
    ),
    ('{ set = "display_name", to = "x" }', "display_name cannot be written at Google Contacts"),
    ('{ set = "job_title" }', "set job_title does not say to what; add to = …"),
    ('{ set = "job_title", to = "" }', "must be a text, and not an empty one"),
    ('{ set = "job_title", to = 3 }', "must be a text in quotes"),
    ('{ set = "job_title", to = ["x"] }', "must be one value and no list"),
    ('{ set = "job_title", to = "a\\nb" }', "must be a text of one line"),
    ('{ set = "job_title", to = "x", field = "notes" }', "the field of set stands behind it"),
    (
        '{ set = "emails", to = "a@b.example" }',
        "emails is a list of several, which set would replace as a whole; set one of its entries (email)",
    ),
    (
        '{ set = "labels", to = "x" }',
        "labels is a list of several, which set would replace as a whole; write add_label instead",
    ),
    ('{ set = "email", to = "piet@" }', "must be an e-mail address"),
    ('{ set = "phone_work", to = "none" }', "must be a phone number"),
    ('{ set = "url_work", to = "javascript:x" }', "must be a web address"),
    ('{ add_lable = "x" }', '"add_lable" is not a part of an action; did you mean "add_label"?'),
    ("{ undo = true }", "does nothing: set, add_label, remove_label"),
    ('{ add_label = "x", remove_label = "y" }', "does 2 things; write an action of its own for each"),
    ('{ add_label = "" }', "must be a text, and not an empty one"),
    ('{ add_label = ["x", "y"] }', "must be one value and no list"),
    ('{ add_label = "x", to = "labels" }', "add_label takes no to"),
    (
        '{ add_label = "x", field = "job_title" }',
        "job_title is a text and takes no labels; those that do: labels",
    ),
    ('{ add_label = "x", undo = "yes" }', 'undo is "yes", but must be true or false'),
    ('"delete"', '"delete" is not an action'),
]


@pytest.mark.parametrize(("action", "words"), BAD_ACTIONS)
def test_an_action_that_cannot_be_is_told(action: str, words: str) -> None:
    a, _, problems, _ = read(f'[[rules]]\nname = "Bad one"\nin = "zoho"\nthen = [{action}]\n')
    (told,) = problems
    assert told.startswith('Rule "Bad one": ')
    assert words in told
    assert a == ()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            '{ add_label = "Friends" }',
            'Zoho Inventory has no labels: set a field instead, or name a list of it (field = "cf_tags")',
        ),
        ('{ add_label = "Fair", field = "cf_tags" }', 'must be one of shop, fair; did you mean "fair"'),
        ('{ set = "contact_name", to = "x" }', "no two contacts can have the same contact_name"),
        ('{ set = "outstanding_receivable_amount", to = 3 }', "cannot be written at Zoho Inventory"),
        (
            '{ set = "twitter", to = "@stockbridge" }',
            "no longer than the 10 characters that it takes (it has 12)",
        ),
        ('{ set = "cf_stars", to = 6 }', "must be 5 or less"),
        ('{ set = "cf_stars", to = 0 }', "must be 1 or more"),
        ('{ set = "cf_discount", to = 0.125 }', "no more than 2 decimals"),
        ('{ set = "cf_class", to = "Bronze" }', "must be one of Gold, Silver"),
        ('{ set = "cf_vip", to = "x" }', "must be true or false"),
        ('{ set = "cf_seen", to = 2026-01-31 }', "a moment with its time zone, such as"),
        ('{ set = "cf_tags", to = "shop" }', "write add_label instead"),
        ('{ set = "custom", to = "x" }', "custom is of a kind that no rule can set"),
        (
            '{ add_label = "x", field = "cf_vip" }',
            "cf_vip is a yes or no and takes no labels; those that do: cf_tags",
        ),
    ],
)
def test_an_action_at_zoho_that_cannot_be_is_told(action: str, words: str) -> None:
    _, b, problems, _ = read(f'[[rules]]\nname = "Bad one"\nin = "google"\nthen = [{action}]\n')
    (told,) = problems
    assert words in told
    assert b == ()


def test_without_any_list_there_is_only_a_field_to_set() -> None:
    bare = msgspec.structs.replace(ZOHO, fields=ZOHO.fields[:3])
    _, _, problems, _ = read('[[rules]]\nname = "R"\nin = "google"\nthen = [{ add_label = "x" }]\n', a=bare)
    assert problems == ['Rule "R": add_label: Zoho Inventory has no labels: set a field instead.']


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('in = "zoho"', "Rule 1: it has no name"),
        ('name = " "\nin = "zoho"', "Rule 1: it has no name"),
        ('name = "R"', 'Rule "R": it does not say whose contacts it looks at'),
        ('name = "R"\nin = "optiply"', 'in is "optiply", but must be "zoho" or "google"'),
        ('name = "R"\nin = "zoho"\nthan = []', '"than" is not a part of a rule; did you mean "then"?'),
        ('name = "R"\nin = "zoho"\nif = []', "if is empty; leave it out"),
        ('name = "R"\nin = "zoho"\nthen = []', "then is empty; leave it out"),
        ('name = "R"\nin = "zoho"\nif = "active"', "if is no list"),
        ('name = "R"\nin = "zoho"\nthen = { add_label = "x" }', "then is no list"),
        (
            'name = "R"\nin = "zoho"\nif = [{ gets_deleted = true }]\nthen = [{ add_label = "x", undo = true }]',
            "undo is of no use where a contact gets deleted",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_told(rule: str, words: str) -> None:
    _, _, problems, _ = read(f"[[rules]]\n{rule}\n")
    (told,) = problems
    assert words in told


def test_all_mistakes_are_told_at_once() -> None:
    text = """
[[rules]]
name = "One"
in = "zoho"
if = [{ field = "emial", is = "x" }, { field = "email", is = 3 }]
then = [{ set = "display_name", to = "x" }]
[[rules]]
name = "one"
in = "google"
"""
    _, _, problems, _ = read(text)
    assert [told.partition(": ")[0] for told in problems] == ['Rule "One"'] * 3 + ['Rule "one"']
    assert "another rule has that name already" in problems[3]
    problems = []
    parse_contact_rules(["x"], ZOHO, GOOGLE, problems)
    assert problems == ["Rule 1: it is no table; write [[rules]] with name, in, if and then."]


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.datetimes(), st.sampled_from(
        ["zoho", "google", "email", "labels", "cf_stars", "cf_seen", "cf_tags", "phone_work", "job_title", "x", ""]
    ),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "name",
        "in",
        "if",
        "then",
        "any",
        "field",
        "is",
        "is_one_of",
        "is_above",
        "is_before",
        "contains",
        "has",
        "is_filled",
        "already_there",
        "gets_deleted",
        "set",
        "to",
        "add_label",
        "undo",
        "x",
    ]
)
NODES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4))
)


@given(when=NODES, then=NODES, side=st.sampled_from(["zoho", "google"]), other=NODES)
def test_nothing_that_a_file_can_hold_raises(when: Any, then: Any, side: str, other: Any) -> None:
    problems: list[str] = []
    data = [
        {"name": "R", "in": side, "if": [when], "then": [then]},
        {"name": "S", "in": side, "if": when},
        other,
    ]
    a, b = parse_contact_rules(data, ZOHO, GOOGLE, problems, [])
    again: list[str] = []
    assert parse_contact_rules(plain_rules(a, b), ZOHO, GOOGLE, again) == (a, b)
    assert again == []  # what was taken is right


def test_what_gets_deleted_must_be_noticed() -> None:
    blind = msgspec.structs.replace(ZOHO, detects_deletions=False)
    text = (
        '[[rules]]\nname = "R"\nin = "zoho"\nif = [{ gets_deleted = true }]\nthen = [{ add_label = "x" }]\n'
    )
    assert read(text)[2] == []
    assert "nothing tells that a contact of Zoho Inventory is deleted" in read(text, a=blind)[2][0]


def test_a_system_that_cannot_be_changed_takes_no_actions() -> None:
    fixed = msgspec.structs.replace(GOOGLE, abilities=frozenset({Ability.CREATE}))
    _, _, problems, _ = read('[[rules]]\nname = "R"\nin = "zoho"\nthen = [{ add_label = "x" }]\n', b=fixed)
    assert "contacts of Google Contacts cannot be changed" in problems[0]


BOTH = '[[rules]]\nname = "Here"\nin = "zoho"\n[[rules]]\nname = "There"\nin = "google"\n'


def test_a_rule_on_the_wrong_side_of_a_one_way_sync_has_no_effect() -> None:
    assert read(BOTH)[2:] == ([], [])
    _, _, problems, warnings = read(BOTH, way="to b")
    assert problems == []
    (told,) = warnings
    assert (
        told
        == 'Rule "There" has no effect: it looks at contacts of Google, and the sync goes to Google only.'
    )
    (told,) = read(BOTH, way="to a")[3]
    assert told == 'Rule "Here" has no effect: it looks at contacts of Zoho, and the sync goes to Zoho only.'


def test_rules_on_the_wrong_side_alone_would_sync_nothing() -> None:
    _, _, problems, _ = read('[[rules]]\nname = "There"\nin = "google"\n', way="to b")
    (told,) = problems
    assert "nothing would be synced" in told
    assert 'in = "zoho"' in told


def test_an_undo_that_never_comes_about() -> None:
    text = '[[rules]]\nname = "All"\nin = "zoho"\nthen = [{ add_label = "Zoho", undo = true }]\n'
    assert read(text)[3] == ['Rule "All" takes every contact, so that its undo never comes about.']


def test_of_several_rules_none_is_named_as_the_one_that_keeps_out() -> None:
    text = """
[[rules]]
name = "One"
in = "zoho"
if = [{ field = "status", is = "active" }]
[[rules]]
name = "Two"
in = "zoho"
if = [{ already_there = true }, { field = "cf_vip", is = true }]
"""
    admit = compile_rules(read(text)[0])
    assert admit({"status": "inactive"}).left_out == "contacts of Zoho that meet none of the 2 rules for them"
    assert admit({"cf_vip": True}).left_out == "contacts that are not at Google yet"
    assert admit({"cf_vip": True}).may_create is False
