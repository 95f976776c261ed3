"""Which fields can be mapped to each other, and in which direction, with the reason in words.

The direction of a pair is what is left of "both" after the types, what each side lets be written, the direction of the
sync and the wish of the person who mapped it. Whatever takes a direction away says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Literal, TypeAlias

import msgspec

from stockbridge.core.flow import Owner, Pair, Way
from stockbridge.core.record import Ability, Field, Kind, Stream
from stockbridge.core.transforms import NAME_PARTS, SPOKEN, check_all

Arrow: TypeAlias = Literal["<->", "->", "<-", "none"]
Names: TypeAlias = tuple[str, str]

# Row to column, as in the facts (contact sync 3.2): "<>" both ways, ">" this way only, "-" not at all. With "map" in front it
# needs a value map, unless the options are the same (facts: contact sync 3.3). A whole number counts as a number.
_TABLE = """
                text   long text  number  date  time  yes/no  one of a list  labels  e-mail address  phone number  web address  address
text            <>     >          -       -     -     -       map>           map>    -               -             -            -
long text       >      <>         -       -     -     -       -              -       -               -             -            -
number          >      >          <>      -     -     -       -              -       -               -             -            -
date            >      >          -       <>    <>    -       -              -       -               -             -            -
time            >      >          -       <>    <>    -       -              -       -               -             -            -
yes/no          >      >          -       -     -     <>      map>           -       -               -             -            -
one of a list   >      >          -       -     -     map>    map<>          >       -               -             -            -
labels          >      >          -       -     -     -       >              map<>   -               -             -            -
e-mail address  >      >          -       -     -     -       -              -       <>              -             -            -
phone number    >      >          -       -     -     -       -              -       -               <>            -            -
web address     >      >          -       -     -     -       -              -       -               -             <>           -
address         >      >          -       -     -     -       -              -       -               -             -            <>
"""

_ADDRESS = "address"  # the row and column of the parts of addresses, each of which is a field of its own

_LOST: Mapping[tuple[str, str], str] = {  # "… on the way to Google"
    (Kind.LONG_TEXT, Kind.TEXT): "line breaks become blanks, and what is too long is refused",
    (Kind.MOMENT, Kind.DAY): "the time of day is lost",
    (Kind.LABELS, Kind.SELECT): "all but the first are left out",
}

_FLAGS = ("true", "false")


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the values of one field can go to another. `words` say why not, or what is lost (`loses`)."""

    ok: bool
    words: str = ""
    loses: bool = False


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    """Where the values of a pair may go. `reasons` say what narrows it and what is lost, each without a full stop."""

    to_a: bool
    to_b: bool
    reasons: tuple[str, ...] = ()

    @property
    def arrow(self) -> Arrow:
        """ "<->" both ways, "->" to b, "<-" to a, "none"."""
        if self.to_a and self.to_b:
            return "<->"
        return "->" if self.to_b else "<-" if self.to_a else "none"


def fit(
    source: Field, target: Field, *, mapped: bool = False, values: Mapping[str, str] | None = None
) -> Fit:
    """Whether the values of `source` can go to `target`, by their types alone.

    `mapped` is true where the pair has a value map; with `values` (option of the source -> option of the target) it is
    also checked that every option has a partner and that every partner exists.
    """
    cell = _cell(source, target)
    if cell == "-":
        return Fit(ok=False, words=_why_not(source, target))
    by_options = target.kind is Kind.SELECT or (target.kind is Kind.LABELS and bool(target.choices))
    mapped = mapped or bool(values)
    if mapped:
        trouble = _bad_map(source, target, values or {})
        if trouble:
            return Fit(ok=False, words=trouble)
    elif cell.startswith("map") or by_options:
        free = target.kind is Kind.LABELS and not target.choices and source.kind is Kind.LABELS
        known = bool(source.choices) and set(source.choices) <= set(target.choices)
        if not (free or (known and source.kind in (Kind.SELECT, Kind.LABELS))):
            return Fit(ok=False, words=_needs_map(source, target))
    lost = _LOST.get((source.kind, target.kind), "")
    if _is_first(source, target):
        lost = "all but the first are left out"
    elif target.kind is Kind.INTEGER and source.kind is Kind.NUMBER:
        lost = "a number with a fraction is refused"
    elif source.kind is Kind.NUMBER and target.kind is Kind.NUMBER and _places(source) > _places(target):
        lost = f"numbers are rounded to {_places(target)} places"
    return Fit(ok=True, words=lost, loses=bool(lost))


