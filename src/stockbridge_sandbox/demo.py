"""`make demo`: a made-up shop arrives in Optiply, an hour of business on both sides follows, an answer gets lost on the
way, and both sides are compared.

It drives the commands as a person would, each as a process of its own, against the sandbox over real HTTP, and writes
`.demo/report.json`. Exit code 0 when every run ended in step and both sides say the same, 1 when not, 130 for Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stockbridge_sandbox.compare import Comparison, compare
from stockbridge_sandbox.compare_parts import OPTIPLY_COLLECTIONS, ZOHO_COLLECTIONS, Board, State
from stockbridge_sandbox.demo_events import Event, hour_in_zoho, lost_answer, mend_recipes, planner_orders
from stockbridge_sandbox.demo_figures import (
    Step,
    business_lines,
    company_lines,
    counts_table,
    export_lines,
    exported_line,
    least_calls,
    least_export_calls,
    report,
    runs_table,
)
from stockbridge_sandbox.demo_programs import Sandbox, ask, program, run, sandbox
from stockbridge_sandbox.demo_stage import Stage, check, on_stage, say, title

_SPEED = 60
_SLOW = 10  # so that even a busy machine asks within the minutes in which Zoho does not show the order
_MOST_DIFFERENCES = 20
_BOARD = Board(sync_assembled=True)  # as the demo makes its sync
_LOST = "lost"  # the one run that need not end in step


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What was measured of one run from outside."""

    name: str
    calls: int
    least_calls: int
    seconds: float


