"""Reading a list completely while it changes under the reader. Source: facts, Zoho 5.

Page numbers skip rows when a row before them is edited or deleted. So the list is read in the order of change, each
page from the last change seen on (keyset); a page number is used only inside one second that fills a whole page.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from stockbridge.core.errors import Retry

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One page: rows changed at or after `since` (None: all), in the order of `by`, the newest last or first."""

    since: datetime | None
    page: int = 1
    by: Literal["last_modified_time", "created_time"] = "last_modified_time"
    newest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a list: its id and time of change (None where they cannot be read), and the row itself."""

    id: str | None
    modified: datetime | None
    row: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The answer to a query. `moment` is the server's own time of it; `sorted` is false where it tells another order."""

    entries: list[Entry]
    more: bool
    moment: datetime
    sorted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows not given before (with their place on the page), and how far the list has been read without a gap."""

    number: int
    entries: list[tuple[int, Entry]]
    checkpoint: datetime | None
    moment: datetime


@dataclass(slots=True, kw_only=True)
class _Scan:
    """What one scan knows so far. `reached` is the time up to which nothing can be missing."""

    ask: Callable[[Query], Listing]
    what: str
    reached: datetime | None
    began: datetime | None = None
    newest: datetime | None = None
    number: int = 0
    given: dict[str, datetime | None] = field(default_factory=dict)

    def read(self, query: Query) -> Listing:
        listing = self.ask(query)
        self.number += 1
        if self.began is None:
            self.began = listing.moment
        if listing.more and not listing.entries:
            raise self.stuck("an empty page that promises more")
        return listing

    def batch(self, listing: Listing, since: datetime | None = None) -> Batch:
        """The rows of the listing that were not given before and are not older than `since`."""
        fresh: list[tuple[int, Entry]] = []
        for place, entry in enumerate(listing.entries, start=1):
            if since is not None and entry.modified is not None and entry.modified < since:
                continue
            if entry.id is not None:
                if entry.id in self.given and self.given[entry.id] == entry.modified:
                    continue
                self.given[entry.id] = entry.modified
            if entry.modified is not None and (self.newest is None or entry.modified > self.newest):
                self.newest = entry.modified
            fresh.append((place, entry))
        return Batch(number=self.number, entries=fresh, checkpoint=self.checkpoint(), moment=listing.moment)

    def checkpoint(self) -> datetime | None:
        """Never later than the moment the read began, by the clock that stamps the rows."""
        if self.reached is None or self.began is None:
            return self.reached
        return min(self.reached, self.began)

    def reach(self, moment: datetime | None) -> None:
        if moment is not None and (self.reached is None or moment > self.reached):
            self.reached = moment

    def forget_before(self, moment: datetime) -> None:
        """Rows changed before the place from which the next page starts cannot come again unchanged."""
        self.given = {id: at for id, at in self.given.items() if at is None or at >= moment}

    def stuck(self, how: str) -> Retry:
        return Retry(
            f"Zoho's list of {self.what} does not come to an end: {how}.",
            remedy="What was read so far is kept; the next run goes on from there.",
        )


def changed_since(
    ask: Callable[[Query], Listing], since: datetime | None, *, overlap: timedelta, what: str
) -> Iterator[Batch]:
    """All rows changed at or after `since` minus `overlap`, oldest change first; each state of a row once.

    Rows that are edited meanwhile come again with their new state, rows that are deleted meanwhile hide no other row.
    A scan that ends without an error was complete. Raises Retry where the list does not come to an end, and what
    `ask` raises.
    """
    anchor = None if since is None else since - overlap
    scan = _Scan(ask=ask, what=what, reached=since)
    while True:
        listing = scan.read(Query(since=anchor))
        times = [entry.modified for entry in listing.entries if entry.modified is not None]
        if not listing.more:
            batch = scan.batch(listing, anchor)
            scan.reach(scan.newest)
            yield _with(batch, scan.checkpoint())
            return
        in_order = listing.sorted and all(a <= b for a, b in pairwise(times))
        if not times or not in_order or (anchor is not None and times[0] < anchor):
            # The server ignored the filter or the order: neither is documented for every list.
            yield from _by_number(scan, None if since is None else since - overlap)
            return
        last = times[-1]
        if times[0] < last:
            batch = scan.batch(listing)
            scan.reach(last)
            yield _with(batch, scan.checkpoint())
            anchor = last
        else:
            yield scan.batch(listing)
            ended = yield from _one_second(scan, last)
            if ended:
                return
            anchor = last + _SECOND
        scan.forget_before(anchor)


def newest_first(
    ask: Callable[[Query], Listing], since: datetime, *, overlap: timedelta, what: str
) -> Iterator[Batch]:
    """As `changed_since`, for a list that has no filter on the time of change: from the newest change back to `since`.

    One page is one moment. Over several, an edit moves rows to later pages (they come twice) and a deletion to earlier
    ones (they would be missed), so the pages are read once more on the way back, where only an edit can hide a row; that
    shows at the top of the first page, and then the list is read in the order of creation instead.
    """
    anchor = since - overlap
    scan = _Scan(ask=ask, what=what, reached=since)
    page = 0
    top = None
    while True:
        page += 1
        listing = scan.read(Query(since=None, page=page, newest_first=True))
        times = [entry.modified for entry in listing.entries if entry.modified is not None]
        if not (listing.sorted and all(a >= b for a, b in pairwise(times))):
            yield from _by_number(scan, anchor)
            return
        if page == 1:
            top = _newest(listing)
        yield scan.batch(listing, anchor)
        if not listing.more or (times and times[-1] < anchor):
            break
    for back in range(page - 1, 0, -1):
        listing = scan.read(Query(since=None, page=back, newest_first=True))
        yield scan.batch(listing, anchor)
    if _newest(listing) != top and page > 1:
        yield from _by_number(scan, anchor)
        return
    scan.reach(scan.newest)
    yield Batch(number=scan.number, entries=[], checkpoint=scan.checkpoint(), moment=listing.moment)


def _newest(listing: Listing) -> tuple[str | None, datetime | None] | None:
    return next(((entry.id, entry.modified) for entry in listing.entries), None)


def whole(ask: Callable[[Query], Listing], *, what: str) -> Iterator[Batch]:
    """All rows by page numbers in the order of creation, in which an edit moves nothing; forwards, then back.

    Raises as `changed_since`.
    """
    return _by_number(_Scan(ask=ask, what=what, reached=None), None)


def _one_second(scan: _Scan, second: datetime) -> Generator[Batch, None, bool]:
    """The rest of a second that fills more than one page; the first page has been given. True where the list ended.

    Rows can only leave this second (an edit moves them to the present), so they only move towards lower page numbers.
    Read forwards, a row can slip behind the reader; read backwards, never. So the way back makes sure.
    """
    page = 1
    while True:
        page += 1
        listing = scan.read(Query(since=second, page=page))
        batch = scan.batch(listing)
        if listing.more and not batch.entries:
            raise scan.stuck("the same page came twice")
        yield batch
        times = [entry.modified for entry in listing.entries if entry.modified is not None]
        if not listing.more or (times and times[-1] > second):
            break
    ended = not listing.more
    for back in range(page - 1, 0, -1):
        yield scan.batch(scan.read(Query(since=second, page=back)))
    scan.reach(scan.newest if ended else second)
    yield Batch(number=scan.number, entries=[], checkpoint=scan.checkpoint(), moment=listing.moment)
    return ended


def _by_number(scan: _Scan, since: datetime | None) -> Iterator[Batch]:
    """The whole list by page numbers, in the order of creation, older rows left out here; forwards, then back.

    The checkpoint moves only at the end, because changes come in no order.
    """
    page = 0
    before: list[str | None] = []
    while True:
        page += 1
        listing = scan.read(Query(since=since, page=page, by="created_time"))
        ids = [entry.id for entry in listing.entries]
        if listing.more and ids == before:
            raise scan.stuck("the same page came twice")
        before = ids
        yield scan.batch(listing, since)
        if not listing.more:
            break
    for back in range(page - 1, 0, -1):
        yield scan.batch(scan.read(Query(since=since, page=back, by="created_time")), since)
    scan.reach(scan.newest)
    yield Batch(number=scan.number, entries=[], checkpoint=scan.checkpoint(), moment=listing.moment)


def _with(batch: Batch, checkpoint: datetime | None) -> Batch:
    return Batch(number=batch.number, entries=batch.entries, checkpoint=checkpoint, moment=batch.moment)
