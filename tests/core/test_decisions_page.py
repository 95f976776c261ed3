"""Walks through every row of docs/explanation/decisions.md and asks decide() whether it is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.two_streams import ADMIT, LINK, MARK, a_record, b_record, compiled, gone, nobody
from stockbridge.core.decide import Decision, decide
from stockbridge.core.flow import GonePolicy, LinkView, Op, Owner, Pair
from stockbridge.core.record import Record

PAGE = Path(__file__).parents[2] / "docs/explanation/decisions.md"
STATES = ("same", "changed", "gone")


def tables() -> dict[str, list[dict[str, str]]]:
    """Heading -> the rows of its table, by column."""
    out: dict[str, list[dict[str, str]]] = {}
    heading = ""
    columns: list[str] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading, columns = line[3:], []
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not columns:
                columns = cells
            elif not re.fullmatch(r"-+", cells[0]):
                out.setdefault(heading, []).append(dict(zip(columns, cells, strict=True)))
    return out


TABLES = tables()


def word(decision: Decision) -> str:
    """A decision in the words of the page."""
    if decision.kind in ("same", "agree"):
        return "nothing"
    if decision.kind == "drop":
        return "forget the link"
    if decision.kind != "write":
        return decision.kind
    words = []
    for write in decision.writes:
        if write.marked:
            words.append(f"mark {write.side}")
        else:
            words.append(
                {Op.CREATE: "make", Op.UPDATE: "write", Op.REMOVE: "remove"}[write.op] + f" {write.side}"
            )
    return ", then ".join(words)


def pair(at_a: str, at_b: str, *, status: str = "on") -> tuple[LinkView | None, Record | None, Record | None]:
    """The link and both records in these states. Both changed means: the same field, differently."""
    new_b = {"new": "first", "changed": "from b"}
    a = a_record(status=status, note="from a" if at_a == "changed" else "old")
    b = b_record(status=status, memo=new_b.get(at_b, "old"))
    link = None if {at_a, at_b} & {"new"} or {at_a, at_b} == {"gone", "none"} else LINK
    return (
        link,
        None if at_a == "none" else gone(a) if at_a == "gone" else a,
        None if at_b == "none" else gone(b) if at_b == "gone" else b,
    )


def cells(heading: str) -> Iterator[tuple[dict[str, str], bool, str]]:
    for row in TABLES[heading]:
        for column, two_ways in (("one way", False), ("two ways", True)):
            if column in row:
                yield row, two_ways, row[column]


def named(heading: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("row", "two_ways", "expected"), list(cells(heading)), ids=lambda one: str(one).replace("'", "")[:60]
    )


def seen_word(two_ways: bool, at_a: str, at_b: str, *, status: str = "on", **changes: Any) -> str:
    link, a, b = pair(at_a, at_b, status=status)
    flow = compiled(two_ways=two_ways, **changes)
    found = word(decide(flow, link, a, b, nobody))
    # "make b again" is what the page says of a record that was there before.
    return f"{found} again" if found.startswith("make") and link is not None else found


@named("Linked records in scope")
def test_linked_in_scope(row: dict[str, str], two_ways: bool, expected: str) -> None:
    assert seen_word(two_ways, row["at a"], row["at b"]) == expected


def test_all_states_stand_on_the_page() -> None:
    rows = [(row["at a"], row["at b"]) for row in TABLES["Linked records in scope"]]
    assert sorted(rows) == sorted((a, b) for a in STATES for b in STATES)


@named("Linked records that no rule admits")
def test_linked_out_of_scope(row: dict[str, str], two_ways: bool, expected: str) -> None:
    rules: dict[str, Any] = {"rules_a": (ADMIT,), "rules_b": (ADMIT,)}
    assert seen_word(two_ways, row["at a"], row["at b"], status="draft", **rules) == expected


@named("Records without a link")
def test_unlinked(row: dict[str, str], two_ways: bool, expected: str) -> None:
    assert seen_word(two_ways, row["at a"], row["at b"]) == expected


@pytest.mark.parametrize(
    "row", TABLES["Flows that follow side a"], ids=lambda row: f"{row['at a']} {row['at b']}"
)
def test_follows_a(row: dict[str, str]) -> None:
    pairs = (
        Pair(a="name", b="title"),
        Pair(a="note", b="memo"),
        Pair(a="name", owner=Owner.B, b="title", once=True),
    )
    changes: dict[str, Any] = {"pairs": pairs, "writes_a": frozenset({Op.CREATE}), "gone_b": GonePolicy()}
    assert seen_word(False, row["at a"], row["at b"], **changes) == row["follows a"]


def test_all_states_of_a_flow_that_follows_a_stand_on_the_page() -> None:
    rows = {(row["at a"], row["at b"]) for row in TABLES["Flows that follow side a"]}
    assert rows >= {(a, b) for a in STATES for b in STATES} | {
        ("new", "none"),
        ("none", "new"),
        ("new", "new"),
    }


@named("What a deletion does")
def test_policies(row: dict[str, str], two_ways: bool, expected: str) -> None:
    policy = {"mark": MARK}.get(row["policy"]) or GonePolicy(do=row["policy"])  # type: ignore[arg-type]
    assert seen_word(two_ways, "gone", "same", gone_a=policy) == expected


@named("Writes that the flow does not allow")
def test_masked(row: dict[str, str], two_ways: bool, expected: str) -> None:
    allowed = frozenset(Op) - {Op(row["not allowed"])}
    assert seen_word(two_ways, row["at a"], row["at b"], writes_b=allowed) == expected


@named("Systems that cannot change a record")
def test_replace(row: dict[str, str], two_ways: bool, expected: str) -> None:
    found = seen_word(two_ways, row["at a"], row["at b"], replace=True)
    assert found.removesuffix(" again") == expected


@named("What is not known")
def test_unknown(row: dict[str, str], two_ways: bool, expected: str) -> None:
    link, a, b = pair(row["at a"], row["at b"])
    assert link is not None
    assert word(decide(compiled(two_ways=two_ways), link, a, b, nobody)) == expected
