"""What Optiply should hold of purchase orders, their lines and what arrived on them, beside what it does hold.

Source: facts, Optiply 1.5 and 3 (buy orders, lines, receipt lines), Zoho 10.8 and 10.9, decisions D6, D7 and D8. Orders of
Optiply's user that stand in Zoho are Zoho's as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from stockbridge_sandbox.compare_parts import (
    Board,
    Found,
    Known,
    Row,
    State,
    Stream,
    Value,
    Wanted,
    by,
    cents,
    found_by_remote_id,
    item_label,
    midnight,
    moment,
    number,
    remote_id,
    remote_ids,
    whole,
)

_NOT_ORDERED = ("cancelled", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """The purchase orders of Zoho with what the comparison needs besides, read once."""

    orders: Mapping[str, Row]  # in scope, by id
    left: Mapping[str, Row]  # neither wanted nor to be removed, by id
    out_of_scope: dict[str, str]
    apart: dict[str, str]
    receives: Mapping[str, list[Row]]  # by order
    label_of_item: Mapping[str, str]
    percent: Mapping[str, Decimal]  # of taxes

    def lines(self) -> Iterable[tuple[Row, Row]]:
        """Each order in scope with each of its lines that is of an item."""
        return ((order, line) for order in self.orders.values() for line in order["lines"] if line["item_id"])


def purchases_of(zoho: State, board: Board) -> Purchases:
    """Every order is in scope, drafts too, except cancelled and rejected ones, and those of no vendor; those from before
    the start are left as they are."""
    vendors = {each["id"] for each in zoho["contacts"] if each["contact_type"] == "vendor"}
    orders, out, apart = {}, {}, {}
    for order in zoho["purchaseorders"]:
        if order["order_status"] in _NOT_ORDERED:
            out[order["id"]] = f"{order['number']} is {order['order_status']} in Zoho"
        elif board.too_old(order):
            apart[order["id"]] = ""
        elif order["vendor_id"] not in vendors:
            apart[order["id"]] = f"Purchase order {order['number']} is not of a vendor."
        else:
            orders[order["id"]] = order
    return Purchases(
        orders=orders,
        left={order["id"]: order for order in zoho["purchaseorders"] if order["id"] in apart},
        out_of_scope=out,
        apart=apart,
        receives=by(zoho["purchasereceives"], "purchaseorder_id"),
        label_of_item={item["id"]: item_label(item) for item in zoho["items"]},
        percent={tax["id"]: Decimal(tax["percentage"]) for tax in zoho["taxes"]},
    )


def buy_orders(purchases: Purchases, optiply: State, coupling_id: str, known: Known, board: Board) -> Stream:
    """One buy order an order. Where Zoho tells no delivery date, Optiply's own stands."""
    wanted = {
        id: Wanted(
            label=order["number"],
            values={
                "supplierId": order["vendor_id"],
                "placed": midnight(order["date"]),
                "totalValue": _total(order, purchases.percent, board),
                "completed": _completed(order, purchases.receives.get(id, []), board),
                **_expected(order),
            },
        )
        for id, order in purchases.orders.items()
    }

    def read(row: Row) -> dict[str, Value]:
        values: dict[str, Value] = {
            "supplierId": known.supplier_of(row),
            "placed": moment(row.get("placed")),
            "totalValue": number(row.get("totalValue")),
            "completed": moment(row.get("completed")),
        }
        if values["completed"] and _open_again(
            purchases.orders.get(remote_id(row, coupling_id) or ""), board
        ):
            values["completed"] = ""
        if "expectedDeliveryDate" in _values(wanted, remote_id(row, coupling_id)):
            values["expectedDeliveryDate"] = moment(row.get("expectedDeliveryDate"))
        return values

    return Stream(
        one="buy order",
        wanted=wanted,
        found=found_by_remote_id(_not_assembly(optiply), coupling_id, read),
        when_gone="deleted",
        out_of_scope=purchases.out_of_scope,
        apart=purchases.apart,
    )


def buy_order_lines(
    purchases: Purchases, optiply: State, coupling_id: str, known: Known, board: Board
) -> Stream:
    """One line a line of an item. An order that stands on both sides has no other lines in Optiply."""
    wanted: dict[str, Wanted] = {}
    apart = {line["id"]: "" for order in purchases.left.values() for line in order["lines"]}
    for order, line in purchases.lines():
        label = f"{purchases.label_of_item.get(line['item_id'], line['item_id'])} of {order['number']}"
        if not whole(line["quantity"]):
            apart[line["id"]] = (
                f"The line {label} is for {line['quantity']}: Optiply takes whole quantities only."
            )
            continue
        wanted[line["id"]] = Wanted(
            label=label,
            values={
                "productId": line["item_id"],
                "buyOrderId": order["id"],
                "quantity": Decimal(line["quantity"]),
                "subtotalValue": _in_base(_line_total(line), order, board),
                **_expected(order),
            },
        )
    order_of = remote_ids(_not_assembly(optiply), coupling_id)

    def read(row: Row) -> dict[str, Value]:
        values: dict[str, Value] = {
            "productId": known.product_of(row),
            "buyOrderId": order_of.get(str(row["buyOrderId"]), "an order that is not Zoho's"),
            "quantity": number(row["quantity"]),
            "subtotalValue": number(row["subtotalValue"]),
        }
        if "expectedDeliveryDate" in _values(wanted, remote_id(row, coupling_id)):
            values["expectedDeliveryDate"] = moment(row.get("expectedDeliveryDate"))
        return values

    ours = {str(row["id"]) for row in _not_assembly(optiply)}
    rows = [row for row in optiply["buyOrderLines"] if str(row["buyOrderId"]) in ours]
    found = found_by_remote_id(rows, coupling_id, read)
    out_of_scope: dict[str, str] = {}
    for row in rows:
        order_id = order_of.get(str(row["buyOrderId"]))
        if remote_id(row, coupling_id) is None and order_id is not None and order_id in purchases.orders:
            number_of = purchases.orders[order_id]["number"]
            key = f"without a remote id {row['id']}"
            found[key] = [Found(id=str(row["id"]), values={})]
            out_of_scope[key] = f"of {number_of} that Zoho does not have"
    return Stream(
        one="buy order line",
        wanted=wanted,
        found=found,
        when_gone="deleted",
        out_of_scope=out_of_scope,
        apart=apart,
    )


