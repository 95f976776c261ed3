"""A cycle with 100 changes while more and more records are known: its time and its memory must not grow.

Each size is measured in a process of its own, which opens the store anew: `python -m bench.cycle TEMPLATES STORE N SMALLEST M`.
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
from stockbridge.engine.collector import seldom_collected
from stockbridge.engine.run import run
from stockbridge.engine.session import open_session
from stockbridge.store.database import open_store, sync_lock

_CHANGES = 100
_SECONDS = 0.3
_ROUNDS = 25
_BASE = 260815000000000000


class Cycle(msgspec.Struct):
    """What one process measured: seconds of each cycle, and of each over the smallest store; the processor's seconds of
    both; peak memory in bytes."""

    seconds: list[float]
    beside: list[float]
    busy: list[float]
    busy_beside: list[float]
    peak: int


def measure(quick: bool) -> Measured:
    """One store, grown step by step: items at Zoho, each with its product at Optiply, its link and its match key."""
    sizes = (1_000, 4_000) if quick else (10_000, 100_000, 500_000, 1_000_000)
    lines: list[Line] = []
    fastest: list[float] = []  # whatever else the machine does only ever adds to a time
    peaks: list[float] = []
    grown: list[float] = []
    with TemporaryDirectory(prefix="stockbridge-bench-") as directory:
        store, smallest = Path(directory) / "store.db", Path(directory) / "smallest.db"
        rows = Path(directory) / "templates.json"
        made = templates()
        rows.write_bytes(msgspec.json.encode(made))
        engine = open_store(f"sqlite:///{store}")
        add_sync(engine)
        _first_page(engine, made)
        known = PAGE
        for size in sizes:
            _grow(engine, known // PAGE, size // PAGE)
            known = size
            if size == sizes[0]:
                # Not by copying the file: closing it would let go of the locks that this process has on it.
                with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text(f"VACUUM INTO '{smallest}'"))
            found = _in_a_process(rows, store, size, smallest, sizes[0])
            fastest.append(min(found.seconds))
            peaks.append(found.peak / 2**20)
            lines.append(
                Line(
                    what=f"{size:,} known: fastest",
                    value=fastest[-1],
                    unit="s",
                    target=f"<= {_SECONDS} s",
                    met=fastest[-1] <= _SECONDS,
                )
            )
            middle = statistics.median(found.seconds)
            lines.append(Line(what=f"{size:,} known: median", value=middle, unit="s"))
            lines.append(Line(what=f"{size:,} known: first of a process", value=found.seconds[0], unit="s"))
            grown.append(fastest[-1] / min(found.beside) * 100 - 100)
            lines.append(
                Line(
                    what=f"{size:,} known: against {sizes[0]:,} beside it",
                    value=grown[-1],
                    unit="%",
                    target="<= 20 %",
                    met=grown[-1] <= 20,
                )
            )
            # Beside the time that passed, which is the disk's as well, and everybody's on a busy machine.
            more = min(found.busy) / min(found.busy_beside) * 100 - 100
            what = f"{size:,} known: processor, against {sizes[0]:,} beside it"
            lines.append(Line(what=what, value=more, unit="%"))
            lines.append(Line(what=f"{size:,} known: peak memory", value=peaks[-1], unit="MiB"))
        engine.dispose()
    more = (max(peaks) / min(peaks) - 1) * 100
    lines.append(
        Line(what="peak memory: most above least", value=more, unit="%", target="<= 20 %", met=more <= 20)
    )
    return Measured(
        name="cycle", sizes=f"{_CHANGES} changed items, {_ROUNDS} cycles each, no network", lines=lines
    )


def _in_a_process(rows: Path, *stores: Path | int) -> Cycle:
    command = [sys.executable, "-m", "bench.cycle", str(rows), *map(str, stores)]
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
    "x" is "k-x", so that ids grow as real ones do; its change number is k, as if each page had been read by itself."""
    copies = (
        f"WITH RECURSIVE copy(k) AS (SELECT {have} UNION ALL SELECT k + 1 FROM copy WHERE k + 1 < {want}) "
    )
    tables = {
        "mirror": (
            {
                "id": "printf('%08d-', k) || id",
                "seq": "CASE WHEN seq = 0 THEN 0 ELSE seq + k END",
                # A copy carries the id of its own partner, or its match key would change with its first update.
                "values": """CAST(replace(CAST("values" AS TEXT), '"remoteId":"', '"remoteId":"' """
                "|| printf('%08d-', k)) AS BLOB)",
            },
            "id",
        ),
        "match_key": ({"id": "printf('%08d-', k) || id", "value": "printf('%08d-', k) || value"}, "id"),
        "link": ({"a_id": "printf('%08d-', k) || a_id", "b_id": "printf('%08d-', k) || b_id"}, "a_id"),
    }
    with engine.begin() as connection:
        connection.execute(text("PRAGMA cache_size = -400000"))
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


def _child(rows: Path, store: Path, size: int, smallest: Path, least: int) -> Cycle:
    """Cycles over this store and over the smallest one in turns: a machine that is busy is so for both."""
    prepared = Prepared(msgspec.json.decode(rows.read_bytes(), type=Templates))
    engines = (open_store(f"sqlite:///{store}"), open_store(f"sqlite:///{smallest}"))
    found = Cycle([], [], [], [], 0)
    with seldom_collected():
        for turn in range(_ROUNDS):
            seconds, busy = _one(engines[0], prepared, size // PAGE, turn)
            beside, busy_beside = _one(engines[1], prepared, least // PAGE, turn)
            found.seconds.append(seconds)
            found.busy.append(busy)
            found.beside.append(beside)
            found.busy_beside.append(busy_beside)
    for engine in engines:
        engine.dispose()
    found.peak = _peak()
    return found


def _one(engine: Engine, prepared: Prepared, copies: int, turn: int) -> tuple[float, float]:
    """The seconds of one cycle with 100 other records changed, and the processor's."""
    with engine.connect() as connection:
        before = connection.execute(text("SELECT max(id) FROM run")).scalar_one()
    # Half an hour after the cycle before, far beyond the five minutes that are read twice.
    changed = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30 * before)
    items = []
    for n in range(_CHANGES):
        copy = (n * copies // _CHANGES + turn) % copies
        number = (n * 7 + turn * 31) % PAGE
        id = (f"{copy:08d}-" if copy else "") + f"{_BASE + number}"
        items.append(
            Item(number=number, id=id, changed=changed + timedelta(seconds=n), name=f" {changed:%H%M%S}")
        )
    prepared.show(list({one.id: one for one in items}.values()))
    began, worked = time.perf_counter(), time.process_time()
    report = _cycle(engine, prepared)
    seconds, busy = time.perf_counter() - began, time.process_time() - worked
    assert report.flows[0].updated == len(prepared.items), report
    return seconds, busy


def _peak() -> int:
    """The most memory this process ever held, in bytes. Linux counts what the parent held into `ru_maxrss`."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    _rows, _store, _size, _smallest, _least = sys.argv[1:]
    _found = _child(Path(_rows), Path(_store), int(_size), Path(_smallest), int(_least))
    sys.stdout.buffer.write(msgspec.json.encode(_found))
