"""The small shop with a workshop: a bicycle made of parts and an hour of work, a composite of composites, and a kit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from zoho_caller import Caller, Json
from zoho_shop import shop

from stockbridge_sandbox.company import Company, Component, Item, Recipe, Stock


def workshop() -> Company:
    """Twenty frames, forty wheels and ten bells at Magazijn; a bicycle takes a frame, two wheels, an hour."""
    at = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def tracked(key: str, name: str, stock: int, cost: int) -> Item:
        there = (Stock(location="a", physical=Decimal(stock), accounting=Decimal(stock)),)
        return Item(
            key=key,
            name=name,
            sku=key.upper(),
            purchase_rate=Decimal(cost),
            stock=there,
            created=at,
            modified=at,
        )

    def recipe(item: str, *parts: tuple[str, str], kit: bool = False) -> Recipe:
        components = tuple(Component(item=part, quantity=Decimal(quantity)) for part, quantity in parts)
        return Recipe(item=item, components=components, combo_type="kit" if kit else "assembly")

    small = shop()
    return replace(
        small,
        items=(
            *small.items,
            tracked("frame", "Frame", 20, 100),
            tracked("wheel", "Wiel", 40, 30),
            tracked("bike", "Fiets", 0, 0),
            tracked("gift", "Fiets met bellen", 0, 0),
            tracked("kit", "Pakket", 0, 0),
        ),
        recipes=(
            recipe("bike", ("frame", "1"), ("wheel", "2"), ("hour", "1")),
            recipe("gift", ("bike", "1"), ("bel", "2.5")),
            recipe("kit", ("bel", "1"), ("wheel", "1"), kit=True),
        ),
    )


def item_of(caller: Caller, sku: str) -> Json:
    """The row of GET /items with that SKU."""
    found: Json = caller.get("/items", sku=sku)["items"][0]
    return found


def composite_of(caller: Caller, sku: str) -> Json:
    """The full composite with that SKU."""
    record: Json = caller.get(f"/compositeitems/{item_of(caller, sku)['item_id']}")["composite_item"]
    return record


def stock_of(caller: Caller, sku: str, place: str = "Magazijn") -> tuple[float, float]:
    """The physical and the accounting stock of an item at one place."""
    item = caller.get(f"/items/{item_of(caller, sku)['item_id']}")["item"]
    there = next(each for each in item["locations"] if each["location_name"] == place)
    return there["location_actual_available_stock"], there["location_stock_on_hand"]


def location_of(caller: Caller, name: str) -> str:
    """The id of a location."""
    rows = caller.get("/locations")["locations"]
    return str(next(row["location_id"] for row in rows if row["location_name"] == name))
