"""Optiply's assembly orders: lines of buy orders, read and written as one record each."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from optiply_case import (
    ASSEMBLY,
    PLACED,
    Office,
    Reply,
    assembly_orders,
    fetched,
    trouble,
)

from stockbridge.core.errors import Gone, Rejected, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.core.record import Record, Refusal


def test_an_assembly_order_is_a_line_with_what_its_order_says() -> None:
    office = Office()
    office.order(
        "1", lines=("11",), mark="b1", createdFromPublicApi=False, expectedDeliveryDate="2026-03-09T08:00:00Z"
    )
    (found,) = assembly_orders(office.connector())
    assert isinstance(found, Record)
    assert {name: value for name, value in found.values.items() if name != "updatedAt"} == {
        "productId": "700",
        "quantity": 4,
        "subtotalValue": Decimal("20.00"),
        "placed": PLACED,
        "expectedDeliveryDate": datetime(2026, 3, 9, 8, tzinfo=UTC),
        "supplierId": "8",
        "completed": None,
        "remoteId": "b1",
        "createdFromPublicApi": False,
        "buyOrderId": "1",
        "linesInOrder": 1,
    }
    assert found.full


def test_the_mark_of_an_order_with_several_lines_is_that_of_none_of_them() -> None:
    office = Office(shown=("buyOrders", "buyOrderLines"))
    office.order("1", lines=("11", "12"), mark="order")
    office.rows["buyOrderLines"]["12"]["remoteIdMap"] = {"77": "b2"}
    connector = office.connector()
    shown = [one.values for one in assembly_orders(connector) if isinstance(one, Record)]
    assert [(values["remoteId"], values["linesInOrder"]) for values in shown] == [(None, 2), ("b2", 2)]
    office.shown = ("buyOrders",)
    shown = [one.values for one in assembly_orders(connector) if isinstance(one, Record)]
    assert ["remoteId" in values for values in shown] == [False, False]


@pytest.mark.parametrize(
    ("orders", "between", "calls"),
    [
        (10, 0, 10),  # one call each
        (30, 0, 1),  # all in a range of ids
        (30, 3100, 31),  # a range so full that one call each is less, which its first page tells
    ],
)
def test_the_lines_of_a_page_of_orders_are_read_with_few_calls(orders: int, between: int, calls: int) -> None:
    office = Office()
    for number in range(1, orders + 1):
        office.order(str(number * 10), lines=(str(5000 + number),))
    for number in range(between):
        office.put(
            "buyOrderLines", str(10_000 + number), buyOrderId=15, productId=7, quantity=1, subtotalValue="1"
        )
    found = list(assembly_orders(office.connector()))
    assert [one.id for one in found] == [str(5001 + number) for number in range(orders)]
    assert office.asked.count("GET buyOrderLines") == calls


def test_a_line_or_an_order_that_cannot_be_read_is_refused_under_the_id_of_the_line() -> None:
    office = Office()
    for number in range(1, 21):
        office.order(str(number), lines=(str(100 + number),))
    office.rows["buyOrderLines"]["103"]["quantity"] = "many"
    office.rows["buyOrders"]["7"]["placed"] = "soon"
    found = list(assembly_orders(office.connector()))
    assert {one.id for one in found} == {str(101 + number) for number in range(20)}
    bad = {one.id: one.reason for one in found if isinstance(one, Refusal)}
    assert sorted(bad) == ["103", "107"]
    assert '"placed" of buy order 7' in bad["107"]


def test_an_assembly_order_is_made_by_one_post_and_takes_the_id_of_its_line() -> None:
    office = Office()
    made = office.connector().create("assemblyOrders", ASSEMBLY, "b1")
    assert office.asked == ["POST buyOrders", "GET buyOrderLines"]
    assert office.sent[0][1] == {
        "assembly": True,
        "placed": "2026-03-02T00:00:00Z",
        "supplierId": 8,
        "expectedDeliveryDate": None,
        "totalValue": 20.0,
        "orderLines": [
            {"productId": 700, "quantity": 4, "subtotalValue": 20.0, "expectedDeliveryDate": None}
        ],
        "remoteId": "b1",
    }
    assert (made.id, made.values["buyOrderId"], made.values["remoteId"]) == ("9002", "9001", "b1")


def test_an_assembly_order_without_a_price_costs_nothing() -> None:
    office = Office()
    office.connector().create("assemblyOrders", {**ASSEMBLY, "subtotalValue": None}, "b1")
    assert office.sent[0][1]["totalValue"] == office.sent[0][1]["orderLines"][0]["subtotalValue"] == 0


@pytest.mark.parametrize(
    "reply",
    [(500, {}), (400, {}), (403, {}), (404, {}), (200, {"data": []}), httpx2.ReadTimeout("x")],
)
def test_an_order_that_was_made_and_whose_line_is_not_known_is_settled_by_its_mark(reply: Reply) -> None:
    office = Office(answers={"GET /buyOrderLines": [reply] * 5})
    connector = office.connector()
    assert type(trouble(lambda: connector.create("assemblyOrders", ASSEMBLY, "b1"))) is Uncertain
    assert office.asked.count("POST buyOrders") == 1
    office.answers.clear()
    found = connector.find("assemblyOrders", ["b1", "b2"], PLACED)
    assert {mark: [one.id for one in records] for mark, records in found.items()} == {"b1": ["9002"]}


def test_an_assembly_order_to_which_a_person_added_a_line_is_found_by_the_line_it_was_made_with() -> None:
    office = Office()
    office.order("1", lines=("11", "12"), mark="b1")
    office.order("2", lines=("21",))
    (found,) = office.connector().find("assemblyOrders", ["b1"], None)["b1"]
    assert found.id == "11"


def test_a_change_goes_to_the_line_and_to_the_order_that_has_no_other() -> None:
    office = Office()
    office.order("1", lines=("11",))
    values = {"quantity": 6, "subtotalValue": Decimal(30), "completed": PLACED, "remoteId": "b1"}
    changed = office.connector().update("assemblyOrders", "11", values)
    assert office.sent == [
        ("PATCH buyOrderLines/11", {"quantity": 6, "subtotalValue": 30.0, "remoteId": "b1"}),
        ("PATCH buyOrders/1", {"totalValue": 30.0, "completed": "2026-03-02T00:00:00Z", "remoteId": "b1"}),
    ]
    assert {name: changed.values[name] for name in values} == values
    assert changed == fetched(office.connector(), "assemblyOrders", "11")


def test_a_change_of_only_one_part_is_one_write() -> None:
    for values, path in (({"quantity": 6}, "buyOrderLines/11"), ({"placed": PLACED}, "buyOrders/1")):
        office = Office()
        office.order("1", lines=("11",))
        office.connector().update("assemblyOrders", "11", values)
        assert [call for call, _ in office.sent] == [f"PATCH {path}"]


def test_one_of_several_lines_never_changes_what_the_others_share() -> None:
    office = Office()
    office.order("1", lines=("11", "12"))
    values = {
        "quantity": 6,
        "placed": datetime(2026, 4, 1, tzinfo=UTC),
        "completed": PLACED,
        "remoteId": "b1",
    }
    changed = office.connector().update("assemblyOrders", "11", values)
    assert office.sent == [("PATCH buyOrderLines/11", {"quantity": 6, "remoteId": "b1"})]
    assert (changed.values["placed"], changed.values["completed"]) == (PLACED, None)


@pytest.mark.parametrize(("received", "done"), [((1, 2), False), ((1, 3), True), ((5,), True)])
def test_an_order_of_several_lines_is_complete_when_the_others_have_come_in(
    received: tuple[int, ...], done: bool
) -> None:
    office = Office()
    office.order("1", lines=("11", "12"))
    for number, quantity in enumerate(received):
        office.put("receiptLines", str(number + 1), quantity=quantity, buyOrderLineId=12)
    office.put("receiptLines", "99", quantity=50, buyOrderLineId=13)
    changed = office.connector().update("assemblyOrders", "11", {"completed": PLACED})
    assert (changed.values["completed"] == PLACED) == done
    assert len(office.sent) == done


@pytest.mark.parametrize(
    ("reply", "kind"),
    [((429, {}), Uncertain), ((504, {}), Uncertain), ((400, {}), Rejected), ((403, {}), Unauthorized)],
)
def test_half_a_change_is_never_called_unsent(reply: Reply, kind: type[Trouble]) -> None:
    office = Office(answers={"PATCH /buyOrders": [reply] * 5})
    office.order("1", lines=("11",))
    connector = office.connector()
    values = {"quantity": 6, "subtotalValue": Decimal(30)}
    assert type(trouble(lambda: connector.update("assemblyOrders", "11", values))) is kind
    office.answers.clear()
    assert connector.update("assemblyOrders", "11", values).values["subtotalValue"] == 30


@pytest.mark.parametrize(("missing", "id"), [("buyOrderLines", "11"), ("buyOrders", "1")])
def test_a_change_of_what_is_gone_writes_nothing(missing: str, id: str) -> None:
    office = Office()
    office.order("1", lines=("11",))
    del office.rows[missing][id]
    found = trouble(lambda: office.connector().update("assemblyOrders", "11", {"quantity": 6}))
    assert isinstance(found, Gone)
    assert office.sent == []


def test_a_change_that_cannot_look_first_writes_nothing() -> None:
    office = Office(answers={"GET /buyOrderLines": [(500, {})] * 5})
    assert isinstance(
        trouble(lambda: office.connector().update("assemblyOrders", "11", {"quantity": 6})), Retry
    )


@pytest.mark.parametrize("values", [{"buyOrderId": "1"}, {"linesInOrder": 2}, {"quantity": Decimal("2.5")}])
def test_what_an_assembly_order_cannot_take_is_never_sent(values: dict[str, Any]) -> None:
    office = Office()
    connector = office.connector()
    for write in (
        lambda: connector.update("assemblyOrders", "11", values),
        lambda: connector.create("assemblyOrders", {**ASSEMBLY, **values}, "b1"),
    ):
        found = trouble(write)
        assert isinstance(found, Rejected)
        assert found.field == next(iter(values))
    assert office.asked == []


@pytest.mark.parametrize(("lines", "call"), [(("11",), "buyOrders/1"), (("11", "12"), "buyOrderLines/11")])
def test_a_line_goes_alone_where_its_order_has_others(lines: tuple[str, ...], call: str) -> None:
    office = Office()
    office.order("1", lines=lines)
    connector = office.connector()
    connector.remove("assemblyOrders", "11")
    assert office.asked[-1] == f"DELETE {call}"
    office.rows["buyOrderLines"].pop("11", None)
    office.asked.clear()
    connector.remove("assemblyOrders", "11")
    assert office.asked == ["GET buyOrderLines/11"]
    assert fetched(connector, "assemblyOrders", "11").deleted
