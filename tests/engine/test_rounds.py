"""Something changes a value back each time it is written: after many rounds within a day it is refused, with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.engine.rounds import MOST
from stockbridge.store import waiting

PLAIN = (TWO_WAY,)


@pytest.fixture
def people(store: Engine) -> World:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    return World(store, a, Memory("Right", B_STREAMS, prefix="b", tombstones=True), PLAIN)


def there_and_back(people: World, b_id: str, a_id: str) -> None:
    """Another app writes "old" at the right and "new" at the left, whatever stands there."""
    people.a.put("items", {"name": "new"}, a_id)
    people.run()
    people.b.put("products", {"title": "old"}, b_id)
    people.run()


def test_a_round_is_broken_and_told(people: World) -> None:
    a_id = people.a.put("items", {"name": "old", "sku": "anna"})
    people.run()
    [b_id] = people.b.rows("products")
    for _ in range(MOST):
        there_and_back(people, b_id, a_id)
    people.a.put("items", {"name": "new"}, a_id)
    people.run()
    assert people.b.rows("products")[b_id]["title"] == "old"
    with people.engine.connect() as connection:
        [row] = waiting.rows(connection, people.open().sync_id)
    assert (row.state, row.code) == ("refused", "going round")
    assert "changes it back each time" in row.reason
    people.a.put("items", {"name": "something else"}, a_id)
    people.run()
    assert people.b.rows("products")[b_id]["title"] == "something else", "other values go on"


def test_yesterday_does_not_count(people: World) -> None:
    a_id = people.a.put("items", {"name": "old", "sku": "anna"})
    people.run()
    [b_id] = people.b.rows("products")
    for _ in range(MOST):
        there_and_back(people, b_id, a_id)
    people.a.put("items", {"name": "new"}, a_id)
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    people.options["now"] = lambda: tomorrow
    people.run()
    assert people.b.rows("products")[b_id]["title"] == "new"
