"""The world of the contact scenarios on the sandboxes of Zoho and Google, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scenarios.board import exchanged
from scenarios.board_in_sandboxes import SPEED
from scenarios.contacts_language import Fields, Names, Scenario, System
from scenarios.contacts_people import GooglePeople, ZohoPeople
from scenarios.contacts_persons import ZohoPersons
from scenarios.sandbox_accounts import google_account, zoho_account
from stockbridge.connectors.base import Connector
from stockbridge.connectors.people import connector as people
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.connector import ZohoConnector
from stockbridge.core.record import Field
from stockbridge.http.clock import Clock, scaled
from stockbridge.http.transport import Transport
from stockbridge_sandbox.company import Company, Currency, Location
from stockbridge_sandbox.run import Sandbox, start

_COMPANY = Company(
    name="Twee Wielen",
    time_zone="Europe/Amsterdam",
    base_currency="EUR",
    currencies=(Currency(code="EUR", name="Euro", symbol="€"),),
    locations=(Location(key="store", name="store", primary=True),),
)


@dataclass(slots=True, kw_only=True)
class SandboxWorld:
    """Both sandboxes with our connectors to them, and the people who work there."""

    sandbox: Sandbox
    transport: Transport
    clock: Clock
    zoho: ZohoConnector
    google: Connector
    keys: Sequence[str]
    at_zoho: ZohoPeople | ZohoPersons
    at_google: GooglePeople
    names: Names = field(default_factory=Names)
    passed: timedelta = timedelta()

    def custom(self) -> list[Field]:
        return [one for one in self.zoho.streams()["contacts"].fields if one.name.startswith("cf_")]

    def now(self) -> datetime:
        return self.clock.now() + self.passed

    def later(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        self.passed += timedelta(seconds=seconds)

    def _people(self, system: System) -> ZohoPeople | ZohoPersons | GooglePeople:
        return self.at_zoho if system == "zoho" else self.at_google

    def put(self, system: System, name: str, fields: Fields) -> None:
        id = self.names.find(system, name)
        if id is not None and id in self.rows(system):
            self._people(system).edit(id, fields)
            return
        if system == "zoho":
            fields = {"contact_name": name.capitalize(), **fields}
        self.names.add(system, name, self._people(system).make(fields))

    def drop(self, system: System, name: str) -> None:
        self._people(system).remove(self.names.id(system, name))

    def merge(self, kept: str, others: list[str]) -> None:
        self.at_google.merge(
            self.names.id("google", kept), [self.names.id("google", other) for other in others]
        )

    def restore(self, name: str) -> None:
        self.sandbox.people.restore(self.names.id("google", name))

    def sign_in(self, *, valid: bool) -> None:
        if valid:
            self.google = _google(self.sandbox, self.transport, self.clock, self.keys)
            return
        grants = self.sandbox.people.grants
        for token in list(grants.refreshes):
            grants.revoke(token)

    def rows(self, system: System) -> dict[str, Fields]:
        return self._people(system).rows()


def _google(sandbox: Sandbox, transport: Transport, clock: Clock, keys: Sequence[str]) -> Connector:
    return people.connect(google_account(sandbox, "Winkel"), clock=clock, transport=transport, keys=keys)


@contextmanager
def sandbox_world(scenario: Scenario) -> Iterator[SandboxWorld]:
    """An organisation and an address book without any contact, with the custom fields of the scenario."""
    with start(_COMPANY, contacts=0) as sandbox, Transport() as transport:
        for one in scenario.custom:
            sandbox.control.define_field("contact", one.label, one.type, one.options)
        refresh = exchanged(sandbox)
        clock = scaled(SPEED, start=sandbox.clock.now())
        sandbox.clock.set_speed(SPEED)
        account = zoho_account(sandbox, "Winkel", refresh)
        known: list[Field] = []
        if scenario.custom:
            known = zoho.connect(account, clock=clock, transport=transport).contact_fields()
        each = scenario.sync.get("people") == "each"
        yield SandboxWorld(
            sandbox=sandbox,
            transport=transport,
            clock=clock,
            zoho=zoho.connect(account, clock=clock, transport=transport, custom_contacts=known, people=each),
            google=_google(sandbox, transport, clock, scenario.keys),
            keys=scenario.keys,
            at_zoho=ZohoPersons(sandbox) if each else ZohoPeople(sandbox),
            at_google=GooglePeople(sandbox),
        )
