"""Bills, as far as the statuses of purchase orders need them (facts: Zoho 10.10). Payments are not simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from stockbridge_sandbox.zoho.billrows import bill_detail, bill_row
from stockbridge_sandbox.zoho.customfields import read_custom_fields
from stockbridge_sandbox.zoho.errors import ApiError, already_exists, invalid_value, no_such
from stockbridge_sandbox.zoho.listing import Listing, list_page
from stockbridge_sandbox.zoho.movements import move_stock
from stockbridge_sandbox.zoho.purchaselines import place_given
from stockbridge_sandbox.zoho.purchaserecords import Bill, BillLine, PurchaseLine, PurchaseOrder
from stockbridge_sandbox.zoho.purchasestatus import settle
from stockbridge_sandbox.zoho.wire import Json, read_day, read_number, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_bill

_ZERO = Decimal(0)
_TEXTS = {"reference_number": 100, "notes": 5000, "terms": 10000}
# What each transition may start from (codes and wording are a guess).
_STARTS = {"open": ("draft", "void", "open"), "void": ("draft", "open", "void")}


LISTING: Listing[Bill] = Listing(
    key="bills",
    report_name="Bills",
    rows=lambda call: call.world.bills,
    render=bill_row,
    sorts={
        "date": lambda bill: bill.date,
        "due_date": lambda bill: bill.due_date,
        "created_time": lambda bill: bill.created,
        "bill_number": lambda bill: bill.number,
        "total": lambda bill: sum((line.quantity * line.rate for line in bill.lines), _ZERO),
    },
    sort_column="created_time",
    sort_order="D",
    changed_since=False,
    cached=False,
)


def list_bills(call: Call) -> Reply:
    """GET /bills: every filter is ignored (facts: Zoho 10.10)."""
    return list_page(call, LISTING)


def get_bill(call: Call) -> Reply:
    """GET /bills/{id}."""
    return Reply(content={"bill": bill_detail(call.world, one_bill(call.world, call.ids[0]))})


def create_bill(call: Call) -> Reply:
    """POST /bills: open, unless `status` is draft. Lines name the order's in purchaseorder_item_id."""
    world, body = call.world, call.body()
    now = world.now()
    today = now.astimezone(world.zone).date()
    bill = Bill(
        id="",
        created=now,
        modified=now,
        number="",
        date=today,
        due_date=today,
        vendor_id="",
        location_id=world.primary_location.id,
        status="draft" if body.get("status") == "draft" else "open",
    )
    for name in ("vendor_id", "bill_number", "date", "due_date", "line_items"):
        if not body.get(name):
            raise invalid_value(name)
    bill = _read(world, bill, body)
    bill.id = world.new_id()
    world.bills.add(bill)
    world.note_use(bill, 1)
    _apply(world, bill, 1)
    _settle_orders(world, bill)
    return Reply(
        status=201,
        message="The Bill has been created.",
        content={"bill": bill_detail(world, bill)},
        location=f"/api/v1/bills/{bill.id}",
    )


def update_bill(call: Call) -> Reply:
    """PUT /bills/{id}: `line_items` replaces the array, and the ledger follows."""
    world = call.world
    bill = one_bill(world, call.ids[0])
    if bill.status == "void":
        raise ApiError(400, 36014, "Void bills cannot be edited.")
    edited = _read(world, bill, call.body())
    if not edited.lines:
        raise invalid_value("line_items")
    _replace(world, bill, edited)
    return Reply(message="The Bill has been updated.", content={"bill": bill_detail(world, edited)})


def delete_bill(call: Call) -> Reply:
    """DELETE /bills/{id}: takes back what it billed."""
    world = call.world
    bill = one_bill(world, call.ids[0])
    _apply(world, bill, -1)
    world.note_use(bill, -1)
    world.bills.remove(bill)
    for order in _orders(world, bill):
        order.bill_ids.remove(bill.id)
        settle(world, order)
    return Reply(message="The Bill has been deleted.")


