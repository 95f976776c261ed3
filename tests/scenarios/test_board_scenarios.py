"""Every file of `board_scenarios/` on two memory connectors and on the two sandboxes: edits, a run, its plan, what stands after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, event, update

from scenarios.board_in_memory import MemoryWorld
from scenarios.board_in_sandboxes import KINDS, sandbox_world
from scenarios.board_language import (
    FOLDER,
    Fields,
    Names,
    Planned,
    Scenario,
    Step,
    System,
    Tables,
    World,
    flag_values,
    learn,
    load,
    same,
    the_shop,
)
from stockbridge.core.flow import Flow
from stockbridge.core.report import Preview, RunReport
from stockbridge.engine.preview import preview
from stockbridge.engine.run import run
from stockbridge.engine.session import Session, open_session
from stockbridge.store import journal, waiting
from stockbridge.store.database import open_store
from stockbridge.store.schema import sync
from stockbridge.wiring.fields import sources, targets
from stockbridge.wiring.optiply_board import optiply_board
from stockbridge.wiring.settings import parse_settings

# The flows of a board, by what a scenario is about; the fewer, the faster.
_GOODS = frozenset({"products", "suppliers", "supplier_products"})
BOARDS: dict[str, frozenset[str] | None] = {
    "whole": None,
    "goods": _GOODS,
    "recipes": frozenset({"products", "product_compositions", "assembled_products"}),
    "sales": frozenset({"products", "sell_orders"}),
    "purchases": _GOODS - {"supplier_products"} | {"buy_orders", "buy_order_lines", "receipt_lines"},
    "assemblies": _GOODS | {"assembly_orders", "assembly_receipts", "assembly_completions"},
}
FILES = sorted(FOLDER.glob("*.toml"))
_SYSTEM: dict[str, System] = {"a": "zoho", "b": "optiply"}
# People make what others refer to first.
_ORDER = (
    "vendors",
    "suppliers",
    "items",
    "products",
    "composites",
    "supplierProducts",
    "purchaseorders",
    "bundles",
    "salesorders",
)


def _cases() -> list[Any]:
    return [
        pytest.param(path, world, id=f"{path.stem}-{world}") for path in FILES for world in load(path).worlds
    ]


@contextmanager
def _world(name: str) -> Iterator[World]:
    if name == "memory":
        yield MemoryWorld()
        return
    with sandbox_world(name) as world:
        yield world


@pytest.mark.parametrize(("path", "where"), _cases())
def test_scenario(path: Path, where: str, fresh_store: Path) -> None:
    scenario = load(path)
    engine = open_store()
    event.listen(engine, "connect", _without_waiting_for_the_disk)
    engine.dispose()
    try:
        with _world(where) as world:
            _play(
                _Stage(
                    engine=engine,
                    world=world,
                    scenario=scenario,
                    flags=scenario.flags,
                    previews=where == "memory",
                )
            )
    finally:
        engine.dispose()


def _without_waiting_for_the_disk(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def test_every_file_is_of_this_language() -> None:
    assert len(FILES) > 80
    for path in FILES:
        assert set(load(path).worlds) <= {"memory", *KINDS}, path.name


@dataclass(slots=True, kw_only=True)
class _Stage:
    """One scenario under way. `previews`: plans are shown before each run and compared, and a full run ends it all."""

    engine: Engine
    world: World
    scenario: Scenario
    flags: Fields
    previews: bool

    @property
    def names(self) -> Names:
        return self.world.names

    def flows(self) -> tuple[Flow, ...]:
        data = {"flags": flag_values(self.flags, self.names), **self.scenario.settings}
        flows = optiply_board(parse_settings(data, targets(), sources()), self.scenario.connected)
        wanted = BOARDS[self.scenario.board]
        return tuple(one for one in flows if wanted is None or one.name in wanted)

    def open(self) -> Session:
        """As a new process would: with the next epoch of the one sync in the store."""
        with self.engine.begin() as connection:
            taken = update(sync).where(sync.c.id == 1).values(epoch=sync.c.epoch + 1).returning(sync.c.epoch)
            epoch = connection.execute(taken).scalar_one_or_none()
            if epoch is None:
                epoch = 1
                row = {"id": 1, "name": "board", "kind": "optiply-board", "account_a": 1, "account_b": 2}
                row |= {"config": b"{}", "epoch": 1, "seq": 0, "created_at": "2026-01-01T00:00:00.000000Z"}
                connection.execute(sync.insert().values(**row))
        return open_session(
            self.engine,
            sync_id=1,
            name="board",
            epoch=epoch,
            a=self.world.zoho,
            b=self.world.optiply,
            flows=self.flows(),
            now=self.world.now,
        )

    def written(self, number: int) -> list[tuple[Planned, Fields]]:
        """What a run wrote, oldest first, each as the file would say it and with all its values."""
        streams = {one.name: {"zoho": one.a, "optiply": one.b} for one in self.flows()}
        with self.engine.connect() as connection:
            entries = journal.history(connection, 1, run=number, limit=1000)
        out = []
        for entry in reversed(entries):
            if entry.outcome not in ("done", "adopted"):
                continue  # it did not take effect
            at = _SYSTEM[entry.side]
            stream = streams[entry.flow]
            name = self.names.of_zoho(entry.a_id or "")
            if entry.b_id is not None and (not entry.a_id or (at == "zoho" and entry.op == "create")):
                name = self.names.name("optiply", stream["optiply"], entry.b_id) or entry.b_id
            values = self.names.show(at, stream[at], msgspec.json.decode(entry.written))
            out.append((Planned(flow=entry.flow, op=entry.op, record=name, at=at), values))  # type: ignore[arg-type]
        return out

    def left(self) -> list[tuple[str, str, str, str]]:
        """(flow, record, state, reason) of what is not settled."""
        with self.engine.connect() as connection:
            rows = waiting.rows(connection, 1)
        out: list[tuple[str, str, str, str]] = []
        for row in rows:
            if row.state == "left out":
                continue
            stream = next((one.b for one in self.flows() if one.name == row.flow), "")
            known = self.names.name("optiply", stream, row.id) if row.side == "b" else None
            words = self.names.said(f"{row.reason} {row.remedy}")
            out.append((row.flow, known or self.names.of_zoho(row.id), row.state, words))
        return out


def _play(stage: _Stage) -> None:
    scenario = stage.scenario
    begin: dict[System, Tables] = {**scenario.start}
    if scenario.shop:
        begin["zoho"] = {**the_shop()}
        for stream, records in scenario.start.get("zoho", {}).items():
            known = begin["zoho"].get(stream, {})
            begin["zoho"][stream] = {
                **known,
                **{name: {**known.get(name, {}), **new} for name, new in records.items()},
            }
    for system, tables in begin.items():
        _edit(stage.world, system, tables)
    if scenario.step[0].edits or scenario.step[0].flags is not None:
        session = stage.open()
        report = run(session)
        assert report.stop_code is None, report.message
        learn(stage.world)
    for number, step in enumerate(scenario.step, 1):
        try:
            _take(stage, step)
        except AssertionError as error:
            error.add_note(f"in step {number} ({step.about or 'without words'}) of “{scenario.title}”")
            raise
    step = scenario.step[-1]
    if step.run in ("exports", "hints"):
        assert run(stage.open()).stop_code is None  # what such a run does not look at is brought in step now
    if not step.stops and stage.previews:
        again = run(stage.open(), full=True)
        assert again.stop_code is None, again.message
        assert stage.written(again.run) == [], "a run without any news must have nothing to write"
        _left_over(stage, msgspec.structs.replace(step, left_out={}), again)


def _edit(world: World, system: System, tables: Tables) -> None:
    for stream in sorted(tables, key=lambda one: _ORDER.index(one) if one in _ORDER else len(_ORDER)):
        for name, fields in tables[stream].items():
            world.put(system, stream, name, dict(fields))


def _take(stage: _Stage, step: Step) -> None:
    if step.flags is not None:
        stage.flags = step.flags
    stage.world.later(600)
    for gone in step.gone:
        system, stream, name = gone.split(".")
        stage.world.drop(system, stream, name)  # type: ignore[arg-type]
    _edit(stage.world, "zoho", step.zoho)
    _edit(stage.world, "optiply", step.optiply)
    session = stage.open()
    settings = step.flags is not None  # a run asks for a preview then
    shows = step.run in ("run", "full") and not step.stops and (stage.previews or settings)
    shown = preview(session) if shows else None
    report = _run(stage, session, step)
    assert (report.stop_code or "") == step.stops, report.message
    learn(stage.world)
    found = stage.written(report.run)
    if shown is not None and step.run == "run" and step.foreseen:
        _kept_its_word(session, shown, found)
    if step.plan is not None:
        _as_planned(step.plan, found, stage.left())
    _left_over(stage, step, report)
    for system, streams in step.stands.items():
        for name, wanted in streams.items():
            rows = stage.world.rows(system, name)
            shown_rows = [stage.names.show(system, name, row) for row in rows.values()]
            _as_it_stands(f"{system}.{name}", wanted, shown_rows)


def _run(stage: _Stage, session: Session, step: Step) -> RunReport:
    match step.run:
        case "exports":
            return run(session, exports=True)
        case "hints":
            ids = {
                stream: [stage.names.id("zoho", stream, name) for name in names]
                for stream, names in step.hints.items()
            }
            return run(session, hints=ids)
        case kind:
            return run(session, full=kind == "full")


def _kept_its_word(session: Session, shown: Preview, found: list[tuple[Planned, Fields]]) -> None:
    """What a preview told of flows that need no details it had not read is what the run did."""
    streams = session.a.streams()
    # That an exported record is told its new id is part of the export.
    made = {(one.flow, one.record) for one, _ in found if one.at == "zoho" and one.op == "create"}
    told_back = [one for one, _ in found if one.op == "update" and (one.flow, one.record) in made]
    written: Counter[tuple[str, str]] = Counter((one.flow, one.op) for one, _ in found)
    written.subtract((one.flow, one.op) for one in told_back)
    for flow in shown.flows:
        stream = streams[next(one.flow.a for one in session.flows if one.flow.name == flow.flow)]
        if streams[stream.derived_from or stream.name].detail_size == 1:
            continue
        told = {"create": flow.create, "update": flow.update, "remove": flow.remove}
        did = {op: written[flow.flow, op] for op in told}
        if flow.unread == 0 and not (did["remove"] and did["create"]):
            assert did == told, f"the preview of {flow.flow} told {told}, and the run did {did}"


def _as_planned(plan: list[Planned], found: list[tuple[Planned, Fields]], left: object) -> None:
    open_ones = list(found)
    for wanted in plan:
        match = next((one for one in open_ones if _is(wanted, *one)), None)
        assert match is not None, (
            f"missing: {_say(wanted, wanted.sets)}\nwritten: {_list(open_ones)}\nleft over: {left}"
        )
        open_ones.remove(match)
    assert not open_ones, f"not planned: {_list(open_ones)}"


def _is(wanted: Planned, planned: Planned, values: Fields) -> bool:
    if (wanted.flow, wanted.op, wanted.record, wanted.at) != (
        planned.flow,
        planned.op,
        planned.record,
        planned.at,
    ):
        return False
    if wanted.op == "update" and wanted.sets.keys() != values.keys():
        return False
    return all(name in values and same(value, values[name]) for name, value in wanted.sets.items())


def _say(planned: Planned, values: Fields) -> str:
    return f"{planned.flow}: {planned.op} {planned.record} at {planned.at} {values}"


def _list(found: list[tuple[Planned, Fields]]) -> str:
    return "\n  ".join(["", *(_say(*one) for one in found)]) if found else "nothing"


def _left_over(stage: _Stage, step: Step, report: RunReport) -> None:
    open_ones = stage.left()
    for wanted in step.leaves:
        match = next(
            (
                one
                for one in open_ones
                if one[:3] == (wanted.flow, wanted.record, wanted.state) and wanted.says in one[3]
            ),
            None,
        )
        assert match is not None, f"should be left over: {wanted}\nleft over: {open_ones}"
        open_ones.remove(match)
    assert not open_ones, f"left over: {open_ones}"
    if not step.stops:
        assert report.outcome == ("left over" if step.leaves else "in step")
    for name, words in step.left_out.items():
        flow = next(one for one in report.flows if one.flow == name)
        assert any(words in reason for reason in flow.left_out), flow.left_out


def _as_it_stands(what: str, wanted: list[Fields], found: list[Fields]) -> None:
    shown = [{name: row.get(name) for one in wanted[:1] for name in one} for row in found]
    assert len(wanted) == len(found), f"{what}: {shown}"
    open_ones = list(found)
    for row in wanted:
        match = next((one for one in open_ones if same(row, one)), None)
        assert match is not None, f"{what}: no {row} in {shown}"
        open_ones.remove(match)
