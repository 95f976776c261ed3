"""Which unlinked record at one side is which at the other: exactly and only when unique, else nobody guesses."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from sqlalchemy import Connection

from stockbridge.core.casts import Unfit
from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import Decision
from stockbridge.core.flow import LinkView, Match
from stockbridge.core.mapping import LEAVE, LeftOut, Missing
from stockbridge.core.record import Record
from stockbridge.engine.session import Session
from stockbridge.store import links, mirror

Pairs: TypeAlias = dict[tuple[str | None, str | None], LinkView | None]
Refused: TypeAlias = dict[tuple[str | None, str | None], Decision]


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
    """Add the unlinked records to `pairs`, with their partner or alone; those in doubt also to `refused`."""
    flow = compiled.flow
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    partner_of_a: dict[str, str] = {}
    partner_of_b: dict[str, str] = {}
    for one in flow.match:
        open_a = [a_records[id] for id in free_a if id in a_records and id not in partner_of_a]
        open_b = [b_records[id] for id in free_b if id in b_records and id not in partner_of_b]
        keys = _keys(session, connection, compiled, one, [record for record in open_a if not record.deleted])
        keys_b: dict[str, str] = {}
        if isinstance(one.b, str):
            found = ((record.id, mirror.key_of(record, one.b)) for record in open_b if not record.deleted)
            keys_b = {id: key for id, key in found if key is not None}
        wanted = {*keys.values(), *keys_b.values()}
        if not wanted:
            continue
        at_b = mirror.by_keys(connection, b_shelf, mirror.key_name(one.b), wanted)
        if not at_b:
            continue
        at_a: dict[str, list[str]] = {}
        if one.a == "id":
            at_a = {id: [id] for id in mirror.known(connection, a_shelf, list(at_b))}
        elif isinstance(one.a, str):
            at_a = mirror.by_keys(connection, a_shelf, one.a, list(at_b))
        else:  # several fields lead from a to b only
            for id, key in keys.items():
                at_a.setdefault(key, []).append(id)
        bond = session.bonds[flow.name]
        taken_b = links.by_b(connection, bond, [id for ids in at_b.values() for id in ids])
        taken_a = links.by_a(connection, bond, [id for ids in at_a.values() for id in ids])
        for key in dict.fromkeys((*keys.values(), *keys_b.values())):
            ones = [id for id in at_a.get(key, ()) if id not in taken_a and ("a", id) not in touched]
            others = [id for id in at_b.get(key, ()) if id not in taken_b and ("b", id) not in touched]
            ones = [id for id in ones if id not in partner_of_a]
            others = [id for id in others if id not in partner_of_b]
            if one.alike or (len(ones) == 1 and len(others) == 1):
                mine_by_age, theirs_by_age = sorted(ones, key=_by_age), sorted(others, key=_by_age)
                if len(ones) > 1 or len(others) > 1:
                    held_a = mirror.get(connection, a_shelf, ones)
                    held_b = mirror.get(connection, b_shelf, others)
                    _same_first(compiled, mine_by_age, theirs_by_age, held_a, held_b)
                for mine, other in zip(mine_by_age, theirs_by_age, strict=False):
                    partner_of_a[mine] = other
                    partner_of_b[other] = mine
            elif ones and others:
                doubt = _doubt(session, compiled, one, key, ones, others)
                refused.update({(id, None): doubt for id in ones if id in keys})
                refused.update({(None, id): doubt for id in others if id in keys_b})
    missing = [id for id in partner_of_a.values() if id not in b_records]
    b_records.update(mirror.get(connection, b_shelf, missing))
    a_records.update(
        mirror.get(connection, a_shelf, [id for id in partner_of_b.values() if id not in a_records])
    )
    for id in free_a:
        partner = partner_of_a.get(id)
        pairs[(id, partner)] = None
    for id in free_b:
        partner = partner_of_b.get(id)
        if partner is None or (partner, id) not in pairs:
            pairs[(partner, id)] = None


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


def _keys(
    session: Session, connection: Connection, compiled: Compiled, match: Match, records: list[Record]
) -> dict[str, str]:
    """The match key of each of these records of side a, as side b's records carry it."""
    if isinstance(match.a, str):
        keys = ((one.id, mirror.key_of(one, match.a)) for one in records)
        return {id: key for id, key in keys if key is not None}
    moves = {move.target: move for move in compiled.a.moves}
    other: dict[tuple[str, str], str] = {}
    for flow, source in (one for name in match.b if name in moves for one in moves[name].references):
        ids = {id for one in records if (id := one.values.get(source))}
        found = links.other_ids(connection, session.sync_id, flow, ids, back=False)
        other.update({(flow, id): b_id for id, b_id in found.items()})

    def resolve(flow: str, id: str) -> str | None:
        return other.get((flow, id))

    out: dict[str, str] = {}
    for one in records:
        try:  # the values as side b would hold them
            values = {
                b_name: moves[b_name].to(one, resolve) if b_name in moves else one.values.get(a_name)
                for a_name, b_name in zip(match.a, match.b, strict=True)
            }
        except (Unfit, Missing, LeftOut):
            continue  # it cannot be there
        key = "|".join(str(value).strip().casefold() for value in values.values())
        if all(value not in (None, "", LEAVE) for value in values.values()):
            out[one.id] = key
    return out


def _doubt(
    session: Session, compiled: Compiled, match: Match, key: str, ones: list[str], others: list[str]
) -> Decision:
    a_name, b_name = session.a.name, session.b.name
    field = mirror.key_name(match.b)
    return Decision(
        kind="refuse",
        field=field,
        reason=f"{field} “{key}” is carried by {len(ones)} record(s) at {a_name} ({', '.join(ones[:3])}) and by "
        f"{len(others)} at {b_name} ({', '.join(others[:3])}), so it is not clear which belongs to which.",
        remedy=f"Leave the {field} on one record at each side, or delete the doubles; then: stockbridge retry "
        f"{compiled.flow.name}",
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
