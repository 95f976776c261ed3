"""`stockbridge serve`: everything at its time, and webhooks as they come."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any

import msgspec
import typer

from stockbridge.cli.options import Debug, Json, chosen_sync, opened
from stockbridge.cli.output import count, duration, flow_name, moment, say
from stockbridge.core.report import RunReport
from stockbridge.http.clock import Clock
from stockbridge.runtime.hooks import receiving
from stockbridge.runtime.lookout import Lookout
from stockbridge.runtime.serve import serve as serve_on
from stockbridge.runtime.watch import watching
from stockbridge.runtime.work import Began, Ended, Noted, Tell, Told
from stockbridge.store import syncs
from stockbridge.store.sealing import load_sealer
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.common_clock import clock_of
from stockbridge.wiring.hook_secret import hook_path


def serve(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="SYNC", help="Only these syncs; every sync there is when left out."),
    ] = None,
    hooks: Annotated[bool, typer.Option("--hooks", help="Also receive Zoho's webhooks.")] = False,
    hooks_port: Annotated[
        int, typer.Option("--hooks-port", metavar="PORT", min=0, max=65535, help="Where webhooks arrive.")
    ] = 8088,
    hooks_bind: Annotated[
        str,
        typer.Option(
            "--hooks-bind",
            metavar="ADDRESS",
            help="The address of this machine to listen at; put a server with TLS before it.",
        ),
    ] = "127.0.0.1",
    hooks_gather: Annotated[
        int,
        typer.Option(
            "--hooks-gather",
            metavar="SECONDS",
            min=0,
            max=3600,
            help="How long webhooks are gathered for one run.",
        ),
    ] = 5,
    metrics: Annotated[bool, typer.Option("--metrics", help="Also tell a monitor how things stand.")] = False,
    metrics_port: Annotated[
        int,
        typer.Option(
            "--metrics-port", metavar="PORT", min=0, max=65535, help="Where a monitor asks for them."
        ),
    ] = 9464,
    metrics_bind: Annotated[
        str,
        typer.Option("--metrics-bind", metavar="ADDRESS", help="The address of this machine to listen at."),
    ] = "127.0.0.1",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run every sync at its time: imports every 60 minutes, exports every 15, or as its file says under [schedule].

    Never two runs of one sync at once; a time that was missed is made up for once. When somebody is needed it tells whom
    `stockbridge notify` names. Stops at Ctrl-C or SIGTERM: the run under way ends in order, and the next start goes on from
    there. With --json it prints one document a line.

    \b
    Examples:
      stockbridge serve
      stockbridge serve fietsenrek --hooks --hooks-port 8088
      stockbridge serve --metrics
    """
    say_it: Tell = _tell_json if as_json else _tell
    one_at_a_time = threading.Lock()

    def tell(told: Told) -> None:
        with one_at_a_time:  # who sends notices speaks up in a thread of its own
            say_it(told)

    with opened() as store:
        watched = [chosen_sync(store, name) for name in names or []]
        with store.connect() as connection:
            rows = watched or syncs.all_syncs(connection)
        clock = clock_of(store, rows)
        lookout = Lookout(
            store=store,
            names=[row.name for row in watched] or None,
            gather=timedelta(seconds=hooks_gather),
        )
        wake = threading.Event()
        with stopping() as came:
            with suppress(KeyboardInterrupt), ExitStack() as stack:
                if hooks:
                    address = stack.enter_context(
                        receiving(
                            store,
                            load_sealer(),
                            bind=hooks_bind,
                            port=hooks_port,
                            now=clock.now,
                            wake=wake.set,
                        )
                    )
                    _greet_hooks(rows, address, as_json)
                counted = None
                if metrics:
                    address, counted = _measured(stack, lookout, clock, metrics_bind, metrics_port)
                    _greet_metrics(address, as_json)
                _greet(rows, as_json)
                watcher = stack.enter_context(watching(store, clock.now, tell, names=lookout.names))

                def tell_run(told: Told) -> None:
                    if isinstance(told, Ended):
                        watcher.look_soon()
                        if counted is not None:
                            counted(told)
                    tell(told)

                serve_on(
                    lookout,
                    clock,
                    tell_run,
                    wake,
                    stopped=lambda: bool(came),
                    tell_closed=watcher.note_closed,
                )
            tell(Noted(sync="", what="Stopped; the next start goes on from here.", code="stopped"))
        if signal.SIGINT in came:
            raise typer.Exit(130)


