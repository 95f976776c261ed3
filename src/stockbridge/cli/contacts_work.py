"""The commands for single records of a contact sync: health, duplicates, inbox, link, unlink, exclude, include."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from stockbridge.cli.contacts import contact_sync
from stockbridge.cli.options import Debug, Json, Sync, SyncOption, opened
from stockbridge.cli.output import bold, count, dim, document, good, moment, number, say, table
from stockbridge.cli.usage import Usage
from stockbridge.core.flow import Side
from stockbridge.core.merge import Typed
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import Named, NotPossible, Settled
from stockbridge.engine.health import DUPLICATE, STATES, Entry, Health
from stockbridge.engine.health import health as standing
from stockbridge.engine.session import Session
from stockbridge.store import accounts, inbox
from stockbridge.store.inbox import Asked
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


def ask(
    question: Annotated[
        int | None, typer.Argument(metavar="NUMBER", help="The number of a question; all of them without.")
    ] = None,
    said: Annotated[
        str | None, typer.Argument(metavar="SYSTEM", help="Whose value counts: zoho or google.")
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="TEXT", help="Neither counts, but this; several of a list."),
    ] = None,
    sync: SyncOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what only you can decide, with the value of both sides; or answer one of these questions.

    The next run carries the answer out; until then neither value is touched.

    \b
    Examples:
      stockbridge inbox
      stockbridge inbox 7 zoho
      stockbridge inbox 7 --value "Anna Bakker"
    """
    if value and said:
        raise Usage("A question takes one answer.", remedy="Leave out either the system or --value.")
    if question is None and value:
        raise Usage(
            "It is not said which question that answers.", remedy="stockbridge inbox NUMBER --value TEXT"
        )
    with opened() as store:
        row = contact_sync(store, sync)
        with open_sync(store, row, lock=said is not None or bool(value)) as session:
            if question is not None and (said or value):
                with _sayable():
                    answer = by_hand.typed(session, question, value) if value else _side(session, said or "")
                    asked = [by_hand.answer(session, question, answer)]
            else:
                with session.engine.connect() as connection:
                    asked = inbox.open_questions(connection, row.id, answered=True)
                asked = [one for one in asked if question in (None, one.id)]
            about = _about(session, asked)
        with store.connect() as connection:
            zone = accounts.get(connection, row.account_a).settings.get("time_zone")
    if question is not None and not asked:
        raise Usage(f"There is no open question {question}.", remedy="See what is asked: stockbridge inbox")
    if as_json:
        document(asked)
        return
    if said or value:
        say(good(f"Question {question} is answered: {_said(session, asked[0])}."))
        say("  The next run carries it out: stockbridge run")
        return
    if not asked:
        say(good("Nothing is asked."))
        return
    for index, one in enumerate(asked):
        if index:
            say()
        a, b = about[one.id]
        say(bold(f"{one.id}  {a.words} ↔ {b.words}") + dim(f"  asked {moment(one.asked_at, zone)}"))
        if one.field:
            say(f"    {one.field.replace('_', ' ').replace('.', ' ')}")
        say(f"    {a.system}: {_shown(one.a_value)}")
        say(f"    {b.system}: {_shown(one.b_value)}")
        if one.answer is not None:
            say(dim(f"    answered: {_said(session, one)}; the next run carries it out"))
    if any(one.answer is None for one in asked):
        first = next(one.id for one in asked if one.answer is None)
        say()
        say(f"Say which counts: stockbridge inbox {first} {session.a.name.lower()}")


def _about(session: Session, asked: list[Asked]) -> dict[int, tuple[Named, Named]]:
    with session.engine.connect() as connection:
        a = by_hand.names_of(session, connection, FLOW, "a", [one.a_id for one in asked])
        b = by_hand.names_of(session, connection, FLOW, "b", [one.b_id for one in asked])
    return {one.id: (a[one.a_id], b[one.b_id]) for one in asked}


def _shown(value: object) -> str:
    if value is None or value == []:
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("\n", " ⏎ ")


def _said(session: Session, one: Asked) -> str:
    if isinstance(one.answer, Typed):
        return f"“{_shown(one.answer.value)}”"
    return f"what {(session.a if one.answer == 'a' else session.b).name} has"


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
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, _sayable():
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
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, _sayable():
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
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, _sayable():
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
    with opened() as store, open_sync(store, contact_sync(store, sync)) as session, _sayable():
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
def _sayable() -> Iterator[None]:
    """What cannot be done as it was said is told as such."""
    try:
        yield
    except NotPossible as trouble:
        raise Usage(trouble.what, remedy=trouble.remedy) from None


def _health(sync: str | None, states: list[str] | None, limit: int) -> Health:
    with opened() as store, open_sync(store, contact_sync(store, sync), lock=False) as session:
        return standing(session, states=states, limit=limit)


def _state(name: str) -> str:
    wanted = name.replace("-", " ").replace("_", " ").strip().lower()
    found = [state for state in STATES if state == wanted or state.startswith(wanted)] if wanted else []
    if len(found) != 1:
        raise Usage(f'There is no state "{name}".', remedy=f"There are: {', '.join(STATES)}")
    return found[0]


def _side(session: Session, system: str) -> Side:
    names: dict[str, Side] = {session.a.name.lower(): "a", session.b.name.lower(): "b"}
    side = names.get(system.strip().lower())
    if side is None:
        raise Usage(f'"{system}" is neither of the two systems.', remedy=f"They are: {', '.join(names)}")
    return side


def _place(session: Session, at: str | None) -> Side | None:
    return None if at is None else _side(session, at)
