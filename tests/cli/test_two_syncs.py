"""A board and a contact sync in one place: what only one of them has is found without naming it."""

from __future__ import annotations

import pytest

from cli.conftest import Command


@pytest.fixture
def both(
    stockbridge: Command,
    logins: dict[str, dict[str, str]],
    zoho_arguments: list[str],
    optiply_arguments: list[str],
    google_arguments: list[str],
) -> None:
    """The syncs "winkel & zoon" (a board) and "people"."""
    for words in (
        (*zoho_arguments, "--self-client", logins["zoho"]["self_client_code"]),
        tuple(optiply_arguments),
        tuple(google_arguments),
        ("sync", "create", "optiply-board", "--name", "winkel & zoon"),
        ("sync", "create", "contacts", "--name", "people"),
    ):
        done = stockbridge(*words)
        assert done.code == 0, done.err


@pytest.mark.usefixtures("both")
def test_the_sync_that_has_it_is_taken(stockbridge: Command) -> None:
    assert stockbridge("explain", "contacts", "nobody").out.startswith("contacts: nobody")
    assert stockbridge("explain", "products", "nothing").out.startswith("products: nothing")
    assert stockbridge("retry", "contacts").code == 0
    assert stockbridge("health").code == 0


@pytest.mark.usefixtures("both")
def test_otherwise_it_says_how_to_name_one(stockbridge: Command) -> None:
    assert "Say which one: 'winkel & zoon', people" in stockbridge("run").err
    assert "Say which one with --sync: 'winkel & zoon', people" in stockbridge("retry").err
    assert "Say which one with --sync: 'winkel & zoon', people" in stockbridge("approve").err
    assert stockbridge("sync", "create", "contacts", "--name", "more").code == 0
    assert "Say which one with --sync: more, people" in stockbridge("explain", "contacts", "x").err
    assert "Say which one with --sync: more, people" in stockbridge("exclude", "x").err
    assert "Say which one: more, people" in stockbridge("health").err
