"""`python -m bench [--quick] [name …]`: take the measurements, print them, and keep them in bench/report.json."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from bench import board, calls, contact_calls, cycle, people, processor, wall, writes
from bench.result import Measured, table

MEASUREMENTS: dict[str, Callable[[bool], Measured]] = {
    "calls": calls.measure,
    "wall": wall.measure,
    "board": board.measure,
    "cpu": processor.measure,
    "cycle": cycle.measure,
    "writes": writes.measure,
    "people": people.measure,
    "contacts": contact_calls.measure,
}
_REPORT = Path(__file__).with_name("report.json")


def main(arguments: list[str]) -> int:
    """Run the named measurements, or all of them. Returns 1 where a target is missed (with --quick always 0)."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; the targets do not count")
    parser.add_argument("--report", type=Path, default=_REPORT, help="where the report goes")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(MEASUREMENTS)}")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    measured: list[Measured] = []
    for name in options.names or MEASUREMENTS:
        print(f"Measuring {name} …", file=sys.stderr, flush=True)
        measured.append(MEASUREMENTS[name](options.quick))
    print(table(measured))
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cores": os.cpu_count(),
        "measured": measured,
    }
    options.report.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    missed = [line.what for one in measured for line in one.lines if line.met is False]
    return 1 if missed and not options.quick else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
