"""Zoho Inventory as a Connector: reads items, vendors and sales orders of one organisation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from stockbridge.connectors.zoho.account import ZohoAccount, refresh
from stockbridge.connectors.zoho.client import ZohoClient
from stockbridge.connectors.zoho.paging import Entry, Listing, Query, changed_since
from stockbridge.connectors.zoho.rows import Rows
from stockbridge.connectors.zoho.streams import SHAPES, STREAMS
from stockbridge.core.errors import Gone, Halt, Rejected, Retry, Unauthorized
from stockbridge.core.record import Page, Record, Refusal, Stream, Values
from stockbridge.http.budget import Budget, Day, Limits
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Remember, Token, Tokens
from stockbridge.http.transport import Transport

LIMITS = Limits(per_minute=100, concurrency=8, reserve=0)
"""Facts, Zoho 4: 100 a minute; 10 at once on paid plans, of which two are left to others."""

_OVERLAP = timedelta(minutes=5)
_SMALLER = 100  # how many ids a bulk call surely takes (facts, Zoho 10.3)


def connect(
    account: ZohoAccount,
    *,
    clock: Clock,
    transport: Transport,
    limits: Limits = LIMITS,
    day: Day | None = None,
    token: Token | None = None,
    remember: Remember | None = None,
) -> ZohoConnector:
    """A connector for one account. Nothing is sent yet.

    `day` and `token` are what an earlier start learned; `remember` is told each new token. `limits.reserve` calls of a
    day are kept for exports.
    """
    budget = Budget(limits, clock, who=account.who, day=day)
    tokens = Tokens(
        grant=lambda: refresh(account, clock),
        send=transport.send,
        clock=clock,
        token=token,
        remember=remember,
    )
    return ZohoConnector(
        ZohoClient(account, clock=clock, transport=transport, budget=budget, tokens=tokens), budget
    )


class _Definition(msgspec.Struct):
    api_name: str
    label: str = ""


class _Definitions(msgspec.Struct):
    code: int = 0
    message: str = ""
    customfields: list[_Definition] = []


class ZohoConnector:
    """One organisation of Zoho Inventory. Safe to call from several threads."""

    def __init__(self, client: ZohoClient, budget: Budget) -> None:
        self._client = client
        self._budget = budget
        self._rows = {shape.stream.name: Rows(shape) for shape in SHAPES}
        self._bulk = STREAMS["items"].detail_size

    @property
    def name(self) -> str:
        """ "Zoho"."""
        return "Zoho"

    @property
    def meter(self) -> Budget:
        """Calls spent, and the quota of the day; its `day` may be kept for the next start."""
        return self._budget

    def streams(self) -> Mapping[str, Stream]:
        """The streams of this connector, by name."""
        return STREAMS

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        """Pages of records changed since that checkpoint minus five minutes, or of all; oldest change first.

        The checkpoint is a moment: the newest change seen, never later than the start of the read by Zoho's clock.
        Raises Retry, Unauthorized, OverBudget, and Halt where Zoho refuses the list itself.
        """
        rows = self._rows[stream]
        start = None if since is None else datetime.fromisoformat(since)
        batches = changed_since(lambda query: self._list(rows, query), start, overlap=_OVERLAP, what=stream)
        for batch in batches:
            records: list[Record] = []
            refused: list[Refusal] = []
            for place, entry in batch.entries:
                if not rows.wanted(entry.row):
                    continue
                where = f"page {batch.number} row {place}"
                key = (entry.id, entry.modified)
                found = rows.parse(entry.row, full=False, seen=batch.moment, place=where, key=key)
                if isinstance(found, Record):
                    records.append(found)
                else:
                    refused.append(found)
            checkpoint = None if batch.checkpoint is None else batch.checkpoint.isoformat()
            yield Page(records=records, refused=refused, checkpoint=checkpoint)

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The full records of these ids, in their order; items in bulk, the others one call each.

        An id that a bulk answer leaves out is asked for by itself: only a clear "does not exist" makes a tombstone.
        """
        if stream == "items" and len(ids) > 1:
            return self._bulk_items(list(dict.fromkeys(ids)))
        return [self._one(stream, id) for id in dict.fromkeys(ids)]

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        """Nothing: no stream here is written, so none carries a mark."""
        return {}

    def create(self, stream: str, values: Values, mark: str) -> Record:
        """Raises Rejected: Stockbridge does not write to this stream."""
        raise _read_only(stream)

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Raises Rejected: Stockbridge does not write to this stream."""
        raise _read_only(stream)

    def remove(self, stream: str, id: str) -> None:
        """Raises Rejected: Stockbridge does not write to this stream."""
        raise _read_only(stream)

    def custom_fields(self, stream: str) -> dict[str, str] | None:
        """Label by api name ("cf_colour") of the custom fields of a stream; None where Zoho does not tell.

        Source: facts, Zoho 8; the call is not in the documents, so a refusal only means that nothing can be said.
        """
        entity = {"items": "item", "vendors": "contact", "salesorders": "salesorder"}[stream]
        decoder = msgspec.json.Decoder(_Definitions)
        try:
            found, _ = self._client.call(
                "GET",
                "/settings/customfields",
                params=(("entity", entity),),
                decode=decoder.decode,
                about=f"the custom fields of {stream}",
            )
        except (Gone, Rejected, Unauthorized):
            return None
        return {one.api_name: one.label for one in found.customfields}

    def _list(self, rows: Rows, query: Query) -> Listing:
        shape = rows.shape
        size = shape.stream.page_size
        params = [
            *shape.params,
            ("page", str(query.page)),
            ("per_page", str(size)),
            ("sort_column", query.by),
            ("sort_order", "A"),
        ]
        if query.since is not None:
            params.append(("last_modified_time", f"{query.since:%Y-%m-%dT%H:%M:%S%z}"))
        about = f"its list of {shape.stream.name}"
        try:
            found, moment = self._client.call(
                "GET", shape.path, params=tuple(params), decode=rows.decode_page, about=about
            )
        except (Rejected, Gone) as error:
            raise Halt(error.what, remedy=error.remedy, code=error.code) from error
        entries = []
        for row in found.rows:
            id, modified = rows.key(row)
            entries.append(Entry(id=id, modified=modified, row=row))
        ordered = found.sorted_by(query.by, "A")
        return Listing(entries=entries, more=found.more(size), moment=moment, sorted=ordered)

    def _bulk_items(self, ids: list[str]) -> list[Record | Refusal]:
        found: dict[str, Record | Refusal] = {}
        at = 0
        while at < len(ids):
            part = ids[at : at + self._bulk]
            try:
                found |= self._details(part)
            except (Rejected, Gone):
                if len(part) <= _SMALLER:
                    # One of them spoils the whole answer: ask for each by itself, so that it stops no other.
                    found |= {id: self._one("items", id) for id in part}
                    at += len(part)
                else:
                    self._bulk = _SMALLER
                continue
            at += len(part)
        return [found[id] if id in found else self._one("items", id) for id in ids]

    def _details(self, ids: list[str]) -> dict[str, Record | Refusal]:
        rows = self._rows["items"]
        about = f"the details of {len(ids)} items"
        answer, moment = self._client.call(
            "GET",
            "/itemdetails",
            params=(("item_ids", ",".join(ids)),),
            decode=rows.decode_page,
            about=about,
        )
        wanted = set(ids)
        found: dict[str, Record | Refusal] = {}
        for row in answer.rows:
            key = rows.key(row)
            if key[0] in wanted:
                found[key[0]] = rows.parse(row, full=True, seen=moment, place="details", key=key)
        return found

    def _one(self, stream: str, id: str) -> Record | Refusal:
        rows = self._rows[stream]
        noun = rows.shape.stream.noun
        try:
            answer, moment = self._client.call(
                "GET", f"{rows.shape.path}/{id}", decode=rows.decode_one, about=f"{noun} {id}"
            )
        except Gone:
            return Record(id=id, values={}, version="deleted", deleted=True)
        except Rejected as error:
            return Refusal(id=id, reason=error.what, remedy=error.remedy)
        row: Any = answer.rows[0]
        found_id, _ = rows.key(row)
        if found_id is not None and found_id != id:
            raise Retry(f"Zoho answered with {noun} {found_id} when it was asked for {noun} {id}.")
        return rows.parse(row, full=True, seen=moment, place=f"detail of {id}")


def _read_only(stream: str) -> Rejected:
    return Rejected(
        f"Stockbridge does not write to Zoho's {stream}.",
        remedy="Change the flow so that it only reads there.",
    )