def direction(
    a: Field,
    b: Field,
    *,
    sync: Way = "both",
    wanted: Way = "both",
    mapped: bool = False,
    once: bool = False,
    values: Mapping[str, str] | None = None,
    names: Names = ("side a", "side b"),
) -> Direction:
    """Where the values of a pair may go: types, what each side lets be written, the sync's direction and the wish, met.

    `values` maps options of a to options of b; back to a goes only what has one partner. `once` says that the value is sent
    only when a record is made. `names` are what people call the two systems.
    """
    forth = fit(a, b, mapped=mapped, values=values)
    back = _fit_back(a, b, mapped, values)
    shut_b = _shut(forth, b, names[1], names[0], sync=sync == "to a", wish=wanted == "to a")
    shut_a = _shut(back, a, names[0], names[1], sync=sync == "to b", wish=wanted == "to b")
    to_a, to_b = not shut_a, not shut_b
    reasons: list[str] = []
    if to_a and to_b and not (_cell(a, b).endswith("<>") and _cell(b, a).endswith("<>")):
        to_b = back.loses or not forth.loses
        to_a = not to_b
        reasons.append(
            f"{_keeps(a)} and {_keeps(b)} are not quite the same, so it goes to {names[1 if to_b else 0]} only,"
            " unless you choose the other way"
        )
    elif to_b and shut_a:
        reasons.append(_so(shut_a, names[1]))
    elif to_a and shut_b:
        reasons.append(_so(shut_b, names[0]))
    elif shut_a and shut_b:
        reasons += [shut_b, shut_a] if forth.ok or back.ok else [shut_b]
    for open_, way, source, target, to in ((to_b, forth, a, b, names[1]), (to_a, back, b, a, names[0])):
        if open_ and target.many and not _is_list(source):
            reasons.append(f"it is the first of the {target.words} at {to}; the others stay as they are")
        elif open_ and way.loses and not (to_a and to_b and _is_first(source, target)):
            reasons.append(f"{way.words} on the way to {to}")
    if once and (to_a or to_b):
        reasons.append("it is sent only when a record is made")
    return Direction(to_a=to_a, to_b=to_b, reasons=tuple(reasons))


def direction_of(
    pair: Pair, a: Stream, b: Stream, *, sync: Way = "both", names: Names = ("side a", "side b")
) -> Direction:
    """The direction of a pair whose two fields both exist. ValueError where one does not."""
    at_a, at_b = _field(a, pair.a), _field(b, pair.b)
    if at_a is None or at_b is None:
        raise ValueError(f"There is no such pair of fields: {pair.a} and {pair.b}.")
    return direction(
        at_a, at_b, sync=sync, wanted=pair.way, once=pair.once, values=pair.values or None, names=names
    )


def problems(
    pairs: Iterable[Pair],
    a: Stream,
    b: Stream,
    *,
    sync: Way = "both",
    names: Names = ("side a", "side b"),
) -> list[str]:
    """Everything that is wrong with a list of pairs, one sentence each; empty where it can be used.

    A field that does not exist (with the nearest that does), one that stands in two pairs, one beside the list that it is a
    part of, a pair that could write nothing, a transform that does not suit its field. A value that is sent only when a
    record is made may come from a field that is mapped elsewhere too, and a whole name may go to two: its given name and its
    family name.
    """
    pairs = tuple(pairs)
    found: list[str] = []
    for side, stream, name in (("a", a, names[0]), ("b", b, names[1])):
        used = [
            (field, _part_of_name(pair, side))
            for pair in pairs
            if (field := _field(stream, pair.a if side == "a" else pair.b)) is not None
            and not (pair.once and _source_side(pair) == side)
        ]
        found += _repeated(used, name)
    for pair in pairs:
        found += _wrong(pair, a, b, sync, names)
    return list(dict.fromkeys(found))


