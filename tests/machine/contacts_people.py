"""The two systems with everybody who works on them: what people type, delete, decide by hand, and how they left each record."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sqlalchemy import select

from machine.contacts_flow import FIELDS, A, B, Setting, flow
from machine.contacts_laws import Card
from machine.contacts_sides import Book, Clock, Ledger
from machine.fate import Stage
from stockbridge.core.flow import LinkView, Side
from stockbridge.core.merge import Typed
from stockbridge.core.record import Values
from stockbridge.engine import by_hand
from stockbridge.engine.preview import preview
from stockbridge.store import inbox, links
from stockbridge.store.schema import link

SIDES: tuple[Side, Side] = ("a", "b")
STREAMS: dict[Side, str] = {"a": "left", "b": "right"}
OTHER: dict[Side, Side] = {"a": "b", "b": "a"}
TAGS = ("t1", "t2", "t3", "t4")
LABELS = ("Friends", "VIP", "Other")
CITIES = ("north", "south", None)
NAMES = sorted(FIELDS)
BACK = {b: a for a, b in FIELDS.items()}

Key: TypeAlias = tuple[Side, str]
Fields: TypeAlias = dict[str, tuple[Any, Any]]


@dataclass
class World:
    """Two systems under one sync, and all that an onlooker knows of them."""

    stage: Stage
    ledger: Ledger
    clock: Clock
    words: int = 0
    cards: dict[Key, Card] = field(default_factory=dict)
    agreed: dict[tuple[str, str], Fields] = field(default_factory=dict)
    said: dict[tuple[str, str], Any] = field(default_factory=dict)  # answers that no run carried out yet
    lost: dict[Key, Values] = field(
        default_factory=dict
    )  # deleted by people since all was calm: what stood there
    unsure: set[tuple[str, str]] = field(
        default_factory=set
    )  # pairs that left the rules: what they agree on is open
    anchors: set[Key] = field(default_factory=set)
    disturbed: bool = False
    apart: set[tuple[str, str]] = field(default_factory=set)  # of whom somebody said that they are two
    joined: set[tuple[str, str]] = field(default_factory=set)  # of whom somebody said that they are one

    @property
    def setting(self) -> Setting:
        return self.ledger.setting

    def book(self, side: Side) -> Book:
        memory = self.stage.a if side == "a" else self.stage.b
        assert isinstance(memory, Book)
        return memory

    def rows(self, side: Side) -> dict[str, Values]:
        return self.book(side).rows(STREAMS[side])

    def links(self) -> list[LinkView]:
        bonds = links.bonds(1, "contacts", A["left"].fields, B["right"].fields)
        with self.stage.engine.connect() as connection:
            ids = [row.a_id for row in connection.execute(select(link.c.a_id).order_by(link.c.a_id))]
            return list(links.by_a(connection, bonds, ids).values())

    def word(self) -> str:
        self.words += 1
        return f"w{self.words:04d}"

    def one_of(self, side: Side, number: int) -> str | None:
        """A record that somebody may touch. What we made and do not know of yet, nobody could recognise afterwards."""
        made = {id for (at, _), ids in self.ledger.made.items() if at == side for id in ids}
        linked = {one.a_id if side == "a" else one.b_id for one in self.links()}
        ids = [id for id in self.rows(side) if (side, id) not in self.anchors]
        ids = sorted(id for id in ids if id in linked or id not in made)
        return ids[number % len(ids)] if ids else None

    def put(self, side: Side, values: Values, id: str | None = None) -> str:
        """Somebody makes or edits a record."""
        id = self.book(side).put(STREAMS[side], values, id)
        card = self.cards.get((side, id))
        if card is None:
            card = self.cards[(side, id)] = Card(values=deepcopy(self.rows(side)[id]))
        card.values.update(deepcopy(values))
        card.modified = self.book(side).modified(id)
        card.typed |= {name if side == "a" else BACK[name] for name in values if side == "a" or name in BACK}
        return id

    def email(self) -> str:
        return f"{self.word()}@x.example"

    def phone(self) -> str:
        return f"+3120123{self.word()[1:]}"


def make(
    world: World,
    side: Side,
    *,
    email: str | None = None,
    phone: str | None = None,
    city: str | None = None,
    labels: tuple[str, ...] = (),
    kind: str = "customer",
) -> str:
    """Somebody makes a contact."""
    private = world.word()
    if side == "a":
        values: Values = {"name": world.word(), "first": world.word(), "kind": kind, "city": city}
        return world.put("a", {**values, "email": email, "phone": phone, "private": private})
    values = {"given": world.word(), "labels": sorted(labels), "private": private}
    lists = {"emails": [email] if email else [], "phones": [phone] if phone else []}
    return world.put("b", {**values, **lists})


def creates(world: World, side: Side, number: int, choice: int) -> None:
    """A new contact, with an address, a number, both or neither."""
    email = world.email() if choice % 4 != 3 else None
    phone = world.phone() if choice % 3 == 0 else None
    labels = tuple(one for at, one in enumerate(LABELS) if choice >> 2 & 1 << at)
    kind = "vendor" if choice % 5 == 4 else "customer"
    make(world, side, email=email, phone=phone, city=CITIES[number % 3], labels=labels, kind=kind)


def creates_again(world: World, side: Side, number: int, choice: int) -> None:
    """The same person at the other side, or twice at one."""
    id = world.one_of(side, number)
    if id is None:
        return
    by = "phone" if choice % 3 == 2 else "email"
    key = world.rows(side)[id].get(by if side == "a" else FIELDS[by])
    key = (key[-1] if key else None) if isinstance(key, list) else key
    if key:
        at = side if choice % 4 == 3 else OTHER[side]
        make(world, at, **{by: key.upper() if by == "email" else key})


def edits(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody types into a field that is mapped, or clears it."""
    id = world.one_of(side, number)
    if id is not None:
        edit(world, side, id, NAMES[choice % len(NAMES)], choice // len(NAMES))


def both_edit(world: World, side: Side, number: int, choice: int) -> None:
    """The same field at both sides."""
    pairs = [one for one in world.links() if ("a", one.a_id) not in world.anchors]
    if pairs:
        one = pairs[number % len(pairs)]
        name = "notes" if side == "b" else NAMES[choice % len(NAMES)]
        for at, id in (
            (side, one.a_id if side == "a" else one.b_id),
            (OTHER[side], one.b_id if side == "a" else one.a_id),
        ):
            if id in world.rows(at):
                edit(world, at, id, name, choice // len(NAMES) + (at == "b"))


def edit(world: World, side: Side, id: str, name: str, choice: int) -> None:
    target = name if side == "a" else FIELDS[name]
    held = world.rows(side)[id].get(target)
    clear = choice % 5 == 4 and name != "first"
    value: Any = world.word()
    if name == "email":
        value = world.email()
    elif name == "phone":
        value = world.phone()
    elif name == "tier":
        value = "Gold" if choice % 2 else "Silver"
        value = value if side == "a" else value.lower()
    if name == "tags":
        value = [] if clear else [tag for at, tag in enumerate(TAGS) if choice & 1 << at]
    elif name in ("email", "phone") and side == "b":
        rest = (held or [])[1:]
        value = rest if clear else [*rest, value] if choice % 4 == 3 and rest else [value, *rest]
    elif clear:
        value = None
    world.put(side, {target: value}, id)


def edits_beside(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody types into a field that rules look at, that rules set, or that nothing maps."""
    id = world.one_of(side, number)
    if id is None:
        return
    row, choice, what = world.rows(side)[id], choice // 4, choice % 4
    if what == 0:
        world.put(side, {"private": world.word()}, id)
    elif side == "a" and what == 3:
        world.put(
            "a", {"kind": "vendor"} if choice % 2 else {"flag": None if choice % 4 else world.word()}, id
        )
    elif side == "a":
        world.put("a", {"city": CITIES[choice % 3]}, id)
    elif what == 1:
        kept = [one for one in row.get("labels") or () if one not in LABELS]
        chosen = [one for at, one in enumerate(LABELS) if choice & 1 << at]
        world.put("b", {"labels": sorted([*kept, *chosen])}, id)
    elif what == 2:
        world.put("b", {"segment": None if choice % 2 else world.word()}, id)
    elif choice % 2:
        world.put("b", {"emails": [*(row.get("emails") or []), world.email()]}, id)
    else:
        world.put("b", {"phones": [*(row.get("phones") or []), world.phone()]}, id)


def deletes(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody deletes a contact."""
    id = world.one_of(side, number)
    if id is not None:
        delete(world, side, id)


def delete(world: World, side: Side, id: str) -> None:
    for one in world.links():
        mine, theirs = (one.a_id, one.b_id) if side == "a" else (one.b_id, one.a_id)
        if mine == id:
            world.ledger.buried.add((OTHER[side], theirs))
    world.lost[(side, id)] = world.rows(side)[id]
    world.book(side).drop(STREAMS[side], id)


def takes_out(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody takes a contact out of the sync, or lets it in again."""
    id = world.one_of(side, number)
    if id is None:
        return
    session = world.stage.open()
    try:
        pair = by_hand.the_one(session, "contacts", id, side)
        if choice % 2:
            by_hand.exclude(session, "contacts", pair, "")
            world.ledger.alone |= set(pair.ids())
            world.said.pop(_key_of(pair), None)
        else:
            by_hand.include(session, "contacts", pair)
            world.ledger.alone -= set(pair.ids())
    except by_hand.NotPossible:
        pass


def links_or_parts(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody says that two contacts are the same, or are not."""
    a_id, b_id = world.one_of("a", number), world.one_of("b", choice)
    if a_id is None or b_id is None:
        return
    session = world.stage.open()
    try:
        pair = by_hand.the_one(session, "contacts", a_id, "a")
        if not pair.linked:
            by_hand.link(session, "contacts", a_id, b_id)
            world.joined.add((a_id, b_id))
            world.ledger.alone -= {("a", a_id), ("b", b_id)}
        elif choice % 2:
            by_hand.unlink(session, "contacts", pair)
            world.agreed.pop(_key_of(pair), None)
            world.said.pop(_key_of(pair), None)
            world.ledger.alone |= set(pair.ids())
            world.ledger.freed |= set(pair.ids())
            world.ledger.buried -= set(pair.ids())
    except by_hand.NotPossible:
        pass


def _key_of(pair: by_hand.Pair) -> tuple[str, str]:
    return (pair.a.id if pair.a else "", pair.b.id if pair.b else "")


def answers(world: World, side: Side, number: int, choice: int) -> None:
    """Somebody answers a question."""
    session = world.stage.open()
    with world.stage.engine.connect() as connection:
        asked = [one for one in inbox.open_questions(connection, 1) if one.kind == "value"]
    if asked:
        one = asked[number % len(asked)]
        answer: Any = Typed(world.word()) if choice % 3 == 0 else side
        by_hand.answer(session, one.id, answer)
        world.said[(one.a_id, one.b_id)] = answer


def changes_settings(world: World, what: str) -> None:
    """Somebody changes the settings, and looks at what that would do. Nothing may be written meanwhile."""
    old = world.setting
    if what == "company":
        new = replace(old, company=not old.company)
        for fields in world.agreed.values():
            fields.pop("company", None)
    elif what == "winner":
        new = replace(old, winner=OTHER[old.winner])
    else:
        new = replace(old, undo=not old.undo)
    world.ledger.setting = new
    world.stage.flows = (flow(new),)
    report = world.stage.run(full=True)
    assert report is not None
    assert report.stopped_by == "safety", report
    assert not world.stage.fate.made, "changed settings wrote something before anybody looked at them"
    preview(world.stage.open())
    assert not world.stage.fate.made, "a preview wrote something"


ACTS = {
    "creates": creates,
    "creates again": creates_again,
    "edits": edits,
    "both edit": both_edit,
    "edits beside": edits_beside,
    "deletes": deletes,
    "takes out": takes_out,
    "links or parts": links_or_parts,
    "answers": answers,
}
