"""Composite items: list, detail, create, update, delete, active and inactive (facts: Zoho 10.4).

A composite is an item with a recipe: the same record as in /items, under the same id.
"""

from __future__ import annotations

from collections.abc import Callable

from stockbridge_sandbox.zoho.compositerows import composite_detail, composite_row
from stockbridge_sandbox.zoho.errors import ApiError, invalid_value
from stockbridge_sandbox.zoho.items import (
    LISTING as ITEMS,
)
from stockbridge_sandbox.zoho.items import (
    accounts,
    read_item,
    read_opening_stock,
    remove_items,
    touch_item,
)
from stockbridge_sandbox.zoho.listing import Listing, Test, list_page, one_of
from stockbridge_sandbox.zoho.records import Item, Part
from stockbridge_sandbox.zoho.wire import Json, read_number
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_composite

_REQUIRED = ("name", "sku", "mapped_items", "rate", "item_type", "product_type")


def _combo_is(combo_type: str) -> Test[Item]:
    return lambda item: item.combo_type == combo_type


LISTING: Listing[Item] = Listing(
    key="composite_items",
    report_name="Composite Items",
    rows=lambda call: call.world.items,
    render=composite_row,
    cached=False,
    always=lambda item: item.is_combo_product,
    sorts={
        **{name: ITEMS.sorts[name] for name in ("name", "sku", "rate", "purchase_rate")},
        **{name: ITEMS.sorts[name] for name in ("created_time", "reorder_level")},
        "tax_name": lambda item: item.tax_id,
    },
    sort_column="name",
    filter_by={
        **{
            f"Status.{word}": ITEMS.filter_by[f"Status.{word}"]
            for word in ("All", "Active", "Inactive", "Lowstock", "Unmapped")
        },
        "Source.Crm": lambda _: False,
        "ComboType.Assembly": _combo_is("assembly"),
        "ComboType.Kit": _combo_is("kit"),
    },
    filters={
        **{
            name: ITEMS.filters[name]
            for name in (
                *("name", "name_startswith", "name_contains", "sku", "sku_contains"),
                *("status", "tax_id", "account_id", "purchase_account_id", "category_id"),
            )
        },
        "combo_type": one_of("combo_type", {kind: _combo_is(kind) for kind in ("assembly", "kit")}),
    },
    search=ITEMS.search,
)


def list_composites(call: Call) -> Reply:
    """GET /compositeitems."""
    return list_page(call, LISTING)


def get_composite(call: Call) -> Reply:
    """GET /compositeitems/{id}; the documents have it without an envelope."""
    return _answer(call.world, one_composite(call.world, call.ids[0]), "success", flat=True)


def create_composite(call: Call) -> Reply:
    """POST /compositeitems. Raises ApiError 2056 for a recipe of one piece, 2006 for a part that is not there."""
    world, body = call.world, call.body()
    for name in _REQUIRED:
        if body.get(name) in (None, "", []):
            raise invalid_value(name)
    now = world.now()
    item = Item(id="", created=now, modified=now, name="", source="api", item_type="inventory")
    item.is_combo_product = True
    item.combo_type = _combo_type(body, "assembly")
    item.parts = _read_parts(world, item, body["mapped_items"])
    read_item(world, item, body)
    if item.item_type != "inventory":
        raise invalid_value("item_type")
    read_opening_stock(world, item, body)
    item.id, item.group_id = world.new_id(), world.new_id()
    item.account_id, item.purchase_account_id, item.inventory_account_id = accounts(item)
    world.items.add(item)
    return _answer(
        world, item, "The item has been added.", status=201, location=f"/api/v1/compositeitems/{item.id}"
    )


def update_composite(call: Call) -> Reply:
    """PUT /compositeitems/{id}: `mapped_items` replaces the whole recipe, fields not sent keep what they hold."""
    world, body = call.world, call.body()
    item = one_composite(world, call.ids[0])
    if body.get("item_type", "inventory") != "inventory":
        raise invalid_value("item_type")
    combo_type = _combo_type(body, item.combo_type)
    parts = _read_parts(world, item, body["mapped_items"]) if "mapped_items" in body else item.parts
    name = item.name
    read_item(world, item, body)
    item.combo_type, item.parts = combo_type, parts
    touch_item(world, item)
    if item.name != name:
        world.salesorders.redraw()
    return _answer(world, item, "Item details have been saved.")


def delete_composite(call: Call) -> Reply:
    """DELETE /compositeitems/{id}: refused while a document or another recipe holds it."""
    remove_items(call.world, [one_composite(call.world, call.ids[0])])
    return Reply(message="The item has been deleted.")


def mark_composite(status: str) -> Callable[[Call], Reply]:
    """POST /compositeitems/{id}/active and /inactive."""
    messages = {
        "active": "Re-activation complete! The item is back in business!",
        "inactive": "The item has been marked as inactive.",
    }

    def mark(call: Call) -> Reply:
        item = one_composite(call.world, call.ids[0])
        item.status = status
        touch_item(call.world, item)
        return Reply(message=messages[status])

    return mark


def _answer(
    world: World, item: Item, message: str, *, status: int = 200, location: str = "", flat: bool = False
) -> Reply:
    content = {"composite_item": composite_detail(world, item)}
    return Reply(message=message, status=status, content=content, location=location, flat_in_spec=flat)


def _combo_type(body: Json, otherwise: str) -> str:
    kind = body.get("combo_type") or otherwise
    if kind not in ("assembly", "kit"):
        raise invalid_value("combo_type")
    return str(kind)


def _read_parts(world: World, composite: Item, value: object) -> list[Part]:
    """The recipe of a body; lines keep their id by line_item_id. Circles over several composites are let through."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise invalid_value("mapped_items")
    known = {part.id: part for part in composite.parts}
    parts = []
    for entry in value:
        old = known.get(str(entry.get("line_item_id") or entry.get("mapped_item_id") or ""))
        item_id = str(entry.get("item_id") or (old.item_id if old else ""))
        if not item_id or item_id == composite.id:
            raise invalid_value("item_id")
        if world.items.get(item_id) is None:
            raise ApiError(400, 2006, "Item does not exist.")
        quantity = read_number("quantity", entry.get("quantity"))
        if quantity is None:
            quantity = old.quantity if old else None
        if quantity is None or quantity <= 0:
            raise invalid_value("quantity")
        parts.append(Part(id=old.id if old else world.new_id(), item_id=item_id, quantity=quantity))
    if len(parts) == 1 and parts[0].quantity == 1:
        raise ApiError(400, 2056, "composite contains only one line item")
    return parts
