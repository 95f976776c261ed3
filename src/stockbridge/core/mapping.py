"""Mapping: from the values of one side's record to the values of the other, by type, with the reason when it cannot be.

`compile_pairs` turns the data into one small function per pair, once per run; nothing is looked up per record.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from stockbridge.core.casts import Unfit, cast
from stockbridge.core.flow import Owner, Pair
from stockbridge.core.record import Field, Kind, Record, Stream, Value, Values, value_of
from stockbridge.core.typed import TYPED, changing, name_parts, part_of_name, read_beside, typed

Resolve: TypeAlias = Callable[[str, str], str | None]
"""(flow, id at the source side) -> id at the target side, or None while there is no link."""

LEAVE = msgspec.UNSET  # "send nothing for this field"
BACK = "←"  # after the name of a flow whose links are followed from b to a


class Missing(Exception):
    """A record it refers to has no link yet."""

    def __init__(self, flow: str, id: str, what: str) -> None:
        super().__init__(f"{flow}:{id}")
        self.flow, self.id, self.what = flow, id, what

    @property
    def needs(self) -> str:
        return f"{self.flow}:{self.id}"


class NotYet(Exception):
    """A record that is not ready, and that may be without changing by itself: the next run looks at it anew."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


class LeftOut(Exception):
    """A record it refers to is kept out by a rule, so it has no place at the other side either."""

    def __init__(self, flow: str, id: str) -> None:
        super().__init__(f"the {flow.removesuffix(BACK).replace('_', ' ')} it belongs to are left out")
        self.needs = f"{flow}:{id}"


OUT = "(left out)"
"""What a reference resolves to when a rule keeps the record it names out."""


class Move(msgspec.Struct, frozen=True):
    """One compiled direction of a pair: `to(record, resolve)` gives the target value, LEAVE, or raises."""

    pair: Pair
    target: str
    sources: tuple[str, ...]
    to: Callable[[Record, Resolve], Value]
    references: tuple[tuple[str, str], ...]  # (flow, source field) that `to` resolves
    line_references: tuple[tuple[str, str, str], ...]  # (flow, lines field, source field within a line)
    plain: bool = False  # one value goes over as it is
    step: bool = False  # written by a call of its own, after the record was made
    same: Callable[[Value, Value], bool] = operator.eq  # of two values of the target
    same_source: Callable[[Value, Value], bool] = operator.eq  # of two values of a source
    onto: Callable[[Value, Values, str], Value] | None = (
        None  # with what the target record holds, and the field
    )
    among: Callable[[Value, Value, Value], Value] | None = (
        None  # with the list it is an entry of, and the entry that both sides last shared
    )
    merges: Callable[[Value, Value, Value], Value] | None = None  # two lists with what they last agreed on


def compile_pairs(
    pairs: tuple[Pair, ...],
    source: Stream,
    target: Stream,
    flows: Mapping[tuple[str, str], str],
    *,
    to: str,
    region: str | None = None,
) -> tuple[Move, ...]:
    """The moves of these pairs towards side `to`. `flows` names, for (source stream, target stream), the flow whose
    links resolve a reference; `region` is the country of phone numbers that name none."""
    moves = []
    for pair in pairs:
        source_name, target_name = (pair.a, pair.b) if to == "b" else (pair.b, pair.a)
        if target_name is None:
            continue
        field = target.field(target_name)
        if field is None:
            raise ValueError(f"{target.name} has no field {target_name}")
        source_field = source.field(source_name) if source_name not in (None, "id") else None
        if source_name not in (None, "id") and source_field is None:
            raise ValueError(f"{source.name} has no field {source_name}")
        move = _move(pair, source_name, source_field, field, source, target, flows, to, region)
        if pair.needs is not None:
            move = _after(move, pair.needs, source, flows)
        if field.many or field.kind in TYPED or (source_field is not None and source_field.kind in TYPED):
            move = typed(move, pair, source_field, field, region)
        if parts := name_parts(pairs, pair, to):
            move = msgspec.structs.replace(move, onto=part_of_name(*parts))
        moves.append(msgspec.structs.replace(move, step=field.step))
    return tuple(moves)


def _after(move: Move, needs: str, source: Stream, flows: Mapping[tuple[str, str], str]) -> Move:
    """The move, held back until the records whose ids stand in the field `needs` are at the other side."""
    listed = source.field(needs)
    flow = next(
        (name for (a, _), name in flows.items() if listed is not None and a == listed.refers_to), None
    )
    if flow is None:
        raise ValueError(f"no flow brings what {needs} of {source.name} names")

    def later(record: Record, resolve: Resolve) -> Value:
        for id in record.values.get(needs) or ():
            if resolve(flow, id) is None:
                raise Missing(flow, id, f"{flow.replace('_', ' ')} {id}")
        return move.to(record, resolve)

    return msgspec.structs.replace(
        move, to=later, sources=(*move.sources, needs), references=(*move.references, (flow, needs))
    )


