"""How Zoho's streams declare their fields: what is read only, what refers to another stream, what only a detail shows."""

from __future__ import annotations

from stockbridge.core.record import CUSTOM, Field, Kind


def read_only(kind: Kind, names: str, *, detail: bool = False) -> tuple[Field, ...]:
    """Fields of one kind that Stockbridge never writes; `names` are separated by spaces."""
    return tuple(Field(name=name, kind=kind, detail=detail, writable=False) for name in names.split())


def reference(name: str, stream: str, *, detail: bool = False) -> Field:
    """The id of a record of `stream`, which Stockbridge never writes."""
    return Field(name=name, kind=Kind.TEXT, refers_to=stream, detail=detail, writable=False)


CUSTOM_FIELDS = Field(name=CUSTOM, kind=Kind.CUSTOM, writable=False)
CUSTOM_OF_DETAIL = Field(name=CUSTOM, kind=Kind.CUSTOM, detail=True, writable=False)
