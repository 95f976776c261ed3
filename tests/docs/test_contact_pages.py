"""The pages of the contact sync say what the code does: every key, the default mapping, which field goes with which, the
tests of rules, the states; and every file and table quoted is understood."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from stockbridge.core.compiled import compile_flow, seen
from stockbridge.core.decide import decide
from stockbridge.core.flow import LinkView, Transform
from stockbridge.core.kinds import direction, fit
from stockbridge.core.record import Field, Kind, Record, Values
from stockbridge.engine.health import STATES
from stockbridge.wiring import rule_values
from stockbridge.wiring.contact_file import read_contact_file
from stockbridge.wiring.contact_mapping import DEFAULTS
from stockbridge.wiring.contact_settings import (
    HELP,
    IN_GOOGLE,
    IN_ZOHO,
    POLICIES,
    ContactSettings,
    Deletions,
    OwnMapping,
    Unsubscribes,
)
from stockbridge.wiring.contacts import checked

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "reference" / "contact-sync-file.md"
HOW_TO = ROOT / "docs" / "how-to" / "sync-contacts.md"
PAGES = (FILE, HOW_TO, ROOT / "docs" / "explanation" / "contacts.md")
# Custom fields that the pages use.
CUSTOM = [
    Field(name="cf_gln", kind=Kind.TEXT),
    Field(name="cf_birthday", kind=Kind.DAY),
    Field(name="cf_sync_trash", kind=Kind.FLAG),
]
KINDS = {
    "text": Field(name="x", kind=Kind.TEXT),
    "long text": Field(name="x", kind=Kind.LONG_TEXT),
    "number": Field(name="x", kind=Kind.NUMBER),
    "date": Field(name="x", kind=Kind.DAY),
    "time": Field(name="x", kind=Kind.MOMENT),
    "yes/no": Field(name="x", kind=Kind.FLAG),
    "one of a list": Field(name="x", kind=Kind.SELECT),
    "labels": Field(name="x", kind=Kind.LABELS),
    "e-mail address": Field(name="x", kind=Kind.EMAIL),
    "phone number": Field(name="x", kind=Kind.PHONE),
    "web address": Field(name="x", kind=Kind.URL),
    "part of an address": Field(name="x", kind=Kind.TEXT, group="address"),
}


def section(heading: str, page: Path = FILE) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page.read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables of a text, cell by cell, without their heads."""
    out: list[list[str]] = []
    for table in re.findall(r"((?:^\|.*\n)+)", text, re.M):
        for line in table.splitlines()[2:]:
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            out.append([cell.strip().replace("\\|", "|") for cell in cells])
    return out


def documented(heading: str) -> dict[str, list[str]]:
    """The rows of a section by the names in their first cell, without back quotes."""
    return {
        name: [cell.strip("`") for cell in row[1:]]
        for row in rows(section(heading))
        for name in re.findall(r"`([^`]+)`", row[0])
    }


def default_words(value: object) -> str:
    return "none" if value in (None, {}, []) else json.dumps(value)


@pytest.mark.parametrize(
    ("heading", "struct"),
    [("Settings", ContactSettings()), ("Deletions", Deletions()), ("Unsubscribes", Unsubscribes())],
)
def test_every_setting_is_there_with_its_default(heading: str, struct: msgspec.Struct) -> None:
    defaults: dict[str, Any] = msgspec.to_builtins(struct)
    if heading == "Settings":
        defaults = {name: defaults[name] for name in HELP}
    assert {name: row[0] for name, row in documented(heading).items()} == {
        name: default_words(value) for name, value in defaults.items()
    }


def test_every_value_of_a_deletion_is_there() -> None:
    told = documented("Deletions")
    assert re.findall(r'"(\w+)"', told["in_zoho"][1]) == list(IN_ZOHO)
    assert re.findall(r'"(\w+)"', told["in_google"][1]) == list(IN_GOOGLE)


def test_every_row_of_the_default_mapping_is_there() -> None:
    told = [
        (row[0].strip("`"), row[1], row[2].strip("`"), row[3] == "on")
        for row in rows(section("The default mapping"))
    ]
    assert told == [
        (row.zoho, "←" if row.zoho == "contact_name" else "↔", row.google, row.on) for row in DEFAULTS
    ]


def test_every_key_of_a_mapping_every_policy_and_every_change_is_there() -> None:
    told = set(documented("Mappings of your own"))
    changes = set(get_args(msgspec.structs.fields(Transform)[0].type))
    assert told == {field.name for field in msgspec.structs.fields(OwnMapping)} | set(POLICIES) | changes


def cell(source: Field, target: Field) -> str:
    """What the table says from this field to that one."""
    if not fit(source, target, mapped=True).ok:
        return "–"
    other = {Kind.SELECT: "b", Kind.LABELS: "b"}.get(target.kind)
    options = {"choices": (other,)} if other else {}
    bare = fit(source, msgspec.structs.replace(target, **options)).ok
    arrow = "↔" if direction(source, target, mapped=True).arrow == "<->" else "→"
    return arrow if bare else f"{arrow} map"


