"""What the demo counts and tells: the least possible calls, an hour of business in a few lines, tables, the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockbridge_sandbox.compare import Comparison
from stockbridge_sandbox.compare_parts import State
from stockbridge_sandbox.compare_streams import in_scope

_PAGE = 200  # rows of a list call (facts: Zoho 5)
_BULK = 100  # items of a call of /itemdetails (facts: Zoho 13)
_WIDTH = 100

# How each kind of event is told, for one and for several.
_WORDS = {
    "order_created": ("new order", "new orders"),
    "order_confirmed": ("draft order confirmed", "draft orders confirmed"),
    "order_fulfilled": ("order shipped and invoiced", "orders shipped and invoiced"),
    "order_edited": ("order edited", "orders edited"),
    "order_voided": ("order made void", "orders made void"),
    "order_deleted": ("order deleted", "orders deleted"),
    "stock_moved": ("stock move", "stock moves"),
    "item_created": ("new item", "new items"),
    "item_edited": ("item edited", "items edited"),
    "price_changed": ("price changed", "prices changed"),
    "item_renamed": ("item renamed", "items renamed"),
    "item_deactivated": ("item taken out of use", "items taken out of use"),
    "item_vendor_changed": ("item with another vendor", "items with another vendor"),
    "vendor_created": ("new vendor", "new vendors"),
    "vendor_edited": ("vendor renamed", "vendors renamed"),
    "recipe_edited": ("recipe changed", "recipes changed"),
    "purchase_issued": ("purchase order issued", "purchase orders issued"),
    "purchase_received": ("receipt of a part", "receipts of a part"),
    "assembly_completed": ("assembly completed", "assemblies completed"),
    "buy_order_placed": ("buy order placed", "buy orders placed"),
    "assembly_order_placed": ("assembly order placed", "assembly orders placed"),
}
_RUNS = {
    "first": "first run",
    "changes": "second run",
    "lost": "exports, an answer lost",
    "found": "the run after it",
    "idle": "a run with no changes",
}
REPORTED = ("first", "changes", "idle")
"""The runs of the report; those around the lost answer are a lesson of their own."""

# Flows that write no record of their own, or another kind of receipt, count with the stream whose rows they write.
_WRITES = {
    "assembled_products": "products",
    "assembly_receipts": "receipt_lines",
    "assembly_completions": "assembly_orders",
}
_NOT_ORDERED = ("cancelled", "rejected")
_OF_A_RECIPE = ("name", "sku", "status", "unit", "parts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run of the demo. `calls` are those that Zoho counted, `seconds` real ones, `flows` what the run reports."""

    name: str
    calls: int
    least_calls: int
    seconds: float
    outcome: str
    flows: Sequence[Mapping[str, Any]]

    def by_stream(self, what: str) -> dict[str, int]:
        """ "created", "updated" or "removed" records, by stream."""
        found: dict[str, int] = {}
        for flow in self.flows:
            stream = _WRITES.get(flow["flow"], flow["flow"])
            found[stream] = found.get(stream, 0) + flow[what]
        return found

    def total(self, what: str) -> int:
        """The same of all streams together."""
        return sum(self.by_stream(what).values())


def least_calls(before: State | None, now: State, *, full: bool) -> int:
    """The least possible Zoho calls to bring over what changed between two states of Zoho (facts: Zoho 13).

    A list call a page, at least one a list; a call for each hundred changed items, whose stock for sale no list tells;
    a call for each sales order that is new in scope, each purchase order that changed and each recipe that did, whose
    lines no list tells; a `full` read looks at the recipe of every composite that changed, even where that may be its
    stock alone. Receipts come with their orders, assemblies with their list.
    """
    vendors = [contact for contact in now["contacts"] if contact["contact_type"] == "vendor"]
    items = _changed(before, "items", now["items"])
    orders = _changed(before, "salesorders", now["salesorders"])
    # Each list of the API, with the rows that it must give: all, or those that changed.
    lists: list[tuple[str, Sequence[Mapping[str, Any]]]] = [
        ("items", now["items"]),
        ("items", [item for item in now["items"] if item["is_combo_product"]]),  # /compositeitems
        ("contacts", vendors),
        *((name, now[name]) for name in ("salesorders", "purchaseorders", "bundles")),
    ]
    pages = sum(
        max(1, _calls(len(rows if full else _changed(before, name, rows)), _PAGE)) for name, rows in lists
    )
    known = {order["id"] for order in before["salesorders"] if in_scope(order)} if before else set()
    new = [order for order in orders if in_scope(order) and order["id"] not in known]
    recipes = sum(1 for item in items if item["is_combo_product"]) if full else _recipes(before, now)
    return pages + _calls(len(items), _BULK) + len(new) + recipes + _purchases(before, now)


def least_export_calls(*, buy_orders: int, assemblies: int) -> int:
    """The least possible Zoho calls to make these there: one each, and one for the recipe of an assembly, whose parts the
    call that makes it must name (facts: Zoho 10.5 and 13)."""
    return buy_orders + 2 * assemblies


def _recipes(before: State | None, now: State) -> int:
    """Composites that are new, or whose recipe is not what it was."""
    then = {item["id"]: item for item in before["items"]} if before else {}
    composites = (item for item in now["items"] if item["is_combo_product"])
    return sum(
        item["id"] not in then or any(then[item["id"]][name] != item[name] for name in _OF_A_RECIPE)
        for item in composites
    )


