"""Every command, option, flag, variable, stream, table and fault is documented, and every command line quoted is understood."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from stockbridge.cli import main
from stockbridge.cli.reference import commands
from stockbridge.cli.reference_fields import NO_FIELD, OTHER_VALUES
from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
from stockbridge.connectors.zoho.regions import REGIONS
from stockbridge.connectors.zoho.streams import STREAMS as ZOHO
from stockbridge.store.schema import metadata
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.flags import FLAGS
from stockbridge.wiring.settings_file import read_sync_file
from stockbridge.wiring.sign_in import SCOPES
from stockbridge_sandbox import control
from stockbridge_sandbox.cli import app as sandbox_app
from stockbridge_sandbox.faults import Kind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
PROGRAMS: dict[str, Any] = {
    "stockbridge": main.every_command(),
    "stockbridge-sandbox": typer.main.get_command(sandbox_app),
}
COMMANDS = dict(commands())
# Their files are tried in test_contact_pages.py.
CONTACT_PAGES = (
    REFERENCE / "contact-sync-file.md",
    DOCS / "how-to" / "sync-contacts.md",
    DOCS / "explanation" / "contacts.md",
)
HEAD = 'name = "board"\nzoho = "shop"\noptiply = "planning"\n'


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(language, content) of each code block."""
    pattern = r"^( *)```(\w*)\n(.*?)^\1```"
    for indent, language, content in re.findall(pattern, text(page), re.MULTILINE | re.DOTALL):
        yield language, re.sub(f"^{indent}", "", content, flags=re.MULTILINE)


def command_lines() -> Iterator[tuple[str, str]]:
    """(page, line) of every command line in a code block."""
    for page in WRITTEN:
        for _, content in blocks(page):
            for line in content.replace("\\\n", " ").splitlines():
                line = line.removeprefix("$ ")
                if re.match(r"stockbridge(-sandbox)? ", line):
                    # Beside a command, two spaces apart, some lists say what it is for.
                    yield str(page.relative_to(ROOT)), re.split(r" {3,}(?!-)", line)[0]


def inline_commands() -> Iterator[tuple[str, str]]:
    for page in WRITTEN:
        prose = re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)
        for found in re.findall(r"`(stockbridge(?:-sandbox)? [^`]+)`", prose):
            yield str(page.relative_to(ROOT)), found.replace("\n", " ")


def meant(line: str) -> tuple[Any, list[str]]:
    """The command that a line names, and what is left for it to read."""
    words = shlex.split(line)
    command = PROGRAMS[words[0]]
    rest = words[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest[0]]
        rest = rest[1:]
    for stop in (">", "|", ">>", "2>&1"):
        rest = rest[: rest.index(stop)] if stop in rest else rest
    return command, rest


QUOTED = sorted(set(command_lines()))
INLINE = sorted(set(inline_commands()))


def test_there_are_command_lines_to_try() -> None:
    assert len(QUOTED) > 60
    assert len(INLINE) > 30


@pytest.mark.parametrize(("page", "line"), QUOTED)
def test_a_quoted_command_line_is_understood(page: str, line: str) -> None:
    command, rest = meant(line)
    assert not getattr(command, "commands", {}) or command.name == "runs", f"{line} names no command"
    command.make_context("stockbridge", list(rest))  # raises where it is not understood; runs nothing


@pytest.mark.parametrize(("page", "line"), INLINE)
def test_a_command_in_a_sentence_has_these_words_and_options(page: str, line: str) -> None:
    command, rest = meant(line)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "--FLAG"}
    assert {word for word in rest if word.startswith("--")} <= known
    if getattr(command, "commands", {}) and command.name != "runs":
        assert [word for word in rest if word != "…"] == [], f"{line} names no command"


def test_every_command_and_option_is_in_the_reference() -> None:
    page = text(REFERENCE / "commands.md")
    for name, command in COMMANDS.items():
        section = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        assert section is not None, name
        for parameter in command.params:
            if parameter.name not in ("as_json", "debug"):
                shown = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar or ""]
                assert all(one.strip("[]") in section[1] for one in shown), (name, parameter.name)
    assert "`--json`" in page
    assert "`--debug`" in page


def test_every_command_that_does_something_takes_json_and_debug() -> None:
    lacking = [
        name
        for name, command in COMMANDS.items()
        if not getattr(command, "commands", {})
        and not {"as_json", "debug"} <= {p.name for p in command.params}
    ]
    assert lacking == []


