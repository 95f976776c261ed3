"""The commands for single records of a contact sync: health, duplicates, link, unlink, exclude, include."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from stockbridge.cli.contacts import contact_sync
from stockbridge.cli.options import Debug, Json, Sync, SyncOption, opened
from stockbridge.cli.output import bold, count, dim, document, good, number, say, table
from stockbridge.cli.usage import Usage
from stockbridge.core.flow import Side
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import NotPossible, Settled
from stockbridge.engine.health import DUPLICATE, STATES, Entry, Health
from stockbridge.engine.health import health as standing
from stockbridge.engine.session import Session
from stockbridge.wiring.contacts import FLOW
from stockbridge.wiring.session import open_sync

_MOST_REASONS = 8

At = Annotated[
    str | None,
    typer.Option("--at", metavar="SYSTEM", help="Where to look for it: zoho or google; both when left out."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many to list of each.")]
Record = Annotated[
    str, typer.Argument(metavar="RECORD", help="Its id in Zoho or Google, its name or e-mail address.")
]


def health(
    sync: Sync = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--list", metavar="STATE", help=f"Only list these: {', '.join(STATES)}."),
    ] = None,
    limit: Limit = 20,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show where every contact stands: in step, double, waiting for an answer, left out, failed; and why.

    Costs no call.

    \b
    Examples:
      stockbridge health
      stockbridge health --list failed --list duplicates
    """
    states = None if not only else [_state(name) for name in only]
    found = _health(sync, states, limit)
    if as_json:
        document(found)
        return
    for flow in found.flows:
        table(
            ("", "contacts", ""),
            [(state, number(flow.counts[state]), dim(words)) for state, words in STATES.items()],
            right=(1,),
        )
        for state in STATES:
            entries = [one for one in flow.entries if one.state == state]
            if entries and (states is None or state in states):
                _show_state(state, flow.counts[state], flow.reasons.get(state, {}), entries)


def _show_state(state: str, many: int, reasons: dict[str, int], entries: list[Entry]) -> None:
    """The records in one state by reason, the most frequent first; what would mend them once, where it is the same."""
    say()
    say(bold(f"{state}: {number(many)}"))
    most = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])) or [("", many)]
    for reason, times in most[:_MOST_REASONS]:
        listed = [one for one in entries if one.reason == reason]
        if reason:
            say(f"  {number(times)}  {reason}")
        remedies = {one.remedy for one in listed}
        for one in listed:
            say(f"      {_both(one)}")
            if len(remedies) > 1:
                say(dim(f"        {one.remedy}"))
        if listed and times > len(listed):
            say(f"      and {number(times - len(listed))} more")
        if len(remedies) == 1 and (remedy := remedies.pop()):
            say(dim(f"    {remedy}"))
    if len(most) > _MOST_REASONS:
        say(f"  and {count(len(most) - _MOST_REASONS, 'more reason')}")
    if many > len(entries):
        say(f"  All of them: stockbridge health --list '{state}' --limit {many}")


def _both(one: Entry) -> str:
    a = f"{one.a_name or '–'} (Zoho {one.a_id})" if one.a_id is not None else ""
    b = f"{one.b_name or '–'} (Google {one.b_id})" if one.b_id is not None else ""
    return " ↔ ".join(part for part in (a, b) if part)


def duplicates(sync: Sync = None, limit: Limit = 100, as_json: Json = False, debug: Debug = False) -> None:
    """List the contacts that cannot be told apart: several share the key by which they would find each other.

    Nothing is written to them until you say which belong together, or leave the double out.

    \b
    Examples:
      stockbridge duplicates
      stockbridge link 4600000012345 people/c77
      stockbridge exclude 4600000012346 --why "double of 4600000012345"
    """
    found = _health(sync, [DUPLICATE], limit)
    entries = [one for flow in found.flows for one in flow.entries]
    if as_json:
        document(entries)
        return
    if not entries:
        say(good("There are no duplicates."))
        return
    groups: dict[str, list[Entry]] = {}
    for one in entries:
        groups.setdefault(_quoted(one.reason), []).append(one)
    for index, (key, members) in enumerate(groups.items()):
        if index:
            say()
        say(bold(key))
        for one in members:
            say(f"  {_both(one)}")
            if one.reason != key:
                say(f"      {one.reason}")
        for remedy in dict.fromkeys(one.remedy for one in members if one.remedy):
            say(dim(f"  {remedy}"))
    many = found.count(DUPLICATE)
    if many > len(entries):
        say(f"and {number(many - len(entries))} more: stockbridge duplicates --limit {many}")


