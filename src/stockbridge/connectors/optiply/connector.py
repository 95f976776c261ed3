"""Optiply as a Connector: reads and writes the streams of one account."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from stockbridge.connectors.optiply.account import OptiplyAccount, grant_of
from stockbridge.connectors.optiply.answers import no_parent, with_field, written
from stockbridge.connectors.optiply.assembly_orders import AssemblyOrders
from stockbridge.connectors.optiply.buy_orders import full_order, is_buy_order
from stockbridge.connectors.optiply.client import OptiplyClient
from stockbridge.connectors.optiply.lists import Filters, Listed, Lists
from stockbridge.connectors.optiply.rows import Rows
from stockbridge.connectors.optiply.streams import (
    ASSEMBLY_BODY,
    ASSEMBLY_ORDERS,
    BUY_ORDERS,
    PAIRS,
    STREAMS,
)
from stockbridge.core.errors import Exists, Gone, Rejected
from stockbridge.core.record import Page, Record, Refusal, Stream, Values
from stockbridge.http.budget import Budget, Limits
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Remember, Token, Tokens
from stockbridge.http.transport import Transport

LIMITS = Limits(concurrency=10)
"""No rate limit is documented (facts, Optiply 1.6), so only the number of calls at once is bounded by default."""

_OVERLAP = timedelta(minutes=5)
_FIND_OVERLAP = timedelta(hours=24)


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


class OptiplyConnector:
    """One account of Optiply under one coupling. Safe to call from several threads."""

    def __init__(self, account: OptiplyAccount, client: OptiplyClient, budget: Budget) -> None:
        self._client = client
        self._budget = budget
        self._rows = {name: Rows(stream, account.coupling_id) for name, stream in STREAMS.items()}
        self._lists = Lists(client=client, account_id=account.account_id, rows=self._rows)
        body = Rows(ASSEMBLY_BODY, account.coupling_id)
        self._assembly = AssemblyOrders(client=client, lists=self._lists, body=body)

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

        An assembly order counts as changed when its order did. A row of the buy orders lacks their `lines`.
        The checkpoint moves with the last page only, because changes come in no order. Raises Retry (also where the
        list shrank during three passes in a row), Unauthorized, and Halt where Optiply refuses the list itself.
        """
        start = None if since is None else datetime.fromisoformat(since)
        filters = () if start is None else (("filter[updatedAt][GT]", (start - _OVERLAP).isoformat()),)
        newest = start
        began: datetime | None = None
        for page in self._listed(stream, filters):
            began = began or page.moment
            for record in page.records:
                if record.modified is not None and (newest is None or record.modified > newest):
                    newest = record.modified
            yield Page(records=page.records, refused=page.refused, checkpoint=since)
        if newest is not None and began is not None:
            yield Page(records=[], refused=[], checkpoint=min(newest, began).isoformat())

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The records of these ids, in their order: one call each, two for a buy order, three for an assembly order.

        Raises Retry or Unauthorized, and Halt where Optiply refuses the list of an order's lines.
        """
        return [self._full(stream, id) for id in dict.fromkeys(ids)]

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        """Records that carry one of these marks under our coupling and were made since then minus a day, by mark.

        Every row is compared, since Optiply has no documented filter on the ids of a coupling; streams that do not show
        their mark find nothing. Raises as `read`.
        """
        if not marks or not STREAMS[stream].mark_shown:
            return {}
        filters = () if since is None else (("filter[createdAt][GE]", (since - _FIND_OVERLAP).isoformat()),)
        if stream == ASSEMBLY_ORDERS.name:
            return self._assembly.find(frozenset(marks), filters)
        found: dict[str, list[Record]] = {}
        for page in self._listed(stream, filters):
            for record in page.records:
                mark = record.values.get(STREAMS[stream].mark or "")
                if mark is not None and mark in marks:
                    found.setdefault(mark, []).append(record)
        return found

    def create(self, stream: str, values: Values, mark: str) -> Record:
        """Make a record that carries `mark` as the id of our coupling. Returns what Optiply answered.

        Raises Exists for a supplier product or composition whose pair is there already, Gone where a parent is not
        there, Rejected with the field where it is known (a bad e-mail address), Uncertain, Retry, Unauthorized.
        """
        if stream == ASSEMBLY_ORDERS.name:
            return self._assembly.create(values, mark)
        rows = self._rows[stream]
        body = rows.render(values, mark=mark)
        about = f"to make {rows.stream.noun} {mark}"
        try:
            answer = self._client.write("POST", f"/{stream}", body, about)
        except Gone as error:
            raise no_parent(error, rows.stream, values, mark) from error
        except Rejected as error:
            if error.code == "409" and stream in PAIRS:
                raise self._existing(stream, values, error) from error
            raise with_field(error, rows.stream) from error
        return written(rows, answer, about)

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Change just these fields. Returns what Optiply answered.

        Raises Gone where the record itself is not there, and otherwise as `create`.
        """
        if stream == ASSEMBLY_ORDERS.name:
            return self._assembly.update(id, values)
        rows = self._rows[stream]
        body = rows.render(values, id=id)
        about = f"to change {rows.stream.noun} {id}"
        try:
            answer = self._client.write("PATCH", f"/{stream}/{id}", body, about)
        except Rejected as error:
            raise with_field(error, rows.stream) from error
        return written(rows, answer, about)

    def remove(self, stream: str, id: str) -> None:
        """Delete the record; one that is gone already is a success. Raises Rejected, Uncertain, Retry, Unauthorized."""
        if stream == ASSEMBLY_ORDERS.name:
            self._assembly.remove(id)
            return
        noun = STREAMS[stream].noun
        try:
            self._client.write("DELETE", f"/{stream}/{id}", None, f"to delete {noun} {id}")
        except Gone:
            return

    def _full(self, stream: str, id: str) -> Record | Refusal:
        if stream == BUY_ORDERS.name:
            return full_order(self._lists, id)
        if stream == ASSEMBLY_ORDERS.name:
            return self._assembly.fetch(id)
        return self._lists.one(stream, id)

    def _listed(self, stream: str, filters: Filters) -> Iterator[Listed]:
        """The pages of a stream that pass these filters."""
        if stream == ASSEMBLY_ORDERS.name:
            return self._assembly.scan(filters)
        return self._lists.scan(stream, filters, is_buy_order if stream == BUY_ORDERS.name else None)

    def _existing(self, stream: str, values: Values, refused: Rejected) -> Exists | Rejected:
        """The record that holds the pair which a create found taken."""
        pair = PAIRS[stream]
        filters = tuple((f"filter[{name}]", str(values.get(name))) for name in pair)
        for page in self._lists.scan(stream, filters):
            for record in page.records:
                # A filter that is ignored gives every row, so each one is compared here.
                if all(str(record.values.get(name)) == str(values.get(name)) for name in pair):
                    return Exists(refused.what, record=record, remedy=refused.remedy, code=refused.code)
        return refused
