"""`explain` of purchases and assemblies: when they changed, and values that are looked up in what they refer to."""

from __future__ import annotations

from datetime import datetime

import pytest

from scenarios.board import board, command


def test_purchases_and_assemblies_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=30, vendors=3, orders=8) as there:
        assert there.run().code == 0
        order = there.sandbox.zoho.rows("purchaseorders")[0]
        (told,) = command("explain", "buy_orders", order["number"], "--json").json
        changed = order["modified"].replace(microsecond=0)
        assert datetime.fromisoformat(told["modified"]) == changed
        assert "changed in Zoho" in command("explain", "buy_orders", order["number"]).out

        bundle = there.sandbox.zoho.rows("bundles")[0]
        (told,) = command("explain", "assembly_orders", bundle["reference_number"], "--json").json
        items = {item["id"]: item for item in there.sandbox.zoho.rows("items")}
        supplier = next(row for row in told["fields"] if row["field"] == "supplierId")
        assert supplier["value"] == items[bundle["composite_item_id"]]["vendor_id"] != ""
        assert supplier["sent"]
