"""The only place that sends: one pool of connections, time-outs on every call, errors typed by what may have happened."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

import httpx2
import structlog

from stockbridge.core.errors import Retry, Uncertain

NOT_SENT = "not-sent"  # the code of a Retry whose call never left, so it cost nothing
_SAFE = frozenset({"GET", "HEAD"})
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `url` is complete and encoded. `repeatable` marks a POST that is harmless to send twice.

    `headers` and `body` may hold secrets and are not part of the repr; the query of the URL is not logged.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False

    @property
    def safe(self) -> bool:
        """True where sending it again cannot write anything twice."""
        return self.repeatable or self.method in _SAFE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, read completely. Header names are case-blind."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport:
    """Sends calls over one pool of connections. Safe to use from several threads; close it when done.

    `inner` replaces the network in tests. `read_seconds` is the longest silence that is borne while waiting for an
    answer; time-outs are real seconds on any clock.
    """

    def __init__(
        self, *, inner: httpx2.BaseTransport | None = None, connections: int = 16, read_seconds: float = 60.0
    ) -> None:
        self._client = httpx2.Client(
            transport=inner,
            timeout=httpx2.Timeout(connect=10.0, read=read_seconds, write=30.0, pool=60.0),
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30.0
            ),
            follow_redirects=False,
            # A proxy of the environment is for the world outside, never for this machine itself.
            mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        )
        self._log = structlog.get_logger("stockbridge.http")

    def send(self, call: Call) -> Answer:
        """Send the call and read the whole answer, whatever its status.

        Raises Retry where nothing can have been written (it was not sent, or it only reads) and Uncertain where a write
        may have taken effect.
        """
        began = time.monotonic()
        address = urlsplit(call.url)
        try:
            response = self._client.request(call.method, call.url, content=call.body, headers=call.headers)
        except _NOT_SENT as error:
            raise Retry(
                f"{address.netloc} could not be reached ({_reason(error)}).",
                remedy="Nothing was sent. Check the address and the network; the next run goes on from here.",
                code=NOT_SENT,
            ) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            what = (
                f"{call.method} {address.path} at {address.netloc} got no complete answer ({_reason(error)})."
            )
            self._log.debug("no answer", method=call.method, path=address.path, reason=type(error).__name__)
            if call.safe:
                raise Retry(what, remedy="It only reads, so it may simply be asked again.") from error
            raise Uncertain(
                what, remedy="It may have taken effect; the next run looks before it writes again."
            ) from error
        self._log.debug(
            "call",
            method=call.method,
            path=address.path,
            status=response.status_code,
            milliseconds=round((time.monotonic() - began) * 1000, 1),
        )
        return Answer(status=response.status_code, headers=response.headers, body=response.content)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _reason(error: Exception) -> str:
    """Why, in words. The text of the error itself is left out where it could quote an address with a query."""
    match error:
        case httpx2.ConnectTimeout():
            return "no connection within 10 seconds"
        case httpx2.PoolTimeout():
            return "all connections stayed busy for 60 seconds"
        case httpx2.ConnectError():
            return f"no connection: {error}"
        case httpx2.ProxyError():
            return "the proxy refused"
        case httpx2.TimeoutException():
            return "it took too long"
        case httpx2.DecodingError():
            return "the answer was garbled"
        case _:
            return "the connection broke"
