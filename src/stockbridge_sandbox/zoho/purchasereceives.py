"""Purchase receives: what arrived on an issued order; list, detail, create, update, delete (facts: Zoho 10.9)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import detailed, flat, read_custom_fields
from stockbridge_sandbox.zoho.errors import ApiError, already_exists, in_use, invalid_value
from stockbridge_sandbox.zoho.listing import Listing, list_page
from stockbridge_sandbox.zoho.movements import move_stock
from stockbridge_sandbox.zoho.purchaserecords import PurchaseLine, PurchaseOrder, PurchaseReceive, ReceiveLine
from stockbridge_sandbox.zoho.purchaserows import nested_bill, receive_lines
from stockbridge_sandbox.zoho.purchasestatus import settle
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
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_purchase, one_receive

_ZERO = Decimal(0)


def _total(receive: PurchaseReceive) -> Decimal:
    return sum((line.quantity for line in receive.lines), _ZERO)


def _billed_status(world: World, receive: PurchaseReceive) -> str:
    order = world.purchaseorders.get(receive.purchaseorder_id)
    lines = {line.id: line for line in order.lines} if order else {}
    billed = [lines[line.order_line_id].billed for line in receive.lines if line.order_line_id in lines]
    if not any(billed):
        return "to_be_billed"
    whole = all(lines[line.order_line_id].billed >= line.quantity for line in receive.lines)
    return "billed" if whole else "partially_billed"


def _shared(world: World, receive: PurchaseReceive) -> Json:
    order = world.purchaseorders.get(receive.purchaseorder_id)
    vendor = world.contacts.get(receive.vendor_id)
    return {
        "status": "received",
        "vendor_id": receive.vendor_id,
        "vendor_name": vendor.contact_name if vendor else "",
        "purchaseorder_id": receive.purchaseorder_id,
        "purchaseorder_number": order.number if order else "",
        "created_time": stamp(receive.created, world.zone),
        "last_modified_time": stamp(receive.modified, world.zone),
    }


def receive_row(call: Call, receive: PurchaseReceive) -> bytes:
    """A row of GET /purchasereceives; its names differ from those of the detail."""
    return encode(
        {
            **_shared(call.world, receive),
            "purchasereceive_id": receive.id,
            "purchasereceive_number": receive.number,
            "receive_date": day_text(receive.date),
            "is_salesreturn": False,
            "quantity_received": number(_total(receive)),
            "billed_status": _billed_status(call.world, receive),
        }
    )


def receive_detail(world: World, receive: PurchaseReceive) -> Json:
    """The record of GET /purchasereceives/{id}."""
    vendor = world.contacts.get(receive.vendor_id)
    order = world.purchaseorders.get(receive.purchaseorder_id)
    held = {line.order_line_id for line in receive.lines}
    bills = [bill for bill in map(world.bills.get, order.bill_ids if order else ()) if bill]
    parts = ("address", "city", "state", "zip", "country", "fax")
    addresses = {
        name: {part: getattr(getattr(vendor, name), part) if vendor else "" for part in parts}
        for name in ("billing_address", "shipping_address")
    }
    return {
        **_shared(world, receive),
        "receive_id": receive.id,
        "receive_number": receive.number,
        "date": day_text(receive.date),
        "notes": receive.notes,
        "is_billed": _billed_status(world, receive) == "billed",
        "total_quantity_received": number(_total(receive)),
        "contact_persons": [],
        "line_items": receive_lines(world, receive),
        "bills": [
            nested_bill(world, bill)
            for bill in bills
            if any(line.order_line_id in held for line in bill.lines)
        ],
        **addresses,
        "custom_fields": detailed(world, "purchase_receive", receive.custom_fields),
        "custom_field_hash": flat(world, "purchase_receive", receive.custom_fields),
    }


# last_modified_time is most likely ignored here, so it filters nothing (facts: Zoho 5).
LISTING: Listing[PurchaseReceive] = Listing(
    key="purchasereceives",
    report_name="Purchase Receives",
    rows=lambda call: call.world.purchasereceives,
    render=receive_row,
    sorts={
        "date": lambda receive: receive.date,
        "created_time": lambda receive: receive.created,
        "receive_number": lambda receive: receive.number,
    },
    sort_column="created_time",
    sort_order="D",
    filters={"purchaseorder_id": lambda wanted: lambda receive: receive.purchaseorder_id == wanted},
    changed_since=False,
    cached=False,
)


def list_receives(call: Call) -> Reply:
    """GET /purchasereceives, with ?purchaseorder_id= those of an order."""
    return list_page(call, LISTING)


def get_receive(call: Call) -> Reply:
    """GET /purchasereceives/{id}."""
    receive = one_receive(call.world, call.ids[0])
    return Reply(content={"purchasereceive": receive_detail(call.world, receive)})


def create_receive(call: Call) -> Reply:
    """POST /purchasereceives?purchaseorder_id=…: moves the physical stock at once. Over-receipt is 400/36012."""
    world, body = call.world, call.body()
    order = one_purchase(world, call.get("purchaseorder_id") or str(body.get("purchaseorder_id") or ""))
    if order.order_status not in ("issued", "closed"):
        raise ApiError(400, 36016, "Only issued purchase orders can be received.")
    now = world.now()
    receive = PurchaseReceive(
        id="",
        created=now,
        modified=now,
        number="",
        date=now.astimezone(world.zone).date(),
        purchaseorder_id=order.id,
        vendor_id=order.vendor_id,
    )
    receive = _read(world, order, receive, body)
    if not receive.lines:
        raise invalid_value("line_items")
    receive.number = _number(world, body, receive)
    receive.id = world.new_id()
    world.purchasereceives.add(receive)
    order.receive_ids.append(receive.id)
    _arrive(world, order, receive, 1)
    _settled(world, order)
    return Reply(
        status=201,
        message="Purchase Receive has been created.",
        content={"purchasereceive": receive_detail(world, receive)},
        location=f"/api/v1/purchasereceives/{receive.id}",
    )


def update_receive(call: Call) -> Reply:
    """PUT /purchasereceives/{id}: `line_items` replaces the array, and the stock follows."""
    world, body = call.world, call.body()
    receive = one_receive(world, call.ids[0])
    order = one_purchase(world, receive.purchaseorder_id)
    edited = _read(world, order, receive, body)
    if not edited.lines:
        raise invalid_value("line_items")
    edited.number = _number(world, body, edited)
    edited.modified = world.now()
    _arrive(world, order, receive, -1)
    _arrive(world, order, edited, 1)
    world.purchasereceives.add(edited)
    _settled(world, order)
    message = "Purchase Receive has been updated."
    return Reply(message=message, content={"purchasereceive": receive_detail(world, edited)})


def delete_receive(call: Call) -> Reply:
    """DELETE /purchasereceives/{id}: takes the stock back and opens the order again; refused when billed by line."""
    world = call.world
    receive = one_receive(world, call.ids[0])
    order = one_purchase(world, receive.purchaseorder_id)
    held = {line.id for line in receive.lines}
    bills = [bill for bill in map(world.bills.get, order.bill_ids) if bill and bill.counts]
    if any(line.receive_line_id in held for bill in bills for line in bill.lines if line.receive_line_id):
        raise in_use("Purchase receives that have been billed cannot be deleted.")
    _arrive(world, order, receive, -1)
    order.receive_ids.remove(receive.id)
    world.purchasereceives.remove(receive)
    _settled(world, order)
    return Reply(message="The Purchase Receive has been deleted.")


def _settled(world: World, order: PurchaseOrder) -> None:
    settle(world, order, moves_time=world.switches.receive_moves_order_time)


def _arrive(world: World, order: PurchaseOrder, receive: PurchaseReceive, sign: int) -> None:
    """Add (+1) or take back (-1) what a receive brought: on the order's lines and in the physical ledger."""
    lines = {line.id: line for line in order.lines}
    for line in receive.lines:
        lines[line.order_line_id].received += sign * line.quantity
        item = world.items.get(line.item_id)
        if item is not None and item.tracked:
            move_stock(world, item, line.location_id, physical=sign * line.quantity)


