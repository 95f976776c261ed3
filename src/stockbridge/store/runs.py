"""Runs and their reports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select, update

from stockbridge.core.report import RunReport
from stockbridge.store.schema import run


def begin(connection: Connection, sync_id: int, mode: str, at: str) -> int:
    """Open a run; returns its number."""
    statement = run.insert().values(sync=sync_id, mode=mode, started_at=at).returning(run.c.id)
    return int(connection.execute(statement).scalar_one())


def end(connection: Connection, report: RunReport) -> None:
    """Close a run with its report."""
    connection.execute(
        update(run)
        .where(run.c.id == report.run)
        .values(
            ended_at=report.ended_at,
            outcome=report.outcome,
            detail=report.message,
            report=msgspec.json.encode(report),
        )
    )


def over_by(connection: Connection, sync_id: int, numbers: Collection[int]) -> dict[int, datetime]:
    """A moment by which each of these runs was certainly over: its end, or the start of the one after it, since only one
    process works on a sync. A run that may still be under way is missing."""
    out: dict[int, datetime] = {}
    for number in set(numbers):
        ended = select(run.c.ended_at).where(run.c.sync == sync_id, run.c.id == number)
        later = select(run.c.started_at).where(run.c.sync == sync_id, run.c.id > number)
        moments = (
            connection.execute(ended).scalar_one_or_none(),
            connection.execute(later.order_by(run.c.id).limit(1)).scalar_one_or_none(),
        )
        known = [datetime.fromisoformat(moment) for moment in moments if moment]
        if known:
            out[number] = min(known)
    return out


def recent(connection: Connection, sync_id: int, limit: int = 20) -> list[RunReport]:
    """Reports of the newest runs, newest first. A run that was cut short has the outcome "cut short"."""
    query = select(run).where(run.c.sync == sync_id).order_by(run.c.id.desc()).limit(limit)
    return [_report(row) for row in connection.execute(query)]


def one(connection: Connection, sync_id: int, number: int) -> RunReport | None:
    """The report of one run."""
    row = connection.execute(select(run).where(run.c.sync == sync_id, run.c.id == number)).one_or_none()
    return None if row is None else _report(row)


def _report(row: object) -> RunReport:
    report: bytes | None = row.report  # type: ignore[attr-defined]
    if report is not None:
        return msgspec.json.decode(report, type=RunReport)
    return RunReport(
        run=row.id,  # type: ignore[attr-defined]
        sync="",
        mode=row.mode,  # type: ignore[attr-defined]
        outcome="cut short",
        started_at=row.started_at,  # type: ignore[attr-defined]
        ended_at="",
        seconds=0,
        flows=[],
        calls={},
        least_calls=0,
        message="The process ended before the run did; the next run goes on from there.",
    )
