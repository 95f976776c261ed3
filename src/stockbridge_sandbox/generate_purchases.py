"""What a made-up company buys: purchase orders, what arrived on them, and what was billed.

The newest eight orders hold every state once: a draft, one just issued, partly received, received but not billed,
two closed ones, a cancelled one and one received in several parts; old orders are closed, a few cancelled.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from stockbridge_sandbox import shop
from stockbridge_sandbox.company import (
    Bill,
    BillLine,
    Contact,
    Item,
    PurchaseLine,
    PurchaseOrder,
    PurchaseStatus,
    Receipt,
    ReceiptLine,
)
from stockbridge_sandbox.generate_documents import cents, moments

# How far an order has come, newest first: its status, in how many receipts how much of it arrived, whether it is billed.
_STATES: tuple[tuple[PurchaseStatus, int, Decimal, bool], ...] = (
    ("draft", 0, Decimal(0), False),
    ("issued", 0, Decimal(0), False),
    ("issued", 1, Decimal("0.5"), False),
    ("issued", 1, Decimal(1), False),
    ("closed", 1, Decimal(1), True),
    ("cancelled", 0, Decimal(0), False),
    ("issued", 2, Decimal("0.6"), False),
    ("closed", 3, Decimal(1), True),
)
_OLD = timedelta(days=120)
_FREE_TEXTS = ("Verzendkosten", "Inklaring en invoerrechten", "Emballage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    orders: tuple[PurchaseOrder, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    bills: tuple[Bill, ...] = ()


def draw_purchases(
    dice: random.Random, count: int, items: Sequence[Item], vendors: Sequence[Contact], end: datetime
) -> Purchases:
    """As many orders as asked for; none when nothing can be bought or nobody sells it."""
    bought = [item for item in items if item.item_type != "sales" and item.product_type == "goods"]
    if not bought or not vendors:
        return Purchases()
    supplied: dict[str, list[Item]] = {}
    for item in bought:
        supplied.setdefault(item.vendor, []).append(item)
    sources = [vendor for vendor in vendors if vendor.key in supplied] or list(vendors)
    orders: list[PurchaseOrder] = []
    receipts: list[Receipt] = []
    bills: list[Bill] = []
    for n, written in enumerate(moments(dice, count, end, 365)):
        newness = count - 1 - n
        status, parts, share, billed = _STATES[newness % len(_STATES)]
        if end - written > _OLD and newness >= len(_STATES) and status != "cancelled":
            status, parts, share, billed = "closed", dice.choice((1, 1, 2)), Decimal(1), True
        vendor = dice.choice(sources)
        order = _order(dice, n, newness, written, status, vendor, supplied.get(vendor.key, bought))
        days = _days(dice, parts, order.date, end)
        arrived = _receipts(dice, len(receipts), order, days, share)
        receipts += arrived
        if billed:
            bills.append(_bill(len(bills), order, days[-1], vendor.payment_terms))
        orders.append(_dated(order, days, end))
    return Purchases(orders=tuple(orders), receipts=tuple(receipts), bills=tuple(bills))


def _order(
    dice: random.Random,
    n: int,
    newness: int,
    written: datetime,
    status: PurchaseStatus,
    vendor: Contact,
    supplied: Sequence[Item],
) -> PurchaseOrder:
    day = written.astimezone(ZoneInfo(shop.TIME_ZONE)).date()
    chosen = dice.sample(supplied, min(len(supplied), dice.choice((1, 2, 2, 3, 5))))
    if newness % 6 == 2:
        chosen.append(chosen[0])  # people do enter the same product twice
    lines = [_line(dice, item, vendor.currency) for item in chosen]
    if newness % 5 == 1:
        rate = cents(dice.choice((1500, 2495, 8000)))
        lines.append(
            PurchaseLine(
                name=dice.choice(_FREE_TEXTS),
                quantity=Decimal(1),
                rate=rate if shop.DECIMALS[vendor.currency] else rate.to_integral_value(),
            )
        )
    return PurchaseOrder(
        number=f"PO-{n + 1:05d}",
        date=day,
        vendor=vendor.key,
        status=status,
        reference=f"Offerte {dice.randrange(10**5)}" if dice.random() < 0.3 else "",
        currency=vendor.currency,
        exchange_rate=shop.RATES[vendor.currency],
        location=dice.choice(("rotterdam", "rotterdam", "liege")),
        delivery_date=day + timedelta(days=dice.randrange(3, 40)) if dice.random() < 0.8 else None,
        notes="Graag leveren op europallets." if dice.random() < 0.1 else "",
        lines=tuple(lines),
        created=written,
        modified=written,
    )


def _line(dice: random.Random, item: Item, currency: str) -> PurchaseLine:
    rate = (item.purchase_rate / shop.RATES[currency]).quantize(Decimal(1).scaleb(-shop.DECIMALS[currency]))
    return PurchaseLine(
        item=item.key,
        name=item.name,
        quantity=Decimal(dice.choice((5, 10, 12, 25, 50, 100))),
        rate=rate,
        discount_percent=Decimal(dice.choice((2, 5))) if dice.random() < 0.1 else Decimal(0),
        tax=item.tax,
        location=dice.choice(("", "", "", "utrecht")),
    )


def _days(dice: random.Random, parts: int, first: date, end: datetime) -> list[date]:
    """A day for each receipt, none after `end`."""
    last = end.astimezone(ZoneInfo(shop.TIME_ZONE)).date()
    return sorted(min(last, first + timedelta(days=dice.randrange(1, 30))) for _ in range(parts))


def _receipts(
    dice: random.Random, before: int, order: PurchaseOrder, days: Sequence[date], share: Decimal
) -> list[Receipt]:
    """`share` of every line of goods, over as many receipts as there are days. What is left over comes last."""
    receipts: list[Receipt] = []
    left = {
        n: max(Decimal(1), (line.quantity * share).to_integral_value())
        for n, line in enumerate(order.lines, 1)
        if line.item
    }
    for part, day in enumerate(days):
        lines: list[ReceiptLine] = []
        for n, quantity in left.items():
            rest = len(days) - part
            now = quantity if rest == 1 else Decimal(dice.randrange(int(quantity) // rest + 1))
            left[n] -= now
            if now:
                line = order.lines[n - 1]
                lines.append(
                    ReceiptLine(
                        item=line.item,
                        quantity=now,
                        rate=line.rate,
                        location=line.location or order.location,
                        line=n,
                    )
                )
        if lines:
            number = f"PR-{before + len(receipts) + 1:05d}"
            receipts.append(
                Receipt(
                    number=number,
                    date=day,
                    vendor=order.vendor,
                    purchase_order=order.number,
                    lines=tuple(lines),
                )
            )
    return receipts


def _bill(before: int, order: PurchaseOrder, day: date, terms: int) -> Bill:
    return Bill(
        number=f"F{day.year}-{before + 1:05d}",
        date=day,
        due_date=day + timedelta(days=terms),
        vendor=order.vendor,
        purchase_order=order.number,
        lines=tuple(
            BillLine(item=line.item, name=line.name, quantity=line.quantity, rate=line.rate, line=n)
            for n, line in enumerate(order.lines, 1)
        ),
    )


def _dated(order: PurchaseOrder, days: Sequence[date], end: datetime) -> PurchaseOrder:
    """The order with the moment of what happened to it last."""
    if order.status == "draft":
        return order
    modified = order.created + timedelta(hours=1)
    if days:
        noon = datetime(days[-1].year, days[-1].month, days[-1].day, 12, tzinfo=end.tzinfo)
        modified = max(modified, noon)
    return replace(order, modified=min(end, modified))
