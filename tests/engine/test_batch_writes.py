"""Many writes at once: they go together where the system takes that, and a lost answer of them makes nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy.engine import Engine

from engine.two_sides import A_STREAMS, B_STREAMS, PRODUCTS, TWO_WAY, World, world
from stockbridge.connectors.memory import Memory
from stockbridge.connectors.people import connector as people
from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.core.flow import Flow, Op, Owner, Pair
from stockbridge.core.record import Ability, Field, Kind, Stream
from stockbridge.core.secret import Secret
from stockbridge.http.clock import scaled
from stockbridge.http.transport import Transport
from stockbridge.store.database import open_store
from stockbridge_sandbox.faults import Fault
from stockbridge_sandbox.run import Sandbox, start

COUNT = 30
CONTACTS = Stream(
    name="contacts",
    noun="contact",
    fields=(Field(name="name", kind=Kind.TEXT), Field(name="email", kind=Kind.EMAIL)),
    abilities=frozenset(Ability),
)
FLOW = Flow(
    name="contacts",
    a="contacts",
    b="contacts",
    pairs=(
        Pair(a="name", b="given_name", owner=Owner.BOTH),
        Pair(a="email", b="email", owner=Owner.BOTH),
    ),
    writes_b=frozenset(Op),
)


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may wake a thread late: here a batch goes when all are there, and waits for them as long as it takes."""
    monkeypatch.setattr("stockbridge.connectors.people.batches._QUIET_SECONDS", 10.0)
    monkeypatch.setattr("stockbridge.connectors.people.connector.MOST_WRITTEN", COUNT)


@contextmanager
def closing(store: Engine) -> Iterator[Engine]:
    yield store
    store.dispose()


@contextmanager
def shop_and_book(store: Engine) -> Iterator[tuple[World, Sandbox]]:
    """Thirty contacts in a shop, and an address book at Google in which nobody is yet."""
    with (
        start(items=1, vendors=1, orders=0, contacts=0, seed=5, speed=1200.0) as sandbox,
        Transport() as transport,
    ):
        login = sandbox.people.accounts()
        account = GoogleAccount(
            name="Sandbox",
            client_id=login["client_id"],
            client_secret=Secret(login["client_secret"]),
            refresh_token=Secret(sandbox.people.refresh_token()),
            api_base=sandbox.people_url,
            token_base=sandbox.people_url,
        )
        clock = scaled(sandbox.clock.speed, start=sandbox.clock.now())
        shop = Memory("Shop", {"contacts": CONTACTS}, prefix="s", tombstones=True)
        for number in range(COUNT):
            shop.put("contacts", {"name": f"N{number}", "email": f"n{number}@x.example"}, f"s{number}")
        google: Any = people.connect(account, clock=clock, transport=transport)
        yield World(store, shop, google, (FLOW,), {"now": sandbox.clock.now}), sandbox


def names(sandbox: Sandbox) -> list[str]:
    return sorted(row["names"][0]["givenName"] for row in sandbox.people.rows("contacts"))


def writes(sandbox: Sandbox) -> Counter[str]:
    paths = (one.path for one in sandbox.log.rows("people") if one.method != "GET")
    return Counter(path.rpartition(":")[2] for path in paths if ":" in path)


LOST = [
    Fault(kind="drop_before", system="people", path="batch"),
    Fault(kind="drop_after", system="people", path="batch"),
    Fault(kind="status", system="people", path="batch", status=503),
    Fault(kind="status_after", system="people", path="batch", status=500),
    Fault(kind="truncate_page", system="people", path="batch"),
]


@pytest.mark.parametrize("fault", LOST, ids=lambda one: one.kind)
def test_a_batch_whose_answer_is_lost_is_looked_for_and_nobody_is_made_twice(
    sqlite_url: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_store(sqlite_url)) as store, shop_and_book(store) as (of, sandbox):
        sandbox.faults.add(fault)
        of.run()
        done = fault.kind not in ("drop_before", "status")
        assert len(names(sandbox)) == (COUNT if done else 0)
        assert writes(sandbox) == {"batchCreateContacts": 1}
        sandbox.clock.advance(3600)
        assert of.run().outcome == "in step"
        assert names(sandbox) == sorted(f"N{n}" for n in range(COUNT))
        assert writes(sandbox) == {"batchCreateContacts": 1 if done else 2}
        sandbox.clock.advance(3600)
        monkeypatch.setattr(
            "stockbridge.connectors.people.batches._QUIET_SECONDS", 1.0
        )  # it does not get full
        for number in range(20):
            of.a.put("contacts", {"name": f"M{number}", "email": f"n{number}@x.example"}, f"s{number}")
        assert of.run().outcome == "in step"
        assert names(sandbox) == sorted(f"{'M' if n < 20 else 'N'}{n}" for n in range(COUNT))
        assert writes(sandbox)["batchUpdateContacts"] == 1


