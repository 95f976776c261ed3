"""People who are called alike: somebody makes them a second time, somebody says whether they are the same, and what must hold of
that. Who is called alike is told here by the words of a name alone, which the machine never spells differently."""

from __future__ import annotations

from typing import Any

from machine.contacts_people import OTHER, World, delete, edit, make
from stockbridge.core.flow import Side
from stockbridge.core.record import Values
from stockbridge.engine import by_hand, health
from stockbridge.store import inbox
from stockbridge.store.inbox import NO, YES, Asked

_NAMES: dict[Side, tuple[str, str]] = {"a": ("first", "last"), "b": ("given", "family")}


def called(side: Side, row: Values) -> frozenset[str]:
    """The words of a name, however they are ordered and written."""
    return frozenset(str(row[name]).lower() for name in _NAMES[side] if row.get(name))


def creates_alike(world: World, side: Side, number: int, choice: int) -> None:
    """Two who are called alike, one at each side (or both at one), each with an own address, an own number, or none; or another one
    who is called like somebody that has no partner."""
    linked = {("a", one.a_id) for one in world.links()} | {("b", one.b_id) for one in world.links()}
    made = {(at, id) for (at, _), ids in world.ledger.made.items() for id in ids}
    alone = sorted(id for id in world.rows(side) if (side, id) not in linked | made | world.anchors)
    if alone and choice % 2:
        id = alone[number % len(alone)]
    else:
        id = _new(world, side, world.word(), world.word(), number, "email" if choice % 5 else "phone")
    row = world.rows(side)[id]
    first, last = (row.get(name) for name in _NAMES[side])
    if last and first and choice // 6 % 2:
        first, last = last, first
    at = side if choice // 12 % 5 == 4 else OTHER[side]
    _new(
        world,
        at,
        (first or "").upper() or None,
        last,
        number + 1,
        ("", "phone", "", "email")[choice // 3 % 4],
    )


def _new(world: World, side: Side, first: str | None, last: str | None, number: int, key: str) -> str:
    email = world.email() if key == "email" else None
    phone = world.phone() if key == "phone" else None
    id = make(world, side, email=email, phone=phone, city=("north", None)[number % 2], labels=("Friends",))
    return world.put(side, dict(zip(_NAMES[side], (first, last), strict=True)), id)


def says_who_is_who(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody answers whether two are the same, or settles it in another way: by another name, by a deletion, by hand."""
    with world.stage.engine.connect() as connection:
        asked = inbox.open_matches(connection, 1, "contacts")
    if not asked:
        creates_alike(world, side, number, choice)
        return
    one = asked[number % len(asked)]
    id = one.a_id if side == "a" else one.b_id
    match choice % 6:
        case 0 | 1 | 2:
            answer_match(world, one, yes=choice % 6 == 0)
        case _ if id not in world.rows(side):
            pass
        case 3:
            edit(world, side, id, "first", 0)
        case 4:
            delete(world, side, id)
        case _:
            session = world.stage.open()
            by_hand.exclude(session, "contacts", by_hand.the_one(session, "contacts", id, side), "")
            world.ledger.alone.add((side, id))


def answer_match(world: World, one: Asked, *, yes: bool) -> None:
    """Somebody says whether two are the same."""
    session = world.stage.open()
    try:
        by_hand.answer(session, one.id, YES if yes else NO)
    except by_hand.NotPossible:
        return  # one of them is gone, or its last write is still open
    linked = {(link.a_id, link.b_id) for link in world.links()}
    assert ((one.a_id, one.b_id) in linked) is yes, f"{'yes' if yes else 'no'} to {one}: {linked}"
    if yes:
        world.joined.add((one.a_id, one.b_id))
    else:
        world.apart.add((one.a_id, one.b_id))


def doubt_about(world: World, side: Side, id: str) -> str:
    """Why this record may not be made at the other side: somebody free there is called like it. Only where nothing else tells
    who that one is."""
    setting = world.setting
    rows = {"a": world.rows("a"), "b": world.rows("b")}
    if not setting.keyed or not setting.asks or world.disturbed or id not in rows[side]:
        return ""
    at, row = OTHER[side], rows[side][id]
    linked = {one.a_id if at == "a" else one.b_id for one in world.links()}
    made = {made for (where, _), ids in world.ledger.made.items() if where == at for made in ids}
    known = {key for one in rows[side].values() for kind in _keys(side, one) for key in kind}
    for other, their in rows[at].items():
        if other in linked or other in made or (at, other) in world.ledger.alone:
            continue
        if (id, other) in world.apart or (other, id) in world.apart:
            continue
        customer = their if at == "a" else row
        if setting.scope == "customers" and customer.get("kind") != "customer":
            continue
        ours, theirs = _keys(side, row), _keys(at, their)
        if any(one and two for one, two in zip(ours, theirs, strict=True)) or known & (theirs[0] | theirs[1]):
            continue
        if called(at, their) and called(at, their) == called(side, row):
            return f"{at} {other} is called like it and nobody was asked: {their}"
    return ""


def _keys(side: Side, row: Values) -> tuple[set[str], set[str]]:
    if side == "a":
        return {row["email"].lower()} if row.get("email") else set(), {row["phone"]} if row.get(
            "phone"
        ) else set()
    return {one.lower() for one in row.get("emails") or ()}, set(row.get("phones") or ())


def check_matches(world: World, asked: list[Asked], states: Any) -> None:
    """A question is about two who stand, are free and are called alike; whoever waits for an answer is asked about; what was
    answered holds."""
    linked = {(one.a_id, one.b_id) for one in world.links()}
    taken = {("a", a) for a, _ in linked} | {("b", b) for _, b in linked}
    a, b = world.rows("a"), world.rows("b")
    open_ones = {one.id: one for one in asked if one.kind == "match"}
    for one in open_ones.values():
        about = f"{one}: {a.get(one.a_id)} {b.get(one.b_id)}"
        assert world.setting.keyed, about
        assert world.setting.asks, about
        assert one.answer is None, about
        assert (one.a_id, one.b_id) not in world.apart, f"asked a second time: {about}"
        for key in (("a", one.a_id), ("b", one.b_id)):
            assert key not in taken, f"asked about one that has a partner: {about}"
            assert key not in world.ledger.alone, f"asked about one that was taken out: {about}"
            entry = states[key]
            assert entry.state == health.ASKED, f"{about} {entry}"
            assert one.id in entry.questions, f"{about} {entry}"
        assert called("a", a[one.a_id]) == called("b", b[one.b_id]), f"they are not called alike: {about}"
    for key, entry in states.items():
        if key not in taken and entry.state == health.ASKED:
            assert entry.questions, f"{key} waits for an answer, and nobody is asked: {entry}"
            assert set(entry.questions) <= open_ones.keys(), f"{key}: {entry}"
    for pair in world.apart & linked:
        assert pair in world.joined, f"told apart, and linked: {pair}"
    with world.stage.engine.connect() as connection:
        told = inbox.told_apart(connection, 1, "contacts", {a_id for a_id, _ in world.apart})
    assert told == world.apart
