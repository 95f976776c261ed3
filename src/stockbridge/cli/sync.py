"""`stockbridge sync`: create, list, show, export, import, remove."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, Sync, Usage, Yes, chosen_sync, opened
from stockbridge.cli.output import document, flow_name, good, pairs, say, table
from stockbridge.cli.prompt import agreed
from stockbridge.cli.sync_create import KIND, create_optiply_board, pick_account
from stockbridge.cli.sync_hooks import hooks
from stockbridge.store import accounts, syncs
from stockbridge.store.database import sync_lock
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.custom_fields import check_custom_fields
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.flags import FLAGS, FlagValue, plain_value
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.schedule import slots
from stockbridge.wiring.settings import Settings, decode_settings, encode_settings, plain_settings
from stockbridge.wiring.settings_file import SyncFile, read_sync_file, write_sync_file

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What is kept in step with what, and how."
)
create = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make a sync.")
app.add_typer(create, name="create")
create.command(KIND)(create_optiply_board)


@app.command("list")
def list_syncs(as_json: Json = False, debug: Debug = False) -> None:
    """List the syncs.

    \b
    Example:
      stockbridge sync list
    """
    with opened() as store:
        with store.connect() as connection:
            rows = syncs.all_syncs(connection)
        files = [_file(store, row) for row in rows]
    if as_json:
        document([_plain(row, file) for row, file in zip(rows, files, strict=True)])
    elif not rows:
        say("There is no sync yet. Make one: stockbridge sync create optiply-board")
    else:
        table(
            ("sync", "kind", "Zoho account", "Optiply account", "now"),
            [
                (row.name, row.kind, file.zoho, file.optiply, "runs" if row.holder else "at rest")
                for row, file in zip(rows, files, strict=True)
            ],
        )


@app.command("show")
def show(sync: Sync = None, as_json: Json = False, debug: Debug = False) -> None:
    """Show a sync: flags, mappings, exclusions, rules.

    What differs from the default is marked.

    \b
    Example:
      stockbridge sync show
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        file = _file(store, row)
    if as_json:
        document(_plain(row, file))
        return
    pairs(
        [
            ("sync", f"{row.name} ({row.kind})"),
            ("from", f"{file.zoho} (Zoho)"),
            ("to", f"{file.optiply} (Optiply)"),
        ]
    )
    say()
    table(
        ("flag", "value", "", "meaning"),
        [
            (flag.name, _shown(flag.name, value), "" if value == flag.default else "changed", flag.help)
            for flag in FLAGS
            for value in (file.settings.flags[flag.name],)
        ],
    )
    if file.settings.mappings:
        say()
        table(
            ("flow", "field of Optiply", "taken from Zoho's"),
            [
                (flow, target, source)
                for flow, mapped in sorted(file.settings.mappings.items())
                for target, source in mapped.items()
            ],
        )
    if file.settings.exclude:
        say()
        table(
            ("flow", "never written"),
            [(flow, ", ".join(fields)) for flow, fields in sorted(file.settings.exclude.items())],
        )
    if file.settings.rules:
        say()
        table(
            ("flow", "only what meets one of these"),
            [
                (flow, _rule_words(rule))
                for flow, rules in sorted(file.settings.rules.items())
                for rule in rules
            ],
        )
    say()
    table(
        ("while `stockbridge serve` runs", "when"),
        [
            (flow_name(slot.flow) or f"{slot.kind}s", slot.timing.text)
            for slot in slots(file.settings.schedule, optiply_board(file.settings))
        ],
    )


