"""Private customers of a made-up company, and how many of the address book it knows."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.people.made_up import Known, make_up
from stockbridge_sandbox.private_customers import MOST, draw_private_customers
from stockbridge_sandbox.run import start

END = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_private_customers_are_told_apart_by_name_and_address() -> None:
    drawn = draw_private_customers(random.Random(1), MOST, END)
    assert len({each.name for each in drawn}) == MOST
    emails = [each.persons[0].email for each in drawn if each.persons[0].email]
    assert MOST * 0.9 < len(set(emails)) == len(emails) < MOST
    assert all(each.isascii() and each.endswith(".example") for each in emails)
    assert {each.sub_type for each in drawn} == {"individual"}
    with pytest.raises(ValueError, match="names for 480 private customers, not for 481"):
        draw_private_customers(random.Random(1), MOST + 1, END)


def test_they_come_on_top_and_change_nothing_else() -> None:
    plain = generate(items=6, vendors=2, orders=12, customers=3, until=END)
    more = generate(items=6, vendors=2, orders=12, customers=3, private_customers=5, until=END)
    assert more.customers[:3] == plain.customers
    assert len(more.customers) == 8
    assert (more.items, more.orders, more.vendors) == (plain.items, plain.orders, plain.vendors)


def test_as_many_are_acquainted_as_are_asked_for() -> None:
    known = [
        Known(first_name="Piet", last_name=f"Bos {n}", email=f"piet{n}@known.example") for n in range(400)
    ]
    for share in (0.0, 0.6, 1.0):
        book = make_up(300, known=known, acquainted=share)
        met = sum("@known.example" in str(each.fields).casefold() for each in book.people)
        assert share * 300 * 0.85 <= met <= share * 300 * 1.1
    with start(
        items=1, vendors=0, orders=0, customers=0, private_customers=40, contacts=50, acquainted=0.5
    ) as box:
        rows = box.control.state("people", "contacts")
        ours = {person["email"] for row in box.control.state("zoho", "contacts") for person in row["persons"]}
    both = [row for row in rows if {e["value"].lower() for e in row.get("emailAddresses", ())} & ours]
    assert 15 <= len(both) <= 35
    # A private person has no company, whatever the contact is called.
    assert not any("organizations" in row for row in both)
