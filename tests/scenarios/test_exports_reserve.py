"""The day's quota is nearly spent: imports stop, and what a planner placed goes to Zoho all the same."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.board import board

LEFT = 60  # calls of the day, fewer than what is kept back for exports


def placed(shop: Any) -> str:
    """A buy order of one line by Optiply's user; its id."""
    offer = next(row for row in shop.sandbox.optiply.rows("supplierProducts") if row["status"] != "disabled")
    line = {"productId": offer["productId"], "quantity": 3}
    order = shop.sandbox.optiply.place_order({"supplierId": offer["supplierId"], "lines": [line]})
    return str(order["id"])


def test_exports_go_out_when_imports_may_not_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        zoho = shop.sandbox.zoho
        zoho.change_switches({"daily": zoho.limits.used + LEFT})
        order = placed(shop)

        done = shop.run()
        assert (done.code, done.report.stopped_by) == (4, "quota")
        assert len([path for path in done.zoho_paths if path]) <= 2  # one call tells what is left of the day

        done = shop.run("--exports")
        assert done.code == 0, done.out
        mine = [row for row in zoho.rows("purchaseorders") if row["reference_number"] == order]
        assert len(mine) == 1
        assert not any(path.startswith("/items") for path in done.zoho_paths)
