"""Looks how the syncs stand, decides with `core.alarms` who is told, and sends what is to be sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from shlex import quote
from typing import TypeAlias

import msgspec
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError

from stockbridge.core.alarms import Facts, Kind, Notice, Past, Watch, notices
from stockbridge.core.errors import Trouble
from stockbridge.core.notice_words import Message, message
from stockbridge.core.report import RunReport
from stockbridge.runtime.mail import mail
from stockbridge.runtime.webhook import post
from stockbridge.runtime.work import Noted, Tell
from stockbridge.store import alarms, links, recipients, syncs
from stockbridge.store.alarms import Kept, PastRow, Unsent
from stockbridge.store.recipients import RecipientRow
from stockbridge.store.rows import moment_text
from stockbridge.store.sealing import load_sealer
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.live_flows import live_flows
from stockbridge.wiring.recipients import open_for

_LOOK = 5.0  # seconds between two looks, for runs that other processes made and for what could not be sent
_SECONDS = 10.0  # how long a recipient may be silent
_TAKEN = timedelta(minutes=2)  # after that, who took a notice to send it has died: longer than sending takes
_LOOK_BACK = (
    4  # runs of a sync that was never looked at, of which the first only says what stood refused already
)
_KINDS: Mapping[str, Kind] = {"run": "import", "full": "import", "exports": "exports", "hints": "hints"}
_ANSWERED = ("deletions", "read-empty", "everything", "preview")  # by `stockbridge approve`, or by a look
_SAFE_WORDS = ("deletions", "read-empty")  # codes of messages that hold nothing but counts, flows and systems

Now: TypeAlias = Callable[[], datetime]


@dataclass(slots=True, kw_only=True)
class Watcher:
    """Looks in a thread of its own. `closed` are the names of the syncs that were found not to open."""

    closed: frozenset[str] = frozenset()
    woken: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def note_closed(self, names: frozenset[str]) -> None:
        """These are the syncs that do not open now."""
        if names != self.closed:
            self.closed = names
            self.look_soon()

    def look_soon(self) -> None:
        """Have it look now, not at its next time. Raises RuntimeError where a mistake of ours ended it."""
        self.woken.set()
        if self.thread is not None and not self.thread.is_alive():
            raise RuntimeError("nobody watches the syncs any more")


@contextmanager
def watching(
    store: Engine, now: Now, tell: Tell, *, names: Collection[str] | None, look: float = _LOOK
) -> Iterator[Watcher]:
    """Looks and sends until the end of the block, in a thread of its own, so that no run ever waits for a recipient.

    `names` are the syncs to look at (None: every one there is). What could not be sent is told once, and tried again at
    the next look.
    """
    watcher = Watcher()
    told: dict[str, str] = {}  # what was said last of a recipient

    def go_on() -> None:
        while not watcher.over.is_set():
            watcher.woken.clear()
            with suppress(OperationalError):  # the loop that runs the syncs tells of it
                look_over(store, now(), names=names, closed=watcher.closed)
                notes = {note.code or "": note for note in send(store, now)}
                for about, note in notes.items():
                    if told.get(about) != note.what:
                        tell(note)
                told.clear()
                told.update({about: note.what for about, note in notes.items()})
            watcher.woken.wait(look)

    watcher.thread = threading.Thread(target=go_on, daemon=True)
    watcher.thread.start()
    try:
        yield watcher
    finally:
        watcher.over.set()
        watcher.woken.set()
        watcher.thread.join(_SECONDS)


def look_over(
    store: Engine,
    now: datetime,
    *,
    names: Collection[str] | None = None,
    closed: Collection[str] = (),
) -> None:
    """Decide of every sync what is to be told, and keep it in the store for `send`."""
    with store.connect() as connection:
        rows = [row for row in syncs.all_syncs(connection) if names is None or row.name in names]
        known = alarms.watches(connection)
        new = alarms.new_runs(connection)
    for row in rows:
        before = known.get(row.id)
        if before is None:
            with store.connect() as connection:
                before, past = _first_sight(connection, row)
        else:
            past = new.get(row.id, [])
        quiet = not before.watch.alarms and not before.watch.misses
        if quiet and not past and row.name not in closed and before.state is not None:
            continue  # nothing stands, and nothing is new
        _look_at(store, row, before, past, row.name in closed, now)


def send(store: Engine, now: Now, *, seconds: float = _SECONDS) -> list[Noted]:
    """Send what is to be sent, oldest first; what could not be sent, one note for each recipient.

    A recipient that does not take one is left alone until the next time, so that it costs one time-out and no more.
    """
    with store.connect() as connection:
        waiting = alarms.unsent(connection, *_times(now()))
        people = {row.id: row for row in recipients.all_recipients(connection)} if waiting else {}
    troubles: dict[int, Noted] = {}
    for one in waiting:
        row = people.get(one.recipient)
        if row is None or row.id in troubles or not _take(store, one, now()):
            continue
        try:
            deliver(row, one.message, seconds=seconds)
        except Trouble as trouble:
            with store.begin() as connection:
                alarms.give_back(connection, one.id)
            troubles[row.id] = Noted(
                sync="",
                what=f'A notice for "{row.name}" could not be sent: {trouble.what}',
                remedy=trouble.remedy
                or f"It is kept and tried again. Try: stockbridge notify test {quote(row.name)}",
                code=f"notify {row.name}",
            )
            continue
        with store.begin() as connection:
            alarms.sent(connection, one.id)
    return list(troubles.values())


def deliver(row: RecipientRow, told: Message, *, seconds: float = _SECONDS) -> None:
    """Send one message to one recipient. Raises `Trouble` where it did not arrive for certain, or its secret cannot be
    opened; neither holds the secret."""
    secret = open_for(load_sealer(), row)
    if row.way == "mail":
        mail(row.settings, secret, told, seconds)
    else:
        post(secret, told, seconds)


def _take(store: Engine, one: Unsent, now: datetime) -> bool:
    with store.begin() as connection:
        return alarms.take(connection, one.id, *_times(now))


def _times(now: datetime) -> tuple[str, str]:
    """This moment, and the one until which a notice is ours that is taken now."""
    return moment_text(now), moment_text(now + _TAKEN)


def _first_sight(connection: Connection, row: SyncRow) -> tuple[Kept, list[PastRow]]:
    """Of a sync with a long history only how it ended is looked at."""
    past = alarms.last_runs(connection, row.id, _LOOK_BACK)
    if len(past) < _LOOK_BACK:
        return Kept(), past
    first, *rest = past
    refused = _refused(first) if first.mode in _KINDS else {}
    return Kept(watch=Watch(newest=first.id, refused=refused)), rest


def _look_at(
    store: Engine, row: SyncRow, before: Kept, past: Sequence[PastRow], closed: bool, now: datetime
) -> None:
    # Only one process works on a sync, so just the newest run can be under way.
    over = [one for one in past if one.report is not None or one is not past[-1]]
    runs = [_past(one, past[index + 1 : index + 2]) for index, one in enumerate(over) if one.mode in _KINDS]
    facts = Facts(
        runs=runs,
        flows=live_flows(row),
        linked=_linked(store, row, runs),
        begun=max((one.id for one in past), default=before.watch.newest),
        closed=closed,
        paused=row.paused_at is not None,
    )
    after, told = notices(before.watch, facts, now)
    newest = max((one.id for one in over), default=after.newest)
    after = msgspec.structs.replace(after, newest=max(after.newest, newest))
    if after == before.watch and before.state is not None:
        return
    with store.begin() as connection:
        alarms.keep(connection, row.id, before, after, _messages(told, row), moment_text(now))


def _messages(told: Sequence[Notice], row: SyncRow) -> list[Message]:
    return [message(notice, row.name) for notice in told]


def _linked(store: Engine, row: SyncRow, runs: Sequence[Past]) -> dict[str, int]:
    """How many records are linked, of the flows where it may matter: counting takes a moment."""
    asked = {flow for run in runs for flow, many in run.flows.items() if many}
    if not asked:
        return {}
    with store.connect() as connection:
        return {flow: links.count(connection, row.id, flow) for flow in sorted(asked)}


def _refused(row: PastRow) -> dict[str, int]:
    if row.report is None:
        return {}
    return {flow.flow: flow.refused for flow in msgspec.json.decode(row.report, type=RunReport).flows}


def _past(row: PastRow, later: Sequence[PastRow]) -> Past:
    """The run as it matters for alarms; one without a report was cut short, for a `later` one began."""
    if row.report is None:
        ended = later[0].started_at if later else row.started_at
        return Past(
            number=row.id,
            kind=_KINDS[row.mode],
            outcome="cut short",
            ended_at=datetime.fromisoformat(ended),
        )
    report = msgspec.json.decode(row.report, type=RunReport)
    return Past(
        number=row.id,
        kind=_KINDS[row.mode],
        outcome=report.outcome,
        ended_at=datetime.fromisoformat(report.ended_at),
        stopped_by=report.stopped_by,
        stop_code=report.stop_code,
        what=report.message if report.stop_code in _SAFE_WORDS else "",
        remedy=_remedy(report),
        flows=_refused(row),
    )


def _remedy(report: RunReport) -> str:
    """What the report itself advises, where it holds no names; else where to look. "" where the reason says it all."""
    if report.stopped_by == "account":
        return report.remedy
    if report.stopped_by == "safety" and report.stop_code not in _ANSWERED:
        return f"See why: stockbridge runs show {report.run}"
    return ""
