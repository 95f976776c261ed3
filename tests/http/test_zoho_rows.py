"""Zoho's rows: every empty, every wrong value, and one bad row that fails no other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from http_time import START
from zoho_case import ITEM, Case, order, page

from stockbridge.connectors.zoho.streams import STREAMS, derive_item_vendors
from stockbridge.core.record import Page, Record, Refusal, values_type

VENDOR = {
    "contact_id": "88",
    "contact_name": "Van der Meer",
    "contact_type": "vendor",
    "payment_terms": 30,
    "last_modified_time": "2026-03-01T09:00:00+0100",
    "custom_fields": [],
    "custom_field_hash": {},
}


def listed(*rows: Any, stream: str = "items") -> Page:
    key = {"vendors": "contacts"}.get(stream, stream)
    (found,) = Case(replies=[page(*rows, key=key)]).connector().read(stream, None)
    return found


def item(**changes: Any) -> Record | Refusal:
    (found,) = (
        Case(replies=[(200, {"code": 0, "item": {**ITEM, **changes}})])
        .connector()
        .fetch("items", ["260815000000160369"])
    )
    return found


def record(found: Record | Refusal) -> Record:
    assert isinstance(found, Record), found
    return found


def refusal(found: Record | Refusal) -> Refusal:
    assert isinstance(found, Refusal), found
    return found


PLAIN = [
    field.name
    for field in STREAMS["items"].fields
    if field.kind not in ("list of texts", "numbers by key", "custom fields")
]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("empty", ["", None])
def test_each_empty_value_is_none(name: str, empty: Any) -> None:
    assert record(item(**{name: empty})).values[name] is None


@pytest.mark.parametrize("name", PLAIN)
def test_a_key_that_a_list_row_lacks_is_not_known_and_in_a_detail_it_is_empty(name: str) -> None:
    row = {"item_id": "260815000000160369", "last_modified_time": ITEM["last_modified_time"]}
    assert name not in listed(row).records[0].values
    found = Case(replies=[(200, {"code": 0, "item": row})]).connector().fetch("items", ["260815000000160369"])
    assert record(found[0]).values[name] is None


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("rate", "twelve", "a number"),
        ("rate", "1,234.50", "a number"),
        ("rate", "NaN", "a number"),
        ("rate", True, "a number"),
        ("rate", {"a": 1}, "a number"),
        ("actual_available_for_sale_stock", "many", "a number"),
        ("name", ["x"], "a text"),
        ("is_combo_product", "maybe", "yes or no"),
        ("is_combo_product", 1, "yes or no"),
        ("created_time", "2026-03-01", "a time with its offset"),
        ("created_time", "yesterday", "a time with its offset"),
        ("last_modified_time", "soon", "a time"),
        ("last_modified_time", "", "a time"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_the_remedy(name: str, value: Any, wanted: str) -> None:
    found = refusal(item(**{name: value}))
    assert found.id == ITEM["item_id"]
    assert f'"{name}" of item 260815000000160369 (' in found.reason
    assert wanted in found.reason
    assert f'Correct "{name}"' in found.remedy


def test_a_bad_row_fails_no_other_row_of_its_page() -> None:
    rows = [
        {**ITEM, "item_id": "1"},
        {**ITEM, "item_id": "2", "rate": "twelve"},
        {key: value for key, value in ITEM.items() if key != "item_id"},
        "no row at all",
        {**ITEM, "item_id": "5", "locations": {"not": "a list"}},
        {**ITEM, "item_id": ""},
    ]
    found = listed(*rows)
    assert [one.id for one in found.records] == ["1", "5"]
    assert [one.id for one in found.refused] == [
        "2",
        "items:page 1 row 3",
        "items:page 1 row 4",
        "items:page 1 row 6",
    ]
    assert all(one.reason and one.remedy for one in found.refused)


def test_numbers_keep_their_digits_and_may_come_as_text() -> None:
    body = b'{"code":0,"item":{"item_id":"9","last_modified_time":"2026-03-01T09:00:00+0100","rate":0.10,"purchase_rate":"12.500","stock_on_hand":7}}'
    (found,) = Case(replies=[(200, body)]).connector().fetch("items", ["9"])
    values = record(found).values
    assert [str(values[name]) for name in ("rate", "purchase_rate", "stock_on_hand")] == [
        "0.10",
        "12.500",
        "7",
    ]


@pytest.mark.parametrize("prefix", ["location", "warehouse"])
def test_stock_by_location_reads_both_layouts(prefix: str) -> None:
    place = {
        f"{prefix}_id": "44",
        f"{prefix}_stock_on_hand": "5.00",
        f"{prefix}_available_stock": 4,
        f"{prefix}_actual_available_for_sale_stock": -2.5,
        f"{prefix}_committed_stock": "",
    }
    values = record(item(**{f"{prefix}s": [place]})).values
    assert values["locations"] == {
        "44": {
            "stock_on_hand": Decimal(5),
            "available_stock": Decimal(4),
            "actual_available_for_sale_stock": Decimal("-2.5"),
        }
    }
    assert record(item(**{f"{prefix}s": ""})).values["locations"] == {}
    assert "locations" in refusal(item(**{f"{prefix}s": [{f"{prefix}_id": ""}]})).reason
    assert "locations" in refusal(item(**{f"{prefix}s": {"a": 1}})).reason
    assert (
        "stock_on_hand"
        in refusal(item(**{f"{prefix}s": [{**place, f"{prefix}_stock_on_hand": "few"}]})).reason
    )


def test_custom_fields_come_from_either_shape() -> None:
    listed_fields = [
        {"api_name": "cf_colour", "data_type": "dropdown", "value": "rood"},
        {"api_name": "cf_fragile", "data_type": "check_box", "value": "true"},
        {"api_name": "cf_years", "data_type": "number", "value": 3},
        {"api_name": "cf_empty", "data_type": "string", "value": ""},
        {"api_name": "cf_tags", "data_type": "multiselect", "value": ["a", "b"]},
    ]
    hashed = {"cf_price": "€ 1,00", "cf_price_unformatted": 1.5, "cf_colour": "other"}
    values = record(item(custom_fields=listed_fields, custom_field_hash=hashed)).values
    assert values["custom"] == {
        "cf_colour": "rood",
        "cf_fragile": True,
        "cf_years": "3",
        "cf_empty": None,
        "cf_tags": "a, b",
        "cf_price": "1.5",
    }
    assert record(item(custom_fields="", custom_field_hash="")).values["custom"] == {}
    assert "cf_x" in refusal(item(custom_field_hash={"cf_x": {"a": 1}})).reason


def test_vendors_of_an_item_are_distinct_with_its_own_first() -> None:
    found = record(
        item(vendor_id="2", preferred_vendors=[{"vendor_id": "3"}, {"vendor_id": "2"}, {"vendor_id": "4"}])
    )
    assert found.values["vendor_ids"] == ["2", "3", "4"]
    derived = list(derive_item_vendors(found))
    assert [(one.id, one.parent, one.version, one.values["is_preferred"]) for one in derived] == [
        (f"{found.id}_2", found.id, found.version, True),
        (f"{found.id}_3", found.id, found.version, False),
        (f"{found.id}_4", found.id, found.version, False),
    ]
    assert derived[0].values["name"] == "Ketting 11-sp"
    assert list(derive_item_vendors(record(item(vendor_id="")))) == []
    assert "preferred_vendors" in refusal(item(preferred_vendors=[{}])).reason


def test_a_list_row_and_a_tombstone_derive_nothing() -> None:
    assert list(derive_item_vendors(listed(ITEM).records[0])) == []
    assert list(derive_item_vendors(Record(id="1", values={}, version="x", deleted=True))) == []


def test_customers_are_left_out_of_the_vendors_and_a_contact_without_type_is_refused() -> None:
    customer = {**VENDOR, "contact_id": "89", "contact_type": "customer"}
    unknown = {**VENDOR, "contact_id": "90", "contact_type": ""}
    found = listed(VENDOR, customer, unknown, stream="vendors")
    assert [(one.id, one.full, one.values["payment_terms"]) for one in found.records] == [("88", True, 30)]
    assert [one.id for one in found.refused] == ["90"]


@pytest.mark.parametrize("key", ["salesorder", "sales_order"])
def test_an_order_is_read_from_either_envelope_with_its_lines(key: str) -> None:
    (found,) = Case(replies=[(200, {"code": 0, key: order()})]).connector().fetch("salesorders", ["2"])
    values = record(found).values
    assert (values["date"], values["total"]) == (date(2026, 3, 1), Decimal("8.47"))
    assert values["lines"] == [
        {
            "line_item_id": "5",
            "item_id": "7",
            "name": "Bel",
            "sku": None,
            "quantity": Decimal(2),
            "rate": Decimal("3.5"),
            "item_total": Decimal(7),
        }
    ]
    msgspec.convert(values, values_type(STREAMS["salesorders"].fields), strict=True)


@pytest.mark.parametrize(
    "lines", [None, "", [5], [{"quantity": "x"}], [{"quantity": "", "item_total": 1}], [{"quantity": 1}]]
)
def test_an_order_whose_lines_cannot_be_read_is_refused_and_never_sold_as_empty(lines: Any) -> None:
    (found,) = (
        Case(replies=[(200, {"code": 0, "salesorder": order(line_items=lines)})])
        .connector()
        .fetch("salesorders", ["2"])
    )
    assert "line_items" in refusal(found).reason


def test_times_are_in_utc_with_or_without_a_colon() -> None:
    for text in ("2026-03-01T09:00:00-0400", "2026-03-01T09:00:00-04:00"):
        found = record(item(created_time=text))
        assert found.values["created_time"] == datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_a_version_of_the_present_second_is_provisional() -> None:
    def version(seconds: float) -> str:
        moment = START - timedelta(seconds=seconds)
        return listed({**ITEM, "last_modified_time": f"{moment:%Y-%m-%dT%H:%M:%S+0000}"}).records[0].version

    assert version(0) == "2026-03-02T09:00:00+0000?"
    assert version(1).endswith("?")
    assert version(-30).endswith("?")
    assert version(2) == "2026-03-02T08:59:58+0000"


def test_an_answer_about_another_record_is_not_taken() -> None:
    case = Case(answer=lambda request: (200, {"code": 0, "item": ITEM}))
    with pytest.raises(Exception, match="answered with item 260815000000160369"):
        case.connector().fetch("items", ["7"])
