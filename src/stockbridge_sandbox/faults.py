"""Faults on demand: which requests they hit, and what they do to them."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import msgspec

Kind = Literal[
    "latency",
    "slow",
    "status",
    "status_after",
    "drop_before",
    "drop_after",
    "hang",
    "truncate_page",
    "move_row",
    "revoke_token",
    "not_json",
    "row_without_id",
]
System = Literal["zoho", "optiply", "accounts", "people", "people_login"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: the requests it hits and what happens to them.

    It hits `count` matching requests in a row (None: all), starting at the `nth` from the moment it was set.

    | kind | effect |
    |---|---|
    | latency | the answer waits `seconds` of real time |
    | slow | the answer waits `seconds` of sandbox time |
    | status | the application is not reached; HTTP `status`, with the body that system gives for `code` |
    | status_after | the write takes effect, then HTTP `status` is answered as if it had not |
    | drop_before | the connection closes before the application is reached |
    | drop_after | the write takes effect, then the connection closes without an answer |
    | hang | nothing for `seconds` of real time, then the connection closes; no effect |
    | truncate_page | the connection closes in the middle of the body |
    | move_row | the page is answered, then a row of the collection is edited (so that it changes its place) |
    | revoke_token | the access token of the request is revoked before it is served |
    | not_json | the body of the answer is an HTML page |
    | row_without_id | the first row of the answer has lost its id |
    """

    kind: Kind
    system: System | None = None
    method: str | None = None
    path: str | None = None
    nth: int = 1
    count: int | None = 1
    seconds: float = 1.0
    status: int = 500
    code: int | None = None


class Faults:
    """The faults in force, with how many requests matched each and how often each fired."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: dict[int, tuple[Fault, re.Pattern[str] | None]] = {}
        self._matched: dict[int, int] = {}
        self._fired: dict[int, int] = {}

    def add(self, fault: Fault) -> int:
        """Set a fault; the id is for `remove`. Raises ValueError when its path is no regular expression."""
        if fault.kind not in get_args(Kind):
            raise ValueError(f"there is no fault of the kind {fault.kind!r}")
        try:
            pattern = re.compile(fault.path) if fault.path else None
        except re.error as error:
            raise ValueError(f"the path {fault.path!r} is not a regular expression: {error}") from error
        with self._lock:
            number = next(self._ids)
            self._faults[number] = (fault, pattern)
            self._matched[number] = self._fired[number] = 0
            return number

    def remove(self, number: int) -> None:
        """Lift one fault; an unknown id changes nothing."""
        with self._lock:
            self._faults.pop(number, None)

    def clear(self) -> None:
        """Lift all faults and forget how often they fired."""
        with self._lock:
            self._faults.clear()
            self._matched.clear()
            self._fired.clear()

    def hit(self, system: str, method: str, path: str) -> tuple[Fault, ...]:
        """Count this request for every fault that matches it, and return those that fire."""
        if not self._faults:
            return ()
        fired: list[Fault] = []
        with self._lock:
            for number, (fault, pattern) in self._faults.items():
                if fault.system not in (None, system) or fault.method not in (None, method):
                    continue
                if pattern is not None and pattern.search(path) is None:
                    continue
                self._matched[number] += 1
                past = self._matched[number] - fault.nth
                if past >= 0 and (fault.count is None or past < fault.count):
                    self._fired[number] += 1
                    fired.append(fault)
        return tuple(fired)

    def report(self) -> list[dict[str, object]]:
        """Every fault with `id`, `matched` and `fired`."""
        with self._lock:
            return [
                {"id": n, **asdict(fault), "matched": self._matched[n], "fired": self._fired[n]}
                for n, (fault, _) in self._faults.items()
            ]


def without_first_id(body: bytes) -> bytes:
    """The JSON body with the id of the first row of its first list taken away; anything else unchanged."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    if not isinstance(document, dict):
        return body
    for rows in document.values():
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            names = [name for name in rows[0] if name in ("id", "resourceName") or name.endswith("_id")]
            wanted = next((name for name in names if name in _ROW_IDS), names[0] if names else None)
            if wanted is not None:
                del rows[0][wanted]
                return msgspec.json.encode(document)
    return body


_ROW_IDS = (
    "id",
    "item_id",
    "contact_id",
    "salesorder_id",
    "purchaseorder_id",
    "bundle_id",
    "composite_item_id",
    "location_id",
    "warehouse_id",
)
