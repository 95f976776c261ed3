"""`stockbridge approve`: a person lets a run go on that a safety limit stopped."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, SyncOption, chosen_sync, opened
from stockbridge.cli.output import count, document, flow_name, good, note, say
from stockbridge.cli.render import show_plan
from stockbridge.cli.runs import run_of
from stockbridge.cli.usage import Usage
from stockbridge.core.report import RunReport
from stockbridge.engine.preview import plan_from_store
from stockbridge.store import runs, schedule
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.approval import approve as allow
from stockbridge.wiring.approval import asks_the_same, to_allow, waiting_run
from stockbridge.wiring.session import open_sync

_LOOK_BACK = 1000
_SAMPLES = 6


def approve(
    number: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="The run that a safety limit stopped; else the last one."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only show what going on would do; costs no call and allows nothing."),
    ] = False,
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Allow the next run what a safety limit stopped.

    Just the deletions that are known now, or the change of everything that it showed, and no more.

    \b
    Examples:
      stockbridge approve 88 --dry-run
      stockbridge approve 88
    """
    with opened() as store:
        row, report = _the_one_waiting(store, number, sync)
        with open_sync(store, row, lock=False) as session:
            if dry_run:
                allowed, plan = to_allow(session, report.stop_code), plan_from_store(session)
            else:
                allowed, plan = allow(session, report.stop_code), []
        with store.connect() as connection:
            served = bool(schedule.slots(connection, row.id))
    if as_json:
        found = {"run": report.run, "approved": {} if dry_run else allowed}
        document(found | ({"would_approve": allowed, "plan": plan} if dry_run else {}))
        return
    if dry_run:
        say(f"Run {report.run} was stopped: {report.message}")
        say()
        show_plan(plan, samples=_SAMPLES)
        say()
    for words in _in_words(allowed, "would be allowed to" if dry_run else "may"):
        say(words if dry_run else good(words))
    if not allowed:
        note("There is nothing to approve any more.")
    if dry_run:
        say(f"Nothing was allowed. If that is right: stockbridge approve {report.run}")
    else:
        also = ", or leave it to stockbridge serve" if served else ""
        say(f"  Go on: stockbridge run{also}")


def _in_words(allowed: dict[str, int], may: str) -> list[str]:
    out = []
    for what, many in allowed.items():
        if what == "read-empty":
            out.append(f"The next run {may} take an empty list for the truth.")
        elif what == "everything":
            out.append(f"The next run {may} change every record.")
        else:
            out.append(f"The next run {may} carry on {count(many, 'deletion')} of {flow_name(what)}.")
    return out


def _the_one_waiting(store: Engine, number: int | None, sync: str | None) -> tuple[SyncRow, RunReport]:
    """The stopped run that waits for a person. Raises `Usage` where the one that is named is not it."""
    named: RunReport | None = None
    if number is None:
        row = chosen_sync(store, sync, option=True)
    else:
        row, named = run_of(store, number)
    with store.connect() as connection:
        recent = runs.recent(connection, row.id, _LOOK_BACK)
    found = waiting_run(recent)
    if named is not None and named.stopped_by != "safety":
        raise Usage(
            f"Run {named.run} was not stopped by a safety limit.",
            remedy=f"See: stockbridge runs show {named.run}",
        )
    if found is None and named is not None:
        raise Usage(f"Run {named.run} waits for nobody any more.", remedy="See: stockbridge runs")
    if found is None:
        raise Usage(f'No run of the sync "{row.name}" waits for anybody.', remedy="See: stockbridge runs")
    if found.stop_code == "preview":
        raise Usage(
            f"Run {found.run} waits for a look, not for an approval: {found.message}", remedy=found.remedy
        )
    # A schedule asks the same question again and again; whoever answers the first of them answers them all.
    if named is not None and not asks_the_same(named, found):
        raise Usage(
            f"Run {named.run} is not the one that waits: run {found.run} asks something else.",
            remedy=f"Look at that first: stockbridge approve {found.run} --dry-run",
        )
    return row, found
