"""What sends for a transport: httpx2 with its pools, one direct and one for each proxy. Loaded with the first call."""

from __future__ import annotations

import ssl
import time
from functools import lru_cache
from urllib.request import getproxies, proxy_bypass

import httpx2
import structlog

from stockbridge.core.errors import Retry, Uncertain
from stockbridge.http.transport import NOT_SENT, Answer, Call

_HEADERS = {"User-Agent": "stockbridge", "Accept-Encoding": "gzip, deflate"}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


_url = lru_cache(maxsize=256)(
    httpx2.URL
)  # parsing one costs as much as a tenth of a call, and creates share theirs


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted, read once: that takes longer than a call, and every account would do it."""
    return httpx2.create_ssl_context()


class Wire:
    """It drives httpx2's transport itself: its Client adds cookies and redirects, which no call here wants, and costs
    twice the processor time. Its settings are those of `Transport`."""

    def __init__(self, *, inner: httpx2.BaseTransport | None, connections: int, read_seconds: float) -> None:
        limits = httpx2.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30.0
        )
        self._direct = inner or httpx2.HTTPTransport(limits=limits, verify=_trusted())
        self._proxied: dict[str, httpx2.BaseTransport] = {}
        if inner is None:
            for scheme, proxy in getproxies().items():
                if scheme in ("http", "https"):
                    self._proxied[scheme] = httpx2.HTTPTransport(
                        limits=limits, verify=_trusted(), proxy=proxy
                    )
        self._extensions = {"timeout": {"connect": 10.0, "read": read_seconds, "write": 30.0, "pool": 60.0}}
        self._log = structlog.get_logger("stockbridge.http")

    def send(self, call: Call) -> Answer:
        """As `Transport.send`."""
        began = time.monotonic()
        url = _url(call.url)
        request = httpx2.Request(
            call.method,
            url,
            headers={**_HEADERS, **call.headers},
            content=call.body,
            extensions=self._extensions,
        )
        try:
            response = self._route(url).handle_request(request)
            try:
                body = response.read()
            finally:
                response.close()
        except _NOT_SENT as error:
            raise Retry(
                f"{url.netloc.decode()} could not be reached ({_reason(error)}).",
                remedy="Nothing was sent. Check the address and the network; the next run goes on from here.",
                code=NOT_SENT,
            ) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            what = f"{call.method} {url.path} at {url.netloc.decode()} got no complete answer ({_reason(error)})."
            self._log.debug("no answer", method=call.method, path=url.path, reason=type(error).__name__)
            if call.safe:
                raise Retry(what, remedy="It only reads, so it may simply be asked again.") from error
            raise Uncertain(
                what, remedy="It may have taken effect; the next run looks before it writes again."
            ) from error
        self._log.debug(
            "call",
            method=call.method,
            path=url.path,
            status=response.status_code,
            milliseconds=round((time.monotonic() - began) * 1000, 1),
        )
        return Answer(status=response.status_code, headers=response.headers, body=body)

    def _route(self, url: httpx2.URL) -> httpx2.BaseTransport:
        if self._proxied and url.host not in _LOOPBACK and not proxy_bypass(url.host):
            return self._proxied.get(url.scheme, self._direct)
        return self._direct

    def close(self) -> None:
        """Close all connections."""
        for transport in (self._direct, *self._proxied.values()):
            transport.close()


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
