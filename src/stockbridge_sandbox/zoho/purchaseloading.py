"""What a made-up company bought becomes purchase orders, receives and bills; the opening stock knows of it already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from stockbridge_sandbox import company as made_up
from stockbridge_sandbox.zoho.purchaserecords import (
    Bill,
    BillLine,
    PurchaseLine,
    PurchaseOrder,
    PurchaseReceive,
    ReceiveLine,
)
from stockbridge_sandbox.zoho.purchasestatus import everything_billed, everything_received
from stockbridge_sandbox.zoho.records import Item

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    orders: list[PurchaseOrder] = field(default_factory=list)
    receives: list[PurchaseReceive] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)


def load_purchases(
    company: made_up.Company,
    items: Mapping[str, Item],
    id_of: Callable[[str, str], str],
    new_id: Callable[[], str],
) -> Purchases:
    """`id_of` gives the id of a record by its kind and key, `items` the item of an id.

    Receipts without an order are left out: there are no receives without one. Raises KeyError for an unknown key.
    """
    loaded = Purchases()
    by_number: dict[str, PurchaseOrder] = {}
    base = next(each.key for each in company.locations if each.primary) if company.locations else ""
    for made in company.purchase_orders:
        order = by_number[made.number] = _order(made, company.base_currency, base, items, id_of, new_id)
        loaded.orders.append(order)
    zone = ZoneInfo(company.time_zone)
    for receipt in company.receipts:
        if receipt.purchase_order:
            order = by_number[receipt.purchase_order]
            loaded.receives.append(_receive(receipt, order, zone, id_of, new_id))
    for made_bill in company.bills:
        found = by_number.get(made_bill.purchase_order)
        loaded.bills.append(_bill(made_bill, found, company, zone, items, id_of, new_id))
    for order in loaded.orders:
        _close(order)
    return loaded


def _order(
    made: made_up.PurchaseOrder,
    base_currency: str,
    base_place: str,
    items: Mapping[str, Item],
    id_of: Callable[[str, str], str],
    new_id: Callable[[], str],
) -> PurchaseOrder:
    return PurchaseOrder(
        id=new_id(),
        created=made.created,
        modified=made.modified,
        number=made.number,
        date=made.date,
        vendor_id=id_of("vendor", made.vendor),
        order_status=made.status,
        reference_number=made.reference,
        currency_id=id_of("currency", made.currency or base_currency),
        exchange_rate=made.exchange_rate,
        location_id=id_of("location", made.location or base_place),
        delivery_date=made.delivery_date,
        notes=made.notes,
        terms=made.terms,
        lines=[_line(line, items.get(id_of("item", line.item)), id_of, new_id) for line in made.lines],
        custom_fields=dict(made.custom_fields),
    )


def _line(
    line: made_up.PurchaseLine,
    item: Item | None,
    id_of: Callable[[str, str], str],
    new_id: Callable[[], str],
) -> PurchaseLine:
    return PurchaseLine(
        id=new_id(),
        item_id=item.id if item else "",
        name=line.name or (item.name if item else ""),
        sku=item.sku if item else "",
        unit=item.unit if item else "",
        account_id=item.purchase_account_id if item else "",
        description=line.description,
        quantity=line.quantity,
        rate=line.rate,
        discount_percent=line.discount_percent,
        tax_id=id_of("tax", line.tax),
        location_id=id_of("location", line.location),
        receivable=item is not None and item.product_type == "goods",
    )


def _found(order: PurchaseOrder, position: int, item_id: str, name: str) -> PurchaseLine:
    """The line of that position, or the first of that item with room left."""
    if position:
        return order.lines[position - 1]
    same = [line for line in order.lines if line.item_id == item_id and (item_id or line.name == name)]
    if not same:
        raise KeyError(f"a line of {name or item_id} in order {order.number}")
    return next((line for line in same if line.outstanding), same[-1])


def _noon(day: date, zone: ZoneInfo, order: PurchaseOrder | None) -> datetime:
    """Noon of the day, within the life of the order."""
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return noon if order is None else max(order.created, min(order.modified, noon))


def _receive(
    receipt: made_up.Receipt,
    order: PurchaseOrder,
    zone: ZoneInfo,
    id_of: Callable[[str, str], str],
    new_id: Callable[[], str],
) -> PurchaseReceive:
    moment = _noon(receipt.date, zone, order)
    receive = PurchaseReceive(
        id=new_id(),
        created=moment,
        modified=moment,
        number=receipt.number,
        date=receipt.date,
        purchaseorder_id=order.id,
        vendor_id=order.vendor_id,
    )
    for part in receipt.lines:
        line = _found(order, part.line, id_of("item", part.item), part.item)
        line.received += part.quantity
        receive.lines.append(
            ReceiveLine(
                id=new_id(),
                order_line_id=line.id,
                item_id=line.item_id,
                name=line.name,
                unit=line.unit,
                quantity=part.quantity,
                location_id=id_of("location", part.location) or line.location_id or order.location_id,
            )
        )
    order.receive_ids.append(receive.id)
    return receive


def _bill(
    made: made_up.Bill,
    order: PurchaseOrder | None,
    company: made_up.Company,
    zone: ZoneInfo,
    items: Mapping[str, Item],
    id_of: Callable[[str, str], str],
    new_id: Callable[[], str],
) -> Bill:
    moment = _noon(made.date, zone, order)
    bill = Bill(
        id=new_id(),
        created=moment,
        modified=moment,
        number=made.number,
        date=made.date,
        due_date=made.due_date,
        vendor_id=id_of("vendor", made.vendor),
        status=made.status,
        purchaseorder_id=order.id if order else "",
        currency_id=order.currency_id if order else id_of("currency", company.base_currency),
        exchange_rate=order.exchange_rate if order else Decimal(1),
        location_id=order.location_id if order else "",
    )
    for part in made.lines:
        item_id = id_of("item", part.item)
        line = _found(order, part.line, item_id, part.name) if order else None
        if line is not None and bill.counts:
            line.billed += part.quantity
        item = items.get(item_id)
        bill.lines.append(
            BillLine(
                id=new_id(),
                item_id=item_id,
                name=part.name or (item.name if item else ""),
                quantity=part.quantity,
                rate=part.rate,
                order_line_id=line.id if line else "",
                unit=item.unit if item else "",
                account_id=line.account_id if line else "",
                discount_percent=line.discount_percent if line else _ZERO,
                tax_id=line.tax_id if line else "",
                location_id=line.location_id if line else "",
            )
        )
    if order is not None:
        order.bill_ids.append(bill.id)
    return bill


def _close(order: PurchaseOrder) -> None:
    """An issued order that is complete is closed; what a closed one lacks was cancelled, or never billed."""
    if order.order_status == "closed":
        for line in order.lines:
            line.cancelled = line.outstanding
        order.cut_short = not everything_billed(order)
    elif order.order_status == "issued" and everything_received(order) and everything_billed(order):
        order.order_status = "closed"
    order.was_closed = order.order_status == "closed"
    order.was_received = order.order_status in ("issued", "closed") and everything_received(order)