def _quoted(reason: str) -> str:
    """What these records share, as the reason quotes it; the reason itself where it quotes nothing."""
    found = re.search("“.+?”", reason)
    return found[0] if found is not None else reason


def link(
    zoho: Annotated[str, typer.Argument(metavar="ZOHO", help="The contact in Zoho: id, name or e-mail.")],
    google: Annotated[
        str, typer.Argument(metavar="GOOGLE", help="The contact in Google: id, name or e-mail.")
    ],
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say that these two contacts are the same, whatever their addresses say.

    The next run fills what is blank at one side from the other; where both are filled, the mapping decides.

    \b
    Example:
      stockbridge link 4600000012345 people/c77
    """
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, sayable():
        one, other = by_hand.the_one(session, FLOW, zoho, "a"), by_hand.the_one(session, FLOW, google, "b")
        assert one.a is not None
        assert other.b is not None
        done = by_hand.link(session, FLOW, one.a.id, other.b.id)
    _tell(done, as_json)


def unlink(
    record: Record, at: At = None, sync: SyncOption = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Say that a contact and its partner are not the same.

    Both stay as they are and are left out, so that they do not find each other again at once.

    \b
    Example:
      stockbridge unlink anna@example.com
    """
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, sayable():
        done = by_hand.unlink(session, FLOW, by_hand.the_one(session, FLOW, record, _place(session, at)))
    _tell(done, as_json)


def exclude(
    record: Record,
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="Why, for those who come after you.")
    ] = "",
    at: At = None,
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Leave a contact alone, and its partner with it, until it is included again.

    \b
    Example:
      stockbridge exclude anna@example.com --why "private"
    """
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, sayable():
        pair = by_hand.the_one(session, FLOW, record, _place(session, at))
        done = by_hand.exclude(session, FLOW, pair, why)
    _tell(done, as_json)


def include(
    record: Record, at: At = None, sync: SyncOption = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Let a contact in again that was left out by hand.

    \b
    Example:
      stockbridge include anna@example.com
    """
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, sayable():
        done = by_hand.include(session, FLOW, by_hand.the_one(session, FLOW, record, _place(session, at)))
    _tell(done, as_json)


def _tell(done: Settled, as_json: bool) -> None:
    if as_json:
        document(done)
        return
    say(good(done.words))
    for note in done.notes:
        say(f"  {note}")


@contextmanager
def sayable() -> Iterator[None]:
    """What cannot be done as it was said is told as such."""
    try:
        yield
    except NotPossible as trouble:
        raise Usage(trouble.what, remedy=trouble.remedy) from None


def _health(sync: str | None, states: list[str] | None, limit: int) -> Health:
    with opened() as store, open_sync(store, contact_sync(store, sync, option=False), lock=False) as session:
        return standing(session, states=states, limit=limit)


def _state(name: str) -> str:
    wanted = name.replace("-", " ").replace("_", " ").strip().lower()
    found = [state for state in STATES if state == wanted or state.startswith(wanted)] if wanted else []
    if len(found) != 1:
        raise Usage(f'There is no state "{name}".', remedy=f"There are: {', '.join(STATES)}")
    return found[0]


def side_of(session: Session, system: str) -> Side:
    names: dict[str, Side] = {session.a.name.lower(): "a", session.b.name.lower(): "b"}
    side = names.get(system.strip().lower())
    if side is None:
        raise Usage(f'"{system}" is neither of the two systems.', remedy=f"They are: {', '.join(names)}")
    return side


def _place(session: Session, at: str | None) -> Side | None:
    return None if at is None else side_of(session, at)
