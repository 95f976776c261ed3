"""Why is this record where it is: what was read, each rule it met, the mapping row by row, and what was done."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import Decision, wants_detail
from stockbridge.core.flow import Op, Pair, Rule
from stockbridge.core.mapping import LEAVE, Missing, Move, Resolve, Unfit
from stockbridge.core.record import Record, Value, value_of
from stockbridge.core.report import Explanation, FieldTrace, RuleTrace
from stockbridge.core.rules import holds
from stockbridge.engine.preview import label_of
from stockbridge.engine.session import Session
from stockbridge.engine.work import decide_chunk
from stockbridge.store import checkpoints, journal, links, mirror, waiting
from stockbridge.store.schema import mirror as record_table


def explain(session: Session, flow: str, name: str) -> list[Explanation]:
    """Everything known of the records that `name` means: an id at either side, a SKU, an order number, a name.

    Makes no call and writes nothing. Raises KeyError where there is no such flow.
    """
    compiled = {one.flow.name: one for one in session.flows}[flow]
    with session.engine.connect() as connection:
        records = mirror.by_name(connection, session.at("a", compiled.flow.a), name)
        if not records:
            linked = links.by_b(connection, session.bonds[flow], [name]).get(name)
            if linked is not None:
                found = mirror.get(connection, session.at("a", compiled.flow.a), [linked.a_id])
                records = list(found.values())
        if records:
            return [_explain(session, connection, compiled, record) for record in records]
        return [_unknown(session, connection, compiled, name)]


def _unknown(session: Session, connection: Connection, compiled: Compiled, name: str) -> Explanation:
    flow = compiled.flow.name
    parked = waiting.rows(connection, session.sync_id, flow, [name])
    if parked:
        return Explanation(
            flow=flow, id=name, label="", verdict="refused", reason=parked[0].reason, remedy=parked[0].remedy
        )
    state = checkpoints.load(connection, session.sync_id, "a", _source(compiled))
    noun, system = compiled.a.stream.noun, session.a.name
    reason = f"{system} has not shown any {noun} by that id, number or name."
    if state.read_at is None:
        reason = f"{system} was never read yet."
    return Explanation(
        flow=flow,
        id=name,
        label="",
        verdict="not found",
        reason=reason,
        remedy="Check the spelling, or read everything again: stockbridge run --full",
        read_at=state.read_at,
    )


def _source(compiled: Compiled) -> str:
    return compiled.a.stream.derived_from or compiled.a.stream.name


def _explain(session: Session, connection: Connection, compiled: Compiled, record: Record) -> Explanation:
    flow = compiled.flow
    link = links.by_a(connection, session.bonds[flow.name], [record.id]).get(record.id)
    item = decide_chunk(session, connection, compiled, [record.id], [], planning=True)[0]
    record = item.a or record  # with the values that are looked up in what it refers to
    parked = next(iter(waiting.rows(connection, session.sync_id, flow.name, [record.id])), None)
    thin = wants_detail(compiled, link, record)
    verdict, reason, remedy = _verdict(session, item.decision, parked, record, thin, link is not None)
    state = checkpoints.load(connection, session.sync_id, "a", _source(compiled))

    def resolve(name: str, id: str) -> str | None:
        return links.other_ids(connection, session.sync_id, name, [id], back=False).get(id)

    return Explanation(
        flow=flow.name,
        id=record.id,
        label=label_of(compiled.a.stream.names, record),
        verdict=verdict,
        reason=reason,
        remedy=remedy,
        other_id=link.b_id if link is not None else item.b_id,
        read_at=state.read_at,
        modified=_modified(session, connection, compiled, record.id),
        rules=[_rule(rule, record) for rule in flow.rules_a],
        fields=[]
        if record.deleted
        else [_field(compiled, move, record, resolve) for move in compiled.a.moves],
        history=[
            _entry(entry)
            for entry in journal.history(connection, session.sync_id, flow=flow.name, a_id=record.id)
        ],
    )


def _modified(session: Session, connection: Connection, compiled: Compiled, id: str) -> str | None:
    at = session.at("a", compiled.flow.a)
    return connection.execute(
        select(record_table.c.modified).where(at.here(), record_table.c.id == id)
    ).scalar()


def _verdict(
    session: Session,
    decision: Decision,
    parked: waiting.Unsettled | None,
    record: Record,
    thin: bool,
    linked: bool,
) -> tuple[str, str, str]:
    there = session.b.name
    if parked is not None and parked.state != "woken":
        return ("refused" if parked.state == "refused" else "waiting"), parked.reason, parked.remedy
    if thin or decision.kind == "unread":
        return "to be written", "Its details are fetched by the next run.", "stockbridge run"
    match decision.kind:
        case "wait":
            return "waiting", decision.reason, decision.remedy
        case "refuse":
            return "refused", decision.reason, decision.remedy
        case "left out":
            words = f"A rule keeps it out: {decision.reason}."
            return "left out", words, "Change the record, or the flag behind that rule."
        case "write":
            ops = " and ".join(str(write.op) for write in decision.writes)
            return "to be written", f"The next run will {ops} it at {there}.", "stockbridge run"
        case "masked":
            return "in step", "It was edited later; this flow does not send edits.", ""
        case _ if record.deleted:
            return "gone", f"It was deleted at {session.a.name}.", ""
        case _:
            return (
                "in step",
                f"{there} holds what {session.a.name} holds." if linked else "There is nothing to do.",
                "",
            )


def _rule(rule: Rule, record: Record) -> RuleTrace:
    conditions = [
        (condition.words(), value_of(record.values, condition.field), holds(condition, record.values))
        for condition in rule.when
    ]
    return RuleTrace(rule=rule.words(), met=all(ok for _, _, ok in conditions), conditions=conditions)


def _field(compiled: Compiled, move: Move, record: Record, resolve: Resolve) -> FieldTrace:
    pair = move.pair
    value: Value = (
        pair.constant if pair.a is None else record.id if pair.a == "id" else value_of(record.values, pair.a)
    )
    sets = compiled.a.admit(record.values).sets
    note = "sent only when the record is made" if pair.once else ""
    sent: Value
    if move.target in sets:
        sent, note = sets[move.target], "set by a rule"
    else:
        try:
            sent = move.to(record, resolve)
        except Missing as missing:
            sent, note = None, f"waits for {missing.what}"
        except Unfit as unfit:
            sent, note = None, f"{unfit.reason} {unfit.remedy}"
    if sent is LEAVE:
        sent, note = None, "not sent: there is no value" if record.full else "not read yet"
    if pair.cut and isinstance(value, str) and isinstance(sent, str) and len(sent) < len(value.strip()):
        note = f"cut to {len(sent)} characters"
    if pair.rounding == "down" and not note and value is not None and not pair.total and sent != value:
        note = "rounded down: only whole numbers are taken"
    if pair.only == "email" and value and not sent:
        note = "not a valid address; left out"
    return FieldTrace(field=move.target, source=_words(pair), value=_shown(pair, value), sent=sent, note=note)


def _words(pair: Pair) -> str:
    if pair.a is None:
        return "always"
    if pair.total is not None:
        return f"{pair.total.measure} of {', '.join(pair.total.keys)}"
    return pair.a


def _shown(pair: Pair, value: Value) -> Value:
    """The numbers behind a total: just the measure, by key."""
    if pair.total is None or not isinstance(value, dict):
        return value
    return {key: value[key].get(pair.total.measure) for key in pair.total.keys if key in value}


def _entry(entry: journal.Entry) -> tuple[str, str, str]:
    what = {Op.CREATE: "created", Op.UPDATE: "updated", Op.REMOVE: "removed"}[Op(entry.op)]
    outcome = entry.outcome or "answer unknown"
    fields = msgspec.json.decode(entry.written)
    detail = ", ".join(f"{name} = {value}" for name, value in fields.items() if not isinstance(value, list))
    if outcome != "done":
        what = f"{what}: {outcome}"
    return entry.intended_at, what, (entry.detail or detail)
