"""Purchase orders with their lines and receipts, as data. Source: facts, Zoho 10.8 and 10.9."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import UNSET

from stockbridge.connectors.zoho.fields import CUSTOM_OF_DETAIL, read_only, reference
from stockbridge.connectors.zoho.rows import BadValue, Shape, child, children, read_key, with_custom
from stockbridge.core.record import Ability, Field, Kind, Record, Stream, Values
from stockbridge.http.values import day, flag, moment, number, text

_LINE = (
    *read_only(Kind.TEXT, "line_item_id"),
    Field(name="item_id", kind=Kind.TEXT, refers_to="items", required=True),
    *read_only(Kind.TEXT, "name sku"),
    Field(name="quantity", kind=Kind.NUMBER, required=True),
    Field(name="rate", kind=Kind.NUMBER, at_least=0),
    *read_only(Kind.NUMBER, "item_total base_item_total quantity_received quantity_cancelled"),
)
_TO_COME = (
    *read_only(Kind.NUMBER, "quantity_marked_as_received"),
    *read_only(Kind.FLAG, "is_receivable"),
)
_RECEIVED = (
    *read_only(Kind.TEXT, "receive_id receive_number"),
    *read_only(Kind.DAY, "date"),
    *read_only(Kind.TEXT, "line_item_id line_id"),
    reference("item_id", "items"),
    *read_only(Kind.NUMBER, "quantity"),
)
_RECEIVED_LINE = (
    *read_only(Kind.TEXT, "line_item_id purchaseorder_item_id item_id"),
    *read_only(Kind.NUMBER, "quantity"),
)
_RECEIVE = (*read_only(Kind.TEXT, "receive_id receive_number"), *read_only(Kind.DAY, "date"))
_LINE_SPARE = {"rate": "purchase_rate"}  # documented as purchase_rate, live as rate
_RECEIVE_SPARE = {"receive_id": "purchasereceive_id", "receive_number": "purchasereceive_number"}
_RECEIVED_SPARE = {"line_item_id": "receive_item_id"}

_NOT_ISSUED = frozenset({"draft", "pending_approval", "approved", "rejected"})
_VOID = frozenset({"cancelled", "rejected"})
_NOTHING_TO_COME = _NOT_ISSUED | _VOID
_ON_THE_WAY = frozenset({"in_transit", "intransit"})  # sent by the vendor, not in the house yet
_CENT = Decimal("0.01")


def _states(values: Values) -> set[str]:
    """Both statuses of an order in small letters; the documents write them with capitals."""
    return {str(values.get(name) or "").casefold() for name in ("order_status", "status")} - {""}


def _order(row: Any, values: Values) -> None:
    if values.get("delivery_date") is None:
        expected = read_key(row, "expected_delivery_date", day)
        if expected is not None or row.expected_delivery_date is not UNSET:
            values["delivery_date"] = expected
    if values.get("location_id") is None and (place := read_key(row, "warehouse_id", text)) is not None:
        values["location_id"] = place
    state = str(values.get("order_status") or values.get("status") or "").casefold()
    if state:
        values["issued"] = state not in _NOT_ISSUED


def _order_detail(row: Any, values: Values) -> None:
    values.setdefault("issued", None)
    lines = children(row, "line_items", _LINE, _LINE_SPARE)
    rate = values.get("exchange_rate")
    for place, line in enumerate(lines, start=1):
        line["base_item_total"] = _in_base(line["item_total"], rate)
        for name in ("line_item_id", "quantity", "item_total"):
            # A line without an item is free text and goes nowhere.
            if line["item_id"] is not None and line[name] is None:
                raise BadValue(f"line_items[{place}].{name}", None, "filled in")
    values["lines"] = lines
    values["base_total"] = _in_base(values.get("total"), rate)
    receipts = _receipts(row, lines)
    values["receipts"] = receipts
    marked = bool(read_key(row, "is_po_marked_as_received", flag))
    if values.get("total_ordered_quantity") is None:
        values["total_ordered_quantity"] = read_key(row, "total_quantity", number)
    if values.get("quantity_yet_to_receive") is None:  # only rows of the list tell it
        values["quantity_yet_to_receive"] = Decimal(0) if marked else _to_come(row, lines)
    closed = "closed" in _states(values)
    received = closed or marked or str(values.get("received_status") or "").casefold() == "received"
    ended = _ended(row, receipts) if received else None
    values["closed_time"] = ended if closed else None
    values["received_time"] = ended
    with_custom(row, values)


def _in_base(amount: Decimal | None, rate: Decimal | None) -> Decimal | None:
    """An amount in the organisation's own currency; None where the rate is not known."""
    if amount is None or rate is None:
        return None
    return (amount * rate).quantize(_CENT, ROUND_HALF_UP)


