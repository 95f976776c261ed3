"""Composite items: rows, recipes, writes and refusals (facts: Zoho 10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from zoho_caller import Caller, Json, caller_of, calling
from zoho_workshop import composite_of, item_of, location_of, workshop

from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import start


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=workshop()) as caller:
        yield caller


def _recipe(composite: Json) -> list[tuple[str, float]]:
    return [(part["name"], part["quantity"]) for part in composite["mapped_items"]]


def _body(caller: Caller, **changes: object) -> Json:
    return {
        "name": "Bel met wiel",
        "sku": "BW-1",
        "rate": 45,
        "item_type": "inventory",
        "product_type": "goods",
        "mapped_items": [
            {"item_id": item_of(caller, "BEL-1")["item_id"], "quantity": 1},
            {"item_id": item_of(caller, "WHEEL")["item_id"], "quantity": 2},
        ],
        **changes,
    }


def _make(caller: Caller, **changes: object) -> Json:
    answer = caller.post("/compositeitems", _body(caller, **changes))
    assert answer.status == 201, answer.body
    assert answer.json()["message"] == "The item has been added."
    made: Json = answer.json()["composite_item"]
    return made


def test_rows_are_thin_and_share_their_id_with_the_item(caller: Caller) -> None:
    answer = caller.get("/compositeitems")
    rows = answer["composite_items"]
    assert [row["sku"] for row in rows] == ["BIKE", "GIFT", "KIT"]
    assert answer["page_context"]["sort_column"] == "name"
    for row in rows:
        assert "mapped_items" not in row
        assert "item_id" not in row
        item = item_of(caller, row["sku"])
        assert item["item_id"] == row["composite_item_id"]
        assert item["is_combo_product"] is row["is_combo_product"] is True
        assert item["last_modified_time"] == row["last_modified_time"]
    assert not item_of(caller, "BEL-1")["is_combo_product"]


def test_a_recipe_has_parts_services_and_composites(caller: Caller) -> None:
    bike, gift = composite_of(caller, "BIKE"), composite_of(caller, "GIFT")
    assert _recipe(bike) == [("Frame", 1), ("Wiel", 2), ("Werkplaats, uur", 1)]
    assert [part["product_type"] for part in bike["mapped_items"]] == ["goods", "goods", "service"]
    assert [part["name"] for part in bike["composite_service_items"]] == ["Werkplaats, uur"]
    assert [part["name"] for part in bike["composite_component_items"]] == ["Frame", "Wiel"]
    assert _recipe(gift) == [("Fiets", 1), ("Fietsbel", 2.5)]
    nested = gift["mapped_items"][0]
    assert (nested["item_id"], nested["is_combo_product"]) == (bike["composite_item_id"], True)
    assert gift["mapped_items"][1]["actual_available_stock"] == 13
    assert bike["actual_available_for_sale_stock"] == 0
    assert [place["location_name"] for place in bike["locations"]] == ["Magazijn", "Winkel"]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ({"filter_by": "ComboType.Kit"}, ["KIT"]),
        ({"combo_type": "assembly"}, ["BIKE", "GIFT"]),
        ({"name_contains": "BELLEN"}, ["GIFT"]),
        ({"name_startswith": "fiets"}, ["BIKE", "GIFT"]),
        ({"sku": "kit"}, ["KIT"]),
        ({"sku_contains": "I"}, ["BIKE", "GIFT", "KIT"]),
        ({"status": "inactive"}, []),
        ({"filter_by": "Status.Active"}, ["BIKE", "GIFT", "KIT"]),
        ({"search_text": "Pakket"}, ["KIT"]),
        ({"sort_column": "sku", "sort_order": "D"}, ["KIT", "GIFT", "BIKE"]),
        ({"last_modified_time": "2026-01-05T09:00:00Z", "per_page": 2}, ["BIKE", "GIFT"]),
        ({"last_modified_time": "2026-01-05T09:00:01Z"}, []),
        ({"whatever": "x"}, ["BIKE", "GIFT", "KIT"]),
    ],
)
def test_filters(caller: Caller, query: dict[str, Any], skus: list[str]) -> None:
    assert [row["sku"] for row in caller.get("/compositeitems", **query)["composite_items"]] == skus


@pytest.mark.parametrize(
    "query", [{"filter_by": "ItemType.Sales"}, {"combo_type": "x"}, {"sort_column": "total"}]
)
def test_bad_values_of_known_parameters_are_refused(caller: Caller, query: dict[str, Any]) -> None:
    answer = caller.call("GET", "/compositeitems", **query)
    assert (answer.status, answer.code) == (400, 2)


def test_a_new_composite_is_an_item_with_a_recipe(caller: Caller) -> None:
    made = _make(caller, purchase_rate=20, initial_stock=3)
    assert made["combo_type"] == "assembly"
    assert _recipe(made) == [("Fietsbel", 1), ("Wiel", 2)]
    item = caller.get(f"/items/{made['composite_item_id']}")["item"]
    assert (item["name"], item["rate"], item["is_combo_product"], item["stock_on_hand"]) == (
        "Bel met wiel",
        45,
        True,
        3,
    )
    assert item["combo_type"] == "assembly"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "Fiets"}, 1001),
        ({"sku": "BIKE"}, 1001),
        ({"item_type": "sales"}, 2),
        ({"combo_type": "bundle"}, 2),
        ({"mapped_items": [{"item_id": "1", "quantity": 2}]}, 2006),
        ({"mapped_items": [{"quantity": 2}]}, 2),
        ({"mapped_items": "much"}, 2),
    ],
)
def test_a_bad_composite_makes_nothing(caller: Caller, changes: Json, code: int) -> None:
    answer = caller.post("/compositeitems", _body(caller, **changes))
    assert (answer.status, answer.code) == (400, code)
    assert len(caller.get("/compositeitems")["composite_items"]) == 3


def test_one_piece_of_one_item_is_no_recipe(caller: Caller) -> None:
    bell = item_of(caller, "BEL-1")["item_id"]
    answer = caller.post("/compositeitems", _body(caller, mapped_items=[{"item_id": bell, "quantity": 1}]))
    assert (answer.status, answer.code) == (400, 2056)
    assert answer.json()["message"] == "composite contains only one line item"
    _make(caller, mapped_items=[{"item_id": bell, "quantity": 2}])


def test_mapped_items_replace_the_whole_recipe_and_keep_lines_by_their_id(caller: Caller) -> None:
    bike = composite_of(caller, "BIKE")
    path = f"/compositeitems/{bike['composite_item_id']}"
    frame, wheel, hour = bike["mapped_items"]
    caller.sandbox.control.advance(60)
    body = {
        "mapped_items": [
            {"line_item_id": wheel["line_item_id"], "quantity": 3},
            {"item_id": frame["item_id"], "quantity": 1},
        ]
    }
    answer = caller.put(path, body)
    assert answer.json()["message"] == "Item details have been saved."
    edited = answer.json()["composite_item"]
    assert _recipe(edited) == [("Wiel", 3), ("Frame", 1)]
    kept = [part["line_item_id"] for part in edited["mapped_items"]]
    assert kept[0] == wheel["line_item_id"]
    assert kept[1] not in (frame["line_item_id"], hour["line_item_id"])
    assert edited["last_modified_time"] > bike["last_modified_time"]
    renamed = caller.put(path, {"name": "Stadsfiets"}).json()["composite_item"]
    assert renamed["mapped_items"] == edited["mapped_items"]
    assert item_of(caller, "BIKE")["name"] == "Stadsfiets"
    assert (
        caller.put(path, {"mapped_items": [{"item_id": bike["composite_item_id"], "quantity": 2}]}).code == 2
    )


def test_a_stock_move_moves_the_time_of_a_composite(caller: Caller) -> None:
    before = composite_of(caller, "BIKE")
    caller.sandbox.control.advance(5)
    caller.sandbox.control.move_stock(
        before["composite_item_id"], location_of(caller, "Winkel"), physical=2, accounting=2
    )
    row = next(row for row in caller.get("/compositeitems")["composite_items"] if row["sku"] == "BIKE")
    since = caller.get("/compositeitems", last_modified_time=row["last_modified_time"])["composite_items"]
    assert since == [row]
    assert row["actual_available_stock"] == 2
    assert row["last_modified_time"] > before["last_modified_time"]
    assert composite_of(caller, "BIKE")["mapped_items"] == before["mapped_items"]


def test_inactive_and_active_again(caller: Caller) -> None:
    path = f"/compositeitems/{item_of(caller, 'KIT')['item_id']}"
    assert caller.post(f"{path}/inactive").json()["message"] == "The item has been marked as inactive."
    rows = caller.get("/compositeitems", filter_by="Status.Inactive")["composite_items"]
    assert [row["sku"] for row in rows] == ["KIT"]
    assert item_of(caller, "KIT")["status"] == "inactive"
    message = "Re-activation complete! The item is back in business!"
    assert caller.post(f"{path}/active").json()["message"] == message
    assert caller.get("/compositeitems", status="inactive")["composite_items"] == []


def test_deleted_for_good_but_not_while_another_recipe_needs_it(caller: Caller) -> None:
    bike, gift = (f"/compositeitems/{item_of(caller, sku)['item_id']}" for sku in ("BIKE", "GIFT"))
    assert (caller.delete(bike).status, caller.delete(bike).code) == (400, 1040)
    wheel = item_of(caller, "WHEEL")["item_id"]
    assert caller.delete(f"/items/{wheel}").code == 1040
    assert caller.delete(gift).json()["message"] == "The item has been deleted."
    assert caller.delete(bike).status == 200
    for path in (bike, bike.replace("compositeitems", "items")):
        answer = caller.call("GET", path)
        assert (answer.status, answer.code) == (404, 1002)


def test_a_plain_item_is_no_composite(caller: Caller) -> None:
    path = f"/compositeitems/{item_of(caller, 'BEL-1')['item_id']}"
    for answer in (caller.call("GET", path), caller.put(path, {"name": "x"}), caller.delete(path)):
        assert (answer.status, answer.code) == (404, 1002)


def test_the_documents_have_a_composite_without_envelope(caller: Caller) -> None:
    path = f"/compositeitems/{item_of(caller, 'BIKE')['item_id']}"
    enveloped = caller.get(path)["composite_item"]
    caller.sandbox.control.zoho_settings({"spec_envelopes": True})
    flat = caller.get(path)
    assert "composite_item" not in flat
    assert flat == {"code": 0, "message": "success", **enveloped}
    assert "composite_item" in caller.put(path, {"rate": 5}).json()


def test_reading_composites_needs_their_own_scope(caller: Caller) -> None:
    items_only = caller_of(caller.sandbox, "ZohoInventory.items.ALL")
    assert items_only.call("GET", "/compositeitems").code == 57
    reader = caller_of(caller.sandbox, "ZohoInventory.compositeitems.READ")
    assert reader.call("GET", "/compositeitems").status == 200
    assert reader.call("GET", "/bundles").status == 200
    assert reader.post("/bundles", {}).code == 57


def test_a_restored_state_has_the_recipes() -> None:
    with start(items=60, vendors=3, orders=0, speed=0) as sandbox:
        caller = caller_of(sandbox)
        rows = caller.get("/compositeitems")["composite_items"]
        assert len(rows) == 3
        paths = ["/compositeitems", *(f"/compositeitems/{row['composite_item_id']}" for row in rows)]
        before = [caller.get(path) for path in paths]
        sandbox.zoho.restore(sandbox.zoho.snapshot())
        assert [caller.get(path) for path in paths] == before


def test_a_record_made_just_now_can_be_missing_from_lists(caller: Caller) -> None:
    caller.sandbox.control.zoho_settings({"stale_reads_seconds": 30})
    made = _make(caller)

    def skus() -> list[str]:
        return [
            row["sku"]
            for row in caller.get("/compositeitems", sort_column="last_modified_time")["composite_items"]
        ]

    assert "BW-1" not in skus()
    assert caller.get("/items", sku="BW-1")["items"] == []
    assert caller.call("GET", f"/compositeitems/{made['composite_item_id']}").status == 200
    caller.sandbox.control.advance(30)
    assert "BW-1" in skus()
    assert len(caller.get("/items", sku="BW-1")["items"]) == 1


def test_a_row_can_change_between_two_pages(caller: Caller) -> None:
    query: dict[str, Any] = {"sort_column": "last_modified_time", "per_page": 2}
    caller.sandbox.control.advance(60)
    caller.sandbox.control.add_fault(Fault(kind="move_row", system="zoho", path="/compositeitems", count=1))
    first = caller.get("/compositeitems", **query)["composite_items"]
    second = caller.get("/compositeitems", page=2, **query)["composite_items"]
    # The first row went to the end, so the row that stood third is in neither page.
    assert [row["sku"] for row in first] == ["BIKE", "GIFT"]
    assert [row["sku"] for row in second] == ["BIKE"]
