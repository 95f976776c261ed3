"""What a monitor reads at GET /metrics: counters of this process, and how every sync stands by the store.

What the store knows is read when it is asked for, so a restart loses nothing of it; a scrape makes no call and waits for
no run. Labels are names that the installation gave (syncs, accounts) or words of ours, never a record's.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from stockbridge.core.alarms import Reason
from stockbridge.core.errors import Halt
from stockbridge.runtime.door import Asked, Said, door
from stockbridge.runtime.work import Ended
from stockbridge.store import accounts, alarms, overview, syncs
from stockbridge.store.accounts import AccountRow
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.live_flows import live_flows

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """Everything that is measured, in a registry of its own. Counters begin with the process."""

    registry: CollectorRegistry
    counted: _Counted


def meters(
    store: Engine, now: Callable[[], datetime], version: str, names: Collection[str] | None = None
) -> Meters:
    """Meters that stand at nothing; `names` are the syncs to tell of (None: every one there is)."""
    found = Meters(registry=CollectorRegistry(), counted=_Counted())
    found.registry.register(found.counted)
    found.registry.register(_Stored(store=store, now=now, version=version, names=names))
    return found


def count(at: Meters, ended: Ended) -> None:
    """Add one run that ended."""
    at.counted.add(ended)


@contextmanager
def telling(at: Meters, *, bind: str, port: int) -> Iterator[str]:
    """Answers GET /metrics until the end of the block, in Prometheus' text or, where it is asked for, OpenMetrics; gives the
    address. Port 0 takes any free one. Raises `Halt` where the port is taken or the address is none of this machine."""

    def tell(asked: Asked) -> Said:
        if urlsplit(asked.address).path != "/metrics":
            return Said(status=404)
        encode, content_type = choose_encoder(asked.headers.get("Accept", ""))
        return Said(status=200, body=encode(at.registry), content_type=content_type)

    with ExitStack() as stack:
        try:
            address = stack.enter_context(door(bind, port, "GET", tell))
        except OSError as trouble:
            raise Halt(
                f"Metrics cannot be told at {bind}:{port}: {trouble.strerror or trouble}.",
                remedy="Choose another --metrics-port or --metrics-bind.",
            ) from None
        yield f"{address}/metrics"


class _Counted(Collector):
    """What this process did. A class because the library asks for one; its own counters add a second series to each, with
    the moment when it was made."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._runs: Counter[tuple[str, ...]] = Counter()
        self._ended: Counter[tuple[str, ...]] = Counter()
        self._seconds: dict[tuple[str, ...], float] = {}
        self._writes: Counter[tuple[str, ...]] = Counter()
        self._calls: Counter[tuple[str, ...]] = Counter()

    def add(self, ended: Ended) -> None:
        """One run that ended."""
        report, sync, kind = ended.report, ended.sync, str(ended.kind)
        with self._guard:
            self._runs[sync, kind, report.outcome] += 1
            self._ended[sync, kind] += 1
            self._seconds[sync, kind] = self._seconds.get((sync, kind), 0.0) + report.seconds
            for flow in report.flows:
                done = (("create", flow.created), ("update", flow.updated), ("remove", flow.removed))
                for operation, many in done:
                    if many:
                        self._writes[sync, flow.flow, operation] += many
            for system, calls in report.calls.items():
                self._calls[sync, system.lower()] += calls

    def collect(self) -> Iterator[Metric]:
        runs = CounterMetricFamily(
            "stockbridge_runs",
            "Runs that ended, by how: in step, left over, stopped.",
            labels=("sync", "kind", "outcome"),
        )
        seconds = SummaryMetricFamily(
            "stockbridge_run_seconds", "How long runs took.", labels=("sync", "kind")
        )
        writes = CounterMetricFamily(
            "stockbridge_writes",
            "Records written to a system, by what was done.",
            labels=("sync", "flow", "operation"),
        )
        calls = CounterMetricFamily(
            "stockbridge_api_calls", "Calls that runs spent.", labels=("sync", "system")
        )
        with self._guard:
            for family, counted in ((runs, self._runs), (writes, self._writes), (calls, self._calls)):
                for labels, many in counted.items():
                    family.add_metric(labels, many)
            for labels, many in self._ended.items():
                seconds.add_metric(labels, count_value=many, sum_value=self._seconds[labels])
        yield from (runs, seconds, writes, calls)


