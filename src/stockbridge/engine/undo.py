"""What was written, planned back: newest first, field by field, and only where it still stands as it was written.

The present record is fetched first. What a person changed since is left alone and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import Op, Side
from stockbridge.core.normal import same
from stockbridge.core.record import Ability, Field, Kind, Record, Refusal, Stream, Value, Values, values_type
from stockbridge.engine.by_hand import NotPossible, Pair, flow_of, names_of
from stockbridge.engine.intake import store_records
from stockbridge.engine.preview import label_of
from stockbridge.engine.session import Session
from stockbridge.engine.untouched import EMPTY, edited
from stockbridge.store import journal, mirror, runs
from stockbridge.store.journal import Entry
from stockbridge.store.rows import chunks

_ALL = 1_000_000


class What(msgspec.Struct, frozen=True, kw_only=True):
    """What to take back: one change or one whole run by its number, or all that was ever written to one record and its
    partner."""

    kind: Literal["change", "record", "run"]
    number: int = 0
    pair: Pair | None = None

    @property
    def words(self) -> str:
        return f"{self.kind} {self.number or (self.pair.words if self.pair is not None else '')}"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One write back. `changes` are (field, what stands there now, what it becomes); `undoes` the changes of the journal
    that it takes back. `id` is None where the record is made again (its old id stands in `a_id` or `b_id`)."""

    flow: str
    side: Side
    op: Op
    id: str | None
    name: str
    a_id: str | None
    b_id: str | None
    values: Values
    before: Values
    undoes: list[int]
    note: str = ""

    @property
    def changes(self) -> list[tuple[str, Value, Value]]:
        return [(name, self.before.get(name), value) for name, value in self.values.items()]


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot be taken back, and why. `field` is "" where it is about the whole record."""

    flow: str
    side: Side
    id: str | None
    name: str
    change: int
    field: str
    now: Value
    reason: str


class UndoPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`steps` in the order in which they are made, `left` what is left as it is, `already` how many changes stand no more
    as they were written and need nothing. `calls` were spent to look, by system."""

    what: str
    steps: list[Step]
    left: list[Left]
    already: int
    calls: dict[str, int]


class _Group(msgspec.Struct, kw_only=True):
    """All changes of one record, newest first."""

    compiled: Compiled
    side: Side
    id: str
    entries: list[Entry]
    record: Record | Refusal | None = None
    name: str = ""

    @property
    def stream(self) -> Stream:
        return (self.compiled.a if self.side == "a" else self.compiled.b).stream

    def decoded(self, values: bytes | None) -> Values:
        found: Values = msgspec.json.decode(values or b"{}", type=values_type(self.stream.fields))
        return found


def plan_undo(session: Session, what: What) -> UndoPlan:
    """Plan it, after a look at every record as it stands now. Writes nothing to either system.

    Raises `NotPossible` where there is no such change or run, and what `fetch` raises.
    """
    spent = {session.connector(side).name: session.connector(side).meter.spent for side in _SIDES}
    with session.engine.connect() as connection:
        entries = _entries(session, connection, what)
    steps: list[Step] = []
    left: list[Left] = []
    groups = _groups(session, entries, left)
    _look(session, groups)
    already = 0
    for group in groups:
        with session.engine.connect() as connection:
            before = len(left)
            step = _step(session, connection, group, left)
        if step is not None:
            steps.append(step)
        elif len(left) == before:
            already += len(group.entries)
    calls = {
        connector.name: connector.meter.spent - spent[connector.name] for connector in (session.a, session.b)
    }
    return UndoPlan(what=what.words, steps=steps, left=left, already=already, calls=calls)


_SIDES: tuple[Side, Side] = ("a", "b")


def _entries(session: Session, connection: Connection, what: What) -> list[Entry]:
    """The changes meant, newest first."""
    number = session.sync_id
    if what.kind == "change":
        found = journal.entry(connection, number, what.number)
        if found is None:
            raise NotPossible(
                f"There is no change {what.number}.",
                remedy="The numbers stand in: stockbridge runs show RUN --changes",
            )
        return [found]
    if what.kind == "run":
        if runs.one(connection, number, what.number) is None:
            raise NotPossible(f"There is no run {what.number}.", remedy="See what there is: stockbridge runs")
        return journal.history(connection, number, run=what.number, limit=_ALL)
    assert what.pair is not None
    by_number: dict[int, Entry] = {}
    for side, id in what.pair.ids():
        ids = {"a_id": id} if side == "a" else {"b_id": id}
        some = journal.history(connection, number, flow=what.pair.flow, limit=_ALL, **ids)  # type: ignore[arg-type]
        by_number.update({one.id: one for one in some})
    return [by_number[one] for one in sorted(by_number, reverse=True)]


