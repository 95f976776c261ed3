"""How many records meet each rule of a flow right now, as far as they were read. Makes no call."""

from __future__ import annotations

import msgspec

from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import Rule, Side
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
        *_counts(session, flow.name, "a", flow.a, flow.rules_a),
        *_counts(session, flow.name, "b", flow.b, flow.rules_b),
    ]


def records(session: Session, side: Side) -> int:
    """How many records of that side of the first flow were read and stand there."""
    flow = session.flows[0].flow
    with session.engine.connect() as connection:
        return mirror.count(connection, session.at(side, flow.a if side == "a" else flow.b))


def _counts(session: Session, flow: str, side: Side, stream: str, rules: tuple[Rule, ...]) -> list[RuleCount]:
    met = [0] * len(rules)
    at, place = session.at(side, stream), (0, "")
    with session.engine.connect() as connection:
        while rows := mirror.changed(connection, at, place, _AT_ONCE):
            place = (rows[-1][0], rows[-1][1].id)
            standing = [record for _, record in rows if not record.deleted]
            ids = [record.id for record in standing]
            linked = links.other_ids(connection, session.sync_id, flow, ids, back=side == "b")
            for number, rule in enumerate(rules):
                met[number] += sum(_meets(rule, record, record.id in linked) for record in standing)
    return [
        RuleCount(side=side, rule=rule, met=None if mentions(rule, GONE) else met[number])
        for number, rule in enumerate(rules)
    ]


def _meets(rule: Rule, record: Record, there: bool) -> bool:
    return all(holds(condition, record.values, there=there) for condition in rule.when)
