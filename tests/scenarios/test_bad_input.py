"""Bad input: a clear message that names the thing and the remedy, the right exit code, and nothing lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenarios.board import Board, Done, board, command
from stockbridge.store import accounts, syncs
from stockbridge.store.database import open_store

pytestmark = pytest.mark.usefixtures("fresh_store")

# Account and organisation


def settings_of_zoho(**changes: Any) -> None:
    store = open_store()
    with store.begin() as connection:
        row = accounts.find(connection, "winkel")
        assert row is not None
        accounts.replace_login(connection, row.id, settings={**row.settings, **changes}, sealed=row.sealed)
    store.dispose()


def stopped_for_the_account(shop: Board) -> Done:
    done = shop.run()
    assert (done.code, done.report.outcome, done.report.stopped_by) == (4, "stopped", "account"), done.out
    assert done.writes == []
    assert "stockbridge accounts add zoho" in done.report.remedy
    assert "Nothing was changed" in done.report.message
    return done


def test_the_wrong_region(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        settings_of_zoho(accounts_server=f"{shop.sandbox.zoho_url}/dc/us", api_domain=None)
        done = stopped_for_the_account(shop)
        assert "/dc/us" in done.report.message
        assert "another data centre" in done.report.message
        settings_of_zoho(accounts_server=f"{shop.sandbox.zoho_url}/dc/eu")
        assert shop.run().code == 0


def test_a_revoked_login(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        assert shop.run().code == 0
        shop.zoho("PUT", f"/items/{shop.items()[0]['id']}", {"rate": 1})
        kept = dict(shop.sandbox.zoho.grants.refreshes)
        for token in kept:
            shop.sandbox.zoho.grants.revoke(token)
        done = stopped_for_the_account(shop)
        assert "revoked" in done.report.message
        shop.sandbox.zoho.grants.refreshes.update(kept)
        assert shop.run().code == 0
        assert shop.differences() == []


def test_a_login_revoked_in_the_middle_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        kept = dict(shop.sandbox.zoho.grants.refreshes)
        shop.fault(system="zoho", path=r"/salesorders/\d+$", nth=3, count=None, kind="revoke_token")
        shop.fault(system="accounts", path="/token$", nth=2, count=None, kind="revoke_token")
        done = shop.run()
        assert (done.code, done.report.stopped_by) == (4, "account")
        assert "stockbridge accounts add zoho" in done.report.remedy
        shop.sandbox.faults.clear()
        shop.sandbox.zoho.grants.refreshes.update(kept)
        assert shop.run().code == 0
        assert shop.differences() == []


def test_the_wrong_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        settings_of_zoho(organization_id="999999999")
        done = stopped_for_the_account(shop)
        assert "does not know the user" in done.report.message
        assert "999999999" in done.report.message or "winkel" in done.report.message
        assert "organisations" in done.report.remedy


def test_a_missing_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        for one in shop.sandbox.zoho.grants.refreshes.values():
            one.scope = "ZohoInventory.items.READ,ZohoInventory.settings.READ"
        done = shop.run()
        assert (done.code, done.report.stopped_by) == (4, "account")
        assert "scope is missing" in done.report.message
        assert "agree to every scope" in done.report.remedy


def test_a_login_from_before_a_scope_was_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        for one in shop.sandbox.zoho.grants.refreshes.values():
            modules = ("settings", "items", "contacts", "salesorders")
            one.scope = ",".join(f"ZohoInventory.{module}.READ" for module in modules)
        done = command("accounts", "check", "winkel")
        assert done.code == 4
        assert "purchaseorders" in done.out
        assert "agree to every scope" in done.out


def test_optiply_refuses_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        shop.fault(system="optiply", path="/token$", kind="status", status=401, count=None)
        done = shop.run()
        assert (done.code, done.report.stopped_by) == (4, "account"), done.out
        assert "Optiply" in done.report.message
        assert "stockbridge accounts add optiply" in done.report.remedy


def test_zoho_answers_with_a_page_that_is_not_json(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        shop.fault(system="zoho", path="/contacts$", kind="not_json", count=None)
        done = shop.run()
        assert done.code == 4
        assert "its list of vendors is not the JSON that was expected" in done.report.message
        assert "next run" in done.report.remedy
        shop.sandbox.faults.clear()
        assert shop.run().code == 0
        assert shop.differences() == []


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_is_wrong(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, items=6, orders=5, skew=timedelta(hours=hours)) as shop:
        shop.fault(system="optiply", method="POST", path="/v1/", nth=3, kind="drop_after")
        shop.fault(system="optiply", method="POST", path="/v1/", nth=9, kind="drop_after")
        codes = [shop.run().code, shop.run().code]
        assert codes[-1] == 0
        shop.zoho("PUT", f"/items/{shop.items()[0]['id']}", {"rate": 77})
        assert shop.run().code == 0
        assert shop.differences() == []


# Values that cannot be: each is parked by itself, named, and goes on when it is corrected


def refused(shop: Board, flow: str, name: str, *words: str) -> None:
    done = shop.run()
    assert done.code == 3, done.out
    assert done.flow(flow).refused == 1
    told = command("explain", flow, name).out
    assert "refused" in told
    for word in words:
        assert word in told, told
    listed = command("status", "--waiting").out
    assert words[0] in listed
    assert sum(one.refused for one in done.report.flows) == 1


def corrected(shop: Board) -> None:
    shop.later(0.1)
    done = shop.run()
    assert done.code == 0, done.out
    assert shop.differences() == []
    assert shop.run().writes == []


def first_item(shop: Board) -> Any:
    item = next(row for row in shop.sandbox.zoho.world.items if row.item_type == "inventory")
    return item


def test_a_price_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        made = shop.zoho("POST", "/items", {"name": "Gouden fiets", "sku": "GOUD", "rate": 10})["item"]
        item = shop.sandbox.zoho.world.items.get(made["item_id"])
        assert item is not None
        item.rate = Decimal("1234567890.50")
        refused(shop, "products", "GOUD", "1,234,567,890.5", "999,999,999.99", "price")
        assert len(shop.optiply("products")) == len(shop.items()) - 1
        shop.zoho("PUT", f"/items/{made['item_id']}", {"rate": 99})
        corrected(shop)


def test_a_name_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch) as shop:
        item = first_item(shop)
        item.name, name = "Fiets " * 50, item.name
        done = shop.run()
        assert done.code == 3
        assert done.flow("products").refused == 1
        told = command("explain", "products", item.sku).out
        assert "characters; name takes 255" in told
        assert "Shorten it" in told
        orders = done.flow("sell_orders")
        assert orders.created + orders.waiting == len(shop.sandbox.zoho.rows("salesorders")) - 1
        shop.zoho("PUT", f"/items/{item.id}", {"name": name})
        corrected(shop)


def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours leaves out what is clearly no address; one that only Optiply refuses is parked, and told."""
    with board(monkeypatch) as shop:
        vendors = [row for row in shop.sandbox.zoho.world.contacts if row.contact_type == "vendor"]
        vendors[0].persons[0].email = "geen adres"
        done = shop.run()
        assert done.code == 0, done.out
        assert shop.optiply("suppliers")[vendors[0].id]["emails"] == []


