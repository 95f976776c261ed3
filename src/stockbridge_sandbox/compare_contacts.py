"""An independent comparison of two sets of contacts: who belongs together by e-mail address, whether both sides say the same
of them, and whether what nobody mapped stands as it stood.

It reads the raw rows of both simulators (`/_sandbox/state/…`) and knows nothing of how Stockbridge maps or stores them.
Source: facts, contact sync 2.3 (scope), 3.4 (the default mapping), 10.2 C1 to C5 (matching).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stockbridge_sandbox.compare_contacts_parts import (
    FIELDS,
    Person,
    is_shared,
    person_at_google,
    person_at_zoho,
)
from stockbridge_sandbox.compare_parts import Row

_Groups = dict[str, tuple[list[Person], list[Person]]]

NO_EMAIL = "without an e-mail address"
DOUBLE = "of an address that several carry"
SHARED = "of an address of several people, with another name"
OUTSIDE = "that no rule brings in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which contacts belong at the other side, and what the rule does: those of Google need one of the labels `wanted` to
    come to Zoho; who is a business customer in Zoho carries `label` at Google, and nobody else does."""

    wanted: frozenset[str]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The rows of both sides at one moment: Zoho's contacts, Google's contacts, Google's groups."""

    zoho: Sequence[Row]
    google: Sequence[Row]
    groups: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`differences` are sentences, in a stable order. `values` is how many values of the `pairs` were compared, `kept` how
    many were looked at that nothing maps. `apart` says how many contacts stand alone for which reason."""

    zoho: int
    google: int
    pairs: int
    values: int
    kept: int
    apart: Mapping[str, int]
    differences: tuple[str, ...]

    @property
    def in_step(self) -> bool:
        """Whether both sides say the same."""
        return not self.differences


def compare_contacts(
    before: Book,
    now: Book,
    scope: Scope,
    *,
    alone: Mapping[str, str] | None = None,
    apart: Iterable[tuple[str, str]] = (),
) -> Comparison:
    """Compare what stands at both sides now. `before` is what stood there before the first run.

    `alone` are contacts that stay alone, by their id at either side, with the reason; a pair with one of them is not
    compared. `apart` are (id in Zoho, field) that may differ, such as what was taken back.
    """
    alone = alone or {}
    zoho, google = _people(now)
    was_zoho, was_google = _people(before)
    unclear = _unclear(_by_address(was_zoho, was_google))
    groups = _by_address(zoho, google)
    reasons: Counter[str] = Counter()
    differences: list[str] = []
    pairs: list[tuple[Person, Person]] = []
    for person in (*zoho, *google):
        if not person.emails:
            reasons[alone.get(person.id, NO_EMAIL)] += 1
    for address, (here, there) in groups.items():
        everybody = [*here, *there]
        told = [alone[one.id] for one in everybody if one.id in alone]
        why = next((unclear[each] for one in everybody for each in one.emails if each in unclear), "")
        if told:
            reasons[told[0]] += len(everybody)
        elif why:
            reasons[why] += len(everybody)
            differences += _grown(address, everybody, (*was_zoho, *was_google))
        elif len(here) > 1 or len(there) > 1:
            ids = ", ".join(one.id for one in everybody)
            differences.append(f"{address} stands there more than once by now ({ids}).")
        elif here and there:
            pairs.append((here[0], there[0]))
        elif here:
            differences.append(f"{here[0].words} of Zoho is missing at Google.")
        elif scope.wanted & there[0].labels:
            differences.append(f"{there[0].words} of Google is missing in Zoho.")
        else:
            reasons[OUTSIDE] += 1
    may = set(apart)
    for one, other in pairs:
        differences += _field_differences(one, other, scope, may)
    kept, lost = _untouched((*was_zoho, *was_google), (*zoho, *google), set(alone))
    return Comparison(
        zoho=len(zoho),
        google=len(google),
        pairs=len(pairs),
        values=len(pairs) * (len(FIELDS) + 1),
        kept=kept,
        apart=dict(sorted(reasons.items())),
        differences=(*differences, *lost),
    )


def pairs_of(book: Book) -> list[tuple[Person, Person]]:
    """Who belongs together by an address that one contact at each side carries, in the order of Zoho."""
    groups = _by_address(*_people(book))
    unclear = _unclear(groups)
    return [
        (here[0], there[0])
        for address, (here, there) in groups.items()
        if len(here) == len(there) == 1 and address not in unclear
    ]


def _people(book: Book) -> tuple[list[Person], list[Person]]:
    names = {row["resourceName"]: row["name"] for row in book.groups if not row["system"]}
    return [person_at_zoho(row) for row in book.zoho], [person_at_google(row, names) for row in book.google]


def _by_address(zoho: Sequence[Person], google: Sequence[Person]) -> _Groups:
    """Contacts that share an address, whether straight or by way of another one, by the first of their addresses."""
    head: dict[str, str] = {}

    def first(address: str) -> str:
        while head.setdefault(address, address) != address:
            address = head[address]
        return address

    for person in (*zoho, *google):
        for address in person.emails[1:]:
            head[first(address)] = first(person.emails[0])
    groups: _Groups = defaultdict(lambda: ([], []))
    for side, people in enumerate((zoho, google)):
        for person in people:
            if person.emails:
                groups[first(person.emails[0])][side].append(person)
    return {min(mail for one in (*a, *b) for mail in one.emails): (a, b) for a, b in groups.values()}


def _unclear(groups: _Groups) -> dict[str, str]:
    """Why it cannot be told who belongs together, by each of their addresses, where it cannot (C4, C5)."""
    out: dict[str, str] = {}
    for here, there in groups.values():
        addresses = [each for one in (*here, *there) for each in one.emails]
        if len(here) > 1 or len(there) > 1:
            out |= dict.fromkeys(addresses, DOUBLE)
        elif here and there and _may_be_others(here[0], there[0]):
            out |= dict.fromkeys(addresses, SHARED)
    return out


def _may_be_others(one: Person, other: Person) -> bool:
    """An address such as sales@… is of the same person only where both names say so."""
    common = set(one.emails) & set(other.emails)
    names = [
        tuple(" ".join(who.values[name].casefold().split()) for name in ("first name", "last name"))
        for who in (one, other)
    ]
    return all(is_shared(each) for each in common) and (names[0] != names[1] or not all(names[0]))


def _grown(address: str, everybody: Sequence[Person], before: Sequence[Person]) -> Iterator[str]:
    """Of an address that is not clear nothing is made."""
    known = {one.id for one in before}
    for one in everybody:
        if one.id not in known:
            yield f"{one.words} was made, though {address} is not clear."


def _field_differences(one: Person, other: Person, scope: Scope, may: set[tuple[str, str]]) -> Iterator[str]:
    for name, fold in FIELDS.items():
        here, there = one.values[name], other.values[name]
        if fold(here) != fold(there) and (one.id, name) not in may:
            yield f"{one.words}: {name} is {_shown(here)} in Zoho, but {_shown(there)} at Google."
    wanted = one.is_business
    if wanted != (scope.label in other.labels):
        has = "has no" if wanted else "still has the"
        yield f"{one.words}: the contact at Google {has} label {scope.label}."


def _untouched(
    before: Sequence[Person], now: Sequence[Person], left_out: set[str]
) -> tuple[int, Iterable[str]]:
    """How many values were looked at that no mapping touches, and which of them are not as they were."""
    standing = {one.id: one for one in now}
    looked = 0
    lost: list[str] = []
    for was in before:
        one = standing.get(was.id)
        if was.id in left_out:
            continue
        looked += len(was.unmapped)
        if one is None:
            lost.append(f"{was.words} is gone.")
        elif missing := [each for each in was.unmapped if each not in one.unmapped]:
            lost.append(f"{was.words}: not as before any more: {'; '.join(missing[:3])}.")
    return looked, lost


def _shown(value: str) -> str:
    return f'"{value}"' if value else "empty"
