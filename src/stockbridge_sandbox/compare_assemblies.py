"""What Optiply should hold of recipes and assemblies, beside what it does hold.

Source: facts, Optiply 1.5 and 3 (compositions, assembly orders), Zoho 10.4 and 10.5, decisions D4, D7 and D8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from stockbridge_sandbox.compare_parts import (
    Board,
    Found,
    Known,
    Row,
    State,
    Stream,
    Value,
    Wanted,
    by,
    cents,
    item_label,
    midnight,
    moment,
    number,
    remote_id,
    whole,
)

_OPEN: tuple[Value, ...] = ("", "no")
_A_VENDOR = "a vendor of Zoho's"


def _parts(zoho: State) -> dict[tuple[str, str], Decimal]:
    """How much of each part goes into each composite; services are no parts."""
    kinds = {item["id"]: item["product_type"] for item in zoho["items"]}
    quantities: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for composite in zoho["items"]:
        for part in composite["parts"] if composite["is_combo_product"] else ():
            if kinds.get(part["item_id"], "service") != "service":
                quantities[composite["id"], part["item_id"]] += Decimal(part["quantity"])
    return quantities


def assembled_products(zoho: State, board: Board) -> dict[str, bool]:
    """Which items are assembled products: those all of whose parts can stand in Optiply (facts: Optiply 2). Composites
    of services alone, and those of whose parts one cannot stand, are left open; nothing unless `sync_assembled`."""
    if not board.sync_assembled:
        return {}
    parts = _parts(zoho)
    circular = _in_circles(parts)
    assembled = {item["id"]: False for item in zoho["items"] if not item["is_combo_product"]}
    assembled |= {composite_id: True for composite_id, _ in parts}
    for (composite_id, part_id), quantity in parts.items():
        if (composite_id, part_id) in circular or not whole(quantity):
            assembled.pop(composite_id, None)
    return assembled


def product_compositions(zoho: State, optiply: State, coupling_id: str, known: Known, board: Board) -> Stream:
    """One composition for each part of a composite that is no service; nothing unless `sync_assembled`."""
    items = {item["id"]: item for item in zoho["items"]}
    quantities = _parts(zoho) if board.sync_assembled else {}
    circular = _in_circles(quantities)
    wanted: dict[str, Wanted] = {}
    apart: dict[str, str] = {}
    for (composite_id, part_id), quantity in quantities.items():
        key = f"{composite_id}_{part_id}"
        label = f"{item_label(items[part_id])} in {item_label(items[composite_id])}"
        if not whole(quantity):
            apart[key] = f"The part {label} is {quantity:f} a piece: Optiply takes whole quantities only."
        elif (composite_id, part_id) in circular:
            apart[key] = f"The part {label} stands in a circle of recipes, which Optiply refuses."
        else:
            wanted[key] = Wanted(label=label, values={"partQuantity": quantity})
    found: dict[str, list[Found]] = defaultdict(list)
    for row in optiply["productCompositions"] if board.sync_assembled else ():
        if remote_id(row, coupling_id) is not None:
            key = f"{known.product_of(row, 'composedProductId')}_{known.product_of(row, 'partProductId')}"
            found[key].append(Found(id=str(row["id"]), values={"partQuantity": number(row["partQuantity"])}))
    return Stream(
        one="composition",
        wanted=wanted,
        found=dict(found),
        when_gone="deleted",
        out_of_scope={},
        apart=apart,
    )


def _in_circles(edges: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges from whose end one can come back to their beginning."""
    ahead: dict[str, list[str]] = defaultdict(list)
    for start, end in edges:
        ahead[start].append(end)

    def reaches(start: str, goal: str) -> bool:
        seen, waiting = set(), [start]
        while waiting:
            here = waiting.pop()
            if here == goal:
                return True
            if here not in seen:
                seen.add(here)
                waiting.extend(ahead.get(here, ()))
        return False

    return {(start, end) for start, ends in ahead.items() for end in ends if reaches(end, start)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyLine:
    """A line of an assembly order, with its order, and the remote id that stands for both."""

    remote: str | None
    order: Row
    line: Row
    alone: bool  # the only line of its order

    @property
    def id(self) -> str:
        """Optiply's id of the line."""
        return str(self.line["id"])


def assembly_lines(optiply: State, coupling_id: str) -> Iterator[AssemblyLine]:
    """Every line of every assembly order. The order's remote id stands for its only line (facts: Optiply 4.4)."""
    lines = by(optiply["buyOrderLines"], "buyOrderId")
    for order in optiply["buyOrders"]:
        if order.get("assembly"):
            own = lines.get(str(order["id"]), [])
            for line in own:
                remote = remote_id(line, coupling_id)
                if remote is None and len(own) == 1:
                    remote = remote_id(order, coupling_id)
                yield AssemblyLine(remote=remote, order=order, line=line, alone=len(own) == 1)


def assembly_orders(zoho: State, optiply: State, coupling_id: str, known: Known, board: Board) -> Stream:
    """One assembly order with one line for each bundle, nothing unless `sync_assembly_orders`.

    The supplier must be a vendor, but not today's vendor of the product: it may have changed since. Of an order of
    Optiply's user the total and the hour may be the user's, as they stay where it has, or had, several lines; then it is
    completed when all its bundles are.
    """
    items = {item["id"]: item for item in zoho["items"]}
    wanted: dict[str, Wanted] = {}
    apart: dict[str, str] = {}
    for bundle in zoho["bundles"] if board.sync_assembly_orders else ():
        if board.too_old(bundle):
            apart[bundle["id"]] = ""
        elif not whole(bundle["quantity"]):
            apart[bundle["id"]] = (
                f"The assembly {_label(bundle, items)} is of {bundle['quantity']}: "
                "Optiply takes whole quantities only."
            )
        else:
            wanted[bundle["id"]] = _wanted_assembly(bundle, items)
    found: dict[str, list[Found]] = defaultdict(list)
    all_lines = list(assembly_lines(optiply, coupling_id)) if board.sync_assembly_orders else []
    for each in all_lines:
        if each.remote is None:
            continue
        siblings = [other.remote for other in all_lines if other.order is each.order]
        values = wanted[each.remote].values if each.remote in wanted else {}
        _settle_shared(values, each, siblings, wanted)
        read = _read_assembly(each, known, values)
        if values and str(each.order["supplierId"]) == board.assembly_supplier_id:
            read["supplierId"] = _A_VENDOR
        found[each.remote].append(Found(id=each.id, values=read))
    with_lines = {id(each.order) for each in all_lines}
    for order in optiply["buyOrders"] if board.sync_assembly_orders else ():
        remote = remote_id(order, coupling_id)
        if order.get("assembly") and remote is not None and id(order) not in with_lines:
            found[remote].append(Found(id=str(order["id"]), values={}))
    vendors = {each["id"] for each in zoho["contacts"] if each["contact_type"] == "vendor"}
    for bundle in zoho["bundles"]:
        vendor_id = items.get(bundle["composite_item_id"], {}).get("vendor_id", "")
        if board.assembly_supplier_id or vendor_id in vendors:
            continue
        if bundle["id"] in wanted and bundle["id"] not in found:
            del wanted[bundle["id"]]
            apart[bundle["id"]] = (
                f"The assembly {_label(bundle, items)} is of a product without a vendor, "
                "so that Optiply's order has no supplier."
            )
    return Stream(
        one="assembly order",
        wanted=wanted,
        found=dict(found),
        when_gone="deleted",
        out_of_scope={},
        apart=apart,
    )


def assembly_receipts(zoho: State, optiply: State, coupling_id: str, orders: Stream) -> Stream:
    """One receipt line, of the whole quantity, for each bundle that is done; for the bundles of `orders`."""
    items = {item["id"]: item for item in zoho["items"]}
    done = {each["id"]: each for each in zoho["bundles"] if each["status"] == "bundled"}
    wanted = {
        id: Wanted(
            label=f"for {_label(bundle, items)}",
            values={
                "buyOrderLineId": id,
                "occurred": midnight(bundle["date"]),
                "quantity": Decimal(bundle["quantity"]),
            },
        )
        for id, bundle in done.items()
        if id in orders.wanted
    }
    remote_of = {each.id: each.remote for each in assembly_lines(optiply, coupling_id)}
    found: dict[str, list[Found]] = defaultdict(list)
    for row in optiply["receiptLines"]:
        line_id, remote = str(row["buyOrderLineId"]), remote_id(row, coupling_id)
        if remote is None or line_id not in remote_of:
            continue
        values: dict[str, Value] = {
            "buyOrderLineId": remote_of[line_id],
            "occurred": moment(row["occurred"]),
            "quantity": number(row["quantity"]),
        }
        found[remote].append(Found(id=str(row["id"]), values=values))
    return Stream(
        one="receipt line",
        wanted=wanted,
        found=dict(found),
        when_gone="deleted",
        out_of_scope={},
        apart=dict.fromkeys(orders.apart, ""),
    )


def _label(bundle: Row, items: Mapping[str, Row]) -> str:
    item = items.get(bundle["composite_item_id"])
    return f"{bundle['reference_number']} of {item_label(item) if item else bundle['composite_item_id']}"


def _wanted_assembly(bundle: Row, items: Mapping[str, Row]) -> Wanted:
    subtotal = _total(bundle)
    expected = bundle["expected_date"]
    return Wanted(
        label=_label(bundle, items),
        values={
            "productId": bundle["composite_item_id"],
            "quantity": Decimal(bundle["quantity"]),
            "subtotalValue": subtotal,
            "totalValue": subtotal,
            "supplierId": _A_VENDOR,
            "placed": midnight(bundle["date"]),
            "completed": midnight(bundle["date"]) if bundle["status"] == "bundled" else "",
            **({"expectedDeliveryDate": midnight(expected)} if expected else {}),
        },
    )


def _total(bundle: Row) -> Decimal:
    """What the components cost, for all pieces."""
    costs = (Decimal(line["quantity"]) * Decimal(line["rate"]) for line in bundle["lines"])
    return cents(sum(costs, Decimal(0)) * Decimal(bundle["quantity"]))


def _settle_shared(
    values: dict[str, Value], each: AssemblyLine, siblings: list[str | None], wanted: Mapping[str, Wanted]
) -> None:
    """What belongs to an order of several lines is not that of one bundle: only whether it is completed is compared."""
    if each.alone or not values:
        return
    for name in ("totalValue", "placed", "expectedDeliveryDate"):
        values.pop(name, None)
    done = all(
        remote is not None and remote in wanted and wanted[remote].values["completed"] not in _OPEN
        for remote in siblings
    )
    values["completed"] = "yes" if done else "no"


def _read_assembly(each: AssemblyLine, known: Known, wanted: Mapping[str, Value]) -> dict[str, Value]:
    supplier = known.supplier_of(each.order)
    placed = moment(each.order["placed"])
    total = number(each.order["totalValue"])
    if wanted and each.alone and not each.order["createdFromPublicApi"]:
        total = number(wanted["totalValue"])
        if placed[:10] == str(wanted["placed"])[:10]:
            placed = str(wanted["placed"])
    completed = moment(each.order.get("completed"))
    if not each.alone:
        completed = "yes" if completed else "no"
    values: dict[str, Value] = {
        "productId": known.product_of(each.line),
        "quantity": number(each.line["quantity"]),
        "subtotalValue": number(each.line["subtotalValue"]),
        "totalValue": total,
        "supplierId": _A_VENDOR if str(each.order.get("supplierId")) in known.supplier else supplier,
        "placed": placed,
        "completed": completed,
        "expectedDeliveryDate": moment(each.line.get("expectedDeliveryDate")),
    }
    return {name: value for name, value in values.items() if name in wanted}
