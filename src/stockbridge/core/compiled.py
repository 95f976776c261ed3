"""A flow bound to its two streams: every rule and pair made into a small function, once per run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stockbridge.core.flow import Flow, GonePolicy, Op, Owner, Rule, Then
from stockbridge.core.mapping import BACK, Move, compile_pairs
from stockbridge.core.record import CUSTOM, Record, Stream, Values, value_of
from stockbridge.core.rules import Verdict, compile_rules, fields_of


class CompiledSide(msgspec.Struct, frozen=True):
    """What is known of one side of a flow once per run."""

    stream: Stream
    admit: Callable[[Values], Verdict]
    fields: tuple[str, ...]  # what can change what is written at the other side, or is written here
    moves: tuple[Move, ...]  # towards the other side
    rule_fields: tuple[str, ...]
    writes: frozenset[Op]  # what may be written at this side
    gone: GonePolicy  # when a record of this side is gone
    set_sources: dict[str, set[str]]  # target field -> the fields that rules look at before they set it
    thin: bool  # a list row lacks some of `fields`
    thin_rules: bool  # a list row lacks some of `rule_fields`
    scope_fields: frozenset[str]  # what the rules look at that decide whether a record is in scope, or gone


class Compiled(msgspec.Struct, frozen=True):
    """A flow made ready to decide."""

    flow: Flow
    a: CompiledSide
    b: CompiledSide

    @property
    def owned_by_a(self) -> set[str]:
        """The fields of side b that side a owns: of a record that began at b they were never agreed on."""
        return {move.target for move in self.a.moves if move.pair.owner is Owner.A}


def compile_flow(flow: Flow, a: Stream, b: Stream, flows: Mapping[tuple[str, str], str]) -> Compiled:
    """Bind a flow to its two streams. `flows`: (a stream, b stream) -> flow name, for references.

    Raises ValueError where the flow names a field that the streams do not have.
    """
    to_b = compile_pairs(tuple(p for p in flow.pairs if p.owner is not Owner.B), a, b, flows, to="b")
    back = {(b_name, a_name): name + BACK for (a_name, b_name), name in flows.items()}
    to_a = compile_pairs(tuple(p for p in flow.pairs if p.owner is not Owner.A), b, a, back, to="a")

    def side(
        stream: Stream,
        rules: tuple[Rule, ...],
        out: tuple[Move, ...],
        into: tuple[Move, ...],
        writes: Any,
        gone: Any,
    ) -> CompiledSide:
        setting = fields_of(tuple(rule for rule in rules if rule.then is Then.SET))
        # What is sent only once cannot change what was written; it is needed all the same to make a record.
        sources = {s for move in out for s in move.sources}
        lasting = {s for move in out if not move.pair.once for s in move.sources} | setting
        names = sources | setting
        into_fields = {move.target for move in into if not move.pair.once or move.step}
        return CompiledSide(
            stream,
            compile_rules(rules),
            tuple(sorted(lasting | into_fields)),
            out,
            tuple(sorted(fields_of(rules))),
            writes,
            gone,
            _set_sources(rules),
            _lacks(stream, names | into_fields),
            _lacks(stream, fields_of(rules)),
            frozenset(
                CUSTOM if name.startswith("cf_") else name
                for name in fields_of(tuple(rule for rule in rules if rule.then is not Then.SET))
            ),
        )

    return Compiled(
        flow,
        side(a, flow.rules_a, to_b, to_a, flow.writes_a, flow.gone_a),
        side(b, flow.rules_b, to_a, to_b, flow.writes_b, flow.gone_b),
    )


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
