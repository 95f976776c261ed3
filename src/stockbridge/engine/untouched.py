"""Whether a record still holds just what we wrote into it: only then may it be taken away again."""

from __future__ import annotations

from stockbridge.core.normal import same
from stockbridge.core.record import Kind, Stream, Value, Values

EMPTY: tuple[Value, ...] = (None, "", [])
_SET_BY_THE_SYSTEM = (
    Kind.NUMBER,
    Kind.INTEGER,
    Kind.FLAG,
    Kind.SELECT,
    Kind.AMOUNTS,
    Kind.CUSTOM,
    Kind.CHILDREN,
)


def edited(stream: Stream, values: Values, ours: Values, region: str | None) -> str:
    """The first field that does not hold what we wrote, or that is filled though we wrote nothing there; "" where there
    is none. `values` is the full record as it stands, `ours` all that we ever wrote into it.

    Numbers, options and switches that we did not write are the system's own beginnings; a text that we did not write is a
    person's.
    """
    for name, value in ours.items():
        field = stream.field(name)
        if field is None or name not in values or same(field.kind, values[name], value, region=region):
            continue
        if not field.writable:
            continue  # it was given to what all its like share, if it was taken at all
        # A name that was taken already got something after it when the record was made.
        if name != stream.unique or not str(values[name]).startswith(str(value)):
            return name
    covered = set(ours) | {field.within for field in stream.fields if field.within and field.name in ours}
    for field in stream.fields:
        if field.name in covered or field.within in covered or not field.writable:
            continue
        if values.get(field.name) in EMPTY or field.name == stream.mark or field.kind in _SET_BY_THE_SYSTEM:
            continue
        return field.name
    return _more_entries(stream, values, ours, region)


def _more_entries(stream: Stream, values: Values, ours: Values, region: str | None) -> str:
    """A list that holds more than the entries that we wrote into it."""
    inner = [field for field in stream.fields if field.within and field.name in ours]
    for name in dict.fromkeys(field.within or "" for field in inner):
        whole = stream.field(name)
        if whole is None or name in ours:
            continue
        written = [ours[field.name] for field in inner if field.within == name]
        for entry in values.get(name) or []:
            if not any(same(whole.kind, entry, one, region=region) for one in written):
                return name
    return ""
