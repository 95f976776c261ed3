"""Zoho's JSON into Records, or into Refusals that name the field, the value and the remedy.

Rows are decoded into structs of just the keys that are needed, untyped, so that one bad row cannot fail its page.
Source: facts, Zoho 1 (empties are "", offsets have no colon), 7 (stock) and 8 (custom fields).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import GenericAlias
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from stockbridge.core.record import CUSTOM, Field, Kind, Record, Refusal, Stream, Values
from stockbridge.http.values import READERS, moment, number, text

_AMOUNTS = frozenset({int, Decimal})
_PROVISIONAL = timedelta(seconds=2)
STOCK = (
    "stock_on_hand",
    "available_stock",
    "actual_available_stock",
    "committed_stock",
    "actual_committed_stock",
    "available_for_sale_stock",
    "actual_available_for_sale_stock",
)


def _place(prefix: str) -> Any:
    """A location of an item: its id and its seven amounts."""
    keys = [f"{prefix}_id", *(f"{prefix}_{name}" for name in STOCK)]
    return msgspec.defstruct("Place", [(key, Any, UNSET) for key in keys], frozen=True, gc=False)


# "" where there are none: an empty value of Zoho's is always "".
_TYPED: dict[str, Any] = {
    "locations": GenericAlias(list, (_place("location"),)) | str | None | UnsetType,
    "warehouses": GenericAlias(list, (_place("warehouse"),)) | str | None | UnsetType,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the rows of a stream look on the wire.

    `list_key` and `detail_keys` are the envelope's keys (facts, Zoho D10: live and documented names both count, and a
    detail may come without any envelope). `fill` fills the fields that come from several keys of any row, `derive` those
    of a full one (`extra` keys are asked for them); both raise BadValue. `computed` fields are never taken from a key of
    their own name. `stamp` gives what a version holds beside the time of change; a row and the detail of the same state
    have to give the same. `dated` is false where the list has no filter on the time of change.
    """

    stream: Stream
    path: str
    id_key: str
    list_key: str
    detail_keys: tuple[str, ...]
    params: tuple[tuple[str, str], ...] = ()
    extra: tuple[str, ...] = ()
    fill: Callable[[Any, Values], None] | None = None
    derive: Callable[[Any, Values], None] | None = None
    computed: frozenset[str] = frozenset()
    stamp: Callable[[Any, Values], str] | None = None
    dated: bool = True
    only: tuple[str, str] | None = None


class BadValue(ValueError):
    """A value that cannot be read: the field's name, the value, and what it should have been."""

    def __init__(self, field: str, value: object, wanted: str) -> None:
        super().__init__(field)
        self.field = field
        self.value = value
        self.wanted = wanted


