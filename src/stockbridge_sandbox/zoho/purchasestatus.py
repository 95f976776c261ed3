"""Where a purchase order stands: the four status words of facts: Zoho 10.8, and when it closes by itself."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.purchaserecords import PurchaseOrder
from stockbridge_sandbox.zoho.world import World

ORDER_STATUSES = ("draft", "pending_approval", "approved", "rejected", "issued", "cancelled", "closed")
ROLLUPS = ("partially_received", "received", "partially_billed", "billed")
_ZERO = Decimal(0)


def settle(world: World, order: PurchaseOrder, *, moves_time: bool = True) -> None:
    """After every change: close the order when all of it is received and billed, open it again when not.

    An order whose quantities were lowered to what had arrived stays closed without a bill (`cut_short`).
    `moves_time` says whether last_modified_time moves; the row of the list is drawn anew in any case.
    """
    if order.order_status in ("issued", "closed"):
        order.was_closed = order.was_closed or order.order_status == "closed"
        order.cut_short = order.cut_short and everything_received(order)
        done = everything_received(order) and (order.cut_short or everything_billed(order))
        order.order_status = "closed" if done else "issued"
        order.was_closed = order.was_closed or done
        order.was_received = order.was_received or everything_received(order)
    if moves_time:
        order.modified = world.now()
    world.purchaseorders.changed(order, quietly=not moves_time)


def everything_received(order: PurchaseOrder) -> bool:
    """Whether nothing can arrive any more."""
    return not any(line.outstanding for line in order.lines)


def everything_billed(order: PurchaseOrder) -> bool:
    """Whether every line that was not cancelled is on bills in full."""
    return all(line.billed >= line.quantity - line.cancelled for line in order.lines)


def order_statuses(order: PurchaseOrder, *, in_list: bool) -> dict[str, str]:
    """order_status, received_status, billed_status, and `status` which rolls them up.

    A draft's detail has "" where its list row says to_be_received and to_be_billed.
    """
    lines = [line for line in order.lines if line.receivable]
    received = sum((line.received + line.marked_received for line in lines), _ZERO)
    billed = sum((line.billed for line in order.lines), _ZERO)
    arrived, paid_for = everything_received(order), everything_billed(order)
    received_status = "to_be_received"
    if arrived and (lines or order.order_status == "closed"):
        received_status = "received"
    elif received:
        received_status = "partially_received"
    billed_status = "to_be_billed"
    if billed:
        billed_status = "billed" if paid_for else "partially_billed"
    rollup = order.order_status
    if rollup == "issued":
        if billed_status == "billed":
            rollup = "billed"
        elif received:
            rollup = received_status
        elif billed:
            rollup = billed_status
    fresh = not in_list and order.order_status in ("draft", "pending_approval", "approved", "rejected")
    return {
        "order_status": order.order_status,
        "received_status": "" if fresh else received_status,
        "billed_status": "" if fresh else billed_status,
        "status": rollup,
        "current_sub_status": order.order_status,
        "current_sub_status_id": "",
    }


def yet_to_receive(order: PurchaseOrder) -> Decimal:
    """What the list row tells of the whole order; nothing arrives on a cancelled or rejected one."""
    if order.order_status in ("cancelled", "rejected"):
        return _ZERO
    return sum((line.outstanding for line in order.lines), _ZERO)
