"""Every file of `contact_scenarios/` on two memory connectors and on the two sandboxes: edits, a run, what it wrote, what stands."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, event, select, update

from scenarios.contacts_in_memory import memory_world
from scenarios.contacts_in_sandboxes import sandbox_world
from scenarios.contacts_language import (
    FOLDER,
    SYSTEM_OF,
    SYSTEMS,
    ByHand,
    Edits,
    Fields,
    Names,
    Scenario,
    Step,
    System,
    World,
    Written,
    load,
    same,
)
from stockbridge.core.flow import Flow
from stockbridge.core.merge import Answer, Typed
from stockbridge.core.report import Preview
from stockbridge.engine import by_hand
from stockbridge.engine.by_hand import Pair, the_one
from stockbridge.engine.health import health
from stockbridge.engine.preview import preview
from stockbridge.engine.run import run
from stockbridge.engine.session import Session, open_session
from stockbridge.store import inbox, journal
from stockbridge.store.database import open_store
from stockbridge.store.schema import link, sync
from stockbridge.wiring.contact_settings import encode_contact_settings, parse_contact_settings
from stockbridge.wiring.contacts import FLOW, build, checked
from stockbridge.wiring.settings import SettingsError
from stockbridge.wiring.sync_kinds import KINDS

FILES = sorted(FOLDER.glob("*.toml"))


def _cases() -> list[Any]:
    return [
        pytest.param(path, world, id=f"{path.stem}-{world}") for path in FILES for world in load(path).worlds
    ]


def _world(where: str, scenario: Scenario) -> AbstractContextManager[World]:
    return nullcontext(memory_world(scenario)) if where == "memory" else sandbox_world(scenario)


@pytest.fixture(scope="module")
def one_engine(ready_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all scenarios, so that statements are compiled once."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('scenarios') / 'stockbridge.db'}")
    event.listen(engine, "connect", _without_waiting_for_the_disk)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_store(one_engine: Engine, ready_store: Path) -> Engine:
    """The store of this test, empty."""
    one_engine.dispose()
    file = Path(one_engine.url.database or "")
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    shutil.copy(ready_store, file)
    return one_engine


@pytest.mark.parametrize(("path", "where"), _cases())
def test_contact_scenario(path: Path, where: str, empty_store: Engine) -> None:
    scenario = load(path)
    with _world(where, scenario) as world:
        stage = _Stage(
            engine=empty_store,
            world=world,
            scenario=scenario,
            settings={**scenario.sync},
            links={},
            previews=where == "memory",
        )
        _play(stage)


def _without_waiting_for_the_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def test_the_twenty_acceptance_scenarios_are_there_in_both_worlds() -> None:
    told = Counter(path.stem[:2] for path in FILES if load(path).worlds == ("memory", "sandboxes"))
    assert {f"{number:02}" for number in range(1, 21)} <= told.keys()


@dataclass(slots=True, kw_only=True)
class _Stage:
    """One scenario under way: its settings and links so far. `previews`: plans are shown before each run and compared, and a
    full run ends it all."""

    engine: Engine
    world: World
    scenario: Scenario
    settings: Fields
    links: dict[str, str]
    previews: bool
    made: tuple[Fields, Flow, float] | None = None

    @property
    def names(self) -> Names:
        return self.world.names

    def flow(self) -> tuple[Flow, float]:
        """The flow that the sync file makes, by way of what the store would hold; and how often all is read."""
        if self.made is None or self.made[0] != self.settings:
            self.made = (self.settings, *self._make())
        return self.made[1:]

    def _make(self) -> tuple[Flow, float]:
        problems: list[str] = []
        settings = parse_contact_settings(self.settings, problems)
        if self.scenario.extra:  # no system that Stockbridge knows declares such a field
            a, b = (self.world.zoho, self.world.google)
            built = build(settings, a.streams()["contacts"], b.streams()["contacts"], problems)
            if problems:
                raise SettingsError(problems)
            return built.flow, settings.full_read_hours
        settings, _ = checked(settings, self.world.custom(), problems)
        opening = KINDS["contacts"].opening(encode_contact_settings(settings), date(2026, 1, 1))
        (flow,) = opening.flows
        return flow, opening.full_read_hours

    def open(self) -> Session:
        """As a new process would: with the next epoch of the one sync in the store."""
        with self.engine.begin() as connection:
            taken = update(sync).where(sync.c.id == 1).values(epoch=sync.c.epoch + 1).returning(sync.c.epoch)
            epoch = connection.execute(taken).scalar_one_or_none()
            if epoch is None:
                epoch = 1
                row = {"id": 1, "name": "people", "kind": "contacts", "account_a": 1, "account_b": 2}
                row |= {"config": b"{}", "epoch": 1, "seq": 0, "created_at": "2026-01-01T00:00:00.000000Z"}
                connection.execute(sync.insert().values(**row))
        flow, hours = self.flow()
        return open_session(
            self.engine,
            sync_id=1,
            name="people",
            epoch=epoch,
            a=self.world.zoho,
            b=self.world.google,
            flows=(flow,),
            now=self.world.now,
            full_read_hours=hours,
        )

    def linked(self) -> dict[str, str]:
        """All links, as ids."""
        with self.engine.connect() as connection:
            return {row.a_id: row.b_id for row in connection.execute(select(link.c.a_id, link.c.b_id))}

    def written(self, number: int) -> list[Written]:
        """What a run wrote, oldest first; of a create what is filled."""
        with self.engine.connect() as connection:
            entries = journal.history(connection, 1, run=number, limit=1000)
        out = []
        for entry in reversed(entries):
            if entry.outcome not in ("done", "adopted"):
                continue  # it did not take effect
            at = SYSTEM_OF[entry.side]  # type: ignore[index]
            id = entry.a_id if at == "zoho" else entry.b_id
            if id is None:
                continue  # what was to be made stood there already
            sets: Fields = msgspec.json.decode(entry.written)
            if entry.op == "create":
                sets = {name: value for name, value in sets.items() if value not in (None, [], "")}
            out.append(Written(at=at, op=entry.op, record=self.names.name(at, id), sets=sets))  # type: ignore[arg-type]
        return out


def _play(stage: _Stage) -> None:
    scenario = stage.scenario
    for system in SYSTEMS:
        _edit(stage.world, system, scenario.start.get(system, {}))
    for number, step in enumerate(scenario.step, 1):
        try:
            _take(stage, step)
        except Exception as error:
            error.add_note(f"in step {number} ({step.about or 'without words'}) of “{scenario.title}”")
            raise
    step = scenario.step[-1]
    if not step.stops and stage.previews:
        session = stage.open()
        again = run(session, full=True)
        assert again.stop_code is None, again.message
        assert stage.written(again.run) == [], "a run without any news must have nothing to write"
        _as_healthy(stage, session, step.health)


def _edit(world: World, system: System, edits: Edits) -> None:
    for name, fields in edits.items():
        world.put(system, name, dict(fields))


def _take(stage: _Stage, step: Step) -> None:
    world = stage.world
    world.later(step.later * 3600)
    stage.settings = _changed(stage.settings, step.sync)
    if step.signed_in is not None:
        world.sign_in(valid=step.signed_in)
    for gone in step.gone:
        system, _, name = gone.partition(".")
        world.drop(system, name)  # type: ignore[arg-type]
    for kept, others in step.merged.items():
        world.merge(kept, others)
    for name in step.restored:
        world.restore(name)
    for system in step.order:
        _edit(world, system, step.edits(system))
        world.later(5)
    world.later(600)  # what people did is shown by now
    session = stage.open()
    for one in step.by_hand:
        _decide(session, stage.names, one)
    _answer(session, stage.names, step.answers)
    shown = preview(session) if (stage.previews or step.sync) and not step.stops else None
    report = run(session, full=step.run == "full")
    assert (report.stop_code or "") == step.stops, report.message
    stage.names.learn(stage.linked())
    found = stage.written(report.run)
    if step.writes is not None:
        _as_planned(step.writes, found)
    if shown is not None and step.run == "run" and step.foreseen:
        _kept_its_word(shown, found)
    for system, calls in step.calls.items():
        assert report.calls[system.capitalize()] == calls, report.calls
    _as_linked(stage, step)
    if not step.stops:
        _as_healthy(stage, session, step.health)
    _as_asked(session, stage.names, step.asks)
    for system, wanted in step.stands.items():
        _as_it_stands(stage, system, wanted)


def _changed(settings: Fields, new: Fields) -> Fields:
    """Settings with others in their place; of a table only the entries that are named."""
    out = {**settings}
    for name, value in new.items():
        out[name] = {**out.get(name, {}), **value} if isinstance(value, dict) else value
    return out


def _decide(session: Session, names: Names, one: ByHand) -> None:
    if one.do == "link":
        by_hand.link(session, FLOW, names.id("zoho", one.zoho), names.id("google", one.google))
        return
    pair = _pair(session, names, one)
    match one.do:
        case "unlink":
            by_hand.unlink(session, FLOW, pair)
        case "exclude":
            by_hand.exclude(session, FLOW, pair, one.why)
        case "include":
            by_hand.include(session, FLOW, pair)


def _pair(session: Session, names: Names, one: ByHand) -> Pair:
    if one.zoho:
        return the_one(session, FLOW, names.id("zoho", one.zoho), "a")
    return the_one(session, FLOW, names.id("google", one.google), "b")


def _answer(session: Session, names: Names, answers: Fields) -> None:
    """An answer is "zoho" or "google", or { typed = … }; "yes" or "no" where it is asked who is who."""
    if not answers:
        return
    with session.engine.connect() as connection:
        asked = {_question(names, one): one.id for one in inbox.open_questions(connection, 1, FLOW)}
    for question, said in answers.items():
        answer: Answer = Typed(said["typed"]) if isinstance(said, dict) else "a"
        by_hand.answer(session, asked[question], "b" if said in ("google", "no") else answer)


def _question(names: Names, one: inbox.Asked) -> str:
    if one.kind == "match":
        return f"{names.name('zoho', one.a_id)} is {names.name('google', one.b_id)}"
    return f"{names.name('zoho', one.a_id)}: {one.field}"


def _as_planned(plan: list[Written], found: list[Written]) -> None:
    open_ones = list(found)
    for wanted in plan:
        match = next((one for one in open_ones if _is(wanted, one)), None)
        assert match is not None, f"missing: {_say(wanted)}\nwritten: {_list(open_ones)}"
        open_ones.remove(match)
    assert not open_ones, f"not planned: {_list(open_ones)}"


def _is(wanted: Written, found: Written) -> bool:
    return (
        (wanted.at, wanted.op, wanted.record) == (found.at, found.op, found.record)
        and wanted.sets.keys() == found.sets.keys()
        and all(same(value, found.sets[name]) for name, value in wanted.sets.items())
    )


def _say(one: Written) -> str:
    return f"{one.op} {one.record} at {one.at} {one.sets}"


def _list(found: list[Written]) -> str:
    return "\n  ".join(["", *map(_say, found)]) if found else "nothing"


def _kept_its_word(shown: Preview, found: list[Written]) -> None:
    """What a preview told is what the run did, where it needed no details that it had not read."""
    (flow,) = shown.flows
    if flow.unread:
        return
    did = Counter(one.op for one in found)
    pairs = len({one.record for one in found if one.op == "update"})
    told = (flow.create, flow.remove)
    assert (did["create"], did["remove"]) == told, (
        f"the preview told {flow}, and the run wrote {_list(found)}"
    )
    assert pairs <= flow.update <= did["update"], f"the preview told {flow}, and the run wrote {_list(found)}"


def _as_linked(stage: _Stage, step: Step) -> None:
    if step.links is not None:
        stage.links = step.links
    names = stage.names
    found = {names.name("zoho", a): names.name("google", b) for a, b in stage.linked().items()}
    assert found == stage.links


def _as_healthy(stage: _Stage, session: Session, wanted: dict[str, str]) -> None:
    """Every record that is not in step stands in the file, with its state and a piece of its reason."""
    (flow,) = health(session).flows
    names = stage.names
    standing = stage.world.rows("zoho") if flow.entries else {}
    found = {
        f"zoho.{names.name('zoho', one.a_id)}"
        if one.a_id in standing
        else f"google.{names.name('google', one.b_id)}": f"{one.state}: {one.reason}"
        for one in flow.entries
    }
    for name, words in wanted.items():
        state, _, reason = words.partition(": ")
        told = found.pop(name, "in step")
        assert told.startswith(f"{state}: ") and reason in told, f"{name} is “{told}”, not “{words}”"
    assert not found, f"not in step: {found}"


def _as_asked(session: Session, names: Names, wanted: list[str]) -> None:
    with session.engine.connect() as connection:
        asked = inbox.open_questions(connection, 1, FLOW)
    assert sorted(_question(names, one) for one in asked) == sorted(wanted)


def _as_it_stands(stage: _Stage, system: System, wanted: Edits) -> None:
    rows = {stage.names.name(system, id): row for id, row in stage.world.rows(system).items()}
    assert sorted(rows) == sorted(wanted), f"at {system}: {rows}"
    for name, fields in wanted.items():
        shown = {one: rows[name].get(one) for one in fields}
        assert all(same(value, shown[one]) for one, value in fields.items()), (
            f"{name} at {system} is {shown}, not {fields}"
        )
