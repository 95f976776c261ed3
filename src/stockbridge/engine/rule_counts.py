"""How many records meet each rule of a flow right now, as far as they were read. Makes no call."""

from __future__ import annotations

import msgspec

from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import Condition, Rule, Side, Then
from stockbridge.core.record import Record
from stockbridge.core.rules import GONE, holds, mentions
from stockbridge.engine.session import Session
from stockbridge.store import links, mirror

_AT_ONCE = 2000


class RuleCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many records of a side meet a rule; None for one that looks at what gets deleted: it acts only then."""

    side: Side
    rule: Rule
    met: int | None


def rule_counts(session: Session, compiled: Compiled) -> list[RuleCount]:
    """Every rule of both sides, in their order."""
    flow = compiled.flow
    return [
        *_counts(session, flow.name, "a", flow.a, flow.rules_a, flow.only_a),
        *_counts(session, flow.name, "b", flow.b, flow.rules_b, ()),
    ]


def in_all(session: Session, compiled: Compiled) -> dict[Side, int]:
    """How many records of each side were read, stand there and are looked at at all."""
    flow = compiled.flow
    everything = (Rule(when=(), then=Then.SYNC),)
    (a,) = _counts(session, flow.name, "a", flow.a, everything, flow.only_a)
    (b,) = _counts(session, flow.name, "b", flow.b, everything, ())
    return {"a": a.met or 0, "b": b.met or 0}


def _counts(
    session: Session,
    flow: str,
    side: Side,
    stream: str,
    rules: tuple[Rule, ...],
    only: tuple[Condition, ...],
) -> list[RuleCount]:
    met = [0] * len(rules)
    at, place = session.at(side, stream), (0, "")
    with session.engine.connect() as connection:
        while rows := mirror.changed(connection, at, place, _AT_ONCE):
            place = (rows[-1][0], rows[-1][1].id)
            standing = [record for _, record in rows if not record.deleted]
            ids = [record.id for record in standing]
            linked = links.other_ids(connection, session.sync_id, flow, ids, back=side == "b")
            for number, rule in enumerate(rules):
                met[number] += sum(
                    _meets((*only, *rule.when), record, record.id in linked) for record in standing
                )
    return [
        RuleCount(side=side, rule=rule, met=None if mentions(rule, GONE) else met[number])
        for number, rule in enumerate(rules)
    ]


def _meets(conditions: tuple[Condition, ...], record: Record, there: bool) -> bool:
    return all(holds(condition, record.values, there=there) for condition in conditions)
