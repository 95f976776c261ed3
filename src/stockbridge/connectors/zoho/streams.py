"""Zoho's streams as data: items, vendors and sales orders here, the others in their own modules; and the list of all.

Source: facts, Zoho 10.2 (items), 10.3 (item details in bulk), 10.6 (contacts) and 10.7 (sales orders).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stockbridge.connectors.zoho import assemblies, purchases
from stockbridge.connectors.zoho.fields import CUSTOM_FIELDS, CUSTOM_OF_DETAIL, read_only, reference
from stockbridge.connectors.zoho.rows import BadValue, Shape, children, stock_by_location, with_custom
from stockbridge.core.record import CUSTOM, Field, Kind, Record, Stream, Values

_LINE = (
    *read_only(Kind.TEXT, "line_item_id"),
    reference("item_id", "items"),
    *read_only(Kind.TEXT, "name sku"),
    *read_only(Kind.NUMBER, "quantity rate item_total"),
)


def _item(row: Any, values: Values) -> None:
    vendors = [] if values.get("vendor_id") is None else [values["vendor_id"]]
    preferred = row.preferred_vendors
    for vendor in preferred if isinstance(preferred, list) else ():
        id = vendor.get("vendor_id") if isinstance(vendor, dict) else None
        if type(id) not in (str, int) or id == "":
            raise BadValue("preferred_vendors", vendor, "a vendor with its vendor_id")
        if str(id) not in vendors:
            vendors.append(str(id))
    values["vendor_ids"] = vendors
    values["locations"] = stock_by_location(row)
    with_custom(row, values)


def _order(row: Any, values: Values) -> None:
    values["lines"] = children(row, "line_items", _LINE)
    for place, line in enumerate(values["lines"], start=1):
        # Lines without an item are free text; a line with neither quantity nor total would silently sell nothing.
        for name in ("quantity", "item_total"):
            if line[name] is None:
                raise BadValue(f"line_items[{place}].{name}", None, "a number")
    with_custom(row, values)


def _vendor(row: Any, values: Values) -> None:
    # The list may hold every contact where the server ignores the filter, so the row itself has to say what it is.
    if values.get("contact_type") != "vendor":
        raise BadValue("contact_type", values.get("contact_type"), "vendor")
    with_custom(row, values)


def derive_item_vendors(item: Record) -> Iterable[Record]:
    """One record for each vendor of a full item: the item as that vendor sells it."""
    if item.deleted or not item.full:
        return
    values = item.values
    for vendor in values.get("vendor_ids") or ():
        yield Record(
            id=f"{item.id}_{vendor}",
            version=item.version,
            modified=item.modified,
            parent=item.id,
            values={
                "item_id": item.id,
                "vendor_id": vendor,
                "is_preferred": vendor == values["vendor_ids"][0],
                **{name: values.get(name) for name in _SHARED},
                CUSTOM: values.get(CUSTOM),
            },
        )


_SHARED = ("name", "sku", "ean", "purchase_rate", "purchase_description", "status")

ITEMS = Stream(
    name="items",
    noun="item",
    page_size=200,
    detail_size=200,
    names=("sku", "name"),
    fields=(
        *read_only(Kind.TEXT, "name sku unit description status product_type item_type"),
        *read_only(Kind.FLAG, "is_combo_product"),
        *read_only(Kind.NUMBER, "rate purchase_rate"),
        *read_only(Kind.TEXT, "purchase_description ean upc isbn part_number brand manufacturer vendor_name"),
        *read_only(Kind.MOMENT, "created_time"),
        *read_only(Kind.NUMBER, "stock_on_hand"),
        reference("vendor_id", "vendors", detail=True),
        *read_only(Kind.TEXTS, "vendor_ids", detail=True),
        *read_only(
            Kind.NUMBER,
            "available_stock actual_available_stock committed_stock actual_committed_stock "
            "available_for_sale_stock actual_available_for_sale_stock",
            detail=True,
        ),
        *read_only(Kind.AMOUNTS, "locations", detail=True),
        CUSTOM_OF_DETAIL,
    ),
)

ITEM_VENDORS = Stream(
    name="item_vendors",
    noun="supplier of an item",
    names=("sku", "name"),
    derived_from="items",
    derive=derive_item_vendors,
    fields=(
        reference("item_id", "items"),
        reference("vendor_id", "vendors"),
        *read_only(Kind.TEXT, "name sku ean"),
        *read_only(Kind.NUMBER, "purchase_rate"),
        *read_only(Kind.TEXT, "purchase_description"),
        *read_only(Kind.FLAG, "is_preferred"),
        *read_only(Kind.TEXT, "status"),
        CUSTOM_FIELDS,
    ),
)

VENDORS = Stream(
    name="vendors",
    noun="vendor",
    page_size=200,
    names=("contact_name",),
    fields=(
        *read_only(Kind.TEXT, "contact_name company_name contact_type email phone mobile status"),
        *read_only(Kind.TEXT, "currency_code website"),
        *read_only(Kind.INTEGER, "payment_terms"),
        *read_only(Kind.TEXT, "payment_terms_label"),
        *read_only(Kind.MOMENT, "created_time"),
        CUSTOM_FIELDS,
    ),
)

SALES_ORDERS = Stream(
    name="salesorders",
    noun="sales order",
    page_size=200,
    detail_size=1,
    names=("salesorder_number",),
    fields=(
        *read_only(Kind.TEXT, "salesorder_number reference_number"),
        *read_only(Kind.DAY, "date"),
        *read_only(Kind.TEXT, "order_status status customer_id customer_name currency_code"),
        *read_only(Kind.NUMBER, "total bcy_total"),
        *read_only(Kind.MOMENT, "created_time"),
        *read_only(Kind.TEXT, "sales_channel salesperson_name"),
        *read_only(Kind.NUMBER, "exchange_rate", detail=True),
        Field(name="lines", kind=Kind.CHILDREN, detail=True, writable=False, children=_LINE),
        CUSTOM_OF_DETAIL,
    ),
)

STREAMS = {
    stream.name: stream
    for stream in (
        ITEMS,
        ITEM_VENDORS,
        VENDORS,
        SALES_ORDERS,
        *assemblies.STREAMS,
        *purchases.STREAMS,
    )
}

SHAPES = (
    Shape(
        stream=ITEMS,
        path="/items",
        id_key="item_id",
        list_key="items",
        detail_keys=("item",),
        extra=("preferred_vendors", "locations", "warehouses", "custom_fields", "custom_field_hash"),
        derive=_item,
    ),
    Shape(
        stream=VENDORS,
        path="/contacts",
        id_key="contact_id",
        list_key="contacts",
        detail_keys=("contact",),
        params=(("contact_type", "vendor"),),
        extra=("custom_fields", "custom_field_hash"),
        derive=_vendor,
        only=("contact_type", "vendor"),
    ),
    Shape(
        stream=SALES_ORDERS,
        path="/salesorders",
        id_key="salesorder_id",
        list_key="salesorders",
        detail_keys=("salesorder", "sales_order"),
        extra=("line_items", "custom_fields", "custom_field_hash"),
        derive=_order,
    ),
    *assemblies.SHAPES,
    *purchases.SHAPES,
)