def receipt_lines(purchases: Purchases, optiply: State, coupling_id: str) -> Stream:
    """One receipt line for each line of a receive, on midnight of its day."""
    fractional = {line["id"] for _, line in purchases.lines() if not whole(line["quantity"])}
    lines = {line["id"]: order for order, line in purchases.lines()}
    wanted: dict[str, Wanted] = {}
    by_own_id: dict[str, str] = {}  # where the lines of receives have ids of their own
    apart = {
        f"{receive['id']}_{line['order_line_id']}": ""
        for order_id in purchases.left
        for receive in purchases.receives.get(order_id, ())
        for line in receive["lines"]
    }
    for receive in (each for order_id in purchases.orders for each in purchases.receives.get(order_id, ())):
        for line in receive["lines"]:
            if Decimal(line["quantity"]) <= 0 or line["order_line_id"] not in lines:
                continue
            key = f"{receive['id']}_{line['order_line_id']}"
            by_own_id[f"{receive['id']}_{line['id']}"] = key
            item = purchases.label_of_item.get(line["item_id"], line["item_id"])
            label = f"{receive['number']} for {item} of {lines[line['order_line_id']]['number']}"
            if line["order_line_id"] in fractional or not whole(line["quantity"]):
                apart[key] = f"The receipt {label} is of a fraction: Optiply takes whole quantities only."
                continue
            wanted[key] = Wanted(
                label=label,
                values={
                    "buyOrderLineId": line["order_line_id"],
                    "occurred": midnight(receive["date"]),
                    "quantity": Decimal(line["quantity"]),
                },
            )
    line_of = remote_ids(optiply["buyOrderLines"], coupling_id)

    def read(row: Row) -> dict[str, Value]:
        return {
            "buyOrderLineId": line_of.get(str(row["buyOrderLineId"]), "a line that is not Zoho's"),
            "occurred": moment(row["occurred"]),
            "quantity": number(row["quantity"]),
        }

    plain = {str(row["id"]) for row in _not_assembly(optiply)}
    of_purchases = {str(row["id"]) for row in optiply["buyOrderLines"] if str(row["buyOrderId"]) in plain}
    rows = [row for row in optiply["receiptLines"] if str(row["buyOrderLineId"]) in of_purchases]
    found: dict[str, list[Found]] = {}
    for key, rows_found in found_by_remote_id(rows, coupling_id, read).items():
        found.setdefault(by_own_id.get(key, key), []).extend(rows_found)
    return Stream(
        one="receipt line", wanted=wanted, found=found, when_gone="deleted", out_of_scope={}, apart=apart
    )


def _not_assembly(optiply: State) -> list[Row]:
    return [row for row in optiply["buyOrders"] if not row.get("assembly")]


def _values(wanted: Mapping[str, Wanted], key: str | None) -> Mapping[str, Value]:
    return wanted[key].values if key is not None and key in wanted else {}


def _expected(order: Row) -> dict[str, Value]:
    day = order["delivery_date"] or order["expected_delivery_date"]
    return {"expectedDeliveryDate": midnight(day)} if day else {}


def _line_total(line: Row) -> Decimal:
    discount = 1 - Decimal(line["discount_percent"]) / 100
    return cents(Decimal(line["quantity"]) * Decimal(line["rate"]) * discount)


def _total(order: Row, percent: Mapping[str, Decimal], board: Board) -> Decimal:
    """All lines, those of free text too, with their taxes."""
    total = Decimal(0)
    for line in order["lines"]:
        amount = _line_total(line)
        total += amount + cents(amount * percent.get(line["tax_id"], Decimal(0)) / 100)
    return _in_base(total, order, board)


def _in_base(amount: Decimal, order: Row, board: Board) -> Decimal:
    return cents(amount * Decimal(order["exchange_rate"])) if board.base_currency else cents(amount)


def _completed(order: Row, receives: Iterable[Row], board: Board) -> str:
    """Midnight of the day of the last receive, else the last change; empty while the order is not complete (D6)."""
    closed = order["order_status"] == "closed"
    if not closed and not (board.complete_when == "received" and _received(order)):
        return ""
    last = max((str(receive["date"]) for receive in receives), default="")
    return midnight(last) if last else moment(order["modified"])


def _open_again(order: Row | None, board: Board) -> bool:
    """Whether an order is not complete any more. It may stay completed in Optiply, of which nobody knows whether it
    takes that back (facts: Optiply 8.2 (31))."""
    if order is None or _completed(order, (), board):
        return False
    once: bool = order["was_closed"] or (board.complete_when == "received" and order["was_received"])
    return once


def _received(order: Row) -> bool:
    """Whether everything that can arrive has arrived, or somebody has marked the order as received."""
    if order["is_po_marked_as_received"]:
        return True
    lines = [line for line in order["lines"] if line["receivable"]]
    return bool(lines) and all(
        Decimal(line["received"]) + Decimal(line["marked_received"])
        >= Decimal(line["quantity"]) - Decimal(line["cancelled"])
        for line in lines
    )