def _receipts(row: Any, lines: list[Values]) -> list[Values]:
    """Every line of every receive of the order, with the order's line that it belongs to."""
    received = row.purchasereceives
    if received in (UNSET, "", None):
        return []
    if not isinstance(received, list):
        raise BadValue("purchasereceives", received, "a list of receives")
    ids = {line["line_item_id"] for line in lines}
    of_item = Counter(line["item_id"] for line in lines)
    by_item = {line["item_id"]: line["line_item_id"] for line in lines}
    out: list[Values] = []
    for at, one in enumerate(received, start=1):
        path = f"purchasereceives[{at}]"
        head = child(one, path, _RECEIVE, _RECEIVE_SPARE)
        if head["receive_id"] is None:
            raise BadValue(f"{path}.receive_id", None, "filled in")
        if str(one.get("status") or "").casefold().replace(" ", "_") in _ON_THE_WAY:
            continue
        inner = one.get("line_items")
        if not isinstance(inner, list):
            raise BadValue(f"{path}.line_items", inner, "a list of lines")
        for place, part in enumerate(inner, start=1):
            within = f"{path}.line_items[{place}]"
            line = child(part, within, _RECEIVED_LINE, _RECEIVED_SPARE)
            own, ordered, item = line["line_item_id"], line["purchaseorder_item_id"], line["item_id"]
            if own is None and ordered is None:
                raise BadValue(f"{within}.line_item_id", None, "filled in")
            if line["quantity"] is None:
                raise BadValue(f"{within}.quantity", None, "a number")
            of = next((id for id in (own, ordered) if id in ids), None)
            if of is None and item is not None and of_item[item] == 1:
                of = by_item[item]
            out.append(
                {
                    **head,
                    "line_item_id": own or ordered,
                    "line_id": of,
                    "item_id": item,
                    "quantity": line["quantity"],
                }
            )
    return out


def _to_come(row: Any, lines: list[Values]) -> Decimal:
    """What is still to be received of all lines (facts, Zoho 10.8: on the way)."""
    total = Decimal(0)
    for place, (raw, line) in enumerate(zip(row.line_items, lines, strict=True), start=1):
        more = child(raw, f"line_items[{place}]", _TO_COME, {})
        if more["is_receivable"] is False or line["quantity"] is None:
            continue
        done = (line["quantity_received"], line["quantity_cancelled"], more["quantity_marked_as_received"])
        total += max(Decimal(0), line["quantity"] - sum(part for part in done if part is not None))
    return total


def _ended(row: Any, receipts: list[Values]) -> datetime | None:
    """When the last goods came: midnight of that day, or the last change of an order that nothing was received of."""
    days: list[date] = [one["date"] for one in receipts if one["quantity"] > 0 and one["date"] is not None]
    if days:
        return datetime.combine(max(days), time(), UTC)
    return moment(row.last_modified_time)


def _stamp(row: Any, values: Values) -> str:
    """What moves when goods are received, which may leave the time of change alone (facts, Zoho 10.8).

    A row of the list and a detail write some of it differently: a status that is "" means that nothing came yet.
    """
    to_come = values.get("quantity_yet_to_receive")
    if _states(values) & _NOTHING_TO_COME:
        to_come = None
    status = str(values.get("received_status") or "to_be_received").casefold()
    listed = row.receives if isinstance(row.receives, list) else row.purchasereceives
    found = [
        str(one.get("receive_id") or one.get("purchasereceive_id"))
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    ]
    ids = zlib.crc32(",".join(sorted(found)).encode())
    return f"/{'' if to_come is None else f'{to_come.normalize():f}'}/{status}/{ids:08x}"


def derive_lines(order: Record) -> Iterable[Record]:
    """The lines of a full order that are about an item; none of an order that was cancelled or rejected."""
    if order.deleted or not order.full or _states(order.values) & _VOID:
        return
    for line in order.values.get("lines") or ():
        if line["item_id"] is not None:
            yield Record(
                id=line["line_item_id"],
                version=order.version,
                modified=order.modified,
                parent=order.id,
                values={
                    "purchaseorder_id": order.id,
                    "delivery_date": order.values.get("delivery_date"),
                    **{name: line[name] for name in _OF_LINE},
                },
            )


