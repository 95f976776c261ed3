"""The comparison of both sides tells every kind of difference, and nothing of what is right."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from stockbridge_sandbox.compare import Comparison, compare

Rows = dict[str, list[dict[str, Any]]]
COUPLING = "77"


def line(item_id: str, quantity: str, rate: str, **more: str) -> dict[str, str]:
    plain = {"discount_percent": "0", "tax_id": "t21", "shipped": "0", "invoiced": "0"}
    return {"item_id": item_id, "quantity": quantity, "rate": rate} | plain | more


@pytest.fixture
def zoho() -> Rows:
    item = {
        "id": "i1",
        "name": "Ketting\r\n11-sp ",
        "sku": "KET-1",
        "ean": "",
        "purchase_description": "Best. 7",
        "rate": "19.95",
        "purchase_rate": "8.40",
        "product_type": "goods",
        "item_type": "inventory",
        "status": "active",
        "created": "2026-01-02T03:04:05.678Z",
        "vendor_id": "v1",
        "further_vendor_ids": [],
        "stock": {"l1": {"physical": "10"}, "l2": {"physical": "5"}},
    }
    service = item | {
        "id": "i2",
        "name": "Montage",
        "sku": "SVC-1",
        "item_type": "sales",
        "product_type": "service",
        "vendor_id": "",
        "stock": {},
    }
    vendor = {
        "id": "v1",
        "contact_name": "Gebr. Öztürk",
        "contact_type": "vendor",
        "persons": [
            {"email": "a@oz.example", "is_primary_contact": False},
            {"email": "b@oz.example", "is_primary_contact": True},
        ],
    }
    order = {
        "id": "o1",
        "number": "SO-1",
        "date": "2026-03-01",
        "order_status": "confirmed",
        "shipping_charge": "4.95",
        "adjustment": "0",
        # 2 × 10.00 and, of the same product, 3 × 10.00 less 10 %: 47.00, of which 21 % is 9.87, and 4.95 to send it.
        "lines": [line("i1", "2", "10.00", shipped="1"), line("i1", "3", "10.00", discount_percent="10")],
    }
    draft = order | {"id": "o2", "number": "SO-2", "order_status": "draft"}
    return {
        "items": [item, service],
        "contacts": [vendor, vendor | {"id": "c1", "contact_type": "customer"}],
        "salesorders": [order, draft],
        "taxes": [{"id": "t21", "percentage": "21"}],
    }


@pytest.fixture
def optiply() -> Rows:
    product = {
        "id": "1",
        "remoteIdMap": {"9": "of-another-coupling", COUPLING: "i1"},
        "name": "Ketting 11-sp",
        "skuCode": "KET-1",
        "eanCode": None,
        "articleCode": "Best. 7",
        "price": "19.95",
        "status": "enabled",
        "unlimitedStock": False,
        "stockLevel": 11,  # 15 there, 4 still to be shipped
        "createdAtRemote": "2026-01-02T03:04:05Z",
    }
    service = product | {
        "id": "2",
        "remoteIdMap": {COUPLING: "i2"},
        "name": "Montage",
        "skuCode": "SVC-1",
        "status": "disabled",
        "stockLevel": 0,
    }
    by_hand = product | {"id": "3", "remoteIdMap": {}, "name": "Made in Optiply"}
    return {
        "products": [product, service, by_hand],
        "suppliers": [
            {
                "id": "5",
                "remoteIdMap": {COUPLING: "v1"},
                "name": "Gebr. Öztürk",
                "emails": ["b@oz.example"],
                "ignored": None,
            }
        ],
        "supplierProducts": [
            {
                "id": "6",
                "remoteIdMap": {COUPLING: "i1_v1"},
                "name": "Ketting 11-sp",
                "skuCode": "KET-1",
                "price": "8.40",
                "productId": 1,
                "supplierId": 5,
                "status": None,
                "minimumPurchaseQuantity": 12,
            }
        ],
        "sellOrders": [
            {
                "id": "7",
                "remoteIdMap": {COUPLING: "o1"},
                "placed": "2026-03-01T00:00:00Z",
                "totalValue": "61.82",
            }
        ],
        "sellOrderLines": [
            {"id": "8", "sellOrderId": 7, "productId": 1, "quantity": 5, "subtotalValue": "47.00"}
        ],
    }


def compared(zoho: Rows, optiply: Rows, imported: list[dict[str, Any]] | None = None) -> Comparison:
    return compare(zoho, optiply, coupling_id=COUPLING, imported=imported or [])


def test_two_sides_in_step(zoho: Rows, optiply: Rows) -> None:
    found = compared(zoho, optiply)
    assert found.differences == ()
    assert {stream: (count.zoho, count.optiply) for stream, count in found.counts.items()} == {
        "products": (2, 2),
        "suppliers": (1, 1),
        "supplier_products": (1, 1),
        "sell_orders": (1, 1),
    }
    # Nine values of each product, three of the supplier, six of its product, four of the order.
    assert found.values == 9 * 2 + 3 + 6 + 4


@pytest.mark.parametrize(
    ("collection", "change", "sentence"),
    [
        ("products", {"name": "Kette"}, 'name should be "Ketting 11-sp" as in Zoho, but is "Kette"'),
        ("products", {"eanCode": "871"}, 'eanCode should be empty as in Zoho, but is "871"'),
        ("products", {"price": "19.90"}, "price should be 19.95 as in Zoho, but is 19.90"),
        ("products", {"stockLevel": 15}, "stockLevel should be 11 as in Zoho, but is 15"),
        ("products", {"status": "disabled"}, 'status should be "enabled" as in Zoho, but is "disabled"'),
        ("products", {"unlimitedStock": True}, "unlimitedStock should be no as in Zoho, but is yes"),
        ("products", {"createdAtRemote": "2026-01-02T04:04:05Z"}, "createdAtRemote should be"),
        ("suppliers", {"emails": ["a@oz.example"]}, 'emails should be "b@oz.example" as in Zoho'),
        ("suppliers", {"ignored": True}, "ignored should be no as in Zoho, but is yes"),
        ("supplierProducts", {"productId": 2}, 'productId should be "i1" as in Zoho, but is "i2"'),
        ("supplierProducts", {"supplierId": 99}, "a supplier that is not Zoho's"),
        ("supplierProducts", {"status": "disabled"}, 'status should be "enabled"'),
        ("sellOrders", {"totalValue": "51.95"}, "totalValue should be 61.82 as in Zoho, but is 51.95"),
        ("sellOrders", {"placed": "2026-02-28T23:00:00Z"}, 'placed should be "2026-03-01T00:00:00Z"'),
        ("sellOrderLines", {"quantity": 2}, "quantity of KET-1 should be 5 as in Zoho, but is 2"),
        ("sellOrderLines", {"subtotalValue": "20.00"}, "subtotalValue of KET-1 should be 47.00"),
    ],
)
def test_a_value_that_differs_is_told(
    zoho: Rows, optiply: Rows, collection: str, change: dict[str, Any], sentence: str
) -> None:
    optiply[collection][0] |= change
    (told,) = compared(zoho, optiply).differences
    assert sentence in told
    assert told.endswith("in Optiply.")


def test_long_texts_are_told_from_where_they_differ(zoho: Rows, optiply: Rows) -> None:
    zoho["items"][0]["purchase_description"] = "same " * 30 + "new end"
    optiply["products"][0]["articleCode"] = "same " * 30 + "old end"
    (told,) = compared(zoho, optiply).differences
    assert "new end" in told
    assert "old end" in told
    assert len(told) < 250


@pytest.mark.parametrize(
    ("collection", "sentences"),
    [
        ("suppliers", ['supplier "Gebr. Öztürk" is missing in Optiply.', "supplierId should be"]),
        ("supplierProducts", ['supplier product KET-1 from "Gebr. Öztürk" is missing in Optiply.']),
        ("sellOrders", ["sell order SO-1 is missing in Optiply."]),
    ],
)
def test_a_record_that_is_missing_is_told(
    zoho: Rows, optiply: Rows, collection: str, sentences: list[str]
) -> None:
    optiply[collection].clear()
    told = compared(zoho, optiply).differences
    assert len(told) == len(sentences)
    for one, sentence in zip(told, sentences, strict=True):
        assert sentence in one


def test_the_id_of_another_coupling_is_not_ours(zoho: Rows, optiply: Rows) -> None:
    optiply["sellOrders"][0]["remoteIdMap"] = {"9": "o1"}
    found = compared(zoho, optiply)
    assert found.differences == ("sell order SO-1 is missing in Optiply.",)
    assert (found.counts["sell_orders"].zoho, found.counts["sell_orders"].optiply) == (1, 0)


@pytest.mark.parametrize("collection", ["products", "suppliers", "supplierProducts"])
def test_a_double_is_told_and_counted(zoho: Rows, optiply: Rows, collection: str) -> None:
    optiply[collection].append(optiply[collection][0] | {"id": "44"})
    found = compared(zoho, optiply)
    (told,) = found.differences
    assert "is in Optiply 2 times (ids " in told
    assert "44" in told
    assert sum(count.optiply - count.zoho for count in found.counts.values()) == 1


def test_a_product_that_stands_twice_in_an_order_is_told(zoho: Rows, optiply: Rows) -> None:
    first = optiply["sellOrderLines"][0]
    optiply["sellOrderLines"] = [
        first | {"quantity": 2, "subtotalValue": "20.00"},
        first | {"id": "9", "quantity": 3, "subtotalValue": "27.00"},
    ]
    told = " ".join(compared(zoho, optiply).differences)
    assert "quantity of KET-1 should be 5 as in Zoho, but is 2" in told
    assert "quantity of KET-1 (once more) should be empty as in Zoho, but is 3" in told


def test_what_is_gone_from_zoho_must_be_marked(zoho: Rows, optiply: Rows) -> None:
    for rows in zoho.values():
        rows.clear()
    told = compared(zoho, optiply).differences
    assert told == (
        "product i1 is gone from Zoho, but not disabled in Optiply (id 1).",
        "supplier v1 is gone from Zoho, but not ignored in Optiply (id 5).",
        "supplier product i1_v1 is gone from Zoho, but not disabled in Optiply (id 6).",
        "sell order o1 is gone from Zoho, but not deleted in Optiply (id 7).",
    )
    optiply["products"][0]["status"] = "disabled"
    optiply["suppliers"][0]["ignored"] = True
    optiply["supplierProducts"][0]["status"] = "disabled"
    optiply["sellOrders"].clear()
    found = compared(zoho, optiply)
    assert found.in_step
    assert all(count.zoho == count.optiply == 0 for count in found.counts.values())


@pytest.mark.parametrize("status", ["draft", "void"])
def test_an_order_out_of_scope_must_not_be_there(zoho: Rows, optiply: Rows, status: str) -> None:
    zoho["salesorders"][0]["order_status"] = status
    optiply["products"][0]["stockLevel"] = 15  # nothing is reserved any more
    found = compared(zoho, optiply)
    assert found.differences == (f"sell order SO-1 is {status} in Zoho, but not deleted in Optiply (id 7).",)
    optiply["sellOrders"].clear()
    assert compared(zoho, optiply).in_step


def test_an_edited_order_may_stay_as_it_was_imported_and_no_other_way(zoho: Rows, optiply: Rows) -> None:
    imported = copy.deepcopy(zoho["salesorders"])
    first = zoho["salesorders"][0]["lines"][0]
    first["quantity"] = "3"
    optiply["products"][0]["stockLevel"] = 10
    found = compared(zoho, optiply, imported)
    assert found.in_step
    assert found.kept == ("SO-1",)

    assert not compared(zoho, optiply).in_step
    optiply["sellOrders"][0]["totalValue"] = "1.00"
    assert not compared(zoho, optiply, imported).in_step


def test_an_order_that_was_a_draft_then_must_be_as_it_is_now(zoho: Rows, optiply: Rows) -> None:
    imported = copy.deepcopy(zoho["salesorders"])
    imported[0]["order_status"] = "draft"
    zoho["salesorders"][0]["lines"][0]["quantity"] = "3"
    optiply["products"][0]["stockLevel"] = 10
    assert not compared(zoho, optiply, imported).in_step
