"""A flow bound to its two streams: every rule and pair made into a small function, once per run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stockbridge.core.flow import Action, Condition, Flow, GonePolicy, Match, Op, Owner, Rule, Then, several
from stockbridge.core.mapping import BACK, Move, compile_pairs
from stockbridge.core.record import CUSTOM, Record, Stream, Values, value_of
from stockbridge.core.rules import Admit, compile_gone, compile_rules, fields_of, holds


class CompiledSide(msgspec.Struct, frozen=True):
    """What is known of one side of a flow once per run."""

    stream: Stream
    admit: Admit
    gone_actions: Callable[
        [Values], tuple[Action, ...]
    ]  # what rules do at the other side when a record is gone
    fields: tuple[str, ...]  # what can change what is written at the other side, or is written here
    moves: tuple[Move, ...]  # towards the other side
    rule_fields: tuple[str, ...]
    writes: frozenset[Op]  # what may be written at this side
    gone: GonePolicy  # when a record of this side is gone
    set_sources: dict[str, set[str]]  # target field -> the fields that rules look at before they set it
    thin: bool  # a list row lacks some of `fields`
    thin_rules: bool  # a list row lacks some of `rule_fields`
    scope_fields: frozenset[str]  # what the rules look at that decide whether a record is in scope, or gone
    keys: tuple[tuple[str, ...], ...]  # the fields of each match key
    thin_keys: bool  # a list row lacks some of them
    acts: bool  # whether rules of this side take actions at the other
    outside: Callable[[Values], str]  # why a record is not looked at at all, in a few words; "": it is


class Compiled(msgspec.Struct, frozen=True):
    """A flow made ready to decide."""

    flow: Flow
    a: CompiledSide
    b: CompiledSide
    shared: bool  # whether any field may be written from either side
    asks: bool  # whether a person may have to decide about a field

    def has_own_key(self, match: Match) -> bool:
        """Whether a record of side a has this key by itself. What side a owns is compared as side b would hold it, and what
        refers to another record through its link."""
        if isinstance(match.a, str):
            return True
        return self.owned_by_a.isdisjoint((match.b,) if isinstance(match.b, str) else match.b)

    @property
    def owned_by_a(self) -> set[str]:
        """The fields of side b that side a owns: of a record that began at b they were never agreed on."""
        return {move.target for move in self.a.moves if move.pair.owner is Owner.A}


def compile_flow(flow: Flow, a: Stream, b: Stream, flows: Mapping[tuple[str, str], str]) -> Compiled:
    """Bind a flow to its two streams. `flows`: (a stream, b stream) -> flow name, for references.

    Raises ValueError where the flow names a field that the streams do not have.
    """
    pairs_b = tuple(p for p in flow.pairs if p.owner is not Owner.B and p.way != "to a")
    to_b = compile_pairs(pairs_b, a, b, flows, to="b", region=flow.region)
    back = {(b_name, a_name): name + BACK for (a_name, b_name), name in flows.items()}
    pairs_a = tuple(p for p in flow.pairs if p.owner is not Owner.A and p.way != "to b")
    to_a = compile_pairs(pairs_a, b, a, back, to="a", region=flow.region)

    def side(
        stream: Stream,
        rules: tuple[Rule, ...],
        out: tuple[Move, ...],
        into: tuple[Move, ...],
        writes: Any,
        gone: Any,
        keys: tuple[tuple[str, ...], ...],
        only: tuple[Condition, ...],
        names: tuple[str | tuple[str, ...], ...],
    ) -> CompiledSide:
        setting = fields_of(tuple(rule for rule in rules if rule.then is Then.SET))
        # What is sent only once cannot change what was written; it is needed all the same to make a record.
        sources = {s for move in out for s in move.sources}
        lasting = {s for move in out if not move.pair.once for s in move.sources} | setting
        looked_at = sources | setting
        into_fields = {move.target for move in into if not move.pair.once or move.step}
        return CompiledSide(
            stream,
            compile_rules(rules),
            compile_gone(rules),
            tuple(sorted(lasting | into_fields)),
            out,
            tuple(sorted(fields_of(rules))),
            writes,
            gone,
            _set_sources(rules),
            _lacks(stream, looked_at | into_fields),
            _lacks(stream, fields_of(rules)),
            frozenset(
                CUSTOM if name.startswith("cf_") else name
                for name in (
                    *fields_of(tuple(rule for rule in rules if rule.then is not Then.SET)),
                    *(condition.field for condition in only),
                )
            ),
            keys,
            stream.derived_from is not None  # it is not there at all before the details are
            or _lacks(stream, {name for some in (*keys, *names) for name in several(some) if name != "id"}),
            any(rule.actions for rule in rules),
            compile_outside(only),
        )

    keys_a, keys_b = (
        tuple(several(one) for one in some)
        for some in ([match.a for match in flow.match], [match.b for match in flow.match])
    )
    likely = flow.likely.names if flow.likely is not None else ()
    names_a, names_b = tuple(one.a for one in likely), tuple(one.b for one in likely)

    return Compiled(
        flow,
        side(a, flow.rules_a, to_b, to_a, flow.writes_a, flow.gone_a, keys_a, flow.only_a, names_a),
        side(b, flow.rules_b, to_a, to_b, flow.writes_b, flow.gone_b, keys_b, flow.only_b, names_b),
        any(pair.owner is Owner.BOTH for pair in flow.pairs),
        any(pair.policy == "ask" for pair in flow.pairs),
    )


def compile_outside(only: tuple[Condition, ...]) -> Callable[[Values], str]:
    """Why a record is not looked at at all: the first of these conditions that it does not meet."""
    if not only:
        return lambda values: ""

    def outside(values: Values) -> str:
        return next((one.otherwise or f"not: {one.words()}" for one in only if not holds(one, values)), "")

    return outside


def lacks_key(side: CompiledSide, record: Record) -> bool:
    """Whether the record is known to have none of the values by which it could be matched."""
    values = record.values
    return not any(
        all(name == "id" or name not in values or values[name] not in (None, "", []) for name in names)
        for names in side.keys
    )


def lost_key(side: CompiledSide, record: Record, base: Values | None) -> bool:
    """Whether a linked record has none of the values by which it could be matched, and had one when the two sides last agreed.
    A value that nothing maps stands in no snapshot: it is taken to have been there. One that is mapped was not, where the
    snapshot lacks it: the two were linked by hand, and never came as far as to agree on it."""
    if base is None or not lacks_key(side, record):
        return False
    within = {field.name: field.within for field in side.stream.fields}
    held = {one: False for name in side.fields for one in (name, within.get(name) or name)}
    for name, value in base.items():
        for one in (name, within.get(name) or name):  # the main address says that there are addresses
            held[one] = held.get(one, False) or value not in (None, "", [])
    return any(all(held.get(name, True) for name in names) for names in side.keys)


def carries_key(side: CompiledSide, values: Values) -> bool:
    """Whether a record that is made of these values can be matched by them: by a field of a key, by the list that it is an
    entry of, or by an entry of it."""
    written = {name for name, value in values.items() if value not in (None, "", [])}
    written |= {field.within for field in side.stream.fields if field.name in written and field.within}
    written |= {field.name for field in side.stream.fields if field.within in written}
    return any(all(name == "id" or name in written for name in names) for names in side.keys)


def seen(side: CompiledSide, record: Record) -> Values:
    """The fields of a record that matter to the flow, as far as they are known: what a snapshot holds."""
    values = record.values
    out: Values = {}
    for name in side.fields:
        if name in values:
            out[name] = values[name]
        elif name.startswith("cf_") and (record.full or CUSTOM in values):
            out[name] = value_of(values, name)
    return out


def _lacks(stream: Stream, names: set[str]) -> bool:
    """Whether a list row of the stream lacks one of these fields."""
    shown = {field.name for field in stream.fields if not field.detail}
    return not names <= shown


def _set_sources(rules: tuple[Rule, ...]) -> dict[str, set[str]]:
    """Target field -> the fields that rules look at before they set it."""
    out: dict[str, set[str]] = {}
    for rule in rules:
        if rule.then is Then.SET:
            for name in rule.values:
                out.setdefault(name, set()).update(condition.field for condition in rule.when)
    return out
