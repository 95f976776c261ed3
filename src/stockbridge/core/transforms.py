"""What happens to a value on its way to the other side: case, phone and date formats, templates, parts of names.

Every function is pure. Names are taken apart by nameparser, which is imported when the first one is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import lru_cache

import msgspec

from stockbridge.core.flow import Transform
from stockbridge.core.normal import as_email, as_phone, as_url, formatted_phone, written
from stockbridge.core.record import Field, Kind, Value, Values, value_of

PHONE_FORMATS = ("international", "national", "e164")
NAME_PARTS = ("given name", "family name")
VALUE = "value"  # in a template: the value itself, as the transforms before made it

_FIELD = re.compile(r"\{([^{}]*)\}")
_BLANKS = re.compile(r"\s+")
_EDGES = " ,;:/|–—-"  # what joins two parts of a template, and is in the way where one of them is empty
_WORD = re.compile(r"[^\W\d_]+")
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES = frozenset("aAbBdmyYHIMSpjuVG%")  # of strftime: those that mean the same everywhere

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT, Kind.SELECT, Kind.LABELS, Kind.EMAIL, Kind.PHONE, Kind.URL)
_FREE = (Kind.TEXT, Kind.LONG_TEXT)
SPOKEN: Mapping[Kind, str] = {
    Kind.TEXT: "free text",
    Kind.LONG_TEXT: "long text",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "a whole number",
    Kind.DAY: "a date",
    Kind.MOMENT: "a date with a time",
    Kind.FLAG: "yes or no",
    Kind.SELECT: "one of a list",
    Kind.LABELS: "a list of labels",
    Kind.EMAIL: "an e-mail address",
    Kind.PHONE: "a phone number",
    Kind.URL: "a web address",
    Kind.TEXTS: "a list of texts",
    Kind.AMOUNTS: "numbers by key",
    Kind.CHILDREN: "lines",
    Kind.CUSTOM: "custom fields",
}
"""What a value of a kind is: “… is not a number”, “Google keeps free text there”."""

_CASES = ("trim", "upper case", "lower case", "title case")


def named(template: str) -> list[str]:
    """The fields that a template reads."""
    found = (name.strip() for name in _FIELD.findall(template))
    return [name for name in found if name and name != VALUE]


def apply(
    transforms: Iterable[Transform], value: Value, record_values: Values, region: str | None = None
) -> Value:
    """The value after all transforms, in their order. Of a list each entry is changed.

    `record_values` are all values of the source record, which a template reads. `region` is the country of phone numbers
    that name none. No value stays none, except for "default" and "template". Raises ValueError with a sentence where a value
    is not what the transform works on.
    """
    for transform in transforms:
        value = _applied(transform, value, record_values, region)
    return value


def _applied(transform: Transform, value: Value, record_values: Values, region: str | None) -> Value:
    if value == "" or value == []:
        value = None
    if transform.do == "default":
        return transform.text if value is None else value
    if transform.do == "template":
        return compose(transform.text, record_values, value)
    if value is None:
        return None
    if isinstance(value, list):
        changed = (_applied(transform, one, record_values, region) for one in value)
        return list(dict.fromkeys(one for one in changed if one is not None))
    if transform.do == "date":
        if not isinstance(value, date):
            raise ValueError(
                f"“{written(value)}” is not a date, so it cannot be written as “{transform.text}”."
            )
        return value.strftime(transform.text)
    if transform.do == "phone":
        return formatted_phone(written(value), transform.text, region) or None
    if transform.do == "cut":
        return written(value)[: int(transform.text)].rstrip() or None
    return _TEXT_CHANGES[transform.do](written(value)) or None


def title_case(text: str) -> str:
    """Each word with a capital: "jean-luc O'NEIL" is "Jean-Luc O'Neil", "jan's" is "Jan's"."""

    def capital(found: re.Match[str]) -> str:
        word, before = found[0], text[found.start() - 1 : found.start()]
        if before in ("'", "’") and len(word) < 3:  # 's, 'll, 't
            return word.lower()
        return word[:1].upper() + word[1:].lower()

    return _WORD.sub(capital, text)


_TEXT_CHANGES: Mapping[str, Callable[[str], str]] = {
    "trim": lambda text: text.strip(),
    "upper case": str.upper,
    "lower case": str.lower,
    "title case": title_case,
    "given name": lambda text: split_name(text)[0] or "",
    "family name": lambda text: split_name(text)[1] or "",
}


def compose(template: str, values: Mapping[str, Value], value: Value = None) -> str | None:
    """A text out of several fields: "{first_name} {last_name} | {company_name}".

    Of the alternatives between " | " the first is taken whose fields are all filled, else the first with one that is, else
    the first that is plain text. What joined an empty part is left out: "{city}, {country}" without a city is
    "NL". `{value}` is `value`. None where nothing is filled.
    """
    partly: str | None = None
    constant: str | None = None
    for alternative in _alternatives(template):
        parts = {name: _part(name, values, value) for name in _FIELD.findall(alternative)}
        if not parts:
            constant = constant or alternative.strip()
        elif all(parts.values()):
            return _filled(alternative, parts)
        elif any(parts.values()):
            partly = partly or _filled(alternative, parts)
    return partly or constant or None


def _alternatives(template: str) -> list[str]:
    return re.split(r"\s\|\s", template.strip())


def _part(name: str, values: Mapping[str, Value], value: Value) -> str:
    name = name.strip()
    return written(value if name == VALUE else value_of(values, name)).strip()


def _filled(alternative: str, parts: Mapping[str, str]) -> str:
    """The text with its fields filled in; an empty one goes together with what stands before it."""
    out, at, filled, dropped = "", 0, True, False
    for found in _FIELD.finditer(alternative):
        before, part = alternative[at : found.start()], parts[found[1]]
        at, filled = found.end(), bool(part)
        if filled:
            out += (before.lstrip(_EDGES) if dropped and not out else before) + part
        else:
            dropped = True
    return (out + alternative[at:] if filled else out).strip()


def join_name(parts: Sequence[str | None]) -> str:
    """One name out of its parts, those that are filled, with single blanks."""
    return " ".join(_BLANKS.sub(" ", part.strip()) for part in parts if part and part.strip())


def split_name(
    whole: str | None, known_given: str | None = None, known_family: str | None = None
) -> tuple[str | None, str | None]:
    """The given and the family name in a whole name, where the other side so far has the parts `known_given` and
    `known_family`.

    A part that did not change stays exactly as it is (facts: contact sync 1, names). Where both could be the one that
    changed ("Jan Peter de Vries" from "Jan" and "de Vries"), or neither stayed, nameparser decides. What is not filled
    is None. Nothing is dropped: titles stay with the given name, "Jr." with the family name.
    """
    name = join_name([whole])
    if not name:
        return None, None
    given, family = join_name([known_given]), join_name([known_family])
    if name in (join_name([given, family]), f"{family}, {given}"):
        return known_given or None, known_family or None
    by_given = bool(given) and f"{name} ".startswith(f"{given} ")
    by_family = bool(family) and f" {name}".endswith(f" {family}")
    parsed = _parsed(name)
    if by_given and by_family:
        by_given = parsed == (given, name[len(given) :].strip())
        by_family = not by_given
    if by_given:
        return known_given, name[len(given) :].strip() or None
    if by_family:
        return name[: len(name) - len(family)].strip() or None, known_family
    return parsed[0] or None, parsed[1] or None


@lru_cache(maxsize=10_000)  # a third of a millisecond each
def _parsed(name: str) -> tuple[str, str]:
    """Given and family name, of a name with single blanks."""
    from nameparser import Role, parse

    found = [(token.role, token.span) for token in parse(name).tokens if token.span is not None]
    family = [span for role, span in found if role == Role.FAMILY]
    given = [span for role, span in found if role in (Role.GIVEN, Role.MIDDLE)]
    if not family:
        return name, ""
    start, end = family[0].start, family[-1].end
    if given and given[0].start >= end:  # "de Vries, Jan"
        return name[end:].strip(" ,"), name[:end].strip()
    return name[:start].strip(" ,"), name[start:].strip()


def check(
    transform: Transform, source: Field, target: Field, known: Collection[str] | None = None
) -> str | None:
    """What is wrong with a transform on the way from `source` to `target`, as a sentence; None where it can be used.

    `known` are the names of the fields that a template may read; without them names are not checked.
    """
    do, text = transform.do, transform.text
    if do in (*_CASES, *NAME_PARTS):
        if text:
            return f"“{do}” takes no text of its own, and here it has “{text}”."
        if source.kind not in (_FREE if do in NAME_PARTS else _TEXTS):
            return f"“{do}” works on texts, and {source.words} is {SPOKEN[source.kind]}."
        return None
    if do == "phone":
        if text not in PHONE_FORMATS:
            return f"“{text}” is not a way to write phone numbers: there are {', '.join(PHONE_FORMATS)}."
        if source.kind not in (Kind.PHONE, *_FREE):
            return f"“phone” works on phone numbers, and {source.words} is {SPOKEN[source.kind]}."
        return None
    if do == "date":
        return _bad_date(text, source, target)
    if do == "template":
        return _bad_template(text, target, known)
    if do == "cut":
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= 100_000):
            return f"“cut” needs the number of characters to keep, such as 100, not “{text}”."
        if source.kind not in _TEXTS:
            return f"“cut” works on texts, and {source.words} is {SPOKEN[source.kind]}."
        return None
    if do == "default":
        return _bad_default(text, target)
    return f"There is no change called “{do}”."


def check_all(
    transforms: Iterable[Transform], source: Field, target: Field, known: Collection[str] | None = None
) -> list[str]:
    """`check` of transforms that follow one another: what one of them makes is what the next one works on."""
    faults = []
    for transform in transforms:
        fault = check(transform, source, target, known)
        if fault is not None:
            faults.append(fault)
        if transform.do in ("date", "template"):
            source = msgspec.structs.replace(source, kind=Kind.TEXT, many=False)
    return faults


def _bad_date(text: str, source: Field, target: Field) -> str | None:
    if source.kind not in (Kind.DAY, Kind.MOMENT):
        return f"“date” works on dates, and {source.words} is {SPOKEN[source.kind]}."
    if target.kind not in _FREE:
        return f"“date” makes a text, and {target.words} is {SPOKEN[target.kind]}. Leave the format away."
    used = _DIRECTIVE.findall(text)
    if not any(one != "%" for one in used):
        return f"“{text}” is not a date format: it names no part of a date. Write for example %d-%m-%Y."
    wrong = next((one for one in used if one not in _DIRECTIVES or not one), None)
    if wrong is not None:
        return f"“%{wrong}” means nothing in the date format “{text}”. Write for example %d-%m-%Y."
    return None


def _bad_template(text: str, target: Field, known: Collection[str] | None) -> str | None:
    if target.kind not in (*_TEXTS, Kind.TEXTS):
        return f"“template” makes a text, and {target.words} is {SPOKEN[target.kind]}."
    if "{" in _FIELD.sub("", text) or "}" in _FIELD.sub("", text):
        return f"“{text}” has a bracket without its partner. A field is written as {{first_name}}."
    names = [name.strip() for name in _FIELD.findall(text)]
    if not names:
        return f"“{text}” names no field. A field is written as {{first_name}}."
    for name in names:
        if not name:
            return f"“{text}” has empty brackets. A field is written as {{first_name}}."
        if known is not None and name != VALUE and name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"; do you mean “{close[0]}”?" if close else "."
            return f"The template names “{name}”, and there is no such field{hint}"
    if not all(one.strip() for one in _alternatives(text)):
        return f"“{text}” has an empty alternative beside its |."
    return None


def _bad_default(text: str, target: Field) -> str | None:
    """A default is written as it stands: it must be what the target takes."""
    if not text.strip():
        return "“default” needs the value that is taken where there is none."
    if target.choices and text not in target.choices:
        return f"The default “{text}” is none of {', '.join(target.choices)}, which {target.words} takes."
    if target.max_length is not None and len(text) > target.max_length:
        return f"The default has {len(text)} characters, and {target.words} takes {target.max_length}."
    reads = _READS.get(target.kind)
    if reads is not None:
        try:
            reads(text.strip())
        except (ValueError, InvalidOperation):
            return f"The default “{text}” does not suit {target.words}: it is not {SPOKEN[target.kind]}."
    return None


def _number(text: str) -> None:
    if not Decimal(text).is_finite():
        raise ValueError(text)


def _flag(text: str) -> None:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)


_READS: Mapping[Kind, Callable[[str], object]] = {
    Kind.NUMBER: _number,
    Kind.INTEGER: int,
    Kind.FLAG: _flag,
    Kind.DAY: date.fromisoformat,
    Kind.MOMENT: datetime.fromisoformat,
    Kind.EMAIL: as_email,
    Kind.PHONE: as_phone,
    Kind.URL: as_url,
}
