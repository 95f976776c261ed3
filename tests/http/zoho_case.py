"""A Zoho connector over a made-up network, for tests of errors and rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
from http_time import START, FakeTime

from stockbridge.connectors.zoho.account import ZohoAccount
from stockbridge.connectors.zoho.connector import LIMITS, ZohoConnector, connect
from stockbridge.core.secret import Secret
from stockbridge.http.budget import Limits
from stockbridge.http.oauth import Token
from stockbridge.http.transport import Transport

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception

ACCOUNT = ZohoAccount(
    name="Fietsenrek",
    accounts_server="https://accounts.zoho.eu",
    organization_id="20081",
    client_id="1000.CLIENT",
    client_secret=Secret("hush-client"),
    refresh_token=Secret("hush-refresh"),
)
ITEM: dict[str, Any] = {
    "item_id": "260815000000160369",
    "name": "Ketting 11-sp",
    "sku": "KT-11",
    "status": "active",
    "rate": 12.5,
    "last_modified_time": "2026-03-01T09:00:00+0100",
}


def page(*rows: Any, more: bool = False, key: str = "items") -> tuple[int, Any]:
    context = {"page": 1, "per_page": 200, "has_more_page": more}
    return 200, {"code": 0, "message": "success", key: list(rows), "page_context": context}


def error(code: int, message: str = "said so") -> dict[str, Any]:
    return {"code": code, "message": message}


def order(**changes: Any) -> dict[str, Any]:
    line = {"line_item_id": "5", "item_id": "7", "name": "Bel", "quantity": 2, "rate": 3.5, "item_total": 7}
    return {
        "salesorder_id": "2",
        "salesorder_number": "SO-2",
        "date": "2026-03-01",
        "total": "8.47",
        "line_items": [line],
        "last_modified_time": "2026-03-01T09:00:00+0100",
        **changes,
    }


@dataclass
class Case:
    """`replies` are answered in turn to API calls; tokens are always given."""

    replies: list[Reply] = field(default_factory=list)
    time: FakeTime = field(default_factory=FakeTime)
    calls: list[httpx2.Request] = field(default_factory=list)
    token_calls: int = 0
    answer: Callable[[httpx2.Request], Reply] | None = None

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/oauth/v2/token":
            self.token_calls += 1
            body: Any = {"access_token": f"hush-{self.token_calls}", "expires_in": 3600}
            return httpx2.Response(200, json=body)
        self.calls.append(request)
        reply = self.answer(request) if self.answer else self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        status, body, *rest = reply
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"Date": f"{self.time.now():%a, %d %b %Y %H:%M:%S} GMT", **(rest[0] if rest else {})}
        return httpx2.Response(status, content=content, headers=headers)

    def connector(self, limits: Limits = LIMITS) -> ZohoConnector:
        return connect(
            ACCOUNT,
            clock=self.time.clock,
            transport=Transport(inner=httpx2.MockTransport(self.handle)),
            limits=limits,
            token=Token(access=Secret("hush-0"), expires_at=START + timedelta(days=1)),
        )
