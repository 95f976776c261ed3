"""One run of a sync: recover, read, then flow by flow decide and write. What it leaves over, it says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Halt, OverBudget, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.core.flow import Op
from stockbridge.core.report import FlowReport, OnProgress, RunReport
from stockbridge.engine.fetch import Fetcher, Source
from stockbridge.engine.guard import guard, need_preview, use_up
from stockbridge.engine.read import ReadResult, read_all, read_hints
from stockbridge.engine.recover import Recovered, recover
from stockbridge.engine.session import Session
from stockbridge.engine.settle import plan_fetches, run_flow
from stockbridge.store import runs, waiting

_ROUNDS = (
    3  # a parent's answer may be lost, then its child's; what is lost more often is left to the next run
)


def run(
    session: Session,
    *,
    full: bool = False,
    only: Collection[str] | None = None,
    exports: bool = False,
    hints: Mapping[str, Collection[str]] | None = None,
    on_progress: OnProgress = lambda _: None,
) -> RunReport:
    """Bring side b (and a, where flows go both ways) in step. Never raises for trouble with a system: the report says
    what stopped it.

    `full` reads every list from the beginning, so that deletions are found; `only` names flows. `exports` reads nothing
    but side b of the flows that make records at side a, and writes what is new there, with its parts. `hints` (stream of side a -> ids)
    reads nothing but these records, each by its id.
    """
    flows = [one for one in session.flows if only is None or one.flow.name in only]
    if exports:
        flows = [one for one in flows if Op.CREATE in one.a.writes]
    mode = "full" if full else "exports" if exports else "hints" if hints is not None else "run"
    started = session.now()
    spent = (session.a.meter.spent, session.b.meter.spent)
    with session.begin() as connection:
        number = runs.begin(connection, session.sync_id, mode, session.clock())
    reports = {one.flow.name: FlowReport(flow=one.flow.name) for one in flows}
    fetcher = Fetcher(session.a, session.b, session.fetch_threads)
    reads: list[ReadResult] = []
    written = 0
    trouble: Trouble | None = None
    interrupted = False
    try:
        need_preview(session)
        found = recover(session)
        _count(reports, found)
        written += found.calls_a
        with session.begin() as connection:
            waiting.wake_states(connection, session.sync_id, ["again", "uncertain"])
        if hints is not None:
            reads = read_hints(session, hints)
        else:
            reads = read_all(session, flows, full=full, only_b=exports, on_progress=on_progress)
        guard(session, flows)
        if not exports:
            plan_fetches(session, flows, fetcher)
        for round in range(_ROUNDS + 1):
            for compiled in flows:
                name = compiled.flow.name
                held = found.held.get(name, ())
                written += run_flow(
                    session,
                    compiled,
                    number,
                    fetcher,
                    reports[name],
                    on_progress,
                    held=held,
                    exports=exports,
                )
            # Answers that were lost on the way: by now the other side can be asked.
            found = recover(session)
            _count(reports, found)
            written += found.calls_a
            if not found.intents or round == _ROUNDS:
                break
        if exports:
            parts = _parts_of_what_was_made(session, flows, reports)
            flows += parts
            reports |= {one.flow.name: FlowReport(flow=one.flow.name) for one in parts}
            reads += read_all(session, parts, full=False, only_b=True, on_progress=on_progress)
            for compiled in parts:
                run_flow(session, compiled, number, fetcher, reports[compiled.flow.name], on_progress)
        trouble = fetcher.trouble
    except Trouble as stopped:
        trouble = stopped
    except KeyboardInterrupt:
        interrupted = True
    finally:
        fetcher.close()
    least = least_calls(session, reads, fetcher.fetched) + written
    report = _report(session, number, mode, started, flows, reports, least, spent, trouble, interrupted)
    with session.begin() as connection:
        runs.end(connection, report)
        if mode in ("run", "full"):  # a quick run in between leaves it to the one that was stopped
            use_up(session, connection, flows)
    return report


def _parts_of_what_was_made(
    session: Session, makers: Sequence[Compiled], reports: Mapping[str, FlowReport]
) -> list[Compiled]:
    """The flows of the parts (lines) of what an export just made at side a. Now both sides hold the same parts: whoever
    takes one out before the next import means it, and it goes; one that side b alone has was added later."""
    made = {
        (one.flow.a, one.flow.b)
        for one in makers
        if reports[one.flow.name].created or reports[one.flow.name].adopted
    }
    return [
        one
        for one in session.flows
        if any(
            field.part_of and (one.a.stream.derived_from, field.refers_to) in made
            for field in one.b.stream.fields
        )
    ]


def _report(
    session: Session,
    number: int,
    mode: str,
    started: datetime,
    flows: Sequence[Compiled],
    reports: dict[str, FlowReport],
    least: int,
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
        mode=mode,
        outcome=outcome,
        started_at=started.isoformat(),
        ended_at=ended.isoformat(),
        seconds=round((ended - started).total_seconds(), 3),
        flows=list(reports.values()),
        calls=calls,
        least_calls=least,
        left_today=session.a.meter.remaining,
        stop_code=trouble.code if trouble else None,
        stopped_by="person" if interrupted else stopped_by(trouble),
        message="Stopped; the next run goes on from here."
        if interrupted
        else (trouble.what if trouble else ""),
        remedy=trouble.remedy if trouble else "",
        notes=list(session.notes),
    )


def _count(reports: dict[str, FlowReport], recovered: Recovered) -> None:
    for name, made in recovered.made.items():
        if name in reports:
            reports[name].created += made


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


def least_calls(session: Session, reads: Sequence[ReadResult], fetched: Mapping[Source, int]) -> int:
    """The least possible calls at side a for what these reads found (facts: Zoho 13): list pages of the changed rows (of
    all rows in a full read), at least one per list, plus the details that had to be fetched."""
    streams = session.a.streams()
    total = 0
    for read in reads:
        if read.side == "a" and not read.hinted:
            rows = read.listed if read.full else read.changed
            total += max(1, math.ceil(rows / streams[read.stream].page_size))
    by_id = Counter({name: count for (side, name), count in fetched.items() if side == "a"})
    by_id.update({read.stream: read.listed for read in reads if read.hinted})
    return total + sum(math.ceil(count / max(1, streams[name].detail_size)) for name, count in by_id.items())


def retry(session: Session, flow: str | None = None, id: str | None = None) -> int:
    """Have refused and waiting records decided anew by the next run; returns how many."""
    with session.begin() as connection:
        return waiting.wake_states(
            connection, session.sync_id, ["refused", "waiting", "again"], flow=flow, id=id
        )
