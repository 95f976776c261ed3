"""What people do in the demo: recipes mended before it begins, goods received and sets put together in Zoho, orders placed
by Optiply's planner, and a line that breaks at the worst moment.

Whatever the company is like, each of these finds something it can happen to, or is left out. An event is told as the
sandbox tells its own: {"what", "id", "number", "detail"}.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeAlias

from stockbridge_sandbox.compare_parts import Row, State, item_label
from stockbridge_sandbox.compare_streams import in_scope
from stockbridge_sandbox.demo_programs import Sandbox

Event: TypeAlias = dict[str, str]

_QUANTITIES = (5, 10, 20, 40)
_SECONDS_UNSEEN = 240.0  # for so long Zoho's lists do not show the order whose answer was lost


def mend_recipes(box: Sandbox, zoho: State) -> int:
    """Round up parts that are no whole number, which Optiply does not take (facts: Optiply 1.5); gives how many."""
    mended = 0
    for composite in zoho["items"]:
        parts = [{"line_item_id": part["id"]} for part in composite["parts"]]
        broken = [n for n, part in enumerate(composite["parts"]) if Decimal(part["quantity"]) % 1]
        for n in broken:
            parts[n]["quantity"] = math.ceil(Decimal(composite["parts"][n]["quantity"]))
        if broken:
            _call(box, "PUT", f"/compositeitems/{composite['id']}", {"mapped_items": parts})
            mended += len(broken)
    return mended


def hour_in_zoho(box: Sandbox, before: State, zoho: State, seed: int) -> list[Event]:
    """An hour of sales, and besides: an order issued, goods received in part, a set put together, a recipe changed, an
    order deleted. `before` is Zoho before the hour; the sandbox's clock moves by it."""
    events: list[Event] = box.post("/business", {"hours": 1, "seed": seed})["events"]
    more = (
        _issued(box, zoho),
        _received(box, zoho),
        _assembled(box, zoho),
        _deleted(box, before, events),
        # The last: a recipe whose stock moved in the same hour is read only by the next thorough look.
        _recipe_changed(box, before),
    )
    return events + [event for event in more if event is not None]


def planner_orders(box: Sandbox, seed: int, *, buy_orders: int, assemblies: int) -> list[Event]:
    """Optiply's planner orders what can be bought and what can be put together; `line` is the id of an order's first
    line, under which an assembly goes to Zoho (D8)."""
    dice = random.Random(seed)
    zoho = box.state("zoho", ("items", "contacts"))
    optiply = box.state("optiply", ("products", "suppliers", "supplierProducts"))
    coupling = box.get("/accounts")["optiply"]["coupling_id"]
    events = []
    for assembly, many in ((False, buy_orders), (True, assemblies)):
        offers = _offers(zoho, optiply, coupling, assembly=assembly)
        for supplier in dice.sample(sorted(offers), min(many, len(offers))):
            few = 1 if assembly else dice.randrange(1, 4)
            chosen = dice.sample(offers[supplier], min(few, len(offers[supplier])))
            lines = [{"productId": each["id"], "quantity": dice.choice(_QUANTITIES)} for each in chosen]
            order = {"supplierId": supplier, "assembly": assembly, "lines": lines}
            placed = box.post("/optiply/orders", order)
            what = "assembly_order_placed" if assembly else "buy_order_placed"
            told = ", ".join(
                f"{line['quantity']} x {each['skuCode'] or each['name']}"
                for line, each in zip(lines, chosen, strict=True)
            )
            events.append({"what": what, "id": placed["id"], "number": placed["id"], "detail": told})
    rows = box.state("optiply", ("buyOrderLines",))["buyOrderLines"]
    first = {str(row["buyOrderId"]): str(row["id"]) for row in reversed(rows)}
    return [event | {"line": first[event["id"]]} for event in events]


@contextmanager
def lost_answer(box: Sandbox) -> Iterator[None]:
    """Within the block Zoho makes the next purchase order, but its answer never comes, and its lists show what is new
    only four minutes later (facts: Zoho 1). After it, the clock is past that."""
    box.post("/zoho/settings", {"stale_reads_seconds": _SECONDS_UNSEEN})
    box.post(
        "/faults", {"kind": "drop_after", "system": "zoho", "method": "POST", "path": "/purchaseorders$"}
    )
    try:
        yield
    finally:
        box.post("/clock", {"advance": _SECONDS_UNSEEN + 60})
        box.post("/zoho/settings", {"stale_reads_seconds": 0.0})


def _issued(box: Sandbox, zoho: State) -> Event | None:
    for order in reversed(zoho["purchaseorders"]):
        if order["order_status"] == "draft":
            _call(box, "POST", f"/purchaseorders/{order['id']}/status/issued")
            return _event("purchase_issued", order, order["number"])
    return None


