"""A preview of a record whose create was lost: it is held, so no run makes it yet."""

from __future__ import annotations

from sqlalchemy.engine import Engine

from engine.test_made_at_b import a_slow_world
from stockbridge.connectors.memory import lose_answer
from stockbridge.core.flow import Op
from stockbridge.engine.preview import preview


def test_a_held_record_waits_and_is_made_once_it_must_show(store: Engine) -> None:
    of, time = a_slow_world(store)
    of.b.put("buys", {"placed": "2026-01-05"})

    def lose(when: str, op: str, stream: str, _: str) -> None:
        if (when, op, stream) == ("before", Op.CREATE, "orders"):
            lose_answer()

    of.a.on_write = lose
    of.run()
    of.a.on_write = lambda *_: None
    held = preview(of.open()).flows[0]
    assert (held.create, held.export, sum(held.waiting.values())) == (0, 0, 1)
    time.pass_by(minutes=6)
    free = preview(of.open()).flows[0]
    assert (free.create, free.export, free.waiting) == (1, 1, {})
