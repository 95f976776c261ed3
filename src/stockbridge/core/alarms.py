"""Who must be told, and when: what a sync's runs say of it, made into notices. Each trouble is told when it begins, once a
day while it lasts, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

MOST_REFUSED = 10  # newly refused in one run: so many are a burst,
MOST_SHARE = 0.05  # or this share of the linked ones,
FEWEST_REFUSED = 3  # but never fewer than this: in a small shop one record is a twentieth
MOST_MISSES = 3  # runs in a row that did not come to their end
LONGEST_MISS = timedelta(days=1)
REMIND_AFTER = timedelta(days=1)


class Reason(StrEnum):
    """Why a sync needs someone."""

    ACCOUNT = "account"  # a login was refused, or lacks a right
    APPROVAL = "approval"  # a safety limit was reached
    PREVIEW = "preview"  # the settings changed, and nobody looked at what that does
    CLOSED = "closed"  # it cannot even be opened: its settings, its accounts or the key
    FAILURES = "failures"  # many records of a flow were refused at once
    STUCK = "stuck"  # its runs do not come to their end


Kind: TypeAlias = Literal["import", "exports", "hints"]
State: TypeAlias = Literal["began", "lasts", "over"]


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is over, as far as it matters here. `flows` are those that it looked at, with the records that stand
    refused after it; `what` and `remedy` say what stopped it, free of names of records and people."""

    number: int
    kind: Kind
    outcome: str  # as in the report, or "cut short"
    ended_at: datetime
    stopped_by: str | None = None
    stop_code: str | None = None
    what: str = ""
    remedy: str = ""
    flows: Mapping[str, int] = {}

    @property
    def came_through(self) -> bool:
        return self.outcome in ("in step", "left over")


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A trouble that stands. It is over when runs came through that did what the failed one was to do: of its `kind` (an
    import does all that the others do) and of all its `flows`. That of `flow`, if it is about one, is over when its count
    of refused records is no burst above `before` any more."""

    reason: Reason
    flow: str = ""
    since: datetime
    told_at: datetime
    run: int = 0
    kind: Kind = "import"
    flows: tuple[str, ...] = ()
    what: str = ""
    remedy: str = ""
    before: int = 0
    many: int = 0

    @property
    def key(self) -> tuple[Reason, str]:
        return self.reason, self.flow


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """Runs in a row that did not come to their end: of one kind and the same flows. `by` says what stopped the last one,
    in the word of its report, or that it was cut short."""

    kind: Kind
    flows: tuple[str, ...]
    many: int
    since: datetime
    by: str


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a sync from the runs up to number `newest`. `refused` is how many records of each flow stood
    refused after the last run that looked at it."""

    newest: int = 0
    alarms: tuple[Alarm, ...] = ()
    misses: tuple[Miss, ...] = ()
    refused: Mapping[str, int] = {}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is new: the runs after `Watch.newest` in their order, how the sync stands now.

    `flows` are those that its settings make (none: not known), `linked` how many records of a flow are linked. `begun` is
    the number of the newest run, also of one that is under way. `closed` is true where the sync was found not to open.
    """

    runs: Sequence[Past] = ()
    flows: Sequence[str] = ()
    linked: Mapping[str, int] = {}
    begun: int = 0
    closed: bool = False
    paused: bool = False


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told. `many` counts the records that are refused beyond those of before, of a burst in `flow`, or
    the runs that did not come to their end, in which case `what` is the word for what stopped them."""

    reason: Reason
    state: State
    flow: str
    since: datetime
    at: datetime
    run: int
    what: str
    remedy: str
    many: int


def is_burst(refused: int, linked: int) -> bool:
    """Whether so many newly refused records are more than a few, in a flow of so many linked ones."""
    if refused < FEWEST_REFUSED:
        return False
    return refused >= MOST_REFUSED or refused >= MOST_SHARE * linked


def notices(before: Watch, facts: Facts, now: datetime) -> tuple[Watch, tuple[Notice, ...]]:
    """What is known after these facts, and what is to be told for it, in the order of their beginning."""
    alarms = {alarm.key: alarm for alarm in before.alarms}
    after = before
    for run in facts.runs:
        after, alarms = _after_run(after, alarms, run, facts, now)
    alarms = _opened(alarms, facts, after.newest, now)
    misses = () if facts.paused else after.misses
    stuck = _stuck(misses, alarms, now)
    if stuck is not None:
        alarms[stuck.key] = stuck
    known = {alarm.key: alarm for alarm in before.alarms}
    told: list[Notice] = []
    for key, alarm in known.items():
        if key not in alarms or alarms[key].since != alarm.since:
            told.append(_notice(alarm, "over", now))
    standing: list[Alarm] = []
    for key, alarm in alarms.items():
        fresh = key not in known or known[key].since != alarm.since
        if fresh:
            told.append(_notice(alarm, "began", now))
        elif abs(now - alarm.told_at) >= REMIND_AFTER and not facts.paused:  # a clock may be set back, too
            told.append(_notice(alarm, "lasts", now))
            alarm = msgspec.structs.replace(alarm, told_at=now)
        standing.append(alarm)
    done = msgspec.structs.replace(after, alarms=tuple(standing), misses=misses)
    return done, tuple(told)


_Alarms: TypeAlias = dict[tuple[Reason, str], Alarm]


