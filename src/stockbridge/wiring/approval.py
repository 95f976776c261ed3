"""What a person may allow the next run to do beyond the safety limits, and which run waits for that."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from stockbridge.core.limits import too_many_deletions
from stockbridge.core.report import RunReport
from stockbridge.engine.guard import deletions_to_come
from stockbridge.engine.session import Session
from stockbridge.store import links
from stockbridge.store.schema import sync


def waiting_run(newest_first: Iterable[RunReport]) -> RunReport | None:
    """The newest run that a safety limit stopped and that nothing settled since: no later run came to its end that
    looked at the same flows in the same way, or at all of them."""
    done: list[RunReport] = []
    for report in newest_first:
        if report.stopped_by == "safety":
            if not any(_settles(later, report) for later in done):
                return report
        elif report.outcome in ("in step", "left over"):
            done.append(report)
    return None


def _settles(later: RunReport, stopped: RunReport) -> bool:
    """An import looks at everything; a run of the exports, or of single records, only at its own kind."""
    sees_it = later.mode in ("run", "full") or later.mode == stopped.mode
    return sees_it and {flow.flow for flow in stopped.flows} <= {flow.flow for flow in later.flows}


def asks_the_same(one: RunReport, other: RunReport) -> bool:
    """Whether both runs were stopped with the very same question, number for number."""
    return (one.stop_code, one.message) == (other.stop_code, other.message)


def to_allow(session: Session, code: str | None) -> dict[str, int]:
    """What approving would allow where the limit with this code stopped a run: just the deletions that are known now, by
    flow; or a side that reads empty; or a change of everything."""
    if code in ("read-empty", "everything"):
        return {code: 1}
    allowed: dict[str, int] = {}
    with session.engine.connect() as connection:
        for compiled in session.flows:
            flow = compiled.flow
            linked = links.count(connection, session.sync_id, flow.name)
            for _side, gone in deletions_to_come(session, connection, compiled):
                if too_many_deletions(gone, linked):
                    allowed[flow.name] = max(gone, allowed.get(flow.name, 0))
    return allowed


def approve(session: Session, code: str | None) -> dict[str, int]:
    """Allow the next run what the limit with this code stopped. Returns what was allowed."""
    allowed = to_allow(session, code)
    with session.begin() as connection:
        connection.execute(
            sa.update(sync).where(sync.c.id == session.sync_id).values(approved=msgspec.json.encode(allowed))
        )
    return allowed
