"""What can go wrong, at any moment: the process dies, an answer is lost, a system refuses, a person edits meanwhile.

Everything runs in one thread here, so that a history can be told again exactly.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from sqlalchemy import Engine, update

from stockbridge.connectors.memory import Memory
from stockbridge.core.errors import Rejected, Retry, Uncertain
from stockbridge.core.flow import Flow
from stockbridge.core.record import Page, Record, Refusal
from stockbridge.core.report import RunReport
from stockbridge.engine.run import retry, run
from stockbridge.engine.session import Session, open_session
from stockbridge.store.database import open_store
from stockbridge.store.schema import sync

_TAKE = update(sync).where(sync.c.id == 1).values(epoch=sync.c.epoch + 1).returning(sync.c.epoch)
_ALLOW = update(sync).values(approved=b'{"things":999,"parts":999,"orders":999,"lines":999,"contacts":999}')


class Death(BaseException):
    """The process ended here."""


class Inline:
    """Stands in for a pool of threads: work is done when it is handed in."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001  as the real pool does
            future.set_exception(error)
        return future

    def shutdown(self, **_: object) -> None: ...


@dataclass
class Fate:
    """What is to happen at which moment. Moments (pages, commits, writes before and after) are counted from the start of a run."""

    die_at: int | None = None
    trouble_at: int | None = None  # at the nth write
    trouble: str = ""
    person_at: int | None = None
    person: Callable[[], None] | None = None
    moments: int = 0
    writes: int = 0
    dead: bool = False
    made: list[tuple[str, str, str]] = field(default_factory=list)

    def moment(self) -> None:
        self.moments += 1
        if self.dead or self.moments == self.die_at:
            self.dead = True
            raise Death

    def on_write(self, when: str, op: str, stream: str, id: str) -> None:
        if when == "before":
            self.writes += 1
            self.made.append((op, stream, id))
        if self.person is not None and self.person_at == 2 * self.writes - (when == "before"):
            person, self.person = self.person, None
            person()
        if self.trouble_at == self.writes:
            match (self.trouble, when):
                case ("lost before", "before") | ("lost after", "after"):
                    raise Uncertain("The connection broke before the answer came.")
                case ("refused", "before"):
                    raise Rejected("The system refuses it.")
                case ("busy", "before"):
                    raise Retry("The system is busy.")
        self.moment()


class Watched(Memory):
    """A memory that can die between two pages, and whose calls fail once the process is dead."""

    fate: Fate

    def read(self, stream: str, since: str | None) -> Iterator[Page]:
        for page in super().read(stream, since):
            self.fate.moment()
            yield page

    def fetch(self, stream: str, ids: Any) -> list[Record | Refusal]:
        self.fate.moment()
        return super().fetch(stream, ids)

    def find(self, stream: str, marks: Any, since: Any) -> dict[str, list[Record]]:
        self.fate.moment()
        return super().find(stream, marks, since)


@dataclass
class Ground:
    """A store that every history finds empty. One engine for all of them, so that each statement is compiled once."""

    engine: Engine
    empty: sqlite3.Connection
    watch: Callable[[], None] = lambda: None  # told of every commit before it is made

    def clear(self) -> None:
        with closing(sqlite3.connect(self.engine.url.database or "")) as file:
            self.empty.backup(file)


@contextmanager
def ground() -> Iterator[Ground]:
    """An empty store with its tables and one sync, for as long as a test runs."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="machine-", dir=memory if memory.is_dir() else None) as directory:
        engine = open_store(f"sqlite:///{Path(directory) / 'store.db'}")
        with engine.begin() as connection:
            connection.execute(
                sync.insert().values(
                    id=1,
                    name="test",
                    kind="test",
                    account_a=1,
                    account_b=2,
                    config=b"{}",
                    epoch=0,
                    seq=0,
                    created_at="2026-01-01T00:00:00.000000Z",
                )
            )
        with closing(sqlite3.connect(":memory:")) as empty:
            with closing(sqlite3.connect(engine.url.database or "")) as file:
                file.backup(empty)
            made = Ground(engine, empty)
            commit = engine.dialect.do_commit

            def watched(connection: Any) -> None:
                made.watch()
                commit(connection)

            # An event of SQLAlchemy would do the same and make every statement dearer.
            engine.dialect.do_commit = watched  # type: ignore[assignment, method-assign]
            yield made
        engine.dispose()


@dataclass
class Stage:
    """Two systems, the flows between them, a store: and fate over all of it."""

    ground: Ground
    a: Watched
    b: Watched
    flows: tuple[Flow, ...]
    fate: Fate = field(default_factory=Fate)
    options: dict[str, Any] = field(default_factory=dict)
    _compiled: tuple[tuple[Flow, ...], Session] | None = None

    def __post_init__(self) -> None:
        self.ground.watch = lambda: None
        self.ground.clear()
        self.ground.watch = lambda: self.fate.moment()
        self.a.on_write = lambda *told: self.fate.on_write(*told)
        self.b.on_write = lambda *told: self.fate.on_write(*told)
        self.a.fate = self.b.fate = self.fate

    @property
    def engine(self) -> Engine:
        return self.ground.engine

    def open(self) -> Session:
        """As a new process would."""
        self._let(Fate())
        with self.engine.begin() as connection:
            epoch = connection.execute(_TAKE).scalar_one()
        if self._compiled is None or self._compiled[0] is not self.flows:
            session = open_session(
                self.engine,
                sync_id=1,
                name="test",
                epoch=epoch,
                a=self.a,
                b=self.b,
                flows=self.flows,
                **self.options,
            )
            self._compiled = (self.flows, replace(session, write_threads=1, fetch_threads=1))
        session = self._compiled[1]
        nothing_at_hand = {
            key: msgspec.structs.replace(shelf, at_hand={}) for key, shelf in session.shelves.items()
        }
        return replace(session, epoch=epoch, shelves=nothing_at_hand, notes=[])

    def _let(self, fate: Fate) -> None:
        self.fate = self.a.fate = self.b.fate = fate

    def run(
        self, fate: Fate | None = None, *, full: bool = False, exports: bool = False, approve: bool = False
    ) -> RunReport | None:
        """One run under that fate; None where the process died in it."""
        session = self.open()
        if approve:
            with self.engine.begin() as connection:
                connection.execute(_ALLOW)
        self._let(fate or Fate())
        try:
            return run(session, full=full, exports=exports)
        except Death:
            return None

    def finished_run(self) -> RunReport:
        """A full run in which nothing goes wrong and a person allows every deletion."""
        report = self.run(full=True, approve=True)
        assert report is not None
        return report

    def retry(self) -> None:
        """A person has everything that was refused tried again."""
        retry(self.open())
