"""An Optiply connector whose every call is answered by the test, or by rows that the test has put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest
from http_time import START, FakeTime

from stockbridge.connectors.optiply.account import OptiplyAccount
from stockbridge.connectors.optiply.connector import OptiplyConnector, connect
from stockbridge.core.errors import Trouble
from stockbridge.core.record import Record, Refusal
from stockbridge.core.secret import Secret
from stockbridge.http.oauth import Token
from stockbridge.http.transport import Transport

PLACED = datetime(2026, 3, 2, tzinfo=UTC)
ASSEMBLY = {
    "productId": "700",
    "quantity": 4,
    "subtotalValue": Decimal("20.00"),
    "placed": PLACED,
    "supplierId": "8",
    "expectedDeliveryDate": None,
}
Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception


def resource(id: str, **attributes: Any) -> dict[str, Any]:
    return {"id": id, "type": "x", "attributes": {"updatedAt": "2026-03-01T09:00:00Z", **attributes}}


def one(id: str, **attributes: Any) -> tuple[int, Any]:
    return 201, {"data": resource(id, **attributes)}


def refused(message: str, status: int = 400) -> tuple[int, Any]:
    return status, {"errors": [{"status": str(status), "meta": {"message": message}}]}


@dataclass
class Case:
    """`replies` are answered in turn to API calls; tokens are always given."""

    replies: list[Reply] = field(default_factory=list)
    time: FakeTime = field(default_factory=FakeTime)
    calls: list[httpx2.Request] = field(default_factory=list)
    token_calls: int = 0
    answer: Callable[[httpx2.Request], Reply] | None = None

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/token"):
            self.token_calls += 1
            return httpx2.Response(
                200, json={"access_token": f"hush-{self.token_calls}", "expires_in": 86399}
            )
        self.calls.append(request)
        reply = self.answer(request) if self.answer else self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        status, body, *rest = reply
        headers = {"Date": f"{self.time.now():%a, %d %b %Y %H:%M:%S} GMT", **(rest[0] if rest else {})}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return httpx2.Response(status, content=content, headers=headers)

    @property
    def connector(self) -> OptiplyConnector:
        account = OptiplyAccount(
            name="Fietsenrek",
            username="api_imports_x",
            password=Secret("hush-password"),
            client_id="shop",
            client_secret=Secret("hush-secret"),
            account_id="1380",
            coupling_id="77",
        )
        return connect(
            account,
            clock=self.time.clock,
            transport=Transport(inner=httpx2.MockTransport(self.handle)),
            token=Token(access=Secret("hush-0"), expires_at=START + timedelta(days=1)),
        )

    def body(self, number: int = 0) -> Any:
        return msgspec.json.decode(self.calls[number].content)


def trouble(act: Callable[[], object]) -> Trouble:
    with pytest.raises(Trouble) as raised:
        act()
    assert "hush" not in f"{raised.value}{raised.value!r}"
    return raised.value


@dataclass
class Office:
    """Rows by resource and id. `filters` false: filters are ignored. `shown`: the resources that show their marks.

    `answers` stand in for the next answers to a call ("PATCH /buyOrders"), one after the other
    (None: the true answer).
    """

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    filters: bool = True
    shown: tuple[str, ...] = ("buyOrders",)
    answers: dict[str, list[Reply | None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last: int = 9000

    def put(self, resource: str, id: str, mark: str | None = None, **values: Any) -> None:
        self.rows.setdefault(resource, {})[id] = {"remoteIdMap": {"77": mark} if mark else {}, **values}

    def order(self, id: str, *, lines: tuple[str, ...], mark: str | None = None, **values: Any) -> None:
        """An assembly order, unless `assembly` says otherwise, of four bicycles a line."""
        some = {"assembly": True, "supplierId": 8, "placed": "2026-03-02T00:00:00Z", "totalValue": "20.00"}
        self.put("buyOrders", id, mark, **some | {"completed": None} | values)
        for line in lines:
            self.put(
                "buyOrderLines", line, buyOrderId=int(id), productId=700, quantity=4, subtotalValue="20.00"
            )

    def connector(self) -> OptiplyConnector:
        return Case(answer=self.answer).connector

    def answer(self, request: httpx2.Request) -> Reply:
        _, _, name, *rest = request.url.path.split("/")
        self.asked.append(f"{request.method} {'/'.join((name, *rest))}")
        call = f"{request.method} /{name}"
        if self.answers.get(call):
            reply = self.answers[call].pop(0)
            if reply is not None:
                return reply
        table = self.rows.setdefault(name, {})
        if request.method == "GET" and not rest:
            found = [id for id in sorted(table, key=int) if self.passes(table[id], request.url.params)]
            offset = int(request.url.params["page[offset]"])
            more = {"next": "x"} if len(found) > offset + 100 else {}
            data = [self.shows(name, id) for id in found[offset : offset + 100]]
            return 200, {"data": data, "links": more, "meta": {"totalResourceCount": len(found)}}
        if rest and rest[0] not in table:
            return 404, {}
        if request.method == "DELETE":
            del table[rest[0]]
            return 204, b""
        if request.method != "GET":
            given = msgspec.json.decode(request.content)["data"]["attributes"]
            self.sent.append((self.asked[-1], given))
            given = dict(given)
            lines = given.pop("orderLines", [])
            mark = {"remoteIdMap": {"77": given.pop("remoteId")}} if "remoteId" in given else {}
            id = rest[0] if rest else self.new()
            table[id] = {"remoteIdMap": {}, **table.get(id, {}), **given, **mark}
            for line in lines:
                self.put("buyOrderLines", self.new(), buyOrderId=int(id), **line)
            return 201, {"data": self.shows(name, id)}
        return 200, {"data": self.shows(name, rest[0])}

    def new(self) -> str:
        self.last += 1
        return str(self.last)

    def passes(self, row: dict[str, Any], params: httpx2.QueryParams) -> bool:
        if not self.filters:
            return True
        for key, wanted in params.items():
            name, _, operator = key.removeprefix("filter[").removesuffix("]").partition("][")
            if not key.startswith("filter[") or name in ("accountId", "updatedAt", "createdAt"):
                continue
            if name == "remoteId":
                kept = wanted in row["remoteIdMap"].values()
            elif operator:
                kept = row[name] >= int(wanted) if operator == "GE" else row[name] <= int(wanted)
            else:
                kept = str(row.get(name)).lower() == wanted
            if not kept:
                return False
        return True

    def shows(self, name: str, id: str) -> dict[str, Any]:
        row = dict(self.rows[name][id])
        if name not in self.shown:
            del row["remoteIdMap"]
        return resource(id, **row)


def assembly_orders(connector: OptiplyConnector) -> Iterator[Record | Refusal]:
    for page in connector.read("assemblyOrders", None):
        yield from page.records
        yield from page.refused


def fetched(connector: OptiplyConnector, stream: str, id: str) -> Record:
    (found,) = connector.fetch(stream, [id])
    assert isinstance(found, Record)
    return found
