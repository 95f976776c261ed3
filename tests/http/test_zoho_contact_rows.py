"""How each oddity of a contact's row is read, and what goes into the bodies of its writes; no call is made."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from stockbridge.connectors.zoho.contact_writes import changed_contact, new_contact, other_name
from stockbridge.connectors.zoho.contacts import contacts_shape, contacts_stream
from stockbridge.connectors.zoho.rows import BadValue, Rows
from stockbridge.core.errors import Rejected
from stockbridge.core.record import Field, Kind, Record, Refusal, values_type

CUSTOM = (
    Field(name="cf_text", kind=Kind.TEXT, detail=True),
    Field(name="cf_sum", kind=Kind.NUMBER, detail=True, label="Som"),
    Field(name="cf_yes", kind=Kind.FLAG, detail=True),
    Field(name="cf_many", kind=Kind.LABELS, detail=True, choices=("A", "B", "C, D")),
    Field(name="cf_when", kind=Kind.MOMENT, detail=True),
    Field(name="cf_boss", kind=Kind.TEXT, detail=True, writable=False),
)
STREAM = contacts_stream(CUSTOM)
ROWS = Rows(contacts_shape(STREAM))
SEEN = datetime(2026, 3, 2, tzinfo=UTC)
CONTACT: dict[str, Any] = {
    "contact_id": "460",
    "contact_name": "Smit",
    "contact_type": "customer",
    "last_modified_time": "2026-03-01T09:00:00+0100",
    "first_name": "of the row",
    "email": "row@smit.example",
    "billing_address": {"address": "Kade 1", "city": "Gent", "state": "OV", "state_code": "O", "fax": 123},
    "shipping_address": {},
    "contact_persons": [
        {"contact_person_id": "1", "first_name": "Jan", "gender": "m"},
        {"contact_person_id": "2", "first_name": "Eva", "is_primary_contact": True, "phone": ""},
    ],
}


def raw(**changes: Any) -> Any:
    """The row of a detail with these changes."""
    body = msgspec.json.encode({"code": 0, "message": "success", "contact": {**CONTACT, **changes}})
    return ROWS.decode_one(body).rows[0]


def read(**changes: Any) -> Record:
    found = ROWS.parse(raw(**changes), full=True, seen=SEEN, place="detail")
    assert isinstance(found, Record), found
    msgspec.convert(found.values, values_type(STREAM.fields), strict=True)
    return found


def sent(body: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return decoded


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Eva"),
        ({"primary_contact_id": "1"}, "Eva"),
        (
            {"contact_persons": [{"contact_person_id": "1", "first_name": "Jan"}, {"first_name": "Noor"}]},
            "Jan",
        ),
        (
            {
                "primary_contact_id": "9",
                "contact_persons": [
                    {"contact_person_id": "1"},
                    {"contact_person_id": "9", "first_name": "Noor"},
                ],
            },
            "Noor",
        ),
        ({"contact_persons": []}, "of the row"),
        ({"contact_persons": ""}, "of the row"),
    ],
)
def test_who_stands_for_a_contact(changes: dict[str, Any], name: str) -> None:
    assert read(**changes).values["first_name"] == name


def test_without_persons_the_contact_itself_says_what_it_knows() -> None:
    values = read(contact_persons=[], contact_salutation="Dr", designation="Baas", department="").values
    assert [values[name] for name in ("email", "salutation", "designation", "department", "skype")] == [
        *("row@smit.example", "Dr", "Baas"),
        *(None, None),
    ]


def test_addresses_are_read_part_by_part_and_may_be_missing() -> None:
    values = read(shipping_address="").values
    assert [values[f"billing_address.{part}"] for part in ("street", "city", "region", "country")] == [
        *("Kade 1", "Gent", "OV"),
        None,
    ]
    assert {value for name, value in values.items() if name.startswith("shipping_address.")} == {None}
    assert values["fax"] == "123"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, [None, None, False, [], None, None]),
        (
            {
                "custom_fields": [
                    {"api_name": "cf_text", "value": "x"},
                    {"api_name": "cf_sum", "value": 1.5, "value_formatted": "€ 1,50"},
                    {"api_name": "cf_yes", "value": "true", "data_type": "check_box"},
                    {"api_name": "cf_many", "value": ["B", "A"]},
                    {"api_name": "cf_when", "value": "2026-07-02T11:30:00+0200"},
                    {"api_name": "cf_boss", "value": "460000000000001", "value_formatted": "Piet"},
                    {"label": "no api name", "value": "x"},
                ]
            },
            ["x", Decimal("1.5"), True, ["A", "B"], datetime(2026, 7, 2, 9, 30, tzinfo=UTC), "Piet"],
        ),
        (
            {
                "custom_field_hash": {
                    "cf_text": "x",
                    "cf_sum": "€ 1,50",
                    "cf_sum_unformatted": "1.50",
                    "cf_yes": False,
                    "cf_many": "A, B",
                    "cf_boss": 12,
                }
            },
            ["x", Decimal("1.50"), False, ["A", "B"], None, "12"],
        ),
        (
            {"custom_field_hash": {"cf_many": "C, D", "cf_boss": True}},
            [None, None, False, ["C, D"], None, "true"],
        ),
    ],
)
def test_custom_fields_in_either_form(changes: dict[str, Any], wanted: list[Any]) -> None:
    values = read(**changes).values
    assert [values[field.name] for field in CUSTOM] == wanted


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contact_persons": "Jan"}, "contact_persons"),
        ({"contact_persons": ["Jan"]}, "contact_persons"),
        ({"contact_persons": [{"first_name": ["Jan"]}]}, "first_name"),
        ({"billing_address": ["Kade 1"]}, "billing_address"),
        ({"billing_address": {"zip": {}}}, "billing_address.postal_code"),
        ({"outstanding_receivable_amount": "veel"}, "outstanding_receivable_amount"),
        ({"custom_fields": [{"api_name": "cf_sum", "value": "veel"}]}, "cf_sum"),
        ({"custom_fields": [{"api_name": "cf_when", "value": "2026-07-02"}]}, "cf_when"),
        ({"custom_fields": [{"api_name": "cf_many", "value": [1]}]}, "cf_many"),
        ({"custom_fields": [{"api_name": "cf_yes", "value": "soms"}]}, "cf_yes"),
        ({"last_modified_time": ""}, "last_modified_time"),
    ],
)
def test_what_cannot_be_read_is_named(changes: dict[str, Any], field: str) -> None:
    found = ROWS.parse(raw(**changes), full=True, seen=SEEN, place="detail")
    assert isinstance(found, Refusal)
    assert found.reason.startswith(f'"{field}" of contact 460 ("Smit") is ')
    assert "Zoho" in found.remedy


def test_the_version_moves_with_what_is_owed_however_it_is_written() -> None:
    plain = read(outstanding_receivable_amount=0)
    assert plain.version == read(outstanding_receivable_amount=0.0).version
    owing = read(outstanding_receivable_amount=1200)
    assert owing.version != plain.version
    assert owing.version == read(outstanding_receivable_amount="1200.00").version


def test_a_new_contact_is_sent_without_what_is_empty() -> None:
    body = sent(
        new_contact(
            STREAM,
            {
                "contact_name": "Smit",
                "company_name": None,
                "first_name": "Eva",
                "last_name": None,
                "billing_address.city": "Gent",
                "billing_address.region": None,
                "cf_many": [],
                "cf_sum": Decimal("1.50"),
                "cf_yes": False,
            },
        )
    )
    assert body == {
        "contact_name": "Smit",
        "contact_persons": [{"first_name": "Eva", "is_primary_contact": True}],
        "billing_address": {"city": "Gent"},
        "custom_fields": [{"api_name": "cf_sum", "value": 1.5}, {"api_name": "cf_yes", "value": False}],
    }


def test_a_change_sends_what_belongs_together_and_nothing_else() -> None:
    row = raw()
    assert sent(changed_contact(STREAM, row, {"notes": None, "cf_when": None})) == {
        "contact_name": "Smit",
        "notes": "",
        "custom_fields": [{"api_name": "cf_when", "value": ""}],
    }
    assert sent(changed_contact(STREAM, row, {"phone": "1"}))["contact_persons"] == [
        {"contact_person_id": "1", "first_name": "Jan"},
        {"contact_person_id": "2", "first_name": "Eva", "phone": "1", "is_primary_contact": True},
    ]
    moved = sent(changed_contact(STREAM, row, {"billing_address.region": "WV", "fax": "9"}))
    assert moved["billing_address"] == {"address": "Kade 1", "city": "Gent", "state": "WV", "fax": "9"}
    same = sent(changed_contact(STREAM, row, {"billing_address.region": "OV"}))
    assert same["billing_address"]["state_code"] == "O"
    first = sent(changed_contact(STREAM, raw(contact_persons=[]), {"email": "a@b.example"}))
    assert first["contact_persons"] == [{"email": "a@b.example", "is_primary_contact": True}]


def test_persons_that_cannot_be_read_are_not_written_over() -> None:
    with pytest.raises(BadValue):
        changed_contact(STREAM, raw(contact_persons="Jan"), {"phone": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_name", 3),
        ("notes", ["a"]),
        ("cf_sum", "1"),
        ("cf_sum", True),
        ("cf_sum", Decimal("NaN")),
        ("cf_yes", "true"),
        ("cf_many", "A"),
        ("cf_many", [1]),
        ("cf_when", datetime(2026, 1, 1)),
        ("cf_boss", "Piet"),
        ("status", "active"),
        ("outstanding_receivable_amount", Decimal(1)),
        ("billing_address.planet", "Mars"),
        ("contact_name", ""),
    ],
)
def test_what_zoho_cannot_take_is_refused_before_it_is_sent(name: str, value: Any) -> None:
    with pytest.raises(Rejected) as refused:
        changed_contact(STREAM, raw(), {name: value})
    assert refused.value.field == name
    assert refused.value.remedy


def test_another_name_fits_whatever_its_parts() -> None:
    longest = other_name({"contact_name": "n" * 200, "company_name": "c" * 200}, "people/c1")
    assert len(longest) == 200
    assert longest.endswith(f" ({'c' * 100})")
