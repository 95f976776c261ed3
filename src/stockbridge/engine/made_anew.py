"""Who was deleted and made anew by a person: what stands at the other side takes the new one for its partner.

The link of a deleted contact stays, so that its partner does not make it once more. But where a person makes it anew, or keeps
the other one of two doubles in a merge, the partner would count as deleted opposite and the new one as its double.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from stockbridge.core.compiled import Compiled
from stockbridge.core.flow import Applied, LinkView, Match, Side
from stockbridge.core.record import Record
from stockbridge.engine.match import Pairs, Refused, differ, in_order, leave_out
from stockbridge.engine.session import Session
from stockbridge.store import inbox, links, match_keys, mirror
from stockbridge.store.links import Bonds

_OTHER: dict[Side, Side] = {"a": "b", "b": "a"}


def rejoin(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    pairs: Pairs,
    refused: Refused,
    a_records: dict[str, Record],
    b_records: dict[str, Record],
    touched: Collection[tuple[str, str]],
) -> None:
    """Put records whose partner is gone together with the one record that is free, stands where the partner stood, and has a
    key of theirs, in `pairs` and out of `refused`. The link has no base, as at a first match; it keeps what this sync did
    to the record that stayed (its mark, the actions of rules), so that it can be taken back."""
    records: dict[Side, dict[str, Record]] = {"a": a_records, "b": b_records}
    for at in ("a", "b"):
        side: Side = "a" if at == "a" else "b"
        left = _left_behind(pairs, records, side)
        new = _doubtful(compiled, pairs, refused, records, side)
        if not left and not new:
            continue
        for match in compiled.flow.match:
            if compiled.has_own_key(match):
                _by_key(
                    session, connection, compiled, match, side, left, new, pairs, refused, records, touched
                )


def in_place_of(a_id: str, b_id: str, old: tuple[LinkView | None, LinkView | None]) -> LinkView:
    """The link of these two: without a base, and with what this sync did to each of them while it had another partner, by
    the links it had then (that of side a, that of side b)."""
    kept: dict[str, Applied] = {}
    for side, link in zip(("a", "b"), old, strict=True):
        if link is not None:
            kept |= {name: one for name, one in link.applied.items() if one.side == side}
    marked = any(link.marked for link in old if link is not None)
    return LinkView(a_id=a_id, b_id=b_id, marked=marked, applied=kept)


def let_go(
    session: Session, connection: Connection, compiled: Compiled, link: LinkView | None
) -> LinkView | None:
    """Drop a link of which one record was deleted, so that the other one may get another partner. Gives it; None where both
    stand."""
    if link is None:
        return None
    places: tuple[tuple[Side, str, str], ...] = (
        ("a", compiled.flow.a, link.a_id),
        ("b", compiled.flow.b, link.b_id),
    )
    for side, stream, id in places:
        known = mirror.known(connection, session.at(side, stream), [id]).get(id)
        if known is not None and known.gone:
            links.drop(connection, session.bonds[compiled.flow.name], [link.a_id])
            return link
    return None


def drop_old(connection: Connection, at: Bonds, views: Iterable[LinkView], now: str) -> None:
    """Forget the links that others of side a had with the records of side b in these, and what was asked about them."""
    ours = {view.b_id: view.a_id for view in views}
    old = links.by_b(connection, at, list(ours))
    gone = [(one.a_id, one.b_id) for one in old.values() if one.a_id != ours[one.b_id]]
    links.drop(connection, at, [a_id for a_id, _ in gone])
    inbox.close(connection, at.sync, at.flow, gone, now)


def is_new(link: LinkView | None) -> bool:
    """Whether nothing was ever agreed on by this link, as where it was only just put in place of another one."""
    return link is not None and link.a_snapshot is None and link.b_snapshot is None


def _ids(side: Side, pair: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    """The ids of a pair: at this side, and at the other."""
    return pair if side == "a" else (pair[1], pair[0])


def _left_behind(pairs: Pairs, records: dict[Side, dict[str, Record]], gone: Side) -> list[str]:
    """The records that stand and whose partner at side `gone` is deleted."""
    out = []
    for pair, link in pairs.items():
        lost, stays = _ids(gone, pair)
        if link is None or lost is None or stays is None:
            continue
        one, other = records[gone].get(lost), records[_OTHER[gone]].get(stays)
        if one is not None and one.deleted and other is not None and not other.deleted:
            out.append(stays)
    return out


def _doubtful(
    compiled: Compiled, pairs: Pairs, refused: Refused, records: dict[Side, dict[str, Record]], at: Side
) -> list[str]:
    """The free records of this side that would be made at the other one, or are taken for doubles of somebody."""
    out = []
    for pair, link in pairs.items():
        mine, other = _ids(at, pair)
        if link is not None or mine is None or other is not None:
            continue
        one, said = records[at].get(mine), refused.get(pair)
        if one is None or one.deleted or (compiled.flow.keyed and said is None):
            continue  # where duplicates are avoided, whoever has a key of another one is refused
        if said is None or said.code == "duplicate":
            out.append(mine)
    return out


def _by_key(
    session: Session,
    connection: Connection,
    compiled: Compiled,
    match: Match,
    at: Side,
    left: list[str],
    new: list[str],
    pairs: Pairs,
    refused: Refused,
    records: dict[Side, dict[str, Record]],
    touched: Collection[tuple[str, str]],
) -> None:
    """One key: `left` are ids at the side opposite to `at`, `new` ids at side `at`."""
    flow, bond, there = compiled.flow, session.bonds[compiled.flow.name], _OTHER[at]
    shelves = {"a": session.at("a", flow.a), "b": session.at("b", flow.b)}
    names = {"a": match_keys.key_name(match.a), "b": match_keys.key_name(match.b)}
    some = [match_keys.keys_of(shelves[at], records[at][id], names[at]) for id in new]
    some += [match_keys.keys_of(shelves[there], records[there][id], names[there]) for id in left]
    wanted = in_order(some)
    holders = {side: match_keys.by_keys(connection, shelves[side], names[side], wanted) for side in shelves}
    leave_out(session, connection, compiled, holders["a"], holders["b"], records["a"], records["b"])
    find = {"a": links.by_a, "b": links.by_b}
    linked_new = find[at](connection, bond, [id for ids in holders[at].values() for id in ids])
    linked_old = find[there](connection, bond, [id for ids in holders[there].values() for id in ids])
    partner = {id: (link.a_id if at == "a" else link.b_id) for id, link in linked_old.items()}
    gone = {
        id
        for id, known in mirror.known(connection, shelves[at], list(partner.values())).items()
        if known.gone
    }
    apart: set[tuple[str, str]] = set()
    if flow.likely is not None:
        holders_a = {id for ids in holders["a"].values() for id in ids}
        apart = inbox.told_apart(connection, session.sync_id, flow.name, holders_a)
    for key in wanted:
        news = [id for id in holders[at].get(key, ()) if id not in linked_new and (at, id) not in touched]
        olds = [id for id in holders[there].get(key, ()) if (there, id) not in touched]
        olds = [id for id in olds if id not in partner or partner[id] in gone]
        news, olds = (
            [id for id in ids if id in records[side] and not records[side][id].deleted]
            for side, ids in ((at, news), (there, olds))
        )
        if len(news) != 1 or len(olds) != 1 or olds[0] not in linked_old:
            continue
        a_id, b_id = (news[0], olds[0]) if at == "a" else (olds[0], news[0])
        if (a_id, b_id) in apart or differ(
            session, compiled, match, key, a_id, b_id, records["a"], records["b"]
        ):
            continue
        old = linked_old.pop(olds[0])
        linked_new[news[0]] = old
        alone: tuple[str | None, str | None] = (news[0], None) if at == "a" else (None, news[0])
        for pair in (alone, (old.a_id, old.b_id)):
            pairs.pop(pair, None)
            refused.pop(pair, None)
        pairs[(a_id, b_id)] = in_place_of(a_id, b_id, (old, None) if there == "a" else (None, old))
