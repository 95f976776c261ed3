"""What a person decides about single records: these two are the same, these two are not, leave this one alone, this value
counts. Each takes effect with the next run; none makes a call."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.errors import Trouble
from stockbridge.core.flow import Side
from stockbridge.core.mapping import BACK
from stockbridge.core.merge import Answer, Typed
from stockbridge.core.record import Field, Kind, values_type
from stockbridge.engine.made_anew import in_place_of, let_go
from stockbridge.engine.preview import label_of
from stockbridge.engine.session import Session
from stockbridge.store import exclusions, inbox, journal, links, mirror, waiting
from stockbridge.store.inbox import Asked

_LISTS = (Kind.TEXTS, Kind.LABELS)
_BY_HAND, _UNLINKED = "left out by hand", "unlinked by hand"
SIDES: tuple[Side, Side] = ("a", "b")


class NotPossible(Trouble):
    """What a person asked for cannot be done as the records stand."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A record as people know it."""

    system: str
    id: str
    name: str

    @property
    def words(self) -> str:
        """ "Anna Bakker (5512)"."""
        return f"{self.name} ({self.id})" if self.name and self.name != self.id else self.id


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One record with its partner, as far as it has one. `linked` is false where only one side is known."""

    flow: str
    a: Named | None = None
    b: Named | None = None

    @property
    def linked(self) -> bool:
        return self.a is not None and self.b is not None

    @property
    def words(self) -> str:
        one = self.a or self.b
        return "" if one is None else one.words

    def ids(self) -> list[tuple[Side, str]]:
        both: tuple[tuple[Side, Named | None], ...] = (("a", self.a), ("b", self.b))
        return [(side, one.id) for side, one in both if one is not None]


def out_words(reason: str) -> str:
    """How it is told that a person took a record out, for this reason."""
    if reason == _BY_HAND or reason.startswith(_UNLINKED):
        return reason
    return f"{_BY_HAND}: {reason}"


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did, in words; `notes` say what it means for later."""

    pair: Pair
    words: str
    notes: list[str] = []


def flow_of(session: Session, flow: str) -> Compiled:
    """The flow of that name. Raises KeyError."""
    return {one.flow.name: one for one in session.flows}[flow]


def named(session: Session, connection: Connection, flow: str, side: Side, id: str) -> Named:
    """What people call this record; just its id where it is not known."""
    return names_of(session, connection, flow, side, [id])[id]


def names_of(
    session: Session, connection: Connection, flow: str, side: Side, ids: Sequence[str]
) -> dict[str, Named]:
    """What people call these records, those included that are gone by now."""
    compiled = flow_of(session, flow)
    stream = (compiled.a if side == "a" else compiled.b).stream
    system = session.connector(side).name
    found = mirror.get(connection, session.at(side, stream.name), ids)
    return {id: Named(system=system, id=id, name=label_of(stream.names, found.get(id))) for id in ids}


def find(
    session: Session,
    connection: Connection,
    flow: str,
    name: str,
    at: Side | None = None,
    *,
    gone: bool = False,
) -> list[Pair]:
    """The records that `name` means (an id, or what people call them), each with its partner; at one side, or at both.
    With `gone` also those that were deleted and have no partner any more."""
    compiled = flow_of(session, flow)
    bond = session.bonds[flow]
    found: dict[tuple[str | None, str | None], None] = {}
    for side in SIDES if at is None else (at,):
        shelf = session.at(side, compiled.flow.a if side == "a" else compiled.flow.b)
        records = mirror.by_name(connection, shelf, name)
        ids = [one.id for one in records]
        known = (links.by_a if side == "a" else links.by_b)(connection, bond, ids)
        for record in records:
            link = known.get(record.id)
            if link is not None:
                found[(link.a_id, link.b_id)] = None
            elif gone or not record.deleted:
                found[(record.id, None) if side == "a" else (None, record.id)] = None
    return [_pair(session, connection, flow, a_id, b_id) for a_id, b_id in found]