def mark_bill(status: str) -> Callable[[Call], Reply]:
    """POST /bills/{id}/status/open and /status/void."""

    def mark(call: Call) -> Reply:
        bill = one_bill(call.world, call.ids[0])
        if bill.status not in _STARTS[status]:
            raise ApiError(400, 36015, f"The bill is {bill.status} and cannot be marked as {status}.")
        if status == "open" and not bill.counts:
            _check_quantities(call.world, bill, None)
        _replace(call.world, bill, replace(bill, status=status))
        shown = "Void" if status == "void" else status
        return Reply(message=f"The bill has been marked as {shown}.")

    return mark


def _replace(world: World, old: Bill, new: Bill) -> None:
    orders = {order.id: order for order in _orders(world, old)}
    _apply(world, old, -1)
    world.note_use(old, -1)
    for order in orders.values():
        order.bill_ids.remove(old.id)
    new.modified = world.now()
    world.bills.add(new)
    world.note_use(new, 1)
    _apply(world, new, 1)
    _settle_orders(world, new)
    for id_ in orders.keys() - {order.id for order in _orders(world, new)}:
        settle(world, orders[id_])


def _orders(world: World, bill: Bill) -> list[PurchaseOrder]:
    """The orders a bill stands on."""
    return [order for order in world.purchaseorders if bill.id in order.bill_ids]


def _settle_orders(world: World, bill: Bill) -> None:
    for order in {order.id: order for order, _ in _billed_lines(world, bill).values()}.values():
        if bill.id not in order.bill_ids:
            order.bill_ids.append(bill.id)
        settle(world, order)


def _billed_lines(world: World, bill: Bill) -> dict[str, tuple[PurchaseOrder, PurchaseLine]]:
    """By the id of the order line: the order and its line."""
    wanted = {line.order_line_id for line in bill.lines if line.order_line_id}
    return _order_lines(world, bill.purchaseorder_id, wanted)


def _order_lines(
    world: World, order_id: str, wanted: set[str]
) -> dict[str, tuple[PurchaseOrder, PurchaseLine]]:
    """The lines of those ids, looked for in the order that the bill names before all others."""
    first = world.purchaseorders.get(order_id)
    found: dict[str, tuple[PurchaseOrder, PurchaseLine]] = {}
    for order in (first,) if first else ():
        found |= {line.id: (order, line) for line in order.lines if line.id in wanted}
    if wanted - found.keys():
        for order in world.purchaseorders:
            found |= {line.id: (order, line) for line in order.lines if line.id in wanted}
    return found


def _apply(world: World, bill: Bill, sign: int) -> None:
    """Add (+1) or take back (-1) what an open bill bills: on the order's lines and in the accounting ledger."""
    if not bill.counts:
        return
    found = _billed_lines(world, bill)
    for line in bill.lines:
        if line.order_line_id in found:
            found[line.order_line_id][1].billed += sign * line.quantity
        item = world.items.get(line.item_id)
        if item is not None and item.tracked:
            place = line.location_id or bill.location_id
            move_stock(world, item, place, accounting=sign * line.quantity)


def _read(world: World, bill: Bill, body: Json) -> Bill:
    """A copy of the bill with the fields of the body, or an ApiError and nothing has changed."""
    new = replace(bill)
    for name, longest in _TEXTS.items():
        if name in body:
            setattr(new, name, read_text(name, body[name], longest))
    if "vendor_id" in body:
        new.vendor_id = str(body["vendor_id"])
        vendor = world.contacts.get(new.vendor_id)
        if vendor is None or vendor.contact_type != "vendor":
            raise ApiError(404, 1002, "The Vendor is not accessible.")
        if vendor.id != bill.vendor_id:
            _set_currency(world, new, vendor.currency_id)
    if body.get("currency_id"):
        _set_currency(world, new, str(body["currency_id"]))
    rate = read_number("exchange_rate", body.get("exchange_rate"))
    if rate is not None and rate > 0:
        new.exchange_rate = rate
    if "bill_number" in body:
        new.number = read_text("bill_number", body["bill_number"], 100)
        others = (other for other in world.bills if other.id != bill.id)
        if any(other.number == new.number and other.vendor_id == new.vendor_id for other in others):
            raise already_exists(f"A bill with the number {new.number}")
    new.date = read_day("date", body.get("date")) or bill.date
    new.due_date = read_day("due_date", body.get("due_date")) or bill.due_date
    new.purchaseorder_id = str(body.get("purchaseorder_id") or bill.purchaseorder_id)
    if new.purchaseorder_id and world.purchaseorders.get(new.purchaseorder_id) is None:
        raise no_such("Purchase Order")
    new.location_id = place_given(world, body) or bill.location_id
    if "line_items" in body:
        entries = body["line_items"]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise invalid_value("line_items")
        new.lines = [_read_line(world, new, bill, entry) for entry in entries]
        _check_quantities(world, new, bill if bill.id else None)
    if "custom_fields" in body:
        new.custom_fields = read_custom_fields(world, "bill", body["custom_fields"], bill.custom_fields)
    return new


