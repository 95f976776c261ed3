"""Rules of a person's own, from the file to the flow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from stockbridge.core.compiled import compile_flow
from stockbridge.core.flow import Flow
from stockbridge.core.rules import Verdict
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import SettingsError, decode_settings, encode_settings
from stockbridge.wiring.settings_file import SyncFile, read_sync_file, write_sync_file

HEAD = 'name = "x"\nzoho = "z"\noptiply = "o"\n'


def read(text: str) -> SyncFile:
    return read_sync_file(HEAD + text, targets(), sources())


def board(text: str) -> dict[str, Flow]:
    settings = decode_settings(encode_settings(read(text).settings))
    return {flow.name: flow for flow in optiply_board(settings)}


def verdict(flow: Flow, **values: Any) -> Verdict:
    from stockbridge.connectors.optiply.streams import STREAMS as OPTIPLY
    from stockbridge.connectors.zoho.streams import STREAMS as ZOHO

    flows = {("items", "products"): "products", ("vendors", "suppliers"): "suppliers"}
    return compile_flow(flow, ZOHO[flow.a], OPTIPLY[flow.b], flows).a.admit(values)


def test_only_records_that_meet_a_rule_are_in_scope() -> None:
    flow = board(
        '[[rules.products]]\nif = [{ field = "brand", test = "is one of", value = ["Zwaluw"] }]\n'
        '[[rules.products]]\nif = [{ field = "rate", test = "is", value = 12.5 }, '
        '{ field = "cf_online", test = "is", value = true }]\n'
    )["products"]
    assert verdict(flow, brand="Zwaluw").in_scope
    assert verdict(flow, brand="Reiger", rate=Decimal("12.50"), custom={"cf_online": True}).in_scope
    out = verdict(flow, brand="Reiger", rate=Decimal("12.50"), custom={"cf_online": False})
    assert (out.in_scope, out.left_out) == (False, "kept out by a rule of your own")


def test_a_rule_narrows_what_the_flags_let_in_and_never_widens_it() -> None:
    flow = board(
        '[[rules.sell_orders]]\nif = [{ field = "date", test = "is on or after", value = 2026-02-01 }]\n'
    )["sell_orders"]
    assert verdict(flow, order_status="confirmed", date=date(2026, 2, 1)).in_scope
    assert (
        verdict(flow, order_status="confirmed", date=date(2026, 1, 31)).left_out
        == "kept out by a rule of your own"
    )
    assert verdict(flow, order_status="draft", date=date(2026, 2, 1)).left_out == "drafts and void orders"
    assert verdict(flow, order_status="void", date=date(2026, 2, 1)).gone


def test_a_file_with_rules_comes_back_as_it_went() -> None:
    text = (
        '[[rules.suppliers]]\nif = [{ field = "contact_name", test = "is filled" }]\n'
        '[[rules.products]]\nif = [{ field = "created_time", test = "is on or after", value = "2026-01-01" }]\n'
    )
    first = read(text)
    again = read_sync_file(write_sync_file(first), targets(), sources())
    assert msgspec.to_builtins(again.settings.rules) == {
        "suppliers": [{"if": [{"field": "contact_name", "test": "is filled"}]}],
        "products": [{"if": [{"field": "created_time", "test": "is on or after", "value": "2026-01-01"}]}],
    }
    flow = board(text)["products"]
    assert verdict(flow, created_time=datetime(2026, 1, 1, 5, tzinfo=UTC)).in_scope


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[rules.prodcts]]\nif = [{ field = "brand", test = "is", value = "x" }]',
            'did you mean "products"',
        ),
        ('[[rules.products]]\nif = [{ field = "brnd", test = "is", value = "x" }]', 'did you mean "brand"'),
        ('[[rules.products]]\nif = [{ field = "brand", test = "iss", value = "x" }]', 'did you mean "is"'),
        ('[[rules.products]]\nif = [{ field = "rate", test = "is", value = "dear" }]', "must be a number"),
        ('[[rules.products]]\nif = [{ field = "brand", test = "is one of", value = "x" }]', "must be a list"),
        ('[[rules.products]]\nif = [{ field = "brand", test = "is", valeu = "x" }]', 'did you mean "value"'),
        ('[[rules.products]]\nif = [{ field = "brand", test = "is on or after", value = "x" }]', "no date"),
        (
            '[[rules.products]]\nif = [{ field = "brand", test = "gets deleted" }]',
            '"gets deleted" is not a test',
        ),
        ("[[rules.products]]\nif = []", 'needs a list "if"'),
        ('[[rules.products]]\nif = [{ field = "brand", test = "is filled" }]\nthen = "x"', 'just "if"'),
        ("rules = 3", "not a table by flow"),
    ],
)
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(text)
    assert any(words in problem for problem in caught.value.problems), caught.value.problems
