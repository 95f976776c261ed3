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
}
_RUNS = {"first": "first run", "changes": "second run", "idle": "third run, no changes"}


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
        return {flow["flow"]: flow[what] for flow in self.flows}

    def total(self, what: str) -> int:
        """The same of all streams together."""
        return sum(self.by_stream(what).values())


def least_calls(before: State | None, now: State, *, full: bool) -> int:
    """The least possible Zoho calls to bring over what changed between two states of Zoho (facts: Zoho 13).

    A list call a page, at least one a list; a call for each hundred changed items, whose stock for sale no list tells;
    a call for each order that is new in scope, whose lines no list tells.
    """
    vendors = [contact for contact in now["contacts"] if contact["contact_type"] == "vendor"]
    items = _changed(before, "items", now["items"])
    orders = _changed(before, "salesorders", now["salesorders"])
    lists = (
        (now["items"], vendors, now["salesorders"])
        if full
        else (items, _changed(before, "contacts", vendors), orders)
    )
    known = {order["id"] for order in before["salesorders"] if in_scope(order)} if before else set()
    new = [order for order in orders if in_scope(order) and order["id"] not in known]
    return sum(max(1, _calls(len(rows), _PAGE)) for rows in lists) + _calls(len(items), _BULK) + len(new)


def _changed(before: State | None, name: str, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    then = {row["id"]: row["modified"] for row in before[name]} if before else {}
    return [row for row in rows if then.get(row["id"]) != row["modified"]]


def _calls(rows: int, size: int) -> int:
    return -(-rows // size)


def company_line(name: str, zoho: State) -> str:
    """What is waiting, in a sentence."""
    vendors = sum(1 for contact in zoho["contacts"] if contact["contact_type"] == "vendor")
    return (
        f"{name} is waiting in a simulated Zoho Inventory: {_count(len(zoho['items']), 'item')}, "
        f"{_count(vendors, 'vendor')}, {_count(len(zoho['salesorders']), 'sales order')}."
    )


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
        ],
        "counts": {
            stream: {"zoho": count.zoho, "optiply": count.optiply}
            for stream, count in comparison.counts.items()
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
    return f"{many:,} {one if many == 1 else one + 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
