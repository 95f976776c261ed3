"""Items as the API shows them: the thin row of a list and the full record of a detail (facts: Zoho 10.2, 10.3)."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import detailed, flat
from stockbridge_sandbox.zoho.records import Item
from stockbridge_sandbox.zoho.stock import item_numbers, list_numbers, places
from stockbridge_sandbox.zoho.wire import Json, encode, number, number_or_empty, stamp, templates
from stockbridge_sandbox.zoho.world import Call, World

_ACCOUNTS = {
    "account": "Sales",
    "purchase_account": "Cost of Goods Sold",
    "inventory_account": "Inventory Asset",
}


def item_row(call: Call, item: Item) -> bytes:
    """A row of GET /items: no vendor_id, no committed or for-sale stock, no locations; custom fields flat."""
    world = call.world
    row = {
        **templates()["item_row"],
        **shared_fields(world, item),
        "item_name": item.name,
        "vendor_name": _vendor_name(world, item.vendor_id),
        "length": number_or_empty(item.length),
        "width": number_or_empty(item.width),
        "height": number_or_empty(item.height),
        "weight": number_or_empty(item.weight),
        "dimension_unit": item.dimension_unit,
        "weight_unit": item.weight_unit,
        "weight_with_unit": f"{number(item.weight)} {item.weight_unit}" if item.weight is not None else "",
        "dimensions_with_unit": _dimensions(item),
    }
    if item.tracked:
        row |= list_numbers(item)
        row |= {
            "reorder_level": number_or_empty(item.reorder_level),
            "category_id": item.category_id,
            "category_name": item.category_name,
            "show_in_storefront": False,
        }
    row |= flat(world, "item", item.custom_fields)
    return encode(row)


def item_detail(world: World, item: Item) -> Json:
    """The record of GET /items/{id}."""
    detail = item_bulk_detail(world, item)
    detail["category_id"] = item.category_id
    detail["category_name"] = item.category_name
    if item.tracked:
        detail["show_in_storefront"] = False
    return detail


def item_bulk_detail(world: World, item: Item) -> Json:
    """A record of GET /itemdetails: as the detail, but without category and show_in_storefront (facts: Zoho 10.3)."""
    detail: Json = {
        **templates()["item"],
        **shared_fields(world, item),
        "vendor_id": item.vendor_id,
        "vendor_name": _vendor_name(world, item.vendor_id),
        "unit_id": item.unit_id,
        "pricebook_rate": number(item.rate),
        "sales_rate": number(item.rate),
        "inventory_account_id": item.inventory_account_id,
        "inventory_account_name": _ACCOUNTS["inventory_account"] if item.inventory_account_id else "",
        "default_price_brackets": [
            {"start_quantity": 0, "end_quantity": 0, "pricebook_rate": number(item.rate)}
        ],
        "minimum_order_quantity": number_or_empty(item.minimum_order_quantity),
        "maximum_order_quantity": number_or_empty(item.maximum_order_quantity),
        "preferred_vendors": _preferred_vendors(world, item),
        "package_details": {
            "length": number_or_empty(item.length),
            "width": number_or_empty(item.width),
            "height": number_or_empty(item.height),
            "weight": number_or_empty(item.weight),
            "weight_unit": item.weight_unit,
            "dimension_unit": item.dimension_unit,
        },
        "combo_type": item.combo_type,
        "is_receivable": item.product_type == "goods",
        "is_fulfillable": item.product_type == "goods",
        "custom_fields": detailed(world, "item", item.custom_fields),
        "custom_field_hash": flat(world, "item", item.custom_fields),
    }
    del detail["category_id"], detail["category_name"]
    if item.tracked:
        opening = sum((ledger.opening for ledger in item.stock.values()), Decimal(0))
        detail |= {
            "reorder_level": number_or_empty(item.reorder_level),
            "initial_stock": number(opening) if opening else "",
            "initial_stock_rate": number_or_empty(item.initial_stock_rate),
            "asset_value": "",
            **item_numbers(world, item),
            **places(world, item),
        }
    return detail


def shared_fields(world: World, item: Item) -> Json:
    """What every shape of an item carries."""
    tax = world.taxes.get(item.tax_id)
    return {
        "group_id": item.group_id,
        "group_name": item.name,
        "item_id": item.id,
        "name": item.name,
        "unit": item.unit,
        "status": item.status,
        "source": item.source,
        "is_combo_product": item.is_combo_product,
        "description": item.description,
        "brand": item.brand,
        "manufacturer": item.manufacturer,
        "rate": number(item.rate),
        "tax_id": item.tax_id,
        "tax_name": tax.name if tax else "",
        "tax_percentage": number(tax.percentage) if tax else 0,
        "purchase_account_id": item.purchase_account_id,
        "purchase_account_name": _ACCOUNTS["purchase_account"] if item.purchase_account_id else "",
        "account_id": item.account_id,
        "account_name": _ACCOUNTS["account"] if item.account_id else "",
        "purchase_description": item.purchase_description,
        "purchase_rate": number(item.purchase_rate),
        "can_be_sold": item.item_type != "purchases",
        "can_be_purchased": item.item_type != "sales",
        "track_inventory": item.tracked,
        "item_type": item.item_type,
        "product_type": item.product_type,
        "is_returnable": item.is_returnable,
        "sku": item.sku,
        "upc": item.upc,
        "ean": item.ean,
        "isbn": item.isbn,
        "part_number": item.part_number,
        "created_time": stamp(item.created, world.zone),
        "last_modified_time": stamp(item.modified, world.zone),
    }


def _vendor_name(world: World, vendor_id: str) -> str:
    vendor = world.contacts.get(vendor_id)
    return vendor.contact_name if vendor else ""


def _preferred_vendors(world: World, item: Item) -> list[Json]:
    ids = [id_ for id_ in (item.vendor_id, *item.further_vendor_ids) if id_]
    return [
        {
            "vendor_id": vendor_id,
            "vendor_name": _vendor_name(world, vendor_id),
            "is_primary": vendor_id == item.vendor_id,
            "item_price": number(item.purchase_rate),
            "item_stock": "",
            "last_modified_time": stamp(item.modified, world.zone),
        }
        for vendor_id in ids
    ]


def _dimensions(item: Item) -> str:
    sides = [side for side in (item.length, item.width, item.height) if side is not None]
    return f"{' x '.join(str(number(side)) for side in sides)} {item.dimension_unit}" if sides else ""
