"""The command `stockbridge`: its commands, and how every trouble is told in two lines and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

import typer

from stockbridge.cli.commands import LISTED, Commands, loaded
from stockbridge.cli.output import bad, document, note, say
from stockbridge.cli.usage import Usage
from stockbridge.core.errors import Trouble
from stockbridge.engine.collector import seldom_collected
from stockbridge.wiring.settings import SettingsError

IN_STEP, BUG, USAGE, LEFT_OVER, SOMEONE_NEEDED, STOPPED = 0, 1, 2, 3, 4, 130

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""Keeps Zoho Inventory in step with the systems that plan stock, and with those that hold people.

    \b
    First steps:
      stockbridge accounts add zoho
      stockbridge accounts add optiply
      stockbridge sync create optiply-board
      stockbridge preview        see what would happen, and what it costs
      stockbridge run            let it happen
      stockbridge serve          let it happen by itself, every hour

    \b
    For contacts instead:
      stockbridge accounts add google
      stockbridge sync create contacts

    \b
    Exit codes: 0 everything is in step; 2 the command was not understood; 3 records wait or were
    refused; 4 an account, the quota or a safety limit needs someone; 130 stopped with Ctrl-C.
    """,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # nothing else needs it, and it reads mail headers

        say(f"stockbridge {version('stockbridge')}")
        raise typer.Exit


@app.callback()
def _start(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    # It loads rich, which takes longer than to list the commands.
    from stockbridge.cli.logs import set_up_logs

    set_up_logs(debug=context.obj)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Troubles become two lines, bugs a traceback only with --debug."""
    if arguments is None:  # a process of its own
        with seldom_collected():
            return main(sys.argv[1:])
    given = list(arguments)
    as_json, debug = "--json" in given, "--debug" in given
    if _asks_for_nothing(given):
        given.append("--help")
    try:
        code = _commands()(args=given, obj=debug, prog_name="stockbridge", standalone_mode=False)
        return code if isinstance(code, int) else IN_STEP
    except SettingsError as trouble:
        return _tell_settings(trouble, as_json)
    except Usage as trouble:
        return _tell(trouble.what, trouble.remedy, None, as_json, USAGE)
    except Trouble as trouble:
        return _tell(trouble.what, trouble.remedy, trouble.code, as_json, SOMEONE_NEEDED)
    except (KeyboardInterrupt, typer.Abort):
        note()
        return _tell("Stopped; the next run goes on from here.", "", None, as_json, STOPPED)
    except typer.TyperException as trouble:
        what = trouble.format_message() if hasattr(trouble, "format_message") else str(trouble)
        remedy = f"See: stockbridge {' '.join([*_command(given)[0], '--help'])}"
        return _tell(what, remedy, None, as_json, USAGE)
    except Exception as bug:  # the last resort: a person gets words, a developer the traceback
        if debug:
            raise
        return _tell(
            f"This is a mistake in Stockbridge itself ({type(bug).__name__}).",
            "What is done is kept, and the next run goes on from here. To report it, run the same with --debug.",
            None,
            as_json,
            BUG,
        )


@cache
def _commands() -> Any:
    return typer.main.get_command(app)


def every_command() -> Any:
    """The group of all commands, each of them loaded: for whoever describes them all."""
    group: Any = typer.main.get_command(app)
    group.commands.update({name: loaded(name) for name in LISTED})
    return group


def _command(given: Sequence[str]) -> tuple[list[str], Any]:
    """The words that name the command that was meant, as far as they do, and what they name."""
    words: list[str] = []
    named: Any = _commands()
    for word in given:
        commands = getattr(named, "commands", {})
        if word not in commands:
            break
        named = commands[word] if words else loaded(word)
        words.append(word)
    return words, named


def _asks_for_nothing(given: Sequence[str]) -> bool:
    """True for a group without its command, which then explains itself."""
    words, named = _command(given)
    return len(words) == len(given) and getattr(named, "no_args_is_help", False)


def _tell(what: str, remedy: str, code: str | None, as_json: bool, exit_code: int) -> int:
    if as_json:
        document({"error": {"what": what, "remedy": remedy, "code": code}})
        return exit_code
    note(bad(what, sys.stderr))
    if remedy:
        note(f"  {remedy}")
    return exit_code


def _tell_settings(trouble: SettingsError, as_json: bool) -> int:
    if as_json:
        document({"error": {"what": "The settings are not right.", "problems": trouble.problems}})
        return USAGE
    many = len(trouble.problems) > 1
    note(
        bad(
            f"The settings are not right{f' ({len(trouble.problems)} problems)' if many else ''}:", sys.stderr
        )
    )
    for problem in trouble.problems:
        note(f"  {problem}")
    note("  Nothing was changed.")
    return USAGE
