"""Reading a list while it changes: nothing is skipped, nothing is lost, and a crash loses nothing either."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from http_time import START
from hypothesis import given, settings
from hypothesis import strategies as st

from stockbridge.connectors.zoho.paging import Batch, Entry, Listing, Query, changed_since
from stockbridge.core.errors import Retry

SIZE = 3


def second(number: float) -> datetime:
    return START + timedelta(seconds=int(number))


@dataclass
class Server:
    """A list of rows (id -> second of change) in pages of three; `edits` happen before the nth page is asked for."""

    rows: dict[str, int]
    edits: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    now: int = 100
    filters: bool = True
    sorts: bool = True
    asked: list[Query] = field(default_factory=list)

    def ask(self, query: Query) -> Listing:
        for what, which in self.edits.get(len(self.asked), []):
            ids = sorted(self.rows)
            if what == "later":
                self.now += 1
            elif what == "new":
                self.rows[f"n{len(self.asked)}-{which}"] = self.now
            elif ids and what == "edit":
                self.rows[ids[which % len(ids)]] = self.now
            elif ids:
                del self.rows[ids[which % len(ids)]]
        self.asked.append(query)
        found = list(self.rows.items())
        if self.filters and query.since is not None:
            found = [(id, at) for id, at in found if second(at) >= query.since]
        if not self.sorts:
            found.sort(key=lambda row: row[0], reverse=True)
        elif query.by == "last_modified_time":
            found.sort(key=lambda row: (row[1], row[0]))
        start = (query.page - 1) * SIZE
        entries = [Entry(id=id, modified=second(at), row=id) for id, at in found[start : start + SIZE]]
        return Listing(
            entries=entries, more=len(found) > start + SIZE, moment=second(self.now), sorted=self.sorts
        )

    def read(self, since: datetime | None = None, overlap: int = 0) -> list[Batch]:
        return list(changed_since(self.ask, since, overlap=timedelta(seconds=overlap), what="items"))


def ids_of(batches: list[Batch]) -> list[str]:
    return [str(entry.id) for batch in batches for _, entry in batch.entries]


EDITS = st.dictionaries(
    st.integers(0, 14),
    st.lists(st.tuples(st.sampled_from(["edit", "delete", "new", "later"]), st.integers(0, 30)), max_size=3),
    max_size=8,
)
ROWS = st.dictionaries(st.sampled_from([f"r{n:02}" for n in range(25)]), st.integers(90, 100), max_size=25)


@settings(max_examples=300, deadline=None)
@given(
    rows=ROWS,
    edits=EDITS,
    since=st.none() | st.integers(88, 100),
    mode=st.sampled_from(["good", "nofilter", "nosort"]),
)
def test_every_row_is_given_or_still_lies_ahead_of_the_checkpoint(
    rows: dict[str, int], edits: dict[int, list[tuple[str, int]]], since: int | None, mode: str
) -> None:
    server = Server(rows=dict(rows), edits=edits, filters=mode == "good", sorts=mode != "nosort")
    start = None if since is None else second(since)
    given: dict[str, set[datetime | None]] = {}
    checkpoint = start
    for batch in changed_since(server.ask, start, overlap=timedelta(0), what="items"):
        for _, entry in batch.entries:
            given.setdefault(str(entry.id), set()).add(entry.modified)
        assert checkpoint is None or (batch.checkpoint is not None)
        checkpoint = batch.checkpoint
        # Were the reader to crash here, a new read from this checkpoint would still find whatever is missing.
        for id, at in server.rows.items():
            if start is None or second(at) >= start:
                missing = second(at) not in given.get(id, set())
                assert not missing or checkpoint is None or second(at) >= checkpoint, (id, at, checkpoint)
    # A row nobody touched has been given, whatever happened to the others.
    touched = set(server.rows) - set(rows)
    for id, at in rows.items():
        if server.rows.get(id) == at and id not in touched and (start is None or second(at) >= start):
            assert id in given or at >= 100


def test_a_quiet_list_costs_one_call_for_each_page_and_gives_each_row_once() -> None:
    server = Server(rows={f"r{n}": n for n in range(9)})
    assert sorted(ids_of(server.read())) == [f"r{n}" for n in range(9)]
    # A page starts with the last row of the page before, so ten rows fit into four pages of three.
    assert len(server.asked) == 4
    assert [query.page for query in server.asked] == [1, 1, 1, 1]


def test_the_checkpoint_is_the_newest_change_but_never_later_than_the_start_of_the_read() -> None:
    assert Server(rows={"a": 50, "b": 60}).read()[-1].checkpoint == second(60)
    server = Server(rows={"a": 50, "b": 107}, now=100)
    assert server.read()[-1].checkpoint == second(100)
    assert Server(rows={}).read()[-1].checkpoint is None
    assert Server(rows={}).read(second(70))[-1].checkpoint == second(70)


def test_the_overlap_looks_back_without_moving_the_checkpoint_back() -> None:
    server = Server(rows={"a": 50, "b": 70})
    batches = server.read(second(75), overlap=10)
    assert ids_of(batches) == ["b"]
    assert batches[-1].checkpoint == second(75)
    assert server.asked[0].since == second(65)


def test_a_second_that_fills_pages_is_read_by_page_number_and_once_more_backwards() -> None:
    server = Server(rows={f"r{n}": 50 for n in range(8)} | {"z": 60})
    assert sorted(ids_of(server.read())) == [*(f"r{n}" for n in range(8)), "z"]
    assert [query.page for query in server.asked] == [1, 2, 3, 2, 1]


def test_a_row_that_slips_behind_the_reader_within_one_second_is_found_on_the_way_back() -> None:
    server = Server(rows={f"r{n}": 50 for n in range(7)}, edits={1: [("delete", 0)]})
    # r0 is deleted after page 1, so r3 moves from page 2 to page 1.
    assert "r3" in ids_of(server.read())


def test_a_filter_that_is_ignored_costs_no_extra_call_on_one_page() -> None:
    server = Server(rows={"a": 50, "b": 60}, filters=False)
    assert ids_of(server.read(second(55))) == ["b"]
    assert len(server.asked) == 1


def test_a_filter_that_is_ignored_falls_back_to_page_numbers_in_the_order_of_creation() -> None:
    server = Server(rows={f"r{n}": n for n in range(8)}, filters=False)
    batches = server.read(second(5))
    assert sorted(ids_of(batches)) == ["r5", "r6", "r7"]
    assert batches[-1].checkpoint == second(7)
    assert {query.by for query in server.asked[1:]} == {"created_time"}


def test_a_list_that_gives_the_same_page_for_ever_is_no_complete_read() -> None:
    def ask(query: Query) -> Listing:
        entries = [Entry(id=id, modified=second(5), row=id) for id in "abc"]
        return Listing(entries=entries, more=True, moment=second(100))

    with pytest.raises(Retry, match="same page came twice"):
        list(changed_since(ask, None, overlap=timedelta(0), what="items"))


def test_an_empty_page_that_promises_more_is_no_complete_read() -> None:
    with pytest.raises(Retry, match="does not come to an end"):
        list(
            changed_since(
                lambda query: Listing(entries=[], more=True, moment=second(1)),
                None,
                overlap=timedelta(0),
                what="items",
            )
        )


def test_rows_without_id_or_time_are_handed_on() -> None:
    def ask(query: Query) -> Listing:
        entries = [Entry(id=None, modified=second(5), row=1), Entry(id="b", modified=None, row=2)]
        return Listing(entries=entries, more=False, moment=second(100))

    (batch,) = changed_since(ask, None, overlap=timedelta(0), what="items")
    assert [(place, entry.row) for place, entry in batch.entries] == [(1, 1), (2, 2)]
