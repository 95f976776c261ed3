"""What Optiply must hold, worked out from what Zoho answers about each record by itself; shares nothing with the product.

Source: facts, Optiply 3 (field by field) and 8.1 (D1, D2, D7).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from scenarios import truth_orders
from stockbridge_sandbox.run import Sandbox

_CENT = Decimal("0.01")
LEDGER = "actual_available_for_sale_stock"


def money(value: object) -> str:
    return str(Decimal(str(value)).quantize(_CENT, ROUND_HALF_UP))


def products(
    sandbox: Sandbox, *, stock: bool = True, warehouses: tuple[str, ...] = ()
) -> dict[str, dict[str, Any]]:
    """By item id, the attributes that the board owns."""
    out = {}
    for row in sandbox.zoho.rows("items"):
        item = sandbox.zoho.direct("GET", f"/items/{row['id']}")["item"]
        tracked = item["item_type"] == "inventory"
        goods = item["product_type"] == "goods" and tracked and item["status"] == "active"
        level = item[LEDGER] if tracked else 0
        if warehouses and tracked:
            level = sum(_of_place(place) for place in _places(item) if _id(place) in warehouses)
        text = (
            " ".join(item["purchase_description"].split()) if "\n" in item["purchase_description"] else None
        )
        wanted = {
            "name": item["name"].strip(),
            "skuCode": item["sku"] or None,
            "eanCode": item["ean"] or None,
            "articleCode": ((text or item["purchase_description"]).strip()[:255].rstrip()) or None,
            "price": money(item["rate"]),
            "status": "enabled" if goods else "disabled",
            "unlimitedStock": False,
            "createdAtRemote": _moment(item["created_time"]),
        }
        if stock:
            wanted["stockLevel"] = math.floor(level)
        out[row["id"]] = wanted
    return out


def _places(item: dict[str, Any]) -> list[dict[str, Any]]:
    return list(item.get("locations") or item.get("warehouses") or [])


def _id(place: dict[str, Any]) -> str:
    return str(place.get("location_id") or place.get("warehouse_id"))


def _of_place(place: dict[str, Any]) -> Any:
    return place.get(f"location_{LEDGER}", place.get(f"warehouse_{LEDGER}"))


def suppliers(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """By contact id; only vendors."""
    out = {}
    for row in sandbox.zoho.rows("vendors"):
        contact = sandbox.zoho.direct("GET", f"/contacts/{row['id']}")["contact"]
        out[row["id"]] = {
            "name": contact["contact_name"],
            "emails": [contact["email"]] if contact["email"] else [],
        }
    return out


def supplier_products(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """By item id and vendor id, joined by an underscore."""
    out = {}
    vendors = {row["id"] for row in sandbox.zoho.rows("vendors")}
    for row in sandbox.zoho.rows("items"):
        item = sandbox.zoho.direct("GET", f"/items/{row['id']}")["item"]
        ids = [item.get("vendor_id"), *(one["vendor_id"] for one in item.get("preferred_vendors") or [])]
        for vendor in dict.fromkeys(id for id in ids if id and id in vendors):
            out[f"{row['id']}_{vendor}"] = {
                "name": item["name"].strip(),
                "skuCode": item["sku"] or None,
                "price": money(item["purchase_rate"]),
            }
    return out


def sell_orders(sandbox: Sandbox, *, closed_only: bool = False) -> dict[str, dict[str, Any]]:
    """By order id: total, day, and quantity and value by item id."""
    out: dict[str, dict[str, Any]] = {}
    for row in sandbox.zoho.rows("salesorders"):
        order = sandbox.zoho.direct("GET", f"/salesorders/{row['id']}")["salesorder"]
        state = order["order_status"]
        if state != "closed" if closed_only else state in ("draft", "void"):
            continue
        lines: dict[str, tuple[Decimal, Decimal]] = {}
        for line in order["line_items"]:
            if line["item_id"]:
                was = lines.get(line["item_id"], (Decimal(0), Decimal(0)))
                lines[line["item_id"]] = (
                    was[0] + Decimal(str(line["quantity"])),
                    was[1] + Decimal(str(line["item_total"])),
                )
        out[row["id"]] = {
            "totalValue": money(order["total"]),
            "placed": datetime.fromisoformat(order["date"]).replace(tzinfo=UTC),
            "lines": {id: (int(quantity), money(value)) for id, (quantity, value) in lines.items()},
        }
    return out


def differences(
    sandbox: Sandbox,
    *,
    stock: bool = True,
    warehouses: tuple[str, ...] = (),
    closed_only: bool = False,
    orders: bool = True,
) -> list[str]:
    """In words, everything in which Optiply is not what Zoho says: missing, too much, twice, or another value."""
    found: list[str] = []
    known = _held(sandbox, "products", found)
    held_suppliers = _held(sandbox, "suppliers", found)
    _compare(found, "products", products(sandbox, stock=stock, warehouses=warehouses), known, "status")
    _compare(found, "suppliers", suppliers(sandbox), held_suppliers, "ignored")
    pairs = supplier_products(sandbox)
    for mark, wanted in pairs.items():
        item, _, vendor = mark.rpartition("_")
        wanted["productId"] = int(known[item]["id"]) if item in known else None
        wanted["supplierId"] = int(held_suppliers[vendor]["id"]) if vendor in held_suppliers else None
    _compare(found, "supplierProducts", pairs, _held(sandbox, "supplierProducts", found), "status")
    if not orders:
        return found
    _purchases(sandbox, known, held_suppliers, found)
    held = _held(sandbox, "sellOrders", found)
    items = {int(row["id"]): mark for mark, row in known.items()}
    for row in held.values():
        row["lines"] = {}
    by_id = {int(row["id"]): row for row in held.values()}
    for line in sandbox.optiply.rows("sellOrderLines"):
        order = by_id.get(int(line["sellOrderId"]))
        item = items.get(int(line["productId"]), "?")
        if order is None or item in order["lines"]:
            found.append(f"sellOrderLines: {line['id']} is an orphan or repeats a product")
            continue
        order["lines"][item] = (line["quantity"], money(line["subtotalValue"]))
    _compare(found, "sellOrders", sell_orders(sandbox, closed_only=closed_only), held, None)
    return found


def _purchases(
    sandbox: Sandbox,
    products: dict[str, dict[str, Any]],
    suppliers: dict[str, dict[str, Any]],
    found: list[str],
) -> None:
    """Purchases and assemblies with their lines and receipts."""
    names = ("buyOrders", "buyOrderLines", "receiptLines")
    wanted = zip(truth_orders.buy_orders(sandbox), truth_orders.assembly_orders(sandbox), strict=True)
    orders, receipts = (_held(sandbox, name, found) for name in ("buyOrders", "receiptLines"))
    # An assembly is one order with one line, and made in one call: its line needs no id of its own.
    assemblies = {int(row["id"]): mark for mark, row in orders.items() if row["assembly"]}
    lines = _held(sandbox, "buyOrderLines", found, lambda row: assemblies.get(row["buyOrderId"]))
    has = truth_orders.held(orders, lines, receipts, products, suppliers)
    for name, (bought, made), there in zip(names, wanted, has, strict=True):
        _compare(found, name, {**bought, **made}, there, None)


def _held(
    sandbox: Sandbox,
    collection: str,
    found: list[str],
    otherwise: Callable[[dict[str, Any]], str | None] = lambda _: None,
) -> dict[str, dict[str, Any]]:
    """The rows by the id of Zoho that they carry; one without goes by what `otherwise` says."""
    coupling = str(sandbox.optiply.login.coupling_id)
    out: dict[str, dict[str, Any]] = {}
    for row in sandbox.optiply.rows(collection):
        mark = row["remoteIdMap"].get(coupling) or otherwise(row)
        if mark is None:
            found.append(f"{collection}: {row['id']} carries no id of Zoho")
        elif mark in out:
            found.append(f"{collection}: {mark} is there twice")
        else:
            out[mark] = dict(row)
    return out


def _compare(
    found: list[str],
    what: str,
    wanted: dict[str, dict[str, Any]],
    held: dict[str, dict[str, Any]],
    off: str | None,
) -> None:
    """`off` names the attribute that says "no longer there" of a record that is kept (D7)."""
    found += [f"{what}: {mark} is missing" for mark in wanted if mark not in held]
    for mark, row in held.items():
        if mark not in wanted:
            if off is None or row[off] not in ("disabled", True):
                found.append(f"{what}: {mark} should not be there")
            continue
        for name, value in wanted[mark].items():
            has = row[name]
            if isinstance(value, datetime):
                has = _moment(str(has))
            elif name in ("price", "totalValue", "subtotalValue"):
                has = None if has is None else money(has)
                value = None if value is None else money(value)
            if has != value:
                found.append(f"{what}: {mark} has {name} {has!r}, wanted {value!r}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
