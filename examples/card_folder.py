"""A connector in a hundred lines: contacts as cards in a folder, one JSON file each, which anybody may edit.

How to write one, with this as the model: docs/how-to/write-a-connector.md. The contract tests try it like the others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import RLock
from uuid import uuid4

import msgspec

from stockbridge.connectors.memory import Ledger
from stockbridge.core.errors import Gone
from stockbridge.core.record import Ability, Field, Kind, Page, Record, Refusal, Stream, Values, values_type

CARDS = Stream(
    name="cards",
    noun="card",
    fields=(
        Field(name="name", kind=Kind.TEXT, required=True, max_length=100),
        Field(name="email", kind=Kind.EMAIL, label="e-mail address"),
        Field(name="labels", kind=Kind.LABELS, role="labels"),
        Field(name="mark", kind=Kind.TEXT),
    ),
    page_size=100,
    names=("name", "email"),
    abilities=frozenset(Ability),
    mark="mark",
)
_VALUES = values_type(CARDS.fields)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it becomes the name of a file, so nothing else is let through
_OVERLAP = 2_000_000_000  # nanoseconds: file systems note the time of an edit coarsely


class CardFolder:
    """The cards of one folder. A disk has no quota, so the meter only counts."""

    def __init__(self, folder: Path) -> None:
        self.name = "Cards"
        self.meter = Ledger()
        self._folder = folder
        self._lock = RLock()

    def streams(self) -> Mapping[str, Stream]:
        return {CARDS.name: CARDS}

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        with self._lock:
            times = {path: path.stat().st_mtime_ns for path in self._folder.glob("*.json")}
        after = int(since or 0)
        wanted = sorted((at, path) for path, at in times.items() if at > after)
        for start in range(0, max(1, len(wanted)), CARDS.page_size):
            some = wanted[start : start + CARDS.page_size]
            read = self.fetch(stream, [path.stem for _, path in some])
            reached = max(after, some[-1][0] - _OVERLAP) if some else after
            yield Page(
                records=[one for one in read if isinstance(one, Record) and not one.deleted],
                refused=[one for one in read if isinstance(one, Refusal)],
                checkpoint=str(reached),
            )

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        with self._lock:
            self.meter.spent += 1
            return [self._card(id) for id in ids]

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        out: dict[str, list[Record]] = {}
        for page in self.read(stream, None):
            for one in page.records:
                if one.values.get("mark") in marks:
                    out.setdefault(one.values["mark"], []).append(one)
        return out

    def create(self, stream: str, values: Values, mark: str) -> Record:
        with self._lock:
            self.meter.spent += 1
            return self._write(uuid4().hex, {**values, "mark": mark})

    def update(self, stream: str, id: str, values: Values) -> Record:
        with self._lock:
            self.meter.spent += 1
            known = self._card(id)
            if isinstance(known, Refusal) or known.deleted:
                raise Gone(f"There is no card {id}.")
            return self._write(id, {**known.values, **values})

    def remove(self, stream: str, id: str) -> None:
        with self._lock:
            self.meter.spent += 1
            if _ID.fullmatch(id):
                self._path(id).unlink(missing_ok=True)

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _card(self, id: str) -> Record | Refusal:
        try:
            text = self._path(id).read_bytes() if _ID.fullmatch(id) else None
        except FileNotFoundError:
            text = None
        if text is None:
            return Record(id=id, values={}, version="", deleted=True)
        try:
            return _record(id, msgspec.json.decode(text, type=_VALUES))
        except msgspec.DecodeError as error:
            return Refusal(id=id, reason=f"The card is no contact: {error}.", remedy=f"Mend {id}.json.")

    def _write(self, id: str, values: Values) -> Record:
        """All of it or nothing: whoever reads meanwhile sees the card as it was."""
        new = self._folder / f".{id}.new"
        new.write_bytes(msgspec.json.format(msgspec.json.encode(values)))
        new.replace(self._path(id))
        return _record(id, values)


def _record(id: str, values: Values) -> Record:
    """An empty text is None, as everywhere in Stockbridge; labels have no order."""
    full = {field.name: values.get(field.name) or None for field in CARDS.fields}
    full["labels"] = sorted(values.get("labels") or [])
    version = sha256(msgspec.json.encode(full, order="sorted")).hexdigest()[:16]
    return Record(id=id, values=full, version=version)
