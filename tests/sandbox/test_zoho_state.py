"""What must hold however much has happened: derived numbers, the index by time, ids under many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from zoho_caller import Caller, caller_of, calling, rows_of, send


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """A shop after two days of business."""
    with calling(items=50, vendors=5, orders=40) as caller:
        caller.sandbox.control.business(hours=48, seed=5)
        caller.sandbox.control.zoho_settings({"per_minute": 10**6, "daily": 10**6})
        yield caller_of(caller.sandbox)


def test_what_orders_commit_follows_from_the_orders_alone(caller: Caller) -> None:
    items = rows_of(caller, "/items", "items")
    ids = ",".join(row["item_id"] for row in items)
    before = caller.get("/itemdetails", item_ids=ids)["items"]
    assert any(item.get("committed_stock") for item in before)
    expected: dict[str, float] = {}
    for row in rows_of(caller, "/salesorders", "salesorders"):
        if row["order_status"] in ("confirmed", "onhold"):
            for line in caller.get(f"/salesorders/{row['salesorder_id']}")["salesorder"]["line_items"]:
                left = line["quantity"] - line["quantity_shipped"]
                expected[line["item_id"]] = expected.get(line["item_id"], 0) + left
    for item in before:
        if item["track_inventory"]:
            assert item["actual_committed_stock"] == expected.get(item["item_id"], 0)
            places = item["locations"]
            for key in ("stock_on_hand", "actual_available_stock", "actual_available_for_sale_stock"):
                assert item[key] == sum(place[f"location_{key}"] for place in places)


def test_a_restored_snapshot_answers_the_same(caller: Caller) -> None:
    paths = ("/items", "/contacts", "/salesorders", "/locations")
    before = [caller.get(path) for path in paths]
    caller.sandbox.zoho.restore(caller.sandbox.zoho.snapshot())
    assert [caller.get(path) for path in paths] == before
    switches = caller.sandbox.control.zoho_settings({})
    assert switches["daily"] == 10**6


@pytest.mark.parametrize("key", ["items", "contacts", "salesorders"])
def test_the_order_of_change_is_whole_after_many_changes(caller: Caller, key: str) -> None:
    by_time = rows_of(caller, f"/{key}", key, sort_column="last_modified_time", sort_order="A", per_page=13)
    stamps = [datetime.fromisoformat(row["last_modified_time"]) for row in by_time]
    assert stamps == sorted(stamps)
    id_ = f"{key[:-1]}_id"
    assert sorted(row[id_] for row in by_time) == sorted(row[id_] for row in rows_of(caller, f"/{key}", key))


def test_threads_that_write_at_once_get_ids_and_numbers_of_their_own(caller: Caller) -> None:
    customer = caller.get("/customers")["contacts"][0]["contact_id"]
    item = caller.get("/items")["items"][0]["item_id"]
    body = {"customer_id": customer, "line_items": [{"item_id": item, "quantity": 1}]}
    made: list[tuple[str, str]] = []

    def order() -> None:
        for _ in range(5):
            answer = caller.post("/salesorders", body).json()["salesorder"]
            made.append((answer["salesorder_id"], answer["salesorder_number"]))

    threads = [threading.Thread(target=order) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(made) == 30
    assert len({id_ for id_, _ in made}) == len({number for _, number in made}) == 30


def test_addresses_without_a_data_centre_mean_the_home_of_the_organisation(caller: Caller) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {caller.token}"}
    assert send(f"{caller.sandbox.zoho_url}/inventory/v1/items?per_page=1", headers=headers).status == 200
    assert send(f"{caller.sandbox.zoho_url}/oauth/serverinfo").status == 200
    assert send(f"{caller.sandbox.zoho_url}/dc/mars/inventory/v1/items", headers=headers).status == 404