def _set_currency(world: World, bill: Bill, currency_id: str) -> None:
    currency = world.currencies.get(currency_id)
    if currency is None:
        raise no_such("Currency")
    bill.currency_id, bill.exchange_rate = currency.id, currency.exchange_rate


def _read_line(world: World, bill: Bill, before: Bill, entry: Json) -> BillLine:
    old = next((line for line in before.lines if line.id == str(entry.get("line_item_id", ""))), None)
    order_line_id = str(entry.get("purchaseorder_item_id") or (old.order_line_id if old else ""))
    ordered, order = None, None
    if order_line_id:
        found = _order_lines(world, bill.purchaseorder_id, {order_line_id}).get(order_line_id)
        if found is None or found[0].vendor_id != bill.vendor_id or found[0].order_status == "cancelled":
            raise invalid_value("purchaseorder_item_id")
        order, ordered = found
    item_id = str(entry.get("item_id") or (ordered.item_id if ordered else old.item_id if old else ""))
    item = world.items.get(item_id)
    if item_id and item is None:
        raise ApiError(400, 2006, "Item does not exist.")
    name = read_text("name", entry.get("name"), 255) or (
        ordered.name if ordered else item.name if item else old.name if old else ""
    )
    if not name:
        raise invalid_value("item_id")
    quantity = read_number("quantity", entry.get("quantity"))
    if quantity is None:
        left = max(_ZERO, ordered.quantity - ordered.billed) if ordered else Decimal(1)
        quantity = old.quantity if old else left
    rate = read_number("rate", entry.get("rate"))
    if rate is None:
        rate = old.rate if old else ordered.rate if ordered else item.purchase_rate if item else _ZERO
    if quantity <= 0:
        raise invalid_value("quantity")
    place = place_given(world, entry) or (old.location_id if old else "")
    if not place and ordered is not None and order is not None:
        place = ordered.location_id or order.location_id
    return BillLine(
        id=old.id if old else world.new_id(),
        item_id=item_id,
        name=name,
        quantity=quantity,
        rate=rate,
        order_line_id=order_line_id,
        receive_line_id=str(entry.get("receive_item_id") or (old.receive_line_id if old else "")),
        description=read_text("description", entry.get("description"), 2000),
        unit=item.unit if item else "",
        account_id=str(entry.get("account_id") or (ordered.account_id if ordered else "")),
        discount_percent=ordered.discount_percent if ordered else _ZERO,
        tax_id=str(entry.get("tax_id") or (ordered.tax_id if ordered else item.tax_id if item else "")),
        location_id=place,
    )


def _check_quantities(world: World, new: Bill, old: Bill | None) -> None:
    """More than was ordered cannot be billed (a guess)."""
    before: dict[str, Decimal] = {}
    wanted: dict[str, Decimal] = {}
    for line in old.lines if old is not None and old.counts else ():
        before[line.order_line_id] = before.get(line.order_line_id, _ZERO) + line.quantity
    for line in new.lines:
        wanted[line.order_line_id] = wanted.get(line.order_line_id, _ZERO) + line.quantity
    for line_id, (_, ordered) in _billed_lines(world, new).items():
        if wanted[line_id] > ordered.quantity - ordered.cancelled - ordered.billed + before.get(
            line_id, _ZERO
        ):
            raise ApiError(400, 36017, "Quantity billed cannot be more than quantity ordered.")
