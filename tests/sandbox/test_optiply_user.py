"""What the Optiply user does by hand: orders placed, edited and deleted, in the process and over the control endpoint."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from optiply_caller import Caller

from stockbridge_sandbox.optiply.refusal import Refusal
from stockbridge_sandbox.run import Sandbox, start


@pytest.fixture
def optiply() -> Caller:
    return Caller()


def lines_of(optiply: Caller, order: str) -> list[dict[str, Any]]:
    rows = optiply.get("buyOrderLines", ("filter[buyOrderId]", order), ("sort", "id")).body["data"]
    return [row["attributes"] | {"id": row["id"]} for row in rows]


def placed(optiply: Caller, **order: object) -> dict[str, Any]:
    return optiply.optiply.place_order(order)


@pytest.mark.parametrize("assembly", [True, False])
def test_an_order_of_the_user_is_told_apart_from_those_of_the_api(optiply: Caller, assembly: bool) -> None:
    a, b, supplier = optiply.product("a"), optiply.product("b"), optiply.supplier(deliveryTime=7)
    optiply.offer(a, supplier, price=2.5)
    order = placed(
        optiply,
        supplierId=supplier,
        assembly=assembly,
        lines=[{"productId": a, "quantity": 4}, {"productId": b, "quantity": 1, "subtotalValue": 3}],
    )
    seen = optiply.get(f"buyOrders/{order['id']}").attributes
    assert seen["createdFromPublicApi"] is False
    assert seen["remoteIdMap"] == {}
    assert seen["assembly"] is assembly
    assert seen["placed"] == "2026-03-09T08:00:00Z"
    assert seen["expectedDeliveryDate"] == "2026-03-16T08:00:00Z"
    assert seen["totalValue"] == "13.00"
    first, second = lines_of(optiply, order["id"])
    assert (first["quantity"], first["subtotalValue"]) == (4, "10.00")
    assert (second["quantity"], second["subtotalValue"]) == (1, "3.00")
    assert {line["createdFromPublicApi"] for line in (first, second)} == {False}
    assert {line["expectedDeliveryDate"] for line in (first, second)} == {"2026-03-16T08:00:00Z"}
    for value, found in (("true", assembly), ("false", not assembly)):
        ids = optiply.get("buyOrders", ("filter[assembly]", value), ("filter[completed]", "null")).ids
        assert ids == ([order["id"]] if found else [])


def test_delivery_dates_come_from_the_line_the_order_or_whoever_delivers(optiply: Caller) -> None:
    product, other, supplier = optiply.product(), optiply.product("other"), optiply.supplier()
    optiply.offer(product, supplier, deliveryTime=3)
    own, given = "2026-05-01T00:00:00Z", "2026-04-01T00:00:00Z"
    lines = [
        {"productId": product, "quantity": 1},
        {"productId": other, "quantity": 1},
        {"productId": product, "quantity": 1, "expectedDeliveryDate": own},
    ]
    order = placed(optiply, supplierId=supplier, lines=lines)
    dates = [line["expectedDeliveryDate"] for line in lines_of(optiply, order["id"])]
    assert dates == ["2026-03-12T08:00:00Z", None, own]
    order = placed(optiply, supplierId=supplier, lines=lines, expectedDeliveryDate=given)
    dates = [line["expectedDeliveryDate"] for line in lines_of(optiply, order["id"])]
    assert dates == [given, given, own]


def test_who_supplies_the_product_gets_the_order(optiply: Caller) -> None:
    product = optiply.product()
    first, preferred = optiply.supplier("first"), optiply.supplier("preferred")
    optiply.offer(product, first)
    line = {"productId": product, "quantity": 1}
    assert placed(optiply, lines=[line])["supplierId"] == int(first)
    optiply.offer(product, preferred, preferred=True)
    assert placed(optiply, lines=[line])["supplierId"] == int(preferred)
    with pytest.raises(Refusal, match="400"):
        placed(optiply, lines=[{"productId": optiply.product("nobody sells"), "quantity": 1}])


@pytest.mark.parametrize(
    "lines",
    [
        "none",
        [5],
        [{"quantity": 2}],
        [{"productId": "P", "quantity": "two"}],
        [{"productId": "P", "quantity": 1.5}],
        [{"productId": "P"}],
        [{"productId": "P", "quantity": 1, "colour": "red"}],
    ],
)
def test_an_order_with_a_bad_line_is_not_placed(optiply: Caller, lines: object) -> None:
    supplier, product = optiply.supplier(), optiply.product()
    if isinstance(lines, list):
        lines = [
            {**line, "productId": product} if isinstance(line, dict) and "productId" in line else line
            for line in lines
        ]
    with pytest.raises(Refusal):
        placed(optiply, supplierId=supplier, lines=lines)
    assert optiply.optiply.rows("buyOrders") == []


def test_the_total_follows_the_lines_that_the_user_edits(optiply: Caller) -> None:
    product, supplier = optiply.product(), optiply.supplier()
    order = placed(
        optiply, supplierId=supplier, lines=[{"productId": product, "quantity": 3, "subtotalValue": 10}]
    )
    by_hand = optiply.optiply
    (line,) = lines_of(optiply, order["id"])

    def total() -> str:
        return str(optiply.get(f"buyOrders/{order['id']}").attributes["totalValue"])

    assert by_hand.edit_order_line(order["id"], line["id"], {"quantity": 5})["subtotalValue"] == "16.67"
    assert total() == "16.67"
    extra = by_hand.add_order_line(
        order["id"], {"productId": product, "quantity": 1, "subtotalValue": "2.50"}
    )
    assert extra["createdFromPublicApi"] is False
    assert total() == "19.17"
    by_hand.edit_order_line(order["id"], extra["id"], {"subtotalValue": "3.00"})
    assert total() == "19.67"
    by_hand.remove_order_line(order["id"], line["id"])
    assert total() == "3.00"
    by_hand.remove_order_line(order["id"], extra["id"])
    assert total() == "0.00"
    assert optiply.get(f"buyOrders/{order['id']}").status == 200


def test_a_line_is_edited_only_in_its_own_order(optiply: Caller) -> None:
    line = {"productId": optiply.product(), "quantity": 1}
    supplier = optiply.supplier()
    one, other = (placed(optiply, supplierId=supplier, lines=[line]) for _ in range(2))
    (theirs,) = lines_of(optiply, other["id"])
    for attempt in (
        lambda: optiply.optiply.edit_order_line(one["id"], theirs["id"], {"quantity": 9}),
        lambda: optiply.optiply.remove_order_line(one["id"], theirs["id"]),
        lambda: optiply.optiply.add_order_line("999", line),
    ):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.status == 404
    assert lines_of(optiply, other["id"]) == [theirs]


@pytest.mark.parametrize("moves", [False, True])
def test_whether_a_line_moves_the_time_of_its_order_is_a_setting(optiply: Caller, moves: bool) -> None:
    optiply.optiply.configure({"line_moves_order_time": moves})
    product, supplier = int(optiply.product()), int(optiply.supplier())
    order = optiply.post(
        "buyOrders", {"placed": "2026-03-01T00:00:00Z", "totalValue": 1, "supplierId": supplier}
    ).id
    line: dict[str, Any] = {"buyOrderId": int(order), "productId": product, "quantity": 2, "subtotalValue": 1}

    def moved() -> bool:
        now = f"{optiply.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        return bool(optiply.get(f"buyOrders/{order}").attributes["updatedAt"] == now)

    optiply.clock.advance(60)
    key = optiply.post("buyOrderLines", line).id
    assert moved() is moves
    optiply.clock.advance(60)
    optiply.patch("buyOrderLines", key, {"quantity": 3})
    assert moved() is moves
    optiply.clock.advance(60)
    optiply.delete("buyOrderLines", key)
    assert moved() is moves


@pytest.mark.parametrize("lines", [{}, {"orderLines": []}, {"orderLines": None}])
def test_an_order_may_be_made_without_lines(optiply: Caller, lines: dict[str, Any]) -> None:
    given = {"placed": "2026-03-01T00:00:00Z", "totalValue": 0, "supplierId": int(optiply.supplier())}
    made = optiply.post("buyOrders", given | lines)
    assert made.status == 201
    assert made.attributes["assembly"] is False
    assert lines_of(optiply, made.id) == []


def test_receipts_go_with_their_line_and_orders_with_their_receipts(optiply: Caller) -> None:
    line = {"productId": optiply.product(), "quantity": 4}
    order = placed(optiply, supplierId=optiply.supplier(), lines=[line, line])
    first, second = lines_of(optiply, order["id"])
    receipts = [
        optiply.post(
            "receiptLines",
            {"occurred": "2026-03-10T00:00:00Z", "quantity": 4, "buyOrderLineId": int(each["id"])},
        ).id
        for each in (first, second)
    ]
    optiply.optiply.remove_order_line(order["id"], first["id"])
    assert optiply.get("receiptLines").ids == receipts[1:]
    optiply.optiply.remove("buyOrders", order["id"])
    assert optiply.get("receiptLines").ids == []
    assert optiply.get(f"buyOrderLines/{second['id']}").status == 404


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start(items=2, vendors=1, orders=0) as running:
        yield running


def control(sandbox: Sandbox, method: str, path: str, body: object = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{sandbox.control_url}/{path}",
        method=method,
        data=None if body is None else msgspec.json.encode(body),
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, msgspec.json.decode(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, msgspec.json.decode(error.read())


def test_the_control_endpoint_does_all_of_it(sandbox: Sandbox) -> None:
    supplier = control(sandbox, "POST", "optiply/suppliers", {"name": "Van der Meer"})[1]["id"]
    product = control(
        sandbox, "POST", "optiply/products", {"name": "Bolt", "stockLevel": 0, "unlimitedStock": False}
    )[1]["id"]
    offer = {"name": "Bolt", "productId": product, "supplierId": supplier, "price": 2}
    offer_id = control(sandbox, "POST", "optiply/supplierProducts", offer)[1]["id"]
    assert (
        control(sandbox, "PATCH", f"optiply/supplierProducts/{offer_id}", {"lotSize": 6})[1]["lotSize"] == 6
    )

    order = {"lines": [{"productId": product, "quantity": 5}], "assembly": True}
    status, made = control(sandbox, "POST", "optiply/orders", order)
    assert (status, made["totalValue"], made["createdFromPublicApi"]) == (200, "10.00", False)
    path = f"optiply/orders/{made['id']}"
    line = control(sandbox, "POST", f"{path}/lines", {"productId": product, "quantity": 1})[1]
    assert (
        control(sandbox, "PATCH", f"{path}/lines/{line['id']}", {"quantity": 2})[1]["subtotalValue"] == "4.00"
    )
    assert control(sandbox, "DELETE", f"{path}/lines/{line['id']}")[0] == 200
    day = "2026-04-01T00:00:00Z"
    assert control(sandbox, "PATCH", path, {"expectedDeliveryDate": day})[1]["expectedDeliveryDate"] == day
    assert control(sandbox, "DELETE", path)[0] == 200
    assert control(sandbox, "DELETE", path)[0] == 404
    assert sandbox.control.state("optiply", "buyOrderLines") == []
    assert sandbox.control.requests("optiply") == []
