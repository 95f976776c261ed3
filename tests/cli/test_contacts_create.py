"""A contact sync from the command line: made, shown in words, changed by its file, and run against both sandboxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Command
from stockbridge_sandbox.run import Sandbox, start

EXAMPLE = Path(__file__).parents[2] / "examples" / "contacts.toml"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small company and a small address book, new for each test."""
    with start(items=2, vendors=2, orders=4, contacts=8, seed=11) as running:
        yield running


@pytest.fixture
def both(sandbox: Sandbox, people_accounts: None) -> Sandbox:
    """Both accounts, signed in: "winkel" and "adressen"."""
    return sandbox


def test_it_says_what_is_going_to_happen(stockbridge: Command, both: Sandbox) -> None:
    done = stockbridge("sync", "create", "contacts", "--region", "nl", "--winner", "google")
    assert done.code == 0, done.err
    assert done.out.startswith('✓ The sync "contacts" keeps winkel (Zoho) and adressen (Google) in step.')
    for line in (
        "direction          both ways: an edit in Zoho goes to Google, one in Google goes to Zoho",
        "winner             Google, where both changed; a blank never wins",
        "Zoho contacts whose type is customer: keep in sync with Google.",
        "All Google contacts: keep in sync with Zoho.",
    ):
        assert line in done.out
    assert ["phone", "<->", "phone_work"] in [line.split() for line in done.out.splitlines()]
    assert done.out.rstrip().endswith("stockbridge preview")
    assert stockbridge("sync", "show").out.count("<->") == done.out.count("<->")
    (slot,) = stockbridge("sync", "list", "--json").json
    assert (slot["zoho"], slot["google"], slot["winner"], slot["region"]) == (
        "winkel",
        "adressen",
        "google",
        "NL",
    )
    again = stockbridge("sync", "create", "contacts")
    assert again.code == 2
    assert 'There is already a sync "contacts"' in again.err


def test_the_example_is_taken_shown_and_comes_back_as_it_went(
    stockbridge: Command, both: Sandbox, tmp_path: Path
) -> None:
    made = stockbridge("sync", "create", "contacts", "--file", str(EXAMPLE), "--name", "people")
    assert made.code == 0, made.err
    assert "cf_gln" in made.out
    rules = stockbridge("rules", "--json").json
    assert [one["name"] for one in rules] == ["Active customers", "Who owes us much", "Shop"]
    assert rules[0]["words"].endswith(
        "add the label “Customers” (taken off again when they no longer match)."
    )
    lines = {line["zoho"]: line for line in stockbridge("mappings", "--json").json}
    assert lines["outstanding_receivable_amount"]["arrow"] == "->"
    assert "not every text is a number" in lines["outstanding_receivable_amount"]["reasons"][0]
    assert lines["notes"]["arrow"] == "none"
    file = tmp_path / "people.toml"
    assert stockbridge("sync", "export", "-o", str(file)).code == 0
    taken = stockbridge("sync", "import", str(file))
    assert (taken.code, taken.out) == (0, '✓ The sync "people" is as the file says; nothing changed.\n')
    file.write_text(file.read_text().replace("phone = true", "phone = false"))
    changed = stockbridge("sync", "import", str(file))
    assert "fields: phone: on → off" in changed.out


def test_what_is_wrong_with_a_file_is_told_before_anything_is_stored(
    stockbridge: Command, both: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "people.toml"
    file.write_text(
        """
direction = "to google"
[deletions]
in_google = "mark"
[[mappings]]
zoho = "cf_gnl"
google = "user_defined.GLN"
[[rules]]
name = "Ours"
in = "zoho"
if = [{ field = "customer_sub_tipe", is = "business" }]
"""
    )
    done = stockbridge("sync", "create", "contacts", "--file", str(file))
    assert done.code == 2
    for words in (
        "The settings are not right (3 problems):",
        'Zoho\'s contacts have no field "cf_gnl"; do you mean “cf_gln”?',
        'deletions.in_google = "mark" would write to Zoho Inventory, but the sync goes to Google Contacts only.',
        'did you mean "customer_sub_type"?',
        "Nothing was changed.",
    ):
        assert words in done.err
    assert stockbridge("sync", "list", "--json").json == []


def test_fields_of_both_sides_with_what_they_are_mapped_to(stockbridge: Command, both: Sandbox) -> None:
    assert stockbridge("fields").code == 2  # there is no contact sync yet
    stockbridge("sync", "create", "contacts")
    found: dict[str, list[dict[str, Any]]] = stockbridge("fields", "--json").json
    at_zoho, at_google = ({one["name"]: one for one in found[side]} for side in ("zoho", "google"))
    assert at_zoho["cf_gln"]["mapped"] is None  # a custom field that no setting names
    assert at_zoho["email"]["mapped"] == "<-> email"
    assert at_google["email"]["mapped"] == "email <->"
    assert at_zoho["customer_sub_type"]["choices"] == ["business", "individual"]
    assert not at_google["display_name"]["writable"]
    only = stockbridge("fields", "--google")
    assert "Contacts in Google" in only.out
    assert "Contacts in Zoho" not in only.out


def test_a_first_run_settles_and_the_rules_count_what_they_took(
    stockbridge: Command, both: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stockbridge("sync", "create", "contacts", "--region", "NL", "--direction", "to google")
    looked = stockbridge("preview", "--json").json
    assert looked["flows"][0]["create"] > 0
    assert looked["flows"][0]["export"] == 0
    first = stockbridge("run", "--json").json
    assert first["flows"][0]["exported"] == 0
    assert first["flows"][0]["created"] > 0
    second = stockbridge("run", "--json").json
    flow = second["flows"][0]
    assert (flow["created"], flow["updated"], flow["removed"]) == (0, 0, 0)
    zoho, google = stockbridge("rules", "--json").json
    assert zoho["met"] == zoho["read"] > 0
    assert (google["in"], google["met"]) == ("google", 0)  # the sync goes to Google only
    refused = stockbridge("run", "--exports")
    assert refused.code == 2
    assert "has no exports: it goes both ways at once" in refused.err
    wrong = stockbridge("explain", "products", "x")
    assert 'The sync "contacts" has no products.' in wrong.err
