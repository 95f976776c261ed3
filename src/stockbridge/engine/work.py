"""From changed records to decisions, a chunk at a time: links, matches and references are looked up in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import Decision, decide, wants_detail
from stockbridge.core.flow import LinkView, Match, Op
from stockbridge.core.mapping import BACK, OUT, Move
from stockbridge.core.record import Record
from stockbridge.engine.session import Session
from stockbridge.store import links, mirror

PLANNED = "(to be made)"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of records with its decision."""

    a_id: str | None
    b_id: str | None
    link: LinkView | None
    a: Record | None
    b: Record | None
    decision: Decision


def decide_chunk(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    a_ids: Collection[str],
    b_ids: Collection[str],
    *,
    recheck: bool = False,
    touched: Collection[tuple[str, str]] = (),
    planning: bool = False,
    read_a: Iterable[Record] = (),
) -> list[Item]:
    """Decide these records. `touched` are (side, id) that this run wrote or unlinked: they are not free for matching.

    With `planning`, a reference to a record that this run would make counts as resolved. `read_a` are records of side a
    as the store holds them at this moment; what is among them is not read again.
    """
    flow = compiled.flow
    bond = session.bonds[flow.name]
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    link_a, link_b = links.by_a(connection, bond, a_ids), links.by_b(connection, bond, b_ids)
    pairs: dict[tuple[str | None, str | None], LinkView | None] = {}
    for one in (*link_a.values(), *link_b.values()):
        pairs[(one.a_id, one.b_id)] = one
    free_a = [id for id in a_ids if id not in link_a]
    free_b = [id for id in b_ids if id not in link_b] if flow.takes_from_b else []
    at_hand = {record.id: record for record in read_a}
    a_records = {id: at_hand[id] for id in a_ids if id in at_hand}
    wanted = [*free_a, *(a for a, _ in pairs if a is not None)]
    a_records.update(mirror.get(connection, a_shelf, [id for id in wanted if id not in a_records]))
    b_records = mirror.get(connection, b_shelf, [*free_b, *(b for _, b in pairs if b is not None)])
    refused: dict[tuple[str | None, str | None], Decision] = {}
    _match(session, connection, compiled, free_a, free_b, a_records, b_records, pairs, refused, touched)
    known = _references(session, connection, compiled, a_records.values(), b_records.values(), planning)

    def resolve(name: str, id: str) -> str | None:
        return known.get((name, id))

    items = []
    for (a_id, b_id), link in pairs.items():
        a = a_records.get(a_id) if a_id is not None else None
        b = b_records.get(b_id) if b_id is not None else None
        decision = refused.get((a_id, b_id)) or decide(compiled, link, a, b, resolve, recheck=recheck)
        items.append(Item(a_id=a_id, b_id=b_id, link=link, a=a, b=b, decision=decision))
    return items


def _match(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    free_a: list[str],
    free_b: list[str],
    a_records: dict[str, Record],
    b_records: dict[str, Record],
    pairs: dict[tuple[str | None, str | None], LinkView | None],
    refused: dict[tuple[str | None, str | None], Decision],
    touched: Collection[tuple[str, str]],
) -> None:
    """Find the partner of every unlinked record, exactly and only when unique on both sides; else it stands alone."""
    flow = compiled.flow
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    partner_of_a: dict[str, str] = {}
    partner_of_b: dict[str, str] = {}
    for match in flow.match:
        keys = {
            id: key
            for id in free_a
            if id not in partner_of_a and id in a_records and not a_records[id].deleted
            if (key := _key(match, a_records[id])) is not None
        }
        keys_b = {
            id: key
            for id in free_b
            if id not in partner_of_b and id in b_records and not b_records[id].deleted
            if (key := mirror.key_of(b_records[id].values, match.b)) is not None
        }
        wanted = {*keys.values(), *keys_b.values()}
        if not wanted:
            continue
        at_b = mirror.by_keys(connection, b_shelf, match.b, wanted)
        if not at_b:
            continue
        if match.a == "id":
            at_a = {id: [id] for id in mirror.known(connection, a_shelf, list(at_b))}
        else:
            at_a = mirror.by_keys(connection, a_shelf, match.a, list(at_b))
        taken_b = links.by_b(
            connection, session.bonds[flow.name], [id for ids in at_b.values() for id in ids]
        )
        taken_a = links.by_a(
            connection, session.bonds[flow.name], [id for ids in at_a.values() for id in ids]
        )
        for key in dict.fromkeys((*keys.values(), *keys_b.values())):
            ones = [id for id in at_a.get(key, ()) if id not in taken_a and ("a", id) not in touched]
            others = [id for id in at_b.get(key, ()) if id not in taken_b and ("b", id) not in touched]
            ones = [id for id in ones if id not in partner_of_a]
            others = [id for id in others if id not in partner_of_b]
            if len(ones) == 1 and len(others) == 1:
                partner_of_a[ones[0]] = others[0]
                partner_of_b[others[0]] = ones[0]
            elif ones and others:
                doubt = _doubt(session, compiled, match, key, ones, others)
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


