"""The contact sync with 50,000 contacts at each side, without a network: the processor's time of the first match and merge
and of an idle cycle, in a process of its own (`python -m bench.people COUNT`).
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from sqlalchemy import Engine

from bench.result import Line, Measured
from bench.shop import add_sync
from stockbridge.connectors.memory import Memory
from stockbridge.connectors.people.streams import contacts_stream as google_contacts
from stockbridge.connectors.zoho.contacts import contacts_stream as zoho_contacts
from stockbridge.core.record import Kind
from stockbridge.core.report import RunReport
from stockbridge.engine.collector import seldom_collected
from stockbridge.engine.run import run
from stockbridge.engine.session import open_session
from stockbridge.store.database import open_store, sync_lock
from stockbridge.wiring.contact_settings import ContactSettings
from stockbridge.wiring.contacts import contacts

_COUNT, _SECONDS = 50_000, 60.0
_ONLY_AT_ONE = 50  # every so many contacts, one is at Zoho only and one at Google only
_DIFFERS = 10  # every so many, the phone number differs


class Found(msgspec.Struct):
    """What the process measured: seconds of processor time, counts of the first run, writes of the second, peak in bytes."""

    first: float
    idle: float
    recognised: int
    created: int
    updated: int
    idle_writes: int
    peak: int


def measure(quick: bool) -> Measured:
    """Nearly all contacts stand at both sides, unlinked; a tenth differ in a field; a few are at one side only."""
    count = 2_000 if quick else _COUNT
    command = [sys.executable, "-m", "bench.people", str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=900)
    found = msgspec.json.decode(done.stdout, type=Found)
    return Measured(
        name="people",
        sizes=f"{count:,} contacts at each side, no network",
        lines=[
            Line(
                what="first match and merge, processor",
                value=found.first,
                unit="s",
                target=f"<= {_SECONDS:.0f} s",
                met=found.first <= _SECONDS,
            ),
            Line(what="of that, for one pair", value=found.first / count * 1e6, unit="µs"),
            Line(what="recognised", value=found.recognised, unit="contacts"),
            Line(what="made", value=found.created, unit="contacts"),
            Line(what="changed", value=found.updated, unit="contacts"),
            Line(what="an idle cycle, processor", value=found.idle, unit="s"),
            Line(
                what="writes of an idle cycle",
                value=found.idle_writes,
                unit="",
                target="0",
                met=found.idle_writes == 0,
            ),
            Line(what="peak memory", value=found.peak / 2**20, unit="MiB"),
        ],
    )


def _filled(zoho: Memory, google: Memory, count: int) -> None:
    zoho_empty, google_empty = _empty(zoho), _empty(google)
    for number in range(count):
        name, town = f"Name{number % 997}", f"Town{number % 89}"
        email = f"person.{number}@shop-{number % 4_999}.example"
        phone = f"+31 20 {1_000_000 + number}"
        address = {"street": f"Street {number}", "city": town, "postal_code": f"{1000 + number % 9000} AB"}
        if number % _ONLY_AT_ONE:
            zoho.put("contacts", zoho_empty | _at_zoho(number, name, email, phone, address))
        if number % _ONLY_AT_ONE != 1:
            differs = number % _DIFFERS == 3
            held = _at_google(name, number, email, phone + ("9" if differs else ""), address)
            google.put("contacts", google_empty | held)


def _empty(memory: Memory) -> dict[str, Any]:
    """A contact as a system shows it: every field, mostly without a value."""
    return {
        field.name: [] if field.many or field.kind is Kind.LABELS else None
        for field in memory.streams()["contacts"].fields
    }


def _at_zoho(number: int, name: str, email: str, phone: str, address: dict[str, str]) -> dict[str, Any]:
    return {
        "contact_type": "customer",
        "customer_sub_type": "business",
        "status": "active",
        "contact_name": f"{name} {number}",
        "company_name": f"Company {number % 4_999}",
        "first_name": name,
        "last_name": str(number),
        "email": email,
        "phone": phone,
        "notes": None,
        **{f"billing_address.{part}": value for part, value in address.items()},
    }


def _at_google(name: str, number: int, email: str, phone: str, address: dict[str, str]) -> dict[str, Any]:
    return {
        "given_name": name,
        "family_name": str(number),
        "email": email,
        "emails": [email],
        "phone_work": phone,
        "phones": [phone],
        "organization": f"Company {number % 4_999}",
        "labels": [],
        **{f"address_work.{part}": value for part, value in address.items()},
    }


def _run(engine: Engine, zoho: Memory, google: Memory) -> tuple[RunReport, float]:
    with sync_lock(engine, 1) as epoch, seldom_collected():
        session = open_session(
            engine,
            sync_id=1,
            name="people",
            epoch=epoch,
            a=zoho,
            b=google,
            flows=(contacts(ContactSettings(region="NL")),),
        )
        began = time.process_time()
        report = run(session)
        return report, time.process_time() - began


def _main(count: int) -> None:
    zoho = Memory("Zoho", {"contacts": zoho_contacts()}, prefix="z", page_size=200)
    google = Memory("Google", {"contacts": google_contacts()}, prefix="g", page_size=1000, tombstones=True)
    _filled(zoho, google, count)
    with TemporaryDirectory(prefix="stockbridge-bench-") as directory:
        engine = open_store(f"sqlite:///{Path(directory) / 'store.db'}")
        add_sync(engine)
        first, seconds = _run(engine, zoho, google)
        idle, idle_seconds = _run(engine, zoho, google)
        engine.dispose()
    flow, second = first.flows[0], idle.flows[0]
    found = Found(
        first=seconds,
        idle=idle_seconds,
        recognised=flow.adopted,
        created=flow.created,
        updated=flow.updated,
        idle_writes=second.created + second.updated + second.removed,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    _main(int(sys.argv[1]))
