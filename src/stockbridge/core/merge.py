"""Both sides stand: field by field, what must be written where, from what both hold and what they last agreed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import LinkView, Owner, Side
from stockbridge.core.mapping import LEAVE, Move, Resolve
from stockbridge.core.record import Record, Value, Values, values_type

UNKNOWN = msgspec.UNSET
_BLANK: tuple[Value, ...] = (None, [])


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A field that both sides changed and about which a person decides: the pair's fields and what they hold."""

    a: str | None
    b: str | None
    a_value: Value
    b_value: Value

    @property
    def field(self) -> str:
        """The name of the question."""
        return question(self.a, self.b)


class Typed(msgspec.Struct, frozen=True):
    """An answer that is neither side's value but one that a person typed, as plain JSON."""

    value: Any


Answer: TypeAlias = Side | Typed


def question(a: str | None, b: str | None) -> str:
    """The name of the question about a pair of fields."""
    return a or b or ""


def changes(
    compiled: Compiled,
    at: Side,
    link: LinkView,
    source: Record,
    target: Record,
    source_seen: Values,
    target_seen: Values,
    sets: dict[str, Value],
    resolve: Resolve,
    recheck: bool,
    answers: Mapping[str, Answer],
    asked: dict[str, Ask],
) -> Iterator[tuple[str, Value]]:
    """(field, value) for every field that must be written at side `at`. What only a person can decide is put into
    `asked`; `answers` are the answers given so far."""
    side = compiled.a if at == "b" else compiled.b
    source_base, target_base = link.a_snapshot, link.b_snapshot
    if at == "a":
        source_base, target_base = target_base, source_base
    for move in side.moves:
        pair, name, same = move.pair, move.target, move.same
        current = target_seen.get(name, UNKNOWN)
        if pair.once and not (move.step and target_base is not None and name not in target_base):
            continue  # a step is due as long as nobody saw it taken
        if pair.fill and current not in (None, [], UNKNOWN):
            continue
        if current is UNKNOWN and pair.lines is not None and source_base is None:
            continue  # lines that the system does not show are taken as they stand
        sources = (*move.sources, *side.set_sources.get(name, ()))
        if not source.full and any(s in side.fields and s not in source_seen for s in sources):
            continue  # its list row does not show it, which is not the same as empty
        unknown = source_base is None or any(s not in source_base for s in sources)
        source_changed = unknown or any(
            not move.same_source(source_seen.get(s), (source_base or {})[s]) for s in sources
        )
        base = UNKNOWN if target_base is None else target_base.get(name, UNKNOWN)
        first = unknown and base is UNKNOWN  # the two sides never agreed about this field
        target_changed = base is UNKNOWN or (current is not UNKNOWN and not same(current, base))
        if not source_changed and not target_changed and not recheck:
            continue
        if pair.owner is Owner.BOTH and not source_changed:
            continue  # the other side changed it, or nobody did
        if (
            move.plain
            and current is not UNKNOWN
            and name not in sets
            and source_seen.get(sources[0]) == current
        ):
            continue  # most values at a first match: nothing to convert
        value = sets[name] if name in sets else move.to(source, resolve)
        if value is LEAVE or (current is not UNKNOWN and same(value, current)):
            continue
        if current is UNKNOWN and base is not UNKNOWN and same(value, base):
            continue  # what the system does not show is taken to stand as it was sent
        if first and value in _BLANK:
            continue  # blanks never win at first match
        if pair.owner is Owner.BOTH and target_changed and pair.way == "both":
            seen = (source_seen, target_seen) if at == "b" else (target_seen, source_seen)
            value = _decided(compiled, at, move, value, current, base, source, target, seen, answers, asked)
            if value is LEAVE:
                continue
        if move.onto is not None:
            value = move.onto(value, target_seen, name)
        if move.among is not None:
            agreed = UNKNOWN if unknown else (source_base or {})[move.sources[0]]
            value = move.among(value, target_seen.get(name), _shared(agreed, base))
        if value != current:
            yield name, value


