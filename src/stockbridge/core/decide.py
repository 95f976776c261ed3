"""The whole decision: what happens to a pair of records, from what both sides hold now and what they last agreed on.

Pure. The table of states (`=` same, `~` changed, `x` gone, `+` unlinked) stands in docs/explanation/decisions.md; a test
walks through every cell of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from stockbridge.core.casts import Unfit
from stockbridge.core.compiled import Compiled, CompiledSide, seen
from stockbridge.core.flow import GonePolicy, LinkView, Op, Owner, Side
from stockbridge.core.mapping import BACK, LEAVE, LeftOut, Missing, NotYet, Resolve
from stockbridge.core.record import Record, Value, Values
from stockbridge.core.rules import Verdict

UNKNOWN = msgspec.UNSET


class Unread(Exception):
    """A record is to be made out of a list row that lacks some of its fields."""


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
    next run decides it anew, although nothing that it waits for can be named.
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


def wants_detail(compiled: Compiled, link: LinkView | None, record: Record) -> bool:
    """Whether the full record of side a is needed to decide; false where its list row already settles the matter."""
    side = compiled.a
    if record.full or record.deleted or not side.thin:
        return False
    if side.thin_rules:
        return True
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
) -> Decision:
    """Decide one pair. `a` and `b` are the newest knowledge of each side (None: never read). `recheck` compares every
    field again because the mapping changed. `resolve` looks references up in either direction."""
    try:
        if link is None:
            return _unlinked(compiled, a, b, resolve)
        return _linked(compiled, link, a, b, resolve, recheck)
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


def _unlinked(compiled: Compiled, a: Record | None, b: Record | None, resolve: Resolve) -> Decision:
    left_out, masked = "", False
    if a is not None and b is not None and not a.deleted and not b.deleted:
        if compiled.a.admit(a.values).in_scope or (
            compiled.flow.takes_from_b and compiled.b.admit(b.values).in_scope
        ):
            return _merge(compiled, LinkView(a_id=a.id, b_id=b.id), a, b, resolve, recheck=True)
        return Decision(kind="left out", reason=compiled.a.admit(a.values).left_out)
    for this, record, other, side in (("a", a, compiled.b, compiled.a), ("b", b, compiled.a, compiled.b)):
        if record is None or record.deleted:
            continue
        verdict = side.admit(record.values)
        if verdict.gone or not verdict.in_scope:
            left_out = verdict.left_out or "treated as deleted by a rule"
        elif this == "b" and not compiled.flow.takes_from_b:
            continue
        elif Op.CREATE not in other.writes:
            masked = True
        else:
            write = _create("b" if this == "a" else "a", side, record, verdict, resolve)
            return Decision(kind="write", writes=(write,), **{f"{this}_seen": seen(side, record)})  # type: ignore[arg-type]
    if left_out:
        return Decision(kind="left out", reason=left_out)
    return Decision(kind="masked" if masked else "same")


def _create(at: Side, source: CompiledSide, record: Record, verdict: Verdict, resolve: Resolve) -> Write:
    if not record.full and source.thin:
        raise Unread
    values: Values = {}
    for move in source.moves:
        if move.step:
            continue  # by a call of its own, once the record is there
        value = verdict.sets[move.target] if move.target in verdict.sets else move.to(record, resolve)
        if value is not LEAVE and (value is not None or move.pair.empty == "leave"):
            values[move.target] = value
    values.update({name: value for name, value in verdict.sets.items() if name not in values})
    return Write(side=at, op=Op.CREATE, values=values, before={})


def _linked(
    compiled: Compiled, link: LinkView, a: Record | None, b: Record | None, resolve: Resolve, recheck: bool
) -> Decision:
    flow = compiled.flow
    a_verdict = compiled.a.admit(a.values) if a is not None and not a.deleted else None
    b_verdict = compiled.b.admit(b.values) if b is not None and not b.deleted else None
    a_gone = a is not None and (a.deleted or (a_verdict is not None and a_verdict.gone))
    b_gone = b is not None and (b.deleted or (b_verdict is not None and b_verdict.gone))
    if a_gone and b_gone:
        return Decision(kind="drop")
    if a_gone:
        return _one_gone(compiled, link, "a", compiled.a, compiled.b, b, b_verdict, link.b_snapshot, resolve)
    if b_gone:
        if flow.follows_a:  # side a owns everything: what was deleted over there comes back
            return _again(compiled, "b", a, a_verdict, resolve)
        return _one_gone(compiled, link, "b", compiled.b, compiled.a, a, a_verdict, link.a_snapshot, resolve)
    if a is None or b is None:
        return Decision(kind="same")
    in_scope = (a_verdict is not None and a_verdict.in_scope) or (
        not flow.follows_a and b_verdict is not None and b_verdict.in_scope
    )
    if not in_scope:
        return Decision(kind="left out", reason=a_verdict.left_out if a_verdict else "")
    return _merge(compiled, link, a, b, resolve, recheck=recheck)


def _again(
    compiled: Compiled, at: Side, record: Record | None, verdict: Verdict | None, resolve: Resolve
) -> Decision:
    """Make a record anew at side `at`, where it is gone."""
    source, target = (compiled.a, compiled.b) if at == "b" else (compiled.b, compiled.a)
    if record is None or verdict is None or not verdict.in_scope:
        return Decision(kind="left out", reason=verdict.left_out if verdict else "")
    if Op.CREATE not in target.writes:
        return Decision(
            kind="masked", reason=f"it was deleted at side {at}, and nothing may be created there"
        )
    write = _create(at, source, record, verdict, resolve)
    looked = seen(source, record)
    if at == "b":
        return Decision(kind="write", writes=(write,), a_seen=looked)
    return Decision(kind="write", writes=(write,), b_seen=looked)


def _one_gone(
    compiled: Compiled,
    link: LinkView,
    which: Side,
    gone: CompiledSide,
    stays: CompiledSide,
    record: Record | None,
    verdict: Verdict | None,
    base: Values | None,
    resolve: Resolve,
) -> Decision:
    """A record is gone at side `which`; its partner `record` stays at the other side."""
    policy = gone.gone
    other: Side = "b" if which == "a" else "a"
    follows_a = compiled.flow.follows_a
    if verdict is not None and not verdict.in_scope and (which == "b" or not follows_a):
        return Decision(kind="left out", reason=verdict.left_out)  # frozen: never a delete
    if record is not None and stays.moves and Op.CREATE in gone.writes and not follows_a:
        now = seen(stays, record)
        # A field without a base that is filled by now counts as edited: rather one record too many than a lost one.
        edited = base is None or any(now.get(name) != base.get(name) for name in {*now, *base})
        if edited and verdict is not None and verdict.in_scope and not link.marked:
            return _again(compiled, which, record, verdict, resolve)  # an edit beats a delete
    if policy.do == "nothing":
        return Decision(kind="same")
    if policy.do == "remove":
        if Op.REMOVE not in stays.writes:
            return Decision(
                kind="masked", reason="it is gone at the other side, and nothing may be removed here"
            )
        before = dict(record.values) if record is not None else {}
        return Decision(kind="write", writes=(Write(side=other, op=Op.REMOVE, values={}, before=before),))
    if link.marked:
        return Decision(kind="same")
    if Op.UPDATE not in stays.writes:
        return Decision(kind="masked", reason="it is gone at the other side, and nothing may be changed here")
    before = {name: record.values.get(name) for name in policy.values} if record is not None else {}
    write = Write(side=other, op=Op.UPDATE, values=dict(policy.values), before=before, marked=True)
    return Decision(kind="write", writes=(write,))


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
    compiled: Compiled, link: LinkView, a: Record, b: Record, resolve: Resolve, *, recheck: bool
) -> Decision:
    """Both stand: field by field, write what changed to where it did not."""
    a_seen, b_seen = seen(compiled.a, a), seen(compiled.b, b)
    has_base = link.a_snapshot is not None and link.b_snapshot is not None
    recheck = recheck or link.marked
    if has_base and not recheck and a_seen == link.a_snapshot and b_seen == link.b_snapshot:
        return Decision(kind="same")
    a_sets, b_sets = compiled.a.admit(a.values).sets, compiled.b.admit(b.values).sets
    to_b = dict(_changes(compiled, "b", link, a, b, a_seen, b_seen, a_sets, resolve, recheck))
    to_a = dict(_changes(compiled, "a", link, b, a, b_seen, a_seen, b_sets, resolve, recheck))
    marked = None
    if link.marked:  # it is back: take the mark off again
        marked = False
        to_b = {**_unmark(compiled.flow.gone_a, b), **to_b}
        to_a = {**_unmark(compiled.flow.gone_b, a), **to_a}
    writes = []
    masked = False
    anew = compiled.flow.replace or any(move.pair.remake and move.target in to_b for move in compiled.a.moves)
    for at, values, record, side in (("b", to_b, b, compiled.b), ("a", to_a, a, compiled.a)):
        if not values:
            continue
        before = {name: record.values.get(name) for name in values}
        if at == "b" and anew and Op.CREATE in side.writes and Op.REMOVE in side.writes:
            verdict = compiled.a.admit(a.values)
            writes.append(Write(side="b", op=Op.REMOVE, values={}, before=dict(record.values)))
            writes.append(_create("b", compiled.a, a, verdict, resolve))
        elif Op.UPDATE not in side.writes:
            masked = True
        else:
            writes.append(Write(side=at, op=Op.UPDATE, values=values, before=before, marked=marked))  # type: ignore[arg-type]
    if writes:
        return Decision(kind="write", writes=tuple(writes), a_seen=a_seen, b_seen=b_seen)
    if masked:
        if not has_base:  # adopted as it stands
            return Decision(kind="agree", a_seen=a_seen, b_seen=b_seen)
        return Decision(kind="masked", reason="edits are not sent after the first time")
    return Decision(kind="agree", a_seen=a_seen, b_seen=b_seen)


def _changes(
    compiled: Compiled,
    at: Side,
    link: LinkView,
    source: Record,
    target: Record,
    source_seen: Values,
    target_seen: Values,
    sets: dict[str, Value],
    resolve: Resolve,
    recheck: bool,
) -> Iterator[tuple[str, Value]]:
    """(field, value) for every field that must be written at side `at`."""
    side = compiled.a if at == "b" else compiled.b
    source_base, target_base = link.a_snapshot, link.b_snapshot
    if at == "a":
        source_base, target_base = target_base, source_base
    winner = compiled.flow.conflict != at
    for move in side.moves:
        pair, name = move.pair, move.target
        current = target_seen.get(name, UNKNOWN)
        if pair.once and not (move.step and target_base is not None and name not in target_base):
            continue  # a step is due as long as nobody saw it taken
        if pair.fill and current not in (None, [], UNKNOWN):
            continue
        if current is UNKNOWN and pair.lines is not None and source_base is None:
            continue  # lines that the system does not show are taken as they stand
        sources = (*move.sources, *side.set_sources.get(name, ()))
        if not source.full and any(s in side.fields and s not in source_seen for s in sources):
            continue  # its list row does not show it, which is not the same as empty
        unknown = source_base is None or any(s not in source_base for s in sources)
        source_changed = unknown or any(source_seen.get(s) != (source_base or {})[s] for s in sources)
        base = UNKNOWN if target_base is None else target_base.get(name, UNKNOWN)
        first = unknown and base is UNKNOWN  # the two sides never agreed about this field
        target_changed = base is UNKNOWN or (current is not UNKNOWN and current != base)
        if not source_changed and not target_changed and not recheck:
            continue
        if pair.owner is Owner.BOTH and not source_changed:
            continue  # the other side changed it, or nobody did
        value = sets[name] if name in sets else move.to(source, resolve)
        if value is LEAVE or value == current:
            continue
        if current is UNKNOWN and base is not UNKNOWN and value == base:
            continue  # what the system does not show is taken to stand as it was sent
        if first and value in (None, []):
            continue  # blanks never win at first match
        if pair.owner is Owner.BOTH and target_changed and not winner:
            blank = first and current in (None, [], UNKNOWN)
            if not blank:  # at first match a filled value goes into a blank, whoever wins otherwise
                continue
        yield name, value


def partly_agreed(
    compiled: Compiled, link: LinkView, at: Side, stored: Values, saw: Values | None
) -> LinkView:
    """The link once some fields are known to agree: `stored` is what side `at` holds of what it was sent, `saw` what the
    decision saw at the other side. All other fields keep the base they had."""
    source, target = (compiled.a, compiled.b) if at == "b" else (compiled.b, compiled.a)
    here = {name: value for name, value in stored.items() if name in target.fields}
    used: set[str] = set()
    for move in source.moves:
        if move.target in stored:
            used.update(move.sources, source.set_sources.get(move.target, ()))
    there = {name: value for name, value in (saw or {}).items() if name in used}
    a_new, b_new = (there, here) if at == "b" else (here, there)
    return msgspec.structs.replace(
        link,
        a_snapshot={**(link.a_snapshot or {}), **a_new},
        b_snapshot={**(link.b_snapshot or {}), **b_new},
    )
