"""From changed records to decisions, a chunk at a time: links, matches and references are looked up in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import Connection

from stockbridge.core.circles import circle_through, graph_of
from stockbridge.core.compiled import Compiled
from stockbridge.core.decide import NO_ANSWERS, Decision, decide, wants_detail
from stockbridge.core.flow import LinkView, Op, Side
from stockbridge.core.mapping import BACK, OUT, Move
from stockbridge.core.merge import Answer
from stockbridge.core.record import Record, Stream
from stockbridge.engine.likely import Held, hold, would_make
from stockbridge.engine.made_anew import rejoin
from stockbridge.engine.match import Pairs, Refused, linked_along, match
from stockbridge.engine.session import Session
from stockbridge.store import exclusions, inbox, links, match_keys, mirror, waiting

PLANNED = "(to be made)"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of records with its decision."""

    a_id: str | None
    b_id: str | None
    link: LinkView | None
    a: Record | None
    b: Record | None
    decision: Decision
    likely: tuple[inbox.Question, ...] = ()  # whether it is the same as these is to be asked


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
    old_b: Collection[str] = (),
) -> list[Item]:
    """Decide these records. `touched` are (side, id) that this run wrote or unlinked: they are not free for matching.

    With `planning`, a reference to a record that this run would make counts as resolved. `read_a` are records of side a
    as the store holds them at this moment; what is among them is not read again. `old_b` are records of side b whose
    details were read in an earlier run: nothing is made out of them before they are read anew.
    """
    flow = compiled.flow
    bond = session.bonds[flow.name]
    a_shelf, b_shelf = session.at("a", flow.a), session.at("b", flow.b)
    link_a, link_b = links.by_a(connection, bond, a_ids), links.by_b(connection, bond, b_ids)
    partners: dict[str, str] = {}
    if flow.along is not None:
        partners = linked_along(session, connection, flow.along, a_ids, link_a, link_b)
    pairs: Pairs = {}
    for one in (*link_a.values(), *link_b.values()):
        pairs[(one.a_id, one.b_id)] = one
    linked = {a_id for a_id, _ in pairs}
    free_a = [id for id in dict.fromkeys((*a_ids, *partners)) if id not in linked]
    free_b = [id for id in b_ids if id not in link_b] if flow.takes_from_b else []
    at_hand = {record.id: record for record in read_a}
    a_records = {id: at_hand[id] for id in a_ids if id in at_hand}
    wanted = [*free_a, *(a for a, _ in pairs if a is not None)]
    a_records.update(mirror.get(connection, a_shelf, [id for id in wanted if id not in a_records]))
    b_records = mirror.get(connection, b_shelf, [*free_b, *(b for _, b in pairs if b is not None)])
    for id in b_records.keys() & set(old_b):
        b_records[id] = msgspec.structs.replace(b_records[id], full=False)
    refused: Refused = {}
    if flow.along is not None:
        b_records.update(mirror.get(connection, b_shelf, list(partners.values())))
        pairs.update({(id, partners.get(id)): None for id in free_a})
        _wait_along(session, connection, compiled, pairs, a_records, b_records, refused)
    else:
        match(session, connection, compiled, free_a, free_b, a_records, b_records, pairs, refused, touched)
        if compiled.shared:
            rejoin(session, connection, compiled, pairs, refused, a_records, b_records, touched)
    _take_out(session, connection, compiled, pairs, refused)
    said = _answers(session, connection, compiled, pairs)
    if flow.stray is not None:
        paired = {b_id for _, b_id in pairs}
        alone = [id for id in b_ids if id not in paired]
        _list_strays(session, connection, compiled, flow.stray, alone, b_records, pairs, refused)
    _look_up(session, connection, "a", compiled.a.stream, a_records)
    _look_up(session, connection, "b", compiled.b.stream, b_records)
    if flow.acyclic is not None:
        new = [a_records[id] for (id, _), link in pairs.items() if link is None and id in a_records]
        _refuse_circles(session, connection, compiled, flow.acyclic, new, refused)
    known = _references(session, connection, compiled, a_records.values(), b_records.values(), planning)

    def resolve(name: str, id: str) -> str | None:
        return known.get((name, id))

    items: list[Item] = []
    makers: dict[tuple[str | None, str | None], Record] = {}
    for pair, link in pairs.items():
        a_id, b_id = pair
        a = a_records.get(a_id) if a_id is not None else None
        b = b_records.get(b_id) if b_id is not None else None
        decision = refused.get(pair) or decide(
            compiled, link, a, b, resolve, recheck=recheck, answers=said.get(pair, NO_ANSWERS)
        )
        items.append(Item(a_id=a_id, b_id=b_id, link=link, a=a, b=b, decision=decision))
        record = a or b
        if link is None and record is not None and would_make(pair, decision):
            makers[pair] = record
    held = hold(session, connection, compiled, makers, touched)
    if not held:
        return items
    return [_held_back(item, held.get((item.a_id, item.b_id))) for item in items]


