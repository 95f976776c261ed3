"""When a slot is due. Pure: no clock, no store."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from cronsim import CronSim

from stockbridge.wiring.schedule import Timing


def next_after(timing: Timing, after: datetime, zone: tzinfo = UTC) -> datetime:
    """The first moment of this timing that is later than `after` (aware), in UTC.

    An interval counts from `after`. Cron goes by the clock on the wall of `zone`: an hour that comes twice counts once,
    and what falls into an hour that is left out comes right after it. Raises ValueError for a timing that never comes.
    """
    if timing.every is not None:
        return after.astimezone(UTC) + timing.every
    if timing.cron is None:
        raise ValueError("this timing never comes")
    upcoming = CronSim(timing.cron, after.astimezone(zone))
    while (
        True
    ):  # cronsim answers by the wall, where the hour that comes twice may answer with its earlier one
        found = next(upcoming).astimezone(UTC)
        if found > after:
            return found


def first_due(timing: Timing, now: datetime, zone: tzinfo = UTC) -> datetime:
    """When a slot that never ran is due: an interval at once, cron at its next time."""
    return now.astimezone(UTC) if timing.every is not None else next_after(timing, now, zone)


def due_at(
    timing: Timing, stored: datetime, now: datetime, zone: tzinfo = UTC, *, paused: bool = False
) -> datetime:
    """When a slot is really due that was to be due at `stored`.

    A clock that was set back never makes it wait longer than its timing says. A pause is kept as it stands.
    """
    return stored if paused else min(stored, next_after(timing, now, zone))
