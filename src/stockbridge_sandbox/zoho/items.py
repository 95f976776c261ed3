"""The items of the API: list, detail, bulk detail, create, update, delete, active and inactive (facts: Zoho 10.2)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from stockbridge_sandbox.zoho.customfields import read_custom_fields
from stockbridge_sandbox.zoho.errors import ApiError, already_exists, in_use, invalid_value, no_such
from stockbridge_sandbox.zoho.itemrows import item_bulk_detail, item_detail, item_row
from stockbridge_sandbox.zoho.listing import Listing, Test, list_page, one_of, text_filters
from stockbridge_sandbox.zoho.records import Item, Ledger
from stockbridge_sandbox.zoho.wire import Json, read_flag, read_number, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_item

_ITEM_TYPES = ("inventory", "sales", "purchases", "sales_and_purchases")
_TEXTS = {
    "name": 255,
    "sku": 100,
    "unit": 100,
    "description": 2000,
    "purchase_description": 2000,
    "ean": 100,
    "upc": 100,
    "isbn": 100,
    "part_number": 100,
    "brand": 100,
    "manufacturer": 100,
}
_MONEY = ("rate", "purchase_rate")
_NUMBERS = ("reorder_level", "minimum_order_quantity", "maximum_order_quantity", "initial_stock_rate")
_SIZES = ("length", "width", "height", "weight")


def _stock_on_hand(item: Item) -> Decimal:
    return sum((ledger.accounting for ledger in item.stock.values()), Decimal(0))


def _number_filters(name: str, value_of: Callable[[Item], Decimal]) -> dict[str, Callable[[str], Test[Item]]]:
    def test_with(param: str, compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str], Test[Item]]:
        def test_for(text: str) -> Test[Item]:
            wanted = read_number(param, text) or Decimal(0)
            return lambda item: compare(value_of(item), wanted)

        return test_for

    comparisons: dict[str, Callable[[Decimal, Decimal], bool]] = {
        name: lambda a, b: a == b,
        f"{name}_less_than": lambda a, b: a < b,
        f"{name}_less_equals": lambda a, b: a <= b,
        f"{name}_greater_than": lambda a, b: a > b,
        f"{name}_greater_equals": lambda a, b: a >= b,
    }
    return {param: test_with(param, compare) for param, compare in comparisons.items()}


def _lowstock(item: Item) -> bool:
    return item.tracked and item.reorder_level is not None and _stock_on_hand(item) <= item.reorder_level


LISTING: Listing[Item] = Listing(
    key="items",
    report_name="Items",
    rows=lambda call: call.world.items,
    render=item_row,
    sorts={
        "name": lambda item: item.name.lower(),
        "sku": lambda item: item.sku.lower(),
        "rate": lambda item: item.rate,
        "purchase_rate": lambda item: item.purchase_rate,
        "created_time": lambda item: item.created,
        "reorder_level": lambda item: item.reorder_level or Decimal(0),
        "stock_on_hand": _stock_on_hand,
    },
    sort_column="name",
    filter_by={
        "Status.All": lambda _: True,
        "Status.Active": lambda item: item.status == "active",
        "Status.Inactive": lambda item: item.status == "inactive",
        "Status.Lowstock": _lowstock,
        "Status.Unmapped": lambda _: False,
        "Status.Uncategorized": lambda item: not item.category_id,
        "Status.Grouped": lambda _: False,
        "ItemType.All": lambda _: True,
        "ItemType.Sales": lambda item: item.item_type == "sales",
        "ItemType.Purchases": lambda item: item.item_type == "purchases",
        "ItemType.SalesAndPurchases": lambda item: item.item_type == "sales_and_purchases",
        "ItemType.Inventory": lambda item: item.tracked,
        "ItemType.NonInventory": lambda item: not item.tracked and item.product_type == "goods",
        "ItemType.Service": lambda item: item.product_type == "service",
    },
    filters={
        **text_filters("name", lambda item: item.name),
        **text_filters("sku", lambda item: item.sku),
        **_number_filters("rate", lambda item: item.rate),
        **_number_filters("purchase_rate", lambda item: item.purchase_rate),
        "status": one_of(
            "status",
            {
                "active": lambda item: item.status == "active",
                "inactive": lambda item: item.status == "inactive",
                "all": lambda _: True,
            },
        ),
        "tax_id": lambda wanted: lambda item: item.tax_id == wanted,
        "account_id": lambda wanted: lambda item: item.account_id == wanted,
        "purchase_account_id": lambda wanted: lambda item: item.purchase_account_id == wanted,
        "vendor_id": lambda wanted: lambda item: wanted in (item.vendor_id, *item.further_vendor_ids),
        "item_id": lambda wanted: lambda item: item.id == wanted,
        "category_id": lambda wanted: lambda item: item.category_id == wanted,
        "group_id": lambda wanted: lambda item: item.group_id == wanted,
    },
    search=lambda item: (item.name, item.sku, item.description),
)


def list_items(call: Call) -> Reply:
    """GET /items."""
    return list_page(call, LISTING)


def get_item(call: Call) -> Reply:
    """GET /items/{id}."""
    return Reply(content={"item": item_detail(call.world, one_item(call.world, call.ids[0]))})


def list_details(call: Call) -> Reply:
    """GET /itemdetails?item_ids=…: the full records; ids that are not there are simply absent (facts: Zoho 10.3)."""
    wanted = call.get("item_ids")
    if wanted is None:
        raise invalid_value("item_ids")
    items = [call.world.items.get(id_) for id_ in dict.fromkeys(wanted.split(","))]
    return Reply(content={"items": [item_bulk_detail(call.world, item) for item in items if item]})


def create_item(call: Call) -> Reply:
    """POST /items: 201 live. Raises ApiError 1001 for a name or SKU that is taken, 2112 for a missing SKU."""
    world, body = call.world, call.body()
    now = world.now()
    item = Item(id="", created=now, modified=now, name="", source="api")
    item.item_type = "sales_and_purchases" if body.get("purchase_rate") else "sales"
    read_item(world, item, body)
    if not item.name:
        raise invalid_value("name")
    if world.switches.mandatory_sku and not item.sku:
        raise ApiError(400, 2112, "Enter a valid SKU for this item")
    item.id, item.group_id = world.new_id(), world.new_id()
    item.account_id = item.account_id or accounts(item)[0]
    item.purchase_account_id = item.purchase_account_id or accounts(item)[1]
    item.inventory_account_id = accounts(item)[2]
    if item.tracked:
        read_opening_stock(world, item, body)
    world.items.add(item)
    return Reply(
        status=201,
        message="The item has been added.",
        content={"item": item_detail(world, item)},
        location=f"/api/v1/items/{item.id}",
    )


def update_item(call: Call) -> Reply:
    """PUT /items/{id}: fields not sent keep what they hold."""
    world, item = call.world, one_item(call.world, call.ids[0])
    old = item.name
    read_item(world, item, call.body())
    touch_item(world, item)
    if item.name != old:
        world.salesorders.redraw()
    return Reply(message="Item details have been updated", content={"item": item_detail(world, item)})


def update_custom_fields(call: Call) -> Reply:
    """PUT /item/{id}/customfields (singular)."""
    world, item = call.world, one_item(call.world, call.ids[0])
    value = call.body().get("custom_fields")
    item.custom_fields = read_custom_fields(world, "item", value, item.custom_fields)
    touch_item(world, item)
    return Reply(message="Custom Fields Updated Successfully")


def delete_item(call: Call) -> Reply:
    """DELETE /items/{id}: refused while an order holds the item."""
    remove_items(call.world, [one_item(call.world, call.ids[0])])
    return Reply(message="The item has been deleted.")


def delete_items(call: Call) -> Reply:
    """DELETE /items?item_ids=…: all or none."""
    remove_items(call.world, _many(call))
    return Reply(message="The items have been deleted.")


def mark_item(status: str) -> Callable[[Call], Reply]:
    """POST /items/{id}/active and /inactive."""

    def mark(call: Call) -> Reply:
        item = one_item(call.world, call.ids[0])
        _mark(call.world, [item], status)
        return Reply(message=f"The item has been marked as {status.capitalize()}.")

    return mark


def mark_items(status: str) -> Callable[[Call], Reply]:
    """POST /items/active and /inactive with item_ids."""

    def mark(call: Call) -> Reply:
        _mark(call.world, _many(call), status)
        return Reply(message=f"The items have been marked as {status.capitalize()}.")

    return mark


def accounts(item: Item) -> tuple[str, str, str]:
    """The ids of the sales, purchase and inventory account that an item of its type has, "" for none."""
    sales = "" if item.item_type == "purchases" else "260815000000000388"
    purchase = "" if item.item_type == "sales" else "260815000000000385"
    return sales, purchase, "260815000000000391" if item.tracked else ""


def _many(call: Call) -> list[Item]:
    wanted = call.get("item_ids")
    if wanted is None:
        raise invalid_value("item_ids")
    return [one_item(call.world, id_) for id_ in dict.fromkeys(wanted.split(","))]


def _mark(world: World, items: list[Item], status: str) -> None:
    for item in items:
        item.status = status
        touch_item(world, item)


def remove_items(world: World, items: list[Item]) -> None:
    """Delete items. Raises ApiError 400/1040 while a document or the recipe of a composite holds one of them."""
    ids = {item.id for item in items}
    if any(world.orders_of_item[id_] for id_ in ids) or any(
        part.item_id in ids for item in world.items if item.id not in ids for part in item.parts
    ):
        raise in_use(
            "Items which are a part of other transactions cannot be deleted. Instead, you can mark them as inactive."
        )
    for item in items:
        world.items.remove(item)


def touch_item(world: World, item: Item) -> None:
    """Note that an item was edited."""
    item.modified = world.now()
    world.items.changed(item)


def read_item(world: World, item: Item, body: Json) -> None:
    """Take over the fields of a body, all or none: everything is checked before anything is set."""
    new: dict[str, object] = {}
    for name, longest in _TEXTS.items():
        if name in body:
            new[name] = read_text(name, body[name], longest)
    for name in _MONEY:
        if name in body:
            new[name] = read_number(name, body[name]) or Decimal(0)
    for name in _NUMBERS:
        if name in body:
            new[name] = read_number(name, body[name])
    sizes = body.get("package_details")
    for name in _SIZES:
        source = sizes if isinstance(sizes, dict) and name in sizes else body
        if name in source:
            new[name] = read_number(name, source[name])
    if "item_type" in body:
        if body["item_type"] not in _ITEM_TYPES:
            raise invalid_value("item_type")
        new["item_type"] = body["item_type"]
    if "product_type" in body:
        if body["product_type"] not in ("goods", "service"):
            raise invalid_value("product_type")
        new["product_type"] = body["product_type"]
    if "is_returnable" in body:
        new["is_returnable"] = read_flag("is_returnable", body["is_returnable"])
    if "vendor_id" in body:
        if body["vendor_id"] and world.contacts.get(str(body["vendor_id"])) is None:
            raise no_such("Vendor")
        new["vendor_id"] = str(body["vendor_id"] or "")
    if "tax_id" in body:
        if body["tax_id"] and world.taxes.get(str(body["tax_id"])) is None:
            raise no_such("Tax")
        new["tax_id"] = str(body["tax_id"] or "")
    if "custom_fields" in body:
        new["custom_fields"] = read_custom_fields(world, "item", body["custom_fields"], item.custom_fields)
    if "name" in new and not str(new["name"]).strip():
        raise invalid_value("name")
    _check_unique(world, item, new)
    for name, value in new.items():
        setattr(item, name, value)


def _check_unique(world: World, item: Item, new: dict[str, object]) -> None:
    name, sku = new.get("name", item.name), new.get("sku", item.sku)
    check_name, check_sku = name != item.name, bool(sku) and sku != item.sku
    if not (check_name or check_sku):
        return
    for other in world.items:
        if other is item:
            continue
        if check_name and other.name == name:
            raise already_exists(f"Item {name}")
        if check_sku and other.sku == sku:
            raise already_exists(f"An item with the SKU {sku}")


def read_opening_stock(world: World, item: Item, body: Json) -> None:
    """Take over `initial_stock`, for the primary location or for each named one. Raises ApiError 400/2, 404/1002."""
    entries = body.get("locations") or body.get("warehouses")
    if not isinstance(entries, list):
        entries = [{"location_id": world.primary_location.id, "initial_stock": body.get("initial_stock")}]
    for entry in entries:
        if not isinstance(entry, dict):
            raise invalid_value("locations")
        place = str(entry.get("location_id") or entry.get("warehouse_id") or "")
        if world.locations.get(place) is None:
            raise no_such("Location")
        opening = read_number("initial_stock", entry.get("initial_stock"))
        if opening:
            item.stock[place] = Ledger(physical=opening, accounting=opening, opening=opening)
