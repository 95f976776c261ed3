"""Purchase orders, what arrives on them and what is billed (facts: Zoho 9, 10.8, 10.9, 10.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from zoho_caller import Answer, Caller, Json, calling
from zoho_shop import shop

from stockbridge_sandbox.company import Company, Item


def _shop() -> Company:
    """The known shop, whose vendor is paid in dollars, with a second thing to buy."""
    base = shop()
    lamp = replace(base.items[0], key="lamp", name="Koplamp", sku="LAMP-1", custom_fields=(), stock=())
    lamp = replace(lamp, purchase_rate=Decimal("7.25"))
    setup = Item(
        key="setup",
        name="Montage",
        sku="MON",
        product_type="service",
        item_type="sales_and_purchases",
        created=lamp.created,
        modified=lamp.modified,
    )
    vendors = (replace(base.vendors[0], currency="USD", payment_terms=14),)
    return replace(base, items=(*base.items, lamp, setup), vendors=vendors)


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=_shop()) as caller:
        yield caller


def _item(caller: Caller, sku: str) -> str:
    return str(caller.get("/items", sku=sku)["items"][0]["item_id"])


def _body(caller: Caller, **changes: object) -> Json:
    vendor = caller.get("/vendors")["contacts"][0]["contact_id"]
    lines = [
        {"item_id": _item(caller, "BEL-1"), "quantity": 10, "rate": 4},
        {"item_id": _item(caller, "LAMP-1"), "quantity": 4},
    ]
    return {"vendor_id": vendor, "line_items": lines, **changes}


def _make(caller: Caller, *, issued: bool = False, **changes: object) -> Json:
    answer = caller.post("/purchaseorders", _body(caller, **changes))
    assert answer.status == 201, answer.body
    order: Json = answer.json()["purchaseorder"]
    if issued:
        assert caller.post(f"/purchaseorders/{order['purchaseorder_id']}/status/issued").status == 200
    return order


def _detail(caller: Caller, order: Json) -> Json:
    shown: Json = caller.get(f"/purchaseorders/{order['purchaseorder_id']}")["purchaseorder"]
    return shown


def _row(caller: Caller, order: Json) -> Json:
    rows = caller.get("/purchaseorders")["purchaseorders"]
    found: Json = next(row for row in rows if row["purchaseorder_id"] == order["purchaseorder_id"])
    return found


def _receive(caller: Caller, order: Json, *quantities: float, **more: object) -> Answer:
    lines = [
        {"line_item_id": line["line_item_id"], "quantity": quantity}
        for line, quantity in zip(order["line_items"], quantities, strict=False)
        if quantity
    ]
    id_ = order["purchaseorder_id"]
    return caller.post("/purchasereceives", {"line_items": lines, **more}, purchaseorder_id=id_)


def _bill(caller: Caller, order: Json, *quantities: float, number: str = "F-1", **more: object) -> Answer:
    lines = [
        {"purchaseorder_item_id": line["line_item_id"], "quantity": quantity}
        for line, quantity in zip(order["line_items"], quantities, strict=False)
        if quantity
    ]
    body = {"vendor_id": order["vendor_id"], "bill_number": number, "date": "2026-02-01"}
    return caller.post("/bills", {**body, "due_date": "2026-03-01", "line_items": lines, **more})


def _words(record: Json) -> tuple[str, str, str, str]:
    return record["order_status"], record["received_status"], record["billed_status"], record["status"]


def _stock(caller: Caller, sku: str) -> tuple[float, float]:
    """Physical and accounting."""
    item = caller.get(f"/items/{_item(caller, sku)}")["item"]
    return item["actual_available_stock"], item["stock_on_hand"]


def test_a_new_order_is_a_numbered_draft_in_the_vendors_currency(caller: Caller) -> None:
    order = _make(caller, reference_number="b-7", delivery_date="2026-02-01", status="issued")
    assert order["purchaseorder_number"] == "PO-00001"
    assert _words(order) == ("draft", "", "", "draft")
    assert (order["currency_code"], order["exchange_rate"]) == ("USD", 0.9)
    assert (order["delivery_date"], order["expected_delivery_date"]) == ("2026-02-01", "")
    bell, lamp = order["line_items"]
    assert (bell["rate"], bell["bcy_rate"], bell["item_total"], bell["item_order"]) == (4, 3.6, 40, 1)
    assert lamp["rate"] == 7.25  # the item's purchase_rate, as no rate was sent
    assert (order["sub_total"], order["tax_total"], order["total"]) == (69, 14.49, 83.49)
    assert order["payment_terms"] == 14
    row = _row(caller, order)
    assert "line_items" not in row
    assert _words(row) == ("draft", "to_be_received", "to_be_billed", "draft")
    assert (row["total_ordered_quantity"], row["quantity_yet_to_receive"], row["receives"]) == (14, 14, [])
    assert (row["vendor_name"], row["total"], row["location_id"]) == (
        "Ding Dong B.V.",
        83.49,
        order["location_id"],
    )


def test_an_own_number_needs_the_flag_in_the_query(caller: Caller) -> None:
    assert caller.post("/purchaseorders", _body(caller, purchaseorder_number="X-1")).code == 4097
    in_body = _body(caller, purchaseorder_number="X-1", ignore_auto_number_generation=True)
    assert caller.post("/purchaseorders", in_body).code == 4097
    flag = {"ignore_auto_number_generation": "true"}
    made = caller.post("/purchaseorders", _body(caller, purchaseorder_number="X-1"), **flag)
    assert made.json()["purchaseorder"]["purchaseorder_number"] == "X-1"
    assert caller.post("/purchaseorders", _body(caller, purchaseorder_number="X-1"), **flag).code == 1001


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vendor_id": "1"}, 1002),
        ({"vendor_id": ""}, 1002),
        ({"line_items": []}, 2),
        ({"line_items": [{"item_id": "1", "quantity": 1}]}, 2006),
        ({"line_items": [{"quantity": 1}]}, 2),
        ({"line_items": "all"}, 2),
        ({"date": "05/01/2026"}, 2),
        ({"exchange_rate": 0}, 2),
        ({"location_id": "1"}, 1002),
        ({"currency_id": "1"}, 1002),
    ],
)
def test_a_bad_order_makes_nothing(caller: Caller, changes: Json, code: int) -> None:
    answer = caller.post("/purchaseorders", _body(caller, **changes))
    assert answer.code == code
    assert answer.status in (400, 404)
    assert caller.get("/purchaseorders")["purchaseorders"] == []
    assert _make(caller)["purchaseorder_number"] == "PO-00001"


def test_what_cannot_be_bought_or_is_no_vendor_is_refused(caller: Caller) -> None:
    sold_only = [{"item_id": _item(caller, "UUR"), "quantity": 1}]
    refused = caller.post("/purchaseorders", _body(caller, line_items=sold_only))
    assert (refused.status, refused.code) == (400, 29032)
    customer = caller.get("/customers")["contacts"][0]["contact_id"]
    assert caller.post("/purchaseorders", _body(caller, vendor_id=customer)).code == 1002


def test_filters_work_and_unknown_ones_give_everything(caller: Caller) -> None:
    first = _make(caller, reference_number="b-1", date="2026-01-10")
    caller.sandbox.control.advance(60)
    second = _make(caller, issued=True, reference_number="b-1x", date="2026-01-20")

    def found(**query: str) -> list[str]:
        rows = caller.get("/purchaseorders", sort_column="created_time", **query)["purchaseorders"]
        return [row["purchaseorder_id"] for row in rows]

    one, two = first["purchaseorder_id"], second["purchaseorder_id"]
    assert found(reference_number="b-1") == [one]
    assert found(purchaseorder_number="PO-00002") == [two]
    assert found(status="open") == found(status="issued") == found(filter_by="Status.Issued") == [two]
    assert found(filter_by="Status.Draft") == [one]
    assert found(date_start="2026-01-20") == found(date_after="2026-01-10") == [two]
    assert found(date_end="2026-01-10") == [one]
    assert found(vendor_id=first["vendor_id"]) == [one, two]
    assert found(vendor_id="1") == []
    assert found(reference_number_like="b-1", nonsense="1") == [one, two]
    assert found(last_modified_time=_detail(caller, second)["last_modified_time"]) == [two]
    assert caller.call("GET", "/purchaseorders", status="billed_somehow").code == 2
    by_time = caller.get("/purchaseorders", sort_column="last_modified_time", sort_order="D")[
        "purchaseorders"
    ]
    assert [row["purchaseorder_id"] for row in by_time] == [two, one]


def test_a_draft_is_issued_received_in_parts_billed_and_closes_by_itself(caller: Caller) -> None:
    order = _make(caller)
    assert _receive(caller, order, 1).code == 36016  # a draft receives nothing
    answer = caller.post(f"/purchaseorders/{order['purchaseorder_id']}/status/issued")
    assert answer.json() == {"code": 0, "message": "The purchase order has been marked as issued."}
    assert _words(_detail(caller, order)) == ("issued", "to_be_received", "to_be_billed", "issued")
    before = _stock(caller, "BEL-1")
    made = _receive(caller, order, 6, date="2026-01-31", notes="eerste pallet")
    assert made.status == 201, made.body
    receive = made.json()["purchasereceive"]
    assert (receive["receive_number"], receive["total_quantity_received"]) == ("PR-00001", 6)
    assert receive["line_items"][0]["line_item_id"] == order["line_items"][0]["line_item_id"]
    assert _stock(caller, "BEL-1") == (before[0] + 6, before[1])
    row = _row(caller, order)
    assert _words(row) == ("issued", "partially_received", "to_be_billed", "partially_received")
    assert row["quantity_yet_to_receive"] == 8
    assert row["receives"] == [{"receive_id": receive["receive_id"], "receive_number": "PR-00001"}]
    over = _receive(caller, order, 5)
    assert (over.status, over.code) == (400, 36012)
    assert _receive(caller, order, 4, 4).status == 201
    detail = _detail(caller, order)
    assert _words(detail) == ("issued", "received", "to_be_billed", "received")
    assert [line["quantity_received"] for line in detail["line_items"]] == [10, 4]
    nested = detail["purchasereceives"]
    assert [len(each["line_items"]) for each in nested] == [1, 2]
    assert (nested[0]["date"], nested[0]["notes"]) == ("2026-01-31", "eerste pallet")
    assert _bill(caller, order, 10).status == 201
    assert _stock(caller, "BEL-1") == (before[0] + 10, before[1] + 10)
    assert _words(_detail(caller, order))[:3] == ("issued", "received", "partially_billed")
    assert _bill(caller, order, 0, 4, number="F-2").status == 201
    detail = _detail(caller, order)
    assert _words(detail) == ("closed", "received", "billed", "closed")
    assert [bill["bill_number"] for bill in detail["bills"]] == ["F-1", "F-2"]


def test_billed_first_closes_with_the_last_receive(caller: Caller) -> None:
    order = _make(caller, issued=True)
    physical, accounting = _stock(caller, "BEL-1")
    _bill(caller, order, 10, 4)
    assert _stock(caller, "BEL-1") == (physical, accounting + 10)
    assert _words(_row(caller, order)) == ("issued", "to_be_received", "billed", "billed")
    _receive(caller, order, 10, 4)
    assert _row(caller, order)["order_status"] == "closed"


def test_a_deleted_receive_takes_the_stock_back_and_opens_the_order(caller: Caller) -> None:
    order = _make(caller, issued=True)
    before = _stock(caller, "BEL-1")
    receive = _receive(caller, order, 10, 4).json()["purchasereceive"]
    _bill(caller, order, 10, 4)
    assert _row(caller, order)["order_status"] == "closed"
    path = f"/purchasereceives/{receive['receive_id']}"
    assert caller.delete(path).json()["message"] == "The Purchase Receive has been deleted."
    assert _words(_row(caller, order)) == ("issued", "to_be_received", "billed", "billed")
    assert _row(caller, order)["receives"] == []
    assert _stock(caller, "BEL-1")[0] == before[0]
    assert caller.delete(path).code == 1002
    assert _receive(caller, order, 10, 4).status == 201


def test_an_edited_receive_moves_what_it_changed(caller: Caller) -> None:
    order = _make(caller, issued=True)
    before = _stock(caller, "BEL-1")[0]
    receive = _receive(caller, order, 6, 1).json()["purchasereceive"]
    path = f"/purchasereceives/{receive['receive_id']}"
    line = {"line_item_id": order["line_items"][0]["line_item_id"], "quantity": 9}
    assert caller.put(path, {"line_items": [{**line, "quantity": 11}]}).code == 36012
    edited = caller.put(path, {"line_items": [line]}).json()["purchasereceive"]
    assert [shown["quantity"] for shown in edited["line_items"]] == [9]
    assert _stock(caller, "BEL-1")[0] == before + 9
    assert [shown["quantity_received"] for shown in _detail(caller, order)["line_items"]] == [9, 0]
    assert caller.put(path, {"line_items": []}).code == 2
    assert caller.put(path, {"notes": "nageteld"}).json()["purchasereceive"]["total_quantity_received"] == 9


def test_a_receive_may_leave_the_orders_time_alone(caller: Caller) -> None:
    order = _make(caller, issued=True)
    issued_at = _detail(caller, order)["last_modified_time"]
    caller.sandbox.control.zoho_settings({"receive_moves_order_time": False})
    caller.sandbox.control.advance(60)
    receive = _receive(caller, order, 1).json()["purchasereceive"]
    row = _row(caller, order)
    assert (row["last_modified_time"], row["quantity_yet_to_receive"]) == (issued_at, 13)
    item = caller.get("/items", sku="BEL-1")["items"][0]
    assert item["last_modified_time"] == receive["last_modified_time"] > issued_at
    caller.sandbox.control.zoho_settings({"receive_moves_order_time": True})
    _receive(caller, order, 1)
    assert _row(caller, order)["last_modified_time"] > issued_at


def test_the_list_of_receives_has_names_of_its_own(caller: Caller) -> None:
    order, other = _make(caller, issued=True), _make(caller, issued=True)
    receive = _receive(caller, order, 1).json()["purchasereceive"]
    _receive(caller, other, 2)
    rows = caller.get("/purchasereceives", purchaseorder_id=order["purchaseorder_id"])["purchasereceives"]
    assert [row["purchasereceive_id"] for row in rows] == [receive["receive_id"]]
    assert (rows[0]["purchasereceive_number"], rows[0]["quantity_received"]) == ("PR-00001", 1)
    assert rows[0]["purchaseorder_number"] == order["purchaseorder_number"]
    late = "2099-01-01T00:00:00+0000"
    assert len(caller.get("/purchasereceives", last_modified_time=late)["purchasereceives"]) == 2


def test_lines_of_a_receive_may_have_ids_of_their_own(caller: Caller) -> None:
    order = _make(caller, issued=True)
    _receive(caller, order, 1)
    caller.sandbox.control.zoho_settings({"receive_lines_own_ids": True})
    line = _detail(caller, order)["purchasereceives"][0]["line_items"][0]
    assert line["purchaseorder_item_id"] == order["line_items"][0]["line_item_id"]
    assert line["line_item_id"] != line["purchaseorder_item_id"]


def test_only_untouched_orders_are_cancelled_or_deleted(caller: Caller) -> None:
    order = _make(caller, issued=True)
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    receive = _receive(caller, order, 1).json()["purchasereceive"]
    assert caller.post(f"{path}/status/cancelled").status == 400
    assert caller.delete(path).status == 400
    caller.delete(f"/purchasereceives/{receive['receive_id']}")
    bill = _bill(caller, order, 1).json()["bill"]
    assert caller.post(f"{path}/status/cancelled").status == 400
    assert caller.delete(path).status == 400
    assert caller.delete(f"/bills/{bill['bill_id']}").json()["message"] == "The Bill has been deleted."
    cancelled = caller.post(f"{path}/status/cancelled")
    assert cancelled.json() == {"code": 0, "message": "The purchase order has been cancelled."}
    row = _row(caller, order)
    assert (row["order_status"], row["status"], row["quantity_yet_to_receive"]) == ("cancelled",) * 2 + (0,)
    assert caller.put(path, {"notes": "x"}).status == 400
    assert _receive(caller, order, 1).status == 400
    assert caller.delete(path).json()["message"] == "The Purchase Order has been deleted."
    gone = caller.delete(path)
    assert (gone.status, gone.code) == (404, 1002)


def test_lines_are_kept_by_their_id_and_what_arrived_keeps_its_line(caller: Caller) -> None:
    order = _make(caller, issued=True)
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    bell, lamp = (line["line_item_id"] for line in order["line_items"])
    extra = {"name": "Verzendkosten", "rate": 12.5, "quantity": 1}
    kept = {"line_item_id": bell, "quantity": 12}
    lines = caller.put(path, {"line_items": [kept, extra]}).json()["purchaseorder"]["line_items"]
    assert [line["line_item_id"] == bell for line in lines] == [True, False]
    assert (lines[0]["quantity"], lines[0]["rate"]) == (12, 4)
    assert (lines[1]["item_id"], lines[1]["is_receivable"], lines[1]["name"]) == ("", False, "Verzendkosten")
    assert lamp not in {line["line_item_id"] for line in lines}
    _receive(caller, order, 5)
    assert caller.put(path, {"line_items": [extra]}).status == 400
    assert caller.put(path, {"line_items": [{**kept, "quantity": 4}, extra]}).status == 400
    assert _row(caller, order)["quantity_yet_to_receive"] == 7  # free text is never received


def test_quantities_lowered_to_what_arrived_close_the_order(caller: Caller) -> None:
    order = _make(caller, issued=True)
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    receive = _receive(caller, order, 6).json()["purchasereceive"]
    line = {"line_item_id": order["line_items"][0]["line_item_id"], "quantity": 6}
    caller.put(path, {"line_items": [line]})
    assert _words(_row(caller, order)) == ("closed", "received", "to_be_billed", "closed")
    caller.put(path, {"notes": "afgesloten"})
    assert _row(caller, order)["order_status"] == "closed"
    caller.delete(f"/purchasereceives/{receive['receive_id']}")
    assert _row(caller, order)["order_status"] == "issued"


def test_bills_count_while_they_are_open(caller: Caller) -> None:
    order = _make(caller, issued=True)
    before = _stock(caller, "BEL-1")
    bill = _bill(caller, order, 3, status="draft").json()["bill"]
    path = f"/bills/{bill['bill_id']}"
    assert _row(caller, order)["billed_status"] == "to_be_billed"
    assert caller.post(f"{path}/status/open").json()["message"] == "The bill has been marked as open."
    assert _row(caller, order)["billed_status"] == "partially_billed"
    assert _stock(caller, "BEL-1") == (before[0], before[1] + 3)
    assert _bill(caller, order, 8, number="F-2").status == 400
    assert _bill(caller, order, 1).code == 1001  # the vendor's number is taken
    assert caller.post(f"{path}/status/void").json()["message"] == "The bill has been marked as Void."
    assert _row(caller, order)["billed_status"] == "to_be_billed"
    assert _stock(caller, "BEL-1") == before
    assert caller.get(path)["bill"]["status"] == "void"
    assert caller.get("/bills", bill_number="nothing")["bills"][0]["bill_id"] == bill["bill_id"]


def test_an_order_marked_as_received_by_hand(caller: Caller) -> None:
    order = _make(caller, issued=True)
    before = _stock(caller, "BEL-1")[0]
    _receive(caller, order, 3)
    caller.sandbox.control.mark_purchase(order["purchaseorder_id"], "received")
    row = _row(caller, order)
    assert (row["is_po_marked_as_received"], row["received_status"]) == (True, "received")
    assert (row["quantity_yet_to_receive"], row["quantity_marked_as_received"]) == (0, 11)
    assert _stock(caller, "BEL-1")[0] == before + 10
    assert _receive(caller, order, 1).code == 36012
    caller.sandbox.control.mark_purchase(order["purchaseorder_id"], "unreceived")
    assert _words(_row(caller, order))[1] == "partially_received"
    assert _stock(caller, "BEL-1")[0] == before + 3


def test_a_company_is_bought_for_in_every_state() -> None:
    with calling(items=40, vendors=5, orders=8, purchase_orders=16) as caller:
        rows = caller.get("/purchaseorders")["purchaseorders"]
        assert len(rows) == 16
        assert {row["status"] for row in rows} >= {
            "draft",
            "issued",
            "partially_received",
            "received",
            "closed",
            "cancelled",
        }
        details = [_detail(caller, row) for row in rows]
        lines = [line for detail in details for line in detail["line_items"]]
        assert any(detail["exchange_rate"] != 1 for detail in details)
        assert any(len(detail["purchasereceives"]) > 1 for detail in details)
        assert any(not line["item_id"] for line in lines)
        assert any(
            len({line["item_id"] for line in detail["line_items"]}) < len(detail["line_items"])
            for detail in details
        )
        for row, detail in zip(rows, details, strict=True):
            receivable = [line for line in detail["line_items"] if line["is_receivable"]]
            left = sum(line["quantity"] - line["quantity_received"] for line in receivable)
            expected = 0 if row["status"] == "cancelled" else left
            assert row["quantity_yet_to_receive"] == expected
            arrived: dict[str, float] = {}
            for receive in detail["purchasereceives"]:
                for line in receive["line_items"]:
                    arrived[line["line_item_id"]] = arrived.get(line["line_item_id"], 0) + line["quantity"]
            assert arrived == {
                line["line_item_id"]: line["quantity_received"]
                for line in receivable
                if line["quantity_received"]
            }
        assert (
            caller.post("/purchaseorders", _body_of(details[0])).json()["purchaseorder"][
                "purchaseorder_number"
            ]
            == "PO-00017"
        )


def _body_of(order: Json) -> Json:
    line = next(line for line in order["line_items"] if line["item_id"])
    return {"vendor_id": order["vendor_id"], "line_items": [{"item_id": line["item_id"], "quantity": 1}]}


def test_an_order_goes_through_approval(caller: Caller) -> None:
    order = _make(caller)
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    assert caller.post(f"{path}/approve").status == 400
    seen = []
    for step in ("submit", "reject", "submit", "approve", "status/issued"):
        assert caller.post(f"{path}/{step}").status == 200, step
        seen.append(_row(caller, order)["order_status"])
    assert seen == ["pending_approval", "rejected", "pending_approval", "approved", "issued"]
    second = _make(caller)
    both = f"{order['purchaseorder_id']},{second['purchaseorder_id']}"
    assert caller.post("/purchaseorders/submit", purchaseorder_ids=both).status == 400
    assert _row(caller, second)["order_status"] == "draft"
    assert caller.post("/purchaseorders/submit", purchaseorder_ids=second["purchaseorder_id"]).status == 200
    assert _row(caller, second)["order_status"] == "pending_approval"


def test_items_and_vendors_of_an_order_cannot_be_deleted(caller: Caller) -> None:
    order = _make(caller)
    assert caller.delete(f"/items/{_item(caller, 'LAMP-1')}").status == 400
    assert caller.delete(f"/contacts/{order['vendor_id']}").status == 400
    caller.delete(f"/purchaseorders/{order['purchaseorder_id']}")
    assert caller.delete(f"/items/{_item(caller, 'LAMP-1')}").status == 200
    assert caller.delete(f"/contacts/{order['vendor_id']}").status == 200


def test_the_names_of_the_documents_by_a_switch(caller: Caller) -> None:
    caller.sandbox.control.zoho_settings({"spec_envelopes": True})
    order = caller.post("/purchaseorders", _body(caller)).json()["purchase_order"]
    path = f"/purchaseorders/{order['purchaseorder_id']}"
    assert caller.get(path)["purchase_order"]["purchaseorder_number"] == "PO-00001"
    caller.post(f"{path}/status/issued")
    receive = _receive(caller, order, 1).json()["purchase_receive"]
    assert "purchase_receive" in caller.get(f"/purchasereceives/{receive['receive_id']}")


def test_a_restored_snapshot_answers_the_same_and_goes_on(caller: Caller) -> None:
    order = _make(caller, issued=True)
    _receive(caller, order, 2)
    _bill(caller, order, 1)
    paths = ("/purchaseorders", "/purchasereceives", "/bills", f"/purchaseorders/{order['purchaseorder_id']}")
    before = [caller.get(path) for path in paths]
    caller.sandbox.zoho.restore(caller.sandbox.zoho.snapshot())
    assert [caller.get(path) for path in paths] == before
    assert caller.delete(f"/contacts/{order['vendor_id']}").status == 400
    assert _receive(caller, order, 8, 4).status == 201
    assert _make(caller)["purchaseorder_number"] == "PO-00002"
