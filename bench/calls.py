"""Calls at Zoho of a first run, of a mixed hour, of five changes and of none, against the least possible (facts, Zoho 13)."""

from __future__ import annotations

import math
import time

from bench.hour import LEAST
from bench.result import Line, Measured
from bench.shop import Shop, empty_store, session, shop
from stockbridge.engine.run import run

LISTS = 6
"""The lists of the whole board: items, composites, vendors, sales orders, purchase orders, assemblies."""

_PAGE = 200
_LISTS = 5  # items, contacts, sales orders, purchase orders, bundles
_SPEED = 1200.0  # so fast that the limit of a minute never makes a call wait
_SETTLED = 1.0  # seconds in which twenty minutes pass there, so that edits are old news


def measure(quick: bool) -> Measured:
    """Of the whole board, over real HTTP, counted by the sandbox's own log."""
    items, vendors, orders = (120, 6, 20) if quick else (2000, 150, 1200)
    made: dict[str, tuple[int, int]] = {}
    with shop(items=items, vendors=vendors, orders=orders, speed=_SPEED) as there, empty_store() as engine:

        def go(what: str, least: int) -> None:
            there.requests("zoho")
            with session(engine, there, sync_assembled=True) as opened:
                run(opened)
            made[what] = (len(there.requests("zoho")), least)
            time.sleep(_SETTLED)

        go("first run", least_of_all(there))
        least = _change_five(there)
        time.sleep(_SETTLED)
        go("five changes", least)
        go("no change", LISTS)
        there.mixed_hour()
        time.sleep(_SETTLED)
        go("mixed hour", LEAST)
    return Measured(
        name="calls",
        sizes=f"{items:,} items, {vendors:,} vendors, {orders:,} sales orders",
        lines=[line for what, (calls, least) in made.items() for line in lines(what, calls, least)],
    )


def lines(what: str, calls: int, least: int) -> list[Line]:
    """What was least possible and what was made, with its target."""
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


def least_of_all(there: Shop) -> int:
    """List pages of each stream, item details by 200, one call for each recipe, and for each order that Optiply is to
    have."""
    items = there.rows("zoho", "items")
    composites = sum(row["is_combo_product"] is True for row in items)
    vendors = sum(row["contact_type"] == "vendor" for row in there.rows("zoho", "contacts"))
    sales, purchases = there.rows("zoho", "salesorders"), there.rows("zoho", "purchaseorders")
    sold = sum(row["order_status"] not in ("draft", "void") for row in sales)
    bought = sum(row["order_status"] not in ("cancelled", "rejected") for row in purchases)
    pages = _pages(len(items)) * 2 + _pages(composites) + _pages(vendors)
    pages += _pages(len(sales)) + _pages(len(purchases)) + _pages(len(there.rows("zoho", "bundles")))
    return pages + composites + sold + bought


def _change_five(there: Shop) -> int:
    """Two items renamed, a vendor renamed, two orders placed and confirmed. Returns the least possible calls: a list
    call each, one for the details of both items, one for each order."""
    items = [item for item in there.rows("zoho", "items") if not item["is_combo_product"]][:2]
    for item in items:
        there.by_hand("PUT", f"/items/{item['id']}", {"name": f"{item['name']} II"})
    contacts = there.rows("zoho", "contacts")
    vendor = next(row for row in contacts if row["contact_type"] == "vendor")
    customer = next(row for row in contacts if row["contact_type"] == "customer")
    there.by_hand("PUT", f"/contacts/{vendor['id']}", {"contact_name": f"{vendor['contact_name']} II"})
    for _ in range(2):
        rows = [{"item_id": items[0]["id"], "quantity": 3, "rate": 10}]
        made = there.by_hand("POST", "/salesorders", {"customer_id": customer["id"], "line_items": rows})
        order = (made.get("salesorder") or made.get("sales_order") or {})["salesorder_id"]
        there.by_hand("POST", f"/salesorders/{order}/status/confirmed", None)
    return LISTS + 1 + 2
