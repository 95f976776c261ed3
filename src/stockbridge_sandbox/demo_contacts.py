"""`make demo-contacts`: the customers of a made-up shop and an address book find each other, people edit both sides, and
both are compared.

It drives the commands as a person would, each as a process of its own, against the sandbox over real HTTP, and writes
`.demo/contacts/report.json`. Exit code 0 when both sides say the same, 1 when not, 130 for Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stockbridge_sandbox.compare_contacts import Book, Comparison, Scope, compare_contacts
from stockbridge_sandbox.demo_contacts_events import (
    FAIR,
    KNOWN,
    LABEL,
    Cast,
    Story,
    book_of,
    cast,
    morning,
    taken_back,
    unmet,
)
from stockbridge_sandbox.demo_contacts_figures import (
    Step,
    book_lines,
    idle_trouble,
    report,
    result_lines,
    runs_table,
    shortened,
)
from stockbridge_sandbox.demo_contacts_settings import SETTINGS
from stockbridge_sandbox.demo_programs import DemoError, Sandbox, ask, program, run, sandbox, told
from stockbridge_sandbox.demo_stage import Stage, check, on_stage, say, title

_SPEED = 60
_SCOPE = Scope(wanted=frozenset({KNOWN, FAIR}), label=LABEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What was measured of one run from outside."""

    name: str
    calls: dict[str, dict[str, int]]
    seconds: float


