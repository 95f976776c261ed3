"""Why is this record where it is: what was read, each rule it met, the mapping row by row, and what was done."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from stockbridge.core.casts import Unfit
from stockbridge.core.compiled import Compiled, CompiledSide
from stockbridge.core.decide import DELETED, KEPT, Decision, wants_detail
from stockbridge.core.flow import Flow, Op, Pair, Rule, Side
from stockbridge.core.mapping import BACK, LEAVE, LeftOut, Missing, Move, NotYet, Resolve
from stockbridge.core.record import Record, Value, value_of
from stockbridge.core.report import Explanation, FieldTrace, RuleTrace
from stockbridge.core.rules import holds
from stockbridge.engine.by_hand import out_words
from stockbridge.engine.likely import may_be, yes_or_no
from stockbridge.engine.preview import label_of
from stockbridge.engine.session import Session
from stockbridge.engine.work import decide_chunk
from stockbridge.store import checkpoints, exclusions, inbox, journal, links, mirror, waiting
from stockbridge.store.schema import mirror as record_table
from stockbridge.store.shelf import Shelf


def explain(session: Session, flow: str, name: str) -> list[Explanation]:
    """Everything known of the records that `name` means: an id at either side, a SKU, an order number, a name.

    A record that stands at both sides is told from side a. Makes no call and writes nothing. Raises KeyError where there
    is no such flow.
    """
    compiled = {one.flow.name: one for one in session.flows}[flow]
    with session.engine.connect() as connection:
        records = mirror.by_name(connection, session.at("a", compiled.flow.a), name)
        others = mirror.by_name(connection, session.at("b", compiled.flow.b), name)
        bond = session.bonds[flow]
        linked = {
            one.b_id: one.a_id for one in links.by_b(connection, bond, [one.id for one in others]).values()
        }
        linked.update({one.b_id: one.a_id for one in links.by_b(connection, bond, [name]).values()})
        known = {one.id for one in records}
        found = mirror.get(connection, session.at("a", compiled.flow.a), set(linked.values()) - known)
        records += [found[id] for id in sorted(found)]
        alone = [one for one in others if one.id not in linked]
        if records and not compiled.flow.takes_from_b:
            alone = []  # what else is called so over there is no matter of this flow
        out = [_explain(session, connection, compiled, "a", record) for record in records]
        out += [_explain(session, connection, compiled, "b", record) for record in alone]
        return out or [_unknown(session, connection, compiled, name)]


def _unknown(session: Session, connection: Connection, compiled: Compiled, name: str) -> Explanation:
    flow = compiled.flow.name
    parked = waiting.rows(connection, session.sync_id, flow, [name])
    if parked:
        return Explanation(
            flow=flow,
            id=name,
            label="",
            side=parked[0].side,
            verdict="refused",
            reason=parked[0].reason,
            remedy=parked[0].remedy,
        )
    if waiting.waited_for(connection, session.sync_id, f"{flow}{BACK}:{name}"):
        verdict, reason, remedy = _on_its_own(session, compiled, None)
        return Explanation(
            flow=flow, id=name, label="", side="b", verdict=verdict, reason=reason, remedy=remedy
        )
    state = checkpoints.load(connection, session.sync_id, "a", _source(compiled.a))
    reason = f"{session.a.name} has not shown any {compiled.a.stream.noun} by that id, number or name"
    if compiled.flow.takes_from_b:
        reason += f", nor {session.b.name} any {compiled.b.stream.noun}"
    reason += "."
    if state.read_at is None:
        reason = f"{session.a.name} was never read yet."
    return Explanation(
        flow=flow,
        id=name,
        label="",
        verdict="not found",
        reason=reason,
        remedy="Check the spelling, or read everything again: stockbridge run --full",
        read_at=state.read_at,
    )


def _source(side: CompiledSide) -> str:
    return side.stream.derived_from or side.stream.name


def _explain(
    session: Session, connection: Connection, compiled: Compiled, side: Side, record: Record
) -> Explanation:
    """One record of that side; of side b only one that has no partner."""
    flow = compiled.flow
    here, rules = (compiled.a, flow.rules_a) if side == "a" else (compiled.b, flow.rules_b)
    link = (
        links.by_a(connection, session.bonds[flow.name], [record.id]).get(record.id) if side == "a" else None
    )
    ids: tuple[list[str], list[str]] = ([record.id], []) if side == "a" else ([], [record.id])
    item = next(iter(decide_chunk(session, connection, compiled, *ids, planning=True)), None)
    if item is not None:  # with the values that are looked up in what it refers to
        record = (item.a if side == "a" else item.b) or record
    rows = waiting.rows(connection, session.sync_id, flow.name, [record.id])
    parked = next((row for row in rows if row.side == side), None)
    thin = side == "a" and wants_detail(compiled, link, record)
    if item is None:
        verdict, reason, remedy = _on_its_own(session, compiled, record)
    else:
        verdict, reason, remedy = _verdict(
            session, flow, side, item.decision, parked, record, thin, link is not None
        )
    if parked is not None and verdict == "waiting":
        reason += _called(session, connection, parked.needs)
    if not record.deleted:
        told = _by_a_person(session, connection, flow.name, side, record.id)
        verdict, reason, remedy = told or (verdict, reason, remedy)
    state = checkpoints.load(connection, session.sync_id, side, _source(here))

    def resolve(name: str, id: str) -> str | None:
        back = name.endswith(BACK)
        name = name.removesuffix(BACK)
        return links.other_ids(connection, session.sync_id, name, [id], back=back).get(id)

    other_id = None
    if link is not None:
        other_id = link.b_id
    elif item is not None:
        other_id = item.b_id if side == "a" else item.a_id
    written = journal.history(
        connection,
        session.sync_id,
        flow=flow.name,
        a_id=record.id if side == "a" else None,
        b_id=record.id if side == "b" else None,
    )
    return Explanation(
        flow=flow.name,
        id=record.id,
        label=label_of(here.stream.names, record),
        verdict=verdict,
        reason=reason,
        remedy=remedy,
        side=side,
        other_id=other_id,
        read_at=state.read_at,
        modified=_modified(connection, session.at(side, here.stream.name), record.id),
        rules=[_rule(rule, record, other_id is not None) for rule in rules],
        fields=[]
        if record.deleted or item is None
        else [_field(here, side, move, record, resolve) for move in here.moves],
        history=[_entry(session, entry, both_ways=flow.takes_from_b) for entry in written],
    )


def _by_a_person(
    session: Session, connection: Connection, flow: str, side: Side, id: str
) -> tuple[str, str, str] | None:
    """What a person decided about this record, or has to decide."""
    out = exclusions.of(connection, session.sync_id, flow, side, [id]).get(id)
    if out is not None:
        return "left out", f"It is {out_words(out)}.", f"Let it in again: stockbridge include {id}"
    ids: tuple[list[str], list[str]] = ([id], []) if side == "a" else ([], [id])
    asked = [one for one in inbox.about(connection, session.sync_id, flow, *ids) if one.answer is None]
    if asked and asked[0].kind == "match":
        return "waiting", may_be(session, side, asked), yes_or_no(asked[0])
    if asked:
        fields = ", ".join(one.field.replace("_", " ").replace(".", " ") for one in asked)
        answer = f"stockbridge inbox {asked[0].id} {session.a.name.lower()}"
        return "waiting", f"Both sides changed it: {fields}.", f"Say which counts, for example: {answer}"
    return None


def _modified(connection: Connection, at: Shelf, id: str) -> str | None:
    query = select(record_table.c.modified).where(at.here(), record_table.c.id == id)
    return connection.execute(query).scalar()


def _on_its_own(session: Session, compiled: Compiled, record: Record | None) -> tuple[str, str, str]:
    """A record of side b in a flow that takes nothing from there."""
    here, there = session.b.name, session.a.name
    if record is not None and record.deleted:
        return "gone", f"It was deleted at {here}.", ""
    noun, other = compiled.b.stream.noun, compiled.a.stream.noun
    return (
        "left out",
        f"It is in {here} alone: no {other} of {there} goes with it, and none is made out of it.",
        f"What refers to it cannot go to {there}. Take a {noun} that came from there in its place.",
    )


def _called(session: Session, connection: Connection, needs: str | None) -> str:
    """What people call the record that is waited for, as far as it is known."""
    if needs is None:
        return ""
    name, _, id = needs.partition(":")
    side: Side = "b" if name.endswith(BACK) else "a"
    compiled = next((one for one in session.flows if one.flow.name == name.removesuffix(BACK)), None)
    if compiled is None:
        return ""
    stream = (compiled.a if side == "a" else compiled.b).stream
    found = mirror.get(connection, session.at(side, stream.name), [id]).get(id)
    label = label_of(stream.names, found)
    if not label:
        return ""
    gone = (
        f", which was deleted at {session.connector(side).name}"
        if found is not None and found.deleted
        else ""
    )
    return f" That is {label}{gone}."


def _kept_out(flow: Flow, reason: str) -> tuple[str, str]:
    """Why a record is left out, and what would change that, in words."""
    if flow.keyed and reason == flow.keyed:
        return (
            f"It has {reason} to find its partner by.",
            "Give it one, or change the setting that leaves such records out (avoid_duplicates).",
        )
    if reason in (DELETED, KEPT):
        return f"It was {reason}.", "Delete it here too, or restore it or make it anew there."
    return f"A rule keeps it out: {reason}.", "Change the record, or the setting behind that rule."


def _verdict(
    session: Session,
    flow: Flow,
    side: Side,
    decision: Decision,
    parked: waiting.Unsettled | None,
    record: Record,
    thin: bool,
    linked: bool,
) -> tuple[str, str, str]:
    here, there = session.a.name, session.b.name
    if side == "b":
        here, there = there, here
    if record.deleted and linked and decision.kind == "left out":
        words = f"It was deleted at {here} and stays at {there}."
        return "gone", words, f"Delete it at {there} too, or restore it or make it anew at {here}."
    if parked is not None and parked.state == "left out":
        return "left out", *_kept_out(flow, parked.reason)
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
            return "left out", *_kept_out(flow, decision.reason)
        case "write":
            return "to be written", _to_be_written(session, side, decision, record), "stockbridge run"
        case "masked":
            return "in step", "It was edited later; this flow does not send edits.", ""
        case _ if record.deleted:
            return "gone", f"It was deleted at {here}.", ""
        case _:
            return (
                "in step",
                f"{there} holds what {here} holds." if linked else "There is nothing to do.",
                "",
            )


def _to_be_written(session: Session, side: Side, decision: Decision, record: Record) -> str:
    """What the next run does at either side, and the deletion that it does it for."""
    ops: dict[str, list[str]] = {}
    for write in decision.writes:
        ops.setdefault(session.connector(write.side).name, []).append(str(write.op))
    words = " and ".join(f"{' and '.join(some)} it at {system}" for system, some in ops.items())
    lost: Side | None = None
    if record.deleted:
        lost = side
    elif any(write.marked for write in decision.writes):
        lost = "b" if side == "a" else "a"
    gone = f"It was deleted at {session.connector(lost).name}. " if lost is not None else ""
    return f"{gone}The next run will {words}."


def _rule(rule: Rule, record: Record, there: bool) -> RuleTrace:
    conditions = [
        (
            condition.words(),
            value_of(record.values, condition.field) if condition.field else None,
            holds(condition, record.values, there=there, gone=record.deleted),
        )
        for condition in rule.when
    ]
    return RuleTrace(rule=rule.words(), met=all(ok for _, _, ok in conditions), conditions=conditions)


def _field(here: CompiledSide, side: Side, move: Move, record: Record, resolve: Resolve) -> FieldTrace:
    pair = move.pair
    source = pair.a if side == "a" else pair.b
    value: Value = (
        pair.constant if source is None else record.id if source == "id" else value_of(record.values, source)
    )
    sets = here.admit(record.values).sets
    note = "sent only when the record is made" if pair.once else ""
    sent: Value
    if move.target in sets:
        sent, note = sets[move.target], "set by a rule"
    else:
        try:
            sent = move.to(record, resolve)
        except Missing as missing:
            sent, note = None, f"waits for {missing.what}"
        except LeftOut as left_out:
            sent, note = None, str(left_out)
        except NotYet as early:
            sent, note = None, early.reason
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
    return FieldTrace(
        field=move.target, source=_words(pair, source), value=_shown(pair, value), sent=sent, note=note
    )


def _words(pair: Pair, source: str | None) -> str:
    if source is None:
        return "always"
    if pair.total is not None:
        return f"{pair.total.measure} of {', '.join(pair.total.keys)}"
    return source


def _shown(pair: Pair, value: Value) -> Value:
    """The numbers behind a total: just the measure, by key."""
    if pair.total is None or not isinstance(value, dict):
        return value
    return {key: value[key].get(pair.total.measure) for key in pair.total.keys if key in value}


def _entry(session: Session, entry: journal.Entry, *, both_ways: bool) -> tuple[str, str, str]:
    what = {Op.CREATE: "created", Op.UPDATE: "updated", Op.REMOVE: "removed"}[Op(entry.op)]
    if both_ways:
        what += f" in {session.connector('a' if entry.side == 'a' else 'b').name}"
    outcome = entry.outcome or "answer unknown"
    fields = msgspec.json.decode(entry.written)
    detail = ", ".join(f"{name} = {_plain(value)}" for name, value in fields.items() if not _is_lines(value))
    if outcome != "done":
        what = f"{what}: {outcome}"
    return entry.intended_at, what, f"change {entry.id}: {entry.detail or detail}"


def _is_lines(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _plain(value: object) -> str:
    if value in (None, "", []):
        return "empty"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
