"""Writing Google's contacts, each alone or many with one call. Whoever calls sees to it that only one thread writes.

Source: people.createContact, updateContact and deleteContact of the discovery document, and their batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from stockbridge.connectors.people.batches import Answer, alone, in_halves
from stockbridge.connectors.people.client import Json, PeopleClient
from stockbridge.connectors.people.labels import Labels
from stockbridge.connectors.people.lists import SHOWN, Lists
from stockbridge.connectors.people.render import changed, etags, untouched
from stockbridge.connectors.people.rows import Rows, id_of
from stockbridge.connectors.people.seen import Seen
from stockbridge.connectors.people.slots import LABELS, LISTS, MARK_KEY, READ_MASK
from stockbridge.core.errors import Gone, Rejected, Retry, Stale, Uncertain
from stockbridge.core.record import Record, Refusal, Values

_SHOWN: Json = {"readMask": READ_MASK, "sources": ["READ_SOURCE_TYPE_CONTACT"]}
# google.rpc.Code: wrong, not found, there already, not allowed, full, a stale etag, busy, out of range, no login.
_NOT_TAKEN = frozenset({3, 5, 6, 7, 8, 9, 10, 11, 16})

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A contact to make, and the mark that it is to carry."""

    values: Values
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What to change of the contact `id`."""

    id: str
    values: Values


_Change: TypeAlias = tuple[Update, Json]
"""An update, and the person that it starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The contacts of one account, written. What was last read of each is in `seen`."""

    client: PeopleClient
    rows: Rows
    labels: Labels
    seen: Seen
    lists: Lists

    def create(self, request: Creation) -> Record:
        """Make one contact. Raises Rejected, Uncertain, Retry, Unauthorized."""
        values = _with_all_labels(request.values)

        def make() -> Record:
            body = self._new(values, request.mark)
            about = f"to make contact {request.mark}"
            return self._written(self.client.write("POST", "people:createContact", SHOWN, body, about))

        return self._with_labels(make, values)

    def create_many(self, requests: Sequence[Creation]) -> list[Answer[Record]]:
        """Make several contacts, the labels of all of them first."""
        return in_halves(requests, self.create, self._create_batch)

    def update(self, request: Update) -> Record:
        """Change one contact; nothing is sent where it holds the values already.

        It starts from what was last read of the contact; where a person was faster, it is read anew and changed once more.
        Raises Gone where it is not there, Stale where it was changed again meanwhile, and otherwise as `create`.
        """
        id, values = request.id, request.values

        def change() -> Record:
            if (seen := self.seen.take(id)) is not None:
                with suppress(Stale):
                    return self._change(id, seen, values)
            try:
                return self._change(id, self.lists.get(id), values)
            except Stale:
                return self._change(id, self.lists.get(id), values)

        return self._with_labels(change, values)

    def update_many(self, requests: Sequence[Update]) -> list[Answer[Record]]:
        """Change several contacts. Those that were not read lately are read with one call.

        A batch has one mask of fields for all its contacts and empties what is in the mask and not in the contact, so the
        lists that change in others are sent back as they stand.
        """
        answers: dict[int, Answer[Record]] = {}
        together: list[tuple[int, _Change]] = []
        people = self._people(requests)
        with suppress(Rejected):  # then each tells for itself
            self._groups(_labels_of(requests))
        for place, request in enumerate(requests):
            # Of two changes to one contact, the second starts from what the first one made.
            person = people.pop(request.id, None)
            if person is None:
                continue
            try:
                _, mask = self._body(person, request.values)
                if mask:
                    untouched(person, LISTS)  # each can be sent back
                    together.append((place, (request, person)))
                else:
                    answers[place] = self._written(person)
            except (Rejected, ValueError):
                continue
            except Uncertain as error:
                answers[place] = error
        if together:
            answered = in_halves([each for _, each in together], self._update_again, self._update_batch)
            answers.update(zip((place for place, _ in together), answered, strict=True))
        return [
            answers[place] if place in answers else alone(self.update, request)
            for place, request in enumerate(requests)
        ]

    def remove(self, id: str) -> None:
        """Delete one contact; one that is gone already is a success. Raises Rejected, Uncertain, Retry, Unauthorized."""
        self.seen.take(id)
        with suppress(Gone):
            self.client.write("DELETE", f"{id}:deleteContact", (), None, f"to delete contact {id}")

    def remove_many(self, ids: Sequence[str]) -> list[Answer[None]]:
        """Delete several contacts."""
        return in_halves(ids, self.remove, self._remove_batch)

    def _create_batch(self, requests: Sequence[Creation]) -> list[Answer[Record]]:
        values = [_with_all_labels(request.values) for request in requests]

        def make() -> list[Answer[Record]]:
            contacts = [
                {"contactPerson": self._new(each, request.mark)}
                for each, request in zip(values, requests, strict=True)
            ]
            body: Json = {"contacts": contacts, **_SHOWN}
            about = f"to make {len(requests)} contacts"
            answer = self.client.write("POST", "people:batchCreateContacts", (), body, about)
            rows = answer.get("createdPeople")
            return self._by_mark(requests, rows if isinstance(rows, list) else [])

        return self._with_labels(make, _labels_of(requests))

    def _by_mark(self, requests: Sequence[Creation], rows: Sequence[Any]) -> list[Answer[Record]]:
        """Which answer is whose. Their order is documented nowhere: it counts only where the marks agree with it."""
        answers = [self._answered(row) for row in rows]
        if len(answers) == len(requests) and all(
            not isinstance(answer, Record) or answer.values.get(MARK_KEY) == (request.mark or None)
            for answer, request in zip(answers, requests, strict=True)
        ):
            return answers
        made = {one.values.get(MARK_KEY): one for one in answers if isinstance(one, Record)}
        return [made.get(request.mark) or _unanswered() for request in requests]

    def _update_again(self, change: _Change) -> Record:
        request, person = change
        self.seen.keep(person)
        return self.update(request)

    def _update_batch(self, changes: Sequence[_Change]) -> list[Answer[Record]]:
        def change() -> list[Answer[Record]]:
            bodies = [self._body(person, request.values) for request, person in changes]
            mask = sorted({name for _, names in bodies for name in names})
            contacts: Json = {}
            for (request, person), (body, names) in zip(changes, bodies, strict=True):
                rest = untouched(person, [name for name in mask if name not in names])
                contacts[request.id] = {**etags(person), **rest, **body}
            body = {"contacts": contacts, "updateMask": ",".join(mask), **_SHOWN}
            about = f"to change {len(changes)} contacts"
            answer = self.client.write("POST", "people:batchUpdateContacts", (), body, about, reads=True)
            found = answer.get("updateResult")
            rows = found if isinstance(found, dict) else {}
            # A contact may have another resource name by now.
            by_id = {id_of(row.get("person")): row for row in rows.values() if isinstance(row, dict)}
            return [self._answered(rows.get(id) or by_id.get(id)) for id in contacts]

        return self._with_labels(change, _labels_of([request for request, _ in changes]))

    def _remove_batch(self, ids: Sequence[str]) -> list[Answer[None]]:
        for id in ids:
            self.seen.take(id)
        body: Json = {"resourceNames": list(dict.fromkeys(ids))}
        self.client.write("POST", "people:batchDeleteContacts", (), body, f"to delete {len(ids)} contacts")
        return [None for _ in ids]

    def _people(self, requests: Sequence[Update]) -> dict[str, Json]:
        """The people that these updates start from, by id; one that Google does not show is missing."""
        found: dict[str, Json] = {}
        for request in requests:
            if request.id not in found and (seen := self.seen.take(request.id)) is not None:
                found[request.id] = seen
        missing = [request.id for request in requests if request.id not in found]
        with suppress(Rejected, Gone):  # then each tells for itself
            found.update(self.lists.people(missing))
        return found

    def _change(self, id: str, person: Json, values: Values) -> Record:
        """Send what makes this person hold these values, unless it does."""
        try:
            body, mask = self._body(person, values)
        except ValueError as error:
            raise Retry(f"What Google shows of contact {id} is not {error}.") from error
        if mask:
            params = (("updatePersonFields", ",".join(mask)), *SHOWN)
            path, about = f"{id}:updateContact", f"to change contact {id}"
            person = self.client.write("PATCH", path, params, {**etags(person), **body}, about, reads=True)
        return self._written(person)

    def _body(self, person: Json, values: Values) -> tuple[Json, tuple[str, ...]]:
        shown = self.lists.known([person])
        return changed(person, values, self.rows.slots, shown, self._groups(values))

    def _new(self, values: Values, mark: str) -> Json:
        return changed({}, values, self.rows.slots, {}, self._groups(values), mark)[0]

    def _with_labels(self, act: Callable[[], R], values: Values) -> R:
        """What `act` returns; once more where it was refused because a label that it knew was deleted meanwhile."""
        before = self._groups(values)
        try:
            return act()
        except Rejected:
            if not before:
                raise
            self.labels.refresh()
            if self._groups(values) == before:
                raise
            return act()

    def _groups(self, values: Values) -> dict[str, str]:
        """The resource names of the labels among these values; made where they are missing."""
        labels = values.get(LABELS) or []
        return dict(zip(labels, self.labels.groups(labels), strict=True))

    def _answered(self, row: object) -> Answer[Record]:
        """The record in one answer of a batch; Rejected where it was certainly not taken."""
        if not isinstance(row, dict):
            return _unanswered()
        status = row.get("status")
        code = status.get("code") if isinstance(status, dict) else None
        if not code and isinstance(person := row.get("person"), dict):
            try:
                return self._written(person)
            except Uncertain as error:
                return error
        http = row.get("httpStatusCode")
        if code in _NOT_TAKEN or (isinstance(http, int) and 400 <= http < 500 and http != 408):
            return Rejected("Google refused one contact of several.", code=str(code or http))
        return _unanswered()

    def _written(self, person: Json) -> Record:
        """The record in an answer. Raises Uncertain where it cannot be read, and asks for nothing more: what was written
        must not end as a failed read."""
        found = self.rows.parse(person, self.labels.known, "answer")
        if isinstance(found, Refusal) or found.deleted:
            why = found.reason if isinstance(found, Refusal) else "it is gone"
            raise Uncertain(
                f"Google took the call, but its answer cannot be read: {why}",
                remedy="The next run looks what is there.",
            )
        self.seen.keep(person)
        return found


def _with_all_labels(values: Values) -> Values:
    """These values with their labels, none where they name none: a new contact is put into a group in any case."""
    return {**values, LABELS: values.get(LABELS) or []}


def _labels_of(requests: Sequence[Creation] | Sequence[Update]) -> Values:
    """The labels of all of them."""
    names = dict.fromkeys(label for each in requests for label in each.values.get(LABELS) or [])
    return {LABELS: list(names)}


def _unanswered() -> Uncertain:
    return Uncertain(
        "Google took the call, but did not answer for this contact.",
        remedy="The next run looks what is there.",
    )
