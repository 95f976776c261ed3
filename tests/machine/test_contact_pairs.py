"""One pair of contacts, decided again and again while people edit both: every field, label and question as the laws say.

No store and no calls, so that many histories are tried.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from machine.contacts_flow import FIELDS, A, B, Setting, flow
from machine.contacts_laws import ASKED, KINDS, Card, canon, expected, in_scope, left_over, met_actions
from machine.contacts_people import CITIES, LABELS, NAMES, TAGS
from machine.contacts_sides import START
from stockbridge.core.compiled import compile_flow
from stockbridge.core.decide import Decision, decide
from stockbridge.core.flow import LinkView, Side
from stockbridge.core.merge import Answer, Typed
from stockbridge.core.record import Kind, Record, Stream, Values

Edit: TypeAlias = tuple[Side, int, int]
EDIT = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2), st.integers(0, 19))
FOCUS = st.lists(  # a history is about a few fields, so that something happens to them
    st.sampled_from([*NAMES, "city", "city", "city", "labels", "labels", "more", "segment", "segment"]),
    min_size=1,
    max_size=3,
)
STEP = st.tuples(st.lists(EDIT, min_size=1, max_size=4), st.sampled_from([None, None, "a", "b", "typed"]))
SETTINGS = st.builds(
    Setting,
    direction=st.sampled_from(["both", "both", "to a", "to b"]),
    winner=st.sampled_from(["a", "b"]),
    family=st.sampled_from([None, "a", "b"]),
    scope=st.sampled_from(["all", "rules"]),
    keyed=st.booleans(),
    undo=st.booleans(),
)


def record(id: str, stream: Stream, values: Values, modified: datetime) -> Record:
    empty: Values = {one.name: [] if one.many or one.kind is Kind.LABELS else None for one in stream.fields}
    return Record(id=id, values={**empty, **values}, version="1", modified=modified)


class Pair:
    """Two contacts that are the same person."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.compiled = compile_flow(flow(setting), A["left"], B["right"], {})
        self.now, self.words = START, 0
        email = "anna@x.example"
        a: Values = {"name": "n", "kind": "customer", "first": "a", "email": email, "city": "north"}
        b: Values = {"given": "b", "emails": ["other@x.example", email], "labels": ["Friends"]}
        self.records: dict[Side, Record] = {
            "a": record("a1", A["left"], a, START),
            "b": record("b1", B["right"], b, START),
        }
        self.link: LinkView | None = None
        self.agreed: dict[str, tuple[Any, Any]] = {}
        self.open: set[str] = set()

    def word(self) -> str:
        self.words += 1
        return f"w{self.words:04d}"

    def edit(self, side: Side, name: str, choice: int) -> None:
        """Somebody types."""
        values = self.records[side].values
        target = name if side == "a" else FIELDS.get(name, name)
        clear = choice % 5 == 4
        value: Any = self.word()
        if name == "city":
            side, value = "a", CITIES[choice % 3]
            target = name
        elif name in ("labels", "more", "segment"):
            side = "b"
            values = self.records["b"].values
            if name == "labels":
                kept = [one for one in values["labels"] if one not in LABELS]
                target, value = (
                    "labels",
                    sorted([*kept, *(o for n, o in enumerate(LABELS) if choice & 1 << n)]),
                )
            elif name == "more":
                target = "emails" if choice % 2 else "phones"
                new = f"{value}@x.example" if choice % 2 else f"+3120123{value[1:]}"
                value = [*values[target], new]
        elif name == "tier":
            value = None if clear else ("Gold", "Silver")[choice % 2]
            value = value if side == "a" or value is None else value.lower()
        elif name == "tags":
            value = [tag for at, tag in enumerate(TAGS) if choice & 1 << at]
        elif name in KINDS:
            value = f"{value}@x.example" if name == "email" else f"+3120123{value[1:]}"
            if side == "b":
                rest = values[target][1:]
                value = rest if clear else [*rest, value] if choice % 4 == 3 and rest else [value, *rest]
            elif clear:
                value = None
            elif choice % 4 == 3 and self.records["b"].values[FIELDS[name]]:
                value = self.records["b"].values[FIELDS[name]][-1]
        elif clear and name != "first":
            value = None
        self.change(side, {target: value})

    def change(self, side: Side, values: Values) -> None:
        self.now += timedelta(seconds=1)
        old = self.records[side]
        self.records[side] = msgspec.structs.replace(old, values={**old.values, **values}, modified=self.now)

    def decide(self, answers: dict[str, Answer]) -> Decision:
        a, b = self.records["a"], self.records["b"]
        return decide(self.compiled, self.link, a, b, lambda flow, id: None, answers=answers)

    def run(self, answers: dict[str, Answer]) -> Decision:
        """As the engine does it: decide, write, and remember what both agreed on."""
        decision = self.decide(answers)
        link = self.link
        if decision.kind in ("agree", "write"):
            held = link or LinkView(a_id="a1", b_id="b1")
            a_seen = held.a_snapshot if decision.a_seen is None else decision.a_seen
            b_seen = held.b_snapshot if decision.b_seen is None else decision.b_seen
            for write in decision.writes:
                self.change(write.side, write.values)
                side = self.compiled.a if write.side == "a" else self.compiled.b
                sent = {name: value for name, value in write.values.items() if name in side.fields}
                if write.side == "a":
                    a_seen = {**(a_seen or {}), **sent}
                else:
                    b_seen = {**(b_seen or {}), **sent}
            link = msgspec.structs.replace(held, a_snapshot=a_seen, b_snapshot=b_seen)
        if decision.applied is not None and link is not None:
            link = msgspec.structs.replace(link, applied=decision.applied)
        self.link = link
        return decision

    def remember(self) -> None:
        """What both agree on, where nothing else is looked at."""
        for name in FIELDS.keys() - self.open:
            self.agreed[name] = (
                canon("a", name, self.records["a"].values),
                canon("b", name, self.records["b"].values),
            )

    def check(self, cards: dict[Side, Card], decision: Decision, answer: Any) -> None:
        a, b = self.records["a"].values, self.records["b"].values
        about = f"{self.setting}\n {decision}\n a {a}\n b {b}\n {cards['a']}\n {cards['b']}\n {self.agreed}"
        asked = {one.field for one in decision.asks}
        for name in FIELDS:
            now = canon("a", name, a), canon("b", name, b)
            wanted = expected(
                self.setting,
                name,
                cards["a"],
                cards["b"],
                self.agreed.get(name),
                answer if name == "notes" else None,
            )
            if wanted == (ASKED, ASKED):
                assert name in asked, f"nobody asks about {name}: {about}"
                assert now == (canon("a", name, cards["a"].values), canon("b", name, cards["b"].values)), (
                    about
                )
                continue
            assert name not in asked, f"a question about {name}: {about}"
            if not (name in KINDS and wanted == (None, None) and left_over(name, cards["b"].values, now)):
                assert now == wanted, f"{name} should be {wanted} and is {now}: {about}"
            self.agreed[name] = now
        self.open = set(asked)


