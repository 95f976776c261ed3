"""Every record stands in one place, and only there."""

from __future__ import annotations

import msgspec
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Condition
from stockbridge.engine.health import EXCLUDED, STATES, health


def test_one_that_finds_its_partner_left_out(store: Engine) -> None:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    only = (Condition(field="status", test="is", value="on"),)
    people = World(store, a, b, (msgspec.structs.replace(TWO_WAY, only_a=only),))
    a_id = a.put("items", {"name": "Anna", "sku": "anna", "status": "off"})
    b_id = b.put("products", {"title": "Anna", "code": "anna"})
    people.run()
    found = health(people.open(), states=list(STATES)).flows[0].entries
    assert [(one.a_id, one.state) for one in found if one.a_id] == [(a_id, EXCLUDED)]
    assert [(one.b_id, one.state) for one in found if one.b_id] == [(b_id, EXCLUDED)]
    assert a.rows("items").keys() == {a_id}
