"""What a group of answers means for the store: outcomes, links with their snapshots, the mirror, what waits or is woken.

Gathered first and stored in a few statements, in one transaction with the outcomes in the journal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled, CompiledSide, seen
from stockbridge.core.decide import Write
from stockbridge.core.errors import (
    Exists,
    Gone,
    Halt,
    OverBudget,
    Rejected,
    Retry,
    Stale,
    Trouble,
    Unauthorized,
)
from stockbridge.core.flow import Applied, LinkView, Op, Owner, Side
from stockbridge.core.mapping import BACK
from stockbridge.core.merge import partly_agreed
from stockbridge.core.record import CUSTOM, Record, Stream, Values
from stockbridge.engine.intake import bury_with_children, derive, key_fields, store_records
from stockbridge.engine.made_anew import drop_old, is_new
from stockbridge.engine.session import Session
from stockbridge.engine.work import Item
from stockbridge.store import checkpoints, journal, links, match_keys, mirror, waiting
from stockbridge.store.journal import Outcome
from stockbridge.store.rows import next_seq


def outcome_of(trouble: Trouble) -> Outcome | None:
    """How an intent that met this trouble is settled; None leaves it open, to be resolved by reading."""
    match trouble:
        case Rejected():
            return "refused"
        case Exists():
            return "adopted"
        case Retry() | OverBudget() | Unauthorized() | Gone() | Stale() | Halt():
            return "not written"
        case _:
            return None


class Harvest:
    """Gathers what answers mean; `store` writes it down."""

    def __init__(
        self, session: Session, compiled: Compiled, begun: Collection[tuple[Side, str]] = ()
    ) -> None:
        """`begun` are the (side, id) that are being written, or wait in line for it."""
        self._session, self._compiled, self._begun = session, compiled, begun
        self.outcomes: list[tuple[int, Outcome, str, str | None]] = []
        self.touched: set[tuple[str, str]] = set()
        self._answers: dict[Side, list[tuple[Record, bool]]] = {"a": [], "b": []}
        self._buried: dict[Side, list[str]] = {"a": [], "b": []}
        self._adopted: list[tuple[Item, Side, Record]] = []
        self._dropped: list[str] = []
        self._links: dict[str, LinkView] = {}
        self._renewed: set[str] = set()
        self._woken: list[str] = []
        self._settled: dict[Side, list[str]] = {"a": [], "b": []}
        self._parked: list[waiting.Unsettled] = []
        self._followed_up: list[str] = []
        self._watched: dict[Side, set[str]] = {}

    def success(
        self, item: Item, link: LinkView | None, write: Write, answered: Record | None
    ) -> LinkView | None:
        """A write succeeded: returns the link as it stands then.

        A snapshot holds what the decision saw plus what the write answered, field by field: an edit that a person made
        meanwhile is not swallowed.
        """
        side = self._compiled.b if write.side == "b" else self._compiled.a
        if answered is None:
            self._removed(item, link, write)
            return None
        self.touched.add((write.side, answered.id))
        before = item.b if write.side == "b" else item.a
        stored = {**write.values, **answered.values}
        if _calls_for_more(self._compiled, write, before, stored):
            self._followed_up.append((answered.id if write.side == "a" else item.a_id) or "")
        self._answers[write.side].append(
            _newest(before if write.op is Op.UPDATE else None, write, answered, self._looked_at(write.side))
        )
        if write.op is Op.CREATE:
            return self._created(item, link, write, msgspec.structs.replace(answered, values=stored), side)
        if link is None:  # matched: the first agreement
            link = LinkView(a_id=item.a_id or "", b_id=item.b_id or "")
            self._wake(link)
        first = write is item.decision.writes[0]
        a_snapshot = (item.decision.a_seen if first else None) or link.a_snapshot
        b_snapshot = (item.decision.b_seen if first else None) or link.b_snapshot
        sent = {name: stored[name] for name in write.values if name in side.fields}
        if write.side == "b":
            b_snapshot = {**(b_snapshot or {}), **sent}
        else:
            a_snapshot = {**(a_snapshot or {}), **sent}
        marked = link.marked if write.marked is None else write.marked
        return LinkView(
            a_id=link.a_id,
            b_id=link.b_id,
            a_snapshot=a_snapshot,
            b_snapshot=b_snapshot,
            marked=marked,
            applied=in_force_after(link.applied, item.decision.applied, write.side),
        )

    def _looked_at(self, side: Side) -> Collection[str]:
        """The fields of the records written at this side that a flow looks at: the moment of our own write, which a system
        keeps as well, is none of them."""
        stream = (self._compiled.b if side == "b" else self._compiled.a).stream
        if self._watched.get(side) is None:
            connector = self._session.connector(side)
            if any(one.derived_from == stream.name for one in connector.streams().values()):
                self._watched[side] = {field.name for field in stream.fields}
            else:
                self._watched[side] = {
                    name
                    for one in self._session.flows
                    for here in ((one.b if side == "b" else one.a),)
                    if here.stream.name == stream.name
                    for name in (
                        *here.fields,
                        *here.rule_fields,
                        *key_fields(self._session, side, stream.name),
                    )
                }
                if any(name.startswith("cf_") for name in self._watched[side]):
                    self._watched[side].add(CUSTOM)
        return self._watched[side]

    def _removed(self, item: Item, link: LinkView | None, write: Write) -> None:
        own = (item.b_id if write.side == "b" else item.a_id) or ""
        self._buried[write.side].append(own)
        self.touched.add((write.side, own))
        if link is not None:
            self._dropped.append(link.a_id)
            self.touched.add(("a", link.a_id) if write.side == "b" else ("b", link.b_id))

    def _created(
        self, item: Item, link: LinkView | None, write: Write, stored: Record, side: CompiledSide
    ) -> LinkView:
        a_id = (item.a_id if write.side == "b" else stored.id) or ""
        b_id = (stored.id if write.side == "b" else item.b_id) or ""
        made = seen(side, stored)
        source, at_a = (self._compiled.a, False) if write.side == "b" else (self._compiled.b, True)
        for move in source.moves:
            if move.step:
                made.pop(move.target, None)  # it takes a call of its own, which is still to come
        if link is not None and (link.a_id, link.b_id) != (a_id, b_id):
            self._dropped.append(link.a_id)
        a_new, b_new = (item.decision.a_seen, made) if not at_a else (made, item.decision.b_seen)
        if at_a:  # what side a owns was never agreed on: it goes back to where the record came from
            owned = self._compiled.owned_by_a
            b_new = {name: value for name, value in (b_new or {}).items() if name not in owned}
            self._followed_up += [a_id] if owned else []
        # What goes only the other way was not part of making it: it was never agreed on either.
        back = [move for move in side.moves if move.pair.owner is Owner.BOTH and move.pair.way != "both"]
        for move in back:
            a_new, b_new = (
                {
                    name: value
                    for name, value in (values or {}).items()
                    if name not in (*move.sources, move.target)
                }
                for values in (a_new, b_new)
            )
        # The rules of the side it was made at; its steps.
        more = back or side.acts or any(move.step for move in source.moves)
        if more and a_id not in self._followed_up:
            self._followed_up.append(a_id)
        applied = in_force_after(link.applied if link else {}, item.decision.applied, write.side)
        link = LinkView(a_id=a_id, b_id=b_id, a_snapshot=a_new, b_snapshot=b_new, applied=applied)
        self._links[a_id] = link
        self._wake(link)
        return link

    def _wake(self, link: LinkView) -> None:
        name = self._compiled.flow.name
        self._woken += [f"{name}:{link.a_id}", f"{name}{BACK}:{link.b_id}"]

    def agreed(self, item: Item, link: LinkView | None) -> None:
        """All writes of an item succeeded: only now its whole snapshots move on."""
        if link is not None:
            if item.decision.applied is not None:
                link = msgspec.structs.replace(link, applied=item.decision.applied)
            self._link(item, link)
        for side, id in (("a", item.a_id), ("b", item.b_id)):
            if id is not None:
                self._settled["a" if side == "a" else "b"].append(id)

    def in_part(self, item: Item, answers: list[tuple[Write, Record]]) -> None:
        """A later write failed: the base moves on for the fields that were written before, and for no other. With the old
        base our own write would look like a person's edit, and a side that cuts texts could win with what it cut."""
        link = item.link or LinkView(a_id=item.a_id or "", b_id=item.b_id or "")
        for write, answered in answers:
            found = {name: answered.values.get(name, value) for name, value in write.values.items()}
            saw = item.decision.a_seen if write.side == "b" else item.decision.b_seen
            link = partly_agreed(self._compiled, link, write.side, found, saw)
            applied = in_force_after(link.applied, item.decision.applied, write.side)
            marked = link.marked if write.marked is None else write.marked
            link = msgspec.structs.replace(link, marked=marked, applied=applied)
            self._link(item, link)

    def _link(self, item: Item, link: LinkView) -> None:
        self._links[link.a_id] = link
        if is_new(item.link):
            self._renewed.add(link.b_id)

    def failed(self, item: Item, write: Write, trouble: Trouble) -> None:
        """This write did not succeed: the record waits, with the reason."""
        state: waiting.State
        match trouble:
            case Rejected():
                state = "refused"
            case Exists(record=record):
                state = "woken"
                self._adopted.append((item, write.side, record))
            case Gone() if write.op is not Op.CREATE:
                state = "woken"
                self._buried[write.side].append((item.b_id if write.side == "b" else item.a_id) or "")
            case Stale():
                state = "woken"
            case Retry() | Gone():
                state = "again"
            case _:
                state = "uncertain"
        self._parked.append(
            waiting.Unsettled(
                flow=self._compiled.flow.name,
                side="a" if item.a_id is not None else "b",
                id=item.a_id or item.b_id or "",
                state=state,
                reason=trouble.what,
                remedy=trouble.remedy or "The next run settles it.",
                field=getattr(trouble, "field", None),
                code=trouble.code,
                version=item.a.version if item.a is not None else None,
                since=self._session.clock(),
            )
        )

    def _refuse_taken(self, item: Item, stream: Stream, record: Record) -> None:
        """What a create found there belongs to another record already: a person looks at it. Where only its name was taken,
        this run makes it under another one."""
        if stream.unique:
            return
        own = item.a_id or item.b_id
        self._parked = [
            msgspec.structs.replace(
                row,
                state="refused",
                remedy=f"It is {record.id}, which is in step with another record. Delete one of the two doubles.",
            )
            if row.id == own
            else row
            for row in self._parked
        ]

    def store(self, connection: Connection) -> None:
        """Write everything down; belongs into one transaction."""
        session, compiled = self._session, self._compiled
        name, bond = compiled.flow.name, session.bonds[compiled.flow.name]
        journal.settle(connection, self.outcomes, session.clock())
        for side, stream in (("a", compiled.a.stream), ("b", compiled.b.stream)):
            at = session.shelves[(side, stream.name)]
            which: Side = "a" if side == "a" else "b"
            if self._buried[which]:
                bury_with_children(session, connection, which, stream, self._buried[which])
            answers = self._answers[which]
            if answers:
                sweep = checkpoints.load(connection, session.sync_id, side, stream.name).sweep
                mirror.put(
                    connection, at, [record for record, edited in answers if not edited], seq=0, sweep=sweep
                )
                if edited_ones := [record for record, edited in answers if edited]:
                    seq = next_seq(connection, session.sync_id, session.epoch)
                    mirror.put(connection, at, edited_ones, seq=seq, sweep=sweep)
                keys = key_fields(session, which, stream.name)
                match_keys.put_keys(connection, at, keys, [record for record, _ in answers])
                if any(
                    one.derived_from == stream.name for one in session.connector(which).streams().values()
                ):
                    seq = next_seq(connection, session.sync_id, session.epoch)
                    derive(session, connection, which, stream, [record for record, _ in answers], seq)
        for item, at_side, record in self._adopted:
            stream = compiled.b.stream if at_side == "b" else compiled.a.stream
            store_records(session, connection, at_side, stream, [record])
            just_now = {one.b_id if at_side == "b" else one.a_id for one in self._links.values()}
            # One that only has the name, and is being made at the other side itself, is somebody else. Whose answer comes
            # first must not decide that.
            making = bool(stream.unique) and (at_side, record.id) in self._begun
            if (
                making
                or record.id in just_now
                or (links.by_b if at_side == "b" else links.by_a)(connection, bond, [record.id])
            ):
                self._refuse_taken(item, stream, record)
                continue
            if item.link is not None:
                self._dropped.append(item.link.a_id)
            a_id, b_id = (item.a_id, record.id) if at_side == "b" else (record.id, item.b_id)
            link = LinkView(a_id=a_id or "", b_id=b_id or "")
            self._links[link.a_id] = link
            self._wake(link)
        links.drop(connection, bond, self._dropped)
        drop_old(
            connection,
            bond,
            [link for link in self._links.values() if link.b_id in self._renewed],
            self._session.clock(),
        )
        links.put(connection, bond, list(self._links.values()))
        waiting.wake(connection, session.sync_id, self._woken)
        for which in ("a", "b"):
            waiting.clear(
                connection, session.sync_id, name, which, self._settled["a" if which == "a" else "b"]
            )
        parked = {row.id for row in self._parked if row.side == "a"}  # those are decided anew as it is
        self._parked += [self._follow_up(id) for id in dict.fromkeys(self._followed_up) if id not in parked]
        waiting.put(connection, session.sync_id, self._parked)

    def _follow_up(self, a_id: str) -> waiting.Unsettled:
        """A record that was made calls for more: what its own side owns goes back, a step is taken."""
        return waiting.Unsettled(
            flow=self._compiled.flow.name,
            side="a",
            id=a_id,
            state="woken",
            reason="It was made; the rest of it is still to be written.",
            since=self._session.clock(),
        )


