"""A Flow as data: which fields go where, which rules hold, what each side allows. A Sync is an ordered set of flows."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, TypeAlias

import msgspec

from stockbridge.core.record import Value, Values

Side: TypeAlias = Literal["a", "b"]


class Op(StrEnum):
    """A write."""

    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


class Owner(StrEnum):
    """Whose value of a field counts: one side's, or whichever changed (both)."""

    A = "a"
    B = "b"
    BOTH = "both"


class Total(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Adds up one measure of a field of numbers by key, over the given keys; a key that is missing counts as nothing
    there, a record with none of the keys has no total."""

    measure: str
    keys: tuple[str, ...]


class Lines(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the lines inside a record are mapped. Lines with the same `merge_by` value become one; `add` are summed."""

    pairs: tuple[Pair, ...]
    merge_by: str | None = None
    add: tuple[str, ...] = ()


Way: TypeAlias = Literal["both", "to a", "to b"]
Policy: TypeAlias = Literal["a", "b", "newest", "append", "ask"]


class Transform(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of a value on its way. `text` is what some of them need: a template, a format, a default, a part."""

    do: Literal[
        "trim",
        "upper case",
        "lower case",
        "title case",
        "phone",  # text: international | national | e164
        "date",  # text: a format of strftime; only towards a text
        "template",  # text: "{first_name} {last_name} | {company_name}": the first alternative that is filled
        "default",  # text: taken where there is no value
        "given name",  # the first names of a whole name
        "family name",
        "cut",  # text: how many characters
    ]
    text: str = ""


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a Mapping: field `a` and field `b`, and who owns the value.

    `a` may be "id" (the record's own id) or a custom field "cf_…". A pair without its source (`a`, or `b` where side b owns
    the value) sends `constant`. `once` is sent only when a record is made. `fill` is written only where the other side is
    empty. `remake` marks a value that the other side cannot change: the record is removed there and made anew. `needs`
    names a field with the ids of records that must stand at the other side before. `through` names the flow whose links
    resolve a reference, where the streams do not tell; `constant` stands in for a reference that is empty. `empty` says what an empty value does: clear the other side, or leave it alone.
    `rounding` is for whole numbers ("down", "half"; None refuses fractions). `cut` shortens a text that is too long
    instead of refusing the record. `only` keeps just the values of that format ("email").
    `words` say what to do where a value is missing or does not fit.

    Of a field that both sides may write: `way` narrows it to one direction, in which an edit at the target stands until
    the source changes. `policy` decides where both sides changed it (None: the flow's `conflict`). `values` maps options of
    a to options of b. `to_a` and `to_b` are applied to the source value, in that order, before it is fitted to the target.
    """

    b: str | None = None
    a: str | None = None
    constant: Value = None
    owner: Owner = Owner.A
    once: bool = False
    fill: bool = False
    remake: bool = False
    needs: str | None = None
    through: str | None = None
    empty: Literal["clear", "leave"] = "clear"
    total: Total | None = None
    lines: Lines | None = None
    cut: bool = False
    rounding: Literal["down", "half"] | None = None
    only: Literal["email"] | None = None
    words: str = ""
    way: Way = "both"
    policy: Policy | None = None
    values: dict[str, str] = {}
    to_a: tuple[Transform, ...] = ()
    to_b: tuple[Transform, ...] = ()


Test: TypeAlias = Literal[
    "is",
    "is not",
    "is one of",
    "is none of",
    "is filled",
    "is empty",
    "is on or after",
    "is before",
    "is above",
    "is below",
    "contains",
    "does not contain",
    "has",  # of labels
    "has not",
    "is already there",
    "gets deleted",
]


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test of a rule: a field, a comparison, a value. `otherwise` says in a few words what it keeps out.

    It also holds where one of the conditions in `either` does. The tests "is already there" (at the other side) and "gets
    deleted" look at no field.
    """

    field: str
    test: Test
    value: Any = None
    otherwise: str = ""
    either: tuple[Condition, ...] = ()

    def words(self) -> str:
        value = self.value
        if isinstance(value, tuple):
            value = ", ".join(str(one) for one in value)
        name = self.field.replace("_", " ") or "it"
        first = f"{name} {self.test}" + ("" if value is None else f" {value}")
        return " or ".join([first, *(one.words() for one in self.either)])


class Then(StrEnum):
    """What a rule does when its conditions hold."""

    SYNC = "sync it"
    REMOVE = "treat it as deleted"
    SET = "set fields"
    ACT = "act"  # its actions alone; it brings nothing into scope


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule does to the partner at the other side, once, when the record begins to meet it.

    "set" puts the value into a field; "add" and "remove" change one entry of a field of labels. With `undo`, what was done
    is taken back when the record meets the rule no more: only what this did, and only while it still holds.
    """

    field: str
    do: Literal["set", "add", "remove"] = "set"
    value: Any = None
    undo: bool = False

    @property
    def key(self) -> str:
        """The same for the same action of two rules: it is taken back when the last of them releases it."""
        return f"{self.do} {self.field} {self.value}"


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """IF all conditions hold THEN the action. Several SYNC rules are OR-ed; without any, every record is in scope.

    `otherwise` says in a few words what a record is that this SYNC rule keeps out ("drafts and void orders"), or that this
    REMOVE rule takes out ("void orders").
    """

    when: tuple[Condition, ...]
    then: Then
    values: dict[str, Any] = {}
    otherwise: str = ""
    actions: tuple[Action, ...] = ()
    name: str = ""

    def words(self) -> str:
        conditions = " and ".join(condition.words() for condition in self.when)
        if self.then is Then.SET:
            then = "set " + ", ".join(f"{name} to {value}" for name, value in self.values.items())
        else:
            then = str(self.then)
        return f"if {conditions}, {then}" if conditions else f"always {then}"


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Key fields by which unlinked records find each other, exactly and only when unique on both sides.

    Several fields make one key together; those that refer to other records are compared through their links. `alike` is
    true where records with the same key may stand for each other (two lines of an order with the same product): they are
    paired in their order. `shared` is a second key that must agree too where the first may belong to several people (an
    address such as info@…).
    """

    a: str | tuple[str, ...]
    b: str | tuple[str, ...]
    alike: bool = False
    shared: Match | None = None


def several(fields: str | tuple[str, ...]) -> tuple[str, ...]:
    """The fields of one side of a Match."""
    return (fields,) if isinstance(fields, str) else fields


class Likely(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By what unlinked records may be the same though no key of theirs says so; a person is asked then.

    `names` are pairs of name fields, those of a record joined into one name: the first pair that both have decides. Where
    another match key differs they are two, unless one of `though` is the same. `shows` are, by word, what a question
    tells of both besides their names.
    """

    names: tuple[Match, ...]
    though: tuple[Match, ...] = ()
    shows: dict[str, Match] = {}


class GonePolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a deletion at one side does at the other: nothing, remove, or mark with values that `undo` takes back.

    `adds` are labels that the mark adds, by field. With `stays`, what is deleted is never made again, and a partner that a
    person edited after the last sync is not removed.
    """

    do: Literal["nothing", "mark", "remove"] = "nothing"
    values: dict[str, Any] = {}
    undo: dict[str, Any] = {}
    adds: dict[str, str] = {}
    stays: bool = False


class Flow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stream `a` at side a and stream `b` at side b, and everything that decides what happens between them."""

    name: str
    a: str
    b: str
    pairs: tuple[Pair, ...]
    rules_a: tuple[Rule, ...] = ()
    rules_b: tuple[Rule, ...] = ()
    writes_a: frozenset[Op] = frozenset()
    writes_b: frozenset[Op] = frozenset()
    match: tuple[Match, ...] = ()
    conflict: Side = "a"
    gone_a: GonePolicy = GonePolicy()  # a record of side a is gone: what to do at b
    gone_b: GonePolicy = GonePolicy()
    replace: bool = False  # an edit is written by removing and making anew, where the system cannot update
    acyclic: tuple[str, str] | None = (
        None  # two fields of side a: the edges of a graph that must have no circle
    )
    stray: tuple[str, str] | None = (
        None  # reason and remedy for a part that only side b has of what stands at both
    )
    along: str | None = None  # the flow whose links say which record belongs to which: this one only updates
    only_a: tuple[Condition, ...] = ()  # what a record of side a must meet to be looked at at all (its type)
    only_b: tuple[Condition, ...] = ()
    keyed: str = ""  # why a record without any match key is left out; "": it is taken all the same
    region: str | None = None  # the country of phone numbers that name none
    likely: Likely | None = None  # who may be the same is asked before it is made twice; None: nobody looks

    @property
    def takes_from_b(self) -> bool:
        """Whether any value flows from b to a; otherwise b is read only to adopt and in a sweep."""
        return bool(self.writes_a) or any(pair.owner is not Owner.A for pair in self.pairs)

    @property
    def follows_a(self) -> bool:
        """Whether side a decides about a record once it stands at both sides, even where it was first made at b."""
        may_end_at_a = bool(self.writes_a) and self.gone_b.do != "nothing"
        return not may_end_at_a and all(pair.owner is Owner.A or pair.once for pair in self.pairs)


class Applied(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action that a rule has taken on a link. `before` is what the field held, as JSON of {field: value}; None where the
    action found its own value there already, so that there is nothing to take back."""

    action: Action
    side: Side  # at which it was taken
    before: str | None = None


class LinkView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Identity: this a is that b, with what each side held when they last agreed (None: no base yet), and the actions of
    rules that are in force (by side and key)."""

    a_id: str
    b_id: str
    a_snapshot: Values | None = None
    b_snapshot: Values | None = None
    marked: bool = False
    applied: dict[str, Applied] = {}
