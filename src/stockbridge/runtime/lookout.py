"""Looks over every sync: keeps its slots in line with its settings and submits what is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import Connection, Engine

from stockbridge.core.errors import Trouble
from stockbridge.runtime.due import due_at, first_due, next_after
from stockbridge.runtime.queue import Submit
from stockbridge.store import accounts, hints, schedule, syncs
from stockbridge.store.rows import moment_text
from stockbridge.store.schedule import SlotRow
from stockbridge.store.syncs import SyncRow
from stockbridge.wiring.schedule import Slot
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.sync_kinds import kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A sync as it stands now: what runs by itself, and the time zone that its cron goes by."""

    row: SyncRow
    slots: Mapping[tuple[str, str], Slot]
    zone: tzinfo
    zone_name: str | None = None


@dataclass(slots=True, kw_only=True)
class Lookout:
    """Looks again and again. `names` are the syncs to watch (None: every one there is); a sync that is made, changed or
    removed meanwhile is noticed at the next look. `gather` is how long hints are gathered before they are read."""

    store: Engine
    names: Collection[str] | None = None
    gather: timedelta = timedelta(seconds=5)
    known: dict[int, Watched] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)  # what is wrong with a sync, by its name

    def look(self, now: datetime, submit: Submit, busy: Collection[int] = ()) -> datetime | None:
        """Submit what is due, the longest overdue first, but nothing of the syncs that are `busy`; returns when the
        next slot is. A sync that cannot be understood is left out and stands in `broken`."""
        overdue: list[tuple[datetime, Slot, int]] = []
        upcoming: list[datetime] = []
        with self.store.begin() as connection:
            told = hints.oldest(connection)
            stored = schedule.all_slots(connection)
            for row in syncs.all_syncs(connection):
                if self.names is not None and row.name not in self.names:
                    continue
                try:
                    watched = self._watched(connection, row)
                except (SettingsError, Trouble) as trouble:
                    self.broken[row.name] = str(trouble)
                    continue
                self.broken.pop(row.name, None)
                rows = bring_in_line(connection, watched, stored.get(row.id, {}), now)
                if row.id in busy or row.paused_at is not None:
                    continue
                for key, slot in watched.slots.items():
                    due = datetime.fromisoformat(rows[key].next_due)
                    if due <= now:
                        overdue.append((due, slot, row.id))
                    else:
                        upcoming.append(due)
                paused = any(
                    one.paused_by and one.next_due > moment_text(now)
                    for one in rows.values()
                    if one.kind == "import"
                )
                if row.id in told and not paused:
                    ripe = datetime.fromisoformat(told[row.id]) + self.gather
                    if (
                        not now < ripe <= now + self.gather
                    ):  # a clock that was set back must not keep them waiting
                        submit(row.id, "hints")
                    else:
                        upcoming.append(ripe)
        for _, slot, number in sorted(overdue, key=lambda one: one[0]):
            submit(number, slot.kind, slot.flow)
        return min(upcoming, default=None)

    def _watched(self, connection: Connection, row: SyncRow) -> Watched:
        known = self.known.get(row.id)
        if known is None or known.row.config != row.config:
            name = accounts.get(connection, row.account_a).settings.get("time_zone")
            known = Watched(
                row=row,
                slots={(slot.kind, slot.flow): slot for slot in kind_of(row).slots(row.config)},
                zone=_zone(name),
                zone_name=name,
            )
            self.known[row.id] = known
        return known


def bring_in_line(
    connection: Connection, watched: Watched, stored: dict[tuple[str, str], SlotRow], now: datetime
) -> dict[tuple[str, str], SlotRow]:
    """The stored slots of a sync, made to be those of its settings."""
    number, zone = watched.row.id, watched.zone
    changed = False
    for key, slot in watched.slots.items():
        row = stored.get(key)
        if row is None:
            due = moment_text(first_due(slot.timing, now, zone))
            fresh = SlotRow(kind=slot.kind, flow=slot.flow, every=slot.timing.text, next_due=due)
            schedule.add(connection, number, fresh)
            changed = True
            continue
        due = _due(slot, row, now, zone)
        if (due, slot.timing.text) != (row.next_due, row.every):
            schedule.move(connection, number, row, every=slot.timing.text, next_due=due)
            changed = True
    if gone := stored.keys() - watched.slots.keys():
        schedule.forget(connection, number, gone)
        changed = True
    return schedule.slots(connection, number) if changed else stored


def _due(slot: Slot, row: SlotRow, now: datetime, zone: tzinfo) -> str:
    if row.paused_by:
        return row.next_due
    stored = datetime.fromisoformat(row.next_due)
    if row.every != slot.timing.text:
        started = datetime.fromisoformat(row.last_started) if row.last_started else None
        stored = next_after(slot.timing, started, zone) if started else first_due(slot.timing, now, zone)
    return moment_text(due_at(slot.timing, stored, now, zone))


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
