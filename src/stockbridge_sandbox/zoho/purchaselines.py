"""How the lines of a purchase order are read from a body (facts: Zoho 10.8)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.errors import ApiError, invalid_value, no_such
from stockbridge_sandbox.zoho.purchaserecords import PurchaseLine
from stockbridge_sandbox.zoho.records import Item
from stockbridge_sandbox.zoho.wire import Json, read_number, read_text
from stockbridge_sandbox.zoho.world import World


def read_lines(world: World, value: object, old: list[PurchaseLine]) -> list[PurchaseLine]:
    """The lines after a write: the array replaces the old one, lines are kept by `line_item_id`.

    Raises ApiError 400/2 for a bad value, 400/2006 for an item that is not there, 400/29032 for one that cannot be
    bought, 400/36019 when something that arrived or was billed would be left without its line.
    """
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise invalid_value("line_items")
    known = {line.id: line for line in old}
    lines = [_read_line(world, entry, known.get(str(entry.get("line_item_id", "")))) for entry in value]
    new = {line.id: line for line in lines}
    if len(new) < len(lines):
        raise invalid_value("line_item_id")
    for line in old:
        begun = max(line.received + line.marked_received, line.billed)
        kept = new.get(line.id)
        if begun and (kept is None or kept.item_id != line.item_id):
            raise ApiError(400, 36019, "Line items that have been received or billed cannot be removed.")
        if kept is not None and kept.quantity < begun:
            raise ApiError(400, 36019, "The quantity cannot be less than what has been received or billed.")
    return lines


def place_given(world: World, entry: Json) -> str:
    """The location that a body names, "" for none. Raises ApiError 404/1002."""
    place = str(entry.get("location_id") or entry.get("warehouse_id") or "")
    if place and world.locations.get(place) is None:
        raise no_such("Location")
    return place


def _read_line(world: World, entry: Json, old: PurchaseLine | None) -> PurchaseLine:
    item = _item(world, str(entry.get("item_id") or (old.item_id if old else "")))
    name = read_text("name", entry.get("name"), 255) or (old.name if old else item.name if item else "")
    if not name:
        raise invalid_value("item_id")
    quantity = read_number("quantity", entry.get("quantity"))
    if quantity is None:
        quantity = old.quantity if old else Decimal(1)
    if quantity <= 0:
        raise invalid_value("quantity")
    tax_id = str(entry.get("tax_id") or (old.tax_id if old else item.tax_id if item else ""))
    if tax_id and world.taxes.get(tax_id) is None:
        raise no_such("Tax")
    discount = read_number("discount", str(entry.get("discount", "")).rstrip("%"))
    return PurchaseLine(
        id=old.id if old else world.new_id(),
        item_id=item.id if item else "",
        name=name,
        sku=item.sku if item else "",
        unit=item.unit if item else "",
        description=read_text("description", entry.get("description"), 2000)
        or (old.description if old else ""),
        account_id=str(
            entry.get("account_id") or (old.account_id if old else item.purchase_account_id if item else "")
        ),
        quantity=quantity,
        rate=_rate(entry, old, item),
        discount_percent=discount if discount is not None else (old.discount_percent if old else Decimal(0)),
        tax_id=tax_id,
        location_id=place_given(world, entry) or (old.location_id if old else ""),
        receivable=item is not None and item.product_type == "goods",
        received=old.received if old else Decimal(0),
        billed=old.billed if old else Decimal(0),
        marked_received=old.marked_received if old else Decimal(0),
        cancelled=old.cancelled if old else Decimal(0),
    )


def _item(world: World, item_id: str) -> Item | None:
    if not item_id:
        return None
    item = world.items.get(item_id)
    if item is None:
        raise ApiError(400, 2006, "Item does not exist.")
    if item.item_type == "sales":
        raise ApiError(400, 29032, f"The item {item.name} does not have purchase information.")
    return item


def _rate(entry: Json, old: PurchaseLine | None, item: Item | None) -> Decimal:
    """Live it is called `rate`, in the documents `purchase_rate`; without one the item's (facts: Zoho 10.8)."""
    for name in ("rate", "purchase_rate"):
        rate = read_number(name, entry.get(name))
        if rate is not None:
            return rate
    if old is not None:
        return old.rate
    return item.purchase_rate if item is not None else Decimal(0)
