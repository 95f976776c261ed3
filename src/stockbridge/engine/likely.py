"""Who may be the same though no key says so: unlinked records that are called nearly alike, of which one would be made anew at
the other side. A person is asked, and nothing is made meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import Decision
from stockbridge.core.flow import Likely, Match, Op, Side, several
from stockbridge.core.likeness import THRESHOLD, called, compared, likeness
from stockbridge.core.normal import written
from stockbridge.core.record import Record, Value
from stockbridge.engine.match import Pairs, Refused, match
from stockbridge.engine.session import Session
from stockbridge.store import exclusions, inbox, links, match_keys, mirror
from stockbridge.store.inbox import Asked, Question

Pair: TypeAlias = tuple[str | None, str | None]
Records: TypeAlias = dict[str, Record]

CODE = "likely"
_MOST_ASKED = 3  # of one record at a time, the most alike first
_MOST_CALLED = 50  # a name that more share says nothing about who it is ("Info", "Klant")


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Why a record is not made now, and what is to be asked about it."""

    decision: Decision
    questions: tuple[Question, ...]


def would_make(pair: Pair, decision: Decision) -> bool:
    """Whether this record without a link would be made at the other side."""
    if None not in pair:
        return False
    return decision.kind == "unread" or any(write.op is Op.CREATE for write in decision.writes)


def hold(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    makers: Mapping[Pair, Record],
    touched: Collection[tuple[str, str]] = (),
) -> dict[Pair, Held]:
    """Of records that would be made at the other side, those that may stand there already.

    That is so of two records that are called alike, where no match key of both differs, the other one is free, and nobody said
    that they are two. It is symmetric: where both would be made, both are held.
    """
    likely = compiled.flow.likely
    if likely is None or not makers:
        return {}
    a_records = {a_id: record for (a_id, _), record in makers.items() if a_id is not None}
    b_records = {b_id: record for (_, b_id), record in makers.items() if b_id is not None}
    made = (set(a_records), set(b_records))
    pairs = _called_alike(session, connection, compiled, a_records, b_records)
    if pairs:
        pairs = _free(session, connection, compiled, pairs, made)
    if not pairs:
        return {}
    a_shelf, b_shelf = session.at("a", compiled.flow.a), session.at("b", compiled.flow.b)
    a_records.update(mirror.get(connection, a_shelf, [a for a, _ in pairs if a not in a_records]))
    b_records.update(mirror.get(connection, b_shelf, [b for _, b in pairs if b not in b_records]))
    scores: dict[tuple[str, str], float] = {}
    for a_id, b_id in pairs:
        a, b = a_records.get(a_id), b_records.get(b_id)
        if a is None or b is None or compiled.a.outside(a.values) or compiled.b.outside(b.values):
            continue
        names = compared(likely.names, a.values, b.values)
        if names is None or (score := likeness(*names)) < THRESHOLD:
            continue
        if not _two_by_key(session, compiled, likely, a, b):
            scores[(a_id, b_id)] = score
    settled = _settled_by_key(session, connection, compiled, scores, made, touched)
    out: dict[Pair, Held] = {}
    for pair in makers:
        found = [
            (score, a_id, b_id)
            for (a_id, b_id), score in scores.items()
            if (a_id if pair[1] is None else b_id) in pair
            and ("a", a_id) not in settled
            and ("b", b_id) not in settled
        ]
        if found:
            best = sorted(found, key=_best_first)[:_MOST_ASKED]
            out[pair] = _held(session, likely, pair, best, a_records, b_records)
    return out


def _called_alike(
    session: Session, connection: Connection, compiled: Compiled, a_records: Records, b_records: Records
) -> list[tuple[str, str]]:
    """(a id, b id) of these records and whoever shares a key of their names at the other side."""
    a_shelf, b_shelf = session.at("a", compiled.flow.a), session.at("b", compiled.flow.b)
    keys_a = {id: match_keys.keys_of(a_shelf, one, match_keys.CALLED) for id, one in a_records.items()}
    keys_b = {id: match_keys.keys_of(b_shelf, one, match_keys.CALLED) for id, one in b_records.items()}
    wanted = list(dict.fromkeys(key for some in (*keys_a.values(), *keys_b.values()) for key in some))
    at_a = match_keys.by_keys(connection, a_shelf, match_keys.CALLED, wanted)
    at_b = match_keys.by_keys(connection, b_shelf, match_keys.CALLED, wanted)
    telling = {key for key in wanted if max(len(at_a.get(key, ())), len(at_b.get(key, ()))) <= _MOST_CALLED}
    pairs: dict[tuple[str, str], None] = {}
    for id, some in keys_a.items():
        pairs.update({(id, other): None for key in some if key in telling for other in at_b.get(key, ())})
    for id, some in keys_b.items():
        pairs.update({(other, id): None for key in some if key in telling for other in at_a.get(key, ())})
    return list(pairs)


def _free(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    pairs: list[tuple[str, str]],
    made: tuple[set[str], set[str]],
) -> list[tuple[str, str]]:
    """Those of these pairs of which both have no partner, nobody took one out, and nobody said that they are two."""
    name, bond = compiled.flow.name, session.bonds[compiled.flow.name]
    others_a = {a for a, _ in pairs if a not in made[0]}
    others_b = {b for _, b in pairs if b not in made[1]}
    taken_a, taken_b = (
        set(links.by_a(connection, bond, others_a)),
        set(links.by_b(connection, bond, others_b)),
    )
    if exclusions.count(connection, session.sync_id, name):
        taken_a |= exclusions.of(connection, session.sync_id, name, "a", others_a).keys()
        taken_b |= exclusions.of(connection, session.sync_id, name, "b", others_b).keys()
    pairs = [(a, b) for a, b in pairs if a not in taken_a and b not in taken_b]
    apart = inbox.told_apart(connection, session.sync_id, name, {a for a, _ in pairs})
    return [pair for pair in pairs if pair not in apart]


