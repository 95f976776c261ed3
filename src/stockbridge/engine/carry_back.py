"""Takes back what was planned: every write with its intent before the call and its outcome after it, as a run of its own."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Halt, OverBudget, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.core.flow import LinkView, Op, Side
from stockbridge.core.record import Record, Stream, Values
from stockbridge.core.report import FlowReport, RunReport
from stockbridge.engine.by_hand import flow_of
from stockbridge.engine.harvest import outcome_of
from stockbridge.engine.intake import bury_with_children, store_records
from stockbridge.engine.run import stopped_by
from stockbridge.engine.session import Session
from stockbridge.engine.undo import Step, UndoPlan
from stockbridge.store import exclusions, journal, links, mirror, runs, waiting
from stockbridge.store.journal import Intent, Outcome


class NotDone(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was refused, or whose answer was lost."""

    step: Step
    reason: str
    remedy: str


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the number of the run, how many steps were made, those that were not, what stopped it ("")."""

    run: int
    done: int
    failed: list[NotDone]
    stopped: str = ""
    remedy: str = ""


def carry_out(session: Session, plan: UndoPlan) -> Undone:
    """Make these steps in their order. What is taken back stands until its source changes: the next run sees nothing new.

    A record that is removed leaves its source alone at the other side, which is left out from then on, like a record
    that is made again. Whatever was not done is done by planning it once more. Never raises for trouble with a system.
    """
    started, spent = session.now(), (session.a.meter.spent, session.b.meter.spent)
    with session.begin() as connection:
        number = runs.begin(connection, session.sync_id, "undo", session.clock())
    reports = {one.flow.name: FlowReport(flow=one.flow.name) for one in session.flows}
    failed: list[NotDone] = []
    stop: Trouble | None = None
    done = 0
    for step in plan.steps:
        try:
            _make(session, number, step)
        except Trouble as trouble:
            failed.append(NotDone(step=step, reason=trouble.what, remedy=trouble.remedy))
            if isinstance(trouble, Unauthorized | OverBudget | Halt | Retry):
                stop = trouble
                break
            continue
        done += 1
        flow = reports[step.flow]
        flow.created += step.op is Op.CREATE
        flow.updated += step.op is Op.UPDATE
        flow.removed += step.op is Op.REMOVE
    ended = session.now()
    connectors = (session.a, session.b)
    report = RunReport(
        run=number,
        sync=session.name,
        mode="undo",
        outcome="stopped" if stop is not None else "left over" if failed or plan.left else "in step",
        started_at=started.isoformat(),
        ended_at=ended.isoformat(),
        seconds=round((ended - started).total_seconds(), 3),
        flows=list(reports.values()),
        calls={one.name: one.meter.spent - before for one, before in zip(connectors, spent, strict=True)},
        least_calls=sum(step.side == "a" for step in plan.steps),
        left_today=session.a.meter.remaining,
        stop_code=stop.code if stop is not None else None,
        stopped_by=stopped_by(stop),
        message=stop.what if stop is not None else f"took back {plan.what}",
        remedy=stop.remedy if stop is not None else "",
    )
    with session.begin() as connection:
        runs.end(connection, report)
    return Undone(
        run=number,
        done=done,
        failed=failed,
        stopped=stop.what if stop is not None else "",
        remedy=stop.remedy if stop is not None else "",
    )


def _make(session: Session, run: int, step: Step) -> None:
    """One step. Raises the trouble that it met, after it was written down."""
    compiled = flow_of(session, step.flow)
    stream = (compiled.a if step.side == "a" else compiled.b).stream
    connector = session.connector(step.side)
    with session.begin() as connection:
        linked = _link(session, connection, step)
        [number] = journal.intend(
            connection, session.sync_id, [_intent(session, run, step, linked is not None)]
        )
        if (
            step.op is Op.REMOVE
        ):  # before the call, or a crash after it would have the source make it once more
            freshly_out = _leave_out_source(session, connection, step, run)
    try:
        answered: Record | None = None
        match step.op:
            case Op.UPDATE:
                answered = connector.update(stream.name, step.id or "", step.values)
            case Op.CREATE:
                answered = connector.create(stream.name, step.values, f"undo {number}")
            case Op.REMOVE:
                connector.remove(stream.name, step.id or "")
    except Trouble as trouble:
        outcome = outcome_of(trouble)
        if outcome is None and step.op is Op.CREATE:  # nothing that a run could tell its fate by
            outcome = "superseded"
        with session.begin() as connection:
            if outcome is not None:
                journal.settle(connection, [(number, outcome, trouble.what, None)], session.clock())
            if step.op is Op.REMOVE and not isinstance(trouble, Uncertain):
                for side, id in freshly_out:
                    exclusions.drop(connection, session.sync_id, step.flow, side, [id])
        raise
    with session.begin() as connection:
        _store(session, connection, compiled, stream, step, number, linked, answered)


def _store(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    stream: Stream,
    step: Step,
    number: int,
    linked: LinkView | None,
    answered: Record | None,
) -> None:
    done: Outcome = "done"
    own = answered.id if answered is not None else None
    journal.settle(connection, [(number, done, "", own)], session.clock())
    if answered is None:
        bury_with_children(session, connection, step.side, stream, [step.id or ""])
        if linked is not None:
            links.drop(connection, session.bonds[step.flow], [linked.a_id])
        for side, id in (("a", step.a_id), ("b", step.b_id)):
            if id is not None:
                waiting.clear(connection, session.sync_id, step.flow, side, [id])
        return
    known = mirror.get(connection, session.at(step.side, stream.name), [answered.id]).get(answered.id)
    values: Values = {**(known.values if known is not None else {}), **step.values, **answered.values}
    stored = msgspec.structs.replace(answered, values=values, full=True)
    # As news, so that nothing that a person changed in the meantime is passed over; the next run finds it in step.
    store_records(session, connection, step.side, stream, [stored])
    if step.op is Op.CREATE:
        reason = "made again by undo"
        exclusions.put(
            connection, session.sync_id, step.flow, step.side, [answered.id], reason, session.clock()
        )
    elif linked is not None:
        links.put(connection, session.bonds[step.flow], [_agreed(compiled, linked, step, values)])


def _agreed(compiled: Compiled, linked: LinkView, step: Step, values: Values) -> LinkView:
    """The link, its base being what stands there now. What the other side held when they last agreed stays: only what
    changes there from now on is carried over."""
    side = compiled.a if step.side == "a" else compiled.b
    now = {name: values[name] for name in step.values if name in side.fields}
    if step.side == "a":
        return msgspec.structs.replace(linked, a_snapshot={**(linked.a_snapshot or {}), **now})
    return msgspec.structs.replace(linked, b_snapshot={**(linked.b_snapshot or {}), **now})


def _link(session: Session, connection: Connection, step: Step) -> LinkView | None:
    if step.id is None:
        return None
    find = links.by_a if step.side == "a" else links.by_b
    return find(connection, session.bonds[step.flow], [step.id]).get(step.id)


def _intent(session: Session, run: int, step: Step, linked: bool) -> Intent:
    """The write as it is written down. A record that has lost its partner since is alone: were this cut short, the run that
    settles it must not link the two again."""
    partner = linked or step.op is Op.REMOVE
    return Intent(
        run=run,
        flow=step.flow,
        side=step.side,
        op=str(step.op),
        a_id=step.a_id if partner or step.side == "a" else None,
        b_id=step.b_id if partner or step.side == "b" else None,
        mark=None,
        written=step.values,
        before=step.before,
        saw=None,
        intended_at=session.clock(),
    )


def _leave_out_source(
    session: Session, connection: Connection, step: Step, run: int
) -> list[tuple[Side, str]]:
    """The record that it was made from makes it no second time; returns what was not left out before."""
    side: Side = "a" if step.side == "b" else "b"
    id = step.a_id if side == "a" else step.b_id
    if id is None or exclusions.of(connection, session.sync_id, step.flow, side, [id]):
        return []
    system = session.connector(step.side).name
    reason = f"its copy at {system} was taken back by run {run}"
    exclusions.put(connection, session.sync_id, step.flow, side, [id], reason, session.clock())
    return [(side, id)]
