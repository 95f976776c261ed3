"""The whole way: accounts, a sync, preview, run, status, explain, retry; exit codes, JSON, and messages of two lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from stockbridge.cli.main import every_command
from stockbridge.core.report import FlowReport, RunReport
from stockbridge.store import runs
from stockbridge.store.database import open_store
from stockbridge.wiring.flags import FLAGS
from stockbridge_sandbox.run import Sandbox

Command: TypeAlias = Callable[..., Any]


def all_commands() -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}

    def walk(words: tuple[str, ...], command: Any) -> None:
        children = getattr(command, "commands", {})
        if not children or command.invoke_without_command:
            found[words] = command
        for name, child in children.items():
            walk((*words, name), child)

    walk((), every_command())
    return found


def test_every_command_has_json_debug_and_an_example() -> None:
    commands = all_commands()
    assert ("sync", "create", "optiply-board") in commands
    assert ("runs",) in commands
    for words, command in commands.items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--json", "--debug"} <= options, words
        assert "Example" in command.help, words
        assert f"stockbridge {' '.join(words)}" in command.help, words


def test_every_flag_is_an_option_in_every_spelling() -> None:
    command = all_commands()[("sync", "create", "optiply-board")]
    by_name = {parameter.name: parameter for parameter in command.params}
    for flag in FLAGS:
        parameter = by_name[flag.name]
        spelled = {flag.name.replace("_", "-"), flag.name, *flag.aliases}
        assert set(parameter.opts) == {f"--{name}" for name in spelled}
        assert flag.help in parameter.help


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("acounts", "list"), "Did you mean 'accounts'?"),
        (("run", "--ful"), "--full"),
        (("run", "--exports", "--full"), "--exports goes with neither"),
        (("run", "--exports", "--only", "products"), "--exports goes with neither"),
        (("runs", "show", "x"), "valid integer"),
        (("run", "--only", "produts"), 'did you mean "products"?'),
        (("explain", "orders", "1"), "There are: products, product_compositions"),
        (("sync", "import", "/nowhere/board.toml"), "cannot be read"),
        (("run",), "Make one: stockbridge sync create optiply-board"),
        (("sync", "create", "optiply-board"), "Add one: stockbridge accounts add zoho"),
        (("runs", "show", "7"), "There is no run 7."),
    ],
)
def test_a_command_that_is_not_understood(
    stockbridge: Command, arguments: tuple[str, ...], words: str
) -> None:
    done = stockbridge(*arguments)
    assert done.code == 2
    assert done.err.startswith("✗ ")
    assert words in done.err
    assert "Traceback" not in done.err
    as_json = stockbridge(*arguments, "--json")
    assert as_json.code == 2
    assert as_json.json["error"]["what"]


@pytest.mark.parametrize("arguments", [(), ("accounts",), ("accounts", "add"), ("sync",), ("sync", "create")])
def test_a_group_alone_explains_itself(stockbridge: Command, arguments: tuple[str, ...]) -> None:
    done = stockbridge(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "Commands:" in done.out


@pytest.mark.usefixtures("accounts")
def test_from_nothing_to_in_step(stockbridge: Command, sandbox: Sandbox) -> None:
    assert stockbridge("sync", "create", "optiply-board").code == 0
    assert "has never run" in stockbridge("status").out
    plan = stockbridge("preview", "--json")
    assert plan.code == 0
    assert [flow["create"] for flow in plan.json["flows"] if flow["flow"] == "products"] == [12]
    first = stockbridge("run", "--json")
    assert first.code == 0
    assert first.json["outcome"] == "in step"
    assert first.json["calls"]["Zoho"] <= first.json["least_calls"] + 1
    idle = stockbridge("run")
    assert idle.code == 0
    assert "There was nothing to do." in idle.out
    assert "✓ Everything is in step." in idle.out
    assert len(stockbridge("runs", "--json").json) == 2
    assert stockbridge("runs", "show", str(first.json["run"]), "--json").json == first.json
    standing = stockbridge("status", "--json").json
    assert {flow["flow"]: flow["linked"] for flow in standing["flows"]}["products"] == 12
    sku = sandbox.company.items[0].sku if sandbox.company else ""
    told = stockbridge("explain", "products", sku)
    assert told.code == 0
    assert "✓ in step" in told.out
    assert "skuCode" in told.out
    assert stockbridge("explain", "products", "nowhere").code == 2
    assert stockbridge("retry").out == "Nothing waits or was refused there.\n"
    assert stockbridge("approve", str(first.json["run"])).code == 2


@pytest.mark.usefixtures("accounts")
def test_only_some_flows(stockbridge: Command, sandbox: Sandbox) -> None:
    stockbridge("sync", "create", "optiply-board")
    done = stockbridge("run", "--only", "products", "--json")
    assert done.code == 0
    assert [flow["flow"] for flow in done.json["flows"]] == ["products"]


@pytest.mark.usefixtures("accounts")
def test_a_safety_limit_waits_for_a_person(stockbridge: Command, sandbox: Sandbox) -> None:
    stockbridge("sync", "create", "optiply-board")
    assert stockbridge("run").code == 0
    items = sandbox.zoho.world.items
    for item in list(items)[:5]:
        items.remove(item)
    stopped = stockbridge("run", "--full", "--json")
    assert (stopped.code, stopped.json["stopped_by"]) == (4, "safety")
    assert stockbridge("preview").code == 4
    allowed = stockbridge("approve", "--json")
    assert allowed.json["approved"]["products"] == 5
    done = stockbridge("run", "--json")
    assert done.json["stopped_by"] is None, done.json["message"]
    updated = {flow["flow"]: flow["updated"] for flow in done.json["flows"]}
    assert updated["products"] == 5
    again = stockbridge("approve", str(stopped.json["run"]))
    assert again.code == 2
    assert "waits for nobody any more" in again.err


@pytest.mark.usefixtures("accounts")
def test_a_server_that_is_gone_needs_someone(stockbridge: Command, sandbox: Sandbox) -> None:
    stockbridge("sync", "create", "optiply-board")
    stockbridge("run")
    for token in list(sandbox.zoho.grants.refreshes):
        sandbox.zoho.grants.revoke(token)
    done = stockbridge("run")
    assert done.code == 4
    assert "✗ Zoho" in done.out
    assert "Sign in again" in done.out


@pytest.mark.usefixtures("accounts")
def test_a_sync_that_runs_already(stockbridge: Command, sandbox: Sandbox, home: Path) -> None:
    stockbridge("sync", "create", "optiply-board", "--name", "bord")
    program = (
        "import sys\n"
        "from stockbridge.store.database import open_store, sync_lock\n"
        "with sync_lock(open_store(), 1):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        done = stockbridge("run")
        assert done.code == 4
        assert f'The sync "bord" is already running, by process {other.pid}' in done.err
        assert stockbridge("status").code == 0
        assert "runs" in stockbridge("sync", "list").out
        other.kill()


@pytest.mark.usefixtures("accounts")
def test_a_sync_goes_out_and_comes_back_as_a_file(stockbridge: Command, tmp_path: Path) -> None:
    made = stockbridge(
        "sync", "create", "optiply-board", "--pullAllOrders", "False", "--warehouse-ids", "1,2"
    )
    assert made.code == 0
    file = tmp_path / "board.toml"
    assert stockbridge("sync", "export", "-o", str(file)).code == 0
    assert stockbridge("sync", "export").out == file.read_text()
    assert stockbridge("sync", "import", str(file), "--json").json["changes"] == []
    text = file.read_text()
    file.write_text(text.replace("sync_stock = true", "sync_stok = false").replace('"1", "2"', '"x"'))
    broken = stockbridge("sync", "import", str(file))
    assert broken.code == 2
    assert 'did you mean "sync_stock"?' in broken.err
    assert "warehouse_ids" in broken.err
    file.write_text(
        text.replace("sync_stock = true", "sync_stock = false") + '\n[mappings.products]\nname = "sku"\n'
    )
    changed = stockbridge("sync", "import", str(file))
    assert "sync_stock: true → false" in changed.out
    assert "products: name: – → from sku" in changed.out
    shown = stockbridge("sync", "show", "--json").json
    assert shown["flags"]["warehouse_ids"] == ["1", "2"]
    assert shown["flags"]["pull_all_sell_orders"] is False
    assert shown["mappings"] == {"products": {"name": "sku"}}
    file.write_text(text.replace('"optiply-board"\n\n# What', '"second"\n\n# What'))
    assert stockbridge("sync", "import", str(file)).code == 0
    ambiguous = stockbridge("run")
    assert ambiguous.code == 2
    assert "Say which one: optiply-board, second" in ambiguous.err
    assert "is used by the sync" in stockbridge("accounts", "remove", "winkel", "--yes").err


@pytest.mark.usefixtures("accounts")
def test_two_spellings_on_the_command_line(stockbridge: Command) -> None:
    done = stockbridge(
        *("sync", "create", "optiply-board", "--pullAllOrders", "false", "--pull-all-sell-orders", "true"),
        *("--start-date", "gisteren"),
    )
    assert done.code == 2
    assert "different values: false, true" in done.err or "different values: true, false" in done.err
    assert "start_date" in done.err


@pytest.mark.parametrize(
    ("outcome", "stopped_by", "code"),
    [
        ("in step", None, 0),
        ("left over", None, 3),
        ("stopped", "quota", 4),
        ("stopped", "person", 130),
        ("failed", None, 1),
    ],
)
@pytest.mark.usefixtures("accounts")
def test_the_exit_code_tells_the_outcome(
    stockbridge: Command, monkeypatch: pytest.MonkeyPatch, outcome: str, stopped_by: str | None, code: int
) -> None:
    stockbridge("sync", "create", "optiply-board")
    report = RunReport(
        run=1,
        sync="optiply-board",
        mode="run",
        outcome=outcome,
        started_at="2026-01-01T00:00:00+00:00",
        ended_at="2026-01-01T00:00:01+00:00",
        seconds=1,
        flows=[FlowReport(flow="products", waiting=1 if code == 3 else 0)],
        calls={"Zoho": 1},
        least_calls=1,
        stopped_by=stopped_by,
        message="The day's quota is used up." if stopped_by == "quota" else "",
    )
    monkeypatch.setattr("stockbridge.engine.run.run", lambda *_, **__: report)
    done = stockbridge("run")
    assert done.code == code
    assert ("✓" in done.out) == (code == 0)
    assert ("The day's quota is used up." in done.out) == (stopped_by == "quota")


@pytest.mark.usefixtures("accounts")
def test_a_bug_is_told_in_words_and_shown_whole_on_request(
    stockbridge: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stockbridge("sync", "create", "optiply-board")

    def broken(*_: object, **__: object) -> None:
        raise KeyError("inside")

    monkeypatch.setattr("stockbridge.engine.run.run", broken)
    done = stockbridge("run")
    assert done.code == 1
    assert "mistake in Stockbridge itself (KeyError)" in done.err
    assert "Traceback" not in done.err
    with pytest.raises(KeyError, match="inside"):
        stockbridge("run", "--debug")


def test_plain_text_and_a_reader_that_leaves(home: Path, sqlite_url: str) -> None:
    """A real process: no colour in a pipe, and no traceback when `head` closes it."""
    environment = {**os.environ, "STOCKBRIDGE_HOME": str(home)}
    command = [sys.executable, "-m", "stockbridge.cli"]
    done = subprocess.run([*command, "--help"], capture_output=True, env=environment, timeout=60)
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    listed = subprocess.run(
        [*command, "accounts", "list", "--json"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert json.loads(listed.stdout) == []
    with subprocess.Popen(
        [*command, "accounts", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.usefixtures("accounts")
def test_a_run_that_was_cut_short_is_listed(stockbridge: Command) -> None:
    stockbridge("sync", "create", "optiply-board")
    store = open_store()
    with store.begin() as connection:
        runs.begin(connection, 1, "run", "2026-01-01T00:00:00.000000Z")
    store.dispose()
    assert "cut short" in stockbridge("runs").out


def test_the_version(stockbridge: Command) -> None:
    done = stockbridge("--version")
    assert (done.code, done.out.startswith("stockbridge ")) == (0, True)