def _after_run(
    watch: Watch, alarms: _Alarms, run: Past, facts: Facts, now: datetime
) -> tuple[Watch, _Alarms]:
    live = set(facts.flows)
    misses = watch.misses
    left: _Alarms = {}
    for key, alarm in alarms.items():
        still = _still(alarm, run, live, facts.linked)
        if still is not None:
            left[key] = still
    if run.came_through:
        misses = tuple(
            miss
            for miss in misses
            if not _does_the_work_of(run, miss.kind) or _of(miss.flows, live) - set(run.flows)
        )
    elif run.stopped_by != "person" and run.stop_code != "lease":
        misses = _missed(misses, run)
    reason = _reason(run)
    if reason is not None and (reason, "") not in left:
        left[reason, ""] = _begin(reason, run, now)
    refused = dict(watch.refused)
    for flow, many in run.flows.items():
        earlier = refused.get(flow, 0)
        refused[flow] = many
        fresh = many - earlier
        if (Reason.FAILURES, flow) not in left and is_burst(fresh, facts.linked.get(flow, 0)):
            alarm = _begin(Reason.FAILURES, run, now)
            left[Reason.FAILURES, flow] = msgspec.structs.replace(
                alarm, flow=flow, before=earlier, many=fresh, what="", remedy=""
            )
    return msgspec.structs.replace(watch, newest=run.number, misses=misses, refused=refused), left


def _still(alarm: Alarm, run: Past, live: set[str], linked: Mapping[str, int]) -> Alarm | None:
    """The alarm after a run; None where it is over."""
    if alarm.reason is Reason.CLOSED:
        return alarm
    if alarm.reason is Reason.FAILURES:
        if live and alarm.flow not in live:
            return None
        if alarm.flow not in run.flows:
            return alarm
        many = run.flows[alarm.flow] - alarm.before
        if run.came_through and not is_burst(many, linked.get(alarm.flow, 0)):
            return None
        return msgspec.structs.replace(alarm, many=many)
    if not run.came_through or not _does_the_work_of(run, alarm.kind):
        return alarm
    left = _of(alarm.flows, live) - set(run.flows)
    return msgspec.structs.replace(alarm, flows=tuple(sorted(left))) if left else None


def _does_the_work_of(run: Past, kind: Kind) -> bool:
    """An import does all that the others do; an export or a hint says nothing of what they leave out."""
    return run.kind in ("import", kind)


def _of(flows: Sequence[str], live: set[str]) -> set[str]:
    """Those that the settings still make."""
    return set(flows) & live if live else set(flows)


def _missed(misses: Sequence[Miss], run: Past) -> tuple[Miss, ...]:
    if run.kind == "hints":
        return tuple(misses)  # what they were to read is left to the next import
    flows = tuple(sorted(run.flows))
    others = [miss for miss in misses if (miss.kind, miss.flows) != (run.kind, flows)]
    same = next((miss for miss in misses if (miss.kind, miss.flows) == (run.kind, flows)), None)
    many, since = (1, run.ended_at) if same is None else (same.many + 1, same.since)
    by = run.stopped_by or run.outcome
    return (*others, Miss(kind=run.kind, flows=flows, many=many, since=since, by=by))


def _reason(run: Past) -> Reason | None:
    match run.stopped_by:
        case "account":
            return Reason.ACCOUNT
        case "safety" if run.stop_code == "preview":
            return Reason.PREVIEW
        case "safety" if run.stop_code != "lease":
            return Reason.APPROVAL
        case _:
            return None


def _begin(reason: Reason, run: Past, now: datetime) -> Alarm:
    return Alarm(
        reason=reason,
        since=run.ended_at,
        told_at=now,
        run=run.number,
        kind=run.kind,
        flows=tuple(sorted(run.flows)),
        what=run.what,
        remedy=run.remedy,
    )


def _opened(alarms: _Alarms, facts: Facts, newest: int, now: datetime) -> _Alarms:
    """The same with what is known of whether it opens: any run that began is proof that it does."""
    key = (Reason.CLOSED, "")
    standing = alarms.get(key)
    begun = max(facts.begun, newest)
    if facts.closed:
        if standing is None:
            return {**alarms, key: Alarm(reason=Reason.CLOSED, since=now, told_at=now, run=begun)}
    elif standing is not None and begun > standing.run:
        return {other: alarm for other, alarm in alarms.items() if other != key}
    return alarms


def _stuck(misses: Sequence[Miss], alarms: _Alarms, now: datetime) -> Alarm | None:
    """The alarm for runs that do not come to their end, unless somebody was told already what keeps them from it."""
    if any(reason is not Reason.FAILURES for reason, _ in alarms):
        return None
    for miss in misses:
        if miss.many >= MOST_MISSES or now - miss.since >= LONGEST_MISS:
            return Alarm(
                reason=Reason.STUCK,
                since=miss.since,
                told_at=now,
                kind=miss.kind,
                flows=miss.flows,
                what=miss.by,
                many=miss.many,
            )
    return None


def _notice(alarm: Alarm, state: State, at: datetime) -> Notice:
    return Notice(
        reason=alarm.reason,
        state=state,
        flow=alarm.flow,
        since=alarm.since,
        at=at,
        run=alarm.run,
        what=alarm.what,
        remedy=alarm.remedy,
        many=alarm.many,
    )
