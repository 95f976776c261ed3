"""The lease: who lost it writes nothing more."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import PRODUCTS, world
from stockbridge.core.errors import Halt
from stockbridge.engine.run import run


def test_a_holder_that_was_taken_over_writes_nothing(store: Engine) -> None:
    of = world(store, PRODUCTS)
    of.a.put("items", {"name": "Bell"})
    late = of.open()
    of.open()  # another process takes the sync over
    with pytest.raises(Halt, match="took this sync over"):
        run(late)
    assert of.b.rows("products") == {}
