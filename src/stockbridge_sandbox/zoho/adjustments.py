"""Inventory adjustments: list, detail, create, update, delete (facts: Zoho 10.12). They move both ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from stockbridge_sandbox.zoho.bundlerows import place_of
from stockbridge_sandbox.zoho.errors import ApiError, invalid_value, no_such
from stockbridge_sandbox.zoho.listing import Listing, list_page
from stockbridge_sandbox.zoho.movements import move_stock
from stockbridge_sandbox.zoho.orderrows import money
from stockbridge_sandbox.zoho.records import Adjustment, AdjustmentLine
from stockbridge_sandbox.zoho.wire import (
    Json,
    day_text,
    encode,
    number,
    read_day,
    read_number,
    read_text,
    stamp,
)
from stockbridge_sandbox.zoho.world import Call, Reply, World

_COST_OF_GOODS = ("260815000000000385", "Cost of Goods Sold")

LISTING: Listing[Adjustment] = Listing(
    key="inventory_adjustments",
    report_name="Inventory Adjustments",
    rows=lambda call: call.world.adjustments,
    render=lambda call, adjustment: encode(_shared(call.world, adjustment)),
    changed_since=False,
    cached=False,
    sorts={
        "date": lambda adjustment: adjustment.date,
        "created_time": lambda adjustment: adjustment.created,
    },
    sort_column="created_time",
    sort_order="D",
)


def list_adjustments(call: Call) -> Reply:
    """GET /inventoryadjustments: pages, and no filters."""
    return list_page(call, LISTING)


def get_adjustment(call: Call) -> Reply:
    """GET /inventoryadjustments/{id}."""
    return _answer(call.world, _one(call), "success")


def create_adjustment(call: Call) -> Reply:
    """POST /inventoryadjustments: 201 live. Raises ApiError 400/2 for adjustments of the value, which are not simulated."""
    world, body = call.world, call.body()
    now = world.now()
    adjustment = Adjustment(
        id="",
        created=now,
        modified=now,
        date=now.date(),
        reason="",
        reason_id="",
        location_id=world.primary_location.id,
    )
    adjustment = _read(world, adjustment, body)
    adjustment.id = world.new_id()
    world.adjustments.add(adjustment)
    world.mention(adjustment.item_ids, 1)
    _move(world, _moves(adjustment))
    reply = _answer(world, adjustment, "Inventory Adjustment has been added")
    return replace(reply, status=201, location=f"/api/v1/inventoryadjustments/{adjustment.id}")


def update_adjustment(call: Call) -> Reply:
    """PUT /inventoryadjustments/{id}: needs all that a create needs; what it moved goes back and is moved anew."""
    world, old = call.world, _one(call)
    new = _read(world, old, call.body())
    new.modified = world.now()
    world.mention(old.item_ids, -1)
    world.adjustments.add(new)
    world.mention(new.item_ids, 1)
    _move(world, {place: -amount for place, amount in _moves(old).items()})
    _move(world, _moves(new))
    return _answer(world, new, "success")


def delete_adjustment(call: Call) -> Reply:
    """DELETE /inventoryadjustments/{id}: what it moved goes back."""
    world, adjustment = call.world, _one(call)
    world.adjustments.remove(adjustment)
    world.mention(adjustment.item_ids, -1)
    _move(world, {place: -amount for place, amount in _moves(adjustment).items()})
    return Reply(message="Inventory Adjustment(s) has been deleted")


def _one(call: Call) -> Adjustment:
    record = call.world.adjustments.get(call.ids[0])
    if record is None:
        raise no_such("Inventory Adjustment")
    return record


def _answer(world: World, adjustment: Adjustment, message: str) -> Reply:
    return Reply(message=message, content={"inventory_adjustment": _detail(world, adjustment)})


def _moves(adjustment: Adjustment) -> dict[tuple[str, str], Decimal]:
    """The change by item and location."""
    moves: dict[tuple[str, str], Decimal] = {}
    for line in adjustment.lines:
        place = line.item_id, line.location_id or adjustment.location_id
        moves[place] = moves.get(place, Decimal(0)) + line.quantity
    return moves


def _move(world: World, moves: Mapping[tuple[str, str], Decimal]) -> None:
    for (item_id, location_id), amount in moves.items():
        item = world.items.get(item_id)
        if item is not None and item.tracked:
            move_stock(world, item, location_id, physical=amount, accounting=amount)


def _read(world: World, adjustment: Adjustment, body: Json) -> Adjustment:
    """A copy with the fields of the body, or an ApiError and nothing has changed."""
    new = replace(adjustment)
    day = read_day("date", body.get("date"))
    if day is None:
        raise invalid_value("date")
    new.date = day
    new.reason = read_text("reason", body.get("reason"), 100).strip()
    if not new.reason:
        raise invalid_value("reason")
    if body.get("adjustment_type") != "quantity":
        raise invalid_value("adjustment_type")
    same = (other.reason_id for other in world.adjustments if other.reason == new.reason)
    new.reason_id = next(same, "") or world.new_id()
    for name, longest in (("reference_number", 100), ("description", 2000)):
        if name in body:
            setattr(new, name, read_text(name, body[name], longest))
    new.location_id = _place(world, body) or adjustment.location_id
    lines = body.get("line_items")
    if not isinstance(lines, list) or not lines or not all(isinstance(entry, dict) for entry in lines):
        raise invalid_value("line_items")
    known = {line.id: line for line in adjustment.lines}
    new.lines = [_read_line(world, entry, known.get(str(entry.get("line_item_id", "")))) for entry in lines]
    return new


def _place(world: World, body: Json) -> str:
    place = body.get("location_id") or body.get("warehouse_id")
    if place and world.locations.get(str(place)) is None:
        raise no_such("Location")
    return str(place or "")


def _read_line(world: World, entry: Json, old: AdjustmentLine | None) -> AdjustmentLine:
    item = world.items.get(str(entry.get("item_id") or ""))
    if item is None:
        raise ApiError(400, 2006, "Item does not exist.")
    quantity = read_number("quantity_adjusted", entry.get("quantity_adjusted"))
    if not quantity:
        raise invalid_value("quantity_adjusted")
    if not item.tracked:
        raise invalid_value("item_id")
    return AdjustmentLine(
        id=old.id if old else world.new_id(),
        item_id=item.id,
        name=read_text("name", entry.get("name"), 255) or item.name,
        quantity=quantity,
        description=read_text("description", entry.get("description"), 2000),
        unit=item.unit,
        location_id=_place(world, entry),
    )


def _shared(world: World, adjustment: Adjustment) -> Json:
    total = sum((_line_total(world, line) for line in adjustment.lines), Decimal(0))
    return {
        "inventory_adjustment_id": adjustment.id,
        "date": day_text(adjustment.date),
        "reason": adjustment.reason,
        "reason_id": adjustment.reason_id,
        "description": adjustment.description,
        "reference_number": adjustment.reference_number,
        "adjustment_type": "quantity",
        "status": "adjusted",
        "total": money(total),
        **place_of(world, adjustment.location_id),
        "custom_fields": [],
        "created_time": stamp(adjustment.created, world.zone),
        "last_modified_time": stamp(adjustment.modified, world.zone),
        "created_by_id": world.organization.id,
        "created_by_name": world.organization.contact_name,
    }


def _detail(world: World, adjustment: Adjustment) -> Json:
    return {
        **_shared(world, adjustment),
        "line_items": [
            {
                "line_item_id": line.id,
                "item_id": line.item_id,
                "name": line.name,
                "description": line.description,
                "quantity_adjusted": number(line.quantity),
                "item_total": money(_line_total(world, line)),
                "unit": line.unit,
                "is_combo_product": bool(item and item.is_combo_product),
                "adjustment_account_id": _COST_OF_GOODS[0],
                "adjustment_account_name": _COST_OF_GOODS[1],
                **place_of(world, line.location_id or adjustment.location_id),
                "serial_numbers": [],
                "batches": [],
                "storages": [],
            }
            for line in adjustment.lines
            for item in [world.items.get(line.item_id)]
        ],
    }


def _line_total(world: World, line: AdjustmentLine) -> Decimal:
    item = world.items.get(line.item_id)
    return line.quantity * item.purchase_rate if item else Decimal(0)
