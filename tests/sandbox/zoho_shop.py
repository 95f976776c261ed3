"""A small shop whose every number is known."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from stockbridge_sandbox.company import (
    Company,
    Contact,
    Currency,
    CustomField,
    Item,
    Location,
    Stock,
    Tax,
)


def shop() -> Company:
    """A small shop whose every number is known: one tracked item at two places, one service, one vendor."""
    at = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    moments: Any = {"created": at, "modified": at}
    return Company(
        name="Bel & Zoon",
        time_zone="Europe/Amsterdam",
        base_currency="EUR",
        currencies=(
            Currency(code="EUR", name="Euro", symbol="€"),
            Currency(code="USD", name="US Dollar", symbol="$", rate=Decimal("0.9")),
        ),
        locations=(
            Location(key="a", name="Magazijn", primary=True),
            Location(key="b", name="Winkel", type="line_item_only", parent="a"),
        ),
        taxes=(Tax(key="high", name="BTW 21%", percentage=Decimal(21), default=True),),
        custom_fields=(
            CustomField(entity="item", api_name="cf_shelf", label="Shelf"),
            CustomField(
                entity="item",
                api_name="cf_season",
                label="Season",
                data_type="dropdown",
                options=("Lente", "Herfst"),
            ),
            CustomField(entity="item", api_name="cf_checked", label="Checked", data_type="date"),
            CustomField(entity="item", api_name="cf_fragile", label="Fragile", data_type="check_box"),
        ),
        items=(
            Item(
                key="bel",
                name="Fietsbel",
                sku="BEL-1",
                rate=Decimal("12.50"),
                purchase_rate=Decimal(5),
                vendor="v",
                tax="high",
                reorder_level=Decimal(4),
                stock=(
                    Stock(location="a", physical=Decimal(10), accounting=Decimal(8)),
                    Stock(location="b", physical=Decimal(3), accounting=Decimal(3)),
                ),
                custom_fields=(("cf_shelf", "A-1"), ("cf_checked", "2026-03-02"), ("cf_fragile", "true")),
                **moments,
            ),
            Item(
                key="hour",
                name="Werkplaats, uur",
                sku="UUR",
                product_type="service",
                item_type="sales",
                **moments,
            ),
        ),
        vendors=(Contact(key="v", contact_type="vendor", name="Ding Dong B.V.", **moments),),
        customers=(Contact(key="c", contact_type="customer", name="Café Ünal", currency="USD", **moments),),
    )