class Crowd(Memory):
    """Counts how many creates are under way at once, and lets each wait for `expected` of them a little while."""

    def __init__(self, *args: Any, expected: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.most = self._here = 0
        self._expected = expected
        self._came = threading.Condition()

    def create(self, stream: str, values: Any, mark: str) -> Any:
        with self._came:
            self._here += 1
            self.most = max(self.most, self._here)
            self._came.notify_all()
            self._came.wait_for(lambda: self.most >= self._expected, timeout=0.2)
        try:
            return super().create(stream, values, mark)
        finally:
            with self._came:
                self._here -= 1


@pytest.mark.parametrize(("batch", "at_once"), [(1, 10), (7, 7), (40, 40)])
def test_as_many_write_at_once_as_the_system_takes_with_one_call(
    sqlite_url: str, batch: int, at_once: int
) -> None:
    with closing(open_store(sqlite_url)) as store:
        of = world(store, PRODUCTS)
        streams = {
            **B_STREAMS,
            "products": msgspec.structs.replace(B_STREAMS["products"], batch_writes=batch),
        }
        of.b = crowd = Crowd("Right", streams, prefix="b", tombstones=True, expected=at_once)
        for number in range(50):
            of.a.put("items", {"name": f"Item {number}", "sku": f"S{number}"})
        assert of.run().outcome == "in step"
        assert crowd.most == at_once
        assert len(crowd.rows("products")) == 50


class Waiting(Memory):
    """Gives the details of the last record only when something was written at the other side, or after a while."""

    written: threading.Event
    so_far: int = 0

    def fetch(self, stream: str, ids: Any) -> Any:
        if "s29" in ids and self.written.wait(timeout=1.0):
            self.so_far += 1
        return super().fetch(stream, ids)


def test_what_goes_together_waits_for_those_whose_details_are_still_to_come(sqlite_url: str) -> None:
    with closing(open_store(sqlite_url)) as store:
        of = world(store, PRODUCTS)
        fields = (*A_STREAMS["items"].fields, Field(name="more", kind=Kind.TEXT, detail=True))
        items = msgspec.structs.replace(A_STREAMS["items"], fields=fields, detail_size=1)
        of.a = waiting = Waiting("Left", {**A_STREAMS, "items": items}, prefix="s", tombstones=True)
        products = msgspec.structs.replace(
            B_STREAMS["products"],
            fields=(*B_STREAMS["products"].fields, Field(name="more", kind=Kind.TEXT)),
            batch_writes=COUNT + 1,
        )
        of.b = Memory("Right", {**B_STREAMS, "products": products}, prefix="b", tombstones=True)
        waiting.written = threading.Event()
        of.b.on_write = lambda *_: waiting.written.set()
        of.flows = (msgspec.structs.replace(PRODUCTS, pairs=(*PRODUCTS.pairs, Pair(a="more", b="more"))),)
        for number in range(COUNT):
            of.a.put("items", {"name": f"Item {number}", "sku": f"S{number}", "more": "m"}, f"s{number}")
        assert of.run().outcome == "in step"
        assert waiting.so_far == 0
        assert len(of.b.rows("products")) == COUNT


def test_what_waits_is_decided_anew_where_its_partner_comes_up(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockbridge.engine.settle.CHUNK", 7)
    with closing(open_store(sqlite_url)) as store:
        of = world(store, TWO_WAY)
        fields = (*A_STREAMS["items"].fields, Field(name="more", kind=Kind.TEXT, detail=True))
        items = msgspec.structs.replace(A_STREAMS["items"], fields=fields, detail_size=1)
        of.a = waiting = Waiting("Left", {**A_STREAMS, "items": items}, prefix="s", tombstones=True)
        products = msgspec.structs.replace(
            B_STREAMS["products"],
            fields=(*B_STREAMS["products"].fields, Field(name="more", kind=Kind.TEXT)),
            batch_writes=COUNT + 1,
        )
        of.b = Memory("Right", {**B_STREAMS, "products": products}, prefix="b", tombstones=True)
        waiting.written = threading.Event()
        of.b.on_write = lambda *_: waiting.written.set()
        more = Pair(a="more", b="more", owner=Owner.BOTH)
        of.flows = (msgspec.structs.replace(TWO_WAY, pairs=(*TWO_WAY.pairs, more)),)
        for number in range(COUNT):
            of.a.put("items", {"name": f"Item {number}", "sku": f"S{number}", "more": "m"}, f"s{number}")
            of.b.put("products", {"title": f"Item {number}", "code": f"S{number}"})
        report = of.run()
        assert report.outcome == "in step"
        assert waiting.so_far == 0
        assert [one["more"] for one in of.b.rows("products").values()] == ["m"] * COUNT
        assert (report.flows[0].created, report.flows[0].updated) == (0, COUNT)
