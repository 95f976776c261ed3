"""The lists of contacts and of "Other contacts": pages, and sync tokens with tombstones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from stockbridge_sandbox.people.book import Book, Collection, Contact, Version
from stockbridge_sandbox.people.call import Call
from stockbridge_sandbox.people.fields import OTHER_MASK, READ_MASK, Mask, needed_mask, read_mask
from stockbridge_sandbox.people.limits import Limits
from stockbridge_sandbox.people.refusal import expired_sync_token, invalid
from stockbridge_sandbox.people.showing import BOTH, CONTACT, read_sources, show
from stockbridge_sandbox.people.tokens import Token, fingerprint, read_token, write_token

Row = tuple[tuple[str | int, ...], Contact, Version]
_ORDERS = (
    "LAST_MODIFIED_ASCENDING",
    "LAST_MODIFIED_DESCENDING",
    "FIRST_NAME_ASCENDING",
    "LAST_NAME_ASCENDING",
)


def list_connections(book: Book, call: Call, limits: Limits) -> dict[str, Any]:
    """people.connections.list. Raises Refusal."""
    if call.path["peopleId"] != "me":
        raise invalid("Resource name must be people/me.")
    mask = person_fields(call, "people.connections/list")
    sources = read_sources(call.texts("sources"))
    order = call.text("sortOrder") or _ORDERS[0]
    if order not in _ORDERS:
        raise invalid(
            f"Invalid value at 'sort_order' (type.googleapis.com/google.people.v1.SortOrder), \"{order}\""
        )
    found, answer = _read(
        book, call, limits, "contacts", order, fingerprint(sorted(mask), sorted(sources), order)
    )
    rows = [
        show(book, each, version, mask, sources, listed=True, synced=_syncs(call))
        for _, each, version in found
    ]
    if rows:
        answer["connections"] = rows
    total = answer.pop("total")
    return {**answer, "totalPeople": total, "totalItems": total} if total else answer


def list_others(book: Book, call: Call, limits: Limits) -> dict[str, Any]:
    """otherContacts.list. Raises Refusal."""
    sources = read_sources(call.texts("sources")) if call.texts("sources") else frozenset({CONTACT})
    allowed = READ_MASK if sources == BOTH else OTHER_MASK
    mask = needed_mask(call.text("readMask"), allowed, name="readMask", method="otherContacts/list")
    request = fingerprint(sorted(mask), sorted(sources))
    found, answer = _read(book, call, limits, "others", _ORDERS[0], request)
    rows = [
        show(book, each, version, mask, sources, listed=True, synced=_syncs(call))
        for _, each, version in found
    ]
    if rows:
        answer["otherContacts"] = rows
    total = answer.pop("total")
    return {**answer, "totalSize": total} if total else answer


def person_fields(call: Call, method: str) -> Mask:
    """The mask of a read, by its name of today or of once (`requestMask.includeField`). Raises Refusal."""
    old = call.text("requestMask.includeField")
    if old and not call.text("personFields"):
        paths = [path.strip() for path in old.split(",")]
        if not all(path.startswith("person.") for path in paths):
            raise invalid("Each path of requestMask.includeField should start with person.")
        bare = ",".join(path.removeprefix("person.") for path in paths)
        return needed_mask(bare, READ_MASK, name="requestMask.includeField", method=method)
    read_mask(old.replace("person.", ""), READ_MASK, name="requestMask.includeField", method=method)
    return needed_mask(call.text("personFields"), READ_MASK, name="personFields", method=method)


def _syncs(call: Call) -> bool:
    return bool(call.text("syncToken")) or call.flag("requestSyncToken")


def _read(
    book: Book, call: Call, limits: Limits, collection: Collection, order: str, request: str
) -> tuple[Sequence[Row], dict[str, Any]]:
    """One page, and the answer with its tokens and `total`."""
    size = call.number("pageSize", 100, 1000)
    now = call.request.at
    since, full = -1, now.timestamp()
    page: Token | None = None
    with_size = fingerprint(request, size)
    if call.text("syncToken"):
        token = read_token(call.text("syncToken"), "sync", collection, with_size)
        if now.timestamp() >= token.full + timedelta(days=book.switches.sync_token_days).total_seconds():
            raise expired_sync_token()
        since = token.upto
        full = now.timestamp() if book.switches.sync_token_renews else token.full
    paging = fingerprint(with_size, call.text("syncToken"), call.flag("requestSyncToken"))
    if call.text("pageToken"):
        page = read_token(call.text("pageToken"), "page", collection, paging)
        full = page.full
    elif since < 0 and call.flag("requestSyncToken"):
        limits.take_full_read(now, book.switches)
    rows, total, known = _rows(book, call, collection, order, since, page.after if page else ())
    upto = page.upto if page else max(known, since)
    found = rows[:size]
    answer: dict[str, Any] = {"total": total}
    if len(rows) > size:
        token = Token(
            kind="page",
            collection=collection,
            request=paging,
            since=since,
            upto=upto,
            after=found[-1][0],
            full=full,
        )
        answer["nextPageToken"] = write_token(token)
    elif call.flag("requestSyncToken"):
        token = Token(
            kind="sync", collection=collection, request=with_size, since=since, upto=upto, full=full
        )
        answer["nextSyncToken"] = write_token(token)
    return found, answer


def _rows(
    book: Book, call: Call, collection: Collection, order: str, since: int, after: tuple[str | int, ...]
) -> tuple[list[Row], int, int]:
    """What the list holds behind a place, in its order; how much it holds in all; the last change it knows of."""
    lag = book.switches.propagation_seconds if _syncs(call) else book.switches.stale_reads_seconds
    cutoff = call.request.at - timedelta(seconds=lag)
    order = order if since < 0 else _ORDERS[0]
    rows: list[Row] = []
    total = known = 0
    for contact in (book.contacts if collection == "contacts" else book.others).values():
        version = contact.versions[-1]
        if version.at > cutoff:
            earlier = contact.seen(cutoff)
            if earlier is None:
                continue
            version = earlier
        known = max(known, version.n)
        if version.n > since and (version.fields is not None or since >= 0):
            total += 1
            place = (version.n,) if order == _ORDERS[0] else _place(order, contact, version)
            if place > after:
                rows.append((place, contact, version))
    rows.sort(key=lambda row: row[0])
    return rows, total, known


def _place(order: str, contact: Contact, version: Version) -> tuple[str | int, ...]:
    match order:
        case "LAST_MODIFIED_DESCENDING":
            return (-version.n,)
        case "FIRST_NAME_ASCENDING" | "LAST_NAME_ASCENDING":
            names = ("givenName", "familyName") if order.startswith("FIRST") else ("familyName", "givenName")
            entry = next(iter((version.fields or {}).get("names", ())), {})
            whole = entry.get("unstructuredName", "")
            return (*(str(entry.get(name, whole)).casefold() for name in names), contact.id)
    return (version.n,)