def _wrong(pair: Pair, a: Stream, b: Stream, sync: Way, names: Names) -> list[str]:
    missing = [
        f"{name} has no field “{wanted}”{nearest(wanted, stream)}."
        for wanted, stream, name in ((pair.a, a, names[0]), (pair.b, b, names[1]))
        if wanted is not None and _field(stream, wanted) is None
    ]
    if missing:
        return missing
    at_a, at_b = _field(a, pair.a), _field(b, pair.b)
    if at_a is None or at_b is None:
        return [] if pair.constant is not None or pair.to_a or pair.to_b else ["A pair needs two fields."]
    where = f"“{at_a.words}” at {names[0]} and “{at_b.words}” at {names[1]}"
    takes_a, takes_b = _takes(a), _takes(b)
    if not takes_a or not takes_b:
        sync = "to b" if not takes_a else "to a"
    way = direction_of(pair, a, b, sync=sync, names=names)
    if way.arrow == "none":
        return [f"{where} cannot be mapped to each other: {'; '.join(way.reasons)}."]
    out = []
    for steps, source, target, stream in ((pair.to_b, at_a, at_b, a), (pair.to_a, at_b, at_a, b)):
        out += [f"{where}: {fault}" for fault in check_all(steps, source, target, _names(stream))]
    out += [
        f"{where}: a change on the way to {name} has no effect, because nothing goes there."
        for steps, open_, name in ((pair.to_a, way.to_a, names[0]), (pair.to_b, way.to_b, names[1]))
        if steps and not open_
    ]
    return out


def nearest(wanted: str, stream: Stream) -> str:
    """ "; do you mean “company_name”?", by the names of a stream and by what people call its fields; "" where nothing is near."""
    spoken = {one.words.casefold(): one.name for one in stream.fields}
    known = {one.name.casefold(): one.name for one in stream.fields} | spoken
    close = get_close_matches(wanted.casefold(), known, n=1, cutoff=0.6)
    return f"; do you mean “{known[close[0]]}”?" if close else ""


def _cell(source: Field, target: Field) -> str:
    return _CELLS.get((_column(source), _column(target)), "-")


def _column(field: Field) -> str:
    if field.group:
        return _ADDRESS
    return Kind.NUMBER if field.kind is Kind.INTEGER else field.kind


def _read(table: str) -> Mapping[tuple[str, str], str]:
    rows = [[cell.strip() for cell in _BLANKS.split(line)] for line in table.strip("\n").splitlines()]
    return {(row[0], to): cell for row in rows[1:] for to, cell in zip(rows[0][1:], row[1:], strict=True)}


_BLANKS = re.compile(r"\s{2,}")
_CELLS = _read(_TABLE)
_KNOWN = {row for row, _ in _CELLS}


def _keeps(field: Field) -> str:
    return "a part of an address" if field.group else SPOKEN[field.kind]


def _why_not(source: Field, target: Field) -> str:
    for one in (source, target):
        if _column(one) not in _KNOWN:
            return f"{_keeps(one)} cannot be mapped as one value"
    if not source.group and source.kind in (Kind.TEXT, Kind.LONG_TEXT):
        return f"not every {source.kind} is {_keeps(target)}"
    return f"{_keeps(source)} is not {_keeps(target)}"


def _needs_map(source: Field, target: Field) -> str:
    if source.kind is Kind.TEXT:
        return "without a value map not every text is one of its options"
    if source.kind is Kind.FLAG:
        return "without a value map yes and no are none of its options"
    if target.kind is Kind.FLAG:
        return "without a value map the options say neither yes nor no"
    return "without a value map not all options are the same at both sides"


def _options(field: Field) -> tuple[str, ...]:
    return _FLAGS if field.kind is Kind.FLAG else field.choices


