"""Google Contacts as a Connector: reads and writes the contacts of one account."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from stockbridge.connectors.people.account import GoogleAccount, grant_of
from stockbridge.connectors.people.batches import MOST_DELETED, MOST_WRITTEN, Gathered
from stockbridge.connectors.people.client import PeopleClient
from stockbridge.connectors.people.labels import Labels
from stockbridge.connectors.people.lists import Lists
from stockbridge.connectors.people.quota import READS, WRITES, Quota
from stockbridge.connectors.people.rows import Rows
from stockbridge.connectors.people.seen import Seen
from stockbridge.connectors.people.streams import contacts_stream
from stockbridge.connectors.people.writes import Creation, Update, Writes
from stockbridge.core.errors import Rejected
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
    """The contacts of one Google account. Safe to call from several threads; Google is sent one write at a time, which
    takes along what other threads want written at that moment."""

    def __init__(self, client: PeopleClient, quota: Quota, keys: tuple[str, ...]) -> None:
        stream = contacts_stream(keys)
        self._client = client
        self._quota = quota
        self._streams = {stream.name: stream}
        rows, labels, seen = Rows(keys), Labels(client), Seen()
        self._lists = Lists(client=client, rows=rows, labels=labels, seen=seen, page_size=stream.page_size)
        writes = Writes(client=client, rows=rows, labels=labels, seen=seen, lists=self._lists)
        # Google wants the writes of one user one after the other; so nobody of us makes another's etag stale either.
        writing = threading.Lock()
        self._creating = Gathered(writes.create, writes.create_many, writing=writing, most=MOST_WRITTEN)
        self._updating = Gathered(writes.update, writes.update_many, writing=writing, most=MOST_WRITTEN)
        self._removing = Gathered(writes.remove, writes.remove_many, writing=writing, most=MOST_DELETED)

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
        return self._creating.send(Creation(values=values, mark=mark))

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Change just these fields; nothing is sent where the contact holds them already. Returns what Google shows.

        It starts from what was last read of the contact; where a person was faster, it is read anew and changed once more.
        Raises Gone where it is not there, Stale where it was changed again meanwhile, and otherwise as `create`.
        """
        self._check(stream, values)
        return self._updating.send(Update(id=id, values=values))

    def remove(self, stream: str, id: str) -> None:
        """Delete the contact; one that is gone already is a success. Raises Rejected, Uncertain, Retry, Unauthorized."""
        if id.startswith("people/"):
            self._removing.send(id)

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
