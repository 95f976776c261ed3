"""Optiply's twelve resources as one table of attributes (facts: Optiply 1.5, accounts and limits of 2026-01 included).

Nothing here acts; `values.py` reads the kinds, `rules.py` the pairs and parents, `query.py` the names.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "whole", "number", "money", "flag", "moment", "reference", "choice", "emails", "scalar"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute. `least`/`most` bound numbers, `length` texts, `digits` the whole digits of money (two decimals).

    `written` false: read-only, a value sent is ignored. `of`: the resource a reference points to.
    """

    name: str
    kind: Kind
    required: bool = False
    written: bool = True
    length: int = 255
    exact: bool = False
    least: float | None = None
    most: float | None = None
    digits: int = 9
    of: str = ""
    choices: tuple[str, ...] = ()
    default: str | int | bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource. `pair`: two references that may occur together only once (409). `lines`: the resource that a POST
    may carry nested and flat as `orderLines`. `relations`: name -> (resource, the reference that joins them)."""

    name: str
    attributes: tuple[Attribute, ...]
    first_id: int
    account: bool = False
    remote_ids_shown: bool = False
    pair: tuple[str, str] | None = None
    lines: str = ""
    relations: tuple[tuple[str, str, str], ...] = ()
    read_only: bool = False


def _text(
    name: str, *, required: bool = False, length: int = 255, exact: bool = False, written: bool = True
) -> Attribute:
    return Attribute(name=name, kind="text", required=required, length=length, exact=exact, written=written)


def _whole(
    name: str, *, required: bool = False, least: float | None = None, most: float | None = None
) -> Attribute:
    return Attribute(name=name, kind="whole", required=required, least=least, most=most)


def _money(name: str, *, required: bool = False, digits: int = 9, least: float | None = 0) -> Attribute:
    return Attribute(name=name, kind="money", required=required, digits=digits, least=least)


def _number(name: str, *, least: float | None = None, most: float | None = None) -> Attribute:
    return Attribute(name=name, kind="number", least=least, most=most)


def _flag(
    name: str, *, required: bool = False, default: bool | None = None, written: bool = True
) -> Attribute:
    return Attribute(name=name, kind="flag", required=required, default=default, written=written)


def _moment(name: str, *, required: bool = False) -> Attribute:
    return Attribute(name=name, kind="moment", required=required)


def _reference(name: str, of: str) -> Attribute:
    return Attribute(name=name, kind="reference", of=of, required=True)


def _choice(name: str, *choices: str, default: str | None = None) -> Attribute:
    return Attribute(name=name, kind="choice", choices=choices, default=default)


_STATUS = _choice("status", "enabled", "disabled", default="enabled")
_SYNCED = _moment("remoteDataSyncedToDate")

_PRODUCTS = Resource(
    name="products",
    first_id=28_666_283,
    account=True,
    remote_ids_shown=True,
    attributes=(
        _text("name", required=True),
        _whole("stockLevel", required=True, least=-9_999_999, most=9_999_999),
        _flag("unlimitedStock", required=True),
        _text("skuCode"),
        _text("eanCode"),
        _text("articleCode"),
        _money("price"),
        _STATUS,
        _flag("assembled", default=False),
        _flag("notBeingBought", default=False),
        # Read as text by one client and written as a bool by another: any plain value is kept as it came.
        Attribute(name="resumingPurchase", kind="scalar"),
        _number("minimumStock", least=0),
        _number("maximumStock", least=0),
        _flag("ignored", default=False),
        _flag("novel", default=False, written=False),
        _text("category", written=False),
        Attribute(name="manualServiceLevel", kind="scalar"),
        _text("stockMeasurementUnit", length=10),
        _moment("createdAtRemote"),
        _SYNCED,
    ),
    relations=(
        ("supplierProducts", "supplierProducts", "productId"),
        ("sellOrderLines", "sellOrderLines", "productId"),
        ("buyOrderLines", "buyOrderLines", "productId"),
        ("promotionProducts", "promotionProducts", "productId"),
        ("productComposedFromCompositions", "productCompositions", "composedProductId"),
        ("productPartOfCompositions", "productCompositions", "partProductId"),
    ),
)

_SUPPLIERS = Resource(
    name="suppliers",
    first_id=778_001,
    account=True,
    remote_ids_shown=True,
    attributes=(
        _text("name", required=True),
        Attribute(name="emails", kind="emails"),
        _whole("deliveryTime", least=1, most=365),
        _whole("userReplenishmentPeriod", least=1, most=365),
        _money("minimumOrderValue"),
        _money("fixedCosts"),
        _flag("reactingToLostSales", default=False),
        _flag("backorders", default=False),
        _number("lostSalesReaction", least=0, most=1),
        _number("lostSalesMovReaction", least=0, most=1),
        _number("backorderThreshold", least=0, most=1),
        _number("backordersReaction", least=0, most=1),
        _money("maxLoadCapacity"),
        _money("containerVolume"),
        _flag("ignored", default=False),
        _text("globalLocationNumber", length=13, exact=True),
        _choice("type", "vendor", "producer", default="vendor"),
        _SYNCED,
    ),
    relations=(
        ("supplierProducts", "supplierProducts", "supplierId"),
        ("buyOrders", "buyOrders", "supplierId"),
    ),
)

_SUPPLIER_PRODUCTS = Resource(
    name="supplierProducts",
    first_id=19_400_117,
    remote_ids_shown=True,
    pair=("supplierId", "productId"),
    attributes=(
        _text("name", required=True),
        _reference("productId", "products"),
        _reference("supplierId", "suppliers"),
        _money("price"),
        _whole("minimumPurchaseQuantity", least=1),
        _whole("lotSize", least=1),
        _whole("deliveryTime", least=1, most=365),
        _flag("preferred", default=False),
        _flag("availability"),
        _moment("availabilityDate"),
        _whole("freeStock", least=0),
        _money("weight"),
        _money("volume"),
        _text("skuCode"),
        _text("eanCode"),
        _text("articleCode"),
        _STATUS,
        _flag("notBeingBought", default=False, written=False),
        Attribute(name="resumingPurchase", kind="scalar", written=False),
        _SYNCED,
    ),
)

_PRODUCT_COMPOSITIONS = Resource(
    name="productCompositions",
    first_id=611_204,
    pair=("composedProductId", "partProductId"),
    attributes=(
        _reference("composedProductId", "products"),
        _reference("partProductId", "products"),
        _whole("partQuantity", required=True, least=1),
        _SYNCED,
    ),
)

_SELL_ORDERS = Resource(
    name="sellOrders",
    first_id=151_870_022,
    account=True,
    remote_ids_shown=True,
    lines="sellOrderLines",
    attributes=(
        _moment("placed", required=True),
        _money("totalValue", required=True, digits=17, least=None),
        _moment("completed"),
        _SYNCED,
    ),
    relations=(("sellOrderLines", "sellOrderLines", "sellOrderId"),),
)

_SELL_ORDER_LINES = Resource(
    name="sellOrderLines",
    first_id=402_556_310,
    attributes=(
        _whole("quantity", required=True),
        _money("subtotalValue", required=True, digits=17, least=None),
        _reference("productId", "products"),
        _reference("sellOrderId", "sellOrders"),
    ),
)

_BUY_ORDERS = Resource(
    name="buyOrders",
    first_id=2_558_903,
    account=True,
    remote_ids_shown=True,
    lines="buyOrderLines",
    attributes=(
        _moment("placed", required=True),
        _money("totalValue", required=True, digits=17),
        _reference("supplierId", "suppliers"),
        _moment("completed"),
        _moment("expectedDeliveryDate"),
        _flag("assembly", default=False),
        _SYNCED,
    ),
    relations=(("buyOrderLines", "buyOrderLines", "buyOrderId"),),
)

_BUY_ORDER_LINES = Resource(
    name="buyOrderLines",
    first_id=71_768_345,
    attributes=(
        _whole("quantity", required=True),
        _money("subtotalValue", required=True, digits=17, least=None),
        _reference("productId", "products"),
        _reference("buyOrderId", "buyOrders"),
        _moment("expectedDeliveryDate"),
        _text("productUuid", written=False),
        _SYNCED,
    ),
    relations=(("receiptLines", "receiptLines", "buyOrderLineId"),),
)

_RECEIPT_LINES = Resource(
    name="receiptLines",
    first_id=38_110_920,
    attributes=(
        _moment("occurred", required=True),
        _whole("quantity", required=True),
        _reference("buyOrderLineId", "buyOrderLines"),
        _SYNCED,
    ),
)

_PROMOTIONS = Resource(
    name="promotions",
    first_id=9_120,
    account=True,
    attributes=(
        _text("name", required=True),
        _moment("startDate", required=True),
        _moment("endDate", required=True),
        _choice("upliftType", "absolute", "percentage"),
        _number("upliftIncrease"),
        _flag("enabled", default=True),
        _flag("entireShop", default=False),
    ),
    relations=(("promotionProducts", "promotionProducts", "promotionId"),),
)

_PROMOTION_PRODUCTS = Resource(
    name="promotionProducts",
    first_id=51_004,
    attributes=(
        _reference("promotionId", "promotions"),
        _reference("productId", "products"),
        _choice("specificUpliftType", "absolute", "percentage"),
        _number("specificUpliftIncrease"),
    ),
)

_ACCOUNTS = Resource(
    name="accounts", first_id=1_380, read_only=True, attributes=(_text("name"), _text("webshopHandle"))
)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        _ACCOUNTS,
        _PRODUCTS,
        _SUPPLIERS,
        _SUPPLIER_PRODUCTS,
        _PRODUCT_COMPOSITIONS,
        _SELL_ORDERS,
        _SELL_ORDER_LINES,
        _BUY_ORDERS,
        _BUY_ORDER_LINES,
        _RECEIPT_LINES,
        _PROMOTIONS,
        _PROMOTION_PRODUCTS,
    )
}

# The attributes every resource has besides its own; `accountId` only where `Resource.account` says so, but a filter on it
# is taken everywhere, since readers scope every list by it (facts: Optiply 1.3).
GENERAL: tuple[Attribute, ...] = (
    Attribute(name="uuid", kind="text", written=False),
    Attribute(name="createdAt", kind="moment", written=False),
    Attribute(name="updatedAt", kind="moment", written=False),
    Attribute(name="createdFromPublicApi", kind="flag", written=False),
)
ID = Attribute(name="id", kind="whole", written=False)
ACCOUNT_ID = Attribute(name="accountId", kind="whole", written=False)
REMOTE_ID = Attribute(name="remoteId", kind="text")

# What goes with a removed row, and what forbids removing it. Buy orders: facts Optiply 1.7 (2025-05). The others are the
# assumption of facts Optiply 8.2 (34).
CASCADES: dict[str, tuple[tuple[str, str], ...]] = {
    "products": (
        ("supplierProducts", "productId"),
        ("productCompositions", "composedProductId"),
        ("productCompositions", "partProductId"),
        ("promotionProducts", "productId"),
    ),
    "suppliers": (("supplierProducts", "supplierId"),),
    "sellOrders": (("sellOrderLines", "sellOrderId"),),
    "buyOrders": (("buyOrderLines", "buyOrderId"),),
    "buyOrderLines": (("receiptLines", "buyOrderLineId"),),
    "promotions": (("promotionProducts", "promotionId"),),
}
HELD_BY: dict[str, tuple[tuple[str, str], ...]] = {
    "products": (("sellOrderLines", "productId"), ("buyOrderLines", "productId")),
    "suppliers": (("buyOrders", "supplierId"),),
}
