"""Questions to the person at the terminal. They go to standard error, and are never asked of a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from stockbridge.cli.output import note
from stockbridge.cli.usage import Usage
from stockbridge.core.secret import Secret


def is_interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, given: str | None, *, option: str, default: str | None = None) -> str:
    """What was given with the option, else what the person types. Raises `Usage` where there is nobody to ask."""
    if given is not None and given.strip():
        return given.strip()
    if not is_interactive():
        if default is not None:
            return default
        raise Usage(f"{question} is missing.", remedy=f"Give it with {option}.")
    answer: str = typer.prompt(question, default=default, err=True)
    return answer.strip()


def ask_secret(question: str, given: str | None, *, option: str, variable: str) -> Secret:
    """As `ask`, typed unseen; the environment may hold it, so that it need not stand in a command line."""
    text = given or os.environ.get(variable)
    if not text:
        if not is_interactive():
            raise Usage(f"{question} is missing.", remedy=f"Put it in {variable}, or give it with {option}.")
        text = typer.prompt(question, hide_input=True, err=True)
    return Secret(text.strip())


def choose(question: str, choices: Sequence[tuple[str, str]], *, option: str) -> str:
    """One of the choices (value, words), picked by its number or its value. The only one is taken without asking."""
    if len(choices) == 1:
        return choices[0][0]
    if not is_interactive():
        listed = "; ".join(f"{value} ({words})" if words != value else value for value, words in choices)
        raise Usage(f"{question} Nobody is here to answer.", remedy=f"Give {option} with one of: {listed}")
    note(question)
    for index, (_, words) in enumerate(choices, start=1):
        note(f"  {index:>2}  {words}")
    while True:
        answer: str = typer.prompt("Number", err=True).strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1][0]
        for value, _ in choices:
            if answer.lower() == value.lower():
                return value
        note(f"Please type a number from 1 to {len(choices)}.")


def agreed(question: str, yes: bool, *, option: str = "--yes") -> None:
    """Go on only when the person agrees. Raises `Usage` otherwise."""
    if yes:
        return
    if not is_interactive():
        raise Usage(f"{question} Nobody is here to answer.", remedy=f"Give {option} to go on.")
    if not typer.confirm(question, default=False, err=True):
        raise Usage("Nothing was changed.")