def test_which_field_goes_with_which() -> None:
    text = section("Which field goes with which")
    head = [one.strip() for one in re.findall(r"^\|(.*)\|$", text, re.M)[0].split("|")][1:]
    assert head == list(KINDS)
    told = {row[0]: row[1:] for row in rows(text)}
    assert told == {
        name: [cell(source, target) for target in KINDS.values()] for name, source in KINDS.items()
    }


def test_every_test_of_a_rule_is_there() -> None:
    told = {
        kind: re.findall(r"`(\w+)`", row[1])
        for row in rows(section("Rules"))
        if len(row) == 2
        for kind in row[0].split(", ")
    }
    words = {Kind.DAY: "date", Kind.MOMENT: "time", Kind.TEXTS: "several values"}
    expected = {
        words.get(kind, str(kind)): [rule_values.spelled(one) for one in tests]
        for kind, tests in rule_values.TESTS_OF.items()
    }
    expected["several values"] = [
        rule_values.spelled(one) for one in rule_values.tests_of(Field(name="x", kind=Kind.EMAIL, many=True))
    ]
    assert {kind: told.get(kind) for kind in expected} == expected
    assert "already_there = true" in section("Rules")
    assert "gets_deleted = true" in section("Rules")


def test_every_state_is_there() -> None:
    assert [row[0] for row in rows(section("Where a contact stands"))] == list(STATES)


def quoted() -> list[tuple[str, str]]:
    return [
        (page.name, block)
        for page in PAGES
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    ]


def test_there_are_files_to_try() -> None:
    assert len(quoted()) >= 10


@pytest.mark.parametrize(("page", "content"), quoted())
def test_every_quoted_part_of_a_file_is_understood(page: str, content: str) -> None:
    problems: list[str] = []
    described = read_contact_file(content, problems, whole=False)
    checked(described.settings, CUSTOM, problems)
    assert problems == []


def test_the_example_is_understood() -> None:
    problems: list[str] = []
    text = (ROOT / "examples" / "contacts.toml").read_text(encoding="utf-8")
    _, built = checked(read_contact_file(text, problems, whole=False).settings, CUSTOM, problems)
    assert (problems, built.warnings) == ([], [])


WHY = ROOT / "docs" / "explanation" / "contacts.md"
AGREED = "Anna"
HELD = {  # state in words -> what (Zoho, Google) hold; None: nothing
    "same": (AGREED, AGREED),
    "changed": ("Bea", "Cleo"),
    "changed alike": ("Dora", "Dora"),
    "emptied": (None, None),
    "filled": ("Bea", "Cleo"),
    "filled alike": ("Dora", "Dora"),
    "blank": (None, None),
}


def merged(zoho: str | None, google: str | None, *, agreed: bool, winner: str) -> str:
    """What the decision about one field is, in the words of the page."""
    settings = ContactSettings(winner=winner)
    _, built = checked(settings, [], [])
    compiled = compile_flow(built.flow, built.a, built.b, {("contacts", "contacts"): "contacts"})
    blank_a: Values = {field.name: None for field in built.a.fields}
    blank_b: Values = {field.name: [] if field.many else None for field in built.b.fields}
    common_a = {"contact_type": "customer", "status": "active", "email": "x@y.example", "contact_name": "X"}
    common_b = {"email": "x@y.example", "emails": ["x@y.example"]}
    a = Record(id="1", version="1", full=True, values={**blank_a, **common_a, "first_name": zoho})
    b = Record(id="2", version="1", full=True, values={**blank_b, **common_b, "given_name": google})
    link = None
    if agreed:
        link = LinkView(
            a_id="1",
            b_id="2",
            a_snapshot=seen(
                compiled.a, msgspec.structs.replace(a, values={**a.values, "first_name": AGREED})
            ),
            b_snapshot=seen(
                compiled.b, msgspec.structs.replace(b, values={**b.values, "given_name": AGREED})
            ),
        )
    writes = decide(compiled, link, a, b, lambda flow, id: None).writes
    if not writes:
        return "nothing"
    (write,) = writes
    (value,) = write.values.values()
    if value is None:
        return "Google's is emptied" if write.side == "b" else "Zoho's is emptied"
    return "Zoho's goes to Google" if write.side == "b" else "Google's goes to Zoho"


def merge_rows() -> list[tuple[str, str, str]]:
    return [
        (row[0], row[1], row[2])
        for row in rows(section("Field by field", WHY))
        if len(row) == 3 and row[0] in HELD
    ]


def test_there_are_rows_to_try() -> None:
    assert len(merge_rows()) == 13


@pytest.mark.parametrize("winner", ["zoho", "google"])
@pytest.mark.parametrize(("zoho", "google", "outcome"), merge_rows())
def test_field_by_field(zoho: str, google: str, outcome: str, winner: str) -> None:
    agreed = not {zoho.split()[0], google.split()[0]} & {"filled", "blank"}
    if outcome == "the winner's goes to the other":
        outcome = "Zoho's goes to Google" if winner == "zoho" else "Google's goes to Zoho"
    assert merged(HELD[zoho][0], HELD[google][1], agreed=agreed, winner=winner) == outcome


def test_every_strategy_of_a_deletion_is_told() -> None:
    told = [row[0].strip("`") for row in rows(section("Deletions", WHY))]
    assert told == list(IN_GOOGLE)
    head = section("Deletions", HOW_TO)
    assert [one for one in IN_GOOGLE if f'`"{one}"`' not in head] == []
