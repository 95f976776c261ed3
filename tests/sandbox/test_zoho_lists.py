"""Lists: paging, filters known, unknown and bad, sorting, and the scan by time (facts: Zoho 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from zoho_caller import Caller, calling, rows_of


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling(items=60, vendors=6, orders=25) as caller:
        caller.sandbox.control.zoho_settings({"per_minute": 10**6, "daily": 10**6})
        yield caller


def test_page_context_has_the_live_keys(caller: Caller) -> None:
    answer = caller.get("/items", per_page=7, page=2)
    assert answer["page_context"] == {
        "page": 2,
        "per_page": 7,
        "has_more_page": True,
        "report_name": "Items",
        "applied_filter": "Status.All",
        "custom_fields": [],
        "sort_column": "name",
        "sort_order": "A",
    }
    assert len(answer["items"]) == 7


@pytest.mark.parametrize(
    ("path", "key"), [("/items", "items"), ("/contacts", "contacts"), ("/salesorders", "salesorders")]
)
def test_pages_hold_every_row_once_and_the_last_says_so(caller: Caller, path: str, key: str) -> None:
    whole = caller.get(path)
    assert whole["page_context"]["has_more_page"] is False
    assert whole["page_context"]["per_page"] == 200
    by_pages = rows_of(caller, path, key, per_page=len(whole[key]) // 3)
    assert by_pages == whole[key]
    exact = caller.get(path, per_page=len(whole[key]))
    assert exact["page_context"]["has_more_page"] is False
    assert caller.get(path, page=99)[key] == []


def test_per_page_is_clamped_and_nonsense_refused(caller: Caller) -> None:
    assert caller.get("/items", per_page=1000)["page_context"]["per_page"] == 200
    for name, value in (("page", "0"), ("page", "x"), ("per_page", "-1")):
        answer = caller.call("GET", "/items", **{name: value})
        assert (answer.status, answer.code) == (400, 2)
        assert answer.json()["message"] == f"Invalid value passed for {name}"


def test_unknown_parameters_are_ignored_and_bad_values_of_known_ones_refused(caller: Caller) -> None:
    everything = caller.get("/items")["items"]
    unknown: dict[str, Any] = {"order_by": "name", "sort": "asc", "name.contains": "zzz", "include": "x"}
    assert caller.get("/items", **unknown)["items"] == everything
    bad = [
        ("filter_by", "Status.Sleeping"),
        ("sort_column", "colour"),
        ("sort_order", "asc"),
        ("status", "asleep"),
        ("last_modified_time", "yesterday"),
        ("last_modified_time", "2026-01-01T00:00:00 0100"),
        ("rate_less_than", "cheap"),
    ]
    for name, value in bad:
        answer = caller.call("GET", "/items", **{name: value})
        assert (answer.status, answer.code, name) == (400, 2, name)
    assert caller.call("GET", "/contacts", contact_type="friend").code == 2
    assert caller.call("GET", "/salesorders", status="asleep").code == 2


def test_the_status_filters_split_the_items(caller: Caller) -> None:
    everything = {row["item_id"] for row in caller.get("/items")["items"]}
    active = {row["item_id"] for row in caller.get("/items", filter_by="Status.Active")["items"]}
    inactive = {row["item_id"] for row in caller.get("/items", filter_by="Status.Inactive")["items"]}
    assert active
    assert inactive
    assert active | inactive == everything
    assert not active & inactive
    assert {row["item_id"] for row in caller.get("/items", status="active")["items"]} == active
    goods = caller.get("/items", filter_by="ItemType.Inventory")["items"]
    assert goods
    assert all(row["item_type"] == "inventory" for row in goods)


@pytest.mark.parametrize(
    "column", ["name", "sku", "rate", "purchase_rate", "created_time", "last_modified_time"]
)
def test_sorting_both_ways(caller: Caller, column: str) -> None:
    def key(row: dict[str, Any]) -> Any:
        if column.endswith("_time"):
            return datetime.fromisoformat(row[column])
        return row[column].lower() if isinstance(row[column], str) else row[column]

    up = rows_of(caller, "/items", "items", sort_column=column, sort_order="A", per_page=25)
    down = rows_of(caller, "/items", "items", sort_column=column, sort_order="D")
    assert [key(row) for row in up] == sorted(key(row) for row in up)
    assert [key(row) for row in down] == sorted((key(row) for row in up), reverse=True)
    assert key(up[0]) < key(up[-1])


def test_changed_since_is_inclusive_and_whole_seconds(caller: Caller) -> None:
    rows = caller.get("/items", sort_column="last_modified_time", sort_order="A")["items"]
    middle = rows[30]["last_modified_time"]
    since = caller.get("/items", last_modified_time=middle, sort_column="last_modified_time", sort_order="A")[
        "items"
    ]
    assert since == rows[30:]
    # In another order, and of another zone, the same rows.
    by_name = caller.get("/items", last_modified_time=middle)["items"]
    assert {row["item_id"] for row in by_name} == {row["item_id"] for row in since}
    assert caller.get("/items", last_modified_time="2100-01-01T00:00:00+0000")["items"] == []


@pytest.mark.parametrize(
    ("path", "key"), [("/items", "items"), ("/contacts", "contacts"), ("/salesorders", "salesorders")]
)
def test_a_walk_by_time_reads_every_row_once(caller: Caller, path: str, key: str) -> None:
    everything = len(caller.get(path)[key])
    seen: dict[str, None] = {}
    since = "2000-01-01T00:00:00+0000"
    while True:
        answer = caller.get(
            path, last_modified_time=since, sort_column="last_modified_time", sort_order="A", per_page=9
        )
        seen |= dict.fromkeys(row[f"{key[:-1]}_id"] for row in answer[key])
        if not answer["page_context"]["has_more_page"]:
            break
        assert answer[key][-1]["last_modified_time"] != since
        since = answer[key][-1]["last_modified_time"]
    assert len(seen) == everything
    assert answer["page_context"]["search_criteria"]


def test_search_and_text_filters(caller: Caller) -> None:
    item = caller.get("/items")["items"][5]
    for query in (
        {"search_text": item["name"][3:12]},
        {"name": item["name"].upper()},
        {"sku_startswith": item["sku"][:6]},
        {"sku_contains": item["sku"][2:]},
        {"item_id": item["item_id"]},
    ):
        found = caller.get("/items", **query)["items"]
        assert item["item_id"] in [row["item_id"] for row in found]
        assert len(found) < 60
    assert caller.get("/items", name="there is none")["items"] == []


def test_vendors_and_customers_are_contacts_of_one_type(caller: Caller) -> None:
    contacts = caller.get("/contacts")["contacts"]
    vendors = caller.get("/vendors")["contacts"]
    customers = caller.get("/customers")["contacts"]
    assert len(vendors) == 6
    assert len(vendors) + len(customers) == len(contacts)
    assert caller.get("/contacts", contact_type="vendor")["contacts"] == vendors
    assert all(row["vendor_name"] == row["customer_name"] == row["contact_name"] for row in vendors)
    assert caller.call("GET", f"/vendors/{customers[0]['contact_id']}").code == 1002
    assert caller.get(f"/customers/{customers[0]['contact_id']}")["contact"]["contact_type"] == "customer"


def test_a_localised_report_name(caller: Caller) -> None:
    caller.sandbox.control.zoho_settings({"localized_report_name": True})
    try:
        assert caller.get("/salesorders")["page_context"]["report_name"] != "Sales Orders"
    finally:
        caller.sandbox.control.zoho_settings({"localized_report_name": False})


def test_only_a_count_when_asked(caller: Caller) -> None:
    answer = caller.get("/items", response_option=2, per_page=25)
    assert "items" not in answer
    assert answer["page_context"]["total"] == 60
    assert answer["page_context"]["total_pages"] == 3


def test_orders_by_date_reference_and_customer(caller: Caller) -> None:
    orders = caller.get("/salesorders")["salesorders"]
    newest_first = [row["created_time"][:10] for row in orders]
    assert newest_first == sorted(newest_first, reverse=True)
    one = orders[7]
    by_number = caller.get("/salesorders", salesorder_number=one["salesorder_number"])["salesorders"]
    assert [row["salesorder_id"] for row in by_number] == [one["salesorder_id"]]
    within = caller.get("/salesorders", date_start=one["date"], date_end=one["date"])["salesorders"]
    assert one["salesorder_id"] in [row["salesorder_id"] for row in within]
    assert {row["date"] for row in within} == {one["date"]}
    mine = caller.get("/salesorders", customer_id=one["customer_id"])["salesorders"]
    assert {row["customer_id"] for row in mine} == {one["customer_id"]}
