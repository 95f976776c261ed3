"""Bundles (assemblies): list, detail, create, update, delete and their transitions (facts: Zoho 9 and 10.5).

An assembly has one location, that of its header: on completion the components leave it and the product enters it, in
both ledgers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from stockbridge_sandbox.zoho.bundlerows import bundle_detail, bundle_row, bundle_total
from stockbridge_sandbox.zoho.customfields import read_custom_fields
from stockbridge_sandbox.zoho.errors import (
    ApiError,
    already_exists,
    invalid_value,
    no_such,
    number_not_automatic,
)
from stockbridge_sandbox.zoho.listing import Listing, Test, day_filter, list_page, one_of, text_filters
from stockbridge_sandbox.zoho.movements import move_stock
from stockbridge_sandbox.zoho.records import Bundle, BundleLine, Item
from stockbridge_sandbox.zoho.wire import LARGEST_NUMBER, Json, read_day, read_flag, read_number, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World, one_bundle

_STATUSES = ("draft", "confirmed", "bundled")
_LARGEST_TOTAL = Decimal(10) ** 15


def _status_is(status: str) -> Test[Bundle]:
    return lambda bundle: bundle.status == status


def _between(first: date, last: date) -> Test[Bundle]:
    return lambda bundle: first <= bundle.date <= last


def _same_months(today: date, months: int) -> Test[Bundle]:
    """In the same month, or the same three or twelve of the year."""
    wanted = today.year, (today.month - 1) // months
    return lambda bundle: (bundle.date.year, (bundle.date.month - 1) // months) == wanted


def _listing(today: date) -> Listing[Bundle]:
    monday = today - timedelta(days=today.weekday())
    return Listing(
        key="bundles",
        report_name="Assemblies",
        rows=lambda call: call.world.bundles,
        render=bundle_row,
        changed_since=False,
        cached=False,
        sorts={
            "date": lambda bundle: bundle.date,
            "total": bundle_total,
            "created_time": lambda bundle: bundle.created,
            "reference_number": lambda bundle: bundle.reference_number,
        },
        sort_column="created_time",
        sort_order="D",
        filter_by={
            "Status.All": lambda _: True,
            "Status.Pending": _status_is("draft"),
            "Status.Confirmed": _status_is("confirmed"),
            "Status.Built": _status_is("bundled"),
            "WorkOrderDate.All": lambda _: True,
            "WorkOrderDate.Today": _between(today, today),
            "WorkOrderDate.ThisWeek": _between(monday, monday + timedelta(days=6)),
            "WorkOrderDate.ThisMonth": _same_months(today, 1),
            "WorkOrderDate.ThisQuarter": _same_months(today, 3),
            "WorkOrderDate.ThisYear": _same_months(today, 12),
        },
        filters={
            **text_filters("reference_number", lambda bundle: bundle.reference_number),
            "composite_item_id": lambda wanted: lambda bundle: bundle.composite_item_id == wanted,
            "item_id": lambda wanted: lambda bundle: wanted in bundle.item_ids,
            "location_id": lambda wanted: lambda bundle: bundle.location_id == wanted,
            "warehouse_id": lambda wanted: lambda bundle: bundle.location_id == wanted,
            "date_start": day_filter("date_start", lambda bundle: bundle.date, start=True),
            "date_end": day_filter("date_end", lambda bundle: bundle.date, start=False),
            "status": one_of("status", {status: _status_is(status) for status in _STATUSES}),
        },
        search=lambda bundle: (bundle.reference_number, bundle.transaction_number, bundle.description),
    )


def list_bundles(call: Call) -> Reply:
    """GET /bundles. Raises ApiError 400/2 where the organisation wants composite_item_id and none is given."""
    world = call.world
    if world.switches.bundles_need_composite and call.get("composite_item_id") is None:
        raise invalid_value("composite_item_id")
    return list_page(call, _listing(world.now().astimezone(world.zone).date()))


def get_bundle(call: Call) -> Reply:
    """GET /bundles/{id}."""
    return _answer(call.world, one_bundle(call.world, call.ids[0]), "success")


def create_bundle(call: Call) -> Reply:
    """POST /bundles: with is_completed true the stock moves at once.

    Raises ApiError 4097 for a reference of one's own without the flag in the query, 2006 for an unknown item, and
    400 when a component is short at the header's location.
    """
    world, body = call.world, call.body()
    for name in ("date", "composite_item_id", "composite_item_name", "quantity_to_bundle", "line_items"):
        if body.get(name) in (None, "", []):
            raise invalid_value(name)
    now = world.now()
    bundle = Bundle(
        id="",
        created=now,
        modified=now,
        reference_number="",
        transaction_number="",
        date=now.date(),
        composite_item_id=_composite(world, body["composite_item_id"]).id,
        quantity=Decimal(0),
        location_id="",
    )
    bundle.status = _status(world, body, None)
    bundle = _read(world, bundle, body)
    moves = _moves(world, bundle)
    _check_stock(world, bundle, moves)
    bundle.reference_number = _reference(call, body, bundle)
    bundle.transaction_number = _next_number(
        world, "WO-", {each.transaction_number for each in world.bundles}
    )
    bundle.id = world.new_id()
    world.bundles.add(bundle)
    world.mention(bundle.item_ids, 1)
    _move(world, bundle.location_id, moves)
    reply = _answer(world, bundle, "Assembly has been created.")
    return replace(reply, status=201, location=f"/api/v1/bundles/{bundle.id}", flat_in_spec=True)


def update_bundle(call: Call) -> Reply:
    """PUT /bundles/{id}: `line_items` replaces the whole array; a bundled one moves its stock back and anew."""
    world, body = call.world, call.body()
    bundle = one_bundle(world, call.ids[0])
    if body.get("composite_item_id") not in (None, "", bundle.composite_item_id):
        raise invalid_value("composite_item_id")
    edited = _read(world, replace(bundle, status=_status(world, body, bundle)), body)
    edited.reference_number = _reference(call, body, edited)
    _swap(world, bundle, edited)
    return _answer(world, edited, "Assembly has been updated.")


def delete_bundle(call: Call) -> Reply:
    """DELETE /bundles/{id}: for good; what it moved goes back."""
    world = call.world
    bundle = one_bundle(world, call.ids[0])
    world.bundles.remove(bundle)
    world.mention(bundle.item_ids, -1)
    _move(world, bundle.location_id, _opposite(_moves(world, bundle)))
    return Reply(message="Assembly has been deleted.")


def mark_bundled(call: Call) -> Reply:
    """POST /bundles/{id}/bundled: the stock moves. Raises ApiError 400 when it has, or a component is short."""
    bundle = one_bundle(call.world, call.ids[0])
    edited = _transition(call.world, bundle, "bundled", ("draft", "confirmed"))
    return _answer(call.world, edited, "The assembly has been marked as built.")


def mark_confirmed(call: Call) -> Reply:
    """POST /bundles/{id}/confirmed: no stock moves. Raises ApiError 400 for any but a draft."""
    bundle = one_bundle(call.world, call.ids[0])
    edited = _transition(call.world, bundle, "confirmed", ("draft",))
    return _answer(call.world, edited, "The assembly has been marked as confirmed.")


def _answer(world: World, bundle: Bundle, message: str) -> Reply:
    return Reply(message=message, content={"bundle": bundle_detail(world, bundle)})


def _transition(world: World, bundle: Bundle, status: str, allowed: tuple[str, ...]) -> Bundle:
    if bundle.status not in allowed:
        raise ApiError(400, 36015, f"The assembly cannot be changed to {status}.")
    edited = replace(bundle, status=status)
    _swap(world, bundle, edited)
    return edited


def _swap(world: World, old: Bundle, new: Bundle) -> None:
    """Put the edited assembly in the place of the old one, with what that means for the stock; all or nothing."""
    back, moves = _opposite(_moves(world, old)), _moves(world, new)
    _check_stock(world, new, moves, back if old.location_id == new.location_id else {})
    world.mention(old.item_ids, -1)
    new.modified = world.now()
    world.bundles.add(new)
    world.mention(new.item_ids, 1)
    if old.location_id != new.location_id or back != _opposite(moves):
        _move(world, old.location_id, back)
        _move(world, new.location_id, moves)


def _moves(world: World, bundle: Bundle) -> dict[str, Decimal]:
    """What a bundled assembly did to the stock at its location, by item; services have none."""
    if bundle.status != "bundled":
        return {}
    moves = {bundle.composite_item_id: bundle.quantity}
    for line in bundle.lines:
        moves[line.item_id] = moves.get(line.item_id, Decimal(0)) - line.quantity * bundle.quantity
    return {item_id: amount for item_id, amount in moves.items() if _tracked(world, item_id)}


def _tracked(world: World, item_id: str) -> bool:
    item = world.items.get(item_id)
    return item is not None and item.tracked


def _opposite(moves: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {item_id: -amount for item_id, amount in moves.items()}


def _check_stock(
    world: World, bundle: Bundle, moves: Mapping[str, Decimal], back: Mapping[str, Decimal] | None = None
) -> None:
    for item_id, amount in moves.items():
        item = world.items.get(item_id)
        if item is None or amount >= 0:
            continue
        ledger = item.stock.get(bundle.location_id)
        there = (ledger.physical if ledger else Decimal(0)) + (back or {}).get(item_id, Decimal(0))
        if there + amount < 0:
            raise ApiError(400, 36018, f"There is not enough stock of the item {item.name} to assemble.")


def _move(world: World, location_id: str, moves: Mapping[str, Decimal]) -> None:
    for item_id, amount in moves.items():
        item = world.items.get(item_id)
        if item is not None and amount:
            move_stock(world, item, location_id, physical=amount, accounting=amount)


def _reference(call: Call, body: Json, bundle: Bundle) -> str:
    """The auto-numbered reference_number: one's own needs ignore_auto_number_generation=true in the query (4097)."""
    world = call.world
    wanted = read_text("reference_number", body.get("reference_number"), 100)
    if bundle.reference_number and wanted in ("", bundle.reference_number):
        return bundle.reference_number
    taken = {other.reference_number for other in world.bundles if other.id != bundle.id}
    if not wanted:
        return _next_number(world, "REF-B-", taken)
    if call.get("ignore_auto_number_generation") != "true" and world.switches.auto_number:
        raise number_not_automatic()
    if wanted in taken:
        raise already_exists(f"An assembly with the reference number {wanted}")
    return wanted