def _groups(session: Session, entries: Sequence[Entry], left: list[Left]) -> list[_Group]:
    """The changes by record, in the order of the newest change of each."""
    known = {one.flow.name for one in session.flows}
    groups: dict[tuple[str, Side, str], _Group] = {}
    for one in entries:
        side: Side = "a" if one.side == "a" else "b"
        own = one.a_id if side == "a" else one.b_id
        if one.outcome in ("refused", "not written", "superseded"):
            continue  # nothing was written
        reason = ""
        if one.flow not in known:
            reason = "this sync does not have that flow any more"
        elif one.outcome is None:
            reason = "its answer was lost and nobody has looked since; let a run look first: stockbridge run"
        elif own is None:
            reason = "it stood there already and was recognised, not made"
        if reason:
            left.append(_left(one, side, "", None, reason))
        elif own is not None:
            key = (one.flow, side, own)
            if key not in groups:
                groups[key] = _Group(compiled=flow_of(session, one.flow), side=side, id=own, entries=[])
            groups[key].entries.append(one)
    return list(groups.values())


def _look(session: Session, groups: Sequence[_Group]) -> None:
    """Fetch every record as it stands now. What changed meanwhile is news for the next run."""
    streams: dict[tuple[Side, str], list[_Group]] = {}
    for group in groups:
        streams.setdefault((group.side, group.stream.name), []).append(group)
    for (side, name), some in streams.items():
        connector, stream = session.connector(side), some[0].stream
        found: dict[str, Record | Refusal] = {}
        for ids in chunks(dict.fromkeys(one.id for one in some), max(1, stream.detail_size)):
            found.update({one.id: one for one in connector.fetch(name, ids)})
        records = [one for one in found.values() if isinstance(one, Record)]
        with session.begin() as connection:
            known = mirror.known(connection, session.at(side, name), list(found))
            news = [
                one
                for one in records
                if one.id in known
                and (known[one.id].version, known[one.id].gone) != (one.version, one.deleted)
            ]
            store_records(session, connection, side, stream, news)
            names = names_of(session, connection, some[0].compiled.flow.name, side, list(found))
        for group in some:
            group.record = found.get(group.id)
            group.name = names[group.id].name if group.id in names else ""


def _step(session: Session, connection: Connection, group: _Group, left: list[Left]) -> Step | None:
    newest, record = group.entries[0], group.record
    if not isinstance(record, Record):
        why = record.reason if record is not None else "it was not shown"
        left.append(_left(newest, group.side, "", None, f"it cannot be read: {why}", group.name))
        return None
    if record.deleted:
        if newest.op == Op.REMOVE:
            return _made_again(session, group, left)
        if any(one.op == Op.CREATE for one in group.entries):
            return None  # what was made is gone already
        left.append(_left(newest, group.side, "", None, "it was deleted since", group.name))
        return None
    made = next((one for one in group.entries if one.op == Op.CREATE), None)
    if made is not None:
        return _removed(session, connection, group, made, left)
    return _changed_back(group, record.values, left)


def _changed_back(group: _Group, standing: Values, left: list[Left]) -> Step | None:
    """The fields as they were before the oldest of these changes, as far as each stands as the newest wrote it."""
    assert isinstance(group.record, Record)
    state = dict(standing)
    undoes: list[int] = []
    for one in group.entries:
        if one.op != Op.UPDATE:
            continue
        written, before = group.decoded(one.written), group.decoded(one.before)
        used = False
        for name, value in written.items():
            field = group.stream.field(name)
            if field is None:
                continue
            back = _back(group, field, state.get(name), value, before.get(name))
            if name not in before:
                reason = "what stood there before is not known"
            elif back is msgspec.UNSET and same(
                field.kind, state.get(name), before[name], region=_region(group)
            ):
                continue  # it is as it was
            elif back is msgspec.UNSET:
                reason = "it was changed since"
            else:
                state[name] = back
                used = True
                continue
            left.append(_left(one, group.side, name, standing.get(name), reason, group.name))
        if used:
            undoes.append(one.id)
    values = {name: value for name, value in state.items() if value != standing.get(name)}
    if not values:
        return None
    return _made(group, Op.UPDATE, values, {name: standing.get(name) for name in values}, undoes)


def _back(group: _Group, field: Field, now: Value, written: Value, before: Value) -> Any:
    """What the field becomes; UNSET where it does not stand as it was written. Of labels only those count that the change
    added or took away: whatever else hangs on the record is not touched."""
    if field.kind is Kind.LABELS:
        held, was, new = now or [], before or [], written or []
        added = {one.casefold() for one in new} - {one.casefold() for one in was}
        taken = [one for one in was if one.casefold() not in {other.casefold() for other in new}]
        here = {one.casefold() for one in held}
        if not added <= here or any(one.casefold() in here for one in taken) or not (added or taken):
            return msgspec.UNSET
        return [one for one in held if one.casefold() not in added] + taken
    if not same(field.kind, now, written, region=_region(group)):
        return msgspec.UNSET
    return before


