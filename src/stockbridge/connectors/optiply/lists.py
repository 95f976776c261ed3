"""Reading Optiply: a list page by page without losing rows that move, and one record. Source: facts, Optiply 1.3, 1.4."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from stockbridge.connectors.optiply.client import OptiplyClient
from stockbridge.connectors.optiply.rows import ListPage, Rows, decode_list, decode_one
from stockbridge.core.errors import Gone, Halt, Rejected, Retry
from stockbridge.core.record import Record, Refusal

Filters: TypeAlias = tuple[tuple[str, str], ...]
Keep: TypeAlias = Callable[[Any], bool]

_SCANS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of a list: what is new in it, when Optiply gave it, and how many rows the list has (None: not told)."""

    records: list[Record]
    refused: list[Refusal]
    moment: datetime
    total: int | None


@dataclass(slots=True, kw_only=True)
class _Scan:
    """What one pass over a list has met, to judge whether rows can have slipped behind it."""

    ids: set[str] = field(default_factory=set)
    total: int | None = None
    first_total: int | None = None
    began: datetime | None = None
    made_meanwhile: int = 0

    def complete(self) -> bool:
        """False where a row was deleted during the pass: that moves the rows after it to an earlier page."""
        if self.total is None or self.first_total is None:
            return True
        return len(self.ids) >= self.total and self.first_total + self.made_meanwhile <= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The resources of one account, read. `rows` parses each of them by its name."""

    client: OptiplyClient
    account_id: str
    rows: Mapping[str, Rows]

    def scan(self, resource: str, filters: Filters, keep: Keep | None = None) -> Iterator[Listed]:
        """Every row of a list once, passing over it again where rows were deleted meanwhile (offsets then skip).

        Rows for which `keep` is false are left out. Raises Retry (also where the list shrank three times in a row),
        Unauthorized, and Halt where Optiply refuses the list itself.
        """
        given: set[str] = set()
        for _ in range(_SCANS):
            scan = _Scan()
            yield from self._pass(resource, filters, keep, scan, given)
            if scan.complete():
                return
        raise Retry(
            f"Optiply's list of {resource} shrank each time it was read ({_SCANS} times), so rows may be missing.",
            remedy="Nothing is taken for deleted; the next run reads it again.",
        )

    def one(self, resource: str, id: str, keep: Keep | None = None) -> Record | Refusal:
        """One record; a tombstone where it is not there or `keep` is false. Raises Retry or Unauthorized."""
        rows = self.rows[resource]
        about = f"to read {rows.stream.noun} {id}"
        try:
            found, _ = self.client.get(f"/{resource}/{id}", (), about, decode_one)
        except Gone:
            return gone(id)
        except Rejected as error:
            return Refusal(id=id, reason=error.what, remedy=error.remedy)
        return rows.parse(found, f"detail of {id}") if keep is None or keep(found) else gone(id)

    def _pass(
        self, resource: str, filters: Filters, keep: Keep | None, scan: _Scan, given: set[str]
    ) -> Iterator[Listed]:
        rows = self.rows[resource]
        size = rows.stream.page_size
        offset = 0
        while True:
            params = (
                ("filter[accountId]", self.account_id),
                *filters,
                ("sort", "id"),
                ("page[limit]", str(size)),
                ("page[offset]", str(offset)),
            )
            page, moment = self._page(resource, params)
            scan.total = page.total
            if offset == 0:
                scan.first_total, scan.began = page.total, moment
            met = len(scan.ids)
            records: list[Record] = []
            refused: list[Refusal] = []
            for place, row in enumerate(page.rows, start=1):
                found = rows.parse(row, f"page {offset // size + 1} row {place}")
                scan.ids.add(found.id)
                if isinstance(found, Record) and scan.began is not None:
                    made = found.values.get("createdAt")
                    # The second of the Date header is cut off, so a second is added before "meanwhile" is certain.
                    if made is not None and made > scan.began + timedelta(seconds=1):
                        scan.made_meanwhile += 1
                if found.id in given or (keep is not None and not keep(row)):
                    continue
                given.add(found.id)
                if isinstance(found, Record):
                    records.append(found)
                else:
                    refused.append(found)
            yield Listed(records=records, refused=refused, moment=moment, total=page.total)
            if not page.rows or not page.more:
                return
            if len(scan.ids) == met:
                raise Retry(
                    f"Optiply's list of {resource} does not come to an end: the same page came twice."
                )
            offset += size

    def _page(self, resource: str, params: Filters) -> tuple[ListPage, datetime]:
        try:
            return self.client.get(f"/{resource}", params, f"to list {resource}", decode_list)
        except (Rejected, Gone) as error:
            raise Halt(error.what, remedy=error.remedy, code=error.code) from error


def gone(id: str) -> Record:
    """The tombstone of a record that is certainly not there."""
    return Record(id=id, values={}, version="deleted", deleted=True)
