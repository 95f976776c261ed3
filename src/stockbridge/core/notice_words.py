"""A notice in words: what happened, to which sync, what would mend it. Names of records and people never stand in it."""

from __future__ import annotations

from datetime import UTC, datetime
from shlex import quote

import msgspec

from stockbridge.core.alarms import Notice, Reason, State


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. `text` is all of it for a person, in one paragraph; the other fields say the same to a program.
    `reason` is a `Reason` or "test", `records` how many records it is about, 0 where it is not about records."""

    text: str
    sync: str
    reason: str
    state: State
    flow: str = ""
    records: int = 0
    run: int = 0
    since: str
    at: str
    remedy: str = ""


_STOPPED_BY = {
    "connection": "a system did not answer as it should",
    "quota": "the calls of the day were used up",
    "account": "a login was refused",
    "safety": "a safety limit was reached",
    "trouble": "a system refused a whole list",
    "cut short": "the program ended before the run did",
}


def message(notice: Notice, sync: str) -> Message:
    """The notice about the sync of that name."""
    remedy = "" if notice.state == "over" else _remedy(notice, sync)
    return Message(
        text=f"{_text(notice, sync)} {remedy}".strip(),
        sync=sync,
        reason=notice.reason,
        state=notice.state,
        flow=notice.flow,
        records=notice.many if notice.reason is Reason.FAILURES else 0,
        run=notice.run,
        since=notice.since.isoformat(timespec="seconds"),
        at=notice.at.isoformat(timespec="seconds"),
        remedy=remedy,
    )


def trial(name: str, at: datetime) -> Message:
    """What `notify test` sends to the recipient of that name."""
    now = at.isoformat(timespec="seconds")
    text = f'This is a test: notices of Stockbridge for "{name}" arrive here.'
    return Message(text=text, sync="", reason="test", state="began", since=now, at=now)


def subject(told: Message) -> str:
    """One line for a mail."""
    if not told.sync:
        return "Stockbridge: a test"
    name = " ".join(told.sync.split())
    return f"Stockbridge: {name} {'works again' if told.state == 'over' else 'needs someone'}"


def _text(notice: Notice, sync: str) -> str:
    since = f"{notice.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if notice.state == "over":
        return f'The sync "{sync}" works again. {_over(notice, since)}'
    what = _what(notice, sync, since)
    return what if notice.state == "began" else f"Still so, since {since}: {what}"


def _what(notice: Notice, sync: str, since: str) -> str:
    match notice.reason:
        case Reason.ACCOUNT:
            return f'The sync "{sync}" stands still: a login was refused, or may not do what it has to.'
        case Reason.PREVIEW:
            return f'The sync "{sync}" stands still: its settings changed, and nobody looked at what that would do.'
        case Reason.APPROVAL:
            return f'The sync "{sync}" stands still for a person to look. {notice.what}'.strip()
        case Reason.CLOSED:
            return f'The sync "{sync}" cannot start: its settings, an account or the key are not as they should be.'
        case Reason.FAILURES:
            return (
                f'{notice.many:,} {notice.flow.replace("_", " ")} more than before are refused in the sync "{sync}", '
                f"since run {notice.run}."
            )
        case Reason.STUCK:
            why = _STOPPED_BY.get(notice.what, "see its runs")
            runs = "a run" if notice.many == 1 else f"{notice.many} runs in a row"
            return f'Since {since} {runs} of the sync "{sync}" did not come to the end: {why}.'


def _over(notice: Notice, since: str) -> str:
    match notice.reason:
        case Reason.ACCOUNT:
            return f"Its login was refused since {since}."
        case Reason.PREVIEW | Reason.APPROVAL:
            return f"It stood still for a person to look since {since}."
        case Reason.CLOSED:
            return f"It could not start since {since}."
        case Reason.FAILURES:
            return f"The {notice.flow.replace('_', ' ')} that were refused since {since} are mended, but for a few at most."
        case Reason.STUCK:
            return f"Its runs did not come to the end since {since}."


def _remedy(notice: Notice, sync: str) -> str:
    name = quote(sync)
    match notice.reason:
        case Reason.ACCOUNT:
            return notice.remedy or "See which one: stockbridge accounts check"
        case Reason.PREVIEW:
            return f"Look, and it goes on at its next time: stockbridge preview {name}"
        case Reason.APPROVAL:
            look = f"Look: stockbridge preview {name}; if that is right: stockbridge approve {notice.run}"
            return notice.remedy or look
        case Reason.CLOSED:
            return f"See why: stockbridge preview {name}"
        case Reason.FAILURES:
            return f"See why: stockbridge status {name} --waiting"
        case Reason.STUCK:
            return f"See what it says of them: stockbridge runs --sync {name}"
