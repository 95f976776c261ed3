"""What Optiply's answers to writes mean: the record that stands now, or the refusal in words that name what it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from stockbridge.connectors.optiply.rows import Rows, decode_one
from stockbridge.connectors.optiply.streams import STREAMS
from stockbridge.core.errors import Gone, Rejected, Uncertain
from stockbridge.core.record import Kind, Record, Refusal, Stream, Values
from stockbridge.http.transport import Answer

_BAD_ADDRESS = "not a valid address"


def written(rows: Rows, answer: Answer, about: str) -> Record:
    """The record in the answer to a write that took effect. Raises Uncertain where it cannot be read."""
    try:
        found = rows.parse(decode_one(answer.body), "answer")
    except msgspec.DecodeError as error:
        raise Uncertain(
            f"Optiply took the call {about}, but its answer is not the JSON that was expected.",
            remedy="The next run looks what is there.",
        ) from error
    if isinstance(found, Refusal):
        raise Uncertain(
            f"Optiply took the call {about}, but its answer cannot be read: {found.reason}",
            remedy="The next run looks what is there.",
        )
    return found


def no_parent(error: Gone, stream: Stream, values: Values, mark: str) -> Gone:
    """The 404 of a create, which means that something it refers to is not there.

    Not a refusal of this record: it goes as soon as its parent is there again.
    """
    return Gone(
        f"Optiply does not know {_parents(stream, values)}, which {stream.noun} {mark} refers to.",
        remedy="It may have been deleted in Optiply. The next full run looks and makes it again: "
        "stockbridge run --full",
        code=error.code,
    )


def with_field(error: Rejected, stream: Stream) -> Rejected:
    """The same refusal with the field it is about, where that is clear."""
    if _BAD_ADDRESS in error.what:
        named: str | None = "emails"
    else:
        words = set(re.findall(r"\w+", error.what.partition(": ")[2]))
        named = error.field or next((f.name for f in stream.fields if f.name in words), None)
    return Rejected(error.what, field=named, remedy=error.remedy, code=error.code)


def _parents(stream: Stream, values: Mapping[str, object]) -> str:
    """The parents that these values name, in words."""
    found: dict[str, None] = {}
    for named in stream.fields:
        value = values.get(named.name)
        if value is None:
            continue
        if named.refers_to is not None:
            found[f"{STREAMS[named.refers_to].noun} {value}"] = None
        elif named.kind is Kind.CHILDREN and isinstance(value, list):
            for child in named.children:
                if child.refers_to is not None:
                    noun = STREAMS[child.refers_to].noun
                    found.update(dict.fromkeys(f"{noun} {line.get(child.name)}" for line in value))
    return " or ".join(found) or "a record"
