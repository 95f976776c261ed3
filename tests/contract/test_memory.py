"""What the memory connector plays beside the contract: parts, steps, thin rows, and records that show up later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from stockbridge.connectors.memory import Memory
from stockbridge.core.errors import Gone, Rejected
from stockbridge.core.record import Ability, Field, Kind, Record, Stream

STREAMS = {
    "orders": Stream(
        name="orders",
        noun="order",
        fields=(
            Field(name="number", kind=Kind.TEXT),
            Field(name="issued", kind=Kind.FLAG, step=True),
            Field(name="note", kind=Kind.TEXT, detail=True),
            Field(name="mark", kind=Kind.TEXT),
        ),
        detail_size=1,
        abilities=frozenset(Ability),
        mark="mark",
        settles_after=300,
    ),
    "lines": Stream(
        name="lines",
        noun="line",
        fields=(Field(name="order", kind=Kind.TEXT, refers_to="orders", part_of=True),),
        abilities=frozenset(Ability),
    ),
    "receipts": Stream(
        name="receipts",
        noun="receipt",
        fields=(
            Field(name="line", kind=Kind.TEXT, refers_to="lines", part_of=True),
            Field(name="seen_with", kind=Kind.TEXT, refers_to="orders"),
        ),
        abilities=frozenset(Ability),
    ),
}


@dataclass
class Watch:
    """A clock that the test moves."""

    at: datetime = field(default=datetime(2026, 3, 2, 9, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at


def read(memory: Memory, stream: str, since: str | None = None) -> tuple[dict[str, Record], str | None]:
    pages = list(memory.read(stream, since))
    return {record.id: record for page in pages for record in page.records}, pages[-1].checkpoint


def test_what_is_part_of_a_record_goes_with_it_and_is_not_made_without_it() -> None:
    memory = Memory("Memory", STREAMS)
    order = memory.create("orders", {"number": "1"}, "m1").id
    other = memory.create("orders", {"number": "2"}, "m2").id
    line = memory.create("lines", {"order": order}, "l1").id
    kept = memory.create("lines", {"order": other}, "l2").id
    memory.create("receipts", {"line": line, "seen_with": other}, "r1")
    beside = memory.create("receipts", {"line": kept, "seen_with": order}, "r2").id
    memory.remove("orders", order)
    assert (set(memory.rows("orders")), set(memory.rows("lines"))) == ({other}, {kept})
    assert set(memory.rows("receipts")) == {beside}
    with pytest.raises(Gone, match=f"order {order}"):
        memory.create("lines", {"order": order}, "l3")


def test_a_step_is_taken_by_an_update_only() -> None:
    memory = Memory("Memory", STREAMS)
    with pytest.raises(Rejected):
        memory.create("orders", {"number": "1", "issued": True}, "m1")
    assert memory.rows("orders") == {}
    made = memory.create("orders", {"number": "1"}, "m1")
    assert made.values["issued"] is False
    assert memory.update("orders", made.id, {"issued": True}).values["issued"] is True


def test_a_list_row_lacks_the_details_that_fetch_gives() -> None:
    memory = Memory("Memory", STREAMS)
    id = memory.put("orders", {"number": "1", "note": "to the back door"})
    rows, _ = read(memory, "orders")
    assert (rows[id].full, rows[id].values) == (False, {"number": "1"})
    (full,) = memory.fetch("orders", [id])
    assert isinstance(full, Record)
    assert (full.full, full.values["note"]) == (True, "to the back door")


def test_a_new_record_is_not_found_until_it_has_settled_and_no_later_read_misses_it() -> None:
    watch = Watch()
    memory = Memory("Memory", STREAMS, now=watch.now)
    old = memory.put("orders", {"number": "1"})
    watch.at += timedelta(seconds=300)
    new = memory.create("orders", {"number": "2"}, "m2").id
    memory.put("orders", {"number": "1a"}, old)
    rows, since = read(memory, "orders")
    assert set(rows) == {old}
    assert memory.find("orders", ["m2"], None) == {}
    (there,) = memory.fetch("orders", [new])
    assert isinstance(there, Record)
    assert not there.deleted
    watch.at += timedelta(seconds=299)
    assert new not in read(memory, "orders", since)[0]
    watch.at += timedelta(seconds=1)
    rows, since = read(memory, "orders", since)
    assert new in rows
    assert [one.id for one in memory.find("orders", ["m2"], None)["m2"]] == [new]
    assert read(memory, "orders", since)[0] == {}
