"""What the type of a field adds to the way of its value: what counts as the same, first of many, options, transforms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stockbridge.core import normal, transforms
from stockbridge.core.casts import Unfit
from stockbridge.core.flow import Pair
from stockbridge.core.record import Field, Kind, Value, Values

TYPED = (Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.LABELS, Kind.SELECT, Kind.LONG_TEXT)
"""Kinds whose values may be the same though they are written differently."""

_LISTS = (Kind.LABELS, Kind.TEXTS)


def changing(
    pair: Pair, to: str, source: Field | None, target: Field, region: str | None
) -> Callable[[Value, Values], Value] | None:
    """What happens to a value before it is fitted to its field, as (value, all values of its record) -> value; None where
    nothing does. Raises Unfit."""
    steps = pair.to_b if to == "b" else pair.to_a
    options = pair.values if to == "b" else {theirs: ours for ours, theirs in pair.values.items()}
    single = source is not None and _is_list(source) and not _is_list(target)
    first = single and (source is None or source.many or target.kind is Kind.SELECT)
    whole = tuple(step for step in steps if step.do not in ("given name", "family name"))
    if not whole and not options and not first:
        return None

    def change(value: Value, values: Values) -> Value:
        if first and isinstance(value, list):
            value = value[0] if value else None
        if options and value is not None:
            value = (
                [_option(one, options, target) for one in value]
                if isinstance(value, list)
                else _option(value, options, target)
            )
        try:
            return transforms.apply(whole, value, values, region) if whole else value
        except ValueError as trouble:
            raise Unfit(
                target.name, str(trouble), "Correct the value, or the transform in the mapping."
            ) from None

    return change


def _option(value: Value, options: Mapping[str, str], target: Field) -> str:
    found = options.get(normal.written(value))
    if found is None:
        raise Unfit(
            target.name,
            f"“{normal.written(value)}” has no partner among the values that are mapped to {target.words}: "
            f"{', '.join(options)}.",
            "Give it one in the values of that mapping (stockbridge sync export, edit, stockbridge sync import), or "
            "choose another one at its source.",
        )
    return found


def _is_list(field: Field) -> bool:
    return field.many or field.kind in _LISTS


def read_beside(pair: Pair, to: str) -> tuple[str, ...]:
    """The fields that the templates of a pair read."""
    steps = pair.to_b if to == "b" else pair.to_a
    return tuple(name for step in steps if step.do == "template" for name in transforms.named(step.text))


def typed(move: Any, pair: Pair, source: Field | None, target: Field, region: str | None) -> Any:
    """The move, with what counts as the same value at either side. Of a list and a single value only the first entry of
    the list belongs to the pair: the others are kept."""
    first_of_target = target.many and source is not None and not _is_list(source)
    first_of_source = source is not None and source.many and not _is_list(target)
    among = _first_replaced(same_value(target, region)) if first_of_target else None
    merges = None
    if source is not None and _is_list(source) and _is_list(target) and pair.policy in (None, "append"):
        merges = _united(same_value(target, region))
    return msgspec.structs.replace(
        move,
        same=same_value(target, region, first=first_of_target),
        same_source=same_value(source or target, region, first=first_of_source),
        among=among,
        merges=merges,
    )


def same_value(field: Field, region: str | None, *, first: bool = False) -> Callable[[Value, Value], bool]:
    """What counts as the same value of this field; with `first`, of two lists just their first entries."""
    kind = field.kind
    if first:
        return lambda x, y: normal.same(kind, x[0] if x else None, y[0] if y else None, region=region)
    return lambda x, y: normal.same(kind, x, y, region=region)


def _first_replaced(same: Callable[[Value, Value], bool]) -> Callable[[Value, Value, Value], Value]:
    def among(value: Value, held: Value, ours: Value) -> Value:
        """`value` is what was fitted to the list: one entry or none. `held` is the list, and `ours` its entry that the
        two sides last shared: None where the other side had no value then, UNSET where they never agreed."""
        held = held or []
        if value and held and same(value[0], held[0]):
            return held
        if value and any(same(one, value[0]) for one in held):  # it becomes the main one, and nothing is lost
            return [*value, *(one for one in held if not same(one, value[0]))]
        if ours is None:
            return [*value, *held]
        if ours is msgspec.UNSET or not any(same(one, ours) for one in held):
            return [*value, *held[1:]]
        return [*value, *(one for one in held if not same(one, ours))]

    return among


def _united(same: Callable[[Value, Value], bool]) -> Callable[[Value, Value, Value], Value]:
    def united(ours: Value, theirs: Value, base: Value) -> Value:
        """Both lists, without what one of them has dropped since they agreed on `base`; ours come first."""
        ours, theirs, base = ours or [], theirs or [], base or []

        def among(one: Value, some: list[Value]) -> bool:
            return any(same(one, other) for other in some)

        kept = [one for one in ours if among(one, theirs) or not among(one, base)]
        return [*kept, *(one for one in theirs if not among(one, ours) and not among(one, base))]

    return united


def name_parts(pairs: tuple[Pair, ...], pair: Pair, to: str) -> tuple[str, str | None, str | None] | None:
    """Of a pair that takes a part of a whole name: which part, and the target fields of the given and the family name."""
    mine = _part(pair, to)
    if mine is None:
        return None
    whole = pair.a if to == "b" else pair.b
    found: dict[str, str | None] = {"given name": None, "family name": None}
    for one in pairs:
        part = _part(one, to)
        if part is not None and (one.a if to == "b" else one.b) == whole:
            found[part] = one.b if to == "b" else one.a
    return mine, found["given name"], found["family name"]


def _part(pair: Pair, to: str) -> str | None:
    steps = pair.to_b if to == "b" else pair.to_a
    return next((step.do for step in steps if step.do in ("given name", "family name")), None)


def part_of_name(part: str, given: str | None, family: str | None) -> Callable[[Value, Values, str], Value]:
    """The part of a whole name that belongs to this field, given what the record holds: a part that did not change stays
    exactly as it is."""

    def onto(value: Value, values: Values, name: str) -> Value:
        if not value:
            return value
        parts = transforms.split_name(value, values.get(given or ""), values.get(family or ""))
        return (parts[0] if part == "given name" else parts[1]) or None

    return onto
