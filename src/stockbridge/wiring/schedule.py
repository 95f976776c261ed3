"""When what is to run: the `[schedule]` of a sync's settings, and the slots it makes of the flows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from cronsim import CronSim, CronSimError

from stockbridge.core.flow import Flow, Op
from stockbridge.wiring.flow_names import ENTITY_OF, FLOWS, entity_name
from stockbridge.wiring.spelling import nearest

SlotKind: TypeAlias = Literal["import", "export"]

DEFAULTS = {"imports": "every 60 minutes", "exports": "every 15 minutes"}
TAKES = '"every 60 minutes", "every 2 hours", "every day", cron such as "0 */4 * * *", or "never"'

_INTERVAL = re.compile(
    r"(?:every\s+)?(?P<many>\d{1,6})?\s*(?P<unit>minutes?|min|m|hours?|h|days?|d)", re.IGNORECASE
)
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How often: an interval, or cron (five fields, in the time zone of the organisation), or neither: never."""

    text: str
    every: timedelta | None = None
    cron: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One thing that runs by itself: `only` names its flows (None: all of them), `flow` the one flow whose time it is
    ("" where it is the time of all that have none of their own)."""

    kind: SlotKind
    timing: Timing
    flow: str = ""
    only: tuple[str, ...] | None = None


def parse_timing(text: str) -> Timing:
    """The timing that a person wrote. Raises ValueError saying what it must be."""
    words = " ".join(text.split())
    if words.lower() in ("never", "off"):
        return Timing(text="never")
    found = _INTERVAL.fullmatch(words)
    if found is not None and (found["many"] or words.lower().startswith("every ")):
        unit = {"m": "minutes", "h": "hours", "d": "days"}[found["unit"][0].lower()]
        many = int(found["many"] or 1)
        every = timedelta(**{unit: many})
        if not timedelta(minutes=1) <= every <= _LONGEST:
            raise ValueError("between one minute and a year")
        return Timing(text=f"every {many} {unit}" if many != 1 else f"every {unit[:-1]}", every=every)
    if len(words.split(" ")) != 5:
        raise ValueError(TAKES)
    try:
        # A date that never comes (30 February) is found by looking for the next one.
        next(CronSim(words, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        raise ValueError(TAKES) from None
    return Timing(text=words, cron=words)


def parse_schedule(data: object, problems: list[str]) -> dict[str, Any]:
    """The `[schedule]` table, each timing in its plain form; adds what is wrong to `problems`."""
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        problems.append("schedule is not a table (imports, exports, flows).")
        return {}
    out: dict[str, Any] = {}
    for name, value in data.items():
        if name == "flows":
            continue
        if name not in DEFAULTS:
            problems.append(
                f'"{name}" in schedule is not a setting{nearest(name, (*DEFAULTS, "flows")) or "."}'
            )
            continue
        if (timing := _timing(f"schedule.{name}", value, problems)) is not None:
            out[name] = timing.text
    flows = data.get("flows") or {}
    if not isinstance(flows, Mapping):
        problems.append(f"schedule.flows is not a table by flow ({', '.join(FLOWS)}).")
        return out
    for spelled, value in flows.items():
        flow = entity_name(spelled)
        if flow not in FLOWS:
            problems.append(f'"{spelled}" in schedule.flows is not a flow{nearest(flow, FLOWS) or "."}')
        elif (timing := _timing(f"schedule.flows.{spelled}", value, problems)) is not None:
            out.setdefault("flows", {})[flow] = timing.text
    return out


def _timing(where: str, value: object, problems: list[str]) -> Timing | None:
    try:
        return parse_timing(value if isinstance(value, str) else "")
    except ValueError as trouble:
        problems.append(f"{where} is {value!r}, but must be {trouble}.")
        return None


def slots(schedule: Mapping[str, Any], flows: tuple[Flow, ...]) -> tuple[Slot, ...]:
    """What runs by itself for these flows: the imports, each flow that has a time of its own, the exports."""
    own: dict[str, str] = schedule.get("flows", {})
    names = [flow.name for flow in flows]
    of = {name: ENTITY_OF.get(name, name) for name in names}
    others = tuple(name for name in names if of[name] not in own)
    out: list[Slot] = []
    if others:
        timing = parse_timing(schedule.get("imports", DEFAULTS["imports"]))
        out.append(Slot(kind="import", timing=timing, only=None if len(others) == len(names) else others))
    out.extend(
        Slot(
            kind="import",
            flow=name,
            timing=parse_timing(own[name]),
            only=tuple(one for one in names if of[one] == name),
        )
        for name in dict.fromkeys(of.values())
        if name in own
    )
    if any(Op.CREATE in flow.writes_a for flow in flows):
        out.append(Slot(kind="export", timing=parse_timing(schedule.get("exports", DEFAULTS["exports"]))))
    return tuple(slot for slot in out if slot.timing.text != "never")
