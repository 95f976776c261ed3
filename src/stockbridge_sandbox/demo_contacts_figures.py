"""What the demo of contacts counts and tells: the two books, the runs, the comparison, the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockbridge_sandbox.compare_contacts import Book, Comparison

_WIDTH = 120
_MOST_DIFFERENCES = 20
_RUNS = {
    "first": "first run",
    "changes": "second run",
    "answer": "with the answer",
    "idle": "with nothing to do",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run of the demo. `calls` are those that the two systems saw, by system "calls" and "writes" of them; `seconds`
    real ones, `flow` what the run reports."""

    name: str
    calls: Mapping[str, Mapping[str, int]]
    seconds: float
    outcome: str
    flow: Mapping[str, Any]


def book_lines(book: Book) -> list[str]:
    """What is waiting, in two sentences."""
    vendors = sum(1 for row in book.zoho if row["contact_type"] == "vendor")
    labels = sum(1 for row in book.groups if not row["system"])
    customers = len(book.zoho) - vendors
    return [
        f"A simulated Zoho Inventory holds {customers:,} customers and {vendors:,} vendors, a simulated Google account",
        f"{len(book.google):,} contacts under {labels} labels. Many of them are the same people, written a little differently.",
    ]


def shortened(lines: Sequence[str], most: int, *, last: bool = False) -> list[str]:
    """The first so many lines of an output (or the last), none wider than a page; what is left out is told."""
    kept = list(lines[-most:] if last else lines[:most])
    more = len(lines) - len(kept)
    if more == 1 and not last:
        kept, more = list(lines), 0
    while kept and not kept[-1]:
        kept.pop()
    while kept and not kept[0]:
        del kept[0]
    told = [f"… ({more} more lines)"] if more and not last else []
    return [line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…" for line in (*kept, *told)]


def idle_trouble(steps: Sequence[Step]) -> list[str]:
    """An idle run asks each side once, and writes nothing."""
    (idle,) = (step for step in steps if step.name == "idle")
    return [
        f"The idle run took {one['calls']} calls at {system.capitalize()}, {one['writes']} of them writes."
        for system, one in idle.calls.items()
        if one["calls"] > 1 or one["writes"]
    ]


def runs_table(steps: Iterable[Step]) -> list[str]:
    """What each run did and cost."""
    what = ("created", "updated", "removed", "waiting", "refused")
    rows = [
        (
            _RUNS[step.name],
            *(f"{step.flow[name]:,}" for name in what),
            *(f"{step.calls[system]['calls']:,}" for system in ("zoho", "google")),
            f"{step.seconds:.1f} s",
        )
        for step in steps
    ]
    header = ("", *what, "Zoho calls", "Google calls", "took")
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(
            text.ljust(width) if column == 0 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (header, *rows)
    ]


def result_lines(comparison: Comparison) -> list[str]:
    """Who is in step, who is not and why, and what differs."""
    lines = [
        f"{comparison.zoho:,} contacts in Zoho, {comparison.google:,} at Google: {comparison.pairs:,} pairs. Alone or left alone:",
        *(f"  {many:>4,}  {why}" for why, many in comparison.apart.items()),
        f"{comparison.kept:,} values that nothing maps (further numbers, labels, birthdays, second persons) were looked at too.",
    ]
    lines += [f"✗ {difference}" for difference in comparison.differences[:_MOST_DIFFERENCES]]
    more = len(comparison.differences) - _MOST_DIFFERENCES
    return [*lines, f"✗ and {more:,} more"] if more > 0 else lines


def report(
    steps: Iterable[Step], comparison: Comparison, *, events: int, unmet: Sequence[str], in_step: bool
) -> dict[str, Any]:
    """The document that is written to report.json. `seconds` are real ones."""
    return {
        "runs": [
            {
                "name": step.name,
                "calls": {name: dict(calls) for name, calls in step.calls.items()},
                "seconds": round(step.seconds, 1),
                "outcome": step.outcome,
                **{name: step.flow[name] for name in ("created", "updated", "removed", "waiting", "refused")},
            }
            for step in steps
        ],
        "contacts": {"zoho": comparison.zoho, "google": comparison.google, "pairs": comparison.pairs},
        "apart": dict(comparison.apart),
        "compared": {"values": comparison.values, "kept": comparison.kept, "outcomes": events},
        "differences": [*comparison.differences, *unmet],
        "in_step": in_step,
    }
