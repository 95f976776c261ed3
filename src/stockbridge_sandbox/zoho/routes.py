"""Which path and method is served by which function, and what scope it needs, as one table.

The key is the method and the path with every id as `{id}`. Paths of the real API that the sandbox does not have
are named, so that they answer as "not simulated" and not as unknown (see FIDELITY.md).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stockbridge_sandbox.zoho import (
    adjustments,
    bundles,
    compositeitems,
    contacts,
    items,
    locations,
    organizations,
    persons,
    salesorders,
    settings,
)
from stockbridge_sandbox.zoho.purchaseroutes import PURCHASE_ROUTES
from stockbridge_sandbox.zoho.webhooks import WEBHOOK_ROUTES
from stockbridge_sandbox.zoho.world import Call, Reply

Handler = Callable[[Call], Reply]

_ID = re.compile(r"(?<=/)\d+(?=/|$)")
_VERBS = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}
_MODULES = {
    "items": "items",
    "item": "items",
    "itemdetails": "items",
    "compositeitems": "compositeitems",
    "bundles": "compositeitems",
    "inventoryadjustments": "inventoryadjustments",
    "contacts": "contacts",
    "vendors": "contacts",
    "customers": "contacts",
    "salesorders": "salesorders",
    "purchaseorders": "purchaseorders",
    "purchasereceives": "purchasereceives",
    "bills": "bills",
    "organizations": "settings",
    "locations": "settings",
    "settings": "settings",
}
NOT_SIMULATED = frozenset(
    [
        "creditnotes",
        "customerpayments",
        "estimates",
        "invoices",
        "itemgroups",
        "moveorders",
        "packages",
        "picklists",
        "pricebooks",
        "putaways",
        "reports",
        "salesreturns",
        "shipmentorders",
        "tasks",
        "transferorders",
        "units",
        "users",
        "variants",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A known path. `free` is exempt from the organisation check and from every limit."""

    handler: Handler
    scope: str
    free: bool = False


def route(method: str, path: str) -> tuple[Route | None, tuple[str, ...]]:
    """The route of a request and the ids in its path; None for a path or method that is not there."""
    ids = tuple(_ID.findall(path))
    return table().get((method, _ID.sub("{id}", path) if ids else path)), ids


