"""Optiply's compositions, orders, lines and receipts as shops for the contract. Their "name" is a number or a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from contract_shops import Shop

from scenarios.sandbox_accounts import optiply_account
from stockbridge.connectors.optiply import connector as optiply
from stockbridge.core.record import Value, Values
from stockbridge.http.clock import REAL
from stockbridge.http.transport import Transport
from stockbridge_sandbox.run import Sandbox, start

_RECORDS = 110  # more than one page
_PLACED = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class _Desk:
    """Optiply's user at work, with one supplier, one product, one order and one line of it to hang records on."""

    sandbox: Sandbox
    supplier: str = ""
    product: str = ""
    order: str = ""
    line: str = ""

    def open(self) -> None:
        """Make what the records hang on."""
        self.supplier = self.add("suppliers", name="Wielen BV")
        self.product = self.another_product()
        self.order = self.place(assembly=False)
        self.line = self.line_of(self.order)

    def add(self, resource: str, **values: Any) -> str:
        return str(self.sandbox.optiply.add(resource, values)["id"])

    def another_product(self) -> str:
        return self.add("products", name="Fiets", stockLevel=1, unlimitedStock=False)

    def place(self, **values: Any) -> str:
        line = {"productId": int(self.product), "quantity": 4, "subtotalValue": "20.00"}
        order = {
            "supplierId": int(self.supplier),
            "placed": "2026-03-02T00:00:00Z",
            "lines": [line],
            **values,
        }
        return str(self.sandbox.optiply.place_order(order)["id"])

    def line_of(self, order: str) -> str:
        rows = self.sandbox.optiply.rows("buyOrderLines")
        return next(str(row["id"]) for row in rows if row["buyOrderId"] == int(order))

    def order_of(self, line: str) -> str:
        rows = self.sandbox.optiply.rows("buyOrderLines")
        return next(str(row["buyOrderId"]) for row in rows if str(row["id"]) == line)

    def ids(self, resource: str) -> set[str]:
        return {str(row["id"]) for row in self.sandbox.optiply.rows(resource)}


@contextmanager
def _shop(stream: str, described: Callable[[_Desk], Mapping[str, Any]]) -> Iterator[Shop]:
    with start(items=1, vendors=1, orders=0, seed=3) as sandbox, Transport() as transport:
        desk = _Desk(sandbox=sandbox)
        desk.open()
        parts: dict[str, Any] = {
            "ids": lambda: desk.ids(stream),
            "edit": lambda id, name: _none(
                sandbox.optiply.edit(stream, id, {parts["name_field"]: parts["shows"](name)})
            ),
            "drop": lambda id: sandbox.optiply.remove(stream, id),
            "shows": len,
            **described(desk),
        }
        shop = Shop(
            connector=optiply.connect(optiply_account(sandbox, "Sandbox"), clock=REAL, transport=transport),
            stream=stream,
            **parts,
        )
        for number in range(_RECORDS - len(shop.ids())):
            shop.add("x" * (number % 7 + 1))
        sandbox.clock.advance(timedelta(minutes=1).total_seconds())
        yield shop


def _compositions(desk: _Desk) -> Mapping[str, Any]:
    def add(name: str) -> str:
        part = int(desk.another_product())
        pair = {"composedProductId": int(desk.product), "partProductId": part}
        return desk.add("productCompositions", **pair, partQuantity=len(name))

    new = {"composedProductId": desk.product, "partProductId": desk.another_product(), "partQuantity": 5}
    return {"name_field": "partQuantity", "add": add, "new": new, "change": {"partQuantity": 6}}


def _buy_orders(desk: _Desk) -> Mapping[str, Any]:
    desk.place(assembly=True)  # which is none of them
    new: Values = {
        "placed": _PLACED,
        "totalValue": Decimal("12.50"),
        "supplierId": desk.supplier,
        "completed": None,
    }

    def ids() -> set[str]:
        return {str(row["id"]) for row in desk.sandbox.optiply.rows("buyOrders") if not row["assembly"]}

    def edit(id: str, name: str) -> None:
        desk.sandbox.optiply.edit("buyOrders", id, {"totalValue": len(name)})

    return {
        "name_field": "totalValue",
        "ids": ids,
        "add": lambda name: desk.place(assembly=False, totalValue=str(len(name))),
        "edit": edit,
        "new": new,
        "change": {"completed": _PLACED + timedelta(days=3)},
        "fetch_calls": 2,
    }


def _buy_order_lines(desk: _Desk) -> Mapping[str, Any]:
    def add(name: str) -> str:
        part = {"productId": int(desk.product), "buyOrderId": int(desk.order)}
        return desk.add("buyOrderLines", **part, quantity=len(name), subtotalValue="1.00")

    new = {
        "productId": desk.product,
        "buyOrderId": desk.order,
        "quantity": 5,
        "subtotalValue": Decimal("7.25"),
    }
    return {"name_field": "quantity", "add": add, "new": new, "change": {"quantity": 6}}


def _receipt_lines(desk: _Desk) -> Mapping[str, Any]:
    def add(name: str) -> str:
        part = {"buyOrderLineId": int(desk.line), "occurred": "2026-03-05T00:00:00Z"}
        return desk.add("receiptLines", **part, quantity=len(name))

    new = {"buyOrderLineId": desk.line, "occurred": _PLACED, "quantity": 5}
    return {"name_field": "quantity", "add": add, "new": new, "change": {"quantity": 6}}


def _assembly_orders(desk: _Desk) -> Mapping[str, Any]:
    def shows(name: str) -> Value:
        return _PLACED + timedelta(days=len(name))

    def ids() -> set[str]:
        orders = {str(row["id"]) for row in desk.sandbox.optiply.rows("buyOrders") if row["assembly"]}
        rows = desk.sandbox.optiply.rows("buyOrderLines")
        return {str(row["id"]) for row in rows if str(row["buyOrderId"]) in orders}

    def edit(id: str, name: str) -> None:
        desk.sandbox.optiply.edit("buyOrders", desk.order_of(id), {"placed": shows(name).isoformat()})

    new = {
        "productId": desk.product,
        "quantity": 5,
        "subtotalValue": Decimal("7.25"),
        "placed": _PLACED,
        "supplierId": desk.supplier,
    }
    return {
        "name_field": "placed",
        "shows": shows,
        "ids": ids,
        "add": lambda name: desk.line_of(desk.place(assembly=True, placed=shows(name).isoformat())),
        "edit": edit,
        "drop": lambda id: desk.sandbox.optiply.remove("buyOrders", desk.order_of(id)),
        "new": new,
        "change": {"quantity": 6},
        "fetch_calls": 3,
    }


def what_to_make(sandbox: Sandbox, stream: str) -> tuple[str, Values]:
    """The resource that a new record of this stream is posted to, and values for one."""
    desk = _Desk(sandbox=sandbox)
    desk.open()
    return "buyOrders" if stream == "assemblyOrders" else stream, _DESCRIBED[stream](desk)["new"]


def _none(_: object) -> None:
    return None


_DESCRIBED: dict[str, Callable[[_Desk], Mapping[str, Any]]] = {
    "productCompositions": _compositions,
    "buyOrders": _buy_orders,
    "buyOrderLines": _buy_order_lines,
    "receiptLines": _receipt_lines,
    "assemblyOrders": _assembly_orders,
}
OPTIPLY_SHOPS: dict[str, Callable[[], AbstractContextManager[Shop]]] = {
    stream: partial(_shop, stream, described) for stream, described in _DESCRIBED.items()
}