def the_one(session: Session, flow: str, name: str, at: Side | None = None, *, gone: bool = False) -> Pair:
    """The one record that `name` means, with its partner. Raises `NotPossible` where there is none, or several."""
    with session.engine.connect() as connection:
        found = find(session, connection, flow, name, at, gone=gone)
    places = (
        f"{session.a.name} nor {session.b.name} has"
        if at is None
        else f"{session.connector(at).name} has not"
    )
    if not found:
        words = f"Neither {places} shown" if at is None else f"{places} shown"
        raise NotPossible(
            f"{words} any record called “{name}”.",
            remedy="Name it by its id, its name or its e-mail address; what is new is known after: stockbridge run",
        )
    if len(found) > 1:
        listed = ", ".join(
            f"{one.words} at {one.system}"
            for pair in found[:5]
            for one in (pair.a or pair.b,)
            if one is not None
        )
        raise NotPossible(
            f"“{name}” is the name of {len(found)} records: {listed}.",
            remedy="Name the one you mean by its id.",
        )
    return found[0]


def link(session: Session, flow: str, a_id: str, b_id: str) -> Settled:
    """These two are the same. What is filled goes into what is blank, as at a first match; where both are filled, the
    mapping decides. Lets both in again where they were left out by hand. Raises `NotPossible`."""
    with session.begin() as connection:
        pair = _pair(session, connection, flow, a_id, b_id)
        freed = _join(session, connection, pair, a_id, b_id)
    if freed is None:
        return Settled(pair=pair, words=f"{pair.words} is linked with that one already.")
    notes = [
        "Values that stand at one side alone go to the other; the mapping decides where both are filled."
    ]
    if freed:
        notes.append("It was left out by hand; it is in step with the others again.")
    partner = pair.b.words if pair.b is not None else ""
    return Settled(
        pair=pair, words=f"{pair.words} at {session.a.name} is {partner} at {session.b.name}.", notes=notes
    )


def _join(session: Session, connection: Connection, pair: Pair, a_id: str, b_id: str) -> int | None:
    """Link these two, and close every question of who they are. How many of them were left out by hand; None where they were
    linked already."""
    flow, bond = pair.flow, session.bonds[pair.flow]
    compiled = flow_of(session, flow)
    for side, id in pair.ids():
        _must_stand(session, connection, compiled, side, id)
    link_a, link_b = (
        links.by_a(connection, bond, [a_id]).get(a_id),
        links.by_b(connection, bond, [b_id]).get(b_id),
    )
    if link_a is not None and link_a.b_id == b_id:
        return None
    old_a, old_b = (let_go(session, connection, compiled, one) for one in (link_a, link_b))
    if link_a is not None and old_a is None:
        _refuse_linked(
            named(session, connection, flow, "a", a_id),
            named(session, connection, flow, "b", link_a.b_id),
        )
    if link_b is not None and old_b is None:
        _refuse_linked(
            named(session, connection, flow, "b", b_id),
            named(session, connection, flow, "a", link_b.a_id),
        )
    _must_be_settled(connection, session, flow, {a_id}, {b_id})
    freed = sum(exclusions.drop(connection, session.sync_id, flow, side, [id]) for side, id in pair.ids())
    links.put(connection, bond, [in_place_of(a_id, b_id, (old_a, old_b))])
    inbox.close_of(connection, session.sync_id, flow, [a_id], [b_id], session.clock())
    waiting.wake(connection, session.sync_id, [f"{flow}:{a_id}", f"{flow}{BACK}:{b_id}"])
    _decide_anew(session, connection, pair, "It was linked by hand.")
    return freed


def unlink(session: Session, flow: str, pair: Pair) -> Settled:
    """These two are not the same. Both stay as they are, and are left out so that they do not find each other again at
    once. Raises `NotPossible` where the record has no partner."""
    a, b = pair.a, pair.b
    if a is None or b is None:
        raise NotPossible(
            f"{pair.words} is linked with nothing.",
            remedy=f"See: stockbridge explain {flow} {pair.ids()[0][1]}",
        )
    with session.begin() as connection:
        _must_be_settled(connection, session, flow, {a.id}, {b.id})
        links.drop(connection, session.bonds[flow], [a.id])
        now = session.clock()
        for side, id, other in (("a", a.id, b), ("b", b.id, a)):
            which: Side = "a" if side == "a" else "b"
            reason = f"{_UNLINKED} from {other.words}"
            exclusions.put(connection, session.sync_id, flow, which, [id], reason, now)
            waiting.clear(connection, session.sync_id, flow, which, [id])
        inbox.close_of(connection, session.sync_id, flow, [a.id], [b.id], now)
    return Settled(
        pair=pair,
        words=f"{a.words} at {a.system} and {b.words} at {b.system} are no pair any more; both stay as they are.",
        notes=[
            "Both are left out from now on, or the same e-mail address would bring them together again.",
            f"To give one of them another partner: stockbridge link {a.id} OTHER",
            f"To let one of them find its partner by itself: stockbridge include {a.id}",
        ],
    )