def _received(box: Sandbox, zoho: State) -> Event | None:
    """A part of one line arrives."""
    for order in reversed(zoho["purchaseorders"]):
        for line in order["lines"] if order["order_status"] == "issued" else ():
            coming = Decimal(line["quantity"]) - sum(
                Decimal(line[name]) for name in ("received", "marked_received", "cancelled")
            )
            if line["item_id"] and line["receivable"] and coming >= 2:
                arrived = int(coming // 2)
                body = {
                    "date": _today(box),
                    "line_items": [{"line_item_id": line["id"], "quantity": arrived}],
                }
                _call(box, "POST", "/purchasereceives", body, {"purchaseorder_id": order["id"]})
                detail = f"{arrived} of {line['quantity']} x {line['sku'] or line['name']}"
                return _event("purchase_received", order, order["number"], detail)
    return None


def _assembled(box: Sandbox, zoho: State) -> Event | None:
    """A planned assembly is done; what the shelf lacks for it is found in a count before."""
    items = {item["id"]: item for item in zoho["items"]}
    for bundle in reversed(zoho["bundles"]):
        parts = [items.get(line["item_id"]) for line in bundle["lines"]]
        usable = all(part is not None and part["status"] == "active" for part in parts)
        if bundle["status"] == "bundled" or not usable:
            continue
        missing: dict[str, Decimal] = defaultdict(Decimal)
        for line in bundle["lines"]:
            if items[line["item_id"]]["item_type"] == "inventory":
                missing[line["item_id"]] += Decimal(line["quantity"]) * Decimal(bundle["quantity"])
        for id in missing:
            ledger = items[id]["stock"].get(bundle["location_id"])
            missing[id] -= Decimal(ledger["physical"]) if ledger else 0
        found = [
            {"item_id": id, "quantity_adjusted": float(many)} for id, many in missing.items() if many > 0
        ]
        if found:
            body = {
                "date": _today(box),
                "reason": "Found in a count",
                "adjustment_type": "quantity",
                "location_id": bundle["location_id"],
                "line_items": found,
            }
            _call(box, "POST", "/inventoryadjustments", body)
        _call(box, "POST", f"/bundles/{bundle['id']}/bundled")
        product = items.get(bundle["composite_item_id"])
        detail = f"{bundle['quantity']} x {item_label(product)}" if product else ""
        return _event("assembly_completed", bundle, bundle["reference_number"], detail)
    return None


def _recipe_changed(box: Sandbox, before: State) -> Event | None:
    """One part goes in twice as often."""
    then = {item["id"]: item["modified"] for item in before["items"]}
    for composite in box.state("zoho", ("items",))["items"]:
        rested = then.get(composite["id"]) == composite["modified"]
        if composite["parts"] and composite["status"] == "active" and rested:
            parts = [{"line_item_id": part["id"]} for part in composite["parts"]]
            quantity = Decimal(composite["parts"][0]["quantity"])
            parts[0]["quantity"] = float(quantity * 2)
            _call(box, "PUT", f"/compositeitems/{composite['id']}", {"mapped_items": parts})
            detail = f"its first part {quantity:f} -> {quantity * 2:f}"
            return _event("recipe_edited", composite, item_label(composite), detail)
    return None


def _deleted(box: Sandbox, before: State, events: list[Event]) -> Event | None:
    """One more sales order goes, where the hour deleted none that Optiply has: deletions are a part of the story."""
    imported = {order["id"] for order in before["salesorders"] if in_scope(order)}
    if any(each["what"] == "order_deleted" and each["id"] in imported for each in events):
        return None
    for order in box.state("zoho", ("salesorders",))["salesorders"]:
        untouched = not any(float(line["shipped"]) or float(line["invoiced"]) for line in order["lines"])
        if order["id"] in imported and order["order_status"] == "confirmed" and untouched:
            _call(box, "DELETE", f"/salesorders/{order['id']}")
            return _event("order_deleted", order, order["number"])
    return None


def _offers(zoho: State, optiply: State, coupling: str, *, assembly: bool) -> dict[int, list[Row]]:
    """Products by supplier, in use on both sides: those that are put together, or those that are bought."""
    vendors = {each["id"] for each in zoho["contacts"] if each["status"] == "active"}
    wanted: set[str] = set()
    for item in zoho["items"]:
        built = item["is_combo_product"] and item["combo_type"] == "assembly" and bool(item["parts"])
        bought = item["item_type"] == "inventory" and not item["is_combo_product"]
        if item["status"] == "active" and (built if assembly else bought):
            wanted.add(item["id"])
    products = {row["id"]: row for row in _ours(optiply["products"], coupling, wanted)}
    suppliers = {row["id"] for row in _ours(optiply["suppliers"], coupling, vendors) if not row["ignored"]}
    offers: dict[int, list[Row]] = defaultdict(list)
    for offer in optiply["supplierProducts"]:
        product, supplier = str(offer["productId"]), str(offer["supplierId"])
        if product in products and supplier in suppliers and offer["status"] != "disabled":
            offers[int(supplier)].append(products[product])
    return offers


def _ours(rows: Any, coupling: str, remote_ids: set[str]) -> Iterator[Row]:
    return (row for row in rows if row["remoteIdMap"].get(coupling) in remote_ids)


def _event(what: str, record: Mapping[str, Any], number: str, detail: str = "") -> Event:
    return {"what": what, "id": record["id"], "number": number, "detail": detail}


def _today(box: Sandbox) -> str:
    return str(box.get("/clock")["now"])[:10]


def _call(
    box: Sandbox, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
) -> None:
    box.post("/zoho/call", {"method": method, "path": path, "body": body, "query": dict(query or {})})
