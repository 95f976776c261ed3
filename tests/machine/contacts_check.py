"""What must be true once all is calm: of every record, of every pair, of every field, of every label."""

from __future__ import annotations

from typing import Any, TypeAlias

from machine.contacts_alike import check_matches
from machine.contacts_flow import FIELDS, LOST, TRASH
from machine.contacts_laws import (
    ASKED,
    KINDS,
    Card,
    canon,
    expected,
    in_scope,
    left_over,
    met_actions,
    possible,
)
from machine.contacts_people import OTHER, SIDES, Key, World
from stockbridge.core.flow import LinkView, Side
from stockbridge.core.record import Values
from stockbridge.engine import health
from stockbridge.store import inbox

States: TypeAlias = dict[Key, health.Entry]
Questions: TypeAlias = dict[tuple[str, str, str], inbox.Asked]


def states_of(world: World) -> States:
    """Where every record stands; each in one place only."""
    found = health.health(world.stage.open(), states=list(health.STATES), limit=10_000).flows[0]
    rows = {side: world.rows(side) for side in SIDES}
    out: States = {}
    for entry in found.entries:
        for side in SIDES:
            id = entry.a_id if side == "a" else entry.b_id
            if id is not None and id in rows[side]:
                assert (side, id) not in out, f"{side} {id} stands twice: {entry} {out[(side, id)]}"
                out[(side, id)] = entry
    for side in SIDES:
        for id in rows[side]:
            assert (side, id) in out, f"{side} {id} stands nowhere"
    return out


def check(world: World, before: dict[tuple[str, str], LinkView], *, strict: bool) -> None:
    """Hold everything against what people did. With `strict` there was one run since all was calm, and nobody disturbed it."""
    a, b = world.rows("a"), world.rows("b")
    states, pairs = states_of(world), world.links()
    assert len({one.b_id for one in pairs}) == len(pairs), "a record has two partners"
    for (at, source), ids in world.ledger.made.items():
        freed = (OTHER[at], source) in world.ledger.freed
        assert len(ids) < 2 or freed, f"two records were made for {source}: {ids}"
    with world.stage.engine.connect() as connection:
        asked = inbox.open_questions(connection, 1, answered=True)
    questions = {(one.a_id, one.b_id, one.field): one for one in asked}
    check_matches(world, asked, states)
    for one in pairs:
        if one.a_id in a and one.b_id in b:
            old = before.get((one.a_id, one.b_id))
            _check_pair(world, one, old, a[one.a_id], b[one.b_id], states, questions, strict)
        elif strict and (one.a_id in a or one.b_id in b):
            there: Side = "a" if one.a_id in a else "b"
            _check_survivor(world, one, there, states[(there, one.a_id if there == "a" else one.b_id)])
    linked = {("a", one.a_id) for one in pairs} | {("b", one.b_id) for one in pairs}
    for key, entry in states.items():
        if key not in linked:
            _check_alone(world, key, entry)
    for a_id, b_id, name in questions:
        assert a_id in a, f"a question about what is gone: {a_id} {name}"
        assert b_id in b, f"a question about what is gone: {b_id} {name}"


def _check_survivor(world: World, one: LinkView, at: Side, entry: health.Entry) -> None:
    """A contact whose partner a person deleted: what the policy says was done to it, and nothing else."""
    key: Key = (at, one.a_id if at == "a" else one.b_id)
    row, people = world.rows(at)[key[1]], world.cards[key].values
    lost = world.lost.get((OTHER[at], one.b_id if at == "a" else one.a_id))
    about = f"{key} {world.setting}: {entry}\n now {row}\n people {people}\n lost {lost}\n {one}"
    changed = {name for name in row if row[name] != people.get(name) and (row[name] or people.get(name))}
    out = key in world.ledger.alone
    assert entry.state == (health.EXCLUDED if out else health.ALONE), about
    assert changed <= ({"labels"} if at == "b" else {"flag", "trash", "status"}), about
    if lost is None or out:
        assert not changed, f"nothing happened since: {about}"
        return
    pair = (row, lost) if at == "a" else (lost, row)
    if in_scope(world.setting, pair[0], pair[1]) in ("outside", "no rule"):
        assert not changed, f"no rule brings it in: {about}"
        return
    setting = world.setting
    rules = at == "b" and setting.marks and setting.to_b and lost.get("city") == "north"
    labels = set(row.get("labels") or ()) - set(people.get("labels") or ())
    policy = setting.gone_a if at == "b" else setting.gone_b
    if at == "b":
        wanted = ({TRASH} if policy == "mark" else set()) | (
            {LOST} if rules and policy != "remove" else set()
        )
        assert labels == wanted - set(people.get("labels") or ()), f"{wanted} {about}"
    else:
        assert policy != "mark" or row["trash"] is True, about
        assert policy != "deactivate" or row["status"] == "inactive", about
        assert not (setting.marks and setting.to_a and policy != "remove") or row["flag"] == "lost", about
    if policy == "remove":
        agreed = world.agreed.get((one.a_id, one.b_id), {})
        place = 0 if at == "a" else 1
        edited = any(canon(at, name, people) != both[place] for name, both in agreed.items())
        assert edited or not agreed, f"it was to be deleted: {about}"


def _check_alone(world: World, key: Key, entry: health.Entry) -> None:
    """A record without a partner must have a reason for that."""
    about = f"{key}: {entry}"
    assert entry.state not in (health.IN_STEP, health.ALONE), about
    assert entry.state != health.DUE, f"the next run would write, and this one did not: {about}"
    if key in world.ledger.alone:
        assert entry.state == health.EXCLUDED, about