@dataclass(slots=True, kw_only=True)
class Demo:
    """What the steps hand to each other."""

    box: Sandbox
    variables: dict[str, str]
    runs: list[_Run] = field(default_factory=list)
    before: State = field(default_factory=dict)  # Zoho before the hour of business
    example: str = ""  # the SKU of an item that something happened to
    orders: list[Event] = field(default_factory=list)  # of Optiply's planner
    told: list[dict[str, Any]] = field(
        default_factory=list
    )  # what the runs report of themselves, newest first
    seen: int = 0  # the last request of the sandbox's log that was looked at

    def zoho(self) -> State:
        return self.box.state("zoho", ZOHO_COLLECTIONS)

    def calls(self) -> int:
        """Zoho calls since the last question, as Zoho counted them."""
        rows = self.box.get(f"/requests?system=zoho&since={self.seen}")["requests"]
        self.seen = max((row["n"] for row in rows), default=self.seen)
        return sum(1 for row in rows if row["counted"])


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; gives the exit code."""
    options = _parser().parse_args(arguments)
    return on_stage(options.directory, lambda stage: _demo(options, stage), again="make demo")


def _demo(options: argparse.Namespace, stage: Stage) -> int:
    say(
        "Stockbridge keeps Zoho Inventory and Optiply in step: what a shop has, sells and buys goes from Zoho to"
    )
    say("Optiply, and what its planner orders in Optiply goes back to Zoho. Here both are simulated, on this")
    say("machine; nothing leaves it, and every name is made up. It takes about a minute; Ctrl-C stops it.")
    size = {name: getattr(options, name) for name in ("items", "vendors", "orders", "seed")}
    with sandbox(**size, log=stage.log) as box:
        demo = play(box, stage.home, options.seed)
        code = judge(demo, stage.written)
    stage.tell_end()
    _tell_more(stage.home, demo)
    return code


def play(box: Sandbox, home: Path, seed: int) -> Demo:
    """All steps of the demo up to the comparison, against a sandbox whose Optiply is empty. Raises DemoError."""
    demo = Demo(box=box, variables={"STOCKBRIDGE_HOME": str(home.resolve())})
    demo.before = _introduce(demo)
    _sign_in(demo)
    _set_speed(demo, _SPEED)
    _first_run(demo, demo.before)
    now = _business(demo, seed)
    _second_run(demo, now)
    _lost_answer(demo, seed)
    _idle_run(demo)
    return demo


def _set_speed(demo: Demo, speed: int) -> None:
    start = demo.box.post("/clock", {"speed": speed})["start"]
    demo.variables |= {"STOCKBRIDGE_CLOCK_SPEED": str(speed), "STOCKBRIDGE_CLOCK_START": start}


def judge(demo: Demo, written: Path) -> int:
    """Compare both sides, write the report, tell the result; gives the exit code. Raises DemoError."""
    comparison = compare(
        demo.zoho(),
        demo.box.state("optiply", OPTIPLY_COLLECTIONS),
        coupling_id=demo.box.get("/accounts")["optiply"]["coupling_id"],
        imported=demo.before["salesorders"],
        board=_BOARD,
    )
    steps = _steps(demo)
    in_step = comparison.in_step and all(step.outcome == "in step" for step in steps if step.name != _LOST)
    written.write_text(json.dumps(report(steps, comparison, in_step=in_step), indent=2) + "\n")
    _tell_result(steps, comparison)
    return 0 if in_step else 1


def _introduce(demo: Demo) -> State:
    mended = mend_recipes(demo.box, demo.zoho())
    zoho = demo.zoho()
    call = {"method": "GET", "path": "/organizations"}
    name = demo.box.post("/zoho/call", call)["organizations"][0]["name"]
    say()
    for line in company_lines(name, zoho):
        say(line)
    say("Its Optiply account is empty.")
    if mended:
        say(
            f"(Recipes with a part of a piece, {mended} here, are rounded up first: Optiply takes whole ones only.)"
        )
    return zoho


def _sign_in(demo: Demo) -> None:
    title("Sign in to both")
    logins = demo.box.get("/accounts")
    zoho, optiply = logins["zoho"], logins["optiply"]
    say("A real account opens Zoho's consent page in the browser; the sandbox gives a code instead.")
    _command(
        demo,
        "accounts add zoho --self-client CODE",
        *(
            "accounts",
            "add",
            "zoho",
            "--name",
            "shop",
            "--accounts-server",
            f"{demo.box.zoho}/dc/{zoho['data_centre']}",
        ),
        *("--client-id", zoho["client_id"], "--self-client", zoho["self_client_code"]),
        secrets={"STOCKBRIDGE_ZOHO_CLIENT_SECRET": zoho["client_secret"]},
    )
    _command(
        demo,
        "accounts add optiply",
        *("accounts", "add", "optiply", "--name", "optiply"),
        *("--api-base", f"{demo.box.optiply}/v1", "--token-base", f"{demo.box.optiply}/api"),
        *("--username", optiply["username"], "--client-id", optiply["client_id"]),
        *("--account-id", optiply["account_id"], "--coupling-id", optiply["coupling_id"]),
        secrets={
            "STOCKBRIDGE_OPTIPLY_PASSWORD": optiply["password"],
            "STOCKBRIDGE_OPTIPLY_CLIENT_SECRET": optiply["client_secret"],
        },
    )
    _command(
        demo,
        "sync create optiply-board --sync-assembled true",
        *("sync", "create", "optiply-board", "--sync-assembled", "true"),
    )
    say("  With sync-assembled, which is off unless asked for, the recipes of assembled products come along.")


def _first_run(demo: Demo, zoho: State) -> None:
    title("Look before anything is written")
    say(f"From here the sandbox's clock runs {_SPEED} times as fast: a second here is a minute there,")
    say("so that Zoho's limit of 100 calls a minute takes seconds.")
    demo.calls()
    began = time.monotonic()
    _command(demo, "preview --samples 1", "preview", "--samples", "1")
    looked = time.monotonic() - began
    title("The first run")
    # The look reads every list once; the run after it must ask each of the six lists once more for what is new.
    _run(demo, "first", [], least=least_calls(None, zoho, full=True) + 6, looked=looked)


def _business(demo: Demo, seed: int) -> State:
    title("An hour of business, on both sides")
    events = hour_in_zoho(demo.box, demo.before, demo.zoho(), seed)
    say("In Zoho:")
    for line in business_lines(events):
        say(line)
    demo.example = next((each["number"] for each in events if each["what"] == "stock_moved"), "")
    demo.orders = planner_orders(demo.box, seed, buy_orders=2, assemblies=1)
    say("In Optiply its planner orders:")
    for line in business_lines(demo.orders):
        say(line)
    return demo.zoho()


def _second_run(demo: Demo, now: State) -> None:
    title("The second run")
    say(
        "Zoho tells what changed, but not what was deleted. A full read of its lists, which a sync does by itself"
    )
    say("once a day, finds out; --full asks for it now. The same run makes the planner's orders in Zoho.")
    assemblies = sum(order["what"] == "assembly_order_placed" for order in demo.orders)
    made = least_export_calls(buy_orders=len(demo.orders) - assemblies, assemblies=assemblies)
    _run(demo, "changes", ["--full"], least=least_calls(demo.before, now, full=True) + made)
    say()
    for line in export_lines(demo.orders, demo.zoho()):
        say(line)


def _lost_answer(demo: Demo, seed: int) -> None:
    title("An answer that never comes")
    before = demo.zoho()
    orders = planner_orders(demo.box, seed + 1, buy_orders=1, assemblies=0)
    say("The planner orders something more:")
    for line in business_lines(orders):
        say(line)
    say(
        "Zoho makes the purchase order, but the line breaks before it can say so, and for minutes its lists do not"
    )
    say("show what is new. To send the order again now could mean to order the goods twice.")
    _set_speed(demo, _SLOW)
    with lost_answer(demo.box):
        # The call that makes the order, and one that looks for its reference.
        _run(demo, _LOST, ["--exports"], least=least_export_calls(buy_orders=len(orders), assemblies=0) + 1)
    say()
    say(
        "It is not sent again: it waits. Five minutes later the next run looks for its reference once more, and finds it."
    )
    _run(demo, "found", [], least=least_calls(before, demo.zoho(), full=False) + 1)
    say()
    for line in export_lines(orders, demo.zoho()):
        say(line)


def _idle_run(demo: Demo) -> None:
    title("Once more, with nothing to do")
    now = demo.zoho()
    _run(demo, "idle", [], least=least_calls(now, now, full=False))


def _run(demo: Demo, name: str, options: list[str], *, least: int, looked: float = 0) -> None:
    """One `stockbridge run` and its figures. Raises DemoError when it could not do its work."""
    began = time.monotonic()
    say()
    say(f"$ {' '.join(['stockbridge', 'run', *options])}")
    code = run(["run", *options], demo.variables)
    seconds = looked + time.monotonic() - began
    check(code, "run")
    demo.runs.append(_Run(name=name, calls=demo.calls(), least_calls=least, seconds=seconds))


def _steps(demo: Demo) -> list[Step]:
    """The runs, with what each reports of itself."""
    if not demo.told:
        demo.told = ask(["runs", "--limit", str(len(demo.runs))], demo.variables)
    return [
        Step(
            name=one.name,
            calls=one.calls,
            least_calls=one.least_calls,
            seconds=one.seconds,
            outcome=told["outcome"],
            flows=told["flows"],
        )
        for one, told in zip(demo.runs, reversed(demo.told), strict=True)
    ]


def _command(demo: Demo, shown: str, *arguments: str, secrets: dict[str, str] | None = None) -> None:
    """One command of `stockbridge`, shown as a person would type it. Raises DemoError when it fails."""
    say()
    say(f"$ stockbridge {shown}")
    check(run(arguments, demo.variables | (secrets or {})), shown)


def _tell_result(steps: list[Step], comparison: Comparison) -> None:
    title("Both sides, compared")
    for line in (*counts_table(comparison), "", *runs_table(steps)):
        say(line)
    say(
        "The preview's calls and time count into the first run. A purchase order that was just made is read once more"
    )
    say("by the next run, in case Zoho changed it in the same second.")
    say()
    if comparison.kept:
        say(f"Edited in Zoho after it was imported, and kept as it was: {', '.join(comparison.kept)}.")
        say("  To bring edits over as well: sell_order_edits = recreate")
    for difference in comparison.differences[:_MOST_DIFFERENCES]:
        say(f"✗ {difference}")
    more = len(comparison.differences) - _MOST_DIFFERENCES
    if more > 0:
        say(f"✗ and {more:,} more")
    for sentence in comparison.apart[:_MOST_DIFFERENCES]:
        say(f"Left as it is: {sentence}")
    for step in steps:
        if step.outcome != "in step" and step.name != _LOST:
            say(f"✗ The {step.name} run did not end in step: {step.outcome}.")
    say(exported_line(comparison))
    if comparison.in_step:
        say(f"✓ No difference: {comparison.values:,} values were compared, one by one.")


def _tell_more(home: Path, demo: Demo) -> None:
    say()
    say("Look around in what it left:")
    say(f"  export STOCKBRIDGE_HOME={home.resolve()}")
    say(f"  {program('stockbridge')} status")
    if demo.example:
        say(f"  {program('stockbridge')} explain products {demo.example}")
    if demo.orders:
        say(f"  {program('stockbridge')} explain buy_orders {demo.orders[0]['id']}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stockbridge_sandbox.demo", description=__doc__)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--vendors", type=int, default=30)
    parser.add_argument("--orders", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same company")
    parser.add_argument(
        "--directory", type=Path, default=Path(".demo"), help="where the files of the demo go"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
