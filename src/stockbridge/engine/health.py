"""Where every record of a sync stands: in step, left out, double, waiting for an answer, alone, failed; and why.

Worked out from the store alone, with the same decisions that a run would make.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import Op, Side
from stockbridge.core.record import Record
from stockbridge.engine.by_hand import out_words
from stockbridge.engine.likely import CODE, may_be, yes_or_no
from stockbridge.engine.preview import label_of
from stockbridge.engine.session import Session
from stockbridge.engine.settle import CHUNK
from stockbridge.engine.work import Item, decide_chunk, lacking_detail
from stockbridge.store import checkpoints, exclusions, inbox, links, mirror, waiting
from stockbridge.store.inbox import Asked

IN_STEP = "in step"
DUE = "due"
ASKED = "waiting for an answer"
DUPLICATE = "duplicates"
ALONE = "deleted opposite"
EXCLUDED = "excluded"
FAILED = "failed"
STATES = {
    IN_STEP: "both sides agree",
    DUE: "the next run writes them",
    ASKED: "only you can tell: stockbridge inbox",
    DUPLICATE: "it is not clear which belongs to which: stockbridge duplicates",
    ALONE: "deleted at one side, kept at the other",
    EXCLUDED: "left out by a rule, by a setting or by hand",
    FAILED: "refused, or waiting for something else",
}
"""Every state, in the order in which they are shown, and what it means."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One record, with its partner as far as it has one: where it stands, why, and what would mend it.

    `questions` are the numbers of what is asked about it.
    """

    state: str
    flow: str
    a_id: str | None
    b_id: str | None
    a_name: str
    b_name: str
    reason: str
    remedy: str
    questions: list[int] = []


class FlowHealth(msgspec.Struct, kw_only=True):
    """One flow: how many records stand where (a pair counts once), by state and by reason in words; and the records
    themselves, but for those in step, up to a limit for each state."""

    flow: str
    counts: dict[str, int]
    reasons: dict[str, dict[str, int]]
    entries: list[Entry]


class Health(msgspec.Struct, kw_only=True):
    """How a sync stands."""

    sync: str
    flows: list[FlowHealth]

    def count(self, state: str) -> int:
        return sum(flow.counts[state] for flow in self.flows)


def health(session: Session, *, states: Collection[str] | None = None, limit: int = 100) -> Health:
    """Where every record stands. Makes no call and writes nothing.

    All are counted; those in `states` (None: all but those in step) are listed, up to `limit` for each state and flow.
    """
    listed = set(STATES) - {IN_STEP} if states is None else set(states)
    with session.engine.connect() as connection:
        flows = [_flow(session, connection, compiled, listed, limit) for compiled in session.flows]
    return Health(sync=session.name, flows=flows)


def _flow(
    session: Session, connection: Connection, compiled: Compiled, listed: Collection[str], limit: int
) -> FlowHealth:
    out = FlowHealth(flow=compiled.flow.name, counts=dict.fromkeys(STATES, 0), reasons={}, entries=[])
    for entry in _entries(session, connection, compiled):
        out.counts[entry.state] += 1
        if entry.state == IN_STEP:
            if IN_STEP in listed and out.counts[IN_STEP] <= limit:
                out.entries.append(entry)
            continue
        reasons = out.reasons.setdefault(entry.state, {})
        reasons[entry.reason] = reasons.get(entry.reason, 0) + 1
        if entry.state in listed and out.counts[entry.state] <= limit:
            out.entries.append(entry)
    return out


class _Desk(msgspec.Struct, kw_only=True):
    """What of a flow is known besides its records, looked up once."""

    session: Session
    compiled: Compiled
    asked: dict[tuple[str, str], list[Asked]]
    who: dict[tuple[str, str], list[Asked]]  # whether a record is the same as another: by side and id
    out_a: dict[str, str]  # left out by hand: id -> reason
    out_b: dict[str, str]
    parked: dict[tuple[str, str], waiting.Unsettled]


def _entries(session: Session, connection: Connection, compiled: Compiled) -> Iterator[Entry]:
    flow = compiled.flow
    asked: dict[tuple[str, str], list[Asked]] = {}
    who: dict[tuple[str, str], list[Asked]] = {}
    for one in inbox.open_questions(connection, session.sync_id, flow.name):
        if one.kind == "value":
            asked.setdefault((one.a_id, one.b_id), []).append(one)
            continue
        for key in (("a", one.a_id), ("b", one.b_id)):
            who.setdefault(key, []).append(one)
    out = exclusions.all_of(connection, session.sync_id, flow.name)
    unsettled = waiting.rows(connection, session.sync_id, flow.name, limit=1_000_000)
    desk = _Desk(
        session=session,
        compiled=compiled,
        asked=asked,
        who=who,
        out_a={one.id: one.reason for one in out if one.side == "a"},
        out_b={one.id: one.reason for one in out if one.side == "b"},
        parked={(row.side, row.id): row for row in unsettled},
    )
    seen: set[tuple[str, str]] = set()
    for item in _items(session, connection, compiled):
        ids = [(side, id) for side, id in (("a", item.a_id), ("b", item.b_id)) if id is not None]
        told = [one for one in ids if one in seen]
        if len(told) == len(ids):
            continue  # a pair that is about to be matched comes up from both sides
        seen.update(ids)
        if told:  # two find the same partner, which stands somewhere already
            item = _without(item, told[0][0])
        entry = _entry(desk, item)
        if entry is not None:
            yield entry
    for row in unsettled:  # what could not be read stands in no mirror
        if (row.side, row.id) not in seen:
            yield _failed(
                desk, row, None, row.id if row.side == "a" else None, row.id if row.side == "b" else None
            )


def _items(session: Session, connection: Connection, compiled: Compiled) -> Iterator[Item]:
    """Every record of both sides, decided; those of side b only where they have no partner."""
    flow = compiled.flow
    state = checkpoints.load_flow(connection, session.sync_id, flow.name)
    recheck = state.fingerprint not in ("", session.fingerprints[flow.name])
    place = (0, "")
    while rows := mirror.changed(connection, session.at("a", flow.a), place, CHUNK):
        place = (rows[-1][0], rows[-1][1].id)
        records = [record for _, record in rows]
        thin = {record.id for record in lacking_detail(session, connection, compiled, records)}
        ids = [record.id for record in records if record.id not in thin]
        yield from decide_chunk(session, connection, compiled, ids, [], recheck=recheck, planning=True)
        for item in decide_chunk(session, connection, compiled, thin, [], planning=True) if thin else ():
            decision = item.decision
            if decision.kind not in ("left out", "refuse", "wait"):
                decision = msgspec.structs.replace(decision, kind="unread")
            yield msgspec.structs.replace(item, decision=decision)
    place = (0, "")
    while rows := mirror.changed(connection, session.at("b", flow.b), place, CHUNK):
        place = (rows[-1][0], rows[-1][1].id)
        ids = [record.id for _, record in rows]
        linked = links.other_ids(connection, session.sync_id, flow.name, ids, back=True)
        alone = [id for id in ids if id not in linked]
        if alone:
            yield from decide_chunk(session, connection, compiled, [], alone, recheck=recheck, planning=True)


def _without(item: Item, side: str) -> Item:
    """The item with the record of the other side alone."""
    if side == "a":
        return msgspec.structs.replace(item, a_id=None, a=None)
    return msgspec.structs.replace(item, b_id=None, b=None)


def _entry(desk: _Desk, item: Item) -> Entry | None:
    """Where this record stands; None where there is nothing to tell of it (it is gone, and so is its partner)."""
    here, there = desk.session.a.name, desk.session.b.name
    decision = item.decision
    gone_a, gone_b = item.a is None or item.a.deleted, item.b is None or item.b.deleted
    if gone_a and gone_b:
        return None

    def entry(state: str, reason: str, remedy: str, questions: Collection[int] = ()) -> Entry:
        return _made(desk, item, state, reason, remedy, questions)

    by_hand = desk.out_a.get(item.a_id or "") or desk.out_b.get(item.b_id or "")
    if by_hand is not None:
        return entry(
            EXCLUDED, out_words(by_hand), f"Let it in again: stockbridge include {item.a_id or item.b_id}"
        )
    if (
        item.link is not None
        and (gone_a or gone_b)
        and decision.kind in ("same", "masked", "left out", "agree")
    ):
        left, kept = (here, there) if gone_a else (there, here)
        marked = f" It is marked at {kept}." if item.link.marked else ""
        return entry(
            ALONE,
            f"It was deleted at {left} and stays at {kept}.{marked}",
            f"Delete it at {kept} too, or restore it or make it anew at {left}.",
        )
    row = _row(desk, item)
    if questions := desk.asked.get((item.a_id or "", item.b_id or "")):
        fields = ", ".join(one.field.replace("_", " ").replace(".", " ") for one in questions)
        numbers = [one.id for one in questions]
        first = f"stockbridge inbox {numbers[0]} {here.lower()}"
        return entry(ASKED, f"Both sides changed it: {fields}.", f"Say which counts: {first}", numbers)
    if item.link is None and (item.a_id is None or item.b_id is None):
        questions = desk.who.get(("a", item.a_id) if item.a_id is not None else ("b", item.b_id or ""), [])
        if questions:
            side: Side = "a" if item.a_id is not None else "b"
            return entry(
                ASKED,
                may_be(desk.session, side, questions),
                yes_or_no(questions[0]),
                [one.id for one in questions],
            )
    if decision.code == CODE:
        return entry(ASKED, decision.reason, "The next run asks: stockbridge run")
    if decision.code == "duplicate":
        return entry(DUPLICATE, decision.reason, decision.remedy)
    if row is not None and row.code == "duplicate":
        return entry(DUPLICATE, row.reason, row.remedy)
    if row is not None and row.state not in ("woken", "left out"):
        return _failed(desk, row, item, item.a_id, item.b_id)
    match decision.kind:
        case "refuse" | "wait":
            return entry(FAILED, decision.reason, decision.remedy)
        case "left out":
            reason = decision.reason or "no rule takes it in"
            return entry(EXCLUDED, reason, "Change the record, or the rule or setting behind that.")
        case "masked" if item.link is None:
            stands, other = (here, there) if item.a is not None else (there, here)
            return entry(
                EXCLUDED,
                f"it stands at {stands} alone, and this sync makes nothing at {other}",
                "The direction of the sync says so.",
            )
        case "write" | "unread":
            words = " and ".join(_write_words(desk, op, side) for op, side in _writes(item))
            return entry(DUE, words or "its details are read by the next run", "stockbridge run")
        case "agree" if item.link is None:
            return entry(DUE, "recognised as the same at both sides", "stockbridge run")
        case _:
            if item.link is None:
                return (
                    None
                    if not desk.compiled.flow.takes_from_b
                    else entry(EXCLUDED, "there is nothing to do with it", "")
                )
            return entry(IN_STEP, "", "")


def _writes(item: Item) -> list[tuple[Op, Side]]:
    return [(write.op, write.side) for write in item.decision.writes]


def _write_words(desk: _Desk, op: Op, side: Side) -> str:
    done = {Op.CREATE: "to be made", Op.UPDATE: "to be changed", Op.REMOVE: "to be removed"}[op]
    return f"{done} at {desk.session.connector(side).name}"


def _row(desk: _Desk, item: Item) -> waiting.Unsettled | None:
    return desk.parked.get(("a", item.a_id or "")) or desk.parked.get(("b", item.b_id or ""))


def _failed(
    desk: _Desk, row: waiting.Unsettled, item: Item | None, a_id: str | None, b_id: str | None
) -> Entry:
    if item is not None:
        return _made(desk, item, FAILED, row.reason, row.remedy, ())
    return Entry(
        state=FAILED,
        flow=desk.compiled.flow.name,
        a_id=a_id,
        b_id=b_id,
        a_name="",
        b_name="",
        reason=row.reason,
        remedy=row.remedy,
    )


def _made(desk: _Desk, item: Item, state: str, reason: str, remedy: str, questions: Collection[int]) -> Entry:
    def name(names: tuple[str, ...], record: Record | None) -> str:
        return "" if state == IN_STEP and record is None else label_of(names, record)

    return Entry(
        state=state,
        flow=desk.compiled.flow.name,
        a_id=item.a_id,
        b_id=item.b_id,
        a_name=name(desk.compiled.a.stream.names, item.a),
        b_name=name(desk.compiled.b.stream.names, item.b),
        reason=reason,
        remedy=remedy,
        questions=list(questions),
    )