def _held_back(item: Item, held: Held | None) -> Item:
    if held is None or item.link is not None:
        return item
    return msgspec.structs.replace(item, decision=held.decision, likely=held.questions)


def _take_out(
    session: Session, connection: Connection, compiled: Compiled, pairs: Pairs, refused: Refused
) -> None:
    """Records that a person took out are left alone, whatever else holds of them."""
    name = compiled.flow.name
    if not exclusions.count(connection, session.sync_id, name):
        return
    out_a = exclusions.of(connection, session.sync_id, name, "a", [a for a, _ in pairs if a is not None])
    out_b = exclusions.of(connection, session.sync_id, name, "b", [b for _, b in pairs if b is not None])
    for a_id, b_id in pairs:
        reason = out_a.get(a_id or "") or out_b.get(b_id or "")
        if reason:
            refused[(a_id, b_id)] = Decision(kind="left out", reason=reason)


def _answers(
    session: Session, connection: Connection, compiled: Compiled, pairs: Pairs
) -> dict[tuple[str | None, str | None], dict[str, Answer]]:
    """What people said about the fields of these pairs and what is still to be carried out, by pair and question."""
    out: dict[tuple[str | None, str | None], dict[str, Answer]] = {}
    if not compiled.asks:
        return out
    found = inbox.answers(
        connection, session.sync_id, compiled.flow.name, [a for a, _ in pairs if a is not None], []
    )
    for (a_id, b_id, field), said in found.items():
        out.setdefault((a_id, b_id), {})[field] = said
    return out


def _wait_along(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    pairs: Pairs,
    a_records: dict[str, Record],
    b_records: dict[str, Record],
    refused: Refused,
) -> None:
    """Records of a flow that goes along with another one wait until that one has linked them, or linked them anew where
    their partner is gone."""
    along = compiled.flow.along or ""
    standing: dict[str, tuple[str | None, str | None]] = {}
    for a_id, b_id in pairs:
        a, b = a_records.get(a_id or ""), b_records.get(b_id or "")
        alone = b_id is None or (b is not None and b.deleted)
        if a is not None and alone and not a.deleted and compiled.a.admit(a.values).in_scope:
            standing[a.id] = (a_id, b_id)
    out = _unlinked(session, connection, along, standing, planning=False)
    words = along.replace("_", " ")
    for id, pair in standing.items():
        needs = f"{along}:{id}"
        if out.get(id) == OUT:
            refused[pair] = Decision(
                kind="left out", needs=needs, reason=f"the {words} it belongs to are left out"
            )
        else:
            refused[pair] = Decision(
                kind="wait",
                needs=needs,
                reason=f"It needs {words} {id}, which is not at the other side yet.",
                remedy=f"See: stockbridge explain {along} {id}",
            )


def _list_strays(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    words: tuple[str, str],
    ids: list[str],
    b_records: dict[str, Record],
    pairs: Pairs,
    refused: Refused,
) -> None:
    """Parts that only side b has (a line that a planner added) of a record that stands at both sides are listed; those
    that were and are settled by now come off the list."""
    b_records.update(mirror.get(connection, session.at("b", compiled.flow.b), ids))
    standing = {id: b_records[id] for id in ids if id in b_records and not b_records[id].deleted}
    for field in compiled.b.stream.fields:
        if not field.part_of:
            continue
        wholes = {id for one in standing.values() if (id := one.values.get(field.name))}
        linked: set[str] = set()
        for other in session.flows:
            if other.flow.b == field.refers_to and other.flow.along is None:
                linked |= set(
                    links.other_ids(connection, session.sync_id, other.flow.name, wholes, back=True)
                )
        for id, one in standing.items():
            if one.values.get(field.name) in linked:
                reason, remedy = words
                refused[(None, id)] = Decision(kind="refuse", again=True, reason=reason, remedy=remedy)
    listed = {row.id for row in waiting.rows(connection, session.sync_id, compiled.flow.name, ids, len(ids))}
    pairs.update({(None, id): None for id in ids if (None, id) in refused or id in listed})