def _check_pair(
    world: World,
    one: LinkView,
    old: LinkView | None,
    row_a: Values,
    row_b: Values,
    states: States,
    questions: Questions,
    strict: bool,
) -> None:
    key = (one.a_id, one.b_id)
    entry = states[("a", one.a_id)]
    a, b = _card(world, "a", one.a_id, row_a), _card(world, "b", one.b_id, row_b)
    agreed = world.agreed.get(key)
    about = f"{key}: {entry}\n a {row_a}\n b {row_b}\n people: {a}\n {b}\n agreed {agreed}\n {one}"
    assert states[("b", one.b_id)] is entry, f"the two stand apart: {about}"
    for side, row, card in (("a", row_a, a), ("b", row_b, b)):
        assert row.get("private") == card.values.get("private"), f"what nothing maps at {side}: {about}"
    why = in_scope(world.setting, row_a, row_b)
    if ("a", one.a_id) in world.ledger.alone or ("b", one.b_id) in world.ledger.alone:
        why = "by hand"
    if why == "no key" and not _lost_key(old, row_a, row_b):
        why = why if old is None and not strict and entry.state == health.EXCLUDED else ""
    if why:
        assert entry.state == health.EXCLUDED, f"{why}, and yet: {about}"
        if not strict or not in_scope(world.setting, a.values, b.values):
            world.unsure.add(key)  # they may have agreed on something before they left
        return
    assert entry.state in (health.IN_STEP, health.ASKED), about
    agreed = world.agreed.setdefault(key, {})
    if key in world.unsure:
        world.unsure.remove(key)
        agreed.clear()
        strict = False
    strict = strict and (old is not None or not agreed)
    for name in FIELDS:
        now = (canon("a", name, row_a), canon("b", name, row_b))
        people = (canon("a", name, a.values), canon("b", name, b.values))
        off = name == "company" and not world.setting.company
        if off or (name == "nick" and not world.setting.to_b):
            assert now == people, f"{name} is mapped no more: {about}"
            continue
        asked = questions.get((*key, name))
        if asked is not None:
            assert name == "notes", f"nobody was to be asked: {about}"
            assert asked.answer is None, f"an answer was not carried out: {about}"
            assert now[0] != now[1], f"a question about nothing: {about}"
            assert now == people, f"asked, and written: {about}"
            assert entry.state == health.ASKED, about
        if strict:
            answer = world.said.get(key) if name == "notes" else None
            wanted = expected(world.setting, name, a, b, agreed.get(name), answer)
            if wanted == (ASKED, ASKED):
                assert asked is not None, f"nobody was asked about {name}: {about}"
            elif not (name in KINDS and wanted == (None, None) and left_over(name, b.values, now)):
                assert now == wanted, f"{name} should be {wanted} and is {now}: {about}"
        elif asked is None:
            fits = possible(world.setting, name, a, b, agreed.get(name), now, world.said.get(key))
            fits = fits or (name in KINDS and left_over(name, b.values, now))
            assert fits, f"{name} cannot be {now}: {about}"
        if asked is None:
            agreed[name] = now
            a.typed.discard(name)
            b.typed.discard(name)
    world.said.pop(key, None)
    wanted_keys = met_actions(world.setting, row_a, row_b)
    assert wanted_keys == set(one.applied), f"actions {wanted_keys}: {about}"
    if strict and old is not None:
        _check_actions(old, one, row_b, b.values, about)


def _lost_key(old: LinkView | None, row_a: Values, row_b: Values) -> bool:
    """Whether one of them had a key when the two last agreed, and has none now. One that was linked by hand without any goes
    on without."""
    if old is None:
        return False
    sides = ((old.a_snapshot, row_a, ("email", "phone")), (old.b_snapshot, row_b, ("emails", "phones")))
    return any(
        snapshot is not None and any(map(snapshot.get, keys)) and not any(map(row.get, keys))
        for snapshot, row, keys in sides
    )


def _card(world: World, side: Side, id: str, row: Values) -> Card:
    """How people left it; what we made, and nobody touched since, is taken as it was made."""
    known = world.cards.get((side, id))
    return known or Card(values=dict(row), modified=world.book(side).modified(id))


def _check_actions(old: LinkView, new: LinkView, row: Values, people: Values, about: str) -> None:
    """Labels come with their rule, go with it where they are ours, and are left alone otherwise."""
    for label in ("VIP", "Seen"):
        key = f"b add labels {label}"
        there, is_there = label in (people.get("labels") or ()), label in (row.get("labels") or ())
        if key in new.applied and key not in old.applied:
            assert is_there, f"{label} should be there: {about}"
        elif key in old.applied and key not in new.applied:
            ours = old.applied[key]
            goes = ours.action.undo and ours.before is not None
            assert is_there == (there and not goes), f"{label} was to be taken back or not: {about}"
        else:
            assert is_there == there, f"{label} is not ours to change: {about}"


def remember(world: World) -> None:
    """How people leave every record from here on."""
    known: dict[Key, Any] = {}
    for side in SIDES:
        for id, row in world.rows(side).items():
            card = world.cards.get((side, id))
            typed = card.typed if card else set()
            known[(side, id)] = Card(values=row, typed=typed, modified=world.book(side).modified(id))
    world.cards = known
    world.lost = {}
    world.disturbed = False
