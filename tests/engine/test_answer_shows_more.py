"""The answer to our own write shows more than was sent: a change only where some flow looks at it."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.record import Record, Values


class Stamping(Memory):
    """A system that keeps something of its own with each change, or lets a person in between."""

    moves = "status"

    def update(self, stream: str, id: str, values: Values) -> Record:
        super().update(stream, id, values)
        self.put(stream, {self.moves: "moved"}, id)
        return self.fetch(stream, [id])[0]  # type: ignore[return-value]


@pytest.mark.parametrize(("moves", "looked_at"), [("status", 0), ("code", 1)])
def test_only_what_is_looked_at_is_looked_at_again(store: Engine, moves: str, looked_at: int) -> None:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Stamping("Right", B_STREAMS, prefix="b", tombstones=True)
    b.moves = moves
    world = World(store, a, b, (TWO_WAY,))
    a_id = a.put("items", {"name": "Anna", "sku": "anna"})
    world.run()
    [b_id] = b.rows("products")
    b.put("products", {"status": "still"}, b_id)
    world.run()
    a.put("items", {"name": "Anne"}, a_id)
    flow = world.run().flows[0]
    assert flow.updated == 1 + looked_at, "what a person changed meanwhile goes back to the left"
    assert flow.same == 0, "nothing else was looked at again"
