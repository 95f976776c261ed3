"""What Optiply's user ordered and must stand in Zoho: once, under Optiply's id, and each side holding the other's id.

Source: facts, Optiply 4.1 (which orders), 4.4 (ids written back), decisions D8 and D9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from stockbridge_sandbox.compare_assemblies import AssemblyLine, assembly_lines
from stockbridge_sandbox.compare_parts import Board, Known, Row, State, by, item_label, remote_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """How many of the user's orders stand in Zoho (assembly orders counted by line), and how many stand there once more.

    `apart`: sentences on orders that cannot be exported as they are.
    """

    buy_orders: int = 0
    assembly_orders: int = 0
    duplicates: int = 0
    differences: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """An order of the user, or a line of an assembly order, beside what has its id as reference in Zoho."""

    name: str
    id: str
    there: list[Row]
    number: str  # the field of Zoho's record that people call it by
    remote: str | None
    hindrance: str | None  # why it need not stand in Zoho; None: it must


def exports(zoho: State, optiply: State, coupling_id: str, known: Known, board: Board) -> Exports:
    """Look at every order that Optiply's user has placed and not deleted; nothing unless `board.exports`."""
    if not board.exports:
        return Exports()
    purchases = list(_purchases(zoho, optiply, coupling_id, known, board))
    assemblies = list(_assemblies(zoho, optiply, coupling_id, known, board))
    every = [*purchases, *assemblies]
    return Exports(
        buy_orders=sum(1 for each in purchases if each.there),
        assembly_orders=sum(1 for each in assemblies if each.there),
        duplicates=sum(max(0, len(each.there) - 1) for each in every),
        differences=tuple(sentence for each in every for sentence in _differences(each)),
        apart=tuple(
            f"{each.name} is not in Zoho: {each.hindrance}."
            for each in every
            if each.hindrance and not each.there and not each.remote
        ),
    )


def _differences(order: _Order) -> Iterator[str]:
    if len(order.there) > 1:
        numbers = ", ".join(str(row[order.number]) for row in order.there)
        yield f"{order.name} is in Zoho {len(order.there)} times ({numbers})."
    elif not order.there and order.remote is None and order.hindrance is None:
        yield f"{order.name} is missing in Zoho."
    if not order.there:
        return
    if order.remote is None:
        yield f"{order.name} is {order.there[0][order.number]} in Zoho, but Optiply does not hold its id."
    elif order.remote not in {row["id"] for row in order.there}:
        yield f"{order.name} holds the id {order.remote}, which is not that of {order.there[0][order.number]}."


def _purchases(zoho: State, optiply: State, coupling_id: str, known: Known, board: Board) -> Iterator[_Order]:
    there = by(zoho["purchaseorders"], "reference_number")
    items = {item["id"]: item for item in zoho["items"]}
    vendors = {each["id"]: each for each in zoho["contacts"] if each["contact_type"] == "vendor"}
    lines = by(optiply["buyOrderLines"], "buyOrderId")
    for order in optiply["buyOrders"]:
        if order["createdFromPublicApi"] or order.get("assembly"):
            continue
        id = str(order["id"])
        vendor = vendors.get(known.supplier_of(order))
        hindrance = _unfit(order, board)
        if vendor is None:
            hindrance = hindrance or "its supplier is no vendor of Zoho's"
        elif vendor["status"] != "active":
            hindrance = hindrance or f'its vendor "{vendor["contact_name"]}" is inactive'
        if not lines.get(id):
            hindrance = hindrance or "it has no lines"
        for line in lines.get(id, ()):
            hindrance = hindrance or _unbuyable(items.get(known.product_of(line)))
        yield _Order(
            name=f"Buy order {id} of Optiply's user",
            id=id,
            there=there.get(id, []),
            number="number",
            remote=remote_id(order, coupling_id),
            hindrance=hindrance,
        )


def _assemblies(
    zoho: State, optiply: State, coupling_id: str, known: Known, board: Board
) -> Iterator[_Order]:
    there = by(zoho["bundles"], "reference_number")
    items = {item["id"]: item for item in zoho["items"]}
    for each in assembly_lines(optiply, coupling_id):
        if each.order["createdFromPublicApi"]:
            continue
        item = items.get(known.product_of(each.line))
        hindrance = None if board.sync_assembly_orders else "assembly orders are left out"
        hindrance = hindrance or _unfit(each.order, board) or _unbuildable(item)
        yield _Order(
            name=f"Assembly order {_name(each)} of Optiply's user",
            id=each.id,
            there=there.get(each.id, []),
            number="reference_number",
            remote=each.remote,
            hindrance=hindrance,
        )


def _name(each: AssemblyLine) -> str:
    return f"{each.order['id']} (line {each.id})"


def _unfit(order: Row, board: Board) -> str | None:
    if order.get("completed"):
        return "it was completed before"
    placed = datetime.fromisoformat(str(order["placed"])).astimezone(UTC)
    if board.linked_at is not None and placed < board.linked_at:
        return "it is older than the connection"
    return None


def _unbuyable(item: Mapping[str, object] | None) -> str | None:
    if item is None:
        return "one of its products is no item of Zoho's"
    if item["status"] != "active":
        return f"{item_label(item)} is inactive in Zoho"
    if item["item_type"] == "sales":
        return f"{item_label(item)} has no purchase information in Zoho"
    return None


def _unbuildable(item: Mapping[str, object] | None) -> str | None:
    if item is None:
        return "its product is no item of Zoho's"
    if not item["is_combo_product"] or item["combo_type"] != "assembly":
        return f"{item_label(item)} is no assembly in Zoho"
    if item["status"] != "active":
        return f"{item_label(item)} is inactive in Zoho"
    return None
