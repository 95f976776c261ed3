"""What becomes of records that are edited, moved, deleted and come back; and of what people keep by hand in Optiply."""

from __future__ import annotations

import pytest

from scenarios.board import board, command

pytestmark = pytest.mark.usefixtures("fresh_store")

GOODS = {"product_type": "goods", "item_type": "inventory"}
BY_HAND = {"minimumPurchaseQuantity": 24, "lotSize": 12, "deliveryTime": 9}


def test_what_people_keep_by_hand_is_never_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        mark, row = next(iter(shop.optiply("supplierProducts").items()))
        item, _, vendor = mark.rpartition("_")
        optiply = shop.sandbox.optiply
        optiply.edit("supplierProducts", row["id"], BY_HAND)
        optiply.edit(
            "suppliers", shop.optiply("suppliers")[vendor]["id"], {"deliveryTime": 21, "fixedCosts": "15.00"}
        )
        optiply.edit(
            "products",
            shop.optiply("products")[item]["id"],
            {"minimumStock": 4, "maximumStock": 40},
        )
        shop.zoho("PUT", f"/items/{item}", {"name": "Hernoemd", "purchase_rate": 3.5})
        shop.zoho("PUT", f"/contacts/{vendor}", {"contact_name": "Hernoemd B.V."})
        assert shop.full().code == 0
        row = shop.optiply("supplierProducts")[mark]
        assert {name: row[name] for name in BY_HAND} == BY_HAND
        assert (row["name"], row["price"]) == ("Hernoemd", "3.50")
        supplier = shop.optiply("suppliers")[vendor]
        assert (supplier["deliveryTime"], supplier["fixedCosts"]) == (21, "15.00")
        product = shop.optiply("products")[item]
        assert (product["minimumStock"], product["maximumStock"]) == (4, 40)
        for seen in shop.sandbox.log.rows("optiply"):
            for name in (*BY_HAND, "fixedCosts", "minimumStock"):
                assert name.encode() not in seen.body
        assert shop.differences() == []


def test_an_order_that_is_void_or_deleted_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, orders=30) as shop:
        assert shop.run().code == 0
        confirmed = [
            row["id"] for row in shop.sandbox.zoho.rows("salesorders") if row["order_status"] == "confirmed"
        ]
        before = len(shop.optiply("sellOrders"))
        shop.zoho("POST", f"/salesorders/{confirmed[0]}/status/void")
        shop.later(0.1)
        done = shop.run()
        assert (done.code, done.flow("sell_orders").removed) == (0, 1)
        assert not any(path.startswith("/salesorders/") for path in done.zoho_paths)
        shop.zoho("DELETE", f"/salesorders/{confirmed[1]}")
        shop.later(0.1)
        assert shop.run().flow("sell_orders").removed == 0  # a list of changes does not show a deletion
        done = shop.full()
        assert (done.code, done.flow("sell_orders").removed) == (0, 1)
        assert len(shop.optiply("sellOrders")) == before - 2
        assert shop.differences() == []


def test_a_void_order_is_not_there_and_not_fetched_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        order = next(
            row for row in shop.sandbox.zoho.rows("salesorders") if row["order_status"] == "confirmed"
        )
        shop.zoho("POST", f"/salesorders/{order['id']}/status/void")
        done = shop.run()
        assert done.code == 0
        assert order["id"] not in shop.optiply("sellOrders")
        assert f"/salesorders/{order['id']}" not in done.zoho_paths


def test_a_draft_arrives_when_it_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        draft = next(row for row in shop.sandbox.zoho.rows("salesorders") if row["order_status"] == "draft")
        assert shop.run().code == 0
        assert draft["id"] not in shop.optiply("sellOrders")
        shop.zoho("POST", f"/salesorders/{draft['id']}/status/confirmed")
        shop.later(0.1)
        assert shop.run().flow("sell_orders").created == 1
        assert shop.differences() == []