def _move(
    pair: Pair,
    name: str | None,
    source_field: Field | None,
    field: Field,
    source: Stream,
    target: Stream,
    flows: Mapping[tuple[str, str], str],
    to: str,
    region: str | None,
) -> Move:
    if name is None:
        return _constant(pair, field, to, region)
    if pair.lines is not None:
        assert source_field is not None
        return _move_lines(pair, name, source_field, field, source, target, flows, to)
    convert = None if field.refers_to else cast(field, pair, region)

    fetch: Callable[[Record], Value]
    if name == "id":
        fetch = _id_of
    elif name.startswith("cf_"):
        fetch = lambda record: value_of(record.values, name)  # noqa: E731
    else:
        fetch = lambda record: record.values.get(name)  # noqa: E731

    if pair.total is not None:
        measure, keys = pair.total.measure, pair.total.keys

        def total(record: Record, resolve: Resolve) -> Value:
            amounts = record.values.get(name) or {}
            found = [amounts[key][measure] for key in keys if measure in amounts.get(key, ())]
            if not amounts:
                raise Unfit(
                    field.name,
                    "The record tells no stock by warehouse.",
                    "Take the ids out of warehouse_ids, or track this item's stock by warehouse in Zoho.",
                )
            assert convert is not None
            return convert(sum(found, Decimal(0)))

        return Move(pair, field.name, (name,), total, (), ())
    if field.refers_to:
        refers_to = source_field.refers_to if source_field else source.name
        if pair.through is None:
            flow = flows[(refers_to or "", field.refers_to)]
        else:
            flow = pair.through if to == "b" else pair.through + BACK

        def reference(record: Record, resolve: Resolve) -> Value:
            id = fetch(record)
            if id is None:
                if pair.constant is not None:
                    return pair.constant
                if field.required:
                    raise Unfit(
                        field.name, f"It names no {refers_to}.", pair.words or "Fill it in at its source."
                    )
                return LEAVE if pair.empty == "leave" else None
            other = resolve(flow, id)
            if other is None:
                raise Missing(flow, id, f"{refers_to} {id}")
            if other == OUT:
                raise LeftOut(flow, id)
            return other

        return Move(pair, field.name, (name,), reference, ((flow, name),), ())

    change = changing(pair, to, source_field, field, region)

    def simple(record: Record, resolve: Resolve) -> Value:
        value = fetch(record)
        if change is not None:
            value = change(value, record.values)
        if value is not None:
            assert convert is not None
            value = convert(value)
        if value is None:
            if field.required:
                raise Unfit(
                    field.name, f"{field.name} is empty, and it must not be.", "Fill it in at its source."
                )
            if pair.empty == "leave":
                return LEAVE
            if field.kind in (Kind.TEXTS, Kind.LABELS) or field.many:
                return []
        return value

    sources = (*(() if name == "id" else (name,)), *read_beside(pair, to))
    plain = change is None and len(sources) == 1 and pair.owner is Owner.BOTH
    return Move(pair, field.name, tuple(dict.fromkeys(sources)), simple, (), (), plain=plain)


def _constant(pair: Pair, field: Field, to: str, region: str | None) -> Move:
    """A value that comes from no field: the same for all records, or composed of several fields."""
    change = changing(pair, to, None, field, region)
    if change is None:
        return Move(pair, field.name, (), lambda record, resolve: pair.constant, (), ())
    convert = cast(field, pair, region)

    def composed(record: Record, resolve: Resolve) -> Value:
        value = change(pair.constant, record.values)
        if value is not None:
            value = convert(value)
        if value is None and field.required:
            raise Unfit(
                field.name,
                f"There is nothing to make its {field.words} of.",
                pair.words or "Name the record.",
            )
        return value

    return Move(pair, field.name, read_beside(pair, to), composed, (), ())


def _id_of(record: Record) -> Value:
    return record.id


def _move_lines(
    pair: Pair,
    name: str,
    source_field: Field,
    field: Field,
    source: Stream,
    target: Stream,
    flows: Mapping[tuple[str, str], str],
    to: str,
) -> Move:
    lines = pair.lines
    assert lines is not None
    inner_source = Stream(name=source.name, noun="line", fields=source_field.children)
    inner_target = Stream(name=target.name, noun="line", fields=field.children)
    # Whole numbers are asked for after merging, so that two halves of one product may make a whole.
    summed = {one.name: one for one in field.children if one.name in lines.add}
    exact = tuple(
        Field(name=one.name, kind=Kind.NUMBER) if one.name in summed else one for one in field.children
    )
    moves = compile_pairs(
        lines.pairs, inner_source, msgspec.structs.replace(inner_target, fields=exact), flows, to=to
    )
    finish = {move.target: cast(summed[move.target], move.pair) for move in moves if move.target in summed}
    merge_by, key = lines.merge_by, next((m for m in moves if m.target == lines.merge_by), None)
    key_source = key.sources[0] if key else None

    def convert(record: Record, resolve: Resolve) -> Value:
        if name not in record.values:
            return LEAVE
        out: dict[Any, dict[str, Value]] = {}
        unwanted: LeftOut | None = None
        for number, line in enumerate(record.values[name] or (), 1):
            if key_source is not None and line.get(key_source) is None:
                continue  # a line of free text: no product, nothing to plan
            part = Record(id=f"line {number}", values=line, version="")
            try:
                made = {move.target: move.to(part, resolve) for move in moves}
            except LeftOut as left_out:
                unwanted = left_out
                continue  # its product is not wanted over there; the order's total is kept
            except Unfit as unfit:
                raise Unfit(
                    f"{field.name}.{unfit.field}", f"Line {number}: {unfit.reason}", unfit.remedy
                ) from None
            slot = made[merge_by] if merge_by else number
            known = out.get(slot)
            if known is None:
                out[slot] = made
            else:
                for add in lines.add:
                    known[add] = known[add] + made[add]
        if unwanted is not None and not out:
            raise unwanted  # nothing of it is wanted
        if not out and field.required:
            raise NotYet(f"It has no lines with a product yet ({field.name}).", "Add a line to it.")
        for made in out.values():
            for target_name, whole in finish.items():
                try:
                    made[target_name] = whole(made[target_name])
                except Unfit as unfit:
                    raise Unfit(f"{field.name}.{unfit.field}", unfit.reason, unfit.remedy) from None
        return list(out.values())

    inner = tuple((flow, name, source_name) for move in moves for flow, source_name in move.references)
    return Move(pair, field.name, (name,), convert, (), inner)
