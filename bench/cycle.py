"""A cycle with 100 changes while more and more records are known: its time and its memory must not grow.

Each size is measured in a process of its own, which opens the store anew: `python -m bench.cycle STORE TEMPLATES N`.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import Engine, text

from bench.prepared import PAGE, Agreeable, Item, Prepared, Templates, templates, zoho_of
from bench.result import Line, Measured
from bench.shop import add_sync, board
from stockbridge.core.report import RunReport
from stockbridge.engine.run import run
from stockbridge.engine.session import open_session
from stockbridge.store.database import open_store, sync_lock

_CHANGES = 100
_SECONDS = 0.3
_ROUNDS = 7
_BASE = 260815000000000000


class Cycle(msgspec.Struct):
    """What one process measured: seconds of each cycle, peak memory in bytes."""

    seconds: list[float]
    peak: int


def measure(quick: bool) -> Measured:
    """One store, grown step by step: items at Zoho, each with its product at Optiply, its link and its match key."""
    sizes = (1_000, 4_000) if quick else (10_000, 100_000, 500_000, 1_000_000)
    lines: list[Line] = []
    medians: list[float] = []
    peaks: list[float] = []
    with TemporaryDirectory(prefix="stockbridge-bench-") as directory:
        store, rows = Path(directory) / "store.db", Path(directory) / "templates.json"
        made = templates()
        rows.write_bytes(msgspec.json.encode(made))
        engine = open_store(f"sqlite:///{store}")
        add_sync(engine)
        _first_page(engine, made)
        known = PAGE
        for size in sizes:
            _grow(engine, known // PAGE, size // PAGE)
            known = size
            found = _in_a_process(store, rows, size)
            medians.append(statistics.median(found.seconds))
            peaks.append(found.peak / 2**20)
            lines.append(Line(what=f"{size:,} known", value=medians[-1], unit="s", target=f"<= {_SECONDS} s"))
            lines[-1] = msgspec.structs.replace(lines[-1], met=medians[-1] <= _SECONDS)
            lines.append(Line(what=f"{size:,} known: first of a process", value=found.seconds[0], unit="s"))
            lines.append(Line(what=f"{size:,} known: peak memory", value=peaks[-1], unit="MiB"))
        engine.dispose()
    for what, values in (("time", medians), ("peak memory", peaks)):
        grown = (max(values) / min(values) - 1) * 100
        lines.append(
            Line(what=f"{what}: most above least", value=grown, unit="%", target="<= 20 %", met=grown <= 20)
        )
    return Measured(
        name="cycle", sizes=f"{_CHANGES} changed items, median of {_ROUNDS} cycles, no network", lines=lines
    )


def _in_a_process(store: Path, rows: Path, size: int) -> Cycle:
    command = [sys.executable, "-m", "bench.cycle", str(store), str(rows), str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
    return msgspec.json.decode(done.stdout, type=Cycle)


def _first_page(engine: Engine, made: Templates) -> None:
    """200 items, read, created at the other side and linked, by a run."""
    prepared = Prepared(made)
    changed = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    prepared.show([Item(number=n, id=f"{_BASE + n}", changed=changed) for n in range(PAGE)])
    report = _cycle(engine, prepared)
    assert report.outcome == "in step", report


def _grow(engine: Engine, have: int, want: int) -> None:
    """Copy the first 200 records, with all that is kept of them, until there are `want` times as many. Copy k of record
    "x" is "x-k"; its change number is k, as if each page had been read by itself."""
    copies = (
        f"WITH RECURSIVE copy(k) AS (SELECT {have} UNION ALL SELECT k + 1 FROM copy WHERE k + 1 < {want}) "
    )
    tables = {
        "mirror": ({"id": "id || '-' || k", "seq": "CASE WHEN seq = 0 THEN 0 ELSE seq + k END"}, "id"),
        "match_key": ({"id": "id || '-' || k", "value": "value || '-' || k"}, "id"),
        "link": ({"a_id": "a_id || '-' || k", "b_id": "b_id || '-' || k"}, "a_id"),
    }
    with engine.begin() as connection:
        for table, (changed, key) in tables.items():
            names = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
            quoted = ", ".join(f'"{name}"' for name in names)
            values = ", ".join(changed.get(name, f'"{name}"') for name in names)
            first = f"CREATE TEMP TABLE first AS SELECT * FROM {table} WHERE instr({key}, '-') = 0"
            for statement in (
                first,
                f"{copies} INSERT INTO {table} ({quoted}) SELECT {values} FROM copy CROSS JOIN first",
                "DROP TABLE first",
            ):
                connection.execute(text(statement))
        connection.execute(text(f"UPDATE sync SET seq = seq + {want}"))
        connection.execute(text("UPDATE flow_state SET settled_a = (SELECT seq FROM sync)"))
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _cycle(engine: Engine, prepared: Prepared) -> RunReport:
    with sync_lock(engine, 1) as epoch:
        session = open_session(
            engine,
            sync_id=1,
            name="bench",
            epoch=epoch,
            a=zoho_of(prepared),
            b=Agreeable(),
            flows=[flow for flow in board() if flow.name == "products"],
        )
        return run(session)


def _child(store: Path, rows: Path, size: int) -> Cycle:
    """Some cycles over this store, each with 100 other records changed."""
    prepared = Prepared(msgspec.json.decode(rows.read_bytes(), type=Templates))
    engine = open_store(f"sqlite:///{store}")
    seconds: list[float] = []
    copies = size // PAGE
    with engine.connect() as connection:
        before = connection.execute(text("SELECT max(id) FROM run")).scalar_one()
    for turn in range(_ROUNDS):
        # Half an hour after the cycle before, far beyond the five minutes that are read twice.
        changed = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30 * (before + turn))
        items = []
        for n in range(_CHANGES):
            copy = (n * copies // _CHANGES + turn) % copies
            number = (n * 7 + turn * 31) % PAGE
            id = f"{_BASE + number}" + (f"-{copy}" if copy else "")
            items.append(
                Item(number=number, id=id, changed=changed + timedelta(seconds=n), name=f" {changed:%H%M%S}")
            )
        prepared.show(list({one.id: one for one in items}.values()))
        began = time.perf_counter()
        report = _cycle(engine, prepared)
        seconds.append(time.perf_counter() - began)
        assert report.flows[0].updated == len(prepared.items), report
    engine.dispose()
    return Cycle(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.json.encode(_child(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
    )
