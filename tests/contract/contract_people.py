"""Google's contacts as a shop for the contract: a person works in the address book itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from contract_shops import Shop

from scenarios.sandbox_accounts import google_account
from stockbridge.connectors.people import connector as people
from stockbridge.http.clock import REAL
from stockbridge.http.transport import Transport
from stockbridge_sandbox.run import start

RECORDS = 1030  # a page and a little


@contextmanager
def people_shop() -> Iterator[Shop]:
    with start(items=1, vendors=1, orders=0, contacts=RECORDS, seed=3) as sandbox, Transport() as transport:

        def add(name: str) -> str:
            return str(sandbox.people.add({"names": [{"givenName": name}]})["resourceName"])

        yield Shop(
            connector=people.connect(
                google_account(sandbox, "Sandbox"), clock=REAL, transport=transport, keys=("Klantnummer",)
            ),
            stream="contacts",
            name_field="given_name",
            ids=lambda: {row["resourceName"] for row in sandbox.people.rows("contacts")},
            add=add,
            edit=lambda id, name: _none(sandbox.people.edit(id, {"names": [{"givenName": name}]})),
            drop=sandbox.people.remove,
            new={
                "given_name": "Sanne",
                "family_name": "de Vries",
                "email": "sanne@fiets.example",
                "phone_work": "+31 97014 1234",
                "address_work.city": "Utrecht",
                "labels": ["Klanten", "Nieuw hier"],
                "user_defined.Klantnummer": "K7",
            },
            change={"job_title": "Inkoper"},
        )


def _none(_: object) -> None:
    return None


PEOPLE_SHOPS: dict[str, Callable[[], AbstractContextManager[Shop]]] = {"google@sandbox": people_shop}
