"""Composite items with their parts, and assemblies (Zoho's bundles) with what they brought, as data.

Source: facts, Zoho 10.4 (composite items) and 10.5 (bundles).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from stockbridge.connectors.zoho.fields import read_only, reference
from stockbridge.connectors.zoho.rows import BadValue, Shape, children, read_key
from stockbridge.core.record import Ability, Field, Kind, Record, Stream, Values
from stockbridge.http.values import text

_PART = (
    reference("item_id", "items"),
    *read_only(Kind.TEXT, "name sku"),
    *read_only(Kind.NUMBER, "quantity"),
    *read_only(Kind.TEXT, "product_type"),
)
_DONE = ("bundled", "built")


def _parts(row: Any, values: Values) -> None:
    # Live, `mapped_items` holds goods and services; where it is missing, the goods have a list of their own.
    key = "mapped_items" if isinstance(row.mapped_items, list) else "composite_component_items"
    parts = []
    for place, part in enumerate(children(row, key, _PART), start=1):
        if part["product_type"] == "service":
            continue
        for name in ("item_id", "quantity"):
            if part[name] is None:
                raise BadValue(f"{key}[{place}].{name}", None, "filled in")
        parts.append(part)
    values["parts"] = parts
    values["part_ids"] = list(dict.fromkeys(f"{row.composite_item_id}_{part['item_id']}" for part in parts))


def _assembly(row: Any, values: Values) -> None:
    if values.get("location_id") is None:
        values["location_id"] = read_key(row, "warehouse_id", text)
    values["completed_time"] = None
    if values.get("is_completed") or str(values.get("status") or "").casefold() in _DONE:
        if values.get("date") is None:
            raise BadValue("date", None, "a day, which a completed assembly needs")
        values["completed_time"] = datetime.combine(values["date"], time(), UTC)


def derive_parts(composite: Record) -> Iterable[Record]:
    """One record for each item that a full composite item is made of; its quantity is that of one unit."""
    if composite.deleted or not composite.full:
        return
    found: dict[str, Values] = {}
    for part in composite.values.get("parts") or ():
        known = found.get(part["item_id"])
        if known is not None:
            known["quantity"] += part["quantity"]
            continue
        found[part["item_id"]] = {
            "composite_id": composite.id,
            "part_id": part["item_id"],
            "quantity": part["quantity"],
            "name": part["name"],
            "sku": part["sku"],
        }
    for item, values in found.items():
        yield Record(
            id=f"{composite.id}_{item}",
            version=composite.version,
            modified=composite.modified,
            parent=composite.id,
            values=values,
        )


def derive_bundle_receipt(bundle: Record) -> Iterable[Record]:
    """What a completed assembly brought: one record, none while it is not completed."""
    if bundle.deleted or bundle.values.get("completed_time") is None:
        return
    yield Record(
        id=bundle.id,
        version=bundle.version,
        modified=bundle.modified,
        parent=bundle.id,
        values={
            "bundle_id": bundle.id,
            "date": bundle.values["date"],
            "quantity": bundle.values.get("quantity_to_bundle"),
            "transaction_number": bundle.values.get("transaction_number"),
        },
    )


COMPOSITES = Stream(
    name="composites",
    noun="composite item",
    page_size=200,
    detail_size=1,
    names=("sku", "name"),
    moving=("stock_on_hand", "available_stock", "actual_available_stock"),
    fields=(
        *read_only(Kind.TEXT, "name sku status combo_type unit product_type"),
        *read_only(Kind.NUMBER, "stock_on_hand available_stock actual_available_stock"),
        Field(name="parts", kind=Kind.CHILDREN, detail=True, writable=False, children=_PART),
        Field(name="part_ids", kind=Kind.TEXTS, refers_to="composite_parts", detail=True, writable=False),
    ),
)

COMPOSITE_PARTS = Stream(
    name="composite_parts",
    noun="part of a composite item",
    names=("sku", "name"),
    derived_from="composites",
    derive=derive_parts,
    fields=(
        reference("composite_id", "items"),
        reference("part_id", "items"),
        *read_only(Kind.NUMBER, "quantity"),
        *read_only(Kind.TEXT, "name sku"),
    ),
)

BUNDLES = Stream(
    name="bundles",
    noun="assembly",
    page_size=200,
    names=("reference_number",),
    mark="reference_number",
    settles_after=300,
    create_calls=2,  # the recipe is read first
    abilities=frozenset({Ability.CREATE}),
    fields=(
        *read_only(Kind.TEXT, "reference_number transaction_number"),
        Field(name="date", kind=Kind.DAY, required=True),
        *read_only(Kind.DAY, "expected_bundle_date"),
        *read_only(Kind.TEXT, "status"),
        Field(name="is_completed", kind=Kind.FLAG),
        Field(name="composite_item_id", kind=Kind.TEXT, refers_to="items", required=True),
        *read_only(Kind.TEXT, "composite_item_name composite_item_sku"),
        Field(name="quantity_to_bundle", kind=Kind.NUMBER, required=True),
        *read_only(Kind.NUMBER, "total"),
        *read_only(Kind.MOMENT, "created_time"),
        Field(
            name="vendor_id",
            kind=Kind.TEXT,
            refers_to="vendors",
            via=("composite_item_id", "vendor_id"),
            writable=False,
        ),
        Field(name="location_id", kind=Kind.TEXT),
        *read_only(Kind.MOMENT, "completed_time"),
    ),
)

BUNDLE_RECEIPTS = Stream(
    name="bundle_receipts",
    noun="receipt of an assembly",
    names=("transaction_number",),
    derived_from="bundles",
    derive=derive_bundle_receipt,
    fields=(
        reference("bundle_id", "bundles"),
        *read_only(Kind.DAY, "date"),
        *read_only(Kind.NUMBER, "quantity"),
        *read_only(Kind.TEXT, "transaction_number"),
    ),
)

STREAMS = (COMPOSITES, COMPOSITE_PARTS, BUNDLES, BUNDLE_RECEIPTS)

SHAPES = (
    Shape(
        stream=COMPOSITES,
        path="/compositeitems",
        id_key="composite_item_id",
        list_key="composite_items",
        detail_keys=("composite_item",),
        extra=(
            "mapped_items",
            "composite_component_items",
            "inventory_account_id",
            "locations",
            "warehouses",
        ),
        derive=_parts,
    ),
    Shape(
        stream=BUNDLES,
        path="/bundles",
        id_key="bundle_id",
        list_key="bundles",
        detail_keys=("bundle",),
        extra=("warehouse_id",),
        derive=_assembly,
        computed=frozenset({"completed_time"}),
        dated=False,
    ),
)
