"""Carries out one piece of work: takes the sync, sees whether the slot is still due, runs it, notes how it ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from stockbridge.core.report import RunReport
from stockbridge.engine.run import run
from stockbridge.engine.session import Session
from stockbridge.runtime.due import next_after
from stockbridge.runtime.lookout import Watched
from stockbridge.runtime.queue import Kind, Work
from stockbridge.store import hints, schedule
from stockbridge.store.rows import moment_text
from stockbridge.wiring.session import open_sync

_UNTIL_ITS_OWNER_COMES = timedelta(hours=24)
_BLIND = timedelta(hours=1)  # the quota is used up, and nobody said until when


class Began(msgspec.Struct, frozen=True, kw_only=True):
    """A run starts. `after_a_cut` is true where the one before did not come to its end."""

    sync: str
    kind: Kind
    flow: str
    after_a_cut: bool = False


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A run is over; `next_due` says when the slot comes again (None for hints), `paused_by` why not sooner."""

    sync: str
    kind: Kind
    flow: str
    report: RunReport
    next_due: str | None = None
    paused_by: str | None = None
    zone: str | None = None


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something else that whoever reads the log should know."""

    sync: str
    what: str
    remedy: str = ""
    code: str | None = None


Told: TypeAlias = Began | Ended | Noted
Tell: TypeAlias = Callable[[Told], None]


def carry_out(store: Engine, watched: Watched, work: Work, now: Callable[[], datetime], tell: Tell) -> None:
    """One run. Raises `Trouble` where the sync cannot be opened: the code `TAKEN` says that another process holds it."""
    with open_sync(store, watched.row) as session:
        if work.kind == "hints":
            _follow_hints(session, watched, now, tell)
        else:
            _keep_slot(store, session, watched, work, now, tell)


def _keep_slot(
    store: Engine, session: Session, watched: Watched, work: Work, now: Callable[[], datetime], tell: Tell
) -> None:
    number, key = session.sync_id, (work.kind, work.flow)
    slot, started = watched.slots.get(key), now()
    if slot is None:
        return  # the settings changed meanwhile
    with store.begin() as connection:
        before = schedule.slots(connection, number).get(key)
        if before is None or not schedule.begin(connection, number, key, moment_text(started)):
            return  # another process was there first
    tell(
        Began(
            sync=session.name,
            kind=work.kind,
            flow=work.flow,
            after_a_cut=before.last_outcome == "under way",
        )
    )
    next_due = moment_text(next_after(slot.timing, started, watched.zone))
    try:
        report = run(session, exports=True) if slot.kind == "export" else run(session, only=slot.only)
    except OperationalError:
        raise  # the store itself is gone
    except Exception:  # a mistake of ours; whoever starts the program again must not run into it at once
        with store.begin() as connection:
            schedule.end(connection, number, key, outcome="failed", next_due=next_due, success=None)
        raise
    paused_by = None
    with store.begin() as connection:
        if report.stopped_by == "person":  # goes on where it was as soon as somebody serves it again
            next_due = before.next_due
        schedule.end(
            connection,
            number,
            key,
            outcome=report.outcome,
            next_due=next_due,
            success=moment_text(now()) if report.outcome in ("in step", "left over") else None,
        )
        pause = _pause(session, report, slot.kind, now())
        if pause is not None:
            paused_by, until, kinds = pause
            schedule.pause(connection, number, paused_by, moment_text(until), kinds)
            next_due = max(next_due, moment_text(until))
    tell(
        Ended(
            sync=session.name,
            kind=work.kind,
            flow=work.flow,
            report=report,
            next_due=max(next_due, moment_text(now())),
            paused_by=paused_by,
            zone=watched.zone_name,
        )
    )


def _pause(
    session: Session, report: RunReport, kind: Kind, now: datetime
) -> tuple[str, datetime, tuple[str, ...]] | None:
    """What is to be left alone after such an end, why, and until when. Exports have calls of the day to themselves, so
    they go on when the imports have used up theirs."""
    match report.stopped_by:
        case "account":
            return "account", now + _UNTIL_ITS_OWNER_COMES, ("import", "export")
        case "quota":
            kinds = ("import", "export") if kind == "export" else ("import",)
            # In lengths of time, for a session on a fast clock has an hour of its own.
            waits = [
                meter.resets_at - session.now()
                for meter in (session.a.meter, session.b.meter)
                if meter.resets_at is not None and meter.resets_at > session.now()
            ]
            return "quota", now + max(waits, default=_BLIND), kinds
        case _:
            return None


def _follow_hints(session: Session, watched: Watched, now: Callable[[], datetime], tell: Tell) -> None:
    """Read just the records that were told of. A run that fails leaves them to the next import: polling is the truth."""
    with session.engine.connect() as connection:
        taken = hints.waiting(connection, session.sync_id, "a")
    pause = None
    wanted: dict[str, list[str]] = {}
    for stream, id, _ in taken:
        if ("a", stream) in session.shelves:
            wanted.setdefault(stream, []).append(id)
    if wanted:
        tell(Began(sync=session.name, kind="hints", flow=""))
        try:
            report = run(session, hints=wanted)
        except OperationalError:
            raise
        except Exception:
            with session.begin() as connection:
                hints.settle(connection, session.sync_id, "a", taken)
            raise
        tell(Ended(sync=session.name, kind="hints", flow="", report=report, zone=watched.zone_name))
        if report.stopped_by == "person":
            return
        pause = _pause(session, report, "hints", now())
    with session.begin() as connection:
        if pause is not None:
            by, until, kinds = pause
            schedule.pause(connection, session.sync_id, by, moment_text(until), kinds)
        hints.settle(connection, session.sync_id, "a", taken)


def failed(store: Engine, watched: Watched, work: Work, now: datetime) -> None:
    """The sync could not even be opened: its slot comes again at its next time."""
    slot = watched.slots.get((work.kind, work.flow))
    if slot is None:
        return
    with store.begin() as connection:
        schedule.end(
            connection,
            watched.row.id,
            (work.kind, work.flow),
            outcome="stopped",
            next_due=moment_text(next_after(slot.timing, now, watched.zone)),
            success=None,
        )
