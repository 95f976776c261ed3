"""Writing to Zoho: the bodies, every answer and every trouble, sent once, and found again by the reference."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest
from test_zoho_purchases_rows import BUNDLE, COMPOSITE, ORDER, PART, ROW
from zoho_case import Case, Reply, error, page

from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.core.errors import (
    Exists,
    Gone,
    OverBudget,
    Rejected,
    Retry,
    Trouble,
    Unauthorized,
    Uncertain,
)
from stockbridge.core.record import Record, Values

HTML = b"<html>We will be right back</html>"
MADE: dict[str, Any] = {**ORDER, "reference_number": "1275993", "order_status": "draft", "status": "draft"}
NEW: Values = {
    "vendor_id": "88",
    "date": date(2026, 3, 2),
    "delivery_date": date(2026, 3, 9),
    "terms": "Franco",
    "lines": [
        {"item_id": "7", "quantity": Decimal("10"), "rate": Decimal("2.50")},
        {"item_id": "8", "quantity": 3},
    ],
}
ASSEMBLY: Values = {
    "composite_item_id": "900",
    "quantity_to_bundle": Decimal(84),
    "date": date(2026, 3, 2),
    "is_completed": False,
}
QUOTA = {"x-rate-limit-limit": "1000", "x-rate-limit-remaining": "100", "x-rate-limit-reset": "3600"}


def made(**changes: Any) -> Reply:
    return 201, {"code": 0, "message": "Purchase Order has been added.", "purchaseorder": {**MADE, **changes}}


def create(case: Case, values: Values = NEW, mark: str = "1275993") -> Record:
    return case.connector().create("purchaseorders", values, mark)


def assemble(case: Case, values: Values = ASSEMBLY) -> Record:
    return case.connector().create("bundles", values, "56090584")


def body_of(case: Case, at: int = -1) -> Any:
    return msgspec.json.decode(case.calls[at].content)


def posts(case: Case) -> list[str]:
    return [call.url.path.removeprefix("/inventory/v1") for call in case.calls if call.method == "POST"]


# Purchase orders


def test_an_order_goes_out_as_one_post_with_the_mark_as_its_reference_and_no_number() -> None:
    case = Case(replies=[made()])
    found = create(case)
    assert posts(case) == ["/purchaseorders"]
    assert dict(case.calls[0].url.params) == {"organization_id": "20081"}
    assert body_of(case) == {
        "vendor_id": "88",
        "date": "2026-03-02",
        "delivery_date": "2026-03-09",
        "terms": "Franco",
        "reference_number": "1275993",
        "line_items": [{"item_id": "7", "quantity": 10, "rate": 2.5}, {"item_id": "8", "quantity": 3}],
    }
    assert (found.id, found.full, found.values["reference_number"]) == ("50", True, "1275993")
    assert found.values["issued"] is False


@pytest.mark.parametrize(
    "reply",
    [
        (201, {"code": 0, "purchaseorder": MADE}),
        (200, {"code": 0, "purchaseorder": MADE}),
        (201, {"code": 0, "purchase_order": MADE}),
        (201, {"code": 0, **MADE}),
    ],
    ids=["live", "200", "documented", "flat"],
)
def test_every_shape_of_the_answer_is_read(reply: Reply) -> None:
    assert create(Case(replies=[reply])).id == "50"


def test_a_thin_answer_is_read_once_more_and_never_sent_again() -> None:
    thin: Reply = (201, {"code": 0, "purchaseorder": {"purchaseorder_id": "50"}})
    case = Case(replies=[thin, (200, {"code": 0, "purchaseorder": MADE})])
    assert create(case).values["vendor_id"] == "88"
    assert posts(case) == ["/purchaseorders"]
    lost = Case(answer=lambda request: thin if request.method == "POST" else (502, HTML))
    with pytest.raises(Uncertain):
        create(lost)
    assert len(posts(lost)) == 1


@pytest.mark.parametrize(
    ("locations", "key"),
    [
        ((200, {"code": 0, "locations": [{"location_id": "44"}]}), "location_id"),
        ((200, {"code": 0, "locations": []}), "warehouse_id"),
        ((404, error(5, "Invalid URL Passed")), "warehouse_id"),
    ],
)
def test_the_place_of_an_order_goes_by_the_name_the_organisation_has_for_it(
    locations: Reply, key: str
) -> None:
    case = Case(replies=[locations, made(), made()])
    connector = case.connector()
    for mark in ("1", "2"):
        connector.create("purchaseorders", {**NEW, "location_id": "44"}, mark)
    assert body_of(case)[key] == "44"
    assert [line[key] for line in body_of(case)["line_items"]] == ["44", "44"]
    assert [call.url.path for call in case.calls].count("/inventory/v1/locations") == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vendor_id": None}, "vendor_id"),
        ({"date": None}, "date"),
        ({"date": datetime(2026, 3, 2)}, "date"),
        ({"lines": []}, "lines"),
        ({"lines": [{"item_id": "7"}]}, "lines[1].quantity"),
        ({"lines": [{"item_id": None, "quantity": 1}]}, "lines[1].item_id"),
        ({"lines": [{"item_id": "7", "quantity": Decimal("NaN")}]}, "lines[1].quantity"),
        ({"lines": [{"item_id": "7", "quantity": 1, "item_total": 2}]}, "lines[1].item_total"),
        ({"total": Decimal(5)}, "total"),
        ({"issued": True}, "issued"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_zoho_cannot_take_is_refused_before_any_call(change: Values, field: str) -> None:
    case = Case()
    with pytest.raises(Rejected) as raised:
        create(case, {**NEW, **change})
    assert raised.value.field == field
    assert raised.value.remedy
    assert case.calls == []


@pytest.mark.parametrize("issued", [False, None])
def test_an_order_that_stays_a_draft_may_say_so(issued: bool | None) -> None:
    case = Case(replies=[made()])
    create(case, {**NEW, "issued": issued})
    assert "issued" not in body_of(case)


# Troubles


@pytest.mark.parametrize(
    "first",
    [
        httpx2.ConnectError("refused"),
        (429, error(44)),
        (429, error(1070)),
        (400, error(900001, "unable to process your request")),
        (400, error(77, "The requested action could not be completed")),
        (401, error(57)),
        (401, error(14)),
    ],
)
def test_what_zoho_certainly_did_not_do_goes_again(first: Reply) -> None:
    case = Case(replies=[first, made()])
    assert create(case).id == "50"
    assert len(case.calls) == 2


@pytest.mark.parametrize(
    "reply",
    [
        httpx2.ReadTimeout("x"),
        httpx2.ReadError("x"),
        httpx2.RemoteProtocolError("x"),
        httpx2.WriteError("x"),
        (408, HTML),
        (500, error(1000, "Internal error")),
        (502, HTML),
        (504, HTML),
        (200, HTML),
        (201, b""),
        (201, {}),
        (201, {"code": "0", "purchaseorder": MADE}),
        (201, {"code": 0, "message": "Purchase Order has been added."}),
        (204, b""),
        (302, HTML),
    ],
)
def test_what_may_have_been_done_is_uncertain_and_is_sent_once(reply: Reply) -> None:
    case = Case(answer=lambda request: reply)
    with pytest.raises(Uncertain) as raised:
        create(case)
    assert "hush" not in str(raised.value)
    assert raised.value.remedy
    assert len(case.calls) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (httpx2.ConnectError("x"), Retry, "Nothing was sent"),
        ((400, error(900001, "try again")), Retry, "try again"),
        ((429, error(45)), OverBudget, "used up"),
        ((401, error(57)), Unauthorized, "accounts add zoho"),
        ((401, error(6018)), Unauthorized, "administrator"),
        ((404, error(1002, "The Vendor is not accessible.")), Gone, "vendor 88 or item 7 or item 8"),
        ((400, error(2006, "Item does not exist.")), Gone, "Item does not exist"),
        ((200, error(1002, "Vendor does not exist.")), Gone, "Vendor does not exist"),
        ((404, error(5, "Invalid URL Passed")), Rejected, "Invalid URL"),
    ],
)
def test_a_lasting_trouble_is_typed_by_what_to_do_next(reply: Reply, kind: type[Trouble], words: str) -> None:
    case = Case(answer=lambda request: reply)
    with pytest.raises(kind) as raised:
        create(case)
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize(
    ("code", "said", "field", "advice"),
    [
        (29032, "The item Bel does not have purchase information.", "lines", "purchase price"),
        (
            4097,
            "Number entered does not match the auto-generated number",
            "reference_number",
            "automatic numbering",
        ),
        (77, "The vendor Van der Meer is inactive.", "vendor_id", "active again"),
        (77, "Item Bel is inactive", None, "active again"),
        (77, "No exchange rates for currency", "vendor_id", "exchange rate"),
        (2, "Invalid value passed for delivery_date", "delivery_date", "Correct what it names"),
        (2, "Invalid value passed for line_items", "lines", "Correct what it names"),
        (2, "Invalid Element gst_treatment", None, "Correct what it names"),
        (36999, "Nobody knows why", None, "Correct what it names"),
    ],
)
def test_a_refusal_keeps_zohos_words_and_says_what_mends_it(
    status: int, code: int, said: str, field: str | None, advice: str
) -> None:
    case = Case(replies=[(status, error(code, said))])
    with pytest.raises(Rejected) as raised:
        create(case)
    assert said in raised.value.what
    assert (raised.value.field, raised.value.code) == (field, str(code))
    assert advice in raised.value.remedy


# Issuing


def issued() -> Reply:
    return 200, {"code": 0, "message": "The purchase order has been marked as issued."}


def issue(case: Case) -> Record:
    return case.connector().update("purchaseorders", "50", {"issued": True})


def test_issuing_is_a_call_of_its_own_and_the_order_is_read_back() -> None:
    case = Case(replies=[issued(), (200, {"code": 0, "purchaseorder": {**MADE, "order_status": "issued"}})])
    found = issue(case)
    assert posts(case) == ["/purchaseorders/50/status/issued"]
    assert (found.id, found.full, found.values["issued"]) == ("50", True, True)


@pytest.mark.parametrize(
    "after",
    [(502, HTML), (401, error(57)), (200, {"code": 0, "purchaseorder": MADE}), (404, error(1002))],
    ids=["no answer", "no right", "an older state", "not there yet"],
)
def test_a_read_back_that_fails_takes_nothing_back(after: Reply) -> None:
    case = Case(answer=lambda request: issued() if request.method == "POST" else after)
    found = issue(case)
    assert (found.id, found.full, found.values) == ("50", False, {"issued": True})
    assert len(posts(case)) == 1


def test_an_order_that_a_person_issued_meanwhile_is_issued() -> None:
    refused: Reply = (400, error(36015, "The purchase order cannot be marked as issued."))
    there = {**MADE, "order_status": "issued"}
    assert issue(Case(replies=[refused, (200, {"code": 0, "purchaseorder": there})])).values["issued"] is True
    with pytest.raises(Rejected, match="cannot be marked"):
        issue(Case(replies=[refused, (200, {"code": 0, "purchaseorder": MADE})]))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [((502, HTML), Uncertain), (httpx2.ReadTimeout("x"), Uncertain), ((404, error(1002)), Gone)],
)
def test_troubles_of_issuing_are_typed_as_those_of_making(reply: Reply, kind: type[Trouble]) -> None:
    case = Case(answer=lambda request: reply)
    with pytest.raises(kind):
        issue(case)
    assert len(case.calls) == 1


@pytest.mark.parametrize("values", [{"terms": "x"}, {"issued": False}, {"issued": True, "terms": "x"}, {}])
def test_nothing_else_of_an_order_is_changed(values: Values) -> None:
    case = Case()
    with pytest.raises(Rejected, match="changes nothing"):
        case.connector().update("purchaseorders", "50", values)
    assert case.calls == []


# Assemblies


def composite(**changes: Any) -> Reply:
    return 200, {"code": 0, "composite_item": {**COMPOSITE, **changes}}


def built(**changes: Any) -> Reply:
    return 201, {"code": 0, "message": "Assembly has been created.", "bundle": {**BUNDLE, **changes}}


def test_an_assembly_is_made_of_the_recipe_of_one_unit_under_our_own_reference() -> None:
    parts = [
        {**PART, "account_id": "501"},
        {**PART, "item_id": "8", "name": "Bel", "quantity": 0.5, "inventory_account_id": "502"},
        {**PART, "item_id": "9", "product_type": "service"},
    ]
    case = Case(replies=[composite(mapped_items=parts), built()])
    found = assemble(case)
    assert [f"{call.method} {call.url.path}" for call in case.calls] == [
        "GET /inventory/v1/compositeitems/900",
        "POST /inventory/v1/bundles",
    ]
    assert case.calls[1].url.params["ignore_auto_number_generation"] == "true"
    assert body_of(case) == {
        "reference_number": "56090584",
        "date": "2026-03-02",
        "composite_item_id": "900",
        "composite_item_name": "Fiets",
        "quantity_to_bundle": 84,
        "is_completed": False,
        "line_items": [
            {"item_id": "7", "name": "Wiel", "quantity_consumed": 2, "account_id": "501"},
            {"item_id": "8", "name": "Bel", "quantity_consumed": 0.5, "account_id": "502"},
        ],
    }
    assert (found.id, found.full) == ("60", True)


@pytest.mark.parametrize(
    "reply",
    [built(), (200, {"code": 0, "bundle": BUNDLE}), (201, {"code": 0, **BUNDLE})],
    ids=["live", "200", "flat"],
)
def test_every_shape_of_the_answer_to_an_assembly_is_read(reply: Reply) -> None:
    assert assemble(Case(replies=[composite(), reply])).id == "60"


@pytest.mark.parametrize(
    ("places", "header", "lines"),
    [
        ({"locations": [{"location_id": "44"}]}, {"location_id": "44"}, {}),
        ({"warehouses": [{"warehouse_id": "44"}]}, {"warehouse_id": "44"}, {"warehouse_id": "44"}),
        ({}, {"location_id": "44"}, {}),
    ],
    ids=["locations", "warehouses", "not known"],
)
def test_the_place_of_an_assembly_goes_into_its_header_and_in_old_organisations_into_the_lines(
    places: dict[str, Any], header: dict[str, str], lines: dict[str, str]
) -> None:
    case = Case(replies=[composite(**places), built()])
    assemble(case, {**ASSEMBLY, "location_id": "44"})
    body = body_of(case)
    assert {key: body[key] for key in body if key in ("location_id", "warehouse_id")} == header
    for line in body["line_items"]:
        assert {key: line[key] for key in line if key in ("location_id", "warehouse_id")} == lines


@pytest.mark.parametrize(
    ("asked", "sent"), [(True, True), (False, False), (None, False), ("left out", False)]
)
def test_an_assembly_is_completed_only_where_that_was_asked_for(asked: Any, sent: bool) -> None:
    values = {name: value for name, value in ASSEMBLY.items() if name != "is_completed"}
    case = Case(replies=[composite(), built()])
    assemble(case, values if asked == "left out" else {**values, "is_completed": asked})
    assert body_of(case)["is_completed"] is sent


@pytest.mark.parametrize(
    ("code", "said", "field", "advice"),
    [
        (36018, "There is not enough stock of the item Wiel to assemble.", "quantity_to_bundle", "parts"),
        (77, "Insufficient stock for Wiel", "quantity_to_bundle", "parts"),
        (2, "Invalid value passed for is_completed", "is_completed", "Nothing was completed"),
        (2056, "composite contains only one line item", "composite_item_id", "second part"),
        (2324, "Batch 7 is not available in selected branch", "location_id", "location"),
        (4097, "Number entered does not match the auto-generated number", "reference_number", "numbering"),
        (77, "you do not have permission for Reserve location", "location_id", "permission"),
    ],
)
def test_a_refused_assembly_is_shown_and_never_answered_by_completing(
    code: int, said: str, field: str, advice: str
) -> None:
    case = Case(replies=[composite(), (400, error(code, said))])
    with pytest.raises(Rejected) as raised:
        assemble(case)
    assert said in raised.value.what
    assert raised.value.field == field
    assert advice in raised.value.remedy
    assert len(posts(case)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        composite(mapped_items=[]),
        composite(mapped_items=[{**PART, "quantity": ""}]),
        composite(mapped_items=""),
    ],
)
def test_without_a_recipe_nothing_is_sent(reply: Reply) -> None:
    case = Case(replies=[reply])
    with pytest.raises(Rejected) as raised:
        assemble(case)
    assert raised.value.field == "composite_item_id"
    assert posts(case) == []


def test_an_item_that_is_no_composite_is_refused_and_one_that_is_gone_is_gone() -> None:
    gone: Reply = (404, error(1002))
    item: Reply = (
        200,
        {"code": 0, "item": {"item_id": "900", "last_modified_time": ORDER["last_modified_time"]}},
    )
    with pytest.raises(Rejected, match="no composite item"):
        assemble(Case(replies=[gone, item]))
    with pytest.raises(Gone):
        assemble(Case(replies=[gone, gone]))


def test_a_reference_that_is_taken_is_the_same_assembly() -> None:
    taken: Reply = (400, error(1001, "An assembly with the reference number 56090584 already exists"))
    with pytest.raises(Exists) as raised:
        assemble(Case(replies=[composite(), taken, page(BUNDLE, key="bundles")]))
    assert raised.value.record.id == "60"
    with pytest.raises(Rejected, match="already exists"):
        assemble(Case(replies=[composite(), taken, page(key="bundles")]))


@pytest.mark.parametrize("reply", [(502, HTML), httpx2.ReadTimeout("x"), (201, {"code": 0})])
def test_an_assembly_whose_answer_is_lost_is_uncertain_and_sent_once(reply: Reply) -> None:
    case = Case(answer=lambda request: composite() if request.method == "GET" else reply)
    with pytest.raises(Uncertain):
        assemble(case)
    assert len(posts(case)) == 1


# Looking for what was made


def test_a_search_asks_for_each_mark_compares_every_row_and_gives_full_records() -> None:
    def answer(request: httpx2.Request) -> Reply:
        if request.url.path.endswith("/purchaseorders/50"):
            return 200, {"code": 0, "purchaseorder": MADE}
        if request.url.params["reference_number"] == "1275993":
            other = {**ROW, "purchaseorder_id": "51", "reference_number": "12759931"}
            return page(other, {**ROW, "reference_number": "1275993"}, key="purchaseorders")
        return page(key="purchaseorders")

    case = Case(answer=answer)
    found = case.connector().find("purchaseorders", ["1275993", "7"], None)
    assert {mark: [(one.id, one.full) for one in some] for mark, some in found.items()} == {
        "1275993": [("50", True)]
    }
    assert len(case.calls) == 3


def test_a_search_that_zoho_ignores_is_read_to_its_end() -> None:
    rows = [{**BUNDLE, "bundle_id": str(n), "reference_number": str(n)} for n in range(450)]

    def answer(request: httpx2.Request) -> Reply:
        start = (int(request.url.params["page"]) - 1) * 200
        return page(*rows[start : start + 200], more=len(rows) > start + 200, key="bundles")

    found = Case(answer=answer).connector().find("bundles", ["449", "450"], None)
    assert {mark: [one.id for one in some] for mark, some in found.items()} == {"449": ["449"]}


def test_a_record_that_is_there_but_unreadable_is_found_all_the_same() -> None:
    bad = {**BUNDLE, "total": "twelve"}
    (found,) = (
        Case(replies=[page(bad, key="bundles")]).connector().find("bundles", ["56090584"], None)["56090584"]
    )
    assert (found.id, found.full, found.values) == ("60", False, {"reference_number": "56090584"})
    nameless = {**BUNDLE, "bundle_id": ""}
    with pytest.raises(Retry, match="without an id"):
        Case(replies=[page(nameless, key="bundles")]).connector().find("bundles", ["56090584"], None)


def test_streams_that_are_only_read_refuse_every_write() -> None:
    connector = Case().connector()
    with pytest.raises(Rejected, match="does not write to Zoho's items"):
        connector.create("items", {}, "1")
    with pytest.raises(Rejected, match="does not change Zoho's bundles"):
        connector.update("bundles", "1", {"status": "bundled"})
    with pytest.raises(Rejected, match="does not delete from Zoho's purchaseorders"):
        connector.remove("purchaseorders", "1")
    assert connector.find("items", ["1"], None) == {}


# The reserve


def spent_to_the_reserve(more: list[Reply]) -> tuple[Case, ZohoConnector]:
    case = Case(replies=[(200, page(key="contacts")[1], QUOTA), *more])
    connector = case.connector()
    list(connector.read("vendors", None))
    return case, connector


def test_imports_stop_short_of_the_reserve_and_exports_go_out_of_it() -> None:
    found = page({**ROW, "reference_number": "1275993"}, key="purchaseorders")
    detail: Reply = (200, {"code": 0, "purchaseorder": {**MADE, "order_status": "issued"}})
    case, connector = spent_to_the_reserve([made(), issued(), detail, composite(), built(), found, detail])
    for blocked in (
        lambda: list(connector.read("items", None)),
        lambda: connector.fetch("purchaseorders", ["50"]),
    ):
        with pytest.raises(OverBudget, match="kept for exports"):
            blocked()
    assert connector.create("purchaseorders", NEW, "1275993").id == "50"
    assert connector.update("purchaseorders", "50", {"issued": True}).values["issued"] is True
    assert connector.create("bundles", ASSEMBLY, "56090584").id == "60"
    assert [one.id for one in connector.find("purchaseorders", ["1275993"], None)["1275993"]] == ["50"]
    assert case.replies == []
