"""A create that finds its record there already, while that record gets another partner in the same run."""

from __future__ import annotations

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.errors import Exists
from stockbridge.core.report import FlowReport
from stockbridge.engine.execute import Writer
from stockbridge.engine.read import read_stream
from stockbridge.engine.work import decide_chunk
from stockbridge.store import links, runs

NAMED = {**A_STREAMS, "items": msgspec.structs.replace(A_STREAMS["items"], unique="name")}


def test_what_waits_in_line_to_be_made_is_not_adopted_however_soon_the_answer_comes(store: Engine) -> None:
    def names(when: str, op: str, *_: str) -> None:
        if (when, op) == ("before", "create"):
            raise Exists("The name is taken.", record=a.fetch("items", [one])[0])  # type: ignore[arg-type]

    many_at_once = msgspec.structs.replace(B_STREAMS["products"], batch_writes=200)
    a = Memory("Left", NAMED, prefix="a", on_write=names)
    b = Memory("Right", {**B_STREAMS, "products": many_at_once}, prefix="b")
    world = World(store, a, b, (TWO_WAY,))
    world.run()  # nothing is there yet
    one, other = a.put("items", {"name": "Dave"}), b.put("products", {"title": "Dave"})
    session = world.open()
    compiled = session.flows[0]
    for side, name in (("a", "items"), ("b", "products")):
        read_stream(session, "a" if side == "a" else "b", name, sweep=False)
    with session.begin() as connection:
        number = runs.begin(connection, session.sync_id, "run", session.clock())
        items = decide_chunk(session, connection, compiled, [one], [other])
    writer = Writer(session, compiled, number, FlowReport(flow=compiled.flow.name))
    try:
        writer.submit(items)
        writer.wait()  # the one that takes a call of its own has its answer; the other waits for company
        with store.connect() as connection:
            assert links.by_b(connection, session.bonds[compiled.flow.name], [other]) == {}
            assert not writer.idle()
        writer.finish()
    finally:
        writer.close()
    with store.connect() as connection:
        found = links.by_a(connection, session.bonds[compiled.flow.name], [one])
    assert found[one].b_id not in ("", other)


def test_what_gets_a_partner_in_the_same_run_is_not_adopted(store: Engine) -> None:
    told: list[str] = []

    def names_once(when: str, op: str, stream: str, _mark: str) -> None:
        """As a system in which a name is there once: the first time it says who has it."""
        if (when, op) == ("before", "create") and not told:
            told.append(op)
            [record] = a.fetch(stream, [one])
            raise Exists("The name is taken.", record=record)  # type: ignore[arg-type]

    a = Memory("Left", NAMED, prefix="a", tombstones=True, on_write=names_once)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    world = World(store, a, b, (TWO_WAY,))
    one = a.put("items", {"name": "Dave"})
    other = b.put("products", {"title": "Dave"})
    assert world.run().outcome == "in step"
    assert world.run().outcome == "in step"
    session = world.open()
    with store.connect() as connection:
        found = links.by_a(connection, session.bonds["people"], list(a.rows("items")))
    assert told
    assert len(a.rows("items")) == len(b.rows("products")) == 2
    pairs = {link.a_id: link.b_id for link in found.values()}
    assert len(pairs) == 2
    assert pairs[one] != other
