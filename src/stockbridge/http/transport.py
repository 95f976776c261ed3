"""The only place that sends: one pool of connections, time-outs on every call, errors typed by what may have happened."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

    from stockbridge.http.wire import Wire

NOT_SENT = "not-sent"  # the code of a Retry whose call never left, so it cost nothing
_SAFE = frozenset({"GET", "HEAD"})


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
    answer; time-outs are real seconds on any clock. Proxies of the environment are used, but never for this machine
    itself. What sends is loaded with the first call: most commands only look into the store.
    """

    def __init__(
        self, *, inner: httpx2.BaseTransport | None = None, connections: int = 16, read_seconds: float = 60.0
    ) -> None:
        self._inner = inner
        self._connections = connections
        self._read_seconds = read_seconds
        self._opening = threading.Lock()
        self._wire: Wire | None = None

    def send(self, call: Call) -> Answer:
        """Send the call and read the whole answer, whatever its status.

        Raises Retry where nothing can have been written (it was not sent, or it only reads) and Uncertain where a write
        may have taken effect.
        """
        return self._opened().send(call)

    def _opened(self) -> Wire:
        with self._opening:
            if self._wire is None:
                # httpx2 and the authorities that it trusts take a fifth of a second.
                from stockbridge.http.wire import Wire

                self._wire = Wire(
                    inner=self._inner, connections=self._connections, read_seconds=self._read_seconds
                )
            return self._wire

    def close(self) -> None:
        """Close all connections."""
        with self._opening:
            if self._wire is not None:
                self._wire.close()

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