@app.command("export")
def export(
    sync: Sync = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-o", metavar="FILE", help="Write it there instead of printing it."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a sync as one readable file, without secrets.

    Its flags with their help, its mappings, exclusions and rules.

    \b
    Examples:
      stockbridge sync export > board.toml
      stockbridge sync export fietsenrek -o board.toml
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        described = _file(store, row)
    if file is not None:
        try:
            file.write_text(write_sync_file(described), encoding="utf-8")
        except OSError as trouble:
            raise Usage(f"{file} cannot be written: {trouble.strerror}.") from None
    if as_json:
        document(_plain(row, described))
    elif file is not None:
        say(good(f"Written to {file}. Edit it, then: stockbridge sync import {file}"))
    else:
        print(write_sync_file(described), end="")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file; - reads standard input.")],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a sync out of a file, or change the sync of that name. All mistakes of the file are told at once.

    \b
    Example:
      stockbridge sync import board.toml
    """
    described = read_sync_file(_text_of(file), targets(), sources())
    with opened() as store:
        side_a = pick_account(store, "zoho", described.zoho)
        side_b = pick_account(store, "optiply", described.optiply)
        check_custom_fields(store, side_a, described.settings)
        with store.begin() as connection:
            old = syncs.find(connection, described.name)
            if old is None:
                syncs.add(
                    connection,
                    name=described.name,
                    kind=described.kind,
                    account_a=side_a.id,
                    account_b=side_b.id,
                    config=encode_settings(described.settings),
                )
            elif (old.account_a, old.account_b) != (side_a.id, side_b.id):
                raise Usage(
                    f'The sync "{old.name}" belongs to other accounts, and what it has linked belongs to them.',
                    remedy="Give the file another name to make a second sync, or put the accounts back.",
                )
            else:
                syncs.configure(connection, old.id, encode_settings(described.settings))
    changes = [] if old is None else _changes(decode_settings(old.config), described.settings)
    if as_json:
        document(
            {
                "name": described.name,
                "made": old is None,
                "changes": changes,
                **plain_settings(described.settings),
            }
        )
        return
    if old is not None and not changes:
        say(good(f'The sync "{described.name}" is as the file says; nothing changed.'))
        return
    say(good(f'The sync "{described.name}" is {"made" if old is None else "changed"}.'))
    for setting, before, after in changes:
        say(f"  {setting}: {before} → {after}")
    say("  See what it would do: stockbridge preview")


app.command("hooks")(hooks)


@app.command("remove")
def remove(
    sync: Annotated[str, typer.Argument(metavar="SYNC", help="Which sync.")],
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Forget a sync and what it knows of both systems. Nothing is deleted in Zoho or Optiply.

    A sync made anew recognises what is already in Optiply by the ids stored there.

    \b
    Example:
      stockbridge sync remove fietsenrek
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        agreed(f'Forget the sync "{row.name}" and all it knows? (Zoho and Optiply stay as they are.)', yes)
        with sync_lock(store, row.id), store.begin() as connection:
            syncs.remove(connection, row.id)
    if as_json:
        document({"removed": row.name})
    else:
        say(good(f'The sync "{row.name}" is forgotten; Zoho and Optiply stay as they are.'))


def _text_of(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as trouble:
        raise Usage(f"{file} cannot be read: {trouble.strerror}.") from None
    except UnicodeDecodeError:
        raise Usage(f"{file} is not a text file in UTF-8.") from None


def _file(store: Engine, row: SyncRow) -> SyncFile:
    with store.connect() as connection:
        return SyncFile(
            name=row.name,
            kind=row.kind,
            zoho=accounts.get(connection, row.account_a).name,
            optiply=accounts.get(connection, row.account_b).name,
            settings=decode_settings(row.config),
        )


def _plain(row: SyncRow, file: SyncFile) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "zoho": file.zoho,
        "optiply": file.optiply,
        "holder": row.holder,
        "created_at": row.created_at,
        **plain_settings(file.settings),
    }


def _changes(before: Settings, after: Settings) -> list[tuple[str, str, str]]:
    """(setting, before, after) in words, for everything that differs."""
    found = [
        (flag.name, _shown(flag.name, before.flags[flag.name]), _shown(flag.name, after.flags[flag.name]))
        for flag in FLAGS
        if before.flags[flag.name] != after.flags[flag.name]
    ]
    old, new = _flat(before), _flat(after)
    found.extend(
        (name, old.get(name, "–"), new.get(name, "–"))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )
    return found


def _flat(settings: Settings) -> dict[str, str]:
    flat = {
        f"{flow}: {target}": f"from {source}"
        for flow, mapped in settings.mappings.items()
        for target, source in mapped.items()
    }
    for flow, fields in settings.exclude.items():
        flat |= {f"{flow}: {field} ": "never written" for field in fields}
    flat |= {f"schedule: {name}": text for name, text in settings.schedule.items() if name != "flows"}
    flat |= {
        f"schedule: {flow_name(flow)}": text for flow, text in settings.schedule.get("flows", {}).items()
    }
    for flow, rules in settings.rules.items():
        flat |= {f"{flow}: rule {number}": _rule_words(rule) for number, rule in enumerate(rules, 1)}
    return flat


def _rule_words(rule: dict[str, Any]) -> str:
    parts = [f"{one['field']} {one['test']} {one.get('value', '')}".strip() for one in rule["if"]]
    return "only if " + " and ".join(parts)


def _shown(name: str, value: FlagValue) -> str:
    if name == "warehouse_ids" and not value:
        return "all"
    plain = plain_value(value)
    if plain is None or plain == []:
        return "none"
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return ", ".join(plain) if isinstance(plain, list) else str(plain)
