"""Which unlinked record at one side is which at the other: exactly and only when unique, else nobody guesses."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from sqlalchemy import Connection

from stockbridge.core.casts import Unfit
from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import Decision
from stockbridge.core.flow import LinkView, Match, Side
from stockbridge.core.mapping import LEAVE, LeftOut, Missing
from stockbridge.core.normal import is_shared_mailbox, text_key
from stockbridge.core.record import Record
from stockbridge.engine.session import Session
from stockbridge.store import exclusions, inbox, links, match_keys, mirror, waiting

Pairs: TypeAlias = dict[tuple[str | None, str | None], LinkView | None]
Refused: TypeAlias = dict[tuple[str | None, str | None], Decision]
KeptOut: TypeAlias = tuple[dict[str, list[str]], dict[str, list[str]]]
"""Of side a and side b: the records with a key that a setting or a person keeps out."""


def match(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    free_a: list[str],
    free_b: list[str],
    a_records: dict[str, Record],
    b_records: dict[str, Record],
    pairs: Pairs,
    refused: Refused,
    touched: Collection[tuple[str, str]],
) -> None:
    """Add the unlinked records to `pairs`, with their partner or alone; those in doubt also to `refused`.

    The keys of the flow are tried in their order; of a record with several values the first comes first. Records that are
    known to differ in an earlier key are not the same, whatever they share. Where the flow avoids duplicates, a record
    without a partner is in doubt when another one at its side has its first key, or a linked one at the other side.
    """
    flow = compiled.flow
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    found: dict[str, str] = {}  # a id -> b id
    back: dict[str, str] = {}
    keys_of: list[tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]] = []
    for one in flow.match:
        open_a = [a_records[id] for id in free_a if id in a_records and id not in found]
        open_b = [b_records[id] for id in free_b if id in b_records and id not in back]
        own = compiled.has_own_key(one)
        name_b = match_keys.key_name(one.b)
        standing_a = [
            record for record in open_a if not record.deleted and not compiled.a.outside(record.values)
        ]
        if own:
            name_a = match_keys.key_name(one.a)
            keys_a = {record.id: match_keys.keys_of(a_shelf, record, name_a) for record in standing_a}
        else:
            keys_a = _keys_at_b(session, connection, compiled, one, standing_a)
        keys_b: dict[str, tuple[str, ...]] = {}
        if own:
            keys_b = {
                record.id: match_keys.keys_of(b_shelf, record, name_b)
                for record in open_b
                if not record.deleted and not compiled.b.outside(record.values)
            }
        keys_of.append((keys_a, keys_b))
        some = (*keys_a.values(), *keys_b.values())
        wanted = in_order(some)
        if not wanted:
            continue
        at_b = match_keys.by_keys(connection, b_shelf, name_b, wanted)
        at_a: dict[str, list[str]] = {}
        if one.a == "id":
            at_a = {id: [id] for id in mirror.known(connection, a_shelf, list(at_b))}
        elif own:
            at_a = match_keys.by_keys(connection, a_shelf, name_a, wanted if flow.keyed else list(at_b))
        else:  # leads from a to b only
            for id, some_keys in keys_a.items():
                for key in some_keys:
                    at_a.setdefault(key, []).append(id)
        bond = session.bonds[flow.name]
        taken_b = links.by_b(connection, bond, [id for ids in at_b.values() for id in ids])
        taken_a = links.by_a(connection, bond, [id for ids in at_a.values() for id in ids])
        kept_out: KeptOut = ({}, {})
        apart: set[tuple[str, str]] = set()
        if flow.likely is not None:
            holders = {id for ids in at_a.values() for id in ids}
            apart = inbox.told_apart(connection, session.sync_id, flow.name, holders)
        if compiled.shared:
            kept_out = leave_out(session, connection, compiled, at_a, at_b, a_records, b_records)
        for key in wanted:
            ones = [id for id in at_a.get(key, ()) if id not in taken_a and ("a", id) not in touched]
            others = [id for id in at_b.get(key, ()) if id not in taken_b and ("b", id) not in touched]
            ones = [id for id in ones if id not in found]
            others = [id for id in others if id not in back]
            if one.alike or (len(ones) == 1 and len(others) == 1):
                mine_by_age, theirs_by_age = sorted(ones, key=_by_age), sorted(others, key=_by_age)
                if len(ones) > 1 or len(others) > 1:
                    held_a = mirror.get(connection, a_shelf, ones)
                    held_b = mirror.get(connection, b_shelf, others)
                    _same_first(compiled, mine_by_age, theirs_by_age, held_a, held_b)
                for mine, other in zip(mine_by_age, theirs_by_age, strict=False):
                    if (mine, other) in apart:
                        two = _told_apart(key)
                        refused.update({(mine, None): two, (None, other): two})
                        continue
                    if compiled.shared and (
                        why := differ(session, compiled, one, key, mine, other, a_records, b_records)
                    ):
                        refused.update(why)
                        refused.pop((None, None), None)
                        continue
                    found[mine] = other
                    back[other] = mine
            elif ones and others:
                doubt = _doubt(session, compiled, one, key, ones, others)
                refused.update({(id, None): doubt for id in ones if id in keys_a})
                refused.update({(None, id): doubt for id in others if id in keys_b})
        if compiled.shared:
            earlier = keys_of[:-1]
            _refuse_doubles(
                session,
                compiled,
                one,
                (keys_a, keys_b),
                (at_a, at_b),
                kept_out,
                (found, back),
                earlier,
                refused,
            )
    missing = [id for id in found.values() if id not in b_records]
    b_records.update(mirror.get(connection, b_shelf, missing))
    a_records.update(mirror.get(connection, a_shelf, [id for id in back.values() if id not in a_records]))
    for id in free_a:
        partner = found.get(id)
        pairs[(id, partner)] = None
    for id in free_b:
        partner = back.get(id)
        if partner is None or (partner, id) not in pairs:
            pairs[(partner, id)] = None


def in_order(some: Collection[tuple[str, ...]]) -> list[str]:
    """All keys once: first the first ones of all records, then the second ones."""
    most = max((len(keys) for keys in some), default=0)
    return list(dict.fromkeys(keys[at] for at in range(most) for keys in some if len(keys) > at))


def leave_out(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    at_a: dict[str, list[str]],
    at_b: dict[str, list[str]],
    a_records: dict[str, Record],
    b_records: dict[str, Record],
) -> KeptOut:
    """Take the records out of the candidates that a person or a setting keeps out, and read those that are left. Returns
    what was taken out, by key."""
    flow = compiled.flow
    kept_out: KeptOut = ({}, {})
    for at, candidates, records, side, stream in (
        ("a", at_a, a_records, compiled.a, flow.a),
        ("b", at_b, b_records, compiled.b, flow.b),
    ):
        which: Side = "a" if at == "a" else "b"
        ids = {id for some in candidates.values() for id in some}
        records.update(
            mirror.get(connection, session.at(which, stream), [id for id in ids if id not in records])
        )
        out = set(exclusions.of(connection, session.sync_id, flow.name, which, ids))
        out |= {id for id in ids if id in records and side.outside(records[id].values)}
        for key, some in candidates.items():
            candidates[key] = [id for id in some if id not in out]
            if len(candidates[key]) < len(some):
                kept_out[at == "b"][key] = [id for id in some if id in out]
    return kept_out


def differ(
    session: Session,
    compiled: Compiled,
    match: Match,
    key: str,
    a_id: str,
    b_id: str,
    a_records: dict[str, Record],
    b_records: dict[str, Record],
) -> Refused:
    """Why two records that share a key are not taken for the same: an earlier key that both have differs (then they are
    two), or the key may belong to several people and the second one does not agree (then a person is asked)."""
    a, b = a_records[a_id], b_records[b_id]
    a_shelf, b_shelf = session.at("a", compiled.flow.a), session.at("b", compiled.flow.b)

    def keys(one: Match) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (
            match_keys.keys_of(a_shelf, a, match_keys.key_name(one.a)),
            match_keys.keys_of(b_shelf, b, match_keys.key_name(one.b)),
        )

    matches = compiled.flow.match
    for earlier in matches[: matches.index(match)]:
        ours, theirs = keys(earlier)
        if ours and theirs and not set(ours) & set(theirs) and earlier.a != match.a and earlier.b != match.b:
            return {(None, None): NOBODY}
    if match.shared is not None and is_shared_mailbox(key):
        ours, theirs = keys(match.shared)
        if not set(ours) & set(theirs):
            doubt = Decision(
                kind="refuse",
                code="duplicate",
                field=match_keys.key_name(match.b),
                reason=f"“{key}” may belong to several people, and the names at the two sides differ.",
                remedy="Say that they are the same: stockbridge link; or give one of them its own address.",
            )
            return {(a_id, None): doubt, (None, b_id): doubt}
    return {}


NOBODY = Decision(kind="same")


def _refuse_doubles(
    session: Session,
    compiled: Compiled,
    match: Match,
    keys: tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]],
    holders: tuple[dict[str, list[str]], dict[str, list[str]]],
    kept_out: KeptOut,
    found: tuple[dict[str, str], dict[str, str]],
    earlier: list[tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]],
    refused: Refused,
) -> None:
    """A record that would be made at the other side, though a record like it is there or at its own side, is in doubt, where
    the flow avoids duplicates; where the one that is there is kept out, so is its partner. Only its strongest key tells:
    people share phone numbers."""
    names = (session.a.name, session.b.name)
    for at, other_side in ((0, "b"), (1, "a")):
        for id, some in keys[at].items():
            if id in found[at] or not some or any(before[at].get(id) for before in earlier):
                continue
            for key in some:
                mine = [one for one in holders[at].get(key, ()) if one != id and compiled.flow.keyed]
                theirs = holders[1 - at].get(key, ()) if compiled.flow.keyed else ()
                others_out = kept_out[1 - at].get(key, [])
                if not mine and not theirs and not others_out:
                    continue
                pair = (id, None) if at == 0 else (None, id)
                if pair in refused:
                    break
                if not mine and not theirs:
                    refused[pair] = Decision(
                        kind="left out",
                        reason=f"its partner at {names[1 - at]} is left out",
                        needs=waiting.kept_out_by(compiled.flow.name, other_side, others_out[0]),
                    )
                    break
                others = [f"{', '.join(mine[:3])} at {names[at]}"] if mine else []
                others += [f"{', '.join(theirs[:3])} at {names[1 - at]}"] if theirs else []
                field = match_keys.key_name(match.a if at == 0 else match.b)
                refused[pair] = Decision(
                    kind="refuse",
                    code="duplicate",
                    field=field,
                    reason=f"“{key}” is also carried by {' and by '.join(others)}.",
                    remedy="Leave it on one record, or take the double out: stockbridge exclude; or say which belong "
                    "together: stockbridge link.",
                )
                break


def _by_age(id: str) -> tuple[int, str]:
    """Ids count up in both systems."""
    return len(id), id


def _same_first(
    compiled: Compiled,
    ones: list[str],
    others: list[str],
    a_records: dict[str, Record],
    b_records: dict[str, Record],
) -> None:
    """Put the ids of records that hold the same at both sides first, in the same order. Else two lines of an order would
    change places, and what hangs on them would be made anew."""
    moves = [move for move in compiled.a.moves if not move.references and not move.line_references]

    def same(mine: str, other: str) -> bool:
        a, b = a_records[mine], b_records[other]
        for move in moves:
            if move.pair.a == "id" or move.target not in b.values:
                continue  # the mark
            try:
                value = move.to(a, lambda flow, id: None)
            except Unfit:
                return False
            if value is not LEAVE and value != b.values[move.target]:
                return False
        return True

    twins: list[tuple[str, str]] = []
    for mine in ones:
        taken = {other for _, other in twins}
        twin = next((other for other in others if other not in taken and same(mine, other)), None)
        if twin is not None:
            twins.append((mine, twin))
    for at, (mine, other) in enumerate(twins):
        ones.remove(mine)
        others.remove(other)
        ones.insert(at, mine)
        others.insert(at, other)


def _keys_at_b(
    session: Session, connection: Connection, compiled: Compiled, match: Match, records: list[Record]
) -> dict[str, tuple[str, ...]]:
    """The match key of each of these records of side a, as side b's records carry it."""
    moves = {move.target: move for move in compiled.a.moves}
    other: dict[tuple[str, str], str] = {}
    for flow, source in (one for name in match.b if name in moves for one in moves[name].references):
        ids = {id for one in records if (id := one.values.get(source))}
        found = links.other_ids(connection, session.sync_id, flow, ids, back=False)
        other.update({(flow, id): b_id for id, b_id in found.items()})

    def resolve(flow: str, id: str) -> str | None:
        return other.get((flow, id))

    out: dict[str, tuple[str, ...]] = {}
    for one in records:
        try:  # the values as side b would hold them
            values = {
                b_name: moves[b_name].to(one, resolve) if b_name in moves else one.values.get(a_name)
                for a_name, b_name in zip(match.a, match.b, strict=True)
            }
        except (Unfit, Missing, LeftOut):
            continue  # it cannot be there
        key = "|".join(text_key(str(value)) for value in values.values())
        if all(value not in (None, "", LEAVE) for value in values.values()):
            out[one.id] = (key,)
    return out


