"""Orders, receives and assemblies as the sandbox's Zoho keeps them, under every switch of how a real one may behave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from contract_shops import zoho_login
from contract_zoho import composite, parts, to_make

from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.assemblies import derive_bundle_receipt, derive_parts
from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.connectors.zoho.purchases import derive_lines, derive_receipts
from stockbridge.core.errors import Exists, Gone, Rejected
from stockbridge.core.record import Record
from stockbridge.http.clock import REAL
from stockbridge.http.transport import Transport
from stockbridge_sandbox.run import Sandbox, start


@contextmanager
def shop(**switches: Any) -> Iterator[tuple[Sandbox, ZohoConnector]]:
    with start(items=1, vendors=1, orders=0, purchase_orders=0, seed=3) as sandbox, Transport() as transport:
        account, _ = zoho_login(sandbox, transport, REAL)
        sandbox.zoho.change_switches(switches)
        yield sandbox, zoho.connect(account, clock=REAL, transport=transport)


def full(connector: ZohoConnector, stream: str, id: str) -> Record:
    (found,) = connector.fetch(stream, [id])
    assert isinstance(found, Record), found
    return found


def rows(connector: ZohoConnector, stream: str) -> dict[str, Record]:
    found = list(connector.read(stream, None))
    assert not any(page.refused for page in found)
    return {record.id: record for page in found for record in page.records}


def receive(sandbox: Sandbox, order: Record, amounts: list[int], day: str = "2026-03-04") -> str:
    lines = [
        {"line_item_id": line["line_item_id"], "quantity": amount}
        for line, amount in zip(order.values["lines"], amounts, strict=True)
        if amount
    ]
    query = {"purchaseorder_id": order.id}
    made = sandbox.zoho.direct(
        "POST", "/purchasereceives", query=query, body={"date": day, "line_items": lines}
    )
    return str(next(iter(v for k, v in made.items() if isinstance(v, dict)))["receive_id"])


SWITCHES: list[dict[str, Any]] = [
    {},
    {"receive_lines_own_ids": True},
    {"receive_moves_order_time": False},
    {"spec_envelopes": True},
    {"stock_layout": "warehouses"},
]


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda one: "-".join(one) or "usual")
def test_an_order_lives_from_export_to_its_last_receipt(switches: dict[str, Any]) -> None:
    with shop(**switches) as (sandbox, connector):
        place = sandbox.zoho.world.primary_location.id
        values = {**to_make(sandbox, "purchaseorders"), "location_id": place}
        made = connector.create("purchaseorders", values, "1275993")
        assert (made.values["issued"], made.values["location_id"]) == (False, place)
        assert rows(connector, "purchaseorders")[made.id].values["reference_number"] == "1275993"
        issued = connector.update("purchaseorders", made.id, {"issued": True})
        assert issued.values["issued"] is True
        lines = list(derive_lines(issued))
        assert [line.values["quantity"] for line in lines] == [3, 5]
        assert lines[0].values["item_total"] == Decimal("4.5")

        sandbox.clock.advance(60)
        before = rows(connector, "purchaseorders")[made.id]
        assert before.version == full(connector, "purchaseorders", made.id).version
        first = receive(sandbox, made, [1, 5])
        partly = full(connector, "purchaseorders", made.id)
        listed = rows(connector, "purchaseorders")[made.id]
        assert listed.version.rstrip("?") == partly.version.rstrip("?")
        assert listed.version.rstrip("?") != before.version.rstrip("?")
        assert {one.values["line_id"]: one.values["quantity"] for one in derive_receipts(partly)} == {
            lines[0].id: 1,
            lines[1].id: 5,
        }
        assert partly.values["received_time"] is None

        receive(sandbox, made, [2, 0], "2026-03-06")
        done = full(connector, "purchaseorders", made.id)
        assert done.values["received_time"] == datetime(2026, 3, 6, tzinfo=UTC)
        assert len({one.id for one in derive_receipts(done)}) == 3
        sandbox.zoho.direct("DELETE", f"/purchasereceives/{first}")
        back = full(connector, "purchaseorders", made.id)
        assert [one.values["quantity"] for one in derive_receipts(back)] == [2]
        assert back.version.rstrip("?") != done.version.rstrip("?")


@pytest.mark.parametrize("switches", [{}, {"spec_envelopes": True}, {"stock_layout": "warehouses"}])
def test_an_assembly_is_planned_at_its_place_and_moves_stock_only_when_a_person_completes_it(
    switches: dict[str, Any],
) -> None:
    with shop(**switches) as (sandbox, connector):
        place = sandbox.zoho.rows("locations")[-1]["id"]
        made = connector.create("bundles", {**to_make(sandbox, "bundles"), "location_id": place}, "56090584")
        assert made.values["reference_number"] == "56090584"
        assert (made.values["location_id"], made.values["completed_time"]) == (place, None)
        (held,) = sandbox.zoho.rows("bundles")
        assert (held["location_id"], held["status"]) == (place, "draft")
        assert [Decimal(line["quantity"]) for line in held["lines"]] == [1, 2]
        assert list(derive_bundle_receipt(made)) == []
        for item in parts(sandbox):
            body = {
                "date": "2026-03-02",
                "reason": "Stocktaking results",
                "adjustment_type": "quantity",
                "line_items": [{"item_id": item, "quantity_adjusted": 9, "location_id": place}],
            }
            sandbox.zoho.direct("POST", "/inventoryadjustments", body=body)
        sandbox.zoho.direct("POST", f"/bundles/{made.id}/bundled")
        done = rows(connector, "bundles")[made.id]
        (receipt,) = derive_bundle_receipt(done)
        assert (receipt.values["date"], receipt.values["quantity"]) == (date(2026, 3, 2), 2)


def test_a_composite_lists_its_parts() -> None:
    with shop() as (sandbox, connector):
        id = composite(sandbox)
        frame, wheel = parts(sandbox)
        found = {
            part.values["part_id"]: part.values["quantity"]
            for part in derive_parts(full(connector, "composites", id))
        }
        assert found == {frame: 1, wheel: 2}


def test_where_the_list_wants_a_composite_item_assemblies_are_read_and_found_all_the_same() -> None:
    with shop(bundles_need_composite=True) as (sandbox, connector):
        made = connector.create("bundles", to_make(sandbox, "bundles"), "56090584")
        assert set(rows(connector, "bundles")) == {made.id}
        assert [one.id for one in connector.find("bundles", ["56090584"], None)["56090584"]] == [made.id]


def test_a_plan_that_zoho_does_not_take_is_refused_and_nothing_is_completed() -> None:
    with shop(bundle_completed_only=True) as (sandbox, connector):
        with pytest.raises(Rejected) as raised:
            connector.create("bundles", to_make(sandbox, "bundles"), "56090584")
        assert raised.value.field == "is_completed"
        assert "Nothing was completed" in raised.value.remedy
        assert sandbox.zoho.rows("bundles") == []


def test_too_few_parts_refuse_a_completed_assembly_in_words() -> None:
    with shop() as (sandbox, connector):
        with pytest.raises(Rejected) as raised:
            connector.create("bundles", {**to_make(sandbox, "bundles"), "is_completed": True}, "56090584")
        assert raised.value.field == "quantity_to_bundle"
        assert "FRAME" in raised.value.what


def test_the_same_assembly_twice_is_the_one_that_is_there() -> None:
    with shop() as (sandbox, connector):
        made = connector.create("bundles", to_make(sandbox, "bundles"), "56090584")
        with pytest.raises(Exists) as raised:
            connector.create("bundles", to_make(sandbox, "bundles"), "56090584")
        assert raised.value.record.id == made.id
        assert len(sandbox.zoho.rows("bundles")) == 1


def test_an_order_of_something_that_is_gone_or_cannot_be_bought() -> None:
    with shop() as (sandbox, connector):
        values = to_make(sandbox, "purchaseorders")
        with pytest.raises(Gone, match="vendor 999000000000000001"):
            connector.create("purchaseorders", {**values, "vendor_id": "999000000000000001"}, "1")
        sold = sandbox.zoho.direct(
            "POST", "/items", body={"name": "Only sold", "rate": 1, "item_type": "sales"}
        )
        line = {"item_id": sold["item"]["item_id"], "quantity": Decimal(1)}
        with pytest.raises(Rejected) as raised:
            connector.create("purchaseorders", {**values, "lines": [line]}, "1")
        assert (raised.value.code, raised.value.field) == ("29032", "lines")
        assert sandbox.zoho.rows("purchaseorders") == []
