"""What Optiply should hold of products, suppliers and sell orders by the facts, beside what it does hold.

Source: facts, Optiply 3 (fields), 1.5 (limits), 1.8 (remote ids), 5 (flags), decisions D1 to D4 and D7.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from stockbridge_sandbox.compare_parts import (
    Board,
    Known,
    Row,
    State,
    Stream,
    Value,
    Wanted,
    amount_of,
    cents,
    found_by_remote_id,
    item_label,
    moment,
    number,
    one_line,
    remote_id,
)

_HIGHEST_STOCK = 9_999_999
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def in_scope(order: Row, *, pull_all: bool = True) -> bool:
    """Whether a sales order belongs in Optiply: every order except draft and void, or only the closed ones (D1)."""
    status = order["order_status"]
    return status not in ("draft", "void") if pull_all else status == "closed"


def products(
    zoho: State, optiply: State, coupling_id: str, board: Board, assembled: Mapping[str, bool]
) -> Stream:
    """One product an item, also of services and inactive items, which are disabled. `assembled` by item, where known."""
    reserved = _reserved(zoho, board.warehouse_ids)
    wanted = {}
    for item in zoho["items"]:
        tracked = item["item_type"] == "inventory"
        for_sale = tracked and item["product_type"] == "goods" and item["status"] == "active"
        wanted[item["id"]] = Wanted(
            label=item_label(item),
            values={
                "name": one_line(item["name"]),
                "skuCode": one_line(item["sku"]),
                "eanCode": one_line(item["ean"]),
                "articleCode": one_line(item["purchase_description"]),
                "price": amount_of(item["rate"]),
                "status": "enabled" if for_sale else "disabled",
                "unlimitedStock": False,
                "createdAtRemote": moment(item["created"]),
            },
        )
        if board.sync_stock:
            stock = _stock(item, reserved, board.warehouse_ids) if tracked else Decimal(0)
            wanted[item["id"]].values["stockLevel"] = stock
        if item["id"] in assembled:
            wanted[item["id"]].values["assembled"] = assembled[item["id"]]

    def read(row: Row) -> dict[str, Value]:
        values: dict[str, Value] = {
            **{
                name: one_line(row.get(name))
                for name in ("name", "skuCode", "eanCode", "articleCode", "status")
            },
            "price": number(row.get("price")),
            "unlimitedStock": row.get("unlimitedStock"),
            "createdAtRemote": moment(row.get("createdAtRemote")),
        }
        if board.sync_stock:
            values["stockLevel"] = number(row.get("stockLevel"))
        if remote_id(row, coupling_id) in assembled:
            values["assembled"] = row.get("assembled") is True
        return values

    return Stream(
        one="product",
        wanted=wanted,
        found=found_by_remote_id(
            optiply["products"], coupling_id, read, gone=lambda row: row.get("status") == "disabled"
        ),
        when_gone="disabled",
        out_of_scope={},
    )


def _reserved(zoho: State, places: Sequence[str]) -> dict[str, Decimal]:
    """What confirmed orders and orders on hold still have to ship, by item, at the wanted places (facts: Zoho 7)."""
    primary = next((each["id"] for each in zoho.get("locations", ()) if each["is_primary"]), "")
    reserved: dict[str, Decimal] = defaultdict(Decimal)
    for order in zoho["salesorders"]:
        if order["order_status"] in ("confirmed", "onhold"):
            for line in order["lines"]:
                place = line.get("location_id") or order.get("location_id") or primary
                if not places or place in places:
                    reserved[line["item_id"]] += Decimal(line["quantity"]) - Decimal(line["shipped"])
    return reserved


def _stock(item: Row, reserved: Mapping[str, Decimal], places: Sequence[str]) -> Decimal:
    """Physical stock at the wanted places (all when none is named) less what orders reserve, in whole pieces."""
    ledgers = [ledger for place, ledger in item["stock"].items() if not places or place in places]
    physical = sum((Decimal(ledger["physical"]) for ledger in ledgers), Decimal(0))
    left = (physical - reserved.get(item["id"], Decimal(0))).to_integral_value(ROUND_FLOOR)
    return min(left, Decimal(_HIGHEST_STOCK))


def vendors_of(zoho: State) -> dict[str, Row]:
    """The contacts that are vendors, by id."""
    return {contact["id"]: contact for contact in zoho["contacts"] if contact["contact_type"] == "vendor"}


def suppliers(zoho: State, optiply: State, coupling_id: str) -> Stream:
    """One supplier a vendor."""
    wanted = {
        id: Wanted(
            label=f'"{vendor["contact_name"]}"',
            values={
                "name": one_line(vendor["contact_name"]),
                "emails": _email(vendor),
                "ignored": False,
            },
        )
        for id, vendor in vendors_of(zoho).items()
    }

    def read(row: Row) -> dict[str, Value]:
        return {
            "name": one_line(row.get("name")),
            "emails": ", ".join(row.get("emails") or ()),
            "ignored": bool(row.get("ignored")),
        }

    return Stream(
        one="supplier",
        wanted=wanted,
        found=found_by_remote_id(
            optiply["suppliers"], coupling_id, read, gone=lambda row: row.get("ignored") is True
        ),
        when_gone="ignored",
        out_of_scope={},
    )


def _email(vendor: Row) -> str:
    """The address of the first or marked contact person, which is the one that lists show (facts: Zoho 10.6)."""
    persons = vendor["persons"]
    marked = [person for person in persons if person["is_primary_contact"]]
    address: str = next((person["email"] for person in [*marked, *persons]), "")
    return address if _ADDRESS.fullmatch(address) else ""


def supplier_products(
    zoho: State,
    optiply: State,
    coupling_id: str,
    known: Known,
) -> Stream:
    """One supplier product for each vendor of an item."""
    vendors = vendors_of(zoho)
    wanted = {}
    for item in zoho["items"]:
        for vendor_id in (item["vendor_id"], *item["further_vendor_ids"]):
            if vendor_id not in vendors:
                continue
            wanted[f"{item['id']}_{vendor_id}"] = Wanted(
                label=f'{item_label(item)} from "{vendors[vendor_id]["contact_name"]}"',
                values={
                    "name": one_line(item["name"]),
                    "skuCode": one_line(item["sku"]),
                    "price": amount_of(item["purchase_rate"]),
                    "productId": item["id"],
                    "supplierId": vendor_id,
                    "status": "enabled",
                },
            )

    def read(row: Row) -> dict[str, Value]:
        return {
            "name": one_line(row.get("name")),
            "skuCode": one_line(row.get("skuCode")),
            "price": number(row.get("price")),
            "productId": known.product_of(row),
            "supplierId": known.supplier_of(row),
            "status": "disabled" if row.get("status") == "disabled" else "enabled",
        }

    return Stream(
        one="supplier product",
        wanted=wanted,
        found=found_by_remote_id(
            optiply["supplierProducts"], coupling_id, read, gone=lambda row: row.get("status") == "disabled"
        ),
        when_gone="disabled",
        out_of_scope={},
    )


def sell_orders(
    zoho: State,
    optiply: State,
    coupling_id: str,
    known: Known,
    imported: Sequence[Row],
    board: Board,
) -> Stream:
    """One sell order an order in scope, with one line a product, its quantities and amounts added up."""
    sku_of = {item["id"]: item["sku"] or item["name"] for item in zoho["items"]}
    percent = {tax["id"]: Decimal(tax["percentage"]) for tax in zoho["taxes"]}
    pull_all = board.pull_all_sell_orders
    earlier = {
        order["id"]: _order_values(order, sku_of, percent)
        for order in imported
        if in_scope(order, pull_all=pull_all) and not board.too_old(order)
    }
    wanted = {
        order["id"]: Wanted(
            label=order["number"],
            values=_order_values(order, sku_of, percent),
            earlier=earlier.get(order["id"]),
        )
        for order in zoho["salesorders"]
        if in_scope(order, pull_all=pull_all) and not board.too_old(order)
    }
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in optiply["sellOrderLines"]:
        lines[str(line["sellOrderId"])].append(line)

    def read(row: Row) -> dict[str, Value]:
        values: dict[str, Value] = {
            "placed": moment(row.get("placed")),
            "totalValue": number(row.get("totalValue")),
        }
        for line in lines[str(row["id"])]:
            item_id = known.product.get(str(line["productId"]))
            sku = (sku_of.get(item_id) or f"item {item_id}") if item_id else f"Optiply's {line['productId']}"
            if f"quantity of {sku}" in values:
                sku += " (once more)"  # a product stands only once in an order (facts: Optiply 1.5)
            values[f"quantity of {sku}"] = number(line["quantity"])
            values[f"subtotalValue of {sku}"] = number(line["subtotalValue"])
        return values

    return Stream(
        one="sell order",
        wanted=wanted,
        found=found_by_remote_id(optiply["sellOrders"], coupling_id, read, gone=lambda _: False),
        when_gone="deleted",
        out_of_scope={
            order["id"]: f"{order['number']} is {order['order_status']} in Zoho"
            for order in zoho["salesorders"]
            if not in_scope(order, pull_all=pull_all)
        },
        apart={order["id"]: "" for order in zoho["salesorders"] if board.too_old(order)},
    )


def _order_values(order: Row, sku_of: Mapping[str, str], percent: Mapping[str, Decimal]) -> dict[str, Value]:
    """Placed at the beginning of its date, the total with taxes and charges, and a line a product."""
    total = Decimal(order["shipping_charge"]) + Decimal(order["adjustment"])
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for line in order["lines"]:
        discount = 1 - Decimal(line["discount_percent"]) / 100
        amount = cents(Decimal(line["quantity"]) * Decimal(line["rate"]) * discount)
        sku = sku_of.get(line["item_id"]) or f"item {line['item_id']}"
        quantities[sku] += Decimal(line["quantity"])
        amounts[sku] += amount
        total += amount + cents(amount * percent.get(line["tax_id"], Decimal(0)) / 100)
    values: dict[str, Value] = {"placed": f"{order['date']}T00:00:00Z", "totalValue": cents(total)}
    for sku, quantity in quantities.items():
        values[f"quantity of {sku}"] = quantity
        values[f"subtotalValue of {sku}"] = amounts[sku]
    return values
