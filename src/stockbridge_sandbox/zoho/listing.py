"""Lists: filters, sorting, paging and page_context, the same way for every collection (facts: Zoho 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec

from stockbridge_sandbox.zoho.collection import Collection, Stamped
from stockbridge_sandbox.zoho.errors import invalid_value
from stockbridge_sandbox.zoho.wire import Json, read_day, read_stamp, read_whole
from stockbridge_sandbox.zoho.world import Call, Reply

R = TypeVar("R", bound=Stamped)
Test = Callable[[R], bool]

LARGEST_PAGE = 200
_LOCALIZED = {
    "Items": "Artikelen",
    "Contacts": "Contacten",
    "Sales Orders": "Verkooporders",
    "Taxes": "Belastingen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[R]):
    """How one collection is listed.

    `sorts` are the allowed values of sort_column, `filter_by` those of filter_by; `filters` turn the value of a
    known parameter into a test and raise ApiError 400/2 when they cannot. Anything else in the query is ignored.
    `changed_since` is false where last_modified_time filters nothing. `cached` is false where rows are drawn anew each
    time: the records are those of another list as well, or show what changes elsewhere.
    """

    key: str
    report_name: str
    rows: Callable[[Call], Collection[R]]
    render: Callable[[Call, R], bytes]
    sorts: Mapping[str, Callable[[R], Any]]
    sort_column: str
    sort_order: str = "A"
    filter_by: Mapping[str, Test[R]] = field(default_factory=dict)
    filters: Mapping[str, Callable[[str], Test[R]]] = field(default_factory=dict)
    search: Callable[[R], Iterable[str]] | None = None
    always: Test[R] | None = None
    changed_since: bool = True
    cached: bool = True


def list_page(call: Call, listing: Listing[R]) -> Reply:
    """One page of a collection. Raises ApiError 400/2 for a bad value of a known parameter."""
    page = read_whole("page", call.get("page") or "1")
    per_page = min(read_whole("per_page", call.get("per_page") or str(LARGEST_PAGE)), LARGEST_PAGE)
    if page < 1 or per_page < 1:
        raise invalid_value("page" if page < 1 else "per_page")
    column = call.get("sort_column") or listing.sort_column
    order = call.get("sort_order") or (listing.sort_order if "sort_column" not in _names(call) else "A")
    if column not in listing.sorts and column != "last_modified_time":
        raise invalid_value("sort_column")
    if order not in ("A", "D"):
        raise invalid_value("sort_order")
    since_text = call.get("last_modified_time") if listing.changed_since else None
    since = read_stamp("last_modified_time", since_text) if since_text else None
    tests, criteria = _tests(call, listing)
    if since_text:
        criteria.append(_criterion("last_modified_time", since_text, "greater_than_or_equals"))
    start = (page - 1) * per_page
    collection = listing.rows(call)
    if column == "last_modified_time" and not tests:
        picked, total = collection.window(since, order == "D", start, start + per_page)
        more = total > start + per_page
    else:
        rows = _matching(collection, listing, column, order, since, tests)
        if call.get("response_option") == "2":
            rows = list(rows)
            total = len(rows)
        else:
            total = -1
        picked = list(islice(rows, start, start + per_page + 1))
        more = len(picked) > per_page
        picked = picked[:per_page]
    context: Json = {
        "page": page,
        "per_page": per_page,
        "has_more_page": more,
        "report_name": _LOCALIZED.get(listing.report_name, listing.report_name)
        if call.world.switches.localized_report_name
        else listing.report_name,
        "applied_filter": call.get("filter_by") or "Status.All",
        "custom_fields": [],
        "sort_column": column,
        "sort_order": order,
    }
    if criteria:
        context["search_criteria"] = criteria
    if call.get("response_option") == "2":
        context["total"] = total
        context["total_pages"] = -(-total // per_page)
        return Reply(content={"page_context": context})
    if listing.cached:
        rendered = [msgspec.Raw(collection.row(r, lambda r: listing.render(call, r))) for r in picked]
    else:
        rendered = [msgspec.Raw(listing.render(call, r)) for r in picked]
    return Reply(content={listing.key: rendered, "page_context": context})


def one_of(name: str, allowed: Mapping[str, Test[R]]) -> Callable[[str], Test[R]]:
    """A filter whose value must be one of the known ones."""

    def test_for(value: str) -> Test[R]:
        test = allowed.get(value.lower())
        if test is None:
            raise invalid_value(name)
        return test

    return test_for


def text_filters(name: str, value_of: Callable[[R], str]) -> dict[str, Callable[[str], Test[R]]]:
    """`name`, `name_startswith` and `name_contains`, without regard to case."""
    return {
        name: lambda wanted: lambda record: value_of(record).lower() == wanted.lower(),
        f"{name}_startswith": lambda wanted: (
            lambda record: value_of(record).lower().startswith(wanted.lower())
        ),
        f"{name}_contains": lambda wanted: lambda record: wanted.lower() in value_of(record).lower(),
    }


def day_filter(name: str, day_of: Callable[[R], date], *, start: bool) -> Callable[[str], Test[R]]:
    """A filter by day, inclusive: on or after it (`start`), or on or before it."""

    def test_for(text: str) -> Test[R]:
        wanted = read_day(name, text) or date.min
        if start:
            return lambda record: day_of(record) >= wanted
        return lambda record: day_of(record) <= wanted

    return test_for


def _names(call: Call) -> set[str]:
    return {name for name, value in call.request.query if value}


def _criterion(column: str, text: str, comparator: str) -> Json:
    return {"column_name": column, "search_text": text, "comparator": comparator}


def _tests(call: Call, listing: Listing[R]) -> tuple[list[Test[R]], list[Json]]:
    tests: list[Test[R]] = [] if listing.always is None else [listing.always]
    lag = call.world.switches.stale_reads_seconds
    if lag > 0:
        # A read right after a write can miss the new record, for seconds or minutes (facts: Zoho 1).
        seen = call.world.now() - timedelta(seconds=lag)
        tests.append(lambda r: r.created <= seen)
    criteria: list[Json] = []
    for name, value in call.request.query:
        if not value:
            continue
        if name == "filter_by" and listing.filter_by:
            if value not in listing.filter_by:
                raise invalid_value("filter_by")
            if value != "Status.All":
                tests.append(listing.filter_by[value])
        elif name == "search_text" and listing.search is not None:
            words, wanted = listing.search, value.lower()
            tests.append(lambda r, words=words, wanted=wanted: any(wanted in w.lower() for w in words(r)))  # type: ignore[misc]
            criteria.append(_criterion("search_text", value, "contains"))
        elif name in listing.filters:
            tests.append(listing.filters[name](value))
            criteria.append(_criterion(name, value, "equal"))
    return tests, criteria


def _matching(
    collection: Collection[R],
    listing: Listing[R],
    column: str,
    order: str,
    since: datetime | None,
    tests: list[Test[R]],
) -> Iterable[R]:
    rows: Iterable[R]
    if column == "last_modified_time":
        rows = collection.since(since, newest_first=order == "D")
    else:
        rows = collection.ordered(column, listing.sorts[column], reverse=order == "D")
        if since is not None:
            first = int(since.timestamp())
            rows = (row for row in rows if int(row.modified.timestamp()) >= first)
    return (row for row in rows if all(test(row) for test in tests)) if tests else rows
