"""The commands that work with a sync: preview, run, status, explain, retry."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from shlex import quote
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli import progress
from stockbridge.cli.options import Debug, Json, Sync, SyncOption, chosen_sync, opened
from stockbridge.cli.output import bold, count, document, flow_name, good, moment, number, say
from stockbridge.cli.render import (
    show_explanation,
    show_preview,
    show_run,
    show_status,
)
from stockbridge.cli.schedule import show_slots, slot_of
from stockbridge.cli.usage import Usage
from stockbridge.core.errors import Halt
from stockbridge.core.report import Explanation, RunReport
from stockbridge.engine import explain as explaining
from stockbridge.engine import preview as previewing
from stockbridge.engine import run as running
from stockbridge.engine import status as standing
from stockbridge.engine.session import Session
from stockbridge.store import accounts, inbox, runs, schedule, syncs, waiting
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.flow_names import entity_name, flows_of
from stockbridge.wiring.session import open_sync
from stockbridge.wiring.spelling import nearest
from stockbridge.wiring.sync_kinds import BOARD, CONTACTS, FLOW_NAMES, kind_of

_EXIT = {"in step": 0, "left over": 3, "stopped": 4, "failed": 1}


def preview(
    sync: Sync = None,
    samples: Annotated[int, typer.Option("--samples", min=0, help="Examples to show per flow.")] = 2,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what a run would do and what it costs. Reads both systems, writes nothing to either.

    \b
    Examples:
      stockbridge preview
      stockbridge preview fietsenrek --samples 10
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        with open_sync(store, row) as session, progress.shown(quiet=as_json) as on_progress:
            found = previewing.preview(session, on_progress=on_progress)
    if as_json:
        document(found)
    else:
        show_preview(found, samples=samples)
    if any(flow.halts for flow in found.flows):
        raise typer.Exit(4)
    if any(flow.waiting or flow.refused for flow in found.flows):
        raise typer.Exit(3)


def run(
    sync: Sync = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Read every list from the beginning, so that deletions are noticed."),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FLOW", help=f"Only this flow: {', '.join(FLOW_NAMES)}."),
    ] = None,
    exports: Annotated[
        bool,
        typer.Option(
            "--exports", help="Only what planners placed in Optiply goes to Zoho; Zoho's lists are not read."
        ),
    ] = False,
    notify: Annotated[
        bool,
        typer.Option(
            "--notify",
            help="Tell whom `stockbridge notify` names when somebody is needed: for cron, where nobody looks.",
        ),
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Bring both systems of a sync in step.

    Of a board, what Zoho holds goes to Optiply, what planners ordered there to Zoho; contacts go both ways, as their sync
    is set. May be stopped with Ctrl-C at any point; the next run goes on from there.

    Exit code 0: everything is in step. 3: records wait or were refused. 4: someone is needed.

    \b
    Examples:
      stockbridge run
      stockbridge run --only products --only suppliers
      stockbridge run --full
      stockbridge run --exports
      stockbridge run --notify
    """
    if exports and (full or only):
        raise Usage(
            "--exports goes with neither --full nor --only: it reads just the orders that are new in Optiply.",
            remedy="Leave one of them out: stockbridge run --exports",
        )
    named = [_flow(part) for given in only or [] for part in given.split(",")]
    flows = [flow for name in named for flow in flows_of(name)] or None
    with opened() as store:
        row = chosen_sync(store, sync)
        if exports and row.kind != BOARD:
            raise Usage(
                f'The sync "{row.name}" has no exports: it goes both ways at once.',
                remedy=f"Leave --exports out: stockbridge run {quote(row.name)}",
            )
        if row.paused_at is not None:
            raise Halt(
                f'The sync "{row.name}" is paused, so nothing was read or written.',
                remedy=f"Go on with it: stockbridge sync resume {quote(row.name)}",
            )
        with (
            _told_afterwards(store, row) if notify else nullcontext(),
            open_sync(store, row) as session,
            progress.shown(quiet=as_json) as on_progress,
        ):
            report = running.run(session, full=full, only=flows, exports=exports, on_progress=on_progress)
        with store.connect() as connection:
            asked = sum(inbox.count_open(connection, row.id, flow.flow) for flow in report.flows)
    if as_json:
        document(report)
    else:
        show_run(report)
        if asked:
            say(f"{count(asked, 'question')} only you can answer: stockbridge inbox")
    code = 130 if report.stopped_by == "person" else _EXIT[report.outcome]
    if code:
        raise typer.Exit(code)


def _told_afterwards(store: Engine, row: SyncRow) -> AbstractContextManager[None]:
    from stockbridge.cli.tell import told_afterwards  # it loads what sends, which hardly any command needs

    return told_afterwards(store, row)


