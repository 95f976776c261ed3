"""Reading Zoho's lists: each with the way of paging that its filters allow. Source: facts, Zoho 5 and 10.5."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from stockbridge.connectors.zoho.client import ZohoClient
from stockbridge.connectors.zoho.paging import (
    Batch,
    Entry,
    Listing,
    Query,
    changed_since,
    newest_first,
    whole,
)
from stockbridge.connectors.zoho.rows import Rows
from stockbridge.core.errors import Gone, Halt, Rejected
from stockbridge.core.record import Stream
from stockbridge.http.budget import Purpose

_OVERLAP = timedelta(minutes=5)

Params = tuple[tuple[str, str], ...]


class Lists:
    """The lists of one organisation. Safe to use from several threads."""

    def __init__(self, client: ZohoClient, rows: Mapping[str, Rows]) -> None:
        self._client = client
        self._rows = rows
        self._by_composite = False

    def changed(self, stream: str, start: datetime | None) -> Iterator[Batch]:
        """Batches of the rows changed since `start` minus five minutes, or of all rows.

        Raises Retry, Unauthorized, OverBudget, and Halt where Zoho refuses the list itself.
        """
        if self._rows[stream].shape.dated:
            ask = self._asking(stream)
            return _halting(changed_since(ask, start, overlap=_OVERLAP, what=stream))
        return _halting(self._without_filter(stream, start))

    def marked(self, stream: str, mark: str) -> Iterator[Batch]:
        """Batches of the rows that carry `mark`, and of others where Zoho ignores the search. Raises as `changed`.

        The search is not documented for every list, and an unknown one gives every row (facts, Zoho 1 and 9).
        """
        rows = self._rows[stream]
        search = ((str(searched_by(rows.shape.stream)), mark),)
        if rows.shape.dated:
            return _halting(whole(self._asking(stream, search, purpose="export"), what=stream))
        return _halting(self._of_each(stream, None, search, "export"))

    def where(self, stream: str, field: str, value: str) -> Iterator[Batch]:
        """Batches of the rows whose field holds this text, and of others where Zoho ignores the search. Raises as
        `changed`."""
        search = ((field, value),)
        return _halting(whole(self._asking(stream, search, purpose="export"), what=stream))

    def _without_filter(self, stream: str, start: datetime | None) -> Iterator[Batch]:
        """A list that is read back to `start`; each composite's part of it by itself where that has to be named."""
        began: datetime | None = None
        newest: datetime | None = None
        for batch in self._of_each(stream, start, (), "import"):
            began = began or batch.moment
            if batch.checkpoint is not None and (newest is None or batch.checkpoint > newest):
                newest = batch.checkpoint
            # Each composite's part has a checkpoint of its own; only the end of them all is one of the list.
            yield replace(batch, checkpoint=start)
        if began is not None and newest is not None:
            yield Batch(number=0, entries=[], checkpoint=min(newest, began), moment=began)

    def _of_each(
        self, stream: str, start: datetime | None, search: Params, purpose: Purpose
    ) -> Iterator[Batch]:
        if not self._by_composite:
            try:
                yield from self._scan(stream, start, search, purpose)
                return
            except Rejected:
                # The documents require the composite item; live it works without (facts, Zoho 10.5).
                self._by_composite = True
        for composite in list(self._composites(purpose)):
            of = (("composite_item_id", composite),)
            try:
                yield from self._scan(stream, start, (*of, *search), purpose)
            except Gone:
                continue  # deleted since it was listed

    def _scan(self, stream: str, start: datetime | None, params: Params, purpose: Purpose) -> Iterator[Batch]:
        ask = self._asking(stream, params, purpose=purpose)
        if start is None:
            return whole(ask, what=stream)
        return newest_first(ask, start, overlap=_OVERLAP, what=stream)

    def _composites(self, purpose: Purpose) -> Iterator[str]:
        ask = self._asking("composites", purpose=purpose)
        for batch in changed_since(ask, None, overlap=_OVERLAP, what="composites"):
            for _, entry in batch.entries:
                if entry.id is not None:
                    yield entry.id

    def _asking(
        self, stream: str, params: Params = (), *, purpose: Purpose = "import"
    ) -> Callable[[Query], Listing]:
        """What answers the queries of a scan. Raises Rejected and Gone too."""
        rows = self._rows[stream]
        shape = rows.shape
        size = shape.stream.page_size

        def ask(query: Query) -> Listing:
            order = "D" if query.newest_first else "A"
            asked = [
                *shape.params,
                *params,
                ("page", str(query.page)),
                ("per_page", str(size)),
                ("sort_column", query.by),
                ("sort_order", order),
            ]
            if query.since is not None and shape.dated:
                asked.append(("last_modified_time", f"{query.since:%Y-%m-%dT%H:%M:%S%z}"))
            found, moment = self._client.call(
                "GET",
                shape.path,
                params=tuple(asked),
                decode=rows.decode_page,
                about=f"its list of {shape.stream.name}",
                purpose=purpose,
            )
            entries = []
            for row in found.rows:
                id, modified = rows.key(row)
                entries.append(Entry(id=id, modified=modified, row=row))
            ordered = found.sorted_by(query.by, order)
            return Listing(entries=entries, more=found.more(size), moment=moment, sorted=ordered)

        return ask


def searched_by(stream: Stream) -> str | None:
    """The field by which one record of a list is searched: its mark, else what no two records share, else none."""
    return stream.mark or stream.unique


def same_mark(stream: Stream, shown: object, mark: str) -> bool:
    """Whether a row that shows this carries `mark`; a name that is searched is the same in small and capital letters."""
    if stream.mark is not None:
        return str(shown) == mark
    return str(shown).strip().casefold() == mark.strip().casefold()


def _halting(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches; a list that is refused stops the read, or it would pass for an empty one."""
    try:
        yield from batches
    except (Rejected, Gone) as error:
        raise Halt(error.what, remedy=error.remedy, code=error.code) from error
