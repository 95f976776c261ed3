"""`stockbridge undo`: take back a change, all of a record, or a whole run; shown first, carried out with --yes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from stockbridge.cli.contacts import contact_sync
from stockbridge.cli.options import Debug, Json, SyncOption, opened
from stockbridge.cli.output import bad, bold, count, dim, document, good, say
from stockbridge.cli.usage import Usage
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import NotPossible
from stockbridge.engine.carry_back import Undone, carry_out
from stockbridge.engine.session import Session
from stockbridge.engine.undo import Left, Step, UndoPlan, What, plan_undo
from stockbridge.wiring.contacts import FLOW
from stockbridge.wiring.session import open_sync

_KINDS = ("change", "record", "run")
_MOST = 50
_DONE = {"create": "make again", "update": "put back", "remove": "delete"}


def undo(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="change, record or run.")],
    which: Annotated[
        str,
        typer.Argument(
            metavar="WHICH", help="The number of the change or run; the id or name of the record."
        ),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Carry it out; without, it is only shown.")
    ] = False,
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Take back what was written: one change, all changes of a record, or a whole run.

    First every record is fetched as it stands now. What a person edited since is left alone and named; the rest is shown,
    and with --yes put back. It stands until its source changes.

    Exit code 3: something of it is left as it is.

    \b
    Examples:
      stockbridge undo change 1234
      stockbridge undo record anna@example.com
      stockbridge undo run 88 --yes
    """
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session:
        try:
            plan = plan_undo(session, _meant(session, what, which))
        except NotPossible as trouble:
            raise Usage(trouble.what, remedy=trouble.remedy) from None
        done = carry_out(session, plan) if yes and plan.steps else None
    if as_json:
        document(_plain(session, plan, done))
    else:
        _show(session, plan)
        say()
        _show_done(plan, done, f"stockbridge undo {what} {which} --yes", asked=not yes)
    if done is not None and done.stopped:
        raise typer.Exit(4)
    if plan.left or (done is not None and done.failed):
        raise typer.Exit(3)


def _meant(session: Session, what: str, which: str) -> What:
    if what not in _KINDS:
        raise Usage(
            f'"{what}" is nothing that can be taken back.', remedy=f"It is one of: {', '.join(_KINDS)}"
        )
    if what == "record":
        return What(kind="record", pair=by_hand.the_one(session, FLOW, which, gone=True))
    if not which.isdecimal():
        raise Usage(
            f'"{which}" is not the number of a {what}.', remedy=f"For example: stockbridge undo {what} 88"
        )
    return What(kind="change" if what == "change" else "run", number=int(which))


def _show(session: Session, plan: UndoPlan) -> None:
    """What would be written back, and what is left alone and why."""
    for step in plan.steps[:_MOST]:
        system = session.connector(step.side).name
        say(bold(f"{_DONE[step.op]} {_called(step)} at {system}"))
        if step.op != "remove":
            for field, now, back in step.changes:
                arrow = "" if step.op == "create" else f"{_shown(now)} → "
                say(f"    {field}: {arrow}{_shown(back)}")
    for note in dict.fromkeys(step.note for step in plan.steps if step.note):
        say(dim(note))
    if len(plan.steps) > _MOST:
        say(f"and {count(len(plan.steps) - _MOST, 'more record')}; all of them: --json")
    if plan.left:
        say()
        say(bold(f"left as they are: {len(plan.left)}"))
    for one in plan.left[:_MOST]:
        field = f", {one.field} is {_shown(one.now)} now" if one.field else ""
        say(
            f"  {_called(one)} at {session.connector(one.side).name}{field}: {one.reason}"
            + dim(f"  (change {one.change})")
        )
    if len(plan.left) > _MOST:
        say(f"  and {len(plan.left) - _MOST} more; all of them: --json")


def _show_done(plan: UndoPlan, done: Undone | None, command: str, *, asked: bool) -> None:
    if not plan.steps:
        already = " It stands as it was already." if plan.already and not plan.left else ""
        say(f"There is nothing to take back.{already}")
        return
    if done is None:
        if asked:
            say(f"Nothing was written. To put {count(len(plan.steps), 'record')} back: {command}")
        return
    say(good(f"{count(done.done, 'record')} put back, as run {done.run}."))
    for one in done.failed:
        say(bad(f"{_called(one.step)}: {one.reason}"))
        if one.remedy:
            say(f"  {one.remedy}")
    if done.stopped:
        say(f"It stopped there. For the rest, once that is mended: {command}")


def _called(one: Step | Left) -> str:
    id = one.id or (one.a_id or one.b_id if isinstance(one, Step) else "") or ""
    return f"{one.name} ({id})" if one.name and id else one.name or id or "a record"


def _shown(value: object) -> str:
    if value in (None, "", []):
        return "empty"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.replace("\n", " ⏎ ")
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(session: Session, plan: UndoPlan, done: Undone | None) -> dict[str, Any]:
    steps = [
        {
            "system": session.connector(step.side).name,
            "changes": step.changes,
            **{
                name: value
                for name, value in msgspec.structs.asdict(step).items()
                if name not in ("values", "before")
            },
        }
        for step in plan.steps
    ]
    return {
        "what": plan.what,
        "steps": steps,
        "left": plan.left,
        "already": plan.already,
        "calls": plan.calls,
        "done": done,
    }
