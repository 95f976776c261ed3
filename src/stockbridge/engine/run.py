"""One run of a sync: recover, read, then flow by flow decide and write. What it leaves over, it says."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select, update

from stockbridge.core import limits
from stockbridge.core.decide import Compiled
from stockbridge.core.errors import Halt, OverBudget, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.core.flow import Flow, Side
from stockbridge.core.record import Record, Refusal, Stream
from stockbridge.core.report import FlowReport, OnProgress, Progress, RunReport
from stockbridge.engine.execute import Writer
from stockbridge.engine.fetch import Fetcher
from stockbridge.engine.read import ReadResult, read_stream, refuse, store_records
from stockbridge.engine.recover import recover
from stockbridge.engine.session import Session
from stockbridge.engine.work import decide_chunk, lacking_detail
from stockbridge.store import checkpoints, links, mirror, runs, waiting
from stockbridge.store.checkpoints import FlowState
from stockbridge.store.schema import sync

CHUNK = 500
_SETTLE_PASSES = 3


def run(
    session: Session,
    *,
    full: bool = False,
    only: Collection[str] | None = None,
    on_progress: OnProgress = lambda _: None,
) -> RunReport:
    """Bring side b (and a, where flows go both ways) in step. Never raises for trouble with a system: the report says
    what stopped it. `full` reads every list from the beginning, so that deletions are found; `only` names flows."""
    flows = [one for one in session.flows if only is None or one.flow.name in only]
    started = session.now()
    spent = (session.a.meter.spent, session.b.meter.spent)
    with session.begin() as connection:
        number = runs.begin(connection, session.sync_id, "full" if full else "run", session.clock())
    reports = {one.flow.name: FlowReport(flow=one.flow.name) for one in flows}
    fetcher = Fetcher(session.a, session.fetch_threads)
    reads: list[ReadResult] = []
    trouble: Trouble | None = None
    interrupted = False
    try:
        _need_preview(session)
        recover(session)
        with session.begin() as connection:
            waiting.wake_states(connection, session.sync_id, ["again", "uncertain"])
        reads = read_all(session, flows, full=full, on_progress=on_progress)
        _guard(session, flows)
        plan_fetches(session, flows, fetcher)
        for compiled in flows:
            run_flow(session, compiled, number, fetcher, reports[compiled.flow.name], on_progress)
        if recover(session):  # answers that were lost on the way: by now the other side can be asked
            for compiled in flows:
                run_flow(session, compiled, number, fetcher, reports[compiled.flow.name], on_progress)
        trouble = fetcher.trouble
    except Trouble as stopped:
        trouble = stopped
    except KeyboardInterrupt:
        interrupted = True
    finally:
        fetcher.close()
    report = _report(
        session, number, full, started, flows, reports, reads, fetcher, spent, trouble, interrupted
    )
    with session.begin() as connection:
        runs.end(connection, report)
        connection.execute(update(sync).where(sync.c.id == session.sync_id).values(approved=None))
    return report


def _report(
    session: Session,
    number: int,
    full: bool,
    started: datetime,
    flows: Sequence[Compiled],
    reports: dict[str, FlowReport],
    reads: Sequence[ReadResult],
    fetcher: Fetcher,
    spent: tuple[int, int],
    trouble: Trouble | None,
    interrupted: bool,
) -> RunReport:
    with session.engine.connect() as connection:
        for compiled in flows:
            report = reports[compiled.flow.name]
            report.waiting, report.refused = waiting.counts(connection, session.sync_id, compiled.flow.name)
    left_over = any(report.waiting or report.refused for report in reports.values())
    outcome = "left over" if left_over else "in step"
    if trouble is not None or interrupted:
        outcome = "stopped"
    ended = session.now()
    calls: dict[str, int] = {}
    for connector, before in ((session.a, spent[0]), (session.b, spent[1])):
        calls[connector.name] = calls.get(connector.name, 0) + connector.meter.spent - before
    return RunReport(
        run=number,
        sync=session.name,
        mode="full" if full else "run",
        outcome=outcome,
        started_at=started.isoformat(),
        ended_at=ended.isoformat(),
        seconds=round((ended - started).total_seconds(), 3),
        flows=list(reports.values()),
        calls=calls,
        least_calls=least_calls(session, reads, fetcher.fetched),
        left_today=session.a.meter.remaining,
        stopped_by="person" if interrupted else stopped_by(trouble),
        message="Stopped; the next run goes on from here."
        if interrupted
        else (trouble.what if trouble else ""),
        remedy=trouble.remedy if trouble else "",
        notes=list(session.notes),
    )


def stopped_by(trouble: Trouble | None) -> str | None:
    """In one word, what kind of trouble stopped a run."""
    match trouble:
        case None:
            return None
        case OverBudget():
            return "quota"
        case Unauthorized():
            return "account"
        case Halt():
            return "safety"
        case Retry() | Uncertain():
            return "connection"
        case _:
            return "trouble"


def least_calls(session: Session, reads: Sequence[ReadResult], fetched: dict[str, int]) -> int:
    """The least possible calls at side a for what these reads found (facts: Zoho 13): list pages of the changed rows (of
    all rows in a full read), at least one per list, plus the details that had to be fetched."""
    streams = session.a.streams()
    total = 0
    for read in reads:
        if read.stream in streams:
            rows = read.listed if read.full else read.changed
            total += max(1, math.ceil(rows / streams[read.stream].page_size))
    for name, count in fetched.items():
        total += math.ceil(count / max(1, streams[name].detail_size))
    return total


def _need_preview(session: Session) -> None:
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


def read_all(
    session: Session, flows: Sequence[Compiled], *, full: bool, on_progress: OnProgress
) -> list[ReadResult]:
    """Read every stream that these flows need, each once."""
    out = []
    for side, stream, takes in _streams_to_read(session, flows):
        with session.engine.connect() as connection:
            state = checkpoints.load(connection, session.sync_id, side, stream.name)
        due = _sweep_is_due(session, state)
        if not takes and not full and not due:
            continue  # nothing is taken from this side: it is read to adopt, and once a day

        def tell(done: int, name: str = stream.name) -> None:
            on_progress(Progress(flow=name, phase="reading", done=done))

        out.append(read_stream(session, side, stream.name, sweep=full or due, progress=tell))
    return out


def _streams_to_read(session: Session, flows: Sequence[Compiled]) -> list[tuple[Side, Stream, bool]]:
    """(side, stream, whether values are taken from it), each stream once; derived streams stand for their source."""
    out: dict[tuple[Side, str], tuple[Side, Stream, bool]] = {}
    sides: tuple[Side, ...] = ("a", "b")
    for side in sides:
        streams = session.connector(side).streams()
        for compiled in flows:
            stream = streams[compiled.flow.a if side == "a" else compiled.flow.b]
            stream = streams[stream.derived_from or stream.name]
            takes = side == "a" or compiled.flow.takes_from_b
            known = out.get((side, stream.name))
            out[(side, stream.name)] = (side, stream, takes or (known is not None and known[2]))
    return list(out.values())


def _sweep_is_due(session: Session, state: checkpoints.Checkpoint) -> bool:
    if state.swept_at is None or state.sweep_cursor is not None:
        return True
    return session.now() - datetime.fromisoformat(state.swept_at) >= timedelta(hours=session.full_read_hours)


def _guard(session: Session, flows: Sequence[Compiled]) -> None:
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


def plan_fetches(
    session: Session, flows: Sequence[Compiled], fetcher: Fetcher, *, bulk_only: bool = False
) -> int:
    """Ask for the full records that the changed list rows need, oldest change first, in the order of the flows.

    Returns how many records are left out by `bulk_only` (which fetches only where one call brings many).
    """
    skipped = 0
    streams = session.a.streams()
    with session.engine.connect() as connection:
        for compiled in flows:
            stream = compiled.a.stream
            source = streams[stream.derived_from or stream.name]
            if not source.detail_size:
                continue
            state = checkpoints.load_flow(connection, session.sync_id, compiled.flow.name)
            place = (start_of(session, compiled, state, "a"), "")
            shelf = session.at("a", source.name)
            while rows := mirror.changed(connection, shelf, place, 2000, thin=True):
                place = (rows[-1][0], rows[-1][1].id)
                numbers = {record.id: seq for seq, record in rows}
                records = [record for _, record in rows]
                if source is stream:
                    records = lacking_detail(session, connection, compiled, records)
                if bulk_only and source.detail_size == 1:
                    skipped += len(records)
                    continue
                fetcher.want(source.name, {record.id: numbers[record.id] for record in records})
    return skipped


def start_of(session: Session, compiled: Compiled, state: FlowState, side: Side) -> int:
    """The first change number that this flow has not settled; all of them when its mapping or rules changed. Our own
    writes have number 0 and are never looked at again by themselves, only when the mapping or the rules changed."""
    if state.fingerprint != session.fingerprints[compiled.flow.name]:
        return 0 if state.fingerprint else 1
    return (state.settled_a if side == "a" else state.settled_b) + 1


def store_fetched(session: Session, fetcher: Fetcher, timeout: float | None) -> int:
    """Take in what the fetcher brought; returns how many records."""
    arrived = fetcher.take(timeout)
    if not arrived:
        return 0
    count = 0
    by_stream: dict[str, list[Record | Refusal]] = {}
    for name, results in arrived:
        by_stream.setdefault(name, []).extend(results)
    with session.begin() as connection:
        for name, results in by_stream.items():
            stream = session.a.streams()[name]
            records = [one for one in results if isinstance(one, Record)]
            refusals = [one for one in results if isinstance(one, Refusal)]
            store_records(session, connection, "a", stream, records)
            refuse(session, connection, "a", name, refusals)
            count += len(results)
    for name, results in by_stream.items():
        fetcher.stored(name, [one.id for one in results])
    return count


def run_flow(
    session: Session,
    compiled: Compiled,
    number: int,
    fetcher: Fetcher,
    report: FlowReport,
    on_progress: OnProgress,
) -> None:
    """Decide and write everything of one flow that is not settled. Raises what stops the run."""
    flow = compiled.flow
    stream = compiled.a.stream
    source = stream.derived_from or stream.name
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    with session.engine.connect() as connection:
        state = checkpoints.load_flow(connection, session.sync_id, flow.name)
    recheck = state.fingerprint not in ("", session.fingerprints[flow.name])
    place_a = (start_of(session, compiled, state, "a"), "")
    place_b = (start_of(session, compiled, state, "b"), "")
    writer = Writer(session, compiled, number, report)
    passes = 0
    with session.engine.connect() as connection:
        total = mirror.count(connection, a_shelf, after=place_a[0] - 1)

    def tell(phase: str) -> None:
        on_progress(
            Progress(flow=flow.name, phase=phase, done=writer.written, total=max(total, writer.written))
        )

    try:
        while True:
            _raise(writer.stop)
            store_fetched(session, fetcher, None)
            with session.engine.connect() as connection:
                rows_a = mirror.changed(connection, a_shelf, place_a, CHUNK)
                rows_b = mirror.changed(connection, b_shelf, place_b, CHUNK)
                work = [("a", record.id) for _, record in rows_a] + [("b", record.id) for _, record in rows_b]
                if not work and passes < _SETTLE_PASSES:
                    writer.finish()
                    work = waiting.woken(connection, session.sync_id, flow.name, CHUNK)
                    passes += 1 if work else 0
                thin = _thin(session, connection, compiled, rows_a, work)
            if thin:
                fetcher.want(source, thin)
            a_ids = [id for side, id in work if side == "a" and id not in thin]
            b_ids = [id for side, id in work if side == "b"]
            if a_ids or b_ids:
                waited = writer.wait_for(a_ids, b_ids)
                with session.engine.connect() as connection:
                    items = decide_chunk(
                        session,
                        connection,
                        compiled,
                        a_ids,
                        b_ids,
                        recheck=recheck,
                        touched=writer.touched,
                        read_a=() if waited else [record for _, record in rows_a],
                    )
                writer.settle_without_call(items)
                writer.submit([item for item in items if item.decision.kind == "write"])
                tell("writing")
            if writer.stop is None:
                place_a = (rows_a[-1][0], rows_a[-1][1].id) if rows_a else place_a
                place_b = (rows_b[-1][0], rows_b[-1][1].id) if rows_b else place_b
            if work:
                writer.collect(0)
                continue
            if fetcher.busy(source):
                writer.collect(0)
                store_fetched(session, fetcher, 0.05)
                tell("fetching")
                continue
            if writer.idle() and not _news(session, flow, place_a, place_b, passes):
                break
            writer.finish()
        _raise(writer.stop)
    finally:
        writer.close()
        if writer.stop is None and not writer.cut_short:
            # A place with an id is one that was passed; without, the one to begin at.
            passed_a = place_a[0] if place_a[1] else place_a[0] - 1
            passed_b = place_b[0] if place_b[1] else place_b[0] - 1
            _leave_place(session, compiled, state, fetcher, source, passed_a, passed_b)


def _thin(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    rows: Sequence[tuple[int, Record]],
    work: Sequence[tuple[str, str]],
) -> dict[str, int]:
    """Of the records to be decided, those whose details must be fetched first: id -> change number."""
    numbers = {record.id: seq for seq, record in rows}
    records = [record for _, record in rows]
    woken = [id for side, id in work if side == "a" and id not in numbers]
    if woken:
        records += mirror.get(connection, session.at("a", compiled.flow.a), woken).values()
    return {
        record.id: numbers.get(record.id, 1)
        for record in lacking_detail(session, connection, compiled, records)
        if compiled.a.stream.detail_size
    }


def _news(
    session: Session, flow: Flow, place_a: tuple[int, str], place_b: tuple[int, str], passes: int
) -> bool:
    """Whether more came up for a flow while its last writes were under way."""
    with session.engine.connect() as connection:
        if mirror.changed(connection, session.at("a", flow.a), place_a, 1):
            return True
        if mirror.changed(connection, session.at("b", flow.b), place_b, 1):
            return True
        return passes < _SETTLE_PASSES and bool(waiting.woken(connection, session.sync_id, flow.name, 1))


def _raise(trouble: Trouble | None) -> None:
    if trouble is not None:
        raise trouble


def _leave_place(
    session: Session,
    compiled: Compiled,
    state: FlowState,
    fetcher: Fetcher,
    source: str,
    passed_a: int,
    passed_b: int,
) -> None:
    """Remember how far the flow is: never beyond a record that was not fetched."""
    name = compiled.flow.name
    lowest = fetcher.lowest_open(source)
    settled = passed_a if lowest is None else min(passed_a, lowest - 1)
    fingerprint = session.fingerprints[name]
    if lowest is not None and state.fingerprint not in ("", fingerprint):
        return  # a changed mapping counts as done only when all records have met it
    with session.begin() as connection:
        waits, refused = waiting.counts(connection, session.sync_id, name)
        in_step = session.clock() if lowest is None and not waits and not refused else state.in_step_at
        checkpoints.save_flow(
            connection,
            session.sync_id,
            name,
            FlowState(
                settled_a=max(0, settled),
                settled_b=max(0, passed_b),
                fingerprint=fingerprint,
                in_step_at=in_step,
            ),
        )


def retry(session: Session, flow: str | None = None, id: str | None = None) -> int:
    """Have refused and waiting records decided anew by the next run; returns how many."""
    with session.begin() as connection:
        return waiting.wake_states(
            connection, session.sync_id, ["refused", "waiting", "again"], flow=flow, id=id
        )
