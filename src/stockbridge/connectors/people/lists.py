"""Reading Google's contacts: the list page by page, what changed since a sync token, and some by their ids.

Source: people.connections.list and people.getBatchGet of the discovery document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stockbridge.connectors.people.client import Json, Params, PeopleClient
from stockbridge.connectors.people.labels import Labels
from stockbridge.connectors.people.refusals import BAD_TOKEN
from stockbridge.connectors.people.rows import Rows, groups_of, source_of
from stockbridge.connectors.people.seen import Seen
from stockbridge.connectors.people.slots import READ_MASK
from stockbridge.core.errors import Gone, Halt, Rejected, Retry
from stockbridge.core.record import Page, Record, Refusal
from stockbridge.http.values import moment

# Only the contact itself: a linked Google profile shows values that nobody can change here.
SHOWN: Params = (("personFields", READ_MASK), ("sources", "READ_SOURCE_TYPE_CONTACT"))

_CONNECTIONS = "people/me/connections"
_NOT_FOUND = 5  # google.rpc.Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The contacts of one account, read. What was read of each is kept in `seen`."""

    client: PeopleClient
    rows: Rows
    labels: Labels
    seen: Seen
    page_size: int

    def read(self, since: str | None) -> Iterator[Page]:
        """Pages of what changed since that sync token, or of all contacts; the last one carries the next token.

        A token that Google does not take any more leads to a full read, which says nothing about what was deleted.
        Raises Retry, Unauthorized, OverBudget, and Halt where Google refuses the list itself.
        """
        try:
            try:
                yield from self._pages(since)
            except Rejected as error:
                if error.code != BAD_TOKEN or since is None:
                    raise
                yield from self._pages(None)
        except (Rejected, Gone) as error:
            raise Halt(error.what, remedy=error.remedy, code=error.code) from error

    def lately(self, since: datetime | None) -> Iterator[Record]:
        """The contacts that were changed since then, the newest first; all of them where `since` is None.

        One that is changed during the reading goes to the front, so that is looked at again where it took several pages.
        Raises as `read`.
        """
        order = (*SHOWN, ("pageSize", str(self.page_size)), ("sortOrder", "LAST_MODIFIED_DESCENDING"))
        try:
            token, pages = "", 0
            while True:
                page = self._list(order, token)
                pages += 1
                people = _dicts(page.get("connections"))
                yield from self._records(people, pages)
                token = str(page.get("nextPageToken") or "")
                if not token or (since is not None and people and _older(people[-1], since)):
                    break
            if pages > 1:
                yield from self._records(_dicts(self._list(order, "").get("connections")), 1)
        except (Rejected, Gone) as error:
            raise Halt(error.what, remedy=error.remedy, code=error.code) from error

    def fetch(self, ids: Sequence[str]) -> list[Record | Refusal]:
        """The contacts of these ids, in their order, with one call. Raises Retry, Unauthorized, and Halt where Google
        refuses the call itself."""
        names = [id for id in dict.fromkeys(ids) if id.startswith("people/")]
        found: dict[str, Record | Refusal] = {}
        if names:
            try:
                responses = self._batch(names)
            except (Rejected, Gone) as error:
                raise Halt(error.what, remedy=error.remedy, code=error.code) from error
            people = [one["person"] for one in responses if isinstance(one.get("person"), dict)]
            known = self.known(people)
            for place, one in enumerate(responses, start=1):
                asked = str(one.get("requestedResourceName") or "")
                found[asked] = self._one(asked, one, known, f"answer {place}")
            if missing := [name for name in names if name not in found]:
                raise Retry(
                    f"Google answered for {len(found)} of {len(names)} contacts; {missing[0]} is missing."
                )
        return [found.get(id) or gone(id) for id in dict.fromkeys(ids)]

    def people(self, ids: Sequence[str]) -> dict[str, Json]:
        """At most 200 people as Google shows them, by the ids that were asked for, with one call; one that is not there is
        missing. Raises as `PeopleClient.get`."""
        names = [id for id in dict.fromkeys(ids) if id.startswith("people/")]
        responses = self._batch(names) if names else []
        return {
            str(one.get("requestedResourceName")): one["person"]
            for one in responses
            if isinstance(one.get("person"), dict)
        }

    def get(self, id: str) -> Json:
        """One person as Google shows it. Raises Gone where it is not there, and as `PeopleClient.get`."""
        if not id.startswith("people/"):
            raise Gone(f"Google has no contact {id}.")
        return self.client.get(id, SHOWN, f"to read contact {id}")

    def known(self, people: Sequence[Mapping[str, Any]]) -> Mapping[str, str | None]:
        """The names of the groups that these people are in. Raises as `PeopleClient.get`."""
        return self.labels.resolve({name for person in people for name in _groups(person)})

    def _pages(self, since: str | None) -> Iterator[Page]:
        params = (*SHOWN, ("pageSize", str(self.page_size)), ("requestSyncToken", "true"))
        if since is not None:
            params = (*params, ("syncToken", since))
        token, number, fresh = "", 0, False
        while True:
            page = self._list(params, token, synced=since is not None)
            number += 1
            people = page.get("connections") or []
            if not isinstance(people, list):
                raise Retry("Google's list of contacts is not the JSON that was expected.")
            if (
                people and not fresh
            ):  # a label may have another name by now; an idle read costs no call for it
                self.labels.refresh()
                fresh = True
            known = self.known(_dicts(people))
            for person in people:
                self.seen.keep(person)
            parsed = [
                self.rows.parse(person, known, f"page {number} row {row}")
                for row, person in enumerate(people, start=1)
            ]
            token = str(page.get("nextPageToken") or "")
            yield Page(
                records=[one for one in parsed if isinstance(one, Record)],
                refused=[one for one in parsed if isinstance(one, Refusal)],
                # Only the last page brings a token from which a later read can go on.
                checkpoint=since if token else (str(page.get("nextSyncToken") or "") or since),
            )
            if not token:
                return

    def _batch(self, names: Sequence[str]) -> list[Json]:
        params = (*SHOWN, *(("resourceNames", name) for name in names))
        return _dicts(self.client.get("people:batchGet", params, "to read contacts").get("responses"))

    def _list(self, params: Params, token: str, *, synced: bool = False) -> Json:
        if token:
            params = (*params, ("pageToken", token))
        return self.client.get(_CONNECTIONS, params, "to list the contacts", synced=synced)

    def _records(self, people: list[Json], page: int) -> Iterator[Record]:
        known = self.known(people)
        for row, person in enumerate(people, start=1):
            if isinstance(found := self.rows.parse(person, known, f"page {page} row {row}"), Record):
                yield found

    def _one(self, asked: str, answer: Json, known: Mapping[str, str | None], place: str) -> Record | Refusal:
        person = answer.get("person")
        if isinstance(person, dict):
            return self.rows.parse(person, known, place)
        status = answer.get("status")
        code = status.get("code") if isinstance(status, dict) else None
        if answer.get("httpStatusCode") == 404 or code == _NOT_FOUND:
            return gone(asked)
        raise Retry(f"Google could not read contact {asked} for the moment.", code=str(code or ""))


def gone(id: str) -> Record:
    """The tombstone of a contact that is certainly not there."""
    return Record(id=id, values={}, version="deleted", deleted=True)


def _groups(person: Mapping[str, Any]) -> list[str]:
    try:
        return list(groups_of(person))
    except ValueError:
        return []  # told as a refusal where the person is parsed


def _older(person: Mapping[str, Any], since: datetime) -> bool:
    try:
        changed = moment(source_of(person).get("updateTime"))
    except ValueError:
        return False
    return changed is not None and changed < since


def _dicts(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