def _look_up(
    session: Session, connection: Connection, side: Side, stream: Stream, records: dict[str, Record]
) -> None:
    """Fill the fields that are looked up in the records that other fields refer to."""
    for field in stream.fields:
        if field.via is None:
            continue
        reference, name = field.via
        named = stream.field(reference)
        shelf = session.shelves.get((side, (named.refers_to if named else None) or ""))
        if shelf is None:
            continue
        wanted = {id for one in records.values() if (id := one.values.get(reference))}
        found = mirror.get(connection, shelf, wanted)
        for id, one in records.items():
            other = found.get(one.values.get(reference) or "")
            if other is not None and not one.deleted:
                value = other.values.get(name)
                records[id] = msgspec.structs.replace(one, values={**one.values, field.name: value})


def _refuse_circles(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    ends: tuple[str, str],
    records: list[Record],
    refused: Refused,
) -> None:
    """A record that would close a circle is refused, with the whole path."""
    records = [record for record in records if not record.deleted]
    if not records:
        return
    start, end = ends
    standing = mirror.standing(connection, session.at("a", compiled.flow.a))
    graph = graph_of((one.values[start], one.values[end]) for one in standing)
    label = compiled.a.stream.names[0]
    names = {one.values[end]: str(one.values.get(label) or one.values[end]) for one in standing}
    for record in records:
        path = circle_through((record.values[start], record.values[end]), graph)
        if path:
            words = " → ".join(names.get(id, id) for id in path)
            refused[(record.id, None)] = Decision(
                kind="refuse",
                again=True,
                reason=f"It would contain itself: {words}.",
                remedy="Take one of these out of the other's parts; the next run sees it.",
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
            if isinstance(id, list):
                wanted.setdefault(flow, set()).update(id)
            elif id:
                wanted.setdefault(flow, set()).add(id)
        for flow, lines, source in move.line_references:
            for line in record.values.get(lines) or ():
                if id := line.get(source):
                    wanted.setdefault(flow, set()).add(id)


def _unlinked(
    session: Session, connection: Connection, flow: str, ids: Collection[str], planning: bool
) -> dict[str, str]:
    """Of records that have no link: those that are kept out, and (with `planning`) those that a run would recognise or
    make before the records that refer to them. The others are waited for."""
    compiled = next((one for one in session.flows if one.flow.name == flow), None)
    if compiled is None:
        return {}
    there = _marked(session, connection, compiled, ids) if planning else {}
    parked = waiting.left_out(connection, session.sync_id, flow, "a", ids)
    out: dict[str, str] = {}
    for id, record in mirror.get(connection, session.at("a", compiled.flow.a), ids).items():
        if record.deleted:
            continue
        verdict = compiled.a.admit(record.values)
        if verdict.gone or not verdict.in_scope:
            out[id] = OUT
        elif id in there:
            out[id] = there[id]
        elif Op.CREATE not in compiled.b.writes:
            out[id] = OUT  # only recognised, never made: nobody can wait for it
        elif id in parked:
            out[id] = OUT  # what it refers to is left out
        elif planning:
            out[id] = PLANNED
    return out


def _marked(
    session: Session, connection: Connection, compiled: Compiled, ids: Collection[str]
) -> dict[str, str]:
    """The one record at side b that carries each of these ids as its key, where there is just one."""
    shelf = session.at("b", compiled.flow.b)
    out: dict[str, str] = {}
    for one in compiled.flow.match:
        if one.a == "id" and isinstance(one.b, str):
            found = match_keys.by_keys(connection, shelf, one.b, {id.casefold() for id in ids})
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
    if edits or not wanted or not any(one.a == "id" for one in compiled.flow.match):
        return wanted
    # A record that is going to be adopted, and whose edits are not sent, needs no details.
    shelf = session.at("b", compiled.flow.b)
    for one in compiled.flow.match:
        if one.a == "id" and isinstance(one.b, str):
            there = match_keys.by_keys(connection, shelf, one.b, [record.id for record in wanted])
            wanted = [record for record in wanted if record.id not in there]
    return wanted