@dataclass(slots=True, kw_only=True)
class Demo:
    """What the steps hand to each other."""

    box: Sandbox
    home: Path
    variables: dict[str, str]
    before: Book
    story: Story = field(default_factory=Story)
    brief: bool = False  # without the commands that only look
    runs: list[_Run] = field(default_factory=list)
    seen: int = 0  # the last request of the sandbox's log that was looked at

    def calls(self) -> dict[str, dict[str, int]]:
        """Calls since the last question, as the two systems saw them: in all and those that write, by system."""
        rows = self.box.get(f"/requests?since={self.seen}")["requests"]
        self.seen = max((row["n"] for row in rows), default=self.seen)
        counted = {
            system: [row["method"] for row in rows if row["system"] == system]
            for system in ("zoho", "people")
        }
        return {
            name: {"calls": len(methods), "writes": sum(method != "GET" for method in methods)}
            for name, methods in zip(("zoho", "google"), counted.values(), strict=True)
        }


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; gives the exit code."""
    options = _parser().parse_args(arguments)
    return on_stage(options.directory, lambda stage: _demo(options, stage), again="make demo-contacts")


def _demo(options: argparse.Namespace, stage: Stage) -> int:
    say(
        "Stockbridge also keeps people in step: the contacts of Zoho Inventory and those of Google, both ways."
    )
    say(
        "Here both are simulated, on this machine; nothing leaves it, and every name is made up. It takes about"
    )
    say("a minute; Ctrl-C stops it.")
    with sandbox(**sizes(options.contacts, options.seed), log=stage.log) as box:
        demo = play(box, stage.home)
        code = judge(demo, stage.written)
    stage.tell_end()
    _tell_more(demo)
    return code


def sizes(contacts: int, seed: int) -> dict[str, float]:
    """The options of a sandbox whose address book has so many contacts, of which its shop knows about three in five."""
    return {
        **{"items": 1, "vendors": max(1, contacts // 30), "orders": 0, "seed": seed},
        **{"customers": contacts // 5, "private_customers": contacts * 17 // 30},
        **{"contacts": contacts, "acquainted": 0.6},
    }


def play(box: Sandbox, home: Path, *, brief: bool = False) -> Demo:
    """All steps of the demo up to the comparison, against a fresh sandbox; `brief` without most of the commands that only
    show something. Raises DemoError."""
    before = book_of(box)
    say()
    for line in book_lines(before):
        say(line)
    variables = {"STOCKBRIDGE_HOME": str(home.resolve()), "NO_COLOR": "1"}
    home.mkdir(parents=True, exist_ok=True)
    _sign_in(box, variables)
    _set_speed(box, variables)
    _settings(home, variables)
    demo = Demo(box=box, home=home, variables=variables, before=before, brief=brief)
    _first_run(demo)
    who = cast(book_of(box))
    _left_out(demo, who)
    _morning(demo, who)
    _second_run(demo, who)
    _take_back(demo, who)
    _last_runs(demo)
    return demo


def judge(demo: Demo, written: Path) -> int:
    """Compare both sides, write the report, tell the result; gives the exit code. Raises DemoError."""
    title("Both sides, compared")
    now = book_of(demo.box)
    comparison = compare_contacts(demo.before, now, _SCOPE, alone=demo.story.alone, apart=demo.story.apart)
    unkept = list(unmet(now, demo.story.expected))
    steps = _steps(demo)
    idle = idle_trouble(steps)
    in_step = comparison.in_step and not unkept and not idle
    figures = report(steps, comparison, events=len(demo.story.expected), unmet=unkept, in_step=in_step)
    written.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    _tell_result(demo, steps, comparison, [*unkept, *idle])
    return 0 if in_step else 1


def _sign_in(box: Sandbox, variables: dict[str, str]) -> None:
    title("Sign in to both")
    logins = box.get("/accounts")
    zoho, google = logins["zoho"], logins["people"]
    say("A real account opens a consent page in the browser; the sandbox gives a code and a token instead.")
    _command(
        variables | {"STOCKBRIDGE_ZOHO_CLIENT_SECRET": zoho["client_secret"]},
        "accounts add zoho --self-client CODE",
        *("accounts", "add", "zoho", "--name", "shop", "--client-id", zoho["client_id"]),
        *("--accounts-server", f"{box.zoho}/dc/{zoho['data_centre']}"),
        *("--self-client", zoho["self_client_code"]),
    )
    token = box.post("/people/refresh-token", {})["refresh_token"]
    _command(
        variables
        | {
            "STOCKBRIDGE_GOOGLE_CLIENT_SECRET": google["client_secret"],
            "STOCKBRIDGE_GOOGLE_REFRESH_TOKEN": token,
        },
        "accounts add google",
        *("accounts", "add", "google", "--name", "address-book", "--client-id", google["client_id"]),
        *("--server", box.people),
    )


def _settings(home: Path, variables: dict[str, str]) -> None:
    title("What is to be kept in step")
    file = home / "contacts.toml"
    file.write_text(SETTINGS)
    say()
    say("$ cat contacts.toml")
    for line in SETTINGS.splitlines():
        say(f"    {line}" if line else "")
    _command(
        variables,
        "sync create contacts --file contacts.toml",
        *("sync", "create", "contacts", "--file", str(file)),
        most=16,
    )


def _first_run(demo: Demo) -> None:
    title("Look before anything is written")
    say(f"From here the sandbox's clock runs {_SPEED} times as fast: a second here is a minute there,")
    say("so that Zoho's limit of 100 calls a minute takes seconds.")
    demo.calls()
    _look(demo, "preview --samples 1", "preview", "--samples", "1", most=40)
    title("The first run")
    _run(demo, "first")
    _look(demo, "health --limit 1", "health", "--limit", "1", most=30)


def _left_out(demo: Demo, who: Cast) -> None:
    title("Why is this one not in step?")
    nobody = who.no_email
    _look(demo, f'explain contacts "{nobody.name}"', "explain", "contacts", nobody.id, most=14)
    say()
    say("Somebody is nobody else's business:")
    email = who.private.zoho.values["email"]
    _command(demo.variables, f"exclude {email} --why private", "exclude", email, "--why", "private")


def _morning(demo: Demo, who: Cast) -> None:
    title("A morning's work, on both sides")
    demo.story = morning(demo.box, who)
    for system, lines in (("Zoho", demo.story.zoho), ("Google", demo.story.google)):
        say(f"In {system}:")
        for line in lines:
            say(f"  {line}")


def _second_run(demo: Demo, who: Cast) -> None:
    title("The second run")
    say(
        "Google tells what was deleted, Zoho does not. A full read of its lists, which a sync does by itself once a"
    )
    say("day, finds out; --full asks for it now.")
    _run(demo, "changes", "--full")
    say()
    say(f"Both changed the mobile phone of {who.asked.name}, for which the settings say to ask:")
    _look(demo, "inbox", "inbox", most=12)
    _command(demo.variables, "inbox 1 google", "inbox", "1", "google")
    say()
    say("What was deleted does not come back:")
    _look(demo, 'health --list "deleted opposite"', "health", "--list", "deleted opposite", most=30)


def _take_back(demo: Demo, who: Cast) -> None:
    title("Taking something back")
    name = who.conflict.name
    changes = ask(["runs", "show", "2", "--changes"], demo.variables)["changes"]
    number = next(
        (each["change"] for each in changes if "notes" in each["after"] and each["system"] == "Google"), None
    )
    if number is None:
        raise DemoError(f"The run did not bring the note on {name} to Google.")
    say(
        f"Zoho's note on {name} has won, as the settings say, and replaced Google's. Each write is kept with what"
    )
    say("it replaced, and can be taken back; it is shown first:")
    _look(demo, f"undo change {number}", "undo", "change", str(number))
    _command(
        demo.variables,
        f"undo change {number} --yes",
        "undo",
        "change",
        str(number),
        "--yes",
        most=2,
        last=True,
    )
    taken_back(demo.story, who)


def _last_runs(demo: Demo) -> None:
    title("The answer is carried out; then there is nothing to do")
    _run(demo, "answer")
    _run(demo, "idle")


def _set_speed(box: Sandbox, variables: dict[str, str]) -> None:
    start = box.post("/clock", {"speed": _SPEED})["start"]
    variables |= {"STOCKBRIDGE_CLOCK_SPEED": str(_SPEED), "STOCKBRIDGE_CLOCK_START": start}


def _run(demo: Demo, name: str, *options: str) -> None:
    """One `stockbridge run` in front of everybody, and its figures. Raises DemoError when it could not do its work."""
    began = time.monotonic()
    say()
    say(f"$ stockbridge {' '.join(['run', *options])}")
    code = run(["run", *options], demo.variables)
    check(code, f"run {' '.join(options)}")
    seconds = time.monotonic() - began
    demo.runs.append(_Run(name=name, calls=demo.calls(), seconds=seconds))


def _steps(demo: Demo) -> list[Step]:
    """The runs, with what each reports of itself."""
    reports = {one["run"]: one for one in ask(["runs"], demo.variables)}
    taken_back_as = max(reports) - 2  # undo is a run of its own, before the last two
    told_of = [one for number, one in sorted(reports.items()) if number != taken_back_as]
    return [
        Step(
            name=one.name,
            calls=one.calls,
            seconds=one.seconds,
            outcome=report["outcome"],
            flow=report["flows"][0],
        )
        for one, report in zip(demo.runs, told_of, strict=True)
    ]


def _look(demo: Demo, shown: str, *arguments: str, most: int = 0) -> None:
    """A command that only shows something."""
    if not demo.brief:
        _command(demo.variables, shown, *arguments, most=most)


def _command(
    variables: dict[str, str], shown: str, *arguments: str, most: int = 0, last: bool = False
) -> None:
    """One command of `stockbridge`, shown as a person would type it, of a long output the first lines (or the last). Raises
    DemoError when it fails."""
    say()
    say(f"$ stockbridge {shown}")
    if not most:
        check(run(arguments, variables), shown)
        return
    code, lines = told(arguments, variables)
    for line in shortened(lines, most, last=last):
        say(line)
    check(code, shown)


def _tell_result(demo: Demo, steps: Sequence[Step], comparison: Comparison, trouble: Sequence[str]) -> None:
    for line in (*runs_table(steps), "", *result_lines(comparison)):
        say(line)
    for sentence in trouble:
        say(f"✗ {sentence}")
    if comparison.in_step and not trouble:
        say(
            f"✓ No difference: {comparison.values:,} values of {comparison.pairs:,} pairs were compared, one by one, "
            f"and {len(demo.story.expected)} outcomes of that morning."
        )


def _tell_more(demo: Demo) -> None:
    say()
    say("Look around in what it left:")
    say(f"  export STOCKBRIDGE_HOME={demo.home.resolve()}")
    say(f"  {program('stockbridge')} health")
    say(f"  {program('stockbridge')} runs show 2 --changes")
    say(f"  {program('stockbridge')} explain contacts {demo.story.example}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stockbridge_sandbox.demo_contacts", description=__doc__)
    parser.add_argument("--contacts", type=int, default=300, help="how many stand in the address book")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same people")
    parser.add_argument(
        "--directory", type=Path, default=Path(".demo/contacts"), help="where the files of the demo go"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
