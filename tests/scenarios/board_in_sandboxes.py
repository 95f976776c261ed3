"""The world of the scenario files on the two sandboxes, over HTTP: people work there by the API or the back doors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from scenarios.board import exchanged
from scenarios.board_language import Fields, Names, System
from stockbridge.connectors.base import Connector
from stockbridge.connectors.optiply import connector as optiply
from stockbridge.connectors.optiply.account import OptiplyAccount
from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.account import ZohoAccount
from stockbridge.core.record import Kind
from stockbridge.core.secret import Secret
from stockbridge.http.clock import Clock, scaled
from stockbridge.http.transport import Transport
from stockbridge_sandbox.company import Company, Contact, Currency, Location
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
"""How fast all clocks run, so that the minute's limit costs no time."""

_OWN_NUMBER = {"ignore_auto_number_generation": "true"}
_PURCHASE = ("vendor_id", "date", "delivery_date", "reference_number", "exchange_rate", "location_id")
_ITEM = ("name", "sku", "rate", "purchase_rate", "purchase_description", "ean", "vendor_id", "product_type")
_BY_HAND = {"placed", "totalValue", "completed", "expectedDeliveryDate", "supplierId"}


def _empty() -> Company:
    at = datetime.fromisoformat("2026-01-05T09:00:00+00:00")
    return Company(
        name="Twee Wielen",
        time_zone="Europe/Amsterdam",
        base_currency="EUR",
        currencies=(
            Currency(code="EUR", name="Euro", symbol="€"),
            Currency(code="USD", name="US Dollar", symbol="$", rate=Decimal("0.9")),
        ),
        locations=(Location(key="store", name="store", primary=True), Location(key="depot", name="depot")),
        customers=(Contact(key="c", contact_type="customer", name="Customer", created=at, modified=at),),
    )