def _purchases(before: State | None, now: State) -> int:
    """Purchase orders in scope of which anything changed."""
    then = {order["id"]: order for order in before["purchaseorders"]} if before else {}
    return sum(
        order["order_status"] not in _NOT_ORDERED and then.get(order["id"]) != order
        for order in now["purchaseorders"]
    )


def _changed(before: State | None, name: str, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    then = {row["id"]: row["modified"] for row in before[name]} if before else {}
    return [row for row in rows if then.get(row["id"]) != row["modified"]]


def _calls(rows: int, size: int) -> int:
    return -(-rows // size)


def company_lines(name: str, zoho: State) -> list[str]:
    """What is waiting, in a sentence or two."""
    vendors = sum(1 for contact in zoho["contacts"] if contact["contact_type"] == "vendor")
    made = sum(1 for item in zoho["items"] if item["is_combo_product"])
    return [
        f"{name} is waiting in a simulated Zoho Inventory: {_count(len(zoho['items']), 'item')} ({made:,} made of others),",
        f"{_count(vendors, 'vendor')}, {_count(len(zoho['salesorders']), 'sales order')}, "
        f"{_count(len(zoho['purchaseorders']), 'purchase order')} in all states, "
        f"{_count(len(zoho['bundles']), 'assembly')}.",
    ]


def business_lines(events: Iterable[Mapping[str, str]]) -> list[str]:
    """What happened, a line a kind, in the order of the words above; with names of what it happened to."""
    kinds: dict[str, list[Mapping[str, str]]] = {}
    for event in events:
        kinds.setdefault(event["what"], []).append(event)
    order = {what: place for place, what in enumerate(_WORDS)}
    lines = []
    for what in sorted(kinds, key=lambda what: (order.get(what, len(order)), what)):
        one, many = _WORDS.get(what, (what.replace("_", " "), what.replace("_", " ")))
        among = kinds[what]
        words = f"{len(among):>2} {one if len(among) == 1 else many}"
        told = "; ".join(_told(event) for event in among)
        lines.append(_cut(f"  {words:<30} {told}"))
    return lines


def _told(event: Mapping[str, str]) -> str:
    detail = event["detail"].replace(" -> ", " → ")
    return event["number"] + (f" ({detail})" if detail and detail != event["number"] else "")


def counts_table(comparison: Comparison) -> list[str]:
    """How many records of each stream are in scope on either side."""
    rows = [
        (stream.replace("_", " "), f"{count.zoho:,}", f"{count.optiply:,}")
        for stream, count in comparison.counts.items()
    ]
    return _table(("", "Zoho", "Optiply"), rows)


def export_lines(orders: Iterable[Mapping[str, str]], zoho: State) -> list[str]:
    """What the planner's orders became in Zoho, found by their reference: a line each (D8)."""
    lines = []
    for order in orders:
        assembly = order["what"] == "assembly_order_placed"
        rows = zoho["bundles" if assembly else "purchaseorders"]
        reference = order["line"] if assembly else order["id"]
        there = [row for row in rows if row["reference_number"] == reference]
        number = "transaction_number" if assembly else "number"
        became = ", ".join(f"{row[number]} ({row.get('order_status') or row['status']})" for row in there)
        what = "assembly order" if assembly else "buy order"
        lines.append(
            f"  {what} {order['id']} → {became or 'nothing'} in Zoho, under the reference {reference}"
        )
    return lines


def exported_line(comparison: Comparison) -> str:
    """How many of the planner's orders stand in Zoho, and how many once too often."""
    made = comparison.exports
    twice = (
        "none of them twice" if not made.duplicates else f"{_count(made.duplicates, 'time')} once too often"
    )
    return (
        f"Of Optiply's planner {_count(made.buy_orders, 'buy order')} and "
        f"{_count(made.assembly_orders, 'assembly order')} stand in Zoho, {twice}."
    )


def runs_table(steps: Iterable[Step]) -> list[str]:
    """What each run did and cost."""
    rows = [
        (
            _RUNS[step.name],
            *(f"{step.total(what):,}" for what in ("created", "updated", "removed", "waiting", "refused")),
            f"{step.calls:,}",
            f"{step.least_calls:,}",
            f"{step.seconds:.1f} s",
        )
        for step in steps
    ]
    header = (
        "",
        "created",
        "updated",
        "removed",
        "waiting",
        "refused",
        "Zoho calls",
        "least possible",
        "took",
    )
    return _table(header, rows)


def report(steps: Iterable[Step], comparison: Comparison, *, in_step: bool) -> dict[str, Any]:
    """The document that is written to report.json. `seconds` are real ones."""
    return {
        "runs": [
            {
                "name": step.name,
                "calls": step.calls,
                "least_calls": step.least_calls,
                "seconds": round(step.seconds, 1),
                "created": step.by_stream("created"),
                "updated": step.by_stream("updated"),
                "removed": step.by_stream("removed"),
                "waiting": step.total("waiting"),
                "refused": step.total("refused"),
            }
            for step in steps
            if step.name in REPORTED
        ],
        "counts": {
            stream: {"zoho": count.zoho, "optiply": count.optiply}
            for stream, count in comparison.counts.items()
        },
        "exports": {
            "buy_orders": comparison.exports.buy_orders,
            "assembly_orders": comparison.exports.assembly_orders,
            "duplicates": comparison.exports.duplicates,
        },
        "in_step": in_step,
    }


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (header, *rows)
    ]


def _count(many: int, one: str) -> str:
    several = f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"
    return f"{many:,} {one if many == 1 else several}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
