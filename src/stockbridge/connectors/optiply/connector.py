"""Optiply as a Connector: reads and writes products, suppliers, supplier products and sell orders of one account."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from stockbridge.connectors.optiply.account import OptiplyAccount, grant_of
from stockbridge.connectors.optiply.client import OptiplyClient
from stockbridge.connectors.optiply.rows import ListPage, Rows, decode_list, decode_one
from stockbridge.connectors.optiply.streams import PAIRS, STREAMS
from stockbridge.core.errors import Exists, Gone, Halt, Rejected, Retry, Uncertain
from stockbridge.core.record import Kind, Page, Record, Refusal, Stream, Values
from stockbridge.http.budget import Budget, Limits
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Remember, Token, Tokens
from stockbridge.http.transport import Answer, Transport

LIMITS = Limits(concurrency=8)
"""No rate limit is documented (facts, Optiply 1.6), so only the number of calls at once is bounded by default."""

_OVERLAP = timedelta(minutes=5)
_FIND_OVERLAP = timedelta(hours=24)
_SCANS = 3
_BAD_ADDRESS = "not a valid address"


def connect(
    account: OptiplyAccount,
    *,
    clock: Clock,
    transport: Transport,
    limits: Limits = LIMITS,
    token: Token | None = None,
    remember: Remember | None = None,
) -> OptiplyConnector:
    """A connector for one account. Nothing is sent yet.

    `token` is one from an earlier start, `remember` is told each new one. `limits.per_second` sets a pace.
    """
    budget = Budget(limits, clock, who=account.who)
    tokens = Tokens(
        grant=lambda: grant_of(account, clock),
        send=transport.send,
        clock=clock,
        token=token,
        remember=remember,
    )
    client = OptiplyClient(account, clock=clock, transport=transport, budget=budget, tokens=tokens)
    return OptiplyConnector(account, client, budget)


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


class OptiplyConnector:
    """One account of Optiply under one coupling. Safe to call from several threads."""

    def __init__(self, account: OptiplyAccount, client: OptiplyClient, budget: Budget) -> None:
        self._account = account
        self._client = client
        self._budget = budget
        self._rows = {name: Rows(stream, account.coupling_id) for name, stream in STREAMS.items()}

    @property
    def name(self) -> str:
        """ "Optiply"."""
        return "Optiply"

    @property
    def meter(self) -> Budget:
        """Calls spent; Optiply tells no quota."""
        return self._budget

    def streams(self) -> Mapping[str, Stream]:
        """The streams of this connector, by name."""
        return STREAMS

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        """Pages of records changed since that checkpoint minus five minutes, or of all, in the order of their ids.

        The checkpoint moves with the last page only, because changes come in no order. Raises Retry (also where the
        list shrank during three passes in a row), Unauthorized, and Halt where Optiply refuses the list itself.
        """
        start = None if since is None else datetime.fromisoformat(since)
        filters = () if start is None else (("filter[updatedAt][GT]", (start - _OVERLAP).isoformat()),)
        newest = start
        began: datetime | None = None
        for records, refused, moment in self._scan(stream, filters):
            began = began or moment
            for record in records:
                if record.modified is not None and (newest is None or record.modified > newest):
                    newest = record.modified
            yield Page(records=records, refused=refused, checkpoint=since)
        if newest is not None and began is not None:
            yield Page(records=[], refused=[], checkpoint=min(newest, began).isoformat())

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The records of these ids, in their order, one call each. Raises Retry or Unauthorized."""
        return [self._one(stream, id) for id in dict.fromkeys(ids)]

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        """Records that carry one of these marks under our coupling and were made since then minus a day, by mark.

        Every row is compared here: Optiply has no known filter on the ids of a coupling. Raises as `read`.
        """
        mark = STREAMS[stream].mark
        wanted = set(marks)
        found: dict[str, dict[str, Record]] = {}
        if not wanted or mark is None:
            return {}
        filters = () if since is None else (("filter[createdAt][GE]", (since - _FIND_OVERLAP).isoformat()),)
        for records, _, _ in self._scan(stream, filters):
            for record in records:
                if (carried := record.values.get(mark)) in wanted:
                    found.setdefault(carried, {})[record.id] = record
        return {carried: list(by_id.values()) for carried, by_id in found.items()}

    def create(self, stream: str, values: Values, mark: str) -> Record:
        """Make a record that carries `mark` as the id of our coupling. Returns what Optiply answered.

        Raises Exists for a supplier product whose pair is there already, Gone where a parent is not there, Rejected
        with the field where it is known (a bad e-mail address), Uncertain, Retry, Unauthorized.
        """
        rows = self._rows[stream]
        body = rows.render(values, mark=mark)
        about = f"to make {rows.stream.noun} {mark}"
        try:
            answer = self._client.write("POST", f"/{stream}", body, about)
        except Gone as error:
            parents = _parents(rows.stream, values)
            # Not a refusal of this record: it goes as soon as its parent is there again.
            raise Gone(
                f"Optiply does not know {parents}, which {rows.stream.noun} {mark} refers to.",
                remedy="It may have been deleted in Optiply. The next full run looks and makes it again: "
                "stockbridge run --full",
                code=error.code,
            ) from error
        except Rejected as error:
            if error.code == "409" and stream in PAIRS:
                raise self._existing(stream, values, error) from error
            raise _with_field(error, rows.stream) from error
        return self._written(rows, answer, about)

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Change just these fields. Returns what Optiply answered.

        Raises Gone where the record itself is not there, and otherwise as `create`.
        """
        rows = self._rows[stream]
        body = rows.render(values, id=id)
        about = f"to change {rows.stream.noun} {id}"
        try:
            answer = self._client.write("PATCH", f"/{stream}/{id}", body, about)
        except Rejected as error:
            raise _with_field(error, rows.stream) from error
        return self._written(rows, answer, about)

    def remove(self, stream: str, id: str) -> None:
        """Delete the record; one that is gone already is a success. Raises Rejected, Uncertain, Retry, Unauthorized."""
        noun = STREAMS[stream].noun
        try:
            self._client.write("DELETE", f"/{stream}/{id}", None, f"to delete {noun} {id}")
        except Gone:
            return

    def _scan(
        self, stream: str, filters: tuple[tuple[str, str], ...]
    ) -> Iterator[tuple[list[Record], list[Refusal], datetime]]:
        """Every row of a list once, passing over it again where rows were deleted meanwhile (offsets then skip)."""
        given: set[str] = set()
        for _ in range(_SCANS):
            scan = _Scan()
            yield from self._pass(stream, filters, scan, given)
            if scan.complete():
                return
        raise Retry(
            f"Optiply's list of {stream} shrank each time it was read ({_SCANS} times), so rows may be missing.",
            remedy="Nothing is taken for deleted; the next run reads it again.",
        )

    def _pass(
        self, stream: str, filters: tuple[tuple[str, str], ...], scan: _Scan, given: set[str]
    ) -> Iterator[tuple[list[Record], list[Refusal], datetime]]:
        rows = self._rows[stream]
        size = rows.stream.page_size
        offset = 0
        while True:
            params = (
                ("filter[accountId]", self._account.account_id),
                *filters,
                ("sort", "id"),
                ("page[limit]", str(size)),
                ("page[offset]", str(offset)),
            )
            page, moment = self._list(stream, params)
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
                if found.id in given:
                    continue
                given.add(found.id)
                if isinstance(found, Record):
                    records.append(found)
                else:
                    refused.append(found)
            yield records, refused, moment
            if not page.rows or not page.more:
                return
            if len(scan.ids) == met:
                raise Retry(f"Optiply's list of {stream} does not come to an end: the same page came twice.")
            offset += size

    def _list(self, stream: str, params: tuple[tuple[str, str], ...]) -> tuple[ListPage, datetime]:
        try:
            return self._client.get(f"/{stream}", params, f"to list {stream}", decode_list)
        except (Rejected, Gone) as error:
            raise Halt(error.what, remedy=error.remedy, code=error.code) from error

    def _one(self, stream: str, id: str) -> Record | Refusal:
        rows = self._rows[stream]
        about = f"to read {rows.stream.noun} {id}"
        try:
            found, _ = self._client.get(f"/{stream}/{id}", (), about, decode_one)
        except Gone:
            return Record(id=id, values={}, version="deleted", deleted=True)
        except Rejected as error:
            return Refusal(id=id, reason=error.what, remedy=error.remedy)
        return rows.parse(found, f"detail of {id}")

    def _written(self, rows: Rows, answer: Answer, about: str) -> Record:
        """The record in the answer to a write that took effect."""
        try:
            found = rows.parse(decode_one(answer.body), "answer")
        except msgspec.DecodeError as error:
            raise Uncertain(
                f"Optiply took the call {about}, but its answer is not the JSON that was expected.",
                remedy="The next run looks what is there.",
            ) from error
        if isinstance(found, Refusal):
            raise Uncertain(
                f"Optiply took the call {about}, but its answer cannot be read: {found.reason}",
                remedy="The next run looks what is there.",
            )
        return found

    def _existing(self, stream: str, values: Values, refused: Rejected) -> Exists | Rejected:
        """The record that holds the pair which a create found taken."""
        pair = PAIRS[stream]
        filters = tuple((f"filter[{name}]", str(values.get(name))) for name in pair)
        for records, _, _ in self._scan(stream, filters):
            for record in records:
                # A filter that is ignored gives every row, so each one is compared here.
                if all(str(record.values.get(name)) == str(values.get(name)) for name in pair):
                    return Exists(refused.what, record=record, remedy=refused.remedy, code=refused.code)
        return refused


def _parents(stream: Stream, values: Values) -> str:
    """The parents that these values name, in words."""
    found: dict[str, None] = {}
    for named in stream.fields:
        value = values.get(named.name)
        if value is None:
            continue
        if named.refers_to is not None:
            found[f"{STREAMS[named.refers_to].noun} {value}"] = None
        elif named.kind is Kind.CHILDREN:
            for child in named.children:
                if child.refers_to is not None:
                    noun = STREAMS[child.refers_to].noun
                    found.update(dict.fromkeys(f"{noun} {line.get(child.name)}" for line in value))
    return " or ".join(found) or "a record"


def _with_field(error: Rejected, stream: Stream) -> Rejected:
    """The same refusal with the field it is about, where that is clear."""
    if _BAD_ADDRESS in error.what:
        named: str | None = "emails"
    else:
        words = set(re.findall(r"\w+", error.what.partition(": ")[2]))
        named = error.field or next((f.name for f in stream.fields if f.name in words), None)
    return Rejected(error.what, field=named, remedy=error.remedy, code=error.code)
