"""Optiply: what is sent, how errors are typed, and lists that shrink while they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from http_time import START
from optiply_case import Case, Reply, one, refused, resource, trouble

from stockbridge.connectors.optiply.client import error_text
from stockbridge.core.errors import Exists, Gone, Halt, Rejected, Retry, Trouble, Unauthorized, Uncertain
from stockbridge.core.record import Record, Refusal

PRODUCT = {"name": "Bel", "stockLevel": 3, "unlimitedStock": False}


def test_a_create_sends_plain_attributes_with_our_mark_under_account_and_coupling() -> None:
    case = Case(replies=[one("9", remoteIdMap={"12": "other", "77": "r1"}, price="1.25")])
    made = case.connector.create("products", {**PRODUCT, "price": Decimal("1.245"), "skuCode": None}, "r1")
    call = case.calls[0]
    assert (call.method, str(call.url)) == (
        "POST",
        "https://api.optiply.com/v1/products?accountId=1380&couplingId=77",
    )
    assert call.headers["content-type"] == "application/vnd.api+json"
    assert case.body() == {
        "data": {
            "type": "products",
            "attributes": {**PRODUCT, "price": 1.25, "skuCode": None, "remoteId": "r1"},
        }
    }
    assert (made.id, made.values["remoteId"], made.values["price"]) == ("9", "r1", Decimal("1.25"))


def test_foreign_keys_are_integers_money_has_two_places_and_times_end_in_z() -> None:
    case = Case(replies=[one("9")])
    placed = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1)))
    lines = [{"productId": "29177521", "quantity": Decimal(2), "subtotalValue": Decimal("10")}]
    case.connector.create(
        "sellOrders", {"placed": placed, "totalValue": Decimal("10.005"), "orderLines": lines}, "so"
    )
    text = case.calls[0].content.decode()
    assert '"placed":"2026-03-02T00:00:00Z"' in text
    assert '"totalValue":10.01' in text
    assert '"orderLines":[{"productId":29177521,"quantity":2,"subtotalValue":10.00}]' in text


def test_an_update_sends_only_the_given_fields_and_the_id() -> None:
    case = Case(replies=[(200, {"data": resource("9", name="Bel")})])
    case.connector.update("products", "9", {"name": "Bel"})
    assert case.calls[0].method == "PATCH"
    assert case.body() == {"data": {"id": "9", "type": "products", "attributes": {"name": "Bel"}}}


@pytest.mark.parametrize(
    ("stream", "values", "name"),
    [
        ("products", {"stockLevel": Decimal("2.5")}, "stockLevel"),
        ("products", {"price": Decimal("NaN")}, "price"),
        ("products", {"colour": "red"}, "colour"),
        ("products", {"uuid": "x"}, "uuid"),
        ("supplierProducts", {"productId": "abc"}, "productId"),
        ("sellOrders", {"orderLines": [{"productId": "7", "quantity": "many"}]}, "orderLines[1].quantity"),
        ("sellOrders", {"placed": "today"}, "placed"),
    ],
)
def test_a_value_that_optiply_cannot_take_is_never_sent(
    stream: str, values: dict[str, Any], name: str
) -> None:
    case = Case()
    found = trouble(lambda: case.connector.update(stream, "1", values))
    assert isinstance(found, Rejected)
    assert found.field == name
    assert case.calls == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((500, {}), Uncertain),
        ((504, b"<html>"), Uncertain),
        ((408, {}), Uncertain),
        (httpx2.ReadTimeout("x"), Uncertain),
        (httpx2.RemoteProtocolError("x"), Uncertain),
        ((201, b"<html>"), Uncertain),
        ((201, {"data": {"attributes": {}}}), Uncertain),
        ((400, {}), Rejected),
        ((422, {}), Rejected),
        ((403, {}), Unauthorized),
    ],
)
@pytest.mark.parametrize("method", ["create", "update"])
def test_a_write_is_sent_once_and_never_repeated(reply: Reply, kind: type[Trouble], method: str) -> None:
    case = Case(answer=lambda request: reply)
    connector = case.connector
    writes = {
        "create": lambda: connector.create("products", PRODUCT, "r1"),
        "update": lambda: connector.update("products", "9", PRODUCT),
    }
    found = trouble(writes[method])
    assert type(found) is kind
    assert found.remedy
    assert len(case.calls) == 1


def test_a_write_that_was_not_taken_goes_again() -> None:
    case = Case(replies=[httpx2.ConnectError("x"), (429, {}, {"Retry-After": "4"}), one("9")])
    assert case.connector.create("products", PRODUCT, "r1").id == "9"
    assert len(case.calls) == 3
    assert 4.5 <= case.time.seconds <= 5.0


@pytest.mark.parametrize(
    "reply", [(500, {}), (408, {}), (429, {}), (200, b"<html>"), httpx2.ReadTimeout("x")]
)
def test_a_read_is_asked_again_five_times_at_most(reply: Reply) -> None:
    case = Case(answer=lambda request: reply)
    assert isinstance(trouble(lambda: list(case.connector.read("products", None))), Retry)
    assert len(case.calls) == 5


def test_a_401_gets_one_new_token_and_a_second_one_needs_the_owner() -> None:
    case = Case(replies=[(401, {}), one("9")])
    assert case.connector.create("products", PRODUCT, "r1").id == "9"
    assert case.calls[1].headers["authorization"] == "Bearer hush-1"
    case = Case(answer=lambda request: (401, {}))
    found = trouble(lambda: case.connector.create("products", PRODUCT, "r1"))
    assert isinstance(found, Unauthorized)
    assert "stockbridge accounts add optiply --reauthorise" in found.remedy
    assert (len(case.calls), case.token_calls) == (2, 1)


def test_a_missing_parent_is_named() -> None:
    values = {"name": "x", "productId": "5", "supplierId": "6"}
    found = trouble(lambda: Case(replies=[(404, {})]).connector.create("supplierProducts", values, "r"))
    assert isinstance(found, Gone)
    assert "product 5 or supplier 6" in found.what


def test_404_means_gone_for_a_change_and_success_for_a_deletion() -> None:
    assert isinstance(
        trouble(lambda: Case(replies=[(404, {})]).connector.update("products", "9", PRODUCT)), Gone
    )
    for status in (200, 202, 204, 404):
        case = Case(replies=[(status, {})])
        case.connector.remove("products", "9")
        assert len(case.calls) == 1


def test_a_taken_pair_is_adopted_by_comparing_every_row() -> None:
    rows = [
        resource("1", productId=5, supplierId=99),
        resource("2", productId=5, supplierId=6, remoteIdMap={"77": "old"}),
    ]
    case = Case(
        replies=[refused("already exists", 409), (200, {"data": rows, "meta": {"totalResourceCount": 2}})]
    )
    values = {"name": "x", "productId": "5", "supplierId": "6"}
    found = trouble(lambda: case.connector.create("supplierProducts", values, "5_6"))
    assert isinstance(found, Exists)
    assert (found.record.id, found.record.values["remoteId"]) == ("2", "old")
    assert case.calls[1].url.params["filter[productId]"] == "5"
    assert case.calls[1].url.params["filter[supplierId]"] == "6"


def test_a_taken_pair_that_cannot_be_found_is_a_refusal() -> None:
    case = Case(replies=[refused("already exists", 409), (200, {"data": []})])
    values = {"name": "x", "productId": "5", "supplierId": "6"}
    assert type(trouble(lambda: case.connector.create("supplierProducts", values, "5_6"))) is Rejected


def test_a_bad_address_is_named_with_its_field() -> None:
    case = Case(replies=[refused("'x@@y' is not a valid address")])
    found = trouble(lambda: case.connector.create("suppliers", {"name": "S", "emails": ["x@@y"]}, "s"))
    assert isinstance(found, Rejected)
    assert (found.field, "x@@y" in found.what) == ("emails", True)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"errors":[{"meta":{"message":"a"},"detail":"b","message":"c"}],"message":"d"}', "a"),
        (b'{"errors":[{"detail":"b","message":"c"}],"message":"d"}', "b"),
        (b'{"errors":[{"message":"c"}],"message":"d"}', "c"),
        (b'{"errors":[],"message":"d","error":"e"}', "d"),
        (b'{"error":"e","error_description":"f"}', "e: f"),
        (b"plain", "plain"),
        (b"[1]", "[1]"),
        (b"", ""),
    ],
)
def test_the_reason_is_found_wherever_optiply_puts_it(body: bytes, text: str) -> None:
    assert error_text(body) == text


@dataclass
class Server:
    """A list of products; `edits` remove ids before the nth page is asked for."""

    ids: list[int]
    edits: dict[int, list[int]] = field(default_factory=dict)
    asked: int = 0

    def answer(self, request: httpx2.Request) -> Reply:
        for id in self.edits.get(self.asked, []):
            self.ids.remove(id)
        self.asked += 1
        offset = int(request.url.params["page[offset]"])
        assert offset % int(request.url.params["page[limit]"]) == 0
        rows = [resource(str(id), createdAt="2026-03-01T09:00:00Z") for id in self.ids[offset : offset + 100]]
        more = {"next": "x"} if len(self.ids) > offset + 100 else {}
        return 200, {"data": rows, "links": more, "meta": {"totalResourceCount": len(self.ids)}}


def read(server: Server) -> list[str]:
    return [
        one.id for page in Case(answer=server.answer).connector.read("products", None) for one in page.records
    ]


def test_a_quiet_list_is_read_once() -> None:
    server = Server(ids=list(range(1, 251)))
    assert read(server) == [str(id) for id in range(1, 251)]
    assert server.asked == 3


def test_a_list_that_shrinks_is_read_again_and_no_row_is_lost_or_given_twice() -> None:
    server = Server(ids=list(range(1, 251)), edits={1: [5]})
    found = read(server)
    # Row 101 moved to the first page after that had been read.
    assert sorted(map(int, found)) == list(range(1, 251))
    assert server.asked == 6


def test_a_list_that_always_shrinks_is_never_called_complete() -> None:
    server = Server(ids=list(range(1, 301)), edits={1: [5], 4: [6], 7: [7]})
    found = trouble(lambda: read(server))
    assert isinstance(found, Retry)
    assert "shrank" in found.what


def test_a_list_that_gives_the_same_page_for_ever_ends_in_an_error() -> None:
    body = {"data": [resource("1")], "links": {"next": "x"}}
    found = trouble(lambda: list(Case(answer=lambda request: (200, body)).connector.read("products", None)))
    assert "same page came twice" in found.what


@pytest.mark.parametrize("status", [400, 404])
def test_a_list_that_is_refused_halts(status: int) -> None:
    assert isinstance(
        trouble(lambda: list(Case(replies=[(status, {})]).connector.read("products", None))), Halt
    )


def test_the_checkpoint_is_the_newest_change_but_not_later_than_the_start_and_looks_back_five_minutes() -> (
    None
):
    rows = [resource("1", updatedAt="2026-03-02T08:00:00Z"), resource("2", updatedAt="2026-03-02T10:00:00Z")]
    case = Case(replies=[(200, {"data": rows}), (200, {"data": rows[:1]}), (200, {"data": []})])
    assert list(case.connector.read("products", None))[-1].checkpoint == START.isoformat()
    assert list(case.connector.read("products", None))[-1].checkpoint == "2026-03-02T08:00:00+00:00"
    last = list(case.connector.read("products", "2026-03-02T08:00:00+00:00"))[-1]
    assert last.checkpoint == "2026-03-02T08:00:00+00:00"
    assert case.calls[2].url.params["filter[updatedAt][GT]"] == "2026-03-02T07:55:00+00:00"
    assert "%2B00" in str(case.calls[2].url)
    assert case.calls[2].url.params["filter[accountId]"] == "1380"


def test_find_compares_the_mark_of_our_coupling_in_every_row() -> None:
    rows = [
        resource("1", remoteIdMap={"77": "a"}),
        resource("2", remoteIdMap={"12": "a"}),
        resource("3", remoteIdMap={}),
        resource("4", remoteIdMap=None),
        resource("5", remoteIdMap={"12": "x", "77": "a"}),
    ]
    case = Case(replies=[(200, {"data": rows})])
    found = case.connector.find("products", ["a", "b"], datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert {mark: [one.id for one in records] for mark, records in found.items()} == {"a": ["1", "5"]}
    assert case.calls[0].url.params["filter[createdAt][GE]"] == "2026-03-01T09:00:00+00:00"
    assert Case().connector.find("products", [], None) == {}


def test_a_bad_row_is_refused_and_fails_no_other() -> None:
    rows = [
        resource("1", price="0.10"),
        resource("2", price="much"),
        {"attributes": {}},
        5,
        {"id": "6", "attributes": 7},
    ]
    (found, _) = Case(replies=[(200, {"data": rows})]).connector.read("products", None)
    assert [str(one.values["price"]) for one in found.records] == ["0.10"]
    assert [one.id for one in found.refused] == [
        "2",
        "products:page 1 row 3",
        "products:page 1 row 4",
        "products:page 1 row 5",
    ]
    assert '"price" of product 2' in found.refused[0].reason


def test_fetch_tells_what_is_gone() -> None:
    case = Case(replies=[(200, {"data": resource("1", name="")}), (404, {}), (400, {})])
    there, gone, odd = case.connector.fetch("products", ["1", "2", "3"])
    assert isinstance(there, Record)
    assert there.values["name"] is None
    assert isinstance(gone, Record)
    assert gone.deleted
    assert isinstance(odd, Refusal)


def test_two_edits_within_one_second_give_two_versions() -> None:
    case = Case(replies=[(200, {"data": resource("1", name="a")}), (200, {"data": resource("1", name="b")})])
    first, second = (case.connector.update("products", "1", {"name": name}) for name in "ab")
    assert first.version != second.version
