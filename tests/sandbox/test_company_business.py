"""Hours of business: every kind of event happens, through Zoho's own operations, and shows in its lists."""

from datetime import UTC, datetime, timedelta

import pytest

from stockbridge_sandbox.business import PACE, Event, business
from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.generate import generate
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