def _bad_map(source: Field, target: Field, values: Mapping[str, str]) -> str:
    """Why these partners of options cannot be used in this direction; "" where they can, or where none are given."""
    for field, used in ((source, values), (target, values.values())):
        known = _options(field)
        for one in used if known else ():
            if one not in known:
                close = get_close_matches(one, known, n=1)
                hint = f"; do you mean “{close[0]}”?" if close else f": there are {', '.join(known)}"
                return f"“{one}” is none of the options of {field.words}{hint}"
    left = without_partner(source, values)
    return f"{left} of {source.words} has no partner in the value map" if left else ""


def without_partner(source: Field, values: Mapping[str, str]) -> str:
    """The options of `source` that a value map does not name, as “A”, “B”; "" where there is none, or no map."""
    left = [one for one in _options(source) if one not in values] if values else []
    shown = ", ".join(f"“{one}”" for one in left[:3])
    return shown if len(left) <= 3 else f"{shown} and {len(left) - 3} more"


def _fit_back(a: Field, b: Field, mapped: bool, values: Mapping[str, str] | None) -> Fit:
    counts = Counter((values or {}).values())
    for one, times in counts.items():
        if times > 1:
            plain = fit(b, a, mapped=True)
            words = f"several options become “{one}”, and nothing tells which of them to write back"
            return Fit(ok=False, words=words) if plain.ok else plain
    return fit(b, a, mapped=mapped, values={theirs: ours for ours, theirs in (values or {}).items()})


def _shut(way: Fit, target: Field, name: str, other: str, *, sync: bool, wish: bool) -> str:
    """What keeps values from going to `target`; "" where nothing does."""
    if not way.ok:
        return f"{name} keeps {_keeps(target)} there, and {way.words}"
    if not target.writable:
        return f"{name} lets nobody write “{target.words}”"
    if sync:
        return f"the sync goes to {other} only"
    return f"the mapping is set to go to {other} only" if wish else ""


def _so(reason: str, name: str) -> str:
    return reason if reason.endswith(" only") else f"{reason}, so it goes to {name} only"


def _is_list(field: Field) -> bool:
    return field.many or field.kind is Kind.LABELS


def _is_first(source: Field, target: Field) -> bool:
    """Whether only the first of many values goes along. (Labels become one text.)"""
    return source.many and not _is_list(target)


def _places(field: Field) -> int:
    return 99 if field.places is None else field.places


def _field(stream: Stream, name: str | None) -> Field | None:
    if name == "id":
        return Field(name="id", kind=Kind.TEXT, writable=False, label=f"id of the {stream.noun}")
    return None if name is None else stream.field(name)


def _names(stream: Stream) -> frozenset[str]:
    return frozenset(one.name for one in stream.fields)


def _takes(stream: Stream) -> bool:
    return bool(stream.abilities & {Ability.CREATE, Ability.UPDATE})


def _source_side(pair: Pair) -> str:
    if pair.way != "both":
        return "b" if pair.way == "to a" else "a"
    return "b" if pair.owner is Owner.B else "a"


def _times(parts: list[str]) -> int:
    """How often a field is mapped that is mapped with these parts of its name: two different ones are one use."""
    return len(parts) if "" in parts else max(Counter(parts).values())


def _part_of_name(pair: Pair, side: str) -> str:
    """The part that the pair takes of a whole name at this side; "" where it takes the field as a whole."""
    steps = pair.to_b if side == "a" else pair.to_a
    return next((step.do for step in steps if step.do in NAME_PARTS), "")


def _repeated(used: list[tuple[Field, str]], name: str) -> list[str]:
    by_name = {field.name: field for field, _ in used}
    times = {one: _times([part for field, part in used if field.name == one]) for one in by_name}
    found = [
        f"“{by_name[one].words}” at {name} is mapped {'twice' if n == 2 else f'{n} times'}:"
        " each field can be mapped once. Switch one of them off."
        for one, n in times.items()
        if n > 1
    ]
    return found + [
        f"“{field.words}” at {name} is one of its “{by_name[field.within].words}”, and both are mapped:"
        " map either the whole list or single ones of it."
        for field in by_name.values()
        if field.within in by_name
    ]
