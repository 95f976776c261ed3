"""The model connector of the documentation in a sync of its own: two folders of cards, with people who edit the files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from examples.card_folder import CardFolder
from examples.two_folders import keep_in_step
from stockbridge.core.errors import Gone
from stockbridge.core.record import Record, Refusal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
    return tmp_path / "left", tmp_path / "right"


def write(folder: Path, id: str, **values: Any) -> None:
    (folder / f"{id}.json").write_bytes(msgspec.json.encode(values))


def cards(folder: Path) -> dict[str, dict[str, Any]]:
    """The cards of a folder by e-mail address, without the marks."""
    found = [msgspec.json.decode(path.read_bytes()) for path in folder.glob("*.json")]
    out = {card["email"]: {name: card.get(name) or None for name in ("name", "labels")} for card in found}
    assert len(out) == len(found), "a card stands there twice"
    return out


def test_two_folders_come_in_step_and_stay_so(folders: tuple[Path, Path]) -> None:
    left, right = folders
    write(left, "anna", name="Anna Bakker", email="anna@x.example")
    write(right, "bram", name="Bram", email="bram@x.example", labels=["Friends"])
    write(right, "anne", name="Anna", email="anna@x.example")  # the same person, so the left name counts
    first = keep_in_step(left, right)
    assert (first.outcome, first.flows[0].created) == ("in step", 1)
    both: dict[str, dict[str, Any]] = {
        "anna@x.example": {"name": "Anna Bakker", "labels": None},
        "bram@x.example": {"name": "Bram", "labels": ["Friends"]},
    }
    assert cards(left) == cards(right) == both

    bram = next(path for path in left.glob("*.json") if b"bram" in path.read_bytes())
    write(left, bram.stem, **{**msgspec.json.decode(bram.read_bytes()), "name": "Bram de Wit"})
    write(right, "anne", **{**msgspec.json.decode((right / "anne.json").read_bytes()), "labels": ["VIP"]})
    assert keep_in_step(left, right).outcome == "in step"
    both["anna@x.example"]["labels"] = ["VIP"]
    both["bram@x.example"]["name"] = "Bram de Wit"
    assert cards(left) == cards(right) == both

    (right / "anne.json").unlink()
    gone = keep_in_step(left, right, full=True)
    assert (gone.outcome, gone.flows[0].removed) == ("in step", 1)
    assert list(cards(left)) == list(cards(right)) == ["bram@x.example"]


def test_a_broken_card_is_named_and_stops_no_other(folders: tuple[Path, Path]) -> None:
    left, right = folders
    write(left, "anna", name="Anna Bakker", email="anna@x.example")
    (left / "torn.json").write_bytes(b'{"name": "To')
    assert keep_in_step(left, right).outcome == "left over"
    assert list(cards(right)) == ["anna@x.example"]
    (found,) = CardFolder(left).fetch("cards", ["torn"])
    assert isinstance(found, Refusal)
    assert found.remedy == "Mend torn.json."


def test_no_id_leads_out_of_the_folder(folders: tuple[Path, Path]) -> None:
    left, right = folders
    write(left, "secret", name="Not in the folder", email="s@x.example")
    folder = CardFolder(right)
    way_out = "../left/secret"
    (found,) = folder.fetch("cards", [way_out])
    assert isinstance(found, Record)
    assert found.deleted
    with pytest.raises(Gone):
        folder.update("cards", way_out, {"name": "x"})
    folder.remove("cards", way_out)
    assert cards(left)["s@x.example"]["name"] == "Not in the folder"


def test_it_is_a_program_of_its_own(folders: tuple[Path, Path]) -> None:
    left, right = folders
    write(left, "anna", name="Anna Bakker", email="anna@x.example")
    command = [sys.executable, "-m", "examples.two_folders", str(left), str(right)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "in step: 1 created, 0 updated, 0 removed\n"), done.stderr
    assert cards(left) == cards(right)
