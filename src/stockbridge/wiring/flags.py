"""The flags of the Optiply board, as one table, and how a written value becomes a typed one.

The other spellings are HotGlue's (facts: Optiply 5 and decision D11), so that a configuration moves over as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeAlias

import msgspec

from stockbridge.wiring.flow_names import FLOWS, spelled
from stockbridge.wiring.spelling import nearest

FlagValue: TypeAlias = bool | int | str | date | tuple[str, ...] | None

_ORDERS = ("sell_orders", "buy_orders", "assembly_orders")


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """One flag. `parse` gives the typed value or raises ValueError saying what it should be; `takes` says it in words."""

    name: str
    default: FlagValue
    takes: str
    help: str
    flows: tuple[str, ...]
    parse: Callable[[object], FlagValue]
    aliases: tuple[str, ...] = ()


def parse_yes_no(value: object) -> bool:
    """True and false, and what HotGlue writes for them: "true", "True", 1, "1"."""
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, int | str) else ""
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    raise ValueError("true or false")


def _texts(value: object) -> list[str]:
    parts: Iterable[object] = value.split(",") if isinstance(value, str) else [value]
    if isinstance(value, list | tuple):
        parts = value
    found: list[str] = []
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, str | int):
            raise ValueError
        text = str(part).strip()
        if text and text not in found:
            found.append(text)
    return found


def _parse_warehouses(value: object) -> tuple[str, ...]:
    takes = 'a list of Zoho location ids such as ["460000000038080"], or "all"'
    try:
        ids = _texts(value)
    except ValueError:
        raise ValueError(takes) from None
    if [id.lower() for id in ids] in (["all"], ["allwarehouses"]):
        return ()
    if not all(id.isdecimal() and id.isascii() for id in ids):
        raise ValueError(takes)
    return tuple(ids)


def parse_entities(value: object) -> tuple[str, ...]:
    """Names of flows, in any of HotGlue's spellings ("sellOrders", "sell_orders")."""
    takes = f"a list of {', '.join(FLOWS)}"
    try:
        names = [spelled(name) for name in _texts(value)]
    except ValueError:
        raise ValueError(takes) from None
    for name in names:
        if name not in FLOWS:
            raise ValueError(f'{takes} ("{name}" is not known{nearest(name, FLOWS)})')
    return tuple(sorted(set(names), key=FLOWS.index))


