"""The operations on contact groups, which people call labels: they are read, made, renamed, deleted, filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from stockbridge_sandbox.people.book import (
    MY_CONTACTS,
    OPEN_SYSTEM_GROUPS,
    Book,
    Contact,
    Group,
    group_etag,
)
from stockbridge_sandbox.people.call import Call
from stockbridge_sandbox.people.fields import GROUP_MASK, Mask, read_mask
from stockbridge_sandbox.people.reading import read_body, texts
from stockbridge_sandbox.people.refusal import Refusal, expired_sync_token, invalid
from stockbridge_sandbox.people.showing import stamp
from stockbridge_sandbox.people.tokens import Token, fingerprint, read_token, write_token

Json = dict[str, Any]
_USUAL: Mask = frozenset({"groupType", "memberCount", "metadata", "name"})
_GROUP_KEYS = (
    "clientData etag formattedName groupType memberCount memberResourceNames metadata name resourceName"
)
_MOST_MEMBERS = 1000
_MOST_READ = 200


def list_groups(book: Book, call: Call) -> Json:
    """contactGroups.list, without members; with a sync token what changed since, deleted ones too. Raises Refusal."""
    mask = _mask(call, "contactGroups/list")
    size = call.number("pageSize", 30, 1000)
    now = call.request.at
    since, full = -1, now.timestamp()
    request = fingerprint(sorted(mask), size)
    if call.text("syncToken"):
        token = read_token(call.text("syncToken"), "sync", "groups", request)
        if now.timestamp() >= token.full + timedelta(days=book.switches.sync_token_days).total_seconds():
            raise expired_sync_token()
        since, full = token.upto, now.timestamp() if book.switches.sync_token_renews else token.full
    paging = fingerprint(request, call.text("syncToken"))
    page = read_token(call.text("pageToken"), "page", "groups", paging) if call.text("pageToken") else None
    rows = sorted(
        (group.n, group.id)
        for group in book.groups.values()
        if group.n > since and (since >= 0 or not group.deleted)
    )
    upto = page.upto if page else book.n
    left = [row for row in rows if page is None or row > page.after]
    counts = Counter(name for contact in book.living() for name in contact.now.groups)
    answer: Json = {}
    if left:
        shown = (book.groups[key] for _, key in left[:size])
        answer["contactGroups"] = [_show(each, mask, counts[each.id], synced=since >= 0) for each in shown]
    if rows:
        answer["totalItems"] = len(rows)
    token_of = {"collection": "groups", "since": since, "upto": upto, "full": page.full if page else full}
    if len(left) > size:
        answer["nextPageToken"] = write_token(
            Token(kind="page", request=paging, after=left[size - 1], **token_of)  # type: ignore[arg-type]
        )
    else:
        answer["nextSyncToken"] = write_token(Token(kind="sync", request=request, **token_of))  # type: ignore[arg-type]
    return answer


def get_group(book: Book, call: Call) -> Json:
    """contactGroups.get. Raises Refusal."""
    mask = _mask(call, "contactGroups/get")
    most = _most_members(call)
    return _with_members(book, book.group(_name(call)), mask, most)


def get_groups(book: Book, call: Call) -> Json:
    """contactGroups.batchGet. Raises Refusal."""
    mask = _mask(call, "contactGroups/batchGet")
    most = _most_members(call)
    names = call.texts("resourceNames")
    if not names or len(names) > _MOST_READ:
        raise invalid(f"Between 1 and {_MOST_READ} resourceNames are required.")
    answers: list[Json] = []
    for name in names:
        try:
            group = _with_members(book, book.group(name), mask, most)
        except Refusal as refusal:
            answers.append({"requestedResourceName": name, "status": refusal.status})
        else:
            answers.append({"requestedResourceName": name, "contactGroup": group, "status": {}})
    return {"responses": answers}


def create_group(book: Book, call: Call) -> Json:
    """contactGroups.create. Raises Refusal (409 when the name is taken)."""
    body = call.body("contactGroup", "readGroupFields")
    mask = _body_mask(body, "readGroupFields", GROUP_MASK - {"memberCount"}, "create") or _USUAL - {
        "memberCount"
    }
    given = _given(body)
    group = book.add_group(_group_name(given), _client_data(given))
    return _show(group, mask, 0)


def update_group(book: Book, call: Call) -> Json:
    """contactGroups.update: the name, or what the mask says. Raises Refusal."""
    body = call.body("contactGroup", "readGroupFields", "updateGroupFields")
    mask = _body_mask(body, "readGroupFields", GROUP_MASK, "update") or _USUAL - {"memberCount"}
    updated = _body_mask(body, "updateGroupFields", frozenset({"clientData", "name"}), "update") or {"name"}
    given = _given(body)
    group = _own(book.group(_name(call)))
    if given.get("etag") and given["etag"] != group_etag(group):
        raise Refusal(
            400, "FAILED_PRECONDITION", "Request contact_group.etag is different than the current etag."
        )
    name = book.free_group_name(_group_name(given), group) if "name" in updated else group.name
    data = _client_data(given) if "clientData" in updated else group.client_data
    group.name, group.client_data = name, data
    book.touch_group(group)
    return _show(group, mask, len(book.members(group.id)))


def delete_group(book: Book, call: Call) -> Json:
    """contactGroups.delete, with its contacts where that is asked for. Raises Refusal."""
    also = call.flag("deleteContacts")
    remove_group(book, _own(book.group(_name(call))), contacts=also)
    return {}


def remove_group(book: Book, group: Group, *, contacts: bool = False) -> None:
    """Delete a group; its members lose it, and one that had no other is in "My Contacts" then."""
    members = book.members(group.id)
    group.deleted = True
    book.touch_group(group)
    for contact in members:
        if contacts:
            book.remove(contact)
        else:
            left = tuple(name for name in contact.now.groups if name != group.id)
            book.change(contact, {}, left or (MY_CONTACTS,))


def modify_members(book: Book, call: Call) -> Json:
    """contactGroups.members.modify. Raises Refusal; what cannot be done to one contact is named in the answer."""
    body = call.body("resourceNamesToAdd", "resourceNamesToRemove")
    added = texts(body.get("resourceNamesToAdd"), "resource_names_to_add")
    removed = texts(body.get("resourceNamesToRemove"), "resource_names_to_remove")
    if len(added) + len(removed) > _MOST_MEMBERS:
        raise invalid(f"The total number of resource names must be less than or equal to {_MOST_MEMBERS}.")
    group = book.group(_name(call))
    if added and group.system and group.id not in OPEN_SYSTEM_GROUPS:
        raise invalid(f"Contacts can not be added to the system contact group {group.id}.")
    missing: list[str] = []
    last: list[str] = []
    for contact in _found(book, added, missing):
        if group.id not in contact.now.groups:
            book.change(contact, {}, (*contact.now.groups, group.id))
    for contact in _found(book, removed, missing):
        left = tuple(name for name in contact.now.groups if name != group.id)
        if not left:
            last.append(contact.id)
        elif left != contact.now.groups:
            book.change(contact, {}, left)
    answer: Json = {}
    if missing:
        answer["notFoundResourceNames"] = missing
    if last:
        answer["canNotRemoveLastContactGroupResourceNames"] = last
    return answer


def _found(book: Book, names: list[str], missing: list[str]) -> list[Contact]:
    found: list[Contact] = []
    for name in names:
        try:
            found.append(book.one(name))
        except Refusal:
            missing.append(name)
    return found


def _show(group: Group, mask: Mask, members: int, *, synced: bool = False) -> Json:
    shown: Json = {"resourceName": group.id, "etag": group_etag(group)}
    if "metadata" in mask:
        shown["metadata"] = {"updateTime": stamp(group.at)}
        if synced and group.deleted:
            shown["metadata"]["deleted"] = True
    if "groupType" in mask:
        shown["groupType"] = "SYSTEM_CONTACT_GROUP" if group.system else "USER_CONTACT_GROUP"
    if group.deleted:
        return shown
    if "name" in mask:
        # A system group is called by its key; only its translated name is meant for people.
        shown["name"] = group.id.partition("/")[2] if group.system else group.name
        shown["formattedName"] = group.name
    if "memberCount" in mask and members:
        shown["memberCount"] = members
    if "clientData" in mask and group.client_data:
        shown["clientData"] = [dict(each) for each in group.client_data]
    return shown


def _with_members(book: Book, group: Group, mask: Mask, most: int) -> Json:
    members = book.members(group.id)
    shown = _show(group, mask, len(members))
    if most and members:
        shown["memberResourceNames"] = [contact.id for contact in members[:most]]
    return shown


def _own(group: Group) -> Group:
    if group.system:
        raise invalid("System contact groups can not be modified.")
    return group


def _name(call: Call) -> str:
    return f"contactGroups/{call.path['contactGroupsId']}"


def _most_members(call: Call) -> int:
    return call.number("maxMembers", 0, 1_000_000)


def _mask(call: Call, method: str) -> Mask:
    return read_mask(call.text("groupFields"), GROUP_MASK, name="groupFields", method=method) or _USUAL


def _body_mask(body: Json, name: str, allowed: Mask, method: str) -> Mask:
    given = body.get(name)
    if given is not None and not isinstance(given, str):
        raise invalid(f"Invalid value at '{name}', {given!r}")
    return read_mask(given, allowed, name=name, method=f"contactGroups/{method}")


def _given(body: Json) -> Json:
    return read_body(body.get("contactGroup", {}), frozenset(_GROUP_KEYS.split()))


def _group_name(given: Json) -> str:
    name = given.get("name", "")
    if not isinstance(name, str):
        raise invalid(f"Invalid value at 'contact_group.name', {name!r}")
    return name


def _client_data(given: Json) -> tuple[Mapping[str, str], ...]:
    rows = given.get("clientData") or []
    if not isinstance(rows, list):
        raise invalid("Invalid value at 'contact_group.client_data'")
    clean: list[Mapping[str, str]] = []
    for row in rows:
        pair = read_body(row, frozenset({"key", "value"}))
        if not all(isinstance(value, str) for value in pair.values()):
            raise invalid("Invalid value at 'contact_group.client_data'")
        clean.append({str(key): str(value) for key, value in pair.items()})
    return tuple(clean)
