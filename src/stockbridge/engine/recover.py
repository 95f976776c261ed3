"""Settling intents that a crash or a lost answer left open: by reading, never by repeating."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import msgspec

from stockbridge.core.decide import Compiled, seen
from stockbridge.core.flow import LinkView, Op
from stockbridge.core.mapping import BACK
from stockbridge.core.record import Record, values_type
from stockbridge.engine.read import store_records
from stockbridge.engine.session import Session
from stockbridge.store import journal, links, waiting
from stockbridge.store.journal import Open, Outcome

_MARGIN = timedelta(hours=1)  # between our clock and the other side's


def recover(session: Session) -> int:
    """Settle every open intent; returns how many there were.

    A create whose mark is found is adopted: the link gets a base only for the fields that still equal what was sent. One
    that is not found was not made, and is planned again. Updates and removals are simply decided anew: they say the same
    thing twice without harm.
    """
    with session.engine.connect() as connection:
        opened = journal.still_open(connection, session.sync_id)
    if not opened:
        return 0
    by_flow: dict[tuple[str, str], list[Open]] = defaultdict(list)
    for intent in opened:
        by_flow[(intent.flow, intent.side)].append(intent)
    for compiled in session.flows:
        for side in ("b", "a"):
            if intents := by_flow.pop((compiled.flow.name, side), None):
                _settle(session, compiled, side == "b", intents)
    left = [intent for intents in by_flow.values() for intent in intents]
    if left:  # of flows that this sync does not have any more
        with session.begin() as connection:
            journal.settle(
                connection,
                [(one.id, "superseded", "the flow is gone", None) for one in left],
                session.clock(),
            )
    return len(opened)


def _settle(session: Session, compiled: Compiled, at_b: bool, intents: list[Open]) -> None:
    side = compiled.b if at_b else compiled.a
    creates = [one for one in intents if one.op == Op.CREATE and one.mark]
    found: dict[str, list[Record]] = {}
    if creates:
        since = min(datetime.fromisoformat(one.intended_at) for one in creates) - _MARGIN
        marks = {one.mark or "" for one in creates}
        found = session.connector("b" if at_b else "a").find(side.stream.name, marks, since)
    with session.begin() as connection:
        bond = session.bonds[compiled.flow.name]
        outcomes: list[tuple[int, Outcome, str, str | None]] = []
        for one in intents:
            outcome: Outcome = "superseded"
            detail, other = "decided anew", None
            if one.op == Op.CREATE:
                candidates = found.get(one.mark or "", [])
                taken = (links.by_b if at_b else links.by_a)(
                    connection, bond, [record.id for record in candidates]
                )
                candidates = [record for record in candidates if record.id not in taken]
                if candidates:
                    record = candidates[0]
                    store_records(session, connection, "b" if at_b else "a", side.stream, candidates)
                    links.put(connection, bond, [_adopted(compiled, at_b, one, record)])
                    waiting.wake(
                        connection,
                        session.sync_id,
                        [
                            f"{one.flow}:{one.a_id or record.id}",
                            f"{one.flow}{BACK}:{record.id if at_b else one.b_id}",
                        ],
                    )
                    outcome, detail, other = "adopted", "found at the other side", record.id if at_b else None
                else:
                    outcome, detail = "not written", "not found at the other side"
            outcomes.append((one.id, outcome, detail, other))
        journal.settle(connection, outcomes, session.clock())
        now = session.clock()
        waiting.put(
            connection,
            session.sync_id,
            [
                waiting.Unsettled(
                    flow=one.flow,
                    side="a" if one.a_id is not None else "b",
                    id=one.a_id or one.b_id or "",
                    state="woken",
                    reason="The last write was cut short.",
                    since=now,
                )
                for one in {(one.a_id, one.b_id): one for one in intents}.values()
            ],
        )


def _adopted(compiled: Compiled, at_b: bool, intent: Open, record: Record) -> LinkView:
    """The link of a record that our own create made. It is a base only where it still equals what was sent."""
    side, other = (compiled.b, compiled.a) if at_b else (compiled.a, compiled.b)
    sent = msgspec.json.decode(intent.written, type=values_type(side.stream.fields))
    base = {name: value for name, value in seen(side, record).items() if name in sent and sent[name] == value}
    hidden = {
        name: value for name, value in sent.items() if name in side.fields and name not in record.values
    }
    base.update(hidden)  # what the system does not show (lines) is taken to stand as it was sent
    saw = None
    if intent.saw is not None:
        saw = msgspec.json.decode(intent.saw, type=values_type(other.stream.fields))
    if at_b:
        return LinkView(a_id=intent.a_id or "", b_id=record.id, a_snapshot=saw, b_snapshot=base)
    return LinkView(a_id=record.id, b_id=intent.b_id or "", a_snapshot=base, b_snapshot=saw)
