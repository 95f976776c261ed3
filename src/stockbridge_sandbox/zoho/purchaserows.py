"""Purchase orders as the API shows them: thin rows with ids of receives, full records with lines (facts: Zoho 10.8)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from stockbridge_sandbox.zoho.customfields import detailed, flat
from stockbridge_sandbox.zoho.orderrows import money
from stockbridge_sandbox.zoho.purchaserecords import (
    Bill,
    BillLine,
    PurchaseLine,
    PurchaseOrder,
    PurchaseReceive,
    ReceiveLine,
)
from stockbridge_sandbox.zoho.purchasestatus import everything_received, order_statuses, yet_to_receive
from stockbridge_sandbox.zoho.records import Contact
from stockbridge_sandbox.zoho.wire import Json, day_text, encode, number, stamp, templates
from stockbridge_sandbox.zoho.world import Call, World

_ZERO = Decimal(0)
_PURCHASE_ACCOUNT = "Cost of Goods Sold"


def line_total(line: PurchaseLine | BillLine) -> Decimal:
    """Quantity times rate less the discount, before tax."""
    total = line.quantity * line.rate * (1 - line.discount_percent / 100)
    return total.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def purchase_totals(world: World, document: PurchaseOrder | Bill) -> tuple[Decimal, Decimal]:
    """Sub total and tax, in the document's currency."""
    sub_total = tax_total = _ZERO
    for line in document.lines:
        amount = line_total(line)
        sub_total += amount
        tax = world.taxes.get(line.tax_id)
        if tax is not None:
            tax_total += (amount * tax.percentage / 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return sub_total, tax_total


def place_of(world: World, location_id: str) -> Json:
    """`location_id` and `location_name`, or before the migration `warehouse_id` and `warehouse_name`."""
    word = "location" if world.switches.stock_layout == "locations" else "warehouse"
    location = world.locations.get(location_id)
    return {f"{word}_id": location_id, f"{word}_name": location.name if location else ""}


def purchase_row(call: Call, order: PurchaseOrder) -> bytes:
    """A row of GET /purchaseorders: no lines, but the quantities of the whole order and the receives' ids."""
    world = call.world
    vendor = world.contacts.get(order.vendor_id)
    receives = [each for each in map(world.purchasereceives.get, order.receive_ids) if each]
    row = {
        **templates()["purchaseorder_row"],
        **_shared(world, order, vendor),
        **order_statuses(order, in_list=True),
        "company_name": vendor.company_name if vendor else "",
        "price_precision": "",
        "total_ordered_quantity": number(sum((line.quantity for line in order.lines), _ZERO)),
        "quantity_yet_to_receive": number(yet_to_receive(order)),
        "quantity_marked_as_received": number(sum((line.marked_received for line in order.lines), _ZERO)),
        "receives": [{"receive_id": each.id, "receive_number": each.number} for each in receives],
        "branch_id": order.location_id,
        **{name: value for name, value in place_of(world, order.location_id).items() if name.endswith("_id")},
        **flat(world, "purchaseorder", order.custom_fields),
    }
    return encode(row)


def purchase_detail(world: World, order: PurchaseOrder) -> Json:
    """The record of GET /purchaseorders/{id}, with its lines, receives and bills."""
    vendor = world.contacts.get(order.vendor_id)
    currency = world.currencies.get(order.currency_id)
    sub_total, tax_total = purchase_totals(world, order)
    template = templates()["purchaseorder"]
    discount = sum((line.quantity * line.rate for line in order.lines), _ZERO) - sub_total
    bills = [bill for bill in map(world.bills.get, order.bill_ids) if bill]
    receives = [each for each in map(world.purchasereceives.get, order.receive_ids) if each]
    detail: Json = {
        **template,
        **_shared(world, order, vendor),
        **order_statuses(order, in_list=False),
        "currency_symbol": currency.symbol if currency else "",
        "price_precision": currency.price_precision if currency else 2,
        "exchange_rate": number(order.exchange_rate),
        "discount_total": money(discount),
        "sub_total": money(sub_total),
        "sub_total_inclusive_of_tax": money(sub_total + tax_total),
        "tax_total": money(tax_total),
        "total_quantity": number(sum((line.quantity for line in order.lines), _ZERO)),
        "payment_terms": vendor.payment_terms if vendor else 0,
        "payment_terms_label": vendor.payment_terms_label if vendor else "",
        "attention": order.attention,
        "ship_via": order.ship_via,
        "notes": order.notes,
        "terms": order.terms,
        "allow_quick_receive": order.order_status == "issued",
        "is_received": everything_received(order),
        "has_qty_cancelled": any(line.cancelled for line in order.lines),
        **place_of(world, order.location_id),
        "line_items": [_line(world, order, line, n) for n, line in enumerate(order.lines, 1)],
        "purchasereceives": [_nested_receive(world, each) for each in receives],
        "bills": [nested_bill(world, bill) for bill in bills],
        "created_by_id": world.organization.id,
        "custom_fields": detailed(world, "purchaseorder", order.custom_fields),
        "custom_field_hash": flat(world, "purchaseorder", order.custom_fields),
    }
    if vendor is not None:
        address = vendor.billing_address
        shape = template["billing_address"]
        detail["billing_address_id"] = address.id
        detail["billing_address"] = {part: getattr(address, part, shape[part]) for part in shape}
    place = world.locations.get(order.location_id)
    if place is not None:
        shape = template["delivery_address"]
        detail["delivery_address"] = {part: getattr(place.address, part, shape[part]) for part in shape}
    return detail


def receive_lines(world: World, receive: PurchaseReceive) -> list[Json]:
    """The lines of a receive. `line_item_id` is the order line's id, or by a switch its own (facts: Zoho 10.9)."""
    return [_receive_line(world, line, n) for n, line in enumerate(receive.lines, 1)]


def bill_status(world: World, bill: Bill) -> str:
    """An open bill is overdue after its day."""
    today = world.now().astimezone(world.zone).date()
    return "overdue" if bill.status == "open" and bill.due_date < today else bill.status


def nested_bill(world: World, bill: Bill) -> Json:
    """A bill as it stands in the detail of an order."""
    total = sum(purchase_totals(world, bill), _ZERO)
    return {
        "bill_id": bill.id,
        "bill_number": bill.number,
        "status": bill_status(world, bill),
        "date": day_text(bill.date),
        "due_date": day_text(bill.due_date),
        "total": money(total),
        "balance": money(total if bill.status == "open" else _ZERO),
    }


def _nested_receive(world: World, receive: PurchaseReceive) -> Json:
    return {
        "receive_id": receive.id,
        "receive_number": receive.number,
        "date": day_text(receive.date),
        "notes": receive.notes,
        "line_items": receive_lines(world, receive),
    }


def _receive_line(world: World, line: ReceiveLine, position: int) -> Json:
    own = world.switches.receive_lines_own_ids
    shown: Json = {
        "line_item_id": line.id if own else line.order_line_id,
        "item_id": line.item_id,
        "name": line.name,
        "description": line.description,
        "item_order": position,
        "quantity": number(line.quantity),
        "unit": line.unit,
        "serial_numbers": [],
        "batches": [],
        "storages": [],
        **place_of(world, line.location_id),
    }
    if own:
        shown["purchaseorder_item_id"] = line.order_line_id
    return shown


def _shared(world: World, order: PurchaseOrder, vendor: Contact | None) -> Json:
    currency = world.currencies.get(order.currency_id)
    return {
        "purchaseorder_id": order.id,
        "purchaseorder_number": order.number,
        "vendor_id": order.vendor_id,
        "vendor_name": vendor.contact_name if vendor else "",
        "reference_number": order.reference_number,
        "date": day_text(order.date),
        "delivery_date": day_text(order.delivery_date),
        "expected_delivery_date": day_text(order.expected_delivery_date),
        "currency_id": order.currency_id,
        "currency_code": currency.code if currency else "",
        "total": money(sum(purchase_totals(world, order), _ZERO)),
        "is_drop_shipment": order.is_drop_shipment,
        "is_backorder": order.is_backorder,
        "is_po_marked_as_received": order.is_po_marked_as_received,
        "created_time": stamp(order.created, world.zone),
        "last_modified_time": stamp(order.modified, world.zone),
    }


def _line(world: World, order: PurchaseOrder, line: PurchaseLine, position: int) -> Json:
    item = world.items.get(line.item_id)
    tax = world.taxes.get(line.tax_id)
    return {
        **templates()["purchaseorder_line"],
        "line_item_id": line.id,
        "item_id": line.item_id,
        "sku": line.sku,
        "account_id": line.account_id,
        "account_name": _PURCHASE_ACCOUNT if line.account_id else "",
        "name": line.name,
        "description": line.description,
        "item_order": position,
        "rate": number(line.rate),
        "bcy_rate": number(line.rate * order.exchange_rate),
        "quantity": number(line.quantity),
        "quantity_received": number(line.received),
        "quantity_marked_as_received": number(line.marked_received),
        "quantity_cancelled": number(line.cancelled),
        "quantity_billed": number(line.billed),
        "is_receivable": line.receivable,
        "is_combo_product": item.is_combo_product if item else False,
        "unit": line.unit,
        "item_total": money(line_total(line)),
        "discount": number(line.discount_percent),
        "tax_id": line.tax_id,
        "tax_name": tax.name if tax else "",
        "tax_percentage": number(tax.percentage) if tax else 0,
        "item_type": item.item_type if item else "",
        **place_of(world, line.location_id or order.location_id),
    }
