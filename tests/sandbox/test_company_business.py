"""Hours and days of business: every kind of event happens, through the systems' own operations, and leaves its marks."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from optiply_caller import Caller

from stockbridge_sandbox.business import DAILY_PACE, PACE, business
from stockbridge_sandbox.business_day import Event
from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.http import Request
from stockbridge_sandbox.run import start
from stockbridge_sandbox.zoho.loading import books_of
from stockbridge_sandbox.zoho.records import Switches
from stockbridge_sandbox.zoho.world import World

NOW = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def world(items: int = 60, vendors: int = 6, orders: int = 40, customers: int | None = None) -> World:
    company = generate(items=items, vendors=vendors, orders=orders, customers=customers, seed=5, until=NOW)
    return World(books_of(company, NOW), Clock(speed=0, start=NOW), Switches())


def only(events: list[Event], what: str) -> list[Event]:
    return [event for event in events if event.what == what]


@pytest.mark.parametrize("seed", range(4))
def test_an_hour_holds_every_kind_of_event(seed: int) -> None:
    assert {event.what for event in business(world(), hours=1, seed=seed)} == set(PACE)


def test_even_a_company_without_orders_and_contacts_does_business() -> None:
    tiny = world(items=20, vendors=0, orders=0, customers=0)
    assert {event.what for event in business(tiny, hours=1)} == set(PACE)


def test_the_clock_moves_on_with_the_events() -> None:
    shop = world()
    events = business(shop, hours=2)
    assert abs(shop.now() - NOW - timedelta(hours=2)) < timedelta(milliseconds=1)
    assert [event.at for event in events] == sorted(event.at for event in events)
    still = world()
    business(still, hours=2, advance=False)
    assert still.now() == NOW


def test_the_same_seed_does_the_same_business_and_the_next_hour_another() -> None:
    shop = world()
    first = business(shop, seed=3)
    assert business(world(), seed=3) == first
    second = business(shop, seed=3)
    assert {event.what for event in second} == set(PACE)
    assert {event.id for event in only(second, "item_created")}.isdisjoint(event.id for event in first)


def test_events_leave_their_marks() -> None:
    shop = world()
    names = {item.id: item.name for item in shop.items}
    vendors = {item.id: item.vendor_id for item in shop.items}
    events = business(shop, hours=1, seed=2)
    last = {event.id: event.at for event in events}
    for event in only(events, "item_renamed"):
        item = shop.items.get(event.id)
        assert item is not None
        assert item.name != names[event.id]
    for event in only(events, "item_vendor_changed"):
        item = shop.items.get(event.id)
        assert item is not None
        assert item.vendor_id != vendors[event.id]
        assert item.modified >= event.at
    for event in only(events, "item_created"):
        assert event.id not in names
        assert shop.items.get(event.id) is not None
    for event in only(events, "order_deleted"):
        assert shop.salesorders.get(event.id) is None
    for event in only(events, "order_voided"):
        order = shop.salesorders.get(event.id)
        assert order is not None
        assert order.order_status == "void"
    for event in only(events, "order_fulfilled"):
        order = shop.salesorders.get(event.id)
        assert order is not None
        assert order.order_status == "closed"
        assert order.modified == last[event.id]


def test_impossible_business_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        business(world(), hours=0)
    with pytest.raises(ValueError, match="without items"):
        business(world(items=0, orders=0))
    with pytest.raises(ValueError, match="more than 0"):
        business(world(), days=-1)


def planner(shop: World) -> Caller:
    """An Optiply that holds the items, vendors and offers of the shop, and shares its clock."""
    caller = Caller(clock=shop.clock)
    suppliers = {
        each.id: caller.supplier(each.contact_name, remoteId=each.id)
        for each in shop.contacts
        if each.contact_type == "vendor"
    }
    for item in shop.items:
        product = caller.product(item.name, remoteId=item.id)
        if item.vendor_id:
            caller.offer(product, suppliers[item.vendor_id], price=2)
    return caller


def test_a_month_holds_every_kind_of_business_on_both_sides() -> None:
    shop = world()
    optiply = planner(shop).optiply
    events = [event for _ in range(30) for event in business(shop, days=1, seed=4, optiply=optiply)]
    assert {event.what for event in events} == set(DAILY_PACE)
    assert abs(shop.now() - NOW - timedelta(days=30)) < timedelta(milliseconds=100)
    assert [event.at for event in events] == sorted(event.at for event in events)
    statuses = Counter(order.order_status for order in shop.purchaseorders)
    assert min(statuses[status] for status in ("issued", "closed", "cancelled")) > 0
    assert any(len(order.receive_ids) > 1 for order in shop.purchaseorders)
    # A day is a day: about as many events as planned, most of which find something to happen to.
    assert 0.9 < len(events) / (30 * sum(DAILY_PACE.values())) < 1.05


def test_days_are_the_same_for_the_same_seed_and_go_on_otherwise() -> None:
    first, again = world(), world()
    assert business(first, days=2, seed=3) == business(again, days=2, seed=3)
    assert business(first, days=1, seed=3) == business(again, days=1, seed=3)
    assert business(world(), days=2, seed=5) != business(world(), days=2, seed=3)


def test_days_without_optiply_leave_its_user_out() -> None:
    whats = {event.what for event in business(world(), days=7, seed=1)}
    assert "purchase_placed" in whats
    assert not any(what.startswith(("buy_order", "assembly_order", "field")) for what in whats)
    optiply = Caller()  # nothing in it yet: there is nothing to order
    assert not any(
        event.what.startswith(("buy_order", "assembly_order"))
        for event in business(world(), days=3, optiply=optiply.optiply)
    )


def test_purchases_and_assemblies_leave_their_marks() -> None:
    shop = world()
    events = business(shop, days=20, seed=2)
    gone = {event.id for event in events if event.what in ("purchase_deleted", "assembly_deleted")}
    for event in only(events, "purchase_deleted"):
        assert shop.purchaseorders.get(event.id) is None
    for event in only(events, "assembly_deleted"):
        assert not any(bundle.reference_number == event.number for bundle in shop.bundles)
    for event in only(events, "assembly_made"):
        bundle = shop.bundles.get(event.id)
        assert (bundle is None) == (event.id in gone)
        if bundle is not None:
            assert bundle.status == "bundled"
    for event in only(events, "item_deleted"):
        assert shop.items.get(event.id) is None
    for event in only(events, "vendor_deleted"):
        assert shop.contacts.get(event.id) is None
    # What the lines of the orders tell is what the receives hold.
    held: Counter[str] = Counter()
    for receive in shop.purchasereceives:
        for line in receive.lines:
            held[line.order_line_id] += int(line.quantity)
    for order in shop.purchaseorders:
        for each in order.lines:
            assert each.received == held[each.id]
    assert held.total() > 0


def test_the_user_of_optiply_orders_what_is_sold_and_builds_what_has_a_recipe() -> None:
    shop = world()
    caller = planner(shop)
    events = business(shop, days=30, seed=6, optiply=caller.optiply)
    items = {row["id"]: shop.items.get(row["remoteIdMap"]["77"]) for row in caller.optiply.rows("products")}
    orders = {row["id"]: row for row in caller.optiply.rows("buyOrders")}
    gone = {event.id for event in only(events, "buy_order_deleted")}
    placed = {event.id for event in events if event.what in ("buy_order_placed", "assembly_order_placed")}
    assert set(orders) == placed - gone
    assert gone <= placed
    assert not any(order["createdFromPublicApi"] or order["remoteIdMap"] for order in orders.values())
    totals: Counter[str] = Counter()
    for line in caller.optiply.rows("buyOrderLines"):
        order = orders[str(line["buyOrderId"])]
        totals[order["id"]] += int(Decimal(line["subtotalValue"]) * 100)
        item = items[str(line["productId"])]
        if item is not None:
            assert item.is_combo_product is order["assembly"]
    assert {id: int(Decimal(order["totalValue"]) * 100) for id, order in orders.items()} == {
        id: totals[id] for id in orders
    }
    kept = only(events, "field_kept")
    offers = {row["id"]: row for row in caller.optiply.rows("supplierProducts")}
    name, value = kept[-1].detail.split()
    assert offers[kept[-1].id][name] == int(value)


def test_days_pass_over_the_control_endpoint() -> None:
    with start(items=30, vendors=3, orders=5, speed=0) as sandbox:
        before = sandbox.clock.now()
        request = Request(
            method="POST",
            path="/business",
            query=(),
            headers={"content-type": "application/json"},
            body=msgspec.json.encode({"days": 2, "seed": 3}),
            at=before,
            base="",
        )
        answer = msgspec.json.decode(sandbox.control(request).body)
        assert "purchase_placed" in {event["what"] for event in answer["events"]}
        assert abs(sandbox.clock.now() - before - timedelta(days=2)) < timedelta(milliseconds=10)
        assert sandbox.control.requests() == []
