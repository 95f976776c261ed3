"""Orders that begin at side b, under planners, buyers, crashes, lost answers and a side that shows only later what it made.

Whatever happens: no order of a planner ever stands at side a twice, none is lost, and in the end both sides agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from machine.fate import Fate, Ground, Stage, Watched
from stockbridge.core.flow import Condition, Flow, GonePolicy, Lines, Match, Op, Owner, Pair, Rule, Then
from stockbridge.core.record import Ability, Field, Kind, Record, Stream
from stockbridge.store.schema import link

SETTLES = 300  # seconds after which side a certainly shows what was made
TEXT = Kind.TEXT
_LINE = (Field(name="thing", kind=TEXT), Field(name="many", kind=TEXT))


def lines_of(order: Record) -> Iterable[Record]:
    if order.deleted or not order.full:
        return
    for line in order.values.get("lines") or ():
        values = {"order": order.id, "thing": line["thing"], "many": line["many"]}
        yield Record(id=f"{order.id}-{line['thing']}", values=values, version=order.version, parent=order.id)


A = {
    "orders": Stream(
        name="orders",
        noun="order",
        detail_size=1,
        fields=(
            Field(name="day", kind=TEXT),
            Field(name="reference", kind=TEXT),
            Field(name="issued", kind=Kind.FLAG, step=True),
            Field(name="lines", kind=Kind.CHILDREN, detail=True, children=_LINE),
        ),
        abilities=frozenset({Ability.CREATE, Ability.UPDATE}),
        mark="reference",
        settles_after=SETTLES,
    ),
    "order_lines": Stream(
        name="order_lines",
        noun="line",
        derived_from="orders",
        derive=lines_of,
        fields=(Field(name="order", kind=TEXT, refers_to="orders"), *_LINE),
    ),
}
B = {
    "buys": Stream(
        name="buys",
        noun="buy",
        detail_size=1,
        fields=(
            Field(name="placed", kind=TEXT),
            Field(name="mark", kind=TEXT),
            Field(name="lines", kind=Kind.CHILDREN, detail=True, writable=False, children=_LINE),
        ),
        abilities=frozenset(Ability),
        mark="mark",
    ),
    "buy_lines": Stream(
        name="buy_lines",
        noun="line of a buy",
        fields=(
            Field(name="buy", kind=TEXT, refers_to="buys", part_of=True),
            Field(name="thing", kind=TEXT),
            Field(name="many", kind=TEXT),
            Field(name="mark", kind=TEXT),
        ),
        abilities=frozenset(Ability),
        mark="mark",
    ),
}


def flows(*, issue: bool) -> tuple[Flow, Flow]:
    lines = Lines(pairs=(Pair(a="thing", b="thing"), Pair(a="many", b="many")))
    step = (Pair(a="issued", constant=True, owner=Owner.B, once=True),)
    orders = Flow(
        name="orders",
        a="orders",
        b="buys",
        pairs=(
            Pair(a="id", b="mark"),
            Pair(a="day", b="placed"),
            Pair(a="day", b="placed", owner=Owner.B, once=True),
            Pair(a="lines", b="lines", lines=lines, owner=Owner.B, once=True),
            *(step if issue else ()),
        ),
        rules_b=(Rule(when=(Condition(field="mark", test="is empty"),), then=Then.SYNC),),
        writes_a=frozenset({Op.CREATE, Op.UPDATE}) if issue else frozenset({Op.CREATE}),
        writes_b=frozenset(Op),
        match=(Match(a="id", b="mark"), Match(a="reference", b="id")),
        gone_a=GonePolicy(do="remove"),
    )
    parts = Flow(
        name="lines",
        a="order_lines",
        b="buy_lines",
        pairs=(
            Pair(a="id", b="mark"),
            Pair(a="order", b="buy", remake=True),
            Pair(a="thing", b="thing", remake=True),
            Pair(a="many", b="many"),
        ),
        writes_b=frozenset(Op),
        match=(Match(a="id", b="mark"), Match(a=("order", "thing"), b=("buy", "thing"), alike=True)),
        gone_a=GonePolicy(do="remove"),
    )
    return orders, parts


class Exports(RuleBasedStateMachine):
    ground: Ground

    @initialize(issue=st.booleans(), lag=st.booleans())
    def start(self, issue: bool, lag: bool) -> None:
        self.issue = issue
        self.time = datetime(2026, 1, 5, 8, tzinfo=UTC)
        a = Watched("Left", A, prefix="a", page_size=2, now=(lambda: self.time) if lag else None)
        b = Watched("Right", B, prefix="b", page_size=2)
        self.stage = Stage(self.ground, a, b, flows(issue=issue), options={"now": lambda: self.time})
        self.words = 0
        self.deleted: set[str] = set()  # ids that a person deleted at either side
        self.asked: set[str] = set()  # ids of the planner's orders
        self.bought: set[str] = set()  # ids of orders that began at side a
        self.unread: dict[str, set[str]] = {}  # what a buyer took off an order before any run knew its lines
        self.anchor = self.buy()  # so that no side ever reads empty
        self.calm_down()

    def teardown(self) -> None:
        if hasattr(self, "stage"):
            self.calm_down()

    # What stands there.

    def orders(self) -> dict[str, dict[str, Any]]:
        return self.stage.a.rows("orders")

    def buys(self) -> dict[str, dict[str, Any]]:
        return self.stage.b.rows("buys")

    def parts(self, buy: str) -> list[tuple[str, str]]:
        rows = self.stage.b.rows("buy_lines").values()
        return sorted((row["thing"], row["many"]) for row in rows if row["buy"] == buy)

    def links(self) -> dict[str, str]:
        with self.stage.engine.connect() as connection:
            query = select(link.c.a_id, link.c.b_id).where(link.c.flow == "orders")
            return {row.a_id: row.b_id for row in connection.execute(query)}

    def known_lines(self) -> set[str]:
        with self.stage.engine.connect() as connection:
            return set(connection.execute(select(link.c.a_id).where(link.c.flow == "lines")).scalars())

    def word(self) -> str:
        self.words += 1
        return f"{self.words:04d}"

    def lines(self, count: int) -> list[dict[str, str]]:
        return [{"thing": thing, "many": self.word()} for thing in ("bell", "pump", "seat")[:count]]

    # What people do.

    def buy(self, count: int = 1) -> str:
        id = self.stage.a.put("orders", {"day": self.word(), "issued": False, "lines": self.lines(count)})
        self.bought.add(id)
        return id

    @rule(count=st.integers(0, 3))
    def a_planner_places_an_order(self, count: int) -> None:
        lines = self.lines(count)
        id = self.stage.b.put("buys", {"placed": self.word(), "lines": lines})
        for line in lines:
            self.stage.b.put("buy_lines", {"buy": id, **line})
        self.asked.add(id)

    @rule(number=st.integers(0, 5))
    def a_planner_edits(self, number: int) -> None:
        if rows := sorted(self.buys()):
            self.stage.b.put("buys", {"placed": self.word()}, rows[number % len(rows)])

    @rule(number=st.integers(0, 5))
    def a_planner_deletes(self, number: int) -> None:
        rows = [id for id, row in sorted(self.buys().items()) if row.get("mark") != self.anchor]
        if rows:
            id = rows[number % len(rows)]
            self.deleted.add(id)
            self.stage.b.drop("buys", id)

    @rule(count=st.integers(0, 3))
    def a_buyer_places_an_order(self, count: int) -> None:
        self.buy(count)

    @rule(number=st.integers(0, 5), count=st.none() | st.integers(0, 3))
    def a_buyer_edits(self, number: int, count: int | None) -> None:
        rows = sorted(self.orders())
        id = rows[number % len(rows)]
        values: dict[str, Any] = {"day": self.word()} if count is None else {"lines": self.lines(count)}
        known = self.known_lines()
        for line in self.orders()[id]["lines"]:
            if f"{id}-{line['thing']}" not in known:
                self.unread.setdefault(id, set()).add(line["thing"])
        self.stage.a.put("orders", values, id)

    @rule(number=st.integers(0, 5))
    def a_buyer_deletes(self, number: int) -> None:
        rows = sorted(self.orders().keys() - {self.anchor})
        if rows:
            id = rows[number % len(rows)]
            self.deleted |= {id, self.orders()[id].get("reference") or "", self.links().get(id, "")}
            self.stage.a.drop("orders", id)

    @rule(seconds=st.sampled_from([30, 200, 400]))
    def time_goes_by(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)

    # What the engine does.

    def go(self, kind: str, fate: Fate) -> None:
        self.stage.run(fate, full=kind == "full", exports=kind == "exports", approve=True)
        self.never_twice()

    kinds = st.sampled_from(["run", "exports", "full"])

    @rule(kind=kinds)
    def it_runs(self, kind: str) -> None:
        self.go(kind, Fate())

    @rule(kind=kinds, at=st.integers(1, 40))
    def it_dies(self, kind: str, at: int) -> None:
        self.go(kind, Fate(die_at=at))

    @rule(
        kind=kinds,
        at=st.integers(1, 4),
        trouble=st.sampled_from(["lost before", "lost after", "refused", "busy"]),
        die_at=st.none() | st.integers(5, 40),
    )
    def it_meets_trouble(self, kind: str, at: int, trouble: str, die_at: int | None) -> None:
        self.go(kind, Fate(trouble_at=at, trouble=trouble, die_at=die_at))

    @rule(
        kind=kinds,
        at=st.integers(1, 6),
        seconds=st.sampled_from([100, 400]),
        die_at=st.none() | st.integers(1, 40),
    )
    def it_is_slow(self, kind: str, at: int, seconds: int, die_at: int | None) -> None:
        """Between the intent and its call, or after it."""
        self.go(kind, Fate(person_at=at, person=lambda: self.time_goes_by(seconds), die_at=die_at))

    @rule(
        kind=kinds,
        at=st.integers(1, 8),
        what=st.sampled_from(["a_planner_edits", "a_planner_deletes", "a_buyer_edits", "a_buyer_deletes"]),
        number=st.integers(0, 5),
    )
    def somebody_interferes(self, kind: str, at: int, what: str, number: int) -> None:
        more = (None,) if what == "a_buyer_edits" else ()
        self.go(kind, Fate(person_at=at, person=lambda: getattr(self, what)(number, *more)))

    @rule()
    def all_is_calm(self) -> None:
        self.calm_down()

    # What must be true.

    def never_twice(self) -> None:
        marks = [row["reference"] for row in self.orders().values() if row.get("reference")]
        assert len(marks) == len(set(marks)), f"an order was made twice: {marks}"
        marks = [row["mark"] for row in self.buys().values() if row.get("mark")]
        assert len(marks) == len(set(marks)), f"a buy was made twice: {marks}"

    def calm_down(self) -> None:
        for _ in range(4):
            self.time += timedelta(seconds=SETTLES + 1)
            self.stage.retry()
            report = self.stage.finished_run()
            self.never_twice()
            if report.outcome == "in step":
                break
        assert report.outcome == "in step", report
        self.check()
        for full, exports in ((False, True), (True, False)):
            self.stage.run(full=full, exports=exports)
            assert not self.stage.fate.made, f"nothing changed, and yet: {self.stage.fate.made}"

    def check(self) -> None:
        orders, buys = self.orders(), self.buys()
        by_mark = {row.get("mark"): id for id, row in buys.items()}
        assert by_mark.keys() == orders.keys(), "the sides do not hold the same orders"
        strange = 0
        for id, row in orders.items():
            buy = by_mark[id]
            assert buys[buy]["placed"] == row["day"], f"{id} and {buy} differ"
            lines = sorted((line["thing"], line["many"]) for line in row["lines"])
            # What the planner ordered and nobody knew of when the buyer took it off may be a line that a planner added.
            more = {part for part in self.parts(buy) if part[0] in self.unread.get(id, ())} - set(lines)
            strange += len(more)
            parts = [part for part in self.parts(buy) if part not in more]
            assert parts == lines, f"the lines of {id} and {buy} differ"
            exported = row.get("reference") is not None
            if (
                row.get("reference") not in self.deleted
            ):  # what its planner deleted meanwhile may stay a draft
                assert row["issued"] == (self.issue and exported), f"{id} was issued wrongly, or never"
        references = {row.get("reference") for row in orders.values()}
        assert self.asked - self.deleted <= references, "an order of a planner is lost"
        assert self.bought - self.deleted <= orders.keys(), "an order of a buyer is lost"
        marks = [row.get("mark") for row in self.stage.b.rows("buy_lines").values()]
        assert marks.count(None) <= strange
        marks = [mark for mark in marks if mark is not None]
        assert len(marks) == len(set(marks)), "a line is there twice"


def test_orders_that_begin_at_b(ground: Ground) -> None:
    Exports.ground = ground
    # Each history takes three times as long as those of one flow.
    fewer = settings(max_examples=max(1, settings().max_examples * 2 // 5))
    run_state_machine_as_test(Exports, settings=fewer)