class _Stored(Collector):
    """What the store knows, read at each scrape. A class because the library asks for one."""

    def __init__(
        self, *, store: Engine, now: Callable[[], datetime], version: str, names: Collection[str] | None
    ) -> None:
        self._store = store
        self._now = now
        self._version = version
        self._names = names

    def collect(self) -> Iterator[Metric]:
        build = InfoMetricFamily("stockbridge_build", "Which Stockbridge it is.")
        build.add_metric([], {"version": self._version})
        yield build
        reachable = GaugeMetricFamily(
            "stockbridge_store_reachable",
            "Whether the store could be read (1); the gauges that come from it are missing else.",
        )
        found: list[Metric] = []
        try:
            with self._store.connect() as connection:
                rows = [
                    row
                    for row in syncs.all_syncs(connection)
                    if self._names is None or row.name in self._names
                ]
                found += _of_flows(connection, rows)
                found += _of_syncs(connection, rows)
                found.extend(_of_accounts(connection, rows, self._now()))
        except SQLAlchemyError as trouble:
            _log.warning("the store could not be read for metrics", why=type(trouble).__name__)
            found = []
        reachable.add_metric([], float(bool(found)))
        yield reachable
        yield from found


def _of_flows(connection: Connection, rows: Collection[SyncRow]) -> tuple[Metric, ...]:
    in_step = GaugeMetricFamily(
        "stockbridge_in_step_timestamp_seconds",
        "When the flow was last in step, with nothing left over.",
        labels=("sync", "flow"),
    )
    left_over = GaugeMetricFamily(
        "stockbridge_left_over_records",
        "Records that wait or were refused.",
        labels=("sync", "flow", "state"),
    )
    counts, moments = overview.unsettled(connection), overview.in_step_at(connection)
    for row in rows:
        for flow in live_flows(row):
            if (row.id, flow) not in moments:
                continue  # it never ran
            known = counts.get((row.id, flow), overview.Unsettled())
            left_over.add_metric((row.name, flow, "waiting"), known.waiting)
            left_over.add_metric((row.name, flow, "refused"), known.refused)
            if (at := moments[row.id, flow]) is not None:
                in_step.add_metric((row.name, flow), at.timestamp())
    return in_step, left_over


def _of_syncs(connection: Connection, rows: Collection[SyncRow]) -> tuple[Metric, ...]:
    success = GaugeMetricFamily(
        "stockbridge_last_success_timestamp_seconds",
        "When a run at its time last came to its end, in step or with records left over.",
        labels=("sync", "kind"),
    )
    questions = GaugeMetricFamily(
        "stockbridge_open_questions", "Questions of the inbox that nobody answered.", labels=("sync",)
    )
    paused = GaugeMetricFamily(
        "stockbridge_sync_paused", "Whether a person paused the sync (1).", labels=("sync",)
    )
    needed = GaugeMetricFamily(
        "stockbridge_sync_needs_someone",
        "Whether somebody has to do something (1), by what for.",
        labels=("sync", "reason"),
    )
    asked, moments = overview.open_questions(connection), overview.last_success(connection)
    known = alarms.watches(connection)
    for row in rows:
        for kind in ("import", "export"):
            if (row.id, kind) in moments:
                success.add_metric((row.name, kind), moments[row.id, kind].timestamp())
        questions.add_metric((row.name,), asked.get(row.id, 0))
        paused.add_metric((row.name,), row.paused_at is not None)
        standing = {alarm.reason for alarm in known[row.id].watch.alarms} if row.id in known else set()
        for reason in Reason:
            needed.add_metric((row.name, reason.value), reason in standing)
    return success, questions, paused, needed


def _of_accounts(connection: Connection, rows: Collection[SyncRow], now: datetime) -> tuple[Metric, ...]:
    limit = GaugeMetricFamily(
        "stockbridge_api_calls_limit", "Calls that the day allows.", labels=("account", "system")
    )
    left = GaugeMetricFamily(
        "stockbridge_api_calls_left",
        "Calls left today, as the system last told.",
        labels=("account", "system"),
    )
    used = {number for row in rows for number in (row.account_a, row.account_b)}
    for account in accounts.all_accounts(connection):
        known = _quota(account, now) if account.id in used else None
        if known is not None:
            left.add_metric((account.name, account.connector), known[0])
            limit.add_metric((account.name, account.connector), known[1])
    return limit, left


def _quota(account: AccountRow, now: datetime) -> tuple[int, int] | None:
    """(calls left, calls in all) of the day; after its end all of them are there again."""
    quota = account.quota
    if quota is None or quota.get("limit") is None or quota.get("remaining") is None:
        return None
    until = quota.get("resets_at")
    over = until is not None and datetime.fromisoformat(until) <= now
    return (quota["limit"] if over else quota["remaining"]), quota["limit"]
