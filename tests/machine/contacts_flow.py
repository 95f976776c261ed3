"""Two systems with contacts that have everything that makes a sync of them hard, and the flow between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from stockbridge.core.flow import (
    Action,
    Condition,
    Flow,
    GonePolicy,
    Likely,
    Match,
    Op,
    Owner,
    Pair,
    Rule,
    Side,
    Then,
    Transform,
)
from stockbridge.core.record import Field, Kind, Stream

TRASH, VIP, SEEN, LOST = "Sync Trash", "VIP", "Seen", "Lost"
OURS = {TRASH, VIP, SEEN, LOST}
GRADES = {"Gold": "gold", "Silver": "silver"}


def _texts(*names: str, **more: Any) -> tuple[Field, ...]:
    return tuple(Field(name=name, kind=Kind.TEXT, **more) for name in names)


def _long(*names: str, **more: Any) -> tuple[Field, ...]:
    return tuple(Field(name=name, kind=Kind.LONG_TEXT, **more) for name in names)


A = {
    "left": Stream(
        name="left",
        noun="contact",
        fields=(
            Field(name="name", kind=Kind.TEXT, required=True),
            Field(name="kind", kind=Kind.SELECT, choices=("customer", "vendor")),
            *_texts("first", "last", "company", "city", "private"),
            Field(name="email", kind=Kind.EMAIL),
            Field(name="phone", kind=Kind.PHONE),
            Field(name="status", kind=Kind.SELECT, choices=("active", "inactive"), role="active"),
            Field(name="tier", kind=Kind.SELECT, choices=("Gold", "Silver", "Bronze")),
            Field(name="tags", kind=Kind.LABELS, detail=True),
            *_texts("nick", "flag", detail=True),
            *_long("notes", "remark", detail=True),
            Field(name="trash", kind=Kind.FLAG, detail=True),
        ),
        names=("name", "email"),
        detail_size=1,
        mark=None,
        mark_shown=False,
        unique="name",
    )
}
B = {
    "right": Stream(
        name="right",
        noun="contact",
        fields=(
            *_texts("given", "family", "org", "grade", "alias", "segment", "private", "mark"),
            Field(name="emails", kind=Kind.EMAIL, many=True),
            Field(name="phones", kind=Kind.PHONE, many=True),
            Field(name="labels", kind=Kind.LABELS, role="labels"),
            Field(name="tags", kind=Kind.LABELS),
            *_long("notes", "remark"),
        ),
        names=("given", "emails"),
        mark="mark",
    )
}

FIELDS = {  # a field -> b field, of those that people type into
    "first": "given",
    "last": "family",
    "email": "emails",
    "phone": "phones",
    "company": "org",
    "tier": "grade",
    "tags": "tags",
    "notes": "notes",
    "remark": "remark",
    "nick": "alias",
}


@dataclass(frozen=True)
class Setting:
    """What is drawn for a history."""

    direction: Literal["both", "to a", "to b"] = "both"
    winner: Side = "a"
    family: Literal["a", "b"] | None = None  # who wins the family name
    scope: Literal["all", "customers", "rules", "there"] = "all"
    keyed: bool = True
    asks: bool = True  # whether two are the same that are called alike
    gone_a: Literal["nothing", "mark", "remove"] = "nothing"
    gone_b: Literal["nothing", "mark", "deactivate", "remove"] = "nothing"
    marks: bool = True  # a rule about what gets deleted
    undo: bool = True
    company: bool = True  # its pair is switched on

    @property
    def to_a(self) -> bool:
        return self.direction != "to b"

    @property
    def to_b(self) -> bool:
        return self.direction != "to a"


def _is(field: str, value: Any, test: Any = "is") -> Condition:
    return Condition(field=field, test=test, value=value)


def _rules(setting: Setting) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    then = Then.SYNC if setting.scope == "rules" else Then.ACT
    vip = Action(field="labels", do="add", value=VIP, undo=setting.undo)
    rules_a = [
        Rule(
            name="north",
            when=(_is("city", "north"),),
            then=then,
            actions=(vip, Action(field="segment", value="northern", undo=setting.undo)),
        ),
        Rule(name="gold", when=(_is("tier", "Gold"),), then=then, actions=(vip,)),
        Rule(
            name="seen",
            when=(_is("city", "south"),),
            then=Then.ACT,
            actions=(Action(field="labels", do="add", value=SEEN),),
        ),
    ]
    flag = Action(field="flag", value="friend", undo=setting.undo)
    rules_b = [Rule(name="friends", when=(_is("labels", "Friends", "has"),), then=Then.ACT, actions=(flag,))]
    if setting.marks:
        gone = Condition(field="", test="gets deleted")
        lost = Action(field="labels", do="add", value=LOST)
        rules_a.append(Rule(name="lost", when=(gone, _is("city", "north")), then=Then.ACT, actions=(lost,)))
        lost = Action(field="flag", value="lost")
        rules_b.append(Rule(name="lost", when=(gone,), then=Then.ACT, actions=(lost,)))
    nothing = Rule(when=(_is("private", (), "is one of"),), then=Then.SYNC, otherwise="nothing comes in")
    if setting.scope == "there":
        there = Condition(field="", test="is already there")
        rules_a.append(Rule(name="there", when=(there,), then=Then.SYNC))
        rules_b.append(Rule(name="all", when=(_is("given", None, "is filled"),), then=Then.SYNC))
    if setting.direction == "to a":
        rules_a = [nothing]
    elif setting.direction == "to b":
        rules_b = [nothing]
    elif setting.scope == "rules":
        rules_b.append(nothing)
    if setting.direction == "to a" and setting.scope == "rules":
        rules_b.append(Rule(name="b", when=(_is("labels", "Friends", "has"),), then=Then.SYNC))
    return tuple(rules_a), tuple(rules_b)


_LIKELY = Likely(
    names=(Match(a=("first", "last"), b=("given", "family")), Match(a="name", b=("given", "family"))),
    though=(Match(a="phone", b="phones"),),
    shows={"e-mail": Match(a="email", b="emails"), "company": Match(a="company", b="org")},
)


def flow(setting: Setting) -> Flow:
    """As the wiring of the contact sync would make it of such settings."""

    def pair(a: str, b: str, **more: Any) -> Pair:
        return Pair(a=a, b=b, owner=Owner.BOTH, way=setting.direction, **more)

    pairs = [
        pair("first", "given"),
        pair("last", "family", policy=setting.family),
        pair("email", "emails"),
        pair("phone", "phones"),
        pair("tier", "grade", values=GRADES),
        pair("tags", "tags"),
        pair("notes", "notes", policy="ask"),
        pair("remark", "remark", policy="append"),
    ]
    if setting.company:
        pairs.append(pair("company", "org", policy="newest"))
    if setting.to_b:
        pairs.append(Pair(a="nick", b="alias", owner=Owner.BOTH, way="to b"))
    if setting.to_a:
        name = Transform(do="template", text="{given} {family} | {emails} | {mark}")
        pairs.append(Pair(a="name", owner=Owner.B, once=True, to_a=(name,)))
        pairs.append(Pair(a="kind", constant="customer", owner=Owner.B, once=True))
    rules_a, rules_b = _rules(setting)
    gone_a, gone_b = GonePolicy(stays=True), GonePolicy(stays=True)
    if setting.gone_a == "mark":
        gone_a = GonePolicy(do="mark", adds={"labels": TRASH}, stays=True)
    elif setting.gone_a == "remove":
        gone_a = GonePolicy(do="remove", stays=True)
    if setting.gone_b == "mark":
        gone_b = GonePolicy(do="mark", values={"trash": True}, undo={"trash": False}, stays=True)
    elif setting.gone_b == "deactivate":
        gone_b = GonePolicy(do="mark", values={"status": "inactive"}, undo={"status": "active"}, stays=True)
    elif setting.gone_b == "remove":
        gone_b = GonePolicy(do="remove", stays=True)
    writes_a = frozenset(Op) if setting.to_a else frozenset()
    writes_b = frozenset(Op) if setting.to_b else frozenset()
    only = (_is("kind", "customer"),) if setting.scope == "customers" else ()
    return Flow(
        name="contacts",
        a="left",
        b="right",
        pairs=tuple(pairs),
        rules_a=rules_a,
        rules_b=rules_b,
        writes_a=writes_a - ({Op.REMOVE} if gone_b.do != "remove" else set()),
        writes_b=writes_b - ({Op.REMOVE} if gone_a.do != "remove" else set()),
        match=(Match(a="email", b="emails"), Match(a="phone", b="phones")),
        conflict=setting.winner,
        gone_a=gone_a,
        gone_b=gone_b,
        only_a=only,
        keyed="no e-mail address or phone number" if setting.keyed else "",
        region="NL",
        likely=_LIKELY if setting.keyed and setting.asks else None,
    )
