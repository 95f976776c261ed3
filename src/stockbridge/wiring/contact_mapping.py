"""Which field of Zoho's contacts goes with which of Google's: the default mapping as data, and a person's own.

Source: facts, contact sync 3.1 to 3.4 (a reconstruction; its marks say what rests on what).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from stockbridge.core.flow import Owner, Pair, Policy, Transform, Way
from stockbridge.core.kinds import direction, nearest, without_partner
from stockbridge.core.record import ADDRESS, Field, Kind, Stream
from stockbridge.core.transforms import check_all
from stockbridge.wiring.contact_settings import ContactSettings, OwnMapping
from stockbridge.wiring.spelling import nearest as nearest_of

NAME_TEMPLATE = (
    "{organization} | {given_name} {family_name} | {given_name} | {family_name} | {nickname} | {email} | "
    "{phone_work} | {phone_mobile}"
)
"""What a contact made in Zoho is called, which Google has no field for."""

WAYS: dict[str, Way] = {"both": "both", "to google": "to b", "to zoho": "to a"}
_POLICIES: dict[str, tuple[Policy | None, bool]] = {  # as a person says it -> policy, fill
    "zoho": ("a", False),
    "google": ("b", False),
    "newest": ("newest", False),
    "append": ("append", False),
    "ask": ("ask", False),
    "fill": (None, True),
}
_DO: tuple[str, ...] = get_args(msgspec.structs.fields(Transform)[0].type)

NAMES = ("Zoho", "Google")

_NAME_PARTS = {"given name", "family name"}
_SHARED = "all contact persons of a contact in Zoho share it, so it "

Origin: TypeAlias = Literal["default", "own"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the default mapping. `switch` is its name under [fields]; of an address all parts go together."""

    zoho: str
    google: str
    on: bool = True
    group: bool = False
    note: str = ""

    @property
    def switch(self) -> str:
        return self.zoho


DEFAULTS: tuple[Row, ...] = (
    Row(zoho="first_name", google="given_name"),
    Row(zoho="last_name", google="family_name"),
    Row(zoho="salutation", google="honorific_prefix"),
    Row(
        zoho="contact_name",
        google="display_name",
        note="composed when a contact is made in Zoho, then left alone",
    ),
    Row(zoho="company_name", google="organization"),
    Row(zoho="designation", google="job_title"),
    Row(zoho="department", google="department"),
    Row(zoho="email", google="email"),
    Row(zoho="phone", google="phone_work"),
    Row(zoho="mobile", google="phone_mobile"),
    Row(zoho="billing_address", google="address_work", group=True),
    Row(zoho="shipping_address", google="address_shipping", group=True),
    Row(zoho="fax", google="fax_work"),
    Row(zoho="website", google="url_work"),
    Row(zoho="notes", google="notes"),
    Row(zoho="facebook", google="user_defined.Facebook", on=False),
    Row(zoho="twitter", google="user_defined.Twitter", on=False),
    Row(zoho="skype", google="im_skype", on=False),
)
COMPOSED = "contact_name"


class MappedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the mapping as people see it. `pair` is None where nothing is written, and the reasons say why. `given` is
    what a contact that is made in Zoho for a contact person gets of what all its persons share."""

    zoho: str
    google: str
    origin: Origin
    arrow: str
    reasons: tuple[str, ...] = ()
    switch: str | None = None
    pair: Pair | None = None
    given: Pair | None = None


def is_on(row: Row, settings: ContactSettings) -> bool:
    """Whether this row of the default mapping is wanted."""
    return settings.fields.get(row.switch, row.on)


def mapped(settings: ContactSettings, a: Stream, b: Stream, problems: list[str]) -> list[MappedRow]:
    """Every row of the mapping, those that write nothing as well; what is wrong is added to `problems`."""
    switches = [row.switch for row in DEFAULTS]
    for name in settings.fields:
        if name not in switches:
            problems.append(
                f'"{name}" in fields is not a row of the default mapping{nearest_of(name, switches) or "."}'
            )
    rows = [line for row in DEFAULTS for line in _default_lines(row, settings, a, b)]
    taken_a = {line.zoho: line for line in rows if line.pair is not None}
    taken_b = {line.google: line for line in rows if line.pair is not None}
    for number, own in enumerate(settings.mappings, 1):
        where = f"Mapping {number} ({own.zoho} and {own.google})"
        line = _own_line(where, own, settings, a, b, problems)
        if line is None:
            continue
        clash = _clash(where, line, a, b, taken_a, taken_b)
        if clash is not None:
            problems.append(clash)
            continue
        taken_a[line.zoho] = taken_b[line.google] = line
        rows.append(line)
    return rows


def _default_lines(row: Row, settings: ContactSettings, a: Stream, b: Stream) -> Iterator[MappedRow]:
    names = (
        [(f"{row.zoho}.{part}", f"{row.google}.{part}") for part in ADDRESS]
        if row.group
        else [(row.zoho, row.google)]
    )
    for zoho, google in names:
        at_a, at_b = a.field(zoho), b.field(google)
        if not is_on(row, settings):
            why = "switched off" if row.on else "off unless it is switched on"
            yield MappedRow(
                zoho=zoho,
                google=google,
                origin="default",
                arrow="none",
                reasons=(f"{why} ([fields] {row.switch})",),
                switch=row.switch,
            )
        elif row.zoho == COMPOSED:
            yield _composed(row, settings)
        elif at_a is not None and at_b is not None:
            yield _line(at_a, at_b, settings, "default", row.switch)


def _composed(row: Row, settings: ContactSettings) -> MappedRow:
    """The name by which Zoho calls a contact: Google shows one, but takes none."""
    pair = Pair(
        a=row.zoho,
        b=row.google,
        owner=Owner.B,
        once=True,
        to_a=(Transform(do="template", text=NAME_TEMPLATE),),
    )
    one_way = settings.direction == "to google"
    return MappedRow(
        zoho=row.zoho,
        google=row.google,
        origin="default",
        arrow="none" if one_way else "<-",
        reasons=("the sync goes to Google only",) if one_way else (row.note,),
        switch=row.switch,
        pair=None if one_way else pair,
    )


def _line(
    at_a: Field,
    at_b: Field,
    settings: ContactSettings,
    origin: Origin,
    switch: str | None,
    own: OwnMapping | None = None,
) -> MappedRow:
    pair = _pair(at_a.name, at_b.name, settings, own)
    shared = at_a.given and not at_a.writable
    at_a = msgspec.structs.replace(at_a, writable=True) if shared else at_a
    found = direction(
        at_a, at_b, sync=WAYS[settings.direction], wanted=pair.way, values=pair.values or None, names=NAMES
    )
    reasons, arrow, given = found.reasons, found.arrow, None
    if shared and found.to_a:
        given = msgspec.structs.replace(pair, owner=Owner.B, way="both", policy=None, fill=False, once=True)
        found = msgspec.structs.replace(found, to_a=False)
        arrow = "->" if found.to_b else "none"
        then = "goes to Google only" if found.to_b else "is only given to a contact that is made"
        reasons = (*reasons, _SHARED + then)
    if found.to_a and found.to_b:
        pair = msgspec.structs.replace(pair, way="both")
    else:
        pair = msgspec.structs.replace(pair, way="to a" if found.to_a else "to b")
    return MappedRow(
        zoho=at_a.name,
        google=at_b.name,
        origin=origin,
        arrow=arrow,
        reasons=reasons,
        switch=switch,
        pair=pair if found.to_a or found.to_b else None,
        given=given,
    )


def _pair(zoho: str, google: str, settings: ContactSettings, own: OwnMapping | None) -> Pair:
    empty: Any = (own.empty if own else None) or settings.empty
    if own is None:
        return Pair(a=zoho, b=google, owner=Owner.BOTH, empty=empty)
    policy, fill = _POLICIES[own.policy] if own.policy else (None, False)
    return Pair(
        a=zoho,
        b=google,
        owner=Owner.BOTH,
        empty=empty,
        way=WAYS[own.way],
        policy=policy,
        fill=fill,
        values=own.values,
        to_a=tuple(filter(None, (transform(words) for words in own.to_zoho))),
        to_b=tuple(filter(None, (transform(words) for words in own.to_google))),
    )


def transform(words: str) -> Transform | None:
    """The change that a person wrote ("upper case", "date: %d-%m-%Y"); None where there is no such."""
    do, _, text = words.partition(":")
    name: Any = " ".join(do.lower().split())
    return Transform(do=name, text=text.strip()) if name in _DO else None


def plain_transform(one: Transform) -> str:
    """As a person writes it."""
    return f"{one.do}: {one.text}" if one.text else one.do


def _own_line(
    where: str, own: OwnMapping, settings: ContactSettings, a: Stream, b: Stream, problems: list[str]
) -> MappedRow | None:
    at_a, at_b = a.field(own.zoho), b.field(own.google)
    if at_a is None:
        problems.append(f'{where}: Zoho\'s contacts have no field "{own.zoho}"{_near(own.zoho, a)}')
    if at_b is None:
        problems.append(f'{where}: Google\'s contacts have no field "{own.google}"{_near(own.google, b)}')
    if at_a is None or at_b is None:
        return None
    before = len(problems)
    for words, source, target, stream in (
        (own.to_google, at_a, at_b, a),
        (own.to_zoho, at_b, at_a, b),
    ):
        problems.extend(f"{where}: {trouble}" for trouble in _bad_changes(words, source, target, stream))
    problems.extend(f"{where}: {trouble}" for trouble in _bad_values(own, at_a, at_b))
    problems.extend(f"{where}: {trouble}" for trouble in _without_partner(own, at_a, at_b, settings))
    if own.policy == "append" and not _are_texts(at_a, at_b):
        problems.append(
            f'{where}: only texts can be put together ("append"); of lists, all entries are kept anyway.'
        )
    line = _line(at_a, at_b, settings, "own", None, own)
    if line.pair is None:
        problems.append(
            f"{where}: nothing can be written. {' '.join(_sentence(one) for one in line.reasons)}"
        )
    return line if len(problems) == before else None


def _bad_changes(words: Sequence[str], source: Field, target: Field, stream: Stream) -> Iterator[str]:
    known = [transform(one) for one in words]
    for one, found in zip(words, known, strict=True):
        if found is None:
            near = nearest_of(one.partition(":")[0].lower(), _DO)
            yield f'"{one}" is not a change{near or "; there are: " + ", ".join(_DO) + "."}'
    if None not in known:
        names = [field.name for field in stream.fields]
        yield from check_all([one for one in known if one is not None], source, target, names)


def _near(name: str, stream: Stream) -> str:
    return nearest(name, stream) or ". See what there is: stockbridge fields"


def _sentence(words: str) -> str:
    words = words[:1].upper() + words[1:]
    return words if words.endswith(".") else f"{words}."


def _are_texts(*fields: Field) -> bool:
    return all(field.kind in (Kind.TEXT, Kind.LONG_TEXT) and not field.many for field in fields)


def _bad_values(own: OwnMapping, at_a: Field, at_b: Field) -> Iterator[str]:
    for options, field, system in ((own.values, at_a, "Zoho"), (own.values.values(), at_b, "Google")):
        for option in options:
            if field.choices and option not in field.choices:
                known = ", ".join(field.choices)
                near = nearest_of(option, field.choices) or f"; there are: {known}."
                yield f'"{option}" is not an option of {system}\'s {field.name}{near}'


def _without_partner(own: OwnMapping, at_a: Field, at_b: Field, settings: ContactSettings) -> Iterator[str]:
    """An option that somebody added to a list since the values were mapped takes no direction away unnoticed."""
    back = {theirs: ours for ours, theirs in own.values.items()}
    for source, target, values, to, only in (
        (at_a, at_b, own.values, "Google", "to zoho"),
        (at_b, at_a, back, "Zoho", "to google"),
    ):
        left = without_partner(source, values)
        if left and target.writable and only not in (own.way, settings.direction):
            yield (
                f"{left} of {source.words} has no partner in its values, so nothing could go to {to}. "
                f'Give it one, or set way = "{only}".'
            )


def _clash(
    where: str,
    line: MappedRow,
    a: Stream,
    b: Stream,
    taken_a: dict[str, MappedRow],
    taken_b: dict[str, MappedRow],
) -> str | None:
    """Each field once, and nothing beside the list that it is an entry of."""
    for system, name, stream, taken in (("Zoho", line.zoho, a, taken_a), ("Google", line.google, b, taken_b)):
        for other, by in taken.items():
            if other != name and not _overlap(stream.field(name), stream.field(other)):
                continue
            if other == name and {_name_part(line, stream is a), _name_part(by, stream is a)} == _NAME_PARTS:
                continue  # a whole name goes to two fields
            what = (
                f"{system}'s {name} is mapped"
                if other == name
                else f"{system}'s {name} and {other} overlap, and {other} is mapped"
            )
            remedy = (
                f"switch that off first: [fields] {by.switch} = false" if by.switch else "keep one of the two"
            )
            return f"{where}: {what} already ({by.zoho} and {by.google}); {remedy}."
    return None


def _name_part(line: MappedRow, at_zoho: bool) -> str:
    """Which part of a whole name at that side the line takes; "" where it takes the whole value."""
    steps = () if line.pair is None else line.pair.to_b if at_zoho else line.pair.to_a
    return next((step.do for step in steps if step.do in _NAME_PARTS), "")


def _overlap(one: Field | None, other: Field | None) -> bool:
    if one is None or other is None:
        return False
    return one.within == other.name or other.within == one.name


def pairs_of(rows: Sequence[MappedRow]) -> tuple[Pair, ...]:
    """What the engine works with."""
    return tuple(pair for row in rows for pair in (row.pair, row.given) if pair is not None)