def _doubt(
    session: Session, compiled: Compiled, match: Match, key: str, ones: list[str], others: list[str]
) -> Decision:
    a_name, b_name = session.a.name, session.b.name
    field = match_keys.key_name(match.b)
    return Decision(
        kind="refuse",
        code="duplicate",
        field=field,
        reason=f"{field} “{key}” is carried by {len(ones)} record(s) at {a_name} ({', '.join(ones[:3])}) and by "
        f"{len(others)} at {b_name} ({', '.join(others[:3])}), so it is not clear which belongs to which.",
        remedy=f"Leave the {field} on one record at each side, or delete the doubles; then: stockbridge retry "
        f"{compiled.flow.name}",
    )


def _told_apart(key: str) -> Decision:
    return Decision(
        kind="refuse",
        code="duplicate",
        reason=f"“{key}” stands at both sides, and somebody said that the two are not the same.",
        remedy="Give one of them its own; or say that they are the same after all: stockbridge link",
    )


def linked_along(
    session: Session,
    connection: Connection,
    flow: str,
    a_ids: Collection[str],
    link_a: dict[str, LinkView],
    link_b: dict[str, LinkView],
) -> dict[str, str]:
    """a id -> b id of the records that are not linked here, as the links of that other flow say. A link of ours that
    says otherwise is taken out of `link_a` and `link_b`: its partner was made anew."""
    ours = {**{one.a_id: one for one in link_b.values()}, **link_a}
    partners = links.other_ids(connection, session.sync_id, flow, {*a_ids, *ours}, back=False)
    for a_id, one in ours.items():
        if partners.get(a_id, one.b_id) != one.b_id:
            link_a.pop(a_id, None)
            link_b.pop(one.b_id, None)
        else:
            partners.pop(a_id, None)
    return partners
