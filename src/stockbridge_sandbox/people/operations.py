"""Every operation of People API v1 that is simulated, with its path, query, scopes and quota."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from stockbridge_sandbox.people import contacts, groups, lists, others
from stockbridge_sandbox.people.book import Book
from stockbridge_sandbox.people.call import Call
from stockbridge_sandbox.people.limits import Limits

# Parameters that every operation of a Google API takes; here they are without effect.
_STANDARD = "$.xgafv access_token alt callback fields key oauth_token prettyPrint quotaUser uploadType upload_protocol"
STANDARD = frozenset(_STANDARD.split())
_OWN = frozenset({"contacts"})
_READ = frozenset({"contacts", "contacts.readonly"})
_OTHER = frozenset({"contacts.other.readonly"})
_PEOPLE = _READ | _OTHER | {"directory.readonly", "userinfo.email", "userinfo.profile"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`name` and `path` as the discovery document has them; one of `scopes` is enough, or all of them if `every`."""

    name: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    run: Callable[[Book, Call, Limits], dict[str, Any]]
    query: frozenset[str] = frozenset()
    scopes: frozenset[str]
    every: bool = False
    takes: tuple[Literal["read", "write"], ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this operation looks like."""
        return re.compile("/" + re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", re.escape(self.path)))


def _operation(
    name: str,
    line: str,
    run: Callable[[Book, Call], dict[str, Any]] | None = None,
    *,
    listed: Callable[[Book, Call, Limits], dict[str, Any]] | None = None,
    query: str = "",
    scopes: frozenset[str] = _OWN,
    every: bool = False,
    takes: tuple[Literal["read", "write"], ...],
) -> Operation:
    method, _, path = line.partition(" ")

    def act(book: Book, call: Call, limits: Limits) -> dict[str, Any]:
        if listed is not None:
            return listed(book, call, limits)
        assert run is not None
        return run(book, call)

    assert method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    return Operation(
        name=f"people.{name}",
        method=method,  # type: ignore[arg-type]
        path=path,
        run=act,
        query=frozenset(query.split()),
        scopes=scopes,
        every=every,
        takes=takes,
    )


_MASKS = "personFields requestMask.includeField sources"
_PAGES = "pageSize pageToken requestSyncToken syncToken"
# An update reads the person first, and is counted for it (seen: updateContact over the quota of reads).
_BOTH: tuple[Literal["read", "write"], ...] = ("read", "write")

OPERATIONS = (
    _operation("people.connections.list", "GET v1/people/{peopleId}/connections", listed=lists.list_connections, query=f"{_MASKS} {_PAGES} sortOrder", scopes=_READ, takes=("read",)),
    _operation("people.getBatchGet", "GET v1/people:batchGet", contacts.get_people, query=f"{_MASKS} resourceNames", scopes=_PEOPLE, takes=("read",)),
    _operation("people.searchContacts", "GET v1/people:searchContacts", contacts.search_contacts, query="query pageSize readMask sources", scopes=_READ, takes=("read",)),
    _operation("people.get", "GET v1/people/{peopleId}", contacts.get_person, query=_MASKS, scopes=_PEOPLE, takes=("read",)),
    _operation("people.createContact", "POST v1/people:createContact", contacts.create_contact, query="personFields sources", takes=("write",)),
    _operation("people.updateContact", "PATCH v1/people/{peopleId}:updateContact", contacts.update_contact, query="personFields sources updatePersonFields", takes=_BOTH),
    _operation("people.deleteContact", "DELETE v1/people/{peopleId}:deleteContact", contacts.delete_contact, takes=("write",)),
    _operation("people.batchCreateContacts", "POST v1/people:batchCreateContacts", contacts.create_contacts, takes=("write",)),
    _operation("people.batchUpdateContacts", "POST v1/people:batchUpdateContacts", contacts.update_contacts, takes=_BOTH),
    _operation("people.batchDeleteContacts", "POST v1/people:batchDeleteContacts", contacts.delete_contacts, takes=("write",)),
    _operation("contactGroups.list", "GET v1/contactGroups", groups.list_groups, query="groupFields pageSize pageToken syncToken", scopes=_READ, takes=("read",)),
    _operation("contactGroups.batchGet", "GET v1/contactGroups:batchGet", groups.get_groups, query="groupFields maxMembers resourceNames", scopes=_READ, takes=("read",)),
    _operation("contactGroups.get", "GET v1/contactGroups/{contactGroupsId}", groups.get_group, query="groupFields maxMembers", scopes=_READ, takes=("read",)),
    _operation("contactGroups.create", "POST v1/contactGroups", groups.create_group, takes=("write",)),
    _operation("contactGroups.update", "PUT v1/contactGroups/{contactGroupsId}", groups.update_group, takes=("write",)),
    _operation("contactGroups.delete", "DELETE v1/contactGroups/{contactGroupsId}", groups.delete_group, query="deleteContacts", takes=("write",)),
    _operation("contactGroups.members.modify", "POST v1/contactGroups/{contactGroupsId}/members:modify", groups.modify_members, takes=("write",)),
    _operation("otherContacts.list", "GET v1/otherContacts", listed=lists.list_others, query=f"{_PAGES} readMask sources", scopes=_OTHER, takes=("read",)),
    _operation("otherContacts.search", "GET v1/otherContacts:search", others.search_others, query="query pageSize readMask", scopes=_OTHER, takes=("read",)),
    _operation("otherContacts.copyOtherContactToMyContactsGroup", "POST v1/otherContacts/{otherContactsId}:copyOtherContactToMyContactsGroup", others.copy_other, scopes=_OWN | _OTHER, every=True, takes=("write",)),
)  # fmt: skip

# Operations of the API that are there and not simulated; they answer 501.
LEFT_OUT = (
    ("people.people.updateContactPhoto", "PATCH", "v1/people/{peopleId}:updateContactPhoto"),
    ("people.people.deleteContactPhoto", "DELETE", "v1/people/{peopleId}:deleteContactPhoto"),
    ("people.people.listDirectoryPeople", "GET", "v1/people:listDirectoryPeople"),
    ("people.people.searchDirectoryPeople", "GET", "v1/people:searchDirectoryPeople"),
)
