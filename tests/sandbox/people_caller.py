"""Speaking to the simulated Google in process, as a client speaks to it over HTTP; every answer held to the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from discovery.people_document import DOCUMENT, check_answer, check_body
from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.http import Request
from stockbridge_sandbox.people.app import People
from stockbridge_sandbox.people.made_up import MadeUp

START = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
NAMES = "names,metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def state(self) -> str:
        return str(self.body["error"]["status"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def reasons(self) -> list[str]:
        return [detail["reason"] for detail in self.body["error"].get("details", ()) if "reason" in detail]

    @property
    def reasons_or_none(self) -> list[str]:
        return self.reasons if self.status != 200 else []


class Caller:
    """A Google account on a clock that stands still, with a token for contacts."""

    def __init__(self, made_up: MadeUp | None = None, scopes: str = "contacts") -> None:
        self.clock = Clock(speed=0, start=START)
        self.people = People(self.clock, made_up)
        self._scopes = scopes.split()
        self.token = self.people.grants.new_access(self._scopes, "", START)

    def later(self, seconds: float) -> None:
        """Let time pass; the token is a fresh one then."""
        self.clock.advance(seconds)
        self.token = self.people.grants.new_access(self._scopes, "", self.clock.now())

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        **query: Any,
    ) -> Answer:
        if raw is None:
            raw = b"" if body is None else msgspec.json.encode(body)
        pairs: list[tuple[str, str]] = []
        for name, value in query.items():
            values = value if isinstance(value, list) else [value]
            pairs += [(name, str(each).lower() if isinstance(each, bool) else str(each)) for each in values]
        response = self.people(
            Request(
                method=method,
                path=path,
                query=tuple(pairs),
                headers={"authorization": f"Bearer {self.token}"} if headers is None else headers,
                body=raw,
                at=self.clock.now(),
                base="http://people.test",
            )
        )
        is_json = "json" in response.headers.get("Content-Type", "")
        parsed = msgspec.json.decode(response.body) if is_json else response.body.decode()
        answer = Answer(status=response.status, body=parsed, headers=response.headers)
        if DOCUMENT is not None and path.startswith("/v1/") and response.status == 200:
            check_answer(method, path, parsed)
            if body is not None:
                check_body(method, path, body)
        return answer

    def ok(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        answer = self.send(method, path, body, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def form(self, path: str, **fields: str) -> Answer:
        return self.send("POST", path, raw=urlencode(fields).encode(), headers={})

    def create(self, person: object = None, mask: str = NAMES) -> Any:
        given = {"names": [{"givenName": "Sanne", "familyName": "de Vries"}]} if person is None else person
        return self.ok("POST", "/v1/people:createContact", given, personFields=mask)

    def get(self, name: str, mask: str = NAMES, **query: Any) -> Any:
        return self.ok("GET", f"/v1/{name}", personFields=mask, **query)

    def update(self, person: Mapping[str, Any], fields: str, mask: str = NAMES) -> Answer:
        path = f"/v1/{person['resourceName']}:updateContact"
        return self.send("PATCH", path, person, updatePersonFields=fields, personFields=mask)

    def connections(self, mask: str = NAMES, **query: Any) -> Answer:
        return self.send("GET", "/v1/people/me/connections", personFields=mask, **query)

    def sync(self, token: str = "", mask: str = NAMES) -> tuple[list[Any], str]:
        """All pages of a reading that syncs, and the token for the next."""
        rows: list[Any] = []
        more: dict[str, Any] = {"syncToken": token} if token else {}
        while True:
            answer = self.connections(mask, requestSyncToken=True, **more)
            assert answer.status == 200, answer.body
            rows += answer.body.get("connections", [])
            if "nextPageToken" not in answer.body:
                return rows, answer.body["nextSyncToken"]
            assert "nextSyncToken" not in answer.body
            more["pageToken"] = answer.body["nextPageToken"]


def person(given: str, family: str = "", email: str = "", **fields: Any) -> dict[str, Any]:
    """A body for a contact."""
    made: dict[str, Any] = {"names": [{"givenName": given, "familyName": family}], **fields}
    if email:
        made["emailAddresses"] = [{"value": email}]
    return made


def given_names(rows: list[Any]) -> list[str]:
    return [row["names"][0]["givenName"] for row in rows if "names" in row]
