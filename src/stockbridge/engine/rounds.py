"""Going round in circles: the same values written to the same record again and again, because something changes them back
each time (another sync between the same people, another app)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection

from stockbridge.core.decide import Decision
from stockbridge.core.flow import Op
from stockbridge.engine.session import Session
from stockbridge.engine.work import Item
from stockbridge.store import journal
from stockbridge.store.rows import moment_text

MOST, WITHIN = 20, timedelta(days=1)


def stop_going_round(
    session: Session, connection: Connection, flow: str, items: Sequence[Item]
) -> list[Item]:
    """These items, and those refused that were written with just these values more often than a person would."""
    updates = [
        item for item in items if item.a_id and any(write.op is Op.UPDATE for write in item.decision.writes)
    ]
    if not updates:
        return list(items)
    since = moment_text(session.now() - WITHIN)
    often = journal.written_often(
        connection, session.sync_id, flow, [item.a_id or "" for item in updates], since, MOST
    )
    return [_refused(session, item, often) if often else item for item in items]


def _refused(session: Session, item: Item, often: set[tuple[str, str, bytes]]) -> Item:
    for write in item.decision.writes:
        if (item.a_id, write.side, msgspec.json.encode(write.values)) in often:
            system = session.connector(write.side).name
            decision = Decision(
                kind="refuse",
                code="going round",
                field=next(iter(write.values), None),
                reason=f"The same was written to {system} {MOST} times within a day: something changes it back each time.",
                remedy=f"Look which other sync or app writes {', '.join(write.values)} there, and stop one of the two; then: "
                "stockbridge retry",
            )
            return msgspec.structs.replace(item, decision=decision)
    return item
