"""`stockbridge notify`: who is told when a sync needs someone."""

from __future__ import annotations

from datetime import UTC, datetime
from shlex import quote
from typing import Annotated

import typer
from sqlalchemy.engine import Engine

from stockbridge.cli.options import Debug, Json, Yes, opened, unknown
from stockbridge.cli.output import bad, document, good, moment, say, table
from stockbridge.cli.prompt import agreed, ask_secret
from stockbridge.cli.usage import Usage
from stockbridge.core.errors import Trouble
from stockbridge.core.normal import as_email
from stockbridge.core.notice_words import trial
from stockbridge.core.secret import Secret
from stockbridge.runtime.mail import TLS_PORT
from stockbridge.runtime.watch import deliver
from stockbridge.store import alarms, recipients
from stockbridge.store.recipients import RecipientRow, Way
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.accounts import is_loopback
from stockbridge.wiring.recipients import seal_for, webhook_fault

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Who is told when a sync needs someone.")

_STARTTLS_PORT, _LOCAL_PORT = 587, 25

Name = Annotated[str, typer.Argument(metavar="NAME", help="What you call it.")]


@app.command("add")
def add(
    name: Name,
    webhook: Annotated[
        str | None,
        typer.Option(
            "--webhook",
            metavar="URL",
            help="Send a JSON document there; its text suits chat services. It is sealed like a password; with - it is "
            "asked for unseen, or taken from STOCKBRIDGE_NOTIFY_WEBHOOK.",
        ),
    ] = None,
    mail: Annotated[
        str | None, typer.Option("--mail", metavar="TO", help="Send a mail to this address instead.")
    ] = None,
    smtp: Annotated[
        str | None,
        typer.Option(
            "--smtp",
            metavar="HOST[:PORT]",
            help="The mail server: TLS at port 465, else STARTTLS (587); without it only on this machine (25).",
        ),
    ] = None,
    sender: Annotated[
        str | None, typer.Option("--from", metavar="ADDRESS", help="Whom the mail comes from.")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",
            metavar="USER",
            help="Who signs in to the mail server; the password is asked for unseen, or taken from "
            "STOCKBRIDGE_NOTIFY_PASSWORD.",
        ),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Have somebody told when a sync needs someone, once a day while it lasts, and when it works again.

    \b
    Examples:
      stockbridge notify add chat --webhook https://chat.example.com/hooks/T02/B7x
      stockbridge notify add me --mail me@example.com --smtp mail.example.com --user me --from me@example.com
    """
    given = name.strip()
    if not given:
        raise Usage("A name is missing.", remedy="Call it what you like: stockbridge notify add chat …")
    mail_options = {"--mail": mail, "--smtp": smtp, "--from": sender, "--user": user}
    way: Way
    if webhook is not None:
        if odd := [option for option, value in mail_options.items() if value is not None]:
            raise Usage(
                f"{odd[0]} does not go with --webhook.", remedy="Add the mail under a name of its own."
            )
        secret = Secret(webhook)
        if webhook == "-":
            secret = ask_secret(
                "Address of the webhook", None, option="--webhook", variable="STOCKBRIDGE_NOTIFY_WEBHOOK"
            )
        fault = webhook_fault(secret.reveal())
        if fault is not None:
            raise Usage(
                f"That is no address for a webhook: {fault}.",
                remedy="Give the whole address as the service shows it; http only to this machine.",
            )
        way, settings = "webhook", dict[str, str]()
    else:
        way, settings = "mail", _mail_settings(mail, smtp, sender, user)
        secret = Secret("")
        if user is not None:
            secret = ask_secret(
                f"Password of {user} at {settings['host']}",
                None,
                option="the prompt of a terminal",
                variable="STOCKBRIDGE_NOTIFY_PASSWORD",
            )
    with opened() as store:
        sealed = seal_for(load_sealer(), given, secret)
        with store.begin() as connection:
            recipients.add(connection, name=given, way=way, settings=settings, sealed=sealed)
    if as_json:
        document({"name": given, "way": way, "settings": settings})
    else:
        say(
            good(
                f'"{given}" is told from now on. See whether it arrives: stockbridge notify test {quote(given)}'
            )
        )


@app.command("list")
def list_recipients(as_json: Json = False, debug: Debug = False) -> None:
    """List who is told, and whether anything could not be sent yet.

    \b
    Example:
      stockbridge notify list
    """
    with opened() as store, store.connect() as connection:
        rows = recipients.all_recipients(connection)
        unsent = alarms.count_unsent(connection)
    if as_json:
        document(
            [
                {
                    "name": row.name,
                    "way": row.way,
                    "settings": row.settings,
                    "added_at": row.added_at,
                    "unsent": unsent.get(row.id, 0),
                }
                for row in rows
            ]
        )
        return
    if not rows:
        say("Nobody is told yet. Add somebody: stockbridge notify add NAME --webhook URL")
        return
    table(
        ("name", "how", "since", "unsent"),
        [(row.name, _how(row), moment(row.added_at), str(unsent.get(row.id, 0))) for row in rows],
        right=(3,),
    )


@app.command("test")
def send_test(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Whom; everybody when left out.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Send a test now, and say whether it arrived.

    \b
    Examples:
      stockbridge notify test
      stockbridge notify test chat
    """
    with opened() as store:
        rows = _chosen(store, name)
    tried: list[tuple[str, Trouble | None]] = []
    for row in rows:
        trouble: Trouble | None = None
        try:
            deliver(row, trial(row.name, datetime.now(UTC)))
        except Trouble as found:
            trouble = found
        tried.append((row.name, trouble))
        if not as_json:
            say(good(f"{row.name}: sent") if trouble is None else bad(f"{row.name}: {trouble.what}"))
            if trouble is not None and trouble.remedy:
                say(f"  {trouble.remedy}")
    if as_json:
        document(
            [
                {"name": one, "sent": trouble is None, "what": "" if trouble is None else trouble.what}
                for one, trouble in tried
            ]
        )
    if any(trouble is not None for _, trouble in tried):
        raise typer.Exit(4)


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom.")],
    yes: Yes = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell somebody no more, and forget the address and the password.

    \b
    Example:
      stockbridge notify remove chat
    """
    with opened() as store:
        (row,) = _chosen(store, name)
        agreed(f'Tell "{name}" no more?', yes)
        with store.begin() as connection:
            recipients.remove(connection, row.id)
    if as_json:
        document({"removed": name})
    else:
        say(good(f'"{name}" is told no more.'))


def _chosen(store: Engine, name: str | None) -> list[RecipientRow]:
    """The recipient of that name, or all of them. Raises `Usage` where there is none."""
    with store.connect() as connection:
        rows = recipients.all_recipients(connection)
    if not rows:
        raise Usage("Nobody is told yet.", remedy="Add somebody: stockbridge notify add NAME --webhook URL")
    if name is None:
        return rows
    found = [row for row in rows if row.name == name]
    if not found:
        raise unknown("recipient", name, [row.name for row in rows])
    return found


def _mail_settings(
    mail: str | None, smtp: str | None, sender: str | None, user: str | None
) -> dict[str, str]:
    if mail is None:
        raise Usage(
            "It is not said how: by --webhook, or by --mail.",
            remedy="For example: stockbridge notify add chat --webhook URL",
        )
    for option, value in (("--smtp", smtp), ("--from", sender)):
        if not value:
            raise Usage(f"{option} is missing.", remedy="A mail needs --mail, --smtp and --from.")
    host, port = _server(smtp or "")
    settings = {"to": _address("--mail", mail), "from": _address("--from", sender or "")}
    settings |= {"host": host, "port": str(port)}
    return settings | ({"user": user} if user is not None else {})


def _address(option: str, text: str) -> str:
    try:
        return as_email(text)
    except ValueError as fault:
        raise Usage(f"{option}: {fault}", remedy="Give one whole address, such as me@example.com.") from None


def _server(text: str) -> tuple[str, int]:
    """(host, port) of "host", "host:port" or "[address]:port"."""
    host, bracket, rest = text.removeprefix("[").partition("]") if text.startswith("[") else (text, "", "")
    if not bracket:
        host, colon, port = text.partition(":")
    else:
        _, colon, port = rest.partition(":")
    local = is_loopback(f"//[{host}]" if ":" in host else f"//{host}")
    default = _LOCAL_PORT if local else _STARTTLS_PORT
    good_host = host and all(one.isascii() and (one.isalnum() or one in ".-:_") for one in host)
    if not good_host or (colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        raise Usage(
            "--smtp is no mail server.",
            remedy=f"Write it as HOST or HOST:PORT, such as mail.example.com:{TLS_PORT}.",
        )
    return host, int(port) if colon else default


def _how(row: RecipientRow) -> str:
    if row.way == "webhook":
        return "webhook ***"
    signed_in = f" as {row.settings['user']}" if "user" in row.settings else ""
    return f"mail to {row.settings['to']} by {row.settings['host']}:{row.settings['port']}{signed_in}"