def _next_number(world: World, prefix: str, taken: set[str]) -> str:
    """The lowest number above those given before. Work orders and references count for themselves."""
    counters = world.organization.next_numbers
    while True:
        counters[prefix] = counters.get(prefix, 0) + 1
        number = f"{prefix}{counters[prefix]:05d}"
        if number not in taken:
            return number


def _status(world: World, body: Json, old: Bundle | None) -> str:
    """The status a body asks for: a draft or confirmed one is not completed, whatever is_completed says."""
    status = body.get("status") or ""
    if status not in ("", *_STATUSES):
        raise invalid_value("status")
    if "is_completed" not in body and not status:
        if old is None:
            raise invalid_value("is_completed")
        return old.status
    completed = read_flag("is_completed", body["is_completed"]) if "is_completed" in body else None
    if status == "bundled" and completed is False:
        raise invalid_value("status")
    if not status:
        waiting = old.status if old is not None and old.status != "bundled" else "draft"
        status = "bundled" if completed else waiting
    if status != "bundled" and world.switches.bundle_completed_only:
        raise invalid_value("is_completed")
    return str(status)


def _composite(world: World, item_id: object) -> Item:
    item = world.items.get(str(item_id))
    if item is None:
        raise ApiError(400, 2006, "Item does not exist.")
    if not item.is_combo_product or item.combo_type == "kit":
        raise invalid_value("composite_item_id")
    return item


