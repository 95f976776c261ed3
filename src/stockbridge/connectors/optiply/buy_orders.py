"""Buy orders and their lines: which of Optiply's buy orders are assembly orders, and what stands on an order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from stockbridge.connectors.optiply.lists import Lists
from stockbridge.core.record import Record, Refusal, Values

LINES = "buyOrderLines"

_FEW = 10  # orders up to which each is asked for its lines
_PRICE_STEP = Decimal("0.000001")


def is_assembly(row: Any) -> bool:
    """Whether a row of /buyOrders is an assembly order. A filter on it may be ignored, so each row is looked at."""
    attributes = getattr(row, "attributes", None) or {}
    return attributes.get("assembly") in (True, "true")


def is_buy_order(row: Any) -> bool:
    """Whether a row of /buyOrders is a buy order in the plain sense (also one from before `assembly` was there)."""
    return not is_assembly(row)


def full_order(lists: Lists, id: str) -> Record | Refusal:
    """A buy order with its `lines`, by two calls; a tombstone for an assembly order. Raises as `Lists.scan`."""
    order = lists.one("buyOrders", id, is_buy_order)
    if isinstance(order, Refusal) or order.deleted:
        return order
    shown: list[Values] = []
    for line in lines_of(lists, id):
        if isinstance(line, Refusal):
            return Refusal(id=id, reason=line.reason, remedy=line.remedy)
        shown.append(_shown(line))
    return msgspec.structs.replace(order, values={**order.values, "lines": shown}, full=True)


def lines_of(lists: Lists, order_id: str) -> list[Record | Refusal]:
    """The lines of one order, oldest first; never relied on the answer of a POST (facts: Optiply 8.2 (28))."""
    found: list[Record | Refusal] = []
    for page in lists.scan(LINES, (("filter[buyOrderId]", order_id),)):
        # A filter that is ignored gives every row, so each one is compared here.
        found += [line for line in page.records if line.values.get("buyOrderId") == order_id]
        found += page.refused
    return found


def lines_by_order(lists: Lists, order_ids: Sequence[str]) -> dict[str, list[Record | Refusal]]:
    """The lines of these orders: one call each for a few, else all lines in the range of their ids where that is less."""
    found: dict[str, list[Record | Refusal]] = {id: [] for id in order_ids}
    if len(found) > _FEW and all(id.isdecimal() for id in found):
        for line in _in_range(lists, list(found)):
            if (order_id := line.values.get("buyOrderId")) in found:
                found[order_id].append(line)
    for id, lines in found.items():
        if not lines:
            lines += lines_of(lists, id)
    return found


def _in_range(lists: Lists, order_ids: Sequence[str]) -> list[Record]:
    """The lines of all orders between the first and the last; none where one call per order is cheaper or a line is bad."""
    numbers = sorted(map(int, order_ids))
    filters = (("filter[buyOrderId][GE]", str(numbers[0])), ("filter[buyOrderId][LE]", str(numbers[-1])))
    most = len(numbers) * lists.rows[LINES].stream.page_size
    found: list[Record] = []
    for page in lists.scan(LINES, filters):
        if page.refused or (page.total or 0) > most:
            return []  # a line that cannot be read does not tell its order, but a call for one order does
        found += page.records
    return found


def _shown(line: Record) -> Values:
    """A line as a buy order shows it; the price of one is what the line costs by its quantity, to six places."""
    values = line.values
    quantity, subtotal = values.get("quantity"), values.get("subtotalValue")
    price = None
    if quantity and subtotal is not None:
        price = (subtotal / quantity).quantize(_PRICE_STEP, ROUND_HALF_UP)
    return {
        "id": line.id,
        "productId": values.get("productId"),
        "quantity": quantity,
        "subtotalValue": subtotal,
        "unitPrice": price,
        "expectedDeliveryDate": values.get("expectedDeliveryDate"),
    }
