"""The hour of the facts' worked example (Zoho 13), as people make it: so much changes that each kind of read is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Call: TypeAlias = Callable[[str, str, object], dict[str, Any]]
"""An API call by hand: method, path, body; gives the answer."""

ITEMS, COMPOSITES, SALES, PURCHASES, BUNDLES, VENDORS = 60, 3, 40, 6, 4, 2
SALES_ORDERS_EACH = 1  # a call for the lines of each, which the example does without

LEAST = (
    (1 + 1)  # items: a list page, and one call for the details of all
    + (1 + COMPOSITES)
    + (1 + SALES * SALES_ORDERS_EACH)
    + (1 + PURCHASES)
    + 1  # bundles: a row of the list holds everything, where the example reads each by itself
    + 1  # vendors
)
"""The least possible calls for it."""


def mixed_hour(call: Call, rows: Callable[[str], list[dict[str, Any]]]) -> None:
    """Let it happen: 60 items changed (3 of them composites, by their recipe), 40 sales orders, 6 purchase orders and 4
    assemblies placed, 2 vendors renamed. Nothing else is touched: what is ordered is among the changed items, and no
    stock moves. `rows` gives the raw rows of a collection."""
    items = rows("items")
    composites = [
        item
        for item in items
        if item["is_combo_product"] and item["combo_type"] == "assembly" and item["parts"]
    ][:COMPOSITES]
    plain = [
        item
        for item in items
        if not item["is_combo_product"] and item["status"] == "active" and item["item_type"] == "inventory"
    ][: ITEMS - COMPOSITES]
    if len(composites) < COMPOSITES or len(plain) < ITEMS - COMPOSITES:
        raise ValueError("the shop is too small for this hour")
    for number, item in enumerate(plain):
        call("PUT", f"/items/{item['id']}", {"name": f"{item['name']} {number}"})
    for composite in composites:
        kept = [{"line_item_id": part["id"]} for part in composite["parts"]]
        first = {**kept[0], "quantity": float(composite["parts"][0]["quantity"]) + 1}
        call("PUT", f"/compositeitems/{composite['id']}", {"mapped_items": [first, *kept[1:]]})
    vendors = [
        one for one in rows("contacts") if one["contact_type"] == "vendor" and one["status"] == "active"
    ]
    customer = next(one for one in rows("contacts") if one["contact_type"] == "customer")
    for vendor in vendors[:VENDORS]:
        call("PUT", f"/contacts/{vendor['id']}", {"contact_name": f"{vendor['contact_name']} II"})
    for number in range(SALES):
        lines = [{"item_id": plain[number % len(plain)]["id"], "quantity": 1 + number, "rate": 10}]
        made = call("POST", "/salesorders", {"customer_id": customer["id"], "line_items": lines})
        order = next(value for value in made.values() if isinstance(value, dict))["salesorder_id"]
        call("POST", f"/salesorders/{order}/status/confirmed", None)
    for number in range(PURCHASES):
        lines = [{"item_id": plain[number]["id"], "quantity": 10 + number, "rate": 5}]
        call("POST", "/purchaseorders", {"vendor_id": vendors[0]["id"], "line_items": lines})
    for number in range(BUNDLES):
        call("POST", "/bundles", _assembly(composites[number % COMPOSITES], items, rows("locations")))


def _assembly(
    composite: dict[str, Any], items: list[dict[str, Any]], places: list[dict[str, Any]]
) -> dict[str, Any]:
    """One more of it, planned and not completed."""
    names = {item["id"]: item["name"] for item in items}
    return {
        "date": "2026-11-20",
        "composite_item_id": composite["id"],
        "composite_item_name": composite["name"],
        "quantity_to_bundle": 1,
        "location_id": next(place["id"] for place in places if place["is_primary"]),
        "is_completed": False,
        "line_items": [
            {"item_id": part["item_id"], "name": names[part["item_id"]], "quantity_consumed": 1}
            for part in composite["parts"]
        ],
    }
