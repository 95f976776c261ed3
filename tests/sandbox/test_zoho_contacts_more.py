"""Contacts to the last part: names once, who is primary, types and transactions, amounts, custom fields of every type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from zoho_caller import Caller, Json, calling
from zoho_shop import shop

DOCUMENTS = Path(__file__).parents[3] / "shared" / "contracts" / "zoho-inventory"
SENT = [
    *("contact_name", "company_name", "website", "contact_type", "billing_address", "shipping_address"),
    *("contact_persons", "notes", "facebook", "twitter", "language_code"),
]


@pytest.fixture
def caller() -> Iterator[Caller]:
    with calling(company=shop()) as caller:
        yield caller


def _make(caller: Caller, name: str = "Smit & Zn", **body: object) -> Json:
    answer = caller.post("/contacts", {"contact_name": name, **body})
    assert answer.status == 201, answer.body
    contact: Json = answer.json()["contact"]
    return contact


def _detail(caller: Caller, id_: str) -> Json:
    contact: Json = caller.get(f"/contacts/{id_}")["contact"]
    return contact


def _row(caller: Caller, id_: str) -> Json:
    found: Json = next(row for row in caller.get("/contacts")["contacts"] if row["contact_id"] == id_)
    return found


@cache
def _schemas() -> dict[str, Any]:
    if not DOCUMENTS.is_dir():
        pytest.skip("the contracts are not here (../shared/contracts)")
    document = yaml.load((DOCUMENTS / "contacts.yml").read_text(), Loader=yaml.CSafeLoader)
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def _example(schema: Any) -> Any:
    """What the document gives as an example of a schema; communication preferences are not simulated."""
    if "$ref" in schema:
        return _example(_schemas()[schema["$ref"].rpartition("/")[2]])
    if schema.get("type") == "object":
        parts = schema["properties"].items()
        return {name: _example(part) for name, part in parts if name != "communication_preference"}
    if schema.get("type") == "array":
        return [_example(schema["items"])]
    example = schema.get("example")
    return str(example) if schema.get("type") == "string" else example


@pytest.mark.parametrize("request_of", ["create-a-contact-request", "update-a-contact-request"])
def test_what_the_document_sends_as_an_example_is_taken_and_shown(caller: Caller, request_of: str) -> None:
    schema = _schemas()[request_of]
    body = {name: _example(schema["properties"][name]) for name in SENT}
    assert schema["required"] == ["contact_name"]
    if request_of.startswith("create"):
        id_ = _make(caller, **body)["contact_id"]
    else:
        id_ = _make(caller)["contact_id"]
        assert caller.put(f"/contacts/{id_}", body).status == 200
    shown = _detail(caller, id_)
    for name, value in body.items():
        if isinstance(value, dict):
            assert {key: shown[name][key] for key in value} == value
        elif isinstance(value, list):
            (person,) = shown[name]
            assert {key: person[key] for key in value[0]} == value[0]
        else:
            assert shown[name] == value


def test_a_name_is_there_once_whatever_its_case(caller: Caller) -> None:
    first = _make(caller)
    refused = caller.post("/contacts", {"contact_name": " smit & ZN ", "contact_type": "vendor"})
    assert (refused.status, refused.code) == (400, 3062)
    assert "already exists" in refused.json()["message"]
    other = _make(caller, "Bakker")["contact_id"]
    assert caller.put(f"/contacts/{other}", {"contact_name": "Smit & Zn", "notes": "x"}).code == 3062
    assert _detail(caller, other)["notes"] == ""
    assert caller.put(f"/contacts/{other}", {"contact_name": "BAKKER"}).status == 200
    assert caller.put(f"/contacts/{first['contact_id']}", {"contact_name": "Smit"}).status == 200
    assert caller.put(f"/contacts/{other}", {"contact_name": "Smit & Zn"}).status == 200
    assert caller.delete(f"/contacts/{other}").status == 200
    _make(caller)


def test_the_list_of_persons_is_the_whole_list_and_one_is_primary(caller: Caller) -> None:
    persons = [{"first_name": "Jan", "phone": "1"}, {"first_name": "Eva", "is_primary_contact": True}]
    contact = _make(caller, contact_persons=persons)
    jan, eva = (person["contact_person_id"] for person in contact["contact_persons"])
    id_ = contact["contact_id"]
    assert (contact["primary_contact_id"], _row(caller, id_)["first_name"]) == (eva, "Eva")

    def put(*persons: Json) -> list[tuple[str, bool]]:
        answer = caller.put(f"/contacts/{id_}", {"contact_persons": list(persons)})
        shown = answer.json()["contact"]["contact_persons"]
        return [(person["first_name"], person["is_primary_contact"]) for person in shown]

    assert put({"contact_person_id": jan, "phone": "2"}, {"contact_person_id": eva}) == [
        ("Jan", False),
        ("Eva", True),
    ]
    assert put({"contact_person_id": jan, "is_primary_contact": True}, {"contact_person_id": eva}) == [
        ("Jan", True),
        ("Eva", False),
    ]
    assert put({"contact_person_id": eva}) == [("Eva", True)]
    assert _row(caller, id_)["first_name"] == "Eva"
    caller.post("/contacts/contactpersons", {"contact_id": id_, "first_name": "Noor"})
    caller.delete(f"/contacts/contactpersons/{eva}")
    assert [person["is_primary_contact"] for person in _detail(caller, id_)["contact_persons"]] == [True]


@pytest.mark.parametrize(
    "body",
    [
        {"contact_persons": [{"salutation": "x" * 26}]},
        {"contact_persons": [{"first_name": "x" * 101}]},
        {"contact_persons": [{"phone": "1" * 51}]},
        {"contact_persons": [{"designation": "x" * 51}]},
        {"contact_persons": [{"email": "nobody"}]},
        {"billing_address": {"address": "x" * 501}},
        {"shipping_address": {"street2": "x" * 256}},
        {"facebook": "x" * 101},
        {"customer_sub_type": "friend"},
    ],
)
def test_what_is_too_long_or_no_value_is_refused_whole(caller: Caller, body: Json) -> None:
    id_ = _make(caller)["contact_id"]
    assert caller.put(f"/contacts/{id_}", {"notes": "x", **body}).code == 2
    assert _detail(caller, id_)["notes"] == ""


def test_types_change_until_there_are_transactions(caller: Caller) -> None:
    contact = _make(caller, customer_sub_type="individual")
    id_ = contact["contact_id"]
    assert contact["customer_sub_type"] == "individual"
    changed = caller.put(f"/contacts/{id_}", {"customer_sub_type": "business", "contact_type": "vendor"})
    assert changed.json()["contact"]["contact_type"] == "vendor"
    assert _row(caller, id_)["customer_sub_type"] == "business"
    caller.put(f"/contacts/{id_}", {"contact_type": "customer"})
    item = caller.get("/items")["items"][0]["item_id"]
    order = caller.post(
        "/salesorders", {"customer_id": id_, "line_items": [{"item_id": item, "quantity": 1}]}
    )
    assert _detail(caller, id_)["has_transaction"] is True
    assert caller.put(f"/contacts/{id_}", {"contact_type": "vendor"}).status == 400
    assert caller.put(f"/contacts/{id_}", {"contact_type": "customer", "notes": "x"}).status == 200
    assert caller.delete(f"/contacts/{id_}").status == 400
    caller.delete(f"/salesorders/{order.json()['salesorder']['salesorder_id']}")
    assert _detail(caller, id_)["has_transaction"] is False
    assert caller.delete(f"/contacts/{id_}").status == 200


def test_every_write_moves_the_time_of_the_contact(caller: Caller) -> None:
    contact = _make(caller, contact_persons=[{"first_name": "Jan"}])
    id_, jan = contact["contact_id"], contact["contact_persons"][0]["contact_person_id"]
    moments = [contact["last_modified_time"]]

    def after(answer: Any) -> None:
        assert answer.status in (200, 201)
        moments.append(_row(caller, id_)["last_modified_time"])

    for method, path, body in (
        ("PUT", f"/contacts/{id_}", {"customer_sub_type": "individual"}),
        ("POST", f"/contacts/{id_}/inactive", None),
        ("POST", f"/contacts/{id_}/active", None),
        ("PUT", f"/contacts/contactpersons/{jan}", {"contact_id": id_, "first_name": "Joop"}),
        ("POST", "/contacts/contactpersons", {"contact_id": id_, "first_name": "Eva"}),
        ("POST", f"/contacts/contactpersons/{jan}/primary", None),
        ("DELETE", f"/contacts/contactpersons/{jan}", None),
    ):
        caller.sandbox.clock.advance(10)
        after(caller.call(method, path, body))
    assert sorted(set(moments)) == moments


def test_what_is_owed_stands_in_rows_and_details_and_moves_no_time(caller: Caller) -> None:
    id_ = _make(caller)["contact_id"]
    before = _row(caller, id_)
    caller.sandbox.clock.advance(60)
    caller.sandbox.control.set_amounts(id_, receivable="120.50", receivable_credits="7")
    row = _row(caller, id_)
    assert (row["outstanding_receivable_amount"], row["unused_credits_receivable_amount"]) == (120.5, 7)
    assert _detail(caller, id_)["outstanding_receivable_amount"] == 120.5
    assert row["outstanding_payable_amount"] == 0
    assert row["last_modified_time"] == before["last_modified_time"]
    owing = caller.get("/contacts", sort_column="outstanding_receivable_amount", sort_order="D")["contacts"]
    assert owing[0]["contact_id"] == id_


@pytest.mark.parametrize(
    ("data_type", "good", "shown", "formatted", "bad"),
    [
        ("string", "Tekst", "Tekst", "Tekst", ["a"]),
        ("multiline", "een\ntwee", "een\ntwee", "een\ntwee", ["a"]),
        ("number", 12, 12, "12", "veel"),
        ("decimal", "1.50", 1.5, "1.50", "x"),
        ("amount", 9.95, 9.95, "9.95", "x"),
        ("percent", 21, 21, "21", "x"),
        ("date", "2026-03-02", "2026-03-02", "02 Mar 2026", "2 maart"),
        (
            "date_time",
            "2026-07-02T09:30:00+0000",
            "2026-07-02T11:30:00+0200",
            "02 Jul 2026 11:30",
            "2026-07-02",
        ),
        ("check_box", True, True, "true", "misschien"),
        ("dropdown", "Goud", "Goud", "Goud", "Brons"),
        ("multiselect", ["Goud", "Zilver"], ["Goud", "Zilver"], "Goud, Zilver", ["Brons"]),
        ("email", "a@b.example", "a@b.example", "a@b.example", "a@"),
        ("url", "https://b.example", "https://b.example", "https://b.example", ["a"]),
        ("phone", "+31 20 123", "+31 20 123", "+31 20 123", ["a"]),
    ],
)
def test_a_custom_field_of_every_type(
    caller: Caller, data_type: str, good: Any, shown: Any, formatted: str, bad: Any
) -> None:
    options = ("Goud", "Zilver") if data_type in ("dropdown", "multiselect") else ()
    name = caller.sandbox.control.define_field("contact", "Mijn Veld", data_type, options)
    assert name == "cf_mijn_veld"
    (rule,) = (
        row
        for row in caller.get("/settings/customfields", entity="contact")["customfields"]
        if row["api_name"] == name
    )
    assert (rule["data_type"], [one["name"] for one in rule["values"]]) == (data_type, list(options))
    id_ = _make(caller, custom_fields=[{"api_name": name, "value": good}])["contact_id"]
    (entry,) = _detail(caller, id_)["custom_fields"]
    assert (entry["value"], entry["value_formatted"]) == (shown, formatted)
    assert caller.put(f"/contacts/{id_}", {"custom_fields": [{"api_name": name, "value": bad}]}).code == 2
    assert _detail(caller, id_)["custom_fields"] == [entry]
    caller.put(f"/contacts/{id_}", {"custom_fields": []})
    assert _detail(caller, id_)["custom_fields"] == [entry]
    caller.put(f"/contacts/{id_}", {"custom_fields": [{"index": rule["index"], "value": ""}]})
    assert _detail(caller, id_)["custom_fields"] == []


@pytest.mark.parametrize("data_type", ["lookup", "auto_number", "formula", "attachment"])
def test_what_zoho_fills_itself_is_not_written(caller: Caller, data_type: str) -> None:
    name = caller.sandbox.control.define_field("contact", "Eigen", data_type)
    body = {"contact_name": "X", "custom_fields": [{"api_name": name, "value": "1"}]}
    assert caller.post("/contacts", body).code == 2
    with pytest.raises(ValueError, match="cf_eigen already"):
        caller.sandbox.control.define_field("contact", "Eigen", data_type)