def _region(group: _Group) -> str | None:
    return group.compiled.flow.region


def _removed(
    session: Session, connection: Connection, group: _Group, made: Entry, left: list[Left]
) -> Step | None:
    """What was made is removed again, as long as nobody but us put anything into it."""
    record = group.record
    assert isinstance(record, Record)
    system = session.connector(group.side).name
    reason, field, now = "", "", None
    if Ability.REMOVE not in group.stream.abilities:
        reason = f"{system} deletes no {group.stream.noun}s this way; delete it there by hand"
    else:
        ids = {"a_id": group.id} if group.side == "a" else {"b_id": group.id}
        ours: Values = {}
        some = journal.history(
            connection,
            session.sync_id,
            flow=group.compiled.flow.name,
            limit=_ALL,
            **ids,  # type: ignore[arg-type]
        )
        for one in reversed(some):
            if one.side == group.side and one.id >= made.id and one.outcome in ("done", "adopted"):
                ours.update(group.decoded(one.written))
        field = edited(group.stream, record.values, ours, _region(group))
        now = record.values.get(field)
        if field:
            reason = "it was made by a run, and edited since: it is not deleted"
    if reason:
        left.append(_left(made, group.side, field, now, reason, group.name))
        return None
    there = group.compiled.b if group.side == "a" else group.compiled.a
    source = session.connector("b" if group.side == "a" else "a").name
    note = f"The {there.stream.noun} at {source} that it was made from stays, and is left out from then on."
    undoes = [one.id for one in group.entries]
    return _made(group, Op.REMOVE, {}, dict(record.values), undoes, note)


def _made_again(session: Session, group: _Group, left: list[Left]) -> Step | None:
    """What was removed is made again from what stood there; not exactly, for it gets another id."""
    newest = group.entries[0]
    if Ability.CREATE not in group.stream.abilities:
        why = f"{session.connector(group.side).name} makes no {group.stream.noun}s this way"
        left.append(_left(newest, group.side, "", None, f"it was deleted, and {why}", group.name))
        return None
    if any(one.op == Op.CREATE for one in group.entries):
        return None  # made and removed: it is as it was
    stood = group.decoded(newest.before)
    values = {
        field.name: stood[field.name]
        for field in group.stream.fields
        if (field.writable or field.given) and not field.step and stood.get(field.name) not in EMPTY
    }
    values = _without_doubles(group.stream, values)
    if not values:
        left.append(
            _left(
                newest, group.side, "", None, "it was deleted, and what stood there is not known", group.name
            )
        )
        return None
    earlier = msgspec.structs.replace(newest, op=str(Op.UPDATE), written=b"{}", before=b"{}")
    stood_there = Record(id=group.id, values=values, version="")
    older = _Group(
        compiled=group.compiled,
        side=group.side,
        id=group.id,
        entries=[earlier, *group.entries[1:]],
        record=stood_there,
        name=group.name or label_of(group.stream.names, stood_there),
    )
    step = _changed_back(older, values, left)
    values = {**values, **(step.values if step is not None else {})}
    note = "It is made anew, so it has another id; what else belonged to it does not come back. It is left out from then on."
    undoes = [newest.id, *(step.undoes if step is not None else [])]
    return Step(
        flow=group.compiled.flow.name,
        side=group.side,
        op=Op.CREATE,
        id=None,
        name=older.name,
        a_id=group.id if group.side == "a" else None,
        b_id=group.id if group.side == "b" else None,
        values={name: value for name, value in values.items() if value not in EMPTY},
        before={},
        undoes=undoes,
        note=note,
    )


def _without_doubles(stream: Stream, values: Values) -> Values:
    """Of a list and of what stands within it only the list is written, or an entry would come twice."""
    within: Mapping[str, str | None] = {field.name: field.within for field in stream.fields}
    return {name: value for name, value in values.items() if within.get(name) not in values}


def _made(group: _Group, op: Op, values: Values, before: Values, undoes: list[int], note: str = "") -> Step:
    newest = group.entries[0]
    return Step(
        flow=group.compiled.flow.name,
        side=group.side,
        op=op,
        id=group.id,
        name=group.name,
        a_id=newest.a_id,
        b_id=newest.b_id,
        values=values,
        before=before,
        undoes=undoes,
        note=note,
    )


def _left(one: Entry, side: Side, field: str, now: Value, reason: str, name: str = "") -> Left:
    own = one.a_id if side == "a" else one.b_id
    return Left(
        flow=one.flow, side=side, id=own, name=name, change=one.id, field=field, now=now, reason=reason
    )
