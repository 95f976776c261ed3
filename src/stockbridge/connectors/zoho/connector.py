"""Zoho Inventory as a Connector: reads one organisation, writes its contacts, and makes orders and assemblies there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from stockbridge.connectors.zoho.account import ZohoAccount, refresh
from stockbridge.connectors.zoho.client import ZohoClient, decode_plain
from stockbridge.connectors.zoho.contact_calls import ContactCalls
from stockbridge.connectors.zoho.contact_fields import contact_fields
from stockbridge.connectors.zoho.contacts import contacts_shape, contacts_stream
from stockbridge.connectors.zoho.custom_labels import custom_labels
from stockbridge.connectors.zoho.details import Details
from stockbridge.connectors.zoho.lists import Lists, same_mark, searched_by
from stockbridge.connectors.zoho.paging import Batch, Entry
from stockbridge.connectors.zoho.person_calls import PersonCalls
from stockbridge.connectors.zoho.persons import PEOPLE, people_stream
from stockbridge.connectors.zoho.refusals import explained, is_double
from stockbridge.connectors.zoho.render import PlaceKey, Recipe, assembly, purchase_order, recipe
from stockbridge.connectors.zoho.rows import Rows
from stockbridge.connectors.zoho.streams import SHAPES, STREAMS
from stockbridge.core.errors import Exists, Gone, OverBudget, Rejected, Retry, Unauthorized, Uncertain
from stockbridge.core.record import Ability, Field, Page, Record, Refusal, Stream, Values
from stockbridge.http.budget import Budget, Day, Limits
from stockbridge.http.clock import Clock
from stockbridge.http.oauth import Remember, Token, Tokens
from stockbridge.http.transport import Transport

LIMITS = Limits(per_minute=100, concurrency=8, reserve=100)
"""Facts, Zoho 4: 100 a minute; 10 at once on paid plans, of which two are left to others.