@dataclass(slots=True, kw_only=True)
class SandboxWorld:
    """Both sandboxes with our connectors to them. `_known` is what the file last said of each record of Zoho."""

    sandbox: Sandbox
    zoho: Connector
    optiply: Connector
    clock: Clock
    names: Names = field(default_factory=Names)
    _known: dict[tuple[str, str], Fields] = field(default_factory=dict)
    _passed: timedelta = timedelta()

    def now(self) -> datetime:
        return self.clock.now() + self._passed

    def later(self, seconds: int) -> None:
        self.sandbox.clock.advance(seconds)
        self._passed += timedelta(seconds=seconds)

    def put(self, system: System, stream: str, name: str, fields: Fields) -> None:
        if system == "optiply":
            self._put_optiply(stream, name, fields)
            return
        if self.names.find("zoho", stream, name) is None:
            id = self._made(stream, name, fields)
            self.names.add("zoho", stream, name, id)
        else:
            self._edited(stream, name, fields)
        whole = {**self._known.get((stream, name), {}), **fields}
        self._known[stream, name] = whole
        self._brought(stream, name, fields)

    def drop(self, system: System, stream: str, name: str) -> None:
        id = self.names.id(system, stream, name)
        if system == "optiply":
            if stream == "assemblyOrders":
                line = next(row for row in self.sandbox.optiply.rows("buyOrderLines") if str(row["id"]) == id)
                stream, id = "buyOrders", str(line["buyOrderId"])
            self.sandbox.optiply.remove(stream, id)
        else:
            path = {"vendors": "contacts", "composites": "compositeitems"}.get(stream, stream)
            self._zoho("DELETE", f"/{path}/{id}")
        self.sandbox.clock.advance(5)

    def rows(self, system: System, stream: str) -> dict[str, Fields]:
        if system == "zoho":
            return {row["id"]: self._shown(stream, row["id"]) for row in self.sandbox.zoho.rows(stream)}
        assembled = {
            str(row["id"]): self._plain("buyOrders", row)
            for row in self.sandbox.optiply.rows("buyOrders")
            if row.get("assembly")
        }
        if stream == "assemblyOrders":
            out = {}
            for row in self.sandbox.optiply.rows("buyOrderLines"):
                order = assembled.get(str(row["buyOrderId"]))
                if order is not None:
                    line = self._plain("buyOrderLines", row)
                    mark = line["remoteId"] or order["remoteId"]
                    out[str(row["id"])] = {**order, **line, "remoteId": mark, "completed": order["completed"]}
            return out
        rows = self.sandbox.optiply.rows(stream)
        if stream == "buyOrders":
            rows = [row for row in rows if str(row["id"]) not in assembled]
        if stream == "buyOrderLines":
            rows = [row for row in rows if str(row["buyOrderId"]) not in assembled]
        return {str(row["id"]): self._plain(stream, row) for row in rows}

    # What people do in Zoho.

    def _zoho(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        answer = self.sandbox.zoho.direct(method, path, query=dict(query or {}), body=_json(body))
        self.sandbox.clock.advance(2)
        return answer

    def _made(self, stream: str, name: str, fields: Fields) -> str:
        body = self._body(stream, fields)
        match stream:
            case "vendors":
                return str(self._zoho("POST", "/contacts", body)["contact"]["contact_id"])
            case "items":
                first = {"name": name.capitalize(), "sku": name.upper(), "rate": 10, "purchase_rate": 5}
                kind = {"product_type": "goods", "item_type": "inventory"}
                return str(self._zoho("POST", "/items", {**first, **kind, **body})["item"]["item_id"])
            case "composites":
                first = {"name": name.capitalize(), "sku": name.upper(), "rate": 10, "purchase_rate": 5}
                kind = {"product_type": "goods", "item_type": "inventory"}
                made = self._zoho("POST", "/compositeitems", {**first, **kind, **body})
                return str(made["composite_item"]["composite_item_id"])
            case "purchaseorders":
                order = self._zoho("POST", "/purchaseorders", body)["purchaseorder"]
                self._name_lines(fields["lines"], order["line_items"])
                return str(order["purchaseorder_id"])
            case "bundles":
                made = self._zoho("POST", "/bundles", {**self._recipe(fields), **body}, _OWN_NUMBER)
                return str(made["bundle"]["bundle_id"])
            case "salesorders":
                customer = next(row["id"] for row in self.sandbox.zoho.rows("customers"))
                order = self._zoho("POST", "/salesorders", {"customer_id": customer, **body})["salesorder"]
                return str(order["salesorder_id"])
        raise ValueError(stream)

    def _edited(self, stream: str, name: str, fields: Fields) -> None:
        id = self.names.id("zoho", stream, name)
        if stream == "purchaseorders" and any(
            self._known.get((stream, name), {}).get(one) != fields[one] for one in fields
        ):
            body = self._body(stream, fields)
            if body:
                order = self._zoho("PUT", f"/purchaseorders/{id}", body)["purchaseorder"]
                self._name_lines(fields.get("lines") or (), order["line_items"])
            return
        path = {"vendors": "contacts", "composites": "compositeitems"}.get(stream, stream)
        body = self._body(stream, fields)
        if body:
            self._zoho("PUT", f"/{path}/{id}", body, _OWN_NUMBER if stream == "bundles" else None)

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
                    rows = self._zoho("GET", "/settings/currencies")["currencies"]
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
            self._zoho("POST", f"/{path}/{id}/{status}")
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
            item = self._zoho("GET", f"/items/{id}")["item"]
            at = self.names.id("zoho", "locations", place)
            row: Fields = next((one for one in item["locations"] if one["location_id"] == at), {})
            more = Decimal(amounts[_STOCK]) - Decimal(str(row.get(f"location_{_STOCK}", 0)))
            self.sandbox.control.move_stock(id, at, physical=float(more), accounting=float(more))

    def _sell(self, id: str, status: str) -> None:
        if status in ("confirmed", "closed"):
            self._zoho("POST", f"/salesorders/{id}/status/confirmed")
        if status == "void":
            self._zoho("POST", f"/salesorders/{id}/status/void")
        if status == "closed":
            self.sandbox.control.fulfil(id, "ship")
            self.sandbox.control.fulfil(id, "invoice")

    def _issue(self, id: str, wanted: str) -> None:
        now = self._zoho("GET", f"/purchaseorders/{id}")["purchaseorder"]["order_status"]
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
            self._zoho("POST", f"/purchaseorders/{id}/{step}")

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
            self._zoho("DELETE", f"/purchasereceives/{self.names.id('zoho', 'purchase_receives', receive)}")
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
                made = self._zoho("POST", "/purchasereceives", body, {"purchaseorder_id": id})
                row = next(one for one in made.values() if isinstance(one, dict))
                self.names.add("zoho", "purchase_receives", receive, row["receive_id"])
            elif had[receive] != lines:
                known = self.names.id("zoho", "purchase_receives", receive)
                self._zoho("PUT", f"/purchasereceives/{known}", body)
            had[receive] = lines

    def _bill(self, id: str) -> None:
        order = self._zoho("GET", f"/purchaseorders/{id}")["purchaseorder"]
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
        self._zoho("POST", "/bills", body)

    def _build(self, id: str, name: str) -> None:
        whole = self._known["bundles", name]
        for part in self._known["composites", whole["composite_item_id"]]["parts"]:
            item = self.names.id("zoho", "items", part["item_id"])
            if self._known["items", part["item_id"]].get("product_type") != "service":
                count = float(part["quantity"] * whole["quantity_to_bundle"])
                self.sandbox.control.move_stock(item, "", physical=count, accounting=count)
        self._zoho("POST", f"/bundles/{id}/bundled")

    def _shown(self, stream: str, id: str) -> Fields:
        if stream == "purchaseorders":
            order = self.sandbox.zoho.direct("GET", f"/purchaseorders/{id}")["purchaseorder"]
            return {**order, "lines": order["line_items"]}
        if stream == "bundles":
            return dict(self.sandbox.zoho.direct("GET", f"/bundles/{id}")["bundle"])
        return {}

    # What people do in Optiply.

    def _put_optiply(self, stream: str, name: str, fields: Fields) -> None:
        given: Fields = {
            name: f"{value}T00:00:00Z" if type(value) is date else _json(value)
            for name, value in self.names.resolve("optiply", stream, fields).items()
        }
        id = self.names.find("optiply", stream, name)
        people = self.sandbox.optiply
        if stream == "buyOrders":
            lines = given.pop("lines", None)
            if id is None:
                row = people.place_order({**given, "lines": [_bare(one) for one in lines or ()]})
                id = str(row["id"])
                made = [one["id"] for one in people.rows("buyOrderLines") if str(one["buyOrderId"]) == id]
                for line, key in zip(lines or (), made, strict=True):
                    self.names.add("optiply", "buyOrderLines", line["id"], str(key))
            else:
                if given:
                    people.edit("buyOrders", id, given)
                if lines is not None:
                    self._edit_lines(id, lines)
        elif stream == "assemblyOrders":
            id = self._assembly(name, given, id)
        elif id is None:
            id = str(people.add(stream, given)["id"])
        else:
            people.edit(stream, id, given)
        self.names.add("optiply", stream, name, id)
        self.sandbox.clock.advance(5)

    def _edit_lines(self, order: str, lines: list[Fields]) -> None:
        people = self.sandbox.optiply
        standing = [str(one["id"]) for one in people.rows("buyOrderLines") if str(one["buyOrderId"]) == order]
        kept = [self.names.find("optiply", "buyOrderLines", line["id"]) for line in lines]
        for key in standing:
            if key not in kept:
                people.remove_order_line(order, key)
        for line, known in zip(lines, kept, strict=True):
            if known is None:
                made = str(people.add_order_line(order, _bare(line))["id"])
                self.names.add("optiply", "buyOrderLines", line["id"], made)
            else:
                people.edit_order_line(order, known, _bare(line))

    def _assembly(self, name: str, given: Fields, id: str | None) -> str:
        people = self.sandbox.optiply
        of_line: Fields = {
            key: given[key] for key in ("productId", "quantity", "subtotalValue") if key in given
        }
        of_order = {key: given[key] for key in _BY_HAND if key in given}
        if id is not None:
            row = next(one for one in people.rows("buyOrderLines") if str(one["id"]) == id)
            order = str(row["buyOrderId"])
            if of_line:
                people.edit_order_line(order, id, of_line)
            if of_order:
                people.edit("buyOrders", order, of_order)
            return id
        with_others = self.names.find("optiply", "buyOrders", given.get("buyOrderId", ""))
        if with_others is not None:
            return str(people.add_order_line(with_others, of_line)["id"])
        row = people.place_order({**of_order, "assembly": True, "lines": [of_line]})
        if "buyOrderId" in given:
            self.names.add("optiply", "buyOrders", given["buyOrderId"], str(row["id"]))
        lines = people.rows("buyOrderLines")
        return str(next(one["id"] for one in lines if str(one["buyOrderId"]) == str(row["id"])))

    def _plain(self, stream: str, row: Mapping[str, Any]) -> Fields:
        """A raw row in the fields of our stream: ids as text, and the mark of our coupling."""
        refer = {one.name for one in OPTIPLY[stream].fields if one.refers_to or one.kind is Kind.TEXT}
        values = {
            name: str(value) if name in refer and isinstance(value, int) else value
            for name, value in row.items()
        }
        values["remoteId"] = row["remoteIdMap"].get(str(self.sandbox.optiply.login.coupling_id))
        return values


_STOCK = "actual_available_for_sale_stock"


def _bare(line: Fields) -> Fields:
    return {name: value for name, value in line.items() if name != "id"}


def _json(value: Any) -> Any:
    """What a file says as JSON says it."""
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [_json(one) for one in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return value


@contextmanager
def sandbox_world() -> Iterator[SandboxWorld]:
    """A company that has only a customer, and an empty Optiply."""
    with start(_empty()) as sandbox, Transport() as transport:
        refresh = exchanged(sandbox)
        clock = scaled(SPEED, start=sandbox.clock.now())
        sandbox.clock.set_speed(SPEED)
        login, other = sandbox.zoho.accounts(), sandbox.optiply.login
        ours = ZohoAccount(
            name="Winkel",
            accounts_server=f"{sandbox.zoho_url}/dc/eu",
            organization_id=login["organization_id"],
            client_id=login["client_id"],
            client_secret=Secret(login["client_secret"]),
            refresh_token=refresh,
        )
        theirs = OptiplyAccount(
            name="Planning",
            username=other.username,
            password=Secret(other.password),
            client_id=other.client_id,
            client_secret=Secret(other.client_secret),
            account_id=str(other.account_id),
            coupling_id=str(other.coupling_id),
            api_base=f"{sandbox.optiply_url}/v1",
            token_base=f"{sandbox.optiply_url}/api",
        )
        world = SandboxWorld(
            sandbox=sandbox,
            zoho=zoho.connect(ours, clock=clock, transport=transport),
            optiply=optiply.connect(theirs, clock=clock, transport=transport),
            clock=clock,
        )
        for row in sandbox.zoho.direct("GET", "/locations")["locations"]:
            world.names.add("zoho", "locations", row["location_name"], row["location_id"])
        yield world
