"""Names that may stand for the same, and names that do not."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockbridge.core.likeness import THRESHOLD, alike, likeness, name_key, words

ALIKE = [
    ("Anna Bakker", "Bakker, Anna"),
    ("Anna Bakker", "mevr. A\u0301nna BAKKER"),
    ("Café Zoé B.V.", "Cafe Zoe BV"),
    ("Cafe Zoe B. V.", "Café Zoé"),
    ("Piet Jansen", "Piet Janssen"),
    ("Karl Visser", "Carl Visser"),
    ("Catharina Smit", "Katharina Smit"),
    ("Jürgen Müller", "Jurgen Mueller"),
    ("Søren Kjær", "Soren Kjaer"),
    ("Jan van der Berg", "Jan vd Berg"),
    ("Sean O'Neill", "Sean ONeill"),
    ("Jan-Willem Boer", "Jan Willem Boer"),
    ("Bakker & Zonen", "Bakker en Zonen V.O.F."),
    ("Meijer", "Meyer"),
    ("Hans Peters", "Hans Peter"),
    ("李 小龙", "小龙 李"),
]
APART = [
    ("Anna Bakker", "Anna Visser"),
    ("P. Jansen", "K. Jansen"),
    ("Jan Bakker", "Jos Bakker"),
    ("Anna Bakker", "Anna"),
    ("Anna Bakker", "Piet Anna Bakker"),
    ("Shop 12", "Shop 13"),
    ("Name 12345", "Name 12346"),
    ("Hans Bakker", "Hanna Bakker"),
    ("", ""),
    ("", "Anna"),
    ("...", "---"),
]

NAMES = st.text(alphabet="abcdeijknorsvzABCDEJKéÉüçñß .,'-&09", max_size=40)
WORDS = st.lists(st.text(alphabet="abcdeijknorstvz09", min_size=2, max_size=9), min_size=1, max_size=5)


@pytest.mark.parametrize(("name", "other"), ALIKE)
def test_spelled_a_little_differently(name: str, other: str) -> None:
    assert alike(name, other), likeness(name, other)
    assert set(name_key(name)) & set(name_key(other))


@pytest.mark.parametrize(("name", "other"), APART)
def test_two_names(name: str, other: str) -> None:
    assert not alike(name, other), likeness(name, other)


def test_a_name_of_little_words_alone_is_still_a_name() -> None:
    assert words("De Heer") == ("de", "heer")
    assert alike("The Company", "the company")


def test_one_key_for_each_name_that_says_anything() -> None:
    assert len(name_key("Anna Bakker", "Bakker, Anna", "", "?!")) == 1
    assert len(name_key("Anna Bakker", "Café Zoé B.V.")) == 2
    assert name_key("", " - ") == ()


@given(NAMES, NAMES)
def test_the_same_in_either_direction_and_between_nothing_and_all(name: str, other: str) -> None:
    found = likeness(name, other)
    assert found == likeness(other, name)
    assert 0.0 <= found <= 1.0


@given(NAMES)
def test_every_name_that_says_anything_is_wholly_like_itself(name: str) -> None:
    assert likeness(name, name) == (1.0 if any(one.isalnum() for one in name) else 0.0)


@given(WORDS, st.randoms(use_true_random=False))
def test_order_case_and_accents_change_nothing(some: list[str], dice: Random) -> None:
    other = list(some)
    dice.shuffle(other)
    accents = {"a": "á", "e": "ë", "o": "ô", "n": "ñ", "c": "ç"}
    written = ", ".join(accents.get(one, one).upper() for one in " ".join(other).split(" "))
    accented = "".join(accents.get(one, one) for one in " ".join(other)).upper()
    for form in (written, accented):
        assert name_key(form) == name_key(" ".join(some))
        assert likeness(form, " ".join(some)) == 1.0


@given(NAMES, NAMES)
def test_nothing_is_alike_without_a_key_in_common(name: str, other: str) -> None:
    if likeness(name, other) > 0:
        assert set(name_key(name)) & set(name_key(other))


def test_what_is_no_name_costs_no_more_than_a_name() -> None:
    endless = " ".join(f"woord{number}" for number in range(10_000))
    assert len(words(endless)) == 8
    assert max(map(len, words("x" * 10_000))) == 40
    assert likeness(endless, endless) == 1.0


def test_the_threshold_lies_between_a_slip_and_another_name() -> None:
    assert likeness("Anna Bakker", "Anne Bakker") > THRESHOLD > likeness("Jan Bakker", "Jon Bakker")
