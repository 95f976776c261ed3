"""Settings: all spellings, all mistakes at once, and a file that comes back as it went."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockbridge.wiring.flags import BY_SPELLING, FLAGS
from stockbridge.wiring.flow_names import FLOWS
from stockbridge.wiring.settings import (
    Settings,
    SettingsError,
    decode_settings,
    encode_settings,
    parse_settings,
)
from stockbridge.wiring.settings_file import SyncFile, read_sync_file, write_sync_file

TARGETS = {
    "products": ("name", "skuCode", "articleCode", "price"),
    "suppliers": ("name", "emails"),
    "supplier_products": ("price", "name"),
    "sell_orders": ("placed",),
}
SOURCES = {
    "products": ("name", "sku", "purchase_description", "rate", "custom"),
    "suppliers": ("contact_name", "email"),
    "supplier_products": ("purchase_rate", "sku"),
    "sell_orders": ("date", "created_time"),
}


def parse(**data: Any) -> Settings:
    return parse_settings(data, TARGETS, SOURCES)


def problems(**data: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(**data)
    return caught.value.problems


def test_nothing_given_means_the_documented_defaults() -> None:
    # The brief's board and decisions D1 to D9.
    assert parse().flags == {
        "sync_stock": True,
        "warehouse_ids": (),
        "pull_all_sell_orders": True,
        "sync_assembled": False,
        "not_sync_entities": (),
        "sell_order_edits": "ignore",
        "match_products_by": "remote_id",
        "round_quantities": False,
        "hard_delete_products": False,
        "start_date": None,
        "buy_order_complete_when": "closed",
        "convert_currency": False,
        "sync_assembly_orders": True,
        "assembly_supplier_id": None,
        "read_recipes_every": 1,
        "export_orders": True,
        "export_from": None,
        "export_orders_of_programs": False,
        "issue_exported_orders": False,
        "export_delivery_date": True,
        "export_line_price": False,
        "export_buy_order_warehouse_id": None,
        "export_terms": None,
        "export_warehouse_id": None,
        "complete_exported_assemblies": False,
        "full_read_hours": 24,
    }


@pytest.mark.parametrize("spelling", ["pull_all_sell_orders", "pullAllSellOrders", "pullAllOrders"])
@pytest.mark.parametrize("value", [False, "false", "False", 0, "0"])
def test_every_spelling_of_the_sell_order_flag(spelling: str, value: object) -> None:
    assert parse(**{spelling: value}).flags["pull_all_sell_orders"] is False
    assert parse(flags={spelling: value}).flags["pull_all_sell_orders"] is False


@pytest.mark.parametrize("value", ["yes", "", 2, 1.0, [], "tru"])
def test_a_flag_that_is_neither_yes_nor_no(value: object) -> None:
    (problem,) = problems(Sync_Stock=value)
    assert problem.startswith("Sync_Stock is ")
    assert problem.endswith("but must be true or false.")


def test_two_spellings_with_different_values_name_both() -> None:
    assert problems(pullAllOrders=True, flags={"pull_all_sell_orders": False}) == [
        "pullAllOrders and pull_all_sell_orders are the same flag with different values (true and false); "
        "keep one of them."
    ]
    assert parse(pullAllOrders="False", pullAllSellOrders=False).flags["pull_all_sell_orders"] is False


def test_null_means_not_set() -> None:
    assert parse(sync_stock=None, not_sync_suppliers_attributes=None, custom_mappings=None) == parse()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("allWarehouses", ()),
        ("all", ()),
        ("", ()),
        ([], ()),
        ("1,2", ("1", "2")),
        ("1, 2,", ("1", "2")),
        (["2", "1", "2"], ("2", "1")),
        ([460000000038080], ("460000000038080",)),
        (460000000038080, ("460000000038080",)),
    ],
)
def test_warehouses(value: object, expected: tuple[str, ...]) -> None:
    assert parse(warehouse_ids=value).flags["warehouse_ids"] == expected


@pytest.mark.parametrize("value", ["Rotterdam", ["1", "x"], [1.5], {"1": 2}, True, "all,1", "²"])
def test_warehouses_that_are_no_ids(value: object) -> None:
    (problem,) = problems(warehouse_ids=value)
    assert "list of Zoho location ids" in problem


def test_entities_in_either_spelling() -> None:
    assert parse(not_sync_entities="sellOrders, supplier_products").flags["not_sync_entities"] == (
        "supplier_products",
        "sell_orders",
    )
    (problem,) = problems(not_sync_entities=["supplers"])
    assert 'did you mean "suppliers"?' in problem


def test_days_and_hours() -> None:
    assert parse(start_date="2026-01-31").flags["start_date"] == date(2026, 1, 31)
    assert parse(start_date="2026-01-31T00:00:00Z").flags["start_date"] == date(2026, 1, 31)
    assert parse(start_date="none").flags["start_date"] is None
    assert problems(start_date="31-01-2026", full_read_hours="0", sell_order_edits="update") == [
        'start_date is "31-01-2026", but must be a day such as 2026-01-31, or none.',
        'full_read_hours is "0", but must be a whole number of hours, 1 to 744.',
        'sell_order_edits is "update", but must be ignore or recreate.',
    ]


def test_unknown_names_say_the_nearest_known_one() -> None:
    assert problems(
        synk_stock=True,
        flags={"warehouse_id": "1", "zzz": 1},
        mappings={"product": {"name": "sku"}, "products": {"skucode": "sku", "price": "rates"}},
        exclude={"suppliers": ["emails", "email"]},
    ) == [
        '"warehouse_id" is not a flag; did you mean "warehouse_ids"?',
        '"zzz" is not a flag.',
        '"product" in mappings is not a flow; did you mean "products"?',
        'products: "skucode" is not a field that is written to Optiply; did you mean "skuCode"?',
        'products: "rates" (mapped to price) is not a field of Zoho; did you mean "rate"?',
        'suppliers: "email" is not a field that is written to Optiply; did you mean "emails"?',
        '"synk_stock" is not a setting; did you mean "sync_stock"?',
    ]


def test_custom_fields_may_be_mapped_where_records_have_them() -> None:
    settings = parse(mappings={"products": {"articleCode": "cf_code"}})
    assert settings.mappings == {"products": {"articleCode": "cf_code"}}
    assert problems(mappings={"suppliers": {"name": "cf_code"}}) == [
        'suppliers: "cf_code" (mapped to name) is not a field of Zoho.'
    ]


def test_hotglue_tables() -> None:
    settings = parse(
        custom_mappings='{"products/items": {"articleCode": "sku"}, "supplierProducts": {"name": "sku"}}',
        not_sync_suppliers_attributes=["emails"],
        not_sync_supProds_attributes="price",
    )
    assert settings.mappings == {"products": {"articleCode": "sku"}, "supplier_products": {"name": "sku"}}
    assert settings.exclude == {"suppliers": ["emails"], "supplier_products": ["price"]}


def test_contradictions_between_tables() -> None:
    assert problems(
        mappings={"products": {"name": "sku"}}, custom_mappings={"products": {"name": "rate"}}
    ) == ["products: name is mapped twice, to sku and to rate."]
    assert problems(mappings={"products": {"name": "sku"}}, exclude={"products": ["name"]}) == [
        "products: name is both mapped and excluded; keep one of the two."
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"flags": "yes"},
        {"mappings": ["x"]},
        {"mappings": {"products": "sku"}},
        {"mappings": {"products": {"name": 5}}},
        {"exclude": "price"},
        {"exclude": {"products": {"name": True}}},
        {"custom_mappings": "{broken"},
    ],
)
def test_tables_of_the_wrong_shape(data: dict[str, Any]) -> None:
    (problem,) = problems(**data)
    assert problem.endswith(".")


def test_flags_are_told_apart_and_touch_known_flows() -> None:
    assert len(BY_SPELLING) == sum(1 + len(flag.aliases) for flag in FLAGS)
    for flag in FLAGS:
        assert set(flag.flows) <= set(FLOWS)
        assert flag.help.endswith(".")
        assert flag.parse(flag.default if flag.default is not None else "none") == flag.default


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "warehouse_ids": st.lists(st.from_regex(r"[0-9]{1,19}", fullmatch=True), unique=True).map(tuple),
    "not_sync_entities": st.sets(st.sampled_from(FLOWS)).map(
        lambda names: tuple(f for f in FLOWS if f in names)
    ),
    "sell_order_edits": st.sampled_from(["ignore", "recreate"]),
    "match_products_by": st.sampled_from(["remote_id", "sku"]),
    "start_date": st.none() | st.dates(),
    "full_read_hours": st.integers(1, 744),
    "buy_order_complete_when": st.sampled_from(["closed", "received"]),
    "read_recipes_every": st.integers(1, 366),
    "export_from": st.none() | st.dates(),
    "export_terms": st.none()
    | st.text(min_size=1).map(str.strip).filter(lambda text: text.lower() not in ("", "none")),
    **dict.fromkeys(
        ("assembly_supplier_id", "export_buy_order_warehouse_id", "export_warehouse_id"),
        st.none() | st.from_regex(r"[0-9]{1,19}", fullmatch=True),
    ),
}


@st.composite
def all_settings(draw: st.DrawFn) -> Settings:
    flags = {
        flag.name: draw(st.booleans() if isinstance(flag.default, bool) else VALUES[flag.name])
        for flag in FLAGS
    }
    mappings = {}
    exclude = {}
    for flow in draw(st.sets(st.sampled_from(sorted(TARGETS)))):
        names = draw(st.permutations(TARGETS[flow]))
        split = draw(st.integers(0, len(names)))
        fields = [*(name for name in SOURCES[flow] if name != "custom")]
        if "custom" in SOURCES[flow]:
            fields.append("cf_" + draw(st.from_regex(r"[a-z_]{1,12}", fullmatch=True)))
        if names[:split]:
            mappings[flow] = {name: draw(st.sampled_from(fields)) for name in names[:split]}
        if names[split:]:
            exclude[flow] = list(names[split:])
    return Settings(flags=flags, mappings=mappings, exclude=exclude)


@given(settings=all_settings(), name=st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_a_file_comes_back_as_it_went(settings: Settings, name: str) -> None:
    sync = SyncFile(name=name, zoho="winkel", optiply="planning", settings=settings)
    assert read_sync_file(write_sync_file(sync), TARGETS, SOURCES) == sync
    assert decode_settings(encode_settings(settings)) == settings


def test_the_file_explains_every_flag() -> None:
    text = write_sync_file(SyncFile(name="board", zoho="a", optiply="b"))
    for flag in FLAGS:
        assert flag.help in text
    assert 'start_date = "none"' in text
    assert 'warehouse_ids = "all"' in text


def test_a_broken_file_tells_everything_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_sync_file(
            'nmae = "x"\nkind = "contacts"\nzoho = 5\n[flags]\nsync_stok = true\n', TARGETS, SOURCES
        )
    assert caught.value.problems == [
        "name is missing. The name of the sync.",
        "zoho is 5, but must be a text. The name of the Zoho account (stockbridge accounts list).",
        "optiply is missing. The name of the Optiply account.",
        'kind is "contacts", but must be optiply-board.',
        '"sync_stok" is not a flag; did you mean "sync_stock"?',
        '"nmae" is not a setting; did you mean "name"?',
    ]


def test_a_file_that_is_not_toml() -> None:
    with pytest.raises(SettingsError, match="not a file of a sync"):
        read_sync_file("name = = 5", TARGETS, SOURCES)