def in_force_after(
    before: Mapping[str, Applied], after: Mapping[str, Applied] | None, written: Side
) -> dict[str, Applied]:
    """The actions of rules in force once side `written` holds what was sent: those of the other side are as before, until
    that one is written as well."""
    if after is None:
        return dict(before)
    theirs = {key: one for key, one in before.items() if one.side != written}
    return {**theirs, **{key: one for key, one in after.items() if one.side == written}}


def _calls_for_more(compiled: Compiled, write: Write, before: Record | None, stored: Values) -> bool:
    """Whether what we wrote brings the record into a rule that acts at the other side, or out of one."""
    flow = compiled.flow
    if not any(rule.actions for rule in (flow.rules_a if write.side == "a" else flow.rules_b)):
        return False
    admit = (compiled.a if write.side == "a" else compiled.b).admit
    old = before.values if before is not None and write.op is Op.UPDATE else {}
    return admit(old, there=True).actions != admit({**old, **stored}, there=True).actions


def _newest(
    before: Record | None, write: Write, answered: Record, looked_at: Collection[str]
) -> tuple[Record, bool]:
    """The answer as the newest knowledge, and whether it shows more than we wrote, among what is looked at: then it is a
    change to look at."""
    old = before.values if before is not None else {}
    values = {**old, **write.values, **answered.values}
    edited = any(
        name in looked_at and name not in write.values and name in old and old[name] != value
        for name, value in values.items()
    )
    return msgspec.structs.replace(answered, values=values, full=True), edited
