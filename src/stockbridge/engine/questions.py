"""Questions into the inbox, and out of it again once nobody need answer them: with the decisions that ask them, in one
transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.engine.session import Session
from stockbridge.engine.work import Item, decide_chunk
from stockbridge.store import inbox


def ask_about_values(
    session: Session, connection: Connection, compiled: Compiled, items: Sequence[Item]
) -> None:
    """Ask which value of a field counts, and close the questions of these pairs that nobody need answer any more."""
    if not compiled.asks:
        return
    pairs = [(item, (item.a_id, item.b_id)) for item in items if item.a_id and item.b_id]
    questions = [
        inbox.Question(a_id=a_id, b_id=b_id, field=one.field, a_value=one.a_value, b_value=one.b_value)
        for item, (a_id, b_id) in pairs
        for one in item.decision.asks
    ]
    name, now = compiled.flow.name, session.clock()
    inbox.ask(connection, session.sync_id, name, questions, now)
    keep = [(one.a_id, one.b_id, one.field) for one in questions]
    inbox.close(connection, session.sync_id, name, [pair for _, pair in pairs], now, keep=keep)


def ask_who_is_who(
    session: Session, connection: Connection, compiled: Compiled, items: Sequence[Item]
) -> None:
    """Ask whether records that may be the same are, and close such questions about these records that none of the two
    would ask any more: one is gone, linked, left out, or called otherwise."""
    if compiled.flow.likely is None:
        return
    name, now = compiled.flow.name, session.clock()
    inbox.ask(connection, session.sync_id, name, [one for item in items for one in item.likely], now)
    asking = {one.key for item in items for one in item.likely}
    here = {("a", item.a_id) for item in items} | {("b", item.b_id) for item in items}
    doubtful = [
        one
        for one in inbox.open_matches(connection, session.sync_id, name)
        if one.key not in asking and (("a", one.a_id) in here or ("b", one.b_id) in here)
    ]
    if doubtful:
        a_ids = list({one.a_id: None for one in doubtful if ("a", one.a_id) not in here})
        b_ids = list({one.b_id: None for one in doubtful if ("b", one.b_id) not in here})
        others = decide_chunk(session, connection, compiled, a_ids, b_ids)
        asking |= {one.key for item in others for one in item.likely}
        inbox.close_numbers(connection, [one.id for one in doubtful if one.key not in asking], now)