def status(
    sync: Sync = None,
    show_waiting: Annotated[
        bool, typer.Option("--waiting", help="List the records that wait or were refused, and why.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show how each flow stands.

    In step, waiting, refused, last success, calls left today; when it runs next, where `stockbridge serve` runs it.
    Costs no call.

    \b
    Examples:
      stockbridge status
      stockbridge status --waiting
    """
    documents: list[dict[str, Any]] = []
    with opened() as store:
        with store.connect() as connection:
            known = syncs.all_syncs(connection)
        rows = known if sync is None and known else [chosen_sync(store, sync)]
        for index, row in enumerate(rows):
            if index and not as_json:
                say()
            documents.append(_status_of(store, row, show_waiting, as_json))
    if as_json:
        document(documents if sync is None and len(rows) > 1 else documents[0])


def _status_of(store: Engine, row: SyncRow, show_waiting: bool, as_json: bool) -> dict[str, Any]:
    with open_sync(store, row, lock=False) as session:
        flows = standing.status(session)
    with store.connect() as connection:
        last = next(iter(runs.recent(connection, row.id, 1)), None)
        account = accounts.get(connection, row.account_a)
        unsettled = waiting.rows(connection, row.id) if show_waiting else []
        slots = schedule.slots(connection, row.id)
    zone = account.settings.get("time_zone")
    quota = account.quota
    if as_json:
        found: dict[str, Any] = {
            "sync": row.name,
            "holder": row.holder,
            "paused_at": row.paused_at,
            "flows": flows,
            "last_run": last,
            "quota": quota,
            "schedule": list(slots.values()),
        }
        return found | ({"waiting": unsettled} if show_waiting else {})
    paused = f"  paused since {moment(row.paused_at, zone)}" if row.paused_at else ""
    say(bold(row.name) + (f"  running, by {row.holder}" if row.holder else "") + paused)
    show_status(flows, zone, {flow.flow: slot_of(slots, flow.flow) for flow in flows} if slots else None)
    say(_last_run(last, zone))
    show_slots(slots, zone, running=row.holder is not None)
    if quota is not None:
        when = moment(quota["resets_at"], zone) if quota.get("resets_at") else "the next day"
        say(
            f"Zoho calls left, as last told: {number(quota['remaining'])} of {number(quota['limit'])}, anew at {when}"
        )
    for one in unsettled:
        say(f"{one.state:<9} {flow_name(one.flow)} {one.id}: {one.reason}")
        if one.remedy:
            say(f"          {one.remedy}")
    return {}


def _last_run(last: RunReport | None, zone: str | None) -> str:
    if last is None:
        return "It has never run. See what it would do: stockbridge preview"
    why = f" ({last.message})" if last.message else ""
    return f"last run {last.run}: {last.outcome}, {moment(last.ended_at or last.started_at, zone)}{why}"


def explain(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help=f"One of {', '.join(FLOW_NAMES)}.")],
    record: Annotated[
        str,
        typer.Argument(metavar="ID", help="Its id at either side, its SKU, number, name or e-mail address."),
    ],
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell why one record is where it is.

    The rules it met, its mapping row by row, its last outcome, what would fix it.

    \b
    Examples:
      stockbridge explain products SKU-123
      stockbridge explain sell_orders SO-00417
      stockbridge explain buy_orders 1275993
      stockbridge explain contacts "Zwaluw Rijwielen BV"
    """
    flow = _flow(stream)
    with opened() as store:
        row = chosen_sync(store, sync, option=True, kind=_kind_with(flow))
        with open_sync(store, row, lock=False) as session:
            found = _explained(session, flow, record)
        with store.connect() as connection:
            zone = accounts.get(connection, row.account_a).settings.get("time_zone")
    if as_json:
        document(found)
    for index, one in enumerate([] if as_json else found):
        if index:
            say()
        show_explanation(one, zone, kind_of(row).systems)
    if all(one.verdict == "not found" for one in found):
        raise typer.Exit(2)


def _explained(session: Session, flow: str, record: str) -> list[Explanation]:
    """What is known of it in this flow, and what is open in those that go with it: whether an assembly is complete is a
    flow of its own."""
    present = {one.flow.name for one in session.flows}
    if flow not in present and (flow == "contacts" or "contacts" in present):
        raise Usage(
            f'The sync "{session.name}" has no {flow_name(flow)}.',
            remedy="See what each sync is for: stockbridge sync list",
        )
    if flow not in present:
        raise Usage(
            f"This sync leaves {flow_name(flow)} out.",
            remedy=f"A flag does that, see: stockbridge sync export {quote(session.name)}",
        )
    found = explaining.explain(session, flow, record)
    for other in flows_of(flow)[1:]:
        if other in present:
            known = explaining.explain(session, other, record)
            found += [one for one in known if one.verdict in ("waiting", "refused", "to be written")]
    return found


def retry(
    stream: Annotated[
        str | None, typer.Argument(metavar="STREAM", help="Only this flow; all of them when left out.")
    ] = None,
    record: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Only the record with this id, as status --waiting names it."),
    ] = None,
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Let the next run try again what waits or was refused. Costs no call.

    \b
    Examples:
      stockbridge retry
      stockbridge retry sell_orders 4600000012345
    """
    flow = None if stream is None else _flow(stream)
    with opened() as store:
        row = chosen_sync(store, sync, option=True, kind=_kind_with(flow) if flow else "")
        with open_sync(store, row, lock=False) as session:
            many = running.retry(session, flow, record)
    if as_json:
        document({"retried": many})
    elif many:
        say(good(f"{count(many, 'record')} will be tried again: stockbridge run"))
    else:
        say("Nothing waits or was refused there.")


def _kind_with(flow: str) -> str:
    """The kind of sync that has this flow."""
    return CONTACTS if flow == "contacts" else BOARD


def _flow(name: str) -> str:
    flow = entity_name(name.replace("-", "_").replace(" ", "_"))
    if flow not in FLOW_NAMES:
        raise Usage(
            f'There is no stream "{name}"{nearest(name, FLOW_NAMES) or "."}',
            remedy=f"There are: {', '.join(FLOW_NAMES)}",
        )
    return flow
