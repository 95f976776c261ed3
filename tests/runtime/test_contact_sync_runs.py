"""A contact sync beside a board: when it runs by itself, and which of Zoho's webhooks it listens to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from stockbridge.core.errors import Halt
from stockbridge.runtime.payload import records_of
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.contact_settings import encode_contact_settings, parse_contact_settings
from stockbridge.wiring.settings import Settings, encode_settings
from stockbridge.wiring.sync_kinds import BOARD, CONTACTS, FLOW_NAMES, KINDS, kind_of


def config(**data: Any) -> bytes:
    problems: list[str] = []
    found = encode_contact_settings(parse_contact_settings(data, problems))
    assert problems == []
    return found


def row(kind: str) -> SyncRow:
    rest: dict[str, Any] = {field.name: None for field in msgspec.structs.fields(SyncRow)}
    return SyncRow(**{**rest, "name": "people", "kind": kind})


def test_it_runs_every_five_minutes_both_ways_at_once() -> None:
    (slot,) = KINDS[CONTACTS].slots(config())
    assert (slot.kind, slot.flow, slot.only) == ("import", "", None)
    assert slot.timing.every == timedelta(minutes=5)
    (slot,) = KINDS[CONTACTS].slots(config(every="0 7 * * *"))
    assert slot.timing.cron == "0 7 * * *"
    assert KINDS[CONTACTS].slots(config(every="never")) == ()


def test_each_kind_opens_its_own_flows_with_what_its_connectors_must_know() -> None:
    opening = KINDS[CONTACTS].opening(
        config(full_read_hours=48, mappings=[{"zoho": "facebook", "google": "user_defined.Page"}]),
        date(2026, 1, 31),
    )
    assert [flow.name for flow in opening.flows] == ["contacts"]
    assert opening.full_read_hours == 48
    assert opening.b == {"keys": ("Page",)}
    board = KINDS[BOARD].opening(encode_settings(Settings()), date(2026, 1, 31))
    assert "products" in [flow.name for flow in board.flows]
    assert (board.a, board.b, board.full_read_hours) == ({}, {}, 24)
    assert FLOW_NAMES[0] == "products"
    assert FLOW_NAMES[-1] == "contacts"


def test_a_kind_of_a_later_version_is_told_in_words() -> None:
    assert kind_of(row(CONTACTS)).systems == ("Zoho", "Google")
    with pytest.raises(Halt, match='is of the kind "mailings"'):
        kind_of(row("mailings"))


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"contact": {"contact_id": "7", "contact_type": "customer"}}, [("contacts", "7")]),
        ({"contact": {"contact_id": "7", "contact_type": "vendor"}}, [("contacts", "7")]),
        ({"vendor": {"vendor_id": "8"}}, [("contacts", "8")]),
        ({"customer": {"customer_id": 9}}, [("contacts", "9")]),
        ({"item": {"item_id": "7"}}, []),
        ({"salesorder": {"salesorder_id": "7"}}, []),
    ],
)
def test_of_the_webhooks_it_takes_those_of_contacts(payload: object, told: list[tuple[str, str]]) -> None:
    assert records_of("application/json", msgspec.json.encode(payload), contacts=True) == told
