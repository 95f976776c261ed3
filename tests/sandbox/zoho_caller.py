"""A plain caller of the simulated Zoho over real HTTP, with nothing of the product in it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from stockbridge_sandbox.run import Sandbox, start

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed

    @property
    def code(self) -> int:
        return int(self.json()["code"])


def send(
    url: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10,
) -> Answer:
    """One request on a connection of its own; redirects are not followed."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, headers=names, body=response.read())
    finally:
        connection.close()


def post_form(url: str, **fields: str) -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return send(url, "POST", headers=headers, body=urlencode(fields).encode())


@dataclass(slots=True, kw_only=True)
class Caller:
    """Calls the API with a living token."""

    sandbox: Sandbox
    token: str
    organization_id: str
    data_centre: str = "eu"
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: object = None, **query: str | int) -> Answer:
        given = {"organization_id": self.organization_id, **query}
        url = f"{self.sandbox.zoho_url}/dc/{self.data_centre}/inventory/v1{path}?{urlencode(given)}"
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}", **self.headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return send(url, method, headers=headers, body=None if body is None else json.dumps(body).encode())

    def get(self, path: str, **query: str | int) -> Json:
        answer = self.call("GET", path, **query)
        assert answer.status == 200, answer.body
        assert answer.code == 0
        return answer.json()

    def post(self, path: str, body: object = None, **query: str | int) -> Answer:
        return self.call("POST", path, body, **query)

    def put(self, path: str, body: object, **query: str | int) -> Answer:
        return self.call("PUT", path, body, **query)

    def delete(self, path: str, **query: str | int) -> Answer:
        return self.call("DELETE", path, **query)


def token_of(sandbox: Sandbox, scope: str = "ZohoInventory.FullAccess.all") -> Json:
    """A token answer through a self-client code."""
    login = sandbox.control.accounts()["zoho"]
    answer = post_form(
        f"{sandbox.zoho_url}/dc/{login['data_centre']}/oauth/v2/token",
        grant_type="authorization_code",
        client_id=login["client_id"],
        client_secret=login["client_secret"],
        code=sandbox.control.self_client(scope),
    )
    return answer.json()


def caller_of(sandbox: Sandbox, scope: str = "ZohoInventory.FullAccess.all") -> Caller:
    token = token_of(sandbox, scope)["access_token"]
    organization = sandbox.control.accounts()["zoho"]["organization_id"]
    return Caller(sandbox=sandbox, token=token, organization_id=organization)


@contextmanager
def calling(**options: Any) -> Iterator[Caller]:
    """A running sandbox whose clock stands still (unless a speed is given), and a caller with full access."""
    with start(**{"speed": 0, **options}) as sandbox:
        yield caller_of(sandbox)


def rows_of(caller: Caller, path: str, key: str, **query: str | int) -> list[Json]:
    """All rows of a list, page by page."""
    rows: list[Json] = []
    page = 1
    while True:
        answer = caller.get(path, page=page, **query)
        rows += answer[key]
        if not answer["page_context"]["has_more_page"]:
            return rows
        page += 1
