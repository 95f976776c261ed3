"""The demo of contacts, small: its report, its exit code, and that a difference is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from stockbridge_sandbox.demo_contacts import judge, play, sizes
from stockbridge_sandbox.demo_contacts_figures import shortened
from stockbridge_sandbox.demo_programs import sandbox

CONTACTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    code: int
    report: dict[str, Any]
    told: str
    planted_code: int
    planted_report: dict[str, Any]
    planted_told: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """One small demo, judged as it is, and once more after somebody was edited and lost a label behind its back."""
    directory = tmp_path_factory.mktemp("demo")
    written = directory / "report.json"
    with pytest.MonkeyPatch.context() as patch, sandbox(**sizes(CONTACTS, 7), log=directory / "log") as box:
        told: list[str] = []
        for teller in ("demo_contacts", "demo_stage"):
            patch.setattr(f"stockbridge_sandbox.{teller}.say", lambda text="": told.append(text))
        demo = play(box, directory / "home", brief=True)
        code = judge(demo, written)
        report, first_told = json.loads(written.read_text()), "\n".join(told)
        told.clear()
        rows = box.state("people", ["contacts"])["contacts"]
        held = next(row for row in rows if "Noor Nieuwland" in str(row.get("names")))
        key = held["resourceName"].removeprefix("people/")
        box.patch(f"/people/contacts/{key}", {"biographies": [{"value": "Written by hand"}]})
        box.post(f"/people/contacts/{key}/label", {"label": "Customers", "on": False})
        planted_code = judge(demo, written)
        yield Played(
            code=code,
            report=report,
            told=first_told,
            planted_code=planted_code,
            planted_report=json.loads(written.read_text()),
            planted_told="\n".join(told),
        )


def test_the_report_has_its_shape_and_both_sides_agree(played: Played) -> None:
    report = played.report
    assert report["differences"] == []
    assert played.code == 0
    assert set(report) == {"runs", "contacts", "apart", "compared", "differences", "in_step"}
    assert report["in_step"] is True
    assert [run["name"] for run in report["runs"]] == ["first", "changes", "answer", "idle"]
    pairs = report["contacts"]["pairs"]
    assert pairs > CONTACTS / 2
    assert report["compared"]["values"] == pairs * 25  # 24 fields of the mapping, and the label
    assert report["compared"]["kept"] > pairs
    assert report["compared"]["outcomes"] >= 10


def test_each_run_does_what_the_story_says(played: Played) -> None:
    first, changes, answer, idle = played.report["runs"]
    assert first["created"] + first["updated"] > CONTACTS / 2
    assert changes["created"] == 1  # who is new
    assert (
        changes["updated"] == 6
    )  # a phone, a title, a note, a label for the one deleted, two labels of the rule
    assert answer["updated"] == 1
    assert (idle["created"], idle["updated"], idle["removed"]) == (0, 0, 0)
    for system in ("zoho", "google"):
        assert idle["calls"][system] == {"calls": 1, "writes": 0}


def test_who_stands_alone_is_told_with_the_reason(played: Played) -> None:
    apart = played.report["apart"]
    assert apart["deleted at Google, kept in Zoho"] == 1
    assert apart["deleted in Zoho, labelled Sync Trash at Google"] == 1
    assert apart["left alone by hand"] == 2
    assert apart["without an e-mail address"] >= 1
    assert "✓ No difference" in played.told


def test_what_was_written_behind_its_back_is_told(played: Played) -> None:
    assert played.planted_code == 1
    assert played.planted_report["in_step"] is False
    assert 'notes is empty in Zoho, but "Written by hand" at Google.' in played.planted_told
    assert "the contact at Google has no label Customers." in played.planted_told
    assert len(played.planted_report["differences"]) == 2


def test_a_long_output_is_cut_and_says_so() -> None:
    lines = ["", *(str(n) for n in range(8)), "x" * 200]
    assert shortened(lines, 4) == ["0", "1", "2", "… (6 more lines)"]
    assert shortened(lines, 9)[-1].endswith("x…")
    assert shortened(lines, 2, last=True)[0] == "7"
    assert max(len(line) for line in shortened(lines, 20)) == 120
