"""The one retry loop: only where nothing can have been written, only so often, only so long."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from stockbridge.core.errors import Retry
from stockbridge.http.clock import Clock

T = TypeVar("T")


def with_retries(
    action: Callable[[], T],
    *,
    clock: Clock,
    tries: int = 5,
    seconds: float = 900.0,
    jitter: Callable[[], float] = random.random,
) -> T:
    """What `action` returns. A `Retry` it raises is waited out (its `after`, else a growing time with jitter).

    After `tries` tries, or where the next one would come later than `seconds` after the first, the last Retry is
    raised. Any other error is raised at once.
    """
    began = clock.monotonic()
    for number in range(1, tries + 1):
        try:
            return action()
        except Retry as error:
            wait = error.after
            if wait is None:
                wait = min(60.0, 0.5 * 2.0**number) * (0.5 + jitter() / 2)
            if number == tries or clock.monotonic() - began + wait > seconds:
                raise
        if wait > 0:
            clock.sleep(wait)
    raise AssertionError("the last try returns or raises")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a `Retry-After` header asks to wait (it may be a number or an HTTP date), or None."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """The moment of an HTTP date, aware and in UTC; None where the text is not one."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
