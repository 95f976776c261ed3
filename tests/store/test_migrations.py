"""The revisions make the tables of `store/schema.py`, on both dialects, and opening is cheap and safe."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from stockbridge.core.errors import Halt
from stockbridge.store import schema
from stockbridge.store.database import NEWEST, open_store, sync_lock
from stockbridge.store.migrations.upgrade import settings


def test_revisions_make_the_declared_tables(store: Engine) -> None:
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        assert set(sa.inspect(connection).get_table_names()) >= set(schema.metadata.tables)


def test_partial_indexes_stay_partial(store: Engine) -> None:
    # Alembic does not compare the conditions of indexes.
    column = "sql" if store.dialect.name == "sqlite" else "indexdef"
    source = "sqlite_master" if store.dialect.name == "sqlite" else "pg_indexes"
    key = "name" if store.dialect.name == "sqlite" else "indexname"
    with store.connect() as connection:
        for index in ("ix_mirror_parent", "ix_journal_open", "uq_inbox_open"):
            found = connection.exec_driver_sql(
                f"SELECT {column} FROM {source} WHERE {key} = '{index}'"
            ).scalar()
            assert " WHERE " in str(found)


def test_newest_is_the_head_of_the_revisions() -> None:
    assert ScriptDirectory.from_config(settings()).get_current_head() == NEWEST


def test_opening_twice_keeps_what_is_there(store_url: str) -> None:
    first = open_store(store_url)
    number = _new_sync(first)
    first.dispose()
    again = open_store(store_url)
    with again.connect() as connection:
        assert connection.execute(sa.select(schema.sync.c.id)).scalar() == number
    again.dispose()


def test_a_store_that_is_up_to_date_opens_without_alembic(sqlite_url: str) -> None:
    open_store(sqlite_url).dispose()
    program = (
        "import sys\n"
        "from stockbridge.store.database import open_store\n"
        "open_store(sys.argv[1]).dispose()\n"
        "print(any(name.startswith('alembic') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, sqlite_url], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_two_that_open_a_new_store_at_once_both_succeed(sqlite_url: str) -> None:
    troubles: list[BaseException] = []

    def open_it() -> None:
        try:
            open_store(sqlite_url).dispose()
        except Exception as trouble:  # noqa: BLE001 - handed to the assertion below
            troubles.append(trouble)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []


def test_a_store_from_a_newer_version_is_left_alone(store_url: str) -> None:
    engine = open_store(store_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(Halt, match=r"newer Stockbridge .*9999.*nothing was changed"):
        open_store(store_url)


def test_the_default_store_is_private(home: Path) -> None:
    open_store().dispose()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "stockbridge.db").stat().st_mode) == 0o600


def test_sqlite_is_set_up_for_several_threads(sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()
    assert found == ["wal", 2, 1, 30_000]  # 2: FULL, a commit outlives a loss of power


@pytest.mark.parametrize(
    "url", ["mysql://someone@somewhere/x", "nonsense", "sqlite://", "postgresql://u:geheim@/x?host=/nowhere"]
)
def test_an_address_that_cannot_be_used_is_a_clear_halt(url: str) -> None:
    with pytest.raises(Halt) as caught:
        open_store(url)
    assert caught.value.remedy
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_store_is_a_clear_halt(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("this is not a database, and it is longer than the header of one would be " * 20)
    with pytest.raises(Halt, match="not a database"):
        open_store(f"sqlite:///{file}")


def test_only_one_holds_a_sync(store: Engine) -> None:
    number = _new_sync(store)
    other = _new_sync(store, name="other")
    with sync_lock(store, number) as epoch:
        assert epoch == 1
        with pytest.raises(Halt, match=f'"winkel" is already running, by process {os.getpid()} on '):
            sync_lock(store, number).__enter__()
        with sync_lock(store, other):
            pass
    with sync_lock(store, number) as epoch:
        assert epoch == 2
    with store.connect() as connection:
        assert (
            connection.execute(sa.select(schema.sync.c.holder).where(schema.sync.c.id == number)).scalar()
            is None
        )


def test_the_lock_dies_with_its_process(store_url: str) -> None:
    engine = open_store(store_url)
    number = _new_sync(engine)
    program = (
        "import sys\n"
        "from stockbridge.store.database import open_store, sync_lock\n"
        "with sync_lock(open_store(sys.argv[1]), int(sys.argv[2])) as epoch:\n"
        "    print(epoch, flush=True)\n"
        "    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, store_url, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        with pytest.raises(Halt, match=f"by process {process.pid} on "):
            sync_lock(engine, number).__enter__()
        process.kill()
        process.wait(timeout=30)
    assert _hold_soon(engine, number) == 2
    engine.dispose()


def test_a_sync_that_was_removed_cannot_be_held(store: Engine) -> None:
    with pytest.raises(Halt, match="not there any more"):
        sync_lock(store, 404).__enter__()


def test_a_read_that_turns_into_a_write_waits_for_the_writer(sqlite_url: str) -> None:
    # With a plain deferred transaction SQLite would answer "database is locked" at once.
    engine = open_store(sqlite_url)
    number = _new_sync(engine)
    bump = sa.update(schema.sync).where(schema.sync.c.id == number).values(seq=schema.sync.c.seq + 1)
    with engine.connect() as reader:
        reader.execute(sa.select(schema.sync.c.seq)).all()
        with engine.begin() as writer:
            writer.execute(bump)
        reader.execute(bump)
        reader.commit()
        assert reader.execute(sa.select(schema.sync.c.seq)).scalar() == 2
    engine.dispose()


def test_the_store_file_is_readable_by_plain_sqlite(sqlite_url: str) -> None:
    open_store(sqlite_url).dispose()
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]
    connection.close()


def _new_sync(engine: Engine, name: str = "winkel") -> int:
    with engine.begin() as connection:
        done = connection.execute(
            sa.insert(schema.sync).values(
                name=name,
                kind="optiply-board",
                account_a=1,
                account_b=2,
                config=b"{}",
                epoch=0,
                seq=0,
                created_at="2026-01-01T00:00:00+00:00",
            )
        )
        key = done.inserted_primary_key
        assert key is not None
        return int(key[0])


def _hold_soon(engine: Engine, number: int) -> int:
    """The epoch of a hold; the server notices a dead client a moment after it died."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with sync_lock(engine, number) as epoch:
                return epoch
        except Halt:
            assert time.monotonic() < deadline, "the lock outlived its process"
            time.sleep(0.01)
