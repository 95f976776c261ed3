"""`stockbridge sync`: create, list, show, export, import, pause, resume, remove."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import tomlkit
import typer
from sqlalchemy.engine import Engine
from tomlkit.exceptions import TOMLKitError

from stockbridge.cli import sync_board, sync_contacts
from stockbridge.cli.contacts_create import create_contacts
from stockbridge.cli.file_text import text_of
from stockbridge.cli.options import Debug, Json, Sync, Yes, chosen_sync, opened
from stockbridge.cli.output import document, good, note, pairs, say, table
from stockbridge.cli.prompt import agreed
from stockbridge.cli.sync_create import create_optiply_board
from stockbridge.cli.sync_face import Face
from stockbridge.cli.sync_hooks import hooks
from stockbridge.cli.usage import Usage
from stockbridge.store import accounts, syncs
from stockbridge.store.database import sync_lock
from stockbridge.store.rows import moment_text
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.spelling import nearest
from stockbridge.wiring.sync_kinds import BOARD, CONTACTS, kind_of

FACES = {
    BOARD: Face(
        take=sync_board.take,
        write=sync_board.write,
        plain=sync_board.plain,
        show=sync_board.show,
        changes=sync_board.changes,
    ),
    CONTACTS: Face(
        take=sync_contacts.take,
        write=sync_contacts.write,
        plain=sync_contacts.plain,
        show=sync_contacts.show,
        changes=sync_contacts.changes,
    ),
}

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What is kept in step with what, and how."
)
create = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make a sync.")
app.add_typer(create, name="create")
create.command(BOARD)(create_optiply_board)
create.command(CONTACTS)(create_contacts)


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
        named = [_accounts(store, row) for row in rows]
        documents = [_plain(store, row) for row in rows] if as_json else []
    if as_json:
        document(documents)
    elif not rows:
        say("There is no sync yet. Make one: stockbridge sync create optiply-board")
        say("  or, for contacts: stockbridge sync create contacts")
    else:
        table(
            ("sync", "kind", "from", "with", "now"),
            [
                (row.name, row.kind, f"{a} ({one})", f"{b} ({other})", "runs" if row.holder else "at rest")
                for row, (a, b) in zip(rows, named, strict=True)
                for one, other in (kind_of(row).systems,)
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
        a, b = _accounts(store, row)
        plain = _plain(store, row) if as_json else {}
    if as_json:
        document(plain)
        return
    here, there = kind_of(row).systems
    both = row.kind != BOARD
    pairs(
        [
            ("sync", f"{row.name} ({row.kind})"),
            ("between" if both else "from", f"{a} ({here})"),
            ("and" if both else "to", f"{b} ({there})"),
        ]
    )
    say()
    FACES[row.kind].show(row.config)


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
        text = FACES[row.kind].write(row.name, _accounts(store, row), row.config)
        plain = _plain(store, row) if as_json else {}
    if file is not None:
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as trouble:
            raise Usage(f"{file} cannot be written: {trouble.strerror}.") from None
    if as_json:
        document(plain)
    elif file is not None:
        say(good(f"Written to {file}. Edit it, then: stockbridge sync import {quote(str(file))}"))
    else:
        print(text, end="")


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
    text = text_of(file)
    kind = _kind_in(text)
    face = FACES[kind]
    with opened() as store:
        taken = face.take(store, text)
        with store.begin() as connection:
            old = syncs.find(connection, taken.name)
            if old is None:
                syncs.add(
                    connection,
                    name=taken.name,
                    kind=kind,
                    account_a=taken.a.id,
                    account_b=taken.b.id,
                    config=taken.config,
                )
            elif old.kind != kind or (old.account_a, old.account_b) != (taken.a.id, taken.b.id):
                raise Usage(
                    f'The sync "{old.name}" belongs to other accounts, and what it has linked belongs to them.',
                    remedy="Give the file another name to make a second sync, or put the accounts back.",
                )
            else:
                syncs.configure(connection, old.id, taken.config)
    changes = [] if old is None else face.changes(old.config, taken.config)
    if as_json:
        warned = {"warnings": taken.warnings} if taken.warnings else {}
        document(
            {
                "name": taken.name,
                "made": old is None,
                "changes": changes,
                **face.plain(taken.config),
                **warned,
            }
        )
        return
    for warning in taken.warnings:
        note(warning)
    if old is not None and not changes:
        say(good(f'The sync "{taken.name}" is as the file says; nothing changed.'))
        return
    say(good(f'The sync "{taken.name}" is {"made" if old is None else "changed"}.'))
    for setting, before, after in changes:
        say(f"  {setting}: {before} → {after}")
    say("  See what it would do: stockbridge preview")


app.command("hooks")(hooks)


@app.command("pause")
def pause(sync: Sync = None, as_json: Json = False, debug: Debug = False) -> None:
    """Let nothing of a sync run until it is resumed; what it knows stays.

    \b
    Example:
      stockbridge sync pause fietsenrek
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        with store.begin() as connection:
            syncs.pause(connection, row.id, moment_text(datetime.now(UTC)))
    if as_json:
        document({"paused": row.name})
    else:
        say(
            good(f'The sync "{row.name}" is paused. Go on with it: stockbridge sync resume {quote(row.name)}')
        )


