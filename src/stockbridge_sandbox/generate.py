"""A made-up company from a seed: the same numbers, seed and `until` give the same company, record by record.

Whole quantities only, as planning systems take no others; one recipe in eight has a fraction. Every order line is of
an item, none is free text. Every composite has a vendor.
"""

import random
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from stockbridge_sandbox import shop
from stockbridge_sandbox import trade_words as words
from stockbridge_sandbox.company import (
    Address,
    Company,
    Contact,
    ContactPerson,
    ContactType,
    Item,
    ItemType,
    ProductType,
    Stock,
    check_digit,
)
from stockbridge_sandbox.generate_documents import cents, draw_assemblies, draw_orders, draw_recipes, moments
from stockbridge_sandbox.generate_purchases import draw_purchases
from stockbridge_sandbox.private_customers import draw_private_customers


def generate(
    *,
    items: int = 400,
    vendors: int = 30,
    orders: int = 1200,
    seed: int = 7,
    customers: int | None = None,
    purchase_orders: int | None = None,
    recipes: int | None = None,
    assemblies: int | None = None,
    private_customers: int = 0,
    until: datetime | None = None,
    name: str = "Fietsenrek B.V.",
) -> Company:
    """Make a company whose records were written in the year before `until` (default: now).

    `customers`, `purchase_orders`, `recipes` and `assemblies` follow from the others when they are not given; customers
    are companies, `private_customers` come on top and order nothing. Raises ValueError for a negative number, more
    private customers than there are names, or orders without items.
    """
    if (
        min(
            *(items, vendors, orders, private_customers),
            *(each or 0 for each in (customers, purchase_orders, recipes, assemblies)),
        )
        < 0
    ):
        raise ValueError(
            "a company cannot have a negative number of items, vendors, orders, customers, purchase orders, recipes or "
            "assemblies"
        )
    if orders and not items:
        raise ValueError("orders need items: ask for at least one item")
    dice = random.Random(seed)
    end = (until or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    vendor_list = [_vendor(dice, n, end) for n in range(vendors)]
    customer_list = [
        _customer(dice, n, end) for n in range(max(3, orders // 6) if customers is None else customers)
    ]
    if orders and not customer_list:
        raise ValueError("orders need customers: ask for at least one customer")
    private_list = draw_private_customers(random.Random(f"{seed} private"), private_customers, end)
    item_list = _items(dice, items, vendor_list, end)
    order_list = draw_orders(dice, orders, item_list, customer_list, end)
    recipe_count = items // 20 if recipes is None else recipes
    # Dice of their own, so that the other records do not depend on how much is bought.
    bought = draw_purchases(
        random.Random(f"{seed} purchases"),
        orders // 8 if purchase_orders is None else purchase_orders,
        item_list,
        vendor_list,
        end,
    )
    recipe_list = draw_recipes(dice, recipe_count, item_list)
    item_list = _sold_by_someone(item_list, {recipe.item for recipe in recipe_list}, vendor_list)
    built = draw_assemblies(
        random.Random(f"{seed} assemblies"),
        2 * len(recipe_list) if assemblies is None else assemblies,
        recipe_list,
        end,
    )
    return Company(
        name=name,
        time_zone=shop.TIME_ZONE,
        base_currency="EUR",
        country="Netherlands",
        country_code="NL",
        language="nl",
        currencies=shop.CURRENCIES,
        locations=shop.LOCATIONS,
        taxes=shop.TAXES,
        custom_fields=shop.CUSTOM_FIELDS,
        items=tuple(item_list),
        vendors=tuple(vendor_list),
        customers=(*customer_list, *private_list),
        orders=tuple(order_list),
        purchase_orders=bought.orders,
        receipts=bought.receipts,
        bills=bought.bills,
        recipes=tuple(recipe_list),
        assemblies=tuple(built),
    )


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "firma"


def _contact(
    dice: random.Random,
    end: datetime,
    contact_type: ContactType,
    key: str,
    name: str,
    place: tuple[str, str, str, str, str],
) -> Contact:
    city, language, country, country_code, currency = place
    created = end - timedelta(seconds=dice.randrange(370 * 86_400, 1500 * 86_400))
    modified = end - timedelta(seconds=dice.randrange(365 * 86_400))
    address = Address(
        attention=name,
        street=f"{dice.choice(words.STREETS)} {dice.randrange(1, 240)}",
        city=city,
        zip=f"{dice.randrange(1000, 99999)}",
        country=country,
        country_code=country_code,
        phone=f"+00 555 {dice.randrange(10**6):06d}",
    )
    domain = f"{_slug(name)[:40].strip('-')}-{key.rsplit('-', 1)[-1]}.example"
    persons: list[ContactPerson] = []
    if dice.random() < 0.9:
        for n in range(1 if dice.random() < 0.7 else 2):
            persons.append(
                ContactPerson(
                    first_name=dice.choice(words.FIRST_NAMES),
                    last_name=dice.choice(words.LAST_NAMES) if dice.random() < 0.9 else "",
                    email=f"{'verkoop' if n == 0 else 'administratie'}@{domain}"
                    if dice.random() < 0.93
                    else "",
                    phone=f"+00 555 {dice.randrange(10**6):06d}" if dice.random() < 0.6 else "",
                    primary=n == 0,
                )
            )
    return Contact(
        key=key,
        contact_type=contact_type,
        name=name,
        company_name=name if dice.random() < 0.9 else "",
        status="inactive" if dice.random() < 0.05 else "active",
        currency=currency,
        language=language,
        payment_terms=dice.choice((0, 14, 30, 30, 60)),
        website=f"https://{domain}" if dice.random() < 0.4 else "",
        notes=words.LONG_TEXT * dice.randrange(1, 4) if dice.random() < 0.08 else "",
        persons=tuple(persons),
        billing_address=address,
        shipping_address=address if dice.random() < 0.5 else Address(),
        custom_fields=(("cf_gln", _gtin(dice.randrange(10**9), "871", 12)),) if dice.random() < 0.3 else (),
        created=created,
        modified=modified,
    )


def _vendor(dice: random.Random, n: int, end: datetime) -> Contact:
    base, language, country, country_code, city, currency = words.VENDOR_NAMES[n % len(words.VENDOR_NAMES)]
    turn = n // len(words.VENDOR_NAMES)
    suffixes = words.VENDOR_SUFFIXES
    again = "" if turn == 0 else f" {suffixes[(turn - 1) % len(suffixes)]}"
    number = "" if turn <= len(suffixes) else f" {turn}"
    return _contact(
        dice,
        end,
        "vendor",
        f"vendor-{n + 1}",
        base + again + number,
        (city, language, country, country_code, currency),
    )


def _customer(dice: random.Random, n: int, end: datetime) -> Contact:
    place = words.CUSTOMER_PLACES[n % len(words.CUSTOMER_PLACES)]
    word = words.CUSTOMER_WORDS[(n // len(words.CUSTOMER_PLACES)) % len(words.CUSTOMER_WORDS)]
    turn = n // (len(words.CUSTOMER_PLACES) * len(words.CUSTOMER_WORDS))
    name = f"{word} {place[0]}" + (f" {turn + 1}" if turn else "")
    return _contact(dice, end, "customer", f"customer-{n + 1}", name, place)


def _gtin(number: int, prefix: str, length: int) -> str:
    digits = f"{prefix}{number:0{length - len(prefix)}d}"
    return digits + check_digit(digits)


def _items(dice: random.Random, count: int, vendors: Sequence[Contact], end: datetime) -> list[Item]:
    modified = moments(dice, count, end, 365)
    dice.shuffle(modified)
    return [_item(dice, n, vendors, modified[n], end) for n in range(count)]


def _kind(dice: random.Random, n: int) -> tuple[ProductType, ItemType]:
    # The first of every 24 is a service, so that even a small company has one; the others are drawn.
    if n % 24 == 23:
        return "service", "sales_and_purchases" if dice.random() < 0.3 else "sales"
    draw = dice.random()
    if draw < 0.03:
        return "goods", "sales_and_purchases"
    if draw < 0.05:
        return "goods", "purchases"
    return "goods", "inventory"


def _item(dice: random.Random, n: int, vendors: Sequence[Contact], modified: datetime, end: datetime) -> Item:
    product_type, item_type = _kind(dice, n)
    service = product_type == "service"
    code, category, nouns, variants, unit, low, high = words.PRODUCT_GROUPS[n % len(words.PRODUCT_GROUPS)]
    brand = dice.choice(words.BRANDS)
    if service:
        name = f"{words.SERVICES[n // 24 % len(words.SERVICES)]} {n // 24 + 1}"
        code, category, unit, brand = "SVC", "Werkplaats", "uur", ""
    else:
        name = f"{brand} {dice.choice(nouns)} {dice.choice(variants)} {n + 1:04d}"
        if dice.random() < 0.03:
            name = f"{name} – {words.LONG_TEXT}"[:100].strip()
    rate = dice.randrange(low, high)
    purchase = round(rate * dice.uniform(0.35, 0.7))
    chosen = _vendors_of(dice, vendors) if item_type != "sales" else ()
    tracked = item_type == "inventory"
    cm = (lambda: Decimal(dice.randrange(2, 90))) if not service and dice.random() < 0.5 else (lambda: None)
    return Item(
        key=f"item-{n + 1}",
        name=name,
        sku=""
        if service and dice.random() < 0.5
        else f"{code}-{n + 1:05d}" + ("-b" if dice.random() < 0.05 else ""),
        unit=unit,
        product_type=product_type,
        item_type=item_type,
        status="inactive" if n % 16 == 11 else "active",
        rate=cents(rate),
        purchase_rate=cents(purchase),
        description=words.LONG_TEXT * dice.randrange(1, 5) if dice.random() < 0.15 else "",
        purchase_description=_purchase_text(dice, n, item_type),
        ean=""
        if service or dice.random() < 0.12
        else _gtin(n + 1, dice.choice(("871", "400", "303", "590")), 12),
        upc="" if service or dice.random() < 0.85 else _gtin(n + 1, "07", 11),
        part_number=f"{brand[:2].upper()}{dice.randrange(10**5):05d}" if dice.random() < 0.4 else "",
        brand=brand,
        manufacturer=brand if dice.random() < 0.5 else "",
        category=category,
        vendor=chosen[0] if chosen else "",
        further_vendors=chosen[1:],
        tax=dice.choice(("hoog", "hoog", "hoog", "laag", "")),
        reorder_level=Decimal(dice.randrange(1, 60)) if tracked and dice.random() < 0.7 else None,
        stock=_stock(dice) if tracked else (),
        length=cm(),
        width=cm(),
        height=cm(),
        weight=cents(dice.randrange(2, 900)) if not service and dice.random() < 0.6 else None,
        returnable=not service,
        custom_fields=_custom_values(dice, end) if dice.random() < 0.6 else (),
        created=modified - timedelta(seconds=dice.randrange(3600, 900 * 86_400)),
        modified=modified,
    )


def _purchase_text(dice: random.Random, n: int, item_type: ItemType) -> str:
    draw = dice.random()
    if item_type == "sales" or draw < 0.2:
        return ""
    if draw < 0.25:
        return f"Best.-Nr. {n + 1:05d}\r\n{words.LONG_TEXT}"
    return f"{dice.choice(('Art.', 'Best.-Nr.', 'Réf.', 'Nr kat.'))} {dice.randrange(10**6):06d}"


def _vendors_of(dice: random.Random, vendors: Sequence[Contact]) -> tuple[str, ...]:
    draw = dice.random()
    if not vendors or draw < 0.05:
        return ()
    wanted = 1 if draw < 0.86 else dice.randrange(2, 5)
    return tuple(vendor.key for vendor in dice.sample(vendors, min(wanted, len(vendors))))


def _sold_by_someone(
    items: Sequence[Item], composites: Collection[str], vendors: Sequence[Contact]
) -> list[Item]:
    """The items, where every composite has a vendor as long as there are any: Optiply demands a supplier of every order, of
    one to assemble too. Nothing is drawn, so that the other records stay as they are."""
    if not vendors:
        return list(items)
    return [
        replace(item, vendor=vendors[n % len(vendors)].key)
        if item.key in composites and not item.vendor
        else item
        for n, item in enumerate(items)
    ]


def _stock(dice: random.Random) -> tuple[Stock, ...]:
    rows: list[Stock] = []
    for location in shop.STOCKED:
        draw = dice.random()
        physical = 0 if draw < 0.15 else -dice.randrange(1, 6) if draw < 0.17 else dice.randrange(1, 250)
        # Billed but not yet received, or received but not yet billed.
        differs = dice.randrange(-10, 25) if dice.random() < 0.06 else 0
        rows.append(
            Stock(location=location, physical=Decimal(physical), accounting=Decimal(physical + differs))
        )
    return tuple(rows)


def _custom_values(dice: random.Random, end: datetime) -> tuple[tuple[str, str], ...]:
    values = [("cf_schap", f"{dice.choice('ABCDÉ')}-{dice.randrange(1, 40):02d}")]
    if dice.random() < 0.5:
        values.append(("cf_seizoen", dice.choice(shop.SEASONS)))
    if dice.random() < 0.5:
        values.append(("cf_doosinhoud", str(dice.choice((1, 5, 10, 12, 25)))))
    if dice.random() < 0.3:
        values.append(("cf_breekbaar", dice.choice(("true", "false"))))
    if dice.random() < 0.1:
        values.append(("cf_uitloop_op", (end + timedelta(days=dice.randrange(30, 400))).date().isoformat()))
    if dice.random() < 0.05:
        values.append(("cf_toelichting", words.LONG_TEXT))
    return tuple(values)
