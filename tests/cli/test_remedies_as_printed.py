"""What a message tells to type works when it is typed exactly so, whatever an account or a sync is called."""

from __future__ import annotations

import re
import shlex
import urllib.request
from pathlib import Path

from cli.conftest import Command
from stockbridge_sandbox.run import Sandbox

NAME = "Ångström & zoon's"


def told(text: str) -> list[str]:
    """The words of the command that a message ends with, as a shell would take them apart."""
    found = re.search(r"stockbridge (.*)$", text, re.MULTILINE)
    assert found is not None, text
    return shlex.split(found[1])


def test_names_with_blanks_are_quoted(
    stockbridge: Command,
    sandbox: Sandbox,
    zoho_arguments: list[str],
    optiply_arguments: list[str],
    logins: dict[str, dict[str, str]],
) -> None:
    code = logins["zoho"]["self_client_code"]
    assert stockbridge(*zoho_arguments, "--self-client", code, "--name", NAME).code == 0
    assert stockbridge(*optiply_arguments).code == 0
    with urllib.request.urlopen(
        urllib.request.Request(f"{sandbox.control_url}/self-client", method="POST", data=b"{}"), timeout=10
    ) as answer:
        again = answer.read().decode().split('"')[3]
    twice = stockbridge(*zoho_arguments, "--self-client", again)
    assert told(twice.err) == ["accounts", "add", "zoho", "--reauthorise", NAME]

    assert stockbridge("sync", "create", "optiply-board", "--name", NAME).code == 0
    used = stockbridge("accounts", "remove", NAME, "--yes")
    assert told(used.err) == ["sync", "remove", NAME]
    paused = stockbridge("sync", "pause", NAME)
    assert told(paused.out) == ["sync", "resume", NAME]
    assert told(stockbridge("run", NAME).err) == ["sync", "resume", NAME]
    assert stockbridge(*told(paused.out)).code == 0


def test_a_kind_that_there_is_not_is_told_alone(stockbridge: Command, tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_text('kind = "kontacts"\nname = "people"\n')
    done = stockbridge("sync", "import", str(file))
    assert done.code == 2
    assert 'kind is "kontacts", but must be contacts or optiply-board; did you mean "contacts"?' in done.err
    assert "optiply is missing" not in done.err
