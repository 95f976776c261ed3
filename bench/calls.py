"""Calls at Zoho of a first run, of five changes and of none, against the least possible (facts, Zoho 13)."""

from __future__ import annotations

import math
import time
from typing import Any

from bench.result import Line, Measured
from bench.shop import Shop, empty_store, session, shop
from stockbridge.engine.run import run

_PAGE = 200
_SPEED = 1200.0  # so fast that the limit of a minute never makes a call wait
_SETTLED = 1.0  # seconds in which twenty minutes pass there, so that edits are old news


def measure(quick: bool) -> Measured:
    """Over real HTTP, counted by the sandbox's own log."""
    items, vendors, orders = (60, 6, 20) if quick else (2000, 150, 1200)
    with shop(items=items, vendors=vendors, orders=orders, speed=_SPEED) as there, empty_store() as engine:
        there.requests("zoho")
        with session(engine, there) as opened:
            run(opened)
        first, least = len(there.requests("zoho")), _least_of_all(there)
        time.sleep(_SETTLED)
        least_changes = _change_five(there)
        time.sleep(_SETTLED)
        there.requests("zoho")
        with session(engine, there) as opened:
            run(opened)
        changes = len(there.requests("zoho"))
        time.sleep(_SETTLED)
        with session(engine, there) as opened:
            run(opened)
        idle = len(there.requests("zoho"))
    return Measured(
        name="calls",
        sizes=f"{items:,} items, {vendors:,} vendors, {orders:,} sales orders",
        lines=[
            *_lines("first run", first, least),
            *_lines("five changes", changes, least_changes),
            *_lines("no change", idle, 3),
        ],
    )


def _lines(what: str, calls: int, least: int) -> list[Line]:
    allowed = max(1, math.floor(least * 0.02))
    return [
        Line(what=f"{what}: least possible", value=least, unit="calls"),
        Line(
            what=f"{what}: made",
            value=calls,
            unit="calls",
            target="within 2 %, or one above",
            met=least <= calls <= least + allowed,
        ),
    ]


def _pages(rows: int) -> int:
    return max(1, math.ceil(rows / _PAGE))


def _least_of_all(there: Shop) -> int:
    """List pages of each stream, item details by 200, and one call for each order that Optiply is to have."""
    items = len(there.rows("zoho", "items"))
    vendors = sum(row["contact_type"] == "vendor" for row in there.rows("zoho", "contacts"))
    orders = there.rows("zoho", "salesorders")
    wanted = sum(row["order_status"] not in ("draft", "void") for row in orders)
    return _pages(items) * 2 + _pages(vendors) + _pages(len(orders)) + wanted


def _change_five(there: Shop) -> int:
    """Two items renamed, a vendor renamed, two orders placed and confirmed. Returns the least possible calls: a list
    call each, one for the details of both items, one for each order."""
    items = there.rows("zoho", "items")[:2]
    for item in items:
        _by_hand(there, "PUT", f"/items/{item['id']}", {"name": f"{item['name']} II"})
    contacts = there.rows("zoho", "contacts")
    vendor = next(row for row in contacts if row["contact_type"] == "vendor")
    customer = next(row for row in contacts if row["contact_type"] == "customer")
    name = f"{vendor['contact_name']} II"
    _by_hand(there, "PUT", f"/contacts/{vendor['id']}", {"contact_name": name})
    for _ in range(2):
        lines = [{"item_id": items[0]["id"], "quantity": 3, "rate": 10}]
        made = _by_hand(there, "POST", "/salesorders", {"customer_id": customer["id"], "line_items": lines})
        order = (made.get("salesorder") or made.get("sales_order") or {})["salesorder_id"]
        _by_hand(there, "POST", f"/salesorders/{order}/status/confirmed", None)
    return 3 + 1 + 2


def _by_hand(there: Shop, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    call = {"method": method, "path": path, "body": body}
    return dict(there.ask("POST", "/zoho/call", call))