def test_repeated_products_of_an_order_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        one, two = (row["id"] for row in shop.items()[:2])
        lines = [
            {"item_id": one, "quantity": 2, "rate": 10},
            {"item_id": two, "quantity": 1, "rate": 5},
            {"item_id": one, "quantity": 3, "rate": 9},
        ]
        customer = shop.sandbox.zoho.rows("customers")[0]["id"]
        made = shop.zoho("POST", "/salesorders", {"customer_id": customer, "line_items": lines})["salesorder"]
        shop.zoho("POST", f"/salesorders/{made['salesorder_id']}/status/confirmed")
        assert shop.run().code == 0
        row = shop.optiply("sellOrders")[made["salesorder_id"]]
        products = shop.optiply("products")
        assert shop.lines(row["id"]) == sorted([(int(products[one]["id"]), 5), (int(products[two]["id"]), 1)])
        assert shop.differences() == []


def test_another_vendor_and_back_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        item = next(row for row in shop.items() if row["vendor_id"])
        old = item["vendor_id"]
        new = next(row["id"] for row in shop.sandbox.zoho.rows("vendors") if row["id"] != old)
        was, now = f"{item['id']}_{old}", f"{item['id']}_{new}"
        shop.zoho("PUT", f"/items/{item['id']}", {"vendor_id": new})
        shop.later(0.1)
        done = shop.run()
        assert done.code == 0
        pairs = shop.optiply("supplierProducts")
        assert (pairs[was]["status"], pairs[now]["status"]) == ("disabled", "enabled")
        assert shop.differences() == []
        shop.zoho("PUT", f"/items/{item['id']}", {"vendor_id": old})
        shop.later(0.1)
        assert shop.run().code == 0
        again = shop.optiply("supplierProducts")
        assert (again[was]["status"], again[now]["status"]) == ("enabled", "disabled")
        assert (again[was]["id"], again[now]["id"]) == (pairs[was]["id"], pairs[now]["id"])
        assert shop.differences() == []
        assert shop.run().writes == []


