"""Locations, or warehouses before the migration: the switch `stock_layout` decides which answers (facts: Zoho 10.11)."""

from __future__ import annotations

from collections.abc import Callable

from stockbridge_sandbox.zoho.errors import in_use, invalid_url, invalid_value, no_such
from stockbridge_sandbox.zoho.records import Address, Location
from stockbridge_sandbox.zoho.wire import Json, read_text
from stockbridge_sandbox.zoho.world import Call, Reply, World

_TYPES = ("general", "line_item_only")
# Documented for a single location and always empty here (locations/get_location).
_DETAIL: Json = dict.fromkeys(
    (
        "website",
        "tax_reg_no",
        "autonumbergenerationgroup_id",
        "autonumbergenerationgroup_name",
        "customer_id",
        "customer_name",
        "vendor_id",
        "vendor_name",
        "location_identification_number",
        "location_identification_label",
    ),
    "",
)


def list_locations(call: Call) -> Reply:
    """GET /locations: no page_context. 404/5 before the migration."""
    _migrated(call.world)
    wanted = call.get("location_type")
    if wanted is not None and wanted not in _TYPES:
        raise invalid_value("location_type")
    rows = [_shown(location) for location in call.world.locations if wanted in (None, location.type)]
    return Reply(content={"locations": rows})


def get_location(call: Call) -> Reply:
    """GET /locations/{id}."""
    _migrated(call.world)
    return Reply(content={"location": _shown_detail(_one(call.world, call.ids[0]))})


def create_location(call: Call) -> Reply:
    """POST /locations: location_name is required; the answer is under `locations`, as the document has it."""
    _migrated(call.world)
    world = call.world
    now = world.now()
    location = Location(id="", name="", created=now, modified=now)
    _read(world, location, call.body())
    if not location.name:
        raise invalid_value("location_name")
    location.id = world.new_id()
    world.locations.add(location)
    return Reply(status=201, message="Location has been created.", content={"locations": _shown(location)})


def update_location(call: Call) -> Reply:
    """PUT /locations/{id}."""
    _migrated(call.world)
    location = _one(call.world, call.ids[0])
    _read(call.world, location, call.body())
    _touch(call.world, location)
    return Reply(message="Location has been updated.", content={"locations": _shown(location)})


def delete_location(call: Call) -> Reply:
    """DELETE /locations/{id}: refused for the primary one and for one that has stock (a guess)."""
    _migrated(call.world)
    world, location = call.world, _one(call.world, call.ids[0])
    if location.is_primary or any(location.id in item.stock for item in world.items):
        raise in_use("The location has transactions and cannot be deleted. Mark it as inactive instead.")
    world.locations.remove(location)
    return Reply(message="The location has been deleted..")


def mark_location(status: str) -> Callable[[Call], Reply]:
    """POST /locations/{id}/active and /inactive."""

    def mark(call: Call) -> Reply:
        _migrated(call.world)
        location = _one(call.world, call.ids[0])
        location.status = status
        _touch(call.world, location)
        return Reply(message=f"The location has been marked as {status}.")

    return mark


def mark_primary(call: Call) -> Reply:
    """POST /locations/{id}/markasprimary."""
    _migrated(call.world)
    chosen = _one(call.world, call.ids[0])
    for location in call.world.locations:
        location.is_primary = location is chosen
    _touch(call.world, chosen)
    return Reply(message="The location has been marked as primary.")


def enable_locations(call: Call) -> Reply:
    """POST /settings/locations/enable: the migration; `warehouse_*` names become `location_*`."""
    call.world.switches.stock_layout = "locations"
    call.world.items.redraw()
    return Reply(message="We're enabling locations for your organization.")


def list_warehouses(call: Call) -> Reply:
    """GET /settings/warehouses: 404/5 after the migration."""
    if call.world.switches.stock_layout != "warehouses":
        raise invalid_url()
    return Reply(content={"warehouses": [_shown_warehouse(location) for location in call.world.locations]})


def get_warehouse(call: Call) -> Reply:
    """GET /settings/warehouses/{id}."""
    if call.world.switches.stock_layout != "warehouses":
        raise invalid_url()
    return Reply(content={"warehouse": _shown_warehouse(_one(call.world, call.ids[0]))})


def _migrated(world: World) -> None:
    if world.switches.stock_layout != "locations":
        raise invalid_url()


def _one(world: World, id_: str) -> Location:
    location = world.locations.get(id_)
    if location is None:
        raise no_such("Location")
    return location


def _touch(world: World, location: Location) -> None:
    location.modified = world.now()
    world.locations.changed(location)


def _read(world: World, location: Location, body: Json) -> None:
    name = read_text("location_name", body.get("location_name", location.name), 100)
    kind = body.get("type", location.type)
    parent = str(body.get("parent_location_id", location.parent_id) or "")
    if kind not in _TYPES:
        raise invalid_value("type")
    if parent and world.locations.get(parent) is None:
        raise no_such("Location")
    location.name, location.type, location.parent_id = name, kind, parent
    location.email = read_text("email", body.get("email", location.email), 100)
    location.phone = read_text("phone", body.get("phone", location.phone), 50)
    location.tax_settings_id = read_text(
        "tax_settings_id", body.get("tax_settings_id", location.tax_settings_id)
    )
    address = body.get("address")
    if isinstance(address, dict):
        location.address = Address(
            attention=read_text("attention", address.get("attention")),
            address=read_text("street_address1", address.get("street_address1")),
            street2=read_text("street_address2", address.get("street_address2")),
            city=read_text("city", address.get("city")),
            state=read_text("state", address.get("state")),
            state_code=read_text("state_code", address.get("state_code")),
            zip=read_text("zip", address.get("zip")),
            country=read_text("country", address.get("country")),
        )


def _shown(location: Location) -> Json:
    address = location.address
    return {
        "location_id": location.id,
        "location_name": location.name,
        "type": location.type,
        "parent_location_id": location.parent_id,
        "status": location.status,
        "is_primary": location.is_primary,
        "is_location_active": location.status == "active",
        "address": {
            "attention": address.attention,
            "street_address1": address.address,
            "street_address2": address.street2,
            "city": address.city,
            "state": address.state,
            "state_code": address.state_code,
            "zip": address.zip,
            "country": address.country,
        },
        "email": location.email,
        "phone": location.phone,
        "tax_settings_id": location.tax_settings_id,
        "auto_number_generation_id": "",
        "associated_series_ids": [],
        "is_all_users_selected": True,
        "associated_users": [],
    }


def _shown_detail(location: Location) -> Json:
    return {
        **_DETAIL,
        **_shown(location),
        "fax": location.address.fax,
        "is_primary_location": location.is_primary,
    }


def _shown_warehouse(location: Location) -> Json:
    address = location.address
    return {
        "warehouse_id": location.id,
        "warehouse_name": location.name,
        "status": location.status,
        "is_primary": location.is_primary,
        "attention": address.attention,
        "address": address.address,
        "address1": address.street2,
        "city": address.city,
        "state": address.state,
        "zip": address.zip,
        "country": address.country,
        "phone": location.phone,
        "email": location.email,
        "sales_channels": [],
    }
