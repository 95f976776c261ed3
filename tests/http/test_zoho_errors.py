"""Each trouble Zoho can give, typed by what to do next; messages carry the remedy and no secret."""

from __future__ import annotations

import httpx2
import pytest
from zoho_case import ITEM, Case, Reply, error, order, page

from stockbridge.core.errors import Gone, Halt, OverBudget, Retry, Trouble, Unauthorized
from stockbridge.core.record import Page, Record, Refusal

HTML = b"<html>We will be right back</html>"


def read(case: Case) -> list[Page]:
    return list(case.connector().read("items", None))


def trouble(case: Case) -> Trouble:
    with pytest.raises(Trouble) as raised:
        read(case)
    assert "hush" not in f"{raised.value}{raised.value!r}"
    return raised.value


def refused(message: str = "x") -> httpx2.ConnectError:
    return httpx2.ConnectError(message)


@pytest.mark.parametrize(
    ("first", "most"),
    [
        ((429, error(44)), 60.0),
        ((429, error(44), {"Retry-After": "7"}), 7.0),
        ((429, error(44), {"Retry-After": "Mon, 02 Mar 2026 09:00:09 GMT"}), 9.0),
        ((429, error(1070)), 1.5),
        ((429, error(1070), {"Retry-After": "3"}), 3.0),
        ((500, error(1000, "Internal error")), 1.0),
        ((502, HTML), 1.0),
        ((200, HTML), 1.0),
        ((200, {"code": 0, "message": "success"}), 1.0),
        ((400, error(900001)), 1.0),
        ((400, error(77, "The requested action could not be completed")), 1.0),
        (refused(), 1.0),
        (httpx2.ReadTimeout("x"), 1.0),
        (httpx2.RemoteProtocolError("x"), 1.0),
    ],
)
def test_a_passing_trouble_of_a_read_is_waited_out(first: Reply, most: float) -> None:
    case = Case(replies=[first, page(ITEM)])
    (found,) = read(case)
    assert [record.id for record in found.records] == [ITEM["item_id"]]
    assert len(case.calls) == 2
    # With jitter a wait is between a third of the longest (1070) and all of it; a told wait is exact.
    told = first[1] == error(44) or len(first) == 3 if isinstance(first, tuple) else False
    assert (most if told else most / 3) <= sum(case.time.slept) <= most


@pytest.mark.parametrize("reply", [(502, HTML), (200, HTML), refused()])
def test_a_lasting_trouble_ends_after_five_tries_and_says_what_it_was(reply: Reply) -> None:
    case = Case(answer=lambda request: reply)
    found = trouble(case)
    assert isinstance(found, Retry)
    assert len(case.calls) == 5
    assert found.remedy


def test_a_call_that_was_never_sent_costs_nothing() -> None:
    case = Case(replies=[refused(), httpx2.ReadError("x"), page(ITEM)])
    connector = case.connector()
    list(connector.read("items", None))
    assert connector.meter.spent == 2


def test_the_day_being_used_up_ends_the_read_at_once() -> None:
    headers = {"x-rate-limit-limit": "1000", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "3600"}
    case = Case(replies=[(429, error(45), headers)])
    connector = case.connector()
    for _ in range(2):
        with pytest.raises(OverBudget, match="1,000 calls of Zoho organisation 20081") as raised:
            list(connector.read("items", None))
    assert len(case.calls) == 1
    assert f"{raised.value.until:%H:%M}" == "10:00"


