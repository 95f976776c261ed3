"""Writes the reference pages that say what the code says: commands, flags, fields.

`python -m stockbridge.cli.reference` writes them to docs/reference; a test compares the pages with the code.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stockbridge.cli.main import every_command
from stockbridge.cli.reference_fields import fields_page
from stockbridge.wiring.flags import FLAGS, Flag, plain_value
from stockbridge.wiring.flow_names import FLOWS

_GENERATED = "<!-- Written by `python -m stockbridge.cli.reference`; change the code, not this page. -->"
_EVERYWHERE = ("as_json", "debug")  # told once, above the list of commands


def pages() -> dict[str, str]:
    """File name in docs/reference -> its text."""
    return {
        name: f"{_GENERATED}\n\n{text.rstrip()}\n"
        for name, text in (
            ("commands.md", commands_page()),
            ("flags.md", flags_page()),
            ("fields.md", fields_page()),
        )
    }


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its name as it is typed ("stockbridge sync list"), groups before their commands."""
    yield from _walk("stockbridge", every_command())


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for word, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {word}", inner)


def commands_page() -> str:
    """Every command with its arguments and options."""
    listed = list(commands())
    lines = [
        "# Commands",
        "",
        "What each command says of itself with `--help`. Every command answers to `--json` (one JSON document on",
        "standard output instead of text) and `--debug` (every step to standard error; secrets never show).",
        "What the exit codes mean is in [errors and exit codes](errors-and-exit-codes.md).",
        "",
        "| command | what it does |",
        "|---|---|",
    ]
    for name, command in listed[1:]:
        if not getattr(command, "commands", {}) or name == "stockbridge runs":
            lines.append(f"| [`{name}`](#{name.replace(' ', '-')}) | {_cell(_first_line(command))} |")
    for name, command in listed:
        lines += ["", f"## {name}", "", *_described(command), *_parameters(command)]
    return "\n".join(lines)


def _first_line(command: Any) -> str:
    return inspect.cleandoc(command.help or "").split("\n", 1)[0]


def _described(command: Any) -> list[str]:
    """The help text; what is laid out by hand becomes a block."""
    out: list[str] = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        text = paragraph.strip("\n")
        if text.startswith("\b"):
            body = text.removeprefix("\b").strip("\n")
            out += [*_block(body), ""]
        else:
            out += [*(line.strip() for line in text.split("\n")), ""]
    return out[:-1] if out else []


def _block(body: str) -> list[str]:
    head, _, rest = body.partition("\n")
    if head.rstrip().endswith(":") and rest:
        return [head.strip(), "", "```", *inspect.cleandoc(rest).split("\n"), "```"]
    return [line.strip() for line in body.split("\n")]


def _parameters(command: Any) -> list[str]:
    rows = []
    for parameter in command.params:
        if parameter.name in _EVERYWHERE:
            continue
        if parameter.param_type_name == "argument":
            shown = parameter.metavar or f"{parameter.name.upper()}"
            if not parameter.required and not shown.startswith("["):
                shown = f"[{shown}]"
            rows.append((f"`{shown}`", getattr(parameter, "help", "") or ""))
            continue
        spellings = ", ".join(f"`{one}`" for one in (*parameter.opts, *parameter.secondary_opts))
        if not parameter.is_flag:
            spellings += f" {_value_name(parameter)}"
        rows.append((spellings, _with_default(parameter)))
    if not rows:
        return []
    return [
        "",
        "| argument or option | meaning |",
        "|---|---|",
        *(f"| {first} | {_cell(second)} |" for first, second in rows),
    ]


def _value_name(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    return "NUMBER" if isinstance(parameter.default, int) or parameter.min is not None else "TEXT"


def _with_default(parameter: Any) -> str:
    text = parameter.help or ""
    default = parameter.default
    if default in (None, False, ()) or str(default) == "Sentinel.UNSET":
        return text
    return f"{text} Default: {default}."


def flags_page() -> str:
    """Every flag with its default, its values and its other spellings."""
    lines = [
        "# Flags",
        "",
        "The flags of the Optiply board. Set them with `stockbridge sync create optiply-board --FLAG VALUE`, or in the file",
        "of the sync ([choose what to sync](../how-to/choose-what-to-sync.md)). What each one does to single fields is in",
        "[fields](fields.md#what-the-flags-change).",
        "",
        "| flag | default | takes | meaning |",
        "|---|---|---|---|",
    ]
    for flag in FLAGS:
        lines.append(
            f"| [`{flag.name}`](#{flag.name}) | {_default(flag)} | {_cell(flag.takes)} | {_cell(flag.help)} |"
        )
    for flag in FLAGS:
        of = (
            "all flows"
            if flag.flows == FLOWS
            else ", ".join(f"[{flow}](fields.md#{flow})" for flow in flag.flows)
        )
        lines += [
            "",
            f"## {flag.name}",
            "",
            flag.help,
            "",
            f"- takes: {flag.takes}",
            f"- default: {_default(flag)}",
            f"- touches: {of}",
            f"- option: `--{flag.name.replace('_', '-')}`",
        ]
        if flag.aliases:
            lines.append(f"- also written: {', '.join(f'`{alias}`' for alias in flag.aliases)}")
    lines += [
        "",
        "## Spellings",
        "",
        "The other spellings are those of HotGlue, so that a configuration moves over as it is. In a file `true`, `True`,",
        '`"true"` and `1` mean the same, and so do their opposites. A flag that is given twice with different values, in',
        "whatever spellings, is an error that names both. An unknown flag is an error that names the nearest known one.",
    ]
    return "\n".join(lines)


def _default(flag: Flag) -> str:
    if flag.name == "warehouse_ids":
        return "`all`"
    plain = plain_value(flag.default)
    if plain is None or plain == []:
        return "none"
    return f"`{str(plain).lower() if isinstance(plain, bool) else plain}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the pages."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference")
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")
        print(directory / name)


if __name__ == "__main__":
    main()
