"""What commands there are. Each is loaded when it is named: what all of them need takes most of a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A command that is not loaded: its module in this package with its name there, and the first line of its help."""

    at: str
    help: str


LISTED: Mapping[str, Listed] = {
    "preview": Listed(
        at="work:preview",
        help="Show what a run would do and what it costs. Reads both systems, writes nothing to either.",
    ),
    "run": Listed(at="work:run", help="Bring both systems of a sync in step."),
    "status": Listed(at="work:status", help="Show how each flow stands."),
    "explain": Listed(at="work:explain", help="Tell why one record is where it is."),
    "retry": Listed(
        at="work:retry", help="Let the next run try again what waits or was refused. Costs no call."
    ),
    "fields": Listed(
        at="contacts:fields",
        help="List the fields of contacts at both sides: kind, whether they can be written, what they are mapped to.",
    ),
    "mappings": Listed(
        at="contacts:mappings", help="Show which field goes where, with an arrow, and why not both ways."
    ),
    "rules": Listed(
        at="contacts:rules",
        help="Tell each rule in a sentence, and how many contacts meet it now. Costs no call.",
    ),
    "health": Listed(
        at="contacts_work:health",
        help="Show where every contact stands: in step, double, waiting for an answer, left out, failed; and why.",
    ),
    "duplicates": Listed(
        at="contacts_work:duplicates",
        help="List the contacts that cannot be told apart: several share the key by which they would find each other.",
    ),
    "inbox": Listed(
        at="inbox:ask",
        help="Show what only you can decide, with the value of both sides; or answer one of these questions.",
    ),
    "link": Listed(
        at="contacts_work:link",
        help="Say that these two contacts are the same, whatever their addresses say.",
    ),
    "unlink": Listed(at="contacts_work:unlink", help="Say that a contact and its partner are not the same."),
    "exclude": Listed(
        at="contacts_work:exclude",
        help="Leave a contact alone, and its partner with it, until it is included again.",
    ),
    "include": Listed(at="contacts_work:include", help="Let a contact in again that was left out by hand."),
    "undo": Listed(
        at="undo:undo",
        help="Take back what was written: one change, all changes of a record, or a whole run.",
    ),
    "approve": Listed(at="approve:approve", help="Allow the next run what a safety limit stopped."),
    "serve": Listed(
        at="serve:serve",
        help="Run every sync at its time: imports every 60 minutes, exports every 15, or as its file says under [schedule].",
    ),
    "notify": Listed(at="notify:app", help="Who is told when a sync needs someone."),
    "accounts": Listed(at="accounts:app", help="The logins that syncs use."),
    "sync": Listed(at="sync:app", help="What is kept in step with what, and how."),
    "runs": Listed(at="runs:app", help="List the last runs, newest first."),
}


class Commands(TyperGroup):
    """The group of all commands. Of one that is not named only what `Listed` says is here."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, listed in LISTED.items():
            self.add_command(TyperCommand(name, help=listed.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is named, loaded."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name else None, rest


@cache
def loaded(name: str) -> Any:
    """One of the listed commands with its options, or the group of that name."""
    module, _, here = LISTED[name].at.partition(":")
    found = getattr(import_module(f"stockbridge.cli.{module}"), here)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)
    return typer.main.get_group(app).commands[name]
