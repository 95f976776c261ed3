"""What Optiply should hold of each stream by the facts, beside what it does hold: the two halves of a comparison.

Source: facts, Optiply 3 (fields), 1.5 (limits), 1.8 (remote ids), decisions D1 and D7, for the flags' defaults.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
State: TypeAlias = Mapping[str, Sequence[Row]]  # by collection
Value: TypeAlias = str | bool | Decimal | None

ZOHO_COLLECTIONS = ("items", "contacts", "salesorders", "taxes")
OPTIPLY_COLLECTIONS = ("products", "suppliers", "supplierProducts", "sellOrders", "sellOrderLines")

_LONGEST = 255
_HIGHEST_STOCK = 9_999_999
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one record should be in Optiply. `earlier` is what it was when it was imported, where that may stand."""

    label: str
    values: dict[str, Value]
    earlier: dict[str, Value] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What Optiply holds: rows of one remote id, each by its Optiply id."""

    id: str
    values: dict[str, Value]
    marked_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    one: str  # what a person calls one record of it
    wanted: dict[str, Wanted]  # by remote id
    found: dict[str, list[Found]]
    when_gone: str  # what D7 wants of a record that is gone from Zoho
    out_of_scope: dict[str, str]  # remote id -> why it does not belong in Optiply


def in_scope(order: Row) -> bool:
    """Whether a sales order belongs in Optiply: every order except draft and void (D1)."""
    return order["order_status"] not in ("draft", "void")


def products(zoho: State, optiply: State, coupling_id: str) -> Stream:
    """One product an item, also of services and inactive items, which are disabled."""
    reserved = _reserved(zoho["salesorders"])
    wanted = {}
    for item in zoho["items"]:
        tracked = item["item_type"] == "inventory"
        for_sale = tracked and item["product_type"] == "goods" and item["status"] == "active"
        wanted[item["id"]] = Wanted(
            label=_item_label(item),
            values={
                "name": _text(item["name"]),
                "skuCode": _text(item["sku"]),
                "eanCode": _text(item["ean"]),
                "articleCode": _text(item["purchase_description"]),
                "price": _money(item["rate"]),
                "status": "enabled" if for_sale else "disabled",
                "unlimitedStock": False,
                "stockLevel": _stock(item, reserved) if tracked else Decimal(0),
                "createdAtRemote": _moment(item["created"]),
            },
        )

    def read(row: Row) -> dict[str, Value]:
        return {
            **{
                name: _text(row.get(name)) for name in ("name", "skuCode", "eanCode", "articleCode", "status")
            },
            "price": _number(row.get("price")),
            "unlimitedStock": row.get("unlimitedStock"),
            "stockLevel": _number(row.get("stockLevel")),
            "createdAtRemote": _moment(row.get("createdAtRemote")),
        }

    return Stream(
        one="product",
        wanted=wanted,
        found=_found(
            optiply["products"], coupling_id, read, gone=lambda row: row.get("status") == "disabled"
        ),
        when_gone="disabled",
        out_of_scope={},
    )


def _reserved(orders: Iterable[Row]) -> dict[str, Decimal]:
    """What confirmed orders and orders on hold still have to ship, by item (facts: Zoho 7)."""
    reserved: dict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        if order["order_status"] in ("confirmed", "onhold"):
            for line in order["lines"]:
                reserved[line["item_id"]] += Decimal(line["quantity"]) - Decimal(line["shipped"])
    return reserved


def _stock(item: Row, reserved: Mapping[str, Decimal]) -> Decimal:
    """Physical stock at all locations less what orders reserve, in whole pieces."""
    physical = sum((Decimal(ledger["physical"]) for ledger in item["stock"].values()), Decimal(0))
    left = (physical - reserved.get(item["id"], Decimal(0))).to_integral_value(ROUND_FLOOR)
    return min(left, Decimal(_HIGHEST_STOCK))


def _vendors(zoho: State) -> dict[str, Row]:
    return {contact["id"]: contact for contact in zoho["contacts"] if contact["contact_type"] == "vendor"}


def suppliers(zoho: State, optiply: State, coupling_id: str) -> Stream:
    """One supplier a vendor."""
    wanted = {
        id: Wanted(
            label=f'"{vendor["contact_name"]}"',
            values={
                "name": _text(vendor["contact_name"]),
                "emails": _email(vendor),
                "ignored": False,
            },
        )
        for id, vendor in _vendors(zoho).items()
    }

    def read(row: Row) -> dict[str, Value]:
        return {
            "name": _text(row.get("name")),
            "emails": ", ".join(row.get("emails") or ()),
            "ignored": bool(row.get("ignored")),
        }

    return Stream(
        one="supplier",
        wanted=wanted,
        found=_found(optiply["suppliers"], coupling_id, read, gone=lambda row: row.get("ignored") is True),
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
    of_product: Mapping[str, str],
    of_supplier: Mapping[str, str],
) -> Stream:
    """One supplier product for each vendor of an item; `of_…` give the remote ids of Optiply's ids."""
    vendors = _vendors(zoho)
    wanted = {}
    for item in zoho["items"]:
        for vendor_id in (item["vendor_id"], *item["further_vendor_ids"]):
            if vendor_id not in vendors:
                continue
            wanted[f"{item['id']}_{vendor_id}"] = Wanted(
                label=f'{_item_label(item)} from "{vendors[vendor_id]["contact_name"]}"',
                values={
                    "name": _text(item["name"]),
                    "skuCode": _text(item["sku"]),
                    "price": _money(item["purchase_rate"]),
                    "productId": item["id"],
                    "supplierId": vendor_id,
                    "status": "enabled",
                },
            )

    def read(row: Row) -> dict[str, Value]:
        return {
            "name": _text(row.get("name")),
            "skuCode": _text(row.get("skuCode")),
            "price": _number(row.get("price")),
            "productId": of_product.get(str(row.get("productId")), "a product that is not Zoho's"),
            "supplierId": of_supplier.get(str(row.get("supplierId")), "a supplier that is not Zoho's"),
            "status": "disabled" if row.get("status") == "disabled" else "enabled",
        }

    return Stream(
        one="supplier product",
        wanted=wanted,
        found=_found(
            optiply["supplierProducts"], coupling_id, read, gone=lambda row: row.get("status") == "disabled"
        ),
        when_gone="disabled",
        out_of_scope={},
    )


