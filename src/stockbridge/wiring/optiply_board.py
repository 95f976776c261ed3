"""The Optiply board: four flows from Zoho Inventory to Optiply, field by field, and what each flag makes of them.

Source: facts, Optiply 3 (fields), 2 (rules per entity), 5 and 8 (flags and decisions D1 to D11).
"""

from __future__ import annotations

from typing import Any

import msgspec

from stockbridge.connectors.optiply import streams as optiply
from stockbridge.core.flow import Condition, Flow, GonePolicy, Lines, Match, Op, Pair, Rule, Then, Total
from stockbridge.core.record import Stream
from stockbridge.wiring.rules import with_own_rules
from stockbridge.wiring.settings import Settings

STOCK = "actual_available_for_sale_stock"  # physical stock less what confirmed orders hold (facts: Zoho 7)
_CREATE_UPDATE = frozenset({Op.CREATE, Op.UPDATE})
_TARGETS: dict[str, Stream] = {
    "products": optiply.PRODUCTS,
    "suppliers": optiply.SUPPLIERS,
    "supplier_products": optiply.SUPPLIER_PRODUCTS,
    "sell_orders": optiply.SELL_ORDERS,
}


def optiply_board(settings: Settings) -> tuple[Flow, ...]:
    """The flows of a board with these settings."""
    flags = settings.flags
    out = []
    for flow in (_products(flags), _suppliers(), _supplier_products(), _sell_orders(flags)):
        if flow.name not in flags["not_sync_entities"]:
            out.append(with_own_rules(_with_own_mapping(flow, settings), settings.rules.get(flow.name, [])))
        elif any(one not in flags["not_sync_entities"] for one in _NEEDED_BY.get(flow.name, ())):
            out.append(_recognised_only(flow))
    return tuple(out)


_NEEDED_BY = {"products": ("supplier_products", "sell_orders"), "suppliers": ("supplier_products",)}


def _recognised_only(flow: Flow) -> Flow:
    """A flow that is left out and that others refer to: what is in Optiply already is recognised, nothing is written."""
    mark = tuple(pair for pair in flow.pairs if pair.a == "id")
    return msgspec.structs.replace(
        flow, pairs=mark, rules_a=(), writes_b=frozenset(), gone_a=GonePolicy(), match=flow.match[:1]
    )


def _products(flags: dict[str, Any]) -> Flow:
    stocked = Condition(field="item_type", test="is", value="inventory")
    rules = [
        Rule(
            when=(
                Condition(field="product_type", test="is", value="goods"),
                stocked,
                Condition(field="status", test="is", value="active"),
            ),
            then=Then.SET,
            values={"status": "enabled"},
        )
    ]
    pairs = [
        Pair(a="id", b="remoteId"),
        Pair(a="name", b="name"),
        Pair(a="sku", b="skuCode"),
        Pair(a="ean", b="eanCode"),
        Pair(a="purchase_description", b="articleCode", cut=True),
        Pair(a="rate", b="price", empty="leave"),
        Pair(b="status", constant="disabled"),
        Pair(b="unlimitedStock", constant=False, once=True),
        Pair(a="created_time", b="createdAtRemote", empty="leave"),
    ]
    if not flags[
        "sync_stock"
    ]:  # D2: never written, and 0 when a product is made, since Optiply demands a value
        pairs.append(Pair(b="stockLevel", constant=0, once=True))
    else:
        total = Total(measure=STOCK, keys=flags["warehouse_ids"]) if flags["warehouse_ids"] else None
        source = "locations" if total else STOCK
        pairs.append(Pair(a=source, b="stockLevel", total=total, rounding="down"))
        untracked = Condition(field="item_type", test="is not", value="inventory")
        rules.append(Rule(when=(untracked,), then=Then.SET, values={"stockLevel": 0}))
    if flags["sync_assembled"]:
        pairs.append(Pair(a="is_combo_product", b="assembled", empty="leave"))
    match = [Match(a="id", b="remoteId")]
    if flags["match_products_by"] == "sku":
        match.append(Match(a="sku", b="skuCode"))
    gone = GonePolicy(do="mark", values={"status": "disabled"})
    writes = _CREATE_UPDATE
    if flags["hard_delete_products"]:
        gone, writes = GonePolicy(do="remove"), frozenset(Op)
    return Flow(
        name="products",
        a="items",
        b="products",
        pairs=tuple(pairs),
        rules_a=tuple(rules),
        writes_b=writes,
        match=tuple(match),
        gone_a=gone,
    )


def _suppliers() -> Flow:
    return Flow(
        name="suppliers",
        a="vendors",
        b="suppliers",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="contact_name", b="name"),
            Pair(a="email", b="emails", only="email"),
        ),
        rules_a=(
            Rule(
                when=(Condition(field="contact_type", test="is", value="vendor"),),
                then=Then.SYNC,
                otherwise="contacts that are not vendors",
            ),
        ),
        writes_b=_CREATE_UPDATE,
        match=(Match(a="id", b="remoteId"),),
        gone_a=GonePolicy(do="mark", values={"ignored": True}, undo={"ignored": False}),
    )


def _supplier_products() -> Flow:
    return Flow(
        name="supplier_products",
        a="item_vendors",
        b="supplierProducts",
        pairs=(
            Pair(a="id", b="remoteId"),
            Pair(a="name", b="name"),
            Pair(a="sku", b="skuCode"),
            Pair(a="purchase_rate", b="price", empty="leave"),
            Pair(a="item_id", b="productId"),
            Pair(a="vendor_id", b="supplierId"),
        ),
        writes_b=_CREATE_UPDATE,
        match=(Match(a="id", b="remoteId"),),
        gone_a=GonePolicy(do="mark", values={"status": "disabled"}, undo={"status": "enabled"}),
    )


def _sell_orders(flags: dict[str, Any]) -> Flow:
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
            Pair(a="quantity", b="quantity", rounding="half" if flags["round_quantities"] else None),
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


def _with_own_mapping(flow: Flow, settings: Settings) -> Flow:
    """The flow with a person's mappings and exclusions. A field that Optiply demands and that is excluded is sent only
    when a record is made."""
    own = settings.mappings.get(flow.name, {})
    excluded = set(settings.exclude.get(flow.name, ()))
    required = {field.name for field in _TARGETS[flow.name].fields if field.required}
    pairs = []
    for pair in flow.pairs:
        if pair.b in own:
            continue
        if pair.b in excluded:
            if pair.b in required:
                pairs.append(msgspec.structs.replace(pair, once=True))
            continue
        pairs.append(pair)
    was = {pair.b: pair for pair in flow.pairs}
    for target, source in own.items():
        base = was.get(target)
        pair = Pair(a=source, b=target, empty="leave" if base is None else base.empty)
        if base is not None:
            pair = msgspec.structs.replace(
                pair, cut=base.cut, rounding=base.rounding, only=base.only, once=base.once
            )
        pairs.append(pair)
    mine = set(own) | (excluded - required)
    rules = tuple(
        rule
        if rule.then is not Then.SET
        else msgspec.structs.replace(rule, values={k: v for k, v in rule.values.items() if k not in mine})
        for rule in flow.rules_a
    )
    rules = tuple(rule for rule in rules if rule.then is not Then.SET or rule.values)
    return msgspec.structs.replace(flow, pairs=tuple(pairs), rules_a=rules)
