"""Optiply's streams as data: attributes by their own names, with the limits Optiply holds them to.

Source: facts, Optiply 1.5 (attribute tables), 3 (assembly orders) and 8.2 (rows 8, 9, 17, 18).
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


def _moment(name: str, *, required: bool = False) -> Field:
    return Field(name=name, kind=Kind.MOMENT, required=required)


def _parent(name: str, stream: str, *, part_of: bool = False) -> Field:
    return Field(name=name, kind=Kind.TEXT, refers_to=stream, required=True, part_of=part_of)


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

PRODUCT_COMPOSITIONS = Stream(
    name="productCompositions",
    noun="product composition",
    page_size=100,
    names=("remoteId",),
    abilities=_ALL,
    mark="remoteId",
    mark_shown=False,  # remoteIdMap is known of other resources only (facts: Optiply 1.5)
    fields=(
        _parent("composedProductId", "products", part_of=True),
        _parent("partProductId", "products", part_of=True),
        _whole("partQuantity", 1, required=True),
        _MARK,
        *_KEPT,
    ),
)

BUY_ORDERS = Stream(
    name="buyOrders",
    noun="buy order",
    page_size=100,
    detail_size=1,
    names=("remoteId",),
    abilities=_ALL,
    mark="remoteId",
    fields=(
        _moment("placed", required=True),
        _amount("totalValue", required=True, at_most=_TOTAL),
        _parent("supplierId", "suppliers"),
        _moment("completed"),
        _moment("expectedDeliveryDate"),
        Field(
            name="lines",
            kind=Kind.CHILDREN,
            detail=True,
            writable=False,  # they are records of their own: buyOrderLines
            children=(
                Field(name="id", kind=Kind.TEXT),
                Field(name="productId", kind=Kind.TEXT, refers_to="products"),
                Field(name="quantity", kind=Kind.INTEGER),
                Field(name="subtotalValue", kind=Kind.NUMBER),
                Field(name="unitPrice", kind=Kind.NUMBER),
                Field(name="expectedDeliveryDate", kind=Kind.MOMENT),
            ),
        ),
        _MARK,
        *_KEPT,
    ),
)

BUY_ORDER_LINES = Stream(
    name="buyOrderLines",
    noun="buy order line",
    page_size=100,
    names=("remoteId",),
    abilities=_ALL,
    mark="remoteId",
    mark_shown=False,  # remoteIdMap is known of other resources only (facts: Optiply 1.5)
    fields=(
        _parent("productId", "products"),
        _parent("buyOrderId", "buyOrders", part_of=True),
        _whole("quantity", None, required=True),
        _amount("subtotalValue", required=True, at_most=_TOTAL),
        _moment("expectedDeliveryDate"),
        _MARK,
        *_KEPT,
    ),
)

RECEIPT_LINES = Stream(
    name="receiptLines",
    noun="receipt line",
    page_size=100,
    names=("remoteId",),
    abilities=_ALL,
    mark="remoteId",
    mark_shown=False,  # remoteIdMap is known of other resources only (facts: Optiply 1.5)
    fields=(
        _moment("occurred", required=True),
        _whole("quantity", None, required=True),
        _parent("buyOrderLineId", "buyOrderLines", part_of=True),
        _MARK,
        *_KEPT,
    ),
)

ASSEMBLY_ORDERS = Stream(
    name="assemblyOrders",
    noun="assembly order",
    page_size=100,
    create_calls=2,
    names=("remoteId",),
    abilities=_ALL,
    mark="remoteId",
    fields=(
        _parent("productId", "products"),
        _whole("quantity", None, required=True),
        _amount("subtotalValue", at_most=_TOTAL),
        _moment("placed", required=True),
        _moment("expectedDeliveryDate"),
        _parent("supplierId", "suppliers"),
        _moment("completed"),
        Field(name="buyOrderId", kind=Kind.TEXT, writable=False),
        Field(name="linesInOrder", kind=Kind.INTEGER, writable=False),
        _MARK,
        *_KEPT,
    ),
)
"""One record per line of a buy order with `assembly`; its id is the line's. Optiply itself has no such resource."""

ASSEMBLY_BODY = Stream(
    name="buyOrders",
    noun="assembly order",
    mark="remoteId",
    fields=(
        _flag("assembly"),
        _moment("placed"),
        _amount("totalValue", at_most=_TOTAL),
        _parent("supplierId", "suppliers"),
        _moment("completed"),
        _moment("expectedDeliveryDate"),
        Field(
            name="orderLines",
            kind=Kind.CHILDREN,
            children=(
                _parent("productId", "products"),
                _whole("quantity", None),
                _amount("subtotalValue", at_most=_TOTAL),
                _moment("expectedDeliveryDate"),
            ),
        ),
        _MARK,
    ),
)
"""What is sent to /buyOrders for an assembly order; not a stream that is read."""

STREAMS = {
    stream.name: stream
    for stream in (
        PRODUCTS,
        PRODUCT_COMPOSITIONS,
        SUPPLIERS,
        SUPPLIER_PRODUCTS,
        SELL_ORDERS,
        BUY_ORDERS,
        BUY_ORDER_LINES,
        RECEIPT_LINES,
        ASSEMBLY_ORDERS,
    )
}

PAIRS = {
    "supplierProducts": ("supplierId", "productId"),
    "productCompositions": ("composedProductId", "partProductId"),
}
"""Streams in which a pair of parents may occur once (facts, Optiply 1.6: 409)."""
