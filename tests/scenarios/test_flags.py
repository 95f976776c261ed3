"""What each flag, mapping and exclusion makes of the board."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scenarios.board import board, command
from scenarios.truth import money, sell_orders

pytestmark = pytest.mark.usefixtures("fresh_store")


def test_stock_that_is_not_synced_is_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, flags={"Sync_Stock": "False"}) as shop:
        assert shop.run().code == 0
        assert {row["stockLevel"] for row in shop.optiply("products").values()} == {0}
        mark, row = next(iter(shop.optiply("products").items()))
        shop.sandbox.optiply.edit("products", row["id"], {"stockLevel": 77})
        shop.sandbox.control.move_stock(mark, physical=5, accounting=5)
        shop.zoho("PUT", f"/items/{mark}", {"rate": 3})
        assert shop.full().code == 0
        assert shop.optiply("products")[mark]["stockLevel"] == 77
        assert shop.optiply("products")[mark]["price"] == "3.00"
        assert shop.differences(stock=False) == []


@pytest.mark.parametrize("layout", ["locations", "warehouses"])
def test_stock_of_some_warehouses(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        shop.sandbox.control.zoho_settings({"stock_layout": layout})
        places = [row["id"] for row in shop.sandbox.zoho.rows("locations")][:2]
        assert shop.run().code == 0
        assert shop.differences() == []
        shop.settings(warehouse_ids=places[1])
        stopped = shop.run()
        assert (stopped.code, stopped.report.stopped_by) == (4, "safety")
        assert "stockbridge preview" in stopped.report.remedy
        plan = command("preview", "--json").json
        done = shop.run()
        assert done.code == 0
        assert {path.partition("/")[0] for _, path in done.writes} == {"products"}
        assert (
            len(done.writes) == next(one["update"] for one in plan["flows"] if one["flow"] == "products") > 3
        )
        assert shop.differences(warehouses=(places[1],)) == []
        item = next(row for row in shop.items() if row["item_type"] == "inventory")
        shop.sandbox.control.move_stock(item["id"], places[0], physical=50, accounting=50)
        assert shop.run().writes == []
        shop.sandbox.control.move_stock(item["id"], places[1], physical=-9, accounting=-9)
        shop.later(0.1)
        assert len(shop.run().writes) == 1
        assert shop.differences(warehouses=(places[1],)) == []


def test_only_closed_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, pullAllOrders=False) as shop:
        done = shop.run()
        assert done.code == 0
        assert done.flow("sell_orders").left_out == {"orders that are not closed": 2}
        assert shop.differences(closed_only=True) == []
        open_order = next(
            row["id"] for row in shop.sandbox.zoho.rows("salesorders") if row["order_status"] == "confirmed"
        )
        shop.sandbox.control.fulfil(open_order, "ship")
        shop.sandbox.control.fulfil(open_order, "invoice")
        shop.later(0.1)
        assert shop.run().flow("sell_orders").created == 1
        assert shop.differences(closed_only=True) == []


def test_a_start_date_leaves_older_orders_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        days = sorted(order["placed"].date() for order in sell_orders(shop.sandbox).values())
        shop.settings(start_date=days[3].isoformat())
        done = shop.run()
        assert done.code == 0
        placed = sorted(row["placed"][:10] for row in shop.optiply("sellOrders").values())
        assert placed == [day.isoformat() for day in days if day >= days[3]]
        assert sum(path.startswith("/salesorders/") for path in done.zoho_paths) == len(placed)


def test_entities_that_are_not_synced(monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = ["suppliers", "supplier_products", "sellOrders"]
    left_out += ["buyOrders", "buyOrderLines", "receiptLines", "assemblyOrders"]
    with board(monkeypatch, not_sync_entities=left_out) as shop:
        done = shop.run()
        assert done.code == 0
        assert set(done.zoho_paths) == {"/items", "/itemdetails"}
        assert len(shop.optiply("products")) == 12
        assert shop.optiply("suppliers") == shop.optiply("sellOrders") == {}


@pytest.mark.parametrize("left_out", [["products"], ["suppliers"], ["products", "suppliers"]])
def test_what_others_refer_to_is_recognised_even_when_it_is_not_synced(
    left_out: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with board(monkeypatch, not_sync_entities=left_out) as shop:
        done = shop.run()
        assert done.code == 0, done.out
        for name in left_out:
            assert shop.optiply(name) == {}
        assert shop.optiply("supplierProducts") == {}  # nothing to hang them on
        assert bool(shop.optiply("sellOrders")) == ("products" not in left_out)
        assert bool(shop.optiply("buyOrders")) == ("suppliers" not in left_out)
        assert shop.optiply("buyOrderLines") == {}
        idle = shop.run()
        assert (idle.code, idle.writes) == (0, [])


def test_edits_of_orders_are_ignored_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        order = next(
            row for row in shop.sandbox.zoho.rows("salesorders") if row["order_status"] == "confirmed"
        )
        before = shop.optiply("sellOrders")[order["id"]]
        item = order["lines"][0]["item_id"]
        edit = {"line_items": [{"item_id": item, "quantity": 7, "rate": 10}]}
        shop.zoho("PUT", f"/salesorders/{order['id']}", edit)
        shop.later(0.1)
        ignored = shop.run()
        assert ignored.code == 0
        assert {path.partition("/")[0] for _, path in ignored.writes} == {
            "products"
        }  # other stock is free now
        assert not any(path.startswith("/salesorders/") for path in ignored.zoho_paths)
        assert shop.optiply("sellOrders")[order["id"]] == before

        shop.settings(sell_order_edits="recreate")
        assert command("preview", "--json").code == 0
        done = shop.run()
        assert done.code == 0
        edit = {"line_items": [{"item_id": item, "quantity": 9, "rate": 10}]}
        shop.zoho("PUT", f"/salesorders/{order['id']}", edit)
        shop.later(0.1)
        done = shop.run()
        orders = [method for method, path in done.writes if path.startswith("sellOrders")]
        assert orders == ["DELETE", "POST"]
        after = shop.optiply("sellOrders")[order["id"]]
        assert after["id"] != before["id"]
        assert [quantity for _, quantity in shop.lines(after["id"])] == [9]
        assert shop.differences() == []


def test_a_custom_field_becomes_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, mappings={"products": {"articleCode": "cf_schap", "eanCode": "upc"}}) as shop:
        assert shop.run().code == 0
        for item in shop.items():
            row = shop.optiply("products")[item["id"]]
            assert row["articleCode"] == (item["custom_fields"].get("cf_schap") or None)
            assert row["eanCode"] == (item["upc"] or None)
        item = shop.items()[0]
        fields = [{"api_name": "cf_schap", "value": "Z-99"}]
        shop.zoho("PUT", f"/item/{item['id']}/customfields", {"custom_fields": fields})
        shop.later(0.1)
        done = shop.run()
        assert done.code == 0
        assert [method for method, _ in done.writes] == ["PATCH"]
        assert shop.optiply("products")[item["id"]]["articleCode"] == "Z-99"


def test_what_is_excluded_stays_as_people_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, exclude={"products": ["price", "name"], "supplier_products": ["price"]}) as shop:
        assert shop.run().code == 0
        item = shop.items()[0]
        row = shop.optiply("products")[item["id"]]
        assert row["price"] is None
        assert row["name"] == item["name"]  # Optiply demands one, so it is sent when the product is made
        shop.sandbox.optiply.edit("products", row["id"], {"price": "5.00", "name": "Eigen naam"})
        shop.zoho("PUT", f"/items/{item['id']}", {"rate": 81, "name": "Andere naam", "sku": "ANDERS-1"})
        assert shop.full().code == 0
        row = shop.optiply("products")[item["id"]]
        assert (row["price"], row["name"], row["skuCode"]) == ("5.00", "Eigen naam", "ANDERS-1")
        assert {one["price"] for one in shop.optiply("supplierProducts").values()} == {None}


def test_products_are_recognised_by_their_sku(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, match_products_by="sku") as shop:
        items = shop.items()
        one, double = items[0], items[1]
        base = {"stockLevel": 1, "unlimitedStock": False}
        mine = shop.sandbox.optiply.add("products", {"name": "Al hier", "skuCode": one["sku"], **base})
        for name in ("Dubbel 1", "Dubbel 2"):
            shop.sandbox.optiply.add("products", {"name": name, "skuCode": double["sku"], **base})
        done = shop.run()
        assert done.code == 3
        products = shop.optiply("products")
        assert products[one["id"]]["id"] == mine["id"]
        assert products[one["id"]]["name"] == one["name"]
        assert double["id"] not in products
        assert done.flow("products").refused == 1
        told = command("explain", "products", double["sku"])
        assert "refused" in told.out
        assert double["sku"] in told.out
        assert "Leave the skuCode on one record" in told.out
        rows = shop.sandbox.optiply.rows("products")
        shop.sandbox.optiply.remove("products", next(row["id"] for row in rows if row["name"] == "Dubbel 2"))
        assert command("retry").code == 0
        assert shop.full().code == 0
        assert len(shop.sandbox.optiply.rows("products")) == len(items)
        assert shop.differences() == []


def test_fractions_of_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        item = shop.items()[0]["id"]
        customer = shop.sandbox.zoho.rows("customers")[0]["id"]
        lines = [
            {"item_id": item, "quantity": 1.25, "rate": 8},
            {"item_id": item, "quantity": 1.25, "rate": 8},
        ]
        made = shop.zoho("POST", "/salesorders", {"customer_id": customer, "line_items": lines})["salesorder"]
        shop.zoho("POST", f"/salesorders/{made['salesorder_id']}/status/confirmed")
        done = shop.run()
        assert (done.code, done.flow("sell_orders").refused) == (3, 1)
        told = command("explain", "sell_orders", made["salesorder_number"]).out
        assert "2.5 is not a whole number" in told
        assert "round_quantities" in told
        shop.settings(round_quantities=True)
        assert command("preview", "--json").code == 0
        assert shop.run().code == 0
        row = shop.optiply("sellOrders")[made["salesorder_id"]]
        assert [quantity for _, quantity in shop.lines(row["id"])] == [3]
        assert Decimal(row["totalValue"]) == Decimal(money(made["total"]))
