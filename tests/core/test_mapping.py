"""Every kind of field: what it takes, what it refuses, what it does with nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockbridge.core.casts import Unfit, cast, kept
from stockbridge.core.flow import Lines, Owner, Pair, Total
from stockbridge.core.mapping import BACK, LEAVE, Missing, compile_pairs
from stockbridge.core.normal import written
from stockbridge.core.record import Field, Kind, Record, Stream, value_of, values_type

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def to(field: Field, value: Any, **pair: Any) -> Any:
    return cast(field, Pair(a="x", b=field.name, **pair))(value)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ({"kind": Kind.TEXT}, "  Bell ", "Bell"),
        ({"kind": Kind.TEXT}, "two\r\nlines ", "two lines"),
        ({"kind": Kind.TEXT}, "   ", None),
        ({"kind": Kind.TEXT}, Decimal("12.500"), "12.5"),
        ({"kind": Kind.TEXT}, Decimal("1E+3"), "1000"),
        ({"kind": Kind.TEXT}, True, "true"),
        ({"kind": Kind.TEXT, "max_length": 4}, "Bell", "Bell"),
        ({"kind": Kind.TEXT, "choices": ("on", "off")}, "off", "off"),
        ({"kind": Kind.INTEGER}, Decimal("3.0"), 3),
        ({"kind": Kind.INTEGER}, " 12 ", 12),
        ({"kind": Kind.INTEGER, "at_least": 1, "at_most": 5}, 5, 5),
        ({"kind": Kind.NUMBER}, "1.25", Decimal("1.25")),
        ({"kind": Kind.NUMBER, "places": 2}, Decimal("1.005"), Decimal("1.01")),
        ({"kind": Kind.NUMBER, "places": 2}, Decimal("-1.005"), Decimal("-1.01")),
        ({"kind": Kind.NUMBER, "places": 2}, 3, Decimal("3.00")),
        ({"kind": Kind.FLAG}, True, True),
        ({"kind": Kind.FLAG}, " False ", False),
        ({"kind": Kind.DAY}, NOON, date(2026, 3, 1)),
        ({"kind": Kind.DAY}, date(2026, 3, 1), date(2026, 3, 1)),
        ({"kind": Kind.DAY}, "2026-03-01", date(2026, 3, 1)),
        ({"kind": Kind.MOMENT}, NOON, NOON),
        ({"kind": Kind.MOMENT}, date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC)),
        ({"kind": Kind.MOMENT}, "2026-03-01T12:00:00Z", NOON),
        ({"kind": Kind.MOMENT}, "2026-03-01 12:00", NOON),
        ({"kind": Kind.MOMENT}, "2026-03-01T14:00:00+02:00", NOON),
        ({"kind": Kind.TEXTS}, [" a ", "", None, "b"], ["a", "b"]),
        ({"kind": Kind.TEXTS}, "a", ["a"]),
    ],
)
def test_takes(field: dict[str, Any], value: Any, expected: Any) -> None:
    found = to(Field(name="f", **field), value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ({"kind": Kind.TEXT, "max_length": 3}, "Bell", "4 characters; f takes 3"),
        ({"kind": Kind.TEXT, "choices": ("on", "off")}, "maybe", "none of on, off"),
        ({"kind": Kind.INTEGER}, Decimal("2.5"), "2.5 is not a whole number"),
        ({"kind": Kind.INTEGER}, "many", "“many” is not a number"),
        ({"kind": Kind.INTEGER}, True, "not a number"),
        ({"kind": Kind.INTEGER, "at_least": 1}, 0, "0 is below 1"),
        ({"kind": Kind.INTEGER, "at_most": 5}, 6, "6 is above 5"),
        ({"kind": Kind.NUMBER}, "", "not a number"),
        ({"kind": Kind.NUMBER}, "NaN", "not a number"),
        ({"kind": Kind.NUMBER}, "Infinity", "not a number"),
        ({"kind": Kind.NUMBER}, 0.1, "not a number"),  # money is never a float
        ({"kind": Kind.NUMBER, "at_most": 1000}, Decimal("1000.01"), "1,000.01 is above 1,000"),
        ({"kind": Kind.NUMBER, "at_least": 0}, Decimal("-0.01"), "-0.01 is below 0"),
        ({"kind": Kind.FLAG}, "yes", "neither yes nor no"),
        ({"kind": Kind.FLAG}, 1, "neither yes nor no"),
        ({"kind": Kind.DAY}, "soon", "not a date"),
        ({"kind": Kind.MOMENT}, "2026-13-01", "not a date"),
        ({"kind": Kind.MOMENT}, 5, "not a date"),
    ],
)
def test_refuses_in_words(field: dict[str, Any], value: Any, says: str) -> None:
    with pytest.raises(Unfit) as refused:
        to(Field(name="f", **field), value)
    assert says in refused.value.reason
    assert refused.value.field == "f"
    assert refused.value.remedy


@pytest.mark.parametrize(("rounding", "value", "expected"), [
    ("down", "2.9", 2), ("down", "-2.1", -3), ("half", "2.5", 3), ("half", "2.49", 2), ("half", "-2.5", -3),
])  # fmt: skip
def test_rounds_whole_numbers_when_asked(rounding: Any, value: str, expected: int) -> None:
    assert to(Field(name="f", kind=Kind.INTEGER), Decimal(value), rounding=rounding) == expected


def test_a_rounded_price_stays_within_the_limit() -> None:
    field = Field(name="f", kind=Kind.NUMBER, places=2, at_most=1000)
    assert to(field, Decimal("999.994")) == Decimal("999.99")
    with pytest.raises(Unfit):
        to(field, Decimal("1000.001"))


def test_cuts_a_text_when_asked_and_leaves_no_blank_at_its_end() -> None:
    assert to(Field(name="f", kind=Kind.TEXT, max_length=6), "Brass bell", cut=True) == "Brass"


def test_keeps_only_addresses() -> None:
    field = Field(name="f", kind=Kind.TEXTS)
    found = to(field, ["a@example.com", "no address", "b@c", "x@y.org, z@y.org"], only="email")
    assert found == ["a@example.com"]


@pytest.mark.parametrize(
    ("sent", "found", "same"),
    [
        ("Brass bell", "Brass", True),
        ("Brass bell", "", False),
        ("Brass", "Brass bell", False),
        ("Bell", "bell", False),
        (Decimal("1.256"), Decimal("1.26"), True),
        (Decimal("1.256"), Decimal("1.25"), True),
        (Decimal("1.256"), Decimal("1.27"), False),
        (Decimal(3), Decimal("3.00"), True),
        (None, None, True),
        (None, "x", False),
        (3, 4, False),
    ],
)
def test_what_a_lossy_system_keeps(sent: Any, found: Any, same: bool) -> None:
    assert kept(sent, found) is same


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**9), max_value=10**9),
    st.integers(0, 4),
)
def test_a_rounded_number_counts_as_kept(sent: Decimal, places: int) -> None:
    assert kept(sent, to(Field(name="f", kind=Kind.NUMBER, places=places), sent))


# Whole pairs, compiled.

CHILD = (
    Field(name="item", kind=Kind.TEXT, refers_to="items"),
    Field(name="quantity", kind=Kind.NUMBER),
    Field(name="price", kind=Kind.NUMBER),
)
A = Stream(
    name="orders",
    noun="order",
    fields=(
        Field(name="name", kind=Kind.TEXT),
        Field(name="buyer", kind=Kind.TEXT, refers_to="people"),
        Field(name="stock", kind=Kind.AMOUNTS),
        Field(name="mails", kind=Kind.TEXTS),
        Field(name="custom", kind=Kind.CUSTOM),
        Field(name="lines", kind=Kind.CHILDREN, children=CHILD),
    ),
)
B = Stream(
    name="sales",
    noun="sale",
    fields=(
        Field(name="title", kind=Kind.TEXT),
        Field(name="needed", kind=Kind.TEXT, required=True),
        Field(name="client", kind=Kind.TEXT, refers_to="clients"),
        Field(name="payer", kind=Kind.TEXT, refers_to="clients", required=True),
        Field(name="on_hand", kind=Kind.INTEGER),
        Field(name="mails", kind=Kind.TEXTS),
        Field(
            name="rows",
            kind=Kind.CHILDREN,
            children=(
                Field(name="product", kind=Kind.TEXT, refers_to="products", required=True),
                Field(name="quantity", kind=Kind.INTEGER),
                Field(name="price", kind=Kind.NUMBER, places=2),
            ),
        ),
    ),
)
FLOWS = {("people", "clients"): "people", ("items", "products"): "products"}


def known(flow: str, id: str) -> str | None:
    return None if id == "nobody" else f"{flow}/{id}"


def sent(pair: Pair, **values: Any) -> Any:
    (move,) = compile_pairs((pair,), A, B, FLOWS, to="b")
    return move.to(Record(id="o1", values=values, version="1"), known)


def test_an_empty_value_clears_or_is_left() -> None:
    assert sent(Pair(a="name", b="title"), name=None) is None
    assert sent(Pair(a="name", b="title"), name="  ") is None
    assert sent(Pair(a="name", b="title", empty="leave"), name=None) is LEAVE
    assert sent(Pair(a="mails", b="mails"), mails=None) == []
    assert sent(Pair(a="mails", b="mails", empty="leave"), mails=None) is LEAVE
    assert sent(Pair(a="buyer", b="client"), buyer=None) is None
    assert sent(Pair(a="buyer", b="client", empty="leave"), buyer=None) is LEAVE


@pytest.mark.parametrize(("pair", "values"), [
    (Pair(a="name", b="needed"), {"name": " "}),
    (Pair(a="name", b="needed", empty="leave"), {"name": None}),
    (Pair(a="buyer", b="payer"), {"buyer": None}),
])  # fmt: skip
def test_a_required_field_is_never_empty(pair: Pair, values: dict[str, Any]) -> None:
    with pytest.raises(Unfit) as refused:
        sent(pair, **values)
    assert refused.value.field == pair.b


def test_constants_ids_and_custom_fields() -> None:
    assert sent(Pair(b="title", constant="shop")) == "shop"
    assert sent(Pair(a="id", b="title")) == "o1"
    assert sent(Pair(a="cf_colour", b="title"), custom={"cf_colour": " red "}) == "red"
    assert sent(Pair(a="cf_colour", b="title"), custom={}) is None


def test_references_follow_links_both_ways_or_wait() -> None:
    assert sent(Pair(a="buyer", b="client"), buyer="c1") == "people/c1"
    with pytest.raises(Missing) as missing:
        sent(Pair(a="buyer", b="client"), buyer="nobody")
    assert missing.value.needs == "people:nobody"
    back = {(b, a): name + BACK for (a, b), name in FLOWS.items()}
    (move,) = compile_pairs((Pair(a="buyer", b="client", owner=Owner.BOTH),), B, A, back, to="a")
    assert move.to(Record(id="s1", values={"client": "x"}, version="1"), known) == f"people{BACK}/x"
    assert move.references == ((f"people{BACK}", "client"),)


def test_totals_add_up_the_chosen_keys() -> None:
    pair = Pair(a="stock", b="on_hand", total=Total(measure="available", keys=("w1", "w2")))
    stock = {
        "w1": {"available": Decimal(3)},
        "w2": {"available": Decimal(4), "x": Decimal(9)},
        "w3": {"available": Decimal(5)},
    }
    assert sent(pair, stock=stock) == 7
    assert sent(pair, stock={"w1": {"available": Decimal(3)}, "w2": {"x": Decimal(1)}}) == 3
    assert sent(pair, stock={"w3": {"available": Decimal(5)}}) == 0
    nothing: dict[str, Any] | None
    for nothing in ({}, None):
        with pytest.raises(Unfit, match="no stock by warehouse"):
            sent(pair, stock=nothing)


LINES = Pair(
    a="lines",
    b="rows",
    lines=Lines(
        pairs=(Pair(a="item", b="product"), Pair(a="quantity", b="quantity"), Pair(a="price", b="price")),
        merge_by="product",
        add=("quantity",),
    ),
)


def line(item: str | None, quantity: str, price: str = "1") -> dict[str, Any]:
    return {"item": item, "quantity": Decimal(quantity), "price": Decimal(price)}


def test_lines_of_one_product_become_one() -> None:
    assert sent(
        LINES, lines=[line("p", "0.5", "2.005"), line(None, "9"), line("q", "2"), line("p", "1.5", "7")]
    ) == [
        {"product": "products/p", "quantity": 2, "price": Decimal("2.01")},
        {"product": "products/q", "quantity": 2, "price": Decimal("1.00")},
    ]
    assert sent(LINES, lines=[]) == []
    assert sent(LINES) is LEAVE  # a list row does not tell its lines


def test_lines_say_which_one_is_wrong_and_wait_for_their_product() -> None:
    with pytest.raises(Unfit) as refused:
        sent(LINES, lines=[line("p", "0.5")])
    assert refused.value.field == "rows.quantity"
    with pytest.raises(Missing) as missing:
        sent(LINES, lines=[line("p", "1"), line("nobody", "1")])
    assert missing.value.needs == "products:nobody"
    (move,) = compile_pairs((LINES,), A, B, FLOWS, to="b")
    assert move.line_references == (("products", "lines", "item"),)


def test_a_mapping_that_names_an_unknown_field_is_refused_at_once() -> None:
    for pair in (Pair(a="nothing", b="title"), Pair(a="name", b="nothing")):
        with pytest.raises(ValueError, match="nothing"):
            compile_pairs((pair,), A, B, FLOWS, to="b")


# Values survive the store.

amounts = st.decimals(allow_nan=False, allow_infinity=False)
BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.text(),
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.NUMBER: amounts,
    Kind.FLAG: st.booleans(),
    Kind.DAY: st.dates(),
    # Moments are kept in UTC (core/record.py); other zones come back as the same moment.
    Kind.MOMENT: st.datetimes(
        min_value=datetime(2, 1, 1),
        max_value=datetime(9998, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    ),
    Kind.TEXTS: st.lists(st.text()),
    Kind.AMOUNTS: st.dictionaries(st.text(), st.dictionaries(st.text(), amounts, max_size=3), max_size=3),
    Kind.CUSTOM: st.dictionaries(st.text(), st.none() | st.text() | st.booleans(), max_size=3),
    Kind.LABELS: st.lists(st.text()),
    **{kind: st.text() for kind in (Kind.LONG_TEXT, Kind.SELECT, Kind.EMAIL, Kind.PHONE, Kind.URL)},
}
EVERY = (
    *(Field(name=kind.name.lower(), kind=kind) for kind in BY_KIND),
    Field(name="lines", kind=Kind.CHILDREN, children=CHILD),
)
a_line = st.fixed_dictionaries({}, optional={"item": st.none() | st.text(), "quantity": amounts})
a_row = st.fixed_dictionaries(
    {},
    optional={
        **{kind.name.lower(): st.none() | one for kind, one in BY_KIND.items()},
        "lines": st.none() | st.lists(a_line, max_size=3),
    },
)


@given(a_row)
def test_values_come_back_from_the_store_as_they_were(row: dict[str, Any]) -> None:
    back = msgspec.json.decode(msgspec.json.encode(row), type=values_type(EVERY))
    assert back == row
    assert {name: type(value) for name, value in back.items()} == {
        name: type(value) for name, value in row.items()
    }
    if row.get("number") is not None:
        assert str(back["number"]) == str(row["number"])


def test_every_kind_is_tried() -> None:
    assert {field.kind for field in EVERY} == set(Kind)


def test_values_of_custom_fields() -> None:
    assert value_of({"custom": {"cf_a": "x"}}, "cf_a") == "x"
    assert value_of({"custom": None}, "cf_a") is None
    assert value_of({"a": 1}, "a") == 1


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("0.00"), "0"), (Decimal("100"), "100"), (False, "false"), (7, "7")]
)
def test_plain(value: Any, text: str) -> None:
    assert written(value) == text
