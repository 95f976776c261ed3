"""The mixed hour of the facts' worked example (Zoho 13) costs the least possible calls, and the report knows it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bench.hour import mixed_hour
from scenarios.board import Board, board

pytestmark = pytest.mark.usefixtures("fresh_store")


def test_the_mixed_hour_takes_the_least_possible_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=120, vendors=6, orders=6, flags={"sync_assembled": True}) as shop:
        _whole_parts(shop)
        assert shop.run().code == 0
        shop.later(1)
        shop.run()  # rows changed within the last minutes of the first read are looked at once more
        shop.later(1)

        def by_hand(method: str, path: str, body: object) -> Any:
            return shop.sandbox.zoho.direct(method, path, body=body)

        mixed_hour(by_hand, lambda name: list(shop.sandbox.zoho.rows(name)))
        shop.later(1)
        hour = shop.run()
        assert hour.code == 0
        # By hand from the facts: 60 items, 3 composites, 40 sales orders, 6 purchase orders, 4 assemblies, 2 vendors.
        least = {
            "/items": 1,  # 60 of 200 rows
            "/itemdetails": 1,  # 60 of 100 ids
            "/compositeitems": 1,
            "/compositeitems/": 3,  # no call brings several recipes
            "/salesorders": 1,
            "/salesorders/": 40,  # the example leaves lines out; Optiply needs them
            "/purchaseorders": 1,
            "/purchaseorders/": 6,
            "/bundles": 1,  # the rows of the list hold what Optiply needs
            "/contacts": 1,
        }
        assert (
            sum(least.values()) == 20 + 40 - 4
        )  # the example's 20, with lines, without the assemblies' details
        asked = Counter(path.rstrip("0123456789") for path in hour.zoho_paths)
        assert asked == least
        assert hour.report.calls["Zoho"] == hour.report.least_calls == sum(least.values())
        written = {flow.flow: (flow.created, flow.updated) for flow in hour.report.flows}
        assert written["products"] == (0, 60 - 3)  # a recipe is no field of a product
        assert written["product_compositions"] == (0, 3)
        assert written["sell_orders"] == (40, 0)
        assert written["buy_orders"] == written["buy_order_lines"] == (6, 0)
        assert written["assembly_orders"] == (4, 0)
        assert written["suppliers"] == (0, 2)


def _whole_parts(shop: Board) -> None:
    """A recipe of the made-up company takes half a part, which Optiply cannot hold."""
    for item in shop.items():
        if any(part["quantity"] % 1 for part in item["parts"]):
            parts = [{"line_item_id": part["id"], "quantity": 2} for part in item["parts"]]
            shop.zoho("PUT", f"/compositeitems/{item['id']}", {"mapped_items": parts})
