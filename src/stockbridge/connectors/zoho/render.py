"""Values into the bodies of Zoho's writes. Pure. Source: facts, Zoho 9, 10.5, 10.8 and 10.11."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from stockbridge.connectors.zoho.assemblies import BUNDLES
from stockbridge.connectors.zoho.purchases import PURCHASE_ORDERS
from stockbridge.core.errors import Rejected
from stockbridge.core.record import Field, Kind, Stream, Value, Values

_encode = msgspec.json.Encoder(decimal_format="number").encode

PlaceKey = Literal["location_id", "warehouse_id"]
"""How an organisation calls a place: location_id, or warehouse_id before it has moved to locations (facts, Zoho 10.11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What one unit of a composite item is made of: item_id, name, quantity_consumed, account_id of each part."""

    name: str
    parts: tuple[dict[str, Any], ...]
    place_key: PlaceKey


def purchase_order(values: Mapping[str, Value], mark: str, place_key: PlaceKey) -> bytes:
    """The body of POST /purchaseorders. Zoho gives the number; `mark` becomes the reference.

    Raises Rejected for a value that Zoho cannot take.
    """
    body = _body(PURCHASE_ORDERS, values)
    lines = body.pop("lines")
    if not lines:
        raise Rejected("This order has no lines.", field="lines", remedy="Add a line to it in Optiply.")
    place = body.pop("location_id", None)
    if place is not None:
        body[place_key] = place
        lines = [{**line, place_key: place} for line in lines]
    return _encode({**body, "reference_number": mark, "line_items": lines})


def assembly(values: Mapping[str, Value], mark: str, recipe: Recipe) -> bytes:
    """The body of POST /bundles. It is completed only where the values say so: that moves stock.

    The place goes into the header, from which Zoho takes the parts (facts, Zoho 10.5), and in organisations with
    warehouses into the lines as well (D5). Raises Rejected for a value that Zoho cannot take.
    """
    body = _body(BUNDLES, values)
    place = body.pop("location_id", None)
    lines = [dict(part) for part in recipe.parts]
    if place is not None:
        body[recipe.place_key] = place
        if recipe.place_key == "warehouse_id":
            lines = [{**line, recipe.place_key: place} for line in lines]
    body["composite_item_name"] = recipe.name
    body["is_completed"] = values.get("is_completed") is True
    return _encode({**body, "reference_number": mark, "line_items": lines})


def recipe(composite: Values, row: Any) -> Recipe:
    """The recipe in the detail of a composite item: its values, and the row they were read from.

    Raises Rejected where it has no parts that are goods.
    """
    parts = composite["parts"]
    if not parts:
        raise Rejected(
            f"Composite item {row.composite_item_id} has no parts in Zoho.",
            field="composite_item_id",
            remedy="Add the parts it is made of in Zoho.",
        )
    raw = row.mapped_items if isinstance(row.mapped_items, list) else row.composite_component_items
    accounts = {
        str(part.get("item_id")): part.get("inventory_account_id") or part.get("account_id") for part in raw
    }
    spare = None if row.inventory_account_id is UNSET else row.inventory_account_id or None
    found = []
    for part in parts:
        line = {"item_id": part["item_id"], "name": part["name"] or "", "quantity_consumed": part["quantity"]}
        if account := accounts.get(part["item_id"]) or spare:
            line["account_id"] = str(account)
        found.append(line)
    old = isinstance(row.warehouses, list) and row.warehouses and not row.locations
    return Recipe(
        name=composite.get("name") or "",
        parts=tuple(found),
        place_key="warehouse_id" if old else "location_id",
    )


def _body(stream: Stream, values: Mapping[str, Value]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in values.items():
        field = stream.field(name)
        if field is None or not field.writable or (field.step and value):
            raise Rejected(
                f"Zoho's {stream.name} have no {name} that can be written when one is made.",
                field=name,
                remedy="Take it out of the mapping.",
            )
        if value is not None and not field.step:
            body[name] = _written(field, value, name)
    missing = next((f.name for f in stream.fields if f.required and f.name not in body), None)
    if missing is not None:
        raise Rejected(
            f"{missing} is empty, and Zoho takes no {stream.noun} without it.",
            field=missing,
            remedy="Fill it in in Optiply or in the mapping.",
        )
    return body


def _written(field: Field, value: Value, path: str) -> Any:
    """A value as Zoho takes it: days as 2026-03-02, numbers with their digits, flags as they are."""
    match field.kind:
        case Kind.DAY if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        case Kind.NUMBER if isinstance(value, Decimal | int) and not isinstance(value, bool):
            if Decimal(value).is_finite():
                return value
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.TEXT if isinstance(value, str):
            return value
        case Kind.CHILDREN if isinstance(value, list):
            return [_line(field, line, f"{path}[{place}]") for place, line in enumerate(value, start=1)]
        case _:
            pass
    raise Rejected(
        f"{path} is {str(value)[:80]!r}, which is not a {field.kind}.",
        field=path,
        remedy="Correct the value in Optiply or in the mapping.",
    )


def _line(of: Field, line: Mapping[str, Value], path: str) -> dict[str, Any]:
    known = {field.name: field for field in of.children if field.writable}
    for name in line:
        if name not in known:
            raise Rejected(
                f"A line of Zoho's has no {name} that can be written.",
                field=f"{path}.{name}",
                remedy="Take it out of the mapping.",
            )
    for field in known.values():
        if field.required and line.get(field.name) is None:
            raise Rejected(
                f"{path}.{field.name} is empty, and Zoho takes no line without it.",
                field=f"{path}.{field.name}",
                remedy="Correct this line in Optiply.",
            )
    return {
        name: _written(known[name], value, f"{path}.{name}")
        for name, value in line.items()
        if value is not None
    }
