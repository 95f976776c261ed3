"""Contacts, contact persons and the settings (facts: Zoho 10.6, 10.11, 10.13)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from zoho_caller import Caller, Json, calling
from zoho_shop import shop


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=shop()) as caller:
        yield caller


def _make(caller: Caller, **body: object) -> Json:
    answer = caller.post("/contacts", {"contact_name": "Smit & Zn", **body})
    assert answer.status == 201, answer.body
    contact: Json = answer.json()["contact"]
    assert answer.json()["message"] == "The contact has been added."
    return contact


def test_a_contact_shows_its_first_person_in_the_row(caller: Caller) -> None:
    persons = [
        {"first_name": "Jan", "email": "jan@smit.example"},
        {"first_name": "Eva", "email": "eva@smit.example"},
    ]
    address = {"address": "Kade 1", "city": "Gent", "country": "Belgium", "attention": "Magazijn"}
    contact = _make(
        caller, contact_type="vendor", payment_terms=15, contact_persons=persons, billing_address=address
    )
    assert contact["payment_terms_label"] == "Net 15"
    assert contact["billing_address"]["city"] == "Gent"
    assert contact["billing_address"]["zip"] == ""
    assert contact["currency_code"] == "EUR"
    row = next(
        row for row in caller.get("/vendors")["contacts"] if row["contact_id"] == contact["contact_id"]
    )
    assert (row["email"], row["first_name"]) == ("jan@smit.example", "Jan")
    assert "contact_persons" not in row
    eva = contact["contact_persons"][1]["contact_person_id"]
    caller.post(f"/contacts/contactpersons/{eva}/primary")
    row = next(
        row for row in caller.get("/vendors")["contacts"] if row["contact_id"] == contact["contact_id"]
    )
    assert row["email"] == "eva@smit.example"
    addresses = caller.get(f"/contacts/{contact['contact_id']}/address")["addresses"]
    assert addresses[0]["address"] == "Kade 1"


def test_contact_persons_come_change_and_go(caller: Caller) -> None:
    contact = _make(caller)["contact_id"]
    assert caller.post("/contacts/contactpersons", {"contact_id": contact}).code == 2
    made = caller.post("/contacts/contactpersons", {"contact_id": contact, "first_name": "Noor"})
    assert made.status == 201
    person = made.json()["contact_person"]["contact_person_id"]
    caller.put(f"/contacts/contactpersons/{person}", {"contact_id": contact, "first_name": "Noortje"})
    listed = caller.get(f"/contacts/{contact}/contactpersons")["contact_persons"]
    assert [each["first_name"] for each in listed] == ["Noortje"]
    one = caller.get(f"/contacts/{contact}/contactpersons/{person}")["contact_person"]
    assert one["contact_id"] == contact
    assert caller.delete(f"/contacts/contactpersons/{person}").status == 200
    assert caller.call("GET", f"/contacts/{contact}/contactpersons/{person}").code == 1002


def test_update_changes_what_is_sent_and_rows_of_items_show_the_new_name(caller: Caller) -> None:
    vendor = caller.get("/vendors")["contacts"][0]
    caller.sandbox.clock.advance(60)
    answer = caller.put(f"/contacts/{vendor['contact_id']}", {"contact_name": "Ding Dong N.V."})
    assert answer.json()["message"] == "Contact has been updated successfully"
    assert caller.get("/items", sku="BEL-1")["items"][0]["vendor_name"] == "Ding Dong N.V."
    after = caller.get("/vendors")["contacts"][0]
    assert after["last_modified_time"] > vendor["last_modified_time"]
    assert after["payment_terms"] == vendor["payment_terms"]


@pytest.mark.parametrize(
    "body",
    [
        {"contact_name": ""},
        {"contact_name": "x" * 201},
        {"contact_type": "friend"},
        {"payment_terms": "soon"},
    ],
)
def test_a_bad_contact_is_refused(caller: Caller, body: Json) -> None:
    assert caller.post("/contacts", {"contact_name": "Goed", **body}).code == 2
    assert len(caller.get("/contacts")["contacts"]) == 2


def test_inactive_and_deletion(caller: Caller) -> None:
    customer = caller.get("/customers")["contacts"][0]["contact_id"]
    item = caller.get("/items")["items"][0]["item_id"]
    caller.post("/salesorders", {"customer_id": customer, "line_items": [{"item_id": item, "quantity": 1}]})
    assert caller.delete(f"/contacts/{customer}").status == 400
    assert caller.get(f"/contacts/{customer}")["contact"]["has_transaction"] is True
    assert caller.post(f"/contacts/{customer}/inactive").json()["message"] == (
        "The contact has been marked as inactive."
    )
    assert caller.get("/contacts", filter_by="Status.Inactive")["contacts"][0]["contact_id"] == customer
    vendor = caller.get("/vendors")["contacts"][0]["contact_id"]
    assert caller.delete(f"/contacts/{vendor}").json()["message"] == "The contact has been deleted."
    assert caller.call("GET", f"/contacts/{vendor}").code == 1002
    assert caller.get("/items", sku="BEL-1")["items"][0]["vendor_name"] == ""


def test_locations_or_warehouses_by_the_layout(caller: Caller) -> None:
    locations = caller.get("/locations")["locations"]
    assert [row["type"] for row in locations] == ["general", "line_item_only"]
    assert locations[1]["parent_location_id"] == locations[0]["location_id"]
    assert len(caller.get("/locations", location_type="general")["locations"]) == 1
    assert caller.call("GET", "/settings/warehouses").code == 5
    caller.sandbox.control.zoho_settings({"stock_layout": "warehouses"})
    assert caller.call("GET", "/locations").code == 5
    warehouses = caller.get("/settings/warehouses")["warehouses"]
    assert [row["warehouse_id"] for row in warehouses] == [row["location_id"] for row in locations]
    caller.post("/settings/locations/enable")
    assert caller.get("/locations")["locations"] == locations


def test_a_location_lives_and_dies(caller: Caller) -> None:
    made = caller.post("/locations", {"location_name": "Kelder", "tax_settings_id": "1"})
    assert made.status == 201
    place = made.json()["locations"]["location_id"]
    caller.put(f"/locations/{place}", {"location_name": "Zolder"})
    assert caller.get(f"/locations/{place}")["location"]["location_name"] == "Zolder"
    caller.post(f"/locations/{place}/inactive")
    assert caller.get(f"/locations/{place}")["location"]["status"] == "inactive"
    caller.post(f"/locations/{place}/markasprimary")
    assert [row["is_primary"] for row in caller.get("/locations")["locations"]].count(True) == 1
    assert caller.delete(f"/locations/{place}").status == 400
    first = caller.get("/locations")["locations"][0]["location_id"]
    caller.post(f"/locations/{first}/markasprimary")
    assert caller.delete(f"/locations/{place}").status == 200
    assert caller.call("GET", f"/locations/{place}").code == 1002


def test_currencies(caller: Caller) -> None:
    rows = caller.get("/settings/currencies")["currencies"]
    assert rows[0]["currency_id"].endswith("000097")
    assert [row["is_base_currency"] for row in rows] == [True, False]
    others = caller.get("/settings/currencies", filter_by="Currencies.ExcludeBaseCurrency")["currencies"]
    assert [row["currency_code"] for row in others] == ["USD"]
    made = caller.post(
        "/settings/currencies", {"currency_code": "GBP", "currency_symbol": "£", "exchange_rate": 1.15}
    )
    assert made.status == 201
    id_ = made.json()["currency"]["currency_id"]
    assert caller.put(f"/settings/currencies/{id_}", {"price_precision": 3}).status == 201
    assert caller.get(f"/settings/currencies/{id_}")["currency"]["price_precision"] == 3
    assert caller.post("/settings/currencies", {"currency_code": "GBP", "currency_symbol": "£"}).code == 1001
    assert caller.delete(f"/settings/currencies/{id_}").status == 200
    assert caller.delete(f"/settings/currencies/{rows[0]['currency_id']}").status == 400


def test_taxes_have_a_page_context_of_their_own(caller: Caller) -> None:
    answer = caller.get("/settings/taxes")
    assert answer["page_context"]["applied_filter"] == "Taxes.Active"
    assert "custom_fields" not in answer["page_context"]
    made = caller.post("/settings/taxes", {"tax_name": "BTW 9%", "tax_percentage": 9}).json()["tax"]["tax_id"]
    caller.put(f"/settings/taxes/{made}", {"tax_percentage": 10})
    assert caller.get(f"/settings/taxes/{made}")["tax"]["tax_percentage"] == 10
    assert caller.post("/settings/taxes", {"tax_name": "Te veel", "tax_percentage": 101}).code == 2
    assert caller.delete(f"/settings/taxes/{made}").status == 200
    assert caller.delete(f"/settings/taxes/{answer['taxes'][0]['tax_id']}").status == 400


def test_definitions_of_custom_fields_in_both_places(caller: Caller) -> None:
    at_top = caller.get("/settings/preferences")["customfields"]
    assert [field["api_name"] for field in at_top["item"]] == [
        "cf_shelf",
        "cf_season",
        "cf_checked",
        "cf_fragile",
    ]
    assert at_top["salesorder"] == at_top["purchaseorder"] == []
    rows = caller.get("/settings/customfields", entity="item")["customfields"]
    assert {"customfield_id", "api_name", "label", "data_type", "is_active", "module"} <= set(rows[0])
    assert rows == at_top["item"]
    assert caller.call("GET", "/settings/customfields", entity="planet").code == 2


def test_the_organisation(caller: Caller) -> None:
    answer = caller.call("GET", "/organizations")
    row = answer.json()["organizations"][0]
    assert "page_context" not in answer.json()
    assert not [name for name in answer.headers if name.startswith("x-rate-limit")]
    assert row["organization_id"] == caller.organization_id
    assert (row["time_zone"], row["currency_code"]) == ("Europe/Amsterdam", "EUR")
    detail = caller.call("GET", f"/organizations/{caller.organization_id}")
    assert detail.headers["x-rate-limit-limit"] == "7500"
    assert detail.json()["organization"]["name"] == "Bel & Zoon"
    assert caller.put(f"/organizations/{caller.organization_id}", {"name": "Bel"}).status == 200
    assert caller.get("/organizations")["organizations"][0]["name"] == "Bel"
