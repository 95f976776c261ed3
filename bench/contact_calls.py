"""Calls of the contact sync at Zoho and at Google, over real HTTP, against the least possible: a first run, five changes at
each side, and none.

The least possible is worked out here from the sizes and from what the two interfaces take with one call (facts: Zoho 10.6;
Google: the discovery document).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from sqlalchemy import Engine

from bench.acquaintances import (
    NO_COMPANY_AT_GOOGLE,
    NO_PHONE_IN_ZOHO,
    OTHER_NAME_AT_GOOGLE,
    Sizes,
    edit_at_google,
    edit_in_zoho,
    fill,
    in_zoho,
    known_to_both,
)
from bench.calls import lines
from bench.result import Line, Measured
from bench.shop import ask, clock_of, empty_store, serving, zoho_login
from stockbridge.connectors.people import connector as google
from stockbridge.connectors.people.account import GoogleAccount
from stockbridge.connectors.zoho import connector as zoho
from stockbridge.connectors.zoho.account import ZohoAccount
from stockbridge.core.secret import Secret
from stockbridge.engine.run import run
from stockbridge.engine.session import open_session
from stockbridge.http.clock import Clock
from stockbridge.http.transport import Transport
from stockbridge.store.database import sync_lock
from stockbridge.wiring.contact_settings import ContactSettings
from stockbridge.wiring.contacts import contacts

_CHANGES = 5
_SPEED = 1200.0  # so fast that the limit of a minute never makes a call wait
_SETTLED = 1.0  # seconds in which twenty minutes pass there, so that edits are old news

_ZOHO_PAGE = 200
_GOOGLE_PAGE, _GOOGLE_READ, _GOOGLE_WRITTEN = 1000, 200, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """The least possible calls at each system."""

    zoho: int
    google: int


def least_of_first(sizes: Sizes) -> Least:
    """Zoho: the list, everybody's details once (addresses stand nowhere else), each write by itself; before a change the
    contact is read, since Zoho has no etag and drops whoever of its persons is not sent back. Google: the list, and
    writes by 200."""
    made, changed = sizes.only_at_google(), sizes.differing(NO_PHONE_IN_ZOHO)
    made_there = sizes.only_in_zoho()
    changed_there = sizes.differing(NO_COMPANY_AT_GOOGLE, OTHER_NAME_AT_GOOGLE)
    return Least(
        zoho=_pages(sizes.zoho, _ZOHO_PAGE) + sizes.zoho + made + 2 * changed,
        google=_pages(sizes.google, _GOOGLE_PAGE)
        + _needed(made_there, _GOOGLE_WRITTEN)
        + _needed(changed_there, _GOOGLE_WRITTEN),
    )


def least_of_echo(sizes: Sizes) -> Least:
    """What the first run wrote comes back in both lists, once."""
    changed = sizes.differing(NO_PHONE_IN_ZOHO)
    changed_there = sizes.differing(NO_COMPANY_AT_GOOGLE, OTHER_NAME_AT_GOOGLE)
    return Least(
        zoho=_pages(sizes.only_at_google() + changed, _ZOHO_PAGE),
        google=_pages(sizes.only_in_zoho() + changed_there, _GOOGLE_PAGE),
    )


def least_of_changes(count: int) -> Least:
    """Zoho: the list, the details of what changed there, and what changed at Google read and written. Google: the list,
    and what changed in Zoho read, for its etag, and written."""
    return Least(
        zoho=1 + count + 2 * count,
        google=1 + _needed(count, _GOOGLE_READ) + _needed(count, _GOOGLE_WRITTEN),
    )


def _pages(rows: int, size: int) -> int:
    return max(1, math.ceil(rows / size))


def _needed(records: int, size: int) -> int:
    return math.ceil(records / size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """Both systems, signed in."""

    control: str
    clock: Clock
    transport: Transport
    zoho: ZohoAccount
    google: GoogleAccount


def measure(quick: bool) -> Measured:
    """Counted by the sandbox's own log. Every run has new connectors, as each is a process of its own."""
    sizes = Sizes(zoho=60, google=75, both=36) if quick else Sizes(zoho=2_000, google=2_500, both=1_200)
    options = {"items": 1, "vendors": 0, "orders": 0, "customers": 0, "contacts": 0}
    made: list[Line] = []
    with serving(**options, speed=1.0) as urls, Transport() as transport, empty_store() as engine:
        books = _signed_in(urls, transport, sizes)

        def go(what: str, least: Least) -> None:
            time.sleep(_SETTLED)
            ask(books.control, "DELETE", "/requests")
            _run(engine, books)
            made.extend(lines(f"{what}, Zoho", _calls(books, "zoho"), least.zoho))
            made.extend(lines(f"{what}, Google", _calls(books, "people"), least.google))

        go("first run", least_of_first(sizes))
        go("the run after it", least_of_echo(sizes))
        time.sleep(_SETTLED)
        rows = ask(books.control, "GET", "/state/people/contacts")["rows"]
        edit_in_zoho(books.control, ask(books.control, "GET", "/state/zoho/contacts")["rows"], _CHANGES)
        edit_at_google(books.control, list(known_to_both(rows, sizes)), _CHANGES)
        go("five changes each", least_of_changes(_CHANGES))
        go("the run after that", Least(zoho=1, google=1))
        go("no change", Least(zoho=1, google=1))
    return Measured(
        name="contacts",
        sizes=f"{sizes.zoho:,} contacts in Zoho, {sizes.google:,} at Google, {sizes.both:,} of them the same people",
        lines=made,
    )


def _signed_in(urls: dict[str, str], transport: Transport, sizes: Sizes) -> _Books:
    login, _ = zoho_login(urls, clock_of(urls, 1.0), transport)  # a code lives for minutes of the slow clock
    other = ask(urls["control"], "GET", "/accounts")["people"]
    token = ask(urls["control"], "POST", "/people/refresh-token", {})["refresh_token"]
    people = GoogleAccount(
        name="Sandbox",
        client_id=other["client_id"],
        client_secret=Secret(other["client_secret"]),
        refresh_token=Secret(token),
        api_base=urls["people"],
        token_base=urls["people"],
        consent_base=urls["people"],
    )
    ask(urls["control"], "POST", "/clock", {"speed": _SPEED})
    fill(urls["control"], sizes)  # on the fast clock, so that not hundreds are made within a second of it
    time.sleep(_SETTLED)
    in_zoho(urls["control"], sizes.zoho - 1)  # the newest, from which the next read goes on, stands alone
    clock = clock_of(urls, _SPEED)
    return _Books(control=urls["control"], clock=clock, transport=transport, zoho=login, google=people)


def _calls(books: _Books, system: str) -> int:
    """Without those that only told that a token is too old: of the hour that one lives, three seconds are left here."""
    rows = ask(books.control, "GET", f"/requests?system={system}")["requests"]
    return sum(row["status"] != 401 for row in rows)


def _run(engine: Engine, books: _Books) -> None:
    with sync_lock(engine, 1) as epoch:
        run(
            open_session(
                engine,
                sync_id=1,
                name="bench",
                epoch=epoch,
                a=zoho.connect(books.zoho, clock=books.clock, transport=books.transport),
                b=google.connect(books.google, clock=books.clock, transport=books.transport),
                flows=(contacts(ContactSettings(region="NL")),),
                now=books.clock.now,
                full_read_hours=10_000,  # days go by there
            )
        )