@contextmanager
def stopping() -> Iterator[Sequence[signal.Signals]]:
    """The first SIGTERM or SIGINT becomes one KeyboardInterrupt; those that follow change nothing, for the end of a run
    takes in the answers that are under way. Gives what has come."""
    came: list[signal.Signals] = []

    def stop(number: int, _frame: object) -> None:
        came.append(signal.Signals(number))
        if len(came) == 1:
            raise KeyboardInterrupt

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _measured(
    stack: ExitStack, lookout: Lookout, clock: Clock, bind: str, port: int
) -> tuple[str, Callable[[Ended], None]]:
    """Where metrics are told, and what counts the runs that it is told of."""
    from stockbridge.runtime import metrics  # it takes a quarter of a second to load, and few need it

    meters = metrics.meters(lookout.store, clock.now, version("stockbridge"), lookout.names)
    address = stack.enter_context(metrics.telling(meters, bind=bind, port=port))
    return address, partial(metrics.count, meters)


def _greet(rows: Sequence[SyncRow], as_json: bool) -> None:
    if as_json:
        return
    which = ", ".join(row.name for row in rows) or "no sync yet; one that is made is noticed"
    _line("", f"Serving {which}. Stop with Ctrl-C; see when what is due: stockbridge status")


def _greet_hooks(rows: Sequence[SyncRow], address: str, as_json: bool) -> None:
    if as_json:
        _document("hooks", {"address": address})
        return
    for row in rows:
        if row.hook_secret is None:
            _line(row.name, f"No webhooks yet. Set them up: stockbridge sync hooks {row.name}")
        else:
            _line(row.name, f"Webhooks arrive at {address}{hook_path(row.name)}")


def _greet_metrics(address: str, as_json: bool) -> None:
    if as_json:
        _document("metrics", {"address": address})
    else:
        _line("", f"A monitor may ask at {address}")


def _tell(told: Told) -> None:
    match told:
        case Began() if told.kind != "import":
            pass  # it takes a moment and comes often; its end is told
        case Began():
            again = " again, for the one before was cut short" if told.after_a_cut else ""
            _line(told.sync, f"{_what(told.kind, told.flow)} begins{again}")
        case Ended():
            _line(told.sync, f"{_what(told.kind, told.flow)} {_ended(told)}")
            if told.report.remedy:
                _line(told.sync, f"  {told.report.remedy}")
        case Noted():
            _line(told.sync, told.what)
            if told.remedy:
                _line(told.sync, f"  {told.remedy}")


def _ended(told: Ended) -> str:
    report = told.report
    parts = [_outcome(report), *_counts(report)]
    calls = sum(report.calls.values())
    parts.append(f"{count(calls, 'call')} in {duration(report.seconds)}")
    if told.next_due is not None and report.stopped_by != "person":
        why = {"account": "once its owner has signed in, else ", "quota": "when the quota is there again, "}
        parts.append(f"next {why.get(told.paused_by or '', '')}{moment(told.next_due, told.zone)}")
    return "; ".join(parts)


def _outcome(report: RunReport) -> str:
    if report.outcome == "stopped":
        return f"stopped: {report.message}".rstrip(".")
    return f"run {report.run}: {report.outcome}"


def _counts(report: RunReport) -> list[str]:
    named = (
        ("created", sum(flow.created for flow in report.flows)),
        ("updated", sum(flow.updated for flow in report.flows)),
        ("removed", sum(flow.removed for flow in report.flows)),
        ("waiting", sum(flow.waiting for flow in report.flows)),
        ("refused", sum(flow.refused for flow in report.flows)),
    )
    words = ", ".join(f"{many:,} {name}" for name, many in named if many)
    return [words or "nothing to do"] if report.outcome != "stopped" else [words] if words else []


def _what(kind: str, flow: str) -> str:
    return f"{kind} of {flow_name(flow)}" if flow else {"hints": "read what webhooks told:"}.get(kind, kind)


def _line(sync: str, text: str) -> None:
    at = datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    say(f"{at}  {sync}: {text}" if sync else f"{at}  {text}")


def _tell_json(told: Told) -> None:
    _document({Began: "began", Ended: "ended", Noted: "noted"}[type(told)], msgspec.to_builtins(told))


def _document(event: str, told: dict[str, Any]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    say(msgspec.json.encode({"at": at, "event": event, **told}).decode())
