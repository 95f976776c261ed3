"""The whole board under the real limit of 100 calls a minute: its first import, then a mixed hour, calls and time."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from bench.calls import least_of_all, lines
from bench.hour import LEAST
from bench.result import Line, Measured
from bench.shop import Shop, empty_store, session, shop
from stockbridge.engine.run import run

_OVERLAP = 600.0  # seconds after which an edit is old news to the next read


def measure(quick: bool) -> Measured:
    """Counted in seconds of the sandbox's clock. The floor: call n cannot go earlier than a minute after call n - 100."""
    items, vendors, orders = (120, 6, 130) if quick else (400, 30, 1200)
    speed = 60.0 if quick else 10.0
    with shop(items=items, vendors=vendors, orders=orders, speed=speed) as there, empty_store() as engine:
        least = least_of_all(there)
        calls, seconds, written = _go(engine, there, speed)
        time.sleep(_OVERLAP / speed)
        _go(engine, there, speed)
        there.mixed_hour()
        time.sleep(_OVERLAP / speed)
        hour_calls, hour_seconds, hour_written = _go(engine, there, speed)
    floor = (calls - 1) // 100 * 60.0
    return Measured(
        name="board",
        sizes=f"{items:,} items, {vendors:,} vendors, {orders:,} sales orders, clock × {speed:g}",
        lines=[
            *lines("first import", calls, least),
            Line(what="first import: records written", value=written, unit="records"),
            Line(what="first import: floor", value=floor, unit="s"),
            Line(
                what="first import: time",
                value=seconds,
                unit="s",
                target="<= 5 % above the floor",
                met=seconds <= floor * 1.05,
            ),
            *lines("mixed hour", hour_calls, LEAST),
            Line(what="mixed hour: records written", value=hour_written, unit="records"),
            Line(
                what="mixed hour: time",
                value=hour_seconds,
                unit="s",
                target="<= 60 s",
                met=hour_seconds <= 60,
            ),
        ],
    )


def _go(engine: Engine, there: Shop, speed: float) -> tuple[int, float, int]:
    """One run: its calls at Zoho, its seconds there, the records it wrote."""
    there.requests("zoho")
    with session(engine, there, sync_assembled=True) as opened:
        began = time.perf_counter()
        report = run(opened)
        seconds = (time.perf_counter() - began) * speed
    written = sum(one.created + one.updated + one.removed for one in report.flows)
    return len(there.requests("zoho")), seconds, written
