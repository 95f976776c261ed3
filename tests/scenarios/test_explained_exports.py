"""What the command line tells of orders that begin in Optiply: on their way to Zoho, waiting, left out, and made."""

from __future__ import annotations

from typing import Any

import pytest

from scenarios.board import Board, board, command

pytestmark = pytest.mark.usefixtures("fresh_store")


def order(shop: Board, supplier: str, **more: Any) -> str:
    product = next(iter(shop.optiply("products").values()))
    line = {"productId": product["id"], "quantity": 5, "subtotalValue": "10.00"}
    placed = shop.sandbox.optiply.place_order({"supplierId": supplier, "lines": [line], **more})
    return str(placed["id"])


def test_orders_of_a_planner_are_explained_by_their_id_in_optiply(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        known = next(iter(shop.optiply("suppliers").values()))["id"]
        stranger = shop.sandbox.optiply.add("suppliers", {"name": "Nieuw bij ons"})["id"]
        good, waits = order(shop, known), order(shop, stranger)
        done = order(shop, known, completed="2026-11-20T00:00:00Z")
        report = shop.run("--exports")
        assert (report.code, report.flow("buy_orders").waiting) == (3, 1)

        (made,) = command("explain", "buy_orders", good, "--json").json
        (in_zoho,) = [
            one for one in shop.sandbox.zoho.rows("purchaseorders") if one["reference_number"] == good
        ]
        assert (made["verdict"], made["side"], made["id"], made["other_id"]) == (
            "in step",
            "a",
            in_zoho["id"],
            good,
        )
        assert [what for _, what, _ in made["history"]] == ["updated in Optiply", "created in Zoho"]

        (waiting,) = command("explain", "buy_orders", waits, "--json").json
        assert (waiting["verdict"], waiting["side"], waiting["other_id"]) == ("waiting", "b", None)
        assert waiting["remedy"] == f"See: stockbridge explain suppliers {stranger}"
        sent = {row["field"]: row["sent"] for row in waiting["fields"]}
        assert sent["vendor_id"] is None
        assert len(sent["lines"]) == 1
        why = command("explain", "suppliers", stranger)
        assert why.code == 0
        assert "It is in Optiply alone: no vendor of Zoho goes with it" in why.out

        told = command("explain", "buy_orders", done)
        assert "left out: A rule keeps it out: completed orders." in told.out
        assert "changed in Optiply" in told.out
        assert "field of Zoho" in told.out


def test_the_changes_of_a_run_say_where_they_were_made_and_show_the_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        placed = order(shop, next(iter(shop.optiply("suppliers").values()))["id"])
        assert shop.run("--exports").code == 0
        (in_zoho,) = [
            one for one in shop.sandbox.zoho.rows("purchaseorders") if one["reference_number"] == placed
        ]
        told = command("runs", "show", "2", "--changes").out
        assert f"create buy orders {in_zoho['id']} in Zoho" in told
        assert f"item_id {in_zoho['lines'][0]['item_id']}, quantity 5" in told
        assert f"update buy orders {in_zoho['id']} in Optiply" in told
        changes = command("runs", "show", "2", "--changes", "--json").json["changes"]
        assert [(one["op"], one["system"], one["flow"]) for one in changes] == [
            ("create", "Zoho", "buy_orders"),
            ("update", "Optiply", "buy_orders"),
            ("update", "Optiply", "buy_order_lines"),
        ]


def test_a_flow_that_the_sync_leaves_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, orders=0) as shop:
        assert shop.run().code == 0
        told = command("explain", "product_compositions", "1")
        assert told.code == 2
        assert "This sync leaves product compositions out." in told.err
        assert "stockbridge sync export board" in told.err
