"""A rule as its owner would say it: each sentence here was written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from stockbridge.core.flow import Action, Condition, Rule, Then
from stockbridge.core.record import Field, Kind, Stream
from stockbridge.core.sentences import kept_out, sentence

ZOHO = Stream(
    name="contacts",
    noun="contact",
    fields=(
        Field(name="contact_type", kind=Kind.SELECT, label="type"),
        Field(name="customer_sub_type", kind=Kind.SELECT),
        Field(name="status", kind=Kind.SELECT, role="active"),
        Field(name="email", kind=Kind.EMAIL, label="E-mail address"),
        Field(name="notes", kind=Kind.LONG_TEXT, label="Notes"),
        Field(name="outstanding_receivable_amount", kind=Kind.NUMBER, label="Outstanding receivable"),
        Field(name="billing_address.city", kind=Kind.TEXT, label="Billing city"),
        Field(name="cf_vip", kind=Kind.FLAG, label="VIP"),
        Field(name="cf_born", kind=Kind.DAY, label="Geboren"),
        Field(name="cf_seen", kind=Kind.MOMENT, label="Last seen"),
        Field(name="cf_class", kind=Kind.SELECT, label="Class"),
        Field(name="cf_tags", kind=Kind.LABELS, label="Tags"),
    ),
)
GOOGLE = Stream(
    name="contacts",
    noun="contact",
    fields=(
        Field(name="job_title", kind=Kind.TEXT, label="Job title"),
        Field(name="emails", kind=Kind.EMAIL, many=True, label="E-mail addresses"),
        Field(name="labels", kind=Kind.LABELS, role="labels"),
        Field(name="user_defined.Klantsoort", kind=Kind.TEXT, label='custom field "Klantsoort"'),
    ),
)


def c(field: str, test: Any, value: Any = None, *either: Condition) -> Condition:
    return Condition(field=field, test=test, value=value, either=either)


def from_zoho(*when: Condition, actions: tuple[Action, ...] = (), then: Then = Then.SYNC) -> str:
    return sentence(Rule(when=when, then=then, actions=actions), ZOHO, GOOGLE, "Zoho", "Google")


def from_google(*when: Condition, actions: tuple[Action, ...] = (), then: Then = Then.SYNC) -> str:
    return sentence(Rule(when=when, then=then, actions=actions), GOOGLE, ZOHO, "Google", "Zoho")


CUSTOMERS = Action(field="labels", do="add", value="Customers", undo=True)
BUSINESS = c("customer_sub_type", "is", "business")
ACTIVE = c("status", "is", "active")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            from_zoho(BUSINESS, ACTIVE, actions=(CUSTOMERS,)),
            "Zoho contacts whose customer sub type is business and that are active: keep in sync with Google, and add the "
            "label “Customers” (taken off again when they no longer match).",
        ),
        (from_zoho(), "All Zoho contacts: keep in sync with Google."),
        (
            from_zoho(
                c("contact_type", "is not", "vendor"),
                c("status", "is not", "active"),
                c("cf_vip", "is", True),
            ),
            "Zoho contacts whose type is not vendor, that are not active and whose “VIP” is yes: keep in sync with Google.",
        ),
        (
            from_zoho(c("outstanding_receivable_amount", "is above", Decimal("12500.50"))),
            "Zoho contacts whose outstanding receivable is above 12,500.50: keep in sync with Google.",
        ),
        (
            from_zoho(c("billing_address.city", "is one of", ("Gent", "Lier", "Mol"))),
            "Zoho contacts whose billing city is “Gent”, “Lier” or “Mol”: keep in sync with Google.",
        ),
        (
            from_zoho(c("cf_class", "is none of", ("Gold", "Silver"))),
            "Zoho contacts whose “Class” is neither Gold nor Silver: keep in sync with Google.",
        ),
        (
            from_zoho(
                ACTIVE,
                c(
                    "notes",
                    "contains",
                    "fair",
                    c("billing_address.city", "is", "Gent"),
                    c("email", "is empty"),
                ),
            ),
            "Zoho contacts that are active and (whose notes contain “fair”, whose billing city is “Gent” or that have no "
            "e-mail address): keep in sync with Google.",
        ),
        (
            from_zoho(c("email", "is filled", None, c("notes", "does not contain", "private"))),
            "Zoho contacts that have an e-mail address or whose notes do not contain “private”: keep in sync with Google.",
        ),
        (
            from_zoho(
                c("cf_born", "is before", date(2000, 1, 5)), c("cf_seen", "is on or after", date(2026, 3, 1))
            ),
            "Zoho contacts whose “Geboren” is before 5 January 2000 and whose “Last seen” is on or after 1 March 2026: keep "
            "in sync with Google.",
        ),
        (
            from_zoho(c("cf_seen", "is before", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))),
            "Zoho contacts whose “Last seen” is before 1 March 2026 09:30: keep in sync with Google.",
        ),
        (
            from_zoho(c("cf_tags", "has", "fair"), c("cf_tags", "has not", "shop")),
            "Zoho contacts that have “fair” among their “Tags” and that do not have “shop” among their “Tags”: keep in sync "
            "with Google.",
        ),
        (
            from_zoho(c("", "is already there"), actions=(Action(field="labels", do="remove", value="New"),)),
            "Zoho contacts that are already at Google: keep in sync with Google, and take off the label “New”.",
        ),
        (
            from_zoho(
                ACTIVE,
                actions=(
                    Action(field="labels", do="remove", value="New", undo=True),
                    Action(field="job_title", value="Buyer", undo=True),
                    Action(field="user_defined.Klantsoort", value="A"),
                ),
            ),
            "Zoho contacts that are active: keep in sync with Google, take off the label “New” (put back when they no longer "
            "match), set job title to “Buyer” (put back to what it was when they no longer match), and set “Klantsoort” "
            "to “A”.",
        ),
        (
            from_google(
                c("labels", "has", "Friends"),
                c("", "gets deleted"),
                actions=(
                    Action(field="cf_vip", value=False),
                    Action(field="cf_tags", do="add", value="gone"),
                ),
                then=Then.ACT,
            ),
            "Google contacts that have the label “Friends” and that get deleted: at Zoho, set “VIP” to no, and add “gone” "
            "to “Tags”.",
        ),
        (
            from_google(c("labels", "has not", "Private"), c("emails", "contains", "@shop.example")),
            "Google contacts that do not have the label “Private” and whose e-mail addresses contain “@shop.example”: keep "
            "in sync with Zoho.",
        ),
        (
            from_google(c("job_title", "is one of", ())),
            "Google contacts: kept in sync only where a rule for Zoho takes them in.",
        ),
        (
            from_zoho(c("status", "is", "inactive"), then=Then.REMOVE),
            "Zoho contacts that are inactive: treat as deleted.",
        ),
    ],
)
def test_a_rule_reads_as_its_owner_would_say_it(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (BUSINESS, "contacts whose customer sub type is not business"),
        (ACTIVE, "contacts that are not active"),
        (c("email", "is filled"), "contacts that have no e-mail address"),
        (c("email", "is empty"), "contacts that have an e-mail address"),
        (
            c("billing_address.city", "is one of", ("Gent", "Mol")),
            "contacts whose billing city is neither “Gent” nor “Mol”",
        ),
        (
            c("outstanding_receivable_amount", "is above", Decimal(5)),
            "contacts whose outstanding receivable is not above 5",
        ),
        (
            c("cf_born", "is before", date(2000, 1, 1)),
            "contacts whose “Geboren” is not before 1 January 2000",
        ),
        (c("notes", "contains", "fair"), "contacts whose notes do not contain “fair”"),
        (c("", "is already there"), "contacts that are not at Google yet"),
        (
            c("billing_address.city", "is", "Gent", c("email", "is filled")),
            "contacts whose billing city is not “Gent” and that have no e-mail address",
        ),
    ],
)
def test_what_a_condition_keeps_out(condition: Condition, words: str) -> None:
    assert kept_out(condition, ZOHO, "Google") == words
