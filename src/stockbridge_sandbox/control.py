"""The control application: the same functions for tests in the process and, under /_sandbox, over HTTP.

Nothing done here appears in the request log or costs quota.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stockbridge_sandbox.business import business
from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.faults import Fault, Faults
from stockbridge_sandbox.http import Request, Response, json_response
from stockbridge_sandbox.optiply.app import Optiply
from stockbridge_sandbox.optiply.refusal import Refusal
from stockbridge_sandbox.people.app import People
from stockbridge_sandbox.people.refusal import Refusal as PeopleRefusal
from stockbridge_sandbox.server import RequestLog, Seen
from stockbridge_sandbox.zoho import handwork, movements
from stockbridge_sandbox.zoho.api import Zoho
from stockbridge_sandbox.zoho.errors import ApiError
from stockbridge_sandbox.zoho.wire import read_number
from stockbridge_sandbox.zoho.world import one_contact, one_item, one_order, one_purchase


class Control:
    """Steers a running sandbox: clock, faults, request log, switches, and what people do by hand."""

    def __init__(
        self,
        *,
        clock: Clock,
        faults: Faults,
        log: RequestLog,
        zoho: Zoho,
        optiply: Optiply,
        people: People,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._log = log
        self._zoho = zoho
        self._optiply = optiply
        self._people = people

    # Time

    def clock(self) -> dict[str, object]:
        """The moment and the speed of the sandbox clock, and the moment at which it stood at the real time."""
        clock = self._clock
        return {
            "now": clock.now().isoformat(),
            "speed": clock.speed,
            "start": clock.start().isoformat(),
        }

    def advance(self, seconds: float) -> dict[str, object]:
        """Move the sandbox clock forward."""
        self._clock.advance(seconds)
        return self.clock()

    def set_speed(self, speed: float) -> dict[str, object]:
        """Let the sandbox clock run at another speed."""
        self._clock.set_speed(speed)
        return self.clock()

    # Logins

    def accounts(self) -> dict[str, dict[str, str]]:
        """The made-up logins of all systems, with a fresh self-client code for Zoho."""
        login = self._optiply.login
        return {
            "zoho": self._zoho.accounts(),
            "optiply": {
                "username": login.username,
                "password": login.password,
                "client_id": login.client_id,
                "client_secret": login.client_secret,
                "account_id": str(login.account_id),
                "coupling_id": str(login.coupling_id),
            },
            "people": self._people.accounts(),
        }

    def self_client(self, scope: str = "ZohoInventory.FullAccess.all") -> str:
        """A fresh self-client code for a scope."""
        return self._zoho.self_client_code(scope)

    # Requests and faults

    def requests(self, system: str | None = None, since: int = 0) -> list[Seen]:
        """The request log, after number `since`, of one system ("zoho", "accounts", "optiply", "people", "people_login") or of all."""
        return self._log.rows(system, since)

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._log.clear()

    def add_fault(self, fault: Fault) -> int:
        """Set a fault; gives its id."""
        return self._faults.add(fault)

    def faults(self) -> list[dict[str, object]]:
        """The faults in force, and how often each fired."""
        return self._faults.report()

    def clear_faults(self) -> None:
        """Lift all faults."""
        self._faults.clear()

    # What happens in the company

    def business(
        self, hours: float = 1, seed: int = 1, *, days: int = 0, advance: bool = True
    ) -> list[dict[str, str]]:
        """Let some hours of sales happen in Zoho, or some days of all business on both sides; gives the events.

        The clock moves with it, unless told not to.
        """
        with self._zoho.lock:
            events = business(
                self._zoho.world, hours=hours, days=days, seed=seed, advance=advance, optiply=self._optiply
            )
        return [event.row() for event in events]

    def zoho_call(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: object = None
    ) -> dict[str, Any]:
        """What a person does in Zoho by hand, written as an API call. Raises ApiError as the API would answer."""
        return self._zoho.direct(method, path, query=query, body=body)

    def move_stock(
        self, item_id: str, location_id: str = "", *, physical: object = 0, accounting: object = 0
    ) -> None:
        """Move one or both ledgers of an item; the primary location when none is named."""
        with self._zoho.lock:
            world = self._zoho.world
            movements.move_stock(
                world,
                one_item(world, item_id),
                location_id or world.primary_location.id,
                physical=read_number("physical", physical) or 0,  # type: ignore[arg-type]
                accounting=read_number("accounting", accounting) or 0,  # type: ignore[arg-type]
            )

    def fulfil(self, order_id: str, what: str) -> None:
        """Ship, invoice or hold a sales order. Raises ValueError when it is not confirmed."""
        done = {"ship": movements.ship, "invoice": movements.invoice, "hold": movements.hold}
        if what not in done:
            raise ValueError(f"an order is shipped, invoiced or held: ship, invoice or hold, not {what!r}")
        with self._zoho.lock:
            done[what](self._zoho.world, one_order(self._zoho.world, order_id))

    def mark_purchase(self, order_id: str, what: str) -> None:
        """Mark a purchase order as received without a receive, or take that back. Raises ApiError as the pages would."""
        done = {"received": handwork.mark_received, "unreceived": handwork.unmark_received}
        if what not in done:
            raise ValueError(f"a purchase order is marked as received or unreceived, not {what!r}")
        with self._zoho.lock:
            done[what](self._zoho.world, one_purchase(self._zoho.world, order_id))

    def set_amounts(self, contact_id: str, **amounts: str) -> None:
        """Leave a contact with these amounts (`receivable`, `payable`, `receivable_credits`, `payable_credits`)."""
        with self._zoho.lock:
            world = self._zoho.world
            read = {name: read_number(name, amount) for name, amount in amounts.items()}
            handwork.set_amounts(world, one_contact(world, contact_id), **read)

    def define_field(
        self, entity: str, label: str, data_type: str = "string", options: Sequence[str] = ()
    ) -> str:
        """Define a custom field of Zoho's ("contact", "item"); gives its api name."""
        with self._zoho.lock:
            return handwork.define_field(self._zoho.world, entity, label, data_type, options)

    def change_options(self, entity: str, api_name: str, options: Sequence[str]) -> None:
        """Give a custom field of Zoho's other options to choose from. Raises KeyError where there is no such field."""
        with self._zoho.lock:
            handwork.change_options(self._zoho.world, entity, api_name, options)

    def add_webhooks(
        self, url: str, *, secret: str = "", entities: Sequence[str] = (), form: bool = False
    ) -> list[str]:
        """Set up webhooks on everything that happens to some entities (all, when none is named); gives their ids."""
        with self._zoho.lock:
            return handwork.add_webhooks(self._zoho.world, url, secret=secret, entities=entities, form=form)

    def remove_webhooks(self) -> None:
        """Remove all webhooks and their rules."""
        with self._zoho.lock:
            handwork.remove_webhooks(self._zoho.world)

    def deliveries(self) -> list[dict[str, object]]:
        """The webhooks sent, once all that happened so far is on its way (ten seconds are waited at most)."""
        self._zoho.hooks.settled()
        return [sent.row() for sent in self._zoho.hooks.sent()]

    def zoho_settings(self, changes: dict[str, object]) -> dict[str, object]:
        """Set switches of Zoho; gives all of them. Raises ValueError for an unknown one or a wrong type."""
        return dict(msgspec.to_builtins(self._zoho.change_switches(changes)))

    def optiply_settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set switches of Optiply; gives all of them. Raises ValueError for an unknown one or a wrong type."""
        return self._optiply.configure(changes)

    def place_order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """A buy order placed by the Optiply user (createdFromPublicApi is false)."""
        return self._optiply.place_order(order)

    def edit_order(self, key: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """A buy order that the Optiply user edits: dates, total, completed."""
        return self._optiply.edit("buyOrders", key, attributes)

    def remove_order(self, key: str) -> None:
        """A buy order that the Optiply user deletes, with its lines and receipts."""
        self._optiply.remove("buyOrders", key)

    def add_order_line(self, key: str, line: Mapping[str, Any]) -> dict[str, Any]:
        """A line that the Optiply user adds to a buy order; the order's total follows."""
        return self._optiply.add_order_line(key, line)

    def edit_order_line(self, key: str, line: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """A line of a buy order that the Optiply user edits; the order's total follows."""
        return self._optiply.edit_order_line(key, line, attributes)

    def remove_order_line(self, key: str, line: str) -> None:
        """A line of a buy order that the Optiply user deletes; the order's total follows."""
        self._optiply.remove_order_line(key, line)

    def add(self, resource: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """A row that the Optiply user adds, such as a supplier product of their own."""
        return self._optiply.add(resource, attributes)

    def edit(self, resource: str, key: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """An edit by hand in Optiply, such as a minimum order quantity. Nothing but that row is written."""
        return self._optiply.edit(resource, key, attributes)

    def remove(self, resource: str, key: str) -> None:
        """A removal by hand in Optiply."""
        self._optiply.remove(resource, key)

    def state(self, system: str, collection: str) -> list[dict[str, Any]]:
        """The raw rows of a collection. Raises KeyError for an unknown one."""
        if system == "zoho":
            return self._zoho.rows(collection)
        if system == "optiply":
            return self._optiply.rows(collection)
        if system == "people":
            return self._people.rows(collection)
        raise KeyError(system)

    def __call__(self, request: Request) -> Response:
        """Serve /_sandbox/… over HTTP. What cannot be done is 400 or 404 with the reason."""
        try:
            answer = self._answer(request)
        except (ValueError, TypeError, AttributeError) as error:
            return json_response({"error": str(error)}, 400)
        except KeyError as error:
            return json_response({"error": f"there is no {error.args[0]}"}, 404)
        except ApiError as error:
            return json_response({"error": error.message, "code": error.code}, error.status)
        except Refusal as error:
            return json_response(error.body, error.status)
        except PeopleRefusal as error:
            return json_response(error.body, error.http)
        return json_response(answer)

    def _answer(self, request: Request) -> object:
        parts = request.path.strip("/").split("/")
        body: Any = request.json() if request.body else {}
        match request.method, *parts:
            case "GET", "clock":
                return self.clock()
            case "POST", "clock":
                if "speed" in body:
                    self.set_speed(float(body["speed"]))
                return self.advance(float(body.get("advance", 0)))
            case "GET", "accounts":
                return self.accounts()
            case "POST", "self-client":
                scope = (body.get("self_client") or body).get("scope", "ZohoInventory.FullAccess.all")
                return {"code": self.self_client(scope)}
            case "GET", "requests":
                rows = self.requests(request.get("system"), int(request.get("since") or 0))
                return {"requests": [seen.row() for seen in rows]}
            case "DELETE", "requests":
                self.clear_requests()
            case "GET", "faults":
                return {"faults": self.faults()}
            case "POST", "faults":
                wanted = body if isinstance(body, list) else [body]
                faults = [msgspec.convert(each, Fault) for each in wanted]
                return {"ids": [self.add_fault(fault) for fault in faults]}
            case "DELETE", "faults":
                self.clear_faults()
            case "DELETE", "faults", number:
                self._faults.remove(int(number))
            case "POST", "business":
                hours, days = float(body.get("hours", 1)), int(body.get("days", 0))
                seed, advance = int(body.get("seed", 1)), body.get("advance", True) is True
                return {"events": self.business(hours, seed, days=days, advance=advance)}
            case "GET", "state", system, collection:
                return {"rows": self.state(system, collection)}
            case _:
                return self._answer_system(request, parts, body)
        return {}

    def _answer_system(self, request: Request, parts: list[str], body: Any) -> object:
        match request.method, *parts:
            case "POST", "zoho", "settings":
                return self.zoho_settings(body)
            case "POST", "zoho", "call":
                return self.zoho_call(
                    body["method"], body["path"], query=body.get("query"), body=body.get("body")
                )
            case "POST", "zoho", "stock":
                self.move_stock(
                    body["item_id"],
                    body.get("location_id", ""),
                    physical=body.get("physical", 0),
                    accounting=body.get("accounting", 0),
                )
            case "POST", "zoho", "salesorders", order_id, what:
                self.fulfil(order_id, what)
            case "POST", "zoho", "purchaseorders", order_id, what:
                self.mark_purchase(order_id, what)
            case "POST", "zoho", "webhooks":
                ids = self.add_webhooks(
                    body["url"],
                    secret=body.get("secret", ""),
                    entities=body.get("entities", ()),
                    form=body.get("form", False) is True,
                )
                return {"webhook_ids": ids}
            case "DELETE", "zoho", "webhooks":
                self.remove_webhooks()
            case "GET", "zoho", "deliveries":
                return {"deliveries": self.deliveries()}
            case "POST", "optiply", "settings":
                return self.optiply_settings(body)
            case "POST", "optiply", "orders":
                return self.place_order(body)
            case "PATCH", "optiply", "orders", key:
                return self.edit_order(key, body)
            case "DELETE", "optiply", "orders", key:
                self.remove_order(key)
            case "POST", "optiply", "orders", key, "lines":
                return self.add_order_line(key, body)
            case "PATCH", "optiply", "orders", key, "lines", line:
                return self.edit_order_line(key, line, body)
            case "DELETE", "optiply", "orders", key, "lines", line:
                self.remove_order_line(key, line)
            case "POST", "optiply", resource:
                return self.add(resource, body)
            case "PATCH", "optiply", resource, key:
                return self.edit(resource, key, body)
            case "DELETE", "optiply", resource, key:
                self.remove(resource, key)
            case _:
                return self._answer_people(request, parts, body)
        return {}

    def _answer_people(self, request: Request, parts: list[str], body: Any) -> object:
        match request.method, *parts:
            case "POST", "people", "settings":
                return self._people.configure(body)
            case "POST", "people", "refresh-token":
                return {"refresh_token": self._people.refresh_token(body.get("scope", "contacts"))}
            case "POST", "people", "contacts":
                return self._people.add(body)
            case "POST", "people", "others":
                return self._people.add(body, other=True)
            case "PATCH", "people", "contacts", key:
                return self._people.edit(f"people/{key}", body)
            case "DELETE", "people", "contacts", key:
                self._people.remove(f"people/{key}")
            case "POST", "people", "contacts", key, "restore":
                return self._people.restore(f"people/{key}")
            case "POST", "people", "contacts", key, "merge":
                return self._people.merge(f"people/{key}", [f"people/{other}" for other in body["others"]])
            case "POST", "people", "contacts", key, "profile":
                rename = body.get("rename", False) is True
                return self._people.link_profile(f"people/{key}", body["person"], rename=rename)
            case "POST", "people", "contacts", key, "label":
                return self._people.label(f"people/{key}", body["label"], on=body.get("on", True) is True)
            case "DELETE", "people", "labels", label:
                self._people.remove_label(label, contacts=request.get("contacts") == "true")
            case _:
                raise KeyError(f"{request.method} /_sandbox/{'/'.join(parts)}")
        return {}
