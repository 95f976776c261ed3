"""Shops for the streams of Zoho that Stockbridge writes, and for composite items: a person works at the sandbox itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from contract_shops import Shop, zoho_login

from stockbridge.connectors.zoho import connector as zoho
from stockbridge.core.record import Page, Record, Values
from stockbridge.http.clock import REAL
from stockbridge.http.transport import Transport
from stockbridge_sandbox.run import Sandbox, start

RECORDS = 203  # a page and a little
OWN_NUMBER = {"ignore_auto_number_generation": "true"}
KEYS = {"composites": "composite_item", "purchaseorders": "purchaseorder", "bundles": "bundle"}
PATHS = {"composites": "/compositeitems", "purchaseorders": "/purchaseorders", "bundles": "/bundles"}
HELD = {"composites": "items", "purchaseorders": "purchaseorders", "bundles": "bundles"}


def parts(sandbox: Sandbox) -> list[str]:
    """Two items that can be bought and built in, made where they are missing."""
    known = {row["sku"]: row["id"] for row in sandbox.zoho.rows("items")}
    for sku in {"FRAME", "WHEEL"} - known.keys():
        body = {
            "name": sku,
            "sku": sku,
            "item_type": "inventory",
            "product_type": "goods",
            "purchase_rate": 2,
        }
        made = sandbox.zoho.direct("POST", "/items", body={**body, "rate": 4, "initial_stock": 0})
        known[sku] = made["item"]["item_id"]
    return [known["FRAME"], known["WHEEL"]]


def composite(sandbox: Sandbox) -> str:
    """A composite item, made where it is missing."""
    for row in sandbox.zoho.rows("items"):
        if row["name"] == "Bike":
            return str(row["id"])
    made = sandbox.zoho.direct("POST", "/compositeitems", body=_recipe(sandbox, "Bike"))
    return str(made["composite_item"]["composite_item_id"])


def _recipe(sandbox: Sandbox, name: str) -> dict[str, Any]:
    frame, wheel = parts(sandbox)
    return {
        "name": name,
        "sku": f"C-{name}",
        "rate": 9,
        "item_type": "inventory",
        "product_type": "goods",
        "mapped_items": [{"item_id": frame, "quantity": 1}, {"item_id": wheel, "quantity": 2}],
    }


def to_make(sandbox: Sandbox, stream: str) -> Values:
    """Values that an order or an assembly can be made of."""
    if stream == "bundles":
        return {
            "composite_item_id": composite(sandbox),
            "quantity_to_bundle": Decimal(2),
            "date": date(2026, 3, 2),
            "is_completed": False,
        }
    frame, wheel = parts(sandbox)
    return {
        "vendor_id": sandbox.zoho.rows("vendors")[0]["id"],
        "date": date(2026, 3, 2),
        "delivery_date": date(2026, 3, 9),
        "lines": [
            {"item_id": frame, "quantity": Decimal(3), "rate": Decimal("1.5")},
            {"item_id": wheel, "quantity": Decimal(5)},
        ],
    }


def _body(sandbox: Sandbox, stream: str) -> dict[str, Any]:
    """What a person enters for a new record, but for its name."""
    if stream == "composites":
        return _recipe(sandbox, "")
    body = {**to_make(sandbox, stream), "date": "2026-03-02"}
    if stream == "purchaseorders":
        return {**body, "delivery_date": "2026-03-09", "line_items": body.pop("lines")}
    frame, wheel = parts(sandbox)
    used = [(frame, 1), (wheel, 2)]
    lines = [{"item_id": id, "name": id, "quantity_consumed": quantity} for id, quantity in used]
    return {**body, "composite_item_name": "Bike", "line_items": lines}


def _shop_of(stream: str) -> Callable[[], AbstractContextManager[Shop]]:
    @contextmanager
    def opened() -> Iterator[Shop]:
        with (
            start(items=1, vendors=1, orders=0, purchase_orders=0, seed=3) as sandbox,
            Transport() as transport,
        ):
            account, _ = zoho_login(sandbox, transport, REAL)
            path, query = PATHS[stream], OWN_NUMBER if stream == "bundles" else {}

            named = "name" if stream == "composites" else "reference_number"
            template = _body(sandbox, stream)

            def add(name: str) -> str:
                body = {**template, named: name, "sku": f"C-{name}"}
                made = sandbox.zoho.direct("POST", path, query=query, body=body)
                return str(made[KEYS[stream]][f"{KEYS[stream]}_id"])

            def edit(id: str, name: str) -> None:
                sandbox.zoho.direct("PUT", f"{path}/{id}", query=query, body={named: name})

            def held() -> set[str]:
                rows = sandbox.zoho.rows(HELD[stream])
                return {row["id"] for row in rows if stream != "composites" or row["is_combo_product"]}

            for number in range(RECORDS - len(held())):
                add(f"By hand {number}")
            sandbox.clock.advance(60)
            yield Shop(
                connector=zoho.connect(account, clock=REAL, transport=transport),
                stream=stream,
                name_field=named,
                ids=held,
                add=add,
                edit=edit,
                drop=lambda id: _none(sandbox.zoho.direct("DELETE", f"{path}/{id}")),
                new={} if stream == "composites" else to_make(sandbox, stream),
                change={"issued": True},
            )

    return opened


@contextmanager
def contacts_shop() -> Iterator[Shop]:
    with start(items=1, vendors=1, orders=0, purchase_orders=0, seed=3) as sandbox, Transport() as transport:
        account, _ = zoho_login(sandbox, transport, REAL)

        def add(name: str) -> str:
            body = {"contact_name": name, "contact_persons": [{"first_name": "Jo", "phone": "020 123"}]}
            return str(sandbox.zoho.direct("POST", "/contacts", body=body)["contact"]["contact_id"])

        def held() -> set[str]:
            return {row["id"] for row in sandbox.zoho.rows("contacts")}

        for number in range(RECORDS - len(held())):
            add(f"By hand {number}")
        sandbox.clock.advance(60)
        yield Shop(
            connector=zoho.connect(account, clock=REAL, transport=transport),
            stream="contacts",
            name_field="contact_name",
            ids=held,
            add=add,
            edit=lambda id, name: _none(
                sandbox.zoho.direct("PUT", f"/contacts/{id}", body={"contact_name": name})
            ),
            drop=lambda id: _none(sandbox.zoho.direct("DELETE", f"/contacts/{id}")),
            new={
                "contact_name": "Smit & Zn",
                "contact_type": "vendor",
                "company_name": "Smit & Zonen B.V.",
                "first_name": "Eva",
                "email": "eva@smit.example",
                "designation": "Inkoop",
                "billing_address.street": "Kade 1",
                "billing_address.postal_code": "1011 AB",
                "shipping_address.city": "Gent",
                "fax": "+32 9 1234",
                "notes": "Belt eerst.\nAltijd.",
            },
            change={"mobile": "+31 6 1234", "shipping_address.city": "Brugge"},
        )


class Derived:
    """A connector whose derived stream is read as the engine reads it: the full records of its source, and what they make."""

    def __init__(self, inner: zoho.ZohoConnector, stream: str) -> None:
        self._inner = inner
        self._stream = inner.streams()[stream]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        source, derive = self._stream.derived_from, self._stream.derive
        assert stream == self._stream.name and source is not None and derive is not None
        for page in self._inner.read(source, since):
            found = self._inner.fetch(source, [one.id for one in page.records])
            made = [each for one in found if isinstance(one, Record) for each in derive(one)]
            for place in range(0, len(made), 200):
                yield Page(records=made[place : place + 200], refused=[], checkpoint=None)
            yield Page(records=[], refused=page.refused, checkpoint=page.checkpoint)


@contextmanager
def people_shop() -> Iterator[Shop]:
    """Four companies, each with a quarter of the contact persons."""
    with (
        start(items=1, contacts=0, vendors=1, orders=0, purchase_orders=0, seed=3) as sandbox,
        Transport() as transport,
    ):
        account, _ = zoho_login(sandbox, transport, REAL)

        def call(method: str, path: str, body: object = None) -> dict[str, Any]:
            return sandbox.zoho.direct(method, path, body=body)

        def held() -> set[str]:
            out = set()
            for row in sandbox.zoho.rows("contacts"):
                id = row["id"]
                persons = call("GET", f"/contacts/{id}")["contact"]["contact_persons"]
                out |= {f"{id}_{one['contact_person_id']}" for one in persons} or {id}
            return out

        def add(name: str) -> str:
            made = call("POST", "/contacts/contactpersons", {"contact_id": contact, "first_name": name})
            return f"{contact}_{made['contact_person']['contact_person_id']}"

        for firm in "ABCD":
            persons = [{"first_name": f"Jo {number}", "phone": "020 123"} for number in range(RECORDS // 4)]
            body = {"contact_name": f"Firma {firm}", "company_name": f"{firm} BV", "contact_persons": persons}
            contact = str(call("POST", "/contacts", body)["contact"]["contact_id"])
        sandbox.clock.advance(60)
        yield Shop(
            connector=Derived(zoho.connect(account, clock=REAL, transport=transport, people=True), "people"),
            stream="people",
            name_field="first_name",
            ids=held,
            add=add,
            edit=lambda id, name: _none(
                call("PUT", f"/contacts/contactpersons/{id.partition('_')[2]}", {"first_name": name})
            ),
            drop=lambda id: _none(call("DELETE", f"/contacts/contactpersons/{id.partition('_')[2]}")),
            new={
                "first_name": "Eva",
                "last_name": "Smit",
                "email": "eva@smit.example",
                "designation": "Inkoop",
                "company_name": "D BV",
            },
            change={"mobile": "+31 6 1234", "department": "Winkel"},
        )


def _none(_: object) -> None:
    return None


ZOHO_SHOPS = {stream: _shop_of(stream) for stream in KEYS} | {
    "contacts@zoho": contacts_shop,
    "people@zoho": people_shop,
}
