"""Speaking to the Optiply application in process, as a client speaks to it over HTTP."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.http import Request
from stockbridge_sandbox.optiply.app import MEDIA_TYPE, TOKEN_PATH, Optiply
from stockbridge_sandbox.optiply.login import Login

START = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: Any
    content_type: str

    @property
    def id(self) -> str:
        return str(self.body["data"]["id"])

    @property
    def attributes(self) -> Any:
        return self.body["data"]["attributes"]

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.body["data"]]

    @property
    def message(self) -> str:
        """The text of an error, found in the order in which a client must look (facts: Optiply 1.6)."""
        for error in self.body.get("errors", ()):
            for text in (error.get("meta", {}).get("message"), error.get("detail"), error.get("message")):
                if text:
                    return str(text)
        return str(self.body.get("message") or self.body.get("error_description") or self.body["error"])


class Caller:
    """An Optiply application on a clock that stands still, with a token."""

    def __init__(self, optiply: Optiply | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(speed=0, start=START)
        self.optiply = optiply or Optiply(self.clock)
        self.login = self.optiply.login
        self.token = self.ask_token().body["access_token"]

    def send(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        response = self.optiply(
            Request(
                method=method,
                path=path,
                query=tuple(query),
                headers=headers if headers is not None else self.headers(),
                body=body,
                at=self.clock.now(),
                base="http://optiply.test",
            )
        )
        return Answer(
            status=response.status,
            body=msgspec.json.decode(response.body) if response.body else None,
            content_type=response.headers.get("Content-Type", ""),
        )

    def headers(self) -> dict[str, str]:
        return {"content-type": MEDIA_TYPE, "authorization": f"Bearer {self.token}"}

    def ask_token(
        self,
        form: str | None = None,
        query: Sequence[tuple[str, str]] = (),
        client: tuple[str, str] | None = None,
    ) -> Answer:
        login: Login = self.optiply.login
        name, secret = client or (login.client_id, login.client_secret)
        if form is None:
            form = f"grant_type=password&username={login.username}&password={login.password}"
        basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", TOKEN_PATH, query, form.encode(), headers)

    def get(self, path: str, *query: tuple[str, str]) -> Answer:
        return self.send("GET", f"/v1/{path}", query)

    def post(self, resource: str, attributes: object, *, coupling: str | None = "77") -> Answer:
        return self.send("POST", f"/v1/{resource}", self._scope(coupling), _body(resource, attributes))

    def patch(self, resource: str, key: str, attributes: object, *, coupling: str | None = "77") -> Answer:
        body = _body(resource, attributes, key)
        return self.send("PATCH", f"/v1/{resource}/{key}", self._scope(coupling), body)

    def delete(self, resource: str, key: str) -> Answer:
        return self.send("DELETE", f"/v1/{resource}/{key}", self._scope(None))

    def product(self, name: str = "Bolt M8", **attributes: object) -> str:
        given = {"name": name, "stockLevel": 3, "unlimitedStock": False, **attributes}
        return self._made(self.post("products", given))

    def supplier(self, name: str = "Van der Meer", **attributes: object) -> str:
        return self._made(self.post("suppliers", {"name": name, **attributes}))

    def offer(self, product: str, supplier: str, **attributes: object) -> str:
        given = {"name": "Bolt", "productId": int(product), "supplierId": int(supplier), **attributes}
        return self._made(self.post("supplierProducts", given))

    def _scope(self, coupling: str | None) -> list[tuple[str, str]]:
        scope = [("accountId", str(self.login.account_id))]
        return scope if coupling is None else [*scope, ("couplingId", coupling)]

    @staticmethod
    def _made(answer: Answer) -> str:
        assert answer.status == 201, answer.body
        return answer.id


def _body(resource: str, attributes: object, key: str | None = None) -> bytes:
    data: dict[str, object] = {"type": resource, "attributes": attributes}
    if key is not None:
        data["id"] = key
    return msgspec.json.encode({"data": data})
