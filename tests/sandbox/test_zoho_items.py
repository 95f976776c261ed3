"""Items: thin rows and full details, writing, deleting, custom fields, and the two stock ledgers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from zoho_caller import Caller, Json, calling, send
from zoho_shop import shop

STOCK_KEYS = {
    "stock_on_hand",
    "available_stock",
    "actual_available_stock",
    "committed_stock",
    "actual_committed_stock",
    "available_for_sale_stock",
    "actual_available_for_sale_stock",
    "quantity_in_transit",
}
LIST_STOCK_KEYS = {"stock_on_hand", "available_stock", "actual_available_stock"}
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=shop()) as caller:
        yield caller


def _row(caller: Caller, sku: str) -> Json:
    row: Json = caller.get("/items", sku=sku)["items"][0]
    return row


def _detail(caller: Caller, sku: str) -> Json:
    detail: Json = caller.get(f"/items/{_row(caller, sku)['item_id']}")["item"]
    return detail


def test_a_row_is_thinner_than_the_detail(caller: Caller) -> None:
    row, detail = _row(caller, "BEL-1"), _detail(caller, "BEL-1")
    assert row["vendor_name"] == detail["vendor_name"] == "Ding Dong B.V."
    assert "vendor_id" not in row
    assert re.fullmatch(r"\d{18}", detail["vendor_id"])
    assert not {"locations", "custom_fields", "preferred_vendors", "package_details"} & set(row)
    assert STOCK_KEYS & set(row) == LIST_STOCK_KEYS
    assert set(detail) >= STOCK_KEYS
    assert STAMP.fullmatch(row["last_modified_time"])
    assert row["created_time"] == "2026-01-05T10:00:00+0100"
    assert row["upc"] == row["length"] == row["image_name"] == ""
    assert row["tax_percentage"] == 21
    assert not any(value is None for value in detail.values())


def test_untracked_items_have_no_stock_keys_at_all(caller: Caller) -> None:
    row, detail = _row(caller, "UUR"), _detail(caller, "UUR")
    assert not (STOCK_KEYS | {"locations", "warehouses", "reorder_level"}) & (set(row) | set(detail))
    assert detail["track_inventory"] is False
    assert detail["can_be_purchased"] is False


def test_custom_fields_are_flat_in_rows_and_typed_in_details(caller: Caller) -> None:
    row, detail = _row(caller, "BEL-1"), _detail(caller, "BEL-1")
    assert row["cf_shelf"] == row["cf_shelf_unformatted"] == "A-1"
    assert (row["cf_checked"], row["cf_checked_unformatted"]) == ("02 Mar 2026", "2026-03-02")
    assert "cf_season" not in row
    values = {field["api_name"]: field["value"] for field in detail["custom_fields"]}
    assert values == {"cf_shelf": "A-1", "cf_checked": "2026-03-02", "cf_fragile": True}
    assert detail["custom_field_hash"]["cf_checked_unformatted"] == "2026-03-02"
    assert all(
        {"customfield_id", "label", "data_type", "value_formatted"} <= set(f) for f in detail["custom_fields"]
    )


def test_two_ledgers_give_eight_numbers_at_the_item_and_at_each_location(caller: Caller) -> None:
    customer = caller.get("/customers")["contacts"][0]["contact_id"]
    item = _row(caller, "BEL-1")["item_id"]
    places = {row["location_name"]: row["location_id"] for row in caller.get("/locations")["locations"]}
    lines = [
        {"item_id": item, "quantity": 2, "location_id": places["Winkel"]},
        {"item_id": item, "quantity": 1},
    ]
    order = caller.post("/salesorders", {"customer_id": customer, "line_items": lines}).json()["salesorder"]
    assert _detail(caller, "BEL-1")["committed_stock"] == 0  # a draft reserves nothing
    caller.post(f"/salesorders/{order['salesorder_id']}/status/confirmed")
    detail = _detail(caller, "BEL-1")
    assert {key: detail[key] for key in STOCK_KEYS} == {
        "stock_on_hand": 11,
        "available_stock": 11,
        "actual_available_stock": 13,
        "committed_stock": 3,
        "actual_committed_stock": 3,
        "available_for_sale_stock": 8,
        "actual_available_for_sale_stock": 10,
        "quantity_in_transit": 0,
    }
    winkel = next(place for place in detail["locations"] if place["location_name"] == "Winkel")
    assert winkel["location_actual_available_stock"] == 3
    assert winkel["location_actual_committed_stock"] == 2
    assert winkel["location_actual_available_for_sale_stock"] == 1
    caller.sandbox.control.fulfil(order["salesorder_id"], "ship")
    shipped = _detail(caller, "BEL-1")
    assert (shipped["actual_available_stock"], shipped["stock_on_hand"]) == (10, 11)
    assert (shipped["actual_committed_stock"], shipped["committed_stock"]) == (0, 3)
    assert shipped["actual_available_for_sale_stock"] == 10
    caller.sandbox.control.fulfil(order["salesorder_id"], "invoice")
    done = _detail(caller, "BEL-1")
    assert (done["stock_on_hand"], done["committed_stock"]) == (8, 0)
    closed = caller.get(f"/salesorders/{order['salesorder_id']}")["salesorder"]
    assert closed["order_status"] == "closed"
    assert closed["line_items"][0]["quantity_shipped"] == 2


def test_a_stock_move_moves_last_modified_time_and_nothing_else_of_other_items(caller: Caller) -> None:
    before = {row["sku"]: row["last_modified_time"] for row in caller.get("/items")["items"]}
    caller.sandbox.clock.advance(60)
    caller.sandbox.control.move_stock(_row(caller, "BEL-1")["item_id"], physical=5)
    after = {row["sku"]: row["last_modified_time"] for row in caller.get("/items")["items"]}
    assert after["BEL-1"] > before["BEL-1"]
    assert after["UUR"] == before["UUR"]
    row = _row(caller, "BEL-1")
    assert (row["actual_available_stock"], row["stock_on_hand"]) == (18, 11)


def test_the_warehouse_layout_has_the_same_numbers_under_other_names(caller: Caller) -> None:
    new = _detail(caller, "BEL-1")
    caller.sandbox.control.zoho_settings({"stock_layout": "warehouses"})
    old = _detail(caller, "BEL-1")
    assert "locations" not in old
    pairs = zip(new["locations"], old["warehouses"], strict=True)
    for location, warehouse in pairs:
        assert location["location_id"] == warehouse["warehouse_id"]
        for key in STOCK_KEYS:
            assert location[f"location_{key}"] == warehouse[f"warehouse_{key}"]


def test_bulk_details_hold_what_is_there_and_lack_the_category(caller: Caller) -> None:
    ids = [row["item_id"] for row in caller.get("/items")["items"]]
    items = caller.get("/itemdetails", item_ids=",".join([*ids, "260815000000999999"]))["items"]
    assert [item["item_id"] for item in items] == ids
    detail = _detail(caller, "BEL-1")
    bulk = next(item for item in items if item["sku"] == "BEL-1")
    assert set(detail) - set(bulk) == {"category_id", "category_name", "show_in_storefront"}
    assert bulk["locations"] == detail["locations"]
    assert caller.call("GET", "/itemdetails").code == 2


def test_create_answers_201_with_a_location_and_derives_the_rest(caller: Caller) -> None:
    answer = caller.post(
        "/items", {"name": "Slot", "sku": "SLT-1", "rate": 30, "purchase_rate": 12.25, "unheard_of": 1}
    )
    item = answer.json()["item"]
    assert (answer.status, answer.json()["message"]) == (201, "The item has been added.")
    assert answer.headers["location"] == f"/api/v1/items/{item['item_id']}"
    assert item["item_type"] == "sales_and_purchases"
    assert item["purchase_rate"] == 12.25
    assert item["source"] == "api"
    tracked = caller.post(
        "/items", {"name": "Helm", "item_type": "inventory", "product_type": "goods", "initial_stock": 7}
    ).json()["item"]
    assert tracked["actual_available_for_sale_stock"] == 7
    assert tracked["inventory_account_id"]


def test_names_and_skus_are_taken_once(caller: Caller) -> None:
    for body in ({"name": "Fietsbel"}, {"name": "Nieuwe bel", "sku": "BEL-1"}):
        answer = caller.post("/items", body)
        assert (answer.status, answer.code) == (400, 1001)
    other = caller.post("/items", {"name": "Rem"}).json()["item"]["item_id"]
    assert caller.put(f"/items/{other}", {"sku": "BEL-1"}).code == 1001
    caller.sandbox.control.zoho_settings({"mandatory_sku": True})
    assert caller.post("/items", {"name": "Zonder"}).code == 2112


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 256},
        {"name": "A", "rate": "cheap"},
        {"name": "A", "item_type": "toy"},
        {"name": "A", "product_type": "toy"},
        {"name": "A", "custom_fields": [{"api_name": "cf_none", "value": "1"}]},
        {"name": "A", "custom_fields": [{"api_name": "cf_season", "value": "Zomer"}]},
        {"name": "A", "custom_fields": "no"},
    ],
)
def test_a_bad_create_is_400_2_and_makes_nothing(caller: Caller, body: Json) -> None:
    answer = caller.post("/items", body)
    assert (answer.status, answer.code) == (400, 2)
    assert len(caller.get("/items")["items"]) == 2


def test_a_body_that_is_no_json_and_a_body_as_a_form(caller: Caller) -> None:
    url = f"{caller.sandbox.zoho_url}/dc/eu/inventory/v1/items"
    headers = {"Authorization": f"Zoho-oauthtoken {caller.token}", "Content-Type": "application/json"}
    broken = send(url, "POST", headers=headers, body=b'{"name": ')
    assert (broken.status, broken.json()["message"]) == (400, "Invalid value passed for JSONString")
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    made = send(url, "POST", headers=form, body=urlencode({"JSONString": '{"name": "Pomp"}'}).encode())
    assert made.json()["item"]["name"] == "Pomp"


def test_update_keeps_what_is_not_sent_and_refuses_as_a_whole(caller: Caller) -> None:
    old = _detail(caller, "BEL-1")
    caller.sandbox.clock.advance(60)
    answer = caller.put(f"/items/{old['item_id']}", {"rate": 13})
    assert answer.json()["message"] == "Item details have been updated"
    new = _detail(caller, "BEL-1")
    assert new["rate"] == 13
    assert new["last_modified_time"] > old["last_modified_time"]
    assert (new["name"], new["purchase_rate"], new["custom_fields"]) == (
        old["name"],
        old["purchase_rate"],
        old["custom_fields"],
    )
    assert caller.put(f"/items/{old['item_id']}", {"rate": 1, "item_type": "toy"}).code == 2
    assert _detail(caller, "BEL-1")["rate"] == 13


def test_only_the_custom_fields(caller: Caller) -> None:
    item = _row(caller, "BEL-1")["item_id"]
    body = {"custom_fields": [{"label": "Season", "value": "Herfst"}, {"api_name": "cf_shelf", "value": ""}]}
    answer = caller.put(f"/item/{item}/customfields", body)
    assert answer.json() == {"code": 0, "message": "Custom Fields Updated Successfully"}
    row = _row(caller, "BEL-1")
    assert row["cf_season"] == "Herfst"
    assert "cf_shelf" not in row


def test_active_and_inactive_alone_and_in_bulk(caller: Caller) -> None:
    ids = [row["item_id"] for row in caller.get("/items")["items"]]
    answer = caller.post(f"/items/{ids[0]}/inactive")
    assert answer.json() == {"code": 0, "message": "The item has been marked as Inactive."}
    assert caller.get(f"/items/{ids[0]}")["item"]["status"] == "inactive"
    assert caller.post("/items/inactive", item_ids=",".join(ids)).status == 200
    assert caller.get("/items", filter_by="Status.Active")["items"] == []
    assert caller.post("/items/active", item_ids=",".join(ids)).json()["message"] == (
        "The items have been marked as Active."
    )
    assert len(caller.get("/items", filter_by="Status.Active")["items"]) == 2


def test_a_deleted_item_is_gone_for_good_and_one_in_an_order_stays(caller: Caller) -> None:
    customer = caller.get("/customers")["contacts"][0]["contact_id"]
    used, free = _row(caller, "BEL-1")["item_id"], _row(caller, "UUR")["item_id"]
    order = {"customer_id": customer, "line_items": [{"item_id": used, "quantity": 1}]}
    made = caller.post("/salesorders", order).json()["salesorder"]["salesorder_id"]
    assert caller.delete(f"/items/{used}").status == 400
    assert caller.delete("/items", item_ids=f"{used},{free}").status == 400
    assert len(caller.get("/items")["items"]) == 2
    answer = caller.delete(f"/items/{free}")
    assert answer.json() == {"code": 0, "message": "The item has been deleted."}
    gone = caller.call("GET", f"/items/{free}")
    assert (gone.status, gone.code) == (404, 1002)
    assert caller.delete(f"/items/{free}").code == 1002
    assert [row["item_id"] for row in caller.get("/items")["items"]] == [used]
    caller.delete(f"/salesorders/{made}")
    assert caller.delete(f"/items/{used}").status == 200