@pytest.mark.parametrize("code", [14, 57])
def test_a_dead_token_is_renewed_once(code: int) -> None:
    case = Case(replies=[(401, error(code)), page(ITEM)])
    assert len(read(case)) == 1
    assert [call.headers["authorization"] for call in case.calls] == [
        "Zoho-oauthtoken hush-0",
        "Zoho-oauthtoken hush-1",
    ]
    assert case.token_calls == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((401, error(57)), ["scope", "Fietsenrek"]),
        ((401, error(14)), ["Sign in again"]),
        ((401, {}), ["Sign in again"]),
        ((401, error(6018)), ["disabled", "administrator"]),
        ((200, error(6018)), ["disabled", "administrator"]),
        ((400, error(6041)), ["organisation 20081", "own organisations"]),
    ],
)
def test_what_the_owner_has_to_mend_is_not_tried_again(reply: Reply, words: list[str]) -> None:
    case = Case(answer=lambda request: reply)
    found = trouble(case)
    assert isinstance(found, Unauthorized)
    assert len(case.calls) <= 2
    assert "stockbridge accounts add zoho --reauthorise" in found.remedy
    for word in words:
        assert word in str(found)


@pytest.mark.parametrize(
    "reply",
    [
        (400, error(2, "Invalid value passed for sort_column")),
        (404, error(5, "Invalid URL Passed")),
        (404, error(1002)),
    ],
)
def test_a_list_that_is_refused_halts_and_is_not_taken_for_empty(reply: Reply) -> None:
    found = trouble(Case(replies=[reply]))
    assert isinstance(found, Halt)
    assert not isinstance(found, Gone)


@pytest.mark.parametrize(
    "reply", [(404, error(1002)), (400, error(2006)), (404, error(2006)), (200, error(1002))]
)
def test_only_a_clear_no_makes_a_tombstone(reply: Reply) -> None:
    case = Case(replies=[page(ITEM), reply])
    found = case.connector().fetch("items", [ITEM["item_id"], "260815000000999999"])
    assert [getattr(one, "deleted", None) for one in found] == [False, True]
    assert case.calls[1].url.path == "/inventory/v1/items/260815000000999999"


@pytest.mark.parametrize("reply", [(401, error(57)), (502, HTML), (429, error(45))])
def test_a_trouble_is_never_taken_for_a_deletion(reply: Reply) -> None:
    def answer(request: httpx2.Request) -> Reply:
        return page(ITEM) if request.url.path.endswith("/itemdetails") else reply

    with pytest.raises(Trouble):
        Case(answer=answer).connector().fetch("items", [ITEM["item_id"], "9"])


def test_a_refused_record_is_a_refusal_and_stops_no_other() -> None:
    case = Case(
        replies=[(400, error(77, "Something about this order")), (200, {"code": 0, "salesorder": order()})]
    )
    bad, good = case.connector().fetch("salesorders", ["1", "2"])
    assert isinstance(bad, Refusal)
    assert "Something about this order" in bad.reason
    assert isinstance(good, Record)


def test_200_ids_go_in_one_call_and_a_refusal_of_so_many_halves_it_for_good() -> None:
    sizes: list[int] = []

    def answer(request: httpx2.Request) -> Reply:
        ids = str(request.url.params["item_ids"]).split(",")
        sizes.append(len(ids))
        if len(ids) > 100:
            return 400, error(2, "Invalid value passed for item_ids")
        return page(*({**ITEM, "item_id": id} for id in ids))

    connector = Case(answer=answer).connector()
    ids = [str(number) for number in range(200)]
    assert [one.id for one in connector.fetch("items", ids)] == ids
    connector.fetch("items", ids)
    assert sizes == [200, 100, 100, 100, 100]


def test_every_call_names_the_organisation_and_lists_ask_for_full_pages_in_order_of_change() -> None:
    case = Case(replies=[page()])
    list(case.connector().read("items", "2026-03-01T12:00:00+00:00"))
    assert dict(case.calls[0].url.params) == {
        "organization_id": "20081",
        "page": "1",
        "per_page": "200",
        "sort_column": "last_modified_time",
        "sort_order": "A",
        "last_modified_time": "2026-03-01T11:55:00+0000",
    }
    assert "%2B0000" in str(case.calls[0].url)
    assert str(case.calls[0].url).startswith("https://www.zohoapis.eu/inventory/v1/items?")