def _read(world: World, order: PurchaseOrder, receive: PurchaseReceive, body: Json) -> PurchaseReceive:
    new = replace(receive)
    if "date" in body:
        new.date = read_day("date", body["date"]) or receive.date
    if "notes" in body:
        new.notes = read_text("notes", body["notes"], 5000)
    if "custom_fields" in body:
        new.custom_fields = read_custom_fields(
            world, "purchase_receive", body["custom_fields"], receive.custom_fields
        )
    if "line_items" in body:
        entries = body["line_items"]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise invalid_value("line_items")
        new.lines = [_read_line(world, order, receive, entry) for entry in entries]
        _check_quantities(order, receive, new)
    return new


def _read_line(world: World, order: PurchaseOrder, receive: PurchaseReceive, entry: Json) -> ReceiveLine:
    given = str(entry.get("purchaseorder_item_id") or entry.get("line_item_id") or "")
    own = {line.id: line for line in receive.lines}
    by_order = {line.order_line_id: line for line in receive.lines}
    old = own.get(given) or by_order.get(given)
    line = _order_line(order, old.order_line_id if old else given)
    quantity = read_number("quantity", entry.get("quantity"))
    if quantity is None:
        quantity = old.quantity if old else line.outstanding
    if quantity <= 0:
        raise invalid_value("quantity")
    place = old.location_id if old else line.location_id or order.location_id or world.primary_location.id
    return ReceiveLine(
        id=old.id if old else world.new_id(),
        order_line_id=line.id,
        item_id=line.item_id,
        name=line.name,
        description=line.description,
        unit=line.unit,
        quantity=quantity,
        location_id=place,
    )


def _order_line(order: PurchaseOrder, id_: str) -> PurchaseLine:
    line = next((line for line in order.lines if line.id == id_), None)
    if line is None or not line.receivable:
        raise invalid_value("line_item_id")
    return line


def _check_quantities(order: PurchaseOrder, old: PurchaseReceive, new: PurchaseReceive) -> None:
    before = _by_order_line(old)
    for line_id, quantity in _by_order_line(new).items():
        if quantity > _order_line(order, line_id).outstanding + before.get(line_id, _ZERO):
            raise ApiError(400, 36012, "Quantity recorded cannot be more than quantity ordered.")


def _by_order_line(receive: PurchaseReceive) -> dict[str, Decimal]:
    quantities: dict[str, Decimal] = {}
    for line in receive.lines:
        quantities[line.order_line_id] = quantities.get(line.order_line_id, _ZERO) + line.quantity
    return quantities


def _number(world: World, body: Json, receive: PurchaseReceive) -> str:
    """One's own number is taken; without one the next is given."""
    wanted = read_text("receive_number", body.get("receive_number"), 100)
    if receive.number and wanted in ("", receive.number):
        return receive.number
    taken = {other.number for other in world.purchasereceives}
    if wanted:
        if wanted in taken:
            raise already_exists(f"A purchase receive with the number {wanted}")
        return wanted
    while True:
        number_ = f"{world.organization.receive_prefix}{world.organization.next_receive:05d}"
        world.organization.next_receive += 1
        if number_ not in taken:
            return number_
