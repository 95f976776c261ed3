"""What travels between the server and the simulated applications: one request in, one response out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, read completely.

    `path` is what follows the mount prefix, `query` the decoded pairs in their order, `headers` has lower-case
    names, `at` is the sandbox clock on arrival, `base` is the address the caller used up to the mount
    (for example "http://127.0.0.1:8411"), and `in_flight` counts the requests of the same system that were
    being served at that moment, this one included.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    base: str
    in_flight: int = 1

    def get(self, name: str) -> str | None:
        """The first value of a query parameter, or None."""
        for key, value in self.query:
            if key == name:
                return value
        return None

    def json(self) -> object:
        """The body as JSON. Raises msgspec.DecodeError (a ValueError) when it is not."""
        return msgspec.json.decode(self.body)

    def form(self) -> dict[str, str]:
        """The body as an urlencoded form; of a repeated name the last value counts."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True, kw_only=True)
class Response:
    """One HTTP answer. `counted` says that it used up one call of a quota (for the request log)."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    counted: bool = False


Application = Callable[[Request], Response]

_encoder = msgspec.json.Encoder()


def json_response(
    value: object,
    status: int = 200,
    *,
    content_type: str = "application/json;charset=UTF-8",
    headers: Mapping[str, str] | None = None,
    counted: bool = False,
) -> Response:
    """An answer whose body is `value` as JSON."""
    return Response(
        status=status,
        body=_encoder.encode(value),
        headers={"Content-Type": content_type, **(headers or {})},
        counted=counted,
    )


def text_response(text: str, status: int = 200, *, content_type: str = "text/html;charset=UTF-8") -> Response:
    """An answer whose body is plain text or HTML."""
    return Response(status=status, body=text.encode(), headers={"Content-Type": content_type})
