"""Optiply's buy orders, lines, receipts and compositions: what is asked and sent, and what goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from optiply_case import (
    ASSEMBLY,
    PLACED,
    Case,
    Office,
    assembly_orders,
    fetched,
    refused,
    resource,
    trouble,
)

from stockbridge.core.errors import Exists, Gone, Rejected
from stockbridge.core.record import Record, Refusal


@pytest.mark.parametrize("filters", [True, False], ids=["filters", "filters ignored"])
def test_each_order_goes_to_its_stream_by_its_own_row(filters: bool) -> None:
    office = Office(filters=filters)
    office.order("1", lines=("11",), assembly=False)
    office.order("2", lines=("21",))
    office.order("3", lines=("31",), assembly=None)
    office.order("4", lines=("41",))
    del office.rows["buyOrders"]["3"]["assembly"]  # made before Optiply knew assembly orders
    connector = office.connector()
    rows = [record for page in connector.read("buyOrders", None) for record in page.records]
    assert [(row.id, row.full) for row in rows] == [("1", False), ("3", False)]
    assert [one.id for one in assembly_orders(connector)] == ["21", "41"]
    assert [
        one.deleted for one in connector.fetch("buyOrders", ["1", "2", "3"]) if isinstance(one, Record)
    ] == [
        False,
        True,
        False,
    ]
    assert fetched(connector, "assemblyOrders", "11").deleted


@pytest.mark.parametrize("filters", [True, False], ids=["filters", "filters ignored"])
def test_a_buy_order_is_fetched_with_its_own_lines_and_the_price_of_one(filters: bool) -> None:
    office = Office(filters=filters)
    office.order("1", lines=("11", "12"), assembly=False)
    office.order("2", lines=("21",), assembly=False)
    office.rows["buyOrderLines"]["12"] |= {"quantity": 3, "expectedDeliveryDate": "2026-03-09T08:00:00Z"}
    office.rows["buyOrderLines"]["21"] |= {"quantity": 0}
    connector = office.connector()
    order = fetched(connector, "buyOrders", "1")
    assert order.full
    assert order.values["lines"] == [
        {
            "id": "11",
            "productId": "700",
            "quantity": 4,
            "subtotalValue": Decimal("20.00"),
            "unitPrice": Decimal("5"),
            "expectedDeliveryDate": None,
        },
        {
            "id": "12",
            "productId": "700",
            "quantity": 3,
            "subtotalValue": Decimal("20.00"),
            "unitPrice": Decimal("6.666667"),
            "expectedDeliveryDate": datetime(2026, 3, 9, 8, tzinfo=UTC),
        },
    ]
    assert fetched(connector, "buyOrders", "2").values["lines"][0]["unitPrice"] is None
    (row, _) = (record for page in connector.read("buyOrders", None) for record in page.records)
    assert order.version == row.version


def test_a_line_that_cannot_be_read_refuses_its_order() -> None:
    office = Office()
    office.order("1", lines=("11",), assembly=False)
    office.rows["buyOrderLines"]["11"]["quantity"] = "many"
    (found,) = office.connector().fetch("buyOrders", ["1"])
    assert isinstance(found, Refusal)
    assert (found.id, '"quantity" of buy order line 11' in found.reason) == ("1", True)


def test_a_buy_order_is_made_without_lines_and_its_lines_are_never_sent() -> None:
    office = Office()
    connector = office.connector()
    values = {"placed": PLACED, "totalValue": Decimal("12.345"), "supplierId": "8", "completed": None}
    made = connector.create("buyOrders", values, "po1")
    assert (made.full, made.values["remoteId"]) == (False, "po1")
    assert office.sent == [
        (
            "POST buyOrders",
            {
                "placed": "2026-03-02T00:00:00Z",
                "totalValue": 12.35,
                "supplierId": 8,
                "completed": None,
                "remoteId": "po1",
            },
        )
    ]
    found = trouble(lambda: connector.update("buyOrders", made.id, {"lines": []}))
    assert isinstance(found, Rejected)
    assert found.field == "lines"


@pytest.mark.parametrize(
    ("stream", "values", "parent"),
    [
        ("buyOrders", {"placed": PLACED, "totalValue": 1, "supplierId": "8"}, "supplier 8"),
        (
            "buyOrderLines",
            {"productId": "7", "buyOrderId": "5", "quantity": 1, "subtotalValue": 1},
            "buy order 5",
        ),
        ("receiptLines", {"occurred": PLACED, "quantity": 1, "buyOrderLineId": "71"}, "buy order line 71"),
        (
            "productCompositions",
            {"composedProductId": "1", "partProductId": "2", "partQuantity": 1},
            "product 2",
        ),
        ("assemblyOrders", ASSEMBLY, "product 700 or supplier 8"),
    ],
)
def test_a_parent_that_is_not_there_is_named(stream: str, values: dict[str, Any], parent: str) -> None:
    found = trouble(lambda: Case(replies=[(404, {})]).connector.create(stream, values, "r"))
    assert isinstance(found, Gone)
    assert parent in found.what


def test_a_composition_that_stands_is_adopted_and_a_circle_is_refused() -> None:
    values = {"composedProductId": "1", "partProductId": "2", "partQuantity": 3}
    rows = [
        resource("5", composedProductId=1, partProductId=9),
        resource("6", composedProductId=1, partProductId=2),
    ]
    case = Case(replies=[refused("already exists", 409), (200, {"data": rows})])
    found = trouble(lambda: case.connector.create("productCompositions", values, "1_2"))
    assert isinstance(found, Exists)
    assert found.record.id == "6"
    case = Case(replies=[refused("product 1 would become a part of itself", 409), (200, {"data": rows[:1]})])
    found = trouble(lambda: case.connector.create("productCompositions", values, "1_2"))
    assert type(found) is Rejected
    assert "a part of itself" in found.what


def test_a_stream_that_does_not_show_its_mark_finds_nothing() -> None:
    office = Office()
    office.put("receiptLines", "1", "r1", quantity=1, buyOrderLineId=71)
    assert office.connector().find("receiptLines", ["r1"], PLACED) == {}
    assert office.asked == []
