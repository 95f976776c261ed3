"""Business in the simulated company: what people do in Zoho and in Optiply while nobody looks at the APIs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from stockbridge_sandbox.business_assemblies import ASSEMBLIES
from stockbridge_sandbox.business_day import Day, Event, Happening
from stockbridge_sandbox.business_planner import PLANNER
from stockbridge_sandbox.business_purchases import PURCHASES
from stockbridge_sandbox.business_sales import SALES
from stockbridge_sandbox.optiply.app import Optiply
from stockbridge_sandbox.zoho.world import World

# Each kind happens this often in an hour, at least once in any business at all.
PACE: dict[str, int] = {
    "order_created": 4,
    "stock_moved": 4,
    "item_edited": 3,
    "price_changed": 2,
    "order_confirmed": 2,
    "order_fulfilled": 2,
    "item_created": 1,
    "item_renamed": 1,
    "item_deactivated": 1,
    "order_edited": 1,
    "order_voided": 1,
    "order_deleted": 1,
    "vendor_created": 1,
    "vendor_edited": 1,
    "item_vendor_changed": 1,
}

# Each kind happens this often in a day, where there is something that it can happen to; halves are thrown for.
DAILY_PACE: dict[str, float] = {
    "order_created": 8,
    "order_confirmed": 4,
    "order_fulfilled": 4,
    "order_edited": 1,
    "order_voided": 0.5,
    "order_deleted": 0.5,
    "item_edited": 2,
    "price_changed": 1,
    "item_renamed": 0.5,
    "item_created": 1,
    "item_deactivated": 0.25,
    "item_vendor_changed": 0.5,
    "item_deleted": 0.5,
    "vendor_created": 0.5,
    "vendor_edited": 0.5,
    "vendor_deleted": 0.25,
    "stock_adjusted": 2,
    "purchase_placed": 4,
    "purchase_issued": 1,
    "purchase_received": 3,
    "purchase_billed": 1,
    "purchase_finished": 2,
    "purchase_cut_short": 0.5,
    "purchase_edited": 1,
    "purchase_delayed": 1,
    "purchase_line_added": 1,
    "purchase_line_removed": 0.5,
    "purchase_line_moved": 0.5,
    "purchase_vendor_changed": 0.5,
    "purchase_judged": 0.5,
    "purchase_cancelled": 0.5,
    "purchase_deleted": 0.5,
    "receive_deleted": 0.5,
    "receive_corrected": 0.25,
    "composite_made": 0.25,
    "recipe_edited": 1,
    "assembly_planned": 1,
    "assembly_made": 1,
    "assembly_confirmed": 0.5,
    "assembly_completed": 1,
    "assembly_deleted": 0.5,
    "buy_order_placed": 2,
    "assembly_order_placed": 1,
    "buy_order_edited": 0.5,
    "buy_order_delayed": 0.25,
    "buy_order_line_removed": 0.25,
    "buy_order_deleted": 0.5,
    "field_kept": 1,
}

_HAPPENINGS: Mapping[str, Happening] = SALES | PURCHASES | ASSEMBLIES | PLANNER


def business(
    world: World,
    *,
    hours: float = 1,
    days: int = 0,
    seed: int = 1,
    advance: bool = True,
    optiply: Optiply | None = None,
) -> list[Event]:
    """Let `hours` of sales happen, or, when given, whole `days` of all kinds of business; gives the events in order.

    Days hold purchases, assemblies and deletions as well, and, where there is an `optiply`, what its user does; a kind
    that finds nothing to happen to is left out. The sandbox clock moves on by that time, event by event, unless `advance`
    is false (then everything happens now). The caller holds the lock of the Zoho side. Raises ValueError for a time that
    is not positive, or an organisation without items.
    """
    if hours <= 0 or days < 0:
        raise ValueError("hours or days of business must be more than 0")
    day = _begin(world, seed, optiply, bought=days > 0)
    if days:
        kinds = (_kinds_of_a_day(day.dice) for _ in range(days))
        return [event for some in kinds for event in _through(day, some, 24, advance)]
    return list(_through(day, _kinds_of_hours(day.dice, hours), hours, advance))


def a_day(
    world: World,
    *,
    seed: int = 1,
    pace: float = 1,
    advance: bool = True,
    optiply: Optiply | None = None,
) -> Iterator[Event]:
    """One day of `business`, event by event, so that something else can go on in between; with a `pace` of 0.5 half as
    much of it.

    The caller holds the lock of the Zoho side while it takes the next event, and need not hold it between two of them.
    """
    day = _begin(world, seed, optiply, bought=True)
    yield from _through(day, _kinds_of_a_day(day.dice, pace), 24, advance)


def _begin(world: World, seed: int, optiply: Optiply | None, *, bought: bool) -> Day:
    if not len(world.items):
        raise ValueError("an organisation without items does no business: add an item first")
    # The state has a say, so that a second hour with the same seed is another hour.
    records = (world.items, world.contacts, world.salesorders, *((world.purchaseorders,) if bought else ()))
    dice = random.Random(":".join(map(str, (seed, *map(len, records)))))
    return Day(world=world, dice=dice, optiply=optiply)


def _kinds_of_hours(dice: random.Random, hours: float) -> list[str]:
    kinds = [kind for kind, pace in PACE.items() for _ in range(max(1, round(pace * hours)))]
    dice.shuffle(kinds)
    return kinds


def _kinds_of_a_day(dice: random.Random, pace: float = 1) -> list[str]:
    kinds = []
    for kind, usual in DAILY_PACE.items():
        often = usual * pace
        times = int(often) + (dice.random() < often - int(often))
        kinds += [kind] * times
    dice.shuffle(kinds)
    return kinds


def _through(day: Day, kinds: list[str], hours: float, advance: bool) -> Iterator[Event]:
    """Let them happen one after the other, evenly over the hours."""
    pause = hours * 3600 / len(kinds)
    for kind in kinds:
        if advance:
            day.world.clock.advance(pause)
        event = _HAPPENINGS[kind](day)
        if event is not None:
            yield event
