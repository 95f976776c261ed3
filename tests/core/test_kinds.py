"""Which fields can be mapped to each other, in which direction, and why not."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from stockbridge.core.flow import Owner, Pair, Transform, Way
from stockbridge.core.kinds import direction, direction_of, fit, nearest, problems
from stockbridge.core.record import Ability, Field, Kind, Stream

NAMES = ("Zoho Inventory", "Google")
BOTH = frozenset({Ability.CREATE, Ability.UPDATE})


def field(kind: Kind, name: str = "x", **more: object) -> Field:
    return Field(name=name, kind=kind, **more)  # type: ignore[arg-type]


COLUMNS = {
    "text": field(Kind.TEXT),
    "long text": field(Kind.LONG_TEXT),
    "number/amount": field(Kind.NUMBER),
    "date": field(Kind.DAY),
    "datetime": field(Kind.MOMENT),
    "boolean": field(Kind.FLAG),
    "select": field(Kind.SELECT),  # its options are given in the tests below
    "multi-select/tags": field(Kind.LABELS),
    "email": field(Kind.EMAIL),
    "phone": field(Kind.PHONE),
    "url": field(Kind.URL),
    "address": field(Kind.TEXT, "billing_address.city", group="billing_address"),
}

# Facts: contact sync 3.2, row to column, as it stands there. "m" needs a value map, "!" loses something.
FACTS = {
    "text":              "<>   >    -    -    -    -    m>   m>   -    -    -    -",
    "long text":         ">!   <>   -    -    -    -    -    -    -    -    -    -",
    "number/amount":     ">    >    <>   -    -    -    -    -    -    -    -    -",
    "date":              ">    >    -    <>   <>   -    -    -    -    -    -    -",
    "datetime":          ">    >    -    <>!  <>   -    -    -    -    -    -    -",
    "boolean":           ">    >    -    -    -    <>   m>   -    -    -    -    -",
    "select":            ">    >    -    -    -    m>   m<>  >    -    -    -    -",
    "multi-select/tags": ">    >    -    -    -    -    >!   m<>  -    -    -    -",
    "email":             ">    >    -    -    -    -    -    -    <>   -    -    -",
    "phone":             ">    >    -    -    -    -    -    -    -    <>   -    -",
    "url":               ">    >    -    -    -    -    -    -    -    -    <>   -",
    "address":           ">    >    -    -    -    -    -    -    -    -    -    <>",
}  # fmt: skip
CELLS = {
    (row, to): cell for row, line in FACTS.items() for to, cell in zip(COLUMNS, line.split(), strict=True)
}
OPTIONS = ("Silver", "Gold")


def with_options(name: str, options: tuple[str, ...] = OPTIONS) -> Field:
    one = COLUMNS[name]
    return field(one.kind, choices=options) if name in ("select", "multi-select/tags") else one


@pytest.mark.parametrize(("row", "to"), CELLS)
def test_every_cell_of_the_facts(row: str, to: str) -> None:
    cell = CELLS[row, to]
    bare = fit(with_options(row), with_options(to, ("Lead", "Brass")), mapped=False)
    mapped = fit(with_options(row), with_options(to, ("Lead", "Brass")), mapped=True)
    equal = fit(with_options(row), with_options(to), mapped=False)
    assert mapped.ok == (cell != "-")
    if cell.startswith("m"):
        assert not bare.ok
        assert "without a value map" in bare.words
    elif cell == "-":
        assert not bare.ok
        assert bare.words
    else:
        assert equal.ok
    assert mapped.loses == cell.endswith("!")
    assert bool(mapped.words) == (not mapped.ok or mapped.loses)


@pytest.mark.parametrize(("row", "to"), [*itertools.combinations_with_replacement(COLUMNS, 2)])
def test_the_arrow_of_every_two_types(row: str, to: str) -> None:
    forth, back = CELLS[row, to].strip("m!"), CELLS[to, row].strip("m!")
    a, b = with_options(row), with_options(to, ("Lead", "Brass"))
    found = direction(a, b, mapped=True, names=NAMES)
    if forth == back == "<>":
        assert found.arrow == "<->"
    elif forth == back == "-":
        assert found.arrow == "none"
        assert found.reasons
    else:
        assert found.arrow == ("->" if back == "-" else "<-" if forth == "-" else found.arrow)
        assert found.arrow in ("->", "<-")
        assert any("only" in reason for reason in found.reasons)
    for wanted, arrow, cell in (("to b", "->", forth), ("to a", "<-", back)):
        narrowed = direction(a, b, mapped=True, wanted=wanted, names=NAMES)  # type: ignore[arg-type]
        assert narrowed.arrow == ("none" if cell == "-" else arrow)
        assert direction(a, b, mapped=True, sync=wanted, names=NAMES).arrow == narrowed.arrow  # type: ignore[arg-type]


def test_the_reason_is_in_words() -> None:
    found = direction(field(Kind.NUMBER), field(Kind.TEXT), names=NAMES)
    assert found.arrow == "->"
    assert found.reasons == (
        "Zoho Inventory keeps a number there, and not every text is a number, so it goes to Google only",
    )
    assert direction(field(Kind.NUMBER), field(Kind.DAY), names=NAMES).reasons == (
        "Google keeps a date there, and a number is not a date",
    )
    assert direction(field(Kind.MOMENT), field(Kind.DAY), names=NAMES).reasons == (
        "the time of day is lost on the way to Google",
    )


@pytest.mark.parametrize(
    ("sync", "wanted", "arrow", "why"),
    [
        ("both", "both", "<->", ""),
        ("to b", "both", "->", "the sync goes to Google only"),
        ("to a", "both", "<-", "the sync goes to Zoho Inventory only"),
        ("both", "to a", "<-", "the mapping is set to go to Zoho Inventory only"),
        ("to b", "to a", "none", "the mapping is set to go to Zoho Inventory only"),
    ],
)
def test_the_sync_and_the_wish_narrow_it(sync: Way, wanted: Way, arrow: str, why: str) -> None:
    found = direction(field(Kind.TEXT), field(Kind.TEXT), sync=sync, wanted=wanted, names=NAMES)
    assert found.arrow == arrow
    assert why in "; ".join(found.reasons)
    assert bool(found.reasons) == bool(why)


def test_what_nobody_may_write_goes_out_only() -> None:
    balance = field(Kind.NUMBER, "balance", writable=False, label="Receivables")
    found = direction(balance, field(Kind.NUMBER), names=NAMES)
    assert found.arrow == "->"
    assert found.reasons == ("Zoho Inventory lets nobody write “Receivables”, so it goes to Google only",)
    assert direction(field(Kind.TEXT), balance, names=NAMES).arrow == "<-"
    assert direction(field(Kind.EMAIL), balance, names=NAMES).arrow == "none"
    stuck = direction(balance, field(Kind.NUMBER), sync="to a", names=NAMES)
    assert stuck.arrow == "none"
    assert stuck.reasons == (
        "the sync goes to Zoho Inventory only",
        "Zoho Inventory lets nobody write “Receivables”",
    )


def test_once() -> None:
    found = direction(field(Kind.TEXT), field(Kind.TEXT), once=True, names=NAMES)
    assert found.reasons == ("it is sent only when a record is made",)


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.TEXT])
def test_all_of_many_or_the_first_of_them(kind: Kind) -> None:
    one, many = field(kind, "one"), field(kind, "many", many=True)
    assert direction(many, many, names=NAMES) == direction(one, one, names=NAMES)
    first = direction(one, many, names=NAMES)
    assert first.arrow == "<->"
    assert first.reasons == ("it is the first of the many at Google; the others stay as they are",)
    assert direction(one, many, wanted="to a", names=NAMES).reasons[-1] == (
        "all but the first are left out on the way to Zoho Inventory"
    )
    assert fit(many, one).loses
    assert not fit(one, many).loses


def select(*choices: str) -> Field:
    return field(Kind.SELECT, "grade", choices=choices)


@pytest.mark.parametrize(
    ("a", "b", "values", "arrow", "why"),
    [
        (select("A", "B"), select("A", "B"), None, "<->", ""),
        (select("A"), select("A", "B"), None, "->", "without a value map not all options"),
        (select("A"), select("B"), None, "none", "without a value map not all options"),
        (select("A"), select("B"), {"A": "B"}, "<->", ""),
        (select("A", "B"), select("C"), {"A": "C", "B": "C"}, "->", "several options become “C”"),
        (select("A", "B"), select("C"), {"A": "C"}, "<-", "“B” of grade has no partner"),
        (select("A"), select("C", "D"), {"A": "C"}, "->", "“D” of grade has no partner"),
        (select("A", "B"), select("C", "D"), {"A": "C"}, "none", "“B” of grade has no partner"),
        (select("Amber"), select("C"), {"Ambre": "C"}, "none", "“Ambre” is none of the options"),
        (select("A"), select("Copper"), {"A": "Coper"}, "none", "do you mean “Copper”?"),
        (select("A"), field(Kind.TEXT), None, "->", "not every text is one of its options"),
        (select("A"), field(Kind.TEXT), {"A": "x"}, "->", "not quite the same"),
        (field(Kind.FLAG), select("Yes", "No"), {"true": "Yes", "false": "No"}, "->", "not quite the same"),
        (field(Kind.FLAG), select("Yes", "No"), {"true": "Yes"}, "none", "“false” of x has no partner"),
        (field(Kind.FLAG), select("Yes", "No"), None, "none", "yes and no are none of its options"),
        (field(Kind.LABELS), field(Kind.LABELS), None, "<->", ""),
        (field(Kind.LABELS, choices=("A",)), field(Kind.LABELS), None, "->", "without a value map"),
        (select("A"), field(Kind.LABELS), None, "->", "without a value map"),
        (select("A"), field(Kind.LABELS, choices=("A", "B")), None, "->", "without a value map"),
        (field(Kind.CHILDREN), field(Kind.TEXT), None, "none", "lines cannot be mapped as one value"),
        (field(Kind.TEXT), field(Kind.CUSTOM), None, "none", "custom fields cannot be mapped as one value"),
    ],
)  # fmt: skip
def test_options(a: Field, b: Field, values: dict[str, str] | None, arrow: str, why: str) -> None:
    found = direction(a, b, values=values, names=NAMES)
    assert found.arrow == arrow
    assert why in "; ".join(found.reasons)


def test_numbers_that_lose_something() -> None:
    exact, cents, whole = field(Kind.NUMBER), field(Kind.NUMBER, places=2), field(Kind.INTEGER)
    assert fit(exact, cents).words == "numbers are rounded to 2 places"
    assert not fit(cents, exact).loses
    assert not fit(field(Kind.NUMBER, places=2, at_most=Decimal(9)), cents).loses
    assert fit(cents, whole).words == "a number with a fraction is refused"
    assert not fit(whole, cents).loses


ZOHO = Stream(
    name="contacts",
    noun="contact",
    abilities=BOTH,
    fields=(
        field(Kind.TEXT, "contact_name", max_length=200),
        field(Kind.TEXT, "company_name"),
        field(Kind.EMAIL, "email"),
        field(Kind.PHONE, "phone"),
        field(Kind.PHONE, "mobile"),
        field(Kind.NUMBER, "balance", writable=False),
        field(Kind.DAY, "cf_birthday", label="Birthday"),
        field(Kind.SELECT, "cf_grade", choices=("Gold", "Silver")),
    ),
)
GOOGLE = Stream(
    name="contacts",
    noun="contact",
    abilities=BOTH,
    fields=(
        field(Kind.TEXT, "organization", label="Company"),
        field(Kind.TEXT, "given_name"),
        field(Kind.EMAIL, "email", within="emails"),
        field(Kind.EMAIL, "emails", many=True),
        field(Kind.PHONE, "phone_work", within="phones", label="Work phone"),
        field(Kind.PHONE, "phone_mobile", within="phones"),
        field(Kind.PHONE, "phones", many=True),
        field(Kind.DAY, "birthday", writable=False),
        field(Kind.TEXT, "user_defined.Grade"),
        field(Kind.SELECT, "grade", choices=("gold", "silver")),
    ),
)
GOOD = (
    Pair(a="company_name", b="organization", owner=Owner.BOTH),
    Pair(a="email", b="email", owner=Owner.BOTH),
    Pair(a="phone", b="phone_work", owner=Owner.BOTH),
    Pair(a="mobile", b="phone_mobile", owner=Owner.BOTH),
    Pair(a="cf_birthday", b="user_defined.Grade", way="to b", to_b=(Transform(do="date", text="%d-%m-%Y"),)),
    Pair(
        a="contact_name",
        b="organization",  # read once more, when a contact is made
        owner=Owner.B,
        once=True,
        to_a=(Transform(do="template", text="{organization} | {given_name}"),),
    ),
    Pair(a="cf_grade", b="grade", values={"Gold": "gold", "Silver": "silver"}),
    Pair(b="given_name", constant="Friend", once=True),
)


def wrong(*pairs: Pair, a: Stream = ZOHO, b: Stream = GOOGLE, sync: Way = "both") -> list[str]:
    return problems(pairs, a, b, sync=sync, names=NAMES)


def test_a_good_list_has_no_problems() -> None:
    assert wrong(*GOOD) == []
    assert direction_of(GOOD[6], ZOHO, GOOGLE, names=NAMES).arrow == "<->"


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ((Pair(a="compny_name", b="organization"),), "Zoho Inventory has no field “compny_name”; do you mean “company_name”?"),
        ((Pair(a="company_name", b="work phone"),), "Google has no field “work phone”; do you mean “phone_work”?"),
        ((Pair(a="zzz", b="organization"),), "Zoho Inventory has no field “zzz”."),
        ((Pair(a="phone", b="phone_work"), Pair(a="phone", b="phone_mobile")), "“phone” at Zoho Inventory is mapped twice"),
        ((Pair(a="phone", b="phone_work"), Pair(a="mobile", b="phone_work")), "“Work phone” at Google is mapped twice"),
        ((Pair(a="phone", b="phones"), Pair(a="mobile", b="phone_work")), "“Work phone” at Google is one of its “phones”, and both are mapped"),
        ((Pair(a="balance", b="birthday"),), "Google keeps a date there, and a number is not a date"),
        ((Pair(a="email", b="birthday"),), "cannot be mapped to each other"),
        ((Pair(a="cf_birthday", b="birthday", way="to b"),), "Google lets nobody write “birthday”"),
        ((Pair(a="cf_grade", b="grade"),), "without a value map"),
        ((Pair(a="cf_grade", b="grade", values={"Gold": "god"}),), "“god” is none of the options of grade; do you mean “gold”?"),
        ((Pair(a="email", b="email", to_b=(Transform(do="cut", text="x"),)),), "“cut” needs the number of characters"),
        ((Pair(a="email", b="email", to_b=(Transform(do="template", text="{emial}"),)),), "do you mean “email”?"),
        ((Pair(a="email", b="email", way="to b", to_a=(Transform(do="trim"),)),), "has no effect, because nothing goes there"),
        ((Pair(a="id", b="organization", way="to a"),), "lets nobody write “id of the contact”"),
        ((Pair(),), "A pair needs two fields."),
    ],
)  # fmt: skip
def test_a_bad_list_says_what_is_wrong(pairs: tuple[Pair, ...], said: str) -> None:
    found = wrong(*pairs)
    assert any(said in one for one in found), found
    assert len(found) == 1
    assert all(one.endswith(("?", ".")) for one in found)


def test_a_side_that_takes_nothing_narrows_the_sync() -> None:
    still = Stream(name="contacts", noun="contact", fields=GOOGLE.fields)
    assert wrong(Pair(a="email", b="email"), b=still) == []
    assert "goes to Zoho Inventory only" in wrong(Pair(a="cf_birthday", b="given_name"), b=still)[0]


def test_three_times_and_the_nearest_name() -> None:
    found = wrong(*(Pair(a=name, b="organization") for name in ("company_name", "contact_name", "email")))
    assert any("“Company” at Google is mapped 3 times" in one for one in found)
    assert nearest("Birtday", ZOHO) == "; do you mean “cf_birthday”?"
    assert nearest("qqqq", ZOHO) == ""


def test_a_whole_name_may_be_two_fields() -> None:
    given, family = Transform(do="given name"), Transform(do="family name")
    both = Transform(do="template", text="{contact_name} {company_name}")
    first = Pair(a="contact_name", b="given_name", to_a=(given,), to_b=(both,))
    last = Pair(a="company_name", b="given_name", way="to a", to_a=(family,))
    assert wrong(first, last) == []
    again = Pair(a="company_name", b="given_name", way="to a", to_a=(given,))
    assert "“given name” at Google is mapped twice" in wrong(first, again)[0]
    assert "“given name” at Google is mapped twice" in wrong(first, Pair(a="company_name", b="given_name"))[0]


def test_direction_of_an_unknown_field() -> None:
    with pytest.raises(ValueError, match="no such pair"):
        direction_of(Pair(a="nothing", b="email"), ZOHO, GOOGLE)
