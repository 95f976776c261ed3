"""What a generated company always holds, whatever its seed and size."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockbridge_sandbox.company import Company, check_digit
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.zoho.loading import books_of

UNTIL = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Company:
    return generate(items=400, vendors=30, orders=1200, seed=7, until=UNTIL)


# Published examples of the two number ranges.
@pytest.mark.parametrize("number", ["4006381333931", "5901234123457", "036000291452", "8711253001202"])
def test_check_digits_are_those_of_known_numbers(number: str) -> None:
    assert check_digit(number[:-1]) == number[-1]


def test_the_same_seed_gives_the_same_company(shop: Company) -> None:
    assert generate(items=400, vendors=30, orders=1200, seed=7, until=UNTIL) == shop
    assert generate(items=400, vendors=30, orders=1200, seed=8, until=UNTIL) != shop


def test_numbers_are_as_asked(shop: Company) -> None:
    assert (len(shop.items), len(shop.vendors), len(shop.orders)) == (400, 30, 1200)
    asked = generate(items=50, vendors=4, orders=10, customers=3, purchase_orders=5, recipes=6, until=UNTIL)
    assert (len(asked.customers), len(asked.purchase_orders), len(asked.recipes)) == (3, 5, 6)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    items=st.integers(1, 80),
    vendors=st.integers(0, 40),
    orders=st.integers(0, 80),
)
def test_every_reference_and_number_holds(seed: int, items: int, vendors: int, orders: int) -> None:
    company = generate(items=items, vendors=vendors, orders=orders, seed=seed, until=UNTIL)
    item_keys = [item.key for item in company.items]
    vendor_keys = [vendor.key for vendor in company.vendors]
    places = [location.key for location in company.locations]
    skus = [item.sku for item in company.items if item.sku]
    contacts = [*company.vendors, *company.customers]
    for unique in (
        item_keys,
        skus,
        [item.name for item in company.items],
        [item.ean for item in company.items if item.ean],
        [contact.key for contact in contacts],
        [contact.name for contact in contacts],
        [order.number for order in company.orders],
    ):
        assert len(set(unique)) == len(unique)
    for item in company.items:
        assert all(check_digit(code[:-1]) == code[-1] for code in (item.ean, item.upc) if code)
        assert len(item.ean) in (0, 13)
        assert len(item.upc) in (0, 12)
        assert {item.vendor, *item.further_vendors} <= {"", *vendor_keys}
        assert item.vendor not in item.further_vendors
        assert bool(item.stock) == (item.item_type == "inventory")
        assert all(entry.location in places for entry in item.stock)
        assert item.created <= item.modified <= UNTIL
        assert item.modified >= UNTIL - timedelta(days=365)
        assert 0 < len(item.name) <= 100
    customers = {customer.key: customer for customer in company.customers}
    for order in company.orders:
        assert order.currency == customers[order.customer].currency
        assert order.lines
        assert {line.item for line in order.lines} <= set(item_keys)
        assert all(line.quantity > 0 and line.quantity == int(line.quantity) for line in order.lines)
        assert order.created <= order.modified <= UNTIL
    later = [recipe.item for recipe in company.recipes]
    for recipe in company.recipes:
        assert len(recipe.components) >= 2
        # Itself and those after it are never parts of it: no circles.
        assert {part.item for part in recipe.components} <= set(item_keys) - set(later)
        later.remove(recipe.item)


def test_recipes_are_nested_hold_services_and_fractions(shop: Company) -> None:
    kinds = {item.key: item.product_type for item in shop.items}
    composites = {recipe.item for recipe in shop.recipes}
    parts = [part for recipe in shop.recipes for part in recipe.components]
    assert len(composites) == 20
    assert any(part.item in composites for part in parts)
    assert any(kinds[part.item] == "service" for part in parts)
    assert any(part.quantity != int(part.quantity) for part in parts)
    assert {recipe.combo_type for recipe in shop.recipes} == {"assembly", "kit"}


def test_every_composite_has_a_vendor_as_long_as_there_are_any() -> None:
    for vendors in (0, 2):
        made = generate(items=200, vendors=vendors, orders=0, seed=11, until=UNTIL)
        by_key = {item.key: item for item in made.items}
        assert {bool(by_key[recipe.item].vendor) for recipe in made.recipes} == {bool(vendors)}


def test_assemblies_follow_recipes_and_are_done_or_planned(shop: Company) -> None:
    built = {recipe.item for recipe in shop.recipes if recipe.combo_type == "assembly"}
    assert len(shop.assemblies) == 2 * len(shop.recipes)
    assert {each.item for each in shop.assemblies} <= built
    assert {each.status for each in shop.assemblies} == {"draft", "confirmed", "bundled"}
    assert len({each.number for each in shop.assemblies}) == len(shop.assemblies)
    assert all(each.created <= each.modified <= UNTIL for each in shop.assemblies)
    books = books_of(shop, UNTIL)
    items = {item.id: item for item in books.items}
    assert len(books.bundles) == len(shop.assemblies)
    for bundle in books.bundles:
        recipe = [(part.item_id, part.quantity) for part in items[bundle.composite_item_id].parts]
        assert [(line.item_id, line.quantity) for line in bundle.lines] == recipe


def test_a_company_has_what_makes_syncing_hard(shop: Company) -> None:
    kinds = Counter((item.product_type, item.item_type, item.status) for item in shop.items)
    assert kinds["goods", "inventory", "active"] > 250
    assert kinds["goods", "inventory", "inactive"] > 5
    assert sum(count for kind, count in kinds.items() if kind[0] == "service") > 10
    assert {item_type for _, item_type, _ in kinds} == {
        "inventory",
        "sales",
        "purchases",
        "sales_and_purchases",
    }
    stocked = [item for item in shop.items if item.stock]
    assert len({entry.location for item in stocked for entry in item.stock}) == 3
    assert any(entry.physical != entry.accounting for item in stocked for entry in item.stock)
    assert any(entry.physical < 0 for item in stocked for entry in item.stock)
    assert any(not item.vendor and item.item_type == "inventory" for item in shop.items)
    assert any(item.further_vendors for item in shop.items)
    assert any(not item.name.isascii() for item in shop.items)
    assert any("株" in vendor.name for vendor in shop.vendors)
    assert any(len(item.description) > 500 for item in shop.items)
    assert any(len(item.purchase_description) > 255 for item in shop.items)
    assert any("\n" in item.purchase_description for item in shop.items)
    assert any(item.purchase_description == "" for item in shop.items)
    assert any(item.sku == "" for item in shop.items)
    assert len({contact.currency for contact in (*shop.vendors, *shop.customers)}) >= 4
    assert any(not contact.persons for contact in shop.vendors)
    assert {name for item in shop.items for name, _ in item.custom_fields} <= {
        each.api_name for each in shop.custom_fields if each.entity == "item"
    }


def test_orders_are_of_every_status_and_some_repeat_a_product(shop: Company) -> None:
    statuses = Counter(order.status for order in shop.orders)
    assert set(statuses) == {"draft", "confirmed", "closed", "void", "onhold"}
    repeated = [order for order in shop.orders if len({line.item for line in order.lines}) < len(order.lines)]
    assert 20 < len(repeated) < 400


def test_moments_are_mostly_distinct_with_some_ties(shop: Company) -> None:
    for moments in ([item.modified for item in shop.items], [order.created for order in shop.orders]):
        distinct = len(set(moments))
        assert 0.9 * len(moments) < distinct < len(moments)
        assert min(moments) < UNTIL - timedelta(days=300)
        assert all(moment.microsecond == 0 for moment in moments)


def test_impossible_wishes_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        generate(items=-1)
    with pytest.raises(ValueError, match="orders need items"):
        generate(items=0, orders=1)
    with pytest.raises(ValueError, match="orders need customers"):
        generate(items=1, orders=1, customers=0)


def test_thousands_of_records_take_seconds() -> None:
    started = process_time()
    company = generate(items=4000, vendors=100, orders=4000, until=UNTIL)
    assert process_time() - started < 6
    assert len(company.items) == 4000
