"""A create that finds its record there already, while that record gets another partner in the same run."""

from __future__ import annotations

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.errors import Exists
from stockbridge.store import links

NAMED = {**A_STREAMS, "items": msgspec.structs.replace(A_STREAMS["items"], unique="name")}


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
