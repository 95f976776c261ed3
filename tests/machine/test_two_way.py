"""A two-way flow under people, crashes, lost answers and a lossy side: whatever happened, it ends in step and loses nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from machine.fate import Fate, Ground, Stage, Watched
from stockbridge.core.flow import Flow, GonePolicy, Match, Op, Owner, Pair
from stockbridge.core.record import Field, Kind, Stream
from stockbridge.store.schema import link

LIMIT = 6
NAMES = {"name": "title", "note": "memo"}  # a field -> b field


def stream(name: str, *fields: str) -> dict[str, Stream]:
    texts = tuple(Field(name=one, kind=Kind.TEXT) for one in (*fields, "mark"))
    return {name: Stream(name=name, noun=name, fields=texts, mark="mark")}


A = stream("left", "key", "name", "note")
B = stream("right", "code", "title", "memo")


def flow(conflict: Any) -> Flow:
    return Flow(
        name="things",
        a="left",
        b="right",
        pairs=(
            Pair(a="key", b="code", owner=Owner.BOTH),
            Pair(a="name", b="title", owner=Owner.BOTH),
            Pair(a="note", b="memo", owner=Owner.BOTH),
        ),
        writes_a=frozenset(Op),
        writes_b=frozenset(Op),
        match=(Match(a="key", b="code"),),
        conflict=conflict,
        gone_a=GonePolicy(do="remove"),
        gone_b=GonePolicy(do="remove"),
    )


class Thing:
    """What people did to one thing since both sides last agreed."""

    def __init__(self) -> None:
        self.agreed: dict[str, str | None] | None = None  # by a field; None: not at both sides yet
        self.typed: dict[str, dict[str, str | None]] = {"a": {}, "b": {}}  # side -> a field -> the last value
        self.deleted: set[str] = set()


class TwoWay(RuleBasedStateMachine):
    ground: Ground

    @initialize(
        conflict=st.sampled_from(["a", "b"]),
        lossy=st.sampled_from(["", "a", "b"]),
        tell_a=st.booleans(),
        tell_b=st.booleans(),
    )
    def start(self, conflict: str, lossy: str, tell_a: bool, tell_b: bool) -> None:
        self.limits = {"a": LIMIT if lossy == "a" else None, "b": LIMIT if lossy == "b" else None}
        self.conflict = conflict
        a = Watched("Left", A, prefix="a", limit=self.limits["a"], tombstones=tell_a, page_size=2)
        b = Watched("Right", B, prefix="b", limit=self.limits["b"], tombstones=tell_b, page_size=2)
        self.stage = Stage(self.ground, a, b, (flow(conflict),))
        self.things: dict[str, Thing] = {}
        self.words = 0
        self.disturbed = False
        self.create("a")  # an anchor that nobody deletes, so that no side ever reads empty
        self.anchor = next(iter(self.things))
        self.calm_down()

    def teardown(self) -> None:
        if hasattr(self, "stage"):
            self.calm_down()

    # What stands there.

    def rows(self, side: str) -> dict[str, tuple[str, dict[str, str | None]]]:
        """key -> (id, values by a field); complains where a key stands there twice."""
        memory, name, fields = (
            (self.stage.a, "left", {n: n for n in NAMES})
            if side == "a"
            else (self.stage.b, "right", dict(NAMES))
        )
        out: dict[str, tuple[str, dict[str, str | None]]] = {}
        for id, row in memory.rows(name).items():
            key = row["key" if side == "a" else "code"]
            assert key not in out, f"{key} was made twice at side {side}"
            out[key] = (id, {n: row.get(f) for n, f in fields.items()})
        return out

    def linked(self) -> set[str]:
        with self.stage.engine.connect() as connection:
            return {id for row in connection.execute(select(link.c.a_id, link.c.b_id)) for id in row}

    def word(self) -> str:
        self.words += 1
        return f"{self.words:04d} and more"

    def cut(self, side: str, value: str | None) -> str | None:
        return value if value is None else value[: self.limits[side]]

    # What people do.

    def put(self, side: str, values: dict[str, str | None], id: str | None = None) -> None:
        if side == "a":
            self.stage.a.put("left", values, id)
        else:
            names = {**NAMES, "key": "code"}
            self.stage.b.put("right", {names[n]: v for n, v in values.items()}, id)

    def create(self, side: str) -> None:
        key = f"k{len(self.things)}"
        self.things[key] = Thing()
        self._make(side, key)

    def _make(self, side: str, key: str) -> None:
        values = {"name": self.word(), "note": self.word()}
        self.put(side, {"key": key, **values})
        self.things[key].typed[side] = {n: self.cut(side, v) for n, v in values.items()}

    @rule(side=st.sampled_from("ab"))
    def somebody_creates(self, side: str) -> None:
        self.create(side)

    @rule(side=st.sampled_from("ab"), data=st.data())
    def somebody_creates_what_the_other_side_has(self, side: str, data: st.DataObject) -> None:
        other = "b" if side == "a" else "a"
        there, linked = self.rows(other), self.linked()
        free = [k for k in there if k not in self.rows(side) and there[k][0] not in linked]
        free = [k for k in free if not self.things[k].deleted and self.things[k].typed[other]]
        if free:
            self._make(side, data.draw(st.sampled_from(sorted(free))))

    @rule(
        side=st.sampled_from("ab"), field=st.sampled_from(sorted(NAMES)), clear=st.booleans(), data=st.data()
    )
    def somebody_edits(self, side: str, field: str, clear: bool, data: st.DataObject) -> None:
        self.edit(side, field, clear and field == "note", data.draw(st.integers(0, 5)))

    def edit(self, side: str, field: str, clear: bool, number: int) -> None:
        rows = self.rows(side)
        if rows:
            key = sorted(rows)[number % len(rows)]
            value = None if clear else self.word()
            self.put(side, {field: value}, rows[key][0])
            self.things[key].typed[side][field] = self.cut(side, value)

    @rule(side=st.sampled_from("ab"), number=st.integers(0, 5))
    def somebody_deletes(self, side: str, number: int) -> None:
        self.delete(side, number)

    def delete(self, side: str, number: int) -> None:
        rows, linked = self.rows(side), self.linked()
        # What the engine made and does not know yet would be made once more: nobody could tell that it was there.
        keys = [k for k in sorted(rows) if rows[k][0] in linked and k != self.anchor]
        if keys:
            key = keys[number % len(keys)]
            if side == "a":
                self.stage.a.drop("left", rows[key][0])
            else:
                self.stage.b.drop("right", rows[key][0])
            self.things[key].deleted.add(side)

    # What the engine does.

    @rule(full=st.booleans(), approve=st.booleans())
    def it_runs(self, full: bool, approve: bool) -> None:
        self.disturbed = True
        report = self.stage.run(full=full, approve=approve)
        assert report is not None
        if report.stopped_by == "safety":
            assert not self.stage.fate.made, "a run that stopped for safety wrote something"

    @rule(full=st.booleans(), at=st.integers(1, 45))
    def it_dies(self, full: bool, at: int) -> None:
        self.disturbed = True
        self.stage.run(Fate(die_at=at), full=full, approve=True)

    @rule(
        full=st.booleans(),
        at=st.integers(1, 4),
        trouble=st.sampled_from(["lost before", "lost after", "refused", "busy"]),
        die_at=st.none() | st.integers(5, 45),
    )
    def it_meets_trouble(self, full: bool, at: int, trouble: str, die_at: int | None) -> None:
        self.disturbed = True
        self.stage.run(Fate(trouble_at=at, trouble=trouble, die_at=die_at), full=full, approve=True)

    @rule(
        full=st.booleans(),
        at=st.integers(1, 8),
        side=st.sampled_from("ab"),
        field=st.sampled_from(["name", "note", "delete"]),
        number=st.integers(0, 5),
        die_at=st.none() | st.integers(5, 45),
    )
    def somebody_interferes(
        self, full: bool, at: int, side: str, field: str, number: int, die_at: int | None
    ) -> None:
        self.disturbed = True

        def person() -> None:
            if field == "delete":
                self.delete(side, number)
            else:
                self.edit(side, field, False, number)

        self.stage.run(Fate(person_at=at, person=person, die_at=die_at), full=full, approve=True)

    @rule()
    @precondition(lambda self: any(t.deleted or t.typed["a"] or t.typed["b"] for t in self.things.values()))
    def all_is_calm(self) -> None:
        self.calm_down()

    # What must be true.

    def calm_down(self) -> None:
        for _ in range(3):
            self.stage.retry()
            report = self.stage.finished_run()
            if report.outcome == "in step":
                break
        assert report.outcome == "in step", report
        self.check()
        self.stage.run(full=True)
        assert not self.stage.fate.made, "nothing changed, and yet something was written"
        self.disturbed = False

    def check(self) -> None:
        a, b = self.rows("a"), self.rows("b")
        for key, thing in self.things.items():
            assert (key in a) == (key in b), f"{key} stands at one side only"
            self.check_life(key, thing, key in a)
            if key in a:
                for field in NAMES:
                    self.check_field(key, thing, field, a[key][1][field], b[key][1][field])
                thing.agreed = dict(a[key][1])
            thing.typed, thing.deleted = {"a": {}, "b": {}}, set()
        for key in [key for key in self.things if key not in a]:
            self.things.pop(key)
            self.things[f"dead {key}"] = Thing()  # the number is not given out again

    def check_life(self, key: str, thing: Thing, alive: bool) -> None:
        if key.startswith("dead "):
            assert not alive
            return
        if not thing.deleted:
            assert alive, f"{key} is lost"
        edited = any(thing.typed[side] for side in "ab" if side not in thing.deleted)
        if len(thing.deleted) == 1 and thing.agreed is not None:
            if not edited and not thing.typed["a"] and not thing.typed["b"]:
                assert not alive, f"{key} was deleted and came back"
            elif edited and not self.disturbed:
                assert alive, f"{key} was edited, and an edit beats a delete"
        if len(thing.deleted) == 2 and not self.disturbed:
            assert not alive

    def check_field(self, key: str, thing: Thing, field: str, at_a: str | None, at_b: str | None) -> None:
        about = f"{key}.{field}: a {at_a!r}, b {at_b!r}, typed {thing.typed}, agreed {thing.agreed}"
        assert self.cut("b", at_a) == at_b or self.cut("a", at_b) == at_a, f"the sides differ: {about}"
        typed_a, typed_b = field in thing.typed["a"], field in thing.typed["b"]
        from_a = typed_a and at_a == thing.typed["a"][field]
        from_b = typed_b and at_b == thing.typed["b"][field]
        if thing.deleted:
            return
        if typed_a and typed_b:
            assert from_a or from_b, f"both edits are lost: {about}"
            if not self.disturbed and thing.agreed is not None:
                assert from_a if self.conflict == "a" else from_b, f"the wrong side won: {about}"
        elif typed_a:
            assert from_a, f"an edit at a is lost: {about}"
        elif typed_b:
            assert from_b, f"an edit at b is lost: {about}"
        elif thing.agreed is not None:
            assert at_a == thing.agreed[field], f"nobody changed it: {about}"


def test_two_ways(ground: Ground) -> None:
    TwoWay.ground = ground
    run_state_machine_as_test(TwoWay)