The reserve is a tenth of the smallest plan's day (1,000): fifty orders with their issuing, after imports have stopped.
"""


def connect(
    account: ZohoAccount,
    *,
    clock: Clock,
    transport: Transport,
    limits: Limits = LIMITS,
    day: Day | None = None,
    token: Token | None = None,
    remember: Remember | None = None,
    custom_contacts: Sequence[Field] = (),
    people: bool = False,
) -> ZohoConnector:
    """A connector for one account. Nothing is sent yet.

    `custom_contacts` are the custom fields of contacts, as `contact_fields` gave them; with `people`, each contact person is
    a record of its own as well. `day` and `token` are what an earlier start learned; `remember` is told each new token. `limits.reserve` calls of a
    day are kept for exports.
    """
    budget = Budget(limits, clock, who=account.who, day=day)
    tokens = Tokens(
        grant=lambda: refresh(account, clock),
        send=transport.send,
        clock=clock,
        token=token,
        remember=remember,
    )
    client = ZohoClient(account, clock=clock, transport=transport, budget=budget, tokens=tokens)
    return ZohoConnector(client, budget, custom_contacts, people=people)


class _Location(msgspec.Struct):
    location_id: str = ""


class _Places(msgspec.Struct):
    code: int | None = None
    message: str = ""
    locations: list[_Location] = []


class ZohoConnector:
    """One organisation of Zoho Inventory. Safe to call from several threads."""

    def __init__(
        self,
        client: ZohoClient,
        budget: Budget,
        custom_contacts: Sequence[Field] = (),
        *,
        people: bool = False,
    ) -> None:
        self._client = client
        self._budget = budget
        contacts = contacts_stream(custom_contacts, persons=people)
        persons = people_stream(custom_contacts)
        self._streams = {**STREAMS, contacts.name: contacts, **({PEOPLE: persons} if people else {})}
        self._rows = {shape.stream.name: Rows(shape) for shape in (*SHAPES, contacts_shape(contacts))}
        self._lists = Lists(client, self._rows)
        self._details = Details(client, self._rows)
        self._contacts = ContactCalls(
            client,
            self._rows["contacts"],
            self._details,
            partial(self._written, "contacts"),
            lambda name: self.find("contacts", [name], None).get(name, []),
        )
        self._people = PersonCalls(
            client, persons, self._rows["contacts"], self._details, self._contacts, self._of_company
        )
        self._places: PlaceKey | None = None

    @property
    def name(self) -> str:
        """ "Zoho"."""
        return "Zoho"

    @property
    def meter(self) -> Budget:
        """Calls spent, and the quota of the day; its `day` may be kept for the next start."""
        return self._budget

    def streams(self) -> Mapping[str, Stream]:
        """The streams of this connector, by name."""
        return self._streams

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        """Pages of records changed since that checkpoint minus five minutes, or of all; oldest change first.

        Assemblies come newest first, because their list has no filter on the time of change. The checkpoint is a moment:
        the newest change seen, never later than the start of the read by Zoho's clock. Raises Retry, Unauthorized,
        OverBudget, and Halt where Zoho refuses the list itself.
        """
        rows = self._rows[stream]
        start = None if since is None else datetime.fromisoformat(since)
        for batch in self._lists.changed(stream, start):
            records: list[Record] = []
            refused: list[Refusal] = []
            for place, entry in batch.entries:
                if not rows.wanted(entry.row):
                    continue
                where = f"page {batch.number} row {place}"
                key = (entry.id, entry.modified)
                found = rows.parse(entry.row, full=False, seen=batch.moment, place=where, key=key)
                if isinstance(found, Record):
                    records.append(found)
                else:
                    refused.append(found)
            checkpoint = None if batch.checkpoint is None else batch.checkpoint.isoformat()
            yield Page(records=records, refused=refused, checkpoint=checkpoint)

    def fetch(self, stream: str, ids: Sequence[str]) -> list[Record | Refusal]:
        """The full records of these ids, in their order; items in bulk, the others one call each.

        An id that a bulk answer leaves out is asked for by itself: only a clear "does not exist" makes a tombstone.
        """
        return self._people.of(ids) if stream == PEOPLE else self._details.of(stream, ids)

    def find(self, stream: str, marks: Collection[str], since: datetime | None) -> dict[str, list[Record]]:
        """The full records that carry one of these marks, by mark; one search a mark, whenever they were made.

        A record that is there and cannot be read comes with its mark alone: it must not be made a second time. Raises
        as `read`.
        """
        mark_field = searched_by(self._streams[stream])
        if mark_field is None:
            return {}
        found: dict[str, dict[str, Record]] = {}
        for mark in dict.fromkeys(marks):
            for batch in self._lists.marked(stream, mark):
                for place, entry in batch.entries:
                    # Zoho ignores a search it does not know and gives every row, so each one is compared.
                    if not same_mark(self._streams[stream], getattr(entry.row, mark_field, ""), mark):
                        continue
                    record = self._whole(stream, entry, batch, place, mark)
                    if not record.deleted:
                        found.setdefault(mark, {})[record.id] = record
        return {mark: list(by_id.values()) for mark, by_id in found.items()}

    def create(self, stream: str, values: Values, mark: str) -> Record:
        """Make a purchase order (a draft) or an assembly that carries `mark` as its reference, or a contact (person).
        Returns what Zoho answered.

        Raises Exists for an assembly whose reference is there already, Gone where a record it refers to is not there,
        Rejected with the field and the remedy where these are known, Uncertain, Retry, Unauthorized, OverBudget; and
        Rejected for a stream that Stockbridge does not write.
        """
        declared = self._streams[stream]
        if Ability.CREATE not in declared.abilities:
            raise _never("write to", stream)
        if stream == PEOPLE:
            return self._people.create(values, mark)
        if stream == "contacts":
            return self._contacts.create(values, mark)
        about = f"to make {declared.noun} {mark}"
        params: tuple[tuple[str, str], ...] = ()
        if stream == "bundles":
            body = assembly(values, mark, self._recipe(str(values.get("composite_item_id") or "")))
            params = (("ignore_auto_number_generation", "true"),)
        else:
            body = purchase_order(
                values, mark, self._place_key() if values.get("location_id") else "location_id"
            )
        rows = self._rows[stream]
        try:
            answer, moment = self._client.write(
                "POST", rows.shape.path, params=params, body=body, decode=rows.decode_one, about=about
            )
        except Gone as error:
            raise _parent_gone(error, declared, values, mark) from error
        except Rejected as error:
            if stream == "bundles" and is_double(error):
                for record in self.find(stream, [mark], None).get(mark, []):
                    raise Exists(error.what, record=record, code=error.code) from error
            raise explained(error, declared) from error
        return self._written(stream, answer.rows[0], moment, about)

    def update(self, stream: str, id: str, values: Values) -> Record:
        """Change a contact, or issue a purchase order, which is the one change that Stockbridge makes to it:
        `{"issued": True}`.

        Returns the record as it is now; where it cannot be read at the moment, just what was sent. Raises Gone where it
        is not there, and otherwise as `create`.
        """
        declared = self._streams[stream]
        if Ability.UPDATE not in declared.abilities:
            raise _never("change", stream)
        if stream == PEOPLE:
            return self._people.update(id, values)
        if stream == "contacts":
            return self._contacts.update(id, values)
        if values != {"issued": True}:
            raise Rejected(
                f"Stockbridge changes nothing of {declared.noun} {id} but that it is issued.",
                field=next((name for name in values if name != "issued"), "issued"),
                remedy="Change it in Zoho.",
            )
        path = f"{self._rows[stream].shape.path}/{id}/status/issued"
        try:
            self._client.write("POST", path, decode=decode_plain, about=f"to issue {declared.noun} {id}")
        except Rejected as error:
            # A person may have issued it meanwhile, which is what was wanted.
            found = self._details.one(stream, id, "export")
            if isinstance(found, Record) and found.values.get("issued") is True:
                return found
            raise explained(error, declared) from error
        try:
            now = self._details.one(stream, id, "export")
            if isinstance(now, Record) and now.values.get("issued") is True:
                return now
        except (Retry, OverBudget, Unauthorized):
            pass
        # It was issued: a read that fails, or shows an older state (facts, Zoho 1), takes nothing back.
        return Record(id=id, values={"issued": True}, version="issued", full=False)

    def remove(self, stream: str, id: str) -> None:
        """Delete a contact; one that is already gone is a success. Raises Rejected where transactions hold it, and for
        every other stream."""
        if Ability.REMOVE not in self._streams[stream].abilities:
            raise _never("delete from", stream)
        if stream == PEOPLE:
            self._people.remove(id)
        else:
            self._contacts.remove(id)

    def custom_fields(self, stream: str) -> dict[str, str] | None:
        """Label by api name ("cf_colour") of the custom fields of a stream; None where Zoho does not tell."""
        return custom_labels(self._client, stream)

    def contact_fields(self) -> list[Field]:
        """The custom fields that this organisation has for contacts, typed; to be given to `connect` as `custom_contacts`."""
        return contact_fields(self._client)

    def _of_company(self, name: str) -> list[str]:
        """The ids of the contacts of exactly that company, in small or capital letters."""
        wanted = name.casefold()
        found = [
            entry.id
            for batch in self._lists.where("contacts", "company_name", name)
            for _, entry in batch.entries
            if entry.id and str(getattr(entry.row, "company_name", "")).strip().casefold() == wanted
        ]
        return list(dict.fromkeys(found))

    def _whole(self, stream: str, entry: Entry, batch: Batch, place: int, mark: str) -> Record:
        """The full record of a row that carries a mark; the row's own record, or the bare mark, where that is unreadable."""
        rows = self._rows[stream]
        if entry.id is None:
            raise Retry(
                f"Zoho lists {rows.shape.stream.noun} {mark} without an id.",
                remedy="Nothing is written, or it could be made a second time; the next run looks again.",
            )
        key = (entry.id, entry.modified)
        found = rows.parse(entry.row, full=False, seen=batch.moment, place=f"row {place}", key=key)
        if rows.shape.stream.detail_size:
            detail = self._details.one(stream, entry.id, "export")
            found = detail if isinstance(detail, Record) else found
        if isinstance(found, Record):
            return found
        bare = {str(searched_by(rows.shape.stream)): mark}
        return Record(id=entry.id, values=bare, version="unreadable", full=False)

    def _written(self, stream: str, row: Any, moment: datetime, about: str) -> Record:
        """The record in the answer to a create; where the answer is too thin, the record is read once more."""
        rows = self._rows[stream]
        found = rows.parse(row, full=True, seen=moment, place="answer")
        id, _ = rows.key(row)
        if isinstance(found, Refusal) and id is not None:
            try:
                again = self._details.one(stream, id, "export")
            except (Retry, OverBudget, Unauthorized):
                again = found
            found = found if isinstance(again, Record) and again.deleted else again
        if isinstance(found, Refusal):
            raise Uncertain(
                f"Zoho took the call {about}, but its answer cannot be read: {found.reason}",
                remedy="The next run looks what is there.",
            )
        return found

    def _recipe(self, composite: str) -> Recipe:
        """What a composite item is made of. Raises Gone where it is not there, Rejected where it cannot be made."""
        if not composite:
            raise Rejected(
                "An assembly needs a composite item.",
                field="composite_item_id",
                remedy="Correct the mapping.",
            )
        try:
            row, moment = self._details.row("composites", composite, "export")
        except Gone as error:
            item = self._details.one("items", composite, "export")
            if isinstance(item, Record) and item.deleted:
                raise
            raise Rejected(
                f"Item {composite} is no composite item in Zoho, so it cannot be assembled.",
                field="composite_item_id",
                remedy="Order it as a buy order in Optiply, or make it a composite item in Zoho.",
                code=error.code,
            ) from error
        found = self._rows["composites"].parse(row, full=True, seen=moment, place=f"detail of {composite}")
        if isinstance(found, Refusal):
            raise Rejected(found.reason, field="composite_item_id", remedy=found.remedy)
        return recipe(found.values, row)

    def _place_key(self) -> PlaceKey:
        """How this organisation calls its places, asked once: one without locations has warehouses (facts, Zoho 10.11)."""
        if self._places is None:
            decoder = msgspec.json.Decoder(_Places)
            try:
                found, _ = self._client.call(
                    "GET", "/locations", decode=decoder.decode, about="its locations", purpose="export"
                )
            except (Gone, Rejected):
                self._places = "warehouse_id"
            else:
                self._places = "location_id" if found.locations else "warehouse_id"
        return self._places


def _parent_gone(error: Gone, stream: Stream, values: Values, mark: str) -> Gone:
    named = [
        f"{STREAMS[field.refers_to].noun} {values[field.name]}"
        for field in stream.fields
        if field.refers_to is not None and values.get(field.name) is not None
    ]
    named += [f"item {line.get('item_id')}" for line in values.get("lines") or ()]
    return Gone(
        f"Zoho does not know {' or '.join(named) or 'a record'}, which {stream.noun} {mark} refers to: {error.what}",
        remedy="It may have been deleted in Zoho. The next full run looks again: stockbridge run --full",
        code=error.code,
    )


def _never(does: str, stream: str) -> Rejected:
    return Rejected(
        f"Stockbridge does not {does} Zoho's {stream}.",
        remedy="Change the flow so that it only reads there.",
    )
