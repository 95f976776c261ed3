"""The address book: contacts with their versions, groups, "Other contacts", and everything that changed in its order."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.people.reading import Fields
from stockbridge_sandbox.people.refusal import Refusal, exhausted, invalid, not_found

MY_CONTACTS = "contactGroups/myContacts"
STARRED = "contactGroups/starred"
# The groups that exist in every account; to most of them nobody can be added any more.
SYSTEM_GROUPS = {
    "contactGroups/chatBusy": "Chat contacts",
    "contactGroups/friends": "Friends",
    "contactGroups/family": "Family",
    "contactGroups/coworkers": "Coworkers",
    "contactGroups/blocked": "Blocked",
    "contactGroups/all": "All Contacts",
    MY_CONTACTS: "My Contacts",
    STARRED: "Starred",
}
OPEN_SYSTEM_GROUPS = frozenset({MY_CONTACTS, STARRED})
_FIRST_NUMBER = 1_000_000_000_000_000_000


@dataclass(slots=True, kw_only=True)
class Switches:
    """What a test may set. Seconds are sandbox seconds; a number of 0 for a quota lifts it.

    | switch | meaning |
    |---|---|
    | reads_per_minute, writes_per_minute | the quotas per user |
    | full_reads_per_hour | first pages of full reads that ask for a sync token |
    | most_contacts | how many contacts an account may have |
    | sync_token_days | how long a sync token lives after the full read |
    | sync_token_renews | whether an incremental read starts that time anew |
    | propagation_seconds | how long a write is missing from reads that sync |
    | stale_reads_seconds | how long a write is missing from every other read |
    | batch_partial | a bad contact of a batch is answered by itself instead of refusing the whole batch |
    | batch_delete_ignores_missing | a batch may delete contacts that are gone already |
    | profile_wins | the name of a linked Google profile is the primary one |
    | values_in_any_order | entries are not shown in the order in which they were written |
    | testing_app | refresh tokens end after seven days, as for an app that is not published |
    """

    reads_per_minute: int = 90
    writes_per_minute: int = 90
    full_reads_per_hour: int = 60
    most_contacts: int = 25_000
    sync_token_days: float = 7.0
    sync_token_renews: bool = False
    propagation_seconds: float = 0.0
    stale_reads_seconds: float = 0.0
    batch_partial: bool = False
    batch_delete_ignores_missing: bool = False
    profile_wins: bool = True
    values_in_any_order: bool = False
    testing_app: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a contact held from the moment `at`; `n` counts all changes of the book, `fields` None is its deletion."""

    n: int
    at: datetime
    fields: Fields | None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A Google profile linked to a contact, which shows its entries beside those of the contact."""

    id: str
    fields: Fields


@dataclass(slots=True, kw_only=True)
class Contact:
    """A contact, or an "Other contact", with its last versions (more than one only while reads may lag).

    `binned` is what a deleted one held, for the user who takes it back.
    """

    id: str
    versions: list[Version]
    aliases: list[str] = field(default_factory=list)
    profile: Profile | None = None
    binned: tuple[Fields, tuple[str, ...]] | None = None

    @property
    def now(self) -> Version:
        """The last version."""
        return self.versions[-1]

    def seen(self, cutoff: datetime) -> Version | None:
        """What a read sees that misses all writes after `cutoff`; None before its first version."""
        for version in reversed(self.versions):
            if version.at <= cutoff:
                return version
        return None


@dataclass(slots=True, kw_only=True)
class Group:
    """A label. `n` is the change that made it what it is; a deleted one stays as a tombstone."""

    id: str
    name: str
    n: int
    at: datetime
    system: bool = False
    client_data: tuple[Mapping[str, str], ...] = ()
    deleted: bool = False


Collection = Literal["contacts", "others"]


class Book:
    """One Google account's contacts. Dicts are in the order of the last change; `alive` counts living contacts."""

    def __init__(self, clock: Clock, *, email: str, name: str) -> None:
        self.clock = clock
        self.email = email
        self.name = name
        self.switches = Switches()
        self.contacts: dict[str, Contact] = {}
        self.others: dict[str, Contact] = {}
        self.aliases: dict[str, str] = {}
        self.groups: dict[str, Group] = {}
        self.n = 0
        self.given = 0
        self.alive = 0
        for key, title in SYSTEM_GROUPS.items():
            self.groups[key] = Group(
                id=key, name=title, n=0, at=datetime(2004, 4, 1, tzinfo=UTC), system=True
            )

    # Finding

    def one(self, name: str, collection: Collection = "contacts", *, stale: bool = False) -> Contact:
        """A living contact by its resource name, or by a former one. Raises Refusal (404).

        With `stale` it may be one that was deleted a moment ago, and one made a moment ago may be missing.
        """
        found = self._of(collection).get(self.aliases.get(name, name))
        version = None if found is None else self.seen(found) if stale else found.now
        if found is None or version is None or version.fields is None:
            raise not_found()
        return found

    def seen(self, contact: Contact) -> Version | None:
        """The version that an ordinary read sees."""
        return contact.seen(self.clock.now() - timedelta(seconds=self.switches.stale_reads_seconds))

    def living(self, collection: Collection = "contacts") -> Iterator[Contact]:
        """All that are not deleted, in the order of their last change."""
        return (contact for contact in self._of(collection).values() if contact.now.fields is not None)

    def group(self, name: str) -> Group:
        """A living group. Raises Refusal (404)."""
        found = self.groups.get(name)
        if found is None or found.deleted:
            raise not_found()
        return found

    def members(self, group: str) -> list[Contact]:
        """The living contacts of a group."""
        return [contact for contact in self.living() if group in contact.now.groups]

    # Changing

    def add(
        self, fields: Fields, groups: tuple[str, ...] | None = None, collection: Collection = "contacts"
    ) -> Contact:
        """A new contact, in "My Contacts" where no group is named. Raises Refusal."""
        if collection == "contacts":
            self.check_groups(groups or (), ())
            if self.switches.most_contacts and self.alive >= self.switches.most_contacts:
                raise exhausted("MY_CONTACTS_OVERFLOW_COUNT")
            groups = groups or (MY_CONTACTS,)
        self.given += 1
        number = _number(f"{self.email}:{self.given}")
        key = f"people/c{number}" if collection == "contacts" else f"otherContacts/c{number}"
        version = self._version({name: entries for name, entries in fields.items() if entries}, groups or ())
        self.alive += collection == "contacts"
        self._of(collection)[key] = contact = Contact(id=key, versions=[version])
        return contact

    def change(self, contact: Contact, fields: Fields, groups: tuple[str, ...] | None = None) -> Contact:
        """Replace whole fields of a contact, and its groups where they are given. Raises Refusal."""
        before = contact.now
        if groups is not None:
            if not groups:
                raise invalid("The person must have at least one contact group membership.")
            self.check_groups(groups, before.groups)
        kept = {**(before.fields or {}), **fields}
        self._write(
            contact,
            {name: entries for name, entries in kept.items() if entries},
            before.groups if groups is None else groups,
        )
        return contact

    def remove(self, contact: Contact) -> None:
        """Delete a contact; its tombstone stays for those who sync."""
        self.alive -= contact.id in self.contacts
        contact.binned = (contact.now.fields or {}, contact.now.groups)
        self._write(contact, None, ())

    def restore(self, contact: Contact, fields: Fields, groups: tuple[str, ...]) -> None:
        """Take a deleted contact back out of the bin, under its own name."""
        self.alive += 1
        contact.binned = None
        self._write(contact, fields, groups)

    def rename(self, contact: Contact) -> str:
        """Give a contact another resource name, as happens when it is linked to a profile; gives the new name."""
        self.given += 1
        old, new = contact.id, f"people/c{_number(f'{self.email}:{self.given}')}"
        contact.aliases.append(old)
        del self.contacts[old]
        contact.id = new
        self.contacts[new] = contact
        for alias in contact.aliases:
            self.aliases[alias] = new
        self._write(contact, contact.now.fields, contact.now.groups)
        return new

    def add_group(self, name: str, client_data: tuple[Mapping[str, str], ...] = ()) -> Group:
        """A new label. Raises Refusal (409) when the name is taken, 400 when it is empty."""
        clean = self.free_group_name(name)
        self.given += 1
        key = f"contactGroups/{hashlib.sha256(f'{self.email}:group:{self.given}'.encode()).hexdigest()[:14]}"
        self.n += 1
        group = Group(id=key, name=clean, n=self.n, at=self.clock.now(), client_data=client_data)
        self.groups[key] = group
        return group

    def free_group_name(self, name: str, but: Group | None = None) -> str:
        """The name without the spaces around it. Raises Refusal (409) when another group has it."""
        clean = name.strip()
        if not clean:
            raise invalid("Contact group name is required.")
        if any(each.name == clean for each in self.groups.values() if each is not but and not each.deleted):
            raise Refusal(409, "ALREADY_EXISTS", "Contact group name already exists.")
        return clean

    def touch_group(self, group: Group) -> None:
        """Note that a group was changed."""
        self.n += 1
        group.n, group.at = self.n, self.clock.now()

    def check_groups(self, wanted: tuple[str, ...], had: tuple[str, ...]) -> None:
        """Raises Refusal for a group that is not there, or that nobody can be added to."""
        for name in wanted:
            if name in had:
                continue
            group = self.groups.get(name)
            if group is None or group.deleted:
                raise invalid(f"Contact group does not exist: {name}")
            if group.system and name not in OPEN_SYSTEM_GROUPS:
                raise invalid(f"Contacts can not be added to the system contact group {name}.")

    def _of(self, collection: Collection) -> dict[str, Contact]:
        return self.contacts if collection == "contacts" else self.others

    def _version(self, fields: Fields | None, groups: tuple[str, ...]) -> Version:
        self.n += 1
        return Version(n=self.n, at=self.clock.now(), fields=fields, groups=groups)

    def _write(self, contact: Contact, fields: Fields | None, groups: tuple[str, ...]) -> None:
        lag = max(self.switches.propagation_seconds, self.switches.stale_reads_seconds)
        cutoff = self.clock.now() - timedelta(seconds=lag)
        # Kept is the last version that a lagging read may still see, and all after it.
        first = next(
            (n for n in reversed(range(len(contact.versions))) if contact.versions[n].at <= cutoff), 0
        )
        contact.versions = [*contact.versions[first:], self._version(fields, groups)]
        rows = self.others if contact.id in self.others else self.contacts
        rows[contact.id] = rows.pop(contact.id)  # last in the order of changes


def source_id(contact: Contact) -> str:
    """The id of the contact source: the number of the resource name in hexadecimal."""
    return f"{int((contact.aliases or [contact.id])[0].rpartition('c')[2]):x}"


def source_etag(contact: Contact, version: Version) -> str:
    """The etag of the contact source."""
    return f"#{_short(f'{source_id(contact)}:{version.n}')}"


def person_etag(contact: Contact, version: Version) -> str:
    """The etag of the person, which is another than that of its source."""
    return f"%EgU{_short(f'person:{source_id(contact)}:{version.n}')}"


def group_etag(group: Group) -> str:
    """The etag of a group."""
    return _short(f"{group.id}:{group.n}")


def _short(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:12]).decode()


def _number(text: str) -> int:
    # Numbers that follow from the account make a run of the sandbox repeatable.
    return _FIRST_NUMBER + int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % (8 * _FIRST_NUMBER)
