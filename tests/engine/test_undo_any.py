"""Whatever a run did, taking it back leaves both sides as they were before it, and the next run writes nothing."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.test_undo import FLOW, LABEL, PERSON
from engine.two_sides import A_STREAMS, B_STREAMS, TWO_WAY, World
from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Flow, GonePolicy
from stockbridge.engine.carry_back import carry_out
from stockbridge.engine.undo import What, plan_undo
from stockbridge.store.database import open_store

NAMES = st.sampled_from(["Anna", "Bram", "Eef", None])
KEYS = st.sampled_from(["k1", "k2", "k3", None])
STATUS = st.sampled_from(["vip", "off", None])
EDIT = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("ab"), st.integers(0, 3), NAMES, KEYS, STATUS),
    st.tuples(st.just("drop"), st.sampled_from("ab"), st.integers(0, 3)),
)


def play(of: World, edits: list[tuple[Any, ...]]) -> None:
    for what, side, at, *values in edits:
        memory, stream = (of.a, "items") if side == "a" else (of.b, "products")
        standing = sorted(memory.rows(stream))
        if what == "drop":
            if at < len(standing):
                memory.drop(stream, standing[at])
            continue
        name, key, status = values
        fields = {"name": name, "sku": key} if side == "a" else {"title": name or "Nobody", "code": key}
        fields["status"] = status
        memory.put(stream, fields, standing[at] if at < len(standing) else None)


def standing(of: World) -> tuple[list[str], list[str]]:
    """What both sides hold, without ids: what was deleted comes back with another one."""
    return tuple(  # type: ignore[return-value]
        sorted(
            repr(
                sorted(
                    (name, value) for name, value in row.items() if value not in (None, []) and name != "mark"
                )
            )
            for row in memory.rows(stream).values()
        )
        for memory, stream in ((of.a, "items"), (of.b, "products"))
    )


MARKING = msgspec.structs.replace(
    FLOW,
    rules_a=(LABEL,),
    gone_a=GonePolicy(do="mark", adds={"labels": "Sync Trash"}, stays=True),
    gone_b=GonePolicy(do="mark", values={"status": "off"}, undo={"status": None}, stays=True),
)


@pytest.mark.parametrize("flow", [TWO_WAY, MARKING], ids=["removing", "marking and labelling"])
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(first=st.lists(EDIT, max_size=6), then=st.lists(EDIT, min_size=1, max_size=6))
def test_taking_a_run_back_restores_both_sides(flow: Flow, first: list[Any], then: list[Any]) -> None:
    with TemporaryDirectory() as directory:
        store = open_store(f"sqlite:///{Path(directory) / 'store.db'}")
        try:
            a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
            b = Memory("Right", {**B_STREAMS, "products": PERSON}, prefix="b", tombstones=True)
            of = World(store, a, b, (flow,))
            play(of, first)
            of.run()
            play(of, then)
            before = standing(of)
            number = of.run().run
            session = of.open()
            plan = plan_undo(session, What(kind="run", number=number))
            assert plan.left == []
            done = carry_out(session, plan)
            assert (done.failed, done.stopped) == ([], "")
            assert standing(of) == before
            written = (a.rows("items"), b.rows("products"))
            of.run()
            assert (a.rows("items"), b.rows("products")) == written
        finally:
            store.dispose()
