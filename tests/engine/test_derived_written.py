"""Records that are derived from others and written too: the members of clubs, of whom side b keeps each by itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from engine.two_sides import ALL, World
from stockbridge.connectors.memory import Memory, lose_answer
from stockbridge.core.flow import Flow, GonePolicy, Match, Owner, Pair
from stockbridge.core.record import Ability, Field, Kind, Page, Record, Refusal, Stream, Values
from stockbridge.engine.preview import preview
from stockbridge.store.schema import link

MEMBER = (Field(name="name", kind=Kind.TEXT), Field(name="mail", kind=Kind.EMAIL))


def members_of(club: Record) -> Iterable[Record]:
    """Each member under CLUB_NUMBER; a club without any stands for one by itself, who is its first member afterwards."""
    shared = {"club": club.values["club"]}
    for number, one in enumerate(club.values["members"] or [None]):
        yield Record(
            id=club.id if one is None else f"{club.id}_{one['name']}",
            values={**shared, **(one or {"name": None, "mail": None})},
            version=club.version,
            modified=club.modified,
            parent=club.id,
            was=club.id if one is not None and number == 0 else None,
        )


CLUBS = Stream(
    name="clubs",
    noun="club",
    names=("club",),
    detail_size=1,
    fields=(
        Field(name="club", kind=Kind.TEXT),
        Field(name="members", kind=Kind.CHILDREN, detail=True, children=MEMBER),
    ),
)
MEMBERS = Stream(
    name="members",
    noun="member",
    derived_from="clubs",
    derive=members_of,
    abilities=frozenset(Ability),
    mark_shown=False,
    fields=(*MEMBER, Field(name="club", kind=Kind.TEXT, writable=False, given=True)),
)
CARDS = Stream(
    name="cards",
    noun="card",
    abilities=frozenset(Ability),
    mark_shown=False,
    unique="name",
    fields=(*MEMBER, Field(name="firm", kind=Kind.TEXT)),
)
FLOW = Flow(
    name="members",
    a="members",
    b="cards",
    pairs=(
        Pair(a="name", b="name", owner=Owner.BOTH),
        Pair(a="mail", b="mail", owner=Owner.BOTH),
        Pair(a="club", b="firm", owner=Owner.BOTH, way="to b"),
        Pair(a="club", b="firm", owner=Owner.B, once=True),
    ),
    writes_a=ALL,
    writes_b=ALL,
    match=(Match(a="mail", b="mail"),),
    gone_a=GonePolicy(do="remove"),
    gone_b=GonePolicy(do="remove"),
)


class Clubs(Memory):
    """Clubs, whose members are written one by one. A full record takes `delay` seconds."""

    delay = 0.0

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        assert stream == "clubs", "a derived stream is not read"
        for page in super().read(stream, since):
            yield msgspec.structs.replace(page, records=[_dated(one) for one in page.records])

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        time.sleep(self.delay)
        found = super().fetch("clubs", [id.partition("_")[0] for id in ids])
        clubs = [_dated(one) for one in found if isinstance(one, Record)]
        if stream == "clubs":
            return [*clubs]
        return [_one(id, club) for id, club in zip(ids, clubs, strict=True)]

    def create(self, stream: str, values: Values, mark: str) -> Record:
        self.on_write("before", "create", stream, mark)
        club = next(id for id, one in self.rows("clubs").items() if one["club"] == values["club"])
        members = self.rows("clubs")[club]["members"]
        self._write(club, [*members, {"name": values["name"], "mail": values.get("mail")}])
        self.on_write("after", "create", stream, mark)
        return self._stands(f"{club}_{values['name']}")

    def update(self, stream: str, id: str, values: Values) -> Record:
        club, _, name = id.partition("_")
        members = self.rows("clubs")[club]["members"]
        self._write(club, [{**one, **values} if one["name"] == name else one for one in members])
        return self._stands(id)

    def remove(self, stream: str, id: str) -> None:
        club, _, name = id.partition("_")
        self._write(club, [one for one in self.rows("clubs")[club]["members"] if one["name"] != name])

    def _write(self, club: str, members: list[Values]) -> None:
        self.put("clubs", {"members": members}, club)

    def _stands(self, id: str) -> Record:
        (found,) = self.fetch("members", [id])
        assert isinstance(found, Record)
        return found


def _dated(record: Record) -> Record:
    return msgspec.structs.replace(record, modified=datetime.now(UTC))


def _one(id: str, club: Record) -> Record:
    gone = Record(id=id, values={}, version="gone", deleted=True)
    return gone if club.deleted else next((one for one in members_of(club) if one.id == id), gone)


def a_world(store: Engine, *members: Values) -> tuple[World, Clubs, str]:
    """A club with these members, and no card."""
    a = Clubs("Left", {"clubs": CLUBS, "members": MEMBERS}, prefix="a")
    b = Memory("Right", {"cards": CARDS}, prefix="b", tombstones=True)
    return World(store, a, b, (FLOW,)), a, a.put("clubs", {"club": "Chess", "members": list(members)})


def member(name: str) -> Values:
    return {"name": name, "mail": f"{name.lower()}@club.example"}


def links(of: World) -> dict[str, str]:
    with of.engine.connect() as connection:
        return {row.a_id: row.b_id for row in connection.execute(select(link.c.a_id, link.c.b_id))}


def test_who_is_at_side_b_only_is_decided_when_the_details_are_read(store: Engine) -> None:
    of, a, club = a_world(store, member("Ann"))
    card = of.b.put("cards", {**member("Ann"), "firm": "Chess"})
    a.delay = 0.2  # longer than it takes to decide about the card
    of.run()
    assert links(of) == {f"{club}_Ann": card}
    assert a.rows("clubs")[club]["members"] == [member("Ann")]
    assert len(of.b.rows("cards")) == 1


def test_a_preview_knows_who_is_new_as_well(store: Engine) -> None:
    of, _, _ = a_world(store, member("Ann"))
    of.b.put("cards", {**member("Ann"), "firm": "Chess"})
    of.b.put("cards", {**member("Bob"), "firm": "Chess"})
    (shown,) = preview(of.open()).flows
    assert (shown.create, shown.export, shown.unread) == (1, 1, 0)


def test_a_member_is_added_changed_and_removed_at_either_side(store: Engine) -> None:
    of, a, club = a_world(store, member("Ann"))
    of.b.put("cards", {**member("Bob"), "firm": "Chess"})
    of.run()
    assert a.rows("clubs")[club]["members"] == [member("Ann"), member("Bob")]
    ann, bob = links(of)[f"{club}_Ann"], links(of)[f"{club}_Bob"]

    of.b.put("cards", {"mail": "bob@new.example"}, bob)
    a.put(
        "clubs",
        {"club": "Go", "members": [{**member("Ann"), "mail": "ann@new.example"}, member("Bob")]},
        club,
    )
    of.run()
    assert [one["mail"] for one in a.rows("clubs")[club]["members"]] == ["ann@new.example", "bob@new.example"]
    cards = of.b.rows("cards")
    assert (cards[ann]["mail"], cards[ann]["firm"], cards[bob]["firm"]) == ("ann@new.example", "Go", "Go")

    of.b.drop("cards", bob)
    of.run()
    assert [one["name"] for one in a.rows("clubs")[club]["members"]] == ["Ann"]
    a.put("clubs", {"members": []}, club)
    of.run()
    assert ann not in of.b.rows("cards")


@pytest.mark.parametrize("settles_after", [0, 300])
def test_a_lost_answer_adds_nobody_twice(store: Engine, settles_after: int) -> None:
    of, a, club = a_world(store, member("Ann"))
    a._streams["members"] = msgspec.structs.replace(MEMBERS, settles_after=settles_after)
    card = of.b.put("cards", {"name": "Bob", "mail": None, "firm": "Chess"})
    calls = []

    def lose_the_first(when: str, op: str, stream: str, id: str) -> None:
        if when == "after":
            calls.append(id)
            if len(calls) == 1:
                lose_answer()

    a.on_write = lose_the_first
    of.run()
    of.run()
    assert [one["name"] for one in a.rows("clubs")[club]["members"]] == ["Ann", "Bob"]
    assert calls == [card]
    assert len(of.b.rows("cards")) == 2  # nobody took the new member for one that side b lacks
    assert links(of)[f"{club}_Bob"] == card


def test_what_gets_another_id_keeps_its_partner(store: Engine) -> None:
    of, a, club = a_world(store)
    of.run()
    card = links(of)[club]
    a.put("clubs", {"members": [member("Ann"), member("Bob")]}, club)
    of.run()
    assert links(of)[f"{club}_Ann"] == card
    assert of.b.rows("cards")[card]["name"] == "Ann"
    assert len(of.b.rows("cards")) == 2


def test_many_members_who_are_gone_with_their_club_are_asked_about(store: Engine) -> None:
    of, a, club = a_world(store, *(member(f"Member{number}") for number in range(4)))
    a.put("clubs", {"club": "Go", "members": [member("Zoe")]})
    of.run()
    a.drop("clubs", club)
    report = of.run(full=True)
    assert (report.stop_code, len(of.b.rows("cards"))) == ("deletions", 5)
