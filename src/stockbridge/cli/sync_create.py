"""`stockbridge sync create optiply-board`: every flag as an option, in any of its spellings."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, opened, unknown
from stockbridge.cli.output import document, good, say
from stockbridge.cli.prompt import choose
from stockbridge.cli.usage import Usage
from stockbridge.store import accounts, syncs
from stockbridge.store.accounts import AccountRow
from stockbridge.wiring.flags import BY_SPELLING, FLAGS
from stockbridge.wiring.settings import Settings, SettingsError, encode_settings, parse_flags, plain_settings

KIND = "optiply-board"


def _flag(name: str) -> Any:
    flag = BY_SPELLING[name]
    spellings = [f"--{name.replace('_', '-')}", f"--{name}", *(f"--{alias}" for alias in flag.aliases)]
    return typer.Option(*spellings, metavar="VALUE", help=f"{flag.help} [{flag.takes}]")


Given = list[str] | None  # lists, so that two spellings with different values are noticed


def create_optiply_board(
    name: Annotated[str, typer.Option("--name", help="What to call the sync.")] = KIND,
    zoho: Annotated[
        str | None, typer.Option("--zoho", metavar="ACCOUNT", help="Not needed when there is only one.")
    ] = None,
    optiply: Annotated[
        str | None, typer.Option("--optiply", metavar="ACCOUNT", help="Not needed when there is only one.")
    ] = None,
    sync_stock: Annotated[Given, _flag("sync_stock")] = None,
    warehouse_ids: Annotated[Given, _flag("warehouse_ids")] = None,
    pull_all_sell_orders: Annotated[Given, _flag("pull_all_sell_orders")] = None,
    sync_assembled: Annotated[Given, _flag("sync_assembled")] = None,
    not_sync_entities: Annotated[Given, _flag("not_sync_entities")] = None,
    sell_order_edits: Annotated[Given, _flag("sell_order_edits")] = None,
    match_products_by: Annotated[Given, _flag("match_products_by")] = None,
    round_quantities: Annotated[Given, _flag("round_quantities")] = None,
    hard_delete_products: Annotated[Given, _flag("hard_delete_products")] = None,
    start_date: Annotated[Given, _flag("start_date")] = None,
    buy_order_complete_when: Annotated[Given, _flag("buy_order_complete_when")] = None,
    convert_currency: Annotated[Given, _flag("convert_currency")] = None,
    sync_assembly_orders: Annotated[Given, _flag("sync_assembly_orders")] = None,
    assembly_supplier_id: Annotated[Given, _flag("assembly_supplier_id")] = None,
    read_recipes_every: Annotated[Given, _flag("read_recipes_every")] = None,
    export_orders: Annotated[Given, _flag("export_orders")] = None,
    export_from: Annotated[Given, _flag("export_from")] = None,
    export_orders_of_programs: Annotated[Given, _flag("export_orders_of_programs")] = None,
    issue_exported_orders: Annotated[Given, _flag("issue_exported_orders")] = None,
    export_delivery_date: Annotated[Given, _flag("export_delivery_date")] = None,
    export_line_price: Annotated[Given, _flag("export_line_price")] = None,
    export_buy_order_warehouse_id: Annotated[Given, _flag("export_buy_order_warehouse_id")] = None,
    export_terms: Annotated[Given, _flag("export_terms")] = None,
    export_warehouse_id: Annotated[Given, _flag("export_warehouse_id")] = None,
    complete_exported_assemblies: Annotated[Given, _flag("complete_exported_assemblies")] = None,
    full_read_hours: Annotated[Given, _flag("full_read_hours")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make the sync that brings Zoho's products, suppliers and orders to Optiply, and what planners order there to Zoho.

    Nothing is read or written yet. Mappings and exclusions are set with sync export and sync import.

    \b
    Examples:
      stockbridge sync create optiply-board
      stockbridge sync create optiply-board --warehouse-ids 460000000038080 --start-date 2024-01-01
      stockbridge sync create optiply-board --sync-assembled true --issue-exported-orders true
    """
    given = locals()  # an option for each flag, by the flag's name
    flags = _flags_of({flag.name: given[flag.name] for flag in FLAGS})
    settings = Settings(flags=flags)
    with opened() as store:
        side_a = pick_account(store, "zoho", zoho)
        side_b = pick_account(store, "optiply", optiply)
        with store.begin() as connection:
            if syncs.find(connection, name) is not None:
                raise Usage(
                    f'There is already a sync "{name}".',
                    remedy="Choose another --name, or change that one: stockbridge sync export, edit, "
                    "stockbridge sync import",
                )
            syncs.add(
                connection,
                name=name,
                kind=KIND,
                account_a=side_a.id,
                account_b=side_b.id,
                config=encode_settings(settings),
            )
    if as_json:
        document(
            {
                "name": name,
                "kind": KIND,
                "zoho": side_a.name,
                "optiply": side_b.name,
                **plain_settings(settings),
            }
        )
        return
    say(good(f'The sync "{name}" brings {side_a.name} (Zoho) to {side_b.name} (Optiply).'))
    if settings.flags["export_orders"]:
        since = settings.flags["export_from"] or "today"
        say(
            f"  What planners order in Optiply from {since} on is made in Zoho as well (the flag export_orders)."
        )
    say("  See what it would do, and what that costs: stockbridge preview")


def pick_account(store: Engine, connector: str, name: str | None) -> AccountRow:
    """The account of that name, or the only one, or the one that the person picks. Raises `Usage`."""
    with store.connect() as connection:
        rows = accounts.all_accounts(connection, connector)
    if not rows:
        raise Usage(
            f"There is no {connector.capitalize()} account yet.",
            remedy=f"Add one: stockbridge accounts add {connector}",
        )
    by_name = {row.name: row for row in rows}
    if name is None:
        words = [(row.name, row.name) for row in rows]
        name = choose(f"Which {connector.capitalize()} account?", words, option=f"--{connector}")
    if name not in by_name:
        raise unknown(f"{connector.capitalize()} account", name, list(by_name))
    return by_name[name]


def _flags_of(given: dict[str, list[str] | None]) -> dict[str, Any]:
    """All flags out of the options. Raises `SettingsError` with every problem."""
    flags: dict[str, Any] = {}
    problems = []
    for name, values in given.items():
        if not values:
            continue
        if name in ("warehouse_ids", "not_sync_entities"):
            flags[name] = ",".join(values)
            continue
        if len({value.strip().lower() for value in values}) > 1:
            option = f"--{name.replace('_', '-')}"
            problems.append(
                f"{option} was given with different values: {', '.join(values)}; keep one of them."
            )
        flags[name] = values[0]
    try:
        parsed = parse_flags(flags)
    except SettingsError as trouble:
        problems.extend(trouble.problems)
    if problems:
        raise SettingsError(problems)
    return parsed