def test_a_deleted_item_is_disabled_with_its_suppliers(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        vendor = shop.sandbox.zoho.rows("vendors")[0]["id"]
        made = shop.zoho(
            "POST", "/items", {"name": "Kort leven", "rate": 1, **GOODS, "sku": "KL", "vendor_id": vendor}
        )
        id = made["item"]["item_id"]
        assert shop.run().code == 0
        assert shop.optiply("products")[id]["status"] == "enabled"
        shop.zoho("DELETE", f"/items/{id}")
        assert shop.run().writes == []
        done = shop.full()
        assert done.code == 0
        assert shop.optiply("products")[id]["status"] == "disabled"
        assert shop.optiply("supplierProducts")[f"{id}_{vendor}"]["status"] == "disabled"
        assert shop.full().writes == []
        assert shop.differences() == []


def test_a_deleted_item_that_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zoho gives a new id to what is made anew, but a list can leave an item out for a while."""
    with board(monkeypatch) as shop:
        vendor = shop.sandbox.zoho.rows("vendors")[0]["id"]
        made = shop.zoho(
            "POST", "/items", {"name": "Even weg", "rate": 1, **GOODS, "sku": "EW", "vendor_id": vendor}
        )
        id = made["item"]["item_id"]
        assert shop.run().code == 0
        assert shop.optiply("products")[id]["status"] == "enabled"
        items = shop.sandbox.zoho.world.items
        gone = items.get(id)
        assert gone is not None
        items.remove(gone)
        assert shop.full().code == 0
        row = shop.optiply("products")[id]
        assert row["status"] == "disabled"
        items.add(gone)
        done = shop.full()
        assert done.code == 0
        back = shop.optiply("products")[id]
        assert (back["id"], back["status"]) == (row["id"], "enabled")
        assert shop.optiply("supplierProducts")[f"{id}_{vendor}"]["status"] == "enabled"
        assert shop.differences() == []


def test_an_item_that_is_made_inactive_and_active_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        item = next(
            row["id"] for row in shop.items() if row["status"] == "active" and row["item_type"] == "inventory"
        )
        for word, status in (("inactive", "disabled"), ("active", "enabled")):
            shop.zoho("POST", f"/items/{item}/{word}")
            shop.later(0.1)
            assert shop.run().code == 0
            assert shop.optiply("products")[item]["status"] == status
        assert shop.differences() == []


def test_a_deleted_vendor_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        made = shop.zoho("POST", "/vendors", {"contact_name": "Stopt ermee", "contact_type": "vendor"})
        id = made["contact"]["contact_id"]
        assert shop.run().code == 0
        shop.zoho("DELETE", f"/contacts/{id}")
        assert shop.full().code == 0
        assert shop.optiply("suppliers")[id]["ignored"] is True
        assert shop.differences() == []


def test_many_deletions_wait_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=30, orders=0) as shop:
        assert shop.run().code == 0
        composites = [row for row in shop.items() if row["parts"]]
        used = {part["item_id"] for row in composites for part in row["parts"]}
        used |= {row["id"] for row in composites}  # Zoho does not let go of these
        for row in [row for row in shop.items() if row["id"] not in used][:12]:
            shop.zoho("DELETE", f"/items/{row['id']}")
        stopped = shop.full()
        assert (stopped.code, stopped.report.stopped_by, stopped.writes) == (4, "safety", [])
        assert "12 of 30 products are gone from Zoho" in stopped.report.message
        assert command("preview", "--json").code == 4
        assert command("approve", str(stopped.report.run)).code == 0
        done = shop.run()
        assert done.code == 0
        assert sum(row["status"] == "disabled" for row in shop.optiply("products").values()) >= 12
        assert shop.differences() == []


def test_a_supplier_product_waits_for_its_supplier(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=6, orders=0) as shop:
        vendor = shop.sandbox.zoho.rows("vendors")[0]["id"]
        mine = [row for row in shop.items() if vendor in (row["vendor_id"], *row["further_vendor_ids"])]
        assert mine
        long_name = "X" * 256
        held = shop.sandbox.zoho.world.contacts.get(vendor)
        assert held is not None
        name, held.contact_name = held.contact_name, long_name
        first = shop.run()
        assert first.code == 3
        assert first.flow("suppliers").refused == 1
        assert first.flow("supplier_products").waiting == len(mine)
        told = command("explain", "supplier_products", mine[0]["sku"]).out
        assert "waiting" in told
        assert vendor in told
        shop.zoho("PUT", f"/contacts/{vendor}", {"contact_name": f"{name} again"})
        shop.later(0.1)
        second = shop.run()
        assert second.code == 0
        assert second.flow("supplier_products").created == len(mine)
        assert shop.differences() == []


def test_the_daily_full_read_restores_what_zoho_owns(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        optiply = shop.sandbox.optiply
        products = list(shop.optiply("products").items())
        (edited, row), (deleted, other) = products[0], products[1]
        optiply.edit("products", row["id"], {"name": "Verkeerd", "stockLevel": 12345, "minimumStock": 7})
        order, held = next(iter(shop.optiply("sellOrders").items()))
        optiply.remove("sellOrders", held["id"])
        pair = next(mark for mark in shop.optiply("supplierProducts") if mark.startswith(edited))
        optiply.edit("supplierProducts", shop.optiply("supplierProducts")[pair]["id"], {"price": "0.01"})
        used = {line["productId"] for line in optiply.rows("sellOrderLines")}
        free = [(mark, one) for mark, one in products if int(one["id"]) not in used and mark != edited]
        if free:
            deleted, other = free[0]
            optiply.remove("products", other["id"])
        shop.later(20)
        assert shop.run().writes == []  # Optiply is not read in between
        shop.later(5)
        done = shop.run()
        assert done.code == 0, done.out
        back = shop.optiply("products")
        assert back[edited]["minimumStock"] == 7
        assert deleted in back
        assert order in shop.optiply("sellOrders")
        assert shop.differences() == []
        assert shop.full().writes == []