def check_segment(old: LinkView | None, new: LinkView, people: Any, now: Any) -> None:
    """A field that a rule sets: it comes with the rule, and what stood there before comes back where ours still stands."""
    key, about = "b set segment northern", f"{people} {now} {old} {new}"
    was, is_now = old is not None and key in old.applied, key in new.applied
    if is_now and not was:
        assert now == "northern", about
    elif old is not None and was and not is_now:
        ours = old.applied[key]
        if ours.before is not None and ours.action.undo and people == "northern":
            assert now == msgspec.json.decode(ours.before)["segment"], about
        else:
            assert now == people, about
    else:
        assert now == people, about


@settings(max_examples=settings().max_examples * 4, deadline=None)
@given(setting=SETTINGS, focus=FOCUS, steps=st.lists(STEP, min_size=1, max_size=7))
def test_a_pair_of_contacts(
    setting: Setting, focus: list[str], steps: list[tuple[list[Edit], str | None]]
) -> None:
    pair = Pair(setting)
    for edits, said in [([], None), *steps]:
        for side, place, choice in edits:
            pair.edit(side, focus[place % len(focus)], choice)
        answers: dict[str, Answer] = {}
        answer: Any = None
        if said is not None and "notes" in pair.open:
            answer = Typed(pair.word()) if said == "typed" else said
            answers["notes"] = answer
        cards: dict[Side, Card] = {
            side: Card(values=dict(one.values), modified=one.modified) for side, one in pair.records.items()
        }
        before = pair.link
        why = in_scope(setting, cards["a"].values, cards["b"].values)
        decision = pair.run(answers)
        if decision.kind in ("write", "agree", "same"):
            pair.open = {one.field for one in decision.asks}
        for _ in range(3):  # what we write may bring a rule into force
            if pair.run({}).kind != "write":
                break
        again = pair.decide({})
        assert not again.writes, f"it does not come to rest: {again}"
        if pair.link is None:
            continue
        kept = set(cards["b"].values["emails"]) - set(pair.records["b"].values["emails"])
        assert len(kept) < 2, f"addresses of side b are lost: {kept} {decision}"
        if why:
            continue
        if in_scope(setting, pair.records["a"].values, pair.records["b"].values):
            pair.remember()  # what was written took it out of the rules
            continue
        pair.check(cards, decision, answer)
        a, b = pair.records["a"].values, pair.records["b"].values
        assert met_actions(setting, a, b) == set(pair.link.applied), f"{setting} {a} {b} {pair.link.applied}"
        for label in ("VIP", "Seen"):
            key = f"b add labels {label}"
            had = label in cards["b"].values["labels"]
            about = f"{label}: {before} {pair.link} {b}"
            was, is_now = before is not None and key in before.applied, key in pair.link.applied
            if before is None or (is_now and not was):
                assert (label in b["labels"]) == (had or is_now), about
            elif was and not is_now:
                ours = before.applied[key].before is not None and before.applied[key].action.undo
                assert (label in b["labels"]) == (had and not ours), about
            else:
                assert (label in b["labels"]) == had, about
        check_segment(before, pair.link, cards["b"].values["segment"], b["segment"])
