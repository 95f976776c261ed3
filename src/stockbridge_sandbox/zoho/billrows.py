"""Bills as the API shows them (facts: Zoho 10.10)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import detailed, flat
from stockbridge_sandbox.zoho.orderrows import money
from stockbridge_sandbox.zoho.purchaserecords import Bill, BillLine
from stockbridge_sandbox.zoho.purchaserows import bill_status, line_total, place_of, purchase_totals
from stockbridge_sandbox.zoho.wire import Json, day_text, encode, number, stamp, templates
from stockbridge_sandbox.zoho.world import Call, World

_ZERO = Decimal(0)


def _shared(world: World, bill: Bill) -> Json:
    vendor = world.contacts.get(bill.vendor_id)
    currency = world.currencies.get(bill.currency_id)
    total = sum(purchase_totals(world, bill), _ZERO)
    status = bill_status(world, bill)
    return {
        **templates()["bill_row"],
        "bill_id": bill.id,
        "bill_number": bill.number,
        "reference_number": bill.reference_number,
        "vendor_id": bill.vendor_id,
        "vendor_name": vendor.contact_name if vendor else "",
        "status": status,
        "current_sub_status": status,
        "date": day_text(bill.date),
        "due_date": day_text(bill.due_date),
        "currency_id": bill.currency_id,
        "currency_code": currency.code if currency else "",
        "price_precision": currency.price_precision if currency else 2,
        "exchange_rate": number(bill.exchange_rate),
        "total": money(total),
        "balance": money(total if bill.status == "open" else _ZERO),
        "balance_due": money(total if bill.status == "open" else _ZERO),
        "created_by": world.organization.contact_name,
        "last_modified_by": world.organization.contact_name,
        "created_time": stamp(bill.created, world.zone),
        "created_time_formatted": bill.created.astimezone(world.zone).strftime("%d %b %Y %I:%M %p"),
        "last_modified_time": stamp(bill.modified, world.zone),
        "last_modified_time_formatted": bill.modified.astimezone(world.zone).strftime("%d %b %Y %I:%M %p"),
    }


def bill_row(call: Call, bill: Bill) -> bytes:
    """A row of GET /bills: without lines, as live (the documents have them)."""
    return encode(_shared(call.world, bill) | flat(call.world, "bill", bill.custom_fields))


def bill_detail(world: World, bill: Bill) -> Json:
    """The record of GET /bills/{id}."""
    sub_total, tax_total = purchase_totals(world, bill)
    vendor = world.contacts.get(bill.vendor_id)
    currency = world.currencies.get(bill.currency_id)
    parts = ("address", "city", "state", "zip", "country", "fax")
    return {
        **_shared(world, bill),
        "purchaseorder_id": bill.purchaseorder_id,
        "unused_credits_payable_amount": 0,
        "due_by_days": 0,
        "currency_symbol": currency.symbol if currency else "",
        "is_item_level_tax_calc": False,
        "line_items": [_shown_line(world, bill, line, n) for n, line in enumerate(bill.lines, 1)],
        **place_of(world, bill.location_id),
        "taxes": [],
        "vendor_credits_applied": 0,
        "sub_total": money(sub_total),
        "tax_total": money(tax_total),
        "billing_address": {part: getattr(vendor.billing_address, part) if vendor else "" for part in parts},
        "payments": [],
        "vendor_credits": [],
        "reference_id": "",
        "notes": bill.notes,
        "terms": bill.terms,
        "open_purchaseorders_count": 0,
        "custom_fields": detailed(world, "bill", bill.custom_fields),
        "custom_field_hash": flat(world, "bill", bill.custom_fields),
    }


def _shown_line(world: World, bill: Bill, line: BillLine, position: int) -> Json:
    tax = world.taxes.get(line.tax_id)
    return {
        "line_item_id": line.id,
        "purchaseorder_item_id": line.order_line_id,
        "receive_item_id": line.receive_line_id,
        "item_id": line.item_id,
        "name": line.name,
        "account_id": line.account_id,
        "account_name": "Cost of Goods Sold" if line.account_id else "",
        "description": line.description,
        "bcy_rate": number(line.rate * bill.exchange_rate),
        "rate": number(line.rate),
        "quantity": number(line.quantity),
        "tax_id": line.tax_id,
        "tax_name": tax.name if tax else "",
        "tax_type": "tax",
        "tax_percentage": number(tax.percentage) if tax else 0,
        "item_total": money(line_total(line)),
        "item_order": position,
        "unit": line.unit,
        **place_of(world, line.location_id or bill.location_id),
        "serial_numbers": [],
        "batches": [],
        "storages": [],
        "item_custom_fields": [],
    }