@app.command("resume")
def resume(sync: Sync = None, as_json: Json = False, debug: Debug = False) -> None:
    """Let a paused sync run again. The next run reads every list, so that nothing that happened meanwhile is missed.

    \b
    Example:
      stockbridge sync resume fietsenrek
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        with store.begin() as connection:
            syncs.resume(connection, row.id)
    if as_json:
        document({"resumed": row.name})
    else:
        say(good(f'The sync "{row.name}" runs again; the next run reads every list from the beginning.'))


@app.command("remove")
def remove(
    sync: Annotated[str, typer.Argument(metavar="SYNC", help="Which sync.")],
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Forget a sync and what it knows of both systems. Nothing is deleted in either.

    A board made anew recognises what is already in Optiply by the ids stored there; a contact sync matches anew.

    \b
    Example:
      stockbridge sync remove fietsenrek
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        systems = " and ".join(kind_of(row).systems)
        agreed(f'Forget the sync "{row.name}" and all it knows? ({systems} stay as they are.)', yes)
        with sync_lock(store, row.id), store.begin() as connection:
            syncs.remove(connection, row.id)
    if as_json:
        document({"removed": row.name})
    else:
        say(good(f'The sync "{row.name}" is forgotten; {systems} stay as they are.'))


def _kind_in(text: str) -> str:
    """The kind that a file names, the board where it names none. Raises `SettingsError` for one that is not known. What is
    no TOML is told by the board as well."""
    try:
        kind = tomlkit.parse(text).unwrap().get("kind")
    except TOMLKitError:
        return BOARD
    if not isinstance(kind, str) or not kind.strip():
        return BOARD
    if kind not in FACES:
        near = nearest(kind, FACES) or "."
        raise SettingsError([f'kind is "{kind}", but must be {" or ".join(sorted(FACES))}{near}'])
    return kind


def _accounts(store: Engine, row: SyncRow) -> tuple[str, str]:
    with store.connect() as connection:
        a, b = (accounts.get(connection, number).name for number in (row.account_a, row.account_b))
    return a, b


def _plain(store: Engine, row: SyncRow) -> dict[str, Any]:
    kind, (a, b) = kind_of(row), _accounts(store, row)
    return {
        "name": row.name,
        "kind": row.kind,
        kind.connectors[0]: a,
        kind.connectors[1]: b,
        "holder": row.holder,
        "paused_at": row.paused_at,
        "created_at": row.created_at,
        **FACES[row.kind].plain(row.config),
    }