def test_text_where_a_number_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    with board(monkeypatch, mappings={"products": {"price": "cf_schap"}}) as shop:
        done = shop.run()
        assert done.code == 3
        item = next(row for row in shop.items() if row["custom_fields"].get("cf_schap"))
        told = command("explain", "products", item["sku"]).out
        assert f"“{item['custom_fields']['cf_schap']}” is not a number" in told
        assert "map price to another field" in told
        shop.settings()
        command("preview")
        assert shop.run().code == 0
        assert shop.differences() == []


def test_an_sku_that_two_items_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matched by the Zoho id two items with one SKU are two products; matched by SKU too, Optiply's one is not guessed."""
    with board(monkeypatch, match_products_by="sku") as shop:
        one, two = list(shop.sandbox.zoho.world.items)[:2]
        two.sku = one.sku
        base = {"name": "Al hier", "stockLevel": 1, "unlimitedStock": False, "skuCode": one.sku}
        shop.sandbox.optiply.add("products", base)
        done = shop.run()
        assert done.code == 3
        assert done.flow("products").refused == 2
        told = command("explain", "products", one.id).out
        assert f"“{one.sku.lower()}” is carried by 2 record(s) at Zoho" in told.lower().replace(
            "zoho", "Zoho"
        )
        assert one.id in told
        assert two.id in told
        shop.zoho("PUT", f"/items/{two.id}", {"sku": "EIGEN-SKU"})
        command("retry")
        shop.later(0.1)
        assert shop.run().code == 0
        assert len(shop.sandbox.optiply.rows("products")) == len(shop.items())
        assert shop.differences() == []


# Files and flags


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[flags\nsync_stock = true", ("not a file of a sync (TOML)", " at line ")),
        ("nonsense", ("not a file of a sync (TOML)", " at line ")),
        ("[flags]\nsync_stok = true", ('"sync_stok" is not a flag', 'did you mean "sync_stock"')),
        ("[flags]\nsync_stock = 7", ("sync_stock is 7", "true or false")),
        ('[flags]\nfull_read_hours = "veel"', ('full_read_hours is "veel"', "1 to 744")),
        (
            "[flags]\npullAllOrders = true\npull_all_sell_orders = false",
            ("pullAllOrders", "pull_all_sell_orders", "same flag with different values"),
        ),
        ('[mappings.products]\nprijs = "rate"', ('"prijs" is not a field', "price")),
        ('[mappings.products]\nprice = "rates"', ('"rates"', "not a field of Zoho", 'did you mean "rate"')),
        ('[exclude]\nproducts = ["pric"]', ('"pric"', 'did you mean "price"')),
        ("[vlaggen]\na = 1", ('"vlaggen"', "not a setting")),
    ],
)
def test_a_file_that_is_wrong(
    text: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with board(monkeypatch, items=2, vendors=1, orders=0):
        exported = command("sync", "export").out
        head = exported[: exported.index("[flags]")] if "[flags]" in exported else ""
        file = tmp_path / "board.toml"
        file.write_text(f"{head}\n{text}\n")
        done = command("sync", "import", str(file))
        assert done.code == 2, done.out + done.err
        for word in words:
            assert word in done.err, done.err
        assert "Traceback" not in done.err
        store = open_store()
        with store.connect() as connection:
            assert len(syncs.all_syncs(connection)) == 1
        store.dispose()
        assert command("sync", "export").out == exported