def sell_orders(
    zoho: State,
    optiply: State,
    coupling_id: str,
    of_product: Mapping[str, str],
    imported: Sequence[Row],
) -> Stream:
    """One sell order an order in scope, with one line a product, its quantities and amounts added up."""
    sku_of = {item["id"]: item["sku"] or item["name"] for item in zoho["items"]}
    percent = {tax["id"]: Decimal(tax["percentage"]) for tax in zoho["taxes"]}
    earlier = {order["id"]: _order_values(order, sku_of, percent) for order in imported if in_scope(order)}
    wanted = {
        order["id"]: Wanted(
            label=order["number"],
            values=_order_values(order, sku_of, percent),
            earlier=earlier.get(order["id"]),
        )
        for order in zoho["salesorders"]
        if in_scope(order)
    }
    lines: dict[str, list[Row]] = defaultdict(list)
    for line in optiply["sellOrderLines"]:
        lines[str(line["sellOrderId"])].append(line)

    def read(row: Row) -> dict[str, Value]:
        values: dict[str, Value] = {
            "placed": _moment(row.get("placed")),
            "totalValue": _number(row.get("totalValue")),
        }
        for line in lines[str(row["id"])]:
            item_id = of_product.get(str(line["productId"]))
            sku = (sku_of.get(item_id) or f"item {item_id}") if item_id else f"Optiply's {line['productId']}"
            if f"quantity of {sku}" in values:
                sku += " (once more)"  # a product stands only once in an order (facts: Optiply 1.5)
            values[f"quantity of {sku}"] = _number(line["quantity"])
            values[f"subtotalValue of {sku}"] = _number(line["subtotalValue"])
        return values

    return Stream(
        one="sell order",
        wanted=wanted,
        found=_found(optiply["sellOrders"], coupling_id, read, gone=lambda _: False),
        when_gone="deleted",
        out_of_scope={
            order["id"]: f"{order['number']} is {order['order_status']} in Zoho"
            for order in zoho["salesorders"]
            if not in_scope(order)
        },
    )


def _order_values(order: Row, sku_of: Mapping[str, str], percent: Mapping[str, Decimal]) -> dict[str, Value]:
    """Placed at the beginning of its date, the total with taxes and charges, and a line a product."""
    total = Decimal(order["shipping_charge"]) + Decimal(order["adjustment"])
    quantities: dict[str, Decimal] = defaultdict(Decimal)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for line in order["lines"]:
        discount = 1 - Decimal(line["discount_percent"]) / 100
        amount = _cents(Decimal(line["quantity"]) * Decimal(line["rate"]) * discount)
        sku = sku_of.get(line["item_id"]) or f"item {line['item_id']}"
        quantities[sku] += Decimal(line["quantity"])
        amounts[sku] += amount
        total += amount + _cents(amount * percent.get(line["tax_id"], Decimal(0)) / 100)
    values: dict[str, Value] = {"placed": f"{order['date']}T00:00:00Z", "totalValue": _cents(total)}
    for sku, quantity in quantities.items():
        values[f"quantity of {sku}"] = quantity
        values[f"subtotalValue of {sku}"] = amounts[sku]
    return values


def _remote_id(row: Row, coupling_id: str) -> str | None:
    """The remote id under our coupling, never the first of the map (facts: Optiply 1.8)."""
    id: str | None = (row.get("remoteIdMap") or {}).get(coupling_id)
    return id


def remote_ids(rows: Iterable[Row], coupling_id: str) -> dict[str, str]:
    """Remote ids under our coupling, by Optiply id."""
    known = ((str(row["id"]), _remote_id(row, coupling_id)) for row in rows)
    return {id: remote_id for id, remote_id in known if remote_id}


def _found(
    rows: Iterable[Row],
    coupling_id: str,
    read: Callable[[Row], dict[str, Value]],
    *,
    gone: Callable[[Row], bool],
) -> dict[str, list[Found]]:
    """The rows of our coupling by remote id; what other couplings or people made is none of ours."""
    found: dict[str, list[Found]] = defaultdict(list)
    for row in rows:
        remote_id = _remote_id(row, coupling_id)
        if remote_id:
            found[remote_id].append(Found(id=str(row["id"]), values=read(row), marked_gone=gone(row)))
    return dict(found)


def _item_label(item: Row) -> str:
    return item["sku"] or f'"{item["name"]}"'


def _text(value: object) -> str:
    """Trimmed, on one line, and cut to what Optiply takes (facts: Optiply 1.5)."""
    return " ".join(str(value or "").split())[:_LONGEST].rstrip()


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _money(value: object) -> Decimal:
    return _cents(Decimal(str(value)))


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _moment(value: object) -> str:
    """To the second, in UTC."""
    if not value:
        return ""
    moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