def _read(world: World, bundle: Bundle, body: Json) -> Bundle:
    """A copy of the assembly with the fields of the body, or an ApiError and nothing has changed."""
    new = replace(bundle)
    if "date" in body:
        new.date = read_day("date", body["date"]) or bundle.date
    if "expected_bundle_date" in body:
        new.expected_date = read_day("expected_bundle_date", body["expected_bundle_date"])
    if "description" in body:
        new.description = read_text("description", body["description"], 2000)
    if "quantity_to_bundle" in body:
        quantity = read_number("quantity_to_bundle", body["quantity_to_bundle"])
        if quantity is None or quantity <= 0:
            raise invalid_value("quantity_to_bundle")
        new.quantity = quantity
    if "line_items" in body:
        new.lines = _read_lines(world, body["line_items"], bundle.lines)
    new.location_id = _place(world, body) or bundle.location_id or world.primary_location.id
    if "custom_fields" in body:
        new.custom_fields = read_custom_fields(world, "bundle", body["custom_fields"], bundle.custom_fields)
    pieces = max((line.quantity for line in new.lines), default=Decimal(0)) * new.quantity
    if bundle_total(new) >= _LARGEST_TOTAL or pieces >= LARGEST_NUMBER:
        raise invalid_value("quantity_to_bundle")
    return new


def _place(world: World, body: Json) -> str:
    """The one location: `location_id` of the header; before the migration `warehouse_id`, of the header or a line."""
    place = body.get("location_id")
    if world.switches.stock_layout == "warehouses":
        lines = body.get("line_items")
        entries = lines if isinstance(lines, list) else []
        of_lines = (line.get("warehouse_id") for line in entries if isinstance(line, dict))
        place = body.get("warehouse_id") or next((each for each in of_lines if each), None)
    if not place:
        return ""
    if world.locations.get(str(place)) is None:
        raise no_such("Location")
    return str(place)


def _read_lines(world: World, value: object, old: list[BundleLine]) -> list[BundleLine]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        raise invalid_value("line_items")
    known = {line.id: line for line in old}
    return [_read_line(world, entry, known.get(str(entry.get("line_item_id", "")))) for entry in value]


def _read_line(world: World, entry: Json, old: BundleLine | None) -> BundleLine:
    item_id = str(entry.get("item_id") or (old.item_id if old else ""))
    item = world.items.get(item_id)
    if item is None:
        raise ApiError(400, 2006, "Item does not exist.")
    name = read_text("name", entry.get("name"), 255) or (old.name if old else "")
    if not name:
        raise invalid_value("name")
    quantity = read_number("quantity_consumed", entry.get("quantity_consumed"))
    if quantity is None:
        quantity = old.quantity if old else None
    if quantity is None or quantity <= 0:
        raise invalid_value("quantity_consumed")
    rate = read_number("rate", entry.get("rate"))
    if rate is not None and rate < 0:
        raise invalid_value("rate")
    account = read_text("account_id", entry.get("account_id"), 100)
    return BundleLine(
        id=old.id if old else world.new_id(),
        item_id=item.id,
        name=name,
        quantity=quantity,
        rate=rate if rate is not None else (old.rate if old else item.purchase_rate),
        unit=item.unit,
        description=read_text("description", entry.get("description"), 2000)
        or (old.description if old else ""),
        account_id=account or (old.account_id if old else "") or item.purchase_account_id,
    )