def derive_receipts(order: Record) -> Iterable[Record]:
    """What a full order has received, line by line; none of an order that was cancelled or rejected."""
    if order.deleted or not order.full or _states(order.values) & _VOID:
        return
    for receipt in order.values.get("receipts") or ():
        if receipt["quantity"] > 0:
            yield Record(
                id=f"{receipt['receive_id']}_{receipt['line_item_id']}",
                version=order.version,
                modified=order.modified,
                parent=order.id,
                values={
                    "purchaseorder_id": order.id,
                    **{name: receipt[name] for name in _OF_RECEIPT},
                },
            )


_OF_LINE = ("item_id", "quantity", "rate", "item_total", "base_item_total", "name", "sku")
_OF_RECEIPT = ("line_id", "item_id", "date", "quantity", "receive_number")

PURCHASE_ORDERS = Stream(
    name="purchaseorders",
    noun="purchase order",
    page_size=200,
    detail_size=1,
    names=("purchaseorder_number",),
    mark="reference_number",
    settles_after=300,
    abilities=frozenset({Ability.CREATE, Ability.UPDATE}),
    fields=(
        *read_only(Kind.TEXT, "purchaseorder_number reference_number"),
        Field(name="date", kind=Kind.DAY, required=True),
        Field(name="delivery_date", kind=Kind.DAY),
        *read_only(Kind.TEXT, "order_status status received_status billed_status"),
        Field(name="vendor_id", kind=Kind.TEXT, refers_to="vendors", required=True),
        *read_only(Kind.TEXT, "vendor_name currency_code"),
        *read_only(Kind.NUMBER, "total total_ordered_quantity quantity_yet_to_receive"),
        *read_only(Kind.MOMENT, "created_time"),
        Field(name="issued", kind=Kind.FLAG, step=True),
        Field(name="location_id", kind=Kind.TEXT),
        *read_only(Kind.NUMBER, "exchange_rate base_total", detail=True),
        Field(name="terms", kind=Kind.TEXT, detail=True),
        Field(name="lines", kind=Kind.CHILDREN, detail=True, required=True, children=_LINE),
        Field(name="receipts", kind=Kind.CHILDREN, detail=True, writable=False, children=_RECEIVED),
        *read_only(Kind.MOMENT, "closed_time received_time", detail=True),
        CUSTOM_OF_DETAIL,
    ),
)

PURCHASE_ORDER_LINES = Stream(
    name="purchaseorder_lines",
    noun="purchase order line",
    names=("sku", "name"),
    derived_from="purchaseorders",
    derive=derive_lines,
    fields=(
        reference("purchaseorder_id", "purchaseorders"),
        reference("item_id", "items"),
        *read_only(Kind.NUMBER, "quantity rate item_total base_item_total"),
        *read_only(Kind.DAY, "delivery_date"),
        *read_only(Kind.TEXT, "name sku"),
    ),
)

PURCHASE_RECEIPTS = Stream(
    name="purchase_receipts",
    noun="purchase receipt",
    names=("receive_number",),
    derived_from="purchaseorders",
    derive=derive_receipts,
    fields=(
        reference("purchaseorder_id", "purchaseorders"),
        reference("line_id", "purchaseorder_lines"),
        reference("item_id", "items"),
        *read_only(Kind.DAY, "date"),
        *read_only(Kind.NUMBER, "quantity"),
        *read_only(Kind.TEXT, "receive_number"),
    ),
)

STREAMS = (PURCHASE_ORDERS, PURCHASE_ORDER_LINES, PURCHASE_RECEIPTS)

SHAPES = (
    Shape(
        stream=PURCHASE_ORDERS,
        path="/purchaseorders",
        id_key="purchaseorder_id",
        list_key="purchaseorders",
        detail_keys=("purchaseorder", "purchase_order"),
        extra=(
            "expected_delivery_date",
            "warehouse_id",
            "line_items",
            "purchasereceives",
            "receives",
            "total_quantity",
            "is_po_marked_as_received",
            "custom_fields",
            "custom_field_hash",
        ),
        fill=_order,
        derive=_order_detail,
        computed=frozenset({"issued", "base_total", "closed_time", "received_time"}),
        stamp=_stamp,
    ),
)