def test_every_flag_is_in_the_readme_with_its_default() -> None:
    rows = dict(
        re.findall(
            r"^\| \[`(\w+)`\]\(docs/reference/flags\.md#\w+\) \| (.*?) \|", text(ROOT / "README.md"), re.M
        )
    )
    assert list(rows) == [flag.name for flag in FLAGS]
    for flag in FLAGS:
        default = str(flag.default).lower() if isinstance(flag.default, bool) else flag.default
        empty = "all" if flag.name == "warehouse_ids" else "none"
        assert rows[flag.name] == (f"`{default}`" if default not in (None, ()) else empty), flag.name


def test_every_flag_says_what_it_changes() -> None:
    assert {flag.name for flag in FLAGS} == {*OTHER_VALUES, *NO_FIELD}
    fields = text(REFERENCE / "fields.md")
    for name in OTHER_VALUES:
        changes = re.search(rf"\*\*`{name}` = [^\n]*\n\n((?:- [^\n]*\n)+)", fields)
        assert changes is not None, f"{name} changes nothing"


def test_every_stream_and_what_may_be_mapped_is_in_the_fields() -> None:
    page = text(REFERENCE / "fields.md")
    assert [name for name in (*ZOHO, *OPTIPLY) if f"`{name}`" not in page] == []
    named = {name for fields in (*targets().values(), *sources().values()) for name in fields} - {"custom"}
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    pattern = r"STOCKBRIDGE_[A-Z_]+"
    read = {
        name
        for file in (ROOT / "src" / "stockbridge").rglob("*.py")
        for name in re.findall(pattern, text(file))
    }
    documented = set(re.findall(r"^\| `(STOCKBRIDGE_[A-Z_]+)`", text(REFERENCE / "settings.md"), re.M))
    assert documented == read
    assert {name for page in WRITTEN for name in re.findall(pattern, text(page))} <= read


def test_every_exit_code_is_documented() -> None:
    codes = {main.IN_STEP, main.BUG, main.USAGE, main.LEFT_OVER, main.SOMEONE_NEEDED, main.STOPPED}
    for page in (ROOT / "README.md", REFERENCE / "errors-and-exit-codes.md"):
        table = text(page).partition("## Exit codes")[2].partition("\n## ")[0]
        assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)} == codes


def test_every_table_of_the_store_is_in_the_architecture() -> None:
    section = (
        text(DOCS / "explanation" / "architecture.md").partition("## The tables")[2].partition("\n## ")[0]
    )
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.M)) == set(metadata.tables)


def test_every_package_is_in_the_architecture() -> None:
    page = text(DOCS / "explanation" / "architecture.md")
    packages = {file.parent.name for file in (ROOT / "src" / "stockbridge").glob("*/__init__.py")}
    assert [name for name in sorted(packages) if f"| `{name}/` |" not in page] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "how-to" / "connect-zoho.md"])
def test_scopes_and_regions_are_named(page: Path) -> None:
    written = text(page)
    assert set(re.findall(r"ZohoInventory\.\w+\.\w+", written)) == set(SCOPES)
    assert [one.location for one in REGIONS if not re.search(rf"\b{one.location}\b", written)] == []


def test_every_option_of_the_sandbox_is_documented() -> None:
    page = text(REFERENCE / "sandbox.md")
    for name, command in PROGRAMS["stockbridge-sandbox"].commands.items():
        assert f"## stockbridge-sandbox {name}" in page
        options = [
            option for parameter in command.params for option in parameter.opts if option.startswith("--")
        ]
        assert [option for option in options if f"`{option}`" not in page] == []


def test_every_fault_is_documented() -> None:
    section = text(REFERENCE / "sandbox.md").partition("## Faults")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.M)) == set(get_args(Kind))


def test_every_control_endpoint_is_documented() -> None:
    served = set()
    for node in ast.walk(ast.parse(inspect.getsource(control))):
        if isinstance(node, ast.MatchSequence) and len(node.patterns) > 1:
            parts = [
                one.value.value
                if isinstance(one, ast.MatchValue) and isinstance(one.value, ast.Constant)
                else "*"
                for one in node.patterns
            ]
            served.add(" ".join([str(parts[0]), "/".join(map(str, parts[1:]))]))
    found = re.findall(r"^\| `([A-Z]+) /_sandbox/([\w/-]+)`", text(REFERENCE / "sandbox.md"), re.M)
    documented = {f"{method} {re.sub(r'[A-Z]{2,}', '*', path)}" for method, path in found}
    assert documented == served


@pytest.mark.parametrize(
    "content",
    [
        content
        for page in WRITTEN
        if page not in CONTACT_PAGES
        for language, content in blocks(page)
        if language == "toml"
    ],
)
def test_every_settings_file_is_understood(content: str) -> None:
    described = content if content.startswith("name =") else HEAD + content
    assert read_sync_file(described, targets(), sources()).zoho
