"""Options that several commands share, and how a command gets at the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from shlex import quote
from typing import Annotated

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.usage import Usage
from stockbridge.store import syncs
from stockbridge.store.database import open_store
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.spelling import nearest

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log every step to standard error; secrets never show.")]
Sync = Annotated[
    str | None, typer.Argument(metavar="SYNC", help="Which sync; not needed when there is only one.")
]
SyncOption = Annotated[
    str | None,
    typer.Option("--sync", metavar="NAME", help="Which sync; not needed when there is only one."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@contextmanager
def opened() -> Iterator[Engine]:
    """The store, closed afterwards."""
    store = open_store()
    try:
        yield store
    finally:
        store.dispose()


def chosen_sync(store: Engine, name: str | None, *, option: bool = False, kind: str = "") -> SyncRow:
    """The sync of that name, or the only one there is; with `kind`, the only one of that kind. `option` says that it is
    named with --sync. Raises `Usage`."""
    with store.connect() as connection:
        rows = syncs.all_syncs(connection)
    if not rows:
        raise Usage(
            "There is no sync yet.",
            remedy="Make one: stockbridge sync create optiply-board, or stockbridge sync create contacts",
        )
    if name is None:
        if len(rows) == 1:
            return rows[0]
        fitting = [row for row in rows if row.kind == kind]
        if len(fitting) == 1:
            return fitting[0]
        how = " with --sync" if option else ""
        listed = names(quote(row.name) for row in fitting or rows)
        raise Usage("There are several syncs.", remedy=f"Say which one{how}: {listed}")
    for row in rows:
        if row.name == name:
            return row
    raise unknown("sync", name, [row.name for row in rows])


def unknown(noun: str, name: str, known: Sequence[str]) -> Usage:
    """The trouble of a name that is not known, with the nearest one that is."""
    near = nearest(name, known)
    listed = f"There is {names(known)}." if known else f"There is none yet: stockbridge {_ADD.get(noun, '')}"
    return Usage(f'There is no {noun} "{name}"{near or "."}', remedy=listed)


_ADD = {"account": "accounts add", "sync": "sync create optiply-board"}


def names(many: Iterator[str] | Sequence[str]) -> str:
    """ "a, b, c" in a stable order."""
    return ", ".join(sorted(many))
