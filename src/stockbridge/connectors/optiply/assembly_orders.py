"""Assembly orders: lines of Optiply's buy orders with `assembly`, each read and written as one record.

Source: facts, Optiply 3 (assembly orders), 4.4 and 8.2 (rows 17, 18, 28).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from stockbridge.connectors.optiply.answers import no_parent, with_field, written
from stockbridge.connectors.optiply.buy_orders import LINES, is_assembly, lines_by_order, lines_of
from stockbridge.connectors.optiply.client import OptiplyClient
from stockbridge.connectors.optiply.lists import Filters, Listed, Lists, gone
from stockbridge.connectors.optiply.rows import Rows
from stockbridge.connectors.optiply.streams import ASSEMBLY_ORDERS
from stockbridge.core.errors import Gone, Rejected, Retry, Trouble, Uncertain
from stockbridge.core.record import Record, Refusal, Values

_ORDERS = "buyOrders"
_OF_LINE = ("productId", "quantity", "subtotalValue", "expectedDeliveryDate", "remoteId")
_OF_ORDER = ("placed", "supplierId", "completed", "createdFromPublicApi")
_SHARED = {
    # What a change of the line means for an order that has no other line.
    "placed": "placed",
    "supplierId": "supplierId",
    "completed": "completed",
    "expectedDeliveryDate": "expectedDeliveryDate",
    "remoteId": "remoteId",
    "subtotalValue": "totalValue",
}
_LOOK = "The next run looks what is there."


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyOrders:
    """The assembly orders of one account. `body` renders what /buyOrders takes of them."""

    client: OptiplyClient
    lists: Lists
    body: Rows

    def scan(self, filters: Filters) -> Iterator[Listed]:
        """The lines of the orders that pass these filters, page by page of orders. Raises as `Lists.scan`."""
        for page in self.lists.scan(_ORDERS, (("filter[assembly]", "true"), *filters), is_assembly):
            lines = lines_by_order(self.lists, [order.id for order in page.records])
            records: list[Record] = []
            refused: list[Refusal] = []
            for order in page.records:
                for one in _joined(order, lines[order.id]):
                    if isinstance(one, Record):
                        records.append(one)
                    else:
                        refused.append(one)
            for bad in page.refused:
                refused += self._refused(bad)
            yield Listed(records=records, refused=refused, moment=page.moment, total=page.total)

    def find(self, marks: Collection[str], filters: Filters) -> dict[str, list[Record]]:
        """The records of orders that carry one of these marks, by mark: the line with which the order was made."""
        found: dict[str, list[Record]] = {}
        for page in self.lists.scan(_ORDERS, (("filter[assembly]", "true"), *filters), is_assembly):
            ours = [order for order in page.records if order.values.get("remoteId") in marks]
            lines = lines_by_order(self.lists, [order.id for order in ours])
            for order in ours:
                first = next(
                    (one for one in _joined(order, lines[order.id]) if isinstance(one, Record)), None
                )
                if first is not None:
                    found.setdefault(order.values["remoteId"], []).append(first)
        return found

    def fetch(self, id: str) -> Record | Refusal:
        """The record of this line, by three calls. Raises as `Lists.scan`."""
        line = self.lists.one(LINES, id)
        if isinstance(line, Refusal) or line.deleted:
            return line
        order = self.lists.one(_ORDERS, str(line.values.get("buyOrderId")), is_assembly)
        if isinstance(order, Refusal):
            return msgspec.structs.replace(order, id=id)
        if order.deleted:
            return gone(id)
        return _one_of(order, lines_of(self.lists, order.id), id)

    def create(self, values: Values, mark: str) -> Record:
        """Make an order with one line that carries `mark`, then ask for the line's id.

        Raises as the other creates; Uncertain also where the order was made and its line cannot be read.
        """
        about = f"to make assembly order {mark}"
        cost = values.get("subtotalValue")
        line = {name: values[name] for name in _OF_LINE if name in values and name != "remoteId"}
        line["subtotalValue"] = Decimal(0) if cost is None else cost  # Optiply takes no order without
        head: Values = {
            name: values[name]
            for name in ("placed", "supplierId", "completed", "expectedDeliveryDate")
            if name in values
        }
        self._checked(values)
        body = self.body.render(
            {**head, "assembly": True, "totalValue": line["subtotalValue"], "orderLines": [line]}, mark=mark
        )
        try:
            answer = self.client.write("POST", f"/{_ORDERS}", body, about)
        except Gone as error:
            raise no_parent(error, ASSEMBLY_ORDERS, values, mark) from error
        except Rejected as error:
            raise with_field(error, ASSEMBLY_ORDERS) from error
        order = written(self.lists.rows[_ORDERS], answer, about)
        try:
            lines = lines_of(self.lists, order.id)
        except Trouble as error:
            raise Uncertain(
                f"Optiply made the order of assembly order {mark}, but its line could not be read: {error.what}",
                remedy=_LOOK,
                code=error.code,
            ) from error
        for one in _joined(order, lines):
            if isinstance(one, Record):
                return one
        raise Uncertain(
            f"Optiply made the order of assembly order {mark}, but shows no line of it.", remedy=_LOOK
        )

    def update(self, id: str, values: Values) -> Record:
        """Change the line and, where it is the only one of its order, the order as well: two writes at most.

        Where an order has several lines, what belongs to the order is left out, since it would change the others too;
        `completed` is taken as soon as every other line is fully received. Writing the same again does no harm. Raises
        as the other updates; Uncertain also where only the first of two writes is known to have been taken.
        """
        self._checked(values)
        about = f"to change assembly order {id}"
        line = self._standing(LINES, id)
        order_id = str(line.values.get("buyOrderId"))
        lines = lines_of(self.lists, order_id)
        others = [one for one in lines if one.id != id]
        of_order = {_SHARED[name]: value for name, value in values.items() if name in _SHARED}
        if others:
            done = of_order.get("completed") is not None and all(self._received(one) for one in others)
            of_order = {"completed": of_order["completed"]} if done else {}
        of_line = {name: value for name, value in values.items() if name in _OF_LINE}
        # Read before the first write: afterwards a read that fails could not be told from a write that failed.
        order = None if of_order else self._standing(_ORDERS, order_id)
        if of_line:
            rows = self.lists.rows[LINES]
            body = rows.render(of_line, id=id)
            line = self._patch(rows, f"/{LINES}/{id}", body, about)
        if order is None:
            rows = self.lists.rows[_ORDERS]
            body = self.body.render(of_order, id=order_id)
            try:
                order = self._patch(rows, f"/{_ORDERS}/{order_id}", body, about)
            except Retry as error:
                if not of_line:
                    raise
                raise Uncertain(
                    f"Optiply changed the line of assembly order {id}, but not yet its order: {error.what}",
                    remedy=_LOOK,
                    code=error.code,
                ) from error
        return _join(order, line, len(others) + 1)

    def remove(self, id: str) -> None:
        """Delete the order, or only this line where the order has others. What is gone already is a success."""
        about = f"to delete assembly order {id}"
        try:
            order_id = str(self._standing(LINES, id).values.get("buyOrderId"))
            alone = [one.id for one in lines_of(self.lists, order_id)] == [id]
            self.client.write("DELETE", f"/{_ORDERS}/{order_id}" if alone else f"/{LINES}/{id}", None, about)
        except Gone:
            return

    def _patch(self, rows: Rows, path: str, body: bytes, about: str) -> Record:
        try:
            return written(rows, self.client.write("PATCH", path, body, about), about)
        except Rejected as error:
            raise with_field(error, ASSEMBLY_ORDERS) from error

    def _checked(self, values: Values) -> None:
        """Raises Rejected, with the name it has here, for a value that Optiply cannot take."""
        self.lists.rows[ASSEMBLY_ORDERS.name].render(values)

    def _standing(self, resource: str, id: str) -> Record:
        """The record of that id. Raises Gone where there is none, Rejected where it cannot be read."""
        found = self.lists.one(resource, id)
        if isinstance(found, Refusal):
            raise Rejected(found.reason, remedy=found.remedy)
        if found.deleted:
            raise Gone(f"Optiply has no {self.lists.rows[resource].stream.noun} {id}.", code="404")
        return found

    def _received(self, line: Record | Refusal) -> bool:
        """Whether everything that this line asked for has come in."""
        if isinstance(line, Refusal) or line.values.get("quantity") is None:
            return False
        come = 0
        for page in self.lists.scan("receiptLines", (("filter[buyOrderLineId]", line.id),)):
            for receipt in page.records:
                if receipt.values.get("buyOrderLineId") == line.id:
                    come += receipt.values.get("quantity") or 0
        return come >= int(line.values["quantity"])

    def _refused(self, order: Refusal) -> list[Refusal]:
        """A refusal for each line of an order that cannot be read, so that none of them passes for deleted."""
        if not order.id.isdecimal():
            return [order]
        return [msgspec.structs.replace(order, id=line.id) for line in lines_of(self.lists, order.id)]


def _joined(order: Record, lines: Sequence[Record | Refusal]) -> list[Record | Refusal]:
    return [line if isinstance(line, Refusal) else _join(order, line, len(lines)) for line in lines]


def _one_of(order: Record, lines: Sequence[Record | Refusal], id: str) -> Record | Refusal:
    return next((one for one in _joined(order, lines) if one.id == id), gone(id))


def _join(order: Record, line: Record, count: int) -> Record:
    """One record of an order with `count` lines and one of these. What neither shows is left out of the values."""
    values: Values = {name: value for name, value in line.values.items() if name != "remoteId"}
    values |= {name: order.values[name] for name in _OF_ORDER if name in order.values}
    if values.get("expectedDeliveryDate") is None and "expectedDeliveryDate" in order.values:
        values["expectedDeliveryDate"] = order.values["expectedDeliveryDate"]
    marks = [
        one.values["remoteId"]
        for one in ((line, order) if count == 1 else (line,))
        if "remoteId" in one.values
    ]
    if marks:
        values["remoteId"] = next((mark for mark in marks if mark is not None), None)
    times = [time for one in (order, line) if (time := one.modified) is not None]
    if times:
        values["updatedAt"] = max(times)
    values["buyOrderId"], values["linesInOrder"] = order.id, count
    return Record(
        id=line.id,
        values=values,
        version=f"{order.version} {line.version} {count}",
        modified=max(times, default=None),
    )
