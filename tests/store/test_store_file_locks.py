"""Making sure that a file is there must not let go of the locks that this process holds on it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from stockbridge.store.home import make_private_file

TAKE = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN EXCLUSIVE')"


def taken_by_another_process(path: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", TAKE, str(path)], stderr=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode == 0 or "database is locked" in done.stderr
    return done.returncode == 0


def test_a_lock_outlives_a_second_look_at_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    make_private_file(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert not taken_by_another_process(path)
        make_private_file(path)
        assert not taken_by_another_process(path)
    assert taken_by_another_process(path)
