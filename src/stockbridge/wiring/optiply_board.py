"""The Optiply board: its flows between Zoho Inventory and Optiply, and what a person's settings make of them."""

from __future__ import annotations

from datetime import date

import msgspec

from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.core.flow import Flow, GonePolicy, Owner, Pair, Then
from stockbridge.wiring import board_orders as orders
from stockbridge.wiring import board_products as goods
from stockbridge.wiring.flow_names import ENTITY_OF
from stockbridge.wiring.rules import with_own_rules
from stockbridge.wiring.settings import Settings


def optiply_board(settings: Settings, connected: date | None = None) -> tuple[Flow, ...]:
    """The flows of a board with these settings; `connected` is the day since which orders are exported where no other is
    set."""
    flags = settings.flags
    flows = [
        goods.products(flags),
        *([goods.product_compositions(), goods.assembled_products()] if flags["sync_assembled"] else []),
        goods.suppliers(),
        goods.supplier_products(),
        orders.sell_orders(flags),
        orders.buy_orders(flags, connected),
        orders.buy_order_lines(flags),
        orders.receipt_lines(flags),
    ]
    if flags["sync_assembly_orders"]:
        flows.append(orders.assembly_orders(flags, connected))
        flows += [orders.assembly_receipts(flags), orders.assembly_completions()]
    left_out = {
        flow.name for flow in flows if ENTITY_OF.get(flow.name, flow.name) in flags["not_sync_entities"]
    }
    wanted = {flow.name for flow in flows} - left_out
    out = []
    for flow in flows:
        if flow.name in wanted:
            out.append(with_own_rules(_with_own_mapping(flow, settings), settings.rules.get(flow.name, [])))
        elif _needed(flow.name, wanted):
            out.append(_recognised_only(flow))
    return tuple(out)


# What the records of a flow refer to.
_NEEDS = {
    "product_compositions": ("products",),
    "assembled_products": ("products", "product_compositions"),
    "supplier_products": ("products", "suppliers"),
    "sell_orders": ("products",),
    "buy_orders": ("products", "suppliers"),
    "buy_order_lines": ("products", "buy_orders"),
    "receipt_lines": ("buy_order_lines",),
    "assembly_orders": ("products", "suppliers"),
    "assembly_receipts": ("assembly_orders",),
    "assembly_completions": ("assembly_orders",),
}


def _needed(name: str, wanted: set[str]) -> bool:
    """Whether a wanted flow refers to this one, directly or through another that is left out as well."""
    return any(
        name in needs and (other in wanted or _needed(other, wanted)) for other, needs in _NEEDS.items()
    )


def _recognised_only(flow: Flow) -> Flow:
    """A flow that is left out and that others refer to: what is in Optiply already is recognised, nothing is written."""
    mark = tuple(pair for pair in flow.pairs if pair.a == "id")
    return msgspec.structs.replace(
        flow,
        pairs=mark,
        rules_a=(),
        rules_b=(),
        writes_a=frozenset(),
        writes_b=frozenset(),
        gone_a=GonePolicy(),
        match=flow.match[:1],
        acyclic=None,
    )


def _with_own_mapping(flow: Flow, settings: Settings) -> Flow:
    """The flow with a person's mappings and exclusions. A field that Optiply demands and that is excluded is sent only
    when a record is made."""
    own = settings.mappings.get(flow.name, {})
    excluded = set(settings.exclude.get(flow.name, ()))
    if not own and not excluded:
        return flow
    required = {field.name for field in OPTIPLY[flow.b].fields if field.required}
    pairs = []
    for pair in flow.pairs:
        if pair.owner is not Owner.A:
            pairs.append(pair)  # towards Zoho
        elif pair.b in own:
            continue
        elif pair.b in excluded:
            if pair.b in required:
                pairs.append(msgspec.structs.replace(pair, once=True))
        else:
            pairs.append(pair)
    was = {pair.b: pair for pair in flow.pairs if pair.owner is Owner.A}
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
