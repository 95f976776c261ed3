"""Settling intents that a crash or a lost answer left open: by reading, never by repeating."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from stockbridge.core.casts import kept
from stockbridge.core.compiled import Compiled, seen
from stockbridge.core.flow import LinkView, Op, Side
from stockbridge.core.mapping import BACK
from stockbridge.core.merge import partly_agreed
from stockbridge.core.normal import same
from stockbridge.core.record import Record, Stream, Values, values_type
from stockbridge.engine.harvest import in_force_after
from stockbridge.engine.intake import store_records
from stockbridge.engine.read import read_stream
from stockbridge.engine.session import Session
from stockbridge.store import journal, links, mirror, runs, waiting
from stockbridge.store.journal import Open, Outcome
from stockbridge.store.rows import chunks

_MARGIN = timedelta(hours=1)  # between our clock and the other side's


class Recovered(msgspec.Struct, kw_only=True):
    """How many open intents were settled, how many records of each flow turned out to have been made, and the records
    (by flow, as side and id) whose create may still turn up, because the system shows what was made only later."""

    intents: int = 0
    calls_a: int = 0  # the least that looking at side a takes
    made: dict[str, int] = {}
    held: dict[str, set[tuple[Side, str]]] = {}


def recover(session: Session) -> Recovered:
    """Settle every open intent.

    A create whose mark is found is adopted: the link gets a base only for the fields that still show what was sent. One
    that is not found was not made, and is planned again; where the system may show it only later (`settles_after`), it
    stays open until then and its record is held. The record of an open update or remove is fetched: where it
    shows what was sent, the base moves on, or our own write would pass for a person's edit; then all is decided anew.
    Raises what `find` and `fetch` raise.
    """
    with session.engine.connect() as connection:
        opened = journal.still_open(connection, session.sync_id)
    out = Recovered()
    if not opened:
        return out
    by_flow: dict[tuple[str, str], list[Open]] = defaultdict(list)
    for intent in opened:
        by_flow[(intent.flow, intent.side)].append(intent)
    sides: tuple[Side, ...] = ("b", "a")
    for compiled in session.flows:
        for side in sides:
            if intents := by_flow.pop((compiled.flow.name, side), None):
                out.calls_a += len({one.mark or one.a_id for one in intents}) if side == "a" else 0
                settled, made, held = _settle(session, compiled, side, intents)
                out.intents += settled
                out.made[compiled.flow.name] = out.made.get(compiled.flow.name, 0) + made
                out.held.setdefault(compiled.flow.name, set()).update(held)
    left = [intent for intents in by_flow.values() for intent in intents]
    out.intents += len(left)
    if left:  # of flows that this sync does not have any more
        with session.begin() as connection:
            journal.settle(
                connection,
                [(one.id, "superseded", "the flow is gone", None) for one in left],
                session.clock(),
            )
    return out


def _settle(
    session: Session, compiled: Compiled, at: Side, intents: list[Open]
) -> tuple[int, int, set[tuple[Side, str]]]:
    """Settle the open intents of one flow at one side; returns how many, how many creates were found to have been made,
    and the records whose create may still turn up."""
    stream = (compiled.b if at == "b" else compiled.a).stream
    connector = session.connector(at)
    creates = [one for one in intents if one.op == Op.CREATE and one.mark]
    found: dict[str, list[Record]] = {}
    shown: set[int] = set()
    if creates and not stream.mark_shown:
        # No row would tell that it is ours: read what is new, and let the flow recognise it by its other fields.
        _read_news(session, at, stream, creates)
        with session.begin() as connection:
            for one in creates:
                _free_of_the_gone(session, connection, compiled, at, one)
                if _twin(session, connection, compiled, at, one) is not None:
                    shown.add(one.id)
    elif creates:
        since = min(datetime.fromisoformat(one.intended_at) for one in creates) - _MARGIN
        marks = {one.mark or "" for one in creates}
        found = connector.find(stream.name, marks, since)
        if (missing := marks - found.keys()) and not stream.settles_after:
            # "Not made" must not rest on two clocks that agree: look at everything before making it a second time.
            found |= connector.find(stream.name, missing, None)
    unseen = [one for one in creates if one.id not in shown and not found.get(one.mark or "")]
    early = _early(session, stream, unseen)
    waits = [one for one in intents if one.id in early]
    intents = [one for one in intents if one.id not in early]
    ids = {(one.b_id if at == "b" else one.a_id) or "" for one in intents if one.op != Op.CREATE}
    standing: dict[str, Record] = {}
    for some in chunks(sorted(ids), max(1, stream.detail_size)):
        fetched = connector.fetch(stream.name, some)
        standing.update((record.id, record) for record in fetched if isinstance(record, Record))
    with session.begin() as connection:
        store_records(session, connection, at, stream, standing.values())
        outcomes: list[tuple[int, Outcome, str, str | None]] = []
        for one in intents:
            if one.op == Op.CREATE and not stream.mark_shown:
                _free_of_the_gone(session, connection, compiled, at, one)
                twin = _twin(session, connection, compiled, at, one)
                if twin is None:
                    outcomes.append((one.id, "superseded", "decided anew", None))
                else:
                    found[one.mark or ""] = [twin]
                    outcomes.append(_settle_create(session, connection, compiled, at, one, found))
            elif one.op == Op.CREATE:
                outcomes.append(_settle_create(session, connection, compiled, at, one, found))
            else:
                record = standing.get((one.b_id if at == "b" else one.a_id) or "")
                outcomes.append(_settle_other(session, connection, compiled, at, one, record))
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
            ]
            + [_held(session, stream, connector.name, one) for one in waits],
        )
    made = sum(outcome == "adopted" for _, outcome, _, _ in outcomes)
    return len(intents), made, {_source(one) for one in waits}


def _read_news(session: Session, at: Side, stream: Stream, creates: Sequence[Open]) -> None:
    """Read what changed in a stream; of one that is derived, the full records that it is derived from."""
    connector = session.connector(at)
    source = connector.streams()[stream.derived_from or stream.name]
    read_stream(session, at, source.name, sweep=False)
    if source is stream or not source.detail_size:
        return
    since = min(datetime.fromisoformat(one.intended_at) for one in creates) - _MARGIN
    with session.engine.connect() as connection:
        new = mirror.modified_since(connection, session.at(at, source.name), since)
    for some in chunks([one.id for one in new if not one.full], source.detail_size):
        found = [one for one in connector.fetch(source.name, some) if isinstance(one, Record)]
        with session.begin() as connection:
            store_records(session, connection, at, source, found)


def _early(session: Session, stream: Stream, creates: Sequence[Open]) -> set[int]:
    """Those of these creates whose record the system need not show yet.

    When a call was made is not known: it may have waited for the limits long after its intent. It was made before its run
    was over.
    """
    if not stream.settles_after or not creates:
        return set()
    with session.engine.connect() as connection:
        over = runs.over_by(connection, session.sync_id, {one.run for one in creates})
    now = session.now()
    since = {one.id: over.get(one.run, now) for one in creates}
    return {id for id, moment in since.items() if (now - moment).total_seconds() < stream.settles_after}


def _source(intent: Open) -> tuple[Side, str]:
    """The record that an intent was to bring to the other side."""
    return ("a", intent.a_id) if intent.a_id is not None else ("b", intent.b_id or "")


def _held(session: Session, stream: Stream, system: str, intent: Open) -> waiting.Unsettled:
    side, id = _source(intent)
    return waiting.Unsettled(
        flow=intent.flow,
        side=side,
        id=id,
        state="uncertain",
        reason=f"It is not known yet whether {system} made the {stream.noun}: the answer was lost, and {system} may show "
        "a new one only minutes later.",
        remedy=f"A run after {stream.settles_after // 60} minutes looks again before it makes anything.",
        since=session.clock(),
    )


def _free_of_the_gone(
    session: Session, connection: Connection, compiled: Compiled, at: Side, intent: Open
) -> None:
    """What was to be made anew is still linked to what is gone: without that link it is recognised, if it was made."""
    bond = session.bonds[compiled.flow.name]
    link = links.by_a(connection, bond, [intent.a_id or ""]).get(intent.a_id or "")
    if link is None or link.b_id != intent.b_id:
        return
    shelf = session.at(at, (compiled.b if at == "b" else compiled.a).stream.name)
    partner = link.b_id if at == "b" else link.a_id
    known = mirror.known(connection, shelf, [partner]).get(partner)
    if known is None or known.gone:
        links.drop(connection, bond, [link.a_id])


def _twin(
    session: Session, connection: Connection, compiled: Compiled, at: Side, intent: Open
) -> Record | None:
    """The record that our own create made, where nothing marks it: new since the intent, in step with nothing, and it
    shows what was sent. A name that had to be unique may have got something behind it."""
    stream = (compiled.b if at == "b" else compiled.a).stream
    if not stream.unique and not stream.derived_from:
        return None
    bond = session.bonds[compiled.flow.name]
    sent: Values = msgspec.json.decode(intent.written, type=values_type(stream.fields))
    since = datetime.fromisoformat(intent.intended_at) - _MARGIN
    new = mirror.modified_since(connection, session.at(at, stream.name), since)
    taken = (links.by_b if at == "b" else links.by_a)(connection, bond, [one.id for one in new])

    def shows(record: Record) -> bool:
        for name, value in sent.items():
            field, there = stream.field(name), record.values.get(name)
            if name not in record.values or field is None or field.step or not field.writable:
                continue  # it was not to be written there, or not by that call
            if name == stream.unique and str(there).startswith(str(value)):
                continue
            if not kept(value, there) and not same(field.kind, value, there, region=compiled.flow.region):
                return False
        return True

    alike = [one for one in new if one.id not in taken and shows(one)]
    return alike[0] if alike else None


def _settle_create(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    at: Side,
    intent: Open,
    found: Mapping[str, list[Record]],
) -> tuple[int, Outcome, str, str | None]:
    bond = session.bonds[compiled.flow.name]
    candidates = found.get(intent.mark or "", [])
    taken = (links.by_b if at == "b" else links.by_a)(connection, bond, [one.id for one in candidates])
    candidates = [one for one in candidates if one.id not in taken]
    if not candidates:
        return intent.id, "not written", "not found at the other side", None
    record = candidates[0]
    store_records(session, connection, at, (compiled.b if at == "b" else compiled.a).stream, candidates)
    link = _adopted(compiled, at, intent, record)
    if intent.applied is not None:
        link = msgspec.structs.replace(link, applied=intent.applied)
    old = links.by_b(connection, bond, [link.b_id])  # it was made anew for a partner that was deleted
    links.drop(connection, bond, [one.a_id for one in old.values()])
    links.put(connection, bond, [link])
    needs = [f"{intent.flow}:{link.a_id}", f"{intent.flow}{BACK}:{link.b_id}"]
    waiting.wake(connection, session.sync_id, needs)
    return intent.id, "adopted", "found at the other side", record.id


def _settle_other(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    at: Side,
    intent: Open,
    record: Record | None,
) -> tuple[int, Outcome, str, str | None]:
    bond = session.bonds[compiled.flow.name]
    link = links.by_a(connection, bond, [intent.a_id or ""]).get(intent.a_id or "")
    if link is not None and link.b_id != intent.b_id:
        return intent.id, "superseded", "decided anew", None
    if record is None or (record.deleted and intent.op == Op.UPDATE):
        return intent.id, "superseded", "decided anew", None
    if record.deleted:
        if link is not None:  # or the deletion would pass for one that a person made
            links.drop(connection, bond, [link.a_id])
        return intent.id, "done", "it is gone", None
    if intent.op != Op.UPDATE:
        return intent.id, "not written", "it is still there", None
    side, other = (compiled.b, compiled.a) if at == "b" else (compiled.a, compiled.b)
    sent: Values = msgspec.json.decode(intent.written, type=values_type(side.stream.fields))
    before: Values = msgspec.json.decode(intent.before or b"{}", type=values_type(side.stream.fields))
    arrived = {
        name: record.values[name]
        for name, value in sent.items()
        if name in record.values and kept(value, record.values[name])
    }
    changed = {name for name in arrived if record.values[name] != before.get(name)}
    if not changed:
        return intent.id, "superseded", "decided anew", None
    alone = intent.a_id is None or intent.b_id is None  # it was written to a record that has no partner
    if link is None and (alone or links.by_b(connection, bond, [intent.b_id or ""])):
        if alone:
            return intent.id, "done", "found at the other side", None
        return intent.id, "superseded", "decided anew", None
    saw = None
    if intent.saw is not None:
        saw = msgspec.json.decode(intent.saw, type=values_type(other.stream.fields))
    link = partly_agreed(
        compiled, link or LinkView(a_id=intent.a_id or "", b_id=intent.b_id or ""), at, arrived, saw
    )
    if at == "b" and compiled.flow.gone_a.do == "mark":
        mark = compiled.flow.gone_a
        for values, marked in ((mark.values, True), (mark.undo, False)):
            if values and all(name in sent and arrived.get(name) == value for name, value in values.items()):
                link = msgspec.structs.replace(link, marked=marked)
    if intent.applied is not None and sent.keys() <= arrived.keys():
        link = msgspec.structs.replace(link, applied=in_force_after(link.applied, intent.applied, at))
    links.put(connection, bond, [link])
    return intent.id, "done", "found at the other side", None


def _adopted(compiled: Compiled, at: Side, intent: Open, record: Record) -> LinkView:
    """The link of a record that our own create made. It is a base only where it still shows what was sent."""
    side, other = (compiled.b, compiled.a) if at == "b" else (compiled.a, compiled.b)
    sent = msgspec.json.decode(intent.written, type=values_type(side.stream.fields))
    base = {
        name: value for name, value in seen(side, record).items() if name in sent and kept(sent[name], value)
    }
    hidden = {
        name: value for name, value in sent.items() if name in side.fields and name not in record.values
    }
    base.update(hidden)  # what the system does not show (lines) is taken to stand as it was sent
    saw = None
    if intent.saw is not None:
        saw = msgspec.json.decode(intent.saw, type=values_type(other.stream.fields))
    if at == "b":
        return LinkView(a_id=intent.a_id or "", b_id=record.id, a_snapshot=saw, b_snapshot=base)
    owned = compiled.owned_by_a  # it goes back to side b
    saw = {name: value for name, value in (saw or {}).items() if name not in owned}
    return LinkView(a_id=record.id, b_id=intent.b_id or "", a_snapshot=base, b_snapshot=saw)
