"""What a run looks at before it writes anything: were changed settings shown, is too much about to go?"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, update

from stockbridge.core import limits
from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Halt
from stockbridge.core.flow import Op, Side
from stockbridge.engine.session import Session
from stockbridge.engine.work import decide_chunk
from stockbridge.store import checkpoints, links, mirror
from stockbridge.store.checkpoints import FlowState
from stockbridge.store.schema import sync

_CHUNK = 500


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


def approved(session: Session, connection: Connection) -> dict[str, int]:
    """What a person allowed this run beyond the limits: deletions by flow, "read-empty", "everything"."""
    query = select(sync.c.approved).where(sync.c.id == session.sync_id)
    found = connection.execute(query).scalar_one()
    return msgspec.json.decode(found, type=dict[str, int]) if found else {}


def use_up(session: Session, connection: Connection, flows: Sequence[Compiled]) -> None:
    """What was allowed is for one run. Leave to a later one what was allowed for flows that this run did not look at."""
    looked_at = {compiled.flow.name for compiled in flows}
    others = {compiled.flow.name for compiled in session.flows} - looked_at
    left = {what: many for what, many in approved(session, connection).items() if what in others}
    statement = update(sync).where(sync.c.id == session.sync_id)
    connection.execute(statement.values(approved=msgspec.json.encode(left) if left else None))


def guard(session: Session, flows: Sequence[Compiled]) -> None:
    """Too many deletions at once are shown to a person before anything is written."""
    with session.engine.connect() as connection:
        allowed = approved(session, connection)
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
        out.append(("a", _gone_from_a(session, connection, compiled, state.settled_a)))
    if flow.takes_from_b and flow.gone_b.do != "nothing":
        shelf = session.at("b", flow.b)
        out.append(("b", links.newly_gone(connection, shelf, flow.name, state.settled_b)))
    return out


def _gone_from_a(session: Session, connection: Connection, compiled: Compiled, after: int) -> int:
    """Of records that are derived from others (the lines of an order), the orders that lost some are counted: with an
    order that is gone itself, or void, they go as a matter of course. Those that are written themselves (the contact persons
    of a contact) count like any other."""
    flow, stream = compiled.flow, compiled.a.stream
    shelf = session.at("a", flow.a)
    if stream.derived_from is None or stream.abilities:
        return links.newly_gone(connection, shelf, flow.name, after)
    parents = links.parents_of_newly_gone(connection, shelf, flow.name, after)
    standing = mirror.get(connection, session.at("a", stream.derived_from), parents).values()
    own = next((one.a for one in session.flows if one.flow.a == stream.derived_from), None)
    return sum(not one.deleted and not (own is not None and own.admit(one.values).gone) for one in standing)


def may_change_everything(session: Session, compiled: Compiled, state: FlowState) -> bool:
    """Whether no record of the flow stands as it was. A changed mapping was previewed and is not asked about again."""
    flow = compiled.flow
    if state.fingerprint != session.fingerprints[flow.name] or Op.UPDATE not in compiled.b.writes:
        return False
    with session.engine.connect() as connection:
        if mirror.stands_unchanged(connection, session.at("a", flow.a), state.settled_a):
            return False
        return "everything" not in approved(session, connection)


def stop_where_everything_changes(session: Session, compiled: Compiled, state: FlowState) -> None:
    """Raises Halt where every single record of a flow would be changed: a wrong price list, a stock report of zeros."""
    flow = compiled.flow
    updates, place, sample = 0, (state.settled_a + 1, ""), ""
    with session.engine.connect() as connection:
        standing = links.count(connection, session.sync_id, flow.name)
        while standing >= limits.FEWEST and (
            rows := mirror.changed(connection, session.at("a", flow.a), place, _CHUNK)
        ):
            place = (rows[-1][0], rows[-1][1].id)
            for item in decide_chunk(session, connection, compiled, [record.id for _, record in rows], []):
                if item.link is not None and item.decision.kind == "write":
                    updates += 1
                    fields = ", ".join(name for write in item.decision.writes for name in write.values)
                    sample = sample or f"for example {fields} of {item.a_id}"
    if limits.everything_changes(updates, standing):
        raise Halt(
            f"Every one of {standing:,} {flow.name.replace('_', ' ')} would be changed ({sample}). "
            "None of them was written.",
            remedy="Look: stockbridge preview. If that is right: stockbridge approve",
            code="everything",
        )
