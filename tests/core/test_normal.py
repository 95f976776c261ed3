"""What counts as the same value, the keys by which records find each other, and what may be written."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockbridge.core.normal import (
    as_email,
    as_phone,
    as_region,
    as_url,
    formatted_phone,
    is_shared_mailbox,
    match_keys,
    same,
    written,
)
from stockbridge.core.record import Field, Kind

SAME: list[tuple[Kind, Any, Any]] = [
    (Kind.EMAIL, "Piet@Shop.Example", " piet@shop.example"),
    (Kind.EMAIL, "piet @shop.example", "piet@shop.example"),
    (Kind.PHONE, "020 123 4567", "+31201234567"),
    (Kind.PHONE, "(020) 123-45-67", "0031 20 1234567"),
    (Kind.PHONE, "+31 (0)20 1234567", "020.123.4567"),
    (Kind.PHONE, "020 1234567 ext 12", "+31201234567 ext. 12"),
    (Kind.PHONE, "call Jan: 12", "call jan 12"),  # no number: its letters and digits
    (Kind.URL, "https://Shop.Example/", "shop.example"),
    (Kind.URL, "HTTP://shop.example/a/", "https://shop.example/a"),
    (Kind.TEXT, " Piet ", "Piet"),
    (Kind.TEXT, "Rene\u0301", "Ren\u00e9"),
    (Kind.TEXT, None, ""),
    (Kind.TEXT, None, "  "),
    (Kind.LONG_TEXT, "one\r\ntwo\r\n", "one\ntwo"),
    (Kind.NUMBER, Decimal("1.50"), Decimal("1.5")),
    (Kind.LABELS, ["b", "A"], ["a ", "B"]),
    (Kind.LABELS, [], None),
    (Kind.EMAIL, ["a@x.nl", "B@x.nl"], ["A@x.nl", "b@x.nl", ""]),
    (Kind.DAY, date(2026, 1, 2), date(2026, 1, 2)),
]

OTHER: list[tuple[Kind, Any, Any]] = [
    (Kind.EMAIL, "piet@shop.example", "jan@shop.example"),
    (Kind.EMAIL, "piet@shop.example", None),
    (Kind.PHONE, "020 123 4567", "020 123 4568"),
    (Kind.PHONE, "020 123 4567", "020 123 4567 ext 12"),
    (Kind.PHONE, "020 123 4567", "+32201234567"),
    (Kind.URL, "shop.example/A", "shop.example/a"),
    (Kind.URL, "shop.example?a=/", "shop.example?a="),
    (Kind.URL, "ftp://shop.example", "shop.example"),
    (Kind.TEXT, "Piet", "piet"),
    (Kind.TEXT, "a b", "a  b"),
    (Kind.LONG_TEXT, "one\ntwo", "one two"),
    (Kind.NUMBER, Decimal(1), Decimal(2)),
    (Kind.LABELS, ["a"], ["a", "b"]),
    (Kind.EMAIL, ["a@x.nl", "b@x.nl"], ["b@x.nl", "a@x.nl"]),  # the first is the main one
    (Kind.FLAG, False, None),
    (Kind.CHILDREN, [{"n": 1}], [{"n": 2}]),
]


@pytest.mark.parametrize(("kind", "x", "y"), SAME)
def test_the_same(kind: Kind, x: Any, y: Any) -> None:
    assert same(kind, x, y, region="NL")
    assert same(kind, y, x, region="NL")


@pytest.mark.parametrize(("kind", "x", "y"), OTHER)
def test_not_the_same(kind: Kind, x: Any, y: Any) -> None:
    assert not same(kind, x, y, region="NL")
    assert not same(kind, y, x, region="NL")


def test_without_a_country_only_the_digits_of_a_local_number_count() -> None:
    assert same(Kind.PHONE, "020 1234567", "(020) 123 45 67")
    assert not same(Kind.PHONE, "020 1234567", "+31201234567")
    assert same(Kind.PHONE, "0031 20 1234567", "+31201234567")


@pytest.mark.parametrize(
    ("kind", "value", "keys"),
    [
        (Kind.PHONE, "06 1234 5678", ("+31612345678",)),
        (Kind.PHONE, "020 1234567 ext. 12", ("+31201234567;ext=12",)),
        (Kind.PHONE, "1234567", ()),  # without its area it is another person in the next town
        (Kind.PHONE, "0000000000", ()),
        (Kind.PHONE, "112", ()),
        (Kind.PHONE, "ask for Jan 1234", ()),
        (Kind.PHONE, "+12", ()),
        (
            Kind.PHONE,
            ["+31 20 1234567", "020-1234567", "x", "+1 202 555 0100"],
            ("+31201234567", "+12025550100"),
        ),
        (Kind.EMAIL, " Piet@Shop.Example ", ("piet@shop.example",)),
        (Kind.EMAIL, "n/a", ()),
        (Kind.EMAIL, "@", ()),
        (Kind.EMAIL, "piet@", ()),
        (Kind.EMAIL, ["b@x.nl", "A@x.nl", "B@x.nl"], ("b@x.nl", "a@x.nl")),
        (Kind.TEXT, "  Bakkerij   De Ĳssel ", ("bakkerij de ĳssel",)),
        (Kind.TEXT, "  ", ()),
        (Kind.TEXT, None, ()),
        (Kind.URL, "https://Shop.Example/", ("shop.example",)),
        (Kind.NUMBER, Decimal("12.50"), ("12.5",)),
        (Kind.TEXT, "12.5", ("12.5",)),
        (Kind.INTEGER, 12, ("12",)),
        (Kind.DAY, date(2026, 1, 2), ("2026-01-02",)),
        (Kind.FLAG, True, ()),
        (Kind.LABELS, ["b", "A"], ("a", "b")),
    ],
)
def test_match_keys(kind: Kind, value: Any, keys: tuple[str, ...]) -> None:
    assert match_keys(kind, value, region="NL") == keys
    assert match_keys(Field(name="x", kind=kind), value, region="NL") == keys


def test_shared_mailboxes() -> None:
    for shared in (
        "info@shop.example",
        "Sales@x.nl",
        "orders+web@x.nl",
        "no.reply@x.nl",
        "customer-service@x.nl",
    ):
        assert is_shared_mailbox(shared), shared
    for own in ("piet@shop.example", "information.officer@x.nl", "jan.sales@x.nl", "@", ""):
        assert not is_shared_mailbox(own), own


@pytest.mark.parametrize(
    "good", ["piet@shop.example", "p.o'neil+x@sub.shop.example", "jä@münchen.de", "p@x.test"]
)
def test_an_address_is_written_as_typed(good: str) -> None:
    assert as_email(f" {good.upper()} ") == good.upper()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "it is empty"),
        ("piet", "it has no @"),
        ("piet@", "nothing stands behind the @"),
        ("@shop.example", "nothing stands before the @"),
        ("piet@shop", "“shop” has no ending"),
        ("a@x.nl, b@x.nl", "more than one @"),
        ("a b@x.nl", "a blank in it"),
        ("Piet <p@x.nl>", "a blank in it"),
        ("piet@x..nl", "two periods in a row"),
        ("piet@-x.nl", "hyphen"),
        (".piet@x.nl", "start with a period"),
        ("piet@intranet.local", "reserved name"),
        ("x" * 300 + "@x.nl", "too long"),
    ],
)
def test_what_is_no_address_says_why(bad: str, why: str) -> None:
    with pytest.raises(ValueError, match="is not an e-mail address: ") as caught:
        as_email(bad)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("good", ["020 1234567", "ext 123", "+31 (0)6-12 34 56 78", "1-800-FLOWERS"])
def test_a_number_is_written_as_typed(good: str) -> None:
    assert as_phone(f" {good}\n") == good


@pytest.mark.parametrize(
    ("bad", "why"), [("n/a", "no digit"), ("", "no digit"), ("12", "at least three digits")]
)
def test_what_is_no_number_says_why(bad: str, why: str) -> None:
    with pytest.raises(ValueError, match="is not a phone number: .*" + why):
        as_phone(bad, "NL")


@pytest.mark.parametrize(
    "good",
    [
        "shop.example",
        "https://shop.example/a?b=c#d",
        "www.münchen.de",
        "shop.example:8080/x",
        "HTTP://Shop.Example",
    ],
)
def test_a_web_address_is_written_as_typed(good: str) -> None:
    assert as_url(f" {good} ") == good


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "it is empty"),
        ("n/a", "“n” is not the name of a site"),
        ("our shop.example", "a blank in it"),
        ("javascript:alert(1)", "begins with “javascript:”"),
        ("mailto:piet@x.nl", "begins with “mailto:”"),
        ("ftp://x.nl", "begins with “ftp:”"),
        ("https://", "names no site"),
        ("http:///path", "names no site"),
        ("piet@x.nl", "has an @"),
        ("http://[::1", "not the name of a site"),
        ("x.nl:99999", "not the name of a site"),
        ("x..nl", "not the name of a site"),
        ("x!y.nl", "not the name of a site"),
    ],
)
def test_what_is_no_web_address_says_why(bad: str, why: str) -> None:
    with pytest.raises(ValueError, match="is not a web address: ") as caught:
        as_url(bad)
    assert why in str(caught.value)


def test_regions() -> None:
    assert as_region(" nl ") == "NL"
    for bad in ("", "Netherlands", "XX", "31"):
        with pytest.raises(ValueError, match="is not a country"):
            as_region(bad)


@pytest.mark.parametrize(
    ("typed", "form", "expected"),
    [
        ("0201234567", "international", "+31 20 123 4567"),
        ("+31201234567", "national", "020 123 4567"),
        ("+12025550100", "national", "+1 202-555-0100"),  # nobody here could call 202-555-0100
        ("020 1234567 x12", "e164", "+31201234567 ext. 12"),
        ("ask for Jan", "e164", "ask for Jan"),
        ("1234567", "international", "1234567"),
    ],
)
def test_phone_formats(typed: str, form: str, expected: str) -> None:
    assert formatted_phone(typed, form, "NL") == expected
    assert same(Kind.PHONE, typed, expected, region="NL")  # a format never makes another number of it


def test_values_as_people_write_them() -> None:
    assert [written(one) for one in (None, True, Decimal("12.50"), Decimal("1E+2"), 3, date(2026, 1, 2), "x")] == [
        "", "true", "12.5", "100", "3", "2026-01-02", "x",
    ]  # fmt: skip
    assert written(["b", "", None, "a"]) == "b, a"


# What people type: much of it differs only in blanks, case, accents, or the way a number is written.
_DIGITS = st.integers(min_value=0, max_value=2).map(lambda n: f"1234567{n}")
_PHONES = st.one_of(
    st.tuples(st.sampled_from(["06", "+316", "00316", "+31 (0)6 ", "06-", "020"]), _DIGITS, st.sampled_from(["", " ext 1"])).map("".join),
    st.text(alphabet="0123+ -/xA", max_size=9),
)  # fmt: skip
_TYPED: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.PHONE: _PHONES,
    Kind.EMAIL: st.text(alphabet="aAßΣσς@. İ\u0301", max_size=6),
    Kind.URL: st.text(alphabet="aA:/?#. ", max_size=6).map(lambda tail: "http://" + tail)
    | st.text(alphabet="aA/.", max_size=4),
    Kind.TEXT: st.text(alphabet="aAe\u0301é \n", max_size=4),
    Kind.LONG_TEXT: st.text(alphabet="a \r\n", max_size=5),
    Kind.LABELS: st.lists(st.sampled_from(["a", "A", "b ", " b", "é", "e\u0301", ""]), max_size=3),
}


@st.composite
def typed(draw: st.DrawFn) -> tuple[Kind, Any, Any, Any]:
    kind = draw(st.sampled_from(sorted(_TYPED)))
    values = st.none() | _TYPED[kind]
    if kind in (Kind.PHONE, Kind.EMAIL):
        values |= st.lists(_TYPED[kind], max_size=3)
    return kind, draw(values), draw(values), draw(values)


@settings(max_examples=400, deadline=None)
@given(typed(), st.sampled_from([None, "NL"]))
def test_same_is_an_equivalence_and_keys_follow_it(
    case: tuple[Kind, Any, Any, Any], region: str | None
) -> None:
    kind, x, y, z = case
    assert same(kind, x, x, region=region)
    assert same(kind, x, y, region=region) == same(kind, y, x, region=region)
    if same(kind, x, y, region=region):
        assert match_keys(kind, x, region=region) == match_keys(kind, y, region=region)
        assert same(kind, x, z, region=region) == same(kind, y, z, region=region)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(min_value=10_000_000, max_value=49_999_999).map(str),  # 061 to 064 are in use
    st.lists(st.sampled_from(["", " ", "-", "."]), min_size=8, max_size=8),
    st.sampled_from(["06", "+316", "+31 6", "+31 (0)6", "0031 6", "(06) "]),
    st.sampled_from(["international", "national", "e164"]),
)
def test_one_mobile_number_however_it_is_typed(digits: str, gaps: list[str], start: str, form: str) -> None:
    typed = start + "".join(gap + one for gap, one in zip(gaps, digits, strict=True))
    assert same(Kind.PHONE, typed, f"06{digits}", region="NL")
    assert match_keys(Kind.PHONE, typed, region="NL") == (f"+316{digits}",)
    assert same(Kind.PHONE, formatted_phone(typed, form, "NL"), typed, region="NL")


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import stockbridge.core.normal, stockbridge.core.transforms, stockbridge.core.kinds;"
        "print(*[m for m in ('phonenumbers', 'email_validator', 'nameparser', 'dns') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.strip() == ""
