"""The world of the scenario files on two memory connectors, which declare the streams of Zoho and Optiply.

The real systems work many fields out by themselves: totals, what is closed, which lines an order shows. `_Books` and
`_Planner` do that for the memory connectors, as simply as the scenarios allow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from scenarios.board_language import Fields, Names, System, declared_fields
from stockbridge.connectors.memory import Memory
from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.record import Field, Kind, Record, Values

_ITEM: Values = {
    "rate": Decimal(10),
    "purchase_rate": Decimal(5),
    "status": "active",
    "product_type": "goods",
    "item_type": "inventory",
    "ean": None,
    "purchase_description": None,
    "vendor_id": None,
    "is_combo_product": False,
    "actual_available_for_sale_stock": Decimal(0),
    "locations": {},
    "custom": {},
}
_VENDOR: Values = {"contact_type": "vendor", "status": "active", "email": None, "custom": {}}
_COMPOSITE: Values = {"status": "active", "combo_type": "assembly", "stock_on_hand": Decimal(0)}
_PURCHASE: Values = {
    "reference_number": None,
    "delivery_date": None,
    "order_status": "draft",
    "exchange_rate": Decimal(1),
    "location_id": None,
    "terms": None,
    "lines": [],
    "receipts": [],
    "custom": {},
}
_BUNDLE: Values = {
    "reference_number": None,
    "expected_bundle_date": None,
    "status": "draft",
    "is_completed": False,
    "location_id": None,
}
_SALE: Values = {"order_status": "confirmed", "lines": [], "custom": {}}
_FIRST = {
    "items": _ITEM,
    "vendors": _VENDOR,
    "composites": _COMPOSITE,
    "purchaseorders": _PURCHASE,
    "bundles": _BUNDLE,
    "salesorders": _SALE,
}
_NOT_ISSUED = ("draft", "pending_approval", "approved", "rejected")
_CENT = Decimal("0.01")


class _Books(Memory):
    """Zoho: every record is completed as Zoho would show it."""

    def put(self, stream: str, values: Values, id: str | None = None) -> str:
        known = self.rows(stream).get(id or "", {})
        whole = {**_FIRST.get(stream, {}), **known, **values}
        if known.get("order_status") != "issued" and values.get("issued"):
            whole["order_status"] = "issued"
        match stream:
            case "items":
                first = [] if whole["vendor_id"] is None else [whole["vendor_id"]]
                whole.setdefault("vendor_ids", first)
                if "vendor_id" in values and "vendor_ids" not in values:
                    whole["vendor_ids"] = first
                whole.setdefault("created_time", datetime(2026, 1, 5, 9, tzinfo=UTC))
            case "composites":
                items = self.rows("items")
                parts = [one for one in whole["parts"] if items[one["item_id"]]["product_type"] != "service"]
                whole["parts"] = [
                    {**{name: items[one["item_id"]][name] for name in ("name", "sku")}, **one}
                    for one in parts
                ]
                ids = [one["item_id"] for one in parts]
                whole["part_ids"] = list(dict.fromkeys(f"{id}_{one}" for one in ids))
            case "purchaseorders":
                self._complete_purchase(whole)
            case "bundles":
                self._complete_bundle(whole)
            case "salesorders":
                whole["lines"] = [self._line(one) for one in whole["lines"]]
                whole["total"] = sum((one["item_total"] for one in whole["lines"]), Decimal(0))
        return super().put(stream, whole, id)

    def _line(self, given: Fields) -> Fields:
        item = given.get("item_id")
        known = self.rows("items").get(item or "", {})
        line = {"item_id": None, "name": known.get("name"), "sku": known.get("sku"), **given}
        if line.get("rate") is None:
            line["rate"] = known.get("purchase_rate", Decimal(0))
        line["quantity"] = Decimal(line["quantity"])
        line["item_total"] = (line["quantity"] * Decimal(line["rate"])).quantize(_CENT, ROUND_HALF_UP)
        if line.get("line_item_id") is None:
            self._counter += 1
            line["line_item_id"] = f"{self._prefix}{self._counter}"
        return line

    def _complete_purchase(self, whole: Values) -> None:
        rate = Decimal(whole["exchange_rate"])
        lines = [self._line(one) for one in whole["lines"]]
        whole["lines"] = [
            {**one, "base_item_total": (one["item_total"] * rate).quantize(_CENT, ROUND_HALF_UP)}
            for one in lines
        ]
        whole["total"] = sum((one["item_total"] for one in lines), Decimal(0))
        whole["base_total"] = (whole["total"] * rate).quantize(_CENT, ROUND_HALF_UP)
        whole["issued"] = whole["order_status"] not in _NOT_ISSUED
        items = {one["line_item_id"]: one["item_id"] for one in lines}
        whole["receipts"] = [
            {
                "line_item_id": one["line_id"],
                "item_id": items.get(one["line_id"]),
                "receive_number": one["receive_id"],
                **one,
                "quantity": Decimal(one["quantity"]),
            }
            for one in whole["receipts"]
        ]
        come: dict[str, Decimal] = {}
        for one in whole["receipts"]:
            come[one["line_id"]] = come.get(one["line_id"], Decimal(0)) + one["quantity"]
        everything = all(come.get(one["line_item_id"], 0) >= one["quantity"] for one in lines)
        closed = whole["order_status"] == "closed"
        ended = _midnight(max((one["date"] for one in whole["receipts"]), default=date(2026, 3, 31)))
        whole["closed_time"] = ended if closed else None
        whole["received_time"] = ended if closed or (everything and come) else None

    def _complete_bundle(self, whole: Values) -> None:
        recipe = self.rows("composites").get(whole["composite_item_id"], {}).get("parts", ())
        items = self.rows("items")
        cost = sum((items[one["item_id"]]["purchase_rate"] * one["quantity"] for one in recipe), Decimal(0))
        whole["quantity_to_bundle"] = Decimal(whole["quantity_to_bundle"])
        whole["total"] = cost * whole["quantity_to_bundle"]
        done = whole["is_completed"] or whole["status"] == "bundled"
        whole["is_completed"], whole["status"] = done, "bundled" if done else whole["status"]
        whole["completed_time"] = _midnight(whole["date"]) if done else None


class _Planner(Memory):
    """Optiply: an order shows its lines, an assembly order is a line as well, and whoever calls is a program."""

    def put(self, stream: str, values: Values, id: str | None = None) -> str:
        shown = (one.name for one in OPTIPLY[stream].fields if not one.detail)
        first: Values = {**dict.fromkeys(shown), "createdFromPublicApi": False}
        given = values if id in self.rows(stream) else {**first, **values}
        lines = given.get("lines") if stream == "buyOrders" else None
        id = super().put(stream, {name: value for name, value in given.items() if name != "lines"}, id)
        if stream == "assemblyOrders":
            row = self.rows(stream)[id]
            order = row.get("buyOrderId") or f"{id}0"
            super().put(stream, {"buyOrderId": order, "linesInOrder": 1}, id)
            line = {name: row.get(name) for name in ("productId", "quantity", "subtotalValue")}
            super().put("buyOrderLines", {**line, "buyOrderId": order}, id)
        if stream == "buyOrders":
            self._set_lines(id, lines or (), keep=lines is None)
        return id

    def create(self, stream: str, values: Values, mark: str) -> Record:
        return super().create(stream, {**values, "createdFromPublicApi": True}, mark)

    def drop(self, stream: str, id: str) -> None:
        super().drop(stream, id)
        if stream == "assemblyOrders":
            super().drop("buyOrderLines", id)

    def _set_lines(self, order: str, lines: Any, *, keep: bool) -> None:
        standing = {key: row for key, row in self.rows("buyOrderLines").items() if row["buyOrderId"] == order}
        if keep:
            return
        due = self.rows("buyOrders")[order].get("expectedDeliveryDate")
        for line in lines:
            values = {name: value for name, value in line.items() if name != "id"}
            if line["id"] not in standing:
                values = {"remoteId": None, "expectedDeliveryDate": due, **values, "buyOrderId": order}
            super().put("buyOrderLines", values, line["id"])
        for key in standing.keys() - {line["id"] for line in lines}:
            super().drop("buyOrderLines", key)
        shown_lines = [
            {
                "id": key,
                "unitPrice": Decimal(row["subtotalValue"]) / row["quantity"],
                "expectedDeliveryDate": None,
                **{name: row[name] for name in ("productId", "quantity", "subtotalValue")},
            }
            for key, row in self.rows("buyOrderLines").items()
            if row["buyOrderId"] == order
        ]
        super().put("buyOrders", {"lines": shown_lines}, order)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@dataclass(slots=True, kw_only=True)
class MemoryWorld:
    """Two memories. Ids are digits, as flags want them."""

    names: Names = field(default_factory=Names)
    zoho: Memory = field(default_factory=lambda: _Books("Zoho", ZOHO, prefix="46"))
    passed: timedelta = timedelta()
    optiply: Memory = field(default_factory=lambda: _Planner("Optiply", OPTIPLY, prefix="7"))

    def __post_init__(self) -> None:
        for place in ("store", "depot"):
            self.names.add("zoho", "locations", place, f"99{len(place)}{len(self.names.ids)}")

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def later(self, seconds: int) -> None:
        self.passed += timedelta(seconds=seconds)

    def put(self, system: System, stream: str, name: str, fields: Fields) -> None:
        known = self.names.find(system, stream, name)
        made = known is None or known not in self.rows(system, stream)
        if system == "zoho" and made and stream in ("items", "composites"):
            fields = {"name": name.capitalize(), "sku": name.upper(), **fields}
        fields = dict(fields)
        if stream in ("items", "composites") and made and fields.get("item_type") != "sales":
            empty = {"actual_available_for_sale_stock": Decimal(0)}
            fields["locations"] = {"store": empty, "depot": empty, **fields.get("locations", {})}
        self._name_lines(system, stream, fields)
        values = _typed(declared_fields(system, stream), self.names.resolve(system, stream, fields))
        if stream == "composites":
            values = self._item_of(name, values, made)
            known = self.names.find(system, stream, name)
        memory = self.zoho if system == "zoho" else self.optiply
        id = memory.put(stream, values, known)
        self.names.add(system, stream, name, id)

    def _item_of(self, name: str, values: Values, made: bool) -> Values:
        """A composite item is an item too; gives what is left for the composite."""
        whole = {"is_combo_product": True} if made else {}
        whole |= {key: value for key, value in values.items() if key != "parts"}
        id = self.zoho.put("items", whole, self.names.find("zoho", "items", name))
        self.names.add("zoho", "items", name, id)
        return {key: value for key, value in values.items() if key in ("name", "sku", "status", "parts")}

    def _name_lines(self, system: System, stream: str, fields: Fields) -> None:
        """Lines and receipts that the file names get an id, and stand under it."""
        for key, of, group in (
            ("line_item_id", "lines", "purchaseorder_lines"),
            ("receive_id", "receipts", "purchase_receives"),
            ("id", "lines", "buyOrderLines"),
        ):
            for number, line in enumerate(fields.get(of) or ()):
                if stream == "salesorders" or key not in line:
                    continue
                id = self.names.find(system, group, line[key])
                if id is None:
                    id = f"{'46' if system == 'zoho' else '7'}0{len(self.names.ids)}"
                    self.names.add(system, group, line[key], id)
                fields[of] = [*fields[of]]
                fields[of][number] = {**line, key: id}

    def drop(self, system: System, stream: str, name: str) -> None:
        memory = self.zoho if system == "zoho" else self.optiply
        id = self.names.id(system, stream, name)
        memory.drop(stream, id)
        if stream == "composites":
            memory.drop("items", id)

    def rows(self, system: System, stream: str) -> dict[str, Fields]:
        memory = self.zoho if system == "zoho" else self.optiply
        rows = memory.rows(stream)
        if (system, stream) == ("optiply", "buyOrderLines"):
            rows = {id: row for id, row in rows.items() if id not in memory.rows("assemblyOrders")}
        return rows


def _typed(fields: Iterable[Field], values: Values) -> Values:
    """The values of a file as a connector reads them: decimals for whole numbers, midnights for days."""
    kinds = {one.name: one for one in fields}
    out: Values = {}
    for name, value in values.items():
        declared = kinds.get(name)
        if declared is not None and declared.kind is Kind.CHILDREN:
            value = [_typed(declared.children, line) for line in value]
        elif declared is not None and declared.kind is Kind.NUMBER and isinstance(value, int):
            value = Decimal(value)
        elif declared is not None and declared.kind is Kind.MOMENT and type(value) is date:
            value = _midnight(value)
        out[name] = value
    return out