def exclude(session: Session, flow: str, pair: Pair, why: str) -> Settled:
    """Leave a record alone, and its partner with it: nothing of it is written at either side until it is included."""
    reason = why.strip() or _BY_HAND
    with session.begin() as connection:
        for side, id in pair.ids():
            exclusions.put(connection, session.sync_id, flow, side, [id], reason, session.clock())
            waiting.clear(connection, session.sync_id, flow, side, [id])
        ids_a, ids_b = ([one.id] if one is not None else [] for one in (pair.a, pair.b))
        inbox.close_of(connection, session.sync_id, flow, ids_a, ids_b, session.clock())
    also = ", and its partner with it" if pair.linked else ""
    return Settled(
        pair=pair,
        words=f"{pair.words} is left alone from now on{also}.",
        notes=[f"Let it in again: stockbridge include {pair.ids()[0][1]}"],
    )


def include(session: Session, flow: str, pair: Pair) -> Settled:
    """Let a record in again, and its partner with it. Raises `NotPossible` where it was not left out by hand."""
    with session.begin() as connection:
        freed = sum(exclusions.drop(connection, session.sync_id, flow, side, [id]) for side, id in pair.ids())
        if not freed:
            raise NotPossible(
                f"{pair.words} was not left out by hand.",
                remedy=f"Why it is where it is: stockbridge explain {flow} {pair.ids()[0][1]}",
            )
        needs = [waiting.kept_out_by(flow, side, id) for side, id in pair.ids()]
        waiting.wake(connection, session.sync_id, needs)
        _decide_anew(session, connection, pair, "It was let in again by hand.")
    return Settled(pair=pair, words=f"{pair.words} is in again; the next run decides about it.")


def answer(session: Session, number: int, said: Answer) -> Asked:
    """Answer a question of the inbox; the next run carries it out. That two are the same links them at once, that they are not
    lets both go their own way. Raises `NotPossible`."""
    with session.begin() as connection:
        asked = inbox.one(connection, session.sync_id, number)
        if asked is None:
            raise NotPossible(
                f"There is no question {number}.", remedy="See what is asked: stockbridge inbox"
            )
        if asked.kind == "match":
            return _answer_match(session, connection, asked, said)
        if asked.closed_at is not None:
            raise NotPossible(
                f"Question {number} is settled: it was carried out, or both sides agree by now.",
                remedy="See what is asked: stockbridge inbox",
            )
        inbox.answer(connection, number, said, session.clock())
        pair = _pair(session, connection, asked.flow, asked.a_id, asked.b_id)
        _decide_anew(session, connection, pair, "A question about it was answered.")
        return msgspec.structs.replace(asked, answer=said, answered_at=session.clock())


def _answer_match(session: Session, connection: Connection, asked: Asked, said: Answer) -> Asked:
    """All in the one transaction, so that no answer is half carried out."""
    number, now = asked.id, session.clock()
    if isinstance(said, Typed):
        raise NotPossible(
            f"Question {number} asks whether two records are the same.",
            remedy=f"Answer it with yes or no: stockbridge inbox {number} yes",
        )
    pair = _pair(session, connection, asked.flow, asked.a_id, asked.b_id)
    if asked.closed_at is not None:
        raise NotPossible(
            f"Question {number} is settled: it was answered, or nobody need know it any more.",
            remedy=f"To say that they are the same: stockbridge link {asked.a_id} {asked.b_id}",
        )
    inbox.answer(connection, number, said, now)
    if said == inbox.YES:
        _join(session, connection, pair, asked.a_id, asked.b_id)
    inbox.close_numbers(connection, [number], now)
    if said == inbox.NO:
        for alone in (Pair(flow=asked.flow, a=pair.a), Pair(flow=asked.flow, b=pair.b)):
            _decide_anew(session, connection, alone, "It is not the same as one that it was held against.")
    return msgspec.structs.replace(asked, answer=said, answered_at=now, closed_at=now)


