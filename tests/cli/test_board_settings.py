"""Whatever settings are taken, the board they make can be opened: no combination breaks later than the settings do."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.core.compiled import compile_flow
from stockbridge.engine.session import in_order
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.flow_names import FLOWS
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import SettingsError, decode_settings, encode_settings, parse_settings

FLAGS = st.fixed_dictionaries(
    {},
    optional={
        "sync_stock": st.booleans(),
        "warehouse_ids": st.lists(st.sampled_from(["1", "22"]), max_size=2),
        "pull_all_sell_orders": st.booleans(),
        "sync_assembled": st.booleans(),
        "not_sync_entities": st.lists(st.sampled_from(FLOWS)),
        "sell_order_edits": st.sampled_from(["ignore", "recreate"]),
        "match_products_by": st.sampled_from(["remote_id", "sku"]),
        "round_quantities": st.booleans(),
        "hard_delete_products": st.booleans(),
        "start_date": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(date.isoformat),
        "buy_order_complete_when": st.sampled_from(["closed", "received"]),
        "convert_currency": st.booleans(),
        "sync_assembly_orders": st.booleans(),
        "assembly_supplier_id": st.sampled_from(["none", "5512"]),
        "export_orders": st.booleans(),
        "export_orders_of_programs": st.booleans(),
        "issue_exported_orders": st.booleans(),
        "export_delivery_date": st.booleans(),
        "export_line_price": st.booleans(),
        "export_buy_order_warehouse_id": st.sampled_from(["none", "46"]),
        "export_warehouse_id": st.sampled_from(["none", "46"]),
        "export_terms": st.sampled_from(["none", "30 dagen netto"]),
        "complete_exported_assemblies": st.booleans(),
    },
)


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Any]:
    mappings, exclude = {}, {}
    for flow in FLOWS:
        readable = [name for name in sources()[flow] if name != "custom"] + ["cf_colour"]
        pairs = st.dictionaries(st.sampled_from(targets()[flow]), st.sampled_from(readable), max_size=3)
        mappings[flow] = draw(pairs)
        exclude[flow] = draw(st.lists(st.sampled_from(targets()[flow]), max_size=2))
    return {"flags": draw(FLAGS), "mappings": mappings, "exclude": exclude}


@given(settings())
def test_every_board_that_the_settings_allow_can_be_opened(data: dict[str, Any]) -> None:
    try:
        parsed = parse_settings(data, targets(), sources())
    except SettingsError:
        return  # told to the person who wrote them
    flows = optiply_board(decode_settings(encode_settings(parsed)))
    by_streams = {(flow.a, flow.b): flow.name for flow in flows if flow.along is None}
    for flow in in_order(flows, ZOHO, OPTIPLY):
        compile_flow(flow, ZOHO[flow.a], OPTIPLY[flow.b], by_streams)
