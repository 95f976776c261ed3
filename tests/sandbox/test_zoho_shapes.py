"""The sandbox against the recorded live shapes: every key, JSON type and format (../shared/contracts)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zoho_caller import Answer, Caller, Json, calling

SHAPES = Path(__file__).parents[3] / "shared" / "contracts" / "zoho-inventory" / "live-shapes.json"
SIMULATED = (
    "/organizations",
    "/items",
    "/contacts",
    "/salesorders",
    "/purchaseorders",
    "/bills",
    "/settings/taxes",
)
FORMATS = {
    "id": r"\d{8,19}",
    "date": r"\d{4}-\d\d-\d\d",
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}",
    "date-dd-MMM-yyyy": r"\d\d [A-Z][a-z]{2} \d{4}",
    "email": r"[^@\s]+@[^@\s]+",
    "iana-time-zone": r"\w+/\w+",
}

if not SHAPES.is_file():
    pytest.skip(
        "the contracts are not here (../shared/contracts): no live shapes to compare with",
        allow_module_level=True,
    )

EXCHANGES: list[Json] = [
    exchange
    for exchange in json.loads(SHAPES.read_text())["exchanges"]
    if exchange["path"].startswith(SIMULATED)
]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    with calling(items=30, vendors=4, orders=12, purchase_orders=12) as caller:
        yield caller


def _first_id(caller: Caller, collection: str) -> str:
    return str(caller.get(f"/{collection}")[collection][0][f"{collection[:-1]}_id"])


def _body(caller: Caller, path: str) -> Json:
    match path:
        case "/items":
            return {
                "name": "Werkplaatsuur",
                "sku": "WU-1",
                "rate": 60,
                "purchase_rate": 20,
                "item_type": "sales_and_purchases",
                "product_type": "service",
                "description": "Een uur",
            }
        case "/contacts":
            return {
                "contact_name": "Nieuwe klant",
                "contact_type": "customer",
                "payment_terms": 15,
                "billing_address": {"address": "Kade 1", "city": "Gent"},
                "contact_persons": [{"first_name": "Noor", "email": "noor@klant.example"}],
            }
        case "/salesorders":
            customer = caller.get("/customers")["contacts"][0]["contact_id"]
            line = {"item_id": _first_id(caller, "items"), "quantity": 2, "rate": 9.5}
            return {"customer_id": customer, "reference_number": "r", "line_items": [line]}
        case "/purchaseorders":
            vendor = caller.get("/vendors")["contacts"][0]["contact_id"]
            item = next(
                row["item_id"] for row in caller.get("/items")["items"] if row["item_type"] != "sales"
            )
            line = {"item_id": item, "quantity": 2, "rate": 9.5}
            days = {"date": "2026-02-01", "delivery_date": "2026-02-11"}
            return {"vendor_id": vendor, "reference_number": "r", "line_items": [line], **days}
    raise AssertionError(path)


def _repeat(caller: Caller, exchange: Json) -> Answer:
    """The recorded request, made to the sandbox."""
    method, path = exchange["method"], exchange["path"]
    if method == "POST" and "{id}" not in path:
        return caller.post(path, _body(caller, path))
    if path == "/organizations/{id}":
        return caller.call(method, f"/organizations/{caller.organization_id}")
    if path.startswith("/salesorders/{id}"):
        made = caller.post("/salesorders", _body(caller, "/salesorders")).json()["salesorder"]
        return caller.call(method, path.replace("{id}", made["salesorder_id"]))
    if path.startswith("/purchaseorders/{id}"):
        made = caller.post("/purchaseorders", _body(caller, "/purchaseorders")).json()["purchaseorder"]
        return caller.call(method, path.replace("{id}", made["purchaseorder_id"]))
    if path == "/items/{id}":
        made = caller.post("/items", {"name": "To be deleted"}).json()["item"]
        return caller.call(method, f"/items/{made['item_id']}")
    values = {name: words[0] for name, words in (exchange.get("query_values") or {}).items()}
    return caller.call(method, path, **values)


def _values(record: Any, path: str) -> Iterator[Any]:
    """All values at a key path such as `line_items[].item_id`; nothing where a list on the way is empty."""
    head, _, rest = path.partition(".")
    name, is_list = head.removesuffix("[]"), head.endswith("[]")
    assert name in record, f"{path}: the sandbox has no {name}"
    found = record[name] if is_list else [record[name]]
    for value in found:
        if rest:
            yield from _values(value, rest)
        else:
            yield value


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _check(record: Json, shape: Json) -> None:
    for path, fact in shape.items():
        for value in _values(record, path):
            # A filled value's type is unknown where only "" was seen: stock and sizes are numbers then.
            if fact.get("format") == "empty-string" and value != "":
                continue
            assert _type(value) in fact["types"], f"{path} is {value!r}"
            pattern = FORMATS.get(fact.get("format", ""))
            if pattern and value != "":
                assert re.fullmatch(pattern, value), f"{path} is {value!r}"


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda e: f"{e['method']} {e['path']} {len(e['query'])}")
def test_every_recorded_exchange_has_its_shape(caller: Caller, exchange: Json) -> None:
    answer = _repeat(caller, exchange)
    assert answer.status == exchange["status"]
    body = answer.json()
    assert body["code"] == exchange["code"]
    assert body["message"] == exchange["message"]
    assert set(exchange["envelope_keys"]) == set(body)
    for name, kind in exchange["headers"].items():
        if name == "allow":
            continue  # it differs by path and tells a client nothing
        assert name in answer.headers, name
        if kind == "integer-string":
            assert answer.headers[name].isdigit()
        elif "{id}" in kind:
            assert re.fullmatch(kind.replace("{id}", r"\d{18}"), answer.headers[name])
        else:
            assert answer.headers[name] == kind
    if exchange.get("page_context"):
        _check(body["page_context"], exchange["page_context"])
    if exchange.get("record"):
        content = body[exchange["envelope"]]
        for record in content if isinstance(content, list) else [content]:
            _check(record, exchange["record"])


def test_no_answer_holds_a_null(caller: Caller) -> None:
    def nulls(value: object, path: str) -> Iterator[str]:
        if value is None:
            yield path
        elif isinstance(value, dict):
            for name, inner in value.items():
                yield from nulls(inner, f"{path}.{name}")
        elif isinstance(value, list):
            for inner in value:
                yield from nulls(inner, f"{path}[]")

    for collection in ("items", "contacts", "salesorders", "purchaseorders", "bills"):
        assert list(nulls(caller.get(f"/{collection}"), collection)) == []
        assert list(nulls(caller.get(f"/{collection}/{_first_id(caller, collection)}"), collection)) == []
