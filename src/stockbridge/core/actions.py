"""Actions of rules at the partner of a record: taken once, remembered, and taken back as far as they still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stockbridge.core.flow import Action, Applied, Side
from stockbridge.core.record import Field, Kind, Record, Stream, Value, Values, values_type


class Unread(Exception):
    """A list row lacks the field that an action is about: its details are needed first."""


def in_force(
    at: Side, wanted: Iterable[Action], applied: Mapping[str, Applied], record: Record | None, stream: Stream
) -> tuple[Values, dict[str, Applied]]:
    """What must be written to the record at side `at`, so that just the wanted actions are in force there; and what is
    remembered of that side once it is written. `record` is None where it is about to be made. Raises Unread.

    An action is taken once: what a person changes afterwards stands until the record has left the rule and met it again.
    """
    ours = {key: one for key, one in applied.items() if one.side == at}
    now: Values = {}
    kept: dict[str, Applied] = {}
    first = {f"{at} {one.key}": one for one in reversed(list(wanted))}

    def held(field: str) -> Value:
        if field in now:
            return now[field]
        if record is None:
            return None
        if field not in record.values and not record.full:
            raise Unread
        return record.values.get(field)

    for key, one in ours.items():
        if key not in first and one.before is not None and one.action.undo:
            back = _undone(one, held(one.action.field), stream)
            if back is not msgspec.UNSET:
                now[one.action.field] = back
    for key, action in reversed(first.items()):
        if key in ours:
            kept[key] = msgspec.structs.replace(ours[key], action=action)
            continue
        value = held(action.field)
        new = _done(action, value)
        before = None
        if new is not msgspec.UNSET:
            before = msgspec.json.encode({action.field: value}).decode()
            now[action.field] = new
        kept[key] = Applied(action=action, side=at, before=before)
    return now, kept


def _done(action: Action, value: Value) -> Any:
    """The value after the action; UNSET where it is so already."""
    if action.do == "set":
        return msgspec.UNSET if _alike(value, action.value) else action.value
    there = action.value in (value or ())
    if action.do == "add":
        return msgspec.UNSET if there else sorted([*(value or ()), action.value])
    return [one for one in value if one != action.value] if there else msgspec.UNSET


def _undone(applied: Applied, value: Value, stream: Stream) -> Any:
    """The value without the action; UNSET where a person changed it meanwhile."""
    action = applied.action
    if action.do == "set":
        return _before(applied, stream) if _alike(value, action.value) else msgspec.UNSET
    there = action.value in (value or ())
    if action.do == "add":
        return [one for one in value if one != action.value] if there else msgspec.UNSET
    return msgspec.UNSET if there else sorted([*(value or ()), action.value])


def _before(applied: Applied, stream: Stream) -> Value:
    field = stream.field(applied.action.field) or Field(name=applied.action.field, kind=Kind.TEXT)
    found: Values = msgspec.json.decode(applied.before or "{}", type=values_type((field,)))
    return found.get(field.name)


def _alike(one: Value, other: Value) -> bool:
    """What is remembered of an action went through JSON, where a number or a day is a text."""
    return one == other or msgspec.json.encode(one) == msgspec.json.encode(other)
