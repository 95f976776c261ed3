"""Contacts both ways, under people, rules with undo, questions, deletions by every policy, crashes and lost answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from machine.contacts_alike import creates_alike, doubt_about, says_who_is_who
from machine.contacts_check import check, remember
from machine.contacts_flow import A, B, Setting, flow
from machine.contacts_people import ACTS, NAMES, SIDES, World, changes_settings, delete, edit, make
from machine.contacts_sides import Clock, Ledger, book
from machine.fate import Fate, Ground, Stage
from stockbridge.core.flow import Side

SETTINGS = st.builds(
    Setting,
    direction=st.sampled_from(["both", "both", "both", "to a", "to b"]),
    winner=st.sampled_from(SIDES),
    family=st.sampled_from([None, "a", "b"]),
    scope=st.sampled_from(["all", "customers", "rules", "there"]),
    keyed=st.booleans(),
    asks=st.sampled_from([True, True, False]),
    gone_a=st.sampled_from(["nothing", "mark", "remove"]),
    gone_b=st.sampled_from(["nothing", "mark", "deactivate", "remove"]),
    marks=st.booleans(),
    undo=st.booleans(),
)
ALIKE = {"creates alike": creates_alike, "says who is who": says_who_is_who}
Act: TypeAlias = tuple[str, Side, int, int]
ACT = st.tuples(
    st.sampled_from([*ACTS] + [*ALIKE] * 4 + ["edits"] * 6 + ["both edit"] * 3 + ["edits beside"] * 6),
    st.sampled_from(SIDES),
    st.integers(0, 3),
    st.integers(0, 63),
)
DAY = st.lists(ACT, min_size=1, max_size=4)


@dataclass(frozen=True)
class Then:
    """How a day ends."""

    ends: str
    full: bool
    at: int
    number: int
    die_at: int | None


TROUBLES = ["lost before", "lost after", "refused", "busy", "death", "somebody", "somebody"]
THEN = st.builds(
    Then,
    ends=st.sampled_from(["calm"] * 8 + ["run"] * 2 + TROUBLES + ["settings"]),
    full=st.booleans(),
    at=st.integers(1, 6),
    number=st.integers(0, 15),
    die_at=st.none() | st.integers(2, 45),
)


class Contacts(RuleBasedStateMachine):
    ground: Ground

    @initialize(setting=SETTINGS, tell_a=st.booleans(), tell_b=st.booleans(), alike=st.booleans())
    def start(self, setting: Setting, tell_a: bool, tell_b: bool, alike: bool) -> None:
        self.alike = alike  # a town where many are called the same
        if alike:
            setting = replace(setting, keyed=True, asks=True)
        if setting.direction == "to a":
            setting = replace(setting, gone_a="nothing")
        if setting.direction == "to b":
            setting = replace(setting, gone_b="nothing")
        clock, ledger = Clock(), Ledger(setting)
        a = book("a", A, clock, ledger, tell=tell_a)
        b = book("b", B, clock, ledger, tell=tell_b)
        stage = Stage(self.ground, a, b, (flow(setting),), options={"now": lambda: clock.now})
        self.world = world = World(stage, ledger, clock)
        ledger.doubt_about = partial(doubt_about, world)
        # Anchors that nobody touches, so that no side ever reads empty.
        world.anchors = {
            ("a", make(world, "a", email="anchor@x.example", city="north")),
            ("b", make(world, "b", email="anchor@x.example", labels=("Friends",))),
        }
        make(world, "a", email="anna@x.example", city="north")
        make(world, "b", email="bram@x.example", phone="+31201237777", labels=("Friends",))
        self.calm_down()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.calm_down()

    @rule(day=DAY, then=THEN)
    def a_day(self, day: list[Act], then: Then) -> None:
        world = self.world
        for what, side, number, choice in day:
            self.act(what, side, number, choice)
        if then.ends == "calm":
            self.calm_down()
            return
        if then.ends == "settings":
            self.calm_down()
            changes_settings(world, ("company", "winner", "undo")[then.at % 3])
            self.calm_down()
            return
        world.disturbed = True
        if then.ends == "run":
            report = world.stage.run(full=then.full, approve=then.at % 2 == 0)
            assert report is not None
            if report.stopped_by == "safety":
                assert not world.stage.fate.made, "a run that stopped for safety wrote something"
            return
        fate = Fate(die_at=then.die_at)
        if then.ends == "somebody":
            fate.person_at, fate.person = then.at, self.somebody(then)
        elif then.ends != "death":
            fate.trouble_at, fate.trouble = then.at, then.ends
        world.stage.run(fate, full=then.full, approve=True)

    def act(self, what: str, side: Side, number: int, choice: int) -> None:
        if self.alike and what in ("edits beside", "both edit"):
            what = [*ALIKE][number % 2]
        if what in ALIKE:
            ALIKE[what](self.world, side, number, choice)
        else:
            ACTS[what](self.world, side, number, choice)

    def somebody(self, then: Then) -> Callable[[], None]:
        """Somebody edits or deletes in the middle of a run."""
        side: Side = "a" if then.number % 2 else "b"
        id = self.world.one_of(side, then.number // 2)

        def person() -> None:
            if id is None or id not in self.world.rows(side):
                return
            if then.at == 1:
                delete(self.world, side, id)
            else:
                edit(self.world, side, id, NAMES[then.number % len(NAMES)], then.at)

        return person

    def calm_down(self) -> None:
        world = self.world
        stage, strict = world.stage, not world.disturbed
        before = {(one.a_id, one.b_id): one for one in world.links()}
        for _ in range(4):
            stage.retry()
            report = stage.finished_run()
            assert report.outcome in ("in step", "left over"), report
            if not stage.fate.made:
                break
        assert not stage.fate.made, f"it does not come to rest: {world.ledger.writes[-6:]}"
        check(world, before, strict=strict)
        stage.run()
        assert not stage.fate.made, f"nothing changed, and yet: {world.ledger.writes[-3:]}"
        remember(world)


def test_contacts(ground: Ground) -> None:
    Contacts.ground = ground
    fewer = settings(
        max_examples=max(1, settings().max_examples * 2 // 5),
        stateful_step_count=settings().stateful_step_count // 2,
    )
    run_state_machine_as_test(Contacts, settings=fewer)
