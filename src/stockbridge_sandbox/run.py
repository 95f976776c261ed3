"""A running sandbox in this process: `with start(items=40) as sandbox: …`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import TracebackType

from stockbridge_sandbox.clock import Clock
from stockbridge_sandbox.company import Company
from stockbridge_sandbox.control import Control
from stockbridge_sandbox.faults import Faults
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.optiply.app import Optiply
from stockbridge_sandbox.people.app import People
from stockbridge_sandbox.people.made_up import ACQUAINTED, Known, make_up
from stockbridge_sandbox.server import Mount, RequestLog, Server
from stockbridge_sandbox.state import Saved, load, save
from stockbridge_sandbox.zoho.api import Zoho


class Sandbox:
    """All systems on their ports. Stops at the end of a `with`, and keeps its state when it has a file for it."""

    def __init__(
        self,
        *,
        clock: Clock,
        zoho: Zoho,
        optiply: Optiply,
        people: People,
        company: Company | None,
        state: Path | None,
        zoho_port: int,
        optiply_port: int,
        people_port: int,
    ) -> None:
        self.clock = clock
        self.zoho = zoho
        self.optiply = optiply
        self.people = people
        self.company = company
        self.faults = Faults()
        self.log = RequestLog()
        self.control = Control(
            clock=clock, faults=self.faults, log=self.log, zoho=zoho, optiply=optiply, people=people
        )
        self._state = state
        steering = Mount(prefix="/_sandbox", application=self.control, system=lambda _: None)
        zoho_mount = Mount(
            prefix="",
            application=zoho,
            system=lambda path: "accounts" if "/oauth/" in path else "zoho",
            error=zoho.error,
            move_row=zoho.move_row,
            revoke_token=zoho.revoke_token,
        )
        optiply_mount = Mount(
            prefix="",
            application=optiply,
            system=lambda _: "optiply",
            error=optiply.error,
            move_row=optiply.move_row,
            revoke_token=optiply.revoke_token,
        )
        people_mount = Mount(
            prefix="",
            application=people,
            system=lambda path: "people" if path.startswith("/v1/") else "people_login",
            error=people.error,
            move_row=people.move_row,
            revoke_token=people.revoke_token,
        )
        self._zoho_server = Server(
            (steering, zoho_mount), clock=clock, log=self.log, faults=self.faults, port=zoho_port
        )
        self._optiply_server = Server(
            (steering, optiply_mount), clock=clock, log=self.log, faults=self.faults, port=optiply_port
        )
        self._people_server = Server(
            (steering, people_mount), clock=clock, log=self.log, faults=self.faults, port=people_port
        )

    @property
    def zoho_url(self) -> str:
        """For example http://127.0.0.1:8411; the API is at {zoho_url}/dc/eu/inventory/v1."""
        return self._zoho_server.url

    @property
    def optiply_url(self) -> str:
        """For example http://127.0.0.1:8412; the API is at {optiply_url}/v1."""
        return self._optiply_server.url

    @property
    def people_url(self) -> str:
        """For example http://127.0.0.1:8413; the API is at {people_url}/v1, the login at {people_url}/o/oauth2/v2/auth."""
        return self._people_server.url

    @property
    def control_url(self) -> str:
        """Where the control application is."""
        return f"{self.zoho_url}/_sandbox"

    def open(self) -> None:
        """Take the ports. Raises OSError when one is taken."""
        started: list[Server] = []
        try:
            for server in (self._zoho_server, self._optiply_server, self._people_server):
                server.start()
                started.append(server)
        except OSError:
            for server in started:
                server.stop()
            raise

    def close(self) -> None:
        """Leave the ports and save the state."""
        self._zoho_server.stop()
        self._optiply_server.stop()
        self._people_server.stop()
        self.zoho.hooks.stop()
        self.save()

    def save(self) -> None:
        """Write the state file, when there is one. Raises OSError when it cannot be written."""
        if self._state is not None:
            saved = Saved(
                now=self.clock.now(),
                zoho=self.zoho.snapshot(),
                optiply=self.optiply.snapshot(),
                people=self.people.snapshot(),
            )
            save(self._state, saved)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    company: Company | None = None,
    *,
    items: int = 40,
    vendors: int = 5,
    orders: int = 60,
    purchase_orders: int | None = None,
    customers: int | None = None,
    private_customers: int = 0,
    contacts: int = 30,
    acquainted: float = ACQUAINTED,
    seed: int = 7,
    zoho_port: int = 0,
    optiply_port: int = 0,
    people_port: int = 0,
    speed: float = 1.0,
    at: datetime | None = None,
    state: Path | None = None,
    data_centre: str = "eu",
) -> Sandbox:
    """Start all systems with a company, a made-up one when none is given, or with what the state file holds.

    `customers` are companies, one for six orders when it is not given; `private_customers` come on top. The address book
    at Google has so many `contacts`, a part of them (`acquainted`) people whom the company's Zoho knows as well.
    `at` is where the sandbox clock begins (default: now). Raises StateError for a state file that cannot be used,
    OSError for a port that is taken, ValueError for an unknown data centre.
    """
    saved = load(state) if state is not None else None
    clock = Clock(speed, saved.now if saved is not None else at)
    if saved is None and company is None:
        company = generate(
            items=items,
            vendors=vendors,
            orders=orders,
            purchase_orders=purchase_orders,
            customers=customers,
            private_customers=private_customers,
            seed=seed,
            until=clock.now(),
        )
    start_with = company or generate(items=1, vendors=1, orders=0, seed=seed, until=clock.now())
    zoho = Zoho.load(start_with, clock=clock, data_centre=data_centre)
    optiply = Optiply(clock, company_name=start_with.name)
    known = () if saved is not None else _acquaintances(start_with)
    book = make_up(contacts if saved is None else 0, seed=seed, known=known, acquainted=acquainted)
    people = People(clock, book)
    if saved is not None:
        zoho.restore(saved.zoho)
        optiply.restore(saved.optiply)
        if saved.people is not None:
            people.restore_state(saved.people)
    sandbox = Sandbox(
        clock=clock,
        zoho=zoho,
        optiply=optiply,
        people=people,
        company=None if saved is not None else company,
        state=state,
        zoho_port=zoho_port,
        optiply_port=optiply_port,
        people_port=people_port,
    )
    sandbox.open()
    return sandbox


def _acquaintances(company: Company) -> tuple[Known, ...]:
    """The primary persons of the company's contacts, who may stand in the address book too."""
    return tuple(
        Known(
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            phone=person.phone or person.mobile,
            company="" if contact.sub_type == "individual" else contact.company_name or contact.name,
        )
        for contact in (*company.customers, *company.vendors)
        for person in contact.persons[:1]
        if person.email
    )
