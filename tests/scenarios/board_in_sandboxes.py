"""The world of the scenario files on the two sandboxes, over HTTP: people work there by the API or the back doors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from scenarios.board import exchanged
from scenarios.board_language import Fields, Names, System
from scenarios.board_people_of_zoho import ZohoPeople, as_json
from scenarios.sandbox_accounts import optiply_account, zoho_account
from stockbridge.connectors.base import Connector
from stockbridge.connectors.optiply import connector as optiply
from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.core.record import Kind
from stockbridge.http.clock import Clock, scaled
from stockbridge.http.transport import Transport
from stockbridge_sandbox.company import Company, Contact, Currency, Location
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1200.0
"""How fast all clocks run, so that the minute's limit costs no time."""

KINDS: dict[str, dict[str, Any]] = {
    "sandboxes": {},
    # Answers in the shape of the documents, and lists and receives as the documents have them.
    "documented": {"spec_envelopes": True, "bundles_need_composite": True, "receive_lines_own_ids": True},
    # An organisation from before the locations, whose orders do not tell when goods came.
    "older": {"stock_layout": "warehouses", "receive_moves_order_time": False},
}
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
    """Both sandboxes with our connectors to them."""

    sandbox: Sandbox
    zoho: Connector
    optiply: Connector
    clock: Clock
    people: ZohoPeople
    names: Names
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
        self.people.put(stream, name, fields)

    def drop(self, system: System, stream: str, name: str) -> None:
        id = self.names.id(system, stream, name)
        if system == "optiply":
            if stream == "assemblyOrders":
                line = next(row for row in self.sandbox.optiply.rows("buyOrderLines") if str(row["id"]) == id)
                stream, id = "buyOrders", str(line["buyOrderId"])
            self.sandbox.optiply.remove(stream, id)
        else:
            path = {"vendors": "contacts", "composites": "compositeitems"}.get(stream, stream)
            self.people.call("DELETE", f"/{path}/{id}")
        self.sandbox.clock.advance(5)

    def rows(self, system: System, stream: str) -> dict[str, Fields]:
        if system == "zoho":
            return {row["id"]: self.people.shown(stream, row["id"]) for row in self.sandbox.zoho.rows(stream)}
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

    # What people do in Optiply.

    def _put_optiply(self, stream: str, name: str, fields: Fields) -> None:
        given: Fields = {
            name: f"{value}T00:00:00Z" if type(value) is date else as_json(value)
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


def _bare(line: Fields) -> Fields:
    return {name: value for name, value in line.items() if name != "id"}


@contextmanager
def sandbox_world(kind: str = "sandboxes") -> Iterator[SandboxWorld]:
    """A company that has only a customer, and an empty Optiply. `kind` is one of `KINDS`."""
    with start(_empty()) as sandbox, Transport() as transport:
        refresh = exchanged(sandbox)
        clock = scaled(SPEED, start=sandbox.clock.now())
        sandbox.clock.set_speed(SPEED)
        ours = zoho_account(sandbox, "Winkel", refresh)
        theirs = optiply_account(sandbox, "Planning")
        names = Names()
        world = SandboxWorld(
            sandbox=sandbox,
            zoho=zoho.connect(ours, clock=clock, transport=transport),
            optiply=optiply.connect(theirs, clock=clock, transport=transport),
            clock=clock,
            people=ZohoPeople(sandbox=sandbox, names=names, odd=KINDS[kind]),
            names=names,
        )
        for row in sandbox.zoho.direct("GET", "/locations")["locations"]:
            world.names.add("zoho", "locations", row["location_name"], row["location_id"])
        sandbox.zoho.change_switches(dict(KINDS[kind]))
        yield world
