"""The inbox: questions that only a person can answer, with the value of both sides, and the answers not yet carried out.

A question has a number that is never given again, so that nobody answers another one than the one that was read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, func, literal_column, or_, select, update

from stockbridge.core.merge import Answer, Typed
from stockbridge.store.rows import among, packed
from stockbridge.store.schema import inbox

Asking: TypeAlias = Literal["value", "match"]
Key: TypeAlias = tuple[str, str, str]  # a id, b id, field
YES: Answer = "a"
NO: Answer = "b"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which value counts (kind "value"), or whether two records are the same ("match", with an empty `field`; the answer
    `YES` or `NO`; the values are what each side holds of it, by word). The values are plain JSON, as each side holds them;
    `field` is unique within the pair."""

    a_id: str
    b_id: str
    field: str = ""
    a_value: Any = None
    b_value: Any = None
    kind: Asking = "value"

    @property
    def key(self) -> Key:
        return self.a_id, self.b_id, self.field


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it stands in the inbox; `answer` is None until somebody answered."""

    id: int
    flow: str
    a_id: str
    b_id: str
    kind: Asking
    field: str
    a_value: Any
    b_value: Any
    asked_at: str
    answer: Answer | None = None
    answered_at: str | None = None
    closed_at: str | None = None

    @property
    def key(self) -> Key:
        return self.a_id, self.b_id, self.field


_COLUMNS = tuple(inbox.c[name] for name in Asked.__struct_fields__)


@lru_cache
def _select_open(dialect: str) -> Select[Any]:
    return select(*_COLUMNS).where(
        inbox.c.sync == bindparam("at_sync"),
        inbox.c.flow == bindparam("at_flow"),
        inbox.c.closed_at.is_(None),
        among(dialect, inbox.c.a_id),
    )


@lru_cache
def _select_answered(dialect: str, side: str) -> Select[Any]:
    return select(*_COLUMNS).where(
        inbox.c.sync == bindparam("at_sync"),
        inbox.c.flow == bindparam("at_flow"),
        inbox.c.closed_at.is_(None),
        inbox.c.answer.is_not(None),
        among(dialect, inbox.c.a_id if side == "a" else inbox.c.b_id),
    )


@lru_cache
def _select_told_apart(dialect: str) -> Select[Any]:
    return select(inbox.c.a_id, inbox.c.b_id).where(
        inbox.c.sync == bindparam("at_sync"),
        inbox.c.flow == bindparam("at_flow"),
        inbox.c.kind == literal_column("'match'"),  # in the words of the index
        inbox.c.closed_at.is_not(None),
        inbox.c.answer == bindparam("no"),
        among(dialect, inbox.c.a_id),
    )


_OPEN_MATCHES = (
    select(*_COLUMNS)
    .where(inbox.c.sync == bindparam("at_sync"), inbox.c.flow == bindparam("at_flow"))
    .where(inbox.c.closed_at.is_(None), inbox.c.kind == "match")
    .order_by(inbox.c.id)
)


def ask(connection: Connection, sync_id: int, flow: str, questions: Sequence[Question], at: str) -> None:
    """Ask, or ask again with the values of this moment.

    A question that stands already keeps its number, the moment when it was asked, and its answer.
    """
    if not questions:
        return
    encode = msgspec.json.encode
    standing = {
        one.key: one for one in _open_of(connection, sync_id, flow, {question.a_id for question in questions})
    }
    new: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for question in {one.key: one for one in questions}.values():
        values = {"a_value": encode(question.a_value), "b_value": encode(question.b_value)}
        known = standing.get(question.key)
        if known is None:
            place = {"a_id": question.a_id, "b_id": question.b_id, "field": question.field}
            row = {"sync": sync_id, "flow": flow, "kind": question.kind, "asked_at": at}
            new.append({**row, **place, **values})
        elif (encode(known.a_value), encode(known.b_value)) != (values["a_value"], values["b_value"]):
            moved.append({"number": known.id, "at_a": values["a_value"], "at_b": values["b_value"]})
    if new:
        connection.execute(inbox.insert(), new)
    if moved:
        statement = update(inbox).where(inbox.c.id == bindparam("number"))
        connection.execute(
            statement.values(a_value=bindparam("at_a"), b_value=bindparam("at_b")),
            moved,
        )


def open_questions(
    connection: Connection,
    sync_id: int,
    flow: str | None = None,
    *,
    answered: bool = False,
    limit: int | None = None,
) -> list[Asked]:
    """Questions that nobody answered, oldest first; with `answered` also those whose answer is not carried out yet."""
    query = select(*_COLUMNS).where(inbox.c.sync == sync_id, inbox.c.closed_at.is_(None))
    if flow is not None:
        query = query.where(inbox.c.flow == flow)
    if not answered:
        query = query.where(inbox.c.answer.is_(None))
    return [_asked(row) for row in connection.execute(query.order_by(inbox.c.id).limit(limit))]


def about(
    connection: Connection, sync_id: int, flow: str, a_ids: Collection[str], b_ids: Collection[str]
) -> list[Asked]:
    """The questions about these records that are not closed yet, answered or not, oldest first."""
    query = select(*_COLUMNS).where(
        inbox.c.sync == sync_id,
        inbox.c.flow == flow,
        inbox.c.closed_at.is_(None),
        or_(inbox.c.a_id.in_(list(a_ids)), inbox.c.b_id.in_(list(b_ids))),
    )
    return [_asked(row) for row in connection.execute(query.order_by(inbox.c.id))]


def open_matches(connection: Connection, sync_id: int, flow: str) -> list[Asked]:
    """The pairs of which nobody said yet whether they are the same, oldest first."""
    return [_asked(row) for row in connection.execute(_OPEN_MATCHES, {"at_sync": sync_id, "at_flow": flow})]


def told_apart(
    connection: Connection, sync_id: int, flow: str, a_ids: Collection[str]
) -> set[tuple[str, str]]:
    """The pairs with one of these records of side a of which a person said that they are not the same."""
    if not a_ids:
        return set()
    here = {"at_sync": sync_id, "at_flow": flow, "no": _encoded(NO), "ids": packed(connection, a_ids)}
    found = connection.execute(_select_told_apart(connection.dialect.name), here)
    return {(a_id, b_id) for a_id, b_id in found}


def count_open(connection: Connection, sync_id: int, flow: str) -> int:
    """How many questions wait for an answer."""
    query = select(func.count()).select_from(inbox)
    query = query.where(inbox.c.sync == sync_id, inbox.c.flow == flow)
    return int(
        connection.execute(query.where(inbox.c.closed_at.is_(None), inbox.c.answer.is_(None))).scalar_one()
    )


def one(connection: Connection, sync_id: int, number: int) -> Asked | None:
    """The question of that number, open or not."""
    query = select(*_COLUMNS).where(inbox.c.sync == sync_id, inbox.c.id == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _asked(row)


def answers(
    connection: Connection, sync_id: int, flow: str, a_ids: Collection[str], b_ids: Collection[str]
) -> dict[Key, Answer]:
    """The answers that are still to be carried out, of the pairs with one of these records."""
    out: dict[Key, Answer] = {}
    for side, ids in (("a", a_ids), ("b", b_ids)):
        if not ids:
            continue
        rows = connection.execute(
            _select_answered(connection.dialect.name, side),
            {"at_sync": sync_id, "at_flow": flow, "ids": packed(connection, ids)},
        )
        for asked in map(_asked, rows):
            if asked.answer is not None:
                out[asked.key] = asked.answer
    return out


def answer(connection: Connection, number: int, said: Answer, at: str) -> bool:
    """Answer a question, or answer it otherwise while nothing came of it; False where it is closed or was never asked."""
    statement = update(inbox).where(inbox.c.id == number, inbox.c.closed_at.is_(None))
    return connection.execute(statement.values(answer=_encoded(said), answered_at=at)).rowcount == 1


def close_numbers(connection: Connection, numbers: Collection[int], at: str) -> None:
    """Close these questions."""
    if numbers:
        statement = update(inbox).where(inbox.c.id == bindparam("number"), inbox.c.closed_at.is_(None))
        connection.execute(statement.values(closed_at=at), [{"number": number} for number in numbers])


def close(
    connection: Connection,
    sync_id: int,
    flow: str,
    pairs: Collection[tuple[str, str]],
    at: str,
    *,
    keep: Collection[Key] = (),
) -> None:
    """Close every question about these pairs but those in `keep`: its answer is carried out, both sides agree by
    themselves, or the pair is no pair any more."""
    if not pairs:
        return
    about, kept = set(pairs), set(keep)
    numbers = [
        asked.id
        for asked in _open_of(connection, sync_id, flow, {a_id for a_id, _ in about})
        if (asked.a_id, asked.b_id) in about and asked.key not in kept
    ]
    close_numbers(connection, numbers, at)


def close_of(
    connection: Connection, sync_id: int, flow: str, a_ids: Collection[str], b_ids: Collection[str], at: str
) -> None:
    """Close every question about these records, with whatever partner."""
    if a_ids or b_ids:
        statement = update(inbox).where(
            inbox.c.sync == sync_id,
            inbox.c.flow == flow,
            inbox.c.closed_at.is_(None),
            or_(inbox.c.a_id.in_(list(a_ids)), inbox.c.b_id.in_(list(b_ids))),
        )
        connection.execute(statement.values(closed_at=at))


def _open_of(connection: Connection, sync_id: int, flow: str, a_ids: Collection[str]) -> list[Asked]:
    here = {"at_sync": sync_id, "at_flow": flow, "ids": packed(connection, a_ids)}
    return [_asked(row) for row in connection.execute(_select_open(connection.dialect.name), here)]


def _encoded(said: Answer) -> bytes:
    """A value that somebody typed stands in an object, so that the text "a" is not taken for side a."""
    return msgspec.json.encode({"value": said.value} if isinstance(said, Typed) else said)


def _asked(row: Row[Any]) -> Asked:
    values = dict(row._mapping)
    for name in ("a_value", "b_value"):
        values[name] = msgspec.json.decode(values[name])
    if values["answer"] is not None:
        said = msgspec.json.decode(values["answer"])
        values["answer"] = Typed(said["value"]) if isinstance(said, dict) else said
    return Asked(**values)
