"""Inventory adjustments: both ledgers, places, edits and deletions (facts: Zoho 10.12)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zoho_caller import Caller, Json, calling
from zoho_workshop import item_of, location_of, stock_of, workshop


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=workshop()) as caller:
        yield caller


def _body(caller: Caller, **changes: object) -> Json:
    lines = [
        {"item_id": item_of(caller, "FRAME")["item_id"], "quantity_adjusted": -2},
        {"item_id": item_of(caller, "WHEEL")["item_id"], "quantity_adjusted": 1.5},
    ]
    day = "2026-03-02"
    return {
        "date": day,
        "reason": "Geteld",
        "adjustment_type": "quantity",
        "line_items": lines,
        **changes,
    }


def _make(caller: Caller, **changes: object) -> Json:
    answer = caller.post("/inventoryadjustments", _body(caller, **changes))
    assert answer.status == 201, answer.body
    assert answer.json()["message"] == "Inventory Adjustment has been added"
    made: Json = answer.json()["inventory_adjustment"]
    return made


def test_an_adjustment_moves_both_ledgers_and_the_items_time(caller: Caller) -> None:
    before = item_of(caller, "FRAME")["last_modified_time"]
    made = _make(caller, reference_number="T-1")
    assert (made["status"], made["total"], made["location_name"]) == (
        "adjusted",
        -2 * 100 + 1.5 * 30,
        "Magazijn",
    )
    assert (stock_of(caller, "FRAME"), stock_of(caller, "WHEEL")) == ((18, 18), (41.5, 41.5))
    assert item_of(caller, "FRAME")["last_modified_time"] > before
    assert (
        caller.get(f"/inventoryadjustments/{made['inventory_adjustment_id']}")["inventory_adjustment"] == made
    )
    [row] = caller.get("/inventoryadjustments")["inventory_adjustments"]
    assert "line_items" not in row
    assert {name: made[name] for name in row} == row


def test_a_place_of_the_header_or_of_a_line(caller: Caller) -> None:
    shop, bell = location_of(caller, "Winkel"), item_of(caller, "BEL-1")["item_id"]
    line = {"item_id": bell, "quantity_adjusted": 1}
    _make(caller, location_id=shop, line_items=[line])
    _make(caller, line_items=[{**line, "location_id": shop}])
    assert stock_of(caller, "BEL-1", "Winkel") == (5, 5)
    assert stock_of(caller, "BEL-1") == (10, 8)


def test_deleting_takes_it_back(caller: Caller) -> None:
    made = _make(caller)
    path = f"/inventoryadjustments/{made['inventory_adjustment_id']}"
    frame = f"/items/{item_of(caller, 'FRAME')['item_id']}"
    assert caller.delete(frame).code == 1040
    assert caller.delete(path).json()["message"] == "Inventory Adjustment(s) has been deleted"
    assert (stock_of(caller, "FRAME"), stock_of(caller, "WHEEL")) == ((20, 20), (40, 40))
    answer = caller.call("GET", path)
    assert (answer.status, answer.code) == (404, 1002)
    assert caller.get("/inventoryadjustments")["inventory_adjustments"] == []


def test_an_edit_moves_the_difference(caller: Caller) -> None:
    made = _make(caller)
    path = f"/inventoryadjustments/{made['inventory_adjustment_id']}"
    frame = made["line_items"][0]
    lines = [{**frame, "quantity_adjusted": -5}]
    edited = caller.put(path, _body(caller, line_items=lines)).json()["inventory_adjustment"]
    assert [line["line_item_id"] for line in edited["line_items"]] == [frame["line_item_id"]]
    assert edited["reason_id"] == made["reason_id"]
    assert (stock_of(caller, "FRAME"), stock_of(caller, "WHEEL")) == ((15, 15), (40, 40))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"adjustment_type": "value"}, 2),
        ({"reason": ""}, 2),
        ({"date": "today"}, 2),
        ({"line_items": []}, 2),
        ({"line_items": [{"item_id": "1", "quantity_adjusted": 1}]}, 2006),
        ({"location_id": "1"}, 1002),
    ],
)
def test_a_bad_adjustment_moves_nothing(caller: Caller, changes: Json, code: int) -> None:
    assert caller.post("/inventoryadjustments", _body(caller, **changes)).code == code
    service = {"item_id": item_of(caller, "UUR")["item_id"], "quantity_adjusted": 1}
    assert caller.post("/inventoryadjustments", _body(caller, line_items=[service])).code == 2
    assert caller.get("/inventoryadjustments")["inventory_adjustments"] == []
    assert stock_of(caller, "FRAME") == (20, 20)


def test_reasons_keep_their_id_and_a_restored_state_is_the_same(caller: Caller) -> None:
    first, second, other = (_make(caller, reason=reason) for reason in ("Geteld", "Geteld", "Stuk"))
    assert first["reason_id"] == second["reason_id"] != other["reason_id"]
    before = caller.get("/inventoryadjustments")
    caller.sandbox.zoho.restore(caller.sandbox.zoho.snapshot())
    assert caller.get("/inventoryadjustments") == before
    assert len(before["inventory_adjustments"]) == 3
