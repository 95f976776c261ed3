"""Orders: sales to Optiply, purchases and assemblies both ways.

Once an order stands in both systems Zoho owns it: what is edited or deleted in Optiply is set back from Zoho.
Source: facts, Optiply 3 and 4 (fields, selection, references), 8 (decisions D1, D5 to D9).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from stockbridge.core.flow import Condition, Flow, GonePolicy, Lines, Match, Op, Owner, Pair, Rule, Then


def sell_orders(flags: dict[str, Any]) -> Flow:
    # D1: by order_status, since the rollup `status` can disagree with it (facts: Zoho 10.7).
    if flags["pull_all_sell_orders"]:
        wanted = Condition(field="order_status", test="is none of", value=("draft", "void"))
        otherwise = "drafts and void orders"
    else:
        wanted = Condition(field="order_status", test="is", value="closed")
        otherwise = "orders that are not closed"
    conditions = [wanted]
    if flags["start_date"] is not None:
        conditions.append(Condition(field="date", test="is on or after", value=flags["start_date"]))
        otherwise += f", or placed before {flags['start_date']}"
    recreate = flags["sell_order_edits"] == "recreate"
    lines = Lines(
        pairs=(
            Pair(a="item_id", b="productId"),
            Pair(a="quantity", b="quantity", rounding=_rounding(flags)),
            Pair(a="item_total", b="subtotalValue"),
        ),
        merge_by="productId",
        add=("quantity", "subtotalValue"),
    )
    return Flow(
        name="sell_orders",
        a="salesorders",
        b="sellOrders",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="date", b="placed"),
            Pair(a="total", b="totalValue"),
            Pair(a="lines", b="orderLines", lines=lines),
        ),
        rules_a=(
            Rule(
                when=(Condition(field="order_status", test="is", value="void"),),
                then=Then.REMOVE,
                otherwise="void orders",
            ),
            Rule(when=tuple(conditions), then=Then.SYNC, otherwise=otherwise),
        ),
        writes_b=frozenset({Op.CREATE, Op.REMOVE}),
        match=(Match(a="id", b="remoteId"),),
        gone_a=GonePolicy(do="remove"),
        replace=recreate,
    )


def buy_orders(flags: dict[str, Any], exported_from: date | None) -> Flow:
    pairs = [
        Pair(a="id", b="remoteId"),
        Pair(a="date", b="placed"),
        Pair(a="base_total" if flags["convert_currency"] else "total", b="totalValue"),
        Pair(a="vendor_id", b="supplierId", remake=True),
        Pair(a="delivery_date", b="expectedDeliveryDate", empty="leave"),
        # D6. It is never taken back: whether Optiply reopens an order is not known (facts: Optiply 8.2 row 31).
        Pair(a=f"{flags['buy_order_complete_when']}_time", b="completed", empty="leave"),
    ]
    writes_a: frozenset[Op] = frozenset()
    if flags["export_orders"]:
        writes_a = frozenset({Op.CREATE})
        lines = [Pair(a="item_id", b="productId"), Pair(a="quantity", b="quantity")]
        if flags["export_line_price"]:
            lines.append(Pair(a="rate", b="unitPrice"))
        pairs += [
            _out(a="vendor_id", b="supplierId"),
            _out(a="date", b="placed"),
            _out(a="lines", b="lines", lines=Lines(pairs=tuple(lines))),
        ]
        if flags["export_delivery_date"]:
            pairs.append(_out(a="delivery_date", b="expectedDeliveryDate", empty="leave"))
        if flags["export_buy_order_warehouse_id"] is not None:
            pairs.append(_out(a="location_id", constant=flags["export_buy_order_warehouse_id"]))
        if flags["export_terms"] is not None:
            pairs.append(_out(a="terms", constant=flags["export_terms"]))
        if flags["issue_exported_orders"]:
            pairs.append(_out(a="issued", constant=True))
            writes_a |= {Op.UPDATE}
    return Flow(
        name="buy_orders",
        a="purchaseorders",
        b="buyOrders",
        pairs=tuple(pairs),
        rules_a=(
            Rule(
                when=(Condition(field="order_status", test="is one of", value=("cancelled", "rejected")),),
                then=Then.REMOVE,
                otherwise="cancelled and rejected orders",
            ),
            *_placed_since(flags, "is none of", ("cancelled", "rejected")),
        ),
        rules_b=_to_export(flags, exported_from),
        writes_a=writes_a,
        writes_b=frozenset(Op),
        match=(
            Match(a="id", b="remoteId"),
            Match(a=("reference_number", "vendor_id"), b=("id", "supplierId")),
        ),
        gone_a=GonePolicy(do="remove"),
    )


def buy_order_lines(flags: dict[str, Any]) -> Flow:
    return Flow(
        name="buy_order_lines",
        a="purchaseorder_lines",
        b="buyOrderLines",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="item_id", b="productId", remake=True),
            Pair(a="purchaseorder_id", b="buyOrderId", remake=True),
            Pair(a="quantity", b="quantity", rounding=_rounding(flags)),
            Pair(a="base_item_total" if flags["convert_currency"] else "item_total", b="subtotalValue"),
            Pair(a="delivery_date", b="expectedDeliveryDate", empty="leave"),
        ),
        writes_b=frozenset(Op),
        # Optiply does not show whose line it is; two lines of an order with the same product may stand for each other.
        match=(Match(a=("purchaseorder_id", "item_id"), b=("buyOrderId", "productId"), alike=True),),
        gone_a=GonePolicy(do="remove"),
        stray=(
            "It was added in Optiply to an order that Zoho has without it.",
            "Add the line to the order in Zoho, or delete it in Optiply.",
        ),
    )


def receipt_lines(flags: dict[str, Any]) -> Flow:
    return Flow(
        name="receipt_lines",
        a="purchase_receipts",
        b="receiptLines",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="date", b="occurred"),
            Pair(a="quantity", b="quantity", rounding=_rounding(flags)),
            Pair(a="line_id", b="buyOrderLineId", remake=True),
        ),
        writes_b=frozenset(Op),
        match=(_same_receipt("line_id"),),
        gone_a=GonePolicy(do="remove"),
    )


def assembly_orders(flags: dict[str, Any], exported_from: date | None) -> Flow:
    pairs = [
        Pair(a="id", b="remoteId"),
        Pair(a="composite_item_id", b="productId"),
        Pair(a="quantity_to_bundle", b="quantity", rounding=_rounding(flags)),
        Pair(a="total", b="subtotalValue", empty="leave"),
        Pair(a="date", b="placed"),
        Pair(a="expected_bundle_date", b="expectedDeliveryDate", empty="leave"),
        # Optiply demands a supplier of every order: the vendor of the composite item, else the one that is named.
        Pair(
            a="vendor_id",
            b="supplierId",
            once=True,
            constant=flags["assembly_supplier_id"],
            words="Give the composite item a vendor in Zoho, or name one for all: the flag assembly_supplier_id.",
        ),
    ]
    writes_a: frozenset[Op] = frozenset()
    if flags["export_orders"]:
        writes_a = frozenset({Op.CREATE})
        pairs += [
            _out(a="composite_item_id", b="productId"),
            _out(a="quantity_to_bundle", b="quantity"),
            _out(a="date", b="placed"),
            _out(a="is_completed", constant=flags["complete_exported_assemblies"]),
        ]
        if flags["export_warehouse_id"] is not None:  # D5
            pairs.append(_out(a="location_id", constant=flags["export_warehouse_id"]))
    return Flow(
        name="assembly_orders",
        a="bundles",
        b="assemblyOrders",
        pairs=tuple(pairs),
        rules_a=_placed_since(flags),
        rules_b=_to_export(flags, exported_from),
        writes_a=writes_a,
        writes_b=frozenset(Op),
        match=(
            Match(a="id", b="remoteId"),
            Match(a=("reference_number", "composite_item_id"), b=("id", "productId")),
        ),
        gone_a=GonePolicy(do="remove"),
    )


def assembly_receipts(flags: dict[str, Any]) -> Flow:
    """What an assembly brought: one receipt when it is completed."""
    return Flow(
        name="assembly_receipts",
        a="bundle_receipts",
        b="receiptLines",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="date", b="occurred"),
            Pair(a="quantity", b="quantity", rounding=_rounding(flags)),
            Pair(a="bundle_id", b="buyOrderLineId", through="assembly_orders"),
        ),
        writes_b=frozenset(Op),
        match=(_same_receipt("bundle_id"),),
        gone_a=GonePolicy(do="remove"),
    )


def assembly_completions() -> Flow:
    """An assembly order is complete after its receipts: one with several lines, when all of them are."""
    return Flow(
        name="assembly_completions",
        a="bundles",
        b="assemblyOrders",
        pairs=(Pair(a="completed_time", b="completed", empty="leave", fill=True),),
        rules_a=(
            Rule(
                when=(Condition(field="completed_time", test="is filled"),),
                then=Then.SYNC,
                otherwise="assemblies that are not completed",
            ),
        ),
        writes_b=frozenset({Op.UPDATE}),
        along="assembly_orders",
    )


def _out(**pair: Any) -> Pair:
    """What is sent to Zoho when an order is made there, and never again."""
    return Pair(**{"b": None, **pair}, owner=Owner.B, once=True)


def _same_receipt(line: str) -> Match:
    """Optiply does not show whose receipt it is; two alike may stand for each other."""
    return Match(a=(line, "date", "quantity"), b=("buyOrderLineId", "occurred", "quantity"), alike=True)


def _rounding(flags: dict[str, Any]) -> Any:
    return "half" if flags["round_quantities"] else None


def _placed_since(flags: dict[str, Any], test: Any = None, states: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """Orders from the start date on; everything where there is none."""
    if flags["start_date"] is None:
        return ()
    when = [Condition(field="date", test="is on or after", value=flags["start_date"])]
    if test is not None:
        when.append(Condition(field="order_status", test=test, value=states))
    return (Rule(when=tuple(when), then=Then.SYNC, otherwise=f"orders placed before {flags['start_date']}"),)


def _to_export(flags: dict[str, Any], exported_from: date | None) -> tuple[Rule, ...]:
    """The orders of Optiply that go to Zoho (facts: Optiply 4.1): open, not there yet, placed since the two were
    connected, and by a person unless orders of other programs are wanted too."""
    when = [
        Condition(field="remoteId", test="is empty", otherwise="orders that carry an id of Zoho already"),
        Condition(field="completed", test="is empty", otherwise="completed orders"),
    ]
    if not flags["export_orders_of_programs"]:
        when.append(
            Condition(
                field="createdFromPublicApi",
                test="is not",
                value=True,
                otherwise="orders that another program placed in Optiply",
            )
        )
    since = flags["export_from"] or exported_from
    if since is not None:
        words = f"orders placed in Optiply before {since}"
        when.append(Condition(field="placed", test="is on or after", value=since, otherwise=words))
    return (Rule(when=tuple(when), then=Then.SYNC),)
