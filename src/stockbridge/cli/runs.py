"""`stockbridge runs`: the last runs, and one of them whole."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, SyncOption, chosen_sync, opened
from stockbridge.cli.output import bold, document, moment, say
from stockbridge.cli.render import show_changes, show_run, show_runs
from stockbridge.cli.usage import Usage
from stockbridge.core.report import RunReport
from stockbridge.store import accounts, journal, runs, syncs
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.sync_kinds import kind_of

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def list_runs(
    context: typer.Context,
    sync: SyncOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 20,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the last runs, newest first.

    `runs show N` tells one of them whole.

    \b
    Examples:
      stockbridge runs
      stockbridge runs show 12
    """
    if context.invoked_subcommand is not None:
        return
    with opened() as store:
        row = chosen_sync(store, sync, option=True)
        with store.connect() as connection:
            found = [_named(report, row) for report in runs.recent(connection, row.id, limit)]
            zone = accounts.get(connection, row.account_a).settings.get("time_zone")
    if as_json:
        document(found)
    elif found:
        show_runs(found, zone)
    else:
        say(f'The sync "{row.name}" has never run. See what it would do: stockbridge preview')


@app.command("show")
def show_one_run(
    number: Annotated[int, typer.Argument(metavar="RUN", help="The number of the run.")],
    changes: Annotated[
        bool, typer.Option("--changes", help="Also every write of that run, with what it replaced.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell one run whole.

    \b
    Examples:
      stockbridge runs show 12
      stockbridge runs show 12 --changes
    """
    with opened() as store:
        row, report = run_of(store, number)
        with store.connect() as connection:
            zone = accounts.get(connection, row.account_a).settings.get("time_zone")
            found = journal.history(connection, row.id, run=number, limit=1_000_000) if changes else []
    here, there = kind_of(row).systems
    written = [
        {
            "change": entry.id,
            "flow": entry.flow,
            "id": entry.a_id or entry.b_id,
            "op": entry.op,
            "system": here if entry.side == "a" else there,
            "outcome": entry.outcome or "answer unknown",
            "detail": entry.detail or "",
            "before": msgspec.json.decode(entry.before or b"{}"),
            "after": msgspec.json.decode(entry.written),
        }
        for entry in reversed(found)
    ]
    if as_json:
        document({**msgspec.to_builtins(report), "changes": written} if changes else report)
        return
    say(bold(f"run {report.run} of {row.name}") + f"  {report.mode}, {moment(report.started_at, zone)}")
    show_run(report)
    if changes:
        show_changes(written)


def run_of(store: Engine, number: int) -> tuple[SyncRow, RunReport]:
    """The run of that number, and its sync. Raises `Usage`."""
    with store.connect() as connection:
        for row in syncs.all_syncs(connection):
            report = runs.one(connection, row.id, number)
            if report is not None:
                return row, _named(report, row)
    raise Usage(f"There is no run {number}.", remedy="See what there is: stockbridge runs")


def _named(report: RunReport, row: SyncRow) -> RunReport:
    report.sync = report.sync or row.name
    return report
