"""Limits and errors: each 429 body, the quota headers, and which error comes first (facts: Zoho 4 and 6)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from zoho_caller import Caller, caller_of, calling, send

from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.zoho.limits import Limits


def test_the_101st_call_of_a_minute_is_44_until_the_window_has_moved() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        for _ in range(100):
            assert caller.call("GET", "/settings/taxes").status == 200
        answer = caller.call("GET", "/items")
        assert (answer.status, answer.code) == (429, 44)
        assert "maximum number of requests per minute" in answer.json()["message"]
        assert "retry-after" not in answer.headers
        assert caller.call("GET", "/organizations").status == 200
        caller.sandbox.clock.advance(59)
        assert caller.call("GET", "/items").code == 44
        caller.sandbox.clock.advance(1)
        assert caller.call("GET", "/items").status == 200


def test_a_sliding_window_is_no_calendar_minute() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        caller.sandbox.control.zoho_settings({"per_minute": 4})
        for _ in range(2):
            caller.get("/items")
        caller.sandbox.clock.advance(40)
        for _ in range(2):
            caller.get("/items")
        caller.sandbox.clock.advance(21)
        assert [caller.call("GET", "/items").status for _ in range(3)] == [200, 200, 429]


def test_the_daily_quota_counts_down_and_ends_at_the_midnight_of_the_organisation() -> None:
    at = datetime(2027, 1, 15, 21, 30, tzinfo=UTC)  # 22:30 in Amsterdam
    with calling(items=2, vendors=1, orders=0, at=at) as caller:
        caller.sandbox.control.zoho_settings({"daily": 3})
        zone = ZoneInfo(caller.sandbox.zoho.world.organization.time_zone)
        midnight = datetime(2027, 1, 16, tzinfo=zone)
        left = []
        for _ in range(3):
            answer = caller.call("GET", "/items")
            assert answer.headers["x-rate-limit-limit"] == "3"
            assert int(answer.headers["x-rate-limit-reset"]) == int((midnight - at).total_seconds())
            left.append(answer.headers["x-rate-limit-remaining"])
        assert left == ["2", "1", "0"]
        answer = caller.call("GET", "/items")
        assert (answer.status, answer.code) == (429, 45)
        assert answer.json()["message"].endswith("maximum call rate limit of 3.")
        assert answer.headers["x-rate-limit-remaining"] == "0"
        assert "x-rate-limit-limit" not in caller.call("GET", "/organizations").headers
        caller.sandbox.clock.advance((midnight - at).total_seconds() - 1)
        caller = caller_of(caller.sandbox)
        assert caller.call("GET", "/items").code == 45
        caller.sandbox.clock.advance(1)
        assert caller.call("GET", "/items").headers["x-rate-limit-remaining"] == "2"


def test_midnight_is_right_on_days_of_23_and_25_hours() -> None:
    amsterdam = Limits(ZoneInfo("Europe/Amsterdam"))
    assert amsterdam.seconds_to_midnight(datetime(2027, 3, 27, 23, 0, tzinfo=UTC)) == 23 * 3600
    assert amsterdam.seconds_to_midnight(datetime(2027, 10, 30, 22, 0, tzinfo=UTC)) == 25 * 3600
    # The recorded pair of the facts: 18:29:20 GMT and 34239 s, in New York.
    assert Limits(ZoneInfo("America/New_York")).seconds_to_midnight(
        datetime(2026, 6, 10, 18, 29, 20, tzinfo=UTC)
    ) == pytest.approx(34239, abs=1)


def test_a_refusal_costs_no_quota_and_an_error_of_a_counted_call_does() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        caller.sandbox.control.zoho_settings({"per_minute": 2})
        caller.call("GET", "/items/999")
        first = int(caller.call("GET", "/items").headers["x-rate-limit-remaining"])
        assert first == 7500 - 2
        assert caller.call("GET", "/items").headers["x-rate-limit-remaining"] == str(first)


def test_too_many_at_once_is_1070() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        caller.sandbox.control.zoho_settings({"concurrency": 2})
        caller.sandbox.control.add_fault(
            Fault(kind="latency", system="zoho", path="/items", count=3, seconds=0.4)
        )
        codes: list[int] = []
        threads = [
            threading.Thread(target=lambda: codes.append(caller.call("GET", "/items").code)) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=5)
        assert sorted(codes) == [0, 0, 1070]


def test_retry_after_is_there_when_it_is_switched_on() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        caller.sandbox.control.zoho_settings({"retry_after": True, "per_minute": 1})
        caller.get("/items")
        caller.sandbox.clock.advance(20)
        answer = caller.call("GET", "/items")
        assert answer.code == 44
        caller.sandbox.clock.advance(int(answer.headers["retry-after"]))
        assert caller.call("GET", "/items").status == 200


def _bare(caller: Caller, path: str, headers: dict[str, str]) -> tuple[int, int]:
    answer = send(f"{caller.sandbox.zoho_url}/dc/eu/inventory/v1{path}", headers=headers)
    return answer.status, answer.code


def test_authentication_comes_before_the_organisation_and_both_before_the_limits() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        caller.sandbox.control.zoho_settings({"daily": 0})
        good = {"Authorization": f"Zoho-oauthtoken {caller.token}"}
        assert _bare(caller, "/items?organization_id=1", {}) == (401, 14)
        assert _bare(caller, "/items?organization_id=1", {"Authorization": "gibberish"}) == (401, 14)
        assert _bare(caller, "/items?organization_id=1", {"Authorization": "Zoho-oauthtoken dead"}) == (
            401,
            57,
        )
        assert _bare(caller, "/items?organization_id=1", good) == (400, 6041)
        answer = send(f"{caller.sandbox.zoho_url}/dc/eu/inventory/v1/items?organization_id=1", headers=good)
        assert answer.json()["message"] == "This user is not associated with the CompanyID/CompanyName:1."
        assert _bare(caller, "/items", good) == (429, 45)
        assert _bare(caller, "/organizations", {"Authorization": f"Bearer {caller.token}"}) == (200, 0)


def test_a_missing_scope_looks_like_a_dead_token() -> None:
    with calling(items=2, vendors=1, orders=1) as full:
        reader = caller_of(full.sandbox, "ZohoInventory.items.READ,ZohoInventory.contacts.all")
        assert reader.call("GET", "/items").status == 200
        assert reader.call("GET", "/itemdetails", item_ids="1").status == 200
        refused = [
            reader.post("/items", {"name": "x"}),
            reader.call("GET", "/salesorders"),
            reader.call("GET", "/organizations"),
        ]
        assert [(answer.status, answer.code) for answer in refused] == [(401, 57)] * 3
        assert reader.post("/vendors", {"contact_name": "Nieuw"}).status == 201


def test_a_disabled_user_still_sees_the_organisations() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        caller.sandbox.control.zoho_settings({"user_disabled": True})
        assert caller.call("GET", "/organizations").status == 200
        assert caller.call("GET", "/items").code == 6018


def test_unknown_paths_and_paths_that_are_not_simulated_are_told_apart() -> None:
    with calling(items=2, vendors=1, orders=0) as caller:
        unknown = caller.call("GET", "/Products")
        assert (unknown.status, unknown.code) == (404, 5)
        assert unknown.json()["message"] == "Invalid URL Passed"
        assert caller.call("DELETE", "/settings/preferences").code == 5
        other = caller.call("GET", "/picklists")
        assert other.status == 501
        assert "/picklists" in other.json()["message"]
