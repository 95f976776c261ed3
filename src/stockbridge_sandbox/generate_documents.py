"""The documents of a made-up company: sales orders and recipes, drawn from its items and contacts."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from stockbridge_sandbox import shop
from stockbridge_sandbox import trade_words as words
from stockbridge_sandbox.company import (
    Assembly,
    AssemblyStatus,
    ComboType,
    Component,
    Contact,
    Item,
    Order,
    OrderLine,
    OrderStatus,
    Recipe,
)


def cents(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def moments(dice: random.Random, count: int, end: datetime, days: int) -> list[datetime]:
    """Ascending moments, nearly all in seconds of their own; about one in forty shares the second before it."""
    span = days * 86_400
    offsets = sorted(
        dice.sample(range(span), count) if count <= span else [dice.randrange(span) for _ in range(count)]
    )
    for n in range(1, count):
        if dice.random() < 0.025:
            offsets[n] = offsets[n - 1]
    start = end - timedelta(days=days)
    return [start + timedelta(seconds=offset) for offset in offsets]


def _later(dice: random.Random, moment: datetime, end: datetime, hours: int) -> datetime:
    return min(end, moment + timedelta(seconds=dice.randrange(hours * 3600)))


def draw_orders(
    dice: random.Random, count: int, items: Sequence[Item], customers: Sequence[Contact], end: datetime
) -> list[Order]:
    # Old orders may hold items that are inactive by now; new ones do not.
    sold = [item for item in items if item.item_type != "purchases"] or list(items)
    active = [item for item in sold if item.status == "active"] or sold
    written = moments(dice, count, end, 365)
    return [
        _order(
            dice,
            n,
            moment,
            sold if end - moment > timedelta(days=60) else active,
            dice.choice(customers),
            end,
        )
        for n, moment in enumerate(written)
    ]


def _order_status(dice: random.Random, n: int, age: timedelta) -> OrderStatus:
    # One in 25 each is certain, so that even a small company has every status.
    match n % 25:
        case 7:
            return "draft"
        case 12:
            return "void"
        case 18:
            return "onhold"
    return "confirmed" if dice.random() < (0.75 if age < timedelta(days=21) else 0.05) else "closed"


def _order(
    dice: random.Random, n: int, created: datetime, sold: Sequence[Item], customer: Contact, end: datetime
) -> Order:
    status = _order_status(dice, n, end - created)
    chosen = [dice.choice(sold) for _ in range(dice.choice((1, 1, 2, 2, 3, 4, 6)))]
    if n % 15 == 4:
        chosen.append(chosen[0])  # people do enter the same product twice
    lines = [_order_line(dice, item, customer.currency) for item in chosen]
    day = created.astimezone(ZoneInfo(shop.TIME_ZONE)).date()
    return Order(
        number=f"SO-{n + 1:05d}",
        reference=f"{dice.choice(('PO', 'Bestelling', 'Bon de commande'))} {dice.randrange(10**5)}"
        if dice.random() < 0.4
        else "",
        date=day,
        status=status,
        customer=customer.key,
        currency=customer.currency,
        exchange_rate=shop.RATES[customer.currency],
        location=dice.choice(("rotterdam", "rotterdam", "liege")),
        shipment_date=day + timedelta(days=dice.randrange(1, 14)) if dice.random() < 0.6 else None,
        shipping_charge=cents(dice.choice((0, 0, 495, 695))) if customer.currency != "JPY" else Decimal(0),
        salesperson=dice.choice(words.SALESPEOPLE),
        delivery_method=dice.choice(words.DELIVERY_METHODS),
        notes=words.LONG_TEXT if dice.random() < 0.04 else "",
        lines=tuple(lines),
        custom_fields=(("cf_kanaal", dice.choice(shop.CHANNELS)),) if dice.random() < 0.3 else (),
        created=created,
        modified=created if status == "draft" else _later(dice, created, end, 240),
    )


def _order_line(dice: random.Random, item: Item, currency: str) -> OrderLine:
    rate = (item.rate / shop.RATES[currency]).quantize(Decimal(1).scaleb(-shop.DECIMALS[currency]))
    return OrderLine(
        item=item.key,
        quantity=Decimal(dice.choice((1, 1, 1, 2, 2, 3, 5, 10, 24))),
        rate=rate,
        discount_percent=Decimal(dice.choice((5, 10, 15))) if dice.random() < 0.1 else Decimal(0),
        tax=item.tax,
        description=item.description[:200] if dice.random() < 0.2 else "",
    )


def draw_recipes(dice: random.Random, count: int, items: Sequence[Item]) -> list[Recipe]:
    """Composites are the last tracked items. Their components come from the rest and from composites before them (one
    in three holds such a one), so there are no circles. Some hold an hour of work, some a fraction of a piece.
    """
    goods = [item for item in items if item.item_type == "inventory"]
    services = [item for item in items if item.product_type == "service"]
    count = min(count, len(goods) // 3)
    composites, parts = goods[len(goods) - count :], goods[: len(goods) - count]
    recipes = []
    for n, composite in enumerate(composites):
        chosen = dice.sample(parts, min(len(parts), dice.randrange(2, 6)))
        components = [
            Component(item=part.key, quantity=Decimal(dice.choice((1, 1, 2, 4)))) for part in chosen
        ]
        if n % 3 == 1:
            components.append(Component(item=composites[n - 1].key, quantity=Decimal(1)))
        if n % 5 == 3 and services:
            components.append(Component(item=dice.choice(services).key, quantity=Decimal(1)))
        if n % 8 == 4:
            components[0] = replace(components[0], quantity=Decimal("2.5"))
        kind: ComboType = "kit" if n % 6 == 5 else "assembly"
        recipes.append(Recipe(item=composite.key, components=tuple(components), combo_type=kind))
    return recipes


def draw_assemblies(
    dice: random.Random, count: int, recipes: Sequence[Recipe], end: datetime
) -> list[Assembly]:
    """Two of three are done, the others are plans. Kits are put together on sale, so none of them."""
    built = [recipe.item for recipe in recipes if recipe.combo_type == "assembly"]
    assemblies = []
    for n, moment in enumerate(moments(dice, count if built else 0, end, 365)):
        day = moment.astimezone(ZoneInfo(shop.TIME_ZONE)).date()
        done = n % 3 != 2
        planned: AssemblyStatus = "draft" if n % 2 else "confirmed"
        assemblies.append(
            Assembly(
                number=f"REF-B-{n + 1:05d}",
                date=day,
                item=dice.choice(built),
                quantity=Decimal(dice.choice((1, 2, 5, 10, 20))),
                status="bundled" if done else planned,
                location=dice.choice(shop.STOCKED),
                expected=day + timedelta(days=dice.randrange(1, 15)) if dice.random() < 0.5 else None,
                created=moment,
                modified=_later(dice, moment, end, 48) if done else moment,
            )
        )
    return assemblies
