"""What kinds of sync there are, as one table: how the settings of each are read, which flows they make, when it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stockbridge.core.errors import Halt
from stockbridge.core.flow import Flow
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.contact_settings import ContactSettings, decode_contact_settings
from stockbridge.wiring.flow_names import FLOWS
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.schedule import Slot, parse_timing, slots
from stockbridge.wiring.settings import Settings, decode_settings

BOARD, CONTACTS = "optiply-board", "contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a sync's settings make of it: its flows, how often everything is read in full and, of those full reads, how
    often also what hides behind stock movements. `a` and `b` are what its two connectors must be told when they are
    opened (custom fields that the settings name)."""

    flows: tuple[Flow, ...]
    full_read_hours: float = 24
    recipe_reads: int = 1
    a: Mapping[str, Any]
    b: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncKind:
    """One kind of sync. `connectors` and `systems` are those of sides a and b; `flow_names` what a person can name.
    `opening` and `slots` take the stored settings; they raise `SettingsError` where those are not understood any more."""

    name: str
    connectors: tuple[str, str]
    systems: tuple[str, str]
    flow_names: tuple[str, ...]
    opening: Callable[[bytes, date], Opening]
    slots: Callable[[bytes], tuple[Slot, ...]]


def kind_of(row: SyncRow) -> SyncKind:
    """The kind of this sync. Raises `Halt` where a later version made it."""
    found = KINDS.get(row.kind)
    if found is None:
        raise Halt(
            f'The sync "{row.name}" is of the kind "{row.kind}", which this version does not know.',
            remedy="It was made by a later version of Stockbridge; start that one.",
        )
    return found


def _board_opening(config: bytes, connected: date) -> Opening:
    settings: Settings = decode_settings(config)
    return Opening(
        flows=optiply_board(settings, connected),
        full_read_hours=settings.flags["full_read_hours"],
        recipe_reads=settings.flags["read_recipes_every"],
        a={},
        b={},
    )


def _board_slots(config: bytes) -> tuple[Slot, ...]:
    settings = decode_settings(config)
    return slots(settings.schedule, optiply_board(settings))


def _contacts_opening(config: bytes, _connected: date) -> Opening:
    settings: ContactSettings = decode_contact_settings(config)
    from stockbridge.wiring.contacts import contacts, opened_with

    at_a, at_b = opened_with(settings)
    return Opening(flows=(contacts(settings),), full_read_hours=settings.full_read_hours, a=at_a, b=at_b)


def _contact_slots(config: bytes) -> tuple[Slot, ...]:
    """When it runs by itself: always both ways at once."""
    timing = parse_timing(decode_contact_settings(config).every)
    return () if timing.text == "never" else (Slot(kind="import", timing=timing),)


KINDS: Mapping[str, SyncKind] = {
    kind.name: kind
    for kind in (
        SyncKind(
            name=BOARD,
            connectors=("zoho", "optiply"),
            systems=("Zoho", "Optiply"),
            flow_names=FLOWS,
            opening=_board_opening,
            slots=_board_slots,
        ),
        SyncKind(
            name=CONTACTS,
            connectors=("zoho", "google"),
            systems=("Zoho", "Google"),
            flow_names=("contacts",),
            opening=_contacts_opening,
            slots=_contact_slots,
        ),
    )
}
FLOW_NAMES = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.flow_names))
"""What a person can name, of whatever kind of sync."""
