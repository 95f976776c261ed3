"""Two systems in memory, a flow between them, a store on disk: what the engine's tests play with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, update

from stockbridge.connectors.memory import Memory
from stockbridge.core.flow import Flow, GonePolicy, Match, Op, Owner, Pair
from stockbridge.core.record import Ability, Field, Kind, Stream
from stockbridge.core.report import RunReport
from stockbridge.engine.run import run
from stockbridge.engine.session import Session, open_session
from stockbridge.store.schema import sync

ALL = frozenset(Op)

A_STREAMS = {
    "items": Stream(
        name="items",
        noun="item",
        fields=(
            Field(name="name", kind=Kind.TEXT),
            Field(name="sku", kind=Kind.TEXT),
            Field(name="price", kind=Kind.NUMBER),
            Field(name="status", kind=Kind.TEXT),
            Field(name="mark", kind=Kind.TEXT),
        ),
        names=("sku", "name"),
        abilities=frozenset(Ability),
        mark="mark",
    ),
    "vendor_items": Stream(
        name="vendor_items",
        noun="vendor item",
        fields=(
            Field(name="name", kind=Kind.TEXT),
            Field(name="item", kind=Kind.TEXT, refers_to="items"),
        ),
    ),
}
B_STREAMS = {
    "products": Stream(
        name="products",
        noun="product",
        fields=(
            Field(name="title", kind=Kind.TEXT, required=True, max_length=40),
            Field(name="code", kind=Kind.TEXT),
            Field(name="price", kind=Kind.NUMBER, places=2, at_most=1000),
            Field(name="status", kind=Kind.TEXT),
            Field(name="mark", kind=Kind.TEXT),
        ),
        abilities=frozenset(Ability),
        mark="mark",
    ),
    "supplies": Stream(
        name="supplies",
        noun="supply",
        fields=(
            Field(name="title", kind=Kind.TEXT),
            Field(name="product", kind=Kind.TEXT, refers_to="products", required=True),
            Field(name="mark", kind=Kind.TEXT),
        ),
        abilities=frozenset(Ability),
        mark="mark",
    ),
}

PRODUCTS = Flow(
    name="products",
    a="items",
    b="products",
    pairs=(
        Pair(a="id", b="mark"),
        Pair(a="name", b="title"),
        Pair(a="sku", b="code"),
        Pair(a="price", b="price", empty="leave"),
    ),
    writes_b=frozenset({Op.CREATE, Op.UPDATE}),
    match=(Match(a="id", b="mark"),),
    gone_a=GonePolicy(do="mark", values={"status": "off"}, undo={"status": "on"}),
)
SUPPLIES = Flow(
    name="supplies",
    a="vendor_items",
    b="supplies",
    pairs=(Pair(a="id", b="mark"), Pair(a="name", b="title"), Pair(a="item", b="product")),
    writes_b=ALL,
    match=(Match(a="id", b="mark"),),
    gone_a=GonePolicy(do="remove"),
)
TWO_WAY = Flow(
    name="people",
    a="items",
    b="products",
    pairs=(
        Pair(a="name", b="title", owner=Owner.BOTH),
        Pair(a="sku", b="code", owner=Owner.BOTH),
    ),
    writes_a=ALL,
    writes_b=ALL,
    match=(Match(a="sku", b="code"),),
    gone_a=GonePolicy(do="remove"),
    gone_b=GonePolicy(do="remove"),
)


@dataclass
class World:
    """One sync between two memories. `open()` starts anew from what the store holds, as a new process would."""

    engine: Engine
    a: Memory
    b: Memory
    flows: tuple[Flow, ...]
    options: dict[str, Any] = field(default_factory=dict)
    sync_id: int = 1

    def open(self) -> Session:
        with self.engine.begin() as connection:
            found = connection.execute(
                update(sync)
                .where(sync.c.id == self.sync_id)
                .values(epoch=sync.c.epoch + 1)
                .returning(sync.c.epoch)
            ).scalar_one_or_none()
            if found is None:
                connection.execute(
                    sync.insert().values(
                        id=self.sync_id,
                        name=f"test {self.sync_id}",
                        kind="test",
                        account_a=1,
                        account_b=2,
                        config=b"{}",
                        epoch=1,
                        seq=0,
                        created_at="2026-01-01T00:00:00.000000Z",
                    )
                )
        return open_session(
            self.engine,
            sync_id=self.sync_id,
            name="test",
            epoch=found or 1,
            a=self.a,
            b=self.b,
            flows=self.flows,
            **self.options,
        )

    def run(self, **options: Any) -> RunReport:
        return run(self.open(), **options)


def world(engine: Engine, *flows: Flow, on_write: Callable[..., None] | None = None, **options: Any) -> World:
    """A fresh world with these flows."""
    a = Memory("Left", A_STREAMS, prefix="a", tombstones=True)
    b = Memory("Right", B_STREAMS, prefix="b", tombstones=True, on_write=on_write)
    return World(engine, a, b, flows or (PRODUCTS,), options)
