"""The plan, shown before anything is written: what a run would do, what waits and why, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import Connection, update

from stockbridge.core import limits
from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import Op, Side
from stockbridge.core.record import Record
from stockbridge.core.report import FlowPreview, MayBeSame, OnProgress, Preview, Progress, Sample
from stockbridge.engine.fetch import Fetcher
from stockbridge.engine.guard import deletions_to_come
from stockbridge.engine.intake import key_fields
from stockbridge.engine.read import read_all
from stockbridge.engine.recover import recover
from stockbridge.engine.session import Session
from stockbridge.engine.settle import CHUNK, plan_fetches, start_of, store_fetched
from stockbridge.engine.work import Item, decide_chunk, lacking_detail
from stockbridge.store import checkpoints, links, match_keys, mirror, waiting
from stockbridge.store.rows import chunks
from stockbridge.store.schema import sync

_SAMPLES = 3
_PER_MINUTE = 100


def preview(session: Session, on_progress: OnProgress = lambda _: None) -> Preview:
    """Read what changed, fetch details where one call brings many, decide everything and write nothing.

    What is read is kept, so the run that follows does not fetch it again. Raises Trouble where a system cannot be read.
    """
    before = session.a.meter.spent
    recover(session)
    reads = read_all(session, session.flows, full=False, on_progress=on_progress)
    _renew_keys(session)
    fetcher = Fetcher(session.a, session.b, session.fetch_threads)
    try:
        to_come = plan_fetches(session, session.flows, fetcher, bulk_only=True)
        to_come += sum(read.side == "a" for read in reads)  # the run looks at each list once more
        for source in list(fetcher.open):
            while fetcher.busy(source):
                store_fetched(session, fetcher, 0.2)
                on_progress(Progress(flow=source[1], phase="fetching", done=fetcher.fetched.get(source, 0)))
        store_fetched(session, fetcher, None)
        if fetcher.trouble is not None:
            raise fetcher.trouble
    finally:
        fetcher.close()
    flows = plan_from_store(session)
    creates = {one.flow.name: one.a.stream.create_calls for one in session.flows}
    to_come += sum(plan.export * creates[plan.flow] for plan in flows)
    with session.begin() as connection:
        connection.execute(
            update(sync).where(sync.c.id == session.sync_id).values(previewed=session.fingerprint)
        )
    return Preview(
        sync=session.name,
        flows=flows,
        calls_to_come=to_come,
        calls_spent=session.a.meter.spent - before,
        left_today=session.a.meter.remaining,
        minutes=round(
            math.ceil(to_come / _PER_MINUTE) - 1 if to_come > _PER_MINUTE else to_come / _PER_MINUTE, 1
        ),
    )


def _renew_keys(session: Session) -> None:
    """Other settings may find partners by other keys: those of all records, also of what was read before. No run follows new
    settings without a preview."""
    for compiled in session.flows:
        name = compiled.flow.name
        with session.engine.connect() as connection:
            known = checkpoints.load_flow(connection, session.sync_id, name).fingerprint
        if known in ("", session.fingerprints[name]):
            continue
        sides: tuple[tuple[Side, str], ...] = (("a", compiled.flow.a), ("b", compiled.flow.b))
        for side, stream in sides:
            fields, place = key_fields(session, side, stream), (0, "")
            while True:
                with session.begin() as connection:
                    rows = mirror.changed(connection, session.at(side, stream), place, CHUNK)
                    match_keys.put_keys(
                        connection, session.at(side, stream), fields, [record for _, record in rows]
                    )
                if not rows:
                    break
                place = (rows[-1][0], rows[-1][1].id)


def plan_from_store(session: Session) -> list[FlowPreview]:
    """What a run would do with what is read already. Makes no call and writes nothing."""
    made: set[tuple[str, str]] = set()
    with session.engine.connect() as connection:
        return [_flow(session, connection, compiled, made) for compiled in session.flows]


def _flow(
    session: Session, connection: Connection, compiled: Compiled, made: set[tuple[str, str]]
) -> FlowPreview:
    """One flow. `made` gathers what a run would make or recognise, as (flow, id at side a): what goes along with it is
    written then."""
    flow = compiled.flow
    out = FlowPreview(flow=flow.name)
    state = checkpoints.load_flow(connection, session.sync_id, flow.name)
    recheck = state.fingerprint not in ("", session.fingerprints[flow.name])
    place_a, place_b = (
        (start_of(session, compiled, state, "a"), ""),
        (start_of(session, compiled, state, "b"), ""),
    )
    seen: set[tuple[str, str]] = set()
    while True:
        rows_a = mirror.changed(connection, session.at("a", flow.a), place_a, CHUNK)
        rows_b = mirror.changed(connection, session.at("b", flow.b), place_b, CHUNK)
        if not rows_a and not rows_b:
            break
        place_a = (rows_a[-1][0], rows_a[-1][1].id) if rows_a else place_a
        place_b = (rows_b[-1][0], rows_b[-1][1].id) if rows_b else place_b
        thin = {
            one.id for one in lacking_detail(session, connection, compiled, [record for _, record in rows_a])
        }
        _count_unread(session, connection, compiled, out, thin, made)
        seen.update(("a", id) for id in thin)
        items = decide_chunk(
            session,
            connection,
            compiled,
            [record.id for _, record in rows_a if record.id not in thin],
            [record.id for _, record in rows_b],
            recheck=recheck,
            planning=True,
        )
        _count_new(compiled, out, items, seen, made)
    unsettled = [
        row
        for row in waiting.rows(connection, session.sync_id, flow.name, limit=100_000)
        if (row.side, row.id) not in seen
    ]
    anew = []
    for row in unsettled:
        if row.state == "refused" and row.code not in waiting.EACH_RUN:  # until it or the mapping changes
            out.refused[row.reason] = out.refused.get(row.reason, 0) + 1
        elif row.state == "uncertain":  # held: no run makes it before its system must show it
            out.waiting[row.reason] = out.waiting.get(row.reason, 0) + 1
            seen.add((row.side, row.id))
        elif row.state != "left out":
            anew.append(row)
    for some in chunks(anew, CHUNK):  # what they wait for may be there by now, or be made by this very run
        a_ids, b_ids = ([row.id for row in some if row.side == side] for side in ("a", "b"))
        items = decide_chunk(session, connection, compiled, a_ids, b_ids, recheck=recheck, planning=True)
        _count_new(compiled, out, items, seen, made)
    out.questions = list({(one.a_id, one.b_id): one for one in out.questions}.values())
    linked = links.count(connection, session.sync_id, flow.name)
    for _side, gone in deletions_to_come(session, connection, compiled):
        if words := limits.too_many_deletions(gone, linked):
            out.halts.append(f"{gone:,} deletions at once ({words}); a run stops and asks")
    return out


def _count_new(
    compiled: Compiled,
    out: FlowPreview,
    items: Sequence[Item],
    seen: set[tuple[str, str]],
    made: set[tuple[str, str]],
) -> None:
    """Count what was not counted yet; a pair that changed at both sides comes up twice."""
    for item in items:
        if item.a_id is not None and ("a", item.a_id) in seen:
            continue
        if item.b_id is not None and ("b", item.b_id) in seen:
            continue
        seen.update((side, id) for side, id in (("a", item.a_id), ("b", item.b_id)) if id is not None)
        _count(compiled, out, item, made)


def _count_unread(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    out: FlowPreview,
    thin: set[str],
    made: set[tuple[str, str]],
) -> None:
    """Records whose details cost a call each: by their list row they count as writes to come, or, where both sides may be
    written, as recognised or left out already."""
    if not thin:
        return
    items = decide_chunk(session, connection, compiled, thin, [], planning=True)
    for item in items:
        out.unread += 1
        if compiled.shared and item.link is None and item.decision.kind in ("left out", "refuse", "wait"):
            _count(compiled, out, item, made)
        elif compiled.shared and item.link is None and item.b_id is not None:
            out.adopt += 1
            made.add((compiled.flow.name, item.a_id or ""))
        elif item.link is None and compiled.flow.along is None:
            out.create += 1
            made.add((compiled.flow.name, item.a_id or ""))
        else:
            out.update += 1


def _count(compiled: Compiled, out: FlowPreview, item: Item, made: set[tuple[str, str]]) -> None:
    decision = item.decision
    if item.link is None and item.a_id is not None and decision.kind in ("write", "unread", "agree"):
        made.add((compiled.flow.name, item.a_id))
    match decision.kind:
        case "write":
            ops = [write.op for write in decision.writes]
            if ops == [Op.REMOVE]:
                out.remove += 1
            elif Op.CREATE in ops and Op.REMOVE not in ops:
                out.create += 1
                out.export += decision.writes[0].side == "a"
            else:
                out.update += max(1, ops.count(Op.UPDATE))  # one at each side
            if sum(sample.op == str(ops[-1]) for sample in out.samples) < _SAMPLES:
                out.samples.append(sample_of(compiled, item))
        case "unread":
            out.create += 1
            out.export += item.a_id is None
            out.unread += 1
        case "agree" if item.link is None:
            out.adopt += 1
        case "left out":
            out.left_out[decision.reason] = out.left_out.get(decision.reason, 0) + 1
        case "wait" if item.likely:
            words = "may be the same as one at the other side: a person is asked"
            out.waiting[words] = out.waiting.get(words, 0) + 1
            out.questions += [
                MayBeSame(a_id=one.a_id, b_id=one.b_id, a=one.a_value, b=one.b_value) for one in item.likely
            ]
        case "wait" if compiled.flow.along is not None and (compiled.flow.along, item.a_id) in made:
            out.update += 1
        case "wait":
            out.waiting[decision.reason] = out.waiting.get(decision.reason, 0) + 1
        case "refuse":
            out.refused[decision.reason] = out.refused.get(decision.reason, 0) + 1
        case _:
            out.same += 1


def sample_of(compiled: Compiled, item: Item) -> Sample:
    """One planned write, field by field."""
    write = item.decision.writes[-1]
    record = item.a or item.b
    stream = compiled.a.stream if item.a is not None else compiled.b.stream
    return Sample(
        flow=compiled.flow.name,
        id=record.id if record is not None else "",
        label=label_of(stream.names, record),
        op=str(write.op),
        changes=[
            (name, None if write.op is Op.CREATE else write.before.get(name), value)
            for name, value in write.values.items()
        ],
    )


def label_of(names: tuple[str, ...], record: Record | None) -> str:
    """What people call a record: its name fields, as far as it has any."""
    if record is None:
        return ""
    return " · ".join(str(record.values[name]) for name in names if record.values.get(name))
