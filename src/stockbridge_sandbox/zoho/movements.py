"""What people and other modules do to stock and orders: no API of this sandbox does it, but a business does.

Every function leaves the same marks as the real thing: ledgers, order statuses and last_modified_time.
"""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox.zoho.records import Item, Ledger, SalesOrder
from stockbridge_sandbox.zoho.world import World


def move_stock(
    world: World,
    item: Item,
    location_id: str,
    *,
    physical: Decimal = Decimal(0),
    accounting: Decimal = Decimal(0),
) -> None:
    """Move one or both ledgers of a tracked item at a location: a receive moves `physical`, a bill `accounting`,
    an adjustment both. Raises ValueError for an item without stock."""
    if not item.tracked:
        raise ValueError(f"item {item.id} has no stock to move")
    ledger = item.stock.setdefault(location_id, Ledger())
    ledger.physical += physical
    ledger.accounting += accounting
    world.stock_moved({item.id})


def ship(world: World, order: SalesOrder) -> None:
    """Ship everything that is left of a confirmed order: moves the physical ledger, closes it when invoiced too."""
    _fulfil(world, order, ship_it=True, invoice_it=False)


def invoice(world: World, order: SalesOrder) -> None:
    """Invoice everything that is left of a confirmed order: moves the accounting ledger, closes it when shipped too."""
    _fulfil(world, order, ship_it=False, invoice_it=True)


def hold(world: World, order: SalesOrder) -> None:
    """Put a confirmed order on hold; it keeps its stock."""
    world.commit(order, -1)
    order.order_status = "onhold"
    world.commit(order, 1)
    _touch(world, order)


def _fulfil(world: World, order: SalesOrder, *, ship_it: bool, invoice_it: bool) -> None:
    if order.order_status not in ("confirmed", "onhold"):
        raise ValueError(f"order {order.number} is {order.order_status}: only confirmed orders are fulfilled")
    world.commit(order, -1)
    for line in order.lines:
        place = line.location_id or order.location_id or world.primary_location.id
        item = world.items.get(line.item_id)
        ledger = item.stock.setdefault(place, Ledger()) if item is not None and item.tracked else Ledger()
        if ship_it:
            ledger.physical -= line.quantity - line.shipped
            line.shipped = line.quantity
        if invoice_it:
            ledger.accounting -= line.quantity - line.invoiced
            line.invoiced = line.quantity
    if all(line.shipped == line.quantity == line.invoiced for line in order.lines):
        order.order_status = "closed"
    world.commit(order, 1)
    _touch(world, order)
    world.stock_moved({line.item_id for line in order.lines})


def _touch(world: World, order: SalesOrder) -> None:
    order.modified = world.now()
    world.salesorders.changed(order)