class Rows:
    """Decodes and parses the rows of one shape. Pure and safe to use from several threads."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        plain = [
            f
            for f in shape.stream.fields
            if f.kind in READERS
            and f.kind is not Kind.TEXTS
            and f.via is None
            and f.name not in shape.computed
        ]
        # Texts come first: they are most of a row, and reading them needs no call.
        self._texts = tuple(field.name for field in plain if READERS[field.kind] is text)
        self._others = tuple((f.name, READERS[f.kind]) for f in plain if READERS[f.kind] is not text)
        keys = (
            shape.id_key,
            "last_modified_time",
            *self._texts,
            *(name for name, _ in self._others),
            *shape.extra,
        )
        self._row: Any = msgspec.defstruct(
            "Row", [(key, _TYPED.get(key, Any), UNSET) for key in keys], frozen=True, gc=False
        )
        envelope: list[tuple[str, Any, Any]] = [("code", Any, None), ("message", Any, "")]
        page: Any = msgspec.defstruct(
            "Page",
            [
                *envelope,
                ("page_context", Any, None),
                (shape.list_key, GenericAlias(list, (self._row,)), UNSET),
            ],
        )
        self._page = msgspec.json.Decoder(page, float_hook=Decimal)
        one: Any = msgspec.defstruct("One", [*envelope, *((key, Any, UNSET) for key in shape.detail_keys)])
        self._one = msgspec.json.Decoder(one, float_hook=Decimal)
        self._loose = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)

    def decode_page(self, body: bytes) -> Rowset:
        """The envelope with its rows; a row that is no object is there as it is.

        Raises msgspec.DecodeError where the body is no JSON object, or a success without a list of rows.
        """
        key = self.shape.list_key
        try:
            page: Any = self._page.decode(body)
        except msgspec.ValidationError:
            # Something in it has another form than usual: take what is well row by row.
            loose = self._loose.decode(body)
            rows: Any = loose.get(key)
            if isinstance(rows, list):
                rows = [self._convert(row) for row in rows]
            found = (loose.get("code"), loose.get("message"), loose.get("page_context"), rows)
        else:
            found = (page.code, page.message, page.page_context, getattr(page, key))
        code, message, context, rows = found
        if not isinstance(rows, list):
            if code == 0:
                raise msgspec.ValidationError(f"no list of {key} in the answer")
            rows = []
        return Rowset(code=code, message=message, context=context, rows=rows)

    def decode_one(self, body: bytes) -> Rowset:
        """The envelope with the one record in `rows`. Raises msgspec.DecodeError as `decode_page`."""
        one: Any = self._one.decode(body)
        found = [getattr(one, key) for key in self.shape.detail_keys]
        rows = [self._convert(row) for row in found if isinstance(row, dict)]
        if one.code == 0 and not rows:
            bare = self._loose.decode(body)
            rows = [self._convert(bare)] if bare.get(self.shape.id_key) else []
        if one.code == 0 and not rows:
            raise msgspec.ValidationError("no record in the answer")
        return Rowset(code=one.code, message=one.message, context=None, rows=rows)

    def key(self, row: Any) -> tuple[str | None, datetime | None]:
        """The id and the time of change of a row, None where they cannot be read."""
        if not isinstance(row, self._row):
            return None, None
        id = getattr(row, self.shape.id_key)
        try:
            modified = moment(row.last_modified_time) if row.last_modified_time is not UNSET else None
        except ValueError:
            modified = None
        return (str(id) if type(id) in (str, int) and id != "" else None), modified

    def parse(
        self,
        row: Any,
        *,
        full: bool,
        seen: datetime,
        place: str,
        key: tuple[str | None, datetime | None] | None = None,
    ) -> Record | Refusal:
        """The Record of a row read at `seen` (the server's time), or why there is none.

        `place` says where the row stood ("page 2 row 17"), for a row that has no id. A row of a list lacks keys that
        are not known from it, so their fields are left out; in a full record such a field is empty. `key` is what
        `key(row)` gave, where that is known already.
        """
        stream = self.shape.stream
        id, modified = key or self.key(row)
        if id is None:
            return Refusal(
                id=f"{stream.name}:{place}",
                reason=f"This row of Zoho's {stream.name} has no {self.shape.id_key}.",
                remedy="Look at the row in Zoho. If it looks well there, report it to Zoho's support.",
            )
        values: Values = {}
        name = "last_modified_time"
        value: Any = row.last_modified_time
        try:
            if modified is None:
                raise BadValue(name, None if value is UNSET else value, "a time")
            parts = msgspec.structs.astuple(row)
            middle = 2 + len(self._texts)
            for name, value in zip(self._texts, parts[2:middle], strict=True):
                if type(value) is str:
                    values[name] = value or None
                elif value is not UNSET:
                    values[name] = text(value)
                elif full:
                    values[name] = None
            for (name, read), value in zip(self._others, parts[middle:], strict=False):
                if type(value) is Decimal and read is number:
                    values[name] = value
                elif value is not UNSET:
                    values[name] = read(value)
                elif full:
                    values[name] = None
            if self.shape.fill is not None:
                self.shape.fill(row, values)
            if self.shape.derive is not None and (full or stream.detail_size == 0):
                self.shape.derive(row, values)
            version = str(row.last_modified_time)
            if self.shape.stamp is not None:
                version += self.shape.stamp(row, values)
        except BadValue as error:
            return self._refusal(row, id, error.field, error.value, error.wanted)
        except ValueError as error:
            return self._refusal(row, id, name, value, str(error))
        if modified > seen - _PROVISIONAL:
            # A later edit could still carry this second: the mark makes the next read look again.
            version += "?"
        return Record(
            id=id,
            values=values,
            version=version,
            modified=modified,
            full=full or stream.detail_size == 0,
        )

    def wanted(self, row: Any) -> bool:
        """False for a row of another kind in the same list (a customer among vendors)."""
        if self.shape.only is None or not isinstance(row, self._row):
            return True
        key, value = self.shape.only
        return getattr(row, key) in (value, UNSET, "", None)

    def _convert(self, row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        try:
            return msgspec.convert(row, self._row)
        except msgspec.ValidationError:
            # The typed parts are what is wrong: keep them as text, so that parsing names them.
            return msgspec.convert(
                {key: str(value) if key in _TYPED else value for key, value in row.items()}, self._row
            )

    def _refusal(self, row: Any, id: str, field: str, value: object, wanted: str) -> Refusal:
        stream = self.shape.stream
        called = next(
            (str(v) for n in stream.names if (v := getattr(row, n, UNSET)) not in (UNSET, "", None)), ""
        )
        label = f'{stream.noun} {id} ("{called}")' if called else f"{stream.noun} {id}"
        shown = "empty" if value in (None, "") else f'"{str(value)[:80]}"'
        return Refusal(
            id=id,
            reason=f'"{field}" of {label} is {shown}, which is not {wanted}.',
            remedy=f'Correct "{field}" of this {stream.noun} in Zoho; it is read again as soon as it changes there.',
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rowset:
    """A decoded answer: the envelope and the rows in it."""

    code: Any
    message: Any
    context: Any
    rows: list[Any]

    def more(self, page_size: int) -> bool:
        """Whether more pages follow; where the answer does not say, a full page means yes."""
        told = self.context.get("has_more_page") if isinstance(self.context, dict) else None
        return told if isinstance(told, bool) else len(self.rows) >= page_size

    def sorted_by(self, column: str, order: str) -> bool:
        """False where the answer tells that it is in another order than this one ("A" or "D") by this column."""
        context = self.context if isinstance(self.context, dict) else {}
        return bool(
            context.get("sort_column", column) == column and context.get("sort_order", order) == order
        )


def stock_by_location(row: Any) -> dict[str, dict[str, Decimal]]:
    """Stock per location id, from `locations` or, before that migration, `warehouses`. Unknown amounts are left out.

    Raises BadValue.
    """
    amounts: dict[str, dict[str, Decimal]] = {}
    places = row.locations or row.warehouses
    if isinstance(places, str) and places:
        raise BadValue("locations", places, "a list of locations")
    for place in places if isinstance(places, list) else ():
        id, *found = msgspec.structs.astuple(place)
        if type(id) not in (str, int) or id == "":
            raise BadValue("locations", id, "the id of a location")
        if _AMOUNTS.issuperset(map(type, found)):  # nearly always
            amounts[str(id)] = dict(zip(STOCK, map(Decimal, found), strict=True))
            continue
        stock: dict[str, Decimal] = {}
        for name, value in zip(STOCK, found, strict=True):
            if value is not UNSET:
                try:
                    amount = number(value)
                except ValueError as error:
                    raise BadValue(f"locations.{name}", value, str(error)) from error
                if amount is not None:
                    stock[name] = amount
        amounts[str(id)] = stock
    return amounts


def custom_fields(row: Any) -> dict[str, str | bool | None]:
    """Custom fields by api name: texts and yes/no; numbers are written out, several choices joined by commas.

    `custom_fields` says the type of each; `custom_field_hash` fills what it lacks. Raises BadValue.
    """
    found: dict[str, str | bool | None] = {}
    listed = row.custom_fields
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("api_name"), str) and entry["api_name"]:
            value = entry.get("value")
            if entry.get("data_type") == "check_box" and value in ("true", "false"):
                value = value == "true"
            found[entry["api_name"]] = _custom(entry["api_name"], value)
    hashed = row.custom_field_hash
    if isinstance(hashed, dict):
        for name, value in hashed.items():
            if name.startswith("cf_") and not name.endswith("_unformatted") and name not in found:
                found[name] = _custom(name, hashed.get(f"{name}_unformatted", value))
    return found


def _custom(name: str, value: Any) -> str | bool | None:
    if type(value) is bool:
        return value
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or None
    try:
        return text(value)
    except ValueError as error:
        raise BadValue(name, value, "a text, a number or yes/no") from error


def read_key(row: Any, key: str, read: Callable[[Any], Any]) -> Any:
    """The value of one key as `read` takes it; None where the row lacks the key. Raises BadValue."""
    value = getattr(row, key)
    if value is UNSET:
        return None
    try:
        return read(value)
    except ValueError as error:
        raise BadValue(key, value, str(error)) from error


def children(
    row: Any, key: str, fields: tuple[Field, ...], spare: Mapping[str, str] | None = None
) -> list[Values]:
    """The lines of a document, in its order. Raises BadValue, which names the line.

    `spare` names a second key for a field that has two names (facts, Zoho D10).
    """
    lines = getattr(row, key)
    if not isinstance(lines, list):
        raise BadValue(key, None if lines is UNSET else lines, "a list of lines")
    return [child(line, f"{key}[{place}]", fields, spare or {}) for place, line in enumerate(lines, start=1)]


def child(line: Any, path: str, fields: tuple[Field, ...], spare: Mapping[str, str]) -> Values:
    """One line. `path` is how a BadValue names it ("line_items[2]")."""
    if not isinstance(line, Mapping):
        raise BadValue(path, line, "a line")
    values: Values = {}
    for field in fields:
        value = line.get(field.name)
        if value in (None, "") and field.name in spare:
            value = line.get(spare[field.name])
        try:
            values[field.name] = READERS[field.kind](value)
        except ValueError as error:
            raise BadValue(f"{path}.{field.name}", value, str(error)) from error
    return values


def with_custom(row: Any, values: Values) -> None:
    """Fill the custom fields."""
    values[CUSTOM] = custom_fields(row)
