"""Finding records again by the mark they were made with, also where Optiply does not show it. Source: facts, Optiply 1.8."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from stockbridge.connectors.optiply.lists import Filters, Listed
from stockbridge.connectors.optiply.streams import PAIRS
from stockbridge.core.errors import Halt
from stockbridge.core.record import Record, Stream

Look: TypeAlias = Callable[[Filters], Iterator[Listed]]
"""Lists a stream with these filters added to those of the search."""

_NOBODYS = "no-record-has-this-mark"


def find_marked(look: Look, stream: Stream, marks: Collection[str]) -> dict[str, list[Record]]:
    """The records of a list that carry one of these marks, by mark. Raises as `Lists.scan`.

    Each row is compared, as Optiply has no documented filter on the ids of a coupling. Compositions, lines and receipts
    may not show their mark, though (only some resources are known to have `remoteIdMap`): then the marks are asked for by
    `filter[remoteId]`, which counts only where it gives nothing for a mark that nobody has. Where it cannot be relied
    on and no row of the list shows a mark, raises Halt, as nothing would tell whether the record was made; pairs are left
    to the 409 of the next create.
    """
    wanted = set(marks)
    found: dict[str, dict[str, Record]] = {}
    hidden, shown = False, False
    for page in look(()):
        for record in page.records:
            if stream.mark not in record.values:
                continue
            shown = True
            if (carried := record.values[stream.mark]) in wanted:
                found.setdefault(carried, {})[record.id] = record
        if page.records and not shown and not hidden:
            if _honoured(look):
                return _asked(look, wanted)
            hidden = True
    if hidden and not shown and stream.name not in PAIRS:
        raise Halt(
            f"Optiply shows no remoteId on its {stream.name} and does not list them by it, so nothing tells whether "
            f"{len(wanted)} of them, whose answer was lost, were made.",
            remedy="Nothing is made twice: look in Optiply, and report it with the log of the run.",
        )
    return {carried: list(by_id.values()) for carried, by_id in found.items()}


def _asked(look: Look, wanted: set[str]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for mark in sorted(wanted):
        records = [record for page in look((("filter[remoteId]", mark),)) for record in page.records]
        if records:
            found[mark] = records
    return found


def _honoured(look: Look) -> bool:
    """Whether the filter is one: neither ignored nor refused."""
    try:
        return not any(page.records or page.refused for page in look((("filter[remoteId]", _NOBODYS),)))
    except Halt:
        return False
