"""The command for what only a person can decide: which value of a field counts, and who is who."""

from __future__ import annotations

from typing import Annotated

import typer

from stockbridge.cli.contacts import contact_sync
from stockbridge.cli.contacts_work import sayable, side_of
from stockbridge.cli.options import Debug, Json, SyncOption, opened
from stockbridge.cli.output import bold, dim, document, good, moment, say, table
from stockbridge.cli.usage import Usage
from stockbridge.core.merge import Answer, Typed
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import Named
from stockbridge.engine.session import Session
from stockbridge.store import accounts, inbox
from stockbridge.store.inbox import NO, YES, Asked
from stockbridge.wiring.contacts import FLOW
from stockbridge.wiring.session import open_sync

_WORDS: dict[str, Answer] = {"yes": YES, "no": NO}


def ask(
    question: Annotated[
        int | None, typer.Argument(metavar="NUMBER", help="The number of a question; all of them without.")
    ] = None,
    said: Annotated[
        str | None,
        typer.Argument(
            metavar="ANSWER", help="Whose value counts: zoho or google. Whether two are the same: yes or no."
        ),
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

    Which value counts is asked where both sides changed it, and whether two contacts are the same where they are called nearly
    alike and one of them would be made anew. The next run carries the answer out; until then nothing of it is touched.

    \b
    Examples:
      stockbridge inbox
      stockbridge inbox 7 zoho
      stockbridge inbox 7 --value "Anna Bakker"
      stockbridge inbox 8 yes
    """
    if value and said:
        raise Usage("A question takes one answer.", remedy="Leave out either the answer or --value.")
    if question is None and value:
        raise Usage(
            "It is not said which question that answers.", remedy="stockbridge inbox NUMBER --value TEXT"
        )
    with opened() as store:
        row = contact_sync(store, sync)
        with open_sync(store, row, lock=said is not None or bool(value)) as session:
            if question is not None and (said or value):
                with sayable():
                    answer = (
                        by_hand.typed(session, question, value) if value else _meant(session, question, said)
                    )
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
        _tell_answered(session, asked[0], *about[asked[0].id])
        return
    if not asked:
        say(good("Nothing is asked."))
        return
    for index, one in enumerate(asked):
        if index:
            say()
        _show(session, one, *about[one.id], zone)
    first = next((one for one in asked if one.answer is None), None)
    if first is not None:
        say()
        counts = f"Say which counts: stockbridge inbox {first.id} {session.a.name.lower()}"
        same = f"Say whether they are the same: stockbridge inbox {first.id} yes, or no"
        say(counts if first.kind == "value" else same)


def _show(session: Session, one: Asked, a: Named, b: Named, zone: str | None) -> None:
    asked = dim(f"  asked {moment(one.asked_at, zone)}")
    if one.kind == "match":
        say(bold(f"{one.id}  Are these two the same?") + asked)
        words = list(dict.fromkeys((*one.a_value, *one.b_value)))
        rows = [
            (f"    {word}", *(_told(side, word) for side in (one.a_value, one.b_value))) for word in words
        ]
        table(("", f"{a.system} {a.id}", f"{b.system} {b.id}"), rows)
        return
    say(bold(f"{one.id}  {a.words} ↔ {b.words}") + asked)
    say(f"    {one.field.replace('_', ' ').replace('.', ' ')}")
    say(f"    {a.system}: {_shown(one.a_value)}")
    say(f"    {b.system}: {_shown(one.b_value)}")
    if one.answer is not None:
        say(dim(f"    answered: {_said(session, one)}; the next run carries it out"))


def _tell_answered(session: Session, one: Asked, a: Named, b: Named) -> None:
    if one.kind == "value":
        say(good(f"Question {one.id} is answered: {_said(session, one)}."))
        say("  The next run carries it out: stockbridge run")
    elif one.answer == YES:
        say(good(f"{a.words} at {a.system} is {b.words} at {b.system}."))
        say("  The next run fills what is blank at one side from the other: stockbridge run")
        say(f"  If that was wrong: stockbridge unlink {a.id}")
    else:
        say(good(f"{a.words} at {a.system} and {b.words} at {b.system} are two."))
        say("  The next run makes whoever is missing at the other side: stockbridge run")
        say(f"  If that was wrong: stockbridge link {a.id} {b.id}")


def _meant(session: Session, question: int, said: str | None) -> Answer:
    """What a word means as the answer to this question. Raises Usage where it answers another kind of question."""
    with session.engine.connect() as connection:
        asked = inbox.one(connection, session.sync_id, question)
    word = (said or "").strip().lower()
    if asked is not None and asked.kind == "match":
        if word not in _WORDS:
            raise Usage(
                f'Question {question} asks whether two contacts are the same, and "{said}" is neither yes nor no.',
                remedy=f"stockbridge inbox {question} yes, or no; see both: stockbridge inbox {question}",
            )
        return _WORDS[word]
    if asked is not None and word in _WORDS:
        raise Usage(
            f"Question {question} asks which value counts, not whether two are the same.",
            remedy=f"stockbridge inbox {question} {session.a.name.lower()}, or {session.b.name.lower()}",
        )
    return side_of(session, word)


def _about(session: Session, asked: list[Asked]) -> dict[int, tuple[Named, Named]]:
    with session.engine.connect() as connection:
        a = by_hand.names_of(session, connection, FLOW, "a", [one.a_id for one in asked])
        b = by_hand.names_of(session, connection, FLOW, "b", [one.b_id for one in asked])
    return {one.id: (a[one.a_id], b[one.b_id]) for one in asked}


def _told(values: dict[str, object], word: str) -> str:
    value = values.get(word)
    return "–" if value is None else _shown(value)


def _shown(value: object) -> str:
    if value is None or value == []:
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("\n", " ⏎ ")


def _said(session: Session, one: Asked) -> str:
    if isinstance(one.answer, Typed):
        return f"“{_shown(one.answer.value)}”"
    return f"what {(session.a if one.answer == 'a' else session.b).name} has"
