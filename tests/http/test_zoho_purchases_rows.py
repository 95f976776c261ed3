"""Composite items, purchase orders with lines and receipts, and assemblies: how each row and each oddity is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from zoho_case import Case, Reply, error, page

from stockbridge.connectors.zoho.assemblies import derive_bundle_receipt, derive_parts
from stockbridge.connectors.zoho.purchases import derive_lines, derive_receipts
from stockbridge.connectors.zoho.streams import STREAMS
from stockbridge.core.errors import Halt
from stockbridge.core.record import Page, Record, Refusal, values_type

CHANGED = "2026-03-01T09:00:00+0100"
MIDNIGHT = datetime(2026, 2, 20, tzinfo=UTC)

PART = {
    "line_item_id": "1",
    "item_id": "7",
    "name": "Wiel",
    "sku": "W",
    "quantity": 2,
    "product_type": "goods",
}
COMPOSITE = {
    "composite_item_id": "900",
    "name": "Fiets",
    "sku": "F-1",
    "status": "active",
    "stock_on_hand": 3,
    "last_modified_time": CHANGED,
    "mapped_items": [PART, {**PART, "item_id": "8", "name": "Bel", "sku": "", "quantity": 0.5}],
}
LINE: dict[str, Any] = {
    "line_item_id": "11",
    "item_id": "7",
    "name": "Wiel",
    "sku": "W",
    "quantity": 10,
    "rate": 2.5,
    "item_total": 25,
    "quantity_received": 4,
    "quantity_cancelled": 0,
}
RECEIVE: dict[str, Any] = {
    "receive_id": "71",
    "receive_number": "PR-1",
    "date": "2026-02-20",
    "line_items": [{"line_item_id": "11", "item_id": "7", "quantity": 4}],
}
ORDER: dict[str, Any] = {
    "purchaseorder_id": "50",
    "purchaseorder_number": "PO-5",
    "reference_number": "",
    "date": "2026-02-10",
    "delivery_date": "2026-03-05",
    "order_status": "issued",
    "status": "partially_received",
    "received_status": "partially_received",
    "vendor_id": "88",
    "total": 25,
    "exchange_rate": 1.25,
    "last_modified_time": CHANGED,
    "line_items": [LINE],
    "purchasereceives": [RECEIVE],
}
ROW: dict[str, Any] = {
    **{
        key: value
        for key, value in ORDER.items()
        if key not in ("line_items", "purchasereceives", "exchange_rate")
    },
    "total_ordered_quantity": 10,
    "quantity_yet_to_receive": 6,
    "receives": [{"receive_id": "71", "receive_number": "PR-1"}],
}
BUNDLE: dict[str, Any] = {
    "bundle_id": "60",
    "reference_number": "56090584",
    "transaction_number": "WO-1",
    "date": "2026-02-20",
    "status": "confirmed",
    "is_completed": False,
    "composite_item_id": "900",
    "quantity_to_bundle": 4,
    "last_modified_time": CHANGED,
}


def one(stream: str, body: dict[str, Any], id: str) -> Record | Refusal:
    (found,) = Case(replies=[(200, {"code": 0, **body})]).connector().fetch(stream, [id])
    return found


def record(found: Record | Refusal) -> Record:
    assert isinstance(found, Record), found
    msgspec.convert(found.values, values_type(STREAMS_OF[found.id].fields), strict=True)
    return found


STREAMS_OF = {"50": STREAMS["purchaseorders"], "60": STREAMS["bundles"], "900": STREAMS["composites"]}


def order(**changes: Any) -> Record:
    return record(one("purchaseorders", {"purchaseorder": {**ORDER, **changes}}, "50"))


def listed(stream: str, key: str, *rows: Any) -> Page:
    *_, found = [p for p in Case(replies=[page(*rows, key=key)]).connector().read(stream, None) if p.records]
    return found


def row(**changes: Any) -> Record:
    return listed("purchaseorders", "purchaseorders", {**ROW, **changes}).records[0]


# Composite items


@pytest.mark.parametrize("body", [{"composite_item": COMPOSITE}, COMPOSITE], ids=["live", "documented"])
def test_a_composite_item_is_read_with_its_parts(body: dict[str, Any]) -> None:
    found = record(one("composites", body, "900"))
    assert [(part["item_id"], part["quantity"]) for part in found.values["parts"]] == [
        ("7", Decimal(2)),
        ("8", Decimal("0.5")),
    ]
    assert found.values["part_ids"] == ["900_7", "900_8"]


def test_services_are_no_parts_and_an_item_that_stands_twice_is_one_part() -> None:
    mapped = [PART, {**PART, "item_id": "9", "product_type": "service"}, {**PART, "quantity": 3}]
    found = record(one("composites", {**COMPOSITE, "mapped_items": mapped, "status": "inactive"}, "900"))
    (part,) = derive_parts(found)
    assert part.id == "900_7"
    assert part.parent == "900"
    assert part.values == {
        "composite_id": "900",
        "part_id": "7",
        "quantity": Decimal(5),
        "name": "Wiel",
        "sku": "W",
    }
    assert found.values["part_ids"] == ["900_7"]
    assert found.values["parts"][0]["quantity"] == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"quantity": ""}, "mapped_items[1].quantity"),
        ({"quantity": "two"}, "mapped_items[1].quantity"),
        ({"item_id": ""}, "mapped_items[1].item_id"),
    ],
)
def test_a_part_that_cannot_be_read_refuses_the_composite_by_name(change: dict[str, Any], named: str) -> None:
    found = one("composites", {**COMPOSITE, "mapped_items": [{**PART, **change}]}, "900")
    assert isinstance(found, Refusal)
    assert named in found.reason


def test_a_composite_without_any_list_of_parts_is_refused_and_one_with_an_empty_list_has_none() -> None:
    bare = {key: value for key, value in COMPOSITE.items() if key != "mapped_items"}
    assert isinstance(one("composites", bare, "900"), Refusal)
    assert record(one("composites", {**bare, "mapped_items": []}, "900")).values["part_ids"] == []
    spare = record(one("composites", {**bare, "composite_component_items": [PART]}, "900"))
    assert spare.values["part_ids"] == ["900_7"]


# Purchase orders


@pytest.mark.parametrize("key", ["purchaseorder", "purchase_order"])
def test_an_order_is_read_under_both_envelopes_and_both_names_of_the_price(key: str) -> None:
    line = {**{k: v for k, v in LINE.items() if k != "rate"}, "purchase_rate": "2.50"}
    found = record(one("purchaseorders", {key: {**ORDER, "line_items": [line]}}, "50"))
    assert found.values["lines"][0]["rate"] == Decimal("2.50")
    assert found.values["base_total"] == Decimal("31.25")
    assert found.values["lines"][0]["base_item_total"] == Decimal("31.25")


def test_a_row_and_the_detail_of_the_same_state_have_the_same_version() -> None:
    assert order().version == row().version
    assert order().values["quantity_yet_to_receive"] == row().values["quantity_yet_to_receive"] == 6
    fresh = {"order_status": "draft", "status": "draft"}
    detail = order(**fresh, received_status="", purchasereceives=[])
    # What a list says of a draft's quantities is not known, so it does not count.
    for amount in (0, 10):
        listed = row(**fresh, received_status="to_be_received", receives=[], quantity_yet_to_receive=amount)
        assert detail.version == listed.version


@pytest.mark.parametrize(
    "change",
    [
        {"quantity_yet_to_receive": 5},
        {"received_status": "received"},
        {"receives": [{"receive_id": "71"}, {"receive_id": "72"}]},
        {"receives": [{"receive_id": "72"}]},
        {"last_modified_time": "2026-03-01T09:00:01+0100"},
    ],
)
def test_whatever_a_receive_moves_changes_the_version(change: dict[str, Any]) -> None:
    assert row(**change).version != row().version


def test_the_order_in_which_receives_are_told_does_not_matter() -> None:
    ids = [{"receive_id": "71"}, {"receive_id": "72"}]
    assert row(receives=ids).version == row(receives=ids[::-1]).version


@pytest.mark.parametrize(
    ("status", "issued"),
    [
        ("draft", False),
        ("pending_approval", False),
        ("approved", False),
        ("rejected", False),
        ("issued", True),
        ("closed", True),
        ("cancelled", True),
    ],
)
def test_an_order_is_issued_unless_it_still_waits_for_that(status: str, issued: bool) -> None:
    assert row(order_status=status).values["issued"] is issued
    assert order(order_status=status).values["issued"] is issued


def test_the_documents_know_only_one_status_and_write_it_large() -> None:
    known = {key: value for key, value in ROW.items() if key != "order_status"}
    found = listed("purchaseorders", "purchaseorders", {**known, "status": "Draft"}).records[0]
    assert found.values["issued"] is False


@pytest.mark.parametrize(
    ("days", "read"),
    [
        ({"delivery_date": "2026-03-05", "expected_delivery_date": "2026-03-09"}, date(2026, 3, 5)),
        ({"delivery_date": "", "expected_delivery_date": "2026-03-09"}, date(2026, 3, 9)),
        ({"delivery_date": "", "expected_delivery_date": ""}, None),
    ],
)
def test_the_day_of_delivery_is_the_agreed_one_else_the_expected_one(
    days: dict[str, str], read: date | None
) -> None:
    assert row(**days).values["delivery_date"] == read
    assert order(**days).values["delivery_date"] == read


def test_an_expected_day_that_is_none_is_refused_by_its_own_name() -> None:
    bad = {**ROW, "delivery_date": "", "expected_delivery_date": "soon"}
    (found,) = Case(replies=[page(bad, key="purchaseorders")]).connector().read("purchaseorders", None)
    assert '"expected_delivery_date" of purchase order 50 ("PO-5") is "soon"' in found.refused[0].reason


@pytest.mark.parametrize(
    ("change", "closed", "received"),
    [
        ({}, None, None),
        ({"order_status": "closed"}, MIDNIGHT, MIDNIGHT),
        ({"status": "closed"}, MIDNIGHT, MIDNIGHT),
        ({"received_status": "received"}, None, MIDNIGHT),
        ({"is_po_marked_as_received": True}, None, MIDNIGHT),
        ({"received_status": "received", "purchasereceives": []}, None, datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_when_an_order_was_closed_and_when_all_was_received(
    change: dict[str, Any], closed: datetime | None, received: datetime | None
) -> None:
    found = order(**change)
    assert (found.values["closed_time"], found.values["received_time"]) == (closed, received)


def test_the_last_receive_counts_wherever_it_stands() -> None:
    later = {**RECEIVE, "receive_id": "72", "date": "2026-02-25"}
    found = order(order_status="closed", purchasereceives=[later, RECEIVE])
    assert found.values["closed_time"] == datetime(2026, 2, 25, tzinfo=UTC)


def test_lines_are_derived_with_what_they_need_and_free_text_is_left_out() -> None:
    text = {"line_item_id": "12", "item_id": "", "name": "Vracht", "quantity": "", "item_total": ""}
    (line,) = derive_lines(order(line_items=[LINE, text]))
    assert (line.id, line.parent) == ("11", "50")
    assert line.values == {
        "purchaseorder_id": "50",
        "item_id": "7",
        "quantity": Decimal(10),
        "rate": Decimal("2.5"),
        "item_total": Decimal(25),
        "base_item_total": Decimal("31.25"),
        "delivery_date": date(2026, 3, 5),
        "name": "Wiel",
        "sku": "W",
    }


@pytest.mark.parametrize("name", ["quantity", "item_total", "line_item_id"])
def test_a_line_that_lacks_what_counts_is_refused(name: str) -> None:
    found = one("purchaseorders", {"purchaseorder": {**ORDER, "line_items": [{**LINE, name: ""}]}}, "50")
    assert isinstance(found, Refusal)
    assert f"line_items[1].{name}" in found.reason


@pytest.mark.parametrize(
    "status", [{"order_status": "cancelled"}, {"status": "Cancelled"}, {"order_status": "rejected"}]
)
def test_a_cancelled_or_rejected_order_has_neither_lines_nor_receipts(status: dict[str, str]) -> None:
    found = order(**status)
    assert list(derive_lines(found)) == list(derive_receipts(found)) == []


@pytest.mark.parametrize(
    ("line", "of", "id"),
    [
        ({"line_item_id": "11", "item_id": "7"}, "11", "71_11"),
        ({"line_item_id": "901", "purchaseorder_item_id": "12", "item_id": "7"}, "12", "71_901"),
        ({"line_item_id": "901", "item_id": "8"}, "13", "71_901"),
        ({"line_item_id": "901", "item_id": "7"}, None, "71_901"),
        ({"line_item_id": "901", "item_id": "99"}, None, "71_901"),
    ],
    ids=["the order's line", "named", "the only one of the item", "one of two", "unknown"],
)
def test_a_receipt_finds_the_line_it_is_of(line: dict[str, str], of: str | None, id: str) -> None:
    lines = [LINE, {**LINE, "line_item_id": "12"}, {**LINE, "line_item_id": "13", "item_id": "8"}]
    received = [{**RECEIVE, "line_items": [{**line, "quantity": 4}]}]
    (receipt,) = derive_receipts(order(line_items=lines, purchasereceives=received))
    assert (receipt.id, receipt.parent) == (id, "50")
    assert receipt.values == {
        "purchaseorder_id": "50",
        "line_id": of,
        "item_id": line["item_id"],
        "date": date(2026, 2, 20),
        "quantity": Decimal(4),
        "receive_number": "PR-1",
    }


@pytest.mark.parametrize(
    "receive",
    [
        {**RECEIVE, "line_items": [{"line_item_id": "11", "item_id": "7", "quantity": 0}]},
        {**RECEIVE, "status": "in_transit"},
    ],
    ids=["nothing", "on the way"],
)
def test_what_did_not_arrive_is_no_receipt(receive: dict[str, Any]) -> None:
    assert list(derive_receipts(order(purchasereceives=[receive]))) == []


@pytest.mark.parametrize(
    "receives",
    [
        [{**RECEIVE, "receive_id": ""}],
        [{**RECEIVE, "line_items": "none"}],
        [{**RECEIVE, "line_items": [{"item_id": "7", "quantity": 4}]}],
        [{**RECEIVE, "line_items": [{"line_item_id": "11", "quantity": ""}]}],
        {"not": "a list"},
        ["no receive"],
    ],
)
def test_a_receive_that_cannot_be_read_refuses_its_order(receives: Any) -> None:
    found = one("purchaseorders", {"purchaseorder": {**ORDER, "purchasereceives": receives}}, "50")
    assert isinstance(found, Refusal)
    assert "purchasereceives" in found.reason


@pytest.mark.parametrize("name", ["total", "exchange_rate"])
def test_an_amount_that_is_not_known_gives_no_amount_in_the_own_currency(name: str) -> None:
    assert order(**{name: ""}).values["base_total"] is None


# Assemblies


def bundle(**changes: Any) -> Record:
    return listed("bundles", "bundles", {**BUNDLE, **changes}).records[0]


@pytest.mark.parametrize(
    ("change", "done"),
    [
        ({}, False),
        ({"status": "draft"}, False),
        ({"is_completed": True}, True),
        ({"status": "bundled"}, True),
        ({"status": "Built", "is_completed": ""}, True),
    ],
)
def test_an_assembly_is_completed_by_its_flag_or_its_status(change: dict[str, Any], done: bool) -> None:
    found = bundle(**change)
    assert found.full
    assert found.values["completed_time"] == (MIDNIGHT if done else None)
    receipts = list(derive_bundle_receipt(found))
    assert [one.id for one in receipts] == (["60"] if done else [])
    if done:
        assert receipts[0].values["quantity"] == Decimal(4)
        assert receipts[0].values["date"] == date(2026, 2, 20)


def test_a_completed_assembly_without_a_day_is_refused() -> None:
    rows = page({**BUNDLE, "date": "", "status": "bundled"}, key="bundles")
    refused = [
        one for found in Case(replies=[rows]).connector().read("bundles", None) for one in found.refused
    ]
    assert '"date" of assembly 60' in refused[0].reason


@pytest.mark.parametrize("key", ["location_id", "warehouse_id"])
def test_the_place_of_an_assembly_and_of_an_order_has_two_names(key: str) -> None:
    assert bundle(**{key: "44"}).values["location_id"] == "44"
    assert row(**{key: "44"}).values["location_id"] == "44"


# Reading a list that has no filter on the time of change


class Shelf:
    """A list of assemblies, newest change last, that answers as Zoho does; `moves` happen before the call of a number."""

    def __init__(self, count: int, *, need_composite: bool = False, ignore_order: bool = False) -> None:
        self.rows = [
            {
                **BUNDLE,
                "bundle_id": str(n),
                "composite_item_id": str(900 + n % 2),
                "last_modified_time": f"2026-02-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00+0000",
            }
            for n in range(count)
        ]
        self.created = {one["bundle_id"]: n for n, one in enumerate(self.rows)}
        self.need_composite = need_composite
        self.ignore_order = ignore_order
        self.moves: dict[int, Any] = {}
        self.calls = 0

    def __call__(self, request: Any) -> Reply:
        asked = request.url.params
        if request.url.path.endswith("/compositeitems"):
            return page(
                *({**COMPOSITE, "composite_item_id": id} for id in ("900", "901")), key="composite_items"
            )
        self.calls += 1
        if self.calls in self.moves:
            self.moves[self.calls]()
        if self.need_composite and "composite_item_id" not in asked:
            return 400, error(2, "Invalid value passed for composite_item_id")
        rows = [
            one
            for one in self.rows
            if asked.get("composite_item_id", one["composite_item_id"]) == one["composite_item_id"]
        ]
        by = (
            (lambda one: one["last_modified_time"])
            if asked["sort_column"] == "last_modified_time"
            else self.born
        )
        if not self.ignore_order or asked["sort_column"] == "created_time":
            rows = sorted(rows, key=by, reverse=asked["sort_order"] == "D")
        start = (int(asked["page"]) - 1) * 200
        return page(*rows[start : start + 200], more=len(rows) > start + 200, key="bundles")

    def born(self, one: dict[str, Any]) -> int:
        return self.created[one["bundle_id"]]

    def edit(self, n: int, time: str = "2026-03-01T23:00:00+0000") -> None:
        self.rows[n] = {**self.rows[n], "last_modified_time": time}

    def drop(self, n: int) -> None:
        self.rows = [one for one in self.rows if one["bundle_id"] != str(n)]

    def ids(self, since: str | None) -> set[str]:
        found = list(Case(answer=self).connector().read("bundles", since))
        assert not any(one.refused for one in found)
        self.checkpoint = found[-1].checkpoint
        return {one.id for p in found for one in p.records}


def ids(*ranges: range) -> set[str]:
    return {str(n) for one in ranges for n in one}


def test_few_changes_are_one_call_and_older_rows_are_left_out() -> None:
    shelf = Shelf(450)
    assert shelf.ids("2026-02-01T07:00:00+00:00") == ids(range(415, 450))
    assert shelf.calls == 1
    assert shelf.checkpoint == "2026-02-01T07:29:00+00:00"


def test_changes_of_several_pages_are_read_back_to_the_watermark() -> None:
    shelf = Shelf(1000)
    assert shelf.ids("2026-02-01T08:25:00+00:00") == ids(range(500, 1000))
    assert shelf.calls == 3 + 2


@pytest.mark.parametrize("move", ["edit", "drop", "both"])
@pytest.mark.parametrize("at", [2, 3, 4, 5])
def test_rows_that_move_between_pages_are_not_missed(move: str, at: int) -> None:
    shelf = Shelf(1000)
    if move in ("edit", "both"):
        shelf.moves[at] = lambda: shelf.edit(3)
    if move in ("drop", "both"):
        shelf.moves[2] = lambda: shelf.drop(950)
    found = shelf.ids("2026-02-01T08:25:00+00:00")
    assert found >= ids(range(500, 1000)) - {"950"}


def test_a_full_read_is_complete_while_rows_are_edited_and_deleted() -> None:
    shelf = Shelf(450)
    shelf.moves = {2: lambda: shelf.drop(10), 3: lambda: shelf.edit(300), 4: lambda: shelf.edit(20)}
    assert shelf.ids(None) >= ids(range(450)) - {"10"}


def test_a_list_in_another_order_is_read_whole() -> None:
    shelf = Shelf(450, ignore_order=True)
    assert shelf.ids("2026-02-01T07:00:00+00:00") == ids(range(415, 450))


@pytest.mark.parametrize("since", [None, "2026-02-01T07:00:00+00:00"])
def test_where_the_list_wants_a_composite_item_each_is_asked_for_by_itself(since: str | None) -> None:
    shelf = Shelf(450, need_composite=True)
    assert shelf.ids(since) == ids(range(0 if since is None else 415, 450))
    assert shelf.checkpoint == "2026-02-01T07:29:00+00:00"


def test_a_list_that_is_refused_either_way_halts() -> None:
    case = Case(answer=lambda request: (400, error(2, "Invalid value passed for sort_column")))
    with pytest.raises(Halt, match="sort_column"):
        list(case.connector().read("bundles", None))
