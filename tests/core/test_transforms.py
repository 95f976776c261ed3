"""What happens to a value on its way, the parts of names, and which transforms are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stockbridge.core.flow import Transform
from stockbridge.core.record import Field, Kind
from stockbridge.core.transforms import apply, check, check_all, compose, join_name, split_name, title_case


def do(what: str, text: str = "") -> Transform:
    return Transform(do=what, text=text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "value", "expected"),
    [
        ((do("trim"),), "  a b ", "a b"),
        ((do("upper case"),), "straße", "STRASSE"),
        ((do("lower case"),), "Ab C", "ab c"),
        ((do("title case"),), "jean-luc de vries", "Jean-Luc De Vries"),
        ((do("phone", "international"),), "0201234567", "+31 20 123 4567"),
        ((do("phone", "e164"),), ["0201234567", "ask Jan"], ["+31201234567", "ask Jan"]),
        ((do("phone", "e164"),), ["020 1234567", "0201234567"], ["+31201234567"]),
        ((do("date", "%d-%m-%Y"),), date(2026, 1, 2), "02-01-2026"),
        ((do("date", "%Y %H:%M"),), datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026 03:04"),
        ((do("template", "{first} {last}"),), "x", "Jan Vries"),
        ((do("template", "Tel. {value}"),), "12", "Tel. 12"),
        ((do("template", "{last}"), do("upper case")), None, "VRIES"),
        ((do("default", "Unknown"),), None, "Unknown"),
        ((do("default", "Unknown"),), "", "Unknown"),
        ((do("default", "Unknown"),), "x", "x"),
        ((do("default", "no"),), False, False),  # "no" is a value
        ((do("default", "0"),), Decimal(0), Decimal(0)),
        ((do("given name"),), "Jan de Vries", "Jan"),
        ((do("family name"),), "Jan de Vries", "de Vries"),
        ((do("family name"),), "Jan", None),
        ((do("cut", "4"),), "abc def", "abc"),
        ((do("cut", "2"), do("upper case")), ["abc", "abd", "x"], ["AB", "X"]),
        ((do("trim"),), "   ", None),
        ((do("upper case"),), None, None),
        ((do("upper case"),), [], None),
        ((do("upper case"),), True, "TRUE"),
        ((), Decimal(1), Decimal(1)),
    ],
)
def test_apply(steps: tuple[Transform, ...], value: Any, expected: Any) -> None:
    found = apply(steps, value, {"first": "Jan", "last": "Vries"}, "NL")
    assert found == expected
    assert type(found) is type(expected)


def test_a_date_format_needs_a_date() -> None:
    with pytest.raises(ValueError, match="“soon” is not a date"):
        apply((do("date", "%Y"),), "soon", {})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("jean-luc o'NEIL", "Jean-Luc O'Neil"),
        ("jan's bakery", "Jan's Bakery"),
        ("JEANNE D'ARC", "Jeanne D'Arc"),
        ("'t hoen", "'t Hoen"),
        ("éva b.v.", "Éva B.V."),
        ("", ""),
    ],
)
def test_title_case(typed: str, expected: str) -> None:
    assert title_case(typed) == expected


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{a} {b} | {c}", {"a": "Jan", "b": "Vries", "c": "Shop"}, "Jan Vries"),
        ("{a} {b} | {c}", {"a": "Jan", "c": "Shop"}, "Shop"),
        ("{a} {b} | {c}", {"a": "Jan"}, "Jan"),
        ("{a} {b} | {c}", {"a": " ", "b": []}, None),
        ("{a} | Unknown", {"a": None}, "Unknown"),
        ("{a} {b} | Unknown", {"b": "Vries"}, "Vries"),
        ("{a}, {b}", {"b": "NL"}, "NL"),
        ("{a}, {b}", {"a": "Delft"}, "Delft"),
        ("{a} ({b})", {"a": "Delft"}, "Delft"),
        ("{a} ({b})", {"a": "Delft", "b": "NL"}, "Delft (NL)"),
        ("Tel. {a}, fax {b}", {"a": "1"}, "Tel. 1"),
        ("Tel. {a}, fax {b}", {"b": "2"}, "fax 2"),
        ("{a}|{b}", {"a": "x", "b": "y"}, "x|y"),  # an alternative has blanks around its bar
        ("{ a }", {"a": "x"}, "x"),
        ("{a}", {"a": Decimal("2.50")}, "2.5"),
        ("{a}", {"a": ["x", "y"]}, "x, y"),
        ("{cf_a}", {"custom": {"cf_a": "x"}}, "x"),
        ("{a}", {"a": "{b}", "b": "x"}, "{b}"),  # what a person typed is no template
    ],
)
def test_compose(template: str, values: dict[str, Any], expected: str | None) -> None:
    assert compose(template, values) == expected


@pytest.mark.parametrize(
    ("whole", "known", "expected"),
    [
        ("Jan de Vries", (None, None), ("Jan", "de Vries")),
        ("de Vries, Jan", (None, None), ("Jan", "de Vries")),
        ("Anna Maria van der Berg", (None, None), ("Anna Maria", "van der Berg")),
        ("Mr. John A. Smith Jr.", (None, None), ("Mr. John A.", "Smith Jr.")),
        ('Eva "Bee" Smit', (None, None), ('Eva "Bee"', "Smit")),
        ("Jan", (None, None), ("Jan", None)),
        ("陳大文", (None, None), (None, "陳大文")),
        ("  ", ("Jan", "Vries"), (None, None)),
        (None, ("Jan", "Vries"), (None, None)),
        ("Jan de Vries", ("Jan", "de Vries"), ("Jan", "de Vries")),
        ("Vries, Jan", ("Jan", "Vries"), ("Jan", "Vries")),
        (
            "Jan  van Dam Smit",
            (" Jan  van Dam", "Smit"),
            (" Jan  van Dam", "Smit"),
        ),  # as it was, blanks and all
        ("Piet van Dam Smit", ("Jan", "van Dam Smit"), ("Piet", "van Dam Smit")),
        (
            "Ana García López",
            ("Ana", "García"),
            ("Ana", "García López"),
        ),  # nameparser would make García a middle name
        ("Jan Peter de Vries", ("Jan", "de Vries"), ("Jan Peter", "de Vries")),
        ("Jan de Vries", ("Jan", "Vries"), ("Jan", "de Vries")),
        ("Jan", ("Jan", "Vries"), ("Jan", None)),
        ("Vries", ("Jan", "Vries"), (None, "Vries")),
        ("Jan Vries", (None, "Vries"), ("Jan", "Vries")),
        ("Jan Vries", ("Jan", None), ("Jan", "Vries")),
        ("Janneke Vries", ("Jan", "Smit"), ("Janneke", "Vries")),  # "Jan" is no word of it
        ("Ko Bos", ("Jan", "Vries"), ("Ko", "Bos")),
    ],
)
def test_split_name(
    whole: str | None, known: tuple[str | None, str | None], expected: tuple[str | None, str | None]
) -> None:
    assert split_name(whole, *known) == expected


def test_join_name() -> None:
    assert join_name([" Jan ", None, "", "de  Vries"]) == "Jan de Vries"
    assert join_name([None]) == ""


_PART = st.lists(
    st.sampled_from(["Jan", "Anna", "de", "van", "Vries", "Dr.", "Jr.", "O'Neil", "Bo-Li", "B.V.", "&", "X"]),
    min_size=1,
    max_size=3,
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(_PART, _PART)
def test_what_was_joined_comes_apart_as_it_was(first: str, last: str) -> None:
    assert split_name(join_name([first, last]), first, last) == (first, last)


@settings(max_examples=200, deadline=None)
@given(_PART, _PART, _PART)
def test_an_edit_of_one_part_leaves_the_other_as_it_was(first: str, last: str, new: str) -> None:
    whole = f"{new} {last}"
    assume(not f"{whole} ".startswith(f"{first} "))  # else it may as well be the last name that was edited
    assert split_name(whole, first, last) == (new, last)


@settings(max_examples=200, deadline=None)
@given(_PART, _PART, _PART)
def test_an_edit_of_the_last_part_leaves_the_first_as_it_was(first: str, last: str, new: str) -> None:
    whole = f"{first} {new}"
    assume(not f" {whole}".endswith(f" {last}"))
    assert split_name(whole, first, last) == (first, new)


@settings(max_examples=200, deadline=None)
@given(_PART, st.none() | _PART, st.none() | _PART)
def test_no_word_of_a_name_is_lost(whole: str, first: str | None, last: str | None) -> None:
    assert join_name(split_name(whole, first, last)) == whole


TEXT = Field(name="nickname", kind=Kind.TEXT, max_length=10)
NUMBER = Field(name="staff", kind=Kind.NUMBER)
DAY = Field(name="birthday", kind=Kind.DAY)
PHONE = Field(name="phone", kind=Kind.PHONE)
LABELS = Field(name="labels", kind=Kind.LABELS)
GRADE = Field(name="grade", kind=Kind.SELECT, choices=("Gold", "Silver"))


@pytest.mark.parametrize(
    ("transform", "source", "target"),
    [
        *((do(one), TEXT, TEXT) for one in ("trim", "upper case", "lower case", "title case", "given name", "family name")),
        (do("upper case"), LABELS, LABELS),
        *((do("phone", one), PHONE, TEXT) for one in ("international", "national", "e164")),
        (do("date", "%d-%m-%Y"), DAY, TEXT),
        (do("date", "%d %B %Y, 100%%"), DAY, TEXT),
        (do("template", "{a} | {value} | none"), NUMBER, TEXT),
        (do("cut", "100"), TEXT, TEXT),
        (do("default", "Gold"), TEXT, GRADE),
        (do("default", "12.5"), NUMBER, NUMBER),
        (do("default", "2026-01-02"), DAY, DAY),
        (do("default", "p@x.nl"), TEXT, Field(name="email", kind=Kind.EMAIL)),
        (do("default", "true"), TEXT, Field(name="vip", kind=Kind.FLAG)),
        (do("default", "b"), LABELS, LABELS),
    ],
)  # fmt: skip
def test_good_transforms(transform: Transform, source: Field, target: Field) -> None:
    assert check(transform, source, target, known={"a"}) is None


@pytest.mark.parametrize(
    ("transform", "source", "target", "said"),
    [
        (do("upper case", "x"), TEXT, TEXT, "“upper case” takes no text of its own, and here it has “x”."),
        (do("upper case"), NUMBER, TEXT, "“upper case” works on texts, and staff is a number."),
        (do("trim"), DAY, TEXT, "“trim” works on texts, and birthday is a date."),
        (do("given name"), PHONE, TEXT, "“given name” works on texts, and phone is a phone number."),
        (do("family name", "x"), TEXT, TEXT, "takes no text of its own"),
        (do("phone"), PHONE, TEXT, "“” is not a way to write phone numbers: there are international, national, e164."),
        (do("phone", "french"), PHONE, TEXT, "“french” is not a way"),
        (do("phone", "e164"), NUMBER, TEXT, "works on phone numbers, and staff is a number"),
        (do("date", "%d"), TEXT, TEXT, "“date” works on dates, and nickname is free text."),
        (do("date", "%d"), DAY, DAY, "“date” makes a text, and birthday is a date."),
        (do("date"), DAY, TEXT, "“” is not a date format: it names no part of a date."),
        (do("date", "100%%"), DAY, TEXT, "it names no part of a date"),
        (do("date", "%d-%Q"), DAY, TEXT, "“%Q” means nothing in the date format “%d-%Q”."),
        (do("date", "%d %"), DAY, TEXT, "“%” means nothing"),
        (do("date", "%-d"), DAY, TEXT, "“%-” means nothing"),  # not on every machine
        (do("template", "x"), TEXT, TEXT, "“x” names no field."),
        (do("template", ""), TEXT, TEXT, "names no field"),
        (do("template", "{a"), TEXT, TEXT, "has a bracket without its partner"),
        (do("template", "{a} }"), TEXT, TEXT, "has a bracket without its partner"),
        (do("template", "{}"), TEXT, TEXT, "has empty brackets"),
        (do("template", "{frist_name}"), TEXT, TEXT, "The template names “frist_name”, and there is no such field; do you mean “first_name”?"),
        (do("template", "{zzz}"), TEXT, TEXT, "there is no such field."),
        (do("template", "{a} |  | x"), TEXT, TEXT, "has an empty alternative"),
        (do("template", "{a}"), TEXT, NUMBER, "“template” makes a text, and staff is a number."),
        (do("default"), TEXT, TEXT, "“default” needs the value"),
        (do("default", "Bronze"), TEXT, GRADE, "The default “Bronze” is none of Gold, Silver, which grade takes."),
        (do("default", "x" * 11), TEXT, TEXT, "The default has 11 characters, and nickname takes 10."),
        (do("default", "many"), TEXT, NUMBER, "The default “many” does not suit staff: it is not a number."),
        (do("default", "NaN"), TEXT, NUMBER, "does not suit staff"),
        (do("default", "soon"), TEXT, DAY, "it is not a date"),
        (do("default", "maybe"), TEXT, Field(name="vip", kind=Kind.FLAG), "it is not yes or no"),
        (do("default", "1.5"), TEXT, Field(name="n", kind=Kind.INTEGER), "it is not a whole number"),
        (do("default", "x@"), TEXT, Field(name="email", kind=Kind.EMAIL), "it is not an e-mail address"),
        (do("default", "-"), TEXT, PHONE, "it is not a phone number"),
        (do("cut"), TEXT, TEXT, "“cut” needs the number of characters to keep"),
        (do("cut", "0"), TEXT, TEXT, "not “0”"),
        (do("cut", "-3"), TEXT, TEXT, "not “-3”"),
        (do("cut", "²"), TEXT, TEXT, "not “²”"),
        (do("cut", "3"), NUMBER, TEXT, "“cut” works on texts, and staff is a number."),
        (do("shout"), TEXT, TEXT, "There is no change called “shout”."),
    ],
)  # fmt: skip
def test_bad_transforms_are_refused_in_words(
    transform: Transform, source: Field, target: Field, said: str
) -> None:
    found = check(transform, source, target, known={"a", "first_name"})
    assert found is not None
    assert said in found
    assert found.endswith((".", "?"))


def test_what_one_makes_is_what_the_next_works_on() -> None:
    assert check_all((do("date", "%Y"), do("upper case")), DAY, TEXT) == []
    assert len(check_all((do("upper case"), do("date", "%Y")), DAY, TEXT)) == 1
    assert len(check_all((do("date", "%Y"), do("date", "%Y")), DAY, TEXT)) == 1
    assert check_all((do("template", "{anything}"),), DAY, TEXT) == []
