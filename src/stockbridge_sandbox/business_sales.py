"""What happens to items, vendors, stock and sales orders."""

from __future__ import annotations

from decimal import Decimal

from stockbridge_sandbox import trade_words as words
from stockbridge_sandbox.business_day import Day, Event, Happening, there
from stockbridge_sandbox.company import check_digit
from stockbridge_sandbox.zoho import movements
from stockbridge_sandbox.zoho.contacts import update_contact
from stockbridge_sandbox.zoho.items import create_item, mark_item, update_item
from stockbridge_sandbox.zoho.salesorders import confirm_order, delete_order, update_order, void_order


def _item_edited(day: Day) -> Event:
    item = day.item()
    text = f"Gewijzigd: {day.dice.choice(words.BRANDS)} {day.dice.randrange(10**4)}"
    day.call(update_item, {"purchase_description": text}, item.id)
    return day.event("item_edited", item, text)


def _price_changed(day: Day) -> Event:
    item = day.item()
    old = item.rate
    rate = max(
        Decimal("0.05"), (old * Decimal(day.dice.choice(("0.9", "1.05", "1.1")))).quantize(Decimal("0.01"))
    )
    rate = rate if rate != old else old + Decimal("0.01")
    purchase = (rate / 2).quantize(Decimal("0.01"))
    day.call(update_item, {"rate": float(rate), "purchase_rate": float(purchase)}, item.id)
    return day.event("price_changed", item, f"{old} -> {rate}")


def _item_renamed(day: Day) -> Event:
    item = day.item()
    old = item.name
    day.call(update_item, {"name": f"{old[:80].rstrip()} néo {day.dice.randrange(10**5):05d}"}, item.id)
    return day.event("item_renamed", item, f"{old} -> {item.name}")


def _item_created(day: Day) -> Event:
    number = day.dice.randrange(10**8)
    ean = f"8719{number:08d}"
    code, _, nouns, variants, unit, low, high = day.dice.choice(words.PRODUCT_GROUPS)
    rate = day.dice.randrange(low, high)
    body = {
        "name": f"{day.dice.choice(words.BRANDS)} {day.dice.choice(nouns)} {day.dice.choice(variants)} N{number}",
        "sku": f"{code}-N{number}",
        "ean": ean + check_digit(ean),
        "unit": unit,
        "product_type": "goods",
        "item_type": "inventory",
        "rate": rate / 100,
        "purchase_rate": rate // 2 / 100,
        "vendor_id": day.contact("vendor").id,
        "initial_stock": day.dice.randrange(5, 60),
    }
    answer = day.call(create_item, body)
    return day.event("item_created", there(day.world.items.get(answer["item_id"])))


def _item_deactivated(day: Day) -> Event:
    item = day.item()
    day.call(mark_item("inactive"), None, item.id)
    return day.event("item_deactivated", item)


def _item_vendor_changed(day: Day) -> Event:
    item = day.item()
    others = [
        each for each in day.world.contacts if each.contact_type == "vendor" and each.id != item.vendor_id
    ]
    vendor = day.dice.choice(others) if others else day.new_contact("vendor")
    day.call(update_item, {"vendor_id": vendor.id}, item.id)
    return day.event("item_vendor_changed", item, vendor.contact_name)


def _vendor_created(day: Day) -> Event:
    return day.event("vendor_created", day.new_contact("vendor"))


def _vendor_edited(day: Day) -> Event:
    vendor = day.contact("vendor")
    name = f"{vendor.contact_name[:150]} ({day.dice.choice(words.VENDOR_SUFFIXES)})"
    day.call(update_contact, {"contact_name": name}, vendor.id)
    return day.event("vendor_edited", vendor, name)


def _stock_moved(day: Day) -> Event:
    item = day.item(tracked=True)
    if not item.tracked:
        return _item_edited(day)
    quantity = Decimal(day.dice.choice((-3, -1, 5, 10, 24)))
    place = day.dice.choice([each for each in day.world.locations if each.status == "active"])
    # A receipt moves the physical ledger alone until its bill comes; an adjustment moves both.
    billed = day.dice.random() < 0.5
    movements.move_stock(
        day.world, item, place.id, physical=quantity, accounting=quantity if billed else Decimal(0)
    )
    return day.event("stock_moved", item, f"{quantity:+} at {place.name}")


def _order_created(day: Day) -> Event:
    order = day.new_order(confirmed=day.dice.random() < 0.6)
    return day.event("order_created", order, order.order_status)


def _order_confirmed(day: Day) -> Event:
    order = day.order("draft")
    day.call(confirm_order, None, order.id)
    return day.event("order_confirmed", day.order_now(order))


def _order_edited(day: Day) -> Event:
    order = day.order("confirmed", "draft")
    first, *others = order.lines
    kept = [{"line_item_id": line.id} for line in others]
    changed = {"line_item_id": first.id, "quantity": int(first.quantity) + 1}
    day.call(update_order, {"line_items": [changed, *kept]}, order.id)
    return day.event(
        "order_edited", day.order_now(order), f"first line {first.quantity} -> {first.quantity + 1}"
    )


def _order_fulfilled(day: Day) -> Event:
    order = day.order("confirmed")
    movements.ship(day.world, order)
    movements.invoice(day.world, order)
    return day.event("order_fulfilled", order)


def _order_voided(day: Day) -> Event:
    order = day.order("confirmed")
    day.call(void_order, None, order.id)
    return day.event("order_voided", day.order_now(order))


def _order_deleted(day: Day) -> Event:
    order = day.order("confirmed", "draft")
    event = day.event("order_deleted", order, order.order_status)
    day.call(delete_order, None, order.id)
    return event


SALES: dict[str, Happening] = {
    "order_created": _order_created,
    "stock_moved": _stock_moved,
    "item_edited": _item_edited,
    "price_changed": _price_changed,
    "order_confirmed": _order_confirmed,
    "order_fulfilled": _order_fulfilled,
    "item_created": _item_created,
    "item_renamed": _item_renamed,
    "item_deactivated": _item_deactivated,
    "order_edited": _order_edited,
    "order_voided": _order_voided,
    "order_deleted": _order_deleted,
    "vendor_created": _vendor_created,
    "vendor_edited": _vendor_edited,
    "item_vendor_changed": _item_vendor_changed,
}
