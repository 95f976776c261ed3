"""What happens to recipes, assemblies and counted stock, and which items and vendors leave for good."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from stockbridge_sandbox.business_day import Day, Event, Happening, there
from stockbridge_sandbox.zoho.records import Bundle, Item

_PART_QUANTITIES = (1, 2, 2, 4)


def _composite_made(day: Day) -> Event | None:
    parts = list(_goods(day))
    vendor = day.some(
        each for each in day.world.contacts if each.contact_type == "vendor" and each.status == "active"
    )
    if len(parts) < 2 or vendor is None:
        return None
    number = day.dice.randrange(10**8)
    body = {
        "name": f"Pakket {number}",
        "sku": f"SET-{number}",
        "rate": 49.95,
        "purchase_rate": 20,
        "item_type": "inventory",
        "product_type": "goods",
        "vendor_id": vendor.id,
        "mapped_items": [
            {"item_id": part.id, "quantity": day.dice.choice(_PART_QUANTITIES)}
            for part in day.dice.sample(parts, min(len(parts), day.dice.randrange(2, 5)))
        ],
    }
    made = day.do("POST", "/compositeitems", body)
    return day.event("composite_made", there(day.world.items.get(made["composite_item_id"])))


def _recipe_edited(day: Day) -> Event | None:
    """A part is taken twice as often, comes in, or goes out."""
    composite = day.some(item for item in day.world.items if item.is_combo_product and item.parts)
    if composite is None:
        return None
    entries = [_same(part.id) for part in composite.parts]
    what = day.dice.choice(("more", "added", "removed"))
    held = {part.item_id for part in composite.parts}
    new = day.some(item for item in _goods(day) if item.id not in held)
    if what == "removed" and len(entries) > 2:
        gone = entries.pop(day.dice.randrange(len(entries)))
        detail = f"part {gone['line_item_id']} removed"
    elif what == "added" and new is not None:
        entries.append({"item_id": new.id, "quantity": day.dice.choice(_PART_QUANTITIES)})
        detail = f"{new.sku or new.name} added"
    else:
        part = day.dice.choice(composite.parts)
        entries[composite.parts.index(part)]["quantity"] = float(part.quantity * 2)
        detail = f"{part.quantity:f} -> {part.quantity * 2:f}"
    day.do("PUT", f"/compositeitems/{composite.id}", {"mapped_items": entries})
    return day.event("recipe_edited", composite, detail)


def _planned(day: Day) -> Event | None:
    bundle = _make(day, completed=False)
    return day.event("assembly_planned", bundle, bundle.status) if bundle else None


def _made(day: Day) -> Event | None:
    bundle = _make(day, completed=True)
    return day.event("assembly_made", bundle, f"{bundle.quantity:f} pieces") if bundle else None


def _confirmed(day: Day) -> Event | None:
    bundle = day.some(each for each in day.world.bundles if each.status == "draft")
    if bundle is None:
        return None
    day.do("POST", f"/bundles/{bundle.id}/confirmed")
    return day.event("assembly_confirmed", bundle)


def _completed(day: Day) -> Event | None:
    bundle = day.some(each for each in day.world.bundles if each.status != "bundled")
    if bundle is None:
        return None
    needed = {line.item_id: Decimal(0) for line in bundle.lines}
    for line in bundle.lines:
        needed[line.item_id] += line.quantity * bundle.quantity
    _bring(day, bundle.location_id, needed)
    day.do("POST", f"/bundles/{bundle.id}/bundled")
    return day.event("assembly_completed", bundle)


def _deleted(day: Day) -> Event | None:
    bundle = day.some(day.world.bundles)
    if bundle is None:
        return None
    event = day.event("assembly_deleted", bundle, bundle.status)
    day.do("DELETE", f"/bundles/{bundle.id}")
    return event


def _adjusted(day: Day) -> Event | None:
    item = day.some(_goods(day))
    if item is None:
        return None
    quantity = day.dice.choice((-3, -1, 2, 10))
    _adjust(day, day.world.primary_location.id, {item.id: Decimal(quantity)}, "Stocktaking results")
    return day.event("stock_adjusted", item, f"{quantity:+}")


def _item_deleted(day: Day) -> Event | None:
    """An item that no document and no recipe holds."""
    in_recipes = {part.item_id for item in day.world.items for part in item.parts}
    item = day.some(
        item
        for item in day.world.items
        if not day.world.orders_of_item[item.id] and item.id not in in_recipes and not item.is_combo_product
    )
    if item is None:
        return None
    event = day.event("item_deleted", item)
    day.do("DELETE", f"/items/{item.id}")
    return event


def _vendor_deleted(day: Day) -> Event | None:
    """A vendor that no document and no item names."""
    named = {id for item in day.world.items for id in (item.vendor_id, *item.further_vendor_ids)}
    vendor = day.some(
        each
        for each in day.world.contacts
        if each.contact_type == "vendor"
        and each.id not in named
        and not day.world.orders_of_customer[each.id]
    )
    if vendor is None:
        return None
    event = day.event("vendor_deleted", vendor)
    day.do("DELETE", f"/contacts/{vendor.id}")
    return event


ASSEMBLIES: dict[str, Happening] = {
    "composite_made": _composite_made,
    "recipe_edited": _recipe_edited,
    "assembly_planned": _planned,
    "assembly_made": _made,
    "assembly_confirmed": _confirmed,
    "assembly_completed": _completed,
    "assembly_deleted": _deleted,
    "stock_adjusted": _adjusted,
    "item_deleted": _item_deleted,
    "vendor_deleted": _vendor_deleted,
}


def _goods(day: Day) -> Iterator[Item]:
    """Active goods with stock that are no composites, so that recipes of them have no circles."""
    return (
        item
        for item in day.world.items
        if item.status == "active" and item.tracked and not item.is_combo_product
    )


def _same(part_id: str) -> dict[str, Any]:
    return {"line_item_id": part_id}


def _make(day: Day, *, completed: bool) -> Bundle | None:
    """An assembly after its recipe; what the shelf lacks for a completed one is found in a count before."""
    composite = day.some(
        item
        for item in day.world.items
        if item.is_combo_product and item.combo_type == "assembly" and item.status == "active" and item.parts
    )
    if composite is None:
        return None
    quantity = day.dice.choice((1, 2, 5, 10))
    place = day.world.primary_location.id
    if completed:
        needed = {part.item_id: Decimal(0) for part in composite.parts}
        for part in composite.parts:
            needed[part.item_id] += part.quantity * quantity
        _bring(day, place, needed)
    body = {
        "date": day.today,
        "composite_item_id": composite.id,
        "composite_item_name": composite.name,
        "quantity_to_bundle": quantity,
        "location_id": place,
        "is_completed": completed,
        "line_items": [
            {
                "item_id": part.item_id,
                "name": there(day.world.items.get(part.item_id)).name,
                "quantity_consumed": float(part.quantity),
            }
            for part in composite.parts
        ],
    }
    return day.world.bundles.get(day.do("POST", "/bundles", body)["bundle_id"])


def _bring(day: Day, place: str, needed: dict[str, Decimal]) -> None:
    """See that a location holds so much of each item."""
    short: dict[str, Decimal] = {}
    for item_id, quantity in needed.items():
        item = day.world.items.get(item_id)
        if item is None or not item.tracked:
            continue
        ledger = item.stock.get(place)
        missing = quantity - (ledger.physical if ledger else Decimal(0))
        if missing > 0:
            short[item_id] = missing
    if short:
        _adjust(day, place, short, "Found in a count")


def _adjust(day: Day, place: str, quantities: dict[str, Decimal], reason: str) -> None:
    lines = [{"item_id": id, "quantity_adjusted": float(quantity)} for id, quantity in quantities.items()]
    body = {
        "date": day.today,
        "reason": reason,
        "adjustment_type": "quantity",
        "location_id": place,
        "line_items": lines,
    }
    day.do("POST", "/inventoryadjustments", body)
