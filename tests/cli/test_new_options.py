"""An option that somebody adds to a list in Zoho, which the values of a mapping do not know yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Command, Result
from cli.test_contact_commands import SHOP, google_rows, in_zoho
from stockbridge_sandbox.run import Sandbox, start

SPEED = 1000
FILE = """
name = "people"
kind = "contacts"
zoho = "winkel"
google = "adressen"

[[mappings]]
zoho = "cf_klasse"
google = "user_defined.Klasse"
values = {{ {values} }}
"""
TWO, THREE = 'Goud = "gold", Zilver = "silver"', 'Goud = "gold", Zilver = "silver", Brons = "bronze"'


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A shop whose contacts have a class, and an address book without any contact."""
    with start(SHOP, contacts=0) as running:
        running.control.define_field("contact", "Klasse", "dropdown", ("Goud", "Zilver"))
        yield running


@pytest.fixture
def signed_in(
    stockbridge: Command,
    sandbox: Sandbox,
    people_accounts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both accounts, the clock of the sandbox as fast as that of the commands."""
    monkeypatch.setenv("STOCKBRIDGE_CLOCK_SPEED", str(SPEED))  # a code lives for minutes, so not before
    sandbox.clock.set_speed(SPEED)


def of_class(sandbox: Sandbox, contact: str, name: str, **more: str) -> None:
    body = {"custom_fields": [{"api_name": "cf_klasse", "value": name}], **more}
    sandbox.zoho.direct("PUT", f"/contacts/{contact}", body=body)


def at_google(sandbox: Sandbox) -> tuple[str, str | None]:
    """The class and the notes of the one contact there."""
    [row] = google_rows(sandbox).values()
    [told] = row["userDefined"]
    return told["value"], next((one["value"] for one in row.get("biographies", [])), None)


@pytest.mark.usefixtures("signed_in")
def test_a_contact_with_a_new_option_is_parked_until_it_has_a_partner(
    stockbridge: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "people.toml"

    def imported(values: str) -> Result:
        file.write_text(FILE.format(values=values))
        return stockbridge("sync", "import", str(file))

    assert imported(TWO).code == 0
    anna = in_zoho(sandbox, "Anna", "Bakker", "anna@velo.example")
    of_class(sandbox, anna, "Goud")
    assert stockbridge("run").code == 0
    assert at_google(sandbox) == ("gold", None)

    sandbox.control.change_options("contact", "cf_klasse", ("Goud", "Zilver", "Brons"))
    of_class(sandbox, anna, "Brons", notes="belt terug")
    for _ in range(2):
        assert stockbridge("run").code == 3
    told = stockbridge("status", "--waiting").out
    assert (
        '“Brons” has no partner among the values that are mapped to custom field "Klasse": Goud, Zilver.'
        in told
    )
    assert (
        "Give it one in the values of that mapping (stockbridge sync export, edit, stockbridge sync import)"
        in told
    )
    assert at_google(sandbox) == ("gold", None)

    # Whatever else is changed in the file: the way to Google is not given up because of the new option.
    same = imported(TWO)
    assert same.code == 2
    assert "“Brons” of Klasse has no partner in its values, so nothing could go to Google." in same.err
    assert same.err.splitlines()[-1].strip() == "Nothing was changed."
    assert stockbridge("run").code == 3

    assert imported(THREE).code == 0
    assert stockbridge("preview").code == 0
    assert stockbridge("run").code == 0
    assert at_google(sandbox) == ("bronze", "belt terug")