def _key(match: Match, record: Record) -> str | None:
    return record.id.casefold() if match.a == "id" else mirror.key_of(record.values, match.a)


def _doubt(
    session: Session, compiled: Compiled, match: Match, key: str, ones: list[str], others: list[str]
) -> Decision:
    a_name, b_name = session.a.name, session.b.name
    return Decision(
        kind="refuse",
        field=match.b,
        reason=f"{match.b} “{key}” is carried by {len(ones)} record(s) at {a_name} ({', '.join(ones[:3])}) and by "
        f"{len(others)} at {b_name} ({', '.join(others[:3])}), so it is not clear which belongs to which.",
        remedy=f"Leave the {match.b} on one record at each side, or delete the doubles; then: stockbridge retry "
        f"{compiled.flow.name}",
    )


def _references(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    a_records: Iterable[Record],
    b_records: Iterable[Record],
    planning: bool,
) -> dict[tuple[str, str], str]:
    """Every reference of these records that is linked: (flow, id) -> id at the other side."""
    wanted: dict[str, set[str]] = {}
    for moves, records in ((compiled.a.moves, a_records), (compiled.b.moves, b_records)):
        referring = [move for move in moves if move.references or move.line_references]
        if referring:
            for record in records:
                _collect(referring, record, wanted)
    out: dict[tuple[str, str], str] = {}
    for name, ids in wanted.items():
        flow, back = (name.removesuffix(BACK), True) if name.endswith(BACK) else (name, False)
        found = links.other_ids(connection, session.sync_id, flow, ids, back=back)
        if not back and (missing := ids - found.keys()):
            found = {**_unlinked(session, connection, flow, missing, planning), **found}
        out.update({(name, id): other for id, other in found.items()})
    return out


def _collect(moves: Iterable[Move], record: Record, wanted: dict[str, set[str]]) -> None:
    for move in moves:
        for flow, source in move.references:
            id = record.id if source == "id" else record.values.get(source)
            if id:
                wanted.setdefault(flow, set()).add(id)
        for flow, lines, source in move.line_references:
            for line in record.values.get(lines) or ():
                if id := line.get(source):
                    wanted.setdefault(flow, set()).add(id)


def _unlinked(
    session: Session, connection: Connection, flow: str, ids: Collection[str], planning: bool
) -> dict[str, str]:
    """Of records that have no link: those that a rule keeps out, and (with `planning`) those that a run would recognise or
    make before the records that refer to them. The others are waited for."""
    compiled = next((one for one in session.flows if one.flow.name == flow), None)
    if compiled is None:
        return {}
    there = _marked(session, connection, compiled, ids) if planning else {}
    out: dict[str, str] = {}
    for id, record in mirror.get(connection, session.at("a", compiled.flow.a), ids).items():
        if record.deleted:
            continue
        if not compiled.a.admit(record.values).in_scope:
            out[id] = OUT
        elif id in there:
            out[id] = there[id]
        elif Op.CREATE not in compiled.b.writes:
            out[id] = OUT  # only recognised, never made: nobody can wait for it
        elif planning:
            out[id] = PLANNED
    return out


def _marked(
    session: Session, connection: Connection, compiled: Compiled, ids: Collection[str]
) -> dict[str, str]:
    """The one record at side b that carries each of these ids as its key, where there is just one."""
    shelf = session.at("b", compiled.flow.b)
    out: dict[str, str] = {}
    for match in compiled.flow.match:
        if match.a == "id":
            found = mirror.by_keys(connection, shelf, match.b, {id.casefold() for id in ids})
            ones = {key: others[0] for key, others in found.items() if len(others) == 1}
            out.update({id: ones[id.casefold()] for id in ids if id.casefold() in ones})
    return out


def lacking_detail(
    session: Session, connection: Connection, compiled: Compiled, records: list[Record]
) -> list[Record]:
    """Those of these list rows whose full record must be fetched before they can be decided."""
    thin = [record for record in records if not record.full and not record.deleted]
    if not thin:
        return []
    known = links.by_a(connection, session.bonds[compiled.flow.name], [record.id for record in thin])
    wanted = [record for record in thin if wants_detail(compiled, known.get(record.id), record)]
    edits = Op.UPDATE in compiled.b.writes or compiled.flow.replace
    if edits or not wanted or not any(match.a == "id" for match in compiled.flow.match):
        return wanted
    # A record that is going to be adopted, and whose edits are not sent, needs no details.
    shelf = session.at("b", compiled.flow.b)
    for match in compiled.flow.match:
        if match.a == "id":
            there = mirror.by_keys(connection, shelf, match.b, [record.id for record in wanted])
            wanted = [record for record in wanted if record.id not in there]
    return wanted
