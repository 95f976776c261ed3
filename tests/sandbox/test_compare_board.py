"""The comparison of the whole board tells every kind of difference, and nothing of what is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from stockbridge_sandbox.compare import Comparison, compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, Board

Row = dict[str, Any]
Rows = dict[str, list[Row]]
OURS = "77"
BOARD = Board(sync_assembled=True)
MODIFIED = "2026-03-08T10:11:12.5+00:00"


def item(id: str, **more: object) -> Row:
    plain: Row = {
        "id": id,
        "name": f"Item {id}",
        "sku": id.upper(),
        "ean": "",
        "purchase_description": "",
        "rate": "10",
        "purchase_rate": "4",
        "product_type": "goods",
        "item_type": "inventory",
        "status": "active",
        "created": "2026-01-02T03:04:05Z",
        "vendor_id": "v1",
        "further_vendor_ids": [],
        "stock": {},
        "is_combo_product": False,
        "combo_type": "",
        "parts": [],
    }
    return plain | more


def line(id: str, item_id: str, quantity: str, rate: str, **more: object) -> Row:
    plain: Row = {
        "discount_percent": "0",
        "tax_id": "",
        "receivable": True,
        "received": "0",
        "marked_received": "0",
        "cancelled": "0",
    }
    return {"id": id, "item_id": item_id, "quantity": quantity, "rate": rate} | plain | more


def order(id: str, lines: list[Row], **more: object) -> Row:
    plain: Row = {
        "number": f"PO-{id}",
        "order_status": "issued",
        "vendor_id": "v1",
        "reference_number": "",
        "date": "2026-03-01",
        "delivery_date": None,
        "expected_delivery_date": None,
        "exchange_rate": "1",
        "modified": MODIFIED,
        "is_po_marked_as_received": False,
        "was_closed": False,
        "was_received": False,
    }
    return {"id": id, "lines": lines} | plain | more


def recipe(*parts: tuple[str, str]) -> Row:
    return {
        "is_combo_product": True,
        "combo_type": "assembly",
        "parts": [{"item_id": part, "quantity": quantity} for part, quantity in parts],
    }


def bundle(id: str, **more: object) -> Row:
    plain: Row = {
        "reference_number": f"REF-B-{id}",
        "date": "2026-03-05",
        "expected_date": None,
        "composite_item_id": "set",
        "quantity": "3",
        "status": "draft",
        "lines": [
            {"item_id": "a", "quantity": "2", "rate": "4"},
            {"item_id": "s", "quantity": "1", "rate": "0.335"},
        ],
    }
    return {"id": id} | plain | more


@pytest.fixture
def zoho() -> Rows:
    composite = item("set", **recipe(("a", "1"), ("a", "1"), ("s", "1")))
    half = item("box", vendor_id="", **recipe(("b", "0.5"), ("a", "3")))
    vendor = {
        "id": "v1",
        "contact_name": "Bakker",
        "contact_type": "vendor",
        "status": "active",
        "persons": [],
    }
    first = order(
        "p1",
        [
            line("l1", "a", "10", "4.00", tax_id="t21", received="4", discount_percent="10"),
            line("l2", "b", "1.5", "2.00"),
            line("l3", "", "1", "7.00"),
        ],
        delivery_date="2026-03-20",
        exchange_rate="0.5",
    )
    done = order("p2", [line("l4", "a", "2", "4.00", received="2")], order_status="closed")
    exported = order(
        "p3", [line("l5", "b", "5", "2.00")], order_status="draft", reference_number="901", date="2026-03-07"
    )
    receive = {
        "id": "r1",
        "number": "PR-1",
        "purchaseorder_id": "p1",
        "date": "2026-03-03",
        "lines": [{"id": "x1", "order_line_id": "l1", "item_id": "a", "quantity": "4"}],
    }
    last = receive | {
        "id": "r2",
        "number": "PR-2",
        "purchaseorder_id": "p2",
        "date": "2026-03-06",
        "lines": [{"id": "x2", "order_line_id": "l4", "item_id": "a", "quantity": "2"}],
    }
    return {
        "items": [
            item("a"),
            item("b"),
            item("s", product_type="service", item_type="sales", vendor_id=""),
            composite,
            half,
        ],
        "contacts": [vendor],
        "salesorders": [],
        "taxes": [{"id": "t21", "percentage": "21"}],
        "locations": [],
        "purchaseorders": [first, done, exported, order("p4", [], order_status="cancelled")],
        "purchasereceives": [receive, last],
        "bundles": [bundle("n1", status="bundled"), bundle("n2", reference_number="951")],
    }


def ours(id: int, remote: str | None, **values: object) -> Row:
    made = {"createdFromPublicApi": True}
    return {"id": id, "remoteIdMap": {OURS: remote} if remote else {}} | made | values


def product(id: int, remote: str, **more: object) -> Row:
    plain: Row = {
        "name": f"Item {remote}",
        "skuCode": remote.upper(),
        "price": "10.00",
        "status": "enabled",
        "unlimitedStock": False,
        "assembled": False,
        "stockLevel": 0,
        "createdAtRemote": "2026-01-02T03:04:05Z",
    }
    return ours(id, remote, **(plain | more))


def buy_order(id: int, remote: str | None, total: str, **more: object) -> Row:
    plain: Row = {
        "placed": "2026-03-01T00:00:00Z",
        "totalValue": total,
        "supplierId": 5,
        "completed": None,
        "expectedDeliveryDate": "2026-09-09T00:00:00Z",
        "assembly": False,
    }
    return ours(id, remote, **(plain | more))


def buy_line(id: int, remote: str | None, of: int, what: int, quantity: int, subtotal: str) -> Row:
    values: Row = {"buyOrderId": of, "productId": what, "quantity": quantity, "subtotalValue": subtotal}
    return ours(id, remote, expectedDeliveryDate=None, **values)


@pytest.fixture
def optiply() -> Rows:
    user = {"createdFromPublicApi": False}
    rows: Rows = {name: [] for name in OPTIPLY_COLLECTIONS}
    rows["products"] = [
        product(1, "a"),
        product(2, "b"),
        product(3, "s", status="disabled"),
        product(4, "set", assembled=True),
        product(6, "box"),
    ]
    rows["suppliers"] = [ours(5, "v1", name="Bakker", emails=[], ignored=False)]
    rows["supplierProducts"] = [
        ours(
            10 + id,
            f"{remote}_v1",
            name=f"Item {remote}",
            skuCode=remote.upper(),
            price="4.00",
            productId=id,
            supplierId=5,
            status="enabled",
        )
        for id, remote in ((1, "a"), (2, "b"), (4, "set"))
    ]
    rows["productCompositions"] = [
        ours(20, "set_a", composedProductId=4, partProductId=1, partQuantity=2),
        ours(21, "box_a", composedProductId=6, partProductId=1, partQuantity=3),
    ]
    rows["buyOrders"] = [
        # 36.00 with 7.56 of tax, 3.00 and 7.00.
        buy_order(30, "p1", "53.56", expectedDeliveryDate="2026-03-20T00:00:00Z"),
        buy_order(31, "p2", "8.00", completed="2026-03-06T00:00:00Z"),
        buy_order(901, "p3", "10.00", placed="2026-03-07T00:00:00Z", **user),
        buy_order(902, None, "1.00", placed="2026-03-08T00:00:00Z", **user),
        # Three times 8.335 is 25.005.
        buy_order(
            33, "n1", "25.01", assembly=True, placed="2026-03-05T00:00:00Z", completed="2026-03-05T00:00:00Z"
        ),
        buy_order(950, "n2", "25.01", assembly=True, placed="2026-03-05T00:00:00Z", **user),
    ]
    rows["buyOrderLines"] = [
        buy_line(40, "l1", 30, 1, 10, "36.00") | {"expectedDeliveryDate": "2026-03-20T00:00:00Z"},
        buy_line(41, "l4", 31, 1, 2, "8.00"),
        buy_line(42, "l5", 901, 2, 5, "10.00") | user,
        buy_line(43, None, 33, 4, 3, "25.01"),
        buy_line(951, "n2", 950, 4, 3, "25.01") | user,
    ]
    rows["receiptLines"] = [
        ours(50, "r1_l1", buyOrderLineId=40, occurred="2026-03-03T00:00:00Z", quantity=4),
        ours(51, "r2_l4", buyOrderLineId=41, occurred="2026-03-06T00:00:00Z", quantity=2),
        ours(52, "n1", buyOrderLineId=43, occurred="2026-03-05T00:00:00Z", quantity=3),
    ]
    return rows


def compared(zoho: Rows, optiply: Rows, board: Board = BOARD) -> Comparison:
    return compare(zoho, optiply, coupling_id=OURS, board=board)


def row_of(rows: Rows, collection: str, id: int) -> Row:
    return next(row for row in rows[collection] if row["id"] == id)


def test_two_sides_in_step(zoho: Rows, optiply: Rows) -> None:
    found = compared(zoho, optiply)
    assert found.differences == ()
    assert {stream: (count.zoho, count.optiply) for stream, count in found.counts.items()} == {
        "products": (5, 5),
        "product_compositions": (2, 2),
        "suppliers": (1, 1),
        "supplier_products": (3, 3),
        "sell_orders": (0, 0),
        "buy_orders": (3, 3),
        "buy_order_lines": (3, 3),
        "receipt_lines": (3, 3),
        "assembly_orders": (2, 2),
    }
    assert (found.exports.buy_orders, found.exports.assembly_orders, found.exports.duplicates) == (1, 1, 0)
    assert found.apart == (
        "The part B in BOX is 0.5 a piece: Optiply takes whole quantities only.",
        "The line B of PO-p1 is for 1.5: Optiply takes whole quantities only.",
        "Buy order 902 of Optiply's user is not in Zoho: it has no lines.",
    )


@pytest.mark.parametrize(
    ("collection", "id", "change", "sentence"),
    [
        ("products", 4, {"assembled": False}, "assembled should be yes as in Zoho, but is no"),
        ("products", 1, {"assembled": True}, "assembled should be no as in Zoho, but is yes"),
        ("productCompositions", 20, {"partQuantity": 1}, "A in SET: partQuantity should be 2 as in Zoho"),
        ("buyOrders", 30, {"totalValue": "46.56"}, "PO-p1: totalValue should be 53.56"),
        ("buyOrders", 30, {"placed": "2026-02-28T23:00:00Z"}, "PO-p1: placed should be"),
        ("buyOrders", 30, {"expectedDeliveryDate": None}, "PO-p1: expectedDeliveryDate should be"),
        ("buyOrders", 30, {"completed": "2026-03-03T00:00:00Z"}, "PO-p1: completed should be empty"),
        ("buyOrders", 30, {"supplierId": 99}, "PO-p1: supplierId should be"),
        ("buyOrders", 31, {"completed": None}, 'PO-p2: completed should be "2026-03-06T00:00:00Z"'),
        ("buyOrders", 901, {"totalValue": "9.00"}, "PO-p3: totalValue should be 10.00"),
        ("buyOrderLines", 40, {"quantity": 9}, "A of PO-p1: quantity should be 10 as in Zoho, but is 9"),
        ("buyOrderLines", 40, {"subtotalValue": "40.00"}, "A of PO-p1: subtotalValue should be 36.00"),
        ("buyOrderLines", 40, {"productId": 2}, "A of PO-p1: productId should be"),
        ("buyOrderLines", 40, {"buyOrderId": 31}, "A of PO-p1: buyOrderId should be"),
        ("buyOrderLines", 40, {"expectedDeliveryDate": None}, "A of PO-p1: expectedDeliveryDate should be"),
        ("receiptLines", 50, {"quantity": 5}, "PR-1 for A of PO-p1: quantity should be 4"),
        ("receiptLines", 50, {"occurred": "2026-03-04T00:00:00Z"}, "PR-1 for A of PO-p1: occurred should be"),
        ("receiptLines", 50, {"buyOrderLineId": 41}, "PR-1 for A of PO-p1: buyOrderLineId should be"),
        ("receiptLines", 52, {"quantity": 1}, "for REF-B-n1 of SET: quantity should be 3"),
        ("buyOrders", 33, {"totalValue": "24.00"}, "REF-B-n1 of SET: totalValue should be 25.01"),
        ("buyOrders", 33, {"completed": None}, "REF-B-n1 of SET: completed should be"),
        ("buyOrders", 33, {"supplierId": 99}, "REF-B-n1 of SET: supplierId should be"),
        ("buyOrderLines", 43, {"productId": 1}, "REF-B-n1 of SET: productId should be"),
        ("buyOrderLines", 43, {"quantity": 4}, "REF-B-n1 of SET: quantity should be 3"),
    ],
)
def test_a_value_that_differs_is_told(
    zoho: Rows, optiply: Rows, collection: str, id: int, change: Row, sentence: str
) -> None:
    row_of(optiply, collection, id).update(change)
    (told,) = compared(zoho, optiply).differences
    assert sentence in told


@pytest.mark.parametrize(
    ("collection", "id", "stream", "sentence"),
    [
        ("productCompositions", 20, "product_compositions", "composition A in SET is missing in Optiply."),
        ("buyOrderLines", 40, "buy_order_lines", "buy order line A of PO-p1 is missing in Optiply."),
        ("receiptLines", 51, "receipt_lines", "receipt line PR-2 for A of PO-p2 is missing in Optiply."),
        ("receiptLines", 52, "receipt_lines", "receipt line for REF-B-n1 of SET is missing in Optiply."),
        ("buyOrders", 33, "assembly_orders", "assembly order REF-B-n1 of SET is missing in Optiply."),
        ("buyOrders", 30, "buy_orders", "buy order PO-p1 is missing in Optiply."),
    ],
)
def test_a_record_that_is_missing_is_told_and_counted(
    zoho: Rows, optiply: Rows, collection: str, id: int, stream: str, sentence: str
) -> None:
    optiply[collection].remove(row_of(optiply, collection, id))
    found = compared(zoho, optiply)
    assert sentence in found.differences
    assert found.counts[stream].zoho - found.counts[stream].optiply == 1


@pytest.mark.parametrize(
    ("collection", "id", "stream"),
    [
        ("buyOrders", 30, "buy_orders"),
        ("buyOrderLines", 40, "buy_order_lines"),
        ("receiptLines", 50, "receipt_lines"),
    ],
)
def test_a_double_is_told_and_counted(
    zoho: Rows, optiply: Rows, collection: str, id: int, stream: str
) -> None:
    optiply[collection].append(row_of(optiply, collection, id) | {"id": 4444})
    found = compared(zoho, optiply)
    (told,) = found.differences
    assert f"is in Optiply 2 times (ids {id}, 4444)" in told
    assert found.counts[stream].optiply - found.counts[stream].zoho == 1


def test_what_is_gone_from_zoho_must_be_deleted(zoho: Rows, optiply: Rows) -> None:
    zoho["purchaseorders"][0]["order_status"] = "rejected"
    zoho["items"][3]["parts"].pop()
    zoho["items"][3]["parts"][0]["item_id"] = zoho["items"][3]["parts"][1]["item_id"] = "b"
    optiply["productCompositions"].append(
        ours(22, "set_b", composedProductId=4, partProductId=2, partQuantity=2)
    )
    zoho["bundles"].pop(0)
    zoho["purchasereceives"].pop(1)
    zoho["purchaseorders"][1]["order_status"] = "issued"
    row_of(optiply, "buyOrders", 31)["completed"] = None
    assert sorted(compared(zoho, optiply).differences) == [
        "assembly order n1 is gone from Zoho, but not deleted in Optiply (id 43).",
        "buy order PO-p1 is rejected in Zoho, but not deleted in Optiply (id 30).",
        "buy order line l1 is gone from Zoho, but not deleted in Optiply (id 40).",
        "composition set_a is gone from Zoho, but not deleted in Optiply (id 20).",
        "receipt line n1 is gone from Zoho, but not deleted in Optiply (id 52).",
        "receipt line r1_l1 is gone from Zoho, but not deleted in Optiply (id 50).",
        "receipt line r2_l4 is gone from Zoho, but not deleted in Optiply (id 51).",
    ]


def test_a_line_that_zoho_does_not_have_is_told(zoho: Rows, optiply: Rows) -> None:
    optiply["buyOrderLines"].append(buy_line(60, None, 901, 2, 5, "10.00"))
    (told,) = compared(zoho, optiply).differences
    assert told == "buy order line of PO-p3 that Zoho does not have, but not deleted in Optiply (id 60)."


def test_completion_follows_the_setting_and_the_last_receipt(zoho: Rows, optiply: Rows) -> None:
    received = replace(BOARD, complete_when="received")
    assert compared(zoho, optiply, received).in_step
    zoho["purchaseorders"][1]["order_status"] = "issued"
    assert compared(zoho, optiply, received).in_step
    assert len(compared(zoho, optiply).differences) == 1
    # Closed with nothing received: the moment of the last change, to the second.
    zoho["purchaseorders"][1]["order_status"] = "closed"
    zoho["purchasereceives"].pop(1)
    optiply["receiptLines"].remove(row_of(optiply, "receiptLines", 51))
    row_of(optiply, "buyOrders", 31)["completed"] = "2026-03-08T10:11:12Z"
    assert compared(zoho, optiply).in_step


def test_an_order_that_is_open_again_may_stay_completed(zoho: Rows, optiply: Rows) -> None:
    again = zoho["purchaseorders"][1]
    again["order_status"] = "issued"
    again["lines"][0]["received"] = "1"
    assert len(compared(zoho, optiply).differences) == 1
    again["was_closed"] = True
    assert compared(zoho, optiply).in_step
    row_of(optiply, "buyOrders", 31)["completed"] = None
    assert compared(zoho, optiply).in_step
    received = replace(BOARD, complete_when="received")
    again |= {"was_closed": False, "was_received": True}
    row_of(optiply, "buyOrders", 31)["completed"] = "2026-03-06T00:00:00Z"
    assert compared(zoho, optiply, received).in_step
    assert not compared(zoho, optiply).in_step


def test_what_was_placed_before_the_start_is_left_as_it_is(zoho: Rows, optiply: Rows) -> None:
    started = replace(BOARD, start_date=date(2026, 3, 6))
    for collection in ("buyOrders", "buyOrderLines", "receiptLines"):
        for row in optiply[collection]:
            if row["id"] in (30, 40, 50, 52):
                row |= {"quantity": 99, "totalValue": "99.00"}
    optiply["buyOrders"].remove(row_of(optiply, "buyOrders", 31))
    found = compared(zoho, optiply, started)
    assert found.in_step
    assert (found.counts["buy_orders"].zoho, found.counts["buy_orders"].optiply) == (1, 1)
    assert (found.counts["buy_order_lines"].zoho, found.counts["buy_order_lines"].optiply) == (1, 1)
    assert found.counts["assembly_orders"].zoho == found.counts["receipt_lines"].zoho == 0


def test_amounts_may_be_in_the_base_currency(zoho: Rows, optiply: Rows) -> None:
    base = replace(BOARD, base_currency=True)
    assert len(compared(zoho, optiply, base).differences) == 2
    row_of(optiply, "buyOrders", 30)["totalValue"] = "26.78"
    row_of(optiply, "buyOrderLines", 40)["subtotalValue"] = "18.00"
    assert compared(zoho, optiply, base).in_step


def test_compositions_only_where_asked_for(zoho: Rows, optiply: Rows) -> None:
    without = replace(BOARD, sync_assembled=False)
    row_of(optiply, "products", 4)["assembled"] = False
    optiply["productCompositions"].clear()
    found = compared(zoho, optiply, without)
    assert found.in_step
    assert found.counts["product_compositions"].zoho == 0
    assert not any("part" in sentence for sentence in found.apart)


def test_a_circle_of_recipes_is_told_apart(zoho: Rows, optiply: Rows) -> None:
    zoho["items"][0] |= recipe(("set", "2"))
    found = compared(zoho, optiply)
    assert found.in_step
    assert sum("circle" in sentence for sentence in found.apart) == 2
    assert found.counts["product_compositions"].zoho == found.counts["product_compositions"].optiply == 1


def test_assemblies_without_a_supplier_are_told_apart(zoho: Rows, optiply: Rows) -> None:
    zoho["bundles"].append(bundle("n3"))
    assert compared(zoho, optiply).differences == ("assembly order REF-B-n3 of SET is missing in Optiply.",)
    zoho["items"][3]["vendor_id"] = ""
    optiply["supplierProducts"].pop()
    found = compared(zoho, optiply)
    assert found.in_step
    assert any("REF-B-n3 of SET is of a product without a vendor" in sentence for sentence in found.apart)
    named = replace(BOARD, assembly_supplier_id="8")
    assert len(compared(zoho, optiply, named).differences) == 1
    optiply["buyOrders"].append(
        buy_order(34, "n3", "25.01", assembly=True, placed="2026-03-05T00:00:00Z", supplierId=8)
    )
    optiply["buyOrderLines"].append(buy_line(44, None, 34, 4, 3, "25.01"))
    assert compared(zoho, optiply, named).in_step
    assert not compared(zoho, optiply).in_step


def test_an_order_of_several_assembly_lines_is_completed_with_the_last(zoho: Rows, optiply: Rows) -> None:
    zoho["bundles"].append(bundle("n3", status="bundled", reference_number="952"))
    optiply["buyOrderLines"].append(buy_line(952, "n3", 950, 4, 3, "25.01"))
    optiply["receiptLines"].append(
        ours(53, "n3", buyOrderLineId=952, occurred="2026-03-05T00:00:00Z", quantity=3)
    )
    assert compared(zoho, optiply).in_step
    row_of(optiply, "buyOrders", 950)["completed"] = "2026-03-05T00:00:00Z"
    assert len(compared(zoho, optiply).differences) == 2
    zoho["bundles"][1]["status"] = "bundled"
    optiply["receiptLines"].append(
        ours(54, "n2", buyOrderLineId=951, occurred="2026-03-05T00:00:00Z", quantity=3)
    )
    assert compared(zoho, optiply).in_step


def test_the_hour_and_the_total_of_an_order_of_the_user_may_be_the_users(zoho: Rows, optiply: Rows) -> None:
    row_of(optiply, "buyOrders", 950)["totalValue"] = "99.00"
    row_of(optiply, "buyOrderLines", 951)["subtotalValue"] = "99.00"
    (told,) = compared(zoho, optiply).differences
    assert "subtotalValue should be 25.01" in told
    row_of(optiply, "buyOrderLines", 951)["subtotalValue"] = "25.01"
    row_of(optiply, "buyOrders", 950)["placed"] = "2026-03-05T16:20:27Z"
    assert compared(zoho, optiply).in_step
    row_of(optiply, "buyOrders", 950)["placed"] = "2026-03-04T16:20:27Z"
    assert len(compared(zoho, optiply).differences) == 1
    row_of(optiply, "buyOrders", 950)["placed"] = "2026-03-05T00:00:00Z"
    row_of(optiply, "buyOrders", 33)["placed"] = "2026-03-05T16:20:27Z"
    assert len(compared(zoho, optiply).differences) == 1


def test_lines_of_receives_may_have_ids_of_their_own(zoho: Rows, optiply: Rows) -> None:
    row_of(optiply, "receiptLines", 50)["remoteIdMap"] = {OURS: "r1_x1"}
    assert compared(zoho, optiply).in_step
    optiply["receiptLines"].append(
        row_of(optiply, "receiptLines", 50) | {"id": 55, "remoteIdMap": {OURS: "r1_l1"}}
    )
    assert "is in Optiply 2 times" in compared(zoho, optiply).differences[0]


def test_an_export_stands_once_and_both_sides_know_each_other(zoho: Rows, optiply: Rows) -> None:
    zoho["purchaseorders"].append(order("p9", [], reference_number="901"))
    zoho["bundles"].append(bundle("n9", reference_number="951", quantity="0.5"))
    found = compared(zoho, optiply)
    assert found.exports.duplicates == 2
    assert "Buy order 901 of Optiply's user is in Zoho 2 times (PO-p3, PO-p9)." in found.differences
    assert (
        "Assembly order 950 (line 951) of Optiply's user is in Zoho 2 times (951, 951)." in found.differences
    )

    del zoho["purchaseorders"][-1], zoho["bundles"][-1]
    row_of(optiply, "buyOrders", 901)["remoteIdMap"] = {"9": "p3"}
    told = compared(zoho, optiply).differences
    assert "Buy order 901 of Optiply's user is PO-p3 in Zoho, but Optiply does not hold its id." in told
    row_of(optiply, "buyOrders", 901)["remoteIdMap"] = {OURS: "p2"}
    told = compared(zoho, optiply).differences
    assert "Buy order 901 of Optiply's user holds the id p2, which is not that of PO-p3." in told


def test_what_the_user_ordered_must_stand_in_zoho(zoho: Rows, optiply: Rows) -> None:
    optiply["buyOrderLines"].append(buy_line(61, None, 902, 2, 1, "1.00"))
    missing = "Buy order 902 of Optiply's user is missing in Zoho."
    assert compared(zoho, optiply).differences == (missing,)
    assert compared(zoho, optiply, replace(BOARD, exports=False)).in_step
    linked = datetime(2026, 3, 9, tzinfo=UTC)
    found = compared(zoho, optiply, replace(BOARD, linked_at=linked))
    assert found.in_step
    assert "Buy order 902 of Optiply's user is not in Zoho: it is older than the connection." in found.apart
    row_of(optiply, "buyOrders", 902)["assembly"] = True
    assert compared(zoho, optiply).in_step  # B is no assembly
    row_of(optiply, "buyOrderLines", 61)["productId"] = 4
    assert compared(zoho, optiply).differences == (
        "Assembly order 902 (line 61) of Optiply's user is missing in Zoho.",
    )


@pytest.mark.parametrize(
    ("where", "change", "reason"),
    [
        ("items", {"status": "inactive"}, "B is inactive in Zoho"),
        ("items", {"item_type": "sales"}, "B has no purchase information in Zoho"),
        ("contacts", {"status": "inactive"}, 'its vendor "Bakker" is inactive'),
    ],
)
def test_what_zoho_would_refuse_is_told_apart(
    zoho: Rows, optiply: Rows, where: str, change: Row, reason: str
) -> None:
    optiply["buyOrderLines"].append(buy_line(61, None, 902, 2, 1, "1.00"))
    zoho[where][1 if where == "items" else 0].update(change)
    if where == "items":
        row_of(optiply, "products", 2)["status"] = "disabled"
    found = compared(zoho, optiply)
    assert found.in_step
    assert f"Buy order 902 of Optiply's user is not in Zoho: {reason}." in found.apart


def test_stock_and_its_places_are_settings(zoho: Rows, optiply: Rows) -> None:
    zoho["items"][0]["stock"] = {"l1": {"physical": "5"}, "l2": {"physical": "8"}}
    zoho["salesorders"] = [
        {
            "id": "o1",
            "number": "SO-1",
            "date": "2026-03-01",
            "order_status": "draft",
            "location_id": "l2",
            "lines": [],
        }
    ]
    assert len(compared(zoho, optiply).differences) == 1
    assert compared(zoho, optiply, replace(BOARD, sync_stock=False)).in_step
    row_of(optiply, "products", 1)["stockLevel"] = 8
    assert compared(zoho, optiply, replace(BOARD, warehouse_ids=("l2",))).in_step


def test_reserved_stock_counts_where_it_is_reserved(zoho: Rows, optiply: Rows) -> None:
    zoho["locations"] = [{"id": "l1", "is_primary": True}, {"id": "l2", "is_primary": False}]
    zoho["items"][0]["stock"] = {"l1": {"physical": "9"}, "l2": {"physical": "8"}}
    sold = {"item_id": "a", "rate": "1", "discount_percent": "0", "tax_id": "", "shipped": "0"}
    lines = [
        sold | {"quantity": "1", "location_id": "l2"},
        sold | {"quantity": "2", "location_id": ""},  # the order's
    ]
    zoho["salesorders"] = [
        {
            "id": "o1",
            "number": "SO-1",
            "date": "2026-03-01",
            "order_status": "confirmed",
            "location_id": "",  # the primary location
            "shipping_charge": "0",
            "adjustment": "0",
            "lines": lines,
        }
    ]
    optiply["sellOrders"] = [ours(70, "o1", placed="2026-03-01T00:00:00Z", totalValue="3.00")]
    optiply["sellOrderLines"] = [
        ours(71, None, sellOrderId=70, productId=1, quantity=3, subtotalValue="3.00")
    ]
    for places, stock in (((), 14), (("l1",), 7), (("l2",), 7), (("l1", "l2"), 14)):
        row_of(optiply, "products", 1)["stockLevel"] = stock
        assert compared(zoho, optiply, replace(BOARD, warehouse_ids=places)).in_step, places


def test_only_closed_sales_orders_where_asked_for(zoho: Rows, optiply: Rows) -> None:
    plain = {
        "number": "SO-1",
        "date": "2026-03-01",
        "shipping_charge": "2",
        "adjustment": "0",
        "lines": [],
    }
    zoho["salesorders"] = [
        plain | {"id": "o1", "order_status": "closed"},
        plain | {"id": "o2", "number": "SO-2", "order_status": "confirmed"},
    ]
    closed = ours(70, "o1", placed="2026-03-01T00:00:00Z", totalValue="2.00")
    optiply["sellOrders"] = [closed, closed | {"id": 71, "remoteIdMap": {OURS: "o2"}}]
    assert compared(zoho, optiply).in_step
    told = compared(zoho, optiply, replace(BOARD, pull_all_sell_orders=False)).differences
    assert told == ("sell order SO-2 is confirmed in Zoho, but not deleted in Optiply (id 71).",)