@functools.cache
def table() -> Mapping[tuple[str, str], Route]:
    """All routes."""
    handlers: dict[str, Handler] = {
        "GET /organizations": organizations.list_organizations,
        "GET /organizations/{id}": organizations.get_organization,
        "PUT /organizations/{id}": organizations.update_organization,
        "GET /items": items.list_items,
        "POST /items": items.create_item,
        "DELETE /items": items.delete_items,
        "GET /items/{id}": items.get_item,
        "PUT /items/{id}": items.update_item,
        "DELETE /items/{id}": items.delete_item,
        "POST /items/{id}/active": items.mark_item("active"),
        "POST /items/{id}/inactive": items.mark_item("inactive"),
        "POST /items/active": items.mark_items("active"),
        "POST /items/inactive": items.mark_items("inactive"),
        "PUT /item/{id}/customfields": items.update_custom_fields,
        "GET /itemdetails": items.list_details,
        "GET /compositeitems": compositeitems.list_composites,
        "POST /compositeitems": compositeitems.create_composite,
        "GET /compositeitems/{id}": compositeitems.get_composite,
        "PUT /compositeitems/{id}": compositeitems.update_composite,
        "DELETE /compositeitems/{id}": compositeitems.delete_composite,
        "POST /compositeitems/{id}/active": compositeitems.mark_composite("active"),
        "POST /compositeitems/{id}/inactive": compositeitems.mark_composite("inactive"),
        "GET /bundles": bundles.list_bundles,
        "POST /bundles": bundles.create_bundle,
        "GET /bundles/{id}": bundles.get_bundle,
        "PUT /bundles/{id}": bundles.update_bundle,
        "DELETE /bundles/{id}": bundles.delete_bundle,
        "POST /bundles/{id}/bundled": bundles.mark_bundled,
        "POST /bundles/{id}/confirmed": bundles.mark_confirmed,
        "GET /inventoryadjustments": adjustments.list_adjustments,
        "POST /inventoryadjustments": adjustments.create_adjustment,
        "GET /inventoryadjustments/{id}": adjustments.get_adjustment,
        "PUT /inventoryadjustments/{id}": adjustments.update_adjustment,
        "DELETE /inventoryadjustments/{id}": adjustments.delete_adjustment,
        "POST /contacts/contactpersons": persons.create_person,
        "PUT /contacts/contactpersons/{id}": persons.update_person,
        "DELETE /contacts/contactpersons/{id}": persons.delete_person,
        "POST /contacts/contactpersons/{id}/primary": persons.mark_primary,
        "GET /contacts/{id}/contactpersons": persons.list_persons,
        "GET /contacts/{id}/contactpersons/{id}": persons.get_person,
        "GET /contacts/{id}/address": contacts.get_addresses,
        "GET /salesorders": salesorders.list_orders,
        "POST /salesorders": salesorders.create_order,
        "DELETE /salesorders": salesorders.delete_orders,
        "GET /salesorders/{id}": salesorders.get_order,
        "PUT /salesorders/{id}": salesorders.update_order,
        "DELETE /salesorders/{id}": salesorders.delete_order,
        "POST /salesorders/{id}/status/confirmed": salesorders.confirm_order,
        "POST /salesorders/{id}/status/void": salesorders.void_order,
        "POST /salesorders/status/confirmed": salesorders.confirm_orders,
        "GET /locations": locations.list_locations,
        "POST /locations": locations.create_location,
        "GET /locations/{id}": locations.get_location,
        "PUT /locations/{id}": locations.update_location,
        "DELETE /locations/{id}": locations.delete_location,
        "POST /locations/{id}/active": locations.mark_location("active"),
        "POST /locations/{id}/inactive": locations.mark_location("inactive"),
        "POST /locations/{id}/markasprimary": locations.mark_primary,
        "POST /settings/locations/enable": locations.enable_locations,
        "GET /settings/warehouses": locations.list_warehouses,
        "GET /settings/warehouses/{id}": locations.get_warehouse,
        "GET /settings/currencies": settings.list_currencies,
        "POST /settings/currencies": settings.create_currency,
        "GET /settings/currencies/{id}": settings.get_currency,
        "PUT /settings/currencies/{id}": settings.update_currency,
        "DELETE /settings/currencies/{id}": settings.delete_currency,
        "GET /settings/taxes": settings.list_taxes,
        "POST /settings/taxes": settings.create_tax,
        "GET /settings/taxes/{id}": settings.get_tax,
        "PUT /settings/taxes/{id}": settings.update_tax,
        "DELETE /settings/taxes/{id}": settings.delete_tax,
        "GET /settings/preferences": settings.get_preferences,
        "GET /settings/customfields": settings.list_custom_fields,
    }
    handlers |= PURCHASE_ROUTES
    handlers |= WEBHOOK_ROUTES
    for word, kind in (("contacts", None), ("vendors", "vendor"), ("customers", "customer")):
        handlers |= {
            f"GET /{word}": contacts.list_contacts(kind),
            f"POST /{word}": contacts.create_contact(kind or "customer"),
            f"GET /{word}/{{id}}": contacts.get_contact(kind),
            f"PUT /{word}/{{id}}": contacts.update_contact,
            f"DELETE /{word}/{{id}}": contacts.delete_contact,
            f"POST /{word}/{{id}}/active": contacts.mark_contact("active"),
            f"POST /{word}/{{id}}/inactive": contacts.mark_contact("inactive"),
        }
    routes = {}
    for key, handler in handlers.items():
        method, path = key.split(" ")
        module = _MODULES[path.split("/")[1]]
        scope = f"ZohoInventory.{module}.{_VERBS[method]}".lower()
        routes[method, path] = Route(handler=handler, scope=scope, free=path == "/organizations")
    return routes


def allows(granted: str, needed: str) -> bool:
    """Whether a list of scopes contains the needed one, `.ALL` of its module, or full access; case does not count."""
    scopes = {scope.strip() for scope in granted.lower().replace(" ", ",").split(",")}
    module = needed.rpartition(".")[0]
    return bool(scopes & {needed, f"{module}.all", "zohoinventory.fullaccess.all"})
