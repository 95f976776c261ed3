"""One shop per connector for the contract: a stream with records, and a person who edits them at the system itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from examples.card_folder import CardFolder
from scenarios.sandbox_accounts import optiply_account, zoho_account
from stockbridge.connectors.base import Connector
from stockbridge.connectors.memory import Memory
from stockbridge.connectors.optiply import connector as optiply
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.account import ZohoAccount, exchange
from stockbridge.core.record import Ability, Field, Kind, Stream, Value, Values
from stockbridge.core.secret import Secret
from stockbridge.http.clock import REAL, Clock
from stockbridge.http.oauth import Token, drive
from stockbridge.http.transport import Transport
from stockbridge_sandbox.run import Sandbox, start

RECORDS = 230  # more than one page of every connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A connector and the stream to try. `ids()` is what stands at the system, by an independent way.

    `new` are values a record can be made of, `change` is one field with another value, as `create` and `update` take it.
    `edit`, `drop` and `add` are a person at the system; `edit` gives a record a new name, of which `name_field` shows
    what `shows` says. `fetch_calls` are what one full record costs.
    """

    connector: Connector
    stream: str
    name_field: str
    ids: Callable[[], set[str]]
    add: Callable[[str], str]
    edit: Callable[[str, str], None]
    drop: Callable[[str], None]
    new: Values
    change: Values
    shows: Callable[[str], Value] = str
    fetch_calls: int = 1

    @property
    def declared(self) -> Stream:
        return self.connector.streams()[self.stream]

    def can(self, ability: Ability) -> bool:
        return ability in self.declared.abilities


@contextmanager
def memory_shop() -> Iterator[Shop]:
    stream = Stream(
        name="things",
        noun="thing",
        fields=(
            Field(name="name", kind=Kind.TEXT),
            Field(name="size", kind=Kind.INTEGER),
            Field(name="mark", kind=Kind.TEXT),
        ),
        abilities=frozenset(Ability),
        mark="mark",
    )
    memory = Memory("Memory", {"things": stream}, page_size=100)
    for number in range(RECORDS):
        memory.put("things", {"name": f"Thing {number}", "size": number, "mark": None})
    yield Shop(
        connector=memory,
        stream="things",
        name_field="name",
        ids=lambda: set(memory.rows("things")),
        add=lambda name: memory.put("things", {"name": name, "size": 1, "mark": None}),
        edit=lambda id, name: _none(memory.put("things", {"name": name}, id)),
        drop=lambda id: memory.drop("things", id),
        new={"name": "New", "size": 5},
        change={"size": 6},
    )


def zoho_login(sandbox: Sandbox, transport: Transport, clock: Clock) -> tuple[ZohoAccount, Token]:
    """The sandbox's organisation, signed in to with its self-client code, and the first access token."""
    known = zoho_account(sandbox, "Sandbox", Secret(""))
    given = drive(
        exchange(
            accounts_server=known.accounts_server,
            code=sandbox.zoho.accounts()["self_client_code"],
            client_id=known.client_id,
            client_secret=known.client_secret,
            clock=clock,
        ),
        transport.send,
    )
    account = zoho_account(sandbox, "Sandbox", given.refresh_token)
    return account, given.token


@contextmanager
def zoho_shop() -> Iterator[Shop]:
    with start(items=RECORDS, vendors=6, orders=20, seed=3) as sandbox, Transport() as transport:
        account, _ = zoho_login(sandbox, transport, REAL)

        def add(name: str) -> str:
            made = sandbox.zoho.direct("POST", "/items", body={"name": name, "rate": 1})
            return str(made["item"]["item_id"])

        def edit(id: str, name: str) -> None:
            sandbox.zoho.direct("PUT", f"/items/{id}", body={"name": name})

        def drop(id: str) -> None:
            sandbox.zoho.direct("DELETE", f"/items/{id}")

        yield Shop(
            connector=zoho.connect(account, clock=REAL, transport=transport),
            stream="items",
            name_field="name",
            ids=lambda: {row["id"] for row in sandbox.zoho.rows("items")},
            add=add,
            edit=edit,
            drop=drop,
            new={"name": "New"},
            change={"name": "Newer"},
        )


@contextmanager
def optiply_shop() -> Iterator[Shop]:
    with start(items=1, vendors=1, orders=0, seed=3) as sandbox, Transport() as transport:

        def add(name: str) -> str:
            row = sandbox.optiply.add("products", {"name": name, "stockLevel": 1, "unlimitedStock": False})
            return str(row["id"])

        for number in range(RECORDS):
            add(f"Product {number}")
        sandbox.clock.advance(timedelta(minutes=1).total_seconds())
        yield Shop(
            connector=optiply.connect(optiply_account(sandbox, "Sandbox"), clock=REAL, transport=transport),
            stream="products",
            name_field="name",
            ids=lambda: {str(row["id"]) for row in sandbox.optiply.rows("products")},
            add=add,
            edit=lambda id, name: _none(sandbox.optiply.edit("products", id, {"name": name})),
            drop=lambda id: sandbox.optiply.remove("products", id),
            new={"name": "New", "stockLevel": 5, "unlimitedStock": False},
            change={"stockLevel": 6},
        )


def _none(_: object) -> None:
    return None


@contextmanager
def folder_shop() -> Iterator[Shop]:
    """The connector that the documentation shows as a model."""
    with TemporaryDirectory() as name:
        folder = Path(name)

        def put(id: str, name: str) -> str:
            (folder / f"{id}.json").write_bytes(msgspec.json.encode({"name": name, "email": ""}))
            return id

        for number in range(RECORDS):
            put(f"card-{number}", f"Card {number}")
        yield Shop(
            connector=CardFolder(folder),
            stream="cards",
            name_field="name",
            ids=lambda: {path.stem for path in folder.glob("*.json")},
            add=lambda name: put(f"by-hand-{name.replace(' ', '-')}", name),
            edit=lambda id, name: _none(put(id, name)),
            drop=lambda id: (folder / f"{id}.json").unlink(),
            new={"name": "New", "email": "new@cards.example", "labels": ["Friends"]},
            change={"email": None},
        )


SHOPS = {
    "memory": memory_shop,
    "zoho@sandbox": zoho_shop,
    "optiply@sandbox": optiply_shop,
    "folder": folder_shop,
}
