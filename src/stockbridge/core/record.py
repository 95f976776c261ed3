"""What a connector declares (Stream, Field) and what it reads (Record).

Values are plain and typed: text is str, a number is Decimal, a whole number int, a yes/no bool, a day date, a moment an
aware datetime in UTC. An empty value is None; a key that is missing means "not known from this read".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, TypeAlias, TypedDict

import msgspec

Value: TypeAlias = Any
Values: TypeAlias = dict[str, Value]

CUSTOM = "custom"  # the key under which a record keeps its custom fields, by api name ("cf_colour")


class Kind(StrEnum):
    """The type of a field's value."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    FLAG = "yes/no"
    DAY = "date"
    MOMENT = "time"
    TEXTS = "list of texts"
    AMOUNTS = "numbers by key"
    CHILDREN = "lines"
    CUSTOM = "custom fields"
    LONG_TEXT = "long text"  # keeps its line breaks
    SELECT = "one of a list"  # one of `choices`
    LABELS = "labels"  # a list of texts without order: tags, groups, several of `choices`
    EMAIL = "e-mail address"
    PHONE = "phone number"
    URL = "web address"


Role: TypeAlias = Literal["unsubscribed", "labels", "active"]
"""What a field means to a policy: true once a person wants no mail any more; takes a mark that people see; tells whether
the record is in use ("active" or "inactive", which may be written)."""

ADDRESS = ("attention", "street", "street2", "city", "region", "postal_code", "country")
"""The parts of an address; a field of one is named GROUP.PART ("billing_address.city")."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a stream, as data.

    `refers_to` names the stream of the same connector whose id the value is (of a list of texts: whose ids they are).
    `part_of` is true where the record goes when the one it refers to is removed. `detail` is true where a list row does
    not carry the field. `via` looks the value up: (a reference field of this stream, a field of the record it refers to).
    `given` is true where a value that is not written otherwise is taken when the record is made. `step` is true where the
    value is set by a call of its own, after the record was made. The limits (`max_length`,
    `at_least`, `at_most`, `places`, `choices`) are what the system takes when the field is written.

    `label` is what people call it. `many` is true where the value is a list of texts of that kind, the first of them the
    main one. `within` names the list field of the same stream whose entry this value is ("work phone" within "phones"):
    only one of the two can be mapped. `group` names the address that this field is a part of; the parts have the names
    in `ADDRESS`. `role` says what the field means to a policy, whatever its name.
    """

    name: str
    kind: Kind
    refers_to: str | None = None
    part_of: bool = False
    via: tuple[str, str] | None = None
    step: bool = False
    detail: bool = False
    writable: bool = True
    given: bool = False
    required: bool = False
    max_length: int | None = None
    at_least: int | None = None
    at_most: Decimal | int | None = None
    places: int | None = None
    choices: tuple[str, ...] = ()
    children: tuple[Field, ...] = ()
    label: str = ""
    many: bool = False
    within: str | None = None
    group: str | None = None
    role: Role | None = None

    @property
    def words(self) -> str:
        """What people call it."""
        return self.label or self.name.replace("_", " ").replace(".", " ")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable typed item of a stream.

    `version` changes whenever the record does. `full` is false for a list row that lacks the detail fields.
    `deleted` marks a tombstone: certain knowledge that the record is gone. `parent` is the id of the record this one was
    derived from, and `was` the id by which it was known before, where it has another one since.
    """

    id: str
    values: Values
    version: str
    modified: datetime | None = None
    deleted: bool = False
    full: bool = True
    parent: str | None = None
    was: str | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be read: which one, what is wrong, and what would mend it."""

    id: str
    reason: str
    remedy: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a read, and the checkpoint from which a later read goes on.

    `checkpoint` is text that only the connector understands. The engine stores it in the same transaction as the rows.
    """

    records: list[Record]
    refused: list[Refusal]
    checkpoint: str | None


class Ability(StrEnum):
    """What a connector can do to the records of a stream."""

    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of record at a connector.

    `page_size` rows come with one list call. `detail_size` records come with one detail call (0: the list row is all
    there is). `names` are the fields by which people call a record (SKU, order number). A stream with `derived_from` is
    not read: `derive` makes its records out of the full records of that other stream. `mark` is the field in which the
    system keeps the id of the other side, so that a record can be found again; where it takes it and does not show it
    (`mark_shown`), only the other fields tell. `moving` are fields of the list row whose
    change alone does not call for the details again (stock). `settles_after` is how many seconds a record may be missing
    from what the system shows after it was made: only then is "not found" an answer. Making one takes `create_calls`,
    changing one `update_calls`. The system takes `batch_writes` writes with one call, where they are made at the same
    moment: so many threads then write at once. `unique` is a field of which no two records can have the same value, so that a record without a mark can be found again.
    `detects_deletions` is false where nothing tells that a record is gone.
    """

    name: str
    noun: str
    fields: tuple[Field, ...]
    page_size: int = 200
    detail_size: int = 0
    names: tuple[str, ...] = ("name",)
    abilities: frozenset[Ability] = frozenset()
    derived_from: str | None = None
    derive: Callable[[Record], Iterable[Record]] | None = None
    mark: str | None = None
    mark_shown: bool = True
    moving: tuple[str, ...] = ()
    settles_after: int = 0
    create_calls: int = 1
    update_calls: int = 1
    batch_writes: int = 1
    unique: str | None = None
    detects_deletions: bool = True

    def field(self, name: str) -> Field | None:
        """The field of that name, or None. Custom fields (`cf_…`) are text unless declared otherwise."""
        for field in self.fields:
            if field.name == name:
                return field
        if name.startswith("cf_") and any(field.kind is Kind.CUSTOM for field in self.fields):
            return Field(name=name, kind=Kind.TEXT, detail=True, writable=False)
        return None


_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str | None,
    Kind.INTEGER: int | None,
    Kind.NUMBER: Decimal | None,
    Kind.FLAG: bool | None,
    Kind.DAY: date | None,
    Kind.MOMENT: datetime | None,
    Kind.TEXTS: list[str] | None,
    Kind.AMOUNTS: dict[str, dict[str, Decimal]] | None,
    Kind.CUSTOM: dict[str, str | bool | None] | None,
    Kind.LONG_TEXT: str | None,
    Kind.SELECT: str | None,
    Kind.LABELS: list[str] | None,
    Kind.EMAIL: str | None,
    Kind.PHONE: str | None,
    Kind.URL: str | None,
}


def values_type(fields: Iterable[Field]) -> Any:
    """A typed-dict type for records with these fields, so that stored values come back with their types."""
    return _values_type(tuple(fields))


@lru_cache(maxsize=256)  # to look at a new type takes msgspec a millisecond; it keeps what it found
def _values_type(fields: tuple[Field, ...]) -> Any:
    def of(field: Field) -> Any:
        if field.kind is Kind.CHILDREN:
            return list[values_type(field.children)] | None  # type: ignore[misc]
        if field.many:
            return list[str] | None
        return _TYPES[field.kind]

    return TypedDict("values", {field.name: of(field) for field in fields}, total=False)  # type: ignore[operator]


def value_of(values: Mapping[str, Value], name: str) -> Value:
    """The value of a field or custom field; None where it is empty or not known."""
    if name.startswith("cf_") and name not in values:
        return (values.get(CUSTOM) or {}).get(name)
    return values.get(name)
