"""By which keys the store finds a record."""

from __future__ import annotations

import pytest

from stockbridge.core.record import Field, Kind, Record, Stream
from stockbridge.store.match_keys import keys_of
from stockbridge.store.shelf import shelf

PEOPLE = Stream(
    name="people",
    noun="person",
    fields=(Field(name="name", kind=Kind.TEXT), Field(name="company", kind=Kind.TEXT)),
)


def keys(field: str, **values: str | None) -> tuple[str, ...]:
    record = Record(id="P1", values=dict(values), version="1")
    return keys_of(shelf(1, "a", PEOPLE), record, field)


@pytest.mark.parametrize(
    "typed", ["Anna de Boer", "  anna  de\tboer ", "ANNA DE BOER", "Anna\u00a0de Boer", "Anna de\nBoer"]
)
def test_a_text_is_found_however_its_blanks_and_case_are_typed(typed: str) -> None:
    assert keys("name", name=typed) == ("anna de boer",)
    assert keys("name+company", name=typed, company="Boer  & Zn.") == ("anna de boer|boer & zn.",)


def test_accents_in_another_encoding_are_the_same() -> None:
    assert keys("name", name="Zoë") == keys("name", name="Zoe\u0308") == ("zoë",)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_where_nothing_stands_there_is_no_key(nothing: str | None) -> None:
    assert keys("name", name=nothing) == ()
    assert keys("name+company", name="Anna", company=nothing) == ()


def test_other_words_are_other_keys() -> None:
    assert keys("name", name="Anna de Boer") != keys("name", name="Annade Boer")
