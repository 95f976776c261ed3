"""The whole decision: what happens to a pair of records, from what both sides hold now and what they last agreed on.

Pure. The table of states (`=` same, `~` changed, `x` gone, `+` unlinked) stands in docs/explanation/decisions.md; a test
walks through every cell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from stockbridge.core.actions import Unread, in_force
from stockbridge.core.casts import Unfit
from stockbridge.core.compiled import Compiled, CompiledSide, carries_key, lacks_key, lost_key, seen
from stockbridge.core.flow import Action, Applied, GonePolicy, LinkView, Op, Side
from stockbridge.core.mapping import BACK, LEAVE, LeftOut, Missing, NotYet, Resolve
from stockbridge.core.merge import Answer, Ask, changes, held_back
from stockbridge.core.record import Record, Values
from stockbridge.core.rules import Verdict

NO_ANSWERS: Mapping[str, Answer] = {}


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One write at one side. `before` holds the values it replaces, as far as they are known."""

    side: Side
    op: Op
    values: Values
    before: Values
    marked: bool | None = None  # the link's deletion mark after this write; None: unchanged


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with one pair of records.

    `kind`: same (nothing to do) · agree (no write, but the snapshots move on) · write · drop (both gone: forget the
    link) · left out · masked (a write the flow does not allow) · wait · refuse · unread (its details are needed first).
    `a_seen` and `b_seen` are what the decision saw, and so what the snapshots may hold afterwards. `again` means that the
    next run decides it anew, although nothing that it waits for can be named. `applied` are the actions in force on the
    link afterwards (None: unchanged), `asks` what a person has to decide meanwhile.
    """

    kind: Literal["same", "agree", "write", "drop", "left out", "masked", "wait", "refuse", "unread"]
    writes: tuple[Write, ...] = ()
    a_seen: Values | None = None
    b_seen: Values | None = None
    reason: str = ""
    remedy: str = ""
    needs: str | None = None
    field: str | None = None
    again: bool = False
    code: str | None = None
    applied: dict[str, Applied] | None = None
    asks: tuple[Ask, ...] = ()


def wants_detail(compiled: Compiled, link: LinkView | None, record: Record) -> bool:
    """Whether the full record of side a is needed to decide; false where its list row already settles the matter."""
    side = compiled.a
    if record.full or record.deleted or not side.thin or side.outside(record.values):
        return False
    if side.thin_rules or (side.thin_keys and link is None and compiled.shared):
        return True  # it may be what stands at side b, even where no rule brings it in
    verdict = side.admit(record.values)
    if verdict.gone:
        return False
    if link is not None and link.b_snapshot is not None:
        edits = Op.UPDATE in compiled.b.writes or compiled.flow.replace
        return edits and (verdict.in_scope or compiled.flow.takes_from_b)
    return verdict.in_scope


def decide(
    compiled: Compiled,
    link: LinkView | None,
    a: Record | None,
    b: Record | None,
    resolve: Resolve,
    *,
    recheck: bool = False,
    answers: Mapping[str, Answer] = NO_ANSWERS,
) -> Decision:
    """Decide one pair. `a` and `b` are the newest knowledge of each side (None: never read). `recheck` compares every
    field again because the mapping changed. `resolve` looks references up in either direction. `answers` are what a person
    said about fields that both sides changed, by the name of the question."""
    try:
        if link is None:
            return _unlinked(compiled, a, b, resolve, answers)
        return _linked(compiled, link, a, b, resolve, recheck, answers)
    except Missing as missing:
        return Decision(
            kind="wait",
            needs=missing.needs,
            reason=f"It needs {missing.what}, which is not at the other side yet.",
            remedy=f"See: stockbridge explain {missing.flow.removesuffix(BACK)} {missing.id}",
        )
    except NotYet as early:
        return Decision(kind="wait", again=True, reason=early.reason, remedy=early.remedy)
    except Unread:
        return Decision(kind="unread")
    except LeftOut as left_out:
        return Decision(kind="left out", reason=str(left_out), needs=left_out.needs)
    except Unfit as unfit:
        return Decision(kind="refuse", reason=unfit.reason, remedy=unfit.remedy, field=unfit.field)


def _unlinked(
    compiled: Compiled, a: Record | None, b: Record | None, resolve: Resolve, answers: Mapping[str, Answer]
) -> Decision:
    left_out, masked = "", False
    flow = compiled.flow
    if out := _outside(compiled, a, b):
        return Decision(kind="left out", reason=out)
    if a is not None and b is not None and not a.deleted and not b.deleted:
        a_verdict = compiled.a.admit(a.values, there=True)
        b_verdict = compiled.b.admit(b.values, there=True)
        if a_verdict.in_scope or (flow.takes_from_b and b_verdict.in_scope):
            link = LinkView(a_id=a.id, b_id=b.id)
            merged = _merge(compiled, link, a, b, resolve, a_verdict, b_verdict, answers, recheck=True)
            return _acted(compiled, link, a, b, a_verdict, b_verdict, merged)
        return Decision(kind="left out", reason=a_verdict.left_out)
    for this, record, other, side in (("a", a, compiled.b, compiled.a), ("b", b, compiled.a, compiled.b)):
        if record is None or record.deleted:
            continue
        verdict = side.admit(record.values)
        if verdict.gone or not verdict.in_scope:
            left_out = verdict.left_out or "treated as deleted by a rule"
        elif this == "b" and not flow.takes_from_b:
            continue
        elif flow.keyed and lacks_key(side, record):
            left_out = flow.keyed
        elif Op.CREATE not in other.writes:
            masked = True
        elif not verdict.may_create:
            left_out = verdict.left_out
        else:
            at: Side = "b" if this == "a" else "a"
            write, applied = _create(compiled, at, side, record, verdict, resolve, {})
            if flow.keyed and not carries_key(other, write.values):
                left_out = f"{flow.keyed} that is mapped"  # nobody would know it again
                continue
            return Decision(
                kind="write",
                writes=(write,),
                applied=applied or None,
                **{f"{this}_seen": seen(side, record)},  # type: ignore[arg-type]
            )
    if left_out:
        return Decision(kind="left out", reason=left_out)
    return Decision(kind="masked" if masked else "same")


def _outside(compiled: Compiled, a: Record | None, b: Record | None) -> str:
    """Why these records are not looked at at all."""
    for side, record in ((compiled.a, a), (compiled.b, b)):
        if record is not None and not record.deleted and (why := side.outside(record.values)):
            return why
    return ""


def _create(
    compiled: Compiled,
    at: Side,
    source: CompiledSide,
    record: Record,
    verdict: Verdict,
    resolve: Resolve,
    applied: Mapping[str, Applied],
) -> tuple[Write, dict[str, Applied]]:
    """The write that makes the record at side `at`, and the actions in force then (`applied`: those so far)."""
    if not record.full and source.thin:
        raise Unread
    values: Values = {}
    for move in source.moves:
        if move.step:
            continue  # by a call of its own, once the record is there
        value = verdict.sets[move.target] if move.target in verdict.sets else move.to(record, resolve)
        if value is not LEAVE and move.onto is not None:
            value = move.onto(value, values, move.target)
        if value is not LEAVE and (value is not None or move.pair.empty == "leave"):
            values[move.target] = value
    values.update({name: value for name, value in verdict.sets.items() if name not in values})
    stream = (compiled.b if at == "b" else compiled.a).stream
    acts, kept = in_force(at, verdict.actions, {}, None, stream)
    values.update(acts)
    others = {key: one for key, one in applied.items() if one.side != at}
    return Write(side=at, op=Op.CREATE, values=values, before={}), {**others, **kept}


def _acted(
    compiled: Compiled,
    link: LinkView,
    a: Record,
    b: Record,
    a_verdict: Verdict,
    b_verdict: Verdict,
    decision: Decision,
) -> Decision:
    """The decision together with the actions of rules: those that the records meet now, and what is taken back of those
    that they meet no more. The rules of each side act at the other."""
    if not (link.applied or a_verdict.actions or b_verdict.actions):
        return decision
    if decision.kind in ("wait", "refuse", "unread", "drop"):
        return decision
    applied: dict[str, Applied] = {}
    writes = list(decision.writes)
    for at, wanted, side, record in (
        ("b", a_verdict.actions, compiled.b, b),
        ("a", b_verdict.actions, compiled.a, a),
    ):
        if any(one.side == at and one.op is Op.CREATE for one in writes):
            continue  # it is made anew, with its actions
        if Op.UPDATE not in side.writes:
            applied.update({key: one for key, one in link.applied.items() if one.side == at})
            continue
        values, kept = in_force(at, wanted, link.applied, record, side.stream)  # type: ignore[arg-type]
        applied.update(kept)
        if not values:
            continue
        before = {name: record.values.get(name) for name in values}
        mine = next((one for one in writes if one.side == at), None)
        if mine is None:
            writes.append(Write(side=at, op=Op.UPDATE, values=values, before=before))  # type: ignore[arg-type]
        else:
            new = msgspec.structs.replace(
                mine, values={**mine.values, **values}, before={**mine.before, **before}
            )
            writes[writes.index(mine)] = new
    if len(writes) == len(decision.writes) and applied == link.applied and tuple(writes) == decision.writes:
        return decision
    kind = "write" if writes else decision.kind
    return msgspec.structs.replace(decision, kind=kind, writes=tuple(writes), applied=applied)


def _linked(
    compiled: Compiled,
    link: LinkView,
    a: Record | None,
    b: Record | None,
    resolve: Resolve,
    recheck: bool,
    answers: Mapping[str, Answer],
) -> Decision:
    flow = compiled.flow
    a_verdict = compiled.a.admit(a.values, there=True) if a is not None and not a.deleted else None
    b_verdict = compiled.b.admit(b.values, there=True) if b is not None and not b.deleted else None
    a_gone = a is not None and (a.deleted or (a_verdict is not None and a_verdict.gone))
    b_gone = b is not None and (b.deleted or (b_verdict is not None and b_verdict.gone))
    if a_gone and b_gone:
        return Decision(kind="drop")
    if a_gone:
        return _one_gone(compiled, link, "a", a, b, b_verdict, resolve)
    if b_gone:
        if flow.follows_a and not flow.gone_b.stays:
            # Side a owns everything: what was deleted over there comes back.
            return _again(compiled, link, "b", a, a_verdict, resolve)
        return _one_gone(compiled, link, "b", b, a, a_verdict, resolve)
    if a is None or b is None or a_verdict is None or b_verdict is None:
        return Decision(kind="same")
    out = ""
    if not a_verdict.in_scope and (flow.follows_a or not b_verdict.in_scope):
        out = a_verdict.left_out or b_verdict.left_out
    elif flow.keyed and (
        lost_key(compiled.a, a, link.a_snapshot) or lost_key(compiled.b, b, link.b_snapshot)
    ):
        out = flow.keyed
    out = _outside(compiled, a, b) or out
    if out or not (a_verdict.in_scope or b_verdict.in_scope):
        decision = Decision(kind="left out", reason=out)
        nothing = Verdict(False, False, {})
        return _acted(compiled, link, a, b, nothing, nothing, decision)
    merged = _merge(compiled, link, a, b, resolve, a_verdict, b_verdict, answers, recheck=recheck)
    return _acted(compiled, link, a, b, a_verdict, b_verdict, merged)


def _again(
    compiled: Compiled,
    link: LinkView,
    at: Side,
    record: Record | None,
    verdict: Verdict | None,
    resolve: Resolve,
) -> Decision:
    """Make a record anew at side `at`, where it is gone."""
    source, target = (compiled.a, compiled.b) if at == "b" else (compiled.b, compiled.a)
    if record is None or verdict is None or not verdict.in_scope:
        return Decision(kind="left out", reason=verdict.left_out if verdict else "")
    if Op.CREATE not in target.writes:
        return Decision(
            kind="masked", reason=f"it was deleted at side {at}, and nothing may be created there"
        )
    write, applied = _create(compiled, at, source, record, verdict, resolve, link.applied)
    looked = seen(source, record)
    if at == "b":
        return Decision(kind="write", writes=(write,), a_seen=looked, applied=applied)
    return Decision(kind="write", writes=(write,), b_seen=looked, applied=applied)


DELETED = "deleted at the other side"
KEPT = "deleted at the other side, and edited here since then: it is kept"


def _one_gone(
    compiled: Compiled,
    link: LinkView,
    which: Side,
    lost: Record | None,
    record: Record | None,
    verdict: Verdict | None,
    resolve: Resolve,
) -> Decision:
    """A record is gone at side `which` (`lost`, as it was last known); its partner `record` stays at the other side."""
    gone, stays = (compiled.a, compiled.b) if which == "a" else (compiled.b, compiled.a)
    base = link.b_snapshot if which == "a" else link.a_snapshot
    policy = gone.gone
    other: Side = "b" if which == "a" else "a"
    follows_a = compiled.flow.follows_a
    scoped = verdict is None or verdict.in_scope
    if not scoped and not follows_a and lost is not None:  # a pair is in scope by the rules of either side
        scoped = gone.admit(lost.values, there=True).in_scope
    if verdict is not None and not scoped and (which == "b" or not follows_a):
        return Decision(kind="left out", reason=verdict.left_out)  # frozen: never a delete
    edited = False
    made_again = stays.moves and Op.CREATE in gone.writes and not follows_a
    if record is not None and (made_again or policy.stays):
        now = seen(stays, record)
        # A field without a base that is filled by now counts as edited: rather one record too many than a lost one.
        edited = base is None or any(now.get(name) != base.get(name) for name in {*now, *base})
        admitted = verdict is not None and verdict.in_scope
        if edited and admitted and not link.marked and not policy.stays:
            return _again(compiled, link, which, record, verdict, resolve)  # an edit beats a delete
    if policy.do == "remove":
        if edited and policy.stays:
            return Decision(kind="left out", reason=KEPT)
        if Op.REMOVE not in stays.writes:
            return Decision(
                kind="masked", reason="it is gone at the other side, and nothing may be removed here"
            )
        before = dict(record.values) if record is not None else {}
        return Decision(kind="write", writes=(Write(side=other, op=Op.REMOVE, values={}, before=before),))
    rules = gone.gone_actions(lost.values) if lost is not None else ()
    adds = tuple(Action(field=name, do="add", value=value, undo=True) for name, value in policy.adds.items())
    rest = Decision(kind="left out", reason=DELETED) if policy.stays else Decision(kind="same")
    if link.marked or record is None or (policy.do == "nothing" and not rules):
        return rest
    if Op.UPDATE not in stays.writes:
        return Decision(kind="masked", reason="it is gone at the other side, and nothing may be changed here")
    acts, kept = in_force(other, (*adds, *rules), {}, record, stays.stream)
    values = {**policy.values, **acts}
    before = {name: record.values.get(name) for name in values}
    write = Write(side=other, op=Op.UPDATE, values=values, before=before, marked=True)
    applied = {**link.applied, **{key: one for key, one in kept.items() if key not in link.applied}}
    if not values:
        return msgspec.structs.replace(rest, applied=applied) if applied != link.applied else rest
    return Decision(kind="write", writes=(write,), applied=applied if kept else None)


def _unmark(policy: GonePolicy, record: Record) -> Values:
    """What takes the deletion mark off, where it still stands: a value that a person set meanwhile is left alone."""
    marks, values = policy.values, record.values
    return {
        name: value
        for name, value in policy.undo.items()
        if name not in values
        or (values[name] != value and (name not in marks or values[name] == marks[name]))
    }


def _merge(
    compiled: Compiled,
    link: LinkView,
    a: Record,
    b: Record,
    resolve: Resolve,
    a_verdict: Verdict,
    b_verdict: Verdict,
    answers: Mapping[str, Answer],
    *,
    recheck: bool,
) -> Decision:
    """Both stand: field by field, write what changed to where it did not."""
    if compiled.shared and compiled.a.thin and not a.full:
        raise Unread  # what its list row does not show may differ as well, and may win
    a_seen, b_seen = seen(compiled.a, a), seen(compiled.b, b)
    has_base = link.a_snapshot is not None and link.b_snapshot is not None
    recheck = recheck or link.marked
    if has_base and not recheck and a_seen == link.a_snapshot and b_seen == link.b_snapshot:
        return Decision(kind="same")
    asked: dict[str, Ask] = {}
    rest = (resolve, recheck, answers, asked)
    to_b = dict(changes(compiled, "b", link, a, b, a_seen, b_seen, a_verdict.sets, *rest))
    to_a = dict(changes(compiled, "a", link, b, a, b_seen, a_seen, b_verdict.sets, *rest))
    for ask in asked.values():
        a_seen = held_back(a_seen, ask.a, link.a_snapshot)
        b_seen = held_back(b_seen, ask.b, link.b_snapshot)
    marked = None
    if link.marked:  # it is back: take the mark off again
        marked = False
        to_b = {**_unmark(compiled.flow.gone_a, b), **to_b}
        to_a = {**_unmark(compiled.flow.gone_b, a), **to_a}
    writes = []
    masked = False
    applied = None
    anew = compiled.flow.replace or any(move.pair.remake and move.target in to_b for move in compiled.a.moves)
    for at, values, record, side in (("b", to_b, b, compiled.b), ("a", to_a, a, compiled.a)):
        if not values:
            continue
        before = {name: record.values.get(name) for name in values}
        if at == "b" and anew and Op.CREATE in side.writes and Op.REMOVE in side.writes:
            create, applied = _create(compiled, "b", compiled.a, a, a_verdict, resolve, link.applied)
            writes.append(Write(side="b", op=Op.REMOVE, values={}, before=dict(record.values)))
            writes.append(create)
        elif Op.UPDATE not in side.writes:
            masked = True
        else:
            writes.append(Write(side=at, op=Op.UPDATE, values=values, before=before, marked=marked))  # type: ignore[arg-type]
    asks = tuple(asked.values())
    if writes:
        return Decision(
            kind="write", writes=tuple(writes), a_seen=a_seen, b_seen=b_seen, asks=asks, applied=applied
        )
    if masked and has_base:
        return Decision(kind="masked", reason="edits are not sent after the first time", asks=asks)
    return Decision(kind="agree", a_seen=a_seen, b_seen=b_seen, asks=asks)
