"""An address that may belong to several people makes nobody the same whose names differ, duplicates avoided or not."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Match
from stockbridge.engine.health import health

SHARED = (Match(a="sku", b="code", shared=Match(a="name", b="title")),)


@pytest.mark.parametrize("keyed", ["", "no address"])
@pytest.mark.parametrize(("name", "duplicates"), [("Bram", 2), ("Anna", 0)])
def test_names_must_agree(store: Engine, keyed: str, name: str, duplicates: int) -> None:
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True)
    world = World(store, a, b, (msgspec.structs.replace(TWO_WAY, match=SHARED, keyed=keyed),))
    a.put("items", {"name": "Anna", "sku": "info@shop.example"})
    b.put("products", {"title": name, "code": "info@shop.example"})
    world.run()
    assert health(world.open()).flows[0].counts["duplicates"] == duplicates
    assert len(a.rows("items")) == len(b.rows("products")) == 1
