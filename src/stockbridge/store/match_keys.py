"""By which values the records of a stream are found when they are matched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import Connection, Delete, Select, and_, bindparam, delete, select

from stockbridge.core import normal
from stockbridge.core.flow import Side
from stockbridge.core.likeness import called, name_key
from stockbridge.core.record import Record
from stockbridge.store.rows import among, upsert_rows
from stockbridge.store.schema import match_key
from stockbridge.store.shelf import Shelf, placed, run_at

CALLED = "~"
"""The name under which the keys of what a record is called are remembered."""

_HERE = placed(match_key)
_COLUMNS = tuple(column.name for column in match_key.columns)


@lru_cache
def _drop_keys(dialect: str) -> Delete:
    return delete(match_key).where(_HERE, among(dialect, match_key.c.id))


@lru_cache
def _select_keys(dialect: str) -> Select[Any]:
    query = select(match_key.c.id, match_key.c.field, match_key.c.value)
    # In the order of that index: SQLite would read the primary key, which holds all columns, from end to end.
    return query.where(_HERE, among(dialect, match_key.c.id)).order_by(match_key.c.id)


@lru_cache
def _select_by_keys(dialect: str) -> Select[Any]:
    carrying = and_(_HERE, match_key.c.field == bindparam("of_field"), among(dialect, match_key.c.value))
    # In no order: SQLite would look for the order first, and read the keys of all records.
    return select(match_key.c.value, match_key.c.id).where(carrying)


def put_keys(connection: Connection, at: Shelf, fields: Sequence[str], records: Sequence[Record]) -> None:
    """Remember by which key values these records can be matched."""
    if not fields or not records:
        return
    wanted: dict[str, set[tuple[str, str]]] = {record.id: set() for record in records}
    for record in records:
        if not record.deleted:
            wanted[record.id].update((field, key) for field in fields for key in keys_of(at, record, field))
    standing: dict[str, set[tuple[str, str]]] = {id: set() for id in wanted}
    for id, field, value in run_at(connection, _select_keys, at, list(wanted)).all():
        standing[id].add((field, value))
    # Keys rarely change, and writing one touches three pages somewhere in its index and table.
    changed = [id for id in wanted if wanted[id] != standing[id]]
    drop_keys(connection, at, [id for id in changed if standing[id]])
    made = [(at.sync, at.side, at.stream.name, field, key, id) for id in changed for field, key in wanted[id]]
    upsert_rows(connection, match_key, _COLUMNS, made)


def drop_keys(connection: Connection, at: Shelf, ids: Collection[str]) -> None:
    """These records cannot be matched any more."""
    if ids:
        run_at(connection, _drop_keys, at, ids)


def keys_of(at: Shelf, record: Record, field: str) -> tuple[str, ...]:
    """The match keys of a record in this field: text without case, with single blanks; of phone numbers and the like in
    their one form; of a list one for each entry, in its order. None where there is nothing to match by.

    `field` may be "id", or several joined by "+": then all of them must be filled. Those of `CALLED` are shared by all that
    are called alike.
    """
    if field == CALLED:
        side: Side = "a" if at.side == "a" else "b"
        return name_key(*called(at.names, side, record.values))
    parts: list[tuple[str, ...]] = []
    for name in field.split("+"):
        value = record.id if name == "id" else record.values.get(name)
        declared = at.typed.get(name)
        if declared is not None:
            found = normal.match_keys(declared, value, region=at.region)
        else:
            text = "" if value is None else normal.text_key(str(value))
            found = (text,) if text else ()
        if not found:
            return ()
        parts.append(found)
    return parts[0] if len(parts) == 1 else tuple("|".join(one) for one in product(*parts))


def key_name(fields: str | tuple[str, ...]) -> str:
    """The name under which a key of these fields is remembered."""
    return fields if isinstance(fields, str) else "+".join(fields)


def by_keys(connection: Connection, at: Shelf, field: str, keys: Collection[str]) -> dict[str, list[str]]:
    """The ids that carry each of these key values."""
    out: dict[str, list[str]] = {}
    if keys:
        for value, id in run_at(connection, _select_by_keys, at, keys, of_field=field).all():
            out.setdefault(value, []).append(id)
    for ids in out.values():
        ids.sort()
    return out
