"""Bundles: numbers, one location, stock on completion, transitions, lists (facts: Zoho 9 and 10.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from zoho_caller import Answer, Caller, Json, calling, rows_of
from zoho_workshop import composite_of, item_of, location_of, stock_of, workshop

OWN = {"ignore_auto_number_generation": "true"}


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=workshop()) as caller:
        yield caller


def _body(caller: Caller, **changes: object) -> Json:
    bike = composite_of(caller, "BIKE")
    lines = [
        {"item_id": part["item_id"], "name": part["name"], "quantity_consumed": part["quantity"]}
        for part in bike["mapped_items"]
    ]
    return {
        "date": "2026-03-02",
        "composite_item_id": bike["composite_item_id"],
        "composite_item_name": bike["name"],
        "quantity_to_bundle": 3,
        "line_items": lines,
        "is_completed": False,
        **changes,
    }


def _make(caller: Caller, query: dict[str, str] | None = None, **changes: object) -> Json:
    answer = caller.post("/bundles", _body(caller, **changes), **(query or {}))
    assert answer.status == 201, answer.body
    assert answer.json()["message"] == "Assembly has been created."
    made: Json = answer.json()["bundle"]
    return made


def _move(caller: Caller, bundle: Json, step: str) -> Answer:
    return caller.post(f"/bundles/{bundle['bundle_id']}/{step}")


def _stocks(caller: Caller, place: str = "Magazijn") -> dict[str, tuple[float, float]]:
    return {sku: stock_of(caller, sku, place) for sku in ("BIKE", "FRAME", "WHEEL")}


UNTOUCHED = {"BIKE": (0, 0), "FRAME": (20, 20), "WHEEL": (40, 40)}
THREE_MADE = {"BIKE": (3, 3), "FRAME": (17, 17), "WHEEL": (34, 34)}


def test_a_planned_assembly_moves_nothing(caller: Caller) -> None:
    bundle = _make(caller)
    assert (bundle["status"], bundle["is_completed"]) == ("draft", False)
    assert (bundle["reference_number"], bundle["transaction_number"]) == ("REF-B-00001", "WO-00001")
    assert (bundle["quantity_to_bundle"], bundle["date"]) == (3, "2026-03-02")
    assert bundle["total"] == 3 * (100 + 2 * 30)
    assert [line["quantity_consumed"] for line in bundle["line_items"]] == [1, 2, 1]
    assert [line["total_quantity_consumed"] for line in bundle["line_items"]] == [3, 6, 3]
    assert _stocks(caller) == UNTOUCHED
    read = caller.get(f"/bundles/{bundle['bundle_id']}")["bundle"]
    assert read == bundle


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"is_completed": True}, "bundled"),
        ({"is_completed": "true"}, "bundled"),
        ({"is_completed": True, "status": "draft"}, "draft"),
        ({"is_completed": True, "status": "confirmed"}, "confirmed"),
        ({"status": "confirmed"}, "confirmed"),
        ({"is_completed": True, "status": "bundled"}, "bundled"),
    ],
)
def test_stock_moves_only_when_bundled(caller: Caller, asked: Json, status: str) -> None:
    bundle = _make(caller, **asked)
    assert bundle["status"] == status
    assert bundle["is_completed"] is (status == "bundled")
    assert _stocks(caller) == (THREE_MADE if status == "bundled" else UNTOUCHED)


def test_completing_moves_both_ledgers_and_the_time_of_every_item(caller: Caller) -> None:
    bundle = _make(caller)
    caller.sandbox.control.advance(60)
    answer = _move(caller, bundle, "confirmed")
    assert answer.json()["message"] == "The assembly has been marked as confirmed."
    assert answer.json()["bundle"]["status"] == "confirmed"
    assert _stocks(caller) == UNTOUCHED
    answer = _move(caller, bundle, "bundled")
    assert answer.json()["message"] == "The assembly has been marked as built."
    made = answer.json()["bundle"]
    assert (made["status"], made["is_completed"]) == ("bundled", True)
    assert made["last_modified_time"] > bundle["last_modified_time"]
    assert _stocks(caller) == THREE_MADE
    for sku in ("BIKE", "FRAME", "WHEEL"):
        assert item_of(caller, sku)["last_modified_time"] == made["last_modified_time"]
    assert item_of(caller, "UUR")["last_modified_time"] < made["last_modified_time"]
    for step in ("bundled", "confirmed"):
        assert _move(caller, bundle, step).status == 400
    assert _stocks(caller) == THREE_MADE


def test_deleting_takes_the_stock_back_and_the_record_is_gone(caller: Caller) -> None:
    bundle = _make(caller, is_completed=True)
    path = f"/bundles/{bundle['bundle_id']}"
    assert caller.delete(path).json()["message"] == "Assembly has been deleted."
    assert _stocks(caller) == UNTOUCHED
    for answer in (caller.call("GET", path), caller.delete(path)):
        assert (answer.status, answer.code) == (404, 1002)
    assert caller.get("/bundles")["bundles"] == []


def test_the_header_alone_says_where(caller: Caller) -> None:
    store, shop = location_of(caller, "Magazijn"), location_of(caller, "Winkel")
    body = _body(caller)
    lines = [{**line, "location_id": shop, "warehouse_id": shop} for line in body["line_items"]]
    bundle = _make(caller, line_items=lines, warehouse_id=shop, is_completed=True)
    assert (bundle["location_id"], bundle["location_name"]) == (store, "Magazijn")
    assert {line["location_id"] for line in bundle["line_items"]} == {store}
    assert _stocks(caller) == THREE_MADE
    caller.sandbox.control.move_stock(item_of(caller, "FRAME")["item_id"], shop, physical=1, accounting=1)
    caller.sandbox.control.move_stock(item_of(caller, "WHEEL")["item_id"], shop, physical=2, accounting=2)
    _make(caller, location_id=shop, is_completed=True, quantity_to_bundle=1)
    assert _stocks(caller, "Winkel") == {"BIKE": (1, 1), "FRAME": (0, 0), "WHEEL": (0, 0)}
    assert _stocks(caller) == THREE_MADE
    assert caller.post("/bundles", _body(caller, location_id="1")).code == 1002


@pytest.mark.parametrize("where", ["header", "lines"])
def test_before_the_migration_places_are_warehouses(caller: Caller, where: str) -> None:
    shop = location_of(caller, "Winkel")
    caller.sandbox.control.zoho_settings({"stock_layout": "warehouses"})
    body = _body(caller)
    if where == "header":
        body["warehouse_id"] = shop
    else:
        for line in body["line_items"]:
            line["warehouse_id"] = shop
    bundle = caller.post("/bundles", body).json()["bundle"]
    assert (bundle["warehouse_id"], bundle["warehouse_name"]) == (shop, "Winkel")
    assert "location_id" not in bundle
    assert caller.get("/bundles")["bundles"][0]["warehouse_id"] == shop


def test_too_few_components_refuse_the_whole_assembly(caller: Caller) -> None:
    answer = caller.post("/bundles", _body(caller, is_completed=True, quantity_to_bundle=21))
    assert answer.status == 400
    assert "not enough stock of the item Frame" in answer.json()["message"]
    assert caller.get("/bundles")["bundles"] == []
    planned = _make(caller, quantity_to_bundle=21)
    assert planned["reference_number"] == "REF-B-00001"
    assert _move(caller, planned, "bundled").status == 400
    assert caller.get(f"/bundles/{planned['bundle_id']}")["bundle"]["status"] == "draft"
    assert _stocks(caller) == UNTOUCHED
    all_frames = _make(caller, is_completed=True, quantity_to_bundle=20)
    assert stock_of(caller, "FRAME") == (0, 0)
    assert all_frames["status"] == "bundled"


def test_a_reference_of_ones_own_needs_the_flag_in_the_query(caller: Caller) -> None:
    body = _body(caller, reference_number="line-77")
    for refused in (
        caller.post("/bundles", body),
        caller.post("/bundles", {**body, **OWN}),
        caller.post("/bundles", body, ignore_auto_number_generation="false"),
    ):
        assert (refused.status, refused.code) == (400, 4097)
    assert refused.json()["message"] == "Number entered does not match the auto-generated number"
    bundle = _make(caller, OWN, reference_number="line-77")
    assert (bundle["reference_number"], bundle["transaction_number"]) == ("line-77", "WO-00001")
    again = caller.post("/bundles", body, **OWN)
    assert (again.status, again.code) == (400, 1001)
    assert len(caller.get("/bundles")["bundles"]) == 1
    caller.sandbox.control.zoho_settings({"auto_number": False})
    assert _make(caller, reference_number="line-78")["transaction_number"] == "WO-00002"


def test_given_numbers_pass_over_those_that_are_taken(caller: Caller) -> None:
    _make(caller, OWN, reference_number="REF-B-00001")
    assert _make(caller)["reference_number"] == "REF-B-00002"
    assert _make(caller)["reference_number"] == "REF-B-00003"


def test_rows_are_thin_and_found_by_their_exact_reference(caller: Caller) -> None:
    for reference in ("77", "177", "7"):
        _make(caller, OWN, reference_number=reference)
    [row] = caller.get("/bundles", reference_number="77")["bundles"]
    assert row["reference_number"] == "77"
    assert not {"line_items", "custom_fields"} & set(row)
    detail = caller.get(f"/bundles/{row['bundle_id']}")["bundle"]
    assert {name: detail[name] for name in row} == row
    assert len(caller.get("/bundles", reference_number_contains="77")["bundles"]) == 2
    assert len(caller.get("/bundles", reference="77")["bundles"]) == 3


def test_there_is_no_changed_since_filter_but_an_order_by_change(caller: Caller) -> None:
    first = _make(caller)
    caller.sandbox.control.advance(60)
    _make(caller)
    caller.sandbox.control.advance(60)
    _move(caller, first, "confirmed")
    future = caller.get("/bundles", last_modified_time="2099-01-01T00:00:00Z")
    assert len(future["bundles"]) == 2
    assert "search_criteria" not in future["page_context"]
    newest = rows_of(
        caller, "/bundles", "bundles", sort_column="last_modified_time", sort_order="D", per_page=1
    )
    assert [row["reference_number"] for row in newest] == ["REF-B-00001", "REF-B-00002"]
    by_creation = caller.get("/bundles", sort_column="created_time", sort_order="A")["bundles"]
    assert [row["reference_number"] for row in by_creation] == ["REF-B-00001", "REF-B-00002"]
    assert caller.get("/bundles", last_modified_time="nonsense")["bundles"]


def test_filters(caller: Caller) -> None:
    world = caller.sandbox.zoho.world
    today = world.now().astimezone(world.zone).date().isoformat()  # the day of the organisation
    shop = location_of(caller, "Winkel")
    _make(caller, date="2020-05-06")
    _make(caller, date=today, status="confirmed")
    _make(caller, date="2026-03-01", location_id=shop)
    bike, frame = composite_of(caller, "BIKE")["composite_item_id"], item_of(caller, "FRAME")["item_id"]

    def found(**query: Any) -> list[int]:
        rows = caller.get("/bundles", sort_column="reference_number", sort_order="A", **query)["bundles"]
        return [int(row["reference_number"][-1]) for row in rows]

    assert found(status="draft") == found(filter_by="Status.Pending") == [1, 3]
    assert found(status="confirmed") == found(filter_by="Status.Confirmed") == [2]
    assert found(status="bundled") == found(filter_by="Status.Built") == []
    assert found(filter_by="WorkOrderDate.Today") == [2]
    for word in ("ThisWeek", "ThisMonth", "ThisQuarter", "ThisYear"):
        among = found(filter_by=f"WorkOrderDate.{word}")
        assert 2 in among
        assert 1 not in among
    assert found(date_start="2026-03-01", date_end="2026-03-01") == [3]
    assert found(date_end="2020-05-06") == [1]
    assert found(location_id=shop) == [3]
    assert found(composite_item_id=bike) == found(item_id=frame) == [1, 2, 3]
    assert found(composite_item_id=frame) == []
    for query in ({"status": "built"}, {"filter_by": "Status.Draft"}, {"sort_column": "status"}):
        answer = caller.call("GET", "/bundles", **query)
        assert (answer.status, answer.code) == (400, 2)


def test_the_list_can_want_a_composite(caller: Caller) -> None:
    _make(caller)
    caller.sandbox.control.zoho_settings({"bundles_need_composite": True})
    answer = caller.call("GET", "/bundles")
    assert (answer.status, answer.code) == (400, 2)
    assert answer.json()["message"] == "Invalid value passed for composite_item_id"
    bike, gift = (composite_of(caller, sku)["composite_item_id"] for sku in ("BIKE", "GIFT"))
    assert len(caller.get("/bundles", composite_item_id=bike)["bundles"]) == 1
    assert caller.get("/bundles", composite_item_id=gift)["bundles"] == []


def test_an_organisation_can_refuse_what_is_not_completed(caller: Caller) -> None:
    caller.sandbox.control.zoho_settings({"bundle_completed_only": True})
    for changes in ({}, {"is_completed": True, "status": "draft"}):
        answer = caller.post("/bundles", _body(caller, **changes))
        assert (answer.status, answer.code) == (400, 2)
        assert answer.json()["message"] == "Invalid value passed for is_completed"
    assert caller.get("/bundles")["bundles"] == []
    assert _make(caller, is_completed=True)["status"] == "bundled"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"composite_item_id": "1"}, 2006),
        ({"line_items": [{"item_id": "1", "name": "x", "quantity_consumed": 1}]}, 2006),
        ({"quantity_to_bundle": 0}, 2),
        ({"quantity_to_bundle": "many"}, 2),
        ({"quantity_to_bundle": 6 * 10**11}, 2),
        ({"date": "02/03/2026"}, 2),
        ({"status": "built"}, 2),
        ({"status": "bundled", "is_completed": False}, 2),
        ({"is_completed": "perhaps"}, 2),
        ({"line_items": [{"name": "x"}]}, 2006),
        ({"line_items": "all"}, 2),
    ],
)
def test_a_bad_assembly_makes_nothing(caller: Caller, changes: Json, code: int) -> None:
    answer = caller.post("/bundles", _body(caller, **changes))
    assert (answer.status, answer.code) == (400, code)
    assert caller.get("/bundles")["bundles"] == []
    assert _stocks(caller) == UNTOUCHED
    assert _make(caller)["reference_number"] == "REF-B-00001"


@pytest.mark.parametrize("sku", ["KIT", "BEL-1"])
def test_neither_kits_nor_plain_items_are_assembled(caller: Caller, sku: str) -> None:
    answer = caller.post("/bundles", _body(caller, composite_item_id=item_of(caller, sku)["item_id"]))
    assert (answer.status, answer.code) == (400, 2)


def test_a_composite_is_a_component_like_any_other(caller: Caller) -> None:
    _make(caller, is_completed=True)
    gift = composite_of(caller, "GIFT")
    lines = [
        {"item_id": part["item_id"], "name": part["name"], "quantity_consumed": part["quantity"]}
        for part in gift["mapped_items"]
    ]
    _make(
        caller,
        composite_item_id=gift["composite_item_id"],
        line_items=lines,
        quantity_to_bundle=2,
        is_completed=True,
    )
    assert [stock_of(caller, sku)[0] for sku in ("GIFT", "BIKE", "BEL-1")] == [2, 1, 5]


def test_an_edit_moves_the_stock_of_a_bundled_one_anew(caller: Caller) -> None:
    bundle = _make(caller, is_completed=True)
    path = f"/bundles/{bundle['bundle_id']}"
    answer = caller.put(path, {"quantity_to_bundle": 20, "reference_number": bundle["reference_number"]})
    assert answer.json()["message"] == "Assembly has been updated."
    assert _stocks(caller) == {"BIKE": (20, 20), "FRAME": (0, 0), "WHEEL": (0, 0)}
    assert caller.put(path, {"quantity_to_bundle": 21}).status == 400
    assert caller.get(path)["bundle"]["quantity_to_bundle"] == 20
    frame = bundle["line_items"][0]
    lines = [{"line_item_id": frame["line_item_id"], "quantity_consumed": 2}]
    edited = caller.put(path, {"quantity_to_bundle": 3, "line_items": lines}).json()["bundle"]
    assert [line["line_item_id"] for line in edited["line_items"]] == [frame["line_item_id"]]
    assert _stocks(caller) == {"BIKE": (3, 3), "FRAME": (14, 14), "WHEEL": (40, 40)}
    assert caller.put(path, {"is_completed": False}).json()["bundle"]["status"] == "draft"
    assert _stocks(caller) == UNTOUCHED
    assert caller.put(path, {"reference_number": "mine"}).code == 4097
    assert (
        caller.put(path, {"reference_number": "mine"}, **OWN).json()["bundle"]["reference_number"] == "mine"
    )


def test_items_of_an_assembly_stay(caller: Caller) -> None:
    bundle = _make(caller)
    gift = composite_of(caller, "GIFT")["composite_item_id"]
    assert caller.delete(f"/compositeitems/{gift}").status == 200
    bike = composite_of(caller, "BIKE")["composite_item_id"]
    assert caller.delete(f"/compositeitems/{bike}").code == 1040
    caller.delete(f"/bundles/{bundle['bundle_id']}")
    assert caller.delete(f"/compositeitems/{bike}").status == 200


def test_rows_show_the_name_of_today(caller: Caller) -> None:
    _make(caller)
    assert caller.get("/bundles")["bundles"][0]["composite_item_name"] == "Fiets"
    bike = composite_of(caller, "BIKE")["composite_item_id"]
    caller.put(f"/compositeitems/{bike}", {"name": "Stadsfiets"})
    assert caller.get("/bundles")["bundles"][0]["composite_item_name"] == "Stadsfiets"


def test_the_documents_have_a_new_assembly_without_envelope(caller: Caller) -> None:
    body = _body(caller)
    caller.sandbox.control.zoho_settings({"spec_envelopes": True})
    flat = caller.post("/bundles", body).json()
    assert "bundle" not in flat
    assert flat["code"] == 0
    assert caller.get(f"/bundles/{flat['bundle_id']}")["bundle"]["reference_number"] == "REF-B-00001"


def test_a_restored_state_has_the_assemblies_and_their_numbers(caller: Caller) -> None:
    bundle = _make(caller, is_completed=True)
    before = caller.get(f"/bundles/{bundle['bundle_id']}")
    caller.sandbox.zoho.restore(caller.sandbox.zoho.snapshot())
    assert caller.get(f"/bundles/{bundle['bundle_id']}") == before
    assert _stocks(caller) == THREE_MADE
    assert _make(caller)["reference_number"] == "REF-B-00002"
    bike = composite_of(caller, "BIKE")["composite_item_id"]
    assert caller.delete(f"/compositeitems/{bike}").code == 1040


def test_an_assembly_made_just_now_can_be_missing_from_the_list(caller: Caller) -> None:
    caller.sandbox.control.zoho_settings({"stale_reads_seconds": 120})
    bundle = _make(caller, OWN, reference_number="77")
    assert caller.get("/bundles", reference_number="77")["bundles"] == []
    assert caller.get(f"/bundles/{bundle['bundle_id']}")["bundle"] == bundle
    caller.sandbox.control.advance(119)
    assert caller.get("/bundles", reference_number="77")["bundles"] == []
    caller.sandbox.control.advance(1)
    assert len(caller.get("/bundles", reference_number="77")["bundles"]) == 1


def test_no_answer_holds_a_null(caller: Caller) -> None:
    bundle = _make(caller)
    bike = composite_of(caller, "BIKE")["composite_item_id"]
    for path in ("/bundles", f"/bundles/{bundle['bundle_id']}", "/compositeitems", f"/compositeitems/{bike}"):
        assert b":null" not in caller.call("GET", path).body
