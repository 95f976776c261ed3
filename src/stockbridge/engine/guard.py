"""What a run looks at before it writes anything: were changed settings shown, is too much about to go?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from stockbridge.core import limits
from stockbridge.core.decide import Compiled
from stockbridge.core.errors import Halt
from stockbridge.core.flow import Side
from stockbridge.engine.session import Session
from stockbridge.store import checkpoints, links
from stockbridge.store.schema import sync


def need_preview(session: Session) -> None:
    """A changed mapping or rule is looked at before it writes."""
    with session.engine.connect() as connection:
        previewed = connection.execute(
            select(sync.c.previewed).where(sync.c.id == session.sync_id)
        ).scalar_one()
        for compiled in session.flows:
            name = compiled.flow.name
            state = checkpoints.load_flow(connection, session.sync_id, name)
            if state.fingerprint and state.fingerprint != session.fingerprints[name]:
                if previewed != session.fingerprint:
                    raise Halt(
                        f"The settings of {name} changed since the last run, so nothing was written.",
                        remedy="See what they would do, then run again: stockbridge preview",
                        code="preview",
                    )
                return


def guard(session: Session, flows: Sequence[Compiled]) -> None:
    """Too many deletions at once are shown to a person before anything is written."""
    with session.engine.connect() as connection:
        approved = connection.execute(
            select(sync.c.approved).where(sync.c.id == session.sync_id)
        ).scalar_one()
        allowed: dict[str, int] = msgspec.json.decode(approved, type=dict[str, int]) if approved else {}
        for compiled in flows:
            flow = compiled.flow
            for side, gone in deletions_to_come(session, connection, compiled):
                if not gone:
                    continue  # counting the links of a large sync takes long, and is for nothing then
                linked = links.count(connection, session.sync_id, flow.name)
                words = limits.too_many_deletions(gone, linked)
                if words and gone > allowed.get(flow.name, 0):
                    raise Halt(
                        f"{gone:,} of {linked:,} {flow.name.replace('_', ' ')} are gone from "
                        f"{session.connector(side).name} ({words}). Nothing was written.",
                        remedy="Look: stockbridge preview. If that is right: stockbridge approve",
                        code="deletions",
                    )


def deletions_to_come(session: Session, connection: Connection, compiled: Compiled) -> list[tuple[Side, int]]:
    """How many linked records have gone since the flow last settled, by side; sides whose deletions do nothing are
    left out. This is what the safety limit counts."""
    flow = compiled.flow
    state = checkpoints.load_flow(connection, session.sync_id, flow.name)
    out: list[tuple[Side, int]] = []
    if flow.gone_a.do != "nothing":
        shelf = session.at("a", flow.a)
        out.append(("a", links.newly_gone(connection, shelf, flow.name, state.settled_a, side="a")))
    if flow.takes_from_b and flow.gone_b.do != "nothing":
        shelf = session.at("b", flow.b)
        out.append(("b", links.newly_gone(connection, shelf, flow.name, state.settled_b, side="b")))
    return out
