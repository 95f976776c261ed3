"""Optiply's streams as data: attributes by their own names, with the limits Optiply holds them to.

Source: facts, Optiply 1.5 (attribute tables) and 8.2 (rows 8, 9).
"""

from __future__ import annotations

from decimal import Decimal

from stockbridge.core.record import Ability, Field, Kind, Stream

_ALL = frozenset({Ability.CREATE, Ability.UPDATE, Ability.REMOVE})
_MONEY = Decimal("999999999.99")  # 9 digits before the point
_TOTAL = Decimal("99999999999999999.99")  # 17 digits before the point
_LARGEST_STOCK = 9_999_999
_LARGEST_INTEGER = 2_147_483_647
_STATUS = ("enabled", "disabled")


def _text(name: str, *, required: bool = False, longest: int = 255) -> Field:
    return Field(name=name, kind=Kind.TEXT, required=required, max_length=longest)


def _amount(name: str, *, required: bool = False, at_most: Decimal = _MONEY) -> Field:
    return Field(name=name, kind=Kind.NUMBER, required=required, at_least=0, at_most=at_most, places=2)


def _whole(
    name: str, at_least: int | None, at_most: int = _LARGEST_INTEGER, *, required: bool = False
) -> Field:
    return Field(name=name, kind=Kind.INTEGER, required=required, at_least=at_least, at_most=at_most)


def _flag(name: str, *, required: bool = False) -> Field:
    return Field(name=name, kind=Kind.FLAG, required=required)


def _status() -> Field:
    return Field(name="status", kind=Kind.TEXT, choices=_STATUS)


def _parent(name: str, stream: str) -> Field:
    return Field(name=name, kind=Kind.TEXT, refers_to=stream, required=True)


_MARK = _text("remoteId")
_KEPT = (
    # What Optiply itself keeps of every record.
    Field(name="uuid", kind=Kind.TEXT, writable=False),
    Field(name="createdAt", kind=Kind.MOMENT, writable=False),
    Field(name="updatedAt", kind=Kind.MOMENT, writable=False),
    Field(name="createdFromPublicApi", kind=Kind.FLAG, writable=False),
)

PRODUCTS = Stream(
    name="products",
    noun="product",
    page_size=100,
    names=("skuCode", "name"),
    abilities=_ALL,
    mark="remoteId",
    fields=(
        _text("name", required=True),
        _whole("stockLevel", -_LARGEST_STOCK, _LARGEST_STOCK, required=True),
        _flag("unlimitedStock", required=True),
        _text("skuCode"),
        _text("eanCode"),
        _text("articleCode"),
        _amount("price"),
        _status(),
        _flag("assembled"),
        _flag("notBeingBought"),
        _amount("minimumStock"),
        _amount("maximumStock"),
        _flag("ignored"),
        _text("stockMeasurementUnit", longest=10),
        Field(name="createdAtRemote", kind=Kind.MOMENT),
        _MARK,
        *_KEPT,
    ),
)

SUPPLIERS = Stream(
    name="suppliers",
    noun="supplier",
    page_size=100,
    names=("name",),
    abilities=_ALL,
    mark="remoteId",
    fields=(
        _text("name", required=True),
        Field(name="emails", kind=Kind.TEXTS),
        _whole("deliveryTime", 1, 365),
        _whole("userReplenishmentPeriod", 1, 365),
        _amount("minimumOrderValue"),
        _amount("fixedCosts"),
        _flag("reactingToLostSales"),
        _flag("backorders"),
        _amount("maxLoadCapacity"),
        _amount("containerVolume"),
        _flag("ignored"),
        _text("globalLocationNumber", longest=13),
        Field(name="type", kind=Kind.TEXT, choices=("vendor", "producer")),
        _MARK,
        *_KEPT,
    ),
)

SUPPLIER_PRODUCTS = Stream(
    name="supplierProducts",
    noun="supplier product",
    page_size=100,
    names=("skuCode", "name"),
    abilities=_ALL,
    mark="remoteId",
    fields=(
        _text("name", required=True),
        _parent("productId", "products"),
        _parent("supplierId", "suppliers"),
        _amount("price"),
        _whole("minimumPurchaseQuantity", 1),
        _whole("lotSize", 1),
        _whole("deliveryTime", 1, 365),
        _flag("preferred"),
        _flag("availability"),
        Field(name="availabilityDate", kind=Kind.MOMENT),
        _whole("freeStock", 0),
        _amount("weight"),
        _amount("volume"),
        _text("skuCode"),
        _text("eanCode"),
        _text("articleCode"),
        _status(),
        _MARK,
        *_KEPT,
    ),
)

SELL_ORDERS = Stream(
    name="sellOrders",
    noun="sell order",
    page_size=100,
    names=("remoteId",),
    abilities=_ALL,
    mark="remoteId",
    fields=(
        Field(name="placed", kind=Kind.MOMENT, required=True),
        _amount("totalValue", required=True, at_most=_TOTAL),
        Field(name="completed", kind=Kind.MOMENT),
        Field(
            name="orderLines",
            kind=Kind.CHILDREN,
            detail=True,  # taken with a new order, never part of what is read
            children=(
                _parent("productId", "products"),
                _whole("quantity", None, required=True),
                _amount("subtotalValue", required=True, at_most=_TOTAL),
            ),
        ),
        _MARK,
        *_KEPT,
    ),
)

STREAMS = {stream.name: stream for stream in (PRODUCTS, SUPPLIERS, SUPPLIER_PRODUCTS, SELL_ORDERS)}

PAIRS = {"supplierProducts": ("supplierId", "productId")}
"""Streams in which a pair of parents may occur once (facts, Optiply 1.6: 409)."""
