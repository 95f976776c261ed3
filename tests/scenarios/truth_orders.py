"""Purchases and assemblies as Optiply must hold them, worked out from what Zoho answers about each by itself.

Source: facts, Optiply 3 (field by field) and 4.4, 8.1 (D6, D7).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stockbridge_sandbox.run import Sandbox

Rows = dict[str, dict[str, Any]]


def buy_orders(sandbox: Sandbox) -> tuple[Rows, Rows, Rows]:
    """Orders, their lines and their receipts, by the ids that Optiply is given. Drafts too; nothing that was cancelled."""
    orders: Rows = {}
    lines: Rows = {}
    receipts: Rows = {}
    for row in sandbox.zoho.rows("purchaseorders"):
        order = sandbox.zoho.direct("GET", f"/purchaseorders/{row['id']}")["purchaseorder"]
        if order["order_status"] in ("cancelled", "rejected"):
            continue
        wanted: dict[str, Any] = {
            "assembly": False,
            "totalValue": order["total"],
            "placed": _day(order["date"]),
            "vendor": order["vendor_id"],
            "complete": "closed" in (order["status"], order["order_status"]),
        }
        if expected := order["delivery_date"] or order["expected_delivery_date"]:
            wanted["expectedDeliveryDate"] = _day(expected)
        orders[row["id"]] = wanted
        for line in order["line_items"]:
            if line["item_id"]:
                lines[line["line_item_id"]] = {
                    "item": line["item_id"],
                    "order": row["id"],
                    "quantity": line["quantity"],
                    "subtotalValue": line["item_total"],
                }
        for receive in order["purchasereceives"]:
            for line in receive["line_items"]:
                if line["quantity"] > 0:
                    receipts[f"{receive['receive_id']}_{line['line_item_id']}"] = {
                        "line": line["line_item_id"],
                        "occurred": _day(receive["date"]),
                        "quantity": line["quantity"],
                    }
    return orders, lines, receipts


def assembly_orders(sandbox: Sandbox) -> tuple[Rows, Rows, Rows]:
    """Orders, their lines and their receipts; each stands for one assembly and is called by its id."""
    orders: Rows = {}
    lines: Rows = {}
    receipts: Rows = {}
    vendors = {row["id"]: row["vendor_id"] for row in sandbox.zoho.rows("items")}
    for row in sandbox.zoho.rows("bundles"):
        bundle = sandbox.zoho.direct("GET", f"/bundles/{row['id']}")["bundle"]
        item, quantity = bundle["composite_item_id"], bundle["quantity_to_bundle"]
        orders[row["id"]] = {
            "assembly": True,
            "totalValue": bundle["total"],
            "placed": _day(bundle["date"]),
            "vendor": vendors[item],
            "complete": bundle["is_completed"],
        }
        if expected := bundle["expected_bundle_date"]:
            orders[row["id"]]["expectedDeliveryDate"] = _day(expected)
        lines[row["id"]] = {"item": item, "order": row["id"], "quantity": quantity}
        if bundle["is_completed"]:
            receipts[row["id"]] = {
                "line": row["id"],
                "occurred": _day(bundle["date"]),
                "quantity": quantity,
            }
    return orders, lines, receipts


def held(
    orders: Rows, lines: Rows, receipts: Rows, products: Rows, suppliers: Rows
) -> tuple[Rows, Rows, Rows]:
    """The same of what Optiply holds (each by the id of Zoho that it carries), with Zoho's ids in the place of Optiply's."""
    items = {int(row["id"]): mark for mark, row in products.items()}
    vendors = {int(row["id"]): mark for mark, row in suppliers.items()}
    order_marks = {int(row["id"]): mark for mark, row in orders.items()}
    line_marks = {int(row["id"]): mark for mark, row in lines.items()}
    return (
        {
            mark: {**row, "vendor": vendors.get(row["supplierId"]), "complete": row["completed"] is not None}
            for mark, row in orders.items()
        },
        {
            mark: {
                **row,
                "item": items.get(row["productId"]),
                "order": order_marks.get(row["buyOrderId"]),
            }
            for mark, row in lines.items()
        },
        {mark: {**row, "line": line_marks.get(row["buyOrderLineId"])} for mark, row in receipts.items()},
    )


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)
