"""What the Optiply user does with buy orders by hand: places them, edits and removes them and their lines.

Rows made here have `createdFromPublicApi` false and no remote id (facts: Optiply 4.1, 9). The order's total follows its
lines, as a page that shows both would do (assumed). The caller holds the lock; every function raises `Refusal`.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stockbridge_sandbox.optiply import rules
from stockbridge_sandbox.optiply.refusal import invalid, not_found
from stockbridge_sandbox.optiply.rules import Books, Writer
from stockbridge_sandbox.optiply.table import Row
from stockbridge_sandbox.optiply.values import moment_text

BY_HAND = Writer(from_api=False)


def place_order(books: Books, order: Mapping[str, Any]) -> Row:
    """A new buy order with its lines; gives the stored order.

    `order`: lines [{productId, quantity, subtotalValue?, expectedDeliveryDate?}], and as wished supplierId (default: who
    supplies the first line's product, the preferred one if there are several), assembly, placed (default now),
    expectedDeliveryDate, completed, totalValue (default the sum of the lines). A missing subtotalValue is quantity times
    the supplier product's price. Without a delivery date, supplier and supplier product tell it (facts: Optiply 1.5).
    """
    given = dict(order)
    lines = given.pop("lines", [])
    if not isinstance(lines, list) or not all(isinstance(line, Mapping) for line in lines):
        raise invalid("lines must be a list of objects", "lines")
    if given.get("supplierId") is None and lines:
        given["supplierId"] = _supplier_of(books, lines[0].get("productId"))
    priced = [_priced(books, line, given.get("supplierId")) for line in lines]
    total = sum((rules.money(line["subtotalValue"]) for line in priced), Decimal(0))
    given.setdefault("placed", moment_text(books.clock.now()))
    given.setdefault("totalValue", str(total))
    return rules.create(books, "buyOrders", {**given, "orderLines": priced}, BY_HAND)


def add_line(books: Books, order_id: int, line: Mapping[str, Any]) -> Row:
    """One more line of an order; gives the stored line."""
    order = rules.live_row(books, "buyOrders", order_id)
    given = {**_priced(books, line, order["supplierId"]), "buyOrderId": order_id}
    row = rules.create(books, "buyOrderLines", given, BY_HAND)
    _total(books, order_id)
    return row


def edit_line(books: Books, order_id: int, line_id: int, attributes: Mapping[str, Any]) -> Row:
    """Change a line; a new quantity without a new subtotal keeps the price of one. Gives the stored line."""
    old = _line(books, order_id, line_id)
    given = dict(attributes)
    quantity = _whole(given.get("quantity"))
    if isinstance(quantity, int) and "subtotalValue" not in given and old["quantity"]:
        price = Decimal(old["subtotalValue"]) / old["quantity"]
        given["subtotalValue"] = str((price * quantity).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
    row = rules.change(books, "buyOrderLines", line_id, given, BY_HAND)
    _total(books, order_id)
    return row


def remove_line(books: Books, order_id: int, line_id: int) -> None:
    """Remove a line with its receipts; the order stays, even without lines."""
    _line(books, order_id, line_id)
    rules.remove(books, "buyOrderLines", line_id)
    _total(books, order_id)


def _line(books: Books, order_id: int, line_id: int) -> Row:
    rules.live_row(books, "buyOrders", order_id)
    line = rules.live_row(books, "buyOrderLines", line_id)
    if line["buyOrderId"] != order_id:
        raise not_found("buyOrderLines", line_id)
    return line


def _total(books: Books, order_id: int) -> None:
    """Let the order's total be that of its lines. Where that changes nothing, the order is not written."""
    lines = books.tables["buyOrderLines"]
    total = sum(
        (Decimal(lines.live[key]["subtotalValue"]) for key in lines.lookup("buyOrderId", order_id)),
        Decimal("0.00"),
    )
    if Decimal(rules.live_row(books, "buyOrders", order_id)["totalValue"]) != total:
        rules.change(books, "buyOrders", order_id, {"totalValue": str(total)}, BY_HAND)


def _priced(books: Books, line: Mapping[str, Any], supplier_id: object) -> dict[str, Any]:
    """The line with its subtotal. What is no whole quantity is left for the rules to refuse."""
    if "subtotalValue" in line:
        return dict(line)
    offers = books.tables["supplierProducts"]
    pair = offers.lookup("productId", _whole(line.get("productId")))
    pair = pair & offers.lookup("supplierId", _whole(supplier_id))
    price = next((offers.live[key]["price"] for key in sorted(pair)), None) or "0"
    quantity = _whole(line.get("quantity"))
    return {**line, "subtotalValue": str(Decimal(price) * (quantity if isinstance(quantity, int) else 0))}


def _supplier_of(books: Books, product_id: object) -> int | None:
    offers = books.tables["supplierProducts"]
    known = [offers.live[key] for key in sorted(offers.lookup("productId", _whole(product_id)))]
    usable = [offer for offer in known if offer["status"] != "disabled"]
    preferred = [offer for offer in usable if offer["preferred"]]
    return next((offer["supplierId"] for offer in (*preferred, *usable)), None)


def _whole(value: object) -> object:
    if isinstance(value, bool):
        return None
    return int(value) if isinstance(value, str) and value.isdecimal() else value