def typed(session: Session, number: int, texts: Sequence[str]) -> Typed:
    """What a person typed as the value of the field that this question is about: one text, or several for a list. Raises
    `NotPossible` where one of the two sides cannot hold it."""
    with session.engine.connect() as connection:
        asked = inbox.one(connection, session.sync_id, number)
    if asked is None:
        raise NotPossible(f"There is no question {number}.", remedy="See what is asked: stockbridge inbox")
    if asked.kind == "match":
        return Typed(list(texts))  # it is told what else answers it
    compiled = flow_of(session, asked.flow)
    pair = next((one for one in compiled.flow.pairs if (one.a or one.b) == asked.field), None)
    fields = (
        [] if pair is None else [compiled.a.stream.field(pair.a or ""), compiled.b.stream.field(pair.b or "")]
    )
    lists = [field for field in fields if field is not None and (field.many or field.kind in _LISTS)]
    value = list(texts) if lists and len(lists) == len(fields) else texts[0]
    for field in fields:
        if field is not None and (why := _unfit(field, value, len(texts))):
            raise NotPossible(
                f"{field.words} cannot be {', '.join(texts)}: {why}.",
                remedy="Or write it at one side, and answer with that side.",
            )
    return Typed(value)


def _unfit(field: Field, value: str | list[str], many: int) -> str:
    """Why this field cannot hold what somebody typed; "" where it can."""
    if isinstance(value, str) and (many > 1 or field.many or field.kind in _LISTS):
        return "one of the two sides holds a single value, the other a list"
    try:
        msgspec.convert({field.name: value}, values_type((field,)), strict=False)
    except msgspec.ValidationError:
        return f"that is no {field.kind}"
    texts = [value] if isinstance(value, str) else value
    if field.max_length is not None and any(len(text) > field.max_length for text in texts):
        return f"it takes {field.max_length} characters"
    if field.choices and not set(texts) <= set(field.choices):
        return f"it is one of {', '.join(field.choices)}"
    return ""


def _pair(session: Session, connection: Connection, flow: str, a_id: str | None, b_id: str | None) -> Pair:
    return Pair(
        flow=flow,
        a=None if a_id is None else named(session, connection, flow, "a", a_id),
        b=None if b_id is None else named(session, connection, flow, "b", b_id),
    )


def _must_stand(session: Session, connection: Connection, compiled: Compiled, side: Side, id: str) -> None:
    stream = (compiled.a if side == "a" else compiled.b).stream
    record = mirror.get(connection, session.at(side, stream.name), [id]).get(id)
    if record is None or record.deleted:
        words = "was deleted there" if record is not None else "was not shown"
        raise NotPossible(
            f"{session.connector(side).name} has no {stream.noun} {id}: it {words}.",
            remedy="What is new is known after: stockbridge run",
        )


def _refuse_linked(one: Named, partner: Named) -> None:
    raise NotPossible(
        f"{one.words} at {one.system} is linked with {partner.words} at {partner.system}.",
        remedy=f"Part those two first: stockbridge unlink {one.id}",
    )


def _must_be_settled(
    connection: Connection, session: Session, flow: str, a_ids: set[str], b_ids: set[str]
) -> None:
    """While the answer of a write is not known, nobody knows what its record is linked with."""
    for one in journal.still_open(connection, session.sync_id):
        if one.flow == flow and (one.a_id in a_ids or one.b_id in b_ids):
            raise NotPossible(
                "The answer of the last write of that record was lost, and nobody has looked since.",
                remedy="Let a run look, then try again: stockbridge run",
            )


def _decide_anew(session: Session, connection: Connection, pair: Pair, reason: str) -> None:
    """The next run looks at these records, and at what stood in their way no more."""
    now = session.clock()
    ids = pair.ids()
    for side, id in ids[1:]:
        waiting.clear(connection, session.sync_id, pair.flow, side, [id])
    side, id = ids[0]
    woken = waiting.Unsettled(flow=pair.flow, side=side, id=id, state="woken", reason=reason, since=now)
    waiting.put(connection, session.sync_id, [woken])
