"""Writing: commit the intent, make the call, commit the outcome with its link and snapshots. No transaction spans a call.

Calls run in a few threads; the store is touched only by the thread that runs the sync. Intents and outcomes are committed
in groups, which changes nothing of the promise: every call is preceded by its committed intent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import chain

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import Write
from stockbridge.core.errors import (
    Halt,
    OverBudget,
    Retry,
    Trouble,
    Unauthorized,
)
from stockbridge.core.flow import Applied, LinkView, Op, Side
from stockbridge.core.mapping import BACK
from stockbridge.core.record import Record
from stockbridge.core.report import FlowReport
from stockbridge.engine.harvest import Harvest, outcome_of
from stockbridge.engine.made_anew import drop_old, is_new
from stockbridge.engine.questions import ask_about_values, ask_who_is_who
from stockbridge.engine.session import Session
from stockbridge.engine.work import Item
from stockbridge.store import journal, links, waiting
from stockbridge.store.journal import Intent

_IN_FLIGHT = 128  # or two full batches
_GROUP = 32  # answers stored in one transaction: each commit waits for the disk
_STATES: dict[str, waiting.State] = {
    "wait": "waiting",
    "refuse": "refused",
    "left out": "left out",
    "unread": "woken",
}
_FAILURES = 5  # writes in a row that found nobody at the other end


class Done(msgspec.Struct):
    """What became of the writes of one item, in order: the answered record, None (removed), or the trouble."""

    results: list[Record | Trouble | None]


class Writer:
    """The writes of one flow on their way."""

    def __init__(self, session: Session, compiled: Compiled, run: int, report: FlowReport) -> None:
        self._session, self._compiled, self._run, self._report = session, compiled, run, report
        self._batch: dict[Side, int] = {
            "a": compiled.a.stream.batch_writes,
            "b": compiled.b.stream.batch_writes,
        }
        self._in_flight = max(_IN_FLIGHT, 2 * max(self._batch.values()))
        self._pool = ThreadPoolExecutor(session.write_threads, thread_name_prefix="write")
        # A batch is as large as there are threads that wait for it; one is started only where all others are busy.
        self._threads = max(session.write_threads, *self._batch.values())
        self._wide = ThreadPoolExecutor(self._threads, thread_name_prefix="batch")
        self._flying: dict[Future[Done], tuple[Item, list[int]]] = {}
        self._held: dict[tuple[Side, Op], list[Item]] = {}
        self._failures = 0
        self.touched: set[tuple[str, str]] = set()
        self.stop: Trouble | None = None
        self.written = 0
        self.calls_a = 0  # the least that the writes at side a can take
        self.cut_short = False  # some writes were decided and never begun

    def taken(self) -> set[tuple[str, str]]:
        """The (side, id) that are not free for matching: what this run wrote or unlinked, and what is under way."""
        begun = self._begun()
        return self.touched | begun if begun else self.touched

    def _begun(self) -> set[tuple[Side, str]]:
        """The (side, id) that are being written, or wait in line for it."""
        out: set[tuple[Side, str]] = set()
        for item in (*(item for item, _ in self._flying.values()), *chain(*self._held.values())):
            if item.a_id is not None:
                out.add(("a", item.a_id))
            if item.b_id is not None:
                out.add(("b", item.b_id))
        return out

    def idle(self) -> bool:
        return not self._flying and not self._held

    def wait_for(self, a_ids: Collection[str], b_ids: Collection[str]) -> bool:
        """Wait until nothing of these records is under way: a record is never decided while it is being written.

        True where it had to wait: what was read of the store before may be old then.
        """
        ids_a, ids_b = set(a_ids), set(b_ids)
        if any(item.a_id in ids_a or item.b_id in ids_b for item, _ in self._flying.values()):
            self.wait()
            return True
        return False

    def let_go(self, a_ids: Collection[str], b_ids: Collection[str]) -> list[Item]:
        """What is held of these records is held no more: it stands nowhere yet, and is decided anew with them."""
        ids_a, ids_b = set(a_ids), set(b_ids)
        out: list[Item] = []
        for kind, some in list(self._held.items()):
            kept: list[Item] = []
            for item in some:
                (out if item.a_id in ids_a or item.b_id in ids_b else kept).append(item)
            self._held[kind] = kept
            if not kept:
                del self._held[kind]
        return out

    def settle_without_call(self, items: Sequence[Item]) -> None:
        """Everything that needs no call: counts, snapshots, links, waiting records."""
        quiet = [item for item in items if item.decision.kind != "write"]
        if not quiet:
            return
        with self._session.begin() as connection:
            _settle_quiet(self._session, connection, self._compiled, quiet, self._report, self.touched)

    def submit(self, items: Sequence[Item]) -> None:
        """Have these items written. Blocks while enough is under way.

        Where a system takes many with one call, they are held until so many are there or `finish` is called: the details of
        the other side come one by one, and each would else go with a call of its own. What is held stands nowhere yet.
        """
        now: list[Item] = []
        for item in items:
            first = item.decision.writes[0]
            if not self._together(item):
                now.append(item)
                continue
            held = self._held.setdefault((first.side, first.op), [])
            held.append(item)
            if len(held) >= self._batch[first.side]:
                self._begin_together(self._held.pop((first.side, first.op)))
        self._begin(now)

    def _together(self, item: Item) -> bool:
        return all(self._batch[write.side] > 1 for write in item.decision.writes)

    def _begin_together(self, items: Sequence[Item]) -> None:
        """The same once there is a thread for each of them: else they would go in parts."""
        while sum(self._together(item) for item, _ in self._flying.values()) > self._threads - len(items):
            self.collect(_GROUP)
        self._begin(items)

    def _begin(self, items: Sequence[Item]) -> None:
        """Write these items down as intents, then have them made."""
        lot = self._in_flight // 2
        for start in range(0, len(items), lot):
            if self.stop is not None:
                return
            some = items[start : start + lot]
            while len(self._flying) + len(some) > self._in_flight:
                self.collect(_GROUP)  # a transaction for each answer would cost more than the answer
            intents = [self._intent(item, write) for item in some for write in item.decision.writes]
            with self._session.begin() as connection:
                numbers = journal.intend(connection, self._session.sync_id, intents)
                ask_about_values(self._session, connection, self._compiled, some)
                ask_who_is_who(self._session, connection, self._compiled, some)
            at = 0
            for item in some:
                mine = numbers[at : at + len(item.decision.writes)]
                at += len(mine)
                # Elsewhere many threads would only keep whoever ends the run waiting for all of them.
                pool = self._wide if self._together(item) else self._pool
                future = pool.submit(_perform, self._session, self._compiled, item)
                self._flying[future] = (item, mine)

    def _intent(self, item: Item, write: Write) -> Intent:
        source = item.a_id if write.side == "b" else item.b_id
        return Intent(
            run=self._run,
            flow=self._compiled.flow.name,
            side=write.side,
            op=str(write.op),
            a_id=item.a_id,
            b_id=item.b_id,
            mark=source if write.op is Op.CREATE else None,
            written=write.values,
            before=write.before,
            saw=item.decision.a_seen if write.side == "b" else item.decision.b_seen,
            applied=item.decision.applied,
            intended_at=self._session.clock(),
        )

    def collect(self, at_least: int) -> None:
        """Take in answers, waiting until that many have come (0: those that are there)."""
        if not self._flying:
            return
        done: set[Future[Done]] = {future for future in self._flying if future.done()}
        while len(done) < min(at_least, len(self._flying)):
            more, _ = wait(self._flying.keys() - done, return_when=FIRST_COMPLETED)
            done |= more
        if not done or (at_least == 0 and len(done) < _GROUP):
            return
        harvest = Harvest(self._session, self._compiled, self._begun())
        for future in done:
            item, intents = self._flying[future]
            self._take(harvest, item, intents, future.result())
        with self._session.begin() as connection:
            harvest.store(connection)
        self.touched |= harvest.touched
        for future in done:
            del self._flying[future]

    def finish(self) -> None:
        """Begin what is held, and wait for everything under way."""
        while self._held:
            self._begin_together(self._held.pop(next(iter(self._held))))
        self.wait()

    def wait(self) -> None:
        """Wait for everything under way; what is held stays so."""
        while self._flying:
            self.collect(_GROUP)

    def close(self) -> None:
        """Take in what is under way, whatever happened; what has not begun is not begun."""
        self.cut_short = self.cut_short or bool(self._held)
        self._held.clear()
        cut = [future for future in self._flying if future.cancel()]
        if cut:
            self.cut_short = True
            intents = [number for future in cut for number in self._flying.pop(future)[1]]
            # One transaction for all: hundreds of them would keep a person who pressed Ctrl-C waiting.
            with self._session.begin() as connection:
                journal.settle(
                    connection,
                    [(n, "not written", "the run stopped before", None) for n in intents],
                    self._now(),
                )
        try:
            self.wait()
        finally:
            for pool in (self._pool, self._wide):
                pool.shutdown(wait=True, cancel_futures=True)

    def _now(self) -> str:
        return self._session.clock()

    def _take(self, harvest: Harvest, item: Item, intents: list[int], done: Done) -> None:
        trouble: Trouble | None = None
        link = item.link
        answers: list[tuple[Write, Record]] = []
        for number, write, result in zip(intents, item.decision.writes, done.results, strict=False):
            if write.side == "a":
                stream = self._compiled.a.stream
                takes = {Op.CREATE: stream.create_calls, Op.UPDATE: stream.update_calls}
                self.calls_a += takes.get(write.op, 1)
            if isinstance(result, Trouble):
                trouble = result
                outcome = outcome_of(result)
                if outcome is not None:
                    harvest.outcomes.append((number, outcome, result.what, None))
                break
            link = harvest.success(item, link, write, result)
            if result is not None and write.op is Op.UPDATE:
                answers.append((write, result))
            harvest.outcomes.append((number, "done", "", result.id if result is not None else None))
            self._count(item, write)
        for number in intents[len(done.results) :]:
            harvest.outcomes.append((number, "not written", "an earlier step did not succeed", None))
        if trouble is not None:
            harvest.in_part(item, answers)
        self.written += 1
        if trouble is None:
            self._failures = 0
            harvest.agreed(item, link)
        elif isinstance(trouble, Unauthorized | OverBudget | Halt):
            self.stop = self.stop or trouble
        else:
            if isinstance(trouble, Retry):
                self._failures += 1
                if self._failures >= _FAILURES:
                    self.stop = self.stop or trouble
            harvest.failed(item, item.decision.writes[len(done.results) - 1], trouble)

    def _count(self, item: Item, write: Write) -> None:
        replacing = len(item.decision.writes) > 1 and item.decision.writes[0].op is Op.REMOVE
        if write.op is Op.REMOVE:
            if not replacing:
                self._report.removed += 1
        elif write.op is Op.CREATE and not replacing:
            self._report.created += 1
            self._report.exported += write.side == "a"
        else:
            self._report.updated += 1


def _perform(session: Session, compiled: Compiled, item: Item) -> Done:
    """Make the calls of one item, in a thread. A trouble ends it: later writes rest on earlier ones."""
    results: list[Record | Trouble | None] = []
    for write in item.decision.writes:
        connector = session.connector(write.side)
        stream = compiled.b.stream.name if write.side == "b" else compiled.a.stream.name
        id = item.b_id if write.side == "b" else item.a_id
        mark = item.a_id if write.side == "b" else item.b_id
        try:
            if write.op is Op.CREATE:
                results.append(connector.create(stream, write.values, mark or ""))
            elif write.op is Op.UPDATE:
                results.append(connector.update(stream, id or "", write.values))
            else:
                connector.remove(stream, id or "")
                results.append(None)
        except Trouble as trouble:
            results.append(trouble)
            break
    return Done(results)


def _applied(item: Item) -> dict[str, Applied]:
    """The actions of rules in force on the link of this item once it is settled."""
    if item.decision.applied is not None:
        return item.decision.applied
    return item.link.applied if item.link is not None else {}


def _settle_quiet(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    items: Sequence[Item],
    report: FlowReport,
    touched: set[tuple[str, str]],
) -> None:
    flow = compiled.flow
    bond = session.bonds[flow.name]
    now = session.clock()
    agreed: list[LinkView] = []
    woken: list[str] = []
    parked: list[waiting.Unsettled] = []
    settled: list[Item] = []
    renewed = {(item.a_id, item.b_id) for item in items if is_new(item.link)}
    for item in items:
        decision = item.decision
        if decision.kind in ("wait", "refuse", "unread") or decision.needs:
            side: Side = "a" if item.a_id is not None else "b"
            parked.append(
                waiting.Unsettled(
                    flow=flow.name,
                    side=side,
                    id=item.a_id or item.b_id or "",
                    state="again" if decision.again and decision.kind == "wait" else _STATES[decision.kind],
                    reason=decision.reason,
                    remedy=decision.remedy,
                    needs=decision.needs,
                    field=decision.field,
                    code="again" if decision.again else decision.code,
                    version=item.a.version if item.a is not None else None,
                    since=now,
                )
            )
            if decision.kind == "left out":
                report.left_out[decision.reason] = report.left_out.get(decision.reason, 0) + 1
            continue
        settled.append(item)
        if decision.kind == "agree" and item.a_id is not None and item.b_id is not None:
            if item.link is None:
                report.adopted += 1
                woken += [f"{flow.name}:{item.a_id}", f"{flow.name}{BACK}:{item.b_id}"]
            else:
                report.same += 1
            agreed.append(
                LinkView(
                    a_id=item.a_id,
                    b_id=item.b_id,
                    a_snapshot=decision.a_seen,
                    b_snapshot=decision.b_seen,
                    applied=_applied(item),
                )
            )
        elif decision.kind == "drop" and item.link is not None:
            links.drop(connection, bond, [item.link.a_id])
            touched.update({("a", item.link.a_id), ("b", item.link.b_id)})
        elif decision.kind == "left out":
            report.left_out[decision.reason] = report.left_out.get(decision.reason, 0) + 1
        elif decision.kind == "masked":
            report.masked += 1
        else:
            report.same += 1
        if decision.applied is not None and decision.kind != "agree" and item.link is not None:
            agreed.append(msgspec.structs.replace(item.link, applied=decision.applied))
    ask_about_values(session, connection, compiled, settled)
    ask_who_is_who(session, connection, compiled, items)
    drop_old(connection, bond, [one for one in agreed if (one.a_id, one.b_id) in renewed], now)
    links.put(connection, bond, agreed)
    waiting.wake(connection, session.sync_id, woken)
    name = flow.name
    waiting.clear(connection, session.sync_id, name, "a", [item.a_id for item in settled if item.a_id])
    waiting.clear(connection, session.sync_id, name, "b", [item.b_id for item in settled if item.b_id])
    waiting.put(connection, session.sync_id, parked)
