"""Composite items as the API shows them: rows without the recipe, and full records with it (facts: Zoho 10.4)."""

from __future__ import annotations

from stockbridge_sandbox.zoho.itemrows import item_detail, shared_fields
from stockbridge_sandbox.zoho.records import Item, Part
from stockbridge_sandbox.zoho.stock import list_numbers
from stockbridge_sandbox.zoho.wire import Json, encode, number, number_or_empty
from stockbridge_sandbox.zoho.world import Call, World

# What a plain item has and a composite has not: its own id stands under composite_item_id.
_NOT_OF_COMPOSITES = ("item_id", "item_name", "group_id", "group_name")
_ALWAYS: Json = {
    "is_taxable": True,
    "image_id": "",
    "image_name": "",
    "image_type": "",
}


def composite_row(call: Call, item: Item) -> bytes:
    """A row of GET /compositeitems: no mapped_items and no custom fields, live."""
    world = call.world
    row = {
        "composite_item_id": item.id,
        **{name: v for name, v in shared_fields(world, item).items() if name not in _NOT_OF_COMPOSITES},
        **_ALWAYS,
        **(list_numbers(item) if item.tracked else {}),
        "reorder_level": number_or_empty(item.reorder_level),
        "category_id": item.category_id,
        "category_name": item.category_name,
        "combo_type": item.combo_type,
    }
    return encode(row)


def composite_detail(world: World, item: Item) -> Json:
    """The record of GET /compositeitems/{id}: what the item has, and its recipe."""
    detail = {name: v for name, v in item_detail(world, item).items() if name not in _NOT_OF_COMPOSITES}
    parts = [_part(world, part, n) for n, part in enumerate(item.parts, 1)]
    return {
        "composite_item_id": item.id,
        **detail,
        **_ALWAYS,
        "tax_type": "tax" if item.tax_id else "",
        "alias_name": "",
        "assembly_type": "manual" if item.combo_type == "assembly" else "",
        "label_rate": "",
        "tax_exemption_id": "",
        "tax_exemption_code": "",
        "track_serial_number": False,
        "track_batch_number": False,
        "mapped_items": parts,
        "composite_component_items": [part for part in parts if part["product_type"] != "service"],
        "composite_service_items": [part for part in parts if part["product_type"] == "service"],
    }


def _part(world: World, part: Part, position: int) -> Json:
    item = world.items.get(part.item_id)
    shown: Json = {
        "line_item_id": part.id,
        "mapped_item_id": part.id,
        "item_id": part.item_id,
        "item_order": position,
        "quantity": number(part.quantity),
        "image_id": "",
        "image_name": "",
        "image_type": "",
    }
    if item is None:
        return {**shown, "name": "", "product_type": "goods"}
    shown |= {
        "name": item.name,
        "sku": item.sku,
        "unit": item.unit,
        "status": item.status,
        "rate": number(item.rate),
        "purchase_rate": number(item.purchase_rate),
        "description": item.description,
        "purchase_description": item.purchase_description,
        "is_combo_product": item.is_combo_product,
        "product_type": item.product_type,
    }
    # Services have no stock; their keys are there all the same, empty (facts: Zoho 1).
    empty = {"stock_on_hand": "", "available_stock": "", "actual_available_stock": ""}
    return shown | (list_numbers(item) if item.tracked else empty)