def _two_by_key(session: Session, compiled: Compiled, likely: Likely, a: Record, b: Record) -> bool:
    """Whether a key that both have says that they are two. What they are called is no such key."""
    a_shelf, b_shelf = session.at("a", compiled.flow.a), session.at("b", compiled.flow.b)
    named_a = {name for one in likely.names for name in several(one.a)}
    named_b = {name for one in likely.names for name in several(one.b)}

    def keys(one: Match) -> tuple[set[str], set[str]]:
        return (
            set(match_keys.keys_of(a_shelf, a, match_keys.key_name(one.a))),
            set(match_keys.keys_of(b_shelf, b, match_keys.key_name(one.b))),
        )

    by_kind: dict[str, tuple[set[str], set[str]]] = {}  # a number may be a phone or a mobile one
    for one in compiled.flow.match:
        if named_a.isdisjoint(several(one.a)) and named_b.isdisjoint(several(one.b)):
            kind = by_kind.setdefault(match_keys.key_name(one.b), (set(), set()))
            for gathered, some in zip(kind, keys(one), strict=True):
                gathered |= some
    if not any(ours and theirs and ours.isdisjoint(theirs) for ours, theirs in by_kind.values()):
        return False
    return all(ours.isdisjoint(theirs) for ours, theirs in map(keys, likely.though))


def _settled_by_key(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    scores: Collection[tuple[str, str]],
    made: tuple[set[str], set[str]],
    touched: Collection[tuple[str, str]],
) -> set[tuple[Side, str]]:
    """The (side, id) of these pairs, but for the records that would be made, that have a partner by their keys, or one that is
    kept out."""
    others_a = list({a: None for a, _ in scores if a not in made[0]})
    others_b = list({b: None for _, b in scores if b not in made[1]})
    if not others_a and not others_b:
        return set()
    a_shelf, b_shelf = session.at("a", compiled.flow.a), session.at("b", compiled.flow.b)
    found: Pairs = {}
    doubts: Refused = {}
    match(
        session,
        connection,
        compiled,
        others_a,
        others_b,
        mirror.get(connection, a_shelf, others_a),
        mirror.get(connection, b_shelf, others_b),
        found,
        doubts,
        touched,
    )
    out: set[tuple[Side, str]] = set()
    for a_id, b_id in found:
        doubt = doubts.get((a_id, b_id))
        if (a_id is not None and b_id is not None) or (doubt is not None and doubt.kind == "left out"):
            out |= {("a", a_id)} if a_id is not None else set()
            out |= {("b", b_id)} if b_id is not None else set()
    return out


def _best_first(found: tuple[float, str, str]) -> tuple[Any, ...]:
    """The most alike first, then the oldest: ids count up in both systems."""
    score, a_id, b_id = found
    return -score, len(a_id), a_id, len(b_id), b_id


def _held(
    session: Session,
    likely: Likely,
    pair: Pair,
    best: list[tuple[float, str, str]],
    a_records: Records,
    b_records: Records,
) -> Held:
    questions = tuple(
        Question(
            a_id=a_id,
            b_id=b_id,
            kind="match",
            a_value=told(likely, "a", a_records[a_id]),
            b_value=told(likely, "b", b_records[b_id]),
        )
        for _, a_id, b_id in best
    )
    at_b = pair[1] is None  # where the others stand
    others = [(one.b_id, one.b_value) if at_b else (one.a_id, one.a_value) for one in questions]
    decision = Decision(
        kind="wait",
        code=CODE,
        reason=same_as(others, (session.b if at_b else session.a).name),
        remedy="Say whether it is: stockbridge inbox",
    )
    return Held(decision=decision, questions=questions)


def same_as(others: Sequence[tuple[str, Mapping[str, Value]]], system: str) -> str:
    """In words, what a record may be the same as: the ids of others at that system, and what was told of them."""
    listed = [f"“{told['name']}” ({id})" for id, told in others]
    return f"It may be the same as {' or '.join(listed)} at {system}."


def may_be(session: Session, side: Side, questions: Sequence[Asked]) -> str:
    """What is asked about a record of that side, in words."""
    others = [(one.b_id, one.b_value) if side == "a" else (one.a_id, one.a_value) for one in questions]
    return same_as(others, session.connector("b" if side == "a" else "a").name)


def yes_or_no(question: Asked) -> str:
    """How a question of who is who is answered."""
    return f"Say whether it is: stockbridge inbox {question.id} yes, or no"


def told(likely: Likely, side: Side, record: Record) -> dict[str, Value]:
    """What a question tells of a record, by word: what it is called, and what else may help to know it."""
    out: dict[str, Value] = {"name": next(iter(called(likely.names, side, record.values)), record.id)}
    for word, one in likely.shows.items():
        values = (record.values.get(name) for name in several(one.a if side == "a" else one.b))
        out[word] = ", ".join(dict.fromkeys(text for value in values if (text := written(value)))) or None
    return out
