"""Where each flow stands, from the store alone."""

from __future__ import annotations

from stockbridge.core.report import FlowStatus
from stockbridge.engine.session import Session
from stockbridge.store import checkpoints, links, mirror, waiting


def status(session: Session) -> list[FlowStatus]:
    """One line a flow. Makes no call."""
    out = []
    with session.engine.connect() as connection:
        for compiled in session.flows:
            name = compiled.flow.name
            waits, refused = waiting.counts(connection, session.sync_id, name)
            state = checkpoints.load_flow(connection, session.sync_id, name)
            out.append(
                FlowStatus(
                    flow=name,
                    records=mirror.count(connection, session.at("a", compiled.flow.a)),
                    linked=links.count(connection, session.sync_id, name),
                    waiting=waits,
                    refused=refused,
                    in_step_at=state.in_step_at,
                )
            )
    return out
