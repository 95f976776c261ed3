"""The journal: every write, intended before the call and settled after it. It is never edited otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, bindparam, case, func, select, update

from stockbridge.core.flow import Applied
from stockbridge.core.record import Values
from stockbridge.store.rows import chunks
from stockbridge.store.schema import journal

Outcome: TypeAlias = Literal["done", "adopted", "refused", "not written", "superseded"]


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A write that is about to be made."""

    run: int
    flow: str
    side: str
    op: str
    a_id: str | None
    b_id: str | None
    mark: str | None
    written: Values
    before: Values
    saw: Values | None  # what the decision saw at the side that was not written
    applied: dict[str, Applied] | None = None  # actions of rules in force after it; None: as they were
    intended_at: str


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """An intent whose outcome is not known."""

    id: int
    run: int
    flow: str
    side: str
    op: str
    a_id: str | None
    b_id: str | None
    mark: str | None
    written: bytes
    before: bytes | None
    saw: bytes | None
    applied: dict[str, Applied] | None
    intended_at: str


_APPLIED = msgspec.json.Decoder(dict[str, Applied])
_INTEND = journal.insert().returning(journal.c.id, sort_by_parameter_order=True)


def intend(connection: Connection, sync_id: int, intents: Sequence[Intent]) -> list[int]:
    """Write intents down; returns their numbers in the same order."""
    if not intents:
        return []
    encode = msgspec.json.encode
    rows = [
        {
            **msgspec.structs.asdict(intent),
            "sync": sync_id,
            "written": encode(intent.written),
            "before": encode(intent.before),
            "saw": None if intent.saw is None else encode(intent.saw),
            "applied": None if intent.applied is None else encode(intent.applied),
        }
        for intent in intents
    ]
    return [int(id) for id in connection.execute(_INTEND, rows).scalars()]


_SETTLE = (
    update(journal)
    .where(journal.c.id == bindparam("number"))
    .values(outcome=bindparam("result"), detail=bindparam("words"), settled_at=bindparam("moment"))
)
_AT_B = journal.c.side == "b"
_MADE = (
    update(journal)
    .where(journal.c.id == bindparam("number"))
    .values(
        a_id=case((_AT_B, journal.c.a_id), else_=bindparam("made")),
        b_id=case((_AT_B, bindparam("made")), else_=journal.c.b_id),
    )
)


def settle(connection: Connection, outcomes: Sequence[tuple[int, Outcome, str, str | None]], at: str) -> None:
    """(number, outcome, detail, id of the record at the side that was written) of intents whose answer is known now."""
    if not outcomes:
        return
    connection.execute(
        _SETTLE, [{"number": n, "result": o, "words": d, "moment": at} for n, o, d, _ in outcomes]
    )
    made = [{"number": n, "made": id} for n, _, _, id in outcomes if id is not None]
    if made:
        connection.execute(_MADE, made)


def still_open(connection: Connection, sync_id: int) -> list[Open]:
    """Intents without an outcome, oldest first."""
    columns = [journal.c[name] for name in Open.__struct_fields__]
    query = (
        select(*columns).where(journal.c.sync == sync_id, journal.c.outcome.is_(None)).order_by(journal.c.id)
    )
    return [_opened(row) for row in connection.execute(query)]


def _opened(row: Row[Any]) -> Open:
    values = dict(row._mapping)
    if values["applied"] is not None:
        values["applied"] = _APPLIED.decode(values["applied"])
    return Open(**values)


def made_since(
    connection: Connection,
    sync_id: int,
    side: str,
    flows: Collection[str],
    ids: Collection[str],
    since: str,
    *,
    op: Literal["create", "remove"] = "create",
) -> set[str]:
    """Those of these records of a side whose making (or removing) was settled at that moment or later."""
    column = journal.c.a_id if side == "a" else journal.c.b_id
    query = select(column).where(
        journal.c.sync == sync_id,
        journal.c.flow.in_(list(flows)),
        journal.c.side == side,
        journal.c.op == op,
        journal.c.settled_at >= since,
    )
    found: set[str] = set()
    for some in chunks(ids, 500):
        found.update(connection.execute(query.where(column.in_(some))).scalars())
    return found


def written_often(
    connection: Connection, sync_id: int, flow: str, a_ids: Collection[str], since: str, times: int
) -> set[tuple[str, str, bytes]]:
    """(a id, side, values as they were sent) of updates of these records that were made that many times since then."""
    columns = (journal.c.a_id, journal.c.side, journal.c.written)
    query = (
        select(*columns)
        .where(
            journal.c.sync == sync_id,
            journal.c.flow == flow,
            journal.c.op == "update",
            journal.c.outcome == "done",
            journal.c.intended_at >= since,
        )
        .group_by(*columns)
        .having(func.count() >= times)
    )
    found: set[tuple[str, str, bytes]] = set()
    for some in chunks(a_ids, 500):
        rows = connection.execute(query.where(journal.c.a_id.in_(some)))
        found.update((a_id, side, bytes(written)) for a_id, side, written in rows)
    return found


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a record's history."""

    id: int
    run: int
    flow: str
    side: str
    op: str
    a_id: str | None
    b_id: str | None
    written: bytes
    before: bytes | None
    intended_at: str
    outcome: str | None
    detail: str | None


def history(
    connection: Connection,
    sync_id: int,
    *,
    flow: str | None = None,
    a_id: str | None = None,
    b_id: str | None = None,
    run: int | None = None,
    limit: int = 20,
) -> list[Entry]:
    """Writes of a record or of a run, newest first."""
    columns = [journal.c[name] for name in Entry.__struct_fields__]
    query = select(*columns).where(journal.c.sync == sync_id)
    if flow is not None:
        query = query.where(journal.c.flow == flow)
    if a_id is not None:
        query = query.where(journal.c.a_id == a_id)
    if b_id is not None:
        query = query.where(journal.c.b_id == b_id)
    if run is not None:
        query = query.where(journal.c.run == run)
    query = query.order_by(journal.c.id.desc()).limit(limit)
    return [Entry(**row._mapping) for row in connection.execute(query)]


def entry(connection: Connection, sync_id: int, number: int) -> Entry | None:
    """The write of that number."""
    columns = [journal.c[name] for name in Entry.__struct_fields__]
    query = select(*columns).where(journal.c.sync == sync_id, journal.c.id == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else Entry(**row._mapping)
