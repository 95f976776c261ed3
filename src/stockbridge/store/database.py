"""Opens the store, brings its tables up to date, and lends out the lock of a sync."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from stockbridge.core.errors import Halt
from stockbridge.store import schema
from stockbridge.store.home import home, make_private_directory, make_private_file

# The newest revision in `store/migrations/versions`. Kept here so that opening a store that is up to date
# need not load Alembic (a fifth of a second); a test holds the two together.
NEWEST = "0001"

# Any constant will do: it tells our advisory locks in PostgreSQL from other people's.
_LOCK_FAMILY = 0x5B0C
_MIGRATION_LOCK = 0

_BUSY_SECONDS = 30

TAKEN = "taken"  # the code of the trouble that another process holds the sync


def open_store(url: str | None = None) -> Engine:
    """The store at this address, its tables up to date.

    `url` is an SQLAlchemy address of SQLite or PostgreSQL; None means $STOCKBRIDGE_DATABASE_URL, else the file
    `stockbridge.db` in the home directory. Raises `Halt` where the store cannot be opened or is newer than this program.

    In SQLite a transaction takes the write lock at its first write (never later than its first INSERT, UPDATE or
    DELETE), so a reader never keeps a writer waiting and a read that turns into a write never fails for being stale.
    """
    address = store_address(url)
    engine = _open_sqlite(address) if address.get_backend_name() == "sqlite" else _open_postgresql(address)
    try:
        _bring_up_to_date(engine)
    except sa.exc.DatabaseError as trouble:
        engine.dispose()
        if type(trouble) not in (sa.exc.OperationalError, sa.exc.DatabaseError):
            raise  # a mistake in a revision, not in the address
        raise Halt(
            f"The store at {address.render_as_string(hide_password=True)} cannot be opened: {_first_line(trouble)}.",
            remedy="Look whether the database runs and the address in STOCKBRIDGE_DATABASE_URL is right.",
        ) from trouble
    except BaseException:
        engine.dispose()
        raise
    return engine


def store_address(url: str | None = None) -> URL:
    """The address that `open_store` would use. Raises `Halt` where it is none, or of a database we do not know."""
    text = url or os.environ.get("STOCKBRIDGE_DATABASE_URL")
    if not text:
        return URL.create("sqlite", database=str(home() / "stockbridge.db"))
    try:
        address = make_url(text.replace("postgres://", "postgresql://", 1))
        backend = address.get_backend_name()
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError):
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        raise Halt(
            "The address of the store is neither SQLite's nor PostgreSQL's.",
            remedy="Write it as postgresql://user:password@host/database or sqlite:////path/to/file.db.",
        )
    return address.set(drivername="postgresql+psycopg" if backend == "postgresql" else "sqlite")


def _open_sqlite(address: URL) -> Engine:
    file = address.database
    if not file or file == ":memory:":
        raise Halt("The store needs a file.", remedy="Write its address as sqlite:////path/to/file.db.")
    make_private_directory(Path(file).parent)
    make_private_file(Path(file))
    engine = sa.create_engine(
        address,
        pool_size=8,
        max_overflow=24,
        # The standard library then begins by itself, before the first write, and takes the write lock at once.
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": "IMMEDIATE"},
    )

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # FULL: a loss of power takes no commit either. An intent must stand before its call is made, for what it
        # wrote cannot always be found again by its mark (a line, a removal). Commits come in groups, so it costs little.
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _open_postgresql(address: URL) -> Engine:
    return sa.create_engine(
        address,
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "options": f"-c lock_timeout={_BUSY_SECONDS * 1000} -c timezone=UTC",
        },
    )


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect() as connection:
        if _revision(connection) == NEWEST:
            return
    # Alembic is loaded only when there is something to do.
    from stockbridge.store.migrations.upgrade import known_revisions, upgrade

    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_FAMILY, _MIGRATION_LOCK)))
        found = _revision(connection)  # once more, now that nobody else can change it
        if found == NEWEST:
            return
        if found is not None and found not in known_revisions():
            raise Halt(
                f"The store was last used by a newer Stockbridge (its tables are at revision {found}).",
                remedy="Install that version or a later one; nothing was changed.",
            )
        upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


@contextmanager
def sync_lock(engine: Engine, sync_id: int) -> Iterator[int]:
    """Holds the sync for this process alone and yields its new epoch; the lock dies with the process.

    Every batch write of the holder checks the epoch in its own transaction (`sync.epoch`), so that a process that was
    frozen, lost the lock and wakes up late cannot write. Raises `Halt` naming the holder where the sync is taken.
    """
    with _lock(engine, sync_id) as taken:
        if not taken:
            _refuse(engine, sync_id)
        epoch = _take_over(engine, sync_id)
        try:
            yield epoch
        finally:
            with engine.begin() as connection:
                connection.execute(
                    sa.update(schema.sync)
                    .where(schema.sync.c.id == sync_id, schema.sync.c.epoch == epoch)
                    .values(holder=None)
                )


def _take_over(engine: Engine, sync_id: int) -> int:
    with engine.begin() as connection:
        connection.execute(
            sa.update(schema.sync)
            .where(schema.sync.c.id == sync_id)
            .values(epoch=schema.sync.c.epoch + 1, holder=f"process {os.getpid()} on {socket.gethostname()}")
        )
        epoch = connection.execute(sa.select(schema.sync.c.epoch).where(schema.sync.c.id == sync_id)).scalar()
    if epoch is None:
        raise Halt("The sync is not there any more.", remedy="See what there is: stockbridge sync list")
    return int(epoch)


def _refuse(engine: Engine, sync_id: int) -> NoReturn:
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(schema.sync.c.name, schema.sync.c.holder).where(schema.sync.c.id == sync_id)
        ).one_or_none()
    name, holder = row if row else (str(sync_id), None)
    raise Halt(
        f'The sync "{name}" is already running, by {holder or "another process"}.',
        remedy="Wait until it ends, or stop it there; nothing was changed.",
        code=TAKEN,
    )


def _lock(engine: Engine, sync_id: int) -> AbstractContextManager[bool]:
    if engine.dialect.name == "sqlite":
        return _lock_by_file(Path(f"{engine.url.database}.sync-{sync_id}.lock"))
    return _lock_by_server(engine, sync_id)


@contextmanager
def _lock_by_file(path: Path) -> Iterator[bool]:
    # A lock that SQLite takes on a file of its own: the system drops it when the process dies, on every platform.
    make_private_file(path)
    with closing(
        sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    ) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
            return
        yield True


@contextmanager
def _lock_by_server(engine: Engine, sync_id: int) -> Iterator[bool]:
    # On its own connection: the server drops the lock when that connection breaks.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = (_LOCK_FAMILY, sync_id)
        taken = bool(connection.execute(sa.select(sa.func.pg_try_advisory_lock(*key))).scalar())
        try:
            yield taken
        finally:
            if taken:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(*key)))


def _first_line(trouble: sa.exc.DBAPIError) -> str:
    return str(trouble.orig).strip().split("\n", 1)[0].rstrip(".")
