"""Zoho's answers as bytes without a network: pages of real rows, multiplied, behind the real connector."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import msgspec

from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.client import ZohoClient
from stockbridge.connectors.zoho.connector import LIMITS, ZohoConnector
from stockbridge.core.record import Page, Record, Refusal, Stream, Values
from stockbridge.http.budget import Budget
from stockbridge.http.clock import REAL
from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.zoho.api import Zoho

T = TypeVar("T")

PAGE = 200
BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
_NOTHING = b'{"code":0,"message":"success","%s":[],"page_context":{"has_more_page":false}}'
_ID, _CHANGED, _NAME, _SKU = b"\x01id\x01", b"\x01changed\x01", b"\x01name\x01", b"\x01sku\x01"
_ESCAPED = {mark: msgspec.json.encode(mark.decode())[1:-1] for mark in (_ID, _CHANGED, _NAME, _SKU)}


class Templates(msgspec.Struct, frozen=True):
    """200 rows of the item list and of the item details, with marks where the id, the time and the name belong."""

    listed: list[bytes]
    details: list[bytes]


def templates() -> Templates:
    """Rows as the sandbox renders them: every key of the live system, about 2.3 and 6.7 kB a row."""
    company = generate(items=PAGE, vendors=30, orders=0, seed=7, until=BEGIN)
    zoho = Zoho.load(company, clock=Clock(0, BEGIN), data_centre="eu")
    listed = zoho.direct("GET", "/items", query={"per_page": str(PAGE)})["items"]
    ids = ",".join(row["item_id"] for row in listed)
    details = zoho.direct("GET", "/itemdetails", query={"item_ids": ids})["items"]
    by_id = {row["item_id"]: row for row in details}
    return Templates([_marked(row) for row in listed], [_marked(by_id[row["item_id"]]) for row in listed])


def _marked(row: dict[str, Any]) -> bytes:
    marked = {
        **row,
        "item_id": _ID.decode(),
        "last_modified_time": _CHANGED.decode(),
        "name": row["name"] + _NAME.decode(),
        "sku": row["sku"] + _SKU.decode(),
    }
    return msgspec.json.encode(marked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item that Zoho shows: made from template `number` modulo 200."""

    number: int
    id: str
    changed: datetime
    name: str = ""

    def row(self, rows: list[bytes]) -> bytes:
        """Its JSON."""
        changed = f"{self.changed:%Y-%m-%dT%H:%M:%S%z}".encode()
        return (
            rows[self.number % PAGE]
            .replace(_ESCAPED[_ID], self.id.encode())
            .replace(_ESCAPED[_CHANGED], changed)
            .replace(_ESCAPED[_NAME], self.name.encode())
            .replace(_ESCAPED[_SKU], b"-%d" % self.number)
        )


@dataclass(slots=True)
class Prepared:
    """Stands where the client stands: answers with bytes made on the spot. `own` is the processor time that took, so
    that it can be left out. `items` are in the order of their changes."""

    rows: Templates
    items: list[Item] = field(default_factory=list)
    by_id: dict[str, Item] = field(default_factory=dict)
    own: float = 0.0

    def show(self, items: list[Item]) -> None:
        """From now on Zoho shows these items."""
        self.items, self.by_id = items, {one.id: one for one in items}

    def call(
        self,
        method: str,
        path: str,
        *,
        decode: Callable[[bytes], T],
        about: str,
        params: tuple[tuple[str, str], ...] = (),
        **_: object,
    ) -> tuple[T, datetime]:
        """Lists by time of change and bulk details of items; empty lists of everything else."""
        began = time.process_time()
        body = self._body(path, dict(params))
        now = max((one.changed for one in self.items[-1:]), default=BEGIN) + timedelta(hours=1)
        self.own += time.process_time() - began
        return decode(body), now

    def _body(self, path: str, params: Mapping[str, str]) -> bytes:
        if path == "/itemdetails":
            rows = [self.by_id[id].row(self.rows.details) for id in params["item_ids"].split(",")]
            return b'{"code":0,"message":"success","items":[%s]}' % b",".join(rows)
        if path != "/items":
            return _NOTHING % path.strip("/").encode()
        since = params.get("last_modified_time")
        at = 0 if since is None else self._place(datetime.fromisoformat(since))
        rows = [one.row(self.rows.listed) for one in self.items[at : at + PAGE]]
        more = b"true" if at + PAGE < len(self.items) else b"false"
        context = b'{"has_more_page":%s,"sort_column":"last_modified_time","sort_order":"A"}' % more
        return b'{"code":0,"message":"success","items":[%s],"page_context":%s}' % (b",".join(rows), context)

    def _place(self, since: datetime) -> int:
        low, high = 0, len(self.items)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.items[middle].changed < since else (low, middle)
        return low


def zoho_of(prepared: Prepared) -> ZohoConnector:
    """The real connector over these answers."""
    budget = Budget(LIMITS, REAL, who="the benchmark")
    return ZohoConnector(cast(ZohoClient, prepared), budget)


@dataclass(slots=True)
class Agreeable:
    """An Optiply that takes every write at once and keeps nothing, so that only the engine is measured."""

    made: int = 0
    meter: Budget = field(default_factory=lambda: Budget(LIMITS, REAL, who="the benchmark"))

    @property
    def name(self) -> str:
        return "Optiply"

    def streams(self) -> Mapping[str, Stream]:
        return OPTIPLY

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        yield Page(records=[], refused=[], checkpoint=BEGIN.isoformat())

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        return []

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        return {}

    def create(self, stream: str, values: Values, mark: str) -> Record:
        self.made += 1
        return Record(id=f"b{mark}", values={**values, "remoteId": mark}, version="1")

    def update(self, stream: str, id: str, values: Values) -> Record:
        return Record(id=id, values=values, version="2")

    def remove(self, stream: str, id: str) -> None:
        return None
