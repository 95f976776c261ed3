"""The eight stock numbers of an item, derived from two ledgers and the orders (facts: Zoho 7)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.records import Item, Ledger, Location
from stockbridge_sandbox.zoho.wire import Json, number, number_or_empty
from stockbridge_sandbox.zoho.world import Committed, World

_NOTHING = Ledger()
_NO_ORDERS = Committed()


def list_numbers(item: Item) -> Json:
    """The three numbers a list row carries."""
    accounting = sum((ledger.accounting for ledger in item.stock.values()), Decimal(0))
    physical = sum((ledger.physical for ledger in item.stock.values()), Decimal(0))
    return {
        "stock_on_hand": number(accounting),
        "available_stock": number(accounting),
        "actual_available_stock": number(physical),
    }


def item_numbers(world: World, item: Item) -> Json:
    """The eight numbers of a detail, over all locations."""
    ledger, committed = Ledger(), Committed()
    for location in world.locations:
        here = item.stock.get(location.id, _NOTHING)
        ledger.accounting += here.accounting
        ledger.physical += here.physical
        reserved = world.committed.get((item.id, location.id), _NO_ORDERS)
        committed.accounting += reserved.accounting
        committed.physical += reserved.physical
    return _eight("", ledger, committed)


def places(world: World, item: Item) -> Json:
    """`locations` or, before the migration, `warehouses`: the numbers at each place."""
    word = "location" if world.switches.stock_layout == "locations" else "warehouse"
    return {f"{word}s": [_place(world, item, location, word) for location in world.locations]}


def _place(world: World, item: Item, location: Location, word: str) -> Json:
    ledger = item.stock.get(location.id, _NOTHING)
    shown: Json = {
        f"{word}_id": location.id,
        f"{word}_name": location.name,
        "status": location.status,
        "is_primary": location.is_primary,
        "is_item_mapped": True,
        "initial_stock": number(ledger.opening),
        "initial_stock_rate": number_or_empty(item.initial_stock_rate if ledger.opening else None),
        **_eight(f"{word}_", ledger, world.committed.get((item.id, location.id), _NO_ORDERS)),
        "batches": [],
        "storages": [],
        "sales_channels": [],
    }
    if word == "location":
        shown["location_asset_value"] = number(ledger.accounting * item.purchase_rate)
        shown["is_general_location"] = location.type == "general"
        shown["is_primary_location"] = location.is_primary
    return shown


def _eight(prefix: str, ledger: Ledger, committed: Committed) -> Json:
    return {
        f"{prefix}stock_on_hand": number(ledger.accounting),
        f"{prefix}available_stock": number(ledger.accounting),
        f"{prefix}actual_available_stock": number(ledger.physical),
        f"{prefix}committed_stock": number(committed.accounting),
        f"{prefix}actual_committed_stock": number(committed.physical),
        f"{prefix}available_for_sale_stock": number(ledger.accounting - committed.accounting),
        f"{prefix}actual_available_for_sale_stock": number(ledger.physical - committed.physical),
        f"{prefix}quantity_in_transit": 0,
    }
