"""Whatever a caller sends, Zoho answers: nonsense in any field is refused or ignored, never a dropped connection."""

from __future__ import annotations

import pytest
from zoho_shop import shop
from zoho_workshop import workshop

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.zoho.api import Zoho
from stockbridge_sandbox.zoho.errors import ApiError

NONSENSE: tuple[object, ...] = (
    None,
    True,
    -1,
    1e300,
    "",
    "x" * 3000,
    "é",
    [],
    [None],
    [[]],
    {},
    {"a": None},
    [{"a": 1}],
)
FIELDS = {
    "/items": "name sku rate purchase_rate item_type product_type vendor_id tax_id custom_fields package_details "
    "locations initial_stock reorder_level is_returnable ean",
    "/contacts": "contact_name contact_type company_name payment_terms currency_id billing_address contact_persons "
    "custom_fields website first_name customer_sub_type",
    "/salesorders": "customer_id line_items date shipment_date exchange_rate currency_id custom_fields location_id "
    "salesorder_number reference_number shipping_charge",
    "/locations": "location_name type parent_location_id address email tax_settings_id",
    "/settings/taxes": "tax_name tax_percentage tax_type",
    "/settings/currencies": "currency_code currency_symbol price_precision exchange_rate",
    "/contacts/contactpersons": "contact_id first_name email",
}
ASSEMBLED = {
    "/compositeitems": "name sku rate item_type product_type combo_type mapped_items initial_stock locations",
    "/bundles": "reference_number date composite_item_id composite_item_name quantity_to_bundle line_items is_completed "
    "status location_id description expected_bundle_date custom_fields",
    "/inventoryadjustments": "date reason adjustment_type line_items location_id reference_number description",
}
LINES_OF = {
    "/compositeitems": ("mapped_items", "item_id quantity line_item_id mapped_item_id"),
    "/bundles": ("line_items", "item_id name quantity_consumed rate account_id description line_item_id"),
    "/inventoryadjustments": (
        "line_items",
        "item_id name quantity_adjusted location_id description line_item_id",
    ),
}
LINE = "item_id quantity rate discount tax_id location_id name description line_item_id"


@pytest.fixture(scope="module")
def zoho() -> Zoho:
    return Zoho.load(shop(), clock=Clock(0))


def _answered(zoho: Zoho, method: str, path: str, body: object) -> bool:
    """True when it was taken, False when it was refused in Zoho's way; anything else is raised."""
    try:
        return bool(zoho.direct(method, path, body=body)["code"] == 0)
    except ApiError as error:
        assert error.status in (400, 404)
        return False


def _good(zoho: Zoho, path: str) -> dict[str, object]:
    customer = next(c.id for c in zoho.world.contacts if c.contact_type == "customer")
    item = next(iter(zoho.world.items)).id
    bodies: dict[str, dict[str, object]] = {
        "/items": {"name": "Nieuw", "item_type": "inventory"},
        "/contacts": {"contact_name": "Nieuw"},
        "/salesorders": {"customer_id": customer, "line_items": [{"item_id": item, "quantity": 1}]},
        "/locations": {"location_name": "Nieuw"},
        "/settings/taxes": {"tax_name": "Nieuw", "tax_percentage": 1},
        "/settings/currencies": {"currency_code": "ZWL", "currency_symbol": "Z"},
        "/contacts/contactpersons": {"contact_id": customer, "first_name": "Noor"},
    }
    return bodies[path]


@pytest.mark.parametrize("path", FIELDS)
def test_nonsense_in_a_field_of_a_create(zoho: Zoho, path: str) -> None:
    before = zoho.snapshot()
    taken = refused = 0
    for name in FIELDS[path].split():
        for value in NONSENSE:
            if _answered(zoho, "POST", path, {**_good(zoho, path), name: value}):
                taken += 1
            else:
                refused += 1
            zoho.restore(before)
    assert taken
    assert refused


def test_nonsense_in_a_line_of_an_order(zoho: Zoho) -> None:
    before = zoho.snapshot()
    item = next(iter(zoho.world.items)).id
    for name in LINE.split():
        for value in NONSENSE:
            line = {"item_id": item, "quantity": 1, name: value}
            _answered(zoho, "POST", "/salesorders", {**_good(zoho, "/salesorders"), "line_items": [line]})
            zoho.restore(before)


@pytest.mark.parametrize("path", ["/items", "/contacts"])
def test_what_was_taken_can_be_read_back(zoho: Zoho, path: str) -> None:
    """A value that was accepted must not break the list or the detail it shows up in."""
    before = zoho.snapshot()
    for name in FIELDS[path].split():
        for value in NONSENSE:
            if _answered(zoho, "POST", path, {**_good(zoho, path), name: value}):
                for row in zoho.direct("GET", path)[path[1:]]:
                    zoho.direct("GET", f"{path}/{row[f'{path[1:-1]}_id']}")
            zoho.restore(before)


@pytest.fixture(scope="module")
def assembler() -> Zoho:
    return Zoho.load(workshop(), clock=Clock(0))


def _good_assembly(zoho: Zoho, path: str) -> dict[str, object]:
    bike = next(item.id for item in zoho.world.items if item.parts)
    frame = next(item.id for item in zoho.world.items if item.sku == "FRAME")
    bodies: dict[str, dict[str, object]] = {
        "/compositeitems": {
            "name": "Nieuw",
            "sku": "N-1",
            "rate": 1,
            "item_type": "inventory",
            "product_type": "goods",
            "mapped_items": [{"item_id": frame, "quantity": 2}],
        },
        "/bundles": {
            "date": "2026-03-02",
            "composite_item_id": bike,
            "composite_item_name": "Fiets",
            "quantity_to_bundle": 1,
            "is_completed": True,
            "line_items": [{"item_id": frame, "name": "Frame", "quantity_consumed": 1}],
        },
        "/inventoryadjustments": {
            "date": "2026-03-02",
            "reason": "Geteld",
            "adjustment_type": "quantity",
            "line_items": [{"item_id": frame, "quantity_adjusted": 1}],
        },
    }
    return bodies[path]


@pytest.mark.parametrize("path", ASSEMBLED)
def test_nonsense_about_composites_and_stock_is_refused_or_reads_back(assembler: Zoho, path: str) -> None:
    before = assembler.snapshot()
    good = _good_assembly(assembler, path)
    name_of_lines, fields_of_lines = LINES_OF[path]
    bodies = [{**good, name: value} for name in ASSEMBLED[path].split() for value in NONSENSE]
    lines = good[name_of_lines]
    assert isinstance(lines, list)
    bodies += [
        {**good, name_of_lines: [{**lines[0], name: value}]}
        for name in fields_of_lines.split()
        for value in NONSENSE
    ]
    taken = 0
    for body in bodies:
        if _answered(assembler, "POST", path, body):
            taken += 1
            assert assembler.direct("GET", path)["code"] == 0
            world = assembler.world
            made = max(each.id for each in (*world.items, *world.bundles, *world.adjustments))
            collection = path if path != "/compositeitems" else "/items"
            assert assembler.direct("GET", f"{collection}/{made}")["code"] == 0
            assembler.restore(before)
    assert 0 < taken < len(bodies)