def _shared(source_base: Value, base: Value) -> Value:
    """The entry of a list that the two sides last agreed on: None where the source had no value then."""
    if source_base in _BLANK:
        return None
    return base[0] if source_base is not UNKNOWN and base is not UNKNOWN and base else UNKNOWN


def _decided(
    compiled: Compiled,
    at: Side,
    move: Move,
    value: Value,
    current: Value,
    base: Value,
    source: Record,
    target: Record,
    seen: tuple[Values, Values],
    answers: Mapping[str, Answer],
    asked: dict[str, Ask],
) -> Value:
    """Both sides changed the field: what side `at` is to hold, or LEAVE where it keeps its own. An empty value never wins
    against a filled one."""
    pair, conflict = move.pair, compiled.flow.conflict
    if value in _BLANK:
        return LEAVE
    if current in (None, [], UNKNOWN):
        return value
    ours, theirs = (value, current) if at != conflict else (current, value)
    if move.merges is not None:
        return move.merges(ours, theirs, None if base is UNKNOWN else base)
    match pair.policy:
        case "append":
            return _appended(ours, theirs)
        case "ask":
            name = question(pair.a, pair.b)
            answer = answers.get(name)
            if answer is None:
                asked[name] = Ask(
                    a=pair.a, b=pair.b, a_value=seen[0].get(pair.a or ""), b_value=seen[1].get(pair.b or "")
                )
                return LEAVE
            if isinstance(answer, Typed):
                return _typed_in(compiled, at, move.target, answer.value)
            winner = answer
        case "newest":
            winner = _newest(conflict, at, source, target)
        case "a" | "b":
            winner = pair.policy
        case None:
            winner = conflict
    return LEAVE if winner == at else value


def _typed_in(compiled: Compiled, at: Side, name: str, value: Any) -> Value:
    side = compiled.b if at == "b" else compiled.a
    field = side.stream.field(name)
    assert field is not None
    found: Values = msgspec.convert({name: value}, values_type((field,)), strict=False)
    return found[name]


def _newest(conflict: Side, at: Side, source: Record, target: Record) -> Side:
    """The side whose record was changed last; where that is not known, the one that wins otherwise."""
    a, b = (source, target) if at == "b" else (target, source)
    if a.modified is None or b.modified is None or a.modified == b.modified:
        return conflict
    return "a" if a.modified > b.modified else "b"


def _appended(ours: Value, theirs: Value) -> Value:
    """Both texts, the winner's first; one that holds the other already stays as it is."""
    if not isinstance(ours, str) or not isinstance(theirs, str):
        return ours
    if theirs in ours:
        return ours
    return theirs if ours in theirs else f"{ours}\n{theirs}"


def held_back(values: Values, field: str | None, base: Values | None) -> Values:
    """What a snapshot may hold while a person is asked about a field: there the two sides do not agree yet."""
    out = {name: value for name, value in values.items() if name != field}
    if field is not None and base is not None and field in base:
        out[field] = base[field]
    return out


def partly_agreed(
    compiled: Compiled, link: LinkView, at: Side, stored: Values, saw: Values | None
) -> LinkView:
    """The link once some fields are known to agree: `stored` is what side `at` holds of what it was sent, `saw` what the
    decision saw at the other side. All other fields keep the base they had."""
    source, target = (compiled.a, compiled.b) if at == "b" else (compiled.b, compiled.a)
    here = {name: value for name, value in stored.items() if name in target.fields}
    used: set[str] = set()
    for move in source.moves:
        if move.target in stored:
            used.update(move.sources, source.set_sources.get(move.target, ()))
    there = {name: value for name, value in (saw or {}).items() if name in used}
    a_new, b_new = (there, here) if at == "b" else (here, there)
    return msgspec.structs.replace(
        link,
        a_snapshot={**(link.a_snapshot or {}), **a_new},
        b_snapshot={**(link.b_snapshot or {}), **b_new},
    )
