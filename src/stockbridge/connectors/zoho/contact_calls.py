"""Making, changing and deleting contacts: which calls, in which order. Source: facts, Zoho 10.6."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from stockbridge.connectors.zoho.client import ZohoClient, decode_plain
from stockbridge.connectors.zoho.contact_writes import changed_contact, new_contact, other_name, sent_as
from stockbridge.connectors.zoho.details import Details
from stockbridge.connectors.zoho.refusals import explained, is_taken_name
from stockbridge.connectors.zoho.rows import BadValue, Rows
from stockbridge.core.errors import Exists, Gone, OverBudget, Rejected, Retry, Unauthorized, Uncertain
from stockbridge.core.record import Record, Stream, Value, Values

Written = Callable[[Any, datetime, str], Record]
"""The record in the answer to a write (its row, the moment, what the call was for). Raises Uncertain."""

Find = Callable[[str], list[Record]]
"""The full contacts of that name."""


class ContactCalls:
    """The writes of one organisation's contacts. Safe to use from several threads."""

    def __init__(
        self, client: ZohoClient, rows: Rows, details: Details, written: Written, find: Find
    ) -> None:
        self._client = client
        self._rows = rows
        self._details = details
        self._written = written
        self._find = find
        self._told: set[tuple[str, str]] = set()  # (mark, id) of contacts that were said to be there

    def create(self, values: Values, mark: str) -> Record:
        """Make a contact; where its name is taken, once more with another name. Returns what Zoho answered.

        Raises Exists where the contact that has the name shows just these values, because the answer to an earlier call
        may have been lost; Rejected with the field and the remedy where these are known, Uncertain, Retry, Unauthorized, OverBudget.
        """
        status = values.get("status")
        values = {name: value for name, value in values.items() if name != "status"}
        stream = self._rows.shape.stream
        about = f"to make contact {values.get('contact_name')}"
        try:
            made = self._post(new_contact(stream, values), about)
        except Rejected as error:
            self._only_taken(error, values, mark)
            values = {**values, "contact_name": other_name(values, mark)}
            try:
                made = self._post(new_contact(stream, values), about)
            except Rejected as again:
                self._only_taken(again, values, mark)
                raise self._explained(again, values) from again
        if status in (None, "active"):
            return made
        try:
            return self.update(made.id, {"status": status})
        except (Retry, OverBudget, Unauthorized, Rejected, Uncertain):
            return made  # it is there, and active: the next run sees that it should not be

    def update(self, id: str, values: Values) -> Record:
        """Change just these fields: the status by a call of its own, then the rest by reading and writing it.

        Returns the contact as it is now. Raises Gone where it is not there, and otherwise as `create`.
        """
        rest = dict(values)
        status = rest.pop("status", None)
        if status is not None:
            self._mark(id, str(status), values)
        if status is not None and not rest:
            return self._now(id, {"status": status})
        try:
            return self._put(id, rest)
        except Retry as error:
            if status is None:
                raise
            raise Uncertain(error.what, remedy="Its status was changed; the next run reads it.") from error

    def remove(self, id: str) -> None:
        """Delete a contact; one that is already gone is a success.

        Raises Rejected where transactions hold it, Uncertain, Retry, Unauthorized, OverBudget.
        """
        about = f"to delete contact {id}"
        try:
            self._client.write("DELETE", f"/contacts/{id}", decode=decode_plain, about=about)
        except Gone:
            return
        except Rejected as error:
            raise explained(error, self._rows.shape.stream) from error

    def _post(self, body: bytes, about: str) -> Record:
        answer, moment = self._client.write(
            "POST", "/contacts", body=body, decode=self._rows.decode_one, about=about
        )
        return _settled(self._written(answer.rows[0], moment, about))

    def _only_taken(self, error: Rejected, values: Values, mark: str) -> None:
        """Return where another contact has the name. Raises Exists where it may be this one (once: who asks again knows that
        it is not), Retry where Zoho shows none (a new one may be missing from its lists for a while: facts, Zoho 1), and
        any other refusal."""
        if not is_taken_name(error):
            raise self._explained(error, values) from error
        name = str(values["contact_name"])
        there = self._find(name)
        if not there:
            raise Retry(
                f"Zoho has a contact with the name {name}, and does not show it yet.",
                remedy="Nothing was written, or it could be made a second time; the next run looks again.",
                code=error.code,
            )
        for record in there:
            said = (mark, record.id)
            if said not in self._told and _made_of(record.values, values, self._rows.shape.stream):
                self._told.add(said)
                raise Exists(error.what, record=record, code=error.code) from error

    def _put(self, id: str, values: Values) -> Record:
        """Read it, and write what differs together with what belongs to it."""
        row, moment = self._details.row("contacts", id, "export")
        stands = self._rows.parse(row, full=True, seen=moment, place=f"detail of {id}")
        if isinstance(stands, Record):
            values = {
                name: value
                for name, value in values.items()
                if name not in stands.values or stands.values[name] != value
            }
            if not values:
                return stands
        about = f"to change contact {id}"
        try:
            body = changed_contact(self._rows.shape.stream, row, values)
        except BadValue as error:
            raise Rejected(
                f'"{error.field}" of contact {id} is not {error.wanted}, so it cannot be changed without harm.',
                field=error.field,
                remedy="Look at the contact in Zoho. If it looks well there, report it to Zoho's support.",
            ) from error
        try:
            answer, moment = self._client.write(
                "PUT", f"/contacts/{id}", body=body, decode=self._rows.decode_one, about=about
            )
        except Rejected as error:
            raise self._explained(error, values) from error
        return _settled(self._written(answer.rows[0], moment, about))

    def _mark(self, id: str, status: str, values: Values) -> None:
        if status not in ("active", "inactive"):
            raise Rejected(
                f"A contact of Zoho's is active or inactive, not {status!r}.",
                field="status",
                remedy="Correct the mapping.",
            )
        about = f"to make contact {id} {status}"
        try:
            self._client.write("POST", f"/contacts/{id}/{status}", decode=decode_plain, about=about)
        except Rejected as error:
            raise self._explained(error, values) from error

    def _now(self, id: str, sent: Values) -> Record:
        """The contact after a write that answers nothing; where it cannot be read at the moment, just what was sent."""
        try:
            now = self._details.one("contacts", id, "export")
            if isinstance(now, Record) and now.values.get("status") == sent["status"]:
                return now
        except (Retry, OverBudget, Unauthorized):
            pass
        # It was done: a read that fails, or shows an older state (facts, Zoho 1), takes nothing back.
        return Record(id=id, values=dict(sent), version="marked", full=False)

    def _explained(self, error: Rejected, values: Values) -> Rejected:
        better = explained(error, self._rows.shape.stream)
        if better.field is not None:
            return better
        named = sent_as(self._rows.shape.stream, values, better.what)
        return Rejected(better.what, field=named, remedy=better.remedy, code=better.code)


def _settled(record: Record) -> Record:
    """What our own write answered, taken for the state of its second: or every contact that is made would be read once
    more by the next run, for the chance that a person changed it again within that second."""
    return msgspec.structs.replace(record, version=record.version.removesuffix("?"))


def _made_of(stands: Values, sent: Values, stream: Stream) -> bool:
    """Whether a contact shows all that was sent and nothing else: then it can be what an earlier call made.

    What Zoho fills in itself does not count: types, the status, custom fields with a default.
    """
    if not all(_folded(stands.get(name)) == _folded(value) for name, value in sent.items() if value):
        return False
    others = (field for field in stream.fields if field.writable and not field.choices)
    return not any(
        stands.get(field.name)
        for field in others
        if not (sent.get(field.name) or field.name.startswith("cf_"))
    )


def _folded(value: Value) -> Value:
    return value.strip().casefold() if isinstance(value, str) else value
