"""Bundles (assemblies) as the API shows them: thin rows, and full records with their lines (facts: Zoho 10.5)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import detailed
from stockbridge_sandbox.zoho.orderrows import money
from stockbridge_sandbox.zoho.records import Bundle, BundleLine
from stockbridge_sandbox.zoho.wire import Json, day_text, encode, number, stamp
from stockbridge_sandbox.zoho.world import Call, World

_COST_OF_GOODS = "Cost of Goods Sold"


def bundle_total(bundle: Bundle) -> Decimal:
    """What all components of all pieces cost."""
    costs = (line.quantity * line.rate for line in bundle.lines)
    return sum(costs, Decimal(0)) * bundle.quantity


def bundle_row(call: Call, bundle: Bundle) -> bytes:
    """A row of GET /bundles: no line_items and no custom_fields, live."""
    return encode(_shared(call.world, bundle))


def bundle_detail(world: World, bundle: Bundle) -> Json:
    """The record of GET /bundles/{id}."""
    return {
        **_shared(world, bundle),
        "project_id": "",
        "project_name": "",
        "finished_product_serial_numbers": [],
        "finished_product_batches": [],
        "line_items": [_line(world, bundle, line, n) for n, line in enumerate(bundle.lines, 1)],
        "custom_fields": detailed(world, "bundle", bundle.custom_fields),
    }


def place_of(world: World, location_id: str) -> Json:
    """`location_id` and `location_name`; before the migration the same as warehouse (facts: Zoho 10.11)."""
    word = "location" if world.switches.stock_layout == "locations" else "warehouse"
    location = world.locations.get(location_id)
    return {f"{word}_id": location_id, f"{word}_name": location.name if location else ""}


def _shared(world: World, bundle: Bundle) -> Json:
    item = world.items.get(bundle.composite_item_id)
    return {
        "bundle_id": bundle.id,
        "reference_number": bundle.reference_number,
        "transaction_number": bundle.transaction_number,
        "date": day_text(bundle.date),
        "expected_bundle_date": day_text(bundle.expected_date),
        "description": bundle.description,
        "composite_item_id": bundle.composite_item_id,
        "composite_item_name": item.name if item else "",
        "composite_item_sku": item.sku if item else "",
        "quantity_to_bundle": number(bundle.quantity),
        "status": bundle.status,
        "is_completed": bundle.status == "bundled",
        "total": money(bundle_total(bundle)),
        **place_of(world, bundle.location_id),
        "created_time": stamp(bundle.created, world.zone),
        "last_modified_time": stamp(bundle.modified, world.zone),
        "created_by_id": world.organization.id,
        "created_by_name": world.organization.contact_name,
    }


def _line(world: World, bundle: Bundle, line: BundleLine, position: int) -> Json:
    total = line.quantity * bundle.quantity
    item = world.items.get(line.item_id)
    return {
        "line_item_id": line.id,
        "item_id": line.item_id,
        "item_order": position,
        "name": line.name,
        "sku": item.sku if item else "",
        "description": line.description,
        "product_type": item.product_type if item else "goods",
        "quantity_consumed": number(line.quantity),
        "total_quantity_consumed": number(total),
        "unit": line.unit,
        "rate": number(line.rate),
        "item_total": money(total * line.rate),
        "account_id": line.account_id,
        "account_name": _COST_OF_GOODS if line.account_id else "",
        **place_of(world, bundle.location_id),
    }
