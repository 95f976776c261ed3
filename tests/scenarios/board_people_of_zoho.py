"""What people do in the sandbox of Zoho for the scenario files: they enter, change, issue, receive, bill and build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from scenarios.board_language import Fields, Names
from stockbridge_sandbox.run import Sandbox

_USUAL = {
    "spec_envelopes": False,
    "bundles_need_composite": False,
    "receive_lines_own_ids": False,
    "stock_layout": "locations",
    "receive_moves_order_time": True,
}
_OWN_NUMBER = {"ignore_auto_number_generation": "true"}
_PURCHASE = ("vendor_id", "date", "delivery_date", "reference_number", "exchange_rate", "location_id")
_ITEM = ("name", "sku", "rate", "purchase_rate", "purchase_description", "ean", "vendor_id", "product_type")
_STOCK = "actual_available_for_sale_stock"


@dataclass(slots=True, kw_only=True)
class ZohoPeople:
    """`odd` are switches in which this organisation is unlike most; `_known` is what the file last said of each record."""

    sandbox: Sandbox
    names: Names
    odd: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[tuple[str, str], Fields] = field(default_factory=dict)

    def put(self, stream: str, name: str, fields: Fields) -> None:
        """Make a record, or change these fields of it; the fields hold names."""
        if self.names.find("zoho", stream, name) is None:
            id = self._made(stream, name, fields)
            self.names.add("zoho", stream, name, id)
        else:
            self._edited(stream, name, fields)
        whole = {**self._known.get((stream, name), {}), **fields}
        self._known[stream, name] = whole
        self._brought(stream, name, fields)

    def call(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        answer = self._direct(method, path, dict(query or {}), as_json(body))
        self.sandbox.clock.advance(2)
        return answer

    def _direct(
        self, method: str, path: str, query: dict[str, str] | None = None, body: object = None
    ) -> Any:
        """A call by hand; whatever is odd about this organisation, people see it as it usually is."""
        usual = self.sandbox.zoho.change_switches({})
        before = {name: getattr(usual, name) for name in self.odd}
        self.sandbox.zoho.change_switches({name: _USUAL[name] for name in self.odd})
        try:
            return self.sandbox.zoho.direct(method, path, query=query, body=body)
        finally:
            self.sandbox.zoho.change_switches(before)

    def _made(self, stream: str, name: str, fields: Fields) -> str:
        body = self._body(stream, fields)
        match stream:
            case "vendors":
                return str(self.call("POST", "/contacts", body)["contact"]["contact_id"])
            case "items":
                first = {"name": name.capitalize(), "sku": name.upper(), "rate": 10, "purchase_rate": 5}
                kind = {"product_type": "goods", "item_type": "inventory"}
                return str(self.call("POST", "/items", {**first, **kind, **body})["item"]["item_id"])
            case "composites":
                first = {"name": name.capitalize(), "sku": name.upper(), "rate": 10, "purchase_rate": 5}
                kind = {"product_type": "goods", "item_type": "inventory"}
                made = self.call("POST", "/compositeitems", {**first, **kind, **body})
                return str(made["composite_item"]["composite_item_id"])
            case "purchaseorders":
                order = self.call("POST", "/purchaseorders", body)["purchaseorder"]
                self._name_lines(fields["lines"], order["line_items"])
                return str(order["purchaseorder_id"])
            case "bundles":
                made = self.call("POST", "/bundles", {**self._recipe(fields), **body}, _OWN_NUMBER)
                return str(made["bundle"]["bundle_id"])
            case "salesorders":
                customer = next(row["id"] for row in self.sandbox.zoho.rows("customers"))
                order = self.call("POST", "/salesorders", {"customer_id": customer, **body})["salesorder"]
                return str(order["salesorder_id"])
        raise ValueError(stream)

    def _edited(self, stream: str, name: str, fields: Fields) -> None:
        id = self.names.id("zoho", stream, name)
        if stream == "purchaseorders" and any(
            self._known.get((stream, name), {}).get(one) != fields[one] for one in fields
        ):
            body = self._body(stream, fields)
            if body:
                order = self.call("PUT", f"/purchaseorders/{id}", body)["purchaseorder"]
                self._name_lines(fields.get("lines") or (), order["line_items"])
            return
        path = {"vendors": "contacts", "composites": "compositeitems"}.get(stream, stream)
        body = self._body(stream, fields)
        if body:
            self.call("PUT", f"/{path}/{id}", body, _OWN_NUMBER if stream == "bundles" else None)

    def _body(self, stream: str, fields: Fields) -> Fields:
        """What is sent of a record's plain fields; what has calls of its own is left to `_brought`."""
        found = self.names.resolve("zoho", stream, fields)
        match stream:
            case "vendors":
                body = {name: found[name] for name in ("contact_name",) if name in found}
                if found.get("contact_name") is not None:
                    body["contact_type"] = "vendor"
                if "email" in found:
                    body["contact_persons"] = [
                        {"first_name": "A", "email": found["email"], "is_primary_contact": True}
                    ]
                return body
            case "items":
                return {name: found[name] for name in (*_ITEM, "item_type") if name in found}
            case "composites":
                body = {name: found[name] for name in _ITEM if name in found}
                if "parts" in found:
                    body["mapped_items"] = found["parts"]
                return body
            case "purchaseorders":
                body = {name: found[name] for name in _PURCHASE if name in found}
                if "currency_code" in found:
                    rows = self.call("GET", "/settings/currencies")["currencies"]
                    code = found["currency_code"]
                    body["currency_id"] = next(
                        one["currency_id"] for one in rows if one["currency_code"] == code
                    )
                if "lines" in found:
                    body["line_items"] = [self._line(one) for one in found["lines"]]
                return body
            case "bundles":
                known = (
                    "quantity_to_bundle",
                    "date",
                    "expected_bundle_date",
                    "reference_number",
                    "location_id",
                )
                return {name: found[name] for name in known if name in found}
            case "salesorders":
                body = {"date": found["date"]} if "date" in found else {}
                if "lines" in found:
                    body["line_items"] = found["lines"]
                return body
        raise ValueError(stream)

    def _line(self, line: Fields) -> Fields:
        known = self.names.find("zoho", "purchaseorder_lines", line.get("line_item_id", ""))
        body = {name: value for name, value in line.items() if name != "line_item_id"}
        return body if known is None else {**body, "line_item_id": known}

    def _name_lines(self, lines: Any, shown: list[Fields]) -> None:
        for line, row in zip(lines, shown, strict=False):
            if "line_item_id" in line:
                self.names.add("zoho", "purchaseorder_lines", line["line_item_id"], row["line_item_id"])

    def _recipe(self, fields: Fields) -> Fields:
        composite = self._known["composites", fields["composite_item_id"]]
        return {
            "composite_item_id": self.names.id("zoho", "items", fields["composite_item_id"]),
            "composite_item_name": fields["composite_item_id"],
            "location_id": self.names.id("zoho", "locations", "store"),
            "is_completed": False,
            "line_items": [
                {
                    "item_id": self.names.id("zoho", "items", one["item_id"]),
                    "name": one["item_id"],
                    "quantity_consumed": one["quantity"],
                }
                for one in composite["parts"]
            ],
        }

    def _brought(self, stream: str, name: str, fields: Fields) -> None:
        """Bring a record to the state that the file tells, by the calls that this takes in Zoho."""
        id = self.names.id("zoho", stream, name)
        status = fields.get("status")
        if stream in ("items", "composites", "vendors") and status:
            path = {"vendors": "contacts", "composites": "compositeitems"}.get(stream, stream)
            self.call("POST", f"/{path}/{id}/{status}")
        if stream == "items":
            self._bring_stock(id, fields)
        if stream == "salesorders" and "order_status" in fields:
            self._sell(id, fields["order_status"])
        if stream == "purchaseorders":
            status = fields.get("order_status", "draft")
            if status != "draft":
                self._issue(id, "issued" if status == "closed" else status)
            self._receive(id, name)
            if fields.get("is_po_marked_as_received"):
                self.sandbox.control.mark_purchase(id, "received")
            if status == "closed":
                self._bill(id)
        if stream == "bundles" and (fields.get("is_completed") or status == "bundled"):
            self._build(id, name)
        self.sandbox.clock.advance(5)

    def _bring_stock(self, id: str, fields: Fields) -> None:
        places = {"store": {_STOCK: fields[_STOCK]}} if _STOCK in fields else fields.get("locations", {})
        for place, amounts in places.items():
            item = self.call("GET", f"/items/{id}")["item"]
            at = self.names.id("zoho", "locations", place)
            row: Fields = next((one for one in item["locations"] if one["location_id"] == at), {})
            more = Decimal(amounts[_STOCK]) - Decimal(str(row.get(f"location_{_STOCK}", 0)))
            self.sandbox.control.move_stock(id, at, physical=float(more), accounting=float(more))

    def _sell(self, id: str, status: str) -> None:
        if status in ("confirmed", "closed"):
            self.call("POST", f"/salesorders/{id}/status/confirmed")
        if status == "void":
            self.call("POST", f"/salesorders/{id}/status/void")
        if status == "closed":
            self.sandbox.control.fulfil(id, "ship")
            self.sandbox.control.fulfil(id, "invoice")

    def _issue(self, id: str, wanted: str) -> None:
        now = self.call("GET", f"/purchaseorders/{id}")["purchaseorder"]["order_status"]
        if now in (wanted, "closed"):
            return
        steps = {
            "issued": ("status/issued",),
            "cancelled": ("status/cancelled",),
            "pending_approval": ("submit",),
            "approved": ("submit", "approve"),
            "rejected": ("submit", "reject"),
        }
        for step in steps[wanted]:
            self.call("POST", f"/purchaseorders/{id}/{step}")

    def _receive(self, id: str, name: str) -> None:
        """Make, correct and delete receives, so that they are those of the file."""
        whole = self._known["purchaseorders", name]
        if "receipts" not in whole:
            return
        wanted: dict[str, list[Fields]] = {}
        for line in whole["receipts"]:
            wanted.setdefault(line["receive_id"], []).append(line)
        had: dict[str, list[Fields]] = whole.setdefault("_received", {})
        for receive in [one for one in had if one not in wanted]:
            self.call("DELETE", f"/purchasereceives/{self.names.id('zoho', 'purchase_receives', receive)}")
            del had[receive]
        for receive, lines in wanted.items():
            body = {
                "date": lines[0]["date"],
                "line_items": [
                    {
                        "line_item_id": self.names.id("zoho", "purchaseorder_lines", line["line_id"]),
                        "quantity": line["quantity"],
                    }
                    for line in lines
                ],
            }
            if receive not in had:
                made = self.call("POST", "/purchasereceives", body, {"purchaseorder_id": id})
                row = next(one for one in made.values() if isinstance(one, dict))
                row = _with_lines(self.sandbox.zoho.direct("GET", f"/purchasereceives/{row['receive_id']}"))
                self.names.add("zoho", "purchase_receives", receive, row["receive_id"])
                for line, shown in zip(lines, row["line_items"], strict=True):
                    own = ("zoho", "purchaseorder_lines", shown["line_item_id"])
                    self.names.names.setdefault(own, line["line_id"])
            elif had[receive] != lines:
                known = self.names.id("zoho", "purchase_receives", receive)
                self.call("PUT", f"/purchasereceives/{known}", body)
            had[receive] = lines

    def _bill(self, id: str) -> None:
        order = self.call("GET", f"/purchaseorders/{id}")["purchaseorder"]
        if order["order_status"] == "closed":
            return
        body = {
            "vendor_id": order["vendor_id"],
            "purchaseorder_id": id,
            "bill_number": f"F-{id}",
            "date": date(2026, 3, 31),
            "due_date": date(2026, 4, 30),
            "line_items": [
                {
                    "purchaseorder_item_id": line["line_item_id"],
                    "quantity": line["quantity"],
                    **({"item_id": line["item_id"]} if line["item_id"] else {"name": line["name"]}),
                }
                for line in order["line_items"]
            ],
        }
        self.call("POST", "/bills", body)

    def _build(self, id: str, name: str) -> None:
        whole = self._known["bundles", name]
        for part in self._known["composites", whole["composite_item_id"]]["parts"]:
            item = self.names.id("zoho", "items", part["item_id"])
            if self._known["items", part["item_id"]].get("product_type") != "service":
                count = float(part["quantity"] * whole["quantity_to_bundle"])
                self.sandbox.control.move_stock(item, "", physical=count, accounting=count)
        self.call("POST", f"/bundles/{id}/bundled")

    def shown(self, stream: str, id: str) -> Fields:
        if stream == "purchaseorders":
            order = self._direct("GET", f"/purchaseorders/{id}")["purchaseorder"]
            return {**order, "lines": order["line_items"]}
        if stream == "bundles":
            return dict(self._direct("GET", f"/bundles/{id}")["bundle"])
        return {}


def _with_lines(answer: Fields) -> Fields:
    """The record of an answer, in an envelope or without."""
    return next((one for one in answer.values() if isinstance(one, dict) and "line_items" in one), answer)


def as_json(value: Any) -> Any:
    """What a file says as JSON says it."""
    if isinstance(value, dict):
        return {name: as_json(one) for name, one in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return value
