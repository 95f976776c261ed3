"""Google Contacts as a Connector: reads and writes the contacts of one account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from stockbridge.connectors.people.account import GoogleAccount, grant_of
from stockbridge.connectors.people.client import Json, PeopleClient
from stockbridge.connectors.people.labels import Labels
from stockbridge.connectors.people.lists import SHOWN, Lists
from stockbridge.connectors.people.quota import READS, WRITES, Quota
from stockbridge.connectors.people.render import changed, etags
from stockbridge.connectors.people.rows import Rows
from stockbridge.connectors.people.seen import Seen
from stockbridge.connectors.people.slots import LABELS
from stockbridge.connectors.people.streams import contacts_stream
from stockbridge.core.errors import Gone, Rejected, Retry, Stale, Uncertain
from stockbridge.core.record import Page, Record, Refusal, Stream, Values
from stockbridge.http.budget import Limits
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Remember, Token, Tokens
from stockbridge.http.transport import Transport


def connect(
    account: GoogleAccount,
    *,
    clock: Clock,
    transport: Transport,
    token: Token | None = None,
    remember: Remember | None = None,
    keys: Sequence[str] = (),
    reads: Limits = READS,
    writes: Limits = WRITES,
) -> GoogleConnector:
    """A connector for one account. Nothing is sent yet.

    `token` is one from an earlier start, `remember` is told each new one. `keys` are those of the user-defined fields
    that are wanted as fields "user_defined.KEY". `reads` and `writes` are what Google allows a minute.
    """
    quota = Quota(clock, who=account.who, reads=reads, writes=writes)
    tokens = Tokens(
        grant=lambda: grant_of(account, clock),
        send=transport.send,
        clock=clock,
        token=token,
        remember=remember,
    )
    client = PeopleClient(account, clock=clock, transport=transport, quota=quota, tokens=tokens)
    return GoogleConnector(client, quota, tuple(dict.fromkeys(keys)))


class GoogleConnector:
    """The contacts of one Google account. Safe to call from several threads; Google is sent one write at a time."""

    def __init__(self, client: PeopleClient, quota: Quota, keys: tuple[str, ...]) -> None:
        stream = contacts_stream(keys)
        self._client = client
        self._quota = quota
        self._streams = {stream.name: stream}
        self._rows = Rows(keys)
        self._labels = Labels(client)
        # Google wants the writes of one user one after the other; so nobody of us makes another's etag stale either.
        self._writing = threading.Lock()
        self._seen = Seen()
        self._lists = Lists(
            client=client,
            rows=self._rows,
            labels=self._labels,
            seen=self._seen,
            page_size=stream.page_size,
        )

    @property
    def name(self) -> str:
        """ "Google"."""
        return "Google"

    @property
    def meter(self) -> Quota:
        """Calls spent; Google has no quota of the day."""
        return self._quota

    def streams(self) -> Mapping[str, Stream]:
        """The stream "contacts"."""
        return self._streams

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        """Pages of what changed since that checkpoint, deletions as tombstones, or of all contacts; oldest change first.

        The checkpoint moves with the last page only. One that has expired (seven days after the full read) leads to a full
        read by itself. Raises Retry, Unauthorized, OverBudget, and Halt where Google refuses the list itself.
        """
        return self._lists.read(since)

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The contacts of these ids (at most 200), in their order, with one call. Raises as `read`."""
        return self._lists.fetch(ids)

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        """The contacts with one of these marks among those that were changed since then, by mark. Raises as `read`."""
        mark = self._streams[stream].mark or ""
        found: dict[str, dict[str, Record]] = {}
        if marks:
            for record in self._lists.lately(since):
                if (carried := record.values.get(mark)) in marks:
                    found.setdefault(str(carried), {})[record.id] = record
        return {carried: list(records.values()) for carried, records in found.items()}

    def create(self, stream: str, values: Values, mark: str) -> Record:
        """Make a contact that carries `mark`; labels that are not there yet are made. Returns what Google answered.

        Raises Rejected with the field where it is known, Uncertain, Retry, Unauthorized.
        """
        self._check(stream, values)
        values = {**values, LABELS: values.get(LABELS) or []}

        def make() -> Record:
            groups = self._groups(values)
            body, _ = changed({}, values, self._rows.slots, {}, groups, mark)
            about = f"to make contact {mark}"
            person = self._client.write("POST", "people:createContact", SHOWN, body, about)
            return self._written(person)

        return self._with_labels(make, values)

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Change just these fields; nothing is sent where the contact holds them already. Returns what Google shows.

        It starts from what was last read of the contact; where a person was faster, it is read anew and changed once more.
        Raises Gone where it is not there, Stale where it was changed again meanwhile, and otherwise as `create`.
        """
        self._check(stream, values)

        def change() -> Record:
            groups = self._groups(values)
            if (seen := self._seen.take(id)) is not None:
                with suppress(Stale):
                    if (done := self._change(id, seen, values, groups)) is not None:
                        return done
            try:
                return self._read_and_change(id, values, groups)
            except Stale:
                return self._read_and_change(id, values, groups)

        return self._with_labels(change, values)

    def remove(self, stream: str, id: str) -> None:
        """Delete the contact; one that is gone already is a success. Raises Rejected, Uncertain, Retry, Unauthorized."""
        if not id.startswith("people/"):
            return
        with self._writing:
            try:
                self._seen.take(id)
                self._client.write("DELETE", f"{id}:deleteContact", (), None, f"to delete contact {id}")
            except Gone:
                return

    def _read_and_change(self, id: str, values: Values, groups: Mapping[str, str]) -> Record:
        person = self._lists.get(id)
        return self._change(id, person, values, groups) or self._written(person)

    def _change(self, id: str, person: Json, values: Values, groups: Mapping[str, str]) -> Record | None:
        """Send what makes this person hold these values; None where it does."""
        shown = self._lists.known([person])
        try:
            body, mask = changed(person, values, self._rows.slots, shown, groups)
        except ValueError as error:
            raise Retry(f"What Google shows of contact {id} is not {error}.") from error
        if not mask:
            return None
        params = (("updatePersonFields", ",".join(mask)), *SHOWN)
        about = f"to change contact {id}"
        body = {**etags(person), **body}
        return self._written(
            self._client.write("PATCH", f"{id}:updateContact", params, body, about, reads=True)
        )

    def _with_labels(self, act: Callable[[], Record], values: Values) -> Record:
        """What `act` returns; once more where it was refused because a label that it knew was deleted meanwhile."""
        with self._writing:
            before = self._groups(values)
            try:
                return act()
            except Rejected:
                if not before:
                    raise
                self._labels.refresh()
                if self._groups(values) == before:
                    raise
                return act()

    def _groups(self, values: Values) -> dict[str, str]:
        """The resource names of the labels among these values; made where they are missing."""
        labels = values.get(LABELS) or []
        return dict(zip(labels, self._labels.groups(labels), strict=True))

    def _written(self, person: Json) -> Record:
        """The record in an answer. Raises Uncertain where it cannot be read, and asks for nothing more: what was written
        must not end as a failed read."""
        found = self._rows.parse(person, self._labels.known, "answer")
        if isinstance(found, Refusal) or found.deleted:
            why = found.reason if isinstance(found, Refusal) else "it is gone"
            raise Uncertain(
                f"Google took the call, but its answer cannot be read: {why}",
                remedy="The next run looks what is there.",
            )
        self._seen.keep(person)
        return found

    def _check(self, stream: str, values: Values) -> None:
        """Raises Rejected for a field that cannot be written."""
        for name in values:
            field = self._streams[stream].field(name)
            if field is None or not field.writable:
                raise Rejected(
                    f"Google's contacts have no {name} that can be written.",
                    field=name,
                    remedy="Take it out of the mapping.",
                )
