"""A run spends the fewest calls there can be, and a second run without changes writes nothing."""

from __future__ import annotations

import math

import pytest

from scenarios.board import LISTS, board

pytestmark = pytest.mark.usefixtures("fresh_store")


def test_first_then_nothing_then_five_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=230, vendors=6, orders=30) as shop:
        first = shop.run()
        assert first.code == 0
        assert shop.differences() == []
        wanted = [
            row
            for row in shop.sandbox.zoho.rows("salesorders")
            if row["order_status"] not in ("draft", "void")
        ]
        least = {
            "/items": math.ceil(230 / 200),
            "/itemdetails": math.ceil(230 / 200),
            "/contacts": 1,
            "/salesorders": 1,
            "/purchaseorders": 1,
            "/bundles": 1,
        }
        paths = first.zoho_paths
        for path, times in least.items():
            assert paths.count(path) == times, path
        bought = [
            row
            for row in shop.sandbox.zoho.rows("purchaseorders")
            if row["order_status"] not in ("cancelled", "rejected")
        ]
        assert bought
        # Lines are told by the order alone, receipts with them; an assembly is told whole by its list.
        one_by_one = [
            *(f"/salesorders/{row['id']}" for row in wanted),
            *(f"/purchaseorders/{row['id']}" for row in bought),
        ]
        assert sorted(path for path in paths if path.count("/") > 1) == sorted(one_by_one)
        assert len(paths) == sum(least.values()) + len(one_by_one) == first.report.least_calls
        shop.later(1)
        shop.run()  # rows changed within the last minutes of the first read are looked at once more
        shop.later(1)

        idle = shop.run()
        assert idle.code == 0
        assert idle.writes == []
        assert sorted(idle.zoho_paths) == sorted(LISTS)
        assert idle.report.least_calls == len(LISTS)

        changed = [row["id"] for row in shop.items()[:5]]
        for number, id in enumerate(changed):
            shop.zoho("PUT", f"/items/{id}", {"rate": 100 + number})
        shop.later(1)
        five = shop.run()
        assert five.code == 0
        assert sorted(five.zoho_paths) == sorted((*LISTS, "/itemdetails"))
        assert {method for method, _ in five.writes} == {"PATCH"}
        assert len(five.writes) == 5
        assert shop.differences() == []
