"""What every stream of the comparison is made of: the settings that matter, both halves of a stream, values in one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, TypeAlias

Row: TypeAlias = Mapping[str, Any]
State: TypeAlias = Mapping[str, Sequence[Row]]  # by collection
Value: TypeAlias = str | bool | Decimal | None

ZOHO_COLLECTIONS = (
    "items",
    "contacts",
    "salesorders",
    "purchaseorders",
    "purchasereceives",
    "bundles",
    "locations",
    "taxes",
)
OPTIPLY_COLLECTIONS = (
    "products",
    "productCompositions",
    "suppliers",
    "supplierProducts",
    "sellOrders",
    "sellOrderLines",
    "buyOrders",
    "buyOrderLines",
    "receiptLines",
)

_LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The settings of a sync that say what belongs in Optiply and what it must be (facts: Optiply 5, D1 to D8).

    `warehouse_ids` empty means all. `complete_when`: which purchase orders are complete (D6). `base_currency`: amounts of
    buy orders are multiplied by the order's exchange rate. `assembly_supplier_id`: Optiply's id of the supplier of
    assemblies whose product has no vendor. `start_date`: what was placed before is left as it is. `exports`: what
    Optiply's user orders must stand in Zoho, where it was placed at or after `linked_at`.
    """

    pull_all_sell_orders: bool = True
    sync_stock: bool = True
    warehouse_ids: tuple[str, ...] = ()
    sync_assembled: bool = False
    sync_assembly_orders: bool = True
    complete_when: Literal["closed", "received"] = "closed"
    base_currency: bool = False
    assembly_supplier_id: str = ""
    start_date: date | None = None
    exports: bool = True
    linked_at: datetime | None = None

    def too_old(self, order: Row) -> bool:
        """Whether a document of Zoho was placed before the start."""
        return self.start_date is not None and str(order["date"]) < self.start_date.isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one record should be in Optiply. `earlier` is what it was when it was imported, where that may stand."""

    label: str
    values: dict[str, Value]
    earlier: dict[str, Value] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What Optiply holds: rows of one remote id, each by its Optiply id."""

    id: str
    values: dict[str, Value]
    marked_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Both halves of a stream. `apart` are records of Zoho that Optiply cannot hold, or not in their present form, by
    remote id, with the reason in a sentence: they need not be there, and what is there of them is not looked at."""

    one: str  # what a person calls one record of it
    wanted: dict[str, Wanted]  # by remote id
    found: dict[str, list[Found]]
    when_gone: str  # what D7 wants of a record that is gone from Zoho
    out_of_scope: dict[str, str]  # remote id -> why it does not belong in Optiply
    apart: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Remote ids under our coupling by Optiply id, as references are compared."""

    product: Mapping[str, str]
    supplier: Mapping[str, str]

    def product_of(self, row: Row, name: str = "productId") -> str:
        """The item that a row names."""
        return self.product.get(str(row.get(name)), "a product that is not Zoho's")

    def supplier_of(self, row: Row) -> str:
        """The vendor that a row names."""
        return self.supplier.get(str(row.get("supplierId")), "a supplier that is not Zoho's")


def remote_id(row: Row, coupling_id: str) -> str | None:
    """The remote id under our coupling, never the first of the map (facts: Optiply 1.8)."""
    id: str | None = (row.get("remoteIdMap") or {}).get(coupling_id)
    return id


def remote_ids(rows: Iterable[Row], coupling_id: str) -> dict[str, str]:
    """Remote ids under our coupling, by Optiply id."""
    known = ((str(row["id"]), remote_id(row, coupling_id)) for row in rows)
    return {id: remote for id, remote in known if remote}


def found_by_remote_id(
    rows: Iterable[Row],
    coupling_id: str,
    read: Callable[[Row], dict[str, Value]],
    *,
    gone: Callable[[Row], bool] = lambda _: False,
) -> dict[str, list[Found]]:
    """The rows of our coupling by remote id; what other couplings or people made is none of ours."""
    found: dict[str, list[Found]] = defaultdict(list)
    for row in rows:
        remote = remote_id(row, coupling_id)
        if remote:
            found[remote].append(Found(id=str(row["id"]), values=read(row), marked_gone=gone(row)))
    return dict(found)


def by(rows: Iterable[Row], reference: str) -> dict[str, list[Row]]:
    """Rows by the id they refer to."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[str(row[reference])].append(row)
    return grouped


def item_label(item: Row) -> str:
    """What a person calls an item: its SKU, else its name."""
    return item["sku"] or f'"{item["name"]}"'


def one_line(value: object) -> str:
    """Trimmed, on one line, and cut to what Optiply takes (facts: Optiply 1.5)."""
    return " ".join(str(value or "").split())[:_LONGEST].rstrip()


def cents(value: Decimal) -> Decimal:
    """Rounded half up to two places."""
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def amount_of(value: object) -> Decimal:
    """An amount as Optiply holds it."""
    return cents(Decimal(str(value)))


def number(value: object) -> Decimal | None:
    """A number of whatever form, None for none."""
    return None if value is None else Decimal(str(value))


def whole(value: object) -> bool:
    """Whether a quantity is a whole number."""
    given = Decimal(str(value))
    return given == given.to_integral_value()


def moment(value: object) -> str:
    """To the second, in UTC."""
    if not value:
        return ""
    return f"{datetime.fromisoformat(str(value)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def midnight(day: object) -> str:
    """A day of Zoho, which has no time, as a moment (facts: Optiply 3)."""
    return f"{day}T00:00:00Z" if day else ""
