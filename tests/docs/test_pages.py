"""The pages hold together: links and anchors resolve, nothing of one machine stands in them, generated pages are current."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stockbridge.cli.reference import pages

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "src").rglob("*.md"),
        *(ROOT / "changes").glob("*.md"),
    )
)
_FENCE = re.compile(r"^(?P<indent> *)```.*?^(?P=indent)```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_MACHINE = re.compile(r"(?<![\w.:/~-])/(?:home|root|work|tmp|Users|mnt|srv|opt)/\w+")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def prose(page: Path) -> str:
    """The text without its code blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that a reader's renderer makes out of the headings."""
    found: set[str] = set()
    for line in prose(page).splitlines():
        if not re.match(r"#{1,6} ", line):
            continue
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip()).lower()
        kept = "".join(
            letter for letter in heading if letter in " -_" or unicodedata.category(letter)[0] in "LN"
        )
        anchor = kept.replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return frozenset(found)


def links(page: Path) -> Iterator[str]:
    for found in _LINK.finditer(prose(page)):
        if not re.match(r"[a-z]+:", found["target"]):
            yield found["target"]


def test_there_are_pages() -> None:
    assert len(PAGES) > 25
    assert sum(1 for page in PAGES for _ in links(page)) > 80


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_anchors_resolve(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_nothing_of_one_machine_stands_in_them(page: Path) -> None:
    assert _MACHINE.findall(page.read_text(encoding="utf-8")) == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    decisions = ROOT / "docs" / "decisions"
    missing = [
        name_of(page)
        for page in (ROOT / "docs").rglob("*.md")
        if page not in linked and page != index and page.parent != decisions
    ]
    assert missing == []


@pytest.mark.parametrize("name", ["commands.md", "flags.md", "fields.md"])
def test_generated_pages_are_current(name: str) -> None:
    """If this fails: python -m stockbridge.cli.reference"""
    assert (REFERENCE / name).read_text(encoding="utf-8") == pages()[name]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_line_shouts(page: Path) -> None:
    assert [line for line in prose(page).splitlines() if re.search(r"\w!(\s|$)", line)] == []
