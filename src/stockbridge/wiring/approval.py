"""What a person may allow the next run to do beyond the safety limits."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from stockbridge.core.limits import too_many_deletions
from stockbridge.engine.guard import deletions_to_come
from stockbridge.engine.session import Session
from stockbridge.store import links
from stockbridge.store.schema import sync


def approve(session: Session, code: str | None) -> dict[str, int]:
    """Allow the next run what the limit with this code stopped: just the deletions that are known now, by flow; or a
    side that reads empty; or a change of everything. Returns what was allowed."""
    allowed: dict[str, int] = {code: 1} if code in ("read-empty", "everything") else {}
    with session.begin() as connection:
        for compiled in session.flows if not allowed else ():
            flow = compiled.flow
            linked = links.count(connection, session.sync_id, flow.name)
            for _side, gone in deletions_to_come(session, connection, compiled):
                if too_many_deletions(gone, linked):
                    allowed[flow.name] = max(gone, allowed.get(flow.name, 0))
        connection.execute(
            sa.update(sync).where(sync.c.id == session.sync_id).values(approved=msgspec.json.encode(allowed))
        )
    return allowed