def _one_of(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = value.strip() if isinstance(value, str) else value
        if not isinstance(text, str) or text not in choices:
            raise ValueError(" or ".join(choices))
        return text

    return parse


def _parse_day(value: object) -> date | None:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    text = value.strip() if isinstance(value, str) else "?"
    if text.lower() in ("", "none"):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError("a day such as 2026-01-31, or none") from None


def _parse_id(value: object) -> str | None:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else "?"
    if text.lower() in ("", "none"):
        return None
    if not (text.isdecimal() and text.isascii()):
        raise ValueError("an id (digits only), or none")
    return text


def _parse_text(value: object) -> str | None:
    if not isinstance(value, str):
        raise ValueError("a text, or none")
    text = value.strip()
    return None if text.lower() in ("", "none") else text


def _parse_count(value: object) -> int:
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not text.isdecimal() or not 1 <= int(text) <= 366:
        raise ValueError("a whole number, 1 to 366")
    return int(text)


def _parse_hours(value: object) -> int:
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not text.isdecimal() or not 1 <= int(text) <= 24 * 31:
        raise ValueError("a whole number of hours, 1 to 744")
    return int(text)


_YES_NO = "true or false"

FLAGS: tuple[Flag, ...] = (
    Flag(
        name="sync_stock",
        aliases=("Sync_Stock", "syncStock"),
        default=True,
        takes=_YES_NO,
        help="Write stock levels to Optiply; when off they are never touched, and new products start at 0.",
        flows=("products",),
        parse=parse_yes_no,
    ),
    Flag(
        name="warehouse_ids",
        aliases=("Warehouse_Ids", "warehouseIds"),
        default=(),
        takes="Zoho location ids, or all",
        help="The Zoho locations whose stock is added up; none named means all of them.",
        flows=("products",),
        parse=_parse_warehouses,
    ),
    Flag(
        name="pull_all_sell_orders",
        aliases=("pullAllSellOrders", "pullAllOrders"),
        default=True,
        takes=_YES_NO,
        help="Take every sales order except drafts and voids; when off only closed ones.",
        flows=("sell_orders",),
        parse=parse_yes_no,
    ),
    Flag(
        name="sync_assembled",
        aliases=("Sync_Assembled", "syncAssembled"),
        default=False,
        takes=_YES_NO,
        help="Bring over what products are made of, and mark them as assembled once all parts are there.",
        flows=("product_compositions",),
        parse=parse_yes_no,
    ),
    Flag(
        name="not_sync_entities",
        aliases=("notSyncEntities",),
        default=(),
        takes=f"any of {', '.join(FLOWS)}",
        help="Flows to leave out; what the others refer to is still recognised in Optiply, and never written.",
        flows=FLOWS,
        parse=parse_entities,
    ),
    Flag(
        name="sell_order_edits",
        default="ignore",
        takes="ignore or recreate",
        help="What to do when an order is edited after it was sent: ignore the edit, or delete it and send it anew.",
        flows=("sell_orders",),
        parse=_one_of("ignore", "recreate"),
    ),
    Flag(
        name="match_products_by",
        default="remote_id",
        takes="remote_id or sku",
        help="How a product that is already in Optiply is recognised: by the Zoho id stored there, or also by its SKU.",
        flows=("products",),
        parse=_one_of("remote_id", "sku"),
    ),
    Flag(
        name="round_quantities",
        default=False,
        takes=_YES_NO,
        help="Round fractions of a piece in order lines; when off such an order is refused and listed.",
        flows=("sell_orders", "buy_order_lines", "receipt_lines", "assembly_orders"),
        parse=parse_yes_no,
    ),
    Flag(
        name="hard_delete_products",
        default=False,
        takes=_YES_NO,
        help="Delete products in Optiply that were deleted in Zoho; when off they are disabled.",
        flows=("products",),
        parse=parse_yes_no,
    ),
    Flag(
        name="start_date",
        aliases=("startDate",),
        default=None,
        takes="a day such as 2026-01-31, or none",
        help="Leave out orders placed before this day.",
        flows=_ORDERS,
        parse=_parse_day,
    ),
    Flag(
        name="buy_order_complete_when",
        aliases=("bo_completed_status",),
        default="closed",
        takes="closed or received",
        help="When a buy order is complete in Optiply: when Zoho closes it (received and billed), or once it is received.",
        flows=("buy_orders",),
        parse=_one_of("closed", "received"),
    ),
    Flag(
        name="convert_currency",
        default=False,
        takes=_YES_NO,
        help="Send the amounts of purchase orders in the organisation's own currency, by the order's exchange rate.",
        flows=("buy_orders", "buy_order_lines"),
        parse=parse_yes_no,
    ),
    Flag(
        name="sync_assembly_orders",
        aliases=("Sync_Assembly_Orders", "syncAssemblyOrders"),
        default=True,
        takes=_YES_NO,
        help="Sync Zoho's assemblies (bundles) as assembly orders of Optiply.",
        flows=("assembly_orders",),
        parse=parse_yes_no,
    ),
    Flag(
        name="assembly_supplier_id",
        default=None,
        takes="the id of a supplier in Optiply, or none",
        help="The supplier of assembly orders whose composite item has no vendor in Zoho; Optiply demands one.",
        flows=("assembly_orders",),
        parse=_parse_id,
    ),
    Flag(
        name="read_recipes_every",
        default=1,
        takes="a number of full reads",
        help="At every how many full reads the recipes of composites whose stock moved are read anew, a call each: a change "
        "may hide behind a movement of the same hour.",
        flows=("product_compositions",),
        parse=_parse_count,
    ),
    Flag(
        name="export_orders",
        default=True,
        takes=_YES_NO,
        help="Make the orders that a planner places in Optiply in Zoho as well; when off nothing is written to Zoho.",
        flows=("buy_orders", "assembly_orders"),
        parse=parse_yes_no,
    ),
    Flag(
        name="export_from",
        default=None,
        takes="a day such as 2026-01-31, or none",
        help="Export orders placed in Optiply since this day; none means since the day the sync was created.",
        flows=("buy_orders", "assembly_orders"),
        parse=_parse_day,
    ),
    Flag(
        name="export_orders_of_programs",
        default=False,
        takes=_YES_NO,
        help="Export orders that another program placed through Optiply's API too, not just those of people.",
        flows=("buy_orders", "assembly_orders"),
        parse=parse_yes_no,
    ),
    Flag(
        name="issue_exported_orders",
        aliases=("issueExportedOrders",),
        default=False,
        takes=_YES_NO,
        help="Issue exported purchase orders; when off they stay drafts for someone to look at.",
        flows=("buy_orders",),
        parse=parse_yes_no,
    ),
    Flag(
        name="export_delivery_date",
        default=True,
        takes=_YES_NO,
        help="Give exported purchase orders Optiply's expected delivery date.",
        flows=("buy_orders",),
        parse=parse_yes_no,
    ),
    Flag(
        name="export_line_price",
        aliases=("export_BOLine_price",),
        default=False,
        takes=_YES_NO,
        help="Give exported lines Optiply's price; when off Zoho takes the purchase rate of the item.",
        flows=("buy_orders",),
        parse=parse_yes_no,
    ),
    Flag(
        name="export_buy_order_warehouse_id",
        aliases=("default_export_buyOrder_warehouseId",),
        default=None,
        takes="a Zoho location id, or none",
        help="The Zoho location of exported purchase orders.",
        flows=("buy_orders",),
        parse=_parse_id,
    ),
    Flag(
        name="export_terms",
        default=None,
        takes="a text, or none",
        help="The terms and conditions printed on exported purchase orders.",
        flows=("buy_orders",),
        parse=_parse_text,
    ),
    Flag(
        name="export_warehouse_id",
        aliases=("exportWarehouseId",),
        default=None,
        takes="a Zoho location id, or none",
        help="The Zoho location where exported assemblies take their parts and put the product.",
        flows=("assembly_orders",),
        parse=_parse_id,
    ),
    Flag(
        name="complete_exported_assemblies",
        default=False,
        takes=_YES_NO,
        help="Make exported assemblies complete at once, which moves stock; when off they are planned.",
        flows=("assembly_orders",),
        parse=parse_yes_no,
    ),
    Flag(
        name="full_read_hours",
        default=24,
        takes="a number of hours",
        help="How often everything is read in full, which is how deletions are noticed.",
        flows=FLOWS,
        parse=_parse_hours,
    ),
)

BY_SPELLING: dict[str, Flag] = {name: flag for flag in FLAGS for name in (flag.name, *flag.aliases)}


def default_flags() -> dict[str, Any]:
    """Every flag at its default."""
    return {flag.name: flag.default for flag in FLAGS}


def plain_value(value: FlagValue) -> Any:
    """A flag's value as JSON and TOML write it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value
