"""What `status` tells of the schedule: when each flow comes next, and what keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from stockbridge.cli.output import bad, flow_name, moment, say
from stockbridge.store.schedule import SlotRow
from stockbridge.wiring.flow_names import ENTITY_OF

Slots = Mapping[tuple[str, str], SlotRow]

_OVERDUE = timedelta(minutes=5)
_WHY = {
    "account": "paused: the account refused the login. Sign in again, or see: stockbridge accounts check",
    "quota": "waits until the calls of the day are there again",
}


def slot_of(slots: Slots, flow: str) -> SlotRow | None:
    """The slot that imports this flow: its own (or that of the flow it goes with), else that of all the others."""
    return slots.get(("import", ENTITY_OF.get(flow, flow))) or slots.get(("import", ""))


def show_slots(slots: Slots, zone: str | None, *, running: bool) -> None:
    """One line a slot: how often, when next, how the last run ended."""
    late = False
    for row in slots.values():
        what = f"import of {flow_name(row.flow)}" if row.flow else f"{row.kind}s"
        due = datetime.fromisoformat(row.next_due)
        late = late or due < datetime.now(UTC) - _OVERDUE
        last = f"; last {row.last_outcome} ({moment(row.last_started, zone)})" if row.last_started else ""
        say(f"{what} {_how_often(row.every)}, next {moment(row.next_due, zone)}{last}")
        if row.paused_by:
            say(f"  {_WHY.get(row.paused_by, row.paused_by)}")
    if late and not running:
        say(bad("What is due does not run. Start it: stockbridge serve"))


def _how_often(every: str) -> str:
    return every if every.startswith("every") else f"at {every}"
