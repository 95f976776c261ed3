"""Writes a second to Optiply where every answer takes 50 ms."""

from __future__ import annotations

from datetime import datetime

from bench.result import Line, Measured
from bench.shop import empty_store, session, shop
from stockbridge.connectors.optiply.connector import LIMITS
from stockbridge.engine.run import run

_LATENCY = 0.05


def measure(quick: bool) -> Measured:
    """A first run of the products alone, counted by the sandbox's log from the first create to the last."""
    items = 60 if quick else 2000
    with shop(items=items, vendors=5, orders=0, speed=1.0) as there, empty_store() as engine:
        fault = {"kind": "latency", "system": "optiply", "method": "POST", "path": "^/v1/", "count": None}
        there.ask("POST", "/faults", {**fault, "seconds": _LATENCY})
        there.requests("optiply")
        with session(engine, there, "products") as opened:
            run(opened)
        posts = [
            row for row in there.requests("optiply") if row["method"] == "POST" and "/v1/" in row["path"]
        ]
    moments = sorted(datetime.fromisoformat(row["at"]) for row in posts)
    seconds = (moments[-1] - moments[0]).total_seconds()
    at_once = LIMITS.concurrency
    rate = (
        len(posts) - at_once
    ) / seconds  # the first ones all begin at once; each later one needs an answer before it
    return Measured(
        name="writes",
        sizes=f"{len(posts):,} products created, {at_once} at once, {_LATENCY * 1000:.0f} ms an answer",
        lines=[
            Line(what=f"most that {at_once} at once allow", value=at_once / _LATENCY, unit="writes/s"),
            Line(what="writes", value=rate, unit="writes/s", target=">= 150", met=rate >= 150),
        ],
    )
